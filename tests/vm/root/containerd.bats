#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd drives turtle through its shim io.containerd.runc.v2: by hand with ctr, and as the kubelet does, through the
# CRI plugin's socket, with the configuration of contrib/containerd. Names of containers are unique in the file: what an
# earlier test left would be seen.
# weight: 4
# shellcheck disable=SC2153,SC2154,SC2016

load ../../integration/helpers
load ../engines
load engine
load cri

IMAGE=docker.io/library/box:latest

setup_file()
{
	engine_setup
	mkdir -p /etc/containerd
	local version=v2
	[[ $(containerd --version) == *' 1.'* ]] || version=v3
	cp "/opt/turtle/contrib/containerd/config-$version.toml" /etc/containerd/config.toml
	mkdir -p /etc/cni/net.d
	jq -n '{cniVersion: "1.0.0", name: "pods", plugins: [{type: "bridge", bridge: "pods0", isGateway: true,
		ipam: {type: "host-local", ranges: [[{subnet: "10.77.0.0/24"}]]}}]}' >/etc/cni/net.d/10-pods.conflist
	systemctl restart containerd || return 1
	engine_image "$BATS_FILE_TMPDIR/box.tar" '{"Env": ["PATH=/bin", "FROM=image"], "Cmd": ["sh"]}' "$IMAGE"
	ctr image import "$BATS_FILE_TMPDIR/box.tar" >/dev/null || return 1
	# The CRI plugin has images of its own, among them the one that holds a pod together.
	local pause
	pause=$(containerd config dump | sed -nE "s/^ *sandbox(_image)? = ['\"](.*)['\"]/\2/p")
	engine_image "$BATS_FILE_TMPDIR/pause.tar" '{"Env": ["PATH=/bin"], "Cmd": ["sleep", "infinity"]}' "$IMAGE" "$pause"
	ctr --namespace k8s.io image import "$BATS_FILE_TMPDIR/pause.tar" >/dev/null
}

teardown_file()
{
	systemctl stop containerd
	rm -f /etc/containerd/config.toml /etc/cni/net.d/10-pods.conflist /usr/local/sbin/turtle
	forget_engine
}

setup()
{
	exec </dev/null
	T=$BATS_TEST_TMPDIR
	ID=ctr$BATS_TEST_NUMBER
	PODS=
}

teardown()
{
	local id
	for id in $PODS; do
		cri StopPodSandbox "pod_sandbox_id: '$id'"
		cri RemovePodSandbox "pod_sandbox_id: '$id'"
	done
	for id in $(ctr task ls -q | grep "^$ID"); do
		ctr task rm -f "$id"
	done
	for id in $(ctr container ls -q | grep "^$ID"); do
		ctr container rm "$id"
	done
	nothing_of "$ID"
}

# run [OPTION...] ID COMMAND...: a container of turtle's.
ctr_run()
{
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	timeout 60 ctr run --runc-binary /usr/local/sbin/turtle "${options[@]}" "$IMAGE" "$@" 3>&-
}

task() { timeout 60 ctr task "$@" 3>&-; }

# status ID: what containerd says of the task.
task_status() { ctr task ls | awk -v id="$1" '$1 == id { print $3 }'; }
task_pid() { ctr task ls | awk -v id="$1" '$1 == id { print $2 }'; }
task_count() { ctr task ps "$1" | grep -c '^[0-9]'; }
task_is() { [ "$(task_status "$1")" = "$2" ]; }

@test "ctr: run in the foreground; output, exit codes, messages of what can't run" {
	ok ctr_run --rm --env=ONE=1 "$ID-a" sh -c 'echo out; echo "$ONE $FROM"; pwd; hostname >/dev/null'
	has out "1 image" /
	call ctr_run --rm "$ID-b" sh -c 'echo wrong >&2; exit 7'
	same "$status" 7
	same "$stderr" wrong
	call ctr_run --rm "$ID-c" sh -c 'sh -c "kill -9 \$\$"; exit $?'
	same "$status" 137
	call ctr_run --rm "$ID-d" no-such-program
	same "$status" 1
	[[ $stderr == *'OCI runtime create failed: '*"$MISSING"* ]] || fail "the message"
	call ctr_run --rm "$ID-e" /etc/passwd
	[[ ${stderr,,} == *'permission denied'* ]] || fail "the message"
}

