/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turtle-init: what its files share. The program has no heap and no stdio; everything lives on the stack, in a few
 * static buffers, or in the plan, which is mapped read-only.
 *
 * Rules that all files keep:
 * - Below the container's root nothing is reached by a path of ours alone: paths are resolved by the kernel inside
 *   init->root (root_open), and what is created is created one component at a time below a descriptor (root_make).
 * - procfs is only our own (proc.c), never what is mounted at /proc.
 * - Functions return 0 (or a descriptor) or a negative errno with err set.
 */
#ifndef TURTLE_INIT_INIT_H
#define TURTLE_INIT_INIT_H

#include "base/err.h"
#include "base/sys.h"
#include "plan/init_plan.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <sys/types.h>

/* Detached trees that the host passes, as many at a time as one message holds: see sync_tree(). */
struct trees {
	int sock;         /* -1 when there are none */
	unsigned next, n; /* fds are those from this index on, n of them; -1 where used up */
	int fds[SYNC_TREES];
};

struct init {
	const struct init_plan *plan;
	int sync;   /* the conversation; -1 once it is over */
	int listen; /* -1 for run */
	int *fds;   /* received: those of plan.joins; -1 where used up */
	unsigned n_fds;
	struct trees trees;
	int root;   /* O_PATH, the container's root, from root_attach() until close_all() */
	int proc;   /* our procfs, or -1 while nobody has needed it */
	int null;   /* O_PATH, the host's /dev/null, or -1 */
	int *procs; /* with PLAN_BUILD_OUTSIDE: a context for each procfs that is to be mounted; -1 where used up */
	unsigned n_procs;
	struct late {
		int tree;
		uint32_t until; /* as in struct plan_mount */
	} * late;               /* mounts that are still to become read-only */
	uint32_t n_late;
	bool host_cgroupns;  /* joined the initial cgroup namespace */
	bool in_cgroup;      /* where we are to stay, and the new cgroup namespace is there */
	bool hook_failed;    /* a startContainer hook is why the program is not executed */
	mode_t caller_umask; /* to be put back */
	uint64_t nofile[2];  /* RLIMIT_NOFILE for the program, when has_nofile: too low for us */
	bool has_nofile;
	bool in_cwd;         /* already there */
	const char *program; /* resolved path of args[0] */
	struct err
		*words;   /* memory shared with turtle, for an error of execve where the filter is PLAN_MUTE; or NULL */
	const char *home; /* "HOME=..." or NULL */
};

/* init.c: carries the plan out; returns only on failure. */
int init_run(struct init *init, struct err *err);

/* err.c: for failures that something else made up for. */
void err_clear(struct err *err);

/* util.c */
#define _cleanup_close_ __attribute__((cleanup(close_fd)))
void close_fd(int *fd); /* accepts -1, sets it to -1 */
/* Closes everything but the container's own descriptors and our two sockets, which become O_CLOEXEC. */
int close_others(const struct init *init, struct err *err);
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
/* Zeroed memory from the kernel that is never given back; NULL with errno. */
void *pages(size_t size);
/* sprintf for short texts: the formats of err.c, cut to size. Returns the length. */
/* Ends the process, even where a seccomp filter denies every way to exit (libc would try again for ever). */
_Noreturn void leave(int status);

