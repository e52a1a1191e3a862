/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser: yajl's events, steered by the tables, straight into the structs. No tree of values is built and no
 * memory is taken per value.
 *
 * Each object, list and map that is wanted has a frame on a small stack; whatever lies under an unknown key is only
 * counted. A list grows by doubling inside the arena: while an element is being filled its list does not move,
 * because the next element comes after it.
 *
 * yajl hands over tokens and leaves to us what it is lax about: it knows no limit of nesting, lets duplicate keys,
 * \u0000 and unpaired surrogates pass, and its UTF-8 check is loose. It also uses the result of malloc unseen, so its
 * allocator here leaves by longjmp when memory is out. That is safe because yajl owns nothing but memory, and all of
 * it lies in the scratch arena. Our own allocations leave on the same way.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "internal.h"

enum {
	FIRST_ROOM = 4, /* elements of a new list */
	FEW_KEYS = 16,  /* up to here the keys of a map are compared one by one */
};

_Static_assert(offsetof(struct oci_pair, key) == 0 && offsetof(struct ocispec_count, key) == 0, "the key comes first");

/* The keys of a large map: a trie over their hashes, four ways at each node. */
struct key_node {
	struct key_node *children[4];
	const char *key;
};

/* An object, list or map that is being read. */
struct frame {
	enum ocispec_kind kind;                  /* INLINE for every object; else the kind of the list or map */
	const struct ocispec_object *object;     /* of the object, of the elements of a list of objects */
	const struct ocispec_property *property; /* object: the one whose value comes next; list: its own */
	char *base;                              /* the struct: of the object, of the owner of the list */
	size_t start;                            /* in the text, behind the opening brace */

	/* an object: */
	unsigned next;   /* where the search for the next key begins, as documents tend to follow the spec's order */
	uint64_t seen;   /* keys, one bit per property */
	uint64_t filled; /* of these, the ones that are not null */

	/* a list or map: */
	char *items;
	size_t n, room, item_size;
	struct key_node *keys;
};

struct parser {
	yajl_handle yajl;
	const char *text, *name;
	size_t size;
	struct ocispec_arena *arena, *scratch;
	struct ocispec_error *error;
	bool failed; /* error is filled */
	jmp_buf out_of_memory;
	const struct ocispec_object *root;
	char *document;
	unsigned depth;   /* brackets open */
	unsigned skipped; /* how many of them under an unknown key */
	struct frame frames[OCISPEC_MAX_DEPTH];
};

/* Where a value goes. */
struct target {
	enum ocispec_kind kind;
	char *at;
	const struct ocispec_property *property; /* NULL for the document itself */
	const struct ocispec_object *object;
};

/* ---- Memory ---------------------------------------------------------------------------------------------- */

static void *must_have(struct parser *p, void *block)
{
	if (!block)
		longjmp(p->out_of_memory, 1);
	return block;
}

static void *take(struct parser *p, size_t size)
{
	return must_have(p, ocispec_alloc(p->arena, size));
}

/* yajl's allocator. Its few blocks only grow, and each is preceded by its size so that it can be copied. */
union yajl_block {
	size_t size;
	max_align_t align;
};

static void *yajl_get(void *ctx, size_t size)
{
	struct parser *p = ctx;
	union yajl_block *block = NULL;

	if (size < SIZE_MAX - sizeof *block)
		block = ocispec_alloc(p->scratch, sizeof *block + size);
	must_have(p, block);
	block->size = size;
	return block + 1;
}

static void *yajl_grow(void *ctx, void *old, size_t size)
{
	void *new = yajl_get(ctx, size);

	if (old) {
		size_t had = ((union yajl_block *)old)[-1].size;

		memcpy(new, old, had < size ? had : size);
	}
	return new;
}

static void yajl_drop(void *ctx, void *block)
{
	(void)ctx;
	(void)block; /* goes with the scratch arena */
}

