/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore: a container whose processes come out of a checkpoint's images.
 *
 * Everything around the processes is made as create makes it, from the bundle: state, cgroup, limits, mount points.
 * CRIU then makes the namespaces and mounts that it has in its images, and the processes in them. It stands in the
 * container's cgroup when it makes the first one, so that whatever the images say (--manage-cgroups-mode=ignore), all
 * are born there; and it leaves before the limits are set, which are not meant for it. While it is at work it calls us:
 *
 *   setup-namespaces     namespaces are there, without anything that runs in them: prestart and createRuntime hooks
 *   orphan-pts-master    the container's terminal has lost its other end: it goes where create's would go
 *   post-restore         all processes are there and held: limits, state and pid file are written now, because they may
 *                        end as soon as they are let go
 *
 * The restored init is our child, as created ones are (CRIU makes it with CLONE_PARENT).
 */
#include "host/restore.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/cgroup.h"
#include "host/notify.h"
#include "host/outside.h"
#include "host/run.h"
#include "host/stdio.h"
#include "plan/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

int restore_check_privileges(struct create *c, struct err *err)
{
	if (c->facts.euid == 0 && !c->facts.in_userns)
		return 0;
	return err_msg(err, -EPERM, "restore needs root: CRIU makes processes with ids and namespaces as they were");
}

/*
 * Whether our own descriptor is to be its terminal. One that was open three times is one, so the first of ours will do.
 * That there is none is no error by itself: the container may have closed it long ago.
 */
static bool takes_terminal(struct restore *restore, int fd)
{
	restore->had_caller_terminal = true;
	if (!restore->wishes->shell_job || !isatty(fd))
		return false;
	restore->has_caller_terminal = true;
	return true;
}

static int explain_terminal(const struct restore *restore, struct err *err)
{
	if (!restore->had_caller_terminal || restore->has_caller_terminal)
		return err->code;
	return err_hint(err, "it was saved with a terminal of its caller's: %s",
			restore->wishes->shell_job ? "standard input, output or error must be one"
						   : "--shell-job gives it another one");
}

/* Where stdin, stdout and stderr led, our own are now. */
static int inherit_stdio(struct create *c, struct err *err)
{
	struct restore *restore = c->restore;
	struct criu_options *o = &restore->criu_options;
	const char **words = NULL;
	size_t n;
	int r = images_load_stdio(restore->images.dir, c->bundle.arena, &words, &n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n && i < STDIO_N; i++) {
		int fd = (int)i;

		if (stdio_is_terminal(words[i]) ? !takes_terminal(restore, fd) : !stdio_is_replaceable(words[i]))
			continue;
		/* Its own output is another; and what it is given it closes, but its input it may need. */
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDIO_N);
		if (fd < 0)
			return err_set(err, -errno, "duplicate descriptor %zu", i);
		restore->stdio[i] = restore->fds[restore->n_fds++] = fd;
		o->inherit[o->n_inherit++] = (struct criu_inherit){words[i], fd};
	}
	return 0;
}

int restore_share_images(struct create *c, struct err *err)
{
	const struct plan *plan = &c->plan;

	for (size_t i = 0; plan->new_userns && i < plan->n_gid_map; i++)
		if (plan->gid_map[i].container_id == 0)
			return images_share(c->restore->images.dir, plan->gid_map[i].host_id, err);
	return 0;
}

int restore_open_images(struct create *c, struct err *err)
{
	struct restore *restore = c->restore;
	const struct plan *plan = &c->plan;
	struct criu_options *o = &restore->criu_options;
	size_t n_joins = plan->init->joins.n;
	int r = plan_check_checkpoint(c->bundle.config, plan, err);

	if (r == 0)
		r = images_open(restore->wishes, false, &restore->images, err);
	if (r == 0)
		r = images_options(restore->wishes, &restore->images, plan->annotations, plan->n_annotations,
				   c->bundle.arena, o, err);
	if (r < 0)
		return r;
	o->log_file = "restore.log";
	o->root = plan->rootfs;
	o->inherit = ocispec_alloc(c->bundle.arena, (STDIO_N + n_joins) * sizeof(*o->inherit));
	o->joins = ocispec_alloc(c->bundle.arena, (n_joins + 1) * sizeof(*o->joins));
	restore->fds = ocispec_alloc(c->bundle.arena, (STDIO_N + n_joins) * sizeof(*restore->fds));
	if (!o->inherit || !o->joins || !restore->fds)
		return err_set(err, -ENOMEM, "restore");
	return inherit_stdio(c, err);
}

