/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp to BPF: with libseccomp, which takes milliseconds for an engine's profile, or out of the cache
 * ROOT/@seccomp, keyed by the profile, the libseccomp version and the architecture.
 */
#ifndef TURTLE_HOST_SECCOMP_H
#define TURTLE_HOST_SECCOMP_H

#include "base/err.h"
#include "ocispec.h"
#include "plan/plan.h"

/* As an alternative to linux.seccomp.listenerPath; crun's. */
#define SECCOMP_AGENT_VARIABLE "RUN_OCI_SECCOMP_RECEIVER"

/*
 * root_fd: the state root (-1: no cache). The filter lives in arena (or in a mapping that lasts as long as the
 * process). profile NULL or without effect: ret->len is 0. Cache trouble is never an error: the filter is compiled
 * then. A profile with SCMP_ACT_NOTIFY gets SECCOMP_FILTER_FLAG_NEW_LISTENER; the agent is not looked for.
 */
int seccomp_filter(const struct oci_seccomp *profile, int root_fd, struct ocispec_arena *arena,
		   struct plan_seccomp *ret, struct err *err);

/*
 * The filter of a container: that of its profile, unless the annotation run.oci.seccomp_bpf_data has one ready made.
 * With run.oci.seccomp_fail_unknown_syscall a profile may only name system calls that this libseccomp knows. A filter
 * that notifies must have an agent: that of the annotation run.oci.seccomp.receiver, of the variable
 * RUN_OCI_SECCOMP_RECEIVER or of listenerPath, in this order, which is crun's.
 */
int seccomp_of_container(const struct oci_config *config, int root_fd, struct ocispec_arena *arena,
			 struct plan_seccomp *ret, struct err *err);

/* Whether the libseccomp at hand has the architecture "SCMP_ARCH_X86_64". */
bool seccomp_knows_architecture(const char *word);

#endif
