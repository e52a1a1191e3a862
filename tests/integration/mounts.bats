# SPDX-License-Identifier: Apache-2.0
# mounts: every option, seen from inside by what it does, or by what the kernel says of the mount.
load helpers

# add DESTINATION TYPE SOURCE [OPTION...]: one more mount.
add()
{
	local destination=$1 type=$2 source=$3
	shift 3
	config --arg d "$destination" --arg t "$type" --arg s "$source" \
		'.mounts += [{"destination": $d, "type": $t, "source": $s, "options": $ARGS.positional}]' --args -- "$@" </dev/null
}

# jq wants the file before --args.
config()
{
	local options=() filter
	while [ $# -gt 0 ]; do
		case $1 in
		--arg | --argjson) options+=("$1" "$2" "$3") && shift 3 ;;
		*) break ;;
		esac
	done
	filter=$1
	shift
	[ "${1:-}" != --args ] || shift
	jq "${options[@]}" "$filter" config.json --args "$@" >config.json.new && mv config.json.new config.json
}

# bind_source: a directory with a file, a program, a symlink and a device to bind, in $SOURCE.
bind_source()
{
	SOURCE=$T/source
	mkdir -p "$SOURCE/below" "$ROOTFS/mnt"
	echo content >"$SOURCE/file"
	cp "$SUITE/probe" "$SOURCE/program"
	ln -s file "$SOURCE/link"
	mknod "$SOURCE/null" c 1 3
	chmod 666 "$SOURCE/file" "$SOURCE/null"
	chmod 755 "$SOURCE/program"
	chmod 777 "$SOURCE" "$SOURCE/below"
}

# flags POINT: the per-mount options of the mount at POINT, sorted out of the mountinfo that the container printed.
flags() { awk -v point="$1" '$5 == point { print $6 }' <<<"$output" | tail -n 1; }
# shared POINT: its optional fields.
optional() { awk -v point="$1" '$5 == point { for (i = 7; $i != "-"; i++) printf "%s ", $i; print "." }' <<<"$output" | tail -n 1; }
# super POINT: the options of its filesystem.
super() { awk -v point="$1" '$5 == point { print $NF }' <<<"$output" | tail -n 1; }

mountinfo() { box cat /proc/self/mountinfo; }

@test "mounts: the default ones, in type, order and options" {
	mountinfo
	same "$(awk '$5 == "/proc" || $5 == "/dev" || $5 ~ "^/dev/(pts|shm|mqueue)$" || $5 == "/sys" || $5 == "/sys/fs/cgroup" { for (i = 7; $i != "-"; i++); print $5, $(i + 1) }' <<<"$output" | tr '\n' ,)" \
		"/proc proc,/dev tmpfs,/dev/pts devpts,/dev/shm tmpfs,/dev/mqueue mqueue,/sys sysfs,/sys/fs/cgroup cgroup2,"
	same "$(flags /sys)" "ro,nosuid,nodev,noexec,relatime"
	same "$(flags /dev)" "rw,nosuid"
	same "$(flags /dev/shm)" "rw,nosuid,nodev,noexec,relatime"
	same "$(flags /sys/fs/cgroup)" "ro,nosuid,nodev,noexec,relatime"
	[[ ,$(super /dev), == *,size=65536k,mode=755,* ]] || fail "/dev: $(super /dev)"
	[[ ,$(super /dev/pts), == *,gid=5,mode=620,ptmxmode=666,* ]] || fail "/dev/pts: $(super /dev/pts)"
	args stat -c %a /dev /dev/shm
	ok turtle run box
	is $'755\n1777'
}

@test "mounts: a bind mount of a directory, and of a file" {
	bind_source
	add /mnt bind "$SOURCE" bind
	: >"$ROOTFS/one"
	add /one bind "$SOURCE/file" bind
	box sh -c 'cat /mnt/file /one; echo more >>/one; /probe open /mnt/new wcreate'
	is $'content\ncontent\nok'
	same "$(cat "$SOURCE/file")" $'content\nmore'
	[ -e "$SOURCE/new" ] || fail "not the source's directory"
}

