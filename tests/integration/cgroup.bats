# SPDX-License-Identifier: Apache-2.0
# The container's cgroup: where it is, what is written there, which devices it allows, who owns it, and that it goes.
# shellcheck disable=SC2016,SC2154
load helpers

# cgroup_path PATH: sets linux.cgroupsPath.
cgroup_path() { config --arg p "$1" '.linux.cgroupsPath = $p'; }

# resources JSON: merged into linux.resources.
resources() { config --argjson r "$1" '.linux.resources += $r'; }

# A running container that ends at SIGTERM.
up()
{
	args /probe wait
	ok turtle run -d box
	until_line "$T/out" up
}

# value FILE [DIR]: a file of the container's cgroup, as the host sees it.
value() { cat "${2:-$CGROUP_DIR}/$1"; }

has_controller() { [[ " $(<"$CGROUP_MOUNT/cgroup.controllers") " == *" $1 "* ]]; }
need_controller() { has_controller "$1" || skip "the $1 controller is not in cgroup v2 here"; }

# event KEY VALUE: whether the container's cgroup.events says so.
event() { grep -qsx "$1 $2" "$CGROUP_DIR/cgroup.events"; }

# from_killed COMMAND...: by a caller in a cgroup that was told cgroup.kill once.
from_killed()
{
	local dir=$CGROUP_MOUNT$TEST_CGROUP/caller
	mkdir -p "$dir"
	echo 1 >"$dir/cgroup.kill"
	bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec timeout 20 "$TURTLE" --root "$STATE" "$@" 3>&-' _ "$dir" "$@"
}

# A process of the host in the cgroup DIR; $STRANGER.
stranger_in()
{
	sleep 1000 3>&- &
	STRANGER=$!
	echo "$STRANGER" >"$1/cgroup.procs"
}

# with_view COMMAND...: in a mount namespace of its own with cgroup2, and nothing else, at /sys/fs/cgroup.
with_view()
{
	# Not mounted anew: that would take its options from the host's cgroup2, for everyone.
	timeout --foreground -k 1 20 unshare -m --propagation private sh -c '
		mkdir -p "$1/view" && mount --bind "$2" "$1/view" && umount -R -l /sys/fs/cgroup &&
		mount --bind "$1/view" /sys/fs/cgroup && umount "$1/view" && shift 2 && exec "$@"' _ "$T" "$CGROUP_MOUNT" "$@" 3>&- 4>&-
}

# A cgroup mount, writable or not, in place of the default one.
mount_cgroup()
{
	config --arg o "$1" '.mounts |= map(select(.destination != "/sys/fs/cgroup")) + [{
		destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", $o]}]'
}

# kmsg ACCESS...: /dev/kmsg is in the container, with these rules behind the default "nothing". Nothing else may keep the
# process from it, so it gets the capability, too.
kmsg()
{
	local access rules='[]'
	for access; do
		rules=$(jq -c --arg a "$access" '. + [{allow: true, type: "c", major: 1, minor: 11, access: $a}]' <<<"$rules")
	done
	config --argjson r "$rules" '.linux.resources.devices += $r |
		.process.capabilities |= map_values(. + ["CAP_SYSLOG"]) |
		.linux.devices += [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438, uid: 0, gid: 0}]'
}

#
# The place
#
@test "cgroup: an absolute path counts from the mount" {
	up
	grep -qx "0::$CGROUP" "/proc/$(init_pid)/cgroup" || fail "init is elsewhere"
	same "$(value cgroup.procs)" "$(init_pid)"
}

@test "cgroup: without a path it is beside the caller's own, under the id" {
	config 'del(.linux.cgroupsPath)'
	up
	grep -qx "0::$CGROUP_BASE/box" "/proc/$(init_pid)/cgroup" || fail "$(cat "/proc/$(init_pid)/cgroup")"
	ok turtle delete --force box
	[ ! -e "$CGROUP_MOUNT$CGROUP_BASE/box" ] || fail "it stays"
}

@test "cgroup: an empty path is no path" {
	cgroup_path ""
	up
	grep -qx "0::$CGROUP_BASE/box" "/proc/$(init_pid)/cgroup"
}

@test "cgroup: a relative path is beside the caller's own" {
	cgroup_path "${TEST_CGROUP##*/}/rel"
	up
	grep -qx "0::$TEST_CGROUP/rel" "/proc/$(init_pid)/cgroup"
}

