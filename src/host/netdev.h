/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: devices of our network namespace that go into the container's, with their addresses. They are never
 * moved back, not even when the create fails later: once the container's namespace goes, the kernel gives physical
 * devices back to the initial one and removes virtual ones. So whatever can be found out before the first is moved, is.
 */
#ifndef TURTLE_HOST_NETDEV_H
#define TURTLE_HOST_NETDEV_H

#include "plan/plan.h"

/* Those of the plan, in its order. */
struct netdevs {
	int sock; /* of our own namespace; owned, -1 when there are none */
	int *index;
	size_t n;
};

#define NETDEVS_NONE ((struct netdevs){.sock = -1})

/* Before anything is made: that each is there and can be moved. Without devices in the plan nothing is opened. */
int netdevs_find(const struct plan *plan, struct netdevs *ret, struct err *err);
void netdevs_close(struct netdevs *devices);

/*
 * Moves them to the namespace of sock, a netlink socket that was made there; gives them their names and permanent
 * addresses of global scope, and brings them up.
 */
int netdevs_move(const struct plan *plan, const struct netdevs *devices, int sock, struct err *err);

#endif
