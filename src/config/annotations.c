/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations, and the checks of those with a meaning: see annotations.h. */
#include "config/annotations.h"

#include "config/validate.h"

#include "base/mem.h"

#include <string.h>

const char *annotation(const struct oci_pair *annotations, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(annotations[i].key, key))
			return annotations[i].value;
	return NULL;
}

bool annotation_is_on(const struct oci_pair *annotations, size_t n, const char *key)
{
	const char *value = annotation(annotations, n, key);

	return value && strcmp(value, "0") != 0;
}

static const char *find(const struct validation *v, const char *key)
{
	return annotation(v->config->annotations, v->config->n_annotations, key);
}

/* Relative ones would mean another file for each command. */
static int check_files(struct validation *v, struct err *err)
{
	static const char *const keys[] = {ANNOTATION_PIDFD_RECEIVER, ANNOTATION_SECCOMP_AGENT, ANNOTATION_HOOKS_STDOUT,
					   ANNOTATION_HOOKS_STDERR};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *path = find(v, keys[i]);
		int r = path ? validate_path(path, true, err, "annotation %s", keys[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Which option gives a new file system the mountLabel. */
static int check_mount_context(struct validation *v, struct err *err)
{
	static const char *const kinds[] = {"context", "fscontext", "defcontext", "rootcontext"};
	const char *kind = find(v, ANNOTATION_MOUNT_CONTEXT);

	if (!kind)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return 0;
	return INVALID(err,
		       "annotation " ANNOTATION_MOUNT_CONTEXT ": \"%s\" is none of context, fscontext, defcontext and "
		       "rootcontext",
		       kind);
}

/* Others are run by a virtual machine, or a WebAssembly engine: not to be run without it. */
static int check_handler(struct validation *v, struct err *err)
{
	const char *handler = find(v, ANNOTATION_HANDLER);

	return handler ? err_msg(err, -ENOTSUP, "annotation " ANNOTATION_HANDLER ": there is no handler \"%s\" here",
				 handler)
		       : 0;
}

/* Shared objects that crun loads into itself. Nobody's code is loaded into turtle. */
static int check_plugins(struct validation *v, struct err *err)
{
	return find(v, ANNOTATION_SECCOMP_PLUGIN)
		       ? err_msg(err, -ENOTSUP,
				 "annotation " ANNOTATION_SECCOMP_PLUGIN
				 ": not supported: an agent with a socket (linux.seccomp.listenerPath) can do the same")
		       : 0;
}

const struct config_check config_checks_annotations[] = {
	{"handler", check_handler},
	{"files", check_files},
	{"mount context", check_mount_context},
	{"seccomp plugins", check_plugins},
	{0},
};
