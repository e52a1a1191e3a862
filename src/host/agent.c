/* SPDX-License-Identifier: Apache-2.0 */
/* See agent.h. */
#include "host/agent.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* runc's words. */
#define CANNOT_CONNECT "failed to connect with seccomp agent specified in the seccomp profile"

int agent_check(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, -errno, CANNOT_CONNECT ": %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_msg(err, -ENOTSOCK, CANNOT_CONNECT ": %s: it is no socket", path);
	return 0;
}

int agent_connect(const char *path, struct agent *ret, struct err *err)
{
	int sock = fd_connect_unix(path, "seccomp agent", err);

	if (sock < 0)
		return err_wrap(err, CANNOT_CONNECT);
	*ret = (struct agent){.socket = sock, .path = path};
	return 0;
}

int agent_describe(struct agent *agent, const struct container_state *state, const char *status, pid_t pid,
		   const char *metadata, struct err *err)
{
	struct oci_state container = container_oci_state(state, status, state->pid);
	const char *fds[] = {"seccompFd"};
	const struct oci_container_process_state document = {
		.oci_version = state->oci_version,
		.n_fds = ARRAY_SIZE(fds),
		.fds = fds,
		.pid = pid,
		.metadata = metadata,
		.state = &container,
	};
	struct ocispec_arena *arena = ocispec_arena_new();
	size_t size;
	char *text;

	if (arena &&
	    ocispec_write(&oci_container_process_state_object, &document, OCISPEC_COMPACT, arena, &text, &size) == 0)
		agent->document = strdup(text);
	ocispec_arena_free(arena);
	return agent->document ? 0 : err_set(err, -ENOMEM, "describe the process to the seccomp agent");
}

int agent_send(struct agent *agent, int listener, struct err *err)
{
	int r = fd_send_fd(agent->socket, listener, agent->document, strlen(agent->document));

	if (r < 0)
		return err_set(err, r, "cannot send seccomp fd to %s", agent->path);
	agent_close(agent);
	return 0;
}

void agent_close(struct agent *agent)
{
	cleanup_close(&agent->socket);
	free(agent->document);
	*agent = AGENT_NONE;
}
