/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wishes, one after the other, applied to the default configuration: see box.h. Here are the sequence, the
 * namespaces and the process; mounts, limits, users and seccomp have files of their own.
 */
#include "config/box_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "config/config.h"
#include "config/names.h"
#include "config/validate.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int box_bad(struct err *err, const char *option, const char *value, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_msg(err, -EINVAL, "invalid value \"%.300s\" for %s: %s", value, option, why);
}

int box_no_memory(struct err *err)
{
	return err_set(err, -ENOMEM, "make a configuration");
}

char *box_text(struct box *box, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return NULL;
	}
	return ocispec_strndup(box->arena, text, (size_t)n);
}

void *box_alloc(struct box *box, size_t n, size_t size)
{
	return ocispec_alloc(box->arena, (n ? n : 1) * size);
}

int box_octal(const char *text, uint32_t max, uint32_t *ret)
{
	uint32_t value = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 8 || strspn(text, "01234567") != n)
		return -EINVAL;
	for (; *text; text++)
		value = value * 8 + (uint32_t)(*text - '0');
	if (value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* ---- what excludes each other -------------------------------------------------------------------------------- */

static int contradict(struct err *err, const char *a, const char *b)
{
	return err_msg(err, -EINVAL, "%s contradicts %s", a, b);
}

static int check_contradictions(struct box *box, struct err *err)
{
	const struct box_wishes *w = box->wishes;

	if (w->no_terminal && w->terminal.given && w->terminal.value)
		return contradict(err, "--tty", "--no-tty");
	if (w->swap && w->memory_swap)
		return contradict(err, "--swap", "--memory-swap");
	if (w->no_network && w->network && strcmp(w->network, "none") != 0)
		return err_msg(err, -EINVAL, "--no-network contradicts --network %s", w->network);
	return 0;
}

/* ---- namespaces and ids -------------------------------------------------------------------------------------- */

/* CONTAINER:HOST:SIZE */
static int parse_mapping(const char *option, const char *value, struct oci_id_mapping *ret, struct err *err)
{
	uint32_t *const fields[] = {&ret->container_id, &ret->host_id, &ret->size};
	const char *at = value;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strcspn(at, ":");
		char number[16];

		if (n >= sizeof(number) || (at[n] == ':') != (i + 1 < ARRAY_SIZE(fields)))
			return box_bad(err, option, value, "not of the form CONTAINER:HOST:SIZE");
		memcpy(number, at, n);
		number[n] = '\0';
		if (num_u32(number, fields[i]) < 0)
			return box_bad(err, option, value, "\"%s\" is not an id or a size", number);
		at += n + 1;
	}
	if (ret->size == 0)
		return box_bad(err, option, value, "maps nothing");
	if (ret->size > UINT32_MAX - ret->container_id || ret->size > UINT32_MAX - ret->host_id)
		return box_bad(err, option, value, "there are no ids beyond %u", UINT32_MAX - 1);
	return 0;
}

static int parse_map(struct box *box, const char *option, const struct words *words, struct own_ids *ret,
		     struct err *err)
{
	struct oci_id_mapping *map = box_alloc(box, words->n, sizeof(*map));

	if (!map)
		return box_no_memory(err);
	for (size_t i = 0; i < words->n; i++) {
		int r = parse_mapping(option, words->values[i], &map[i], err);

		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if ((map[k].container_id < map[i].container_id + map[i].size &&
			     map[i].container_id < map[k].container_id + map[k].size) ||
			    (map[k].host_id < map[i].host_id + map[i].size &&
			     map[i].host_id < map[k].host_id + map[k].size))
				return box_bad(err, option, words->values[i], "overlaps %s", words->values[k]);
	}
	*ret = (struct own_ids){.n = words->n, .ranges = map};
	return 0;
}

