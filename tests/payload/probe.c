/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container looks like from inside, where busybox can't show it: a static program that the tests put into the
 * root filesystem as /probe. `probe VERB ARGUMENT...` prints plain lines and exits with 0 when it could look, so that
 * "refused" is a line to compare ("EPERM") and never a failure of the probe.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#endif

extern char **environ;

static const struct {
	int number;
	const char *name;
} errnos[] = {
	{EPERM, "EPERM"},
	{ENOENT, "ENOENT"},
	{ESRCH, "ESRCH"},
	{EIO, "EIO"},
	{ENXIO, "ENXIO"},
	{EBADF, "EBADF"},
	{ECHILD, "ECHILD"},
	{EAGAIN, "EAGAIN"},
	{ENOMEM, "ENOMEM"},
	{EACCES, "EACCES"},
	{EFAULT, "EFAULT"},
	{EBUSY, "EBUSY"},
	{EEXIST, "EEXIST"},
	{ENODEV, "ENODEV"},
	{ENOTDIR, "ENOTDIR"},
	{EISDIR, "EISDIR"},
	{EINVAL, "EINVAL"},
	{ENFILE, "ENFILE"},
	{EMFILE, "EMFILE"},
	{ENOTTY, "ENOTTY"},
	{ETXTBSY, "ETXTBSY"},
	{EFBIG, "EFBIG"},
	{ENOSPC, "ENOSPC"},
	{EROFS, "EROFS"},
	{EMLINK, "EMLINK"},
	{EPIPE, "EPIPE"},
	{ENOSYS, "ENOSYS"},
	{ELOOP, "ELOOP"},
	{ENOKEY, "ENOKEY"},
	{EXDEV, "EXDEV"},
	{ENOTEMPTY, "ENOTEMPTY"},
	{EOPNOTSUPP, "EOPNOTSUPP"},
	{EAFNOSUPPORT, "EAFNOSUPPORT"},
};

static const char *errno_name(int number)
{
	static char text[16];

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++)
		if (errnos[i].number == number)
			return errnos[i].name;
	snprintf(text, sizeof(text), "%d", number);
	return text;
}

/* "ok", or the name of the error. */
static int tell(long result)
{
	puts(result < 0 ? errno_name(errno) : "ok");
	return 0;
}

/* fds: every open descriptor and what it is. */
static int verb_fds(char **arg)
{
	(void)arg;
	for (int fd = 0; fd < 4096; fd++) {
		char link[64], target[4096];
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		printf("%d %.*s\n", fd, n < 0 ? 1 : (int)n, n < 0 ? "?" : target);
	}
	return 0;
}

/* stdio: kind, owner and device numbers of the three. */
static int verb_stdio(char **arg)
{
	(void)arg;
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0) {
			printf("%d closed\n", fd);
			continue;
		}
		if (S_ISCHR(st.st_mode))
			printf("%d char %u:%u uid %u\n", fd, major(st.st_rdev), minor(st.st_rdev), st.st_uid);
		else
			printf("%d %s uid %u\n", fd,
			       S_ISFIFO(st.st_mode)   ? "pipe"
			       : S_ISREG(st.st_mode)  ? "file"
			       : S_ISSOCK(st.st_mode) ? "socket"
						      : "other",
			       st.st_uid);
	}
	return 0;
}

/* tiocsti: pushes a byte into the terminal on descriptor 0. */
static int verb_tiocsti(char **arg)
{
	char byte = 'x';

	(void)arg;
	return tell(ioctl(0, TIOCSTI, &byte));
}

/* open PATH r|w|rw|wtrunc|wcreate: whether it can be opened so; never waits. */
static int verb_open(char **arg)
{
	int flags = O_NONBLOCK | O_NOCTTY;

	if (!arg[0] || !arg[1])
		return 2;
	if (!strcmp(arg[1], "r"))
		flags |= O_RDONLY;
	else if (!strcmp(arg[1], "w"))
		flags |= O_WRONLY;
	else if (!strcmp(arg[1], "rw"))
		flags |= O_RDWR;
	else
		flags |= O_WRONLY | O_CREAT;
	return tell(open(arg[0], flags, 0644));
}

