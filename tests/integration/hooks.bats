# SPDX-License-Identifier: Apache-2.0
# hooks: the six kinds, where and when they run, what they are told, and what their failure does.
load helpers

# A hook that notes: its name, the state on stdin, its namespaces.
hook_setup()
{
	mkdir "$T/hooks"
	cat >"$T/hooks/note" <<-'END'
		#!/bin/sh
		# note NAME DIRECTORY
		cat >"$2/$1.json"
		{
			echo "mnt $(readlink /proc/self/ns/mnt)"
			echo "pid $(readlink /proc/self/ns/pid)"
			echo "uts $(readlink /proc/self/ns/uts)"
			echo "cwd $(pwd)"
			ls -l /proc/self/fd | sed -n 's/.* \([0-9]*\) -> \(.*\)/fd \1 \2/p'
		} >"$2/$1.info" 2>&1
		tr '\0' '\n' </proc/self/environ >"$2/$1.env"
		echo "$1" >>"$2/order"
	END
	chmod 755 "$T/hooks/note"
	N=$T/hooks
}

setup()
{
	box_setup
	hook_setup
}

# note_all: notes at every kind that runs in the runtime's or the host's filesystem.
note_all()
{
	config --arg n "$N/note" --arg d "$N" 'def h(k): [{"path": $n, "args": ["note", k, $d]}];
		.hooks = {"prestart": h("prestart"), "createRuntime": h("createRuntime"), "createContainer": h("createContainer"), "poststart": h("poststart"), "poststop": h("poststop")}'
}

# hook KIND PATH [ARG...]
hook()
{
	local kind=$1 path=$2
	shift 2
	jq --arg k "$kind" --arg p "$path" '.hooks[$k] += [{"path": $p, "args": ([$p] + $ARGS.positional)}]' config.json --args -- "$@" >config.json.new &&
		mv config.json.new config.json
}

key() { jq -r ".$2" "$N/$1.json"; }

@test "hooks: the order, and who runs at which command" {
	note_all
	config '.root.readonly = false'
	args sh -c 'echo process >>/order; sleep 1000'
	hook startContainer /bin/sh -c 'cat >/start.json; echo startContainer >>/order'
	ok turtle create box
	same "$(tr '\n' ' ' <"$N/order")" "prestart createRuntime createContainer "
	[ ! -e "$ROOTFS/order" ] || fail "startContainer ran at create"
	ok turtle start box
	same "$(tr '\n' ' ' <"$N/order")" "prestart createRuntime createContainer poststart "
	until_line "$ROOTFS/order" process
	same "$(<"$ROOTFS/order")" $'startContainer\nprocess'
	ok turtle kill box KILL
	until_true stopped box
	[ ! -e "$N/poststop.json" ] || fail "poststop ran before delete"
	ok turtle delete box
	same "$(tail -n 1 "$N/order")" poststop
}

@test "hooks: startContainer comes before the process" {
	config '.root.readonly = false'
	hook startContainer /bin/sh -c 'echo hook >>/order'
	box sh -c 'echo process >>/order; cat /order'
	is $'hook\nprocess'
}

@test "hooks: several of a kind run in their order" {
	hook createRuntime /bin/sh -c "echo one >>$N/order"
	hook createRuntime /bin/sh -c "echo two >>$N/order"
	hook createRuntime /bin/sh -c "echo three >>$N/order"
	box true
	same "$(tr '\n' ' ' <"$N/order")" "one two three "
}

@test "hooks: the state on stdin" {
	note_all
	config '.annotations = {"a": "b"}'
	args /probe wait
	ok turtle create box
	local pid
	pid=$(init_pid)
	same "$(key createRuntime status) $(key createRuntime id) $(key createRuntime ociVersion) $(key createRuntime annotations.a)" "creating box 1.3.0 b"
	same "$(key createRuntime pid)" "$pid"
	same "$(key prestart pid)" "$pid"
	same "$(key createRuntime bundle)" "$BUNDLE"
	same "$(key createContainer status)" creating
	ok turtle start box
	same "$(key poststart status)" running
	same "$(key poststart pid)" "$pid"
	ok turtle delete --force box
	same "$(key poststop status)" stopped
	same "$(key poststop id)" box
}

