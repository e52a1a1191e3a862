/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smaller program does what the program did: programs of random instructions, with every kind of path to a return,
 * against an interpreter. Those that the shrinker does not understand must be few of them, and named ones.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "host/seccomp_shrink.h"

#include "bpf.h"
#include "random.h"

#define LD(offset)        ((struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, (offset)})
#define JUMP(op, k, t, f) ((struct sock_filter){BPF_JMP | (op) | BPF_K, (t), (f), (k)})
#define RET(k)            ((struct sock_filter){BPF_RET | BPF_K, 0, 0, (k)})
#define NR                offsetof(struct seccomp_data, nr)
#define ARCH              offsetof(struct seccomp_data, arch)
#define ARG               offsetof(struct seccomp_data, args)

static const uint32_t archs[] = {0xc000003e, 0x40000003, 0xc00000b7, 7};
static const uint32_t numbers[] = {0, 1, 2, 5, 9, 10, 11, 0x40000000, 0x40000001, UINT32_MAX};

static const uint16_t orders[] = {BPF_JEQ, BPF_JGT, BPF_JGE};

static uint32_t some_number(void)
{
	return numbers[below(ARRAY_SIZE(numbers))] + below(3) - 1;
}

/* A jump that stays in the program of n instructions, whose last one is a return. */
static uint8_t some_way(size_t i, size_t n)
{
	size_t room = n - i - 2;

	return (uint8_t)below((uint32_t)(room < 6 ? room : 6) + 1);
}

/* What is in the accumulator is known where no jump leads to; elsewhere anything may be done with anything. */
static void random_program(struct sock_filter *p, size_t n)
{
	uint32_t loaded = NR;

	p[0] = LD(ARCH);
	p[1] = JUMP(BPF_JEQ, archs[below(2)], 0, some_way(1, n));
	p[2] = LD(NR);
	for (size_t i = 3; i < n - 1; i++) {
		switch (below(8)) {
		case 0:
			p[i] = LD(loaded = NR);
			break;
		case 1:
			p[i] = LD(loaded = (uint32_t)ARG + 4 * below(4));
			break;
		case 2:
			p[i] = RET(SECCOMP_RET_ERRNO | below(4));
			loaded = 0;
			break;
		case 3:
			p[i] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, some_way(i, n)};
			loaded = 0;
			break;
		case 4:
			p[i] = loaded >= ARG ? (struct sock_filter){BPF_ALU | BPF_AND | BPF_K, 0, 0, below(16)}
					     : LD(loaded = ARCH);
			break;
		default:
			p[i] = loaded == ARCH ? JUMP(BPF_JEQ, archs[below(3)], some_way(i, n), some_way(i, n))
					      : JUMP(orders[below(3)], some_number(), some_way(i, n), some_way(i, n));
		}
	}
	p[n - 1] = RET(SECCOMP_RET_ALLOW);
}

static void compare(const struct sock_filter *p, size_t n, const struct seccomp_code *small)
{
	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (int i = 0; i < 60; i++) {
			struct seccomp_data data = {.nr = (int)some_number(), .arch = archs[a]};
			uint32_t was, is;

			for (int k = 0; k < 2; k++)
				data.args[k] = below(3) ? (uint64_t)some_number() << (32 * below(2)) : next();
			was = run_bpf(p, n, &data);
			is = run_bpf(small->insns, small->n, &data);
			if (was == is)
				continue;
			for (size_t k = 0; k < n; k++)
				print_error("%3zu: %#06x %u %u %#x\n", k, p[k].code, p[k].jt, p[k].jf, p[k].k);
			fail_msg("arch %#x, number %#x: %#x, was %#x", data.arch, (unsigned)data.nr, is, was);
		}
}

