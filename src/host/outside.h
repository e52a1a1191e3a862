/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a container whose source is the host's, as they are for CRIU: by name in a dump, by source in a
 * restore. */
#ifndef TURTLE_HOST_OUTSIDE_H
#define TURTLE_HOST_OUTSIDE_H

#include "host/criu/criu.h"
#include "plan/plan.h"

/*
 * Of those that are there: the place where each really is, and its name. In arena.
 *
 * Names lead through directories of the container, which may have been moved: each must lead to what the plan has
 * there, with all of its read-only, nosuid, nodev and noexec; and so must be whatever else is mounted of a source.
 */
int outside_find(pid_t pid, const struct plan *plan, struct ocispec_arena *arena, struct criu_pair **ret, size_t *ret_n,
		 struct err *err);

/* Every name, and its source. In arena. */
int outside_sources(const struct plan *plan, struct ocispec_arena *arena, struct criu_pair **ret, size_t *ret_n,
		    struct err *err);

/*
 * The sources that are mounted more than once, or parts of them, all with the same restrictions: CRIU is to find them
 * mounted like that (criu_start.binds), since it leaves a second mount as its source is. `first` is put before them.
 */
int outside_binds(const struct plan *plan, const struct criu_bind *first, struct ocispec_arena *arena,
		  struct criu_bind **ret, size_t *ret_n, struct err *err);

/* Makes the mount points that are missing in the rootfs, or where something of the host is shown in it. */
int outside_make_places(const struct plan *plan, struct err *err);

#endif
