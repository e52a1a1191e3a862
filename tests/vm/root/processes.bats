#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container's processes where there are real controllers and a real systemd: killed for memory, forking without end,
# paused and listed and ended, with both drivers.
# shellcheck disable=SC2016,SC2154

load ../../integration/helpers
eval "helpers_$(declare -f teardown)"

SLICE=turtleproc.slice

setup()
{
	box_setup
	OWN_CGROUP=$CGROUP
	UNIT=p-box$BATS_TEST_NUMBER.scope
	driver cgroupfs
}

teardown()
{
	local left=0
	[ -n "${T:-}" ] || return 0
	helpers_teardown || left=1
	[ "$(systemctl show --property=LoadState --value "$UNIT")" = not-found ] ||
		{ echo "unit left behind: $(systemctl status --no-pager "$UNIT")" && left=1; }
	systemctl stop "$SLICE" "$UNIT" 2>/dev/null || true
	systemctl reset-failed "$UNIT" 2>/dev/null || true
	return "$left"
}

# driver NAME: how the containers that follow are made.
driver()
{
	DRIVER=()
	CGROUP=$OWN_CGROUP
	local path=$CGROUP
	[ "$1" = cgroupfs ] || {
		DRIVER=(--systemd-cgroup)
		CGROUP=/$SLICE/$UNIT
		path=$SLICE:p:box$BATS_TEST_NUMBER
	}
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	config --arg path "$path" '.linux.cgroupsPath = $path'
}

# The other commands are not told the driver.
turtle()
{
	local words=()
	case $1 in create | run) words=("${DRIVER[@]}") ;; esac
	timeout --foreground -k 1 60 "$TURTLE" "${words[@]}" --root "$STATE" "$@" 3>&- 4>&-
}

event() { grep -qsx "$1 $2" "$CGROUP_DIR/cgroup.events"; }
gone() { [ ! -e "$CGROUP_DIR" ]; }

# memory BYTES: that much and no swap.
memory() { config --argjson n "$1" '.linux.resources.memory = {limit: $n, swap: $n}'; }

#
# Memory
#
# little COMMAND...: with more and more memory the command, which makes the container "box" and executes `true`, says that
# init was killed, with the limit (or, where the kernel refused memory without a kill, for what); then it is the program
# that is killed, which is no error of turtle's; then all works. Sets $least to the least limit with which it does.
little()
{
	local limit killed=0
	least=
	for limit in 4096 16384 65536 131072 262144 393216 524288; do
		memory "$limit"
		call "$@"
		if [ "$status" -eq 1 ]; then
			[[ $stderr != *$'\n'* ]] || fail "more than one line" || return 1
			if [[ $stderr == *"container init was OOM-killed (memory limit too low?): memory.max is $limit"* ]]; then
				killed=$((killed + 1))
			else
				[[ $stderr == *"Out of memory"* || $stderr == *"Cannot allocate memory"* ]] || fail "with $limit bytes it does not say why" || return 1
			fi
			least=
		else
			[ -z "$stderr" ] || fail "words on stderr" || return 1
			[ "$status" -eq 0 ] || same "$status" 137 || return 1
			if [ "$status" -ne 0 ]; then least=; else least=${least:-$limit}; fi
		fi
		turtle delete --force box
		gone || fail "its cgroup stays" || return 1
	done
	[ "$killed" -gt 0 ] || fail "nothing was killed" || return 1
	[ -n "$least" ] || fail "it does not work with 512 KiB" || return 1
	echo "# $* works from $least bytes on" >&3
}

create_and_start() { turtle create box && turtle start box; }

@test "processes: an init that is killed for memory is told, with the limit: run, cgroupfs" {
	args true
	little turtle run box
}

@test "processes: an init that is killed for memory is told, with the limit: create and start, cgroupfs" {
	args true
	little create_and_start
}

@test "processes: an init that is killed for memory is told, with the limit: systemd" {
	driver systemd
	args true
	# What init took before it was moved is not charged to the scope.
	little turtle run box
	little create_and_start
}

@test "processes: an init that is killed while it waits for its start" {
	local name
	for name in cgroupfs systemd; do
		driver "$name"
		args true
		memory 8000000
		ok turtle create box
		echo 0 >"$CGROUP_DIR/memory.max"
		until_true stopped box
		refused "cannot start a container that has stopped" turtle start box
		ok turtle delete box
	done
}

@test "processes: the limit of a cgroup above is the one that is named" {
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP"
	echo +memory >"$CGROUP_MOUNT$CGROUP_BASE/cgroup.subtree_control"
	echo 0 >"$CGROUP_MOUNT$TEST_CGROUP/memory.swap.max"
	args true
	local limit said=
	for limit in 131072 196608 262144 327680 393216; do
		echo $limit >"$CGROUP_MOUNT$TEST_CGROUP/memory.max"
		call turtle run box
		[ "$status" -ne 0 ] || break
		[[ $stderr != *"container init was OOM-killed (memory limit too low?): memory.max is $limit in a cgroup above"* ]] || said=yes
		turtle delete --force box
	done
	[ -n "$said" ] || fail "not said with any limit"
}

@test "processes: a program that is killed for memory ends with 137, and turtle says nothing" {
	args sh -c 'x=12345678; while :; do x=$x$x; done'
	memory 16000000
	call turtle run box
	same "$status" 137
	[ -z "$stderr" ] || fail "words on stderr"
	# Where it is a child, it is its parent's to tell.
	args sh -c '{ sh -c "x=12345678; while :; do x=\$x\$x; done"; } 2>/dev/null; echo $?'
	ok turtle run box
	has 137
}

