# SPDX-License-Identifier: Apache-2.0
# root: its path, readonly, propagation, --no-pivot; and that nothing of the host's tree is left in the container.
load helpers

# rootline FIELD: of the container's "/" in its mountinfo: the optional fields (propagation), or the options.
propagation() { awk '$5 == "/" { for (i = 7; $i != "-"; i++) printf "%s ", $i; print "." }' <<<"$output"; }

@test "root: the container sees its root filesystem and nothing of the host" {
	echo mine >"$ROOTFS/mark"
	box sh -c 'cat /mark; cat /proc/self/mountinfo'
	has mine
	# One mount is /, and everything else is what the configuration mounts, masks or makes read-only.
	same "$(awk '$5 == "/"' <<<"$output" | wc -l)" 1
	same "$(awk 'NR > 1 && $5 != "/" { print $5 }' <<<"$output" | grep -Ev '^/(proc|sys|dev)(/|$)')" ""
	same "$(awk 'NR > 1 && $5 == "/" { print $4 }' <<<"$output" | grep -o '/bundle/rootfs$')" /bundle/rootfs
}

@test "root: readonly, and writable" {
	args sh -c '/probe open /new wcreate; /probe statfs /'
	ok turtle run box
	has EROFS
	matches '^/ [0-9a-f]+ ro'
	config '.root.readonly = false'
	ok turtle run box
	has ok
	lacks '^/ [0-9a-f]+ ro'
	[ -e "$ROOTFS/new" ] || fail "not written to the root filesystem"
}

@test "root: readonly makes only the root so, not what is mounted below or on the host" {
	args sh -c 'touch /dev/shm/x && echo written'
	ok turtle run box
	is written
	touch "$ROOTFS/by-the-host"
}

@test "root: a readonly container of a filesystem that is in use stays writable for others" {
	args /probe wait
	ok turtle run -d box
	touch "$ROOTFS/while-it-runs"
	call turtle kill box
}

@test "root: an absolute path, and one with links on the way" {
	mv rootfs "$T/elsewhere"
	config --arg path "$T/elsewhere" '.root.path = $path'
	box echo absolute
	is absolute
	ln -s "$T" "$T/link"
	config --arg path "$T/link/elsewhere" '.root.path = $path'
	call turtle run box
	# runc wants a path without links; turtle may follow those above the root itself.
	if [ "$status" -eq 0 ]; then is absolute; else [[ $stderr == *elsewhere* ]] || fail "not named"; fi
}

@test "root: a path out of the bundle by .." {
	mv rootfs "$T/elsewhere"
	config '.root.path = "../elsewhere"'
	box echo fine
	is fine
}

@test "root: an empty path" {
	config '.root.path = ""'
	args true
	refused root turtle create box
}

@test "root: rootfsPropagation, all eight values" {
	local value
	args cat /proc/self/mountinfo
	for value in private rprivate slave rslave unbindable runbindable shared rshared; do
		config --arg value "$value" '.linux.rootfsPropagation = $value'
		ok turtle run box
		case $value in
		*private) same "$(propagation)" "." "$value" ;;
		# The parent is private or shared, so a slave of it has a master only in the second case.
		*slave) [[ $(propagation) =~ ^(master:[0-9]+ )?\.$ ]] || fail "$value: $(propagation)" ;;
		*unbindable) same "$(propagation)" "unbindable ." "$value" ;;
		*shared) [[ $(propagation) =~ ^shared:[0-9]+\ (master:[0-9]+\ )?\.$ ]] || fail "$value: $(propagation)" ;;
		esac
	done
}

@test "root: by default mounts of the host arrive, and none go out" {
	mkdir "$T/tree" "$ROOTFS/tree"
	config --arg source "$T/tree" '.mounts += [{"destination": "/tree", "type": "bind", "source": $source, "options": ["rbind", "rslave"]}]
		| .process.capabilities |= map_values(["CAP_SYS_ADMIN"])'
	args sh -c 'until [ -e /tree/arrived ]; do sleep 0.01; done; mkdir /tree/sub; /probe mount none /tree/sub tmpfs 0; touch /tree/sub/hidden; echo inside; sleep 1000'
	unshare --mount --propagation private sh -c '
		mount --bind "$1/tree" "$1/tree" && mount --make-shared "$1/tree"
		"$0" --root "$1/state" run -d box >"$1/o" 2>&1 </dev/null 3>&- || { cat "$1/o"; exit 1; }
		mount -t tmpfs none "$1/tree" && echo x >"$1/tree/arrived"
		i=0; until grep -q inside "$1/o" || [ $i -gt 300 ]; do sleep 0.01; i=$((i + 1)); done
		ls "$1/tree/sub" | grep -c hidden
		cat "$1/o"
		"$0" --root "$1/state" delete --force box 3>&-' "$TURTLE" "$T" >"$T/said" 2>&1 3>&-
	output=$(<"$T/said")
	has 0 inside
}

@test "root: an unknown rootfsPropagation" {
	config '.linux.rootfsPropagation = "frob"'
	box_refused rootfsPropagation
}

@test "root: --no-pivot" {
	args sh -c 'ls /; /probe open /new wcreate; readlink /proc/1/root; cat /proc/self/mountinfo | wc -l'
	ok turtle run --no-pivot box
	has probe EROFS /
	lacks '^boot$'
}

@test "root: --no-pivot leaves no other procfs or sysfs to reach" {
	# Where a chroot can be left, what is outside must not be a full /proc or /sys of the host.
	config '.process.capabilities |= map_values(["CAP_SYS_CHROOT", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]) | .root.readonly = false'
	args sh -c 'grep -E " - (proc|sysfs) " /proc/self/mountinfo | cut -d" " -f5'
	ln -s busybox "$ROOTFS/bin/cut"
	ok turtle run --no-pivot box
	output=$(sort -u <<<"$output")
	same "$(grep -Ev '^/(proc|sys)(/|$)' <<<"$output")" ""
}

@test "root: --no-pivot with a private root is refused" {
	args true
	config '.linux.rootfsPropagation = "private"'
	refused "rootfsPropagation of [r]private is not safe without pivot_root" turtle run --no-pivot box
	config '.linux.rootfsPropagation = "rprivate"'
	refused "rootfsPropagation of [r]private is not safe without pivot_root" turtle create --no-pivot box
}

@test "root: on a mount of its own that is shared" {
	args echo fine
	call unshare --mount --propagation private sh -c '
		mount -t tmpfs none "$1/bundle/rootfs" && mount --make-shared "$1/bundle/rootfs" && cp -a "$2/rootfs/." "$1/bundle/rootfs"
		cd "$1/bundle" && exec "$0" --root "$1/state" run box' "$TURTLE" "$T" "$SUITE" 3>&-
	is fine
}

@test "root: two containers from one root filesystem at once" {
	args /probe wait
	ok turtle run -d box
	local first
	first=$(init_pid)
	config --arg cgroup "$TEST_CGROUP/other" '.linux.cgroupsPath = $cgroup'
	ok turtle run -d other
	same "$(state_of box)$(state_of other)" runningrunning
	differ "$first" "$(init_pid other)"
}
