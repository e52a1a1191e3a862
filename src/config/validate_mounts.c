/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of mounts. What the options mean is the plan's business (plan/mounts.c), which also refuses what can't be put
 * together; here is what depends on the rest of the configuration.
 */
#include "config/validate.h"

#include "base/num.h"
#include "config/id_map.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

static int check_namespace(struct validation *v, struct err *err)
{
	if (v->config->n_mounts && !has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "mounts: need a mount namespace, they would appear on the host");
	return 0;
}

static int check_paths(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->config->n_mounts; i++) {
		const struct oci_mount *m = &v->config->mounts[i];
		int r = validate_path(m->destination, false, err, "mounts[%zu].destination", i);

		if (r < 0)
			return r;
		if (given(m->source)) {
			r = validate_path(m->source, false, err, "mounts[%zu].source", i);
			if (r < 0)
				return r;
		}
		if (m->destination[0] != '/')
			validate_warn(v,
				      "mounts[%zu].destination: \"%s\" is relative, which is deprecated; taken as /%s",
				      i, m->destination, m->destination);
	}
	return 0;
}

static int check_map(size_t i, const char *name, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	char property[48];

	snprintf(property, sizeof(property), "mounts[%zu].%s", i, name);
	return id_map_check(property, map, n, err);
}

static int check_mappings(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->config->n_mounts; i++) {
		const struct oci_mount *m = &v->config->mounts[i];
		int r;

		if (!m->n_uid_mappings != !m->n_gid_mappings)
			return INVALID(err,
				       "mounts[%zu].%s: missing; id-mapped mounts must have both uid and gid mappings "
				       "specified",
				       i, m->n_uid_mappings ? "gidMappings" : "uidMappings");
		r = check_map(i, "uidMappings", m->uid_mappings, m->n_uid_mappings, err);
		if (r == 0)
			r = check_map(i, "gidMappings", m->gid_mappings, m->n_gid_mappings, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Mappings as a parameter of the option: what their ids are is found out later. */
static bool has_idmap_text(const struct oci_mount *m)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (!strncmp(m->options[i], "idmap=", 6) || !strncmp(m->options[i], "ridmap=", 7))
			return true;
	return false;
}

/*
 * In a new user namespace the kernel takes only mapped ids as owners, and answers others with a bare "invalid". Where
 * the mount has mappings of its own, an owner without one would be nobody.
 */
static int check_owner_options(struct validation *v, struct err *err)
{
	const struct oci_linux *l = v->linux_;

	for (size_t i = 0; i < v->config->n_mounts; i++) {
		const struct oci_mount *m = &v->config->mounts[i];
		bool own = m->n_uid_mappings;

		if (has_idmap_text(m) || (!own && !(v->new_ns & CLONE_NEWUSER)))
			continue;
		for (size_t k = 0; k < m->n_options; k++) {
			bool uid = !strncmp(m->options[k], "uid=", 4), gid = !strncmp(m->options[k], "gid=", 4);
			uint32_t id;

			if ((!uid && !gid) || num_u32(m->options[k] + 4, &id) < 0)
				continue;
			if (own ? !id_is_mapped(uid ? m->uid_mappings : m->gid_mappings,
						uid ? m->n_uid_mappings : m->n_gid_mappings, id)
				: !id_is_mapped(uid ? l->uid_mappings : l->gid_mappings,
						uid ? l->n_uid_mappings : l->n_gid_mappings, id))
				return INVALID(err, "mounts[%zu].options: %s is not mapped in %s", i, m->options[k],
					       own ? "the mount's mappings" : "the user namespace");
		}
	}
	return 0;
}

const struct config_check config_checks_mounts[] = {
	{"mount namespace", check_namespace},
	{"paths", check_paths},
	{"mappings", check_mappings},
	{"owners", check_owner_options},
	{0},
};
