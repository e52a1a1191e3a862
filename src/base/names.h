/* SPDX-License-Identifier: Apache-2.0 */
/* Names of kernel constants that more than one room needs. */
#ifndef TURTLE_BASE_NAMES_H
#define TURTLE_BASE_NAMES_H

#include <stdint.h>

/* CLONE_NEW* as the runtime-spec calls it ("network"); "unknown" for anything else. */
const char *namespace_name(uint32_t type);

/* The other way round; 0 for a word that is no namespace. */
uint32_t namespace_type(const char *name);

#endif
