/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the configuration that stand for numbers of the kernel. Validation asks whether a word exists, planning
 * what it means; both look here. Everything is exact, no other case, no abbreviations, unless it says otherwise.
 */
#ifndef TURTLE_CONFIG_NAMES_H
#define TURTLE_CONFIG_NAMES_H

#include <linux/seccomp.h>
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

/*
 * The words of linux.seccomp. An action is one of the kernel's SECCOMP_RET_*, without the number that ERRNO and TRACE
 * carry; a comparison has libseccomp's number. They return false when unknown.
 */
enum seccomp_operator {
	SECCOMP_OP_NE = 1,
	SECCOMP_OP_LT,
	SECCOMP_OP_LE,
	SECCOMP_OP_EQ,
	SECCOMP_OP_GE,
	SECCOMP_OP_GT,
	SECCOMP_OP_MASKED_EQ,
};
/* Since Linux 5.19. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
bool name_to_seccomp_action(const char *name, uint32_t *ret);
bool name_to_seccomp_operator(const char *name, enum seccomp_operator *ret);
/* SECCOMP_FILTER_FLAG_*; 0 for those that are taken and change nothing for a process with one thread. */
bool name_to_seccomp_flag(const char *name, uint32_t *ret);
/* The architectures of the specification; libseccomp may know fewer (host/seccomp.h). */
bool is_seccomp_architecture(const char *name);

/* The words themselves, for `features`: the i-th of its kind, NULL after the last. */
enum name_kind {
	NAMES_NAMESPACE,
	NAMES_CAPABILITY,
	NAMES_SECCOMP_ACTION,
	NAMES_SECCOMP_OPERATOR,
	NAMES_SECCOMP_ARCHITECTURE,
	NAMES_SECCOMP_FLAG,
	NAMES_MEMORY_POLICY_MODE,
	NAMES_MEMORY_POLICY_FLAG,
};
const char *name_at(enum name_kind kind, size_t i);

/* "RLIMIT_NOFILE" -> RLIMIT_NOFILE; -1 when unknown. */
int name_to_rlimit(const char *name);
const char *name_of_rlimit(unsigned resource);

/* "rslave" -> MS_SLAVE | MS_REC; 0 when unknown. */
uint32_t name_to_propagation(const char *word);

/* "LINUX32" -> PER_LINUX32. Returns false when unknown. */
bool name_to_personality(const char *domain, uint64_t *ret);

/* No kernel is built for more: CONFIG_NR_CPUS and CONFIG_NODES_SHIFT. */
#define CPUS_MAX         8192
#define MEMORY_NODES_MAX 1024

/* Not in the headers: no kernel has this policy, the number is reserved. */
#define SCHED_POLICY_ISO 4

/* The words of process.scheduler and process.ioPriority: SCHED_*, SCHED_FLAG_*, a class of ioprio_set(2). */
bool name_to_sched_policy(const char *name, uint32_t *ret);
bool name_to_sched_flag(const char *name, uint32_t *ret);
bool name_to_io_class(const char *name, uint32_t *ret);

/* Those of linux.memoryPolicy: MPOL_*, MPOL_F_*. */
bool name_to_memory_policy(const char *name, uint32_t *ret);
bool name_to_memory_policy_flag(const char *name, uint32_t *ret);

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
