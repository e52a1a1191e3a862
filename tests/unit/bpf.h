/* SPDX-License-Identifier: Apache-2.0 */
/* An interpreter of classic BPF, as far as seccomp filters use it. Include <cmocka.h> before. */
#ifndef TURTLE_TESTS_BPF_H
#define TURTLE_TESTS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t load_word(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static inline uint32_t alu(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_AND:
		return a & k;
	case BPF_OR:
		return a | k;
	case BPF_RSH:
		return a >> k;
	case BPF_SUB:
		return a - k;
	}
	fail_msg("unexpected ALU operation %#x", op);
	return 0;
}

static inline bool jump_taken(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	}
	fail_msg("unexpected jump %#x", op);
	return false;
}

static inline uint32_t run_bpf(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &program[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load_word(data, i->k);
			break;
		case BPF_LD | BPF_IMM:
			a = i->k;
			break;
		case BPF_LD | BPF_MEM:
			assert_true(i->k < BPF_MEMWORDS);
			a = memory[i->k];
			break;
		case BPF_ST:
			assert_true(i->k < BPF_MEMWORDS);
			memory[i->k] = a;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		default:
			if (BPF_CLASS(i->code) == BPF_JMP && BPF_SRC(i->code) == BPF_K)
				pc += jump_taken(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
			else if (BPF_CLASS(i->code) == BPF_ALU && BPF_SRC(i->code) == BPF_K)
				a = alu(BPF_OP(i->code), a, i->k);
			else
				fail_msg("unexpected instruction %#x", i->code);
		}
	}
	fail_msg("the program runs off its end");
	return 0;
}

#endif
