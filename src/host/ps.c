/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps: the processes of a container's cgroup, as numbers or as the host's ps(1) shows them. ps is asked for what the
 * caller likes, and of its lines those are kept whose PID is in the cgroup. It is executed as it is, without a shell.
 */
#include "base/mem.h"
#include "base/spawn.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/view.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static int list_pids(const struct host_options *options, const struct container *container, struct cgroup_pids *ret,
		     struct err *err)
{
	_cleanup_close_ int pidfd = -1;
	enum container_status status;
	const char *cgroup = NULL;
	int r;

	if (!container->has_state && container->load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = state_status(container, false, &status, &pidfd, err);
	if (r == 0)
		r = claim_cgroup_alone(options, container, pidfd >= 0, &cgroup, err);
	if (r < 0)
		return r;
	if (cgroup)
		return cgroup_list_pids(cgroup, ret, err);
	if (pidfd >= 0)
		return err_msg(err, -ENOTSUP, "container %s has no cgroup by which its processes could be found",
			       container->id);
	*ret = (struct cgroup_pids){0};
	return 0;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int host_pids(const struct host_options *options, const char *id, pid_t **ret, size_t *ret_n, struct err *err)
{
	struct cgroup_pids pids = {0};
	struct container container;
	size_t n = 0;
	int r = view_open_container(options, id, STATE_UNLOCKED, 0, &container, err);

	if (r < 0)
		return r;
	r = list_pids(options, &container, &pids, err);
	container_close(&container);
	if (r < 0)
		return r;
	/* Those that our pid namespace can't see have no number here. */
	for (size_t i = 0; i < pids.n; i++)
		if (pids.pids[i] > 0)
			pids.pids[n++] = pids.pids[i];
	if (n > 0)
		qsort(pids.pids, n, sizeof(*pids.pids), compare);
	*ret = pids.pids;
	*ret_n = n;
	return 0;
}

/* ---- the host's ps ------------------------------------------------------------------------------------------ */

/* What it writes. */
struct stream {
	int fd; /* read end; -1 after end of file */
	char *text;
	size_t n, room;
};

static int read_some(struct stream *stream)
{
	ssize_t n;

	if (stream->n + 4096 > stream->room) {
		char *grown = realloc(stream->text, stream->room * 2 + 16384);

		if (!grown)
			return -ENOMEM;
		stream->text = grown;
		stream->room = stream->room * 2 + 16384;
	}
	n = read(stream->fd, stream->text + stream->n, stream->room - stream->n - 1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	stream->n += (size_t)n;
	stream->text[stream->n] = '\0';
	if (n == 0) {
		close(stream->fd);
		stream->fd = -1;
	}
	return 0;
}

static int read_both(struct stream *out, struct stream *error)
{
	while (out->fd >= 0 || error->fd >= 0) {
		struct pollfd fds[] = {{.fd = out->fd, .events = POLLIN}, {.fd = error->fd, .events = POLLIN}};
		int r = 0;

		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[0].revents)
			r = read_some(out);
		if (r == 0 && fds[1].revents)
			r = read_some(error);
		if (r < 0)
			return r;
	}
	return 0;
}

/* argv: "ps", then what the caller gave. out and error: the write ends. */
static int spawn_ps(char *const argv[], int null, int out, int error, pid_t *ret)
{
	const struct spawn ps = {
		.path = "ps", .argv = argv, .envp = environ, .fds = {null, out, error}, .n_fds = 3, .directory = -1};

	return spawn_program(&ps, ret);
}

static int spawn_failed(int r, struct err *err)
{
	if (r == -ENOENT) {
		err_msg(err, r, "exec: \"ps\": executable file not found in $PATH");
		return err_hint(err, "the json format does without it");
	}
	return err_set(err, r, "execute ps");
}

/* It says on stderr what it did not like, and then at length how it is used. */
static int check_end(int status, const struct stream *out, struct stream *error, struct err *err)
{
	char *said = error->text ? error->text + strspn(error->text, "\n") : NULL;

	if (WIFSIGNALED(status))
		return err_msg(err, -ECHILD, "ps was killed by signal %d", WTERMSIG(status));
	/* 1 without a word on stderr: nothing fits the options. */
	if (WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) == 1 && (!said || !*said) && out->n > 0))
		return 0;
	if (!said || !*said)
		return err_msg(err, -EINVAL, "ps: exit status %d", WEXITSTATUS(status));
	return err_msg(err, -EINVAL, "ps: exit status %d: %.*s", WEXITSTATUS(status), (int)strcspn(said, "\n"), said);
}

