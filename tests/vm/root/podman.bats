#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman as root, with turtle below it.
# weight: 3
# shellcheck disable=SC2016,SC2034,SC2154

load ../../integration/helpers
load ../podman

@test "podman: the drop-in makes turtle known" {
	quiet info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	[[ $output == "$RUNTIME /"*/"$RUNTIME $RUNTIME version "* ]] || fail "another runtime"
}

@test "podman: run gives output, input, status and signals" {
	quiet run --rm -i box sh -c 'cat; echo $$; id -u' <<<in
	is $'in\n1\n0'
	pod 7 run --rm box sh -c 'echo out; echo err >&2; exit 7'
	same "$output $stderr" "out err"
	pod 125 run --rm --pull never no-such-image
	pod 143 run --rm --init box sh -c 'readlink /proc/1/exe; kill -TERM $$'
	is /run/podman-init
	quiet run --rm -t box sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all'
	is $'/dev/pts/0\r\nall\r'
	quiet run -d --name one box sh -c 'exit 9'
	quiet wait one
	is 9
	quiet rm one
}

@test "podman: ten typical mistakes, each with its status and one line that says what is wrong" {
	ten_mistakes
}

@test "podman: a life: create, start, pause, unpause, kill, restart, stop, rm" {
	local events
	quiet create --name life --stop-timeout 20 box
	same "$(inspect life '{{.State.Status}} {{.State.Pid}}')" "created 0"
	quiet start life
	events=$(cgroup_of "$(inspect life '{{.State.Pid}}')")/cgroup.events
	quiet pause life
	same "$(inspect life '{{.State.Status}}')" paused
	grep -qx 'frozen 1' "$events"
	pod 255 exec life true
	quiet unpause life
	grep -qx 'frozen 0' "$events"
	until_true said life up
	quiet kill -s USR1 life
	quiet restart life
	pod 2 rm life
	until_true said life up 2
	quiet stop life
	same "$(inspect life '{{.State.Status}} {{.State.ExitCode}}')" "exited 3"
	quiet logs life
	same "$output" $'up\ntold\nended\nup\nended'
	quiet rm life
	quiet run -d --name life box
	quiet rm -f -t 0 life
}

@test "podman: exec: output, input, status, user, directory, environment, terminal, detached" {
	quiet run -d --name e -e FROM=image --user ada box
	quiet exec -i e sh -c 'cat; id -u; pwd; echo $FROM' <<<in
	is $'in\n1000\n/\nimage'
	quiet exec -u 0:7 -w /data -e MORE=less e sh -c 'id -u; id -g; pwd; echo $FROM $MORE; grep -c . /proc/1/cmdline'
	is $'0\n7\n/data\nimage less\n1'
	quiet exec -t e sh -c 'tty; test -t 0 && echo yes'
	is $'/dev/pts/0\r\nyes\r'
	pod 5 exec e sh -c 'exit 5'
	pod 137 exec e sh -c 'kill -KILL $$'
	pod 127 exec e nope
	[[ ${stderr,,} == *"executable file"*"not found in \$path"* ]] || fail "other words"
	pod "$([ "$RUNTIME" = runc ] && echo 255 || echo 126)" exec e /etc
	pod 127 exec -w /nowhere e true
	quiet exec -d e sh -c 'echo done >/tmp/done'
	until_true podman exec e grep -q 'done' /tmp/done
	quiet exec --privileged -u 0 e grep CapEff /proc/self/status
	matches '^CapEff:.*[1-9a-f]ffffffff$'
	quiet exec e cat /proc/self/attr/current
	matches '^containers-default.* \(enforce\)$'
	same "$(timeout 60 podman --runtime "$RUNTIME" exec --preserve-fds 1 e sh -c 'cat <&3' 3< <(echo passed) 4>&-)" passed
	quiet rm -f -t 0 e
	pod 125 exec e true
}

@test "podman: logs, attach, top, stats, both kinds of log" {
	quiet run -d --name l --log-driver json-file box sh -c 'echo out; echo err >&2; echo more; cat; daemon'
	until_true said l up
	call podman logs l
	same "$output/$stderr" $'out\nmore\nup/err'
	quiet top l pid args
	matches '^1 .*daemon'
	quiet stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsageBytes}} cpu {{.CPUNano}}' l
	matches '^l 2 [1-9].*iB / .*iB cpu [1-9]'
	timeout 60 podman attach --no-stdin --sig-proxy=false l >"$T/attached" 2>&1 3>&- &
	until_true pgrep -f 'podman.* attach'
	quiet kill -s TERM l
	until_line "$T/attached" ended
	quiet rm -f l
	quiet run -d --name j --log-driver journald box echo to the journal
	quiet wait j
	until_true said j "to the journal"
	quiet rm j
	# To nobody's log, and to where podman's own output goes, past conmon.
	quiet run --name n --log-driver none box echo heard
	is heard
	pod 125 logs n
	quiet rm n
	quiet run --rm --log-driver passthrough box sh -c 'echo direct; test -f /proc/self/fd/1 && echo file'
	is $'direct\nfile'
}

