#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every property of linux.resources, read back from the kernel's files. Each test does the same with both cgroup drivers;
# with systemd's it also asks systemd, which must have the same idea, or it would put back its own one day.
# shellcheck disable=SC2016,SC2154

load ../../integration/helpers
eval "helpers_$(declare -f teardown)"

SLICE=turtleres.slice

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
	[ "$(property LoadState)" = not-found ] || { echo "unit left behind: $UNIT" && left=1; }
	systemctl stop "$UNIT" "$SLICE" 2>/dev/null || true
	return "$left"
}

turtle()
{
	local driver=()
	[ "$DRIVER" != systemd ] || driver=(--systemd-cgroup)
	timeout --foreground -k 1 60 "$TURTLE" "${driver[@]}" --root "$STATE" "$@" 3>&- 4>&-
}

property() { systemctl show --property="$1" --value "$UNIT"; }
# Some files end their lines with a blank.
value() { sed 's/ *$//' "$CGROUP_DIR/$1"; }
need_controller() { [[ " $(<"$CGROUP_MOUNT/cgroup.controllers") " == *" $1 "* ]] || skip "no $1 controller here"; }

# need_file FILE: one of the io controller.
need_file()
{
	echo "+io" >"$CGROUP_MOUNT/cgroup.subtree_control"
	[ -e "$CGROUP_MOUNT/system.slice/$1" ] || skip "this kernel has no $1"
}

# bundle JSON: linux.resources besides the devices of the default configuration.
bundle()
{
	local place=$OWN_CGROUP
	CGROUP=$OWN_CGROUP
	if [ "$DRIVER" = systemd ]; then
		place=$SLICE:${UNIT%%-*}:${UNIT#*-}
		place=${place%.scope}
		CGROUP=/$SLICE/$UNIT
	fi
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	jq --argjson r "$1" --arg p "$place" '.linux.resources += $r | .linux.cgroupsPath = $p' base.json >config.json
}

# A container with these resources that lives.
up()
{
	bundle "$1"
	args sleep 1000
	ok turtle run -d box
}

down() { ok turtle delete --force box; }

# check WHAT...: FILE=CONTENT; Property=VALUE for systemd alone; cgroupfs:... and systemd:... for one driver.
check()
{
	local what
	for what; do
		case $what in
		cgroupfs:* | systemd:*)
			[ "${what%%:*}" = "$DRIVER" ] || continue
			what=${what#*:}
			;;
		esac
		case $what in
		[A-Z]*) [ "$DRIVER" != systemd ] || same "$(property "${what%%=*}")" "${what#*=}" "$DRIVER ${what%%=*}" || return 1 ;;
		*) same "$(value "${what%%=*}")" "${what#*=}" "$DRIVER ${what%%=*}" || return 1 ;;
		esac
	done
}

# each JSON WHAT...: a container of each driver with these resources, and what must be found then.
each()
{
	local json=$1
	shift
	for DRIVER in cgroupfs systemd; do
		up "$json" || return 1
		check "$@" || return 1
		down || return 1
	done
}

# each_refused TEXT JSON: refused with this text by both, and nothing is left of the try.
each_refused()
{
	for DRIVER in cgroupfs systemd; do
		bundle "$2"
		args true
		box_refused "$1" || return 1
		[ "$(property LoadState)" = not-found ] || fail "the unit stays" || return 1
	done
}

#
# Memory
#
@test "resources: memory.limit" {
	each '{"memory": {"limit": 15728640}}' memory.max=15728640 MemoryMax=15728640
}

@test "resources: memory.limit -1 is unlimited, and 0 is unset" {
	each '{"memory": {"limit": -1}}' memory.max=max memory.swap.max=max MemoryMax=infinity MemorySwapMax=infinity
	each '{"memory": {"limit": 0}}' memory.max=max MemoryMax=infinity
}

@test "resources: memory.reservation" {
	each '{"memory": {"reservation": 8388608}}' memory.low=8388608 MemoryLow=8388608
	each '{"memory": {"reservation": -1}}' memory.low=max MemoryLow=infinity
}

@test "resources: memory.swap is memory and swap together" {
	each '{"memory": {"limit": 16777216, "swap": 20971520}}' memory.max=16777216 memory.swap.max=4194304 \
		MemoryMax=16777216 MemorySwapMax=4194304
}

