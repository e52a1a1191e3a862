/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make a configuration out of wishes share: see box.h. All but box_look.c are pure. */
#ifndef TURTLE_CONFIG_BOX_INTERNAL_H
#define TURTLE_CONFIG_BOX_INTERNAL_H

#include "config/box.h"

struct box {
	const struct box_wishes *wishes;
	const struct box_surroundings *around;
	struct ocispec_arena *arena;
	struct oci_config *config;
	bool whole;       /* a root filesystem is named: the defaults of a box */
	bool own_network; /* a network namespace of its own */
	bool userns;
	uint64_t caps;           /* as a mask */
	struct oci_mount *added; /* by the wishes, before they are put in order */
	size_t n_added;
};

/* -EINVAL: invalid value "VALUE" for OPTION: TEXT */
int box_bad(struct err *err, const char *option, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));
int box_no_memory(struct err *err) __attribute__((cold));

/* Formatted text in the arena; NULL when out of memory. */
char *box_text(struct box *box, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* n zeroed elements, at least one; NULL when out of memory. */
void *box_alloc(struct box *box, size_t n, size_t size);

/* Octal permissions of at most max. 0 or -EINVAL. */
int box_octal(const char *text, uint32_t max, uint32_t *ret);

/* The number of a capability as people type it, in any case and with or without CAP_; -1: there is none. */
int box_capability(const char *word);

/* Whether the id of the container exists in its user namespace. */
bool box_uid_mapped(const struct box *box, uint32_t uid);
bool box_gid_mapped(const struct box *box, uint32_t gid);
/* One id alone, mapped without privilege: setgroups(2) is not to be had. */
bool box_single_group(const struct box *box);

/* The file of the wished seccomp profile: NULL when there is none. */
int box_seccomp_file(const struct box_wishes *wishes, const char **ret, struct err *err);

/* A bind mount that some option stands for; box_place_mounts() puts all of them into the configuration. */
int box_add_mount(struct box *box, const char *option, const char *value, const struct oci_mount *mount,
		  struct err *err);

/* The steps of box_config(), in their files. */
int box_mounts(struct box *box, struct err *err);
int box_devices(struct box *box, struct err *err);
int box_place_mounts(struct box *box, struct err *err);
int box_resources(struct box *box, struct err *err);
int box_rlimits(struct box *box, struct err *err);
int box_user(struct box *box, struct err *err);
int box_seccomp(struct box *box, struct err *err);

#endif
