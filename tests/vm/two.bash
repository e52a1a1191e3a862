# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests/vm/run, which sources it: user-mode Linux for whatever it can do, emulation for the rest, as one stream of TAP.
# shellcheck disable=SC2154

# names_re < NAMES: one regular expression for all of them, as --filter takes it.
names_re()
{
	sed 's/[][\\.*^$()+?{}|]/\\&/g' | paste -sd '|' | sed 's/.*/^(&)$/'
}

# User-mode Linux itself dies now and then, where a fork fails half-way. That is no test's failure.
uml_died()
{
	[ ! -e "$results/uml/status" ] && grep -aqE 'Kernel panic - not syncing: (Kernel mode fault|Segfault with no mm)' "$results/uml/console"
}

# unfinished TAP: sets $unfinished to the files of which not every test has said something.
unfinished()
{
	local file name
	unfinished=()
	for file in "${files[@]}"; do
		name=${file##*/}
		[ -z "$filter" ] && [ "$as" != both ] &&
			[ "$(grep -cE "^(not )?ok [0-9]+ [a-z]+ ${name%.bats}: " "$1")" -ge "$(grep -c '^@test ' "$file")" ] || unfinished+=("$file")
	done
}

two_machines()
{
	local status=0 name said=$scratch/uml.tap skipped=() unfinished=() file
	local again=("$here/run" --build "$build" --timeout "$limit")
	[ -z "$as" ] || again+=(--as "$as")
	"${again[@]}" --machine uml --filter "$filter" --results "$results/uml" "${files[@]}" | tee "$said.all" |
		sed -u 's/^ok [0-9]* \(.*\) # skip/# left to the emulator: \1 #/; s/^not ok [0-9]* - the machine:/# the machine:/' || status=1
	grep -v '^not ok [0-9]* - the machine:' "$said.all" >"$said"
	if uml_died; then
		unfinished "$said"
		grep -q '^not ok' "$said" || status=0
		echo "# user-mode Linux has died; the emulator runs all of:${unfinished[*]/#*\// }"
		"${again[@]}" --machine tcg --filter "$filter" --results "$results/tcg-again" "${unfinished[@]}" || status=1
	elif grep -q '^not ok [0-9]* - the machine:' "$said.all"; then
		echo "not ok 1 - the machine: user-mode Linux did not come to its end"
	fi
	for file in "${files[@]}"; do
		name=${file##*/}
		case " ${unfinished[*]} " in *" $file "*) continue ;; esac
		! grep -q "^ok .* ${name%.bats}: .* # skip" "$said" || skipped+=("$file")
	done
	if [ ${#skipped[@]} -gt 0 ]; then
		"${again[@]}" --machine tcg --results "$results/tcg" "${skipped[@]}" \
			--filter "$(sed -n 's/^ok [0-9]* [a-z]* [^ :]*: \(.*\) # skip.*/\1/p' "$said" | sort -u | names_re)" || status=1
	fi
	return "$status"
}

# renumber: numbers the points anew under one plan; fails when one does.
renumber()
{
	local n=0 bad=0 line
	while IFS= read -r line; do
		if [[ $line =~ ^(not )?ok\ [0-9]+\ (.*)$ ]]; then
			n=$((n + 1))
			[ -z "${BASH_REMATCH[1]}" ] || bad=1
			echo "${BASH_REMATCH[1]}ok $n ${BASH_REMATCH[2]}"
		elif [[ ! $line =~ ^1\.\.[0-9]+ ]]; then
			printf '%s\n' "$line"
		fi
	done
	echo "1..$n"
	[ "$n" -gt 0 ] && [ "$bad" -eq 0 ]
}