@test "resources: memory.swap equal to the limit is no swap, 0 unset, -1 unlimited" {
	each '{"memory": {"limit": 16777216, "swap": 16777216}}' memory.max=16777216 memory.swap.max=0 MemorySwapMax=0
	each '{"memory": {"limit": 16777216, "swap": 0}}' memory.max=16777216 memory.swap.max=max MemorySwapMax=infinity
	each '{"memory": {"limit": 16777216, "swap": -1}}' memory.max=16777216 memory.swap.max=max MemorySwapMax=infinity
	each '{"memory": {"limit": -1, "swap": 4194304}}' memory.max=max memory.swap.max=4194304 MemorySwapMax=4194304
}

@test "resources: memory.swap that can't be" {
	each_refused "unable to set swap limit without memory limit" '{"memory": {"swap": 16777216}}'
	each_refused "memory+swap limit should be >= memory limit" '{"memory": {"limit": 16777216, "swap": 8388608}}'
}

# charge: a cgroup for the container, with 16 MiB in use by a file that stays when its maker is gone.
charge()
{
	local above
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP" "$T/tmp"
	for above in "$TURTLE_TEST_CGROUP" "$CGROUP_BASE" "$TEST_CGROUP"; do
		echo "+memory" >"$CGROUP_MOUNT$above/cgroup.subtree_control"
	done
	mkdir "$CGROUP_DIR"
	mount -t tmpfs -o size=32m tmpfs "$T/tmp"
	sh -c 'echo $$ >"$1/cgroup.procs" && exec dd if=/dev/zero of="$2" bs=1M count=16 status=none' _ "$CGROUP_DIR" "$T/tmp/file"
	[ "$(value memory.current)" -gt 16000000 ] || fail "only $(value memory.current) in use"
}

@test "resources: memory.checkBeforeUpdate refuses limits below what is in use" {
	DRIVER=cgroupfs
	bundle '{"memory": {"limit": 33554432, "swap": 33554432, "checkBeforeUpdate": true}}'
	args true
	charge
	ok turtle run box
	umount "$T/tmp"
	[ ! -e "$CGROUP_DIR" ] || rmdir "$CGROUP_DIR"
	charge
	bundle '{"memory": {"limit": 4194304, "checkBeforeUpdate": true}}'
	args true
	refused "rejecting memory limit 4194304" turtle run box
	bundle '{"memory": {"limit": -1, "swap": 4194304, "checkBeforeUpdate": true}}'
	args true
	refused "rejecting memory+swap limit 4194304" turtle run box
	same "$(value memory.max)" max
	same "$(value memory.swap.max)" max
	umount "$T/tmp"
	rmdir "$CGROUP_DIR"
}

@test "resources: what cgroup v1 alone had is passed over" {
	each '{"memory": {"limit": 33554432, "kernel": 4194304, "kernelTCP": 4194304, "swappiness": 10, "disableOOMKiller": false,
		"useHierarchy": true}, "cpu": {"realtimeRuntime": 1000, "realtimePeriod": 10000},
		"network": {"classID": 1048577, "priorities": [{"name": "lo", "priority": 5}]},
		"blockIO": {"leafWeight": 500}}' memory.max=33554432 memory.swap.max=max
}

#
# CPU
#
@test "resources: cpu.shares by the curve" {
	each '{"cpu": {"shares": 1024}}' cpu.weight=100 CPUWeight=100
	each '{"cpu": {"shares": 2}}' cpu.weight=1 CPUWeight=1
	each '{"cpu": {"shares": 512}}' cpu.weight=59 CPUWeight=59
	each '{"cpu": {"shares": 262144}}' cpu.weight=10000 CPUWeight=10000
}

@test "resources: cpu.quota and period" {
	each '{"cpu": {"quota": 20000, "period": 50000}}' "cpu.max=20000 50000" CPUQuotaPerSecUSec=400ms CPUQuotaPeriodUSec=50ms
	each '{"cpu": {"quota": 20000}}' "cpu.max=20000 100000" CPUQuotaPerSecUSec=200ms
	each '{"cpu": {"quota": -1, "period": 50000}}' "cpu.max=max 50000" CPUQuotaPerSecUSec=infinity
}

