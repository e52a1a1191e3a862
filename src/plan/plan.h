/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: everything that turtle will do for a container, decided before the first kernel object is made. It is a
 * pure function of the configuration and of a few facts about the host, so it can be dumped and compared (dump.c,
 * tests/golden), and nothing after it needs to look at OCI structs again.
 *
 * This struct is the host's half; init points to the other half, which turtle-init reads (init_plan.h).
 */
#ifndef TURTLE_PLAN_PLAN_H
#define TURTLE_PLAN_PLAN_H

#include "base/err.h"
#include "ocispec.h"
#include "plan/init_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sock_filter;

/* In the container: where the directory with the socket for sd_notify(3) is bound. */
#define PLAN_NOTIFY_DIR "/run/notify"

/* What the plan may depend on besides the configuration. Gathered once, by host/facts.c; tests make it up. */
struct plan_facts {
	uid_t euid;
	gid_t egid;
	bool cap_sys_admin;       /* in the effective set of the caller */
	bool in_userns;           /* the caller itself is not in the initial user namespace */
	bool setgroups_denied;    /* and in that one setgroups(2) is denied: /proc/self/setgroups */
	uint64_t caps_bounding;   /* mask */
	uint32_t cap_last;        /* highest capability that the kernel knows */
	const char *own_cgroup;   /* the caller's cgroup2 path, "/" based */
	const char *cgroup_mount; /* where cgroup2 is mounted, e.g. /sys/fs/cgroup; NULL when there is none */
	/* Only with the systemd driver, from the manager that is asked (host/systemd): */
	bool systemd_user;        /* the user's manager, not the system's */
	uint32_t systemd_version; /* its major version, e.g. 257 */
	const char
		*systemd_cgroup; /* its cgroup, below which its slices are; "/" or "/user.slice/…/user@1000.service" */
};

/* What the command line says. */
struct plan_request {
	const char *id;
	const char *bundle; /* absolute */
	bool no_pivot;
	bool no_new_keyring;
	bool listen;            /* create: the start comes over the listening socket */
	uint32_t preserve_fds;  /* --preserve-fds, plus LISTEN_FDS */
	uint32_t listen_fds;    /* LISTEN_FDS alone: what socket activation passes, sd_listen_fds(3) */
	const char *notify_dir; /* where the socket for sd_notify(3) will be, absolute; NULL: nobody is to be told */
	bool cgroup_disabled;   /* --cgroup-manager=disabled */
	bool cgroup_systemd;    /* --systemd-cgroup */
	/* --rootless: whether a lack of permission for the cgroup is to be borne; AUTO goes by the facts. */
	enum { PLAN_ROOTLESS_AUTO, PLAN_ROOTLESS_TRUE, PLAN_ROOTLESS_FALSE } rootless;
};

/* The compiled seccomp filter (host/seccomp.c makes or loads it before planning). */
struct plan_seccomp {
	const struct sock_filter *filter;
	uint32_t len;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	bool may_deny_write;
	/*
	 * With SECCOMP_FILTER_FLAG_NEW_LISTENER: the socket of the agent that gets the listener, and what is told to it
	 * (may be NULL). The host's business alone.
	 */
	const char *agent, *agent_metadata;
};

/* One write into the container's cgroup directory. */
struct plan_cgroup_write {
	const char *file; /* "memory.max" */
	const char *value;
	const char *controller; /* "memory"; NULL for core files (cgroup.*) */
	const char *property;   /* JSON path for messages: "linux.resources.memory.limit" */
	bool optional;          /* a missing file is no error (unlimited values) */
	bool fallback;          /* only where the file of the write before is missing */
	bool tentative;         /* EINVAL is no error: a later write of the same value decides */
};

/* A property of a systemd unit. The value is GVariant text with its type ("uint64 5"), parsed by turtle-systemd. */
struct plan_unit_property {
	const char *name, *value;
};

/* The unit that systemd makes for the container; the limits stand in it as well as in the cgroup's files. */
struct plan_unit {
	const char *name; /* "PREFIX-NAME.scope", or a slice; NULL without the systemd driver */
	bool slice;       /* a slice: systemd puts no process in it */
	bool user;        /* of the user's manager */
	size_t n_properties;
	const struct plan_unit_property *properties; /* PIDs excepted, which is known later */
};

