# SPDX-License-Identifier: Apache-2.0
# exec into containers whose processes and root filesystems are hostile: the advisories that security reviews of runtimes
# begin with (CVE-2016-9962, CVE-2019-5736, CVE-2024-21626, CVE-2016-3697, CVE-2022-29162, TIOCSTI).
load helpers

TOKEN=5f2d7c0a9b164e83b0c7a1d2e3f40596

# leaking COMMAND...: with descriptors of the host's that nobody asked to be passed on.
leaking()
{
	timeout --foreground -k 1 10 bash -c 'cd "$1" && shift && exec 3</ 5<"$1" 7<. 8</proc 9<"$2" 63</ 4<&- 6<&- && shift 2 && exec "$@"' _ \
		"$BUNDLE" "$CGROUP_MOUNT" "${CANARY:-/etc}" "$@"
}

# hunted COUNT [seize]: so many execs, with descriptors of the host's and a token in turtle's environment, while the
# container's only process is after them; its report becomes $output.
hunted()
{
	local i init
	cp "$SUITE/hunter" "$ROOTFS/hunter"
	args /hunter "$TOKEN" ${2:+"$2"}
	ok turtle run -d box
	until_line "$T/out" up
	mv "$T/out" "$T/report"
	for ((i = 0; i < $1; i++)); do
		TOKEN_OF_THE_HOST=$TOKEN ok leaking "$TURTLE" --root "$STATE" exec box true
	done
	init=$(init_pid)
	ok turtle kill box TERM
	until_true eval "! kill -0 $init"
	output=$(<"$T/report")
}

@test "A03: a process that is put into the container can't be had before its execve" {
	hunted 200
	lacks trespass
	has "had 0"
	# The hunt was one: it has met many of them while they were turtle's.
	[ "$(sed -n 's/^met //p' <<<"$output")" -ge 40 ] || fail "the hunter has met too few"
	[ "$(sed -n 's/^early //p' <<<"$output")" -ge 10 ] || fail "the hunter has met too few before their execve"
}

@test "A03: with CAP_SYS_PTRACE it can be had, but it holds nothing of the host" {
	config '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	hunted 50 seize
	lacks trespass
	[ "$(sed -n 's/^had //p' <<<"$output")" -ge 5 ] || fail "the hunter has had too few"
}

@test "A03: in a user namespace not even CAP_SYS_PTRACE of the container's helps" {
	config '.process.capabilities[] += ["CAP_SYS_PTRACE"] | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	hunted 40
	lacks trespass
	has "had 0"
	[ "$(sed -n 's/^early //p' <<<"$output")" -ge 5 ] || fail "the hunter has met too few before their execve"
}

@test "A13: descriptors of the host are no way out" {
	local n where
	config '.root.readonly = false'
	for ((n = 0; n < 12; n++)); do
		ln -s "/proc/self/fd/$n" "$ROOTFS/link$n"
	done
	hold
	canary
	for ((n = 0; n < 12; n++)); do
		for where in "/proc/self/fd/$n" "/proc/self/fd/$n/.." "/proc/1/fd/$n" "/proc/thread-self/fd/$n/../.." "/link$n"; do
			call leaking "$TURTLE" --root "$STATE" exec --cwd "$where" box sh -c '/probe cwd; ls; ls ..; /probe fds'
			outcome "$where"
			call leaking "$TURTLE" --root "$STATE" exec box "$where/bin/sh" -c '/probe cwd; ls; /probe fds'
			outcome "$where/bin/sh"
		done
	done
	canary_same
}

# outcome WHAT: either a clear error, or a directory that the container has, without anything of the host's.
outcome()
{
	if [ "$status" -ne 0 ]; then
		[ "$status" -eq 255 ] || [ "$status" -le 2 ] || fail "$1: status $status"
		[ -n "$stderr$output" ] || fail "$1: failed without a word"
		return 0
	fi
	lacks unreachable victim 'cgroup\.controllers' config\\.json '^[3-9] '
	matches '^/'
}

@test "A13: nor are preserved ones" {
	hold
	# Asked for, so they are there; but a working directory they are not.
	call leaking "$TURTLE" --root "$STATE" exec --preserve-fds 3 --cwd /proc/self/fd/3 box /probe cwd
	same "$status" 255
	call leaking "$TURTLE" --root "$STATE" exec --preserve-fds 3 --cwd /proc/self/fd/5 box /probe cwd
	same "$status" 255
}

@test "A13: only standard descriptors are open in the process" {
	hold
	call leaking "$TURTLE" --root "$STATE" exec box sh -c '/probe fds; ls -l /proc/self/fd'
	same "$status" 0
	same "$(grep -c '^[0-9]' <<<"$output")" 3
	lacks "$BUNDLE" '-> /$' cgroup
}

@test "A04: turtle's own program can't be reached through /proc/self/exe" {
	config '.root.readonly = false'
	printf '#!/proc/self/exe\n' >"$ROOTFS/evil"
	chmod 755 "$ROOTFS/evil"
	hold
	canary
	call turtle exec box /proc/self/exe
	[ "$status" -ne 0 ] || fail "it ran"
	call turtle exec box /proc/self/exe --root /x list
	[ "$status" -ne 0 ] || fail "it ran as a runtime"
	call turtle exec box /evil
	[ "$status" -ne 0 ] || fail "it ran"
	canary_same
}

