#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with a real CRIU. The payload counts: a restored one goes on where it was, so its first number is
# higher than the last one before.
# weight: 4
load ../../integration/helpers

setup()
{
	[ "${TURTLE_VM:-}" != uml ] || skip "no CRIU in user-mode Linux"
	box_setup
	IMAGES=$T/images
	WORK=$T/work
	LOG=$T/log
}

# Emulated, CRIU takes its time.
slow() { timeout --foreground -k 1 100 "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-; }

# reasons: what to look at when CRIU has failed.
reasons() { grep -h 'Error (' "$WORK"/*.log 2>/dev/null | grep -v RLIMIT_NOFILE | tail -5; }

# save [OPTION...], bring [OPTION...]: checkpoint and restore of box, which must go well.
save()
{
	call slow checkpoint --image-path "$IMAGES" --work-path "$WORK" "$@" box
	[ "$status" -eq 0 ] && [ -z "$stderr" ] || fail "checkpoint: $(reasons)"
}
bring()
{
	call slow restore --image-path "$IMAGES" --work-path "$WORK" "$@" box
	[ "$status" -eq 0 ] && [ -z "$stderr" ] || fail "restore: $(reasons)"
}

COUNT='i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done'

# begin [OPTION...]: starts the bundle at hand, detached, with its output in a pipe that ends in $LOG. Where no program was
# named it counts, and has begun to.
begin()
{
	local started=true
	[[ $(<config.json) != *@ARGS@* ]] || {
		args sh -c "$COUNT"
		started='counted 0'
	}
	turtle run -d "$@" box > >(exec cat >>"$LOG" 3>&-) 2>&1 </dev/null || fail "run: $(last)"
	until_true $started
}
# again [OPTION...]: the same for a restore.
again()
{
	slow restore -d --image-path "$IMAGES" --work-path "$WORK" "$@" box > >(exec cat >>"$LOG" 3>&-) 2>&1 </dev/null ||
		fail "restore: $(last) $(reasons)"
	same "$(state_of box)" running
}
running() { [ "$(state_of box)" = running ]; }
last() { tail -n 1 "$LOG"; }
counted() { [ "$(last)" -gt "$1" ]; }
# counts_on NUMBER: the payload goes on after it, and has not begun anew.
counts_on()
{
	until_true counted "$1"
	same "$(grep -cx 1 "$LOG")" 1 "how often it counted from 1"
}

# keeper VERB ARGUMENT: the payload that has something which is hard to save.
keeper()
{
	cp "$TURTLE_PAYLOADS/keeper" rootfs/keeper
	args /keeper "$@"
}
# sound: none of the keeper's turns had anything to say.
sound() { same "$(grep -v '^[0-9]*$' "$LOG")" "" "what it says besides numbers"; }
# unsaved TEXT [OPTION...]: checkpoint fails, TEXT is among its reasons, and the container goes on.
unsaved()
{
	local text=$1
	shift
	refused "criu failed: type DUMP" slow checkpoint --image-path "$IMAGES" --work-path "$WORK" "$@" box
	[[ $stderr == *"Error (criu/"*"$text"* ]] || fail "not the reason: $text"
	same "$(state_of box)" running
}

@test "checkpoint: a container goes on where it was, and is a whole one" {
	begin
	until_true counted 3
	local options
	options=$(findmnt -no FS-OPTIONS "$CGROUP_MOUNT")
	save
	same "$(findmnt -no FS-OPTIONS "$CGROUP_MOUNT")" "$options" "options of the host's cgroup2"
	[ ! -e "$STATE/box" ] || fail "the container is still there"
	[ ! -e "$CGROUP_DIR" ] || fail "the cgroup is still there"
	local before
	before=$(last)
	again --pid-file "$T/pid"
	counts_on "$before"
	same "$(<"$T/pid")" "$(init_pid)"
	same "$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")" "$CGROUP"
	grep -qx "$(init_pid)" "$CGROUP_DIR/cgroup.procs" || fail "it is not in its cgroup"
	! grep -lx criu /proc/*/comm 2>/dev/null || fail "CRIU is still there"
	ok turtle exec box sh -c 'cat /proc/1/comm; grep :: /proc/self/cgroup; echo $$'
	has sh 0::/
	ok turtle pause box
	same "$(state_of box)" paused
	ok turtle resume box
	refused "container with given ID already exists" slow restore --image-path "$IMAGES" box
	ok turtle kill box KILL
	until_true stopped box
	ok turtle delete box
}

@test "checkpoint: again, what was restored" {
	begin
	save
	again
	save
	local before
	before=$(last)
	again
	counts_on "$before"
}

@test "checkpoint: images are for nobody else" {
	begin
	IMAGES=$T/a/b
	save
	same "$(stat -c %a:%u "$T/a" "$T/a/b" | tr '\n' ' ')" "700:0 700:0 "
}

@test "restore: in the foreground, with the process's own exit status; a file as output" {
	args sh -c 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done'
	turtle run -d box >>"$LOG" 2>&1
	until_true counted 0
	save
	local before
	before=$(last)
	slow restore --image-path "$IMAGES" --work-path "$WORK" box >>"$LOG" 2>&1 </dev/null 3>&- &
	local restore=$!
	counts_on "$before"
	ok turtle kill box TERM
	status=0
	wait "$restore" || status=$?
	same "$status" 7 "the exit status"
	[ ! -e "$STATE/box" ] || fail "the container is still there"
}

@test "restore: standard input is the caller's, whether or not it may be a terminal" {
	args sh -c 'while read l; do echo "got $l"; done'
	local option keys
	for keys in first second third; do
		mkfifo "$T/$keys"
	done
	exec {KEYS}<>"$T/first"
	turtle run -d box < <(exec cat "$T/first" 3>&- {KEYS}>&-) >>"$LOG" 2>&1
	echo first >&"$KEYS"
	until_line "$LOG" 'got first'
	while read -r keys option; do
		save
		exec {KEYS}>&-
		exec {KEYS}<>"$T/$keys"
		slow restore -d $option --image-path "$IMAGES" --work-path "$WORK" box < <(exec cat "$T/$keys" 3>&- {KEYS}>&-) >>"$LOG" 2>&1 ||
			fail "restore: $(last) $(reasons)"
		echo "$keys" >&"$KEYS"
		until_line "$LOG" "got $keys"
	done <<-'END'
		second
		third --shell-job
	END
	exec {KEYS}>&-
}

@test "restore: a terminal arrives at the console socket" {
	config '.process.terminal = true'
	args sh -c 'while read l; do echo "got $l"; done'
	"$SUITE/recvfd" tty "$T/first" >"$T/received1" 2>&1 </dev/null 3>&- &
	until_true [ -S "$T/first" ]
	ok turtle run -d --console-socket "$T/first" box
	save
	mkfifo "$T/keys"
	"$SUITE/recvfd" tty "$T/second" >"$T/received2" 2>&1 <"$T/keys" 3>&- &
	exec {KEYS}>"$T/keys"
	until_true [ -S "$T/second" ]
	refused "without setting console socket" slow restore -d --image-path "$IMAGES" box
	bring -d --console-socket "$T/second"
	echo hello >&"$KEYS"
	until_true grep -q 'got hello' "$T/received2"
	grep -qx 'payload /dev/ptmx' "$T/received2" || fail "$(<"$T/received2")"
	ok turtle exec box sh -c 'test -c /dev/console && echo console; cat /proc/mounts'
	has console
	matches '^devpts /dev/console '
	exec {KEYS}>&-
}

@test "checkpoint: of what runs on, of what is paused, not of what has not begun" {
	begin
	save --leave-running
	same "$(state_of box)" running
	local before
	before=$(last)
	counts_on "$before"
	ok turtle pause box
	save
	[ ! -e "$STATE/box" ] || fail "the container is still there"
	before=$(last)
	again
	counts_on "$before"
	ok turtle delete --force box
	args true
	ok turtle create box
	refused "Container cannot be checkpointed in created state" slow checkpoint --image-path "$IMAGES" box
	ok turtle start box
	until_true stopped box
	refused "Container cannot be checkpointed in stopped state" slow checkpoint --image-path "$IMAGES" box
}

@test "checkpoint: memory first, then what has changed" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that tracks changes of memory"
	args sh -c 'big=$(head -c 4000000 /dev/zero | tr "\0" x); '"$COUNT"
	begin
	until_true counted 3
	IMAGES=$T/images1
	save --pre-dump
	same "$(state_of box)" running
	IMAGES=$T/images2
	save --parent-path ../images1
	local first second before
	first=$(du -sk "$T/images1" | cut -f1) second=$(du -sk "$T/images2" | cut -f1)
	# The text itself is in the first one alone; what the shell has in its other pages changes with each turn.
	[ "$((second + 3000))" -lt "$first" ] || fail "the second one has $second KiB, the first $first"
	before=$(last)
	again
	counts_on "$before"
}

