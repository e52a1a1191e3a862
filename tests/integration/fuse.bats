# SPDX-License-Identifier: Apache-2.0
# Mount sources on file systems on which root has no rights: FUSE of a user's without allow_other, as sshfs makes it, and
# one that refuses root like NFS with root_squash. Who has the right opens them.
load helpers

# bind SOURCE [OPTION...]: at /mnt.
bind()
{
	local options
	options=$(jq -nc '$ARGS.positional' --args -- rbind "${@:2}")
	config --arg s "$T/userfs$1" --argjson o "$options" \
		'.mounts += [{destination: "/mnt", type: "bind", source: $s, options: $o}]'
}

as() { config --argjson u "$1" '.process.user = {"uid": $u, "gid": $u}'; }

# userns HOST-ID: container root is that user.
userns()
{
	config --argjson h "$1" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": $h, "size": 10}] |
		.linux.gidMappings = .linux.uidMappings | (.mounts[].options // empty) |= map(select(. != "gid=5"))'
	chown -hR "$1:$1" "$ROOTFS"
}

@test "fuse: the root of a user's file system, which root can't even look at" {
	userfs_mount 1000
	! stat "$T/userfs/." 2>/dev/null || fail "root may look into it"
	bind ""
	as 1000
	box cat /mnt/file /mnt/sub/file
	is $'content\ncontent'
	# Options hold as everywhere: with any, the source's own nodev has to be named, too.
	config '.mounts[-1].options += ["ro", "nosuid", "noexec"]'
	box sh -c 'cat /mnt/file; grep " /mnt " /proc/self/mountinfo'
	has content
	matches ' /mnt ro,nosuid,noexec,.* - fuse userfs '
	# The container's root is the host's, and has as little to say there.
	as 0
	try cat /mnt/file
	[[ $stderr == *"Permission denied"* ]] || fail "root reads it"
	as 1001
	try cat /mnt/file
	[[ $stderr == *"Permission denied"* ]] || fail "another user reads it"
}

@test "fuse: what is below the root of a user's file system" {
	userfs_mount 1000
	bind /sub
	as 1000
	box cat /mnt/file
	is content
	config '.mounts[-1].source += "/file" | .mounts[-1].destination = "/made/here"'
	box cat /made/here
	is content
	# Who is not to have it does not get it.
	as 1001
	box_refused "Permission denied (on FUSE without allow_other and on NFS with root_squash root has no rights"
	as 0
	box_refused "open source $T/userfs/sub/file: Permission denied (on FUSE without allow_other"
	as 1000
	config '.mounts[-1].source += "/none"'
	box_refused "open source $T/userfs/sub/file/none: Permission denied"
}

@test "fuse: in a user namespace whose root is the user" {
	userfs_mount 1000
	bind ""
	userns 1000
	box cat /mnt/file /mnt/sub/file
	is $'content\ncontent'
	config '.mounts[-1].source += "/sub"'
	box cat /mnt/file
	is content
	config '.mounts[-1] |= (.source += "/file" | .destination = "/made")'
	box cat /made
	is content
}

@test "fuse: in a user namespace where the process is the user" {
	userfs_mount 1000
	bind /sub
	userns 998
	chmod -R a+rX "$ROOTFS"
	as 2
	box cat /mnt/file
	is content
	as 3
	refused "open mount source $T/userfs/sub: Permission denied (on FUSE without allow_other" turtle run box
}

@test "fuse: by the user itself, without privileges" {
	userfs_mount 54321
	bind ""
	userns 54321
	config '.linux.uidMappings[0].size = 1 | .linux.gidMappings[0].size = 1 | del(.linux.cgroupsPath)'
	args cat /mnt/file
	mkdir "$T/own" && chown 54321 "$T/own" && chmod 711 "$T"
	cp "$TURTLE" "$T/own/turtle"
	call setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all "$T/own/turtle" --root "$T/own/state" --cgroup-manager=disabled run box
	same "$status:$output:$stderr" "0:content:"
	config '.mounts[-1] |= (.source += "/sub/file" | .destination = "/made")'
	args cat /made
	call setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all "$T/own/turtle" --root "$T/own/state" --cgroup-manager=disabled run box
	same "$status:$output:$stderr" "0:content:"
}

@test "fuse: a server that refuses root" {
	userfs_mount 1000 squash
	bind ""
	as 1000
	box cat /mnt/file
	is content
	config '.mounts[-1].source += "/sub"'
	box cat /mnt/file
	is content
	as 0
	box_refused "open source $T/userfs/sub: Permission denied (on FUSE without allow_other and on NFS with root_squash"
	as 1000
	userns 998
	chmod -R a+rX "$ROOTFS"
	as 2
	box cat /mnt/file
	is content
}

@test "fuse: idmap, where its server does not know of it" {
	userfs_mount 1000
	bind "" idmap
	as 1000
	config '.mounts[-1] |= (.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .gidMappings = .uidMappings)'
	box_refused "failed to set MOUNT_ATTR_IDMAP on $T/userfs: Invalid argument (maybe the filesystem used doesn't support idmap mounts on this kernel? it is fuse)"
}
