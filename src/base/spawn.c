/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executing another program: see spawn.h. The child runs on in the caller's memory until its execve, as after a
 * vfork(2), on a stack of its own, and puts the reason there if that fails. posix_spawn(3) would be the same, but can't
 * close descriptors that it is not told of with every C library.
 */
#include "base/spawn.h"

#include "base/default_path.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The address sanitizer marks what is not to be touched on a stack, and would find the marks of the child before. */
#define ON_SHARED_STACK __attribute__((no_sanitize("address")))

struct child {
	const struct spawn *spawn;
	const char *search; /* PATH, where that is to be used; else NULL */
	int error;          /* a positive errno, when the program was not executed */
};

ON_SHARED_STACK static int settle(const struct spawn *spawn)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sys_signal_default(sig) < 0)
			return -1;
	if (spawn->session && setsid() < 0)
		return -1;
	for (int i = 0; i < spawn->n_fds; i++)
		if (spawn->fds[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(spawn->fds[i], i) < 0)
			return -1;
	if (spawn->directory >= 0 && fchdir(spawn->directory) < 0)
		return -1;
	if (sys_close_range((unsigned)spawn->n_fds, ~0u, 0) < 0)
		return -1;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Through the directories of PATH, as execvp(3) does it: what may not be executed is passed over, and remembered. */
ON_SHARED_STACK static void search_and_execute(const struct spawn *spawn, const char *search)
{
	char path[PATH_MAX];
	int error = ENOENT;

	for (const char *dir = search;; dir++) {
		size_t n = strcspn(dir, ":");

		if (n > 0 && n + 1 + strlen(spawn->path) < sizeof(path)) {
			memcpy(path, dir, n);
			path[n] = '/';
			memcpy(path + n + 1, spawn->path, strlen(spawn->path) + 1);
			execve(path, spawn->argv, spawn->envp);
			if (errno == EACCES)
				error = errno;
			else if (errno != ENOENT && errno != ENOTDIR)
				return;
		}
		dir += n;
		if (!*dir)
			break;
	}
	errno = error;
}

ON_SHARED_STACK static int in_child(void *arg)
{
	struct child *child = arg;

	if (settle(child->spawn) == 0) {
		if (child->search)
			search_and_execute(child->spawn, child->search);
		else
			execve(child->spawn->path, child->spawn->argv, child->spawn->envp);
	}
	child->error = errno;
	sys_exit_group(127);
	return 127;
}

int spawn_program(const struct spawn *spawn, pid_t *ret)
{
	static _Alignas(16) char stack[32 * 1024];
	struct child child = {.spawn = spawn};
	sigset_t all, old;
	pid_t pid;
	int error;

	if (!strchr(spawn->path, '/')) {
		child.search = getenv("PATH");
		if (!child.search)
			child.search = DEFAULT_PATH;
	}
	/* A handler of ours would run in the child as well. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = clone(in_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -error;
	if (child.error) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return -child.error;
	}
	*ret = pid;
	return 0;
}
