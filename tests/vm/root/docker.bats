#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker drives turtle: dockerd with the configuration of contrib/docker, where turtle is one runtime among others; here
# it is the default as well. One container serves several questions, for a `docker run` takes seconds in a slow machine.
# weight: 4
# shellcheck disable=SC2154,SC2016

load ../../integration/helpers
load ../engines
load engine

setup_file()
{
	engine_setup
	# BuildKit's program, which says how it was called.
	printf '#!/bin/sh\necho "$@" >>%s\nexec /usr/local/sbin/turtle "$@"\n' "$BATS_FILE_TMPDIR/calls" >"$BATS_FILE_TMPDIR/runtime"
	chmod 755 "$BATS_FILE_TMPDIR/runtime"
	mkdir -p /run/systemd/system/docker.service.d
	printf '[Service]\nEnvironment=DOCKER_BUILDKIT_RUNC_COMMAND=%s\n' "$BATS_FILE_TMPDIR/runtime" \
		>/run/systemd/system/docker.service.d/buildkit.conf
	systemctl daemon-reload
	dockerd_config '."live-restore" = true |
		.runtimes["turtle-args"] = {path: .runtimes.turtle.path, runtimeArgs: ["--debug"]}' || return 1
	engine_image "$BATS_FILE_TMPDIR/box.tar" '{"Env": ["PATH=/bin", "FROM=image"], "Cmd": ["sh"]}' box:latest
	docker load --quiet --input "$BATS_FILE_TMPDIR/box.tar" >/dev/null
}

teardown_file()
{
	systemctl stop docker.service docker.socket containerd.service
	rm -rf /etc/docker/daemon.json /usr/local/sbin/turtle /run/systemd/system/docker.service.d
	systemctl daemon-reload
	forget_engine
}

# dockerd_config FILTER: starts dockerd anew with the configuration, changed by the filter. User-mode Linux has no IPv6
# tables, and from 7 on none at all.
dockerd_config()
{
	local tables=true
	[ "$TURTLE_VM" != uml ] || modprobe -nq iptable_nat || tables=false
	mkdir -p /etc/docker
	jq '."default-runtime" = "turtle" | .iptables = '"$tables"' | .ip6tables = false | .ipv6 = false | '"$1" /opt/turtle/contrib/docker/daemon.json >/etc/docker/daemon.json
	systemctl reset-failed docker.service 2>/dev/null
	systemctl restart docker.service || {
		journalctl --no-pager --output cat --unit docker.service --lines 20
		return 1
	}
}

setup()
{
	exec </dev/null
	T=$BATS_TEST_TMPDIR
	NAME=dock$BATS_TEST_NUMBER
}

