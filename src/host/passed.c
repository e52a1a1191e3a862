/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is opened on the host for the container: see passed.h. The trees go into a socket at once, a message's worth at
 * a time, and wait in it for the init that is still to be made; so they take no descriptors of ours, and whatever ends
 * us meanwhile takes them away.
 */
#include "host/passed.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "config/names.h"
#include "host/talk.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

void passed_close(struct passed *passed)
{
	for (size_t i = 0; i < passed->n; i++)
		cleanup_close(&passed->fds[i]);
	free(passed->fds);
	*passed = (struct passed){0};
}

/* Whether fd is the namespace of this type that we are in ourselves. */
static bool is_own_namespace(uint32_t type, int fd)
{
	static const struct {
		uint32_t type;
		const char *file;
	} own[] = {{CLONE_NEWPID, "pid"},       {CLONE_NEWNET, "net"},  {CLONE_NEWNS, "mnt"},
		   {CLONE_NEWIPC, "ipc"},       {CLONE_NEWUTS, "uts"},  {CLONE_NEWUSER, "user"},
		   {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"}};
	struct stat ours, theirs;
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (own[i].type != type)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", own[i].file);
		return stat(path, &ours) == 0 && fstat(fd, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
		       ours.st_ino == theirs.st_ino;
	}
	return false;
}

static int open_namespace(const struct plan *plan, uint32_t type, const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *other;
	int found;

	if (fd < 0)
		return err_set(err, -errno, "open %s namespace %s", name_of_namespace(type), path);
	found = ioctl(fd, NS_GET_NSTYPE);
	if (found < 0)
		return err_msg(err, -EINVAL, "%s is not a namespace", path);
	other = name_of_namespace((uint32_t)found);
	if ((uint32_t)found != type)
		return err_msg(err, -EINVAL, "%s is a %s namespace, not a %s namespace", path,
			       other ? other : "unknown", name_of_namespace(type));
	if ((plan->join_not_own & type) && is_own_namespace(type, fd))
		return err_msg(err, -EINVAL,
			       "%s is the host's own %s namespace, and the configuration would change settings in it",
			       path, name_of_namespace(type));
	return TAKE_FD(fd);
}

/* A copy of the tree that belongs to no mount namespace yet: nothing is mounted on the host. */
static int open_source(const struct plan_source *source, struct err *err)
{
	const struct sys_mount_attr slave = {.propagation = MS_SLAVE};
	unsigned flags =
		OPEN_TREE_CLONE | (source->recursive ? AT_RECURSIVE : 0) | (source->nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	_cleanup_close_ int fd = sys_open_tree(AT_FDCWD, source->path, flags);

	if (fd < 0)
		return err_set(err, -errno, "open mount source %s", source->path);
	if (source->slave &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH | (source->recursive ? AT_RECURSIVE : 0), &slave) < 0)
		return err_set(err, -errno, "make the copy of mount source %s a slave", source->path);
	return TAKE_FD(fd);
}

/* Puts sources at ..at+n into the socket, as one message. */
static int send_sources(const struct plan *plan, size_t at, size_t n, int sock, struct err *err)
{
	int fds[SYNC_TREES], r = 0;
	size_t opened = 0;

	while (opened < n && r >= 0) {
		r = open_source(&plan->sources[at + opened], err);
		if (r >= 0)
			fds[opened++] = r;
	}
	if (r >= 0) {
		r = talk_send_fds(sock, fds, n, err);
		if (r == -EAGAIN || r == -ENOBUFS)
			err_hint(err, "%zu mount sources are too many for net.core.wmem_max", plan->n_sources);
		else if (r == -ETOOMANYREFS)
			err_hint(err, "%zu mount sources are too many for RLIMIT_NOFILE", plan->n_sources);
	}
	while (opened > 0)
		cleanup_close(&fds[--opened]);
	return r < 0 ? r : 0;
}

/* The end of a socket in which all the trees are. */
static int make_trees(const struct plan *plan, struct err *err)
{
	const int room = (int)(plan->n_sources / SYNC_TREES + 1) * 4096;
	int ends[2], r = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, -errno, "create the socket pair for mount sources");
	/* Nobody reads yet, so there has to be room for all. The usual size is enough for two thousand. */
	if (plan->n_sources > 1000)
		(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		r = err_set(err, -errno, "set up the socket pair for mount sources");
	for (size_t at = 0, n; at < plan->n_sources && r == 0; at += n) {
		n = plan->n_sources - at < SYNC_TREES ? plan->n_sources - at : SYNC_TREES;
		r = send_sources(plan, at, n, ends[0], err);
	}
	close(ends[0]);
	if (r < 0)
		close(ends[1]);
	return r < 0 ? r : ends[1];
}

int passed_open(const struct plan *plan, struct passed *ret, struct err *err)
{
	struct passed passed = {0};
	int r = 0;

	if (plan->n_joins + plan->n_sources == 0)
		return 0;
	passed.fds = calloc(plan->n_joins + 1, sizeof(*passed.fds));
	if (!passed.fds)
		return err_set(err, -ENOMEM, "open namespaces and mount sources");
	for (size_t i = 0; i < plan->n_joins && r >= 0; i++) {
		r = open_namespace(plan, plan->joins[i].type, plan->joins[i].path, err);
		if (r >= 0)
			passed.fds[passed.n++] = r;
	}
	if (r >= 0 && plan->n_sources) {
		r = make_trees(plan, err);
		if (r >= 0)
			passed.fds[passed.n++] = r;
	}
	if (r == -EMFILE)
		err_hint(err, "RLIMIT_NOFILE is too low");
	if (r < 0) {
		passed_close(&passed);
		return r;
	}
	*ret = passed;
	return 0;
}
