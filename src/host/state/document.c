/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file: struct container_state as JSON. Whatever stands in it is checked before anything is done with it,
 * because what follows are signals and removals: a file that is cut short, damaged or of another program is no state.
 */
#include "host/state/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Grows with every change that an older turtle would misunderstand. */
#define FORMAT 1

/* The whole file. */
struct state_file {
	uint32_t turtle_state; /* FORMAT */
	struct container_state *container;
};

static const struct ocispec_property container_properties[] = {
	OCISPEC_FIELD(struct container_state, oci_version, "ociVersion", .required = true),
	OCISPEC_FIELD(struct container_state, id, "id", .required = true),
	OCISPEC_FIELD(struct container_state, phase, "phase", .required = true),
	OCISPEC_FIELD(struct container_state, pid, "pid", .required = true, .min = 0, .max = INT32_MAX),
	OCISPEC_FIELD(struct container_state, start_time, "startTime", .required = true),
	OCISPEC_FIELD(struct container_state, boot_id, "bootId", .required = true),
	OCISPEC_FIELD(struct container_state, bundle, "bundle", .required = true),
	OCISPEC_FIELD(struct container_state, rootfs, "rootfs", .required = true),
	OCISPEC_FIELD(struct container_state, created, "created", .required = true),
	OCISPEC_FIELD(struct container_state, owner, "owner", .required = true),
	OCISPEC_FIELD(struct container_state, cgroup_manager, "cgroupManager", .required = true),
	OCISPEC_FIELD(struct container_state, cgroup_path, "cgroupPath"),
	OCISPEC_FIELD(struct container_state, cgroup_inode, "cgroupInode"),
	OCISPEC_FIELD(struct container_state, process_cgroup, "processCgroup"),
	OCISPEC_FIELD(struct container_state, systemd_unit, "systemdUnit"),
	OCISPEC_FIELD(struct container_state, systemd_user, "systemdUser"),
	OCISPEC_FIELD(struct container_state, rdt_group, "resctrlGroup"),
	OCISPEC_FIELD(struct container_state, rdt_made, "resctrlMade"),
	OCISPEC_FIELD(struct container_state, rdt_monitor, "resctrlMonitor"),
	OCISPEC_FIELD(struct container_state, own_cgroup, "ownCgroup", .required = true),
	OCISPEC_FIELD(struct container_state, private_pidns, "privatePidNamespace", .required = true),
	OCISPEC_FIELD(struct container_state, no_new_keyring, "noNewKeyring"),
	OCISPEC_FIELD(struct container_state, seccomp_agent, "seccompAgent"),
	OCISPEC_FIELD(struct container_state, seccomp_metadata, "seccompMetadata"),
	OCISPEC_LIST(struct container_state, stdio, "stdio"),
	OCISPEC_LIST(struct container_state, annotations, "annotations"),
	OCISPEC_SUBS(struct container_state, poststart, "poststart", &oci_hook_object),
	OCISPEC_SUBS(struct container_state, poststop, "poststop", &oci_hook_object),
};
static const struct ocispec_object container_object = OCISPEC_OBJECT(struct container_state, container_properties);

static const struct ocispec_property file_properties[] = {
	OCISPEC_FIELD(struct state_file, turtle_state, "turtleState", .required = true),
	OCISPEC_SUB(struct state_file, container, "container", &container_object, .required = true),
};
static const struct ocispec_object file_object = OCISPEC_OBJECT(struct state_file, file_properties);

/* Absolute, not the root, and without a component that leads elsewhere: it will be emptied and removed. */
static bool is_cgroup_path(const char *path)
{
	if (path[0] != '/' || path[1] == '\0')
		return false;
	for (const char *p = path; *p;) {
		size_t n;

		p++;
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && memcmp(p, "..", 2) == 0))
			return false;
		p += n;
	}
	return true;
}

/* One that is to be stopped: a scope or slice, by its whole name. */
static bool is_unit(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && !strchr(name, '/') && (!strcmp(dot, ".scope") || !strcmp(dot, ".slice"));
}

static bool is_below(const char *path, const char *above)
{
	size_t n = above ? strlen(above) : 0;

	return above && !strncmp(path, above, n) && path[n] == '/' && is_cgroup_path(path);
}

static int check_cgroup(const struct container_state *state, struct err *err)
{
	bool systemd = !strcmp(state->cgroup_manager, "systemd");

	if (!systemd && strcmp(state->cgroup_manager, "cgroupfs") != 0 &&
	    strcmp(state->cgroup_manager, "disabled") != 0)
		return err_msg(err, -EINVAL, "cgroup manager \"%s\" is unknown", state->cgroup_manager);
	if (state->cgroup_path && !is_cgroup_path(state->cgroup_path))
		return err_msg(err, -EINVAL, "\"%s\" is no cgroup path", state->cgroup_path);
	if (state->process_cgroup && !is_below(state->process_cgroup, state->cgroup_path))
		return err_msg(err, -EINVAL, "\"%s\" is no cgroup below the container's", state->process_cgroup);
	if (systemd != (state->systemd_unit != NULL))
		return err_msg(err, -EINVAL, "cgroup manager \"%s\" and systemd unit \"%s\" don't go together",
			       state->cgroup_manager, state->systemd_unit ? state->systemd_unit : "");
	if (systemd && !is_unit(state->systemd_unit))
		return err_msg(err, -EINVAL, "\"%s\" is no systemd unit of a container", state->systemd_unit);
	if (systemd && !state->cgroup_path)
		return err_msg(err, -EINVAL, "systemd unit \"%s\" has no cgroup", state->systemd_unit);
	return 0;
}