@test "hooks: the state of startContainer" {
	config '.root.readonly = false'
	hook startContainer /bin/sh -c 'cat >/state'
	box true
	same "$(jq -r '.status + " " + .id' "$ROOTFS/state")" "created box"
	[[ $(jq .pid "$ROOTFS/state") =~ ^[0-9]+$ ]] || fail "no pid"
}

@test "hooks: the namespaces that they run in" {
	note_all
	args /probe wait
	ok turtle run -d box
	local here there kind
	here=$(readlink /proc/self/ns/uts)
	there=$(readlink "/proc/$(init_pid)/ns/uts")
	for kind in prestart createRuntime poststart; do
		grep -qxF "uts $here" "$N/$kind.info" || fail "$kind is not in the runtime's namespaces: $(<"$N/$kind.info")"
		grep -qxF "pid $(readlink /proc/self/ns/pid)" "$N/$kind.info" || fail "$kind: pid namespace"
		grep -qxF "mnt $(readlink /proc/self/ns/mnt)" "$N/$kind.info" || fail "$kind: mount namespace"
	done
	grep -qxF "uts $there" "$N/createContainer.info" || fail "createContainer is not in the container's: $(<"$N/createContainer.info")"
	grep -qxF "mnt $(readlink "/proc/$(init_pid)/ns/mnt")" "$N/createContainer.info" || fail "createContainer: mount namespace"
	ok turtle delete --force box
	grep -qxF "uts $here" "$N/poststop.info" || fail "poststop: $(<"$N/poststop.info")"
}

@test "hooks: createRuntime finds init's namespaces, before the root is changed" {
	hook createRuntime /bin/sh -c "pid=\$(jq .pid); readlink /proc/\$pid/ns/net >$N/net; ls /proc/\$pid/root/proc/1 >/dev/null && echo yes >$N/root"
	args readlink /proc/self/ns/net
	ok turtle run box
	same "$(<"$N/net")" "$output"
}

@test "hooks: createContainer sees the host's files and the container's mounts" {
	hook createContainer /bin/sh -c "grep -c ' $ROOTFS/proc ' /proc/self/mountinfo >$N/mounts; touch $N/host"
	box true
	same "$(<"$N/mounts")" 1
	[ -e "$N/host" ] || fail "it does not see the host's files"
}

@test "hooks: the environment is the configuration's alone" {
	local kind
	note_all
	config '.hooks.createRuntime[0].env = ["ONE=1", "PATH=/usr/bin:/bin"] | .hooks.poststop[0].env = ["TWO=2", "PATH=/usr/bin:/bin"]
		| .hooks.poststart[0].env = []'
	config '.process.env += ["LD_PRELOAD=/evil.so"]'
	LEAK=caller box true || true
	grep -qx ONE=1 "$N/createRuntime.env" || fail "$(<"$N/createRuntime.env")"
	grep -qx TWO=2 "$N/poststop.env" || fail "$(<"$N/poststop.env")"
	for kind in prestart createRuntime createContainer poststart poststop; do
		! grep -Eq 'LEAK|LD_PRELOAD|ONE=1.*TWO' "$N/$kind.env" || fail "$kind: $(<"$N/$kind.env")"
	done
	# The shell sets PWD and such for its own children; nothing else may be there.
	for kind in prestart createContainer poststart; do
		same "$(grep -Ev '^(PWD|OLDPWD|SHLVL|_)=' "$N/$kind.env")" ""
	done
}

@test "hooks: a startContainer hook has the process's environment where it has none" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.env = ["PATH=/bin", "ONE=1"] |
		.hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "echo $HOME $ONE $TWO >/tmp/none"]},
			{"path": "/bin/sh", "args": ["sh", "-c", "echo $HOME $ONE $TWO >/tmp/own"], "env": ["TWO=2"]}] |
		.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}]'
	box cat /tmp/none /tmp/own
	is $'/home/ada 1\n2'
}

