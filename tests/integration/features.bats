# SPDX-License-Identifier: Apache-2.0
# `features`: the whole document, and that it is true - what it lists is taken, what it leaves out is not.

load helpers

FEATURES_GOLDEN=$BATS_TEST_DIRNAME/features.json

# The document with what differs from one build to another taken out.
document()
{
	jq 'del(.annotations["turtle.commit"]) | .annotations["turtle.version"] = "@VERSION@"
		| .annotations["io.github.seccomp.libseccomp.version"] = "@LIBSECCOMP@"' "$@"
}

# with_words WHERE FILTER: edits config.json, with what the document lists at a place as $words.
with_words()
{
	local words
	words=$("$TURTLE" features | jq -ce "$1 | select(length > 0)") || fail "no words at $1"
	config --argjson words "$words" "$2"
}

# A created container shows that the configuration was taken, and no process needs to run for it.
created()
{
	call turtle create box
	[ "$status" -eq 0 ] || fail "refused"
	ok turtle delete --force box
}

@test "features: the whole document" {
	local arch systemd=false
	[ -x "${TURTLE%/*}/turtle-systemd" ] && systemd=true
	ok "$TURTLE" features
	document "$T/out" >"$T/said"
	jq --argjson systemd $systemd '.linux.cgroup |= (.systemd = $systemd | .systemdUser = $systemd)' \
		"$FEATURES_GOLDEN" >"$T/wanted"
	# An architecture may only be missing when this libseccomp lacks it; create then says so.
	args true
	for arch in $(jq -r '.linux.seccomp.archs[]' "$FEATURES_GOLDEN"); do
		if jq -e --arg arch "$arch" 'any(.linux.seccomp.archs[]; . == $arch)' "$T/said" >/dev/null; then continue; fi
		jq --arg arch "$arch" 'del(.linux.seccomp.archs[] | select(. == $arch))' "$T/wanted" >"$T/less"
		mv "$T/less" "$T/wanted"
		config --arg arch "$arch" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$arch],
			syscalls: [{names: ["getpid"], action: "SCMP_ACT_LOG"}]}'
		call turtle create box
		[ "$status" -ne 0 ] || fail "$arch is taken, but not listed"
		[[ $stderr == *"does not know \"$arch\""* ]] || fail "another reason"
	done
	diff "$T/wanted" "$T/said" || fail "another document"
}

@test "features: its form is runc's, and nothing goes to stderr or the log" {
	ok "$TURTLE" --log "$T/log" --log-format json features
	[ ! -s "$T/log" ] || fail "the log: $(<"$T/log")"
	# Four spaces a level, one newline at the end.
	jq --indent 4 . "$T/out" >"$T/indented"
	cmp "$T/out" "$T/indented" || fail "another layout"
	jq -e '.mountOptions == (.mountOptions | sort)' "$T/out" >/dev/null || fail "the mount options are not sorted"
	jq -e '[.annotations[] | select(type != "string" or test("\n"))] == []' "$T/out" >/dev/null ||
		fail "an annotation is no plain string"
	[ "$(jq -r '.annotations["turtle.version"]' "$T/out")" = "$("$TURTLE" --version | sed -n '1s/turtle version //p')" ]
	# No state root is needed, and an argument is one too many.
	ok env -u XDG_RUNTIME_DIR "$TURTLE" --root /proc/nonsense features
	call "$TURTLE" features box
	[ "$status" -eq 1 ] || fail "an argument was taken"
}

@test "features: output that can't be written is an error" {
	call bash -c '"$1" features >/dev/full' - "$TURTLE"
	[ "$status" -eq 1 ] && [[ $stderr == *"No space left on device"* ]] || fail "no error"
}

@test "features: every mount option that is listed is taken" {
	local word
	args true
	mkdir "$T/source"
	config --arg source "$T/source" '.mounts += [{destination: "/a", type: "tmpfs", source: "tmpfs"},
		{destination: "/b", type: "none", source: $source, options: ["bind"]}]'
	# Each has a mount of its own, so that none hides another.
	set --
	for word in $("$TURTLE" features | jq -r '.mountOptions[]'); do
		case $word in
		bind | rbind | remount | copy-symlink | dest-nofollow | src-nofollow)
			set -- "$@" "{destination: \"/b\", type: \"none\", source: \$source, options: [\"rbind\", \"$word\"]}"
			;;
		*) set -- "$@" "{destination: \"/a/$word\", type: \"tmpfs\", source: \"tmpfs\", options: [\"$word\"]}" ;;
		esac
	done
	config --arg source "$T/source" ".mounts += [$(IFS=,; echo "$*")]"
	created
}

@test "features: a mount option that is not listed is refused, or is the file system's" {
	local word
	args true
	# Of these mountExtensions tells, as runc has it.
	for word in idmap ridmap; do
		"$TURTLE" features | jq -e --arg word $word '(.mountOptions | index($word) == null) and .linux.mountExtensions.idmap.enabled' >/dev/null ||
			fail "$word is listed"
		config --arg word $word '.mounts = [.mounts[] | select(.destination != "/a")]
			+ [{destination: "/a", type: "none", source: "/tmp", options: ["bind", $word],
				uidMappings: [{containerID: 0, hostID: 0, size: 1}], gidMappings: [{containerID: 0, hostID: 0, size: 1}]}]'
		created
	done
	# The kernel is asked whether its file system knows the word.
	config '.mounts[-1] = {destination: "/a", type: "tmpfs", source: "tmpfs", options: ["nonsense"]}'
	call turtle create box
	[ "$status" -eq 1 ] || fail "nonsense was taken"
	[[ $stderr == *nonsense* ]] || fail "the word is not named"
	config '.mounts[-1].options = ["huge=never"]'
	created
}

@test "features: every capability, namespace, comparison, action and flag of seccomp that is listed is taken" {
	args true
	with_words .linux.capabilities '.process.capabilities |= (.bounding = $words | .permitted = $words)'
	with_words .linux.namespaces '.linux.namespaces = [$words[] | {type: .}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	with_words .linux.seccomp.operators '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [$words[]
		| {names: ["personality"], action: "SCMP_ACT_LOG", args: [{index: 0, op: ., value: 77, valueTwo: 77}]}]}'
	# One call each, since two actions for one would contradict each other.
	with_words .linux.seccomp.actions '.linux.seccomp.syscalls += [$words | to_entries[]
		| {names: [["acct", "bpf", "swapon", "fanotify_init", "kexec_load", "swapoff", "ptrace", "quotactl", "reboot"][.key]],
			action: .value}]'
	"$SUITE/agent" "$T/agent.sock" >"$T/heard" 2>&1 3>&- 4>&- &
	until_line "$T/heard" up
	config --arg agent "$T/agent.sock" '.linux.seccomp.listenerPath = $agent'
	with_words .linux.seccomp.knownFlags '.linux.seccomp.flags = $words'
	created
}

@test "features: all that it denies is cgroup v1" {
	ok "$TURTLE" features
	same "$(jq -c '[paths(. == false)]' "$T/out")" '[["linux","cgroup","v1"]]'
}
