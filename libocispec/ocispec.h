/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of the OCI runtime-spec 1.3.0 as C structs, for Linux.
 *
 * This header is the dictionary: one struct per JSON object, one field per property, named as in the spec
 * (camelCase becomes snake_case). It knows nothing of turtle. The conventions hold everywhere:
 *
 *   - a string is a const char *, NULL when the property is absent;
 *   - a list is a pair n_xs / xs: xs is NULL when the property is absent, non-NULL with n_xs == 0 when it is empty;
 *   - a map of strings is a list of struct oci_pair in the order of the file;
 *   - a nested object is a pointer, NULL when absent;
 *   - a scalar whose absence means something is one of the struct oci_opt_*; a plain bool is false when absent;
 *   - words of an enumeration stay strings here; who uses them, maps and judges them.
 *
 * Everything that a document holds lives in one arena and goes away with ocispec_arena_free(). Values are never
 * changed after parsing.
 *
 * Source: https://github.com/opencontainers/runtime-spec, config.md, config-linux.md, runtime.md, features.md.
 */
#ifndef OCISPEC_H
#define OCISPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
struct oci_opt_bool { bool set; bool value; };
struct oci_opt_i32  { bool set; int32_t value; };
struct oci_opt_u32  { bool set; uint32_t value; };
struct oci_opt_i64  { bool set; int64_t value; };
struct oci_opt_u64  { bool set; uint64_t value; };
/* clang-format on */

struct oci_pair {
	const char *key;
	const char *value;
};

/* ---- config.md: root, process, mounts, hooks ------------------------------------------------------------- */

struct oci_root {
	const char *path; /* required */
	bool readonly;
};

struct oci_box {
	uint32_t height; /* required */
	uint32_t width;  /* required */
};

struct oci_user {
	uint32_t uid; /* required */
	uint32_t gid; /* required */
	struct oci_opt_u32 umask;
	size_t n_additional_gids;
	uint32_t *additional_gids;
	const char *username; /* Windows only, kept because engines write it */
};

struct oci_rlimit {
	const char *type; /* required */
	uint64_t soft;    /* required */
	uint64_t hard;    /* required */
};

struct oci_capabilities {
	size_t n_bounding, n_effective, n_inheritable, n_permitted, n_ambient;
	const char **bounding, **effective, **inheritable, **permitted, **ambient;
};

struct oci_scheduler {
	const char *policy; /* required */
	struct oci_opt_i32 nice, priority;
	size_t n_flags;
	const char **flags;
	struct oci_opt_u64 runtime, deadline, period; /* ns */
};

struct oci_io_priority {
	const char *class_; /* required */
	struct oci_opt_i32 priority;
};

struct oci_exec_cpu_affinity {
	const char *initial, *final;
};

struct oci_process {
	bool terminal;
	struct oci_box *console_size;
	const char *cwd; /* required */
	size_t n_env;
	const char **env;
	size_t n_args;
	const char **args;
	const char *command_line; /* Windows only */
	struct oci_user *user;
	size_t n_rlimits;
	struct oci_rlimit *rlimits;
	struct oci_capabilities *capabilities;
	bool no_new_privileges;
	struct oci_opt_i32 oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
	const char *apparmor_profile;
	const char *selinux_label;
};

struct oci_id_mapping {
	uint32_t container_id; /* required */
	uint32_t host_id;      /* required */
	uint32_t size;         /* required */
};

struct oci_mount {
	const char *destination; /* required */
	const char *type;
	const char *source;
	size_t n_options;
	const char **options;
	size_t n_uid_mappings;
	struct oci_id_mapping *uid_mappings;
	size_t n_gid_mappings;
	struct oci_id_mapping *gid_mappings;
};

struct oci_hook {
	const char *path; /* required */
	size_t n_args;
	const char **args;
	size_t n_env;
	const char **env;
	struct oci_opt_i64 timeout; /* s */
};

struct oci_hooks {
	size_t n_prestart, n_create_runtime, n_create_container, n_start_container, n_poststart, n_poststop;
	struct oci_hook *prestart, *create_runtime, *create_container, *start_container, *poststart, *poststop;
};

/* ---- config-linux.md ------------------------------------------------------------------------------------- */

struct oci_namespace {
	const char *type; /* required */
	const char *path;
};

struct oci_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_time_offsets {
	struct oci_time_offset *monotonic, *boottime;
};

struct oci_device {
	const char *type; /* required */
	const char *path; /* required */
	struct oci_opt_i64 major, minor;
	struct oci_opt_u32 file_mode, uid, gid;
};

struct oci_net_device_entry {
	const char *host_name; /* the key of linux.netDevices */
	const char *name;
};

