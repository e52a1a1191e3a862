/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel alone takes to run `true` in the container that `spec` describes.
 *
 * usage: floor ROOTFS CGROUP [MASKS]
 *
 * Does, once and in a straight line, the kernel work that no runtime can leave out for the default bundle:
 *
 *	- a cgroup is made, and removed at the end;
 *	- one clone3 with new pid, network, ipc, uts and mount namespaces, into that cgroup; the cgroup namespace by
 *unshare in the child, so that its root is the new cgroup;
 *	- the root bound onto itself, the seven default mounts, six device nodes, the /dev links, the host name,
 *pivot_root, the old root detached, the root made read-only;
 *	- execve of /bin/true in the root, and the wait for it.
 *
 * With MASKS also one mount for each of the directories /masked/1 to /masked/MASKS: an empty file system over the first
 * one, which is bound over the others by path. That nobody swaps a path meanwhile, and what there is at it, is not
 * looked at.
 *
 * Left out, because runtimes differ in how they do it or because it is theirs and not the kernel's: masked and
 *read-only paths, the device program of the cgroup, capabilities, limits, seccomp, any state on disk, any parsing, any
 *protection of the runtime's own binary. So the floor is a yardstick and not a goal that can be reached: design figures
 *are given as multiples of it.
 *
 * The old mount interface is used on purpose: one system call per mount is the least there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *target, *type;
	unsigned long flags;
	const char *data;
} mounts[] = {
	{"proc", "proc", 0, NULL},
	{"dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"},
	{"dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"},
	{"dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL},
	{"sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL},
	{"sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY, NULL},
};

static const struct {
	const char *path;
	unsigned int major, minor;
} devices[] = {
	{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static const struct {
	const char *path, *to;
} links[] = {
	{"dev/fd", "/proc/self/fd"},       {"dev/stdin", "/proc/self/fd/0"}, {"dev/stdout", "/proc/self/fd/1"},
	{"dev/stderr", "/proc/self/fd/2"}, {"dev/ptmx", "pts/ptmx"},
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void check(int r, const char *what, const char *object)
{
	if (r >= 0)
		return;
	fprintf(stderr, "floor: %s %s: %s\n", what, object, strerror(errno));
	_exit(1);
}

static void populate(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		/* The targets in /dev live on the tmpfs mounted just before; the others are part of the root. */
		if (strncmp(mounts[i].target, "dev/", 4) == 0)
			check(mkdir(mounts[i].target, 0755), "mkdir", mounts[i].target);
		check(mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].data), "mount",
		      mounts[i].target);
	}
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		check(mknod(devices[i].path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)), "mknod",
		      devices[i].path);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		check(symlink(links[i].to, links[i].path), "symlink", links[i].path);
}

static void mask(unsigned long n)
{
	char path[40];

	for (unsigned long i = 1; i <= n; i++) {
		snprintf(path, sizeof(path), "/masked/%lu", i);
		if (i == 1)
			check(mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_inodes=2"), "mount", path);
		else
			check(mount("/masked/1", path, NULL, MS_BIND, NULL), "bind", path);
	}
}

static _Noreturn void child(const char *rootfs, unsigned long masks)
{
	static char *const argv[] = {(char *)"/bin/true", NULL};
	static char *const envp[] = {(char *)"PATH=/bin", NULL};

	check(unshare(CLONE_NEWCGROUP), "unshare", "cgroup namespace");
	check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make slave", "/");
	check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), "bind", rootfs);
	check(chdir(rootfs), "chdir", rootfs);
	umask(0);
	populate();
	check(sethostname("floor", 5), "sethostname", "floor");
	check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root", rootfs);
	check(umount2(".", MNT_DETACH), "umount", "old root");
	check(chdir("/"), "chdir", "/");
	mask(masks);
	check(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "remount read-only", "/");
	execve(argv[0], argv, envp);
	check(-1, "exec", argv[0]);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	int cgroup, status;
	long pid;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: floor ROOTFS CGROUP [MASKS]\n");
		return 2;
	}
	check(mkdir(argv[2], 0755), "mkdir", argv[2]);
	cgroup = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(cgroup, "open", argv[2]);
	args.cgroup = (uint64_t)cgroup;

	pid = syscall(SYS_clone3, &args, sizeof(args));
	check((int)pid, "clone3", argv[1]);
	if (pid == 0)
		child(argv[1], argc == 4 ? strtoul(argv[3], NULL, 10) : 0);

	check(waitpid((pid_t)pid, &status, 0), "wait", argv[1]);
	check(rmdir(argv[2]), "rmdir", argv[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