static int make_ids(struct box *box, struct err *err)
{
	static const struct own_ids none = {0};
	const struct box_surroundings *around = box->around;
	const struct box_wishes *w = box->wishes;
	struct oci_linux *l = box->config->linux_;
	bool wished = w->uid_map.n || w->gid_map.n;
	struct own_ids uids, gids;
	int r;

	box->userns = wished || around->rootless;
	if (!box->userns)
		return 0;
	if (wished) {
		/* As podman: one of the two stands for both. */
		r = parse_map(box, w->uid_map.n ? "--uidmap" : "--gidmap", w->uid_map.n ? &w->uid_map : &w->gid_map,
			      &uids, err);
		if (r == 0)
			r = parse_map(box, w->gid_map.n ? "--gidmap" : "--uidmap",
				      w->gid_map.n ? &w->gid_map : &w->uid_map, &gids, err);
	} else {
		r = own_ids_map(around->uid, box->whole ? &around->sub_uids : &none, box->arena, &uids, err);
		if (r == 0)
			r = own_ids_map(around->gid, box->whole ? &around->sub_gids : &none, box->arena, &gids, err);
	}
	if (r < 0)
		return r;
	l->n_uid_mappings = uids.n;
	l->uid_mappings = uids.ranges;
	l->n_gid_mappings = gids.n;
	l->gid_mappings = gids.ranges;
	return 0;
}

bool box_uid_mapped(const struct box *box, uint32_t uid)
{
	const struct oci_linux *l = box->config->linux_;

	return !box->userns || id_is_mapped(l->uid_mappings, l->n_uid_mappings, uid);
}

bool box_gid_mapped(const struct box *box, uint32_t gid)
{
	const struct oci_linux *l = box->config->linux_;

	return !box->userns || id_is_mapped(l->gid_mappings, l->n_gid_mappings, gid);
}

bool box_single_group(const struct box *box)
{
	const struct oci_linux *l = box->config->linux_;

	return box->around->rootless && l->n_gid_mappings == 1 && l->gid_mappings[0].size == 1;
}

static bool has_type(const struct oci_linux *l, const char *type)
{
	for (size_t i = 0; i < l->n_namespaces; i++)
		if (!strcmp(l->namespaces[i].type, type))
			return true;
	return false;
}

/* A box is on its own unless the host's network is asked for; without a box it is as the default has it. */
static int choose_network(struct box *box, struct err *err)
{
	const char *network = box->wishes->network;

	if (box->wishes->no_network || (network && !strcmp(network, "none")))
		box->own_network = true;
	else if (network && strcmp(network, "host") != 0)
		return box_bad(err, "--network", network, "none (a new one with nothing but lo) or host");
	else
		box->own_network = !network && (box->whole || has_type(box->config->linux_, "network"));
	return 0;
}

static int make_namespaces(struct box *box, struct err *err)
{
	struct oci_linux *l = box->config->linux_;
	struct oci_namespace *list;
	size_t n = 0;
	int r;

	r = choose_network(box, err);
	if (r < 0)
		return r;
	if (box->own_network == has_type(l, "network") && box->userns == has_type(l, "user"))
		return 0;
	list = box_alloc(box, l->n_namespaces + 2, sizeof(*list));
	if (!list)
		return box_no_memory(err);
	for (size_t i = 0; i < l->n_namespaces; i++)
		if (box->own_network || strcmp(l->namespaces[i].type, "network") != 0)
			list[n++] = l->namespaces[i];
	if (box->own_network && !has_type(l, "network"))
		list[n++] = (struct oci_namespace){.type = "network"};
	if (box->userns && !has_type(l, "user"))
		list[n++] = (struct oci_namespace){.type = "user"};
	l->namespaces = list;
	l->n_namespaces = n;
	return 0;
}

/* ---- root and names ------------------------------------------------------------------------------------------ */

static int make_root(struct box *box, struct err *err)
{
	const struct box_wishes *w = box->wishes;

	(void)err;
	if (box->whole) {
		box->config->root->path = box->around->rootfs;
		box->config->root->readonly = false;
	}
	if (w->read_only.given)
		box->config->root->readonly = w->read_only.value;
	return 0;
}

static int make_hostname(struct box *box, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char *name = box->wishes->hostname;

	if (!name)
		return 0;
	if (!*name || strlen(name) > 64)
		return box_bad(err, "--hostname", name, "a name has 1 to 64 characters");
	if (name[strspn(name, allowed)])
		return box_bad(err, "--hostname", name, "only letters, digits, '.', '-' and '_' are in a name");
	box->config->hostname = name;
	return 0;
}

