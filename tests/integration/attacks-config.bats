# SPDX-License-Identifier: Apache-2.0
# Hostile or careless values: ids, lengths, paths, capabilities, limits, names. Each ends in one clear error or in exactly
# what was asked for. A01 is CVE-2016-3697, A02 CVE-2016-8867, A03 CVE-2016-9962, A10 CVE-2021-43784, A13 CVE-2024-21626,
# A26 CVE-2016-10124, A33 CVE-2022-0811, A35 CVE-2024-40635, A36 CVE-2022-2989, A41 to A44 fixes without a number.
load helpers

setup()
{
	box_setup
	canary
}

@test "A01: a number is an id, never a name of the image" {
	printf '1000:x:0:0::/:/bin/sh\n' >"$ROOTFS/etc/passwd"
	printf '1000:x:0:\n0:x:0:1000\n' >"$ROOTFS/etc/group"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box grep -E '^(Uid|Gid|Groups)' /proc/self/status
	has $'Uid:\t1000\t1000\t1000\t1000' $'Gid:\t1000\t1000\t1000\t1000'
	matches '^Groups:\s*$'
}

@test "A01: HOME comes from the number" {
	printf '1000:x:0:0::/by-name:/bin/sh\nada:x:1000:1000::/by-number:/bin/sh\n' >"$ROOTFS/etc/passwd"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box sh -c 'echo $HOME'
	is /by-number
}

@test "A01: a hostile passwd file: links out, fifo, directory, endless lines" {
	local kind
	config '.process.user = {"uid": 1000, "gid": 1000}'
	for kind in link fifo directory device long binary; do
		rm -rf "$ROOTFS/etc/passwd"
		case $kind in
		link) ln -s "$CANARY/victim" "$ROOTFS/etc/passwd" ;;
		fifo) mkfifo "$ROOTFS/etc/passwd" ;;
		directory) mkdir "$ROOTFS/etc/passwd" ;;
		device) mknod "$ROOTFS/etc/passwd" c 1 5 ;;
		long) head -c 3000000 /dev/zero | tr '\0' x >"$ROOTFS/etc/passwd" ;;
		binary) printf 'a\0b:x:1000:1000::/evil:/bin/sh\nx:x:1000\n:::::::::\n' >"$ROOTFS/etc/passwd" ;;
		esac
		args sh -c 'echo "home $HOME"'
		attack
		[ "$status" -ne 0 ] || [[ $output == "home /" || $kind == binary ]] || fail "$kind: $output"
		config '.process.args = ["@ARGS@"]'
	done
}

@test "A02: a user who is not root has no capabilities unless ambient" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = (["CAP_FOWNER", "CAP_NET_RAW"] as $c | {"bounding": $c, "permitted": $c, "effective": $c})'
	box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000000000000' $'CapEff:\t0000000000000000' $'CapBnd:\t0000000000002008' $'CapAmb:\t0000000000000000'
}

@test "A02: ambient and inheritable give exactly those" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = (["CAP_FOWNER", "CAP_NET_RAW"] as $c | {"bounding": $c, "permitted": $c, "effective": $c, "inheritable": ["CAP_NET_RAW"], "ambient": ["CAP_NET_RAW"]})'
	box grep ^Cap /proc/self/status
	has $'CapInh:\t0000000000002000' $'CapPrm:\t0000000000002000' $'CapEff:\t0000000000002000' $'CapAmb:\t0000000000002000'
}

@test "A02: ambient without inheritable is not raised" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = (["CAP_FOWNER", "CAP_NET_RAW"] as $c | {"bounding": $c, "permitted": $c, "effective": $c, "ambient": ["CAP_NET_RAW"]})'
	args grep ^Cap /proc/self/status
	call turtle run box
	same "$status" 0
	has $'CapInh:\t0000000000000000' $'CapPrm:\t0000000000000000' $'CapAmb:\t0000000000000000'
}

