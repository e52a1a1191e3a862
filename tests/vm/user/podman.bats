#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman as a plain user who has logged in, with turtle below it.
# weight: 4
# shellcheck disable=SC2016,SC2034,SC2154

load ../../integration/helpers
load ../podman

@test "podman: a rootless container's output, input, status and user" {
	quiet info --format '{{.Host.OCIRuntime.Name}} {{.Host.Security.Rootless}} {{.Host.CgroupManager}}'
	is "$RUNTIME true systemd"
	quiet run --rm -i box sh -c 'cat; id -u; stat -c %u /bin; sed "s/  */ /g" /proc/self/uid_map' <<<in
	is $'in\n0\n0\n 0 1000 1\n 1 100000 65536'
	pod 7 run --rm --user ada box sh -c 'id -u >&2; exit 7'
	same "$stderr" 1000
	quiet run --rm -t box tty
	is $'/dev/pts/0\r'
	pod 127 run --rm box nope
	[[ $stderr == *"$MISSING"* ]] || fail "other words"
	pod 126 run --rm box /etc
}

@test "podman: a rootless life, with exec, pause, logs, stop, rm" {
	quiet run -d --name life --stop-timeout 20 box
	quiet exec -u 1000:1000 -w /data -e A=b life sh -c 'id -u; pwd; echo $A'
	is $'1000\n/data\nb'
	quiet exec -t life tty
	is $'/dev/pts/0\r'
	pod 127 exec life nope
	quiet pause life
	quiet unpause life
	quiet top life pid
	until_true said life up
	quiet stop life
	same "$(inspect life '{{.State.Status}} {{.State.ExitCode}}')" "exited 3"
	quiet logs life
	is $'up\nended'
	quiet restart life
	quiet rm -f -t 0 life
}

@test "podman: user namespaces: keep-id, kept groups, mappings, nomap" {
	quiet run --rm --userns keep-id box sh -c 'id -u; id -g; touch /tmp/mine && stat -c %u /tmp/mine'
	is $'1000\n1000\n1000'
	quiet run --rm --userns keep-id:uid=33,gid=44 -v "$T:/t" box sh -c 'id -u; id -g; touch /t/made'
	is $'33\n44'
	same "$(stat -c %u:%g "$T/made")" "$(id -u):$(id -g)"
	quiet run --rm --group-add keep-groups box sh -c 'id -G | tr " " "\n" | grep -c .'
	same "$output" "$(id -G | tr ' ' '\n' | grep -c .)"
	quiet run --rm --uidmap 0:1:1000 --gidmap 0:1:1000 box sh -c 'sed "s/  */ /g" /proc/self/uid_map'
	is ' 0 1 1000'
	quiet run --rm --userns nomap box sh -c 'id -u; grep -c . /proc/self/uid_map'
	is $'0\n1'
}

@test "podman: rootless limits under the user's systemd" {
	local dir
	quiet run -d --name limits --memory 128m --memory-swap 128m --cpus 0.2 --pids-limit 7 box
	dir=$(cgroup_of "$(inspect limits '{{.State.Pid}}')")
	[[ $dir == */user@1000.service/user.slice/libpod-*.scope* ]] || fail "not below the user's systemd: $dir"
	same "$(cd "$dir" && cat memory.max memory.swap.max cpu.max pids.max | paste -sd ' ')" "134217728 0 20000 100000 7"
	quiet update --memory 64m --pids-limit 9 limits
	same "$(cd "$dir" && cat memory.max pids.max | paste -sd ' ')" "67108864 9"
	quiet exec limits cat /proc/self/cgroup
	is 0::/
	quiet rm -f -t 0 limits
	[ ! -e "$dir" ] || fail "its cgroup stays"
	PODMAN=(--cgroup-manager cgroupfs)
	# podman itself refuses it for runc.
	if unless runc; then
		quiet run --rm --cgroups disabled --cgroupns host box cat /proc/self/cgroup
		is "$(</proc/self/cgroup)"
	fi
	quiet run --rm box true
}

@test "podman: rootless cgroups: split, no-conmon" {
	quiet run --rm --cgroups no-conmon --cgroup-parent box.slice --cgroupns host box cat /proc/self/cgroup
	matches '^0::/user.slice/user-1000.slice/user@1000.service/box.slice/libpod-[0-9a-f]{64}.scope(/container)?$'
	systemd-run --user --quiet --wait --pipe -p Delegate=yes --unit=turtle-split podman --runtime "$RUNTIME" run --rm --cgroups split \
		--cgroupns host box cat /proc/self/cgroup >"$T/split" 3>&-
	same "$(sed 's/libpod-payload-[0-9a-f]*/PAYLOAD/' "$T/split")" \
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/turtle-split.service/PAYLOAD"
}

@test "podman: ten typical mistakes of a plain user's" {
	ten_mistakes
}

# The journal is no plain user's to read as long as it is in memory alone, as in this machine.
@test "podman: rootless logs, attach, stats, health asked by a timer" {
	quiet run -d -i --name l --log-driver json-file --health-cmd 'test -e /tmp/well' --health-interval 1s box \
		sh -c 'echo out; echo err >&2; read word; echo got $word; touch /tmp/well; exec daemon'
	timeout 60 podman attach l <<<word >"$T/attached" 2>&1 3>&- &
	until_line "$T/attached" "got word"
	until_true said l up
	call podman logs l
	same "$output/$stderr" $'out\ngot word\nup/err'
	# While a health check runs there is a process more.
	stats_between() { quiet stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsageBytes}}' l && matches '^l 2 [1-9].*iB / '; }
	until_true stats_between
	until_true eval '[ "$(inspect l "{{.State.Health.Status}}")" = healthy ]'
	quiet rm -f -t 0 l
}