static void test_random(void **state)
{
	size_t taken = 0, rounds = 4000;

	seed = seed_of(state);
	for (size_t round = 0; round < rounds; round++) {
		struct sock_filter p[64];
		size_t n = 8 + below(ARRAY_SIZE(p) - 8);
		struct seccomp_code small = {0};
		int r;

		random_program(p, n);
		r = seccomp_shrink(p, n, &small);
		if (r == 0)
			compare(p, n, &small);
		else
			assert_int_equal(r, -EOPNOTSUPP);
		taken += r == 0;
		free(small.insns);
	}
	/* Most are refused for what they do on unknown architectures. */
	assert_true(taken > rounds / 10);
}

/* A chain of equals, as libseccomp makes it, becomes one range. */
static void test_chain(void **state)
{
	struct sock_filter p[404];
	struct seccomp_code small = {0};
	size_t n = 0;

	(void)state;
	p[n++] = LD(ARCH);
	p[n++] = JUMP(BPF_JEQ, archs[0], 1, 0);
	p[n++] = RET(SECCOMP_RET_KILL_THREAD);
	p[n++] = LD(NR);
	for (uint32_t i = 100; i < 299; i++) {
		p[n++] = JUMP(BPF_JEQ, i, 0, 1);
		p[n++] = RET(SECCOMP_RET_ALLOW);
	}
	p[n++] = RET(SECCOMP_RET_ERRNO | 1);
	assert_int_equal(seccomp_shrink(p, n, &small), 0);
	/* arch, its jump, the number, two borders, and the three answers. */
	assert_int_equal(small.n, 8);
	for (int nr = 0; nr < 400; nr++) {
		const struct seccomp_data data = {.nr = nr, .arch = archs[0]}, foreign = {.nr = nr, .arch = archs[1]};

		assert_int_equal(run_bpf(small.insns, small.n, &data), run_bpf(p, n, &data));
		assert_int_equal(run_bpf(small.insns, small.n, &foreign), SECCOMP_RET_KILL_THREAD);
	}
	free(small.insns);
}

/* Single numbers in a range cost one instruction each, and one more to bisect after four of them. */
static void test_singles(void **state)
{
	struct sock_filter p[64];
	struct seccomp_code small = {0};
	size_t n = 0;

	(void)state;
	p[n++] = LD(ARCH);
	p[n++] = JUMP(BPF_JEQ, archs[0], 1, 0);
	p[n++] = RET(SECCOMP_RET_KILL_THREAD);
	p[n++] = LD(NR);
	for (uint32_t i = 100; i < 116; i += 2) {
		p[n++] = JUMP(BPF_JEQ, i, 0, 1);
		p[n++] = RET(SECCOMP_RET_ERRNO | (i % 4 ? 1 : 2));
	}
	p[n++] = RET(SECCOMP_RET_ALLOW);
	assert_int_equal(seccomp_shrink(p, n, &small), 0);
	assert_int_equal(small.n, 3 + 8 + 1 + 4);
	for (int nr = 0; nr < 200; nr++) {
		const struct seccomp_data data = {.nr = nr, .arch = archs[0]};

		assert_int_equal(run_bpf(small.insns, small.n, &data), run_bpf(p, n, &data));
	}
	free(small.insns);
}

/* Answers too many to be near each other, some of them given by the arguments. */
static void test_far(void **state)
{
	struct sock_filter p[4000];
	struct seccomp_code small = {0};
	size_t n = 0;

	(void)state;
	for (size_t a = 0; a < 2; a++) {
		p[n++] = LD(ARCH);
		p[n++] = JUMP(BPF_JEQ, archs[a], 1, 0);
		p[n++] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, 1 + 300 * 6 + 1};
		p[n++] = LD(NR);
		for (uint32_t i = 0; i < 300; i++) {
			p[n++] = JUMP(BPF_JEQ, i, 0, 5);
			p[n++] = i % 3 ? RET(SECCOMP_RET_ERRNO | (i + (uint32_t)a)) : LD(ARG + 8 * (i % 6));
			p[n++] = JUMP(BPF_JEQ, i, 0, 1);
			p[n++] = RET(SECCOMP_RET_ALLOW);
			p[n++] = RET(SECCOMP_RET_ERRNO | i);
			p[n++] = RET(SECCOMP_RET_TRAP);
		}
		p[n++] = RET(SECCOMP_RET_LOG);
	}
	p[n++] = RET(SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(seccomp_shrink(p, n, &small), 0);
	for (size_t a = 0; a < 3; a++)
		for (int nr = 0; nr < 302; nr++)
			for (unsigned with = 0; with < 2; with++) {
				struct seccomp_data data = {.nr = nr, .arch = archs[a]};

				for (size_t i = 0; i < 6; i++)
					data.args[i] = with ? (unsigned)nr : 1000;
				assert_int_equal(run_bpf(small.insns, small.n, &data), run_bpf(p, n, &data));
			}
	free(small.insns);
}