# size_of DIR: of what of the images is really there, in KiB.
size_of() { du -sk "$1" | cut -f1; }

@test "checkpoint: images lose what a later one, or the restored process, has" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that tracks changes of memory"
	keeper memory 4000000
	begin
	until_true counted 2
	IMAGES=$T/images1
	save --pre-dump
	local whole before
	whole=$(size_of "$T/images1")
	[ "$whole" -gt 3900 ] || fail "the images have $whole KiB"
	IMAGES=$T/images2
	save --parent-path ../images1 --leave-running
	same "$(size_of "$T/images1")" "$whole" "the size of the images before, which are to stay"
	IMAGES=$T/images3
	save --parent-path ../images1 --auto-dedup
	[ "$(size_of "$T/images1")" -lt 500 ] || fail "the images before have still $(size_of "$T/images1") KiB"
	before=$(last)
	again
	counts_on "$before"
	[ "$(size_of "$T/images3")" -gt 3900 ] || fail "the images have only $(size_of "$T/images3") KiB"
	ok turtle delete --force box
	again --auto-dedup
	[ "$(size_of "$T/images3")" -lt 500 ] || fail "the images have still $(size_of "$T/images3") KiB"
	until_true eval '[ "$(grep -cx "$((before + 1))" "$LOG")" -eq 2 ]'
	sound
}

