/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile's program has an instruction or two for each call that it names, and most of them say the same: allowed. So
 * the program is asked what it does with each number on each architecture, and neighbours with one answer become one
 * range. Where the answer depends on arguments, the instructions that look at them are kept, for this number: those
 * that look at architecture and number have been followed already.
 *
 * The program compares numbers with constants only; between two constants that follow each other all numbers are alike,
 * so one of them stands for all. Anything else that it might do with a number is not understood, and nothing is done.
 */
#include "host/seccomp_shrink.h"

#include "base/mem.h"
#include "host/seccomp_tree.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

enum what { CONSTANT, ARCH, NUMBER, ARGUMENT };

/* The accumulator. */
struct value {
	enum what what;
	uint32_t is; /* not of an ARGUMENT */
};

struct list {
	uint32_t *items; /* owned */
	size_t n, room;
};

struct shrinker {
	const struct sock_filter *from;
	size_t n;
	struct list archs;                /* with which the program compares that of a call */
	struct list bounds;               /* first numbers of what is alike, ascending */
	struct seccomp_section *sections; /* in the order of archs; owned */
	size_t n_sections;
	uint32_t arch, number; /* of the call that is followed just now */
	size_t *place;         /* of the instruction in the code that is kept, plus one; 0: not reached */
};

static int list_add(struct list *list, uint32_t item)
{
	if (list->n == list->room) {
		size_t room = list->room * 2 + 16;
		uint32_t *grown = realloc(list->items, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->room = room;
	}
	list->items[list->n++] = item;
	return 0;
}

static bool list_has(const struct list *list, uint32_t item)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i] == item)
			return true;
	return false;
}

/* ---- Following the program -------------------------------------------------------------------------------- */

static bool is_load(const struct sock_filter *insn)
{
	return insn->code == (BPF_LD | BPF_W | BPF_ABS);
}

static struct value load(const struct shrinker *s, const struct sock_filter *insn)
{
	switch (insn->k) {
	case offsetof(struct seccomp_data, nr):
		return (struct value){NUMBER, s->number};
	case offsetof(struct seccomp_data, arch):
		return (struct value){ARCH, s->arch};
	}
	return (struct value){ARGUMENT, 0};
}

/* Numbers may be compared in order, an architecture only with its equals. */
static int compare(struct shrinker *s, const struct sock_filter *insn, const struct value *a, size_t *pc)
{
	bool taken;

	if (BPF_SRC(insn->code) != BPF_K)
		return -EOPNOTSUPP;
	if (a->what == ARCH && BPF_OP(insn->code) != BPF_JEQ)
		return -EOPNOTSUPP;
	if (a->what == ARCH && !list_has(&s->archs, insn->k) && list_add(&s->archs, insn->k) < 0)
		return -ENOMEM;
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		taken = a->is == insn->k;
		break;
	case BPF_JGT:
		taken = a->is > insn->k;
		break;
	case BPF_JGE:
		taken = a->is >= insn->k;
		break;
	default:
		return -EOPNOTSUPP;
	}
	*pc += 1u + (taken ? insn->jt : insn->jf);
	return 0;
}

/*
 * Goes on from *pc, with this value, to the next instruction that has to be kept: a return, or one that loads an
 * argument or works with it.
 */
static int follow(struct shrinker *s, size_t *pc, struct value *a)
{
	while (*pc < s->n) {
		const struct sock_filter *insn = &s->from[*pc];
		struct value loaded;
		int r;

		if (insn->code == (BPF_RET | BPF_K))
			return 0;
		if (insn->code == (BPF_JMP | BPF_JA)) {
			*pc += 1u + insn->k;
			continue;
		}
		if (is_load(insn)) {
			loaded = load(s, insn);
			if (loaded.what == ARGUMENT)
				return 0;
			*a = loaded;
			*pc += 1;
			continue;
		}
		if (a->what == ARGUMENT)
			return BPF_CLASS(insn->code) == BPF_JMP ||
					       (BPF_CLASS(insn->code) == BPF_ALU && BPF_SRC(insn->code) == BPF_K)
				       ? 0
				       : -EOPNOTSUPP;
		if (BPF_CLASS(insn->code) != BPF_JMP)
			return -EOPNOTSUPP;
		r = compare(s, insn, a, pc);
		if (r < 0)
			return r;
	}
	return -EOPNOTSUPP;
}

