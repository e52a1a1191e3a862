# SPDX-License-Identifier: Apache-2.0
# The whole of it as a user without any privilege: one id, or a range by newuidmap and newgidmap.
load helpers

USER_ID=54321

setup()
{
	box_setup
	[ -n "$(unshare --user --map-root-user true 2>&1)" ] && skip "user namespaces are not for users here"
	USER_STATE=$T/user-state
	mkdir -m 700 "$T/home" "$T/runtime"
	printf 'root:x:0:0::/root:/bin/sh\nbob:x:%d:%d::/home/bob:/bin/sh\n' $USER_ID $USER_ID >"$T/passwd"
	printf 'bob:200000:65536\n' >"$T/subuid"
	printf 'bob:300000:65536\n' >"$T/subgid"
	chown "$USER_ID:$USER_ID" "$T" "$T/home" "$T/runtime" "$BUNDLE"
	chown -R "$USER_ID:$USER_ID" "$ROOTFS"
	rm config.json
	as_user "$TURTLE" spec --rootless
	config '.process.terminal = false | .process.args = ["@ARGS@"]'
	chown "$USER_ID:$USER_ID" config.json
}

teardown_user()
{
	as_user "$TURTLE" --root "$USER_STATE" delete --force box
	[ ! -e "$USER_STATE/box" ]
}

# as_user COMMAND...: in a mount namespace in which the user and the subordinate ids are known.
as_user()
{
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -c '
		t=$1 id=$2; shift 2
		for file in passwd subuid subgid; do
			[ -e "/etc/$file" ] || continue
			mount --bind "$t/$file" "/etc/$file" || exit 99
		done
		exec setpriv --reuid "$id" --regid "$id" --clear-groups --inh-caps=-all --bounding-set=-all,+setuid,+setgid,+sys_admin,+dac_override,+fowner \
			env -i PATH="${USER_PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" HOME="$t/home" XDG_RUNTIME_DIR="${USER_RUNTIME-$t/runtime}" "$@"' \
		_ "$T" "$USER_ID" "$@" 3>&- 4>&-
}

turtle() { as_user timeout --foreground -k 1 10 "$TURTLE" --root "$USER_STATE" "$@"; }

# range: the user's own id as 0, and the subordinate ones from 1 on.
range()
{
	config --argjson id "$USER_ID" '.linux.uidMappings = [{"containerID": 0, "hostID": $id, "size": 1}, {"containerID": 1, "hostID": 200000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": $id, "size": 1}, {"containerID": 1, "hostID": 300000, "size": 65536}]'
}

@test "rootless: a container with one id" {
	box sh -c '/probe ids; cat /proc/self/uid_map /proc/self/setgroups; echo "pid $$"; hostname'
	has "uid 0 0 0" "gid 0 0 0" deny "pid 1" turtle
	matches "^ *0 +$USER_ID +1\$"
}

@test "rootless: create, start, state, kill, delete" {
	args /probe wait
	ok turtle create box
	same "$(state_of box)" created
	ok turtle start box
	same "$(state_of box)" running
	same "$(stat -c %u "/proc/$(init_pid)")" "$USER_ID"
	ok turtle list
	matches '^box .* running .* bob$'
	ok turtle kill box
	until_true stopped box
	ok turtle delete box
	refused "container does not exist" turtle state box
}

@test "rootless: delete --force of a running container, children included" {
	args /probe forks 3
	ok turtle run -d box
	until_line "$T/out" up
	local pid
	pid=$(init_pid)
	ok turtle delete --force box
	[ ! -e "/proc/$pid/exe" ] || fail "it lives"
}

@test "rootless: files that it makes are the user's" {
	config '.root.readonly = false'
	box sh -c 'touch /made; stat -c %u:%g /made'
	is 0:0
	same "$(stat -c %u:%g "$ROOTFS/made")" "$USER_ID:$USER_ID"
}

@test "rootless: a range of ids by newuidmap and newgidmap" {
	command -v newuidmap >/dev/null || skip "newuidmap is not here"
	range
	config '.process.user = {"uid": 5, "gid": 7}'
	args sh -c '/probe ids; cat /proc/self/uid_map /proc/self/gid_map; echo up; sleep 1000'
	ok turtle run -d box
	until_line "$T/out" up
	output=$(<"$T/out")
	has "uid 5 5 5" "gid 7 7 7"
	matches "^ *0 +$USER_ID +1\$" '^ *1 +200000 +65536$' '^ *1 +300000 +65536$'
	same "$(stat -c %u:%g "/proc/$(init_pid)")" 200004:300006
	teardown_user
}

