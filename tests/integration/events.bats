# SPDX-License-Identifier: Apache-2.0
# events: what a record holds, when records come, and when they end. Numbers that need a limit are tested in the VM lane
# (tests/vm/root/events.bats).
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
load helpers
load events

# A running container that ends at SIGTERM.
up()
{
	args /probe wait
	ok turtle run -d box
	until_line "$T/out" up
}

# json JQ-FILTER: of the record in $output; true or it fails.
json() { jq -e "$1" >/dev/null <<<"$output" || fail "not so: $1"; }

# How often the process has run and slept again.
switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$WATCH/status"; }

sleeps()
{
	local before
	before=$(switches)
	sleep 0.1
	[ "$(switches)" = "$before" ]
}

records() { [ "$(wc -l <"$T/events")" -ge "$1" ]; }

@test "one record: one line, with type, id and data" {
	up
	ok turtle events --stats box
	same "$(wc -l <"$T/out")" 1 "lines"
	json 'keys_unsorted == ["type", "id", "data"]'
	json '.type == "stats" and .id == "box"'
	json '.data | keys_unsorted == ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"]'
}

@test "what cgroup v2 has no numbers for is there, and says nothing" {
	up
	ok turtle events --stats box
	json '.data.cpuset | length == 9 and all(. == 0)'
	json '.data.intel_rdt == {} and .data.network_interfaces == null'
	json '.data.memory.kernel == {limit: 0, failcnt: 0} and .data.memory.kernelTCP == {limit: 0, failcnt: 0}'
}

@test "cpu time is that of cpu.stat, in nanoseconds, and grows" {
	args sh -c 'while :; do :; done'
	ok turtle run -d box
	ok turtle events --stats box
	json '.data.cpu.usage | .total > 0 and .user >= 0 and .kernel >= 0 and .total % 1000 == 0'
	local before
	before=$(jq .data.cpu.usage.total "$T/out")
	grown() { [ "$(turtle events --stats box | jq .data.cpu.usage.total)" -gt $((before + 50000000)) ]; }
	until_true grown
	# No process runs any more, so both see the same.
	ok turtle pause box
	ok turtle events --stats box
	same "$(jq .data.cpu.usage.total "$T/out")" "$(sed -n 's/^usage_usec //p' "$CGROUP_DIR/cpu.stat")000"
	same "$(jq .data.cpu.usage.user "$T/out")" "$(sed -n 's/^user_usec //p' "$CGROUP_DIR/cpu.stat")000"
}

@test "pressure is there where the kernel has it" {
	up
	ok turtle events --stats box
	if [ -e "$CGROUP_DIR/cpu.pressure" ] && cat "$CGROUP_DIR/cpu.pressure" >/dev/null 2>&1; then
		json '[.data.cpu.psi, .data.memory.psi, .data.blkio.psi] | all(keys_unsorted == ["some", "full"])'
		json '.data.cpu.psi.some | keys_unsorted == ["avg10", "avg60", "avg300", "total"] and all(type == "number")'
		same "$(jq .data.memory.psi.full.total "$T/out")" "$(sed -n 's/^full.*total=//p' "$CGROUP_DIR/memory.pressure")"
	else
		json '[.data.cpu, .data.memory, .data.blkio] | all(has("psi") | not)'
	fi
}

@test "pressure that is turned off for the cgroup is left out" {
	up
	[ -e "$CGROUP_DIR/cgroup.pressure" ] || skip "the kernel can't turn it off"
	echo 0 >"$CGROUP_DIR/cgroup.pressure"
	ok turtle events --stats box
	json '[.data.cpu, .data.memory, .data.blkio] | all(has("psi") | not)'
}

@test "without a pids controller the processes are counted, those in cgroups below as well" {
	[ ! -e "$TEST_CGROUP/pids.max" ] && [[ " $(<"$CGROUP_MOUNT/cgroup.controllers") " != *" pids "* ]] || skip "there is one"
	args sh -c 'sleep 1000 & sleep 1000 & echo up; wait'
	ok turtle run -d box
	until_line "$T/out" up
	ok turtle events --stats box
	json '.data.pids == {current: 3}'
	mkdir "$CGROUP_DIR/below"
	tail -n 1 "$CGROUP_DIR/cgroup.procs" >"$CGROUP_DIR/below/cgroup.procs"
	ok turtle events --stats box
	json '.data.pids == {current: 3}'
}