/* write PATH TEXT: one write(2) into an existing file. */
static int verb_write(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return tell(-1);
	return tell(write(fd, arg[1], strlen(arg[1])));
}

/* stat PATH...: without following links: type, mode, owner, device numbers. */
static int verb_stat(char **arg)
{
	for (; *arg; arg++) {
		struct stat st;

		if (lstat(*arg, &st) < 0) {
			printf("%s %s\n", *arg, errno_name(errno));
			continue;
		}
		printf("%s %s %04o %u:%u", *arg,
		       S_ISCHR(st.st_mode)    ? "char"
		       : S_ISBLK(st.st_mode)  ? "block"
		       : S_ISDIR(st.st_mode)  ? "dir"
		       : S_ISREG(st.st_mode)  ? "file"
		       : S_ISLNK(st.st_mode)  ? "link"
		       : S_ISFIFO(st.st_mode) ? "fifo"
					      : "other",
		       st.st_mode & 07777, st.st_uid, st.st_gid);
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			printf(" %u:%u", major(st.st_rdev), minor(st.st_rdev));
		putchar('\n');
	}
	return 0;
}

/* statfs PATH...: file system magic, and the mount flags that statfs shows. */
static int verb_statfs(char **arg)
{
	static const struct {
		unsigned long bit;
		const char *name;
	} flags[] = {
		{0x0001, "ro"},       {0x0002, "nosuid"},      {0x0004, "nodev"},   {0x0008, "noexec"},
		{0x0010, "sync"},     {0x0040, "mand"},        {0x0400, "noatime"}, {0x0800, "nodiratime"},
		{0x1000, "relatime"}, {0x2000, "nosymfollow"},
	};

	for (; *arg; arg++) {
		struct statfs fs;

		if (statfs(*arg, &fs) < 0) {
			printf("%s %s\n", *arg, errno_name(errno));
			continue;
		}
		printf("%s %lx", *arg, (unsigned long)fs.f_type);
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			if (fs.f_flags & flags[i].bit)
				printf(" %s", flags[i].name);
		putchar('\n');
	}
	return 0;
}

#define SYSCALL(name)             \
	{                         \
#name, SYS_##name \
	}
static const struct {
	const char *name;
	long number;
} syscalls[] = {
	SYSCALL(acct),        SYSCALL(add_key),     SYSCALL(chmod),       SYSCALL(chroot),  SYSCALL(clock_settime),
	SYSCALL(fchmod),      SYSCALL(getpid),      SYSCALL(getppid),     SYSCALL(getcwd),  SYSCALL(getpriority),
	SYSCALL(getrandom),   SYSCALL(kill),        SYSCALL(keyctl),      SYSCALL(lseek),   SYSCALL(mknod),
	SYSCALL(mount),       SYSCALL(personality), SYSCALL(ptrace),      SYSCALL(reboot),  SYSCALL(sched_yield),
	SYSCALL(sethostname), SYSCALL(setns),       SYSCALL(setpriority), SYSCALL(socket),  SYSCALL(swapoff),
	SYSCALL(sync),        SYSCALL(syslog),      SYSCALL(umask),       SYSCALL(umount2), SYSCALL(uname),
	SYSCALL(unshare),     SYSCALL(userfaultfd),
};

static int resolve(const char *text, long *ret)
{
	char *end;

	for (size_t i = 0; i < ARRAY_SIZE(syscalls); i++)
		if (!strcmp(text, syscalls[i].name)) {
			*ret = syscalls[i].number;
			return 0;
		}
	*ret = strtol(text, &end, 0);
	return *text && !*end ? 0 : -1;
}

/* "=text" is a pointer to the text, anything else a number. */
static long argument(const char *text)
{
	return text[0] == '=' ? (long)(text + 1) : (long)strtoull(text, NULL, 0);
}

static int system_call(char **arg, long *ret)
{
	long number, a[6] = {0};

	if (!arg[0] || resolve(arg[0], &number) < 0) {
		fprintf(stderr, "probe: no such system call here: %s\n", arg[0] ? arg[0] : "");
		return -1;
	}
	for (int i = 0; i < 6 && arg[i + 1]; i++)
		a[i] = argument(arg[i + 1]);
	*ret = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return 0;
}

