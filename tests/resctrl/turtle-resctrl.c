/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turtle itself, all of it, with the fake resctrl of fake_resctrl.h in the directory $FAKE_RESCTRL: the
 * program that rdt.bats tests. Only where resctrl is mounted is answered here instead of by host/rdt_mount.c, which is
 * tested by tests/unit/test_host_rdt.c, and turtle as it is installed has no way around it. With
 * $FAKE_RESCTRL_ELSEWHERE it is mounted in other mount namespaces.
 */
#include "fake_resctrl.h"

#include "host/rdt.h"
#include "main.c" /* the program */

int __wrap_rdt_open(struct err *err);
bool __wrap_rdt_is_mounted_elsewhere(void);

int __wrap_rdt_open(struct err *err)
{
	const char *path = getenv("FAKE_RESCTRL");

	if (!path)
		return err_msg(err, -ENODEV, "resctrl is not mounted (FAKE_RESCTRL names none)");
	fake_make(path);
	return fake_root();
}

bool __wrap_rdt_is_mounted_elsewhere(void)
{
	return getenv("FAKE_RESCTRL_ELSEWHERE");
}
