/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's place in the cgroup tree: where it is, who owns it, which devices are allowed in it. What is written
 * there is in resources.c.
 */
#include "plan/device_rules.h"
#include "plan/internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* clang-format off */
#define ANY       {false, 0}
#define NUMBER(n) {true, (n)}
const struct oci_device_cgroup plan_device_rules[] = {
	{true, NULL, ANY, ANY, "m"},
	{true, "c", NUMBER(1), NUMBER(3), "rwm"},    /* null */
	{true, "c", NUMBER(1), NUMBER(5), "rwm"},    /* zero */
	{true, "c", NUMBER(1), NUMBER(7), "rwm"},    /* full */
	{true, "c", NUMBER(1), NUMBER(8), "rwm"},    /* random */
	{true, "c", NUMBER(1), NUMBER(9), "rwm"},    /* urandom */
	{true, "c", NUMBER(5), NUMBER(0), "rwm"},    /* tty */
	{true, "c", NUMBER(5), NUMBER(2), "rwm"},    /* ptmx */
	{true, "c", NUMBER(136), ANY, "rwm"},        /* pts */
	{true, "c", NUMBER(10), NUMBER(200), "rwm"}, /* net/tun */
};
/* clang-format on */

/* What no kernel can make a directory of. */
static int check_length(const char *path, struct err *err)
{
	size_t size = strlen(path);

	if (size >= PATH_MAX)
		return err_msg(err, -ENAMETOOLONG,
			       "linux.cgroupsPath: the path has %zu bytes, the longest possible has %d", size,
			       PATH_MAX - 1);
	for (; *path; path += *path == '/') {
		size = strcspn(path, "/");
		if (size > NAME_MAX)
			return err_msg(err, -ENAMETOOLONG,
				       "linux.cgroupsPath: a name in it has %zu bytes, the longest possible has %d",
				       size, NAME_MAX);
		path += size;
	}
	return 0;
}

/*
 * An absolute cgroupsPath counts from the mount. A relative one, and the container's id where there is none, go beside
 * the caller's own cgroup: that one has processes in it, and then the kernel gives its children no controllers.
 */
static int plan_path(const char *wanted, const struct plan_facts *facts, const char *id, struct ocispec_arena *arena,
		     struct plan_cgroup *ret, struct err *err)
{
	const char *name = wanted && *wanted ? wanted : id, *clean, *parent;
	struct text path = {.arena = arena};
	size_t size;
	int r;

	if (strchr(name, '\n'))
		return err_msg(err, -EINVAL, "linux.cgroupsPath: a cgroup's name can't hold a newline");
	clean = path_clean(arena, name);
	if (!clean)
		return err_set(err, -ENOMEM, "plan the cgroup");
	if (!strcmp(clean, "/"))
		return err_msg(err, -EINVAL, "linux.cgroupsPath: \"%s\" names no cgroup below %s", name,
			       name[0] == '/' ? "the root" : "the caller's");
	r = check_length(clean, err);
	if (r < 0)
		return r;
	if (name[0] == '/') {
		ret->path = clean;
		return 0;
	}
	parent = path_clean(arena, facts->own_cgroup ? facts->own_cgroup : "/");
	if (!parent)
		return err_set(err, -ENOMEM, "plan the cgroup");
	size = (size_t)(strrchr(parent, '/') - parent);
	text_add(&path, parent, size);
	text_str(&path, clean);
	if (path.failed)
		return err_set(err, path.failed, "plan the cgroup");
	ret->path = path.s;
	return 0;
}

/* An unset number, and -1, stand for any. */
static int check_number(size_t i, const char *key, struct oci_opt_i64 number, struct err *err)
{
	if (number.set && (number.value < -1 || number.value > UINT32_MAX))
		return err_msg(err, -EINVAL, "linux.resources.devices[%zu].%s: %jd is no device number", i, key,
			       (intmax_t)number.value);
	return 0;
}

static int add_device_rules(const struct oci_resources *resources, struct plan_cgroup *ret, struct err *err)
{
	int r;

	ret->has_devices = true;
	for (size_t i = 0; resources && i < resources->n_devices; i++) {
		const struct oci_device_cgroup *rule = &resources->devices[i];

		if (rule->type && *rule->type && (!strchr("abc", rule->type[0]) || rule->type[1]))
			return err_msg(err, -EINVAL,
				       "linux.resources.devices[%zu].type: invalid cgroup device type \"%s\"", i,
				       rule->type);
		if (!rule->access || !*rule->access)
			return err_msg(
				err, -EINVAL,
				"linux.resources.devices[%zu].access: device access at %zu field cannot be empty", i,
				i);
		if (rule->access[strspn(rule->access, "rwm")])
			return err_msg(err, -EINVAL,
				       "linux.resources.devices[%zu].access: \"%s\" is not made of r, w and m", i,
				       rule->access);
		if ((r = check_number(i, "major", rule->major, err)) < 0 ||
		    (r = check_number(i, "minor", rule->minor, err)) < 0)
			return r;
	}
	ret->n_device_rules = resources ? resources->n_devices : 0;
	ret->device_rules = resources ? resources->devices : NULL;
	return 0;
}

