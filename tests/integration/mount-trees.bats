# SPDX-License-Identifier: Apache-2.0
# Bind mounts of whole trees: each option that reaches the mounts below, and its opposite, together with every kind of
# propagation. Seen in mountinfo and statfs(2) of every mount, and by what may be done there.
load helpers

PROPAGATIONS=(none private rprivate slave rslave shared rshared unbindable runbindable)

# A tree of three mounts at $T/tree is made by host(); here is what is done in each of them.
setup()
{
	box_setup
	mkdir "$T/tree"
	cat >"$ROOTFS/look" <<-'END'
		# look DIR: one line: write, device, program, symlink, set-user-id, access times of a file and of a directory.
		d=$1
		printf '%s:' "$d"
		printf ' w=%s' "$(/probe open "$d/file" w)"
		printf ' dev=%s' "$(/probe open "$d/null" rw)"
		printf ' exec=%s' "$(/probe exec "$d/program" args | sed 's/^args .*/ok/;q')"
		printf ' link=%s' "$(/probe open "$d/link" r)"
		printf ' suid=%s' "$("$d/suid" ids 2>/dev/null | sed -n 's/^uid [0-9]* \([0-9]*\) .*/\1/p')"
		cat "$d/old" >/dev/null; ls "$d/olddir" >/dev/null
		printf ' atime='
		[ "$(stat -c %X "$d/old")" = 1000 ] && printf old || printf new
		printf ' diratime='
		[ "$(stat -c %X "$d/olddir")" = 1000 ] && printf old || printf new
		echo
	END
	# All of it by somebody who has no privileges but that of writing where he may.
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.noNewPrivileges = false'
}

# host OPTIONS MODE COMMAND...: runs the command where a tree with these options is, shared or private.
host()
{
	unshare -m --propagation private sh -ec '
		tree=$1 options=$2 mode=$3 probe=$4
		shift 4
		for dir in "$tree" "$tree/below" "$tree/below/deep"; do
			mkdir -p "$dir"
			mount -t tmpfs -o mode=777 none "$dir"
			echo content >"$dir/file"; cp "$probe" "$dir/program"; cp "$probe" "$dir/suid"; ln -s file "$dir/link"
			mknod -m 666 "$dir/null" c 1 3
			mkdir "$dir/olddir"; echo old >"$dir/old"
			chmod 666 "$dir/file"; chmod 4755 "$dir/suid"
			touch -d @1000 "$dir/old" "$dir/olddir"
		done
		mkdir "$tree/below/deep/below"
		for dir in "$tree/below/deep" "$tree/below" "$tree"; do
			mount -o "remount,bind,$options" "$dir"
			mount "--make-$mode" "$dir"
		done
		exec "$@"' _ "$T/tree" "$1" "$2" "$SUITE/probe" "${@:3}" 3>&-
}

# run_trees OPTIONS WORD...: the tree, whose mounts have OPTIONS, bound with WORDs, once for each propagation, at /PROPAGATION.
run_trees()
{
	local options=$1 words
	shift
	words=$(jq -nc '$ARGS.positional' --args -- "$@")
	config --arg s "$T/tree" --argjson w "$words" '.mounts |= map(select(.source != $s)) |
		.mounts += [$ARGS.positional[] | {destination: "/\(.)", type: "none", source: $s,
			options: (["rbind"] + $w + (if . == "none" then [] else [.] end))}]' "${PROPAGATIONS[@]}"
	args sh -c 'cat /proc/self/mountinfo; for p; do for d in /$p /$p/below /$p/below/deep; do /probe statfs $d; done; done
		for d in /none /none/below /none/below/deep; do sh /look $d; done' _ "${PROPAGATIONS[@]}"
	call host "$options" shared timeout 20 "$TURTLE" --root "$STATE" run box
	[ "$status" -eq 0 ] && [ -z "$stderr" ] || fail "$options, $*: it does not run"
}

# config OPTION... FILTER WORD...
config()
{
	local options=() filter
	while [[ ${1:-} == --arg || ${1:-} == --argjson ]]; do
		options+=("$1" "$2" "$3")
		shift 3
	done
	filter=$1
	shift
	jq "${options[@]}" "$filter" config.json --args -- "$@" >config.json.new && mv config.json.new config.json
}

