# SPDX-License-Identifier: Apache-2.0
# run --rootfs, and spec with the same options: what people ask for by name is what the container sees from inside.
# What a plain user gets is in rootless.bats, limits are in tests/vm.
load helpers

# in_box OPTION... [-- COMMAND...]: must succeed, without a word on stderr.
in_box() { ok turtle run --rootfs "$ROOTFS" "$@"; }

# no_entry: no container is left; the cache of seccomp filters may be there.
no_entry()
{
	[ ! -d "$STATE" ] || same "$(find "$STATE" -mindepth 1 -maxdepth 1 ! -name '@*')" "" "a state entry stays"
}

# bad TEXT OPTION...: run and spec must both refuse it, in one line, and leave nothing.
bad()
{
	local text=$1
	shift
	refused "$text" turtle run --rootfs "$ROOTFS" "$@"
	no_entry
	rm -f "$T/config.json"
	refused "$text" turtle spec --bundle "$T" --rootfs "$ROOTFS" "$@"
	[ ! -e "$T/config.json" ] || fail "spec has written something"
}

# cgroup_of ID: where the driver puts it: beside our own.
cgroup_of() { printf '%s' "$CGROUP_MOUNT$CGROUP_BASE/$1"; }

@test "box: what it is like without further words" {
	call turtle run --rootfs "$ROOTFS" -- sh -c 'id -u; id -g; hostname; pwd; echo "$HOME,$HOSTNAME,$TERM"; echo pid $$; touch /made
		grep -c : /proc/net/dev; grep -E "^(CapEff|CapBnd|CapInh|NoNewPrivs)" /proc/self/status; tty'
	same "$(sed -n 1,6p <<<"$output" | tr '\n' ' ')" "0 0 turtle / /root,turtle, pid 1 "
	has 1 $'CapInh:\t0000000000000000' $'CapEff:\t00000000a00405fb' $'CapBnd:\t00000000a00405fb' $'NoNewPrivs:\t1' "not a tty"
	[ -e "$ROOTFS/made" ] || fail "its root is not the directory"
}

@test "box: nothing is left of it" {
	in_box first -- true
	[ ! -e "$STATE/first" ] || fail "its state stays"
	[ ! -e "$(cgroup_of first)" ] || fail "its cgroup stays"
	in_box -- true
	is ""
	no_entry
}

@test "box: the status is the command's" {
	call turtle run --rootfs "$ROOTFS" -- sh -c 'exit 7'
	same "$status" 7
	turtle run --rootfs "$ROOTFS" mine -- /probe wait >"$T/container" 2>&1 &
	local runtime=$!
	until_line "$T/container" up
	turtle kill mine KILL
	status=0
	wait "$runtime" || status=$?
	same "$status" 137
}

@test "box: sh is what runs where no command is named" {
	ok turtle run --rootfs "$ROOTFS" <<<'echo "this is $0"'
	is "this is sh"
}

@test "box: options of the command are its own" {
	in_box -- echo -e -d --rootfs -- --help
	is "-d --rootfs -- --help"
}

@test "box: a name is made up, told by --detach, and each is another" {
	in_box -d -- sleep 1000
	local first=$output second
	[[ $first =~ ^[0-9a-f]{12}$ ]] || fail "not 12 hexadecimal digits"
	in_box --detach -- sleep 1000
	second=$output
	differ "$first" "$second"
	same "$(state_of "$first")" running
	same "$(turtle list -q | grep -cxe "$first" -e "$second")" 2
	turtle delete --force "$first"
	turtle delete --force "$second"
}

@test "box: a name that is given is used, and not printed" {
	in_box --pid-file "$T/pid" -d mine -- sleep 1000
	is ""
	same "$(state_of mine)" running
	same "$(<"$T/pid")" "$(init_pid mine)"
	refused "already exists" turtle run --rootfs "$ROOTFS" mine -- true
	turtle delete --force mine
	refused "invalid" turtle run --rootfs "$ROOTFS" a/b -- true
}