@test "mounts: type bind alone, and the option alone, mean a bind mount" {
	bind_source
	add /mnt none "$SOURCE" rbind
	box cat /mnt/file
	is content
	config '.mounts[-1] |= (.type = "bind" | .options = ["bind"])'
	ok turtle run box
	is content
	config '.mounts[-1] |= (del(.type) | .options = ["bind"])'
	ok turtle run box
	is content
}

@test "mounts: bind is not recursive, rbind is" {
	bind_source
	args sh -c 'ls /mnt/below | grep -c inner; :'
	add /mnt bind "$SOURCE" bind
	inner='mount -t tmpfs none "$1/below" && touch "$1/below/inner" && cd "$2" && "$3" --root "$4" run box'
	call unshare -m --propagation private sh -c "$inner" _ "$SOURCE" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	is 0
	config '.mounts[-1].options = ["rbind"]'
	call unshare -m --propagation private sh -c "$inner" _ "$SOURCE" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	is 1
}

@test "mounts: a relative source counts from the bundle, not from the caller's directory" {
	mkdir "$BUNDLE/relative" "$ROOTFS/mnt"
	echo here >"$BUNDLE/relative/file"
	add /mnt bind relative bind
	args cat /mnt/file
	cd /
	ok turtle run --bundle "$BUNDLE" box
	is here
}

@test "mounts: a relative destination counts from the root" {
	bind_source
	add mnt bind "$SOURCE" bind
	box cat /mnt/file
	is content
	config '.mounts[-1].destination = "./usr/../mnt"'
	ok turtle run box
	is content
}

@test "mounts: missing targets are made, directories and files" {
	bind_source
	config '.root.readonly = false'
	add /a/b/c bind "$SOURCE" bind
	add /d/e/f bind "$SOURCE/file" bind
	add /g/h tmpfs tmpfs
	box sh -c 'cat /a/b/c/file /d/e/f; /probe stat /g/h'
	matches content '^/g/h dir'
	[ -d "$ROOTFS/a/b/c" ] && [ -f "$ROOTFS/d/e/f" ] && [ -d "$ROOTFS/g/h" ] || fail "not made in the root filesystem"
	same "$(stat -c '%a %u:%g' "$ROOTFS/a")" "755 0:0"
}

@test "mounts: targets are made in a root that is read-only in the container" {
	bind_source
	add /a/b bind "$SOURCE" bind
	box cat /a/b/file
	is content
}

@test "mounts: a target that is a file for a directory is an error" {
	bind_source
	add /etc/passwd bind "$SOURCE" bind
	box_refused /etc/passwd
	config '.mounts[-1] |= (.destination = "/etc" | .source = "'"$SOURCE/file"'")'
	box_refused /etc
}

@test "mounts: a missing source is an error that names it" {
	add /mnt bind "$T/missing" bind
	box_refused "$T/missing"
	[[ ${stderr,,} == *"no such file or directory"* ]] || fail "other words"
	[ ! -e "$ROOTFS/mnt" ] || fail "its target was made"
}

@test "mounts: a filesystem that the kernel does not know is an error that names it" {
	mkdir "$ROOTFS/mnt"
	add /mnt frobfs frob
	box_refused frobfs
}

@test "mounts: a destination through symlinks stays in the root" {
	bind_source
	mkdir -p "$ROOTFS/real/place"
	ln -s /real "$ROOTFS/absolute"
	ln -s ../../../../real "$ROOTFS/usr/climbing"
	add /absolute/place bind "$SOURCE" bind
	box cat /real/place/file
	is content
	config '.mounts[-1].destination = "/usr/climbing/place"'
	ok turtle run box
	is content
	ln -s /real/place "$ROOTFS/last"
	config '.mounts[-1].destination = "/last"'
	ok turtle run box
	is content
}

@test "mounts: a destination through a dangling symlink is made inside the root" {
	bind_source
	config '.root.readonly = false'
	ln -s /made/here "$ROOTFS/dangling"
	add /dangling bind "$SOURCE" bind
	box cat /made/here/file
	is content
	[ ! -e /made ] || fail "made on the host"
	ln -s /made/a-file "$ROOTFS/dangling-file"
	add /dangling-file bind "$SOURCE/file" bind
	ok turtle run box
	args cat /made/a-file
	ok turtle run box
	is content
}

