/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throws bytes at what a box reads besides its options: the root filesystem's passwd and group, and a seccomp profile.
 * The text is split at lines that are a single dot: the user, groups (one a line), passwd, group, profile. What comes
 * out must be a configuration that is valid, with the user that was asked for.
 */
#include "fuzz.h"

#include "config/box.h"
#include "config/config.h"

#define MAX_GROUPS 16

/* Cuts the text at the next line that is a dot; NULL at the end of all. */
static char *next_part(char **rest)
{
	char *part = *rest, *end;

	if (!part)
		return NULL;
	end = strncmp(part, ".\n", 2) == 0 ? part : strstr(part, "\n.\n");
	if (end) {
		*rest = end + (end == part && *part == '.' ? 2 : 3);
		*end = '\0';
	} else {
		*rest = NULL;
	}
	return part;
}

static void check_user(const char *wished, const struct oci_user *user)
{
	size_t digits = strspn(wished, "0123456789");

	must(user->uid != UINT32_MAX && user->gid != UINT32_MAX, "ids are ids");
	for (size_t i = 0; i < user->n_additional_gids; i++)
		must(user->additional_gids[i] != UINT32_MAX, "groups are ids");
	/* A number is itself, whatever a passwd says of a user of that name: and root's is 0 only. */
	if (digits && (wished[digits] == '\0' || wished[digits] == ':'))
		must(user->uid == strtoul(wished, NULL, 10), "a number is that user");
}

static void run(const struct box_wishes *wishes, const struct box_surroundings *around)
{
	static const struct config_facts facts = {0};
	struct ocispec_arena *arena = new_arena();
	struct oci_config *config;
	struct err err = {0};

	if (box_config(wishes, around, arena, &config, &err) == 0) {
		check_user(wishes->user, config->process->user);
		if (config_validate(config, &facts, NULL, NULL, &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			/* A profile may hold what only validation judges. */
			must(around->seccomp && strncmp(err.msg, "linux.seccomp", 13) == 0, "it is valid");
		}
	} else {
		must(err.code < 0 && err.msg[0], "an error says what is wrong");
	}
	ocispec_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const nothing[] = {NULL};
	const char *groups[MAX_GROUPS], *command[] = {"true"};
	struct box_wishes wishes = {.rootfs = "/r", .group_add.values = groups, .command = {.n = 1, .values = command}};
	struct box_surroundings around = {.rootfs = "/r", .cwd = "/", .kernel = {6, 1}, .environ = nothing};
	char *text = new_text(data, size), *rest = text, *list, *word;

	wishes.user = next_part(&rest);
	list = next_part(&rest);
	while (list && *list && wishes.group_add.n < MAX_GROUPS && (word = strsep(&list, "\n")))
		groups[wishes.group_add.n++] = word;
	around.passwd = next_part(&rest);
	around.group = next_part(&rest);
	around.seccomp = next_part(&rest);
	if (around.seccomp)
		wishes.seccomp = "profile";
	run(&wishes, &around);
	free(text);
	return 0;
}
