/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options before the command: where the log goes, where the state of containers is, how cgroups are made. Engines
 * repeat the same ones with every command, so what does not concern a command is accepted there.
 */
#include "cmd/cmd.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct args_option options[] = {
	ARGS_OPTION(struct cmd_globals, cgroup_manager, "cgroup-manager", 0, "MANAGER",
		    "how cgroups are made: cgroupfs (default), systemd or disabled"),
	ARGS_OPTION(struct cmd_globals, debug, "debug", 0, NULL, "log warnings and debugging records too"),
	ARGS_OPTION(struct cmd_globals, log, "log", 0, "FILE",
		    "append log records to this file, or to syslog:NAME or journald:NAME (default: stderr)"),
	ARGS_OPTION(struct cmd_globals, log_format, "log-format", 0, "FORMAT", "text (default) or json"),
	ARGS_OPTION(struct cmd_globals, log_level, "log-level", 0, "LEVEL",
		    "error (default), warning or debug; the last two are the same as --debug"),
	ARGS_OPTION(struct cmd_globals, root, "root", 0, "DIR",
		    "where the state of containers is (default: /run/turtle or $XDG_RUNTIME_DIR/turtle)"),
	ARGS_OPTION(struct cmd_globals, rootless, "rootless", 0, "BOOL",
		    "do without a cgroup where permission lacks: true, false or auto (default)"),
	ARGS_OPTION(struct cmd_globals, systemd_cgroup, "systemd-cgroup", 0, NULL,
		    "the same as --cgroup-manager=systemd"),
	ARGS_OPTION(struct cmd_globals, version, "version", 'v', NULL, "print versions and exit"),
	/* crun's second letter for it */
	ARGS_OPTION(struct cmd_globals, version, NULL, 'V', NULL, NULL),
};

const struct args_syntax cmd_global_syntax = {
	.options = options, .n_options = ARRAY_SIZE(options), .options_first = true};

/* crun's forms of --log besides that of a file: file:PATH, syslog:IDENTIFIER and journald:IDENTIFIER. */
static int open_log(const char *given, enum log_format format, bool debug, struct err *err)
{
	static const struct {
		const char *prefix;
		enum log_daemon daemon;
	} daemons[] = {{"syslog:", LOG_SYSLOG}, {"journald:", LOG_JOURNALD}};

	for (size_t i = 0; given && i < ARRAY_SIZE(daemons); i++) {
		size_t n = strlen(daemons[i].prefix);

		if (strncmp(given, daemons[i].prefix, n) != 0)
			continue;
		if (!given[n] || strchr(given, '\n'))
			return err_msg(err, -EINVAL, "--log %s: \"%s\" is no identifier", given, given + n);
		return log_open_daemon(daemons[i].daemon, given + n, debug, err);
	}
	if (given && strncmp(given, "file:", 5) == 0)
		given += 5;
	return log_open(given, format, debug, err);
}

int cmd_globals_open_log(const struct cmd_globals *globals, struct err *err)
{
	static const char *const levels[] = {"error", "warning", "debug"};
	enum log_format format = LOG_TEXT;
	bool debug = globals->debug;

	if (globals->log_format && strcmp(globals->log_format, "json") == 0)
		format = LOG_JSON;
	else if (globals->log_format && strcmp(globals->log_format, "text") != 0)
		return err_msg(err, -EINVAL, "invalid log-format: %s", globals->log_format);
	if (globals->log_level) {
		size_t i = 0;

		while (i < ARRAY_SIZE(levels) && strcasecmp(globals->log_level, levels[i]) != 0)
			i++;
		if (i == ARRAY_SIZE(levels))
			return err_msg(err, -EINVAL, "invalid log-level: %s", globals->log_level);
		debug = debug || i > 0;
	}
	return open_log(globals->log, format, debug, err);
}

/* An absolute path without empty, `.` and `..` components, as text; malloc'ed, NULL when out of memory. */
static char *absolute(const char *path)
{
	_cleanup_free_ char *cwd = NULL, *joined = NULL;
	char *clean, *end;

	if (*path != '/' && !(cwd = getcwd(NULL, 0)))
		return NULL;
	if (asprintf(&joined, "%s/%s", cwd ? cwd : "", path) < 0) {
		joined = NULL;
		return NULL;
	}
	end = clean = malloc(strlen(joined) + 2);
	if (!clean)
		return NULL;
	for (const char *p = joined; *p;) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			while (end > clean && *--end != '/')
				;
		} else if (n > 0 && !(n == 1 && *p == '.')) {
			*end++ = '/';
			memcpy(end, p, n);
			end += n;
		}
		p += n;
	}
	if (end == clean)
		*end++ = '/';
	*end = '\0';
	return clean;
}

