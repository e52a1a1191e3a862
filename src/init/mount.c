/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config's mounts, in their order. Each is made or cloned detached, gets its attributes while nobody can see it,
 * and is then put onto a descriptor of its destination, which was resolved (or made) inside the container's root. So
 * neither a symlink nor a rename in the root can move a mount out of it, and a mount never exists with too few
 * restrictions.
 */
#include "init/init.h"

#include "base/fs.h"
#include "base/open_as.h"

#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define PROC_MAGIC    0x9fa0
#define PROC_ROOT_INO 1

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* 1 or 0; root: and its first directory. */
static int is_procfs(int fd, bool root, struct err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "look for procfs");
	return fs.f_type == PROC_MAGIC && (!root || st.st_ino == PROC_ROOT_INO);
}

/* The attributes as mount_setattr wants them: a choice among the access time modes clears the others. */
static struct sys_mount_attr attributes(uint64_t set, uint64_t clr)
{
	struct sys_mount_attr attr = {.attr_set = set, .attr_clr = clr};

	if ((set | clr) & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	return attr;
}

/*
 * In a user namespace the restrictions of a mount that came from outside are locked. Says which of those that the
 * config wants changed it is.
 */
static int name_locked(int fd, unsigned flags, uint64_t set, uint64_t clr, struct err *err)
{
	static const struct {
		uint64_t attr;
		const char *clear;
	} names[] = {
		{MOUNT_ATTR_RDONLY, "rw"},   {MOUNT_ATTR_NOSUID, "suid"},         {MOUNT_ATTR_NODEV, "dev"},
		{MOUNT_ATTR_NOEXEC, "exec"}, {MOUNT_ATTR_NODIRATIME, "diratime"},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct sys_mount_attr attr = {.attr_clr = names[i].attr};

		if (clr & ~set & names[i].attr && sys_mount_setattr(fd, "", flags, &attr) < 0 && errno == EPERM)
			return err_hint(err, "option \"%s%s\" would lift what is locked on the source",
					flags & AT_RECURSIVE ? "r" : "", names[i].clear);
	}
	if ((set | clr) & MOUNT_ATTR__ATIME)
		return err_hint(err, "the access time mode of the source is locked");
	return err->code;
}

static int set_attributes(int fd, bool recursive, uint64_t set, uint64_t clr, struct err *err)
{
	const struct sys_mount_attr attr = attributes(set, clr);
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (!(set | clr) || sys_mount_setattr(fd, "", flags, &attr) == 0)
		return 0;
	err_set(err, -errno, "set mount options");
	return err->code == -EPERM ? name_locked(fd, flags, set, clr, err) : err->code;
}

/*
 * Where something is locked on the source (EPERM) it is kept, with all the rest, if nobody asked for it to go. Linux
 * 5.12 and 5.13 can't change nosymfollow here, and refuse the others with it (EINVAL).
 */
static int set_exactly(int tree, const struct plan_mount *m, struct err *err)
{
	const uint64_t rest[] = {m->attr_rest, m->attr_rest & ~(uint64_t)MOUNT_ATTR_NOSYMFOLLOW};

	for (unsigned i = 0; i < sizeof(rest) / sizeof(rest[0]) && rest[i]; i++) {
		const struct sys_mount_attr attr = attributes(m->attr_set, m->attr_clr | rest[i]);

		if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) == 0)
			return 0;
		if (errno != EINVAL)
			break;
	}
	return set_attributes(tree, false, m->attr_set, m->attr_clr, err);
}

/*
 * Where `tree` is to go. With must_be_dir the destination has to be a directory that is reached without any symlink.
 * ret_made: it was not there before.
 */
static int open_target(struct init *init, const struct plan_mount *m, bool file, bool must_be_dir, bool *ret_made,
		       struct err *err)
{
	const char *dest = plan_str(init->plan, m->destination);
	uint64_t resolve = must_be_dir ? RESOLVE_NO_SYMLINKS : 0;
	uint64_t flags =
		O_PATH | (must_be_dir ? O_DIRECTORY : 0) | (m->flags & PLAN_MOUNT_DEST_NOFOLLOW ? O_NOFOLLOW : 0);
	int fd = root_open(init->root, dest, flags, resolve);