/* ---- Errors ---------------------------------------------------------------------------------------------- */

/* The document is bad at the token that ends before token_end. Returns 0, with which a callback stops yajl. */
static int fail(struct parser *p, size_t token_end, const char *key, const char *what)
{
	ocispec_locate(p->text, p->size, token_end, p->name, key, what, p->error);
	p->failed = true;
	return 0;
}

static size_t here(struct parser *p)
{
	return yajl_get_bytes_consumed(p->yajl);
}

static const char *expected(enum ocispec_kind kind)
{
	switch (kind) {
	case OCISPEC_STRING:
		return "expected a string";
	case OCISPEC_BOOL:
	case OCISPEC_OPT_BOOL:
		return "expected a boolean";
	case OCISPEC_STRINGS:
	case OCISPEC_U32S:
	case OCISPEC_OBJECTS:
		return "expected an array";
	case OCISPEC_SUBOBJECT:
	case OCISPEC_PAIRS:
	case OCISPEC_COUNTS:
	case OCISPEC_ENTRIES:
	case OCISPEC_INLINE:
		return "expected an object";
	case OCISPEC_DOUBLE:
		return "expected a number";
	default:
		return "expected an integer";
	}
}

/* The value that just came is not what its place wants. */
static int mismatch(struct parser *p, const struct target *target)
{
	return fail(p, here(p), NULL, expected(target->kind));
}

/* ---- Strings --------------------------------------------------------------------------------------------- */

/* What is wrong with a string or key, NULL when nothing is. */
static const char *bad_string(struct parser *p, const char *s, size_t n)
{
	bool decoded = s < p->text || s >= p->text + p->size; /* yajl points into the text where it can */
	const char *bad = decoded ? ocispec_bad_escape(p->text, here(p)) : NULL;

	return bad ? bad : ocispec_bad_utf8(s, n);
}

static const char *keep_string(struct parser *p, const unsigned char *s, size_t n)
{
	return must_have(p, ocispec_copy_string(p->arena, (const char *)s, n));
}

/* ---- Places ---------------------------------------------------------------------------------------------- */

static struct frame *top(struct parser *p)
{
	return &p->frames[p->depth - 1];
}

/* A new element at the end of a list or map. */
static char *append(struct parser *p, struct frame *f)
{
	if (f->n == f->room) {
		size_t room = f->room ? f->room * 2 : FIRST_ROOM;
		char *items = take(p, room * f->item_size); /* no overflow: the text has a byte for each element */

		if (f->n)
			memcpy(items, f->items, f->n * f->item_size);
		f->items = items;
		f->room = room;
	}
	return f->items + f->n++ * f->item_size;
}

/* The element of a map whose key has just been read. */
static char *last(const struct frame *f)
{
	return f->items + (f->n - 1) * f->item_size;
}

/* Finds where the value that has come belongs; false when nobody asked for it. */
static bool find_target(struct parser *p, struct target *ret)
{
	struct frame *f;

	if (p->depth == 0) {
		*ret = (struct target){.kind = OCISPEC_INLINE, .at = p->document, .object = p->root};
		return true;
	}
	if (p->skipped)
		return false;
	f = top(p);
	if (!f->property)
		return false;
	*ret = (struct target){.property = f->property, .object = f->property->sub};
	switch (f->kind) {
	case OCISPEC_STRINGS:
		ret->kind = OCISPEC_STRING;
		ret->at = append(p, f);
		break;
	case OCISPEC_U32S:
		ret->kind = OCISPEC_U32;
		ret->at = append(p, f);
		break;
	case OCISPEC_OBJECTS:
		ret->kind = OCISPEC_INLINE;
		ret->at = append(p, f);
		break;
	case OCISPEC_PAIRS:
		ret->kind = OCISPEC_STRING;
		ret->at = last(f) + offsetof(struct oci_pair, value);
		break;
	case OCISPEC_COUNTS:
		ret->kind = OCISPEC_U64;
		ret->at = last(f) + offsetof(struct ocispec_count, value);
		break;
	case OCISPEC_ENTRIES:
		ret->kind = OCISPEC_INLINE;
		ret->at = last(f);
		break;
	default:
		ret->kind = (enum ocispec_kind)f->property->kind;
		ret->at = f->base + f->property->offset;
		f->filled |= UINT64_C(1) << (f->property - f->object->properties);
	}
	return true;
}

