# SPDX-License-Identifier: Apache-2.0
# id-mapped mounts: the owners of files are seen from inside, and what is made inside is seen from outside.
load helpers

MAP='[{"containerID": 0, "hostID": 100000, "size": 65536}]'

setup()
{
	box_setup
	# Who may change owners sees where that ends.
	config '.process.capabilities[] += ["CAP_CHOWN"]'
}

# A directory of some owners to bind, in $SOURCE, with a tmpfs below it once `with_tree` runs it.
idmap_source()
{
	SOURCE=$T/source
	mkdir -p "$SOURCE/below" "$ROOTFS/mnt"
	local id
	for id in 0 1 1000; do
		echo $id >"$SOURCE/f$id" && chown $id:$id "$SOURCE/f$id"
	done
	mkdir -m 777 "$SOURCE/open"
}

# bind FILTER: a bind mount of the source at /mnt, which the filter goes on with.
bind()
{
	config --arg s "$SOURCE" '.mounts += [{"destination": "/mnt", "type": "bind", "source": $s, "options": ["rbind"]} | '"$1]"
}

userns()
{
	config --argjson m "$MAP" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = $m | .linux.gidMappings = $m'
	chown -hR 100000:100000 "$ROOTFS"
}

# own FROM TO COUNT [OPTION]: the mount's own mappings, of users and, one more, of groups.
own()
{
	local options=${4:+"| .options += [\"$4\"]"}
	echo ".uidMappings = [{containerID: $1, hostID: $2, size: $3}] | .gidMappings = [{containerID: $1, hostID: ($2 + 1), size: $3}] $options"
}

# owners [DIR]: of the files, from inside.
owners()
{
	box stat -c '%n %u:%g' "${1:-/mnt}/f0" "${1:-/mnt}/f1" "${1:-/mnt}/f1000"
}

@test "idmap: a bind mount with mappings of its own, in both directions" {
	idmap_source
	bind "$(own 0 2000 1001 idmap)"
	owners
	is $'/mnt/f0 2000:2001\n/mnt/f1 2001:2002\n/mnt/f1000 3000:3001'
	config '.process.user = {"uid": 2005, "gid": 2006}'
	box sh -c 'echo x >/mnt/open/made; stat -c %u:%g /mnt/open/made'
	is 2005:2006
	same "$(stat -c %u:%g "$SOURCE/open/made")" 5:5
	# Whoever has no mapping can't make a file.
	config '.process.user = {"uid": 5, "gid": 5}'
	try sh -c 'echo x >/mnt/open/more'
	[[ $stderr == *"Value too large"* ]] || fail "an unmapped user could"
}

@test "idmap: mappings count without the option, too" {
	idmap_source
	bind "$(own 0 2000 1001)"
	owners
	is $'/mnt/f0 2000:2001\n/mnt/f1 2001:2002\n/mnt/f1000 3000:3001'
}

@test "idmap: what has no mapping belongs to nobody" {
	idmap_source
	bind "$(own 0 2000 2 idmap)"
	owners
	is $'/mnt/f0 2000:2001\n/mnt/f1 2001:2002\n/mnt/f1000 65534:65534'
	bind ".destination = \"/three\" | .options += [\"idmap\"] |
		.uidMappings = [{containerID: 0, hostID: 7, size: 1}, {containerID: 1, hostID: 5, size: 1}, {containerID: 1000, hostID: 0, size: 1}] | .gidMappings = .uidMappings"
	owners /three
	is $'/three/f0 7:7\n/three/f1 5:5\n/three/f1000 0:0'
}

@test "idmap: the option alone takes the mappings of the container's user namespace" {
	local option
	idmap_source
	userns
	bind .
	owners
	is $'/mnt/f0 65534:65534\n/mnt/f1 65534:65534\n/mnt/f1000 65534:65534'
	for option in idmap ridmap; do
		config --arg o $option '.mounts[-1].options = ["rbind", $o]'
		owners
		is $'/mnt/f0 0:0\n/mnt/f1 1:1\n/mnt/f1000 1000:1000'
		box sh -c 'rm -f /mnt/made; echo x >/mnt/made; chown 3:4 /mnt/made'
		same "$(stat -c %u:%g "$SOURCE/made")" 3:4
	done
}

