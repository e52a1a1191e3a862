/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle directory to a configuration that may be trusted to make sense: open, read, parse, validate. Nothing
 * here changes anything, and nothing after this room has to ask again whether a value is possible.
 */
#ifndef TURTLE_CONFIG_CONFIG_H
#define TURTLE_CONFIG_CONFIG_H

#include "base/err.h"
#include "ocispec.h"

#include <stdbool.h>
#include <stddef.h>

struct bundle {
	char *path;                /* absolute, symlinks resolved; owned */
	char *text;                /* the bytes of config.json; owned (kept for the state directory) */
	size_t size;               /* of text */
	struct oci_config *config; /* in arena */
	struct ocispec_arena *arena;
};

/*
 * Opens the bundle at path and parses its config.json (or config_file, when not NULL: create/run --config, relative to
 * the caller's directory). Does not validate. On success the caller ends with bundle_close().
 */
int bundle_open(const char *path, const char *config_file, struct bundle *ret, struct err *err);
void bundle_close(struct bundle *bundle);

/* The same of a configuration that is no file; path is the absolute directory to take for the bundle. */
int bundle_from_text(const char *path, const char *text, struct bundle *ret, struct err *err);

/* What validation may depend on besides the configuration. */
struct config_facts {
	bool rootless; /* effective user is not root, or root of a user namespace without the right to more */
	bool no_pivot;
	bool selinux, apparmor; /* enabled on this host */
};

/*
 * Checks everything that can be checked without touching the host: C.1 to C.5 of the spec's duties. The first failure
 * is returned: -EINVAL with the JSON path in the message. Warnings (things that change nothing) go to warn(), which may
 * be NULL.
 */
int config_validate(const struct oci_config *config, const struct config_facts *facts,
		    void (*warn)(void *arg, const char *message), void *arg, struct err *err);

/* The same of config->process alone: a configuration whose rest has been found good, with another process. */
int config_validate_process(const struct oci_config *config, const struct config_facts *facts,
			    void (*warn)(void *arg, const char *message), void *arg, struct err *err);

/*
 * The document of this kind (oci_resources_object, ...) in the file at path, or on standard input for "-"; *ret, in
 * arena, is its struct.
 */
int config_read_document(const char *path, const struct ocispec_object *object, struct ocispec_arena *arena, void **ret,
			 struct err *err);

/* The configuration that `spec` writes, in arena. rootless: for the caller's own ids, without privileges. */
struct oci_config *config_default(struct ocispec_arena *arena, bool rootless, unsigned uid, unsigned gid);

#endif
