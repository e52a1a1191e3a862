/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argument rules that libseccomp can't be trusted with.
 *
 * libseccomp (2.5.4 to 2.6.1 at least) merges all rules of one system call into a decision tree without a way back:
 * once a condition holds, only the rules below it are tried, so `a >= 1 and b > 7` hides `a <= 9 and c < 3`. And it
 * mistakes order comparisons of one argument for each other when their upper 32 bits differ. The filter then lets
 * through, or stops, what the profile says the opposite of.
 *
 * The calls that this can happen to are decided here, before libseccomp's program is reached: rule by rule in the order
 * of the profile, condition by condition, the first rule that matches as a whole wins. They are rare, the profiles of
 * the engines have none; everything else is left to libseccomp and its faster program.
 */
#include "host/seccomp_args.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

/* ---- Which calls ------------------------------------------------------------------------------------------ */

static bool names_it(const struct seccomp_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->n_names; i++)
		if (strcmp(rule->names[i], name) == 0)
			return true;
	return false;
}

static bool is_order(enum scmp_compare op)
{
	return op == SCMP_CMP_LT || op == SCMP_CMP_LE || op == SCMP_CMP_GE || op == SCMP_CMP_GT;
}

/*
 * Libseccomp is right about one rule alone, and about any number of rules of one condition each, all on one argument,
 * as long as order comparisons share their upper halves. A rule without conditions is all that counts where there is
 * one.
 */
static bool is_hard(const struct seccomp_rules *rules, const char *name)
{
	const struct scmp_arg_cmp *first = NULL, *first_order = NULL;
	size_t n_rules = 0, widest = 0;
	bool mixed = false;

	for (size_t i = 0; i < rules->n; i++) {
		const struct seccomp_rule *rule = &rules->list[i];
		size_t width = rule->repeated ? 1 : rule->n_args;

		if (!names_it(rule, name))
			continue;
		if (rule->n_args == 0)
			return false;
		n_rules += rule->n_args / width;
		widest = width > widest ? width : widest;
		for (size_t j = 0; j < rule->n_args; j++) {
			const struct scmp_arg_cmp *arg = &rule->args[j];

			first = first ? first : arg;
			mixed |= arg->arg != first->arg;
			if (is_order(arg->op)) {
				first_order = first_order ? first_order : arg;
				mixed |= arg->datum_a >> 32 != first_order->datum_a >> 32;
			}
		}
	}
	return n_rules > 1 && (mixed || widest > 1);
}

/* ---- Code ------------------------------------------------------------------------------------------------- */

/* Targets that are filled in when they are known. A rule is far shorter than 254 instructions. */
#define NEXT 0xfe /* the next condition */
#define FAIL 0xff /* the next rule */