@test "rootless: with a range additional groups can be set" {
	command -v newuidmap >/dev/null || skip "newuidmap is not here"
	range
	config '.process.user.additionalGids = [10, 20]'
	box sh -c '/probe ids; cat /proc/self/setgroups'
	has "groups 10 20" allow
}

@test "rootless: with one id additional groups can't be set" {
	args true
	config '.process.user.additionalGids = [10]'
	call turtle run box
	same "$status" 1
	config '.process.user.additionalGids = [0]'
	refused "cannot set any additional groups in a rootless container" turtle run box
}

@test "rootless: ids that are not the user's are refused" {
	config '.linux.uidMappings[0].hostID = 1234'
	args true
	call turtle run box
	same "$status" 1
	[[ ${stderr,,} == *map* ]] || fail "other words"
	range
	config '.linux.uidMappings[1].hostID = 400000'
	call turtle run box
	same "$status" 1
	[[ ${stderr,,} == *map* ]] || fail "other words"
	[ ! -e "$USER_STATE/box" ] || fail "a state entry stays"
}

@test "rootless: a newuidmap earlier in PATH is not run" {
	command -v newuidmap >/dev/null || skip "newuidmap is not here"
	range
	mkdir "$T/evil"
	printf '#!/bin/sh\necho ran >%s/ran\n' "$T/home" | tee "$T/evil/newuidmap" >"$T/evil/newgidmap"
	chmod 755 "$T/evil" "$T/evil"/*
	args true
	USER_PATH=$T/evil:/usr/bin:/bin call turtle run box
	same "$status" 0
	[ ! -e "$T/home/ran" ] || fail "it ran"
}

@test "rootless: a score for lack of memory lower than the user's is left as it is" {
	config '.process.oomScoreAdj = -1000'
	box cat /proc/self/oom_score_adj
	same "$output" "$(as_user cat /proc/self/oom_score_adj)"
	config '.process.oomScoreAdj = 900'
	box cat /proc/self/oom_score_adj
	same "$output" 900
}

@test "rootless: without a user namespace one is added, with the caller as root and its subordinate ids" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	args sh -c '/probe ids; cat /proc/self/uid_map; exec /probe wait'
	ok turtle run -d box
	until_true grep -qx up "$T/out"
	output=$(<"$T/out")
	has "uid 0 0 0"
	if [ -x /usr/bin/newuidmap ]; then
		same "$(awk '{ print $1, $2, $3 }' <"/proc/$(init_pid)/uid_map")" "0 $USER_ID 1"$'\n'"1 200000 65536"
		same "$(awk '{ print $1, $2, $3 }' <"/proc/$(init_pid)/gid_map")" "0 $USER_ID 1"$'\n'"1 300000 65536"
	else
		same "$(awk '{ print $1, $2, $3 }' <"/proc/$(init_pid)/uid_map")" "0 $USER_ID 1"
	fi
	# It is the container's for whatever comes later, too.
	same "$(turtle exec box readlink /proc/self/ns/user)" "$(readlink "/proc/$(init_pid)/ns/user")"
	ok turtle exec box /probe ids
	has "uid 0 0 0"
	ok turtle delete --force box
	# Mappings alone are an error as ever.
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]'
	args true
	refused "there is no user namespace to map into" turtle run box
}

@test "rootless: the state goes to XDG_RUNTIME_DIR" {
	args /probe wait
	ok as_user "$TURTLE" create box
	[ -d "$T/runtime/turtle/box" ] || fail "it is not there"
	same "$(stat -c '%u %A' "$T/runtime/turtle" | cut -c1-10)" "$(printf '%s' "$USER_ID drwx" | cut -c1-10)"
	ok as_user "$TURTLE" delete --force box
}

@test "rootless: without XDG_RUNTIME_DIR it is said" {
	args true
	USER_RUNTIME='' refused "XDG_RUNTIME_DIR" as_user "$TURTLE" create box
}

@test "rootless: limits without permission for cgroups" {
	args true
	config '.linux.cgroupsPath = "/turtle-bats-none/box"'
	refused "unable to apply cgroup configuration" turtle create box
	[[ ${stderr,,} == *"permission denied"* ]] || fail "other words"
	config 'del(.linux.cgroupsPath) | .linux.resources = {"pids": {"limit": 10}}'
	refused "rootless needs no limits + no cgrouppath when no permission is granted for cgroups" turtle create box
	[ ! -e "$USER_STATE/box" ] || fail "a state entry stays"
}

@test "rootless: /sys/fs/cgroup can't be written to, whatever the mount" {
	args sh -c 'mkdir /sys/fs/cgroup/x 2>&1; /probe open /sys/fs/cgroup/cgroup.procs w; /probe open /sys/fs/cgroup/unified/cgroup.procs w'
	call turtle run box
	lacks '^ok$'
	[ ! -e /sys/fs/cgroup/x ] && [ ! -e "$CGROUP_MOUNT/x" ] || fail "made on the host"
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	call turtle run box
	lacks '^ok$'
	config '.mounts |= map(select(.destination != "/sys")) + [{"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro", "nosuid", "noexec", "nodev"]}]'
	call turtle run box
	lacks '^ok$'
}

@test "rootless: a network namespace of its own" {
	config '.linux.namespaces += [{"type": "network"}]'
	box sh -c 'readlink /proc/self/ns/net; grep -c : /proc/net/dev'
	hasnt "$(readlink /proc/self/ns/net)"
	has 1
}

@test "rootless: the network of the user when none is named" {
	box readlink /proc/self/ns/net
	is "$(readlink /proc/self/ns/net)"
}

@test "rootless: devices, masks and read-only paths" {
	box sh -c '/probe stat /dev/null /dev/zero /dev/tty; echo x >/dev/null && echo written; /probe stat /proc/keys; /probe write /proc/sysrq-trigger x; /probe write /proc/sys/kernel/domainname x'
	matches '^/dev/null char 0666 .* 1:3$' '^/dev/zero char 0666 .* 1:5$' '^/dev/tty char 0666 .* 5:0$' '^written$' '^/proc/keys char .* 1:3$'
	lacks '^ok$'
}

@test "rootless: seccomp and noNewPrivileges" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}'
	box sh -c '/probe sys getppid; grep NoNewPrivs /proc/self/status'
	is $'EPERM\nNoNewPrivs:\t1'
}

@test "rootless: the capabilities are those of the configuration, inside the namespace" {
	box grep ^Cap /proc/self/status
	has $'CapEff:\t0000000020000420' $'CapBnd:\t0000000020000420'
}

@test "rootless: a bind mount of the user's own directory" {
	mkdir "$T/home/data" "$ROOTFS/mnt"
	echo mine >"$T/home/data/file"
	chown -R "$USER_ID:$USER_ID" "$T/home/data"
	config --arg source "$T/home/data" '.mounts += [{"destination": "/mnt", "type": "bind", "source": $source, "options": ["bind", "ro", "nosuid"]}]'
	box sh -c 'cat /mnt/file; /probe open /mnt/file w'
	is $'mine\nEROFS'
}

@test "rootless: a terminal by a console socket" {
	config '.process.terminal = true'
	args sh -c 'tty; test -t 1 && echo yes'
	as_user "$SUITE/recvfd" tty "$T/home/socket" >"$T/received" 2>&1 &
	local receiver=$!
	until_true [ -S "$T/home/socket" ]
	ok turtle run -d --console-socket "$T/home/socket" box
	wait "$receiver"
	output=$(tr -d '\r' <"$T/received")
	has /dev/pts/0 yes
	teardown_user
}

@test "rootless: hooks run as the user" {
	config --arg out "$T/home/hook" '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "id -u >\($out)"], "env": ["PATH=/bin:/usr/bin"]}]'
	box true
	same "$(<"$T/home/hook")" "$USER_ID"
}

@test "rootless: root's containers can't be reached" {
	mkdir -m 700 "$STATE"
	call as_user "$TURTLE" --root "$STATE" list
	same "$status" 1
	call as_user "$TURTLE" --root "$STATE" state box
	same "$status" 1
	[[ ${stderr,,} == *"permission denied"* ]] || fail "other words"
}

# plain COMMAND...: as_user where nobody has given the user subordinate ids.
plain()
{
	: >"$T/subuid"
	: >"$T/subgid"
	as_user timeout --foreground -k 1 10 "$@"
}

@test "rootless: run --rootfs with one id" {
	ok plain "$TURTLE" run --rootfs "$ROOTFS" -- sh -c '/probe ids; cat /proc/self/uid_map; hostname; grep -c : /proc/net/dev; touch /made; stat -c %u /made'
	has "uid 0 0 0" "gid 0 0 0" turtle 1 0
	same "$(grep -c "^ *0 *$USER_ID *1\$" <<<"$output")" 1
	same "$(stat -c %u:%g "$ROOTFS/made")" "$USER_ID:$USER_ID"
	[ -z "$(find "$T/runtime/turtle" -mindepth 1 ! -path '*/@*')" ] || fail "something stays"
}

