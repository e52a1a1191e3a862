/* SPDX-License-Identifier: Apache-2.0 */
/* state: what is known of a container, out of its state file and of the kernel. Nothing is changed or locked. */
#include "host/view.h"

#include "base/mem.h"
#include "host/cgroup/cgroup.h"

#include <errno.h>
#include <string.h>

int view_open_container(const struct host_options *options, const char *id, enum state_lock lock, int timeout_ms,
			struct container *ret, struct err *err)
{
	_cleanup_close_ int root_fd = -1;
	int r = state_check_id(id, err);

	if (r < 0)
		return r;
	root_fd = state_root_open(options->root, false, err);
	if (root_fd == -ENOENT)
		return err_msg(err, -ENOENT, "container does not exist");
	if (root_fd < 0)
		return root_fd;
	return state_open(root_fd, id, lock, timeout_ms, ret, err);
}

int view_status(const struct container *container, enum container_status *ret, int *ret_pidfd, struct err *err)
{
	const char *cgroup = container->state.cgroup_path;
	enum container_status status;
	int r = state_status(container, false, &status, ret_pidfd, err);

	if (r < 0)
		return r;
	/* Only what has a living init can be paused; all others are spared the look at the cgroup. */
	if ((status == STATUS_CREATED || status == STATUS_RUNNING) && cgroup && cgroup_is_frozen(cgroup))
		status = STATUS_PAUSED;
	*ret = status;
	return 0;
}

int host_state(const struct host_options *options, const char *id, struct container_view *ret, struct err *err)
{
	struct container_view view = {0};
	int r = view_open_container(options, id, STATE_UNLOCKED, 0, &view.container, err);

	if (r < 0)
		return r;
	/* Without a state there is only a name, taken by a create that has just begun, or was killed. */
	if (!view.container.has_state && view.container.load_error.code == -ENOENT)
		r = err_msg(err, -ENOENT, "container does not exist");
	else
		r = view_status(&view.container, &view.status, NULL, err);
	if (r < 0) {
		container_view_close(&view);
		return r;
	}
	view.pid = view.status == STATUS_STOPPED ? 0 : view.container.state.pid;
	*ret = view;
	return 0;
}

void container_view_close(struct container_view *view)
{
	container_close(&view->container);
}

struct oci_state container_oci_state(const struct container_state *state, const char *status, pid_t pid)
{
	return (struct oci_state){
		.oci_version = state->oci_version,
		.id = state->id,
		.status = status,
		.pid = {.set = pid > 0, .value = pid},
		.bundle = state->bundle,
		.n_annotations = state->n_annotations,
		.annotations = state->n_annotations > 0 ? state->annotations : NULL,
	};
}

char *container_state_json(const struct container_state *state, const char *status, pid_t pid)
{
	const struct oci_state document = container_oci_state(state, status, pid);
	struct ocispec_arena *arena = ocispec_arena_new();
	char *text = NULL, *copy = NULL;
	size_t size;

	if (arena && ocispec_write(&oci_state_object, &document, OCISPEC_COMPACT, arena, &text, &size) == 0)
		copy = strdup(text);
	ocispec_arena_free(arena);
	return copy;
}
