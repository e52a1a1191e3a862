#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd driver against a real systemd: units made, units gone, and what they say in between.
# shellcheck disable=SC2154

load ../../integration/helpers
eval "helpers_$(declare -f teardown)"

SLICE=turtletest.slice

setup()
{
	box_setup
	NAME=box$BATS_TEST_NUMBER
	UNIT=t-$NAME.scope
	at "$SLICE:t:$NAME" "/$SLICE/$UNIT"
}

# at CGROUPSPATH PATH: where the bundle's container is to be, and where that is.
at()
{
	CGROUP=$2
	CGROUP_DIR=$CGROUP_MOUNT$2
	config --arg path "$1" '.linux.cgroupsPath = $path'
}

turtle()
{
	timeout --foreground -k 1 60 "$TURTLE" --systemd-cgroup --root "$STATE" "$@" 3>&- 4>&-
}

# The driver is in the state: other commands don't say it.
plain()
{
	timeout --foreground -k 1 60 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# property NAME [UNIT]
property() { systemctl show --property="$1" --value "${2:-$UNIT}"; }
# Any name of a slice is one that could be started: what counts is whether it is.
unit_gone()
{
	case ${1:-$UNIT} in
	*.slice) [ "$(property ActiveState "${1:-$UNIT}")" = inactive ] ;;
	*) [ "$(property LoadState "${1:-$UNIT}")" = not-found ] ;;
	esac
}

# gone [UNIT]: neither unit nor cgroup.
gone()
{
	unit_gone "${1:-$UNIT}" || fail "unit ${1:-$UNIT} is there: $(systemctl status --no-pager "${1:-$UNIT}")" || return 1
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup is there"
}

teardown()
{
	local left=0
	[ -n "${T:-}" ] || return 0
	helpers_teardown || left=1
	unit_gone || { echo "unit left behind: $(systemctl status --no-pager "$UNIT")" && left=1; }
	systemctl stop "$SLICE" "$UNIT" 2>/dev/null || true
	systemctl reset-failed "$UNIT" 2>/dev/null || true
	return "$left"
}

# living: a created and started container that sleeps.
living()
{
	args sleep 1000
	ok turtle create box
	ok turtle start box
}

@test "systemd: the life of a container is that of a scope" {
	living
	local pid
	pid=$(init_pid)
	same "$(property ActiveState)" active
	same "$(property Slice)" "$SLICE"
	same "$(property ControlGroup)" "$CGROUP"
	same "$(property Delegate)" yes
	same "$(property DefaultDependencies)" no
	same "$(</proc/"$pid"/cgroup)" "0::$CGROUP"
	same "$(jq -r .container.systemdUnit "$STATE/box/state.json")" "$UNIT"
	same "$(turtle state box | jq -r ".\"systemd-scope\"")" "$UNIT"
	same "$(jq -r .container.cgroupManager "$STATE/box/state.json")" systemd
	ok plain kill box KILL
	until_true stopped box
	ok plain delete box
	gone
}

@test "systemd: run, and its unit goes with it" {
	box sh -c 'cat /proc/self/cgroup; exit 0'
	is 0::/
	gone
	try sh -c 'exit 7'
	same "$status" 7
	gone
}

@test "systemd: --cgroup-manager=systemd is the same" {
	args sleep 1000
	ok plain --cgroup-manager=systemd create box
	same "$(property ActiveState)" active
	ok plain delete --force box
	gone
}

@test "systemd: the container sees its own cgroup in a cgroup mount, without a cgroup namespace the whole path" {
	box sh -c 'cat /sys/fs/cgroup/cgroup.procs | head -n 1'
	is 1
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	box cat /proc/self/cgroup
	is "0::$CGROUP"
}

