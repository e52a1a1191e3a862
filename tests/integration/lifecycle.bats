# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list: the states, the words for what can't be, and what is left: nothing.
load helpers

# up [ID]: a running container that ends at SIGTERM.
up()
{
	args /probe wait
	ok turtle run -d "${1:-box}"
	until_line "$T/out" up
}

@test "lifecycle: created, running, stopped, gone" {
	args /probe wait
	ok turtle create box
	same "$(state_of box)" created
	ok turtle start box
	same "$(state_of box)" running
	ok turtle kill box
	until_true stopped box
	ok turtle delete box
	refused "container does not exist" turtle state box
}

@test "lifecycle: the process does not run before start" {
	args touch /mark
	config '.root.readonly = false'
	ok turtle create box
	[ ! -e "$ROOTFS/mark" ] || fail "it ran at create"
	ok turtle start box
	until_true [ -e "$ROOTFS/mark" ]
}

@test "lifecycle: state prints the keys of the specification" {
	config '.annotations = {"org.example.a": "1", "b": "two words"}'
	args /probe wait
	ok turtle create box
	ok turtle state box
	same "$(jq -c 'keys_unsorted' <<<"$output")" '["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner"]'
	same "$(jq -r .ociVersion <<<"$output")" 1.3.0
	same "$(jq -r .id <<<"$output")" box
	same "$(jq -r .bundle <<<"$output")" "$(readlink -f "$BUNDLE")"
	same "$(jq -r .rootfs <<<"$output")" "$(readlink -f "$ROOTFS")"
	same "$(jq -c .annotations <<<"$output")" '{"org.example.a":"1","b":"two words"}'
	[[ $(jq -r .created <<<"$output") =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z$ ]] || fail "created: $(jq .created <<<"$output")"
	local pid
	pid=$(jq .pid <<<"$output")
	grep -q "$CGROUP\$" "/proc/$pid/cgroup" || fail "pid $pid is not the container's"
	# With a systemd unit, as crun names it.
	cp "$STATE/box/state.json" "$T/kept"
	jq '.container.cgroupManager = "systemd" | .container.systemdUnit = "t-box.scope"' "$T/kept" >"$STATE/box/state.json"
	ok turtle state box
	same "$(jq -r '."systemd-scope"' <<<"$output")" t-box.scope
	cp "$T/kept" "$STATE/box/state.json"
	config 'del(.annotations)'
	ok turtle delete -f box
	ok turtle create box
	ok turtle state box
	same "$(jq -c 'has("annotations")' <<<"$output")" false
}

@test "lifecycle: the state, the list and hooks name the version that the configuration has" {
	config --arg said "$T/said" '.ociVersion = "1.0.2-dev" | .hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >" + $said]}]'
	args true
	ok turtle create box
	same "$(jq -r .ociVersion "$T/said")" 1.0.2-dev
	same "$(turtle state box | jq -r .ociVersion)" 1.0.2-dev
	same "$(turtle list --format json | jq -r '.[0].ociVersion')" 1.0.2-dev
}

@test "lifecycle: pid is 0 when stopped" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	same "$(init_pid)" 0
	ok turtle delete box
}

@test "lifecycle: a zombie is stopped" {
	# Its parent is this shell's child, which does not wait.
	args /probe wait
	sh -c 'shift; exec 3>&- 4>&-; "$0" --root "$1" run --no-subreaper=false --keep box >/dev/null 2>&1 & exec sleep 100' "$TURTLE" x "$STATE" 2>/dev/null &
	until_true [ -d "$STATE/box" ]
	until_true eval '[ "$(state_of box)" = running ]'
	local pid
	pid=$(init_pid)
	# The runtime that would reap it is stopped, so init stays a zombie once it is killed.
	local parent
	parent=$(awk '{ print $4 }' "/proc/$pid/stat")
	kill -STOP "$parent"
	ok turtle kill box KILL
	until_true stopped box
	same "$(awk '{ print $3 }' "/proc/$pid/stat")" Z
	same "$(init_pid)" 0
	refused "container not running" turtle kill box
	ok turtle delete box
	kill -KILL "$parent"
}