/* ---- Scalars --------------------------------------------------------------------------------------------- */

static int on_null(void *ctx)
{
	struct parser *p = ctx;
	struct target target;

	/* the null of a property is its absence; in a list or map, and for the document, it is a wrong value */
	if (p->depth > 0 && !p->skipped && top(p)->kind == OCISPEC_INLINE)
		return 1;
	return find_target(p, &target) ? mismatch(p, &target) : 1;
}

static int on_boolean(void *ctx, int value)
{
	struct parser *p = ctx;
	struct target target;

	if (!find_target(p, &target))
		return 1;
	if (target.kind == OCISPEC_BOOL)
		*(bool *)target.at = value;
	else if (target.kind == OCISPEC_OPT_BOOL)
		*(struct oci_opt_bool *)target.at = (struct oci_opt_bool){true, value};
	else
		return mismatch(p, &target);
	return 1;
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
	struct parser *p = ctx;
	struct target target;
	const char *bad = bad_string(p, (const char *)s, n);

	if (bad)
		return fail(p, here(p), NULL, bad);
	if (!find_target(p, &target))
		return 1;
	if (target.kind != OCISPEC_STRING)
		return mismatch(p, &target);
	*(const char **)target.at = keep_string(p, s, n);
	return 1;
}

/* The limits of a number at target: those of its property, else those of its type. False: it wants no number. */
static bool limits(const struct target *target, int64_t *ret_min, uint64_t *ret_max)
{
	static const struct {
		int64_t min;
		uint64_t max;
	} of[] = {
		[OCISPEC_I32] = {INT32_MIN, INT32_MAX}, [OCISPEC_OPT_I32] = {INT32_MIN, INT32_MAX},
		[OCISPEC_U32] = {0, UINT32_MAX},        [OCISPEC_OPT_U32] = {0, UINT32_MAX},
		[OCISPEC_I64] = {INT64_MIN, INT64_MAX}, [OCISPEC_OPT_I64] = {INT64_MIN, INT64_MAX},
		[OCISPEC_U64] = {0, UINT64_MAX},        [OCISPEC_OPT_U64] = {0, UINT64_MAX},
	};
	const struct ocispec_property *property = target->property;

	if (target->kind >= sizeof of / sizeof of[0] || of[target->kind].max == 0)
		return false;
	*ret_min = of[target->kind].min;
	*ret_max = of[target->kind].max;
	if (property->min || property->max) {
		*ret_min = property->min;
		*ret_max = property->max;
	}
	return true;
}

static void store_number(const struct target *target, uint64_t value)
{
	switch (target->kind) {
	case OCISPEC_I32:
		*(int32_t *)target->at = (int32_t)value;
		break;
	case OCISPEC_U32:
		*(uint32_t *)target->at = (uint32_t)value;
		break;
	case OCISPEC_I64:
		*(int64_t *)target->at = (int64_t)value;
		break;
	case OCISPEC_U64:
		*(uint64_t *)target->at = value;
		break;
	case OCISPEC_OPT_I32:
		*(struct oci_opt_i32 *)target->at = (struct oci_opt_i32){true, (int32_t)value};
		break;
	case OCISPEC_OPT_U32:
		*(struct oci_opt_u32 *)target->at = (struct oci_opt_u32){true, (uint32_t)value};
		break;
	case OCISPEC_OPT_I64:
		*(struct oci_opt_i64 *)target->at = (struct oci_opt_i64){true, (int64_t)value};
		break;
	default:
		*(struct oci_opt_u64 *)target->at = (struct oci_opt_u64){true, value};
	}
}

