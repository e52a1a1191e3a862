/* SPDX-License-Identifier: Apache-2.0 */
/* See checkpoint.h. */
#include "plan/checkpoint.h"

#include "base/num.h"
#include "config/names.h"
#include "plan/mount_options.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

/* The host's path of a mount's source: opened by the host, or by init. */
static const char *source_of(const struct plan *plan, const struct plan_mount *m)
{
	if (m->source_fd >= 0 && (size_t)m->source_fd < plan->n_sources)
		return plan->sources[m->source_fd].path;
	return plan_str(plan->init, m->source);
}

/*
 * A mount of cgroup2 has the whole hierarchy behind it, whatever the container sees of it. CRIU would look for its root
 * among the container's mounts.
 */
static bool is_outside(const struct plan_mount *m)
{
	return m->kind == PLAN_MOUNT_BIND || m->kind == PLAN_MOUNT_CGROUP;
}

/* As init sets them: first those of the whole tree; what changes a mount that is there is an entry further down. */
static void take_attributes(const struct plan *plan, uint32_t at, struct plan_outside *ret)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);
	const plan_off destination = mounts[at].destination;

	for (uint32_t i = at; i < plan->init->mounts.n; i++) {
		const struct plan_mount *m = &mounts[i];

		if (i > at && (m->kind != PLAN_MOUNT_REMOUNT ||
			       strcmp(plan_str(plan->init, m->destination), plan_str(plan->init, destination)) != 0))
			continue;
		ret->attributes = (ret->attributes & ~m->rec_clr) | m->rec_set;
		ret->attributes = (ret->attributes & ~(m->attr_clr | m->attr_rest)) | m->attr_set;
		ret->below = (ret->below & ~m->rec_clr) | m->rec_set;
	}
}

/* Something else of the plan is mounted on top of it. */
static bool is_covered(const struct plan *plan, uint32_t at)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);

	for (uint32_t i = at + 1; i < plan->init->mounts.n; i++)
		if (mounts[i].kind != PLAN_MOUNT_REMOUNT && strcmp(plan_str(plan->init, mounts[i].destination),
								   plan_str(plan->init, mounts[at].destination)) == 0)
			return true;
	return false;
}

int plan_outside(const struct plan *plan, struct ocispec_arena *arena, struct plan_outside **ret, size_t *ret_n,
		 struct err *err)
{
	const struct init_plan *init = plan->init;
	const struct plan_mount *mounts = plan_items(init, init->mounts, struct plan_mount);
	const struct plan_device *devices = plan_items(init, init->devices, struct plan_device);
	struct plan_outside *list =
		ocispec_alloc(arena, (init->mounts.n + init->masked.n + init->devices.n + 1) * sizeof(*list));
	size_t n = 0;

	if (!list)
		return err_set(err, -ENOMEM, "plan the mounts of a checkpoint");
	for (uint32_t i = 0; i < init->mounts.n; i++) {
		const char *source = source_of(plan, &mounts[i]);

		if (!is_outside(&mounts[i]) || !source || is_covered(plan, i))
			continue;
		list[n] = (struct plan_outside){.inside = plan_str(init, mounts[i].destination),
						.source = source,
						.tree = mounts[i].flags & PLAN_MOUNT_RECURSIVE,
						.nofollow = mounts[i].flags & PLAN_MOUNT_SRC_NOFOLLOW,
						.cgroup = mounts[i].kind == PLAN_MOUNT_CGROUP,
						.place = true};
		take_attributes(plan, i, &list[n++]);
	}
	/* Nodes can't be made in a user namespace; the host's are bound. */
	for (uint32_t i = 0; i < init->devices.n && init->flags & PLAN_IN_USERNS; i++) {
		const char *path = plan_str(init, devices[i].path);

		list[n++] = (struct plan_outside){
			.inside = path, .source = path, .node = true, .attributes = PLAN_NODE_ATTRIBUTES};
	}
	for (uint32_t i = 0; i < init->masked.n; i++)
		list[n++] = (struct plan_outside){.inside = plan_str_item(init, init->masked, i),
						  .source = "/dev/null",
						  .mask = true,
						  .node = true,
						  .attributes = PLAN_NODE_ATTRIBUTES};
	*ret = list;
	*ret_n = n;
	return 0;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/';
}

const struct plan_mount *plan_mount_above(const struct plan *plan, uint32_t before, const char *path)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);
	const struct plan_mount *found = NULL;

	for (uint32_t i = 0; i < before && i < plan->init->mounts.n; i++) {
		const char *destination = plan_str(plan->init, mounts[i].destination);
		const char *best = found ? plan_str(plan->init, found->destination) : "";

		if (mounts[i].kind != PLAN_MOUNT_REMOUNT && is_below(path, destination) &&
		    strlen(destination) >= strlen(best))
			found = &mounts[i];
	}
	return found;
}

