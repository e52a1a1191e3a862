# SPDX-License-Identifier: Apache-2.0
# SCMP_ACT_NOTIFY: what the agent gets and when, what its answers do, and what is refused.
load helpers

setup()
{
	box_setup
	AGENT=$T/agent.sock
}

# agent [RULE...]: one that listens at $AGENT from now on, until the end of the test; $T/heard is what it says.
agent()
{
	"$SUITE/agent" "$AGENT" "$@" >>"$T/heard" 2>&1 3>&- 4>&- &
	AGENT_PID=$!
	until_line "$T/heard" up
}

# notified NAME...: the bundle's filter asks $AGENT for these calls, and allows all others.
notified()
{
	local names
	names=$(jq -cn '$ARGS.positional' --args "$@")
	config --arg agent "$AGENT" --argjson names "$names" \
		'.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $agent, "listenerMetadata": "some \"words\"",
		"syscalls": [{"names": $names, "action": "SCMP_ACT_NOTIFY"}]}'
}

# heard: the last message, as JSON.
heard() { sed -n 's/^message //p' "$T/heard" | tail -n 1; }

# silent: nobody has connected to the agent.
silent() { ! grep -q '^message\|^nothing' "$T/heard" || fail "the agent was told: $(<"$T/heard")"; }

# nothing_left: of a start that has failed.
nothing_left()
{
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
}

@test "seccomp notify: the agent answers for the process, and for its children" {
	agent mkdir=-28 mkdirat=-28 getppid=4711
	notified mkdir mkdirat getppid
	config '.root.readonly = false'
	box sh -c '/probe sys getppid; mkdir /made 2>/dev/null; ls -d /made 2>/dev/null; sh -c "mkdir /made2 2>&-; echo \$?"; /probe sys umask 18'
	is $'4711\n1\n18'
	[ ! -e "$ROOTFS/made" ] && [ ! -e "$ROOTFS/made2" ] || fail "a directory was made"
	grep -q '^call getppid' "$T/heard" || fail "the agent was not asked: $(<"$T/heard")"
	# The filter has gone with its processes.
	until_line "$T/heard" gone
}

@test "seccomp notify: an agent that lets calls go on changes nothing" {
	agent
	notified mkdir mkdirat getppid
	config '.root.readonly = false'
	box sh -c 'mkdir /made && ls -d /made'
	is /made
	grep -q '^call mkdir' "$T/heard" || fail "the agent was not asked: $(<"$T/heard")"
}

@test "seccomp notify: the document" {
	agent
	notified getppid
	config '.annotations = {"some.key": "some value"} | .ociVersion = "1.2.0"'
	args /probe wait
	ok turtle create box
	silent
	ok turtle start box
	output=$(heard | jq -c .)
	local pid
	pid=$(init_pid)
	is '{"ociVersion":"1.2.0","fds":["seccompFd"],"pid":'"$pid"',"metadata":"some \"words\"","state":{"ociVersion":"1.2.0","id":"box","status":"creating","pid":'"$pid"',"bundle":"'"$BUNDLE"'","annotations":{"some.key":"some value"}}}'
	same "$(grep -c '^message' "$T/heard")" 1
	grep -qx 'fds 1' "$T/heard" && grep -qx 'then closed' "$T/heard" || fail "$(<"$T/heard")"
	ok turtle exec box true
	local other
	other=$(heard | jq .pid)
	differ "$other" "$pid"
	same "$(heard | jq -c '[.state.pid, .state.status, .state.id, .metadata]')" "[$pid,\"running\",\"box\",\"some \\\"words\\\"\"]"
	# Without metadata the word is not there.
	turtle delete --force box
	config 'del(.linux.seccomp.listenerMetadata)'
	ok turtle run -d box
	same "$(heard | jq 'has("metadata")')" false
}

@test "seccomp notify: a long document arrives whole, with the first bytes the listener" {
	agent getppid=4711
	notified getppid
	config --rawfile text <(head -c 300000 /dev/zero | tr '\0' x) '.annotations = {"long": $text}'
	box /probe sys getppid
	is 4711
	same "$(heard | jq '.state.annotations.long | length')" 300000
}