@test "systemd: limits are properties of the unit and stand in the files" {
	config '.linux.resources = {
		memory: {limit: 67108864, reservation: 33554432, swap: 100663296},
		cpu: {shares: 2048, quota: 25000, period: 100000},
		pids: {limit: 33}}'
	living
	same "$(property MemoryMax)" 67108864
	same "$(property MemoryLow)" 33554432
	same "$(property MemorySwapMax)" 33554432
	same "$(property CPUQuotaPerSecUSec)" 250ms
	same "$(property TasksMax)" 33
	same "$(<"$CGROUP_DIR/memory.max")" 67108864
	same "$(<"$CGROUP_DIR/memory.low")" 33554432
	same "$(<"$CGROUP_DIR/memory.swap.max")" 33554432
	same "$(<"$CGROUP_DIR/cpu.max")" "25000 100000"
	same "$(<"$CGROUP_DIR/pids.max")" 33
	same "$(property CPUWeight)" "$(<"$CGROUP_DIR/cpu.weight")"
	# systemd has its own idea of the unit, and writes it down again.
	systemctl daemon-reload
	same "$(<"$CGROUP_DIR/memory.max")" 67108864
	same "$(<"$CGROUP_DIR/cpu.max")" "25000 100000"
	same "$(<"$CGROUP_DIR/pids.max")" 33
}

@test "systemd: a controller that systemd knows nothing of is switched on for a limit" {
	[ "$TURTLE_VM" != uml ] || skip "no hugetlb controller in UML"
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	living
	same "$(<"$CGROUP_DIR/hugetlb.2MB.max")" 4194304
}

@test "systemd: the forms of cgroupsPath" {
	local form unit path
	while read -r form unit path; do
		UNIT=$unit
		at "$form" "$path/$unit"
		living
		same "$(property ControlGroup "$unit")" "$CGROUP" "$form"
		same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP" "$form"
		ok plain delete --force box
		gone "$unit" || return 1
	done <<-END
		turtletest-a-b.slice:p:n p-n.scope /turtletest.slice/turtletest-a.slice/turtletest-a-b.slice
		turtletest.slice::n n.scope /turtletest.slice
		:p:n p-n.scope /system.slice
		-.slice:p:n p-n.scope
	END
	config '.linux.cgroupsPath = ""'
	UNIT=turtle-box.scope
	living
	same "$(property ControlGroup)" /system.slice/turtle-box.scope
	ok plain delete --force box
	CGROUP_DIR=$CGROUP_MOUNT/system.slice/turtle-box.scope
	gone
}

@test "systemd: a path that is none of systemd's is refused" {
	local path
	for path in /a/b a:b "a.slice:b:c:d" "noslice:b:c" "a.slice:b:"; do
		config --arg path "$path" '.linux.cgroupsPath = $path'
		CGROUP_DIR=/nothing
		box_refused cgroupsPath
	done
}

@test "systemd: a slice as the unit" {
	UNIT=turtletest-box.slice
	at ":ignored:$UNIT" "/$SLICE/$UNIT"
	config '.linux.resources.pids.limit = 44'
	living
	same "$(property ActiveState)" active
	same "$(property TasksMax)" 44
	same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP"
	same "$(<"$CGROUP_DIR/pids.max")" 44
	ok plain delete --force box
	gone
}

@test "systemd: a slice that is there already is not taken" {
	UNIT=turtletest-taken.slice
	systemctl start "$UNIT"
	at ":ignored:$UNIT" "/$SLICE/$UNIT"
	args true
	refused "the slice is there already" turtle create box
	same "$(property ActiveState)" active
	[ -d "$CGROUP_DIR" ] || fail "its cgroup is gone"
	systemctl stop "$UNIT"
}

@test "systemd: annotations are properties" {
	config '.annotations = {
		"org.systemd.property.Description": "'"'a box of tests'"'",
		"org.systemd.property.TimeoutStopSec": "uint64 7",
		"org.systemd.property.KillSignal": "9",
		"org.systemd.property.Documentation": "['"'man:turtle(8)'"']",
		"org.systemd.property.SendSIGHUP": "true"}'
	living
	same "$(property Description)" "a box of tests"
	same "$(property TimeoutStopUSec)" 7s
	same "$(property KillSignal)" 9
	same "$(property Documentation | tr -d '"')" "man:turtle(8)"
	same "$(property SendSIGHUP)" yes
}

