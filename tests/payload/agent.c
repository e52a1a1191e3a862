/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp agent, on the host's side of the tests of SCMP_ACT_NOTIFY.
 *
 *   agent SOCKET [CALL=ANSWER ...]
 *   agent SOCKET close | deaf
 *
 * Waits on SOCKET (which appears when it can be connected to), takes any number of connections and their listeners, and
 * says on stdout what it sees: "up"; for each message "message JSON", "fds N" and "then closed" when nothing followed
 * it; "call NAME of PID" for each call that it is asked about; "gone" when a listener has no process any more. ANSWER
 * is `continue` (also for calls that are not named), a number, which the call then returns, or a negative one, an
 * errno. CALL may be `else`, for those that are not named.
 *
 * close: takes connections, ends them at once, and says "closed"; deaf: takes none.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LISTENERS 256

static const struct {
	const char *name;
	int number;
} calls[] = {
#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}
#ifdef SYS_mkdir
	CALL(mkdir),
#endif
	CALL(mkdirat),     CALL(getppid),     CALL(execve),  CALL(getpriority), CALL(exit_group),
	CALL(close_range), CALL(sched_yield), CALL(exit),    CALL(close),       CALL(rt_sigprocmask),
	CALL(munmap),      CALL(futex),       CALL(sendmsg), CALL(recvmsg),     CALL(mmap),
	CALL(brk),         CALL(read),        CALL(writev),  CALL(fcntl),       CALL(openat),
	CALL(umask),       CALL(fchdir),
};

static struct pollfd polled[1 + MAX_LISTENERS];
static int n_polled = 1;
static char **rules;

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *name_of(int number)
{
	static char unknown[16];

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return calls[i].name;
	snprintf(unknown, sizeof(unknown), "%d", number);
	return unknown;
}

static const char *answer_to(const char *name)
{
	size_t n = strlen(name);

	for (char **rule = rules; *rule; rule++)
		if (!strncmp(*rule, name, n) && (*rule)[n] == '=')
			return *rule + n + 1;
	return strcmp(name, "else") ? answer_to("else") : "continue";
}

/* Room for the structs of later kernels. */
union notification {
	struct seccomp_notif notif;
	char room[1024];
};
union response {
	struct seccomp_notif_resp resp;
	char room[1024];
};

/* false: nobody is left to ask. */
static bool serve(int listener)
{
	union notification request = {0};
	union response response = {0};
	const char *name, *answer;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == EINTR || errno == ENOENT;
	name = name_of(request.notif.data.nr);
	answer = answer_to(name);
	printf("call %s of %u\n", name, request.notif.pid);
	response.resp.id = request.notif.id;
	if (!strcmp(answer, "continue"))
		response.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (answer[0] == '-')
		response.resp.error = atoi(answer);
	else
		response.resp.val = atoi(answer);
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno == ENOENT;
}

static void take_listener(int connection)
{
	static char text[1 << 20];
	char control[CMSG_SPACE(sizeof(int) * 8)];
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(connection, &message, MSG_CMSG_CLOEXEC), rest = 0;
	int fd = -1, count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); n > 0 && c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			count += (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		}
	if (n <= 0) {
		puts("nothing");
		return;
	}
	/* A long one comes in pieces, all of the same sendmsg(2). */
	while (n < (ssize_t)sizeof(text) - 1 && (rest = read(connection, text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += rest;
	text[n] = '\0';
	printf("message %s\nfds %d\nthen %s\n", text, count, rest == 0 ? "closed" : "more");
	if (fd < 0)
		return;
	if (n_polled > MAX_LISTENERS)
		die("too many listeners");
	polled[n_polled++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static int listen_on(const char *path, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	/* Under another name until it listens: who sees SOCKET can connect. */
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path) >= sizeof(address.sun_path))
		die("path too long");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, backlog) < 0)
		die(path);
	if (rename(address.sun_path, path) < 0)
		die("rename");
	return fd;
}

static void end(int i)
{
	puts("gone");
	close(polled[i].fd);
	polled[i] = polled[--n_polled];
}

int main(int argc, char **argv)
{
	bool closes = argc == 3 && !strcmp(argv[2], "close"), deaf = argc == 3 && !strcmp(argv[2], "deaf");

	if (argc < 2) {
		fprintf(stderr, "usage: agent SOCKET [CALL=ANSWER ... | close | deaf]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rules = argv + 2;
	polled[0] = (struct pollfd){.fd = listen_on(argv[1], deaf ? 0 : 128), .events = deaf ? 0 : POLLIN};
	puts("up");
	for (;;) {
		if (poll(polled, (nfds_t)n_polled, -1) < 0)
			die("poll");
		for (int i = n_polled - 1; i > 0; i--) {
			if (polled[i].revents & POLLIN) {
				if (!serve(polled[i].fd))
					end(i);
			} else if (polled[i].revents) {
				end(i);
			}
		}
		if (polled[0].revents & POLLIN) {
			int connection = accept(polled[0].fd, NULL, NULL);

			if (connection < 0)
				die("accept");
			if (!closes)
				take_listener(connection);
			close(connection);
			if (closes)
				puts("closed");
		}
	}
}
