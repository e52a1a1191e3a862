/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a cgroup's numbers, file by file: see stats.h. */
#include "host/cgroup/stats.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/cgroup/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any file has on a usual machine; io.stat of very many devices is read once more with more room. */
#define FIRST_ROOM (16 * 1024)

struct reader {
	int fd;
	const char *path;
	struct ocispec_arena *arena;
	char *text; /* of the last file that was read */
	size_t room;
	struct err *err;
};

/* The functions below return 1 where they have read something, 0 where there is no such file. */

static int fail(struct reader *reader, int r, const char *file)
{
	return err_set(reader->err, r, "read %s of cgroup %s", file, reader->path);
}

/* The whole file at once, so that its numbers are of one moment: as long as it fills the room, with more room again. */
static int read_into(struct reader *reader, int fd)
{
	for (;;) {
		ssize_t n = reader->room ? pread(fd, reader->text, reader->room, 0) : 0;
		char *grown;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n < reader->room) {
			while (n > 0 && reader->text[n - 1] == '\n')
				n--;
			reader->text[n] = '\0';
			return 1;
		}
		grown = realloc(reader->text, reader->room ? reader->room * 2 : FIRST_ROOM);
		if (!grown)
			return -ENOMEM;
		reader->text = grown;
		reader->room = reader->room ? reader->room * 2 : FIRST_ROOM;
	}
}

static int read_text(struct reader *reader, const char *file)
{
	_cleanup_close_ int fd = cgroup_openat(reader->fd, file, O_RDONLY);
	int r = fd < 0 ? fd : read_into(reader, fd);

	/* EOPNOTSUPP: pressure is turned off, or the cgroup is threaded. */
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? fail(reader, r, file) : r;
}

static int read_value(struct reader *reader, const char *file, uint64_t *ret)
{
	int r = read_text(reader, file), bad;

	if (r <= 0)
		return r;
	bad = stats_parse_value(reader->text, ret);
	return bad < 0 ? err_msg(reader->err, -EBADMSG, "read %s of cgroup %s: \"%.40s\" is no number", file,
				 reader->path, reader->text)
		       : 1;
}

static int read_pressure(struct reader *reader, const char *file, struct stats_pressure **ret)
{
	struct stats_pressure pressure = {0};
	int r = read_text(reader, file);

	if (r <= 0 || !stats_parse_pressure(reader->text, &pressure))
		return r;
	*ret = ocispec_alloc(reader->arena, sizeof(**ret));
	if (!*ret)
		return fail(reader, -ENOMEM, file);
	**ret = pressure;
	return 1;
}

static int read_cpu(struct reader *reader, struct cgroup_stats *stats)
{
	int r = read_text(reader, "cpu.stat");

	if (r > 0)
		stats_parse_cpu(reader->text, &stats->cpu);
	return r < 0 ? r : read_pressure(reader, "cpu.pressure", &stats->cpu.pressure);
}

/* name: "memory" or "memory.swap" */
static int read_use(struct reader *reader, const char *name, struct stats_memory_use *ret)
{
	const struct {
		const char *name;
		uint64_t *field;
	} files[] = {{"current", &ret->usage}, {"max", &ret->limit}, {"peak", &ret->max}};
	char file[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r;

		snprintf(file, sizeof(file), "%s.%s", name, files[i].name);
		r = read_value(reader, file, files[i].field);
		/* Without the first there is no such controller, or no swap accounting. */
		if (r < 0 || (r == 0 && i == 0))
			return r;
	}
	return 1;
}

static int read_memory(struct reader *reader, struct cgroup_stats *stats)
{
	struct stats_memory *memory = &stats->memory;
	struct stats_memory_use swap = {0};
	int r = read_text(reader, "memory.stat");

	if (r > 0 && stats_parse_memory(reader->text, reader->arena, memory) < 0)
		r = fail(reader, -ENOMEM, "memory.stat");
	if (r > 0)
		r = read_use(reader, "memory", &memory->usage);
	if (r > 0)
		r = read_text(reader, "memory.events");
	if (r > 0) {
		stats_parse_key(reader->text, "max", &memory->usage.failcnt);
		r = read_use(reader, "memory.swap", &swap);
		stats_combine_swap(&memory->usage, &swap, &memory->swap);
	}
	return r < 0 ? r : read_pressure(reader, "memory.pressure", &memory->pressure);
}

