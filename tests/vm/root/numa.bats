#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# memoryPolicy on a machine with two nodes, and what cpusets have to say about schedulers and CPUs.
load ../../integration/helpers

setup()
{
	[ "$TURTLE_VM" != uml ] || skip "user-mode Linux has one node and no cpuset"
	box_setup
}

# numa: the policies that the output (numa_maps) shows.
numa() { cut -d' ' -f2 <<<"$output" | sort -u | paste -sd ' '; }

@test "numa: the machine has two nodes" {
	same "$(</sys/devices/system/node/has_memory)" 0-1
	same "$(</sys/devices/system/node/has_cpu)" 0-1
}

@test "numa: the process's memory comes from the node of the policy, exec's as well" {
	local node
	for node in 0 1; do
		config ".linux.memoryPolicy = {mode: \"MPOL_BIND\", nodes: \"$node\"}"
		args sh -c 'x=$(head -c 300000 /dev/zero | tr "\0" x); cat /proc/$$/numa_maps; exec /probe wait'
		turtle run -d box >"$T/maps" 2>&1
		until_line "$T/maps" up
		output=$(grep -v '^up$' "$T/maps")
		same "$(numa)" "bind:$node"
		matches " anon=[0-9]+ .*N$node="
		! grep 'heap' <<<"$output" | grep -q "N$((1 - node))=" || fail "memory of the other node"
		ok turtle exec box cat /proc/self/numa_maps
		same "$(numa)" "bind:$node"
		ok turtle delete --force box
	done
	config '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0-1023"}'
	box cat /proc/self/numa_maps
	same "$(numa)" interleave:0-1
	config '.linux.memoryPolicy = {mode: "MPOL_PREFERRED_MANY", nodes: "0,1", flags: ["MPOL_F_STATIC_NODES"]}'
	ok turtle run box
	matches '^[0-9a-f]+ prefer \(many\)=static:0-1 '
}

@test "numa: the policy is within the cgroup's nodes" {
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-1"} | .linux.resources.cpu = {mems: "1"}'
	box cat /proc/self/numa_maps
	same "$(numa)" bind:1
	config '.linux.memoryPolicy.nodes = "0"'
	box_refused 'linux.memoryPolicy: set the policy: Invalid argument (are there such nodes'
	config '.linux.memoryPolicy.flags = ["MPOL_F_RELATIVE_NODES"]'
	ok turtle run box
	same "$(numa)" bind=relative:1
}

@test "scheduler: a deadline takes all CPUs, other policies don't mind a cpuset" {
	config '.linux.resources.cpu = {cpus: "0"} | .process.scheduler = {policy: "SCHED_DEADLINE", runtime: 42000, deadline: 1000000}'
	args /probe sched 0
	box_refused "process.scheduler: set SCHED_DEADLINE: Operation not permitted (process scheduler can't be used together with AllowedCPUs)"
	config '.linux.resources.cpu = {} | .linux.resources.unified = {"cpuset.cpus": "1"}'
	box_refused "process scheduler can't be used together with AllowedCPUs"
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 4}'
	ok turtle run box
	matches '^policy 1 .* priority 4 '
}

@test "execCPUAffinity: outside of the cgroup's CPUs" {
	config '.linux.resources.cpu = {cpus: "1"} | .process.execCPUAffinity = {initial: "0", final: "0-1"}'
	hold
	ok turtle exec box grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t1'
	jq -n '{cwd: "/", args: ["true"], execCPUAffinity: {final: "0"}}' >"$T/process.json"
	exec_refused 'process.execCPUAffinity.final: bind the process to its CPUs: Invalid argument (none of them is online' \
		--process "$T/process.json" box
}
