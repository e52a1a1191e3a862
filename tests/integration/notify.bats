# SPDX-License-Identifier: Apache-2.0
# sd-notify: who is told what, and when, while NOTIFY_SOCKET is set.

load helpers

setup()
{
	box_setup
	cp "$SUITE/notify" "$ROOTFS/notify"
	MANAGER=$T/manager
}

# listen [FILE]: the service manager; what it is told goes to $T/told. FILE: it takes note only once that is there.
listen()
{
	local how=listen
	[ $# -eq 0 ] || how=hold
	"$SUITE/notify" $how "$MANAGER" "$@" >"$T/told" 3>&- 4>&- &
	until_true test -S "$MANAGER"
}

told() { until_true grep -qxF -- "$1" "$T/told"; }

# service COMMAND...: turtle as a service of the manager.
service() { NOTIFY_SOCKET=$MANAGER turtle "$@"; }

# Lets the container's process go on from `cat /tmp/go`.
gate() { mkfifo "$ROOTFS/tmp/go"; }

@test "notify: start ends when the process is ready, and says so with its pid" {
	local pid
	listen
	gate
	args sh -c 'cat /tmp/go; /notify say "STATUS=warming up" "X=1|READY=1|STATUS=up"; exec sleep 1000'
	ok service create box
	service start box >"$T/start" 2>&1 &
	local start=$!
	until_true eval '[ "$(state_of box)" = running ]'
	# Others are not kept waiting meanwhile, and the start is.
	kill -0 "$start" || fail "start did not wait"
	[ ! -s "$T/told" ] || fail "told too early: $(<"$T/told")"
	echo >"$ROOTFS/tmp/go"
	wait "$start" || fail "start failed: $(<"$T/start")"
	[ ! -s "$T/start" ] || fail "start said: $(<"$T/start")"
	pid=$(init_pid)
	same "$(<"$T/told")" "READY=1"$'\n'"MAINPID=$pid"$'\n'"BARRIER=1 +1"
}

@test "notify: the process sees a directory of its own, with a socket for any user, and can't change it" {
	listen
	config '.process.user = {uid: 1000, gid: 1000} | .process.env += ["A=b"]'
	args sh -c 'echo "$NOTIFY_SOCKET $A"; stat -c "%n %a %F" /run/notify /run/notify/*; touch /run/notify/x 2>&1;
		rm -f /run/notify/notify.sock 2>&1; grep " /run/notify " /proc/self/mountinfo | cut -d" " -f6; /notify say READY=1'
	call service run box
	[ "$status" -eq 0 ] || fail "status $status"
	[[ $output == "/run/notify/notify.sock b"$'\n'"/run/notify 755 directory"$'\n'"/run/notify/notify.sock 777 socket"* ]] ||
		fail "another view"
	[[ $output == *"touch: /run/notify/x: Read-only file system"* ]] || fail "it could write"
	[[ $output == *"can't remove '/run/notify/notify.sock'"*"Read-only file system"* ]] || fail "it could remove the socket"
	matches '^ro,nosuid,nodev,noexec,'
}

@test "notify: run in the foreground passes the readiness on, and stays the main process" {
	listen
	gate
	args sh -c '/notify say READY=1; cat /tmp/go >/dev/null; exit 3'
	service run box >"$T/run" 2>&1 &
	local run=$!
	told READY=1
	echo >"$ROOTFS/tmp/go"
	local status=0
	wait "$run" || status=$?
	same "$status" 3
	same "$(<"$T/told")" READY=1
	[ ! -s "$T/run" ] || fail "run said: $(<"$T/run")"
}

@test "notify: run --detach waits for the readiness" {
	listen
	args sh -c '/notify say READY=1; exec sleep 1000'
	ok service run --detach box
	same "$(<"$T/told")" "READY=1"$'\n'"MAINPID=$(init_pid)"$'\n'"BARRIER=1 +1"
}

@test "notify: a process that ends without being ready keeps nobody waiting" {
	listen
	args false
	ok service create box
	ok service start box
	ok turtle delete box
	ok service run --detach box
	ok turtle delete --force box
	[ ! -s "$T/told" ] || fail "told: $(<"$T/told")"
	# Its last words count.
	args /notify say READY=1
	ok service run --detach box
	told READY=1
}

@test "notify: kill and delete reach a container that is not ready yet" {
	listen
	args sleep 1000
	ok service create box
	service start box >"$T/start" 2>&1 &
	local start=$!
	until_true eval '[ "$(state_of box)" = running ]'
	ok turtle delete --force box
	wait "$start" || fail "start failed: $(<"$T/start")"
	[ ! -e "$STATE/box" ] || fail "the state is still there"
}

@test "notify: start ends only when the manager has taken note" {
	listen "$T/noted"
	args sh -c '/notify say READY=1; exec sleep 1000'
	ok service create box
	service start box >"$T/start" 2>&1 &
	local start=$!
	told "BARRIER=1 +1"
	kill -0 "$start" || fail "start did not wait for the manager"
	touch "$T/noted"
	wait "$start" || fail "start failed: $(<"$T/start")"
}

@test "notify: nothing else gets through, nor descriptors, nor what only looks like it" {
	listen
	gate
	args sh -c '/notify say "MAINPID=1" "FDSTORE=1" "+FDSTORE=1|FDNAME=x" "STOPPING=1" "READY=0" "READY=1x" " READY=1" "$(
		head -c 5000 /dev/zero | tr "\0" "|")READY=1"; cat /tmp/go; /notify say "+READY=1"; exec sleep 1000'
	ok service create box
	service start box >"$T/start" 2>&1 &
	local start=$!
	echo >"$ROOTFS/tmp/go"
	wait "$start" || fail "start failed: $(<"$T/start")"
	same "$(<"$T/told")" "READY=1"$'\n'"MAINPID=$(init_pid)"$'\n'"BARRIER=1 +1"
}

