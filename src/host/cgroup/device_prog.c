/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device rules as a BPF program. The kernel runs it for every open and mknod of a device by a process of the
 * cgroup, with the device and the kinds of access that are wanted; it answers 1 (go on) or 0 (EPERM).
 *
 * The rules are read from the last to the first: what is still wanted is kept in a register, an allowing rule that
 * matches takes its kinds out, a denying one ends it if it speaks of one that is left. Nothing left: allowed. A rule
 * for all devices and all access hides everything before it, so the program ends there.
 */
#include "host/cgroup/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/*
 * Appended to the user's rules, so that they can't be denied: what every program may expect. Making a node is always
 * allowed, since using it is not.
 */
/* clang-format off */
#define ANY      {false, 0}
#define NUMBER(n) {true, (n)}
static const struct oci_device_cgroup defaults[] = {
	{true, "a", ANY, ANY, "m"},
	{true, "c", NUMBER(1), NUMBER(3), "rwm"},    /* null */
	{true, "c", NUMBER(1), NUMBER(5), "rwm"},    /* zero */
	{true, "c", NUMBER(1), NUMBER(7), "rwm"},    /* full */
	{true, "c", NUMBER(1), NUMBER(8), "rwm"},    /* random */
	{true, "c", NUMBER(1), NUMBER(9), "rwm"},    /* urandom */
	{true, "c", NUMBER(5), NUMBER(0), "rwm"},    /* tty */
	{true, "c", NUMBER(5), NUMBER(2), "rwm"},    /* ptmx */
	{true, "c", NUMBER(136), ANY, "rwm"},        /* pts */
	{true, "c", NUMBER(10), NUMBER(200), "rwm"}, /* net/tun */
};
/* clang-format on */

enum reg {
	VERDICT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	TYPE = BPF_REG_2,
	WANTED = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5
};

#define PROLOGUE_SIZE 6
#define RULE_SIZE     7 /* at most: type, major, minor, and four to decide */
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

/* Everything from `from` on that jumps with offset 0 is to jump behind the rule. */
static void patch_jumps(struct prog *p, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p->insns[from + i].off = (__s16)(p->n - (from + i) - 1);
}

/* Returns whether the rule hides all that come before it in the list. */
static bool emit_rule(struct prog *p, const struct oci_device_cgroup *rule)
{
	const unsigned unequal = BPF_JMP32 | BPF_JNE | BPF_K;
	unsigned access = access_bits(rule->access);
	size_t start = p->n, n_jumps;

	if (!is_any_type(rule))
		emit(p, unequal, TYPE, 0, 0, rule->type[0] == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (!is_any(rule->major))
		emit(p, unequal, MAJOR, 0, 0, (uint32_t)rule->major.value);
	if (!is_any(rule->minor))
		emit(p, unequal, MINOR, 0, 0, (uint32_t)rule->minor.value);
	n_jumps = p->n - start;
	if (access != ALL_ACCESS && rule->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, WANTED, 0, 0, ALL_ACCESS & ~access);
		emit(p, unequal, WANTED, 0, 2, 0);
	} else if (access != ALL_ACCESS) {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, WANTED, 0, 1, access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	emit_exit(p, rule->allow);
	patch_jumps(p, start, n_jumps);
	return n_jumps == 0 && access == ALL_ACCESS;
}

int device_prog_make(const struct oci_device_cgroup *rules, size_t n, struct bpf_insn **ret, size_t *ret_n)
{
	size_t room = PROLOGUE_SIZE + (ARRAY_SIZE(defaults) + n) * RULE_SIZE + EPILOGUE_SIZE;
	struct prog p = {.insns = calloc(room, sizeof(*p.insns))};
	bool done = false;

	if (!p.insns)
		return -ENOMEM;
	emit_prologue(&p);
	for (size_t i = ARRAY_SIZE(defaults); i-- > 0 && !done;)
		done = emit_rule(&p, &defaults[i]);
	for (size_t i = n; i-- > 0 && !done;)
		done = emit_rule(&p, &rules[i]);
	if (!done)
		emit_exit(&p, false);
	*ret = p.insns;
	*ret_n = p.n;
	return 0;
}
