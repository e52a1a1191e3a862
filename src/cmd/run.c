/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run ID: from a bundle. run --rootfs DIR [ID] -- COMMAND: without one; the configuration is made of the options
 * (config/box.h) and never becomes a file of the caller's.
 */
#include "cmd/box_options.h"
#include "cmd/cmd.h"
#include "cmd/create_options.h"
#include "cmd/output.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "host/facts.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The options of create go to the struct's beginning. */
struct request {
	struct create_request create;
	bool interactive, rm;
	struct box_wishes wishes;
};

static const struct args_option options[] = {
	CREATE_OPTIONS,
	ARGS_OPTION(struct request, create.detach, "detach", 'd', NULL, "return as soon as the process is started"),
	ARGS_OPTION(struct request, create.keep, "keep", 0, NULL, "don't delete the container when its process ends"),
	ARGS_OPTION(struct request, interactive, "interactive", 'i', NULL,
		    "accepted: standard input is always passed on"),
	ARGS_OPTION(struct request, rm, "rm", 0, NULL, "accepted: the container is deleted unless --keep is given"),
	BOX_OPTIONS(struct request, wishes),
};

static const struct args_syntax syntax = {.options = options, .n_options = ARRAY_SIZE(options)};

_Static_assert(offsetof(struct request, create) == 0, "CREATE_OPTIONS count from there");

static int check(const void *arg, int n_args, struct err *err)
{
	const struct request *request = arg;
	size_t rest = request->wishes.command.n;

	if (!request->wishes.rootfs) {
		/* Of a bundle's container the rest of the line can only be the name. */
		if ((size_t)n_args + rest == 1)
			return 0;
		err_msg(err, -EINVAL, "\"run\" requires exactly 1 argument(s)");
		return n_args == 1 && rest ? err_hint(err, "a command after -- needs --rootfs") : -EINVAL;
	}
	if (n_args <= 1)
		return 0;
	err_msg(err, -EINVAL, "\"run\" requires a maximum of 1 argument(s)");
	return err_hint(err, "the container's name; its command goes after --");
}

static int contradicts(const char *option, struct err *err)
{
	return err_msg(err, -EINVAL, "--rootfs contradicts --%s", option);
}

/* 48 random bits: enough for names that live as long as their containers. */
static int make_id(char ret[13], struct err *err)
{
	unsigned char bytes[6];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_set(err, -errno, "make up a name for the container");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static void warn(void *arg, const char *message)
{
	(void)arg;
	log_warning("%s", message);
}

/* As JSON, because that is what is kept with the container. */
static int make_config(const struct request *request, struct ocispec_arena *arena, const char **ret, struct err *err)
{
	const struct create_request *create = &request->create;
	const struct box_request look = {
		.terminal =
			create->detach ? create->console_socket != NULL : isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.selinux = facts_selinux,
	};
	struct box_surroundings around;
	struct oci_config *config;
	struct config_facts facts;
	char *text;
	size_t size;
	int r;

	r = box_look(&request->wishes, &look, arena, &around, err);
	if (r == 0)
		r = box_config(&request->wishes, &around, arena, &config, err);
	if (r == 0)
		r = box_check_rootfs(config, err);
	if (r < 0)
		return r;
	facts = (struct config_facts){.rootless = around.rootless, .no_pivot = create->no_pivot};
	r = config_validate(config, &facts, warn, NULL, err);
	if (r < 0)
		return r;
	if (ocispec_write(&oci_config_object, config, OCISPEC_TABS, arena, &text, &size) < 0)
		return err_set(err, -ENOMEM, "make a configuration");
	*ret = text;
	return 0;
}

static int run_box(const struct cmd_globals *globals, struct request *request, struct ocispec_arena *arena,
		   int *ret_status, struct err *err)
{
	struct create_request *create = &request->create;
	char id[13];
	int r;

	if (create->bundle || create->config_file)
		return contradicts(create->bundle ? "bundle" : "config", err);
	r = make_config(request, arena, &create->config_text, err);
	if (r < 0)
		return r;
	if (create->id)
		return host_run(&globals->host, create, ret_status, err);
	r = make_id(id, err);
	if (r < 0)
		return r;
	create->id = id;
	r = host_run(&globals->host, create, ret_status, err);
	/* The only way to learn how it is called; in the foreground it is gone by now. */
	if (r == 0 && create->detach) {
		id[12] = '\n';
		r = output_write(id, 13, err);
	}
	return r;
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;
	const struct args_option *given;
	struct ocispec_arena *arena;
	int r;

	request->create.id = n_args ? args[0] : NULL;
	if (request->rm && request->create.keep)
		return err_msg(err, -EINVAL, "--rm contradicts --keep");
	if (request->wishes.rootfs) {
		arena = ocispec_arena_new();
		r = arena ? run_box(globals, request, arena, ret_status, err)
			  : err_set(err, -ENOMEM, "make a configuration");
		ocispec_arena_free(arena);
		return r;
	}
	given = args_first_given(&syntax, request, offsetof(struct request, wishes), sizeof(*request));
	if (given)
		return err_msg(err, -EINVAL, "--%s needs --rootfs: with a bundle its config.json counts", given->name);
	if (!request->create.id)
		request->create.id = request->wishes.command.values[0];
	if (!request->create.bundle)
		request->create.bundle = ".";
	return host_run(&globals->host, &request->create, ret_status, err);
}

const struct cmd_verb cmd_run = {
	.name = "run",
	.arguments = "ID, or: run --rootfs DIR [options] [ID] -- COMMAND [ARGUMENT...]",
	.summary = "create, start, wait and delete in one",
	.description =
		"   Makes the container ID from a bundle, starts it, passes signals and terminal sizes on to it,\n"
		"   and deletes it when its process has ended. The exit status is the process's, or 128 plus the\n"
		"   number of the signal that ended it.\n"
		"   With --rootfs no bundle is needed: the options say what is in the container, the command (sh\n"
		"   by default) follows --, and the name may be left out.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.check = check,
	.containers = true,
	.makes_cgroup = true,
	.run = run,
};