@test "A03: what waits for start as a user is hidden from that user's other processes" {
	config '.process.user = {"uid": 1000, "gid": 1000}'
	args true
	ok turtle create box
	local pid
	pid=$(init_pid)
	same "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" 1000
	# The files in /proc of a process that may not be dumped are root's.
	same "$(stat -c %u "/proc/$pid/fd")" 0
	call setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all ls "/proc/$pid/fd"
	differ "$status" 0
	call setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all readlink "/proc/$pid/exe"
	differ "$status" 0
}

@test "A10: paths of namespaces of every length" {
	local size
	for size in 4095 4096 65535 65536 70000 200000; do
		jq --rawfile path <(printf '/%*s' "$((size - 1))" "" | tr ' ' n) '.linux.namespaces |= map(if .type == "ipc" then .path = $path else . end)' config.json >c && mv c config.json
		attack
		same "$status" 1 "$size"
		[ "${#stderr}" -lt 5000 ] || fail "the message is ${#stderr} bytes long"
	done
}

@test "A10: every namespace that is asked for is really new" {
	config '.process.env += [range(3000) | "V\(.)=" + "x" * 300]'
	box sh -c 'for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done'
	local n
	for n in pid net ipc uts mnt cgroup; do hasnt "$(readlink "/proc/self/ns/$n")"; done
	same "$(wc -l <<<"$output")" 6
}

@test "A10: 340 mappings work, 341 and 5000 are an error" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]'
	# In numbers that are short enough for the 4095 bytes that the kernel takes.
	config '.linux.uidMappings = [range(340) | {"containerID": ., "hostID": ., "size": 1}]'
	args sh -c 'wc -l </proc/self/uid_map'
	ok turtle run box
	is 340
	local count
	for count in 341 5000; do
		config --argjson n "$count" '.linux.uidMappings = [range($n) | {"containerID": ., "hostID": ., "size": 1}]'
		attack
		same "$status" 1
	done
}

@test "A10: lengths of strings: host name, annotation, hook, argument" {
	local size
	for size in 65 65536; do
		jq --rawfile long <(head -c "$size" /dev/zero | tr '\0' h) '.hostname = $long' config.json >c && mv c config.json
		attack
		same "$status" 1
	done
	config '.hostname = "fine"'
	jq --rawfile long <(head -c 1000000 /dev/zero | tr '\0' h) '.annotations = {"long": $long}' config.json >c && mv c config.json
	args echo fine
	attack
	same "$output" fine
	config 'del(.annotations)'
	config '.process.args = ["echo"] + [range(100000) | ""]'
	attack
}

@test "A13: the working directory is a descriptor" {
	local n path
	args /probe cwd
	for n in 3 4 5 6 7 8 9 10 12 20 63; do
		for path in "/proc/self/fd/$n" "/proc/1/fd/$n/../.." "/proc/thread-self/fd/$n"; do
			config --arg path "$path" '.process.cwd = $path'
			exec 20</ 21</sys/fs/cgroup
			call "$TURTLE" --root "$STATE" run box 3>&- 7</ 9</sys/fs/cgroup 12<"$BUNDLE" 63</etc
			exec 20<&- 21<&-
			[ "$status" -lt 124 ] || fail "$path: it hangs"
			[[ $output != *unreachable* ]] || fail "$path: outside"
			if [ "$status" -eq 0 ]; then
				[[ $output == /* ]] || fail "$path: $output"
				[[ $output == /proc/* ]] || fail "$path ends in $output"
			else
				[[ $stderr == *"$path"* || $stderr == *cwd* || $stderr == */proc* ]] || fail "$path: not named"
			fi
		done
	done
	canary_same
}

@test "A13: the working directory is a link to a descriptor" {
	local n
	args sh -c '/probe cwd; ls'
	config '.process.cwd = "/way"'
	for n in 3 5 7 9 10; do
		ln -sfn "/proc/self/fd/$n" "$ROOTFS/way"
		call "$TURTLE" --root "$STATE" run box 3>&- 7</ 9</sys/fs/cgroup
		[[ $output != *unreachable* && $output != *boot* ]] || fail "outside: $output"
	done
	ln -sfn /proc/self/root/../../../.. "$ROOTFS/way"
	call "$TURTLE" --root "$STATE" run box
	[ "$status" -ne 0 ] || [[ $output == /$'\n'* ]] || fail "outside: $output"
	canary_same
}

