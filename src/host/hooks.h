/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. In order, state document on
 * stdin, exactly the environment given, a time limit that ends the whole group, none of turtle's descriptors.
 */
#ifndef TURTLE_HOST_HOOKS_H
#define TURTLE_HOST_HOOKS_H

#include "base/err.h"
#include "ocispec.h"

#include <stddef.h>

/*
 * Runs the list; stops at the first failure: `error running createRuntime hook #1: ...` (kind is "createRuntime", ...;
 * hooks count from 0 as runc does unless compat.md shows otherwise). state is the JSON document; cwd the bundle. Hook
 * output goes to the caller's stdout and stderr... see hooks.c.
 */
int hooks_run(const char *kind, const struct oci_hook *hooks, size_t n, const char *state, const char *bundle,
	      struct err *err);

/* poststop: every hook runs; failures are warnings. */
void hooks_run_all(const char *kind, const struct oci_hook *hooks, size_t n, const char *state, const char *bundle);

#endif
