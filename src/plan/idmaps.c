/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mounts are id-mapped by. A mapping is read as user namespaces write it: ids of the file system, which ids of the
 * host they become, how many. A mount's own mappings come first, be they properties or in the text of crun's option;
 * without any, the container's user namespace decides. Mounts with the same mappings share one user namespace.
 */
#include "plan/internal.h"

#include "base/num.h"
#include "config/id_map.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

/* A map that grows. */
struct map {
	struct oci_id_mapping *items;
	size_t n, room;
};

static int map_add(struct planner *p, struct map *map, struct oci_id_mapping item, struct err *err)
{
	if (map->n == map->room) {
		size_t more = map->room ? 2 * map->room : 4;
		struct oci_id_mapping *grown = plan_alloc(p, more, sizeof(*grown));

		if (!grown)
			return plan_no_memory(err);
		if (map->n)
			memcpy(grown, map->items, map->n * sizeof(*grown));
		map->items = grown;
		map->room = more;
	}
	map->items[map->n++] = item;
	return 0;
}

/* What is being read: mounts[index].options, and the whole word. */
struct reading {
	struct planner *p;
	size_t index;
	const char *option;
};

static int bad(const struct reading *r, const char *what, size_t n, struct err *err)
{
	err_msg(err, -EINVAL, "mounts[%zu].options: %s: \"%.*s\" is not a mapping", r->index, r->option, (int)n, what);
	return err_hint(err,
			"uids=FROM-TO-COUNT#...;gids=FROM-TO-COUNT#..., @ before it: TO is an id of the container");
}

/*
 * An entry whose second id is one of the container's user namespace becomes as many as there are ranges of that
 * namespace which it spans.
 */
static int add_relative(const struct reading *r, struct map *map, struct oci_id_mapping item, bool uid, struct err *err)
{
	const struct oci_linux *l = r->p->config->linux_;
	size_t n = !l ? 0 : uid ? l->n_uid_mappings : l->n_gid_mappings;
	const struct oci_id_mapping *space = !n ? NULL : uid ? l->uid_mappings : l->gid_mappings;

	while (item.size) {
		struct oci_id_mapping part = item;
		size_t i = 0;
		int ret;

		while (i < n &&
		       (item.host_id < space[i].container_id || item.host_id - space[i].container_id >= space[i].size))
			i++;
		if (i == n)
			return err_msg(err, -EINVAL, "mounts[%zu].options: %s: id %u is not mapped by linux.%sMappings",
				       r->index, r->option, item.host_id, uid ? "uid" : "gid");
		part.host_id = space[i].host_id + (item.host_id - space[i].container_id);
		if (part.size > space[i].size - (item.host_id - space[i].container_id))
			part.size = space[i].size - (item.host_id - space[i].container_id);
		ret = map_add(r->p, map, part, err);
		if (ret < 0)
			return ret;
		item.container_id += part.size;
		item.host_id += part.size;
		item.size -= part.size;
	}
	return 0;
}

/* "0-1000-10", "@0-0-10": the n bytes at s. */
static int read_entry(const struct reading *r, const char *s, size_t n, bool uid, struct map *map, struct err *err)
{
	bool relative = s[0] == '@';
	const char *at = s + relative;
	struct oci_id_mapping item;

	if (num_take_u32(&at, &item.container_id) < 0 || *at++ != '-' || num_take_u32(&at, &item.host_id) < 0 ||
	    *at++ != '-' || num_take_u32(&at, &item.size) < 0 || at != s + n)
		return bad(r, s, n, err);
	if (item.size == 0 || (uint64_t)item.container_id + item.size > UINT32_MAX ||
	    (uint64_t)item.host_id + item.size > UINT32_MAX)
		return bad(r, s, n, err);
	return relative ? add_relative(r, map, item, uid, err) : map_add(r->p, map, item, err);
}

/* The entries of a list up to ";" or the end; *s moves on behind them. */
static int read_list(const struct reading *r, const char **s, bool uid, struct map *map, struct err *err)
{
	const char *at = *s;

	if (map->n)
		return err_msg(err, -EINVAL, "mounts[%zu].options: %s: %s are given twice", r->index, r->option,
			       uid ? "uids" : "gids");
	for (;;) {
		size_t n = strcspn(at, "#;");
		int ret = read_entry(r, at, n, uid, map, err);

		if (ret < 0)
			return ret;
		at += n;
		if (*at != '#')
			break;
		at++;
	}
	*s = *at ? at + 1 : at;
	return 0;
}

static int check_text(const struct reading *r, const struct map *map, const char *which, struct err *err)
{
	char property[64];

	snprintf(property, sizeof(property), "mounts[%zu].options: idmap: %s", r->index, which);
	return id_map_check(property, map->items, map->n, err);
}

