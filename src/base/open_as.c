/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See open_as.h. FUSE looks at all ids of a process and not only at those for files, so a process that can't take its
 * own back does it: a child that shares nothing but the table of descriptors.
 */
#include "base/open_as.h"

#include "base/sys.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Mounting takes CAP_SYS_ADMIN, the path must do without any. */
static int become(uint32_t uid, uint32_t gid)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.effective = 1U << CAP_SYS_ADMIN, .permitted = 1U << CAP_SYS_ADMIN}};

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Refused in a user namespace that has given up setgroups(2): then the groups are the caller's own. */
	if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
	if (sys_setresgid(gid, gid, gid) < 0 || sys_setresuid(uid, uid, uid) < 0 || sys_capset(&header, data) < 0)
		return -errno;
	return 0;
}

int open_tree_as(uint32_t uid, uint32_t gid, const char *path, unsigned flags)
{
	struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	int32_t result = -ECHILD;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	pid = sys_clone3(&args);
	if (pid == 0) {
		result = become(uid, gid);
		if (result == 0) {
			result = sys_open_tree(AT_FDCWD, path, flags);
			result = result < 0 ? -errno : result;
		}
		(void)!write(ends[1], &result, sizeof(result));
		for (;;)
			sys_exit_group(0);
	}
	if (pid < 0)
		result = -errno;
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* Nothing is there where the child was killed. */
	if (pid > 0 && read(ends[0], &result, sizeof(result)) != sizeof(result))
		result = -ECHILD;
	close(ends[0]);
	close(ends[1]);
	return result;
}
