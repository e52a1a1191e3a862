/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: which devices go into the container's network namespace, and under which names. Moving is the
 * host's business, through a socket of that namespace which init opens (sync/sync.h).
 */
#include "plan/internal.h"

#include <linux/sched.h>
#include <string.h>

int plan_network(struct planner *p, struct err *err)
{
	const struct oci_linux *l = p->config->linux_;
	size_t n = l ? l->n_net_devices : 0;
	struct plan_net_device *devices;

	if (n == 0)
		return 0;
	devices = plan_alloc(p, n, sizeof(*devices));
	if (!devices)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		const char *host = l->net_devices[i].host_name, *name = l->net_devices[i].name;

		devices[i] = (struct plan_net_device){.host_name = host, .name = name && name[0] ? name : host};
		devices[i].pattern = strchr(devices[i].name, '%') != NULL;
	}
	p->plan.n_net_devices = n;
	p->plan.net_devices = devices;
	p->plan.join_not_own |= p->joined_ns & CLONE_NEWNET;
	p->init.flags |= PLAN_NET_DEVICES;
	return 0;
}
