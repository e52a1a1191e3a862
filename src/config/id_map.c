/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of id maps: see id_map.h. */
#include "config/id_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* user_namespaces(7): lines of a map, and its text must be shorter than a page. */
#define MAX_MAPPINGS 340
#define MAX_MAP_TEXT 4095

static int by_container(const void *a, const void *b)
{
	const struct oci_id_mapping *x = a, *y = b;

	return (x->container_id > y->container_id) - (x->container_id < y->container_id);
}

static int by_host(const void *a, const void *b)
{
	const struct oci_id_mapping *x = a, *y = b;

	return (x->host_id > y->host_id) - (x->host_id < y->host_id);
}

static size_t digits(uint32_t n)
{
	size_t count = 1;

	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

static int check_ranges(const char *property, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	size_t text = 0;

	if (n > MAX_MAPPINGS)
		return err_msg(err, -EINVAL, "%s: %zu entries are too many, the kernel takes at most %d", property, n,
			       MAX_MAPPINGS);
	for (size_t i = 0; i < n; i++) {
		const struct oci_id_mapping *m = &map[i];

		if (m->size == 0)
			return err_msg(err, -EINVAL, "%s[%zu].size: must not be 0", property, i);
		/* 4294967295 is no id. */
		if ((uint64_t)m->container_id + m->size > UINT32_MAX)
			return err_msg(err, -EINVAL, "%s[%zu]: containerID %u and size %u go beyond the last id",
				       property, i, m->container_id, m->size);
		if ((uint64_t)m->host_id + m->size > UINT32_MAX)
			return err_msg(err, -EINVAL, "%s[%zu]: hostID %u and size %u go beyond the last id", property,
				       i, m->host_id, m->size);
		text += digits(m->container_id) + digits(m->host_id) + digits(m->size) + 3;
	}
	if (text > MAX_MAP_TEXT)
		return err_msg(err, -EINVAL, "%s: %zu bytes of text are too many, the kernel takes at most %d",
			       property, text, MAX_MAP_TEXT);
	return 0;
}

static int check_overlaps(const char *property, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	struct oci_id_mapping sorted[MAX_MAPPINGS];

	if (n < 2)
		return 0;
	memcpy(sorted, map, n * sizeof(*map));
	qsort(sorted, n, sizeof(*sorted), by_container);
	for (size_t i = 1; i < n; i++)
		if (sorted[i].container_id - sorted[i - 1].container_id < sorted[i - 1].size)
			return err_msg(err, -EINVAL, "%s: container id %u is mapped twice", property,
				       sorted[i].container_id);
	qsort(sorted, n, sizeof(*sorted), by_host);
	for (size_t i = 1; i < n; i++)
		if (sorted[i].host_id - sorted[i - 1].host_id < sorted[i - 1].size)
			return err_msg(err, -EINVAL, "%s: host id %u is mapped twice", property, sorted[i].host_id);
	return 0;
}

int id_map_check(const char *property, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	int r = check_ranges(property, map, n, err);

	return r < 0 ? r : check_overlaps(property, map, n, err);
}
