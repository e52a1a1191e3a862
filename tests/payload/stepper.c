/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills a program at a chosen system call, so that "whenever it is killed" can be tried moment by moment.
 *
 *   stepper STOP DELAY COMMAND...
 *
 * Runs COMMAND under ptrace and counts the stops before and after each of its system calls (not those of its children,
 * which run freely). At stop number STOP it waits DELAY microseconds, while the children go on, and then kills COMMAND
 * with SIGKILL: at a stop before a call that call is never made, at a stop after it it is the last one. STOP 0 kills
 * never.
 *
 * The last line on descriptor 3, or nothing where that is not open: "killed STOP" or "ended STOPS STATUS", STATUS being
 * the exit status or 128 plus a signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "stepper: %s: %s\n", what, strerror(errno));
	exit(99);
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(3);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			die("ptrace");
		raise(SIGSTOP);
		execv(command[0], command);
		die(command[0]);
	}
	return pid;
}

static void kill_now(pid_t pid, long delay)
{
	struct timespec wait = {.tv_sec = delay / 1000000, .tv_nsec = delay % 1000000 * 1000};
	int status;

	nanosleep(&wait, NULL);
	if (kill(pid, SIGKILL) < 0)
		die("kill");
	while (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status) && !WIFEXITED(status))
		;
}

int main(int argc, char **argv)
{
	long stop, delay, stops = 0;
	int status, sig = 0;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: stepper STOP DELAY COMMAND...\n");
		return 2;
	}
	stop = atol(argv[1]);
	delay = atol(argv[2]);
	pid = start(argv + 3);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("wait");
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) < 0)
		die("ptrace");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, (long)sig) < 0 && errno != ESRCH)
			die("ptrace");
		if (waitpid(pid, &status, 0) != pid)
			die("wait");
		sig = 0;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			dprintf(3, "ended %ld %d\n", stops,
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			return 0;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (++stops == stop) {
				kill_now(pid, delay);
				dprintf(3, "killed %ld\n", stops);
				return 0;
			}
		} else if (WSTOPSIG(status) != SIGTRAP) {
			sig = WSTOPSIG(status);
		}
	}
}
