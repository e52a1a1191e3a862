/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system on which root has no rights, like sshfs of a user's or NFS with root_squash: `userfs DIR UID [squash]`
 * mounts it, says "up", and serves until its standard input ends. It holds a file "file" ("content\n") and a directory
 * "sub" with the same file in it, all of UID's.
 *
 * By itself it is FUSE without allow_other: the kernel refuses everybody but UID whatever they ask, also stat(2) of its
 * root. With squash it is the "server" that refuses root, to look for a name or to open; attributes it tells everybody.
 */
#include "fuse.h"

#include <stdbool.h>
#include <stdlib.h>

#define CONTENT "content\n"

enum { ROOT = FUSE_ROOT_ID, DIRECTORY, FILE_ };

static unsigned owner;
static bool squash;

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

static void look_up(void)
{
	const char *name = request_body;
	struct fuse_entry_out entry = {0};

	if (!strcmp(name, "file"))
		entry.nodeid = FILE_;
	else if (!strcmp(name, "sub") && request.header.nodeid == ROOT)
		entry.nodeid = DIRECTORY;
	entry.attr = attributes(entry.nodeid);
	answer(entry.nodeid ? 0 : -ENOENT, &entry, entry.nodeid ? sizeof(entry) : 0);
}

static void serve(void)
{
	const struct fuse_read_in *in = request_body;
	struct fuse_attr_out attr = {0};
	struct fuse_open_out opened = {0};
	bool refused = squash && request.header.uid == 0;

	switch (request.header.opcode) {
	case FUSE_GETATTR:
		attr.attr = attributes(request.header.nodeid);
		answer(0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		if (refused)
			answer(-EACCES, NULL, 0);
		else
			look_up();
		break;
	case FUSE_OPEN:
		answer(refused ? -EACCES : 0, &opened, refused ? 0 : sizeof(opened));
		break;
	case FUSE_READ:
		answer(0, CONTENT + (in->offset ? sizeof(CONTENT) - 1 : 0), in->offset ? 0 : sizeof(CONTENT) - 1);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(0, NULL, 0);
		break;
	default:
		answer_other();
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	owner = (unsigned)strtoul(argv[2], NULL, 10);
	squash = argc > 3;
	return fuse_run("userfs", argv[1], owner, squash, serve);
}
