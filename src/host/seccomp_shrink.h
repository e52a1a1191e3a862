/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the program of a filter smaller: the kernel checks, translates and copies each instruction at each start. */
#ifndef TURTLE_HOST_SECCOMP_SHRINK_H
#define TURTLE_HOST_SECCOMP_SHRINK_H

#include "host/seccomp_front.h"

/* Whether the program gives this number one answer whatever the arguments are; false also where it is not understood.
 */
bool seccomp_always(const struct sock_filter *filter, size_t n, uint32_t arch, uint32_t number, uint32_t *ret_action);

/*
 * A program with the same results for every architecture, number and arguments. -EOPNOTSUPP: from does something that
 * is not understood here, and has to be used as it is; -ENOMEM.
 */
int seccomp_shrink(const struct sock_filter *from, size_t n, struct seccomp_code *ret);

#endif
