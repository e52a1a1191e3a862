# SPDX-License-Identifier: Apache-2.0
# What engines read: error records, exit codes and the words that they look for in a message. Each engine's reading is
# done here as it does it, so that a test says what people will see: the exit code of `podman run` or of `docker exec`.

load helpers

# recorded COMMAND...: runs it as podman and containerd do, and has its error record in $message.
recorded()
{
	rm -f "$T/log"
	call turtle --log "$T/log" --log-format json "$@"
	[ "$status" -ne 0 ] || fail "it did not fail"
	# podman: the whole file is one object; a second one, or a warning, would spoil it.
	jq -se 'length == 1 and (.[0] | keys == ["level", "msg", "time"]) and .[0].level == "error"' "$T/log" >/dev/null ||
		fail "not one error record: $(<"$T/log")"
	# containerd: a time that is not RFC 3339 makes it throw all of it away.
	jq -e '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")' "$T/log" \
		>/dev/null || fail "the time is not RFC 3339: $(<"$T/log")"
	[ "$(date -d "$(jq -r .time "$T/log")" +%s)" -ge "$(($(date +%s) - 60))" ] || fail "another time: $(<"$T/log")"
	message=$(jq -r .msg "$T/log")
	# conmon shows stderr where podman could not read the log: the same text, and nothing else.
	# It stays one line there.
	local line=${message//$'\n'/\\n}
	[ "$stderr" = "turtle: ${line//$'\t'/\\x09}" ] || fail "stderr is another text than: $message"
	# Only who has used it wrongly gets help.
	[ -z "$output" ] || [[ $output == "Incorrect Usage"* ]] || fail "words on stdout"
}

# podman_code: podman/libpod/oci_util.go and define/exec_codes.go, by the first line that matches.
podman_code()
{
	if grep -qiE 'permission denied|operation not permitted' <<<"$message"; then
		echo 126
	elif grep -qiE 'executable file not found in|no such file or directory|open executable' <<<"$message"; then
		echo 127
	elif grep -qiE 'not found|executable path is empty|no such file' <<<"$message"; then
		echo 127
	else
		echo 126
	fi
}

# docker_code: moby/daemon/errors.go.
docker_code()
{
	case ${message,,} in
	*'executable file not found'* | *'no such file or directory'* | *'system cannot find the file specified'* | *'not a directory'*) echo 127 ;;
	*'permission denied'* | *'is a directory'*) echo 126 ;;
	*) echo 128 ;;
	esac
}

# seen PODMAN DOCKER
seen()
{
	same "$(podman_code)" "$1" "podman's exit code of '$message'"
	same "$(docker_code)" "$2" "docker's exit code of '$message'"
}

# program NAME: the container's process, and one of exec; both must tell the same.
program()
{
	config --arg name "$1" '.process.args = [$name]'
	recorded run box
	same "$status" 1
	[ ! -e "$STATE/box" ] || fail "the container is still there"
}

exec_program()
{
	recorded exec alive "$1"
	same "$status" 255
	[[ $message == "exec failed: "* ]] || fail "another beginning: $message"
}

# A second container for exec.
alive()
{
	new_bundle "$T/alive" alive
	(cd "$T/alive" && args sleep 1000 && ok turtle run -d alive)
}

@test "engines: a program that is not there" {
	args x
	alive
	program nowhere
	seen 127 127
	[[ $message == *'exec: "nowhere": executable file not found in $PATH'* ]] || fail "another text: $message"
	program ''
	seen 127 127
	program /no/where
	seen 127 127
	[[ ${message,,} == *'"/no/where"'*'no such file or directory'* ]] || fail "another text: $message"
	exec_program nowhere
	seen 127 127
	[[ $message == *'exec: "nowhere": executable file not found in $PATH'* ]] || fail "another text: $message"
	exec_program /no/where
	seen 127 127
}

@test "engines: a program that can't be executed" {
	args x
	echo '#!/bin/sh' >"$ROOTFS/etc/script"
	chmod 644 "$ROOTFS/etc/script"
	alive
	cp -p "$ROOTFS/etc/script" "$T/alive/rootfs/etc/script"
	program /etc/script
	seen 126 126
	exec_program /etc/script
	seen 126 126
	# podman wants a directory to be 126 with these words, docker to be one.
	program /etc
	same "$(podman_code)" 126
	same "$(docker_code)" 126
	exec_program /etc
	same "$(podman_code)" 126
	same "$(docker_code)" 126
	program /etc/passwd/x
	same "$(docker_code)" 127
}

@test "engines: an interpreter that is not there" {
	args x
	printf '#!/no/interpreter\n' >"$ROOTFS/etc/script"
	chmod 755 "$ROOTFS/etc/script"
	program /etc/script
	seen 127 127
}

@test "engines: a working directory that is not there, for exec" {
	args x
	alive
	recorded exec --cwd /no/where alive true
	same "$status" 255
	seen 127 127
	[[ $message == *'/no/where'* ]] || fail "the directory is not named: $message"
}

@test "engines: a rootfs, a bundle and a mount source that are not there" {
	args true
	config '.mounts += [{destination: "/x", type: "bind", source: "/no/where", options: ["bind"]}]'
	recorded run box
	[[ ${message,,} == *'/no/where'*'no such file or directory'* ]] || fail "another text: $message"
	config 'del(.mounts[-1]) | .root.path = "nowhere"'
	recorded create box
	[[ ${message,,} == *'no such file or directory'* ]] || fail "another text: $message"
	recorded create --bundle "$T/no-bundle" box
	rm config.json
	recorded create box
	[[ $message == *'JSON specification file config.json not found'* || ${message,,} == *'config.json'*'no such file'* ]] ||
		fail "another text: $message"
}

