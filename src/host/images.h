/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a checkpoint's images, and what the command line of checkpoint and restore means to CRIU. */
#ifndef TURTLE_HOST_IMAGES_H
#define TURTLE_HOST_IMAGES_H

#include "host/criu/criu.h"
#include "host/host.h"

struct images {
	int dir, work; /* owned; work: CRIU's log and sockets */
};

#define IMAGES_NONE ((struct images){.dir = -1, .work = -1})

/* The names under which namespaces that belong to others stand in the images; runc's, so that its images fit. */
#define IMAGES_NETWORK "extRootNetNS"
#define IMAGES_PID     "extRootPidNS"

/* dump: makes what is missing of the directories. */
int images_open(const struct criu_wishes *wishes, bool dump, struct images *ret, struct err *err);
void images_close(struct images *images);

/*
 * Lets this group read the images, and those before them. In a user namespace it is the restored processes themselves,
 * without any right outside, that read theirs. Only files *.img are touched, in directories that are nobody else's, and
 * refused is what CRIU has not made: the images may have come out of anybody's archive.
 */
int images_share(int dir, gid_t gid, struct err *err);

/*
 * All of the command line that CRIU is to know; the rest of *ret is left alone. annotations: of the container, which
 * may name a configuration file of CRIU's. Texts are in arena or the caller's.
 */
int images_options(const struct criu_wishes *wishes, const struct images *images, const struct oci_pair *annotations,
		   size_t n_annotations, struct ocispec_arena *arena, struct criu_options *ret, struct err *err);

/* Checks that CRIU and the kernel can do what is wished for. */
int images_check_criu(struct criu *criu, const struct criu_wishes *wishes, struct err *err);

/* descriptors.json among the images: where the container's standard descriptors led (stdio.h). */
int images_save_stdio(int dir, const char *const *words, size_t n, struct err *err);
/* A missing one is an empty list. */
int images_load_stdio(int dir, struct ocispec_arena *arena, const char ***ret, size_t *ret_n, struct err *err);

#endif