@test "idmap: a mount's own mappings in a container with others" {
	idmap_source
	userns
	bind "$(own 0 101000 1001 idmap)"
	owners
	is $'/mnt/f0 1000:1001\n/mnt/f1 1001:1002\n/mnt/f1000 2000:2001'
}

@test "idmap: a user namespace that is joined by its path" {
	idmap_source
	userns
	args /probe wait
	ok turtle run -d box
	config --arg p "/proc/$(init_pid)/ns/user" '(.linux.namespaces[] | select(.type == "user")).path = $p |
		del(.linux.uidMappings, .linux.gidMappings) | .linux.cgroupsPath += "2"'
	bind '.options += ["idmap"]'
	args stat -c '%n %u:%g' /mnt/f0 /mnt/f1000
	ok turtle run second
	is $'/mnt/f0 0:0\n/mnt/f1000 1000:1000'
	ok turtle delete --force box
}

# tree: runs the container where a tmpfs with a file of user 1 is mounted at $SOURCE/below.
tree()
{
	args stat -c '%n %u:%g' /mnt/f0 /mnt/below/f1
	call unshare -m --propagation private sh -c '
		mount -t tmpfs none "$1/below" && echo x >"$1/below/f1" && chown 1:1 "$1/below/f1" && cd "$2" && "$3" --root "$4" run box' \
		_ "$SOURCE" "$BUNDLE" "$TURTLE" "$STATE" 3>&-
	[ "$status" -eq 0 ] || fail "it does not run"
}

@test "idmap: idmap maps the mount alone, ridmap all below it" {
	idmap_source
	bind "$(own 0 2000 2 idmap)"
	tree
	is $'/mnt/f0 2000:2001\n/mnt/below/f1 1:1'
	config '.mounts[-1].options = ["rbind", "ridmap"]'
	tree
	is $'/mnt/f0 2000:2001\n/mnt/below/f1 2001:2002'
	config '.mounts[-1].options = ["rbind", "ridmap", "idmap"]'
	tree
	is $'/mnt/f0 2000:2001\n/mnt/below/f1 2001:2002'
	# In a user namespace.
	userns
	config '.mounts[-1] |= (del(.uidMappings, .gidMappings) | .options = ["rbind", "idmap"])'
	tree
	is $'/mnt/f0 0:0\n/mnt/below/f1 65534:65534'
	config '.mounts[-1].options = ["rbind", "ridmap"]'
	tree
	is $'/mnt/f0 0:0\n/mnt/below/f1 1:1'
}

@test "idmap: a file, a relative source, a symlink to the source, and every propagation" {
	local word
	idmap_source
	bind "$(own 0 2000 1001 idmap) | .source += \"/f1000\" | .destination = \"/file\""
	box stat -c %u:%g /file
	is 3000:3001
	cp -a "$SOURCE" "$BUNDLE/data"
	config '.mounts[-1].source = "data/f1"'
	box stat -c %u:%g /file
	is 2001:2002
	ln -s data/f0 "$BUNDLE/link"
	config '.mounts[-1].source = "link"'
	box stat -c %u:%g /file
	is 2000:2001
	config '.mounts[-1] |= (.destination = "/mnt" | .source = "data")'
	for word in private rprivate slave rslave shared rshared unbindable runbindable; do
		config --arg w $word '.mounts[-1].options = ["rbind", "idmap", "nosuid", "ro", $w]'
		box sh -c 'stat -c %u:%g /mnt/f0; grep " /mnt " /proc/self/mountinfo'
		has 2000:2001
		case $word in
		*private) matches ' /mnt ro,nosuid[^ ]* - ' ;;
		*slave) matches ' /mnt ro,nosuid[^ ]* (master:[0-9]+ )?- ' ;;
		*) matches " /mnt ro,nosuid[^ ]* (master:[0-9]+ )?${word#r}(:[0-9]+)? - " ;;
		esac
	done
}

