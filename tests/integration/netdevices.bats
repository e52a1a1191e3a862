# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices go from the runtime's network namespace into the container's. turtle runs in a namespace of
# the test's own, so the host's network is left alone.
load helpers

setup()
{
	box_setup
	command -v ip >/dev/null || skip "needs ip (iproute2)"
	unshare --net sh -c 'echo up; exec sleep 1000' >"$T/runtime" 3>&- &
	RUNTIME=$!
	until_line "$T/runtime" up
	dummy probe0 2>/dev/null || skip "neither dummy nor veth devices in this kernel"
	in_runtime ip link del probe0
}

in_runtime() { nsenter --net="/proc/$RUNTIME/ns/net" "$@"; }

turtle()
{
	timeout --foreground -k 1 20 nsenter --net="/proc/$RUNTIME/ns/net" "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# dummy NAME [ADDRESS...]: a device of the runtime's; where the kernel has no dummy ones, one end of a veth pair.
dummy()
{
	local name=$1 address
	shift
	in_runtime ip link add "$name" type dummy 2>/dev/null || in_runtime ip link add "$name" type veth || return 1
	for address; do
		# shellcheck disable=SC2086 # words
		in_runtime ip address add $address dev "$name"
	done
}

devices() { config --argjson devices "$1" '.linux.netDevices = $devices'; }

# inside [OPTION...] COMMAND...: ip, in the container's network namespace.
inside() { nsenter --net="/proc/$(init_pid)/ns/net" ip "$@"; }

# names: the names of the container's devices, without lo, in a line.
names() { inside -j link | jq -r '[.[].ifname | select(. != "lo")] | sort | join(" ")'; }

# addresses NAME: the container's device's addresses of global scope, in a line.
addresses() { inside -j address show dev "$1" | print_addresses; }
print_addresses()
{
	jq -r '[.[0].addr_info[] | select(.scope == "global")
		| "\(.local)\(if .address then " peer \(.address)" else "" end)/\(.prefixlen)\(if .broadcast then " brd \(.broadcast)" else "" end)\(
			if .label and (.label | contains(":")) then " label \(.label)" else "" end)"] | join(", ")'
}

# gone NAME...: none of them is the runtime's any more.
gone()
{
	local name
	for name; do
		! in_runtime ip link show dev "$name" >/dev/null 2>&1 || fail "$name is still there"
	done
}

@test "netDevices: a device moves, comes up, and keeps its addresses, its MTU and its hardware address" {
	dummy d0 10.1.2.3/24 "10.1.9.9/24 brd 10.1.9.255" fd00::1234/64 2001:db8::5/128
	in_runtime ip link set d0 mtu 1789 address 00:11:22:33:44:55
	local before
	before=$(in_runtime ip -j address show dev d0 | print_addresses)
	devices '{"d0": {}}'
	hold
	gone d0
	same "$(names)" d0
	# In the same order, which decides which one the kernel takes for what is sent.
	same "$(addresses d0)" "$before"
	same "$before" "10.1.2.3/24, 10.1.9.9/24 brd 10.1.9.255, 2001:db8::5/128, fd00::1234/64"
	same "$(inside -j link show dev d0 | jq -c '.[0] | [.mtu, .address, (.flags | index("UP") != null)]')" \
		'[1789,"00:11:22:33:44:55",true]'
	ok turtle delete --force box
	# Virtual devices go with their namespace; nothing has been moved back.
	gone d0
}

@test "netDevices: before the program, and before hooks, it is there" {
	dummy d0 10.1.2.3/24
	devices '{"d0": {"name": "eth0"}}'
	cat >"$T/hook" <<-EOF
		#!/bin/sh
		pid=\$(jq .pid)
		nsenter --net=/proc/\$pid/ns/net ip -o -4 address show dev eth0 >$T/seen
	EOF
	chmod +x "$T/hook"
	config --arg hook "$T/hook" --arg path "$PATH" '.hooks.createRuntime = [{path: $hook, env: ["PATH=\($path)"]}]
		| .linux.sysctl = {"net.ipv4.conf.eth0.forwarding": "1"}'
	box sh -c 'busybox ip -o -4 address show dev eth0; cat /proc/sys/net/ipv4/conf/eth0/forwarding'
	matches 'eth0 *inet 10\.1\.2\.3/24' '^1$'
	grep -q 'inet 10.1.2.3/24' "$T/seen" || fail "the hook has not seen it: $(<"$T/seen")"
}