@test "hooks: the umask is the caller's, and the process's for startContainer" {
	config '.process.user.umask = 63 |
		.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}]'
	hook createRuntime /bin/sh -c "umask >$N/runtime"
	hook createContainer /bin/sh -c "umask >$N/container"
	hook startContainer /bin/sh -c "umask >/tmp/start"
	umask 027
	box cat /tmp/start
	is 0077
	same "$(<"$N/runtime")" 0027
	same "$(<"$N/container")" 0027
}

@test "hooks: the working directory is the bundle, where the image has no programs for a shell without a PATH" {
	local kind
	note_all
	args true
	cd /
	ok turtle run --bundle "$BUNDLE" --keep box
	ok turtle delete box
	for kind in prestart createRuntime createContainer poststart poststop; do
		grep -qxF "cwd $BUNDLE" "$N/$kind.info" || fail "$kind: $(<"$N/$kind.info")"
	done
	cd "$BUNDLE"
	printf '#!/bin/sh\necho image >%s\n' "$T/evil" >"$ROOTFS/frobtool" && chmod 755 "$ROOTFS/frobtool"
	config '.hooks = {"createContainer": [{"path": "/bin/bash", "args": ["bash", "-c", "! frobtool"]}]}'
	box true
	[ ! -e "$T/evil" ] || fail "the image's program ran"
}

@test "hooks: in a user namespace, too, the new root is where the bundle has it" {
	echo bound >"$T/bound"
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	mkdir -p "$ROOTFS/lib" && touch "$ROOTFS/lib/there" "$ROOTFS/lib/too"
	chown -R 100000:100000 "$ROOTFS"
	hook createRuntime /bin/sh -c "nsenter -m -t \$(jq .pid) sh -c 'ls $ROOTFS/proc/1/comm && mount --bind $T/bound $ROOTFS/lib/there'"
	hook createContainer /bin/sh -c "ls $ROOTFS/proc/1/comm && mount --bind $T/bound $ROOTFS/lib/too"
	box cat /lib/there /lib/too
	is $'bound\nbound'
	# Where it can't be reached, hooks don't see it, but it is the root all the same.
	mkdir "$T/closed" && mv "$ROOTFS" "$T/closed/"
	chown 54321:54321 "$T/closed" && chmod 700 "$T/closed"
	config --arg r "$T/closed/rootfs" 'del(.hooks) | .root.path = $r'
	args sh -c 'cat /lib/too; ls /proc/1/comm'
	ok turtle run box
	is /proc/1/comm
}

@test "hooks: each kind has its own path, arguments and environment" {
	local kind
	config '.root.readonly = false'
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		# What runs in the container's root, and what runs in the host's.
		local file=$N/own-$kind
		[ "$kind" != startContainer ] || file=/own-startContainer
		config --arg k "$kind" --arg f "$file" '.hooks[$k] = [{"path": "/bin/sh", "args": ["sh", "-c", "echo $0 $KIND $PATH >" + $f, "argument-of-" + $k],
			"env": ["KIND=environment-of-" + $k, "PATH=/bin:/" + $k]}]'
	done
	args true
	ok turtle run box
	mv "$ROOTFS/own-startContainer" "$N"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		same "$(<"$N/own-$kind")" "argument-of-$kind environment-of-$kind /bin:/$kind"
	done
}

@test "hooks: each kind has its own timeout" {
	local kind pids=() pid
	args sleep 1000
	for kind in prestart createRuntime createContainer startContainer poststart; do
		jq --arg k "$kind" --arg c "$CGROUP-$kind" '.linux.cgroupsPath = $c | .hooks[$k] =
			[{"path": "/bin/sh", "args": ["sh", "-c", "sleep 1000"], "timeout": 1}]' config.json >"$T/$kind.json"
		turtle run -d --config "$T/$kind.json" "$kind" >/dev/null 2>"$N/$kind.said" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		status=0
		wait "$pid" || status=$?
		same "$status" 1
	done
	for kind in prestart createRuntime createContainer startContainer poststart; do
		grep -q "running $kind hook #0.*time" "$N/$kind.said" || fail "$kind: $(<"$N/$kind.said")"
	done
	# A poststop hook that fails is no failure of the delete; only it must not last.
	local before=$SECONDS
	config '.hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "sleep 1000"], "timeout": 1}]'
	ok turtle create box
	call turtle delete --force box
	same "$status" 0
	[ $((SECONDS - before)) -lt 8 ] || fail "poststop took $((SECONDS - before)) seconds"
}