@test "A04: nor by writing to what is behind /proc/PID/exe" {
	config '.root.readonly = false'
	args sh -c 'echo up; while :; do for exe in /proc/[0-9]*/exe; do case $exe in /proc/1/*) ;; *) (echo x >$exe) 2>/dev/null && echo written $exe; esac; done; done'
	ok turtle run -d box
	mv "$T/out" "$T/report"
	until_line "$T/report" up
	canary
	local i
	for ((i = 0; i < 60; i++)); do
		# The container may spoil its own programs.
		call turtle exec box /probe args
	done
	canary_same
}

@test "A01, A21: what is a number is an id, whatever the image's passwd says" {
	printf '1000:x:0:0::/:/bin/sh\n' >"$ROOTFS/etc/passwd"
	printf '1000:x:0:\n' >"$ROOTFS/etc/group"
	hold
	ok turtle exec -u 1000 box /probe ids
	has "uid 1000 1000 1000" "gid 0 0 0" groups
	ok turtle exec -u 1000:1000 -g 1000 box /probe ids
	has "uid 1000 1000 1000" "gid 1000 1000 1000" "groups 1000"
	local user
	for user in "" -1 +1 0x0 0x1 1e3 " 1" "1 " 1: :1 : 1:2:3 root 4294967295 4294967296 18446744073709551616 1:4294967295 1:-1 -- 0,0; do
		exec_refused 'for --user' "--user=$user" box true
	done
	for user in "" -1 +1 0x1 " 1" "1 " 1: 4294967295 4294967296 18446744073709551616 root 1,2; do
		exec_refused 'for --additional-gids' "--additional-gids=$user" box true
	done
	for user in 0 00 0000000000; do
		ok turtle exec -u "$user" box /probe ids
		has "uid 0 0 0"
	done
}

@test "A02: a plain user keeps no capability" {
	config '.process.capabilities = {"bounding": ["CAP_FOWNER", "CAP_NET_RAW"], "permitted": ["CAP_FOWNER", "CAP_NET_RAW"], "effective": ["CAP_FOWNER", "CAP_NET_RAW"]}'
	hold
	ok turtle exec -u 1000 box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000000000000' $'CapEff:\t0000000000000000' $'CapAmb:\t0000000000000000'
}

@test "A26: nothing can be typed into the caller's terminal" {
	hold
	mkfifo "$T/keys"
	timeout 20 script -qec "$TURTLE --root $STATE exec box sh -c '/probe tiocsti; sed s/.*\)// /proc/self/stat | { read -r a b c d tty rest; echo \"tty \$tty\"; }'" /dev/null >"$T/typed" 2>&1 3>&- 0<>"$T/keys"
	output=$(tr -d '\r' <"$T/typed")
	has "tty 0"
	hasnt ok
	matches '^(EPERM|EIO|ENOTTY|EACCES)$'
}

@test "exec: no faked /proc of the container's decides anything" {
	config '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"] | .root.readonly = false | .process.oomScoreAdj = 77'
	args sh -c 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr /proc/self/fd /proc/1 /proc/thread-self && echo wrong >/proc/self/oom_score_adj && ln -s / /proc/self/root; /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	ok turtle exec -d --pid-file "$T/pid" box /probe wait
	same "$(<"/proc/$(<"$T/pid")/oom_score_adj")" 77
	same "$(readlink "/proc/$(<"$T/pid")/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
	same "$(stat -Lc %i "/proc/$(<"$T/pid")/cwd")" "$(stat -Lc %i "/proc/$(init_pid)/cwd")"
}

@test "exec: a passwd that is a trap" {
	local trap
	config '.root.readonly = false'
	hold
	for trap in "mkfifo passwd" "mkdir passwd" "ln -s /proc/self/environ passwd" "ln -s passwd passwd" "ln -s /dev/zero passwd" \
		"truncate -s 3G passwd" "ln -s /../../../../etc/shadow passwd"; do
		rm -rf "$ROOTFS/etc/passwd"
		(cd "$ROOTFS/etc" && $trap)
		TRAP=$T call turtle exec -u 1000 box env
		same "$status" 0 "$trap"
		has HOME=/
	done
}

@test "exec: a container that kills whatever comes" {
	args sh -c 'echo up; while :; do kill -KILL -1 2>/dev/null; done'
	ok turtle run -d box
	mv "$T/out" "$T/report"
	until_line "$T/report" up
	local i
	for ((i = 0; i < 8; i++)); do
		call turtle exec box /probe wait
		[ "$status" -eq 137 ] || [ "$status" -eq 255 ] || fail "exec ends with $status"
		[ "$status" -eq 137 ] || [ -n "$stderr" ] || fail "a failure without words"
	done
	same "$(state_of box)" running
	ok turtle delete --force box
}

@test "exec: files of the image in place of what turtle executes" {
	config '.root.readonly = false'
	mkdir -p "$ROOTFS/lib64" "$ROOTFS/etc"
	echo garbage >"$ROOTFS/lib64/ld-linux-x86-64.so.2"
	echo /evil.so >"$ROOTFS/etc/ld.so.preload"
	hold
	ok turtle exec -e LD_PRELOAD=/evil.so -e LD_LIBRARY_PATH=/ box echo fine
	is fine
}
