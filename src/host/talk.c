/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to and from turtle-init: see talk.h. */
#include "host/talk.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static const char *name_of(enum sync_type type)
{
	switch (type) {
	case SYNC_FDS:
		return "descriptors";
	case SYNC_PID:
		return "its pid";
	case SYNC_MAPPED:
		return "mapped";
	case SYNC_CGROUP:
		return "in its cgroup";
	case SYNC_NETWORK:
		return "its network socket";
	case SYNC_NETWORK_DONE:
		return "network devices moved";
	case SYNC_HOOKS:
		return "ready for hooks";
	case SYNC_HOOKS_DONE:
		return "hooks done";
	case SYNC_HOOK_STDOUT:
	case SYNC_HOOK_STDERR:
		return "output of a hook";
	case SYNC_TTY:
		return "its terminal";
	case SYNC_READY:
		return "ready";
	case SYNC_CREATED:
		return "created";
	case SYNC_START:
		return "start";
	case SYNC_LISTENER:
		return "its seccomp listener";
	case SYNC_LISTENER_SENT:
		return "seccomp listener sent";
	case SYNC_EXEC:
		return "exec";
	case SYNC_ERROR:
	case SYNC_HOOK_ERROR:
		return "error";
	}
	return "nothing known";
}

/*
 * One message, or 0 at end of file, or a negative errno. A SYNC_ERROR is not looked at here. Where the peer has ended
 * with a message of ours unread, the kernel says so (ECONNRESET) once, before it gives what the peer has sent.
 */
static int receive(int sock, struct sync_msg *msg, int *ret_fd, struct err *err)
{
	ssize_t n = fd_receive(sock, msg, sizeof(*msg), ret_fd);

	if (n == -ECONNRESET)
		n = fd_receive(sock, msg, sizeof(*msg), ret_fd);
	if (n == 0 || n == -ECONNRESET)
		return 0;
	if (n < 0)
		return err_set(err, (int)n, "hear from container init");
	if ((size_t)n != SYNC_SHORT && (size_t)n != sizeof(*msg))
		return err_msg(err, -EPROTO, "container init sent a message of %zd bytes", n);
	return 1;
}

/* Init's own words; they come from the container's side, so make sure that they end. */
static int adopt_words(struct err *words, struct err *err)
{
	words->msg[sizeof(words->msg) - 1] = '\0';
	if (words->code >= 0)
		words->code = -EPROTO;
	if (err)
		*err = *words;
	return words->code;
}

static int adopt_error(struct sync_msg *msg, struct err *err)
{
	return adopt_words(&msg->err, err);
}

/* What init has written into the memory that came with SYNC_EXEC, if there was any: nothing where execve succeeded. */
static int read_words(int fd, struct err *err)
{
	struct err words;

	if (fd < 0 || pread(fd, &words, sizeof(words), 0) != (ssize_t)sizeof(words) || words.code == 0)
		return 0;
	return adopt_words(&words, err);
}

/* The type of the next message, which stays; 0 at end of file. ECONNRESET comes once: see receive(). */
static uint32_t next_type(int sock)
{
	uint32_t type = 0;
	ssize_t n;

	do
		n = recv(sock, &type, sizeof(type), MSG_PEEK);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n == (ssize_t)sizeof(type) ? type : 0;
}

bool talk_is_over(int sock)
{
	return next_type(sock) == 0;
}

int talk_last_words(int sock, struct err *err)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	struct sync_msg msg = {0};

	while (poll(&p, 1, 0) == 1) {
		_cleanup_close_ int fd = -1;

		if (receive(sock, &msg, &fd, NULL) <= 0)
			return 0;
		if (msg.type == SYNC_ERROR)
			return adopt_error(&msg, err);
	}
	return 0;
}

/* A peer that is gone may have said why before it went. */
static int last_words(int sock, enum sync_type about, struct err *err)
{
	int r = talk_last_words(sock, err);

	if (r < 0)
		return r;
	return err_msg(err, -EPIPE, "container init ended before it could be told \"%s\"", name_of(about));
}

