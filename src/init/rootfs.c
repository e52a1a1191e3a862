/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's root as a mount: cloned from the bundle's directory, put where pivot_root wants it, and finally made
 * the only thing there is.
 *
 * pivot_root wants the new root to be a mount whose parent is not shared, so it goes over its own directory, and where
 * "/" is to stay shared (rootfsPropagation) just the mount below is made private. Hooks look for it there, too. Where
 * the host has passed the tree and we may not reach its directory, it goes over "/": paths that start there don't see
 * what is on top of it. (Not always, though simpler: a bind mount of the host's "/" would contain it.)
 */
#include "init/init.h"

#include "base/mountinfo.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

int propagate(int fd, const char *path, uint32_t ms_flags)
{
	const struct sys_mount_attr attr = {.propagation =
						    ms_flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)};
	unsigned flags = (ms_flags & MS_REC ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);

	return sys_mount_setattr(fd, path, flags, &attr) < 0 ? -errno : 0;
}

/* The mount that holds the directory, found by trying: only the root of a mount can be changed. */
static int make_parent_private(int dir, struct err *err)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 3), r = -errno;

	while (fd >= 0) {
		int up;

		r = propagate(fd, "", MS_PRIVATE);
		if (r != -EINVAL)
			break;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = -errno;
		close(fd);
		fd = up;
	}
	close_fd(&fd);
	return r < 0 ? err_set(err, r, "make the mount below the rootfs private") : 0;
}

static int open_plain_root(struct init *init, struct err *err)
{
	const char *path = plan_str(init->plan, init->plan->rootfs);

	if (init->plan->mounts.n)
		return err_msg(err, -EINVAL, "mounts need a mount namespace");
	init->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->root < 0 ? err_set(err, -errno, "open rootfs %s", path) : 0;
}

/* The root of a container that is there: that of the mount namespace that was entered, or the one that was passed. */
int root_of_container(struct init *init, struct err *err)
{
	if (init->root >= 0)
		return root_chroot(init, err);
	init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->root < 0 ? err_set(err, -errno, "open the container's root") : 0;
}

/* The directory that the root goes over. */
static int open_place(const struct init_plan *plan, int tree, struct err *err)
{
	const char *rootfs = plan_str(plan, plan->rootfs);
	int fd = open(rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat place, root;

	if (plan->rootfs_fd < 0)
		return fd < 0 ? err_set(err, -errno, "open rootfs %s", rootfs) : fd;
	/* What the host has passed must be what we see there. */
	if (fd >= 0 && !(plan->flags & PLAN_NO_PIVOT) && fstat(fd, &place) == 0 && fstat(tree, &root) == 0 &&
	    place.st_dev == root.st_dev && place.st_ino == root.st_ino)
		return fd;
	close_fd(&fd);
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "open the caller's root") : fd;
}

