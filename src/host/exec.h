/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of exec share: exec.c has the sequence, exec_cgroup.c the way into the container's cgroup. */
#ifndef TURTLE_HOST_EXEC_H
#define TURTLE_HOST_EXEC_H

#include "base/sys.h"
#include "config/config.h"
#include "host/agent.h"
#include "host/console.h"
#include "host/handover.h"
#include "host/host.h"
#include "host/spawn.h"
#include "plan/plan.h"

/* As files of /proc/PID/ns. */
static const struct {
	uint32_t type;
	const char *file;
} exec_namespaces[] = {
	{CLONE_NEWNET, "net"},   {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"},
	{CLONE_NEWTIME, "time"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mnt"},  {CLONE_NEWUSER, "user"},
};
#define EXEC_NAMESPACES (sizeof(exec_namespaces) / sizeof(exec_namespaces[0]))

struct exec {
	const struct host_options *options;
	const struct exec_request *request;

	struct container container;
	int init_pidfd;
	struct bundle bundle; /* the saved configuration, with the new process in it */
	struct plan_facts facts;
	struct plan_seccomp seccomp;
	struct plan_exec_request plan_request;
	struct plan plan;
	int namespaces[EXEC_NAMESPACES]; /* until they are in passed; -1: our own */
	int root; /* of a container without a mount namespace of its own, until it is in passed */
	struct passed passed;
	char *cgroup;  /* to enter, and where it must be below; NULL: the caller's */
	int cgroup_fd; /* of it, or -1 */
	struct init_image image;
	struct init_process process;
	struct handover handover;
	struct agent agent;
	struct foreground foreground;
};

/* Makes the plan, out of plan_request. */
int exec_plan(struct exec *e, struct err *err);

/* Finds the cgroup. */
int exec_open_cgroup(struct exec *e, struct err *err);

/* Makes the process, in that cgroup. On success it has begun. */
int exec_spawn(struct exec *e, struct err *err);

#endif
