# SPDX-License-Identifier: Apache-2.0
# --console-socket and --pidfd-socket: what an engine receives.
load helpers

# receive KIND: starts the engine's end; $SOCKET can be connected to when it returns.
receive()
{
	SOCKET=$T/socket
	"$SUITE/recvfd" "$1" "$SOCKET" >"$T/received" 2>&1 <"${2:-/dev/null}" 3>&- &
	RECEIVER=$!
	until_true [ -S "$SOCKET" ]
}

@test "console: one message with one descriptor, then closed" {
	config '.process.terminal = true'
	args sh -c 'echo hello from $(tty)'
	receive tty
	ok turtle create --console-socket "$SOCKET" box
	until_true grep -q '^then' "$T/received"
	output=$(<"$T/received")
	matches '^payload /dev/(pts/)?ptmx$'
	has "fds 1" "then closed"
	ok turtle start box
	wait "$RECEIVER"
	grep -q 'hello from /dev/pts/0' "$T/received" || fail "$(<"$T/received")"
}

@test "console: run -d" {
	config '.process.terminal = true'
	args sh -c 'echo hello; test -t 0 && test -t 1 && test -t 2 && echo all'
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	tr -d '\r' <"$T/received" | grep -qx all || fail "$(<"$T/received")"
}

@test "console: it is the controlling terminal, of a session of the container's own" {
	config '.process.terminal = true'
	args /probe ctty
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	has "sid 1" "tty ok" "foreground yes"
}

@test "console: consoleSize is the size of the terminal" {
	config '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 111}'
	args stty size
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	has "33 111"
}

@test "console: consoleSize without a terminal is ignored" {
	config '.process.consoleSize = {"height": 33, "width": 111}'
	box echo fine
	is fine
}

@test "console: /dev/console is the same terminal" {
	config '.process.terminal = true'
	args sh -c '/probe stat /dev/console; stat -c %t:%T /dev/console /dev/pts/0 | uniq | wc -l; echo to the console >/dev/console'
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	matches '^/dev/console char [0-9]+ 0:[0-9]+ 136:0$'
	has 1 "to the console"
}

@test "console: the terminal belongs to the container's user" {
	config '.process.terminal = true | .process.user = {"uid": 1000, "gid": 1000}'
	args /probe stat /dev/pts/0
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	matches '^/dev/pts/0 char 0620 1000:'
}

@test "console: what the engine types arrives" {
	config '.process.terminal = true'
	args sh -c 'read line; echo "<$line>"'
	echo typed >"$T/keys"
	receive tty "$T/keys"
	ok turtle run -d --console-socket "$SOCKET" box
	wait "$RECEIVER"
	grep -q '<typed>' "$T/received" || fail "$(<"$T/received")"
}

@test "console: the terminal hangs up when the engine is gone" {
	config '.process.terminal = true'
	args /probe signals
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	until_true grep -q ready "$T/received"
	kill -KILL "$RECEIVER"
	wait "$RECEIVER" 2>/dev/null || true
	# SIGHUP came, which this program survives; the container is there all the same.
	same "$(state_of box)" running
	ok turtle delete --force box
}

@test "console: a socket that is not there fails the create and leaves nothing" {
	config '.process.terminal = true'
	args true
	refused "$T/none" turtle create --console-socket "$T/none" box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	: >"$T/file"
	refused "$T/file" turtle run -d --console-socket "$T/file" box
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
}

@test "console: a socket with the longest name, and one that is too long" {
	config '.process.terminal = true'
	args echo hello
	local directory
	directory=$T/$(printf 'd%.0s' $(seq $((104 - ${#T} - 6))))
	mkdir "$directory"
	"$SUITE/recvfd" tty "$directory/s" >"$T/received" 2>&1 3>&- &
	until_true [ -S "$directory/s" ]
	ok turtle run -d --console-socket "$directory/s" box
	wait "$!"
	grep -q hello "$T/received" || fail "$(<"$T/received")"
	ok turtle delete --force box
	refused "$(printf 'x%.0s' {1..60})" turtle create --console-socket "$T/$(printf 'x%.0s' {1..200})" box
}

@test "pidfd: the pidfd of init comes with the word standard" {
	args /probe wait
	receive pidfd
	ok turtle create --pidfd-socket "$SOCKET" box
	until_true grep -q '^pid' "$T/received"
	output=$(<"$T/received")
	has "payload standard" "fds 1" "then closed" "pid $(init_pid)"
	ok turtle kill box KILL
	wait "$RECEIVER"
	grep -qx ended "$T/received" || fail "$(<"$T/received")"
}

@test "pidfd: run -d sends it too, and a socket that is not there is an error" {
	args /probe wait
	receive pidfd
	ok turtle run -d --pidfd-socket "$SOCKET" box
	until_true grep -q '^pid' "$T/received"
	same "$(sed -n 's/^pid //p' "$T/received")" "$(init_pid)"
	ok turtle delete --force box
	wait "$RECEIVER"
	refused "$T/none" turtle create --pidfd-socket "$T/none" box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}
