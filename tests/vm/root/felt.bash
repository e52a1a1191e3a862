# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Limits as they are felt by the programs in a container and seen by a stop-watch outside: functions, which
# felt-cgroupfs.bats and felt-systemd.bats call as their tests. DRIVER says which.
# shellcheck disable=SC2154

load ../../integration/helpers

setup()
{
	box_setup
	[ "$DRIVER" = systemd ] || return 0
	CGROUP=/turtletest.slice/t-felt$BATS_TEST_NUMBER.scope
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	config --arg path "turtletest.slice:t:felt$BATS_TEST_NUMBER" '.linux.cgroupsPath = $path'
}

turtle()
{
	timeout --foreground -k 1 90 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# container VERB OPTION...: create or run, with the driver.
container()
{
	if [ "$DRIVER" = systemd ]; then turtle --systemd-cgroup "$@"; else turtle "$@"; fi
}

# A program that eats memory in 15 MB is killed there, and `events` tells. First it is a child of init, so that the cgroup
# is still there when events looks; then it is init.
felt_memory()
{
	config '.linux.resources.memory = {limit: 15728640, swap: 15728640} | .root.readonly = false'
	# shellcheck disable=SC2016
	args sh -c 'until [ -e /tmp/go ]; do sleep 0.1; done; (a=0123456789abcdef; while :; do a=$a$a; done); echo $? >/tmp/went; sleep 100'
	ok container run -d box
	turtle events --interval 200ms box >"$T/events" &
	until_line "$CGROUP_DIR/memory.max" 15728640
	until_true grep -q '"type":"stats"' "$T/events"
	touch "$ROOTFS/tmp/go"
	until_line "$ROOTFS/tmp/went" 137
	until_true grep -qx '{"type":"oom","id":"box"}' "$T/events"
	turtle delete --force box
	wait $!
	# shellcheck disable=SC2016
	args sh -c 'a=0123456789abcdef; while :; do a=$a$a; done'
	call container run box
	same "$status" 137
}

# With 7 processes the eighth fork fails with EAGAIN.
felt_pids()
{
	config '.linux.resources.pids = {limit: 7}'
	# shellcheck disable=SC2016
	args sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 100 & echo "$i made"; done'
	call container run box
	[ "$status" -ne 0 ] || fail "no fork failed"
	# The shell is the first.
	has "6 made"
	hasnt "7 made"
	[[ $stderr == *"Resource temporarily unavailable"* ]] || fail "another error"
	config '.linux.resources.pids = {limit: -1}'
	ok container run box
	has "8 made"
}

# Two busy loops in a fifth of a CPU get a fifth together.
felt_cpu()
{
	local before after percent
	config '.linux.resources.cpu = {quota: 20000, period: 100000}'
	args sh -c 'while :; do :; done & while :; do :; done'
	ok container run -d box
	until_line "$CGROUP_DIR/cpu.max" "20000 100000"
	before=$(used_and_now)
	sleep 5
	after=$(used_and_now)
	# shellcheck disable=SC2086 # two numbers each
	percent=$(awk -v b="$before" -v a="$after" 'BEGIN { split(b, x); split(a, y); print (y[1] - x[1]) / (y[2] - x[2]) * 100 }')
	echo "# $percent % of a CPU"
	awk -v p="$percent" 'BEGIN { exit !(p >= 17 && p <= 23) }' || fail "$percent % of a CPU"
	same "$(wc -l <"$CGROUP_DIR/cgroup.procs")" 2 "loops"
}

# Microseconds: what the container has used, and the time.
used_and_now()
{
	echo "$(sed -n 's/^usage_usec //p' "$CGROUP_DIR/cpu.stat") ${EPOCHREALTIME/[.,]/}"
}

# All threads stay on the CPU of the set, whatever else there is.
felt_cpuset()
{
	local pid task cpu i
	[ "$TURTLE_VM" != uml ] || skip "no cpuset controller in user-mode Linux"
	config '.linux.resources.cpu = {cpus: "1", mems: "0"}'
	args sh -c 'while :; do :; done & while :; do :; done & while :; do :; done'
	ok container run -d box
	until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" = 3 ]'
	for ((i = 0; i < 10; i++)); do
		while read -r pid; do
			for task in /proc/"$pid"/task/*; do
				# Field 39, counted from behind the name: the CPU it last ran on.
				cpu=$(sed 's/.*) //' "$task/stat" | cut -d' ' -f37)
				same "$cpu" 1 "the CPU of $task"
			done
			same "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$pid/status")" 1
		done <"$CGROUP_DIR/cgroup.procs"
		sleep 0.1
	done
}

# 4 MiB a second: 8 MiB written past the cache take two seconds, and not much more.
felt_io()
{
	local device took
	device=$(lsblk -dno MAJ:MIN "$TURTLE_SPARE_DISK" | tr -d ' ')
	config --argjson major "${device%:*}" --argjson minor "${device#*:}" '
		.linux.devices = [{path: "/dev/spare", type: "b", major: $major, minor: $minor, fileMode: 438}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "b", major: $major, minor: $minor, access: "rw"}]
		| .linux.resources.blockIO = {throttleWriteBpsDevice: [{major: $major, minor: $minor, rate: 4194304}]}'
	args dd if=/dev/zero of=/dev/spare bs=1M count=8 oflag=direct
	ok_timed container run box
	took=$TOOK
	[ "$took" -ge 1600 ] || fail "8 MiB at 4 MiB/s in $took ms"
	config 'del(.linux.resources.blockIO)'
	ok_timed container run box
	[ "$TOOK" -lt "$took" ] || fail "no faster without the limit: $TOOK and $took ms"
}

# ok_timed COMMAND...: must succeed; sets $TOOK in milliseconds. dd reports on stderr.
ok_timed()
{
	local start=${EPOCHREALTIME/[.,]/}
	call "$@"
	TOOK=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	same "$status" 0
}

# A device outside of the rules gives EPERM, one inside works; also after an update, and after systemd has read its files.
felt_devices()
{
	local i=0 action
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 237, access: "rw"}]
		| .linux.devices = [{path: "/dev/in", type: "c", major: 10, minor: 237, fileMode: 438},
			{path: "/dev/out", type: "c", major: 1, minor: 11, fileMode: 438}]
		| .root.readonly = false'
	modprobe loop 2>/dev/null || true
	# shellcheck disable=SC2016
	args sh -c 'i=0; while :; do if [ -e "/tmp/ask$i" ]; then
			( ( : </dev/in ) 2>&1 && echo in yes; ( : </dev/out ) 2>&1 && echo out yes ) >"/tmp/new$i"
			mv "/tmp/new$i" "/tmp/said$i"; i=$((i+1)); fi; sleep 0.1; done'
	ok container run -d box
	for action in true "turtle update --pids-limit 99 --memory 64M box" "systemctl daemon-reload"; do
		$action
		touch "$ROOTFS/tmp/ask$i"
		until_true test -e "$ROOTFS/tmp/said$i"
		output=$(<"$ROOTFS/tmp/said$i")
		# UML has no loop-control; then "inside" is seen by another error than EPERM.
		lacks "/dev/in: Operation not permitted" "out yes"
		[ ! -e /dev/loop-control ] || has "in yes"
		matches "out.*Operation not permitted"
		i=$((i + 1))
	done
}

# The smallest limits: true runs in 512 KiB.
felt_smallest()
{
	local i
	config '.linux.resources.memory = {limit: 524288}'
	args true
	for i in 1 2 3; do
		ok container run box
	done
}
