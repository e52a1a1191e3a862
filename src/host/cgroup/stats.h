/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup (v2) uses, as numbers: its files in one struct, shaped as `events` prints it. The parsers are pure and
 * take the text of one file; unknown keys and lines that make no sense are passed over, since every kernel adds some.
 *
 * What a cgroup has no file for is 0, an empty list, or a NULL pressure: a controller that is not there, a kernel
 * without that file. Times are nanoseconds, sizes bytes; UINT64_MAX is "no limit".
 */
#ifndef TURTLE_HOST_CGROUP_STATS_H
#define TURTLE_HOST_CGROUP_STATS_H

#include "base/err.h"
#include "json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_pressure_line {
	double avg10, avg60, avg300; /* percent */
	uint64_t total;              /* microseconds, as the kernel has it */
};

/* Pressure stall information: the share of time in which some, or all, tasks waited for the resource. */
struct stats_pressure {
	struct stats_pressure_line some, full;
};

struct stats_cpu_usage {
	uint64_t total, kernel, user;
};

struct stats_throttling {
	uint64_t periods, throttled_periods, throttled_time;
};

struct stats_cpu {
	struct stats_cpu_usage usage;
	struct stats_throttling throttling;
	struct stats_pressure *pressure;
};

struct stats_memory_use {
	uint64_t limit, usage, max, failcnt;
};

struct stats_memory {
	uint64_t cache;
	struct stats_memory_use usage;
	struct stats_memory_use swap;               /* memory and swap together, as cgroup v1 had it */
	struct stats_memory_use kernel, kernel_tcp; /* cgroup v2 has no such limits: always 0 */
	size_t n_raw;
	struct ocispec_count *raw; /* memory.stat */
	struct stats_pressure *pressure;
};

struct stats_pids {
	uint64_t current, limit; /* 0: no limit */
};

struct stats_io_entry {
	uint64_t major, minor;
	const char *op;
	uint64_t value;
};

struct stats_io {
	size_t n_bytes, n_requests;
	struct stats_io_entry *bytes, *requests;
	struct stats_pressure *pressure;
};

struct stats_hugetlb {
	const char *size; /* "2MB" */
	uint64_t usage, max, failcnt;
};

struct cgroup_stats {
	struct stats_cpu cpu;
	struct stats_memory memory;
	struct stats_pids pids;
	struct stats_io io;
	size_t n_hugetlb;
	struct stats_hugetlb *hugetlb; /* in the order of their names */
};

/*
 * Reads them all. fd: of the cgroup; path: how messages call it. What *ret points to lives in arena. -ENODEV: the
 * cgroup is gone.
 */
int cgroup_stats_read(int fd, const char *path, struct ocispec_arena *arena, struct cgroup_stats *ret, struct err *err);

/* A file of one number, or "max". 0, -EINVAL or -ERANGE. */
int stats_parse_value(const char *text, uint64_t *ret);

/* The number behind key in lines of "key value"; false when there is none. */
bool stats_parse_key(const char *text, const char *key, uint64_t *ret);

/* cpu.stat */
void stats_parse_cpu(const char *text, struct stats_cpu *ret);

/* *.pressure. False: nothing of it is there. */
bool stats_parse_pressure(const char *text, struct stats_pressure *ret);

/* memory.stat. 0 or -ENOMEM. */
int stats_parse_memory(const char *text, struct ocispec_arena *arena, struct stats_memory *ret);

/* io.stat. 0 or -ENOMEM. */
int stats_parse_io(const char *text, struct ocispec_arena *arena, struct stats_io *ret);

/* The page size in the name of a file hugetlb.SIZE.current; 0 when it is another file. */
size_t stats_hugetlb_size(const char *file, const char **ret);

/* Memory and swap as one: what is used is added up, and so are the limits, unless one of them is none. */
void stats_combine_swap(const struct stats_memory_use *memory, const struct stats_memory_use *swap,
			struct stats_memory_use *ret);

#endif
