#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a review of the whole for security and reliability came upon: callers with odd signals, limits and umasks, inits
# that don't move or whose first thread is gone, two containers on one cgroup, and what can be reached in the host.
# shellcheck disable=SC2154,SC2016

load helpers

# Without timeout, which changes dispositions itself.
ignoring_sigchld() { env --ignore-signal=CHLD "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-; }

join_pid_namespace_of()
{
	config --arg path "/proc/$1/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)'
}

@test "a mask is no way to the host's null device" {
	local before
	before=$(stat -c '%a %u %g %Y' /dev/null)
	config '.linux.maskedPaths = ["/proc/keys"]'
	try sh -c 'chmod 640 /proc/keys; touch -d "2001-02-03 04:05:06" /proc/keys; stat -c "%a %t:%T" /proc/keys; echo x >/proc/keys; cat /proc/keys'
	# For everybody else's sake.
	[ "$before" = "$(stat -c '%a %u %g %Y' /dev/null)" ] || {
		chmod 666 /dev/null
		fail "the host's /dev/null was changed"
	}
	is "666 1:3"
	[[ $stderr == *"Read-only file system"* ]] || fail "it was not refused"
}

@test "a host device that is bound can't be changed by whom it belongs to" {
	local before
	before=$(stat -c '%a %u %g' /dev/zero)
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings'
	try sh -c 'chmod 600 /dev/zero; head -c 3 /dev/zero | wc -c'
	[ "$before" = "$(stat -c '%a %u %g' /dev/zero)" ] || {
		chmod 666 /dev/zero
		fail "the host's /dev/zero was changed"
	}
	is 3
}

@test "a caller that ignores SIGCHLD still gets a container" {
	local other
	sleep 60 3>&- &
	other=$!
	join_pid_namespace_of "$other"
	args sleep 60
	ok ignoring_sigchld create box
	ok turtle start box
	same "$(state_of box)" running
	ok turtle delete --force box
	ok ignoring_sigchld run -d box
	ok turtle delete --force box
	args sh -c 'exit 7'
	call ignoring_sigchld run box
	same "$status" 7
}

@test "a caller whose files may not grow gets an error, and nothing is left" {
	args true
	limited() { (ulimit -f 0 && turtle "$@") 2>&1 | cat; }
	call limited run box
	[[ $output == *"File too large"* ]] || fail "not told"
	[ ! -e "$STATE/box" ] || fail "a state is left"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup is left"
}

@test "an unprivileged caller's umask does not lock him out" {
	local dir=$T/own
	mkdir -m 700 "$dir"
	chmod 711 "$T"
	cp -a "$BUNDLE" "$dir/bundle" && chown -R 1000:1000 "$dir"
	call setpriv --reuid 1000 --regid 1000 --clear-groups sh -c \
		"cd $dir/bundle && rm config.json && '$TURTLE' spec --rootless && jq '.process.terminal = false | .process.args = [\"true\"]' config.json >c &&
		umask 0777 && exec timeout 10 '$TURTLE' --root $dir/state run --config c box" 3>&-
	[ "$status" -eq 0 ] || fail "status $status"
	same "$(stat -c %a "$dir/state")" 1700
}

@test "a process lives as long as one of its threads" {
	args /probe leaderless
	ok turtle run -d box
	until_true grep -q '^State:.Z' "/proc/$(init_pid)/status"
	same "$(state_of box)" running
	refused "cannot delete container box that is not stopped: running" turtle delete box
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
}

@test "delete --force ends a start that hangs, with a cgroup and without" {
	local manager pid start
	args sleep 60
	for manager in cgroupfs disabled; do
		ok turtle --cgroup-manager "$manager" create box
		pid=$(init_pid)
		kill -STOP "$pid"
		turtle start box 2>"$T/start.err" &
		start=$!
		# It holds the lock once it waits.
		until_true sh -c "! flock -n '$STATE/box' true"
		ok turtle delete --force box
		! wait "$start" || fail "a start of nothing succeeded"
		[ ! -e "$STATE/box" ] || fail "the state is left"
	done
}

@test "a stopped container's delete spares another one that uses its cgroup now" {
	args sleep 60
	ok turtle run -d box
	ok turtle kill box KILL
	until_true stopped box
	ok turtle run -d second
	ok turtle delete box
	same "$(state_of second)" running
	ok turtle delete --force second
	[ ! -e "$CGROUP_DIR" ] || fail "the cgroup is left"
}

@test "a stopped container's delete ends what somebody left in its cgroup" {
	args sleep 60
	ok turtle run -d box
	kill -KILL "$(init_pid)"
	until_true stopped box
	sleep 60 3>&- &
	echo $! >"$CGROUP_DIR/cgroup.procs"
	disown
	ok turtle delete box
	[ ! -e "$CGROUP_DIR" ] || fail "the cgroup is left"
}

@test "created: nothing of the host is open, and the program is not the host's" {
	local pid fd target
	args sleep 60
	ok turtle create box
	pid=$(init_pid)
	for fd in /proc/"$pid"/fd/*; do
		target=$(readlink "$fd")
		case ${fd##*/} in
		[012]) ;;
		*) [[ $target == socket:* ]] || fail "descriptor ${fd##*/} is $target" ;;
		esac
	done
	[[ $(readlink "/proc/$pid/exe") == "/memfd:turtle-init (deleted)" ]] || fail "exe: $(readlink "/proc/$pid/exe")"
	target=$(sed -n 's/^[^/]*\(\/.*\)/\1/p' "/proc/$pid/maps" | grep -v '^/memfd:turtle-' || true)
	same "$target" "" "files are mapped"
	# The environment is the container's from the start: nothing of the caller's.
	same "$(tr -d '\0' <"/proc/$pid/environ")" ""
	grep -q '^CapEff:.0000000020000420$' "/proc/$pid/status" || fail "it has other capabilities than configured"
	grep -q '^NoNewPrivs:.1$' "/proc/$pid/status" || fail "new privileges are possible"
}

