/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: what a container uses, once or at intervals, and when the kernel kills in it for memory. One loop over
 * everything that can happen: init ends (pidfd), the cgroup empties or loses a process for lack of memory (the kernel
 * notifies both files), the interval is over (timerfd), the reader goes away.
 */
#include "base/mem.h"
#include "host/cgroup/cgroup.h"
#include "host/cgroup/stats.h"
#include "host/cgroup/watch.h"
#include "host/rdt.h"
#include "host/view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>

enum { INIT, TIMER, CGROUP, OUTPUT, OOM, N_WATCHED = OOM + CGROUP_OOM_LEVELS };

struct watch {
	const struct events_request *request;
	const char *path; /* of the cgroup */
	int cgroup_fd;
	const struct container_state *state;
	struct cgroup_oom oom;
	struct pollfd fds[N_WATCHED];
	bool ended;
	struct events_sink sink;
};

static int not_running(const char *id, struct err *err)
{
	return err_msg(err, -ESRCH, "container with id %s is not running", id);
}

static int read_rdt(const struct watch *w, struct ocispec_arena *arena, struct rdt_stats *ret, bool *ret_there,
		    struct err *err)
{
	const struct container_state *st = w->state;
	_cleanup_close_ int root = -1;
	int r = rdt_open_for(st, &root, err);

	if (r == 0 && root >= 0)
		r = rdt_stats_read(root, st->rdt_group, st->id, st->rdt_monitor, arena, ret, err);
	*ret_there = r == 0 && root >= 0;
	return rdt_is_gone(r) ? 0 : r;
}

/* Reads the numbers and hands them on; -ENODEV when the cgroup is gone. */
static int send_stats(const struct watch *w, struct err *err)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct cgroup_stats stats;
	struct rdt_stats rdt;
	bool has_rdt;
	int r;

	if (!arena)
		return err_set(err, -ENOMEM, "read cgroup %s", w->path);
	r = cgroup_stats_read(w->cgroup_fd, w->path, arena, &stats, err);
	if (r == 0)
		r = read_rdt(w, arena, &rdt, &has_rdt, err);
	if (r == 0)
		r = w->sink.send(w->sink.arg, &stats, has_rdt ? &rdt : NULL, err);
	ocispec_arena_free(arena);
	return r;
}

