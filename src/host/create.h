/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The making of a container, shared by create and run: everything up to an init that is ready and waits for its start.
 */
#ifndef TURTLE_HOST_CREATE_H
#define TURTLE_HOST_CREATE_H

#include "config/config.h"
#include "host/host.h"
#include "host/spawn.h"
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
	int console_socket, pidfd_socket; /* connected, or -1 */
	int root_fd;
	struct container container; /* claimed: locked until create_close() */
	bool claimed;
	int cgroup_fd; /* -1: none */
	bool cgroup_made;
	bool stuck; /* undoing did not get all: the state stays, for a delete to go on from */
	struct init_image image;
	int listen_fd;
	struct passed passed;
	struct init_process init;
	int master; /* of the terminal, until it is handed on; -1 */
	bool pid_file_written;
	bool hooks_due; /* the container existed as far as hooks can tell: poststop is owed */
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

/* Undoes everything, as after a failure. For run, when the start fails. */
void create_undo(struct create *create);

#endif