@test "resources: a quota of a broken percentage is rounded up where systemd has a say" {
	each '{"cpu": {"quota": 12345, "period": 100000}}' "cgroupfs:cpu.max=12345 100000" "systemd:cpu.max=13000 100000" \
		CPUQuotaPerSecUSec=130ms
}

@test "resources: quotas and periods beyond the kernel's" {
	each_refused "linux.resources.cpu.quota: 999 is not between" '{"cpu": {"quota": 999}}'
	each_refused "linux.resources.cpu.period: 1000001 is not between" '{"cpu": {"quota": 20000, "period": 1000001}}'
}

@test "resources: cpu.burst" {
	each '{"cpu": {"quota": 20000, "period": 100000, "burst": 20000}}' cpu.max.burst=20000 "cpu.max=20000 100000"
	each_refused "linux.resources.cpu.burst: 20001 is more than the quota of 20000" '{"cpu": {"quota": 20000, "burst": 20001}}'
}

@test "resources: cpu.idle" {
	each '{"cpu": {"idle": 1}}' cpu.idle=1 CPUWeight=idle
	each '{"cpu": {"idle": 0, "shares": 512}}' cpu.idle=0 cpu.weight=59 CPUWeight=59
	each_refused "unable to apply both idle and a weight" '{"cpu": {"idle": 1, "shares": 512}}'
}

@test "resources: cpu.cpus and cpu.mems" {
	need_controller cpuset
	each '{"cpu": {"cpus": "1", "mems": "0"}}' cpuset.cpus=1 cpuset.mems=0 AllowedCPUs=1 AllowedMemoryNodes=0
	each '{"cpu": {"cpus": "0-1"}}' cpuset.cpus=0-1 cpuset.cpus.effective=0-1 AllowedCPUs=0-1
	each '{"cpu": {"cpus": ""}}' cpuset.cpus=
}

#
# Block devices
#
@test "resources: blockIO.weight, without bfq" {
	modprobe -r bfq 2>/dev/null || true
	[ ! -d /sys/module/bfq ] || skip "bfq can't be unloaded here"
	need_file io.weight
	each '{"blockIO": {"weight": 500}}' "io.weight=default 4950"
	each_refused "linux.resources.blockIO.weight: 1001 is not between 10 and 1000" '{"blockIO": {"weight": 1001}}'
}

# numbers: $MAJOR and $MINOR of the spare disk.
numbers() { IFS=: read -r MAJOR MINOR < <(lsblk -ndo MAJ:MIN "$TURTLE_SPARE_DISK" | tr -d ' '); }

