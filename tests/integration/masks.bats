# SPDX-License-Identifier: Apache-2.0
# linux.maskedPaths and linux.readonlyPaths.
load helpers

@test "masks: the default ones, files and directories" {
	# Which of the others there are depends on how the kernel was built.
	box sh -c 'for p in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug; do [ ! -e $p ] || /probe stat $p; done; ls -A /sys/firmware | wc -l; wc -c </proc/keys'
	has "/proc/keys char 0666 0:0 1:3" 0
	lacks '^/proc/[a-z_]+ file'
}

@test "masks: a file reads as empty, a directory is empty and read-only" {
	echo secret >"$ROOTFS/etc/secret"
	mkdir "$ROOTFS/etc/private"
	echo secret >"$ROOTFS/etc/private/file"
	config '.linux.maskedPaths = ["/etc/secret", "/etc/private"] | .root.readonly = false'
	box sh -c 'cat /etc/secret; ls -A /etc/private; /probe open /etc/private/new wcreate; /probe stat /etc/secret; echo lost >/etc/secret'
	is $'EROFS\n/etc/secret char 0666 0:0 1:3'
	same "$(<"$ROOTFS/etc/secret")" secret
}

@test "masks: many directories share nothing that can be written" {
	config '.linux.maskedPaths = [range(20) | "/etc/d\(.)"] | .root.readonly = false'
	mkdir "$ROOTFS"/etc/d{0..19}
	touch "$ROOTFS"/etc/d{0..19}/hidden
	box sh -c 'ls -A /etc/d0 /etc/d19 | grep -c hidden; for i in 0 7 19; do /probe open /etc/d$i/x wcreate; done; grep -c " /etc/d" /proc/self/mountinfo'
	has 0 EROFS 20
}

@test "masks: a path that is not there is passed over" {
	config '.linux.maskedPaths += ["/no/such/path", "/etc/passwd/below"] | .linux.readonlyPaths += ["/no/such/path", "/etc/passwd/below"]'
	box echo fine
	is fine
	[ ! -e "$ROOTFS/no" ] || fail "it was made"
}

@test "masks: through a symlink it is the target in the root that is masked" {
	echo secret >"$ROOTFS/etc/secret"
	ln -s /etc/secret "$ROOTFS/etc/link"
	config '.linux.maskedPaths = ["/etc/link"]'
	box cat /etc/secret /etc/link
	is ""
}

@test "masks: can't be taken off from inside" {
	config '.process.capabilities |= map_values(["CAP_DAC_OVERRIDE", "CAP_CHOWN"])'
	box sh -c 'umount /proc/keys 2>&1; umount /sys/firmware 2>&1; /probe stat /proc/keys'
	has "/proc/keys char 0666 0:0 1:3"
	matches 'not permitted'
}

@test "masks: an empty list masks nothing" {
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	box sh -c '/probe stat /proc/keys; /probe open /proc/sys/kernel/hostname w; cat /proc/self/mountinfo | grep -c " /proc/"; :'
	matches '^/proc/keys file'
	has ok 0
}

@test "readonly: the default ones" {
	box sh -c '/probe open /proc/sys/kernel/hostname w; /probe open /proc/sysrq-trigger w; cat /proc/sys/kernel/ostype; /probe statfs /proc/sys /proc/irq /proc/bus'
	has EROFS Linux
	hasnt ok
	matches '^/proc/sys 9fa0 ro' '^/proc/irq 9fa0 ro' '^/proc/bus 9fa0 ro'
}

@test "readonly: keeps the flags that a mount has" {
	config '.linux.readonlyPaths += ["/dev/shm"]'
	box sh -c 'grep " /dev/shm " /proc/self/mountinfo | tail -n 1; /probe open /dev/shm/x wcreate'
	matches ' ro,nosuid,nodev,noexec'
	has EROFS
}

@test "readonly: reaches what is mounted below" {
	config '.mounts += [{"destination": "/tmp/a", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/tmp/a/b", "type": "tmpfs", "source": "tmpfs"}]
		| .linux.readonlyPaths = ["/tmp/a"]'
	box sh -c '/probe open /tmp/a/x wcreate; /probe open /tmp/a/b/x wcreate; ls -d /tmp/a/b'
	matches '^EROFS$' '^/tmp/a/b$'
}

@test "readonly: a file in a writable root" {
	config '.linux.readonlyPaths = ["/etc/group"] | .root.readonly = false'
	box sh -c '/probe open /etc/group w; /probe open /etc/passwd w; cat /etc/group | wc -l'
	is $'EROFS\nok\n2'
}

@test "masks and readonly: relative paths, and no mount namespace" {
	config '.linux.maskedPaths = ["proc/kcore"]'
	box_refused maskedPaths
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["proc/sys"]'
	box_refused readonlyPaths
}

@test "masks: hold in a user namespace too" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
	box sh -c '/probe stat /proc/keys; ls -A /sys/firmware | wc -l; /probe write /proc/sys/kernel/domainname x; /probe open /sys/firmware/x wcreate'
	matches '^/proc/keys char [0-7]+ [0-9:]+ 1:3$' '^0$' '^EROFS$'
	hasnt ok
}
