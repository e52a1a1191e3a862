# SPDX-License-Identifier: Apache-2.0
# linux.sysctl: what a container's own namespaces hold, and nothing else.
load helpers

@test "sysctl: set in the container, not on the host" {
	local forward=$(</proc/sys/net/ipv4/ip_forward) shm=$(</proc/sys/kernel/shmmni)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 7", "kernel.shmmni": "1234", "fs.mqueue.msg_max": "11",
		"kernel.msgmax": "4096", "kernel.sem": "100 200 30 40"}'
	box sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/shmmni /proc/sys/fs/mqueue/msg_max /proc/sys/kernel/msgmax /proc/sys/kernel/sem'
	is $'1\n0\t7\n1234\n11\n4096\n100\t200\t30\t40'
	same "$(</proc/sys/net/ipv4/ip_forward)" "$forward"
	same "$(</proc/sys/kernel/shmmni)" "$shm"
}

@test "sysctl: slashes and dots" {
	config '.linux.sysctl = {"net/ipv4/ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1"}'
	box cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lo/forwarding
	is $'1\n1'
}

@test "sysctl: kernel.domainname needs the uts namespace, kernel.hostname is refused" {
	config '.linux.sysctl = {"kernel.domainname": "example.org"}'
	box cat /proc/sys/kernel/domainname
	is example.org
	config '.linux.namespaces |= map(select(.type != "uts")) | del(.hostname)'
	box_refused kernel.domainname
	cp "$SUITE/config.json" config.json
	sed -i "s|@CGROUP@|$CGROUP|" config.json
	config '.linux.sysctl = {"kernel.hostname": "x"}'
	box_refused kernel.hostname
}

@test "sysctl: each kind needs its namespace" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	box_refused net.ipv4.ip_forward
	config '.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
	box_refused kernel.shmmax
	config '.linux.sysctl = {"fs.mqueue.msg_max": "5"}'
	box_refused fs.mqueue.msg_max
	config '.linux.sysctl = {"user.max_pid_namespaces": "5"}'
	box_refused user.max_pid_namespaces
}

@test "sysctl: anything else is refused" {
	local key before=$(</proc/sys/kernel/core_pattern)
	for key in kernel.core_pattern vm.swappiness kernel.panic fs.file-max kernel.shm; do
		config --arg key "$key" '.linux.sysctl = {($key): "1"}'
		box_refused "$key"
	done
	same "$(</proc/sys/kernel/core_pattern)" "$before"
}

@test "sysctl: a key that is not there, and a value that the kernel does not take" {
	config '.linux.sysctl = {"net.ipv4.frob": "1"}'
	box_refused net.ipv4.frob
	config '.linux.sysctl = {"net.ipv4.ip_forward": "frob"}'
	box_refused net.ipv4.ip_forward
}

@test "sysctl: with the host's network by path is refused, with a joined one works" {
	local before
	before=$(</proc/sys/net/ipv4/ip_forward)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | (.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/net"'
	box_refused "network namespace"
	same "$(</proc/sys/net/ipv4/ip_forward)" "$before"
	unshare --net sh -c 'echo up; exec sleep 1000' >"$T/holder" 3>&- &
	until_line "$T/holder" up
	config --arg path "/proc/$!/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $path'
	box cat /proc/sys/net/ipv4/ip_forward
	is 1
}

@test "sysctl: user.* in a user namespace" {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .linux.sysctl = {"user.max_net_namespaces": "17", "net.ipv4.ip_forward": "1"}'
	chown -R 100000:100000 "$ROOTFS"
	box cat /proc/sys/user/max_net_namespaces /proc/sys/net/ipv4/ip_forward
	is $'17\n1'
}
