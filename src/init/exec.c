/* SPDX-License-Identifier: Apache-2.0 */
/* The program: its working directory, home, where it is, and at last its execution. */
#include "init/init.h"

#include "base/default_path.h"

#include <limits.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Of a passwd file; a user further down has no home here. */
#define PASSWD_MAX (4U << 20)

static const char *cwd_of(const struct init *init)
{
	return plan_str(init->plan, init->plan->cwd);
}

int exec_make_cwd(struct init *init, struct err *err)
{
	const char *cwd = cwd_of(init);
	int fd;

	if (!strcmp(cwd, "/"))
		return 0;
	fd = root_open(init->root, cwd, O_PATH | O_DIRECTORY, 0);
	if (fd == -ENOENT) {
		fd = root_make(init->root, cwd, false, 0);
		/* It may be in a /proc/self that is there only for who is in the pid namespace: that is seen later. */
		if (fd == -ENOENT && init->plan->flags & PLAN_BUILD_OUTSIDE)
			return 0;
		if (fd < 0)
			return err_set(err, fd, "create working directory `%s`", cwd);
	}
	/* Only a link of procfs to somebody's descriptor or directory is refused here: it may be gone by then. */
	if (fd == -ELOOP) {
		err_set(err, fd, "chdir to `%s`", cwd);
		return err_hint(err, "it must not lead through links of procfs");
	}
	close_fd(&fd);
	return 0;
}