@test "checkpoint: memory that follows later, from a page server" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that CRIU knows"
	args sh -c 'big=$(head -c 4000000 /dev/zero | tr "\0" x); i=0; while :; do i=$((i+1)); echo $i ${#big}; sleep 0.1; done'
	begin
	until_true grep -q 4000000 "$LOG"
	mkfifo "$T/ready"
	slow checkpoint --image-path "$IMAGES" --work-path "$WORK" --lazy-pages --page-server 127.0.0.1:27277 --status-fd 8 box \
		>"$T/said" 2>&1 8>"$T/ready" 3>&- &
	local dump=$! last
	same "$(timeout 60 head -c 1 "$T/ready" | od -An -tx1)" " 00" "what the status descriptor gets"
	last=$(last | cut -d' ' -f1)
	mkdir "$T/work2"
	timeout 100 criu lazy-pages --page-server --address 127.0.0.1 --port 27277 -D "$IMAGES" -W "$T/work2" >"$T/lazy" 2>&1 3>&- &
	local lazy=$!
	until_true [ -S "$T/work2/lazy-pages.socket" ]
	# As elsewhere: the container that was is there until all of its memory is gone from it.
	config --arg path "$TEST_CGROUP/second" '.linux.cgroupsPath = $path'
	slow restore -d --image-path "$IMAGES" --work-path "$T/work2" --lazy-pages box2 > >(exec cat >>"$LOG" 3>&-) 2>&1 </dev/null ||
		fail "restore: $(last) $(WORK=$T/work2 reasons)"
	until_true eval '[ "$(last | cut -d" " -f1)" -gt "$last" ]'
	same "$(last | cut -d' ' -f2)" 4000000 "the size of its memory"
	wait "$dump" || fail "checkpoint: $(<"$T/said")"
	wait "$lazy" || fail "criu lazy-pages: $(<"$T/lazy")"
	[ -z "$(<"$T/said")" ] || fail "words: $(<"$T/said")"
}

@test "checkpoint: TCP connections, only where they are allowed" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that CRIU knows the sockets of"
	args sh -c '(while :; do sleep 0.2; echo ping; done) | busybox nc -l -p 4711 >/dev/null &
		until busybox nc 127.0.0.1 4711 </dev/zero; do sleep 0.1; done'
	begin
	until_true grep -q ping "$LOG"
	refused "criu failed: type DUMP" slow checkpoint --image-path "$IMAGES" --work-path "$WORK" box
	[[ $stderr == *tcp* ]] || fail "no reason from CRIU's log"
	same "$(state_of box)" running
	save --tcp-established
	local before
	before=$(wc -l <"$LOG")
	again --tcp-established
	until_true eval '[ "$(wc -l <"$LOG")" -gt "$before" ]'
}

@test "restore: TCP connections are closed ones, where that is wished for" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that CRIU knows the sockets of"
	keeper tcp 4711
	begin
	until_true counted 2
	save --tcp-established
	refused "criu failed: type RESTORE" slow restore -d --image-path "$IMAGES" --work-path "$WORK" box
	[[ $stderr == *"Connected TCP socket in image"* ]] || fail "no reason from CRIU's log"
	sound
	again --tcp-close
	until_true grep -q 'Broken pipe$' "$LOG"
	ok turtle delete --force box
	: >"$LOG"
	again --tcp-established
	until_true [ -s "$LOG" ]
	sound
}

# in_its_network COMMAND...: as somebody outside, but in its network namespace.
in_its_network() { nsenter --net="/proc/$(init_pid)/ns/net" "$@" 3>&-; }

