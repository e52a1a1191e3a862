# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# turtle update against every controller, and one test for each flag: functions, which update-cgroupfs.bats and
# update-systemd.bats call as their tests. DRIVER says which; what is looked at are the kernel's files, and with systemd also
# what the unit says.
# shellcheck disable=SC2154

load ../../integration/helpers

setup()
{
	box_setup
	[ "$DRIVER" = systemd ] || return 0
	UNIT=t-update$BATS_TEST_NUMBER.scope
	CGROUP=/turtletest.slice/$UNIT
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	config --arg path "turtletest.slice:t:update$BATS_TEST_NUMBER" '.linux.cgroupsPath = $path'
}

turtle()
{
	timeout --foreground -k 1 60 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# up [RESOURCES]: a running container. The driver is only said here: the state remembers it.
up()
{
	config --argjson r "${1:-{\}}" '.linux.resources += $r'
	args sleep 1000
	if [ "$DRIVER" = systemd ]; then
		ok turtle --systemd-cgroup run -d box
	else
		ok turtle run -d box
	fi
}

value() { cat "$CGROUP_DIR/$1"; }
# saw FILE VALUE
saw() { same "$(value "$1")" "$2" "$1"; }

# property NAME VALUE: what the unit says, where there is one; and that it still holds when systemd starts anew.
property()
{
	[ "$DRIVER" = systemd ] || return 0
	same "$(systemctl show --property="$1" --value "$UNIT")" "$2" "$1 of the unit"
}

reload() { [ "$DRIVER" != systemd ] || systemctl daemon-reload; }

need_uml_not() { [ "$TURTLE_VM" != uml ] || skip "not in UML"; }

# from JSON
from()
{
	printf '%s' "$1" >"$T/resources.json"
	turtle update --resources="$T/resources.json" box
}

FILES='memory.max memory.swap.max memory.low memory.high memory.min memory.oom.group pids.max cpu.weight cpu.max cpu.max.burst
	cpu.idle cpuset.cpus cpuset.mems io.max io.weight io.bfq.weight hugetlb.2MB.max hugetlb.2MB.rsvd.max misc.max
	cgroup.max.depth cgroup.max.descendants'
PROPERTIES='MemoryMax,MemorySwapMax,MemoryLow,MemoryHigh,MemoryMin,TasksMax,CPUWeight,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,AllowedCPUs,AllowedMemoryNodes'

everything()
{
	local file
	for file in $FILES; do
		[ ! -e "$CGROUP_DIR/$file" ] || grep -H '' "$CGROUP_DIR/$file" || true
	done
	[ "$DRIVER" != systemd ] || systemctl show --property="$PROPERTIES" "$UNIT"
}

# unchanged COMMAND...: files and unit must say afterwards what they said before, also after a reload.
unchanged()
{
	local before
	before=$(everything)
	"$@"
	same "$(everything)" "$before" "what holds"
	reload
	same "$(everything)" "$before" "what holds after a reload"
}

# A device that I/O can be limited for: $MAJMIN.
device()
{
	MAJMIN=$((0x$(stat -c %t "$TURTLE_SPARE_DISK"))):$((0x$(stat -c %T "$TURTLE_SPARE_DISK")))
}

#
# One for each flag.
#
update_memory()
{
	up '{"memory": {"limit": 67108864, "swap": 100663296}}'
	ok turtle update --memory 48m box
	saw memory.max 50331648
	saw memory.swap.max 33554432
	property MemoryMax 50331648
	ok turtle update --memory 1g box
	saw memory.max 1073741824
	reload
	saw memory.max 1073741824
}

update_memory_unlimited()
{
	up '{"memory": {"limit": 67108864, "swap": 100663296}}'
	ok turtle update --memory -1 box
	saw memory.max max
	saw memory.swap.max max
	property MemoryMax infinity
	property MemorySwapMax infinity
	reload
	saw memory.max max
	saw memory.swap.max max
}

update_memory_swap()
{
	up '{"memory": {"limit": 67108864, "swap": 100663296}}'
	ok turtle update --memory 200m --memory-swap 300m box
	saw memory.max 209715200
	saw memory.swap.max 104857600
	property MemorySwapMax 104857600
	ok turtle update --memory 32m --memory-swap 48m box
	saw memory.max 33554432
	saw memory.swap.max 16777216
	ok turtle update --memory 32m --memory-swap 32m box
	saw memory.swap.max 0
	ok turtle update --memory-swap -1 box
	saw memory.swap.max max
	saw memory.max 33554432
	# The sum alone: with the limit of memory that holds.
	ok turtle update --memory-swap 64m box
	saw memory.swap.max 33554432
	saw memory.max 33554432
	property MemorySwapMax 33554432
	unchanged refused "memory+swap limit should be >= memory limit" turtle update --memory-swap 16m box
	ok turtle update --memory -1 box
	unchanged refused "unable to set swap limit without memory limit" turtle update --memory-swap 64m box
}

update_memory_reservation()
{
	up
	ok turtle update --memory-reservation 24m box
	saw memory.low 25165824
	property MemoryLow 25165824
	ok turtle update --memory-reservation 0 box
	saw memory.low 25165824
}

update_pids_limit()
{
	up '{"pids": {"limit": 20}}'
	ok turtle update --pids-limit 10 box
	saw pids.max 10
	property TasksMax 10
	ok turtle update --pids-limit 0 box
	saw pids.max 10
	ok turtle update --pids-limit -1 box
	saw pids.max max
	property TasksMax infinity
}

update_cpu_share()
{
	up
	ok turtle update --cpu-share 2048 box
	saw cpu.weight 174
	property CPUWeight 174
	ok turtle update --cpu-share 1024 box
	saw cpu.weight 100
}

update_cpu_quota_and_period()
{
	up '{"cpu": {"quota": 50000, "period": 100000}}'
	ok turtle update --cpu-quota 40000 box
	saw cpu.max "40000 100000"
	property CPUQuotaPerSecUSec 400ms
	ok turtle update --cpu-period 200000 box
	saw cpu.max "40000 200000"
	property CPUQuotaPerSecUSec 200ms
	ok turtle update --cpu-quota 10000 --cpu-period 50000 box
	saw cpu.max "10000 50000"
	reload
	saw cpu.max "10000 50000"
	ok turtle update --cpu-quota -1 box
	saw cpu.max "max 50000"
	property CPUQuotaPerSecUSec infinity
	reload
	saw cpu.max "max 50000"
}

update_kernel_is_the_truth()
{
	up '{"cpu": {"quota": 50000, "period": 100000}}'
	[ "$DRIVER" = cgroupfs ] || systemctl set-property --runtime "$UNIT" CPUQuota=30%
	[ "$DRIVER" = systemd ] || echo "30000 100000" >"$CGROUP_DIR/cpu.max"
	saw cpu.max "30000 100000"
	ok turtle update --cpu-period 200000 box
	saw cpu.max "30000 200000"
}

update_cpu_burst()
{
	up '{"cpu": {"quota": 50000, "period": 100000}}'
	ok turtle update --cpu-burst 30000 box
	saw cpu.max.burst 30000
	unchanged refused "linux.resources.cpu.burst: 60000 is more than the quota of 50000" turtle update --cpu-burst 60000 box
	unchanged refused "linux.resources.cpu.quota: 20000 is less than the burst of 30000" turtle update --cpu-quota 20000 box
	ok turtle update --cpu-quota 20000 --cpu-burst 10000 box
	saw cpu.max "20000 100000"
	saw cpu.max.burst 10000
	ok turtle update --cpu-quota 90000 --cpu-burst 80000 box
	saw cpu.max "90000 100000"
	saw cpu.max.burst 80000
	ok turtle update --cpu-burst 0 box
	saw cpu.max.burst 0
}

update_cpu_idle()
{
	up '{"cpu": {"shares": 2048}}'
	ok turtle update --cpu-idle 1 box
	saw cpu.idle 1
	reload
	saw cpu.idle 1
	unchanged refused "linux.resources.cpu.shares: unable to apply both idle and a weight (the container is idle" turtle update --cpu-share 2048 box
	ok turtle update --cpu-idle 0 box
	saw cpu.idle 0
	saw cpu.weight 100
	ok turtle update --cpu-idle 1 box
	ok turtle update --cpu-idle 0 --cpu-share 2048 box
	saw cpu.idle 0
	saw cpu.weight 174
	refused "unable to apply both" turtle update --cpu-idle 1 --cpu-share 100 box
}

update_cpuset()
{
	need_uml_not
	up '{"cpu": {"cpus": "0-1"}}'
	ok turtle update --cpuset-cpus 1 --cpuset-mems 0 box
	saw cpuset.cpus 1
	saw cpuset.mems 0
	property AllowedCPUs 1
	property AllowedMemoryNodes 0
	same "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(init_pid)/status")" 1
	ok turtle update --cpuset-cpus 0 box
	saw cpuset.cpus 0
	reload
	saw cpuset.cpus 0
	unchanged refused "linux.resources.cpu.cpus" turtle update --cpuset-cpus 0-x box
}

