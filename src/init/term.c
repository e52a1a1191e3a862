/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: a pair from the container's own devpts, which is checked to be one; the container's end is reached from
 * the other end (TIOCGPTPEER) and never by a name in /dev/pts. And without a terminal: whose the caller's stdio is.
 */
#include "init/init.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define DEVPTS_MAGIC    0x1cd1
#define DEVPTS_ROOT_INO 1
#define DEVPTS_PTMX_INO 2

/* Inside a devpts any node may be opened without side effects, so it is the directory that is checked first. */
static int open_master(struct init *init, struct err *err)
{
	_cleanup_close_ int pts = root_open(init->root, "/dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS),
			    master = -1;
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	if (pts < 0)
		return err_set(err, pts, "terminal: open /dev/pts of the container");
	if (fstatfs(pts, &fs) < 0 || fstat(pts, &st) < 0)
		return err_set(err, -errno, "terminal: look at /dev/pts");
	if (fs.f_type != DEVPTS_MAGIC || st.st_ino != DEVPTS_ROOT_INO)
		return err_msg(err, -ENODEV, "terminal: /dev/pts of the container is no devpts, so there is no ptmx");
	master = beneath_open(pts, "ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		return err_set(err, master, "terminal: open /dev/pts/ptmx of the container");
	if (fstat(master, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_ino != DEVPTS_PTMX_INO ||
	    st.st_rdev != makedev(5, 2))
		return err_msg(err, -ENODEV, "terminal: /dev/pts/ptmx of the container is not devpts's ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(err, -errno, "terminal: unlock");
	return take_fd(&master);
}

/* The node may be the image's: an ordinary file or a device, but nothing that leads elsewhere. */
static int bind_console(struct init *init, int peer, struct err *err)
{
	_cleanup_close_ int dev = root_open(init->root, "/dev", O_PATH | O_DIRECTORY, 0), node = -1, tree = -1;
	struct stat st;

	if (dev < 0)
		return err_set(err, dev, "open /dev in the rootfs");
	node = openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	if (node < 0 && errno == EEXIST)
		node = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0 || fstat(node, &st) < 0)
		return err_set(err, -errno, "create /dev/console");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_msg(err, -EEXIST, "/dev/console is neither a file nor a device");
	tree = sys_open_tree(peer, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0 || sys_move_mount(tree, "", node, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_set(err, -errno, "bind the terminal on /dev/console");
	return 0;
}

int term_open(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	const struct winsize size = {.ws_row = (unsigned short)plan->console_height,
				     .ws_col = (unsigned short)plan->console_width};
	_cleanup_close_ int master = open_master(init, err), peer = -1;
	int r;

	if (master < 0)
		return master;
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return err_set(err, -errno, "terminal: open the container's end");
	/* It may be that nobody is allowed to, or that the user is not mapped; then access is by mode alone. */
	if (fchown(peer, plan->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS && errno != EINVAL)
		return err_set(err, -errno, "terminal: set the owner");
	if ((size.ws_row || size.ws_col) && ioctl(master, TIOCSWINSZ, &size) < 0)
		return err_set(err, -errno, "terminal: set the size");
	if (plan->flags & PLAN_NEW_MOUNTNS) {
		r = bind_console(init, peer, err);
		if (r < 0)
			return r;
	}
	r = sync_send_fd(init, SYNC_TTY, 0, master, err);
	if (r < 0)
		return r;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(peer, fd) < 0)
			return err_set(err, -errno, "terminal: make it descriptor %d", fd);
	return 0;
}

/* Takes the leader of a session. */
int term_control(struct init *init, struct err *err)
{
	(void)init;
	return ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0 ? err_set(err, -errno, "terminal: make it the controlling one")
						     : 0;
}

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* The container's own null device, if its /dev/null is one. */
static int open_own_null(struct init *init, struct err *err)
{
	_cleanup_close_ int fd = root_open(init->root, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	char magic[32];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_null(&st))
		return -ENODEV;
	r = proc_open(init, 0, err);
	if (r < 0)
		return r;
	text(magic, sizeof(magic), "self/fd/%d", fd);
	r = openat(init->proc, magic, O_RDWR | O_CLOEXEC | O_NOCTTY);
	return r < 0 ? err_set(err, -errno, "open the container's /dev/null") : r;
}

/*
 * A null device that the caller has given is the host's inode, whose mode and owner a container's root could change
 * through the descriptor: the container's own takes its place. What is not known to be a null device is never opened.
 */
int term_stdio_null(struct init *init, struct err *err)
{
	_cleanup_close_ int null = -1;

	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || !is_null(&st))
			continue;
		if (null < 0)
			null = open_own_null(init, err);
		if (null == -ENODEV && err->code == 0)
			return 0;
		if (null < 0)
			return null;
		if (dup2(null, fd) < 0)
			return err_set(err, -errno, "make /dev/null descriptor %d", fd);
	}
	return 0;
}

/*
 * A program of another user can only open /dev/stdout and the like when it owns what is there. The null device, and
 * files that are only read, are everybody's: they stay as they are.
 */
int term_stdio_owner(struct init *init, struct err *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		int flags;

		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return err_set(err, -errno, "look at descriptor %d", fd);
		}
		if (st.st_uid == init->plan->uid || S_ISSOCK(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
			continue;
		flags = fcntl(fd, F_GETFL);
		if (S_ISREG(st.st_mode) && (flags < 0 || (flags & O_ACCMODE) == O_RDONLY))
			continue;
		if (S_ISCHR(st.st_mode) && !isatty(fd))
			continue;
		if (fchown(fd, init->plan->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS && errno != EINVAL)
			return err_set(err, -errno, "set the owner of descriptor %d", fd);
	}
	return 0;
}
