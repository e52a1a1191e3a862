# SPDX-License-Identifier: Apache-2.0
# What the tests of containerd and of docker share: the runtime under test where their configurations look for it, an
# image made of the tests' root filesystem, and a look at what an engine leaves behind.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

# Where crun is put in turtle's place, it says the same in other words, which docker takes for another status; it has a
# cgroup below the one that it is told, and freezes that; and swap beside as much memory.
MISSING='exec: "no-such-program": executable file not found in $PATH' MISSING_STATUS=127 UNUSABLE_STATUS=126 SUBGROUP='' SWAP_OF_64M=0
# And what 256 CPU shares weigh: before 2025, the two scales were alike but for their ends.
WEIGHTS_OF_256=' 35 '
[ "${TURTLE_ENGINE_RUNTIME:-turtle}" = turtle ] || WEIGHTS_OF_256=' 10 35 '
[ "${TURTLE_ENGINE_RUNTIME:-}" != crun ] ||
	MISSING='executable file `no-such-program` not found in $PATH' MISSING_STATUS=125 UNUSABLE_STATUS=125 SUBGROUP=/container \
		SWAP_OF_64M=67108864

# engine_setup: before the engine is started. TURTLE_ENGINE_RUNTIME=crun or runc puts that in turtle's place.
engine_setup()
{
	local runtime=${TURTLE_ENGINE_RUNTIME:-turtle}
	rm -f /usr/local/sbin/turtle
	ln -s "$(type -P "$runtime")" /usr/local/sbin/turtle
	modprobe -a overlay bridge veth
}

# engine_image FILE CONFIG NAME...: the tests' root filesystem as an archive that `docker save` could have written, with
# the image's configuration.
engine_image()
{
	local file=$1 config=$2 dir sum
	shift 2
	dir=$(mktemp -d "$BATS_FILE_TMPDIR/image.XXXXXX")
	tar -C "$SUITE/rootfs" --numeric-owner -cf "$dir/layer.tar" . || return 1
	sum=$(sha256sum "$dir/layer.tar")
	jq -n --arg sum "sha256:${sum%% *}" --argjson config "$config" \
		'{architecture: "amd64", os: "linux", config: $config, rootfs: {type: "layers", diff_ids: [$sum]}}' >"$dir/config.json"
	jq -n '[{Config: "config.json", RepoTags: $ARGS.positional, Layers: ["layer.tar"]}]' --args "$@" >"$dir/manifest.json"
	tar -C "$dir" -cf "$file" manifest.json config.json layer.tar
	rm -rf "$dir"
}

# says TEXT COMMAND...: whether the command's output is that, for until_true.
says()
{
	local text=$1
	shift
	[ "$("$@")" = "$text" ]
}

# processes_of ID: those whose cgroup has the container's id in its path.
processes_of() { grep -ls -- "$1" /proc/[0-9]*/cgroup | cut -d/ -f3; }

# traces_of ID: processes, cgroups, mounts, units and files of state. The fifos are of a client's that has gone.
traces_of()
{
	processes_of "$1"
	grep -s -- "$1" /proc/self/mountinfo
	find /sys/fs/cgroup /run/containerd /run/docker /run/systemd/transient -xdev -name "*$1*" ! -path '/run/containerd/fifo/*' 2>/dev/null
}

# nothing_of ID...: there is no trace of these. Shims take a moment to end.
nothing_of()
{
	local id
	for id; do
		until_true says '' traces_of "$id" || fail "left behind: $(traces_of "$id")" || return 1
	done
}

# cgroup_of PID: the directory of its container's cgroup.
cgroup_of()
{
	local path
	path=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	echo "${path%"$SUBGROUP"}"
}
