# SPDX-License-Identifier: Apache-2.0
# process: arguments, environment, directory, ids, umask, limits, capabilities, and what else belongs to one process.
load helpers

@test "process: arguments arrive one by one" {
	box sh -c 'printf "<%s>" "$@"' x "a b" '"q"' "" 'back\slash' $'new\nline'
	is $'<a b><"q"><><back\\slash><new\nline>'
}

@test "process: the program is looked up in the container's PATH" {
	mkdir -p "$ROOTFS/own"
	cp "$ROOTFS/probe" "$ROOTFS/own/found-here"
	config '.process.env = ["PATH=/nowhere:/own"]'
	box found-here args one
	has "args 1 3"
	config '.process.env = ["PATH=/bin"]'
	args found-here
	refused 'unable to start container process: exec: "found-here": executable file not found in $PATH' turtle create box
	# Where the configuration is wrong nothing was started.
	config '.process.cwd = "bin"'
	refused "Cwd must be an absolute path" turtle create box
	[[ $stderr != *"start container"* ]] || fail "it speaks of starting"
}

@test "process: a path with a slash is taken from the working directory" {
	config '.process.cwd = "/bin"'
	box ./echo hello
	is hello
}

@test "process: a program without read permission, and a script" {
	printf '#!/bin/sh\necho "script $1"\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	box /script x
	is "script x"
	chmod 111 "$ROOTFS/probe"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box /probe args
	has "args 0 0"
}

@test "process: a megabyte of arguments and of environment" {
	# A single string may have 128 KiB at most.
	config '.process.args = (["/probe", "args"] + [range(10000) | "0123456789" * 10]) | .process.env = [range(4000) | ("V\(. + 1000)=" + "x" * 100)]'
	ok turtle run box
	has "args 10000 1000000"
	# HOME is added.
	matches '^env 4001 424'
}

@test "process: too much is an error, not a cut" {
	config '.process.args = (["/probe", "args"] + ["x" * 140000])'
	refused "argument list too long" turtle run box
	config '.process.args = (["/probe", "args"] + [range(50000) | "0123456789" * 10])'
	refused "argument list too long" turtle run box
}

@test "process: the environment is exactly the configuration's, and HOME" {
	config '.process.env = ["A=1", "B=two words", "PATH=/bin", "EMPTY="]'
	UNWANTED=x box env
	has A=1 "B=two words" PATH=/bin EMPTY= HOME=/root
	same "$(wc -l <<<"$output")" 5
}

@test "process: of a variable given twice the last one counts" {
	config '.process.env = ["A=1", "PATH=/bin", "A=2"]'
	box env
	has A=2
	hasnt A=1
}

@test "process: HOME comes from the container's passwd by number, never by name" {
	printf '1000:x:0:0::/wrong:/bin/sh\nada:x:1000:1000::/home/of/ada:/bin/sh\n' >"$ROOTFS/etc/passwd"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box sh -c 'echo $HOME'
	is /home/of/ada
	config '.process.env += ["HOME=/given"]'
	ok turtle run box
	is /given
}

@test "process: without an entry, or without a file, HOME is /" {
	config '.process.user = {"uid": 4711, "gid": 1}'
	box sh -c 'echo $HOME'
	is /
	rm "$ROOTFS/etc/passwd"
	ok turtle run box
	is /
	head -c 100000 /dev/urandom >"$ROOTFS/etc/passwd"
	ok turtle run box
	is /
}

@test "process: the caller's CPU affinity is not the process's" {
	[ "$(nproc --all)" -gt 1 ] || skip "there is one CPU"
	local all
	all=$(taskset -c "0-$(($(nproc --all) - 1))" grep Cpus_allowed_list /proc/self/status)
	args grep Cpus_allowed_list /proc/self/status
	call taskset -c 0 "$TURTLE" --root "$STATE" run box
	is "$all"
}

@test "process: the working directory" {
	config '.process.cwd = "/usr/bin"'
	box /probe cwd
	is /usr/bin
}

@test "process: a missing working directory is made" {
	config '.process.cwd = "/a/b/c" | .root.readonly = false'
	box /probe cwd
	is /a/b/c
	[ -d "$ROOTFS/a/b/c" ] || fail "not in the root filesystem"
}

