/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of a plain user in a user namespace of its own: see own_ids.h. */
#include "config/own_ids.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024)

static int no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "map the caller's ids");
}

/* The name of the user in the host's passwd, in arena; NULL: none. */
static const char *user_name(uint32_t uid, struct ocispec_arena *arena)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (fd_read_file(AT_FDCWD, "/etc/passwd", FILE_MAX, &text, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *name = strsep(&line, ":"), *number;
		uint32_t id;

		(void)strsep(&line, ":");
		number = strsep(&line, ":");
		if (number && *name && num_u32(number, &id) == 0 && id == uid)
			return ocispec_strndup(arena, name, strlen(name));
	}
	return NULL;
}

/* Lines of subuid(5): NAME-OR-ID:FIRST:COUNT */
static int read_subordinate(const char *path, uint32_t uid, const char *name, struct ocispec_arena *arena,
			    struct own_ids *ret, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct oci_id_mapping *ranges;
	char *save = NULL;
	size_t lines = 1;

	*ret = (struct own_ids){0};
	if (fd_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
		return 0;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	ranges = ocispec_alloc(arena, lines * sizeof(*ranges));
	if (!ranges)
		return no_memory(err);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *who = strsep(&line, ":"), *first = strsep(&line, ":"), *count = strsep(&line, ":");
		uint32_t id;

		if (!count || line || !((num_u32(who, &id) == 0 && id == uid) || (name && !strcmp(who, name))))
			continue;
		if (num_u32(first, &ranges[ret->n].host_id) == 0 && num_u32(count, &ranges[ret->n].size) == 0 &&
		    ranges[ret->n].size > 0 && ranges[ret->n].size <= UINT32_MAX - ranges[ret->n].host_id)
			ret->n++;
	}
	ret->ranges = ranges;
	return 0;
}

/* Both kinds of ids and both helpers, or the caller's own id alone. */
int own_ids_look(uint32_t uid, struct ocispec_arena *arena, struct own_ids *uids, struct own_ids *gids, struct err *err)
{
	const char *name = user_name(uid, arena);
	int r;

	*uids = *gids = (struct own_ids){0};
	if (access("/usr/bin/newuidmap", X_OK) < 0 || access("/usr/bin/newgidmap", X_OK) < 0)
		return 0;
	r = read_subordinate("/etc/subuid", uid, name, arena, uids, err);
	if (r == 0)
		r = read_subordinate("/etc/subgid", uid, name, arena, gids, err);
	if (r < 0 || !uids->n || !gids->n)
		*uids = *gids = (struct own_ids){0};
	return r;
}

int own_ids_map(uint32_t own, const struct own_ids *further, struct ocispec_arena *arena, struct own_ids *ret,
		struct err *err)
{
	struct oci_id_mapping *map = ocispec_alloc(arena, (further->n + 1) * sizeof(*map));
	uint32_t next = 1;

	if (!map)
		return no_memory(err);
	map[0] = (struct oci_id_mapping){.host_id = own, .size = 1};
	for (size_t i = 0; i < further->n; i++) {
		uint32_t size = further->ranges[i].size;

		map[i + 1] = (struct oci_id_mapping){
			.container_id = next,
			.host_id = further->ranges[i].host_id,
			.size = size > UINT32_MAX - next ? UINT32_MAX - next : size,
		};
		next += map[i + 1].size;
	}
	*ret = (struct own_ids){.n = further->n + 1, .ranges = map};
	return 0;
}

static bool wants(const struct oci_linux *l)
{
	bool new = false;

	for (size_t i = 0; l && i < l->n_namespaces; i++) {
		if (!strcmp(l->namespaces[i].type, "user"))
			return false;
		new = new || !l->namespaces[i].path || !l->namespaces[i].path[0];
	}
	/* Mappings without a namespace are for somebody else to find wrong. */
	return new && !l->n_uid_mappings && !l->n_gid_mappings;
}

/* An exec goes by the text, which is kept for it. */
static int write_text(struct bundle *bundle, struct err *err)
{
	char *text, *copy;
	size_t size;

	if (ocispec_write(&oci_config_object, bundle->config, OCISPEC_COMPACT, bundle->arena, &text, &size) < 0)
		return no_memory(err);
	copy = strdup(text);
	if (!copy)
		return no_memory(err);
	free(bundle->text);
	bundle->text = copy;
	bundle->size = size;
	return 0;
}

int own_ids_give(struct bundle *bundle, uint32_t uid, uint32_t gid, struct err *err)
{
	struct oci_linux *l = bundle->config->linux_;
	struct own_ids sub_uids, sub_gids, uids, gids;
	struct oci_namespace *namespaces;
	int r;

	if (!wants(l))
		return 0;
	namespaces = ocispec_alloc(bundle->arena, (l->n_namespaces + 1) * sizeof(*namespaces));
	if (!namespaces)
		return no_memory(err);
	r = own_ids_look(uid, bundle->arena, &sub_uids, &sub_gids, err);
	if (r == 0)
		r = own_ids_map(uid, &sub_uids, bundle->arena, &uids, err);
	if (r == 0)
		r = own_ids_map(gid, &sub_gids, bundle->arena, &gids, err);
	if (r < 0)
		return r;
	memcpy(namespaces, l->namespaces, l->n_namespaces * sizeof(*namespaces));
	namespaces[l->n_namespaces++] = (struct oci_namespace){.type = "user"};
	l->namespaces = namespaces;
	l->n_uid_mappings = uids.n;
	l->uid_mappings = uids.ranges;
	l->n_gid_mappings = gids.n;
	l->gid_mappings = gids.ranges;
	log_debug("linux.namespaces: a user namespace is added, without which the caller can make none of the others");
	return write_text(bundle, err);
}
