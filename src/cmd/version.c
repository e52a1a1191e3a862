/* SPDX-License-Identifier: Apache-2.0 */
/* --version. Engines show it, and read the words before the colons and `version`. */
#include <config.h>

#include "cmd/cmd.h"
#include "cmd/output.h"

#include "base/mem.h"
#include "commit.h"
#include "host/libraries.h"
#include "ocispec.h"

#include <errno.h>
#include <string.h>

int cmd_version(struct err *err)
{
	struct library_version seccomp = library_libseccomp(), yajl = library_yajl(), cap = library_libcap();
	const char *commit = TURTLE_COMMIT;
	_cleanup_free_ char *text = NULL;
	int n;

	n = asprintf(&text, "turtle version %s\n%s%s%sspec: %s\nlibseccomp: %u.%u.%u\nyajl: %u.%u.%u\nlibcap: %u.%u\n",
		     PACKAGE_VERSION, *commit ? "commit: " : "", commit, *commit ? "\n" : "", OCISPEC_VERSION,
		     seccomp.major, seccomp.minor, seccomp.micro, yajl.major, yajl.minor, yajl.micro, cap.major,
		     cap.minor);
	if (n < 0) {
		text = NULL;
		return err_set(err, -ENOMEM, "print the version");
	}
	return output_write(text, (size_t)n, err);
}
