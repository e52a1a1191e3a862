# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt, update's schemata and what events tells of them. Machines with resctrl are rare, so all but the last test
# run turtle with a fake of it: resctrl/turtle-resctrl.c says what is fake and what is not.
load helpers

setup()
{
	box_setup
	REAL_TURTLE=$TURTLE
	TURTLE=${TURTLE_BUILD:-}/tests/resctrl/turtle-resctrl
	[ -x "$TURTLE" ] || skip "needs turtle-resctrl (make check)"
	export FAKE_RESCTRL=$T/resctrl
	mkdir "$FAKE_RESCTRL"
	GROUPS_BEFORE=$'info\nmon_data\nmon_groups\nschemata\ntasks'
}

rdt() { config --argjson rdt "$1" '.linux.intelRdt = $rdt'; }

# group NAME [SCHEMATA]: one that was there before.
group()
{
	mkdir -p "$FAKE_RESCTRL/$1/mon_groups"
	: >"$FAKE_RESCTRL/$1/tasks"
	printf '    L3:0=%s;1=fffff\n    MB:0=%4d;1= 100\n' "${2:-fffff}" "${3:-100}" >"$FAKE_RESCTRL/$1/schemata"
}

# schemata GROUP: without its blanks, in a line.
schemata() { tr -d ' ' <"$FAKE_RESCTRL/$1/schemata" | tr '\n' ' '; }
tasks() { tr '\n' ' ' <"$FAKE_RESCTRL/$1/tasks"; }
nothing_left() { same "$(ls "$FAKE_RESCTRL")" "$GROUPS_BEFORE" "groups"; }

@test "intelRdt: a group of the container's own, from create to delete" {
	rdt '{"l3CacheSchema": "L3:0=f;1=f0", "memBwSchema": "MB:0=20", "schemata": ["L3:1=f", "MB:1=30"]}'
	args /probe wait
	ok turtle create box
	same "$(tasks box)" "$(init_pid) "
	same "$(schemata box)" "L3:0=f;1=f MB:0=20;1=30 "
	same "$(tasks .)" ""
	ok turtle start box
	ok turtle exec -d --pid-file "$T/pid" box /probe wait
	same "$(tasks box)" "$(init_pid) $(<"$T/pid") "
	ok turtle delete --force box
	nothing_left
	# All that was given may be nothing: then nothing is written, and the group is there all the same.
	rdt '{}'
	ok turtle create box
	same "$(tasks box)" "$(init_pid) "
	same "$(schemata box)" "L3:0=fffff;1=fffff MB:0=100;1=100 "
	ok turtle delete --force box
	nothing_left
	box true
	nothing_left
}

@test "intelRdt: lines of bandwidth in l3CacheSchema give way to memBwSchema" {
	rdt '{"l3CacheSchema": "MB:0=10\nL3:0=f\n", "memBwSchema": "MB:1=50\n"}'
	hold
	same "$(schemata box)" "L3:0=f;1=fffff MB:0=100;1=50 "
}

@test "intelRdt: closID names a group that is there" {
	rdt '{"closID": "gold"}'
	box_refused "linux.intelRdt: closID names resctrl group gold, which is not there; without a schema it must be"
	group gold f 50
	args /probe wait
	hold
	same "$(tasks gold)" "$(init_pid) "
	ok turtle delete --force box
	# Others may be in it.
	[ -d "$FAKE_RESCTRL/gold" ] || fail "it is gone"
	rdt '{"closID": "gold", "l3CacheSchema": "L3:0=0f;1=fffff", "memBwSchema": "MB:0=41"}'
	box true
	same "$(schemata gold)" "L3:0=f;1=fffff MB:0=50;1=100 "
	rdt '{"closID": "gold", "l3CacheSchema": "L3:0=ff"}'
	box_refused "linux.intelRdt: resctrl group gold is there already, and for L3:0 it does not have ff"
	rdt '{"closID": "gold", "memBwSchema": "MB:1=90"}'
	box_refused "for MB:1 it does not have 90"
	same "$(schemata gold)" "L3:0=f;1=fffff MB:0=50;1=100 "
	# schemata is written in any case.
	rdt '{"closID": "gold", "schemata": ["L3:1=3"]}'
	box true
	same "$(schemata gold)" "L3:0=f;1=3 MB:0=50;1=100 "
}

