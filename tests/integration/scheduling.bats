# SPDX-License-Identifier: Apache-2.0
# When and where a process runs and where its memory lies, of the container's own process and of exec's: scheduler,
# ioPriority, execCPUAffinity, memoryPolicy, personality and timeOffsets. What each value means is in tests/unit; here it
# is looked at from inside.
load helpers

# sched: what the kernel says of process 0 (the one that asks), as probe prints it.
sched() { box /probe sched 0; }

# What a machine may not have: the right to real-time priorities, in a cgroup that has a share of them; time namespaces.
need_realtime() { chrt -f 1 true 2>/dev/null || skip "no real-time priority is to be had here"; }
need_time() { [ -e /proc/self/ns/time ] || skip "the kernel has no time namespaces"; }

# mapped: a user namespace, whose root has no privileges on the host.
mapped()
{
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 300000, "size": 2000}]
		| .linux.gidMappings = .linux.uidMappings'
}

# unprivileged COMMAND...: as a user without rights, in a user namespace of its own.
unprivileged() { setpriv --reuid=54321 --regid=54321 --clear-groups "$@"; }

@test "scheduler: each policy, with its numbers" {
	need_realtime
	config '.process.scheduler = {"policy": "SCHED_OTHER", "nice": 5}'
	sched
	matches '^policy 0 flags 0 nice 5 '
	config '.process.scheduler = {"policy": "SCHED_BATCH", "nice": -7}'
	sched
	matches '^policy 3 flags 0 nice -7 '
	config '.process.scheduler = {"policy": "SCHED_IDLE"}'
	sched
	matches '^policy 5 '
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 7}'
	sched
	matches '^policy 1 flags 0 nice 0 priority 7 '
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 99, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
	sched
	matches '^policy 2 flags 1 nice 0 priority 99 '
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 42000, "deadline": 1000000, "period": 1000000}'
	sched
	matches '^policy 6 flags 0 .* runtime 42000 deadline 1000000 period 1000000 '
	# A nice value says nothing here, which is no reason to fail: runc takes it, too.
	config '.process.scheduler |= . + {"nice": 19, "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]}'
	call turtle run box
	same "$status" 0
	matches '^policy 6 flags 6 '
}

@test "scheduler: without the property it stays as the caller has it" {
	args /probe sched 0
	same "$(nice -n 3 "$TURTLE" --root "$STATE" run box | grep -o 'nice [0-9]*')" "nice 3"
	config '.process.scheduler = {"policy": "SCHED_OTHER"}'
	same "$(nice -n 3 "$TURTLE" --root "$STATE" run box | grep -o 'nice [0-9]*')" "nice 0"
	config '.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS"]}'
	same "$(nice -n 3 "$TURTLE" --root "$STATE" run box | grep -o 'nice [0-9]*')" "nice 3"
}

@test "scheduler: a policy that Linux does not have is the kernel's to refuse" {
	config '.process.scheduler = {"policy": "SCHED_ISO"}'
	box_refused 'process.scheduler: set SCHED_ISO: invalid argument (Linux has no such policy'
}

@test "scheduler: clamps are set, or the kernel's lack of them is told" {
	config '.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"]}'
	args true
	call turtle run box
	[ "$status" -eq 0 ] || [[ $stderr == *"process.scheduler: set SCHED_OTHER: "*"(is the kernel built with CONFIG_UCLAMP_TASK?)"* ]] || fail "another reason"
}

@test "scheduler: a container's user, without capabilities, has it all the same" {
	need_realtime
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 3} | .process.user = {"uid": 1000, "gid": 1000}
		| .process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 2}'
	sched
	matches '^policy 2 .* priority 3 .* io 1:2$'
	mapped
	ok turtle run box
	matches '^policy 2 .* priority 3 .* io 1:2$'
}

