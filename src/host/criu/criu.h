/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU, the program that saves the state of processes in files and makes them again.
 *
 * It is asked over its RPC (`criu swrk`, protobuf on a socket pair; rpc.proto), not over its command line: only so the
 * restored process is our own child, whose exit status we see; only so we get the master of its terminal; and at the
 * points where namespaces and processes are there we are called back, while nothing of the container runs yet. It is a
 * process of its own for each checkpoint and restore; its daemon is never used.
 *
 * What a container is does not concern this room: it knows processes, files, and what is to be kept out of the images.
 */
#ifndef TURTLE_HOST_CRIU_CRIU_H
#define TURTLE_HOST_CRIU_CRIU_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct criu {
	pid_t pid; /* our child; 0 when there is none */
	int sock;
	bool done; /* it has given its answer, and ends by itself */
	int stop;  /* the caller's; when something is to be read from it the work is given up. -1: none */
};

#define CRIU_NONE ((struct criu){.sock = -1, .stop = -1})

#define CRIU_N_DIRS 2

struct criu_start {
	/*
	 * CRIU wants the new root to be a mount. It gets a mount namespace of its own, where this directory is bound
	 * on itself; NULL: it stays in ours.
	 */
	const char *root;
	bool root_readonly;
	/*
	 * Files and directories that are bound on themselves there with these attributes (MOUNT_ATTR_*). CRIU gives the
	 * second mount of a source the flags of that source, not those of the images.
	 */
	const struct criu_bind {
		const char *path;
		uint64_t attributes;
	} * binds;
	size_t n_binds;
	/*
	 * Directories of ours, owned by the caller, that CRIU is to work in. With a mount namespace of its own it can
	 * only mount where that namespace is seen: they are replaced by descriptors of the same directories there.
	 */
	int *dirs[CRIU_N_DIRS];
	const int *fds; /* stay open for it, under their numbers, besides standard input; its output goes nowhere */
	size_t n_fds;
	bool session;         /* in a session of its own: what a terminal sends to its caller is not for it */
	bool ends_with_us;    /* it is killed when we end */
	bool session_keyring; /* with a new one: what it makes inherits it, and the caller's holds the caller's keys */
};

/* Finds criu in PATH, whose relative entries don't count: whether it is there at all. */
int criu_find(struct err *err);
/* And starts it. */
int criu_open(const struct criu_start *start, struct criu *ret, struct err *err);
/* Ends it, also in the middle of its work. NONE is fine. */
void criu_close(struct criu *criu);

/* Its version as 10000 * major + 100 * minor. */
int criu_version(struct criu *criu, int *ret, struct err *err);

/* What kernel and CRIU are able to do. */
struct criu_features {
	bool memory_tracking, lazy_pages;
};
int criu_features(struct criu *criu, struct criu_features *ret, struct err *err);

enum criu_cgroups { CRIU_CGROUPS_IGNORE = 0, CRIU_CGROUPS_SOFT = 3, CRIU_CGROUPS_FULL = 4, CRIU_CGROUPS_STRICT = 5 };
enum criu_network_lock { CRIU_LOCK_DEFAULT, CRIU_LOCK_IPTABLES = 1, CRIU_LOCK_NFTABLES = 2, CRIU_LOCK_SKIP = 3 };

struct criu_pair {
	const char *key, *value;
};

/* Strings and lists are the caller's; NULL, 0 and false leave CRIU's default. */
struct criu_options {
	int images, work;     /* descriptors of the directories */
	const char *log_file; /* in work */
	pid_t pid;            /* whom to dump */
	const char *root;     /* of the restored processes: criu_start.root */
	const char *parent;   /* the images before these, relative to them */
	const char *config_file, *freeze_cgroup;
	const char *cgroup_root;  /* where the root of the dumped cgroups comes to be */
	bool cgroup_root_for_all; /* of all hierarchies, and not of that of version 2 alone */
	const char *lsm_profile, *lsm_mount_context;
	const char *page_server; /* address */
	uint16_t page_server_port;
	int status_fd; /* -1: none */
	bool leave_running, ext_unix_sk, tcp_established, tcp_skip_in_flight, tcp_close, shell_job, file_locks;
	bool link_remap, lazy_pages, auto_dedup, track_memory;
	enum criu_cgroups cgroups;
	enum criu_network_lock network_lock;
	uint32_t empty_namespaces; /* CLONE_NEW* */
	size_t n_mounts, n_external, n_joins, n_inherit;
	struct criu_pair *mounts; /* mountpoint in the container; dump: its name, restore: the source on the host */
	const char **external;    /* dump */
	struct criu_pair *joins;  /* restore: kind and path of a namespace */
	struct criu_inherit {
		const char *key;
		int fd; /* among criu_start.fds */
	} * inherit;    /* restore */
};

/* Called in the middle of a restore; a failure ends it. fd comes with "orphan-pts-master", and is the callee's. */
struct criu_events {
	int (*event)(void *arg, const char *what, pid_t pid, int fd, struct err *err);
	void *arg;
};

enum criu_work { CRIU_DUMP, CRIU_PRE_DUMP, CRIU_RESTORE };

/*
 * Does it. On failure the error says what CRIU's log says at its end. events may be NULL. *ret_pid (may be NULL):
 * the restored process, our child.
 */
int criu_do(struct criu *criu, enum criu_work work, const struct criu_options *options,
	    const struct criu_events *events, pid_t *ret_pid, struct err *err);

/* start.c: waits for one that is to end by itself, with a limit, and kills it then. Its status as of waitpid(2), or -1.
 */
int criu_reap(struct criu *criu);

/* client.c: a descriptor that comes with a message. */
int criu_receive_fd(int sock);

/* log.c: what CRIU's log has to say about a failure, in one line; "" when nothing. For criu_do(). */
void criu_log_errors(int dir, const char *file, char *ret, size_t size);

#endif
