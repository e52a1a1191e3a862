/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device program against a matcher that is too simple to be wrong: random rules, random requests, the program run
 * by a small interpreter that knows just the instructions that are used. The kernel's verifier and its own run of the
 * program are the business of test_host_cgroup.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host/cgroup/internal.h"

enum { MKNOD = BPF_DEVCG_ACC_MKNOD, READ = BPF_DEVCG_ACC_READ, WRITE = BPF_DEVCG_ACC_WRITE };
enum { BLOCK = BPF_DEVCG_DEV_BLOCK, CHAR = BPF_DEVCG_DEV_CHAR };

struct request {
	unsigned type, access;
	uint32_t major, minor;
};

static uint32_t jump32(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JNE:
		return a != b;
	case BPF_JSET:
		return (a & b) != 0;
	default:
		fail_msg("unknown jump %#x", op);
		return 0;
	}
}

/* Fails the test on anything that the verifier would refuse, too: unknown code, jumps out, no exit. */
static uint64_t run(const struct bpf_insn *prog, size_t n, const struct request *q)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type = q->access << 16 | q->type, .major = q->major, .minor = q->minor};
	uint64_t reg[11] = {0};
	size_t at = 0;

	for (size_t steps = 0; steps <= n; steps++) {
		const struct bpf_insn *i = &prog[at++];
		uint64_t *dst = &reg[i->dst_reg];

		assert_true(at <= n);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: {
			uint32_t word;

			assert_int_equal(i->src_reg, BPF_REG_1);
			assert_true(at <= 3); /* later the register holds something else */
			assert_true(i->off >= 0 && (size_t)i->off + 4 <= sizeof(ctx));
			memcpy(&word, (char *)&ctx + i->off, sizeof(word));
			*dst = word;
			break;
		}
		case BPF_LD | BPF_DW | BPF_IMM:
			assert_true(at < n);
			assert_int_equal(prog[at].code, 0);
			*dst = (uint32_t)i->imm | (uint64_t)(uint32_t)prog[at++].imm << 32;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_LSH | BPF_K:
			*dst <<= i->imm;
			break;
		case BPF_ALU64 | BPF_OR | BPF_X:
			*dst |= reg[i->src_reg];
			break;
		case BPF_JMP | BPF_JNE | BPF_X:
			assert_true(i->off >= 0);
			if (*dst != reg[i->src_reg])
				at += (size_t)i->off;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*dst = (uint32_t)reg[i->src_reg];
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*dst = (uint32_t)*dst >> i->imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*dst = (uint32_t)*dst & (uint32_t)i->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
		case BPF_JMP32 | BPF_JSET | BPF_K:
			if (jump32(BPF_OP(i->code), (uint32_t)*dst, (uint32_t)i->imm))
				at += (size_t)i->off;
			assert_true(i->off >= 0);
			break;
		case BPF_JMP | BPF_JA:
			assert_true(i->off >= 0);
			at += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return reg[0];
		default:
			fail_msg("unknown instruction %#x", i->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

static bool number_matches(struct oci_opt_i64 number, uint32_t value)
{
	return !number.set || number.value == -1 || number.value == (int64_t)value;
}

/* Each kind of access for itself: the last rule that speaks of it decides. */
static bool naive(const struct oci_device_cgroup *rules, size_t n, const struct request *q)
{
	for (unsigned bit = 1; bit <= WRITE; bit <<= 1) {
		char letter = bit == MKNOD ? 'm' : bit == READ ? 'r' : 'w';
		bool allowed = false;

		if (!(q->access & bit))
			continue;
		for (size_t i = 0; i < n; i++) {
			const struct oci_device_cgroup *r = &rules[i];
			bool type =
				!r->type || !*r->type || *r->type == 'a' || *r->type == (q->type == BLOCK ? 'b' : 'c');

			if (type && number_matches(r->major, q->major) && number_matches(r->minor, q->minor) &&
			    strchr(r->access, letter))
				allowed = r->allow;
		}
		if (!allowed)
			return false;
	}
	return true;
}

static bool is_default(const struct request *q)
{
	static const uint32_t numbers[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {10, 200}};

	if (q->type != CHAR)
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i][0] == q->major && numbers[i][1] == q->minor)
			return true;
	return q->major == 136;
}

/* What may be expected of the whole: the defaults can't be denied, and making nodes neither. */
static bool expected(const struct oci_device_cgroup *rules, size_t n, const struct request *q)
{
	struct request rest = *q;

	rest.access &= ~(unsigned)MKNOD;
	return is_default(q) || naive(rules, n, &rest);
}

static void check(const struct oci_device_cgroup *rules, size_t n, const struct request *q)
{
	struct bpf_insn *prog;
	size_t size;
	uint64_t verdict;

	assert_int_equal(device_prog_make(rules, n, &prog, &size), 0);
	verdict = run(prog, size, q);
	assert_true(verdict <= 1);
	if ((verdict == 1) != expected(rules, n, q))
		fail_msg("%c %u:%u access %u: program says %d", q->type == BLOCK ? 'b' : 'c', q->major, q->minor,
			 q->access, (int)verdict);
	free(prog);
}

#define ANY              \
	{                \
		false, 0 \
	}
#define IS(n)             \
	{                 \
		true, (n) \
	}
#define DENY_ALL                            \
	{                                   \
		false, "a", ANY, ANY, "rwm" \
	}

static void test_deny_by_default(void **state)
{
	check(NULL, 0, &(struct request){BLOCK, READ, 8, 0});
	assert_false(expected(NULL, 0, &(struct request){BLOCK, READ, 8, 0}));
}

