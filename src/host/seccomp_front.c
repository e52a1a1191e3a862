/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is decided before libseccomp's program is reached.
 *
 * First, system calls that are newer than the profile. Who wrote a list of allowed calls could not know them, and libc
 * falls back to older calls when a new one fails with ENOSYS, but not with EPERM. So a call above the highest number
 * that the profile names is ENOSYS where the default would be an error or worse. runc does so, and the engines'
 * profiles count on it.
 *
 * Second, argument rules that libseccomp can't be trusted with. It (2.5.4 to 2.6.1 at least) merges all rules of one
 * system call into a decision tree without a way back: once a condition holds, only the rules below it are tried, so
 * `a >= 1 and b > 7` hides `a <= 9 and c < 3`. And it mistakes order comparisons of one argument for each other when
 * their upper 32 bits differ. The filter then lets through, or stops, what the profile says the opposite of. Calls that
 * this might happen to are decided here: rule by rule in the order of the profile, condition by condition, the first
 * rule that matches as a whole wins. Few profiles have any; the rest is left to libseccomp and its faster program.
 */
#include "host/seccomp_front.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

/* In the numbers of x32. */
#define X32_BIT 0x40000000u

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

void seccomp_code_free(struct seccomp_code *code)
{
	free(code->insns);
}

int seccomp_emit(struct seccomp_code *code, unsigned op, uint8_t jt, uint8_t jf, uint32_t k)
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
	return seccomp_emit(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static int jump(struct seccomp_code *code, unsigned test, uint32_t k, uint8_t jt, uint8_t jf)
{
	return seccomp_emit(code, BPF_JMP | test | BPF_K, jt, jf, k);
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
		r = seccomp_emit(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, value);
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
		r = seccomp_emit(code, BPF_ALU | BPF_AND | BPF_K, 0, 0, value);
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
		r = seccomp_emit(code, BPF_RET | BPF_K, 0, 0, action);
	if (r == 0)
		resolve(code, from, FAIL);
	return r;
}

/* A jump over what is emitted until skip_to_here(), taken unless the accumulator is k. */
static int skip_unless(struct seccomp_code *code, uint32_t k, size_t *ret_jump)
{
	int r = jump(code, BPF_JEQ, k, 1, 0);

	*ret_jump = code->n;
	return r < 0 ? r : seccomp_emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
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
		r = seccomp_emit(code, BPF_RET | BPF_K, 0, 0, rules->default_action);
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

/* The number is only loaded for the right architecture. The kernel tells x32 from x86-64 by the number alone. */
static int begin_arch(struct seccomp_code *code, uint32_t arch, size_t *ret_skip)
{
	uint32_t audit = arch == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch;
	int r = load(code, offsetof(struct seccomp_data, arch));

	if (r == 0)
		r = skip_unless(code, audit, ret_skip);
	return r < 0 ? r : load(code, offsetof(struct seccomp_data, nr));
}

static int emit_arch(struct seccomp_code *code, const struct seccomp_rules *rules, const struct names *hard,
		     uint32_t arch)
{
	size_t skip;
	int r = begin_arch(code, arch, &skip);

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

/* Those of x32 are far above those of x86-64, which has the same name for the kernel. */
static int emit_newer(struct seccomp_code *code, const struct seccomp_arch *arch)
{
	size_t skip;
	int r = begin_arch(code, arch->token, &skip);

	if (r == 0 && arch->token == SCMP_ARCH_X86_64)
		r = jump(code, BPF_JGE, X32_BIT, 2, 0);
	if (r == 0 && arch->token == SCMP_ARCH_X32)
		r = jump(code, BPF_JGE, X32_BIT, 0, 2);
	if (r == 0)
		r = jump(code, BPF_JGT, (uint32_t)arch->last, 0, 1);
	if (r == 0)
		r = seccomp_emit(code, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	if (r == 0)
		skip_to_here(code, skip);
	return r;
}

/* A tracer is expected to know new calls. */
static bool permits(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE ||
	       action == (SECCOMP_RET_ERRNO | ENOSYS);
}

int seccomp_front_emit(const struct seccomp_rules *rules, struct seccomp_code *code)
{
	__attribute__((cleanup(names_free))) struct names hard = {0};
	int r = 0;

	for (size_t i = 0; i < rules->n_archs && !permits(rules->default_action) && r == 0; i++)
		if (rules->archs[i].last >= 0)
			r = emit_newer(code, &rules->archs[i]);
	for (size_t i = 0; i < rules->n && r == 0; i++)
		if (rules->list[i].n_args > 0)
			r = add_hard(&hard, rules, &rules->list[i]);
	for (size_t i = 0; i < rules->n_archs && hard.n > 0 && r == 0; i++)
		r = emit_arch(code, rules, &hard, rules->archs[i].token);
	return r;
}
