#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events where every controller is: the numbers are those of the kernel's files, grow when the container uses something,
# and a kill for lack of memory is told. With both cgroup drivers.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load ../../integration/helpers
load ../../integration/events
eval "helpers_$(declare -f teardown)"

SLICE=turtleevents.slice
LIMIT=15728640
# Memory that the program itself writes to: where the kernel does it for a read(), that fails and nobody is killed.
EATER='x=0123456789abcdef; while :; do x=$x$x; done'

setup()
{
	box_setup
	UNIT=t-box$BATS_TEST_NUMBER.scope
	OWN_CGROUP=$CGROUP
	cp config.json base.json
}

teardown()
{
	local left=0
	[ -n "${T:-}" ] || return 0
	helpers_teardown || left=1
	systemctl stop "$UNIT" "$SLICE" 2>/dev/null || true
	return "$left"
}

turtle()
{
	local driver=()
	[ "$DRIVER" != systemd ] || driver=(--systemd-cgroup)
	timeout --foreground -k 1 60 "$TURTLE" "${driver[@]}" --root "$STATE" "$@" 3>&- 4>&-
}

need_controller() { [[ " $(<"$CGROUP_MOUNT/cgroup.controllers") " == *" $1 "* ]] || skip "no $1 controller here"; }

# bundle JSON COMMAND...: linux.resources besides the devices of the default configuration.
bundle()
{
	local place=$OWN_CGROUP json=$1
	shift
	CGROUP=$OWN_CGROUP
	if [ "$DRIVER" = systemd ]; then
		place=$SLICE:${UNIT%%-*}:${UNIT#*-}
		place=${place%.scope}
		CGROUP=/$SLICE/$UNIT
	fi
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	# What runs the tests may be excepted from being killed for memory; the container must not inherit that.
	jq --argjson r "$json" --arg p "$place" \
		'.linux.resources += $r | .linux.cgroupsPath = $p | .process.oomScoreAdj = 0' base.json >config.json
	args "$@"
}

# up JSON COMMAND...: a container with these resources.
up()
{
	bundle "$@"
	ok turtle run -d box
}

# both TEST: a function, with each driver, and a container less after each.
both()
{
	for DRIVER in cgroupfs systemd; do
		"$@" || return 1
		ok turtle delete --force box || return 1
	done
}

value() { cat "$CGROUP_DIR/$1"; }
key() { sed -n "s/^$2 //p" "$CGROUP_DIR/$1"; }

# A record of numbers in $output; what it says of a member.
stats() { ok turtle events --stats box; }
said() { jq -c ".data.$1" "$T/out"; }

# says MEMBER VALUE
says() { same "$(said "$1")" "$2" "$DRIVER $1"; }

# json JQ-FILTER: of the record; true or it fails.
json() { jq -e "$1" "$T/out" >/dev/null || fail "$DRIVER: not so: $1"; }

# Until the numbers of a new record are so.
until_stats()
{
	local filter=$1
	so() { turtle events --stats box | jq -e "$filter" >/dev/null; }
	until_true so
}

type_came() { grep -q "^{\"type\":\"$1\"" "$T/events"; }

two_records() { [ "$(wc -l <"$T/events")" -eq 2 ]; }

memory_eater()
{
	bundle "{\"memory\": {\"limit\": $LIMIT, \"swap\": $LIMIT}}" \
		sh -c 'read -r _ </go; sh -c "$1"; read -r _ </go; sh -c "$1"; exec sleep 1000' _ "$EATER"
	rm -f "$ROOTFS/go"
	mkfifo "$ROOTFS/go"
	ok turtle run -d box
	stats
	says memory.usage.limit "$LIMIT"
	says memory.usage.failcnt 0
	watch --interval 1h box
	echo >"$ROOTFS/go"
	until_true type_came oom
	# The record is no more than that, as runc's.
	same "$(<"$T/events")" '{"type":"oom","id":"box"}'
	same "$(key memory.events oom_kill)" 1
	until_stats '.data.memory.usage | .failcnt > 0 and .usage < '"$LIMIT"
	stats
	says memory.usage.failcnt "$(key memory.events max)"
	json ".data.memory.usage.max > $LIMIT * 9 / 10 and .data.memory.usage.max <= $LIMIT"
	# One more kill is one more record, and the end comes without one.
	echo >"$ROOTFS/go"
	until_true two_records
	ok turtle kill box KILL
	watched
	same "$(jq -c -s '[.[].type]' "$T/events")" '["oom","oom"]'
}

@test "events: a kill for lack of memory is told, and counted" {
	both memory_eater
}

init_eats()
{
	bundle "{\"memory\": {\"limit\": $LIMIT, \"swap\": $LIMIT}}" sh -c "$EATER"
	ok turtle create box
	watch --interval 1h box
	ok turtle start box
	watched
	same "$(<"$T/events")" '{"type":"oom","id":"box"}'
}

@test "events: the kill that ends the container is told" {
	both init_eats
}

# systemd removes the cgroup, and with it the count, before we come to look.
@test "events: the kill that ends the container is told after its cgroup is gone" {
	DRIVER=systemd
	bundle "{\"memory\": {\"limit\": $LIMIT, \"swap\": $LIMIT}}" sh -c "$EATER"
	ok turtle create box
	watch --interval 1h box
	kill -STOP "$WATCH"
	ok turtle start box
	cgroup_gone() { [ ! -e "$CGROUP_DIR" ]; }
	until_true cgroup_gone
	kill -CONT "$WATCH"
	watched
	same "$(<"$T/events")" '{"type":"oom","id":"box"}'
	ok turtle delete --force box
}

# It counts in the slice, which both are in.
@test "events: a neighbour's kill is not ours" {
	DRIVER=systemd
	up '{}' sleep 1000
	watch --interval 1h box
	jq --arg p "$SLICE:events:neighbour" --argjson l "$LIMIT" --arg e "$EATER" '.linux.resources.memory = {limit: $l, swap: $l} |
		.linux.cgroupsPath = $p | .process.args = ["sh", "-c", $e]' config.json >config.json.new
	mv config.json.new config.json
	"$TURTLE" --root "$STATE" --systemd-cgroup run neighbour >/dev/null 2>&1 && fail "it was not killed"
	slice_counts() { [ "$(sed -n 's/^oom_kill //p' "$CGROUP_MOUNT/$SLICE/memory.events")" -ge 1 ]; }
	until_true slice_counts
	ok turtle kill box KILL
	watched
	same "$(<"$T/events")" ""
	ok turtle delete --force box
}

no_kill()
{
	up '{}' sleep 1000
	watch --interval 100ms box
	until_true type_came stats
	ok turtle kill box KILL
	watched
	! type_came oom || fail "a kill that was none"
}

@test "events: a signal from a person is no kill for lack of memory" {
	both no_kill
}

memory_numbers()
{
	up "{\"memory\": {\"limit\": 67108864, \"swap\": 134217728}}" \
		sh -c 'dd if=/dev/zero of=/tmp/file bs=1M count=8 && sync; echo up; exec sleep 1000'
	until_line "$T/out" up
	# Frozen, it uses nothing more between two looks.
	ok turtle pause box
	stats
	says memory.usage.limit 67108864
	says memory.swap.limit 134217728
	same "$(said memory.raw.anon)" "$(key memory.stat anon)"
	same "$(jq -c '.data.memory.raw | keys_unsorted' "$T/out")" "$(sed 's/ .*//' "$CGROUP_DIR/memory.stat" | jq -cRn '[inputs]')"
	json '.data.memory.cache >= 8388608 and .data.memory.cache == .data.memory.raw.file'
	says memory.usage.usage "$(value memory.current)"
	says memory.usage.max "$(value memory.peak)"
	says memory.swap.usage "$(($(value memory.current) + $(value memory.swap.current)))"
	json '.data.memory.swap | has("max") | not'
}

@test "events: memory, what it holds, and swap with it" {
	both memory_numbers
}

swapping()
{
	bundle '{"memory": {"limit": 16777216, "swap": 134217728}}' \
		sh -c 'dd if=/dev/zero of=/dev/shm/file bs=1M count=40; echo up; exec sleep 1000'
	config '(.mounts[] | select(.destination == "/dev/shm") | .options) |= map(select(startswith("size=") | not))'
	ok turtle run -d box
	until_line "$T/out" up
	stats
	json '.data.memory.swap.usage >= 41943040 and .data.memory.usage.usage <= 16777216'
	json '.data.memory.swap.limit == 134217728'
}

@test "events: what is swapped out counts with the memory" {
	[ "$(wc -l </proc/swaps)" -gt 1 ] || skip "no swap space"
	both swapping
}

no_limits()
{
	up '{}' sleep 1000
	stats
	# As text: jq has no number as large as this one.
	[[ $output == *'"usage":{"limit":18446744073709551615,'* ]] || fail "$DRIVER: memory limit"
	[[ $output == *'"swap":{"limit":18446744073709551615,'* ]] || fail "$DRIVER: swap limit"
	if [ "$DRIVER" = cgroupfs ]; then
		json '.data.pids | has("limit") | not'
	else # systemd has a default
		says pids.limit "$(value pids.max)"
	fi
	says cpu.throttling "$(jq -cn --argjson n "$(key cpu.stat nr_periods)" 'if $n == 0 then {} else {periods: $n} end')"
}

@test "events: no limits" {
	both no_limits
}

throttled()
{
	up '{"cpu": {"quota": 10000, "period": 100000}}' sh -c 'while :; do :; done'
	until_stats '.data.cpu.throttling | .throttledPeriods >= 3 and .periods >= .throttledPeriods and .throttledTime > 1000000'
	stats
	local before
	before=$(said cpu.throttling.throttledTime)
	until_stats ".data.cpu.throttling.throttledTime > $before"
	ok turtle pause box
	stats
	says cpu.throttling.periods "$(key cpu.stat nr_periods)"
	says cpu.throttling.throttledPeriods "$(key cpu.stat nr_throttled)"
	says cpu.throttling.throttledTime "$(key cpu.stat throttled_usec)000"
}

@test "events: throttling is counted" {
	both throttled
}

pids_numbers()
{
	up '{"pids": {"limit": 7}}' sh -c 'sleep 1000 & sleep 1000 & echo up; wait'
	until_line "$T/out" up
	stats
	says pids '{"current":3,"limit":7}'
}

@test "events: processes and their limit" {
	both pids_numbers
}

io_numbers()
{
	local major=$((0x$(stat -Lc %t "$TURTLE_SPARE_DISK"))) minor=$((0x$(stat -Lc %T "$TURTLE_SPARE_DISK")))
	bundle "{\"devices\": [{\"allow\": true, \"type\": \"b\", \"major\": $major, \"minor\": $minor, \"access\": \"rwm\"}]}" sh -c \
		'dd if=/dev/zero of=/dev/spare bs=1M count=8 oflag=direct && dd if=/dev/spare of=/dev/null bs=1M count=4 iflag=direct &&
		echo up; exec sleep 1000'
	config --argjson major "$major" --argjson minor "$minor" \
		'.linux.devices += [{path: "/dev/spare", type: "b", major: $major, minor: $minor, fileMode: 384, uid: 0, gid: 0}]'
	ok turtle run -d box
	until_line "$T/out" up
	stats
	json ".data.blkio.ioServiceBytesRecursive | map(select(.major == $major and (.minor // 0) == $minor)) |
		map({(.op): (.value // 0)}) | add | .Write == 8388608 and .Read >= 4194304"
	json ".data.blkio.ioServicedRecursive | map(select(.major == $major and (.minor // 0) == $minor)) |
		map({(.op): (.value // 0)}) | add | .Write >= 8 and .Read >= 4"
}

@test "events: bytes and requests of a disk" {
	need_controller io
	[ -b "${TURTLE_SPARE_DISK:-}" ] || skip "no spare disk"
	both io_numbers
}

hugetlb_numbers()
{
	up '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' sleep 1000
	stats
	says 'hugetlb["2MB"]' '{"failcnt":0}'
	same "$(said 'hugetlb | keys')" \
		"$(cd "$CGROUP_DIR" && printf '%s\n' hugetlb.*.max | sed -n 's/^hugetlb\.\([^.]*\)\.max$/\1/p' | jq -cRn '[inputs] | sort')"
	# A shared mapping of a file in hugetlbfs reserves its pages.
	mkdir -p "$T/huge"
	mount -t hugetlbfs -o pagesize=2M none "$T/huge"
	( echo "$BASHPID" >"$CGROUP_DIR/cgroup.procs" && fallocate -l 4194304 "$T/huge/a" && ! fallocate -l 2097152 "$T/huge/b" ) ||
		{ umount "$T/huge" && fail "$DRIVER: huge pages"; } || return 1
	stats
	umount "$T/huge"
	same "$(said 'hugetlb["2MB"].failcnt')" "$(sed -n 's/^max //p' "$CGROUP_DIR/hugetlb.2MB.events")"
}

@test "events: huge pages" {
	need_controller hugetlb
	[ "$(</proc/sys/vm/nr_hugepages)" -ge 4 ] || skip "no huge pages on this machine"
	both hugetlb_numbers
}

pressure_numbers()
{
	up '{"cpu": {"quota": 5000, "period": 100000}}' sh -c 'while :; do :; done & while :; do :; done'
	until_stats '.data.cpu.psi.some.total > 0'
	stats
	json '[.data.cpu.psi, .data.memory.psi, .data.blkio.psi] | all(keys_unsorted == ["some", "full"])'
	json '[.data.cpu.psi[], .data.memory.psi[], .data.blkio.psi[]] | all(keys_unsorted == ["avg10", "avg60", "avg300", "total"])'
	json '[.data.cpu.psi[], .data.memory.psi[], .data.blkio.psi[]] | all(.avg10 <= 100 and .total >= 0)'
}

@test "events: pressure grows where the CPU is short" {
	[ -e /proc/pressure/cpu ] && cat /proc/pressure/cpu >/dev/null || skip "a kernel without pressure stall information"
	both pressure_numbers
}

# The other runtime of the machine, on a container like ours: the same keys, but for those that depend on a value or on
# the runtime's age.
same_keys()
{
	local keys='[.data | paths | map(if type == "number" then "[]" else . end) | join(".")] | unique
		- ["memory.cache", "memory.usage.max", "memory.swap.max"] | map(select(test("memory.raw.|blkio.io|throttling.|psi") | not))'
	# Both leave out a time of 0, which a machine that counts in ticks may well say of one that sleeps.
	up "{\"memory\": {\"limit\": 67108864}, \"pids\": {\"limit\": 7}}" sh -c 'while :; do :; done'
	until_stats '.data.cpu.usage.total > 0'
	stats
	jq -c "$keys" "$T/out" >"$T/ours"
	ok turtle delete --force box
	config '.linux.cgroupsPath = "/turtle-runc" | .ociVersion = "1.0.2"'
	runc --root "$T/runc" run -d box >/dev/null 2>&1 3>&- 4>&- || { runc --root "$T/runc" delete -f box; skip "runc does not run here"; }
	they_count() { runc --root "$T/runc" events --stats box 3>&- 4>&- >"$T/theirs" && jq -e '.data.cpu.usage.total > 0' "$T/theirs" >/dev/null; }
	until_true they_count
	runc --root "$T/runc" delete -f box 3>&- 4>&-
	jq -c "$keys" "$T/theirs" >"$T/theirs.keys"
	same "$(<"$T/ours")" "$(<"$T/theirs.keys")"
}

@test "events: the keys are runc's" {
	command -v runc >/dev/null || skip "no runc"
	DRIVER=cgroupfs
	same_keys
}