@test "systemd: a bad annotation fails before anything is made" {
	local value
	for value in "'open" "[1, 'a']" "(1" "uint64 x" ""; do
		config --arg value "$value" '.annotations = {"org.systemd.property.KillSignal": $value}'
		box_refused KillSignal
		gone
	done
	config '.annotations = {"org.systemd.property.ExecStart": "'"'x'"'"}'
	box_refused ExecStart
	# systemd's own opinion comes with the start: what was begun is undone.
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	box_refused NoSuchThing
	gone
}

@test "systemd: a create that fails leaves no unit" {
	args true
	config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["rbind"]}]'
	box_refused /no/such/source
	gone
	config '.mounts |= map(select(.destination != "/x")) | .process.args = ["/no/such/program"]'
	box_refused /no/such/program
	gone
	config '.process.args = ["true"] | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "exit 3"]}]}'
	box_refused createRuntime
	gone
	config '.hooks = {prestart: [{path: "/bin/false"}]}'
	box_refused prestart
	gone
}

@test "systemd: hooks find init in the unit, with its limits" {
	config --arg file "$T/seen" '.linux.resources.pids.limit = 55 | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c",
		"pid=$(jq .pid); cgroup=$(sed s/^0::// /proc/$pid/cgroup); echo $cgroup $(cat /sys/fs/cgroup$cgroup/pids.max) >\($file)"],
		env: ["PATH=/usr/bin:/bin"]}]}'
	box true
	same "$(<"$T/seen")" "$CGROUP 55"
}

@test "systemd: a unit with processes is somebody's, a failed one is not" {
	args true
	systemd-run --quiet --scope --unit="$UNIT" --slice="$SLICE" sleep 1000 3>&- &
	until_true grep -q . "$CGROUP_DIR/cgroup.procs"
	refused "container's cgroup is not empty" turtle create box
	grep -q . "$CGROUP_DIR/cgroup.procs" || fail "its process is gone"
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	systemctl stop "$UNIT"
	systemd-run --quiet --scope --unit="$UNIT" --slice="$SLICE" -p RuntimeMaxSec=100ms sleep 1000 3>&- || true
	until_true eval '[ "$(property ActiveState)" = failed ]'
	living
	same "$(property ActiveState)" active
}

@test "systemd: delete of a stopped container leaves a later unit of that name alone" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	until_true unit_gone
	systemd-run --quiet --scope --unit="$UNIT" --slice="$SLICE" sleep 1000 3>&- &
	until_true grep -q . "$CGROUP_DIR/cgroup.procs"
	ok plain kill --all box KILL
	ok plain delete box
	same "$(property ActiveState)" active
	grep -q . "$CGROUP_DIR/cgroup.procs" || fail "its process is gone"
	systemctl stop "$UNIT"
}

@test "systemd: device rules hold through daemon-reload and daemon-reexec" {
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 237, access: "rw"}] |
		.linux.devices = [{path: "/dev/in", type: "c", major: 10, minor: 237, fileMode: 438},
			{path: "/dev/out", type: "c", major: 1, minor: 11, fileMode: 438}]'
	modprobe loop 2>/dev/null || true
	# The container tells, each time a file appears.
	args sh -c 'i=0; while :; do if [ -e "/tmp/ask$i" ]; then
			( ( : </dev/in ) 2>&1 && echo in yes; ( : </dev/out ) 2>&1 && echo out yes; echo null >/dev/null && echo null yes
			) >"/tmp/new$i"; mv "/tmp/new$i" "/tmp/said$i"; i=$((i+1)); fi; sleep 0.1; done'
	config '.root.readonly = false'
	ok turtle create box
	ok turtle start box
	local i=0 action
	for action in true "systemctl daemon-reload" "systemctl daemon-reexec" "systemctl set-property --runtime $UNIT TasksMax=99"; do
		$action
		touch "$ROOTFS/tmp/ask$i"
		until_true test -e "$ROOTFS/tmp/said$i"
		output=$(<"$ROOTFS/tmp/said$i")
		has "in yes" "null yes"
		matches "out.*Operation not permitted"
		lacks "out yes"
		i=$((i + 1))
	done
}

