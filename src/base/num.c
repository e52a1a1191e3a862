/* SPDX-License-Identifier: Apache-2.0 */
/* Strict number parsing; strtoul(3) and friends accept far too much. */
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* n digits, up to max. */
static int digits(const char *s, size_t n, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		uint64_t d = (uint64_t)(s[i] - '0');

		if (v > (max - d) / 10)
			return -ERANGE;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

/* Digits only, up to max. */
static int magnitude(const char *s, uint64_t max, uint64_t *ret)
{
	size_t n = strspn(s, "0123456789");

	return s[n] != '\0' ? -EINVAL : digits(s, n, max, ret);
}

static int take(const char **s, uint64_t max, uint64_t *ret)
{
	size_t n = strspn(*s, "0123456789");
	int r = digits(*s, n, max, ret);

	if (r == 0)
		*s += n;
	return r;
}

int num_take_u64(const char **s, uint64_t *ret)
{
	return take(s, UINT64_MAX, ret);
}

int num_take_u32(const char **s, uint32_t *ret)
{
	uint64_t v;
	int r = take(s, UINT32_MAX, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

int num_list(const char *s, uint8_t *mask, uint32_t bits)
{
	for (;; s++) {
		uint32_t first = 0, last;
		int r = num_take_u32(&s, &first);

		last = first;
		if (r == 0 && *s == '-') {
			s++;
			r = num_take_u32(&s, &last);
		}
		if (r < 0)
			return r;
		if (last < first || (*s != ',' && *s != '\0'))
			return -EINVAL;
		if (last >= bits)
			return -ERANGE;
		for (uint32_t i = first; mask && i <= last; i++)
			mask[i / 8] |= (uint8_t)(1u << i % 8);
		if (*s == '\0')
			return 0;
	}
}

int num_columns_u32(const char *line, uint32_t *ret, size_t n)
{
	const char *p = line;
	uint32_t ignored;

	/* All of them are there before the first is given away. */
	for (size_t i = 0; i < n; i++) {
		int r;

		if (i > 0 && *p != ' ')
			return -EINVAL;
		p += strspn(p, " ");
		r = num_take_u32(&p, &ignored);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++) {
		line += strspn(line, " ");
		num_take_u32(&line, &ret[i]);
	}
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

/* What the unit at s multiplies by; 0 when it is none. */
static uint64_t unit(const char *s)
{
	static const char letters[] = "kmgtp";
	const char *letter = *s ? strchr(letters, tolower((unsigned char)*s)) : NULL;
	uint64_t factor = 1;

	if (letter) {
		factor <<= 10 * (letter - letters + 1);
		s++;
		if (strcasecmp(s, "ib") == 0)
			s += 2;
	}
	if (strcasecmp(s, "b") == 0)
		s++;
	return *s == '\0' ? factor : 0;
}

int num_size(const char *s, int64_t *ret)
{
	size_t whole = strspn(s, "0123456789"), end = whole, decimals = 0;
	uint64_t factor, v = 0, part = 0, scale = 1;

	if (strcmp(s, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	if (s[end] == '.') {
		decimals = strspn(s + end + 1, "0123456789");
		end += 1 + decimals;
	}
	factor = unit(s + end);
	if (whole == 0 || factor == 0 || (end > whole && decimals == 0))
		return -EINVAL;
	for (size_t i = 0; i < whole; i++) {
		uint64_t d = (uint64_t)(s[i] - '0');

		if (v > (INT64_MAX - d) / 10)
			return -ERANGE;
		v = v * 10 + d;
	}
	/* More digits than these are less than a byte of any unit but the last. */
	for (size_t i = 0; i < decimals && i < 15; i++) {
		part = part * 10 + (uint64_t)(s[whole + 1 + i] - '0');
		scale *= 10;
	}
	part = (uint64_t)((unsigned __int128)part * factor / scale);
	if (v > ((uint64_t)INT64_MAX - part) / factor)
		return -ERANGE;
	*ret = (int64_t)(v * factor + part);
	return 0;
}

/* What the unit at *s counts in nanoseconds, and moves on behind it; 0 when it is none. */
static uint64_t duration_unit(const char **s)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* the micro sign, and the Greek letter */
		{"\xce\xbcs", 1000},
		{"ms", 1000000}, /* before m */
		{"s", 1000000000},
		{"m", UINT64_C(60) * 1000000000},
		{"h", UINT64_C(3600) * 1000000000},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(*s, units[i].name, strlen(units[i].name)) == 0) {
			*s += strlen(units[i].name);
			return units[i].ns;
		}
	return 0;
}

/* One number with its unit at *s, and moves on behind it. */
static int duration_part(const char **s, uint64_t *ret)
{
	size_t whole = strspn(*s, "0123456789"), decimals = 0;
	const char *digits = *s;
	uint64_t v = 0, part = 0, scale = 1, factor;
	bool overflow = false;

	*s += whole;
	if (**s == '.') {
		decimals = strspn(++*s, "0123456789");
		*s += decimals;
	}
	factor = duration_unit(s);
	if (whole + decimals == 0 || factor == 0)
		return -EINVAL;
	for (size_t i = 0; i < whole; i++) {
		overflow |= __builtin_mul_overflow(v, 10, &v);
		overflow |= __builtin_add_overflow(v, (uint64_t)(digits[i] - '0'), &v);
	}
	/* An hour has fewer nanoseconds than there are digits here. */
	for (size_t i = 0; i < decimals && i < 15; i++) {
		part = part * 10 + (uint64_t)(digits[whole + 1 + i] - '0');
		scale *= 10;
	}
	overflow |= __builtin_mul_overflow(v, factor, &v);
	overflow |= __builtin_add_overflow(v, (uint64_t)((unsigned __int128)part * factor / scale), &v);
	*ret = v;
	return overflow ? -ERANGE : 0;
}

int num_duration(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t sum = 0;
	int range = 0;

	s += negative || *s == '+';
	if (strcmp(s, "0") == 0)
		s++;
	else if (*s == '\0')
		return -EINVAL;
	while (*s) {
		uint64_t part = 0;
		int r = duration_part(&s, &part);

		if (r == -EINVAL)
			return r;
		if (r < 0 || __builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
			range = -ERANGE;
	}
	if (range == 0)
		*ret = negative ? -(int64_t)sum : (int64_t)sum;
	return range;
}