@test "idmap: a tmpfs" {
	mkdir -m 750 "$ROOTFS/mnt"
	echo covered >"$ROOTFS/mnt/file" && chown 3:3 "$ROOTFS/mnt/file"
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "mine", options: ["idmap", "nosuid", "nr_inodes=50"],
		uidMappings: [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 2000, size: 10}]} | .gidMappings = .uidMappings]'
	# Inside all looks as ever, but who is outside of the mappings can't have files there.
	box sh -c 'stat -c "%a %u:%g" /mnt; grep " /mnt " /proc/self/mountinfo; touch /mnt/a; chown 2003:2004 /mnt/a; stat -c %u:%g /mnt/a; chown 5:5 /mnt/a 2>&1; :'
	has '750 0:0' '2003:2004' 'chown: /mnt/a: Value too large for defined data type'
	matches ' /mnt rw,nosuid,[^ ]* - tmpfs mine rw,.*nr_inodes=50'
	# An owner is an id of the file system, so it is mapped.
	config '.mounts[-1].options += ["uid=4", "gid=5", "mode=711", "ro"]'
	box sh -c 'stat -c "%a %u:%g" /mnt; touch /mnt/x 2>&1; :'
	has '711 2003:2004'
	matches 'Read-only'
}

@test "idmap: a tmpfs in a user namespace, and tmpcopyup" {
	mkdir -m 750 "$ROOTFS/mnt"
	userns
	echo covered >"$ROOTFS/mnt/file"
	chown -R 100000:100000 "$ROOTFS/mnt" && chown 100003:100004 "$ROOTFS/mnt/file"
	config '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["idmap"]}]'
	box sh -c 'stat -c "%a %u:%g" /mnt; touch /mnt/a; chown 7:8 /mnt/a; stat -c %u:%g /mnt/a'
	is $'750 0:0\n7:8'
	config '.mounts[-1].options += ["tmpcopyup", "ro"]'
	box sh -c 'stat -c "%a %u:%g" /mnt /mnt/file; cat /mnt/file; touch /mnt/x 2>&1; :'
	has '750 0:0' covered
	matches '^6[0-9]+ 3:4' Read-only
	config '.mounts[-1] |= (.options = ["idmap", "uid=1"] | .uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1, hostID: 100070, size: 1}] | .gidMappings = .uidMappings)'
	box stat -c %u:%g /mnt
	is 70:0
}

@test "idmap: the text of crun's option" {
	idmap_source
	bind '.options += ["idmap=uids=0-2000-1#1-10-1#1000-5-2;gids=0-100-1001"]'
	owners
	is $'/mnt/f0 2000:100\n/mnt/f1 10:101\n/mnt/f1000 5:1100'
	config '.mounts[-1].options = ["bind", "idmap", "ridmap=gids=0-100-2;uids=1000-7-1"]'
	owners
	is $'/mnt/f0 65534:100\n/mnt/f1 65534:101\n/mnt/f1000 7:65534'
	# Recursive or not.
	config '.mounts[-1].options = ["rbind", "idmap=uids=0-2000-2;gids=0-2001-2"]'
	tree
	is $'/mnt/f0 2000:2001\n/mnt/below/f1 1:1'
	config '.mounts[-1].options = ["rbind", "ridmap=uids=0-2000-2;gids=0-2001-2"]'
	tree
	is $'/mnt/f0 2000:2001\n/mnt/below/f1 2001:2002'
}

@test "idmap: the text of crun's option with ids of the container" {
	idmap_source
	userns
	bind '.options += ["idmap=uids=@0-7-1#@1000-30-1;gids=@0-8-1001"]'
	owners
	is $'/mnt/f0 7:8\n/mnt/f1 65534:9\n/mnt/f1000 30:1008'
	# One mapping over several ranges of the container.
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 300000, size: 65526}] |
		.mounts[-1].options = ["rbind", "idmap=uids=@0-9-1001;gids=0-100000-1001"]'
	owners
	is $'/mnt/f0 9:0\n/mnt/f1 10:1\n/mnt/f1000 1009:1000'
}

# refuse TEXT FILTER...: for each filter on the last mount turtle says TEXT, and nothing is left.
refuse()
{
	local text=$1 filter
	shift
	cp config.json before.json
	for filter; do
		jq ".mounts[-1] |= ($filter)" before.json >config.json
		box_refused "$text"
	done
	cp before.json config.json
}

