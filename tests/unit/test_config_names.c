/* SPDX-License-Identifier: Apache-2.0 */
/* The words of configurations: what is listed for `features` is what is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include "config/annotations.h"
#include "config/names.h"

static const struct {
	enum name_kind kind;
	size_t least; /* words */
	const char *prefix;
} kinds[] = {
	{NAMES_NAMESPACE, 8, ""},
	{NAMES_CAPABILITY, CAP_LAST_CAP + 1 < 41 ? CAP_LAST_CAP + 1 : 41, "CAP_"},
	{NAMES_SECCOMP_ACTION, 9, "SCMP_ACT_"},
	{NAMES_SECCOMP_OPERATOR, 7, "SCMP_CMP_"},
	{NAMES_SECCOMP_ARCHITECTURE, 19, "SCMP_ARCH_"},
	{NAMES_SECCOMP_FLAG, 4, "SECCOMP_FILTER_FLAG_"},
	{NAMES_MEMORY_POLICY_MODE, 7, "MPOL_"},
	{NAMES_MEMORY_POLICY_FLAG, 3, "MPOL_F_"},
};

static bool is_read(enum name_kind kind, const char *word)
{
	enum seccomp_operator op;
	uint32_t value;

	switch (kind) {
	case NAMES_NAMESPACE:
		return name_to_namespace(word) != 0;
	case NAMES_CAPABILITY:
		return name_to_capability(word) >= 0;
	case NAMES_SECCOMP_ACTION:
		return name_to_seccomp_action(word, &value);
	case NAMES_SECCOMP_OPERATOR:
		return name_to_seccomp_operator(word, &op);
	case NAMES_SECCOMP_ARCHITECTURE:
		return is_seccomp_architecture(word);
	case NAMES_SECCOMP_FLAG:
		return name_to_seccomp_flag(word, &value);
	case NAMES_MEMORY_POLICY_MODE:
		return name_to_memory_policy(word, &value);
	case NAMES_MEMORY_POLICY_FLAG:
		return name_to_memory_policy_flag(word, &value);
	}
	return false;
}

static void listed_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = 0;

		for (const char *word; (word = name_at(kinds[i].kind, n)); n++) {
			assert_int_equal(strncmp(word, kinds[i].prefix, strlen(kinds[i].prefix)), 0);
			assert_true(is_read(kinds[i].kind, word));
			for (size_t k = 0; k < n; k++)
				assert_string_not_equal(word, name_at(kinds[i].kind, k));
		}
		assert_true(n >= kinds[i].least);
		assert_null(name_at(kinds[i].kind, n + 1));
	}
}

static void others_are_not(void **state)
{
	static const char *const words[] = {
		"",          "PID",        "pid ",          "CAP_",
		"cap_chown", "CHOWN",      "SCMP_ACT_",     "SCMP_ACT_NOTE",
		"SCMP_CMP_", "SCMP_ARCH_", "SCMP_ARCH_VAX", "SECCOMP_FILTER_FLAG_NEW_LISTENER",
		"MPOL_",     "mpol_bind",  "MPOL_BIND ",    "MPOL_F_NODE"};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			assert_false(is_read(kinds[i].kind, words[k]));
}

static void numbers(void **state)
{
	enum seccomp_operator op = SECCOMP_OP_NE;
	uint32_t value = 4711;

	(void)state;
	assert_int_equal(name_to_namespace("network"), CLONE_NEWNET);
	assert_true(name_to_seccomp_action("SCMP_ACT_ERRNO", &value));
	assert_int_equal(value, SECCOMP_RET_ERRNO);
	assert_true(name_to_seccomp_action("SCMP_ACT_KILL", &value));
	assert_int_equal(value, SECCOMP_RET_KILL_THREAD);
	assert_true(name_to_seccomp_operator("SCMP_CMP_MASKED_EQ", &op));
	assert_int_equal(op, SECCOMP_OP_MASKED_EQ);
	assert_true(name_to_seccomp_flag("SECCOMP_FILTER_FLAG_LOG", &value));
	assert_int_equal(value, SECCOMP_FILTER_FLAG_LOG);
	assert_true(name_to_sched_policy("SCHED_OTHER", &value));
	assert_int_equal(value, 0);
	assert_true(name_to_sched_policy("SCHED_DEADLINE", &value));
	assert_int_equal(value, 6);
	assert_true(name_to_sched_flag("SCHED_FLAG_UTIL_CLAMP_MAX", &value));
	assert_int_equal(value, 0x40);
	assert_true(name_to_io_class("IOPRIO_CLASS_IDLE", &value));
	assert_int_equal(value, 3);
	assert_true(name_to_memory_policy("MPOL_WEIGHTED_INTERLEAVE", &value));
	assert_int_equal(value, 6);
	assert_true(name_to_memory_policy_flag("MPOL_F_STATIC_NODES", &value));
	assert_int_equal(value, 0x8000);
	assert_true(name_to_seccomp_flag("SECCOMP_FILTER_FLAG_LOG", &value));
	/* Untouched by what is unknown. */
	assert_false(name_to_seccomp_action("x", &value));
	assert_false(name_to_sched_policy("SCHED_NORMAL", &value));
	assert_false(name_to_sched_flag("", &value));
	assert_false(name_to_io_class("IOPRIO_CLASS_NONE", &value));
	assert_int_equal(value, SECCOMP_FILTER_FLAG_LOG);
}

static void annotations(void **state)
{
	const struct oci_pair pairs[] = {{"a", "1"}, {"b", ""}, {"a", "2"}};

	(void)state;
	assert_string_equal(annotation(pairs, 3, "a"), "1");
	assert_string_equal(annotation(pairs, 3, "b"), "");
	assert_null(annotation(pairs, 3, "c"));
	assert_null(annotation(NULL, 0, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_is_read),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(numbers),
		cmocka_unit_test(annotations),
	};

	return cmocka_run_group_tests_name("words of configurations", tests, NULL, NULL);
}
