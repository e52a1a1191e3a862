/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box depends on besides the wishes (box.h), read once: files that the wishes name, the caller's ids and
 * subordinate ids, the root filesystem's passwd and group. Those two, and the command, are reached as the container
 * will: links in the root filesystem lead nowhere else.
 */
#include "config/box_internal.h"

#include "base/fd.h"
#include "base/errno_text.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)

extern char **environ;

/* ---- files --------------------------------------------------------------------------------------------------- */

/* A file of the host that an option names. Directories, devices and pipes have no end to wait for. */
static int read_named(const char *option, const char *path, size_t max, struct ocispec_arena *arena, const char **ret,
		      struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size;
	int r;

	if (stat(path, &st) < 0)
		return box_bad(err, option, path, "%s", errno_text(errno));
	if (!S_ISREG(st.st_mode))
		return box_bad(err, option, path, "not a regular file");
	r = fd_read_file(AT_FDCWD, path, max, &text, &size);
	if (r < 0)
		return box_bad(err, option, path, "%s", errno_text(-r));
	if (memchr(text, '\0', size))
		return box_bad(err, option, path, "not a text");
	*ret = ocispec_strndup(arena, text, size);
	return *ret ? 0 : box_no_memory(err);
}

static int open_in(int root, const char *path, uint64_t flags)
{
	int fd = sys_openat2(root, path, flags | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return fd < 0 ? -errno : fd;
}

/* A file of the root filesystem; NULL in *ret where it has none to read. */
static int read_inside(int root, const char *path, struct ocispec_arena *arena, const char **ret, struct err *err)
{
	_cleanup_close_ int seen = open_in(root, path, O_PATH), fd = -1;
	_cleanup_free_ char *text = NULL;
	struct stat st, opened;
	ssize_t n;

	*ret = NULL;
	/* Opening what is not an ordinary file might do something. */
	if (seen < 0 || fstat(seen, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	fd = open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &opened) < 0 || opened.st_ino != st.st_ino || opened.st_dev != st.st_dev)
		return 0;
	text = malloc(FILE_MAX + 1);
	if (!text)
		return box_no_memory(err);
	n = fd_read_all(fd, text, FILE_MAX + 1);
	if (n < 0)
		return err_set(err, (int)n, "read %s of the root filesystem", path);
	if ((size_t)n > FILE_MAX)
		return err_set(err, -EFBIG, "read %s of the root filesystem", path);
	/* A NUL is the end, whatever follows it. */
	*ret = ocispec_strndup(arena, text, (size_t)n);
	return *ret ? 0 : box_no_memory(err);
}

static int look_at_files(const struct box_wishes *wishes, struct ocispec_arena *arena, struct box_surroundings *ret,
			 struct err *err)
{
	const char **texts = ocispec_alloc(arena, (wishes->env_file.n + 1) * sizeof(*texts)), *profile;
	int r;

	if (!texts)
		return box_no_memory(err);
	for (size_t i = 0; i < wishes->env_file.n; i++) {
		r = read_named("--env-file", wishes->env_file.values[i], FILE_MAX, arena, &texts[i], err);
		if (r < 0)
			return r;
	}
	ret->env_files = texts;
	r = box_seccomp_file(wishes, &profile, err);
	if (r < 0 || !profile)
		return r;
	return read_named("--seccomp", profile, OCISPEC_MAX_SIZE, arena, &ret->seccomp, err);
}

/* ---- the root filesystem ------------------------------------------------------------------------------------- */

static int look_at_rootfs(const struct box_wishes *wishes, struct ocispec_arena *arena, struct box_surroundings *ret,
			  struct err *err)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (!wishes->rootfs)
		return 0;
	path = realpath(wishes->rootfs, NULL);
	if (!path || stat(path, &st) < 0)
		return box_bad(err, "--rootfs", wishes->rootfs, "%s", errno_text(errno));
	if (!S_ISDIR(st.st_mode))
		return box_bad(err, "--rootfs", wishes->rootfs, "%s", errno_text(ENOTDIR));
	ret->rootfs = ocispec_strndup(arena, path, strlen(path));
	return ret->rootfs ? 0 : box_no_memory(err);
}

/*
 * Whether the host's resolv.conf could be shown in the root filesystem: over the one that it has, or one that can be
 * made. That it can't is no reason to fail for what nobody has asked for by name.
 */
static bool look_at_resolv_conf(const char *rootfs)
{
	_cleanup_close_ int root = -1, fd = -1, etc = -1;

	if (!rootfs || access("/etc/resolv.conf", R_OK) < 0)
		return false;
	root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return false;
	fd = open_in(root, "/etc/resolv.conf", O_PATH);
	if (fd >= 0)
		return true;
	etc = open_in(root, "/etc", O_PATH | O_DIRECTORY);
	return etc >= 0 && faccessat(etc, ".", W_OK, AT_EACCESS) == 0;
}

static int look_at_accounts(const struct box_wishes *wishes, const char *rootfs, struct ocispec_arena *arena,
			    struct box_surroundings *ret, struct err *err)
{
	_cleanup_close_ int root = -1;
	int r;