@test "idmap: bad mappings are errors that name the property" {
	local kind n=7
	idmap_source
	bind "$(own 0 2000 10 idmap)"
	args true
	n=$(($(jq '.mounts | length' config.json) - 1))
	for kind in uid gid; do
		refuse "mounts[$n].${kind}Mappings: missing; id-mapped mounts must have both uid and gid mappings specified" \
			"del(.${kind}Mappings)" ".${kind}Mappings = []"
		refuse "mounts[$n].${kind}Mappings[0].size: must not be 0" ".${kind}Mappings[0].size = 0"
		refuse "mounts[$n].${kind}Mappings[0]: containerID 4294967295 and size 10" ".${kind}Mappings[0].containerID = 4294967295"
		refuse "mounts[$n].${kind}Mappings[0]: hostID 4294967290 and size 10" ".${kind}Mappings[0].hostID = 4294967290"
		refuse "mounts[$n].${kind}Mappings: container id 5 is mapped twice" ".${kind}Mappings += [{containerID: 5, hostID: 1, size: 1}]"
		refuse "mounts[$n].${kind}Mappings: host id 2005 is mapped twice" ".${kind}Mappings += [{containerID: 20, hostID: 2005, size: 1}]"
		refuse "mounts[$n].${kind}Mappings: 341 entries are too many" ".${kind}Mappings = [range(341) | {containerID: (. * 2), hostID: (. * 2), size: 1}]"
		refuse "mounts[$n].${kind}Mappings" ".${kind}Mappings = 5" ".${kind}Mappings = \"0:0:1\"" ".${kind}Mappings = {}" \
			".${kind}Mappings = [5]" ".${kind}Mappings[0].containerID = -1" ".${kind}Mappings[0].hostID = 4294967296" \
			".${kind}Mappings[0].size = 0.5" ".${kind}Mappings[0].size = \"1\"" "del(.${kind}Mappings[0].hostID)" \
			"del(.${kind}Mappings[0].containerID)" "del(.${kind}Mappings[0].size)" ".${kind}Mappings = [null]"
	done
}

@test "idmap: bad options are errors that name the mount" {
	local n
	idmap_source
	bind .
	args true
	n=$(($(jq '.mounts | length' config.json) - 1))
	# Nothing to take the mappings from.
	refuse "mounts[$n].options: idmap: id-mapped mounts must have both uid and gid mappings specified" '.options += ["idmap"]'
	refuse "mounts[$n].options: ridmap: id-mapped mounts must" '.options += ["ridmap"]'
	refuse "is not a mapping" '.options += ["idmap=0-1-2"]' '.options += ["idmap=uids=0-1;gids=0-1-2"]' '.options += ["idmap=uids=0-1-2-3;gids=0-1-2"]' \
		'.options += ["idmap=uids=0-1-0;gids=0-1-2"]' '.options += ["idmap=uids=;gids=0-1-2"]' '.options += ["idmap=uids=0-1-2#;gids=0-1-2"]' \
		'.options += ["idmap=uids=a-1-2;gids=0-1-2"]' '.options += ["idmap=uids=0-1-2 ;gids=0-1-2"]' '.options += ["idmap=uids=0:1:2;gids=0:1:2"]' \
		'.options += ["idmap=uids=@@0-1-2;gids=0-1-2"]' '.options += ["idmap=uids=0-4294967295-2;gids=0-1-2"]' '.options += ["ridmap=uid=0-1-2;gid=0-1-2"]' \
		'.options += ["idmap=uids=0-1-2;;gids=0-1-2"]' '.options += ["idmap=uids=-1-1-2;gids=0-1-2"]'
	refuse "mounts[$n].options: idmap=: id-mapped mounts must have both" '.options += ["idmap="]'
	refuse "must have both uid and gid mappings specified" '.options += ["idmap=uids=0-1-2"]' '.options += ["idmap=gids=0-1-2"]' '.options += ["idmap=uids=0-1-2;"]'
	refuse "mounts[$n].options: idmap: uids: container id 1 is mapped twice" '.options += ["idmap=uids=0-1-2#1-7-1;gids=0-1-2"]'
	refuse "are given twice" '.options += ["idmap=uids=0-1-2;uids=3-4-1;gids=0-1-2"]'
	refuse "there are mappings already" '.options += ["idmap=uids=0-1-2;gids=0-1-2", "idmap=uids=0-1-2;gids=0-1-2"]'
	refuse "id 3 is not mapped by linux.uidMappings" '.options += ["idmap=uids=@0-3-2;gids=0-1-2"]'
	refuse "there are mounts[$n].uidMappings as well" "$(own 0 1 1) | .options += [\"idmap=uids=0-1-2;gids=0-1-2\"]"
	# What has no ids to map.
	refuse "not for proc" "$(own 0 1 1) | .type = \"proc\" | .options = []"
	refuse "not for sysfs" "$(own 0 1 1 idmap) | .type = \"sysfs\" | .options = []"
	refuse "not for cgroup" "$(own 0 1 1) | .type = \"cgroup\" | .options = [\"ridmap\"]"
	refuse "not for remount" "$(own 0 1 1) | .destination = \"/dev\" | .options = [\"remount\"]"
	refuse "uid=20 is not mapped in the mount's mappings" "$(own 0 1 1) | .type = \"tmpfs\" | .options = [\"uid=20\"]"
}