update_blkio_weight()
{
	up
	local file=io.bfq.weight weight=500
	[ -e "$CGROUP_DIR/$file" ] || file=io.weight weight=4950
	[ -e "$CGROUP_DIR/$file" ] || skip "this kernel has no weights for I/O"
	ok turtle update --blkio-weight 500 box
	same "$(value "$file" | head -n 1)" "default $weight"
	unchanged ok turtle update --blkio-weight 0 box
}

update_v1_only()
{
	up
	unchanged ok turtle update --kernel-memory 5m --kernel-memory-tcp 5m --cpu-rt-period 1000 --cpu-rt-runtime 500 box
}

#
# Documents, as engines send them.
#
update_docker_zeros()
{
	up '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 8388608}, "cpu": {"shares": 2048, "quota": 50000}, "pids": {"limit": 20}}'
	unchanged ok from '{"memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 0}, "cpu": {"shares": 0, "quota": 0,
		"period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""}, "pids": {"limit": 0}, "blockIO": {"weight": 0}}'
	ok turtle update --resources=- box <<<'{"memory": {"limit": 50331648, "swap": 50331648}, "cpu": {"shares": 0, "quota": 0, "period": 0}, "pids": {"limit": -1}}'
	saw memory.max 50331648
	saw memory.swap.max 0
	saw memory.low 8388608
	saw cpu.weight 174
	saw cpu.max "50000 100000"
	saw pids.max max
}