@test "netDevices: renamed on the way, with peers, labels and lifetimes" {
	dummy d0 "10.1.2.3 peer 10.1.2.4/32" "10.5.0.1/16 label d0:first" "192.0.2.1/24 brd 192.0.2.255" \
		"10.6.0.1/24 valid_lft 1000 preferred_lft 1000" "10.7.0.1/24 scope link" "fd00::1 peer fd00::2/128" \
		"fd00:1::1/64 valid_lft 900 preferred_lft 900" "fd00:2::1/64 nodad noprefixroute preferred_lft 0"
	in_runtime ip link set d0 up
	devices '{"d0": {"name": "frontend0"}}'
	hold
	same "$(names)" frontend0
	same "$(addresses frontend0)" "10.1.2.3 peer 10.1.2.4/32, 10.5.0.1/16 label frontend0:first, 192.0.2.1/24 brd 192.0.2.255, fd00:2::1/64, fd00::1 peer fd00::2/128"
	inside -6 address show dev frontend0 | grep -q 'fd00:2::1/64 .*deprecated.*noprefixroute' || fail "flags are lost: $(inside -6 address show)"
}

@test "netDevices: a label that the new name makes too long goes, the address stays" {
	dummy d0 "10.5.0.1/16 label d0:first"
	devices '{"d0": {"name": "averylongname00"}}'
	hold
	same "$(addresses averylongname00)" 10.5.0.1/16
}

@test "netDevices: a pattern is filled in by the kernel" {
	dummy a0 10.1.0.1/24
	dummy eth1 10.1.1.1/24
	dummy eth0 10.1.2.1/24
	devices '{"a0": {"name": "eth%d"}, "eth1": {"name": "eth%d"}, "eth0": {"name": "x%dy"}}'
	hold
	same "$(names)" "eth0 eth1 x0y"
	same "$(addresses eth0) $(addresses eth1) $(addresses x0y)" "10.1.0.1/24 10.1.1.1/24 10.1.2.1/24"
	same "$(inside -j link | jq -c '[.[] | select(.ifname != "lo") | .flags | index("UP") != null] | unique')" '[true]'
}

@test "netDevices: two that change names with each other" {
	dummy one 10.1.0.1/24
	dummy two 10.1.1.1/24
	devices '{"one": {"name": "two"}, "two": {"name": "one"}}'
	hold
	same "$(addresses one) $(addresses two)" "10.1.1.1/24 10.1.0.1/24"
}

@test "netDevices: one end of a veth pair, which still talks to the other" {
	in_runtime ip link add v0 type veth peer name v1
	in_runtime ip address add 10.9.0.1/24 dev v0
	in_runtime ip address add 10.9.0.2/24 dev v1
	in_runtime ip link set v0 up
	devices '{"v1": {"name": "eth0"}}'
	hold
	gone v1
	nsenter --net="/proc/$(init_pid)/ns/net" busybox ping -c 1 -W 5 10.9.0.1 >"$T/ping" || fail "$(<"$T/ping")"
}

@test "netDevices: twenty at once" {
	local i list={} want=
	for ((i = 10; i < 30; i++)); do
		dummy "d$i" "10.2.$i.1/24" "fd00:$i::1/64"
		list=$(jq -c --arg i "$i" '."d\($i)" = {name: "e\($i)"}' <<<"$list")
		want+="e$i "
	done
	devices "$list"
	hold
	same "$(names) " "$want"
	for ((i = 10; i < 30; i++)); do
		same "$(addresses "e$i")" "10.2.$i.1/24, fd00:$i::1/64"
	done
}

@test "netDevices: many addresses on one, more than one answer of the kernel holds" {
	local i
	dummy d0
	for ((i = 0; i < 600; i++)); do echo "address add 10.3.$((i / 250)).$((i % 250 + 1))/32 dev d0"; done >"$T/batch"
	in_runtime ip -batch "$T/batch"
	devices '{"d0": {}}'
	hold
	same "$(inside -j -4 address show dev d0 | jq '.[0].addr_info | length')" 600
}

@test "netDevices: into a namespace that is joined" {
	dummy d0 10.1.2.3/24
	unshare --net sh -c 'echo up; exec sleep 1000' >"$T/joined" 3>&- &
	local joined=$!
	until_line "$T/joined" up
	nsenter --net="/proc/$joined/ns/net" ip link add taken type veth
	config --arg path "/proc/$joined/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	devices '{"d0": {"name": "taken"}}'
	box_refused 'linux.netDevices.d0: a network device named "taken" exists already in the container'
	in_runtime ip link show dev d0 >/dev/null || fail "d0 is gone"
	devices '{"d0": {"name": "taken%d"}}'
	box true
	gone d0
	# The namespace lives on, and so does what is in it.
	nsenter --net="/proc/$joined/ns/net" ip -o address show dev taken0 | grep -q 10.1.2.3/24 || fail "not there"
	# Also where its own name is taken there.
	dummy taken 10.1.2.4/24
	devices '{"taken": {"name": "other"}}'
	box true
	nsenter --net="/proc/$joined/ns/net" ip -o address show dev other | grep -q 10.1.2.4/24 || fail "not there"
}

