/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See outside.h. A name is the path of the configuration, as runc has it; what is mounted below a recursive bind has
 * the name of that bind and the rest of its path. Nothing is opened in the container but O_PATH descriptors, and
 * nothing leads out of its root.
 */
#include "host/outside.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/mountinfo.h"
#include "base/sys.h"
#include "plan/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define MAX_TRIES     128
#define CGROUP2_MAGIC 0x63677270

/* A list that grows in the arena. */
struct pairs {
	struct ocispec_arena *arena;
	struct criu_pair *list;
	size_t n, room;
};

static int add(struct pairs *pairs, const char *key, const char *value, struct err *err)
{
	if (pairs->n == pairs->room) {
		size_t room = pairs->room ? 2 * pairs->room : 32;
		struct criu_pair *grown = ocispec_alloc(pairs->arena, room * sizeof(*grown));

		if (!grown)
			return err_set(err, -ENOMEM, "list the mounts");
		if (pairs->n)
			memcpy(grown, pairs->list, pairs->n * sizeof(*grown));
		pairs->list = grown;
		pairs->room = room;
	}
	pairs->list[pairs->n++] = (struct criu_pair){key, value};
	return 0;
}

static const char *join(struct ocispec_arena *arena, const char *path, const char *rest)
{
	size_t size = strlen(path) + strlen(rest) + 1;
	char *text = ocispec_alloc(arena, size);

	if (text)
		snprintf(text, size, "%s%s", path, rest);
	return text;
}

/* Calls each() with the part below source of every mount of the host that is below it. */
static int each_submount(const char *source, int (*each)(void *arg, const char *rest, struct err *err), void *arg,
			 struct err *err)
{
	_cleanup_free_ char *text = NULL, *real = realpath(source, NULL);
	struct mountinfo mount;
	char *rest;
	size_t n;
	int r;

	if (!real)
		return err_set(err, -errno, "find %s", source);
	n = strcmp(real, "/") == 0 ? 0 : strlen(real);
	r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return err_set(err, r, "read /proc/self/mountinfo");
	for (rest = text; r == 0 && mountinfo_next(&rest, &mount);)
		if (strncmp(mount.point, real, n) == 0 && mount.point[n] == '/' && mount.point[n + 1])
			r = each(arg, mount.point + n, err);
	return r;
}

/* A source as it is on the host, and what its mounts must have. */
struct wanted {
	dev_t dev;
	ino_t ino;
	uint64_t attributes;
};

struct finding {
	struct pairs pairs;
	const struct plan *plan;
	const struct plan_outside *outside;
	int root;              /* of the container */
	struct wanted *wanted; /* malloc'ed */
	size_t n_wanted, room;
};

/* The kernel says EAGAIN when something was renamed or mounted meanwhile; somebody might do that all the time. */
static int open_in(int root, const char *path, uint64_t flags)
{
	for (int tries = 0;; tries++) {
		int fd = sys_openat2(root, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

		if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || tries == MAX_TRIES)
			return fd < 0 ? -errno : fd;
	}
}

static const struct attribute {
	uint64_t attribute;
	unsigned long flag;
	const char *name;
} attributes[] = {
	{MOUNT_ATTR_RDONLY, ST_RDONLY, "ro"},
	{MOUNT_ATTR_NOSUID, ST_NOSUID, "nosuid"},
	{MOUNT_ATTR_NODEV, ST_NODEV, "nodev"},
	{MOUNT_ATTR_NOEXEC, ST_NOEXEC, "noexec"},
};

static int check_attributes(int fd, uint64_t wanted, const char *place, struct err *err)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return err_set(err, -errno, "look at the mount %s in the container", place);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (wanted & attributes[i].attribute && !(fs.f_flag & attributes[i].flag))
			return err_msg(err, -EPERM,
				       "the mount %s in the container is not %s, as the configuration has it", place,
				       attributes[i].name);
	return 0;
}