@test "lifecycle: of two creates with one id the second is refused" {
	args /probe wait
	ok turtle create box
	refused "container with given ID already exists" turtle create box
	refused "container with given ID already exists" turtle run box
	same "$(state_of box)" created
	ok turtle start box
	same "$(state_of box)" running
}

@test "lifecycle: start needs a created container" {
	refused "container does not exist" turtle start box
	up
	refused "cannot start an already running container" turtle start box
	ok turtle kill box KILL
	until_true stopped box
	refused "cannot start a container that has stopped" turtle start box
}

@test "lifecycle: start of a container whose init was killed" {
	args true
	ok turtle create box
	kill -KILL "$(init_pid)"
	until_true stopped box
	refused "cannot start a container that has stopped" turtle start box
	ok turtle delete box
}

@test "lifecycle: delete refuses what runs, unless forced" {
	up
	refused "cannot delete container box that is not stopped: running" turtle delete box
	same "$(state_of box)" running
	local pid
	pid=$(init_pid)
	ok turtle delete --force box
	[ ! -e "/proc/$pid/root/bin" ] || fail "init lives"
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
	[ ! -e "$STATE/box" ] || fail "its state stays"
}

@test "lifecycle: delete of a created container kills it" {
	args /probe wait
	ok turtle create box
	local pid
	pid=$(init_pid)
	ok turtle delete box
	[ ! -e "/proc/$pid/root/bin" ] || fail "init lives"
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "lifecycle: an unknown id" {
	refused "container does not exist" turtle delete box
	ok turtle delete --force box
	refused "container does not exist" turtle state box
	refused "container does not exist" turtle kill box
	refused "container does not exist" turtle kill box KILL
	[ ! -e "$STATE/box" ] || fail "asking made it"
}

@test "lifecycle: kill takes signals by number and by name" {
	args /probe signals
	turtle run -d box >"$T/container" 2>&1
	until_line "$T/container" ready
	ok turtle kill box 10
	until_line "$T/container" "got 10"
	ok turtle kill box SIGUSR2
	until_line "$T/container" "got 12"
	ok turtle kill box hup
	until_line "$T/container" "got 01"
	ok turtle kill box sigWinch
	until_line "$T/container" "got 28"
	ok turtle kill box
	until_line "$T/container" "got 15"
	until_true stopped box
}

@test "lifecycle: kill refuses signals that are none" {
	up
	refused 'unknown signal "FROB"' turtle kill box FROB
	refused 'unknown signal "999"' turtle kill box 999
	refused 'unknown signal "-1"' turtle kill -- box -1
	refused 'unknown signal ""' turtle kill box ""
	refused 'unknown signal "9x"' turtle kill box 9x
	same "$(state_of box)" running
}

@test "lifecycle: kill of a stopped container, with and without --all" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	refused "container not running" turtle kill box KILL
	ok turtle kill --all box KILL
}

@test "lifecycle: kill of a created container" {
	args true
	ok turtle create box
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
}

@test "lifecycle: kill --all reaches every process" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /probe forks 3
	ok turtle run -d box
	until_line "$T/out" up
	same "$(wc -l <"$CGROUP_DIR/cgroup.procs")" 4
	ok turtle kill --all box KILL
	until_true eval '[ "$(wc -l <"$CGROUP_DIR/cgroup.procs")" = 0 ]'
	ok turtle delete box
}

@test "lifecycle: without a pid namespace delete --force takes the children too" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /probe forks 3
	ok turtle run -d box
	until_line "$T/out" up
	local pids
	mapfile -t pids <"$CGROUP_DIR/cgroup.procs"
	same "${#pids[@]}" 4
	ok turtle delete --force box
	local pid
	for pid in "${pids[@]}"; do
		[ ! -e "/proc/$pid/exe" ] || fail "$pid lives"
	done
}

@test "lifecycle: the pid file holds the pid and no newline" {
	args /probe wait
	umask 022
	ok turtle create --pid-file "$T/pid" box
	same "$(<"$T/pid")" "$(init_pid)"
	same "$(stat -c '%s %a' "$T/pid")" "$(init_pid | tr -d '\n' | wc -c) 644"
}