static int count_processes(void *arg, int fd)
{
	struct cgroup_pids pids;
	int r = cgroup_read_pids(fd, &pids);

	/* A threaded cgroup: its processes are counted in the one above. */
	if (r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	*(uint64_t *)arg += pids.n;
	free(pids.pids);
	return 0;
}

static int read_pids(struct reader *reader, struct cgroup_stats *stats)
{
	int r = read_value(reader, "pids.current", &stats->pids.current);

	if (r > 0)
		r = read_value(reader, "pids.max", &stats->pids.limit);
	else if (r == 0) {
		r = cgroup_walk(reader->fd, count_processes, &stats->pids.current);
		if (r < 0)
			return fail(reader, r, "cgroup.procs");
	}
	if (stats->pids.limit == UINT64_MAX)
		stats->pids.limit = 0;
	return r;
}

static int read_io(struct reader *reader, struct cgroup_stats *stats)
{
	int r = read_text(reader, "io.stat");

	if (r > 0 && stats_parse_io(reader->text, reader->arena, &stats->io) < 0)
		r = fail(reader, -ENOMEM, "io.stat");
	return r < 0 ? r : read_pressure(reader, "io.pressure", &stats->io.pressure);
}

/* What is reserved is what is limited first, where the kernel knows of reservations (5.7). */
static int read_page_size(struct reader *reader, const char *size, struct stats_hugetlb *ret)
{
	char file[300];
	int r;

	snprintf(file, sizeof(file), "hugetlb.%s.rsvd.current", size);
	r = read_value(reader, file, &ret->usage);
	if (r == 0) {
		snprintf(file, sizeof(file), "hugetlb.%s.current", size);
		r = read_value(reader, file, &ret->usage);
	}
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	r = read_text(reader, file);
	if (r > 0)
		stats_parse_key(reader->text, "max", &ret->failcnt);
	return r;
}

static int by_size(const void *a, const void *b)
{
	return strcmp(((const struct stats_hugetlb *)a)->size, ((const struct stats_hugetlb *)b)->size);
}

/* The page sizes of this machine: a handful at most. */
#define MAX_PAGE_SIZES 32

static int list_page_sizes(struct reader *reader, struct stats_hugetlb *ret, size_t *ret_n)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	size_t n = 0;
	int r = fd_open_directory(reader->fd, ".", &dir);

	if (r < 0)
		return r;
	while (n < MAX_PAGE_SIZES && (entry = readdir(dir))) {
		const char *size;
		size_t length = stats_hugetlb_size(entry->d_name, &size);

		if (length == 0)
			continue;
		ret[n].size = ocispec_strndup(reader->arena, size, length);
		if (!ret[n].size)
			return -ENOMEM;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int read_hugetlb(struct reader *reader, struct cgroup_stats *stats)
{
	struct stats_hugetlb *list = ocispec_alloc(reader->arena, MAX_PAGE_SIZES * sizeof(*list));
	int r = list ? list_page_sizes(reader, list, &stats->n_hugetlb) : -ENOMEM;

	if (r < 0)
		return fail(reader, r, "the files");
	qsort(list, stats->n_hugetlb, sizeof(*list), by_size);
	stats->hugetlb = list;
	for (size_t i = 0; r >= 0 && i < stats->n_hugetlb; i++)
		r = read_page_size(reader, list[i].size, &list[i]);
	return r;
}

int cgroup_stats_read(int fd, const char *path, struct ocispec_arena *arena, struct cgroup_stats *ret, struct err *err)
{
	static int (*const steps[])(struct reader * reader, struct cgroup_stats * stats) = {
		read_cpu, read_memory, read_pids, read_io, read_hugetlb,
	};
	struct reader reader = {.fd = fd, .path = path, .arena = arena, .err = err};
	struct cgroup_stats stats = {0};
	int r = 0, alive;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](&reader, &stats);
	free(reader.text);
	/* In a cgroup that is gone no file is found: what was read counts only if there is still one that all have. */
	alive = cgroup_openat(fd, "cgroup.controllers", O_PATH);
	if (alive < 0)
		return err_set(err, cgroup_gone(alive) ? -ENODEV : alive, "read cgroup %s", path);
	close(alive);
	if (r < 0)
		return r;
	*ret = stats;
	return 0;
}