@test "mounts: ro and rw" {
	bind_source
	add /mnt bind "$SOURCE" bind ro
	args sh -c '/probe open /mnt/file w; /probe statfs /mnt'
	ok turtle run box
	has EROFS
	matches '^/mnt .* ro'
	config '.mounts[-1].options = ["bind", "rw"]'
	ok turtle run box
	has ok
	config '.mounts[-1].options = ["bind", "ro", "rw"]'
	ok turtle run box
	has ok
	same "$(cat "$SOURCE/file")" content
}

@test "mounts: nosuid, nodev, noexec and their opposites" {
	bind_source
	add /mnt bind "$SOURCE" bind nosuid nodev noexec
	args sh -c 'grep " /mnt " /proc/self/mountinfo | cut -d" " -f6; /probe open /mnt/null rw; /probe exec /mnt/program args'
	ln -s busybox "$ROOTFS/bin/cut"
	ok turtle run box
	is $'rw,nosuid,nodev,noexec,relatime\nEACCES\nEACCES'
	config '.mounts[-1].options = ["bind", "nosuid", "nodev", "noexec", "suid", "dev", "exec"]'
	ok turtle run box
	matches '^rw,relatime$' '^ok$'
	lacks EACCES
}

@test "mounts: atime options" {
	local option
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs
	args cat /proc/self/mountinfo
	for option in noatime relatime strictatime nodiratime atime norelatime nostrictatime diratime; do
		config --arg o "$option" '.mounts[-1].options = [$o]'
		ok turtle run box
		case $option in
		noatime) same "$(flags /mnt)" rw,noatime ;;
		nodiratime) same "$(flags /mnt)" rw,nodiratime,relatime ;;
		strictatime) same "$(flags /mnt)" rw ;;
		*) same "$(flags /mnt)" rw,relatime "$option" ;;
		esac
	done
	config '.mounts[-1].options = ["noatime", "atime"]'
	ok turtle run box
	same "$(flags /mnt)" rw,relatime
}

@test "mounts: symlinks are not followed with nosymfollow" {
	bind_source
	add /mnt bind "$SOURCE" bind nosymfollow
	args sh -c '/probe open /mnt/link r; /probe open /mnt/file r'
	ok turtle run box
	is $'ELOOP\nok'
	config '.mounts[-1].options = ["bind", "nosymfollow", "symfollow"]'
	ok turtle run box
	is $'ok\nok'
}

@test "mounts: options of the filesystem: sync, dirsync, mand, lazytime, and data" {
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs sync dirsync size=1m mode=0711 uid=7 gid=8 nr_inodes=100
	args sh -c 'cat /proc/self/mountinfo; stat -c "%a %u:%g" /mnt'
	ok turtle run box
	has "711 7:8"
	local option
	for option in sync dirsync size=1024k mode=711 nr_inodes=100; do
		[[ ,$(super /mnt), == *,$option,* ]] || fail "no $option in $(super /mnt)"
	done
	config '.mounts[-1].options = ["sync", "async", "dirsync", "size=1m"]'
	ok turtle run box
	[[ ,$(super /mnt), != *,sync,* && ,$(super /mnt), == *,dirsync,* ]] || fail "$(super /mnt)"
}

@test "mounts: a limit of the filesystem is in force" {
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs size=16k
	args sh -c 'dd if=/dev/zero of=/mnt/x bs=4k count=100 2>/dev/null; stat -c %s /mnt/x'
	ok turtle run box
	is 16384
}

@test "mounts: options without an effect of their own are accepted" {
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs defaults loud silent iversion noiversion lazytime nolazytime nomand size=64k
	mountinfo
	same "$(flags /mnt)" rw,relatime
}

@test "mounts: a read-only tmpfs" {
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs ro
	box /probe open /mnt/x wcreate
	is EROFS
}

@test "mounts: data that the filesystem does not take is an error" {
	mkdir "$ROOTFS/mnt"
	add /mnt tmpfs tmpfs frob=1
	box_refused frob
}

@test "mounts: filesystem options on a bind mount are an error" {
	bind_source
	add /mnt bind "$SOURCE" bind mode=700
	box_refused "bind mounts cannot have any filesystem-specific options applied"
}

