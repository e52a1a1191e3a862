/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create: from a bundle to an init that waits for its start.
 *
 * The sequence is the table `steps` below. Everything above "claim" only reads; from there on each step that makes
 * something has its undo, and a failure runs the undos backwards. The state file with the cgroup's path is on disk
 * before the cgroup is, so whatever kills turtle in between, `delete --force` finds what there is; turtle-init ends by
 * itself when our end of the socket closes.
 *
 * While init builds its mounts, this side writes limits and saves the configuration: the two only meet where the
 * conversation (sync/sync.h) says so.
 */
#include "host/create.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sys.h"
#include "config/annotations.h"
#include "config/own_ids.h"
#include "host/cgroup/cgroup.h"
#include "host/facts.h"
#include "host/hooks.h"
#include "host/idmap.h"
#include "host/notify.h"
#include "host/restore.h"
#include "host/seccomp.h"
#include "host/stdio.h"
#include "host/talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* ---- reading: no trace is left by a failure here ---------------------------------------------------------- */

static int do_open_bundle(struct create *c, struct err *err)
{
	const struct create_request *request = c->request;
	_cleanup_free_ char *path = NULL;

	if (!request->config_text)
		return bundle_open(request->bundle, request->config_file, &c->bundle, err);
	/* Its state directory, which will hold the configuration, serves as its bundle. */
	if (asprintf(&path, "%s/%s", c->options->root, request->id) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "open bundle");
	}
	return bundle_from_text(path, request->config_text, &c->bundle, err);
}

static int do_facts(struct create *c, struct err *err)
{
	int r = facts_gather(&c->facts, err);

	if (r == 0 && !c->facts.cgroup_mount && !c->options->cgroup_disabled)
		return cgroup_missing(err);
	return r;
}

/* As crun: a plain user can have a container, without being told that it takes a user namespace. */
static int do_own_ids(struct create *c, struct err *err)
{
	if (c->facts.cap_sys_admin || c->facts.euid == 0)
		return 0;
	return own_ids_give(&c->bundle, c->facts.euid, c->facts.egid, err);
}

static void log_config_warning(void *arg, const char *message)
{
	(void)arg;
	log_warning("%s", message);
}

static int do_validate(struct create *c, struct err *err)
{
	const struct oci_config *config = c->bundle.config;
	const struct oci_process *process = config->process;
	bool labels = (process && process->selinux_label) || (config->linux_ && config->linux_->mount_label);
	const struct config_facts facts = {.rootless = c->facts.euid != 0 || c->facts.in_userns,
					   .no_pivot = c->request->no_pivot,
					   .apparmor = process && process->apparmor_profile && facts_apparmor(),
					   .selinux = labels && facts_selinux()};

	return config_validate(c->bundle.config, &facts, log_config_warning, NULL, err);
}

static int do_check_terminal(struct create *c, struct err *err)
{
	bool terminal = c->bundle.config->process && c->bundle.config->process->terminal;

	return handover_check(&c->handover, terminal, !c->run || c->request->detach, err);
}

/* runc's rule: the root must be a real directory, not a link to one. The child opens it again the same way. */
static int do_check_rootfs(struct create *c, struct err *err)
{
	const struct oci_root *root = c->bundle.config->root;
	_cleanup_close_ int bundle = -1, fd = -1;
	struct stat st;

	if (!root)
		return 0;
	/* A bundle that is a state directory does not exist yet, and its root's path is absolute. */
	if (root->path[0] != '/') {
		bundle = open(c->bundle.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bundle < 0)
			return err_set(err, -errno, "open bundle %s", c->bundle.path);
	}
	fd = openat(bundle, root->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "open root.path %s", root->path);
	if (S_ISLNK(st.st_mode))
		return err_msg(err, -EINVAL, "root.path %s is a symlink; it must be a directory", root->path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "open root.path %s", root->path);
	return 0;
}

static int do_open_root(struct create *c, struct err *err)
{
	c->root_fd = state_root_open(c->options->root, true, err);
	return c->root_fd < 0 ? c->root_fd : 0;
}