@test "box: its bundle is its state directory, which has the configuration" {
	in_box -d --hostname moo mine -- /probe wait
	same "$(state_of mine bundle)" "$STATE/mine"
	same "$(state_of mine rootfs)" "$ROOTFS"
	same "$(jq -r .hostname "$STATE/mine/config.json")" moo
	turtle delete --force mine
	[ ! -e "$STATE/mine" ] || fail "it stays"
}

@test "box: --keep keeps it, --rm is what happens anyway" {
	call turtle run --rootfs "$ROOTFS" --keep mine -- sh -c 'exit 3'
	same "$status" 3
	same "$(state_of mine)" stopped
	turtle delete mine
	in_box --rm mine -- true
	refused "--rm contradicts --keep" turtle run --rootfs "$ROOTFS" --rm --keep mine -- true
}

@test "box: what spec writes is what run --rootfs runs" {
	local options=(--rootfs "$ROOTFS" --hostname moo -e A=1 -w /tmp -u ada --group-add 5 -v "$T:/mnt:ro" --tmpfs /run --cap-drop ALL
		--ulimit nofile=64 --read-only --sysctl kernel.msgmax=1234 --annotation a=b --no-new-privs=false --shm-size 1m)
	ok turtle spec --bundle "$T" --no-tty "${options[@]}" -- /probe wait
	ok turtle run -d "${options[@]}" mine -- /probe wait
	cmp "$T/config.json" <(cat "$STATE/mine/config.json"; echo)
	turtle delete --force mine
	ok turtle spec --bundle "$T" -f other.json --no-tty "${options[@]}" -- sh -c 'hostname; pwd; id -u; echo $A'
	ok turtle run --bundle "$T" --config "$T/other.json" other
	is $'moo\n/tmp\n1000\n1'
}

@test "box: the directory may be relative, and a link to one" {
	cd "$T"
	ok turtle run --rootfs bundle/rootfs -- true
	ln -s bundle/rootfs link
	ok turtle run --rootfs link -- true
	ok turtle run --rootfs ./link/. -- true
}

@test "box: a root that is none, empty, or without the command" {
	refused "invalid value \"$T/none\" for --rootfs: No such file or directory" turtle run --rootfs "$T/none"
	refused 'for --rootfs: Not a directory' turtle run --rootfs /etc/hostname
	refused 'invalid value "" for --rootfs' turtle run --rootfs "" -- true
	mkdir "$T/empty"
	refused "the root filesystem $T/empty is empty (unpack one into it" turtle run --rootfs "$T/empty" -- true
	refused "exec: \"nonesuch\": executable file not found in \$PATH in $ROOTFS (is it a whole root filesystem" \
		turtle run --rootfs "$ROOTFS" -- nonesuch
	refused "exec: \"/bin/nonesuch\": no such file or directory in $ROOTFS" turtle run --rootfs "$ROOTFS" -- /bin/nonesuch
	# A link of the root filesystem is followed in it: /bin/sh of the host is no command of this one.
	rm "$ROOTFS/bin/sh"
	ln -s /usr/bin/nowhere-in-there "$ROOTFS/bin/sh"
	refused 'executable file not found in $PATH' turtle run --rootfs "$ROOTFS"
	no_entry
}

@test "box: a command that a volume brings along" {
	mkdir "$T/tools"
	cp "$ROOTFS/probe" "$T/tools/tool"
	in_box -v "$T/tools:/opt" -- /opt/tool ids
	has "uid 0 0 0"
	in_box -v "$T/tools:/opt" -e PATH=/opt -- tool ids
	has "uid 0 0 0"
}

@test "box: --rootfs and bundles exclude each other" {
	refused "--rootfs contradicts --bundle" turtle run --rootfs "$ROOTFS" --bundle . mine
	refused "--rootfs contradicts --config" turtle run --rootfs "$ROOTFS" --config config.json mine
	args true
	refused "--memory needs --rootfs" turtle run --memory 1m box
	refused "--env needs --rootfs" turtle run -e A=1 box
	refused "--tty needs --rootfs" turtle run --tty=false box
	call turtle run box -- true
	same "$status" 1
	[[ $stderr == *"a command after -- needs --rootfs"* ]] || fail "other words"
	call turtle run --rootfs "$ROOTFS" one two -- true
	same "$status" 1
	[[ $stderr == *"its command goes after --"* ]] || fail "other words"
	# What always worked.
	ok turtle run -- box
}

