/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `exec`: each row is one, and the process that it comes to in the container OWN, as JSON, or the
 * error. host_exec() is played by the test; it asks for the process as the real one does.
 */
#include "scratch.h"
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "config/exec.h"

#include <errno.h>

#define MAX_ARGS 16

static const char *own_process; /* of the container; NULL: it has none */
static char *process, *others, *warnings;

int __wrap_host_exec(const struct host_options *options, const struct exec_request *request, int *ret_status,
		     struct err *err);

static void note(void *arg, const char *message)
{
	char **all = arg, *more;

	assert_true(asprintf(&more, "%s%s%s", *all ? *all : "", *all ? "; " : "", message) > 0);
	free(*all);
	*all = more;
}

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

static int exec_in(const char *members, const struct exec_request *request, struct ocispec_arena *arena,
		   struct err *err)
{
	const struct config_facts facts = {0};
	struct ocispec_error why;
	struct oci_config *config;
	char *text, *written;
	void *document;
	size_t size;
	int r;

	assert_true(asprintf(&text,
			     "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},%s%s%s"
			     "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"
			     "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}],"
			     "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1000}]}}",
			     members ? "\"process\":{" : "", members ? members : "", members ? "}," : "") > 0);
	r = ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &document, &why);
	if (r < 0)
		fail_msg("%s\n%s", why.message, text);
	free(text);
	config = document;
	r = exec_process(config, request->wishes, &facts, note, &warnings, arena, err);
	if (r < 0)
		return r;
	assert_int_equal(ocispec_write(&oci_process_object, config->process, OCISPEC_COMPACT, arena, &written, &size),
			 0);
	process = strdup(written);
	return 0;
}

int __wrap_host_exec(const struct host_options *options, const struct exec_request *request, int *ret_status,
		     struct err *err)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	int r;

	assert_non_null(arena);
	assert_string_equal(request->id, "id");
	r = exec_in(own_process, request, arena, err);
	free(others); /* of the call before */
	assert_true(asprintf(&others, "%s %s %s %s %d %d %u", or_none(request->console_socket),
			     or_none(request->pidfd_socket), or_none(request->pid_file), or_none(request->cgroup),
			     request->detach, request->ignore_paused, request->preserve_fds) > 0);
	ocispec_arena_free(arena);
	if (r == 0)
		*ret_status = 42;
	return r;
}

static int forget(void **state)
{
	free(process);
	free(others);
	free(warnings);
	process = others = warnings = NULL;
	return 0;
}

/* As main.c calls the verb. */
static int run_args(const char *const *words, int *ret_status, struct err *err)
{
	_cleanup_free_ void *request = calloc(1, cmd_exec.request_size);
	char *argv[MAX_ARGS], *copies[MAX_ARGS];
	struct cmd_globals globals = {0};
	struct args args;
	int argc = 0, n, r;

	assert_non_null(request);
	for (; argc < MAX_ARGS && words[argc]; argc++)
		argv[argc] = copies[argc] = strdup(words[argc]);
	n = argc;
	r = args_parse(&cmd_exec.syntax, argc, argv, request, &args, err);
	if (r == 0)
		r = cmd_exec.run(&globals, request, args.n, args.values, ret_status, err);
	args_release(&cmd_exec.syntax, request);
	for (int i = 0; i < n; i++)
		free(copies[i]);
	return r;
}

#define USER  "\"user\":{\"uid\":3,\"gid\":4,\"umask\":23,\"additionalGids\":[9]}"
#define CAPS  "\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]}"
#define LIMIT "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":2,\"soft\":1}]"

struct row {
	const char *name;
	const char *own; /* the container's process; NULL: OWN */
	const char *argv[MAX_ARGS];
	const char *process; /* NULL: it fails */
	const char *error;   /* without what is before it in all: "exec failed: " */
	const char *others;  /* NULL: doesn't matter */
};

#define OWN                 "\"args\":[\"own\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"," USER
#define IS(user, rest)      "{" user ",\"args\":[\"c\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"" rest "}"
#define IDS(uid, gid, more) "\"user\":{\"uid\":" uid ",\"gid\":" gid ",\"umask\":23,\"additionalGids\":[9" more "]}"