@test "podman: attach with input, start in the foreground, signals passed on, ways to stop" {
	local pid
	quiet run -d -i --name a box sh -c 'read word; echo got $word; exec daemon'
	command podman --runtime "$RUNTIME" attach a <<<word >"$T/attached" 2>&1 3>&- &
	pid=$!
	until_line "$T/attached" "got word"
	until_line "$T/attached" up
	quiet kill -s INT a
	status=0
	wait "$pid" || status=$?
	# podman's attach does not pass on with what the container has ended.
	same "$status $(inspect a '{{.State.ExitCode}}')" "0 4"
	quiet rm a
	quiet create --name s box sh -c 'echo there; exit 6'
	pod 6 start --attach s
	is there
	quiet rm s
	# Who sends podman a signal means the container.
	command podman --runtime "$RUNTIME" run --rm box >"$T/run" 2>&1 3>&- &
	pid=$!
	until_line "$T/run" up
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	same "$status" 3 "what run says of its end"
	until_line "$T/run" ended
	quiet run -d --name i --stop-signal INT box
	until_true said i up
	quiet stop i
	same "$(inspect i '{{.State.ExitCode}}')" 4
	quiet rm i
	quiet run -d --name deaf box sh -c 'trap "" TERM; echo up; while :; do sleep 1000; done'
	until_true said deaf up
	pod 0 stop -t 1 deaf
	[[ $stderr == *"resorting to SIGKILL"* ]] || fail "it was not deaf"
	same "$(inspect deaf '{{.State.ExitCode}}')" 137
	quiet rm deaf
	# And a time after which it has to end.
	pod 255 run --rm --timeout 1 box sh -c 'trap "" TERM; while :; do sleep 1000; done'
}

# limits DRIVER: with which options, and that they arrive.
limits()
{
	local dir
	PODMAN=(--cgroup-manager "$1")
	quiet run -d --name limits --memory 128m --memory-swap 128m --memory-reservation 64m --cpus 0.2 --cpu-shares 512 --pids-limit 7 \
		--oom-score-adj 100 --cgroup-conf memory.high=100663296 box
	dir=$(cgroup_of "$(inspect limits '{{.State.Pid}}')")
	same "$(cd "$dir" && cat memory.max memory.swap.max memory.low memory.high cpu.max pids.max | paste -sd ' ')" \
		"134217728 0 67108864 100663296 20000 100000 7" "limits with $1"
	[[ $WEIGHTS_OF_512 == *" $(<"$dir/cpu.weight") "* ]] || fail "weight with $1: $(<"$dir/cpu.weight")"
	quiet exec limits cat /proc/self/oom_score_adj /proc/self/cgroup
	has 0::/
	# crun lets exec go without.
	! unless crun || has 100
	quiet update --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 9 limits
	same "$(cd "$dir" && cat memory.max cpu.max pids.max | paste -sd ' ')" "67108864 50000 100000 9" "updated limits with $1"
	same "$(inspect limits '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}')" "67108864 9"
	quiet rm -f -t 0 limits
	[ ! -e "$dir" ] || fail "its cgroup stays"
}

@test "podman: limits, with systemd and with cgroupfs" {
	limits systemd
	limits cgroupfs
}

# systemd removes the cgroup of who has ended at once, often before conmon has read of the kill, so this is seen with cgroupfs.
@test "podman: who eats more than his memory is killed, and podman knows" {
	PODMAN=(--cgroup-manager cgroupfs)
	pod 137 run --name fat --memory 16m --memory-swap 16m box sh -c 'a=0123456789abcdef; while :; do a=$a$a; done'
	same "$(inspect fat '{{.State.OOMKilled}} {{.State.ExitCode}}')" "true 137"
	quiet rm fat
}

@test "podman: CPUs, and what a disk is worth" {
	[ "$TURTLE_VM" != uml ] || skip "no cpuset controller and no disk scheduler with weights in user-mode Linux"
	quiet run --rm --cpuset-cpus 0 --cpuset-mems 0 --blkio-weight 200 box sh -c 'cd /sys/fs/cgroup && cat cpuset.cpus cpuset.mems; nproc
		cat io.weight io.bfq.weight 2>/dev/null | head -n 1'
	matches '^0$' '^1$' '^default (200|1920)$'
}