@test "cgroup: dots are cleaned, and never climb out" {
	cgroup_path "/../../${TEST_CGROUP#/}//./deep/.././box/"
	up
	grep -qx "0::$CGROUP" "/proc/$(init_pid)/cgroup"
	ok turtle delete --force box
	cgroup_path "../../../${TEST_CGROUP##*/}/rel"
	up
	grep -qx "0::$TEST_CGROUP/rel" "/proc/$(init_pid)/cgroup"
}

@test "cgroup: the root of the tree is refused" {
	local path
	for path in / /.. /../.. /a/.. . ..; do
		cgroup_path "$path"
		args true
		box_refused "linux.cgroupsPath: \"$path\" names no cgroup"
	done
}

@test "cgroup: parents are made, and the container's own is removed with all below" {
	cgroup_path "$TEST_CGROUP/box/1/2/3"
	up
	mkdir -p "$CGROUP_DIR"/1/2/3/{a/b/c,d,e/f}
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR/1/2/3" ] || fail "it stays"
	rmdir "$CGROUP_DIR"/1/2 "$CGROUP_DIR/1" "$CGROUP_DIR"
}

@test "cgroup: run leaves none" {
	box true
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: an empty one that is there already is used" {
	mkdir -p "$CGROUP_DIR"
	up
	same "$(value cgroup.procs)" "$(init_pid)"
}

@test "cgroup: a stopped container's is still there, its path in the state" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	[ -d "$CGROUP_DIR" ] || fail "it went too early"
	ok turtle delete box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: --cgroup-manager=disabled leaves the caller's" {
	args /probe wait
	ok turtle --cgroup-manager=disabled run -d box
	grep -qx "0::$CGROUP_BASE/self" "/proc/$(init_pid)/cgroup"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup was made"
	ok turtle --cgroup-manager=disabled delete --force box
}

#
# What is there before
#
@test "cgroup: one that is not empty is refused, and left alone" {
	mkdir -p "$CGROUP_DIR/below"
	stranger_in "$CGROUP_DIR/below"
	args true
	refused "container's cgroup is not empty: 1 process(es) found" turtle create box
	refused "container's cgroup is not empty: 1 process(es) found" turtle run box
	kill -0 "$STRANGER" || fail "the other process is gone"
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	kill_background
	rmdir "$CGROUP_DIR/below" "$CGROUP_DIR"
}

@test "cgroup: two containers can't share one" {
	up
	local first
	first=$(init_pid)
	new_bundle "$T/second"
	cd "$T/second"
	args true
	refused "container's cgroup is not empty: 1 process(es) found" turtle run second
	same "$(state_of box)" running
	same "$(init_pid)" "$first"
}

@test "cgroup: a frozen one is refused" {
	mkdir -p "$CGROUP_DIR"
	echo 1 >"$CGROUP_DIR/cgroup.freeze"
	args true
	refused "container's cgroup unexpectedly frozen" turtle run box
	echo 0 >"$CGROUP_DIR/cgroup.freeze"
	box true
}

@test "cgroup: one below a frozen one is refused" {
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP"
	echo 1 >"$CGROUP_MOUNT$TEST_CGROUP/cgroup.freeze"
	args true
	box_refused "container's cgroup unexpectedly frozen"
	echo 0 >"$CGROUP_MOUNT$TEST_CGROUP/cgroup.freeze"
}

@test "cgroup: threaded ones are named" {
	mkdir -p "$CGROUP_DIR"
	echo threaded >"$CGROUP_DIR/cgroup.type"
	args true
	refused "cgroup $CGROUP is threaded" turtle run box
	cgroup_path "$TEST_CGROUP/other"
	refused "cgroup $TEST_CGROUP/other is in an invalid state" turtle run box
	[ ! -e "$CGROUP_MOUNT$TEST_CGROUP/other" ] || fail "what was made for the try stays"
	rmdir "$CGROUP_DIR"
}

