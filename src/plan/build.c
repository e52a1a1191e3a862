/* SPDX-License-Identifier: Apache-2.0 */
/* The flat block and growing text: see internal.h. Growth doubles, and what was outgrown stays in the arena. */
#include "plan/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Offsets are 32 bits; half of that leaves the sums of readers without overflow. */
#define BLOCK_MAX ((size_t)INT32_MAX)

/* Makes room for size more bytes at *used; false (and *failed) when that can't be. */
static bool grow(struct ocispec_arena *arena, char **bytes, size_t used, size_t *room, size_t size, int *failed)
{
	size_t want = *room ? *room : 256;
	char *grown;

	if (*failed)
		return false;
	if (size > BLOCK_MAX || used > BLOCK_MAX - size) {
		*failed = -E2BIG;
		return false;
	}
	if (used + size <= *room)
		return true;
	while (want < used + size)
		want *= 2;
	grown = ocispec_alloc(arena, want);
	if (!grown) {
		*failed = -ENOMEM;
		return false;
	}
	if (used)
		memcpy(grown, *bytes, used);
	*bytes = grown;
	*room = want;
	return true;
}

void block_init(struct block *block, struct ocispec_arena *arena, size_t size)
{
	*block = (struct block){.arena = arena};
	if (grow(arena, &block->bytes, 0, &block->room, sizeof(struct init_plan) + size, &block->failed))
		block->used = sizeof(struct init_plan);
}

plan_off block_bytes(struct block *block, const void *bytes, size_t size)
{
	size_t at = (block->used + 7) & ~(size_t)7;
	size_t gap = at - block->used;

	if (size > BLOCK_MAX)
		block->failed = block->failed ? block->failed : -E2BIG;
	if (!grow(block->arena, &block->bytes, block->used, &block->room, gap + size, &block->failed))
		return 0;
	memset(block->bytes + block->used, 0, gap);
	if (size)
		memcpy(block->bytes + at, bytes, size);
	block->used = at + size;
	return (plan_off)at;
}

plan_off block_string(struct block *block, const char *s)
{
	size_t size, at = block->used;

	if (!s)
		return 0;
	size = strlen(s) + 1;
	if (!grow(block->arena, &block->bytes, at, &block->room, size, &block->failed))
		return 0;
	memcpy(block->bytes + at, s, size);
	block->used = at + size;
	return (plan_off)at;
}

struct plan_list block_table(struct block *block, const void *items, size_t n, size_t item_size)
{
	struct plan_list list = {0};

	if (n == 0)
		return list;
	if (n > BLOCK_MAX / item_size) {
		block->failed = block->failed ? block->failed : -E2BIG;
		return list;
	}
	list.at = block_bytes(block, items, n * item_size);
	list.n = list.at ? (uint32_t)n : 0;
	return list;
}

struct plan_list block_strings(struct block *block, size_t n, const char *const *strings)
{
	struct plan_list list = {0};
	plan_off *at;

	if (n == 0 || block->failed)
		return list;
	at = n > BLOCK_MAX / sizeof(*at) ? NULL : ocispec_alloc(block->arena, n * sizeof(*at));
	if (!at) {
		block->failed = -ENOMEM;
		return list;
	}
	for (size_t i = 0; i < n; i++)
		at[i] = block_string(block, strings[i]);
	return block_table(block, at, n, sizeof(*at));
}

int block_check(const struct block *block, struct err *err)
{
	if (block->failed == -E2BIG)
		return err_msg(err, -E2BIG, "the configuration is too big to be handed to the container");
	return block->failed ? err_set(err, block->failed, "build the plan") : 0;
}

int block_finish(struct block *block, struct init_plan *init, const struct init_plan **ret, size_t *ret_size,
		 struct err *err)
{
	int r = block_check(block, err);

	if (r < 0)
		return r;
	init->magic = INIT_PLAN_MAGIC;
	init->size = (uint32_t)block->used;
	memcpy(block->bytes, init, sizeof(*init));
	*ret = (const struct init_plan *)(const void *)block->bytes;
	*ret_size = block->used;
	return 0;
}

void text_add(struct text *text, const char *s, size_t n)
{
	/* One more for the end. */
	if (n >= BLOCK_MAX)
		text->failed = text->failed ? text->failed : -E2BIG;
	if (!grow(text->arena, &text->s, text->used, &text->room, n + 1, &text->failed))
		return;
	memcpy(text->s + text->used, s, n);
	text->used += n;
	text->s[text->used] = '\0';
}

void text_str(struct text *text, const char *s)
{
	text_add(text, s, strlen(s));
}

void text_u64(struct text *text, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	text_add(text, digits + at, sizeof(digits) - at);
}

void text_i64(struct text *text, int64_t n)
{
	if (n < 0)
		text_add(text, "-", 1);
	text_u64(text, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

char *plan_vprint(struct ocispec_arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	s = n < 0 ? NULL : ocispec_alloc(arena, (size_t)n + 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}
