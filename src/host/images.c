/* SPDX-License-Identifier: Apache-2.0 */
/* See images.h. */
#include "host/images.h"

#include "base/fd.h"
#include "base/mem.h"
#include "config/annotations.h"
#include "json.h"
#include "plan/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_IMAGES "checkpoint"
#define DESCRIPTORS    "descriptors.json"
#define MAX_STDIO      65536
#define MAX_PARENTS    1000
#define INVENTORY      "inventory.img" /* CRIU makes one in each directory */
#define IMAGE_SUFFIX   ".img"

/* The oldest CRIU that can freeze a cgroup of version 2 and keep a pid namespace of somebody else's. */
#define OLDEST           31500
#define HAS_MOUNT_LABELS 31600

/* Memory of processes is in there: for nobody else. */
static int make_directory(const char *path, struct err *err)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return err_set(err, -ENAMETOOLONG, "create directory %s", path);
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		memcpy(part, path, (size_t)(p - path));
		part[p - path] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_set(err, -errno, "create directory %s", part);
	}
	return 0;
}

static int open_directory(const char *path, const char *option, bool make, struct err *err)
{
	int fd, r = make ? make_directory(path, err) : 0;

	if (r < 0)
		return err_wrap(err, "%s", option);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "%s: open directory %s", option, path) : fd;
}

/* CRIU would take a missing one for "none", and dump everything. */
static int check_parent(const char *parent, int images, struct err *err)
{
	struct stat st;
	int r;

	if (parent[0] == '/')
		return err_msg(err, -EINVAL, "--parent-path must be relative");
	r = fstatat(images, parent, &st, 0) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	return r < 0 ? err_set(err, r, "invalid --parent-path: %s, relative to the images", parent) : 0;
}

int images_open(const struct criu_wishes *wishes, bool dump, struct images *ret, struct err *err)
{
	const char *path = wishes->image_path ? wishes->image_path : DEFAULT_IMAGES;
	_cleanup_close_ int dir = -1, work = -1;
	int r;

	if (dump && wishes->parent_path && wishes->parent_path[0] == '/')
		return check_parent(wishes->parent_path, -1, err);
	dir = open_directory(path, "--image-path", dump, err);
	if (dir < 0)
		return dir;
	r = dump && wishes->parent_path ? check_parent(wishes->parent_path, dir, err) : 0;
	if (r < 0)
		return r;
	/* The log is of use as long as the images are. */
	work = open_directory(wishes->work_path ? wishes->work_path : path, "--work-path", wishes->work_path != NULL,
			      err);
	if (work < 0)
		return work;
	*ret = (struct images){.dir = TAKE_FD(dir), .work = TAKE_FD(work)};
	return 0;
}

void images_close(struct images *images)
{
	cleanup_close(&images->dir);
	cleanup_close(&images->work);
	*images = IMAGES_NONE;
}

/* What root has put there, and nobody else can replace. */
static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & 022);
}

static bool is_image(const char *name)
{
	const size_t n = strlen(name), suffix = strlen(IMAGE_SUFFIX);

	return n > suffix && strcmp(name + n - suffix, IMAGE_SUFFIX) == 0;
}

/* A file with another name besides, or of another kind, is none that CRIU has made. */
static int share_file(int dir, const char *name, gid_t gid, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "look at %s", name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return err_msg(err, -EPERM, "%s is not a regular file of this user with one name", name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fchown(fd, (uid_t)-1, gid) < 0 || fchmod(fd, (st.st_mode & 07777) | 040) < 0)
		return err_set(err, -errno, "%s", name);
	return 0;
}