@test "box: host name" {
	in_box --hostname moo.example -- sh -c 'hostname; echo $HOSTNAME'
	is $'moo.example\nmoo.example'
}

@test "box: environment, from words, files and the caller" {
	printf '# comment\nF=file\nG=two words\nTAKEN\n' >"$T/env"
	TAKEN=caller call turtle run --rootfs "$ROOTFS" --env-file "$T/env" -e F=word --env TAKEN -e NOT_THERE_AT_ALL -e PATH=/bin -- env
	same "$status" 0
	has F=word "G=two words" TAKEN=caller PATH=/bin HOSTNAME=turtle HOME=/root
	lacks NOT_THERE
	bad "--env-file: No such file" --env-file "$T/none" -- true
	bad "--env-file: not a regular file" --env-file /dev/null -- true
}

@test "box: working directory, made where there is none" {
	in_box -w /srv/new -- pwd
	is /srv/new
	in_box --cwd /tmp -- pwd
	is /tmp
}

@test "box: users by number and by name, with their groups" {
	printf 'root:x:0:\nada:x:1000:\nwheel:x:10:ada,bob\nother:x:11:bob\n' >"$ROOTFS/etc/group"
	in_box --user ada -- sh -c '/probe ids; echo $HOME'
	has "uid 1000 1000 1000" "gid 1000 1000 1000" "groups 10" /home/ada
	in_box -u 1000:10 --group-add other -- /probe ids
	has "uid 1000 1000 1000" "gid 10 10 10" "groups 11"
	in_box -u 7 -- /probe ids
	has "uid 7 7 7" "gid 0 0 0"
	in_box -u 7 --umask 077 -- sh -c 'umask'
	is 0077
	bad '"bob" is not in /etc/passwd' --user bob -- true
}

@test "box: names come from the root filesystem's files, never from the host's" {
	local host=$T/passwd
	printf 'eve:x:0:0::/:\n' >"$host"
	rm "$ROOTFS/etc/passwd"
	ln -s "$host" "$ROOTFS/etc/passwd"
	bad "the root filesystem has no readable /etc/passwd" --user eve -- true
	ln -sf ../../../../../../../../../../../../../../../..$host "$ROOTFS/etc/passwd"
	bad "the root filesystem has no readable /etc/passwd" --user eve -- true
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	bad "the root filesystem has no readable /etc/passwd" --user eve -- true
	rm "$ROOTFS/etc/passwd"
	ln -s /proc/1/root/etc/passwd "$ROOTFS/etc/passwd"
	bad "the root filesystem has no readable /etc/passwd" --user root -- true
	# A link within is followed.
	rm "$ROOTFS/etc/passwd"
	printf 'eve:x:44:45::/:\n' >"$ROOTFS/etc/users"
	ln -s /etc/users "$ROOTFS/etc/passwd"
	in_box --user eve -- /probe ids
	has "uid 44 44 44" "gid 45 45 45"
}

@test "box: a read-only root" {
	in_box --read-only --tmpfs /tmp -- sh -c '/probe open /made c; touch /tmp/made && echo made'
	has EROFS made
	[ ! -e "$ROOTFS/made" ] || fail "written"
}

@test "box: volumes" {
	mkdir "$T/data"
	echo hello >"$T/data/file"
	in_box -v "$T/data:/mnt/deep" -- sh -c 'cat /mnt/deep/file; echo new >/mnt/deep/made'
	is hello
	same "$(<"$T/data/made")" new
	in_box --volume "$T/data:/mnt:ro,noexec" -- sh -c '/probe open /mnt/file w; grep " /mnt " /proc/mounts'
	has EROFS
	matches ' /mnt .*ro,.*noexec'
	cd "$T"
	in_box -v data:/mnt -v ./data/file:/file -- sh -c 'cat /mnt/file /file'
	is $'hello\nhello'
	in_box --mount type=bind,source=data,target=/mnt,readonly -- /probe open /mnt/file w
	is EROFS
	call turtle run --rootfs "$ROOTFS" -v "$T/none:/mnt" -- true
	same "$status" 1
	[[ $stderr == *"$T/none"*"No such file"* ]] || fail "other words"
}

