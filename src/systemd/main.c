/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turtle-systemd: asks systemd for units on behalf of turtle, over the socket that turtle has left as descriptor 3. See
 * protocol.h for the conversation, unit.h for what can be asked.
 */
#include <config.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "systemd/manager.h"
#include "systemd/protocol.h"
#include "systemd/unit.h"
#include "systemd/value.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* A job of systemd may take this long. */
#define LIMIT_MSEC 30000u

struct session {
	struct manager manager;
	struct unit checked; /* by the last CHECK */
};

/* A request, taken apart: the strings lie in the packet. */
struct request {
	struct systemd_request head;
	const char **strings; /* owned */
};

static int send_answer(const struct systemd_answer *answer, const char *rest)
{
	struct iovec iov[2] = {{.iov_base = (void *)answer, .iov_len = sizeof(*answer)},
			       {.iov_base = (void *)rest, .iov_len = strlen(rest)}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov)};
	ssize_t n;

	do
		n = sendmsg(SYSTEMD_SOCKET, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int request_parse(const char *packet, size_t size, struct request *ret, struct err *err)
{
	const char *p = packet + sizeof(ret->head), *end = packet + size;
	struct request request;

	if (size < sizeof(request.head))
		return err_msg(err, -EPROTO, "turtle-systemd: a request of %zu bytes", size);
	memcpy(&request.head, packet, sizeof(request.head));
	/* Each has a byte at least. */
	if (request.head.n_strings > size)
		return err_msg(err, -EPROTO, "turtle-systemd: a request of %u strings", request.head.n_strings);
	request.strings = calloc(request.head.n_strings + 1, sizeof(*request.strings));
	if (!request.strings)
		return err_set(err, -ENOMEM, "turtle-systemd");
	for (uint32_t i = 0; i < request.head.n_strings; i++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));

		if (!nul) {
			free(request.strings);
			return err_msg(err, -EPROTO, "turtle-systemd: a request that is cut off");
		}
		request.strings[i] = p;
		p = nul + 1;
	}
	*ret = request;
	return 0;
}

/* Unit and properties of CHECK and SET. */
static int parse_unit(const struct request *request, struct unit *ret, struct err *err)
{
	size_t n = request->head.n_strings;
	struct unit unit = {0};
	int r = 0;

	if (n % 2 == 0)
		return err_msg(err, -EPROTO, "turtle-systemd: a property without value");
	unit.name = strdup(request->strings[0]);
	unit.properties = calloc(n / 2 + 1, sizeof(*unit.properties));
	if (!unit.name || !unit.properties)
		r = err_set(err, -ENOMEM, "turtle-systemd");
	for (size_t i = 1; r == 0 && i < n; i += 2) {
		r = property_parse(request->strings[i], request->strings[i + 1], &unit.properties[unit.n_properties],
				   err);
		if (r == 0)
			unit.n_properties++;
	}
	if (r < 0)
		unit_free(&unit);
	else
		*ret = unit;
	return r;
}

static int parse_and_check(struct session *session, const struct request *request, struct unit *ret, struct err *err)
{
	struct unit unit;
	int r = parse_unit(request, &unit, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < unit.n_properties; i++)
		r = property_check(session->manager.bus, &unit.properties[i], err);
	if (r < 0)
		unit_free(&unit);
	else
		*ret = unit;
	return r;
}

static int check(struct session *session, const struct request *request, struct err *err)
{
	struct unit unit;
	int r = parse_and_check(session, request, &unit, err);

	if (r < 0)
		return r;
	unit_free(&session->checked);
	session->checked = unit;
	return 0;
}

static int start(struct session *session, const struct request *request, struct err *err)
{
	if (!session->checked.name || strcmp(session->checked.name, request->strings[0]) != 0)
		return err_msg(err, -EPROTO, "turtle-systemd: %s was not checked", request->strings[0]);
	return unit_start(&session->manager, &session->checked, request->head.pid, err);
}