static int do_seccomp(struct create *c, struct err *err)
{
	return seccomp_of_container(c->bundle.config, c->root_fd, c->bundle.arena, &c->seccomp, err);
}

/* It connects while we read; what is wrong with it shows when it is asked. */
static int do_open_systemd(struct create *c, struct err *err)
{
	return c->options->cgroup_systemd ? systemd_open(systemd_wants_user(), &c->systemd, err) : 0;
}

static int do_greet_systemd(struct create *c, struct err *err)
{
	int r;

	if (!c->options->cgroup_systemd)
		return 0;
	r = systemd_greet(&c->systemd, err);
	if (r < 0)
		return r;
	c->facts.systemd_user = c->systemd.user;
	c->facts.systemd_version = c->systemd.version;
	c->facts.systemd_cgroup = c->systemd.cgroup;
	return 0;
}

/* Where do_notify will make it; the plan decides whether it is to be. */
static int notify_dir(struct create *c, const char **ret, struct err *err)
{
	_cleanup_free_ char *path = NULL;

	*ret = NULL;
	if (!notify_caller())
		return 0;
	if (asprintf(&path, "%s/%s/" STATE_NOTIFY, c->options->root, c->request->id) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "plan the notification socket");
	}
	*ret = ocispec_strndup(c->bundle.arena, path, strlen(path));
	return *ret ? 0 : err_set(err, -ENOMEM, "plan the notification socket");
}

static int do_plan(struct create *c, struct err *err)
{
	struct plan_request request = {.id = c->request->id,
				       .bundle = c->bundle.path,
				       .no_pivot = c->request->no_pivot,
				       .no_new_keyring = c->request->no_new_keyring,
				       .listen = !c->run,
				       .preserve_fds = c->request->preserve_fds + c->listen_fds,
				       .listen_fds = c->listen_fds,
				       .cgroup_disabled = c->options->cgroup_disabled,
				       .cgroup_systemd = c->options->cgroup_systemd,
				       .rootless = c->options->rootless == HOST_ROOTLESS_TRUE    ? PLAN_ROOTLESS_TRUE
						   : c->options->rootless == HOST_ROOTLESS_FALSE ? PLAN_ROOTLESS_FALSE
												 : PLAN_ROOTLESS_AUTO};
	int r = notify_dir(c, &request.notify_dir, err);

	if (r < 0)
		return r;
	r = plan_make(c->bundle.config, &c->facts, &request, c->seccomp.len ? &c->seccomp : NULL, c->bundle.arena,
		      &c->plan, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->plan.n_warnings; i++)
		log_warning("%s", c->plan.warnings[i]);
	return 0;
}

static int do_find_devices(struct create *c, struct err *err)
{
	return netdevs_find(&c->plan, &c->netdevs, err);
}

static int do_connect(struct create *c, struct err *err)
{
	const char *receiver = annotation(c->plan.annotations, c->plan.n_annotations, ANNOTATION_PIDFD_RECEIVER);

	if (receiver && c->request->pidfd_socket)
		return err_msg(err, -EINVAL,
			       "annotation " ANNOTATION_PIDFD_RECEIVER " and --pidfd-socket: one of them");
	if (receiver)
		c->handover.pidfd_path = receiver;
	return handover_connect(&c->handover, err);
}

static int do_agent(struct create *c, struct err *err)
{
	if (!c->seccomp.agent)
		return 0;
	return c->run ? agent_connect(c->seccomp.agent, &c->agent, err) : agent_check(c->seccomp.agent, err);
}

static int do_notify(struct create *c, struct err *err)
{
	return c->plan.notify ? notify_make_dir(c->container.dir_fd, err) : 0;
}

static int do_passed(struct create *c, struct err *err)
{
	return passed_open(&c->plan, &c->passed, err);
}

static int do_image(struct create *c, struct err *err)
{
	return init_image_make(&c->plan, &c->image, err);
}

/* ---- making ------------------------------------------------------------------------------------------------ */

static int do_claim(struct create *c, struct err *err)
{
	int r = state_create(c->root_fd, c->request->id, &c->container, err);

	c->claimed = r == 0;
	return r;
}

