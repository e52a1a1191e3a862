/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts: what each entry of the configuration's list is, and all of its options resolved to what the kernel takes.
 * The order of the list stays. Attributes are kept as what to set and what to clear, because a bind mount starts from
 * the attributes of its source.
 */
#include "plan/internal.h"

#include "config/annotations.h"
#include "plan/mount_options.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

/* One entry while its options are read. */
struct parsing {
	struct planner *p;
	const struct oci_mount *entry;
	size_t index;
	struct plan_mount *mount;
	bool bind, remount;
	const char *idmap; /* the option that asks for it, with its text; or NULL */
	bool idmap_recursive;
	bool atime_set, rec_atime_set; /* an atime word was given ... */
	uint32_t atime, rec_atime;     /* ... and which: one of MOUNT_ATTR__ATIME */
	size_t n_data, room;
	const char **data;
	size_t n_propagation;
	uint32_t propagation[8 + 1]; /* one more for ours */
};

static void set_atime(bool *set, uint32_t *atime, uint32_t value)
{
	if (value == OPTION_NORELATIME) {
		if (*set && *atime == MOUNT_ATTR_RELATIME)
			*set = false;
		return;
	}
	*set = true;
	*atime = value;
}

static int add_data(struct parsing *s, const char *word, struct err *err)
{
	if (s->n_data == s->room) {
		size_t more = s->room ? 2 * s->room : 8;
		const char **grown = plan_alloc(s->p, more, sizeof(*grown));

		if (!grown)
			return plan_no_memory(err);
		if (s->n_data)
			memcpy(grown, s->data, s->n_data * sizeof(*grown));
		s->data = grown;
		s->room = more;
	}
	s->data[s->n_data++] = word;
	return 0;
}

static int add_propagation(struct parsing *s, uint32_t value, struct err *err)
{
	const size_t room = sizeof(s->propagation) / sizeof(s->propagation[0]) - 1;

	if (s->n_propagation == room)
		return err_msg(err, -EINVAL, "mounts[%zu].options: more than %zu propagation options", s->index, room);
	s->propagation[s->n_propagation++] = value;
	return 0;
}

/* The option, or with a "=" and its own mappings, which stand for themselves where both are given. */
static int take_idmap(struct parsing *s, const char *word, bool recursive, struct err *err)
{
	bool own = strchr(word, '='), had = s->idmap && strchr(s->idmap, '=');

	if (own && had)
		return err_msg(err, -EINVAL, "mounts[%zu].options: %s: there are mappings already", s->index, word);
	if (own || !had)
		s->idmap = word;
	s->idmap_recursive |= recursive;
	return 0;
}

static int take_known(struct parsing *s, const struct mount_option *option, struct err *err)
{
	struct plan_mount *m = s->mount;

	switch (option->kind) {
	case OPTION_NOTHING:
		return 0;
	case OPTION_BIND:
		s->bind = true;
		if (option->value)
			m->flags |= PLAN_MOUNT_RECURSIVE;
		return 0;
	case OPTION_REMOUNT:
		s->remount = true;
		return 0;
	case OPTION_SET:
		m->attr_set |= option->value;
		m->attr_clr &= ~(uint64_t)option->value;
		return 0;
	case OPTION_CLEAR:
		m->attr_clr |= option->value;
		m->attr_set &= ~(uint64_t)option->value;
		return 0;
	case OPTION_ATIME:
		set_atime(&s->atime_set, &s->atime, option->value);
		return 0;
	case OPTION_REC_SET:
		m->rec_set |= option->value;
		m->rec_clr &= ~(uint64_t)option->value;
		return 0;
	case OPTION_REC_CLEAR:
		m->rec_clr |= option->value;
		m->rec_set &= ~(uint64_t)option->value;
		return 0;
	case OPTION_REC_ATIME:
		set_atime(&s->rec_atime_set, &s->rec_atime, option->value);
		return 0;
	case OPTION_PROPAGATION:
		return add_propagation(s, option->value, err);
	case OPTION_FLAG:
		m->flags |= option->value;
		return 0;
	case OPTION_SUPERBLOCK:
		/* The recursive spellings of some engines mean the same, since a file system has no submounts. */
		return add_data(s, option->word[0] == 'r' ? option->word + 1 : option->word, err);
	case OPTION_OBSOLETE:
		plan_warn(s->p, "mounts[%zu].options: %s is ignored, the kernel has no such option any more", s->index,
			  option->word);
		return 0;
	case OPTION_IDMAP:
		return take_idmap(s, option->word, option->value, err);
	}
	return err_msg(err, -EINVAL, "mounts[%zu].options: %s: unknown kind", s->index, option->word);
}

