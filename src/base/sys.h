/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Linux system calls that libc does not wrap (glibc 2.36 and musl 1.2.3 both lack some), one inline function each,
 * named like the call with a sys_ in front; errors come as -1 and errno, as from libc. turtle and turtle-init share it.
 * Nowhere else is syscall(2) written. See the man page of each call.
 */
#ifndef TURTLE_BASE_SYS_H
#define TURTLE_BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Constants of the mount API; <linux/mount.h> and <sys/mount.h> can't be included together with older libcs. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif
#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC 0x00000001
#endif
#ifndef FSPICK_CLOEXEC
#define FSPICK_CLOEXEC    0x00000001
#define FSPICK_EMPTY_PATH 0x00000008
#endif
#ifndef FSMOUNT_CLOEXEC
#define FSMOUNT_CLOEXEC 0x00000001
#endif
enum sys_fsconfig {
	SYS_FSCONFIG_SET_FLAG = 0,
	SYS_FSCONFIG_SET_STRING = 1,
	SYS_FSCONFIG_CMD_CREATE = 6,
	SYS_FSCONFIG_CMD_RECONFIGURE = 7,
};
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY      0x00000001
#define MOUNT_ATTR_NOSUID      0x00000002
#define MOUNT_ATTR_NODEV       0x00000004
#define MOUNT_ATTR_NOEXEC      0x00000008
#define MOUNT_ATTR__ATIME      0x00000070
#define MOUNT_ATTR_RELATIME    0x00000000
#define MOUNT_ATTR_NOATIME     0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME  0x00000080
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* In <stdio.h> of glibc only. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif

struct sys_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

/* statx(2), which not every C library has: the kernel's struct, whose other fields nobody here looks at. */
struct sys_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	uint64_t times[8];
	uint32_t rdev[2], dev[2];
	uint64_t mnt_id, rest[13];
};

enum sys_statx_bits {
	SYS_STATX_TYPE = 1 << 0,
	SYS_STATX_INO = 1 << 8,
	SYS_STATX_MNT_ID = 1 << 12,
	SYS_STATX_ATTR_MOUNT_ROOT = 1 << 13,
};

/* Of the descriptor itself. */
static inline int sys_statx(int fd, unsigned mask, struct sys_statx *ret)
{
	return (int)syscall(SYS_statx, fd, "", AT_EMPTY_PATH, mask, ret);
}

static inline int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC);
}

static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int sys_fsopen(const char *fstype)
{
	return (int)syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);
}

static inline int sys_fsconfig(int fd, enum sys_fsconfig cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, (unsigned)cmd, key, value, aux);
}

static inline int sys_fsmount(int fsfd, unsigned attrs)
{
	return (int)syscall(SYS_fsmount, fsfd, FSMOUNT_CLOEXEC, attrs);
}

static inline int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_fspick, dirfd, path, flags | FSPICK_CLOEXEC);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags, const struct sys_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

/* fork-like: never with CLONE_VM, the child goes on on a copy of the caller's stack. */
static inline pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

/*
 * vfork-like: CLONE_VM and CLONE_VFORK are added, so nothing is copied and the caller goes on when the child has
 * executed a program or is gone. The child runs child(arg), which must not return, on the stack given (aligned to 16
 * bytes). On other processors than those known here it is fork-like, and the child runs on a copy; so it is under the
 * address sanitizer, which knows no such stack.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SYS_VFORK 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SYS_VFORK 0
#endif
#endif
#ifndef SYS_VFORK
#define SYS_VFORK 1
#endif
static inline pid_t sys_clone3_vfork(struct clone_args *args, void *stack, size_t size, void (*child)(void *arg),
				     void *arg)
{
#if SYS_VFORK && defined(__x86_64__)
	long r = SYS_clone3;

	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = size;
	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "movq %[arg], %%rdi\n\t"
			 "xorl %%ebp, %%ebp\n\t" /* the end of the frames */
			 "callq *%[child]\n\t"
			 "ud2\n"
			 "1:"
			 : "+&a"(r)
			 : "D"(args), "S"(sizeof(*args)), [child] "d"(child), [arg] "r"(arg)
			 : "rcx", "r11", "memory");
	if (r < 0) {
		errno = (int)-r;
		return -1;
	}
	return (pid_t)r;
