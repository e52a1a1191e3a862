#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The plain user's login session: what the other files in this directory count on.

load ../../integration/helpers

setup() { user_box_setup; }

@test "session: a user manager with a bus is there" {
	same "$(id -un)" ada
	same "$XDG_RUNTIME_DIR" "/run/user/$(id -u)"
	timeout 60 systemctl --user is-system-running --wait || fail "$(systemctl --user --failed --no-legend)"
	busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.DBus.Peer Ping
	[[ $(</proc/self/cgroup) == 0::/user.slice/user-1000.slice/session-*.scope ]] || fail "cgroup: $(</proc/self/cgroup)"
	same "$(loginctl show-session "$XDG_SESSION_ID" -p Name -p Class -p Active --value | sort | xargs)" "ada user yes"
}

@test "session: controllers are delegated to the user manager" {
	local name there
	there=$(</sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers)
	for name in cpu memory pids; do
		[[ " $there " == *" $name "* ]] || fail "no $name controller in: $there"
	done
}

@test "session: a rootless container runs" {
	box id -u
	is 0
}

@test "session: the test can enter a cgroup of its own" {
	user_delegate
	[[ $(</proc/self/cgroup) == "0::$CGROUP_BASE/self" ]] || fail "cgroup: $(</proc/self/cgroup)"
	mkdir "$CGROUP_MOUNT$TEST_CGROUP"
	echo "+memory +pids" >"$CGROUP_MOUNT$CGROUP_BASE/cgroup.subtree_control"
	[ -e "$CGROUP_MOUNT$TEST_CGROUP/memory.max" ] || fail "no memory.max"
	rmdir "$CGROUP_MOUNT$TEST_CGROUP"
	box id -u
	is 0
}
