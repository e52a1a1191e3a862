# SPDX-License-Identifier: Apache-2.0
# ps: the processes of a container, as the host's ps shows them or as numbers.
# shellcheck disable=SC2016,SC2154
load helpers

# A ps for this test: a script that says how it was called in $T/called; its body from standard input.
fake_ps()
{
	mkdir -p "$T/bin"
	{
		echo '#!/bin/bash'
		printf 'printf "%%s\\n" "$#" "$@" >%q\n' "$T/called"
		cat
	} >"$T/bin/ps"
	chmod 755 "$T/bin/ps"
	PATH=$T/bin:$PATH
}

up()
{
	args /probe "${@:-wait}"
	ok turtle run -d box
	until_line "$T/out" up
	PID=$(init_pid)
}

@test "ps: the table of the host's ps, with the container's lines only" {
	up forks 2
	ok turtle ps box
	same "$(head -n 1 "$T/out" | awk '{ print $1, $2, $NF }')" "UID PID CMD"
	same "$(tail -n +2 "$T/out" | awk '{ print $2 }' | sort -n)" "$(sort -n "$CGROUP_DIR/cgroup.procs")"
	same "$(tail -n +2 "$T/out" | wc -l)" 3
	matches "^root +$PID .* /probe forks 2$"
}

@test "ps: options of ps, as words and as one argument" {
	up forks 1
	ok turtle ps box -o pid,comm -A
	matches '^ *PID COMMAND$' "^ *$PID probe$"
	same "$(wc -l <"$T/out")" 3
	ok turtle ps box "-A  -o pid,comm"
	matches '^ *PID COMMAND$' "^ *$PID probe$"
	same "$(wc -l <"$T/out")" 3
	# Numbers below PID, also behind columns with blanks.
	ok turtle ps box -A -o lstart,pid,args
	matches "[0-9] +$PID /probe forks 1$"
	same "$(wc -l <"$T/out")" 3
	# A line for each thread.
	ok turtle ps box -eLf
	matches "^root +$PID "
	ok turtle ps --format table box -ef
	matches "^root +$PID "
}

@test "ps: nothing that follows the id is an option of turtle" {
	up
	fake_ps <<<'echo PID'
	ok turtle ps box -f json --help "two words" '$(x)'
	is PID
	same "$(<"$T/called")" "$(printf '%s\n' 5 -f json --help "two words" '$(x)')"
	ok turtle ps box ' -e   -o  pid '
	same "$(<"$T/called")" "$(printf '%s\n' 3 -e -o pid)"
	# Blanks alone are no option.
	for words in '' '  '; do
		ok turtle ps box "$words"
		same "$(<"$T/called")" "$(printf '%s\n' 1 -ef)"
	done
	ok turtle ps box
	same "$(<"$T/called")" "$(printf '%s\n' 1 -ef)"
}

@test "ps: no shell, no terminal, no descriptor, no signal of turtle's" {
	up
	fake_ps <<-'END'
		echo PID
		readlink /proc/self/fd/0 >&2
		exit 3
	END
	refused "ps: exit status 3: /dev/null" turtle ps box
	echo 'echo no shell for what has no interpreter' >"$T/bin/ps"
	refused "execute ps: Exec format error" turtle ps box
}

@test "ps: the column PID is found by its heading" {
	up
	fake_ps <<-END
		printf '%30s %7s %7s %s\n' USER PID PPID CMD 'a b' $PID 1 spaces z $PID $PID also q 1 $PID 'not this' \
			longer-than-the-column-it-is-in-by-far $PID 1 shifted r ${PID}1 1 'nor this'
		echo
	END
	ok turtle ps box
	same "$(awk '{ print $NF }' "$T/out" | paste -sd' ')" "CMD spaces also shifted"
}

@test "ps: without a column PID, or with a line that has none" {
	up
	refused "couldn't find PID field in ps output" turtle ps box -o args
	refused "couldn't find PID field in ps output" turtle ps box -o pid= -o args
	fake_ps <<<'echo USER PID; echo someone else'
	refused "unexpected pid 'else' in ps output" turtle ps box
	fake_ps <<<:
	refused "couldn't find PID field in ps output" turtle ps box
}