/* Also /run/notify of one that was made for a service manager: somewhere it must come from, whoever starts it now. */
static int add_notify(struct create *c, struct err *err)
{
	struct criu_options *o = &c->restore->criu_options;
	struct criu_pair *longer = ocispec_alloc(c->bundle.arena, (o->n_mounts + 1) * sizeof(*longer));
	char *path = NULL;
	int r = notify_make_dir(c->container.dir_fd, err);

	if (r < 0)
		return r;
	if (!longer || asprintf(&path, "%s/%s/" STATE_NOTIFY, c->options->root, c->request->id) < 0)
		return err_set(err, -ENOMEM, "restore");
	if (o->n_mounts)
		memcpy(longer, o->mounts, o->n_mounts * sizeof(*longer));
	longer[o->n_mounts] = (struct criu_pair){PLAN_NOTIFY_DIR, ocispec_strndup(c->bundle.arena, path, strlen(path))};
	free(path);
	if (!longer[o->n_mounts].value)
		return err_set(err, -ENOMEM, "restore");
	o->n_mounts++;
	o->mounts = longer;
	return 0;
}

int restore_make_places(struct create *c, struct err *err)
{
	struct criu_options *o = &c->restore->criu_options;
	int r = outside_sources(&c->plan, c->bundle.arena, &o->mounts, &o->n_mounts, err);

	if (r == 0 && !c->plan.notify)
		r = add_notify(c, err);
	return r < 0 ? r : outside_make_places(&c->plan, err);
}

/* As in /proc/PID/ns, which are CRIU's words as well. */
static const char *namespace_file(uint32_t type)
{
	switch (type) {
	case CLONE_NEWIPC:
		return "ipc";
	case CLONE_NEWUTS:
		return "uts";
	case CLONE_NEWUSER:
		return "user";
	default:
		return "time";
	}
}

/* Network and pid namespaces of others are descriptors to CRIU, the rest are paths. */
static void add_namespaces(struct create *c)
{
	struct restore *restore = c->restore;
	struct criu_options *o = &restore->criu_options;
	const struct init_plan *init = c->plan.init;
	const struct plan_join *joins = plan_items(init, init->joins, struct plan_join);

	for (uint32_t i = 0; i < init->joins.n; i++) {
		if (joins[i].type != CLONE_NEWNET && joins[i].type != CLONE_NEWPID) {
			o->joins[o->n_joins++] =
				(struct criu_pair){namespace_file(joins[i].type), plan_str(init, joins[i].path)};
			continue;
		}
		restore->fds[restore->n_fds++] = c->passed.fds[i];
		o->inherit[o->n_inherit++] = (struct criu_inherit){
			joins[i].type == CLONE_NEWNET ? IMAGES_NETWORK : IMAGES_PID, c->passed.fds[i]};
	}
}

int restore_start_criu(struct create *c, struct err *err)
{
	struct restore *restore = c->restore;
	/* As init mounts it on masked files: nobody in there may change the inode, which is the host's. */
	static const struct criu_bind null = {"/dev/null", PLAN_NODE_ATTRIBUTES};
	struct criu_start start = {.root = c->plan.rootfs, .dirs = {&restore->images.dir, &restore->images.work}};
	struct criu_bind *binds;
	int r;

	/* What it has made so far is of no use without us. */
	start.ends_with_us = true;
	start.session_keyring = true;
	start.root_readonly = c->plan.init->flags & PLAN_ROOT_READONLY;
	r = outside_binds(&c->plan, &null, c->bundle.arena, &binds, &start.n_binds, err);
	if (r < 0)
		return r;
	start.binds = binds;
	add_namespaces(c);
	start.fds = restore->fds;
	start.n_fds = restore->n_fds;
	r = criu_open(&start, &restore->criu, err);
	restore->criu_options.images = restore->images.dir;
	restore->criu_options.work = restore->images.work;
	return r < 0 ? r : images_check_criu(&restore->criu, restore->wishes, err);
}

/* Where there are no hierarchies of version 1 besides, CRIU is told without naming one, since it has no sure name. */
static bool is_only_hierarchy(void)
{
	_cleanup_free_ char *text = NULL;

	return fd_read_file(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL) == 0 && strncmp(text, "0::", 3) == 0;
}

int restore_enter_cgroup(struct create *c, struct err *err)
{
	struct criu_options *o = &c->restore->criu_options;
	const struct container_state *st = &c->container.state;
	int r = create_enter_cgroup(c, c->restore->criu.pid, err);

	if (r < 0)
		return r;
	/* Only now a systemd unit is there. */
	if (c->cgroup_fd >= 0 && o->cgroups != CRIU_CGROUPS_IGNORE)
		o->cgroup_root = st->process_cgroup ? st->process_cgroup : st->cgroup_path;
	o->cgroup_root_for_all = is_only_hierarchy();
	/* The resctrl group is inherited as well, and of no consequence to CRIU. */
	return create_rdt_enter(c, c->restore->criu.pid, err);
}

static int at_namespaces(struct create *c, pid_t pid, struct err *err)
{
	create_leave_cgroup(c, c->restore->criu.pid);
	c->hooks_due = true;
	return c->plan.hooks ? create_run_hooks(c, pid, err) : 0;
}

static int at_terminal(struct create *c, int master, struct err *err)
{
	/* Another one is of a process that somebody has executed in the container, and whose terminal is gone. */
	if (!c->plan.terminal || c->handover.master >= 0 || c->restore->terminal) {
		cleanup_close(&master);
		return 0;
	}
	c->restore->terminal = true;
	return handover_take_terminal(&c->handover, master, err);
}

