/* SPDX-License-Identifier: Apache-2.0 */
/* The program that finds the answer for a system call's number by bisection, with as few instructions as there can be.
 */
#ifndef TURTLE_HOST_SECCOMP_TREE_H
#define TURTLE_HOST_SECCOMP_TREE_H

#include "host/seccomp_front.h"

/* The numbers from first to the one before the next range's first have one answer. */
struct seccomp_range {
	uint32_t first;
	bool constant;
	uint32_t action;          /* if constant */
	struct seccomp_code code; /* else: it looks at arguments, and returns; owned */
};

/* All numbers of an architecture: the first range begins at 0. */
struct seccomp_section {
	uint32_t arch;
	struct seccomp_range *list; /* owned */
	size_t n;
};

bool seccomp_range_same(const struct seccomp_range *a, const struct seccomp_range *b);
void seccomp_section_free(struct seccomp_section *section);

/* Appends the program to ret, which then ends with it; other architectures have one answer, otherwise. -ENOMEM. */
int seccomp_tree_emit(const struct seccomp_section *sections, size_t n, uint32_t otherwise, struct seccomp_code *ret);

#endif