@test "idmap: a relative mapping that leaves the container's ids" {
	idmap_source
	userns
	bind .
	refuse "id 65536 is not mapped by linux.uidMappings" '.options += ["idmap=uids=@0-65530-10;gids=@0-0-1"]'
	refuse "id 70000 is not mapped by linux.gidMappings" '.options += ["idmap=uids=@0-0-10;gids=@0-70000-1"]'
}

@test "idmap: a file system that can't, by its name" {
	idmap_source
	bind "$(own 0 2000 10 idmap) | .source = \"/proc/sys\""
	args true
	box_refused "failed to set MOUNT_ATTR_IDMAP on /proc/sys: Invalid argument (maybe the filesystem used doesn't support idmap mounts on this kernel? it is proc)"
	config '.mounts[-1] |= (.type = "mqueue" | .source = "mqueue" | .options = ["idmap"])'
	box_refused "idmap mounts on this kernel? it is mqueue"
	config '.mounts[-1] |= (.type = "bind" | .source = "/proc" | .options = ["rbind", "ridmap"])'
	config '.mounts[-1].destination = "/p"'
	box_refused "it is proc; or one that is mounted below it"
}

@test "idmap: without privileges over the file system it is refused" {
	idmap_source
	bind "$(own 0 0 1 idmap) | .gidMappings = .uidMappings"
	args true
	call unshare -Urm sh -c '"$1" --root "$2" --cgroup-manager=disabled run box' _ "$TURTLE" "$STATE" 3>&-
	same "$status" 1
	[[ $stderr == *'failed to set MOUNT_ATTR_IDMAP on '*'the kernel wants CAP_SYS_ADMIN where the file system, which is '*', was mounted'* ]] || fail "another reason"
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	# And as a user.
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 54321, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	config '(.mounts[].options // empty) |= map(select(. != "gid=5"))'
	mkdir -m 777 "$T/u" && chmod -R a+rX "$T"
	call setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all "$TURTLE" --root "$T/u/state" --cgroup-manager=disabled run box
	same "$status" 1
	[[ $stderr == *'id-mapped mounts are not supported for rootless containers (the kernel wants CAP_SYS_ADMIN on the host)'* ]] || fail "another reason"
}

@test "idmap: a thousand of them with few descriptors, and a thousand mappings" {
	local n
	idmap_source
	bind "$(own 0 2000 1001 idmap)"
	config '.process.rlimits = [] | .mounts[-1] as $m | .mounts += [range(1000) as $i | $m | .destination = "/tmp/m\($i)"]'
	args sh -c 'grep -c " /tmp/m[0-9]* " /proc/self/mountinfo; stat -c %u /tmp/m0/f1 /tmp/m999/f1'
	for n in 64 256; do
		ok prlimit --nofile=$n:$n "$TURTLE" --root "$STATE" run box
		is $'1000\n2001\n2001'
	done
	config '.mounts[] |= if .destination[:6] == "/tmp/m" then (.destination[6:] | tonumber) as $i |
		.uidMappings[0].hostID = 2000 + $i | .gidMappings = .uidMappings else . end'
	ok prlimit --nofile=64:64 "$TURTLE" --root "$STATE" run box
	is $'1000\n2001\n3000'
	userns
	config '.mounts[] |= if .destination[:6] == "/tmp/m" then del(.uidMappings, .gidMappings) else . end'
	ok prlimit --nofile=64:64 "$TURTLE" --root "$STATE" run box
	is $'1000\n1\n1'
}

@test "idmap: exec and a second container see the same, and nothing stays" {
	idmap_source
	bind "$(own 0 2000 1001 idmap)"
	hold
	ok turtle exec box stat -c %u:%g /mnt/f1000
	is 3000:3001
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
}
