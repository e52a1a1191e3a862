# SPDX-License-Identifier: Apache-2.0
# spec: the config.json to begin with.
load helpers

in_new_directory()
{
	mkdir "$T/new"
	cd "$T/new" || return 1
	ok "$TURTLE" spec
	is ""
}

# json FILTER VALUE: what the filter makes of config.json, as compact JSON.
json() { same "$(jq -c "$1" config.json)" "$2" "$1"; }

@test "spec: what runs, and as whom" {
	in_new_directory
	json .ociVersion '"1.3.0"'
	json .process.terminal true
	json .process.args '["sh"]'
	json .process.env '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","TERM=xterm"]'
	json .process.cwd '"/"'
	json '[.process.user.uid,.process.user.gid]' '[0,0]'
	json .process.noNewPrivileges true
	json '.process.rlimits' '[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}]'
	json .root '{"path":"rootfs","readonly":true}'
}

@test "spec: few capabilities, and none to inherit" {
	in_new_directory
	json '.process.capabilities.bounding|sort' '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
	json '.process.capabilities.effective|sort' '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
	json '.process.capabilities.permitted|sort' '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
	json '.process.capabilities.inheritable // []' '[]'
	json '.process.capabilities.ambient // []' '[]'
}

@test "spec: mounts, namespaces, masks and devices" {
	in_new_directory
	json '[.mounts[].destination]' '["/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys","/sys/fs/cgroup"]'
	json '.mounts[]|select(.destination=="/dev")|.options' '["nosuid","strictatime","mode=755","size=65536k"]'
	json '.mounts[]|select(.destination=="/dev/pts")|.options' '["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]'
	json '.mounts[]|select(.destination=="/sys")|.options|index("ro") != null' true
	json '[.linux.namespaces[].type]|sort' '["cgroup","ipc","mount","network","pid","uts"]'
	json '.linux.maskedPaths|sort' '["/proc/acpi","/proc/asound","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/sched_debug","/proc/scsi","/proc/timer_list","/proc/timer_stats","/sys/firmware"]'
	json '.linux.readonlyPaths|sort' '["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]'
	json .linux.resources.devices '[{"allow":false,"access":"rwm"}]'
}

@test "spec: tabs, a newline at the end, and the mode that umask leaves" {
	mkdir "$T/new"
	cd "$T/new"
	(umask 027 && "$TURTLE" spec)
	same "$(stat -c %a config.json)" 640
	grep -q $'^\t"ociVersion"' config.json || fail "no tab"
	same "$(tail -c 1 config.json | od -An -c | tr -d ' ')" '\n'
}

@test "spec: an existing file is kept" {
	mkdir "$T/new"
	cd "$T/new"
	echo mine >config.json
	refused "File config.json exists. Remove it first" "$TURTLE" spec
	same "$(<config.json)" mine
	rm config.json
	ln -s elsewhere config.json
	refused "config.json exists" "$TURTLE" spec
	[ ! -e elsewhere ] || fail "it wrote through a symlink"
}

@test "spec: --bundle and --file say where" {
	mkdir "$T/new"
	ok "$TURTLE" spec --bundle "$T/new"
	[ -f "$T/new/config.json" ] || fail "not there"
	ok "$TURTLE" spec -b "$T/new" -f other.json
	cmp "$T/new/config.json" "$T/new/other.json"
	refused "No such file" "$TURTLE" spec --bundle "$T/missing"
}

@test "spec: --rootless maps the caller alone, without network and resources" {
	mkdir "$T/new"
	cd "$T/new"
	ok "$TURTLE" spec --rootless
	json '[.linux.namespaces[].type]|sort' '["cgroup","ipc","mount","pid","user","uts"]'
	json '.linux.uidMappings' '[{"containerID":0,"hostID":0,"size":1}]'
	json '.linux.gidMappings' '[{"containerID":0,"hostID":0,"size":1}]'
	json '.linux.resources' null
	json '.mounts[]|select(.destination=="/sys")|[.type,.source,(.options|index("rbind") != null)]' '["none","/sys",true]'
	json '[.mounts[].options//[]|.[]|select(startswith("gid=") or startswith("uid="))]' '[]'
}

@test "spec: what it writes runs as it is" {
	# All but the terminal, for which there is none.
	mv config.json mine
	ok "$TURTLE" spec
	config '.process.terminal = false | .process.args = ["sh", "-c", "echo $HOSTNAME; hostname; id -u; pwd"]'
	ok turtle run box
	matches '^turtle$' '^0$' '^/$'
}
