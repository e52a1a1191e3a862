/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State directories: making, opening, locking and removing ROOT/ID. A lock on a directory that was removed, or removed
 * and made again, while the lock was waited for is worth nothing; so after every lock the entry is looked up again, and
 * where it is another one everything begins anew. Each round but the last means that another command has finished.
 */
#include "host/state/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DIRECTORY_MODE    0700
#define DIRECTORY_FLAGS   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define CREATE_TIMEOUT_MS 10000

int state_check_id(const char *id, struct err *err)
{
	size_t n = id ? strlen(id) : 0;

	if (n == 0)
		return err_msg(err, -EINVAL, "container id cannot be empty");
	if (n > NAME_MAX || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-") != n)
		return err_msg(err, -EINVAL, "invalid container ID format");
	return 0;
}

/* A container with nothing but its name and descriptors of the root. */
static int begin(int root_fd, const char *id, struct container *ret, struct err *err)
{
	struct container container = {.root_fd = -1, .dir_fd = -1};
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	container.id = strdup(id);
	if (!container.id)
		return err_set(err, -ENOMEM, "container %s", id);
	container.root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (container.root_fd < 0) {
		r = err_set(err, -errno, "container %s", id);
		free(container.id);
		return r;
	}
	container.state.id = container.id;
	*ret = container;
	return 0;
}

void container_close(struct container *container)
{
	if (container->root_fd >= 0)
		close(container->root_fd);
	if (container->dir_fd >= 0)
		close(container->dir_fd);
	free(container->id);
	ocispec_arena_free(container->arena);
	*container = (struct container){.root_fd = -1, .dir_fd = -1};
}

void container_unlock(struct container *container)
{
	if (container->locked)
		(void)flock(container->dir_fd, LOCK_UN);
	container->locked = false;
}

/* 1: ROOT/ID is the directory that is open; 0: it is another one, or gone. */
static int still_there(const struct container *container)
{
	struct stat entry, opened;

	if (fstat(container->dir_fd, &opened) < 0)
		return -errno;
	if (fstatat(container->root_fd, container->id, &entry, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return entry.st_dev == opened.st_dev && entry.st_ino == opened.st_ino;
}

static int lock(struct container *container, enum state_lock how, int timeout_ms, struct err *err)
{
	int r = state_lock_fd(container->dir_fd, how, timeout_ms);

	if (r == -ETIMEDOUT)
		return err_msg(err, r, "container %s is busy: another command works on it", container->id);
	if (r < 0)
		return err_set(err, r, "lock container %s", container->id);
	r = still_there(container);
	if (r < 0)
		return err_set(err, r, "stat the state directory of container %s", container->id);
	container->locked = r > 0;
	return r;
}

int container_lock(struct container *container, int timeout_ms, struct err *err)
{
	int r = lock(container, STATE_EXCLUSIVE, timeout_ms, err);

	return r == 0 ? err_msg(err, -ENOENT, "container does not exist") : r < 0 ? r : 0;
}

/* mkdir, open, lock. 1: done; 0: somebody took the directory away in between. */
static int try_create(struct container *container, struct err *err)
{
	int r;

	if (mkdirat(container->root_fd, container->id, DIRECTORY_MODE) < 0) {
		if (errno == EEXIST)
			return err_msg(err, -EEXIST, "container with given ID already exists");
		return err_set(err, -errno, "create the state directory of container %s", container->id);
	}
	container->dir_fd = openat(container->root_fd, container->id, DIRECTORY_FLAGS);
	if (container->dir_fd < 0 && errno == ENOENT)
		return 0;
	if (container->dir_fd < 0)
		r = err_set(err, -errno, "open the state directory of container %s", container->id);
	else
		r = lock(container, STATE_EXCLUSIVE, CREATE_TIMEOUT_MS, err);
	/*
	 * A directory that was just made and is not locked yet may be removed by a delete and made again by another
	 * create, so that two creates open the same one: it belongs to who has locked it first.
	 */
	if (r > 0 && faccessat(container->dir_fd, STATE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_msg(err, -EEXIST, "container with given ID already exists");
	/* Empty directories are all that this can remove, so that a competitor's work is safe. */
	if (r < 0)
		(void)unlinkat(container->root_fd, container->id, AT_REMOVEDIR);
	return r;
}

int state_create(int root_fd, const char *id, struct container *ret, struct err *err)
{
	struct container container;
	int r = begin(root_fd, id, &container, err);

	if (r < 0)
		return r;
	while ((r = try_create(&container, err)) == 0) {
		if (container.dir_fd >= 0)
			close(container.dir_fd);
		container.dir_fd = -1;
	}
	if (r < 0) {
		container_close(&container);
		return r;
	}
	*ret = container;
	return 0;
}

/* 1: open, and locked where that was asked for; 0: once more. */
static int try_open(struct container *container, enum state_lock how, int timeout_ms, struct err *err)
{
	container->dir_fd = openat(container->root_fd, container->id, DIRECTORY_FLAGS);
	if (container->dir_fd < 0 && errno == ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	if (container->dir_fd < 0)
		return err_set(err, -errno, "open the state directory of container %s", container->id);
	return how == STATE_UNLOCKED ? 1 : lock(container, how, timeout_ms, err);
}

int state_open(int root_fd, const char *id, enum state_lock how, int timeout_ms, struct container *ret, struct err *err)
{
	struct container container;
	int r = begin(root_fd, id, &container, err);

	if (r < 0)
		return r;
	while ((r = try_open(&container, how, timeout_ms, err)) == 0) {
		close(container.dir_fd);
		container.dir_fd = -1;
	}
	if (r > 0)
		r = state_load(&container, err);
	if (r < 0) {
		container_close(&container);
		return r;
	}
	*ret = container;
	return 0;
}

/* Moves what is in a directory below top to top itself, so that no tree is too deep for us. */
static int lift(int top, const char *name, unsigned *number)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd_open_directory(top, name, &dir), fd = r < 0 ? -1 : dirfd(dir);
	const struct dirent *entry;

	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		char to[32];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    unlinkat(fd, entry->d_name, 0) == 0 || unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		do
			snprintf(to, sizeof(to), "lifted-%u", (*number)++);
		while ((r = sys_renameat2(fd, entry->d_name, top, to, RENAME_NOREPLACE) < 0 ? -errno : 0) == -EEXIST);
	}
	return r;
}

/*
 * The one directory. What is in it is a socket of ours; but a container with CAP_SYS_ADMIN can make its view of it
 * writable, and must not be there forever for that.
 */
int state_remove_notify(const struct container *container)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd_open_directory(container->dir_fd, STATE_NOTIFY, &dir), fd;
	const struct dirent *entry;
	unsigned number = 0;
	bool more = true;

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? 0 : r;
	fd = dirfd(dir);
	while (r == 0 && more) {
		more = false;
		rewinddir(dir);
		while (r == 0 && (errno = 0, entry = readdir(dir))) {
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
				continue;
			more = true;
			if (unlinkat(fd, entry->d_name, 0) == 0 || unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0 ||
			    errno == ENOENT)
				continue;
			r = errno == ENOTEMPTY || errno == EEXIST ? lift(fd, entry->d_name, &number) : -errno;
		}
	}
	if (r == 0 && unlinkat(container->dir_fd, STATE_NOTIFY, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* Every entry of the directory, whatever it is: nothing in there is followed or asked. */
static int remove_entries(const struct container *container)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd_open_directory(container->dir_fd, ".", &dir);
	const struct dirent *entry;

	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(container->dir_fd, entry->d_name, 0) < 0 && errno != ENOENT &&
		    unlinkat(container->dir_fd, entry->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r;
}

int state_remove(struct container *container, struct err *err)
{
	/* The state file last: as long as it is there, another delete knows what else there is. */
	static const char *const usual[] = {STATE_START, STATE_CONFIG, STATE_FILE};
	int r = 0;

	/* What a container may have made fail comes first, while all that is known of it is still there. */
	if (unlinkat(container->dir_fd, STATE_NOTIFY, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = state_remove_notify(container);
	for (size_t i = 0; i < ARRAY_SIZE(usual) && r == 0; i++)
		if (unlinkat(container->dir_fd, usual[i], 0) < 0 && errno != ENOENT && errno != EISDIR)
			r = -errno;
	if (r == 0 && unlinkat(container->root_fd, container->id, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		r = errno == ENOTEMPTY || errno == EEXIST ? remove_entries(container) : -errno;
		if (r == 0 && unlinkat(container->root_fd, container->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	}
	if (r < 0)
		return err_set(err, r, "remove the state directory of container %s", container->id);
	return 0;
}
