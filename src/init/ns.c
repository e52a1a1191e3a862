/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: entering, making those that clone3 can't make, and what belongs to them (names, keyring, offsets). */
#include "init/init.h"

#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* The inode number of the initial cgroup namespace is part of the kernel's interface (/proc/1/ns/cgroup). */
#define INITIAL_CGROUPNS 0xeffffffbU

/* Those that are a user namespace, or those that are none. With may_wait the ones that we have no right to are left. */
static int join_some(struct init *init, bool user, bool may_wait, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct plan_join *joins = plan_items(plan, plan->joins, struct plan_join);
	struct stat st;

	for (uint32_t i = 0; i < plan->joins.n; i++) {
		if ((joins[i].type == CLONE_NEWUSER) != user || init->fds[i] < 0)
			continue;
		/* A cgroup2 mounted in the initial namespace would change the options of the host's. */
		if (joins[i].type == CLONE_NEWCGROUP && fstat(init->fds[i], &st) == 0)
			init->host_cgroupns = st.st_ino == INITIAL_CGROUPNS;
		if (setns(init->fds[i], (int)joins[i].type) == 0)
			close_fd(&init->fds[i]);
		else if (errno != EPERM || !may_wait)
			return err_set(err, -errno, "join namespace %s", plan_str(plan, joins[i].path));
	}
	return 0;
}

/*
 * The rights in a namespace are those in the user namespace that owns it: it may be ours, which we lose with the join
 * of another one, or that other one, or each may have its own (a pod's network and the container's mounts).
 */
int ns_join(struct init *init, struct err *err)
{
	int r = join_some(init, false, true, err);

	if (r == 0)
		r = join_some(init, true, false, err);
	return r < 0 ? r : join_some(init, false, false, err);
}

/*
 * The process that has joined goes, its child becomes the container's init and, by CLONE_PARENT, turtle's child as the
 * intermediate process was. The child waits for the end of the pipe, so that its pid is the first that turtle hears.
 */
int ns_stage(struct init *init, struct err *err)
{
	int pidfd = -1, gone[2];
	struct clone_args args = {
		.flags = (init->plan->flags & PLAN_BUILD_OUTSIDE ? 0 : init->plan->stage_flags) | CLONE_PARENT |
			 CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	pid_t pid;
	char c;

	if (pipe2(gone, O_CLOEXEC) < 0)
		return err_set(err, -errno, "create a pipe");
	pid = sys_clone3(&args);
	if (pid < 0)
		return err_set(err, -errno, "clone a process in the joined namespaces");
	if (pid > 0) {
		if (sync_send_fd(init, SYNC_PID, pid, pidfd, err) < 0) {
			sys_pidfd_send_signal(pidfd, SIGKILL);
			sync_error(init, err);
			_exit(1);
		}
		_exit(0);
	}
	close(gone[1]);
	while (read(gone[0], &c, 1) < 0 && errno == EINTR)
		;
	close(gone[0]);
	return 0;
}

/* For ourselves, instead of for the one that ns_stage() clones. */
int ns_unshare(struct init *init, struct err *err)
{
	return unshare((int)init->plan->stage_flags) < 0 ? err_set(err, -errno, "make new namespaces") : 0;
}

int ns_become(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	int r;

	if (plan->flags & PLAN_NEW_USERNS) {
		r = sync_wait(init, SYNC_MAPPED, err);
		if (r < 0)
			return r;
	}
	if (sys_setresgid(plan->ns_gid, plan->ns_gid, plan->ns_gid) < 0)
		return err_set(err, -errno, "become group %u of the user namespace", plan->ns_gid);
	if (sys_setresuid(plan->ns_uid, plan->ns_uid, plan->ns_uid) < 0)
		return err_set(err, -errno, "become user %u of the user namespace", plan->ns_uid);
	return 0;
}

/* Once, for whoever needs it first: the mount of a cgroup or the step of that name. */
int ns_cgroup(struct init *init, struct err *err)
{
	int r;

	if (init->in_cgroup)
		return 0;
	if (init->plan->flags & PLAN_AWAIT_CGROUP) {
		r = sync_wait(init, SYNC_CGROUP, err);
		if (r < 0)
			return r;
	}
	if (init->plan->flags & PLAN_NEW_CGROUPNS && unshare(CLONE_NEWCGROUP) < 0)
		return err_set(err, -errno, "unshare the cgroup namespace");
	init->in_cgroup = true;
	return 0;
}

int ns_ipc(struct init *init, struct err *err)
{
	(void)init;
	return unshare(CLONE_NEWIPC) < 0 ? err_set(err, -errno, "unshare the ipc namespace") : 0;
}

/* unshare gives the namespace to future children only; setns to that one takes it for ourselves, offsets included. */
int ns_time(struct init *init, struct err *err)
{
	const char *offsets = plan_str(init->plan, init->plan->time_offsets);
	_cleanup_close_ int dir = -1, ns = -1;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_set(err, -errno, "unshare the time namespace");
	r = proc_open(init, 0, err);
	if (r == 0 && offsets && offsets[0]) {
		r = proc_write(init, "self/timens_offsets", offsets, err);
		if (r == -ERANGE)
			err_hint(err, "a clock would begin before 0, or end too soon");
		if (r < 0)
			err_wrap(err, "linux.timeOffsets");
	}
	if (r < 0)
		return r;
	dir = root_open(init->proc, "self/ns", O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (dir < 0)
		return err_set(err, dir, "open /proc/self/ns");
	/* A magic link, in a directory that is known to be procfs's. */
	ns = openat(dir, "time_for_children", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_set(err, -errno, "open /proc/self/ns/time_for_children");
	return setns(ns, CLONE_NEWTIME) < 0 ? err_set(err, -errno, "enter the new time namespace") : 0;
}

/*
 * The loopback interface of a new network namespace is there, but down: programs that talk to themselves by 127.0.0.1
 * would fail.
 */
int ns_loopback(struct init *init, struct err *err)
{
	struct ifreq lo = {.ifr_name = "lo"};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)init;
	/* A kernel without IPv4 has no 127.0.0.1 either. */
	if (fd < 0 && errno == EAFNOSUPPORT)
		return 0;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) < 0)
		return err_set(err, -errno, "look at the loopback interface");
	lo.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? err_set(err, -errno, "bring the loopback interface up") : 0;
}