/* The whole of security.md's table, that is: exact ids, or an error; 0 only for zeros. */
static const struct row users[] = {
	{"none", .argv = {"id", "c"}, .process = IS(USER, "")},
	{"0", .argv = {"-u", "0", "id", "c"}, .process = IS(IDS("0", "4", ""), "")},
	{"00", .argv = {"-u", "00", "id", "c"}, .process = IS(IDS("0", "4", ""), "")},
	{"1 keeps the group", .argv = {"-u", "1", "id", "c"}, .process = IS(IDS("1", "4", ""), "")},
	{"01", .argv = {"-u", "01", "id", "c"}, .process = IS(IDS("1", "4", ""), "")},
	{"1:2", .argv = {"-u", "1:2", "id", "c"}, .process = IS(IDS("1", "2", ""), "")},
	{"0:0", .argv = {"--user=0:0", "id", "c"}, .process = IS(IDS("0", "0", ""), "")},
	{"65534", .argv = {"-u", "65534", "id", "c"}, .process = IS(IDS("65534", "4", ""), "")},
	{"largest", .argv = {"-u", "4294967294", "id", "c"}, .process = IS(IDS("4294967294", "4", ""), "")},
	{"the last one counts", .argv = {"-u", "5", "-u", "6", "id", "c"}, .process = IS(IDS("6", "4", ""), "")},
	{"1:", .argv = {"-u", "1:", "id", "c"}, .error = "invalid value \"1:\" for --user: not of the form UID[:GID]"},
	{":1", .argv = {"-u", ":1", "id", "c"}, .error = "invalid value \":1\" for --user: not of the form UID[:GID]"},
	{":", .argv = {"-u", ":", "id", "c"}, .error = "invalid value \":\" for --user: not of the form UID[:GID]"},
	{"1:2:3", .argv = {"-u", "1:2:3", "id", "c"},
	 .error = "invalid value \"1:2:3\" for --user: not of the form UID[:GID]"},
	{"empty", .argv = {"-u", "", "id", "c"}, .error = "invalid value \"\" for --user: not of the form UID[:GID]"},
	{"+1", .argv = {"-u", "+1", "id", "c"}, .error = "invalid value \"+1\" for --user: the uid is not a number"},
	{"-1", .argv = {"-u", "-1", "id", "c"}, .error = "invalid value \"-1\" for --user: the uid is not a number"},
	{"0x0", .argv = {"-u", "0x0", "id", "c"}, .error = "invalid value \"0x0\" for --user: the uid is not a number"},
	{"0x1", .argv = {"-u", "0x1", "id", "c"}, .error = "invalid value \"0x1\" for --user: the uid is not a number"},
	{"1e3", .argv = {"-u", "1e3", "id", "c"}, .error = "invalid value \"1e3\" for --user: the uid is not a number"},
	{"blank before", .argv = {"-u", " 1", "id", "c"},
	 .error = "invalid value \" 1\" for --user: the uid is not a number"},
	{"blank after", .argv = {"-u", "1 ", "id", "c"},
	 .error = "invalid value \"1 \" for --user: the uid is not a number"},
	{"blank in the group", .argv = {"-u", "1: 2", "id", "c"},
	 .error = "invalid value \"1: 2\" for --user: the gid is not a number"},
	{"4294967295", .argv = {"-u", "4294967295", "id", "c"},
	 .error = "invalid value \"4294967295\" for --user: 4294967295 is no uid"},
	{"1:4294967295", .argv = {"-u", "1:4294967295", "id", "c"},
	 .error = "invalid value \"1:4294967295\" for --user: 4294967295 is no gid"},
	{"4294967296", .argv = {"-u", "4294967296", "id", "c"},
	 .error = "invalid value \"4294967296\" for --user: the uid is out of range"},
	{"1:4294967296", .argv = {"-u", "1:4294967296", "id", "c"},
	 .error = "invalid value \"1:4294967296\" for --user: the gid is out of range"},
	{"2^64", .argv = {"-u", "18446744073709551616", "id", "c"},
	 .error = "invalid value \"18446744073709551616\" for --user: the uid is out of range"},
	{"a name", .argv = {"-u", "root", "id", "c"},
	 .error = "invalid value \"root\" for --user: the uid is not a number"},
	{"a long name", .argv = {"-u", "a-very-long-name-for-a-user", "id", "c"},
	 .error = "invalid value \"a-very-long-name-for-a-user\" for --user: the uid is not a number"},
	{"a group's name", .argv = {"-u", "0:wheel", "id", "c"},
	 .error = "invalid value \"0:wheel\" for --user: the gid is not a number"},
	{"not mapped", .argv = {"-u", "1:1000", "id", "c"},
	 .error = "process.user.gid: 1000 is not mapped in the user namespace"},

	{"groups are added", .argv = {"-g", "5", "--additional-gids", "6", "id", "c"},
	 .process = IS(IDS("3", "4", ",5,6"), "")},
	{"group 0", .argv = {"-g", "0", "id", "c"}, .process = IS(IDS("3", "4", ",0"), "")},
	{"a list is no number", .argv = {"-g", "5,6", "id", "c"},
	 .error = "invalid value \"5,6\" for --additional-gids: the gid is not a number"},
	{"group -1", .argv = {"-g", "-1", "id", "c"},
	 .error = "invalid value \"-1\" for --additional-gids: the gid is not a number"},
	{"group 1:2", .argv = {"-g", "1:2", "id", "c"},
	 .error = "invalid value \"1:2\" for --additional-gids: the gid is not a number"},
	{"empty group", .argv = {"-g", "", "id", "c"},
	 .error = "invalid value \"\" for --additional-gids: the gid is not a number"},
	{"group with a blank", .argv = {"-g", " 1", "id", "c"},
	 .error = "invalid value \" 1\" for --additional-gids: the gid is not a number"},
	{"second group bad", .argv = {"-g", "1", "-g", "x", "id", "c"},
	 .error = "invalid value \"x\" for --additional-gids: the gid is not a number"},
	{"group 2^32-1", .argv = {"-g", "4294967295", "id", "c"},
	 .error = "invalid value \"4294967295\" for --additional-gids: 4294967295 is no gid"},
	{"group 2^32", .argv = {"-g", "4294967296", "id", "c"},
	 .error = "invalid value \"4294967296\" for --additional-gids: the gid is out of range"},
	{"group not mapped", .argv = {"-g", "1000", "id", "c"},
	 .error = "process.user.additionalGids[1]: 1000 is not mapped in the user namespace"},
	{"a container without a user", .own = "\"args\":[\"own\"],\"cwd\":\"/w\"",
	 .argv = {"-u", "7", "-g", "8", "id", "c"},
	 .process = "{\"user\":{\"uid\":7,\"gid\":0,\"additionalGids\":[8]},\"args\":[\"c\"],\"cwd\":\"/w\"}"},
};

