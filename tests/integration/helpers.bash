# SPDX-License-Identifier: Apache-2.0
# What every test file loads: a bundle of its own for each test, ways to run turtle and to say what must come out, and a
# teardown that fails the test when anything is left behind.
# shellcheck disable=SC2034,SC2154

#
# Before and after each test.
#
setup()
{
	# Other setups call it first and go on from there.
	box_setup
}

box_setup()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	# Nothing of bats' own is to be held open by a container that lives longer than a command.
	exec </dev/null
	T=$BATS_TEST_TMPDIR
	local name=${BATS_TEST_FILENAME##*/}
	# The file's own cgroup, and below it one per container; the default configuration uses "box".
	TEST_CGROUP=$CGROUP_BASE/${name%.bats}-$BATS_TEST_NUMBER
	CGROUP=$TEST_CGROUP/box
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	STATE=$T/state
	BUNDLE=$T/bundle
	ROOTFS=$BUNDLE/rootfs
	read -r -d '' MOUNTS_BEFORE </proc/self/mountinfo || true
	mapfile -t PROCS_BEFORE <"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs"
	new_bundle "$BUNDLE"
	cd "$BUNDLE" || return 1
}

# The setup of tests that a plain user runs in a login session (tests/vm/user): the bundle is a rootless one, and has no
# cgroup but the default, until user_delegate is called.
user_box_setup()
{
	[ "$(id -u)" -ne 0 ] || skip "is for a plain user"
	exec </dev/null
	T=$BATS_TEST_TMPDIR
	STATE=$T/state
	BUNDLE=$T/bundle
	ROOTFS=$BUNDLE/rootfs
	local slice
	slice=$(sed -n 's|^0::\(/user\.slice/[^/]*\)/.*|\1|p' /proc/self/cgroup)
	[ -n "$slice" ] || fail "not in a login session: $(</proc/self/cgroup)" || return 1
	USER_SLICE=$CGROUP_MOUNT$slice
	read -r -d '' MOUNTS_BEFORE </proc/self/mountinfo || true
	new_bundle "$BUNDLE"
	cd "$BUNDLE" || return 1
	PROCS_BEFORE=()
	find_strangers
	mapfile -t PROCS_BEFORE < <(cut -d' ' -f1 <<<"$strangers")
}

# user_delegate: puts the test into a scope of the user's systemd and takes its cgroup as our own, as box_setup does for
# root; the bundle's cgroupsPath is below it.
user_delegate()
{
	local name=${BATS_TEST_FILENAME##*/}
	local scope=turtle-test-${name%.bats}-$BATS_TEST_NUMBER-$BASHPID.scope
	busctl --user --quiet call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
		StartTransientUnit 'ssa(sv)a(sa(sv))' "$scope" fail 2 PIDs au 1 $BASHPID Delegate b true 0 3>&- || return 1
	until_true grep -q "/$scope\$" /proc/$BASHPID/cgroup
	CGROUP_BASE=$(sed -n 's/^0:://p' /proc/$BASHPID/cgroup)
	TEST_CGROUP=$CGROUP_BASE/test
	CGROUP=$TEST_CGROUP/box
	CGROUP_DIR=$CGROUP_MOUNT$CGROUP
	mkdir "$CGROUP_MOUNT$CGROUP_BASE/self" && echo $BASHPID >"$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs" || return 1
	config --arg path "$CGROUP" '.linux.cgroupsPath = $path'
}

# new_bundle DIR [CGROUP-NAME]: another bundle, for a second container.
new_bundle()
{
	mkdir "$1" && cp -a "$SUITE/rootfs" "$1/rootfs" || return 1
	local text
	read -r -d '' text <"$SUITE/config.json" || true
	printf '%s\n' "${text/@CGROUP@/${TEST_CGROUP:-}/${2:-box}}" >"$1/config.json"
}

teardown()
{
	local left=
	cd / || return 1
	[ -n "${T:-}" ] || return 0
	stuckfs_end || left="stuckfs is still mounted"$'\n'
	userfs_end || left="userfs is still mounted"$'\n'
	kill_background
	delete_all
	check_left
	# Only then tidy up, so that one test's leak is not the next one's.
	if [ -n "$left" ]; then
		tidy
		printf 'left behind:\n%s' "$left"
		return 1
	fi
	# Thousands of small files otherwise stay for the whole run.
	rm -rf --one-file-system "$BUNDLE"
}

# What a test started with `&` and did not wait for.
kill_background()
{
	local pid
	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null || true
	done
}

# One `delete --force` per container must do, and say nothing.
delete_all()
{
	local entry said
	for entry in "$STATE"/* "$STATE"/.[!.]*; do
		case ${entry##*/} in "*" | @* | ".[!.]*") continue ;; esac
		said=$(timeout --foreground -k 1 10 "$TURTLE" --root "$STATE" delete --force "${entry##*/}" 2>&1 3>&-) ||
			left+="delete --force ${entry##*/} failed"$'\n'
		[ -z "$said" ] || left+="delete --force ${entry##*/} said: $said"$'\n'
	done
}