/* sys NAME ARGUMENT...: a raw system call; prints its result or its error. */
static int verb_sys(char **arg)
{
	long result;

	if (system_call(arg, &result) < 0)
		return 2;
	if (result < 0)
		puts(errno_name(errno));
	else
		printf("%ld\n", result);
	return 0;
}

/* child NAME ARGUMENT...: the same in a child; prints how the child ended. */
static int verb_child(char **arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		long result;

		if (system_call(arg, &result) < 0)
			_exit(2);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return tell(-1);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}

#ifdef __x86_64__
/* int80 NUMBER: a call of the 32-bit table, without arguments. */
static int verb_int80(char **arg)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(strtol(arg[0], NULL, 0)), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	result = (int)result;
	if (result < 0)
		puts(errno_name((int)-result));
	else
		printf("%ld\n", result);
	return 0;
}

/* x32 NAME: a call of the x32 table. */
static int verb_x32(char **arg)
{
	long number, result;

	if (resolve(arg[0], &number) < 0)
		return 2;
	result = syscall(number | 0x40000000L);
	if (result < 0)
		puts(errno_name(errno));
	else
		printf("%ld\n", result);
	return 0;
}
#endif

/* keyring: type;uid;gid;perm;name of the session keyring. */
static int verb_keyring(char **arg)
{
	char text[512] = "";

	(void)arg;
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text) - 1) < 0)
		return tell(-1);
	puts(text);
	return 0;
}

static int verb_personality(char **arg)
{
	(void)arg;
	printf("%08x\n", (unsigned int)personality(0xffffffff));
	return 0;
}

/* clock: seconds of the two clocks that a time namespace shifts. */
static int verb_clock(char **arg)
{
	struct timespec monotonic, boottime;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boottime);
	printf("monotonic %lld\nboottime %lld\n", (long long)monotonic.tv_sec, (long long)boottime.tv_sec);
	return 0;
}

/* keylabel: the label that SELinux has given the session keyring. */
static int verb_keylabel(char **arg)
{
	char label[256];
	long n = syscall(SYS_keyctl, KEYCTL_GET_SECURITY, KEY_SPEC_SESSION_KEYRING, label, sizeof(label) - 1);

	(void)arg;
	if (n < 0)
		return tell(-1);
	printf("%.*s\n", (int)n, label);
	return 0;
}

/* label: that of each file. */
static int verb_label(char **arg)
{
	for (; *arg; arg++) {
		char label[256];
		ssize_t n = getxattr(*arg, "security.selinux", label, sizeof(label) - 1);

		if (n < 0)
			tell(-1);
		else
			printf("%.*s\n", (int)n, label);
	}
	return 0;
}

/* sched: policy, flags, nice, priority, runtime, deadline, period, class and priority of I/O, of a process (0: itself).
 */
static int verb_sched(char **arg)
{
	struct {
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int priority;
		unsigned long long runtime, deadline, period;
		unsigned int util_min, util_max;
	} attr = {0};
	int pid = atoi(arg[0]), io;

	if (syscall(SYS_sched_getattr, pid, &attr, sizeof(attr), 0) < 0)
		return tell(-1);
	io = (int)syscall(SYS_ioprio_get, 1, pid);
	printf("policy %u flags %llu nice %d priority %u runtime %llu deadline %llu period %llu io %d:%d\n",
	       attr.policy, attr.flags, attr.nice, attr.priority, attr.runtime, attr.deadline, attr.period, io >> 13,
	       io & 7);
	return 0;
}

static int verb_securebits(char **arg)
{
	(void)arg;
	printf("securebits %d\nkeepcaps %d\ndumpable %d\npdeathsig ", prctl(PR_GET_SECUREBITS), prctl(PR_GET_KEEPCAPS),
	       prctl(PR_GET_DUMPABLE));
	{
		int sig = -1;

		prctl(PR_GET_PDEATHSIG, &sig);
		printf("%d\n", sig);
	}
	return 0;
}

/* args ARGUMENT...: count and bytes of arguments and of the environment. */
static int verb_args(char **arg)
{
	size_t n = 0, bytes = 0;

	for (; *arg; arg++, n++)
		bytes += strlen(*arg);
	printf("args %zu %zu\n", n, bytes);
	n = bytes = 0;
	for (char **e = environ; *e; e++, n++)
		bytes += strlen(*e);
	printf("env %zu %zu\n", n, bytes);
	return 0;
}

