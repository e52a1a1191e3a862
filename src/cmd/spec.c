/* SPDX-License-Identifier: Apache-2.0 */
/* spec: writes a config.json to begin with. What is in it is decided by config_default(). */
#include "cmd/cmd.h"

#include "base/fd.h"
#include "base/mem.h"
#include "config/config.h"
#include "ocispec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct request {
	const char *bundle, *file;
	bool rootless;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, bundle, "bundle", 'b', "DIR", "where to write it (default: the current directory)"),
	ARGS_OPTION(struct request, file, "file", 'f', "FILE", "its name there (default: config.json)"),
	ARGS_OPTION(struct request, rootless, "rootless", 0, NULL, "for a user without privileges"),
};

/* A new file, or none. */
static int write_new(int dir, const char *name, const char *text, size_t size, struct err *err)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0666);
	int r;

	if (fd < 0 && errno == EEXIST)
		return err_msg(err, -EEXIST, "File %s exists. Remove it first", name);
	if (fd < 0)
		return err_set(err, -errno, "create %s", name);
	r = fd_write_all(fd, text, size);
	if (r == 0 && close(TAKE_FD(fd)) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dir, name, 0);
		return err_set(err, r, "write %s", name);
	}
	return 0;
}

static int write_config(struct ocispec_arena *arena, int dir, const struct request *request, struct err *err)
{
	const char *name = request->file ? request->file : "config.json";
	_cleanup_free_ char *line_ended = NULL;
	const struct oci_config *config;
	char *text;
	size_t size;
	int n;

	config = arena ? config_default(arena, request->rootless, geteuid(), getegid()) : NULL;
	if (!config || ocispec_write(&oci_config_object, config, OCISPEC_TABS, arena, &text, &size) < 0)
		return err_set(err, -ENOMEM, "make %s", name);
	n = asprintf(&line_ended, "%s\n", text);
	if (n < 0) {
		line_ended = NULL;
		return err_set(err, -ENOMEM, "make %s", name);
	}
	return write_new(dir, name, line_ended, (size_t)n, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	const struct request *request = arg;
	const char *bundle = request->bundle ? request->bundle : ".";
	_cleanup_close_ int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ocispec_arena *arena;
	int r;

	if (dir < 0)
		return err_set(err, -errno, "open bundle %s", bundle);
	arena = ocispec_arena_new();
	r = write_config(arena, dir, request, err);
	ocispec_arena_free(arena);
	return r;
}

const struct cmd_verb cmd_spec = {
	.name = "spec",
	.arguments = "",
	.summary = "write a config.json to begin with",
	.description =
		"   It runs `sh` on a terminal in the bundle's directory rootfs, read-only, with new namespaces and\n"
		"   few capabilities. A file that exists is not overwritten.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.run = run,
};