@test "podman: speed limits of a disk" {
	local disk=$TURTLE_SPARE_DISK number file
	number=$(lsblk -dnro MAJ:MIN "$disk")
	quiet run -d --name disk --device-read-bps "$disk:1mb" --device-write-bps "$disk:2mb" --device-read-iops "$disk:100" \
		--device-write-iops "$disk:200" box
	file=$(cgroup_of "$(inspect disk '{{.State.Pid}}')")/io.max
	same "$(<"$file")" "$number rbps=1048576 wbps=2097152 riops=100 wiops=200"
	quiet update --device-read-bps "$disk:3mb" --device-write-iops "$disk:300" disk
	# runc passes over it.
	! unless runc || same "$(<"$file")" "$number rbps=3145728 wbps=2097152 riops=100 wiops=300"
	quiet rm -f -t 0 disk
}

@test "podman: cgroups disabled, split, no-conmon" {
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	PODMAN=(--cgroup-manager cgroupfs)
	# podman itself refuses it for runc.
	if unless runc; then
		quiet run --rm --cgroups disabled --cgroupns host box cat /proc/self/cgroup
		is "0::$own"
	fi
	quiet run --rm --cgroups no-conmon --cgroup-parent /turtle-test --cgroupns host box cat /proc/self/cgroup
	matches '^0::/turtle-test/libpod-[0-9a-f]{64}$'
	rmdir /sys/fs/cgroup/turtle-test
	systemd-run --quiet --wait --pipe -p Delegate=yes --unit=turtle-split podman --runtime "$RUNTIME" run --rm --cgroups split \
		--cgroupns host box cat /proc/self/cgroup >"$T/split" 3>&-
	same "$(sed 's/libpod-payload-[0-9a-f]*/PAYLOAD/' "$T/split")" "0::/system.slice/turtle-split.service/PAYLOAD"
}

@test "podman: volumes: read-only, tmpfs, named, of an image, owner, links, propagation" {
	# runc always follows links.
	local link=$'file\n'
	unless runc || link=
	mkdir -p "$T/v/sub" "$T/own" "$T/shared"
	echo host >"$T/v/file"
	ln -s file "$T/v/link"
	mount -t tmpfs below "$T/v/sub"
	mount --bind "$T/shared" "$T/shared" && mount --make-shared "$T/shared"
	pod 0 run --rm --user 1000 -v "$T/v:/ro:ro,rslave" -v "$T/v:/rw" -v "$T/own:/own:U" -v named:/data \
		--mount "type=tmpfs,dst=/tmpfs,tmpfs-size=1m,tmpfs-mode=1777" --mount type=image,src=box,dst=/image \
		--mount "type=bind,src=$T/v/link,dst=/link,no-dereference" --mount "type=bind,src=$T/v/file,dst=/one,ro" \
		--tmpfs /plain:rw,noexec,size=2m -v "$T/shared:/shared:rshared" box sh -c '
		cat /ro/file; touch /ro/no; touch /ro/sub/no; stat -c %u /own; cat /data/file /image/data/file /one; ls /data
		df -k /tmpfs | tail -1 | sed "s/  */ /g" | cut -d" " -f2; readlink /link; grep -c "/plain .*noexec.*size=2048k" /proc/mounts
		grep -c " /shared .*shared:" /proc/self/mountinfo; touch /image/no /one; true'
	is $'host\n1000\ncontent\ncontent\nhost\nfile\nsub\n1024\n'"$link"$'1\n1'
	same "$stderr" $'touch: /ro/no: Read-only file system\ntouch: /image/no: Read-only file system\ntouch: /one: Read-only file system'
}

@test "podman: volumes: copied up, overlaid, of another container, with options" {
	mkdir -p "$T/v/sub"
	echo host >"$T/v/file"
	quiet run -d --name lender -v "$T/v:/lent:ro" -v lent:/data box
	quiet run --rm --volumes-from lender --tmpfs /www --mount type=tmpfs,dst=/bin/sub,notmpcopyup -v "$T/v:/over:O" \
		-v "$T/v:/opts:nosuid,nodev,noexec" --mount type=ramfs,dst=/ram --mount type=devpts,dst=/pts \
		--mount "type=glob,src=$T/v/f*,dst=/globbed" box sh -c '
		cat /lent/file /data/file /www/index.html /globbed/file; touch /lent/no 2>/dev/null || echo read-only; echo more >>/www/index.html && echo written
		ls /bin/sub | wc -l; echo changed >/over/file; cat /over/file
		sed -n "s/^[^ ]* \(\/[a-z]*\) \([a-z0-9]*\) \([^ ]*\) .*/\1 \2 \3/p" /proc/mounts | grep -E "^/(opts|ram|pts) "'
	has content hello read-only written 0 changed
	same "$(grep -cx host <<<"$output")" 2
	matches '^/opts .*nosuid,nodev,noexec' '^/ram ramfs ' '^/pts devpts '
	same "$(<"$T/v/file")" host "what the overlay is to keep"
	quiet rm -f -t 0 lender
	quiet volume rm lent
}