@test "ctr: a detached task is paused, resumed, measured, killed and deleted" {
	local pid cgroup
	ok ctr_run -d --memory-limit=33554432 --cpus=0.5 "$ID" sh -c 'sleep 1000 & exec sleep 1001'
	same "$(task_status "$ID")" RUNNING
	pid=$(task_pid "$ID")
	cgroup=$(cgroup_of "$pid")
	same "$cgroup" "/sys/fs/cgroup/default/$ID"
	same "$(cat "$cgroup/memory.max" "$cgroup/cpu.max" | xargs)" "33554432 50000 100000"

	until_true says "2 $cgroup/cgroup.procs" wc -l "$cgroup/cgroup.procs"
	ok task ps "$ID"
	same "$(awk 'NR > 1 { print $1 }' <<<"$output" | sort)" "$(sort "$cgroup/cgroup.procs")"

	ok task pause "$ID"
	same "$(task_status "$ID")" PAUSED
	grep -q '^frozen 1' "$cgroup/cgroup.events"
	ok task resume "$ID"
	same "$(task_status "$ID")" RUNNING
	grep -q '^frozen 0' "$cgroup/cgroup.events"

	ok task metrics "$ID"
	matches '^pids.current +2 *$' '^memory.usage +[1-9]' '^memory.usage_limit +33554432 *$' '^cpu.usage_usec +[1-9]'

	# A shell that has no handler of it, as PID 1, sees no SIGTERM; SIGKILL it does.
	ok task kill -s SIGKILL "$ID"
	until_true task_is "$ID" STOPPED
	call task kill "$ID"
	differ "$status" 0
	[[ $stderr == *'not found'* ]] || fail "the message"
	call task rm "$ID"
	[[ $stderr == *'exit code 137'* ]] || fail "the exit code"
	[ ! -e "$cgroup" ] || fail "the cgroup is left"
	ok ctr container rm "$ID"
	call task pause "$ID"
	[[ $stderr == *'not found'* ]] || fail "the message"
}

@test "ctr: systemd's cgroups; the shim's own delete" {
	local pid cgroup
	ok ctr_run -d --runc-systemd-cgroup --cgroup=turtletest.slice:ctr:"$ID" --memory-limit=33554432 "$ID" sleep 1000
	pid=$(task_pid "$ID")
	cgroup=$(cgroup_of "$pid")
	same "$cgroup" "/sys/fs/cgroup/turtletest.slice/ctr-$ID.scope"
	same "$(systemctl show --property=MemoryMax --value "ctr-$ID.scope")" 33554432
	ok task pause "$ID"
	ok task resume "$ID"
	# A shim that is killed takes nobody along; containerd then tells the binary to delete what there is.
	kill -KILL "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")"
	until_true says '' processes_of "$ID"
	until_true [ ! -e "$cgroup" ]
	until_true says '' task_status "$ID"
	until_true says not-found systemctl show --property=LoadState --value "ctr-$ID.scope"
	systemctl stop turtletest.slice
}

