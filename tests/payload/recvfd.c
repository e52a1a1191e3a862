/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's end of --console-socket and --pidfd-socket.
 *
 *   recvfd tty|pidfd SOCKET
 *
 * Waits on SOCKET (which appears when it can be connected to) for one message with one descriptor, prints what came,
 * and then, for a terminal, everything that is written to it, until its last user is gone; for a pidfd, the pid behind
 * it, and "ended" once that process has ended. What is on its own standard input goes to the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "recvfd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	/* Under another name until it listens: who sees SOCKET can connect. */
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path) >= sizeof(address.sun_path))
		die("path too long");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0)
		die(path);
	if (rename(address.sun_path, path) < 0)
		die("rename");
	return fd;
}

/* One message, its descriptors counted; the connection must then be closed by the sender. */
static int receive(int listener)
{
	char payload[4097] = "", control[CMSG_SPACE(sizeof(int) * 8)];
	struct iovec iov = {payload, sizeof(payload) - 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int connection = accept(listener, NULL, NULL), fd = -1, count = 0;
	ssize_t n;

	if (connection < 0)
		die("accept");
	n = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
	if (n < 0)
		die("recvmsg");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			count += (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		}
	printf("payload %s\nfds %d\n", payload, count);
	n = read(connection, payload, 1);
	printf("then %s\n", n == 0 ? "closed" : "more");
	fflush(stdout);
	close(connection);
	if (fd < 0)
		exit(1);
	return fd;
}

static void copy(int from, int to)
{
	char buffer[4096];
	ssize_t n = read(from, buffer, sizeof(buffer));

	if (n <= 0)
		exit(0);
	while (n > 0) {
		ssize_t written = write(to, buffer, (size_t)n);

		if (written < 0)
			die("write");
		n -= written;
	}
}

static void terminal(int master)
{
	struct pollfd fds[2] = {{.fd = master, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	struct winsize size = {0};

	ioctl(master, TIOCGWINSZ, &size);
	printf("size %u %u\n", size.ws_row, size.ws_col);
	fflush(stdout);
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			die("poll");
		if (fds[0].revents)
			copy(master, 1);
		if (fds[1].revents & POLLIN) {
			char buffer[256];
			ssize_t n = read(0, buffer, sizeof(buffer));

			if (n > 0 && write(master, buffer, (size_t)n) != n)
				die("write");
			if (n <= 0)
				fds[1].fd = -1;
		} else if (fds[1].revents) {
			fds[1].fd = -1;
		}
	}
}

static void process(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	char path[64], line[256];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	info = fopen(path, "re");
	if (!info)
		die(path);
	while (fgets(line, sizeof(line), info))
		if (!strncmp(line, "Pid:", 4))
			printf("pid %d\n", atoi(line + 4));
	fclose(info);
	fflush(stdout);
	poll(&ended, 1, -1);
	puts("ended");
}

int main(int argc, char **argv)
{
	int listener, fd;

	if (argc != 3) {
		fprintf(stderr, "usage: recvfd tty|pidfd SOCKET\n");
		return 2;
	}
	listener = listen_on(argv[2]);
	fd = receive(listener);
	close(listener);
	unlink(argv[2]);
	if (!strcmp(argv[1], "tty"))
		terminal(fd);
	else
		process(fd);
	return 0;
}