	if (!wishes->user && !wishes->group_add.n)
		return 0;
	root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return 0; /* numbers need no file, and for a name box_config() says that there is none */
	r = read_inside(root, "/etc/passwd", arena, &ret->passwd, err);
	return r < 0 ? r : read_inside(root, "/etc/group", arena, &ret->group, err);
}

/* ---- the caller ---------------------------------------------------------------------------------------------- */

static int look_at_device(const char *path, struct oci_device *ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENODEV;
	*ret = (struct oci_device){
		.type = S_ISCHR(st.st_mode) ? "c" : "b",
		.major = {.set = true, .value = (int64_t)major(st.st_rdev)},
		.minor = {.set = true, .value = (int64_t)minor(st.st_rdev)},
		.file_mode = {.set = true, .value = st.st_mode & 07777},
		.uid = {.set = true, .value = st.st_uid},
		.gid = {.set = true, .value = st.st_gid},
	};
	return 0;
}

static int look_at_caller(const struct box_request *request, struct ocispec_arena *arena, struct box_surroundings *ret,
			  struct err *err)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	struct utsname name;
	const char *release = name.release;

	if (!cwd)
		return err_set(err, -errno, "find the current directory");
	ret->cwd = ocispec_strndup(arena, cwd, strlen(cwd));
	if (!ret->cwd)
		return box_no_memory(err);
	if (uname(&name) < 0 || num_take_u32(&release, &ret->kernel[0]) < 0 || *release++ != '.' ||
	    num_take_u32(&release, &ret->kernel[1]) < 0)
		return err_msg(err, -EINVAL, "find the version of the kernel");
	ret->uid = geteuid();
	ret->gid = getegid();
	/* A box knows by itself what `spec` must be told. */
	ret->rootless = request->rootless || (ret->rootfs && ret->uid != 0);
	ret->terminal = request->terminal;
	ret->resolv_conf = look_at_resolv_conf(ret->rootfs);
	ret->environ = environ;
	ret->device = look_at_device;
	ret->selinux = request->selinux;
	return ret->rootfs && ret->rootless && ret->uid != 0
		       ? own_ids_look(ret->uid, arena, &ret->sub_uids, &ret->sub_gids, err)
		       : 0;
}

int box_look(const struct box_wishes *wishes, const struct box_request *request, struct ocispec_arena *arena,
	     struct box_surroundings *ret, struct err *err)
{
	int r;

	*ret = (struct box_surroundings){0};
	r = look_at_rootfs(wishes, arena, ret, err);
	if (r == 0)
		r = look_at_caller(request, arena, ret, err);
	if (r == 0)
		r = look_at_files(wishes, arena, ret, err);
	if (r == 0)
		r = look_at_accounts(wishes, ret->rootfs ? ret->rootfs : request->default_rootfs, arena, ret, err);
	return r;
}

/* ---- before a box is made ------------------------------------------------------------------------------------ */

static int is_empty(const char *path, bool *ret)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	*ret = true;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			*ret = false;
	return 0;
}

static bool exists_inside(int root, const char *directory, size_t size, const char *name)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	if (asprintf(&path, "%.*s/%s", (int)size, directory, name) < 0) {
		path = NULL;
		return true; /* init will find out */
	}
	fd = open_in(root, path, O_PATH);
	/* Not being allowed to look is not an answer. */
	return fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR);
}

static bool find_command(int root, const struct oci_process *process)
{
	const char *path = NULL, *command = process->args[0];

	if (command[0] == '/')
		return exists_inside(root, "", 0, command);
	if (strchr(command, '/'))
		return true; /* relative to a directory that may be a mount */
	for (size_t i = 0; i < process->n_env; i++)
		if (!strncmp(process->env[i], "PATH=", 5))
			path = process->env[i] + 5;
	for (; path && *path; path += path[strcspn(path, ":")] == ':' ? strcspn(path, ":") + 1 : strcspn(path, ":"))
		if (exists_inside(root, path, strcspn(path, ":"), command))
			return true;
	return !path;
}

int box_check_rootfs(const struct oci_config *config, struct err *err)
{
	const char *rootfs = config->root->path, *command = config->process->args[0];
	_cleanup_close_ int root = -1;
	bool empty = false;
	int r;

	r = is_empty(rootfs, &empty);
	if (r < 0)
		return err_set(err, r, "read the root filesystem %s", rootfs);
	if (empty) {
		err_msg(err, -ENOENT, "the root filesystem %s is empty", rootfs);
		return err_hint(err, "unpack one into it, or see contrib/quickstart, which makes one out of busybox");
	}
	/* A volume may bring the command along, so only a root without one can be judged. */
	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].type && !strcmp(config->mounts[i].type, "bind"))
			return 0;
	root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(err, -errno, "open the root filesystem %s", rootfs);
	if (find_command(root, config->process))
		return 0;
	if (command[0] == '/')
		err_msg(err, -ENOENT, "exec: \"%s\": no such file or directory in %s", command, rootfs);
	else
		err_msg(err, -ENOENT, "exec: \"%s\": executable file not found in $PATH in %s", command, rootfs);
	return err_hint(err, "is it a whole root filesystem? The command is what follows --, and sh by default");
}