@test "hugetlb: one entry for each page size of the machine" {
	up
	[ -e "$CGROUP_DIR/cgroup.controllers" ] && [[ " $(<"$CGROUP_DIR/cgroup.controllers") " == *" hugetlb "* ]] ||
		skip "the hugetlb controller is not in cgroup v2 here"
	ok turtle events --stats box
	same "$(jq -c '.data.hugetlb | keys' "$T/out")" \
		"$(cd "$CGROUP_DIR" && printf '%s\n' hugetlb.*.max | sed -n 's/^hugetlb\.\([^.]*\)\.max$/\1/p' | jq -cRn '[inputs] | sort')"
	json '.data.hugetlb | all(.failcnt == 0)'
}

@test "a created container has numbers, and so has a paused one" {
	args true
	ok turtle create box
	ok turtle events --stats box
	json '.data.cpu.usage.total > 0'
	ok turtle delete --force box
	up
	ok turtle pause box
	ok turtle events --stats box
	json '.data.pids.current == 1'
}

@test "records come at each interval, and end with the container, without an error" {
	up
	watch --interval 50ms box
	until_true records 3
	ok turtle kill box TERM
	watched 0
	jq -e -s 'length >= 3 and all(.type == "stats" and .id == "box")' "$T/events"
}

@test "the first record comes after the interval, not before" {
	up
	watch --interval 1h box
	sleep 0.3
	[ ! -s "$T/events" ]
	ok turtle kill box KILL
	watched 0
	[ ! -s "$T/events" ]
}

@test "it ends when init ends, though others stay" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	args sh -c 'sleep 1000 >/dev/null 2>&1 & exec /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	watch --interval 1h box
	ok turtle kill box TERM
	watched 0
}

@test "it ends when the container is deleted by force, and when its cgroup is emptied" {
	up
	watch --interval 1h box
	ok turtle delete --force box
	watched 0
	up
	watch --interval 1h box
	echo 1 >"$CGROUP_DIR/cgroup.kill"
	watched 0
}

@test "it ends when its reader is gone, long before the interval is over" {
	up
	mkfifo "$T/fifo"
	"$TURTLE" --root "$STATE" events --interval 1h box >"$T/fifo" 2>"$T/events.err" 3>&- 4>&- &
	WATCH=$!
	exec 9<"$T/fifo"
	sleep 0.1
	kill -0 "$WATCH"
	exec 9<&-
	watched 0
	"$TURTLE" --root "$STATE" events --interval 20ms box 2>"$T/events.err" 3>&- 4>&- | head -n 1 >"$T/events"
	same "${PIPESTATUS[*]}" "0 0"
	records 1
}

@test "what can't be written is an error" {
	up
	status=0
	turtle events --interval 20ms box >/dev/full 2>"$T/err" || status=$?
	same "$status" 1
	same "$(<"$T/err")" "turtle: write to standard output: No space left on device"
}

@test "it sleeps between two records" {
	up
	watch --interval 1h box
	until_true sleeps
	local before
	before=$(switches)
	sleep 0.5
	same "$(switches)" "$before" "how often it ran"
	ok turtle kill box KILL
	watched 0
}

@test "a stopped container is not running" {
	args true
	ok turtle run -d box
	until_true stopped box
	refused "container with id box is not running" turtle events --stats box
	refused "container with id box is not running" turtle events box
}

@test "unknown containers and wrong names" {
	refused "container does not exist" turtle events --stats box
	refused "container does not exist" turtle events --interval 0 box
	refused "invalid container ID format" turtle events a/b
}

@test "intervals that are none" {
	up
	local text
	for text in 0 0s -1s -0 -5m; do
		refused "duration interval must be greater than 0" turtle events --interval "$text" box
		refused "duration interval must be greater than 0" turtle events --stats --interval="$text" box
	done
	for text in "" 5 abc 1d "1 s" 1e3s 9999999999h 5S; do
		call turtle events --interval "$text" box
		same "$status" 1
		[[ $stderr == *"Incorrect Usage: invalid value \"$text\" for --interval: "* ]] || fail "$text"
	done
}

@test "it wants one container" {
	call turtle events
	same "$status" 1
	[[ $stderr == *'"events" requires exactly 1 argument(s)'* ]] || fail "the message"
	call turtle events a b
	same "$status" 1
	[[ $stderr == *'"events" requires exactly 1 argument(s)'* ]] || fail "the message"
	call turtle events --stat box
	same "$status" 1
	[[ $stderr == *"flag provided but not defined: -stat"* ]] || fail "the message"
}

@test "a container without a cgroup of its own has no numbers" {
	args /probe wait
	config 'del(.linux.resources, .linux.cgroupsPath)'
	ok turtle --cgroup-manager disabled run -d box
	until_line "$T/out" up
	refused "container box has no cgroup of its own" turtle events --stats box
	refused "container box has no cgroup of its own" turtle events box
}