@test "A13: the program is a descriptor" {
	local n
	for n in 3 4 5 6 7 8 9 10; do
		config --arg path "/proc/self/fd/$n/../../bin/sh" '.process.args = [$path, "-c", "echo ran"]'
		call "$TURTLE" --root "$STATE" run box 3>&- 7</ 9</usr
		differ "$status" 0 "$n"
		config --arg path "/proc/self/fd/$n" '.process.args = [$path, "--version"]'
		call "$TURTLE" --root "$STATE" run box 3>&- 7<"$TURTLE" 9</bin/true
		differ "$status" 0 "$n"
		[[ $output != *version* ]] || fail "a program of the host ran"
	done
	canary_same
}

@test "A13: directories that are passed on purpose do not lead out by the working directory" {
	config '.process.cwd = "/proc/self/fd/3"'
	args sh -c '/probe cwd; ls'
	call "$TURTLE" --root "$STATE" run --preserve-fds 1 box 3</
	[ "$status" -ne 0 ] || [[ $output != *unreachable* && $output != *boot* ]] || fail "outside: $output"
	config '.process.cwd = "/"'
	args /probe fds
	call "$TURTLE" --root "$STATE" run --preserve-fds 1 box 3</ 4</etc 5</
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 3 "
}

@test "A13: good working directories still work" {
	config '.process.cwd = "/proc/self"'
	box /probe cwd
	matches '^/proc/[0-9]+$'
	config '.process.cwd = "/sys/fs/cgroup"'
	ok turtle run box
	is /sys/fs/cgroup
}

@test "A26: nothing can be typed into the caller's terminal" {
	args sh -c '/probe tiocsti; sed "s/.*) //" /proc/self/stat | { read -r a b c d tty rest; echo "tty $tty"; }'
	config '.process.terminal = false'
	script -qec "$TURTLE --root $STATE run box" /dev/null >"$T/typed" 2>&1 3>&- 0<>"$T/keys" || {
		mkfifo "$T/fifo"
		script -qec "$TURTLE --root $STATE run box" /dev/null >"$T/typed" 2>&1 3>&- 0<>"$T/fifo"
	}
	output=$(tr -d '\r' <"$T/typed")
	has "tty 0"
	hasnt ok
	matches '^(EPERM|EIO|ENOTTY|EACCES)$'
}

@test "A26: with a terminal of its own only that one is there" {
	config '.process.terminal = true'
	args sh -c '/probe fds; /probe ctty'
	mkfifo "$T/fifo"
	script -qec "tty >$T/mine; $TURTLE --root $STATE run box" /dev/null >"$T/typed" 2>&1 3>&- 0<>"$T/fifo"
	output=$(tr -d '\r' <"$T/typed")
	has "0 /dev/pts/0" "1 /dev/pts/0" "2 /dev/pts/0" "sid 1" "tty ok"
	lacks '^[3-9]'
}

@test "A33: keys of sysctls that lead elsewhere" {
	local key before=$(</proc/sys/kernel/core_pattern)
	for key in kernel.core_pattern kernel/core_pattern net.ipv4/../../kernel/core_pattern net/ipv4/../../kernel/core_pattern ../kernel/core_pattern net..core.somaxconn \
		"" . .. / net net. net/ /proc/sys/net/ipv4/ip_forward net.ipv4.ip_forward/ "net.ipv4.ip_forward+kernel.core_pattern" \
		$'net.ipv4.ip_forward\n' "net.$(printf 'x%.0s' {1..300})" fs.mqueue/../file-max kernel.msgmax/../core_pattern; do
		jq --arg key "$key" '.linux.sysctl = {($key): "1"}' config.json >c && mv c config.json
		args true
		call turtle create box
		same "$status" 1 "$key"
		[ ! -e "$STATE/box" ] || fail "$key: a state entry stays"
	done
	same "$(</proc/sys/kernel/core_pattern)" "$before"
	canary_same
}