/*
 * A label in quotes, as mount(8) wants it for the sake of its commas. fsconfig(2) takes it as it is. NULL: out of
 * memory.
 */
static const char *without_quotes(struct ocispec_arena *arena, const char *word)
{
	size_t key = strcspn(word, "="), n = strlen(word);
	char *plain;

	if (key < 7 || n < key + 3 || strncmp(word + key - 7, "context", 7) != 0 || word[key + 1] != '"' ||
	    word[n - 1] != '"')
		return word;
	plain = ocispec_strndup(arena, word, n - 2);
	if (plain)
		memcpy(plain + key + 1, word + key + 2, n - key - 3);
	return plain;
}

/* One word, which is an option or a parameter of the file system. */
static int take_word(struct parsing *s, const char *word, struct err *err)
{
	const struct mount_option *option = mount_option_find(word);

	if (option)
		return take_known(s, option, err);
	if (!strncmp(word, "idmap=", 6) || !strncmp(word, "ridmap=", 7))
		return take_idmap(s, word, word[0] == 'r', err);
	word = without_quotes(s->p->arena, word);
	return word ? add_data(s, word, err) : plan_no_memory(err);
}

/*
 * Where a word ends: at a comma, since an engine may put several parameters into one string as they stand in mount(2)'s
 * data; but not within quotes (SELinux contexts) or after a backslash (paths of overlays).
 */
static size_t word_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n]; n++) {
		if (s[n] == '"')
			quoted = !quoted;
		else if (s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == ',' && !quoted)
			break;
	}
	return n;
}

static int take_option(struct parsing *s, const char *option, struct err *err)
{
	if (!strchr(option, ','))
		return option[0] ? take_word(s, option, err) : 0;
	while (*option) {
		size_t n = word_length(option);
		char *word;
		int r;

		if (n) {
			word = ocispec_strndup(s->p->arena, option, n);
			if (!word)
				return plan_no_memory(err);
			r = take_word(s, word, err);
			if (r < 0)
				return r;
		}
		option += n + (option[n] == ',');
	}
	return 0;
}

/* What the atime words come to. mount_setattr(2) wants the whole field cleared whenever one of its values is set. */
static void finish_atime(struct parsing *s)
{
	if (s->atime_set) {
		s->mount->attr_set |= s->atime;
		s->mount->attr_clr |= MOUNT_ATTR__ATIME;
	}
	if (s->rec_atime_set) {
		s->mount->rec_set |= s->rec_atime;
		s->mount->rec_clr |= MOUNT_ATTR__ATIME;
	}
}

/*
 * A recursive word names the top mount too, and holds against a plain word for the same attribute wherever the two
 * stand in the list: "rro,rw" is read-only. A new file system has nothing below it, so that the words mean the same
 * there.
 */
static void finish_recursive(struct plan_mount *m)
{
	m->attr_set &= ~(m->rec_set | m->rec_clr);
	m->attr_clr &= ~(m->rec_set | m->rec_clr);
	if (m->kind == PLAN_MOUNT_BIND || m->kind == PLAN_MOUNT_REMOUNT)
		return;
	m->attr_set |= m->rec_set;
	m->attr_clr |= m->rec_clr;
	m->rec_set = m->rec_clr = 0;
}

/*
 * A bind mount without an option for its attributes has those of its source. With one, it has what its options say and
 * no more, as with runc and crun: "ro" of a source that is noexec is not noexec. What is locked stays, though; and all
 * of it in a user namespace, whose trees may be the host's copies, on which nothing is.
 */
