/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation is a list of small checks, each with one thing to say. They are pure, know the whole configuration, and
 * come in tables, one a subject; the order within validate.c's list of tables is the order in which faults are found,
 * namespaces first, since many rules depend on which of them the container has.
 *
 * Messages begin with the JSON path of the property, except where engines know a text by heart.
 */
#ifndef TURTLE_CONFIG_VALIDATE_H
#define TURTLE_CONFIG_VALIDATE_H

#include "config/config.h"

#include <errno.h>
#include <stdint.h>

struct validation {
	const struct oci_config *config;
	const struct config_facts *facts;
	const struct oci_linux *linux_; /* config's, or an empty one: never NULL */
	void (*warn)(void *arg, const char *message);
	void *arg;
	uint64_t new_ns, joined_ns; /* CLONE_NEW*, known once the namespaces are checked */
};

struct config_check {
	const char *name;
	int (*check)(struct validation *v, struct err *err);
};

/* The tables; each ends with an empty entry. */
extern const struct config_check config_checks_namespaces[], config_checks_root[], config_checks_process[],
	config_checks_scheduling[], config_checks_mounts[], config_checks_linux[], config_checks_devices[],
	config_checks_seccomp[], config_checks_annotations[], config_checks_net_devices[], config_checks_rdt[];

/* err_msg() with -EINVAL. */
#define INVALID(err, ...) err_msg(err, -EINVAL, __VA_ARGS__)

void validate_warn(struct validation *v, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Whether the container has the namespace (CLONE_NEW*) for itself or shares one that it joins. */
static inline bool has_namespace(const struct validation *v, uint64_t ns)
{
	return (v->new_ns | v->joined_ns) & ns;
}

/* Whether the string says anything: absent and empty are the same for most properties. */
static inline bool given(const char *s)
{
	return s && s[0];
}

/*
 * A path that the kernel could take: not empty, below PATH_MAX; absolute: and begins with a slash. The format says
 * which property it is; it is formatted only for the message.
 */
int validate_path(const char *path, bool absolute, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* An id that setresuid(2) and friends take: all but the one that means "leave it". */
int validate_id(uint32_t id, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A list of CPUs as in cpuset(7): "0-3,7". */
bool validate_cpu_list(const char *s);

/* A label of SELinux: that there is SELinux, and what no label may hold. */
int validate_label(struct validation *v, const char *label, struct err *err, const char *property);

/* Whether the id of the container is in the map. */
bool id_is_mapped(const struct oci_id_mapping *map, size_t n, uint32_t id);

#endif
