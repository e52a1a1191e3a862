# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests/vm/run and tests/vm/shell, which source it: which machine can be had here, and how one is started. They set
# $here, $top, $image, $build and $results; $LSM is apparmor (or unset) or selinux.
# shellcheck disable=SC2154

die()
{
	echo "${0##*/tests/}: $*" >&2
	exit 1
}

# machine_works KEY COMMAND...: whether the machine gets as far as the first program of its initrd, which says so. Costs a
# second where it works; the answer is remembered until the host boots again.
machine_works()
{
	local note answer=no
	note=${TMPDIR:-/tmp}/turtle-$1-$(id -u)-$(</proc/sys/kernel/random/boot_id)
	shift
	if [ ! -f "$note" ] || [ ! -O "$note" ]; then
		timeout -k 1 15 "$@" </dev/null 2>/dev/null | grep -aq 'turtle-probe: this machine runs' && answer=yes
		echo "$answer" >"$note"
	fi
	[ "$(<"$note")" = yes ]
}

# /dev/kvm may be there and yet crash or crawl (a virtual machine inside a virtual machine).
kvm_works()
{
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	machine_works kvm qemu-system-x86_64 -accel kvm -cpu host -m 512 -smp 2 -nodefaults -display none -serial stdio -no-reboot \
		-kernel "$image/vmlinuz" -initrd "$image/initrd" -append 'console=ttyS0 quiet panic=-1 turtle.probe'
}

# Needs ptrace, a C compiler, and a /dev/shm that has room for the machine's memory.
uml_works()
{
	local scratch works=1
	[ -x "$image/uml/linux" ] || return 1
	[ "$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)" -ge "${TURTLE_VM_MEMORY:-4096}" ] || return 1
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/turtle-uml.XXXXXX") || return 1
	uml_preload "$scratch" && machine_works usermode env -C "$image/uml" setarch -R \
		env LD_LIBRARY_PATH=. "LD_PRELOAD=$scratch/xstate.so" TMPDIR=/dev/shm ./linux mem=256M "initrd=$image/initrd" \
		con=null ssl0=null,fd:1 console=ttyS0 quiet panic=1 uml_dir="$scratch/" turtle.probe && works=0
	rm -rf "$scratch"
	return "$works"
}

# uml_preload DIR: makes DIR/xstate.so, without which it does not get far on a processor with AMX.
uml_preload()
{
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -shared -fPIC -nostdlib -fno-stack-protector -o "$1/xstate.so" "$here/uml-xstate.c"
}

# machine_choose auto|kvm|tcg|uml: sets $MACHINE to kvm, tcg or uml.
machine_choose()
{
	MACHINE=$1
	if [ "$MACHINE" = uml ]; then
		[ -x "$image/uml/linux" ] || die "there is no user-mode Linux for this architecture"
		return
	fi
	command -v qemu-system-x86_64 >/dev/null || die "qemu-system-x86_64 is missing: contrib/deps all installs it"
	if [ "$MACHINE" = auto ]; then
		if kvm_works; then MACHINE=kvm; else MACHINE=tcg; fi
	fi
}

# machine_start run|shell DIR: runs the machine, its console on stdin and stdout. DIR takes disks that live as long as it.
# The root disk and swap are snapshots: what the guest writes to them is gone afterwards.
machine_start()
{
	local memory=${TURTLE_VM_MEMORY:-4096} cpus=${TURTLE_VM_CPUS:-2} host line
	host=$(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) / 1024 * 3 / 4))
	[ "$memory" -le "$host" ] || memory=$host
	truncate -s 1G "$2/spare.img"
	# /tmp is on the disk, as on the machines that tests otherwise run on: device nodes of a bundle work there.
	line="rw console=ttyS0 quiet mitigations=off no_timer_check panic=-1 psi=1 systemd.show_status=0 systemd.mask=tmp.mount turtle.job=$1"
	# Which security module there is: only one of the two can be. A policy for SELinux is loaded by the tests.
	line+=" security=${LSM:-apparmor} selinux=1 enforcing=0"
	case $1 in
	run) line+=" systemd.mask=serial-getty@ttyS0.service systemd.mask=systemd-udev-trigger.service" ;;
	shell) line+=" systemd.set_credential=agetty.autologin:${SHELL_AS:-root} systemd.set_credential=login.noauth:yes" ;;
	esac
	case $MACHINE in
	uml) machine_uml "$2" "$memory" "$1" "$line" ;;
	kvm) machine_qemu "$2" "$memory" "$cpus" "$1" "$line" -accel kvm -cpu host ;;
	tcg) machine_qemu "$2" "$memory" "$cpus" "$1" "$line" -accel tcg,thread=single,tb-size=512 -cpu max ;;
	esac
}

# machine_qemu DIR MEMORY CPUS run|shell KERNEL-COMMAND-LINE OPTION.... The image is
# never written to, and user-mode Linux, at work elsewhere with the same one, holds a lock that QEMU would take amiss.
machine_qemu()
{
	local directory=$1 memory=$2 cpus=$3 serial=stdio line=$5 near
	[ "$4" = run ] || serial=mon:stdio
	shift 5
	# Two memory nodes; the second has the CPUs behind the first.
	near=$((memory / 2))
	set -- "$@" -object "memory-backend-ram,id=near,size=${near}M" -object "memory-backend-ram,id=far,size=$((memory - near))M" \
		-numa node,nodeid=0,memdev=near,cpus=0
	if [ "$cpus" -gt 1 ]; then
		set -- "$@" -numa "node,nodeid=1,memdev=far,cpus=1-$((cpus - 1))"
	else
		set -- "$@" -numa node,nodeid=1,memdev=far
	fi
	TMPDIR=$directory exec qemu-system-x86_64 -M q35 "$@" -m "$memory" -smp "$cpus" -nodefaults -display none \
		-serial "$serial" -no-reboot -kernel "$image/vmlinuz" -initrd "$image/initrd" -append "root=/dev/vda $line" \
		-drive "file=$image/base.ext4,format=raw,if=virtio,snapshot=on,cache=unsafe,file.locking=off" \
		-drive "file=$image/swap.img,format=raw,if=virtio,snapshot=on,cache=unsafe,file.locking=off" \
		-drive "file=$directory/spare.img,format=raw,if=virtio,cache=none" \
		-virtfs "local,path=$top,mount_tag=src,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$build,mount_tag=build,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$results,mount_tag=results,security_model=none,multidevs=remap" \
		-object rng-random,filename=/dev/urandom,id=rng0 -device virtio-rng-pci,rng=rng0
}

# machine_uml DIR MEMORY run|shell KERNEL-COMMAND-LINE. Its memory is a file, which only a tmpfs can hold at full speed.
machine_uml()
{
	local input=fd:0
	[ "$3" = shell ] || input=null
	ln -sfn "$top" "$1/src"
	ln -sfn "$build" "$1/build"
	ln -sfn "$results" "$1/results"
	uml_preload "$1" || return 1
	cd "$image/uml" || return 1
	# shellcheck disable=SC2086 # the command line is many words
	exec setarch -R env LD_LIBRARY_PATH=. "LD_PRELOAD=$1/xstate.so" TMPDIR=/dev/shm ./linux "mem=$2M" "ubd0=$1/root.cow,$image/base.ext4" \
		"ubd1=$1/swap.cow,$image/swap.img" "ubd2=$1/spare.img" con=null "ssl0=$input,fd:1" uml_dir="$1/" umid=turtle \
		root=/dev/ubda "turtle.hostfs=$1" $4
}