/* ---- What is kept of it ----------------------------------------------------------------------------------- */

/* Where the instruction at pc goes on, when an argument is in the accumulator behind it. */
static int next_kept(struct shrinker *s, size_t pc, size_t *ret)
{
	struct value a = {ARGUMENT, 0};

	*ret = pc;
	return follow(s, ret, &a);
}

/* Marks what can be reached from pc. All jumps lead forward, so one pass does it. */
static int mark_kept(struct shrinker *s, size_t pc)
{
	memset(s->place, 0, s->n * sizeof(*s->place));
	s->place[pc] = 1;
	for (; pc < s->n; pc++) {
		const struct sock_filter *insn = &s->from[pc];
		bool jump = BPF_CLASS(insn->code) == BPF_JMP;
		size_t to;
		int r;

		if (!s->place[pc] || BPF_CLASS(insn->code) == BPF_RET)
			continue;
		r = next_kept(s, pc + 1 + (jump ? insn->jt : 0), &to);
		if (r < 0)
			return r;
		s->place[to] = 1;
		if (!jump)
			continue;
		r = next_kept(s, pc + 1 + insn->jf, &to);
		if (r < 0)
			return r;
		s->place[to] = 1;
	}
	return 0;
}

/* One that is not followed by its successor gets a jump to it. */
static bool is_split(struct shrinker *s, size_t pc)
{
	const struct sock_filter *insn = &s->from[pc];
	size_t to, next = pc + 1;

	if (BPF_CLASS(insn->code) == BPF_RET || BPF_CLASS(insn->code) == BPF_JMP)
		return false;
	while (next < s->n && !s->place[next])
		next++;
	return next_kept(s, pc + 1, &to) == 0 && to != next;
}

static int emit_jump(struct shrinker *s, size_t pc, size_t here, struct seccomp_code *code)
{
	const struct sock_filter *insn = &s->from[pc];
	size_t yes = 0, no = 0;

	(void)next_kept(s, pc + 1 + insn->jt, &yes);
	(void)next_kept(s, pc + 1 + insn->jf, &no);
	yes = s->place[yes] - 1 - here - 1;
	no = s->place[no] - 1 - here - 1;
	if (yes > UINT8_MAX || no > UINT8_MAX)
		return -EOPNOTSUPP;
	return seccomp_emit(code, insn->code, (uint8_t)yes, (uint8_t)no, insn->k);
}

static int keep(struct shrinker *s, size_t pc, struct seccomp_code *code)
{
	size_t at = 0, to = 0;
	int r = mark_kept(s, pc);

	for (size_t i = pc; i < s->n && r == 0; i++)
		if (s->place[i]) {
			s->place[i] = at + 1;
			at += is_split(s, i) ? 2 : 1;
		}
	for (size_t i = pc; i < s->n && r == 0; i++) {
		const struct sock_filter *insn = &s->from[i];

		if (!s->place[i])
			continue;
		if (BPF_CLASS(insn->code) == BPF_JMP) {
			r = emit_jump(s, i, code->n, code);
			continue;
		}
		r = seccomp_emit(code, insn->code, 0, 0, insn->k);
		if (r == 0 && is_split(s, i)) {
			r = next_kept(s, i + 1, &to);
			if (r == 0)
				r = seccomp_emit(code, BPF_JMP | BPF_JA, 0, 0,
						 (uint32_t)(s->place[to] - 1 - code->n - 1));
		}
	}
	return r;
}

/* ---- Ranges ----------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Whatever the constants are compared with: too many bounds do no harm. */
static int find_bounds(struct shrinker *s)
{
	size_t used = 1;
	int r = list_add(&s->bounds, 0);

	for (size_t i = 0; i < s->n && r == 0; i++) {
		if (BPF_CLASS(s->from[i].code) != BPF_JMP || BPF_OP(s->from[i].code) == BPF_JA)
			continue;
		r = list_add(&s->bounds, s->from[i].k);
		if (r == 0 && s->from[i].k < UINT32_MAX)
			r = list_add(&s->bounds, s->from[i].k + 1);
	}
	if (r < 0)
		return r;
	qsort(s->bounds.items, s->bounds.n, sizeof(*s->bounds.items), by_value);
	for (size_t i = 1; i < s->bounds.n; i++)
		if (s->bounds.items[i] != s->bounds.items[used - 1])
			s->bounds.items[used++] = s->bounds.items[i];
	s->bounds.n = used;
	return 0;
}

