/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as JSON: one fact a line, in a fixed order, numbers of the kernel back as words. What is absent or says
 * nothing is left out, so that the difference of two plans is the difference of what happens.
 */
#include "plan/internal.h"

#include "config/names.h"
#include "plan/file_types.h"
#include "plan/mount_options.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>

struct dump {
	struct text text;
	const struct init_plan *init;
	unsigned depth;
	unsigned line; /* nested inside something that stands on one line: how deep */
	bool any;      /* a member stands before in this object or array */
};

struct word {
	uint64_t bits;
	const char *word;
};

static void string(struct dump *d, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	text_str(&d->text, "\"");
	while (*s) {
		size_t n = 0;

		while (s[n] && s[n] != '"' && s[n] != '\\' && (unsigned char)s[n] >= 0x20)
			n++;
		text_add(&d->text, s, n);
		s += n;
		if (!*s)
			break;
		if (*s == '"' || *s == '\\') {
			text_add(&d->text, (const char[]){'\\', *s}, 2);
		} else if (*s == '\n') {
			text_str(&d->text, "\\n");
		} else {
			unsigned char c = (unsigned char)*s;

			text_add(&d->text, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
		}
		s++;
	}
	text_str(&d->text, "\"");
}

/* Starts a member: comma, line, indentation, and the key where there is one. */
static void member(struct dump *d, const char *key)
{
	if (d->line) {
		text_str(&d->text, d->any ? ", " : "");
	} else {
		text_str(&d->text, d->any ? ",\n" : "\n");
		for (unsigned i = 0; i < d->depth; i++)
			text_str(&d->text, "  ");
	}
	d->any = true;
	if (key) {
		string(d, key);
		text_str(&d->text, ": ");
	}
}

static void begin(struct dump *d, const char *key, const char *bracket)
{
	if (d->depth)
		member(d, key);
	text_str(&d->text, bracket);
	d->depth++;
	d->line += d->line ? 1 : 0;
	d->any = false;
}

static void end(struct dump *d, const char *bracket)
{
	bool any = d->any;

	d->depth--;
	if (d->line) {
		d->line--;
	} else if (any) {
		text_str(&d->text, "\n");
		for (unsigned i = 0; i < d->depth; i++)
			text_str(&d->text, "  ");
	}
	text_str(&d->text, bracket);
	d->any = true;
}

/* The same, with all that is inside on one line. */
static void begin_line(struct dump *d, const char *key, const char *bracket)
{
	begin(d, key, bracket);
	if (!d->line)
		d->line = 1;
}

static void put_string(struct dump *d, const char *key, const char *s)
{
	if (!s)
		return;
	member(d, key);
	string(d, s);
}

static void put_i64(struct dump *d, const char *key, int64_t n)
{
	member(d, key);
	text_i64(&d->text, n);
}

static void put_u64(struct dump *d, const char *key, uint64_t n)
{
	member(d, key);
	text_u64(&d->text, n);
}

static void put_true(struct dump *d, const char *key, bool b)
{
	if (!b)
		return;
	member(d, key);
	text_str(&d->text, "true");
}

static void put_octal(struct dump *d, const char *key, uint32_t n)
{
	char s[16];
	size_t at = sizeof(s);

	s[--at] = '\0';
	for (; n; n >>= 3)
		s[--at] = (char)('0' + (n & 7));
	s[--at] = '0';
	put_string(d, key, s + at);
}

/* The words of the bits that are set, on one line; bits without a word as one number. */
static void put_words(struct dump *d, const char *key, uint64_t bits, const struct word *words, size_t n)
{
	bool any = false;

	if (!bits)
		return;
	member(d, key);
	text_str(&d->text, "[");
	for (size_t i = 0; i < n; i++) {
		if ((bits & words[i].bits) != words[i].bits)
			continue;
		bits &= ~words[i].bits;
		text_str(&d->text, any ? ", " : "");
		string(d, words[i].word);
		any = true;
	}
	if (bits) {
		text_str(&d->text, any ? ", " : "");
		text_u64(&d->text, bits);
	}
	text_str(&d->text, "]");
}

static void put_strings(struct dump *d, const char *key, struct plan_list list)
{
	if (!list.n)
		return;
	begin(d, key, "[");
	for (uint32_t i = 0; i < list.n; i++)
		put_string(d, NULL, plan_str_item(d->init, list, i));
	end(d, "]");
}

static void put_off(struct dump *d, const char *key, plan_off off)
{
	put_string(d, key, plan_str(d->init, off));
}

static const struct word namespace_words[] = {
	{CLONE_NEWUSER, "user"}, {CLONE_NEWNS, "mount"},    {CLONE_NEWPID, "pid"},       {CLONE_NEWIPC, "ipc"},
	{CLONE_NEWUTS, "uts"},   {CLONE_NEWNET, "network"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"},
};

static const struct word flag_words[] = {
	{PLAN_NEW_USERNS, "new user namespace"},
	{PLAN_DENY_SETGROUPS, "deny setgroups"},
	{PLAN_KEEP_GROUPS, "keep groups"},
	{PLAN_NEW_MOUNTNS, "own mount namespace"},
	{PLAN_NEW_CGROUPNS, "new cgroup namespace"},
	{PLAN_NEW_PIDNS, "new pid namespace"},
	{PLAN_NEW_NETNS, "new network namespace"},
	{PLAN_IN_USERNS, "in user namespace"},
	{PLAN_SETUP_DEV, "set up /dev"},
	{PLAN_ROOT_READONLY, "root read-only"},
	{PLAN_NO_PIVOT, "no pivot"},
	{PLAN_TERMINAL, "terminal"},
	{PLAN_NO_NEW_PRIVS, "no new privileges"},
	{PLAN_HOST_HOOKS, "host hooks"},
	{PLAN_SET_PERSONALITY, "personality"},
	{PLAN_NEW_KEYRING, "new keyring"},
	{PLAN_WAIT_START, "wait for start"},
	{PLAN_STAGE, "stage"},
	{PLAN_HAS_CAPS, "capabilities"},
	{PLAN_SET_UMASK, "umask"},
	{PLAN_AWAIT_CGROUP, "await cgroup"},
	{PLAN_EXEC, "exec"},
	{PLAN_ANY_CPU, "any CPU"},
	{PLAN_LISTEN_PID, "LISTEN_PID"},
	{PLAN_BUILD_OUTSIDE, "build outside"},
	{PLAN_MUTE, "mute"},
	{PLAN_HOST_SCHEDULING, "host sets scheduling"},
	{PLAN_SET_MEMORY_POLICY, "memory policy"},
	{PLAN_NET_DEVICES, "network devices"},
	{PLAN_HOOK_STDOUT, "output of hooks"},
	{PLAN_HOOK_STDERR, "errors of hooks"},
};

static const struct word mount_flag_words[] = {
	{PLAN_MOUNT_RECURSIVE, "recursive"},          {PLAN_MOUNT_TMPCOPYUP, "tmpcopyup"},
	{PLAN_MOUNT_LATE_READONLY, "read-only late"}, {PLAN_MOUNT_COPY_SYMLINK, "copy-symlink"},
	{PLAN_MOUNT_DEST_NOFOLLOW, "dest-nofollow"},  {PLAN_MOUNT_SRC_NOFOLLOW, "src-nofollow"},
	{PLAN_MOUNT_NO_CREATE, "no-create"},
};

static const struct word attr_words[] = {
	{MOUNT_ATTR_RDONLY, "ro"},
	{MOUNT_ATTR_NOSUID, "nosuid"},
	{MOUNT_ATTR_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, "noexec"},
	{MOUNT_ATTR__ATIME, "atime"},
	{MOUNT_ATTR_NOATIME, "noatime"},
	{MOUNT_ATTR_STRICTATIME, "strictatime"},
	{MOUNT_ATTR_NODIRATIME, "nodiratime"},
	{MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};

static const struct word controller_words[] = {
	{PLAN_CTRL_CPU, "cpu"},       {PLAN_CTRL_CPUSET, "cpuset"}, {PLAN_CTRL_IO, "io"},
	{PLAN_CTRL_MEMORY, "memory"}, {PLAN_CTRL_PIDS, "pids"},     {PLAN_CTRL_HUGETLB, "hugetlb"},
	{PLAN_CTRL_RDMA, "rdma"},     {PLAN_CTRL_MISC, "misc"},
};

#define WORDS(table) table, sizeof(table) / sizeof((table)[0])

static void put_propagation(struct dump *d, const char *key, uint32_t flags)
{
	static const struct word words[] = {
		{MS_SHARED, "rshared"},
		{MS_SLAVE, "rslave"},
		{MS_PRIVATE, "rprivate"},
		{MS_UNBINDABLE, "runbindable"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((flags & ~(uint32_t)MS_REC) == words[i].bits) {
			put_string(d, key, words[i].word + (flags & MS_REC ? 0 : 1));
			return;
		}
	put_u64(d, key, flags);
}

static void dump_map(struct dump *d, const char *key, const struct oci_id_mapping *map, size_t n)
{
	if (!n)
		return;
	begin(d, key, "[");
	for (size_t i = 0; i < n; i++) {
		member(d, NULL);
		text_str(&d->text, "\"");
		text_u64(&d->text, map[i].container_id);
		text_str(&d->text, " ");
		text_u64(&d->text, map[i].host_id);
		text_str(&d->text, " ");
		text_u64(&d->text, map[i].size);
		text_str(&d->text, "\"");
	}
	end(d, "]");
}

static void dump_rlimits(struct dump *d, const struct plan_rlimit *rlimits, size_t n)
{
	if (!n)
		return;
	begin(d, "rlimits", "{");
	for (size_t i = 0; i < n; i++) {
		const char *name = name_of_rlimit(rlimits[i].resource);

		member(d, name ? name : "?");
		text_str(&d->text, "[");
		text_u64(&d->text, rlimits[i].soft);
		text_str(&d->text, ", ");
		text_u64(&d->text, rlimits[i].hard);
		text_str(&d->text, "]");
	}
	end(d, "}");
}

static void dump_unit(struct dump *d, const struct plan_unit *unit)
{
	if (!unit->name)
		return;
	begin(d, "unit", "{");
	put_string(d, "name", unit->name);
	put_true(d, "slice", unit->slice);
	put_true(d, "user", unit->user);
	begin(d, "properties", "{");
	for (size_t i = 0; i < unit->n_properties; i++)
		put_string(d, unit->properties[i].name, unit->properties[i].value);
	end(d, "}");
	end(d, "}");
}

static void dump_cgroup(struct dump *d, const struct plan_cgroup *c)
{
	begin(d, "cgroup", "{");
	put_true(d, "enabled", c->enabled);
	put_true(d, "optional", c->optional);
	put_string(d, "path", c->path);
	put_string(d, "subgroup", c->subgroup);
	put_string(d, "delegate", c->delegate);
	dump_unit(d, &c->unit);
	put_words(d, "controllers", c->controllers, WORDS(controller_words));
	if (c->n_writes) {
		begin(d, "writes", "[");
		for (size_t i = 0; i < c->n_writes; i++) {
			begin_line(d, NULL, "{");
			put_string(d, "file", c->writes[i].file);
			put_string(d, "value", c->writes[i].value);
			put_string(d, "property", c->writes[i].property);
			put_true(d, "optional", c->writes[i].optional);
			put_true(d, "fallback", c->writes[i].fallback);
			put_true(d, "tentative", c->writes[i].tentative);
			end(d, "}");
		}
		end(d, "]");
	}
	if (c->has_devices)
		put_u64(d, "deviceRules", c->n_device_rules);
	if (c->chown)
		put_u64(d, "owner", c->chown_uid);
	end(d, "}");
}

static void put_cpus(struct dump *d, const char *key, const uint8_t *mask, size_t size)
{
	if (!size)
		return;
	begin_line(d, key, "[");
	for (size_t cpu = 0; cpu < 8 * size; cpu++)
		if (mask[cpu / 8] >> cpu % 8 & 1)
			put_u64(d, NULL, cpu);
	end(d, "]");
}

/* The trees that the host makes, and what they are mapped by. */
static void dump_sources(struct dump *d, const struct plan *plan)
{
	if (plan->n_sources)
		begin(d, "sources", "[");
	for (size_t i = 0; i < plan->n_sources; i++) {
		const struct plan_source *source = &plan->sources[i];

		begin_line(d, NULL, "{");
		put_string(d, "path", source->path);
		put_string(d, "type", source->fstype);
		put_true(d, "recursive", source->recursive);
		put_true(d, "nofollow", source->nofollow);
		put_true(d, "slave", source->slave);
		if (source->idmap >= 0)
			put_i64(d, source->idmap_recursive ? "idmapRecursive" : "idmap", source->idmap);
		end(d, "}");
	}
	if (plan->n_sources)
		end(d, "]");
	if (plan->n_openers)
		begin_line(d, "openers", "[");
	for (size_t i = 0; i < plan->n_openers; i++) {
		begin_line(d, NULL, "[");
		put_u64(d, NULL, plan->openers[i].uid);
		put_u64(d, NULL, plan->openers[i].gid);
		end(d, "]");
	}
	if (plan->n_openers)
		end(d, "]");
	if (plan->n_idmaps)
		begin(d, "idmaps", "[");
	for (size_t i = 0; i < plan->n_idmaps; i++) {
		const struct plan_idmap *map = &plan->idmaps[i];

		begin_line(d, NULL, "{");
		if (map->join >= 0)
			put_i64(d, "join", map->join);
		dump_map(d, "uidMap", map->uid_map, map->n_uid_map);
		dump_map(d, "gidMap", map->gid_map, map->n_gid_map);
		end(d, "}");
	}
	if (plan->n_idmaps)
		end(d, "]");
}

static void dump_host(struct dump *d, const struct plan *plan)
{
	begin(d, "host", "{");
	put_words(d, "clone", plan->clone_flags, WORDS(namespace_words));
	put_true(d, "stage", plan->stage);
	if (plan->n_joins) {
		begin(d, "joins", "[");
		for (size_t i = 0; i < plan->n_joins; i++) {
			const char *name = name_of_namespace(plan->joins[i].type);

			begin_line(d, NULL, "{");
			put_string(d, name ? name : "?", plan->joins[i].path);
			end(d, "}");
		}
		end(d, "]");
	}
	put_words(d, "joinsNotOwn", plan->join_not_own, WORDS(namespace_words));
	put_true(d, "newUserNamespace", plan->new_userns);
	put_true(d, "inUserNamespace", plan->in_userns);
	put_true(d, "denySetgroups", plan->deny_setgroups);
	dump_map(d, "uidMap", plan->uid_map, plan->n_uid_map);
	dump_map(d, "gidMap", plan->gid_map, plan->n_gid_map);
	dump_map(d, "joinedUidMap", plan->joined_uid_map, plan->n_joined_uid_map);
	dump_map(d, "joinedGidMap", plan->joined_gid_map, plan->n_joined_gid_map);
	put_string(d, "rootfs", plan->rootfs);
	dump_sources(d, plan);
	if (plan->n_net_devices) {
		begin(d, "netDevices", "[");
		for (size_t i = 0; i < plan->n_net_devices; i++) {
			begin_line(d, NULL, "{");
			put_string(d, "host", plan->net_devices[i].host_name);
			put_string(d, "name", plan->net_devices[i].name);
			put_true(d, "pattern", plan->net_devices[i].pattern);
			end(d, "}");
		}
		end(d, "]");
	}
	dump_cgroup(d, &plan->cgroup);
	if (plan->rdt.group) {
		begin(d, "resctrl", "{");
		put_string(d, "group", plan->rdt.group);
		put_true(d, "named", plan->rdt.named);
		put_true(d, "needsCache", plan->rdt.needs_cache);
		put_true(d, "needsBandwidth", plan->rdt.needs_bandwidth);
		if (plan->rdt.schema)
			put_string(d, "schema", plan->rdt.schema);
		if (plan->rdt.schemata)
			put_string(d, "schemata", plan->rdt.schemata);
		put_true(d, "monitor", plan->rdt.monitor);
		end(d, "}");
	}
	if (plan->oom_score_adj.set)
		put_i64(d, "oomScoreAdj", plan->oom_score_adj.value);
	dump_rlimits(d, plan->rlimits, plan->n_rlimits);
	put_true(d, "terminal", plan->terminal);
	put_cpus(d, "initialCpus", plan->initial_cpus, plan->n_initial_cpus);
	if (plan->hooks) {
		begin(d, "hooks", "{");
		put_u64(d, "prestart", plan->hooks->n_prestart);
		put_u64(d, "createRuntime", plan->hooks->n_create_runtime);
		put_u64(d, "poststart", plan->hooks->n_poststart);
		put_u64(d, "poststop", plan->hooks->n_poststop);
		end(d, "}");
	}
	end(d, "}");
}

static void dump_mounts(struct dump *d)
{
	static const char *const kinds[] = {
		[PLAN_MOUNT_FS] = "fs",       [PLAN_MOUNT_BIND] = "bind",     [PLAN_MOUNT_PROC] = "proc",
		[PLAN_MOUNT_SYSFS] = "sysfs", [PLAN_MOUNT_CGROUP] = "cgroup", [PLAN_MOUNT_REMOUNT] = "remount",
	};
	const struct plan_mount *mounts = plan_items(d->init, d->init->mounts, struct plan_mount);

	if (!d->init->mounts.n)
		return;
	begin(d, "mounts", "[");
	for (uint32_t i = 0; i < d->init->mounts.n; i++) {
		const struct plan_mount *m = &mounts[i];
		const uint32_t *propagation = plan_items(d->init, m->propagation, uint32_t);

		begin_line(d, NULL, "{");
		put_off(d, "destination", m->destination);
		put_string(d, "kind", kinds[m->kind]);
		put_off(d, "type", m->fstype);
		put_off(d, "source", m->source);
		if (m->source_fd >= 0)
			put_i64(d, "sourceFd", m->source_fd);
		put_words(d, "flags", m->flags, WORDS(mount_flag_words));
		if (m->flags & PLAN_MOUNT_LATE_READONLY && m->late != PLAN_LATE_END)
			put_u64(d, "late", m->late);
		put_words(d, "set", m->attr_set, WORDS(attr_words));
		put_words(d, "clear", m->attr_clr, WORDS(attr_words));
		put_words(d, "clearUnlessLocked", m->attr_rest, WORDS(attr_words));
		put_words(d, "recursiveSet", m->rec_set, WORDS(attr_words));
		put_words(d, "recursiveClear", m->rec_clr, WORDS(attr_words));
		if (m->propagation.n) {
			begin(d, "propagation", "[");
			for (uint32_t k = 0; k < m->propagation.n; k++)
				put_propagation(d, NULL, propagation[k]);
			end(d, "]");
		}
		put_strings(d, "data", m->data);
		end(d, "}");
	}
	end(d, "]");
}

static void dump_devices(struct dump *d)
{
	const struct plan_device *devices = plan_items(d->init, d->init->devices, struct plan_device);

	if (!d->init->devices.n)
		return;
	begin(d, "devices", "[");
	for (uint32_t i = 0; i < d->init->devices.n; i++) {
		const struct plan_device *v = &devices[i];

		begin_line(d, NULL, "{");
		put_off(d, "path", v->path);
		put_string(d, "type", (v->mode & S_IFMT) == S_IFBLK ? "b" : (v->mode & S_IFMT) == S_IFIFO ? "p" : "c");
		if ((v->mode & S_IFMT) != S_IFIFO) {
			put_u64(d, "major", v->major);
			put_u64(d, "minor", v->minor);
		}
		put_octal(d, "mode", v->mode & 07777u);
		if (v->uid)
			put_u64(d, "uid", v->uid);
		if (v->gid)
			put_u64(d, "gid", v->gid);
		put_true(d, "default", v->is_default);
		end(d, "}");
	}
	end(d, "]");
}

static void dump_root(struct dump *d)
{
	const struct init_plan *init = d->init;
	const struct plan_sysctl *sysctls = plan_items(init, init->sysctls, struct plan_sysctl);

	put_off(d, "rootfs", init->rootfs);
	if (init->rootfs_fd >= 0)
		put_i64(d, "rootfsFd", init->rootfs_fd);
	put_propagation(d, "rootPropagation", init->root_propagation);
	if (init->final_propagation)
		put_propagation(d, "finalPropagation", init->final_propagation);
	dump_mounts(d);
	dump_devices(d);
	put_strings(d, "masked", init->masked);
	put_strings(d, "readonly", init->readonly_paths);
	put_off(d, "hostname", init->hostname);
	put_off(d, "domainname", init->domainname);
	if (init->sysctls.n) {
		begin(d, "sysctls", "{");
		for (uint32_t i = 0; i < init->sysctls.n; i++)
			put_off(d, plan_str(init, sysctls[i].path), sysctls[i].value);
		end(d, "}");
	}
	put_off(d, "mountLabel", init->mount_label);
	put_off(d, "mountContext", init->mount_context);
}

static void put_caps(struct dump *d, const char *key, uint64_t mask)
{
	struct word words[64];
	size_t n = 0;

	for (unsigned cap = 0; cap < 64 && name_of_capability(cap); cap++)
		words[n++] = (struct word){UINT64_C(1) << cap, name_of_capability(cap) + 4};
	put_words(d, key, mask, words, n);
}

static void dump_scheduling(struct dump *d)
{
	const struct init_plan *init = d->init;
	const struct plan_scheduler *s = plan_at(init, init->scheduler);

	if (s) {
		begin(d, "scheduler", "{");
		put_u64(d, "size", s->attr.size);
		put_u64(d, "policy", s->attr.policy);
		put_off(d, "name", s->policy);
		put_u64(d, "flags", s->attr.flags);
		put_i64(d, "nice", s->attr.nice);
		put_u64(d, "priority", s->attr.priority);
		put_u64(d, "runtime", s->attr.runtime);
		put_u64(d, "deadline", s->attr.deadline);
		put_u64(d, "period", s->attr.period);
		put_off(d, "denied", s->denied);
		put_off(d, "invalid", s->invalid);
		end(d, "}");
	}
	if (init->io_priority)
		put_octal(d, "ioPriority", init->io_priority);
	if (init->flags & PLAN_SET_MEMORY_POLICY)
		put_u64(d, "memoryPolicy", init->memory_mode);
	put_cpus(d, "memoryNodes", plan_items(init, init->memory_nodes, uint8_t), init->memory_nodes.n);
}

static void dump_process(struct dump *d)
{
	const struct init_plan *init = d->init;
	const uint32_t *groups = plan_items(init, init->groups, uint32_t);

	put_strings(d, "args", init->args);
	put_strings(d, "env", init->env);
	put_off(d, "cwd", init->cwd);
	put_octal(d, "umask", init->umask);
	put_u64(d, "uid", init->uid);
	put_u64(d, "gid", init->gid);
	if (init->groups.n) {
		begin(d, "groups", "[");
		for (uint32_t i = 0; i < init->groups.n; i++)
			put_u64(d, NULL, groups[i]);
		end(d, "]");
	}
	dump_rlimits(d, plan_items(init, init->rlimits, struct plan_rlimit), init->rlimits.n);
	put_caps(d, "bounding", init->caps[PLAN_CAP_BOUNDING]);
	put_caps(d, "effective", init->caps[PLAN_CAP_EFFECTIVE]);
	put_caps(d, "inheritable", init->caps[PLAN_CAP_INHERITABLE]);
	put_caps(d, "permitted", init->caps[PLAN_CAP_PERMITTED]);
	put_caps(d, "ambient", init->caps[PLAN_CAP_AMBIENT]);
	if (init->flags & PLAN_SET_PERSONALITY)
		put_u64(d, "personality", init->personality);
	put_off(d, "keyring", init->keyring);
	put_off(d, "apparmor", init->apparmor);
	put_off(d, "selinux", init->selinux);
	if (init->console_height || init->console_width) {
		put_u64(d, "consoleHeight", init->console_height);
		put_u64(d, "consoleWidth", init->console_width);
	}
	if (init->preserve_fds)
		put_u64(d, "preserveFds", init->preserve_fds);
	put_cpus(d, "cpus", plan_items(init, init->cpus, uint8_t), init->cpus.n);
	dump_scheduling(d);
	if (init->seccomp_len) {
		put_u64(d, "seccompInstructions", init->seccomp_len);
		put_u64(d, "seccompFlags", init->seccomp_flags);
	}
}

static void dump_hooks(struct dump *d, const char *key, struct plan_list list, const plan_off state[2])
{
	const struct plan_hook *hooks = plan_items(d->init, list, struct plan_hook);

	if (!list.n)
		return;
	begin(d, key, "[");
	for (uint32_t i = 0; i < list.n; i++) {
		begin(d, NULL, "{");
		put_off(d, "path", hooks[i].path);
		put_strings(d, "args", hooks[i].args);
		put_strings(d, "env", hooks[i].process_env ? d->init->env : hooks[i].env);
		if (hooks[i].timeout)
			put_i64(d, "timeout", hooks[i].timeout);
		put_off(d, "stateBeforePid", state[0]);
		put_off(d, "stateAfterPid", state[1]);
		end(d, "}");
	}
	end(d, "]");
}

static void dump_init(struct dump *d)
{
	const struct init_plan *init = d->init;
	const struct plan_join *joins = plan_items(init, init->joins, struct plan_join);

	begin(d, "init", "{");
	put_off(d, "id", init->id);
	if (init->flags) {
		begin(d, "flags", "[");
		for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++)
			if (init->flags & flag_words[i].bits)
				put_string(d, NULL, flag_words[i].word);
		end(d, "]");
	}
	if (init->joins.n) {
		begin(d, "joins", "[");
		for (uint32_t i = 0; i < init->joins.n; i++) {
			const char *name = name_of_namespace(joins[i].type);

			begin_line(d, NULL, "{");
			put_off(d, name ? name : "?", joins[i].path);
			end(d, "}");
		}
		end(d, "]");
	}
	put_words(d, "stageClone", init->stage_flags, WORDS(namespace_words));
	put_true(d, "newTimeNamespace", init->new_timens);
	put_true(d, "newIpcNamespace", init->new_ipcns);
	put_off(d, "timeOffsets", init->time_offsets);
	if (init->flags & PLAN_NEW_USERNS || init->ns_uid || init->ns_gid) {
		put_u64(d, "namespaceUid", init->ns_uid);
		put_u64(d, "namespaceGid", init->ns_gid);
	}
	dump_root(d);
	dump_process(d);
	dump_hooks(d, "createContainer", init->create_container, init->create_container_state);
	dump_hooks(d, "startContainer", init->start_container, init->start_container_state);
	end(d, "}");
}

int plan_dump(const struct plan *plan, struct ocispec_arena *arena, char **ret, struct err *err)
{
	struct dump d = {.text = {.arena = arena}, .init = plan->init};

	begin(&d, NULL, "{");
	dump_host(&d, plan);
	dump_init(&d);
	if (plan->n_warnings) {
		begin(&d, "warnings", "[");
		for (size_t i = 0; i < plan->n_warnings; i++)
			put_string(&d, NULL, plan->warnings[i]);
		end(&d, "]");
	}
	end(&d, "}");
	text_str(&d.text, "\n");
	if (d.text.failed)
		return plan_no_memory(err);
	*ret = d.text.s;
	return 0;
}