static int emit(struct seccomp_code *code, unsigned op, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (code->n == code->room) {
		size_t room = code->room * 2 + 64;
		struct sock_filter *grown = realloc(code->insns, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		code->insns = grown;
		code->room = room;
	}
	code->insns[code->n++] = (struct sock_filter){(uint16_t)op, jt, jf, k};
	return 0;
}

static int load(struct seccomp_code *code, size_t offset)
{
	return emit(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static int jump(struct seccomp_code *code, unsigned test, uint32_t k, uint8_t jt, uint8_t jf)
{
	return emit(code, BPF_JMP | test | BPF_K, jt, jf, k);
}

static void resolve(struct seccomp_code *code, size_t from, uint8_t target)
{
	for (size_t i = from; i < code->n; i++) {
		struct sock_filter *insn = &code->insns[i];

		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		if (insn->jt == target)
			insn->jt = (uint8_t)(code->n - i - 1);
		if (insn->jf == target)
			insn->jf = (uint8_t)(code->n - i - 1);
	}
}

/* The upper half: it decides, or leaves the decision to the lower one. */
static int emit_high(struct seccomp_code *code, const struct scmp_arg_cmp *c)
{
	uint32_t value = (uint32_t)(c->datum_a >> 32), masked = (uint32_t)((c->datum_a & c->datum_b) >> 32);
	int r = 0;

	switch (c->op) {
	case SCMP_CMP_EQ:
		return jump(code, BPF_JEQ, value, 0, FAIL);
	case SCMP_CMP_NE:
		return jump(code, BPF_JEQ, value, 0, NEXT);
	case SCMP_CMP_GT:
	case SCMP_CMP_GE:
		r = jump(code, BPF_JGT, value, NEXT, 0);
		return r < 0 ? r : jump(code, BPF_JEQ, value, 0, FAIL);
	case SCMP_CMP_LT:
	case SCMP_CMP_LE:
		r = jump(code, BPF_JGT, value, FAIL, 0);
		return r < 0 ? r : jump(code, BPF_JEQ, value, 0, NEXT);
	default:
		r = emit(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, value);
		return r < 0 ? r : jump(code, BPF_JEQ, masked, 0, FAIL);
	}
}

static int emit_low(struct seccomp_code *code, const struct scmp_arg_cmp *c)
{
	uint32_t value = (uint32_t)c->datum_a, masked = (uint32_t)(c->datum_a & c->datum_b);
	int r;

	switch (c->op) {
	case SCMP_CMP_EQ:
		return jump(code, BPF_JEQ, value, NEXT, FAIL);
	case SCMP_CMP_NE:
		return jump(code, BPF_JEQ, value, FAIL, NEXT);
	case SCMP_CMP_GT:
		return jump(code, BPF_JGT, value, NEXT, FAIL);
	case SCMP_CMP_GE:
		return jump(code, BPF_JGE, value, NEXT, FAIL);
	case SCMP_CMP_LT:
		return jump(code, BPF_JGE, value, FAIL, NEXT);
	case SCMP_CMP_LE:
		return jump(code, BPF_JGT, value, FAIL, NEXT);
	default:
		r = emit(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, value);
		return r < 0 ? r : jump(code, BPF_JEQ, masked, NEXT, FAIL);
	}
}

/* As libseccomp does, only the lower half counts where an ABI has arguments of 32 bits. */
static int emit_condition(struct seccomp_code *code, const struct scmp_arg_cmp *c, bool wide)
{
	const size_t arg = offsetof(struct seccomp_data, args) + c->arg * sizeof(uint64_t);
	const size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? arg : arg + 4;
	size_t from = code->n;
	int r = 0;

	if (wide) {
		r = load(code, low ^ 4);
		if (r == 0)
			r = emit_high(code, c);
	}
	if (r == 0)
		r = load(code, low);
	if (r == 0)
		r = emit_low(code, c);
	if (r == 0)
		resolve(code, from, NEXT);
	return r;
}

static int emit_rule(struct seccomp_code *code, const struct scmp_arg_cmp *args, size_t n_args, uint32_t action,
		     bool wide)
{
	size_t from = code->n;
	int r = 0;

	for (size_t i = 0; i < n_args && r == 0; i++)
		r = emit_condition(code, &args[i], wide);
	if (r == 0)
		r = emit(code, BPF_RET | BPF_K, 0, 0, action);
	if (r == 0)
		resolve(code, from, FAIL);
	return r;
}

/* A jump over what is emitted until skip_to_here(), taken unless the accumulator is k. */
static int skip_unless(struct seccomp_code *code, uint32_t k, size_t *ret_jump)
{
	int r = jump(code, BPF_JEQ, k, 1, 0);

	*ret_jump = code->n;
	return r < 0 ? r : emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void skip_to_here(struct seccomp_code *code, size_t from)
{
	code->insns[from].k = (uint32_t)(code->n - from - 1);
}

static int emit_call(struct seccomp_code *code, const struct seccomp_rules *rules, const char *name, int number,
		     bool wide)
{
	size_t skip;
	int r = skip_unless(code, (uint32_t)number, &skip);

	for (size_t i = 0; i < rules->n && r == 0; i++) {
		const struct seccomp_rule *rule = &rules->list[i];

		if (!names_it(rule, name))
			continue;
		if (!rule->repeated)
			r = emit_rule(code, rule->args, rule->n_args, rule->action, wide);
		for (size_t j = 0; rule->repeated && j < rule->n_args && r == 0; j++)
			r = emit_rule(code, &rule->args[j], 1, rule->action, wide);
	}
	if (r == 0)
		r = emit(code, BPF_RET | BPF_K, 0, 0, rules->default_action);
	if (r == 0)
		skip_to_here(code, skip);
	return r;
}

struct names {
	const char **list; /* owned */
	size_t n;
};

static void names_free(struct names *names)
{
	free(names->list);
}

static int emit_arch(struct seccomp_code *code, const struct seccomp_rules *rules, const struct names *hard,
		     uint32_t arch)
{
	/* The kernel tells x32 from x86-64 by the number alone. */
	uint32_t audit = arch == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch;
	size_t skip;
	int r = load(code, offsetof(struct seccomp_data, arch));

	if (r == 0)
		r = skip_unless(code, audit, &skip);
	if (r == 0)
		r = load(code, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < hard->n && r == 0; i++) {
		int number = seccomp_syscall_resolve_name_arch(arch, hard->list[i]);

		/* Without a number of its own here it can't be called directly; libseccomp knows of other ways. */
		if (number >= 0)
			r = emit_call(code, rules, hard->list[i], number, (arch & __AUDIT_ARCH_64BIT) != 0);
	}
	if (r == 0)
		skip_to_here(code, skip);
	return r;
}

static int add_hard(struct names *hard, const struct seccomp_rules *rules, const struct seccomp_rule *rule)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		const char **grown;
		bool known = false;

		for (size_t j = 0; j < hard->n && !known; j++)
			known = strcmp(hard->list[j], rule->names[i]) == 0;
		if (known || !is_hard(rules, rule->names[i]))
			continue;
		grown = realloc(hard->list, (hard->n + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		hard->list = grown;
		hard->list[hard->n++] = rule->names[i];
	}
	return 0;
}

int seccomp_args_emit(const struct seccomp_rules *rules, struct seccomp_code *code)
{
	__attribute__((cleanup(names_free))) struct names hard = {0};
	int r = 0;

	for (size_t i = 0; i < rules->n && r == 0; i++)
		if (rules->list[i].n_args > 0)
			r = add_hard(&hard, rules, &rules->list[i]);
	for (size_t i = 0; i < rules->n_archs && hard.n > 0 && r == 0; i++)
		r = emit_arch(code, rules, &hard, rules->archs[i]);
	return r;
}