/* The defaults, one by one, below a rule that denies everything, and with each access. */
static void test_defaults(void **state)
{
	static const uint32_t numbers[][2] = {{1, 3}, {1, 5}, {1, 7},   {1, 8},    {1, 9},
					      {5, 0}, {5, 2}, {136, 0}, {136, 77}, {10, 200}};
	static const struct oci_device_cgroup deny[] = {DENY_ALL, {false, "c", IS(1), ANY, "r"}};
	struct bpf_insn *prog;
	size_t size;

	assert_int_equal(device_prog_make(deny, 2, &prog, &size), 0);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (unsigned access = 1; access < 8; access++) {
			struct request q = {CHAR, access, numbers[i][0], numbers[i][1]};

			assert_int_equal(run(prog, size, &q), 1);
			q.type = BLOCK;
			assert_int_equal(run(prog, size, &q), access == MKNOD);
		}
	free(prog);
}

static void test_mknod_is_always_allowed(void **state)
{
	static const struct oci_device_cgroup deny[] = {DENY_ALL};
	const struct request make = {BLOCK, MKNOD, 8, 1}, use = {BLOCK, MKNOD | READ, 8, 1};
	struct bpf_insn *prog;
	size_t size;

	assert_int_equal(device_prog_make(deny, 1, &prog, &size), 0);
	assert_int_equal(run(prog, size, &make), 1);
	assert_int_equal(run(prog, size, &use), 0);
	free(prog);
}

/* What is not hidden by a later rule for all is not in the program at all. */
static void test_hidden_rules_cost_nothing(void **state)
{
	static const struct oci_device_cgroup many[] = {{true, "c", IS(4), IS(1), "r"},
							{true, "b", IS(8), ANY, "rw"},
							DENY_ALL},
					      one[] = {DENY_ALL};
	struct bpf_insn *a, *b;
	size_t size_a, size_b;

	assert_int_equal(device_prog_make(many, 3, &a, &size_a), 0);
	assert_int_equal(device_prog_make(one, 1, &b, &size_b), 0);
	assert_int_equal(size_a, size_b);
	assert_memory_equal(a, b, size_a * sizeof(*a));
	free(a);
	free(b);
}

static void test_types_and_numbers(void **state)
{
	static const struct oci_device_cgroup rules[] = {
		{true, NULL, IS(2147483647), IS(-1), "r"},
		{true, "", ANY, IS(2147483647), "w"},
		{true, "b", IS(8), IS(16), "rw"},
		{false, "b", IS(8), IS(16), "w"},
	};
	const struct {
		struct request q;
		bool allowed;
	} cases[] = {
		{{CHAR, READ, 2147483647, 5}, true},   {{BLOCK, READ, 2147483647, 5}, true},
		{{CHAR, WRITE, 2147483647, 5}, false}, {{CHAR, READ | WRITE, 2147483647, 2147483647}, true},
		{{BLOCK, READ, 8, 16}, true},          {{BLOCK, WRITE, 8, 16}, false},
		{{BLOCK, READ | WRITE, 8, 16}, false}, {{CHAR, READ, 8, 16}, false},
		{{BLOCK, READ, 8, 17}, false},         {{BLOCK, READ, 2147483639, 16}, false},
		{{BLOCK, READ | MKNOD, 8, 16}, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(expected(rules, 4, &cases[i].q), cases[i].allowed);
		check(rules, 4, &cases[i].q);
	}
}

/* Small numbers, so that rules and requests meet often. */
static struct oci_opt_i64 random_number(void)
{
	int n = rand() % 5;

	return (struct oci_opt_i64){n != 0, n == 1 ? -1 : n};
}

static void test_random_rules(void **state)
{
	static const char *const types[] = {"a", "b", "c", "", NULL};
	static const char *const accesses[] = {"r", "w", "m", "rw", "rm", "wm", "rwm", "mwr"};

	srand(20210425);
	for (int round = 0; round < 4000; round++) {
		struct oci_device_cgroup rules[12];
		size_t n = (size_t)rand() % 12;

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct oci_device_cgroup){.allow = rand() % 2,
							      .type = types[rand() % 5],
							      .major = random_number(),
							      .minor = random_number(),
							      .access = accesses[rand() % 8]};
		for (int i = 0; i < 20; i++)
			check(rules, n,
			      &(struct request){rand() % 2 ? BLOCK : CHAR, 1 + (unsigned)rand() % 7,
						(uint32_t)rand() % 6, (uint32_t)rand() % 6});
	}
}

static void test_ten_thousand_rules(void **state)
{
	enum { MANY = 10000 };
	struct oci_device_cgroup *rules = calloc(MANY, sizeof(*rules));

	assert_non_null(rules);
	for (size_t i = 0; i < MANY; i++)
		rules[i] = (struct oci_device_cgroup){true, "b", IS(8), IS((int64_t)i), "r"};
	check(rules, MANY, &(struct request){BLOCK, READ, 8, 0});
	check(rules, MANY, &(struct request){BLOCK, READ, 8, MANY});
	free(rules);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deny_by_default),         cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_mknod_is_always_allowed), cmocka_unit_test(test_hidden_rules_cost_nothing),
		cmocka_unit_test(test_types_and_numbers),       cmocka_unit_test(test_random_rules),
		cmocka_unit_test(test_ten_thousand_rules),
	};

	return cmocka_run_group_tests_name("device_prog", tests, NULL, NULL);
}