@test "intelRdt: closID names a group that is not there, and stays" {
	rdt '{"closID": "silver", "l3CacheSchema": "L3:0=f"}'
	hold
	same "$(schemata silver)" "L3:0=f;1=fffff MB:0=100;1=100 "
	ok turtle delete --force box
	[ -d "$FAKE_RESCTRL/silver" ] || fail "it is gone"
	box true
}

@test "intelRdt: closID / is the root" {
	rdt '{"closID": "/", "schemata": ["MB:0=50"], "enableMonitoring": true}'
	hold
	same "$(tasks .) $(tasks mon_groups/box)" "$(init_pid)  $(init_pid) "
	same "$(schemata .)" "L3:0=fffff;1=fffff MB:0=50;1=100 "
	ok turtle delete --force box
	nothing_left
	[ ! -e "$FAKE_RESCTRL/mon_groups/box" ] || fail "the monitoring group stays"
}

@test "intelRdt: a monitoring group, which goes with the container" {
	group gold
	rdt '{"closID": "gold", "enableMonitoring": true}'
	hold
	same "$(tasks gold/mon_groups/box)" "$(init_pid) "
	ok turtle exec -d --pid-file "$T/pid" box /probe wait
	same "$(tasks gold/mon_groups/box)" "$(init_pid) $(<"$T/pid") "
	ok turtle delete --force box
	[ -d "$FAKE_RESCTRL/gold" ] || fail "the group is gone"
	[ ! -e "$FAKE_RESCTRL/gold/mon_groups/box" ] || fail "the monitoring group stays"
	rm -r "$FAKE_RESCTRL/gold/mon_groups"
	box_refused "linux.intelRdt: make mon_groups/box in resctrl group gold: No such file or directory"
}

@test "intelRdt: the container's own group that was there before stays" {
	group box
	rdt '{"l3CacheSchema": "L3:0=f"}'
	box true
	same "$(schemata box)" "L3:0=f;1=fffff MB:0=100;1=100 "
}

@test "intelRdt: with a joined pid namespace it is the process that makes init, which inherits it" {
	unshare --pid --fork --kill-child sh -c 'echo up; exec sleep 1000' >"$T/pidns" 3>&- &
	until_line "$T/pidns" up
	config --arg path "/proc/$(pgrep -P $!)/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)'
	rdt '{}'
	hold
	# Only a real resctrl shows init as well.
	[[ $(tasks box) =~ ^[1-9][0-9]*\ $ ]] || fail "tasks are: $(tasks box)"
}

@test "intelRdt: what the kernel refuses is told in its words, and nothing is left" {
	rdt '{"schemata": ["L3:0=fffffff"]}'
	box_refused 'linux.intelRdt: write "L3:0=fffffff" to schemata of resctrl group box: Invalid argument (Mask out of range)'
	nothing_left
	rdt '{"closID": "new", "schemata": ["L9:0=f"]}'
	box_refused 'to schemata of resctrl group new: Invalid argument (Unknown or unsupported resource name)'
	nothing_left
	# Later failures undo it as well, also one that closID has named and nobody else uses.
	rdt '{"closID": "new", "schemata": ["L3:0=f"], "enableMonitoring": true}'
	args nosuch
	refused nosuch turtle create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	rdt '{"schemata": ["L3:0=f"]}'
	refused nosuch turtle create box
	mv "$FAKE_RESCTRL/info/MB" "$FAKE_RESCTRL/info/gone"
	rdt '{"memBwSchema": "MB:0=10"}'
	box_refused "linux.intelRdt: Intel RDT/MBA: memory bandwidth schema is not enabled"
	mv "$FAKE_RESCTRL/info/L3" "$FAKE_RESCTRL/info/lost"
	rdt '{"l3CacheSchema": "L3:0=1"}'
	box_refused "linux.intelRdt: Intel RDT/CAT: l3 cache schema is not enabled"
	same "$(ls "$FAKE_RESCTRL" | grep -vx new)" "$GROUPS_BEFORE"
	[ ! -e "$FAKE_RESCTRL/new" ] || same "$(ls "$FAKE_RESCTRL/new/mon_groups")" ""
}