@test "process: a working directory that only the user may enter" {
	mkdir -m 700 "$ROOTFS/own"
	chown 1000:1000 "$ROOTFS/own"
	config '.process.cwd = "/own" | .process.user = {"uid": 1000, "gid": 1000}'
	box /probe cwd
	is /own
}

@test "process: a working directory that only root may enter" {
	mkdir -m 700 "$ROOTFS/closed"
	config '.process.cwd = "/closed" | .process.user = {"uid": 1000, "gid": 1000}'
	box echo entered
	is entered
}

@test "process: a working directory that is a file" {
	config '.process.cwd = "/etc/passwd"'
	args true
	refused "not a directory" turtle create box
	[[ $stderr == */etc/passwd* ]] || fail "it is not named"
}

@test "process: a working directory on a mount of its own" {
	config '.process.cwd = "/dev/shm/x/y"'
	box /probe cwd
	is /dev/shm/x/y
}

@test "process: the user's ids, in all their kinds, and no groups but the configuration's" {
	config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 10, 4294967294]}'
	box /probe ids
	has "uid 1000 1000 1000" "gid 1001 1001 1001" "groups 5 10 4294967294"
	args grep -E '^(Uid|Gid)' /proc/self/status
	ok turtle run box
	has $'Uid:\t1000\t1000\t1000\t1000' $'Gid:\t1001\t1001\t1001\t1001'
}

@test "process: root without additionalGids has none" {
	box /probe ids
	has "uid 0 0 0" "gid 0 0 0" "groups"
}

@test "process: umask, given and by default" {
	args sh -c umask
	(umask 077 && turtle run box) >"$T/umask"
	same "$(<"$T/umask")" 0022
	config '.process.user.umask = 63'
	ok turtle run box
	is 0077
}

@test "process: rlimits are set, soft and hard" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
		{"type": "RLIMIT_NPROC", "soft": 300, "hard": 300}, {"type": "RLIMIT_STACK", "soft": 4194304, "hard": "@INFINITE@"}]'
	# jq would round it.
	sed -i 's/"@INFINITE@"/18446744073709551615/' config.json
	box /probe rlimits
	has "7 100 200" "4 0 0" "6 300 300" "3 4194304 18446744073709551615"
}

@test "process: rlimits that are not named stay the caller's" {
	config '.process.rlimits = []'
	args /probe rlimits
	(ulimit -Sn 321 && turtle run box) >"$T/limits"
	grep -q '^7 321 ' "$T/limits" || fail "$(<"$T/limits")"
}

@test "process: rlimits that are none" {
	config '.process.rlimits = [{"type": "RLIMIT_FROB", "soft": 1, "hard": 1}]'
	box_refused RLIMIT_FROB
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}, {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}]'
	box_refused RLIMIT_NOFILE
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 20, "hard": 10}]'
	box_refused RLIMIT_NOFILE
}

@test "process: few descriptors are enough" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 10}]'
	box /probe rlimits
	has "7 10 10"
}

# caps: the five sets as the kernel shows them in the container.
caps() { box grep ^Cap /proc/self/status; }

@test "process: the default capabilities, for root" {
	caps
	# KILL 5, NET_BIND_SERVICE 10, AUDIT_WRITE 29
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000020000420' $'CapEff:\t0000000020000420' $'CapBnd:\t0000000020000420' \
		$'CapAmb:\t0000000000000000'
}

@test "process: no capabilities at all" {
	config '.process.capabilities = {}'
	caps
	has $'CapPrm:\t0000000000000000' $'CapEff:\t0000000000000000' $'CapBnd:\t0000000000000000'
	config 'del(.process.capabilities)'
	ok turtle run box
	has $'CapBnd:\t0000000000000000'
}

@test "process: each capability set is its own" {
	config '.process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID"], "permitted": ["CAP_CHOWN", "CAP_KILL"],
		"effective": ["CAP_CHOWN"], "inheritable": ["CAP_KILL"]} | .process.noNewPrivileges = false'
	args sh -c 'grep ^Cap /proc/1/status'
	ok turtle run box
	has $'CapInh:\t0000000000000020' $'CapBnd:\t00000000000020a1' $'CapAmb:\t0000000000000000'
}

