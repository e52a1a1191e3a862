/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system in which whoever looks for a file waits for ever, in uninterruptible sleep: the request has been read
 * and is never answered, so that not even SIGKILL ends the wait. `stuckfs DIR` mounts it, says "up", later "asked"
 * for each who waits, and serves until its standard input ends; then everybody gets an error, and what was killed
 * meanwhile dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static union {
	char bytes[65536 + FUSE_MIN_READ_BUFFER];
	struct fuse_in_header header;
} request;

static void answer(int fd, int error, const void *body, size_t size)
{
	struct {
		struct fuse_out_header header;
		char body[256];
	} reply = {.header = {.len = (uint32_t)(sizeof(reply.header) + size),
			      .error = error,
			      .unique = request.header.unique}};

	memcpy(reply.body, body, size);
	if (write(fd, &reply, reply.header.len) < 0 && errno != ENOENT)
		perror("stuckfs: write");
}

static void serve(int fd)
{
	const struct fuse_init_in *init = (const void *)(&request.header + 1);
	struct fuse_init_out hello = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
	struct fuse_attr_out attr = {.attr_valid = 3600,
				     .attr = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2, .blksize = 512}};
	struct fuse_statfs_out statfs = {.st = {.bsize = 512, .namelen = 255}};

	if (read(fd, &request, sizeof(request)) <= 0)
		return;
	switch (request.header.opcode) {
	case FUSE_INIT:
		if (init->minor < hello.minor)
			hello.minor = init->minor;
		answer(fd, 0, &hello, sizeof(hello));
		break;
	case FUSE_GETATTR:
		answer(fd, 0, &attr, sizeof(attr));
		break;
	case FUSE_STATFS:
		answer(fd, 0, &statfs, sizeof(statfs));
		break;
	case FUSE_LOOKUP:
		puts("asked"); /* and never answered */
		fflush(stdout);
		break;
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fd, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	char options[96];

	if (argc != 2)
		return 2;
	fds[1].fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fds[1].fd);
	if (fds[1].fd < 0 || mount("stuckfs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		perror("stuckfs: mount");
		return 1;
	}
	puts("up");
	fflush(stdout);
	while (poll(fds, 2, -1) >= 0 && !fds[0].revents && !(fds[1].revents & POLLERR))
		if (fds[1].revents)
			serve(fds[1].fd);
	umount2(argv[1], MNT_DETACH);
	return 0;
}
