#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run --rootfs as a person who has logged in: without limits, with limits under the user's systemd, and in a cgroup that
# was given away.

load ../../integration/helpers

setup()
{
	user_box_setup
	ID=userbox$BATS_TEST_NUMBER
}

# in_box GLOBAL-OPTION... -- OPTION...
in_box()
{
	local globals=()
	while [ "$1" != -- ]; do
		globals+=("$1")
		shift
	done
	shift
	call timeout --foreground -k 1 60 "$TURTLE" --root "$STATE" "${globals[@]}" run --rootfs "$ROOTFS" "$@" 3>&- 4>&-
}

value() { cat "$CGROUP_MOUNT$(sed -n 's/^0:://p' "/proc/$(init_pid "$ID")/cgroup")/$1"; }

limits_arrive()
{
	same "$(value memory.max) $(value memory.swap.max)" "67108864 0"
	same "$(value cpu.max)" "20000 100000"
	same "$(value pids.max)" 7
	turtle delete --force "$ID"
}

@test "box: a shell of one's own, in one line" {
	in_box -- -- sh -c 'id -u; hostname; echo pid $$; touch /made && stat -c %u /made; grep -c : /proc/net/dev'
	same "$status" 0
	is $'0\nturtle\npid 1\n0\n1'
	[ -O "$ROOTFS/made" ] || fail "not the user's"
}

@test "box: the subordinate ids are there" {
	command -v newuidmap >/dev/null && grep -q "^$(id -un):" /etc/subuid && grep -q "^$(id -un):" /etc/subgid ||
		skip "the user has no subordinate ids"
	in_box -- --user ada -- sh -c 'id -u; wc -l </proc/self/uid_map'
	same "$status" 0
	is $'1000\n2'
}

@test "box: limits without a cgroup of one's own are refused, with what helps" {
	refused "rootless needs no limits + no cgrouppath when no permission is granted for cgroups" \
		"$TURTLE" --root "$STATE" run --rootfs "$ROOTFS" --memory 64m "$ID" -- true
	[[ $stderr == *systemd-cgroup* ]] || fail "no word of what would help"
}

@test "box: limits under the user's systemd" {
	in_box --systemd-cgroup -- -d --memory 64m --swap 0 --cpus 0.2 --pids 7 "$ID" -- sleep 1000
	same "$status" 0
	[[ $(</proc/"$(init_pid "$ID")"/cgroup) == *"/user@$(id -u).service/"* ]] || fail "not below the user's systemd"
	limits_arrive
}

@test "box: one process more than --pids is refused, under the user's systemd" {
	in_box --systemd-cgroup -- --pids 4 "$ID" -- sh -c 'for i in 1 2 3 4 5 6; do sleep 100 & done; wait'
	[ "$status" -ne 0 ] || fail "all of them were made"
	[[ ${stderr,,} == *"resource temporarily unavailable"* ]] || fail "other words"
}

@test "box: limits in a cgroup that was given away" {
	user_delegate
	in_box -- -d --memory 64m --swap 0 --cpus 0.2 --pids 7 "$ID" -- sleep 1000
	same "$status" 0
	limits_arrive
}
