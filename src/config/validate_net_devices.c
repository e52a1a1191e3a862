/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of linux.netDevices: devices of the runtime's network namespace that go into the container's. */
#include "config/validate.h"

#include <ctype.h>
#include <linux/if.h>
#include <linux/sched.h>
#include <string.h>

/* The kernel's rules for a name (dev_valid_name), and a '%' makes a pattern of it. */
static bool is_device_name(const char *name, bool pattern)
{
	size_t n = strlen(name);
	const char *percent = strchr(name, '%');

	if (n == 0 || n >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *s = name; *s; s++)
		/* 0xa0 is the space of Latin 1, which the kernel's isspace() knows. */
		if (*s == '/' || *s == ':' || (unsigned char)*s == 0xa0 || isspace((unsigned char)*s))
			return false;
	return !percent || (pattern && percent[1] == 'd' && !strchr(percent + 1, '%'));
}

/* The name that the device is to have; NULL where the kernel makes one of a pattern. */
static const char *final_name(const struct oci_net_device_entry *device)
{
	const char *name = given(device->name) ? device->name : device->host_name;

	return strchr(name, '%') ? NULL : name;
}

static int check_names(const struct oci_net_device_entry *devices, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *mine = devices[i].host_name, *name = devices[i].name;

		if (!is_device_name(mine, false))
			return INVALID(err,
				       "linux.netDevices: invalid network device name \"%.300s\" (1 to %d bytes, "
				       "without '/', ':', '%%' and white space)",
				       mine, IFNAMSIZ - 1);
		if (given(name) && !is_device_name(name, true))
			return INVALID(err,
				       "linux.netDevices.%s.name: invalid network device name \"%.300s\" (1 to %d "
				       "bytes, without '/', ':' and white space; one %%d makes a pattern)",
				       mine, name, IFNAMSIZ - 1);
	}
	return 0;
}

static int check_net_devices(struct validation *v, struct err *err)
{
	const struct oci_net_device_entry *devices = v->linux_->net_devices;
	size_t n = v->linux_->n_net_devices;
	int r;

	if (n == 0)
		return 0;
	if (!has_namespace(v, CLONE_NEWNET))
		return INVALID(err, "linux.netDevices: unable to move network devices without a NET namespace");
	if (v->facts->rootless)
		return INVALID(err, "linux.netDevices: network devices are not supported for rootless containers");
	r = check_names(devices, n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		for (size_t k = 0; k < i; k++) {
			const char *a = final_name(&devices[i]), *b = final_name(&devices[k]);

			if (a && b && !strcmp(a, b))
				return INVALID(err, "linux.netDevices.%s: \"%s\" is already the name of %s",
					       devices[i].host_name, a, devices[k].host_name);
		}
	return r;
}

const struct config_check config_checks_net_devices[] = {
	{"netDevices", check_net_devices},
	{0},
};
