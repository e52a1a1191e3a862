/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for a list of id mappings, wherever it stands in the configuration: user_namespaces(7). */
#ifndef TURTLE_CONFIG_ID_MAP_H
#define TURTLE_CONFIG_ID_MAP_H

#include "base/err.h"
#include "ocispec.h"

#include <stddef.h>

/* That the kernel will take the list; property is its JSON path, for messages. */
int id_map_check(const char *property, const struct oci_id_mapping *map, size_t n, struct err *err);

#endif