@test "box: without SELinux a volume has no label to get" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "there is SELinux here"
	mkdir "$T/data"
	echo hello >"$T/data/file"
	in_box -v "$T/data:/shared:z" -v "$T/data:/own:Z,ro" -- sh -c 'cat /shared/file /own/file; /probe open /own/file w'
	has $'hello\nhello' EROFS
	bad 'invalid value "/a:/b:z,ro,Z" for --volume: z and Z contradict each other' -v /a:/b:z,ro,Z -- true
}

@test "box: read-only with all that is mounted below" {
	mkdir -p "$T/data/sub"
	# shellcheck disable=SC2016
	call unshare -m --propagation private sh -c 'mount -t tmpfs x "$1" && shift && exec "$@"' _ "$T/data/sub" \
		"$TURTLE" --root "$STATE" run --rootfs "$ROOTFS" -v "$T/data:/mnt:ro" -- /probe open /mnt/sub/made c
	same "$status" 0
	is EROFS
}

@test "box: a directory is mounted before what is in it, whatever the order" {
	mkdir -p "$T/a" "$T/b"
	echo inner >"$T/b/file"
	in_box -v "$T/b:/mnt/x" -v "$T/a:/mnt" -- cat /mnt/x/file
	is inner
}

@test "box: file systems in memory, and the size of /dev/shm" {
	in_box --tmpfs /run:size=1m,mode=700 --mount type=tmpfs,target=/srv,tmpfs-size=2m,exec --shm-size 3m -- \
		sh -c 'grep -E " (/run|/srv|/dev/shm) " /proc/mounts'
	matches '/run tmpfs rw,nosuid,nodev,noexec.*size=1024k,mode=700' '/srv tmpfs rw,nosuid,nodev,relatime.*size=2048k' \
		'/dev/shm .*size=3072k'
}

@test "box: capabilities" {
	in_box --cap-drop ALL -- grep ^Cap /proc/self/status
	has $'CapEff:\t0000000000000000' $'CapBnd:\t0000000000000000'
	in_box --cap-drop all --cap-add net_raw --cap-add CAP_KILL -- grep ^Cap /proc/self/status
	has $'CapEff:\t0000000000002020' $'CapBnd:\t0000000000002020' $'CapInh:\t0000000000000000' $'CapAmb:\t0000000000000000'
	in_box --cap-add net_admin -- grep ^CapEff /proc/self/status
	is $'CapEff:\t00000000a00415fb'
	in_box -u 7 -- grep -E '^Cap(Eff|Prm)' /proc/self/status
	is $'CapPrm:\t0000000000000000\nCapEff:\t0000000000000000'
}

@test "box: no_new_privs can be had or not" {
	in_box -- grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
	in_box --no-new-privs=false -- grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t0'
	in_box --security-opt no-new-privileges=false -- grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t0'
}

@test "box: a seccomp profile, plain and with conditions" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}' >"$T/plain.json"
	in_box --seccomp "$T/plain.json" -- /probe sys getppid
	is EPERM
	in_box --security-opt seccomp="$T/plain.json" -- /probe sys getppid
	is EPERM
	in_box --security-opt seccomp=unconfined -- grep '^Seccomp:' /proc/self/status
	is $'Seccomp:\t0'
	# A rule for those with a capability only.
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_NET_ADMIN"]}}]}' \
		>"$T/if.json"
	in_box --seccomp "$T/if.json" -- /probe sys getppid
	is EPERM
	in_box --seccomp "$T/if.json" --cap-add NET_ADMIN -- /probe sys getppid
	is 0
	bad "--seccomp: No such file" --seccomp "$T/none.json" -- true
	echo '{' >"$T/broken.json"
	bad "broken.json" --seccomp "$T/broken.json" -- true
}

