#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The machine itself: what the other files in this directory count on.

load ../../integration/helpers

@test "machine: systemd is PID 1 and has booted without a failure" {
	same "$(readlink -f /proc/1/exe)" /usr/lib/systemd/systemd
	timeout 60 systemctl is-system-running --wait || fail "$(systemctl --failed --no-legend)"
}

@test "machine: /sys/fs/cgroup is cgroup2 alone, with every controller" {
	same "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs
	local name names="cpu cpuset io memory hugetlb pids rdma misc"
	[ "$TURTLE_VM" != uml ] || names="cpu io memory pids"
	for name in $names; do
		[[ " $(</sys/fs/cgroup/cgroup.controllers) " == *" $name "* ]] || fail "no $name controller"
	done
	! grep -q ' cgroup ' /proc/self/mountinfo || fail "cgroup v1 is mounted"
}

@test "machine: swap, huge pages and a spare disk are there" {
	[ "$(awk '/^SwapTotal:/ { print $2 }' /proc/meminfo)" -gt 500000 ] || fail "no swap"
	[ "$TURTLE_VM" = uml ] || [ "$(awk '/^HugePages_Total:/ { print $2 }' /proc/meminfo)" -ge 8 ] || fail "no huge pages"
	[ -b "$TURTLE_SPARE_DISK" ] && [ "$(lsblk -nbo SIZE "$TURTLE_SPARE_DISK")" -ge $((1 << 30)) ] || fail "no spare disk"
	dd if=/dev/zero of="$TURTLE_SPARE_DISK" bs=64k count=1 oflag=direct 2>/dev/null || fail "it can't be written to"
}

@test "machine: the test's cgroup belongs to nobody else" {
	mkdir -p "$CGROUP_MOUNT$TEST_CGROUP"
	local directory
	for directory in "$TURTLE_TEST_CGROUP" "$CGROUP_BASE"; do
		echo "+memory" >"$CGROUP_MOUNT$directory/cgroup.subtree_control" || fail "no controller can be enabled below $directory"
	done
	systemctl daemon-reload
	[ -e "$CGROUP_MOUNT$TEST_CGROUP/memory.max" ] || fail "systemd meddles with it"
	rmdir "$CGROUP_MOUNT$TEST_CGROUP"
}

@test "machine: a container runs" {
	box sh -c 'echo hello; cat /proc/self/cgroup'
	has hello "0::/"
}
