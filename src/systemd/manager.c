/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to systemd. A manager listens on a private socket of its own, where nobody is between it and us: no hop,
 * no daemon that could be restarted, and signals without asking. The bus is the second choice.
 */
#include "systemd/manager.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* A manager that executes itself anew may still take connections that it then drops. */
#define RECONNECT_TRIES 8
/* How long one is waited for that was not there in the beginning. A socket that somebody has left behind looks alike.
 */
#define COMEBACK_LIMIT (10 * USEC_PER_SEC)
/*
 * sd-bus watches for a socket to appear, but nothing tells when somebody listens on one that has just appeared: it is
 * tried again after this time, then twice this time, and so on.
 */
#define RECONNECT_STEP (USEC_PER_SEC / 20)

/* What somebody else says about an error. */
#define WHY_SIZE 256

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t time_left(const struct manager *manager)
{
	uint64_t now = now_usec();

	return now < manager->deadline ? manager->deadline - now : 0;
}

void manager_begin(struct manager *manager, uint64_t limit)
{
	manager->deadline = now_usec() + limit;
}

bool manager_lost(const struct manager *manager)
{
	return !manager->bus || sd_bus_is_open(manager->bus) <= 0;
}

/* "unix:path=..." with everything that means something in an address written as %XX. */
static char *path_address(const char *path)
{
	static const char prefix[] = "unix:path=";
	char *address = malloc(sizeof(prefix) + 3 * strlen(path)), *p = address;

	if (!address)
		return NULL;
	p = stpcpy(p, prefix);
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("-_/.", *path))
			*p++ = *path;
		else
			p += snprintf(p, 4, "%%%02x", (unsigned char)*path);
	}
	*p = '\0';
	return address;
}

static int place_at(struct place *place, const char *dir, const char *name, bool is_daemon)
{
	if (asprintf(&place->path, "%s/%s", dir, name) < 0) {
		place->path = NULL;
		return -ENOMEM;
	}
	place->address = path_address(place->path);
	place->is_daemon = is_daemon;
	return place->address ? 0 : -ENOMEM;
}

static void place_free(struct place *place)
{
	free(place->address);
	free(place->path);
	*place = (struct place){0};
}

static const char *place_name(const struct place *place)
{
	return place->path ? place->path : place->address;
}

/* The bus of an address out of the environment, or at the usual place. */
static int place_of_bus(struct place *place, const char *variable, const char *dir, const char *name)
{
	const char *address = getenv(variable);

	if (!address || !*address)
		return place_at(place, dir, name, true);
	place->address = strdup(address);
	place->is_daemon = true;
	return place->address ? 0 : -ENOMEM;
}

static int find_places(bool user, struct place ret[2])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char usual[64];
	int r;

	if (!user) {
		r = place_at(&ret[0], "/run/systemd", "private", false);
		return r < 0 ? r : place_of_bus(&ret[1], "DBUS_SYSTEM_BUS_ADDRESS", "/run/dbus", "system_bus_socket");
	}
	/* cron, sudo and su leave the variable out; where logind makes the directory is known. */
	if (!runtime || runtime[0] != '/') {
		snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned)geteuid());
		runtime = usual;
	}
	r = place_at(&ret[0], runtime, "systemd/private", false);
	return r < 0 ? r : place_of_bus(&ret[1], "DBUS_SESSION_BUS_ADDRESS", runtime, "bus");
}

/*
 * sd-bus connects without blocking and fails where the queue of connections is full (EAGAIN). Here the kernel waits for
 * room in it.
 */
static int connect_blocking(const char *path, uint64_t limit)
{
	struct timeval timeout = {.tv_sec = (time_t)(limit / USEC_PER_SEC),
				  .tv_usec = (suseconds_t)(limit % USEC_PER_SEC)};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	int r;

	/* No time at all means for ever to the kernel. */
	if (limit == 0)
		return -ETIMEDOUT;
	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	do
		r = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
	while (r == -EINTR);
	return r < 0 ? r : TAKE_FD(fd);
}