@test "intelRdt: delete --force finds what a create that was killed has made" {
	rdt '{"schemata": ["L3:0=f"], "enableMonitoring": true}'
	printf '#!/bin/sh\nkill -KILL $PPID\n' >"$T/hook"
	chmod +x "$T/hook"
	config --arg hook "$T/hook" '.hooks.createRuntime = [{path: $hook}]'
	args true
	call turtle create box
	differ "$status" 0
	[ -d "$FAKE_RESCTRL/box" ] || fail "there is no group to find"
	ok turtle delete --force box
	nothing_left
}

# unmounted [ELSEWHERE]: resctrl is not mounted here, but in other mount namespaces.
unmounted()
{
	unset FAKE_RESCTRL FAKE_RESCTRL_ELSEWHERE
	[ -z "${1:-}" ] || export FAKE_RESCTRL_ELSEWHERE=yes
}
mounted() { export FAKE_RESCTRL=$T/resctrl; }

@test "intelRdt: delete where resctrl is not mounted forgets no group" {
	local groups
	rdt '{"schemata": ["L3:0=f"]}'
	args /probe wait
	ok turtle create box
	unmounted elsewhere
	for _ in 1 2; do
		refused "remove what container box has of resctrl group box: resctrl is not mounted in this mount namespace (delete it where resctrl is mounted, or with --force, which leaves the group)" \
			turtle delete box
		ok turtle state box
		same "$(jq -r .status "$T/out")" stopped
	done
	mounted
	[ -d "$FAKE_RESCTRL/box" ] || fail "there is no group to find"
	ok turtle delete box
	nothing_left
	group gold
	for groups in '{"closID": "gold", "enableMonitoring": true}' '{}'; do
		rdt "$groups"
		ok turtle create box
		unmounted elsewhere
		refused "resctrl is not mounted in this mount namespace" turtle delete box
		call turtle --debug delete --force box
		same "$status" 0
		[[ $stderr == *"resctrl group "*" keeps what container box had of it: resctrl is not mounted in this"* ]] ||
			fail "no warning"
		[ ! -e "$STATE/box" ] || fail "a state entry stays"
		mounted
	done
	[ -d "$FAKE_RESCTRL/box" ] && [ -d "$FAKE_RESCTRL/gold/mon_groups/box" ] || fail "a group is gone"
}