@test "checkpoint: TCP connections that nobody has accepted yet, only where they are left out" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that CRIU knows the sockets of"
	keeper listen 4711
	begin
	until_true grep -q listening "$LOG"
	nsenter --net="/proc/$(init_pid)/ns/net" busybox nc 127.0.0.1 4711 <<<early >/dev/null 3>&- &
	until_true eval '[ -n "$(in_its_network ss -Htn state close-wait)" ]'
	unsaved "In-flight connection"
	unsaved "In-flight connection" --tcp-established
	save --tcp-skip-in-flight
	again
	ok turtle kill box USR1
	until_true grep -qx nobody "$LOG"
	nsenter --net="/proc/$(init_pid)/ns/net" busybox nc 127.0.0.1 4711 <<<late >/dev/null 3>&- &
	until_true eval '[ -n "$(in_its_network ss -Htn state close-wait)" ]'
	ok turtle kill box USR1
	until_true grep -qx 'heard late' "$LOG"
	! grep -q early "$LOG" || fail "the connection is still there"
}

# mark NAME: a table of this name comes and goes in its network, which $T/firewall tells.
mark()
{
	in_its_network nft add table ip "$1"
	in_its_network nft delete table ip "$1"
	grep -aq "delete table ip $1" "$T/firewall"
}

# firewall OPTION...: what becomes of the rules for packets of the container while it is saved, in $T/rules.
firewall()
{
	nsenter --net="/proc/$(init_pid)/ns/net" nft monitor >"$T/firewall" 2>&1 3>&- &
	local monitor=$!
	# It tells nothing before it listens.
	until_true mark test_begin
	save --leave-running --tcp-established "$@"
	until_true mark test_end
	kill "$monitor"
	wait "$monitor" || true
	sed '0,/delete table ip test_begin/d' "$T/firewall" | grep -v '^#\|test_' >"$T/rules" || true
}

@test "checkpoint: connections are held by iptables, by nftables, or not" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a kernel that CRIU knows the sockets of"
	keeper tcp 4711
	begin
	until_true counted 2
	local option
	for option in "" iptables; do
		firewall ${option:+--network-lock "$option"}
		grep -qx 'add rule ip filter CRIU counter .* drop' "$T/rules" || fail "nothing is held: $(<"$T/rules")"
		grep -qx 'delete chain ip filter CRIU' "$T/rules" || fail "a rule stays: $(<"$T/rules")"
		! grep -q 'table inet CRIU' "$T/rules" || fail "it is nftables': $(<"$T/rules")"
	done
	firewall --network-lock nftables
	grep -q '^add chain inet CRIU-.* policy drop;' "$T/rules" || fail "nothing is held: $(<"$T/rules")"
	grep -q '^delete table inet CRIU-' "$T/rules" || fail "a table stays: $(<"$T/rules")"
	! grep -q 'filter CRIU' "$T/rules" || fail "it is that of iptables: $(<"$T/rules")"
	firewall --network-lock skip
	same "$(<"$T/rules")" "" "rules for nothing"
	sound
}

@test "checkpoint: a datagram socket to somebody outside, only where it is allowed" {
	mkdir "$T/outside"
	# CRIU knows sockets of this network alone, and by the name that they were given.
	config --arg dir "$T/outside" '.mounts += [{destination: $dir, type: "bind", source: $dir, options: ["bind"]}]
		| .linux.namespaces |= map(select(.type != "network"))'
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) or die; $| = 1;
		print $text while defined recv(S, $text, 100, 0)' "$T/outside/log" >"$T/heard" 2>&1 3>&- &
	until_true [ -S "$T/outside/log" ]
	keeper datagram "$T/outside/log"
	begin
	until_true grep -qx 2 "$T/heard"
	unsaved "External socket is used"
	save --ext-unix-sk
	local before
	before=$(last)
	again --ext-unix-sk
	counts_on "$before"
	until_true grep -qx $((before + 1)) "$T/heard"
	same "$(grep -cx 1 "$T/heard")" 1
	sound
}

@test "checkpoint: an open file whose name is gone, while it has another, only with a link" {
	config '.root.readonly = false'
	keeper unlinked /root/file
	begin
	until_true counted 2
	unsaved "Use link-remap option"
	save --link-remap --leave-running
	same "$(ls rootfs/root)" file.other "what is in the directory of a container that runs on"
	save --link-remap
	local inode before
	inode=$(stat -c %i rootfs/root/file.other)
	before=$(last)
	same "$(find rootfs/root -inum "$inode" | wc -l)" 2 "the names of the file meanwhile"
	again
	counts_on "$before"
	same "$(ls -i rootfs/root)" "$inode file.other" "what is in the directory"
	until_true grep -qx $((before + 1)) rootfs/root/file.other
	same "$(grep -cx 1 rootfs/root/file.other)" 1
	sound
}

