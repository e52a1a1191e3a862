# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The files of tests share a machine: what it would remember of an engine is undone when a file of its tests has ended.

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
