/* SPDX-License-Identifier: Apache-2.0 */
/* What `spec` writes: byte by byte as stored in tests/golden, valid, and with nothing in it that grants more. */
#include "table.h"

#include "base/fd.h"
#include "config/config.h"

#include <fcntl.h>

static void unexpected(void *arg, const char *message)
{
	(void)arg;
	fail_msg("warning: %s", message);
}

static void as_stored(bool rootless, const char *file)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct oci_config *config = config_default(arena, rootless, 1000, 1000);
	struct config_facts facts = {.rootless = rootless};
	char *text, *stored;
	struct err err = {0};
	size_t size, stored_size;

	assert_non_null(config);
	if (config_validate(config, &facts, unexpected, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(ocispec_write(&oci_config_object, config, OCISPEC_TABS, arena, &text, &size), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, file, OCISPEC_MAX_SIZE, &stored, &stored_size), 0);
	/* The file ends with a newline. */
	assert_int_equal(stored_size, size + 1);
	assert_memory_equal(text, stored, size);
	free(stored);
	ocispec_arena_free(arena);
}

static void privileged(void **state)
{
	(void)state;
	as_stored(false, TEST_SRCDIR "/golden/plans/default.json");
}

static void rootless(void **state)
{
	(void)state;
	as_stored(true, TEST_SRCDIR "/golden/plans/default-rootless.json");
}

static void rootless_ids(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct oci_config *config = config_default(arena, true, 12, 34);

	(void)state;
	assert_int_equal(config->linux_->uid_mappings[0].host_id, 12);
	assert_int_equal(config->linux_->gid_mappings[0].host_id, 34);
	assert_null(config->linux_->resources);
	ocispec_arena_free(arena);
}

/* A non-empty inheritable set would let files of the image grant capabilities. */
static void nothing_inheritable(void **state)
{
	struct ocispec_arena *arena = ocispec_arena_new();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct oci_capabilities *c = config_default(arena, i, 1, 1)->process->capabilities;

		assert_int_equal(c->n_inheritable, 0);
		assert_int_equal(c->n_ambient, 0);
		assert_int_equal(c->n_bounding, 3);
	}
	ocispec_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileged),
		cmocka_unit_test(rootless),
		cmocka_unit_test(rootless_ids),
		cmocka_unit_test(nothing_inheritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
