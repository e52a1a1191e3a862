# SPDX-License-Identifier: Apache-2.0
# pause and resume: what is paused does not run, what is resumed does, and whatever goes wrong leaves nothing frozen.
# shellcheck disable=SC2016,SC2154
load helpers

# event KEY VALUE [DIR]: whether a cgroup.events says so, by default that of the container's cgroup.
event() { grep -qsx "$1 $2" "${3:-$CGROUP_DIR}/cgroup.events"; }
frozen() { event frozen "$1" "${2:-$CGROUP_DIR}"; }

# A container that writes to $T/log as long as it runs.
up()
{
	args sh -c 'while :; do echo tick; sleep 0.01; done'
	ok turtle run -d box
	mv "$T/out" "$T/log"
	until_line "$T/log" tick
}

size() { stat -c %s "$T/log"; }
grows() { [ "$(size)" -gt "$1" ]; }

stands_still()
{
	local before
	before=$(size)
	sleep 0.3
	same "$(size)" "$before" "it goes on"
}

# patient COMMAND...: turtle, with the time for its own limit of 10 s.
patient() { timeout --foreground -k 1 25 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-; }

@test "pause: what is paused stands still until it is resumed" {
	up
	ok turtle pause box
	is ""
	frozen 1 || fail "not frozen when pause returns"
	same "$(state_of box)" paused
	same "$(turtle list --format json | jq -r '.[0].status')" paused
	stands_still
	local before
	before=$(size)
	ok turtle resume box
	is ""
	frozen 0 || fail "frozen when resume returns"
	same "$(state_of box)" running
	until_true grows "$before"
}

@test "pause: a created container, which starts after its resume" {
	args true
	ok turtle create box
	ok turtle pause box
	same "$(state_of box)" paused
	refused "cannot start a container in the paused state" turtle start box
	same "$(state_of box)" paused
	ok turtle resume box
	same "$(state_of box)" created
	ok turtle start box
	until_true stopped box
}

@test "pause: the wrong moment, or nobody there" {
	refused "container does not exist" turtle pause box
	refused "container does not exist" turtle resume box
	up
	refused "container not paused" turtle resume box
	ok turtle pause box
	refused "container not running" turtle pause box
	same "$(state_of box)" paused
	ok turtle kill box KILL
	until_true stopped box
	refused "container not running" turtle pause box
	refused "container not paused" turtle resume box
	ok turtle delete box
}

@test "pause: without a cgroup it can't be done, and is said so" {
	args /probe wait
	ok turtle --cgroup-manager=disabled run -d box
	refused "cannot pause container box: it has no cgroup of its own" turtle pause box
	same "$(state_of box)" running
}

@test "pause: the cgroup was taken away" {
	args /probe wait
	ok turtle run -d box
	init_pid >"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"
	rmdir "$CGROUP_DIR"
	refused "pause container box: cgroup $CGROUP of container box is gone" turtle pause box
	same "$(state_of box)" running
	# Somebody else makes one of the same name: it is neither frozen nor thawed.
	mkdir "$CGROUP_DIR"
	refused "pause container box: cgroup $CGROUP of container box is gone" turtle pause box
	same "$(cat "$CGROUP_DIR/cgroup.freeze")" 0
	echo 1 >"$CGROUP_DIR/cgroup.freeze"
	refused "resume container box: cgroup $CGROUP of container box is gone" turtle resume box
	same "$(cat "$CGROUP_DIR/cgroup.freeze")" 1
	rmdir "$CGROUP_DIR"
}

@test "pause: all of a container: children, threads, a process without its first thread" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c '/probe forks 3 & /probe threads 5 & /probe leaderless & wait'
	ok turtle run -d box
	until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" = 7 ]'
	ok turtle pause box
	frozen 1
	ok turtle resume box
	frozen 0
	# The freezer thaws who is killed.
	ok turtle pause box
	ok turtle kill --all box KILL
	until_true event populated 0
	until_true stopped box
	ok turtle delete box
}

