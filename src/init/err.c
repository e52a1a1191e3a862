/* SPDX-License-Identifier: Apache-2.0 */
/* struct err for turtle-init: base/err.h without stdio. Formats: %s %c %d %u %lu %o %x %%. */
#include "init/init.h"

#include "base/errno_text.h"

#include <stdarg.h>
#include <string.h>

/* A text that is cut where the buffer ends. */
struct out {
	char *buf;
	size_t size, used;
};

static void put(struct out *out, const char *s, size_t n)
{
	if (n > out->size - 1 - out->used)
		n = out->size - 1 - out->used;
	memcpy(out->buf + out->used, s, n);
	out->used += n;
	out->buf[out->used] = '\0';
}

static void put_number(struct out *out, uint64_t value, unsigned base)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put(out, digits + at, sizeof(digits) - at);
}

static void put_formatted(struct out *out, const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		const char *s;
		char c;
		int d;

		if (*fmt != '%') {
			put(out, fmt, 1);
			continue;
		}
		switch (*++fmt) {
		case 's':
			s = va_arg(ap, const char *);
			put(out, s ? s : "(none)", s ? strlen(s) : 6);
			break;
		case 'c':
			c = (char)va_arg(ap, int);
			put(out, &c, 1);
			break;
		case 'd':
			d = va_arg(ap, int);
			if (d < 0)
				put(out, "-", 1);
			put_number(out, d < 0 ? -(uint64_t)d : (uint64_t)d, 10);
			break;
		case 'l':
			fmt++;
			put_number(out, va_arg(ap, unsigned long), 10);
			break;
		case 'u':
			put_number(out, va_arg(ap, unsigned), 10);
			break;
		case 'o':
			put_number(out, va_arg(ap, unsigned), 8);
			break;
		case 'x':
			put_number(out, va_arg(ap, unsigned), 16);
			break;
		default:
			put(out, fmt, 1);
		}
	}
}

int text(char *buf, size_t size, const char *fmt, ...)
{
	struct out out = {.buf = buf, .size = size};
	va_list ap;

	buf[0] = '\0';
	va_start(ap, fmt);
	put_formatted(&out, fmt, ap);
	va_end(ap);
	return (int)out.used;
}

static struct out message(struct err *err)
{
	return (struct out){.buf = err->msg, .size = sizeof(err->msg), .used = strlen(err->msg)};
}

void err_clear(struct err *err)
{
	err->code = 0;
	err->msg[0] = '\0';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	const char *why = errno_text(-code);
	struct out out;
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->msg[0] = '\0';
	out = message(err);
	va_start(ap, fmt);
	put_formatted(&out, fmt, ap);
	va_end(ap);
	put(&out, ": ", 2);
	put(&out, why, strlen(why));
	return code;
}

int err_msg(struct err *err, int code, const char *fmt, ...)
{
	struct out out;
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->msg[0] = '\0';
	out = message(err);
	va_start(ap, fmt);
	put_formatted(&out, fmt, ap);
	va_end(ap);
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MSG_SIZE];
	struct out out;
	va_list ap;

	if (!err)
		return -EINVAL;
	memcpy(old, err->msg, sizeof(old));
	err->msg[0] = '\0';
	out = message(err);
	va_start(ap, fmt);
	put_formatted(&out, fmt, ap);
	va_end(ap);
	put(&out, ": ", 2);
	put(&out, old, strlen(old));
	return err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	struct out out;
	va_list ap;

	if (!err)
		return -EINVAL;
	out = message(err);
	put(&out, " (", 2);
	va_start(ap, fmt);
	put_formatted(&out, fmt, ap);
	va_end(ap);
	put(&out, ")", 1);
	return err->code;
}
