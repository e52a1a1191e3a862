/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes: the fixed set that every container has, then the configuration's. */
#include "plan/internal.h"

#include "plan/file_types.h"

#include <string.h>

static const struct default_device {
	const char *path;
	uint32_t major, minor;
} defaults[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

#define N_DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

static uint32_t type_bits(const char *type)
{
	switch (type[0]) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default: /* c and u: character devices, buffered or not */
		return S_IFCHR;
	}
}

static struct plan_device from_config(const struct oci_device *d)
{
	struct plan_device device = {
		.mode = type_bits(d->type) | (d->file_mode.set ? d->file_mode.value & 07777u : 0666u),
		.uid = d->uid.value,
		.gid = d->gid.value,
	};

	if (type_bits(d->type) != S_IFIFO) {
		device.major = (uint32_t)d->major.value;
		device.minor = (uint32_t)d->minor.value;
	}
	return device;
}

/*
 * The configuration has mounted something just there, and nothing over it later: "-v /dev/urandom:/dev/random" is to be
 * what it says.
 */
static bool is_mounted(const struct planner *p, const char *path)
{
	const struct plan_mount *mounts = (const void *)(p->block.bytes + p->init.mounts.at);
	bool mounted = false;

	for (uint32_t i = 0; i < p->init.mounts.n; i++) {
		const char *destination = p->block.bytes + mounts[i].destination;
		size_t n = strlen(destination);

		if (mounts[i].kind == PLAN_MOUNT_REMOUNT || strncmp(path, destination, n) != 0)
			continue;
		if (path[n] == '\0')
			mounted = true;
		else if (path[n] == '/' || n == 1)
			mounted = false;
	}
	return mounted;
}

int plan_devices(struct planner *p, struct err *err)
{
	const struct oci_linux *l = p->config->linux_;
	size_t n = l ? l->n_devices : 0, count = 0;
	bool setup_dev = p->init.flags & PLAN_SETUP_DEV;
	bool replaced[N_DEFAULTS] = {false};
	struct plan_device *items;
	const char **paths;

	if (!(p->init.flags & PLAN_NEW_MOUNTNS))
		return 0;
	items = plan_alloc(p, N_DEFAULTS + n, sizeof(*items));
	paths = plan_alloc(p, n, sizeof(*paths));
	if (!items || !paths)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		paths[i] = path_clean(p->arena, l->devices[i].path);
		if (!paths[i])
			return plan_no_memory(err);
		for (size_t k = 0; k < N_DEFAULTS; k++)
			if (!strcmp(paths[i], defaults[k].path))
				replaced[k] = true;
	}
	for (size_t k = 0; k < N_DEFAULTS && setup_dev; k++) {
		if (replaced[k] || is_mounted(p, defaults[k].path))
			continue;
		items[count++] = (struct plan_device){
			.path = block_string(&p->block, defaults[k].path),
			.mode = S_IFCHR | 0666u,
			.major = defaults[k].major,
			.minor = defaults[k].minor,
			.is_default = 1,
		};
	}
	for (size_t i = 0; i < n; i++) {
		if (!setup_dev && !strncmp(paths[i], "/dev/", 5)) {
			plan_warn(p, "linux.devices[%zu]: %s is not made, /dev is a bind mount and brings its own", i,
				  paths[i]);
			continue;
		}
		if (is_mounted(p, paths[i])) {
			plan_warn(p, "linux.devices[%zu]: %s is not made, a mount is there", i, paths[i]);
			continue;
		}
		items[count] = from_config(&l->devices[i]);
		items[count++].path = block_string(&p->block, paths[i]);
	}
	p->init.devices = block_table(&p->block, items, count, sizeof(*items));
	return 0;
}
