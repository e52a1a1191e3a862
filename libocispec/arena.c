/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena: a chain of chunks, each filled from both ends. Structs and lists grow up from the front, aligned;
 * strings grow down from the back, unaligned, so that they cost no padding. Chunks come zeroed from calloc and grow
 * from 8 to 256 KiB: an ordinary config needs a handful, and nothing is ever freed singly.
 */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	FIRST_CHUNK = 8 * 1024,
	LAST_CHUNK = 256 * 1024,
	ALIGNMENT = alignof(max_align_t),
};

struct chunk {
	struct chunk *next;
	size_t low, high; /* what is free lies between */
	alignas(max_align_t) char bytes[];
};

struct ocispec_arena {
	struct chunk *chunks; /* the first one is being filled */
	size_t next_size;
};

struct ocispec_arena *ocispec_arena_new(void)
{
	struct ocispec_arena *arena = calloc(1, sizeof *arena);

	if (!arena)
		return NULL;
	arena->next_size = FIRST_CHUNK;
	return arena;
}

void ocispec_arena_free(struct ocispec_arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

/* Makes room for size bytes. Something large gets a chunk of its own, and the present one goes on being filled. */
static struct chunk *add_chunk(struct ocispec_arena *arena, size_t size)
{
	size_t room = arena->next_size - sizeof(struct chunk);
	bool large = size > room / 2;
	struct chunk *chunk;

	if (size > SIZE_MAX / 2)
		return NULL;
	if (large)
		room = size;
	chunk = calloc(1, sizeof *chunk + room);
	if (!chunk)
		return NULL;
	chunk->high = room;
	if (large && arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
		return chunk;
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	if (arena->next_size < LAST_CHUNK)
		arena->next_size *= 2;
	return chunk;
}

static struct chunk *chunk_with(struct ocispec_arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;

	if (chunk && chunk->high - chunk->low >= size)
		return chunk;
	return add_chunk(arena, size);
}

void *ocispec_alloc(struct ocispec_arena *arena, size_t size)
{
	struct chunk *chunk;
	void *block;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + !size + ALIGNMENT - 1) & ~((size_t)ALIGNMENT - 1);
	chunk = chunk_with(arena, size);
	if (!chunk)
		return NULL;
	block = chunk->bytes + chunk->low;
	chunk->low += size;
	return block;
}

char *ocispec_copy_string(struct ocispec_arena *arena, const char *s, size_t n)
{
	struct chunk *chunk = n < SIZE_MAX / 2 ? chunk_with(arena, n + 1) : NULL;
	char *copy;

	if (!chunk)
		return NULL;
	chunk->high -= n + 1;
	copy = chunk->bytes + chunk->high;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *ocispec_strndup(struct ocispec_arena *arena, const char *s, size_t n)
{
	return ocispec_copy_string(arena, s, strnlen(s, n));
}
