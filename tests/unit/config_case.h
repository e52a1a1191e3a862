/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the validation tests: a document put together from parts, and what config_validate() says about it. Includes
 * table.h.
 */
#ifndef TURTLE_TESTS_CONFIG_CASE_H
#define TURTLE_TESTS_CONFIG_CASE_H

#include "table.h"

#include "config/config.h"

/*
 * Each part is JSON: top is what follows "ociVersion" and "root" in the document (or all of the document when it begins
 * with a brace), process the members of process, linux_ those of linux. NULL is a part that is in order.
 */
struct config_case {
	const char *name;
	const char *top, *process, *linux_;
	const char *error;   /* whole message; NULL = the document is valid */
	const char *warning; /* the one warning; NULL = none; "*" = doesn't matter */
	bool no_pivot, selinux;
};

static inline void config_case_warn(void *arg, const char *message)
{
	char **seen = arg;
	char *all = NULL;

	assert_true(asprintf(&all, "%s%s%s", *seen ? *seen : "", *seen ? "; " : "", message) > 0);
	free(*seen);
	*seen = all;
}

static inline void config_case_run(void **state)
{
	const struct config_case *c = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct config_facts facts = {.no_pivot = c->no_pivot, .selinux = c->selinux};
	struct ocispec_error why = {0};
	struct err err = {0};
	char *seen = NULL, *text = NULL;
	void *config;
	int r;

	if (c->top && c->top[0] == '{')
		text = strdup(c->top);
	else
		assert_true(asprintf(&text,
				     "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}%s%s,"
				     "\"process\":{%s},\"linux\":{%s}}",
				     c->top ? "," : "", c->top ? c->top : "",
				     c->process ? c->process : "\"cwd\":\"/\",\"args\":[\"true\"]",
				     c->linux_ ? c->linux_ : "\"namespaces\":[{\"type\":\"mount\"}]") > 0);
	r = ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &config, &why);
	if (r < 0)
		fail_msg("the document of this case does not parse: %s\n%s", why.message, text);
	r = config_validate(config, &facts, config_case_warn, &seen, &err);
	if (c->error) {
		assert_string_equal(err.msg, c->error);
		assert_true(r < 0);
		assert_int_equal(err.code, r);
	} else if (r < 0) {
		fail_msg("refused: %s", err.msg);
	}
	if (!c->warning)
		assert_null(seen);
	else if (strcmp(c->warning, "*") != 0) {
		assert_non_null(seen);
		assert_string_equal(seen, c->warning);
	}
	free(seen);
	free(text);
	ocispec_arena_free(arena);
}

#endif