static int enter(struct init *init)
{
	_cleanup_close_ int fd = root_open(AT_FDCWD, cwd_of(init), O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	return fchdir(fd) < 0 ? -errno : 0;
}

/* The current directory is the root, so "inside it" is everywhere; symlinks of procfs that lead elsewhere are not. */
int exec_enter_cwd(struct init *init, struct err *err)
{
	int r = 0;

	if (strcmp(cwd_of(init), "/"))
		r = enter(init);
	init->in_cwd = r == 0;
	/* Before an exec is in the pid namespace there is no /proc/self for it, so it can't know yet what is missing.
	 */
	if (r == -ENOENT && init->plan->flags & PLAN_EXEC)
		return 0;
	if (r < 0 && r != -EACCES && r != -EPERM)
		return err_set(err, r, "chdir to `%s`", cwd_of(init));
	return 0;
}

/* A directory outside the root has a path that does not start with "/". */
int exec_check_cwd(struct init *init, struct err *err)
{
	static char path[PATH_MAX];
	int r = init->in_cwd ? 0 : enter(init);

	if (r < 0)
		return err_set(err, r, "chdir to `%s`", cwd_of(init));
	if (sys_getcwd(path, sizeof(path)) < 0)
		return err_set(err, -errno, "chdir to `%s`: ask where that is", cwd_of(init));
	if (path[0] != '/')
		return err_msg(err, -EXDEV, "chdir to `%s`: the directory is outside the container's root",
			       cwd_of(init));
	return 0;
}

/* The field that starts at *at in a line of passwd; moves to the next. */
static char *next_field(char **at)
{
	char *field = *at, *end;

	if (!field)
		return NULL;
	end = strchr(field, ':');
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return field;
}

/* name:password:uid:gid:comment:home:shell. The home, if the line is uid's. */
static const char *home_in_line(char *line, uint32_t uid)
{
	char *fields[6], *at = line;
	const char *end;

	for (unsigned i = 0; i < 6; i++) {
		fields[i] = next_field(&at);
		if (!fields[i])
			return NULL;
	}
	return number(fields[2], &end) == (int64_t)uid && *end == '\0' && fields[5][0] == '/' ? fields[5] : NULL;
}

/* Only an ordinary file is worth reading; opening anything else might even do something. -ENOENT: none for us. */
static int open_passwd(struct init *init)
{
	_cleanup_close_ int path = root_open(init->root, "/etc/passwd", O_PATH, 0), fd = -1;
	struct stat st, opened;

	if (path == -ENOTDIR || path == -ELOOP || path == -EACCES)
		return -ENOENT;
	if (path < 0)
		return path;
	if (fstat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	fd = root_open(init->root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -EACCES)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (fstat(fd, &opened) < 0)
		return -errno;
	return opened.st_ino == st.st_ino && opened.st_dev == st.st_dev ? take_fd(&fd) : -ENOENT;
}

/* Looks the user up by number only: a name in the image's passwd proves nothing. */
static const char *find_home(struct init *init, int fd, char *buf, size_t size)
{
	size_t used = 0, total = 0;
	bool skip = false; /* the rest of an overlong line */
	ssize_t n;

	while (total < PASSWD_MAX && (n = read(fd, buf + used, size - 1 - used)) > 0) {
		char *line = buf, *end;

		total += (size_t)n;
		used += (size_t)n;
		buf[used] = '\0';
		for (; (end = memchr(line, '\n', used - (size_t)(line - buf))); line = end + 1) {
			const char *home;

			*end = '\0';
			home = skip ? NULL : home_in_line(line, init->plan->uid);
			if (home)
				return home;
			skip = false;
		}
		used -= (size_t)(line - buf);
		memmove(buf, line, used);
		if (used == size - 1) {
			skip = true;
			used = 0;
		}
	}
	if (used == 0 || skip)
		return NULL;
	buf[used] = '\0';
	return home_in_line(buf, init->plan->uid);
}

static const char *env_of(const struct init_plan *plan, const char *name)
{
	size_t n = strlen(name);

	for (uint32_t i = 0; i < plan->env.n; i++) {
		const char *entry = plan_str_item(plan, plan->env, i);

		if (!strncmp(entry, name, n) && entry[n] == '=')
			return entry + n + 1;
	}
	return NULL;
}

int exec_find_home(struct init *init, struct err *err)
{
	static char home[PATH_MAX + 8], buf[2 * 4096];
	const char *given = env_of(init->plan, "HOME"), *found = NULL;
	_cleanup_close_ int fd = -1;

	if (given && given[0])
		return 0;
	fd = open_passwd(init);
	if (fd < 0 && fd != -ENOENT)
		return err_set(err, fd, "open /etc/passwd of the container for HOME");
	if (fd >= 0)
		found = find_home(init, fd, buf, sizeof(buf));
	if (!found || text(home, sizeof(home), "HOME=%s", found) == (int)sizeof(home) - 1)
		text(home, sizeof(home), "HOME=/");
	init->home = home;
	return 0;
}

/* Can we execute it? */
static int probe(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) < 0 ? -errno : 0;
}

static int exec_directory(const char *name, struct err *err)
{
	err_set(err, -EACCES, "exec: \"%s\"", name);
	return err_hint(err, "is a directory");
}

/* As the container's user, in its PATH. */
int exec_find_program(struct init *init, struct err *err)
{
	static char candidate[PATH_MAX];
	const char *name = plan_str_item(init->plan, init->plan->args, 0), *path = env_of(init->plan, "PATH");
	size_t len = strlen(name);
	int r;

	if (strchr(name, '/')) {
		r = probe(name);
		init->program = name;
		/* What execve would say of a directory, and engines read. */
		if (r == -EISDIR)
			return exec_directory(name, err);
		return r < 0 ? err_set(err, r, "exec: \"%s\"", name) : 0;
	}
	for (path = path ? path : DEFAULT_PATH; len;) {
		size_t n = strcspn(path, ":");

		if (n + 1 + len + 1 <= sizeof(candidate)) {
			/* An empty entry is the current directory. */
			memcpy(candidate, path, n);
			candidate[n] = '/';
			memcpy(candidate + n + (n > 0), name, len + 1);
			if (probe(candidate) == 0) {
				init->program = candidate;
				return 0;
			}
		}
		if (!path[n])
			break;
		path += n + 1;
	}
	return err_msg(err, -ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

/* Puts a variable in the place of the one of its name, or at the end; env has room for it. */
static void set_variable(char **env, const char *variable)
{
	size_t i, n = strcspn(variable, "=") + 1;

	for (i = 0; env[i] && strncmp(env[i], variable, n) != 0; i++)
		;
	env[i] = (char *)variable;
}

/* The environment of the plan, and what is only known here: HOME where it is missing or empty, and our own number. */
char **exec_environment(const struct init *init)
{
	static char listen_pid[32];
	char **env = strings(init->plan, init->plan->env, 2);

	if (env && init->home)
		set_variable(env, init->home);
	if (env && init->plan->flags & PLAN_LISTEN_PID) {
		text(listen_pid, sizeof(listen_pid), "LISTEN_PID=%d", (int)getpid());
		set_variable(env, listen_pid);
	}
	return env;
}

int exec_limit_nofile(const struct init *init, struct err *err)
{
	const struct rlimit limit = {.rlim_cur = init->nofile[0], .rlim_max = init->nofile[1]};

	if (init->has_nofile && prlimit(0, RLIMIT_NOFILE, &limit, NULL) < 0)
		return err_set(err, -errno, "set RLIMIT_NOFILE");
	return 0;
}

/*
 * After the filter there is execve, and nothing else unless that fails; turtle has to be told before, because the
 * filter may forbid that as well. Where the filter has a listener, somebody else tells it.
 */
static int load_filter(struct init *init, struct err *err)
{
	bool listener = init->plan->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int r = listener ? listener_prepare(init, err) : exec_limit_nofile(init, err);

	if (r == 0 && !listener)
		r = sync_exec(init, err);
	if (r == 0 && init->plan->seccomp)
		r = seccomp_load(init, err);
	if (r >= 0 && listener)
		listener_pass(r);
	return r;
}

/* Everything is made ready first. */
int exec_program(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	char **args, **env;
	int r;

	if (!plan->args.n)
		return err_msg(err, -EINVAL, "process property must not be empty");
	args = strings(plan, plan->args, 0);
	env = exec_environment(init);
	if (!args || !env)
		return err_set(err, -errno, "allocate memory for arguments and environment");
	r = close_others(init, err);
	if (r == 0)
		r = load_filter(init, err);
	if (r < 0)
		return r;
	do
		execve(init->program, args, env);
	while (errno == EINTR);
	err_set(err, -errno, "exec %s", init->program);
	if (err->code == -ENOENT)
		err_hint(err, "does its interpreter exist?");
	return err->code;
}
