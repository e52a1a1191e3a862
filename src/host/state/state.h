/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What turtle remembers of a container, and who may change it: the state directory ROOT/ID.
 *
 *   ROOT/ID/            mkdir decides who owns the id; its flock is the id's lock (re-checked after locking: the entry
 *                       must still be this directory)
 *   ROOT/ID/state.json  struct container_state, replaced by rename, never written in place; the first one (phase
 *                       "creating", with the cgroup's path) is there before the first side effect
 *   ROOT/ID/config.json the configuration as it was at create, byte for byte (for exec)
 *   ROOT/ID/start       the socket on which the container's init waits for a start; its presence means "created"
 *   ROOT/ID/notify/     bound on the container's /run/notify where NOTIFY_SOCKET was set: the socket on which whoever
 *                       starts the container listens (host/notify.h)
 *   ROOT/@...           turtle's own (caches); '@' is no character of an id
 *
 * The status is never stored: it is a pure function of phase, of whether init lives, of `start`, and of the freezer.
 */
#ifndef TURTLE_HOST_STATE_STATE_H
#define TURTLE_HOST_STATE_STATE_H

#include "base/err.h"
#include "ocispec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STATE_FILE          "state.json"
#define STATE_CONFIG        "config.json"
#define STATE_START         "start"
#define STATE_NOTIFY        "notify"
#define STATE_NOTIFY_SOCKET "notify.sock"

/* The small state file. Strings are the caller's when saving; in the arena of struct container when loaded. */
struct container_state {
	const char *oci_version;
	const char *id;
	const char *phase;   /* "creating" or "created" */
	int32_t pid;         /* of init in the host's (caller's) pid namespace; 0 while there is none */
	uint64_t start_time; /* of that pid: field 22 of /proc/PID/stat, clock ticks since boot */
	const char *boot_id; /* /proc/sys/kernel/random/boot_id when it was written */
	const char *bundle, *rootfs;
	const char *created;          /* RFC 3339 with nanoseconds, UTC */
	uint32_t owner;               /* uid of who created it */
	const char *cgroup_manager;   /* "cgroupfs", "systemd" or "disabled" */
	const char *cgroup_path;      /* below the cgroup2 mount; NULL when there is none */
	uint64_t cgroup_inode;        /* of that directory, from its making on; 0 before */
	const char *process_cgroup;   /* the one below it that exec joins; NULL when that is cgroup_path itself */
	const char *systemd_unit;     /* with the systemd driver, else NULL */
	bool systemd_user;            /* that unit is of the owner's own manager, not the system's */
	const char *rdt_group;        /* its group of resctrl ("/": the root); NULL: none */
	bool rdt_made;                /* which was made for it alone: removed on delete */
	bool rdt_monitor;             /* and a monitoring group of its id below that one */
	bool own_cgroup;              /* made by turtle: removed on delete */
	bool private_pidns;           /* when init dies the kernel kills the rest */
	bool no_new_keyring;          /* it has no session keyring of its own */
	const char *seccomp_agent;    /* the socket of who gets the filter's listener at start; NULL: nobody */
	const char *seccomp_metadata; /* and what it is told; may be NULL */
	size_t n_stdio;
	const char **stdio; /* where its descriptors 0 to 2 led (host/stdio.h); none with a terminal */
	size_t n_annotations;
	struct oci_pair *annotations;
	size_t n_poststart, n_poststop; /* hooks that later commands run */
	struct oci_hook *poststart, *poststop;
};

enum container_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
const char *container_status_name(enum container_status status);

/* An opened container. */
struct container {
	int root_fd, dir_fd;          /* ROOT and ROOT/ID; owned */
	char *id;                     /* owned */
	struct container_state state; /* id alone is set when has_state is false */
	bool has_state;               /* false: the directory has no (readable) state file; load_error says why */
	struct err load_error;
	struct ocispec_arena *arena; /* of state; owned */
	bool locked;
};

/* [A-Za-z0-9_+.-]+, at most 255, not "." or ".."; texts of compat A.6. */
int state_check_id(const char *id, struct err *err);

/*
 * Opens ROOT (absolute path). create: make it where it is missing, 0700. It must be a directory (no symlink as last
 * component) that belongs to the effective user and that nobody else may write. Returns a descriptor.
 */
int state_root_open(const char *root, bool create, struct err *err);

/*
 * mkdir ROOT/ID and lock it; root_fd stays the caller's (the container has a duplicate). -EEXIST: `container with given
 * ID already exists`. Nothing is saved yet.
 */
int state_create(int root_fd, const char *id, struct container *ret, struct err *err);

enum state_lock { STATE_UNLOCKED, STATE_SHARED, STATE_EXCLUSIVE };

/*
 * Opens ROOT/ID and loads its state. -ENOENT: `container does not exist`. A directory without a readable state file
 * opens all the same (has_state false): delete must be able to clean it.
 * lock: waits for the lock for at most timeout_ms (-1 = for ever), then -ETIMEDOUT.
 */
int state_open(int root_fd, const char *id, enum state_lock lock, int timeout_ms, struct container *ret,
	       struct err *err); /* root_fd stays the caller's */
void container_close(struct container *container);
/* Lets others have the lock, also where a child of ours still has the descriptor. */
void container_unlock(struct container *container);
/* Takes the exclusive lock (again). -ENOENT: the container is gone by now, even where another one has its id. */
int container_lock(struct container *container, int timeout_ms, struct err *err);

/*
 * Writes ROOT/ID/state.json by rename, under the exclusive lock. container->state is the caller's to fill, but for
 * boot_id, which is set here when it is NULL. What could not be read again is not written: -EINVAL.
 */
int state_save(struct container *container, struct err *err);

/* Empties and removes ROOT/ID/notify. -EACCES or -EPERM: something in there is neither ours nor root's to remove. */
int state_remove_notify(const struct container *container);

/* Removes every file of ROOT/ID, then ROOT/ID. Missing ones are no error. */
int state_remove(struct container *container, struct err *err);

/*
 * What the container is now. frozen: what the cgroup says (the caller asks, host/cgroup). ret_pidfd (may be NULL): a
 * pidfd of the living init, -1 otherwise; owned by the caller. A zombie, another start time or another boot id
 * is STOPPED, and so is a container in phase "creating" without a pid that nobody is making any more.
 */
int state_status(const struct container *container, bool frozen, enum container_status *ret, int *ret_pidfd,
		 struct err *err);

/* The pure core of it, for its table of tests. */
enum container_status state_status_of(bool created, bool has_pid, bool alive, bool start_pending, bool frozen);

/* Of a line of /proc/PID/stat, as proc(5) counts its fields: */
struct pid_stat {
	char state;          /* 3 */
	uint32_t flags;      /* 9: PF_ of the kernel */
	uint32_t threads;    /* 20 */
	uint64_t start_time; /* 22 */
};

/* Of the text, or -EINVAL; of a process, which may be a zombie, or -ESRCH. */
int state_parse_stat(const char *text, struct pid_stat *ret);
int state_read_stat(pid_t pid, struct pid_stat *ret);

/* The start time of a living, not zombie, process; -ESRCH otherwise. */
int state_pid_start_time(pid_t pid, uint64_t *ret);

/*
 * This boot's id, as text in a buffer that lasts; and whether the container was made in it: no pid and no cgroup path
 * of another boot means anything.
 */
int state_boot_id(const char **ret, struct err *err);
int state_same_boot(const struct container *container, bool *ret, struct err *err);

#endif
