/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The making of a container, shared by create and run: everything up to an init that is ready and waits for its start.
 */
#ifndef TURTLE_HOST_CREATE_H
#define TURTLE_HOST_CREATE_H

#include "config/config.h"
#include "host/agent.h"
#include "host/handover.h"
#include "host/host.h"
#include "host/netdev.h"
#include "host/spawn.h"
#include "host/systemd/systemd.h"
#include "plan/plan.h"

struct create {
	const struct host_options *options;
	const struct create_request *request;
	bool run;            /* start right after */
	uint32_t listen_fds; /* sockets of socket activation, before the preserved descriptors */

	struct bundle bundle;
	struct plan_facts facts;
	struct plan_seccomp seccomp;
	struct plan plan;
	struct handover handover;
	struct agent agent; /* connected by run, if the filter needs one */
	int root_fd;
	struct container container; /* claimed: locked until create_close() */
	bool claimed;
	struct systemd systemd; /* open with the systemd driver */
	bool unit_started;
	unsigned long oom_before; /* cgroup_oom_kills_anywhere() before the unit was there */
	int cgroup_fd;            /* with the limits; -1: none */
	int process_fd;           /* the one below it that init is in, or -1 */
	bool cgroup_made;
	bool born_dead; /* a first init was; this one enters the cgroup by itself */
	bool stuck;     /* undoing did not get all: the state stays, for a delete to go on from */
	struct netdevs netdevs;
	int rdt_fd; /* the root of resctrl, or -1 */
	bool rdt_exists, rdt_begun, rdt_made, rdt_monitored;
	struct init_image image;
	int listen_fd;
	struct passed passed;
	struct init_process init;
	bool hooks_due;          /* the container existed as far as hooks can tell: poststop is owed */
	struct restore *restore; /* out of images (host/restore.h), or NULL */
};

/* Before any descriptor is opened: keeps those that are the container's, see fd_preserve. */
int create_preserve_fds(struct create *create, struct err *err);

/*
 * Makes the container. On success init waits: for a connection (create), or for SYNC_START on create->init.sync (run).
 * On failure everything is undone, nothing is left. create_close() ends it in both cases, and leaves a container that
 * was made alone.
 */
int create_container(struct create *create, struct err *err);
void create_close(struct create *create);

/*
 * create_cgroup.c: the steps that make the cgroup, with either driver, and what it tells of an init that has died.
 */
int create_check_unit(struct create *c, struct err *err);
int create_check_cgroup(struct create *c, struct err *err);
int create_cgroup(struct create *c, struct err *err);
void create_undo_cgroup(struct create *c);
int create_unit_early(struct create *c, struct err *err);
int create_unit(struct create *c, struct err *err);
int create_limits(struct create *c, struct err *err);
int create_delegate(struct create *c, struct err *err);
/* For restore: another process comes into the cgroup, with either driver, and makes init there; then it goes. */
int create_enter_cgroup(struct create *c, pid_t pid, struct err *err);
void create_leave_cgroup(struct create *c, pid_t pid);
/* Where in the cgroup's tree the container's processes are, for the state; NULL: in the cgroup itself. In c's arena. */
const char *create_process_cgroup(struct create *c);
/* After the failure r of a step: what init, or the kernel, has to say about it where init has ended. */
void create_explain(struct create *c, int r, struct err *err);

/* create_rdt.c: the same of the resctrl group. */
int create_open_rdt(struct create *c, struct err *err);
void create_claim_rdt(const struct create *c, struct container_state *state);
int create_rdt(struct create *c, struct err *err);
void create_undo_rdt(struct create *c);
int create_enter_rdt(struct create *c, struct err *err);
int create_rdt_enter(struct create *c, pid_t pid, struct err *err);

/* Undoes everything, as after a failure. For run, when the start fails. */
void create_undo(struct create *create);

/* Of the steps: the hooks before the container's own code, with its process; and what is written once that is there. */
int create_run_hooks(struct create *c, pid_t pid, struct err *err);
int create_save(struct create *c, struct err *err);

#endif
