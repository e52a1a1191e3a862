/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. yajl's own check
 * lets all three pass.
 */
#include "internal.h"

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
