# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What root/buildah.bats and user/buildah.bats share: buildah with turtle below it, with podman's image, and podman to run
# what it makes.
# shellcheck disable=SC2154

load ../podman

teardown()
{
	command buildah rm --all >/dev/null 2>&1
	podman_teardown
}

export BUILDAH_RUNTIME=$RUNTIME

buildah() { timeout --foreground -k 1 100 buildah "$@" 3>&- 4>&-; }

# in_it OPTION... COMMAND...: in the working container $container.
in_it()
{
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	call buildah run --network none "${options[@]}" "$container" -- "$@"
}
