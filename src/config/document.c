/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document on its own, which is no bundle's: LinuxResources, as `update --resources` takes it, or the process of an
 * exec. What its values may be is decided elsewhere.
 */
#include "config/config.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* As a null within a document: nothing is given, as runc takes it. */
static bool is_null(const char *text, size_t size)
{
	static const char space[] = " \t\r\n";

	if (strlen(text) != size)
		return false;
	text += strspn(text, space);
	return strncmp(text, "null", 4) == 0 && text[4 + strspn(text + 4, space)] == '\0';
}

int config_read_document(const char *path, const struct ocispec_object *object, struct ocispec_arena *arena, void **ret,
			 struct err *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	const char *name = from_stdin ? "standard input" : path;
	_cleanup_free_ char *text = NULL;
	struct ocispec_error why;
	void *document;
	size_t size;
	int r;

	/* Engines send it through pipes and sockets, too. */
	if (from_stdin)
		r = fd_read_rest(STDIN_FILENO, OCISPEC_MAX_SIZE, &text, &size);
	else
		r = fd_read_file(AT_FDCWD, path, OCISPEC_MAX_SIZE, &text, &size);
	if (r == -EFBIG)
		return err_msg(err, r, "%s is larger than %u MiB", name, OCISPEC_MAX_SIZE >> 20);
	if (r < 0)
		return err_set(err, r, "read %s", name);
	r = is_null(text, size) ? ocispec_parse(object, "{}", 2, name, arena, &document, &why)
				: ocispec_parse(object, text, size, name, arena, &document, &why);
	if (r == -ENOMEM)
		return err_set(err, r, "parse %s", name);
	if (r < 0)
		return err_msg(err, r, "%s", why.message);
	*ret = document;
	return 0;
}
