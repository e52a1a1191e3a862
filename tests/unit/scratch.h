/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of its own for a test, removed afterwards with all that is in it. */
#ifndef TURTLE_TESTS_SCRATCH_H
#define TURTLE_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[PATH_MAX];
};

static inline int scratch_make(struct scratch *scratch)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(scratch->path, sizeof(scratch->path), "%s/turtle-test-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(scratch->path) ? 0 : -1;
}

static inline int scratch_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int scratch_remove(const struct scratch *scratch)
{
	return nftw(scratch->path, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