/* crun's "idmap=uids=0-1000-10#10-2000-5;gids=0-1000-20". */
static int read_text(struct planner *p, size_t index, const char *option, struct plan_idmap *ret, struct err *err)
{
	const struct reading reading = {p, index, option};
	const char *at = strchr(option, '=') + 1;
	struct map uids = {0}, gids = {0};
	int r = 0;

	while (*at && r == 0) {
		bool uid = !strncmp(at, "uids=", 5);

		if (!uid && strncmp(at, "gids=", 5) != 0)
			return bad(&reading, at, strlen(at), err);
		at += 5;
		r = read_list(&reading, &at, uid, uid ? &uids : &gids, err);
	}
	if (r == 0 && (!uids.n || !gids.n))
		return err_msg(
			err, -EINVAL,
			"mounts[%zu].options: %s: id-mapped mounts must have both uid and gid mappings specified",
			index, option);
	if (r == 0)
		r = check_text(&reading, &uids, "uids", err);
	if (r == 0)
		r = check_text(&reading, &gids, "gids", err);
	*ret = (struct plan_idmap){-1, uids.n, gids.n, uids.items, gids.items};
	return r;
}

/* The container's user namespace: entered, or about to be made with these maps. */
static int of_container(struct planner *p, size_t index, const char *option, struct plan_idmap *ret, struct err *err)
{
	const struct oci_linux *l = p->config->linux_;

	*ret = (struct plan_idmap){.join = -1};
	if (p->new_ns & CLONE_NEWUSER) {
		*ret = (struct plan_idmap){-1, l->n_uid_mappings, l->n_gid_mappings, l->uid_mappings, l->gid_mappings};
		return 0;
	}
	for (size_t i = 0; i < p->plan.n_joins; i++)
		if (p->plan.joins[i].type == CLONE_NEWUSER)
			ret->join = (int)i;
	if (ret->join >= 0)
		return 0;
	return err_msg(
		err, -EINVAL,
		"mounts[%zu].options: %s: id-mapped mounts must have both uid and gid mappings specified, or the "
		"container a user namespace",
		index, option);
}

static bool same_map(const struct oci_id_mapping *a, size_t n_a, const struct oci_id_mapping *b, size_t n_b)
{
	for (size_t i = 0; n_a == n_b && i < n_a; i++)
		if (a[i].container_id != b[i].container_id || a[i].host_id != b[i].host_id || a[i].size != b[i].size)
			return false;
	return n_a == n_b;
}

/* The index of the map among those of the plan, where it is put unless it is there already. */
static int keep(struct planner *p, const struct plan_idmap *map, int *ret, struct err *err)
{
	size_t n = p->plan.n_idmaps, i = 0;

	while (i < n && !(p->idmaps[i].join == map->join &&
			  same_map(p->idmaps[i].uid_map, p->idmaps[i].n_uid_map, map->uid_map, map->n_uid_map) &&
			  same_map(p->idmaps[i].gid_map, p->idmaps[i].n_gid_map, map->gid_map, map->n_gid_map)))
		i++;
	if (i == n && n == p->max_idmaps) {
		size_t more = n ? 2 * n : 4;
		struct plan_idmap *grown = plan_alloc(p, more, sizeof(*grown));

		if (!grown)
			return plan_no_memory(err);
		if (n)
			memcpy(grown, p->idmaps, n * sizeof(*grown));
		p->plan.idmaps = p->idmaps = grown;
		p->max_idmaps = more;
	}
	if (i == n)
		p->idmaps[p->plan.n_idmaps++] = *map;
	*ret = (int)i;
	return 0;
}

int plan_idmap(struct planner *p, const struct oci_mount *entry, size_t index, const char *option, int *ret,
	       struct err *err)
{
	struct plan_idmap map = {-1, entry->n_uid_mappings, entry->n_gid_mappings, entry->uid_mappings,
				 entry->gid_mappings};
	bool text = option && strchr(option, '=');
	int r = 0;

	if (text && entry->n_uid_mappings)
		return err_msg(err, -EINVAL, "mounts[%zu].options: %s: there are mounts[%zu].uidMappings as well",
			       index, option, index);
	if (text)
		r = read_text(p, index, option, &map, err);
	else if (!entry->n_uid_mappings)
		r = of_container(p, index, option, &map, err);
	if (r < 0)
		return r;
	if (!p->facts->cap_sys_admin) {
		err_msg(err, -EPERM, "mounts[%zu]: id-mapped mounts are not supported for rootless containers", index);
		return err_hint(err, "the kernel wants CAP_SYS_ADMIN on the host");
	}
	return keep(p, &map, ret, err);
}
