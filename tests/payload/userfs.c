/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system on which root has no rights, like sshfs of a user's or NFS with root_squash: `userfs DIR UID [squash]`
 * mounts it, says "up", and serves until its standard input ends. It holds a file "file" ("content\n") and a directory
 * "sub" with the same file in it, all of UID's.
 *
 * By itself it is FUSE without allow_other: the kernel refuses everybody but UID whatever they ask, also stat(2) of its
 * root. With squash it is the "server" that refuses root, to look for a name or to open; attributes it tells everybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT "content\n"

enum { ROOT = FUSE_ROOT_ID, DIRECTORY, FILE_ };

static union {
	char bytes[65536 + FUSE_MIN_READ_BUFFER];
	struct fuse_in_header header;
} request;
static unsigned owner;
static bool squash;

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
		perror("userfs: write");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){.ino = node,
				  .size = node == FILE_ ? sizeof(CONTENT) - 1 : 0,
				  .mode = node == FILE_ ? S_IFREG | 0600 : S_IFDIR | 0700,
				  .nlink = 1,
				  .uid = owner,
				  .gid = owner,
				  .blksize = 512};
}

static void look_up(int fd)
{
	const char *name = (const char *)(&request.header + 1);
	struct fuse_entry_out entry = {0};

	if (!strcmp(name, "file"))
		entry.nodeid = FILE_;
	else if (!strcmp(name, "sub") && request.header.nodeid == ROOT)
		entry.nodeid = DIRECTORY;
	entry.attr = attributes(entry.nodeid);
	answer(fd, entry.nodeid ? 0 : -ENOENT, &entry, entry.nodeid ? sizeof(entry) : 0);
}

static void serve(int fd)
{
	const struct fuse_init_in *init = (const void *)(&request.header + 1);
	const struct fuse_read_in *in = (const void *)(&request.header + 1);
	struct fuse_init_out hello = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096};
	struct fuse_attr_out attr = {0};
	struct fuse_open_out opened = {0};
	struct fuse_statfs_out statfs = {.st = {.bsize = 512, .namelen = 255}};
	bool refused;

	if (read(fd, &request, sizeof(request)) <= 0)
		return;
	refused = squash && request.header.uid == 0;
	switch (request.header.opcode) {
	case FUSE_INIT:
		if (init->minor < hello.minor)
			hello.minor = init->minor;
		answer(fd, 0, &hello, sizeof(hello));
		break;
	case FUSE_GETATTR:
		attr.attr = attributes(request.header.nodeid);
		answer(fd, 0, &attr, sizeof(attr));
		break;
	case FUSE_STATFS:
		answer(fd, 0, &statfs, sizeof(statfs));
		break;
	case FUSE_LOOKUP:
		if (refused)
			answer(fd, -EACCES, NULL, 0);
		else
			look_up(fd);
		break;
	case FUSE_OPEN:
		answer(fd, refused ? -EACCES : 0, &opened, refused ? 0 : sizeof(opened));
		break;
	case FUSE_READ:
		answer(fd, 0, CONTENT + (in->offset ? sizeof(CONTENT) - 1 : 0), in->offset ? 0 : sizeof(CONTENT) - 1);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(fd, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
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

	if (argc < 3)
		return 2;
	owner = (unsigned)strtoul(argv[2], NULL, 10);
	squash = argc > 3;
	fds[1].fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s", fds[1].fd, owner, owner,
		 squash ? ",allow_other" : "");
	if (fds[1].fd < 0 || mount("userfs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		perror("userfs: mount");
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