/* KEY=VALUE of an option that makes a map; replaces an earlier one with the same key. */
static int add_pair(struct box *box, const char *option, const char *value, struct oci_pair *pairs, size_t *n,
		    struct err *err)
{
	const char *equals = strchr(value, '=');
	const char *key;
	size_t i = 0;

	if (!equals || equals == value)
		return box_bad(err, option, value, "not of the form NAME=VALUE");
	key = ocispec_strndup(box->arena, value, (size_t)(equals - value));
	if (!key)
		return box_no_memory(err);
	while (i < *n && strcmp(pairs[i].key, key) != 0)
		i++;
	pairs[i] = (struct oci_pair){.key = key, .value = equals + 1};
	if (i == *n)
		++*n;
	return 0;
}

static int make_annotations(struct box *box, struct err *err)
{
	const struct words *words = &box->wishes->annotation;
	struct oci_pair *pairs;
	size_t n = 0;

	if (!words->n)
		return 0;
	pairs = box_alloc(box, words->n, sizeof(*pairs));
	if (!pairs)
		return box_no_memory(err);
	for (size_t i = 0; i < words->n; i++) {
		int r = add_pair(box, "--annotation", words->values[i], pairs, &n, err);

		if (r < 0)
			return r;
	}
	box->config->annotations = pairs;
	box->config->n_annotations = n;
	return 0;
}

static int make_sysctl(struct box *box, struct err *err)
{
	const struct words *words = &box->wishes->sysctl;
	struct oci_pair *pairs;
	size_t n = 0;

	if (!words->n)
		return 0;
	pairs = box_alloc(box, words->n, sizeof(*pairs));
	if (!pairs)
		return box_no_memory(err);
	for (size_t i = 0; i < words->n; i++) {
		const char *value = words->values[i];
		char path[SYSCTL_PATH_SIZE];
		size_t before = n;
		uint64_t ns;
		int r;

		r = add_pair(box, "--sysctl", value, pairs, &n, err);
		if (r < 0)
			return r;
		if (n == before)
			return box_bad(err, "--sysctl", value, "it is set twice");
		ns = sysctl_path(pairs[n - 1].key, path, sizeof(path)) ? sysctl_namespace(path) : 0;
		if (!ns)
			return box_bad(err, "--sysctl", value, "not a setting that a container has for itself");
		if (ns == CLONE_NEWNET && !box->own_network)
			return box_bad(err, "--sysctl", value, "it would change the host's network (see --no-network)");
	}
	box->config->linux_->sysctl = pairs;
	box->config->linux_->n_sysctl = n;
	return 0;
}

/* ---- the process --------------------------------------------------------------------------------------------- */

static int make_command(struct box *box, struct err *err)
{
	struct oci_process *p = box->config->process;
	const struct box_wishes *w = box->wishes;

	if (w->command.n) {
		if (!w->command.values[0][0])
			return err_msg(err, -EINVAL, "the command after -- must not be empty");
		p->args = w->command.values;
		p->n_args = w->command.n;
	}
	if (w->cwd) {
		if (w->cwd[0] != '/')
			return box_bad(err, "--workdir", w->cwd, "must be an absolute path, in the container");
		p->cwd = w->cwd;
	}
	p->terminal = w->terminal.given ? w->terminal.value : !w->no_terminal && box->around->terminal;
	return 0;
}

struct env {
	const char **values;
	size_t n;
};

/* Adds NAME=VALUE, or replaces the one of that name. */
static void env_set(struct env *env, const char *value)
{
	size_t name = strcspn(value, "=") + 1, i = 0;

	while (i < env->n && strncmp(env->values[i], value, name) != 0)
		i++;
	env->values[i] = value;
	if (i == env->n)
		env->n++;
}

/* A name alone takes over the caller's value; where the caller has none there is nothing to take, as in docker. */
static void env_wish(struct env *env, const char *value, char *const *caller)
{
	size_t name = strlen(value);

	if (strchr(value, '=')) {
		env_set(env, value);
		return;
	}
	for (; caller && *caller; caller++)
		if (!strncmp(*caller, value, name) && (*caller)[name] == '=')
			env_set(env, *caller);
}

