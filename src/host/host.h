/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of turtle, as functions: what cmd/ calls after it has read the command line. One file each.
 */
#ifndef TURTLE_HOST_HOST_H
#define TURTLE_HOST_HOST_H

#include "base/err.h"
#include "base/words.h"
#include "host/state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether lacking permission for cgroups is to be borne with; AUTO: for any user but root. */
enum host_rootless { HOST_ROOTLESS_AUTO, HOST_ROOTLESS_TRUE, HOST_ROOTLESS_FALSE };

/* Global options, resolved. */
struct host_options {
	const char *root;            /* absolute state root */
	bool root_given;             /* by --root */
	bool cgroup_disabled;        /* --cgroup-manager=disabled */
	bool cgroup_systemd;         /* --systemd-cgroup, --cgroup-manager=systemd */
	enum host_rootless rootless; /* --rootless */
};

struct create_request {
	const char *id;
	const char *bundle;                                   /* directory, as given; "." by default */
	const char *config_file;                              /* --config, or NULL */
	const char *config_text;                              /* run --rootfs: the configuration itself, or NULL */
	const char *console_socket, *pidfd_socket, *pid_file; /* or NULL */
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	/* run only */
	bool detach, keep, no_subreaper;
};

/* create ID */
int host_create(const struct host_options *options, const struct create_request *request, struct err *err);

/*
 * run ID. *ret_status: the exit status for the caller (the container's, 128+N when a signal ended it; 0 when detached).
 */
int host_run(const struct host_options *options, const struct create_request *request, int *ret_status,
	     struct err *err);

int host_start(const struct host_options *options, const char *id, struct err *err);

/* kill ID SIG; all: every process of the cgroup, and a stopped container is no error. */
int host_kill(const struct host_options *options, const char *id, int sig, bool all, struct err *err);

/* delete ID; force: whatever state it is in, and an unknown id is no error. */
int host_delete(const struct host_options *options, const char *id, bool force, struct err *err);

/* exec ID */
struct exec_wishes;
struct exec_request {
	const char *id;
	const struct exec_wishes *wishes;                     /* the process: config/exec.h */
	const char *console_socket, *pidfd_socket, *pid_file; /* or NULL */
	const char *cgroup;                                   /* below the container's own, or NULL */
	bool detach, ignore_paused;
	uint32_t preserve_fds;
};

/*
 * Starts a process in a container that lives, and stays until it has ended, unless detached. *ret_status: as of
 * host_run().
 */
int host_exec(const struct host_options *options, const struct exec_request *request, int *ret_status, struct err *err);

/* What `state` prints. pid is 0 when stopped. */
struct container_view {
	struct container container;
	enum container_status status;
	pid_t pid;
};

int host_state(const struct host_options *options, const char *id, struct container_view *ret, struct err *err);
void container_view_close(struct container_view *view);

/*
 * list: calls each() for every container of the root in the order of their names; entries that can't be read go to
 * unreadable(), and are skipped. A missing default root is an empty list.
 */
int host_list(const struct host_options *options, void (*each)(void *arg, const struct container_view *view),
	      void (*unreadable)(void *arg, const char *id, const struct err *why), void *arg, struct err *err);

/* pause ID, resume ID */
int host_pause(const struct host_options *options, const char *id, struct err *err);
int host_resume(const struct host_options *options, const char *id, struct err *err);

/* ps ID: the processes in its cgroup, in ascending order; none when it has stopped. *ret is malloc'ed. */
int host_pids(const struct host_options *options, const char *id, pid_t **ret, size_t *ret_n, struct err *err);
/* The lines that the host's ps, called with argv, has for them, and its heading. *ret is malloc'ed. */
int host_ps(const struct host_options *options, const char *id, char *const *argv, char **ret, size_t *ret_size,
	    struct err *err);

/* update ID: what is set in resources, and what is not NULL of the rest, is changed, all or nothing. */
struct update_request {
	const struct oci_resources *resources;
	const char *l3_cache_schema, *mem_bw_schema; /* lines for the container's resctrl group */
};
int host_update(const struct host_options *options, const char *id, const struct update_request *request,
		struct err *err);

/* events ID */
struct events_request {
	const char *id;
	bool once;           /* one record of the numbers, and no more */
	int64_t interval_ns; /* between two of them */
	int reader_fd;       /* when nobody can read there any more, that is the end */
};

struct cgroup_stats;
struct rdt_stats;

/*
 * Where records go. stats: what the container uses (host/cgroup/stats.h); NULL: the kernel has killed for memory. rdt
 * (host/rdt.h): of its resctrl group; NULL: it has none.
 */
struct events_sink {
	int (*send)(void *arg, const struct cgroup_stats *stats, const struct rdt_stats *rdt, struct err *err);
	void *arg;
};

/* Sends the numbers once, or at each interval, with kills as they come, until the container ends or send() fails. */
int host_events(const struct host_options *options, const struct events_request *request, struct events_sink sink,
		struct err *err);

/* What the command line says of a checkpoint, for both ways. NULL, 0 and false: not given. */
struct criu_wishes {
	const char *image_path, *work_path, *parent_path; /* parent_path: relative to the images */
	const char *page_server;                          /* ADDRESS:PORT */
	const char *cgroups_mode, *network_lock;
	const char *lsm_profile, *lsm_mount_context;
	struct words empty_ns;
	struct oci_opt_i64 status_fd;
	bool leave_running, pre_dump, tcp_established, tcp_skip_in_flight, tcp_close, ext_unix_sk, shell_job,
		file_locks, link_remap, lazy_pages, auto_dedup;
};

/* checkpoint ID: saves it, and deletes it unless it is to run on. */
int host_checkpoint(const struct host_options *options, const char *id, const struct criu_wishes *wishes,
		    struct err *err);

/* restore ID: as host_run(), but the processes come out of the images. */
int host_restore(const struct host_options *options, const struct create_request *request,
		 const struct criu_wishes *wishes, int *ret_status, struct err *err);

/* The state document, whose parts are the state's; without a pid where that is 0. */
struct oci_state container_oci_state(const struct container_state *state, const char *status, pid_t pid);

/* The state document for hooks and `state`: JSON of ociVersion, id, status, pid, bundle, annotations; malloc'ed. */
char *container_state_json(const struct container_state *state, const char *status, pid_t pid);

#endif