@test "hooks: no descriptor of the runtime's is open in them, and the directory is the bundle" {
	note_all
	(cd / && turtle run --bundle "$BUNDLE" box) 2>/dev/null || { args true; (cd / && turtle run --bundle "$BUNDLE" box); }
	local kind
	for kind in prestart createRuntime poststart poststop; do
		same "$(grep -E '^fd ([3-9]|[0-9]{2,}) ' "$N/$kind.info" | grep -v '/proc/' | grep -v "$N/note")" "" "$kind"
		same "$(sed -n 's/^cwd //p' "$N/$kind.info")" "$BUNDLE" "$kind"
	done
}

# failing KIND: what a failure of that kind leaves: nothing but its own message.
failing()
{
	config 'del(.hooks)'
	hook poststop /bin/sh -c "echo poststop >>$N/after"
	hook "$1" "${@:2}"
	rm -f "$N/after"
	args sh -c 'echo ran'
}

@test "hooks: a failure before the start unwinds the create" {
	local kind
	for kind in prestart createRuntime createContainer; do
		failing "$kind" /bin/sh -c 'exit 3'
		refused "$kind" turtle create box
		[[ $stderr == *"error running $kind hook #0"* ]] || fail "not the usual words"
		[[ $stderr == *3* ]] || fail "the status is not said"
		[ ! -e "$STATE/box" ] || fail "its state stays"
		[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
		same "$(cat "$N/after" 2>/dev/null)" poststop "$kind"
		refused "error running $kind hook #0" turtle run box
	done
}

@test "hooks: the number of the failed one is said, and those after it don't run" {
	hook createRuntime /bin/true
	hook createRuntime /bin/false
	hook createRuntime /bin/sh -c "echo third >$N/third"
	args true
	refused "error running createRuntime hook #1" turtle create box
	[ ! -e "$N/third" ] || fail "the third ran"
}

@test "hooks: a failing startContainer: the process does not run, and the container is not there" {
	failing startContainer /bin/sh -c 'exit 3'
	refused "startContainer" turtle run box
	failing startContainer /bin/sh -c 'exit 3'
	ok turtle create box
	refused "startContainer" turtle start box
	call turtle state box
	[ "$status" -ne 0 ] || [ "$(jq -r .status <<<"$output")" = stopped ] || fail "it runs"
	ok turtle delete --force box
	same "$(sort -u "$N/after")" poststop
}

@test "hooks: a start that fails for another reason leaves a stopped container" {
	failing poststop /bin/true
	config 'del(.process)'
	config '.hooks.startContainer = [{path: "/bin/true"}]'
	ok turtle create box
	refused "" turtle start box
	same "$(state_of box)" stopped
	[ ! -e "$N/after" ] || fail "it was destroyed: poststop has run"
	ok turtle delete box
}

@test "hooks: a failing poststart stops the container" {
	failing poststart /bin/sh -c 'exit 3'
	args sleep 1000
	ok turtle create box
	refused "poststart" turtle start box
	call turtle state box
	[ "$status" -ne 0 ] || [ "$(jq -r .status <<<"$output")" = stopped ] || fail "it runs"
	ok turtle delete --force box
	same "$(cat "$N/after")" poststop
	refused "poststart" turtle run -d box
	[ ! -e "$CGROUP_DIR" ] || [ ! -s "$CGROUP_DIR/cgroup.procs" ] || fail "it runs"
}

@test "hooks: poststart hooks may call turtle" {
	local call="$TURTLE --root $STATE"
	hook poststart /bin/sh -c "$call exec box cat /etc/hostname && $call state box | jq -r .status && $call pause box && $call resume box"
	config --arg out "$N/said" '.annotations["run.oci.hooks.stdout"] = $out'
	echo inside >"$ROOTFS/etc/hostname"
	args sleep 1000
	ok turtle create box
	ok turtle start box
	same "$(<"$N/said")" $'inside\nrunning'
	same "$(state_of box)" running
	ok turtle delete --force box
	ok turtle run -d box
	same "$(<"$N/said")" $'inside\nrunning\ninside\nrunning'
}

@test "hooks: a container that is deleted, and another one with its id, while poststart hooks run" {
	failing poststart /bin/sh -c "$TURTLE --root $STATE delete --force box && $TURTLE --root $STATE run -d --bundle $T/other box; exit 3"
	mkdir "$T/other"
	args sleep 1000
	jq --arg root "$ROOTFS" 'del(.hooks) | .root.path = $root' config.json >"$T/other/config.json"
	ok turtle create box
	refused "poststart" turtle start box
	same "$(state_of box)" running
	ok turtle delete --force box
	refused "poststart" turtle run -d box
	same "$(state_of box)" running
	[ "$(wc -l <"$N/after")" -eq 2 ] || fail "poststop has run $(wc -l <"$N/after") times"
}

@test "hooks: a failing poststop is no failure, and the others run" {
	hook poststop /bin/false
	hook poststop /nonexistent
	hook poststop /bin/sh -c "echo last >$N/last"
	args true
	call turtle run box
	same "$status" 0
	same "$(<"$N/last")" last
	[ ! -e "$STATE/box" ] || fail "its state stays"
}

@test "hooks: one that is not there, not executable, or killed" {
	failing createRuntime "$T/missing"
	refused "$T/missing" turtle create box
	: >"$T/text"
	failing createRuntime "$T/text"
	refused "permission denied" turtle create box
	failing createRuntime /bin/sh -c 'kill -KILL $$'
	refused "signal" turtle create box
	[ ! -e "$STATE/box" ] || fail "its state stays"
}

@test "hooks: a relative path, and a timeout that is none" {
	failing createRuntime bin/true
	refused "hooks" turtle create box
	failing createRuntime /bin/true
	config '.hooks.createRuntime[0].timeout = 0'
	refused "timeout" turtle create box
	config '.hooks.createRuntime[0].timeout = -1'
	refused "timeout" turtle create box
}

@test "hooks: a timeout kills the hook and all that it started" {
	local before=$SECONDS
	failing createRuntime /bin/sh -c "sleep 1000 & echo \$! >$N/child; sleep 1000"
	config '.hooks.createRuntime[0].timeout = 1'
	refused "createRuntime" turtle create box
	[ $((SECONDS - before)) -lt 5 ] || fail "it took too long"
	[ ! -e "/proc/$(<"$N/child")/exe" ] || fail "its child lives"
	[ ! -e "$STATE/box" ] || fail "its state stays"
}

@test "hooks: one that does not read its input is no trouble" {
	hook createRuntime /bin/sh -c 'exec <&-; exit 0'
	config '.annotations = {"long": ("x" * 200000)}'
	box echo fine
	is fine
}

@test "hooks: what one says goes where the runtime's output goes, and its error is told" {
	hook createRuntime /bin/sh -c 'echo words of the hook >&2; exit 1'
	args true
	call turtle create box
	same "$status" 1
	[[ $stderr == *"words of the hook"* ]] || fail "they are lost"
}

@test "hooks: two signals and a mask are as a program expects them" {
	hook createRuntime /bin/sh -c "grep -E '^Sig(Blk|Ign)' /proc/self/status >$N/signals"
	args true
	call env --block-signal=USR1 --ignore-signal=CHLD "$TURTLE" --root "$STATE" run box
	same "$status" 0
	same "$(tr -d '\n' <"$N/signals")" $'SigBlk:\t0000000000000000SigIgn:\t0000000000000000'
}
