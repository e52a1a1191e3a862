/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that `exec` starts: the one of the container's saved configuration with what the command line changes,
 * or the whole of a process document. What such a document leaves out of capabilities, resource limits, umask,
 * oomScoreAdj, labels, scheduling and CPU affinity is as the container's own process has it.
 */
#ifndef TURTLE_CONFIG_EXEC_H
#define TURTLE_CONFIG_EXEC_H

#include "base/err.h"
#include "base/words.h"
#include "config/config.h"
#include "ocispec.h"

#include <stdbool.h>

/* As they were written; NULL and empty: as the container's own process has it. */
struct exec_wishes {
	const char *process_file; /* --process: a document of its own; the other wishes change nothing in it, but for
				     tty */
	const char *cwd, *user, *apparmor, *process_label;
	struct choice tty, no_new_privs;
	struct words env, caps, additional_gids;
	struct words command;
};

/*
 * Puts the process of the exec in place of config->process and checks it like a container's own. config is the
 * container's saved one; what is new lives in arena. -EINVAL names the option or the JSON path that is wrong.
 */
int exec_process(struct oci_config *config, const struct exec_wishes *wishes, const struct config_facts *facts,
		 void (*warn)(void *arg, const char *message), void *arg, struct ocispec_arena *arena, struct err *err);

#endif
