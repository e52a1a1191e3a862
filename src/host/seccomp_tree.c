/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that says what happens to a number. It is written from its end: so wherever a jump leads is known when
 * the jump is written, and an answer that stands anywhere in reach is used again. A place is a number of instructions
 * from the end, the one that is meant included.
 */
#include "host/seccomp_tree.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/*
 * A conditional jump skips 255 instructions at most; what is brought near for its other branch may put one more
 * between. And so many single numbers are asked for one by one before it pays to bisect.
 */
enum { REACH = 254, MOST_SINGLES = 4 };

bool seccomp_range_same(const struct seccomp_range *a, const struct seccomp_range *b)
{
	if (a->constant || b->constant)
		return a->constant && b->constant && a->action == b->action;
	return a->code.n == b->code.n && memcmp(a->code.insns, b->code.insns, a->code.n * sizeof(*a->code.insns)) == 0;
}

void seccomp_section_free(struct seccomp_section *section)
{
	for (size_t i = 0; i < section->n; i++)
		free(section->list[i].code.insns);
	free(section->list);
}

/* ---- Jumps and answers ------------------------------------------------------------------------------------ */

static size_t distance(const struct seccomp_code *back, size_t place)
{
	return back->n - place;
}

static bool is_return(const struct sock_filter *insn)
{
	return insn->code == (BPF_RET | BPF_K);
}

static int emit_return(struct seccomp_code *back, uint32_t action, size_t *ret)
{
	int r;

	for (size_t place = back->n; place > 0 && distance(back, place) < REACH; place--)
		if (is_return(&back->insns[place - 1]) && back->insns[place - 1].k == action) {
			*ret = place;
			return 0;
		}
	r = seccomp_emit(back, BPF_RET | BPF_K, 0, 0, action);
	*ret = back->n;
	return r;
}

/* Where a jump that is written now would not reach *place: the same answer once more, or a step between. */
static int bring_near(struct seccomp_code *back, size_t *place)
{
	int r;

	if (distance(back, *place) < REACH)
		return 0;
	if (is_return(&back->insns[*place - 1]))
		return emit_return(back, back->insns[*place - 1].k, place);
	r = seccomp_emit(back, BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance(back, *place));
	*place = back->n;
	return r;
}

static int emit_test(struct seccomp_code *back, unsigned test, uint32_t k, size_t yes, size_t no, size_t *ret)
{
	int r = bring_near(back, &yes);

	if (r == 0)
		r = bring_near(back, &no);
	if (r == 0)
		r = seccomp_emit(back, BPF_JMP | test | BPF_K, (uint8_t)distance(back, yes),
				 (uint8_t)distance(back, no), k);
	*ret = back->n;
	return r;
}

static int emit_answer(struct seccomp_code *back, const struct seccomp_range *range, size_t *ret)
{
	int r = 0;

	if (range->constant)
		return emit_return(back, range->action, ret);
	for (size_t i = range->code.n; i > 0 && r == 0; i--) {
		const struct sock_filter *insn = &range->code.insns[i - 1];

		r = seccomp_emit(back, insn->code, insn->jt, insn->jf, insn->k);
	}
	*ret = back->n;
	return r;
}

/* ---- The tree --------------------------------------------------------------------------------------------- */

/*
 * Ranges that follow each other and have one answer, but for a few single numbers: to ask for one costs an instruction,
 * to have it as a range of its own two.
 */
struct group {
	size_t first, n;
	size_t common; /* a range with the answer */
};

static bool is_single(const struct seccomp_section *section, size_t i)
{
	return i + 1 < section->n && section->list[i + 1].first == section->list[i].first + 1;
}

static struct group make_group(const struct seccomp_section *section, size_t first, size_t common)
{
	struct group group = {.first = first, .common = common};
	size_t singles = 0;

	for (size_t i = first; i < section->n; i++, group.n++)
		if (!seccomp_range_same(&section->list[i], &section->list[common]) &&
		    (!is_single(section, i) || ++singles > MOST_SINGLES))
			break;
	return group;
}

/* The answer that most have is that of the first range or the second one. */
static struct group next_group(const struct seccomp_section *section, size_t first)
{
	struct group one = make_group(section, first, first), other;

	if (first + 1 == section->n)
		return one;
	other = make_group(section, first, first + 1);
	return other.n > one.n ? other : one;
}

static int emit_group(struct seccomp_code *back, const struct seccomp_section *section, const struct group *group,
		      size_t *ret)
{
	int r = emit_answer(back, &section->list[group->common], ret);

	for (size_t i = group->first + group->n; i > group->first && r == 0; i--) {
		const struct seccomp_range *range = &section->list[i - 1];
		size_t place = 0;

		if (seccomp_range_same(range, &section->list[group->common]))
			continue;
		r = emit_answer(back, range, &place);
		if (r == 0)
			r = emit_test(back, BPF_JEQ, range->first, place, *ret, ret);
	}
	return r;
}

static int emit_tree(struct seccomp_code *back, const struct seccomp_section *section, const struct group *groups,
		     size_t n, size_t *ret)
{
	size_t half = n / 2, upper = 0, lower = 0;
	int r;

	if (n == 1)
		return emit_group(back, section, groups, ret);
	r = emit_tree(back, section, groups + half, n - half, &upper);
	if (r == 0)
		r = emit_tree(back, section, groups, half, &lower);
	return r < 0 ? r : emit_test(back, BPF_JGE, section->list[groups[half].first].first, upper, lower, ret);
}

/* Other architectures go on at *other, and so do those that come before. */
static int emit_section(struct seccomp_code *back, const struct seccomp_section *section, size_t *other)
{
	_cleanup_free_ struct group *groups = calloc(section->n, sizeof(*groups));
	size_t n = 0, tree = 0;
	int r;

	if (!groups)
		return -ENOMEM;
	for (size_t i = 0; i < section->n; i += groups[n++].n)
		groups[n] = next_group(section, i);
	r = emit_tree(back, section, groups, n, &tree);
	/* Where there is but one answer, and it stands elsewhere, nobody asks for the number. */
	if (r == 0 && tree == back->n) {
		r = seccomp_emit(back, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
		tree = back->n;
	}
	return r < 0 ? r : emit_test(back, BPF_JEQ, section->arch, tree, *other, other);
}

int seccomp_tree_emit(const struct seccomp_section *sections, size_t n, uint32_t otherwise, struct seccomp_code *ret)
{
	__attribute__((cleanup(seccomp_code_free))) struct seccomp_code back = {0};
	size_t other = 0;
	int r = emit_return(&back, otherwise, &other);

	for (size_t i = n; i > 0 && r == 0; i--)
		r = emit_section(&back, &sections[i - 1], &other);
	if (r == 0)
		r = seccomp_emit(&back, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	for (size_t i = back.n; i > 0 && r == 0; i--) {
		const struct sock_filter *insn = &back.insns[i - 1];

		r = seccomp_emit(ret, insn->code, insn->jt, insn->jf, insn->k);
	}
	return r;
}
