/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with CRIU (rpc.proto): one request; while it is at work it tells of its stages and waits for a word
 * each time; one answer. One message is one packet.
 */
#include "host/criu/criu.h"

#include "base/fd.h"
#include "base/mem.h"
#include "host/criu/rpc.pb-c.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MAX_PACKET 65536
#define LOG_LEVEL  4 /* CRIU's debug: without it a failure can't be understood */

static void response_free(Criu__Response **response)
{
	if (*response)
		criu__response__free_unpacked(*response, NULL);
}

#define _cleanup_response_ __attribute__((cleanup(response_free)))

static const char *kind_name(int kind)
{
	switch (kind) {
	case CRIU__KIND__DUMP:
		return "DUMP";
	case CRIU__KIND__RESTORE:
		return "RESTORE";
	case CRIU__KIND__PRE_DUMP:
		return "PRE_DUMP";
	case CRIU__KIND__NOTIFY:
		return "NOTIFY";
	case CRIU__KIND__FEATURES:
		return "FEATURE_CHECK";
	case CRIU__KIND__VERSION:
		return "VERSION";
	default:
		return "EMPTY";
	}
}

static int send_request(struct criu *criu, const Criu__Request *request, struct err *err)
{
	size_t size = criu__request__get_packed_size(request);
	_cleanup_free_ uint8_t *packet = malloc(size);
	ssize_t n;

	if (!packet)
		return err_set(err, -ENOMEM, "ask criu");
	criu__request__pack(request, packet);
	do
		n = send(criu->sock, packet, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	/* Of one that is gone the receiver knows more. */
	return n < 0 && errno != EPIPE && errno != ECONNRESET ? err_set(err, -errno, "ask criu") : 0;
}

/* It went without an answer. */
static int lost(struct criu *criu, struct err *err)
{
	int status = criu_reap(criu);

	if (status >= 0 && WIFSIGNALED(status))
		return err_msg(err, -ECHILD, "criu was ended by signal %d", WTERMSIG(status));
	return err_msg(err, -ECHILD, "criu ended without an answer, with status %d",
		       status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

int criu_receive_fd(int sock)
{
	int fd = -1;
	char byte;
	ssize_t n = fd_receive(sock, &byte, 1, &fd);

	if (n < 0)
		return (int)n;
	return fd < 0 ? -EPROTO : fd;
}

/* Until there is a message, or the end of the conversation. */
static int wait_for_message(const struct criu *criu, struct err *err)
{
	struct pollfd polled[] = {{.fd = criu->sock, .events = POLLIN}, {.fd = criu->stop, .events = POLLIN}};
	int n;

	do
		n = poll(polled, ARRAY_SIZE(polled), -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, -errno, "hear from criu");
	return polled[1].revents ? err_msg(err, -EINTR, "interrupted while criu was at work") : 0;
}

static int receive(struct criu *criu, Criu__Response **ret, int *ret_fd, struct err *err)
{
	_cleanup_free_ uint8_t *packet = malloc(MAX_PACKET);
	_cleanup_close_ int fd = -1;
	ssize_t n;
	int r;

	if (!packet)
		return err_set(err, -ENOMEM, "hear from criu");
	r = wait_for_message(criu, err);
	if (r < 0)
		return r;
	n = fd_receive(criu->sock, packet, MAX_PACKET, &fd);
	/* Said once of one that is gone, before what it had sent. */
	if (n == -ECONNRESET)
		n = fd_receive(criu->sock, packet, MAX_PACKET, &fd);
	if (n == 0 || n == -ECONNRESET)
		return lost(criu, err);
	if (n < 0)
		return err_set(err, (int)n, "hear from criu");
	*ret = criu__response__unpack(NULL, (size_t)n, packet);
	if (!*ret)
		return err_msg(err, -EPROTO, "criu sent a message of %zd bytes that can't be understood", n);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Whether the stage may be left. A failure is kept: CRIU's own error will only be that we have said no. */
static int handle(struct criu *criu, const Criu__Notification *note, int fd, const struct criu_events *events,
		  struct err *why, struct err *err)
{
	Criu__Request reply = CRIU__REQUEST__INIT;
	const char *what = note && note->what ? note->what : "";
	int r = 0;

	if (events && why->code == 0)
		r = events->event(events->arg, what, note && note->has_pid ? note->pid : 0, fd, why);
	else
		cleanup_close(&fd);
	reply.kind = CRIU__KIND__NOTIFY;
	reply.has_notified = true;
	reply.notified = r == 0 && why->code == 0;
	return send_request(criu, &reply, err);
}

/* Sends the request and waits for its answer, which may be a failure. */
static int ask(struct criu *criu, const Criu__Request *request, const struct criu_events *events, Criu__Response **ret,
	       struct err *err)
{
	struct err why = {0};
	int r = send_request(criu, request, err);

	while (r == 0) {
		_cleanup_response_ Criu__Response *response = NULL;
		int fd = -1;

		r = receive(criu, &response, &fd, err);
		if (r < 0)
			break;
		if (response->kind != CRIU__KIND__NOTIFY) {
			cleanup_close(&fd);
			*ret = TAKE_PTR(response);
			break;
		}
		r = handle(criu, response->notification, fd, events, &why, err);
	}
	if (why.code == 0)
		return r;
	if (err)
		*err = why;
	return why.code;
}

static int refused(const Criu__Response *response, int asked, struct err *err)
{
	return err_msg(err, -EIO, "criu failed: type %s errno %d", kind_name(asked),
		       response->has_error ? response->error : 0);
}

int criu_version(struct criu *criu, int *ret, struct err *err)
{
	_cleanup_response_ Criu__Response *response = NULL;
	Criu__Request request = CRIU__REQUEST__INIT;
	int r;

	request.kind = CRIU__KIND__VERSION;
	request.has_keep_open = request.keep_open = true;
	r = ask(criu, &request, NULL, &response, err);
	if (r < 0)
		return r;
	if (!response->success || !response->version)
		return refused(response, request.kind, err);
	*ret = response->version->major * 10000 + response->version->minor * 100;
	return 0;
}

int criu_features(struct criu *criu, struct criu_features *ret, struct err *err)
{
	_cleanup_response_ Criu__Response *response = NULL;
	Criu__Features features = CRIU__FEATURES__INIT;
	Criu__Request request = CRIU__REQUEST__INIT;
	int r;

	features.has_memory_tracking = features.memory_tracking = true;
	features.has_lazy_pages = features.lazy_pages = true;
	request.kind = CRIU__KIND__FEATURES;
	request.features = &features;
	request.has_keep_open = request.keep_open = true;
	r = ask(criu, &request, NULL, &response, err);
	if (r < 0)
		return r;
	if (!response->success || !response->features)
		return refused(response, request.kind, err);
	ret->memory_tracking = response->features->memory_tracking;
	ret->lazy_pages = response->features->lazy_pages;
	return 0;
}

/* The lists of a request: the messages themselves, and pointers to them. */
struct lists {
	Criu__MountSource *mounts, **mount_pointers;
	Criu__Join *joins, **join_pointers;
	Criu__Inherit *inherit, **inherit_pointers;
	Criu__PageServer page_server;
	Criu__CgroupRoot cgroup_root, *cgroup_roots[1];
};

static void lists_free(const struct lists *l)
{
	free(l->mounts);
	free(l->mount_pointers);
	free(l->joins);
	free(l->join_pointers);
	free(l->inherit);
	free(l->inherit_pointers);
}

#define _cleanup_lists_ __attribute__((cleanup(lists_free)))

/* n messages and their pointers; one more, so that none is no failure. */
#define ALLOCATE(messages, pointers, n) \
	(((messages) = calloc((n) + 1, sizeof(*(messages)))) && ((pointers) = calloc((n) + 1, sizeof(*(pointers)))))

static int fill_lists(struct lists *l, const struct criu_options *o, Criu__Options *ret, struct err *err)
{
	if (!ALLOCATE(l->mounts, l->mount_pointers, o->n_mounts) || !ALLOCATE(l->joins, l->join_pointers, o->n_joins) ||
	    !ALLOCATE(l->inherit, l->inherit_pointers, o->n_inherit))
		return err_set(err, -ENOMEM, "ask criu");
	for (size_t i = 0; i < o->n_mounts; i++) {
		criu__mount_source__init(&l->mounts[i]);
		l->mounts[i].mountpoint = (char *)o->mounts[i].key;
		l->mounts[i].source = (char *)o->mounts[i].value;
		l->mount_pointers[i] = &l->mounts[i];
	}
	for (size_t i = 0; i < o->n_joins; i++) {
		criu__join__init(&l->joins[i]);
		l->joins[i].kind = (char *)o->joins[i].key;
		l->joins[i].path = (char *)o->joins[i].value;
		l->join_pointers[i] = &l->joins[i];
	}
	for (size_t i = 0; i < o->n_inherit; i++) {
		criu__inherit__init(&l->inherit[i]);
		l->inherit[i].key = (char *)o->inherit[i].key;
		l->inherit[i].fd = o->inherit[i].fd;
		l->inherit_pointers[i] = &l->inherit[i];
	}
	ret->n_mounts = o->n_mounts;
	ret->mounts = l->mount_pointers;
	ret->n_joins = o->n_joins;
	ret->joins = l->join_pointers;
	ret->n_inherit = o->n_inherit;
	ret->inherit = l->inherit_pointers;
	ret->n_external = o->n_external;
	ret->external = (char **)o->external;
	if (o->page_server) {
		criu__page_server__init(&l->page_server);
		l->page_server.address = (char *)o->page_server;
		l->page_server.has_port = true;
		l->page_server.port = o->page_server_port;
		ret->page_server = &l->page_server;
	}
	if (o->cgroup_root) {
		criu__cgroup_root__init(&l->cgroup_root);
		/* The unified hierarchy has no name; those of version 1, where there are some, are left alone. */
		l->cgroup_root.controller = o->cgroup_root_for_all ? NULL : (char *)"";
		l->cgroup_root.path = (char *)o->cgroup_root;
		l->cgroup_roots[0] = &l->cgroup_root;
		ret->n_cgroup_roots = 1;
		ret->cgroup_roots = l->cgroup_roots;
	}
	return 0;
}

#define SET(field, what) (ret->has_##field = true, ret->field = (what))

static void fill_options(const struct criu_options *o, enum criu_work work, Criu__Options *ret)
{
	ret->images_fd = o->images;
	SET(work_fd, o->work);
	SET(log_level, LOG_LEVEL);
	ret->log_file = (char *)o->log_file;
	ret->config_file = (char *)o->config_file;
	ret->root = (char *)o->root;
	ret->parent = (char *)o->parent;
	ret->freeze_cgroup = (char *)o->freeze_cgroup;
	ret->lsm_profile = (char *)o->lsm_profile;
	ret->lsm_mount_context = (char *)o->lsm_mount_context;
	if (o->pid > 0)
		SET(pid, o->pid);
	if (o->status_fd >= 0)
		SET(status_fd, o->status_fd);
	if (o->network_lock)
		SET(network_lock, (int)o->network_lock);
	if (o->empty_namespaces)
		SET(empty_namespaces, o->empty_namespaces);
	SET(manage_cgroups, true);
	SET(cgroups_mode, (int)o->cgroups);
	SET(notify, true);
	/* Devices whose path does not lead to them any more, as a terminal's: the node of the same number will do. */
	SET(evasive_devices, true);
	SET(orphan_pts_master, true);
	SET(leave_running, o->leave_running);
	SET(ext_unix_sk, o->ext_unix_sk);
	SET(tcp_established, o->tcp_established);
	SET(tcp_skip_in_flight, o->tcp_skip_in_flight);
	SET(tcp_close, o->tcp_close);
	SET(shell_job, o->shell_job);
	SET(file_locks, o->file_locks);
	SET(link_remap, o->link_remap);
	SET(lazy_pages, o->lazy_pages);
	SET(auto_dedup, o->auto_dedup);
	SET(track_memory, o->track_memory);
	if (work == CRIU_RESTORE)
		SET(sibling, true);
}

int criu_do(struct criu *criu, enum criu_work work, const struct criu_options *options,
	    const struct criu_events *events, pid_t *ret_pid, struct err *err)
{
	static const Criu__Kind kinds[] = {CRIU__KIND__DUMP, CRIU__KIND__PRE_DUMP, CRIU__KIND__RESTORE};
	_cleanup_response_ Criu__Response *response = NULL;
	Criu__Request request = CRIU__REQUEST__INIT;
	Criu__Options filled = CRIU__OPTIONS__INIT;
	_cleanup_lists_ struct lists lists = {0};
	char reasons[600];
	int r = fill_lists(&lists, options, &filled, err);

	if (r < 0)
		return r;
	fill_options(options, work, &filled);
	request.kind = kinds[work];
	request.options = &filled;
	r = ask(criu, &request, events, &response, err);
	criu->done = response != NULL;
	if (r == 0 && !response->success)
		r = refused(response, request.kind, err);
	else if (r != -ECHILD && r < 0)
		return r;
	if (r < 0) {
		criu_log_errors(options->work, options->log_file, reasons, sizeof(reasons));
		if (!reasons[0] && response && response->message)
			snprintf(reasons, sizeof(reasons), "%.*s", (int)strcspn(response->message, "\n"),
				 response->message);
		return reasons[0] ? err_hint(err, "%s", reasons) : r;
	}
	if (work == CRIU_RESTORE && (!response->restored || response->restored->pid <= 0))
		return err_msg(err, -EPROTO, "criu has restored something, but does not say what");
	if (ret_pid)
		*ret_pid = work == CRIU_RESTORE ? response->restored->pid : 0;
	return 0;
}