#define ENV(list) "{" USER ",\"args\":[\"c\"],\"env\":[\"A=1\",\"B=2\"," list "],\"cwd\":\"/w\"}"
#define SETS(b, e, i, p, a) \
	"\"capabilities\":{\"bounding\":[" b "],\"effective\":[" e "]" i ",\"permitted\":[" p "]" a "}"
#define KILL "\"CAP_KILL\""
#define RAW  "\"CAP_NET_RAW\""

static const struct row options[] = {
	{"words of the command", .argv = {"id", "c", "-u", "7", "--", "--cwd", "x"},
	 .process = "{" USER ",\"args\":[\"c\",\"-u\",\"7\",\"--\",\"--cwd\",\"x\"],"
		    "\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"}"},
	{"dashes before the command", .argv = {"id", "--", "c"}, .process = IS(USER, "")},
	{"dashes before the id", .argv = {"-u", "7", "--", "id", "c"}, .process = IS(IDS("7", "4", ""), "")},
	{"a command of dashes", .argv = {"id", "--", "--"},
	 .process = "{" USER ",\"args\":[\"--\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"}"},
	{"an empty word", .argv = {"id", ""},
	 .process = "{" USER ",\"args\":[\"\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"}"},
	{"no command", .argv = {"id"}, .error = "exec args cannot be empty"},
	{"no command after dashes", .argv = {"id", "--"}, .error = "exec args cannot be empty"},
	{"no process", .own = "", .argv = {"id", "c"},
	 .error =
		 "process property must not be empty (the container's configuration has none; --process can name one)"},

	{"cwd", .argv = {"--cwd", "/x", "id", "c"},
	 .process = "{" USER ",\"args\":[\"c\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/x\"}"},
	{"relative cwd", .argv = {"--cwd", "x", "id", "c"}, .error = "Cwd must be an absolute path"},
	{"empty cwd", .argv = {"--cwd", "", "id", "c"}, .error = "Cwd property must not be empty"},

	{"env", .argv = {"-e", "C=3", "--env=D=", "id", "c"}, .process = ENV("\"C=3\",\"D=\"")},
	{"env again", .argv = {"-e", "A=x", "-e", "A=y=z", "id", "c"}, .process = ENV("\"A=x\",\"A=y=z\"")},
	{"env with a comma", .argv = {"-e", "C=3,D=4", "id", "c"}, .process = ENV("\"C=3,D=4\"")},
	{"env without =", .argv = {"-e", "C", "id", "c"},
	 .error = "invalid value \"C\" for --env: not of the form NAME=VALUE"},
	{"empty env", .argv = {"-e", "", "id", "c"},
	 .error = "invalid value \"\" for --env: not of the form NAME=VALUE"},
	{"env without name", .argv = {"-e", "=x", "id", "c"},
	 .error = "invalid value \"=x\" for --env: no name before the '='"},

	{"tty", .argv = {"-t", "id", "c"},
	 .process = "{\"terminal\":true," USER ",\"args\":[\"c\"],\"env\":[\"A=1\",\"B=2\"],\"cwd\":\"/w\"}"},
	{"tty=false", .argv = {"--tty=false", "id", "c"}, .process = IS(USER, "")},
	{"the container's terminal is its own", .own = "\"terminal\":true,\"args\":[\"own\"],\"cwd\":\"/w\"",
	 .argv = {"id", "c"}, .process = "{\"args\":[\"c\"],\"cwd\":\"/w\"}"},

	{"no-new-privs", .argv = {"--no-new-privs", "id", "c"}, .process = IS(USER, ",\"noNewPrivileges\":true")},
	{"no-new-privs as it is", .own = OWN ",\"noNewPrivileges\":true", .argv = {"id", "c"},
	 .process = IS(USER, ",\"noNewPrivileges\":true")},
	{"no-new-privs=false", .own = OWN ",\"noNewPrivileges\":true", .argv = {"--no-new-privs=false", "id", "c"},
	 .process = IS(USER, "")},

	{"caps as they are", .own = OWN "," CAPS, .argv = {"id", "c"}, .process = IS(USER, "," CAPS)},
	{"a cap to three sets", .own = OWN "," CAPS, .argv = {"-c", "CAP_NET_RAW", "id", "c"},
	 .process = IS(USER, "," SETS(KILL "," RAW, KILL "," RAW, "", KILL "," RAW, ""))},
	{"a cap as people write it", .own = OWN "," CAPS, .argv = {"--cap=net_raw", "id", "c"},
	 .process = IS(USER, "," SETS(KILL "," RAW, KILL "," RAW, "", KILL "," RAW, ""))},
	{"inheritable, but not that one", .own = OWN ",\"capabilities\":{\"inheritable\":[" KILL "]}",
	 .argv = {"-c", "CAP_NET_RAW", "id", "c"},
	 .process = IS(USER, "," SETS(RAW, RAW, ",\"inheritable\":[" KILL "]", RAW, ""))},
	{"inheritable already", .own = OWN ",\"capabilities\":{\"inheritable\":[" RAW "]}",
	 .argv = {"-c", "CAP_NET_RAW", "id", "c"},
	 .process = IS(USER, "," SETS(RAW, RAW, ",\"inheritable\":[" RAW "]", RAW, ",\"ambient\":[" RAW "]"))},
	{"two caps, where there were none", .argv = {"-c", "KILL", "-c", "CAP_NET_RAW", "id", "c"},
	 .process = IS(USER, "," SETS(KILL "," RAW, KILL "," RAW, "", KILL "," RAW, ""))},
	{"unknown cap", .argv = {"-c", "CAP_EVERYTHING", "id", "c"},
	 .error = "invalid value \"CAP_EVERYTHING\" for --cap: no such capability, see capabilities(7)"},
	{"empty cap", .argv = {"-c", "", "id", "c"},
	 .error = "invalid value \"\" for --cap: no such capability, see capabilities(7)"},

	{"empty profile and label are none", .argv = {"--apparmor", "", "--process-label", "", "id", "c"},
	 .process = IS(USER, "")},
	{"what only the container's own may refuse", .argv = {"--process-label", "a:b:c", "id", "c"},
	 .error = "process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not "
		  "supported"},

	{"what the host does",
	 .argv = {"--console-socket", "/c", "--pidfd-socket=/p", "--pid-file", "f", "--cgroup", "/x", "-d",
		  "--ignore-paused", "--preserve-fds", "4", "id", "c"},
	 .process = IS(USER, ""), .others = "/c /p f /x 1 1 4"},
	{"nothing of that", .argv = {"id", "c"}, .process = IS(USER, ""), .others = "- - - - 0 0 0"},
	{"one cgroup for two controllers", .argv = {"--cgroup", "cpu:x", "--cgroup", "memory:x", "id", "c"},
	 .process = IS(USER, ""), .others = "- - - cpu:x 0 0 0"},
	{"two cgroups", .argv = {"--cgroup", "a", "--cgroup", "b", "id", "c"},
	 .error = "invalid --cgroup argument: a (missing <controller>: prefix)"},
	{"two cgroups for two controllers", .argv = {"--cgroup", "cpu:x", "--cgroup", "memory:y", "id", "c"},
	 .error = "--cgroup memory:y contradicts --cgroup cpu:x: a process is in one cgroup, for all controllers"},
};