#elif SYS_VFORK && defined(__aarch64__)
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)sizeof(*args);
	register long x2 __asm__("x2") = (long)child;
	register long x8 __asm__("x8") = SYS_clone3;

	args->flags |= CLONE_VM | CLONE_VFORK;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = size;
	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x0, %[arg]\n\t"
			 "mov x29, xzr\n\t" /* the end of the frames */
			 "blr %[child]\n\t"
			 "brk 0\n"
			 "1:"
			 : "+&r"(x0)
			 : "r"(x1), "r"(x8), [child] "r"(x2), [arg] "r"(arg)
			 : "x30", "memory", "cc");
	if (x0 < 0) {
		errno = (int)-x0;
		return -1;
	}
	return (pid_t)x0;
#else
	pid_t pid = sys_clone3(args);

	(void)stack;
	(void)size;
	if (pid == 0)
		child(arg);
	return pid;
#endif
}

/*
 * signal(2) to SIG_DFL, for all signals: libc keeps those that it uses itself out of reach, and a caller may have them
 * ignored. The kernel's struct is its own; all of it zero is SIG_DFL without flags.
 */
static inline int sys_signal_default(int sig)
{
	static const unsigned long zero[16];

	return (int)syscall(SYS_rt_sigaction, sig, zero, NULL, sizeof(uint64_t));
}

static inline int sys_tgkill(pid_t process, pid_t thread, int sig)
{
	return (int)syscall(SYS_tgkill, process, thread, sig);
}

static inline int sys_renameat2(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_renameat2, from, from_path, to, to_path, flags);
}

/* Unlike _exit(3) it returns where a seccomp filter denies it. */
static inline void sys_exit_group(int status)
{
	syscall(SYS_exit_group, status);
}

static inline int sys_memfd_create(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

static inline long sys_keyctl(int cmd, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, cmd, a, b, c, d);
}

/* struct __user_cap_header_struct, and two of struct __user_cap_data_struct. */
static inline int sys_capget(void *header, void *data)
{
	return (int)syscall(SYS_capget, header, data);
}

static inline int sys_capset(void *header, const void *data)
{
	return (int)syscall(SYS_capset, header, data);
}

/* The length of the path with its NUL; a directory that can't be reached from the root has one that begins with "(". */
static inline int sys_getcwd(char *buf, size_t size)
{
	return (int)syscall(SYS_getcwd, buf, size);
}

/*
 * The three of libc change the ids of all threads, by signals. These are for programs of one thread: turtle-init, which
 * stays small without that machinery.
 */
static inline int sys_setgroups(size_t n, const uint32_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

static inline int sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return (int)syscall(SYS_setresuid, ruid, euid, suid);
}

static inline int sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return (int)syscall(SYS_setresgid, rgid, egid, sgid);
}

/* musl has none: the standard wants another meaning of the pid. */
static inline int sys_sched_getscheduler(pid_t pid)
{
	return (int)syscall(SYS_sched_getscheduler, pid);
}

static inline int sys_seccomp(unsigned op, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, op, flags, args);
}

/* attr: struct sched_attr, whose first member is its size. */
static inline int sys_sched_setattr(pid_t pid, const void *attr)
{
	return (int)syscall(SYS_sched_setattr, pid, attr, 0);
}

/* Of one process. */
static inline int sys_ioprio_set(pid_t pid, unsigned priority)
{
	return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, pid, priority);
}

/* The kernel looks at one bit less than it is told. */
static inline int sys_set_mempolicy(unsigned mode, const void *nodes, unsigned long bits)
{
	return (int)syscall(SYS_set_mempolicy, mode, nodes, bits + 1);
}

static inline int sys_bpf(int cmd, void *attr, unsigned size)
{
	return (int)syscall(SYS_bpf, cmd, attr, size);
}

#endif
