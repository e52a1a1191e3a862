/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of sd_notify(3).
 *
 *   notify listen SOCKET         the service manager's: prints each message as a line, line breaks in it as "|", and
 *                                "+N" behind it for N descriptors, which it closes at once
 *   notify hold SOCKET FILE      the same, but closes the descriptors only once FILE is there
 *   notify say MESSAGE...        the service's: sends each to $NOTIFY_SOCKET, "|" as a line break; one that begins with
 *                                '+' goes without that, and with a descriptor
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "notify: %s: %s\n", what, strerror(errno));
	exit(1);
}

static socklen_t address(const char *path, struct sockaddr_un *ret)
{
	size_t n = strlen(path);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (n >= sizeof(ret->sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	memcpy(ret->sun_path, path, n);
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void replace(char *s, char from, char to)
{
	for (; *s; s++)
		if (*s == from)
			*s = to;
}

static void wait_for(const char *path)
{
	while (access(path, F_OK) < 0)
		usleep(1000);
}

static void listen_for_ever(const char *path, const char *file)
{
	char text[4097], control[CMSG_SPACE(sizeof(int) * 16)];
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un sa;
	socklen_t size = address(path, &sa);

	if (sock < 0 || bind(sock, (struct sockaddr *)&sa, size) < 0)
		die(path);
	for (;;) {
		struct iovec iov = {text, sizeof(text) - 1};
		struct msghdr message = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(sock, &message, 0);
		struct cmsghdr *header;
		size_t count = 0;

		if (n < 0)
			die("recvmsg");
		text[n] = '\0';
		replace(text, '\n', '|');
		header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_type == SCM_RIGHTS)
			count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (count)
			printf("%s +%zu\n", text, count);
		else
			printf("%s\n", text);
		fflush(stdout);
		if (count && file)
			wait_for(file);
		for (size_t i = 0; i < count; i++)
			close(((int *)CMSG_DATA(header))[i]);
	}
}

static void say(char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char control[CMSG_SPACE(sizeof(int))] = {0};
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0), fd = 1;
	struct sockaddr_un sa;
	struct iovec iov = {text, strlen(text)};
	struct msghdr message = {.msg_name = &sa, .msg_iov = &iov, .msg_iovlen = 1};

	if (!path) {
		errno = ENOENT;
		die("NOTIFY_SOCKET");
	}
	message.msg_namelen = address(path, &sa);
	if (text[0] == '+') {
		struct cmsghdr *header;

		iov = (struct iovec){text + 1, strlen(text + 1)};
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	replace(text, '|', '\n');
	if (sock < 0 || sendmsg(sock, &message, 0) < 0)
		die(path);
	close(sock);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		listen_for_ever(argv[2], NULL);
	else if (argc == 4 && !strcmp(argv[1], "hold"))
		listen_for_ever(argv[2], argv[3]);
	else if (argc < 3 || strcmp(argv[1], "say") != 0)
		return 2;
	for (int i = 2; i < argc; i++)
		say(argv[i]);
	return 0;
}