static void find_rest(struct parsing *s)
{
	struct plan_mount *m = s->mount;
	uint64_t named = m->attr_set | m->attr_clr;

	if (!named || m->kind != PLAN_MOUNT_BIND || s->p->init.flags & PLAN_IN_USERNS)
		return;
	m->attr_rest = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		       MOUNT_ATTR_NOSYMFOLLOW | (named & MOUNT_ATTR__ATIME ? MOUNT_ATTR_NODIRATIME : 0);
	m->attr_rest &= ~(named | m->rec_set | m->rec_clr);
}

static bool is(const char *s, const char *t)
{
	return s && !strcmp(s, t);
}

static int find_kind(struct parsing *s, struct err *err)
{
	const char *type = s->entry->type;

	if (is(type, "bind"))
		s->bind = true;
	if (s->remount)
		s->mount->kind = PLAN_MOUNT_REMOUNT;
	else if (s->bind)
		s->mount->kind = PLAN_MOUNT_BIND;
	else if (!type || !type[0] || is(type, "none"))
		return err_msg(err, -EINVAL, "mounts[%zu].type: required where the options have no bind", s->index);
	else if (is(type, "proc"))
		s->mount->kind = PLAN_MOUNT_PROC;
	else if (is(type, "sysfs"))
		s->mount->kind = PLAN_MOUNT_SYSFS;
	else if (is(type, "cgroup") || is(type, "cgroup2"))
		s->mount->kind = PLAN_MOUNT_CGROUP;
	else
		s->mount->kind = PLAN_MOUNT_FS;
	if (s->mount->flags & PLAN_MOUNT_TMPCOPYUP && (s->mount->kind != PLAN_MOUNT_FS || !is(type, "tmpfs")))
		return err_msg(err, -EINVAL, "mounts[%zu].options: tmpcopyup is for tmpfs only", s->index);
	if (s->mount->flags & (PLAN_MOUNT_COPY_SYMLINK | PLAN_MOUNT_SRC_NOFOLLOW) && s->mount->kind != PLAN_MOUNT_BIND)
		return err_msg(err, -EINVAL, "mounts[%zu].options: %s is for bind mounts only", s->index,
			       s->mount->flags & PLAN_MOUNT_COPY_SYMLINK ? "copy-symlink" : "src-nofollow");
	return 0;
}

/*
 * Mappings count also without the option: engines take it off. What shows the container itself or the mounts that are
 * there (procfs, a remount) has no ids to map.
 */
static int find_idmap(struct parsing *s, int *ret, struct err *err)
{
	static const char *const others[] = {
		[PLAN_MOUNT_PROC] = "proc",
		[PLAN_MOUNT_SYSFS] = "sysfs",
		[PLAN_MOUNT_CGROUP] = "cgroup",
		[PLAN_MOUNT_REMOUNT] = "remount",
	};
	uint32_t kind = s->mount->kind;

	*ret = -1;
	if (!s->idmap && !s->entry->n_uid_mappings)
		return 0;
	if (kind != PLAN_MOUNT_BIND && kind != PLAN_MOUNT_FS)
		return err_msg(err, -EINVAL,
			       "mounts[%zu]: id-mapped mounts are only supported for bind mounts and new file systems, "
			       "not for %s",
			       s->index, others[kind]);
	return plan_idmap(s->p, s->entry, s->index, s->idmap, ret, err);
}

/* A bind mount shows a file system that is there already: its parameters can't be changed by that. */
static int check_bind_data(struct parsing *s, struct err *err)
{
	for (size_t i = 0; i < s->n_data; i++) {
		const struct mount_option *option = mount_option_find(s->data[i]);

		if (!option || option->kind != OPTION_SUPERBLOCK)
			return err_msg(err, -EINVAL,
				       "mounts[%zu].options: bind mounts cannot have any filesystem-specific options "
				       "applied: %s",
				       s->index, s->data[i]);
		plan_warn(s->p, "mounts[%zu].options: %s changes nothing on a bind mount", s->index, s->data[i]);
	}
	s->n_data = 0;
	return 0;
}

/* Whether path is at or below dir. */
static bool is_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (path[n] == '\0' || path[n] == '/');
}

/*
 * /proc stays procfs: the container's programs, and everything that sets labels, trust what they read and write there.
 * The exceptions are files that tools like lxcfs replace.
 */