# tree OPTION...: what the mounts at /mnt and below look like, of a source with a mount below it.
tree()
{
	config '.mounts[-1].options = ["rbind"] + $ARGS.positional' --args "$@"
	call unshare -m --propagation private sh -c '
		mount -t tmpfs none "$1/below" && echo x >"$1/below/file" && cp "$1/program" "$1/below/program" && mknod -m 666 "$1/below/null" c 1 3 &&
		ln -s file "$1/below/link" && chmod -R a+rwX "$1/below" && cd "$2" && "$3" --root "$4" run box' \
		_ "$SOURCE" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	[ "$status" -eq 0 ] || fail "it does not run"
}

@test "mounts: recursive options reach the mounts below, plain ones do not" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args cat /proc/self/mountinfo
	tree ro
	same "$(flags /mnt)" ro,relatime
	same "$(flags /mnt/below)" rw,relatime
	tree rro
	same "$(flags /mnt)" ro,relatime
	same "$(flags /mnt/below)" ro,relatime
	tree rnosuid
	same "$(flags /mnt/below)" rw,nosuid,relatime
	tree rnodev
	same "$(flags /mnt/below)" rw,nodev,relatime
	tree rnoexec
	same "$(flags /mnt/below)" rw,noexec,relatime
	tree rnosuid rnodev rnoexec rro
	same "$(flags /mnt)" ro,nosuid,nodev,noexec,relatime
	same "$(flags /mnt/below)" ro,nosuid,nodev,noexec,relatime
}

@test "mounts: recursive atime options, and the opposites" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args cat /proc/self/mountinfo
	tree rnoatime
	same "$(flags /mnt/below)" rw,noatime
	tree rstrictatime
	same "$(flags /mnt/below)" rw
	tree rnoatime rrelatime
	same "$(flags /mnt/below)" rw,relatime
	tree rnodiratime
	same "$(flags /mnt/below)" rw,nodiratime,relatime
	tree rnodiratime rdiratime
	same "$(flags /mnt/below)" rw,relatime
	tree rro rrw
	same "$(flags /mnt/below)" rw,relatime
	tree rnosuid rsuid rnodev rdev rnoexec rexec
	same "$(flags /mnt/below)" rw,relatime
}

@test "mounts: rro and rnosymfollow do what they say" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args sh -c '/probe open /mnt/file w; /probe open /mnt/below/file w; /probe open /mnt/below/link r'
	tree rro
	is $'EROFS\nEROFS\nok'
	tree rnosymfollow
	is $'ok\nok\nELOOP'
	tree rnosymfollow rsymfollow
	is $'ok\nok\nok'
}

@test "mounts: propagation of a mount of its own" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args cat /proc/self/mountinfo
	local option
	for option in private rprivate slave rslave unbindable runbindable shared rshared; do
		config --arg o "$option" '.mounts[-1].options = ["rbind", $o]'
		ok turtle run box
		case $option in
		*private) same "$(optional /mnt)" . "$option" ;;
		*unbindable) same "$(optional /mnt)" "unbindable ." ;;
		*shared) [[ $(optional /mnt) == shared:* ]] || fail "$option: $(optional /mnt)" ;;
		*slave) [[ $(optional /mnt) =~ ^(master:[0-9]+ )?\.$ ]] || fail "$option: $(optional /mnt)" ;;
		esac
	done
}

@test "mounts: rslave receives what is mounted on the host, private does not" {
	mkdir -p "$T/tree" "$ROOTFS/mnt"
	add /mnt bind "$T/tree" rbind rslave
	args sh -c 'until [ -e /dev/shm/go ]; do sleep 0.01; done; ls /mnt | grep -c arrived; :'
	local script='
		mount -t tmpfs none "$1/tree" && mount --make-shared "$1/tree" && mkdir "$1/tree/sub" && touch "$1/tree/sub-is-empty"
		cd "$2" && "$3" --root "$4" run -d box >"$1/o" 2>&1 </dev/null || { cat "$1/o"; exit 1; }
		mount -t tmpfs none "$1/tree" && touch "$1/tree/arrived"
		pid=$("$3" --root "$4" state box | jq .pid)
		touch "/proc/$pid/root/dev/shm/go"
		until "$3" --root "$4" state box | grep -q stopped; do sleep 0.01; done
		cat "$1/o"; "$3" --root "$4" delete --force box'
	call unshare -m --propagation private sh -c "$script" _ "$T" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	is 1
	config '.mounts[-1].options = ["rbind", "rprivate"]'
	call unshare -m --propagation private sh -c "$script" _ "$T" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	is 0
}

