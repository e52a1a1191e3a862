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
#include "host/rdt.h"
#include "host/systemd/systemd.h"
#include "host/view.h"

#include <errno.h>
#include <string.h>

#define LOCK_MS 10000 /* for another turtle that works on this container */

struct update {
	struct container *container;
	const struct update_request *request;
	int fd; /* of the cgroup; -1: it has none */
	struct systemd systemd;
	struct plan_facts facts;
	struct ocispec_arena *arena;
	struct plan_cgroup plan;
	int rdt_fd;    /* the root of resctrl; -1 as long as nothing is changed there */
	char *rdt_old; /* what the group's schemata were, or NULL; owned */
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
	r = plan_update(u->request->resources, &current, &u->facts, u->arena, &u->plan, err);
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

/* ---- resctrl ----------------------------------------------------------------------------------------------- */

/* Forgets the group that this update has made. */
static void take_group_back(struct update *u, struct err *err)
{
	struct container_state *st = &u->container->state;
	struct err why = {0};
	int r = rdt_remove(u->rdt_fd, st->rdt_group, st->id, false, st->rdt_made, false, &why);

	st->rdt_group = NULL;
	st->rdt_made = false;
	if (r == 0)
		r = state_save(u->container, &why);
	if (r < 0)
		err_hint(err, "the container's new resctrl group could not be taken back: %s", why.msg);
}

/* The container was made without one: it gets one of its own, with init and what init starts from now on. */
static int give_group(struct update *u, const char *schema, struct err *err)
{
	struct container_state *st = &u->container->state;
	const struct plan_rdt plan = {.group = st->id, .schema = schema};
	bool exists, made;
	int r = rdt_check(u->rdt_fd, &plan, &exists, err);

	if (r < 0)
		return r;
	st->rdt_group = st->id;
	st->rdt_made = !exists;
	r = state_save(u->container, err);
	if (r == 0)
		r = rdt_make(u->rdt_fd, &plan, st->id, &made, err);
	if (r == 0)
		r = rdt_enter(u->rdt_fd, st->id, st->id, false, st->pid, err);
	if (r < 0)
		take_group_back(u, err);
	return r;
}

static int change_rdt(struct update *u, struct err *err)
{
	const char *cache = u->request->l3_cache_schema, *bandwidth = u->request->mem_bw_schema, *schema;
	const char *group = u->container->state.rdt_group;
	int r;

	if (!cache && !bandwidth)
		return 0;
	r = u->rdt_fd = rdt_open(err);
	if (r >= 0)
		r = rdt_check_kinds(u->rdt_fd, cache, bandwidth, err);
	if (r == 0)
		r = plan_rdt_schema(cache, bandwidth, u->arena, &schema, err);
	if (r < 0 || !schema)
		return r;
	return group ? rdt_set(u->rdt_fd, group, schema, &u->rdt_old, err) : give_group(u, schema, err);
}

/* The limits could not be changed, so the schemata are not. had_group: not one of this update. */
static void put_rdt_back(struct update *u, bool had_group, struct err *err)
{
	char *newest = NULL;
	struct err why = {0};

	if (!had_group && u->container->state.rdt_group)
		take_group_back(u, err);
	else if (u->rdt_old && rdt_set(u->rdt_fd, u->container->state.rdt_group, u->rdt_old, &newest, &why) < 0)
		err_hint(err, "the schemata could not be put back: %s", why.msg);
	free(newest);
}

static int update_container(struct update *u, struct err *err)
{
	const struct container_state *state = &u->container->state;
	bool had_group = state->rdt_group;
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
	r = change_rdt(u, err);
	if (r < 0)
		return r;
	r = u->fd < 0 ? refuse_limits(&u->plan, err) : change_limits(u, err);
	if (r < 0)
		put_rdt_back(u, had_group, err);
	return r;
}

int host_update(const struct host_options *options, const char *id, const struct update_request *request,
		struct err *err)
{
	struct container container;
	struct update update = {
		.container = &container, .request = request, .fd = -1, .systemd = SYSTEMD_NONE, .rdt_fd = -1};
	int r = view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, &container, err);

	if (r < 0)
		return r;
	update.arena = ocispec_arena_new();
	r = update.arena ? update_container(&update, err) : err_set(err, -ENOMEM, "update container %s", id);
	systemd_close(&update.systemd);
	cleanup_close(&update.fd);
	cleanup_close(&update.rdt_fd);
	free(update.rdt_old);
	ocispec_arena_free(update.arena);
	container_close(&container);
	return r;
}