@test "engines: a container that has ended, for containerd and CRI-O" {
	args true
	ok turtle run -d box
	until_true stopped box
	# Both compare a part of the text, and take the container for gone.
	recorded kill box 15
	[[ $message == *'container not running'* || $message == *'os: process already finished'* || ${message,,} == *'no such process'* ]] ||
		fail "another text: $message"
	recorded exec box true
	[[ $message == *'cannot exec in a stopped container'* || $message == *'container not running'* ]] || fail "another text: $message"
	recorded pause box
	[[ $message == *'container not running'* ]] || fail "another text: $message"
	recorded update --memory 10m box
	[[ $message == *'container not running'* ]] || fail "another text: $message"
	recorded start box
	[[ $message == *'cannot start a container that has stopped'* ]] || fail "another text: $message"
}

@test "engines: a container that is not there, for every command" {
	local command
	for command in start state kill delete pause resume ps 'exec box true' 'events --stats box' 'update --memory 10m box'; do
		# shellcheck disable=SC2086 # words
		if [[ $command == *' '* ]]; then recorded $command; else recorded "$command" box; fi
		[[ $message == *'container does not exist' ]] || fail "$command: another text: $message"
	done
	# podman rm -f and containerd's clean-up must not see an error, nor a word.
	ok turtle delete --force box
	[ -z "$output" ] || fail "words on stdout"
}

@test "engines: a container that is there already, runs already, or can't be deleted" {
	args sleep 1000
	ok turtle create box
	recorded create box
	[[ $message == *'container with given ID already exists'* ]] || fail "another text: $message"
	ok turtle start box
	recorded start box
	[[ $message == *'cannot start an already running container'* ]] || fail "another text: $message"
	recorded delete box
	[[ $message == *'cannot delete container box that is not stopped: running'* ]] || fail "another text: $message"
	recorded resume box
	[[ $message == *'container not paused'* ]] || fail "another text: $message"
}

@test "engines: podman asks for options by the text of an error, and by help" {
	call turtle create --bundle
	same "$status" 1
	[[ $output$stderr == *'flag needs an argument'* ]] || fail "another text"
	recorded create --bundle
	[[ $message == *'flag needs an argument: --bundle'* ]] || fail "another text: $message"
	recorded nonsense
	same "$status" 3
}

@test "engines: a refused device, cgroup or limit is one record, too" {
	args true
	config '.linux.resources.memory.limit = 1099511627776 | .linux.resources.unified = {"no.such": "1"}'
	recorded run box
	config '.linux.resources = {} | .process.capabilities.bounding = 7'
	recorded run box
	[[ $message == *'process.capabilities.bounding'*'config.json:'* ]] || fail "another text: $message"
	echo '{' >config.json
	recorded run box
}

@test "engines: the failure of a hook is one record, whatever it prints" {
	printf '#!/bin/sh\nprintf "a\\nb\\t\\"c\\" \\303\\244 \\377\\n{}"\necho error >&2\nexit 7\n' >"$T/hook"
	chmod +x "$T/hook"
	args true
	config --arg hook "$T/hook" '.hooks.createRuntime = [{path: $hook}]'
	recorded run box
	[[ $message == *'error running createRuntime hook #0: exit status 7'* ]] || fail "another text: $message"
}

@test "engines: of two failures with one log the last record is the new one" {
	args nowhere
	call turtle --log "$T/log" --log-format json run box
	args /etc
	call turtle --log "$T/log" --log-format json run box
	same "$(jq -s 'map(select(.level == "error")) | length' "$T/log")" 2
	jq -se '.[-1].msg | contains("/etc")' "$T/log" >/dev/null || fail "another record: $(<"$T/log")"
}

@test "engines: nothing is logged and nothing printed by what succeeds" {
	args sleep 1000
	silent()
	{
		ok turtle --log "$T/log" --log-format json "$@"
		[ ! -s "$T/log" ] || fail "$1 logged: $(<"$T/log")"
	}
	quiet()
	{
		silent "$@"
		[ -z "$output" ] || fail "$1 printed"
	}
	quiet create --pid-file "$T/pid" box
	silent state box
	quiet start box
	quiet exec --detach --pid-file "$T/exec-pid" box sleep 1000
	silent exec box true
	silent ps box
	silent events --stats box
	silent list
	silent features
	quiet kill --all box KILL
	until_true stopped box
	quiet delete box
	# The numbers are bare: an engine converts the file's bytes.
	[[ $(od -An -c <"$T/pid") != *'\n'* && $(<"$T/pid") =~ ^[0-9]+$ ]] || fail "the pid file: $(<"$T/pid")"
	[[ $(od -An -c <"$T/exec-pid") != *'\n'* && $(<"$T/exec-pid") =~ ^[0-9]+$ ]] || fail "the pid file of exec"
}

@test "engines: docker and CRI-O read the version and the features, stderr included" {
	call sh -c '"$0" --version 2>&1' "$TURTLE"
	matches '^turtle version [0-9]' '^spec: [0-9]'
	# docker takes the last word of the line that has "version" in it, and there must be only one.
	same "$(grep -c version "$T/out")" 1
	# CRI-O and containerd.
	call sh -c '"$0" features 2>&1' "$TURTLE"
	jq -e '.ociVersionMin != "" and .ociVersionMax != "" and (.mountOptions | index("rro") != null)
		and (.linux.namespaces | index("user") != null) and (.linux.mountExtensions.idmap.enabled | type == "boolean")' "$T/out" >/dev/null ||
		fail "they would not read it so"
}
