/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that `spec` writes: a shell on a terminal, in a read-only root, with few capabilities. */
#include "config/config.h"

#include "base/default_path.h"
#include "base/mem.h"

#include <string.h>

/* The document's fields are not const because a parser fills them; these are only read all the same. */
static const char *args[] = {"sh"};
static const char *env[] = {"PATH=" DEFAULT_PATH, "TERM=xterm"};
static const char *capabilities[] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};

static const char *dev_options[] = {"nosuid", "strictatime", "mode=755", "size=65536k"};
static const char *pts_options[] = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"};
static const char *shm_options[] = {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"};
static const char *mqueue_options[] = {"nosuid", "noexec", "nodev"};
static const char *sys_options[] = {"nosuid", "noexec", "nodev", "ro"};
static const char *sys_bind_options[] = {"rbind", "nosuid", "noexec", "nodev", "ro"};
static const char *cgroup_options[] = {"nosuid", "noexec", "nodev", "relatime", "ro"};

static const char *masked[] = {
	"/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys", "/proc/latency_stats",
	"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
};
static const char *readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

#define LIST(field, items) .n_##field = ARRAY_SIZE(items), .field = items

static const struct oci_mount mounts[] = {
	{.destination = "/proc", .type = "proc", .source = "proc"},
	{.destination = "/dev", .type = "tmpfs", .source = "tmpfs", LIST(options, dev_options)},
	{.destination = "/dev/pts", .type = "devpts", .source = "devpts", LIST(options, pts_options)},
	{.destination = "/dev/shm", .type = "tmpfs", .source = "shm", LIST(options, shm_options)},
	{.destination = "/dev/mqueue", .type = "mqueue", .source = "mqueue", LIST(options, mqueue_options)},
	{.destination = "/sys", .type = "sysfs", .source = "sysfs", LIST(options, sys_options)},
	{.destination = "/sys/fs/cgroup", .type = "cgroup", .source = "cgroup", LIST(options, cgroup_options)},
};

static const struct oci_namespace namespaces[] = {{.type = "pid"}, {.type = "network"}, {.type = "ipc"},
						  {.type = "uts"}, {.type = "mount"},   {.type = "cgroup"}};
static const struct oci_namespace rootless_namespaces[] = {{.type = "pid"},   {.type = "ipc"},    {.type = "uts"},
							   {.type = "mount"}, {.type = "cgroup"}, {.type = "user"}};

/* Everything of the document that is one object; the arena holds it with the document. */
struct document {
	struct oci_config config;
	struct oci_process process;
	struct oci_user user;
	struct oci_capabilities capabilities;
	struct oci_rlimit rlimit;
	struct oci_root root;
	struct oci_linux linux_;
	struct oci_resources resources;
	struct oci_device_cgroup device_rule;
	struct oci_id_mapping uid, gid;
	struct oci_mount mounts[ARRAY_SIZE(mounts)];
	struct oci_namespace namespaces[ARRAY_SIZE(namespaces)];
	const char *rootless_pts_options[ARRAY_SIZE(pts_options)];
};

static void fill_process(struct document *d)
{
	d->capabilities = (struct oci_capabilities){
		LIST(bounding, capabilities),
		LIST(effective, capabilities),
		LIST(permitted, capabilities),
	};
	d->rlimit = (struct oci_rlimit){.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024};
	d->process = (struct oci_process){
		.terminal = true,
		.user = &d->user,
		LIST(args, args),
		LIST(env, env),
		.cwd = "/",
		.capabilities = &d->capabilities,
		.n_rlimits = 1,
		.rlimits = &d->rlimit,
		.no_new_privileges = true,
	};
}

/*
 * Without privilege the ids of files and terminals can't be chosen, and sysfs needs a network namespace of its own. The
 * container's own cgroups cover those of the host, which come with the host's /sys.
 */
static void fill_rootless_mounts(struct document *d)
{
	size_t options = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pts_options); i++)
		if (strncmp(pts_options[i], "uid=", 4) != 0 && strncmp(pts_options[i], "gid=", 4) != 0)
			d->rootless_pts_options[options++] = pts_options[i];
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		d->mounts[i] = mounts[i];
		if (!strcmp(mounts[i].destination, "/sys")) {
			d->mounts[i] = (struct oci_mount){.destination = "/sys",
							  .type = "none",
							  .source = "/sys",
							  LIST(options, sys_bind_options)};
		} else if (mounts[i].options == pts_options) {
			d->mounts[i].options = d->rootless_pts_options;
			d->mounts[i].n_options = options;
		}
	}
	d->config.n_mounts = ARRAY_SIZE(mounts);
}

static void fill_linux(struct document *d, bool rootless, unsigned uid, unsigned gid)
{
	d->linux_ = (struct oci_linux){
		.namespaces = d->namespaces,
		.n_namespaces = rootless ? ARRAY_SIZE(rootless_namespaces) : ARRAY_SIZE(namespaces),
		LIST(masked_paths, masked),
		LIST(readonly_paths, readonly),
	};
	memcpy(d->namespaces, rootless ? rootless_namespaces : namespaces,
	       d->linux_.n_namespaces * sizeof(*d->namespaces));
	if (!rootless) {
		d->device_rule = (struct oci_device_cgroup){.allow = false, .access = "rwm"};
		d->resources = (struct oci_resources){.n_devices = 1, .devices = &d->device_rule};
		d->linux_.resources = &d->resources;
		return;
	}
	d->uid = (struct oci_id_mapping){.host_id = uid, .size = 1};
	d->gid = (struct oci_id_mapping){.host_id = gid, .size = 1};
	d->linux_.n_uid_mappings = d->linux_.n_gid_mappings = 1;
	d->linux_.uid_mappings = &d->uid;
	d->linux_.gid_mappings = &d->gid;
}

struct oci_config *config_default(struct ocispec_arena *arena, bool rootless, unsigned uid, unsigned gid)
{
	struct document *d = ocispec_alloc(arena, sizeof(*d));

	if (!d)
		return NULL;
	fill_process(d);
	d->root = (struct oci_root){.path = "rootfs", .readonly = true};
	d->config = (struct oci_config){
		.oci_version = OCISPEC_VERSION,
		.process = &d->process,
		.root = &d->root,
		.hostname = "turtle",
		.mounts = d->mounts,
		.linux_ = &d->linux_,
	};
	if (rootless) {
		fill_rootless_mounts(d);
	} else {
		memcpy(d->mounts, mounts, sizeof(mounts));
		d->config.n_mounts = ARRAY_SIZE(mounts);
	}
	fill_linux(d, rootless, uid, gid);
	return &d->config;
}
