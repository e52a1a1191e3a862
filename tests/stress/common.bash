# SPDX-License-Identifier: Apache-2.0
# What the stress scripts share: a bundle, a cgroup and a state directory of their own, and the search for what is left.
# The payload programs and the root filesystem are those of the bats tests.
# shellcheck disable=SC2034,SC2154

[ "$(id -u)" -eq 0 ] || {
	echo "1..1"
	echo "ok 1 - ${0##*/} # SKIP needs root"
	exit 0
}
[ -n "${TURTLE:-}" ] || {
	echo "TURTLE does not name a program to test" >&2
	exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BATS_RUN_TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/turtle-stress.XXXXXX")
BATS_TEST_DIRNAME=$here
# shellcheck source=tests/integration/setup_suite.bash
. "$here/../integration/setup_suite.bash"

finish()
{
	local status=$?
	cd / || exit 1
	teardown_suite || {
		echo "not ok - the cgroup $CGROUP_BASE can't be removed"
		status=1
	}
	rm -rf --one-file-system "$BATS_RUN_TMPDIR"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

setup_suite || exit 1
build_payload stepper || exit 1
T=$BATS_RUN_TMPDIR
STATE=$T/state
BUNDLE=$T/bundle
CGROUP_DIR=$CGROUP_MOUNT$CGROUP_BASE/box
mkdir "$BUNDLE" || exit 1
cp -a "$SUITE/rootfs" "$BUNDLE/rootfs"
# For containers with a user namespace: the same files, of the mapped root.
cp -a "$SUITE/rootfs" "$BUNDLE/mapped"
chown -R 100000:100000 "$BUNDLE/mapped"
cd "$BUNDLE" || exit 1
read -r -d '' mounts_before </proc/self/mountinfo
mapfile -t procs_before <"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"

# make_config KIND: plain; mapped, with all namespaces; shared, with the host's processes.
make_config()
{
	local edit
	case $1 in
	plain) edit=. ;;
	mapped)
		edit='.root.path = "mapped" | .linux.namespaces += [{"type": "user"}, {"type": "time"}]
			| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
		;;
	shared) edit='.linux.namespaces |= map(select(.type != "pid"))' ;;
	esac
	jq --arg cgroup "$CGROUP_BASE/box" "$edit"' | .linux.cgroupsPath = $cgroup | .process.args = ["/probe", "forks", "2"]' "$SUITE/config.json" >"$1.json"
}

turtle() { timeout --foreground -k 1 20 "$TURTLE" --root "$STATE" "$@"; }

# find_left: sets $left to what there is of a container, after waiting a second for processes that are being killed.
find_left()
{
	local try pid pids file name mounts
	for ((try = 0; try < 100; try++)); do
		left=
		for file in "$CGROUP_MOUNT$CGROUP_BASE/self" "$CGROUP_DIR"; do
			mapfile -t pids 2>/dev/null <"$file/cgroup.procs" || continue
			for pid in "${pids[@]}"; do
				case " ${procs_before[*]} $BASHPID " in *" $pid "*) continue ;; esac
				read -r name 2>/dev/null <"/proc/$pid/comm" || name=gone
				left+="process $pid ($name); "
			done
		done
		[ -n "$left" ] || break
		sleep 0.01
	done
	[ ! -e "$CGROUP_DIR" ] || left+="the cgroup; "
	for file in "$STATE"/* "$STATE"/.[!.]*; do
		case ${file##*/} in "*" | @* | ".[!.]*") continue ;; esac
		left+="$file; "
	done
	read -r -d '' mounts </proc/self/mountinfo
	[ "$mounts" = "$mounts_before" ] || left+="a mount on the host; "
}

# sweep_up: after a finding, so that the next case starts clean.
sweep_up()
{
	[ ! -e "$CGROUP_DIR/cgroup.kill" ] || echo 1 >"$CGROUP_DIR/cgroup.kill"
	local pid
	while read -r pid; do
		case " ${procs_before[*]} $BASHPID " in *" $pid "*) ;; *) kill -KILL "$pid" 2>/dev/null ;; esac
	done <"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"
	sleep 0.1
	find "$CGROUP_DIR" -depth -type d -exec rmdir {} + 2>/dev/null
	rm -rf --one-file-system "$STATE"
}