#
# Limits
#
@test "cgroup: a limit whose controller is missing is one clear error" {
	local name property=
	for name in pids memory cpu; do
		if ! has_controller "$name"; then
			case $name in
			pids) property=pids.limit ;;
			memory) property=memory.limit ;;
			cpu) property=cpu.quota ;;
			esac
			break
		fi
	done
	[ -n "$property" ] || skip "every controller is here"
	resources "{\"${property%.*}\": {\"${property#*.}\": 20000}}"
	box_refused "linux.resources.$property: the $name controller is not available in cgroup $CGROUP (it has: $(<"$CGROUP_MOUNT/cgroup.controllers"))"
}

@test "cgroup: a unified setting whose controller is missing" {
	resources '{"unified": {"nosuch.max": "1"}}'
	box_refused 'unified resource "nosuch.max" can'\''t be set: controller "nosuch" not available'
}

@test "cgroup: pids.limit" {
	need_controller pids
	resources '{"pids": {"limit": 7}}'
	up
	same "$(value pids.max)" 7
}

@test "cgroup: memory and swap" {
	need_controller memory
	resources '{"memory": {"limit": 33554432, "swap": 50331648, "reservation": 16777216}}'
	up
	same "$(value memory.max)" 33554432
	same "$(value memory.low)" 16777216
	[ ! -e "$CGROUP_DIR/memory.swap.max" ] || same "$(value memory.swap.max)" 16777216
}

@test "cgroup: cpu shares, quota and period" {
	need_controller cpu
	resources '{"cpu": {"shares": 2048, "quota": 20000, "period": 50000}}'
	up
	same "$(value cpu.weight)" 174
	same "$(value cpu.max)" "20000 50000"
}

@test "cgroup: cpuset" {
	need_controller cpuset
	resources '{"cpu": {"cpus": "0", "mems": "0"}}'
	up
	same "$(value cpuset.cpus)" 0
	same "$(value cpuset.mems)" 0
}

@test "cgroup: hugepageLimits, and the reservation limit beside it" {
	need_controller hugetlb
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages of 2 MB"
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	up
	same "$(value hugetlb.2MB.max)" 4194304
	same "$(value hugetlb.2MB.rsvd.max)" 4194304
}

@test "cgroup: controllers arrive however deep it is" {
	need_controller hugetlb
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages of 2 MB"
	cgroup_path "$TEST_CGROUP/x/y/box"
	resources '{"unified": {"hugetlb.2MB.max": "2097152"}}'
	up
	same "$(value hugetlb.2MB.max "$CGROUP_MOUNT$TEST_CGROUP/x/y/box")" 2097152
	ok turtle delete --force box
	rmdir "$CGROUP_MOUNT$TEST_CGROUP/x/y" "$CGROUP_MOUNT$TEST_CGROUP/x"
}

@test "cgroup: unlimited values need no controller" {
	resources '{"pids": {"limit": -1}, "memory": {"limit": -1, "swap": -1}, "cpu": {"quota": -1, "period": 100000, "shares": 0}}'
	box true
}

@test "cgroup: unified files are written, one line at a time" {
	resources '{"unified": {"cgroup.max.depth": "3", "cgroup.max.descendants": "5\n6\n"}}'
	up
	same "$(value cgroup.max.depth)" 3
	same "$(value cgroup.max.descendants)" 6
}

@test "cgroup: a value that the kernel refuses is named with its property and file" {
	resources '{"unified": {"cgroup.max.depth": "deep"}}'
	box_refused 'linux.resources.unified.cgroup.max.depth: write "deep" to cgroup.max.depth of cgroup '"$CGROUP: Invalid argument"
}

