/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share. Planning is one pass over the configuration: plan.c holds the order, each of the
 * other files decides one subject and adds to the two halves of the result, struct plan and the flat block.
 */
#ifndef TURTLE_PLAN_INTERNAL_H
#define TURTLE_PLAN_INTERNAL_H

#include "plan/plan.h"

#include <stdarg.h>

/*
 * The flat block under construction (build.c). Appending never fails visibly: the first failure is kept and everything
 * after it returns 0; block_error() tells at the end. Pointers into the block don't exist on purpose, since it moves
 * as it grows: tables are made outside and appended whole.
 */
struct block {
	struct ocispec_arena *arena;
	char *bytes;
	size_t used, room;
	int failed; /* negative errno */
};

/* Room for size bytes to begin with, struct init_plan included, which block_finish() fills in. */
void block_init(struct block *block, struct ocispec_arena *arena, size_t size);
plan_off block_bytes(struct block *block, const void *bytes, size_t size); /* 8-byte aligned */
plan_off block_string(struct block *block, const char *s);                 /* NULL becomes 0 */
struct plan_list block_table(struct block *block, const void *items, size_t n, size_t item_size);
struct plan_list block_strings(struct block *block, size_t n, const char *const *strings);
/* Whether all that was put there so far is there; else as block_finish(). */
int block_check(const struct block *block, struct err *err);
/* Puts init at offset 0 and gives the whole block; -ENOMEM, or -E2BIG where the offsets don't reach. */
int block_finish(struct block *block, struct init_plan *init, const struct init_plan **ret, size_t *ret_size,
		 struct err *err);

/* Text that grows, for documents (build.c): the same rules. */
struct text {
	struct ocispec_arena *arena;
	char *s; /* NUL-terminated, NULL when nothing was ever appended */
	size_t used, room;
	int failed;
};
void text_add(struct text *text, const char *s, size_t n);
void text_str(struct text *text, const char *s);
void text_u64(struct text *text, uint64_t n);
void text_i64(struct text *text, int64_t n);

/* vprintf into the arena; NULL when out of memory. */
char *plan_vprint(struct ocispec_arena *arena, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Paths as text (path.c). Both return NULL when out of memory. */
/* Absolute inside a root: "." and "" go, ".." takes the component before it and stops at the root. */
char *path_clean(struct ocispec_arena *arena, const char *path);
/* path where it is absolute, else below base; "." and "" go, ".." stays, since only the kernel knows the symlinks. */
char *path_below(struct ocispec_arena *arena, const char *base, const char *path);

struct planner {
	const struct oci_config *config;
	const struct plan_facts *facts;
	const struct plan_request *request;
	const struct plan_seccomp *seccomp; /* or NULL */
	struct ocispec_arena *arena;
	struct block block;
	struct init_plan init; /* becomes the head of the block */
	struct plan plan;
	uint64_t new_ns, joined_ns; /* CLONE_NEW* */
	size_t max_warnings;
	struct plan_idmap *idmaps; /* becomes the plan's */
	size_t max_idmaps;
};

/* Zeroed room for n items in the arena; NULL when out of memory, for which plan_no_memory() is the error. */
void *plan_alloc(struct planner *p, size_t n, size_t size);
int plan_no_memory(struct err *err) __attribute__((cold));

/* The value of an annotation, NULL when it isn't there. */
const char *plan_annotation(const struct planner *p, const char *key);

/* A warning of the plan; printf-like. Never fails: out of memory loses the warning, and the plan fails elsewhere. */
void plan_warn(struct planner *p, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* The steps, in the order of plan.c. */
int plan_namespaces(struct planner *p, struct err *err);
int plan_ids(struct planner *p, struct err *err);
int plan_root(struct planner *p, struct err *err);
int plan_mounts(struct planner *p, struct err *err);
int plan_devices(struct planner *p, struct err *err);
int plan_process(struct planner *p, struct err *err);
int plan_security(struct planner *p, struct err *err);
int plan_scheduling(struct planner *p, struct err *err);
int plan_hooks(struct planner *p, struct err *err);
int plan_network(struct planner *p, struct err *err);
int plan_rdt(struct planner *p, struct err *err);

/* exec.c's own kinds of two of them: the namespaces are there, and so are the maps. */
int plan_exec_namespaces(struct planner *p, uint64_t namespaces, struct err *err);
int plan_exec_ids(struct planner *p, bool setgroups_denied, struct err *err);
/* scheduling.c: process.execCPUAffinity, which is for an exec alone. */
int plan_affinity(struct planner *p, struct err *err);

/* Of the process when it gets a socket for sd_notify(3), which lies in notify_dir on the host. */
#define NOTIFY_VARIABLE "NOTIFY_SOCKET=/run/notify/notify.sock"

/* Whether the host opens the sources of all bind mounts and the root (sources.c). */
bool plan_passes_sources(const struct planner *p);

/*
 * Part of plan_mounts(): which trees the host makes; sets source_fd and rootfs_fd. candidates[i] is what would be
 * passed for mounts[i].
 */
int plan_sources(struct planner *p, struct plan_mount *mounts, const struct plan_source *candidates, size_t n,
		 struct err *err);

/*
 * Part of plan_mounts() (idmaps.c): what mounts[index] is id-mapped by, as an index into the plan's idmaps; -1: it is
 * not. option: "idmap", "ridmap", or one of them with its mappings ("idmap=..."); or NULL.
 */
int plan_idmap(struct planner *p, const struct oci_mount *entry, size_t index, const char *option, int *ret,
	       struct err *err);

/* cgroup.c: what is written where, and the cgroup's place. */
int plan_cgroup(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
		struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err);
/* resources.c: linux.resources without its devices, added to ret's writes, controllers and warnings. */
int plan_resources(const struct oci_resources *resources, struct ocispec_arena *arena, struct plan_cgroup *ret,
		   struct err *err);

/* unit.c: run.oci.systemd.subgroup and run.oci.delegate-cgroup, with either driver. */
int plan_subgroups(const struct oci_config *config, struct plan_cgroup *ret, struct err *err);
/*
 * unit.c: the systemd unit, its place in the tree and what it is told, from cgroupsPath, the resources and the
 * annotations; sets ret->unit and ret->path, and rounds the quotas of ret's writes to what systemd can express. After
 * plan_resources() and the device rules, which are in ret.
 */
int plan_unit(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
	      struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err);
/*
 * What `update` tells the unit: only the properties that these resources set. ret's writes, which plan_resources() has
 * put there, have their quotas rounded.
 */
int plan_unit_update(const struct oci_resources *resources, const struct plan_facts *facts, struct ocispec_arena *arena,
		     struct plan_cgroup *ret, struct err *err);

#endif