@test "systemd: a container outlives systemd's and the bus's restarts" {
	living
	systemctl restart dbus
	# It does not find its way back to the bus by itself, and later logins need it.
	systemctl restart systemd-logind
	systemctl daemon-reexec
	same "$(state_of box)" running
	same "$(property ActiveState)" active
	ok plain delete --force box
	gone
	box true
}

@test "systemd: the sub-cgroup has the processes, the unit's own the limits" {
	config '.annotations = {"run.oci.systemd.subgroup": "payload"} | .linux.resources.pids.limit = 66'
	args sh -c 'cat /proc/self/cgroup; sleep 1000'
	ok turtle create box
	same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP/payload"
	same "$(<"$CGROUP_DIR/pids.max")" 66
	same "$(<"$CGROUP_DIR/payload/pids.max")" max
	same "$(jq -r .container.processCgroup "$STATE/box/state.json")" "$CGROUP/payload"
	turtle start box >"$T/log" 2>&1
	ok plain delete --force box
	gone
	box cat /proc/self/cgroup
	is 0::/
}

@test "systemd: the delegated cgroup is below the root of the cgroup namespace, and the container's own" {
	config '.annotations = {"run.oci.systemd.subgroup": "payload", "run.oci.delegate-cgroup": "mine"} |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) | .process.user = {uid: 1000, gid: 1000}'
	box sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/mine/x && echo $$ >/sys/fs/cgroup/mine/x/cgroup.procs && cat /proc/self/cgroup'
	has 0::/mine 0::/mine/x
	args sleep 1000
	ok turtle create box
	same "$(jq -r .container.processCgroup "$STATE/box/state.json")" "$CGROUP/payload/mine"
	same "$(stat -c %u "$CGROUP_DIR/payload/cgroup.procs" "$CGROUP_DIR/payload/mine/cgroup.procs" "$CGROUP_DIR/cgroup.procs" | xargs)" "1000 1000 0"
	ok plain delete --force box
	gone
}

@test "systemd: nested cgroups and a fork bomb go with the unit" {
	[ "$TURTLE_VM" != uml ] || skip "a fork that fails for pids.max ends user-mode Linux"
	config '.annotations = {"run.oci.systemd.subgroup": "payload", "run.oci.delegate-cgroup": "mine"} |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) | .linux.resources.pids.limit = 50'
	args sh -c 'cd /sys/fs/cgroup/mine; mkdir -p a/b c; sleep 1000 & echo $! >a/b/cgroup.procs; while :; do sleep 1000 & done'
	ok turtle create box
	turtle start box >"$T/log" 2>&1
	until_true test -e "$CGROUP_DIR/payload/mine/a/b"
	ok plain delete --force box
	gone
}

# without_systemd COMMAND...: with nobody at the sockets of systemd and of the bus.
without_systemd()
{
	unshare --mount --propagation private bash -c 'mount -t tmpfs none /run/systemd && mount -t tmpfs none /run/dbus && "$@"' _ "$@"
}

@test "systemd: without systemd create fails in one line, and nothing is made" {
	args true
	refused systemd without_systemd timeout -k 1 60 "$TURTLE" --systemd-cgroup --root "$STATE" create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	gone
}