@test "rootless: run --rootfs takes the subordinate ids" {
	command -v newuidmap >/dev/null || skip "newuidmap is not here"
	ok turtle run --rootfs "$ROOTFS" -- sh -c 'cat /proc/self/uid_map /proc/self/gid_map; touch /made; chown 5:7 /made; grep CapEff /proc/self/status'
	matches "^ *0 +$USER_ID +1\$" '^ *1 +200000 +65536$' '^ *1 +300000 +65536$'
	has $'CapEff:\t00000000a00405fb'
	same "$(stat -c %u:%g "$ROOTFS/made")" 200004:300006
	ok turtle run --rootfs "$ROOTFS" --user ada --group-add 10 -- /probe ids
	has "uid 1000 1000 1000" "gid 1000 1000 1000" "groups 10"
	teardown_user
}

@test "rootless: run --rootfs and a user that is not mapped" {
	refused "uid 1000 is not mapped in the container's user namespace (more ids come from /etc/subuid" \
		plain "$TURTLE" run --rootfs "$ROOTFS" --user ada -- true
	refused "with one group mapped, no others can be had" plain "$TURTLE" run --rootfs "$ROOTFS" --group-add 0 -- true
}

@test "rootless: run --rootfs with the host's network, a volume and a device" {
	mkdir "$T/home/data"
	echo mine >"$T/home/data/file"
	chown -R "$USER_ID:$USER_ID" "$T/home/data"
	ok plain "$TURTLE" run --rootfs "$ROOTFS" --network host -v "$T/home/data:/mnt:ro" --device /dev/null:/dev/nothing -- \
		sh -c 'readlink /proc/self/ns/net; cat /mnt/file; /probe open /mnt/file w; /probe stat /dev/nothing'
	has "$(readlink /proc/self/ns/net)" mine EROFS
	matches '^/dev/nothing char .* 1:3$'
	refused "the access can't be narrowed" plain "$TURTLE" run --rootfs "$ROOTFS" --device /dev/null:r -- true
}

