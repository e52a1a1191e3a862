/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, numbers, and above all: opening and making things inside the container's root (see init.h for the rules). */
#include "init/init.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int close_others(const struct init *init, struct err *err)
{
	unsigned next = 3 + init->plan->preserve_fds;
	int low = init->listen < init->sync ? init->listen : init->sync;
	int high = init->listen < init->sync ? init->sync : init->listen;
	const int keep[] = {low, high};

	for (unsigned i = 0; i < 2; i++) {
		if (keep[i] < 0)
			continue;
		if ((unsigned)keep[i] < next)
			return err_msg(err, -EBADF, "descriptor %d is one of the container's", keep[i]);
		if ((unsigned)keep[i] > next && sys_close_range(next, (unsigned)keep[i] - 1, 0) < 0)
			return err_set(err, -errno, "close descriptors");
		if (fcntl(keep[i], F_SETFD, FD_CLOEXEC) < 0)
			return err_set(err, -errno, "look at descriptor %d", keep[i]);
		next = (unsigned)keep[i] + 1;
	}
	return sys_close_range(next, ~0U, 0) < 0 ? err_set(err, -errno, "close descriptors") : 0;
}

void *pages(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

int64_t number(const char *s, const char **end)
{
	int64_t value = 0;
	const char *at = s;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (value > (INT64_MAX - 9) / 10)
			return -1;
		value = value * 10 + (*at - '0');
	}
	*end = at;
	return at == s ? -1 : value;
}

int write_all(int fd, const void *buf, size_t size)
{
	const char *at = buf;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

char **strings(const struct init_plan *plan, struct plan_list list, unsigned more)
{
	char **array = pages(((size_t)list.n + more + 1) * sizeof(*array));

	if (array)
		for (uint32_t i = 0; i < list.n; i++)
			array[i] = (char *)plan_str_item(plan, list, i);
	return array;
}

int root_open(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	/* The kernel says EAGAIN when something was renamed or mounted meanwhile; somebody might do that all the time.
	 */
	for (int tries = 0;; tries++) {
		int fd = sys_openat2(root, path, flags, 0,
				     RESOLVE_NO_MAGICLINKS | resolve |
					     (resolve & RESOLVE_BENEATH ? 0 : RESOLVE_IN_ROOT));

		if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 128)
			return fd >= 0 ? fd : -errno;
	}
}

int beneath_open(int dir, const char *path, uint64_t flags)
{
	return root_open(dir, path, flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

/* Where root_make() is: `done` is the path of `fd` without symlinks, `rest` is still to be walked. */
struct walk {
	int root, fd;
	unsigned links;
	char done[PATH_MAX], rest[PATH_MAX];
};

static int walk_to(struct walk *walk, int fd)
{
	if (fd < 0)
		return fd;
	close_fd(&walk->fd);
	walk->fd = fd;
	return 0;
}

static int walk_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	*(slash ? slash : walk->done) = '\0';
	return walk_to(walk, root_open(walk->root, walk->done[0] ? walk->done : "/", O_PATH | O_DIRECTORY,
				       RESOLVE_NO_SYMLINKS));
}

/* Puts the target of the symlink fd in front of what is left to walk. */
static int walk_link(struct walk *walk, int fd)
{
	static char joined[PATH_MAX];
	ssize_t n = readlinkat(fd, "", joined, sizeof(joined) - 1);
	size_t rest = strlen(walk->rest);

	if (n < 0)
		return -errno;
	if (++walk->links > 40)
		return -ELOOP;
	if (n == 0 || (size_t)n + 1 + rest + 1 > sizeof(joined))
		return n == 0 ? -ENOENT : -ENAMETOOLONG;
	joined[n] = '/';
	memcpy(joined + n + 1, walk->rest, rest + 1);
	memcpy(walk->rest, joined, (size_t)n + 1 + rest + 1);
	if (joined[0] != '/')
		return 0;
	walk->done[0] = '\0';
	return walk_to(walk, root_open(walk->root, "/", O_PATH | O_DIRECTORY, 0));
}

static int walk_create(struct walk *walk, const char *name, bool file)
{
	int fd;

	if (!file)
		return mkdirat(walk->fd, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
	fd = openat(walk->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

/* Takes the next component off rest; false at the end. */
static bool walk_next(struct walk *walk, char name[NAME_MAX + 1], bool *ret_last, int *ret_error)
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t n = strcspn(at, "/"), skip;

	if (n == 0)
		return false;
	if (n > NAME_MAX) {
		*ret_error = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, at, n);
	name[n] = '\0';
	skip = (size_t)(at - walk->rest) + n;
	memmove(walk->rest, walk->rest + skip, strlen(walk->rest + skip) + 1);
	*ret_last = walk->rest[strspn(walk->rest, "/")] == '\0';
	return true;
}

static int walk_component(struct walk *walk, const char *name, bool file, bool follow)
{
	_cleanup_close_ int next = -1;
	size_t done = strlen(walk->done), len = strlen(name);
	struct stat st;
	int r;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, ".."))
		return walk_up(walk);
	for (int tries = 0; next < 0; tries++) {
		next = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next >= 0)
			break;
		/* Somebody may remove it again and again. */
		if (errno != ENOENT || tries == 128)
			return -errno;
		r = walk_create(walk, name, file);
		if (r < 0)
			return r;
	}
	if (fstat(next, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow ? walk_link(walk, next) : -ELOOP;
	if (done + 1 + len + 1 > sizeof(walk->done))
		return -ENAMETOOLONG;
	walk->done[done] = '/';
	memcpy(walk->done + done + 1, name, len + 1);
	return walk_to(walk, take_fd(&next));
}

int root_make(int root, const char *path, bool file, uint64_t resolve)
{
	static struct walk walk;
	char name[NAME_MAX + 1];
	bool last = false;
	int r;

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	walk = (struct walk){.root = root, .fd = -1};
	memcpy(walk.rest, path, strlen(path) + 1);
	r = walk_to(&walk, root_open(root, "/", O_PATH | O_DIRECTORY, 0));
	while (r == 0 && walk_next(&walk, name, &last, &r))
		r = walk_component(&walk, name, file && last, !(resolve & RESOLVE_NO_SYMLINKS));
	if (r < 0)
		close_fd(&walk.fd);
	return r < 0 ? r : walk.fd;
}

int root_make_parent(int root, const char *path, const char **ret_name)
{
	static char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (n >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, n);
	parent[n] = '\0';
	*ret_name = slash ? slash + 1 : path;
	fd = root_open(root, n ? parent : "/", O_PATH | O_DIRECTORY, 0);
	return fd == -ENOENT ? root_make(root, parent, false, 0) : fd;
}

_Noreturn void leave(int status)
{
	sys_exit_group(status);
	for (;;)
		__builtin_trap();
}
