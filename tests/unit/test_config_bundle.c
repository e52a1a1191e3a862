/* SPDX-License-Identifier: Apache-2.0 */
/* Opening bundles: what is found, and what is said about each way in which it is not. Files are made in a scratch
 * place. */
#include "table.h"

#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"hostname\":\"found\"}"

struct scratch {
	char dir[64], expected[256];
	struct bundle bundle;
	struct err err;
};

static int set_up(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	strcpy(s->dir, "/tmp/test-bundle-XXXXXX");
	*state = s;
	return mkdtemp(s->dir) && chdir(s->dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct scratch *s = *state;

	if (chdir("/") < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		static const char *const names[] = {"config.json", "link"};
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", s->dir, names[i]);
		if (unlink(path) < 0 && errno == EISDIR)
			rmdir(path);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void assert_refused(struct scratch *s, const char *path, const char *file, int code)
{
	s->bundle = (struct bundle){.size = 77};
	assert_int_equal(bundle_open(path, file, &s->bundle, &s->err), code);
	assert_int_equal(s->err.code, code);
	assert_string_equal(s->err.msg, s->expected);
	/* Outputs are untouched on failure. */
	assert_int_equal(s->bundle.size, 77);
}

static void good(void **state)
{
	struct scratch *s = *state;

	put("config.json", GOOD);
	assert_int_equal(symlink(".", "link"), 0);
	assert_int_equal(bundle_open("link/./link", NULL, &s->bundle, &s->err), 0);
	assert_string_equal(s->bundle.path, s->dir);
	assert_string_equal(s->bundle.text, GOOD);
	assert_int_equal(s->bundle.size, strlen(GOOD));
	assert_string_equal(s->bundle.config->hostname, "found");
	bundle_close(&s->bundle);
	assert_null(s->bundle.path);
	bundle_close(&s->bundle);
}

static void other_file(void **state)
{
	struct scratch *s = *state;

	/* Relative to the caller's directory, not to the bundle. */
	put("link", GOOD);
	assert_int_equal(bundle_open("/", "link", &s->bundle, &s->err), 0);
	assert_string_equal(s->bundle.path, "/");
	assert_string_equal(s->bundle.config->hostname, "found");
	bundle_close(&s->bundle);
}

static void no_config(void **state)
{
	struct scratch *s = *state;

	snprintf(s->expected, sizeof(s->expected), "JSON specification file config.json not found (bundle %s)", s->dir);
	assert_refused(s, ".", NULL, -ENOENT);
}

static void no_other_file(void **state)
{
	struct scratch *s = *state;

	put("config.json", GOOD);
	strcpy(s->expected, "JSON specification file other.json not found");
	assert_refused(s, ".", "other.json", -ENOENT);
}

static void no_bundle(void **state)
{
	struct scratch *s = *state;

	strcpy(s->expected, "open bundle nowhere: No such file or directory");
	assert_refused(s, "nowhere", NULL, -ENOENT);
	strcpy(s->expected, "open bundle : No such file or directory");
	assert_refused(s, "", NULL, -ENOENT);
}

static void bundle_is_a_file(void **state)
{
	struct scratch *s = *state;

	put("config.json", GOOD);
	strcpy(s->expected, "open bundle config.json: Not a directory");
	assert_refused(s, "config.json", NULL, -ENOTDIR);
}

static void config_is_a_directory(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkdir("config.json", 0755), 0);
	snprintf(s->expected, sizeof(s->expected), "read config.json: Is a directory (bundle %s)", s->dir);
	assert_refused(s, ".", NULL, -EISDIR);
}

static void config_is_a_fifo(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkfifo("config.json", 0644), 0);
	snprintf(s->expected, sizeof(s->expected), "config.json is not a regular file (bundle %s)", s->dir);
	assert_refused(s, ".", NULL, -EINVAL);
}

static void config_is_unreadable(void **state)
{
	struct scratch *s = *state;
	bool root = geteuid() == 0;

	put("config.json", GOOD);
	assert_int_equal(chmod("config.json", 0), 0);
	/* Nothing is unreadable for root. */
	assert_int_equal(chmod(".", 0755), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	snprintf(s->expected, sizeof(s->expected), "open config.json: Permission denied (bundle %s)", s->dir);
	assert_refused(s, ".", NULL, -EACCES);
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void config_is_a_loop(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(symlink("config.json", "config.json"), 0);
	snprintf(s->expected, sizeof(s->expected), "open config.json: Too many levels of symbolic links (bundle %s)",
		 s->dir);
	assert_refused(s, ".", NULL, -ELOOP);
}

static void config_is_too_big(void **state)
{
	struct scratch *s = *state;
	int r;

	put("config.json", "");
	assert_int_equal(truncate("config.json", 32 * 1024 * 1024 + 1), 0);
	snprintf(s->expected, sizeof(s->expected), "config.json is larger than 32 MiB (bundle %s)", s->dir);
	assert_refused(s, ".", NULL, -EFBIG);
	/* One byte less is read, and then is not JSON. */
	assert_int_equal(truncate("config.json", 32 * 1024 * 1024), 0);
	r = bundle_open(".", NULL, &s->bundle, &s->err);
	assert_int_equal(r, -EINVAL);
}

static void config_is_bad(void **state)
{
	struct scratch *s = *state;

	put("config.json", "{\n\t\"ociVersion\": 1\n}\n");
	assert_int_equal(bundle_open(".", NULL, &s->bundle, &s->err), -EINVAL);
	assert_non_null(strstr(s->err.msg, "ociVersion"));
	assert_non_null(strstr(s->err.msg, "config.json:2:"));
	put("config.json", "");
	assert_int_equal(bundle_open(".", NULL, &s->bundle, &s->err), -EINVAL);
	assert_non_null(strstr(s->err.msg, "config.json:1:1"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(good),
		CASE(other_file),
		CASE(no_config),
		CASE(no_other_file),
		CASE(no_bundle),
		CASE(bundle_is_a_file),
		CASE(config_is_a_directory),
		CASE(config_is_a_fifo),
		CASE(config_is_unreadable),
		CASE(config_is_a_loop),
		CASE(config_is_too_big),
		CASE(config_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