/* The images of the directory, and the directory. */
static int share_directory(int dir, gid_t gid, struct err *err)
{
	_cleanup_closedir_ DIR *d = NULL;
	int r = fd_open_directory(dir, ".", &d);
	struct dirent *entry;
	struct stat st, inventory;

	if (r == 0 && fstat(dir, &st) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "read the directory");
	if (!is_ours(&st))
		return err_msg(err, -EPERM, "the directory is another user's, or others may write to it");
	if (fstatat(dir, INVENTORY, &inventory, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "the directory holds no images: look at " INVENTORY);
	while (r == 0 && (entry = readdir(d)))
		if (is_image(entry->d_name))
			r = share_file(dir, entry->d_name, gid, err);
	if (r == 0 && (fchown(dir, (uid_t)-1, gid) < 0 || fchmod(dir, (st.st_mode & 07777) | 050) < 0))
		r = err_set(err, -errno, "the directory");
	return r;
}

/*
 * CRIU leaves a link to the images before, and follows whatever link is there. An archive may bring one that leads
 * anywhere, so only a directory in this one or beside it is taken. -ENOENT: there are none before.
 */
static int open_before(int dir, struct err *err)
{
	_cleanup_close_ int up = -1;
	char text[PATH_MAX];
	const char *name = text;
	ssize_t n = readlinkat(dir, "parent", text, sizeof(text));
	int fd;

	if (n < 0 && errno == ENOENT)
		return -ENOENT;
	if (n < 0 || (size_t)n == sizeof(text))
		return err_set(err, n < 0 ? -errno : -ENAMETOOLONG, "read the link \"parent\"");
	while (n > 0 && text[n - 1] == '/')
		n--;
	text[n] = '\0';
	if (strncmp(text, "../", 3) == 0) {
		name += 3;
		up = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return err_set(err, -errno, "open the directory above");
	}
	if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_msg(err, -EPERM,
			       "the link \"parent\" leads to \"%s\", not to a directory in or beside this one", text);
	fd = openat(up < 0 ? dir : up, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "open the directory %s before it", text) : fd;
}

int images_share(int dir, gid_t gid, struct err *err)
{
	_cleanup_close_ int last = -1;
	struct err why = {0};
	int r = share_directory(dir, gid, &why);

	for (int i = 0; r == 0 && i < MAX_PARENTS; i++) {
		int fd = open_before(last < 0 ? dir : last, &why);

		if (fd == -ENOENT && why.code == 0)
			return 0;
		if (fd < 0) {
			r = fd;
			break;
		}
		cleanup_close(&last);
		last = fd;
		r = share_directory(fd, gid, &why);
	}
	if (r == 0)
		return 0;
	if (err)
		*err = why;
	return err_wrap(err, "let group %u, root in the user namespace, read the images", (unsigned)gid);
}

struct named {
	const char *name;
	int value;
};

static int find_named(const char *option, const char *text, const struct named *names, size_t n, int *ret,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i].name, text) == 0) {
			*ret = names[i].value;
			return 0;
		}
	return err_msg(err, -EINVAL, "invalid value \"%s\" for %s: not one of %s, %s, %s%s%s", text, option,
		       names[0].name, names[1].name, names[2].name, n > 3 ? ", " : "", n > 3 ? names[3].name : "");
}

static int take_modes(const struct criu_wishes *wishes, struct criu_options *ret, struct err *err)
{
	static const struct named modes[] = {{"soft", CRIU_CGROUPS_SOFT},
					     {"full", CRIU_CGROUPS_FULL},
					     {"strict", CRIU_CGROUPS_STRICT},
					     {"ignore", CRIU_CGROUPS_IGNORE}};
	static const struct named locks[] = {
		{"iptables", CRIU_LOCK_IPTABLES}, {"nftables", CRIU_LOCK_NFTABLES}, {"skip", CRIU_LOCK_SKIP}};
	int value = CRIU_CGROUPS_SOFT, r = 0;

	if (wishes->cgroups_mode && wishes->cgroups_mode[0])
		r = find_named("--manage-cgroups-mode", wishes->cgroups_mode, modes, ARRAY_SIZE(modes), &value, err);
	ret->cgroups = (enum criu_cgroups)value;
	value = CRIU_LOCK_DEFAULT;
	if (r == 0 && wishes->network_lock)
		r = find_named("--network-lock", wishes->network_lock, locks, ARRAY_SIZE(locks), &value, err);
	ret->network_lock = (enum criu_network_lock)value;
	for (size_t i = 0; r == 0 && i < wishes->empty_ns.n; i++) {
		if (strcmp(wishes->empty_ns.values[i], "network") != 0)
			return err_msg(err, -EINVAL,
				       "invalid value \"%s\" for --empty-ns: only network can be left empty",
				       wishes->empty_ns.values[i]);
		ret->empty_namespaces |= CLONE_NEWNET;
	}
	return r;
}

