/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resctrl: groups of tasks that share the caches and the memory bandwidth of the machine (linux.intelRdt). A group is a
 * directory; all functions but rdt_open() take the descriptor of the root, so that tests can have one of their own.
 * Nothing of this is touched for a container without linux.intelRdt.
 */
#ifndef TURTLE_HOST_RDT_H
#define TURTLE_HOST_RDT_H

#include "host/state/state.h"
#include "plan/plan.h"

#include <errno.h>

/* The mounted root; a descriptor that the caller owns. -ENODEV: none is mounted. */
int rdt_open(struct err *err);

/* The pure core of it: where a resctrl is mounted by the next such line of *mountinfo, which is cut. NULL: no more. */
const char *rdt_mount_point(char **mountinfo);

/*
 * Whether it is mounted in some mount namespace, where rdt_open() says not in ours: the groups stay then. Also true
 * when the kernel does not tell. The text is that of a /proc/PID/cpu_resctrl_groups.
 */
bool rdt_is_mounted_elsewhere(void);
bool rdt_tells_of_mount(const char *groups);

/* Before anything is made: whether the group is there, and whether what the plan says goes with that. */
int rdt_check(int root, const struct plan_rdt *plan, bool *ret_exists, struct err *err);

/*
 * Makes the group, unless it is there, with its schemata, and the group that monitors the container id. *ret_made: it
 * was not there; also set on failure.
 */
int rdt_make(int root, const struct plan_rdt *plan, const char *id, bool *ret_made, struct err *err);

/* Puts a task into the group and the one that monitors. */
int rdt_enter(int root, const char *group, const char *id, bool monitor, pid_t pid, struct err *err);

/*
 * The root, for what concerns a container's group; *ret is -1 where it has none, or where it can't have it any more:
 * resctrl is not mounted.
 */
int rdt_open_for(const struct container_state *state, int *ret, struct err *err);

/* What a container goes without where its group is gone: somebody has removed it, or unmounted all of resctrl. */
static inline bool rdt_is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* Removes the monitoring group, and with whole the group itself, if it has no tasks where only_empty says so. */
int rdt_remove(int root, const char *group, const char *id, bool monitor, bool whole, bool only_empty, struct err *err);

/* Writes lines of schemata; *ret_old, malloc'ed, is what was there. */
int rdt_set(int root, const char *group, const char *schemata, char **ret_old, struct err *err);

/* Whether the machine has what these schemata are about; texts of runc's update. */
int rdt_check_kinds(int root, bool cache, bool bandwidth, struct err *err);

/*
 * At the end of a container: removes what it alone had. Where resctrl is mounted for others only it can't, which is an
 * error, or with force a warning.
 */
int rdt_end(const struct container *container, bool force, struct err *err);

/* ---- numbers: rdt_stats.c ---- */

/* What the kernel says in a file below dir; 0 where it isn't there, or is no number: "Unavailable", "Error". */
uint64_t rdt_read_number(int dir, const char *path);

struct rdt_cache_info {
	const char *cbm_mask;
	uint64_t min_cbm_bits, num_closids;
};

struct rdt_bandwidth_info {
	uint64_t bandwidth_gran, delay_linear, min_bandwidth, num_closids;
};

/* One for each cache. */
struct rdt_bandwidth_use {
	uint64_t total_bytes, local_bytes;
};
struct rdt_cache_use {
	uint64_t llc_occupancy;
};

struct rdt_stats {
	struct rdt_cache_info *l3_cache_info;
	const char *l3_cache_schema_root, *l3_cache_schema;
	struct rdt_bandwidth_info *mem_bw_info;
	const char *mem_bw_schema_root, *mem_bw_schema;
	size_t n_schemata, n_mbm_stats, n_cmt_stats;
	const char **schemata;
	struct rdt_bandwidth_use *mbm_stats;
	struct rdt_cache_use *cmt_stats;
};

/* What *ret points to lives in arena. monitor: the numbers are those of the group that monitors id. */
int rdt_stats_read(int root, const char *group, const char *id, bool monitor, struct ocispec_arena *arena,
		   struct rdt_stats *ret, struct err *err);

#endif