/* Owed once the container existed as far as its hooks can tell; after everything else is gone. */
static void run_poststop(struct create *c)
{
	const struct hooks_place place = hooks_place(c->bundle.path, c->plan.annotations, c->plan.n_annotations);
	const struct oci_hooks *hooks = c->plan.hooks;
	_cleanup_free_ char *state = NULL;

	if (!c->hooks_due || !hooks || !hooks->n_poststop)
		return;
	state = container_state_json(&c->container.state, "stopped", 0);
	if (state)
		hooks_run_all("poststop", hooks->poststop, hooks->n_poststop, state, &place);
}

static void undo_claim(struct create *c)
{
	struct err ignored;

	if (!c->claimed || c->stuck)
		return;
	if (state_remove(&c->container, &ignored) < 0)
		log_warning("%s", ignored.msg);
	c->claimed = false;
	run_poststop(c);
}

static const char *now(struct ocispec_arena *arena)
{
	struct timespec ts;
	char text[CLOCK_TEXT_SIZE];

	clock_gettime(CLOCK_REALTIME, &ts);
	clock_text(&ts, 1, text);
	return ocispec_strndup(arena, text, strlen(text));
}

static int do_save_creating(struct create *c, struct err *err)
{
	const struct plan *plan = &c->plan;
	struct container_state *st = &c->container.state;

	*st = (struct container_state){
		.oci_version = plan->oci_version,
		.id = c->request->id,
		.phase = "creating",
		.bundle = c->bundle.path,
		.rootfs = plan->rootfs,
		.created = now(c->bundle.arena),
		.owner = c->facts.euid,
		.cgroup_manager = c->options->cgroup_disabled  ? "disabled"
				  : c->options->cgroup_systemd ? "systemd"
							       : "cgroupfs",
		.cgroup_path = plan->cgroup.enabled ? plan->cgroup.path : NULL,
		.process_cgroup = create_process_cgroup(c),
		.systemd_unit = plan->cgroup.unit.name,
		.systemd_user = plan->cgroup.unit.user,
		.own_cgroup = plan->cgroup.enabled,
		.private_pidns = plan->init->flags & PLAN_NEW_PIDNS,
		.no_new_keyring = c->request->no_new_keyring,
		.seccomp_agent = c->seccomp.agent,
		.seccomp_metadata = c->seccomp.agent ? c->seccomp.agent_metadata : NULL,
		.n_annotations = plan->n_annotations,
		.annotations = (struct oci_pair *)plan->annotations,
	};
	create_claim_rdt(c, st);
	if (!st->created)
		return err_set(err, -ENOMEM, "save the state of %s", c->request->id);
	/* A terminal is the container's own. */
	if (!plan->terminal) {
		int r = stdio_describe(c->bundle.arena, &st->stdio, err);

		if (r < 0)
			return r;
		st->n_stdio = STDIO_N;
	}
	if (plan->hooks) {
		st->n_poststart = plan->hooks->n_poststart;
		st->poststart = plan->hooks->poststart;
		st->n_poststop = plan->hooks->n_poststop;
		st->poststop = plan->hooks->poststop;
	}
	c->container.has_state = true;
	return state_save(&c->container, err);
}