@test "A33: values of sysctls" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1\nkernel.core_pattern=|/evil"}'
	attack
	same "$status" 1
	config '.linux.sysctl = {"kernel.domainname": "a+kernel.core_pattern=x"}'
	args cat /proc/sys/kernel/domainname
	attack
	[ "$status" -ne 0 ] || same "$output" "a+kernel.core_pattern=x"
	printf '%s' "$(jq '.linux.sysctl = {"kernel.domainname": "a@NUL@b"}' config.json)" | sed 's/@NUL@/\\u0000/' >c && mv c config.json
	attack
	same "$status" 1
}

@test "A35: ids out of range are an error, and never root" {
	local id
	args /probe ids
	for id in 4294967295 4294967296 18446744073709551615 -1 -4294967296 1.5 1e3 '"0"' '"1000"' null true; do
		sed "s/\"uid\": 0/\"uid\": $id/" config.json >c
		[[ $id == null ]] || grep -q "\"uid\": $id" c || fail "the test is broken"
		call turtle run --config c box
		case $id in
		null) [ "$status" -eq 1 ] || has "uid 0 0 0" ;;
		1e3) [ "$status" -eq 1 ] || has "uid 1000 1000 1000" ;;
		*) same "$status" 1 "$id" ;;
		esac
		sed "s/\"gid\": 0/\"gid\": $id/" config.json >c
		call turtle run --config c box
		case $id in
		null) [ "$status" -eq 1 ] || has "gid 0 0 0" ;;
		1e3) [ "$status" -eq 1 ] || has "gid 1000 1000 1000" ;;
		*) same "$status" 1 "gid $id" ;;
		esac
	done
	for id in 65534 2147483648 4294967294; do
		config --argjson id "$id" '.process.user = {"uid": $id, "gid": $id, "additionalGids": [$id]}'
		ok turtle run box
		has "uid $id $id $id" "gid $id $id $id" "groups $id"
	done
	config '.process.user = {"uid": 0, "gid": 0, "additionalGids": [4294967295]}'
	attack
	same "$status" 1
}

@test "A35: numbers of mappings, devices and limits out of range" {
	local filter
	cp config.json good
	for filter in '.linux.devices = [{"path": "/dev/x", "type": "c", "major": 4294967296, "minor": 1}]' \
		'.linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "uid": 4294967295}]' \
		'.linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 4294967296}]' \
		'.process.oomScoreAdj = 1001' '.process.oomScoreAdj = -1001' '.process.oomScoreAdj = 4294967296' \
		'.process.user.umask = 4294967296' '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": -1, "hard": 1}]' \
		'.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.uidMappings = [{"containerID": 0, "hostID": 4294967296, "size": 1}]' \
		'.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1, "size": 4294967295}, {"containerID": 4294967294, "hostID": 0, "size": 2}]' \
		'.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.uidMappings = [{"containerID": 4294967290, "hostID": 0, "size": 100}]'; do
		jq "$filter" good >config.json
		attack
		same "$status" 1 "$filter"
	done
}

@test "A36: groups of the caller are not inherited" {
	local gids
	for gids in null '[]' '[5]'; do
		config --argjson g "$gids" '.process.user.additionalGids = $g | if $g == null then del(.process.user.additionalGids) else . end'
		args sh -c '/probe ids | grep groups'
		call setpriv --groups 0,4,24,27 "$TURTLE" --root "$STATE" run box
		same "$status" 0
		case $gids in
		'[5]') same "$output" "groups 5" ;;
		*) same "$output" "groups" ;;
		esac
		config '.process.args = ["@ARGS@"]'
	done
	config '.process.user = {"uid": 1000, "gid": 1000}'
	args /probe ids
	call setpriv --groups 0,4,24,27 "$TURTLE" --root "$STATE" run box
	has "groups"
}

@test "A41: names of cgroup files that lead elsewhere" {
	local filter
	cp config.json good
	for filter in '.linux.resources.hugepageLimits = [{"pageSize": "../../2MB", "limit": 1}]' '.linux.resources.hugepageLimits = [{"pageSize": "", "limit": 1}]' \
		'.linux.resources.hugepageLimits = [{"pageSize": "2MB/../../x", "limit": 1}]' \
		'.linux.resources.unified = {"../cgroup.procs": "1"}' '.linux.resources.unified = {"sub/memory.max": "1"}' '.linux.resources.unified = {"": "1"}' \
		'.linux.resources.unified = {"..": "1"}' '.linux.resources.unified = {"frob": "1"}' \
		'.linux.resources.rdma = {"../x": {"hcaHandles": 1}}'; do
		jq "$filter" good >config.json
		attack
		same "$status" 1 "$filter"
		[ ! -e "$CGROUP_DIR" ] || fail "$filter: a cgroup stays"
	done
}

