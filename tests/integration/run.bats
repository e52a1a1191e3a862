# SPDX-License-Identifier: Apache-2.0
# run: the exit status, signals, the kinds of standard input and output, detached, --keep.
load helpers

# status_of COMMAND...: what `run` exits with.
status_of()
{
	args "$@"
	call turtle run box
	[ -z "$stderr" ] || fail "words on stderr"
	printf -v STATUS %s "$status"
}

@test "run: the status is the process's" {
	status_of sh -c 'exit 0'
	same "$STATUS" 0
	status_of sh -c 'exit 7'
	same "$STATUS" 7
	status_of sh -c 'exit 255'
	same "$STATUS" 255
}

@test "run: 128 and the signal's number when a signal ended it" {
	args /probe wait
	turtle run box >"$T/container" 2>&1 &
	local runtime=$!
	until_line "$T/container" up
	turtle kill box KILL
	status=0
	wait "$runtime" || status=$?
	same "$status" 137
}

@test "run: nothing is left" {
	box true
	[ ! -e "$STATE/box" ] || fail "its state stays"
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
	is ""
}

@test "run: nothing is left of a container that leaves children" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	box sh -c 'sleep 1000 & sleep 1000 & exit 3' || true
	same "$status" 3
	[ ! -e "$CGROUP_DIR" ] || fail "its cgroup stays"
}

@test "run: a program that is not there, not executable, or a directory" {
	try nonesuch
	same "$status" 1
	[[ $stderr == *'"nonesuch"'*'executable file not found in $PATH'* ]] || fail "other words"
	try /nonesuch
	same "$status" 1
	[[ ${stderr,,} == *'no such file or directory'* ]] || fail "other words"
	: >"$ROOTFS/text"
	try /text
	same "$status" 1
	[[ ${stderr,,} == *'permission denied'* ]] || fail "other words"
	try /bin
	same "$status" 1
	[[ ${stderr,,} == *'permission denied'* || ${stderr,,} == *'is a directory'* ]] || fail "other words"
	same "$(wc -l <<<"$stderr")" 1
}

@test "run: a missing interpreter is named as such" {
	printf '#!/no/interpreter\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	try /script
	[ "$status" -eq 1 ] || [ "$status" -eq 255 ] || fail "not a failure of the runtime"
	[[ ${stderr,,} == */script*'no such file or directory'* ]] || fail "other words"
}