@test "ps: a ps that fails, dies, or finds nothing" {
	up
	refused "ps: exit status 1: error: " turtle ps box --no-such-option
	fake_ps <<<'kill -SEGV $$'
	refused "ps was killed by signal 11" turtle ps box
	fake_ps <<<'echo "  PID CMD"; exit 1'
	ok turtle ps box
	is "  PID CMD"
	fake_ps <<<'exit 7'
	refused "ps: exit status 7" turtle ps box
	# More than a pipe holds, on both.
	fake_ps <<<'head -c 300000 /dev/zero | tr "\0" e >&2; echo PID; for ((i = 0; i < 30000; i++)); do echo 1 line; done'
	ok turtle ps box
	is PID
}

@test "ps: there is no ps" {
	up
	mkdir "$T/empty"
	local timeout
	timeout=$(command -v timeout)
	no_ps() { PATH=$T/empty "$timeout" --foreground -k 1 10 "$TURTLE" --root "$STATE" "$@" 3>&-; }
	refused 'exec: "ps": executable file not found in $PATH' no_ps ps box
	ok no_ps ps --format json box
	is "[$PID]"
}

@test "ps: json is an array of numbers on one line" {
	up forks 3
	ok turtle ps --format json box
	is "[$(sort -n "$CGROUP_DIR/cgroup.procs" | paste -sd,)]"
	same "$(jq length "$T/out")" 4
	ok turtle ps -f=json box
	same "$(jq length "$T/out")" 4
	refused "invalid format option: xml" turtle ps --format xml box
}

@test "ps: processes of cgroups below are the container's, too" {
	up forks 3
	local pids deep=$CGROUP_DIR i
	mapfile -t pids < <(sort -n "$CGROUP_DIR/cgroup.procs")
	for ((i = 0; i < 64; i++)); do
		deep+=/d
		mkdir "$deep" "${deep%/d}/e"
	done
	echo "${pids[3]}" >"$deep/cgroup.procs"
	echo "${pids[2]}" >"$CGROUP_DIR/d/e/cgroup.procs"
	ok turtle ps --format json box
	is "[$(IFS=, && echo "${pids[*]}")]"
	ok turtle ps box -A -o pid
	same "$(tail -n +2 "$T/out" | tr -d ' ' | sort -n)" "$(printf '%s\n' "${pids[@]}")"
}

@test "ps: a threaded cgroup below does not hide anybody, nor count him twice" {
	up threads 2
	local thread
	mkdir "$CGROUP_DIR/threads"
	echo threaded >"$CGROUP_DIR/threads/cgroup.type"
	thread=$(ls "/proc/$PID/task" | tail -n 1)
	echo "$thread" >"$CGROUP_DIR/threads/cgroup.threads"
	ok turtle ps --format json box
	is "[$PID]"
}

@test "ps: a created, a paused and a stopped container" {
	args true
	ok turtle create box
	local pid
	pid=$(init_pid)
	ok turtle ps --format json box
	is "[$pid]"
	ok turtle pause box
	ok turtle ps --format json box
	is "[$pid]"
	ok turtle resume box
	ok turtle start box
	until_true stopped box
	ok turtle ps --format json box
	is null
	ok turtle ps box -A -o pid,args
	same "$(wc -l <"$T/out")" 1
	rmdir "$CGROUP_DIR"
	ok turtle ps --format json box
	is null
	refused "container does not exist" turtle ps other
	refused "requires a minimum of 1 argument" turtle_quiet ps
}

# Help on standard output is no error here.
turtle_quiet() { turtle "$@" >/dev/null; }

@test "ps: what outlived init, without a pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c 'sleep 1000 & exit 0'
	ok turtle run -d box
	until_true stopped box
	ok turtle ps --format json box
	is "[$(<"$CGROUP_DIR/cgroup.procs")]"
}

@test "ps: without a cgroup nothing can be found" {
	args /probe wait
	ok turtle --cgroup-manager=disabled run -d box
	refused "container box has no cgroup by which its processes could be found" turtle ps box
	refused "container box has no cgroup by which its processes could be found" turtle ps --format json box
}
