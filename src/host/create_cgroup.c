/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create's steps around the cgroup, with either driver.
 *
 * cgroupfs: the cgroup is there before the clone, and init is born in it.
 * systemd: a scope needs a process, so init is born in the caller's cgroup and systemd moves it (a user may not move it
 * across; his manager asks PID 1). init builds its mounts meanwhile and looks at its cgroup only when it is told. A
 * slice has no processes of systemd's: it is there first, and init is born in it.
 */
#include "host/create.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"
#include "host/talk.h"
#include "host/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CGROUP_EMPTY_MS 10000

static bool has_unit(const struct create *c)
{
	return c->plan.cgroup.enabled && c->plan.cgroup.unit.name;
}

/* A value that systemd would not take fails here, before anything is made. */
int create_check_unit(struct create *c, struct err *err)
{
	return has_unit(c) ? systemd_check(&c->systemd, &c->plan.cgroup.unit, err) : 0;
}

/* Before the state file claims the cgroup: what it claims, delete --force kills. */
int create_check_cgroup(struct create *c, struct err *err)
{
	return c->plan.cgroup.enabled ? cgroup_check(&c->plan.cgroup, err) : 0;
}

const char *create_process_cgroup(struct create *c)
{
	const struct plan_cgroup *plan = &c->plan.cgroup;
	const char *parts[] = {plan->subgroup, plan->delegate};
	const char *path = plan->path;

	if (!plan->enabled || (!plan->subgroup && !plan->delegate))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && path; i++) {
		size_t size = strlen(path) + (parts[i] ? strlen(parts[i]) : 0) + 2;
		char *longer = parts[i] ? ocispec_alloc(c->bundle.arena, size) : NULL;

		if (longer)
			snprintf(longer, size, "%s/%s", path, parts[i]);
		if (parts[i])
			path = longer;
	}
	return path;
}

static int make_subgroup(struct create *c, pid_t pid, struct err *err)
{
	if (!c->plan.cgroup.subgroup)
		return 0;
	c->process_fd = cgroup_make_subgroup(&c->plan.cgroup, c->cgroup_fd, pid, err);
	return c->process_fd < 0 ? c->process_fd : 0;
}

/* At once: whatever becomes of us, a delete can tell this cgroup from a later one of the same path. */
static int save_inode(struct create *c, struct err *err)
{
	struct stat st;

	if (fstat(c->cgroup_fd, &st) < 0)
		return err_set(err, -errno, "stat cgroup %s", c->plan.cgroup.path);
	c->container.state.cgroup_inode = st.st_ino;
	return state_save(&c->container, err);
}

/* pid: the process that the unit is made around; 0 for a slice. */
static int start_unit(struct create *c, pid_t pid, struct err *err)
{
	const struct plan_cgroup *plan = &c->plan.cgroup;
	int r;

	c->oom_before = cgroup_oom_kills_anywhere();
	r = systemd_start(&c->systemd, &plan->unit, pid, err);
	if (r < 0)
		return err_wrap(err, "unable to apply cgroup configuration");
	c->unit_started = true;
	r = c->cgroup_fd = cgroup_adopt(plan, pid, err);
	if (r >= 0)
		r = save_inode(c, err);
	return r < 0 ? r : make_subgroup(c, pid, err);
}

int create_cgroup(struct create *c, struct err *err)
{
	int r;

	if (!c->plan.cgroup.enabled)
		return 0;
	if (has_unit(c))
		return c->plan.cgroup.unit.slice ? start_unit(c, 0, err) : 0;
	r = cgroup_create(&c->plan.cgroup, &c->cgroup_fd, &c->cgroup_made, err);
	if (r == 0 && c->cgroup_fd >= 0) {
		r = save_inode(c, err);
		return r < 0 ? r : make_subgroup(c, 0, err);
	}
	if (r < 0)
		return r;
	/* A rootless container does without one; whatever has that path is not ours. */
	c->container.state.cgroup_path = c->container.state.process_cgroup = NULL;
	c->container.state.own_cgroup = false;
	return state_save(&c->container, err);
}

static bool awaits_unit(const struct create *c)
{
	return has_unit(c) && !c->plan.cgroup.unit.slice;
}

/* Whether init's user in its user namespace is another one out here than we are. */
static bool becomes_another(const struct create *c)
{
	const struct plan *plan = &c->plan;

	for (size_t i = 0; plan->new_userns && i < plan->n_uid_map; i++) {
		const struct oci_id_mapping *map = &plan->uid_map[i];

		if (plan->init->ns_uid - map->container_id < map->size)
			return map->host_id + (plan->init->ns_uid - map->container_id) != c->facts.euid;
	}
	return false;
}

int create_unit_early(struct create *c, struct err *err)
{
	if (!awaits_unit(c) || !c->plan.cgroup.unit.user || !becomes_another(c))
		return 0;
	return start_unit(c, c->init.pid, err);
}

int create_unit(struct create *c, struct err *err)
{
	int r = awaits_unit(c) && !c->unit_started ? start_unit(c, init_builder(&c->init), err) : 0;

	return r == 0 && awaits_unit(c) ? talk_send(c->init.sync, SYNC_CGROUP, err) : r;
}

