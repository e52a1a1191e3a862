# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore as far as they go without CRIU: their command lines, what they refuse, and what they make of a
# program named criu that does not do what it should. The rest is in tests/vm/root/checkpoint.bats.
load helpers

setup()
{
	box_setup
	IMAGES=$T/images
	criu 'exit 3'
	PATH=$T/bin:$PATH
}

# criu SCRIPT: a program of this name. In it `say TEXT` sends one message to turtle.
criu()
{
	mkdir -p "$T/bin"
	printf '#!/bin/bash\nexec 2>/dev/null; SOCK=$2\n%s\n%s\n' \
		'say() { printf "$1" | dd bs=999 iflag=fullblock >&"$SOCK"; }' "$1" >"$T/bin/criu"
	chmod 755 "$T/bin/criu"
}

# with_path PATH COMMAND...: turtle with that search path.
with_path()
{
	local path=$1
	shift
	timeout --foreground -k 1 10 env PATH="$path" "$TURTLE" --root "$STATE" "$@" 3>&- 4>&-
}

# images DIR: what CRIU would have left there, as far as turtle looks at it.
images()
{
	mkdir -p "$1"
	chmod 700 "$1"
	touch "$1/inventory.img" "$1/pages-1.img"
	echo '[]' >"$1/descriptors.json"
	chmod 600 "$1"/*
}

# alive: after what failed the container is as it was.
alive() { same "$(state_of box)" running && same "$(<"$CGROUP_DIR/cgroup.freeze")" 0; }

# nothing: of a restore that failed there is nothing left.
nothing()
{
	[ ! -e "$STATE/box" ] || fail "a state entry stays"
	[ ! -e "$CGROUP_DIR" ] || fail "a cgroup stays"
	[ ! -e "$T/pid" ] || fail "a pid file stays"
}

@test "checkpoint: help, and options that need a value" {
	ok turtle checkpoint --help
	matches '^   turtle checkpoint - ' '--image-path DIR' '--parent-path DIR' '--pre-dump' '--status-fd FD'
	ok turtle restore --help
	matches '^   turtle restore - ' '--lsm-mount-context CONTEXT' '--detach, -d'
	call turtle restore --lsm-mount-context
	[[ $stderr == *"flag needs an argument"* ]] || fail "podman does not understand that"
	call turtle restore -no-subreaper -detach --lsm-profile
	[[ $stderr == *"flag needs an argument"* ]] || fail "a single dash is not understood"
	call turtle checkpoint
	same "$status $stderr" '1 turtle: "checkpoint" requires exactly 1 argument(s)'
	call turtle restore one two
	same "$status $stderr" '1 turtle: "restore" requires exactly 1 argument(s)'
}

@test "checkpoint: what is not there, and what can't be saved" {
	refused "container does not exist" turtle checkpoint --image-path "$IMAGES" nope
	args true
	ok turtle create box
	refused "Container cannot be checkpointed in created state" turtle checkpoint --image-path "$IMAGES" box
	ok turtle start box
	until_true stopped box
	refused "Container cannot be checkpointed in stopped state" turtle checkpoint --image-path "$IMAGES" box
	[ ! -e "$IMAGES" ] || fail "a directory was made"
}

@test "checkpoint: bad values of options" {
	hold
	mkdir "$IMAGES"
	touch "$IMAGES/file"
	local option text
	while IFS='|' read -r option text; do
		# shellcheck disable=SC2086 # two words
		refused "$text" turtle checkpoint --image-path "$IMAGES" $option box
		alive
	done <<-'END'
		--parent-path /images|--parent-path must be relative
		--parent-path nowhere|invalid --parent-path: nowhere
		--parent-path file|not a directory
		--parent-path ../images/file|not a directory
		--parent-path file/x|not a directory
		--manage-cgroups-mode hard|for --manage-cgroups-mode: not one of soft, full, strict, ignore
		--manage-cgroups-mode SOFT|for --manage-cgroups-mode
		--manage-cgroups-mode soft,full|for --manage-cgroups-mode
		--manage-cgroups-mode 0|for --manage-cgroups-mode
		--manage-cgroups-mode none|for --manage-cgroups-mode
		--network-lock ip|for --network-lock: not one of iptables, nftables, skip
		--empty-ns ipc|only network can be left empty
		--empty-ns net|only network can be left empty
		--page-server 1.2.3.4|Use --page-server ADDRESS:PORT
		--page-server :27|Use --page-server ADDRESS:PORT
		--page-server 1.2.3.4:|Use --page-server ADDRESS:PORT
		--page-server 1.2.3.4:0|Use --page-server ADDRESS:PORT
		--page-server 1.2.3.4:65536|Use --page-server ADDRESS:PORT
		--page-server ::1:27|Use --page-server ADDRESS:PORT
		--status-fd 77|invalid --status-fd argument 77
		--status-fd -2|invalid --status-fd argument -2
		--work-path /proc/nowhere|--work-path: create directory /proc/nowhere
	END
	refused "--image-path: open directory" turtle checkpoint --image-path "$IMAGES/file" box
	refused "--image-path: create directory" turtle checkpoint --image-path /proc/nowhere box
	ok turtle delete --force box
	for text in "" first apparmor apparmor: selinux: smack:name "name apparmor:x"; do
		refused "--lsm-profile" turtle restore --image-path "$IMAGES" --lsm-profile "$text" box
		nothing
	done
	refused "--image-path: open directory" turtle restore --image-path "$IMAGES/nowhere" box
	nothing
}

@test "checkpoint: CRIU is looked for in PATH, absolute entries alone" {
	hold
	mkdir "$IMAGES"
	criu 'echo ran >'"$T"'/ran'
	cd "$T/bin" || return 1
	local path
	refused "criu: executable file not found in \$PATH" \
		with_path /nowhere checkpoint --image-path "$T/new/images" --work-path "$T/new/work" box
	[ ! -e "$T/new" ] || fail "directories are made where there is no CRIU"
	for path in /nowhere . "" .: bin:/nowhere "$T" "$T/bin/criu"; do
		refused "criu: executable file not found in \$PATH" with_path "$path" checkpoint --image-path "$IMAGES" box
		[ ! -e "$T/ran" ] || fail "it was run with PATH=$path"
	done
	alive
	chmod 644 "$T/bin/criu"
	refused "executable file not found" with_path "$T/bin" checkpoint --image-path "$IMAGES" box
	ok turtle delete --force box
	refused "executable file not found" with_path /nowhere restore --bundle "$BUNDLE" --pid-file "$T/pid" --image-path "$IMAGES" box
	nothing
}

@test "checkpoint: a CRIU that ends, is ended, or says what can't be understood" {
	hold
	mkdir "$IMAGES"
	local script text
	while IFS='|' read -r script text; do
		criu "$script"
		refused "$text" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
		alive
	done <<-'END'
		exit 3|criu ended without an answer, with status 3
		exit 0|criu ended without an answer, with status 0
		kill -9 $$|criu was ended by signal 9
		[ "$1" = swrk ] && exit 5|with status 5
		say xyz|criu sent a message of 3 bytes that can't be understood
		head -c 5000 /dev/zero >&"$2"|can't be understood
	END
	criu 'exit 3'
	ok turtle delete --force box
	refused "criu ended without an answer, with status 3" \
		with_path "$T/bin:$PATH" restore -d --pid-file "$T/pid" --image-path "$IMAGES" box
	nothing
	printf '#!/no/such/program\n' >"$T/bin/criu"
	refused "start criu ($T/bin/criu)" with_path "$T/bin" restore --image-path "$IMAGES" box
	nothing
}

# An answer as CRIU packs it: kind, success, and what else is given.
@test "checkpoint: an old CRIU, and one that refuses" {
	hold
	mkdir "$IMAGES"
	# kind VERSION, success, version 3.14
	criu 'say "\010\012\020\001\122\004\010\003\020\016"; sleep 1'
	refused "criu is too old: it has version 3.14, and 3.15 is needed" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	# kind EMPTY, no success, errno 95, a message of its own
	criu 'say "\010\000\020\000\070\137\112\003why"; sleep 1'
	refused "criu failed: type VERSION errno 95" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	alive
	# 4.1; then a failure, with the reasons in its log
	criu 'say "\010\012\020\001\122\004\010\004\020\001"
		{ echo "(00.1) Error (criu/util.c:1): rlimit: Can'"'"'t setup RLIMIT_NOFILE for self"
		echo "(00.2)   1: Error (criu/a.c:1): the cause"; for i in 1 2 3 4 5; do echo "(00.3) Error (criu/b.c:2): thing $i"; echo "(00.4) more"; done; } >'"$IMAGES"'/dump.log
		sleep 0.3; say "\010\001\020\000"; sleep 1'
	refused "criu failed: type DUMP errno 0 (Error (criu/a.c:1): the cause; Error (criu/b.c:2): thing 4; Error (criu/b.c:2): thing 5)" \
		with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	alive
}

@test "checkpoint: a plain user is told that it needs root" {
	hold
	mkdir "$IMAGES"
	refused "checkpoint needs root" timeout -k 1 10 unshare -r "$TURTLE" --root "$STATE" checkpoint --image-path "$IMAGES" box 3>&-
	refused "restore needs root" timeout -k 1 10 unshare -r "$TURTLE" --root "$T/other" restore --image-path "$IMAGES" box 3>&-
	[ ! -e "$T/other/box" ] || fail "a state entry stays"
}

@test "checkpoint: what would come back as something else is refused" {
	unshare -C sleep 100 3>&- &
	local other=$!
	until_true eval '[ "$(readlink /proc/'$other'/ns/cgroup)" != "$(readlink /proc/self/ns/cgroup)" ]'
	config --arg path "/proc/$other/ns/cgroup" '.linux.namespaces |= map(if .type == "cgroup" then .path = $path else . end)'
	mkdir "$IMAGES"
	hold
	refused "cgroup namespace is that of /proc/$other/ns/cgroup" turtle checkpoint --image-path "$IMAGES" box
	alive
	ok turtle delete --force box
	refused "cgroup namespace is that of /proc/$other/ns/cgroup" turtle restore --image-path "$IMAGES" box
	nothing
}

@test "checkpoint: what CRIU does not save is refused" {
	images "$IMAGES"
	cp config.json plain.json
	local text change
	while IFS='|' read -r text change; do
		cp plain.json config.json
		config "$change"
		hold
		refused "$text" turtle checkpoint --image-path "$IMAGES" box
		alive
		ok turtle delete --force box
		refused "$text" turtle restore --image-path "$IMAGES" box
		nothing
	done <<-'END'
		process.ioPriority: CRIU doesn't save it|.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 4}
		process.ioPriority: CRIU doesn't save it|.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}
		it is nosymfollow, and CRIU would restore it without that|.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["nosymfollow"]}]
		linux.personality: CRIU doesn't restore it|.linux.personality = {domain: "LINUX32"}
		linux.memoryPolicy: CRIU doesn't save it|.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}
		process.scheduler.policy: CRIU can't save SCHED_DEADLINE|.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 10000000, period: 10000000}
	END
	cp plain.json config.json
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 1}'
	hold
	refused "criu ended without an answer" turtle checkpoint --image-path "$IMAGES" box
	alive
}

@test "checkpoint: restore needs a console socket where run does, and a name that is free" {
	mkdir "$IMAGES"
	config '.process.terminal = true'
	args true
	refused "cannot allocate tty if runc will detach without setting console socket" turtle restore -d --image-path "$IMAGES" box
	config '.process.terminal = false'
	refused "cannot use console socket if runc will not detach or allocate tty" \
		turtle restore --console-socket "$T/none" --image-path "$IMAGES" box
	nothing
	args /probe wait
	hold
	refused "container with given ID already exists" turtle restore --image-path "$IMAGES" box
	alive
	refused "invalid container ID format" turtle restore --image-path "$IMAGES" a/b
}

@test "checkpoint: the annotation of a file with options must name one" {
	mkdir "$IMAGES"
	local value text
	while IFS='|' read -r value text; do
		config --arg value "$value" '.annotations["org.criu.config"] = $value'
		args /probe wait
		hold
		refused "annotation org.criu.config: $text" turtle checkpoint --image-path "$IMAGES" box
		alive
		ok turtle delete --force box
		refused "annotation org.criu.config: $text" turtle restore --image-path "$IMAGES" box
		nothing
	done <<-END
		criu.conf|"criu.conf" is no absolute path
		./criu.conf|"./criu.conf" is no absolute path
		 |" " is no absolute path
		/no/where|open /no/where: No such file or directory
		$T/config.json/x|open $T/config.json/x
	END
}

modes() { stat -c '%a %g %n' "$@"; }

@test "checkpoint: of images a group in a user namespace reads its own, wherever a link leads" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
	criu 'exit 3'
	images "$IMAGES"
	images "$T/before"
	images "$T/deep/er"
	echo secret >"$T/before/secret"
	chmod 600 "$T/before/secret"
	restore() { refused "$1" with_path "$T/bin:$PATH" restore -d --bundle "$BUNDLE" --image-path "$IMAGES" box && nothing; }
	local before link
	before=$(modes "$T/deep/er" "$T/deep/er"/* "$T/before" "$T/before"/*)
	for link in "$T/before" /etc . .. ../.. ../deep/er before/.. "../before/../deep" ../../etc; do
		ln -sfnT "$link" "$IMAGES/parent"
		restore "leads to \"$link\", not to a directory in or beside this one"
		same "$(modes "$T/deep/er" "$T/deep/er"/* "$T/before" "$T/before"/*)" "$before"
	done
	ln -sfnT ../deep "$IMAGES/parent"
	restore "the directory holds no images"
	ln -sfnT before "$T/link"
	ln -sfnT ../link "$IMAGES/parent"
	restore "open the directory ../link before it"
	ln -sfnT ../before "$IMAGES/parent"
	chmod 720 "$T/before"
	restore "the directory is another user's, or others may write to it"
	chmod 700 "$T/before"
	chown 1 "$T/before"
	restore "the directory is another user's, or others may write to it"
	chown 0 "$T/before"
	ln "$T/before/secret" "$T/before/secret.img"
	restore "secret.img is not a regular file of this user with one name"
	ln -sf secret "$T/before/secret.img"
	restore "secret.img is not a regular file of this user with one name"
	rm "$T/before/secret.img"
	mkfifo "$T/before/secret.img"
	restore "secret.img is not a regular file of this user with one name"
	rm "$T/before/secret.img"
	same "$(modes "$T/before/secret")" "600 0 $T/before/secret"
	restore "criu ended without an answer"
	same "$(modes "$T/before"/{secret,descriptors.json,inventory.img,pages-1.img} "$IMAGES"/{descriptors.json,pages-1.img} | cut -d/ -f1 | xargs)" \
		"600 0 600 0 640 100000 640 100000 600 0 640 100000"
	# An id that is taken: nothing is touched.
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	hold
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
	images "$T/other"
	refused "container with given ID already exists" turtle restore --bundle "$BUNDLE" --image-path "$T/other" box
	same "$(modes "$T/other/pages-1.img" | cut -d/ -f1)" "600 0 "
}

# Whoever may move directories of the rootfs must not get a mount's place for another's.
@test "checkpoint: a name that leads to another mount is refused" {
	mkdir -p "$T/one" "$T/two" "$IMAGES" rootfs/a/m rootfs/b rootfs/c
	touch "$T/file" rootfs/b/file
	config --arg t "$T" '.mounts += [
		{destination: "/a/m", type: "bind", source: ($t + "/one"), options: ["bind", "ro", "nosuid", "noexec"]},
		{destination: "/b/m", type: "bind", source: ($t + "/two"), options: ["bind", "ro"]},
		{destination: "/c/m", type: "bind", source: ($t + "/one"), options: ["bind", "ro", "nosuid"]},
		{destination: "/b/file", type: "bind", source: ($t + "/file"), options: ["bind", "ro", "rw"]}]'
	hold
	criu 'exit 3'
	save() { refused "$1" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box && alive; }
	save "criu ended without an answer"
	mv rootfs/a rootfs/d
	save "criu ended without an answer"
	ln -s b rootfs/a
	save "what is mounted at /a/m in the container is not $T/one of the host"
	ln -sfnT c rootfs/a
	save "the mount /a/m in the container is not noexec"
	ln -sfnT d rootfs/a
	save "criu ended without an answer"
	# A file that was replaced is what it was; a directory that was moved is not.
	touch "$T/new"
	mv "$T/new" "$T/file"
	save "criu ended without an answer"
	mv "$T/two" "$T/three"
	mkdir "$T/two"
	save "what is mounted at /b/m in the container is not $T/two of the host"
}

# What a CRIU of 4.1 would say first.
VERSION='say "\010\012\020\001\122\004\010\004\020\001"; '

# Keeps what turtle asks for, in $T/asked.
LISTEN='dd bs=65536 count=2 <&"$SOCK" >"$T/asked"; exit 3'
asks() { grep -ao 'tty\[[^]]*\]' "$T/asked" | sort -u; }

@test "checkpoint: a terminal of the caller's is another one after a restore, where it is allowed" {
	images "$IMAGES"
	args /probe wait
	criu "$VERSION${LISTEN//\$T/$T}"
	# on_terminal COMMAND...: what it says is in $T/screen.
	on_terminal() { script -qfec "PATH=$T/bin:$PATH $TURTLE --root $STATE $*" "$T/screen" </dev/null >/dev/null 2>&1 3>&- || true; }
	on_terminal run -d box
	same "$(state_of box)" running
	local word rdev dev
	read -r rdev dev < <(stat -Lc '%r %d' "/proc/$(init_pid)/fd/0")
	word=$(printf 'tty[%x:%x]' "$rdev" "$dev")
	refused "with status 3 (it was started with a terminal of its caller's: --shell-job allows that)" \
		with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	same "$(asks)" "" "what CRIU is told without --shell-job"
	call with_path "$T/bin:$PATH" checkpoint --shell-job --image-path "$IMAGES" box
	same "$status $stderr" "1 turtle: criu ended without an answer, with status 3"
	same "$(asks)" "$word" "what CRIU is told with --shell-job"
	same "$(jq -r 'unique[]' "$IMAGES/descriptors.json")" "$word" "what is noted for the restore"
	ok turtle delete --force box
	refused "with status 3 (it was saved with a terminal of its caller's: --shell-job gives it another one)" \
		with_path "$T/bin:$PATH" restore -d --image-path "$IMAGES" box
	same "$(asks)" ""
	refused "with status 3 (it was saved with a terminal of its caller's: standard input, output or error must be one)" \
		with_path "$T/bin:$PATH" restore -d --shell-job --image-path "$IMAGES" box
	same "$(asks)" ""
	on_terminal restore -d --shell-job --image-path "$IMAGES" box
	same "$(asks)" "$word" "what is replaced"
	grep -q 'criu ended without an answer, with status 3.$' "$T/screen" || fail "$(<"$T/screen")"
	on_terminal restore -d --image-path "$IMAGES" box
	same "$(asks)" ""
	nothing
}

@test "checkpoint: a CRIU that is ended in its work leaves no container frozen" {
	hold
	mkdir "$IMAGES"
	criu "$VERSION"'echo 1 >'"$CGROUP_DIR"'/cgroup.freeze; kill -9 $$'
	refused "criu was ended by signal 9" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	alive
	# One that was paused before is left so.
	ok turtle pause box
	refused "criu was ended by signal 9" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	same "$(state_of box)" paused
	ok turtle resume box
	alive
}

@test "checkpoint: a signal ends CRIU, too, and lets the container go on" {
	hold
	mkdir "$IMAGES"
	criu "$VERSION"'echo 1 >'"$CGROUP_DIR"'/cgroup.freeze; ps -o sid= $$ >'"$T/sid"'; echo $$ >'"$T/criu"'; exec sleep 100'
	local sig pid code
	for sig in TERM INT HUP QUIT; do
		rm -f "$T/criu"
		env --default-signal=INT,QUIT PATH="$T/bin:$PATH" "$TURTLE" --root "$STATE" checkpoint --image-path "$IMAGES" box 3>&- 4>&- 2>/dev/null &
		pid=$!
		until_true test -s "$T/criu"
		same "$(<"$CGROUP_DIR/cgroup.freeze")" 1
		same "$(xargs <"$T/sid")" "$(<"$T/criu")" "CRIU is in its caller's session"
		kill -s "$sig" "$pid"
		code=0
		wait "$pid" || code=$?
		same "$code" $((128 + $(kill -l "$sig")))
		[ ! -e "/proc/$(<"$T/criu")" ] || fail "CRIU stays behind"
		alive
	done
}

@test "checkpoint: what CRIU prints is not for the caller, and restore brings no keys" {
	hold
	images "$IMAGES"
	criu 'echo printed; exit 3'
	sed -i s,exec.2./dev/null,:, "$T/bin/criu"
	refused "criu ended without an answer, with status 3" with_path "$T/bin:$PATH" checkpoint --image-path "$IMAGES" box
	ok turtle delete --force box
	refused "criu ended without an answer, with status 3" \
		with_path "$T/bin:$PATH" restore -d --pid-file "$T/pid" --image-path "$IMAGES" box
	nothing
	criu "$BUNDLE/rootfs/probe sys keyctl 0 -3 0 >$T/keyring; exit 3"
	refused "criu ended without an answer, with status 3" \
		with_path "$T/bin:$PATH" restore -d --pid-file "$T/pid" --image-path "$IMAGES" box
	nothing
	[ -s "$T/keyring" ] || fail "the session keyring is not told"
	[ "$(<"$T/keyring")" != "$("$BUNDLE/rootfs/probe" sys keyctl 0 -3 0)" ] || fail "it is in the caller's session keyring"
}