@test "notify: in a user namespace, where root is nobody on the host" {
	listen
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 1000, gid: 1000}'
	chown -R 100000:100000 "$ROOTFS"
	args sh -c '/notify say READY=1; exec sleep 1000'
	ok service run --detach box
	told "MAINPID=$(init_pid)"
}

@test "notify: a plain user's container" {
	listen
	chmod 777 "$MANAGER"
	chmod 711 "$T" "$BUNDLE"
	chown -R 65534:65534 "$BUNDLE"
	mkdir -m 700 "$T/theirs" && chown 65534:65534 "$T/theirs"
	config 'del(.linux.cgroupsPath, .linux.resources) | .linux.namespaces = [.linux.namespaces[] | select(.type != "network")]
		+ [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 65534, size: 1}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts = [.mounts[] | select(.destination != "/sys" and .destination != "/sys/fs/cgroup")
			| .options = [.options[]? | select(startswith("gid=") | not)]]'
	chmod 644 config.json
	args sh -c '/notify say READY=1; exec sleep 1000'
	chmod 644 config.json
	local they=(setpriv --reuid 65534 --regid 65534 --clear-groups "$TURTLE" --root "$T/theirs")
	NOTIFY_SOCKET=$MANAGER call "${they[@]}" run --detach box 3>&- 4>&-
	[ "$status" -eq 0 ] || fail "status $status"
	told READY=1
	told "MAINPID=$("${they[@]}" state box | jq .pid)"
	ok "${they[@]}" delete --force box
}