@test "scheduler: exec has the container's, or its own" {
	need_realtime
	config '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 4} | .process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6}'
	hold
	ok turtle exec box /probe sched 0
	matches '^policy 3 flags 0 nice 4 .* io 2:6$'
	ok turtle exec -u 1000 box /probe sched 0
	matches '^policy 3 flags 0 nice 4 .* io 2:6$'
	jq -n '{cwd: "/", args: ["/probe", "sched", "0"]}' >"$T/process.json"
	ok turtle exec --process "$T/process.json" box
	matches '^policy 3 flags 0 nice 4 .* io 2:6$'
	jq -n '{cwd: "/", args: ["/probe", "sched", "0"], ioPriority: {class: "IOPRIO_CLASS_IDLE"},
		scheduler: {policy: "SCHED_DEADLINE", runtime: 42000, deadline: 1000000}}' >"$T/process.json"
	ok turtle exec --process "$T/process.json" box
	matches '^policy 6 .* runtime 42000 deadline 1000000 period 1000000 io 3:0$'
	"$SUITE/probe" sched "$(init_pid)" | grep -q '^policy 3 .* io 2:6$' || fail "init has changed"
	jq '.scheduler.policy = "SCHED_FOO"' "$T/process.json" >"$T/bad.json"
	exec_refused 'process.scheduler.policy: unknown policy "SCHED_FOO"' --process "$T/bad.json" box
}

@test "scheduler: exec into a user namespace" {
	need_realtime
	mapped
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 2} | .process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 1}'
	hold
	"$SUITE/probe" sched "$(init_pid)" | grep -q '^policy 1 .* priority 2 .* io 1:1$' || fail "init's"
	ok turtle exec box /probe sched 0
	matches '^policy 1 .* priority 2 .* io 1:1$'
}

@test "scheduler: startContainer hooks and a deadline" {
	need_realtime
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 42000, "deadline": 1000000}
		| .hooks.startContainer = [{"path": "/bin/true"}]'
	box_refused 'SCHED_DEADLINE can'\''t start the startContainer hooks'
	config '.process.scheduler.flags = ["SCHED_FLAG_RESET_ON_FORK"]'
	args /probe sched 0
	ok turtle run box
	matches '^policy 6 flags 1 '
}

@test "scheduler: more than the machine has is an error of the kernel's" {
	need_realtime
	local n
	# Nearly all of a CPU, for one process more than the kernel can promise it to.
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 999999999, "deadline": 1000000000} | del(.linux.cgroupsPath)'
	args /probe wait
	for ((n = 1; n < $(nproc --all); n++)); do
		ok turtle run -d "filler$n"
	done
	refused 'process.scheduler: set SCHED_DEADLINE: device or resource busy (see /proc/sys/kernel/sched_rt_runtime_us' turtle create box
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 9000000000}'
	box_refused 'set SCHED_DEADLINE: invalid argument (see /proc/sys/kernel/sched_'
}

@test "scheduler and ioPriority: who has no right to them is told so" {
	local property
	"$TURTLE" spec --rootless --bundle "$BUNDLE" 2>/dev/null || { rm config.json && "$TURTLE" spec --rootless; }
	config --argjson id 54321 '.process.terminal = false | .process.args = ["/probe", "sched", "0"] | del(.linux.cgroupsPath)
		| .linux.uidMappings = [{containerID: 0, hostID: $id, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$T" "$BUNDLE" && install -d -o 54321 -g 54321 "$T/state"
	cp config.json plain.json
	for property in '.process.scheduler = {policy: "SCHED_FIFO", priority: 1}' '.process.scheduler = {policy: "SCHED_OTHER", nice: -5}' \
		'.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 42000, deadline: 1000000}' \
		'.process.ioPriority = {class: "IOPRIO_CLASS_RT"}'; do
		jq "$property" plain.json >config.json
		refused "operation not permitted (it takes CAP_SYS_NICE" unprivileged "$TURTLE" --root "$STATE" --cgroup-manager disabled run box
		[ ! -e "$STATE/box" ] || fail "a state entry stays"
	done
	jq '.process.scheduler = {policy: "SCHED_BATCH", nice: 9} | .process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}' plain.json >config.json
	ok unprivileged "$TURTLE" --root "$STATE" --cgroup-manager disabled run box
	matches '^policy 3 flags 0 nice 9 .* io 3:0$'
}

@test "scheduler: bad values leave nothing" {
	local value
	args true
	cp config.json plain.json
	for value in '{policy: ""}' '{policy: "SCHED_EXT"}' '{policy: "SCHED_OTHER", nice: 20}' '{policy: "SCHED_OTHER", priority: 1}' \
		'{policy: "SCHED_FIFO"}' '{policy: "SCHED_RR", priority: 100}' '{policy: "SCHED_BATCH", runtime: 1}' \
		'{policy: "SCHED_DEADLINE", runtime: 5000, deadline: 4000}' '{policy: "SCHED_IDLE", flags: ["RECLAIM"]}' \
		'{policy: 5}' '{nice: 1}' '{policy: "SCHED_OTHER", nice: 4294967296}'; do
		jq ".process.scheduler = $value" plain.json >config.json
		box_refused process.scheduler
	done
	for value in '{class: ""}' '{class: "IOPRIO_CLASS_NONE"}' '{class: "IOPRIO_CLASS_BE", priority: 8}' \
		'{class: "IOPRIO_CLASS_RT", priority: -1}' '{priority: 1}' '{class: "IOPRIO_CLASS_BE", priority: "1"}'; do
		jq ".process.ioPriority = $value" plain.json >config.json
		box_refused process.ioPriority
	done
}

@test "ioPriority: each class, and none" {
	local before
	args /probe sched 0
	before=$("$SUITE/probe" sched 0 | grep -o 'io .*')
	ok turtle run box
	matches " $before\$"
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 0}'
	ok turtle run box
	matches ' io 1:0$'
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 7}'
	ok turtle run box
	matches ' io 2:7$'
	config '.process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 5}'
	ok turtle run box
	matches ' io 3:5$'
}