@test "podman: user namespaces: auto, uidmap, with a volume" {
	echo secret >"$T/file"
	chmod 600 "$T/file"
	quiet run --rm --userns auto:size=1000 box sh -c 'id -u; cut -c1-10,22- /proc/self/uid_map | wc -l; stat -c %u /bin'
	is $'0\n1\n0'
	pod 0 run --rm --uidmap 0:200000:1000 --gidmap 0:300000:1000 -v "$T:/t" box sh -c \
		'sed "s/  */ /g" /proc/self/uid_map /proc/self/gid_map; cat /t/file; stat -c %u:%g /t/file /bin; touch /made; stat -c %u /made'
	is $' 0 200000 1000\n 0 300000 1000\n65534:65534\n0:0\n0'
	same "$stderr" "cat: can't open '/t/file': Permission denied"
}

@test "podman: volumes: idmap" {
	local data=$T/idmap
	mkdir "$data" && touch "$data/root" "$data/one" && chown 1:1 "$data/one" && chmod 711 "$T"
	# Whose user namespace is another's: what root has stays root's on the disk, and is root's inside.
	quiet run --rm --uidmap 0:300000:1000 --gidmap 0:400000:1000 -v "$data:/plain" -v "$data:/x:idmap" box \
		sh -c 'stat -c "%n %u:%g" /plain/root /x/root /x/one; touch /x/made; chown 7:8 /x/made'
	is $'/plain/root 65534:65534\n/x/root 0:0\n/x/one 1:1'
	same "$(stat -c %u:%g "$data/made")" 7:8
	quiet run --rm --userns auto -v "$data:/x:idmap" box stat -c '%n %u:%g' /x/root /x/made
	is $'/x/root 0:0\n/x/made 7:8'
	# A named volume belongs to whoever the image says; with idmap that is on the disk as well.
	quiet volume create vol
	quiet run --rm --uidmap 0:300000:1000 -v vol:/x:idmap box sh -c 'touch /x/made; stat -c %u:%g /x /x/made'
	is $'0:0\n0:0'
	same "$(stat -c %u:%g "$(podman volume inspect --format '{{.Mountpoint}}' vol)/made")" 0:0
	quiet volume rm vol
	# Mappings of the volume's own: on the disk, on the host, how many; with @ in the container.
	quiet run --rm -v "$data:/x:idmap=uids=0-500-1#1-600-1;gids=0-700-2" box stat -c '%n %u:%g' /x/root /x/one
	is $'/x/root 500:700\n/x/one 600:701'
	quiet run --rm --uidmap 0:300000:1000 --gidmap 0:400000:1000 -v "$data:/x:idmap=uids=@0-50-2;gids=@0-60-2" box stat -c '%n %u:%g' /x/root /x/one
	is $'/x/root 50:60\n/x/one 51:61'
	quiet run --rm --uidmap 0:300000:1000 --mount "type=bind,source=$data,destination=/x,idmap,ro" box sh -c 'stat -c %u:%g /x/one; ! touch /x/no 2>/dev/null'
	is 1:1
}

