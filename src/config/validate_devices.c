/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of linux.devices and of the number space of devices. */
#include "config/validate.h"

#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

/* What fits into the kernel's dev_t: MINORBITS is 20. */
#define MAX_MAJOR 4095
#define MAX_MINOR 1048575

/* The file type of a device as it stands in st_mode; 0 for none. */
static uint32_t file_type(const char *type)
{
	if (!strcmp(type, "c") || !strcmp(type, "u"))
		return 0020000;
	if (!strcmp(type, "b"))
		return 0060000;
	if (!strcmp(type, "p"))
		return 0010000;
	return 0;
}

static int check_number(const struct oci_opt_i64 *number, int64_t max, const char *property, size_t i, struct err *err)
{
	if (!number->set)
		return INVALID(err, "linux.devices[%zu].%s: required unless the type is p", i, property);
	if (number->value < 0 || number->value > max)
		return INVALID(err, "linux.devices[%zu].%s: %lld is not between 0 and %lld", i, property,
			       (long long)number->value, (long long)max);
	return 0;
}

static int check_device(struct validation *v, size_t i, struct err *err)
{
	const struct oci_device *d = &v->linux_->devices[i];
	uint32_t type = file_type(d->type);
	int r;

	if (!type)
		return INVALID(err, "linux.devices[%zu].type: \"%s\" is none of c, b, u and p", i, d->type);
	r = validate_path(d->path, true, err, "linux.devices[%zu].path", i);
	if (r < 0)
		return r;
	if (d->path[strspn(d->path, "/.")] == '\0')
		return INVALID(err, "linux.devices[%zu].path: \"%s\" is a directory", i, d->path);
	if (type != 0010000) {
		r = check_number(&d->major, MAX_MAJOR, "major", i, err);
		if (r == 0)
			r = check_number(&d->minor, MAX_MINOR, "minor", i, err);
		if (r < 0)
			return r;
	}
	/* Engines also copy st_mode as it is, with the type in it. */
	if (d->file_mode.set &&
	    (d->file_mode.value > 0177777 || (d->file_mode.value > 07777 && (d->file_mode.value & 0170000) != type)))
		return INVALID(err, "linux.devices[%zu].fileMode: %u is not a file mode (it is decimal)", i,
			       d->file_mode.value);
	if (d->uid.set) {
		r = validate_id(d->uid.value, err, "linux.devices[%zu].uid", i);
		if (r < 0)
			return r;
	}
	if (d->gid.set)
		return validate_id(d->gid.value, err, "linux.devices[%zu].gid", i);
	return 0;
}

static int check_each(struct validation *v, struct err *err)
{
	if (v->linux_->n_devices && !has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "linux.devices: need a mount namespace, they would appear on the host");
	for (size_t i = 0; i < v->linux_->n_devices; i++) {
		int r = check_device(v, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct oci_device *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static int by_number(const void *a, const void *b)
{
	const struct oci_device *const *x = a, *const *y = b;
	uint32_t tx = file_type((*x)->type), ty = file_type((*y)->type);

	if (tx != ty)
		return tx < ty ? -1 : 1;
	if ((*x)->major.value != (*y)->major.value)
		return (*x)->major.value < (*y)->major.value ? -1 : 1;
	if ((*x)->minor.value != (*y)->minor.value)
		return (*x)->minor.value < (*y)->minor.value ? -1 : 1;
	return 0;
}

/*
 * A privileged container may list hundreds, so they are sorted, not compared each with each. One and the same device
 * may be there twice: engines put together lists of their own, their users' and their plugins'.
 */
static int check_duplicates(struct validation *v, struct err *err)
{
	size_t n = v->linux_->n_devices;
	const struct oci_device **sorted;
	int r = 0;

	if (n < 2)
		return 0;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return err_set(err, -ENOMEM, "check linux.devices");
	for (size_t i = 0; i < n; i++)
		sorted[i] = &v->linux_->devices[i];
	qsort(sorted, n, sizeof(*sorted), by_path);
	for (size_t i = 1; i < n && r == 0; i++)
		if (!by_path(&sorted[i - 1], &sorted[i]) && by_number(&sorted[i - 1], &sorted[i]))
			r = INVALID(err, "linux.devices: %s is given twice, as different devices", sorted[i]->path);
	if (r == 0 && v->warn) {
		qsort(sorted, n, sizeof(*sorted), by_number);
		for (size_t i = 1; i < n; i++)
			if (file_type(sorted[i]->type) != 0010000 && !by_number(&sorted[i - 1], &sorted[i]) &&
			    by_path(&sorted[i - 1], &sorted[i]))
				validate_warn(v, "linux.devices: %s and %s are the same device", sorted[i - 1]->path,
					      sorted[i]->path);
	}
	free(sorted);
	return r;
}

const struct config_check config_checks_devices[] = {
	{"devices", check_each},
	{"duplicates", check_duplicates},
	{0},
};