/* s is a number of JSON, which strtod() reads as well; what follows it in the text ends it. */
static int store_double(struct parser *p, const struct target *target, const char *s)
{
	double value = strtod(s, NULL);

	if (!isfinite(value))
		return fail(p, here(p), NULL, "number out of range");
	*(double *)target->at = value;
	return 1;
}

static int on_number(void *ctx, const char *s, size_t n)
{
	struct parser *p = ctx;
	struct target target;
	uint64_t max, value = 0;
	int64_t min;
	bool negative = *s == '-', overflow = false;

	if (!find_target(p, &target))
		return 1;
	if (target.kind == OCISPEC_DOUBLE)
		return store_double(p, &target, s);
	if (!limits(&target, &min, &max))
		return mismatch(p, &target);
	for (size_t i = negative; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return mismatch(p, &target); /* a fraction or an exponent */
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (unsigned)(s[i] - '0'), &value);
	}
	if (negative) {
		overflow |= value > (uint64_t)INT64_MAX + 1;
		value = -value;
	}
	if (negative && value)
		overflow |= (int64_t)value < min;
	else
		overflow |= value > max || (min > 0 && value < (uint64_t)min);
	if (overflow) {
		char what[80];

		snprintf(what, sizeof what, "number out of range (%lld to %llu)", (long long)min,
			 (unsigned long long)max);
		return fail(p, here(p), NULL, what);
	}
	store_number(&target, value);
	return 1;
}

/* ---- Objects, maps and lists ----------------------------------------------------------------------------- */

/* One bracket deeper. Returns 0 when that is too deep, as a callback does. */
static int deeper(struct parser *p)
{
	if (p->depth == OCISPEC_MAX_DEPTH) {
		char what[40];

		snprintf(what, sizeof what, "nested deeper than %d levels", OCISPEC_MAX_DEPTH);
		return fail(p, here(p), NULL, what);
	}
	return 1;
}

static void open_frame(struct parser *p, struct frame frame)
{
	frame.start = here(p);
	p->frames[p->depth++] = frame;
}

static int skip(struct parser *p)
{
	p->depth++;
	p->skipped++;
	return 1;
}

static size_t map_item_size(const struct target *target)
{
	if (target->kind == OCISPEC_COUNTS)
		return sizeof(struct ocispec_count);
	return target->object ? target->object->size : sizeof(struct oci_pair);
}

static int on_start_map(void *ctx)
{
	struct parser *p = ctx;
	struct target target;
	char *base;

	if (!deeper(p))
		return 0;
	if (!find_target(p, &target))
		return skip(p);
	switch (target.kind) {
	case OCISPEC_SUBOBJECT:
		base = take(p, target.object->size);
		memcpy(target.at, &base, sizeof base);
		break;
	case OCISPEC_INLINE:
		base = target.at;
		break;
	case OCISPEC_PAIRS:
	case OCISPEC_COUNTS:
	case OCISPEC_ENTRIES:
		open_frame(p, (struct frame){.kind = target.kind,
					     .property = target.property,
					     .base = top(p)->base,
					     .item_size = map_item_size(&target)});
		return 1;
	default:
		return mismatch(p, &target);
	}
	open_frame(p, (struct frame){.kind = OCISPEC_INLINE, .object = target.object, .base = base});
	return 1;
}

static int on_start_array(void *ctx)
{
	struct parser *p = ctx;
	struct frame frame = {0};
	struct target target;

	if (!deeper(p))
		return 0;
	if (!find_target(p, &target))
		return skip(p);
	switch (target.kind) {
	case OCISPEC_STRINGS:
		frame.item_size = sizeof(const char *);
		break;
	case OCISPEC_U32S:
		frame.item_size = sizeof(uint32_t);
		break;
	case OCISPEC_OBJECTS:
		frame.item_size = target.object->size;
		break;
	default:
		return mismatch(p, &target);
	}
	frame.kind = target.kind;
	frame.property = target.property;
	frame.base = top(p)->base;
	open_frame(p, frame);
	return 1;
}