/* docker's format: NAME=VALUE or NAME on a line; nothing is quoted; # begins a line of comment. */
static int env_file(struct box *box, struct env *env, const char *file, const char *text, struct err *err)
{
	for (unsigned line = 1; *text; line++) {
		size_t n = strcspn(text, "\n"), blank = strspn(text, " \t");
		const char *entry = text + (blank < n ? blank : n);
		size_t size = (size_t)(text + n - entry);

		text += n + (text[n] == '\n');
		if (size && entry[size - 1] == '\r')
			size--;
		if (size == 0 || *entry == '#')
			continue;
		entry = ocispec_strndup(box->arena, entry, size);
		if (!entry)
			return box_no_memory(err);
		if (*entry == '=')
			return box_bad(err, "--env-file", file, "line %u has no name before the '='", line);
		if (strcspn(entry, " \t") < strcspn(entry, "="))
			return box_bad(err, "--env-file", file, "line %u has a blank in the name", line);
		env_wish(env, entry, box->around->environ);
	}
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int make_env(struct box *box, struct err *err)
{
	struct oci_process *p = box->config->process;
	const struct box_wishes *w = box->wishes;
	size_t room = p->n_env + w->env.n + 1;
	struct env env;

	for (size_t i = 0; i < w->env_file.n; i++)
		room += count_lines(box->around->env_files[i]);
	env = (struct env){.values = box_alloc(box, room, sizeof(*env.values))};
	if (!env.values)
		return box_no_memory(err);
	for (size_t i = 0; i < p->n_env; i++)
		if (!box->whole || p->terminal || strncmp(p->env[i], "TERM=", 5) != 0)
			env_set(&env, p->env[i]);
	if (box->whole) {
		const char *hostname = box_text(box, "HOSTNAME=%s", box->config->hostname);

		if (!hostname)
			return box_no_memory(err);
		env_set(&env, hostname);
	}
	for (size_t i = 0; i < w->env_file.n; i++) {
		int r = env_file(box, &env, w->env_file.values[i], box->around->env_files[i], err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < w->env.n; i++) {
		if (w->env.values[i][0] == '=' || w->env.values[i][0] == '\0')
			return box_bad(err, "--env", w->env.values[i], "has no name");
		env_wish(&env, w->env.values[i], box->around->environ);
	}
	p->env = env.values;
	p->n_env = env.n;
	return 0;
}

/* ---- privileges ---------------------------------------------------------------------------------------------- */

#define ALL_CAPS UINT64_MAX

/* What docker and podman let a container have, without raw sockets and the making of devices. */
static const char *const box_caps[] = {
	"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",           "CAP_FSETID",     "CAP_KILL",        "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE", "CAP_SETFCAP",
};

static uint64_t mask_of(const char *const *names, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= UINT64_C(1) << name_to_capability(names[i]);
	return mask;
}

int box_capability(const char *word)
{
	size_t prefix = strncasecmp(word, "CAP_", 4) == 0 ? 4 : 0;

	for (unsigned cap = 0; name_of_capability(cap); cap++)
		if (strcasecmp(word + prefix, name_of_capability(cap) + 4) == 0)
			return (int)cap;
	return -1;
}

/* "NET_RAW", "cap_net_raw", "ALL" */
static int parse_caps(const char *option, const struct words *words, uint64_t *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->values[i];
		int cap;

		if (!strcasecmp(word, "ALL")) {
			*ret = ALL_CAPS;
			continue;
		}
		cap = box_capability(word);
		if (cap < 0)
			return box_bad(err, option, word, "no such capability, see capabilities(7), or ALL");
		*ret |= UINT64_C(1) << cap;
	}
	return 0;
}

/* As in docker the order on the line means nothing: ALL is the ground on which the other list works. */
static int make_caps(struct box *box, struct err *err)
{
	struct oci_capabilities *c = box->config->process->capabilities;
	const struct box_wishes *w = box->wishes;
	uint64_t add, drop;
	const char **names;
	size_t n = 0;
	int r;

	box->caps = box->whole ? mask_of(box_caps, ARRAY_SIZE(box_caps)) : mask_of(c->bounding, c->n_bounding);
	r = parse_caps("--cap-add", &w->cap_add, &add, err);
	if (r == 0)
		r = parse_caps("--cap-drop", &w->cap_drop, &drop, err);
	if (r < 0)
		return r;
	if (add == ALL_CAPS && drop == ALL_CAPS)
		return contradict(err, "--cap-add ALL", "--cap-drop ALL");
	if (add != ALL_CAPS && drop != ALL_CAPS && add & drop)
		return err_msg(err, -EINVAL, "--cap-add %s contradicts --cap-drop of the same",
			       name_of_capability((unsigned)__builtin_ctzll(add & drop)));
	box->caps = drop == ALL_CAPS ? add : (box->caps | add) & ~drop;
	if (!box->whole && !w->cap_add.n && !w->cap_drop.n)
		return 0;
	names = box_alloc(box, 64, sizeof(*names));
	if (!names)
		return box_no_memory(err);
	for (unsigned cap = 0; cap < 64 && name_of_capability(cap); cap++)
		if (box->caps >> cap & 1)
			names[n++] = name_of_capability(cap);
	*c = (struct oci_capabilities){
		.n_bounding = n,
		.bounding = names,
		.n_effective = n,
		.effective = names,
		.n_permitted = n,
		.permitted = names,
	};
	return 0;
}

/* "no-new-privileges", "no-new-privileges:false"; the seccomp ones are read by box_seccomp_file(). */
static int make_security(struct box *box, struct err *err)
{
	static const char nnp[] = "no-new-privileges";
	struct oci_process *p = box->config->process;
	const struct box_wishes *w = box->wishes;
	struct choice choice = w->no_new_privs;

	for (size_t i = 0; i < w->security_opt.n; i++) {
		const char *word = w->security_opt.values[i], *value = word + sizeof(nnp) - 1;
		bool yes = true;

		if (!strncmp(word, "seccomp=", 8) || !strncmp(word, "seccomp:", 8))
			continue;
		if (strncmp(word, nnp, sizeof(nnp) - 1) != 0 || (*value && *value != ':' && *value != '='))
			return box_bad(err, "--security-opt", word,
				       "no-new-privileges[=BOOL], seccomp=FILE and seccomp=unconfined are known");
		if (*value && strcmp(value + 1, "false") == 0)
			yes = false;
		else if (*value && strcmp(value + 1, "true") != 0)
			return box_bad(err, "--security-opt", word, "true or false");
		if (choice.given && choice.value != yes)
			return box_bad(err, "--security-opt", word, "it contradicts what is said before");
		choice = (struct choice){.given = true, .value = yes};
	}
	if (choice.given)
		p->no_new_privileges = choice.value;
	return 0;
}

/* ---- the sequence -------------------------------------------------------------------------------------------- */

static int (*const steps[])(struct box *box, struct err *err) = {
	check_contradictions,
	make_ids,        /* what is mapped decides about users, groups and mounts */
	make_namespaces, /* decides about /sys and sysctl */
	make_root,
	make_hostname, /* also in the environment */
	make_annotations,
	make_sysctl,
	make_command, /* with the terminal, which is in the environment */
	make_env,
	make_caps, /* decides about rules of a seccomp profile */
	make_security,
	box_user,
	box_rlimits,
	box_resources,
	box_mounts,
	box_devices, /* some become mounts */
	box_place_mounts,
	box_seccomp,
};

int box_config(const struct box_wishes *wishes, const struct box_surroundings *around, struct ocispec_arena *arena,
	       struct oci_config **ret, struct err *err)
{
	struct box box = {.wishes = wishes, .around = around, .arena = arena, .whole = around->rootfs != NULL};

	box.config = config_default(arena, around->rootless, around->uid, around->gid);
	if (!box.config)
		return box_no_memory(err);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](&box, err);

		if (r < 0)
			return r;
	}
	*ret = box.config;
	return 0;
}
