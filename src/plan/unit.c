/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With the systemd driver the container's cgroup is a unit's: which one, where systemd will put it, and what systemd is
 * told about it. The values are GVariant text with its type, since D-Bus wants exact types and annotations bring them
 * as such text anyway.
 *
 * What would make systemd refuse the unit, or put it elsewhere than we think, is refused here, before anything is made.
 */
#include "plan/unit.h"

#include "config/annotations.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CGROUPS_PATH "linux.cgroupsPath: "

#define UNIT_NAME_MAX 255

const char *unit_print(struct unit_properties *p, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = plan_vprint(p->arena, fmt, ap);
	va_end(ap);
	p->failed = p->failed || !s;
	return s ? s : "";
}

void unit_put(struct unit_properties *p, const char *name, const char *value)
{
	struct plan_unit_property *items;
	size_t max = p->max ? 2 * p->max : 32;

	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->items[i].name, name)) {
			p->items[i].value = value;
			return;
		}
	if (p->n == p->max) {
		items = ocispec_alloc(p->arena, max * sizeof(*items));
		if (!items) {
			p->failed = true;
			return;
		}
		if (p->n)
			memcpy(items, p->items, p->n * sizeof(*items));
		p->items = items;
		p->max = max;
	}
	p->items[p->n++] = (struct plan_unit_property){name, value};
}

static void put_string(struct unit_properties *p, const char *name, const char *s)
{
	struct text text = {.arena = p->arena};

	text_str(&text, "'");
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			text_str(&text, "\\");
		text_add(&text, s, 1);
	}
	text_str(&text, "'");
	p->failed = p->failed || text.failed;
	unit_put(p, name, text.failed ? "" : text.s);
}

/*
 * Names
 */

static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(":-_.\\", c));
}

/*
 * "cpu.scope" would be taken for a file of a controller, so systemd puts such a unit elsewhere; which names it thinks
 * so of depends on its version.
 */
static bool looks_like_file(const char *name)
{
	static const char *const words[] = {"cgroup", "cpu",     "cpuacct", "cpuset",  "io",   "blkio",
					    "memory", "devices", "pids",    "hugetlb", "rdma", "misc",
					    "dmem",   "freezer", "net_cls", "debug",   "irq",  "net_prio"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (!strncmp(name, words[i], n) && name[n] == '.')
			return true;
	}
	return false;
}

/* systemd.unit(5). An "@" makes an instance, which needs a name before it and one after it. */
static int check_unit_name(const char *name, struct err *err)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	if (strlen(name) > UNIT_NAME_MAX)
		return err_msg(err, -EINVAL, CGROUPS_PATH "unit \"%.40s...\" has a name of more than %d characters",
			       name, UNIT_NAME_MAX);
	for (const char *c = name; *c; c++)
		if (!is_name_char(*c) && *c != '@')
			return err_msg(err, -EINVAL, CGROUPS_PATH "unit \"%s\": a unit's name can't hold '%c'", name,
				       isprint((unsigned char)*c) ? *c : '?');
	if (dot == name || (at && (at == name || at + 1 == dot)))
		return err_msg(err, -EINVAL, CGROUPS_PATH "\"%s\" is no name of a unit", name);
	if (looks_like_file(name))
		return err_msg(err, -EINVAL,
			       CGROUPS_PATH "unit \"%s\": the name begins like a file of cgroup controllers", name);
	return 0;
}

static int check_slice(const char *slice, struct err *err)
{
	size_t n = strlen(slice);
	int r;

	if (!has_suffix(slice, ".slice") || strpbrk(slice, "@/"))
		return err_msg(err, -EINVAL, CGROUPS_PATH "\"%s\" is no name of a slice (such as system.slice)", slice);
	if ((r = check_unit_name(slice, err)) < 0 || !strcmp(slice, "-.slice"))
		return r;
	/* Dashes separate the names of parents. */
	if (slice[0] == '-' || slice[n - strlen(".slice") - 1] == '-' || strstr(slice, "--"))
		return err_msg(err, -EINVAL, CGROUPS_PATH "slice \"%s\": a name is missing beside a dash", slice);
	return 0;
}