@test "lifecycle: the pid file is replaced, never followed, and leaves no other file" {
	args /probe wait
	mkdir "$T/pids"
	echo precious >"$T/precious"
	ln -s "$T/precious" "$T/pids/box.pid"
	ok turtle create --pid-file "$T/pids/box.pid" box
	same "$(<"$T/precious")" precious
	same "$(<"$T/pids/box.pid")" "$(init_pid)"
	same "$(ls -A "$T/pids")" box.pid
}

@test "lifecycle: a pid file that can't be written fails the create" {
	args true
	refused "$T/none/box.pid" turtle create --pid-file "$T/none/box.pid" box
	[ ! -e "$STATE/box" ] || fail "its state stays"
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
	refused "$T/none/box.pid" turtle run --pid-file "$T/none/box.pid" box
}

@test "lifecycle: no pid file after a failed create" {
	args true
	config '.hooks.createRuntime = [{"path": "/bin/false"}]'
	refused "createRuntime" turtle create --pid-file "$T/pid" box
	[ ! -e "$T/pid" ] || fail "a pid file stays"
}

@test "lifecycle: ids of every allowed character" {
	args true
	local id
	for id in a A.b_c+d-e -x 0 ..a "$(printf 'n%.0s' {1..200})"; do
		ok turtle run -- "$id"
	done
}

@test "lifecycle: ids that are none, for every command" {
	args true
	local id verb
	for id in . .. a/b ../a /a "a b" $'a\n' 'a$b' 'a:b' '@x' 'ä'; do
		for verb in create run start state kill delete "delete --force"; do
			# shellcheck disable=SC2086
			refused "invalid container ID format" turtle $verb -- "$id"
		done
	done
	# One that is too long for a file's name.
	id=$(printf 'n%.0s' {1..256})
	for verb in create run start state kill; do
		call turtle "$verb" "$id"
		same "$status" 1
	done
	refused "container id cannot be empty" turtle create ""
	refused "container id cannot be empty" turtle delete ""
	[ ! -e "$STATE" ] || [ -z "$(ls -A "$STATE" | grep -v '^@')" ] || fail "something was made: $(ls -A "$STATE")"
}

