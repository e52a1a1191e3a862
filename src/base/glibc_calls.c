/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the archives of yajl and libseccomp, compiled for glibc with _FORTIFY_SOURCE, call and musl has not. As there,
 * a write beyond the known size of the target ends the program.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...);
int __fprintf_chk(FILE *to, int flag, const char *format, ...);

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(to, from, n);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(to, room, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= room)
		abort();
	return n;
}

int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...)
{
	va_list ap;
	int r;

	if (n > room)
		abort();
	va_start(ap, format);
	r = vsnprintf(to, n, format, ap);
	va_end(ap);
	return r;
}

int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vfprintf(to, format, ap);
	va_end(ap);
	return n;
}
