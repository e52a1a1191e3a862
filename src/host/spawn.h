/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the container's first process: turtle-init out of a sealed memory file, in its namespaces and cgroup. */
#ifndef TURTLE_HOST_SPAWN_H
#define TURTLE_HOST_SPAWN_H

#include "host/passed.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct init_process {
	pid_t pid;   /* our child; 0 when there is none (any more) */
	int pidfd;   /* owned, -1 when there is none */
	int sync;    /* our end of the conversation; owned */
	pid_t stage; /* the intermediate process while it lives, else 0 */
};

#define INIT_PROCESS_NONE ((struct init_process){.pidfd = -1, .sync = -1})

/*
 * Copies turtle-init and the plan's block into sealed memory files. Before the container's cgroup is entered, so that
 * the copy is not charged to it.
 */
struct init_image {
	int program, plan; /* owned */
};
int init_image_make(const struct plan *plan, struct init_image *ret, struct err *err);
void init_image_close(struct init_image *image);

struct spawn_request {
	const struct plan *plan;
	const struct init_image *image;
	const struct passed *passed;
	const char *cwd;    /* the bundle: where createContainer hooks run */
	int cgroup_fd;      /* the cgroup to be born in, or -1 */
	const char *cgroup; /* its path, for messages */
	bool enter;         /* that cgroup is not a new one: the child enters it itself */
	int listen_fd;      /* the socket for the start, or -1 (run) */
};

/* Clones, and sends the descriptors. With a stage there is no init yet: see init_adopt(). */
int init_spawn(const struct spawn_request *request, struct init_process *ret, struct err *err);

/* Waits for the init that the stage makes, which is our child as well. The stage ends then, and is still to be reaped.
 */
int init_adopt(struct init_process *init, struct err *err);
int init_reap_stage(struct init_process *init, struct err *err);

/* Whose end of the socket is closed is ending, if it has not ended yet: not of one that executes the program. */
bool init_has_hung_up(const struct init_process *init);

/*
 * Kernels of 2025 (6.12.101, 6.18) compare the count of cgroup.kill of the cgroup that a process is cloned into with
 * that of its parent's cgroup, and kill it where they differ. Whether that has happened, and it has never executed
 * turtle-init; it is still to be reaped. To be asked once something has failed.
 */
bool init_was_born_dead(const struct init_process *init);

/* Who builds the container: init, or the intermediate process before there is one. */
pid_t init_builder(const struct init_process *init);

/* Ends it, whatever it is doing, and reaps it. Accepts one that is not there. */
void init_destroy(struct init_process *init);

#endif