@test "resources: blockIO.weight and weightDevice, with bfq" {
	local name=${TURTLE_SPARE_DISK##*/} before
	modprobe bfq 2>/dev/null || skip "no bfq in this kernel"
	need_file io.bfq.weight
	numbers
	before=$(sed 's/.*\[\(.*\)\].*/\1/' "/sys/block/$name/queue/scheduler")
	echo bfq >"/sys/block/$name/queue/scheduler"
	each "{\"blockIO\": {\"weight\": 500, \"weightDevice\": [{\"major\": $MAJOR, \"minor\": $MINOR, \"weight\": 200}]}}" \
		"io.bfq.weight=default 500
$MAJOR:$MINOR 200"
	echo "$before" >"/sys/block/$name/queue/scheduler"
	modprobe -r bfq || true
}

@test "resources: blockIO.throttle of all four kinds" {
	numbers
	local device="\"major\": $MAJOR, \"minor\": $MINOR"
	each "{\"blockIO\": {
		\"throttleReadBpsDevice\": [{$device, \"rate\": 1048576}], \"throttleWriteBpsDevice\": [{$device, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{$device, \"rate\": 100}], \"throttleWriteIOPSDevice\": [{$device, \"rate\": 200}]}}" \
		"io.max=$MAJOR:$MINOR rbps=1048576 wbps=2097152 riops=100 wiops=200"
	each "{\"blockIO\": {\"throttleWriteBpsDevice\": [{$device, \"rate\": 4096}]}}" \
		"io.max=$MAJOR:$MINOR rbps=max wbps=4096 riops=max wiops=max"
}

@test "resources: a throttle of a device that is not there" {
	each_refused 'linux.resources.blockIO.throttleReadBpsDevice[0]: write "4000:7 rbps=1" to io.max' \
		'{"blockIO": {"throttleReadBpsDevice": [{"major": 4000, "minor": 7, "rate": 1}]}}'
}

#
# Numbers of things
#
@test "resources: pids.limit" {
	each '{"pids": {"limit": 7}}' pids.max=7 TasksMax=7
	each '{"pids": {"limit": 0}}' pids.max=1 TasksMax=1
	each '{"pids": {"limit": -1}}' pids.max=max TasksMax=infinity
	each '{"pids": {}}' cgroupfs:pids.max=max
}

@test "resources: hugepageLimits, and what is reserved" {
	need_controller hugetlb
	each '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max=4194304
	each '{"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}' hugetlb.2MB.max=0 hugetlb.2MB.rsvd.max=0
	each_refused "hugetlb.3MB.max" '{"hugepageLimits": [{"pageSize": "3MB", "limit": 4194304}]}'
}

@test "resources: rdma" {
	need_controller rdma
	modprobe rdma_rxe 2>/dev/null || skip "no software RDMA in this kernel"
	ip link add rdma0 type dummy 2>/dev/null && ip link set rdma0 up
	if ! rdma link add rxe0 type rxe netdev rdma0 2>/dev/null; then
		ip link del rdma0
		skip "no RDMA device can be made here"
	fi
	each '{"rdma": {"rxe0": {"hcaHandles": 3, "hcaObjects": 10000}}}' "rdma.max=rxe0 hca_handle=3 hca_object=10000"
	each '{"rdma": {"rxe0": {"hcaObjects": 5}}}' "rdma.max=rxe0 hca_handle=max hca_object=5"
	each '{"unified": {"rdma.max": "rxe0 hca_handle=7"}}' "rdma.max=rxe0 hca_handle=7 hca_object=max"
	each '{"rdma": {"rxe0": {"hcaHandles": 3}}, "unified": {"rdma.max": "rxe0 hca_object=9"}}' \
		"rdma.max=rxe0 hca_handle=3 hca_object=9"
	each_refused 'linux.resources.rdma.nosuch: write "nosuch hca_handle=1" to rdma.max' '{"rdma": {"nosuch": {"hcaHandles": 1}}}'
	# The device stays: Linux 6.12 corrupts a list when one that had limits goes. The machine is thrown away anyway.
}

@test "resources: misc, by unified" {
	need_controller misc
	# Only processors with encrypted guests have such resources; the controller itself must have been switched on.
	local resource
	read -r resource _ <"$CGROUP_MOUNT/misc.capacity" || true
	if [ -n "${resource:-}" ]; then
		each "{\"unified\": {\"misc.max\": \"$resource 1\"}}" "misc.max=$resource 1"
	fi
	each_refused 'linux.resources.unified.misc.max: write "nosuch 1" to misc.max' '{"unified": {"misc.max": "nosuch 1"}}'
}

#
# Unified
#
@test "resources: unified comes last" {
	each '{"memory": {"limit": 16777216}, "pids": {"limit": 5}, "cpu": {"shares": 2},
		"unified": {"memory.max": "33554432", "pids.max": "9", "cpu.weight": "50"}}' \
		memory.max=33554432 pids.max=9 cpu.weight=50 MemoryMax=33554432 TasksMax=9 CPUWeight=50
}

@test "resources: unified files that systemd has properties for" {
	each '{"unified": {"memory.high": "64M", "memory.low": "8388608", "memory.min": "4194304", "memory.swap.max": "0",
		"memory.oom.group": "1", "cpu.max": "30000 100000"}}' \
		memory.high=67108864 memory.low=8388608 memory.min=4194304 memory.swap.max=0 memory.oom.group=1 "cpu.max=30000 100000" \
		MemoryHigh=67108864 MemoryLow=8388608 MemoryMin=4194304 MemorySwapMax=0 OOMPolicy=kill CPUQuotaPerSecUSec=300ms
}

@test "resources: unified files that it has none for, core files, one line a write" {
	numbers
	each "{\"unified\": {\"cgroup.max.depth\": \"3\", \"cgroup.max.descendants\": \"5\\n6\", \"cpu.weight.nice\": \"5\",
		\"io.max\": \"$MAJOR:$MINOR rbps=1048576\\n$MAJOR:$MINOR wiops=7\"}}" \
		cgroup.max.depth=3 cgroup.max.descendants=6 cpu.weight.nice=5 \
		"io.max=$MAJOR:$MINOR rbps=1048576 wbps=max riops=max wiops=7"
}