@test "execCPUAffinity: numbers far beyond the machine's" {
	config '.process.execCPUAffinity = {"initial": "0,1024-8191", "final": "0,5000,8191"}'
	hold
	ok turtle exec box grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t0'
	grep Cpus_allowed_list "/proc/$(init_pid)/status" | grep -q $'\t0$' && [ "$(nproc)" -gt 1 ] && fail "init is bound, too"
	true
}

@test "execCPUAffinity: CPUs that are not there" {
	local process
	hold
	for process in '{final: "4000"}' '{final: "7000-8191"}' '{initial: "4000"}'; do
		jq -n --argjson a "$process" '{cwd: "/", args: ["true"], execCPUAffinity: $a}' 2>/dev/null >"$T/process.json" ||
			jq -n "{cwd: \"/\", args: [\"true\"], execCPUAffinity: $process}" >"$T/process.json"
		exec_refused 'process.execCPUAffinity' --process "$T/process.json" box
		[[ $stderr == *"nvalid argument (none of them is online"* ]] || fail "not explained"
	done
	for process in '{final: "8192"}' '{final: "1,"}' '{final: "x"}' '{initial: "2-1"}' '{initial: "-1"}' '{final: "0x1"}'; do
		jq -n "{cwd: \"/\", args: [\"true\"], execCPUAffinity: $process}" >"$T/process.json"
		exec_refused 'process.execCPUAffinity.' --process "$T/process.json" box
	done
	config '.process.execCPUAffinity = {"final": "8192"}'
	args true
	refused 'process.execCPUAffinity.final: "8192": the last CPU that a kernel can have is 8191' turtle create other
}

# The policy of the first mapping, as the kernel writes it.
numa() { cut -d' ' -f2 <<<"${output%%$'\n'*}"; }