@test "mounts: tmpcopyup copies what the tmpfs covers" {
	mkdir -p "$ROOTFS/data/deep"
	echo one >"$ROOTFS/data/one"
	echo two >"$ROOTFS/data/deep/two"
	ln -s one "$ROOTFS/data/link"
	chmod 646 "$ROOTFS/data/one"
	chown 12:34 "$ROOTFS/data/one"
	chmod 1775 "$ROOTFS/data/deep"
	add /data tmpfs tmpfs tmpcopyup
	box sh -c 'cat /data/one /data/deep/two; readlink /data/link; /probe stat /data/one /data/deep; echo changed >/data/one && cat /data/one; /probe statfs /data'
	has one two changed "/data/one file 0646 12:34" "/data/deep dir 1775 0:0"
	matches '^/data 1021994'
	same "$(<"$ROOTFS/data/one")" one
}

@test "mounts: tmpcopyup of an empty and of a missing directory" {
	mkdir "$ROOTFS/data"
	chmod 700 "$ROOTFS/data"
	chown 5:6 "$ROOTFS/data"
	add /data tmpfs tmpfs tmpcopyup
	add /missing tmpfs tmpfs tmpcopyup
	box sh -c 'ls -A /data | wc -l; ls -A /missing | wc -l'
	is $'0\n0'
}

@test "mounts: later mounts cover earlier ones" {
	bind_source
	mkdir "$T/second"
	echo second >"$T/second/file"
	add /mnt bind "$SOURCE" bind
	add /mnt bind "$T/second" bind
	box cat /mnt/file
	is second
	add /mnt/below/x tmpfs tmpfs
	call turtle run box
	config 'del(.mounts[-1])'
	config '.mounts += [{"destination": "/mnt/inner", "type": "tmpfs", "source": "tmpfs"}]'
	mkdir "$T/second/inner"
	args sh -c '/probe statfs /mnt/inner; cat /mnt/file'
	ok turtle run box
	has second
	matches '^/mnt/inner 1021994'
}

@test "mounts: remount changes a mount that is there" {
	config '.mounts += [{"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["remount", "ro", "nosuid", "noexec", "nodev"]}]'
	box /probe open /dev/shm/x wcreate
	is EROFS
}

@test "mounts: /sys/fs/cgroup shows the container's own cgroup" {
	box sh -c 'cat /sys/fs/cgroup/cgroup.procs; /probe statfs /sys/fs/cgroup; /probe open /sys/fs/cgroup/cgroup.procs w'
	matches '^1$' '^/sys/fs/cgroup 63677270 ro'
	has EROFS
}

@test "mounts: a writable cgroup mount is written to" {
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) = ["nosuid", "noexec", "nodev", "relatime"]'
	box sh -c 'mkdir /sys/fs/cgroup/sub && echo made; rmdir /sys/fs/cgroup/sub'
	is made
}

@test "mounts: the cgroup filesystem without a cgroup namespace" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	box sh -c '/probe statfs /sys/fs/cgroup; /probe open /sys/fs/cgroup/cgroup.procs w; cat /sys/fs/cgroup/cgroup.procs | wc -l'
	matches '^/sys/fs/cgroup 63677270 ro'
	has EROFS
}

@test "mounts: proc is the container's own, and new" {
	box sh -c '/probe statfs /proc; readlink /proc/self | grep -c . ; ls -d /proc/1/task/1'
	matches '^/proc 9fa0'
	has /proc/1/task/1
}

@test "mounts: sysfs without a network namespace" {
	config '.linux.namespaces |= map(select(.type != "network"))'
	box sh -c '/probe statfs /sys; /probe open /sys/kernel/mm/transparent_hugepage/enabled w'
	matches '^/sys 62656572 ro'
	lacks '^ok$'
}