@test "checkpoint: a terminal of its caller's, only where it is allowed; restored, the container has another one" {
	args sh -c 'while read l; do echo "got $l"; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; done'
	mkfifo "$T/keys1" "$T/keys2"
	# typed NUMBER COMMAND: on a terminal of its own, with keys from one pipe, and what is written there in a file.
	typed() { script -qfec "$2" "$T/screen$1" <"$T/keys$1" >/dev/null 2>&1 3>&-; }
	local command="$TURTLE --root $STATE" job option
	typed 1 "$command run box" &
	job=$!
	exec {KEYS}>"$T/keys1"
	until_true running
	echo one >&"$KEYS"
	until_true grep -q '^got one' "$T/screen1"
	unsaved "Can't lookup mount"
	[[ $stderr == *"it was started with a terminal of its caller's: --shell-job allows that)" ]] || fail "it does not say what to do"
	save --shell-job
	exec {KEYS}>&-
	wait "$job" || true
	for option in "" --shell-job; do
		refused "criu failed: type RESTORE" slow restore -d $option --image-path "$IMAGES" --work-path "$WORK" box </dev/null
		[[ $stderr == *"it was saved with a terminal of its caller's: "* ]] || fail "it does not say what to do"
		[ ! -e "$STATE/box" ] || fail "something is left"
	done
	typed 2 "$command restore --shell-job --image-path $IMAGES --work-path $WORK box" &
	job=$!
	exec {KEYS}>"$T/keys2"
	until_true running || fail "restore: $(<"$T/screen2") $(reasons)"
	echo two >&"$KEYS"
	until_true grep -q '^got two' "$T/screen2"
	until_true grep -q '^terminal' "$T/screen2"
	save --shell-job
	exec {KEYS}>&-
	wait "$job" || true
}

@test "checkpoint: locks of files, only where they are allowed" {
	args /probe lock /dev/shm/lock
	begin
	until_true grep -q locked "$LOG"
	refused "criu failed: type DUMP" slow checkpoint --image-path "$IMAGES" --work-path "$WORK" box
	[[ $stderr == *lock* ]] || fail "no reason from CRIU's log"
	save --file-locks
	again
	"$TURTLE" --root "$STATE" exec box /probe lock /dev/shm/lock >"$T/locker" 2>&1 3>&- &
	until_true grep -q locked "$T/locker"
	ok turtle delete --force box
	again --file-locks
	call turtle exec box /probe lock /dev/shm/lock
	is busy
}

@test "checkpoint: network, ipc and pid namespaces of others" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs a first process that reaps at once, or the number in the namespace is not free"
	# Its first process has to reap what ends in there.
	unshare -inpf --mount-proc bash -c 'trap : CHLD; while :; do sleep 0.2; done' 3>&- &
	local unshare=$! other
	until_true eval '[ -n "$(cat /proc/$unshare/task/$unshare/children)" ]'
	other=$(tr -d ' ' <"/proc/$unshare/task/$unshare/children")
	config --arg ns "/proc/$other/ns" \
		'.linux.namespaces |= map(if .type == "network" then .path = $ns + "/net" elif .type == "ipc" or .type == "pid" then .path = $ns + "/" + .type else . end)'
	begin
	local kind before
	save
	before=$(last)
	again
	counts_on "$before"
	for kind in net ipc pid; do
		same "$(readlink "/proc/$(init_pid)/ns/$kind")" "$(readlink "/proc/$other/ns/$kind")" "the $kind namespace"
	done
	ok turtle delete --force box
	kill -KILL "$other"
	wait "$unshare" || true
}

@test "checkpoint: a network that is left empty, and that hooks find" {
	config '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "cat >>'"$T"'/prestart"]}],
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "nsenter --net=/proc/$(sed \"s/.*\\\"pid\\\":\\([0-9]*\\).*/\\1/\")/ns/net ip link set lo up"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "echo ended >>'"$T"'/poststop"]}]}'
	begin
	save --empty-ns network
	same "$(<"$T/poststop")" ended
	same "$(jq -s 'length' "$T/prestart")" 1
	again --empty-ns network
	same "$(jq -rs 'map(.status + " " + .id) | join(",")' "$T/prestart")" "creating box,creating box"
	same "$(jq -s '.[1].pid' "$T/prestart")" "$(init_pid)"
	ok turtle exec box cat /sys/class/net/lo/flags
	is 0x9
}