@test "A42: paths of cgroups that climb stay below the root of the tree" {
	local path
	for path in ../../x /../../turtle-escape ../../../../turtle-escape /..; do
		jq --arg path "$path" '.linux.cgroupsPath = $path' config.json >c && mv c config.json
		args cat /proc/self/cgroup
		config '.linux.namespaces |= map(select(.type != "cgroup"))'
		call turtle run box
		[ "$status" -lt 124 ] || fail "$path: it hangs"
		if [ "$status" -eq 0 ]; then
			! grep -q '^0::.*\.\.' <<<"$output" || fail "$path: $output"
		else
			same "$status" 1
		fi
		[ ! -e "$CGROUP_MOUNT/../turtle-escape" ] && [ ! -e "$CGROUP_MOUNT/turtle-escape" ] || fail "$path: something stays"
	done
	canary_same
}

@test "A42: a cgroup that others use is refused and not touched" {
	mkdir -p "$CGROUP_DIR"
	sleep 1000 3>&- &
	local stranger=$!
	echo "$stranger" >"$CGROUP_DIR/cgroup.procs"
	args true
	refused "container's cgroup is not empty: 1 process(es) found" turtle create box
	kill -0 "$stranger" || fail "the stranger was killed"
	ok turtle delete --force box
	kill -0 "$stranger" || fail "the stranger was killed"
	kill -KILL "$stranger"
	wait "$stranger" 2>/dev/null || true
	until_true rmdir "$CGROUP_DIR"
}

@test "A43: ids that are paths reach nothing" {
	mkdir -m 700 "$STATE"
	mkdir "$T/outside"
	echo '{}' >"$T/outside/state.json"
	args true
	local id verb
	for id in ../outside /tmp .. . "" $'x\n' "a b" a/../../outside "$T/outside"; do
		for verb in create run start state kill "delete --force"; do
			# shellcheck disable=SC2086
			call turtle $verb -- "$id"
			same "$status" 1 "$verb $id"
		done
	done
	same "$(<"$T/outside/state.json")" '{}'
	same "$(find "$STATE" -mindepth 1 -not -path '*/@*')" ""
	canary_same
}

@test "A43: a state entry that is a link is not followed" {
	mkdir -m 700 "$STATE"
	mkdir "$T/outside"
	echo precious >"$T/outside/file"
	ln -s "$T/outside" "$STATE/box"
	call turtle delete --force box
	[ -e "$T/outside/file" ] || fail "it deleted through a link"
	args true
	call turtle create box
	same "$status" 1
	same "$(ls "$T/outside")" file
	rm -f "$STATE/box"
}

@test "JSON: duplicate keys, deep nesting, bad UTF-8, NUL, trailing text, a huge file" {
	args true
	cp config.json good
	sed '0,/"ociVersion"/s//"ociVersion": "1.0.0", "ociVersion"/' good >config.json
	attack
	same "$status" 1
	jq -c . good | sed 's/}$/,"x":'"$(printf '[%.0s' {1..70})$(printf ']%.0s' {1..70})"'}/' >config.json
	attack
	same "$status" 1
	jq -c . good | sed 's/"args":\["true"\]/"args":["\xff\xfe"]/' >config.json
	attack
	same "$status" 1
	jq -c . good | sed 's/"args":\["true"\]/"args":["a\\u0000b"]/' >config.json
	attack
	same "$status" 1
	[[ $stderr == *process.args* ]] || fail "the place is not named"
	{ cat good; echo '{}'; } >config.json
	attack
	same "$status" 1
	{ cat good; head -c 34000000 /dev/zero | tr '\0' ' '; } >config.json
	attack
	same "$status" 1
	rm config.json
}
