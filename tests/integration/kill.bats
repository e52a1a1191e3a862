# SPDX-License-Identifier: Apache-2.0
# The hard ends of a container: kill --all, kill KILL and delete --force on what is frozen, forks, shares its pid
# namespace, nests cgroups or can't die; and that a cgroup which is another's by now is left alone.
# shellcheck disable=SC2016,SC2154
load helpers

event() { grep -qsx "$1 $2" "${3:-$CGROUP_DIR}/cgroup.events"; }

# without_pidns, before args: what init starts outlives it.
without_pidns() { config '.linux.namespaces |= map(select(.type != "pid"))'; }

# start_box: the bundle at hand runs, and what it says is in $T/log.
start_box()
{
	ok turtle run -d box
	mv "$T/out" "$T/log"
}

up()
{
	args /probe "${@:-wait}"
	start_box
	until_line "$T/log" up
}

# ends_by COMMAND...: does it, and then there is no process of the container, nor its cgroup after a delete.
ends_by()
{
	local pids pid
	pids=$(find "$CGROUP_DIR" -name cgroup.procs -exec cat {} + 2>/dev/null || true)
	[ -n "$pids" ] || fail "nothing is there to be ended"
	ok turtle "$@"
	if [ "$1" = kill ]; then
		until_true event populated 0
		until_true stopped box
		ok turtle delete box
	fi
	for pid in $pids; do
		[ ! -e "/proc/$pid/exe" ] || fail "$pid lives: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
	[ ! -e "$STATE/box" ] || fail "its state stays"
}

# each_end FUNCTION ARGUMENT...: the function makes a box; each of the three ends must do.
each_end()
{
	local words
	for words in "kill box KILL" "kill --all box KILL" "delete --force box"; do
		"$@"
		# shellcheck disable=SC2086
		ends_by $words
	done
}

@test "kill: a paused container" {
	args /probe forks 2
	paused()
	{
		start_box
		until_line "$T/log" up
		ok turtle pause box
	}
	each_end paused
}

@test "kill: frozen below, by the container itself" {
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup")) + [{
		destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "rw"]}]'
	args sh -c 'mkdir -p /sys/fs/cgroup/a/b /sys/fs/cgroup/c; sleep 1000 & echo $! >/sys/fs/cgroup/a/b/cgroup.procs
		echo 1 >/sys/fs/cgroup/a/cgroup.freeze; echo 1 >/sys/fs/cgroup/a/b/cgroup.freeze; echo up
		echo $$ >/sys/fs/cgroup/c/cgroup.procs; echo 1 >/sys/fs/cgroup/c/cgroup.freeze; echo never'
	frozen_below()
	{
		start_box
		until_true event frozen 1 "$CGROUP_DIR/c"
		until_true event frozen 1 "$CGROUP_DIR/a"
		! grep -q never "$T/log"
	}
	each_end frozen_below
}

@test "kill: frozen below and paused, without a pid namespace" {
	without_pidns
	args /probe forks 3
	twice()
	{
		start_box
		until_line "$T/log" up
		mkdir "$CGROUP_DIR/below"
		tail -n 1 "$CGROUP_DIR/cgroup.procs" >"$CGROUP_DIR/below/cgroup.procs"
		echo 1 >"$CGROUP_DIR/below/cgroup.freeze"
		ok turtle pause box
	}
	each_end twice
}

@test "kill: processes that run away from a killer of single ones" {
	args /probe chase 8
	runaways()
	{
		start_box
		until_line "$T/log" up
	}
	each_end runaways
}

@test "kill: the same without a pid namespace" {
	without_pidns
	args /probe chase 8
	runaways()
	{
		start_box
		until_line "$T/log" up
	}
	each_end runaways
}

@test "kill: init is gone, what it started is not" {
	without_pidns
	args sh -c 'sleep 1000 & sleep 1000 & exit 0'
	orphans()
	{
		start_box
		until_true stopped box
		event populated 1
	}
	each_end orphans
	# Without --force, too: it has stopped.
	orphans
	ends_by delete box
	# Any other signal needs --all.
	orphans
	refused "container not running" turtle kill box TERM
	event populated 1
	ends_by kill --all box TERM
}

