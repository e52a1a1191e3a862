# SPDX-License-Identifier: Apache-2.0
# The command line: spellings, help, version, errors of usage, the log, exit codes.
load helpers

# usage TEXT ARGUMENT...: turtle fails with status 1 and says TEXT on stderr.
usage()
{
	local text=$1
	shift
	call "$TURTLE" "$@"
	[ "$status" -eq 1 ] || fail "status is not 1"
	[[ $stderr == *"$text"* ]] || fail "stderr does not say: $text"
}

@test "cli: --version names turtle, the specification and the libraries" {
	ok "$TURTLE" --version
	matches '^turtle version [0-9]+\.[0-9]+\.[0-9]+' '^spec: 1\.3\.0$' '^libseccomp: [0-9]+\.[0-9]+' '^libcap: [0-9]+\.[0-9]+' \
		'^yajl: [0-9]+\.[0-9]+'
	[[ $output == "turtle version "* ]] || fail "the first line is not the version"
	local long=$output
	ok "$TURTLE" -v
	is "$long"
	ok "$TURTLE" -version
	is "$long"
}

@test "cli: no argument, help and --help print the same help on stdout" {
	ok "$TURTLE" --help
	matches '^NAME:$' '^   turtle - ' '^ *create' '^ *run' '^ *start' '^ *state' '^ *kill' '^ *delete' '^ *list' '^ *spec' -- '--root' '--log-format'
	[[ $output == "NAME:"* ]] || fail "help does not begin with NAME:"
	local help=$output
	ok "$TURTLE"
	is "$help"
	ok "$TURTLE" help
	is "$help"
	ok "$TURTLE" -h
	is "$help"
}

@test "cli: every command has --help, with its name in the second line" {
	local verb
	for verb in create run start state kill delete list spec pause resume update events ps; do
		ok "$TURTLE" "$verb" --help
		[[ $output == "NAME:"$'\n'"   turtle $verb - "* ]] || fail "help of $verb begins otherwise"
		local long=$output
		ok "$TURTLE" "$verb" -h
		is "$long"
	done
}

@test "cli: the help of a command lists its options" {
	ok "$TURTLE" create --help
	matches '--bundle' '--config' '--console-socket' '--pidfd-socket' '--pid-file' '--no-pivot' '--no-new-keyring' '--preserve-fds'
	ok "$TURTLE" run --help
	matches '--detach' '--keep' '--bundle'
	ok "$TURTLE" delete --help
	matches '--force' '--regex'
	ok "$TURTLE" kill --help
	matches '--all'
	ok "$TURTLE" list --help
	matches '--format' '--quiet'
	ok "$TURTLE" spec --help
	matches '--rootless' '--bundle'
}

@test "cli: help before and after an id does not touch anything" {
	ok turtle create box --help
	[ ! -e "$STATE" ] || fail "a state directory appeared"
}

@test "cli: an unknown command has status 3" {
	call "$TURTLE" fly
	same "$status" 3
	[[ $stderr == *"No help topic for 'fly'"* ]] || fail "not the usual words"
}

@test "cli: an unknown option is named" {
	usage "flag provided but not defined: -frob" --frob list
	usage "flag provided but not defined: -frob" create --frob box
	usage "flag provided but not defined: -x" create -x box
}

@test "cli: an option without its value is named" {
	usage "flag needs an argument: --root" --root
	usage "flag needs an argument: --bundle" create --bundle
	usage "flag needs an argument: --pid-file" run --pid-file
}

@test "cli: the number of arguments is checked" {
	usage 'turtle: "create" requires exactly 1 argument(s)' create
	usage 'turtle: "create" requires exactly 1 argument(s)' create a b
	usage 'turtle: "start" requires exactly 1 argument(s)' start
	usage 'turtle: "state" requires exactly 1 argument(s)' state
	usage 'turtle: "run" requires exactly 1 argument(s)' run
	usage 'turtle: "delete" requires exactly 1 argument(s)' delete
}

@test "cli: a switch is yes, no, and nothing else" {
	ok turtle delete --force=true nobody
	refused "does not exist" turtle delete --force=false nobody
	usage "maybe" delete --force=maybe nobody
}

