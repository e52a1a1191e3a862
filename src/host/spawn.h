/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the container's first process: turtle-init out of a sealed memory file, in its namespaces and cgroup. */
#ifndef TURTLE_HOST_SPAWN_H
#define TURTLE_HOST_SPAWN_H

#include "plan/plan.h"

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

/*
 * Opens what the plan wants opened on the host: namespaces to join (checked to be of their type) and detached mount
 * trees, in the order in which they are passed. *ret is malloc'ed, holds *ret_n descriptors; end with passed_close().
 */
int passed_open(const struct plan *plan, int **ret, size_t *ret_n, struct err *err);
void passed_close(int *fds, size_t n);

/*
 * Clones. cgroup_fd: the cgroup to be born in, or -1. listen_fd: the socket for the start, or -1 (run).
 * The descriptors are sent right after the clone; with a stage this also waits for init's pid.
 */
int init_spawn(const struct plan *plan, const struct init_image *image, int cgroup_fd, int listen_fd, const int *passed,
	       size_t n_passed, struct init_process *ret, struct err *err);

/* Ends it, whatever it is doing, and reaps it. Accepts one that is not there. */
void init_destroy(struct init_process *init);

#endif