static int check_proc(struct parsing *s, const char *destination, const char *source, struct err *err)
{
	static const char *const replaceable[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/loadavg",
		"/proc/meminfo",
		"/proc/slabinfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/sys/crypto/fips_enabled",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/uptime",
	};

	if (!is_within(destination, "/proc") || s->mount->kind == PLAN_MOUNT_REMOUNT)
		return 0;
	if (!strcmp(destination, "/proc")) {
		if (s->mount->kind == PLAN_MOUNT_PROC || (s->mount->kind == PLAN_MOUNT_BIND && is(source, "/proc")))
			return 0;
		return err_msg(err, -EINVAL, "mounts[%zu]: what would be mounted on /proc is not procfs", s->index);
	}
	for (size_t i = 0; i < sizeof(replaceable) / sizeof(replaceable[0]); i++)
		if (!strcmp(destination, replaceable[i]))
			return 0;
	return err_msg(err, -EINVAL,
		       "mounts[%zu]: \"%s\" cannot be mounted because it is inside /proc and not procfs's own",
		       s->index, s->entry->destination);
}

static bool has_cgroupns(const struct planner *p)
{
	return (p->new_ns | p->joined_ns) & CLONE_NEWCGROUP;
}

/*
 * What stands in for cgroup2 where it can't be mounted. In a cgroup namespace of its own a container would see its own
 * cgroup as the root. Without one /proc/self/cgroup tells the whole path, which must be found below the mount.
 */
static int cgroup_source(struct planner *p, const char **ret, struct err *err)
{
	const char *path = !has_cgroupns(p) ? "/" : p->plan.cgroup.enabled ? p->plan.cgroup.path : p->facts->own_cgroup;
	struct text text = {.arena = p->arena};

	if (!p->facts->cgroup_mount || !path)
		return 0;
	text_str(&text, p->facts->cgroup_mount);
	if (strcmp(path, "/") != 0)
		text_str(&text, path);
	if (path == p->plan.cgroup.path && p->plan.cgroup.subgroup) {
		text_str(&text, "/");
		text_str(&text, p->plan.cgroup.subgroup);
	}
	if (text.failed)
		return plan_no_memory(err);
	*ret = text.s;
	return 0;
}

static int find_source(struct parsing *s, const char **ret, struct err *err)
{
	const char *source = s->entry->source;

	switch ((enum plan_mount_kind)s->mount->kind) {
	case PLAN_MOUNT_BIND:
		if (!source || !source[0])
			return err_msg(err, -EINVAL, "mounts[%zu].source: required for a bind mount", s->index);
		*ret = path_below(s->p->arena, s->p->request->bundle, source);
		return *ret ? 0 : plan_no_memory(err);
	case PLAN_MOUNT_CGROUP:
		return cgroup_source(s->p, ret, err);
	case PLAN_MOUNT_FS:
	case PLAN_MOUNT_PROC:
	case PLAN_MOUNT_SYSFS:
	case PLAN_MOUNT_REMOUNT:
		break;
	}
	/* The kernel shows the name in mountinfo; absent, the type stands for it as mount(8) does. */
	*ret = source && source[0] ? source : s->entry->type;
	return 0;
}