@test "seccomp notify: calls that turtle-init or libc need between the filter and the program" {
	agent
	notified execve exit exit_group close close_range sched_yield futex munmap mmap sendmsg recvmsg rt_sigprocmask writev read \
		fcntl brk openat fchdir
	args sh -c 'echo out; exit 7'
	call turtle run box
	same "$status" 7
	is out
	grep -q '^call execve' "$T/heard" || fail "execve was not asked for: $(<"$T/heard")"
}

@test "seccomp notify: the first call that is asked for is the program's execve, and a refusal is the command's error" {
	agent execve=-13
	notified execve getppid sendmsg recvmsg close exit munmap
	args touch /ran
	refused 'permission denied' turtle run box
	nothing_left
	same "$(grep -m 1 '^call' "$T/heard" | cut -d' ' -f2)" execve
	ok turtle create box
	refused 'permission denied' turtle start box
	turtle delete --force box
	# Also where we may not write.
	config '.linux.seccomp.syscalls += [{"names": ["write"], "action": "SCMP_ACT_ERRNO"}]'
	refused 'permission denied' turtle run box
	nothing_left
	[ ! -e "$ROOTFS/ran" ] || fail "the program ran"
}

@test "seccomp notify: a refused execve of an exec" {
	agent execve=-13
	notified execve
	args /probe wait
	# The container itself has got its execve before the agent has refused any.
	config '.linux.seccomp.syscalls[0].args = [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]'
	ok turtle run -d box
	jq 'del(.linux.seccomp.syscalls[0].args)' "$STATE/box/config.json" >"$T/saved" && cat "$T/saved" >"$STATE/box/config.json"
	exec_refused 'permission denied' box touch /ran
	same "$(state_of box)" running
}

@test "seccomp notify: with and without noNewPrivileges, as root and as a user without capabilities" {
	local nnp uid
	agent getppid=4711
	notified getppid
	for nnp in true false; do
		for uid in 0 1000; do
			config ".process.noNewPrivileges = $nnp | .process.user = {\"uid\": $uid, \"gid\": $uid} | .process.capabilities = {}"
			args sh -c '/probe sys getppid; grep -E "NoNewPrivs|Seccomp:|CapEff" /proc/self/status'
			ok turtle run box
			is $'4711\nCapEff:\t0000000000000000\nNoNewPrivs:\t'"$([ $nnp = true ] && echo 1 || echo 0)"$'\nSeccomp:\t2'
		done
	done
}

@test "seccomp notify: exec gets a listener of its own each time" {
	agent getppid=4711
	notified getppid
	hold
	local i
	for i in 1 2 3; do
		ok turtle exec box sh -c '/probe sys getppid; grep NoNewPrivs /proc/self/status'
		is $'4711\nNoNewPrivs:\t1'
	done
	same "$(grep -c '^message' "$T/heard")" 4
	ok turtle exec --cap CAP_SYS_ADMIN box /probe sys getppid
	is 4711
	# The container's own filter is not theirs.
	same "$(grep -c '^gone' "$T/heard")" 4
}

@test "seccomp notify: the program has one thread, no child, and no descriptor more" {
	agent
	notified getppid
	local told
	args sh -c 'ls /proc/self/task | wc -l; grep -h PPid /proc/[0-9]*/status; echo /proc/[0-9]*; /probe fds'
	ok turtle run box
	told=$output
	config 'del(.linux.seccomp)'
	ok turtle run box
	same "$told" "$output"
	[[ $told == 1$'\n'* ]] || fail "more than one thread: $told"
}

@test "seccomp notify: a hundred execs at once" {
	agent getppid=4711
	notified getppid
	hold
	local i pids=()
	for ((i = 0; i < 100; i++)); do
		timeout 60 "$TURTLE" --root "$STATE" exec box /probe sys getppid >"$T/exec.$i" 2>&1 3>&- 4>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || fail "exec failed: $(cat "$T"/exec.*)"
	done
	same "$(cat "$T"/exec.* | sort | uniq -c | xargs)" "100 4711"
	same "$(grep -c '^message' "$T/heard")" 101
	until_true eval '[ "$(grep -c "^gone" "$T/heard")" -eq 100 ]'
}