@test "cgroup: names that climb are refused, and nothing is written" {
	local r
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP"
	for r in '{"unified": {"../cgroup.max.depth": "1"}}' '{"unified": {"x/../cgroup.max.depth": "1"}}' \
		'{"unified": {"": "1"}}' '{"unified": {"..": "1"}}' '{"unified": {"/cgroup.max.depth": "1"}}' \
		'{"hugepageLimits": [{"pageSize": "../../2MB", "limit": 1}]}' '{"hugepageLimits": [{"pageSize": "", "limit": 1}]}' \
		'{"hugepageLimits": [{"pageSize": "/../x/2MB", "limit": 1}]}' '{"rdma": {"../x": {"hcaHandles": 1}}}' \
		'{"rdma": {"": {"hcaHandles": 1}}}'; do
		config --argjson r "$r" '.linux.resources = $r'
		args true
		call turtle run box
		[ "$status" -eq 1 ] || fail "it was taken: $r"
		[[ $stderr == *"resource"* ]] || fail "the message is of something else"
		[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays: $r"
		same "$(value cgroup.max.depth "$CGROUP_MOUNT$TEST_CGROUP")" max
	done
}

@test "cgroup: settings that act on processes are refused" {
	local key
	for key in cgroup.procs cgroup.threads cgroup.kill cgroup.freeze; do
		config --arg k "$key" '.linux.resources = {unified: {($k): "1"}}'
		args true
		box_refused "\"$key\" acts on processes"
	done
}

@test "cgroup: swap rules" {
	resources '{"memory": {"swap": 1000000}}'
	box_refused "unable to set swap limit without memory limit"
	resources '{"memory": {"limit": 2000000, "swap": 1000000}}'
	box_refused "memory+swap limit should be >= memory limit"
}

@test "cgroup: resources that nobody knows change nothing" {
	resources '{"nobody": {"knows": [1, {"it": null}]}, "memory": {"nor": "this"}, "pids": {"limit": -1, "or": -5}}'
	box true
	is ""
}

@test "cgroup: what only cgroup v1 knows is noted with --debug, and does nothing" {
	resources '{"memory": {"kernel": 1000, "swappiness": 5}, "network": {"classID": 7}}'
	args true
	ok turtle run box
	turtle --debug --log "$T/log" run box
	grep -q "linux.resources.memory.kernel is ignored" "$T/log" || fail "$(<"$T/log")"
	grep -q "linux.resources.network.classID is ignored" "$T/log"
}

@test "cgroup: each value that only cgroup v1 knows is named, and no controller is asked for it" {
	local key
	resources '{"memory": {"kernel": 4194304, "kernelTCP": 4194304, "swappiness": 10, "disableOOMKiller": true, "useHierarchy": false},
		"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 10000}, "network": {"classID": 1048577, "priorities": [{"name": "lo", "priority": 5}]},
		"blockIO": {"leafWeight": 500, "weightDevice": [{"major": 8, "minor": 0, "leafWeight": 500}]}}'
	args true
	ok turtle run box
	ok turtle --log "$T/log" --debug run box
	for key in memory.kernel memory.kernelTCP memory.swappiness memory.disableOOMKiller memory.useHierarchy cpu.realtimeRuntime \
		cpu.realtimePeriod network.classID network.priorities blockIO.leafWeight 'blockIO.weightDevice[0].leafWeight'; do
		grep -qF "linux.resources.$key is ignored: cgroup v2 has nothing like it" "$T/log" || fail "$key: $(<"$T/log")"
	done
	# What is not wished for is not named.
	resources '{"memory": {"kernel": 0, "kernelTCP": 0, "disableOOMKiller": false, "useHierarchy": true}, "cpu": {"realtimeRuntime": 0,
		"realtimePeriod": 0}, "network": {"classID": 0, "priorities": []}, "blockIO": {"leafWeight": 0}}'
	rm "$T/log"
	ok turtle --log "$T/log" --debug run box
	! grep -F "is ignored" "$T/log" || fail "notes on what nobody asked for"
}

#
# Devices
#
@test "cgroup: a device outside of the rules gives EPERM" {
	kmsg
	box /probe open /dev/kmsg r
	is EPERM
}

@test "cgroup: a device inside of the rules works, as far as they go" {
	kmsg r
	box /probe open /dev/kmsg r
	is ok
	box /probe open /dev/kmsg rw
	is EPERM
}

@test "cgroup: of two rules the later one decides" {
	kmsg rw
	config '.linux.resources.devices += [{allow: false, type: "c", major: 1, minor: 11, access: "w"}]'
	box /probe open /dev/kmsg r
	is ok
	box /probe open /dev/kmsg w
	is EPERM
}

@test "cgroup: without any rule everything else is denied" {
	kmsg
	config 'del(.linux.resources)'
	box /probe open /dev/kmsg r
	is EPERM
}

@test "cgroup: a rule for all devices" {
	kmsg
	config '.linux.resources.devices = [{allow: true, access: "rwm"}]'
	box /probe open /dev/kmsg r
	is ok
}