# seen: what $output says of each mount: FIELD, the options in mountinfo; PEERS, its peer groups without their numbers;
# STATFS, the options that statfs(2) tells.
seen()
{
	local line point rest
	declare -gA FIELD=() PEERS=() STATFS=()
	while IFS= read -r line; do
		if [[ $line =~ ^[0-9]+\ [0-9]+\ [0-9:]+\ [^\ ]+\ ([^\ ]+)\ ([^\ ]+)\ (.*)-\  ]]; then
			point=${BASH_REMATCH[1]}
			FIELD[$point]=${BASH_REMATCH[2]}
			rest=${BASH_REMATCH[3]}
			while [[ $rest =~ ^(.*):[0-9]+(.*)$ ]]; do rest=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; done
			PEERS[$point]=$rest
		elif [[ $line =~ ^(/[a-z/]+)\ 1021994(.*)$ ]]; then
			STATFS[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
		fi
	done <<<"$output"
}

# check_propagation WHAT: of the three mounts of each tree; the source is shared, so what is not cut off is its slave.
check_propagation()
{
	local p top below dir
	for p in "${PROPAGATIONS[@]}"; do
		below="master "
		case $p in
		none | slave | rslave) top="master " ;;
		private | rprivate) top= ;;
		shared | rshared) top="shared master " ;;
		*) top="unbindable " ;;
		esac
		case $p in rprivate | rshared | runbindable) below=$top ;; esac
		same "${PEERS[/$p]}" "$top" "$1, $p"
		for dir in /$p/below /$p/below/deep; do
			same "${PEERS[$dir]}" "$below" "$1, $p below"
		done
	done
}

