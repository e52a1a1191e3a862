#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman container checkpoint and restore, with turtle and CRIU below it.
# weight: 3
# shellcheck disable=SC2016,SC2034,SC2154

load ../../integration/helpers
load ../podman

setup_file() { [ "${TURTLE_VM:-}" = uml ] || podman_setup_file; }
teardown_file() { [ "${TURTLE_VM:-}" = uml ] || podman_teardown_file; }
setup()
{
	[ "${TURTLE_VM:-}" != uml ] || skip "no CRIU in user-mode Linux"
	podman_setup
}

COUNT='i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done'

# last NAME: the number that a counting container has come to.
last() { podman logs --tail 1 "$1"; }
counted() { [ "$(last "$1")" -gt "$2" ]; }
# words: what the runtime and CRIU have said, for a failure.
words() { grep -h 'Error (' /var/lib/containers/storage/overlay-containers/*/userdata/{dump,restore}.log | tail -5; }

@test "podman: checkpoint, restore; with a volume and in a network" {
	mkdir "$T/volume"
	quiet run -d --name count --network podman -v "$T/volume:/data/sub:ro" box sh -c "$COUNT"
	until_true counted count 2
	call podman container checkpoint count
	same "$status" 0 "checkpoint: $stderr $(words)"
	same "$(inspect count '{{.State.Status}} {{.State.Checkpointed}}')" "exited true"
	local before
	before=$(last count)
	call podman container restore count
	same "$status" 0 "restore: $stderr $(words)"
	same "$(inspect count '{{.State.Status}}')" running
	until_true counted count "$before"
	quiet exec count sh -c 'touch /data/sub/x 2>/dev/null || echo read-only; cat /proc/1/comm'
	has read-only sh
	call podman container checkpoint --leave-running count
	same "$status" 0 "checkpoint: $stderr $(words)"
	same "$(inspect count '{{.State.Status}}')" running
	quiet rm -f -t 0 count
}

@test "podman: a checkpoint taken elsewhere, and with memory before it" {
	quiet run -d --name count box sh -c "$COUNT"
	until_true counted count 2
	call podman container checkpoint --pre-checkpoint -e "$T/pre.tar.gz" count
	same "$status" 0 "pre-checkpoint: $stderr $(words)"
	call podman container checkpoint --with-previous -e "$T/count.tar.gz" count
	same "$status" 0 "checkpoint: $stderr $(words)"
	local before
	before=$(last count)
	quiet rm -f -t 0 count
	call podman container restore --import-previous "$T/pre.tar.gz" -i "$T/count.tar.gz" -n other
	same "$status" 0 "restore: $stderr $(words)"
	until_true counted other "$before"
	quiet rm -f -t 0 other
}

@test "podman: a failure of CRIU's is told with its reason" {
	quiet run -d --name connected box sh -c 'nc -l -p 4711 -e cat & until nc 127.0.0.1 4711 </dev/zero >/dev/null; do sleep 0.1; done'
	until_true podman exec connected grep -q ':1267 01 ' /proc/net/tcp
	call podman container checkpoint connected
	[ "$status" -ne 0 ] || fail "it was saved"
	[[ $stderr == *"criu failed: type DUMP"*"Error (criu/"* ]] || fail "no reason"
	same "$(inspect connected '{{.State.Status}}')" running
	quiet rm -f -t 0 connected
}
