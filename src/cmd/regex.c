/* SPDX-License-Identifier: Apache-2.0 */
/* --regex of delete and kill: one command for every container whose name matches. */
#include "cmd/cmd.h"

#include "base/mem.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

struct matches {
	const regex_t *regex;
	size_t n;
	char **ids;
	bool no_memory;
};

static void add(struct matches *matches, const char *id)
{
	char **grown;

	if (regexec(matches->regex, id, 0, NULL, 0) != 0)
		return;
	grown = realloc(matches->ids, (matches->n + 1) * sizeof(*grown));
	if (grown) {
		matches->ids = grown;
		matches->ids[matches->n] = strdup(id);
		if (matches->ids[matches->n])
			matches->n++;
		else
			matches->no_memory = true;
	} else {
		matches->no_memory = true;
	}
}

static void readable(void *arg, const struct container_view *view)
{
	add(arg, view->container.id);
}

/* What can't be read still has a name: delete has to clean it, and the others say what is wrong with it. */
static void unreadable(void *arg, const char *id, const struct err *why)
{
	add(arg, id);
}

int cmd_each_match(const struct host_options *options, const char *pattern, bool none_is_error,
		   int (*each)(const struct host_options *options, const char *id, void *arg, struct err *err),
		   void *arg, struct err *err)
{
	struct matches matches = {0};
	struct err first = {0}, one = {0};
	size_t failed = 0;
	regex_t regex;
	int r;

	r = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (r != 0) {
		char why[256];

		regerror(r, &regex, why, sizeof(why));
		return err_msg(err, -EINVAL, "invalid regular expression \"%s\": %s", pattern, why);
	}
	matches.regex = &regex;
	/* The names first: what is done to a container must not disturb the reading of the directory. */
	r = host_list(options, readable, unreadable, &matches, err);
	if (r == 0 && matches.no_memory)
		r = err_set(err, -ENOMEM, "list the containers that match \"%s\"", pattern);
	if (r == 0 && matches.n == 0 && none_is_error)
		r = err_msg(err, -ENOENT, "a container that matches \"%s\" does not exist", pattern);
	for (size_t i = 0; i < matches.n; i++) {
		if (r == 0 && each(options, matches.ids[i], arg, &one) < 0 && failed++ == 0) {
			first = one;
			err_wrap(&first, "%s", matches.ids[i]);
		}
		free(matches.ids[i]);
	}
	free(matches.ids);
	regfree(&regex);
	if (failed == 0)
		return r;
	if (failed > 1)
		err_hint(&first, "and %zu more", failed - 1);
	*err = first;
	return first.code;
}