@test "lifecycle: a missing bundle, config.json or root filesystem" {
	args true
	cd /
	refused "$T/missing" turtle create -b "$T/missing" box
	mkdir "$T/empty"
	refused "JSON specification file config.json not found" turtle create -b "$T/empty" box
	cp "$BUNDLE/config.json" "$T/empty"
	refused "rootfs" turtle create -b "$T/empty" box
	refused "no such file or directory" turtle run -b "$T/empty" box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "lifecycle: a root filesystem that is a file or a symlink" {
	args true
	mv rootfs real
	echo file >rootfs
	refused "rootfs" turtle create box
	refused "not a directory" turtle create box
	rm rootfs
	ln -s real rootfs
	refused "rootfs" turtle create box
	rm rootfs
	mv real rootfs
	ok turtle run box
}

@test "lifecycle: a bundle that is a file, and a bundle through a symlink" {
	args true
	refused "not a directory" turtle create -b "$BUNDLE/config.json" box
	ln -s "$BUNDLE" "$T/link"
	ok turtle create -b "$T/link" box
	same "$(state_of box bundle)" "$(readlink -f "$BUNDLE")"
}

@test "lifecycle: a config.json that can't be read is an error with its place" {
	echo '{"ociVersion": "1.3.0", "process": {"args": [1]}}' >config.json
	refused "process.args[0]" turtle create box
	[[ $stderr == *config.json:1:* ]] || fail "no line and column"
	echo '{"ociVersion": ' >config.json
	refused "config.json" turtle create box
	: >config.json
	refused "config.json" turtle create box
	rm config.json
	mkfifo config.json
	refused "config.json" turtle create box
	rm config.json
	mkdir config.json
	refused "config.json" turtle create box
	rmdir config.json
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "lifecycle: --config names another configuration" {
	args echo mine
	mv config.json "$T/other.json"
	ok turtle run --config "$T/other.json" box
	is mine
	(cd "$T" && turtle run --bundle "$BUNDLE" --config other.json box >"$T/relative")
	same "$(<"$T/relative")" mine
}

@test "lifecycle: what must be there is asked for" {
	args true
	cp config.json good
	# The specification asks for a process only where it is started.
	config 'del(.process)'
	call turtle create box
	if [ "$status" -eq 0 ]; then
		refused "process property must not be empty" turtle start box
		ok turtle delete --force box
	else
		[[ $stderr == *"process property must not be empty"* ]] || fail "other words"
	fi
	refused "process property must not be empty" turtle run box
	jq '.process.args = []' good >config.json
	refused "args must not be empty" turtle create box
	jq '.process.cwd = "here"' good >config.json
	refused "Cwd must be an absolute path" turtle create box
	jq 'del(.root)' good >config.json
	refused "root" turtle create box
	jq 'del(.ociVersion)' good >config.json
	refused "ociVersion" turtle create box
}

@test "lifecycle: the configuration is read once" {
	config '.hostname = "first"'
	args hostname
	turtle create box >"$T/container" 2>&1
	echo broken >config.json
	ok turtle start box
	until_true stopped box
	same "$(<"$T/container")" first
	ok turtle delete box
}

@test "lifecycle: unknown properties and other platforms are ignored" {
	config '.frob = {"x": [1, {"y": null}]} | .linux.frob = 7 | .windows = {"layerFolders": ["x"]} | .vm = {"kernel": {"path": "/x"}}
		| .zos = {} | .ociVersion = "1.9.3"'
	box echo fine
	is fine
}

@test "lifecycle: unknown limits are ignored, those beside them are not" {
	config '.linux.resources += {"frob": {"limit": 1}, "memory": {"frob": -7}} | .linux.resources.devices += [{"allow": true, "type": "c",
		"major": 1, "minor": 11, "access": "r", "frob": "x"}] | .linux.devices = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}] |
		.process.capabilities |= map_values(. + ["CAP_SYSLOG"])'
	box sh -c '/probe open /dev/kmsg r; /probe open /dev/kmsg rw'
	is $'ok\nEPERM'
}

@test "lifecycle: what only Windows has does nothing" {
	config '.process.commandLine = "cmd /c exit 3" | .process.user = {"uid": 0, "gid": 0, "username": "nobody"}'
	box sh -c 'id -u; echo "<$USER>"'
	is $'0\n<>'
}

@test "lifecycle: list as a table" {
	args /probe wait
	ok turtle create box
	new_bundle "$T/second" other
	(cd "$T/second" && args /probe wait)
	ok turtle run -d --bundle "$T/second" another
	ok turtle list
	matches '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$' \
		"^another +$(init_pid another) +running +$T/second +20[0-9T:.-]+Z +root\$" \
		"^box +$(init_pid) +created +$BUNDLE +20[0-9T:.-]+Z +root\$"
	same "$(sed -n 2p <<<"$output" | cut -c1-7)" another
	ok turtle list -q
	is $'another\nbox'
	ok turtle list --quiet
	is $'another\nbox'
}

@test "lifecycle: list as JSON" {
	mkdir -m 700 "$STATE"
	ok turtle list --format json
	is null
	args /probe wait
	config '.annotations = {"a": "b"}'
	ok turtle create box
	ok turtle list --format=json
	same "$(wc -l <<<"$output")" 1
	same "$(jq -c '[.[] | .ociVersion, .id, .pid, .status, .bundle, .annotations, .owner]' <<<"$output")" \
		"[\"1.3.0\",\"box\",$(init_pid),\"created\",\"$BUNDLE\",{\"a\":\"b\"},\"root\"]"
	refused "xml" turtle list --format xml
}

@test "lifecycle: list of no directory" {
	refused "$T/none" "$TURTLE" --root "$T/none" list
	[ ! -e "$T/none" ] || fail "asking made it"
	ok unshare --mount --propagation private sh -c 'mount -t tmpfs none /run && exec "$0" list -q' "$TURTLE"
	is ""
}

