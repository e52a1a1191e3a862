/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of resctrl's schemata files: "L3:0=ff;1=f", which resource each part of the machine gives. */
#ifndef TURTLE_CONFIG_SCHEMATA_H
#define TURTLE_CONFIG_SCHEMATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value of a line. Zeroed before the first call of schemata_next(). */
struct schemata_entry {
	const char *name; /* "L3", "MB", ...; not ended */
	size_t name_size;
	uint32_t domain; /* the cache that it is for */
	const char *value;
	size_t value_size;
	bool last; /* of its line */
};

/* Takes the next value from *at on: 1, 0 at the end of the text, -EINVAL where it is no schema. */
int schemata_next(const char **at, struct schemata_entry *entry);

/* Whether the text is lines of this kind, at least one, and with single no more than that. */
bool schemata_valid(const char *text, bool single);

#endif
