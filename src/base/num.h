/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers out of text, strictly: the whole string is decimal digits (a leading '-' where the type is signed), no space,
 * no '+', no base prefix, and the value fits. Return 0, -EINVAL (not a number) or -ERANGE; *ret untouched on failure.
 */
#ifndef TURTLE_BASE_NUM_H
#define TURTLE_BASE_NUM_H

#include <stdint.h>

int num_u32(const char *s, uint32_t *ret);
int num_u64(const char *s, uint64_t *ret);
int num_i32(const char *s, int32_t *ret);
int num_i64(const char *s, int64_t *ret);

#endif
