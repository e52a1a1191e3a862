/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and attaching the device program. A cgroup that is used again, or that is updated, has one already: it is
 * exchanged in one step, so that there is no moment with both (spurious EPERM) or with none.
 */
#include "host/cgroup/internal.h"

#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The kernel allows so many on one cgroup. */
#define MAX_PROGS 64

struct attached {
	uint32_t ids[MAX_PROGS];
	uint32_t n, flags;
};

static int bpf(int cmd, union bpf_attr *attr)
{
	int r = sys_bpf(cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static int load(const struct bpf_insn *prog, size_t n)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)n;
	attr.insns = (uintptr_t)prog;
	attr.license = (uintptr_t)license;
	memcpy(attr.prog_name, "turtle_devices", sizeof("turtle_devices"));
	return bpf(BPF_PROG_LOAD, &attr);
}

static int query(int cgroup, struct attached *ret)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ret->ids;
	attr.query.prog_cnt = MAX_PROGS;
	r = bpf(BPF_PROG_QUERY, &attr);
	if (r < 0)
		return r;
	ret->n = attr.query.prog_cnt;
	ret->flags = attr.query.attach_flags;
	return 0;
}

static int open_prog(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

/* replace: the program to take the place of, or -1. */
static int attach(int cgroup, int prog, uint32_t flags, int replace)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int cgroup, int prog)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}

/* The first of the programs is replaced; others of that kind would still have a say, so they go. */
static int exchange(int cgroup, int prog, const struct attached *old)
{
	int r = 0;

	/* One that was attached alone is replaced by any that is attached the same way. */
	if (old->n > 0 && !(old->flags & BPF_F_ALLOW_MULTI))
		return attach(cgroup, prog, old->flags, -1);
	for (uint32_t i = 0; i < old->n && r == 0; i++) {
		_cleanup_close_ int fd = open_prog(old->ids[i]);

		if (fd < 0)
			return fd;
		r = i == 0 ? attach(cgroup, prog, BPF_F_ALLOW_MULTI, fd) : detach(cgroup, fd);
	}
	return r;
}

int devices_attach(int fd, const struct bpf_insn *prog, size_t n, struct err *err)
{
	_cleanup_close_ int prog_fd = load(prog, n);
	struct attached old;
	int r;

	if (prog_fd < 0) {
		err_set(err, prog_fd, "load the device program");
		if (prog_fd == -EINVAL)
			err_hint(err, "does the kernel have CONFIG_CGROUP_BPF?");
		return prog_fd;
	}
	r = query(fd, &old);
	if (r == 0)
		r = old.n == 0 ? attach(fd, prog_fd, BPF_F_ALLOW_MULTI, -1) : exchange(fd, prog_fd, &old);
	return r < 0 ? err_set(err, r, "attach the device program") : 0;
}
