/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations with a meaning. The others are kept for `state` and hooks, and change nothing; so do unknown ones of
 * crun's, which an engine may have written for a runtime that knows them.
 */
#ifndef TURTLE_CONFIG_ANNOTATIONS_H
#define TURTLE_CONFIG_ANNOTATIONS_H

/* A prefix: what follows is a property of the container's systemd unit. */
#define ANNOTATION_SYSTEMD_PROPERTY "org.systemd.property."

/* The prefix of crun's extensions, of which these are here. */
#define ANNOTATION_EXTENSION   "run.oci."
#define ANNOTATION_KEEP_GROUPS ANNOTATION_EXTENSION "keep_original_groups"
#define ANNOTATION_SUBGROUP    ANNOTATION_EXTENSION "systemd.subgroup"
#define ANNOTATION_DELEGATE    ANNOTATION_EXTENSION "delegate-cgroup"
#define ANNOTATION_FORCE_V1    ANNOTATION_EXTENSION "systemd.force_cgroup_v1"

/*
 * What reaches beyond the container, so that an engine should not let its own users set it: `features` says so. A dot
 * at the end makes a prefix.
 */
#define ANNOTATIONS_UNSAFE                                        \
	{                                                         \
		ANNOTATION_SYSTEMD_PROPERTY, ANNOTATION_EXTENSION \
	}

#endif