@test "systemd: delete without systemd kills, fails, and keeps the state" {
	living
	local pid
	pid=$(init_pid)
	refused systemd without_systemd timeout -k 1 60 "$TURTLE" --root "$STATE" delete --force box
	[ ! -e "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status" || fail "init lives"
	[ -e "$STATE/box/state.json" ] || fail "the state is gone"
	ok plain delete --force box
	gone
}

@test "systemd: a turtle that was killed at any point is cleaned up after" {
	args sleep 1000
	local at turtle
	for at in 0.01 0.02 0.04 0.06 0.08 0.1 0.15 0.2 0.3 0.4 0.6 0.8; do
		"$TURTLE" --systemd-cgroup --root "$STATE" create box >"$T/killed" 2>&1 3>&- 4>&- &
		turtle=$!
		sleep "$at"
		kill -KILL "$turtle" 2>/dev/null || true
		wait "$turtle" 2>/dev/null || true
		ok plain delete --force box
		until_true unit_gone
		[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
		[ ! -e "$STATE/box" ] || fail "the state stays"
	done
}

@test "systemd: an init that is killed for memory says so, with the limit" {
	[ "$TURTLE_VM" != uml ] || skip "in user-mode Linux a page that can't be had is a signal, or a loop"
	config '.linux.resources.memory = {limit: 4096, swap: 4096}'
	box_refused "OOM-killed"
	[[ $stderr == *": memory.max is 4096" ]] || fail "the limit is not named"
	gone
	config '.linux.cgroupsPath = "'"$TEST_CGROUP/plain"'"'
	refused "OOM-killed" plain run box
	[[ $stderr == *": memory.max is 4096" ]] || fail "the limit is not named"
}

@test "systemd: 512 KiB of memory are enough for true" {
	config '.linux.resources.memory.limit = 524288'
	box true
	config '.linux.cgroupsPath = "'"$TEST_CGROUP/plain"'"'
	args true
	ok plain run box
}

@test "systemd: systemd in a container boots to its target" {
	mkdir -p "$T/up" "$T/work" "$T/root"
	mount -t tmpfs none "$T/up"
	mkdir "$T/up/up" "$T/up/work"
	mount -t overlay none -o "lowerdir=/,upperdir=$T/up/up,workdir=$T/up/work" "$T/root"
	printf '%s\n' '[Unit]' 'Requires=basic.target' 'After=basic.target' 'AllowIsolate=yes' >"$T/root/etc/systemd/system/box.target"
	rm -f "$T/root/etc/fstab" && : >"$T/root/etc/machine-id"
	config --arg root "$T/root" '.root = {path: $root, readonly: false} |
		.annotations = {"run.oci.systemd.subgroup": "container", "run.oci.delegate-cgroup": "init"} |
		.process.args = ["/lib/systemd/systemd", "--unit=box.target"] | .process.env += ["container=turtle"] |
		.process.noNewPrivileges = false |
		(.process.capabilities | .bounding, .effective, .permitted) = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
			"CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"] |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) |
		.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["mode=755"]},
			{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	ok turtle create box
	turtle start box >"$T/log" 2>&1
	local pid
	pid=$(init_pid)
	inside() { nsenter -t "$pid" -a -- "$@" 2>&1; }
	booted() { [ "$(inside systemctl is-active box.target)" = active ] || ! sleep 0.5; }
	in_time 120 booted || fail "$(inside systemctl list-jobs; inside systemctl --failed --no-pager; cat "$T/log")"
	same "$(</proc/"$pid"/cgroup)" "0::$CGROUP/container/init/init.scope"
	[ -d "$CGROUP_DIR/container/init/system.slice" ] || fail "it made no cgroups"
	# The cgroup that init was started in has become one of cgroups only. An exec comes to where init is now.
	ok plain exec box sh -c 'cat /proc/self/cgroup; systemctl is-active box.target'
	is $'0::/init/init.scope\nactive'
	# It also ends as a system does, which gives each of its services 90 s.
	ok plain kill box RTMIN+3
	in_time 200 stopped box || fail "it does not shut down: $(inside systemctl list-jobs; ps -o pid,stat,wchan:20,args -p "$(turtle ps --format json box | jq -r 'join(",")')"; cat "$T/log")"
	ok plain delete box
	gone
	umount "$T/root" "$T/up"
}