@test "ctr: a terminal, a user namespace, mounts, privileges" {
	call timeout 60 script -qec "ctr run -t --rm --runc-binary /usr/local/sbin/turtle $IMAGE $ID-tty sh -c 'tty; stty size'" /dev/null
	same "$status" 0
	[[ $output == */dev/pts/0* ]] || fail "no terminal"

	ok ctr_run --rm --uidmap=0:200000:1000 --gidmap=0:200000:1000 --remap-labels=true "$ID-user" sh -c 'cat /proc/self/uid_map; id -u'
	matches '^ +0 +200000 +1000$' '^0$'
	mkdir "$T/shared"
	ok ctr_run --rm --read-only --net-host "--mount=type=bind,src=$T/shared,dst=/mnt,options=rbind:rw" --cap-drop=CAP_CHOWN \
		"--cwd=/tmp" "$ID-mount" sh -c 'echo there >/mnt/file; touch /x 2>/dev/null || echo read-only; pwd; ls -1 /sys/class/net'
	same "$(<"$T/shared/file")" there
	has read-only /tmp lo
}

@test "ctr: tasks live on while containerd is restarted" {
	ok ctr_run -d "$ID" sleep 1000
	systemctl restart containerd
	same "$(task_status "$ID")" RUNNING
	ok task kill -s KILL "$ID"
	until_true task_is "$ID" STOPPED
	call task rm "$ID"
	[[ $stderr == *'exit code 137'* ]] || fail "the exit code"
}