@test "mounts: the message queues of a user namespace belong to its root" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.sysctl = {"fs.mqueue.msg_max": "11"}'
	chown -R 100000:100000 "$ROOTFS"
	box sh -c 'stat -c "%a %u:%g" /dev/mqueue; cat /proc/sys/fs/mqueue/msg_max; readlink /proc/self/ns/ipc'
	has "1777 0:0" 11
	hasnt "$(readlink /proc/self/ns/ipc)"
	# In a user namespace that is joined, and with the pid namespace of that one.
	unshare -U -p -f sleep 100 3>&- 4>&- &
	local holder=$! inside
	until_true grep -q . "/proc/$holder/task/$holder/children"
	read -r inside <"/proc/$holder/task/$holder/children" || true
	echo 0 100000 65536 >"/proc/$holder/uid_map"
	echo 0 100000 65536 >"/proc/$holder/gid_map"
	config --arg ns "/proc/$holder/ns/user" 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces[-1].path = $ns'
	ok turtle run box
	has "1777 0:0" 11
	hasnt "$(readlink /proc/self/ns/ipc)"
	config --arg ns "/proc/$inside/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $ns'
	ok turtle run box
	has "1777 0:0" 11
	kill -KILL "$inside"
}

@test "mounts: mqueue and devpts are the container's own" {
	box sh -c 'ls /dev/pts /dev/mqueue'
	lacks '^[0-9]+$'
}

@test "mounts: in a user namespace options that the host has locked are kept" {
	bind_source
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	add /mnt bind "$T/locked" bind ro
	args cat /proc/self/mountinfo
	call unshare -m --propagation private sh -c 'mkdir "$1/locked" && chmod 755 "$1/locked" && mount -t tmpfs -o nosuid,nodev,noexec,noatime none "$1/locked" && cd "$2" && "$3" --root "$4" run box' \
		_ "$T" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	same "$status" 0
	same "$(flags /mnt)" ro,nosuid,nodev,noexec,noatime
}

# bound OPTION...: what a bind mount of a restricted file system is with them.
bound()
{
	config '.mounts |= map(select(.destination != "/mnt"))'
	add /mnt bind "$T/restricted" bind "$@"
	args cat /proc/self/mountinfo
	call "${RESTRICTED[@]}" sh -c 'mkdir -p "$1" && mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime,nodiratime none "$1" && shift && "$@"' \
		_ "$T/restricted" "${INSIDE[@]}" "$TURTLE" --root "$STATE" run box 3>&-
	same "$status" 0
	flags /mnt
}

@test "mounts: a bind mount with options has those, without it has its source's" {
	local RESTRICTED=(unshare -m --propagation private) INSIDE=()
	same "$(bound)" ro,nosuid,nodev,noexec,noatime,nodiratime
	same "$(bound private)" ro,nosuid,nodev,noexec,noatime,nodiratime
	same "$(bound ro)" ro,noatime,nodiratime
	same "$(bound rw)" rw,noatime,nodiratime
	same "$(bound nosuid)" rw,nosuid,noatime,nodiratime
	same "$(bound exec)" rw,noatime,nodiratime
	same "$(bound relatime)" rw,relatime
	same "$(bound rro)" ro,nosuid,nodev,noexec,noatime,nodiratime
	same "$(bound rnoexec nodev)" rw,nodev,noexec,noatime,nodiratime
}

@test "mounts: what the caller's own user namespace has locked is kept" {
	local RESTRICTED=(unshare -m --propagation private) INSIDE=(unshare -m --map-root-user)
	config 'del(.linux.cgroupsPath, .linux.resources) | .linux.namespaces |= map(select(.type != "network")) |
		.mounts |= map(select(.destination != "/sys/fs/cgroup" and .destination != "/dev/pts"))'
	same "$(bound ro)" ro,nosuid,nodev,noexec,noatime,nodiratime
	same "$(bound nosuid)" ro,nosuid,nodev,noexec,noatime,nodiratime
	# The same in one that has all ids, and so looks like the first one; but device programs can't be loaded there.
	# shellcheck disable=SC2016
	local inner='echo >"$0"; read -r _ <"$0"; turtle=$1; shift; exec "$turtle" --cgroup-manager disabled "$@"'
	# shellcheck disable=SC2016
	INSIDE=(bash -c 'mkfifo "$0" && { unshare -m -U sh -c "$1" "$0" "${@:2}" & } && read -r _ <"$0" &&
		echo 0 0 4294967295 >/proc/$!/uid_map && echo 0 0 4294967295 >/proc/$!/gid_map && echo >"$0" && rm "$0" && wait $!'
		"$T/fifo" "$inner")
	config '.mounts |= map(select(.destination != "/sys"))'
	same "$(bound ro)" ro,nosuid,nodev,noexec,noatime,nodiratime
	same "$(bound nosuid)" ro,nosuid,nodev,noexec,noatime,nodiratime
}

