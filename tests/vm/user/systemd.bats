#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A plain user: containers under the user's own systemd, and without systemd in a cgroup that was given to the user.
# shellcheck disable=SC2154

load ../../integration/helpers
eval "helpers_$(declare -f teardown)"

setup()
{
	user_box_setup
	UNIT=turtle-box.scope
	MANAGER=$(systemctl --user show --property=ControlGroup --value)
	DRIVER=--systemd-cgroup
	CGROUP=$MANAGER/user.slice/$UNIT
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
}

turtle()
{
	timeout --foreground -k 1 60 "$TURTLE" $DRIVER --root "$STATE" "$@" 3>&- 4>&-
}

plain()
{
	timeout --foreground -k 1 60 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

property() { systemctl --user show --property="$1" --value "${2:-$UNIT}"; }
unit_gone() { [ "$(property LoadState "${1:-$UNIT}")" = not-found ]; }
gone()
{
	unit_gone || fail "unit $UNIT is there: $(systemctl --user status --no-pager "$UNIT")" || return 1
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup is there"
}

teardown()
{
	local left=0
	[ -n "${T:-}" ] || return 0
	helpers_teardown || left=1
	unit_gone || { echo "unit left behind: $(systemctl --user status --no-pager "$UNIT")" && left=1; }
	systemctl --user stop "$UNIT" 2>/dev/null || true
	return "$left"
}

@test "systemd: a rootless container is a scope of the user's systemd" {
	args sleep 1000
	ok turtle create box
	ok turtle start box
	same "$(property ActiveState)" active
	same "$(property ControlGroup)" "$CGROUP"
	same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP"
	same "$(jq -r '.container | .systemdUnit, .systemdUser' "$STATE/box/state.json" | xargs)" "$UNIT true"
	ok plain kill box KILL
	until_true stopped box
	ok plain delete box
	gone
}

@test "systemd: rootless run" {
	box sh -c 'id -u; cat /proc/self/cgroup'
	has 0 0::/
	gone
}

@test "systemd: limits of a rootless container" {
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}, cpu: {quota: 25000, period: 100000}}'
	args sleep 1000
	ok turtle create box
	same "$(property MemoryMax)" 67108864
	same "$(property TasksMax)" 33
	same "$(<"$CGROUP_DIR/memory.max")" 67108864
	same "$(<"$CGROUP_DIR/pids.max")" 33
	same "$(<"$CGROUP_DIR/cpu.max")" "25000 100000"
	systemctl --user daemon-reload
	same "$(<"$CGROUP_DIR/memory.max")" 67108864
	ok plain delete --force box
	gone
	box true
}

@test "systemd: a rootless container's slice and name" {
	UNIT=p-n.scope
	CGROUP_DIR=$CGROUP_MOUNT$MANAGER/mine.slice/$UNIT
	config '.linux.cgroupsPath = "mine.slice:p:n"'
	args sleep 1000
	ok turtle create box
	same "$(property ControlGroup)" "$MANAGER/mine.slice/$UNIT"
	ok plain delete --force box
	gone
}

@test "systemd: a rootless create that fails leaves no unit" {
	args /no/such/program
	refused /no/such/program turtle create box
	gone
	config '.process.args = ["true"] | .hooks = {createRuntime: [{path: "/bin/false"}]}'
	refused createRuntime turtle create box
	gone
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "systemd: a limit whose controller the user has not got is refused, and nothing stays" {
	grep -qw io "$CGROUP_MOUNT$MANAGER/cgroup.controllers" && skip "the user has the io controller"
	config '.linux.resources.unified = {"io.weight": "default 50"}'
	args true
	refused io.weight turtle create box
	gone
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "systemd: sub-cgroup and delegated cgroup of a rootless container" {
	config '.annotations = {"run.oci.systemd.subgroup": "payload", "run.oci.delegate-cgroup": "mine"} |
		.mounts |= map(select(.destination != "/sys/fs/cgroup")) |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid", "nodev"]}] |
		.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
	box sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/mine/x && echo $$ >/sys/fs/cgroup/mine/x/cgroup.procs && cat /proc/self/cgroup'
	has 0::/mine 0::/mine/x
	gone
}

@test "systemd: without a user manager rootless fails in one line" {
	args true
	XDG_RUNTIME_DIR=$T DBUS_SESSION_BUS_ADDRESS= refused systemd turtle create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "systemd: a rootless turtle that was killed at any point is cleaned up after" {
	args sleep 1000
	local at turtle
	for at in 0.02 0.05 0.1 0.15 0.2 0.3 0.5 0.8; do
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

@test "cgroupfs: in a delegated cgroup a rootless container has limits" {
	DRIVER=
	user_delegate
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	args sleep 1000
	ok turtle create box
	same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP"
	same "$(<"$CGROUP_DIR/memory.max")" 67108864
	same "$(<"$CGROUP_DIR/pids.max")" 33
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup is there"
}

@test "cgroupfs: beside the caller, when the caller is in a leaf of a delegated cgroup" {
	DRIVER=
	user_delegate
	config 'del(.linux.cgroupsPath) | .linux.resources = {memory: {limit: 67108864}}'
	args sleep 1000
	ok turtle create box
	same "$(</proc/"$(init_pid)"/cgroup)" "0::$CGROUP_BASE/box"
	same "$(<"$CGROUP_MOUNT$CGROUP_BASE/box/memory.max")" 67108864
	ok turtle delete --force box
	[ ! -e "$CGROUP_MOUNT$CGROUP_BASE/box" ] || fail "its cgroup is there"
}

@test "cgroupfs: outside of any delegated cgroup limits are refused, and no limits are fine" {
	DRIVER=
	config '.linux.resources = {memory: {limit: 67108864}}'
	args true
	refused "rootless needs no limits + no cgrouppath when no permission is granted for cgroups" turtle create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	config 'del(.linux.resources)'
	box id -u
	is 0
}

@test "systemd: a rootless exec is moved into the scope by the user's systemd" {
	args sleep 1000
	ok turtle run -d box
	# A login session is in another part of the tree: the kernel lets nobody but systemd move a process across.
	case $(sed -n 's/^0:://p' /proc/self/cgroup) in
	"$MANAGER"/*) fail "the test is in the manager's own part of the tree" ;;
	esac
	ok plain exec -d --pid-file "$T/pid" box sleep 1000
	same "$(<"/proc/$(<"$T/pid")/cgroup")" "0::$CGROUP"
	same "$(readlink "/proc/$(<"$T/pid")/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
	call plain exec box sh -c 'exit 7'
	same "$status" 7
	ok plain delete --force box
	gone
}

@test "systemd: a rootless exec into a container whose cgroup takes no processes any more" {
	config '(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	args sh -c 'cd /sys/fs/cgroup && mkdir inner && echo $$ >inner/cgroup.procs && echo +memory +pids >cgroup.subtree_control; exec sleep 1000'
	ok turtle run -d box
	until_true grep -qs pids "$CGROUP_DIR/cgroup.subtree_control"
	ok plain exec box cat /proc/self/cgroup
	is 0::/inner
	ok plain exec -d --pid-file "$T/pid" box sleep 1001
	same "$(<"/proc/$(<"$T/pid")/cgroup")" "0::$CGROUP/inner"
	ok plain delete --force box
	gone
}