@test "run: create of a program that is not there fails already" {
	args nonesuch
	refused 'executable file not found in $PATH' turtle create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "run: signals are forwarded" {
	args /probe signals
	"$TURTLE" --root "$STATE" run box >"$T/container" 2>"$T/errors" 3>&- &
	local runtime=$! name
	until_line "$T/container" ready
	for name in HUP:01 INT:02 QUIT:03 USR1:10 USR2:12 ALRM:14 CONT:18 RTMAX:64; do
		kill -s "${name%:*}" "$runtime"
		until_line "$T/container" "got ${name#*:}"
	done
	kill -s TERM "$runtime"
	status=0
	wait "$runtime" || status=$?
	same "$status" 7
	grep -qx "got 15" "$T/container"
	[ ! -s "$T/errors" ] || fail "words on stderr: $(<"$T/errors")"
}

@test "run: signals that are blocked or ignored by the caller are not so in the container" {
	args grep -E '^Sig(Blk|Ign)' /proc/self/status
	call env --block-signal=USR1 --ignore-signal=HUP --ignore-signal=CHLD "$TURTLE" --root "$STATE" run box
	same "$status" 0
	has $'SigBlk:\t0000000000000000' $'SigIgn:\t0000000000000000'
}

@test "run: SIGCHLD ignored by the caller does not lose the status" {
	args sh -c 'exit 5'
	call env --ignore-signal=CHLD "$TURTLE" --root "$STATE" run box
	same "$status" 5
}

@test "run: standard input is the caller's file" {
	args cat
	echo "from a file" >"$T/in"
	ok turtle run box <"$T/in"
	is "from a file"
}

@test "run: standard input is the caller's pipe, to its end" {
	args wc -c
	head -c 300000 /dev/zero | turtle run box >"$T/count"
	same "$(<"$T/count")" 300000
}

@test "run: standard output and error are kept apart" {
	args sh -c 'echo out; echo err >&2'
	call turtle run box
	same "$status" 0
	is out
	same "$stderr" err
}

@test "run: stdio is passed on as it is: pipe, file, /dev/null" {
	args /probe stdio
	echo x >"$T/in"
	turtle run box <"$T/in" 2>/dev/null | cat >"$T/kinds"
	same "$(cut -d' ' -f1-2 <"$T/kinds" | tr '\n' ,)" "0 file,1 pipe,2 char,"
	grep -q '^2 char 1:3 ' "$T/kinds" || fail "$(<"$T/kinds")"
}

@test "run: closed standard descriptors are opened to /dev/null" {
	args /probe stdio
	ok turtle run box <&-
	matches '^0 char 1:3 '
	config '.root.readonly = false'
	args sh -c '/probe stdio >/out; :'
	"$TURTLE" --root "$STATE" run box <&- >&- 2>"$T/err" 3>&-
	grep -q '^0 char 1:3 ' "$ROOTFS/out" || fail "stdin: $(<"$ROOTFS/out")"
	"$TURTLE" --root "$STATE" run box >"$T/o" 2>&- 3>&-
	grep -q '^2 char 1:3 ' "$ROOTFS/out" || fail "stderr: $(<"$ROOTFS/out")"
	args /probe wait
	"$TURTLE" --root "$STATE" run -d box >&- 3>&-
	same "$(readlink "/proc/$(init_pid)/fd/1")" /dev/null stdout
	turtle delete --force box
	args true
	"$TURTLE" --root "$STATE" run box <&- >&- 2>&- 3>&-
}

@test "run: /dev/null as stdio is the container's own" {
	args sh -c 'stat -Lc %d:%i /proc/self/fd/0 /dev/null; chmod 600 /proc/self/fd/0'
	config '.root.readonly = false'
	null_device
	ok turtle run box <"$T/null"
	same "$(sort -u <<<"$output" | wc -l)" 1
	same "$(stat -c '%a %u:%g' "$T/null")" "666 0:0"
}

@test "run: stdio belongs to the container's user, but /dev/null stays root's" {
	config '.process.user = {"uid": 1000, "gid": 1000}'
	args /probe stdio
	null_device
	turtle run box <"$T/null" 2>"$T/null" | cat >"$T/kinds"
	grep -qx '1 pipe uid 1000' "$T/kinds" || fail "$(<"$T/kinds")"
	same "$(stat -c '%u %g' "$T/null")" "0 0"
}

@test "run: a program that ends at once never hangs the runtime" {
	args true
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ok turtle run box
	done
}

@test "run: a reader that goes away does not hang the runtime" {
	args yes
	ln -s busybox "$ROOTFS/bin/yes"
	turtle run box 2>/dev/null | head -n 1 >"$T/first"
	same "$(<"$T/first")" y
}

@test "run -d: returns when the process runs, and leaves it" {
	args /probe wait
	ok turtle run --detach --pid-file "$T/pid" box
	same "$(state_of box)" running
	same "$(<"$T/pid")" "$(init_pid)"
	# No process of the runtime's own waits for it.
	find_strangers
	same "$(wc -l <<<"${strangers%$'\n'}")" 1
	ok turtle kill box
	until_true stopped box
	ok turtle delete box
}

@test "run -d: init's parent is not the runtime, whose process is gone" {
	args /probe wait
	ok turtle run -d box
	local parent
	parent=$(awk '{ print $4 }' "/proc/$(init_pid)/stat")
	[[ $(readlink "/proc/$parent/exe") != "$TURTLE" ]] || fail "a turtle stays as the parent"
}

@test "run --keep: the container stays, stopped" {
	args sh -c 'exit 4'
	call turtle run --keep box
	same "$status" 4
	same "$(state_of box)" stopped
	ok turtle delete box
	refused "container does not exist" turtle state box
}

@test "run: foreground takes a pid file too" {
	args /probe wait
	turtle run --pid-file "$T/pid" box >"$T/container" &
	local runtime=$!
	until_line "$T/container" up
	same "$(<"$T/pid")" "$(init_pid)"
	turtle kill box
	wait "$runtime"
}

@test "run: the end of the foreground is not that of another container that has the id by now" {
	local runner
	args /probe wait
	"$TURTLE" --root "$STATE" run box >"$T/log" 2>&1 3>&- &
	runner=$!
	until_line "$T/log" up
	kill -STOP "$runner"
	ok turtle delete --force box
	ok turtle run -d box
	kill -CONT "$runner"
	call wait "$runner"
	same "$status" 137
	same "$(state_of box)" running
	same "$(cat "$T/log")" up
}

@test "run: SIGKILL of the foreground runtime leaves a container that can be deleted" {
	args /probe wait
	"$TURTLE" --root "$STATE" run box >"$T/container" 2>&1 3>&- &
	local runtime=$!
	until_line "$T/container" up
	kill -KILL "$runtime"
	wait "$runtime" 2>/dev/null || true
	ok turtle delete --force box
}

@test "run: descriptors of the caller are not inherited" {
	args /probe fds
	call "$TURTLE" --root "$STATE" run box 3</etc/hostname 5</ 9</sys/fs/cgroup 63</etc
	same "$status" 0
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 "
}

@test "run: --preserve-fds passes exactly those that it counts" {
	args /probe fds
	call "$TURTLE" --root "$STATE" run --preserve-fds 2 box 3</etc/hostname 4</etc/hosts 5</ 9</etc
	same "$status" 0
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 3 4 "
	matches '^3 /.*hostname' '^4 /.*hosts'
}

@test "run: LISTEN_FDS passes sockets, with the variables set for pid 1" {
	args sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; /probe fds'
	# shellcheck disable=SC2016
	call sh -c 'exec env LISTEN_FDS=1 LISTEN_PID=$$ "$0" "$@"' "$TURTLE" --root "$STATE" run --preserve-fds 1 box \
		3</etc/hostname 4</etc/hosts 5</
	same "$status" 0
	has "1 1"
	same "$(sed 1d <<<"$output" | cut -d' ' -f1 | tr '\n' ' ')" "0 1 2 3 4 "
}

@test "run: LISTEN_FDS that are another process's are not passed on" {
	args sh -c 'echo "${LISTEN_FDS-none} ${LISTEN_PID-none}"; /probe fds'
	LISTEN_FDS=1 LISTEN_PID=1 call "$TURTLE" --root "$STATE" run box 3</etc/hostname
	same "$status" 0
	has "none none"
	same "$(sed 1d <<<"$output" | cut -d' ' -f1 | tr '\n' ' ')" "0 1 2 "
	LISTEN_FDS=1 LISTEN_PID= call "$TURTLE" --root "$STATE" run box 3</etc/hostname
	has "none none"
}

@test "run: LISTEN_FDS without a LISTEN_PID is for whoever gets it" {
	args sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; /probe fds'
	LISTEN_FDS=1 call "$TURTLE" --root "$STATE" run box 3</etc/hostname 4</etc/hosts
	same "$status" 0
	has "1 1"
	same "$(sed 1d <<<"$output" | cut -d' ' -f1 | tr '\n' ' ')" "0 1 2 3 "
}

@test "run: LISTEN_PID is the number that the process has, also where it is not the first" {
	config '.linux.namespaces = [.linux.namespaces[] | select(.type != "pid")] | .process.env += ["LISTEN_PID=4", "LISTEN_FDS=7"]'
	args sh -c 'echo "$LISTEN_FDS $LISTEN_PID $$"'
	# shellcheck disable=SC2016
	call sh -c 'exec env LISTEN_FDS=1 LISTEN_PID=$$ "$0" "$@"' "$TURTLE" --root "$STATE" run box 3</etc/hostname
	same "$status" 0
	read -r fds pid self <<<"$output"
	same "$fds" 1
	same "$pid" "$self"
	differ "$pid" 1
}

@test "run: --preserve-fds of closed descriptors, and of nonsense" {
	args /probe fds
	call "$TURTLE" --root "$STATE" run --preserve-fds 2 box 3>&- 4>&-
	same "$status" 0
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 "
	# What is closed stays closed, between others too.
	call "$TURTLE" --root "$STATE" run --preserve-fds 4 box 3</etc/hostname 4>&- 5</etc/hosts 6>&- 7</
	same "$status" 0
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 3 5 "
	matches '^3 /.*hostname' '^5 /.*hosts'
	config '.process.terminal = false | .linux.namespaces += [{type: "user"}, {type: "time"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	call "$TURTLE" --root "$STATE" run --preserve-fds 3 box 3>&- 4</etc/hostname 5>&-
	same "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 4 "
	call turtle run --preserve-fds -1 box
	same "$status" 1
	call turtle run --preserve-fds many box
	same "$status" 1
}

# on_terminal COMMAND: runs it on a terminal of its own, whose output goes to $T/typed; what is written to $T/keys is typed.
on_terminal()
{
	[ -p "$T/keys" ] || mkfifo "$T/keys"
	script -qec "$1" /dev/null >"$T/typed" 2>&1 0<>"$T/keys" 3>&-
}

@test "run: on a terminal of its own the container gets another one" {
	config '.process.terminal = true'
	args sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all'
	on_terminal "$TURTLE --root $STATE run box"
	output=$(tr -d '\r' <"$T/typed")
	has /dev/pts/0 all
}

@test "run: a terminal passes the status on, and its output to the end" {
	config '.process.terminal = true'
	args sh -c 'seq 1 3000; exit 9'
	status=0
	on_terminal "$TURTLE --root $STATE run box" || status=$?
	same "$status" 9
	same "$(tr -d '\r' <"$T/typed" | grep -c '^[0-9][0-9]*$')" 3000
	grep -q '^3000' "$T/typed" || fail "the end is missing"
}

@test "run: what is typed reaches the container" {
	config '.process.terminal = true'
	args sh -c 'echo ready; read line; echo "<$line>"'
	on_terminal "$TURTLE --root $STATE run box" &
	local session=$!
	until_true grep -q ready "$T/typed"
	echo hello >"$T/keys"
	wait "$session"
	grep -q '<hello>' "$T/typed" || fail "$(<"$T/typed")"
}

@test "run: an interrupt key reaches the container, not the runtime" {
	config '.process.terminal = true'
	args /probe signals
	on_terminal "$TURTLE --root $STATE run box" &
	local session=$!
	until_true grep -q ready "$T/typed"
	printf '\003' >"$T/keys"
	until_true grep -q 'got 02' "$T/typed"
	same "$(state_of box)" running
	turtle kill box
	status=0
	wait "$session" || status=$?
	same "$status" 7
}

@test "run: the terminal has the caller's size, and follows it" {
	config '.process.terminal = true'
	args /probe winsize
	on_terminal "stty rows 31 cols 97; tty >$T/tty; $TURTLE --root $STATE run box; :" &
	local session=$!
	until_true grep -q 'size 31 97' "$T/typed"
	stty rows 40 cols 120 <"$(<"$T/tty")"
	until_true grep -q 'size 40 120' "$T/typed"
	turtle kill box
	wait "$session"
}

@test "run: the caller's terminal is as it was afterwards" {
	config '.process.terminal = true'
	args stty raw -echo
	on_terminal "stty -g; $TURTLE --root $STATE run box; stty -g"
	same "$(tr -d '\r' <"$T/typed" | grep -c :)" 2
	same "$(tr -d '\r' <"$T/typed" | sort -u | wc -l)" 1
}

@test "run: a terminal needs one at the caller's, or a console socket" {
	config '.process.terminal = true'
	args true
	refused "cannot allocate tty if runc will detach without setting console socket" turtle run -d box
	refused "cannot allocate tty if runc will detach without setting console socket" turtle create box
	config '.process.terminal = false'
	refused "cannot use console socket if runc will not detach or allocate tty" turtle run --console-socket "$T/none" box
}