update_crio()
{
	up '{"cpu": {"shares": 2048}}'
	ok turtle update --resources - box <<<'{"cpu": {"shares": 512, "quota": 20000, "period": 100000, "cpus": "", "mems": ""},
		"memory": {"limit": 134217728, "swap": 134217728}, "unified": {"memory.oom.group": "1", "memory.high": "100000000"}}'
	saw cpu.weight 59
	saw cpu.max "20000 100000"
	saw memory.max 134217728
	saw memory.swap.max 0
	saw memory.oom.group 1
	saw memory.high 99999744
	reload
	saw memory.oom.group 1
	saw memory.high 99999744
}

update_io_max()
{
	up
	device
	ok from "$(jq -nc --argjson a "${MAJMIN%:*}" --argjson i "${MAJMIN#*:}" \
		'{blockIO: {throttleReadBpsDevice: [{major: $a, minor: $i, rate: 1048576}], throttleWriteIOPSDevice: [{major: $a, minor: $i, rate: 50}]}}')"
	saw io.max "$MAJMIN rbps=1048576 wbps=max riops=max wiops=50"
	ok from "$(jq -nc --argjson a "${MAJMIN%:*}" --argjson i "${MAJMIN#*:}" \
		'{blockIO: {throttleReadBpsDevice: [{major: $a, minor: $i, rate: 2097152}]}}')"
	saw io.max "$MAJMIN rbps=2097152 wbps=max riops=max wiops=50"
}

update_hugepages()
{
	need_uml_not
	up
	ok from '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	saw hugetlb.2MB.max 4194304
	saw hugetlb.2MB.rsvd.max 4194304
	reload
	saw hugetlb.2MB.max 4194304
}