@test "podman: capabilities, seccomp, no-new-privileges, AppArmor, masks" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/seccomp"
	quiet run --rm --cap-drop all --cap-add chown,net_raw --security-opt seccomp="$T/seccomp" --security-opt no-new-privileges box sh -c '
		grep -E "^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):" /proc/self/status; mkdir /x 2>&1; cat /proc/self/attr/current'
	has $'CapPrm:\t0000000000002001' $'CapEff:\t0000000000002001' $'CapBnd:\t0000000000002001' $'CapInh:\t0000000000000000' \
		$'CapAmb:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2'
	matches "No space left on device" '^containers-default.* \(enforce\)$'
	quiet run --rm --security-opt unmask=/proc/kcore:/sys/firmware --security-opt mask=/data --security-opt apparmor=unconfined \
		--security-opt seccomp=unconfined box sh -c 'ls /data | wc -l; stat -c %t /proc/kcore; cat /proc/keys | wc -c; cat /proc/self/attr/current
		grep Seccomp: /proc/self/status'
	is $'0\n0\n0\nunconfined\nSeccomp:\t0'
	quiet run --rm box sh -c 'touch /proc/sys/kernel/hostname 2>&1; ls /sys/firmware | wc -l; head -c 1 /proc/timer_list | wc -c'
	is $'touch: /proc/sys/kernel/hostname: Read-only file system\n0\n0'
	quiet run --rm --user 1000 --security-opt unmask=ALL --security-opt proc-opts=hidepid=2 box sh -c '
		grep -c " /proc/.* /proc/" /proc/self/mountinfo; grep -c "^[^ ]* /proc/" /proc/mounts; grep -cE "^proc /proc proc .*hidepid=(2|invisible)" /proc/mounts'
	is $'0\n0\n1'
	quiet run --rm --privileged box sh -c 'grep CapEff /proc/self/status; ls /dev | grep -cx ubda; mount -t tmpfs x /mnt 2>/dev/null || mkdir -p /m; mount -t tmpfs x /m && echo mounted'
	matches '^CapEff:.*ffffffff$' '^mounted$'
}

@test "podman: devices, sysctl, limits of a process, umask, read-only, names, groups, shm, time zone" {
	local persona=00000008
	quiet run --rm --device /dev/null:/dev/mine:rw --device-cgroup-rule 'c 1:5 rmw' --sysctl kernel.msgmax=4096 \
		--sysctl net.ipv4.ip_forward=1 --ulimit nofile=30:40 --ulimit core=0 --umask 0077 --read-only --hostname named \
		--group-add 99 --group-add 100 --shm-size 1m -w /data/sub --user 5:6 -e A=b --env-merge PATH='${PATH}:/more' \
		--add-host other:10.9.8.7 --tz UTC --init=false box sh -c '
		echo x >/dev/mine && ls -l /dev/mine | cut -c1; cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward; ulimit -n; ulimit -Hn; umask
		touch /data/no 2>&1; touch /tmp/yes && stat -c %a /tmp/yes; hostname; id -u; id -g; id -G; df -k /dev/shm | tail -1 | sed "s/  */ /g" | cut -d" " -f2
		pwd; echo $A $PATH; grep other /etc/hosts | sed "s/\t/ /"'
	same "$output" "c
4096
1
30
40
0077
touch: /data/no: Read-only file system
600
named
5
6
6 99 100
1024
/data/sub
b /bin:/sbin:/usr/bin:/more
10.9.8.7 other"
	quiet run --rm --device-cgroup-rule 'c 1:5 rmw' --cap-add mknod box sh -c 'mknod /tmp/z c 1 5 && head -c 3 /tmp/z | wc -c; mknod /tmp/m c 1 1 2>&1; head -c 1 /tmp/m 2>&1; true'
	matches '^3$' 'not permitted'
	quiet run --rm --device "$TURTLE_SPARE_DISK:/dev/mine:r" box sh -c 'head -c 3 /dev/mine | wc -c; (echo x >/dev/mine) 2>&1; true'
	matches '^3$' '/dev/mine: Operation not permitted'
	# runc 1.1 passes over it.
	unless runc || persona=00000000
	quiet run --rm --personality LINUX32 box cat /proc/self/personality
	is "$persona"
}

@test "podman: sd_notify, socket activation, preserved descriptors" {
	# The service is up once the container has said so itself; what it sends goes through the runtime.
	timeout 60 systemd-run --quiet --unit=turtle-notify -p Type=notify -p NotifyAccess=all podman --runtime "$RUNTIME" run --rm \
		--name notified --sdnotify container box sh -c 'notify say READY=1 && daemon' 3>&-
	same "$(systemctl show -p ActiveState --value turtle-notify)" active
	same "$(</proc/"$(systemctl show -p MainPID --value turtle-notify)"/comm)" conmon
	until_true said notified up
	systemctl stop turtle-notify
	until_true eval '! podman container exists notified'
	# The socket of a service is the container's descriptor 3.
	timeout 60 systemd-run --quiet --unit=turtle-socket --socket-property=ListenStream=127.0.0.1:8091 -p Type=exec \
		podman --runtime "$RUNTIME" run --rm --name heard box sh -c 'echo fds $LISTEN_FDS pid $LISTEN_PID; readlink /proc/self/fd/3; exec daemon' 3>&-
	call timeout 1 curl -s http://127.0.0.1:8091/
	until_true said_in turtle-socket up
	said_in turtle-socket 'socket:\[[0-9]*\]'
	journalctl --no-pager -o cat -u turtle-socket.service | grep -q '^fds 1 pid 1$' || fail "$(journalctl -o cat -u turtle-socket.service)"
	systemctl stop turtle-socket.socket
	quiet stop heard
	until_true eval '! podman container exists heard'
	same "$(timeout 60 podman --runtime "$RUNTIME" run --rm --preserve-fds 2 box sh -c 'cat <&3; cat <&4; for i in 5 6 7 8 9; do [ ! -e /proc/self/fd/$i ] || echo $i; done' \
		3< <(echo three) 4< <(echo four))" $'three\nfour'
}

