/* SPDX-License-Identifier: Apache-2.0 */
/* struct err for the host side: formatting with stdio. */
#include "base/err.h"

#include "base/errno_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends what fits. */
static void append(struct err *err, const char *text)
{
	size_t used = strlen(err->msg), n = strlen(text);

	if (n > sizeof(err->msg) - 1 - used)
		n = sizeof(err->msg) - 1 - used;
	memcpy(err->msg + used, text, n);
	err->msg[used + n] = '\0';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, errno_text(-code));
	return code;
}

int err_msg(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MSG_SIZE];
	va_list ap;

	if (!err)
		return -EINVAL;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, old);
	return err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	char hint[ERR_MSG_SIZE];
	va_list ap;

	if (!err)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(hint, sizeof(hint), fmt, ap);
	va_end(ap);
	append(err, " (");
	append(err, hint);
	append(err, ")");
	return err->code;
}