@test "a filter that allows the program's three calls and nothing else" {
	local nnp action uid
	# write and exit_group, without a libc that wants more.
	printf '%s\n' 'void _start(void) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(1L), "D"(1L), "S"("up\n"), "d"(3L) : "rcx", "r11", "memory");' \
		'__asm__ volatile("syscall" ::"a"(231L), "D"(7L) : "rcx", "r11"); __builtin_unreachable(); }' >"$T/quiet.c"
	[ "$(uname -m)" = x86_64 ] || skip "written for x86_64"
	command -v gcc >/dev/null || skip "needs a compiler"
	gcc -static -nostdlib -Os -fno-stack-protector -fno-pie -no-pie -o rootfs/quiet "$T/quiet.c"
	args /quiet
	for nnp in true false; do
		for action in SCMP_ACT_KILL_PROCESS SCMP_ACT_ERRNO; do
			for uid in 0 1000; do
				config --argjson nnp "$nnp" --argjson uid "$uid" --arg action "$action" '
					.process.noNewPrivileges = $nnp | .process.user = {uid: $uid, gid: $uid} |
					.linux.seccomp = {defaultAction: $action, syscalls:
						[{names: ["execve", "write", "exit_group"], action: "SCMP_ACT_ALLOW"}]}'
				call turtle run box
				same "$status $output" "7 up" "$nnp $action $uid"
			done
		done
	done
}

@test "security: a filter that denies every way to exit ends all the same" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: []}'
	try true
	[ "$status" -ne 124 ] || fail "it hangs"
	[ "$status" -ne 0 ] || fail "it says that all is well"
}

@test "mounts: options longer than fsconfig takes" {
	local long
	long=$T/$(printf 'x%.0s' {1..120})
	mkdir -p "$long"/{a,b,u,w}
	echo A >"$long/a/fa"
	echo B >"$long/b/fb"
	config --arg o "lowerdir=$long/a:$long/b" --arg u "upperdir=$long/u" --arg w "workdir=$long/w" \
		'.mounts += [{destination: "/ov", type: "overlay", source: "overlay", options: [$o, $u, $w, "nosuid", "nodev"]}]'
	box sh -c 'cat /ov/fa /ov/fb; touch /ov/new; grep -o "/ov overlay rw,nosuid,nodev" /proc/mounts'
	has A B "/ov overlay rw,nosuid,nodev"
	[ -e "$long/u/new" ] || fail "the upper directory is not the one given"
}

@test "process: a directory is no program, and permission is denied" {
	args /bin
	refused 'exec: "/bin": permission denied' turtle run box
}

@test "spawn: hundreds of mounts in a user namespace under a low limit of open files" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
		.mounts += [range(400) | {destination: "/mnt/d\(.)", type: "bind", source: "/usr", options: ["rbind", "ro"]}]'
	config '.process.rlimits = [] | .root.readonly = false'
	args sh -c 'grep -c " /mnt/d" /proc/self/mountinfo; ulimit -n'
	ok sh -c 'ulimit -Sn 200; exec "$0" --root "$1" run box' "$TURTLE" "$STATE"
	has 400 200
}

@test "where memory files can't be executed there is one clear error, and nothing is left" {
	[ -e /proc/sys/vm/memfd_noexec ] || skip "no sysctl vm.memfd_noexec before Linux 6.3"
	# The setting is the pid namespace's.
	within()
	{
		timeout 20 unshare --pid --fork --mount-proc sh -c 'echo "$1" >/proc/sys/vm/memfd_noexec; shift; exec "$@"' _ "$1" \
			"$TURTLE" --root "$STATE" run box 3>&-
	}
	args echo ran
	ok within 1
	is ran
	refused "sysctl vm.memfd_noexec is 2" within 2
	[ ! -e "$STATE/box" ] || fail "a state is left"
}