/*
 * A file with options of CRIU's, which hold against those of the command line. The container may name its own, or an
 * empty one for none; else the administrator's is taken, turtle's before those of other runtimes.
 */
static int find_config_file(const struct oci_pair *annotations, size_t n, const char **ret, struct err *err)
{
	static const char *const usual[] = {"/etc/criu/turtle.conf", "/etc/criu/crun.conf", "/etc/criu/runc.conf"};
	const char *own = annotation(annotations, n, ANNOTATION_CRIU_CONFIG);

	if (own && !own[0])
		return 0;
	if (own && own[0] != '/')
		return err_msg(err, -EINVAL, "annotation " ANNOTATION_CRIU_CONFIG ": \"%s\" is no absolute path", own);
	/* CRIU would go on without it. */
	if (own && access(own, R_OK) < 0)
		return err_set(err, -errno, "annotation " ANNOTATION_CRIU_CONFIG ": open %s", own);
	for (size_t i = 0; !own && i < ARRAY_SIZE(usual); i++)
		if (access(usual[i], R_OK) == 0)
			own = usual[i];
	*ret = own;
	return 0;
}

static int take_status_fd(const struct criu_wishes *wishes, int *ret, struct err *err)
{
	int64_t fd = wishes->status_fd.set ? wishes->status_fd.value : -1;

	if (fd != -1 && (fd < 0 || fd > INT_MAX || fcntl((int)fd, F_GETFD) < 0))
		return err_msg(err, -EBADF, "invalid --status-fd argument %lld: no open descriptor", (long long)fd);
	*ret = (int)fd;
	return 0;
}

int images_options(const struct criu_wishes *wishes, const struct images *images, const struct oci_pair *annotations,
		   size_t n_annotations, struct ocispec_arena *arena, struct criu_options *ret, struct err *err)
{
	int r = take_modes(wishes, ret, err);

	if (r == 0 && wishes->page_server)
		r = plan_page_server(wishes->page_server, arena, &ret->page_server, &ret->page_server_port, err);
	if (r == 0 && wishes->lsm_profile)
		r = plan_lsm_profile(wishes->lsm_profile, err);
	if (r == 0)
		r = take_status_fd(wishes, &ret->status_fd, err);
	if (r == 0)
		r = find_config_file(annotations, n_annotations, &ret->config_file, err);
	ret->images = images->dir;
	ret->work = images->work;
	ret->parent = wishes->parent_path;
	ret->lsm_profile = wishes->lsm_profile;
	ret->lsm_mount_context = wishes->lsm_mount_context;
	ret->leave_running = wishes->leave_running;
	ret->ext_unix_sk = wishes->ext_unix_sk;
	ret->tcp_established = wishes->tcp_established;
	ret->tcp_skip_in_flight = wishes->tcp_skip_in_flight;
	ret->tcp_close = wishes->tcp_close;
	ret->shell_job = wishes->shell_job;
	ret->file_locks = wishes->file_locks;
	ret->link_remap = wishes->link_remap;
	ret->lazy_pages = wishes->lazy_pages;
	ret->auto_dedup = wishes->auto_dedup;
	ret->track_memory = wishes->pre_dump || wishes->parent_path;
	return r;
}

