# SPDX-License-Identifier: Apache-2.0
# linux.seccomp: actions, errors, argument rules, architectures, order with the credentials.
load helpers

# filter DEFAULT-ACTION RULES-JSON [MORE-JSON]
filter()
{
	config --arg default "$1" --argjson rules "$2" --argjson more "${3:-{\}}" \
		'.linux.seccomp = {"defaultAction": $default, "syscalls": $rules} + $more'
}

# names ACTION NAME...: a rule without arguments, as JSON.
names()
{
	local action=$1
	shift
	jq -cn --arg action "$action" '{"names": $ARGS.positional, "action": $action}' --args "$@"
}

@test "seccomp: a filter is there, and without one there is none" {
	args grep Seccomp: /proc/self/status
	ok turtle run box
	is $'Seccomp:\t0'
	filter SCMP_ACT_ALLOW "[]"
	ok turtle run box
	is $'Seccomp:\t2'
}

@test "seccomp: ERRNO, with EPERM and with another number" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid), $(names SCMP_ACT_ERRNO getpriority | jq -c '.errnoRet = 38')]"
	box sh -c '/probe sys getppid; /probe sys getpriority; /probe sys umask 18'
	is $'EPERM\nENOSYS\n18'
}

@test "seccomp: errnoRet of 0 makes a call do nothing" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO sched_yield umask | jq -c '.errnoRet = 0')]"
	box sh -c '/probe sys umask 77; /probe sys sched_yield'
	is $'0\n0'
}

@test "seccomp: the default action, its errno, and what is allowed" {
	local allowed
	allowed=$(names SCMP_ACT_ALLOW execve exit exit_group write writev brk mmap munmap mprotect arch_prctl set_tid_address ioctl getpid read \
		rt_sigaction rt_sigprocmask fstat newfstatat futex rseq prlimit64 set_robust_list getrandom readlink open openat close)
	filter SCMP_ACT_ERRNO "[$allowed]" '{"defaultErrnoRet": 61}'
	box /probe sys getppid
	is 61
	filter SCMP_ACT_ERRNO "[$allowed]"
	ok turtle run box
	is EPERM
}

@test "seccomp: KILL, KILL_THREAD, KILL_PROCESS and TRAP end it with SIGSYS" {
	local action
	for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
		filter SCMP_ACT_ALLOW "[$(names "SCMP_ACT_$action" getppid)]"
		box /probe child getppid
		is "signal 31"
	done
}

@test "seccomp: the killed container's status is 159" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_KILL_PROCESS getppid)]"
	args /probe sys getppid
	call turtle run box
	same "$status" 159
}

@test "seccomp: LOG and TRACE" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_LOG getppid), $(names SCMP_ACT_TRACE getpriority)]"
	box sh -c '/probe sys getppid | grep -c "^[0-9]"; /probe sys getpriority'
	# Without a tracer TRACE is ENOSYS.
	is $'1\nENOSYS'
}

@test "seccomp: each comparison, on 64 bits" {
	# getpriority(which) would be refused or not by its first argument.
	local op value yes no
	while read -r op value yes no; do
		filter SCMP_ACT_ALLOW "[{\"names\": [\"umask\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 61, \"args\": [{\"index\": 0, \"value\": $value, \"op\": \"SCMP_CMP_$op\"}]}]"
		config '.process.args = ["sh", "-c", $ARGS.positional[0]]' --args -- "for i in $(tr , ' ' <<<"$yes"); do /probe sys umask \$i; done; echo; for i in $(tr , ' ' <<<"$no"); do /probe sys umask \$i; done" 2>/dev/null ||
			jq '.process.args = ["sh", "-c", $ARGS.positional[0]]' config.json --args "for i in $(tr , ' ' <<<"$yes"); do /probe sys umask \$i; done; echo; for i in $(tr , ' ' <<<"$no"); do /probe sys umask \$i; done" >c && mv c config.json
		ok turtle run box
		same "$(sed '/^$/,$d' <<<"$output" | sort -u)" 61 "$op $value: $yes"
		! sed '1,/^$/d' <<<"$output" | grep -qx 61 || fail "$op $value: one of $no is refused"
	done <<-END
		EQ 5 5 4,6,4294967301
		NE 5 4,6,4294967301 5
		LT 5 0,4 5,6,4294967296
		LE 5 0,5 6,4294967297
		GT 5 6,4294967296 5,0
		GE 5 5,4294967296 4,0
		GT 4294967295 4294967296 4294967295,1
		EQ 4294967296 4294967296 0,1,8589934592
	END
}