/*
 * A socket belongs to the namespace that it was made in. With this one turtle sees and configures the devices that it
 * moves here, and never enters the namespace itself.
 */
int ns_network(struct init *init, struct err *err)
{
	_cleanup_close_ int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (sock < 0)
		return err_set(err, -errno, "create a netlink socket in the container's network namespace");
	return sync_send_fd(init, SYNC_NETWORK, 0, sock, err);
}

int ns_network_done(struct init *init, struct err *err)
{
	return sync_wait(init, SYNC_NETWORK_DONE, err);
}

int ns_names(struct init *init, struct err *err)
{
	const char *host = plan_str(init->plan, init->plan->hostname);
	const char *domain = plan_str(init->plan, init->plan->domainname);

	if (host && sethostname(host, strlen(host)) < 0)
		return err_set(err, -errno, "set the host name to \"%s\"", host);
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return err_set(err, -errno, "set the domain name to \"%s\"", domain);
	return 0;
}

/*
 * Its holder may do everything. Others of the same user may view, read, search and link it: without search, programs of
 * the container that have no link to it could not use its keys; in a user namespace the owner is the host's user, and
 * "others" is what remains for the container's.
 */
static int join_keyring(struct init *init, struct err *err)
{
	const char *name = plan_str(init->plan, init->plan->keyring);
	unsigned long perm = 0x3f1b0000UL | (init->plan->flags & PLAN_IN_USERNS ? 0x08UL : 0);
	long key = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);

	/* Kernels without keyrings have nothing to leak. */
	if (key < 0 && errno == ENOSYS)
		return 0;
	if (key < 0) {
		int r = err_set(err, -errno, "join a new session keyring \"%s\"", name);

		if (r == -EDQUOT)
			err_hint(err, "too many keys, see /proc/sys/kernel/keys; or use --no-new-keyring");
		return r;
	}
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)key, perm, 0, 0) < 0)
		return err_set(err, -errno, "set the permissions of session keyring \"%s\"", name);
	return 0;
}

/* With the label of the process, where it has one: else SELinux would not let it at its own keys. */
int ns_keyring(struct init *init, struct err *err)
{
	const char *label = plan_str(init->plan, init->plan->selinux);
	int r = label ? lsm_keys(init, label, err) : 0;

	if (r == 0)
		r = join_keyring(init, err);
	return r == 0 && label ? lsm_keys(init, NULL, err) : r;
}
