#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Labels of SELinux, in a machine that has it, under a small policy (policy.conf) that the first test loads.
load ../../integration/helpers

FS=/sys/fs/selinux
LABEL=system_u:system_r:container_t:s0:c1,c2
FILES=system_u:object_r:container_file_t:s0:c1,c2

# policy: loads it, once.
policy()
{
	mountpoint -q $FS || mount -t selinuxfs none $FS
	[[ $(tr -d '\0' </proc/self/attr/current) == *:* ]] || cat "$TURTLE_PAYLOADS/selinux.policy" >$FS/load
	MOUNTS_BEFORE=$(</proc/self/mountinfo)
}

# label_of PATH-OF-A-PROC-FILE
label_of() { tr -d '\0' <"$1"; }

@test "selinux: without a policy the kernel would forget labels, so they are refused" {
	mountpoint -q $FS || mount -t selinuxfs none $FS
	MOUNTS_BEFORE=$(</proc/self/mountinfo)
	[[ $(label_of /proc/self/attr/current) != *:* ]] || skip "the policy is loaded"
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	box_refused 'process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported'
}

@test "selinux: the process and its session keyring have the label" {
	policy
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	box sh -c 'cat /proc/self/attr/current; echo; cat /proc/self/attr/exec /proc/self/attr/keycreate'
	is "$LABEL"
	args /probe keylabel
	ok turtle run box
	is "$LABEL"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	ok turtle run box
	is "$LABEL"
	config 'del(.process.selinuxLabel)'
	args cat /proc/self/attr/current
	ok turtle run box
	is system_u:system_r:kernel_t:s0
}

@test "selinux: in a user namespace, and with hooks in the container" {
	policy
	config --arg label "$LABEL" '.process.selinuxLabel = $label | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 300000, "size": 2000}] | .linux.gidMappings = .linux.uidMappings
		| .hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "cat /proc/self/attr/current >/dev/shm/hook"]}]'
	box sh -c 'cat /proc/self/attr/current /dev/shm/hook'
	is "$LABEL$LABEL"
}

@test "selinux: exec has the container's label, or its own" {
	policy
	local own=system_u:system_r:container_t:s0:c3
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	hold
	same "$(label_of "/proc/$(init_pid)/attr/current")" "$LABEL"
	ok turtle exec box cat /proc/self/attr/current
	is "$LABEL"
	ok turtle exec --process-label "$own" box cat /proc/self/attr/current
	is "$own"
	ok turtle exec -u 1000 --process-label "$own" box cat /proc/self/attr/current
	is "$own"
	ok turtle exec box /probe keylabel
	is "$LABEL"
	jq -n --arg own "$own" '{cwd: "/", args: ["cat", "/proc/self/attr/current"], env: ["PATH=/bin"], selinuxLabel: $own}' >"$T/process.json"
	ok turtle exec --process "$T/process.json" box
	is "$own"
	jq 'del(.selinuxLabel)' "$T/process.json" >"$T/other.json"
	ok turtle exec --process "$T/other.json" box
	is "$LABEL"
	exec_refused 'write "u:r:t:s0" to `/proc/thread-self/attr/exec`: Invalid argument' --process-label u:r:t:s0 box true
}

@test "selinux: labels that the policy does not have leave nothing" {
	policy
	local label
	args true
	for label in nonsense system_u:system_r:nonsense_t:s0 system_u:object_r:container_t:s0:c1000 "$LABEL,c0-" a:b:c:d; do
		config --arg label "$label" '.process.selinuxLabel = $label | del(.linux.mountLabel)'
		box_refused 'process.selinuxLabel: '
		[[ $stderr == *'`/proc/thread-self/attr/'*'`: Invalid argument'* ]] || fail "engines would not know it"
		config --arg label "$label" '.linux.mountLabel = $label | del(.process.selinuxLabel)'
		box_refused "option \"context=$label\": Invalid argument (see linux.mountLabel)"
	done
}

# context_of DESTINATION: what its line of the output (mountinfo) says of labels.
context_of()
{
	awk -v where="$1" '$5 == where { print $NF }' <<<"$output" | tail -n 1 | grep -Eo '([a-z]+)?context="?[^"]*"?'
}

@test "selinux: mountLabel is on every new file system, masks included" {
	policy
	config --arg label "$FILES" '.linux.mountLabel = $label | .linux.maskedPaths += ["/var"]
		| .mounts += [{"destination": "/own", "type": "tmpfs", "options": ["mode=700,context=\"system_u:object_r:container_file_t:s0:c1,c3\""]}]'
	box cat /proc/self/mountinfo
	local where
	for where in /dev /dev/pts /dev/shm /var; do
		same "$(context_of $where)" "context=\"$FILES\"" "$where" || return 1
	done
	same "$(context_of /own)" 'context="system_u:object_r:container_file_t:s0:c1,c3"' || return 1
	for where in /proc /sys /dev/mqueue; do
		same "$(context_of $where)" "" "$where" || return 1
	done
	box /probe label /dev /dev/shm /dev/null /dev/mqueue /var
	is "$FILES"$'\n'"$FILES"$'\n'"$FILES"$'\n'"$FILES"$'\n'"$FILES"
}

