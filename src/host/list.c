/* SPDX-License-Identifier: Apache-2.0 */
/* list: every container of the state root, in the order of their names. No lock is taken: nothing waits for a list. */
#include "base/fd.h"
#include "base/mem.h"
#include "host/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct names {
	size_t n;
	char **names;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Containers are directories; `@` begins what turtle keeps for itself. */
static bool is_candidate(int root_fd, const struct dirent *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || entry->d_name[0] == '@')
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(root_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int add(struct names *names, const char *name)
{
	char **grown = realloc(names->names, (names->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	names->names = grown;
	names->names[names->n] = strdup(name);
	if (!names->names[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

static int read_names(int root_fd, struct names *names)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd_open_directory(root_fd, ".", &dir);
	const struct dirent *entry;

	while (r == 0 && (errno = 0, entry = readdir(dir)))
		if (is_candidate(root_fd, entry))
			r = add(names, entry->d_name);
	if (r == 0 && errno != 0)
		r = -errno;
	if (r == 0 && names->n > 0)
		qsort(names->names, names->n, sizeof(*names->names), compare);
	return r;
}

/* A create at work holds the lock: its container is no container yet, and nothing is wrong with it. */
static bool is_being_made(const struct container *container)
{
	return flock(container->dir_fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* 1: view is filled; 0: there is nothing to list (any more). */
static int look(int root_fd, const char *name, struct container_view *ret, struct err *err)
{
	struct container_view view = {0};
	int r = state_open(root_fd, name, STATE_UNLOCKED, 0, &view.container, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = view_status(&view.container, &view.status, NULL, err);
	if (r < 0) {
		if (!view.container.has_state && is_being_made(&view.container))
			r = 0;
		container_view_close(&view);
		return r;
	}
	view.pid = view.status == STATUS_STOPPED ? 0 : view.container.state.pid;
	*ret = view;
	return 1;
}

int host_list(const struct host_options *options, void (*each)(void *arg, const struct container_view *view),
	      void (*unreadable)(void *arg, const char *id, const struct err *why), void *arg, struct err *err)
{
	_cleanup_close_ int root_fd = -1;
	struct names names = {0};
	struct err why = {0};
	int r;

	root_fd = state_root_open(options->root, false, err);
	if (root_fd == -ENOENT && !options->root_given)
		return 0;
	if (root_fd < 0)
		return root_fd;
	r = read_names(root_fd, &names);
	if (r < 0) {
		free_names(&names);
		return err_set(err, r, "read state directory %s", options->root);
	}
	for (size_t i = 0; i < names.n; i++) {
		struct container_view view;

		r = look(root_fd, names.names[i], &view, &why);
		if (r > 0) {
			each(arg, &view);
			container_view_close(&view);
		} else if (r < 0) {
			unreadable(arg, names.names[i], &why);
		}
	}
	free_names(&names);
	return 0;
}