/* The socket on which init will wait for `start`; its file is what makes a container "created". */
static int do_listen(struct create *c, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int sock = -1;

	if (c->run)
		return 0;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_set(err, -errno, "create the start socket");
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" STATE_START, c->container.dir_fd);
	if (fchmod(sock, 0600) < 0 || bind(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(sock, 8) < 0)
		return err_set(err, -errno, "create the start socket %s/%s/" STATE_START, c->options->root,
			       c->request->id);
	c->listen_fd = TAKE_FD(sock);
	return 0;
}

/* Init comes last then: until it is ready, what we have is the intermediate process. */
static bool builds_outside(const struct create *c)
{
	return c->plan.init->flags & PLAN_BUILD_OUTSIDE;
}

static int adopt(struct create *c, struct err *err)
{
	int r = c->plan.stage ? init_adopt(&c->init, err) : 0;

	return r < 0 ? r : init_reap_stage(&c->init, err);
}

static int do_spawn(struct create *c, struct err *err)
{
	const struct spawn_request request = {
		.plan = &c->plan,
		.image = &c->image,
		.passed = &c->passed,
		.cwd = c->bundle.path,
		.cgroup_fd = c->process_fd >= 0 ? c->process_fd : c->cgroup_fd,
		.cgroup = c->plan.cgroup.path,
		.enter = !c->cgroup_made || c->born_dead,
		.listen_fd = c->listen_fd,
	};
	/* They were given to the one that died. */
	int r = c->born_dead ? passed_open(&c->plan, &c->passed, err) : 0;

	if (r == 0)
		r = init_spawn(&request, &c->init, err);
	passed_close(&c->passed);
	return r < 0 || builds_outside(c) ? r : adopt(c, err);
}

static void undo_spawn(struct create *c)
{
	init_destroy(&c->init);
}

static int do_idmap(struct create *c, struct err *err)
{
	char path[64], value[16];
	int r;

	if (builds_outside(c))
		return 0;
	if (!c->plan.new_userns)
		return idmap_check_joined(&c->plan, c->init.pid, err);
	/* Otherwise the child has done this itself; here only the host may lower it. */
	if (c->plan.oom_score_adj.set) {
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)c->init.pid);
		snprintf(value, sizeof(value), "%d", c->plan.oom_score_adj.value);
		r = fd_write_file(AT_FDCWD, path, value, strlen(value));
		/* A plain user may not lower it, and their engine may not know by how much. */
		if ((r == -EACCES || r == -EPERM) && (c->facts.euid != 0 || c->facts.in_userns))
			log_warning("process.oomScoreAdj: %s is lower than may be set here, it stays as it is", value);
		else if (r < 0)
			return err_set(err, r, "process.oomScoreAdj: write %s to %s", value, path);
	}
	r = idmap_write(&c->plan, c->init.pid, err);
	return r < 0 ? r : talk_send(c->init.sync, SYNC_MAPPED, err);
}

static int do_limits(struct create *c, struct err *err)
{
	/* It may be allowed one process only, but takes more to be made; none of them is the payload's. */
	return builds_outside(c) ? 0 : create_limits(c, err);
}

/* What exec will go by: the configuration as it was. */
static int do_keep_config(struct create *c, struct err *err)
{
	_cleanup_close_ int fd =
		openat(c->container.dir_fd, STATE_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, c->bundle.text, c->bundle.size);

	if (r < 0)
		return err_set(err, r, "save the configuration in %s/%s", c->options->root, c->request->id);
	return 0;
}

static int do_move_devices(struct create *c, struct err *err)
{
	_cleanup_close_ int sock = -1;
	int r;

	if (c->plan.n_net_devices == 0)
		return 0;
	r = talk_receive(c->init.sync, SYNC_NETWORK, NULL, &sock, err);
	if (r == 0 && sock < 0)
		r = err_msg(err, -EPROTO, "container init sent no socket of its network namespace");
	if (r == 0)
		r = netdevs_move(&c->plan, &c->netdevs, sock, err);
	return r < 0 ? r : talk_send(c->init.sync, SYNC_NETWORK_DONE, err);
}

int create_run_hooks(struct create *c, pid_t pid, struct err *err)
{
	const struct hooks_place place = hooks_place(c->bundle.path, c->plan.annotations, c->plan.n_annotations);
	const struct oci_hooks *hooks = c->plan.hooks;
	_cleanup_free_ char *state = NULL;
	int r;

	state = container_state_json(&c->container.state, "creating", pid);
	if (!state)
		return err_set(err, -ENOMEM, "describe the container to its hooks");
	r = hooks_run("prestart", hooks->prestart, hooks->n_prestart, state, &place, err);
	if (r == 0)
		r = hooks_run("createRuntime", hooks->create_runtime, hooks->n_create_runtime, state, &place, err);
	return r;
}

