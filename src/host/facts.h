/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers struct plan_facts. */
#ifndef TURTLE_HOST_FACTS_H
#define TURTLE_HOST_FACTS_H

#include "plan/plan.h"

/* Fills *ret; on success the caller ends with facts_free(). */
int facts_gather(struct plan_facts *ret, struct err *err);
void facts_free(struct plan_facts *facts);

/* Whether AppArmor is enabled on this host, for config_validate(). */
bool facts_apparmor(void);
/* Whether SELinux is, with a policy. */
bool facts_selinux(void);

/* Whether the capability is in the effective set of the caller. */
bool have_capability(unsigned cap);

#endif