@test "checkpoint: in a user namespace" {
	chown -R 100000:100000 rootfs
	chmod 711 "$T"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	begin
	ok turtle exec box cat /proc/mounts
	sort "$T/out" | sed 's/^[^ ]* //' >"$T/mounts"
	save
	local before
	before=$(last)
	again
	counts_on "$before"
	ok turtle exec box cat /proc/self/uid_map
	matches '^ *0 +100000 +65536$'
	ok turtle exec box cat /proc/mounts
	same "$(sort "$T/out" | sed 's/^[^ ]* //' | diff "$T/mounts" -)" "" "what has changed of the mounts"
}

@test "restore: mounts are as they were, and their points are made where they are missing" {
	mkdir -p "$T/source/sub" "$T/other"
	echo one >"$T/source/file"
	echo two >"$T/other/file"
	mount --bind "$T/other" "$T/source/sub"
	config --arg t "$T" '.mounts += [
		{destination: "/mnt/tree", type: "bind", source: ($t + "/source"), options: ["rbind", "rw"]},
		{destination: "/mnt/tree/read-only", type: "bind", source: ($t + "/other"), options: ["bind", "ro", "noexec"]},
		{destination: "/mnt/twice", type: "bind", source: ($t + "/other"), options: ["bind", "ro", "noexec"]},
		{destination: "/etc/one", type: "bind", source: ($t + "/source/file"), options: ["bind", "ro"]},
		{destination: "/mem", type: "tmpfs", source: "tmpfs", options: ["size=1m"]},
		{destination: "/mem/deep/two", type: "bind", source: ($t + "/other"), options: ["bind"]}]'
	ln -s mnt rootfs/link
	config --arg t "$T" '.mounts += [{destination: "/link/through", type: "bind", source: ($t + "/other"), options: ["bind"]}]'
	begin
	ok turtle exec box sh -c 'echo kept >/mem/file; cat /proc/mounts'
	sort "$T/out" | sed 's/^[^ ]* //' >"$T/mounts"
	save
	# As where the image comes from another machine.
	rm -r rootfs/mnt/twice rootfs/etc/one rootfs/mem
	local before
	before=$(last)
	again
	counts_on "$before"
	ok turtle exec box cat /proc/mounts
	same "$(sort "$T/out" | sed 's/^[^ ]* //' | diff "$T/mounts" -)" "" "what has changed of the mounts"
	# What is unmounted on the host goes away in there as well, where the host's mounts are shared.
	ok turtle exec box cat /mnt/tree/file /mnt/tree/sub/file /mnt/twice/file /etc/one /mem/file /mem/deep/two/file /mnt/through/file
	is $'one\ntwo\ntwo\none\nkept\ntwo\ntwo'
	umount "$T/source/sub"
	ok turtle exec box sh -c 'cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l'
	is $'0\n0'
}

@test "restore: of a source that is mounted twice, or in part, each mount is as it was" {
	mkdir -p "$T/source/sub" "$T/free"
	config --arg t "$T" '.mounts += [
		{destination: "/mnt/one", type: "bind", source: ($t + "/source"), options: ["bind", "ro", "nosuid"]},
		{destination: "/mnt/two", type: "bind", source: ($t + "/source"), options: ["bind", "ro", "nosuid"]},
		{destination: "/mnt/sub", type: "bind", source: ($t + "/source/sub"), options: ["bind", "ro", "nosuid"]},
		{destination: "/mnt/free", type: "bind", source: ($t + "/free"), options: ["bind", "ro"]},
		{destination: "/mnt/own", type: "bind", source: ($t + "/free"), options: ["bind", "rw"]}]'
	begin
	ok turtle exec box cat /proc/mounts
	sed 's/^[^ ]* //' "$T/out" | sort >"$T/mounts"
	save
	again
	ok turtle exec box cat /proc/mounts
	same "$(sed 's/^[^ ]* //' "$T/out" | sort | diff "$T/mounts" -)" "" "what has changed of the mounts"
	local place
	for place in one two sub free; do
		call turtle exec box touch "/mnt/$place/file"
		[[ $stderr == *"Read-only file system"* ]] || fail "/mnt/$place is writable"
	done
	ok turtle exec box touch /mnt/own/file
}

@test "restore: into another cgroup, with those below it" {
	config --arg path "$TEST_CGROUP/first" '.linux.cgroupsPath = $path | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	args sh -c 'mkdir -p /sys/fs/cgroup/in/a; echo $$ >/sys/fs/cgroup/in/a/cgroup.procs; '"$COUNT"
	begin
	until_true counted 2
	save
	config --arg path "$TEST_CGROUP/second" '.linux.cgroupsPath = $path'
	local before
	before=$(last)
	again
	counts_on "$before"
	same "$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")" "$TEST_CGROUP/second/in/a"
	ok turtle exec box cat /proc/1/cgroup
	has 0::/in/a
	[ ! -e "$CGROUP_MOUNT$TEST_CGROUP/first" ] || fail "the old cgroup is there"
}

