/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a string of JSON may hold, where yajl is lax: strict UTF-8 (Unicode 15, table 3-7: no overlong forms, no
 * surrogates, nothing above U+10FFFF), and \u escapes that are characters other than NUL.
 */
#include "internal.h"

#include <stdlib.h>

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t ocispec_utf8_length(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4 || n < 2 || !continues(u[1]))
		return 0;
	if (u[0] < 0xe0)
		return 2;
	if (n < 3 || !continues(u[2]))
		return 0;
	if (u[0] < 0xf0) {
		if (u[0] == 0xe0 && u[1] < 0xa0)
			return 0; /* overlong */
		if (u[0] == 0xed && u[1] > 0x9f)
			return 0; /* surrogate */
		return 3;
	}
	if (n < 4 || !continues(u[3]))
		return 0;
	if (u[0] == 0xf0 && u[1] < 0x90)
		return 0; /* overlong */
	if (u[0] == 0xf4 && u[1] > 0x8f)
		return 0; /* above U+10FFFF */
	return 4;
}

const char *ocispec_bad_utf8(const char *s, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)s[i];
	for (size_t i = 0; i < n && all >= 0x80;) { /* ASCII is what nearly every string is */
		size_t length = ocispec_utf8_length(s + i, n - i);

		if (length == 0)
			return "invalid UTF-8 in a string";
		i += length;
	}
	return NULL;
}

static unsigned hex4(const char *s)
{
	char digits[5] = {s[0], s[1], s[2], s[3]};

	return (unsigned)strtoul(digits, NULL, 16);
}

const char *ocispec_bad_escape(const char *text, size_t end)
{
	size_t i = end - 1;

	/* back to the opening quote: the one that no odd number of backslashes precedes */
	for (;;) {
		size_t n = 0;

		while (text[--i] != '"')
			;
		while (n < i && text[i - n - 1] == '\\')
			n++;
		if (n % 2 == 0)
			break;
		i -= n;
	}
	for (i++; text[i] != '"'; i++) {
		unsigned code;

		if (text[i] != '\\' || text[++i] != 'u')
			continue;
		code = hex4(text + i + 1);
		i += 4;
		if (code == 0)
			return "NUL character in a string";
		if (code < 0xd800 || code > 0xdfff)
			continue;
		if (code > 0xdbff || text[i + 1] != '\\' || text[i + 2] != 'u' ||
		    (hex4(text + i + 3) & 0xfc00) != 0xdc00)
			return "unpaired surrogate in a string";
		i += 6;
	}
	return NULL;
}