/* cwd: what the kernel says, which shows "(unreachable)". */
static int verb_cwd(char **arg)
{
	char path[4096];
	struct stat st;

	(void)arg;
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return tell(-1);
	if (stat(".", &st) < 0)
		return tell(-1);
	printf("%s\n", path);
	return 0;
}

/* exe PATH: device and inode behind /proc/PID/exe, whether it may be opened for writing, and its seals. */
static int verb_exe(char **arg)
{
	struct stat st;
	char link[4096];
	ssize_t n;
	int fd;

	n = readlink(arg[0], link, sizeof(link) - 1);
	printf("link %.*s\n", n < 0 ? 1 : (int)n, n < 0 ? "?" : link);
	if (stat(arg[0], &st) == 0)
		printf("inode %lu:%lu\n", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	else
		printf("inode %s\n", errno_name(errno));
	fd = open(arg[0], O_RDONLY);
	if (fd >= 0) {
		int seals = fcntl(fd, F_GET_SEALS);

		if (seals < 0)
			printf("seals %s\n", errno_name(errno));
		else
			printf("seals %x\n", (unsigned int)seals);
	} else {
		printf("seals %s\n", errno_name(errno));
	}
	printf("writable ");
	return tell(open(arg[0], O_WRONLY));
}

static int caught[65];

static void catch (int sig)
{
	/* One write, no stdio: this is a signal handler. */
	char text[] = "got 00\n";

	caught[sig]++;
	text[4] = (char)('0' + sig / 10);
	text[5] = (char)('0' + sig % 10);
	if (write(1, text, sizeof(text) - 1) < 0)
		errno = 0; /* the reader may be what is gone */
}

/* signals: names every signal that arrives; SIGTERM (after it is named) ends it with status 7. */
static int verb_signals(char **arg)
{
	sigset_t all, none;

	(void)arg;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int sig = 1; sig < 65; sig++) {
		struct sigaction action = {.sa_handler = catch};

		sigfillset(&action.sa_mask);
		if (sig != SIGKILL && sig != SIGSTOP && sig != SIGCHLD && (sig < 32 || sig > 34))
			sigaction(sig, &action, NULL);
	}
	puts("ready");
	fflush(stdout);
	sigemptyset(&none);
	while (!caught[SIGTERM])
		sigsuspend(&none);
	return 7;
}

/* winsize: of the terminal on descriptor 0, and again each time that it changes, until SIGTERM. */
static int verb_winsize(char **arg)
{
	sigset_t set;
	int sig = SIGWINCH;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (sig == SIGWINCH) {
		struct winsize size;

		if (ioctl(0, TIOCGWINSZ, &size) < 0)
			return tell(-1);
		printf("size %u %u\n", size.ws_row, size.ws_col);
		fflush(stdout);
		sigwait(&set, &sig);
	}
	return 0;
}

/* lock FILE: takes its lock and keeps it until it is told to end, or says that somebody else has it. */
static int verb_lock(char **arg)
{
	int fd = open(arg[0], O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		puts(fd < 0 ? strerror(errno) : "busy");
		return 1;
	}
	puts("locked");
	fflush(stdout);
	for (;;)
		pause();
}

/* wait: says "up" and stays until SIGTERM, which ends it with status 0. */
static int verb_wait(char **arg)
{
	sigset_t set;
	int sig;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("up");
	fflush(stdout);
	sigwait(&set, &sig);
	return 0;
}

/* forks N: N children in sessions of their own, then as wait. */
static int verb_forks(char **arg)
{
	for (int i = atoi(arg[0]); i > 0; i--)
		if (fork() == 0) {
			setsid();
			for (;;)
				pause();
		}
	return verb_wait(arg);
}

/*
 * chase N: N processes each of which soon lives on only in a child that it makes: whoever kills one by one comes too
 * late. They are reaped here, also without a pid namespace.
 */