@test "ctr: exec, with its exit codes, environment, directory and terminal" {
	local pid
	ok ctr_run -d --env=ONE=1 "$ID" sleep 1000
	ok task exec --exec-id a "$ID" sh -c 'echo "$ONE $FROM"; cat /proc/1/comm; pwd'
	is $'1 image\nsleep\n/'
	call task exec --exec-id b --cwd /tmp --user 1000:1000 "$ID" sh -c 'pwd; id -u; exit 3'
	same "$status" 3
	is $'/tmp\n1000'
	call task exec --exec-id c "$ID" no-such-program
	same "$status" 1
	[[ $stderr == *"$MISSING"* ]] || fail "the message"
	call timeout 60 script -qec "ctr task exec -t --exec-id d $ID tty" /dev/null
	[[ $output == */dev/pts/* ]] || fail "no terminal"

	# A detached one is seen among the processes, and ended with the container.
	ok task exec -d --exec-id e "$ID" sleep 1001
	until_true says 2 task_count "$ID"
	ok task exec --exec-id f "$ID" true
	ok task pause "$ID"
	call task exec --exec-id g "$ID" true
	differ "$status" 0
	[[ $stderr == *paused* ]] || fail "the message"
	ok task resume "$ID"
}

@test "ctr: capabilities, seccomp, AppArmor, devices, a namespace of another's, attach" {
	local pid
	ok ctr_run -d --cpu-shares=256 "$ID" sh -c 'while :; do echo said; sleep 0.1; done'
	pid=$(task_pid "$ID")
	[[ $WEIGHTS_OF_256 == *" $(<"$(cgroup_of "$pid")/cpu.weight") "* ]] || fail "another weight"
	timeout 60 ctr task attach "$ID" >"$T/attached" 2>&1 3>&- &
	until_line "$T/attached" said
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' >"$T/seccomp"
	ok ctr_run --rm "--with-ns=pid:/proc/$pid/ns/pid" --seccomp "--seccomp-profile=$T/seccomp" --apparmor-default-profile=turtle-ctr \
		--cap-add=CAP_SYS_TIME --cap-drop=CAP_CHOWN "--device=$TURTLE_SPARE_DISK" --hostname=named --user=1000:1000 "$ID-a" sh -c '
		readlink /proc/self/ns/pid; mkdir /tmp/x 2>&1; cat /proc/self/attr/current; grep CapBnd: /proc/self/status; hostname; id -u; ls -l '"$TURTLE_SPARE_DISK"' | cut -c1'
	has "$(readlink "/proc/$pid/ns/pid")" "turtle-ctr (enforce)" $'CapBnd:\t00000000aa0425fa' named 1000 b
	matches 'No space left on device'
	ok ctr_run --rm --privileged "$ID-b" grep CapEff: /proc/self/status
	is "$(grep CapEff: /proc/self/status)"
}

@test "CRI: a pod of two containers; exec, stats, update, stop and remove, in cgroups of systemd" {
	local first second pid cgroup
	must Version ''
	cri_pod pod
	PODS=$POD
	same "$(systemctl show --property=Slice --value "cri-containerd-$POD.scope")" turtlepod.slice
	must PodSandboxStatus "pod_sandbox_id: '$POD'"
	[[ $(field ip) == 10.77.0.* ]] || fail "no address"
	same "$(field runtime_handler)" turtle

	cri_container first "command: 'sh' args: '-c' args: 'echo to the log; sleep 1000' envs { key: 'ONE' value: '1' }
		linux { resources { memory_limit_in_bytes: 33554432 cpu_shares: 512 cpu_period: 100000 cpu_quota: 50000 oom_score_adj: 500 }
			security_context { namespace_options { pid: CONTAINER } } }"
	first=$CONTAINER
	cri_container second "command: 'sleep' args: '1000' linux { security_context { run_as_user { value: 1000 } readonly_rootfs: true
			no_new_privs: true capabilities { drop_capabilities: 'ALL' } namespace_options { pid: CONTAINER } } }"
	second=$CONTAINER
	pid=$(cri_pid "$first")
	cgroup=$(cgroup_of "$pid")
	same "$cgroup" "/sys/fs/cgroup/turtlepod.slice/cri-containerd-$first.scope"
	same "$(cat "$cgroup/memory.max" "$cgroup/cpu.max" "/proc/$pid/oom_score_adj" | xargs)" "33554432 50000 100000 500"
	until_true grep -q 'stdout F to the log' "$T/first.log"

	# One pod: one network, one IPC namespace, one host name; each container with its own processes and root.
	cri_exec "$first" sh -c 'echo $ONE; hostname; echo $$ >/file; exit 5'
	same "$code" 5
	cri_exec "$second" sh -c 'id -u; ls /file; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; touch /new || echo read-only'
	has 1000 read-only $'NoNewPrivs:\t1' $'CapBnd:\t0000000000000000'
	local ns
	for ns in net ipc uts; do
		same "$(readlink "/proc/$pid/ns/$ns")" "$(readlink "/proc/$(cri_pid "$second")/ns/$ns")"
	done
	differ "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$(cri_pid "$second")/ns/pid")"
	cannot "$MISSING" ExecSync "container_id: '$first' cmd: 'no-such-program'"

	must ContainerStats "container_id: '$first'"
	local key
	for key in working_set_bytes usage_core_nano_seconds; do
		[ "$(grep -A1 "$key" <<<"$output" | sed -n 's/.*value: //p')" -gt 0 ] || fail "no $key in the stats"
	done

	must UpdateContainerResources "container_id: '$first' linux { memory_limit_in_bytes: 67108864 cpu_period: 100000 cpu_quota: 20000 cpu_shares: 256 }"
	same "$(cat "$cgroup/memory.max" "$cgroup/cpu.max" | xargs)" "67108864 20000 100000"
	[[ $WEIGHTS_OF_256 == *" $(<"$cgroup/cpu.weight") "* ]] || fail "the weight: $(<"$cgroup/cpu.weight")"
	same "$(systemctl show --property=MemoryMax --value "cri-containerd-$first.scope")" 67108864

	must StopContainer "container_id: '$first' timeout: 0"
	must ContainerStatus "container_id: '$first'"
	same "$(field state) $(field exit_code)" "CONTAINER_EXITED 137"
	[ ! -e "$cgroup" ] || fail "the cgroup of a stopped container"
	must RemoveContainer "container_id: '$first'"
	# A pod is stopped with all that is in it.
	must StopPodSandbox "pod_sandbox_id: '$POD'"
	must ContainerStatus "container_id: '$second'"
	same "$(field state)" CONTAINER_EXITED
	must RemovePodSandbox "pod_sandbox_id: '$POD'"
	nothing_of "$POD" "$first" "$second"
}

@test "CRI: pods of the host's namespaces; what can't run says why" {
	local pid
	must Version ''
	cri_pod node "privileged: true namespace_options { network: NODE pid: NODE }"
	PODS=$POD
	cri_container privileged "command: 'sleep' args: '1000' linux { security_context { privileged: true namespace_options { network: NODE pid: NODE } } }"
	pid=$(cri_pid "$CONTAINER")
	same "$(readlink "/proc/$pid/ns/net")" "$(readlink /proc/self/ns/net)"
	same "$(readlink "/proc/$pid/ns/pid")" "$(readlink /proc/self/ns/pid)"
	cri_exec "$CONTAINER" sh -c 'grep CapEff /proc/self/status; ls /dev | grep -c .'
	same "$(grep -o 'CapEff.*' <<<"$output")" "$(grep -o 'CapEff.*' /proc/self/status)"

	must CreateContainer "pod_sandbox_id: '$POD' sandbox_config { $SANDBOX }
		config { metadata { name: 'none' } image { image: '$IMAGE' } command: '/no/such/program' log_path: 'none.log' }"
	cannot 'no such file or directory' StartContainer "container_id: '$(field container_id)'"
}

@test "CRI: one PID namespace for a pod, and another container's; sysctls, mounts, masks, any key of the cgroup" {
	local one two sandbox
	must Version ''
	mkdir "$T/m"
	echo there >"$T/m/file"
	cri_pod shared "namespace_options { pid: POD }" "sysctls { key: 'net.ipv4.ip_forward' value: '1' }"
	PODS=$POD
	must PodSandboxStatus "pod_sandbox_id: '$POD' verbose: true"
	sandbox=$(grep -o '\\"pid\\":[0-9]*' <<<"$output" | head -n 1 | cut -d: -f2)
	cri_container one "command: 'sleep' args: '1000' linux { resources { unified { key: 'memory.high' value: '33554432' } }
		security_context { namespace_options { pid: POD } masked_paths: '/no/such' masked_paths: '/sys/firmware' readonly_paths: '/tmp' } }
		mounts { container_path: '/mnt' host_path: '$T/m' readonly: true }"
	one=$CONTAINER
	same "$(readlink "/proc/$(cri_pid "$one")/ns/pid")" "$(readlink "/proc/$sandbox/ns/pid")"
	cri_exec "$one" sh -c 'cat /mnt/file /proc/sys/net/ipv4/ip_forward /sys/fs/cgroup/memory.high; touch /mnt/no 2>&1; touch /tmp/no 2>&1; ls /sys/firmware | wc -l'
	has there 1 33554432 'touch: /mnt/no: Read-only file system' 'touch: /tmp/no: Read-only file system' 0
	cri_pod other "namespace_options { pid: CONTAINER }"
	PODS+=" $POD"
	cri_container two "command: 'sleep' args: '1000' linux { security_context { namespace_options { pid: CONTAINER } } }"
	two=$CONTAINER
	cri_container three "command: 'sleep' args: '1001' linux { security_context { namespace_options { pid: TARGET target_id: '$two' } } }"
	same "$(readlink "/proc/$(cri_pid "$CONTAINER")/ns/pid")" "$(readlink "/proc/$(cri_pid "$two")/ns/pid")"
}

@test "CRI: a pod with a user namespace" {
	local users="namespace_options { userns_options { mode: POD uids { host_id: 200000 length: 65536 } gids { host_id: 200000 length: 65536 } } }"
	must Version ''
	cri_pod user "$users"
	PODS=$POD
	cri_container user "command: 'sleep' args: '1000' linux { security_context { $users } }"
	same "$(stat -c %u "/proc/$(cri_pid "$CONTAINER")")" 200000
	cri_exec "$CONTAINER" sh -c 'sed "s/  */ /g" /proc/self/uid_map; id -u; touch /made && stat -c %u /made /bin'
	has ' 0 200000 65536' 0
	same "$code" 0
}
