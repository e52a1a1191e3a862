/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system in which whoever looks for a file waits for ever, in uninterruptible sleep: the request has been read
 * and is never answered, so that not even SIGKILL ends the wait. `stuckfs DIR` mounts it, says "up", later "asked"
 * for each who waits, and serves until its standard input ends; then everybody gets an error, and what was killed
 * meanwhile dies.
 */
#include "fuse.h"

static void serve(void)
{
	const struct fuse_attr_out attr = {.attr_valid = 3600,
					   .attr = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2, .blksize = 512}};

	switch (request.header.opcode) {
	case FUSE_GETATTR:
		answer(0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		puts("asked"); /* and never answered */
		fflush(stdout);
		break;
	default:
		answer_other();
	}
}

int main(int argc, char **argv)
{
	return argc == 2 ? fuse_run("stuckfs", argv[1], 0, 1, serve) : 2;
}
