/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throws bytes at what `exec` is told: a text that begins with a brace is a process document, any other is a list of
 * options, one a line, the first letter saying which. Whatever comes out must be a process that a container could have,
 * with the ids that were asked for, and whatever is refused must leave the configuration alone.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/exec.h"

#define MAX_LINES 64

static const char own[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"own\"],"
	"\"env\":[\"A=1\"],\"user\":{\"uid\":3,\"gid\":4,\"umask\":18,\"additionalGids\":[5]},"
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"]}},"
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";

static void add(struct words *words, const char *value)
{
	must(words->n < MAX_LINES, "there is room for another word");
	words->values[words->n++] = value;
}

/* The storage of the lists is the caller's. */
static void take_option(struct exec_wishes *w, const char *line)
{
	switch (*line) {
	case 'u':
		w->user = line + 1;
		break;
	case 'g':
		add(&w->additional_gids, line + 1);
		break;
	case 'e':
		add(&w->env, line + 1);
		break;
	case 'c':
		add(&w->caps, line + 1);
		break;
	case 'd':
		w->cwd = line + 1;
		break;
	case 't':
		w->tty = (struct choice){.given = true, .value = line[1] == '1'};
		break;
	case 'n':
		w->no_new_privs = (struct choice){.given = true, .value = line[1] == '1'};
		break;
	default:
		add(&w->command, line);
	}
}

static int is_zero(const char *s, const char *end)
{
	return s < end && strspn(s, "0") >= (size_t)(end - s);
}

static void check_process(const struct exec_wishes *w, const struct oci_process *p)
{
	const char *user = w->user;
	const char *end = user ? strchrnul(user, ':') : NULL;

	must(p->cwd && p->cwd[0] == '/', "the working directory is absolute");
	must(p->n_args > 0, "there is a command");
	for (size_t i = 0; i < p->n_env; i++)
		must(strchr(p->env[i], '=') > p->env[i], "a variable has a name and a value");
	must(!p->user || (p->user->uid != UINT32_MAX && p->user->gid != UINT32_MAX), "ids are ids");
	for (size_t i = 0; p->user && i < p->user->n_additional_gids; i++)
		must(p->user->additional_gids[i] != UINT32_MAX, "groups are ids");
	if (w->process_file)
		return;
	must(p->user->n_additional_gids == 1 + w->additional_gids.n, "all groups, and no more");
	must(p->user->umask.set && p->user->umask.value == 18, "the umask is the container's");
	must(p->capabilities->n_inheritable == 1, "nothing is added to the inheritable set");
	if (!user)
		must(p->user->uid == 3 && p->user->gid == 4, "the user is the container's");
	else if (!is_zero(user, end))
		must(p->user->uid != 0, "only zeros are root");
	if (user && *end && !is_zero(end + 1, user + strlen(user)))
		must(p->user->gid != 0, "only zeros are root's group");
}

static void run(const struct exec_wishes *wishes)
{
	static const struct config_facts facts = {0};
	struct ocispec_arena *arena = new_arena();
	struct ocispec_error why;
	struct oci_process *before;
	struct oci_config *config;
	struct err err = {0};
	char *text;
	size_t size;
	void *document;

	must(ocispec_parse(&oci_config_object, own, strlen(own), "own", arena, &document, &why) == 0,
	     "the container's own configuration is one");
	config = document;
	before = config->process;
	if (exec_process(config, wishes, &facts, NULL, NULL, arena, &err) == 0) {
		check_process(wishes, config->process);
		must(ocispec_write(&oci_process_object, config->process, OCISPEC_COMPACT, arena, &text, &size) == 0 &&
			     ocispec_parse(&oci_process_object, text, size, "again", arena, &document, &why) == 0,
		     "the process can be written and read again");
	} else {
		must(err.code < 0 && err.msg[0], "an error says what is wrong");
		must(config->process == before, "a failure changes nothing");
	}
	ocispec_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *env[MAX_LINES], *caps[MAX_LINES], *gids[MAX_LINES], *command[MAX_LINES];
	struct exec_wishes wishes = {
		.env.values = env, .caps.values = caps, .additional_gids.values = gids, .command.values = command};
	char *text = new_text(data, size), *rest = text, *line;
	char path[64];
	int fd = -1;

	if (size && *data == '{') {
		fd = memfd_create("process", MFD_CLOEXEC);
		must(fd >= 0 && fd_write_all(fd, data, size) == 0, "there is a file");
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		wishes.process_file = path;
	} else {
		for (int n = 0; n < MAX_LINES && (line = strsep(&rest, "\n")); n++)
			take_option(&wishes, line);
	}
	run(&wishes);
	if (fd >= 0)
		close(fd);
	free(text);
	return 0;
}