int images_check_criu(struct criu *criu, const struct criu_wishes *wishes, struct err *err)
{
	struct criu_features features;
	int version, r = criu_version(criu, &version, err);

	if (r < 0)
		return r;
	if (version < OLDEST || (wishes->lsm_mount_context && version < HAS_MOUNT_LABELS))
		return err_msg(err, -ENOTSUP, "criu is too old: it has version %d.%d, and %d.%d is needed",
			       version / 10000, version / 100 % 100, wishes->lsm_mount_context ? 3 : OLDEST / 10000,
			       wishes->lsm_mount_context ? HAS_MOUNT_LABELS / 100 % 100 : OLDEST / 100 % 100);
	if (!wishes->pre_dump && !wishes->parent_path && !wishes->lazy_pages)
		return 0;
	r = criu_features(criu, &features, err);
	if (r < 0)
		return r;
	if ((wishes->pre_dump || wishes->parent_path) && !features.memory_tracking)
		return err_msg(err, -ENOTSUP,
			       "%s: this kernel can't tell which memory has changed (CONFIG_MEM_SOFT_DIRTY)",
			       wishes->pre_dump ? "--pre-dump" : "--parent-path");
	if (wishes->lazy_pages && !features.lazy_pages)
		return err_msg(err, -ENOTSUP, "--lazy-pages: this kernel or this criu has no userfaultfd for it");
	return 0;
}

/* The document is a bare list; within these two it is an object, which there is a parser for. */
#define LIST_HEAD "{\"stdio\":"
#define LIST_TAIL "}"

struct stdio_list {
	size_t n_words;
	const char **words;
};

static const struct ocispec_property stdio_properties[] = {
	OCISPEC_LIST(struct stdio_list, words, "stdio"),
};
static const struct ocispec_object stdio_object = OCISPEC_OBJECT(struct stdio_list, stdio_properties);

int images_save_stdio(int dir, const char *const *words, size_t n, struct err *err)
{
	const char *none[] = {NULL};
	/* Without a pointer it would be no list at all. */
	const struct stdio_list list = {.n_words = n, .words = n ? (const char **)words : none};
	struct ocispec_arena *arena = ocispec_arena_new();
	_cleanup_close_ int fd = -1;
	char *text;
	size_t size;
	int r;

	r = arena ? ocispec_write(&stdio_object, &list, OCISPEC_COMPACT, arena, &text, &size) : -ENOMEM;
	if (r == 0) {
		fd = openat(dir, DESCRIPTORS, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd < 0 ? -errno
			   : fd_write_all(fd, text + strlen(LIST_HEAD), size - strlen(LIST_HEAD) - strlen(LIST_TAIL));
	}
	ocispec_arena_free(arena);
	return r < 0 ? err_set(err, r, "write " DESCRIPTORS " among the images") : 0;
}

int images_load_stdio(int dir, struct ocispec_arena *arena, const char ***ret, size_t *ret_n, struct err *err)
{
	_cleanup_free_ char *text = NULL, *object = NULL;
	struct ocispec_error why;
	struct stdio_list *list;
	void *document = NULL;
	int n, r = fd_read_file(dir, DESCRIPTORS, MAX_STDIO, &text, NULL);

	*ret_n = 0;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(err, r, "read " DESCRIPTORS " among the images");
	n = asprintf(&object, LIST_HEAD "%s" LIST_TAIL, text);
	if (n < 0) {
		object = NULL;
		return err_set(err, -ENOMEM, "read " DESCRIPTORS " among the images");
	}
	r = ocispec_parse(&stdio_object, object, (size_t)n, DESCRIPTORS, arena, &document, &why);
	if (r < 0)
		return err_msg(err, r, "%s", why.message);
	list = document;
	*ret = list->words;
	*ret_n = list->n_words;
	return 0;
}
