/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the container's first process as one table. The order is the logic of this program: each row says why it
 * stands where it does. What the rows do is in the other files; which ones apply, the plan says.
 */
#include "init/init.h"

#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Ignored signals and a mask would be inherited by the container's program, and SIGCHLD ignored breaks waiting. */
static int reset_inherited(struct init *init, struct err *err)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sys_signal_default(sig) < 0)
			return err_set(err, -errno, "reset signal %d", sig);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return err_set(err, -errno, "unblock signals");
	init->caller_umask = umask(0);
	return 0;
}

static int hide(struct init *init, struct err *err)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? err_set(err, -errno, "prctl PR_SET_DUMPABLE") : 0;
}

/* The files of a hidden process in procfs belong to root: turtle must be root to write the id maps then. */
static int hide_from_joined(struct init *init, struct err *err)
{
	return init->plan->flags & PLAN_NEW_USERNS && geteuid() != 0 ? 0 : hide(init, err);
}

static int new_session(struct init *init, struct err *err)
{
	return setsid() < 0 ? err_set(err, -errno, "setsid") : 0;
}

static int host_hooks(struct init *init, struct err *err)
{
	int r = sync_send(init, SYNC_HOOKS, err);

	return r < 0 ? r : sync_wait(init, SYNC_HOOKS_DONE, err);
}

/* From here on nothing of the host's, and no directory at all, is open in what the container can see. */
static int close_all(struct init *init, struct err *err)
{
	(void)err;
	close_fd(&init->root);
	close_fd(&init->proc);
	close_fd(&init->null);
	for (unsigned i = 0; i < init->n_fds; i++)
		close_fd(&init->fds[i]);
	for (unsigned i = 0; i < init->trees.n; i++)
		close_fd(&init->trees.fds[i]);
	close_fd(&init->trees.sock);
	return 0;
}

static int set_personality(struct init *init, struct err *err)
{
	return personality((unsigned long)init->plan->personality) < 0
		       ? err_set(err, -errno, "personality %x", (unsigned)init->plan->personality)
		       : 0;
}

static int no_new_privs(struct init *init, struct err *err)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? err_set(err, -errno, "prctl PR_SET_NO_NEW_PRIVS") : 0;
}

static int set_umask(struct init *init, struct err *err)
{
	umask(init->plan->flags & PLAN_SET_UMASK ? (mode_t)init->plan->umask : init->caller_umask);
	return 0;
}

static int wait_created(struct init *init, struct err *err)
{
	int r = sync_send(init, SYNC_READY, err);

	return r < 0 ? r : sync_wait(init, SYNC_CREATED, err);
}

static int wait_start(struct init *init, struct err *err)
{
	return init->plan->flags & PLAN_WAIT_START ? sync_accept_start(init, err) : sync_wait(init, SYNC_START, err);
}

/* Nothing is left but to execute the program: the pid can be told to others now. */
static int wait_go(struct init *init, struct err *err)
{
	int r = sync_send(init, SYNC_READY, err);

	return r < 0 ? r : sync_wait(init, SYNC_START, err);
}

/* Their failure is more than a program that can't be executed: it ends the container. */
static int start_hooks(struct init *init, struct err *err)
{
	int r = hooks_start_container(init, err);

	init->hook_failed = r < 0;
	return r;
}

/* Conditions. */
#define WHEN(name, condition)                          \
	static bool name(const struct init_plan *plan) \
	{                                              \
		return condition;                      \
	}
WHEN(has_joins, plan->joins.n)
WHEN(staged, plan->flags &PLAN_STAGE)
WHEN(outside, plan->flags &PLAN_BUILD_OUTSIDE)
WHEN(staged_first, staged(plan) && !outside(plan))
WHEN(new_namespaces, outside(plan) && plan->stage_flags)
WHEN(joined_procfs, outside(plan) && plan->mounts.n)
WHEN(in_userns, plan->flags &PLAN_IN_USERNS)
WHEN(needs_cgroup, plan->flags &(PLAN_NEW_CGROUPNS | PLAN_AWAIT_CGROUP))
WHEN(new_timens, plan->new_timens)
WHEN(new_ipcns, plan->new_ipcns)
WHEN(has_names, plan->hostname || plan->domainname)
WHEN(new_netns, plan->flags &PLAN_NEW_NETNS)
WHEN(gets_devices, plan->flags &PLAN_NET_DEVICES)
WHEN(new_keyring, plan->flags &PLAN_NEW_KEYRING)
WHEN(own_root, plan->flags &PLAN_NEW_MOUNTNS)
WHEN(setup_dev, own_root(plan) && plan->flags & PLAN_SETUP_DEV)
WHEN(has_host_hooks, plan->flags &PLAN_HOST_HOOKS)
WHEN(has_create_hooks, plan->create_container.n)
WHEN(has_start_hooks, plan->start_container.n)
WHEN(terminal, plan->flags &PLAN_TERMINAL)
WHEN(no_terminal, !terminal(plan))
WHEN(terminal_first, terminal(plan) && !outside(plan))
WHEN(terminal_late, terminal(plan) && outside(plan))
WHEN(has_process, plan->args.n)
WHEN(has_sysctls, plan->sysctls.n)
WHEN(has_readonly_paths, own_root(plan) && plan->readonly_paths.n)
WHEN(has_masks, own_root(plan) && plan->masked.n)
WHEN(readonly_root, own_root(plan) && plan->flags & PLAN_ROOT_READONLY)
WHEN(pivot, own_root(plan) && !(plan->flags & PLAN_NO_PIVOT))
WHEN(no_pivot, !pivot(plan))
WHEN(final_propagation, own_root(plan) && plan->final_propagation)
WHEN(has_personality, plan->flags &PLAN_SET_PERSONALITY)
WHEN(wants_no_new_privs, plan->flags &PLAN_NO_NEW_PRIVS)
WHEN(has_apparmor, plan->apparmor)
WHEN(has_selinux, plan->selinux)
WHEN(schedules, (plan->scheduler || plan->io_priority) && !(plan->flags & PLAN_HOST_SCHEDULING))
WHEN(has_memory_policy, plan->flags &PLAN_SET_MEMORY_POLICY)
WHEN(has_rlimits, plan->rlimits.n)
WHEN(awaits_cgroup, plan->flags &PLAN_AWAIT_CGROUP)
WHEN(has_cpus, plan->cpus.n || plan->flags & PLAN_ANY_CPU)