@test "restore: into another cgroup, when cgroups are ignored" {
	begin
	save --manage-cgroups-mode ignore
	config --arg path "$TEST_CGROUP/second" '.linux.cgroupsPath = $path'
	local before
	before=$(last)
	again --manage-cgroups-mode ignore
	counts_on "$before"
	grep -qx "$(init_pid)" "$CGROUP_MOUNT$TEST_CGROUP/second/cgroup.procs" || fail "it is not in its cgroup"
	same "$(readlink "/proc/$(init_pid)/ns/cgroup")" "$(readlink /proc/self/ns/cgroup)" "its cgroup namespace"
	[ ! -e "$CGROUP_DIR" ] || fail "the old cgroup is there"
}

@test "restore: what becomes of cgroups that are there, by mode" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs the tree of cgroups as CRIU expects it"
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	args sh -c 'mkdir -p /sys/fs/cgroup/in/a; echo $$ >/sys/fs/cgroup/in/a/cgroup.procs; echo 7 >/sys/fs/cgroup/in/a/cgroup.max.depth; '"$COUNT"
	begin
	until_true counted 2
	# What ignore saves can only be ignored, and of what soft has saved each mode makes its own.
	IMAGES=$T/ignore
	save --manage-cgroups-mode ignore --leave-running
	IMAGES=$T/soft
	save
	local mode cgroup depth before
	before=$(last)
	while read -r mode cgroup depth; do
		mkdir -p "$CGROUP_DIR/in/a"
		echo 5 >"$CGROUP_DIR/in/a/cgroup.max.depth"
		again --manage-cgroups-mode "$mode"
		same "$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")" "$CGROUP$cgroup" "its cgroup with $mode"
		same "$(<"$CGROUP_DIR/in/a/cgroup.max.depth")" "$depth" "its limit with $mode"
		ok turtle delete --force box
	done <<-END
		soft /in/a 5
		full /in/a 7
	END
	again --manage-cgroups-mode strict
	same "$(<"$CGROUP_DIR/in/a/cgroup.max.depth")" 7 "its limit with strict"
	ok turtle delete --force box
	mkdir -p "$CGROUP_DIR/in/a"
	refused "Abort restore of existing cgroups" slow restore -d --manage-cgroups-mode strict --image-path "$IMAGES" --work-path "$WORK" box
	rmdir "$CGROUP_DIR/in/a" "$CGROUP_DIR/in" "$CGROUP_DIR"
	IMAGES=$T/ignore
	again --manage-cgroups-mode ignore
	same "$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")" "$CGROUP" "its cgroup with ignore"
	[ ! -e "$CGROUP_DIR/in" ] || fail "a cgroup is made with ignore"
}

# Whoever has made the images may have had a mount of his own where the configuration has one of the host's.
@test "restore: what is bound of the host is not writable unless the configuration says so, a device's inode neither" {
	touch rootfs/etc/secret
	config '.linux.maskedPaths = []
		| .mounts += [{destination: "/etc/secret", type: "bind", source: "/dev/null", options: ["bind", "rw"]}]'
	begin
	save
	again
	ok turtle exec box sh -c 'grep " /etc/secret " /proc/mounts'
	matches ' /etc/secret [^ ]* rw,'
	save
	config '.mounts |= map(select(.destination != "/etc/secret")) | .linux.maskedPaths = ["/etc/secret"]'
	refused "restored mounts: the mount /etc/secret in the container is not ro, as the configuration has it" \
		slow restore -d --image-path "$IMAGES" --work-path "$WORK" box
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] || fail "something is left"
	config '.linux.maskedPaths = [] | .mounts += [{destination: "/etc/secret", type: "bind", source: "/dev/null", options: ["bind", "ro"]}]'
	refused "the mount /etc/secret in the container is not ro" slow restore -d --image-path "$IMAGES" --work-path "$WORK" box
}