@test "kill: processes whose first thread has ended" {
	without_pidns
	args sh -c '/probe leaderless & exec /probe forks 1'
	leaderless()
	{
		start_box
		until_line "$T/log" up
		until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.threads")" = 3 ]'
		until_true grep -qs "^State:.Z" $(sed 's|.*|/proc/&/status|' <(turtle ps --format json box | jq '.[]'))
		same "$(turtle ps --format json box | jq length)" 3
	}
	each_end leaderless
	leaderless
	ends_by kill --all box TERM
	# As init.
	args /probe leaderless
	leader()
	{
		start_box
		until_true eval 'grep -qs "^State:.Z" /proc/$(jq .container.pid "$STATE/box/state.json")/status'
	}
	leader
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "kill: in another container's pid namespace" {
	up
	local other
	other=$(init_pid)
	new_bundle "$T/guest" guest
	cd "$T/guest"
	config --arg p "/proc/$other/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
	args /probe forks 3
	local words
	for words in "kill guest KILL" "kill --all guest KILL" "delete --force guest"; do
		ok turtle run -d guest
		until_line "$T/out" up
		same "$(wc -l <"$CGROUP_MOUNT$TEST_CGROUP/guest/cgroup.procs")" 4
		# shellcheck disable=SC2086
		ok turtle $words
		if [[ $words == kill* ]]; then
			until_true event populated 0 "$CGROUP_MOUNT$TEST_CGROUP/guest"
			ok turtle delete guest
		fi
		[ ! -e "$CGROUP_MOUNT$TEST_CGROUP/guest" ] || fail "its cgroup stays"
		same "$(state_of box)" running
		same "$(init_pid)" "$other"
	done
}

@test "kill: the owner of a shared pid namespace takes the guest along" {
	up
	new_bundle "$T/guest" guest
	(cd "$T/guest" && args /probe wait &&
		config --arg p "/proc/$(init_pid)/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)')
	ok turtle run -d --bundle "$T/guest" guest
	ok turtle delete --force box
	until_true stopped guest
	ok turtle delete guest
}

@test "kill: cgroups 64 deep and 3 wide, with processes, threads and threaded ones" {
	args /probe threads 4
	local deep i
	nested()
	{
		start_box
		until_line "$T/log" up
		deep=$CGROUP_DIR/d
		mkdir "$CGROUP_DIR/threads" "$deep"
		echo threaded >"$CGROUP_DIR/threads/cgroup.type"
		ls "/proc/$(init_pid)/task" | tail -n 1 >"$CGROUP_DIR/threads/cgroup.threads"
		for ((i = 0; i < 63; i++)); do
			mkdir "$deep/x" "$deep/y" "$deep/d"
			deep+=/d
		done
	}
	each_end nested
	# Processes at the bottom, where a domain can be.
	without_pidns
	args /probe forks 5
	populated()
	{
		start_box
		until_line "$T/log" up
		deep=$CGROUP_DIR
		local pids
		mapfile -t pids <"$CGROUP_DIR/cgroup.procs"
		for ((i = 0; i < 64; i++)); do
			mkdir "$deep/x" "$deep/y" "$deep/d"
			deep+=/d
		done
		echo "${pids[1]}" >"$deep/cgroup.procs"
		echo "${pids[2]}" >"${deep%/d/d}/x/cgroup.procs"
		echo "${pids[3]}" >"$CGROUP_DIR/d/y/cgroup.procs"
		echo 1 >"$CGROUP_DIR/d/d/cgroup.freeze"
	}
	each_end populated
	populated
	ends_by kill --all box TERM
}

@test "kill: deeper than there are descriptors" {
	without_pidns
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup")) + [{
		destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "rw"]}]'
	args sh -c 'sleep 1000 & pid=$!; i=0; cd /sys/fs/cgroup
		while [ $i -lt 300 ]; do mkdir d && cd d || break; i=$((i + 1)); done; echo $pid >cgroup.procs; echo up; sleep 1000'
	few() { (ulimit -n 40 && turtle "$@"); }
	start_box
	until_line "$T/log" up
	ok few ps --format json box
	same "$(jq length "$T/out")" 2
	ok few kill --all box TERM
	until_true event populated 0
	ok few delete box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "kill: init was moved out of the cgroup" {
	without_pidns
	args /probe forks 1
	moved()
	{
		start_box
		until_line "$T/log" up
		PID=$(init_pid)
		echo "$PID" >"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"
	}
	each_end moved
	moved
	ends_by delete --force box
	[ ! -e "/proc/$PID/exe" ] || fail "init lives"
}