/* The directory of a unit: systemd puts a "_" before what would look like a file of its own. */
static void add_directory(struct text *path, const char *unit, size_t n)
{
	text_str(path, unit[0] == '_' || unit[0] == '.' ? "/_" : "/");
	text_add(path, unit, n);
}

/* a-b.slice is /a.slice/a-b.slice; -.slice the root of the tree. */
static void add_slice(struct text *path, const char *slice)
{
	if (!strcmp(slice, "-.slice"))
		return;
	for (const char *c = slice; *c; c++)
		if (*c == '-') {
			add_directory(path, slice, (size_t)(c - slice));
			text_str(path, ".slice");
		}
	add_directory(path, slice, strlen(slice));
}

/* The slice above, by name. */
static const char *parent_slice(struct unit_properties *p, const char *slice)
{
	const char *dash = strrchr(slice, '-');

	return dash ? unit_print(p, "%.*s.slice", (int)(dash - slice), slice) : "-.slice";
}

/* Ids may hold what names of units may not: \xNN stands for it, as systemd-escape(1) has it. */
static const char *escape(struct unit_properties *p, const char *id)
{
	struct text text = {.arena = p->arena};

	for (; *id; id++) {
		if (is_name_char(*id) && *id != '\\')
			text_add(&text, id, 1);
		else
			text_str(&text, unit_print(p, "\\x%02x", (unsigned char)*id));
	}
	p->failed = p->failed || text.failed;
	return text.s ? text.s : "";
}

/* What cgroupsPath says. */
struct place {
	const char *slice, *prefix, *name; /* slice: "" when it isn't said */
};

static int parse_place(struct unit_properties *p, const char *path, const char *id, struct place *ret, struct err *err)
{
	const char *first, *second;

	if (!path || !*path) {
		*ret = (struct place){"", "turtle", escape(p, id)};
		return 0;
	}
	first = strchr(path, ':');
	second = first ? strchr(first + 1, ':') : NULL;
	if (!second || strchr(second + 1, ':'))
		return err_msg(
			err, -EINVAL,
			"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"%s\" "
			"instead",
			path);
	if (!second[1])
		return err_msg(err, -EINVAL, CGROUPS_PATH "\"%s\" names no unit: nothing is behind the last colon",
			       path);
	ret->slice = unit_print(p, "%.*s", (int)(first - path), path);
	ret->prefix = unit_print(p, "%.*s", (int)(second - first - 1), first + 1);
	ret->name = second + 1;
	return 0;
}

/* A slice says by its own name where it is. */
static int place_slice(struct unit_properties *p, const struct place *place, struct text *path, struct err *err)
{
	const char *parent;
	int r = check_slice(place->name, err);

	if (r < 0)
		return r;
	if (!strcmp(place->name, "-.slice"))
		return err_msg(err, -EINVAL, CGROUPS_PATH "-.slice is the root of all slices, no container's");
	parent = parent_slice(p, place->name);
	if (*place->slice && strcmp(place->slice, parent) != 0)
		return err_msg(err, -EINVAL, CGROUPS_PATH "slice %s is by its name in %s, not in %s", place->name,
			       parent, place->slice);
	add_slice(path, place->name);
	return 0;
}

/* Sets the unit's name and the cgroup's path, and tells systemd the slice. */
static int place_unit(struct unit_properties *p, const struct place *place, const struct plan_facts *facts,
		      struct plan_cgroup *cgroup, struct err *err)
{
	const char *root = facts->systemd_cgroup ? facts->systemd_cgroup : "/";
	const char *slice = *place->slice ? place->slice : facts->systemd_user ? "user.slice" : "system.slice";
	struct text path = {.arena = p->arena};
	int r;

