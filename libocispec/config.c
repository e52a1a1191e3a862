/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of config.md: the document itself, root, process, mounts and hooks. The order is the one of writing. */
#include "internal.h"

static const struct ocispec_property root_properties[] = {
	OCISPEC_FIELD(struct oci_root, path, "path", .required = true),
	OCISPEC_FIELD(struct oci_root, readonly, "readonly"),
};
static const struct ocispec_object root_object = OCISPEC_OBJECT(struct oci_root, root_properties);

static const struct ocispec_property box_properties[] = {
	OCISPEC_FIELD(struct oci_box, height, "height", .required = true),
	OCISPEC_FIELD(struct oci_box, width, "width", .required = true),
};
static const struct ocispec_object box_object = OCISPEC_OBJECT(struct oci_box, box_properties);

static const struct ocispec_property user_properties[] = {
	OCISPEC_FIELD(struct oci_user, uid, "uid", .required = true),
	OCISPEC_FIELD(struct oci_user, gid, "gid", .required = true),
	OCISPEC_FIELD(struct oci_user, umask, "umask"),
	OCISPEC_LIST(struct oci_user, additional_gids, "additionalGids"),
	OCISPEC_FIELD(struct oci_user, username, "username"),
};
static const struct ocispec_object user_object = OCISPEC_OBJECT(struct oci_user, user_properties);

static const struct ocispec_property rlimit_properties[] = {
	OCISPEC_FIELD(struct oci_rlimit, type, "type", .required = true),
	OCISPEC_FIELD(struct oci_rlimit, hard, "hard", .required = true),
	OCISPEC_FIELD(struct oci_rlimit, soft, "soft", .required = true),
};
static const struct ocispec_object rlimit_object = OCISPEC_OBJECT(struct oci_rlimit, rlimit_properties);

static const struct ocispec_property capabilities_properties[] = {
	OCISPEC_LIST(struct oci_capabilities, bounding, "bounding"),
	OCISPEC_LIST(struct oci_capabilities, effective, "effective"),
	OCISPEC_LIST(struct oci_capabilities, inheritable, "inheritable"),
	OCISPEC_LIST(struct oci_capabilities, permitted, "permitted"),
	OCISPEC_LIST(struct oci_capabilities, ambient, "ambient"),
};
static const struct ocispec_object capabilities_object =
	OCISPEC_OBJECT(struct oci_capabilities, capabilities_properties);

static const struct ocispec_property scheduler_properties[] = {
	OCISPEC_FIELD(struct oci_scheduler, policy, "policy", .required = true),
	OCISPEC_FIELD(struct oci_scheduler, nice, "nice"),
	OCISPEC_FIELD(struct oci_scheduler, priority, "priority"),
	OCISPEC_LIST(struct oci_scheduler, flags, "flags"),
	OCISPEC_FIELD(struct oci_scheduler, runtime, "runtime"),
	OCISPEC_FIELD(struct oci_scheduler, deadline, "deadline"),
	OCISPEC_FIELD(struct oci_scheduler, period, "period"),
};
static const struct ocispec_object scheduler_object = OCISPEC_OBJECT(struct oci_scheduler, scheduler_properties);

static const struct ocispec_property io_priority_properties[] = {
	OCISPEC_FIELD(struct oci_io_priority, class_, "class", .required = true),
	OCISPEC_FIELD(struct oci_io_priority, priority, "priority"),
};
static const struct ocispec_object io_priority_object = OCISPEC_OBJECT(struct oci_io_priority, io_priority_properties);

static const struct ocispec_property exec_cpu_affinity_properties[] = {
	OCISPEC_FIELD(struct oci_exec_cpu_affinity, initial, "initial"),
	OCISPEC_FIELD(struct oci_exec_cpu_affinity, final, "final"),
};
static const struct ocispec_object exec_cpu_affinity_object =
	OCISPEC_OBJECT(struct oci_exec_cpu_affinity, exec_cpu_affinity_properties);