@test "seccomp: MASKED_EQ" {
	filter SCMP_ACT_ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61, "args": [{"index": 0, "value": 7, "valueTwo": 5, "op": "SCMP_CMP_MASKED_EQ"}]}]'
	box sh -c 'for i in 5 13 4294967301 4 7; do /probe sys umask $i; done'
	is $'61\n61\n61\n18\n18'
}

@test "seccomp: conditions on different arguments are ANDed" {
	filter SCMP_ACT_ALLOW '[{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61, "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]'
	box sh -c '/probe sys getpriority 0 0; /probe sys getpriority 0 1; /probe sys getpriority 2 0'
	is $'61\n20\n20'
}

@test "seccomp: several rules for one call are ORed" {
	filter SCMP_ACT_ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
		{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 62, "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]'
	box sh -c '/probe sys umask 1; /probe sys umask 2; /probe sys umask 3'
	is $'61\n62\n18'
}

@test "seccomp: two conditions on one argument are a rule each" {
	filter SCMP_ACT_ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]'
	box sh -c '/probe sys umask 1; /probe sys umask 2; /probe sys umask 3'
	is $'61\n61\n18'
}

@test "seccomp: an unknown system call is passed over, an unknown action is not" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO frobnicate getppid)]"
	box /probe sys getppid
	is EPERM
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_FROB getppid)]"
	box_refused SCMP_ACT_FROB
	filter SCMP_ACT_FROB "[]"
	box_refused SCMP_ACT_FROB
}

@test "seccomp: unknown architectures, operators, flags and indexes" {
	filter SCMP_ACT_ALLOW "[]" '{"architectures": ["SCMP_ARCH_FROB"]}'
	box_refused SCMP_ARCH_FROB
	filter SCMP_ACT_ALLOW "[]" '{"flags": ["SECCOMP_FILTER_FLAG_FROB"]}'
	box_refused SECCOMP_FILTER_FLAG_FROB
	filter SCMP_ACT_ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_FROB"}]}]'
	box_refused SCMP_CMP_FROB
	filter SCMP_ACT_ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]'
	box_refused index
}

@test "seccomp: an errno with an action that has none" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_KILL getppid | jq -c '.errnoRet = 1')]"
	box_refused errnoRet
	filter SCMP_ACT_ALLOW "[]" '{"defaultErrnoRet": 1}'
	box_refused defaultErrnoRet
}

@test "seccomp: calls of another architecture are killed unless it is listed" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86-64"
	"$SUITE/probe" int80 20 >/dev/null 2>&1 || skip "this kernel has no 32-bit calls"
	filter SCMP_ACT_ALLOW "[]" '{"architectures": ["SCMP_ARCH_X86_64"]}'
	args /probe int80 20
	call turtle run box
	same "$status" 159
	# getpid is 20 in the 32-bit table.
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]" '{"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]}'
	ok turtle run box
	is 1
	# and getppid 64: the rule holds there too.
	args /probe int80 64
	ok turtle run box
	is EPERM
}

@test "seccomp: flags" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]" '{"flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"]}'
	args sh -c '/probe sys getppid; grep -E "^Speculation_Store_Bypass" /proc/self/status'
	ok turtle run box
	has EPERM
	lacks 'force mitigated'
}

@test "seccomp: the debug log has the flags, compiled or from the cache" {
	local flags want
	for flags in null=4 '[]=0' '["SECCOMP_FILTER_FLAG_LOG"]=2' '["SECCOMP_FILTER_FLAG_TSYNC"]=0' \
		'["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]=6'; do
		want=${flags##*=}
		filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]" "{\"flags\": ${flags%=*}}"
		args true
		call turtle --debug run box
		same "$status" 0
		[[ $stderr == *"level=debug msg=\"seccomp filter flags: $want\""* ]] || fail "$flags: $stderr"
	done
	config 'del(.linux.seccomp)'
	call turtle --debug run box
	same "$status" 0
	[[ $stderr != *"seccomp filter flags"* ]] || fail "without a filter: $stderr"
}

@test "seccomp: loaded last, so that a filter may forbid what turtle itself has done" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_KILL_PROCESS setuid setgid setgroups setresuid setresgid capset mount umount2 pivot_root unshare setns chroot sethostname mknod mknodat fchownat keyctl prctl close_range)]"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box /probe ids
	has "uid 1000 1000 1000"
}