@test "netDevices: with a user namespace, whose owner has no rights over the device's old place" {
	dummy d0 10.1.2.3/24
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	chown -R 100000:200000 "$ROOTFS"
	devices '{"d0": {"name": "eth0"}}'
	hold
	same "$(names) $(addresses eth0)" "eth0 10.1.2.3/24"
}

@test "netDevices: with a joined pid namespace, and with a terminal" {
	dummy d0 10.1.2.3/24
	unshare --pid --fork --kill-child sh -c 'echo up; exec sleep 1000' >"$T/pidns" 3>&- &
	until_line "$T/pidns" up
	config --arg path "/proc/$(pgrep -P $!)/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)
		| .process.terminal = true'
	devices '{"d0": {}}'
	args busybox ip -o -4 address show dev d0
	call script -qec "nsenter --net=/proc/$RUNTIME/ns/net $TURTLE --root $STATE run box" /dev/null
	[ "$status" -eq 0 ] || fail "status $status"
	matches 'inet 10\.1\.2\.3/24'
}

@test "netDevices: what can't be moved is named before anything moves" {
	dummy d0 10.1.2.3/24
	devices '{"d0": {}, "nosuch": {}}'
	box_refused "linux.netDevices.nosuch: there is no such network device in the runtime's network namespace"
	devices '{"d0": {}, "lo": {"name": "lo1"}}'
	box_refused "linux.netDevices.lo: the device can't be moved to another network namespace: "
	devices '{"d0": {"name": "lo"}}'
	box_refused 'linux.netDevices.d0: a network device named "lo" exists already'
	in_runtime ip link show dev d0 >/dev/null || fail "d0 is gone"
	in_runtime ip link add br0 type bridge 2>/dev/null || skip "no bridges in this kernel"
	devices '{"d0": {}, "br0": {}}'
	box_refused "linux.netDevices.br0: the device can't be moved to another network namespace"
	in_runtime ip link show dev d0 >/dev/null || fail "d0 is gone"
}

@test "netDevices: an address that the container's namespace does not take is a failure, and nothing is moved back" {
	dummy d0 10.1.2.3/24
	dummy d1 fd00::1/64
	unshare --net sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; echo up; exec sleep 1000' >"$T/joined" 3>&- &
	local joined=$!
	until_line "$T/joined" up
	config --arg path "/proc/$joined/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	devices '{"d0": {}, "d1": {}}'
	args true
	refused "linux.netDevices.d1: add an address to the device in the container: " turtle create box
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] || fail "left behind"
	gone d0 d1
	nsenter --net="/proc/$joined/ns/net" ip link show dev d1 >/dev/null || fail "d1 is nowhere"
}

@test "netDevices: not without a network namespace, nor into the runtime's own" {
	dummy d0
	devices '{"d0": {"name": "other"}}'
	config --arg path "/proc/$RUNTIME/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
	box_refused "is the host's own network namespace"
	config '.linux.namespaces |= map(select(.type != "network"))'
	box_refused "unable to move network devices without a NET namespace"
	in_runtime ip link show dev d0 >/dev/null || fail "d0 is gone"
}

@test "netDevices: bad names are refused before anything is made" {
	local name
	dummy d0
	for name in . .. a/b a:b 'a b' $'a\tb' abcdefghijklmnop 'a%' 'a%s' '%d%d' 'a%%d'; do
		config --arg name "$name" '.linux.netDevices = {d0: {name: $name}}'
		box_refused "linux.netDevices.d0.name: invalid network device name"
	done
	for name in '' . .. a/b a:b 'a b' abcdefghijklmnop 'a%d'; do
		config --arg name "$name" '.linux.netDevices = {} | .linux.netDevices[$name] = {}'
		box_refused "linux.netDevices: invalid network device name"
	done
	devices '{"d0": {"name": "x"}, "d1": {"name": "x"}}'
	box_refused 'linux.netDevices.d1: "x" is already the name of d0'
	in_runtime ip link show dev d0 >/dev/null || fail "d0 is gone"
}
