#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The limits of run --rootfs, read back from the kernel's files and felt from inside, with both cgroup drivers.

load ../../integration/helpers

setup()
{
	box_setup
	ID=vmbox$BATS_TEST_NUMBER
}

# in_box DRIVER OPTION...
in_box()
{
	local driver=$1
	shift
	call timeout --foreground -k 1 60 "$TURTLE" --root "$STATE" --cgroup-manager "$driver" run --rootfs "$ROOTFS" "$@" 3>&- 4>&-
}

# value FILE: of the cgroup that the container's init is in.
value() { cat "$CGROUP_MOUNT$(sed -n 's/^0:://p' "/proc/$(init_pid "$ID")/cgroup")/$1"; }

each_driver()
{
	local driver
	for driver in cgroupfs systemd; do
		"$1" "$driver" || return 1
	done
}

limits_of()
{
	in_box "$1" -d --memory 64M --swap 0 --memory-reservation 32m --cpus 0.2 --cpu-shares 512 --pids 7 "$ID" -- sleep 1000
	same "$status" 0
	same "$(value memory.max) $(value memory.swap.max) $(value memory.low)" "67108864 0 33554432" "memory with $1"
	same "$(value cpu.max) $(value cpu.weight)" "20000 100000 59" "cpu with $1"
	same "$(value pids.max)" 7 "pids with $1"
	turtle delete --force "$ID"
}

@test "box: limits arrive in the kernel's files" { each_driver limits_of; }

swap_of()
{
	in_box "$1" -d --memory 64m "$ID" -- sleep 1000
	same "$(value memory.max) $(value memory.swap.max)" "67108864 67108864" "--memory alone, with $1"
	turtle delete --force "$ID"
	in_box "$1" -d -m 64m --swap 16m "$ID" -- sleep 1000
	same "$(value memory.swap.max)" 16777216 "--swap with $1"
	turtle delete --force "$ID"
	in_box "$1" -d -m 64m --memory-swap 80m "$ID" -- sleep 1000
	same "$(value memory.swap.max)" 16777216 "--memory-swap with $1"
	turtle delete --force "$ID"
	in_box "$1" -d -m 64m --memory-swap -1 --pids-limit -1 "$ID" -- sleep 1000
	same "$(value memory.swap.max) $(value pids.max)" "max max" "no limit with $1"
	turtle delete --force "$ID"
}

@test "box: swap in its three spellings, and where nothing is said" { each_driver swap_of; }

cpuset_of()
{
	in_box "$1" -d --cpuset-cpus 0 --cpuset-mems 0 "$ID" -- sleep 1000
	same "$status" 0
	same "$(value cpuset.cpus) $(value cpuset.mems)" "0 0" "cpuset with $1"
	turtle delete --force "$ID"
}

@test "box: cpuset" {
	[ "$TURTLE_VM" != uml ] || skip "no cpuset controller in user-mode Linux"
	each_driver cpuset_of
}

forks_of()
{
	in_box "$1" --pids 4 "$ID" -- sh -c 'for i in 1 2 3 4 5 6; do sleep 100 & done; wait'
	[ "$status" -ne 0 ] || fail "all of them were made"
	[[ ${stderr,,} == *"resource temporarily unavailable"* ]] || fail "other words"
}

@test "box: one process more than --pids is refused" { each_driver forks_of; }

# What runs the tests may be excepted from being killed for memory, and a box inherits that as any program does.
eats_of()
{
	echo 0 >/proc/self/oom_score_adj
	# shellcheck disable=SC2016
	in_box "$1" --memory 15m --swap 0 "$ID" -- sh -c 'a=0123456789abcdef; while :; do a=$a$a; done'
	same "$status" 137 "the status with $1"
}

@test "box: what eats more than --memory is killed" { each_driver eats_of; }