int talk_send(int sock, enum sync_type type, struct err *err)
{
	const struct sync_msg msg = {.type = type};
	ssize_t n;

	do
		n = send(sock, &msg, SYNC_SHORT, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return last_words(sock, type, err);
	if (n < 0)
		return err_set(err, -errno, "tell container init \"%s\"", name_of(type));
	return 0;
}

static int send_batch(int sock, const int *fds, size_t n, struct err *err)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control = {0};
	struct sync_msg msg = {.type = SYNC_FDS, .value = (int32_t)n};
	struct iovec iov = {.iov_base = &msg, .iov_len = SYNC_SHORT};
	struct msghdr hdr = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&hdr);
	ssize_t sent;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	do
		sent = sendmsg(sock, &hdr, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
		return last_words(sock, SYNC_FDS, err);
	if (sent < 0)
		return err_set(err, -errno, "pass %zu descriptors to container init", n);
	return 0;
}

int talk_send_fds(int sock, const int *fds, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i += SYNC_MAX_FDS) {
		int r = send_batch(sock, fds + i, n - i < SYNC_MAX_FDS ? n - i : SYNC_MAX_FDS, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int talk_receive(int sock, enum sync_type expected, struct sync_msg *ret, int *ret_fd, struct err *err)
{
	struct sync_msg msg = {0};
	_cleanup_close_ int fd = -1;
	int r;

	r = receive(sock, &msg, &fd, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_msg(err, -EPIPE, "container init ended before it said \"%s\"", name_of(expected));
	if (msg.type == SYNC_ERROR)
		return adopt_error(&msg, err);
	if (msg.type != expected)
		return err_msg(err, -EPROTO, "container init said \"%s\" where \"%s\" was due",
			       name_of((enum sync_type)msg.type), name_of(expected));
	if (ret)
		*ret = msg;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}

static bool output_is_next(int sock)
{
	uint32_t type = next_type(sock);

	return type == SYNC_HOOK_STDOUT || type == SYNC_HOOK_STDERR;
}

int talk_receive_output(int sock, const struct hooks_place *place, struct err *err)
{
	struct hooks_output output = HOOKS_OUTPUT(place);
	int r = 0;

	if (!place->out && !place->error)
		return 0;
	while (r == 0 && output_is_next(sock)) {
		struct sync_msg msg = {0};
		_cleanup_close_ int fd = -1;

		r = receive(sock, &msg, &fd, err);
		if (r > 0 && (msg.value < 0 || (size_t)msg.value > sizeof(msg.err.msg)))
			r = err_msg(err, -EPROTO, "container init sent %d bytes of output", msg.value);
		if (r > 0)
			r = hooks_append(&output, msg.type == SYNC_HOOK_STDERR, msg.err.msg, (size_t)msg.value, err);
	}
	hooks_output_close(&output);
	return r;
}

static int pass_listener(int sock, struct agent *agent, int listener, struct err *err)
{
	int r;

	if (listener < 0)
		return err_msg(err, -EPROTO, "container init sent no seccomp listener");
	r = agent_send(agent, listener, err);
	return r < 0 ? r : talk_send(sock, SYNC_LISTENER_SENT, err);
}

int talk_receive_exec(int sock, struct agent *agent, bool *ret_destroy, struct err *err)
{
	_cleanup_close_ int words = -1;
	bool exec_said = false;

	for (;;) {
		struct sync_msg msg = {0};
		_cleanup_close_ int fd = -1;
		int r = receive(sock, &msg, &fd, err);

		*ret_destroy = r > 0 && msg.type == SYNC_HOOK_ERROR;
		if (r < 0)
			return r;
		if (r == 0 && exec_said)
			return read_words(words, err);
		if (r == 0)
			return err_msg(err, -EPIPE, "container init ended before it could execute the program");
		if (msg.type == SYNC_ERROR || msg.type == SYNC_HOOK_ERROR)
			return adopt_error(&msg, err);
		if (msg.type == SYNC_LISTENER && agent->socket >= 0) {
			r = pass_listener(sock, agent, fd, err);
			*ret_destroy = r < 0;
			if (r < 0)
				return r;
			continue;
		}
		if (msg.type != SYNC_EXEC || exec_said)
			return err_msg(err, -EPROTO, "container init said \"%s\" where \"exec\" was due",
				       name_of((enum sync_type)msg.type));
		exec_said = true;
		words = TAKE_FD(fd);
	}
}
