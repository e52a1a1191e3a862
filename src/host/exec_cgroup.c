/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec's way into the container's cgroup. The process is born there, if that can be. If not:
 *
 * - The container's own manager (systemd in the container) keeps its processes in cgroups below, and has made ours one
 *   that takes none (EBUSY): the process goes where init is now.
 * - The caller may not move processes there (EACCES; a user's shell is not in the user's systemd's part of the tree):
 *   systemd, whose unit it is, does it.
 * - Kernels of 2025 (6.12.101, 6.18) kill whoever is born in a cgroup that was once told to kill: the process enters it
 *   by itself.
 */
#include "host/exec.h"

#include "base/mem.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/systemd/systemd.h"
#include "host/talk.h"
#include "host/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* As runc says it. */
#define ADDING "error adding pid to cgroups"

static const char *const controllers[] = {"cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc"};

/* The path of [CONTROLLER[,CONTROLLER]...:]PATH. There is one hierarchy, so any controller that there is will do. */
static int skip_controllers(const char *argument, const char **ret, struct err *err)
{
	const char *colon = strchr(argument, ':');

	for (const char *s = argument; colon && s <= colon;) {
		size_t n = strcspn(s, ",:"), i = 0;

		while (i < ARRAY_SIZE(controllers) &&
		       (strlen(controllers[i]) != n || strncmp(controllers[i], s, n) != 0))
			i++;
		if (i == ARRAY_SIZE(controllers))
			return err_msg(err, -EINVAL, "unknown controller %.*s in --cgroup %s", (int)n, s, argument);
		s += n + 1;
	}
	*ret = colon ? colon + 1 : argument;
	return 0;
}

/* Below the container's own, however it is written; the kernel is not asked where ".." leads. */
static int sub_cgroup(const struct exec *e, const char *path, char **ret, struct err *err)
{
	const char *sub = NULL, *wanted = e->request->cgroup;
	int r = skip_controllers(wanted, &sub, err);

	if (r < 0)
		return r;
	for (const char *s = sub; *s;) {
		size_t n = strcspn(s, "/");

		if (n == 2 && !strncmp(s, "..", 2))
			return err_msg(err, -EINVAL, "bad sub cgroup path: %s", wanted);
		s += n + (s[n] == '/');
	}
	if (asprintf(ret, "%s/%s", path, sub + strspn(sub, "/")) < 0) {
		*ret = NULL;
		return err_set(err, -ENOMEM, "enter cgroup %s", path);
	}
	return 0;
}

/* Where init is. It must still be the container's, from whose limits init may have been moved away. */
static int cgroup_of_init(const struct exec *e, const char *path, char **ret, struct err *err)
{
	_cleanup_free_ char *current = NULL;
	size_t n = strlen(path);
	int r = cgroup_path_of(e->container.state.pid, &current, err);

	if (r < 0)
		return r;
	if (strncmp(current, path, n) != 0 || (current[n] && current[n] != '/'))
		return err_msg(err, -EINVAL,
			       "init of container %s is in cgroup %s, which is not below the container's %s",
			       e->container.id, current, path);
	*ret = TAKE_PTR(current);
	return 0;
}

static int open_cgroup(struct exec *e, char *path, struct err *err)
{
	free(e->cgroup);
	e->cgroup = path;
	cleanup_close(&e->cgroup_fd);
	e->cgroup_fd = cgroup_open(path, err);
	return e->cgroup_fd < 0 ? e->cgroup_fd : 0;
}

int exec_open_cgroup(struct exec *e, struct err *err)
{
	const struct container_state *st = &e->container.state;
	const char *own = NULL;
	char *path = NULL;
	int r = claim_cgroup(&e->container, &own, err);

	if (r < 0)
		return r;
	if (!own && st->own_cgroup && st->cgroup_path)
		return err_msg(err, -ENODEV, "cgroup %s of container %s is gone", st->cgroup_path, e->container.id);
	if (!own && e->request->cgroup)
		return err_msg(err, -EINVAL, "bad sub cgroup path: %s: container %s has no cgroup of its own",
			       e->request->cgroup, e->container.id);
	if (!own)
		return 0;
	if (e->request->cgroup) {
		r = sub_cgroup(e, own, &path, err);
		if (r < 0)
			return r;
		r = open_cgroup(e, path, err);
		return r < 0 ? err_wrap(err, ADDING) : 0;
	}
	path = strdup(st->process_cgroup ? st->process_cgroup : own);
	if (!path)
		return err_set(err, -ENOMEM, "enter cgroup %s", own);
	r = open_cgroup(e, path, err);
	/* The container may have cleared away what was made for its processes. */
	if (r != -ENOENT || !st->process_cgroup)
		return r;
	r = cgroup_of_init(e, own, &path, err);
	return r < 0 ? r : open_cgroup(e, path, err);
}

static int spawn(struct exec *e, int cgroup_fd, bool enter, struct err *err)
{
	const struct spawn_request request = {.plan = &e->plan,
					      .image = &e->image,
					      .passed = &e->passed,
					      .cwd = "/",
					      .cgroup = e->cgroup,
					      .cgroup_fd = cgroup_fd,
					      .enter = enter,
					      .listen_fd = -1};

	return init_spawn(&request, &e->process, err);
}

static int enter_beside_init(struct exec *e, struct err *err)
{
	const struct container_state *st = &e->container.state;
	char *path = NULL;
	int r = cgroup_of_init(e, st->cgroup_path, &path, err);

	return r < 0 ? r : open_cgroup(e, path, err);
}

/* A plan that lets the process wait until it has been moved. */
static int make_waiting_image(struct exec *e, struct err *err)
{
	int r;

	e->plan_request.await_cgroup = true;
	r = exec_plan(e, err);
	if (r < 0)
		return r;
	init_image_close(&e->image);
	return init_image_make(&e->plan, &e->image, err);
}

static int spawn_by_systemd(struct exec *e, struct err *err)
{
	const struct container_state *st = &e->container.state;
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_NONE;
	int r = systemd_open(st->systemd_user, &systemd, err);

	if (r == 0)
		r = make_waiting_image(e, err);
	/* systemd would not tell this failure from others. */
	if (r == 0 && !e->request->cgroup && cgroup_takes_none(e->cgroup_fd))
		r = enter_beside_init(e, err);
	if (r == 0)
		r = spawn(e, -1, false, err);
	if (r == 0)
		r = systemd_attach(&systemd, st->systemd_unit, e->cgroup + strlen(st->cgroup_path),
				   e->process.stage ? e->process.stage : e->process.pid, err);
	return r < 0 ? r : talk_send(e->process.sync, SYNC_CGROUP, err);
}

/*
 * In a frozen cgroup that takes until somebody thaws it. In the foreground our signals are the process's, but those
 * that are to end it must not wait for that: there is nobody yet who could take them.
 */
static int wait_for_word(const struct exec *e, struct err *err)
{
	struct pollfd fds[2] = {{.fd = e->process.sync, .events = POLLIN}, {.events = POLLIN}};
	_cleanup_close_ int fd = -1;
	struct signalfd_siginfo info;
	sigset_t ending;

	if (e->request->detach)
		return 0;
	sigemptyset(&ending);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGQUIT);
	sigaddset(&ending, SIGTERM);
	fd = fds[1].fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_set(err, -errno, "wait for signals");
	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, "wait for the process");
	if (fds[0].revents || read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return err_msg(err, -EINTR, "ended by signal %u before the process could begin", info.ssi_signo);
}