static const struct ocispec_property process_properties[] = {
	OCISPEC_FIELD(struct oci_process, terminal, "terminal"),
	OCISPEC_SUB(struct oci_process, console_size, "consoleSize", &box_object),
	OCISPEC_SUB(struct oci_process, user, "user", &user_object),
	OCISPEC_LIST(struct oci_process, args, "args"),
	OCISPEC_FIELD(struct oci_process, command_line, "commandLine"),
	OCISPEC_LIST(struct oci_process, env, "env"),
	OCISPEC_FIELD(struct oci_process, cwd, "cwd", .required = true),
	OCISPEC_SUB(struct oci_process, capabilities, "capabilities", &capabilities_object),
	OCISPEC_SUBS(struct oci_process, rlimits, "rlimits", &rlimit_object),
	OCISPEC_FIELD(struct oci_process, no_new_privileges, "noNewPrivileges"),
	OCISPEC_FIELD(struct oci_process, apparmor_profile, "apparmorProfile"),
	OCISPEC_FIELD(struct oci_process, oom_score_adj, "oomScoreAdj"),
	OCISPEC_SUB(struct oci_process, scheduler, "scheduler", &scheduler_object),
	OCISPEC_FIELD(struct oci_process, selinux_label, "selinuxLabel"),
	OCISPEC_SUB(struct oci_process, io_priority, "ioPriority", &io_priority_object),
	OCISPEC_SUB(struct oci_process, exec_cpu_affinity, "execCPUAffinity", &exec_cpu_affinity_object),
};
const struct ocispec_object oci_process_object = OCISPEC_OBJECT(struct oci_process, process_properties);

static const struct ocispec_property mount_properties[] = {
	OCISPEC_FIELD(struct oci_mount, destination, "destination", .required = true),
	OCISPEC_FIELD(struct oci_mount, type, "type"),
	OCISPEC_FIELD(struct oci_mount, source, "source"),
	OCISPEC_LIST(struct oci_mount, options, "options"),
	OCISPEC_SUBS(struct oci_mount, uid_mappings, "uidMappings", &ocispec_id_mapping_object),
	OCISPEC_SUBS(struct oci_mount, gid_mappings, "gidMappings", &ocispec_id_mapping_object),
};
static const struct ocispec_object mount_object = OCISPEC_OBJECT(struct oci_mount, mount_properties);

static const struct ocispec_property hook_properties[] = {
	OCISPEC_FIELD(struct oci_hook, path, "path", .required = true),
	OCISPEC_LIST(struct oci_hook, args, "args"),
	OCISPEC_LIST(struct oci_hook, env, "env"),
	OCISPEC_FIELD(struct oci_hook, timeout, "timeout"),
};
const struct ocispec_object oci_hook_object = OCISPEC_OBJECT(struct oci_hook, hook_properties);

static const struct ocispec_property hooks_properties[] = {
	OCISPEC_SUBS(struct oci_hooks, prestart, "prestart", &oci_hook_object),
	OCISPEC_SUBS(struct oci_hooks, create_runtime, "createRuntime", &oci_hook_object),
	OCISPEC_SUBS(struct oci_hooks, create_container, "createContainer", &oci_hook_object),
	OCISPEC_SUBS(struct oci_hooks, start_container, "startContainer", &oci_hook_object),
	OCISPEC_SUBS(struct oci_hooks, poststart, "poststart", &oci_hook_object),
	OCISPEC_SUBS(struct oci_hooks, poststop, "poststop", &oci_hook_object),
};
const struct ocispec_object oci_hooks_object = OCISPEC_OBJECT(struct oci_hooks, hooks_properties);

static const struct ocispec_property config_properties[] = {
	OCISPEC_FIELD(struct oci_config, oci_version, "ociVersion", .required = true),
	OCISPEC_SUB(struct oci_config, process, "process", &oci_process_object),
	OCISPEC_SUB(struct oci_config, root, "root", &root_object),
	OCISPEC_FIELD(struct oci_config, hostname, "hostname"),
	OCISPEC_FIELD(struct oci_config, domainname, "domainname"),
	OCISPEC_SUBS(struct oci_config, mounts, "mounts", &mount_object),
	OCISPEC_SUB(struct oci_config, hooks, "hooks", &oci_hooks_object),
	OCISPEC_LIST(struct oci_config, annotations, "annotations"),
	OCISPEC_SUB(struct oci_config, linux_, "linux", &ocispec_linux_object),
};
const struct ocispec_object oci_config_object = OCISPEC_OBJECT(struct oci_config, config_properties);
