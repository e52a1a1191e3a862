/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user namespace of a caller without privileges: the caller is its root, and the further ids that were given to it
 * (subuid(5), subgid(5)) follow from 1 on, where newuidmap(1) and newgidmap(1) are there to map them.
 */
#ifndef TURTLE_CONFIG_OWN_IDS_H
#define TURTLE_CONFIG_OWN_IDS_H

#include "base/err.h"
#include "ocispec.h"

#include <stddef.h>
#include <stdint.h>

struct bundle;

/* As mappings; of those that were given to a user only host_id and size of each are used. */
struct own_ids {
	size_t n;
	struct oci_id_mapping *ranges;
};

/* What was given to the user, in arena; both or neither. */
int own_ids_look(uint32_t uid, struct ocispec_arena *arena, struct own_ids *uids, struct own_ids *gids,
		 struct err *err);

/* The mapping, in arena, with the caller's own id. */
int own_ids_map(uint32_t own, const struct own_ids *further, struct ocispec_arena *arena, struct own_ids *ret,
		struct err *err);

/*
 * For a caller who may make no namespaces: gives the bundle's configuration such a user namespace, if it wants new
 * namespaces and has no user namespace. Its text is that of the changed configuration then.
 */
int own_ids_give(struct bundle *bundle, uint32_t uid, uint32_t gid, struct err *err);

#endif
