#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What engines, and containers made for runc, count on: found by running the same bundles with runc and with turtle.

load helpers

@test "compat: recursive mount options hold against plain ones, in any order" {
	mkdir -p "$T/source"
	config --arg source "$T/source" '.mounts += [
		{destination: "/one", type: "bind", source: $source, options: ["rbind", "rro", "rw"]},
		{destination: "/two", type: "bind", source: $source, options: ["rbind", "ro", "rrw"]},
		{destination: "/three", type: "tmpfs", source: "tmpfs", options: ["rro", "rw"]}]'
	box sh -c 'for d in one two three; do if touch /$d/file 2>/dev/null; then echo $d rw; else echo $d ro; fi; done'
	is $'one ro\ntwo rw\nthree ro'
}

@test "compat: without a cgroup namespace the path in /proc/self/cgroup is found below /sys/fs/cgroup" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	box sh -c 'path=$(sed -n s/^0:://p /proc/self/cgroup); echo "$path"; grep -x 1 "/sys/fs/cgroup$path/cgroup.procs"'
	is "$CGROUP"$'\n1'
}

@test "compat: spec --rootless covers the host's cgroups with the container's own" {
	mkdir "$T/new"
	cd "$T/new"
	ok "$TURTLE" spec --rootless
	ok jq -c '[.mounts[] | select(.destination | startswith("/sys")) | [.destination, .type, (.options | index("ro") != null)]]' config.json
	is '[["/sys","none",true],["/sys/fs/cgroup","cgroup",true]]'
}