static int do_hooks(struct create *c, struct err *err)
{
	int r;

	c->hooks_due = true;
	if (!(c->plan.init->flags & PLAN_HOST_HOOKS))
		return 0;
	r = talk_receive(c->init.sync, SYNC_HOOKS, NULL, NULL, err);
	if (r == 0)
		r = create_run_hooks(c, c->init.pid, err);
	return r < 0 ? r : talk_send(c->init.sync, SYNC_HOOKS_DONE, err);
}

/* Of createContainer hooks: init runs them between what comes before and what comes next. */
static int do_hooks_output(struct create *c, struct err *err)
{
	const struct hooks_place place = hooks_place(c->bundle.path, c->plan.annotations, c->plan.n_annotations);

	if (!(c->plan.init->flags & (PLAN_HOOK_STDOUT | PLAN_HOOK_STDERR)))
		return 0;
	return talk_receive_output(c->init.sync, &place, err);
}

static int do_terminal(struct create *c, struct err *err)
{
	return c->plan.terminal ? handover_terminal(&c->handover, c->init.sync, err) : 0;
}

static int do_adopt(struct create *c, struct err *err)
{
	int r;

	if (!builds_outside(c))
		return 0;
	r = adopt(c, err);
	if (r == 0)
		r = idmap_check_joined(&c->plan, c->init.pid, err);
	return r < 0 ? r : create_limits(c, err);
}

static int do_ready(struct create *c, struct err *err)
{
	return talk_receive(c->init.sync, SYNC_READY, NULL, NULL, err);
}

static int do_rlimits(struct create *c, struct err *err)
{
	int r = process_rlimits(&c->plan, c->init.pid, err);

	return r < 0 ? r : process_scheduling(&c->plan, c->init.pid, err);
}

static int do_pidfd_socket(struct create *c, struct err *err)
{
	return handover_pidfd(&c->handover, c->init.pidfd, "standard", err);
}

int create_save(struct create *c, struct err *err)
{
	struct container_state *st = &c->container.state;
	int r;

	r = state_pid_start_time(c->init.pid, &st->start_time);
	if (r < 0)
		return err_set(err, r, "read the start time of container init %d", (int)c->init.pid);
	st->pid = c->init.pid;
	st->phase = "created";
	return state_save(&c->container, err);
}

static int do_pid_file(struct create *c, struct err *err)
{
	return handover_pid(&c->handover, c->init.pid, err);
}

static void undo_pid_file(struct create *c)
{
	handover_undo_pid(&c->handover);
}

static int do_release(struct create *c, struct err *err)
{
	return talk_send(c->init.sync, SYNC_CREATED, err);
}

/* ---- the sequence ------------------------------------------------------------------------------------------ */

struct step {
	const char *name;
	int (*run)(struct create *c, struct err *err);
	void (*undo)(struct create *c);
	bool of_init; /* once more where init was born dead */
};