# in_service NAME TYPE PODMAN-RUN-ARGUMENT...: podman run as a service of systemd's.
in_service()
{
	local name=$1 type=$2
	shift 2
	timeout 60 systemd-run --quiet --no-block --unit="$name" --property=Type="$type" --property=NotifyAccess=all \
		podman --runtime "$RUNTIME" run --rm --name "$name" "$@" 3>&-
}
service_is() { [ "$(systemctl show -p ActiveState --value "$1")" = "$2" ]; }
main_process() { cat "/proc/$(systemctl show -p MainPID --value "$1")/comm"; }
said_in() { journalctl --no-pager -o cat -u "$1" | grep -qx -- "$2"; }
# The unit is that of a container with --rm.
stop_service()
{
	timeout 60 systemctl stop "$1"
	until_true eval "! podman container exists $1"
}

@test "podman: sd_notify: conmon's word, no word, and once it is healthy" {
	# The socket is of no concern to these containers.
	local look='echo "socket:$NOTIFY_SOCKET"; ls /run/notify 2>/dev/null; exec daemon'
	in_service turtle-conmon notify --sdnotify conmon box sh -c "$look"
	until_true service_is turtle-conmon active
	same "$(main_process turtle-conmon)" conmon
	# From then on it can be told to end.
	until_true said_in turtle-conmon up
	said_in turtle-conmon socket:
	stop_service turtle-conmon
	in_service turtle-ignore exec --sdnotify ignore box sh -c "$look"
	until_true said_in turtle-ignore up
	said_in turtle-ignore socket:
	same "$(main_process turtle-ignore)" podman
	# Stopped by systemd, it would end together with the podman that is to remove the container.
	quiet stop turtle-ignore
	until_true eval '! podman container exists turtle-ignore'
	mkdir "$T/health"
	in_service turtle-healthy notify --sdnotify healthy --health-cmd 'test -e /health/well' --health-interval 1s -v "$T/health:/health:ro" box
	until_true eval '[ "$(inspect turtle-healthy "{{.State.Status}}")" = running ]'
	service_is turtle-healthy activating
	touch "$T/health/well"
	until_true service_is turtle-healthy active
	stop_service turtle-healthy
}

# The machine's own system. What systemd makes of the container's cgroup takes no process: exec comes to where init is.
@test "podman: systemd in a container, and exec into it" {
	mkdir -p "$T/up" "$T/root"
	mount -t tmpfs none "$T/up"
	mkdir "$T/up/up" "$T/up/work"
	mount -t overlay none -o "lowerdir=/,upperdir=$T/up/up,workdir=$T/up/work" "$T/root"
	printf '%s\n' '[Unit]' 'Requires=basic.target' 'After=basic.target' >"$T/root/etc/systemd/system/box.target"
	rm -f "$T/root/etc/fstab" && : >"$T/root/etc/machine-id"
	quiet run -d --name system --systemd always --stop-timeout 60 --rootfs "$T/root" /lib/systemd/systemd --unit=box.target
	active() { podman exec system systemctl is-active --quiet box.target; }
	in_time 90 active
	quiet exec system sh -c 'cat /proc/self/cgroup; systemctl is-active box.target'
	is $'0::/init.scope\nactive'
	quiet stop system
	same "$(inspect system '{{.State.ExitCode}}')" 0
	quiet rm system
	umount "$T/root" "$T/up"
}

@test "podman: namespaces of another container, of the host, at a path" {
	local look='for ns in net pid ipc uts; do readlink /proc/self/ns/$ns; done' pid
	quiet run -d --name first box
	pid=$(inspect first '{{.State.Pid}}')
	quiet run --rm --network container:first --pid container:first --ipc container:first --uts container:first box sh -c "$look; cat /proc/1/comm"
	is "$(for ns in net pid ipc uts; do readlink "/proc/$pid/ns/$ns"; done; echo daemon)"
	quiet rm -f -t 0 first
	quiet run --rm --network host --pid host --ipc host --uts host --cgroupns host box sh -c "$look; readlink /proc/self/ns/cgroup; cat /proc/1/comm"
	is "$(for ns in net pid ipc uts cgroup; do readlink "/proc/self/ns/$ns"; done; echo systemd)"
	touch "$T/ns"
	unshare --net="$T/ns" true
	quiet run --rm --network "ns:$T/ns" box readlink /proc/self/ns/net
	is "net:[$(stat -Lc %i "$T/ns")]"
}