# check_flags WHAT TOP BELOW: as mountinfo has them, and statfs.
check_flags()
{
	local p dir want said
	for p in "${PROPAGATIONS[@]}"; do
		for dir in /$p /$p/below /$p/below/deep; do
			want=$3
			[ $dir != /$p ] || want=$2
			same "${FIELD[$dir]}" "$want" "$1, $dir in mountinfo"
			said=${STATFS[$dir]}
			want=${want#rw}
			want=${want#,}
			[ -z "$want" ] || want=" ${want//,/ }"
			same "$said" "$want" "$1, $dir in statfs"
		done
	done
}

# row OPTIONS WORDS TOP BELOW [EFFECT...]: effects ("w=EROFS") are those below; all others are as if nothing was said.
row()
{
	local dir effect usual=(w=ok dev=ok exec=ok link=ok suid=0 atime=new diratime=new) said
	# shellcheck disable=SC2086 # words
	run_trees "$1" $2
	seen
	check_flags "$2" "$3" "$4"
	check_propagation "$2"
	for dir in /none/below /none/below/deep; do
		said=$(grep "^$dir: " <<<"$output")
		[ -n "$said" ] || fail "$2: nothing is said of $dir"
		for effect in "${@:5}"; do
			[[ " $said " == *" $effect "* ]] || fail "$2: not $effect: $said"
		done
		for effect in "${usual[@]}"; do
			[[ " ${*:5} " == *" ${effect%=*}="* || " $said " == *" $effect "* ]] ||
				fail "$2: not $effect: $said"
		done
	done
}

PLAIN=rw,relatime
ALL=ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow

@test "trees: rro, rnosuid, rnodev" {
	row $PLAIN rro ro,relatime ro,relatime w=EROFS atime=old diratime=old
	row $PLAIN rnosuid rw,nosuid,relatime rw,nosuid,relatime suid=1000
	row $PLAIN rnodev rw,nodev,relatime rw,nodev,relatime dev=EACCES
}

@test "trees: rnoexec, rnosymfollow, and all at once" {
	row $PLAIN rnoexec rw,noexec,relatime rw,noexec,relatime exec=EACCES suid=
	row $PLAIN rnosymfollow rw,relatime,nosymfollow rw,relatime,nosymfollow link=ELOOP
	row $PLAIN "rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow" $ALL $ALL \
		w=EROFS dev=EACCES exec=EACCES link=ELOOP suid= atime=old diratime=old
}

@test "trees: the access times" {
	row $PLAIN rnoatime rw,noatime rw,noatime atime=old diratime=old
	row $PLAIN rnodiratime rw,nodiratime,relatime rw,nodiratime,relatime diratime=old
	row $PLAIN rstrictatime rw rw
	row $PLAIN "rnoatime rnodiratime" rw,noatime,nodiratime rw,noatime,nodiratime atime=old diratime=old
}

@test "trees: the access times, back again" {
	row rw,noatime ratime $PLAIN $PLAIN
	row rw,noatime rrelatime $PLAIN $PLAIN
	row rw,strictatime rnostrictatime $PLAIN $PLAIN
	row rw,noatime rnorelatime rw,noatime rw,noatime atime=old diratime=old
	row rw,nodiratime,relatime rdiratime $PLAIN $PLAIN
}

@test "trees: rrw, rsuid, rdev lift what the source has" {
	row ro,relatime rrw $PLAIN $PLAIN
	row rw,nosuid,relatime rsuid $PLAIN $PLAIN
	row rw,nodev,relatime rdev $PLAIN $PLAIN
}

@test "trees: rexec, rsymfollow, and all at once" {
	row rw,noexec,relatime rexec $PLAIN $PLAIN
	row rw,nosymfollow,relatime rsymfollow $PLAIN $PLAIN
	row $ALL "rrw rsuid rdev rexec rrelatime rdiratime rsymfollow" $PLAIN $PLAIN
}

@test "trees: plain options are for the mount alone" {
	row $PLAIN "ro nosuid nodev noexec noatime nodiratime nosymfollow" $ALL $PLAIN
	row $ALL nosuid rw,nosuid,noatime,nodiratime $ALL \
		w=EROFS dev=EACCES exec=EACCES link=ELOOP suid= atime=old diratime=old
	row $ALL "rw suid dev exec relatime diratime symfollow" $PLAIN $ALL \
		w=EROFS dev=EACCES exec=EACCES link=ELOOP suid= atime=old diratime=old
}

@test "trees: recursive options hold against plain ones, and the last of a kind counts" {
	row $PLAIN "rro rw rnosuid suid" ro,nosuid,relatime ro,nosuid,relatime w=EROFS suid=1000 atime=old diratime=old
	row $PLAIN "rro rrw rnodev rdev rnoexec rexec rnosymfollow rsymfollow" $PLAIN $PLAIN
	row $PLAIN "rro nosuid noexec" ro,nosuid,noexec,relatime ro,relatime w=EROFS atime=old diratime=old
	row $ALL "rrw ro" rw,noatime,nodiratime rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow \
		dev=EACCES exec=EACCES link=ELOOP suid= atime=old diratime=old
}

@test "trees: in a user namespace" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.uidMappings = .linux.gidMappings'
	row $PLAIN "rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow" $ALL $ALL \
		w=EROFS dev=EACCES exec=EACCES link=ELOOP suid= atime=old diratime=old
	# The caller has set them and may lift them; device files stay shut, since tmpfs's are the host's.
	row rw,nosuid,noexec,noatime,nosymfollow "rsuid rexec rrelatime rsymfollow" $PLAIN $PLAIN
	row ro,nosuid,nodev,noexec rro ro,nosuid,nodev,noexec,relatime ro,nosuid,nodev,noexec,relatime \
		w=EROFS dev=EACCES exec=EACCES suid= atime=old diratime=old
}


@test "trees: where the options of the tree are locked" {
	local word
	config '.process.user = {"uid": 0, "gid": 0} | (.mounts[].options // empty) |= map(select(. != "gid=5"))'
	config --arg s "$T/tree" '.mounts += [{destination: "/mnt", type: "none", source: $s, options: ["rbind", "rro"]}]'
	args sh -c 'cat /proc/self/mountinfo; /probe open /mnt/below/deep/file w'
	# More is always possible, and nothing of what is locked gets lost.
	call host rw,nosuid,nodev,noexec,noatime private unshare -Urm --propagation slave "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
	same "$status:$stderr" 0:
	has EROFS
	seen
	for word in /mnt /mnt/below /mnt/below/deep; do
		same "${FIELD[$word]}" ro,nosuid,nodev,noexec,noatime
	done
	# Less is not, and the word is named.
	for word in rrw:ro rsuid:nosuid rdev:nodev rexec:noexec rdiratime:nodiratime; do
		config --arg w ${word%:*} '.mounts[-1].options = ["rbind", $w]'
		call host "relatime,${word#*:}" private unshare -Urm --propagation slave "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
		same "$status" 1
		[[ $stderr == *"option \"${word%:*}\" would lift what is locked on the source"* ]] || fail "$word: another reason"
	done
	config '.mounts[-1].options = ["rbind", "rrelatime"]'
	call host noatime private unshare -Urm --propagation slave "$TURTLE" --root "$STATE" --cgroup-manager=disabled run box
	same "$status" 1
	[[ $stderr == *"the access time mode of the source is locked"* ]] || fail "another reason"
}