/* Nothing is guessed. */
static void test_not_understood(void **state)
{
	const struct sock_filter programs[][5] = {
		/* part of a number */
		{LD(NR), JUMP(BPF_JSET, 1, 0, 1), RET(1), RET(2), RET(3)},
		{LD(NR), {BPF_ALU | BPF_AND | BPF_K, 0, 0, 1}, JUMP(BPF_JEQ, 1, 0, 1), RET(1), RET(2)},
		{LD(ARCH), JUMP(BPF_JGT, 1, 0, 1), RET(1), RET(2), RET(3)},
		/* memory, the other register, what is computed */
		{LD(NR), {BPF_ST, 0, 0, 0}, {BPF_LD | BPF_MEM, 0, 0, 0}, RET(1), RET(2)},
		{LD(ARG), {BPF_MISC | BPF_TAX, 0, 0, 0}, JUMP(BPF_JEQ, 1, 0, 0), RET(1), RET(2)},
		{LD(NR), {BPF_RET | BPF_A, 0, 0, 0}, RET(1), RET(2), RET(3)},
		/* unknown architectures are not all alike */
		{LD(NR), JUMP(BPF_JEQ, 1, 0, 1), RET(1), RET(2), RET(3)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct seccomp_code small = {0};

		assert_int_equal(seccomp_shrink(programs[i], ARRAY_SIZE(programs[i]), &small), -EOPNOTSUPP);
		free(small.insns);
	}
}

static void test_always(void **state)
{
	const struct sock_filter p[] = {
		LD(ARCH),
		JUMP(BPF_JEQ, archs[0], 1, 0),
		RET(SECCOMP_RET_KILL_THREAD),
		LD(NR),
		JUMP(BPF_JEQ, 1, 2, 0),
		JUMP(BPF_JEQ, 2, 0, 4),
		RET(SECCOMP_RET_ERRNO | 7),
		LD(ARG),
		JUMP(BPF_JEQ, 3, 0, 1),
		RET(SECCOMP_RET_ERRNO | 8),
		RET(SECCOMP_RET_ALLOW),
	};
	uint32_t action = 0;

	(void)state;
	assert_false(seccomp_always(p, ARRAY_SIZE(p), archs[0], 1, &action));
	assert_true(seccomp_always(p, ARRAY_SIZE(p), archs[0], 2, &action));
	assert_int_equal(action, SECCOMP_RET_ERRNO | 7);
	assert_true(seccomp_always(p, ARRAY_SIZE(p), archs[0], 3, &action));
	assert_int_equal(action, SECCOMP_RET_ALLOW);
	assert_true(seccomp_always(p, ARRAY_SIZE(p), archs[1], 1, &action));
	assert_int_equal(action, SECCOMP_RET_KILL_THREAD);
	/* Cut short. */
	assert_false(seccomp_always(p, 10, archs[0], 3, &action));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_singles),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_always),
		{"random programs 1", test_random, NULL, NULL, (void *)1},
		{"random programs 2", test_random, NULL, NULL, (void *)2},
		{"random programs of a fresh seed", test_random, NULL, NULL, NULL},
	};

	return cmocka_run_group_tests_name("host seccomp_shrink", tests, NULL, NULL);
}
