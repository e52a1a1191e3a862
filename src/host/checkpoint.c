/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: has CRIU save the container's processes, and deletes what is left of it, unless it is to run on.
 *
 * CRIU is told what is not the container's own: mounts of the host's files, namespaces and descriptors of others. It is
 * taken from the configuration as it was at create, by the same plan, and compared with what is there now.
 */
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "host/cgroup/cgroup.h"
#include "host/claim.h"
#include "host/delete.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/images.h"
#include "host/outside.h"
#include "host/stdio.h"
#include "host/stop.h"
#include "host/view.h"
#include "plan/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#define LOCK_MS 10000 /* for another turtle that works on this container */
#define THAW_MS 10000

struct checkpoint {
	const struct host_options *options;
	const struct criu_wishes *wishes;
	struct container container; /* locked */
	int init_pidfd;
	struct bundle bundle;
	struct plan_facts facts;
	struct plan plan;
	struct images images;
	struct criu_options criu_options; /* texts in the bundle's arena */
	struct criu criu;
	enum container_status status; /* before */
	const char *cgroup;           /* NULL: none */
	bool begun;                   /* CRIU may have frozen it */
	struct stop stop;
};

/* CRIU does it by itself, unless it was ended in the middle. */
static void thaw(struct checkpoint *k)
{
	struct err why = {0};

	if (k->begun && k->cgroup && k->status == STATUS_RUNNING && cgroup_thaw(k->cgroup, THAW_MS, &why) < 0)
		log_warning("after a failed checkpoint: %s", why.msg);
}

static int open_container(struct checkpoint *k, const char *id, struct err *err)
{
	int r = view_open_container(k->options, id, STATE_EXCLUSIVE, LOCK_MS, &k->container, err);

	if (r < 0)
		return r;
	if (!k->container.has_state && k->container.load_error.code == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	r = view_status(&k->container, &k->status, &k->init_pidfd, err);
	if (r < 0)
		return r;
	if (k->status != STATUS_RUNNING && k->status != STATUS_PAUSED)
		return err_msg(err, -EINVAL, "Container cannot be checkpointed in %s state",
			       container_status_name(k->status));
	return 0;
}

static int check_privileges(struct checkpoint *k, struct err *err)
{
	int r = facts_gather(&k->facts, err);

	if (r < 0 || (k->facts.euid == 0 && !k->facts.in_userns))
		return r;
	return err_msg(err, -EPERM, "checkpoint needs root: CRIU looks into processes of all users");
}

/* The parts of the plan that were the container's when it was made. */
static int plan_again(struct checkpoint *k, struct err *err)
{
	const struct container_state *st = &k->container.state;
	_cleanup_free_ char *text = NULL, *notify = NULL;
	struct plan_request request = {.id = k->container.id, .bundle = st->bundle};
	struct stat dir;
	int r = fd_read_file(k->container.dir_fd, STATE_CONFIG, OCISPEC_MAX_SIZE, &text, NULL);

	if (r < 0)
		return err_set(err, r, "read the saved configuration of container %s", k->container.id);
	r = bundle_from_text(st->bundle, text, &k->bundle, err);
	if (r < 0)
		return err_wrap(err, "saved configuration of container %s", k->container.id);
	if (fstatat(k->container.dir_fd, STATE_NOTIFY, &dir, AT_SYMLINK_NOFOLLOW) == 0) {
		if (asprintf(&notify, "%s/%s/" STATE_NOTIFY, k->options->root, k->container.id) < 0) {
			notify = NULL;
			return err_set(err, -ENOMEM, "plan the checkpoint");
		}
		request.notify_dir = ocispec_strndup(k->bundle.arena, notify, strlen(notify));
		if (!request.notify_dir)
			return err_set(err, -ENOMEM, "plan the checkpoint");
	}
	/* The cgroup is where the state says. */
	request.cgroup_disabled = true;
	r = plan_make(k->bundle.config, &k->facts, &request, NULL, k->bundle.arena, &k->plan, err);
	return r < 0 ? r : plan_check_checkpoint(k->bundle.config, &k->plan, err);
}

static int add_external(struct checkpoint *k, const char *word, struct err *err)
{
	struct criu_options *o = &k->criu_options;

	if (!word)
		return err_set(err, -ENOMEM, "plan the checkpoint");
	o->external[o->n_external++] = word;
	return 0;
}

/* net[INODE]:NAME. The container's own view of it: its path may be another's by now. */
static int add_namespace(struct checkpoint *k, const char *file, const char *name, struct err *err)
{
	char path[64], word[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)k->container.state.pid, file);
	if (stat(path, &st) < 0)
		return err_set(err, -errno, "look at %s", path);
	snprintf(word, sizeof(word), "%s[%llu]:%s", file, (unsigned long long)st.st_ino, name);
	return add_external(k, ocispec_strndup(k->bundle.arena, word, strlen(word)), err);
}