#
# Fork bombs
#
# bomb_ends COMMAND...: while the bomb goes off it is ended. turtle has its own limit of 10 s; an emulated machine needs more
# until the last of a busy crowd has died after a kill, which does not wait.
bomb_ends()
{
	[ "$TURTLE_VM" != uml ] || skip "user-mode Linux crashes under it"
	ok turtle run -d box
	until_line "$T/out" up
	sleep 0.3
	SECONDS=0
	ok turtle "$@"
	[ "$1" != kill ] || {
		# systemd removes what is empty.
		until gone || event populated 0 || [ "$SECONDS" -gt 30 ]; do sleep 0.1; done
		ok turtle delete box
	}
	[ "$SECONDS" -le 30 ] || fail "it took $SECONDS s"
	gone || fail "its cgroup stays"
	# All are dead, not only out of sight.
	! pgrep -x probe >/dev/null || fail "some live: $(pgrep -x probe | head)"
}

@test "processes: a fork bomb with a limit" {
	args /probe bomb
	config '.linux.resources.pids = {limit: 60}'
	local name
	for name in cgroupfs systemd; do
		driver "$name"
		bomb_ends kill box KILL
		bomb_ends kill --all box KILL
		bomb_ends delete --force box
	done
}

@test "processes: a fork bomb with a limit, without a pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /probe bomb
	config '.linux.resources.pids = {limit: 60}'
	local name
	for name in cgroupfs systemd; do
		driver "$name"
		bomb_ends kill box KILL
		bomb_ends kill --all box KILL
		bomb_ends delete --force box
	done
}

@test "processes: a fork bomb without a limit, ended at once" {
	args /probe bomb
	bomb_ends delete --force box
	bomb_ends kill --all box KILL
}

@test "processes: a fork bomb is paused, listed, resumed and ended" {
	[ "$TURTLE_VM" != uml ] || skip "user-mode Linux crashes under it"
	args /probe bomb
	config '.linux.resources.pids = {limit: 60}'
	ok turtle run -d box
	until_line "$T/out" up
	until_true eval '[ "$(<"$CGROUP_DIR/pids.current")" -eq 60 ]'
	ok turtle pause box
	ok turtle ps --format json box
	same "$(jq length "$T/out")" 60
	ok turtle ps box -e -o pid,args
	same "$(tail -n +2 "$T/out" | grep -c '/probe bomb')" 60
	ok turtle resume box
	ok turtle delete --force box
}

#
# With systemd
#
@test "processes: pause, resume, ps and kill in a scope" {
	driver systemd
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /probe forks 3
	ok turtle run -d box
	until_line "$T/out" up
	same "$(systemctl is-active "$UNIT")" active
	ok turtle pause box
	same "$(state_of box)" paused
	event frozen 1
	ok turtle ps --format json box
	same "$(jq length "$T/out")" 4
	# The manager looks at its units meanwhile.
	systemctl daemon-reload
	same "$(state_of box)" paused
	ok turtle resume box
	event frozen 0
	same "$(state_of box)" running
	ok turtle pause box
	ok turtle kill box KILL
	until_true gone
	same "$(state_of box)" stopped
	ok turtle ps --format json box
	is null
	ok turtle delete box
}

@test "processes: delete --force of a paused scope, and of one that is frozen below" {
	driver systemd
	args /probe forks 3
	ok turtle run -d box
	until_line "$T/out" up
	ok turtle pause box
	ok turtle delete --force box
	gone
	ok turtle run -d box
	until_line "$T/out" up
	mkdir "$CGROUP_DIR/below"
	init_pid >"$CGROUP_DIR/below/cgroup.procs"
	echo 1 >"$CGROUP_DIR/below/cgroup.freeze"
	ok turtle delete --force box
	gone
}

@test "processes: what outlived init in a scope" {
	driver systemd
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c 'sleep 1000 & sleep 1000 & exit 0'
	local words
	for words in "kill box KILL" "kill --all box TERM" "delete box"; do
		ok turtle run -d box
		until_true stopped box
		event populated 1
		# shellcheck disable=SC2086
		ok turtle $words
		until_true gone
		turtle delete --force box
	done
}

# busy_init: init moves into a cgroup of its own and shares out controllers, as systemd does; the container's cgroup takes
# no process from then on.
busy_init()
{
	config '(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	args sh -c 'cd /sys/fs/cgroup && mkdir inner && echo $$ >inner/cgroup.procs && echo +memory +pids >cgroup.subtree_control; exec sleep 1000'
	ok turtle run -d box
	until_true grep -qs pids "$CGROUP_DIR/cgroup.subtree_control"
}

@test "processes: exec into a container whose cgroup takes no processes any more: they come to init's" {
	local name
	for name in cgroupfs systemd; do
		driver "$name"
		busy_init
		ok turtle exec box cat /proc/self/cgroup
		is 0::/inner
		ok turtle exec -d --pid-file "$T/pid" box sleep 1001
		same "$(</proc/"$(<"$T/pid")"/cgroup)" "0::$CGROUP/inner"
		ok turtle exec --cgroup inner box cat /proc/self/cgroup
		is 0::/inner
		# Who names a place is not sent elsewhere.
		call turtle exec --cgroup / box true
		same "$status" 255
		[[ ${stderr,,} == *"${CGROUP,,}"*"device or resource busy"* ]] || fail "another message"
		ok turtle delete --force box
	done
}