static void check(const struct row *row, int r, int status, const struct err *err)
{
	if (row->process) {
		if (r < 0)
			fail_msg("refused: %s", err->msg);
		assert_string_equal(process, row->process);
		assert_int_equal(status, 42);
	} else {
		assert_true(r < 0);
		assert_int_equal(strncmp(err->msg, "exec failed: ", 13), 0);
		assert_string_equal(err->msg + 13, row->error);
		assert_int_equal(status, 255);
	}
	if (row->others)
		assert_string_equal(others, row->others);
}

static void test_row(void **state)
{
	const struct row *row = *state;
	struct err err = {0};
	int status = 0, r;

	own_process = row->own ? *row->own ? row->own : NULL : OWN;
	r = run_args(row->argv, &status, &err);
	check(row, r, status, &err);
	assert_null(warnings);
	forget(NULL);
}

/* ---- process documents: the own process has all that a document may leave out -------------------------------------
 */

#define FULL OWN "," CAPS "," LIMIT ",\"oomScoreAdj\":5,\"execCPUAffinity\":{\"final\":\"0\"}"

struct document {
	const char *name;
	const char *text; /* of the document */
	const char *argv[MAX_ARGS];
	const char *process, *error, *warning;
};

#define INHERITED "," CAPS "," LIMIT ",\"oomScoreAdj\":5,\"execCPUAffinity\":{\"final\":\"0\"}"
#define UMASK     "\"user\":{\"uid\":0,\"gid\":0,\"umask\":23}"

