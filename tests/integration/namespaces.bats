# SPDX-License-Identifier: Apache-2.0
# linux.namespaces: new ones, inherited ones, joined ones; user namespaces with their mappings; time offsets.
load helpers

KINDS='pid network ipc uts mount cgroup user time'
# bats reads this file inside a function.
declare -gA LINK=([pid]=pid [network]=net [ipc]=ipc [uts]=uts [mount]=mnt [cgroup]=cgroup [user]=user [time]=time)

# holder TYPE...: a process with new namespaces of its own, whose pid is in $HOLDER.
holder()
{
	local options=() type
	for type; do
		case $type in
		network) options+=(--net) ;;
		user) options+=(--user --map-root-user) ;;
		pid) options+=(--pid --fork --kill-child) ;;
		*) options+=("--$type") ;;
		esac
	done
	# What an earlier one has said is not this one's word.
	: >"$T/holder"
	unshare "${options[@]}" sh -c 'echo up; exec sleep 1000' >"$T/holder" 3>&- &
	until_line "$T/holder" up
	HOLDER=$!
	[[ " $* " != *" pid "* ]] || HOLDER=$(pgrep -P "$HOLDER")
}

# links: the namespaces that the container's process is in, a line each.
links()
{
	box sh -c 'for n in pid net ipc uts mnt cgroup user time; do echo "$n $(readlink /proc/self/ns/$n)"; done'
}

mapped()
{
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	chown -R 100000:200000 "$ROOTFS"
}

@test "namespaces: all eight, new" {
	mapped
	config '.linux.namespaces += [{"type": "time"}]'
	links
	local type
	for type in $KINDS; do
		hasnt "${LINK[$type]} $(readlink "/proc/self/ns/${LINK[$type]}")"
	done
	same "$(wc -l <<<"$output")" 8
}

@test "namespaces: those that are not named are the caller's" {
	config '.linux.namespaces = [{"type": "mount"}] | .mounts = [.mounts[] | select(.destination == "/proc")] | del(.hostname)'
	links
	local type
	for type in pid network ipc uts cgroup user time; do
		has "${LINK[$type]} $(readlink "/proc/self/ns/${LINK[$type]}")"
	done
	hasnt "mnt $(readlink /proc/self/ns/mnt)"
}

@test "namespaces: joined by path, one kind at a time" {
	local type inode
	for type in network ipc uts cgroup time; do
		holder "$type"
		inode=$(readlink "/proc/$HOLDER/ns/${LINK[$type]}")
		config --arg type "$type" --arg path "/proc/$HOLDER/ns/${LINK[$type]}" \
			'.linux.namespaces |= map(select(.type != $type)) + [{"type": $type, "path": $path}] | del(.hostname)'
		links
		has "${LINK[$type]} $inode"
		kill -KILL "$HOLDER"
		config --arg type "$type" '.linux.namespaces |= map(select(.type != $type))'
	done
}

@test "namespaces: several joined at once" {
	holder network ipc uts
	config --arg dir "/proc/$HOLDER/ns" '.linux.namespaces |= map(select(.type | IN("network", "ipc", "uts") | not))
		+ [{"type": "network", "path": "\($dir)/net"}, {"type": "ipc", "path": "\($dir)/ipc"}, {"type": "uts", "path": "\($dir)/uts"}] | del(.hostname)'
	links
	has "net $(readlink "/proc/$HOLDER/ns/net")" "ipc $(readlink "/proc/$HOLDER/ns/ipc")" "uts $(readlink "/proc/$HOLDER/ns/uts")"
}

@test "namespaces: a joined pid namespace" {
	holder pid
	config --arg path "/proc/$HOLDER/ns/pid" '.linux.namespaces |= map(select(.type != "pid")) + [{"type": "pid", "path": $path}]'
	args sh -c 'readlink /proc/self/ns/pid; test $$ -gt 1 && echo not first; ps | grep -c "[s]leep 1000"'
	ok turtle run box
	has "$(readlink "/proc/$HOLDER/ns/pid")" "not first" 1
}

@test "namespaces: a container in a joined pid namespace is killed alone" {
	holder pid
	config --arg path "/proc/$HOLDER/ns/pid" '.linux.namespaces |= map(select(.type != "pid")) + [{"type": "pid", "path": $path}]'
	args /probe forks 2
	ok turtle run -d box
	until_line "$T/out" up
	ok turtle delete --force box
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
	kill -0 "$HOLDER" || fail "the other container was killed too"
}