/* fd: connected already; -1: sd-bus does that. wait: also for a socket that is not there yet. */
static int open_bus(const struct place *place, int fd, bool wait, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_new(&bus);
	if (r >= 0)
		r = fd >= 0 ? sd_bus_set_fd(bus, fd, fd) : sd_bus_set_address(bus, place->address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, place->is_daemon);
	if (r >= 0 && fd < 0)
		r = sd_bus_set_watch_bind(bus, wait);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		sd_bus_unref(bus);
	else
		*ret = bus;
	return r;
}

/* Connects, but hears nothing of the other side yet. */
static int connect_to(struct manager *manager, const struct place *place, bool wait)
{
	int r, fd;

	r = open_bus(place, -1, wait, &manager->bus);
	if (r != -EAGAIN || !place->path)
		return r;
	fd = connect_blocking(place->path, time_left(manager));
	if (fd < 0)
		return fd;
	r = open_bus(place, fd, wait, &manager->bus);
	if (r < 0)
		cleanup_close(&fd);
	return r;
}

/* Until the other side has let us in, at most for so long. */
static int await_ready(struct manager *manager, uint64_t limit)
{
	uint64_t end = now_usec() + limit, now;
	int r;

	for (;;) {
		r = sd_bus_is_ready(manager->bus);
		if (r != 0)
			return r < 0 ? r : 0;
		r = sd_bus_process(manager->bus, NULL);
		if (r < 0)
			return r;
		if (manager_lost(manager))
			return -ECONNRESET;
		if (r > 0)
			continue;
		now = now_usec();
		if (now >= end)
			return -ETIMEDOUT;
		r = sd_bus_wait(manager->bus, end - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

static void drop_bus(struct manager *manager)
{
	sd_bus_close(manager->bus);
	manager->bus = sd_bus_unref(manager->bus);
	manager->subscribed = false;
}

int version_parse(const char *text, uint32_t *ret)
{
	uint32_t version = 0;

	if (*text == 'v')
		text++;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++) {
		if (version > UINT32_MAX / 10 - 1)
			return -ERANGE;
		version = version * 10 + (uint32_t)(*text - '0');
	}
	*ret = version;
	return 0;
}

/* ---- Version and cgroup: both are asked for before either is answered ------------------------------------- */

struct greeting {
	unsigned n_answers;
	int result;
	char why[WHY_SIZE];
	char *version, *cgroup;
};

static int keep_answer(struct greeting *greeting, sd_bus_message *reply, char **ret)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	const char *text;
	int r;

	greeting->n_answers++;
	if (error) {
		greeting->result = -sd_bus_error_get_errno(error);
		snprintf(greeting->why, sizeof(greeting->why), "%s", error->message ? error->message : error->name);
		return 0;
	}
	r = sd_bus_message_read(reply, "v", "s", &text);
	if (r >= 0) {
		*ret = strdup(text);
		r = *ret ? 0 : -ENOMEM;
	}
	if (r < 0)
		greeting->result = r;
	return 0;
}

static int on_version(sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	struct greeting *greeting = arg;

	return keep_answer(greeting, reply, &greeting->version);
}

static int on_cgroup(sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	struct greeting *greeting = arg;

	return keep_answer(greeting, reply, &greeting->cgroup);
}

static int ask(struct manager *manager, const char *property, sd_bus_message_handler_t handler,
	       struct greeting *greeting)
{
	return sd_bus_call_method_async(manager->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH,
					"org.freedesktop.DBus.Properties", "Get", handler, greeting, "ss",
					SYSTEMD_MANAGER, property);
}

/* On failure why says more than the errno, or is "". */
static int greet(struct manager *manager, char why[static WHY_SIZE])
{
	struct greeting greeting = {0};
	int r;

	r = ask(manager, "Version", on_version, &greeting);
	if (r >= 0)
		r = ask(manager, "ControlGroup", on_cgroup, &greeting);
	while (r >= 0 && greeting.n_answers < 2) {
		r = sd_bus_process(manager->bus, NULL);
		if (r >= 0 && greeting.n_answers < 2 && manager_lost(manager))
			r = -ECONNRESET;
		if (r != 0)
			continue;
		r = time_left(manager) > 0 ? sd_bus_wait(manager->bus, time_left(manager)) : -ETIMEDOUT;
		if (r == -EINTR)
			r = 0;
	}
	if (r >= 0)
		r = greeting.result;
	/* sd-bus answers in the place of somebody who went away. */
	if (r < 0 && manager_lost(manager)) {
		r = -ECONNRESET;
		greeting.why[0] = '\0';
	}
	if (r >= 0) {
		r = version_parse(greeting.version, &manager->version);
		if (r < 0)
			snprintf(greeting.why, sizeof(greeting.why), "its version \"%.100s\" is not understood",
				 greeting.version);
	}
	memcpy(why, greeting.why, sizeof(greeting.why));
	/* The system's manager has all of the tree, and writes that as "". */
	if (r >= 0)
		manager->cgroup = *greeting.cgroup ? TAKE_PTR(greeting.cgroup) : strdup("/");
	if (r >= 0 && !manager->cgroup)
		r = -ENOMEM;
	free(greeting.version);
	free(greeting.cgroup);
	return r < 0 ? r : 0;
}

/* ---- Connecting ------------------------------------------------------------------------------------------- */

/* Why no manager answered: the first reason that says more than "there is none". */
static int nobody_there(struct manager *manager, const struct place *places, size_t n, const int *results,
			char whys[][WHY_SIZE], struct err *err)
{
	size_t telling = 0;

	while (telling < n && results[telling] == -ENOENT)
		telling++;
	if (telling == n)
		telling = 0;
	if (*whys[telling])
		err_msg(err, results[telling], "systemd: no %s manager at %s or %s: %s",
			manager->user ? "user" : "system", place_name(&places[0]), place_name(&places[1]),
			whys[telling]);
	else
		err_set(err, results[telling], "systemd: no %s manager at %s or %s", manager->user ? "user" : "system",
			place_name(&places[0]), place_name(&places[1]));
	return err_hint(err, "%s use --cgroup-manager=cgroupfs",
			manager->user ? "is there a login session?" : "is systemd running?");
}

/* One attempt: whoever listens there must answer. */
static int try_place(struct manager *manager, const struct place *place, char why[static WHY_SIZE])
{
	int r = connect_to(manager, place, false);

	if (r >= 0)
		r = greet(manager, why);
	if (r < 0)
		drop_bus(manager);
	return r;
}

int manager_reconnect(struct manager *manager)
{
	uint64_t step = RECONNECT_STEP, left;
	int r = -ECONNRESET;

	for (int dropped = 0; dropped < RECONNECT_TRIES && (left = time_left(manager)) > 0;) {
		drop_bus(manager);
		r = connect_to(manager, &manager->place, true);
		if (r < 0)
			break;
		r = await_ready(manager, step < left ? step : left);
		if (r >= 0) {
			manager->generation++;
			return 0;
		}
		if (r == -ETIMEDOUT)
			step *= 2;
		else
			dropped++;
	}
	return r;
}

/* A manager is there, or was a moment ago: it refuses or drops us while it executes itself anew. */
static bool may_come_back(int result)
{
	return result == -ECONNREFUSED || result == -ECONNRESET || result == -EPIPE;
}

/* Waits for such a manager at the place. */
static int await_manager(struct manager *manager, char why[static WHY_SIZE])
{
	int r;

	manager_begin(manager, manager->limit < COMEBACK_LIMIT ? manager->limit : COMEBACK_LIMIT);
	do {
		r = manager_reconnect(manager);
		if (r >= 0)
			r = greet(manager, why);
	} while (may_come_back(r) && time_left(manager) > 0);
	return r;
}

int manager_connect(struct manager *manager, struct err *err)
{
	struct place places[2] = {0};
	char whys[2][WHY_SIZE] = {"", ""};
	int results[2], r;

	r = find_places(manager->user, places);
	if (r < 0) {
		err_set(err, r, "connect to systemd");
		goto out;
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		r = results[i] = try_place(manager, &places[i], whys[i]);
		if (r >= 0) {
			manager->place = places[i];
			places[i] = (struct place){0};
			goto out;
		}
	}
	if (may_come_back(results[0])) {
		manager->place = places[0];
		results[0] = await_manager(manager, whys[0]);
		r = results[0];
		if (r < 0)
			manager->place = (struct place){0};
		else
			places[0] = (struct place){0};
	}
	if (r < 0)
		r = nobody_there(manager, places, ARRAY_SIZE(places), results, whys, err);
out:
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		place_free(&places[i]);
	return r < 0 ? r : 0;
}

void manager_close(struct manager *manager)
{
	drop_bus(manager);
	place_free(&manager->place);
	free(manager->cgroup);
	manager->cgroup = NULL;
}

/* ---- Calls and signals ------------------------------------------------------------------------------------ */

static int call_once(struct manager *manager, const struct call *call, sd_bus_error *ret_error,
		     sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *message = NULL;
	uint64_t left = time_left(manager);
	int r;

	r = sd_bus_message_new_method_call(manager->bus, &message, SYSTEMD_NAME, call->path ? call->path : SYSTEMD_PATH,
					   call->interface ? call->interface : SYSTEMD_MANAGER, call->member);
	if (r >= 0)
		r = call->fill(message, call->arg);
	/* 0 would be sd-bus's own limit. */
	if (r >= 0)
		r = sd_bus_call(manager->bus, message, left > 0 ? left : 1, ret_error, ret_reply);
	if (r < 0 && !sd_bus_error_is_set(ret_error))
		sd_bus_error_set_errno(ret_error, r);
	return r < 0 ? r : 0;
}

int manager_call(struct manager *manager, const struct call *call, sd_bus_error *ret_error, sd_bus_message **ret_reply)
{
	for (int losses = 0;; losses++) {
		int r;

		if (manager_lost(manager)) {
			r = manager_reconnect(manager);
			if (r < 0)
				return sd_bus_error_setf(
					ret_error, SD_BUS_ERROR_DISCONNECTED,
					"the connection to systemd at %s is lost, and not to be had again: %s",
					place_name(&manager->place), strerror(-r));
		}
		r = call_once(manager, call, ret_error, ret_reply);
		if (r >= 0 || !manager_lost(manager) || losses == MANAGER_LOSSES)
			return r;
		sd_bus_error_free(ret_error);
	}
}

int manager_subscribe(struct manager *manager, sd_bus_error *ret_error)
{
	uint64_t left = time_left(manager);
	int r;

	/* On its private socket systemd sends them to everybody. */
	if (!manager->place.is_daemon || manager->subscribed)
		return 0;
	/* 0 would be sd-bus's own limit. */
	sd_bus_set_method_call_timeout(manager->bus, left > 0 ? left : 1);
	r = sd_bus_call_method(manager->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
			       "AddMatch", ret_error, NULL, "s",
			       "type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH
			       "',interface='" SYSTEMD_MANAGER "',member='JobRemoved'");
	if (r >= 0)
		r = sd_bus_call_method(manager->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe",
				       ret_error, NULL, NULL);
	manager->subscribed = r >= 0;
	return r < 0 ? r : 0;
}

/* Whether the message tells the end of this job. */
static bool job_result(sd_bus_message *message, const char *job, const char **ret_result)
{
	const char *path, *unit;
	uint32_t id;

	return sd_bus_message_is_signal(message, SYSTEMD_MANAGER, "JobRemoved") > 0 &&
	       sd_bus_message_read(message, "uoss", &id, &path, &unit, ret_result) >= 0 && strcmp(path, job) == 0;
}

int manager_await_job(struct manager *manager, const char *job, char **ret_result)
{
	for (;;) {
		_cleanup_message_ sd_bus_message *message = NULL;
		const char *result;
		int r;

		r = sd_bus_process(manager->bus, &message);
		if (r < 0)
			return r;
		if (message && job_result(message, job, &result)) {
			*ret_result = strdup(result);
			return *ret_result ? 0 : -ENOMEM;
		}
		if (manager_lost(manager))
			return -ECONNRESET;
		if (r > 0)
			continue;
		if (time_left(manager) == 0)
			return -ETIMEDOUT;
		r = sd_bus_wait(manager->bus, time_left(manager));
		if (r < 0 && r != -EINTR)
			return r;
	}
}