@test "seccomp notify: in a user namespace, in a joined pid namespace, without one, with a time namespace" {
	local what
	agent getppid=4711
	notified getppid
	args sh -c '/probe sys getppid'
	chown -R 100000:100000 "$ROOTFS"
	for what in '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings' \
		'.linux.namespaces |= map(select(.type != "pid")) + [{"type": "pid", "path": "/proc/self/ns/pid"}]' \
		'.linux.namespaces |= map(select(.type != "pid"))' \
		'.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 1000}}'; do
		cp config.json config.json.before
		config "$what"
		ok turtle run box
		is 4711
		# One that lives until the exec is done.
		config '.process.args = ["/probe", "wait"]'
		ok turtle run -d box
		ok turtle exec box /probe sys getppid
		is 4711
		turtle delete --force box
		mv config.json.before config.json
	done
}

@test "seccomp notify: resource limits that leave no room" {
	agent getppid=4711
	notified getppid
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 4, "hard": 4}]'
	box /probe sys getppid
	is 4711
	args sh -c 'ulimit -n'
	ok turtle run box
	is 4
	config '.process.rlimits = [{"type": "RLIMIT_NPROC", "soft": 1, "hard": 1}] | .process.user = {"uid": 4242, "gid": 4242} | .process.capabilities = {}'
	box_refused_start 'RLIMIT_NPROC'
}

# box_refused_start TEXT: create succeeds, what comes afterwards does not and leaves nothing but a container to delete.
box_refused_start()
{
	refused "$1" turtle run box
	nothing_left
	ok turtle create box
	refused "$1" turtle start box
	turtle delete --force box
}

@test "seccomp notify: no agent, no socket, nobody who listens" {
	local said='failed to connect with seccomp agent'
	notified getppid
	box_refused "$said"
	[[ $stderr == *"$AGENT"* ]] || fail "the message does not name the socket"
	echo >"$AGENT"
	box_refused "$said"
	rm "$AGENT"
	mkdir "$AGENT"
	box_refused "$said"
	rmdir "$AGENT"
	# A socket that its agent has left behind.
	agent
	kill "$AGENT_PID" && wait "$AGENT_PID" || true
	refused "$said" turtle run box
	nothing_left
	ok turtle create box
	refused "$said" turtle start box
	# As long as nothing has begun it can be had again.
	same "$(state_of box)" created
	agent
	ok turtle start box
	heard | jq -e '.state.id == "box"'
}

@test "seccomp notify: an agent that takes no more connections is not waited for without end" {
	agent deaf
	notified getppid
	hold
	# Its queue is full.
	local before=$SECONDS
	call timeout 30 "$TURTLE" --root "$STATE" exec box true
	same "$status" 255
	[[ $stderr == *'failed to connect with seccomp agent'*'timed out'* ]] || fail "another error"
	[ $((SECONDS - before)) -lt 25 ] || fail "it took $((SECONDS - before)) s"
}

@test "seccomp notify: an agent that closes at once" {
	agent close
	notified getppid
	# The connection is ended by the time that the hook has.
	config --arg heard "$T/heard" '.mounts += [{"destination": "/tmp/heard", "type": "bind", "source": $heard, "options": ["bind", "ro"]}]
		| .root.readonly = false
		| .hooks = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "until grep -qx closed /tmp/heard; do :; done"]}]}'
	args touch /ran
	refused "cannot send seccomp fd to $AGENT" turtle run box
	nothing_left
	: >"$T/heard"
	ok turtle create box
	refused "cannot send seccomp fd to $AGENT" turtle start box
	nothing_left
	[ ! -e "$ROOTFS/ran" ] || fail "the program ran"
}

