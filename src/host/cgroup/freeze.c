/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing and thawing. The kernel freezes each process when that next would return to user mode, and tells by
 * cgroup.events when the last one did. Whatever ends the wait before that (time, an error, a signal to turtle) thaws
 * again, so that no container is left half asleep.
 */
#include "host/cgroup/internal.h"

#include "base/mem.h"
#include "host/stop.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* How long a thaw may take before it is asked whether a cgroup above is frozen. */
#define SUSPICION_MS 200

static int freeze_failed(int fd, const char *path, int r, int timeout_ms, struct err *err)
{
	struct cgroup_stuck stuck;
	char text[128];

	if (r == -EINTR)
		return err_msg(err, r, "freeze cgroup %s: interrupted", path);
	if (r != -ETIMEDOUT)
		return err_set(err, r, "freeze cgroup %s", path);
	if (!cgroup_find_stuck(fd, &stuck))
		return err_msg(err, r, "freeze cgroup %s: it is not frozen after %d ms", path, timeout_ms);
	return err_msg(err, r, "freeze cgroup %s: %s, not frozen after %d ms", path,
		       cgroup_stuck_text(&stuck, text, sizeof(text)), timeout_ms);
}

int cgroup_freeze(const char *path, int timeout_ms, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, err), events = -1;
	struct stop stop = STOP_NONE;
	int r;

	if (fd < 0)
		return fd;
	events = cgroup_openat(fd, "cgroup.events", O_RDONLY);
	if (events < 0)
		return err_set(err, events, "open cgroup.events of cgroup %s", path);
	/* Where it can't be told of one the wait can't be cut short; it has its limit. */
	(void)stop_watch(&stop);
	r = cgroup_write(fd, "cgroup.freeze", "1");
	if (r == 0)
		r = cgroup_wait_event_or(events, "frozen", 1, cgroup_deadline(timeout_ms), stop.fd);
	if (r < 0) {
		/* Asked before the thaw: afterwards all look the same. */
		freeze_failed(fd, path, r, timeout_ms, err);
		(void)cgroup_write(fd, "cgroup.freeze", "0");
	}
	stop_unwatch(&stop);
	return r;
}

/* Whether a cgroup above is frozen: then nothing below it can be thawed. *ret_up: how many levels above. */
static bool is_frozen_above(int fd, unsigned *ret_up)
{
	_cleanup_close_ int at = cgroup_openat(fd, ".", O_RDONLY | O_DIRECTORY);
	char text[16];

	for (unsigned up = 1; at >= 0; up++) {
		int next = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(at);
		at = next;
		/* The root has no such file. */
		if (at < 0 || cgroup_read(at, "cgroup.freeze", text, sizeof(text)) < 0)
			return false;
		if (text[0] == '1') {
			*ret_up = up;
			return true;
		}
	}
	return false;
}

static int frozen_above(const char *path, unsigned up, struct err *err)
{
	int n = (int)strlen(path);

	for (; up > 0; up--)
		while (n > 0 && path[--n] != '/')
			;
	return err_msg(err, -EBUSY, "thaw cgroup %s: cgroup %.*s above it is frozen", path, n, path);
}

int cgroup_thaw(const char *path, int timeout_ms, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, err), events = -1;
	int first = timeout_ms < SUSPICION_MS ? timeout_ms : SUSPICION_MS, r;
	unsigned up = 0;

	if (fd < 0)
		return fd;
	events = cgroup_openat(fd, "cgroup.events", O_RDONLY);
	r = events < 0 ? events : cgroup_write(fd, "cgroup.freeze", "0");
	if (r == 0)
		r = cgroup_wait_event(events, "frozen", 0, cgroup_deadline(first));
	if (r == -ETIMEDOUT && is_frozen_above(fd, &up)) {
		/* As if nothing had been asked for: it goes on being paused. */
		(void)cgroup_write(fd, "cgroup.freeze", "1");
		return frozen_above(path, up, err);
	}
	if (r == -ETIMEDOUT)
		r = cgroup_wait_event(events, "frozen", 0, cgroup_deadline(timeout_ms - first));
	if (r == -ETIMEDOUT)
		return err_msg(err, r, "thaw cgroup %s: it is still frozen after %d ms", path, timeout_ms);
	return r < 0 ? err_set(err, r, "thaw cgroup %s", path) : 0;
}
