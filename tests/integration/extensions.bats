# SPDX-License-Identifier: Apache-2.0
# What turtle does beyond the specification, as crun does it: annotations run.oci.*, and mount options.

load helpers

# annotate KEY VALUE
annotate() { config --arg key "$1" --arg value "$2" '.annotations[$key] = $value'; }

# mount DESTINATION SOURCE OPTION...: one more bind mount.
mount_with()
{
	config --arg destination "$1" --arg source "$2" --arg options "${*:3}" \
		'.mounts += [{destination: $destination, type: "none", source: $source, options: ($options / " ")}]'
}


@test "extensions: keep_original_groups leaves the caller's groups, whatever the configuration has" {
	args sh -c 'id -G; echo; /probe ids'
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [77]}'
	call setpriv --groups 123,456 "$TURTLE" --root "$STATE" run box
	same "$status" 0
	matches '^1000 77$'
	annotate run.oci.keep_original_groups 1
	call setpriv --groups 123,456 "$TURTLE" --root "$STATE" run box
	same "$status" 0
	[ -z "$stderr" ] || fail "words on stderr"
	matches '^1000 123 456$'
	# By its presence.
	annotate run.oci.keep_original_groups ""
	call setpriv --groups 123 "$TURTLE" --root "$STATE" run box
	matches '^1000 123$'
	# Only 0 is no.
	annotate run.oci.keep_original_groups 0
	call setpriv --groups 123 "$TURTLE" --root "$STATE" run box
	matches '^1000 77$'
}

@test "extensions: keep_original_groups in a user namespace, where setgroups is denied" {
	args sh -c 'id -G'
	annotate run.oci.keep_original_groups 1
	mkdir -m 700 "$T/theirs" && chown 65534:65534 "$T/theirs"
	chmod 711 "$T" "$BUNDLE"
	chown -R 65534:65534 "$ROOTFS"
	config 'del(.linux.cgroupsPath, .linux.resources) | .linux.namespaces = [.linux.namespaces[] | select(.type != "network")]
		+ [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 65534, size: 1}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts = [.mounts[] | select(.destination != "/sys" and .destination != "/sys/fs/cgroup")
			| .options = [.options[]? | select(startswith("gid=") | not)]]'
	chmod 644 config.json
	call setpriv --reuid 65534 --regid 65534 --groups 123,456 "$TURTLE" --root "$T/theirs" run box
	same "$status" 0
	# Both are there, under the number of those that are not mapped.
	same "$output" "0 65534 65534"
}

@test "extensions: copy-symlink makes the same link, where there is none yet" {
	echo of-the-host >"$T/file"
	ln -s /etc/somewhere "$T/link"
	ln -s /bin/busybox "$ROOTFS/etc/other"
	ln -s /etc/somewhere "$ROOTFS/etc/same"
	mount_with /deep/er/link "$T/link" bind copy-symlink ro
	mount_with /etc/same "$T/link" bind copy-symlink
	mount_with /etc/file "$T/file" bind copy-symlink ro
	box sh -c 'readlink /deep/er/link; readlink /etc/same; cat /etc/file; grep -c "link\|same" /proc/self/mountinfo || true'
	has /etc/somewhere of-the-host 0
	same "$(grep -cx /etc/somewhere <<<"$output")" 2
	mount_with /etc/other "$T/link" bind copy-symlink
	call turtle run box
	same "$status" 1
	[[ $stderr == *"/etc/other"*"File exists"* ]] || fail "another reason"
	config '.mounts[-1].destination = "/etc/passwd"'
	call turtle run box
	same "$status" 1
}

@test "extensions: copy-symlink with a user namespace" {
	ln -s /etc/somewhere "$T/link"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	mount_with /link "$T/link" bind copy-symlink
	box readlink /link
	is /etc/somewhere
}

@test "extensions: src-nofollow binds the link itself" {
	echo target >"$T/target"
	ln -s "$T/target" "$T/link"
	# On a file it is a link that leads nowhere in the container.
	ln -s nowhere "$ROOTFS/etc/place"
	mount_with /etc/place "$T/link" bind src-nofollow dest-nofollow
	box readlink /etc/place
	is "$T/target"
	same "$(readlink "$ROOTFS/etc/place")" nowhere
	config '.mounts[-1].destination = "/etc/followed" | .mounts[-1].options = ["bind"]'
	box cat /etc/followed
	is target
}

@test "extensions: dest-nofollow mounts on the link, and what it leads to stays" {
	mkdir "$T/source" "$ROOTFS/etc/real"
	ln -s /etc/real "$ROOTFS/etc/link"
	ln -s x "$T/source-link"
	touch "$T/source/inside"
	mount_with /etc/link "$T/source" bind
	box sh -c 'ls /etc/real'
	is inside
	config '.mounts[-1].options = ["bind", "dest-nofollow", "src-nofollow"]' && config --arg source "$T/source-link" '.mounts[-1].source = $source'
	box sh -c 'readlink /etc/link; ls /etc/real'
	is x
	# A directory can't be mounted on what is no directory.
	config --arg source "$T/source" '.mounts[-1].source = $source'
	call turtle run box
	same "$status" 1
	[[ $stderr == *"/etc/link"* ]] || fail "the destination is not named"
}

