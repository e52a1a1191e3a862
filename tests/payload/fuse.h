/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the file systems here begin with: mounted by FUSE's own protocol, without its library. fuse_run() mounts one,
 * says "up", and hands each request to serve() until standard input ends.
 */
#ifndef TURTLE_TESTS_FUSE_H
#define TURTLE_TESTS_FUSE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one that is being served; its body follows the header. */
static union {
	char bytes[65536 + FUSE_MIN_READ_BUFFER];
	struct fuse_in_header header;
} request;
static const void *const request_body = &request.header + 1;
static const char *fuse_name;
static int fuse_fd;

static void answer(int error, const void *body, size_t size)
{
	struct {
		struct fuse_out_header header;
		char body[256];
	} reply = {.header = {.len = (uint32_t)(sizeof(reply.header) + size),
			      .error = error,
			      .unique = request.header.unique}};

	memcpy(reply.body, body, size);
	if (write(fuse_fd, &reply, reply.header.len) < 0 && errno != ENOENT)
		fprintf(stderr, "%s: write: %s\n", fuse_name, strerror(errno));
}

/* What each of them answers alike. */
static void answer_other(void)
{
	const struct fuse_init_in *init = request_body;
	struct fuse_init_out hello = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
	const struct fuse_statfs_out statfs = {.st = {.bsize = 512, .namelen = 255}};

	switch (request.header.opcode) {
	case FUSE_INIT:
		if (init->minor < hello.minor)
			hello.minor = init->minor;
		answer(0, &hello, sizeof(hello));
		break;
	case FUSE_STATFS:
		answer(0, &statfs, sizeof(statfs));
		break;
	/* Nobody waits for an answer to these. */
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(-ENOSYS, NULL, 0);
	}
}

/* owner: of the mount, besides whom the kernel lets nobody in, unless others says so. The program's exit status. */
static int fuse_run(const char *name, const char *dir, unsigned owner, int others, void (*serve)(void))
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	char options[96];

	fuse_name = name;
	fuse_fd = fds[1].fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s", fuse_fd, owner, owner,
		 others ? ",allow_other" : "");
	if (fuse_fd < 0 || mount(name, dir, "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		fprintf(stderr, "%s: mount: %s\n", name, strerror(errno));
		return 1;
	}
	puts("up");
	fflush(stdout);
	while (poll(fds, 2, -1) >= 0 && !fds[0].revents && !(fds[1].revents & POLLERR))
		if (fds[1].revents && read(fuse_fd, &request, sizeof(request)) > 0)
			serve();
	umount2(dir, MNT_DETACH);
	return 0;
}

#endif