update_check_before()
{
	up '{"memory": {"limit": 67108864}}'
	unchanged refused "rejecting memory limit 4096" from '{"memory": {"limit": 4096, "checkBeforeUpdate": true}, "pids": {"limit": 3}}'
	unchanged refused "rejecting memory+swap limit" from '{"memory": {"limit": -1, "swap": 4096, "checkBeforeUpdate": true}, "pids": {"limit": 3}}'
	ok from '{"memory": {"limit": 33554432, "checkBeforeUpdate": true}}'
	saw memory.max 33554432
}

#
# All or nothing.
#
update_put_back()
{
	up '{"memory": {"limit": 67108864, "swap": 100663296}, "cpu": {"shares": 2048, "quota": 50000, "burst": 40000}, "pids": {"limit": 20}}'
	local cpuset='{"cpus": "0", "mems": "0"}'
	[ "$TURTLE_VM" != uml ] || cpuset='{}'
	device
	echo "$MAJMIN rbps=1048576 wiops=50" >"$CGROUP_DIR/io.max"
	unchanged refused 'linux.resources.unified.cgroup.max.descendants: write "many" to cgroup.max.descendants' \
		from "$(jq -nc --argjson a "${MAJMIN%:*}" --argjson i "${MAJMIN#*:}" --argjson s "$cpuset" '{
			memory: {limit: 50331648, swap: 50331648, reservation: 4096},
			cpu: ({shares: 512, quota: 20000, burst: 10000} + $s),
			pids: {limit: 7},
			blockIO: {throttleReadBpsDevice: [{major: $a, minor: $i, rate: 4096}], throttleWriteBpsDevice: [{major: $a, minor: $i, rate: 4096}]},
			unified: {"memory.high": "40000000", "cgroup.max.depth": "7", "cgroup.max.descendants": "many"}}')"
	[[ $stderr != *"put back"* ]] || fail "something was not put back: $stderr"
}

update_idle_back()
{
	up '{"cpu": {"shares": 2048}}'
	unchanged refused 'cgroup.max.depth: write "many"' from '{"cpu": {"idle": 1}, "unified": {"cgroup.max.depth": "many"}}'
	saw cpu.weight 174
	ok turtle update --cpu-idle 1 box
	unchanged refused 'cgroup.max.depth: write "many"' from '{"cpu": {"idle": 0, "shares": 512}, "unified": {"cgroup.max.depth": "many"}}'
	saw cpu.idle 1
}

update_no_device()
{
	up '{"pids": {"limit": 20}}'
	unchanged refused "linux.resources.blockIO.throttleReadBpsDevice[0]: write \"4095:1 rbps=5\" to io.max of cgroup $CGROUP: No such device" \
		from '{"pids": {"limit": 5}, "blockIO": {"throttleReadBpsDevice": [{"major": 4095, "minor": 1, "rate": 5}]}}'
}

update_statuses()
{
	args sleep 1000
	if [ "$DRIVER" = systemd ]; then ok turtle --systemd-cgroup create box; else ok turtle create box; fi
	ok turtle update --pids-limit 30 box
	saw pids.max 30
	same "$(state_of box)" created
	ok turtle start box
	ok turtle pause box
	ok turtle update --pids-limit 40 --memory 100m --cpu-quota 20000 box
	saw pids.max 40
	saw memory.max 104857600
	same "$(state_of box)" paused
	ok turtle resume box
	same "$(state_of box)" running
	ok turtle kill box KILL
	until_true stopped box
	refused "container not running" turtle update --pids-limit 50 box
}

update_felt()
{
	config '.root.readonly = false'
	mkfifo "$ROOTFS/go"
	args sh -c 'echo up >/said; read word </go; (true) && (true | true | true | true) 2>>/said && echo forked >>/said; echo end >>/said'
	if [ "$DRIVER" = systemd ]; then ok turtle --systemd-cgroup run -d box; else ok turtle run -d box; fi
	until_line "$ROOTFS/said" up
	ok turtle update --pids-limit 2 box
	echo go >"$ROOTFS/go"
	until_line "$ROOTFS/said" end
	! grep -qx forked "$ROOTFS/said" || fail "it had more processes than 2"
	grep -q "fork" "$ROOTFS/said" || fail "$(<"$ROOTFS/said")"
}
