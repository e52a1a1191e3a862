/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is opened on the host for the container: see passed.h. The trees go into a socket at once, a message's worth at
 * a time, and wait in it for the init that is still to be made; so they take no descriptors of ours, and whatever ends
 * us meanwhile takes them away.
 */
#include "host/passed.h"

#include "base/fd.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/mountinfo.h"
#include "base/num.h"
#include "base/open_as.h"
#include "base/sys.h"
#include "config/names.h"
#include "host/idmap.h"
#include "host/talk.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

void passed_close(struct passed *passed)
{
	for (size_t i = 0; i < passed->n; i++)
		cleanup_close(&passed->fds[i]);
	free(passed->fds);
	if (passed->raised)
		(void)setrlimit(RLIMIT_NOFILE, &passed->nofile); /* lowering is always allowed */
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

/* What the sources are made with. */
struct making {
	const struct plan *plan;
	const int *joins; /* descriptors of plan->joins */
	int *userns;      /* of plan->idmaps that are made; -1: not open */
	struct passed *passed;
};

/* A copy of the tree that belongs to no mount namespace yet: nothing is mounted on the host. */
static int copy_tree(const struct plan *plan, const struct plan_source *source, struct err *err)
{
	const struct sys_mount_attr slave = {.propagation = MS_SLAVE};
	unsigned flags =
		OPEN_TREE_CLONE | (source->recursive ? AT_RECURSIVE : 0) | (source->nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	_cleanup_close_ int fd = sys_open_tree(AT_FDCWD, source->path, flags);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < plan->n_openers && fd < 0 && r == -EACCES; i++)
		fd = open_tree_as(plan->openers[i].uid, plan->openers[i].gid, source->path, flags);
	if (fd < 0) {
		err_set(err, r, "open mount source %s", source->path);
		if (r == -EACCES)
			err_hint(err, "on FUSE without allow_other and on NFS with root_squash root has no rights, and "
				      "the container's user has none there either");
		return r;
	}
	if (source->slave &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH | (source->recursive ? AT_RECURSIVE : 0), &slave) < 0)
		return err_set(err, -errno, "make the copy of mount source %s a slave", source->path);
	return TAKE_FD(fd);
}

/* A new file system that is mounted nowhere yet. What is to restrict the mount is init's to set. */
static int make_fs(const struct plan *plan, const struct plan_source *source, struct err *err)
{
	_cleanup_close_ int fsfd = fs_open(source->fstype, err);
	int r = fsfd < 0 ? fsfd : 0;

	if (r == 0 && source->path && source->path[0])
		r = fs_string(fsfd, "source", source->path, err);
	for (size_t i = 0; i < source->n_data && r == 0; i++)
		r = fs_param(fsfd, source->data[i], err);
	return r < 0 ? r : fs_create(fsfd, source->fstype, 0, err);
}

/* The number of the mount that path is on, which even a file system that answers nothing does not hide; 0: no idea. */
static uint64_t mount_id(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	uint64_t id = 0;
	const char *at;
	char info[48];

	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
	if (fd < 0 || fd_read_file(AT_FDCWD, info, 4096, &text, NULL) < 0)
		return 0;
	at = strstr(text, "mnt_id:\t");
	if (at)
		at += strlen("mnt_id:\t");
	return at && num_take_u64(&at, &id) == 0 ? id : 0;
}

/* The type of the file system at path, from mountinfo; NULL: no idea. For messages. */
static char *type_of(const char *path)
{
	uint64_t id = mount_id(path), found;
	_cleanup_free_ char *text = NULL;
	struct mountinfo mount;
	char *rest;

	if (!id || fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) < 0)
		return NULL;
	for (rest = text; mountinfo_next(&rest, &mount);)
		if (num_u64(mount.id, &found) == 0 && found == id)
			return strdup(mount.type);
	return NULL;
}

static int explain_idmap(const struct plan_source *source, struct err *err)
{
	_cleanup_free_ char *found = source->fstype ? strdup(source->fstype) : type_of(source->path);
	const char *type = found ? found : "of a type unknown";
	bool tree = source->idmap_recursive && source->recursive;

	if (err->code == -EINVAL)
		err_hint(err, "maybe the filesystem used doesn't support idmap mounts on this kernel? it is %s%s", type,
			 tree ? "; or one that is mounted below it" : "");
	else if (err->code == -EPERM)
		err_hint(err,
			 "the kernel wants CAP_SYS_ADMIN where the file system, which is %s, was mounted, and a source "
			 "that is not id-mapped itself",
			 type);
	return err->code;
}

