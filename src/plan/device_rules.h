/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device rules that come after the user's, so that they can't be denied: what every program may expect. Making a
 * node is always allowed, since using it is not. For host/cgroup's program and for systemd's list.
 */
#ifndef TURTLE_PLAN_DEVICE_RULES_H
#define TURTLE_PLAN_DEVICE_RULES_H

#include "ocispec.h"

#include <stddef.h>

#define PLAN_N_DEVICE_RULES 10
extern const struct oci_device_cgroup plan_device_rules[PLAN_N_DEVICE_RULES];

#endif