struct plan_cgroup {
	bool enabled;     /* false with --cgroup-manager=disabled */
	bool optional;    /* rootless without limits and without cgroupsPath: no permission is no error */
	bool rootless;    /* rootless without cgroupsPath: what a lack of permission is blamed on */
	const char *path; /* below the cgroup2 mount, "/" based and cleaned; with systemd the unit's */
	struct plan_unit unit;
	/* run.oci.systemd.subgroup: the child of path that the container's processes are in; or NULL */
	const char *subgroup;
	/* run.oci.delegate-cgroup: a child of that one, without limits, for init once its cgroup namespace is made */
	const char *delegate;
	size_t n_writes;
	struct plan_cgroup_write *writes; /* in the order in which to write */
	uint32_t controllers;             /* bits of enum plan_controller that must be enabled down to the cgroup */
	bool has_devices;                 /* a device program is to be attached */
	size_t n_device_rules;
	struct oci_device_cgroup *device_rules; /* as in the config; the defaults are appended by host/cgroup */
	bool chown;                             /* delegation rule of config-linux.md */
	uid_t chown_uid;                        /* host id */
	bool unprivileged;     /* the kernel may refuse device programs and chown to this caller: no error */
	bool check_memory;     /* memory.checkBeforeUpdate: refuse limits below the usage */
	uint64_t memory_limit; /* for check_memory, bytes; 0 = none or unlimited */
	uint64_t memory_swap;  /* the same, memory and swap together */
	size_t n_warnings;     /* properties that do nothing with cgroup v2; plan_make appends them to the plan's */
	const char **warnings;
};

enum plan_controller {
	PLAN_CTRL_CPU = 1 << 0,
	PLAN_CTRL_CPUSET = 1 << 1,
	PLAN_CTRL_IO = 1 << 2,
	PLAN_CTRL_MEMORY = 1 << 3,
	PLAN_CTRL_PIDS = 1 << 4,
	PLAN_CTRL_HUGETLB = 1 << 5,
	PLAN_CTRL_RDMA = 1 << 6,
	PLAN_CTRL_MISC = 1 << 7,
};

/* A user namespace whose mappings mounts get: one of the joins, or a new one with these maps. */
struct plan_idmap {
	int join; /* index among the joins; -1: the maps */
	size_t n_uid_map, n_gid_map;
	const struct oci_id_mapping *uid_map, *gid_map;
};

/* A detached tree: a copy of what is at path, or, where fstype is given, a new file system. */
struct plan_source {
	const char *path; /* of a new file system: its source, or NULL */
	bool recursive, nofollow;
	bool slave;         /* becomes a slave of its peer group, as everything in the container's mount namespace
			       would */
	const char *fstype; /* made by the host only where it is to be id-mapped */
	size_t n_data;      /* of a new file system: its parameters, "key" or "key=value" */
	const char *const *data;
	int idmap; /* index among the plan's idmaps, or -1 */
	bool idmap_recursive;
	uint32_t index; /* in config's mounts, for messages; PLAN_INDEX_NOTIFY, or PLAN_INDEX_ROOT */
};

/* The group of resctrl that the container's processes are in. */
struct plan_rdt {
	const char *group; /* a directory below the root; "/": the root; NULL: linux.intelRdt is not given */
	bool named;        /* by closID: others may be in it; else it is the container's own, with its id */
	bool needs_cache, needs_bandwidth; /* l3CacheSchema, memBwSchema are given */
	const char *schema;                /* lines of these two; NULL: none */
	const char *schemata;              /* further lines; NULL: none */
	bool monitor;                      /* a monitoring group mon_groups/ID below the group */
};

struct plan {
	/* clone and namespaces */
	uint64_t clone_flags; /* CLONE_NEW* for the first clone3 (0 of them when there is a stage) */
	bool stage;           /* one intermediate process is needed */
	size_t n_joins;
	const struct plan_join_path {
		uint32_t type; /* CLONE_NEW* */
		const char *path;
	} * joins;             /* same order as init->joins */
	uint64_t join_not_own; /* CLONE_NEW* among the joins that must not turn out to be the caller's own namespace:
				  the configuration changes something in them (sysctls, host name), which would change
				  the host */
	bool new_userns, in_userns;
	bool deny_setgroups; /* write "deny" to /proc/PID/setgroups before the gid map */
	size_t n_uid_map, n_gid_map;
	const struct oci_id_mapping *uid_map, *gid_map; /* of the new user namespace, to be written */
	/* The maps that the configuration expects of a user namespace that is joined; none = not given. */
	size_t n_joined_uid_map, n_joined_gid_map;
	const struct oci_id_mapping *joined_uid_map, *joined_gid_map;