struct oci_device_cgroup {
	bool allow; /* required */
	const char *type;
	struct oci_opt_i64 major, minor;
	const char *access;
};

struct oci_resources_memory {
	struct oci_opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes */
	struct oci_opt_u64 swappiness;
	struct oci_opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_resources_cpu {
	struct oci_opt_u64 shares;
	struct oci_opt_i64 quota;  /* us */
	struct oci_opt_u64 burst;  /* us */
	struct oci_opt_u64 period; /* us */
	struct oci_opt_i64 realtime_runtime;
	struct oci_opt_u64 realtime_period;
	struct oci_opt_i64 idle;
	const char *cpus, *mems;
};

struct oci_resources_pids {
	struct oci_opt_i64 limit;
};

struct oci_weight_device {
	int64_t major, minor; /* required */
	struct oci_opt_u32 weight, leaf_weight;
};

struct oci_throttle_device {
	int64_t major, minor; /* required */
	uint64_t rate;        /* required */
};

struct oci_resources_block_io {
	struct oci_opt_u32 weight, leaf_weight;
	size_t n_weight_device;
	struct oci_weight_device *weight_device;
	size_t n_throttle_read_bps_device, n_throttle_write_bps_device;
	size_t n_throttle_read_iops_device, n_throttle_write_iops_device;
	struct oci_throttle_device *throttle_read_bps_device, *throttle_write_bps_device;
	struct oci_throttle_device *throttle_read_iops_device, *throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size; /* required */
	uint64_t limit;        /* required, bytes */
};

struct oci_interface_priority {
	const char *name;  /* required */
	uint32_t priority; /* required */
};

struct oci_resources_network {
	struct oci_opt_u32 class_id;
	size_t n_priorities;
	struct oci_interface_priority *priorities;
};

struct oci_rdma_entry {
	const char *device; /* the key of resources.rdma */
	struct oci_opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	size_t n_unified;
	struct oci_pair *unified;
	size_t n_devices;
	struct oci_device_cgroup *devices;
	struct oci_resources_memory *memory;
	struct oci_resources_cpu *cpu;
	struct oci_resources_pids *pids;
	struct oci_resources_block_io *block_io;
	size_t n_hugepage_limits;
	struct oci_hugepage_limit *hugepage_limits;
	struct oci_resources_network *network;
	size_t n_rdma;
	struct oci_rdma_entry *rdma;
};

struct oci_seccomp_arg {
	uint32_t index; /* required */
	uint64_t value; /* required */
	uint64_t value_two;
	const char *op; /* required */
};

struct oci_seccomp_rule {
	size_t n_names;
	const char **names; /* required */
	const char *action; /* required */
	struct oci_opt_u32 errno_ret;
	size_t n_args;
	struct oci_seccomp_arg *args;
};

struct oci_seccomp {
	const char *default_action; /* required */
	struct oci_opt_u32 default_errno_ret;
	size_t n_architectures;
	const char **architectures;
	size_t n_flags;
	const char **flags; /* NULL and empty differ, see compat C.5 of the spec's reading by runc */
	const char *listener_path, *listener_metadata;
	size_t n_syscalls;
	struct oci_seccomp_rule *syscalls;
};

struct oci_intel_rdt {
	const char *clos_id;
	size_t n_schemata;
	const char **schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	bool enable_monitoring, enable_cmt, enable_mbm;
};

struct oci_memory_policy {
	const char *mode; /* required */
	const char *nodes;
	size_t n_flags;
	const char **flags;
};

struct oci_personality {
	const char *domain; /* required */
	size_t n_flags;
	const char **flags;
};

struct oci_linux {
	size_t n_uid_mappings;
	struct oci_id_mapping *uid_mappings;
	size_t n_gid_mappings;
	struct oci_id_mapping *gid_mappings;
	size_t n_sysctl;
	struct oci_pair *sysctl;
	struct oci_resources *resources;
	const char *cgroups_path;
	size_t n_namespaces;
	struct oci_namespace *namespaces;
	size_t n_devices;
	struct oci_device *devices;
	size_t n_net_devices;
	struct oci_net_device_entry *net_devices;
	struct oci_seccomp *seccomp;
	const char *rootfs_propagation;
	size_t n_masked_paths;
	const char **masked_paths;
	size_t n_readonly_paths;
	const char **readonly_paths;
	const char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
};

struct oci_config {
	const char *oci_version; /* required */
	struct oci_process *process;
	struct oci_root *root;
	const char *hostname, *domainname;
	size_t n_mounts;
	struct oci_mount *mounts;
	struct oci_hooks *hooks;
	size_t n_annotations;
	struct oci_pair *annotations;
	struct oci_linux *linux_;
};

/* ---- runtime.md: state; config-linux.md: ContainerProcessState -------------------------------------------- */

struct oci_state {
	const char *oci_version; /* required */
	const char *id;          /* required */
	const char *status;      /* required */
	struct oci_opt_i32 pid;
	const char *bundle; /* required */
	size_t n_annotations;
	struct oci_pair *annotations;
};

struct oci_container_process_state {
	const char *oci_version; /* required */
	size_t n_fds;
	const char **fds; /* required */
	int32_t pid;      /* required */
	const char *metadata;
	struct oci_state *state; /* required */
};

/* ---- features.md ------------------------------------------------------------------------------------------ */

struct oci_features_cgroup {
	struct oci_opt_bool v1, v2, systemd, systemd_user, rdma;
};

struct oci_features_seccomp {
	struct oci_opt_bool enabled;
	size_t n_actions, n_operators, n_archs, n_known_flags, n_supported_flags;
	const char **actions, **operators, **archs, **known_flags, **supported_flags;
};

struct oci_features_enabled {
	struct oci_opt_bool enabled;
};

struct oci_features_intel_rdt {
	struct oci_opt_bool enabled, schemata, monitoring;
};

struct oci_features_memory_policy {
	size_t n_modes, n_flags;
	const char **modes, **flags;
};

struct oci_features_mount_extensions {
	struct oci_features_enabled *idmap;
};

struct oci_features_linux {
	size_t n_namespaces, n_capabilities;
	const char **namespaces, **capabilities;
	struct oci_features_cgroup *cgroup;
	struct oci_features_seccomp *seccomp;
	struct oci_features_enabled *apparmor, *selinux;
	struct oci_features_intel_rdt *intel_rdt;
	struct oci_features_memory_policy *memory_policy;
	struct oci_features_mount_extensions *mount_extensions;
	struct oci_features_enabled *net_devices;
};

struct oci_features {
	const char *oci_version_min, *oci_version_max; /* required */
	size_t n_hooks, n_mount_options, n_potentially_unsafe_config_annotations;
	const char **hooks, **mount_options, **potentially_unsafe_config_annotations;
	struct oci_features_linux *linux_;
	size_t n_annotations;
	struct oci_pair *annotations;
};

/* ---- Reading and writing ---------------------------------------------------------------------------------- */

#define OCISPEC_VERSION   "1.3.0"
#define OCISPEC_MAX_SIZE  (32u * 1024 * 1024)
#define OCISPEC_MAX_DEPTH 64

/* Bump allocator; every document, and what is derived from it, lives in one. */
struct ocispec_arena;
struct ocispec_arena *ocispec_arena_new(void);
void ocispec_arena_free(struct ocispec_arena *arena); /* accepts NULL */
void *ocispec_alloc(struct ocispec_arena *arena,
		    size_t size); /* zeroed, aligned for any type; NULL when out of memory */
char *ocispec_strndup(struct ocispec_arena *arena, const char *s, size_t n);

/* One error of a document. message is complete: "linux.mounts[2].type: expected a string (config.json:57:19)". */
struct ocispec_error {
	char path[512];        /* JSON path, "" for the document itself */
	unsigned line, column; /* 1-based; 0 when not tied to a place */
	char message[1024];
};

/* A JSON object as data: which keys it has and where each goes. See json.h for the table's form. */
struct ocispec_object;
extern const struct ocispec_object oci_hook_object, oci_hooks_object, oci_config_object, oci_process_object,
	oci_resources_object, oci_state_object, oci_container_process_state_object, oci_features_object;

/*
 * Parses the text of one document into *ret (a struct of the type that the object describes, allocated in arena).
 * name is how the document is called in messages ("config.json"). The text needs no terminating NUL.
 * Returns 0, -EINVAL (the document is bad: error says where), -EFBIG (over OCISPEC_MAX_SIZE) or -ENOMEM.
 */
int ocispec_parse(const struct ocispec_object *object, const char *text, size_t size, const char *name,
		  struct ocispec_arena *arena, void **ret, struct ocispec_error *error);

/* How ocispec_write lays a document out. */
enum ocispec_style {
	OCISPEC_COMPACT, /* one line, no spaces */
	OCISPEC_TABS,    /* one tab a level, as `spec` writes */
	OCISPEC_TWO,     /* two spaces a level, as `state` prints */
	OCISPEC_FOUR,    /* four spaces a level, as `features` prints */
};

/*
 * Writes a document (properties in the order of the tables; absent ones left out) into *ret, a NUL-terminated
 * string in arena without a trailing newline; *ret_size its length. Returns 0 or -ENOMEM.
 */
int ocispec_write(const struct ocispec_object *object, const void *document, enum ocispec_style style,
		  struct ocispec_arena *arena, char **ret, size_t *ret_size);

#endif
