/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device rules as a BPF program. The kernel runs it for every open and mknod of a device by a process of the
 * cgroup, with the device and the kinds of access that are wanted; it answers 1 (go on) or 0 (EPERM).
 *
 * The rules are read from the last to the first: what is still wanted is kept in a register, an allowing rule that
 * matches takes its kinds out, a denying one ends it if it speaks of one that is left. Nothing left: allowed. A rule
 * for all devices and all access hides everything before it, so the program ends there.
 *
 * What loading costs is the verifier, which follows every branch, so most rules are to cost one: type, major and minor
 * are packed into one number, and what the defaults decide anyway (engines send them, too) is left out.
 */
#include "host/cgroup/internal.h"

#include "base/mem.h"
#include "plan/device_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* KEY takes the place of the context once that is read; VERDICT holds constants to compare KEY with in between. */
enum reg {
	VERDICT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	KEY = BPF_REG_1,
	TYPE = BPF_REG_2,
	WANTED = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5
};

/* type, major, minor. The kernel's device numbers have 12 and 20 bits. */
#define KEY_BITS 31

#define PROLOGUE_SIZE 11
#define RULE_SIZE     7 /* at most: three to match, four to decide */
#define EPILOGUE_SIZE 2

struct prog {
	struct bpf_insn *insns;
	size_t n;
};

static void emit(struct prog *p, unsigned code, unsigned dst, unsigned src, int off, uint32_t imm)
{
	p->insns[p->n++] = (struct bpf_insn){
		.code = (__u8)code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = (__s16)off, .imm = (__s32)imm};
}

static void emit_load(struct prog *p, enum reg reg, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, reg, CONTEXT, (int)offset, 0);
}

static void emit_exit(struct prog *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, VERDICT, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_prologue(struct prog *p)
{
	emit_load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(p, BPF_ALU | BPF_MOV | BPF_X, WANTED, TYPE, 0, 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, WANTED, 0, 0, 16);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, KEY, TYPE, 0, 0);
	emit(p, BPF_ALU64 | BPF_LSH | BPF_K, KEY, 0, 0, KEY_BITS);
	emit(p, BPF_ALU64 | BPF_OR | BPF_X, KEY, MAJOR, 0, 0);
	emit(p, BPF_ALU64 | BPF_LSH | BPF_K, KEY, 0, 0, KEY_BITS);
	emit(p, BPF_ALU64 | BPF_OR | BPF_X, KEY, MINOR, 0, 0);
}

static unsigned access_bits(const char *access)
{
	return (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) | (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
	       (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

static bool is_any(struct oci_opt_i64 number)
{
	return !number.set || number.value == -1;
}

static bool is_any_type(const struct oci_device_cgroup *rule)
{
	return !rule->type || !*rule->type || rule->type[0] == 'a';
}

static uint32_t type_bit(const struct oci_device_cgroup *rule)
{
	return rule->type[0] == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

/* Whether a is true of every number that b is true of. */
static bool covers_number(struct oci_opt_i64 a, struct oci_opt_i64 b)
{
	return is_any(a) || (!is_any(b) && a.value == b.value);
}

/* Whether the defaults have decided all that the rule speaks of. */
static bool is_decided(const struct oci_device_cgroup *rule)
{
	for (size_t i = 0; i < PLAN_N_DEVICE_RULES; i++) {
		const struct oci_device_cgroup *d = &plan_device_rules[i];

		if ((is_any_type(d) || (!is_any_type(rule) && d->type[0] == rule->type[0])) &&
		    covers_number(d->major, rule->major) && covers_number(d->minor, rule->minor) &&
		    (access_bits(rule->access) & ~access_bits(d->access)) == 0)
			return true;
	}
	return false;
}

/* Numbers that no device has, and that don't fit in the key. */
static bool is_impossible(const struct oci_device_cgroup *rule)
{
	return (!is_any(rule->major) && rule->major.value >> KEY_BITS) ||
	       (!is_any(rule->minor) && rule->minor.value >> KEY_BITS);
}

/* One jump, its offset still 0, for each condition that the device must meet. */
static void emit_match(struct prog *p, const struct oci_device_cgroup *rule)
{
	const unsigned unequal = BPF_JMP32 | BPF_JNE | BPF_K;

	if (!is_any_type(rule) && !is_any(rule->major) && !is_any(rule->minor)) {
		uint64_t key = ((uint64_t)type_bit(rule) << KEY_BITS | (uint64_t)rule->major.value) << KEY_BITS |
			       (uint64_t)rule->minor.value;

		emit(p, BPF_LD | BPF_DW | BPF_IMM, VERDICT, 0, 0, (uint32_t)key);
		emit(p, 0, 0, 0, 0, (uint32_t)(key >> 32));
		emit(p, BPF_JMP | BPF_JNE | BPF_X, KEY, VERDICT, 0, 0);
		return;
	}
	if (!is_any_type(rule))
		emit(p, unequal, TYPE, 0, 0, type_bit(rule));
	if (!is_any(rule->major))
		emit(p, unequal, MAJOR, 0, 0, (uint32_t)rule->major.value);
	if (!is_any(rule->minor))
		emit(p, unequal, MINOR, 0, 0, (uint32_t)rule->minor.value);
}

/* Returns whether the rule hides all that come before it in the list. */
static bool emit_rule(struct prog *p, const struct oci_device_cgroup *rule)
{
	unsigned access = access_bits(rule->access);
	size_t start = p->n, matched;

	if (is_impossible(rule))
		return false;
	emit_match(p, rule);
	matched = p->n;
	if (access != ALL_ACCESS && rule->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, WANTED, 0, 0, ALL_ACCESS & ~access);
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, WANTED, 0, 2, 0);
	} else if (access != ALL_ACCESS) {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, WANTED, 0, 1, access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	emit_exit(p, rule->allow);
	for (size_t i = start; i < matched; i++)
		if (BPF_CLASS(p->insns[i].code) == BPF_JMP || BPF_CLASS(p->insns[i].code) == BPF_JMP32)
			p->insns[i].off = (__s16)(p->n - i - 1);
	return matched == start && access == ALL_ACCESS;
}

int device_prog_make(const struct oci_device_cgroup *rules, size_t n, struct bpf_insn **ret, size_t *ret_n)
{
	size_t room = PROLOGUE_SIZE + (PLAN_N_DEVICE_RULES + n) * RULE_SIZE + EPILOGUE_SIZE;
	struct prog p = {.insns = calloc(room, sizeof(*p.insns))};
	bool done = false;

	if (!p.insns)
		return -ENOMEM;
	emit_prologue(&p);
	for (size_t i = PLAN_N_DEVICE_RULES; i-- > 0 && !done;)
		done = emit_rule(&p, &plan_device_rules[i]);
	for (size_t i = n; i-- > 0 && !done;)
		if (!is_decided(&rules[i]))
			done = emit_rule(&p, &rules[i]);
	if (!done)
		emit_exit(&p, false);
	*ret = p.insns;
	*ret_n = p.n;
	return 0;
}
