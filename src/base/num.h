/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers out of text, strictly: the whole string is decimal digits (a leading '-' where the type is signed), no space,
 * no '+', no base prefix, and the value fits. Return 0, -EINVAL (not a number) or -ERANGE; *ret untouched on failure.
 */
#ifndef TURTLE_BASE_NUM_H
#define TURTLE_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

int num_u32(const char *s, uint32_t *ret);
int num_u64(const char *s, uint64_t *ret);
int num_i32(const char *s, int32_t *ret);
int num_i64(const char *s, int64_t *ret);

/* The decimal number that *s begins with, whatever follows it; on success *s moves on behind it. */
int num_take_u32(const char **s, uint32_t *ret);
int num_take_u64(const char **s, uint64_t *ret);

/*
 * A list of numbers below bits, as cpuset(7) writes CPUs and memory nodes: "0-3,7". They are added to the mask, bit
 * i % 8 of byte i / 8; NULL: the text is only checked.
 */
int num_list(const char *s, uint8_t *mask, uint32_t bits);

/* The first n numbers of a line of columns (spaces before and between them), as in the id maps of procfs. */
int num_columns_u32(const char *line, uint32_t *ret, size_t n);

/*
 * A size in bytes as docker and podman write it: a decimal number, also with a fraction, and a unit of 1024: k, m, g, t
 * or p, alone or followed by b or ib, in any case; b alone, or none, is bytes. "-1" is -1: unlimited.
 */
int num_size(const char *s, int64_t *ret);

/*
 * A duration in nanoseconds as Go writes it and runc takes it: decimal numbers, also with a fraction, each with its
 * unit (ns, us, ms, s, m, h), one after the other, with one sign before all: "5s", "1m30s", "1.5h". "0" needs no unit.
 */
int num_duration(const char *s, int64_t *ret);

#endif