static const struct oci_namespace *find_namespace(const struct oci_linux *linux_, const char *type)
{
	for (size_t i = 0; i < linux_->n_namespaces; i++)
		if (!strcmp(linux_->namespaces[i].type, type))
			return &linux_->namespaces[i];
	return NULL;
}

static bool is_new(const struct oci_namespace *ns)
{
	return ns && !(ns->path && *ns->path);
}

static bool has_option(const struct oci_mount *mount, const char *option)
{
	for (size_t i = 0; i < mount->n_options; i++)
		if (!strcmp(mount->options[i], option))
			return true;
	return false;
}

static bool is_writable_cgroup_mount(const struct oci_mount *mount, struct ocispec_arena *arena)
{
	const char *destination;

	if (!mount->source || strcmp(mount->source, "cgroup") != 0)
		return false;
	destination = path_clean(arena, mount->destination);
	return destination && !strcmp(destination, "/sys/fs/cgroup") && !has_option(mount, "ro");
}

/*
 * config-linux.md, cgroup ownership: a container that sees its cgroup as the root of a tree, and sees it writable, is
 * to own it.
 */
static int plan_owner(const struct oci_config *config, const struct oci_linux *linux_, struct ocispec_arena *arena,
		      struct plan_cgroup *ret, struct err *err)
{
	static const char *unknown[] = {
		"the cgroup is not handed over: the joined user namespace's mappings are unknown"};
	uint32_t uid = config->process && config->process->user ? config->process->user->uid : 0;
	bool visible = false;

	if (!is_new(find_namespace(linux_, "cgroup")))
		return 0;
	for (size_t i = 0; i < config->n_mounts && !visible; i++)
		visible = is_writable_cgroup_mount(&config->mounts[i], arena);
	if (!visible)
		return 0;
	if (!find_namespace(linux_, "user")) {
		ret->chown = true;
		ret->chown_uid = uid;
		return 0;
	}
	for (size_t i = 0; i < linux_->n_uid_mappings; i++) {
		const struct oci_id_mapping *map = &linux_->uid_mappings[i];

		if (uid >= map->container_id && uid - map->container_id < map->size) {
			ret->chown = true;
			ret->chown_uid = map->host_id + (uid - map->container_id);
			return 0;
		}
	}
	/* A user namespace that is joined may come without its mappings. */
	if (linux_->n_uid_mappings == 0) {
		ret->n_warnings = 1;
		ret->warnings = unknown;
		return 0;
	}
	return err_msg(err, -EINVAL, "process.user.uid: %u has no mapping in linux.uidMappings", uid);
}

int plan_cgroup(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
		struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err)
{
	static const struct oci_linux nothing;
	const struct oci_linux *linux_ = config->linux_ ? config->linux_ : &nothing;
	struct plan_cgroup cgroup = {.enabled = !request->cgroup_disabled};
	bool limited = false;
	int r;

	if (!cgroup.enabled) {
		*ret = cgroup;
		return 0;
	}
	cgroup.unprivileged = facts->euid != 0 || facts->in_userns;
	cgroup.rootless = (request->rootless == PLAN_ROOTLESS_AUTO ? cgroup.unprivileged
								   : request->rootless == PLAN_ROOTLESS_TRUE) &&
			  !(linux_->cgroups_path && *linux_->cgroups_path);
	if ((!request->cgroup_systemd &&
	     (r = plan_path(linux_->cgroups_path, facts, request->id, arena, &cgroup, err)) < 0) ||
	    (r = plan_subgroups(config, &cgroup, err)) < 0 ||
	    (r = add_device_rules(linux_->resources, &cgroup, err)) < 0 ||
	    (r = plan_owner(config, linux_, arena, &cgroup, err)) < 0)
		return r;
	if (linux_->resources) {
		r = plan_resources(linux_->resources, arena, &cgroup, err);
		if (r < 0)
			return r;
	}
	if (request->cgroup_systemd && (r = plan_unit(config, facts, request, arena, &cgroup, err)) < 0)
		return r;
	for (size_t i = 0; i < cgroup.n_writes; i++)
		limited = limited || !cgroup.writes[i].optional;
	/* systemd makes the cgroup, and whoever reached it has what it takes. */
	cgroup.optional = cgroup.rootless && !limited && !request->cgroup_systemd;
	*ret = cgroup;
	return 0;
}
