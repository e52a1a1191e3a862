/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a security module is told about the program: the kernel keeps it for the next execve of ours, or of a child.
 * A word that is lost would be a container that is not kept in, so everything but the whole text taken is an error.
 * Engines know these errors by the path in backquotes.
 */
#include "init/init.h"

#include "base/fs.h"

#include <string.h>

/* *ret_open: whether there was a file to write to. */
static int write_attribute(struct init *init, const char *file, const char *value, bool *ret_open, struct err *err)
{
	_cleanup_close_ int fd = -1;
	size_t size = strlen(value);
	char path[64];
	ssize_t n;
	int r = proc_open(init, 0, err);

	*ret_open = false;
	if (r < 0)
		return r;
	text(path, sizeof(path), "thread-self/attr/%s", file);
	fd = root_open(init->proc, path, O_WRONLY | O_NOCTTY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (fd < 0)
		return err_set(err, fd, "open `/proc/%s`", path);
	*ret_open = true;
	do
		n = write(fd, value, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, -errno, "write \"%s\" to `/proc/%s`", *value == '\n' ? "" : value, path);
	if ((size_t)n != size)
		return err_msg(err, -EIO, "write \"%s\" to `/proc/%s`: only %d bytes were taken", value, path, (int)n);
	return 0;
}

/* AppArmor refuses the name of a profile that is not loaded. */
int lsm_apparmor(struct init *init, struct err *err)
{
	const char *profile = plan_str(init->plan, init->plan->apparmor);
	char line[300];
	bool opened;
	int r;

	if ((size_t)text(line, sizeof(line), "exec %s", profile) == sizeof(line) - 1)
		return err_set(err, -ENAMETOOLONG, "AppArmor profile \"%s\"", profile);
	r = write_attribute(init, "apparmor/exec", line, &opened, err);
	if (r == 0)
		return 0;
	if (r == -ENOENT)
		err_hint(err, opened ? "the profile is not loaded" : "does the kernel have AppArmor?");
	return err_wrap(err, "AppArmor profile \"%s\"", profile);
}

int lsm_selinux(struct init *init, struct err *err)
{
	const char *label = plan_str(init->plan, init->plan->selinux);
	bool opened;
	int r = write_attribute(init, "exec", label, &opened, err);

	if (r == -EINVAL && opened)
		err_hint(err, "the policy has no such label");
	return r < 0 ? err_wrap(err, "process.selinuxLabel") : 0;
}

int lsm_keys(struct init *init, const char *label, struct err *err)
{
	bool opened;
	int r = write_attribute(init, "keycreate", label ? label : "\n", &opened, err);

	return r < 0 ? err_wrap(err, "process.selinuxLabel: label of the session keyring") : 0;
}

int fs_label(int fsfd, const struct init_plan *plan, struct err *err)
{
	const char *label = plan_str(plan, plan->mount_label), *option = plan_str(plan, plan->mount_context);

	if (sys_fsconfig(fsfd, SYS_FSCONFIG_SET_STRING, option, label, 0) == 0)
		return 0;
	err_set(err, -errno, "linux.mountLabel: option %s=\"%s\"", option, label);
	return fs_error(fsfd, err);
}
