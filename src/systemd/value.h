/* SPDX-License-Identifier: Apache-2.0 */
/* Values of unit properties: from GVariant text into a D-Bus message. */
#ifndef TURTLE_SYSTEMD_VALUE_H
#define TURTLE_SYSTEMD_VALUE_H

#include "base/err.h"

#include <stddef.h>
#include <systemd/sd-bus.h>

/* A property as it goes to systemd; value is a GVariant, which value.c alone looks into. */
struct property {
	char *name;
	void *value;
};

/*
 * Parses the text of one property. A name that ends in Sec stands for seconds, and becomes the property of the same
 * name in microseconds (USec, uint64), which is what systemd's D-Bus has. The caller frees *ret with property_free().
 */
int property_parse(const char *name, const char *text, struct property *ret, struct err *err);
void property_free(struct property *property);

/* Whether D-Bus can say it: what GVariant has beyond that is refused. */
int property_check(sd_bus *bus, const struct property *property, struct err *err);
/* Appends it as (sv). */
int property_append(sd_bus_message *message, const struct property *property);

#endif
