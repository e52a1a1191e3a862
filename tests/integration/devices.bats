# SPDX-License-Identifier: Apache-2.0
# /dev: the default devices, linux.devices, the symlinks, ptmx.
load helpers

# device PATH TYPE MAJOR MINOR [KEY VALUE...]: one more of linux.devices.
device()
{
	config --arg p "$1" --arg t "$2" --argjson a "$3" --argjson b "$4" --argjson more "${5:-{\}}" \
		'.linux.devices += [{"path": $p, "type": $t, "major": $a, "minor": $b} + $more]'
}

@test "devices: the default ones" {
	box /probe stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
	is '/dev/null char 0666 0:0 1:3
/dev/zero char 0666 0:0 1:5
/dev/full char 0666 0:0 1:7
/dev/random char 0666 0:0 1:8
/dev/urandom char 0666 0:0 1:9
/dev/tty char 0666 0:0 5:0'
}

@test "devices: they work" {
	box sh -c 'echo x >/dev/null && head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo x 2>/dev/null >/dev/full || echo full'
	is $'3\n5\nfull'
}

@test "devices: the symlinks, and ptmx" {
	box sh -c 'readlink /dev/fd; readlink /dev/stdin; readlink /dev/stdout; readlink /dev/stderr; readlink /dev/ptmx'
	has /proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx
	# Where the kernel has no /proc/kcore, there is no link to it.
	box sh -c 'readlink /dev/core || echo none'
	[ -e /proc/kcore ] && is /proc/kcore || is none
	args sh -c '{ echo through >/dev/stdout; } | cat; echo in | cat /dev/stdin; /probe open /dev/ptmx rw'
	ok turtle run box
	is $'through\nin\nok'
}

@test "devices: no /dev/console without a terminal" {
	box /probe stat /dev/console
	is "/dev/console ENOENT"
}

@test "devices: of the configuration: type, numbers, mode, owner" {
	device /dev/mine c 1 3 '{"fileMode": 416, "uid": 11, "gid": 22}'
	device /dev/block b 7 100 '{"fileMode": 384}'
	device /dev/pipe p 0 0 '{"fileMode": 420, "uid": 1}'
	device /dev/plain u 1 5
	config '.linux.resources.devices += [{"allow": true, "type": "a", "access": "rwm"}]'
	box /probe stat /dev/mine /dev/block /dev/pipe /dev/plain
	has "/dev/mine char 0640 11:22 1:3" "/dev/block block 0600 0:0 7:100" "/dev/pipe fifo 0644 1:0"
	matches '^/dev/plain char 0[0-7]+ 0:0 1:5$'
}

@test "devices: the mode does not depend on the caller's umask" {
	device /dev/mine c 1 3 '{"fileMode": 438}'
	args /probe stat /dev/mine /dev/null
	(umask 077 && turtle run box) >"$T/modes"
	same "$(grep -c 'char 0666' "$T/modes")" 2
}

@test "devices: outside of /dev, and in directories that are missing" {
	config '.root.readonly = false'
	device /dev/sub/deep/x c 1 3 '{"fileMode": 438}'
	device /var/y c 1 5 '{"fileMode": 438}'
	box /probe stat /dev/sub/deep/x /var/y
	is $'/dev/sub/deep/x char 0666 0:0 1:3\n/var/y char 0666 0:0 1:5'
}

@test "devices: one of the default ones may be named again" {
	device /dev/null c 1 3 '{"fileMode": 438, "uid": 0, "gid": 0}'
	box /probe stat /dev/null
	is "/dev/null char 0666 0:0 1:3"
}

@test "devices: a path with another device or file on it is an error" {
	config '.root.readonly = false'
	echo file >"$ROOTFS/var/taken"
	device /var/taken c 1 3
	box_refused /var/taken
	rm "$ROOTFS/var/taken"
	mknod "$ROOTFS/var/taken" c 1 5
	box_refused /var/taken
	rm "$ROOTFS/var/taken"
	mknod "$ROOTFS/var/taken" c 1 3
	args true
	ok turtle run box
}

@test "devices: one that is listed twice is as the last entry has it" {
	config '.linux.devices = [{type: "c", path: "/dev/full", major: 1, minor: 7, fileMode: 384}, {type: "u", path: "/dev/full", major: 1, minor: 7, fileMode: 432}]'
	box stat -c "%F %a %t:%T" /dev/full
	is "character special file 660 1:7"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	box stat -c "%F %t:%T" /dev/full
	is "character special file 1:7"
}

@test "devices: types and numbers that are none" {
	device /dev/x z 1 3
	box_refused devices
	config '.linux.devices = []'
	device /dev/x c -1 3
	box_refused devices
	config '.linux.devices = []'
	device /dev/x c 1 99999999999
	box_refused devices
	config '.linux.devices = [{"path": "", "type": "c", "major": 1, "minor": 3}]'
	box_refused devices
}

@test "devices: what is not allowed can't be opened or made" {
	# 1:1 is /dev/mem; the mode lets root, the cgroup does not.
	device /dev/memory c 1 1 '{"fileMode": 438}'
	config '.process.capabilities |= map_values(["CAP_MKNOD"]) | .root.readonly = false'
	box sh -c '/probe open /dev/memory r; /probe open /dev/null rw; mknod /tmp/n c 1 3 && echo made; /probe open /tmp/n r'
	has EPERM ok made
}

@test "devices: allowed by a rule" {
	device /dev/mine c 1 11 '{"fileMode": 438}'
	args /probe open /dev/mine w
	ok turtle run box
	is EPERM
	config '.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
	ok turtle run box
	is ok
}

@test "devices: in a user namespace they are the host's, bound" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 5, "access": "rw"}]'
	chown -R 100000:100000 "$ROOTFS"
	device /dev/zero c 1 5
	box sh -c '/probe stat /dev/zero; head -c 3 /dev/zero | wc -c; grep -c " /dev/zero " /proc/self/mountinfo'
	matches '^/dev/zero char 0666 [0-9:]+ 1:5$' '^3$' '^1$'
}

@test "devices: what the configuration mounts at the place of one stays there" {
	local userns
	config '.mounts += [
		{"destination": "/dev/random", "type": "bind", "source": "/dev/urandom", "options": ["rbind", "rprivate"]},
		{"destination": "/dev/frob", "type": "bind", "source": "/dev/null", "options": ["bind"]}]'
	device /dev/frob c 1 5 '{"fileMode": 384, "uid": 7}'
	for userns in no yes; do
		[ $userns = no ] || {
			config '.linux.namespaces += [{"type": "user"}] |
				.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
			chown -R 100000:100000 "$ROOTFS"
		}
		box sh -c '/probe stat /dev/random /dev/frob | cut -d" " -f1,5; grep -c " /dev/random " /proc/self/mountinfo'
		is $'/dev/random 1:9\n/dev/frob 1:3\n1'
	done
	# It is the host's.
	same "$(stat -c '%u %a' /dev/null)" "0 666"
}

@test "devices: without a mount at /dev the image's own directory is used, and kept" {
	without_dev_mounts
	config '.root.readonly = false'
	echo theirs >"$ROOTFS/dev/file"
	box sh -c 'cat /dev/file; /probe stat /dev/null'
	is $'theirs\n/dev/null char 0666 0:0 1:3'
}
