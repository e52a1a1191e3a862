/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: a document is walked along its table twice, first to learn how long the text gets, then to lay it down
 * in one block of just that size. So the second pass cannot fail, and the arena keeps nothing but the result.
 *
 * The layouts are those of Go's encoding/json, which engines and people compare with: "key": value, one item a line,
 * {} and [] when empty.
 */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct writer {
	char *buffer; /* NULL in the first pass */
	size_t used;
	enum ocispec_style style;
	unsigned depth;
};

static void put(struct writer *w, const char *s, size_t n)
{
	if (w->buffer)
		memcpy(w->buffer + w->used, s, n);
	w->used += n;
}

static void put_char(struct writer *w, char c)
{
	put(w, &c, 1);
}

static void put_line(struct writer *w)
{
	static const char *const indent[] = {[OCISPEC_TABS] = "\t", [OCISPEC_TWO] = "  ", [OCISPEC_FOUR] = "    "};

	if (w->style == OCISPEC_COMPACT)
		return;
	put_char(w, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		put(w, indent[w->style], strlen(indent[w->style]));
}

static void put_escape(struct writer *w, unsigned char c)
{
	static const char letters[] = {
		['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char escape[8];

	if (letters[c])
		put(w, (char[]){'\\', letters[c]}, 2);
	else
		put(w, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
}

/* JSON is UTF-8: a byte that is not becomes U+FFFD, since a path on Linux can hold anything. */
static void put_string(struct writer *w, const char *s)
{
	size_t left = strlen(s);

	put_char(w, '"');
	while (left > 0) {
		size_t n = 0, length = 1;

		/* as far as it goes just as it is */
		while (n < left && (unsigned char)s[n] >= 0x20 && s[n] != '"' && s[n] != '\\') {
			length = ocispec_utf8_length(s + n, left - n);
			if (length == 0)
				break;
			n += length;
		}
		put(w, s, n);
		s += n;
		left -= n;
		if (left == 0)
			break;
		if (length == 0)
			put(w, "\xef\xbf\xbd", 3);
		else
			put_escape(w, (unsigned char)*s);
		s++;
		left--;
	}
	put_char(w, '"');
}

static void put_bool(struct writer *w, bool value)
{
	put(w, value ? "true" : "false", value ? 4 : 5);
}

static void put_signed(struct writer *w, int64_t value)
{
	char digits[24];

	put(w, digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, value));
}

static void put_unsigned(struct writer *w, uint64_t value)
{
	char digits[24];

	put(w, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, value));
}

/* As many digits as it takes to read back the same number; with fewer than 15 allowed, 100 would come out as 1e+02. */
static void put_double(struct writer *w, double value)
{
	char digits[32];
	int n = 0;

	for (int precision = DBL_DIG; precision <= DBL_DECIMAL_DIG; precision++) {
		n = snprintf(digits, sizeof digits, "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	put(w, digits, (size_t)n);
}

/* Brackets, and what stands before each item between them. */
static void open_bracket(struct writer *w, char c)
{
	put_char(w, c);
	w->depth++;
}

static void next_item(struct writer *w, bool first)
{
	if (!first)
		put_char(w, ',');
	put_line(w);
}

static void put_key(struct writer *w, const char *key, bool first)
{
	next_item(w, first);
	put_string(w, key);
	put(w, ": ", w->style == OCISPEC_COMPACT ? 1 : 2);
}

static void close_bracket(struct writer *w, char c, bool empty)
{
	w->depth--;
	if (!empty)
		put_line(w);
	put_char(w, c);
}

static const void *pointer_at(const char *at)
{
	const void *pointer;

	memcpy(&pointer, at, sizeof pointer);
	return pointer;
}

static bool is_absent(const struct ocispec_property *property, const char *at)
{
	switch (property->kind) {
	case OCISPEC_BOOL:
		return !*(const bool *)at && !property->required;
	case OCISPEC_I32:
		return !*(const int32_t *)at && !property->required;
	case OCISPEC_U32:
		return !*(const uint32_t *)at && !property->required;
	case OCISPEC_I64:
		return !*(const int64_t *)at && !property->required;
	case OCISPEC_U64:
		return !*(const uint64_t *)at && !property->required;
	case OCISPEC_OPT_BOOL:
		return !((const struct oci_opt_bool *)at)->set;
	case OCISPEC_OPT_I32:
		return !((const struct oci_opt_i32 *)at)->set;
	case OCISPEC_OPT_U32:
		return !((const struct oci_opt_u32 *)at)->set;
	case OCISPEC_OPT_I64:
		return !((const struct oci_opt_i64 *)at)->set;
	case OCISPEC_OPT_U64:
		return !((const struct oci_opt_u64 *)at)->set;
	case OCISPEC_DOUBLE:
		return *(const double *)at == 0 && !property->required;
	case OCISPEC_INLINE:
		return false;
	default:
		return !pointer_at(at);
	}
}

static void put_object(struct writer *w, const struct ocispec_object *object, const char *base);

static void put_list(struct writer *w, const struct ocispec_property *property, const char *items, size_t n)
{
	open_bracket(w, '[');
	for (size_t i = 0; i < n; i++) {
		next_item(w, i == 0);
		if (property->kind == OCISPEC_STRINGS)
			put_string(w, ((const char *const *)items)[i]);
		else if (property->kind == OCISPEC_U32S)
			put_unsigned(w, ((const uint32_t *)items)[i]);
		else
			put_object(w, property->sub, items + i * property->sub->size);
	}
	close_bracket(w, ']', n == 0);
}

static void put_map(struct writer *w, const struct ocispec_property *property, const char *items, size_t n)
{
	open_bracket(w, '{');
	for (size_t i = 0; i < n; i++) {
		if (property->kind == OCISPEC_PAIRS) {
			const struct oci_pair *pair = (const struct oci_pair *)items + i;

			put_key(w, pair->key, i == 0);
			put_string(w, pair->value);
		} else if (property->kind == OCISPEC_COUNTS) {
			const struct ocispec_count *count = (const struct ocispec_count *)items + i;

			put_key(w, count->key, i == 0);
			put_unsigned(w, count->value);
		} else {
			const char *entry = items + i * property->sub->size;

			put_key(w, pointer_at(entry + property->sub->key_offset), i == 0);
			put_object(w, property->sub, entry);
		}
	}
	close_bracket(w, '}', n == 0);
}

static size_t count_of(const struct ocispec_property *property, const char *base)
{
	return *(const size_t *)(base + property->count_offset);
}

static void put_value(struct writer *w, const struct ocispec_property *property, const char *base)
{
	const char *at = base + property->offset;

	switch (property->kind) {
	case OCISPEC_STRING:
		put_string(w, pointer_at(at));
		break;
	case OCISPEC_BOOL:
		put_bool(w, *(const bool *)at);
		break;
	case OCISPEC_I32:
		put_signed(w, *(const int32_t *)at);
		break;
	case OCISPEC_U32:
		put_unsigned(w, *(const uint32_t *)at);
		break;
	case OCISPEC_I64:
		put_signed(w, *(const int64_t *)at);
		break;
	case OCISPEC_U64:
		put_unsigned(w, *(const uint64_t *)at);
		break;
	case OCISPEC_OPT_BOOL:
		put_bool(w, ((const struct oci_opt_bool *)at)->value);
		break;
	case OCISPEC_OPT_I32:
		put_signed(w, ((const struct oci_opt_i32 *)at)->value);
		break;
	case OCISPEC_OPT_U32:
		put_unsigned(w, ((const struct oci_opt_u32 *)at)->value);
		break;
	case OCISPEC_OPT_I64:
		put_signed(w, ((const struct oci_opt_i64 *)at)->value);
		break;
	case OCISPEC_OPT_U64:
		put_unsigned(w, ((const struct oci_opt_u64 *)at)->value);
		break;
	case OCISPEC_DOUBLE:
		put_double(w, *(const double *)at);
		break;
	case OCISPEC_INLINE:
		put_object(w, property->sub, at);
		break;
	case OCISPEC_SUBOBJECT:
		put_object(w, property->sub, pointer_at(at));
		break;
	case OCISPEC_PAIRS:
	case OCISPEC_COUNTS:
	case OCISPEC_ENTRIES:
		put_map(w, property, pointer_at(at), count_of(property, base));
		break;
	default:
		put_list(w, property, pointer_at(at), count_of(property, base));
	}
}

static void put_object(struct writer *w, const struct ocispec_object *object, const char *base)
{
	bool empty = true;

	open_bracket(w, '{');
	for (unsigned i = 0; i < object->n_properties; i++) {
		const struct ocispec_property *property = &object->properties[i];

		bool absent = is_absent(property, base + property->offset);

		if (absent && !property->null)
			continue;
		put_key(w, property->key, empty);
		if (absent)
			put(w, "null", 4);
		else
			put_value(w, property, base);
		empty = false;
	}
	close_bracket(w, '}', empty);
}

int ocispec_write(const struct ocispec_object *object, const void *document, enum ocispec_style style,
		  struct ocispec_arena *arena, char **ret, size_t *ret_size)
{
	struct writer measure = {.style = style}, w = {.style = style};

	put_object(&measure, object, document);
	w.buffer = ocispec_alloc(arena, measure.used + 1); /* zeroed, so it ends in a NUL */
	if (!w.buffer)
		return -ENOMEM;
	put_object(&w, object, document);
	*ret = w.buffer;
	*ret_size = w.used;
	return 0;
}
