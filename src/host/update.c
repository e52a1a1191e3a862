/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: other limits for a container that lives, all of them or none.
 *
 * The kernel is the only record of limits. Nothing of them is in the state file, and the saved configuration stays as
 * it was at create: exec takes the process from it and never the resources, and the next update completes its values
 * from what the cgroup's files say, whoever has written them.
 *
 * systemd is told first, since it writes its own idea of the limits at every reload; then the files are written, which
 * hold more than it has properties for.
 */
#include "base/log.h"
#include "base/mem.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/systemd/systemd.h"
#include "host/view.h"

#include <errno.h>
#include <string.h>

#define LOCK_MS 10000 /* for another turtle that works on this container */

struct update {
	const struct container *container;
	const struct oci_resources *resources;
	int fd; /* of the cgroup; -1: it has none */
	struct systemd systemd;
	struct plan_facts facts;
	struct ocispec_arena *arena;
	struct plan_cgroup plan;
};

static int check_living(const struct container *container, struct err *err)
{
	enum container_status status;
	int r;

	if (!container->has_state && container->load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = view_status(container, &status, NULL, err);
	if (r < 0)
		return r;
	/* Under the lock nobody is at a container in the making any more. */
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return err_msg(err, -ESRCH, "container not running");
	return 0;
}

static struct plan_unit plan_unit_of(const struct container_state *state)
{
	static const char slice[] = ".slice";
	const char *name = state->systemd_unit;
	size_t n = name ? strlen(name) : 0;

	return (struct plan_unit){.name = name,
				  .user = state->systemd_user,
				  .slice = n >= sizeof(slice) && strcmp(name + n - strlen(slice), slice) == 0};
}

static int make_plan(struct update *u, struct err *err)
{
	const struct container_state *state = &u->container->state;
	struct plan_current current = {0};
	int r;

	if (u->fd >= 0 && (r = cgroup_read_current(u->fd, &current, err)) < 0)
		return r;
	if (state->systemd_unit) {
		r = systemd_greet(&u->systemd, err);
		if (r < 0)
			return r;
		u->facts.systemd_user = u->systemd.user;
		u->facts.systemd_version = u->systemd.version;
		u->facts.systemd_cgroup = u->systemd.cgroup;
	}
	u->plan = (struct plan_cgroup){.enabled = true, .path = state->cgroup_path, .unit = plan_unit_of(state)};
	r = plan_update(u->resources, &current, &u->facts, u->arena, &u->plan, err);
	for (size_t i = 0; r == 0 && i < u->plan.n_warnings; i++)
		log_warning("%s", u->plan.warnings[i]);
	return r;
}

/* Without a cgroup nothing is limited, and so only limits are an error. */
static int refuse_limits(const struct plan_cgroup *plan, struct err *err)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (!plan->writes[i].optional) {
			const char *controller = plan->writes[i].controller;

			return err_msg(err, -EOPNOTSUPP,
				       "cannot set %s limit: container could not join or create cgroup",
				       controller ? controller : "cgroup");
		}
	return 0;
}

/* Tells systemd again what the files said before. */
static void put_unit_back(struct update *u, const struct cgroup_change *change, struct err *err)
{
	struct oci_pair *old = ocispec_alloc(u->arena, (2 * u->plan.n_writes + 1) * sizeof(*old));
	struct plan_cgroup back = {.unit = plan_unit_of(&u->container->state)};
	struct err why = {0};
	int r;

	r = old ? plan_update_back(old, cgroup_change_old(change, old), &u->facts, u->arena, &back, &why)
		: err_set(&why, -ENOMEM, "plan");
	if (r == 0 && back.unit.n_properties > 0)
		r = systemd_set(&u->systemd, &back.unit, &why);
	if (r < 0)
		err_hint(err, "unit %s could not be put back: %s", back.unit.name, why.msg);
}

static int change_limits(struct update *u, struct err *err)
{
	bool unit = u->plan.unit.n_properties > 0;
	struct cgroup_change change = {0};
	/* systemd switches on only the controllers that it knows, and a cgroup of the caller's has what it was given.
	 */
	int r = cgroup_provide(&u->plan, u->fd, err);

	if (r == 0)
		r = cgroup_change_begin(u->fd, &u->plan, &change, err);
	if (r < 0)
		return r;
	if (unit)
		r = systemd_set(&u->systemd, &u->plan.unit, err);
	if (r == 0)
		r = cgroup_change_write(&change, err);
	/* Also when systemd was the one that failed: an answer that was lost, or late, may have been a yes. */
	if (r < 0 && unit)
		put_unit_back(u, &change, err);
	/* With systemd any of them may have changed. */
	if (r < 0)
		cgroup_change_undo(&change, unit, err);
	cgroup_change_end(&change);
	return r;
}

/* A container without one is no error yet; one whose cgroup was taken away has no limits to change. */
static int open_cgroup(struct update *u, struct err *err)
{
	const struct container *container = u->container;
	const char *path = NULL;
	int r;

	if (!container->state.cgroup_path)
		return 0;
	r = claim_cgroup(container, &path, err);
	if (r < 0)
		return r;
	if (!path)
		return err_msg(err, -ENOENT, "cgroup %s of container %s is gone", container->state.cgroup_path,
			       container->id);
	u->fd = cgroup_open(path, err);
	return u->fd < 0 ? u->fd : 0;
}

static int update_container(struct update *u, struct err *err)
{
	const struct container_state *state = &u->container->state;
	int r = check_living(u->container, err);

	/* Started early: it connects while we read. */
	if (r == 0 && state->systemd_unit)
		r = systemd_open(state->systemd_user, &u->systemd, err);
	if (r == 0)
		r = open_cgroup(u, err);
	if (r == 0)
		r = make_plan(u, err);
	if (r < 0)
		return r;
	return u->fd < 0 ? refuse_limits(&u->plan, err) : change_limits(u, err);
}

int host_update(const struct host_options *options, const char *id, const struct oci_resources *resources,
		struct err *err)
{
	struct container container;
	struct update update = {.container = &container, .resources = resources, .fd = -1, .systemd = SYSTEMD_NONE};
	int r = view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, &container, err);

	if (r < 0)
		return r;
	update.arena = ocispec_arena_new();
	r = update.arena ? update_container(&update, err) : err_set(err, -ENOMEM, "update container %s", id);
	systemd_close(&update.systemd);
	cleanup_close(&update.fd);
	ocispec_arena_free(update.arena);
	container_close(&container);
	return r;
}