@test "seccomp notify: exec without its agent runs nothing, and leaves the container alone" {
	agent
	notified getppid
	config '.root.readonly = false'
	hold
	kill "$AGENT_PID" && wait "$AGENT_PID" || true
	exec_refused 'failed to connect with seccomp agent' box touch /ran
	rm "$AGENT"
	exec_refused 'failed to connect with seccomp agent' box touch /ran
	[ ! -e "$ROOTFS/ran" ] || fail "the program ran"
	same "$(state_of box)" running
}

@test "seccomp notify: bad profiles" {
	local i=0 what text
	while IFS='|' read -r what text; do
		notified getppid
		config "$what"
		box_refused "$text"
		nothing_left
		i=$((i + 1))
	done <<-'END'
		.linux.seccomp.listenerPath = "agent.sock"|is not an absolute path
		.linux.seccomp.listenerPath = "./agent.sock"|is not an absolute path
		.linux.seccomp.listenerPath = "@agent"|is not an absolute path
		.linux.seccomp.listenerPath = ""|listenerMetadata: means nothing
		del(.linux.seccomp.listenerPath)|listenerMetadata: means nothing without listenerPath
		del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)|seccomp listenerPath is not set
		.linux.seccomp += {"listenerPath": "", "listenerMetadata": ""}|seccomp listenerPath is not set
		.linux.seccomp.listenerPath = "/" + "x" * 300|File name too long
		.linux.seccomp.listenerPath = "/x" * 3000|File name too long
		.linux.seccomp.syscalls[0].names += ["write"]|SCMP_ACT_NOTIFY cannot be used for the write syscall
		.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"|SCMP_ACT_NOTIFY cannot be used as default action
		.linux.seccomp.syscalls[0].errnoRet = 1|takes no number
	END
	same "$i" 12
}

@test "seccomp notify: listenerPath is not looked at without an action that asks" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nowhere.sock", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}'
	box /probe sys getppid
	is EPERM
	# runc says nothing either; who wants to know is told.
	turtle --debug run box 2>&1 | grep -q 'listenerPath: ignored' || fail "no word of it"
}

@test "seccomp notify: beside rules of other kinds, conditions, and one cache" {
	agent getpriority=4711
	notified getppid
	config '.linux.seccomp.syscalls = [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61},
		{"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]'
	args sh -c '/probe sys getppid; /probe sys getpriority 0 0; /probe sys getpriority 2 0'
	ok turtle run box
	is $'61\n20\n4711'
	ok turtle run box
	is $'61\n20\n4711'
	# The same profile with another action is another filter.
	config '.linux.seccomp.syscalls[1].action = "SCMP_ACT_ERRNO" | del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	ok turtle run box
	is $'61\n20\nEPERM'
}

@test "seccomp notify: flags" {
	local flags
	agent getppid=4711
	notified getppid
	for flags in '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' '["SECCOMP_FILTER_FLAG_TSYNC"]' '[]' \
		'["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'; do
		config ".linux.seccomp.flags = $flags"
		args /probe sys getppid
		ok turtle run box
		is 4711
	done
}

@test "seccomp notify: crun's receivers, and which of them comes first" {
	local other=$T/other.sock
	AGENT=$other
	notified getppid
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	AGENT=$T/agent.sock
	agent getppid=4711
	args /probe sys getppid
	RUN_OCI_SECCOMP_RECEIVER=$AGENT ok turtle run box
	is 4711
	# The annotation before the variable, and both before listenerPath.
	config --arg agent "$AGENT" '.annotations = {"run.oci.seccomp.receiver": $agent} | .linux.seccomp.listenerPath = "/nowhere.sock"'
	RUN_OCI_SECCOMP_RECEIVER=/nowhere.sock ok turtle run box
	is 4711
	# The start is told by the create.
	RUN_OCI_SECCOMP_RECEIVER=/nowhere.sock ok turtle create box
	ok turtle start box
	turtle delete --force box
	config 'del(.annotations)'
	RUN_OCI_SECCOMP_RECEIVER=$AGENT ok turtle run box
	is 4711
	RUN_OCI_SECCOMP_RECEIVER=relative refused 'RUN_OCI_SECCOMP_RECEIVER: "relative" is not an absolute path' turtle run box
	config '.annotations = {"run.oci.seccomp.receiver": "relative"}'
	box_refused run.oci.seccomp.receiver
	config '.annotations = {"run.oci.seccomp.plugins": "/some/plugin.so"}'
	box_refused 'run.oci.seccomp.plugins: not supported'
}

@test "seccomp notify: a ready-made program that asks" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86-64"
	# if nr == getppid (110) return USER_NOTIF else ALLOW
	local bpf
	bpf=$(printf '\x20\0\0\0\0\0\0\0\x15\0\0\x01\x6e\0\0\0\x06\0\0\0\0\0\xc0\x7f\x06\0\0\0\0\0\xff\x7f' | base64 -w 0)
	config --arg bpf "$bpf" '.annotations = {"run.oci.seccomp_bpf_data": $bpf}'
	box_refused 'seccomp listenerPath is not set'
	agent getppid=4711
	config --arg agent "$AGENT" '.annotations["run.oci.seccomp.receiver"] = $agent'
	box /probe sys getppid
	is 4711
	# With the profile's listenerPath, whatever the profile's rules are.
	config --arg agent "$AGENT" 'del(.annotations["run.oci.seccomp.receiver"]) | .linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": $agent}'
	ok turtle run box
	is 4711
}