/* ret_out->text: all that it printed; malloc'ed, also on failure. */
static int run_ps(char *const argv[], struct stream *ret_out, struct err *err)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out[2], error[2] = {-1, -1}, status = 0, r;
	struct stream said = {.fd = -1};
	pid_t pid = 0;

	if (null < 0)
		return err_set(err, -errno, "open /dev/null");
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_set(err, -errno, "make a pipe for ps");
	r = pipe2(error, O_CLOEXEC) < 0 ? -errno : spawn_ps(argv, null, out[1], error[1], &pid);
	close(out[1]);
	cleanup_close(&error[1]);
	ret_out->fd = out[0];
	said.fd = error[0];
	if (r < 0) {
		spawn_failed(r, err);
	} else {
		r = read_both(ret_out, &said);
		if (r < 0)
			err_set(err, r, "read what ps prints");
	}
	cleanup_close(&ret_out->fd);
	cleanup_close(&said.fd);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		r = check_end(status, ret_out, &said, err);
	free(said.text);
	return r;
}

/* ---- its table ---------------------------------------------------------------------------------------------- */

struct column {
	size_t index; /* which word of the line */
	size_t end;   /* where the heading ends; numbers are flush right with it */
};

/* The next word of a line: sets *from to its begin, returns its length; 0 at the end. */
static size_t next_word(const char *line, size_t size, size_t *from)
{
	size_t n = 0;

	while (*from < size && (line[*from] == ' ' || line[*from] == '\t'))
		(*from)++;
	while (*from + n < size && line[*from + n] != ' ' && line[*from + n] != '\t')
		n++;
	return n;
}

static bool find_column(const char *line, size_t size, struct column *ret)
{
	size_t from = 0, n;

	for (size_t index = 0; (n = next_word(line, size, &from)) > 0; index++, from += n)
		if (n == 3 && memcmp(line + from, "PID", 3) == 0) {
			*ret = (struct column){.index = index, .end = from + n};
			return true;
		}
	return false;
}

static bool is_number(const char *word, size_t n, pid_t *ret)
{
	long long value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)word[i]) || value > INT32_MAX)
			return false;
		value = value * 10 + (word[i] - '0');
	}
	*ret = (pid_t)value;
	return n > 0 && value <= INT32_MAX;
}

/* The number that ends below the heading; where there is none (a column before it was too wide), the one by count. */
static int pid_of_line(const char *line, size_t size, const struct column *column, pid_t *ret, struct err *err)
{
	size_t from = 0, n, odd_from = 0, odd_n = 0;

	for (size_t index = 0; (n = next_word(line, size, &from)) > 0; index++, from += n) {
		if (from + n == column->end && is_number(line + from, n, ret))
			return 0;
		if (index == column->index) {
			odd_from = from;
			odd_n = n;
		}
	}
	if (odd_n > 0 && is_number(line + odd_from, odd_n, ret))
		return 0;
	return err_msg(err, -EINVAL, "unexpected pid '%.*s' in ps output", (int)odd_n, line + odd_from);
}

/* In place: the heading, and the lines of these processes. */
static int keep_lines(struct stream *out, const pid_t *pids, size_t n_pids, struct err *err)
{
	size_t kept = 0, size;
	struct column column;

	for (size_t from = 0; from < out->n; from += size) {
		const char *line = out->text + from, *newline = memchr(line, '\n', out->n - from);
		size_t length = newline ? (size_t)(newline - line) : out->n - from;
		pid_t pid;
		int r;

		size = newline ? length + 1 : length;
		if (from == 0) {
			if (!find_column(line, length, &column))
				return err_msg(err, -EINVAL, "couldn't find PID field in ps output");
		} else if (length == 0) {
			continue;
		} else {
			r = pid_of_line(line, length, &column, &pid, err);
			if (r < 0)
				return r;
			if (!n_pids || !bsearch(&pid, pids, n_pids, sizeof(*pids), compare))
				continue;
		}
		memmove(out->text + kept, line, size);
		kept += size;
	}
	if (out->n == 0)
		return err_msg(err, -EINVAL, "couldn't find PID field in ps output");
	out->n = kept;
	return 0;
}

int host_ps(const struct host_options *options, const char *id, char *const *argv, char **ret, size_t *ret_size,
	    struct err *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	struct stream out = {.fd = -1};
	size_t n_pids;
	int r = host_pids(options, id, &pids, &n_pids, err);

	if (r < 0)
		return r;
	r = run_ps(argv, &out, err);
	if (r == 0)
		r = keep_lines(&out, pids, n_pids, err);
	if (r < 0) {
		free(out.text);
		return r;
	}
	*ret = out.text;
	*ret_size = out.n;
	return 0;
}