@test "memoryPolicy: each mode, as the kernel shows it" {
	[ -e /proc/self/numa_maps ] || skip "the kernel is built without NUMA"
	args cat /proc/self/numa_maps
	ok turtle run box
	same "$(numa)" default
	while read -r wanted policy; do
		config ".linux.memoryPolicy = $policy"
		ok turtle run box
		same "$(numa)" "$wanted" "$policy"
	done <<-'END'
		bind:0 {mode: "MPOL_BIND", nodes: "0"}
		interleave:0 {mode: "MPOL_INTERLEAVE", nodes: "0-1023"}
		interleave=static:0 {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}
		bind=relative:0 {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"]}
		prefer:0 {mode: "MPOL_PREFERRED", nodes: "0"}
		local {mode: "MPOL_PREFERRED"}
		local {mode: "MPOL_LOCAL"}
		default {mode: "MPOL_DEFAULT", nodes: ""}
	END
}

@test "memoryPolicy: the modes of newer kernels work, or are the kernel's to refuse" {
	[ -e /proc/self/numa_maps ] || skip "the kernel is built without NUMA"
	local policy
	args cat /proc/self/numa_maps
	for policy in '{mode: "MPOL_PREFERRED_MANY", nodes: "0"}' '{mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0"}' \
		'{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}'; do
		config ".linux.memoryPolicy = $policy"
		call turtle run box
		if [ "$status" -eq 0 ]; then
			matches ' (prefer \(many\)|weighted interleave|bind(=balancing)?):0 '
		else
			[[ $stderr == *"linux.memoryPolicy: set the policy: Invalid argument (are there such nodes"* ]] || fail "another reason"
		fi
	done
}

@test "memoryPolicy: exec has it, as a user and in a user namespace" {
	[ -e /proc/self/numa_maps ] || skip "the kernel is built without NUMA"
	mapped
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	hold
	ok turtle exec box cat /proc/self/numa_maps
	same "$(numa)" bind=static:0
	ok turtle exec -u 1000 box cat /proc/self/numa_maps
	same "$(numa)" bind=static:0
}

@test "memoryPolicy: nodes that are not there, and a kernel without any" {
	args true
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1000-1023"}'
	box_refused 'linux.memoryPolicy: set the policy: '
	[[ $stderr == *"are there such nodes"* || $stderr == *"without NUMA"* ]] || fail "not explained"
}

@test "memoryPolicy: bad values leave nothing" {
	local value
	args true
	cp config.json plain.json
	for value in '{mode: ""}' '{mode: "MPOL_MAX"}' '{mode: "MPOL_BIND"}' '{mode: "MPOL_LOCAL", nodes: "0"}' \
		'{mode: "MPOL_BIND", nodes: "0-"}' '{mode: "MPOL_BIND", nodes: "1024"}' '{mode: "MPOL_BIND", nodes: "0", flags: ["X"]}' \
		'{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}' '{nodes: "0"}' '{mode: 1}'; do
		jq ".linux.memoryPolicy = $value" plain.json >config.json
		box_refused linux.memoryPolicy
	done
	jq '.linux.memoryPolicy = {mode: "MPOL_DEFAULT", nodes: "0-1"}' plain.json >config.json
	box_refused 'mode requires 0 nodes but got 2'
}

@test "personality: exec is told the machine that the container is told" {
	config '.linux.personality = {"domain": "LINUX32"}'
	hold
	ok turtle exec box uname -m
	lacks x86_64 aarch64
	ok turtle exec -u 1000 box /probe personality
	is 00000008
}

# shifted CLOCK: by how many seconds the output's clock is ahead of the host's, to the nearest hundred.
shifted()
{
	local here there
	here=$("$SUITE/probe" clock | sed -n "s/$1 //p")
	there=$(sed -n "s/$1 //p" <<<"$output")
	echo $(((there - here + (there < here ? -50 : 50)) / 100 * 100))
}

@test "timeOffsets: seen by init and exec, in uptime, backwards as well" {
	need_time
	local back uptime
	# The clocks must not go below zero.
	back=$(($("$SUITE/probe" clock | sed -n 's/monotonic //p') / 200 * 100))
	[ "$back" -ge 100 ] || skip "the machine is too young"
	config --argjson back "$back" '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"monotonic": {"secs": -$back, "nanosecs": 999999999}, "boottime": {"secs": 700000, "nanosecs": 1}}'
	hold
	ok turtle exec box /probe clock
	same "$(shifted monotonic)" "-$back"
	same "$(shifted boottime)" 700000
	ok turtle exec box cat /proc/uptime
	uptime=${output%%.*}
	[ $((uptime - $(cut -d. -f1 /proc/uptime))) -ge 699990 ] || fail "uptime is the host's"
	[ "$(cut -d. -f1 /proc/uptime)" -lt "$uptime" ] || fail "the host's is shifted"
	ok turtle delete --force box
	args sh -c 'cat /proc/uptime; /probe clock'
	ok turtle run box
	same "$(shifted boottime)" 700000
}

@test "timeOffsets: bad values leave nothing" {
	need_time
	local value
	args true
	config '.linux.namespaces += [{"type": "time"}]'
	cp config.json plain.json
	for value in '{monotonic: {nanosecs: 1000000000}}' '{boottime: {nanosecs: -1}}' '{monotonic: {secs: "1"}}' \
		'{boottime: {secs: 9223372037}}' '{monotonic: {secs: -9000000000}}' '{boottime: {secs: 1.5}}' '{boottime: {secs: 9223372036}}'; do
		jq ".linux.timeOffsets = $value" plain.json >config.json
		box_refused linux.timeOffsets
	done
}