@test "intelRdt: delete where resctrl is not mounted at all, or the group is not the container's" {
	rdt '{"schemata": ["L3:0=f"], "enableMonitoring": true}'
	args /probe wait
	ok turtle create box
	# Its groups went with it.
	unmounted
	ok turtle delete box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	mounted
	group gold
	rdt '{"closID": "gold"}'
	ok turtle create box
	unmounted elsewhere
	ok turtle delete box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "intelRdt: bad values are refused before anything is made" {
	local value
	for value in . .. a/b // /a info mon_groups mon_data $'a\nb'; do
		config --arg value "$value" '.linux.intelRdt = {closID: $value}'
		box_refused "linux.intelRdt.closID: invalid intelRdt.ClosID"
	done
	for value in L3 L3: L3:0 L3:0= L3:=f :0=f 'L3:0=f,1=f' 'L3:0=f;;1=f' $'L3:0=f\nMB' 'L3:0=f 1=f' 'L3:-1=f' 'L 3:0=f'; do
		config --arg value "$value" '.linux.intelRdt = {l3CacheSchema: $value}'
		box_refused "linux.intelRdt.l3CacheSchema: "
		config --arg value "$value" '.linux.intelRdt = {memBwSchema: $value}'
		box_refused "linux.intelRdt.memBwSchema: "
		config --arg value "$value" '.linux.intelRdt = {schemata: ["L3:0=f", $value]}'
		box_refused "linux.intelRdt.schemata[1]: "
	done
	config '.linux.intelRdt = {schemata: ["L3:0=f\nL3:1=f"]}'
	box_refused "linux.intelRdt.schemata[0]: "
	config '.linux.intelRdt = {schemata: [""]}'
	box_refused "linux.intelRdt.schemata[0]: "
	same "$(ls "$FAKE_RESCTRL")" ""
}

@test "intelRdt: update writes other schemata, and puts them back where the limits fail" {
	rdt '{"schemata": ["L3:0=f"]}'
	hold
	ok turtle update --l3-cache-schema "L3:1=3" --mem-bw-schema "MB:0=25;1=70" box
	same "$(schemata box)" "L3:0=f;1=3 MB:0=30;1=70 "
	refused 'write "L3:0=fffffff" to schemata of resctrl group box: Invalid argument (Mask out of range)' \
		turtle update --l3-cache-schema "L3:0=fffffff" box
	refused '--l3-cache-schema: "L3" is not lines like' turtle update --l3-cache-schema L3 box
	refused '--mem-bw-schema: "20" is not lines like' turtle update --mem-bw-schema 20 box
	refused cpuset turtle update --mem-bw-schema "MB:0=10" --cpuset-cpus 4000 box
	same "$(schemata box)" "L3:0=f;1=3 MB:0=30;1=70 "
}

@test "intelRdt: update gives a container a group that has none" {
	hold
	same "$(ls "$FAKE_RESCTRL")" ""
	refused cpuset turtle update --mem-bw-schema "MB:0=10" --cpuset-cpus 4000 box
	nothing_left
	refused "Mask out of range" turtle update --l3-cache-schema "L3:0=fffffff" box
	nothing_left
	ok turtle update --mem-bw-schema "MB:0=10" box
	same "$(schemata box)" "L3:0=fffff;1=fffff MB:0=10;1=100 "
	same "$(tasks box)" "$(init_pid) "
	ok turtle exec -d --pid-file "$T/pid" box /probe wait
	same "$(tasks box)" "$(init_pid) $(<"$T/pid") "
	ok turtle delete --force box
	nothing_left
}

@test "intelRdt: events tells of the group" {
	rdt '{"schemata": ["L3:0=f", "MB:1=30"], "enableMonitoring": true}'
	hold
	ok turtle events --stats box
	jq -e '.data.intel_rdt == {
		l3_cache_info: {cbm_mask: "fffff", min_cbm_bits: 1, num_closids: 5},
		l3_cache_schema_root: "L3:0=fffff;1=fffff", l3_cache_schema: "L3:0=f;1=fffff",
		mem_bw_info: {bandwidth_gran: 10, delay_linear: 1, min_bandwidth: 10, num_closids: 5},
		mem_bw_schema_root: "MB:0= 100;1= 100", mem_bw_schema: "MB:0= 100;1=  30",
		schemata: ["L3:0=f;1=fffff", "MB:0= 100;1=  30"],
		mbm_stats: [{mbm_total_bytes: 100, mbm_local_bytes: 50}, {mbm_total_bytes: 7}],
		cmt_stats: [{llc_occupancy: 4096}, {}]}' "$T/out" >/dev/null || fail "another document"
	rm -r "$FAKE_RESCTRL/box"
	ok turtle events --stats box
	jq -e '.data.intel_rdt == {}' "$T/out" >/dev/null || fail "another document"
	ok turtle exec box true
}

@test "intelRdt: without it resctrl is not looked at" {
	FAKE_RESCTRL=/nonexistent
	hold
	ok turtle exec box true
	ok turtle events --stats box
	ok turtle delete --force box
}

@test "intelRdt: where resctrl is not mounted, a container that wants it is refused" {
	TURTLE=$REAL_TURTLE
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "resctrl is mounted here"
	rdt '{}'
	box_refused "linux.intelRdt: resctrl is not mounted"
	rdt '{"closID": "x"}'
	box_refused "linux.intelRdt: resctrl is not mounted"
	config 'del(.linux.intelRdt)'
	args /probe wait
	hold
	refused "resctrl is not mounted" turtle update --l3-cache-schema "L3:0=f" box
	refused "resctrl is not mounted" turtle update --mem-bw-schema "MB:0=20" box
}