@test "rootless: run --rootfs of a directory that is another's" {
	chown -R 0:0 "$ROOTFS"
	ok plain "$TURTLE" run --rootfs "$ROOTFS" --network host -- sh -c 'id -u; /probe open /made c'
	is $'0\nEACCES'
}

@test "rootless: run --rootfs in the background" {
	ok turtle run -d --rootfs "$ROOTFS" -- sleep 1000
	local id=$output
	[[ $id =~ ^[0-9a-f]{12}$ ]] || fail "no name"
	same "$(state_of "$id")" running
	same "$(stat -c %u "/proc/$(init_pid "$id")")" "$USER_ID"
	ok turtle delete --force "$id"
}

@test "rootless: limits that can't be had are refused, with what would help" {
	refused "rootless needs no limits + no cgrouppath when no permission is granted for cgroups" \
		plain "$TURTLE" run --rootfs "$ROOTFS" --memory 64m --pids 7 -- true
}

@test "rootless: what spec --rootfs writes is what run --rootfs runs" {
	ok turtle spec --bundle "$T/home" --no-tty --rootfs "$ROOTFS" --hostname moo -- sleep 1000
	ok turtle run -d --rootfs "$ROOTFS" --hostname moo box -- sleep 1000
	cmp "$T/home/config.json" <(cat "$USER_STATE/box/config.json"; echo)
	teardown_user
}

@test "rootless: turtle refuses to run with the setuid bit" {
	cp "$TURTLE" "$T/setuid"
	chmod 4755 "$T/setuid"
	if findmnt -no OPTIONS --target "$T" | grep -q nosuid; then skip "the test's directory is nosuid"; fi
	args true
	call as_user "$T/setuid" --root "$USER_STATE" run box
	same "$status" 1
	[ -n "$stderr" ] || fail "an error without words"
	rm "$T/setuid"
}