@test "notify: a configuration with means of its own is left alone" {
	listen
	config '.process.env += ["NOTIFY_SOCKET=/other"]'
	box sh -c 'echo "$NOTIFY_SOCKET"; ls /run'
	args sh -c 'echo "$NOTIFY_SOCKET"; ls /run'
	ok service run box
	same "$output" /other
	mkdir "$T/notify"
	touch "$T/notify/mine"
	config --arg source "$T/notify" '.process.env = ["PATH=/bin"]
		| .mounts += [{destination: "/run//notify", type: "bind", source: $source, options: ["bind"]}]'
	args sh -c 'echo "${NOTIFY_SOCKET-none}"; ls /run/notify'
	ok service run box
	same "$output" none$'\n'mine
	# The caller's own is never seen.
	config '.mounts = [.mounts[] | select(.destination != "/run//notify")]'
	args env
	NOTIFY_SOCKET='' ok turtle run box
	[[ $output != *NOTIFY_SOCKET* ]] || fail "the variable is there"
}

@test "notify: a start that is not a service, or was not one at create" {
	listen
	args sh -c '/notify say READY=1 2>&1; exec sleep 1000'
	ok service create box
	ok turtle start box
	ok turtle delete --force box
	args sh -c 'echo "${NOTIFY_SOCKET-none}"'
	ok turtle create box
	ok service start box
	[ ! -s "$T/told" ] || fail "told: $(<"$T/told")"
}

@test "notify: a socket that can't be reached is named before the process begins" {
	local path
	args sleep 1000
	for path in /proc/nothing relative "/$(printf 'x%.0s' {1..200})"; do
		ok turtle delete --force box
		NOTIFY_SOCKET=$path ok turtle create box
		NOTIFY_SOCKET=$path call turtle start box
		[ "$status" -eq 1 ] && [[ $stderr == *"NOTIFY_SOCKET"*"$path"* ]] || fail "$path: status $status"
		same "$(state_of box)" created
	done
	# Without one it starts all the same.
	ok turtle start box
}

@test "notify: run goes on without a socket that can't be reached, where nobody waits for it" {
	local path
	args echo here
	for path in /proc/nothing relative @turtle-nobody-listens; do
		NOTIFY_SOCKET=$path ok turtle run box
		is here
		NOTIFY_SOCKET=$path call turtle run --detach box
		[ "$status" -eq 1 ] && [[ $stderr == *"NOTIFY_SOCKET"*"$path"* ]] || fail "$path: status $status"
		[ ! -e "$STATE/box" ] || fail "$path: left behind"
	done
}

@test "notify: links in the root filesystem don't lead out of it" {
	listen
	canary
	args sh -c '/notify say READY=1; ls /run/notify/'
	ln -s "$CANARY/newdir" "$ROOTFS/run/notify"
	ok service run box
	is notify.sock
	rm "$ROOTFS/run/notify" && rmdir "$ROOTFS/run" && ln -s "$CANARY" "$ROOTFS/run"
	ok service run box
	is notify.sock
	canary_same
	[ ! -e "$CANARY/notify" ] || fail "something was made outside"
}

@test "notify: an abstract name" {
	MANAGER=@turtle-test-$BASHPID
	"$SUITE/notify" listen "$MANAGER" >"$T/told" 3>&- 4>&- &
	until_true grep -q "$MANAGER" /proc/net/unix
	args sh -c '/notify say READY=1; exec sleep 1000'
	ok service run --detach box
	told READY=1
}

@test "notify: delete removes what a start that was killed has left" {
	listen
	args sleep 1000
	ok service create box
	service start box >"$T/start" 2>&1 &
	local start=$!
	until_true test -S "$STATE/box/notify/notify.sock"
	until_true eval '[ "$(state_of box)" = running ]'
	kill -KILL "$start" $(pgrep -P "$start") 2>/dev/null
	wait "$start" || true
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
	[ ! -e "$STATE/box" ] || fail "the state is still there"
}

@test "notify: what a container with CAP_SYS_ADMIN puts into the directory does not keep it from being deleted" {
	listen
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN"])'
	args sh -c 'mount -o remount,bind,rw /run/notify && cd /run/notify && rm notify.sock && ln -s /etc here && touch lifted-1 &&
		mkdir x && cd x && for i in $(seq 200); do mkdir a b && touch f && cd a; done && echo made'
	ok service run box
	is made
	[ ! -e "$STATE/box" ]
}
