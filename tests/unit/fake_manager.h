/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/systemd/fake_manager as the manager of the user whose XDG_RUNTIME_DIR is a scratch directory. Includes
 * cmocka and what it needs.
 */
#ifndef TURTLE_TESTS_FAKE_MANAGER_H
#define TURTLE_TESTS_FAKE_MANAGER_H

#include "scratch.h"
#include "table.h"

#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define FAKE_MANAGER TEST_BUILDDIR "/systemd/fake_manager"

struct fake {
	struct scratch scratch;
	pid_t pid;
	char *socket, *log; /* owned */
};

/* malloc'ed. */
static inline char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline char *text(const char *format, ...)
{
	char *made;
	va_list ap;

	va_start(ap, format);
	assert_true(vasprintf(&made, format, ap) >= 0);
	va_end(ap);
	return made;
}

/* The scratch directory alone: nobody listens. */
static inline void fake_prepare(struct fake *fake)
{
	_cleanup_free_ char *dir = NULL;

	*fake = (struct fake){0};
	assert_int_equal(scratch_make(&fake->scratch), 0);
	dir = text("%s/systemd", fake->scratch.path);
	assert_int_equal(mkdir(dir, 0700), 0);
	fake->socket = text("%s/private", dir);
	fake->log = text("%s/log", fake->scratch.path);
	setenv("XDG_RUNTIME_DIR", fake->scratch.path, 1);
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
}

/* options: words with blanks in between; a blank within one is written as "+". */
static inline void fake_start(struct fake *fake, const char *options)
{
	char *argv[16] = {(char *)FAKE_MANAGER, fake->socket, fake->log}, *words = strdup(options), *save = NULL;
	char said[8] = "";
	int ready[2], n = 3;

	assert_non_null(words);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		for (char *plus = strchr(w, '+'); plus; plus = strchr(plus, '+'))
			*plus = ' ';
		argv[n++] = w;
	}
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	fake->pid = fork();
	assert_true(fake->pid >= 0);
	if (fake->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	free(words);
	close(ready[1]);
	assert_int_equal(read(ready[0], said, sizeof(said) - 1), strlen("ready\n"));
	assert_string_equal(said, "ready\n");
	close(ready[0]);
}

/* The calls so far. */
static inline const char *fake_log(const struct fake *fake)
{
	static char calls[16384];
	int fd = open(fake->log, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, calls, sizeof(calls) - 1);
	assert_true(n >= 0);
	calls[n] = '\0';
	close(fd);
	return calls;
}

static inline void fake_end(struct fake *fake)
{
	if (fake->pid > 0) {
		kill(fake->pid, SIGKILL);
		waitpid(fake->pid, NULL, 0);
	}
	scratch_remove(&fake->scratch);
	free(fake->socket);
	free(fake->log);
}

#endif
