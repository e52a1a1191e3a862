/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths. Every target is opened inside the root and covered through that descriptor; a path that
 * does not exist (or goes through a file) is the only one that may be passed over.
 */
#include "init/init.h"

#include "base/fs.h"

#include <sys/mount.h>
#include <sys/stat.h>

/* 1: there is nothing to cover. */
static int open_target(struct init *init, const char *path, int *ret, struct err *err)
{
	int fd = root_open(init->root, path, O_PATH, 0);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 1;
	if (fd < 0)
		return err_set(err, fd, "open %s in the rootfs", path);
	*ret = fd;
	return 0;
}

static int put_on(int tree, int target, const char *path, struct err *err)
{
	if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_set(err, -errno, "cover %s", path);
	return 0;
}

int mask_readonly_paths(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct sys_mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};

	for (uint32_t i = 0; i < plan->readonly_paths.n; i++) {
		const char *path = plan_str_item(plan, plan->readonly_paths, i);
		_cleanup_close_ int target = -1, tree = -1;
		int r = open_target(init, path, &target, err);

		if (r == 0) {
			tree = sys_open_tree(target, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
			if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &readonly) < 0)
				r = err_set(err, -errno, "make %s read-only", path);
			else
				r = put_on(tree, target, path, err);
		}
		if (r < 0)
			return err_wrap(err, "readonlyPaths");
	}
	return 0;
}

static int make_empty(struct init *init, const char *inodes, struct err *err)
{
	const unsigned attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const char *const params[] = {"source=tmpfs", "nr_blocks=1", inodes};
	_cleanup_close_ int fsfd = fs_open("tmpfs", err);
	int r = fsfd < 0 ? fsfd : 0;

	for (unsigned i = 0; i < sizeof(params) / sizeof(params[0]) && r == 0; i++)
		r = fs_param(fsfd, params[i], err);
	if (r == 0 && init->plan->mount_label)
		r = fs_label(fsfd, init->plan, err);
	return r < 0 ? r : fs_create(fsfd, "tmpfs", attrs, err);
}

/* One empty read-only directory for all: a file system each would cost far more to make and to give back. */
int mask_empty(struct init *init, struct err *err)
{
	int fd = make_empty(init, "nr_inodes=1", err);

	if (fd >= 0)
		return fd;
	/* Kernels of some distributions need an inode more. */
	err_clear(err);
	return make_empty(init, "nr_inodes=2", err);
}

/*
 * The host's null device, so its inode is the host's, too: on a read-only mount nobody changes its mode or owner.
 * Writing to a device does not mind. Nothing can be mounted in it, so it need not hear of the host's mounts; CRIU could
 * not bring that relation back.
 */
static int make_null(struct init *init, struct err *err)
{
	const struct sys_mount_attr attr = {.attr_set = PLAN_NODE_ATTRIBUTES, .propagation = MS_PRIVATE};
	_cleanup_close_ int tree = -1;
	int r = dev_null(init, err);

	if (r < 0)
		return r;
	tree = sys_open_tree(init->null, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(err, -errno, "clone the host's /dev/null");
	return take_fd(&tree);
}

/* The first cover of a kind is made, the next ones are clones of it where it lies. */
static int cover(struct init *init, int target, bool dir, int *first, const char *path, struct err *err)
{
	_cleanup_close_ int tree = -1;

	if (*first < 0) {
		*first = dir ? mask_empty(init, err) : make_null(init, err);
		return *first < 0 ? *first : put_on(*first, target, path, err);
	}
	tree = sys_open_tree(*first, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	return tree < 0 ? err_set(err, -errno, "mask %s", path) : put_on(tree, target, path, err);
}

int mask_paths(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	_cleanup_close_ int empty = -1, null = -1;

	for (uint32_t i = 0; i < plan->masked.n; i++) {
		const char *path = plan_str_item(plan, plan->masked, i);
		_cleanup_close_ int target = -1;
		int r = open_target(init, path, &target, err);
		struct stat st;

		if (r == 1)
			continue;
		if (r == 0 && fstat(target, &st) < 0)
			r = err_set(err, -errno, "look at %s", path);
		if (r == 0)
			r = S_ISDIR(st.st_mode) ? cover(init, target, true, &empty, path, err)
						: cover(init, target, false, &null, path, err);
		if (r < 0)
			return err_wrap(err, "maskedPaths");
	}
	return 0;
}
