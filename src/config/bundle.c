/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle: a directory with config.json in it. Reads it once; what the file becomes later doesn't matter. */
#include "config/config.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_FILE "config.json"

/* Reads a regular file whole, NUL-terminated. O_NONBLOCK: a FIFO in its place must not keep us waiting. */
static int read_config(int dirfd, const char *path, char **ret, size_t *ret_size, struct err *err)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return err_msg(err, -ENOENT, "JSON specification file %s not found", path);
	if (fd < 0)
		return err_set(err, -errno, "open %s", path);
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_msg(err, -EINVAL, "%s is not a regular file", path);
	if (st.st_size > (off_t)OCISPEC_MAX_SIZE)
		return err_msg(err, -EFBIG, "%s is larger than %u MiB", path, OCISPEC_MAX_SIZE >> 20);
	size = (size_t)st.st_size;
	text = malloc(size + 1);
	if (!text)
		return err_set(err, -ENOMEM, "read %s", path);
	n = fd_read_all(fd, text, size);
	if (n < 0)
		return err_set(err, (int)n, "read %s", path);
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = (size_t)n;
	return 0;
}

static int parse_config(struct bundle *bundle, const char *name, struct err *err)
{
	struct ocispec_error why;
	void *config;
	int r;

	bundle->arena = ocispec_arena_new();
	if (!bundle->arena)
		return err_set(err, -ENOMEM, "parse %s", name);
	r = ocispec_parse(&oci_config_object, bundle->text, bundle->size, name, bundle->arena, &config, &why);
	if (r == -ENOMEM)
		return err_set(err, r, "parse %s", name);
	if (r < 0)
		return err_msg(err, r, "%s", why.message);
	bundle->config = config;
	return 0;
}

int bundle_open(const char *path, const char *config_file, struct bundle *ret, struct err *err)
{
	struct bundle bundle = {.path = realpath(path, NULL)};
	_cleanup_close_ int dir = -1;
	int r;

	if (!bundle.path) {
		r = err_set(err, -errno, "open bundle %s", path);
		goto fail;
	}
	dir = open(bundle.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		r = err_set(err, -errno, "open bundle %s", path);
		goto fail;
	}
	if (config_file)
		r = read_config(AT_FDCWD, config_file, &bundle.text, &bundle.size, err);
	else
		r = read_config(dir, CONFIG_FILE, &bundle.text, &bundle.size, err);
	if (r < 0) {
		if (!config_file)
			err_hint(err, "bundle %s", bundle.path);
		goto fail;
	}
	r = parse_config(&bundle, config_file ? config_file : CONFIG_FILE, err);
	if (r < 0)
		goto fail;
	*ret = bundle;
	return 0;
fail:
	bundle_close(&bundle);
	return r;
}

int bundle_from_text(const char *path, const char *text, struct bundle *ret, struct err *err)
{
	struct bundle bundle = {.path = strdup(path), .text = strdup(text), .size = strlen(text)};
	int r;

	if (!bundle.path || !bundle.text)
		r = err_set(err, -ENOMEM, "parse the configuration");
	else
		r = parse_config(&bundle, "the configuration", err);
	if (r < 0) {
		bundle_close(&bundle);
		return r;
	}
	*ret = bundle;
	return 0;
}

void bundle_close(struct bundle *bundle)
{
	free(bundle->path);
	free(bundle->text);
	ocispec_arena_free(bundle->arena);
	*bundle = (struct bundle){0};
}