@test "seccomp notify: the names that nobody knows may be forbidden" {
	agent getppid=4711
	notified getppid frobnicate
	box /probe sys getppid
	is 4711
	config '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
	box_refused frobnicate
}

@test "seccomp notify: what the container can see of exec is hidden while the listener is passed" {
	agent
	notified getppid
	cp "$SUITE/hunter" "$ROOTFS/hunter"
	args /hunter no-such-token
	ok turtle run -d box
	until_line "$T/out" up
	mv "$T/out" "$T/report"
	local i init
	for ((i = 0; i < 60; i++)); do
		ok turtle exec box true
	done
	init=$(init_pid)
	ok turtle kill box TERM
	until_true eval "! kill -0 $init"
	output=$(<"$T/report")
	lacks trespass
	has "had 0"
	[ "$(sed -n 's/^early //p' <<<"$output")" -ge 5 ] || fail "the hunter has met too few before their execve"
}

@test "seccomp notify: killed while the agent does not answer for execve" {
	# One connection gets into its queue, and the message with it: what is asked for then waits for ever.
	agent deaf
	notified execve
	args true
	ok turtle create box
	turtle start box >"$T/out" 2>&1 &
	local start=$!
	until_true eval '[ "$(state_of box)" != created ] || grep -q seccomp_do_user_notification /proc/$(init_pid)/wchan'
	ok turtle kill box KILL
	# What it says is not the point, but that it ends.
	wait "$start" || true
	same "$(state_of box)" stopped
}

@test "seccomp notify: schedulers" {
	agent getppid=4711
	notified getppid
	chrt -f 1 true 2>/dev/null || skip "no real-time priority is to be had"
	local policy
	for policy in SCHED_RR SCHED_FIFO; do
		[ "$policy" != SCHED_FIFO ] || [ "$(nproc)" -gt 1 ] || continue
		config --arg policy "$policy" '.process.scheduler = {"policy": $policy, "priority": 5}'
		box /probe sys getppid
		is 4711
	done
	# One CPU: it would never get further.
	config '.process.execCPUAffinity = {"final": "0"} | .process.scheduler = {"policy": "SCHED_OTHER"}'
	args /probe wait
	ok turtle run -d box
	ok turtle exec box /probe sys getppid
	is 4711
	jq '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 5}' "$STATE/box/config.json" >"$T/saved"
	cat "$T/saved" >"$STATE/box/config.json"
	exec_refused 'needs more than one CPU' box /probe sys getppid
	jq '.process.scheduler = {"policy": "SCHED_RR", "priority": 5}' "$STATE/box/config.json" >"$T/saved"
	cat "$T/saved" >"$STATE/box/config.json"
	ok turtle exec box /probe sys getppid
	is 4711
}
