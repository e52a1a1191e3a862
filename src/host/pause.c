/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause, resume: the freezer of the container's cgroup. The status is what cgroup.freeze says, so whoever else froze
 * or thawed it is believed; what a container froze below its own cgroup is not touched.
 */
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/host.h"
#include "host/view.h"

#include <errno.h>

#define LOCK_MS   10000 /* for another turtle that works on this container */
#define FREEZE_MS 10000

/* What is at the path by now may be another's. */
static int find_cgroup(const struct container *container, const char **ret, struct err *err)
{
	const char *cgroup;
	int r = claim_cgroup(container, &cgroup, err);

	if (r < 0)
		return r;
	if (!cgroup)
		return err_msg(err, -ENOENT, "cgroup %s of container %s is gone", container->state.cgroup_path,
			       container->id);
	*ret = cgroup;
	return 0;
}

static int pause_locked(const struct container *container, enum container_status status, struct err *err)
{
	const char *cgroup = NULL;
	int r;

	if (status == STATUS_PAUSED)
		return err_msg(err, -EBUSY, "container not running: it is paused already");
	if (status != STATUS_CREATED && status != STATUS_RUNNING)
		return err_msg(err, -ESRCH, "container not running");
	if (!container->state.cgroup_path)
		return err_msg(err, -ENOTSUP, "cannot pause container %s: it has no cgroup of its own", container->id);
	r = find_cgroup(container, &cgroup, err);
	if (r == 0)
		r = cgroup_freeze(cgroup, FREEZE_MS, err);
	return r < 0 ? err_wrap(err, "pause container %s", container->id) : 0;
}

static int resume_locked(const struct container *container, enum container_status status, struct err *err)
{
	const char *cgroup = NULL;
	int r;

	if (status != STATUS_PAUSED)
		return err_msg(err, -EINVAL, "container not paused");
	r = find_cgroup(container, &cgroup, err);
	if (r == 0)
		r = cgroup_thaw(cgroup, FREEZE_MS, err);
	return r < 0 ? err_wrap(err, "resume container %s", container->id) : 0;
}

static int with_container(const struct host_options *options, const char *id,
			  int (*act)(const struct container *, enum container_status, struct err *), struct err *err)
{
	struct container container;
	enum container_status status;
	int r = view_open_container(options, id, STATE_EXCLUSIVE, LOCK_MS, &container, err);

	if (r < 0)
		return r;
	if (!container.has_state && container.load_error.code == -ENOENT)
		r = err_msg(err, -ENOENT, "container does not exist");
	else
		r = view_status(&container, &status, NULL, err);
	if (r == 0)
		r = act(&container, status, err);
	container_close(&container);
	return r;
}

int host_pause(const struct host_options *options, const char *id, struct err *err)
{
	return with_container(options, id, pause_locked, err);
}

int host_resume(const struct host_options *options, const char *id, struct err *err)
{
	return with_container(options, id, resume_locked, err);
}
