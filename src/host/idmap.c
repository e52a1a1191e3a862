/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id maps of new user namespaces: a container's, and those that only mounts are mapped by. A privileged caller
 * writes them; an unprivileged one may write only the line that maps its own id, and leaves the rest to the setuid
 * helpers of the uidmap package, which check /etc/subuid and /etc/subgid.
 */
#include "host/idmap.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "host/facts.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The helpers are setuid: only these paths, never $PATH. */
static const struct id_kind {
	const char *file, *helper, *sub;
	unsigned capability; /* that lets a process write any map */
} uid_kind = {"uid_map", "/usr/bin/newuidmap", "/etc/subuid", CAP_SETUID},
  gid_kind = {"gid_map", "/usr/bin/newgidmap", "/etc/subgid", CAP_SETGID};

static int write_map(pid_t pid, const struct id_kind *kind, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;
	char path[64];
	int r;

	f = open_memstream(&text, &size);
	if (!f)
		return err_set(err, -ENOMEM, "write %s", kind->file);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%u %u %u\n", map[i].container_id, map[i].host_id, map[i].size);
	if (fflush(f) != 0)
		return err_set(err, -ENOMEM, "write %s", kind->file);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, kind->file);
	r = fd_write_file(AT_FDCWD, path, text, size);
	if (r < 0)
		return err_set(err, r, "write %zu id mappings to %s of the user namespace", n, kind->file);
	return 0;
}

static int no_helper(const struct id_kind *kind, struct err *err)
{
	err_msg(err, -ENOENT, "run %s: it cannot be executed", kind->helper);
	return err_hint(err, "install the package uidmap");
}

/* Waits for the helper; its own words (on stderr) become the hint. */
static int helper_result(pid_t pid, int output, const struct id_kind *kind, struct err *err)
{
	char words[256];
	ssize_t n = fd_read_all(output, words, sizeof(words) - 1);
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, "wait for %s", kind->helper);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	err_msg(err, -EPERM, "%s refused the mapping", kind->helper);
	while (n > 0 && words[n - 1] == '\n')
		n--;
	if (n > 0) {
		words[n] = '\0';
		for (char *p = words; *p; p++)
			if (*p == '\n')
				*p = ' ';
		err_hint(err, "%s", words);
	}
	return err_hint(err, "see %s", kind->sub);
}

static int run_helper(pid_t pid, const struct id_kind *kind, const struct oci_id_mapping *map, size_t n,
		      struct err *err)
{
	_cleanup_free_ char *numbers = calloc(3 * n, 12);
	_cleanup_free_ char **argv = calloc(3 * n + 3, sizeof(*argv));
	_cleanup_close_ int out = -1, in = -1;
	char target[16], *const no_env[] = {NULL};
	pid_t child;
	int ends[2], r;

	if (!numbers || !argv)
		return err_set(err, -ENOMEM, "run %s", kind->helper);
	snprintf(target, sizeof(target), "%d", (int)pid);
	argv[0] = (char *)kind->helper;
	argv[1] = target;
	for (size_t i = 0; i < n; i++) {
		const uint32_t line[3] = {map[i].container_id, map[i].host_id, map[i].size};

		for (size_t k = 0; k < 3; k++) {
			argv[2 + 3 * i + k] = numbers + (3 * i + k) * 12;
			snprintf(argv[2 + 3 * i + k], 12, "%u", line[k]);
		}
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "run %s", kind->helper);
	out = ends[0];
	in = ends[1];
	r = spawn_program(&(const struct spawn){.path = kind->helper,
						.argv = argv,
						.envp = no_env,
						.fds = {STDIN_FILENO, STDOUT_FILENO, in},
						.n_fds = 3,
						.directory = -1},
			  &child);
	if (r == -ENOENT || r == -EACCES)
		return no_helper(kind, err);
	if (r < 0)
		return err_set(err, r, "run %s", kind->helper);
	close(TAKE_FD(in));
	return helper_result(child, out, kind, err);
}

static int map_one(pid_t pid, const struct id_kind *kind, uint32_t own, const struct oci_id_mapping *map, size_t n,
		   struct err *err)
{
	if (have_capability(kind->capability) || (n == 1 && map[0].size == 1 && map[0].host_id == own))
		return write_map(pid, kind, map, n, err);
	return run_helper(pid, kind, map, n, err);
}

int idmap_write(const struct plan *plan, pid_t pid, struct err *err)
{
	int r;

	r = map_one(pid, &uid_kind, geteuid(), plan->uid_map, plan->n_uid_map, err);
	if (r < 0)
		return r;
	if (plan->deny_setgroups) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		r = fd_write_file(AT_FDCWD, path, "deny", 4);
		if (r < 0)
			return err_set(err, r, "deny setgroups in the user namespace");
	}
	return map_one(pid, &gid_kind, getegid(), plan->gid_map, plan->n_gid_map, err);
}

/* Lives as long as the other end of the socket is open. */
static _Noreturn void hold_namespace(int sock, int other)
{
	char c;

	close(other);
	(void)!read(sock, &c, 1);
	_exit(0);
}

int idmap_make(const struct plan_idmap *map, struct err *err)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	_cleanup_close_ int fd = -1;
	int ends[2], r;
	char path[64];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(err, -errno, "make a user namespace to map ids by");
	pid = sys_clone3(&args);
	if (pid == 0)
		hold_namespace(ends[1], ends[0]);
	if (pid < 0) {
		r = err_set(err, -errno, "make a user namespace to map ids by");
		if (r == -ENOSPC || r == -EUSERS)
			err_hint(err, "the limit in /proc/sys/user/max_user_namespaces is reached");
		goto out;
	}
	r = map_one(pid, &uid_kind, geteuid(), map->uid_map, map->n_uid_map, err);
	if (r == 0)
		r = map_one(pid, &gid_kind, getegid(), map->gid_map, map->n_gid_map, err);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = err_set(err, -errno, "open %s", path);
	}
out:
	close(ends[0]);
	close(ends[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r < 0 ? r : TAKE_FD(fd);
}

/* Every mapping of the configuration must be in the file, and nothing else. */
static int check_map(pid_t pid, const char *file, const struct oci_id_mapping *map, size_t n, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char path[64], *save = NULL;
	size_t lines = 0;
	int r;

	if (n == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = fd_read_file(AT_FDCWD, path, 64 * 1024, &text, NULL);
	if (r < 0)
		return err_set(err, r, "read %s", path);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), lines++) {
		struct oci_id_mapping m;
		uint32_t columns[3];
		size_t i = 0;

		if (num_columns_u32(line, columns, 3) < 0)
			return err_msg(err, -EINVAL, "%s holds a line that is no mapping: %s", path, line);
		m = (struct oci_id_mapping){columns[0], columns[1], columns[2]};
		while (i < n &&
		       (map[i].container_id != m.container_id || map[i].host_id != m.host_id || map[i].size != m.size))
			i++;
		if (i == n)
			return err_msg(err, -EINVAL,
				       "the user namespace to join has the mapping %u %u %u in its %s, which the "
				       "configuration does not have",
				       m.container_id, m.host_id, m.size, file);
	}
	if (lines != n)
		return err_msg(err, -EINVAL,
			       "the user namespace to join has %zu mappings in its %s, the configuration %zu", lines,
			       file, n);
	return 0;
}

int idmap_check_joined(const struct plan *plan, pid_t pid, struct err *err)
{
	int r = check_map(pid, "uid_map", plan->joined_uid_map, plan->n_joined_uid_map, err);

	return r < 0 ? r : check_map(pid, "gid_map", plan->joined_gid_map, plan->n_joined_gid_map, err);
}