check_left()
{
	local entry mounts try
	for entry in "$STATE"/* "$STATE"/.[!.]*; do
		case ${entry##*/} in "*" | @* | ".[!.]*") continue ;; esac
		left+="state entry: $entry"$'\n'
	done
	# A process that was killed may take a moment to go.
	for ((try = 0; try < 100; try++)); do
		find_strangers
		[ -n "$strangers" ] || break
		sleep 0.01
	done
	[ -z "$strangers" ] || left+="processes:"$'\n'"$strangers"
	# The directory above the container's is not turtle's to remove, but nothing may be in it.
	if [ -n "${TEST_CGROUP:-}" ]; then
		for entry in "$CGROUP_MOUNT$TEST_CGROUP"/*/; do
			[ ! -d "$entry" ] || left+="cgroup: $entry"$'\n'
		done
		[ ! -d "$CGROUP_MOUNT$TEST_CGROUP" ] || rmdir "$CGROUP_MOUNT$TEST_CGROUP" 2>/dev/null ||
			left+="cgroup in use: $TEST_CGROUP"$'\n'
	fi
	read -r -d '' mounts </proc/self/mountinfo || true
	[ "$mounts" = "$MOUNTS_BEFORE" ] ||
		left+="mounts on the host:"$'\n'$(diff <(printf '%s\n' "$MOUNTS_BEFORE") <(printf '%s\n' "$mounts"))$'\n'
}

# Sets $strangers to the processes of our cgroups that were not there before the test; for a plain user these are all of
# the user's but those of systemd and its bus. No process is started for it.
find_strangers()
{
	local pid file files pids command
	strangers=
	shopt -s globstar nullglob
	if [ -n "${USER_SLICE:-}" ]; then
		files=("$USER_SLICE"/**/cgroup.procs)
	else
		files=("$CGROUP_MOUNT$CGROUP_BASE/self/cgroup.procs" "$CGROUP_MOUNT$TEST_CGROUP"/**/cgroup.procs)
	fi
	for file in "${files[@]}"; do
		case $file in */init.scope/* | */dbus.service/*) continue ;; esac
		mapfile -t pids 2>/dev/null <"$file" || continue
		for pid in "${pids[@]}"; do
			case " ${PROCS_BEFORE[*]} $BASHPID " in *" $pid "*) continue ;; esac
			read -r -d '' command 2>/dev/null <"/proc/$pid/cmdline" || true
			strangers+="$pid $command"$'\n'
		done
	done
	shopt -u globstar nullglob
}

tidy()
{
	local pid
	while read -r pid _; do
		[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	done <<<"$strangers"
	[ -z "${TEST_CGROUP:-}" ] || [ ! -d "$CGROUP_MOUNT$TEST_CGROUP" ] || {
		echo 1 >"$CGROUP_MOUNT$TEST_CGROUP/cgroup.kill"
		sleep 0.1
		find "$CGROUP_MOUNT$TEST_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	}
	rm -rf --one-file-system "$STATE"
}

#
# The bundle.
#
# config [JQ-OPTION...] FILTER: edits config.json.
config()
{
	jq "$@" config.json >config.json.new && mv config.json.new config.json
}

# args ARGUMENT...: the command of the container. The first one in a test needs no jq.
args()
{
	local text quoted="" arg
	read -r -d '' text <config.json || true
	if [[ $text == *'"@ARGS@"'* ]]; then
		for arg; do
			arg=${arg//\\/\\\\} arg=${arg//\"/\\\"} arg=${arg//$'\n'/\\n} arg=${arg//$'\t'/\\t}
			quoted+=",\"$arg\""
		done
		printf '%s\n' "${text%%\"@ARGS@\"*}${quoted#,}${text#*\"@ARGS@\"}" >config.json
	else
		jq '.process.args = $ARGS.positional' config.json --args -- "$@" >config.json.new && mv config.json.new config.json
	fi
}

#
# Running. Output goes to files, not to pipes, so that a container may go on living; fd 3 belongs to bats.
#
turtle()
{
	timeout --foreground -k 1 10 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# call COMMAND...: sets $status, $output (stdout), $stderr.
call()
{
	status=0
	# Files of its own: what was started before may still have a word to say.
	rm -f "$T/out" "$T/err"
	"$@" >"$T/out" 2>"$T/err" || status=$?
	output=$(tr -d '\0' <"$T/out")
	stderr=$(<"$T/err")
	CALLED=$*
}

# ok COMMAND...: must succeed without a word on stderr.
ok()
{
	call "$@"
	[ "$status" -eq 0 ] || fail "status $status"
	[ -z "$stderr" ] || fail "words on stderr"
}

# box COMMAND...: runs the command in a container from the bundle at hand; it must succeed.
box()
{
	args "$@"
	ok turtle run box
}

# try COMMAND...: the same without an opinion.
try()
{
	args "$@"
	call turtle run box
}

# refused TEXT COMMAND...: turtle must fail with status 1, say so in one line that holds TEXT (any case) and write
# nothing to stdout. Sets the same variables as call.
refused()
{
	local text=$1
	shift
	call "$@"
	[ "$status" -eq 1 ] || fail "status $status instead of 1"
	[ -z "$output" ] || fail "an error, and words on stdout"
	[ -n "$stderr" ] || fail "an error without a message"
	[[ $stderr != *$'\n'* ]] || fail "more than one line of error"
	# In a record of the log quotes are escaped.
	local said=${stderr//\\\"/\"}
	[[ ${said,,} == *"${text,,}"* ]] || fail "the message does not say: $text"
}

# hold [OPTION...]: a container "box" that lives until the end of the test; its process prints "up" to $T/out.
hold()
{
	[[ $(<config.json) != *@ARGS@* ]] || args /probe wait
	ok turtle run -d "$@" box
}

# exec_refused TEXT ARGUMENT...: exec must fail before anything of the container runs: status 255, and one line that says
# so and holds TEXT (any case).
exec_refused()
{
	local text=$1 said
	shift
	call turtle exec "$@"
	[ "$status" -eq 255 ] || fail "status $status instead of 255"
	[ -z "$output" ] || fail "an error, and words on stdout"
	[[ $stderr != *$'\n'* ]] || fail "more than one line of error"
	said=${stderr//\\\"/\"}
	[[ $said == *'exec failed: '* ]] || fail "the message does not begin with: exec failed:"
	[[ ${said,,} == *"${text,,}"* ]] || fail "the message does not say: $text"
}

# box_refused TEXT: `run` and `create` of the bundle at hand must both be refused and leave nothing.
box_refused()
{
	[[ $(<config.json) != *@ARGS@* ]] || args true
	refused "$1" turtle create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays after a failed create"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays after a failed create"
	refused "$1" turtle run box
}

#
# What must come out.
#
fail()
{
	printf '%s\ncommand: %s\nstatus: %s\nstdout:\n%s\nstderr:\n%s\n' "$1" "${CALLED:-}" "${status:-}" "${output:-}" "${stderr:-}"
	return 1
}

# is TEXT: the whole of stdout.
is() { [ "$output" = "$1" ] || fail "stdout is not: $1"; }

# has LINE...: each is one of the lines of stdout.
has()
{
	local line
	for line; do
		[[ $'\n'$output$'\n' == *$'\n'"$line"$'\n'* ]] || fail "no line is: $line" || return 1
	done
}

# hasnt LINE...: none of the lines of stdout.
hasnt()
{
	local line
	for line; do
		[[ $'\n'$output$'\n' != *$'\n'"$line"$'\n'* ]] || fail "a line is: $line" || return 1
	done
}

# matches ERE...: each is found in a line of stdout.
matches()
{
	local pattern
	for pattern; do
		grep -Eq -- "$pattern" <<<"$output" || fail "no line matches: $pattern" || return 1
	done
}

# lacks ERE...: none is found in stdout.
lacks()
{
	local pattern
	for pattern; do
		! grep -Eq -- "$pattern" <<<"$output" || fail "a line matches: $pattern" || return 1
	done
}

# same A B [WHAT]
same() { [ "$1" = "$2" ] || fail "${3:-values differ}: '$1' and '$2'"; }
differ() { [ "$1" != "$2" ] || fail "${3:-values are the same}: '$1'"; }

# state_of ID [KEY]: what `state` says, by default the status.
state_of() { turtle state "$1" | jq -r ".${2:-status}"; }
init_pid() { state_of "${1:-box}" pid; }

# in_time SECONDS COMMAND...: waits until the command succeeds, without sleeping longer than needed.
in_time()
{
	local deadline=$((EPOCHSECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$EPOCHSECONDS" -le "$deadline" ] || return 1
		sleep 0.01
	done
}

# until_true COMMAND...: waits for what comes soon, longer than a loaded machine takes.
until_true() { in_time 100 "$@" || fail "never came true: $*"; }

# until_line FILE LINE: waits until a line of the file is LINE.
until_line() { until_true grep -qsxF -- "$2" "$1"; }

# stopped ID
stopped() { [ "$(state_of "$1")" = stopped ]; }

# stuckfs_mount: at $T/stuck a file system of the host's in which whoever looks for a file can't be killed nor frozen, until
# stuckfs_end (or the end of the test) takes it away. $T/stuck.said gets the line "asked" when somebody is.
stuckfs_mount()
{
	[ -e /dev/fuse ] || skip "there is no /dev/fuse"
	mkdir "$T/stuck"
	mkfifo "$T/stuck.life"
	"$SUITE/stuckfs" "$T/stuck" <"$T/stuck.life" >"$T/stuck.said" 3>&- &
	exec {STUCKFS}>"$T/stuck.life"
	until_line "$T/stuck.said" up
}

stuckfs_end()
{
	[ -n "${STUCKFS:-}" ] || return 0
	exec {STUCKFS}>&-
	STUCKFS=
	until_true eval '! grep -q " $T/stuck " /proc/self/mountinfo'
}

# userfs_mount UID [squash]: at $T/userfs a file system of that user's on which root has no rights, until userfs_end (or the
# end of the test) takes it away.
userfs_mount()
{
	[ -e /dev/fuse ] || skip "there is no /dev/fuse"
	mkdir -p "$T/userfs"
	rm -f "$T/userfs.life"
	mkfifo "$T/userfs.life"
	"$SUITE/userfs" "$T/userfs" "$@" <"$T/userfs.life" >"$T/userfs.said" 3>&- &
	exec {USERFS}>"$T/userfs.life"
	until_line "$T/userfs.said" up
}

userfs_end()
{
	[ -n "${USERFS:-}" ] || return 0
	exec {USERFS}>&-
	USERFS=
	until_true eval '! grep -q " $T/userfs " /proc/self/mountinfo'
}

# null_device: $T/null, for tests in which a turtle that fails would change the host's and spoil the machine.
null_device()
{
	rm -f "$T/null"
	mknod -m 666 "$T/null" c 1 3
}

#
# Attacks: a tree outside the bundle that must stay as it is, to the byte, the owner and the time.
#
canary()
{
	local name
	CANARY=$T/canary
	mkdir -p "$CANARY"/{shm,pts,proc,sys,newdir}
	for name in victim ptmx null zero full random urandom tty console fd stdin stdout stderr core; do
		echo "$name of the host" >"$CANARY/$name"
	done
	chmod 640 "$CANARY"/*
	chmod 750 "$CANARY"/*/
	chown -R 4242:4242 "$CANARY"
	CANARY_BEFORE=$(canary_print)
}

