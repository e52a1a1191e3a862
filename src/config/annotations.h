/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations with a meaning. The others are kept for `state` and hooks, and change nothing; so do unknown ones of
 * crun's, which an engine may have written for a runtime that knows them.
 */
#ifndef TURTLE_CONFIG_ANNOTATIONS_H
#define TURTLE_CONFIG_ANNOTATIONS_H

#include "ocispec.h"

#include <stdbool.h>
#include <stddef.h>

/* A prefix: what follows is a property of the container's systemd unit. */
#define ANNOTATION_SYSTEMD_PROPERTY "org.systemd.property."

/* The prefix of crun's extensions, of which these are here. */
#define ANNOTATION_EXTENSION      "run.oci."
#define ANNOTATION_KEEP_GROUPS    ANNOTATION_EXTENSION "keep_original_groups"
#define ANNOTATION_PIDFD_RECEIVER ANNOTATION_EXTENSION "pidfd_receiver"
#define ANNOTATION_HOOKS_STDOUT   ANNOTATION_EXTENSION "hooks.stdout"
#define ANNOTATION_HOOKS_STDERR   ANNOTATION_EXTENSION "hooks.stderr"
#define ANNOTATION_HANDLER        ANNOTATION_EXTENSION "handler"
#define ANNOTATION_MOUNT_CONTEXT  ANNOTATION_EXTENSION "mount_context_type"
#define ANNOTATION_SECCOMP_STRICT ANNOTATION_EXTENSION "seccomp_fail_unknown_syscall"
#define ANNOTATION_SECCOMP_BPF    ANNOTATION_EXTENSION "seccomp_bpf_data"
#define ANNOTATION_SECCOMP_AGENT  ANNOTATION_EXTENSION "seccomp.receiver"
#define ANNOTATION_SECCOMP_PLUGIN ANNOTATION_EXTENSION "seccomp.plugins"
#define ANNOTATION_SUBGROUP       ANNOTATION_EXTENSION "systemd.subgroup"
#define ANNOTATION_DELEGATE       ANNOTATION_EXTENSION "delegate-cgroup"
#define ANNOTATION_FORCE_V1       ANNOTATION_EXTENSION "systemd.force_cgroup_v1"

/* A file with options of CRIU's, for checkpoint and restore; empty: none. */
#define ANNOTATION_CRIU_CONFIG "org.criu.config"

/*
 * What reaches beyond the container, so that an engine should not let its own users set it: `features` says so. A dot
 * at the end makes a prefix.
 */
#define ANNOTATIONS_UNSAFE                                                                \
	{                                                                                 \
		ANNOTATION_SYSTEMD_PROPERTY, ANNOTATION_EXTENSION, ANNOTATION_CRIU_CONFIG \
	}

/* The value of the first with this key; NULL when there is none. */
const char *annotation(const struct oci_pair *annotations, size_t n, const char *key);

/* A switch: on where it is there, whatever its value, but for "0". */
bool annotation_is_on(const struct oci_pair *annotations, size_t n, const char *key);

#endif
