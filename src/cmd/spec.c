/* SPDX-License-Identifier: Apache-2.0 */
/* spec: writes a config.json to begin with. What is in it is decided by config_default() and box_config(). */
#include "cmd/box_options.h"
#include "cmd/cmd.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "host/facts.h"
#include "ocispec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct request {
	const char *bundle, *file;
	bool rootless;
	struct box_wishes wishes;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, bundle, "bundle", 'b', "DIR", "where to write it (default: the current directory)"),
	ARGS_OPTION(struct request, file, "file", 'f', "FILE", "its name there (default: config.json)"),
	ARGS_OPTION(struct request, rootless, "rootless", 0, NULL, "for a user without privileges"),
	BOX_OPTIONS(struct request, wishes),
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

static void warn(void *arg, const char *message)
{
	(void)arg;
	log_warning("%s", message);
}

/* Nothing is written that would be refused when it is run. */
static int make_config(struct ocispec_arena *arena, const struct request *request, struct oci_config **ret,
		       struct err *err)
{
	_cleanup_free_ char *rootfs = NULL;
	struct box_request look = {.rootless = request->rootless, .terminal = true, .selinux = facts_selinux};
	struct box_surroundings around;
	struct config_facts facts;
	int r;

	if (asprintf(&rootfs, "%s/rootfs", request->bundle ? request->bundle : ".") < 0) {
		rootfs = NULL;
		return err_set(err, -ENOMEM, "make a configuration");
	}
	look.default_rootfs = rootfs;
	r = box_look(&request->wishes, &look, arena, &around, err);
	if (r == 0)
		r = box_config(&request->wishes, &around, arena, ret, err);
	if (r < 0)
		return r;
	facts = (struct config_facts){.rootless = around.rootless};
	return config_validate(*ret, &facts, warn, NULL, err);
}

static int write_config(struct ocispec_arena *arena, int dir, const struct request *request, struct err *err)
{
	const char *name = request->file ? request->file : "config.json";
	_cleanup_free_ char *line_ended = NULL;
	struct oci_config *config = NULL;
	char *text;
	size_t size;
	int r;

	if (!arena)
		return err_set(err, -ENOMEM, "make %s", name);
	r = make_config(arena, request, &config, err);
	if (r < 0)
		return r;
	if (ocispec_write(&oci_config_object, config, OCISPEC_TABS, arena, &text, &size) < 0)
		return err_set(err, -ENOMEM, "make %s", name);
	r = asprintf(&line_ended, "%s\n", text);
	if (r < 0) {
		line_ended = NULL;
		return err_set(err, -ENOMEM, "make %s", name);
	}
	return write_new(dir, name, line_ended, (size_t)r, err);
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
	.arguments = "[-- COMMAND [ARGUMENT...]]",
	.summary = "write a config.json to begin with",
	.description =
		"   It runs `sh` on a terminal in the bundle's directory rootfs, read-only, with new namespaces and\n"
		"   few capabilities. A file that exists is not overwritten. Most options change what is in it;\n"
		"   --rootfs makes it what `turtle run --rootfs` runs.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.run = run,
};
