# SPDX-License-Identifier: Apache-2.0
# A container in the pid namespace of another one, whose processes may be hostile, and see it as soon as it is there: so
# it is built outside, and comes in when nothing of the host is left in it.
# shellcheck disable=SC2016
load helpers

TOKEN=5f2d7c0a9b164e83b0c7a1d2e3f40596

# guest_of PID: a bundle for container guest in the pid namespace of that process becomes the current directory.
guest_of()
{
	new_bundle "$T/guest" guest
	cd "$T/guest" || return 1
	config --arg p "/proc/$1/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
}

guest() { TOKEN_OF_THE_HOST=$TOKEN turtle run guest; }

# hunted COUNT seize|look: so many guests, while the container's only process is after them; its report becomes $output.
hunted()
{
	local i init
	cp "$SUITE/hunter" "$ROOTFS/hunter"
	args /hunter "$TOKEN" "$2" "$BUNDLE/config.json"
	ok turtle run -d box
	until_line "$T/out" up
	mv "$T/out" "$T/report"
	init=$(init_pid)
	guest_of "$init"
	args true
	for ((i = 0; i < $1; i++)); do
		ok guest
	done
	ok turtle kill box TERM
	until_true eval "! kill -0 $init"
	output=$(<"$T/report")
}

met_at_least() { [ "$(sed -n 's/^early //p' <<<"$output")" -ge "$1" ] || fail "the hunter has met too few before their execve"; }

@test "A03: a guest of the pid namespace can't be had before its execve" {
	hunted 60 look
	lacks trespass
	has "had 0"
	met_at_least 5
}

@test "A03: with CAP_SYS_PTRACE it can be had, but it holds nothing of the host" {
	config '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	hunted 60 look
	lacks 'the host is' directory 'of the kernel' token
	met_at_least 5
}

@test "A03: nor does it when it is stopped and searched" {
	config '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	hunted 40 seize
	lacks trespass
	[ "$(sed -n 's/^had //p' <<<"$output")" -ge 2 ] || fail "the hunter has had too few"
}

@test "a guest has all that a container has" {
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	config '.linux.maskedPaths = ["/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"] | .root.readonly = true
		| .linux.sysctl = {"kernel.shm_rmid_forced": "1"} | .process.cwd = "/proc/self/task" | .hostname = "guest"
		| .process.oomScoreAdj = 77 | .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}]
		| .mounts += [{"destination": "/mnt", "type": "proc", "source": "proc", "options": ["ro"]}]'
	args sh -c 'readlink /proc/self/ns/pid; hostname; cat /proc/sys/kernel/shm_rmid_forced /proc/self/oom_score_adj
		ulimit -n; pwd; test $$ -gt 1 && echo not first; test -d "/proc/$$" -a -d "/mnt/$$" && echo seen; wc -c </proc/keys
		echo 0 2>&1 >/proc/sys/kernel/shm_rmid_forced; touch /x 2>&1; ls / >/dev/null && echo root
		read -r pid comm state ppid pgrp sid rest </proc/self/stat; test "$sid" = $$ && echo leader'
	ok turtle run guest
	has "$(readlink "/proc/$(init_pid)/ns/pid")" guest 1 77 50 "not first" seen 0 root leader
	matches '^/proc/[0-9]+/task$' 'shm_rmid_forced.*Read-only' 'touch: /x.*Read-only'
}

@test "a guest's terminal is its controlling one" {
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	config '.process.terminal = true'
	args sh -c 'tty; echo typed >/dev/tty; ls -l /dev/console | cut -c1'
	mkfifo "$T/keys"
	timeout 20 script -qec "$TURTLE --root $STATE run guest" /dev/null >"$T/typed" 2>&1 3>&- 0<>"$T/keys"
	output=$(tr -d '\r' <"$T/typed")
	has /dev/pts/0 typed c
}

