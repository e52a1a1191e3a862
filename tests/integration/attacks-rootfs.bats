# SPDX-License-Identifier: Apache-2.0
# Hostile root filesystems: links, nodes and files where a runtime makes, opens or mounts something. Whatever happens, a
# tree outside the bundle stays as it is. The numbers are advisories: A04 is CVE-2019-5736, A05 CVE-2019-16884, A06
# CVE-2019-19921, A07 CVE-2023-27561, A15 CVE-2025-31133, A16 CVE-2025-52565, A18 CVE-2026-41579, A19 CVE-2019-18837,
# A22 CVE-2026-88264, A23 CVE-2026-88265.
load helpers

setup()
{
	box_setup
	canary
}

# plant TARGET PATH: a symlink at PATH of the root filesystem, instead of what is there.
plant()
{
	rm -rf "${ROOTFS:?}/$2"
	mkdir -p "$(dirname "$ROOTFS/$2")"
	ln -s "$1" "$ROOTFS/$2"
}

# ways NAME: the ways from the root filesystem to the canary that a link may take.
ways() { printf '%s\n' "$CANARY/$1" "../../canary/$1" "../../../canary/$1" "/../../../canary/$1"; }

@test "A04: a container that makes the runtime execute itself" {
	args /proc/self/exe
	local before way
	before=$(sha256sum "$TURTLE"; stat -c '%i %Y %s' "$TURTLE")
	attack
	[ "$status" -ne 0 ] || [ -z "$output" ] || fail "a program ran: $output"
	printf '#!/proc/self/exe\n' >"$ROOTFS/evil"
	chmod 755 "$ROOTFS/evil"
	args /evil
	attack
	ln -sf /proc/self/exe "$ROOTFS/link"
	args /link list
	attack
	[[ $output != *"ID "* && $output != NAME:* ]] || fail "turtle ran inside"
	for way in /proc/1/exe /proc/thread-self/exe; do
		args "$way" --version
		attack
		[[ $output != "turtle version"* ]] || fail "turtle ran inside"
	done
	same "$(sha256sum "$TURTLE"; stat -c '%i %Y %s' "$TURTLE")" "$before"
}

