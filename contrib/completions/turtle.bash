# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Bash completion for turtle. The words come from the command line as documented in turtle(8); container names are asked
# from turtle itself, with the --root that is on the line.

_turtle_ids()
{
	local -a root=()
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root=* | -root=*) root=("${COMP_WORDS[i]}") ;;
		--root | -root)
			# readline may have split --root=DIR at the equals sign.
			if [[ ${COMP_WORDS[i + 1]} == = ]]; then root=(--root "${COMP_WORDS[i + 2]}"); else root=(--root "${COMP_WORDS[i + 1]}"); fi
			;;
		esac
	done
	"${COMP_WORDS[0]}" "${root[@]}" list --quiet 2>/dev/null
}

_turtle_words()
{
	local IFS=$'\n'
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_turtle()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='checkpoint create delete events exec features help kill list pause ps restore resume run spec start state update'
	local options='--cgroup-manager --debug --help --log --log-format --log-level --root --rootless --systemd-cgroup --version'
	local create='--bundle --config --console-socket --help --no-new-keyring --no-pivot --no-subreaper --pid-file --pidfd-socket --preserve-fds'
	local box='--annotation --cap-add --cap-drop --cpu-shares --cpus --cpuset-cpus --cpuset-mems --cwd --device --env --env-file --gidmap --group-add --hostname --memory --memory-reservation --memory-swap --mount --network --no-network --no-new-privs --no-tty --pids --pids-limit --read-only --rootfs --seccomp --security-opt --shm-size --swap --sysctl --tmpfs --tty --uidmap --ulimit --umask --user --volume --workdir'
	local criu='--auto-dedup --empty-ns --ext-unix-sk --file-locks --help --image-path --lazy-pages --manage-cgroups-mode --network-lock --shell-job --tcp-established --work-path'
	local checkpoint="$criu --leave-running --link-remap --page-server --parent-path --pre-dump --status-fd --tcp-skip-in-flight"
	local restore="$criu --bundle --console-socket --detach --lsm-mount-context --lsm-profile --no-pivot --no-subreaper --pid-file --tcp-close"
	local update='--blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-share --cpuset-cpus --cpuset-mems --help --l3-cache-schema --mem-bw-schema --memory --memory-reservation --memory-swap --pids-limit --resources'
	local exec='--additional-gids --apparmor --cap --cgroup --console-socket --cwd --detach --env --help --ignore-paused --no-new-privs --pid-file --pidfd-socket --preserve-fds --process --process-label --tty --user'
	local command='' word i skip=0

	if [[ $current == = ]]; then current=; fi
	if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi

	# The first word that is neither an option nor an option's value is the command.
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((skip)); then
			[[ $word == = ]] || skip=0
			continue
		fi
		case $word in
		-log | --log | -log-format | --log-format | -log-level | --log-level | -root | --root | -cgroup-manager | --cgroup-manager) skip=1 ;;
		-rootless | --rootless) [[ ${COMP_WORDS[i + 1]} == = ]] && skip=1 ;;
		-* | =) ;;
		*)
			command=$word
			break
			;;
		esac
	done

	case $previous in
	--root | --bundle | -b | --rootfs | --image-path | --work-path | --parent-path)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--log | --config | --env-file | --file | --resources | --seccomp | --console-socket | --pid-file | --pidfd-socket | --process)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	-p)
		if [[ $command == exec ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		fi
		;;
	-r)
		if [[ $command == update ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
		fi
		;;
	--blkio-weight | --cpu-* | --cpuset-* | --memory | --memory-* | --pids-limit) return ;;
	-f)
		case $command in
		create | run)
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
			;;
		list | ps)
			_turtle_words $'table\njson' "$current"
			return
			;;
		esac
		;;
	--format)
		_turtle_words $'table\njson' "$current"
		return
		;;
	--log-format)
		_turtle_words $'text\njson' "$current"
		return
		;;
	--log-level)
		_turtle_words $'error\nwarning\ndebug' "$current"
		return
		;;
	--cgroup-manager)
		_turtle_words $'cgroupfs\nsystemd\ndisabled' "$current"
		return
		;;
	--manage-cgroups-mode)
		_turtle_words $'soft\nfull\nstrict\nignore' "$current"
		return
		;;
	--network-lock)
		_turtle_words $'iptables\nnftables\nskip' "$current"
		return
		;;
	--empty-ns)
		_turtle_words network "$current"
		return
		;;
	--page-server | --status-fd | --lsm-profile | --lsm-mount-context) return ;;
	--network)
		_turtle_words $'none\nhost' "$current"
		return
		;;
	--cap | --cap-add | --cap-drop)
		# exec adds single ones.
		if [[ $previous == --cap ]]; then word=; else word=$'ALL\n'; fi
		_turtle_words "$word"$'AUDIT_WRITE\nCHOWN\nDAC_OVERRIDE\nFOWNER\nFSETID\nKILL\nMKNOD\nNET_ADMIN\nNET_BIND_SERVICE\nNET_RAW\nSETFCAP\nSETGID\nSETPCAP\nSETUID\nSYS_ADMIN\nSYS_CHROOT\nSYS_PTRACE' "${current^^}"
		return
		;;
	--device | --volume | -v)
		case $command in
		run | spec)
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
			;;
		esac
		;;
	--preserve-fds | --interval | --additional-gids | --apparmor | --cgroup | --process-label | --annotation | --cpus | --env | --gidmap | --group-add | --hostname | --mount | --pids | --shm-size | --swap | --sysctl | --tmpfs | --uidmap | --ulimit | --umask | --user | --workdir | --cwd | --security-opt)
		return
		;;
	esac

	case $command in
	'')
		_turtle_words "${commands// /$'\n'}"$'\n'"${options// /$'\n'}" "$current"
		;;
	create) [[ $current == -* ]] && _turtle_words "${create// /$'\n'}" "$current" ;;
	run) [[ $current == -* ]] && _turtle_words "${create// /$'\n'}"$'\n'"${box// /$'\n'}"$'\n--detach\n--interactive\n--keep\n--rm' "$current" ;;
	exec)
		if [[ $current == -* ]]; then _turtle_words "${exec// /$'\n'}" "$current"; else _turtle_words "$(_turtle_ids)" "$current"; fi
		;;
	checkpoint)
		if [[ $current == -* ]]; then _turtle_words "${checkpoint// /$'\n'}" "$current"; else _turtle_words "$(_turtle_ids)" "$current"; fi
		;;
	restore) [[ $current == -* ]] && _turtle_words "${restore// /$'\n'}" "$current" ;;
	update)
		if [[ $current == -* ]]; then _turtle_words "${update// /$'\n'}" "$current"; else _turtle_words "$(_turtle_ids)" "$current"; fi
		;;
	delete | events | kill | pause | ps | resume | start | state)
		if [[ $current == -* ]]; then
			case $command in
			delete) _turtle_words $'--force\n--help\n--regex' "$current" ;;
			events) _turtle_words $'--help\n--interval\n--stats' "$current" ;;
			ps) _turtle_words $'--format\n--help' "$current" ;;
			kill) _turtle_words $'--all\n--help\n--regex' "$current" ;;
			*) _turtle_words '--help' "$current" ;;
			esac
		elif [[ $command == kill && $previous != kill && $previous != -* ]]; then
			_turtle_words "$(compgen -A signal | grep '^SIG')" "${current^^}"
		else
			_turtle_words "$(_turtle_ids)" "$current"
		fi
		;;
	list) _turtle_words $'--format\n--help\n--quiet' "$current" ;;
	spec) _turtle_words $'--bundle\n--file\n--help\n--rootless\n'"${box// /$'\n'}" "$current" ;;
	features) _turtle_words '--help' "$current" ;;
	help) _turtle_words "${commands// /$'\n'}" "$current" ;;
	esac
}

complete -F _turtle turtle