static const struct ocispec_property *find_property(struct frame *f, const char *key, size_t n)
{
	const struct ocispec_object *object = f->object;
	unsigned i = f->next;

	for (unsigned left = object->n_properties; left > 0; left--, i++) {
		const struct ocispec_property *property;

		if (i >= object->n_properties)
			i = 0;
		property = &object->properties[i];
		if (property->key_size == n && memcmp(property->key, key, n) == 0) {
			f->next = i + 1;
			return property;
		}
	}
	return NULL;
}

static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	while (*s)
		h = (h ^ (unsigned char)*s++) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

/* Adds a key to those of a large map; false when it is there already. */
static bool add_key(struct parser *p, struct frame *f, const char *key)
{
	struct key_node **node = &f->keys;

	for (uint64_t h = hash(key); *node; h <<= 2) {
		if (strcmp((*node)->key, key) == 0)
			return false;
		node = &(*node)->children[h >> 62];
	}
	*node = must_have(p, ocispec_alloc(p->scratch, sizeof **node));
	(*node)->key = key;
	return true;
}

/* The key of a map's newest element, checked against all before it. */
static bool key_is_new(struct parser *p, struct frame *f, size_t key_offset)
{
	const char *key = *(const char **)(last(f) + key_offset);

	if (f->n > FEW_KEYS) {
		bool first = !f->keys;

		for (size_t i = 0; first && i < f->n - 1; i++)
			add_key(p, f, *(const char **)(f->items + i * f->item_size + key_offset));
		return add_key(p, f, key);
	}
	for (size_t i = 0; i < f->n - 1; i++)
		if (strcmp(*(const char **)(f->items + i * f->item_size + key_offset), key) == 0)
			return false;
	return true;
}

static int on_map_key(void *ctx, const unsigned char *s, size_t n)
{
	struct parser *p = ctx;
	const char *bad = bad_string(p, (const char *)s, n);
	struct frame *f;

	if (bad)
		return fail(p, here(p), NULL, bad);
	if (p->skipped)
		return 1;
	f = top(p);
	if (f->kind == OCISPEC_INLINE) {
		uint64_t bit;

		f->property = find_property(f, (const char *)s, n);
		if (!f->property && f->object->unknown)
			return fail(p, here(p), keep_string(p, s, n), f->object->unknown);
		if (!f->property)
			return 1;
		bit = UINT64_C(1) << (f->property - f->object->properties);
		if (f->seen & bit)
			return fail(p, here(p), f->property->key, "duplicate key");
		f->seen |= bit;
	} else {
		/* in pairs and counts the key comes first */
		size_t key_offset = f->kind == OCISPEC_ENTRIES ? f->property->sub->key_offset : 0;
		const char *key = keep_string(p, s, n);

		*(const char **)(append(p, f) + key_offset) = key;
		if (!key_is_new(p, f, key_offset))
			return fail(p, here(p), key, "duplicate key");
	}
	return 1;
}

/* A list or map is complete: its owner gets it. */
static void hand_over(struct parser *p, struct frame *f)
{
	void *items = f->n ? f->items : take(p, 1); /* empty is not absent */

	*(size_t *)(f->base + f->property->count_offset) = f->n;
	memcpy(f->base + f->property->offset, &items, sizeof items);
}

static int on_end_map(void *ctx)
{
	struct parser *p = ctx;
	struct frame *f;

	if (p->skipped) {
		p->skipped--;
		p->depth--;
		return 1;
	}
	f = top(p);
	p->depth--;
	if (f->kind != OCISPEC_INLINE) {
		hand_over(p, f);
		return 1;
	}
	for (unsigned i = 0; i < f->object->n_properties; i++) {
		const struct ocispec_property *property = &f->object->properties[i];

		if (property->required && !(f->filled & UINT64_C(1) << i))
			return fail(p, f->start, property->key, "required property is missing");
	}
	return 1;
}

