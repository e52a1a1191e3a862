/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of a container that lies in wait for the processes that exec puts into it, and tries to take hold of them
 * while they are still turtle's: before their execve.
 *
 *   hunter TOKEN [seize|look [FILE]]
 *
 * For each process that it finds in /proc, again and again: its links, descriptors, environment, maps and memory, and a
 * pidfd's descriptors; with `seize` also by ptrace(2), which stops the prey. Without CAP_SYS_PTRACE nothing may be had
 * of a process that has not executed a program of the container yet. With it, what can be had must be nothing of the
 * host's: only files that are no directories, no path but the container's root, and no TOKEN, which the host's turtle
 * has in its environment. With FILE, the path of a file of the host, the prey may have another root than the hunter (a
 * container that joins the pid namespace), but none from which that file can be reached. Prints each trespass, "up" at
 * the beginning, and at SIGTERM how many processes it has met, how many of them before their execve, and how often
 * something was had of one of those.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PID 65536

enum { MET = 1, MET_EARLY = 2 };

static const char *token, *host_file;
static int seize;
static unsigned char known[MAX_PID];
static unsigned met, early, had;
static volatile sig_atomic_t over;

static void stop(int sig)
{
	(void)sig;
	over = 1;
}

__attribute__((format(printf, 2, 3))) static void trespass(int pid, const char *format, ...)
{
	va_list ap;

	printf("trespass: %d: ", pid);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static const char *path_of(int pid, const char *what)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return path;
}

/* The link's text; -1 with errno. */
static int read_link(const char *path, char *ret, size_t size)
{
	ssize_t n = readlink(path, ret, size - 1);

	ret[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -1 : 0;
}

/*
 * 1: it runs a program of the container, and what it is to be had of it is its own affair. 0: not yet, and this much
 * could be found out about it. -1: nothing could be found out.
 */
static int has_executed(int pid)
{
	char exe[256];

	if (read_link(path_of(pid, "exe"), exe, sizeof(exe)) < 0)
		return -1;
	/* turtle-init is a memory file: its name begins with a slash, too, but there is no such file. */
	return strncmp(exe, "/memfd:", 7) != 0 && access(exe, X_OK) == 0;
}

/* Something was had of the process: without the right to trace it, that is only right of a program of the container's.
 */
static void judge(int pid, const char *what)
{
	int executed = has_executed(pid);

	if (executed == 1 || (executed < 0 && (errno == ENOENT || errno == ESRCH)))
		return;
	had++;
	if (!seize)
		trespass(pid, "%s could be had before its execve", what);
}

static void check_host(int pid, const char *what)
{
	char path[512];

	for (int up = 0; up < 2; up++) {
		snprintf(path, sizeof(path), "/proc/%d/%s%s/%s", pid, what, up ? "/../../../../../../../.." : "",
			 host_file);
		if (access(path, F_OK) == 0)
			trespass(pid, "the host is in reach of its %s", what);
	}
}

static void check_inside(int pid, const char *what)
{
	struct stat theirs, ours;

	if (stat(path_of(pid, what), &theirs) < 0)
		return;
	judge(pid, what);
	if (host_file) {
		check_host(pid, what);
		return;
	}
	if (stat("/", &ours) < 0)
		return;
	if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
		trespass(pid, "its %s is not the container's", what);
}

static void check_descriptors(int pid)
{
	DIR *dir = opendir(path_of(pid, "fd"));
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char path[128], target[256];
		struct statfs fs;
		struct stat st;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		if (read_link(path, target, sizeof(target)) < 0 || stat(path, &st) < 0)
			continue;
		judge(pid, "fd");
		if (S_ISDIR(st.st_mode))
			trespass(pid, "descriptor %s is a directory: %s", entry->d_name, target);
		if (statfs(path, &fs) == 0 &&
		    (fs.f_type == 0x9fa0 || fs.f_type == 0x63677270 || fs.f_type == 0x6e736673))
			trespass(pid, "descriptor %s is of the kernel: %s", entry->d_name, target);
	}
	closedir(dir);
}

