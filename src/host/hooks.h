/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. In order, state document on
 * stdin, exactly the environment given, a time limit that ends the whole group, none of turtle's descriptors.
 */
#ifndef TURTLE_HOST_HOOKS_H
#define TURTLE_HOST_HOOKS_H

#include "base/err.h"
#include "ocispec.h"

#include <stdbool.h>
#include <stddef.h>

struct hooks_place {
	const char *bundle; /* becomes the working directory */
	/* Files that the hooks' output is appended to; NULL: none, it is only shown when one fails. */
	const char *out, *error;
};

/* By the annotations of the container. */
struct hooks_place hooks_place(const char *bundle, const struct oci_pair *annotations, size_t n_annotations);

/*
 * Output of hooks that run on the container's side: init tells what they write, and it is appended to the files here.
 */
struct hooks_output {
	const char *path[2]; /* stdout, stderr; NULL: none */
	int fd[2];           /* -1: not open yet */
};

#define HOOKS_OUTPUT(place)                                              \
	{                                                                \
		.path = {(place)->out, (place)->error}, .fd = { -1, -1 } \
	}

/* Opens the file, where it is not open yet, and writes n bytes, which may be none. */
int hooks_append(struct hooks_output *output, bool error, const char *bytes, size_t n, struct err *err);
void hooks_output_close(struct hooks_output *output);

/*
 * Runs the list in order and stops at the first failure: `error running createRuntime hook #0: exit status 1, stdout: ,
 * stderr: ...` (kind is "createRuntime", ...; hooks count from 0, as with runc). state is the JSON document.
 * On success nothing of a hook's output is shown.
 */
int hooks_run(const char *kind, const struct oci_hook *hooks, size_t n, const char *state,
	      const struct hooks_place *place, struct err *err);

/* poststop: every hook runs; failures are warnings. */
void hooks_run_all(const char *kind, const struct oci_hook *hooks, size_t n, const char *state,
		   const struct hooks_place *place);

#endif