@test "pause: what the container froze itself stays frozen" {
	up
	mkdir "$CGROUP_DIR/below"
	sleep 1000 3>&- &
	echo $! >"$CGROUP_DIR/below/cgroup.procs"
	echo 1 >"$CGROUP_DIR/below/cgroup.freeze"
	until_true frozen 1 "$CGROUP_DIR/below"
	ok turtle pause box
	frozen 1
	stands_still
	ok turtle resume box
	frozen 0
	frozen 1 "$CGROUP_DIR/below" || fail "resume thawed what pause had not frozen"
	same "$(<"$CGROUP_DIR/below/cgroup.freeze")" 1
}

@test "pause: init in a cgroup below that is frozen" {
	args /probe wait
	ok turtle run -d box
	mkdir "$CGROUP_DIR/below"
	init_pid >"$CGROUP_DIR/below/cgroup.procs"
	echo 1 >"$CGROUP_DIR/below/cgroup.freeze"
	ok turtle pause box
	same "$(state_of box)" paused
	ok turtle resume box
	same "$(<"$CGROUP_DIR/below/cgroup.freeze")" 1
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "pause: below a frozen cgroup nothing can be resumed" {
	up
	ok turtle pause box
	echo 1 >"$CGROUP_MOUNT$TEST_CGROUP/cgroup.freeze"
	refused "resume container box: thaw cgroup $CGROUP: cgroup $TEST_CGROUP above it is frozen" turtle resume box
	same "$(state_of box)" paused
	echo 0 >"$CGROUP_MOUNT$TEST_CGROUP/cgroup.freeze"
	stands_still
	ok turtle resume box
	same "$(state_of box)" running
}

@test "pause: who thawed it from outside is believed" {
	up
	ok turtle pause box
	echo 0 >"$CGROUP_DIR/cgroup.freeze"
	until_true frozen 0
	same "$(state_of box)" running
	refused "container not paused" turtle resume box
	ok turtle pause box
}

@test "pause: signals wait for the resume, but for SIGKILL" {
	args /probe wait
	ok turtle run -d box
	mv "$T/out" "$T/log"
	until_line "$T/log" up
	ok turtle pause box
	ok turtle kill box TERM
	sleep 0.2
	same "$(state_of box)" paused
	ok turtle resume box
	until_true stopped box
	ok turtle delete box
}

@test "pause: delete refuses a paused container, delete --force takes it" {
	up
	ok turtle pause box
	refused "cannot delete container box that is not stopped: paused" turtle delete box
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

#
# A process that can't be frozen, because it waits for a file system that does not answer.
#
with_stuck_process()
{
	stuckfs_mount
	config --arg d "$T/stuck" '.mounts += [{destination: "/stuck", type: "bind", source: $d, options: ["bind"]}]'
	mkdir "$ROOTFS/stuck"
	args sh -c 'stat /stuck/file 2>/dev/null & while :; do echo tick; sleep 0.01; done'
	ok turtle run -d box
	mv "$T/out" "$T/log"
	until_line "$T/log" tick
	until_line "$T/stuck.said" asked
}

@test "pause: who resists is named, and nothing stays frozen" {
	with_stuck_process
	refused "in uninterruptible sleep, not frozen after 10000 ms" patient pause box
	[[ $stderr == *"pause container box: freeze cgroup $CGROUP: process "*" (stat) in"* ]] || fail "it does not name the process"
	same "$(<"$CGROUP_DIR/cgroup.freeze")" 0
	same "$(state_of box)" running
	local before
	before=$(size)
	until_true grows "$before"
	stuckfs_end
	ok turtle pause box
	ok turtle delete --force box
}

@test "pause: interrupted, it thaws before it ends" {
	with_stuck_process
	"$TURTLE" --root "$STATE" pause box 3>&- 2>"$T/err" &
	local pid=$! status=0
	until_true eval '[ "$(<"$CGROUP_DIR/cgroup.freeze")" = 1 ]'
	kill -TERM "$pid"
	wait "$pid" || status=$?
	same "$status" 143
	same "$(<"$CGROUP_DIR/cgroup.freeze")" 0
	same "$(state_of box)" running
	stuckfs_end
	ok turtle delete --force box
}