/*
 * CRIU takes a mount's flags from another one of the same source when it thinks that they are equal: nothing goes on
 * with more rights to the host's files than the configuration gives.
 */
static int check_mounts(struct create *c, pid_t pid, struct err *err)
{
	struct criu_pair *found;
	size_t n;
	int r = outside_find(pid, &c->plan, c->bundle.arena, &found, &n, err);

	return r < 0 ? err_wrap(err, "restored mounts") : 0;
}

static int read_label(pid_t pid, char **ret, struct err *err)
{
	char path[48];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/attr/current", (int)pid);
	r = fd_read_file(AT_FDCWD, path, 4096, ret, NULL);
	return r < 0 ? err_set(err, r, "read %s", path) : 0;
}

/*
 * A CRIU that was built without SELinux restores processes under its own label, which is ours, and says nothing. Others
 * are what the images have: processes may have changed theirs.
 */
static int check_label(struct create *c, pid_t pid, struct err *err)
{
	const struct oci_process *process = c->bundle.config->process;
	const char *label = process ? process->selinux_label : NULL;
	_cleanup_free_ char *own = NULL, *theirs = NULL;
	int r;

	if (!label || !*label)
		return 0;
	r = read_label(getpid(), &own, err);
	if (r == 0)
		r = read_label(pid, &theirs, err);
	if (r < 0 || strcmp(own, theirs) != 0 || strcmp(own, label) == 0)
		return r;
	return err_msg(err, -ENOTSUP,
		       "process.selinuxLabel: CRIU has restored the container under the label \"%s\" of its caller; it "
		       "seems to be built without SELinux",
		       own);
}

static int at_processes(struct create *c, pid_t pid, struct err *err)
{
	int r = check_mounts(c, pid, err);

	if (r == 0)
		r = check_label(c, pid, err);
	if (r < 0)
		return r;
	c->hooks_due = true;
	c->init.pidfd = sys_pidfd_open(pid, 0);
	if (c->init.pidfd < 0)
		return err_set(err, -errno, "open a pidfd of the restored process %d", (int)pid);
	c->init.pid = pid;
	create_leave_cgroup(c, c->restore->criu.pid);
	r = create_limits(c, err);
	if (r == 0)
		r = handover_pidfd(&c->handover, c->init.pidfd, "standard", err);
	if (r == 0)
		r = create_save(c, err);
	return r < 0 ? r : handover_pid(&c->handover, pid, err);
}

static int on_event(void *arg, const char *what, pid_t pid, int fd, struct err *err)
{
	struct create *c = arg;

	log_debug("restore %s: CRIU is at %s", c->request->id, what);
	if (strcmp(what, "orphan-pts-master") == 0 && fd >= 0)
		return at_terminal(c, fd, err);
	cleanup_close(&fd);
	if (strcmp(what, "setup-namespaces") == 0)
		return at_namespaces(c, pid, err);
	if (strcmp(what, "post-restore") == 0)
		return at_processes(c, pid, err);
	return 0;
}

int restore_processes(struct create *c, struct err *err)
{
	const struct criu_events events = {.event = on_event, .arg = c};
	struct restore *restore = c->restore;
	_cleanup_free_ char *cgroup_options = NULL;
	struct err why = {0};
	pid_t pid;
	int r = cgroup_read_options(&cgroup_options, err);

	if (r < 0)
		return r;
	r = criu_do(&restore->criu, CRIU_RESTORE, &restore->criu_options, &events, &pid, err);
	if (cgroup_restore_options(cgroup_options, &why) < 0)
		log_warning("%s", why.msg);
	if (r == 0 && pid != c->init.pid)
		r = err_msg(err, -EPROTO, "criu has restored process %d, and told of %d", (int)pid, (int)c->init.pid);
	if (r < 0)
		return explain_terminal(restore, err);
	restore_end_criu(c);
	return 0;
}

void restore_end_criu(struct create *c)
{
	criu_close(&c->restore->criu);
}

int host_restore(const struct host_options *options, const struct create_request *request,
		 const struct criu_wishes *wishes, int *ret_status, struct err *err)
{
	struct restore restore = {.wishes = wishes, .images = IMAGES_NONE, .criu = CRIU_NONE};
	struct create c = {.options = options, .request = request, .run = true, .restore = &restore};
	struct foreground fg = {.signal_fd = -1};
	int r = state_check_id(request->id, err);

	if (r == 0)
		r = run_prepare(request, &fg, err);
	if (r < 0)
		return r;
	r = create_container(&c, err);
	if (r == 0 && !request->detach)
		r = run_attached(&c, &fg, ret_status, err);
	if (!request->detach)
		foreground_finish(&fg);
	create_close(&c);
	images_close(&restore.images);
	for (size_t i = 0; i < STDIO_N; i++)
		if (restore.stdio[i] > 0)
			close(restore.stdio[i]);
	return r;
}
