/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who it is that neither dies nor freezes in time. Both need a process to come back from the kernel once, which one in
 * uninterruptible sleep (a dead network or FUSE file system, mostly) does not.
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	struct cgroup_stuck *found;
	int rank; /* of what is found; 0: nothing */
};

/* How much a thread in this state looks like the one that holds things up. */
static int rank_of(char state)
{
	switch (state) {
	case 'D':
		return 4;
	case 'R':
		return 3;
	case 'X':
	case 'Z':
		return 1;
	default: /* asleep, and frozen looks the same */
		return 2;
	}
}

/* Name and state letter out of a /proc/.../stat. */
static int read_stat(const char *path, char *ret_name, size_t size, char *ret_state)
{
	_cleanup_free_ char *text = NULL;
	char *name, *end;

	if (fd_read_file(AT_FDCWD, path, 4096, &text, NULL) < 0 || !(name = strchr(text, '(')) ||
	    !(end = strrchr(text, ')')) || end[1] != ' ')
		return -ESRCH;
	*end = '\0';
	snprintf(ret_name, size, "%s", name + 1);
	*ret_state = end[2];
	return 0;
}

static void look_at_threads(struct search *search, pid_t pid)
{
	char path[64], file[sizeof(path) + 256 + sizeof("/stat")];
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct cgroup_stuck thread = {.pid = pid};

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s/stat", path, entry->d_name);
		if (read_stat(file, thread.name, sizeof(thread.name), &thread.state) == 0 &&
		    rank_of(thread.state) > search->rank) {
			search->rank = rank_of(thread.state);
			*search->found = thread;
		}
	}
}

static int look_at_cgroup(void *arg, int fd)
{
	struct search *search = arg;
	struct cgroup_pids pids;

	if (cgroup_read_pids(fd, &pids) < 0)
		return 0;
	for (size_t i = 0; i < pids.n && search->rank < rank_of('D'); i++)
		if (pids.pids[i] > 0)
			look_at_threads(search, pids.pids[i]);
	free(pids.pids);
	return 0;
}

bool cgroup_find_stuck(int fd, struct cgroup_stuck *ret)
{
	struct cgroup_stuck found = {0};
	struct search search = {.found = &found};

	cgroup_walk(fd, look_at_cgroup, &search);
	if (search.rank == 0)
		return false;
	*ret = found;
	return true;
}

const char *cgroup_stuck_text(const struct cgroup_stuck *stuck, char *buf, size_t size)
{
	if (stuck->state == 'D')
		snprintf(buf, size, "process %d (%s) in uninterruptible sleep", stuck->pid, stuck->name);
	else
		snprintf(buf, size, "process %d (%s) in state %c", stuck->pid, stuck->name, stuck->state);
	return buf;
}

int cgroup_hint_stuck(const char *path, struct err *err)
{
	_cleanup_close_ int fd = cgroup_open(path, NULL);
	struct cgroup_stuck stuck;
	char text[128];

	if (fd < 0 || !cgroup_find_stuck(fd, &stuck))
		return err ? err->code : 0;
	return err_hint(err, "%s is still there", cgroup_stuck_text(&stuck, text, sizeof(text)));
}