canary_print()
{
	find "$CANARY" -printf '%P %y %m %U:%G %n %s %l %T@ %i\n' | sort
	# The contents, what the host's devices are, and the program itself.
	cat "$CANARY"/* /proc/sys/kernel/core_pattern 2>/dev/null || true
	stat -c '%n %i %f %t:%T %u:%g %h' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx
	stat -c '%n %i %f %s %u:%g %Y' "$TURTLE"
}

canary_same()
{
	local now
	now=$(canary_print)
	[ "$now" = "$CANARY_BEFORE" ] || fail "the canary changed: $(diff <(printf '%s\n' "$CANARY_BEFORE") <(printf '%s\n' "$now"))"
}

# attack: runs the bundle at hand (the first one of a test also by create and start); it must end in success or in one
# clear failure, and must not touch the canary. $status, $output and $stderr are those of run.
attack()
{
	[[ $(<config.json) != *@ARGS@* ]] || args true
	if [ -z "${ATTACKED:-}" ]; then
		ATTACKED=yes
		call turtle create box
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ] || fail "it hangs or crashes"
		if [ "$status" -eq 0 ]; then
			turtle start box >>"$T/out" 2>&1 || true
			turtle delete --force box
		fi
		canary_same
	fi
	call turtle run box
	[ "$status" -lt 124 ] || fail "it hangs or crashes"
	[ "$status" -eq 0 ] || [ -n "$stderr$output" ] || fail "a failure without words"
	canary_same
}

# A bundle in which the image's own /dev is seen: no mount covers it.
without_dev_mounts()
{
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
}
