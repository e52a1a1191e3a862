/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending turtle-systemd.
 *
 * It gets a clean process: no descriptor but its socket, the few variables that tell where a bus is, signals as after
 * boot, and a session of its own, so that an interrupt typed at the terminal ends turtle and not the helper below it.
 * It asks the kernel to be killed with turtle.
 */
#include <config.h>

#include "host/systemd/systemd.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "systemd/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HELPER "turtle-systemd"

/* No request takes longer with all the limits that the helper has itself; who is silent for so long never answers. */
#define ANSWER_SEC 120

extern char **environ;

/*
 * The file beside turtle's own binary. Whoever owns that one is trusted already; in a directory for all, like /tmp,
 * anybody else could have put a file of this name there.
 */
static int beside_turtle(char ret_path[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret_path, PATH_MAX - sizeof(HELPER));
	struct stat self, file;
	char *slash;

	if (n < 0)
		return -errno;
	if ((size_t)n >= PATH_MAX - sizeof(HELPER))
		return -ENAMETOOLONG;
	ret_path[n] = '\0';
	slash = strrchr(ret_path, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, HELPER, sizeof(HELPER));
	if (stat("/proc/self/exe", &self) < 0 || stat(ret_path, &file) < 0)
		return -errno;
	return file.st_uid == self.st_uid && !(file.st_mode & S_IWOTH) ? 0 : -EPERM;
}

/* What the helper sees of our environment: XDG_RUNTIME_DIR, and what a D-Bus client reads. */
static char **bus_environment(void)
{
	size_t n = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = calloc(n + 1, sizeof(*env));
	if (!env)
		return NULL;
	n = 0;
	for (char **e = environ; e && *e; e++)
		if (strncmp(*e, "XDG_RUNTIME_DIR=", strlen("XDG_RUNTIME_DIR=")) == 0 ||
		    strncmp(*e, "DBUS_", strlen("DBUS_")) == 0)
			env[n++] = *e;
	return env;
}

static int spawn(bool user, int sock, pid_t *ret_pid, struct err *err)
{
	char *argv[] = {(char *)HELPER, (char *)(user ? "user" : "system"), NULL}, path[PATH_MAX];
	static const char *const installed = TURTLE_LIBEXECDIR "/" HELPER;
	_cleanup_free_ char **env = bus_environment();
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/*
	 * Its words come over the socket, SYSTEMD_SOCKET; what else a library or the loader may write must not be among
	 * turtle's. 0, 1 and 2 are open in turtle (fd_open_stdio), so sock is none of them.
	 */
	struct spawn program = {.path = path,
				.argv = argv,
				.envp = env,
				.fds = {null, null, null, sock},
				.n_fds = SYSTEMD_SOCKET + 1,
				.directory = -1,
				.session = true};
	int r;

	if (null < 0)
		return err_set(err, -errno, "start " HELPER ": open /dev/null");
	if (!env)
		return err_set(err, -ENOMEM, "start " HELPER);
	r = beside_turtle(path) == 0 ? spawn_program(&program, ret_pid) : -ENOENT;
	if (r == -ENOENT) {
		memcpy(path, installed, strlen(installed) + 1);
		r = spawn_program(&program, ret_pid);
	}
	if (r < 0)
		err_set(err, r, "start " HELPER ": %s", path);
	if (r == -ENOENT)
		err_hint(err, "this turtle was built or installed without systemd support");
	return r;
}

int systemd_open(bool user, struct systemd *ret, struct err *err)
{
	const struct timeval limit = {.tv_sec = ANSWER_SEC};
	struct systemd s = SYSTEMD_NONE;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, -errno, "create a socket for " HELPER);
	s.sock = pair[0];
	s.user = user;
	if (setsockopt(s.sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		r = err_set(err, -errno, "limit the wait for " HELPER);
	else
		r = spawn(user, pair[1], &s.pid, err);
	cleanup_close(&pair[1]);
	if (r < 0) {
		cleanup_close(&pair[0]);
		return r;
	}
	s.pidfd = sys_pidfd_open(s.pid, 0);
	if (s.pidfd < 0) {
		r = err_set(err, -errno, "open a pidfd of " HELPER);
		systemd_close(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void systemd_close(struct systemd *systemd)
{
	cleanup_close(&systemd->sock);
	/* It would end by itself, but not at once while it still waits for a manager that nobody needs any more. */
	if (systemd->pidfd >= 0)
		(void)sys_pidfd_send_signal(systemd->pidfd, SIGKILL);
	cleanup_close(&systemd->pidfd);
	if (systemd->pid > 0)
		while (waitpid(systemd->pid, NULL, 0) < 0 && errno == EINTR)
			;
	free(systemd->cgroup);
	*systemd = SYSTEMD_NONE;
}

/* A socket there, and the caller's own. */
static bool owned_socket(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_uid == geteuid();
}

/*
 * Root of a user namespace is either root of a whole system in it (the system's manager is its own then), or a plain
 * user under another name, as podman makes one: the system's manager belongs to somebody else, and the user's to us.
 */
bool systemd_wants_user(void)
{
	const char *runtime;

	if (geteuid() != 0)
		return true;
	if (owned_socket("/run/systemd", "private"))
		return false;
	runtime = getenv("XDG_RUNTIME_DIR");
	return runtime && *runtime && (owned_socket(runtime, "systemd/private") || owned_socket(runtime, "bus"));
}
