/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_host_cgroup once more, in a private mount namespace where /sys/fs/cgroup is a cgroup2 mount and nothing else: a
 * pure host, as far as turtle can see.
 */
#define PURE_VIEW 1
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "test_host_cgroup.c"
