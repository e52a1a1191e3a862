/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throws bytes at the reader of lists of mounts, which works in place. What it finds must be in the text, a field
 * behind the other, and nothing may be found in fewer lines than there are mounts.
 */
#include "fuzz.h"

#include "base/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = new_text(data, size), *rest = text;
	const char *end = text + strlen(text);
	struct mountinfo m;
	size_t lines = 1, mounts = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	while (mountinfo_next(&rest, &m)) {
		const char *fields[] = {m.id, m.parent, m.root, m.point, m.type, m.super_options};

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			must(fields[i] >= text && fields[i] + strlen(fields[i]) <= end, "a field is in the text");
			must(i == 0 || fields[i] > fields[i - 1] + strlen(fields[i - 1]), "fields have their order");
		}
		must(++mounts <= lines, "each mount has a line");
	}
	must(!rest, "all of it is read");
	free(text);
	return 0;
}
