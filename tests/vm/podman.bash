# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What root/podman.bats and user/podman.bats share: podman with turtle below it, one image, and a check after each test
# that nothing is left of its containers.
#
# TURTLE_ENGINE_RUNTIME=crun or runc puts that in turtle's place, to find out what is turtle's and what is podman's. A call
# of podman costs about a second in user-mode Linux, so the tests ask much of few containers.
# shellcheck disable=SC2016,SC2034,SC2154

load ../engines

RUNTIME=${TURTLE_ENGINE_RUNTIME:-turtle}
# Where peers differ: the words for a program that is missing; what --cpu-shares 512 weighs (before 2025, the two scales
# were alike but for their ends); where in its scope of systemd's a container is.
MISSING='"nope": executable file not found in $PATH' WEIGHTS_OF_512=' 59 ' SUBGROUP=
[ "$RUNTIME" = turtle ] || WEIGHTS_OF_512=' 20 59 '
[ "$RUNTIME" != crun ] || MISSING='executable file `nope` not found in $PATH' SUBGROUP=/container
# It lives too short to collect garbage, which costs a fifth of its time; nor does what it leaves to conmon.
export GOGC=off
# Options of podman's that a test may add to.
PODMAN=()

podman()
{
	timeout --foreground -k 1 100 podman --runtime "$RUNTIME" "${PODMAN[@]}" "$@" 3>&- 4>&-
}

# The image "box": busybox with all of its commands, and what tests start in it.
make_image()
{
	local name root=$BATS_FILE_TMPDIR/root
	cp -a "$SUITE/rootfs" "$root" && cp "$SUITE/notify" "$root/bin/notify" || return 1
	for name in $(busybox --list); do
		[ -e "$root/bin/$name" ] || ln -s busybox "$root/bin/$name"
	done
	printf '#!/bin/sh\necho script\n' >"$root/bin/script"
	printf '#!/no/such/interpreter\n' >"$root/bin/lost"
	printf 'neither script nor program\n' >"$root/bin/text"
	chmod 755 "$root/bin/script" "$root/bin/lost" "$root/bin/text"
	# Lives until it is told to end, and says so; USR1 is answered.
	cat >"$root/bin/daemon" <<-'END'
		#!/bin/sh
		trap 'echo ended; exit 3' TERM
		trap 'echo told' USR1
		trap 'exit 4' INT
		echo up
		while :; do sleep 1000 & wait $!; done
	END
	chmod 755 "$root/bin/daemon"
	mkdir -p "$root/www" "$root/data/sub"
	echo hello >"$root/www/index.html"
	echo content >"$root/data/file"
	tar -C "$root" --owner=0 --group=0 -c . | podman import --change 'ENV PATH=/bin:/sbin:/usr/bin' --change 'CMD ["/bin/daemon"]' - box >/dev/null
	local status=$?
	rm -rf "$root"
	return "$status"
}

podman_setup_file()
{
	local confs=/etc/containers/containers.conf.d
	if [ "$(id -u)" -eq 0 ]; then
		# Much quicker than a disk.
		mkdir -p /var/lib/containers && mount -t tmpfs -o size=1G,mode=711 tmpfs /var/lib/containers || return 1
	else
		confs=$HOME/.config/containers/containers.conf.d
	fi
	mkdir -p "$confs" && cp "$BATS_TEST_DIRNAME/../../../contrib/podman/50-turtle.conf" "$confs/" || return 1
	# A network costs as much as the rest of a container; where it is of the essence, tests say --network.
	printf '[containers]\nnetns = "none"\n' >"$confs/60-test.conf"
	# The ids that --userns=auto deals out.
	if [ "$(id -u)" -eq 0 ] && ! grep -q '^containers:' /etc/subuid; then
		useradd --system containers && echo containers:1000000:65536 | tee -a /etc/subuid >>/etc/subgid || return 1
	fi
	exec </dev/null
	make_image
}

podman_teardown_file()
{
	podman system reset --force >/dev/null 2>&1 || true
	forget_engine
	if [ "$(id -u)" -eq 0 ]; then
		umount -l /var/lib/containers
		rm -f /etc/containers/containers.conf.d/{50-turtle,60-test}.conf
	else
		rm -f "$HOME"/.config/containers/containers.conf.d/{50-turtle,60-test}.conf
	fi
}

podman_setup()
{
	exec </dev/null
	T=$BATS_TEST_TMPDIR
	RUNTIME_ROOT=${XDG_RUNTIME_DIR:-/run}/$RUNTIME
	[ "$(id -u)" -ne 0 ] || RUNTIME_ROOT=/run/$RUNTIME
	cd "$T" || return 1
}

# For bats; a file that has more to do has its own instead.
setup_file() { podman_setup_file; }
teardown_file() { podman_teardown_file; }
setup() { podman_setup; }
teardown() { podman_teardown; }

# What is left of containers, one a line.
podman_left()
{
	local entry
	for entry in "$RUNTIME_ROOT"/[!@]*/; do
		[ ! -d "$entry" ] || echo "state: $entry"
	done
	pgrep -u "$(id -u)" -a -x conmon || true
	grep -E '/containers/storage/overlay/[^/]*/merged |/overlay-containers/' /proc/self/mountinfo || true
}

