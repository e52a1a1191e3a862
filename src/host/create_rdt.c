/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create's steps around the resctrl group (linux.intelRdt). A group of the container's own goes with it; one that
 * closID names is shared with others and stays, unless this very create has made it and fails.
 */
#include "host/create.h"

#include "base/log.h"
#include "base/mem.h"
#include "host/rdt.h"

#include <errno.h>

#define PROPERTY "linux.intelRdt"

int create_open_rdt(struct create *c, struct err *err)
{
	int r;

	if (!c->plan.rdt.group)
		return 0;
	r = c->rdt_fd = rdt_open(err);
	if (r >= 0)
		r = rdt_check(c->rdt_fd, &c->plan.rdt, &c->rdt_exists, err);
	return r < 0 ? err_wrap(err, PROPERTY) : 0;
}

void create_claim_rdt(const struct create *c, struct container_state *state)
{
	state->rdt_group = c->plan.rdt.group;
	state->rdt_monitor = c->plan.rdt.monitor;
	state->rdt_made = c->plan.rdt.group && !c->plan.rdt.named && !c->rdt_exists;
}

int create_rdt(struct create *c, struct err *err)
{
	struct container_state *st = &c->container.state;
	int r;

	if (!c->plan.rdt.group)
		return 0;
	c->rdt_begun = true;
	r = rdt_make(c->rdt_fd, &c->plan.rdt, c->request->id, &c->rdt_made, err);
	if (r < 0)
		return err_wrap(err, PROPERTY);
	/* Which comes last: after a failure one of that name is another's. */
	c->rdt_monitored = c->plan.rdt.monitor;
	/* Somebody was faster. */
	if (st->rdt_made && !c->rdt_made) {
		st->rdt_made = false;
		return state_save(&c->container, err);
	}
	return 0;
}

void create_undo_rdt(struct create *c)
{
	struct err why;

	if (!c->rdt_begun)
		return;
	c->rdt_begun = false;
	if (rdt_remove(c->rdt_fd, c->plan.rdt.group, c->request->id, c->rdt_monitored, c->rdt_made, c->plan.rdt.named,
		       &why) == 0)
		return;
	log_warning("%s", why.msg);
	c->stuck = true;
}

/* Children, the init that an intermediate process makes at last among them, inherit it. */
int create_enter_rdt(struct create *c, struct err *err)
{
	return create_rdt_enter(c, init_builder(&c->init), err);
}

int create_rdt_enter(struct create *c, pid_t pid, struct err *err)
{
	int r;

	if (!c->plan.rdt.group)
		return 0;
	r = rdt_enter(c->rdt_fd, c->plan.rdt.group, c->request->id, c->plan.rdt.monitor, pid, err);
	return r < 0 ? err_wrap(err, PROPERTY) : 0;
}