static bool is_mapped(const struct oci_mount *mount)
{
	if (mount->n_uid_mappings || mount->n_gid_mappings)
		return true;
	for (size_t i = 0; i < mount->n_options; i++)
		if (!strcmp(mount->options[i], "idmap") || !strcmp(mount->options[i], "ridmap") ||
		    !strncmp(mount->options[i], "idmap=", 6) || !strncmp(mount->options[i], "ridmap=", 7))
			return true;
	return false;
}

static int check_mounts(const struct oci_config *config, const struct plan *plan, struct err *err)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);

	for (size_t i = 0; i < config->n_mounts; i++)
		if (is_mapped(&config->mounts[i]))
			return err_msg(err, -ENOTSUP,
				       "mounts[%zu]: its ids are mapped, and CRIU would restore it without that", i);
	/* Of all that a mount itself can be, the one thing that CRIU doesn't know. */
	for (uint32_t i = 0; i < plan->init->mounts.n; i++)
		if ((mounts[i].attr_set | mounts[i].rec_set) & MOUNT_ATTR_NOSYMFOLLOW)
			return err_msg(err, -ENOTSUP,
				       "mounts[%u]: it is nosymfollow, and CRIU would restore it without that",
				       mounts[i].index);
	return 0;
}

/* What CRIU doesn't save or doesn't restore, so that processes would go on without it. */
static int check_process(const struct oci_config *config, const struct plan *plan, struct err *err)
{
	const struct oci_process *process = config->process;
	const char *policy = process && process->scheduler ? process->scheduler->policy : NULL;

	if (process && process->io_priority)
		return err_msg(err, -ENOTSUP, "process.ioPriority: CRIU doesn't save it");
	if (policy && strcmp(policy, "SCHED_DEADLINE") == 0)
		return err_msg(err, -ENOTSUP, "process.scheduler.policy: CRIU can't save SCHED_DEADLINE");
	if (config->linux_ && config->linux_->memory_policy)
		return err_msg(err, -ENOTSUP, "linux.memoryPolicy: CRIU doesn't save it");
	if (plan->init->flags & PLAN_SET_PERSONALITY && plan->init->personality != 0)
		return err_msg(err, -ENOTSUP, "linux.personality: CRIU doesn't restore it");
	return 0;
}

int plan_check_checkpoint(const struct oci_config *config, const struct plan *plan, struct err *err)
{
	const struct plan_join *joins = plan_items(plan->init, plan->init->joins, struct plan_join);
	int r = check_mounts(config, plan, err);

	if (r < 0)
		return r;
	if (plan->n_net_devices)
		return err_msg(err, -ENOTSUP, "linux.netDevices: CRIU can't save a network with devices of the host");
	if (config->linux_ && config->linux_->seccomp && config->linux_->seccomp->listener_path)
		return err_msg(err, -ENOTSUP,
			       "linux.seccomp.listenerPath: CRIU can't save a filter that somebody listens to");
	for (uint32_t i = 0; i < plan->init->joins.n; i++)
		if (joins[i].type & (CLONE_NEWNS | CLONE_NEWCGROUP))
			return err_msg(
				err, -ENOTSUP,
				"linux.namespaces: the %s namespace is that of %s, and CRIU can't restore into one",
				name_of_namespace(joins[i].type), plan_str(plan->init, joins[i].path));
	if (!(plan->init->flags & PLAN_NEW_MOUNTNS))
		return err_msg(err, -ENOTSUP,
			       "linux.namespaces: CRIU can't restore a container without a mount namespace of its own");
	return check_process(config, plan, err);
}

int plan_page_server(const char *text, struct ocispec_arena *arena, const char **ret_address, uint16_t *ret_port,
		     struct err *err)
{
	const char *colon = strrchr(text, ':'), *address = text;
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint32_t port;

	/* An address of IPv6 is put in brackets, to be told from its port. */
	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		address++;
		n -= 2;
	} else if (n && memchr(text, ':', n)) {
		n = 0;
	}
	if (n == 0 || num_u32(colon + 1, &port) < 0 || port == 0 || port > UINT16_MAX)
		return err_msg(err, -EINVAL, "Use --page-server ADDRESS:PORT to specify page server, not \"%s\"", text);
	*ret_address = ocispec_strndup(arena, address, n);
	*ret_port = (uint16_t)port;
	return *ret_address ? 0 : err_set(err, -ENOMEM, "--page-server");
}

int plan_lsm_profile(const char *text, struct err *err)
{
	const char *name = strchr(text, ':');

	if (name && name[1] && (!strncmp(text, "apparmor:", 9) || !strncmp(text, "selinux:", 8)))
		return 0;
	return err_msg(err, -EINVAL, "--lsm-profile: \"%s\" is not apparmor:PROFILE or selinux:LABEL", text);
}