/* Of all mounts of one source the container sees the same; what each of them must have, all must. */
static int want(struct finding *f, const struct stat *st, uint64_t wanted, struct err *err)
{
	for (size_t i = 0; i < f->n_wanted; i++)
		if (f->wanted[i].dev == st->st_dev && f->wanted[i].ino == st->st_ino) {
			f->wanted[i].attributes &= wanted;
			return 0;
		}
	if (f->n_wanted == f->room) {
		size_t room = f->room ? 2 * f->room : 32;
		struct wanted *grown = realloc(f->wanted, room * sizeof(*grown));

		if (!grown)
			return err_set(err, -ENOMEM, "list the mounts");
		f->wanted = grown;
		f->room = room;
	}
	f->wanted[f->n_wanted++] = (struct wanted){st->st_dev, st->st_ino, wanted};
	return 0;
}

/*
 * Whether it is the source that is mounted there. A file that has lost its name, as one that was replaced on the host,
 * has nothing to be compared with.
 */
static int check_source(const struct plan_outside *o, int fd, const struct stat *source, const char *inside,
			struct err *err)
{
	struct statfs fs;
	struct stat st;
	bool same;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return err_set(err, -errno, "look at %s in the container", inside);
	if (o->cgroup)
		same = (unsigned long)fs.f_type == CGROUP2_MAGIC;
	else if (o->node)
		same = source && (st.st_mode & S_IFMT) == (source->st_mode & S_IFMT) && st.st_rdev == source->st_rdev;
	else
		same = (source && st.st_dev == source->st_dev && st.st_ino == source->st_ino) || st.st_nlink == 0;
	if (same)
		return 0;
	err_msg(err, -EPERM, "what is mounted at %s in the container is not %s of the host", inside, o->source);
	return err_hint(err, "one of them was moved or replaced, and would come back as something else");
}

/* Whether the configuration has something of its own there: then it is not the host's that is seen. */
static bool is_planned(const struct plan *plan, const char *path)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);

	for (uint32_t i = 0; i < plan->init->mounts.n; i++)
		if (mounts[i].kind != PLAN_MOUNT_REMOUNT &&
		    strcmp(plan_str(plan->init, mounts[i].destination), path) == 0)
			return true;
	return false;
}

/* The path of what is mounted at `inside`, *ret NULL where there is nothing of the kind. */
static int real_place(struct finding *f, const char *inside, const struct stat *source, uint64_t wanted, bool mask,
		      const char **ret, struct err *err)
{
	_cleanup_close_ int fd = open_in(f->root, inside, O_PATH);
	char link[32], path[PATH_MAX];
	struct sys_statx st;
	ssize_t n;
	int r;

	*ret = NULL;
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : err_set(err, fd, "find %s in the container", inside);
	if (sys_statx(fd, SYS_STATX_TYPE, &st) < 0)
		return err_set(err, -errno, "look at %s in the container", inside);
	if (!(st.attributes & SYS_STATX_ATTR_MOUNT_ROOT) || (mask && S_ISDIR(st.mode)))
		return 0;
	r = check_source(f->outside, fd, source, inside, err);
	if (r == 0)
		r = check_attributes(fd, wanted, inside, err);
	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0 || (size_t)n == sizeof(path))
		return err_set(err, n < 0 ? -errno : -ENAMETOOLONG, "find %s in the container", inside);
	*ret = ocispec_strndup(f->pairs.arena, path, (size_t)n);
	return *ret ? 0 : err_set(err, -ENOMEM, "find %s in the container", inside);
}

static int find_one(struct finding *f, const char *inside, const char *source, uint64_t wanted, bool mask,
		    struct err *err)
{
	struct stat st;
	bool known = fstatat(AT_FDCWD, source, &st, f->outside->nofollow ? AT_SYMLINK_NOFOLLOW : 0) == 0;
	const char *place;
	int r = real_place(f, inside, known ? &st : NULL, wanted, mask, &place, err);

	if (r == 0 && known && !f->outside->cgroup)
		r = want(f, &st, wanted, err);
	return r < 0 || !place ? r : add(&f->pairs, place, inside, err);
}

