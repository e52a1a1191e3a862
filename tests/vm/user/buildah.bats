#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# buildah as a plain user who has logged in, with turtle below it.
# weight: 4
# shellcheck disable=SC2016,SC2034,SC2154

load ../../integration/helpers
load ../buildah

@test "buildah: rootless: from, run, commit" {
	local container
	ok buildah from --pull-never box
	container=$output
	in_it --runtime=/no/such/runtime true
	differ "$status" 0
	in_it --user=1000:1000 --workingdir=/tmp sh -c 'id -u; pwd; sed "s/  */ /g" /proc/self/uid_map'
	same "$status" 0
	is $'1000\n/tmp\n 0 1000 1\n 1 100000 65536'
	in_it sh -c 'echo made >/made; exit 6'
	same "$status" 6
	ok buildah commit --quiet "$container" kept
	ok buildah rm "$container"
	quiet run --rm kept cat /made
	is made
	quiet rmi kept
}

@test "buildah: rootless: build" {
	printf 'FROM box\nRUN --mount=type=tmpfs,target=/t id -u >/t/who && cat /t/who >/made\nUSER ada\nRUN id -u >/tmp/who\nCMD cat /made /tmp/who\n' \
		>"$T/Containerfile"
	call buildah build --network none --pull-never -t built -f "$T/Containerfile" "$T"
	[ "$status" -eq 0 ] || fail "it failed"
	quiet run --rm built
	is $'0\n1000'
	quiet rmi built
	call buildah build --network none --pull-never - <<<$'FROM box\nRUN no-such-program'
	same "$status" 127
}
