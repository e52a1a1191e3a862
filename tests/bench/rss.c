/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peak memory of a runtime, process image by process image.
 *
 * usage: rss PAYLOAD COMMAND [ARGUMENT...]
 *
 * wait4's ru_maxrss, which `time -v` prints, cannot tell the runtime from the process it sets up in the container, and
 *misses a process that is handed over alive. So COMMAND and all its descendants are traced, and the kernel's high-water
 *mark of each address space (VmHWM) is read just before the space goes: at each exec and each exit. Standard output
 *gets two numbers in KiB:
 *
 *	the largest mark of any image of COMMAND's own process;
 *	the mark of the image that executed PAYLOAD, which is the container side at the end of its set-up (0: none did).
 *
 * A forked child shares pages with its parent and still counts them, as in any resident set size.
 *
 * Tracing makes everything slow, so nothing is timed here. Tracing ends when COMMAND's own process has ended; what is
 *left of its descendants (a created container) is let go and runs on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_TASKS = 1024 };

/* Keyed by thread id: an exec moves its thread to the id of the group leader, and names the old one in its event. */
static struct task {
	pid_t tid;
	long before_exec;
} tasks[MAX_TASKS];

static struct stat payload;
static pid_t root_pid;
static long runtime_peak, init_peak;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "rss: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct task *find_task(pid_t tid)
{
	struct task *empty = NULL;

	for (size_t i = 0; i < MAX_TASKS; i++) {
		if (tasks[i].tid == tid)
			return &tasks[i];
		if (!empty && tasks[i].tid == 0)
			empty = &tasks[i];
	}
	if (!empty) {
		fprintf(stderr, "rss: more than %d threads\n", MAX_TASKS);
		exit(1);
	}
	empty->tid = tid;
	empty->before_exec = 0;
	return empty;
}

/* A number of /proc/TID/status, or 0 where the line is missing (a process without memory). */
static long status_number(pid_t tid, const char *key)
{
	char path[64], line[256];
	long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtol(line + strlen(key), NULL, 10);
			break;
		}
	fclose(f);
	return value;
}

/* The address space of `tid` is about to go. */
static long take_mark(pid_t tid)
{
	long mark = status_number(tid, "VmHWM:");

	if (status_number(tid, "Tgid:") == root_pid && mark > runtime_peak)
		runtime_peak = mark;
	return mark;
}

static void on_syscall(pid_t tid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat)
		find_task(tid)->before_exec = take_mark(tid);
}

static void on_exec(pid_t tid)
{
	unsigned long former = 0;
	struct stat st;
	char path[64];

	ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former);
	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	if (stat(path, &st) == 0 && st.st_dev == payload.st_dev && st.st_ino == payload.st_ino)
		init_peak = find_task((pid_t)former)->before_exec;
}

/* One stop of one thread; returns the signal to hand on. */
static int on_stop(pid_t tid, int status)
{
	int sig = WSTOPSIG(status);

	switch (status >> 16) {
	case 0:
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(tid);
		return 0;
	case PTRACE_EVENT_EXIT:
		take_mark(tid);
		return 0;
	default: /* a new task; or the first stop of one, which needs nothing */
		return 0;
	}
	if (sig == (SIGTRAP | 0x80)) {
		on_syscall(tid);
		return 0;
	}
	return sig;
}

static void spawn(char **argv)
{
	static const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
				    PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
	int go[2];
	char c;

	if (pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	root_pid = fork();
	if (root_pid < 0)
		die("fork");
	if (root_pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		close(go[1]);
		/* The tracer closes its end without a word when it is ready. */
		if (read(go[0], &c, 1) != 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
			_exit(127);
		execv(argv[0], argv);
		_exit(127);
	}
	close(go[0]);
	/* Seized, not traced by request: descendants then report events instead of raw SIGSTOPs. */
	if (ptrace(PTRACE_SEIZE, root_pid, NULL, (void *)options) < 0)
		die("trace");
	if (ptrace(PTRACE_INTERRUPT, root_pid, NULL, NULL) < 0)
		die("interrupt");
	close(go[1]);
}

int main(int argc, char **argv)
{
	bool started = false;
	int status, sig;
	pid_t tid;

	if (argc < 3) {
		fprintf(stderr, "usage: rss PAYLOAD COMMAND [ARGUMENT...]\n");
		return 2;
	}
	if (stat(argv[1], &payload) < 0)
		die(argv[1]);
	spawn(argv + 2);

	for (;;) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0)
			die("wait");
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			find_task(tid)->tid = 0;
			if (tid == root_pid)
				break;
			continue;
		}
		/* This program's own image, before COMMAND's first exec, does not count. */
		if (!started && tid == root_pid && status >> 16 == PTRACE_EVENT_EXEC) {
			started = true;
			runtime_peak = 0;
		}
		sig = on_stop(tid, status);
		/* ESRCH: killed between the stop and here. A group stop is simply resumed; nobody here uses job
		 * control. */
		if (ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(long)sig) < 0 && errno != ESRCH)
			die("continue");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "rss: %s: failed with wait status 0x%x\n", argv[2], (unsigned int)status);
		return 1;
	}
	printf("%ld %ld\n", runtime_peak, init_peak);
	return 0;
}
