/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of resctrl: see rdt.h. */
#include "host/rdt.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE (1024 * 1024)

/* ---- files ------------------------------------------------------------------------------------------------- */

static int open_group(int root, const char *group)
{
	int fd = openat(root, strcmp(group, "/") == 0 ? "." : group, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_monitor(int group_fd, const char *id)
{
	_cleanup_close_ int dir = openat(group_fd, "mon_groups", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* errno is mostly "Invalid argument"; the kernel keeps a sentence about it. */
static int explain(int root, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int code = err ? err->code : 0;

	if (!err || fd_read_file(root, "info/last_cmd_status", 4096, &text, NULL) < 0)
		return code;
	text[strcspn(text, "\n")] = '\0';
	return text[0] && strcmp(text, "ok") != 0 ? err_hint(err, "%s", text) : code;
}

static int write_file(int root, int fd, const char *file, const char *value, const char *group, struct err *err)
{
	int r = fd_write_file(fd, file, value, strlen(value));

	if (r == 0)
		return 0;
	err_set(err, r, "write \"%.*s\" to %s of resctrl group %s", (int)strcspn(value, "\n"), value, file, group);
	explain(root, err);
	return r;
}

/* ---- what is asked for, and what is there -------------------------------------------------------------------- */

static bool has_info(int root, const char *kind)
{
	char path[32];

	snprintf(path, sizeof(path), "info/%s", kind);
	return faccessat(root, path, F_OK, 0) == 0;
}

int rdt_check_kinds(int root, bool cache, bool bandwidth, struct err *err)
{
	/* With code and data apart there are two caches instead. */
	if (cache && !has_info(root, "L3") && !has_info(root, "L3CODE"))
		return err_msg(err, -EOPNOTSUPP, "Intel RDT/CAT: l3 cache schema is not enabled");
	if (bandwidth && !has_info(root, "MB"))
		return err_msg(err, -EOPNOTSUPP, "Intel RDT/MBA: memory bandwidth schema is not enabled");
	return 0;
}

static uint64_t value_of(const struct schemata_entry *entry, bool bandwidth)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*s", (int)(entry->value_size < 31 ? entry->value_size : 31), entry->value);
	return strtoull(text, NULL, bandwidth ? 10 : 16);
}

/* Whether the group has this value: leading zeros, blanks and the kernel's rounding of bandwidth don't matter. */
static bool has_entry(int root, const char *schemata, const struct schemata_entry *wanted)
{
	bool bandwidth = (wanted->name_size == 2 && !memcmp(wanted->name, "MB", 2)) ||
			 (wanted->name_size == 4 && !memcmp(wanted->name, "SMBA", 4));
	uint64_t step = bandwidth ? rdt_read_number(root, "info/MB/bandwidth_gran") : 0, value;
	struct schemata_entry entry = {0};

	value = value_of(wanted, bandwidth);
	if (step > 1)
		value = (value + step - 1) / step * step;
	while (schemata_next(&schemata, &entry) > 0)
		if (entry.name_size == wanted->name_size && entry.domain == wanted->domain &&
		    memcmp(entry.name, wanted->name, entry.name_size) == 0)
			return value_of(&entry, bandwidth) == value;
	return false;
}

/* A group that others have made, and may use, is not changed to what this container wants of it. */
static int compare(int root, int fd, const struct plan_rdt *plan, struct err *err)
{
	_cleanup_free_ char *schemata = NULL;
	struct schemata_entry wanted = {0};
	const char *at = plan->schema;
	int r;

	if (!at)
		return 0;
	r = fd_read_file(fd, "schemata", MAX_FILE, &schemata, NULL);
	if (r < 0)
		return err_set(err, r, "read schemata of resctrl group %s", plan->group);
	while (schemata_next(&at, &wanted) > 0)
		if (!has_entry(root, schemata, &wanted))
			return err_msg(err, -EEXIST,
				       "resctrl group %s is there already, and for %.*s:%u it does not have %.*s",
				       plan->group, (int)wanted.name_size, wanted.name, wanted.domain,
				       (int)wanted.value_size, wanted.value);
	return 0;
}

int rdt_check(int root, const struct plan_rdt *plan, bool *ret_exists, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = rdt_check_kinds(root, plan->needs_cache, plan->needs_bandwidth, err);

	if (r < 0)
		return r;
	fd = open_group(root, plan->group);
	if (fd < 0 && fd != -ENOENT)
		return err_set(err, fd, "open resctrl group %s", plan->group);
	*ret_exists = fd >= 0;
	if (fd >= 0)
		return plan->named ? compare(root, fd, plan, err) : 0;
	if (plan->named && !plan->schema && !plan->schemata)
		return err_msg(err, -ENOENT,
			       "closID names resctrl group %s, which is not there; without a schema it must be",
			       plan->group);
	return 0;
}

/* ---- making and removing ----------------------------------------------------------------------------------- */

static int make_monitor(int root, int fd, const struct plan_rdt *plan, const char *id, struct err *err)
{
	_cleanup_close_ int dir = openat(fd, "mon_groups", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir >= 0 && mkdirat(dir, id, 0755) == 0)
		return 0;
	err_set(err, -errno, "make mon_groups/%s in resctrl group %s", id, plan->group);
	return explain(root, err);
}

int rdt_make(int root, const struct plan_rdt *plan, const char *id, bool *ret_made, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = 0;

	*ret_made = false;
	if (strcmp(plan->group, "/") != 0) {
		*ret_made = mkdirat(root, plan->group, 0755) == 0;
		if (!*ret_made && errno != EEXIST) {
			err_set(err, -errno, "make resctrl group %s", plan->group);
			return explain(root, err);
		}
	}
	fd = open_group(root, plan->group);
	if (fd < 0)
		return err_set(err, fd, "open resctrl group %s", plan->group);
	/* One that is there has been found to have it already, unless it is one of the container's own name. */
	if (plan->schema && (*ret_made || !plan->named))
		r = write_file(root, fd, "schemata", plan->schema, plan->group, err);
	if (r == 0 && plan->schemata)
		r = write_file(root, fd, "schemata", plan->schemata, plan->group, err);
	if (r == 0 && plan->monitor)
		r = make_monitor(root, fd, plan, id, err);
	return r;
}

int rdt_enter(int root, const char *group, const char *id, bool monitor, pid_t pid, struct err *err)
{
	_cleanup_close_ int fd = open_group(root, group), monitor_fd = -1;
	char value[16];
	int r;

	if (fd < 0)
		return err_set(err, fd, "open resctrl group %s", group);
	snprintf(value, sizeof(value), "%d\n", (int)pid);
	r = write_file(root, fd, "tasks", value, group, err);
	if (r < 0 || !monitor)
		return r;
	monitor_fd = open_monitor(fd, id);
	if (monitor_fd < 0)
		return err_set(err, monitor_fd, "open mon_groups/%s of resctrl group %s", id, group);
	return write_file(root, monitor_fd, "tasks", value, group, err);
}

static int remove_monitor(int fd, const char *group, const char *id, struct err *err)
{
	_cleanup_close_ int dir = openat(fd, "mon_groups", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if ((dir >= 0 && unlinkat(dir, id, AT_REMOVEDIR) == 0) || errno == ENOENT)
		return 0;
	return err_set(err, -errno, "remove mon_groups/%s of resctrl group %s", id, group);
}

int rdt_remove(int root, const char *group, const char *id, bool monitor, bool whole, bool only_empty, struct err *err)
{
	_cleanup_close_ int fd = open_group(root, group);
	_cleanup_free_ char *tasks = NULL;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "open resctrl group %s", group);
	r = monitor ? remove_monitor(fd, group, id, err) : 0;
	if (r < 0 || !whole || strcmp(group, "/") == 0)
		return r;
	if (only_empty && (fd_read_file(fd, "tasks", MAX_FILE, &tasks, NULL) < 0 || tasks[0]))
		return 0;
	return unlinkat(root, group, AT_REMOVEDIR) < 0 && errno != ENOENT
		       ? err_set(err, -errno, "remove resctrl group %s", group)
		       : 0;
}

int rdt_set(int root, const char *group, const char *schemata, char **ret_old, struct err *err)
{
	_cleanup_close_ int fd = open_group(root, group);
	_cleanup_free_ char *old = NULL;
	int r;

	if (fd < 0)
		return err_set(err, fd, "open resctrl group %s", group);
	r = fd_read_file(fd, "schemata", MAX_FILE, &old, NULL);
	if (r < 0)
		return err_set(err, r, "read schemata of resctrl group %s", group);
	r = write_file(root, fd, "schemata", schemata, group, err);
	if (r == 0)
		*ret_old = TAKE_PTR(old);
	return r;
}

int rdt_open_for(const struct container_state *state, int *ret, struct err *err)
{
	int root = state->rdt_group ? rdt_open(err) : -ENODEV;

	if (root < 0 && root != -ENODEV)
		return root;
	*ret = root < 0 ? -1 : root;
	return 0;
}

/* The groups went with the last mount of resctrl; there is one file system, in whatever mount namespaces it is seen. */
static int end_unmounted(const struct container_state *st, bool force, struct err *err)
{
	static const char reason[] = "resctrl is not mounted in this mount namespace";

	if (!rdt_is_mounted_elsewhere())
		return 0;
	if (force) {
		log_warning("resctrl group %s keeps what container %s had of it: %s", st->rdt_group, st->id, reason);
		return 0;
	}
	err_msg(err, -ENODEV, "remove what container %s has of resctrl group %s: %s", st->id, st->rdt_group, reason);
	return err_hint(err, "delete it where resctrl is mounted, or with --force, which leaves the group");
}

int rdt_end(const struct container *container, bool force, struct err *err)
{
	const struct container_state *st = &container->state;
	_cleanup_close_ int root = -1;
	bool same_boot = false;
	int r;

	if (!container->has_state || !st->rdt_group || (!st->rdt_made && !st->rdt_monitor))
		return 0;
	r = state_same_boot(container, &same_boot, err);
	if (r < 0 || !same_boot)
		return r;
	root = rdt_open(err);
	if (root == -ENODEV)
		return end_unmounted(st, force, err);
	return root < 0 ? root : rdt_remove(root, st->rdt_group, st->id, st->rdt_monitor, st->rdt_made, false, err);
}