# Each is told of the container on its standard input; the one in the container is a program of the image's.
@test "podman: hooks of a directory, and one that fails" {
	local stage where id running=running
	mkdir "$T/hooks" "$T/bad" "$T/said"
	for stage in prestart createRuntime createContainer startContainer poststart poststop; do
		where=$T/said/$stage
		[ "$stage" != startContainer ] || where=/said/$stage
		jq -n --arg stage "$stage" --arg what "cat >$where" '{version: "1.0.0", when: {always: true}, stages: [$stage],
			hook: {path: "/bin/sh", args: ["sh", "-c", $what]}}' >"$T/hooks/$stage.json"
	done
	PODMAN=(--hooks-dir "$T/hooks")
	quiet run --name hooked -v "$T/said:/said" box ls /said
	has prestart createRuntime createContainer startContainer
	id=$(inspect hooked '{{.Id}}')
	quiet rm hooked
	same "$(jq -r --arg id "$id" 'select(.id == $id) | input_filename' "$T"/said/* | wc -l)" 6
	# For runc, who has been started is not so yet.
	unless runc || running=created
	same "$(jq -r .status "$T/said/poststart" "$T/said/poststop" | paste -sd ' ')" "$running stopped"
	jq -n '{version: "1.0.0", when: {always: true}, stages: ["createRuntime"], hook: {path: "/bin/false"}}' >"$T/bad/bad.json"
	PODMAN=(--hooks-dir "$T/bad")
	call podman run --rm box echo no
	differ "$status" 0
	is ''
	[[ $stderr == *hook* ]] || fail "it does not say why"
}

@test "podman: pods share namespaces" {
	quiet pod create --name p --share net,ipc,uts,pid --hostname podded
	quiet run -d --pod p --name a box
	quiet run --rm --pod p box sh -c 'hostname; ps -o args | grep -c "[d]aemon"; for ns in net ipc pid; do readlink /proc/self/ns/$ns; done'
	has podded 1
	local shared=$output pid
	pid=$(inspect a '{{.State.Pid}}')
	for ns in net ipc pid; do
		[[ $shared == *"$(readlink "/proc/$pid/ns/$ns")"* ]] || fail "another $ns"
	done
	quiet pod pause p
	quiet pod unpause p
	quiet pod stop -t 5 p
	same "$(podman pod inspect p --format '{{.State}}')" Exited
	quiet pod rm p
}

@test "podman: two containers on a bridge, by name, and a published port" {
	needs_tables
	quiet network create --subnet 10.90.0.0/24 tnet
	quiet run -d --name web --network tnet --ip 10.90.0.5 -p 127.0.0.1:8090:80 box httpd -f -p 80 -h /www
	until_true serves web
	quiet run --rm --network tnet box wget -q -O - http://web/
	is hello
	same "$(curl -s http://127.0.0.1:8090/)" hello
	quiet run --rm --network container:web box sh -c 'ip -4 addr show eth0 | grep -c 10.90.0.5; wget -q -O - http://127.0.0.1/'
	is $'1\nhello'
	quiet rm -f -t 0 web
	quiet network rm tnet
}

@test "podman: build, commit, cp, diff" {
	mkdir "$T/context"
	echo context >"$T/context/file"
	printf 'FROM box\nCOPY file /copied\nRUN cat /copied >/made && id -u >>/made\nUSER ada\nRUN id -u >/tmp/who\nCMD cat /made /tmp/who\n' \
		>"$T/context/Containerfile"
	pod 0 build --network none -t built "$T/context"
	quiet run --rm built
	is $'context\n0\n1000'
	pod 1 build --network none - <<<$'FROM box\nRUN exit 1'
	quiet run -d --name changed box
	quiet cp "$T/context/file" changed:/data/new
	quiet cp changed:/data/new "$T/back"
	same "$(<"$T/back")" context
	quiet exec changed rm /data/file
	quiet diff changed
	has 'A /data/new' 'D /data/file'
	quiet commit -q changed kept
	quiet rm -f -t 0 changed
	quiet run --rm kept cat /data/new
	is context
	quiet rmi kept built
}

