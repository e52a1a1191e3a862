/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: one more process in a container that lives.
 *
 * The process that enters the namespaces is born in the container's cgroup, so there is no moment at which it is
 * outside its limits, and no `delete` that would overlook it. All that is of the host is done here and handed to it as
 * descriptors: the namespaces of the container's init, taken while a pidfd says that it is still that one, and a
 * procfs. The lock is held, shared, until the process is in the cgroup; then a delete finds it there.
 */
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "config/exec.h"
#include "config/names.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/console.h"
#include "host/exec.h"
#include "host/facts.h"
#include "host/handover.h"
#include "host/host.h"
#include "host/rdt.h"
#include "host/seccomp.h"
#include "host/talk.h"
#include "host/view.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LOCK_MS 10000 /* for another turtle that works on this container */
#define END_MS  1000  /* for a container that is ending */

/* ---- reading ----------------------------------------------------------------------------------------------- */

static int do_open_container(struct exec *e, struct err *err)
{
	enum container_status status;
	int r = view_open_container(e->options, e->request->id, STATE_SHARED, LOCK_MS, &e->container, err);

	if (r < 0)
		return r;
	if (!e->container.has_state && e->container.load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = view_status(&e->container, &status, &e->init_pidfd, err);
	if (r < 0)
		return r;
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return err_msg(err, -ESRCH, "cannot exec in a stopped container");
	if (status == STATUS_PAUSED && !e->request->ignore_paused)
		return err_msg(err, -EBUSY, "cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

/* As it was when the container was made: what the bundle says by now does not matter. */
static int do_open_config(struct exec *e, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r = fd_read_file(e->container.dir_fd, STATE_CONFIG, OCISPEC_MAX_SIZE, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read the saved configuration of container %s", e->container.id);
	r = bundle_from_text(e->container.state.bundle, text, &e->bundle, err);
	return r < 0 ? err_wrap(err, "saved configuration of container %s", e->container.id) : 0;
}

static int do_facts(struct exec *e, struct err *err)
{
	return facts_gather(&e->facts, err);
}

static void log_warn(void *arg, const char *message)
{
	(void)arg;
	log_warning("%s", message);
}

static bool may_have_label(const struct exec *e)
{
	const struct oci_process *own = e->bundle.config->process;
	const struct exec_wishes *wishes = e->request->wishes;

	return wishes->process_label || wishes->process_file || (own && own->selinux_label);
}

static int do_process(struct exec *e, struct err *err)
{
	struct config_facts facts = {.rootless = e->facts.euid != 0 || e->facts.in_userns,
				     .apparmor = facts_apparmor(),
				     .selinux = may_have_label(e) && facts_selinux()};
	int r = exec_process(e->bundle.config, e->request->wishes, &facts, log_warn, NULL, e->bundle.arena, err);

	if (r < 0)
		return r;
	return handover_check(&e->handover, e->bundle.config->process->terminal, e->request->detach, err);
}

static int do_connect(struct exec *e, struct err *err)
{
	return handover_connect(&e->handover, err);
}

static int do_seccomp(struct exec *e, struct err *err)
{
	return seccomp_of_container(e->bundle.config, e->container.root_fd, e->bundle.arena, &e->seccomp, err);
}

static int do_agent(struct exec *e, struct err *err)
{
	return e->seccomp.agent ? agent_connect(e->seccomp.agent, &e->agent, err) : 0;
}

/* setgroups(2) may have been given up for a user namespace when it was made. */
static int read_setgroups(struct exec *e, int proc, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (!(e->plan_request.namespaces & CLONE_NEWUSER) && !e->facts.in_userns)
		return 0;
	r = fd_read_file(proc, "setgroups", 64, &text, NULL);
	if (r < 0)
		return err_set(err, r, "read /proc/%d/setgroups", (int)e->container.state.pid);
	e->plan_request.setgroups_denied = strncmp(text, "deny", 4) == 0;
	return 0;
}

/*
 * An init waits, before it is gone, until all of its pid namespace is reaped. A child of ours may be among them whose
 * number we have not heard, because its stage was killed as well.
 */
static bool ends_soon(int init_pidfd)
{
	_cleanup_close_ int signal_fd = -1;
	struct pollfd p[2] = {{.fd = init_pidfd, .events = POLLIN}, {.events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	signal_fd = p[1].fd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	do {
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		while (read(signal_fd, &info, sizeof(info)) > 0)
			;
	} while (poll(p, 2, END_MS) > 0 && !p[0].revents);
	return p[0].revents;
}

/* Those of init that are not our own. */
static int open_namespaces(struct exec *e, int proc, struct err *err)
{
	for (size_t i = 0; i < EXEC_NAMESPACES; i++) {
		char own[32], theirs[16];
		struct stat ours, st;
		_cleanup_close_ int fd = -1;

		snprintf(own, sizeof(own), "/proc/self/ns/%s", exec_namespaces[i].file);
		snprintf(theirs, sizeof(theirs), "ns/%s", exec_namespaces[i].file);
		/* A kernel that has none of this kind. */
		if (stat(own, &ours) < 0 && errno == ENOENT)
			continue;
		fd = openat(proc, theirs, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_set(err, -errno, "open the %s namespace of container %s",
				       name_of_namespace(exec_namespaces[i].type), e->container.id);
		if (st.st_dev == ours.st_dev && st.st_ino == ours.st_ino)
			continue;
		e->namespaces[i] = TAKE_FD(fd);
		e->plan_request.namespaces |= exec_namespaces[i].type;
	}
	return 0;
}

static int do_namespaces(struct exec *e, struct err *err)
{
	_cleanup_close_ int proc = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d", (int)e->container.state.pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = proc < 0 ? err_set(err, -errno, "open %s", path) : open_namespaces(e, proc, err);
	if (r == 0)
		r = read_setgroups(e, proc, err);
	/* Without a mount namespace of its own it is init's root that the container is. */
	if (r == 0 && !(e->plan_request.namespaces & CLONE_NEWNS)) {
		e->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (e->root < 0)
			r = err_set(err, -errno, "open the root of container %s", e->container.id);
	}
	/* If it lives, the number was not another's meanwhile. Its namespaces go a little before it does. */
	if (r == -ENOENT || r == -ESRCH ? ends_soon(e->init_pidfd) : fd_pidfd_has_ended(e->init_pidfd))
		return err_msg(err, -ESRCH, "cannot exec in a stopped container");
	return r;
}

int exec_plan(struct exec *e, struct err *err)
{
	return plan_exec(e->bundle.config, &e->facts, &e->plan_request, e->seccomp.len ? &e->seccomp : NULL,
			 e->bundle.arena, &e->plan, err);
}

static int do_plan(struct exec *e, struct err *err)
{
	int r;

	e->plan_request.id = e->container.id;
	e->plan_request.no_new_keyring = e->container.state.no_new_keyring;
	e->plan_request.preserve_fds = e->request->preserve_fds;
	r = exec_plan(e, err);
	for (size_t i = 0; r == 0 && i < e->plan.n_warnings; i++)
		log_warning("%s", e->plan.warnings[i]);
	return r;
}

/* In the order of the plan: namespaces, the root where it is needed, procfs. */
static int do_pass(struct exec *e, struct err *err)
{
	const struct plan_join *joins = plan_items(e->plan.init, e->plan.init->joins, struct plan_join);
	struct passed *passed = &e->passed;

	passed->fds = calloc(EXEC_NAMESPACES + 2, sizeof(*passed->fds));
	if (!passed->fds)
		return err_set(err, -ENOMEM, "pass the namespaces");
	for (uint32_t j = 0; j < e->plan.init->joins.n; j++)
		for (size_t i = 0; i < EXEC_NAMESPACES; i++)
			if (exec_namespaces[i].type == joins[j].type)
				passed->fds[passed->n++] = TAKE_FD(e->namespaces[i]);
	if (e->root >= 0)
		passed->fds[passed->n++] = TAKE_FD(e->root);
	passed->fds[passed->n] = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (passed->fds[passed->n] < 0)
		return err_set(err, -errno, "open /proc");
	passed->n++;
	return 0;
}

static int do_image(struct exec *e, struct err *err)
{
	return init_image_make(&e->plan, &e->image, err);
}

/* ---- the process ------------------------------------------------------------------------------------------- */

/* What the process begins with; what it ends with is init's to set, once it is in the cgroup. */
static int do_affinity(struct exec *e, struct err *err)
{
	const void *mask = e->plan.initial_cpus;
	int r;

	if (!e->plan.n_initial_cpus || sched_setaffinity(0, e->plan.n_initial_cpus, mask) == 0)
		return 0;
	r = err_set(err, -errno, "process.execCPUAffinity.initial: bind turtle to these CPUs");
	return r == -EINVAL ? err_hint(err, "none of them is online and in turtle's cgroup") : r;
}

static int do_foreground(struct exec *e, struct err *err)
{
	return e->request->detach ? 0 : foreground_prepare(&e->foreground, err);
}

static int do_spawn(struct exec *e, struct err *err)
{
	int r = exec_spawn(e, err);

	passed_close(&e->passed);
	return r;
}

static void undo_spawn(struct exec *e)
{
	init_destroy(&e->process);
}

static int do_terminal(struct exec *e, struct err *err)
{
	return e->plan.terminal ? handover_terminal(&e->handover, e->process.sync, err) : 0;
}

static int do_adopt(struct exec *e, struct err *err)
{
	return e->plan.stage ? init_adopt(&e->process, err) : 0;
}

/* Where the group is gone, resctrl has put the container's own processes back into the root as well. */
static int do_resctrl(struct exec *e, struct err *err)
{
	const struct container_state *st = &e->container.state;
	_cleanup_close_ int root = -1;
	int r = rdt_open_for(st, &root, err);

	if (r == 0 && root >= 0)
		r = rdt_enter(root, st->rdt_group, st->id, st->rdt_monitor, e->process.pid, err);
	return rdt_is_gone(r) ? 0 : r;
}

static int do_ready(struct exec *e, struct err *err)
{
	int r = talk_receive(e->process.sync, SYNC_READY, NULL, NULL, err);

	/* It is gone by now: nobody has to wait for it. */
	return r < 0 ? r : init_reap_stage(&e->process, err);
}

static int do_rlimits(struct exec *e, struct err *err)
{
	int r = process_rlimits(&e->plan, e->process.pid, err);

	return r < 0 ? r : process_scheduling(&e->plan, e->process.pid, err);
}

static int do_pidfd_socket(struct exec *e, struct err *err)
{
	return handover_pidfd(&e->handover, e->process.pidfd, "setns", err);
}

static int do_pid_file(struct exec *e, struct err *err)
{
	return handover_pid(&e->handover, e->process.pid, err);
}

static void undo_pid_file(struct exec *e)
{
	handover_undo_pid(&e->handover);
}

static int do_execute(struct exec *e, struct err *err)
{
	bool destroy;
	int r;

	/* Also one that entered a cgroup just after everything in it was killed must not outlive the container. */
	if (fd_pidfd_has_ended(e->init_pidfd))
		return err_msg(err, -ESRCH, "cannot exec in a stopped container");
	r = e->agent.socket < 0 ? 0
				: agent_describe(&e->agent, &e->container.state, "running", e->process.pid,
						 e->seccomp.agent_metadata, err);
	if (r == 0)
		r = talk_send(e->process.sync, SYNC_START, err);
	return r < 0 ? r : talk_receive_exec(e->process.sync, &e->agent, &destroy, err);
}

/* ---- the sequence ------------------------------------------------------------------------------------------ */

static const struct step {
	const char *name;
	int (*run)(struct exec *e, struct err *err);
	void (*undo)(struct exec *e);
} steps[] = {
	{"open container", do_open_container, NULL},
	{"saved configuration", do_open_config, NULL},
	{"gather facts", do_facts, NULL},
	{"process", do_process, NULL},
	{"connect sockets", do_connect, NULL}, /* a wrong path should fail before anything is made */
	{"compile seccomp", do_seccomp, NULL},
	{"seccomp agent", do_agent, NULL},
	{"namespaces", do_namespaces, NULL},
	{"plan", do_plan, NULL},
	{"pass", do_pass, NULL},
	{"cgroup", exec_open_cgroup, NULL},
	{"image", do_image, NULL}, /* before the cgroup is entered: not charged to it */
	{"CPU affinity", do_affinity, NULL},
	{"signals", do_foreground, NULL}, /* from here on they are the process's */
	{"spawn", do_spawn, undo_spawn},
	{"terminal", do_terminal, NULL},
	{"adopt", do_adopt, NULL},
	{"resctrl group", do_resctrl, NULL},
	{"ready", do_ready, NULL},
	{"rlimits and scheduling", do_rlimits,
	 NULL}, /* as late as possible: RLIMIT_NOFILE would bite init's own work */
	{"pidfd socket", do_pidfd_socket, NULL},
	{"pid file", do_pid_file, undo_pid_file}, /* before the process may end: engines look for it then */
	{"execute", do_execute, NULL},
};

/* Without a word of its own: it was killed, by somebody or for memory. */
static void explain_death(const struct exec *e, struct err *err)
{
	char limit[32];

	err_msg(err, -EPIPE, "the process was killed before it could execute the program");
	if (e->cgroup_fd >= 0 && cgroup_oom_kills(e->cgroup_fd, limit, sizeof(limit)) > 0)
		err_hint(err, "for memory? memory.max is %s", limit);
}

/*
 * Whatever failed because the container has ended: that is what there is to tell. A pid namespace that is ending kills
 * what is in it and refuses clones (ENOMEM) a while before its init is gone.
 */
static void explain(const struct exec *e, int r, bool died, bool spawned, struct err *err)
{
	bool ending = died || r == -ENOMEM;

	if (e->init_pidfd >= 0 && (ending ? ends_soon(e->init_pidfd) : fd_pidfd_has_ended(e->init_pidfd))) {
		err_msg(err, -ESRCH, "cannot exec in a stopped container");
		return;
	}
	if (died)
		explain_death(e, err);
	if (spawned)
		err_wrap(err, "unable to start container process");
}

static int start(struct exec *e, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		bool died, spawned;
		int r;

		log_debug("exec %s: %s", e->request->id, steps[i].name);
		r = steps[i].run(e, err);
		if (r == 0)
			continue;
		/* A broken pipe may be that of a socket, too. */
		spawned = e->process.sync >= 0;
		died = r == -EPIPE && (!spawned || init_has_hung_up(&e->process));
		/* A step that failed half way has its own undo, too. */
		for (size_t k = i + 1; k-- > 0;)
			if (steps[k].undo)
				steps[k].undo(e);
		/* Last: an init waits, before it is gone, for those of its namespace that are others' to reap. */
		explain(e, r, died, spawned, err);
		return err ? err->code : r;
	}
	return 0;
}

static int attend(struct exec *e, int *ret_status, struct err *err)
{
	int status, r;

	r = foreground_wait(&e->foreground, e->process.pid, e->process.pidfd, e->handover.master, &status, err);
	if (r == 0)
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r;
}

static void finish(struct exec *e)
{
	foreground_finish(&e->foreground);
	handover_close(&e->handover);
	agent_close(&e->agent);
	cleanup_close(&e->process.sync);
	cleanup_close(&e->process.pidfd);
	cleanup_close(&e->init_pidfd);
	cleanup_close(&e->root);
	cleanup_close(&e->cgroup_fd);
	for (size_t i = 0; i < EXEC_NAMESPACES; i++)
		cleanup_close(&e->namespaces[i]);
	passed_close(&e->passed);
	init_image_close(&e->image);
	free(e->cgroup);
	container_close(&e->container);
	facts_free(&e->facts);
	bundle_close(&e->bundle);
}

int host_exec(const struct host_options *options, const struct exec_request *request, int *ret_status, struct err *err)
{
	struct exec e = {
		.options = options,
		.request = request,
		.container = {.root_fd = -1, .dir_fd = -1},
		.init_pidfd = -1,
		.root = -1,
		.cgroup_fd = -1,
		.image = {-1, -1},
		.process = INIT_PROCESS_NONE,
		.agent = AGENT_NONE,
		.foreground = {.signal_fd = -1},
		.handover = {.console_path = request->console_socket,
			     .pidfd_path = request->pidfd_socket,
			     .pid_file = request->pid_file,
			     .console_socket = -1,
			     .pidfd_socket = -1,
			     .master = -1},
	};
	int r, status = 0;

	for (size_t i = 0; i < EXEC_NAMESPACES; i++)
		e.namespaces[i] = -1;
	if (request->preserve_fds > INT32_MAX - 3)
		return err_msg(err, -EINVAL, "cannot preserve %u descriptors", request->preserve_fds);
	r = fd_preserve(request->preserve_fds, err);
	if (r < 0)
		return r;
	r = start(&e, err);
	if (r == 0 && !request->detach) {
		/* Others may delete the container; what is not needed goes. */
		bundle_close(&e.bundle);
		r = attend(&e, &status, err);
	}
	finish(&e);
	if (r == 0)
		*ret_status = status;
	return r;
}