void create_undo_cgroup(struct create *c)
{
	const char *path = c->plan.cgroup.path;
	struct err why;
	int r;

	if (c->cgroup_fd < 0 && !c->unit_started)
		return;
	cleanup_close(&c->cgroup_fd);
	cleanup_close(&c->process_fd);
	/* Hooks may have put processes there, so kill before removing; an empty one that was there before us stays. */
	if (cgroup_kill(path, &why) < 0)
		log_warning("%s", why.msg);
	if (c->unit_started)
		r = unit_end(&c->systemd, c->systemd.user, c->plan.cgroup.unit.name, path, CGROUP_EMPTY_MS, &why);
	else
		r = c->cgroup_made ? cgroup_remove(path, CGROUP_EMPTY_MS, &why) : 0;
	c->unit_started = false;
	if (r < 0) {
		log_warning("%s", why.msg);
		c->stuck = true;
	}
}

int create_limits(struct create *c, struct err *err)
{
	return c->cgroup_fd < 0 ? 0 : cgroup_apply(c->cgroup_fd, &c->plan.cgroup, err);
}

int create_delegate(struct create *c, struct err *err)
{
	if (c->cgroup_fd < 0 || !c->plan.cgroup.delegate)
		return 0;
	return cgroup_delegate(&c->plan.cgroup, c->process_fd >= 0 ? c->process_fd : c->cgroup_fd, c->init.pid, err);
}

int create_enter_cgroup(struct create *c, pid_t pid, struct err *err)
{
	int fd = c->process_fd >= 0 ? c->process_fd : c->cgroup_fd, r = 0;
	char text[16];

	if (awaits_unit(c) && !c->unit_started) {
		r = start_unit(c, pid, err);
	} else if (fd >= 0) {
		snprintf(text, sizeof(text), "%d", (int)pid);
		r = fd_write_file(fd, "cgroup.procs", text, strlen(text));
		if (r < 0)
			return err_set(err, r, "move process %d to cgroup %s", (int)pid, c->plan.cgroup.path);
	}
	if (r < 0 || c->cgroup_fd < 0 || !c->plan.cgroup.delegate)
		return r;
	return cgroup_delegate(&c->plan.cgroup, c->process_fd >= 0 ? c->process_fd : c->cgroup_fd, pid, err);
}

/*
 * Back to where we are. If that can't be, the limits hold for it as well until it ends, which is no reason to give up.
 */
void create_leave_cgroup(struct create *c, pid_t pid)
{
	_cleanup_close_ int fd = -1;
	char text[16];
	int r;

	if (c->cgroup_fd < 0 || !c->facts.own_cgroup)
		return;
	fd = cgroup_open(c->facts.own_cgroup, NULL);
	snprintf(text, sizeof(text), "%d", (int)pid);
	r = fd < 0 ? fd : fd_write_file(fd, "cgroup.procs", text, strlen(text));
	if (r < 0)
		log_debug("process %d stays in cgroup %s: %s", (int)pid, c->plan.cgroup.path, strerror(-r));
}

/* Whether the kernel killed for memory in the container's cgroup; its limit into ret. */
static bool ran_out_of_memory(const struct create *c, bool killed, char *ret, size_t size)
{
	const struct plan_cgroup *plan = &c->plan.cgroup;

	if (c->cgroup_fd >= 0 && cgroup_oom_kills(c->cgroup_fd, ret, size) > 0)
		return true;
	/* A unit may be gone already, its own counts with it. */
	if (!c->unit_started || !killed || cgroup_oom_kills_anywhere() <= c->oom_before)
		return false;
	for (size_t i = 0; i < plan->n_writes; i++)
		if (strcmp(plan->writes[i].file, "memory.max") == 0) {
			snprintf(ret, size, "%s", plan->writes[i].value);
			return true;
		}
	return false;
}

/* Or the one that was to make it. */
static bool init_has_ended(const struct create *c)
{
	siginfo_t info = {0};

	if (c->init.pid > 0)
		return fd_pidfd_has_ended(c->init.pidfd);
	return c->init.stage > 0 && waitid(P_PID, (id_t)c->init.stage, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid > 0;
}

void create_explain(struct create *c, int r, struct err *err)
{
	bool ended = init_has_ended(c) || init_has_hung_up(&c->init), killed = false;
	char limit[32] = "";
	int status = 0;

	/*
	 * Of everything else that fails because init is gone, the reason is what init has said. It said it before it
	 * began to go: what systemd tried with it meanwhile may have failed while it still looks alive.
	 */
	if (talk_last_words(c->init.sync, err) < 0 || (r != -EPIPE && !ended))
		return;
	if (c->init.pid > 0) {
		/* It is gone or about to go; if it is neither, this makes sure. A status that is there already stays.
		 */
		sys_pidfd_send_signal(c->init.pidfd, SIGKILL);
		if (waitpid(c->init.pid, &status, 0) == c->init.pid)
			c->init.pid = 0;
		killed = c->init.pid == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		if (c->init.pid == 0 && WIFSIGNALED(status) && !killed)
			err_hint(err, "killed by signal %d", WTERMSIG(status));
	}
	if ((r == -EPIPE || killed) && ran_out_of_memory(c, killed, limit, sizeof(limit)))
		err_msg(err, -ENOMEM, "container init was OOM-killed (memory limit too low?): memory.max is %s", limit);
}
