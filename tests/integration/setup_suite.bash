# SPDX-License-Identifier: Apache-2.0
# What all test files share, made once per run: the payload programs, a root filesystem to copy, a default config.json,
# and a cgroup of our own. bats itself is moved into that cgroup, so that whatever turtle leaves running is found in it.
# shellcheck disable=SC2154

setup_suite()
{
	[ -n "${TURTLE:-}" ] && [ -x "$TURTLE" ] || {
		echo "TURTLE does not name a program to test" >&2
		return 1
	}
	export TURTLE
	TURTLE=$(readlink -f "$TURTLE")
	# bats makes it for its own user alone; mapped and unprivileged users must get through.
	chmod 711 "$BATS_RUN_TMPDIR"
	export SUITE=$BATS_RUN_TMPDIR/turtle
	mkdir -p "$SUITE"
	# A checkout in root's home is closed to the plain users of some tests.
	if [ "$(id -u)" -eq 0 ] && ! setpriv --reuid=54321 --regid=54321 --clear-groups test -x "$TURTLE"; then
		mkdir "$SUITE/bin" && cp "$TURTLE" "$SUITE/bin/" || return 1
		[ ! -e "${TURTLE%/*}/turtle-systemd" ] || cp "${TURTLE%/*}/turtle-systemd" "$SUITE/bin/" || return 1
		TURTLE=$SUITE/bin/turtle
	fi

	local payload
	for payload in agent hunter injector notify probe recvfd stuckfs userfs; do
		build_payload "$payload" || return 1
	done
	build_rootfs || return 1

	export CGROUP_MOUNT=/sys/fs/cgroup
	[ -e "$CGROUP_MOUNT/cgroup.controllers" ] || CGROUP_MOUNT=/sys/fs/cgroup/unified
	# Below TURTLE_TEST_CGROUP where there is one: under systemd, a subtree that it has given away.
	export CGROUP_BASE=${TURTLE_TEST_CGROUP:-}/turtle-bats-${BATS_RUN_TMPDIR##*[-.]}
	CGROUP_HOME=$(sed -n 's/^0:://p' /proc/self/cgroup)
	if [ "$(id -u)" -eq 0 ]; then
		mkdir -p "$CGROUP_MOUNT$CGROUP_BASE/self" || return 1
		echo "$BASHPID" >"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs" || return 1
	fi

	# terminal: no; the command and the cgroup are filled in by each test. A plain user has no cgroup but by user_delegate.
	mkdir "$SUITE/spec" || return 1
	if [ "$(id -u)" -eq 0 ]; then
		(cd "$SUITE/spec" && "$TURTLE" spec) 3>&- || return 1
		jq '.process.terminal = false | .process.args = ["@ARGS@"] | .linux.cgroupsPath = "@CGROUP@"' \
			"$SUITE/spec/config.json" >"$SUITE/config.json"
	else
		(cd "$SUITE/spec" && "$TURTLE" spec --rootless) 3>&- || return 1
		jq '.process.terminal = false | .process.args = ["@ARGS@"]' "$SUITE/spec/config.json" >"$SUITE/config.json"
	fi
}

teardown_suite()
{
	[ "$(id -u)" -eq 0 ] || return 0
	echo "$BASHPID" >"$CGROUP_MOUNT$CGROUP_HOME/cgroup.procs"
	find "$CGROUP_MOUNT$CGROUP_BASE" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -e "$CGROUP_MOUNT$CGROUP_BASE" ]
}

# A directory of payloads built beforehand is used where there is one: the machine need not have a compiler.
build_payload()
{
	if [ -n "${TURTLE_PAYLOADS:-}" ]; then
		cp "$TURTLE_PAYLOADS/$1" "$SUITE/$1"
	else
		"${BASH_SOURCE[0]%/*}/../payload/build" "$SUITE" "$1"
	fi
}

build_rootfs()
{
	local name root=$SUITE/rootfs
	mkdir -p "$root"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,var} || return 1
	chmod 1777 "$root/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox" || return 1
	for name in sh ash cat chmod chown cp dd df echo env false find grep head hostname id kill ln ls mkdir mkfifo mknod \
		mount mv ps pwd readlink rm rmdir sed seq sleep sort stat stty sync tail tee test touch tr true tty umount \
		uname unlink wc; do
		ln -s busybox "$root/bin/$name" || return 1
	done
	cp "$SUITE/probe" "$root/probe"
	printf 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nada:x:1000:\n' >"$root/etc/group"
}