@test "box: resource limits" {
	in_box --ulimit nofile=64:128 --ulimit core=0 -- sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
	is $'64\n128\n0'
	(
		ulimit -n 333
		in_box -- sh -c 'ulimit -n'
		is 333
	)
}

@test "box: kernel settings and annotations" {
	in_box --sysctl kernel.msgmax=1234 --sysctl net.ipv4.ip_default_ttl=99 -- cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_default_ttl
	is $'1234\n99'
	in_box -d --annotation org.example.a=b mine -- /probe wait
	same "$(turtle state mine | jq -c .annotations)" '{"org.example.a":"b"}'
	turtle delete --force mine
}

@test "box: devices, at another path, and not beyond the access that is given" {
	local device
	for device in /dev/fuse /dev/loop-control /dev/kmsg; do
		[ ! -c "$device" ] || break
	done
	[ -c "$device" ] || skip "no device to try"
	in_box --device "$device:/dev/thing:r" -- sh -c '/probe stat /dev/thing; /probe open /dev/thing w'
	matches "^/dev/thing char .* $(stat -c '%Hr:%Lr' "$device")\$" '^EPERM$'
	in_box --cap-add MKNOD -- sh -c 'mknod /thing c '"$(stat -c '%Hr %Lr' "$device")"'; /probe open /thing r; rm -f /thing'
	is EPERM
	bad "/etc/hostname is not a device" --device /etc/hostname -- true
}

@test "box: the host's network, with its resolv.conf" {
	in_box --network host -- readlink /proc/self/ns/net
	is "$(readlink /proc/self/ns/net)"
	in_box --network host -- cat /etc/resolv.conf
	is "$(</etc/resolv.conf)"
	in_box --network host -- /probe open /etc/resolv.conf w
	is EROFS
	in_box --no-network -- readlink /proc/self/ns/net
	differ "$output" "$(readlink /proc/self/ns/net)"
}

@test "box: ids of a user namespace" {
	chown -R 70000:70000 "$ROOTFS"
	in_box --uidmap 0:70000:100 -- sh -c 'cat /proc/self/uid_map /proc/self/gid_map; touch /made; stat -c %u /made'
	matches '^ *0 +70000 +100$' '^0$'
	same "$(stat -c %u "$ROOTFS/made")" 70000
	bad "uid 500 is not mapped" --uidmap 0:70000:100 --user 500 -- true
}

@test "box: id-mapped volumes" {
	chown -R 70000:70000 "$ROOTFS"
	mkdir "$T/data" && touch "$T/data/root" "$T/data/one" && chown 1:1 "$T/data/one"
	in_box --uidmap 0:70000:100 -v "$T/data:/x:idmap" --mount "type=bind,src=$T/data,dst=/y,ro,idmap=uids=@0-5-2;gids=@0-6-2" -- \
		sh -c 'stat -c "%n %u:%g" /x/root /x/one /y/root /y/one; touch /x/made'
	is $'/x/root 0:0\n/x/one 1:1\n/y/root 5:6\n/y/one 6:7'
	same "$(stat -c %u "$T/data/made")" 0
	refused "idmap: id-mapped mounts must have both" turtle run --rootfs "$ROOTFS" -v "$T/data:/x:idmap" -- true
	refused '"1" is not a mapping' turtle run --rootfs "$ROOTFS" -v "$T/data:/x:idmap=uids=1" -- true
	no_entry
}

@test "box: a terminal where there is one, and none where there is none" {
	on_terminal "$TURTLE --root $STATE run --rootfs $ROOTFS -- sh -c 'tty; echo \$TERM'"
	output=$(tr -d '\r' <"$T/typed")
	has /dev/pts/0 xterm
	on_terminal "$TURTLE --root $STATE run --rootfs $ROOTFS --no-tty -- sh -c 'test -e /dev/pts/0 || echo none'"
	output=$(tr -d '\r' <"$T/typed")
	has none
	in_box -- sh -c 'test -t 0 || echo none'
	is none
	on_terminal "$TURTLE --root $STATE run -it --rootfs $ROOTFS -- tty </dev/null"
	output=$(tr -d '\r' <"$T/typed")
	has /dev/pts/0
}

