/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps what is hard to save: a static program that the tests of checkpoint put into the root filesystem as /keeper.
 *
 *   keeper datagram PATH   a datagram socket that is connected to PATH, and sends a number
 *   keeper listen PORT     a listening TCP socket; on each SIGUSR1 says what the next connection has sent
 *   keeper memory BYTES    writes a number to each page
 *   keeper tcp PORT        a TCP connection with itself, which a number goes through
 *   keeper unlinked FILE   an open FILE that is called FILE.other by now; the number is written to it
 *
 * Each turn takes a tenth of a second, and prints its number; or, after it, what is wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static void die(const char *what)
{
	printf("keeper: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Says how the turn went, and waits for the next one. NULL: well. */
static void turn(unsigned long number, const char *wrong)
{
	struct timespec tenth = {.tv_nsec = 100000000};

	printf("%lu%s%s\n", number, wrong ? " " : "", wrong ? wrong : "");
	while (nanosleep(&tenth, &tenth) < 0 && errno == EINTR)
		;
}

static void keep_datagram(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >= sizeof(address.sun_path))
		errno = ENAMETOOLONG, die(path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	for (unsigned long n = 1;; n++) {
		char text[32];
		int size = snprintf(text, sizeof(text), "%lu\n", n);

		turn(n, send(fd, text, (size_t)size, MSG_NOSIGNAL) == size ? NULL : strerror(errno));
	}
}

static struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(port)),
				    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static int listen_at(const char *port, int flags)
{
	const struct sockaddr_in address = local(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
		die("listen");
	return fd;
}

static void keep_listen(const char *port)
{
	int listener, number, fd;
	sigset_t set;
	char text[64];
	ssize_t n;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	listener = listen_at(port, SOCK_NONBLOCK);
	puts("listening");
	while (sigwait(&set, &number) == 0) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			puts(errno == EAGAIN ? "nobody" : strerror(errno));
			continue;
		}
		n = read(fd, text, sizeof(text));
		printf("heard %.*s\n", n > 0 ? (int)strcspn(text, "\n") : 0, text);
		close(fd);
	}
}

static void keep_memory(const char *bytes)
{
	size_t size = strtoul(bytes, NULL, 10);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	for (unsigned long n = 1;; n++) {
		const char *wrong = NULL;

		for (size_t at = 0; at + sizeof(n) <= size; at += PAGE) {
			unsigned long last;

			memcpy(&last, memory + at, sizeof(last));
			if (last != n - 1)
				wrong = "not what was written";
			memcpy(memory + at, &n, sizeof(n));
		}
		turn(n, wrong);
	}
}

static void keep_tcp(const char *port)
{
	const struct sockaddr_in address = local(port);
	int listener = listen_at(port, 0), there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), here;

	if (there < 0 || connect(there, (const struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	here = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (here < 0)
		die("accept");
	close(listener);
	for (unsigned long n = 1;; n++) {
		unsigned long back = 0;
		const char *wrong = NULL;

		if (send(there, &n, sizeof(n), MSG_NOSIGNAL) != sizeof(n))
			wrong = strerror(errno);
		else if (recv(here, &back, sizeof(back), MSG_WAITALL) != sizeof(back) || back != n)
			wrong = "not what was sent";
		turn(n, wrong);
	}
}

static void keep_unlinked(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char other[PATH_MAX];

	snprintf(other, sizeof(other), "%s.other", path);
	if (fd < 0 || link(path, other) < 0 || unlink(path) < 0)
		die(path);
	for (unsigned long n = 1;; n++)
		turn(n, dprintf(fd, "%lu\n", n) > 0 ? NULL : strerror(errno));
}

static const struct {
	const char *name;
	void (*keep)(const char *argument);
} verbs[] = {
	{"datagram", keep_datagram}, {"listen", keep_listen},     {"memory", keep_memory},
	{"tcp", keep_tcp},           {"unlinked", keep_unlinked},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 3 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			verbs[i].keep(argv[2]);
	fputs("keeper: unknown verb, or no argument\n", stderr);
	return 2;
}
