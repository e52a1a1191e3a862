/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a systemd manager: finding it, calling it, and finding it again when it has gone away in the middle
 * (daemon-reexec, a restarted D-Bus).
 */
#ifndef TURTLE_SYSTEMD_MANAGER_H
#define TURTLE_SYSTEMD_MANAGER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define SYSTEMD_NAME       "org.freedesktop.systemd1"
#define SYSTEMD_PATH       "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER    "org.freedesktop.systemd1.Manager"
#define SYSTEMD_NO_UNIT    "org.freedesktop.systemd1.NoSuchUnit"
#define SYSTEMD_UNIT_THERE "org.freedesktop.systemd1.UnitExists"

/* How often one request may lose its connection: one daemon-reexec follows the other where packages are installed. */
#define MANAGER_LOSSES 5

/* Where a manager may be found. */
struct place {
	char *address;  /* of a D-Bus server; owned */
	char *path;     /* the same as a path; NULL when the address comes out of the environment; owned */
	bool is_daemon; /* a D-Bus daemon listens there, with systemd behind it */
};

struct manager {
	bool user;
	uint64_t limit;    /* microseconds that a request may take */
	uint64_t deadline; /* of the one at work, monotonic clock */

	sd_bus *bus;
	struct place place;  /* where that is */
	bool subscribed;     /* its signals reach us */
	unsigned generation; /* counts the connections */

	uint32_t version;
	char *cgroup;
};

/* Tries the places where it may listen, and asks it for its version and cgroup. */
int manager_connect(struct manager *manager, struct err *err);
void manager_close(struct manager *manager);

/* The request at work may take `limit` from now on. */
void manager_begin(struct manager *manager, uint64_t limit);

/* A method call; fill adds its arguments. */
struct call {
	const char *path, *interface, *member; /* path and interface NULL: of the manager */
	int (*fill)(sd_bus_message *message, const void *arg);
	const void *arg;
};

/*
 * Calls until the deadline. A connection that is lost meanwhile is made again and the call repeated: generation tells.
 * Returns a negative errno with ret_error filled, which sd_bus_error_free() frees. ret_reply may be NULL.
 */
int manager_call(struct manager *manager, const struct call *call, sd_bus_error *ret_error, sd_bus_message **ret_reply);

/* Makes the lost connection again. */
int manager_reconnect(struct manager *manager);
bool manager_lost(const struct manager *manager);

/* Has signals of the manager sent to us. To be called before what causes them. */
int manager_subscribe(struct manager *manager, sd_bus_error *ret_error);

/*
 * Waits for the end of the job, and copies its result ("done", "failed", ...) into *ret_result, malloc'ed. -ETIMEDOUT
 * after the deadline; any other error: the connection is lost.
 */
int manager_await_job(struct manager *manager, const char *job, char **ret_result);

/* "257.9-1~deb13u1" -> 257 */
int version_parse(const char *text, uint32_t *ret);

static inline void cleanup_message(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

#define _cleanup_message_ __attribute__((cleanup(cleanup_message)))
#define _cleanup_error_   __attribute__((cleanup(sd_bus_error_free)))

#endif