@test "namespaces: a joined user namespace, with the network that it owns" {
	holder user network
	# That namespace maps one id, so group 5 of the terminals can't be had.
	config '.mounts |= map(.options |= map(select(. != "gid=5"))?)'
	config --arg dir "/proc/$HOLDER/ns" '.linux.namespaces |= map(select(.type | IN("network") | not))
		+ [{"type": "user", "path": "\($dir)/user"}, {"type": "network", "path": "\($dir)/net"}]'
	links
	has "user $(readlink "/proc/$HOLDER/ns/user")" "net $(readlink "/proc/$HOLDER/ns/net")"
}

@test "namespaces: the network of a container is its own, with lo" {
	box sh -c 'grep -c : /proc/net/dev; grep -o "lo:" /proc/net/dev'
	has 1 lo:
}

@test "namespaces: pid 1, and only the container's processes" {
	box sh -c 'echo "I am $$"; ls /proc | grep -c "^[0-9]"'
	has "I am 1"
	matches '^[1-4]$'
}

@test "namespaces: hostname and domainname" {
	config '.hostname = "boxed" | .domainname = "example.org"'
	local before
	before=$(</proc/sys/kernel/hostname)
	box sh -c 'hostname; cat /proc/sys/kernel/domainname'
	is $'boxed\nexample.org'
	same "$(</proc/sys/kernel/hostname)" "$before"
	config '.linux.namespaces |= map(select(.type != "uts"))'
	box_refused hostname
	config 'del(.hostname)'
	box_refused domainname
	same "$(</proc/sys/kernel/hostname)" "$before"
}

@test "namespaces: a host name that the kernel does not take" {
	config --arg long "$(printf 'h%.0s' {1..65})" '.hostname = $long'
	box_refused hostname
	config --arg long "$(printf 'h%.0s' {1..64})" '.hostname = $long'
	box hostname
	is "$(printf 'h%.0s' {1..64})"
}

@test "namespaces: the cgroup namespace hides where the container is" {
	box cat /proc/self/cgroup
	matches '^0::/$'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	ok turtle run box
	matches "^0::$CGROUP\$"
}

@test "namespaces: an unknown kind, a kind given twice, a path that is none" {
	config '.linux.namespaces += [{"type": "frob"}]'
	box_refused frob
	config '.linux.namespaces |= map(select(.type != "frob")) + [{"type": "ipc"}]'
	box_refused ipc
	config '.linux.namespaces |= map(select(.type != "ipc")) + [{"type": "ipc", "path": "/proc/self/ns/missing"}]'
	box_refused /proc/self/ns/missing
	config '.linux.namespaces |= map(select(.type != "ipc")) + [{"type": "ipc", "path": "relative/path"}]'
	box_refused relative/path
}

@test "namespaces: a path of another kind, and of no namespace" {
	config '.linux.namespaces |= map(select(.type != "ipc")) + [{"type": "ipc", "path": "/proc/self/ns/net"}]'
	box_refused /proc/self/ns/net
	: >"$T/file"
	config --arg path "$T/file" '.linux.namespaces |= map(select(.type != "ipc")) + [{"type": "ipc", "path": $path}]'
	box_refused "$T/file"
}

@test "namespaces: a mount namespace is not optional where it is needed" {
	config '.linux.namespaces |= map(select(.type != "mount"))'
	args true
	refused "namespace" turtle create box
}

@test "namespaces: sysctls and host names are not written into the caller's own namespaces by a path" {
	local before
	before=$(</proc/sys/kernel/hostname)
	config '.linux.namespaces |= map(select(.type != "uts")) + [{"type": "uts", "path": "/proc/self/ns/uts"}] | .hostname = "taken-over"'
	box_refused uts
	same "$(</proc/sys/kernel/hostname)" "$before"
}

@test "userns: ids are mapped, inside and outside" {
	mapped
	args sh -c '/probe ids; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; sleep 1000'
	ok turtle run -d box
	until_line "$T/out" allow
	output=$(<"$T/out")
	has "uid 0 0 0" "gid 0 0 0"
	matches '^ *0 +100000 +65536$' '^ *0 +200000 +65536$'
	same "$(stat -c %u:%g "/proc/$(init_pid)")" 100000:200000
}

@test "userns: files belong to the mapped ids" {
	mapped
	config '.root.readonly = false'
	box sh -c 'touch /made && stat -c %u:%g /made /bin/busybox'
	is $'0:0\n0:0'
	same "$(stat -c %u:%g "$ROOTFS/made")" 100000:200000
}

@test "userns: a user and groups inside it" {
	mapped
	config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [7, 8]}'
	box /probe ids
	has "uid 1000 1000 1000" "gid 1001 1001 1001" "groups 7 8"
}

@test "userns: several ranges" {
	mapped
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 1000, "hostID": 300000, "size": 5}] |
		.linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 20}, {"containerID": 2000, "hostID": 400000, "size": 7}]'
	args cat /proc/self/uid_map /proc/self/gid_map
	ok turtle run box
	matches '^ *0 +100000 +10$' '^ *1000 +300000 +5$' '^ *0 +200000 +20$' '^ *2000 +400000 +7$'
}