@test "cli: one dash, two dashes, equals sign and a second argument are the same" {
	args sleep 100
	local spelling
	for spelling in "--pid-file $T/pid" "--pid-file=$T/pid" "-pid-file $T/pid" "-pid-file=$T/pid"; do
		# shellcheck disable=SC2086
		ok turtle create $spelling --bundle "$BUNDLE" box
		same "$(<"$T/pid")" "$(init_pid)"
		ok turtle delete -force box
		rm "$T/pid"
	done
	cd /
	ok turtle create -b "$BUNDLE" box
	ok turtle delete -f box
	ok turtle create -b="$BUNDLE" box
	ok turtle delete --force box
}

@test "cli: options may follow the id" {
	args sleep 100
	cd /
	ok turtle create box --bundle "$BUNDLE" --pid-file "$T/pid"
	same "$(<"$T/pid")" "$(cd "$BUNDLE" && init_pid)"
	ok turtle delete box --force
	refused "does not exist" turtle state box
	ok turtle run box -d --bundle "$BUNDLE"
	ok turtle kill box KILL --all
	until_true eval '[ "$(state_of box)" = stopped ]'
	ok turtle kill box --all
	refused "container not running" turtle kill box
}

@test "cli: kill takes no unknown option, before or after the id" {
	usage "" kill
	args sleep 100
	ok turtle run -d box
	call turtle kill box --frob
	same "$status" 1
	call turtle kill --frob box
	same "$status" 1
	same "$(state_of box)" running
}

@test "cli: after -- nothing is an option" {
	refused "does not exist" turtle state -- box
	call turtle delete -- --force
	same "$status" 1
	[[ $stderr != *"flag provided"* ]] || fail "--force was taken for an option"
}

@test "cli: of repeated global options the last counts" {
	args sleep 100
	ok "$TURTLE" --root "$T/first" --root "$STATE" create box
	[ -d "$STATE/box" ] || fail "no state where it should be"
	[ ! -e "$T/first/box" ] || fail "the first --root was used"
}

@test "cli: --root is created, made absolute, and / is refused" {
	args sleep 100
	cd "$T"
	ok "$TURTLE" --root deep/er/./state create -b "$BUNDLE" box
	[ -d "$T/deep/er/state/box" ] || fail "not below the current directory"
	cd /
	ok "$TURTLE" --root "$T/deep/er/state" delete -f box
	rm -r "$T/deep"
	usage "root" --root / list
	usage "root" --root "" list
}

@test "cli: the state directory must not be open to others" {
	mkdir -m 777 "$STATE"
	args true
	refused "$STATE" turtle create box
	rmdir "$STATE"
	mkdir "$T/elsewhere"
	ln -s "$T/elsewhere" "$STATE"
	refused "$STATE" turtle create box
	rm "$STATE"
	mkdir "$STATE"
	chown 1234 "$STATE"
	refused "$STATE" turtle create box
	rmdir "$STATE" "$T/elsewhere"
}

@test "cli: an error goes to --log and to stderr, as text" {
	call "$TURTLE" --root "$STATE" --log "$T/log" state nobody
	same "$status" 1
	[[ $stderr == *"container does not exist"* ]] || fail "stderr does not say it"
	same "$(wc -l <"$T/log")" 1
	grep -Eq '^time="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(Z|[+-][0-9:]{5})" level=error msg=".*container does not exist"$' "$T/log" ||
		fail "the log: $(<"$T/log")"
}

@test "cli: --log-format json makes one object with level, msg and an RFC 3339 time" {
	call "$TURTLE" --root "$STATE" --log "$T/log" --log-format json state nobody
	same "$status" 1
	[[ $stderr == *"container does not exist"* && $stderr != *'"level"'* ]] || fail "stderr is not the bare message"
	same "$(jq -s length "$T/log")" 1
	same "$(jq -r .level "$T/log")" error
	[[ $(jq -r .msg "$T/log") == *"container does not exist" ]] || fail "the log: $(<"$T/log")"
	[[ $(jq -r .time "$T/log") =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$ ]] ||
		fail "the time: $(<"$T/log")"
	call "$TURTLE" --root "$STATE" --log-format=json state nobody
	same "$(jq -r .level <<<"$stderr")" error
}