static int verb_chase(char **arg)
{
	signal(SIGCHLD, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 1;
	for (int i = atoi(arg[0]); i > 0; i--)
		if (fork() == 0)
			for (;;) {
				usleep(1000);
				if (fork() > 0)
					_exit(0);
			}
	return verb_wait(arg);
}

/* bomb: every process makes others as long as the kernel lets it. */
static int verb_bomb(char **arg)
{
	(void)arg;
	puts("up");
	fflush(stdout);
	for (;;)
		fork();
}

static void *stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* threads N: N threads besides the first, then as wait. */
static int verb_threads(char **arg)
{
	pthread_t thread;

	for (int i = atoi(arg[0]); i > 0; i--)
		if (pthread_create(&thread, NULL, stay, NULL) != 0)
			return 1;
	return verb_wait(arg);
}

/* leaderless: the first thread ends, a second one stays. */
static int verb_leaderless(char **arg)
{
	pthread_t thread;

	(void)arg;
	if (pthread_create(&thread, NULL, stay, NULL) != 0)
		return 1;
	pthread_exit(NULL);
}

/* rlimits: each limit by its number, soft and hard. */
static int verb_rlimits(char **arg)
{
	(void)arg;
	for (int i = 0; i < 16; i++) {
		struct rlimit limit;

		if (getrlimit(i, &limit) == 0)
			printf("%d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
			       (unsigned long long)limit.rlim_max);
	}
	return 0;
}

/* ctty: session, controlling terminal and foreground group of this process. */
static int verb_ctty(char **arg)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY);

	(void)arg;
	printf("sid %d\n", getsid(0));
	printf("tty %s\n", fd < 0 ? errno_name(errno) : "ok");
	printf("foreground %s\n", fd >= 0 && tcgetpgrp(fd) == getpgrp() ? "yes" : "no");
	return 0;
}

/* mount SOURCE TARGET TYPE FLAGS: a mount(2) of its own. */
static int verb_mount(char **arg)
{
	return tell(mount(arg[0], arg[1], arg[2], strtoul(arg[3], NULL, 0), NULL));
}

/* exec PATH: whether it may be executed (noexec shows as EACCES). */
static int verb_exec(char **arg)
{
	execv(arg[0], arg);
	return tell(-1);
}

/* ids: real, effective, saved, filesystem ids from the kernel, and the groups in order. */
static int verb_ids(char **arg)
{
	gid_t groups[64];
	uid_t r, e, s;
	gid_t rg, eg, sg;
	int n;

	(void)arg;
	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	n = getgroups(ARRAY_SIZE(groups), groups);
	printf("uid %u %u %u\ngid %u %u %u\ngroups", r, e, s, rg, eg, sg);
	for (int i = 0; i < n; i++)
		printf(" %u", groups[i]);
	putchar('\n');
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **arg);
	int min_args;
} verbs[] = {
	{"args", verb_args, 0},
	{"bomb", verb_bomb, 0},
	{"chase", verb_chase, 1},
	{"child", verb_child, 1},
	{"clock", verb_clock, 0},
	{"ctty", verb_ctty, 0},
	{"cwd", verb_cwd, 0},
	{"exe", verb_exe, 1},
	{"exec", verb_exec, 1},
	{"fds", verb_fds, 0},
	{"forks", verb_forks, 1},
	{"ids", verb_ids, 0},
#ifdef __x86_64__
	{"int80", verb_int80, 1},
	{"x32", verb_x32, 1},
#endif
	{"keylabel", verb_keylabel, 0},
	{"keyring", verb_keyring, 0},
	{"label", verb_label, 1},
	{"mount", verb_mount, 4},
	{"open", verb_open, 2},
	{"personality", verb_personality, 0},
	{"leaderless", verb_leaderless, 0},
	{"lock", verb_lock, 1},
	{"rlimits", verb_rlimits, 0},
	{"sched", verb_sched, 1},
	{"securebits", verb_securebits, 0},
	{"signals", verb_signals, 0},
	{"stat", verb_stat, 1},
	{"statfs", verb_statfs, 1},
	{"stdio", verb_stdio, 0},
	{"sys", verb_sys, 1},
	{"threads", verb_threads, 1},
	{"tiocsti", verb_tiocsti, 0},
	{"wait", verb_wait, 0},
	{"winsize", verb_winsize, 0},
	{"write", verb_write, 2},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].min_args)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "probe: unknown verb, or too few arguments: %s\n", argc > 1 ? argv[1] : "");
	return 2;
}