/* While the tree is still out of sight, as the kernel wants it. */
static int map_ids(const struct making *making, const struct plan_source *source, int tree, struct err *err)
{
	const struct plan_idmap *map = &making->plan->idmaps[source->idmap];
	struct sys_mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	int *made = &making->userns[source->idmap];

	if (map->join < 0 && *made < 0) {
		int fd = idmap_make(map, err);

		if (fd < 0)
			return fd;
		*made = fd;
	}
	attr.userns_fd = (uint64_t)(map->join >= 0 ? making->joins[map->join] : *made);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (source->idmap_recursive ? AT_RECURSIVE : 0), &attr) == 0)
		return 0;
	err_set(err, -errno, "failed to set MOUNT_ATTR_IDMAP on %s", source->path ? source->path : source->fstype);
	return explain_idmap(source, err);
}

static int open_source(const struct making *making, const struct plan_source *source, struct err *err)
{
	_cleanup_close_ int fd =
		source->fstype ? make_fs(making->plan, source, err) : copy_tree(making->plan, source, err);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && source->idmap >= 0)
		r = map_ids(making, source, fd, err);
	if (r < 0 && source->index < PLAN_INDEX_ROOT)
		return err_wrap(err, "mounts[%u]", source->index);
	return r < 0 ? r : TAKE_FD(fd);
}

/* Closes the user namespace that source i was mapped by, unless one after it shares it. */
static void drop_userns(const struct making *making, size_t i)
{
	int idmap = making->plan->sources[i].idmap;

	if (idmap < 0 || making->userns[idmap] < 0)
		return;
	while (++i < making->plan->n_sources)
		if (making->plan->sources[i].idmap == idmap)
			return;
	close(making->userns[idmap]);
	making->userns[idmap] = -1;
}

static bool raise_limit(struct passed *passed)
{
	struct rlimit limit;

	if (passed->raised || getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return false;
	passed->nofile = limit;
	limit.rlim_cur = limit.rlim_max;
	passed->raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
	return passed->raised;
}

static int put_into(const struct making *making, int sock, const int *fds, size_t n, struct err *err)
{
	size_t all = making->plan->n_sources;
	int r = talk_send_fds(sock, fds, n, err);

	if (r == -ETOOMANYREFS && raise_limit(making->passed))
		r = talk_send_fds(sock, fds, n, err);
	if (r == -EAGAIN || r == -ENOBUFS)
		return err_hint(err, "%zu mount sources are too many for net.core.wmem_max", all);
	if (r == -ETOOMANYREFS)
		return err_msg(err, r, "%zu mount sources are more than RLIMIT_NOFILE allows to pass", all);
	return r;
}

/* Puts the sources from at on into the socket, n of them, as one message. */
static int send_sources(const struct making *making, size_t at, size_t n, int sock, struct err *err)
{
	const struct plan *plan = making->plan;
	int fds[SYNC_TREES], r = 0;
	size_t opened = 0;

	while (opened < n && r >= 0) {
		r = open_source(making, &plan->sources[at + opened], err);
		drop_userns(making, at + opened);
		if (r >= 0)
			fds[opened++] = r;
	}
	if (r >= 0)
		r = put_into(making, sock, fds, n, err);
	while (opened > 0)
		cleanup_close(&fds[--opened]);
	return r < 0 ? r : 0;
}

/* The end of a socket in which all the trees are. */
static int make_trees(const struct making *making, struct err *err)
{
	const struct plan *plan = making->plan;
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
		r = send_sources(making, at, n, ends[0], err);
	}
	close(ends[0]);
	if (r < 0)
		close(ends[1]);
	return r < 0 ? r : ends[1];
}

static int pass_trees(const struct plan *plan, struct passed *passed, struct err *err)
{
	struct making making = {.plan = plan, .joins = passed->fds, .passed = passed};
	int r;

	making.userns = calloc(plan->n_idmaps + 1, sizeof(*making.userns));
	if (!making.userns)
		return err_set(err, -ENOMEM, "open mount sources");
	for (size_t i = 0; i < plan->n_idmaps; i++)
		making.userns[i] = -1;
	r = make_trees(&making, err);
	for (size_t i = 0; i < plan->n_idmaps; i++)
		cleanup_close(&making.userns[i]);
	free(making.userns);
	if (r >= 0)
		passed->fds[passed->n++] = r;
	return r;
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
	if (r >= 0 && plan->n_sources)
		r = pass_trees(plan, &passed, err);
	if (r == -EMFILE)
		err_hint(err, "RLIMIT_NOFILE is too low");
	if (r < 0) {
		passed_close(&passed);
		return r;
	}
	*ret = passed;
	return 0;
}
