/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a seccomp profile in libseccomp's terms, and the BPF that turtle puts in front of libseccomp's. */
#ifndef TURTLE_HOST_SECCOMP_FRONT_H
#define TURTLE_HOST_SECCOMP_FRONT_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_ARGS 6 /* of a system call */

/* One rule, for all of its names. */
struct seccomp_rule {
	size_t n_names;
	const char *const *names; /* also unknown ones */
	uint32_t action;
	size_t n_args;
	struct scmp_arg_cmp *args; /* owned */
	bool repeated;             /* an argument has two conditions: each condition is then a rule of its own */
};

struct seccomp_arch {
	uint32_t token; /* SCMP_ARCH_* */
	int last;       /* the highest number of a call that the profile names, -1: it names none */
};

/* Rules whose action is the default one are not in the list. */
struct seccomp_rules {
	uint32_t default_action;
	size_t n_archs;
	struct seccomp_arch *archs; /* owned; this machine's included, none twice */
	size_t n;
	struct seccomp_rule *list; /* owned */
};

struct seccomp_code {
	struct sock_filter *insns; /* owned */
	size_t n, room;
};

void seccomp_code_free(struct seccomp_code *code);

/* Appends one instruction. -ENOMEM. */
int seccomp_emit(struct seccomp_code *code, unsigned op, uint8_t jt, uint8_t jf, uint32_t k);

/* Appends what must stand before libseccomp's program, often nothing. -ENOMEM. */
int seccomp_front_emit(const struct seccomp_rules *rules, struct seccomp_code *code);

#endif