@test "rootless: exec, in all namespaces, with one id" {
	hold
	ok turtle exec box sh -c 'for link in /proc/self/ns/*; do readlink $link; done'
	is "$(readlink /proc/"$(init_pid)"/ns/*)"
	ok turtle exec -e A=1 --cwd /tmp box sh -c '/probe ids; pwd; echo $A $HOME; cat /proc/self/setgroups; grep -E "^(Cap|Sec|NoNew)" /proc/self/status'
	has "uid 0 0 0" "gid 0 0 0" /tmp "1 /root" deny $'NoNewPrivs:\t1'
	same "$(grep ^Cap <<<"$output")" "$(grep ^Cap "/proc/$(init_pid)/status")"
	call turtle exec box sh -c 'exit 8'
	same "$status" 8
	exec_refused 'executable file not found in $PATH' box nosuch
	exec_refused "is not mapped" -u 1 box true
	exec_refused "" -g 0 box true
	ok turtle exec -d --pid-file "$T/home/pid" box /probe wait
	same "$(stat -c %u "/proc/$(<"$T/home/pid")/task")" "$USER_ID"
	teardown_user
	until_true eval "! kill -0 $(<"$T/home/pid")"
}

@test "rootless: exec with a range of ids" {
	range
	hold
	ok turtle exec -u 7:8 -g 9 box /probe ids
	has "uid 7 7 7" "gid 8 8 8" "groups 9"
	ok turtle exec -d -u 1000 --pid-file "$T/home/pid" box /probe wait
	same "$(stat -c %u "/proc/$(<"$T/home/pid")/task")" 200999
	exec_refused "is not mapped" -u 70000 box true
	teardown_user
}

@test "rootless: exec with a terminal by a console socket" {
	hold
	"$SUITE/recvfd" tty "$T/home/socket" >"$T/received" 2>&1 </dev/null 3>&- &
	local receiver=$!
	until_true [ -S "$T/home/socket" ]
	chown "$USER_ID" "$T/home/socket"
	ok turtle exec -d -t --console-socket "$T/home/socket" box sh -c 'tty; test -t 0 && test -t 1 && echo both'
	wait "$receiver"
	output=$(tr -d '\r' <"$T/received")
	has /dev/pts/0 both
	teardown_user
}

@test "rootless: a hundred at once" {
	hold
	local i pids=()
	for ((i = 0; i < 100; i++)); do pids+=("$i"); done
	# One mount namespace for all: making it is what takes long here.
	call as_user bash -c 'turtle=$1 root=$2; shift 2; for i; do "$turtle" --root "$root" exec box sh -c "echo said $i; exit 7" & done
		for job in $(jobs -p); do wait $job; [ $? -eq 7 ] || echo "status $?"; done' _ "$TURTLE" "$USER_STATE" "${pids[@]}"
	[ -z "$stderr" ] || fail "words on stderr"
	same "$(grep -c '^said' <<<"$output")" 100
	lacks status
	teardown_user
}

@test "rootless: exec in root's containers is refused" {
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	args /probe wait
	call timeout --foreground 10 "$TURTLE" --root "$STATE" run -d box
	same "$status" 0
	call as_user "$TURTLE" --root "$STATE" exec box true
	same "$status" 255
	[[ $stderr == *'exec failed: '* ]] || fail "an error without words"
}

@test "rootless: what a container leaves in the notification directory is removed, also where it is another id's" {
	command -v newuidmap >/dev/null || skip "newuidmap is not here"
	range
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	args sh -c 'mount -o remount,bind,rw /run/notify && cd /run/notify && mkdir -p theirs/a/b && touch theirs/f theirs/a/b/f &&
		chown -R 7:7 theirs && chmod 700 theirs theirs/a && chown 9:9 . && chmod 1700 . && echo made; exec sleep 1000'
	# Nobody has to read from it.
	as_user sh -c "NOTIFY_SOCKET=@nobody-$BASHPID exec $TURTLE --root $USER_STATE create box" || fail "no box"
	ok turtle start box
	until_true test -d "$USER_STATE/box/notify/theirs"
	until_true eval '[ "$(stat -c %u "$USER_STATE/box/notify")" -eq 200008 ]'
	ok turtle delete --force box
	[ ! -e "$USER_STATE/box" ] || fail "the state is left"
}