/* -EAGAIN: it was killed before it could say, or even read, a word. */
static int check_begun(struct exec *e, struct err *err)
{
	pid_t *pid = e->process.stage ? &e->process.stage : &e->process.pid;
	int status = 0, r = wait_for_word(e, err);

	if (r < 0)
		return r;
	if (!talk_is_over(e->process.sync))
		return 0;
	if (waitpid(*pid, &status, 0) == *pid)
		*pid = 0;
	init_destroy(&e->process);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return -EAGAIN;
	return err_msg(err, -EPIPE, "container init ended before it could begin (wait status %#x)", (unsigned)status);
}

int exec_spawn(struct exec *e, struct err *err)
{
	const struct container_state *st = &e->container.state;
	int r = spawn(e, e->cgroup_fd, false, err);

	if (r == -EBUSY && e->cgroup_fd >= 0 && !e->request->cgroup) {
		r = enter_beside_init(e, err);
		if (r == 0)
			r = spawn(e, e->cgroup_fd, false, err);
	}
	if ((r == -EACCES || r == -EPERM) && e->cgroup_fd >= 0 && st->systemd_unit)
		return spawn_by_systemd(e, err);
	/* It is in the cgroup: who deletes the container finds it. And who resumes it must not wait for us. */
	container_unlock(&e->container);
	if (e->cgroup_fd >= 0 && (r == 0 || r == -EPIPE)) {
		r = check_begun(e, err);
		if (r == -EAGAIN)
			r = spawn(e, e->cgroup_fd, true, err);
	}
	if (r >= 0 || r == -EPIPE || r == -EINTR || e->cgroup_fd < 0)
		return r;
	err_wrap(err, "enter cgroup %s", e->cgroup);
	return e->request->cgroup ? err_wrap(err, ADDING) : r;
}
