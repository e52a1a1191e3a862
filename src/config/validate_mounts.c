/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of mounts. What the options mean is the plan's business (plan/mounts.c), which also refuses what can't be put
 * together; here is what depends on the rest of the configuration.
 */
#include "config/validate.h"

#include "base/num.h"

#include <errno.h>
#include <linux/sched.h>
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

static int check_mappings(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->config->n_mounts; i++) {
		const struct oci_mount *m = &v->config->mounts[i];

		if (!m->n_uid_mappings != !m->n_gid_mappings)
			return INVALID(err, "mounts[%zu]: uidMappings and gidMappings must come together", i);
		if (m->n_uid_mappings) {
			err_msg(err, -ENOTSUP, "mounts[%zu].uidMappings: not supported yet", i);
			return -ENOTSUP;
		}
	}
	return 0;
}

/* In a new user namespace the kernel takes only mapped ids as owners, and answers others with a bare "invalid". */
static int check_owner_options(struct validation *v, struct err *err)
{
	const struct oci_linux *l = v->linux_;

	if (!(v->new_ns & CLONE_NEWUSER))
		return 0;
	for (size_t i = 0; i < v->config->n_mounts; i++) {
		const struct oci_mount *m = &v->config->mounts[i];

		for (size_t k = 0; k < m->n_options; k++) {
			bool uid = !strncmp(m->options[k], "uid=", 4), gid = !strncmp(m->options[k], "gid=", 4);
			uint32_t id;

			if ((!uid && !gid) || num_u32(m->options[k] + 4, &id) < 0)
				continue;
			if (!id_is_mapped(uid ? l->uid_mappings : l->gid_mappings,
					  uid ? l->n_uid_mappings : l->n_gid_mappings, id))
				return INVALID(err, "mounts[%zu].options: %s is not mapped in the user namespace", i,
					       m->options[k]);
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