/* The tree, and the place for it: passed ones are there first, others are copies of their place. */
static int clone_root(struct init *init, int *ret_place, struct err *err)
{
	_cleanup_close_ int tree = -1;
	struct stat st;

	if (init->plan->rootfs_fd >= 0) {
		tree = sync_tree(init, init->plan->rootfs_fd, err);
		if (tree < 0)
			return tree;
	}
	*ret_place = open_place(init->plan, tree, err);
	if (*ret_place < 0)
		return *ret_place;
	if (tree < 0)
		tree = sys_open_tree(*ret_place, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0)
		return err_set(err, -errno, "clone the mount of the rootfs");
	if (fstat(tree, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "open rootfs %s", plan_str(init->plan, init->plan->rootfs));
	return take_fd(&tree);
}

int root_attach(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const char *rootfs = plan_str(plan, plan->rootfs);
	_cleanup_close_ int where = -1, tree = -1;
	int r;

	if (!(plan->flags & PLAN_NEW_MOUNTNS))
		return open_plain_root(init, err);
	r = propagate(AT_FDCWD, "/", plan->root_propagation);
	if (r < 0) {
		err_set(err, r, "set the propagation of \"/\"");
		return r == -EINVAL ? err_hint(err, "is the caller's root directory a mount point?") : r;
	}
	tree = clone_root(init, &where, err);
	if (tree < 0)
		return tree;
	if (plan->root_propagation & MS_SHARED) {
		r = propagate(tree, "", MS_PRIVATE);
		if (r < 0)
			return err_set(err, r, "make rootfs %s private", rootfs);
		r = make_parent_private(where, err);
		if (r < 0)
			return r;
	}
	if (sys_move_mount(tree, "", where, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_set(err, -errno, "mount rootfs %s", rootfs);
	init->root = take_fd(&tree);
	return 0;
}

int root_readonly(struct init *init, struct err *err)
{
	const struct sys_mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(init->root, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(err, -errno, "make the root read-only");
	return 0;
}

int root_pivot(struct init *init, struct err *err)
{
	const uint32_t cut_off = MS_SLAVE | MS_REC;
	_cleanup_close_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0 || fchdir(init->root) < 0)
		return err_set(err, -errno, "enter the root");
	/* The old root is on top of the new one afterwards, and goes from there. */
	if (sys_pivot_root(".", ".") < 0)
		return err_set(err, -errno, "pivot_root");
	/* Unmounting must not reach the host. */
	if (init->plan->root_propagation & MS_SHARED || !(init->plan->root_propagation & MS_REC)) {
		r = propagate(old, "", cut_off);
		if (r < 0)
			return err_set(err, r, "cut the old root off from the host");
	}
	if (umount2(".", MNT_DETACH) < 0)
		return err_set(err, -errno, "unmount the old root");
	return chdir("/") < 0 ? err_set(err, -errno, "enter the root") : 0;
}

/* The number after key in /proc/self/fdinfo/FD. */
static int64_t mount_id(struct init *init, int of)
{
	_cleanup_close_ int fd = -1;
	char path[40], info[256];
	const char *at;
	ssize_t n;

	text(path, sizeof(path), "self/fdinfo/%d", of);
	fd = root_open(init->proc, path, O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	n = fd < 0 ? -1 : read(fd, info, sizeof(info) - 1);
	if (n < 0)
		return -1;
	info[n] = '\0';
	at = strstr(info, "mnt_id:\t");
	return at ? number(at + 8, &at) : -1;
}

/* Is this line of mountinfo a child of mount `parent` other than `ours`? Then its mount point. */
static const char *child_of(char *line, int64_t parent, int64_t ours)
{
	struct mountinfo mount;
	const char *end;
	int64_t id;

	if (!mountinfo_next(&line, &mount))
		return NULL;
	id = number(mount.id, &end);
	return id >= 0 && id != ours && id != parent && number(mount.parent, &end) == parent ? mount.point : NULL;
}

/* Finds the mount point of some mount on `parent`; 0 with an empty path when there is none. */
static int find_child(struct init *init, int64_t parent, int64_t ours, char *path, size_t size)
{
	static char buf[3 * 4096];
	_cleanup_close_ int fd = root_open(init->proc, "self/mountinfo", O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	size_t used = 0;

	path[0] = '\0';
	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n = read(fd, buf + used, sizeof(buf) - 1 - used);
		char *line = buf, *end;

		if (n < 0)
			return -errno;
		if (n == 0)
			return used ? -EIO : 0;
		used += (size_t)n;
		buf[used] = '\0';
		while ((end = strchr(line, '\n'))) {
			const char *point;

			*end = '\0';
			point = child_of(line, parent, ours);
			if (point && strlen(point) < size) {
				memcpy(path, point, strlen(point) + 1);
				return 0;
			}
			line = end + 1;
		}
		used -= (size_t)(line - buf);
		memmove(buf, line, used);
		if (used == sizeof(buf) - 1)
			return -ENAMETOOLONG;
	}
}

/*
 * Without pivot_root the host's root stays at the bottom of the namespace. What is mounted on it goes, above all its
 * unrestricted procfs and sysfs: the kernel would let a user namespace mount further ones while they are there.
 */
static int drop_host_mounts(struct init *init, struct err *err)
{
	_cleanup_close_ int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[4096];
	int64_t parent, ours;
	int r = proc_open(init, 0, err);

	if (r < 0)
		return r;
	parent = host < 0 ? -1 : mount_id(init, host);
	ours = mount_id(init, init->root);
	if (parent < 0 || ours < 0)
		return err_msg(err, -EIO, "no pivot_root: can't tell the host's mounts from the container's");
	for (int rounds = 0; rounds < 100000; rounds++) {
		r = find_child(init, parent, ours, path, sizeof(path));
		if (r < 0)
			return err_set(err, r, "no pivot_root: read the list of mounts");
		if (!path[0])
			return 0;
		r = propagate(AT_FDCWD, path, MS_PRIVATE | MS_REC);
		if (r < 0 || umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) {
			err_set(err, r < 0 ? r : -errno, "no pivot_root: unmount the host's %s", path);
			return err_hint(err, "in a user namespace the container needs pivot_root");
		}
	}
	return err_msg(err, -ELOOP, "no pivot_root: the host's mounts don't end");
}

/* Over "/", so that ".." and other ways out of a chroot end there as well. */
static int move_over_host(struct init *init, struct err *err)
{
	int r = 0;

	if (init->plan->root_propagation & MS_SHARED)
		r = propagate(AT_FDCWD, "/", MS_PRIVATE);
	if (r == 0 && init->plan->rootfs_fd < 0 &&
	    sys_move_mount(init->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "no pivot_root: move the root to \"/\"");
	return drop_host_mounts(init, err);
}

int root_chroot(struct init *init, struct err *err)
{
	int r = init->plan->flags & PLAN_NEW_MOUNTNS ? move_over_host(init, err) : 0;

	if (r < 0)
		return r;
	if (fchdir(init->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_set(err, -errno, "enter the root");
	return 0;
}

int root_final_propagation(struct init *init, struct err *err)
{
	int r = propagate(init->root, "", init->plan->final_propagation);

	return r < 0 ? err_set(err, r, "set the propagation of the container's root") : 0;
}
