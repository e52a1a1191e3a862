/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices. Nodes are made below a descriptor of their directory, so a /dev that the image has made a symlink leads
 * nowhere but into the root. In a user namespace nodes can't be made: the host's are bound, after a look at what they
 * are.
 */
#include "init/init.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int dev_null(struct init *init, struct err *err)
{
	struct stat st;

	if (init->null >= 0)
		return 0;
	init->null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (init->null < 0 || fstat(init->null, &st) < 0)
		return err_set(err, -errno, "open the host's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_msg(err, -ENODEV, "the host's /dev/null is not the null device");
	return 0;
}

static bool is_device(const struct stat *st, const struct plan_device *d)
{
	if ((st->st_mode & S_IFMT) != (d->mode & S_IFMT))
		return false;
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(d->major, d->minor);
}

/* An empty file or a device to mount on; what else is there is not ours to cover. */
static int open_place(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0 && errno == EEXIST)
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))) {
		close(fd);
		return -EEXIST;
	}
	return fd;
}

/* Its inode is the host's: on a read-only mount the container can use the device, but not change mode and owner. */
static int bind_node(int dir, const char *name, const struct plan_device *d, const char *path, struct err *err)
{
	/* Private, as masks are (mask.c). */
	const struct sys_mount_attr attr = {.attr_set = PLAN_NODE_ATTRIBUTES, .propagation = MS_PRIVATE};
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW), place = -1;
	struct stat st;

	if (tree < 0 || fstat(tree, &st) < 0)
		return err_set(err, -errno, "open device %s of the host", path);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(err, -errno, "clone device %s of the host", path);
	if (!is_device(&st, d))
		return err_msg(err, -ENODEV, "device %s of the host is not device %u:%u", path, d->major, d->minor);
	place = open_place(dir, name);
	if (place < 0)
		return err_set(err, place, "create device %s", path);
	if (sys_move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_set(err, -errno, "bind device %s", path);
	return 0;
}

/* A node that is there already. Through one descriptor, since in a shared volume the name may change under us. */
static int keep_node(struct init *init, int dir, const char *name, const struct plan_device *d, const char *path,
		     struct err *err)
{
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char magic[32];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "create device %s", path);
	if (!is_device(&st, d))
		return err_msg(err, -EEXIST, "create device %s: there is something else at this path", path);
	if (d->is_default)
		return 0;
	r = proc_open(init, 0, err);
	if (r < 0)
		return r;
	text(magic, sizeof(magic), "self/fd/%d", fd);
	if (fchmodat(init->proc, magic, d->mode & 07777, 0) < 0)
		return err_set(err, -errno, "set the mode of device %s", path);
	if (fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0)
		return err_set(err, -errno, "set the owner of device %s", path);
	return 0;
}

static int make_node(struct init *init, int dir, const char *name, const struct plan_device *d, const char *path,
		     struct err *err)
{
	if (mknodat(dir, name, d->mode, makedev(d->major, d->minor)) < 0) {
		/* As in a user namespace, where the caller may not make devices: the host's serves as well. */
		if (errno == EPERM && !S_ISFIFO(d->mode))
			return bind_node(dir, name, d, path, err);
		if (errno != EEXIST)
			return err_set(err, -errno, "create device %s", path);
		return keep_node(init, dir, name, d, path, err);
	} else if (d->uid == 0 && d->gid == 0) {
		return 0;
	}
	if (fchownat(dir, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "set the owner of device %s", path);
	return 0;
}

int dev_nodes(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct plan_device *devices = plan_items(plan, plan->devices, struct plan_device);
	_cleanup_close_ int dir = -1;
	const char *last = "";
	size_t last_len = 0;

	for (uint32_t i = 0; i < plan->devices.n; i++) {
		const struct plan_device *d = &devices[i];
		const char *path = plan_str(plan, d->path), *name = strrchr(path, '/') + 1;
		size_t len = (size_t)(name - path);
		int r;

		/* Nearly all are in /dev. */
		if (dir < 0 || len != last_len || memcmp(path, last, len)) {
			close_fd(&dir);
			dir = root_make_parent(init->root, path, &name);
			if (dir < 0)
				return err_set(err, dir, "create device %s: open its directory", path);
			last = path;
			last_len = len;
		}
		if (plan->flags & PLAN_IN_USERNS && !S_ISFIFO(d->mode))
			r = bind_node(dir, name, d, path, err);
		else
			r = make_node(init, dir, name, d, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* /dev/ptmx of the image would be the host's: it always becomes a link, unless the config has mounted something there.
 */
static int link_ptmx(int dev, struct err *err)
{
	char target[16];
	ssize_t n;

	if (symlinkat("pts/ptmx", dev, "ptmx") == 0)
		return 0;
	n = errno == EEXIST ? readlinkat(dev, "ptmx", target, sizeof(target)) : 0;
	if (n == 8 && !memcmp(target, "pts/ptmx", 8))
		return 0;
	if (unlinkat(dev, "ptmx", 0) < 0)
		return errno == EBUSY ? 0 : err_set(err, -errno, "replace /dev/ptmx");
	return symlinkat("pts/ptmx", dev, "ptmx") < 0 ? err_set(err, -errno, "create /dev/ptmx") : 0;
}

int dev_links(struct init *init, struct err *err)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{"fd", "/proc/self/fd"},
		{"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"},
	};
	_cleanup_close_ int dev = root_make(init->root, "/dev", false, 0);

	if (dev < 0)
		return err_set(err, dev, "open /dev in the rootfs");
	for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return err_set(err, -errno, "create /dev/%s", links[i].name);
	/* By custom, where the kernel has it; what it leads to is masked or not like any other path. */
	if (init->proc >= 0 && faccessat(init->proc, "kcore", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	    symlinkat("/proc/kcore", dev, "core") < 0 && errno != EEXIST)
		return err_set(err, -errno, "create /dev/core");
	return link_ptmx(dev, err);
}