teardown()
{
	local ids
	mapfile -t ids < <(docker ps --all --quiet --no-trunc)
	[ ${#ids[@]} -eq 0 ] || docker rm --force --volumes "${ids[@]}" >/dev/null
	docker network prune --force >/dev/null
	docker volume prune --all --force >/dev/null
	nothing_of "${ids[@]}"
	[ -z "$(ls -A /run/docker/runtime-turtle/moby 2>/dev/null)" ] || fail "state of turtle is left"
}

docker() { timeout --foreground 60 docker "$@" 3>&-; }
inspect() { docker inspect --format "$2" "$1"; }

# wait_for NAME: until the container has ended; says its exit code.
wait_for() { timeout 30 docker wait "$1" 3>&-; }

# log_has NAME LINE
top_has() { docker top "$1" | grep -q -- "$2"; }
log_has() { docker logs "$1" 2>&1 | grep -qxF -- "$2"; }

@test "docker: run; output, exit codes and messages" {
	ok docker info --format '{{.DefaultRuntime}} {{.CgroupDriver}} {{.CgroupVersion}}'
	is "turtle systemd 2"
	ok docker run --rm --env ONE=1 --workdir /tmp --user 1000:1000 --hostname there box sh -c 'echo "$ONE $FROM"; pwd; id -u; hostname'
	is $'1 image\n/tmp\n1000\nthere'
	call docker run --rm box sh -c 'echo wrong >&2; exit 7'
	same "$status $stderr" "7 wrong"
	call docker run --rm box no-such-program
	same "$status" "$MISSING_STATUS"
	[[ $stderr == *"$MISSING"* ]] || fail "the message"
	call docker run --rm box /etc
	same "$status" "$UNUSABLE_STATUS"
	[[ ${stderr,,} == *'permission denied'* || ${stderr,,} == *'is a directory'* || ${stderr,,} == *'not a regular file'* ]] ||
		fail "the message"
	call docker run --rm --no-such-option box true
	same "$status" 125
	call docker run --rm --security-opt apparmor=no-such-profile box true
	differ "$status" 0
	[[ ${stderr,,} == *apparmor* ]] || fail "the message"
	call docker run --rm --init box sh -c 'kill -KILL $$'
	same "$status" 137
}

@test "docker: a terminal, input, signals and --init" {
	call timeout 60 script -qec "docker run --rm -it box sh -c 'tty; stty size; exit 9'" /dev/null
	same "$status" 9
	[[ $output == */dev/pts/0* ]] || fail "no terminal"
	same "$(echo typed | docker run --rm -i box cat)" typed

	# With --init the program is not PID 1, and a signal of the engine's reaches it.
	ok docker run -d --name "$NAME" --init box sh -c 'trap "echo got it; exit 42" USR1; echo ready; while :; do sleep 0.1; done'
	until_true log_has "$NAME" ready
	ok docker exec "$NAME" sh -c 'readlink /proc/1/exe; cat /proc/1/comm'
	matches docker-init
	ok docker kill --signal USR1 "$NAME"
	ok wait_for "$NAME"
	is 42
	log_has "$NAME" "got it"
}

@test "docker: exec, stats, top, update, pause, stop" {
	local pid cgroup
	ok docker run -d --name "$NAME" --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 50 --ulimit nofile=100:200 --shm-size 1m \
		--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --oom-score-adj 300 --sysctl net.ipv4.ip_forward=0 \
		box sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	until_true log_has "$NAME" ready
	pid=$(inspect "$NAME" '{{.State.Pid}}')
	cgroup=$(cgroup_of "$pid")
	same "$cgroup" "/sys/fs/cgroup/system.slice/docker-$(inspect "$NAME" '{{.Id}}').scope"
	same "$(cat "$cgroup"/{memory.max,memory.swap.max,cpu.max,pids.max} "/proc/$pid/oom_score_adj" | xargs)" "67108864 $SWAP_OF_64M 50000 100000 50 300"

	ok docker exec --env ONE=1 --workdir /tmp --user 1000 "$NAME" sh -c 'echo "$ONE $FROM"; pwd; id -u; ulimit -n; touch /file 2>/dev/null || echo read-only
		grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status; cat /proc/self/attr/current; df -k /dev/shm | tail -n 1 | sed "s/  */ /g"'
	has "1 image" /tmp 1000 100 read-only $'CapEff:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' "docker-default (enforce)"
	matches '^shm 1024 '
	call docker exec "$NAME" sh -c 'exit 5'
	same "$status" 5
	call docker exec "$NAME" no-such-program
	# docker 26 says 126 for it, whatever the runtime.
	local missing=$MISSING_STATUS
	[[ $(docker version --format '{{.Server.Version}}') != 26.* ]] || missing=126
	same "$status" "$missing"
	[[ $output$stderr == *"$MISSING"* ]] || fail "the message"
	call docker exec --workdir /no/such/place "$NAME" true
	differ "$status" 0
	call timeout 60 script -qec "docker exec -it $NAME tty" /dev/null
	[[ $output == */dev/pts/* ]] || fail "no terminal"
	ok docker exec -d "$NAME" sleep 1001
	until_true top_has "$NAME" "sleep 1001"

	ok docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$NAME"
	matches '/ 64MiB [1-9]'
	ok docker update --memory 32m --memory-swap 32m --cpus 0.2 --pids-limit 30 "$NAME"
	same "$(cat "$cgroup"/{memory.max,cpu.max,pids.max} | xargs)" "33554432 20000 100000 30"
	ok docker pause "$NAME"
	grep -q '^frozen 1' "$cgroup$SUBGROUP/cgroup.events"
	same "$(inspect "$NAME" '{{.State.Status}}')" paused
	ok docker unpause "$NAME"
	grep -q '^frozen 0' "$cgroup$SUBGROUP/cgroup.events"
	ok docker stop --time 20 "$NAME"
	same "$(inspect "$NAME" '{{.State.Status}} {{.State.ExitCode}}')" "exited 3"
	[ ! -e "$cgroup" ] || fail "the cgroup of a stopped container"
	ok docker start "$NAME"
	differ "$(inspect "$NAME" '{{.State.Pid}}')" "$pid"
}

@test "docker: restart policies, an end for lack of memory, volumes" {
	ok docker run -d --name "$NAME" --restart on-failure:2 --volume box:/data --volume "$T:/host:ro" box sh -c 'echo run >>/data/runs; exit 1'
	until_true says "2 exited" inspect "$NAME" '{{.RestartCount}} {{.State.Status}}'
	ok docker run --rm --memory 16m --memory-swap 16m --volume box:/data --volume "$T:/host:ro" box sh -c 'cat /data/runs; touch /host/file 2>&1; true'
	has run "touch: /host/file: Read-only file system"
	same "$(grep -c '^run$' <<<"$output")" 3
	# A read-only volume is so with all that is mounted below it.
	mkdir "$T/below"
	mount -t tmpfs below "$T/below"
	ok docker run --rm --volume "$T:/host:ro" --mount "type=bind,src=$T,dst=/deep,readonly,bind-recursive=readonly,bind-propagation=rprivate" \
		--mount "type=bind,src=$T,dst=/flat,readonly,bind-recursive=writable" box sh -c \
		'for d in host deep flat; do touch /$d/below/file 2>/dev/null && echo $d; done; true'
	umount "$T/below"
	is flat
	ok docker run -d --name "$NAME-memory" --memory 16m --memory-swap 16m box sh -c 'tail /dev/zero; echo "ended with $?"; exec sleep 1000'
	until_true log_has "$NAME-memory" "ended with 137"
	until_true says true inspect "$NAME-memory" '{{.State.OOMKilled}}'
	docker rm --force "$NAME" "$NAME-memory" >/dev/null
}

@test "docker: what is always restarted, with the daemon as well, and what only unless it was stopped" {
	local always=$NAME-always unless=$NAME-unless
	ok docker run -d --name "$always" --restart always box sleep 1000
	kill -KILL "$(inspect "$always" '{{.State.Pid}}')"
	until_true says "1 running" inspect "$always" '{{.RestartCount}} {{.State.Status}}'
	ok docker run -d --name "$unless" --restart unless-stopped box sleep 1000
	ok docker stop --time 0 "$always" "$unless"
	same "$(inspect "$always" '{{.State.Status}} {{.State.ExitCode}}')" "exited 137"
	systemctl restart docker.service
	until_true says running inspect "$always" '{{.State.Status}}'
	same "$(inspect "$unless" '{{.State.Status}}')" exited
}

@test "docker: attach with input, cp, diff, commit, a health check" {
	local attached
	ok docker run -d -i --name "$NAME" --health-cmd 'test -e /tmp/well' --health-interval 1s box \
		sh -c 'trap "exit 4" TERM; read word; while :; do echo "got $word"; sleep 0.1; done' # once may be before attach listens
	# Its input stays open: an attach whose input ends before the daemon listens has said nothing.
	mkfifo "$T/input"
	exec 8<>"$T/input"
	timeout 60 docker attach "$NAME" <"$T/input" >"$T/attached" 2>&1 3>&- 8>&- &
	attached=$!
	echo word >&8
	until_line "$T/attached" "got word"
	exec 8>&-
	echo new >"$T/new"
	ok docker cp --quiet "$T/new" "$NAME:/tmp/new"
	ok docker cp --quiet "$NAME:/tmp/new" "$T/back"
	same "$(<"$T/back")" new
	ok docker diff "$NAME"
	has 'A /tmp/new'
	ok docker commit "$NAME" kept
	ok docker run --rm kept cat /tmp/new
	is new
	ok docker image rm kept
	ok docker exec "$NAME" touch /tmp/well
	until_true says healthy inspect "$NAME" '{{.State.Health.Status}}'
	ok docker stop --time 20 "$NAME"
	status=0
	wait "$attached" || status=$?
	same "$status" 4 "what attach says of its end"
}

@test "docker: capabilities, a seccomp file, masks, devices, privileged; namespaces of another and of the host" {
	local look='for ns in net pid ipc uts cgroup; do readlink /proc/self/ns/$ns; done' pid
	ok docker run -d --name "$NAME" --ipc shareable box sleep 1000
	pid=$(inspect "$NAME" '{{.State.Pid}}')
	ok docker run --rm --network "container:$NAME" --pid "container:$NAME" --ipc "container:$NAME" box sh -c "$look"
	same "$(head -n 3 <<<"$output")" "$(for ns in net pid ipc; do readlink "/proc/$pid/ns/$ns"; done)"
	ok docker run --rm --network host --pid host --ipc host --uts host --cgroupns host box sh -c "$look"
	is "$(for ns in net pid ipc uts cgroup; do readlink "/proc/self/ns/$ns"; done)"
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/seccomp"
	ok docker run --rm --security-opt seccomp="$T/seccomp" --device "$TURTLE_SPARE_DISK:/dev/mine:r" --group-add 99 --cap-add SYS_TIME \
		--cap-drop CHOWN box sh -c 'mkdir /x 2>&1; head -c 3 /dev/mine | wc -c; (echo x >/dev/mine) 2>&1; id -G; grep CapEff: /proc/self/status
		touch /proc/sys/kernel/hostname 2>&1; ls /sys/firmware | wc -l'
	has 3 $'CapEff:\t00000000aa0425fa' 'touch: /proc/sys/kernel/hostname: Read-only file system' 0
	matches 'No space left on device' '/dev/mine: Operation not permitted' '(^| )99$'
	ok docker run --rm --security-opt systempaths=unconfined --security-opt seccomp=unconfined --security-opt apparmor=unconfined box sh -c '
		grep -c " /proc/" /proc/mounts; grep Seccomp: /proc/self/status; cat /proc/self/attr/current'
	is $'0\nSeccomp:\t0\nunconfined'
	ok docker run --rm --privileged box sh -c 'grep CapEff: /proc/self/status; mkdir -p /m; mount -t tmpfs x /m && echo mounted; head -c 3 '"$TURTLE_SPARE_DISK"' | wc -c'
	is "$(grep CapEff: /proc/self/status)"$'\nmounted\n3'
}

@test "docker: two services of a compose file find each other by name; a published port" {
	needs_tables
	mkdir "$T/app"
	cat >"$T/app/compose.yaml" <<-'END'
		services:
		  web:
		    image: box
		    command: [sh, -c, "while :; do echo served | busybox nc -l -p 80; done"]
		    mem_limit: 64m
		    pids_limit: 50
		    read_only: true
		    ports: ["127.0.0.1:8080:80"]
		  client:
		    image: box
		    depends_on: [web]
		    command: [sh, -c, "until busybox nc web 80; do :; done; exec sleep 1000"]
	END
	compose() { docker compose --progress quiet --project-name "$NAME" --project-directory "$T/app" "$@"; }
	ok compose up --detach --wait
	until_true log_has "$NAME-client-1" served
	same "$(timeout 20 bash -c 'until cat </dev/tcp/127.0.0.1/8080; do :; done' 2>/dev/null)" served
	ok compose ps --format '{{.Service}} {{.State}}'
	same "$(sort <<<"$output")" $'client running\nweb running'
	ok compose exec -T web cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
	is $'67108864\n50'
	ok compose restart --timeout 0 client
	ok compose run --rm --no-deps client echo once
	is once
	ok compose down --timeout 0
	same "$(docker ps --all --quiet)" ''
}

@test "docker: build, with the classic builder" {
	mkdir "$T/build"
	printf '%s\n' 'FROM box' 'ENV TWO=2' 'RUN echo "$TWO" >/two && id -u >/id' 'WORKDIR /work' 'COPY file .' 'USER 1000' \
		'CMD ["sh", "-c", "cat /two /id file; id -u"]' >"$T/build/Dockerfile"
	echo copied >"$T/build/file"
	DOCKER_BUILDKIT=0 call docker build --quiet --tag built "$T/build"
	same "$status" 0
	ok docker run --rm built
	is $'2\n0\ncopied\n1000'
	printf '%s\n' 'FROM box' 'RUN exit 6' >"$T/build/Dockerfile"
	DOCKER_BUILDKIT=0 call docker build --tag broken "$T/build"
	differ "$status" 0
	[[ $output$stderr == *'returned a non-zero code: 6'* ]] || fail "the message"
}

# The builder of the daemon runs its steps past the daemon's list of runtimes; a variable names the program.
@test "docker: build, with BuildKit" {
	mkdir "$T/build"
	printf '%s\n' 'FROM box AS first' 'ARG WORD' 'RUN echo "$WORD" >/word' 'FROM box' 'COPY --from=first /word /word' 'WORKDIR /work' 'COPY file .' \
		'RUN --mount=type=bind,source=file,target=/seen --mount=type=cache,target=/cache --mount=type=tmpfs,target=/scratch \' \
		'  cat /seen >copy && touch /cache/x /scratch/x && id -u >>copy' \
		'USER 1000' 'RUN id -u >/tmp/who' 'CMD ["sh", "-c", "cat /word copy /tmp/who"]' >"$T/build/Dockerfile"
	echo copied >"$T/build/file"
	call docker buildx build --progress plain --network none --build-arg WORD=told --tag built "$T/build"
	same "$status" 0
	ok docker run --rm built
	is $'told\ncopied\n0\n1000'
	same "$(grep -c ' run ' "$BATS_FILE_TMPDIR/calls")" 3 "steps that went through the runtime"
	printf '%s\n' 'FROM box' 'RUN exit 6' >"$T/build/Dockerfile"
	call docker buildx build --progress plain --network none "$T/build"
	differ "$status" 0
	[[ $stderr == *'exit code: 6'* ]] || fail "the message"
	printf '%s\n' 'FROM box' 'RUN ["/no/such/program"]' >"$T/build/Dockerfile"
	call docker buildx build --progress plain --network none "$T/build"
	differ "$status" 0
	[[ ${stderr,,} == *'/no/such/program'*'no such file or directory'* ]] || fail "the message"
}

@test "docker: live-restore: containers live on while the daemon is restarted" {
	local pid
	ok docker run -d --name "$NAME" box sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	pid=$(inspect "$NAME" '{{.State.Pid}}')
	until_true log_has "$NAME" ready
	systemctl restart docker.service
	same "$(inspect "$NAME" '{{.State.Status}} {{.State.Pid}}')" "running $pid"
	ok docker exec "$NAME" true
	ok docker stop --time 20 "$NAME"
	same "$(inspect "$NAME" '{{.State.ExitCode}}')" 3
}

@test "docker: a runtime with arguments; userns-remap" {
	useradd --system dockremap 2>/dev/null || true
	grep -q '^dockremap:' /etc/subuid || printf 'dockremap:300000:65536\n' | tee -a /etc/subuid >>/etc/subgid
	ok docker run --rm --runtime turtle-args box echo out
	is out
	dockerd_config '."userns-remap" = "default"'
	docker load --quiet --input "$BATS_FILE_TMPDIR/box.tar" >/dev/null
	ok docker run -d --name "$NAME" box sleep 1000
	same "$(stat -c %u "/proc/$(inspect "$NAME" '{{.State.Pid}}')")" 300000
	ok docker exec "$NAME" sh -c 'cat /proc/self/uid_map; id -u; touch /file; stat -c %u /file'
	matches '^ +0 +300000 +65536$'
	has 0
}