/* What happens to this number; *ret must be empty. */
static int ask(struct shrinker *s, uint32_t number, struct seccomp_range *ret)
{
	struct value a = {CONSTANT, 0};
	size_t pc = 0;
	int r;

	s->number = ret->first = number;
	r = follow(s, &pc, &a);
	if (r < 0)
		return r;
	ret->constant = s->from[pc].code == (BPF_RET | BPF_K);
	ret->action = s->from[pc].k;
	return ret->constant ? 0 : keep(s, pc, &ret->code);
}

static int find_section(struct shrinker *s, uint32_t arch, struct seccomp_section *ret)
{
	s->arch = ret->arch = arch;
	ret->list = calloc(s->bounds.n, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	for (size_t i = 0; i < s->bounds.n; i++) {
		struct seccomp_range *range = &ret->list[ret->n++];
		int r = ask(s, s->bounds.items[i], range);

		if (r < 0)
			return r;
		if (ret->n > 1 && seccomp_range_same(range - 1, range)) {
			free(range->code.insns);
			*range = (struct seccomp_range){0};
			ret->n--;
		}
	}
	return 0;
}

/* Of an architecture that the program does not know; there everything must be one. */
static int ask_stranger(struct shrinker *s, uint32_t *ret)
{
	__attribute__((cleanup(seccomp_section_free))) struct seccomp_section section = {0};
	uint32_t stranger = 1;
	int r;

	while (list_has(&s->bounds, stranger))
		stranger++;
	r = find_section(s, stranger, &section);
	if (r < 0)
		return r;
	if (section.n != 1 || !section.list[0].constant)
		return -EOPNOTSUPP;
	*ret = section.list[0].action;
	return 0;
}

static void shrinker_free(struct shrinker *s)
{
	for (size_t i = 0; i < s->n_sections; i++)
		seccomp_section_free(&s->sections[i]);
	free(s->sections);
	free(s->archs.items);
	free(s->bounds.items);
	free(s->place);
}

bool seccomp_always(const struct sock_filter *filter, size_t n, uint32_t arch, uint32_t number, uint32_t *ret_action)
{
	__attribute__((cleanup(shrinker_free))) struct shrinker s = {
		.from = filter, .n = n, .arch = arch, .number = number};
	struct value a = {CONSTANT, 0};
	size_t pc = 0;

	if (follow(&s, &pc, &a) < 0 || filter[pc].code != (BPF_RET | BPF_K))
		return false;
	*ret_action = filter[pc].k;
	return true;
}

/* Looking at one architecture may turn up another. */
static int find_sections(struct shrinker *s)
{
	while (s->n_sections < s->archs.n) {
		struct seccomp_section *grown = reallocarray(s->sections, s->n_sections + 1, sizeof(*grown));
		int r;

		if (!grown)
			return -ENOMEM;
		s->sections = grown;
		s->sections[s->n_sections] = (struct seccomp_section){0};
		r = find_section(s, s->archs.items[s->n_sections], &s->sections[s->n_sections]);
		s->n_sections++;
		if (r < 0)
			return r;
	}
	return 0;
}

int seccomp_shrink(const struct sock_filter *from, size_t n, struct seccomp_code *ret)
{
	__attribute__((cleanup(shrinker_free))) struct shrinker s = {.from = from, .n = n};
	uint32_t otherwise = 0;
	int r;

	s.place = calloc(n, sizeof(*s.place));
	if (!s.place)
		return -ENOMEM;
	r = find_bounds(&s);
	if (r == 0)
		r = ask_stranger(&s, &otherwise);
	if (r == 0)
		r = find_sections(&s);
	return r < 0 ? r : seccomp_tree_emit(s.sections, s.n_sections, otherwise, ret);
}
