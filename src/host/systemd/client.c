/* SPDX-License-Identifier: Apache-2.0 */
/* turtle's side of the conversation with turtle-systemd (src/systemd/protocol.h): one request, one answer. */
#include "host/systemd/systemd.h"

#include "base/mem.h"
#include "systemd/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A request while it is put together. */
struct packet {
	char *data;
	size_t size;
};

static void packet_free(const struct packet *packet)
{
	free(packet->data);
}

#define _cleanup_packet_ __attribute__((cleanup(packet_free)))

static int packet_begin(struct packet *packet, enum systemd_verb verb, pid_t pid, struct err *err)
{
	struct systemd_request head = {.verb = verb, .pid = pid};

	packet->data = malloc(SYSTEMD_MAX_PACKET);
	if (!packet->data)
		return err_set(err, -ENOMEM, "ask systemd");
	memcpy(packet->data, &head, sizeof(head));
	packet->size = sizeof(head);
	return 0;
}

static int packet_add(struct packet *packet, const char *string, struct err *err)
{
	struct systemd_request *head = (struct systemd_request *)(void *)packet->data;
	size_t n = strlen(string) + 1;

	if (n > SYSTEMD_MAX_PACKET - packet->size)
		return err_msg(err, -E2BIG, "systemd unit: its properties are longer than %d bytes",
			       SYSTEMD_MAX_PACKET);
	memcpy(packet->data + packet->size, string, n);
	packet->size += n;
	head->n_strings++;
	return 0;
}

/* The helper went without an answer. It is reaped here; systemd_close() finds nothing left to wait for. */
static int lost(struct systemd *systemd, struct err *err)
{
	int status = 0;
	pid_t pid;

	if (systemd->pid == 0)
		return err_msg(err, -ECHILD, "turtle-systemd has ended");
	do
		pid = waitpid(systemd->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	systemd->pid = 0;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		err_msg(err, -ECHILD, "turtle-systemd can't be run");
		return err_hint(err, "is libsystemd installed? `turtle-systemd --version` tells what it lacks");
	}
	if (pid > 0 && WIFSIGNALED(status))
		return err_msg(err, -ECHILD, "turtle-systemd was ended by signal %d", WTERMSIG(status));
	return err_msg(err, -ECHILD, "turtle-systemd ended with status %d",
		       pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* The next answer, which must be of this kind. More than its head goes to *ret_rest, malloc'ed, if that is wanted. */
static int receive(struct systemd *systemd, enum systemd_verb verb, struct systemd_answer *answer, char **ret_rest,
		   struct err *err)
{
	/* No cgroup's path is longer: it must be opened as one. */
	char rest[4096 + 1];
	struct iovec iov[2] = {{.iov_base = answer, .iov_len = sizeof(*answer)},
			       {.iov_base = rest, .iov_len = sizeof(rest) - 1}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov)};
	ssize_t n;

	do
		n = recvmsg(systemd->sock, &msg, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return lost(systemd, err);
	if (n < 0 && errno == EAGAIN)
		return err_msg(err, -ETIMEDOUT, "turtle-systemd does not answer");
	if (n < 0)
		return err_set(err, -errno, "hear from turtle-systemd");
	if ((size_t)n < sizeof(*answer) || (msg.msg_flags & MSG_TRUNC))
		return err_msg(err, -EPROTO, "turtle-systemd sent a message of %zd bytes", n);
	if (answer->verb == SYSTEMD_ERROR) {
		answer->err.msg[sizeof(answer->err.msg) - 1] = '\0';
		return err_msg(err, answer->err.code < 0 ? answer->err.code : -EPROTO, "%s", answer->err.msg);
	}
	if (answer->verb != verb)
		return err_msg(err, -EPROTO, "turtle-systemd sent an answer of kind %u in place of %u", answer->verb,
			       verb);
	rest[(size_t)n - sizeof(*answer)] = '\0';
	if (ret_rest) {
		*ret_rest = strdup(rest);
		if (!*ret_rest)
			return err_set(err, -ENOMEM, "hear from turtle-systemd");
	}
	return 0;
}

int systemd_greet(struct systemd *systemd, struct err *err)
{
	struct systemd_answer answer;
	int r;

	if (systemd->greeted)
		return 0;
	r = receive(systemd, SYSTEMD_HELLO, &answer, &systemd->cgroup, err);
	if (r < 0)
		return r;
	systemd->version = answer.version;
	systemd->greeted = true;
	return 0;
}

/* Sends it and waits for the answer. */
static int request(struct systemd *systemd, const struct packet *packet, struct err *err)
{
	struct systemd_answer answer;
	ssize_t n;
	int r;

	r = systemd_greet(systemd, err);
	if (r < 0)
		return r;
	do
		n = send(systemd->sock, packet->data, packet->size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	/* What is left of one that went is read below: its last words, or the end. */
	if (n < 0 && errno != EPIPE && errno != ECONNRESET)
		return err_set(err, -errno, "ask turtle-systemd");
	return receive(systemd, SYSTEMD_DONE, &answer, NULL, err);
}

/* CHECK and SET: the unit and its properties. */
static int request_properties(struct systemd *systemd, enum systemd_verb verb, const struct plan_unit *unit,
			      struct err *err)
{
	_cleanup_packet_ struct packet packet = {0};
	int r;

	r = packet_begin(&packet, verb, 0, err);
	if (r == 0)
		r = packet_add(&packet, unit->name, err);
	for (size_t i = 0; r == 0 && i < unit->n_properties; i++) {
		r = packet_add(&packet, unit->properties[i].name, err);
		if (r == 0)
			r = packet_add(&packet, unit->properties[i].value, err);
	}
	return r < 0 ? r : request(systemd, &packet, err);
}

/* START, STOP and ATTACH: the unit, and a second string for ATTACH. */
static int request_unit(struct systemd *systemd, enum systemd_verb verb, const char *unit, const char *more, pid_t pid,
			struct err *err)
{
	_cleanup_packet_ struct packet packet = {0};
	int r;

	r = packet_begin(&packet, verb, pid, err);
	if (r == 0)
		r = packet_add(&packet, unit, err);
	if (r == 0 && more)
		r = packet_add(&packet, more, err);
	return r < 0 ? r : request(systemd, &packet, err);
}

int systemd_check(struct systemd *systemd, const struct plan_unit *unit, struct err *err)
{
	return request_properties(systemd, SYSTEMD_CHECK, unit, err);
}

int systemd_start(struct systemd *systemd, const struct plan_unit *unit, pid_t pid, struct err *err)
{
	return request_unit(systemd, SYSTEMD_START, unit->name, NULL, pid, err);
}

int systemd_set(struct systemd *systemd, const struct plan_unit *unit, struct err *err)
{
	return request_properties(systemd, SYSTEMD_SET, unit, err);
}

int systemd_stop(struct systemd *systemd, const char *unit, struct err *err)
{
	return request_unit(systemd, SYSTEMD_STOP, unit, NULL, 0, err);
}

int systemd_attach(struct systemd *systemd, const char *unit, const char *subgroup, pid_t pid, struct err *err)
{
	return request_unit(systemd, SYSTEMD_ATTACH, unit, subgroup ? subgroup : "", pid, err);
}
