/* SPDX-License-Identifier: Apache-2.0 */
/* Strict number parsing; strtoul(3) and friends accept far too much. */
#include "base/num.h"

#include <errno.h>
#include <stdbool.h>

/* Digits only, up to max. */
static int magnitude(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (; *s; s++) {
		uint64_t d = (uint64_t)(*s - '0');

		if (v > (max - d) / 10)
			return -ERANGE;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

int num_u64(const char *s, uint64_t *ret)
{
	return magnitude(s, UINT64_MAX, ret);
}

int num_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = magnitude(s, UINT32_MAX, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int r = magnitude(s + negative, (uint64_t)INT64_MAX + negative, &v);

	if (r == 0)
		*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return r;
}

int num_i32(const char *s, int32_t *ret)
{
	int64_t v;
	int r = num_i64(s, &v);

	if (r)
		return r;
	if (v < INT32_MIN || v > INT32_MAX)
		return -ERANGE;
	*ret = (int32_t)v;
	return 0;
}
