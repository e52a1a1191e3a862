/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy(3) and memmove(3) for x86-64, in musl's place: there every copy is one string instruction, which takes the
 * processor some thirty nanoseconds to begin. A parser of JSON copies a few bytes two thousand times.
 */
#include <string.h>

#ifdef __x86_64__

#include <stdint.h>

/* Blocks of any alignment that may be part of anything. */
typedef uint64_t block16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t block8 __attribute__((aligned(1), may_alias));
typedef uint32_t block4 __attribute__((aligned(1), may_alias));
typedef uint16_t block2 __attribute__((aligned(1), may_alias));

/* n is the block's size at least and twice of it at most: the two may share bytes, and both are read before one is
 * written. */
#define MOVE_ENDS(block)                                                                                    \
	do {                                                                                                \
		const block head = *(const block *)from, tail = *(const block *)(from + n - sizeof(block)); \
                                                                                                            \
		*(block *)to = head;                                                                        \
		*(block *)(to + n - sizeof(block)) = tail;                                                  \
	} while (0)

static void move_few(unsigned char *to, const unsigned char *from, size_t n)
{
	if (n >= 16)
		MOVE_ENDS(block16);
	else if (n >= 8)
		MOVE_ENDS(block8);
	else if (n >= 4)
		MOVE_ENDS(block4);
	else if (n >= 2)
		MOVE_ENDS(block2);
	else if (n == 1)
		*to = *from;
}

/* A compiler that sees what such a loop does may call memcpy for it. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

/* From the end, as the target begins within the source. */
static void move_up(unsigned char *to, const unsigned char *from, size_t n)
{
	const block16 head = *(const block16 *)from;

	for (; n > 16; n -= 16) {
		*(block16 *)(to + n - 16) = *(const block16 *)(from + n - 16);
		KEEP_LOOP();
	}
	*(block16 *)to = head;
}

static void move_down(unsigned char *to, const unsigned char *from, size_t n)
{
	const block16 tail = *(const block16 *)(from + n - 16);
	unsigned char *last = to + n - 16;

	for (; to < last; to += 16, from += 16) {
		*(block16 *)to = *(const block16 *)from;
		KEEP_LOOP();
	}
	*(block16 *)last = tail;
}

static void *move(void *to, const void *from, size_t n)
{
	void *begin = to;

	if (n <= 32)
		move_few(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from < n)
		move_up(to, from, n);
	else if (n < 1024)
		move_down(to, from, n);
	else
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
	return begin;
}

void *memmove(void *to, const void *from, size_t n)
{
	return move(to, from, n);
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return move(to, from, n);
}

#endif