@test "resources: unified of a controller that is not there, of a file that is not there, of a wrong value" {
	each_refused 'controller "nosuch" not available' '{"unified": {"nosuch.max": "1"}}'
	each_refused 'linux.resources.unified.memory.nosuch: open memory.nosuch' '{"unified": {"memory.nosuch": "1"}}'
	each_refused 'linux.resources.unified.memory.oom.group' '{"unified": {"memory.oom.group": "2"}}'
	each_refused 'must be a file name' '{"unified": {"../memory.max": "1"}}'
}

#
# What systemd does later
#
@test "resources: systemd writes our values when it writes" {
	DRIVER=systemd
	up '{"memory": {"limit": 33554432, "swap": 41943040, "reservation": 8388608}, "pids": {"limit": 33},
		"cpu": {"shares": 512, "quota": 12345, "period": 100000}}'
	local want=(memory.max=33554432 memory.swap.max=8388608 memory.low=8388608 cpu.weight=59 "cpu.max=13000 100000")
	check "${want[@]}" pids.max=33
	systemctl daemon-reload
	check "${want[@]}" pids.max=33
	# One property that is changed has systemd write the others of its controller, too.
	ok systemctl set-property --runtime "$UNIT" TasksMax=44 MemoryHigh=30000000 CPUAccounting=no IOWeight=50
	check "${want[@]}" pids.max=44
	down
}

@test "resources: systemd writes our set of processors when it writes" {
	need_controller cpuset
	DRIVER=systemd
	up '{"cpu": {"cpus": "1", "mems": "0"}}'
	systemctl daemon-reload
	ok systemctl set-property --runtime "$UNIT" AllowedMemoryNodes=
	check cpuset.cpus=1
	ok systemctl set-property --runtime "$UNIT" AllowedMemoryNodes=0 CPUWeight=50
	check cpuset.cpus=1 cpuset.mems=0 cpu.weight=50
	down
}

@test "resources: systemd understands the list of devices" {
	DRIVER=systemd
	up '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 200, "minor": 7, "access": "r"},
		{"allow": true, "type": "c", "major": 201, "access": "rw"}, {"allow": true, "type": "b", "major": 8, "minor": 0, "access": "w"}]}'
	check DevicePolicy=strict
	local allow
	allow=$(property DeviceAllow)
	for entry in "block-* m" "char-* m" "/dev/block/8:0 wm" "/dev/char/1:3 rwm" "char-136 rwm" "/dev/char/200:7 rm" "char-201 rwm"; do
		[[ $allow == *"$entry"* ]] || fail "no $entry in: $allow"
	done
	# It says so when it can make nothing of an entry.
	journalctl --quiet --boot --unit "$UNIT" >"$T/journal"
	! grep -iE "device|ignor|fail|couldn" "$T/journal" || fail "systemd complains"
	down
}

@test "resources: a container that may use every device has no list" {
	DRIVER=systemd
	up '{"devices": [{"allow": true, "access": "rwm"}]}'
	check DevicePolicy=auto DeviceAllow=
	down
}

@test "resources: properties by annotations" {
	DRIVER=systemd
	bundle '{}'
	config '.annotations += {"org.systemd.property.TimeoutStopSec": "uint64 90", "org.systemd.property.KillSignal": "15",
		"org.systemd.property.After": "[\"basic.target\"]", "org.systemd.property.MemoryHigh": "uint64 50000000",
		"org.systemd.property.CollectMode": "\u0027inactive\u0027"}'
	args sleep 1000
	ok turtle run -d box
	check "TimeoutStopUSec=1min 30s" KillSignal=15 MemoryHigh=50000000 CollectMode=inactive
	[[ $(property After) == *basic.target* ]] || fail "After: $(property After)"
	down
	local name
	for name in ExecStartPre Delegate ab memory1; do
		bundle '{}'
		config --arg k "org.systemd.property.$name" '.annotations[$k] = "1"'
		args true
		box_refused "annotation org.systemd.property.$name"
	done
	bundle '{}'
	config '.annotations["org.systemd.property.MemoryHigh"] = "[1,"'
	args true
	box_refused "MemoryHigh"
	[ "$(property LoadState)" = not-found ] || fail "the unit stays"
}
