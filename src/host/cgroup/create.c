/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the container's cgroup. A cgroup has the controllers that its parent hands down (cgroup.subtree_control), so
 * every cgroup from the root to the container's parent must have them switched on. All that are there are switched on,
 * as engines expect for their statistics; only those that a limit needs are worth an error.
 */
#include "host/cgroup/internal.h"

#include "base/errno_text.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether the plan has a limit that this controller (n bytes) must provide. */
static const struct plan_cgroup_write *find_need(const struct plan_cgroup *plan, const char *name, size_t n)
{
	for (size_t i = 0; plan && i < plan->n_writes; i++) {
		const struct plan_cgroup_write *w = &plan->writes[i];

		if (!w->optional && w->controller && strlen(w->controller) == n && !strncmp(w->controller, name, n))
			return w;
	}
	return NULL;
}

int cgroup_no_controller(const struct plan_cgroup_write *write, const char *path, const char *has, struct err *err)
{
	static const char unified[] = "linux.resources.unified.";

	if (!strncmp(write->property, unified, sizeof(unified) - 1))
		return err_msg(err, -ENOENT,
			       "unified resource \"%s\" can't be set: controller \"%s\" not available in cgroup %s (it "
			       "has: %s)",
			       write->file, write->controller, path, *has ? has : "none");
	return err_msg(err, -ENOENT, "%s: the %s controller is not available in cgroup %s (it has: %s)",
		       write->property, write->controller, path, *has ? has : "none");
}

static int enable_failed(const struct plan_cgroup_write *need, const char *controller, const char *path, int r,
			 struct err *err)
{
	if (!need) {
		log_debug("the %s controller stays off below cgroup %s: %s", controller, path, errno_text(-r));
		return 0;
	}
	err_set(err, r, "%s: enable the %s controller below cgroup %s", need->property, controller, path);
	if (r == -EBUSY)
		err_hint(err, "the cgroup has processes of its own");
	else if (r == -EOPNOTSUPP)
		err_hint(err, "the cgroup is threaded");
	return r;
}