/* A directory of resctrl's root that may be removed, or the root itself, which is not. */
static int check_rdt(const struct container_state *state, struct err *err)
{
	const char *group = state->rdt_group;
	bool good;

	if (!group)
		good = !state->rdt_made && !state->rdt_monitor;
	else if (strcmp(group, "/") == 0)
		good = !state->rdt_made;
	else
		good = group[0] && !strchr(group, '/') && strcmp(group, ".") != 0 && strcmp(group, "..") != 0;
	return good ? 0 : err_msg(err, -EINVAL, "\"%s\" is no resctrl group of a container", group ? group : "");
}

static int check(const struct state_file *file, const char *id, struct err *err)
{
	const struct container_state *state = file->container;

	if (file->turtle_state != FORMAT)
		return err_msg(err, -EINVAL, "it has format %u, and this turtle knows %d", file->turtle_state, FORMAT);
	if (strcmp(state->id, id) != 0)
		return err_msg(err, -EINVAL, "it belongs to container %s", state->id);
	if (strcmp(state->phase, "creating") != 0 && strcmp(state->phase, "created") != 0)
		return err_msg(err, -EINVAL, "phase \"%s\" is unknown", state->phase);
	if (check_rdt(state, err) < 0)
		return -EINVAL;
	return check_cgroup(state, err);
}

/* The writer leaves out what is NULL, and the file would be refused by the next command. */
static int check_required(const struct container_state *state, struct err *err)
{
	const struct {
		const char *name, *value;
	} required[] = {
		{"ociVersion", state->oci_version},
		{"id", state->id},
		{"phase", state->phase},
		{"bundle", state->bundle},
		{"rootfs", state->rootfs},
		{"created", state->created},
		{"bootId", state->boot_id},
		{"cgroupManager", state->cgroup_manager},
	};

	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!required[i].value)
			return err_msg(err, -EINVAL, "%s is missing", required[i].name);
	return 0;
}

static int parse(struct container *container, const char *text, size_t size)
{
	struct ocispec_error why;
	void *document = NULL;
	int r;

	r = ocispec_parse(&file_object, text, size, STATE_FILE, container->arena, &document, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		err_msg(&container->load_error, r, "%s", why.message);
	else
		r = check(document, container->id, &container->load_error);
	if (r < 0) {
		err_wrap(&container->load_error, "the state of container %s can't be read", container->id);
		return 0;
	}
	container->state = *((const struct state_file *)document)->container;
	container->has_state = true;
	return 0;
}

int state_load(struct container *container, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	r = fd_read_file(container->dir_fd, STATE_FILE, OCISPEC_MAX_SIZE, &text, &size);
	if (r == -ENOENT) {
		err_msg(&container->load_error, r, "container %s has no state: its creation was interrupted",
			container->id);
		return 0;
	}
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return err_set(err, r, "read the state of container %s", container->id);
	if (r < 0) {
		err_set(&container->load_error, r, "the state of container %s can't be read", container->id);
		return 0;
	}
	container->arena = ocispec_arena_new();
	r = container->arena ? parse(container, text, size) : -ENOMEM;
	return r < 0 ? err_set(err, r, "read the state of container %s", container->id) : 0;
}

/* A new file beside the one that is there. What a killed turtle may have left under the name is not written into. */
static int write_new(const struct container *container, const char *text, size_t size)
{
	_cleanup_close_ int fd = -1;
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, r;

	fd = openat(container->dir_fd, STATE_FILE_NEW, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		if (unlinkat(container->dir_fd, STATE_FILE_NEW, 0) < 0)
			return -errno;
		fd = openat(container->dir_fd, STATE_FILE_NEW, flags, 0600);
	}
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, text, size);
	return r == 0 && close(TAKE_FD(fd)) < 0 ? -errno : r;
}

static int prepare(struct container *container, const struct state_file *file, struct err *err)
{
	int r = 0;

	if (!container->state.boot_id)
		r = state_boot_id(&container->state.boot_id, err);
	if (r == 0)
		r = check_required(&container->state, err);
	if (r == 0)
		r = check(file, container->id, err);
	return r < 0 ? err_wrap(err, "the state of container %s can't be written", container->id) : 0;
}

int state_save(struct container *container, struct err *err)
{
	struct state_file file = {.turtle_state = FORMAT, .container = &container->state};
	struct ocispec_arena *arena;
	char *text = NULL;
	size_t size = 0;
	int r = prepare(container, &file, err);

	if (r < 0)
		return r;
	arena = ocispec_arena_new();
	r = arena ? ocispec_write(&file_object, &file, OCISPEC_COMPACT, arena, &text, &size) : -ENOMEM;
	if (r == 0)
		r = write_new(container, text, size);
	/* No fsync: after a crash of the machine there is no container that the file could be of use for. */
	if (r == 0 && renameat(container->dir_fd, STATE_FILE_NEW, container->dir_fd, STATE_FILE) < 0)
		r = -errno;
	ocispec_arena_free(arena);
	if (r < 0) {
		(void)unlinkat(container->dir_fd, STATE_FILE_NEW, 0);
		return err_set(err, r, "write the state of container %s", container->id);
	}
	container->has_state = true;
	return 0;
}
