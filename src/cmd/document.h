/* SPDX-License-Identifier: Apache-2.0 */
/* A container as `state` and `list` print it. */
#ifndef TURTLE_CMD_DOCUMENT_H
#define TURTLE_CMD_DOCUMENT_H

#include "host/host.h"
#include "ocispec.h"

#include <stddef.h>

/* The JSON document of a container in arena; owner may be "". 0 or -ENOMEM. */
int document_write(const struct container_view *view, const char *owner, enum ocispec_style style,
		   struct ocispec_arena *arena, char **ret, size_t *ret_size);

#endif