@test "lifecycle: list goes on over entries that it can't read" {
	args /probe wait
	ok turtle create box
	mkdir "$STATE/broken"
	echo '{"id":' >"$STATE/broken/state.json"
	echo nothing >"$STATE/file"
	call turtle list -q
	same "$status" 0
	has box
	hasnt file
	call turtle list --format json
	same "$(jq -r '.[] | select(.status == "created") | .id' <<<"$output")" box
	# Nobody can tell what it was; `delete --force` may say so.
	rm -r "$STATE/file" "$STATE/broken"
}

@test "lifecycle: a corrupt state file: an error, and delete --force cleans up" {
	up
	local size cut
	size=$(stat -c %s "$STATE/box/state.json")
	cp "$STATE/box/state.json" "$T/good"
	for cut in 0 1 $((size / 3)) $((size / 2)) $((size - 4)); do
		head -c "$cut" "$T/good" >"$STATE/box/state.json"
		call turtle state box
		same "$status" 1
		[ -n "$stderr" ] || fail "an error without words"
		call turtle kill box KILL
		same "$status" 1
	done
	call turtle delete --force box
	if [ "$status" -ne 0 ]; then
		[ -d "$STATE/box" ] || fail "an error, but the state is gone"
		cp "$T/good" "$STATE/box/state.json"
		ok turtle delete --force box
	fi
	[ ! -e "$CGROUP_DIR" ] || [ ! -s "$CGROUP_DIR/cgroup.procs" ] || fail "it lives, and nobody knows of it"
}

@test "lifecycle: an empty state directory is deleted" {
	mkdir -p "$STATE/box"
	chmod 700 "$STATE"
	call turtle state box
	same "$status" 1
	ok turtle delete --force box
	[ ! -e "$STATE/box" ] || fail "it stays"
}

@test "lifecycle: a full state directory: one error and nothing left" {
	args /probe wait
	call unshare --mount --propagation private sh -c '
		mkdir "$2" && mount -t tmpfs -o size=4k,nr_inodes=2,mode=700 none "$2" || exit 99
		"$0" --root "$2" create box >"$1/o" 2>"$1/e"; echo "create $?"
		ls -A "$2"
		umount "$2"; rmdir "$2"' "$TURTLE" "$T" "$STATE"
	same "$status" 0
	is "create 1"
	same "$(wc -l <"$T/e")" 1
	grep -q "No space left" "$T/e" || fail "$(<"$T/e")"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
}

@test "lifecycle: what runs can be killed and deleted when the state directory is full" {
	args /probe wait
	call unshare --mount --propagation private sh -c '
		mkdir "$2" && mount -t tmpfs -o size=256k,mode=700 none "$2" || exit 99
		"$0" --root "$2" run -d box >/dev/null 2>"$1/e" || { cat "$1/e"; exit 98; }
		dd if=/dev/zero of="$2/fill" bs=4k 2>/dev/null
		rest=$("$0" --root "$2" state box | grep -c running)
		"$0" --root "$2" kill box KILL; echo "kill $?"
		"$0" --root "$2" delete --force box; echo "delete $? $rest"
		umount "$2"; rmdir "$2"' "$TURTLE" "$T" "$STATE"
	same "$status" 0
	is $'kill 0\ndelete 0 1'
}

@test "lifecycle: the state of another boot is stopped, and nothing is killed for it" {
	up
	sleep 100 3>&- &
	local stranger=$! boot
	boot=$(</proc/sys/kernel/random/boot_id)
	mkdir -m 711 "$STATE/old"
	sed "s/$boot/00000000-0000-4000-8000-000000000000/; s/\"pid\": *[0-9]*/\"pid\": $stranger/; s/\"id\": *\"box\"/\"id\": \"old\"/" \
		"$STATE/box/state.json" >"$STATE/old/state.json"
	same "$(state_of old)" stopped
	ok turtle delete --force old
	kill -0 "$stranger" || fail "a stranger was killed"
	same "$(state_of box)" running
}

