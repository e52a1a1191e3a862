# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests/vm/run, which sources it: user-mode Linux for whatever it can do, emulation for the rest, as one stream of TAP.
# shellcheck disable=SC2154

# names_re < NAMES: one regular expression for all of them, as --filter takes it.
names_re()
{
	sed 's/[][\\.*^$()+?{}|]/\\&/g' | paste -sd '|' | sed 's/.*/^(&)$/'
}

# uml_died DIR: user-mode Linux itself dies now and then, where a fork fails half-way. That is no test's failure.
uml_died()
{
	[ ! -e "$1/status" ] && grep -aqE 'Kernel panic - not syncing: (Kernel mode fault|Segfault with no mm)' "$1/console"
}

# find_unfinished TAP FILE...: sets $unfinished to the files of which not every test has said something.
find_unfinished()
{
	local tap=$1 file name
	shift
	unfinished=()
	for file; do
		name=${file##*/}
		[ -z "$filter" ] && [ "$as" != both ] &&
			[ "$(grep -cE "^(not )?ok [0-9]+ [a-z]+ ${name%.bats}: " "$tap")" -ge "$(grep -c '^@test ' "$file")" ] || unfinished+=("$file")
	done
}

# What user-mode Linux does before it has died three times. Sets $unfinished to the rest, and writes to $said what was said.
uml_machines()
{
	local todo=("${files[@]}") place=$results/uml failed try
	: >"$said"
	for try in 1 2 3; do
		failed=0
		"${again[@]}" --machine uml --filter "$filter" --results "$place" "${todo[@]}" | tee "$said.all" |
			sed -u 's/^ok [0-9]* \(.*\) # skip/# left to the emulator: \1 #/; s/^not ok [0-9]* - the machine:/# the machine:/' || failed=1
		grep -v '^not ok [0-9]* - the machine:' "$said.all" >"$said.now"
		cat "$said.now" >>"$said"
		if ! uml_died "$place"; then
			unfinished=()
			! grep -q '^not ok [0-9]* - the machine:' "$said.all" || echo "not ok 1 - the machine: user-mode Linux did not come to its end"
			return "$failed"
		fi
		find_unfinished "$said.now" "${todo[@]}"
		echo "# user-mode Linux has died ($try); still to be run:${unfinished[*]/#*\// }"
		[ ${#unfinished[@]} -gt 0 ] || break
		todo=("${unfinished[@]}") place=$results/uml-again-$try
	done
	! grep -q '^not ok' "$said"
}

two_machines()
{
	local status=0 name said=$scratch/uml.tap skipped=() unfinished=() file
	local again=("$here/run" --build "$build" --timeout "$limit")
	[ -z "$as" ] || again+=(--as "$as")
	uml_machines || status=1
	if [ ${#unfinished[@]} -gt 0 ]; then
		"${again[@]}" --machine tcg --filter "$filter" --results "$results/tcg-again" "${unfinished[@]}" || status=1
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