static const struct step create_steps[] = {
	{"start turtle-systemd", do_open_systemd, NULL}, /* connects to its bus while we read */
	{"open bundle", do_open_bundle, NULL},
	{"gather facts", do_facts, NULL},
	{"user namespace of a plain user", do_own_ids, NULL},
	{"validate", do_validate, NULL},
	{"check terminal", do_check_terminal, NULL},
	{"check rootfs", do_check_rootfs, NULL},
	{"open state root", do_open_root, NULL},
	{"compile seccomp", do_seccomp, NULL},   /* the cache is in the state root */
	{"ask systemd", do_greet_systemd, NULL}, /* its version and place decide what is planned */
	{"plan", do_plan, NULL},
	{"check unit", create_check_unit, NULL},
	{"find network devices", do_find_devices, NULL},
	{"open resctrl", create_open_rdt, NULL},
	{"connect sockets", do_connect, NULL}, /* a wrong path should fail before anything is made */
	{"seccomp agent", do_agent, NULL},     /* the same */
	{"claim id", do_claim, undo_claim},
	{"notification socket", do_notify, NULL},
	{"open namespaces and sources", do_passed, NULL}, /* that directory is a source */
	{"check cgroup", create_check_cgroup, NULL},
	{"save creating", do_save_creating, NULL}, /* from here on delete --force finds everything */
	{"resctrl group", create_rdt, create_undo_rdt},
	{"init image", do_image, NULL}, /* before the cgroup is entered: not charged to it */
	{"cgroup", create_cgroup, create_undo_cgroup},
	{"listen", do_listen, NULL},
	{"spawn", do_spawn, undo_spawn, true},
	{"enter resctrl group", create_enter_rdt, NULL, true}, /* before init has children or threads */
	/* As long as it is the caller's: the user's systemd may not move a process of another user. */
	{"systemd unit, before it is another user's", create_unit_early, NULL},
	{"map ids", do_idmap, NULL, true}, /* then init can build, whatever else takes its time */
	{"systemd unit", create_unit, NULL},
	{"limits", do_limits, NULL}, /* before anything of the payload runs; init is at its mounts */
	{"keep config", do_keep_config, NULL},
	{"move network devices", do_move_devices, NULL}, /* late: there is no way back; hooks may look at them */
	{"hooks", do_hooks, NULL},
	{"output of hooks", do_hooks_output, NULL},
	{"terminal", do_terminal, NULL},
	{"adopt", do_adopt, NULL},
	{"ready", do_ready, NULL},
	{"delegate cgroup", create_delegate, NULL}, /* the cgroup namespace is above it */
	{"rlimits and scheduling", do_rlimits,
	 NULL}, /* as late as possible: RLIMIT_NOFILE would bite init's own work */
	{"pidfd socket", do_pidfd_socket, NULL},
	{"save created", create_save, NULL},
	{"pid file", do_pid_file, undo_pid_file}, /* last: engines take it as "there is a container" */
	{"release", do_release, NULL},
};

/* The kernel has killed init where it was cloned (init_was_born_dead): puts the sequence back to where there was none.
 */
static size_t begin_init_anew(struct create *c)
{
	size_t i = 0;

	log_debug("create %s: init was killed where it was cloned, once more", c->request->id);
	init_destroy(&c->init);
	c->born_dead = true;
	while (!create_steps[i].of_init)
		i++;
	return i;
}

/* The same container, whose processes are not made by init but by CRIU, out of images. */
static const struct step restore_steps[] = {
	{"start turtle-systemd", do_open_systemd, NULL},
	{"open bundle", do_open_bundle, NULL},
	{"gather facts", do_facts, NULL},
	{"check privileges", restore_check_privileges, NULL},
	{"validate", do_validate, NULL},
	{"check terminal", do_check_terminal, NULL},
	{"check rootfs", do_check_rootfs, NULL},
	{"open state root", do_open_root, NULL},
	{"ask systemd", do_greet_systemd, NULL},
	{"plan", do_plan, NULL}, /* without a filter: it is in the images */
	{"check unit", create_check_unit, NULL},
	{"open images", restore_open_images, NULL},
	{"connect sockets", do_connect, NULL},
	{"open resctrl", create_open_rdt, NULL},
	{"claim id", do_claim, undo_claim},
	{"share images", restore_share_images, NULL}, /* it can't be undone: not for an id that is taken */
	{"notification socket", do_notify, NULL},
	{"open namespaces and sources", do_passed, NULL}, /* sources only to see that they are there */
	{"check cgroup", create_check_cgroup, NULL},
	{"save creating", do_save_creating, NULL},
	{"resctrl group", create_rdt, create_undo_rdt},
	{"mount points", restore_make_places, NULL},
	{"start criu", restore_start_criu, restore_end_criu}, /* where there is none it fails before anything is made */
	{"cgroup", create_cgroup, create_undo_cgroup},
	{"processes", NULL, undo_spawn}, /* killed before the cgroup goes; made below */
	{"enter cgroup", restore_enter_cgroup, NULL},
	{"keep config", do_keep_config, NULL},
	{"pid file", NULL, undo_pid_file}, /* written below, while the processes are held */
	{"restore", restore_processes, restore_end_criu},
};