@test "extensions: options for binds alone are refused elsewhere" {
	local option
	for option in copy-symlink src-nofollow; do
		config --arg option $option '.mounts += [{destination: "/x", type: "tmpfs", source: "tmpfs", options: [$option]}]'
		refused "$option is for bind mounts only" turtle run box
		config '.mounts = .mounts[:-1]'
	done
}

@test "extensions: pidfd_receiver gets the pidfd of init" {
	"$SUITE/recvfd" pidfd "$T/socket" >"$T/received" 3>&- 4>&- &
	until_true test -S "$T/socket"
	args sleep 1000
	annotate run.oci.pidfd_receiver "$T/socket"
	ok turtle create box
	local pid
	pid=$(init_pid)
	until_true grep -q "\b$pid\b" "$T/received"
	ok turtle delete --force box
	until_true grep -q ended "$T/received"
	# It must be there, absolute, and the only one.
	annotate run.oci.pidfd_receiver "$T/nowhere"
	box_refused "$T/nowhere"
	annotate run.oci.pidfd_receiver relative
	box_refused "run.oci.pidfd_receiver"
	annotate run.oci.pidfd_receiver "$T/socket"
	refused "one of them" turtle create --pidfd-socket "$T/other" box
}

@test "extensions: the output of hooks goes to files, also of those that run later" {
	cat >"$T/hook" <<-'END'
		#!/bin/sh
		cat >/dev/null
		echo "out $1"
		echo "error $1" >&2
		exit "${2:-0}"
	END
	chmod +x "$T/hook"
	annotate run.oci.hooks.stdout "$T/hooks.out"
	annotate run.oci.hooks.stderr "$T/hooks.err"
	echo before >"$T/hooks.out"
	config --arg hook "$T/hook" 'reduce ("prestart", "createRuntime", "poststart", "poststop") as $kind (.;
		.hooks[$kind] = [{path: $hook, args: ["hook", $kind]}])'
	box true
	[ -z "$output" ] || fail "output of a hook"
	same "$(<"$T/hooks.out")" $'before\nout prestart\nout createRuntime\nout poststart\nout poststop'
	same "$(<"$T/hooks.err")" $'error prestart\nerror createRuntime\nerror poststart\nerror poststop'
	same "$(stat -c %a "$T/hooks.err")" 600
	# A failure does not repeat what is in the file.
	config '.hooks.createRuntime[0].args += ["3"]'
	call turtle run box
	same "$status" 1
	[[ $stderr == *"error running createRuntime hook #0: exit status 3, stdout: , stderr: "* ]] || fail "another error"
	same "$(tail -n 2 "$T/hooks.out")" $'out createRuntime\nout poststop'
	# One of the two alone.
	config 'del(.annotations["run.oci.hooks.stderr"])'
	call turtle run box
	[[ $stderr == *"exit status 3, stdout: , stderr: error createRuntime"* ]] || fail "another error"
	annotate run.oci.hooks.stdout "$T/no/where"
	call turtle run box
	[[ $stderr == *"$T/no/where"*"No such file or directory"* ]] || fail "another error"
	# One that nobody reads keeps nobody waiting.
	mkfifo "$T/fifo"
	annotate run.oci.hooks.stdout "$T/fifo"
	call turtle run box
	same "$status" 1
	[[ $stderr == *"open $T/fifo for the output of hooks: No such device or address"* ]] || fail "another error"
	annotate run.oci.hooks.stdout relative
	box_refused "run.oci.hooks.stdout"
}