@test "podman: health checks and the restart policy" {
	quiet run -d --name h --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 box
	pod 1 healthcheck run h
	quiet exec h touch /tmp/well
	quiet healthcheck run h
	same "$(inspect h '{{.State.Health.Status}}')" healthy
	quiet rm -f -t 0 h
	# Asked by a timer of systemd's, and killed once it is ill.
	quiet run -d --name ill --health-cmd 'test ! -e /tmp/ill' --health-interval 1s --health-retries 1 --health-on-failure kill box
	until_true eval '[ "$(inspect ill "{{.State.Health.Status}}")" = healthy ]'
	quiet exec ill touch /tmp/ill
	until_true eval '[ "$(inspect ill "{{.State.Status}} {{.State.ExitCode}}")" = "exited 137" ]'
	quiet rm ill
	quiet run -d --name r --restart on-failure:2 box sh -c 'echo again; exit 1'
	until_true eval '[ "$(inspect r "{{.RestartCount}} {{.State.Status}}")" = "2 exited" ]'
	quiet logs r
	is $'again\nagain\nagain'
	quiet rm r
	quiet run -d --name r --restart always box
	kill -KILL "$(inspect r '{{.State.Pid}}')"
	until_true eval '[ "$(inspect r "{{.RestartCount}} {{.State.Status}}")" = "1 running" ]'
	until_true said r up 2
	quiet stop r
	same "$(inspect r '{{.State.Status}}')" exited
	quiet rm r
}

@test "podman: kube play" {
	pod_yaml >"$T/pod.yaml"
	quiet kube play "$T/pod.yaml"
	quiet exec kube-one sh -c "$POD_LOOK"
	has "${POD_FACTS[@]}"
	pod 0 kube down "$T/pod.yaml"
}

@test "podman: quadlet units, of an image that is built and of a container" {
	mkdir -p /run/containers/systemd "$T/context"
	printf 'FROM localhost/box\nRUN id -u >/made\n' >"$T/context/Containerfile"
	printf '[Build]\nImageTag=localhost/quad\nSetWorkingDirectory=%s\nFile=%s\nGlobalArgs=--runtime %s\nNetwork=none\n' \
		"$T/context" "$T/context/Containerfile" "$RUNTIME" >/run/containers/systemd/quad.build
	printf '[Container]\nImage=quad.build\nContainerName=quad\nPodmanArgs=--network=none\nGlobalArgs=--runtime %s\nNotify=false\n' "$RUNTIME" \
		>/run/containers/systemd/quad.container
	systemctl daemon-reload
	timeout 60 systemctl start quad 3>&-
	same "$(systemctl show -p ActiveState --value quad)" active
	same "$(inspect quad '{{.OCIRuntime}} {{.State.Status}}')" "$RUNTIME running"
	quiet exec quad cat /made
	is 0
	timeout 60 systemctl stop quad
	rm /run/containers/systemd/quad.{build,container}
	systemctl daemon-reload
	pod 1 container exists quad
	quiet rmi localhost/quad
}

@test "podman: the story of one's own docker, from the image to its end" {
	needs_tables
	mkdir -p "$T/fs/bin"
	cp "$(command -v busybox)" "$T/fs/bin/busybox"
	for name in sh sleep wget httpd hostname cat ls echo id; do ln -s busybox "$T/fs/bin/$name"; done
	tar -C "$T/fs" -c . | podman import - mine 2>/dev/null
	quiet images --format '{{.Repository}}' mine
	is localhost/mine
	quiet network create story
	quiet run -d --name first --network story --cpus 0.2 --memory 128m --memory-swap 128m --pids-limit 7 mine httpd -f -p 80 -h /bin
	quiet run -d --name second --network story --cpus 0.2 --memory 128m --memory-swap 128m --pids-limit 7 mine sleep 1000
	until_true serves first busybox
	quiet ps --format '{{.Names}} {{.Image}} {{.State}}' --sort names
	is $'first localhost/mine:latest running\nsecond localhost/mine:latest running'
	quiet exec second wget -q -O /dev/null http://first/busybox
	pod 2 exec second sh -c 'cd /sys/fs/cgroup && cat cpu.max memory.max memory.swap.max pids.max; exec 2>&1; for i in 1 2 3 4 5 6 7 8; do sleep 1 & done'
	has '20000 100000' 134217728 0 7
	[[ ${output,,} == *"resource temporarily unavailable"* ]] || fail "all were made"
	quiet rm -f -t 0 first second
	quiet ps -aq
	is ''
	quiet rmi mine
	quiet network rm story
	pod 1 image exists mine
}