@test "a guest is created and started" {
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	# One process is enough for it; making it takes more.
	! grep -qw pids "$CGROUP_MOUNT/cgroup.controllers" || config '.linux.resources.pids.limit = 1'
	args /probe wait
	ok turtle create --pid-file "$T/pid" guest
	same "$(readlink "/proc/$(<"$T/pid")/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
	same "$(wc -l <"$CGROUP_MOUNT$TEST_CGROUP/guest/cgroup.procs")" 1
	ok turtle start guest
	same "$(state_of guest)" running
	ok turtle kill guest KILL
	until_true stopped guest
	ok turtle delete guest
}

@test "a guest whose building fails leaves nothing" {
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	config '.mounts += [{"destination": "/mnt", "type": "bind", "source": "/does/not/exist", "options": ["bind"]}]'
	refused '/does/not/exist' turtle run guest
	config '.mounts[-1] = {"destination": "/mnt", "type": "tmpfs", "source": "x", "options": ["wrong=1"]}'
	refused 'option "wrong=1"' turtle run guest
	config 'del(.mounts[-1]) | .process.args = ["/not/there"]'
	refused '/not/there' turtle run guest
	same "$(state_of box)" running
}

@test "a guest whose neighbour kills whatever comes" {
	local i
	args sh -c 'echo up; while :; do kill -KILL -1 2>/dev/null; done'
	ok turtle run -d box
	mv "$T/out" "$T/report"
	until_line "$T/report" up
	guest_of "$(init_pid)"
	args /probe wait
	for ((i = 0; i < 8; i++)); do
		call turtle run guest
		[ "$status" -eq 137 ] || [ "$status" -eq 1 ] || fail "run ends with $status"
		[ "$status" -eq 137 ] || [ -n "$stderr" ] || fail "a failure without words"
		[ ! -e "$STATE/guest" ] || fail "a state is left"
	done
	same "$(state_of box)" running
}

@test "a guest with hooks: they are told the pid that it keeps" {
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	config --arg f "$T/told" '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "jq .pid >\($f)"], "env": ["PATH=/usr/bin:/bin"]}]'
	args /probe wait
	ok turtle run -d --pid-file "$T/pid" guest
	same "$(<"$T/told")" "$(<"$T/pid")"
}

@test "a guest in the user namespace that owns the pid namespace" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	args /probe wait
	ok turtle run -d box
	guest_of "$(init_pid)"
	chown -R 100000:100000 "$T/guest/rootfs"
	config --arg u "/proc/$(init_pid)/ns/user" '.linux.namespaces += [{"type": "user", "path": $u}]'
	args sh -c 'readlink /proc/self/ns/pid; readlink /proc/self/ns/user; test -d "/proc/$$" && echo seen; id -u'
	ok turtle run guest
	has "$(readlink "/proc/$(init_pid)/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/user")" seen 0
}

@test "a plain user's guest of a plain user's container" {
	local dir=$T/own
	mkdir -m 711 "$dir"
	chmod 711 "$T"
	mkdir "$dir/box" "$dir/guest"
	cp -a "$ROOTFS" "$dir/box/rootfs" && cp -a "$ROOTFS" "$dir/guest/rootfs"
	cd "$dir/box"
	chown 1000:1000 .
	setpriv --reuid 1000 --regid 1000 --clear-groups "$TURTLE" spec --rootless
	config '.process.terminal = false | .process.args = ["/probe", "wait"]'
	cp config.json ../guest/
	chown -R 1000:1000 "$dir"
	user_turtle() { timeout 10 setpriv --reuid 1000 --regid 1000 --clear-groups "$TURTLE" --root "$dir/state" "$@" 3>&- 4>&-; }
	ok user_turtle run -d box
	local pid
	pid=$(user_turtle state box | jq .pid)
	cd ../guest
	config --arg d "/proc/$pid/ns" 'del(.linux.uidMappings, .linux.gidMappings) | .process.args = ["sh", "-c", "readlink /proc/self/ns/pid; test -d /proc/$$ && echo seen"]
		| .linux.namespaces |= map(if .type == "pid" or .type == "user" then .path = "\($d)/\(.type)" else . end)'
	ok user_turtle run guest
	has "$(readlink "/proc/$pid/ns/pid")" seen
	ok user_turtle delete --force box
}
