#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# buildah as root, with turtle below it.
# weight: 4
# shellcheck disable=SC2016,SC2034,SC2154

load ../../integration/helpers
load ../buildah

@test "buildah: an image from nothing: from scratch, add, run, config, commit" {
	local container
	tar -C "$SUITE/rootfs" --owner=0 --group=0 -cf "$T/root.tar" .
	ok buildah from scratch
	container=$output
	ok buildah add --quiet "$container" "$T/root.tar" /
	# The runtime that is named, and none but that, does it.
	in_it --runtime=/no/such/runtime true
	differ "$status" 0
	in_it --user=1000:1000 --env=A=b --workingdir=/tmp --hostname=named sh -c 'id -u; id -g; echo $A; pwd; hostname; echo $$; touch /tmp/made'
	same "$status" 0
	is $'1000\n1000\nb\n/tmp\nnamed\n1'
	in_it --terminal sh -c 'tty; test -t 1 && echo yes'
	is $'/dev/pts/0\r\nyes\r'
	ok buildah config --cmd '["cat","/who"]' --env PATH=/bin "$container"
	in_it sh -c 'echo turtle >/who'
	ok buildah commit --quiet "$container" fresh
	ok buildah rm "$container"
	quiet run --rm fresh
	is turtle
	quiet rmi fresh
}

@test "buildah: run: statuses, messages, capabilities, mounts, seccomp" {
	local container
	ok buildah from --pull-never box
	container=$output
	in_it sh -c 'echo wrong >&2; exit 7'
	same "$status" 7
	[[ $stderr == wrong* ]] || fail "not its words"
	in_it sh -c 'sh -c "kill -KILL \$\$"; exit $?'
	same "$status" 137
	in_it no-such-program
	differ "$status" 0
	[[ $stderr == *no-such-program*"not found"* ]] || fail "another message"
	mkdir "$T/v"
	in_it --cap-drop=CAP_CHOWN --cap-add=CAP_NET_RAW "--volume=$T/v:/v:ro" --mount=type=tmpfs,dst=/t,tmpfs-size=1m sh -c '
		grep -E "^(CapEff|Seccomp):" /proc/self/status; touch /v/no; df -k /t | tail -1 | sed "s/  */ /g" | cut -d" " -f2'
	is $'CapEff:\t00000000800425fa\nSeccomp:\t2\n1024'
	[[ $stderr == *"/v/no: Read-only file system"* ]] || fail "it could be written"
	ok buildah rm "$container"
}

@test "buildah: build: steps, users, directories, arguments, mounts, a step that fails" {
	mkdir "$T/context"
	echo context >"$T/context/file"
	cat >"$T/context/Containerfile" <<-'END'
		FROM box AS first
		ARG WORD
		RUN echo $WORD >/word
		FROM box
		COPY --from=first /word /word
		WORKDIR /work
		COPY file .
		RUN --mount=type=bind,source=file,target=/seen --mount=type=tmpfs,target=/scratch --mount=type=cache,target=/cache \
			cat /seen >/work/copy && touch /scratch/x /cache/x && id -u >>copy
		USER ada
		RUN id -u >/tmp/who; pwd >>/tmp/who
		CMD cat /word copy /tmp/who
	END
	call buildah build --network none --pull-never --isolation oci --build-arg WORD=told --ulimit nofile=100:200 -t built "$T/context"
	[ "$status" -eq 0 ] || fail "it failed"
	quiet run --rm built
	is $'told\ncontext\n0\n1000\n/work'
	quiet rmi built
	call buildah build --network none --pull-never - <<<$'FROM box\nRUN exit 9'
	same "$status" 9
	[[ $stderr == *'exit status 9'* ]] || fail "another message"
}

# Where the step's process is, and what it may use, are seen from outside, while it waits.
@test "buildah: limits of steps, in cgroups of cgroupfs and of systemd" {
	local container pid cgroup
	ok buildah from --pull-never --memory 64m --memory-swap 64m --cgroup-parent /turtle-buildah box
	container=$output
	buildah run --network none "$container" -- sleep 1234 </dev/null >/dev/null 2>"$T/err" &
	until_true pgrep -fx '/bin/sleep 1234' >/dev/null
	pid=$(pgrep -fx '/bin/sleep 1234')
	cgroup=$(cgroup_of "$pid")
	[[ $cgroup == /sys/fs/cgroup/turtle-buildah* ]] || fail "another cgroup: $cgroup"
	same "$(cat "$cgroup"/memory.{max,swap.max} | xargs)" "67108864 0"
	kill -KILL "$pid"
	wait || true
	[ ! -e "$cgroup" ] || fail "the cgroup of a step is left"
	ok buildah rm "$container"

	ok buildah from --pull-never --memory 64m --cgroup-parent system.slice:buildah:step box
	container=$output
	buildah run --network none --runtime-flag systemd-cgroup "$container" -- sleep 1235 </dev/null >/dev/null 2>"$T/err" &
	until_true pgrep -fx '/bin/sleep 1235' >/dev/null
	pid=$(pgrep -fx '/bin/sleep 1235')
	same "$(cgroup_of "$pid")" "/sys/fs/cgroup/system.slice/buildah-step.scope$SUBGROUP"
	same "$(systemctl show --property=MemoryMax --value buildah-step.scope)" 67108864
	kill -KILL "$pid"
	wait || true
	until_true eval '[ "$(systemctl show --property=LoadState --value buildah-step.scope)" = not-found ]'
	ok buildah rm "$container"
}
