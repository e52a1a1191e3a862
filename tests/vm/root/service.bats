#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container as a service of systemd: it says when it is ready, is the service's main process, and gets its sockets.
# shellcheck disable=SC2154

load ../../integration/helpers
eval "helpers_$(declare -f teardown)"

setup()
{
	box_setup
	SERVICE=turtle-test-$BATS_TEST_NUMBER
	cp "$SUITE/notify" "$ROOTFS/notify"
	config 'del(.linux.cgroupsPath)'
}

teardown()
{
	systemctl stop "$SERVICE.service" "$SERVICE.socket" 2>/dev/null
	systemctl reset-failed "$SERVICE.service" "$SERVICE.socket" 2>/dev/null
	helpers_teardown
}

property() { systemctl show --property="$1" --value "$SERVICE.service"; }
is_state() { [ "$(property ActiveState)" = "$1" ]; }

# service PROPERTY... -- COMMAND...: starts it, and comes back before it is ready.
service()
{
	local properties=()
	while [ "$1" != -- ]; do
		properties+=(--property="$1")
		shift
	done
	shift
	ok systemd-run --quiet --no-block --unit="$SERVICE" --property=NotifyAccess=all --working-directory="$BUNDLE" \
		--property=StandardOutput=file:"$T/said" --property=StandardError=file:"$T/said" "${properties[@]}" "$@"
}

@test "service: active when the process is ready, which is then the main process" {
	mkfifo "$ROOTFS/tmp/go"
	args sh -c 'cat /tmp/go >/dev/null; /notify say "STATUS=mine" READY=1; exec sleep 1000'
	service Type=notify -- "$TURTLE" --root "$STATE" --cgroup-manager=disabled run --detach box
	until_true eval '[ "$(state_of box)" = running ]'
	same "$(property ActiveState)" activating
	echo >"$ROOTFS/tmp/go"
	until_true is_state active
	same "$(property MainPID)" "$(init_pid)"
	same "$(property StatusText)" ""
	# And so its end is that of the service.
	ok turtle kill box TERM
	ok turtle kill box KILL
	until_true eval '! is_state active'
	[ ! -s "$T/said" ] || fail "turtle said: $(<"$T/said")"
}

@test "service: create and start by a script, of a user in a user namespace" {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 1000, gid: 1000}'
	chown -R 100000:100000 "$ROOTFS"
	args sh -c '/notify say READY=1; exec sleep 1000'
	service Type=notify -- sh -c '"$0" --root "$1" --cgroup-manager=disabled create box && exec "$0" --root "$1" start box' "$TURTLE" "$STATE"
	until_true is_state active
	same "$(property MainPID)" "$(init_pid)"
}

@test "service: run in the foreground is the main process itself" {
	args sh -c '/notify say READY=1; exec sleep 1000'
	service Type=notify -- "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
	until_true is_state active
	differ "$(property MainPID)" "$(init_pid)"
	[[ $(tr '\0' ' ' <"/proc/$(property MainPID)/cmdline") == "$TURTLE "* ]] || fail "another main process"
}

@test "service: one that ends without being ready has failed" {
	args false
	service Type=notify -- "$TURTLE" --root "$STATE" --cgroup-manager=disabled run --detach box
	until_true is_state failed
	same "$(property Result)" protocol
}

@test "service: a socket is passed on, with variables that are right for the process" {
	args sh -c 'read -r line <&3; echo "$LISTEN_FDS $LISTEN_PID $$ $line"'
	ok systemd-run --quiet --unit="$SERVICE" --socket-property=ListenFIFO="$T/fifo" --working-directory="$BUNDLE" \
		--property=StandardOutput=file:"$T/said" --property=StandardError=file:"$T/said" \
		"$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
	until_true test -p "$T/fifo"
	echo hello >"$T/fifo"
	until_true grep -q . "$T/said"
	same "$(<"$T/said")" "1 1 1 hello"
}