# on_terminal COMMAND: runs it on a terminal of its own.
on_terminal()
{
	[ -p "$T/keys" ] || mkfifo "$T/keys"
	script -qec "$1" /dev/null >"$T/typed" 2>&1 0<>"$T/keys" 3>&-
}

@test "box: detached with a terminal needs a console socket, and takes it" {
	refused "cannot allocate tty if runc will detach without setting console socket" turtle run --rootfs "$ROOTFS" -d -t mine -- true
	"$SUITE/recvfd" tty "$T/socket" >"$T/received" 2>&1 &
	local receiver=$!
	until_true [ -S "$T/socket" ]
	in_box -d --console-socket "$T/socket" mine -- sh -c 'tty; test -t 1 && echo yes'
	wait "$receiver"
	output=$(tr -d '\r' <"$T/received")
	has /dev/pts/0 yes
	turtle delete --force mine
}

@test "box: limits without their controller are refused by name" {
	[ "$CGROUP_MOUNT" != /sys/fs/cgroup ] || skip "this machine has the controllers"
	refused "the memory controller is not available" turtle run --rootfs "$ROOTFS" --memory 64m mine -- true
	refused "the cpu controller is not available" turtle run --rootfs "$ROOTFS" --cpus 0.2 mine -- true
	refused "the pids controller is not available" turtle run --rootfs "$ROOTFS" --pids 7 mine -- true
	[ ! -e "$STATE/mine" ] || fail "a state entry stays"
	[ ! -e "$(cgroup_of mine)" ] || fail "a cgroup stays"
}

@test "box: what is wrong is said in one line, before anything is made" {
	bad 'invalid value "12q" for --memory: not a size' --memory 12q -- true
	bad 'invalid value "0" for --pids-limit' --pids 0 -- true
	bad 'invalid value "nix" for --cap-add' --cap-add nix -- true
	bad 'invalid value "/a" for --volume' -v /a -- true
	bad '--network host' --no-network --network host -- true
	bad 'invalid value "a b" for --hostname' --hostname "a b" -- true
	bad 'the command after -- must not be empty' -- ""
	call turtle run --rootfs "$ROOTFS" --privileged -- true
	same "$status" 1
	[[ $stderr == *"flag provided but not defined: -privileged"* ]] || fail "other words"
}

@test "spec: the same options change the example" {
	mkdir "$T/new"
	cd "$T/new"
	ok turtle spec --hostname moo --memory 128m --swap 0 --cpus 0.2 --pids 7 --read-only=false -e A=1 -- sleep 1000
	is ""
	same "$(jq -c '[.hostname,.root,.process.args,.process.terminal,.process.env[-1]]' config.json)" \
		'["moo",{"path":"rootfs"},["sleep","1000"],true,"A=1"]'
	same "$(jq -c '.linux.resources|[.memory,.cpu,.pids]' config.json)" \
		'[{"limit":134217728,"swap":134217728},{"quota":20000,"period":100000},{"limit":7}]'
	# The rest is as ever.
	ok turtle spec -f plain.json
	same "$(jq -cS 'del(.hostname,.root,.linux.resources,.process.args,.process.env)' config.json)" \
		"$(jq -cS 'del(.hostname,.root,.linux.resources,.process.args,.process.env)' plain.json)"
}

@test "spec: names of users are those of the bundle's root filesystem" {
	mv config.json mine
	ok turtle spec --user ada
	same "$(jq -c .process.user config.json)" '{"uid":1000,"gid":1000}'
	mkdir "$T/new"
	refused "no readable /etc/passwd" turtle spec --bundle "$T/new" --user ada
	ok turtle spec --bundle "$T/new" --user 5:6
	same "$(jq -c .process.user "$T/new/config.json")" '{"uid":5,"gid":6}'
}