static int find_below(void *arg, const char *rest, struct err *err)
{
	struct finding *f = arg;
	const char *inside = join(f->pairs.arena, f->outside->inside, rest);
	const char *source = join(f->pairs.arena, f->outside->source, rest);

	if (!inside || !source)
		return err_set(err, -ENOMEM, "list the mounts");
	return is_planned(f->plan, inside) ? 0 : find_one(f, inside, source, f->outside->below, false, err);
}

/* One that can't be looked at is covered by another, or of a file system that lets nobody in. */
static int check_mount(const struct finding *f, const char *point, struct err *err)
{
	_cleanup_close_ int fd = open_in(f->root, point, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < f->n_wanted; i++)
		if (f->wanted[i].dev == st.st_dev && f->wanted[i].ino == st.st_ino)
			return check_attributes(fd, f->wanted[i].attributes, point, err);
	return 0;
}

/* Also those that no name leads to any more. */
static int check_mounts(const struct finding *f, pid_t pid, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct mountinfo mount;
	char path[32], *rest;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	r = fd_read_file(AT_FDCWD, path, MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return err_set(err, r, "read %s", path);
	for (rest = text; r == 0 && mountinfo_next(&rest, &mount);)
		r = check_mount(f, mount.point, err);
	return r;
}

static int find_all(struct finding *f, pid_t pid, const struct plan_outside *list, size_t n, struct err *err)
{
	struct stat st;
	int r = 0;

	/* The root itself may be the source of a mount that is read-only. */
	if (stat(f->plan->rootfs, &st) == 0)
		r = want(f, &st, 0, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		f->outside = &list[i];
		r = find_one(f, list[i].inside, list[i].source, list[i].attributes, list[i].mask, err);
		if (r == 0 && list[i].tree)
			r = each_submount(list[i].source, find_below, f, err);
	}
	return r < 0 ? r : check_mounts(f, pid, err);
}

int outside_find(pid_t pid, const struct plan *plan, struct ocispec_arena *arena, struct criu_pair **ret, size_t *ret_n,
		 struct err *err)
{
	struct finding f = {.pairs.arena = arena, .plan = plan};
	_cleanup_close_ int root = -1;
	struct plan_outside *list;
	char path[32];
	size_t n;
	int r = plan_outside(plan, arena, &list, &n, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = f.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(err, -errno, "open the container's root %s", path);
	r = find_all(&f, pid, list, n, err);
	free(f.wanted);
	if (r < 0)
		return r;
	*ret = f.pairs.list;
	*ret_n = f.pairs.n;
	return 0;
}

static int source_below(void *arg, const char *rest, struct err *err)
{
	struct finding *f = arg;
	const char *inside = join(f->pairs.arena, f->outside->inside, rest);
	const char *source = join(f->pairs.arena, f->outside->source, rest);

	if (!inside || !source)
		return err_set(err, -ENOMEM, "list the mounts");
	return is_planned(f->plan, inside) ? 0 : add(&f->pairs, inside, source, err);
}

int outside_sources(const struct plan *plan, struct ocispec_arena *arena, struct criu_pair **ret, size_t *ret_n,
		    struct err *err)
{
	struct finding f = {.pairs.arena = arena, .plan = plan};
	struct plan_outside *list;
	size_t n;
	int r = plan_outside(plan, arena, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		f.outside = &list[i];
		r = add(&f.pairs, list[i].inside, list[i].source, err);
		if (r == 0 && list[i].tree)
			r = each_submount(list[i].source, source_below, &f, err);
	}
	*ret = f.pairs.list;
	*ret_n = f.pairs.n;
	return r;
}

static bool is_part(const char *path, const char *of)
{
	size_t n = strlen(of);

	return strncmp(path, of, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* With another mount of it, or of what it is a part of, or of a part of it, and with the same restrictions. */
static bool is_mounted_twice(const struct plan_outside *list, size_t n, size_t at)
{
	bool twice = false;

	for (size_t i = 0; i < n; i++) {
		if (i == at || list[i].cgroup || list[i].node ||
		    (!is_part(list[i].source, list[at].source) && !is_part(list[at].source, list[i].source)))
			continue;
		if (list[i].attributes != list[at].attributes)
			return false;
		twice = true;
	}
	return twice;
}

int outside_binds(const struct plan *plan, const struct criu_bind *first, struct ocispec_arena *arena,
		  struct criu_bind **ret, size_t *ret_n, struct err *err)
{
	const uint64_t mask = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	struct plan_outside *list;
	struct criu_bind *binds;
	size_t n, n_binds = 1;
	int r = plan_outside(plan, arena, &list, &n, err);

	if (r < 0)
		return r;
	binds = ocispec_alloc(arena, (n + 1) * sizeof(*binds));
	if (!binds)
		return err_set(err, -ENOMEM, "list the mounts");
	binds[0] = *first;
	for (size_t i = 0; i < n; i++) {
		bool done = false;

		for (size_t j = 1; j < n_binds; j++)
			done |= strcmp(binds[j].path, list[i].source) == 0;
		/* The rootfs, and what it is in, is mounted there already. */
		if (done || list[i].cgroup || list[i].node || !(list[i].attributes & mask) ||
		    is_part(plan->rootfs, list[i].source) || !is_mounted_twice(list, n, i))
			continue;
		binds[n_binds++] = (struct criu_bind){list[i].source, list[i].attributes & mask};
	}
	*ret = binds;
	*ret_n = n_binds;
	return 0;
}

/* Below dir, whatever links there are: directories, and the last one a file if it is to be one. */
static int make_place(int dir, const char *path, bool file)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (const char *p = path; *p;) {
		_cleanup_close_ int parent = -1, there = -1;
		const char *begin, *end;
		char name[NAME_MAX + 1];

		begin = p + strspn(p, "/");
		end = begin + strcspn(begin, "/");
		if (begin == end)
			return 0;
		if ((size_t)(end - begin) > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(part, path, (size_t)(end - path));
		part[end - path] = '\0';
		there = open_in(dir, part, O_PATH);
		p = end + strspn(end, "/");
		if (there >= 0)
			continue;
		if (there != -ENOENT)
			return there;
		memcpy(name, begin, (size_t)(end - begin));
		name[end - begin] = '\0';
		part[begin - path] = '\0';
		parent = open_in(dir, part[0] ? part : ".", O_PATH | O_DIRECTORY);
		if (parent < 0)
			return parent;
		if (*p || !file) {
			if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
				return -errno;
		} else if (mknodat(parent, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST) {
			return -errno;
		}
	}
	return 0;
}

static const char *source_path(const struct plan *plan, const struct plan_mount *m)
{
	return m->source_fd >= 0 ? plan->sources[m->source_fd].path : plan_str(plan->init, m->source);
}

/*
 * The container that was dumped had them all; this rootfs may be another. Below a bind mount the point is one of its
 * source; file systems of the container's own come with their content out of the images.
 */
int outside_make_places(const struct plan *plan, struct err *err)
{
	const struct plan_mount *mounts = plan_items(plan->init, plan->init->mounts, struct plan_mount);

	for (uint32_t i = 0; i < plan->init->mounts.n; i++) {
		const struct plan_mount *m = &mounts[i], *above;
		const char *inside = plan_str(plan->init, m->destination), *base = plan->rootfs, *rest = inside;
		_cleanup_close_ int dir = -1;
		struct stat st;
		bool file;
		int r;

		if (m->kind == PLAN_MOUNT_REMOUNT)
			continue;
		above = plan_mount_above(plan, i, inside);
		if (above && above->kind != PLAN_MOUNT_BIND)
			continue;
		if (above) {
			base = source_path(plan, above);
			rest = inside + strlen(plan_str(plan->init, above->destination));
		}
		file = m->kind == PLAN_MOUNT_BIND && stat(source_path(plan, m), &st) == 0 && !S_ISDIR(st.st_mode);
		dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = dir < 0 ? -errno : make_place(dir, rest, file);
		if (r < 0)
			return err_set(err, r, "create mount point %s in %s", rest, base);
	}
	return 0;
}
