# SPDX-License-Identifier: Apache-2.0
# Every bad value of tests/bad-values, as a bundle: create ends with 1 and says what the list says, whole, in one line,
# and nothing is there afterwards. What the lists say is taken is tested by unit/test_bad_values alone.
# shellcheck disable=SC2154
load helpers

# The value with every <c*N> as N times c.
expand()
{
	local run
	while [[ $value =~ \<(.)\*([0-9]+)\> ]]; do
		printf -v run '%*s' "${BASH_REMATCH[2]}" ''
		value=${value/"${BASH_REMATCH[0]}"/"${run// /"${BASH_REMATCH[1]}"}"}
	done
}

# Writes the document of $template with $value in it, and puts the value's place into $message.
fill()
{
	local head=${template%%@*} tail=${template#*@} column
	case $template in
	*'"ociVersion":'* | *'"root":'*) ;;
	*) head='{"ociVersion":"1.3.0","root":{"path":"rootfs"},'${head#\{} ;;
	esac
	expand
	printf '%s\n' "$head$value$tail" >config.json
	if [[ $message =~ \(@([+-][0-9]+)?\) ]]; then
		column=$((${#head} + 1 ${BASH_REMATCH[1]}))
		message=${message/"${BASH_REMATCH[0]}"/"(config.json:1:$column)"}
	fi
}

# each LIST: create of every bad value of tests/bad-values/LIST.txt.
each()
{
	local line property template value message said status wrong="" n=0
	while IFS= read -r line; do
		case $line in
		'' | '#'* | $'\tok '*) continue ;;
		$'\tno '*' => '*) ;;
		*)
			property=${line%% *} template=${line#* }
			continue
			;;
		esac
		line=${line#$'\tno '}
		value=${line%% => *} message=${line#* => }
		fill
		n=$((n + 1)) status=0
		# Not a pipe: a container that is made after all would hold it.
		"$TURTLE" --root "$STATE" create box >"$T/said" 2>&1 3>&- 4>&- || status=$?
		said=$(<"$T/said")
		[ "$status $said" = "1 turtle: $message" ] ||
			wrong+="$property: ${line%% => *}: status $status, \"${said:0:300}\" instead of \"turtle: $message\""$'\n'
		if [ -e "$STATE/box" ] || [ -e "$CGROUP_MOUNT$CGROUP_BASE/box" ]; then
			wrong+="$property: ${line%% => *}: a state entry or a cgroup stays"$'\n'
			turtle delete --force box
		fi
	done <"$BATS_TEST_DIRNAME/../bad-values/$1.txt"
	[ "$n" -gt 0 ] || fail "no bad value in $1.txt"
	[ -z "$wrong" ] || fail "$wrong"
}

@test "bad values: ociVersion, root, names, mounts, hooks, annotations" { each root; }

@test "bad values: process" { each process; }

@test "bad values: linux" { each linux; }

@test "bad values: linux.resources" { each resources; }

@test "bad values: linux.seccomp" { each seccomp; }

@test "bad values: every list is tested here" {
	local list
	for list in "$BATS_TEST_DIRNAME"/../bad-values/*.txt; do
		list=${list##*/}
		grep -q "each ${list%.txt};" "$BATS_TEST_FILENAME" || fail "$list is not"
	done
}
