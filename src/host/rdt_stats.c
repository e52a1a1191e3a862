/* SPDX-License-Identifier: Apache-2.0 */
/* What resctrl tells of a group, for events: the schemata, what the machine can do, and what is used. */
#include "host/rdt.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MAX_FILE   (1024 * 1024)
#define MAX_CACHES 1024

/* The file's first line, in the arena; NULL where it isn't there. */
static const char *read_line(int dir, const char *path, struct ocispec_arena *arena)
{
	_cleanup_free_ char *text = NULL;

	if (fd_read_file(dir, path, 4096, &text, NULL) < 0)
		return NULL;
	return ocispec_strndup(arena, text, strcspn(text, "\n"));
}

uint64_t rdt_read_number(int dir, const char *path)
{
	_cleanup_free_ char *text = NULL;

	return fd_read_file(dir, path, 64, &text, NULL) == 0 ? strtoull(text, NULL, 10) : 0;
}

static int read_schemata(int dir, const char *path, struct ocispec_arena *arena, const char ***ret, size_t *ret_n,
			 struct err *err)
{
	_cleanup_free_ char *text = NULL;
	const char **lines;
	size_t n = 1;
	int r = fd_read_file(dir, path, MAX_FILE, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read %s of resctrl", path);
	for (const char *s = text; *s; s++)
		n += *s == '\n';
	lines = ocispec_alloc(arena, n * sizeof(*lines));
	n = 0;
	for (const char *s = text; lines && *s;) {
		size_t length;

		s += strspn(s, " \t\n");
		length = strcspn(s, "\n");
		if (length > 0 && !(lines[n++] = ocispec_strndup(arena, s, length)))
			lines = NULL;
		s += length;
	}
	if (!lines)
		return err_set(err, -ENOMEM, "read %s of resctrl", path);
	*ret = lines;
	*ret_n = n;
	return 0;
}

/* The last line with this in its name. */
static const char *line_of(const char **lines, size_t n, const char *kind)
{
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(lines[i], kind);

		if (at && at < strchrnul(lines[i], ':'))
			found = lines[i];
	}
	return found;
}

static int read_info(int root, struct ocispec_arena *arena, struct rdt_stats *stats)
{
	const char *cache = faccessat(root, "info/L3", F_OK, 0) == 0 ? "L3" : "L3CODE";
	char path[64];

	snprintf(path, sizeof(path), "info/%s", cache);
	if (faccessat(root, path, F_OK, 0) == 0) {
		struct rdt_cache_info *info = ocispec_alloc(arena, sizeof(*info));

		if (!info)
			return -ENOMEM;
		snprintf(path, sizeof(path), "info/%s/cbm_mask", cache);
		info->cbm_mask = read_line(root, path, arena);
		snprintf(path, sizeof(path), "info/%s/min_cbm_bits", cache);
		info->min_cbm_bits = rdt_read_number(root, path);
		snprintf(path, sizeof(path), "info/%s/num_closids", cache);
		info->num_closids = rdt_read_number(root, path);
		stats->l3_cache_info = info;
	}
	if (faccessat(root, "info/MB", F_OK, 0) == 0) {
		struct rdt_bandwidth_info *info = ocispec_alloc(arena, sizeof(*info));

		if (!info)
			return -ENOMEM;
		info->bandwidth_gran = rdt_read_number(root, "info/MB/bandwidth_gran");
		info->delay_linear = rdt_read_number(root, "info/MB/delay_linear");
		info->min_bandwidth = rdt_read_number(root, "info/MB/min_bandwidth");
		info->num_closids = rdt_read_number(root, "info/MB/num_closids");
		stats->mem_bw_info = info;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The caches that are watched: directories mon_L3_NN, in the order of their names. */
static int list_caches(int mon_data, struct ocispec_arena *arena, const char **names, size_t *ret_n)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd_open_directory(mon_data, ".", &dir);
	const struct dirent *entry;
	size_t n = 0;

	if (r < 0)
		return r;
	while (n < MAX_CACHES && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "mon_L3_", 7) == 0) {
			names[n] = ocispec_strndup(arena, entry->d_name, strlen(entry->d_name));
			if (!names[n++])
				return -ENOMEM;
		}
	qsort(names, n, sizeof(*names), by_name);
	*ret_n = n;
	return 0;
}

static int read_use(int dir, struct ocispec_arena *arena, struct rdt_stats *stats)
{
	_cleanup_close_ int mon_data = openat(dir, "mon_data", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char **names = ocispec_alloc(arena, MAX_CACHES * sizeof(*names));
	size_t n = 0;
	int r;

	/* Not every machine can monitor. */
	if (mon_data < 0)
		return errno == ENOENT ? 0 : -errno;
	r = names ? list_caches(mon_data, arena, names, &n) : -ENOMEM;
	if (r < 0 || n == 0)
		return r;
	stats->mbm_stats = ocispec_alloc(arena, n * sizeof(*stats->mbm_stats));
	stats->cmt_stats = ocispec_alloc(arena, n * sizeof(*stats->cmt_stats));
	if (!stats->mbm_stats || !stats->cmt_stats)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		_cleanup_close_ int cache = openat(mon_data, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (cache < 0)
			continue;
		if (faccessat(cache, "mbm_total_bytes", F_OK, 0) == 0 ||
		    faccessat(cache, "mbm_local_bytes", F_OK, 0) == 0)
			stats->mbm_stats[stats->n_mbm_stats++] = (struct rdt_bandwidth_use){
				rdt_read_number(cache, "mbm_total_bytes"), rdt_read_number(cache, "mbm_local_bytes")};
		if (faccessat(cache, "llc_occupancy", F_OK, 0) == 0)
			stats->cmt_stats[stats->n_cmt_stats++] =
				(struct rdt_cache_use){rdt_read_number(cache, "llc_occupancy")};
	}
	if (stats->n_mbm_stats == 0)
		stats->mbm_stats = NULL;
	if (stats->n_cmt_stats == 0)
		stats->cmt_stats = NULL;
	return 0;
}

int rdt_stats_read(int root, const char *group, const char *id, bool monitor, struct ocispec_arena *arena,
		   struct rdt_stats *ret, struct err *err)
{
	bool is_root = strcmp(group, "/") == 0;
	_cleanup_close_ int dir = openat(root, is_root ? "." : group, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int monitored = -1;
	struct rdt_stats stats = {0};
	const char **of_root = NULL;
	size_t n_of_root = 0;
	char path[300];
	int r;

	if (dir < 0)
		return err_set(err, -errno, "open resctrl group %s", group);
	r = read_schemata(root, "schemata", arena, &of_root, &n_of_root, err);
	if (r == 0)
		r = read_schemata(dir, "schemata", arena, &stats.schemata, &stats.n_schemata, err);
	if (r < 0)
		return r;
	stats.l3_cache_schema_root = line_of(of_root, n_of_root, "L3");
	stats.l3_cache_schema = line_of(stats.schemata, stats.n_schemata, "L3");
	stats.mem_bw_schema_root = line_of(of_root, n_of_root, "MB");
	stats.mem_bw_schema = line_of(stats.schemata, stats.n_schemata, "MB");
	if (monitor) {
		snprintf(path, sizeof(path), "mon_groups/%s", id);
		monitored = openat(dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	r = read_info(root, arena, &stats);
	if (r == 0)
		r = read_use(monitored >= 0 ? monitored : dir, arena, &stats);
	if (r < 0)
		return err_set(err, r, "read the numbers of resctrl group %s", group);
	*ret = stats;
	return 0;
}