static const struct document documents[] = {
	{"the least",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"]}",
	 {"id"},
	 "{" UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\"" INHERITED "}"},
	{"an empty list is a list",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"capabilities\":{}}",
	 {"id"},
	 "{" UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\",\"capabilities\":{}," LIMIT
	 ",\"oomScoreAdj\":5,\"execCPUAffinity\":{\"final\":\"0\"}}"},
	{"all of its own",
	 "{\"cwd\":\"/"
	 "d\",\"args\":[\"d\"],\"env\":[\"X=1\"],\"terminal\":true,\"user\":{\"uid\":8,\"gid\":9,\"umask\":1},"
	 "\"noNewPrivileges\":true,\"capabilities\":{\"bounding\":[]},"
	 "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":3,\"soft\":3}],\"oomScoreAdj\":0,"
	 "\"execCPUAffinity\":{\"initial\":\"1\"}}",
	 {"id"},
	 "{\"terminal\":true,\"user\":{\"uid\":8,\"gid\":9,\"umask\":1},\"args\":[\"d\"],\"env\":[\"X=1\"],\"cwd\":\"/"
	 "d\","
	 "\"capabilities\":{\"bounding\":[]},\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":3,\"soft\":3}],"
	 "\"noNewPrivileges\":true,\"oomScoreAdj\":0,\"execCPUAffinity\":{\"initial\":\"1\"}}"},
	{"other options are ignored",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"]}",
	 {"-u", "x", "-e", "x", "-c", "x", "-g", "x", "--cwd", "x", "--no-new-privs", "id", "c"},
	 "{" UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\"" INHERITED "}",
	 .warning = "ignored, since --process says it all: --cwd --user --no-new-privs --env --cap --additional-gids "
		    "command"},
	{"but the terminal is not",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"]}",
	 {"-t", "id"},
	 "{\"terminal\":true," UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\"" INHERITED "}"},
	{"nor its absence",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"terminal\":true}",
	 {"--tty=false", "id"},
	 "{" UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\"" INHERITED "}"},
	{"unknown members",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"what\":[{}]}",
	 {"id"},
	 "{" UMASK ",\"args\":[\"d\"],\"cwd\":\"/d\"" INHERITED "}"},

	{"empty document", "", {"id"}, .error = "the document is empty (FILE:1:1)"},
	{"no JSON", "hello", {"id"}, .error = "lexical error: invalid char in json text (FILE:1:1)"},
	{"no object", "[]", {"id"}, .error = "expected an object (FILE:1:1)"},
	{"no cwd", "{\"args\":[\"d\"]}", {"id"}, .error = "cwd: required property is missing (FILE:1:1)"},
	{"wrong type", "{\"cwd\":\"/\",\n\"args\":\"d\"}", {"id"}, .error = "args: expected an array (FILE:2:8)"},
	{"no args", "{\"cwd\":\"/\"}", {"id"}, .error = "args must not be empty"},
	{"relative cwd", "{\"cwd\":\"d\",\"args\":[\"d\"]}", {"id"}, .error = "Cwd must be an absolute path"},
	{"bad env",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"env\":[\"X\"]}",
	 {"id"},
	 .error = "process.env[0]: \"X\" is not of the form NAME=VALUE"},
	{"bad limit",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"rlimits\":[{\"type\":\"RLIMIT_X\",\"hard\":3,\"soft\":3}]}",
	 {"id"},
	 .error = "process.rlimits[0].type: unknown limit \"RLIMIT_X\""},
	{"uid -1",
	 "{\"cwd\":\"/d\",\"args\":[\"d\"],\"user\":{\"uid\":4294967295,\"gid\":0}}",
	 {"id"},
	 .error = "process.user.uid: 4294967295 is not a valid id"},
};