@test "mounts: in a user namespace the default mounts have their flags too" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	args sh -c 'cat /proc/self/mountinfo; /probe open /sys/kernel/x wcreate; /probe open /sys/fs/cgroup/cgroup.procs w'
	ok turtle run box
	[[ $(flags /sys) == ro,nosuid,nodev,noexec,* ]] || fail "/sys: $(flags /sys)"
	[[ $(flags /sys/fs/cgroup) == ro,nosuid,nodev,noexec,* ]] || fail "/sys/fs/cgroup: $(flags /sys/fs/cgroup)"
	lacks '^ok$'
}

@test "mounts: a hundred of them" {
	config '.mounts += [range(100) | {"destination": "/tmp/m\(.)", "type": "tmpfs", "source": "tmpfs", "options": ["size=4k"]}]'
	mountinfo
	same "$(grep -c ' /tmp/m[0-9]* ' <<<"$output")" 100
}

@test "mounts: a thousand of them, with few descriptors" {
	local n
	bind_source
	config --arg s "$SOURCE" '.process.rlimits = [] |
		.mounts += [range(1000) | {"destination": "/tmp/m\(.)", "type": "bind", "source": $s, "options": ["rbind"]}]'
	args sh -c 'grep -c " /tmp/m[0-9]* " /proc/self/mountinfo; cat /tmp/m999/file; ulimit -n'
	for n in 64 256; do
		ok prlimit --nofile=$n:$n "$TURTLE" --root "$STATE" run box
		is $'1000\ncontent\n'$n
	done
	config '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	for n in 64 256; do
		ok prlimit --nofile=$n:$n "$TURTLE" --root "$STATE" run box
		is $'1000\ncontent\n'$n
	done
}

@test "mounts: more sources to pass than descriptors, without privileges outside" {
	bind_source
	config --arg s "$SOURCE" '.process.rlimits = [] | .process.capabilities = {} | (.mounts[].options // empty) |= map(select(. != "gid=5")) |
		.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings |
		.mounts += [range(200) | {"destination": "/tmp/m\(.)", "type": "bind", "source": $s}]'
	args sh -c 'grep -c " /tmp/m[0-9]* " /proc/self/mountinfo; cat /tmp/m199/file; ulimit -n'
	ok unshare -Urm --propagation slave prlimit --nofile=64:1000 "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
	is $'200\ncontent\n64'
	refused "201 mount sources are more than RLIMIT_NOFILE allows to pass" \
		unshare -Urm --propagation slave prlimit --nofile=64:64 "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
}

@test "mounts: more read-only file systems with mounts in them than descriptors" {
	config '.process.rlimits = [] | .mounts += [range(100) as $i | {destination: "/tmp/m\($i)", type: "tmpfs", source: "tmpfs", options: ["ro"]},
		{destination: "/tmp/m\($i)/x", type: "tmpfs", source: "tmpfs"}]'
	args sh -c 'grep -c " /tmp/m[0-9]* ro,.* tmpfs " /proc/self/mountinfo; grep -c " /tmp/m[0-9]*/x rw,.* tmpfs " /proc/self/mountinfo'
	ok prlimit --nofile=64:64 "$TURTLE" --root "$STATE" run box
	is $'100\n100'
}

@test "mounts: a read-only /dev has its devices, a read-only tmpfs the mounts below it, and then nothing more" {
	config '(.mounts[] | select(.destination == "/dev").options) += ["ro"] |
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["ro"]}, {destination: "/mnt/a/b", type: "tmpfs", source: "tmpfs"}]'
	try sh -c 'ls -d /dev/null /dev/zero; echo x >/dev/null && echo device; touch /mnt/a/b/c && echo made; touch /dev/no /mnt/no /mnt/a/no; ls /dev/pts/ptmx'
	has device made /dev/pts/ptmx
	same "$(grep -c 'Read-only file system' <<<"$stderr")" 3
	mountinfo
	matches ' /dev ro,' ' /mnt ro,' ' /mnt/a/b rw,'
}

