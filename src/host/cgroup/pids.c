/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes are in a cgroup. cgroup.procs has most of them, but not those whose first thread has ended while
 * others go on: of such a one only the threads are listed, in cgroup.threads, and cgroup.kill passes it over, since
 * what it signals is the first thread. So the threads are looked through for any that belong to no process of the list.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* As many as there can be threads in a kernel, 2^22, each with its number and a newline. */
#define LIST_MAX ((size_t)8 << 22)

static int add(struct cgroup_pids *list, size_t *room, pid_t pid)
{
	if (list->n == *room) {
		size_t more = *room ? *room * 2 : 64;
		pid_t *grown = realloc(list->pids, more * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->pids = grown;
		*room = more;
	}
	list->pids[list->n++] = pid;
	return 0;
}

static int read_numbers(int dirfd, const char *name, struct cgroup_pids *ret)
{
	_cleanup_close_ int fd = cgroup_openat(dirfd, name, O_RDONLY);
	_cleanup_free_ char *text = NULL;
	struct cgroup_pids list = {0};
	size_t room = 0;
	uint32_t pid;
	int r;

	if (fd < 0)
		return fd;
	r = fd_read_rest(fd, LIST_MAX, &text, NULL);
	for (const char *p = text; r == 0 && num_take_u32(&p, &pid) == 0; p += *p == '\n')
		r = add(&list, &room, (pid_t)pid);
	if (r < 0) {
		free(list.pids);
		return r;
	}
	*ret = list;
	return 0;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

bool cgroup_has_pid(const struct cgroup_pids *list, pid_t pid)
{
	return list->n > 0 && bsearch(&pid, list->pids, list->n, sizeof(*list->pids), compare);
}

static void sort(struct cgroup_pids *list)
{
	size_t n = 0;

	if (list->n > 0)
		qsort(list->pids, list->n, sizeof(*list->pids), compare);
	for (size_t i = 0; i < list->n; i++)
		if (i == 0 || list->pids[i] == 0 || list->pids[i] != list->pids[i - 1])
			list->pids[n++] = list->pids[i];
	list->n = n;
}

/* The process that a thread belongs to, or 0 when it is gone. guess: that of the thread before it in the list. */
static pid_t process_of(pid_t thread, pid_t guess)
{
	_cleanup_free_ char *text = NULL;
	char path[64];
	const char *line;

	if (guess > 0 && (sys_tgkill(guess, thread, 0) == 0 || errno == EPERM))
		return guess;
	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	if (fd_read_file(AT_FDCWD, path, 16384, &text, NULL) < 0 || !(line = strstr(text, "\nTgid:")))
		return 0;
	return (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10);
}

static bool is_zombie(pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	const char *end;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return fd_read_file(AT_FDCWD, path, 4096, &text, NULL) == 0 && (end = strrchr(text, ')')) && end[1] == ' ' &&
	       end[2] == 'Z';
}

/* Threaded cgroups have no cgroup.procs of their own: *ret stays empty, their processes are listed further up. */
static int read_procs(int dirfd, struct cgroup_pids *ret)
{
	int r = read_numbers(dirfd, "cgroup.procs", ret);

	if (r == 0)
		sort(ret);
	return r == -EOPNOTSUPP ? 0 : r;
}

static int find_leaderless(int dirfd, const struct cgroup_pids *procs, struct cgroup_pids *ret)
{
	struct cgroup_pids threads = {0}, found = {0};
	pid_t process = 0;
	size_t room = 0;
	int r = read_numbers(dirfd, "cgroup.threads", &threads);

	*ret = found;
	if (r < 0)
		return cgroup_gone(r) ? 0 : r;
	sort(&threads);
	/* Of a domain with threaded cgroups below all processes are listed, wherever their threads are. */
	for (size_t i = 0; i < procs->n && r == 0; i++)
		if (procs->pids[i] > 0 && !cgroup_has_pid(&threads, procs->pids[i]) && is_zombie(procs->pids[i]))
			r = add(&found, &room, procs->pids[i]);
	for (size_t i = 0; i < threads.n && r == 0; i++) {
		pid_t thread = threads.pids[i], before = process;

		if (thread <= 0)
			continue;
		/* The first thread has the number of the process, and the others mostly come after it. */
		process = cgroup_has_pid(procs, thread) ? thread : process_of(thread, before);
		if (process > 0 && process != before && process != thread && !cgroup_has_pid(procs, process) &&
		    is_zombie(process))
			r = add(&found, &room, process);
	}
	free(threads.pids);
	if (r < 0) {
		free(found.pids);
		return r;
	}
	sort(&found);
	*ret = found;
	return 0;
}

int cgroup_read_leaderless(int dirfd, struct cgroup_pids *ret)
{
	struct cgroup_pids procs = {0};
	int r = read_procs(dirfd, &procs);

	if (r == 0)
		r = find_leaderless(dirfd, &procs, ret);
	free(procs.pids);
	return r;
}

int cgroup_read_pids(int dirfd, struct cgroup_pids *ret)
{
	struct cgroup_pids procs = {0}, more = {0};
	int r = read_procs(dirfd, &procs);
	size_t room = procs.n;

	if (r == 0)
		r = find_leaderless(dirfd, &procs, &more);
	for (size_t i = 0; i < more.n && r == 0; i++)
		r = add(&procs, &room, more.pids[i]);
	free(more.pids);
	if (r < 0) {
		free(procs.pids);
		return r;
	}
	sort(&procs);
	*ret = procs;
	return 0;
}

static int add_pids(void *arg, int fd)
{
	struct cgroup_pids *all = arg, here = {0};
	int r = cgroup_read_pids(fd, &here);
	size_t room = all->n;

	for (size_t i = 0; r == 0 && i < here.n; i++)
		r = add(all, &room, here.pids[i]);
	free(here.pids);
	return r;
}

int cgroup_list_pids(const char *path, struct cgroup_pids *ret, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL);
	struct cgroup_pids all = {0};
	int r = fd;

	if (fd >= 0)
		r = cgroup_walk(fd, add_pids, &all);
	if (r < 0 && !cgroup_gone(r)) {
		free(all.pids);
		return err_set(err, r, "list the processes of cgroup %s", path);
	}
	sort(&all);
	*ret = all;
	return 0;
}
