#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AppArmor with profiles that are loaded, each of which denies one file: for the container's process and those of exec.
load ../../integration/helpers

setup()
{
	[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ] || skip "there is no AppArmor"
	box_setup
	local name
	for name in a b; do
		apparmor_parser -Kr <<-END
			profile turtle-test-$name flags=(attach_disconnected,mediate_deleted) {
				file,
				capability,
				network,
				signal,
				unix,
				deny /secret-of-$name r,
			}
		END
		echo "secret of $name" >"$ROOTFS/secret-of-$name"
	done
	LOOK=(sh -c 'cat /proc/self/attr/current /secret-of-a /secret-of-b 2>&1; true')
}

A=$'turtle-test-a (enforce)\ncat: can\'t open \'/secret-of-a\': Permission denied\nsecret of b'
B=$'turtle-test-b (enforce)\nsecret of a\ncat: can\'t open \'/secret-of-b\': Permission denied'

@test "apparmor: the profile is the process's, whoever it is" {
	config '.process.apparmorProfile = "turtle-test-a"'
	box "${LOOK[@]}"
	is "$A"
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.noNewPrivileges = false'
	ok turtle run box
	is "$A"
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 300000, "size": 2000}]
		| .linux.gidMappings = .linux.uidMappings'
	ok turtle run box
	is "$A"
	config '.process.apparmorProfile = "unconfined"'
	ok turtle run box
	is $'unconfined\nsecret of a\nsecret of b'
}

@test "apparmor: startContainer hooks are under it, those of the host are not" {
	config --arg t "$T" '.process.apparmorProfile = "turtle-test-a" | .hooks = {
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >\($t)/host"]}],
		createContainer: [{path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >\($t)/create"]}],
		startContainer: [{path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >/dev/shm/start"]}]}'
	box cat /dev/shm/start
	is "turtle-test-a (enforce)"
	same "$(<"$T/host")" unconfined
	same "$(<"$T/create")" unconfined
}

@test "apparmor: exec has the container's, or its own" {
	config '.process.apparmorProfile = "turtle-test-a"'
	hold
	same "$(<"/proc/$(init_pid)/attr/current")" "turtle-test-a (enforce)"
	ok turtle exec box "${LOOK[@]}"
	is "$A"
	ok turtle exec --apparmor turtle-test-b box "${LOOK[@]}"
	is "$B"
	ok turtle exec --apparmor turtle-test-b -u 1000 box "${LOOK[@]}"
	is "$B"
	jq -n '{cwd: "/", env: ["PATH=/bin"], args: $ARGS.positional, apparmorProfile: "turtle-test-b"}' --args -- "${LOOK[@]}" >"$T/process.json"
	ok turtle exec --process "$T/process.json" box
	is "$B"
	jq 'del(.apparmorProfile)' "$T/process.json" >"$T/other.json"
	ok turtle exec --process "$T/other.json" box
	is "$A"
}

@test "apparmor: a profile that is not loaded leaves nothing" {
	local name
	args true
	for name in turtle-test-nonsense turtle-test-a//nonsense turtle-test $'a\tb' ":nowhere:a" "$(printf '%0250d' 7)"; do
		config --arg name "$name" '.process.apparmorProfile = $name'
		box_refused 'AppArmor profile "'
		[[ $stderr == *'`/proc/thread-self/attr/apparmor/exec`: No such file or directory (the profile is not loaded)'* ]] ||
			fail "not explained"
	done
	config --arg name "$(printf '%0300d' 7)" '.process.apparmorProfile = $name'
	box_refused 'name too long'
	config '.process.apparmorProfile = "a\nb"'
	box_refused 'process.apparmorProfile: there is a line break in the name'
	config 'del(.process.apparmorProfile)'
	args /probe wait
	ok turtle run -d box
	exec_refused '(the profile is not loaded)' --apparmor turtle-test-nonsense box true
	ok turtle exec box cat /proc/self/attr/current
	is unconfined
}

@test "apparmor: a decoy at /proc is told nothing" {
	config '.process.apparmorProfile = "turtle-test-a" | .mounts |= map(select(.destination != "/proc"))'
	mkdir -p "$ROOTFS"/proc/{self,thread-self}/attr/apparmor
	echo untouched | tee "$ROOTFS"/proc/{self,thread-self}/attr/apparmor/exec >"$ROOTFS/proc/thread-self/attr/exec"
	args /probe wait
	ok turtle run -d box
	same "$(<"/proc/$(init_pid)/attr/current")" "turtle-test-a (enforce)"
	ok turtle exec box cat /proc/self/attr/apparmor/exec /proc/thread-self/attr/apparmor/exec /proc/thread-self/attr/exec
	is $'untouched\nuntouched\nuntouched'
}