@test "cgroup: the default devices can't be denied" {
	config '.linux.resources.devices = [{allow: true, access: "rwm"}, {allow: false, type: "c", access: "rwm"},
		{allow: false, type: "c", major: 1, minor: 3, access: "rwm"}, {allow: false, access: "rwm"}]'
	box sh -c 'for d in null zero full random urandom; do /probe open /dev/$d r; done; /probe open /dev/null rw; /probe open /dev/ptmx rw'
	is $'ok\nok\nok\nok\nok\nok\nok'
}

@test "cgroup: making a node is allowed, using it is not" {
	config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	box sh -c 'mknod /n c 1 11 && /probe open /n r'
	is EPERM
}

@test "cgroup: device rules that make no sense" {
	config '.linux.resources.devices = [{allow: true, type: "c"}]'
	box_refused "device access at 0 field cannot be empty"
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, access: ""}]'
	box_refused "device access at 1 field cannot be empty"
	config '.linux.resources.devices = [{allow: true, type: "x", access: "r"}]'
	box_refused "invalid cgroup device type"
	config '.linux.resources.devices = [{allow: true, access: "rwx"}]'
	box_refused "is not made of r, w and m"
}

@test "cgroup: the device program replaces an old one, it does not stack" {
	kmsg
	mkdir -p "$CGROUP_DIR"
	box /probe open /dev/kmsg r
	is EPERM
	mkdir -p "$CGROUP_DIR"
	config '.linux.resources.devices = [{allow: true, access: "rwm"}]'
	box /probe open /dev/kmsg r
	is ok
}

#
# The namespace and the owner
#
@test "cgroup: in a cgroup namespace it is the root" {
	mount_cgroup ro
	box sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs | head -n 1'
	matches '^0::/$' '^1$'
}

@test "cgroup: without a cgroup namespace the whole path is seen" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	box cat /proc/self/cgroup
	matches "^0::$CGROUP\$"
}

@test "cgroup: one that is mounted writable belongs to the process's user" {
	mount_cgroup rw
	config '.process.user = {uid: 1000, gid: 1000}'
	up
	same "$(stat -c %u:%g "$CGROUP_DIR")" 1000:0
	local file
	for file in cgroup.procs cgroup.subtree_control cgroup.threads; do
		same "$(stat -c %u "$CGROUP_DIR/$file")" 1000
	done
	same "$(stat -c %u "$CGROUP_DIR/cgroup.max.depth")" 0
}

@test "cgroup: one that is mounted read-only, or not as its own, stays root's" {
	mount_cgroup ro
	config '.process.user = {uid: 1000, gid: 1000}'
	up
	same "$(stat -c %u "$CGROUP_DIR")" 0
	ok turtle delete --force box
	mount_cgroup rw
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	up
	same "$(stat -c %u "$CGROUP_DIR")" 0
}

@test "cgroup: with a user namespace the owner is the mapped id" {
	mount_cgroup rw
	chown -R 100000:100000 "$ROOTFS"
	config '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 5, gid: 5} |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	up
	same "$(stat -c %u "$CGROUP_DIR")" 100005
	same "$(stat -c %u "$CGROUP_DIR/cgroup.procs")" 100005
}

#
# The end
#
@test "cgroup: what a container built below its cgroup goes with it" {
	mount_cgroup rw
	args sh -c 'cd /sys/fs/cgroup; i=0; while [ $i -lt 60 ]; do mkdir d w$i; cd d; i=$((i+1)); done; sleep 1000 & echo $! >cgroup.procs; exec /probe wait'
	ok turtle run -d box
	until_line "$T/out" up
	[ -d "$CGROUP_DIR/d/d/d/w3" ] || fail "it could not build"
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: processes that outlive init, without a pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c 'sleep 1000 & sleep 1000 & exit 0'
	ok turtle create box
	ok turtle start box
	until_true stopped box
	event populated 1 || fail "nothing outlived"
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: kill --all reaches what init left behind" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c 'sleep 1000 & exit 0'
	ok turtle create box
	ok turtle start box
	until_true stopped box
	event populated 1 || fail "nothing outlived"
	ok turtle kill --all box TERM
	until_true event populated 0
	ok turtle delete box
}

