/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the configuration that stand for numbers of the kernel. Validation asks whether a word exists, planning
 * what it means; both look here. Everything is exact: no other case, no abbreviations.
 */
#ifndef TURTLE_CONFIG_NAMES_H
#define TURTLE_CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "network" -> CLONE_NEWNET; 0 when there is no such type. */
uint64_t name_to_namespace(const char *type);
/* The reverse; NULL when it is not exactly one namespace. */
const char *name_of_namespace(uint64_t flag);

/* "CAP_CHOWN" -> 0; -1 when unknown. */
int name_to_capability(const char *name);
/* NULL when unknown. */
const char *name_of_capability(unsigned capability);

/* "RLIMIT_NOFILE" -> RLIMIT_NOFILE; -1 when unknown. */
int name_to_rlimit(const char *name);
const char *name_of_rlimit(unsigned resource);

/* "rslave" -> MS_SLAVE | MS_REC; 0 when unknown. */
uint32_t name_to_propagation(const char *word);

/* "LINUX32" -> PER_LINUX32. Returns false when unknown. */
bool name_to_personality(const char *domain, uint64_t *ret);

/*
 * The path below /proc/sys of a sysctl key. As in sysctl(8) the first separator decides: after a dot, dots separate and
 * slashes stand for dots ("net.ipv4.conf.eth0/1.forwarding"); after a slash nothing is changed. Returns false when a
 * part is empty, "." or "..", or the whole does not fit into size.
 */
bool sysctl_path(const char *key, char *ret, size_t size);

#define SYSCTL_PATH_SIZE 256

/* The namespace that a sysctl belongs to (CLONE_NEW*), 0 when it is none that a container may set. */
uint64_t sysctl_namespace(const char *path);

#endif