	*ret_made = false;
	if (fd == -ENOENT && !(m->flags & PLAN_MOUNT_NO_CREATE)) {
		*ret_made = true;
		fd = root_make(init->root, dest, file, resolve);
		if (fd < 0 && !must_be_dir)
			return err_set(err, fd, "create %s in the rootfs", dest);
	}
	if (must_be_dir && (fd == -ELOOP || fd == -ENOTDIR))
		return err_msg(err, fd, "must be mounted on ordinary directory");
	return fd < 0 ? err_set(err, fd, "open %s in the rootfs", dest) : fd;
}

/*
 * Everybody trusts what is read below /proc, so it has to be procfs, whole. The plan has refused destinations that say
 * so; here come those that a symlink leads there, and what only looks like procfs.
 */
static int check_proc(const char *dest, int target, int tree, bool is_proc, struct err *err)
{
	int r;

	if (is_proc || starts_with(dest, "/proc/"))
		return 0;
	if (!strcmp(dest, "/proc")) {
		r = is_procfs(tree, true, err);
		return r == 0 ? err_msg(err, -EINVAL, "what is to be mounted on /proc is not procfs") : r < 0 ? r : 0;
	}
	r = is_procfs(target, false, err);
	if (r > 0)
		return err_msg(err, -EINVAL, "the destination leads into procfs, where a mount is not allowed");
	return r;
}

static int set_propagation(const struct init_plan *plan, const struct plan_mount *m, int fd, struct err *err)
{
	const uint32_t *list = plan_items(plan, m->propagation, uint32_t);

	for (uint32_t i = 0; i < m->propagation.n; i++) {
		int r = propagate(fd, "", list[i]);

		if (r < 0)
			return err_set(err, r, "set the propagation");
	}
	return 0;
}

/* The kernel's EINVAL for a directory on a file (or the reverse) says nothing; callers look for ENOTDIR. */
static int attach_error(int tree, int target, int error, const char *dest, struct err *err)
{
	struct stat what, where;

	if (error != EINVAL || fstat(tree, &what) < 0 || fstat(target, &where) < 0 ||
	    S_ISDIR(what.st_mode) == S_ISDIR(where.st_mode))
		return err_set(err, -error, "attach at %s", dest);
	err_set(err, -ENOTDIR, "attach at %s", dest);
	if (S_ISDIR(what.st_mode))
		return err_hint(err, "the source is a directory, the destination is not");
	return err_hint(err, "the source is not a directory, the destination is");
}

/* The last steps, the same for all kinds. Takes the tree. */
static int attach(struct init *init, const struct plan_mount *m, int taken_tree, int target, struct err *err)
{
	const char *dest = plan_str(init->plan, m->destination);
	_cleanup_close_ int tree = taken_tree;
	int r = check_proc(dest, target, tree, m->kind == PLAN_MOUNT_PROC, err);

	if (r < 0)
		return r;
	if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return attach_error(tree, target, errno, dest, err);
	return set_propagation(init->plan, m, tree, err);
}

static bool has_param(const struct init_plan *plan, struct plan_list data, const char *prefix)
{
	for (uint32_t i = 0; i < data.n; i++)
		if (starts_with(plan_str_item(plan, data, i), prefix))
			return true;
	return false;
}

static bool is_queues(const struct init_plan *plan, const struct plan_mount *m)
{
	return m->kind == PLAN_MOUNT_FS && !strcmp(plan_str(plan, m->fstype), "mqueue");
}

/* The option that gives a label, if param is one. */
static const char *context_key(const char *param)
{
	static const char *const keys[] = {"context", "fscontext", "defcontext", "rootcontext"};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (starts_with(param, keys[i]) && param[strlen(keys[i])] == '=')
			return keys[i];
	return NULL;
}