@test "cgroup: a frozen container is paused, and dies when it is killed" {
	up
	echo 1 >"$CGROUP_DIR/cgroup.freeze"
	until_true event frozen 1
	same "$(state_of box)" paused
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: delete --force of a frozen container, frozen below too" {
	up
	mkdir "$CGROUP_DIR/below"
	init_pid >"$CGROUP_DIR/below/cgroup.procs"
	echo 1 >"$CGROUP_DIR/below/cgroup.freeze"
	echo 1 >"$CGROUP_DIR/cgroup.freeze"
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: somebody else has removed it" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	rmdir "$CGROUP_DIR"
	same "$(state_of box)" stopped
	ok turtle kill --all box KILL
	ok turtle delete box
}

#
# Other hosts
#
@test "cgroup: cgroup v2 alone, at /sys/fs/cgroup" {
	kmsg
	args sh -c 'grep ^0: /proc/self/cgroup; /probe open /dev/kmsg r'
	ok with_view "$TURTLE" --root "$STATE" run box
	is $'0::/\nEPERM'
	ok with_view "$TURTLE" --root "$STATE" create box
	grep -qx "0::$CGROUP" "/proc/$(init_pid)/cgroup"
	ok with_view "$TURTLE" --root "$STATE" delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
}

@test "cgroup: no cgroup v2 at all is one clear line" {
	args true
	refused "there is no cgroup v2 on this host" unshare -m --propagation private sh -c '
		umount -R -l /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup && exec "$@"' _ "$TURTLE" --root "$STATE" run box
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	ok unshare -m --propagation private sh -c '
		umount -R -l /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup && exec "$@"' _ "$TURTLE" --root "$STATE" --cgroup-manager disabled run box
}

#
# Without privileges
#
# As ada, who has nothing: a bundle of her own for the caller's ids.
as_ada()
{
	timeout --foreground -k 1 20 setpriv --reuid 1000 --regid 1000 --clear-groups \
		env -i PATH="$PATH" XDG_RUNTIME_DIR="$T/ada" "$TURTLE" --root "$T/ada/state" "$@" 3>&- 4>&-
}

adas_bundle()
{
	mkdir -m 700 "$T/ada"
	rm config.json
	chown -R 1000:1000 "$T/ada" "$BUNDLE"
	as_ada spec --rootless
	config '.process.terminal = false | .process.args = ["true"]'
	chown -R 1000:1000 "$T/ada" "$BUNDLE"
}

@test "cgroup: rootless, without a limit and without a path, runs without one" {
	adas_bundle
	ok as_ada run box
}

@test "cgroup: rootless with a limit says what is missing" {
	adas_bundle
	config '.linux.resources = {unified: {"cgroup.max.depth": "1"}}'
	refused "unable to apply cgroup configuration: rootless needs no limits + no cgrouppath when no permission is granted for cgroups: create cgroup $CGROUP_BASE/box: Permission denied" \
		as_ada run box
}

@test "cgroup: rootless with a path of others" {
	adas_bundle
	cgroup_path "$CGROUP"
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP"
	refused "unable to apply cgroup configuration: create cgroup $CGROUP: Permission denied" as_ada run box
}

@test "cgroup: rootless in a cgroup that was handed over" {
	adas_bundle
	local mine=$CGROUP_MOUNT$TEST_CGROUP
	mkdir -p "$mine/shell"
	chown 1000:1000 "$mine" "$mine"/cgroup.{procs,subtree_control,threads} "$mine/shell" "$mine/shell/cgroup.procs"
	config '.linux.resources = {unified: {"cgroup.max.depth": "1"}} | .process.args = ["sleep", "1000"]'
	# The caller must be in it; this shell, which is in the suite's own cgroup, must not leave it.
	ok bash -c 'echo $$ >"$1"/cgroup.procs; shift; "$@"' _ "$mine/shell" setpriv --reuid 1000 --regid 1000 --clear-groups \
		env -i PATH="$PATH" XDG_RUNTIME_DIR="$T/ada" "$TURTLE" --root "$T/ada/state" run -d box
	same "$(<"$CGROUP_DIR/cgroup.max.depth")" 1
	grep -q . "$CGROUP_DIR/cgroup.procs" || fail "nobody is in it"
	ok as_ada delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "it stays"
	rmdir "$mine/shell"
}

