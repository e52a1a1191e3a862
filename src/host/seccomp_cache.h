/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled seccomp filters on disk: ROOT/@seccomp/HASH. Nothing here is ever an error for the caller: what is not
 * there, not ours, or not sound is a miss.
 */
#ifndef TURTLE_HOST_SECCOMP_CACHE_H
#define TURTLE_HOST_SECCOMP_CACHE_H

#include "ocispec.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries that may be there; the oldest go when it is full. */
#define SECCOMP_CACHE_MAX 64

/* All that the program depends on, as bytes. */
struct seccomp_key {
	char *bytes; /* owned */
	size_t size;
	uint64_t hash; /* names the file; the bytes are compared */
};

/* -ENOMEM, or -E2BIG: too large to be worth it. *ret is then untouched. */
int seccomp_key_make(const struct oci_seccomp *profile, struct seccomp_key *ret);
void seccomp_key_free(struct seccomp_key *key);

/* A hit fills in ret->filter and ret->len. */
bool seccomp_cache_load(int root_fd, const struct seccomp_key *key, struct ocispec_arena *arena,
			struct plan_seccomp *ret);
void seccomp_cache_store(int root_fd, const struct seccomp_key *key, const struct plan_seccomp *filter);

#endif