podman_teardown()
{
	cd / || return 1
	[ -n "${T:-}" ] || return 0
	kill_background
	[ "$(id -u)" -ne 0 ] || sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* \($T/[^ ]*\) .*|\1|p" /proc/self/mountinfo | sort -r | xargs -r umount -l
	# What podman does after a container has ended, conmon does in the background.
	local left
	none_left() { left=$(podman_left) && [ -z "$left" ]; }
	in_time 20 none_left && return 0
	echo "left behind:"
	echo "$left"
	podman pod rm -fa -t 0 >/dev/null 2>&1
	podman rm -fa -t 0 >/dev/null 2>&1
	# So that one test's leak is not the next one's.
	for left in "$RUNTIME_ROOT"/[!@]*/; do
		[ ! -d "$left" ] || command "$RUNTIME" delete --force "$(basename "$left")"
	done
	return 1
}

# pod STATUS PODMAN-ARGUMENT...: podman must end with the status.
pod()
{
	local wanted=$1
	shift
	call podman "$@"
	[ "$status" -eq "$wanted" ] || fail "not status $wanted"
}

# quiet PODMAN-ARGUMENT...: must succeed without a word on stderr: any line of the runtime's would be seen there. (runc has
# warnings.)
quiet()
{
	if [ "$RUNTIME" = runc ]; then pod 0 "$@"; else ok podman "$@"; fi
}

# unless NAME...: whether what is under test is none of these peers, which lack what follows.
unless() { [[ " $* " != *" $RUNTIME "* ]]; }

# said NAME LINE [TIMES]: whether the container has said the line so often, for until_true. What "daemon" says is "up", and
# before that it can't be told to end.
said() { [ "$(podman logs "$1" 2>/dev/null | tr -d '\r' | grep -cx -- "$2")" -ge "${3:-1}" ]; }
# serves NAME [FILE]: whether the httpd in it gives the file.
serves() { podman exec "$1" busybox wget -q -O /dev/null "http://127.0.0.1/${2:-}"; }

# inspect NAME FORMAT
inspect() { podman container inspect --format "$2" "$1"; }
# Of a running container: the directory of its cgroup, and the value in a file of it.
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }

# mistake STATUS ERE PEERS-ERE PODMAN-ARGUMENT...
mistake()
{
	local wanted=$1 text=$2
	[ "$RUNTIME" = turtle ] || text=$3
	shift 3
	call podman "$@"
	[ "$status" -eq "$wanted" ] || fail "not status $wanted" || return 1
	[ -z "$output" ] || fail "words on stdout" || return 1
	[[ $stderr == Error:* && $stderr != *$'\n'* ]] || fail "more than one line" || return 1
	grep -Eqi -- "$text" <<<"$stderr" || fail "it does not say: $text"
}

# These are found out by the start, whose words podman passes on before its own.
late_mistake()
{
	local wanted=126 text=$1
	# Peers have a start that succeeds.
	[ "$RUNTIME" = turtle ] || wanted=1 text=$2
	shift 2
	pod "$wanted" "$@"
	grep -Eqi -- "$text" <<<"$stderr" || fail "it does not say: $text"
}

# Of podman run; a plain user's are the same as root's.
ten_mistakes()
{
	local bad=(run --rm)
	mistake 127 '"nope": executable file not found in \$PATH' 'nope.*not found' "${bad[@]}" box nope
	mistake 127 '/nope.*no such file or directory' '/nope.*no such file or directory' "${bad[@]}" box /nope
	mistake 126 '/etc.*is a directory' '/etc.*(is a directory|not a regular file)' "${bad[@]}" box /etc
	mistake 126 '/etc/passwd.*permission denied' '/etc/passwd.*(permission denied|not executable)' "${bad[@]}" box /etc/passwd
	mistake 126 'RLIMIT_NOFILE.*operation not permitted' 'rlimit.*operation not permitted' "${bad[@]}" --ulimit nofile=99999999999 box true
	mistake 126 '/bin/busybox.*not a directory' '/tmp.*bin/busybox' "${bad[@]}" -v /tmp:/bin/busybox box true
	mistake 126 '/data.*a directory' 'data.*a directory' "${bad[@]}" -v /etc/passwd:/data box true
	mistake 126 'msgmax.*invalid argument' 'msgmax.*invalid argument' "${bad[@]}" --sysctl kernel.msgmax=much box true
	# A limit too low for any process would be another, but whether it is felt before or after the program begins is chance.
	late_mistake '/bin/lost: No such file or directory \(does its interpreter exist\?\)' '/bin/lost.*no such file' "${bad[@]}" box /bin/lost
	late_mistake '/bin/text: exec format error' '/bin/text.*exec format error' "${bad[@]}" box /bin/text
}

# For kube play: a pod, what its container looks for, and what it has to find.
pod_yaml()
{
	cat <<-'END'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kube
		spec:
		  hostNetwork: true
		  containers:
		  - name: one
		    image: localhost/box
		    command: [daemon]
		    env: [{name: A, value: b}]
		    resources: {limits: {memory: 64Mi, cpu: 200m}}
		    securityContext: {runAsUser: 1000, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}
		    volumeMounts: [{name: tmp, mountPath: /scratch}]
		  volumes: [{name: tmp, emptyDir: {}}]
	END
}
POD_LOOK='id -u; echo $A; grep CapEff /proc/self/status; touch /no 2>&1; touch /scratch/yes 2>&1; cat /sys/fs/cgroup/memory.max'
POD_FACTS=(1000 b $'CapEff:\t0000000000000000' 'touch: /no: Read-only file system' 67108864)