# bad_value PATH FILTER...: each filter of the last mount, which is otherwise in order, makes one that is refused, by an
# error that names PATH below mounts[N].
bad_value()
{
	local path=$1 filter n
	shift
	cp config.json good.json
	n=$(($(jq '.mounts | length' good.json) - 1))
	for filter; do
		jq ".mounts[-1] |= ($filter)" good.json >config.json
		box_refused "mounts[$n]$path"
	done
	cp good.json config.json
}

@test "mounts: bad values of destination and type" {
	bind_source
	add /mnt tmpfs tmpfs nosuid
	args true
	bad_value .destination '.destination = ""' 'del(.destination)' '.destination = null' '.destination = 7' '.destination = ["/mnt"]' \
		'.destination = "/" + "x" * 4095' '.destination = "/mnt\u0000/x"' '.destination = "/"' '.destination = "/mnt/.."' '.destination = "."'
	bad_value ': "/proc/' '.destination = "/proc/self"' '.destination = "/proc/../proc/1/attr"' '.destination = "/proc//sys/kernel"'
	bad_value ": what would be mounted on /proc" '.destination = "/proc"' '.destination = "/proc/"'
	bad_value .type 'del(.type)' '.type = ""' '.type = "none"' '.type = null' '.type = 7' '.type = ["tmpfs"]' '.type = {}'
	bad_value ': mount "tmpfs" on "/mnt": file system type ' '.type = "nonsense"' '.type = "TMPFS"' '.type = "tmpfs "' '.type = "/dev/sda1"'
	bad_value ': mount "tmpfs" on "/mnt": ' '.type = "x" * 300'
}

@test "mounts: bad values of source" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args true
	bad_value .source 'del(.source)' '.source = ""' '.source = null' '.source = 7' '.source = ["/tmp"]' '.source = {}' \
		'.source = "/" + "x" * 4095' '.source = "/tmp\u0000"' '.source = "relative/" * 500'
	bad_value ": mount \"$SOURCE/none\" on \"/mnt\": open source $SOURCE/none: No such file or directory" '.source += "/none"'
	bad_value ": mount \"$SOURCE/file/x\" on \"/mnt\": open source $SOURCE/file/x: Not a directory" '.source += "/file/x"'
	ln -s loop "$SOURCE/loop"
	bad_value ": mount \"$SOURCE/loop\" on \"/mnt\": open source $SOURCE/loop: " '.source += "/loop"'
	# As a host opens it for a user namespace.
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	bad_value ": open mount source $SOURCE/none: No such file or directory" '.source += "/none"'
	bad_value ": open mount source $SOURCE/loop: Too many levels of symbolic links" '.source += "/loop"'
}

@test "mounts: bad values of options" {
	bind_source
	add /mnt bind "$SOURCE" rbind
	args true
	bad_value .options '.options = "rbind"' '.options = {}' '.options = 7' '.options = [7]' '.options = ["rbind", null]' '.options = [["rbind"]]' \
		'.options += ["nonsense"]' '.options += ["RO"]' '.options += ["size=1m"]' '.options += ["ro\u0000"]' '.options += ["ro,nonsense"]' \
		'.options += ["tmpcopyup"]' '.options += [range(9) | "private"]' '.options += ["mode=755"]' '.options += [" ro"]'
	config '.mounts[-1] = {destination: "/mnt", type: "tmpfs", source: "tmpfs", options: []}'
	bad_value .options '.options = ["copy-symlink"]' '.options = ["src-nofollow"]'
	bad_value ': mount "tmpfs" on "/mnt": option "' '.options = ["nonsense"]' '.options = ["size=much"]' '.options = ["mode=9"]' \
		'.options = ["nosuid", "uid=root"]' '.options = ["nr_inodes=x"]' '.options = ["=x"]' '.options = ["mpol=wrong"]'
	bad_value '' '.options = ["remount"] | .destination = "/nowhere"'
}