# limits OPTION...: with these global ones.
limits()
{
	mknod rootfs/kmsg c 1 11
	config '.linux.resources.memory.limit = 33554432 | .linux.resources.pids.limit = 20'
	call timeout 10 "$TURTLE" --root "$STATE" "$@" run -d box </dev/null 3>&- >"$LOG" 2>&1
	until_true eval '[ "$(turtle ps --format json box | jq length)" -eq 2 ]'
	save
	config '.linux.resources.memory.limit = 50331648 | .linux.cgroupsPath += "-other"'
	call timeout 100 "$TURTLE" --root "$STATE" "$@" restore -d --image-path "$IMAGES" --work-path "$WORK" box </dev/null 3>&-
	same "$status" 0 "restore: $stderr $(reasons)"
	local dir
	dir=$CGROUP_MOUNT$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")
	same "$(<"$dir/memory.max") $(<"$dir/pids.max")" "50331648 20" "limits"
	same "$(wc -l <"$dir/cgroup.procs")" 2 "how many are in there"
	call turtle exec box sh -c ': </kmsg'
	differ "$status" 0 "whether other devices can be used"
	ok turtle delete --force box
	[ ! -e "$dir" ] || fail "the cgroup is still there"
}

@test "restore: limits are those of the configuration" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs controllers"
	args sh -c 'exec /probe forks 1 >/dev/null'
	limits
}

@test "restore: with systemd" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs systemd"
	args sh -c 'exec /probe forks 1 >/dev/null'
	config '.linux.cgroupsPath = "system.slice:turtle-test:criu"'
	limits --systemd-cgroup
	same "$(systemctl show -P LoadState turtle-test-criu.scope)" not-found
	same "$(systemctl show -P LoadState turtle-test-criu-other.scope)" not-found
}

@test "restore: the AppArmor profile is the one that it had, or another" {
	[ "${TURTLE_VM:-}" = tcg ] || skip "needs AppArmor"
	local name
	for name in first second; do
		echo "profile turtle-criu-$name flags=(attach_disconnected,mediate_deleted) { file, signal, capability, mount, network, unix, ptrace, umount, pivot_root, }" |
			apparmor_parser -r || fail "no profile"
	done
	config '.process.apparmorProfile = "turtle-criu-first"'
	begin
	same "$(<"/proc/$(init_pid)/attr/current")" "turtle-criu-first (enforce)"
	save
	again
	same "$(<"/proc/$(init_pid)/attr/current")" "turtle-criu-first (enforce)"
	save
	again --lsm-profile apparmor:turtle-criu-second
	same "$(<"/proc/$(init_pid)/attr/current")" "turtle-criu-second (enforce)"
}

@test "checkpoint: files with options for CRIU" {
	mkdir -p /etc/criu
	echo 'log-file crun.log' >/etc/criu/crun.conf
	echo 'log-file own.log' >"$T/own.conf"
	begin
	save --leave-running
	[ -e "$WORK/crun.log" ] || fail "crun's file is not used"
	echo 'log-file turtle.log' >/etc/criu/turtle.conf
	save --leave-running
	[ -e "$WORK/turtle.log" ] || fail "turtle's file is not used"
	ok turtle delete --force box
	config --arg file "$T/own.conf" '.annotations["org.criu.config"] = $file'
	begin
	save --leave-running
	[ -e "$WORK/own.log" ] || fail "the container's file is not used"
	rm "$T/own.conf"
	refused "annotation org.criu.config: open" slow checkpoint --image-path "$IMAGES" box
	rm -r /etc/criu
	ok turtle delete --force box
	config '.annotations["org.criu.config"] = ""'
	begin
	save
	[ -e "$WORK/dump.log" ] || fail "there is no log"
}

@test "restore: a failure leaves nothing, and says why" {
	begin
	save
	mkdir "$T/empty"
	refused "criu failed: type RESTORE" slow restore -d --image-path "$T/empty" --work-path "$WORK" --pid-file "$T/pid" box
	[[ $stderr == *"Error (criu/"* ]] || fail "no reason from CRIU's log"
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] && [ ! -e "$T/pid" ] || fail "something is left"
	# Late: everything is there already, but the pid file can't be written.
	refused "no/pid" slow restore -d --image-path "$IMAGES" --work-path "$WORK" --pid-file "$T/no/pid" box
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] || fail "something is left"
	config '.hooks = {createRuntime: [{path: "/bin/false"}]}'
	refused "error running createRuntime hook" slow restore -d --image-path "$IMAGES" --work-path "$WORK" box
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] || fail "something is left"
	config 'del(.hooks)'
	local before
	before=$(last)
	again
	counts_on "$before"
}

@test "checkpoint: a lock of the container's, seccomp and no_new_privs" {
	config '.process.noNewPrivileges = true | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	begin
	save
	again
	grep -qx $'Seccomp:\t2' "/proc/$(init_pid)/status" || fail "no filter"
	grep -qx $'NoNewPrivs:\t1' "/proc/$(init_pid)/status" || fail "no_new_privs is lost"
}
