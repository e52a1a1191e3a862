/* SPDX-License-Identifier: Apache-2.0 */
/* See claim.h. */
#include "host/claim.h"

#include "host/cgroup/cgroup.h"

#include <errno.h>
#include <string.h>

int claim_cgroup(const struct container *container, const char **ret, struct err *err)
{
	const struct container_state *st = &container->state;
	bool same_boot = false;
	uint64_t inode;
	int r;

	if (!container->has_state || !st->own_cgroup || !st->cgroup_path) {
		*ret = NULL;
		return 0;
	}
	r = state_same_boot(container, &same_boot, err);
	if (r < 0)
		return r;
	/* Nothing is known of the directory as long as its creation is not finished: then there is only the path. */
	if (same_boot && st->cgroup_inode != 0) {
		r = cgroup_inode(st->cgroup_path, &inode);
		/* What can't be looked at may well be the container's, and must not be forgotten. */
		if (r < 0 && r != -ENOENT && r != -ENODEV && r != -ENOTDIR)
			return err_set(err, r, "stat cgroup %s", st->cgroup_path);
		same_boot = r == 0 && inode == st->cgroup_inode;
	}
	*ret = same_boot ? st->cgroup_path : NULL;
	return 0;
}

struct search {
	const char *id, *cgroup;
	bool taken, unsure;
};

static void look_at(void *arg, const struct container_view *view)
{
	const struct container_state *st = &view->container.state;
	struct search *search = arg;

	if (strcmp(st->id, search->id) == 0 || !st->own_cgroup || !st->cgroup_path ||
	    strcmp(st->cgroup_path, search->cgroup) != 0)
		return;
	/* One that is just being created is either in there already, or about to be refused for what is in there. */
	if (view->status == STATUS_CREATING)
		search->unsure = true;
	else if (view->status != STATUS_STOPPED)
		search->taken = true;
}

static void pass_over(void *arg, const char *id, const struct err *why)
{
	(void)arg;
	(void)id;
	(void)why;
}

int claim_cgroup_alone(const struct host_options *options, const struct container *container, bool init_lives,
		       const char **ret, struct err *err)
{
	struct search search = {.id = container->id};
	int r = claim_cgroup(container, &search.cgroup, err);

	/* Of a living container, or of an empty cgroup, nothing needs to be asked: no other can have entered it. */
	if (r == 0 && search.cgroup && !init_lives && cgroup_is_populated(search.cgroup))
		r = host_list(options, look_at, pass_over, &search, err);
	if (r == 0 && search.unsure && !search.taken)
		r = err_msg(err, -EBUSY, "another container is just being created in cgroup %s, try again",
			    search.cgroup);
	if (r == 0)
		*ret = search.taken ? NULL : search.cgroup;
	return r;
}