/* The initial user namespace maps every id onto itself. */
static bool in_user_namespace(void)
{
	uint32_t columns[3]; /* inside, outside, count */
	_cleanup_free_ char *map = NULL;

	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) < 0)
		return false;
	return !(num_columns_u32(map, columns, 3) == 0 && columns[0] == 0 && columns[1] == 0 &&
		 columns[2] == UINT32_MAX);
}

/* As runc decides it: the user's own directory for all but root, and for a made-up root that USER gives away. */
static bool wants_user_directory(void)
{
	const char *user = getenv("USER");

	if (geteuid() != 0)
		return true;
	/* The cheap questions first: root on a plain host never asks the kernel. */
	if (!getenv("XDG_RUNTIME_DIR") || (user && strcmp(user, "root") == 0))
		return false;
	return in_user_namespace();
}

static int resolve_root(struct cmd_globals *globals, struct err *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	globals->host.root_given = globals->root != NULL;
	if (globals->root) {
		if (*globals->root == '\0')
			return err_msg(err, -EINVAL, "--root must not be empty");
		globals->root_buffer = absolute(globals->root);
		if (globals->root_buffer && strcmp(globals->root_buffer, "/") == 0)
			return err_msg(err, -EINVAL, "--root must not be /");
	} else if (!wants_user_directory()) {
		globals->root_buffer = strdup("/run/turtle");
	} else {
		/* A made-up name in a directory that all may write to would be a trap for whoever comes second. */
		if (!runtime_dir || *runtime_dir == '\0')
			return err_msg(err, -ENOENT,
				       "no place for the state of an unprivileged user's containers: "
				       "XDG_RUNTIME_DIR is not set (set it, or use --root)");
		if (*runtime_dir != '/')
			return err_msg(err, -EINVAL, "XDG_RUNTIME_DIR is not an absolute path: %s", runtime_dir);
		if (asprintf(&globals->root_buffer, "%s/turtle", runtime_dir) < 0)
			globals->root_buffer = NULL;
	}
	if (!globals->root_buffer)
		return err_set(err, errno ? -errno : -ENOMEM, "find the state directory");
	globals->host.root = globals->root_buffer;
	return 0;
}

static int resolve_cgroup_manager(struct cmd_globals *globals, bool makes_cgroup, struct err *err)
{
	const char *manager = globals->cgroup_manager;
	bool systemd = manager && strcmp(manager, "systemd") == 0;

	if (manager && !systemd && strcmp(manager, "cgroupfs") != 0 && strcmp(manager, "disabled") != 0)
		return err_msg(err, -EINVAL, "unknown cgroup manager: %s", manager);
	globals->host.cgroup_disabled = manager && strcmp(manager, "disabled") == 0;
	/* The other commands use the driver that the container was made with. */
	if (!makes_cgroup)
		return 0;
	if (globals->systemd_cgroup && manager && !systemd)
		return err_msg(err, -EINVAL, "--systemd-cgroup contradicts --cgroup-manager=%s", manager);
	globals->host.cgroup_systemd = globals->systemd_cgroup || systemd;
	return 0;
}

static int resolve_rootless(struct cmd_globals *globals, struct err *err)
{
	const char *text = globals->rootless;
	bool yes;

	globals->host.rootless = HOST_ROOTLESS_AUTO;
	if (!text || strcasecmp(text, "auto") == 0)
		return 0;
	if (args_parse_bool(text, &yes) < 0)
		return err_msg(err, -EINVAL, "invalid value for --rootless: %s (true, false or auto)", text);
	globals->host.rootless = yes ? HOST_ROOTLESS_TRUE : HOST_ROOTLESS_FALSE;
	return 0;
}

int cmd_globals_resolve(struct cmd_globals *globals, const struct cmd_verb *verb, struct err *err)
{
	int r = resolve_cgroup_manager(globals, verb->makes_cgroup, err);

	if (r == 0)
		r = resolve_rootless(globals, err);
	if (r == 0 && verb->containers)
		r = resolve_root(globals, err);
	return r;
}