/* Read-only where the configuration's author would think it was, though the kernel's flags alone would leave a hole. */
static int harden(struct parsing *s, const char *source, struct err *err)
{
	struct planner *p = s->p;
	struct plan_mount *m = s->mount;
	bool rootless = p->facts->euid != 0 || !p->facts->cap_sys_admin || p->facts->in_userns;

	/*
	 * Without a cgroup namespace of its own a rootless container sees, as its cgroups, the ones of the user who
	 * started it, and that user may write them.
	 */
	if (m->kind == PLAN_MOUNT_CGROUP && !has_cgroupns(p) && rootless) {
		m->attr_set |= MOUNT_ATTR_RDONLY;
		m->attr_clr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	/* The submounts of /sys (cgroups, debugfs, ...) are what makes a writable /sys dangerous. */
	if (m->kind == PLAN_MOUNT_BIND && m->flags & PLAN_MOUNT_RECURSIVE && is_within(source, "/sys") &&
	    m->attr_set & MOUNT_ATTR_RDONLY && !(m->rec_clr & MOUNT_ATTR_RDONLY))
		m->rec_set |= MOUNT_ATTR_RDONLY;
	/*
	 * A file system on a device is opened read-only itself, else its journal might be replayed. For all others the
	 * mount is enough, and their superblock may be shared with the host.
	 */
	if (m->kind == PLAN_MOUNT_FS && m->attr_set & MOUNT_ATTR_RDONLY && source && source[0] == '/')
		return add_data(s, "ro", err);
	return 0;
}

/*
 * linux.mountLabel, as a parameter, unless the entry has one of its own. The queues of an mqueue have labels of their
 * own, which the parameter would make one and the same: init labels their directory alone.
 */
static int add_label(struct parsing *s, struct err *err)
{
	static const char *const keys[] = {"context=", "fscontext=", "defcontext=", "rootcontext="};
	const struct oci_linux *l = s->p->config->linux_;
	const char *kind = plan_annotation(s->p, ANNOTATION_MOUNT_CONTEXT);
	struct text text = {.arena = s->p->arena};

	if (!l || !l->mount_label || !l->mount_label[0] || s->mount->kind != PLAN_MOUNT_FS ||
	    is(s->entry->type, "mqueue"))
		return 0;
	for (size_t i = 0; i < s->n_data; i++)
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			if (!strncmp(s->data[i], keys[k], strlen(keys[k])))
				return 0;
	text_str(&text, kind ? kind : "context");
	text_str(&text, "=");
	text_str(&text, l->mount_label);
	return text.failed ? plan_no_memory(err) : add_data(s, text.s, err);
}

static int plan_mount_entry(struct planner *p, const struct oci_mount *entry, size_t index, struct plan_mount *mount,
			    struct plan_source *ret_source, struct err *err)
{
	struct parsing s = {.p = p, .entry = entry, .index = index, .mount = mount};
	const char *source = NULL;
	char *destination;
	int r, idmap;

	*mount = (struct plan_mount){.source_fd = -1, .index = (uint32_t)index};
	for (size_t i = 0; i < entry->n_options; i++) {
		r = take_option(&s, entry->options[i], err);
		if (r < 0)
			return r;
	}
	finish_atime(&s);
	destination = path_clean(p->arena, entry->destination);
	if (!destination)
		return plan_no_memory(err);
	r = find_kind(&s, err);
	if (r < 0)
		return r;
	find_rest(&s);
	finish_recursive(mount);
	if (s.bind) {
		r = check_bind_data(&s, err);
		if (r < 0)
			return r;
	}
	if (destination[1] == '\0' && mount->kind != PLAN_MOUNT_REMOUNT)
		return err_msg(err, -EINVAL, "mounts[%zu].destination: \"/\" is the root itself", index);
	r = find_source(&s, &source, err);
	if (r < 0)
		return r;
	r = check_proc(&s, destination, source, err);
	if (r < 0)
		return r;
	r = harden(&s, source, err);
	if (r == 0)
		r = add_label(&s, err);
	if (r < 0)
		return r;

	r = find_idmap(&s, &idmap, err);
	if (r < 0)
		return r;

	if (mount->kind == PLAN_MOUNT_BIND && (idmap >= 0 || plan_passes_sources(p)) &&
	    p->init.root_propagation & MS_PRIVATE) {
		/* The tree is cloned on the host, out of reach of what happens to "/" in the container. */
		memmove(s.propagation + 1, s.propagation, s.n_propagation * sizeof(s.propagation[0]));
		s.propagation[0] = MS_PRIVATE | MS_REC;
		s.n_propagation++;
	}

	mount->destination = block_string(&p->block, destination);
	mount->source = block_string(&p->block, source);
	mount->fstype = mount->kind == PLAN_MOUNT_CGROUP ? block_string(&p->block, "cgroup2")
							 : block_string(&p->block, entry->type);
	mount->data = block_strings(&p->block, s.n_data, s.data);
	mount->propagation = block_table(&p->block, s.propagation, s.n_propagation, sizeof(s.propagation[0]));
	*ret_source = (struct plan_source){.path = source,
					   .fstype = mount->kind == PLAN_MOUNT_FS ? entry->type : NULL,
					   .n_data = s.n_data,
					   .data = s.data,
					   .idmap = idmap,
					   .idmap_recursive = s.idmap_recursive,
					   .index = mount->index};
	return 0;
}

/*
 * The directory of the socket for sd_notify(3), for the container to see and not to change. A configuration that has
 * its own means for it, as an engine's that stands in between, is left alone.
 */
static int notify_mount(struct planner *p, const struct oci_mount **ret, struct err *err)
{
	static const char *options[] = {"bind", "nosuid", "nodev", "noexec", "ro", "private"};
	const struct oci_process *process = p->config->process;
	struct oci_mount *mount;

	*ret = NULL;
	if (!p->request->notify_dir || !process || !(p->init.flags & PLAN_NEW_MOUNTNS))
		return 0;
	for (size_t i = 0; i < process->n_env; i++)
		if (!strncmp(process->env[i], NOTIFY_VARIABLE, strcspn(NOTIFY_VARIABLE, "=") + 1))
			return 0;
	for (size_t i = 0; i < p->config->n_mounts; i++) {
		const char *path = path_clean(p->arena, p->config->mounts[i].destination);

		if (!path)
			return plan_no_memory(err);
		if (is_within(path, PLAN_NOTIFY_DIR))
			return 0;
	}
	mount = plan_alloc(p, 1, sizeof(*mount));
	if (!mount)
		return plan_no_memory(err);
	*mount = (struct oci_mount){.destination = PLAN_NOTIFY_DIR,
				    .type = "bind",
				    .source = p->request->notify_dir,
				    .options = options,
				    .n_options = sizeof(options) / sizeof(options[0])};
	*ret = mount;
	return 0;
}

/* A bind mount on /dev brings its own nodes; then nothing is made there. */
static bool dev_is_bound(const struct planner *p, const struct plan_mount *mounts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mounts[i].kind == PLAN_MOUNT_BIND && mounts[i].destination &&
		    !strcmp(p->block.bytes + mounts[i].destination, "/dev"))
			return true;
	return false;
}