@test "cli: --log journald: and syslog: tell the daemon" {
	# Both are played by a listener of the test's, in a mount namespace of its own.
	cat >"$T/played" <<-'END'
		set -e
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/journal
		mount -t tmpfs tmpfs /dev
		mknod /dev/null c 1 3
		log=$1 socket=$2 told=$3
		shift 3
		"$SUITE/notify" listen "$socket" >"$told" 3>&- &
		while [ ! -S "$socket" ]; do :; done
		"$TURTLE" --root "$STATE" --log "$log" "$@" && status=0 || status=$?
		while [ ! -s "$told" ]; do :; done
		kill $!
		exit $status
	END
	call env SUITE="$SUITE" TURTLE="$TURTLE" STATE="$STATE" timeout 10 unshare -m --propagation private sh "$T/played" \
		syslog:me /dev/log "$T/told" --log-format json state nobody
	same "$status" 1
	same "$stderr" "turtle: container does not exist"
	grep -Eqx '<11>me\[[0-9]+\]: container does not exist' "$T/told" || fail "told: $(<"$T/told")"
	call env SUITE="$SUITE" TURTLE="$TURTLE" STATE="$STATE" timeout 10 unshare -m --propagation private sh "$T/played" \
		journald:me /run/systemd/journal/socket "$T/told" state nobody
	same "$status" 1
	same "$stderr" "turtle: container does not exist"
	same "$(<"$T/told")" "PRIORITY=3|SYSLOG_IDENTIFIER=me|MESSAGE=container does not exist|"
	# Where nobody listens there is no log.
	[ -e /dev/log ] || refused "connect to /dev/log for the log: No such file or directory" "$TURTLE" --root "$STATE" --log syslog:me list
}

@test "cli: the log is appended to, and nothing is logged on success" {
	echo kept >"$T/log"
	args true
	ok "$TURTLE" --root "$STATE" --log "$T/log" --log-format json run box
	same "$(<"$T/log")" kept
}

@test "cli: an error text is one line of JSON whatever is in it" {
	call "$TURTLE" --root "$STATE" --log "$T/log" --log-format json create -b $'/no "such"\n\tplace\\' box
	same "$status" 1
	same "$(jq -s length "$T/log")" 1
	[[ $(jq -r .msg "$T/log") == *'no "such"'* ]] || fail "the log: $(<"$T/log")"
	[[ $stderr != *$'\n'* ]] || fail "two lines of error"
}

@test "cli: a bad --log-format and a log that can't be opened are errors" {
	usage "invalid log-format: xml" --log-format xml list
	usage "/no/such/log" --log /no/such/log list
}

@test "cli: without systemd its driver is refused in one line" {
	[ ! -d /run/systemd/system ] || skip "systemd is here"
	args true
	refused "systemd" turtle --systemd-cgroup create box
	refused "systemd" turtle --cgroup-manager systemd create box
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
}

@test "cli: unknown and contradicting cgroup managers are refused" {
	args true
	refused "frob" turtle --cgroup-manager=frob create box
	refused "contradicts" turtle --systemd-cgroup --cgroup-manager=cgroupfs create box
}

@test "cli: --cgroup-manager=disabled leaves the process in the caller's cgroup" {
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	args cat /proc/self/cgroup
	ok turtle --cgroup-manager=disabled run box
	matches "^0::$own\$"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup was made"
}

@test "cli: --rootless takes true, false and auto" {
	args true
	ok turtle --rootless=false run box
	ok turtle --rootless auto run box
	ok turtle --rootless true run box
	usage "rootless" --rootless=perhaps list
}

@test "cli: --debug writes more, but no second error" {
	call "$TURTLE" --root "$STATE" --debug --log "$T/log" --log-format json state nobody
	same "$status" 1
	same "$(jq -s 'map(select(.level == "error")) | length' "$T/log")" 1
}

@test "cli: a full standard output is an error" {
	args sleep 100
	ok turtle create box
	status=0
	"$TURTLE" --root "$STATE" state box >/dev/full 2>"$T/err" 3>&- || status=$?
	same "$status" 1
	grep -q "No space left" "$T/err" || fail "stderr: $(<"$T/err")"
}