@test "process: permitted and effective are the configuration's until the program starts" {
	# execve makes the two anew for root, and drops them for others; what waits for its start has them as they are.
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
		"permitted": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_KILL"]}'
	args true
	ok turtle create box
	output=$(grep ^Cap "/proc/$(init_pid)/status")
	has $'CapPrm:\t0000000000000021' $'CapEff:\t0000000000000020' $'CapBnd:\t0000000000002021' $'CapInh:\t0000000000000000'
}

@test "process: ambient capabilities reach a user's process" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = (["CAP_NET_BIND_SERVICE"] as $c |
		{"bounding": $c, "permitted": $c, "effective": $c, "inheritable": $c, "ambient": $c})'
	caps
	has $'CapInh:\t0000000000000400' $'CapPrm:\t0000000000000400' $'CapEff:\t0000000000000400' $'CapBnd:\t0000000000000400' \
		$'CapAmb:\t0000000000000400'
}

@test "process: an unknown capability is no error and changes nothing" {
	config '.process.capabilities.bounding += ["CAP_FROB"] | .process.capabilities.effective += ["CAP_FROB"]'
	call turtle --debug --log "$T/log" run box
	args grep ^Cap /proc/self/status
	ok turtle run box
	has $'CapBnd:\t0000000020000420'
}

@test "process: the securebits and the rest of the credentials' state are as before" {
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box /probe securebits
	has "securebits 0" "keepcaps 0" "pdeathsig 0"
}

@test "process: noNewPrivileges" {
	box grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
	config '.process.noNewPrivileges = false'
	ok turtle run box
	is $'NoNewPrivs:\t0'
	config 'del(.process.noNewPrivileges)'
	ok turtle run box
	is $'NoNewPrivs:\t0'
}

@test "process: oomScoreAdj, given and not" {
	args cat /proc/self/oom_score_adj
	config '.process.oomScoreAdj = 500'
	ok turtle run box
	is 500
	config 'del(.process.oomScoreAdj)'
	(echo 321 >/proc/self/oom_score_adj && exec "$TURTLE" --root "$STATE" run box 3>&-) >"$T/score"
	same "$(<"$T/score")" 321
	config '.process.oomScoreAdj = 1001'
	box_refused oomScoreAdj
	config '.process.oomScoreAdj = -1001'
	box_refused oomScoreAdj
}

@test "process: a session keyring of its own, with the container's name" {
	args /probe keyring
	ok turtle run box
	matches '^keyring;0;0;[0-9a-f]+;_ses\.box$'
	ok turtle run --no-new-keyring box
	lacks '_ses\.box'
}

@test "process: personality" {
	args /probe personality
	ok turtle run box
	is 00000000
	config '.linux.personality = {"domain": "LINUX32"}'
	ok turtle run box
	is 00000008
	args uname -m
	ok turtle run box
	lacks x86_64
	config '.linux.personality = {"domain": "SOLARIS"}'
	box_refused personality
	config '.linux.personality = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}'
	box_refused personality
}

@test "process: a session and a process group of its own" {
	args sh -c 'cut -d" " -f1,5,6,7 /proc/1/stat'
	ln -s busybox "$ROOTFS/bin/cut"
	ok turtle run box
	is "1 1 1 0"
}

@test "process: the runtime's process leaves no trace in the environment or the name" {
	args sh -c 'cat /proc/1/comm; tr "\0" "\n" </proc/1/environ; ls /proc | grep -c "^[0-9]"'
	ok turtle run box
	has sh
	lacks '[Tt][Uu][Rr][Tt][Ll][Ee]'
}

@test "process: a security module that the host does not have is an error, not a silence" {
	local property
	args true
	cp config.json plain.json
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || {
		config '.process.apparmorProfile = "frob"'
		box_refused "apparmorProfile"
	}
	[ ! -e /sys/fs/selinux/enforce ] || skip "there is SELinux here"
	for property in '.process.selinuxLabel = "system_u:system_r:container_t:s0"' \
		'.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'; do
		jq "$property" plain.json >config.json
		box_refused "selinux label is specified in config, but selinux is disabled or not supported"
	done
	cp plain.json config.json
	args /probe wait
	ok turtle run -d box
	exec_refused "process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported" \
		--process-label system_u:system_r:container_t:s0 box true
	jq -n '{cwd: "/", args: ["true"], selinuxLabel: "u:r:t"}' >"$T/process.json"
	exec_refused "process.selinuxLabel: selinux label is specified" --process "$T/process.json" box
	# Empty is none.
	ok turtle exec --process-label "" box true
}