static const struct step *steps_of(const struct create *c, size_t *ret_n)
{
	*ret_n = c->restore ? ARRAY_SIZE(restore_steps) : ARRAY_SIZE(create_steps);
	return c->restore ? restore_steps : create_steps;
}

static void undo_from(struct create *c, size_t done)
{
	size_t n;
	const struct step *steps = steps_of(c, &n);

	while (done-- > 0)
		if (steps[done].undo)
			steps[done].undo(c);
}

int create_container(struct create *create, struct err *err)
{
	size_t n;
	const struct step *steps = steps_of(create, &n);

	create->handover = (struct handover){.console_path = create->request->console_socket,
					     .pidfd_path = create->request->pidfd_socket,
					     .pid_file = create->request->pid_file,
					     .console_socket = -1,
					     .pidfd_socket = -1,
					     .master = -1};
	create->root_fd = -1;
	create->cgroup_fd = create->process_fd = create->rdt_fd = -1;
	create->systemd = SYSTEMD_NONE;
	create->agent = AGENT_NONE;
	create->netdevs = NETDEVS_NONE;
	create->listen_fd = create->image.program = create->image.plan = -1;
	create->container.root_fd = create->container.dir_fd = -1;
	create->init = INIT_PROCESS_NONE;

	for (size_t i = 0, done = 0; i < n; i++) {
		int r;

		if (i < done && !steps[i].of_init)
			continue;
		log_debug("%s %s: %s", create->restore ? "restore" : "create", create->request->id, steps[i].name);
		r = steps[i].run ? steps[i].run(create, err) : 0;
		if (r < 0 && !create->restore && !create->born_dead && create->cgroup_made &&
		    init_was_born_dead(&create->init)) {
			done = i;
			i = begin_init_anew(create) - 1;
		} else if (r < 0) {
			if (!create->restore) {
				create_explain(create, r, err);
				/* runc's words, which its users look for; until then only the request was wrong. */
				if (create->claimed)
					err_wrap(err, "unable to start container process");
			}
			/* A step that failed half way has its own undo, too. */
			undo_from(create, i + 1);
			if (create->stuck)
				err_hint(err, "not all could be undone, delete %s when it can be", create->request->id);
			return r;
		}
	}
	return 0;
}

int create_preserve_fds(struct create *create, struct err *err)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t listening, who;

	/*
	 * As for every receiver: not what is meant for another process. Callers who have no way to know our number
	 * leave it out.
	 */
	if (fds && (!pid || (num_u32(pid, &who) == 0 && who == (uint32_t)getpid())) && num_u32(fds, &listening) == 0)
		create->listen_fds = listening;
	if (create->listen_fds > INT32_MAX - 3 || create->request->preserve_fds > INT32_MAX - 3 - create->listen_fds)
		return err_msg(err, -EINVAL, "cannot preserve %u and %u descriptors", create->request->preserve_fds,
			       create->listen_fds);
	return fd_preserve(create->request->preserve_fds + create->listen_fds, err);
}

void create_undo(struct create *create)
{
	size_t n;

	(void)steps_of(create, &n);
	undo_from(create, n);
}

void create_close(struct create *create)
{
	handover_close(&create->handover);
	agent_close(&create->agent);
	cleanup_close(&create->cgroup_fd);
	cleanup_close(&create->process_fd);
	cleanup_close(&create->listen_fd);
	cleanup_close(&create->init.sync);
	cleanup_close(&create->init.pidfd);
	netdevs_close(&create->netdevs);
	cleanup_close(&create->rdt_fd);
	init_image_close(&create->image);
	passed_close(&create->passed);
	container_close(&create->container);
	cleanup_close(&create->root_fd);
	facts_free(&create->facts);
	systemd_close(&create->systemd);
	bundle_close(&create->bundle);
}

int host_create(const struct host_options *options, const struct create_request *request, struct err *err)
{
	struct create create = {.options = options, .request = request};
	int r;

	r = state_check_id(request->id, err);
	if (r < 0)
		return r;
	r = create_preserve_fds(&create, err);
	if (r < 0)
		return r;
	r = create_container(&create, err);
	create_close(&create);
	return r;
}