@test "podman: rootless socket activation, preserved descriptors" {
	timeout 60 systemd-run --user --quiet --unit=turtle-socket --socket-property=ListenStream=127.0.0.1:8091 -p Type=exec \
		podman --runtime "$RUNTIME" run --rm --name heard box sh -c 'echo fds $LISTEN_FDS pid $LISTEN_PID; readlink /proc/self/fd/3; exec daemon' 3>&-
	call timeout 1 curl -s http://127.0.0.1:8091/
	# As a user who reads the journal of his own units.
	until_true said heard up
	said heard 'socket:\[[0-9]*\]'
	podman logs heard | grep -qx 'fds 1 pid 1' || fail "$(podman logs heard)"
	systemctl --user stop turtle-socket.socket
	quiet stop heard
	until_true eval '! podman container exists heard'
	same "$(timeout 60 podman --runtime "$RUNTIME" run --rm --preserve-fds 2 box sh -c 'cat <&3; cat <&4; for i in 5 6 7 8 9; do [ ! -e /proc/self/fd/$i ] || echo $i; done' \
		3< <(echo three) 4< <(echo four))" $'three\nfour'
}

@test "podman: rootless kube play" {
	pod_yaml >"$T/pod.yaml"
	quiet kube play "$T/pod.yaml"
	quiet exec kube-one sh -c "$POD_LOOK"
	has "${POD_FACTS[@]}"
	pod 0 kube down "$T/pod.yaml"
}

@test "podman: rootless volumes, devices, limits of a process, security" {
	mkdir "$T/v" "$T/own"
	echo host >"$T/v/file"
	pod 0 run --rm --user 1000 -v "$T/v:/ro:ro" -v "$T/own:/own:U" -v named:/data --tmpfs /x:size=1m --read-only --ulimit nofile=30:40 \
		--umask 077 --hostname named --device /dev/null:/dev/mine --cap-drop all --cap-add chown --security-opt no-new-privileges box sh -c '
		cat /ro/file; touch /ro/no; stat -c %u /own; cat /data/file; df -k /x | tail -1 | sed "s/  */ /g" | cut -d" " -f2; touch /no
		ulimit -n; umask; hostname; echo x >/dev/mine && echo device; grep -E "^(CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; touch /own/by-me'
	is $'host\n1000\ncontent\n1024\n30\n0077\nnamed\ndevice\nCapBnd:\t0000000000000001\nNoNewPrivs:\t1\nSeccomp:\t2'
	same "$stderr" $'touch: /ro/no: Read-only file system\ntouch: /no: Read-only file system'
	same "$(stat -c %u "$T/own/by-me")" 100999
	podman unshare rm -rf "$T/own"
}

@test "podman: rootless pods, network and a published port" {
	quiet pod create --name p --network pasta -p 127.0.0.1:8092:80
	quiet run -d --pod p --name web box httpd -f -p 80 -h /www
	until_true serves web
	quiet run --rm --pod p box wget -q -O - http://127.0.0.1/
	is hello
	same "$(curl -s http://127.0.0.1:8092/)" hello
	quiet pod rm -f -t 0 p
	needs_tables
	quiet network create tnet
	quiet run -d --name web --network tnet box httpd -f -p 80 -h /www
	until_true serves web
	quiet run --rm --network tnet box wget -q -O - http://web/
	is hello
	quiet rm -f -t 0 web
	quiet network rm tnet
}

@test "podman: rootless build, commit, cp" {
	printf 'FROM box\nRUN id -u >/made\nUSER ada\nRUN id -u >/tmp/who\nCMD cat /made /tmp/who\n' >"$T/Containerfile"
	pod 0 build --network none -t built -f "$T/Containerfile" "$T"
	quiet run --rm built
	is $'0\n1000'
	quiet run -d --name changed box
	echo new >"$T/new"
	quiet cp "$T/new" changed:/data/new
	quiet commit -q changed kept
	quiet rm -f -t 0 changed
	quiet run --rm kept cat /data/new
	is new
	quiet rmi kept built
}

@test "podman: a rootless quadlet unit that says when it is ready" {
	mkdir -p ~/.config/containers/systemd
	printf '[Container]\nImage=localhost/box\nContainerName=quad\nGlobalArgs=--runtime %s\nNotify=true\nNetwork=none\nExec=sh -c "notify say READY=1 && exec daemon"\n[Quadlet]\nDefaultDependencies=false\n' \
		"$RUNTIME" >~/.config/containers/systemd/quad.container
	systemctl --user daemon-reload
	timeout 100 systemctl --user start quad 3>&-
	same "$(systemctl --user show -p ActiveState --value quad)" active
	same "$(inspect quad '{{.OCIRuntime}} {{.State.Status}}')" "$RUNTIME running"
	quiet exec quad true
	timeout 60 systemctl --user stop quad
	rm ~/.config/containers/systemd/quad.container
	systemctl --user daemon-reload
	pod 1 container exists quad
}