	/*
	 * Trees that the host makes and passes, in this order. With a user namespace and a privileged caller these are
	 * the root and the sources of all bind mounts (the mapped root may not reach them); in any case the id-mapped
	 * mounts, since it takes privileges over their file systems. Empty otherwise.
	 */
	size_t n_sources;
	const struct plan_source *sources;
	/* As whom a source is tried that the caller may not reach: the container's root and its user, by host ids. */
	size_t n_openers;
	struct plan_opener {
		uint32_t uid, gid;
	} openers[2];
	/* What id-mapped mounts are mapped by, each once however many mounts share it. */
	size_t n_idmaps;
	const struct plan_idmap *idmaps;

	/* Network devices of the runtime's namespace that go into the container's. */
	size_t n_net_devices;
	const struct plan_net_device {
		const char *host_name, *name; /* here and there */
		bool pattern;                 /* name has a %d, of which the kernel makes a free name */
	} * net_devices;

	const char *rootfs; /* absolute host path */
	struct plan_cgroup cgroup;
	struct plan_rdt rdt;
	struct oci_opt_i32 oom_score_adj;
	size_t n_rlimits;
	const struct plan_rlimit *rlimits; /* those that the host sets with prlimit(2) (user namespaces) */
	bool terminal;
	bool notify;           /* the process gets a NOTIFY_SOCKET: notify_dir is among the mounts */
	size_t n_initial_cpus; /* bytes; exec: the CPUs that turtle binds itself to before the process is made */
	const uint8_t *initial_cpus;
	const struct oci_hooks *hooks; /* NULL or the config's, for the kinds that run on the host */
	const char *oci_version;
	size_t n_annotations;
	const struct oci_pair *annotations;
	size_t n_warnings;
	const char **warnings; /* what was taken note of and changes nothing; logged by the host at debug level */

	const struct init_plan *init; /* in the same arena */
	size_t init_size;
};

/*
 * Plans a container. config must have passed config_validate(). seccomp may be NULL. Everything in the result lives in
 * arena or in config. Returns 0 or a negative errno with err set.
 */
int plan_make(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
	      const struct plan_seccomp *seccomp, struct ocispec_arena *arena, struct plan *ret, struct err *err);

/* What there is to know of a container and of the command line, for another process in it. */
struct plan_exec_request {
	const char *id;
	uint64_t namespaces;   /* CLONE_NEW* of those of its namespaces that are not the caller's own, to be entered */
	bool setgroups_denied; /* setgroups(2) is denied in its user namespace */
	bool no_new_keyring;   /* it was created without a session keyring */
	bool await_cgroup;     /* systemd moves the process into the container's cgroup */
	uint32_t preserve_fds;
};

/*
 * Plans a process for a container that is there: of ret only what such a process needs is set. config is the
 * container's own with the new process in it. The descriptors to pass: the namespaces of init->joins in that order,
 * then the container's root where rootfs_fd is not negative, then the host's procfs.
 */
int plan_exec(const struct oci_config *config, const struct plan_facts *facts, const struct plan_exec_request *request,
	      const struct plan_seccomp *seccomp, struct ocispec_arena *arena, struct plan *ret, struct err *err);

/* What the files of a living cgroup say that an update has to go by. */
struct plan_current {
	bool has_cpu_max;
	int64_t cpu_quota; /* us; -1: none */
	uint64_t cpu_period, cpu_burst;
	bool cpu_idle;
	int64_t memory_max; /* bytes; 0: none, or no such file */
};

/*
 * The lines of l3CacheSchema and memBwSchema, either of which may be NULL, as they are written; *ret is NULL where
 * there are none.
 */
int plan_rdt_schema(const char *l3_cache_schema, const char *mem_bw_schema, struct ocispec_arena *arena,
		    const char **ret, struct err *err);

/*
 * Plans an update: of ret path and unit's name, slice and user are the caller's, the writes and the unit's properties
 * are added. plan_update_back() plans the properties that put the unit back to what the files said, by name of file.
 */
int plan_update(const struct oci_resources *resources, const struct plan_current *current,
		const struct plan_facts *facts, struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err);
int plan_update_back(const struct oci_pair *old, size_t n, const struct plan_facts *facts, struct ocispec_arena *arena,
		     struct plan_cgroup *ret, struct err *err);

/* Writes the plan as JSON (stable order, one fact a line) into *ret, in arena. For golden tests and --debug. */
int plan_dump(const struct plan *plan, struct ocispec_arena *arena, char **ret, struct err *err);

#endif