struct step {
	const char *name;
	bool (*when)(const struct init_plan *plan); /* NULL: always */
	int (*run)(struct init *init, struct err *err);
};

static const struct step create_steps[] = {
	/* Before anything is made: what we inherited, and what turtle has to give. */
	{"reset signals and umask", NULL, reset_inherited},
	{"take descriptors", NULL, sync_take_fds},
	/* In a joined pid namespace we are seen from now on. */
	{"hide from joined namespaces", NULL, hide_from_joined},
	/* Here is the last place where one can be had that has us, and leads nowhere else. */
	{"procfs of our own", outside, proc_of_builder},
	/* By a child that has entered the pid namespace, and is seen there: so while nothing is built yet. */
	{"procfs of the joined pid namespace", joined_procfs, proc_of_joined},
	{"join namespaces", has_joins, ns_join},
	/* A pid namespace is for children only, and new namespaces must belong to the joined user namespace. */
	{"clone the container's init", staged_first, ns_stage},
	{"new namespaces", new_namespaces, ns_unshare},
	/* Until the ids are mapped nothing can be made: files would have no owner. */
	{"become root of the user namespace", in_userns, ns_become},
	/* Changing ids has made us visible again. */
	{"hide", NULL, hide},
	{"new session", NULL, new_session},
	/* Its file system belongs to who we are now. */
	{"new ipc namespace", new_ipcns, ns_ipc},
	/* Belongs to the user that owns the user namespace's things. */
	{"new keyring", new_keyring, ns_keyring},
	{"new time namespace", new_timens, ns_time},
	{"host name", has_names, ns_names},
	{"loopback interface", new_netns, ns_loopback},
	/* As early as can be, so that the host moves them while we are at the mounts, which don't look at them. */
	{"socket for network devices", gets_devices, ns_network},

	/* Everything below happens under init->root, while host paths still work for the sources. */
	{"attach root", NULL, root_attach},
	{"mounts", own_root, mount_all},
	/* /dev is one of the mounts. */
	{"devices", setup_dev, dev_nodes},
	{"device links", setup_dev, dev_links},
	/*
	 * Its root is the cgroup that we are in, and systemd takes its time to move us there: so the first mount of a
	 * cgroup does this, or, where there is none, we do it here, before anybody else's program runs.
	 */
	{"cgroup namespace", needs_cgroup, ns_cgroup},
	/* In the cgroup, whose CPUs are the limit; what hooks start inherits it. */
	{"CPU affinity", has_cpus, sched_affinity},
	/* Hooks set up what the devices lack, and sysctls may be of one of them. */
	{"network devices", gets_devices, ns_network_done},
	/* Hooks may still change what is in the root; the paths of createContainer hooks are the host's. */
	{"prestart and createRuntime hooks", has_host_hooks, host_hooks},
	{"createContainer hooks", has_create_hooks, hooks_create_container},
	/* Makes /dev/console, so before the root is read-only; also the owner of what hooks print to has changed. */
	{"terminal", terminal, term_open},
	{"controlling terminal", terminal_first, term_control},
	{"working directory", has_process, exec_make_cwd},
	{"home", has_process, exec_find_home},
	/* Before /proc/sys is read-only. */
	{"sysctls", has_sysctls, proc_sysctls},
	/* For the program, and for startContainer hooks; taken by the next execve. Procfs is still at hand. */
	{"AppArmor profile", has_apparmor, lsm_apparmor},
	{"SELinux label", has_selinux, lsm_selinux},
	/* After all that writes; read-only first, it must not uncover what is masked. */
	{"read-only paths", has_readonly_paths, mask_readonly_paths},
	{"masked paths", has_masks, mask_paths},
	{"read-only mounts", own_root, mount_late_readonly},
	{"read-only root", readonly_root, root_readonly},
	{"pivot_root", pivot, root_pivot},
	{"chroot", no_pivot, root_chroot},
	/* pivot_root refuses a shared root. */
	{"propagation of the root", final_propagation, root_final_propagation},
	{"null device as stdio", no_terminal, term_stdio_null},
	/* Last use as the root of the namespace: its right to own others' files. */
	{"owner of stdio", no_terminal, term_stdio_owner},
	{"close", NULL, close_all},

	/* The process. From here on those in a joined pid namespace see it. */
	{"clone into the pid namespace", outside, ns_stage},
	{"session of its own", outside, new_session},
	{"terminal of that session", terminal_late, term_control},
	{"personality", has_personality, set_personality},
	/* In the cgroup, whose memory nodes are the limit. */
	{"memory policy", has_memory_policy, sched_memory_policy},
	{"umask", NULL, set_umask},
	/* Raising takes a capability. */
	{"resource limits", has_rlimits, ids_rlimits},
	/* With the rights of root where they are enough; else once more as the user (a home on NFS). */
	{"enter working directory", has_process, exec_enter_cwd},
	/* Takes a capability; and a process with a deadline can't be cloned any more. */
	{"scheduling", schedules, sched_apply},
	{"credentials", NULL, ids_set},
	{"hide again", NULL, hide},
	{"check working directory", has_process, exec_check_cwd},
	/* As the container's user, who must be able to execute it. */
	{"find program", has_process, exec_find_program},
	/* After everything that may need it off: setuid helpers of hooks excepted, they are the container's. */
	{"no_new_privs", wants_no_new_privs, no_new_privs},
	{"created", NULL, wait_created},
	{"wait for start", NULL, wait_start},
	/* Not under the filter, which is for the program. */
	{"startContainer hooks", has_start_hooks, start_hooks},
	{"execute", NULL, exec_program},
};