/* Queues have labels of their own, and the option would give them all the same: it is for their directory alone. */
static int label_queues(struct init *init, int tree, struct err *err)
{
	const char *label = plan_str(init->plan, init->plan->mount_label);
	_cleanup_close_ int fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsetxattr(fd, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return err_set(err, -errno, "linux.mountLabel: give the directory the label \"%s\"", label);
	return 0;
}

/* Parameters that are not in the list but follow from the rest. */
static int implied_params(struct init *init, const struct plan_mount *m, int fsfd, const struct stat *covered,
			  struct err *err)
{
	const struct init_plan *plan = init->plan;
	const char *fstype = plan_str(plan, m->fstype), *source = plan_str(plan, m->source);
	int r = 0;

	/* Of a cgroup mount the plan names what to bind instead. */
	if (m->kind == PLAN_MOUNT_CGROUP)
		source = "cgroup";
	if (source && source[0])
		r = fs_string(fsfd, "source", source, err);
	/* A tmpfs over a directory has the permissions that the directory had. */
	if (r == 0 && covered && !strcmp(fstype, "tmpfs") && !has_param(plan, m->data, "mode=")) {
		char mode[16];

		text(mode, sizeof(mode), "mode=%o", (unsigned)covered->st_mode & 07777);
		r = fs_param(fsfd, mode, err);
	}
	return r;
}

/* A detached mount of a new file system; covered: the directory that it will cover, if that existed before. */
static int make_fs(struct init *init, const struct plan_mount *m, uint64_t attrs, const struct stat *covered,
		   struct err *err)
{
	const struct init_plan *plan = init->plan;
	const char *fstype = plan_str(plan, m->fstype);
	_cleanup_close_ int fsfd = m->kind == PLAN_MOUNT_PROC ? proc_context(init, err) : fs_open(fstype, err);
	int r = fsfd < 0 ? fsfd : implied_params(init, m, fsfd, covered, err);

	for (uint32_t i = 0; i < m->data.n && r == 0; i++) {
		const char *param = plan_str_item(plan, m->data, i);

		r = fs_param(fsfd, param, err);
		if (r < 0 && plan->mount_label && context_key(param))
			err_hint(err, "see linux.mountLabel");
	}
	return r < 0 ? r : fs_create(fsfd, fstype, (unsigned)attrs, err);
}

/* fsconfig(2) takes values of at most 255 bytes; overlayfs's lists of layers are longer. */
static bool has_long_param(const struct init_plan *plan, const struct plan_mount *m)
{
	for (uint32_t i = 0; i < m->data.n; i++)
		if (strlen(plan_str_item(plan, m->data, i)) > 255)
			return true;
	return false;
}

static unsigned long legacy_flags(uint64_t attrs)
{
	unsigned long flags = (attrs & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0) |
			      (attrs & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0) | (attrs & MOUNT_ATTR_NODEV ? MS_NODEV : 0) |
			      (attrs & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0) |
			      (attrs & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0);

	if ((attrs & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		flags |= MS_NOATIME;
	else if ((attrs & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		flags |= MS_STRICTATIME;
	return flags;
}

static uint64_t early_attributes(const struct plan_mount *m)
{
	bool later = m->flags & (PLAN_MOUNT_TMPCOPYUP | PLAN_MOUNT_LATE_READONLY);

	return m->attr_set & ~(later ? (uint64_t)MOUNT_ATTR_RDONLY : 0);
}

/* mount(2) onto the descriptor of the target, whose path is its link in our own procfs. */
static int mount_by_link(struct init *init, const struct plan_mount *m, int target, const char *data, struct err *err)
{
	const char *fstype = plan_str(init->plan, m->fstype), *source = plan_str(init->plan, m->source);
	_cleanup_close_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[32];
	int r = proc_open(init, 0, err);

	if (r < 0)
		return r;
	if (here < 0 || fchdir(init->proc) < 0)
		return err_set(err, -errno, "enter procfs");
	text(link, sizeof(link), "self/fd/%d", target);
	if (mount(source ? source : fstype, link, fstype, legacy_flags(early_attributes(m)), data) < 0)
		r = err_set(err, -errno, "mount %s", fstype);
	if (fchdir(here) < 0 && r == 0)
		r = err_set(err, -errno, "leave procfs");
	return r;
}

/* By its descriptor it is found again, whatever is mounted over it. */
static int keep_for_later(struct init *init, const struct plan_mount *m, int tree, struct err *err)
{
	struct late *late;

	if (!init->late)
		init->late = pages(init->plan->mounts.n * sizeof(*init->late));
	if (!init->late)
		return err_set(err, -errno, "get memory");
	late = &init->late[init->n_late];
	*late = (struct late){fcntl(tree, F_DUPFD_CLOEXEC, 3), m->late};
	if (late->tree < 0)
		return err_set(err, -errno, "duplicate a descriptor");
	init->n_late++;
	return 0;
}

/* Makes those read-only that have waited for the mount at this position of the list. */
static int settle_late(struct init *init, uint32_t position, struct err *err)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < init->n_late; i++) {
		struct late *late = &init->late[i];
		int r = 0;

		if (late->until != position) {
			init->late[left++] = *late;
			continue;
		}
		r = set_attributes(late->tree, false, MOUNT_ATTR_RDONLY, 0, err);
		if (r < 0)
			return r;
		close_fd(&late->tree);
	}
	init->n_late = left;
	return 0;
}

int mount_late_readonly(struct init *init, struct err *err)
{
	return settle_late(init, PLAN_LATE_END, err);
}

/* The parameters as mount(2) takes them: one text. The categories of a label are separated by commas, too. */
static int join_params(const struct init_plan *plan, const struct plan_mount *m, char *data, size_t size,
		       struct err *err)
{
	size_t used = 0;

	for (uint32_t i = 0; i < m->data.n && used < size - 1; i++) {
		const char *param = plan_str_item(plan, m->data, i), *separator = i ? "," : "";

		if (context_key(param))
			used += (size_t)text(data + used, size - used, "%s%s=\"%s\"", separator, context_key(param),
					     strchr(param, '=') + 1);
		else
			used += (size_t)text(data + used, size - used, "%s%s", separator, param);
	}
	/* text() cuts. */
	return used >= size - 1 ? err_set(err, -E2BIG, "pass %u options", m->data.n) : 0;
}

static int mount_fs_long(struct init *init, const struct plan_mount *m, int target, struct err *err)
{
	const struct init_plan *plan = init->plan;
	_cleanup_close_ int tree = -1;
	static char data[4096]; /* a page is what the kernel takes */
	int r;

	if (m->flags & PLAN_MOUNT_TMPCOPYUP || m->attr_set & MOUNT_ATTR_NOSYMFOLLOW)
		return err_msg(err, -E2BIG, "an option longer than 255 bytes does not go together with the others");
	r = join_params(plan, m, data, sizeof(data), err);
	if (r == 0)
		r = check_proc(plan_str(plan, m->destination), target, target, false, err);
	if (r == 0)
		r = mount_by_link(init, m, target, data, err);
	if (r < 0)
		return r;
	tree = root_open(init->root, plan_str(plan, m->destination), O_PATH, 0);
	if (tree < 0)
		return err_set(err, tree, "open what was mounted");
	r = m->flags & PLAN_MOUNT_LATE_READONLY ? keep_for_later(init, m, tree, err) : 0;
	if (r == 0)
		r = set_attributes(tree, true, m->rec_set, m->rec_clr, err);
	return r < 0 ? r : set_propagation(plan, m, tree, err);
}

/*
 * A file system that is id-mapped, which is not ours to make: the host has done it, but could not see what it is to
 * cover. The caller's attributes are set here.
 */
static int take_fs(struct init *init, const struct plan_mount *m, uint64_t attrs, const struct stat *covered,
		   struct err *err)
{
	_cleanup_close_ int tree = sync_tree(init, m->source_fd, err);
	int r;

	if (tree < 0)
		return tree;
	if (covered && !strcmp(plan_str(init->plan, m->fstype), "tmpfs") && !has_param(init->plan, m->data, "mode=") &&
	    fchmodat(tree, ".", covered->st_mode & 07777, 0) < 0) {
		err_set(err, -errno, "give it the permissions of what it covers");
		return err_hint(err, "is its owner mapped in the container? the option mode= makes this unnecessary");
	}
	r = set_attributes(tree, false, attrs, 0, err);
	return r < 0 ? r : take_fd(&tree);
}

static int mount_fs(struct init *init, const struct plan_mount *m, struct err *err)
{
	bool copy_up = m->flags & PLAN_MOUNT_TMPCOPYUP, late = m->flags & PLAN_MOUNT_LATE_READONLY, made;
	uint64_t attrs = early_attributes(m);
	_cleanup_close_ int target = open_target(init, m, false, false, &made, err), tree = -1;
	struct stat st;
	int r;

	if (target < 0)
		return target;
	if (fstat(target, &st) < 0)
		return err_set(err, -errno, "look at the destination");
	if (m->source_fd < 0 && has_long_param(init->plan, m))
		return mount_fs_long(init, m, target, err);
	tree = (m->source_fd < 0 ? make_fs : take_fs)(init, m, attrs, made ? NULL : &st, err);
	if (tree < 0)
		return tree;
	if (init->plan->mount_label && is_queues(init->plan, m)) {
		r = label_queues(init, tree, err);
		if (r < 0)
			return r;
	}
	if (copy_up && !made) {
		r = copy_tree(target, tree, err);
		if (r < 0)
			return err_wrap(err, "copy what is covered");
	}
	r = late ? keep_for_later(init, m, tree, err) : set_attributes(tree, false, m->attr_set & ~attrs, 0, err);
	if (r == 0)
		r = set_attributes(tree, true, m->rec_set, m->rec_clr, err);
	return r < 0 ? r : attach(init, m, take_fd(&tree), target, err);
}

/*
 * A plain procfs on /proc serves init itself as well. One that is to be read-only does not (sysctls), one with options
 * of its own may hide what we need, and one of a pid namespace that we are not in does not have us.
 */
static int mount_proc(struct init *init, const struct plan_mount *m, struct err *err)
{
	bool made, plain = !m->data.n && !(m->attr_set & MOUNT_ATTR_RDONLY) && !(m->rec_set | m->rec_clr) &&
			   !init->n_procs && !strcmp(plan_str(init->plan, m->destination), "/proc");
	_cleanup_close_ int target = open_target(init, m, false, true, &made, err), tree = -1;
	int r;

	if (target < 0)
		return target;
	tree = make_fs(init, m, m->attr_set, NULL, err);
	if (tree == -EPERM && init->plan->flags & PLAN_IN_USERNS)
		return err_hint(err,
				"the pid namespace is not the user namespace's, or parts of /proc are covered here");
	if (tree < 0)
		return tree;
	if (plain && init->proc < 0) {
		init->proc = fcntl(tree, F_DUPFD_CLOEXEC, 3);
		if (init->proc < 0)
			return err_set(err, -errno, "duplicate a descriptor");
	}
	r = set_attributes(tree, true, m->rec_set, m->rec_clr, err);
	return r < 0 ? r : attach(init, m, take_fd(&tree), target, err);
}

/* A copy of a tree of the host; restrictions hold for everything in it. */
static int mount_host_tree(struct init *init, const struct plan_mount *m, const char *source, int target,
			   struct err *err)
{
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | AT_RECURSIVE);
	int r;

	if (tree < 0)
		return err_set(err, -errno, "open %s of the host", source);
	r = set_attributes(tree, true, m->attr_set, m->attr_clr, err);
	return r < 0 ? r : attach(init, m, take_fd(&tree), target, err);
}

static int mount_sysfs(struct init *init, const struct plan_mount *m, struct err *err)
{
	bool made;
	_cleanup_close_ int target = open_target(init, m, false, true, &made, err), tree = -1;

	if (target < 0)
		return target;
	tree = make_fs(init, m, m->attr_set, NULL, err);
	if (tree == -EPERM && init->plan->flags & PLAN_IN_USERNS) {
		err_clear(err);
		return mount_host_tree(init, m, "/sys", target, err);
	}
	return tree < 0 ? tree : attach(init, m, take_fd(&tree), target, err);
}

static int mount_cgroup(struct init *init, const struct plan_mount *m, struct err *err)
{
	const struct plan_join *joins = plan_items(init->plan, init->plan->joins, struct plan_join);
	bool made, own = init->plan->flags & PLAN_NEW_CGROUPNS;
	_cleanup_close_ int target = open_target(init, m, false, true, &made, err), tree = -1;
	int r = target < 0 ? target : ns_cgroup(init, err);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < init->plan->joins.n; i++)
		own |= joins[i].type == CLONE_NEWCGROUP && !init->host_cgroupns;
	if (own) {
		tree = make_fs(init, m, m->attr_set, NULL, err);
		if (tree >= 0)
			return attach(init, m, take_fd(&tree), target, err);
		if (tree != -EPERM && tree != -EBUSY && tree != -EACCES)
			return tree;
		err_clear(err);
	}
	if (!m->source)
		return err_msg(err, -ENOENT, "no cgroup2 file system is mounted on the host");
	r = mount_host_tree(init, m, plan_str(init->plan, m->source), target, err);
	if (r != -ENOENT || !(init->plan->flags & PLAN_IN_USERNS))
		return r;
	/* Without the right to make a cgroup it has none to show, least of all those that are its user's. */
	err_clear(err);
	tree = mask_empty(init, err);
	return tree < 0 ? tree : attach(init, m, take_fd(&tree), target, err);
}

/* The option copy-symlink: what is a symlink on the host is the same symlink in the container. 1: done. */
static int copy_symlink(struct init *init, const struct plan_mount *m, int tree, struct err *err)
{
	const char *dest = plan_str(init->plan, m->destination), *name;
	static char target[PATH_MAX], there[PATH_MAX];
	_cleanup_close_ int dir = -1;
	ssize_t n = readlinkat(tree, "", target, sizeof(target) - 1);

	if (n < 0) /* no symlink */
		return 0;
	target[n] = '\0';
	dir = root_make_parent(init->root, dest, &name);
	if (dir < 0)
		return err_set(err, dir, "open the directory of %s", dest);
	if (symlinkat(target, dir, name) == 0)
		return 1;
	if (errno != EEXIST)
		return err_set(err, -errno, "create symlink %s", dest);
	n = readlinkat(dir, name, there, sizeof(there) - 1);
	there[n < 0 ? 0 : n] = '\0';
	if (strcmp(there, target))
		return err_set(err, -EEXIST, "create symlink %s", dest);
	return 1;
}

static int open_source(struct init *init, const struct plan_mount *m, struct err *err)
{
	const char *source = plan_str(init->plan, m->source);
	unsigned flags = OPEN_TREE_CLONE | (m->flags & PLAN_MOUNT_RECURSIVE ? AT_RECURSIVE : 0) |
			 (m->flags & (PLAN_MOUNT_SRC_NOFOLLOW | PLAN_MOUNT_COPY_SYMLINK) ? AT_SYMLINK_NOFOLLOW : 0);
	int fd, r;

	if (m->source_fd >= 0)
		return sync_tree(init, m->source_fd, err);
	fd = sys_open_tree(AT_FDCWD, source, flags);
	r = -errno;
	/* There are file systems on which root has no rights; whom a volume is for may have them. */
	if (fd < 0 && r == -EACCES && init->plan->uid)
		fd = open_tree_as(init->plan->uid, init->plan->gid, source, flags);
	if (fd >= 0)
		return fd;
	err_set(err, r, "open source %s", source);
	if (r == -EINVAL && !(m->flags & PLAN_MOUNT_RECURSIVE))
		err_hint(err, "something mounted below it is locked: use rbind");
	if (r == -EACCES && !(init->plan->flags & PLAN_IN_USERNS))
		err_hint(err, "on FUSE without allow_other and on NFS with root_squash root has no rights, and the "
			      "container's user has none there either");
	return r;
}

/* 1 or 0. FUSE without allow_other tells nobody but its user, yet the kernel knows. */
static int is_directory(struct init *init, int tree, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	char link[32];
	int r;

	if (fstat(tree, &st) == 0)
		return S_ISDIR(st.st_mode);
	if (errno != EACCES)
		return err_set(err, -errno, "look at the source");
	r = proc_open(init, 0, err);
	if (r < 0)
		return r;
	text(link, sizeof(link), "self/fd/%d", tree);
	fd = openat(init->proc, link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno != ENOTDIR)
		return err_set(err, -errno, "look at the source");
	return fd >= 0;
}

static int mount_bind(struct init *init, const struct plan_mount *m, struct err *err)
{
	_cleanup_close_ int tree = open_source(init, m, err), target = -1;
	bool made;
	int r, dir;

	if (tree < 0)
		return tree;
	if (m->flags & PLAN_MOUNT_COPY_SYMLINK) {
		r = copy_symlink(init, m, tree, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	dir = is_directory(init, tree, err);
	if (dir < 0)
		return dir;
	r = set_attributes(tree, true, m->rec_set, m->rec_clr, err);
	if (r == 0)
		r = set_exactly(tree, m, err);
	if (r < 0)
		return r;
	target = open_target(init, m, !dir, false, &made, err);
	if (target < 0)
		return target;
	return attach(init, m, take_fd(&tree), target, err);
}

static int mount_remount(struct init *init, const struct plan_mount *m, struct err *err)
{
	const struct init_plan *plan = init->plan;
	_cleanup_close_ int target = root_open(init->root, plan_str(plan, m->destination), O_PATH, 0), fsfd = -1;
	int r;

	if (target < 0)
		return err_set(err, target, "open the mount point");
	r = set_attributes(target, true, m->rec_set, m->rec_clr, err);
	if (r == 0)
		r = set_attributes(target, false, m->attr_set, m->attr_clr, err);
	if (r == 0)
		r = set_propagation(plan, m, target, err);
	if (r == -EINVAL)
		err_hint(err, "is a mount there?");
	if (r < 0 || !m->data.n)
		return r;
	fsfd = sys_fspick(target, "", FSPICK_EMPTY_PATH);
	if (fsfd < 0)
		return err_set(err, -errno, "open the file system for changes");
	for (uint32_t i = 0; i < m->data.n && r == 0; i++)
		r = fs_param(fsfd, plan_str_item(plan, m->data, i), err);
	if (r == 0 && sys_fsconfig(fsfd, SYS_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0) {
		r = err_set(err, -errno, "change the file system's options");
		fs_error(fsfd, err);
	}
	return r;
}

static int wrap(const struct init_plan *plan, const struct plan_mount *m, struct err *err)
{
	const char *what = plan_str(plan, m->source ? m->source : m->fstype), *where = plan_str(plan, m->destination);

	if (m->index == PLAN_INDEX_NOTIFY)
		return err_wrap(err, "NOTIFY_SOCKET: mount \"%s\" on \"%s\"", what, where);
	return err_wrap(err, "mounts[%u]: mount \"%s\" on \"%s\"", m->index, what, where);
}

int mount_all(struct init *init, struct err *err)
{
	static int (*const by_kind[])(struct init *, const struct plan_mount *, struct err *) = {
		[PLAN_MOUNT_FS] = mount_fs,         [PLAN_MOUNT_BIND] = mount_bind,
		[PLAN_MOUNT_PROC] = mount_proc,     [PLAN_MOUNT_SYSFS] = mount_sysfs,
		[PLAN_MOUNT_CGROUP] = mount_cgroup, [PLAN_MOUNT_REMOUNT] = mount_remount,
	};
	const struct init_plan *plan = init->plan;
	const struct plan_mount *mounts = plan_items(plan, plan->mounts, struct plan_mount);

	for (uint32_t i = 0; i < plan->mounts.n; i++) {
		const struct plan_mount *m = &mounts[i];
		int r;

		if (m->kind >= sizeof(by_kind) / sizeof(by_kind[0]))
			return err_msg(err, -EPROTO, "mounts[%u]: unknown kind", m->index);
		r = by_kind[m->kind](init, m, err);
		if (r == 0)
			r = settle_late(init, i, err);
		if (r < 0)
			return wrap(plan, m, err);
	}
	return 0;
}