@test "A04: what waits for start is not the host's binary, and is sealed" {
	args true
	ok turtle create box
	local pid
	pid=$(init_pid)
	differ "$(stat -Lc %d:%i "/proc/$pid/exe")" "$(stat -c %d:%i "$TURTLE")"
	call "$SUITE/probe" exe "/proc/$pid/exe"
	matches '^link /memfd:' '^writable (EPERM|ETXTBSY|EACCES)$'
	local seals
	seals=$(sed -n 's/^seals //p' <<<"$output")
	# SEAL 1, SHRINK 2, GROW 4, WRITE 8
	[ $((0x$seals & 15)) -eq 15 ] || fail "seals: $seals"
	# Nor does it hold anything of the host's open.
	local fd
	for fd in /proc/"$pid"/fd/*; do
		case $(readlink "$fd") in
		/dev/null | "$T/out (deleted)" | "$T/err (deleted)" | socket:* | pipe:* | /memfd:* | anon_inode:* | "") ;;
		*) fail "init holds $(readlink "$fd")" ;;
		esac
	done
	# None of the libraries, heap or names of the host's program are mapped.
	! grep -q "$TURTLE" "/proc/$pid/maps" || fail "the host's binary is mapped"
}

@test "A04: libraries that the image offers are not loaded" {
	local name
	mkdir -p "$ROOTFS"/{lib,lib64,usr/lib,lib/x86_64-linux-gnu}
	for name in ld-linux-x86-64.so.2 libc.so.6 libseccomp.so.2 libcap.so.2 libyajl.so.2 libnss_files.so.2 libgcc_s.so.1; do
		echo "not a library" | tee "$ROOTFS/lib/$name" "$ROOTFS/lib64/$name" "$ROOTFS/usr/lib/$name" >"$ROOTFS/lib/x86_64-linux-gnu/$name"
	done
	echo /evil.so >"$ROOTFS/etc/ld.so.preload"
	printf 'passwd: evil\n' >"$ROOTFS/etc/nsswitch.conf"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	box sh -c 'echo $HOME'
	is /home/ada
}

@test "A05: something else mounted over /proc" {
	mkdir -p "$T/fake/self/attr" "$T/fake/1"
	: >"$T/fake/self/attr/exec"
	config --arg source "$T/fake" '.mounts += [{"destination": "/proc", "type": "bind", "source": $source, "options": ["bind"]}]'
	args true
	refused /proc turtle create box
	config '.mounts[-1] = {"destination": "/proc", "type": "tmpfs", "source": "tmpfs"}'
	refused /proc turtle create box
	config --arg source "$T/fake" '.mounts[-1] = {"destination": "/proc/self", "type": "bind", "source": $source, "options": ["bind"]}'
	refused /proc turtle create box
	config --arg source "$T/fake/self/attr/exec" '.mounts[-1] = {"destination": "/proc/self/attr/exec", "type": "bind", "source": $source, "options": ["bind"]}'
	refused /proc turtle create box
	config --arg source "$T/fake/self/attr/exec" '.mounts[-1] = {"destination": "/proc/../proc/sys/kernel/core_pattern", "type": "bind", "source": $source, "options": ["bind"]}'
	refused /proc turtle create box
	config '.mounts[-1] = {"destination": "/sys/../proc/sys", "type": "tmpfs", "source": "tmpfs"}'
	refused /proc turtle create box
	canary_same
}

@test "A05: over the few files of /proc that engines cover it is allowed" {
	echo "covered" >"$T/cover"
	local file mounts='[]'
	for file in cpuinfo meminfo stat uptime loadavg swaps diskstats; do
		mounts=$(jq --arg d "/proc/$file" --arg s "$T/cover" '. + [{"destination": $d, "type": "bind", "source": $s, "options": ["bind", "ro"]}]' <<<"$mounts")
	done
	config --argjson mounts "$mounts" '.mounts += $mounts'
	box cat /proc/cpuinfo /proc/uptime
	is $'covered\ncovered'
}

@test "A05: a link to /proc as a mount's destination does not help" {
	plant /proc way
	config '.mounts += [{"destination": "/way/sys", "type": "tmpfs", "source": "tmpfs"}]'
	attack
	[ "$status" -ne 0 ] || {
		box /probe statfs /proc/sys
		matches '^/proc/sys 9fa0'
	}
}

@test "A06, A07: /proc is a link" {
	local target
	mkdir "$ROOTFS/evil"
	for target in /evil evil ../../canary/proc "$CANARY/proc" /proc /sys .; do
		plant "$target" proc
		attack
		same "$status" 1 "$target"
		[[ $stderr == *"must be mounted on ordinary directory"* ]] || fail "$target: other words"
	done
	rm "$ROOTFS/proc"
	: >"$ROOTFS/proc"
	attack
	same "$status" 1
}

@test "A06, A07: /sys is a link" {
	local target
	mkdir "$ROOTFS/evil"
	for target in /evil ../../canary/sys "$CANARY/sys" /proc; do
		plant "$target" sys
		attack
		same "$status" 1 "$target"
		[[ $stderr == *"must be mounted on ordinary directory"* ]] || fail "$target: other words"
	done
}

@test "A06, A07: a parent of /proc is a link" {
	mkdir -p "$ROOTFS/volume/proc"
	plant /volume a
	config '(.mounts[] | select(.destination == "/proc") | .destination) = "/a/proc" | .linux.maskedPaths = ["/a/proc/keys"] | .linux.readonlyPaths = []'
	attack
	if [ "$status" -eq 0 ]; then
		args /probe statfs /volume/proc
		ok turtle run box
		matches '^/volume/proc 9fa0'
	fi
	plant "$CANARY" a
	attack
}

@test "A06, A07: masks and read-only paths through links of the image" {
	local way
	while read -r way; do
		rm -rf "$ROOTFS/m"
		ln -s "$way" "$ROOTFS/m"
		config '.linux.maskedPaths += ["/m", "/m/shm"] | .linux.readonlyPaths += ["/m", "/m/pts"]'
		attack
	done < <(ways victim; ways "")
}

# null_is KIND: rootfs/dev/null is something else; the masks must hold or the create must fail.
null_is()
{
	local masked=/etc/secret
	echo secret >"$ROOTFS/etc/secret"
	config '.linux.maskedPaths = ["/etc/secret", "/proc/keys", "/no/such"]'
	args sh -c '/probe stat /etc/secret /proc/keys; cat /etc/secret'
	attack
	if [ "$status" -eq 0 ]; then
		[[ $output == *"/etc/secret char "*" 1:3"* && $output == *"/proc/keys char "*" 1:3"* ]] || fail "$1: the masks do not hold"
		[[ $output != *$'\n'secret* ]] || fail "$1: the secret is out"
	else
		same "$status" 1
	fi
	config 'del(.process.args) | .process.args = ["@ARGS@"]'
}

@test "A15: /dev/null of the image is a link" {
	without_dev_mounts
	local target
	for target in /proc/sys/kernel/core_pattern /proc/sysrq-trigger ../../canary/victim "$CANARY/victim" /etc/secret missing; do
		plant "$target" dev/null
		null_is "$target"
	done
}

@test "A15: /dev/null of the image is missing, a file, a directory, a fifo, another device, a socket" {
	without_dev_mounts
	local kind
	for kind in missing file directory fifo char block; do
		rm -rf "$ROOTFS/dev/null"
		case $kind in
		file) echo x >"$ROOTFS/dev/null" ;;
		directory) mkdir "$ROOTFS/dev/null" ;;
		fifo) mkfifo "$ROOTFS/dev/null" ;;
		char) mknod "$ROOTFS/dev/null" c 1 5 ;;
		block) mknod "$ROOTFS/dev/null" b 1 3 ;;
		esac
		null_is "$kind"
	done
}

@test "A16, A22: /dev/console of the image is a link or something else" {
	local kind
	config '.process.terminal = true | .root.readonly = false'
	without_dev_mounts
	args sh -c '/probe stat /dev/console; echo x >/dev/console'
	for kind in "$CANARY/console" "$CANARY/does-not-exist" ../../canary/console /proc/sysrq-trigger missing/dangling; do
		plant "$kind" dev/console
		terminal_attack "$kind"
	done
	rm -rf "$ROOTFS/dev/console"
	mkdir "$ROOTFS/dev/console"
	terminal_attack directory
	rmdir "$ROOTFS/dev/console"
	mkfifo "$ROOTFS/dev/console"
	terminal_attack fifo
	rm "$ROOTFS/dev/console"
	config '.root.readonly = true'
	plant "$CANARY/does-not-exist" dev/console
	terminal_attack "read-only"
}

# terminal_attack WHAT: runs with a console socket; then the console is a terminal, or there is a clear error.
terminal_attack()
{
	rm -f "$T/socket"
	"$SUITE/recvfd" tty "$T/socket" >"$T/received" 2>&1 3>&- &
	local receiver=$!
	until_true [ -S "$T/socket" ]
	call turtle run -d --console-socket "$T/socket" box
	[ "$status" -lt 124 ] || fail "$1: it hangs"
	if [ "$status" -eq 0 ]; then
		wait "$receiver" || true
		grep -Eq '^/dev/console char .* 136:[0-9]+' "$T/received" || fail "$1: the console is no terminal: $(<"$T/received")"
	else
		[ -n "$stderr" ] || fail "$1: an error without words"
		kill -KILL "$receiver" 2>/dev/null || true
		wait "$receiver" 2>/dev/null || true
	fi
	turtle delete --force box
	canary_same
	[ ! -e "$CANARY/does-not-exist" ] || fail "made on the host"
}

@test "A16: terminals of the image: /dev/ptmx and /dev/pts are links or files" {
	config '.process.terminal = true | .root.readonly = false'
	without_dev_mounts
	args sh -c '/probe stat /dev/console; tty'
	local way
	while read -r way; do
		plant "$way" dev/ptmx
		terminal_attack "ptmx: $way"
	done < <(ways ptmx)
	while read -r way; do
		plant "$way" dev/pts
		terminal_attack "pts: $way"
	done < <(ways pts)
	rm "$ROOTFS/dev/pts"
	mkdir "$ROOTFS/dev/pts"
	ln -s "$CANARY/tty" "$ROOTFS/dev/pts/0"
	ln -s "$CANARY/tty" "$ROOTFS/dev/pts/1"
	ln -s "$CANARY/ptmx" "$ROOTFS/dev/pts/ptmx"
	terminal_attack "links in pts"
	rm "$ROOTFS"/dev/pts/*
	echo x | tee "$ROOTFS/dev/pts/0" >"$ROOTFS/dev/pts/ptmx"
	terminal_attack "files in pts"
}

@test "A18: /dev of the image is a link" {
	without_dev_mounts
	config '.root.readonly = false | .linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/sub/y", "type": "c", "major": 1, "minor": 3},
		{"path": "/a/../dev/z", "type": "c", "major": 1, "minor": 3}]'
	local way
	while read -r way; do
		plant "${way%/}" dev
		attack
		[ ! -e "$CANARY/x" ] && [ ! -e "$CANARY/sub" ] || fail "$way: made on the host"
	done < <(ways "")
	plant dev dev
	attack
	same "$status" 1
	rm "$ROOTFS/dev"
	: >"$ROOTFS/dev"
	attack
	same "$status" 1
}

@test "A18: /dev of the image is a link, with a mount on it" {
	config '.root.readonly = false'
	local way
	while read -r way; do
		plant "${way%/}" dev
		attack
	done < <(ways "")
}

@test "A18: what turtle makes in /dev is a link already" {
	without_dev_mounts
	config '.root.readonly = false | .linux.devices = [{"path": "/dev/sub/y", "type": "c", "major": 1, "minor": 3}]'
	local name
	for name in ptmx null zero full random urandom tty fd stdin stdout stderr core; do
		plant "$CANARY/$name" "dev/$name"
	done
	plant "$CANARY/newdir" dev/sub
	plant "$CANARY/shm" dev/shm
	plant "$CANARY/pts" dev/pts
	attack
	for name in ptmx null zero full random urandom tty fd stdin stdout stderr; do
		plant "../../../canary/$name" "dev/$name"
	done
	attack
	for name in null zero full random urandom tty; do
		plant "$CANARY/missing-$name" "dev/$name"
	done
	attack
}

@test "A18: relative device paths" {
	config '.root.readonly = false | .linux.devices = [{"path": "../../canary/x", "type": "c", "major": 1, "minor": 3}]'
	attack
	[ ! -e "$CANARY/x" ] || fail "made on the host"
	config '.linux.devices[0].path = "/../../../canary/x"'
	attack
	[ ! -e "$CANARY/x" ] || fail "made on the host"
}

@test "A19: files that engines mount on are links" {
	echo from-the-engine >"$T/resolv"
	config --arg source "$T/resolv" '.mounts += [{"destination": "/etc/resolv.conf", "type": "bind", "source": $source, "options": ["bind"]}, {"destination": "/etc/hosts", "type": "bind", "source": $source, "options": ["bind"]}]'
	config '.root.readonly = false'
	args cat /etc/resolv.conf
	local way
	while read -r way; do
		plant "$way" etc/resolv.conf
		plant "$way" etc/hosts
		attack
		[ "$status" -ne 0 ] || same "$output" from-the-engine "$way"
	done < <(ways victim; ways not-there; ways newdir/not-there)
	# a chain of three, the last one out
	plant /etc/one etc/resolv.conf
	plant two etc/one
	plant "../../../canary/victim" etc/two
	attack
	[ ! -e "$CANARY/not-there" ] && [ ! -e "$CANARY/newdir/not-there" ] || fail "made on the host"
}

@test "A19: directories that are made for mounts go through links" {
	mkdir "$T/volume"
	config --arg source "$T/volume" '.root.readonly = false | .mounts += [{"destination": "/data/deep/er", "type": "bind", "source": $source, "options": ["bind"]}, {"destination": "/data/file", "type": "tmpfs", "source": "tmpfs"}]'
	local way
	while read -r way; do
		plant "${way%/}" data
		attack
	done < <(ways ""; ways newdir; ways missing)
	[ ! -e "$CANARY/deep" ] && [ ! -e "$CANARY/newdir/deep" ] && [ ! -e "$CANARY/missing" ] || fail "made on the host"
}

@test "A19: the working directory that is made goes through links" {
	config '.root.readonly = false | .process.cwd = "/data/made"'
	local way
	while read -r way; do
		plant "${way%/}" data
		attack
	done < <(ways ""; ways newdir)
	[ ! -e "$CANARY/made" ] && [ ! -e "$CANARY/newdir/made" ] || fail "made on the host"
}

@test "A23: stdio is never an object of the image" {
	without_dev_mounts
	config '.process.user = {"uid": 1000, "gid": 1000} | .root.readonly = false'
	plant "$CANARY/victim" dev/null
	args sh -c '/probe stdio; echo written'
	attack
	local before
	before=$(stat -c '%u:%g %a' /dev/null)
	: >"$T/file"
	call "$TURTLE" --root "$STATE" run box </dev/null 3>&-
	canary_same
	"$TURTLE" --root "$STATE" run box </dev/null >/dev/null 2>&1 3>&- || true
	canary_same
	echo | "$TURTLE" --root "$STATE" run box 2>&1 3>&- | cat >"$T/kinds"
	canary_same
	grep -q '^1 pipe' "$T/kinds" || grep -q . "$T/kinds" || fail "no words at all"
	"$TURTLE" --root "$STATE" run box <&- >&- 2>&- 3>&- || true
	canary_same
	same "$(stat -c '%u:%g %a' /dev/null)" "$before"
}

@test "A23: closed stdio is a real /dev/null, whatever the image has there" {
	without_dev_mounts
	echo decoy >"$ROOTFS/dev/null"
	config '.root.readonly = false'
	args sh -c '/probe stdio >&2'
	status=0
	"$TURTLE" --root "$STATE" run box <&- 2>"$T/kinds" 3>&- || status=$?
	canary_same
	if [ "$status" -eq 0 ]; then
		grep -q '^0 char 1:3 ' "$T/kinds" || fail "$(<"$T/kinds")"
	fi
}

@test "A44: forty links in a row, and names that are too long" {
	local i name
	config '.root.readonly = false'
	for ((i = 0; i < 45; i++)); do ln -s "l$((i + 1))" "$ROOTFS/l$i"; done
	mkdir "$ROOTFS/l45"
	config '.mounts += [{"destination": "/l0/x", "type": "tmpfs", "source": "tmpfs"}]'
	attack
	same "$status" 1
	[[ ${stderr,,} == *"symbolic link"* ]] || fail "other words"
	ln -s self "$ROOTFS/self"
	config '.mounts[-1].destination = "/self/x"'
	attack
	same "$status" 1
	for i in 255 256 4094 4095 4096 8192 70000; do
		name=/$(printf 'n%.0s' $(seq 2 "$i"))
		jq --rawfile name <(printf %s "$name") '.mounts[-1].destination = $name' config.json >c && mv c config.json
		attack
		[ "$i" -gt 256 ] || continue
		same "$status" 1 "$i"
		[ "${#stderr}" -lt 5000 ] || fail "the message is ${#stderr} bytes long"
	done
	# A path of many short names, which is too long in all.
	name=$(printf '/nn%.0s' {1..1400})
	jq --rawfile name <(printf %s "$name") '.mounts[-1].destination = $name' config.json >c && mv c config.json
	attack
}

@test "A44: long links" {
	local target
	target=$(printf './%.0s' {1..2040})etc
	ln -s "$target" "$ROOTFS/long"
	ln -s "/$target" "$ROOTFS/longer"
	config '.root.readonly = false | .mounts += [{"destination": "/long/x", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/longer/y", "type": "tmpfs", "source": "tmpfs"}]'
	attack
	[ "$status" -ne 0 ] || { [ -d "$ROOTFS/etc/x" ] && [ -d "$ROOTFS/etc/y" ]; } || fail "not where the links point"
}
