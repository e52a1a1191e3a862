/* SPDX-License-Identifier: Apache-2.0 */
/* What is put on the container's cgroup once it is there: limits, the device program, the owner. */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int write_missing(int fd, const char *path, const struct plan_cgroup_write *w, struct err *err)
{
	char has[CGROUP_FILE_SIZE];

	if (w->controller && cgroup_read(fd, "cgroup.controllers", has, sizeof(has)) >= 0 &&
	    !cgroup_has_word(has, w->controller, strlen(w->controller)))
		return cgroup_no_controller(w, path, has, err);
	err_set(err, -ENOENT, "%s: open %s of cgroup %s", w->property, w->file, path);
	return err_hint(err, "this kernel has no such file");
}

int cgroup_write_limits(int fd, const struct plan_cgroup *plan, bool *ret_written, struct err *err)
{
	int before = 0; /* how the write before went */

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct plan_cgroup_write *w = &plan->writes[i];
		bool has_fallback = i + 1 < plan->n_writes && w[1].fallback;
		int r;

		if (w->fallback && before != -ENOENT)
			continue;
		r = before = cgroup_write(fd, w->file, w->value);
		if (r == 0 && ret_written)
			ret_written[i] = true;
		if (r == 0 || (r == -ENOENT && (w->optional || has_fallback)) || (r == -EINVAL && w->tentative))
			continue;
		if (r == -ENOENT)
			return write_missing(fd, plan->path, w, err);
		return err_set(err, r, "%s: write \"%s\" to %s of cgroup %s", w->property, w->value, w->file,
			       plan->path);
	}
	return 0;
}

/* memory.checkBeforeUpdate: the kernel would kill its way down to a limit that is below the usage. */
int cgroup_check_memory(int fd, const struct plan_cgroup *plan, struct err *err)
{
	uint64_t usage;
	char text[64];
	ssize_t n;

	if (!plan->check_memory)
		return 0;
	n = cgroup_read(fd, "memory.current", text, sizeof(text));
	if (n < 0)
		return err_set(err, (int)n, "read memory.current of cgroup %s", plan->path);
	usage = strtoull(text, NULL, 10);
	if (plan->memory_limit && plan->memory_limit < usage)
		return err_msg(err, -EBUSY, "rejecting memory limit %" PRIu64 ": %" PRIu64 " bytes are in use",
			       plan->memory_limit, usage);
	/* Without swap there is no such file. */
	if (cgroup_read(fd, "memory.swap.current", text, sizeof(text)) > 0)
		usage += strtoull(text, NULL, 10);
	if (plan->memory_swap && plan->memory_swap < usage)
		return err_msg(err, -EBUSY, "rejecting memory+swap limit %" PRIu64 ": %" PRIu64 " bytes are in use",
			       plan->memory_swap, usage);
	return 0;
}

static int apply_devices(int fd, const struct plan_cgroup *plan, struct err *err)
{
	_cleanup_free_ struct bpf_insn *prog = NULL;
	size_t n;
	int r = device_prog_make(plan->device_rules, plan->n_device_rules, &prog, &n);

	if (r < 0)
		return err_set(err, r, "make the device program of cgroup %s", plan->path);
	r = devices_attach(fd, prog, n, err);
	if (r == -EPERM && plan->unprivileged) {
		log_debug("device rules are left out: the kernel lets only the host's root set them");
		if (err)
			*err = (struct err){0};
		return 0;
	}
	return r < 0 ? err_wrap(err, "linux.resources.devices: cgroup %s", plan->path) : 0;
}

/* The files that the kernel names as safe to hand over, besides the directory; those that are not there don't count. */
int cgroup_hand_over(int fd, const char *path, const struct plan_cgroup *plan, struct err *err)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	_cleanup_free_ char *text = NULL;
	struct stat st;
	char *save = NULL;

	if (!plan->chown)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "stat cgroup %s", path);
	if (st.st_uid == plan->chown_uid)
		return 0;
	if (fd_read_file(AT_FDCWD, "/sys/kernel/cgroup/delegate", 64 * 1024, &text, NULL) < 0)
		text = strdup(fallback);
	if (!text)
		return err_set(err, -ENOMEM, "hand cgroup %s over", path);
	if (fchown(fd, plan->chown_uid, (gid_t)-1) < 0) {
		if (errno == EPERM && plan->unprivileged) {
			log_debug("cgroup %s stays ours: not allowed to hand it over", path);
			return 0;
		}
		return err_set(err, -errno, "change the owner of cgroup %s to %u", path, plan->chown_uid);
	}
	for (char *name = strtok_r(text, "\n", &save); name; name = strtok_r(NULL, "\n", &save))
		if (fchownat(fd, name, plan->chown_uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_set(err, -errno, "change the owner of %s of cgroup %s to %u", name, path,
				       plan->chown_uid);
	return 0;
}

int cgroup_apply(int fd, const struct plan_cgroup *plan, struct err *err)
{
	int r;

	if (fd < 0) /* without a cgroup, where that is no error */
		return 0;
	if ((r = cgroup_check_memory(fd, plan, err)) < 0 || (r = cgroup_write_limits(fd, plan, NULL, err)) < 0)
		return r;
	if (plan->has_devices && (r = apply_devices(fd, plan, err)) < 0)
		return r;
	return plan->subgroup ? 0 : cgroup_hand_over(fd, plan->path, plan, err);
}
