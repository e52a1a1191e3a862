# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of all engines share. Their files share a machine, too: what that would remember of an engine is undone
# when a file of its tests has ended.

# Units that failed, as they were to, and bridges, whose routes other networks would trip over.
forget_engine()
{
	local link
	if [ "$(id -u)" -ne 0 ]; then
		systemctl --user reset-failed 2>/dev/null || true
		return 0
	fi
	systemctl reset-failed 2>/dev/null || true
	ip -o link show type bridge | cut -d: -f2 | while read -r link; do ip link delete "$link"; done
}

# needs_tables: the test needs a kernel that has tables for packets.
needs_tables()
{
	[ "$TURTLE_VM" != uml ] || PATH=$PATH:/usr/sbin modprobe -nq iptable_nat || skip "no tables for packets in this user-mode Linux"
}