int cgroup_enable(int fd, const char *path, const struct plan_cgroup *plan, struct err *err)
{
	char has[CGROUP_FILE_SIZE], on[CGROUP_FILE_SIZE], want[CGROUP_FILE_SIZE];
	size_t used = 0;
	ssize_t n;
	int r;

	if ((n = cgroup_read(fd, "cgroup.controllers", has, sizeof(has))) < 0 ||
	    (n = cgroup_read(fd, "cgroup.subtree_control", on, sizeof(on))) < 0)
		return err_set(err, (int)n, "read the controllers of cgroup %s", path);
	for (const char *p = has; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (!cgroup_has_word(on, p, len) && used + len + 2 < sizeof(want))
			used += (size_t)snprintf(want + used, sizeof(want) - used, "%s+%.*s", used ? " " : "", (int)len,
						 p);
		p += len;
	}
	if (used == 0)
		return 0;
	r = cgroup_write(fd, "cgroup.subtree_control", want);
	if (r == 0 || cgroup_gone(r))
		return 0;
	/* All or nothing: now each for itself, to know whose fault it is. */
	for (char *save = NULL, *p = strtok_r(want, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		r = cgroup_write(fd, "cgroup.subtree_control", p);
		if (r < 0)
			r = enable_failed(find_need(plan, p + 1, strlen(p + 1)), p + 1, path, r, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One level: makes the directory where it is missing. *ret_made: made here. Returns a descriptor. */
static int make_level(int parent, const char *name, bool *ret_made)
{
	int fd;

	*ret_made = mkdirat(parent, name, 0755) == 0;
	if (!*ret_made && errno != EEXIST) {
		int r = -errno;

		/* Those that may not write may still find it there. */
		fd = cgroup_openat(parent, name, O_RDONLY | O_DIRECTORY);
		return fd < 0 ? r : fd;
	}
	return cgroup_openat(parent, name, O_RDONLY | O_DIRECTORY);
}

/*
 * Walks from the root to plan->path and makes what is missing. Also on failure: path_end is the end of the last level
 * that is there, n_made how many levels up from it are new.
 */
static int make_path(const struct plan_cgroup *plan, char *path, int *ret_fd, unsigned *n_made, size_t *path_end,
		     struct err *err)
{
	_cleanup_close_ int owned = -1;
	int fd = cgroup_root();
	size_t at = 0; /* where the "/" before the next name is */
	int r;

	for (;;) {
		size_t end = at + 1 + strcspn(path + at + 1, "/");
		char next = path[end];
		bool made = false;

		path[at] = '\0';
		r = cgroup_enable(fd, at ? path : "/", plan, err);
		path[at] = '/';
		if (r < 0)
			return r;
		path[end] = '\0';
		r = make_level(fd, path + at + 1, &made);
		if (made || r >= 0) {
			*n_made = made ? *n_made + 1 : 0;
			*path_end = end;
		}
		if (r < 0)
			err_set(err, r, "create cgroup %s", path);
		path[end] = next;
		if (r < 0)
			return r;
		if (owned >= 0)
			close(owned);
		fd = owned = r;
		at = end;
		if (next == '\0')
			break;
	}
	*ret_fd = TAKE_FD(owned);
	return 0;
}

/* Removes the n deepest levels of path[0..end) again. */
static void unmake_path(char *path, size_t end, unsigned n)
{
	for (; n > 0 && end > 0; n--) {
		path[end] = '\0';
		unlinkat(cgroup_root(), path + 1, AT_REMOVEDIR);
		while (end > 0 && path[--end] != '/')
			;
	}
}

static int count_processes(void *arg, int fd)
{
	struct cgroup_pids pids;

	if (cgroup_read_pids(fd, &pids) == 0) {
		*(size_t *)arg += pids.n;
		free(pids.pids);
	}
	return 0;
}

/* A cgroup that was there before, or that is below others, may be in a state in which no container can start. */
static int check_state(int fd, const char *path, struct err *err)
{
	char text[CGROUP_FILE_SIZE];
	ssize_t n;

	n = cgroup_read(fd, "cgroup.type", text, sizeof(text));
	if (n < 0)
		return err_set(err, (int)n, "read the type of cgroup %s", path);
	if (!strcmp(text, "threaded"))
		return err_msg(err, -EOPNOTSUPP, "cgroup %s is threaded: it can't hold a container's processes", path);
	if (!strcmp(text, "domain invalid"))
		return err_msg(err, -EOPNOTSUPP,
			       "cgroup %s is in an invalid state (below a threaded cgroup): no process can enter it",
			       path);
	n = cgroup_read(fd, "cgroup.events", text, sizeof(text));
	if (n < 0)
		return err_set(err, (int)n, "read the events of cgroup %s", path);
	if (cgroup_key(text, "populated") == 1) {
		size_t count = 0;

		cgroup_walk(fd, count_processes, &count);
		if (count > 0)
			return err_msg(err, -EBUSY, "container's cgroup is not empty: %zu process(es) found", count);
	}
	if (cgroup_key(text, "frozen") == 1)
		return err_msg(err, -EBUSY, "container's cgroup unexpectedly frozen");
	return 0;
}

/* Every limit's controller must have arrived in the new cgroup. */
static int check_controllers(int fd, const struct plan_cgroup *plan, struct err *err)
{
	char has[CGROUP_FILE_SIZE];
	struct err one, before;
	ssize_t n;
	int r = 0;

	if (plan->controllers == 0)
		return 0;
	n = cgroup_read(fd, "cgroup.controllers", has, sizeof(has));
	if (n < 0)
		return err_set(err, (int)n, "read the controllers of cgroup %s", plan->path);
	/* Who asks for much that is not there is to learn of all of it at once. */
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct plan_cgroup_write *w = &plan->writes[i];
		size_t length = w->controller ? strlen(w->controller) : 0;

		if (w->optional || !w->controller || cgroup_has_word(has, w->controller, length) ||
		    find_need(plan, w->controller, length) != w)
			continue;
		before = err ? *err : (struct err){0};
		cgroup_no_controller(w, plan->path, has, &one);
		r = err_msg(err, one.code, "%s%s%s", r < 0 ? before.msg : "", r < 0 ? "; " : "", one.msg);
		r = one.code;
	}
	return r;
}

int cgroup_provide(const struct plan_cgroup *plan, int fd, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int again = -1;
	unsigned n_made = 0;
	size_t end = 0;
	int r = check_controllers(fd, plan, NULL);

	if (r == 0)
		return 0;
	path = strdup(plan->path);
	if (!path)
		return err_set(err, -ENOMEM, "look for controllers of cgroup %s", plan->path);
	r = make_path(plan, path, &again, &n_made, &end, err);
	if (r == 0)
		r = check_controllers(again, plan, err);
	/* It went meanwhile: not ours to make again. */
	unmake_path(path, end, n_made);
	return r;
}

static int create_failed(const struct plan_cgroup *plan, int r, struct err *err)
{
	bool forbidden = r == -EACCES || r == -EPERM || r == -EROFS;

	if (plan->rootless && forbidden) {
		err_wrap(err, "rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
		err_hint(err, "--systemd-cgroup asks the user's systemd for a cgroup that it may limit");
	}
	err_wrap(err, "unable to apply cgroup configuration");
	return r;
}

int cgroup_check(const struct plan_cgroup *plan, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int root = cgroup_root(), r;

	fd = root < 0 ? root : cgroup_openat(root, plan->path, O_RDONLY | O_DIRECTORY);
	/* Nothing there, or nothing that we could use: cgroup_create() has more to say about it. */
	if (fd < 0 || faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return 0;
	r = check_state(fd, plan->path, err);
	return r < 0 ? create_failed(plan, r, err) : 0;
}

int cgroup_create(const struct plan_cgroup *plan, int *ret_fd, bool *ret_made, struct err *err)
{
	_cleanup_free_ char *path = strdup(plan->path);
	_cleanup_close_ int fd = -1;
	unsigned n_made = 0;
	size_t end = 0;
	int r = cgroup_root();

	if (!path)
		return err_set(err, -ENOMEM, "create cgroup %s", plan->path);
	if (r < 0)
		r = cgroup_missing(err);
	else
		r = make_path(plan, path, &fd, &n_made, &end, err);
	/* One that is there may be somebody else's of the same name. */
	if (r == 0 && plan->unprivileged && n_made == 0 && faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		r = err_set(err, -errno, "enter cgroup %s", plan->path);
	if (plan->optional && (r == -EACCES || r == -EPERM || r == -EROFS || r == -EOPNOTSUPP)) {
		log_debug("no cgroup for the container: %s", err ? err->msg : errno_text(-r));
		if (err)
			*err = (struct err){0};
		unmake_path(path, end, n_made);
		*ret_fd = -1;
		*ret_made = false;
		return 0;
	}
	/* What is new and directly below the root is empty and thawed. */
	if (r == 0 && (n_made == 0 || strchr(plan->path + 1, '/')))
		r = check_state(fd, plan->path, err);
	if (r == 0)
		r = check_controllers(fd, plan, err);
	if (r < 0) {
		unmake_path(path, end, n_made);
		return create_failed(plan, r, err);
	}
	*ret_fd = TAKE_FD(fd);
	*ret_made = n_made > 0;
	return 0;
}