@test "selinux: a mount with longer options than the new calls take" {
	policy
	local lower=() i
	for i in 1 2 3; do
		mkdir -p "$T/$i/$(printf '%0100d' "$i")"
		lower+=("$T/$i/$(printf '%0100d' "$i")")
	done
	config --arg label "$FILES" --arg lower "lowerdir=$(IFS=:; echo "${lower[*]}")" '.linux.mountLabel = $label
		| .mounts += [{"destination": "/long", "type": "overlay", "source": "overlay", "options": [$lower]},
			{"destination": "/own", "type": "overlay", "source": "overlay",
				"options": [$lower, "context=\"system_u:object_r:container_file_t:s0:c1,c3\""]}]'
	box cat /proc/self/mountinfo
	matches " /long .*,context=\"$FILES\"" ' /own .*,context="system_u:object_r:container_file_t:s0:c1,c3"'
}

@test "selinux: the annotation says by which option" {
	policy
	config --arg label "$FILES" '.linux.mountLabel = $label | .annotations["run.oci.mount_context_type"] = "rootcontext"'
	box sh -c 'cat /proc/self/mountinfo; touch /dev/shm/file'
	same "$(context_of /dev/shm)" "rootcontext=\"$FILES\""
	config '.annotations["run.oci.mount_context_type"] = "fscontext"'
	ok turtle run box
	same "$(context_of /dev/shm)" "fscontext=\"$FILES\""
	config '.annotations["run.oci.mount_context_type"] = "seclabel"'
	box_refused "run.oci.mount_context_type"
}

@test "selinux: a decoy at /proc gets no label" {
	policy
	config --arg label "$LABEL" '.process.selinuxLabel = $label
		| .mounts |= map(select(.destination != "/proc"))'
	mkdir -p "$ROOTFS"/proc/{self,thread-self}/attr
	echo untouched | tee "$ROOTFS"/proc/{self,thread-self}/attr/exec >"$ROOTFS/proc/thread-self/attr/keycreate"
	args cat /proc/self/attr/exec /proc/thread-self/attr/exec /proc/thread-self/attr/keycreate
	ok turtle run box
	is $'untouched\nuntouched\nuntouched'
	config --arg label "$LABEL" '.process.args = ["/probe", "wait"]'
	ok turtle run -d other
	same "$(label_of "/proc/$(init_pid other)/attr/current")" "$LABEL"
}

@test "selinux: a volume of run --rootfs is not given another label" {
	policy
	mkdir "$T/data"
	echo hello >"$T/data/file"
	local option before
	before=$(stat -c %C "$T/data/file")
	for option in z Z ro,z; do
		refused "would give the source the container's SELinux label, and this container has none of its own" \
			turtle run --rootfs "$ROOTFS" -v "$T/data:/mnt:$option" -- cat /mnt/file
	done
	refused "this container has none of its own" turtle spec -v "$T/data:/mnt:z" -f labelled.json
	ok turtle run --rootfs "$ROOTFS" -v "$T/data:/mnt" -- cat /mnt/file
	is hello
	same "$(stat -c %C "$T/data/file")" "$before"
}

@test "selinux: its file system is found wherever it is mounted" {
	policy
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	args cat /proc/self/attr/current
	mkdir "$T/se linux"
	# shellcheck disable=SC2016
	ok unshare -m --propagation private sh -c 'mount -t selinuxfs none "$1" && umount "$2" && shift 2 && exec "$@"' _ \
		"$T/se linux" $FS "$TURTLE" --root "$STATE" run box
	is "$LABEL"
}

# With CRIU, which takes long.
with_criu()
{
	timeout --foreground -k 1 100 "$TURTLE" --root "$STATE" "$1" --image-path "$T/images" "${@:2}" box </dev/null 3>&- 4>&-
}

@test "selinux: restored file systems have the context that they had, or another" {
	[ "${TURTLE_VM:-}" != uml ] || skip "no CRIU in user-mode Linux"
	policy
	local other=system_u:object_r:container_file_t:s0:c2,c3
	config --arg label "$FILES" '.linux.mountLabel = $label'
	args sh -c 'echo kept >/dev/shm/file; while :; do sleep 0.1; done'
	ok turtle run -d box
	until_true eval '[ "$(turtle exec box cat /dev/shm/file)" = kept ]'
	ok with_criu checkpoint
	# contexts: of /dev/shm, of a file in it, and what is in that.
	contexts()
	{
		ok turtle exec box cat /proc/self/mountinfo
		echo "$(context_of /dev/shm) $(turtle exec box /probe label /dev/shm/file) $(turtle exec box cat /dev/shm/file)"
	}
	ok with_criu restore -d
	same "$(contexts)" "context=\"$FILES\" $FILES kept"
	ok turtle delete --force box
	ok with_criu restore -d --lsm-mount-context "$other"
	same "$(contexts)" "context=\"$other\" $other kept"
}

@test "selinux: a CRIU that does not restore the label is found out" {
	[ "${TURTLE_VM:-}" != uml ] || skip "no CRIU in user-mode Linux"
	policy
	! ldd "$(command -v criu)" | grep -q libselinux || skip "this CRIU restores labels"
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
	args sh -c 'while :; do sleep 0.1; done'
	ok turtle run -d box
	ok with_criu checkpoint
	refused 'process.selinuxLabel: CRIU has restored the container under the label "system_u:system_r:kernel_t:s0" of its caller' \
		with_criu restore -d
	[ ! -e "$STATE/box" ] && [ ! -e "$CGROUP_DIR" ] || fail "something is left"
}