#
# A process that can't die.
#
# patient COMMAND...: turtle, with the time for its own limit of 10 s.
patient() { timeout --foreground -k 1 25 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-; }

stuck_box()
{
	stuckfs_mount
	config --arg d "$T/stuck" '.mounts += [{destination: "/stuck", type: "bind", source: $d, options: ["bind"]}]'
	mkdir "$ROOTFS/stuck"
	args sh -c 'stat /stuck/file & echo up; exec /probe wait'
	start_box
	until_line "$T/log" up
	until_line "$T/stuck.said" asked
}

@test "kill: one that can't die: delete --force ends, names it, keeps the state, and works later" {
	stuck_box
	SECONDS=0
	refused "in uninterruptible sleep" patient delete --force box
	[[ $stderr == *"(stat) in uninterruptible sleep"* ]] || fail "it does not say who"
	[ "$SECONDS" -le 13 ] || fail "it took $SECONDS s"
	[ -e "$STATE/box/state.json" ] || fail "the state is gone"
	[ -e "$CGROUP_DIR" ] || fail "the cgroup is gone"
	stuckfs_end
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "kill: the same where init itself does end" {
	without_pidns
	stuck_box
	SECONDS=0
	refused "remove cgroup $CGROUP: process " patient delete --force box
	[[ $stderr == *"(stat) in uninterruptible sleep, still there after 10000 ms"* ]] || fail "it does not say who"
	[ "$SECONDS" -le 13 ] || fail "it took $SECONDS s"
	same "$(state_of box)" stopped
	# kill does not wait.
	ok turtle kill box KILL
	stuckfs_end
	until_true event populated 0
	ok turtle delete box
}

#
# Another's cgroup
#
@test "kill: a new cgroup of the same path is not the container's" {
	without_pidns
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	rmdir "$CGROUP_DIR"
	mkdir "$CGROUP_DIR"
	sleep 1000 3>&- &
	local stranger=$!
	echo "$stranger" >"$CGROUP_DIR/cgroup.procs"
	refused "container not running" turtle kill box KILL
	ok turtle kill --all box KILL
	ok turtle ps --format json box
	is null
	ok turtle delete --force box
	kill -0 "$stranger" || fail "a stranger was killed"
	[ -e "$CGROUP_DIR" ] || fail "a stranger's cgroup was removed"
	kill -KILL "$stranger"
	until_true event populated 0
	rmdir "$CGROUP_DIR"
}

@test "kill: a living container's new cgroup of the same path" {
	without_pidns
	up forks 1
	local pid
	for pid in $(<"$CGROUP_DIR/cgroup.procs"); do
		echo "$pid" >"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"
	done
	rmdir "$CGROUP_DIR"
	mkdir "$CGROUP_DIR"
	sleep 1000 3>&- &
	local stranger=$!
	echo "$stranger" >"$CGROUP_DIR/cgroup.procs"
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete --force box
	kill -0 "$stranger" || fail "a stranger was killed"
	kill -KILL "$stranger" "$pid"
	until_true event populated 0
	rmdir "$CGROUP_DIR"
}

@test "kill: an empty cgroup that another container has taken over" {
	without_pidns
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	new_bundle "$T/second" box
	(cd "$T/second" && args /probe forks 2)
	ok turtle run -d --bundle "$T/second" second
	mv "$T/out" "$T/second.log"
	refused "container not running" turtle kill box KILL
	ok turtle kill --all box KILL
	ok turtle ps --format json box
	is null
	ok turtle delete --force box
	same "$(state_of second)" running
	same "$(wc -l <"$CGROUP_DIR/cgroup.procs")" 3
}

@test "kill: of a stopped container delete asks nothing but its own cgroup, once" {
	command -v strace >/dev/null || skip "strace is not here"
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	ok env ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -o "$T/trace" -e trace=%file,write,poll "$TURTLE" --root "$STATE" delete box
	same "$(grep -c 'cgroup\.\(kill\|events\|procs\|freeze\)' "$T/trace" || true)" 0 "files of the cgroup are touched"
	same "$(grep -o 'unlinkat(.*AT_REMOVEDIR' "$T/trace" | sort | uniq -d)" "" "a directory is removed more than once"
	grep -q 'unlinkat(.*"box", AT_REMOVEDIR' "$T/trace" || fail "another call removes it"
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}
