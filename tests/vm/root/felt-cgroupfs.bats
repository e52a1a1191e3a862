#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What felt.bash says, with the cgroupfs driver.

# shellcheck disable=SC2034
DRIVER=cgroupfs
load felt

@test "felt, cgroupfs: what eats memory is killed at the limit, and events tells" { felt_memory; }
@test "felt, cgroupfs: with 7 processes the eighth is refused" { felt_pids; }
@test "felt, cgroupfs: two busy loops share a fifth of a CPU" { felt_cpu; }
@test "felt, cgroupfs: a set of one CPU keeps all threads there" { felt_cpuset; }
@test "felt, cgroupfs: a writer is held to its rate" { felt_io; }
@test "felt, cgroupfs: devices outside of the rules, also after update and daemon-reload" { felt_devices; }
@test "felt, cgroupfs: 512 KiB of memory are enough for true" { felt_smallest; }