static int find_outside(struct checkpoint *k, struct err *err)
{
	const struct container_state *st = &k->container.state;
	const struct init_plan *init = k->plan.init;
	const struct plan_join *joins = plan_items(init, init->joins, struct plan_join);
	struct criu_options *o = &k->criu_options;
	int r = outside_find(st->pid, &k->plan, k->bundle.arena, &o->mounts, &o->n_mounts, err);

	o->external = ocispec_alloc(k->bundle.arena, (STDIO_N + init->joins.n) * sizeof(*o->external));
	if (r == 0 && !o->external)
		r = err_set(err, -ENOMEM, "plan the checkpoint");
	for (uint32_t i = 0; r == 0 && i < init->joins.n; i++) {
		if (joins[i].type == CLONE_NEWNET)
			r = add_namespace(k, "net", IMAGES_NETWORK, err);
		else if (joins[i].type == CLONE_NEWPID)
			r = add_namespace(k, "pid", IMAGES_PID, err);
	}
	for (size_t i = 0; r == 0 && i < st->n_stdio && i < STDIO_N; i++) {
		const char *word = stdio_external(st->stdio[i], k->bundle.arena);

		if (word && (k->wishes->shell_job || !stdio_is_terminal(word)))
			r = add_external(k, word, err);
	}
	return r;
}

static int freeze_path(struct checkpoint *k, struct err *err)
{
	const char *mount = cgroup_mount_point();
	_cleanup_free_ char *path = NULL;
	int r = claim_cgroup(&k->container, &k->cgroup, err);

	if (r < 0 || !k->cgroup || !mount)
		return r;
	if (asprintf(&path, "%s%s", mount, k->cgroup) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "plan the checkpoint");
	}
	k->criu_options.freeze_cgroup = ocispec_strndup(k->bundle.arena, path, strlen(path));
	return k->criu_options.freeze_cgroup ? 0 : err_set(err, -ENOMEM, "plan the checkpoint");
}

static int prepare(struct checkpoint *k, struct err *err)
{
	const struct container_state *st = &k->container.state;
	struct criu_options *o = &k->criu_options;
	int r = criu_find(err); /* where there is none, nothing is made */

	if (r == 0)
		r = images_open(k->wishes, true, &k->images, err);
	if (r == 0)
		r = images_options(k->wishes, &k->images, st->annotations, st->n_annotations, k->bundle.arena, o, err);
	if (r == 0)
		r = find_outside(k, err);
	if (r == 0)
		r = freeze_path(k, err);
	o->log_file = "dump.log";
	o->pid = st->pid;
	return r;
}

/* Known only now, since it may have closed it. */
static void explain_terminal(const struct checkpoint *k, struct err *err)
{
	const struct container_state *st = &k->container.state;

	for (size_t i = 0; i < st->n_stdio && i < STDIO_N && !k->wishes->shell_job; i++)
		if (stdio_is_terminal(st->stdio[i])) {
			err_hint(err, "it was started with a terminal of its caller's: --shell-job allows that");
			return;
		}
}

static int dump(struct checkpoint *k, struct err *err)
{
	const struct criu_start start = {.root = NULL, .session = true};
	const struct container_state *st = &k->container.state;
	_cleanup_free_ char *cgroup_options = NULL;
	struct err why = {0};
	int r = stop_watch(&k->stop);

	/*
	 * A signal that would end us ends CRIU first, and lets the container go on. CRIU is not told by the kernel, so
	 * that where we are killed it finishes its work, and the container does not stay frozen for want of somebody to
	 * thaw it.
	 */
	if (r < 0)
		return err_set(err, r, "watch signals");
	r = criu_open(&start, &k->criu, err);
	k->criu.stop = k->stop.fd;
	if (r == 0)
		r = images_check_criu(&k->criu, k->wishes, err);
	if (r == 0 && !k->wishes->pre_dump)
		r = images_save_stdio(k->images.dir, st->stdio, st->n_stdio, err);
	if (r == 0)
		r = cgroup_read_options(&cgroup_options, err);
	if (r < 0)
		return r;
	k->begun = true;
	r = criu_do(&k->criu, k->wishes->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, &k->criu_options, NULL, NULL, err);
	if (r < 0)
		explain_terminal(k, err);
	/* The container is saved whether or not that works. */
	if (cgroup_restore_options(cgroup_options, &why) < 0)
		log_warning("%s", why.msg);
	return r;
}

int host_checkpoint(const struct host_options *options, const char *id, const struct criu_wishes *wishes,
		    struct err *err)
{
	struct checkpoint k = {.options = options,
			       .wishes = wishes,
			       .container = {.root_fd = -1, .dir_fd = -1},
			       .init_pidfd = -1,
			       .stop = STOP_NONE,
			       .images = IMAGES_NONE,
			       .criu = CRIU_NONE};
	int r = open_container(&k, id, err);

	if (r == 0)
		r = check_privileges(&k, err);
	if (r == 0)
		r = plan_again(&k, err);
	if (r == 0)
		r = prepare(&k, err);
	if (r == 0)
		r = dump(&k, err);
	criu_close(&k.criu);
	if (r < 0)
		thaw(&k);
	if (r == 0 && !wishes->leave_running && !wishes->pre_dump)
		r = container_destroy(&k.container, k.init_pidfd, false, err);
	images_close(&k.images);
	facts_free(&k.facts);
	bundle_close(&k.bundle);
	cleanup_close(&k.init_pidfd);
	container_close(&k.container);
	stop_unwatch(&k.stop);
	return r;
}