/* New file systems that are to be read-only, but first take device nodes or places for later mounts. */
static void find_late_readonly(struct planner *p, struct plan_mount *mounts, size_t n)
{
	const char *bytes = p->block.bytes;

	for (size_t i = 0; i < n; i++) {
		const char *path = bytes + mounts[i].destination;

		if (mounts[i].kind != PLAN_MOUNT_FS || !(mounts[i].attr_set & MOUNT_ATTR_RDONLY))
			continue;
		for (size_t j = i + 1; j < n; j++)
			if (is_within(bytes + mounts[j].destination, path) &&
			    strcmp(bytes + mounts[j].destination, path) != 0)
				mounts[i].late = (uint32_t)j;
		if (p->init.flags & PLAN_SETUP_DEV && !strcmp(path, "/dev"))
			mounts[i].late = PLAN_LATE_END;
		if (mounts[i].late)
			mounts[i].flags |= PLAN_MOUNT_LATE_READONLY;
	}
}

int plan_mounts(struct planner *p, struct err *err)
{
	size_t listed = p->config->n_mounts, n;
	const struct oci_mount *notify;
	struct plan_mount *mounts;
	struct plan_source *sources;
	int r = notify_mount(p, &notify, err);

	if (r < 0)
		return r;
	p->plan.notify = notify != NULL;
	n = listed + p->plan.notify;
	mounts = plan_alloc(p, n, sizeof(*mounts));
	sources = plan_alloc(p, n, sizeof(*sources));
	if (!mounts || !sources)
		return plan_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		r = plan_mount_entry(p, i < listed ? &p->config->mounts[i] : notify, i, &mounts[i], &sources[i], err);
		if (r < 0)
			return r;
	}
	if (notify)
		mounts[listed].index = sources[listed].index = PLAN_INDEX_NOTIFY;
	r = plan_sources(p, mounts, sources, n, err);
	if (r < 0)
		return r;
	/* What follows reads what has been put there. */
	r = block_check(&p->block, err);
	if (r < 0)
		return r;
	if (p->init.flags & PLAN_NEW_MOUNTNS && !dev_is_bound(p, mounts, n))
		p->init.flags |= PLAN_SETUP_DEV;
	find_late_readonly(p, mounts, n);
	p->init.mounts = block_table(&p->block, mounts, n, sizeof(*mounts));
	return 0;
}