int text(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The value of a decimal number, or -1; *end after it. */
int64_t number(const char *s, const char **end);
int write_all(int fd, const void *buf, size_t size);
/* The list as a NULL-terminated array, with room for `more` further entries; NULL with errno. */
char **strings(const struct init_plan *plan, struct plan_list list, unsigned more);

/*
 * Opens path inside the directory root as if that were "/", symlinks included; "magic" links of procfs are refused.
 * resolve: further RESOLVE_*. Returns a descriptor, or -errno.
 */
int root_open(int root, const char *path, uint64_t flags, uint64_t resolve);
/* The same, below dir and nowhere else: no symlink, no other mount. */
int beneath_open(int dir, const char *path, uint64_t flags);
/*
 * Opens path (O_PATH) inside root, making what is missing: directories 0755, and as the last component a directory or,
 * with file, an empty file. Symlinks are followed inside root, also dangling ones, unless resolve has
 * RESOLVE_NO_SYMLINKS. Returns a descriptor or -errno.
 */
int root_make(int root, const char *path, bool file, uint64_t resolve);
/* Opens the directory that path's last component is in, making it when missing; *ret_name points into path. */
int root_make_parent(int root, const char *path, const char **ret_name);

/* sync.c */
int sync_take_fds(struct init *init, struct err *err);
/* The tree of that index, which the caller then owns. They are asked for in ascending order, each once. */
int sync_tree(struct init *init, int index, struct err *err);
int sync_send(struct init *init, enum sync_type type, struct err *err);
int sync_send_fd(struct init *init, enum sync_type type, int value, int fd, struct err *err);
int sync_wait(struct init *init, enum sync_type type, struct err *err); /* end of file: exits */
int sync_exec(struct init *init, struct err *err);                      /* SYNC_EXEC */
int sync_accept_start(struct init *init, struct err *err);
void sync_error(struct init *init, const struct err *err);
/* What a hook has written, at most ERR_MSG_SIZE bytes. A turtle that is gone by now takes nothing away from the hook.
 */
void sync_output(struct init *init, enum sync_type type, const char *bytes, size_t n);

/* ns.c */
int ns_join(struct init *init, struct err *err);
int ns_stage(struct init *init, struct err *err); /* returns in the container's init only */
int ns_unshare(struct init *init, struct err *err);
int ns_become(struct init *init, struct err *err);
int ns_cgroup(struct init *init, struct err *err); /* more than once is fine */
int ns_time(struct init *init, struct err *err);
int ns_ipc(struct init *init, struct err *err);
int ns_names(struct init *init, struct err *err);
int ns_loopback(struct init *init, struct err *err);
int ns_network(struct init *init, struct err *err);
int ns_network_done(struct init *init, struct err *err);
int ns_keyring(struct init *init, struct err *err);

/* rootfs.c */
int root_of_container(struct init *init, struct err *err);
int root_attach(struct init *init, struct err *err);
int root_readonly(struct init *init, struct err *err);
int root_pivot(struct init *init, struct err *err);
int root_chroot(struct init *init, struct err *err);
int root_final_propagation(struct init *init, struct err *err);

/* mount.c */
int mount_all(struct init *init, struct err *err);
int mount_late_readonly(struct init *init, struct err *err); /* those that take devices, after them */
int propagate(int fd, const char *path, uint32_t ms_flags);

/* tmpcopyup.c: copies the tree below the directory from into the directory to. */
int copy_tree(int from, int to, struct err *err);

/* dev.c */
int dev_nodes(struct init *init, struct err *err);
int dev_links(struct init *init, struct err *err);
/* The host's /dev/null, verified; init->null. */
int dev_null(struct init *init, struct err *err);

/* mask.c */
int mask_readonly_paths(struct init *init, struct err *err);
int mask_paths(struct init *init, struct err *err);
/* A detached empty read-only directory. */
int mask_empty(struct init *init, struct err *err);

/* proc.c */
int proc_open(struct init *init, unsigned attrs, struct err *err); /* init->proc is there afterwards */
int proc_of_builder(struct init *init, struct err *err);
/* Before the namespaces are joined: contexts for the procfs of a pid namespace that we will not be in. */
int proc_of_joined(struct init *init, struct err *err);
/* A context of procfs, for a mount of the container's: the caller owns it. Or -errno. */
int proc_context(struct init *init, struct err *err);
int proc_write(struct init *init, const char *path, const char *value, struct err *err);
int proc_sysctls(struct init *init, struct err *err);

/* lsm.c */
int lsm_apparmor(struct init *init, struct err *err);
int lsm_selinux(struct init *init, struct err *err);
int fs_label(int fsfd, const struct init_plan *plan,
	     struct err *err); /* the plan's mountLabel, by the option that it names */
/* The label of keys that are made from now on; NULL: none in particular. */
int lsm_keys(struct init *init, const char *label, struct err *err);

/* scheduling.c */
int sched_affinity(struct init *init, struct err *err);
int sched_apply(struct init *init, struct err *err);
int sched_memory_policy(struct init *init, struct err *err);

/* term.c */
int term_open(struct init *init, struct err *err);
int term_control(struct init *init, struct err *err);
int term_stdio_null(struct init *init, struct err *err);
int term_stdio_owner(struct init *init, struct err *err);

/* hooks.c */
int hooks_create_container(struct init *init, struct err *err);
int hooks_start_container(struct init *init, struct err *err);

/* ids.c */
int ids_rlimits(struct init *init, struct err *err);
int ids_set(struct init *init, struct err *err);

/* exec.c */
int exec_make_cwd(struct init *init, struct err *err);
int exec_find_home(struct init *init, struct err *err);
char **exec_environment(const struct init *init); /* NULL-terminated; NULL: out of memory */
int exec_enter_cwd(struct init *init, struct err *err);
int exec_check_cwd(struct init *init, struct err *err);
int exec_find_program(struct init *init, struct err *err);
int exec_limit_nofile(const struct init *init, struct err *err); /* to what the program gets, where that is low */
int exec_program(struct init *init, struct err *err);            /* returns only on failure */

/* seccomp.c: returns the listener of a filter that has one. */
int seccomp_load(struct init *init, struct err *err);

/*
 * listener.c: prepare before the filter is loaded; pass afterwards, with the listener. It then is with the agent,
 * closed here, and turtle knows that execve is next.
 */
int listener_prepare(struct init *init, struct err *err);
void listener_pass(int listener);

#endif
