/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness of a container's process, told to the service manager: see notify.h. */
#include "host/notify.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_TEXT   4096  /* of one message; longer ones are not for us */
#define BARRIER_MS 30000 /* for the service manager to take note, as runc */
#define MAX_LOOKS  64    /* messages at a time, so that nobody can keep us busy */

const char *notify_caller(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && path[0] ? path : NULL;
}

int notify_make_dir(int dir_fd, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (mkdirat(dir_fd, STATE_NOTIFY, 0755) < 0)
		return err_set(err, -errno, "create the directory of the notification socket");
	/* Whatever the umask: the container's user must get to the socket. */
	fd = openat(dir_fd, STATE_NOTIFY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return err_set(err, -errno, "create the directory of the notification socket");
	return 0;
}

/* A path, or with '@' a name in the abstract namespace: sd_notify(3). */
static int connect_caller(const char *path, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	_cleanup_close_ int sock = -1;

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(sa.sun_path))
		return err_msg(err, -EINVAL, "NOTIFY_SOCKET: \"%s\" is not the name of a socket", path);
	memcpy(sa.sun_path, path, len);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_set(err, -errno, "create a socket");
	if (connect(sock, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return err_set(err, -errno, "connect to NOTIFY_SOCKET %s", path);
	return TAKE_FD(sock);
}

/* The socket that the container's process sends to. A start that was killed may have left one; nobody listens on it. */
static int listen_container(int notify_fd, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (sock < 0)
		return err_set(err, -errno, "create a socket");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" STATE_NOTIFY_SOCKET, notify_fd);
	if (unlinkat(notify_fd, STATE_NOTIFY_SOCKET, 0) < 0 && errno != ENOENT)
		return err_set(err, -errno, "remove an old notification socket");
	/*
	 * Any user of the container may be the one that is ready; nobody else gets into the state directory. A chmod
	 * afterwards could be led astray by a process in the container that has made the directory writable.
	 */
	mask = umask(0);
	r = bind(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return err_set(err, r, "create the notification socket");
	return TAKE_FD(sock);
}

int notify_open(int dir_fd, struct notify *ret, struct err *err)
{
	const char *path = notify_caller();
	_cleanup_close_ int dir = -1, caller = -1, container = -1;

	*ret = NOTIFY_NONE;
	if (!path)
		return 0;
	dir = openat(dir_fd, STATE_NOTIFY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "open the directory of the notification socket");
	caller = connect_caller(path, err);
	if (caller < 0)
		return caller;
	container = listen_container(dir, err);
	if (container < 0)
		return container;
	ret->caller = TAKE_FD(caller);
	ret->container = TAKE_FD(container);
	return 0;
}

void notify_close(struct notify *notify)
{
	cleanup_close(&notify->container);
	cleanup_close(&notify->caller);
	*notify = NOTIFY_NONE;
}

static bool says_ready(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, "READY=1") == 0)
			return true;
	return false;
}

/* Whether one of the messages that are there says it. Descriptors that come along are dropped by the kernel. */
static bool is_ready(const struct notify *notify)
{
	char text[MAX_TEXT + 1];

	for (int i = 0; i < MAX_LOOKS; i++) {
		ssize_t n = recv(notify->container, text, sizeof(text), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno != EINTR)
			return false;
		if (n <= 0 || n > MAX_TEXT)
			continue;
		text[n] = '\0';
		if (says_ready(text))
			return true;
	}
	return false;
}

static int tell(const struct notify *notify, const char *text, struct err *err)
{
	ssize_t n;

	do
		n = send(notify->caller, text, strlen(text), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_set(err, -errno, "send %s to NOTIFY_SOCKET", text) : 0;
}

/*
 * Our end would otherwise race with the manager's reading, which asks who the sender is. It closes the descriptor that
 * comes with this message when it gets there.
 */
static int barrier(const struct notify *notify, struct err *err)
{
	static const char text[] = "BARRIER=1";
	struct pollfd p = {.events = POLLIN};
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "create a pipe");
	r = fd_send_fd(notify->caller, ends[1], text, sizeof(text) - 1);
	close(ends[1]);
	if (r == 0) {
		p.fd = ends[0];
		do
			r = poll(&p, 1, BARRIER_MS);
		while (r < 0 && errno == EINTR);
		/* It has been told; that it takes its time is no reason to fail. */
		if (r == 0)
			log_warning("NOTIFY_SOCKET: there was no answer to BARRIER=1 within %d s", BARRIER_MS / 1000);
		r = r < 0 ? -errno : 0;
	}
	close(ends[0]);
	return r < 0 ? err_set(err, r, "send %s to NOTIFY_SOCKET", text) : 0;
}

int notify_wait(struct notify *notify, pid_t pid, int pidfd, struct err *err)
{
	enum { MESSAGE, END };
	struct pollfd fds[] = {
		[MESSAGE] = {.fd = notify->container, .events = POLLIN}, [END] = {.fd = pidfd, .events = POLLIN}};
	char text[32];
	int r;

	if (notify->container < 0)
		return 0;
	do {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return err_set(err, -errno, "wait for the container to be ready");
		/* Its last words may still be there when it has ended. */
		if (is_ready(notify)) {
			snprintf(text, sizeof(text), "MAINPID=%d", (int)pid);
			r = tell(notify, "READY=1", err);
			if (r == 0)
				r = tell(notify, text, err);
			return r == 0 ? barrier(notify, err) : r;
		}
	} while (!fds[END].revents);
	return 0;
}

int notify_look(struct notify *notify, struct err *err)
{
	int r;

	if (!is_ready(notify))
		return 0;
	r = tell(notify, "READY=1", err);
	notify_close(notify);
	return r;
}