@test "userns: the bundle may be closed to the mapped ids" {
	mapped
	chmod 700 "$T"
	box echo fine
	is fine
	chmod 755 "$T"
}

@test "userns: a bind mount from a directory that is closed to the mapped ids" {
	mapped
	mkdir -m 700 "$T/closed"
	mkdir -m 755 "$T/closed/shared"
	echo shared >"$T/closed/shared/file"
	chmod 666 "$T/closed/shared/file"
	config --arg source "$T/closed/shared" '.mounts += [{"destination": "/mnt", "type": "bind", "source": $source, "options": ["bind", "ro"]}]'
	mkdir "$ROOTFS/mnt"
	box sh -c 'cat /mnt/file; /probe open /mnt/file w'
	is $'shared\nEROFS'
}

@test "userns: full capabilities are full only inside" {
	mapped
	config '.process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_MKNOD"])'
	args sh -c '/probe sys sethostname =x 1; mknod /tmp/n c 1 3 2>&1; :'
	config '.root.readonly = false'
	ok turtle run box
	has 0
	matches 'not permitted'
}

@test "userns: devices are there although they can't be made" {
	mapped
	box /probe stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
	matches '^/dev/null char 0666 .* 1:3$' '^/dev/zero char 0666 .* 1:5$' '^/dev/full char 0666 .* 1:7$' \
		'^/dev/random char 0666 .* 1:8$' '^/dev/urandom char 0666 .* 1:9$' '^/dev/tty char 0666 .* 5:0$'
	args sh -c 'echo x >/dev/null && echo written'
	ok turtle run box
	is written
}

@test "userns: a mapping must be there, and must make sense" {
	config '.linux.namespaces += [{"type": "user"}]'
	box_refused mapping
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 0}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]'
	box_refused mapping
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 5, "hostID": 200000, "size": 10}]'
	box_refused mapping
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 4294967290, "size": 10}]'
	box_refused mapping
}

@test "userns: mappings without a user namespace" {
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}] | .linux.gidMappings = .linux.uidMappings'
	box_refused "user namespace"
}

@test "userns: a user without a mapping" {
	mapped
	config '.process.user = {"uid": 70000, "gid": 0}'
	box_refused 70000
	config '.process.user = {"uid": 0, "gid": 70000}'
	box_refused 70000
}

@test "userns: each of the other namespaces is owned by it" {
	mapped
	config '.process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])'
	args sh -c '/probe sys sethostname =inside 6; /probe mount none /tmp tmpfs 0'
	ok turtle run box
	is $'0\nok'
}

@test "time: offsets are seen inside, and only there" {
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 100000, "nanosecs": 5}, "boottime": {"secs": 700000}}'
	args /probe clock
	local here
	here=$("$SUITE/probe" clock | sed -n 's/monotonic //p')
	ok turtle run box
	local there
	there=$(sed -n 's/monotonic //p' <<<"$output")
	[ $((there - here)) -ge 100000 ] && [ $((there - here)) -le 100010 ] || fail "here $here, there $there"
	here=$("$SUITE/probe" clock | sed -n 's/boottime //p')
	there=$(sed -n 's/boottime //p' <<<"$output")
	[ $((there - here)) -ge 699990 ] && [ $((there - here)) -le 700010 ] || fail "here $here, there $there"
}

@test "time: the kernel has the offsets to the nanosecond" {
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 100000, "nanosecs": 5}, "boottime": {"nanosecs": 999999999}}'
	args /probe wait
	ok turtle run -d box
	output=$(<"/proc/$(init_pid)/timens_offsets")
	matches '^monotonic +100000 +5$' '^boottime +0 +999999999$'
}

@test "time: offsets without a new namespace, out of range, of no clock" {
	config '.linux.timeOffsets = {"monotonic": {"secs": 1}}'
	box_refused timeOffsets
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": -9000000000000000000}}'
	box_refused monotonic
	config '.linux.timeOffsets = {"monotonik": {"secs": 1}}'
	box_refused 'linux.timeOffsets.monotonik: no such clock, there are monotonic and boottime'
	config '.linux.namespaces |= map(select(.type != "time")) + [{"type": "time", "path": "/proc/self/ns/time"}] | .linux.timeOffsets = {"monotonic": {"secs": 1}}'
	box_refused timeOffsets
}

@test "namespaces: loopback is up in a new network namespace, and left as it is in a joined one" {
	box cat /sys/class/net/lo/flags
	is 0x9
	holder network
	config --arg dir "/proc/$HOLDER/ns" '.linux.namespaces |= map(select(.type != "network")) + [{"type": "network", "path": "\($dir)/net"}]'
	box cat /sys/class/net/lo/flags
	is 0x8
}
