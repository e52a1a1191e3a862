/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the filter that the host has compiled. From then on only what the container's program may do is possible. */
#include "init/init.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

int seccomp_load(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	struct sock_fprog program = {.len = (unsigned short)plan->seccomp_len,
				     .filter = (struct sock_filter *)plan_at(plan, plan->seccomp)};
	int r;

	if (plan->seccomp_len > BPF_MAXINSNS)
		return err_msg(err, -E2BIG, "load the seccomp filter: it has %u instructions, the kernel takes %u",
			       plan->seccomp_len, (unsigned)BPF_MAXINSNS);
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan->seccomp_flags, &program);
	if (r >= 0)
		return r;
	r = err_set(err, -errno, "load the seccomp filter");
	return r == -EINVAL ? err_hint(err, "does this kernel know its flags, %x?", plan->seccomp_flags) : r;
}
