#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What contrib/ gives for direct use: the service of contrib/systemd.
# shellcheck disable=SC2154

load ../../integration/helpers

setup()
{
	exec </dev/null
	# Where call keeps what a command says.
	export T=$BATS_TEST_TMPDIR
	SERVICE=turtle@box.service
	ln -sf "$TURTLE" /usr/local/sbin/turtle
	cp "/opt/turtle/contrib/systemd/turtle@.service" /run/systemd/system/
	systemctl daemon-reload
	mkdir -p /var/lib/turtle/box
	cp -a "$SUITE/rootfs" /var/lib/turtle/box/rootfs
	cd /var/lib/turtle/box || return 1
}

teardown()
{
	systemctl stop "$SERVICE"
	systemctl reset-failed "$SERVICE" 2>/dev/null
	cd /
	rm -rf /var/lib/turtle/box "/run/systemd/system/turtle@.service" /usr/local/sbin/turtle
	systemctl daemon-reload
}

property() { systemctl show --property="$1" --value "$SERVICE"; }
box_pid() { "$TURTLE" state box | jq .pid; }
box_runs() { [ "$("$TURTLE" state box | jq -r .status)" = running ]; }
box_runs_anew() { [ "$(property NRestarts)" -eq 1 ] && box_runs; }
# box_said LINE TIMES
box_said() { [ "$(journalctl --quiet --unit "$SERVICE" --output cat | grep -cx -- "$1")" -eq "$2" ]; }

@test "systemd: a service from the unit of contrib/: in its cgroup, limited by it, restarted, stopped" {
	ok systemd-analyze verify --man=no "/run/systemd/system/turtle@.service"
	ok "$TURTLE" spec --rootfs rootfs --network host --no-tty -- sh -c 'trap "exit 0" TERM; echo said; while :; do sleep 0.1; done'
	ok systemctl start "$SERVICE"
	until_true [ -s "/run/turtle/box/state.json" ]
	until_true box_runs
	local pid
	pid=$(box_pid)
	same "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" "$(property ControlGroup)"
	ok systemctl set-property --runtime "$SERVICE" MemoryMax=32M
	same "$(</sys/fs/cgroup"$(property ControlGroup)"/memory.max)" 33554432
	until_true box_said said 1

	# A program that is killed is started anew; one that is told to stop ends well.
	kill -KILL "$pid"
	until_true box_runs_anew
	until_true box_said said 2
	ok systemctl stop "$SERVICE"
	same "$(property Result) $(property ExecMainStatus)" "success 0"
	call "$TURTLE" state box
	same "$status" 1
}