	if (strcmp(root, "/") != 0)
		text_str(&path, root);
	p->slice = cgroup->unit.slice = has_suffix(place->name, ".slice");
	if (p->slice) {
		cgroup->unit.name = place->name;
		r = place_slice(p, place, &path, err);
		if (r < 0)
			return r;
	} else {
		cgroup->unit.name =
			unit_print(p, "%s%s%s.scope", place->prefix, *place->prefix ? "-" : "", place->name);
		if ((r = check_slice(slice, err)) < 0 || (r = check_unit_name(cgroup->unit.name, err)) < 0)
			return r;
		add_slice(&path, slice);
		add_directory(&path, cgroup->unit.name, strlen(cgroup->unit.name));
		put_string(p, "Slice", slice);
		unit_put(p, "Delegate", "true");
	}
	p->failed = p->failed || path.failed;
	cgroup->path = path.s;
	return 0;
}

/*
 * Annotations
 */

static int bad_property(const char *key, const char *why, struct err *err)
{
	return err_msg(err, -EINVAL, "annotation %s: %s", key, why);
}

static int check_property_name(const char *key, const char *name, struct err *err)
{
	static const char *const ours[] = {"Delegate", "PIDs", "Slice"};

	if (strlen(name) < 3)
		return bad_property(key, "a property has at least three letters", err);
	for (const char *c = name; *c; c++)
		if (!((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')))
			return bad_property(key, "a property has only letters in its name", err);
	if (name[0] > 'Z')
		return bad_property(key, "a property begins with a capital", err);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(name, ours[i]))
			return bad_property(key, "the runtime sets this property itself", err);
	/* No scope has the first kind, but who tries it ought to be told plainly. */
	if (!strncmp(name, "Exec", 4))
		return bad_property(key, "a container's unit executes no programs on the host", err);
	if (has_suffix(name, "Action"))
		return bad_property(key, "a container's unit does not reboot or power off the host", err);
	return 0;
}

static int put_property(struct unit_properties *p, const struct oci_pair *annotation, struct err *err)
{
	const char *name = annotation->key + strlen(ANNOTATION_SYSTEMD_PROPERTY);
	int r = check_property_name(annotation->key, name, err);

	if (r < 0)
		return r;
	unit_put(p, name, annotation->value);
	return 0;
}

static int check_group(const char *key, const char *name, struct err *err)
{
	if (strpbrk(name, "/\n") || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > 255)
		return err_msg(err, -EINVAL, "annotation %s: \"%s\" is no name of a cgroup", key, name);
	if (looks_like_file(name))
		return err_msg(err, -EINVAL, "annotation %s: \"%s\" looks like a file of a cgroup", key, name);
	return 0;
}

int plan_subgroups(const struct oci_config *config, struct plan_cgroup *ret, struct err *err)
{
	const char *subgroup = NULL, *delegate = NULL;
	int r;

	for (size_t i = 0; i < config->n_annotations; i++) {
		const struct oci_pair *a = &config->annotations[i];

		if (!strcmp(a->key, ANNOTATION_SUBGROUP))
			subgroup = *a->value ? a->value : NULL;
		else if (!strcmp(a->key, ANNOTATION_DELEGATE))
			delegate = *a->value ? a->value : NULL;
		else if (!strcmp(a->key, ANNOTATION_FORCE_V1))
			return err_msg(err, -EINVAL,
				       "annotation " ANNOTATION_FORCE_V1
				       ": there is no cgroup v1 here, which it asks for");
	}
	if ((subgroup && (r = check_group(ANNOTATION_SUBGROUP, subgroup, err)) < 0) ||
	    (delegate && (r = check_group(ANNOTATION_DELEGATE, delegate, err)) < 0))
		return r;
	ret->subgroup = subgroup;
	ret->delegate = delegate;
	return 0;
}

/*
 * The unit
 */

static int put_annotations(struct unit_properties *p, const struct oci_config *config, struct err *err)
{
	for (size_t i = 0; i < config->n_annotations; i++) {
		int r;

		if (strncmp(config->annotations[i].key, ANNOTATION_SYSTEMD_PROPERTY,
			    strlen(ANNOTATION_SYSTEMD_PROPERTY)) != 0)
			continue;
		r = put_property(p, &config->annotations[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void put_basics(struct unit_properties *p)
{
	/* Else a unit whose last process was killed for memory stays, as failed, and its name with it. */
	if (p->version >= 236)
		unit_put(p, "CollectMode", "'inactive-or-failed'");
	/* Containers don't wait for the host to be up, and they end when they are told to, not before a shutdown. */
	unit_put(p, "DefaultDependencies", "false");
	/* So that the controllers are there from the start: what was charged before can't be moved to the cgroup. */
	unit_put(p, "CPUAccounting", "true");
	unit_put(p, "IOAccounting", "true");
	unit_put(p, "MemoryAccounting", "true");
	unit_put(p, "TasksAccounting", "true");
}

static int finish(struct unit_properties *p, struct plan_cgroup *ret, struct err *err)
{
	if (p->failed)
		return err_set(err, -ENOMEM, "plan the systemd unit");
	ret->unit.n_properties = p->n;
	ret->unit.properties = p->items;
	return 0;
}

int plan_unit(const struct oci_config *config, const struct plan_facts *facts, const struct plan_request *request,
	      struct ocispec_arena *arena, struct plan_cgroup *ret, struct err *err)
{
	struct unit_properties p = {.arena = arena, .version = facts->systemd_version};
	const char *wanted = config->linux_ ? config->linux_->cgroups_path : NULL;
	struct place place = {0};
	int r;

	ret->unit = (struct plan_unit){.user = facts->systemd_user};
	put_string(&p, "Description", unit_print(&p, "turtle container %s", request->id));
	if ((r = parse_place(&p, wanted, request->id, &place, err)) < 0 ||
	    (r = place_unit(&p, &place, facts, ret, err)) < 0)
		return r;
	put_basics(&p);
	if ((r = unit_round_quotas(arena, ret, err)) < 0 || (r = unit_put_limits(&p, ret, err)) < 0)
		return r;
	/* A user's manager may load no device program. */
	if (!facts->systemd_user && ret->has_devices)
		unit_put_devices(&p, ret);
	/* Last, so that the user has the last word. */
	if ((r = put_annotations(&p, config, err)) < 0)
		return r;
	return finish(&p, ret, err);
}

/* An empty set in unified is no limit to plan, but it is what a rollback has found in the file: no set is to be left.
 */
static void put_empty_sets(struct unit_properties *p, const struct oci_resources *resources)
{
	if (p->version < 244)
		return;
	for (size_t i = 0; i < resources->n_unified; i++) {
		const struct oci_pair *pair = &resources->unified[i];

		if (pair->value[strspn(pair->value, "\n")])
			continue;
		if (!strcmp(pair->key, "cpuset.cpus"))
			unit_put(p, "AllowedCPUs", "@ay []");
		else if (!strcmp(pair->key, "cpuset.mems"))
			unit_put(p, "AllowedMemoryNodes", "@ay []");
	}
}

int plan_unit_update(const struct oci_resources *resources, const struct plan_facts *facts, struct ocispec_arena *arena,
		     struct plan_cgroup *ret, struct err *err)
{
	struct unit_properties p = {
		.arena = arena, .version = facts->systemd_version, .slice = ret->unit.slice, .living = true};
	struct plan_cgroup wanted = {0};
	int r;

	if ((r = plan_resources(resources, arena, &wanted, err)) < 0 || (r = unit_put_limits(&p, &wanted, err)) < 0 ||
	    (r = unit_round_quotas(arena, ret, err)) < 0)
		return r;
	put_empty_sets(&p, resources);
	return finish(&p, ret, err);
}