static int open_timer(struct watch *w, struct err *err)
{
	const time_t s = w->request->interval_ns / 1000000000;
	const long ns = w->request->interval_ns % 1000000000;
	const struct itimerspec spec = {.it_interval = {s, ns}, .it_value = {s, ns}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return err_set(err, -errno, "make a timer");
	w->fds[TIMER].fd = fd;
	return timerfd_settime(fd, 0, &spec, NULL) < 0 ? err_set(err, -errno, "set a timer") : 0;
}

static int watch_cgroup(struct watch *w, struct err *err)
{
	int r = cgroup_oom_open(w->cgroup_fd, w->path, &w->oom);

	if (r < 0)
		return err_set(err, r, "read memory.events of cgroup %s", w->path);
	/* Those above as well: what was killed elsewhere must be known before our cgroup is gone. */
	for (size_t i = 0; i < w->oom.n; i++)
		w->fds[OOM + i].fd = w->oom.fds[i];
	r = w->fds[CGROUP].fd = cgroup_watch_empty(w->cgroup_fd);
	return r < 0 ? err_set(err, r, "open cgroup.events of cgroup %s", w->path) : 0;
}

/* A record for each time that the kernel has killed since we looked. */
static int check_oom(struct watch *w, struct err *err)
{
	bool more;
	int r = cgroup_oom_more(&w->oom, &more);

	if (r == -ENODEV)
		w->ended = true;
	else if (r < 0)
		return err_set(err, r, "read memory.events of cgroup %s", w->path);
	return more ? w->sink.send(w->sink.arg, NULL, NULL, err) : 0;
}

static int check_timer(struct watch *w, struct err *err)
{
	uint64_t expired;
	int r;

	if (read(w->fds[TIMER].fd, &expired, sizeof(expired)) != (ssize_t)sizeof(expired))
		return 0;
	r = send_stats(w, err);
	if (r != -ENODEV)
		return r;
	w->ended = true;
	return check_oom(w, err);
}

static int follow(struct watch *w, struct err *err)
{
	int r = 0;

	while (r == 0 && !w->ended) {
		w->ended = cgroup_is_empty(w->fds[CGROUP].fd);
		if (!w->ended && poll(w->fds, N_WATCHED, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(err, -errno, "wait for events of container %s", w->request->id);
		}
		if (w->fds[OUTPUT].revents) /* whoever read has gone: nobody to tell more, and nothing went wrong */
			return 0;
		if (w->fds[INIT].revents)
			w->ended = true;
		/* Also at the end: the kill for memory may be what ended it. */
		r = check_oom(w, err);
		if (r == 0 && !w->ended && w->fds[TIMER].revents)
			r = check_timer(w, err);
	}
	return r == -EPIPE ? 0 : r;
}

/* Opens the container and sees that there is something to watch. *ret_pidfd: of its init. */
static int look_up(const struct host_options *options, const struct events_request *request, struct container *ret,
		   int *ret_pidfd, struct err *err)
{
	enum container_status status;
	int r = view_open_container(options, request->id, STATE_UNLOCKED, 0, ret, err);

	if (r < 0)
		return r;
	if (!ret->has_state && ret->load_error.code == -ENOENT)
		r = err_msg(err, -ENOENT, "container does not exist");
	else if (request->interval_ns <= 0)
		r = err_msg(err, -EINVAL, "duration interval must be greater than 0");
	else
		r = view_status(ret, &status, ret_pidfd, err);
	if (r == 0 && *ret_pidfd < 0)
		r = not_running(request->id, err);
	if (r == 0 && !ret->state.cgroup_path)
		r = err_msg(err, -ENOTSUP, "container %s has no cgroup of its own that could tell what it uses",
			    request->id);
	if (r < 0)
		container_close(ret);
	return r;
}

int host_events(const struct host_options *options, const struct events_request *request, struct events_sink sink,
		struct err *err)
{
	struct watch w = {.request = request, .sink = sink};
	struct container container = {0};
	int pidfd = -1, r;

	for (int i = 0; i < N_WATCHED; i++)
		w.fds[i].fd = -1;
	r = look_up(options, request, &container, &pidfd, err);
	if (r < 0) {
		cleanup_close(&pidfd);
		return r;
	}
	w.state = &container.state;
	w.path = container.state.cgroup_path;
	w.cgroup_fd = r = cgroup_open(w.path, err);
	if (r >= 0)
		r = request->once ? send_stats(&w, err) : watch_cgroup(&w, err);
	if (r == -ENODEV || w.cgroup_fd == -ENOENT)
		r = not_running(request->id, err);
	if (r == 0 && !request->once)
		r = open_timer(&w, err);
	if (r == 0 && !request->once) {
		/* What is written to nobody shall be an error like others, and not our end by a signal. */
		signal(SIGPIPE, SIG_IGN);
		w.fds[INIT] = (struct pollfd){.fd = pidfd, .events = POLLIN};
		w.fds[TIMER].events = POLLIN;
		for (int i = OOM; i < N_WATCHED; i++)
			w.fds[i].events = POLLPRI;
		w.fds[CGROUP].events = POLLPRI;
		w.fds[OUTPUT].fd = request->reader_fd;
		r = follow(&w, err);
	}
	cleanup_close(&w.fds[TIMER].fd);
	cleanup_close(&w.fds[CGROUP].fd);
	cgroup_oom_close(&w.oom);
	cleanup_close(&w.cgroup_fd);
	cleanup_close(&pidfd);
	container_close(&container);
	return r;
}
