#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What felt.bash says, with the systemd driver.

# shellcheck disable=SC2034
DRIVER=systemd
load felt

@test "felt, systemd: what eats memory is killed at the limit, and events tells" { felt_memory; }
@test "felt, systemd: with 7 processes the eighth is refused" { felt_pids; }
@test "felt, systemd: two busy loops share a fifth of a CPU" { felt_cpu; }
@test "felt, systemd: a set of one CPU keeps all threads there" { felt_cpuset; }
@test "felt, systemd: a writer is held to its rate" { felt_io; }
@test "felt, systemd: devices outside of the rules, also after update and daemon-reload" { felt_devices; }
@test "felt, systemd: 512 KiB of memory are enough for true" { felt_smallest; }