static int find(const char *text, size_t size, const char *what)
{
	return memmem(text, size, what, strlen(what)) != NULL;
}

/* A file of its own that says something about it. */
static void check_text(int pid, const char *what)
{
	static char text[1 << 16];
	int fd = open(path_of(pid, what), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0)
		return;
	judge(pid, what);
	if (find(text, (size_t)n, token))
		trespass(pid, "the token is in its %s", what);
}

static void check_memory(int pid)
{
	static char text[1 << 20];
	FILE *maps = fopen(path_of(pid, "maps"), "r");
	char line[512];
	int mem;

	if (!maps)
		return;
	mem = open(path_of(pid, "mem"), O_RDONLY);
	while (mem >= 0 && fgets(line, sizeof(line), maps)) {
		unsigned long begin, end;
		char access[8];

		if (sscanf(line, "%lx-%lx %7s", &begin, &end, access) != 3 || access[0] != 'r')
			continue;
		for (unsigned long at = begin; at < end; at += sizeof(text)) {
			size_t size = end - at < sizeof(text) ? end - at : sizeof(text);
			ssize_t n = pread(mem, text, size, (off_t)at);

			if (n <= 0)
				break;
			judge(pid, "memory");
			if (find(text, (size_t)n, token))
				trespass(pid, "the token is in its memory");
		}
	}
	if (mem >= 0)
		close(mem);
	fclose(maps);
}

static void check_pidfd(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int n = 0; pidfd >= 0 && n < 8; n++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, n, 0);

		if (fd < 0)
			continue;
		judge(pid, "a descriptor by its pidfd");
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
}

static void check_all(int pid)
{
	if (!seize && has_executed(pid) == 0)
		trespass(pid, "its exe could be had before its execve");
	check_inside(pid, "root");
	check_inside(pid, "cwd");
	check_descriptors(pid);
	check_text(pid, "environ");
	check_text(pid, "maps");
	check_pidfd(pid);
}

/* Stopped it can be looked at in peace; whoever was caught is let go. */
static void trace(int pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		judge(pid, "all, by ptrace,");
		if (has_executed(pid) == 0) {
			check_all(pid);
			check_memory(pid);
		}
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

/* What anybody may see of it; the names that turtle-init has are not those of the container's programs. */
static int is_early(int pid)
{
	char name[32] = "";
	FILE *f = fopen(path_of(pid, "comm"), "r");

	if (!f)
		return 0;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	return name[0] && strcmp(name, "true\n") != 0 && strcmp(name, "busybox\n") != 0 && strcmp(name, "sh\n") != 0;
}

static void hunt(int pid)
{
	if (!(known[pid] & MET)) {
		known[pid] |= MET;
		met++;
	}
	if (!(known[pid] & MET_EARLY) && is_early(pid)) {
		known[pid] |= MET_EARLY;
		early++;
	}
	check_all(pid);
	if (seize)
		trace(pid);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = stop};
	DIR *proc = opendir("/proc");

	if (argc < 2 || !proc) {
		fprintf(stderr, "usage: hunter TOKEN [seize|look [FILE]], with a /proc\n");
		return 2;
	}
	token = argv[1];
	seize = argc > 2 && strcmp(argv[2], "seize") == 0;
	host_file = argc > 3 ? argv[3] : NULL;
	sigaction(SIGTERM, &action, NULL);
	puts("up");
	fflush(stdout);
	while (!over) {
		struct dirent *entry;

		rewinddir(proc);
		while ((entry = readdir(proc))) {
			int pid = atoi(entry->d_name);

			if (pid > 0 && pid < MAX_PID && pid != getpid())
				hunt(pid);
		}
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
	}
	printf("met %u\nearly %u\nhad %u\n", met, early, had);
	return 0;
}
