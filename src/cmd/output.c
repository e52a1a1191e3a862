/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: see output.h. */
#include "cmd/output.h"

#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

static bool closed;

void output_opened(bool open)
{
	closed = !open;
}

int output_write(const char *text, size_t size, struct err *err)
{
	int r = closed ? -EBADF : fd_write_all(STDOUT_FILENO, text, size);

	return r < 0 ? err_set(err, r, "write to standard output") : 0;
}