@test "seccomp: a filter that allows nothing but the start of a program" {
	filter SCMP_ACT_KILL_PROCESS "[$(names SCMP_ACT_ALLOW execve exit exit_group write writev arch_prctl set_tid_address ioctl brk)]"
	box /probe args
	has "args 0 0"
}

@test "seccomp: without noNewPrivileges, for a user without capabilities" {
	config '.process.noNewPrivileges = false | .process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]"
	box sh -c '/probe sys getppid; grep -E "NoNewPrivs|Seccomp:" /proc/self/status'
	is $'EPERM\nNoNewPrivs:\t0\nSeccomp:\t2'
}

@test "seccomp: the children are filtered too" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO mkdir mkdirat)]"
	config '.root.readonly = false'
	box sh -c 'sh -c "mkdir /made 2>&1"; ls -d /made 2>&1; :'
	matches 'not permitted'
	[ ! -e "$ROOTFS/made" ] || fail "it was made"
}

@test "seccomp: the second run with the same profile gives the same filter, another profile another" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]"
	box /probe sys getppid
	is EPERM
	ok turtle run box
	is EPERM
	config '.linux.seccomp.syscalls[0].errnoRet = 61'
	ok turtle run box
	is 61
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ALLOW" | del(.linux.seccomp.syscalls[0].errnoRet)'
	ok turtle run box
	matches '^[0-9]+$'
}

@test "seccomp: a damaged or planted cache entry is not used" {
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]"
	box /probe sys getppid
	is EPERM
	local entry found=0
	while IFS= read -r entry; do
		found=1
		head -c 16 /dev/urandom | dd of="$entry" conv=notrunc 2>/dev/null
	done < <(find "$STATE" -path '*@*' -type f)
	ok turtle run box
	is EPERM
	while IFS= read -r entry; do
		: >"$entry"
	done < <(find "$STATE" -path '*@*' -type f)
	ok turtle run box
	is EPERM
	if [ "$found" = 1 ]; then
		[ -z "$(find "$STATE" -path '*@*' -perm /022)" ] || fail "others may write to the cache"
	fi
}

@test "seccomp: an execve that fails is told of under a filter that denies write" {
	local rule more
	printf '#!/no/interpreter\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	while read -r rule more; do
		[ "$rule" = default ] || filter SCMP_ACT_ALLOW "[$rule]" "${more:-{\}}"
		[ "$rule" != default ] || filter SCMP_ACT_ERRNO "[$(names SCMP_ACT_ALLOW execve exit_group)]"
		args /script
		refused 'exec /script: No such file or directory' turtle run box
		ok turtle create box
		refused 'exec /script: No such file or directory' turtle start box
		turtle delete --force box
	done <<-END
		$(names SCMP_ACT_ERRNO write)
		$(names SCMP_ACT_KILL_PROCESS write exit_group)
		$(names SCMP_ACT_KILL_THREAD write)
		$(names SCMP_ACT_TRAP write exit_group exit)
		$(names SCMP_ACT_TRACE write)
		$(names SCMP_ACT_ERRNO write sendmsg sendto writev exit_group)
		{"names":["write"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"value":100,"op":"SCMP_CMP_GT"}]}
		default
	END
	# Also where nothing stands in the way, and of an exec.
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO getppid)]"
	refused 'exec /script: No such file or directory' turtle run box
	filter SCMP_ACT_ALLOW "[$(names SCMP_ACT_ERRNO write)]"
	args /probe wait
	ok turtle run -d box
	exec_refused 'exec /script: No such file or directory' box /script
	ok turtle exec box /probe args
	has "args 0 0"
}

@test "seccomp: under a filter that denies write, no descriptor and no memory stays" {
	filter SCMP_ACT_ALLOW "[{\"names\": [\"write\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 77, \"op\": \"SCMP_CMP_EQ\"}]}]"
	box sh -c '/probe fds; cat /proc/self/maps'
	lacks turtle memfd '^[^012a-f]* /'
}
