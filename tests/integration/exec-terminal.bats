# SPDX-License-Identifier: Apache-2.0
# exec with terminals: the caller's own, and the engine's by --console-socket.
load helpers

# receive KIND [KEYS]: starts the engine's end; $SOCKET can be connected to when it returns.
receive()
{
	SOCKET=$T/socket
	rm -f "$SOCKET"
	"$SUITE/recvfd" "$1" "$SOCKET" >"$T/received" 2>&1 <"${2:-/dev/null}" 3>&- &
	RECEIVER=$!
	until_true [ -S "$SOCKET" ]
}

# on_terminal COMMAND: by the shell, with a terminal of its own; its status, and what it shows in $output.
on_terminal()
{
	status=0
	[ -p "$T/keys" ] || mkfifo "$T/keys"
	timeout --foreground 20 script -qec "$1" /dev/null >"$T/typed" 2>&1 0<>"$T/keys" 3>&- || status=$?
	output=$(tr -d '\r' <"$T/typed")
}

@test "exec: with -t the process has a terminal of the container's" {
	hold
	on_terminal "$TURTLE --root $STATE exec -t box sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; /probe fds; exit 6'"
	same "$status" 6
	has /dev/pts/0 all "0 /dev/pts/0" "1 /dev/pts/0" "2 /dev/pts/0"
	lacks '^[3-9] '
	# Gone with the process.
	ok turtle exec box ls /dev/pts
	is ptmx
}

@test "exec: without -t there is none, whatever the container has" {
	config '.process.terminal = true'
	args /probe wait
	receive tty
	ok turtle run -d --console-socket "$SOCKET" box
	on_terminal "$TURTLE --root $STATE exec box sh -c 'ls /dev/pts; test -c /dev/console && echo console; sed s/.*\)// /proc/self/stat | { read -r a b c d tty rest; echo \"tty \$tty\"; }'"
	same "$status" 0
	has console "tty 0"
	matches '^0 +ptmx$'
	# A second one beside the container's own, whose /dev/console stays.
	on_terminal "$TURTLE --root $STATE exec -t box sh -c 'tty; stat -c %t:%T /dev/console /dev/pts/0 | uniq | wc -l'"
	has /dev/pts/1 1
}

@test "exec: it is the controlling terminal, of a session of its own" {
	hold
	on_terminal "$TURTLE --root $STATE exec -t box /probe ctty"
	has "tty ok" "foreground yes"
	lacks '^sid (0|1)$'
}

@test "exec: the terminal belongs to the process's user" {
	hold
	on_terminal "$TURTLE --root $STATE exec -t -u 1000 box /probe stat /dev/pts/0"
	matches '^/dev/pts/0 char 0620 1000:'
}

@test "exec: the size of the terminal is the caller's, and follows it" {
	hold
	on_terminal "stty rows 21 cols 71; tty >$T/tty; $TURTLE --root $STATE exec -t --pid-file $T/pid box /probe winsize; :" &
	local session=$!
	until_true grep -q 'size 21 71' "$T/typed"
	stty rows 22 cols 72 <"$(<"$T/tty")"
	until_true grep -q 'size 22 72' "$T/typed"
	kill -TERM "$(<"$T/pid")"
	wait "$session"
}

@test "exec: what is typed arrives, and the caller's terminal is as it was" {
	hold
	mkfifo "$T/keys"
	timeout 20 script -qec "stty -a >$T/before; $TURTLE --root $STATE exec -t box sh -c 'echo ready; read line; echo \"<\$line>\"'; echo status \$?; stty -a >$T/after" /dev/null >"$T/typed" 2>&1 0<>"$T/keys" 3>&- &
	local runtime=$!
	until_true grep -q ready "$T/typed"
	echo typed >"$T/keys"
	wait "$runtime"
	output=$(tr -d '\r' <"$T/typed")
	has "<typed>" "status 0"
	same "$(<"$T/before")" "$(<"$T/after")"
}

@test "exec: the whole of the output comes, and then the status" {
	hold
	on_terminal "$TURTLE --root $STATE exec -t box sh -c 'seq 20000; exit 9'"
	same "$status" 9
	same "$(tail -n 1 <<<"$output")" 20000
	same "$(wc -l <<<"$output")" 20000
}

@test "exec: -t of a process document, and -t besides" {
	hold
	echo '{"cwd": "/", "args": ["/bin/tty"], "terminal": true, "consoleSize": {"height": 33, "width": 111}}' >"$T/process.json"
	on_terminal "$TURTLE --root $STATE exec -p $T/process.json box"
	has /dev/pts/0
	echo '{"cwd": "/", "args": ["/bin/tty"]}' >"$T/process.json"
	on_terminal "$TURTLE --root $STATE exec -t -p $T/process.json box"
	has /dev/pts/0
}

@test "exec: detached, the engine gets the terminal" {
	hold
	receive tty
	ok turtle exec -d -t --console-socket "$SOCKET" --pid-file "$T/pid" box sh -c 'echo hello from $(tty); test -t 0 && test -t 1 && test -t 2 && echo all'
	[ -s "$T/pid" ] || fail "no pid file"
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	matches '^payload /dev/(pts/)?ptmx$'
	has "fds 1" "then closed" "hello from /dev/pts/0" all
}

@test "exec: what the engine types arrives; consoleSize is the size" {
	hold
	echo '{"cwd": "/", "args": ["/bin/sh", "-c", "stty size; read line; echo \"<$line>\""], "env": ["PATH=/bin"], "terminal": true, "consoleSize": {"height": 33, "width": 111}}' >"$T/process.json"
	echo typed >"$T/keys"
	receive tty "$T/keys"
	ok turtle exec -d -p "$T/process.json" --console-socket "$SOCKET" box
	wait "$RECEIVER"
	output=$(tr -d '\r' <"$T/received")
	has "33 111" "<typed>"
}

@test "exec: terminals that lead nowhere are refused" {
	config '.root.readonly = false'
	hold
	exec_refused "cannot allocate tty if runc will detach without setting console socket" -d -t box touch /tmp/ran
	exec_refused "cannot use console socket if runc will not detach or allocate tty" --console-socket "$T/none" box touch /tmp/ran
	exec_refused "cannot use console socket if runc will not detach or allocate tty" -t --console-socket "$T/none" box touch /tmp/ran
	exec_refused "$T/none" -d -t --console-socket "$T/none" box touch /tmp/ran
	[ ! -e "$ROOTFS/tmp/ran" ] || fail "it ran"
}

@test "exec: a program that is not there leaves no terminal behind" {
	hold
	receive tty
	exec_refused "executable file not found" -d -t --console-socket "$SOCKET" box nosuch
	wait "$RECEIVER" || true
	ok turtle exec box ls /dev/pts
	is ptmx
}

@test "exec: twenty terminals at once" {
	hold
	local i
	for ((i = 0; i < 20; i++)); do
		timeout 20 script -qec "$TURTLE --root $STATE exec -t box sh -c 'echo said $i'" /dev/null >"$T/typed.$i" 2>&1 </dev/null 3>&- &
	done
	wait $(jobs -p)
	for ((i = 0; i < 20; i++)); do
		tr -d '\r' <"$T/typed.$i" | grep -q "said $i\$" || fail "$i: $(<"$T/typed.$i")"
	done
}