@test "cgroup: an empty one that was there before, and was told to kill, is entered alive" {
	mkdir -p "$CGROUP_DIR"
	[ -e "$CGROUP_DIR/cgroup.kill" ] || skip "no cgroup.kill before Linux 5.14"
	echo 1 >"$CGROUP_DIR/cgroup.kill"
	box cat /proc/self/cgroup
	has 0::/
	args sleep 1000
	mkdir -p "$CGROUP_DIR"
	echo 1 >"$CGROUP_DIR/cgroup.kill"
	ok turtle create box
	same "$(sed -n 's/^0:://p' /proc/"$(init_pid)"/cgroup)" "$CGROUP"
	ok turtle delete --force box
}

@test "cgroup: all controllers that are missing are named at once" {
	grep -Eqw 'memory|pids' "$CGROUP_MOUNT/cgroup.controllers" && skip "the host has them"
	config '.linux.resources.memory.limit = 67108864 | .linux.resources.memory.reservation = 67108864 | .linux.resources.pids.limit = 9'
	box_refused "memory.limit: the memory controller is not available"
	[[ $stderr == *"pids.limit: the pids controller is not available"* ]] || fail "no word of pids"
	[[ $stderr != *reservation* ]] || fail "memory is named twice"
}

@test "cgroup: sub-cgroup and delegated cgroup without systemd" {
	config '.annotations = {"run.oci.systemd.subgroup": "payload", "run.oci.delegate-cgroup": "mine"} |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) | .process.user = {uid: 1000, gid: 1000}'
	box sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/mine/x && echo $$ >/sys/fs/cgroup/mine/x/cgroup.procs && cat /proc/self/cgroup'
	has 0::/mine 0::/mine/x
	args sleep 1000
	ok turtle create box
	same "$(sed -n 's/^0:://p' /proc/"$(init_pid)"/cgroup)" "$CGROUP/payload/mine"
	same "$(jq -r .container.processCgroup "$STATE/box/state.json")" "$CGROUP/payload/mine"
	same "$(stat -c %u "$CGROUP_DIR/payload/cgroup.procs" "$CGROUP_DIR/payload/mine/cgroup.procs" "$CGROUP_DIR/cgroup.procs" | xargs)" "1000 1000 0"
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup is there"
}

@test "cgroup: a delegated cgroup without a sub-cgroup is below the one with the limits" {
	config '.annotations = {"run.oci.delegate-cgroup": "mine"} |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) | .process.user = {uid: 1000, gid: 1000}'
	box sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/mine/x && echo $$ >/sys/fs/cgroup/mine/x/cgroup.procs && cat /proc/self/cgroup'
	has 0::/mine 0::/mine/x
	args sleep 1000
	ok turtle run -d box
	same "$(sed -n 's/^0:://p' /proc/"$(init_pid)"/cgroup)" "$CGROUP/mine"
	ok turtle exec box cat /proc/self/cgroup
	has 0::/mine
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup is there"
}

@test "cgroup: a caller whose own cgroup was once told to kill" {
	[ -e "$CGROUP_MOUNT$CGROUP_BASE/cgroup.kill" ] || skip "no cgroup.kill before Linux 5.14"
	export TURTLE STATE
	local join
	args sh -c 'cat /proc/self/uid_map; grep -o ::/ /proc/self/cgroup'
	ok from_killed --debug --log "$T/debug" run box
	has ::/
	# With all that is done between the clone and the first word: a map, limits, the saved configuration, a hook.
	chown -R 100000:100000 "$ROOTFS"
	cp config.json plain.json
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings | .hooks.createRuntime = [{"path": "/bin/true"}]'
	ok from_killed run box
	matches '^ *0 +100000 +65536$'
	# By way of an intermediate process.
	sleep 60 3>&- &
	for join in uts pid; do
		config --arg t "$join" --arg p "/proc/$!/ns/$join" '.linux.namespaces |= map(if .type == $t then .path = $p else . end)
			| .process.args = ["true"] | del(.hostname)'
		ok from_killed run box
		cp plain.json config.json
		chown -R 0:0 "$ROOTFS"
	done
	args /probe wait
	ok from_killed create box
	ok from_killed start box
	ok from_killed exec box grep -o ::/ /proc/self/cgroup
	has ::/
	ok turtle delete --force box
	rmdir "$CGROUP_MOUNT$TEST_CGROUP/caller"
	grep -q "killed where it was cloned" "$T/debug" || skip "this kernel does not kill who is cloned"
}