@test "extensions: the output of hooks in the container goes to files, which they have no descriptor of" {
	cat >"$T/hook" <<-'END'
		#!/bin/sh
		cat >/dev/null
		echo "out $1"
		echo "error $1" >&2
		[ ! -p /proc/self/fd/1 ] || [ ! -p /proc/self/fd/2 ] || echo pipes >&2
		exit "${2:-0}"
	END
	chmod +x "$T/hook"
	cp "$T/hook" "$ROOTFS/bin/hook"
	annotate run.oci.hooks.stdout "$T/hooks.out"
	annotate run.oci.hooks.stderr "$T/hooks.err"
	config --arg hook "$T/hook" '.hooks = {createContainer: [{path: $hook, args: ["hook", "createContainer"], env: ["PATH=/bin:/usr/bin"]}],
		startContainer: [{path: "/bin/hook", args: ["hook", "startContainer"]}]}'
	box echo main
	is main
	same "$(<"$T/hooks.out")" $'out createContainer\nout startContainer'
	same "$(<"$T/hooks.err")" $'error createContainer\npipes\nerror startContainer\npipes'
	# In two commands, with a terminal, and without a word.
	rm "$T/hooks.out" "$T/hooks.err"
	ok turtle create box
	same "$(<"$T/hooks.out")" 'out createContainer'
	ok turtle start box
	until_true stopped box
	same "$(<"$T/hooks.out")" $'out createContainer\nout startContainer'
	ok turtle delete box
	rm "$T/hooks.out" "$T/hooks.err"
	config '.process.terminal = true | .hooks.startContainer[0] = {path: "/bin/true"} | .hooks.createContainer[0] = {path: "/bin/true"}'
	ok turtle run box
	same "$(stat -c "%s %a" "$T/hooks.out" "$T/hooks.err" | xargs)" "0 600 0 600"
	# More than a pipe and a message hold, and with the failure of the hook.
	config '.process.terminal = false | .hooks = {startContainer: [{path: "/bin/sh", args: ["sh", "-c", "seq 50000; exit 3"]}]}'
	call turtle run box
	same "$status" 1
	[[ $stderr == *"error running startContainer hook #0: exit status 3, stdout: , stderr: "* ]] || fail "another error"
	same "$(<"$T/hooks.out")" "$(seq 50000)"
	# One of the two alone.
	config 'del(.annotations["run.oci.hooks.stderr"]) | .hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", "echo a; echo b >&2; exit 4"]}]}'
	call turtle run box
	[[ $stderr == *"error running createContainer hook #0: exit status 4, stdout: , stderr: b"* ]] || fail "another error"
	same "$(tail -n 1 "$T/hooks.out")" a
	# Where the file can't be had, there is no container.
	annotate run.oci.hooks.stdout "$T/no/where"
	box_refused "open $T/no/where for the output of hooks: No such file or directory"
	config '.hooks = {startContainer: [{path: "/bin/true"}]}'
	args true
	ok turtle create box
	refused "$T/no/where" turtle start box
	refused "does not exist" turtle state box
}

@test "extensions: mount_context_type is one of four words, and nothing without a label" {
	local word
	args true
	for word in context fscontext defcontext rootcontext; do
		annotate run.oci.mount_context_type $word
		ok turtle run box
	done
	annotate run.oci.mount_context_type nonsense
	box_refused "nonsense"
}

@test "extensions: seccomp_fail_unknown_syscall" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat", "no_such_call"], action: "SCMP_ACT_ERRNO"}]}'
	box sh -c 'mkdir /tmp/x 2>&1 || echo refused'
	has refused
	annotate run.oci.seccomp_fail_unknown_syscall ""
	args true
	box_refused "no_such_call"
	annotate run.oci.seccomp_fail_unknown_syscall 0
	box true
	annotate run.oci.seccomp_fail_unknown_syscall 1
	box_refused "no_such_call"
	config '.linux.seccomp.syscalls[0].names = ["mkdir", "mkdirat"]'
	box true
}

@test "extensions: seccomp_bpf_data is the filter, in place of the profile" {
	# Of getpid (39 on x86-64) and mkdirat (258), EPERM for the latter; little endian.
	[ "$(uname -m)" = x86_64 ] || skip "the program is for x86-64"
	local program
	program=$(printf '%b' '\x20\x00\x00\x00\x00\x00\x00\x00' '\x15\x00\x01\x00\x53\x00\x00\x00' \
		'\x15\x00\x00\x01\x02\x01\x00\x00' '\x06\x00\x00\x00\x01\x00\x05\x00' '\x06\x00\x00\x00\x00\x00\xff\x7f' | base64 -w0)
	config '.root.readonly = false | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["unlink", "unlinkat"], action: "SCMP_ACT_ERRNO"}]}'
	annotate run.oci.seccomp_bpf_data "$program"
	box sh -c 'mkdir /tmp/a 2>/dev/null || echo no; mkdir /tmp/b 2>&1; touch /tmp/c; rm /tmp/c && echo removed; grep Seccomp: /proc/self/status'
	has no removed
	matches '^Seccomp:.*2$'
	# exec goes by the same.
	args sleep 1000
	ok turtle run -d box
	call turtle exec box mkdir /tmp/d
	differ "$status" 0
	ok turtle delete --force box
	# Lines as base64(1) makes them.
	annotate run.oci.seccomp_bpf_data "$(fold -w 20 <<<"$program")"$'\n'
	box sh -c 'mkdir /tmp/a 2>/dev/null || echo no'
	is no
	args true
	local data
	for data in '' x '!!!!' QUJD "$program=" "${program:0:8}"; do
		annotate run.oci.seccomp_bpf_data "$data"
		box_refused "run.oci.seccomp_bpf_data"
	done
	# What is no program is refused by the kernel, at the start.
	annotate run.oci.seccomp_bpf_data "$(head -c 8 /dev/zero | base64)"
	call turtle run box
	same "$status" 1
}

@test "extensions: what is not known of them changes nothing; a handler that is not there does" {
	args cat /proc/self/status
	annotate run.oci.of_another_day 1
	annotate run.oci.crun.version 1
	annotate bundle /nonsense
	ok turtle run box
	ok turtle create box
	same "$(turtle state box | jq -r '.annotations["run.oci.of_another_day"]')" 1
	ok turtle delete --force box
	annotate run.oci.handler krun
	box_refused "krun"
}