/* With the document in a file, or coming from a pipe on standard input where it is "-". */
static int run_document(const struct document *d, const char *file, struct err *err, int *ret_status)
{
	const char *argv[MAX_ARGS] = {"-p", file};

	for (int i = 0; d->argv[i]; i++)
		argv[i + 2] = d->argv[i];
	return run_args(argv, ret_status, err);
}

static void check_document(const struct document *d, const char *file, int r, int status, const struct err *err)
{
	char expected[1024];
	const char *mark = d->error ? strstr(d->error, "FILE") : NULL;
	struct row row = {.process = d->process, .error = d->error};

	if (mark) {
		snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(mark - d->error), d->error, file, mark + 4);
		row.error = expected;
	}
	check(&row, r, status, err);
	if (d->warning)
		assert_string_equal(warnings, d->warning);
	else
		assert_null(warnings);
	forget(NULL);
}

static void test_document(void **state)
{
	const struct document *d = *state;
	int ends[2], before = dup(STDIN_FILENO), status = 0, fd, r;
	struct scratch scratch;
	struct err err = {0};
	char path[PATH_MAX + 16];

	own_process = FULL;
	assert_int_equal(scratch_make(&scratch), 0);
	snprintf(path, sizeof(path), "%s/process.json", scratch.path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(fd, d->text, strlen(d->text)), 0);
	close(fd);
	r = run_document(d, path, &err, &status);
	check_document(d, path, r, status, &err);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], d->text, strlen(d->text)), 0);
	close(ends[1]);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	err = (struct err){0};
	status = 0;
	r = run_document(d, "-", &err, &status);
	check_document(d, "standard input", r, status, &err);
	dup2(before, STDIN_FILENO);
	close(before);
	scratch_remove(&scratch);
}

static void test_no_file(void **state)
{
	static const struct document d = {.argv = {"id"}};
	struct err err = {0};
	int status = 0;

	own_process = NULL;
	assert_true(run_document(&d, "/nowhere/process.json", &err, &status) < 0);
	assert_string_equal(err.msg, "exec failed: read /nowhere/process.json: No such file or directory");
	assert_int_equal(status, 255);
	assert_true(run_document(&d, "/", &err, &status) < 0);
	assert_string_equal(err.msg, "exec failed: read /: Is a directory");
	forget(NULL);
}

/* A container without a process has nothing to give, but takes one from a document. */
static void test_document_alone(void **state)
{
	static const struct document d = {
		"alone", "{\"cwd\":\"/d\",\"args\":[\"d\"]}", {"id"}, "{\"args\":[\"d\"],\"cwd\":\"/d\"}"};
	int ends[2], before = dup(STDIN_FILENO), status = 0, r;
	struct err err = {0};

	own_process = NULL;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], d.text, strlen(d.text)), 0);
	close(ends[1]);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	close(ends[0]);
	r = run_document(&d, "-", &err, &status);
	check_document(&d, "standard input", r, status, &err);
	dup2(before, STDIN_FILENO);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_document_alone),
	};

	return run_table("exec, users", users, test_row) + run_table("exec, options", options, test_row) +
	       run_table("exec, documents", documents, test_document) +
	       cmocka_run_group_tests_name("exec, files", tests, NULL, NULL);
}