/*
 * A further process of a container. The container's own may be hostile, and lives: so nothing of the host may be open,
 * or in memory, in what it can see. What needs more is done before the clone into its pid namespace.
 */
static const struct step exec_steps[] = {
	{"reset signals and umask", NULL, reset_inherited},
	{"take descriptors", NULL, sync_take_fds},
	/* The user's systemd may not move a process of another user, which we are about to become. */
	{"cgroup", awaits_cgroup, ns_cgroup},
	/* Entering the cgroup may have changed it. */
	{"CPU affinity", has_cpus, sched_affinity},
	/* From here on the container's user may have the right to look at us. */
	{"hide from the container", NULL, hide},
	{"join namespaces", has_joins, ns_join},
	{"root", NULL, root_of_container},
	{"become root of the user namespace", in_userns, ns_become},
	/* Changing ids, or the user namespace, has made us visible again. */
	{"hide", NULL, hide},
	{"terminal", terminal, term_open},
	{"home", NULL, exec_find_home},
	{"null device as stdio", no_terminal, term_stdio_null},
	{"owner of stdio", no_terminal, term_stdio_owner},
	/* For the next execve, also of a child. */
	{"AppArmor profile", has_apparmor, lsm_apparmor},
	{"SELinux label", has_selinux, lsm_selinux},
	/* The container's own, found by its name; with a label it is the last that needs procfs. */
	{"session keyring", new_keyring, ns_keyring},
	/* With the rights of root where they are enough; else once more as the user (a home on NFS). */
	{"enter working directory", NULL, exec_enter_cwd},
	{"close", NULL, close_all},

	/* In sight of the container. */
	{"clone into the pid namespace", staged, ns_stage},
	{"new session", NULL, new_session},
	{"controlling terminal", terminal, term_control},
	{"personality", has_personality, set_personality},
	/* In the cgroup, whose memory nodes are the limit. */
	{"memory policy", has_memory_policy, sched_memory_policy},
	{"umask", NULL, set_umask},
	{"resource limits", has_rlimits, ids_rlimits},
	{"scheduling", schedules, sched_apply},
	{"credentials", NULL, ids_set},
	{"hide again", NULL, hide},
	{"check working directory", NULL, exec_check_cwd},
	{"find program", NULL, exec_find_program},
	{"no_new_privs", wants_no_new_privs, no_new_privs},
	{"ready", NULL, wait_go},
	{"execute", NULL, exec_program},
};

int init_run(struct init *init, struct err *err)
{
	bool exec = init->plan->flags & PLAN_EXEC;
	const struct step *steps = exec ? exec_steps : create_steps;
	size_t n = exec ? sizeof(exec_steps) / sizeof(exec_steps[0]) : sizeof(create_steps) / sizeof(create_steps[0]);

	for (size_t i = 0; i < n; i++) {
		int r;

		if (steps[i].when && !steps[i].when(init->plan))
			continue;
		r = steps[i].run(init, err);
		if (r < 0) {
			if (!err->msg[0])
				err_set(err, r, "%s", steps[i].name);
			return r;
		}
	}
	return err_msg(err, -EIO, "the program was not executed");
}
