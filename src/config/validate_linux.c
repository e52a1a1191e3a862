/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of linux: namespaces and id maps first, then what depends on them. */
#include "config/validate.h"

#include "config/id_map.h"
#include "config/names.h"

#include "base/mem.h"
#include "base/num.h"

#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's clocks count nanoseconds in 63 bits. */
#define CLOCK_SECS_MAX 9223372036

static int check_namespaces(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->linux_->n_namespaces; i++) {
		const struct oci_namespace *ns = &v->linux_->namespaces[i];
		uint64_t flag = name_to_namespace(ns->type);

		if (!flag)
			return INVALID(err, "linux.namespaces[%zu].type: unknown namespace \"%s\"", i, ns->type);
		if (has_namespace(v, flag))
			return INVALID(err, "linux.namespaces[%zu].type: \"%s\" is given twice", i, ns->type);
		if (!given(ns->path)) {
			v->new_ns |= flag;
		} else {
			int r = validate_path(ns->path, true, err, "linux.namespaces[%zu].path", i);

			if (r < 0)
				return r;
			v->joined_ns |= flag;
		}
	}
	return 0;
}

static int check_maps(struct validation *v, struct err *err)
{
	const struct oci_linux *l = v->linux_;
	const struct {
		const char *property;
		const struct oci_id_mapping *map;
		size_t n;
	} maps[] = {
		{"linux.uidMappings", l->uid_mappings, l->n_uid_mappings},
		{"linux.gidMappings", l->gid_mappings, l->n_gid_mappings},
	};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		int r;

		if (maps[i].n && !has_namespace(v, CLONE_NEWUSER))
			return INVALID(err, "%s: there is no user namespace to map into", maps[i].property);
		if (!maps[i].n && v->new_ns & CLONE_NEWUSER)
			return INVALID(err, "%s: a new user namespace needs mappings", maps[i].property);
		r = id_map_check(maps[i].property, maps[i].map, maps[i].n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_time_offsets(struct validation *v, struct err *err)
{
	const struct oci_time_offsets *offsets = v->linux_->time_offsets;
	const struct oci_time_offset *each[2];

	if (!offsets || (!offsets->monotonic && !offsets->boottime))
		return 0;
	if (v->joined_ns & CLONE_NEWTIME)
		return INVALID(err, "linux.timeOffsets: a time namespace that is joined has its own");
	if (!(v->new_ns & CLONE_NEWTIME))
		return INVALID(err, "linux.timeOffsets: need a time namespace");
	each[0] = offsets->monotonic;
	each[1] = offsets->boottime;
	for (size_t i = 0; i < 2; i++) {
		const char *clock = i ? "boottime" : "monotonic";

		if (!each[i])
			continue;
		if (each[i]->nanosecs > 999999999)
			return INVALID(err, "linux.timeOffsets.%s.nanosecs: %u is a second or more", clock,
				       each[i]->nanosecs);
		if (each[i]->secs > CLOCK_SECS_MAX || each[i]->secs < -CLOCK_SECS_MAX)
			return INVALID(err, "linux.timeOffsets.%s.secs: %lld is more than a clock can hold", clock,
				       (long long)each[i]->secs);
	}
	return 0;
}

/* Bytes that no value of the allowed sysctls has, and that have carried a second write behind the first before. */
static bool is_sysctl_value(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 ? *s != '\t' : *s == '+' || *s == 0x7f)
			return false;
	return true;
}

static int check_sysctls(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->linux_->n_sysctl; i++) {
		const struct oci_pair *pair = &v->linux_->sysctl[i];
		char path[SYSCTL_PATH_SIZE];
		uint64_t ns;

		if (!sysctl_path(pair->key, path, sizeof(path)))
			return INVALID(err, "linux.sysctl: \"%.300s\" is not a name of a sysctl", pair->key);
		if (!strcmp(path, "kernel/hostname"))
			return INVALID(err, "linux.sysctl: \"%s\" is not allowed: the property hostname sets it",
				       pair->key);
		ns = sysctl_namespace(path);
		if (!ns)
			return INVALID(err, "linux.sysctl: \"%s\" is not allowed: it belongs to no namespace",
				       pair->key);
		if (!has_namespace(v, ns))
			return INVALID(err, "linux.sysctl: \"%s\" is not allowed without a namespace of type %s",
				       pair->key, name_of_namespace(ns));
		if (!is_sysctl_value(pair->value))
			return INVALID(err, "linux.sysctl: the value of \"%s\" has a control character or a '+'",
				       pair->key);
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* One sysctl can be spelled in several ways; which value would win must not depend on the order of a JSON object. */
static int check_sysctl_duplicates(struct validation *v, struct err *err)
{
	size_t n = v->linux_->n_sysctl;
	char(*paths)[SYSCTL_PATH_SIZE];
	int r = 0;

	if (n < 2)
		return 0;
	paths = calloc(n, sizeof(*paths));
	if (!paths)
		return err_set(err, -ENOMEM, "check linux.sysctl");
	for (size_t i = 0; i < n; i++)
		sysctl_path(v->linux_->sysctl[i].key, paths[i], sizeof(paths[i]));
	qsort(paths, n, sizeof(*paths), by_text);
	for (size_t i = 1; i < n && r == 0; i++)
		if (!strcmp(paths[i - 1], paths[i]))
			r = INVALID(err, "linux.sysctl: \"%s\" is given twice, in different spellings", paths[i]);
	free(paths);
	return r;
}

static int check_path_list(struct validation *v, const char *property, const char **paths, size_t n, struct err *err)
{
	if (n && !has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "%s: need a mount namespace, they would cover the host's", property);
	for (size_t i = 0; i < n; i++) {
		int r = validate_path(paths[i], true, err, "%s[%zu]", property, i);

		if (r < 0)
			return r;
		if (paths[i][strspn(paths[i], "/.")] == '\0')
			return INVALID(err, "%s[%zu]: \"%s\" is the root itself", property, i, paths[i]);
	}
	return 0;
}

static int check_masked(struct validation *v, struct err *err)
{
	return check_path_list(v, "linux.maskedPaths", v->linux_->masked_paths, v->linux_->n_masked_paths, err);
}

static int check_readonly(struct validation *v, struct err *err)
{
	return check_path_list(v, "linux.readonlyPaths", v->linux_->readonly_paths, v->linux_->n_readonly_paths, err);
}

static int check_propagation(struct validation *v, struct err *err)
{
	const char *word = v->linux_->rootfs_propagation;
	uint32_t flags;

	if (!given(word))
		return 0;
	flags = name_to_propagation(word);
	if (!flags)
		return INVALID(err, "linux.rootfsPropagation: unknown propagation \"%s\"", word);
	if (!has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "linux.rootfsPropagation: needs a mount namespace");
	if (v->facts->no_pivot && flags & MS_PRIVATE)
		return INVALID(err, "rootfsPropagation of [r]private is not safe without pivot_root");
	if (v->facts->no_pivot && flags & MS_UNBINDABLE)
		return INVALID(err, "rootfsPropagation of [r]unbindable is not safe without pivot_root");
	return 0;
}

static int check_personality(struct validation *v, struct err *err)
{
	const struct oci_personality *personality = v->linux_->personality;
	uint64_t value;

	if (!personality)
		return 0;
	if (!name_to_personality(personality->domain, &value))
		return INVALID(err, "linux.personality.domain: unknown domain \"%s\"", personality->domain);
	if (personality->n_flags)
		return INVALID(err, "linux.personality.flags: none are defined, the list must be empty");
	return 0;
}

/* Which nodes there are, and which of these rules a kernel has, only the kernel knows. */
static int check_memory_policy_nodes(const struct oci_memory_policy *policy, uint32_t mode, uint32_t flags,
				     struct err *err)
{
	uint8_t mask[MEMORY_NODES_MAX / 8] = {0};
	size_t n = 0;
	int r = given(policy->nodes) ? num_list(policy->nodes, mask, MEMORY_NODES_MAX) : 0;

	if (r == -ERANGE)
		return INVALID(err,
			       "linux.memoryPolicy.nodes: invalid memory policy nodes \"%s\": the last node that a "
			       "kernel can have is %d",
			       policy->nodes, MEMORY_NODES_MAX - 1);
	if (r < 0)
		return INVALID(err, "linux.memoryPolicy.nodes: invalid memory policy nodes \"%s\"", policy->nodes);
	for (size_t i = 0; i < sizeof(mask); i++)
		n += (size_t)__builtin_popcount(mask[i]);
	if (n && (mode == MPOL_DEFAULT || mode == MPOL_LOCAL))
		return INVALID(err, "linux.memoryPolicy.nodes: memory policy mode requires 0 nodes but got %zu", n);
	if (!n && mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED)
		return INVALID(err,
			       "linux.memoryPolicy.nodes: memory policy mode requires at least one node but got 0");
	if (!n && mode != MPOL_DEFAULT && flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return INVALID(err,
			       "linux.memoryPolicy.flags: invalid memory policy flags: there are no nodes for them");
	return 0;
}

static int check_memory_policy(struct validation *v, struct err *err)
{
	const uint32_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	const struct oci_memory_policy *policy = v->linux_->memory_policy;
	uint32_t mode, flags = 0, flag;

	if (!policy)
		return 0;
	if (!name_to_memory_policy(policy->mode, &mode))
		return INVALID(err, "linux.memoryPolicy.mode: invalid memory policy mode \"%s\"", policy->mode);
	for (size_t i = 0; i < policy->n_flags; i++) {
		if (!name_to_memory_policy_flag(policy->flags[i], &flag))
			return INVALID(err, "linux.memoryPolicy.flags[%zu]: invalid memory policy flag \"%s\"", i,
				       policy->flags[i]);
		flags |= flag;
	}
	if ((flags & both) == both)
		return INVALID(err,
			       "linux.memoryPolicy.flags: invalid memory policy flags: the nodes are either static or "
			       "relative");
	return check_memory_policy_nodes(policy, mode, flags, err);
}

static int check_mount_label(struct validation *v, struct err *err)
{
	const char *label = v->linux_->mount_label;

	return given(label) ? validate_label(v, label, err, "linux.mountLabel") : 0;
}

const struct config_check config_checks_namespaces[] = {
	{"namespaces", check_namespaces},
	{"id maps", check_maps},
	{0},
};

const struct config_check config_checks_linux[] = {
	{"timeOffsets", check_time_offsets},
	{"sysctl", check_sysctls},
	{"sysctl duplicates", check_sysctl_duplicates},
	{"maskedPaths", check_masked},
	{"readonlyPaths", check_readonly},
	{"rootfsPropagation", check_propagation},
	{"personality", check_personality},
	{"memoryPolicy", check_memory_policy},
	{"mountLabel", check_mount_label},
	{0},
};
