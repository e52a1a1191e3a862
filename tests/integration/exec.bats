# SPDX-License-Identifier: Apache-2.0
# exec: what the process is in, what it is, and what is told to whom. Terminals are in exec-terminal.bats, attacks in
# exec-attacks.bats, exec for a plain user in rootless.bats.
load helpers

# links PID: the namespaces that a process is in.
links() { readlink /proc/"$1"/ns/*; }

# The same from inside.
LINKS='for link in /proc/self/ns/*; do readlink $link; done'

# exec_detached ARGUMENT...: sets $PID to the process that goes on living.
exec_detached()
{
	ok turtle exec -d --pid-file "$T/exec.pid" "$@"
	PID=$(<"$T/exec.pid")
}

@test "exec: a command in the container, with its words one by one" {
	hold
	ok turtle exec box sh -c 'printf "<%s>" "$(hostname)" "$@"' x "a b" '"q"' "" 'back\slash' -u --cwd --
	is '<turtle><a b><"q"><><back\slash><-u><--cwd><-->'
	ok turtle exec box -- echo after dashes
	is "after dashes"
	ok turtle exec -- box echo before them
	is "before them"
}

@test "exec: standard input, output and error are the caller's" {
	hold
	status=0
	turtle exec box sh -c 'cat; echo errors >&2' >"$T/o" 2>"$T/e" <<<typed || status=$?
	same "$status" 0
	same "$(<"$T/o")" typed
	same "$(<"$T/e")" errors
	same "$(turtle exec box sh -c 'head -c 300000 /dev/zero | tr "\0" x' | wc -c)" 300000
	ok turtle exec box echo fine <&-
	is fine
}

@test "exec: the status is the process's, and 128 + N for a signal" {
	hold
	call turtle exec box sh -c 'exit 7'
	same "$status" 7
	call turtle exec box sh -c 'exit 255'
	same "$status" 255
	[ -z "$stderr" ] || fail "words on stderr"
	call turtle exec box sh -c 'kill -KILL $$'
	same "$status" 137
	call turtle exec box sh -c 'kill -TERM $$'
	same "$status" 143
	call turtle exec box sh -c 'kill -SEGV $$'
	same "$status" 139
	[ -z "$stderr" ] || fail "words on stderr"
}

@test "exec: signals are passed on" {
	hold
	"$TURTLE" --root "$STATE" exec box /probe signals >"$T/o" 2>"$T/e" 3>&- &
	local runtime=$! name
	until_line "$T/o" ready
	for name in HUP:01 INT:02 USR1:10 USR2:12; do
		kill -s "${name%:*}" "$runtime"
		until_line "$T/o" "got ${name#*:}"
	done
	kill -s TERM "$runtime"
	status=0
	wait "$runtime" || status=$?
	same "$status" 7
	[ ! -s "$T/e" ] || fail "words on stderr: $(<"$T/e")"
}

@test "exec: signals that are blocked or ignored by the caller are not so in the container" {
	hold
	call env --block-signal=USR1 --ignore-signal=HUP --ignore-signal=CHLD "$TURTLE" --root "$STATE" exec box \
		sh -c 'grep -E "^Sig(Blk|Ign)" /proc/self/status; exit 5'
	same "$status" 5
	has $'SigBlk:\t0000000000000000' $'SigIgn:\t0000000000000000'
}

@test "exec: when the container ends so does the process, and exec says how" {
	hold
	"$TURTLE" --root "$STATE" exec box /probe wait >"$T/o" 2>"$T/e" 3>&- &
	local runtime=$!
	until_line "$T/o" up
	ok turtle kill box KILL
	status=0
	wait "$runtime" || status=$?
	same "$status" 137
}

#
# What it is in.
#
@test "exec: in all namespaces of the container" {
	unshare --time true 2>/dev/null && config '.linux.namespaces += [{"type": "time"}]'
	hold
	ok turtle exec box sh -c "$LINKS"
	is "$(links "$(init_pid)")"
	differ "$output" "$(links self)"
	exec_detached box /probe wait
	same "$(links "$PID")" "$(links "$(init_pid)")"
	# Its children are, too.
	ok turtle exec box sh -c 'sh -c "$1"; true' x "$LINKS"
	is "$(links "$(init_pid)")"
}

@test "exec: in a user namespace, as its root and as another user" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	config '.root.readonly = false'
	chown -R 100000:200000 "$ROOTFS"
	hold
	ok turtle exec box sh -c "$LINKS"
	is "$(links "$(init_pid)")"
	ok turtle exec box sh -c 'cat /proc/self/uid_map; /probe ids; touch /tmp/root; grep CapEff /proc/self/status'
	matches '^ *0 +100000 +65536$' "^CapEff:.*$(sed -n 's/^CapEff:\t//p' "/proc/$(init_pid)/status")\$"
	has "uid 0 0 0" "gid 0 0 0"
	same "$(stat -c %u:%g "$ROOTFS/tmp/root")" 100000:200000
	exec_detached -u 1000:1000 box /probe wait
	same "$(stat -c %u:%g "/proc/$PID/task")" 101000:201000
	exec_refused "70000 is not mapped" -u 70000 box true
	ok turtle exec -u 65535 -g 5 box /probe ids
	has "uid 65535 65535 65535" "groups 5"
}

@test "exec: in a container with the host's pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	hold
	ok turtle exec box sh -c "$LINKS"
	is "$(links "$(init_pid)")"
	exec_detached box /probe wait
	same "$(tr '\0' ' ' <"/proc/$PID/cmdline")" "/probe wait "
	call turtle exec box sh -c 'exit 9'
	same "$status" 9
	ok turtle delete --force box
	until_true eval "! kill -0 $PID"
}

@test "exec: in a container without a mount namespace of its own" {
	config '.linux.namespaces = [{"type": "pid"}, {"type": "uts"}] | .mounts = [] | .root.readonly = false
		| del(.linux.maskedPaths, .linux.readonlyPaths) | .process.cwd = "/etc"'
	args /probe wait
	ok turtle run -d box
	ok turtle exec box sh -c 'pwd; stat -c %i /'
	is "/etc"$'\n'"$(stat -c %i "$ROOTFS")"
}

@test "exec: in a pod, where the namespaces are another container's" {
	hold
	new_bundle "$T/two" two
	cd "$T/two"
	config --arg dir "/proc/$(init_pid)/ns" '.linux.namespaces |= map(if .type | IN("network", "ipc", "uts", "pid")
		then .path = "\($dir)/\(if .type == "network" then "net" else .type end)" else . end) | del(.hostname)'
	args /probe wait
	ok turtle run -d two
	ok turtle exec two sh -c "$LINKS; hostname"
	is "$(links "$(init_pid two)")"$'\nturtle'
	same "$(readlink "/proc/$(init_pid two)/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
	differ "$(readlink "/proc/$(init_pid two)/ns/mnt")" "$(readlink "/proc/$(init_pid)/ns/mnt")"
	ok turtle delete --force two
}

@test "exec: in the container's cgroup, and counted there" {
	hold
	exec_detached box /probe wait
	same "$(grep ^0: "/proc/$PID/cgroup")" "$(grep ^0: "/proc/$(init_pid)/cgroup")"
	ok turtle ps --format json box
	same "$(jq -c sort <<<"$output")" "$(jq -cn "[$(init_pid), $PID] | sort")"
	ok turtle exec box cat /proc/self/cgroup
	matches '^0::/$'
	ok turtle kill --all box KILL
	until_true eval "! kill -0 $PID"
}

@test "exec: --cgroup is a place below the container's own" {
	hold
	mkdir "$CGROUP_DIR/sub"
	exec_detached --cgroup sub box /probe wait
	same "$(sed -n s/^0:://p "/proc/$PID/cgroup")" "$CGROUP/sub"
	exec_detached --cgroup /sub box /probe wait
	same "$(sed -n s/^0:://p "/proc/$PID/cgroup")" "$CGROUP/sub"
	exec_detached --cgroup cpu,memory:sub box /probe wait
	same "$(sed -n s/^0:://p "/proc/$PID/cgroup")" "$CGROUP/sub"
	exec_detached --cgroup / box /probe wait
	same "$(sed -n s/^0:://p "/proc/$PID/cgroup")" "$CGROUP"
	exec_refused "error adding pid to cgroups: open cgroup $CGROUP/none: no such file or directory" --cgroup none box true
	exec_refused "bad sub cgroup path" --cgroup ../sub box true
	exec_refused "bad sub cgroup path" --cgroup sub/../../x box true
	exec_refused "unknown controller" --cgroup frob:sub box true
	exec_refused "missing <controller>: prefix" --cgroup sub --cgroup sub box true
}

@test "exec: in a container without a cgroup" {
	config 'del(.linux.cgroupsPath, .linux.resources)'
	args /probe wait
	ok turtle --cgroup-manager=disabled run -d box
	ok turtle exec box echo fine
	is fine
	exec_detached box /probe wait
	same "$(grep ^0: "/proc/$PID/cgroup")" "$(grep ^0: /proc/self/cgroup)"
}

@test "exec: the session keyring is the container's" {
	args sh -c '/probe keyring; /probe sys keyctl 0 -3 0; /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	head -n 2 "$T/out" >"$T/own"
	ok turtle exec box sh -c '/probe keyring; /probe sys keyctl 0 -3 0'
	is "$(<"$T/own")"
	matches '_ses\.box$'
}

#
# What it is.
#
@test "exec: the environment is the container's, and HOME" {
	config '.process.env = ["PATH=/bin", "A=1", "B=two words"]'
	hold
	UNWANTED=x ok turtle exec box env
	has PATH=/bin A=1 "B=two words" HOME=/root
	same "$(wc -l <<<"$output")" 4
	ok turtle exec -e A=2 -e C= --env=D=x=y -e A=3 box env
	has PATH=/bin A=3 "B=two words" C= D=x=y HOME=/root
	hasnt A=1 A=2
	ok turtle exec -u 1000 box env
	has HOME=/home/ada
	ok turtle exec -u 4711 box env
	has HOME=/
	ok turtle exec -u 1000 -e HOME=/x box env
	has HOME=/x
	exec_refused "not of the form NAME=VALUE" -e A box env
}

@test "exec: the program is looked up in the PATH that the process has" {
	mkdir "$ROOTFS/own"
	cp "$ROOTFS/probe" "$ROOTFS/own/found-here"
	hold
	exec_refused 'exec failed: unable to start container process: exec: "found-here": executable file not found in $PATH' box found-here args
	ok turtle exec -e PATH=/own box found-here args one
	has "args 1 3"
}

@test "exec: LISTEN_FDS and the caller's descriptors stay outside" {
	hold
	exec 7<"$BUNDLE/config.json"
	LISTEN_FDS=1 LISTEN_PID=$$ NOTIFY_SOCKET=/x ok turtle exec box sh -c 'env; /probe fds'
	exec 7<&-
	lacks LISTEN NOTIFY '^[^012] '
	matches '^0 ' '^1 ' '^2 '
}

@test "exec: ids, groups and umask are the container's, or as told" {
	config '.process.user = {"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 63}'
	hold
	umask 0
	ok turtle exec box sh -c '/probe ids; umask'
	has "uid 7 7 7" "gid 8 8 8" "groups 9 10" 0077
	ok turtle exec -u 0 box /probe ids
	has "uid 0 0 0" "gid 8 8 8" "groups 9 10"
	ok turtle exec -u 1000:1001 -g 11 -g 12 box /probe ids
	has "uid 1000 1000 1000" "gid 1001 1001 1001" "groups 9 10 11 12"
	ok turtle exec -u 4294967294:4294967294 box /probe ids
	has "uid 4294967294 4294967294 4294967294"
	umask 22
}

@test "exec: the umask is 022 where the configuration has none, whatever the caller's is" {
	hold
	umask 0
	ok turtle exec box sh -c umask
	umask 22
	is 0022
}

@test "exec: capabilities are the container's, and --cap adds" {
	hold
	ok turtle exec box grep ^Cap /proc/self/status
	is "$(grep ^Cap "/proc/$(init_pid)/status")"
	# KILL, NET_BIND_SERVICE, AUDIT_WRITE; and NET_RAW
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000020000420' $'CapEff:\t0000000020000420' $'CapBnd:\t0000000020000420' $'CapAmb:\t0000000000000000'
	ok turtle exec --cap CAP_NET_RAW box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000020002420' $'CapEff:\t0000000020002420' $'CapBnd:\t0000000020002420' $'CapAmb:\t0000000000000000'
	# A plain user has none of them, but could gain the bounding ones.
	ok turtle exec --cap CAP_NET_RAW -u 1000 box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000000000000' $'CapEff:\t0000000000000000' $'CapBnd:\t0000000020002420' $'CapAmb:\t0000000000000000'
	exec_refused 'invalid value "CAP_FROB" for --cap' --cap CAP_FROB box true
}

@test "exec: --cap reaches the ambient set only by way of the inheritable one" {
	config '.process.capabilities |= (.inheritable = ["CAP_NET_RAW"] | .ambient = [] | .bounding += ["CAP_NET_RAW"])'
	hold
	ok turtle exec --cap NET_RAW --cap NET_ADMIN -u 1000 box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000002000' $'CapPrm:\t0000000000002000' $'CapEff:\t0000000000002000' $'CapAmb:\t0000000000002000'
}

@test "exec: noNewPrivileges" {
	hold
	ok turtle exec box grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
	ok turtle exec --no-new-privs=false box grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t0'
	ok turtle delete --force box
	config '.process.noNewPrivileges = false'
	hold
	ok turtle exec box grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t0'
	ok turtle exec --no-new-privs box grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
}

@test "exec: the seccomp filter is the container's" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}'
	local setting
	for setting in true false; do
		config ".process.noNewPrivileges = $setting"
		hold
		ok turtle exec box sh -c 'grep ^Seccomp /proc/self/status; /probe sys personality 0xffffffff'
		has $'Seccomp:\t2' $'Seccomp_filters:\t1' ENOSPC
		ok turtle exec -u 1000 box sh -c 'grep ^Seccomp: /proc/self/status; /probe sys personality 0xffffffff'
		has $'Seccomp:\t2' ENOSPC
		ok turtle delete --force box
	done
}

@test "exec: a seccomp filter that lets hardly anything through" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": [
		"arch_prctl", "brk", "execve", "exit", "exit_group", "fstat", "getrandom", "ioctl", "mmap", "mprotect", "munmap",
		"newfstatat", "prctl", "prlimit64", "read", "readlink", "readlinkat", "rseq", "rt_sigaction", "rt_sigprocmask",
		"rt_sigtimedwait", "set_robust_list", "set_tid_address", "sigaltstack", "write", "writev", "getuid", "setuid", "setgid",
		"uname", "getpid", "gettid"]}]}'
	hold
	ok turtle exec box echo fine
	is fine
}

@test "exec: rlimits are the container's" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 2000}, {"type": "RLIMIT_CORE", "soft": 1, "hard": 3}]'
	args sh -c '/probe rlimits; /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	grep -v up "$T/out" >"$T/own"
	call bash -c 'ulimit -Sn 512; exec "$@"' _ timeout --foreground 10 "$TURTLE" --root "$STATE" exec box /probe rlimits
	same "$status" 0
	is "$(<"$T/own")"
	has "7 100 2000" "4 1 3"
}

@test "exec: oomScoreAdj" {
	config '.process.oomScoreAdj = 321'
	hold
	ok turtle exec box cat /proc/self/oom_score_adj
	is 321
}

@test "exec: without oomScoreAdj the caller's stays" {
	hold
	local before
	before=$(</proc/self/oom_score_adj)
	ok turtle exec box cat /proc/self/oom_score_adj
	is "$before"
}

@test "exec: personality" {
	config '.linux.personality = {"domain": "LINUX32"}'
	hold
	ok turtle exec box /probe personality
	is 00000008
}

@test "exec: execCPUAffinity" {
	[ "$(nproc)" -gt 1 ] || skip "there is one CPU"
	config '.process.execCPUAffinity = {"initial": "0", "final": "1"}'
	hold
	ok turtle exec box grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t1'
	grep Cpus_allowed_list "/proc/$(init_pid)/status" | grep -vq $'\t1$' || fail "init is bound, too"
}

@test "exec: execCPUAffinity.initial, alone" {
	[ "$(nproc)" -gt 1 ] || skip "there is one CPU"
	config '.process.execCPUAffinity = {"initial": "0"}'
	hold
	call taskset -c 1 "$TURTLE" --root "$STATE" exec box grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t0'
}

@test "exec: the caller's CPU affinity is not the process's" {
	[ "$(nproc)" -gt 1 ] || skip "there is one CPU"
	hold
	call taskset -c 0 "$TURTLE" --root "$STATE" exec box grep Cpus_allowed_list /proc/self/status
	is "$(grep Cpus_allowed_list "/proc/$(init_pid)/status")"
}

@test "exec: the working directory" {
	config '.process.cwd = "/usr/bin"'
	mkdir -m 700 "$ROOTFS/private"
	chown 1000 "$ROOTFS/private"
	hold
	ok turtle exec box /probe cwd
	is /usr/bin
	ok turtle exec --cwd /tmp box /probe cwd
	is /tmp
	# The process's own, by the number that it has in there.
	ok turtle exec --cwd /proc/self box sh -c '[ "$(readlink /proc/$$/cwd)" = "/proc/$$" ] && echo own'
	is own
	# As in runc it is enough that one of the two may go there: the caller or the user.
	ok turtle exec --cwd /private -u 1000 box /probe cwd
	is /private
	ok turtle exec --cwd /private -u 1001 box sh -c 'readlink /proc/$$/cwd'
	is /private
	exec_refused "no such file or directory" --cwd /nowhere box /probe cwd
	[ ! -e "$ROOTFS/nowhere" ] || fail "it was made"
	exec_refused "not a directory" --cwd /etc/passwd box /probe cwd
	exec_refused "Cwd must be an absolute path" --cwd tmp box /probe cwd
}

#
# What can't be.
#
@test "exec: programs that are not there or can't be executed" {
	printf 'just text\n' >"$ROOTFS/text"
	printf '#!/no/such/interpreter\n' >"$ROOTFS/script"
	chmod 644 "$ROOTFS/text"
	chmod 755 "$ROOTFS/script"
	config '.mounts += [{"destination": "/noexec", "type": "tmpfs", "source": "x", "options": ["noexec"]}]'
	args sh -c 'cp /bin/busybox /noexec/true; /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	exec_refused 'exec: "nosuch": executable file not found in $PATH' box nosuch
	exec_refused 'executable file not found in $PATH' box ""
	exec_refused 'exec: "./nosuch"' box ./nosuch
	exec_refused 'no such file or directory' box /no/such
	exec_refused 'exec: "/text": permission denied' box /text
	exec_refused 'permission denied' box /noexec/true
	exec_refused 'exec /script: no such file or directory (does its interpreter exist?)' box /script
	exec_refused 'exec: "/etc": permission denied' box /etc
}

@test "exec: stopped, unknown, misnamed containers" {
	args true
	exec_refused "container does not exist" box true
	exec_refused "invalid container ID format" ../box true
	ok turtle run -d box
	until_true stopped box
	exec_refused "cannot exec in a stopped container" box true
}

@test "exec: into a container that is only created" {
	args /probe wait
	ok turtle create box
	ok turtle exec box sh -c 'hostname; readlink /proc/self/ns/mnt'
	is turtle$'\n'"$(readlink "/proc/$(init_pid)/ns/mnt")"
	same "$(state_of box)" created
	ok turtle start box
	ok turtle exec box true
}

@test "exec: into a paused container only when told so, and then it waits" {
	hold
	ok turtle pause box
	exec_refused "cannot exec in a paused container (use --ignore-paused to override)" box true
	"$TURTLE" --root "$STATE" exec --ignore-paused box sh -c 'echo ran; exit 6' >"$T/o" 2>"$T/e" 3>&- &
	local runtime=$!
	until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" -gt 1 ]'
	[ ! -s "$T/o" ] || fail "it runs: $(<"$T/o")"
	same "$(state_of box)" paused
	ok turtle resume box
	status=0
	wait "$runtime" || status=$?
	same "$status" 6
	same "$(<"$T/o")" ran
	[ ! -s "$T/e" ] || fail "words on stderr: $(<"$T/e")"
}

@test "exec: what waits for a paused container can be ended" {
	local sig runtime
	hold
	ok turtle pause box
	for sig in TERM INT HUP QUIT; do
		# In the background of a script SIGINT and SIGQUIT are ignored.
		env --default-signal=INT,QUIT "$TURTLE" --root "$STATE" exec --ignore-paused box sh -c 'echo ran' >"$T/o" 2>"$T/e" 3>&- &
		runtime=$!
		until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" -gt 1 ]'
		# No reason to end.
		kill -WINCH "$runtime"
		kill -USR1 "$runtime"
		kill "-$sig" "$runtime"
		status=0
		wait "$runtime" || status=$?
		same "$status" 255
		grep -q "ended by signal $(kill -l "$sig") before" "$T/e" || fail "not told: $(<"$T/e")"
		until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" -eq 1 ]'
	done
	ok turtle resume box
	[ ! -s "$T/o" ] || fail "it ran"
	same "$(state_of box)" running
}

@test "exec: wrong command lines end with 1" {
	hold
	call turtle exec
	same "$status" 1
	[[ $stderr == *'"exec" requires a minimum of 1 argument(s)'* ]] || fail "what is missing?"
	call turtle exec --frob box true
	same "$status" 1
	[[ $stderr == *'flag provided but not defined: -frob'* ]] || fail "what is wrong?"
	call turtle exec box --env
	same "$status" 255
	call turtle exec --env
	same "$status" 1
	[[ $stderr == *'flag needs an argument: --env'* ]] || fail "what is missing?"
	call turtle exec --preserve-fds many box true
	same "$status" 1
	exec_refused "exec args cannot be empty" box
	exec_refused "exec args cannot be empty" box --
	ok turtle exec --help
	matches '^ *turtle exec - '
}

@test "exec: one record in the log when it fails, none when it works" {
	hold
	ok turtle --log "$T/log" --log-format json exec box true
	[ ! -s "$T/log" ] || fail "words in the log: $(<"$T/log")"
	call turtle --log "$T/log" --log-format json exec box nosuch
	same "$status" 255
	same "$(jq -rs 'map(.level) | join(" ")' "$T/log")" error
	jq -er '.msg | startswith("exec failed: ")' "$T/log" >/dev/null || fail "$(<"$T/log")"
	jq -er '.time | fromdateiso8601? // (sub("\\..*|\\+.*"; "Z") | fromdateiso8601)' "$T/log" >/dev/null
	[[ $stderr == 'turtle: exec failed: '* ]] || fail "the bare message is not on stderr"
}

#
# Where it is from.
#
@test "exec: what the bundle has become since create does not matter" {
	config '.process.env = ["PATH=/bin", "FROM=create"] | .process.user = {"uid": 12, "gid": 13}'
	hold
	config '.process.env = ["FROM=later"] | .process.user = {"uid": 0, "gid": 0} | .process.capabilities = null'
	ok turtle exec box sh -c 'echo $FROM; /probe ids; grep CapBnd /proc/self/status'
	has create "uid 12 12 12" "gid 13 13 13" $'CapBnd:\t0000000020000420'
	echo garbage >config.json
	ok turtle exec box sh -c 'echo $FROM'
	is create
	rm config.json
	ok turtle exec box sh -c 'echo $FROM'
	is create
}

@test "exec: --process, from a file, a pipe and standard input" {
	hold
	cat >"$T/process.json" <<-'END'
		{"cwd": "/tmp", "args": ["sh", "-c", "pwd; env; /probe ids; umask; grep -E 'NoNew|CapEff' /proc/self/status; exit 3"],
		 "env": ["PATH=/bin", "X=1"], "user": {"uid": 5, "gid": 6, "additionalGids": [7], "umask": 23},
		 "noNewPrivileges": false,
		 "capabilities": {"bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"],
		  "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}}
	END
	mkfifo "$T/fifo"
	cat "$T/process.json" >"$T/fifo" 3>&- &
	local from
	for from in "$T/process.json" "$T/fifo" - /dev/stdin; do
		status=0
		output=$(turtle exec -p "$from" box <"$T/process.json" 2>"$T/e") || status=$?
		same "$status" 3 "$from"
		[ ! -s "$T/e" ] || fail "words on stderr: $(<"$T/e")"
		has /tmp X=1 PATH=/bin HOME=/ "uid 5 5 5" "gid 6 6 6" "groups 7" 0027 $'NoNewPrivs:\t0' $'CapEff:\t0000000000000001'
		lacks TERM
	done
}

@test "exec: what a process document leaves out is as the container has it; other options do not count" {
	config '.process.user.umask = 7 | .process.oomScoreAdj = 44 | .process.rlimits = [{"type": "RLIMIT_CORE", "soft": 1, "hard": 3}]'
	hold
	echo '{"cwd": "/", "args": ["/bin/sh", "-c", "umask; cat /proc/self/oom_score_adj; /probe rlimits; /probe ids; grep CapBnd /proc/self/status; echo x$X"]}' >"$T/process.json"
	ok turtle exec -p "$T/process.json" -u 5 -e X=1 --cwd /tmp --cap CAP_CHOWN -g 3 box not this
	has 0007 44 "4 1 3" "uid 0 0 0" groups x $'CapBnd:\t0000000020000420'
}

@test "exec: process documents that are none" {
	hold
	local text
	exec_refused "$T/none: no such file or directory" -p "$T/none" box
	exec_refused "is a directory" -p "$T" box
	for text in '{' '[]' '{}' '{"cwd": "/"}' '{"cwd": "x", "args": ["true"]}' '{"cwd": "/", "args": "true"}' \
		'{"cwd": "/", "args": ["true"], "user": {"uid": -1, "gid": 0}}' '{"cwd": "/", "args": ["true"], "user": {"uid": 4294967295, "gid": 0}}' \
		'{"cwd": "/", "args": ["true"], "user": {"uid": 4294967296, "gid": 0}}'; do
		echo "$text" >"$T/process.json"
		exec_refused "" -p "$T/process.json" box
	done
}

#
# What the caller gets, and gives.
#
@test "exec: detached, it returns while the process lives" {
	hold
	exec_detached box /probe wait
	kill -0 "$PID"
	same "$(readlink "/proc/$PID/root")" /
	same "$(stat -Lc %i "/proc/$PID/root")" "$(stat -Lc %i "/proc/$(init_pid)/root")"
	same "$(tr '\0' ' ' <"/proc/$PID/cmdline")" "/probe wait "
	grep -q "^NSpid:.*$PID" "/proc/$PID/status"
	kill -TERM "$PID"
	until_true eval "! kill -0 $PID"
	same "$(state_of box)" running
}

@test "exec: the pid file is whole, without a newline, and there before the process may end" {
	hold
	local i
	for ((i = 0; i < 20; i++)); do
		rm -f "$T/pid"
		ok turtle exec -d --pid-file "$T/pid" box true
		[[ $(od -An -c "$T/pid" | tr -d ' \n') =~ ^[0-9]+$ ]] || fail "the file holds: $(od -c "$T/pid")"
	done
	# The process itself finds it.
	for ((i = 0; i < 20; i++)); do
		ok turtle exec --pid-file "$ROOTFS/tmp/pid" box test -s /tmp/pid
		rm "$ROOTFS/tmp/pid"
	done
	ok turtle exec --pid-file "$T/pid" box true
	[ -s "$T/pid" ] || fail "no pid in the foreground"
	same "$(find "$T" -maxdepth 1 -name '*pid*' | wc -l)" 1 "temporary files stay"
}

@test "exec: no pid file when it fails, and none that can't be written is passed over" {
	config '.root.readonly = false'
	hold
	exec_refused nosuch -d --pid-file "$T/pid" box nosuch
	[ ! -e "$T/pid" ] || fail "a pid file stays"
	exec_refused "$T/none/pid" -d --pid-file "$T/none/pid" box touch /tmp/ran
	[ ! -e "$ROOTFS/tmp/ran" ] || fail "it ran"
}

@test "exec: processes that end before exec returns" {
	hold
	local i
	for ((i = 0; i < 50; i++)); do
		ok turtle exec -d box true
		call turtle exec box false
		same "$status" 1
		[ -z "$stderr" ] || fail "words on stderr"
	done
}

@test "exec: --preserve-fds passes what the caller has, and no more" {
	hold
	echo three >"$T/three"
	echo four >"$T/four"
	exec 5<"$T/three" 6<"$T/four" 8<"$T/four"
	call bash -c 'exec 3<&5 4<&6 7<&8; "$@"' _ "$TURTLE" --root "$STATE" exec --preserve-fds 2 box sh -c 'cat <&3 <&4; cat <&3; /probe fds'
	same "$status" 0
	has four three
	same "$(grep -c '^[0-9]' <<<"$output")" 5
	# A hole is none of our business.
	call bash -c 'exec 3>&- 4<&6; "$@"' _ "$TURTLE" --root "$STATE" exec --preserve-fds 2 box /probe fds
	same "$status" 0
	has "4 $T/four"
	lacks '^3 '
	exec 5<&- 6<&- 8<&-
}

@test "exec: --pidfd-socket gets a pidfd of the process" {
	config '.root.readonly = false'
	hold
	"$SUITE/recvfd" pidfd "$T/socket" >"$T/received" 2>&1 3>&- &
	local receiver=$!
	until_true [ -S "$T/socket" ]
	exec_detached --pidfd-socket "$T/socket" box /probe wait
	until_line "$T/received" "pid $PID"
	output=$(<"$T/received")
	has "payload setns" "fds 1"
	kill -TERM "$PID"
	wait "$receiver"
	grep -qx ended "$T/received" || fail "$(<"$T/received")"
	exec_refused "$T/nowhere" --pidfd-socket "$T/nowhere" box touch /tmp/ran
	[ ! -e "$ROOTFS/tmp/ran" ] || fail "it ran"
}

@test "exec: a hundred at once" {
	hold
	local i pids=() failed=0
	for ((i = 0; i < 100; i++)); do
		timeout --foreground -k 1 30 "$TURTLE" --root "$STATE" exec box sh -c "echo said \$(($i + 1)); exit $((i % 50))" >"$T/o.$i" 2>"$T/e.$i" </dev/null 3>&- &
		pids+=($!)
	done
	for ((i = 0; i < 100; i++)); do
		status=0
		wait "${pids[i]}" || status=$?
		[ "$status" -eq $((i % 50)) ] && [ "$(<"$T/o.$i")" = "said $((i + 1))" ] && [ ! -s "$T/e.$i" ] || {
			failed=$((failed + 1))
			echo "$i: status $status, $(<"$T/o.$i"), $(<"$T/e.$i")"
		}
	done
	same "$failed" 0
	same "$(wc -l <"$CGROUP_DIR/cgroup.procs")" 1 "processes stay"
	same "$(state_of box)" running
}

@test "exec: while the container is deleted: it runs or says why not, and nothing stays" {
	local i n
	for ((n = 0; n < 5; n++)); do
		hold
		for ((i = 0; i < 8; i++)); do
			"$TURTLE" --root "$STATE" exec box /probe wait >"$T/o.$i" 2>"$T/e.$i" </dev/null 3>&- &
		done
		until_true grep -qx up "$T/o.0"
		ok turtle delete --force box
		for i in $(jobs -p); do
			status=0
			wait "$i" || status=$?
			[ "$status" -eq 137 ] || [ "$status" -eq 255 ] || fail "exec ends with $status"
		done
		[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
		output=$(cat "$T"/e.*)
		lacks '^[^t]' || true
		! grep -v -e 'stopped container' -e 'does not exist' <<<"${output:-does not exist}" || fail "an odd reason"
	done
}

@test "exec: a megabyte of arguments and of environment; too much is an error" {
	hold
	jq -n '{cwd: "/", args: (["/probe", "args"] + [range(10000) | "0123456789" * 10]), env: [range(4000) | ("V\(. + 1000)=" + "x" * 100)]}' >"$T/process.json"
	ok turtle exec -p "$T/process.json" box
	has "args 10000 1000000"
	jq -n '{cwd: "/", args: ["/probe", "args", "x" * 140000]}' >"$T/process.json"
	exec_refused "argument list too long" -p "$T/process.json" box
}

@test "exec: no hook runs, and no process of turtle's stays" {
	config --arg file "$T/hooks" '.hooks = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "echo x >>\($file)"]}]}'
	hold
	same "$(wc -l <"$T/hooks")" 1
	ok turtle exec box true
	exec_detached box /probe wait
	same "$(wc -l <"$T/hooks")" 1
	same "$(wc -l <"$CGROUP_DIR/cgroup.procs")" 2
}