@test "lifecycle: another process with init's old pid is a stranger" {
	args true
	ok turtle create box
	ok turtle kill box KILL
	until_true stopped box
	sleep 100 3>&- &
	local stranger=$!
	jq --argjson pid "$stranger" '.pid = $pid' "$STATE/box/state.json" >"$T/state" && cp "$T/state" "$STATE/box/state.json"
	same "$(state_of box)" stopped
	refused "container not running" turtle kill box KILL
	ok turtle delete --force box
	kill -0 "$stranger" || fail "a stranger was killed"
}

@test "lifecycle: an id can be used again at once" {
	local i
	args true
	for i in 1 2 3 4 5; do
		ok turtle create box
		ok turtle delete --force box
	done
	ok turtle run box
}

@test "lifecycle: other containers are not touched" {
	args /probe wait
	ok turtle run -d box
	local pid mounts
	pid=$(init_pid)
	mounts=$(<"/proc/$pid/mountinfo")
	new_bundle "$T/second" other
	(cd "$T/second" && args true)
	ok turtle run --bundle "$T/second" other
	ok turtle create --bundle "$T/second" other
	ok turtle delete --force other
	same "$(init_pid)" "$pid"
	same "$(<"/proc/$pid/mountinfo")" "$mounts"
}

@test "lifecycle: delete --regex takes every match and nothing else" {
	args /probe wait
	local name
	for name in one two three; do
		new_bundle "$T/$name" "$name"
		(cd "$T/$name" && args /probe wait)
		ok turtle create --bundle "$T/$name" "$name"
	done
	ok turtle delete --force --regex '^t'
	ok turtle list -q
	is one
	call turtle delete --regex '('
	same "$status" 1
}

@test "lifecycle: killed before the first side effect, the id can be deleted" {
	# What a runtime leaves that is killed right after mkdir.
	mkdir -p -m 700 "$STATE"
	mkdir -m 711 "$STATE/box"
	refused "container with given ID already exists" turtle create box
	ok turtle delete --force box
	args true
	ok turtle run box
}

# held CALL COMMAND...: turtle in the background, stopped before its system call of that number until $T/held is gone.
held()
{
	local call=$1
	shift
	: >"$T/held"
	# The sanitizer can't look for leaks in what is traced.
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
		timeout 20 "$SUITE/injector" 0 "$call" "$T/held" "$TURTLE" --root "$STATE" "$@" >"$T/said" 2>&1 3>"$T/result" &
	HELD=$!
}

@test "lifecycle: a create whose new directory is deleted and made by another create in between" {
	local mkdir
	args /probe wait
	# Which call it is that makes the directory, where the one above is there; the next one opens it.
	ok turtle create box
	ok turtle delete --force box
	case $(uname -m) in x86_64) mkdir=258 ;; *) mkdir=34 ;; esac
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" timeout 20 "$SUITE/injector" 0 0 0 "$TURTLE" --root "$STATE" create box 3>"$T/calls" >"$T/first"
	ok turtle delete --force box
	mkdir=$(awk -v number="$mkdir" '$1 == 0 && $3 == number { print $2; exit }' "$T/calls")
	held $((mkdir + 1)) create box
	until_true test -d "$STATE/box"
	ok turtle delete --force box
	[ ! -e "$STATE/box" ] || fail "an empty directory can't be deleted"
	ok turtle run -d box
	rm "$T/held"
	wait "$HELD" || true
	grep -q "^ended 1 " "$T/result" || fail "the loser: $(<"$T/result")"
	grep -q "container with given ID already exists" "$T/said" || fail "the loser says: $(<"$T/said")"
	same "$(state_of box)" running
	ok turtle delete --force box

	# The same, but the other one has not begun to make anything yet.
	held $((mkdir + 1)) create box
	until_true test -d "$STATE/box"
	ok turtle delete --force box
	rm "$T/held"
	wait "$HELD" || true
	grep -q "^ended 0 " "$T/result" || fail "alone it is not made: $(<"$T/said")"
	same "$(state_of box)" created
}