static int set(struct session *session, const struct request *request, struct err *err)
{
	struct unit unit;
	int r = parse_and_check(session, request, &unit, err);

	if (r < 0)
		return r;
	r = unit_set(&session->manager, &unit, err);
	unit_free(&unit);
	return r;
}

static int serve(struct session *session, const struct request *request, struct err *err)
{
	struct manager *manager = &session->manager;
	size_t n = request->head.n_strings;

	if (n < 1 || (request->head.verb == SYSTEMD_ATTACH && n < 2))
		return err_msg(err, -EPROTO, "turtle-systemd: a request without its strings");
	switch (request->head.verb) {
	case SYSTEMD_CHECK:
		return check(session, request, err);
	case SYSTEMD_START:
		return start(session, request, err);
	case SYSTEMD_SET:
		return set(session, request, err);
	case SYSTEMD_STOP:
		return unit_stop(manager, request->strings[0], err);
	case SYSTEMD_ATTACH:
		return unit_attach(manager, request->strings[0], request->strings[1], request->head.pid, err);
	default:
		return err_msg(err, -EPROTO, "turtle-systemd: a request of kind %u", request->head.verb);
	}
}

/* One request and its answer. Returns 0 at the end of the conversation, 1 before. */
static int converse(struct session *session, char *packet)
{
	struct systemd_answer answer = {.verb = SYSTEMD_DONE};
	struct request request;
	ssize_t n;
	int r;

	do
		n = recv(SYSTEMD_SOCKET, packet, SYSTEMD_MAX_PACKET, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	r = request_parse(packet, (size_t)n, &request, &answer.err);
	if (r == 0) {
		r = serve(session, &request, &answer.err);
		free(request.strings);
	}
	if (r < 0)
		answer.verb = SYSTEMD_ERROR;
	return send_answer(&answer, "") < 0 ? 0 : 1;
}

static int run(struct session *session)
{
	struct systemd_answer answer = {.verb = SYSTEMD_HELLO};
	char *packet = malloc(SYSTEMD_MAX_PACKET);
	int r;

	if (!packet)
		return 1;
	manager_begin(&session->manager, session->manager.limit);
	r = manager_connect(&session->manager, &answer.err);
	if (r < 0)
		answer.verb = SYSTEMD_ERROR;
	answer.version = session->manager.version;
	if (send_answer(&answer, r < 0 ? "" : session->manager.cgroup) == 0 && r == 0)
		while (converse(session, packet) > 0)
			;
	unit_free(&session->checked);
	manager_close(&session->manager);
	free(packet);
	return r < 0;
}

static int usage(FILE *to)
{
	fprintf(to, "usage: turtle-systemd [--limit MILLISECONDS] system|user\n"
		    "       turtle-systemd --help|--version\n"
		    "Asks systemd for units on behalf of turtle(8), which starts it with a socket as descriptor 3.\n");
	return to == stdout && fflush(to) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"limit", required_argument, NULL, 'l'},
						{"version", no_argument, NULL, 'v'},
						{0}};
	struct session session = {0};
	uint32_t limit = LIMIT_MSEC;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 'h':
			return usage(stdout);
		case 'v':
			return printf("turtle-systemd %s\n", PACKAGE_VERSION) < 0 || fflush(stdout) != 0;
		case 'l':
			if (num_u32(optarg, &limit) < 0)
				return usage(stderr);
			break;
		default:
			return usage(stderr);
		}
	if (argc - optind != 1 || (strcmp(argv[optind], "system") != 0 && strcmp(argv[optind], "user") != 0))
		return usage(stderr);
	/* Nobody but turtle has a use for us. One that is gone already is seen by the end of the socket. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		perror("turtle-systemd: PR_SET_PDEATHSIG");
		return 1;
	}
	session.manager.user = strcmp(argv[optind], "user") == 0;
	session.manager.limit = UINT64_C(1000) * limit;
	return run(&session);
}