static int on_end_array(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	if (p->skipped)
		p->skipped--;
	else
		hand_over(p, &p->frames[p->depth]);
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number, /* as text: yajl's own conversion stops at int64 */
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* ---- The document ---------------------------------------------------------------------------------------- */

/* What yajl has to say about text that is no JSON. */
static void fail_syntax(struct parser *p, size_t token_end, bool at_end)
{
	static const char cut_off[] = "premature EOF";
	char *said = (char *)yajl_get_error(p->yajl, 0, NULL, 0);
	char what[160];
	size_t n;

	if (at_end && strstr(said, cut_off)) {
		fail(p, SIZE_MAX, NULL, "unexpected end of the document");
		return;
	}
	if (strstr(said, "comment") || strstr(said, "after key and value"))
		token_end++; /* for these yajl steps back before the token, for all others it stays behind it */
	n = strlen(said);
	while (n > 0 && (said[n - 1] == '\n' || said[n - 1] == '.'))
		said[--n] = '\0';
	snprintf(what, sizeof what, "%s", said);
	fail(p, token_end, NULL, what);
}

/* Things to look for before yajl sees the text, since they deserve words of their own. */
static int check_text(struct parser *p)
{
	size_t i = 0;

	if (p->size >= 3 && memcmp(p->text, "\xef\xbb\xbf", 3) == 0) {
		fail(p, 1, NULL, "byte order mark at the start of the document");
		return -EINVAL;
	}
	while (i < p->size && memchr(" \t\r\n", p->text[i], 4))
		i++;
	if (i == p->size) {
		fail(p, SIZE_MAX, NULL, "the document is empty");
		return -EINVAL;
	}
	return 0;
}

static int run(struct parser *p)
{
	yajl_alloc_funcs memory = {.malloc = yajl_get, .realloc = yajl_grow, .free = yajl_drop, .ctx = p};
	yajl_status status;

	if (setjmp(p->out_of_memory))
		return -ENOMEM;
	p->document = take(p, p->root->size);
	p->yajl = yajl_alloc(&callbacks, &memory, p);
	yajl_config(p->yajl, yajl_dont_validate_strings, 1); /* ours is stricter */
	status = yajl_parse(p->yajl, (const unsigned char *)p->text, p->size);
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(p->yajl);
		if (status == yajl_status_error && !p->failed)
			fail_syntax(p, p->size, true);
	} else if (!p->failed) {
		fail_syntax(p, here(p), false);
	}
	return status == yajl_status_ok ? 0 : -EINVAL;
}

/* An error that has no place in the text. */
static int fail_whole(struct ocispec_error *error, const char *name, int result, const char *what)
{
	*error = (struct ocispec_error){0};
	snprintf(error->message, sizeof error->message, "%s (%.200s)", what, name);
	return result;
}

int ocispec_parse(const struct ocispec_object *object, const char *text, size_t size, const char *name,
		  struct ocispec_arena *arena, void **ret, struct ocispec_error *error)
{
	struct parser p = {.text = text, .name = name, .size = size, .arena = arena, .error = error, .root = object};
	int result;

	if (size > OCISPEC_MAX_SIZE)
		return fail_whole(error, name, -EFBIG, "the document is larger than 32 MiB");
	result = check_text(&p);
	if (result < 0)
		return result;
	p.scratch = ocispec_arena_new();
	result = p.scratch ? run(&p) : -ENOMEM;
	ocispec_arena_free(p.scratch);
	if (result == -ENOMEM)
		return fail_whole(error, name, result, "out of memory");
	if (result < 0)
		return result;
	*ret = p.document;
	return 0;
}
