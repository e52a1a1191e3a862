/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of units. Starting and stopping are jobs: the call returns the path of one, and a signal tells how it ended.
 * Whatever goes wrong on the way of a start ends in a unit that is not there and an error that says why.
 */
#include "systemd/unit.h"

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What cleaning up may take after a failure, in microseconds: the request has had its time already. */
#define CLEANUP_LIMIT UINT64_C(5000000)

/* A unit of this name is in the way: how often that is cleared away. */
#define START_TRIES 3

void unit_free(struct unit *unit)
{
	for (size_t i = 0; i < unit->n_properties; i++)
		property_free(&unit->properties[i]);
	free(unit->properties);
	free(unit->name);
	*unit = (struct unit){0};
}

/* ---- Calls ------------------------------------------------------------------------------------------------ */

struct start_arguments {
	const struct unit *unit;
	pid_t pid;
};

static int fill_properties(sd_bus_message *message, const struct unit *unit, pid_t pid)
{
	int r;

	r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "(sv)");
	for (size_t i = 0; r >= 0 && i < unit->n_properties; i++)
		r = property_append(message, &unit->properties[i]);
	if (r >= 0 && pid > 0)
		r = sd_bus_message_append(message, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int fill_start(sd_bus_message *message, const void *arg)
{
	const struct start_arguments *start = arg;
	int r;

	r = sd_bus_message_append(message, "ss", start->unit->name, "fail");
	if (r >= 0)
		r = fill_properties(message, start->unit, start->pid);
	/* Auxiliary units: none. */
	return r < 0 ? r : sd_bus_message_append(message, "a(sa(sv))", 0);
}

static int fill_set(sd_bus_message *message, const void *arg)
{
	const struct unit *unit = arg;
	int r;

	r = sd_bus_message_append(message, "sb", unit->name, true);
	return r < 0 ? r : fill_properties(message, unit, 0);
}

static int fill_stop(sd_bus_message *message, const void *arg)
{
	return sd_bus_message_append(message, "ss", arg, "replace");
}

static int fill_name(sd_bus_message *message, const void *arg)
{
	return sd_bus_message_append(message, "s", arg);
}

struct attach_arguments {
	const char *name, *subgroup;
	pid_t pid;
};

static int fill_attach(sd_bus_message *message, const void *arg)
{
	const struct attach_arguments *attach = arg;

	return sd_bus_message_append(message, "ssau", attach->name, attach->subgroup, 1, (uint32_t)attach->pid);
}

static int fill_property(sd_bus_message *message, const void *arg)
{
	return sd_bus_message_append(message, "ss", "org.freedesktop.systemd1.Unit", arg);
}

/* The error of systemd behind our words, which begin with what was tried. */
static int failed(const struct manager *manager, const sd_bus_error *error, int r, struct err *err, const char *what,
		  const char *unit)
{
	if (r == -ETIMEDOUT)
		return err_msg(err, r, "systemd: %s %s: not done in %g s", what, unit, (double)manager->limit / 1e6);
	return err_msg(err, r, "systemd: %s %s: %s", what, unit, error->message ? error->message : strerror(-r));
}

static bool is_gone(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SYSTEMD_NO_UNIT);
}

/* The path of the job that a call has made; malloc'ed. */
static int read_job(sd_bus_message *reply, char **ret)
{
	const char *path;
	int r = sd_bus_message_read(reply, "o", &path);

	if (r < 0)
		return r;
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

/* ---- What a unit is doing --------------------------------------------------------------------------------- */

struct situation {
	char state[32]; /* ActiveState */
	char *job;      /* of the unit, or NULL; owned */
};

static int get_property(struct manager *manager, const char *unit, const char *property, sd_bus_error *error,
			sd_bus_message **ret)
{
	_cleanup_free_ char *path = NULL;
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path);

	if (r < 0)
		return r;
	return manager_call(manager,
			    &(struct call){path, "org.freedesktop.DBus.Properties", "Get", fill_property, property},
			    error, ret);
}

static int look_once(struct manager *manager, const char *unit, struct situation *ret, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *state = NULL, *job = NULL;
	const char *text, *path;
	uint32_t id;
	int r;

	/* The job first: one that ends in between is seen in the state. */
	r = get_property(manager, unit, "Job", error, &job);
	if (r >= 0)
		r = get_property(manager, unit, "ActiveState", error, &state);
	if (r >= 0)
		r = sd_bus_message_read(job, "v", "(uo)", &id, &path);
	if (r >= 0)
		r = sd_bus_message_read(state, "v", "s", &text);
	if (r < 0)
		return r;
	snprintf(ret->state, sizeof(ret->state), "%s", text);
	ret->job = id > 0 ? strdup(path) : NULL;
	return id > 0 && !ret->job ? -ENOMEM : 0;
}

/* The end of a job that was seen over one connection is not told over the next. */
static int look_at(struct manager *manager, const char *unit, struct situation *ret, sd_bus_error *error)
{
	for (int i = 0;; i++) {
		unsigned generation = manager->generation;
		struct situation now;
		int r = look_once(manager, unit, &now, error);

		if (r < 0)
			return r;
		if (generation == manager->generation || i == MANAGER_LOSSES) {
			*ret = now;
			return 0;
		}
		free(now.job);
	}
}

static bool in_state(const struct situation *now, const char *state)
{
	return strcmp(now->state, state) == 0;
}

/* How many processes are in the unit, and whether this is one of them. */
static int look_inside(struct manager *manager, const char *unit, pid_t pid, size_t *ret_n, bool *ret_inside,
		       sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *cgroup, *command;
	bool inside = false;
	uint32_t one;
	size_t n = 0;
	int r;

	r = manager_call(manager, &(struct call){NULL, NULL, "GetUnitProcesses", fill_name, unit}, error, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sus)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(sus)", &cgroup, &one, &command)) > 0) {
		n++;
		inside |= pid > 0 && one == (uint32_t)pid;
	}
	if (r < 0)
		return r;
	*ret_n = n;
	*ret_inside = inside;
	return 0;
}

/* ---- Jobs ------------------------------------------------------------------------------------------------- */

/*
 * Waits for the job of a unit. When the connection is lost meanwhile, the unit is looked at over a new one: its job may
 * still be there, or have ended with wanted as the state. *ret_result is then "done", or the state in its place.
 */
static int await(struct manager *manager, const char *unit, const char *job, const char *wanted, char **ret_result,
		 sd_bus_error *error)
{
	_cleanup_free_ char *current = strdup(job);
	int r = current ? 0 : -ENOMEM;

	for (int i = 0; r >= 0; i++) {
		struct situation now;

		r = manager_await_job(manager, current, ret_result);
		if (r >= 0 || r == -ENOMEM || r == -ETIMEDOUT || i == MANAGER_LOSSES)
			break;
		r = manager_reconnect(manager);
		if (r >= 0)
			r = manager_subscribe(manager, error);
		if (r >= 0)
			r = look_at(manager, unit, &now, error);
		if (r < 0)
			break;
		if (!now.job) {
			*ret_result = strdup(in_state(&now, wanted) ? "done" : now.state);
			r = *ret_result ? 0 : -ENOMEM;
			break;
		}
		free(current);
		current = now.job;
	}
	return r;
}

static void reset_failed(struct manager *manager, const char *unit)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

	/* Nothing to reset, or nobody to ask: no difference to us. */
	(void)manager_call(manager, &(struct call){NULL, NULL, "ResetFailedUnit", fill_name, unit}, &error, NULL);
}

/* ret_result: of the job; "gone" when there is no such unit. */
static int stop(struct manager *manager, const char *unit, char **ret_result, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *job = NULL;
	int r;

	r = manager_subscribe(manager, error);
	if (r >= 0)
		r = manager_call(manager, &(struct call){NULL, NULL, "StopUnit", fill_stop, unit}, error, &reply);
	if (r < 0 && is_gone(error)) {
		*ret_result = strdup("gone");
		return *ret_result ? 0 : -ENOMEM;
	}
	if (r >= 0)
		r = read_job(reply, &job);
	if (r >= 0)
		r = await(manager, unit, job, "inactive", ret_result, error);
	return r;
}

/* After a failure: nothing of the unit shall be left. That has a limit of its own. */
static void clean_up(struct manager *manager, const char *unit)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *result = NULL;

	manager_begin(manager, CLEANUP_LIMIT);
	if (stop(manager, unit, &result, &error) < 0 || strcmp(result, "gone") != 0)
		reset_failed(manager, unit);
}

/* ---- The requests ----------------------------------------------------------------------------------------- */

/*
 * A unit of the name is there. A dead one is forgotten, one without processes stopped; one with processes is somebody's
 * and an error. Unless that is our own process: a connection that was lost took the answer with it, and the unit is the
 * one that we wanted. Its job is then *ret_job, "" if it has ended.
 */
static int make_room(struct manager *manager, const char *unit, pid_t pid, bool repeated, char **ret_job,
		     struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *result = NULL;
	struct situation now = {0};
	bool inside = false;
	size_t n = 0;
	int r;

	r = look_at(manager, unit, &now, &error);
	if (r >= 0 && !in_state(&now, "inactive") && !in_state(&now, "failed"))
		r = look_inside(manager, unit, pid, &n, &inside, &error);
	if (r < 0) {
		r = failed(manager, &error, r, err, "look at", unit);
	} else if (repeated && (inside || (pid == 0 && in_state(&now, "active")))) {
		*ret_job = now.job ? TAKE_PTR(now.job) : strdup("");
		if (!*ret_job)
			r = err_set(err, -ENOMEM, "systemd: start %s", unit);
	} else if (n > 0 && !in_state(&now, "deactivating")) {
		r = err_msg(err, -EEXIST, "systemd: start %s: a unit of this name is %s and has %zu process%s", unit,
			    now.state, n, n == 1 ? "" : "es");
	} else {
		/* "inactive" may have a job that is about to start it, which stopping cancels. */
		if (!in_state(&now, "failed"))
			r = stop(manager, unit, &result, &error);
		if (r < 0)
			r = failed(manager, &error, r, err, "stop a former", unit);
		else
			reset_failed(manager, unit);
	}
	free(now.job);
	return r;
}

/*
 * systemd would take a start of an active slice for a change of its properties. Whatever others run in it, or will,
 * would end with the container.
 */
static int refuse_living_slice(struct manager *manager, const char *unit, struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *dot = strrchr(unit, '.');
	struct situation now = {0};
	int r;

	if (!dot || strcmp(dot, ".slice") != 0)
		return 0;
	r = look_at(manager, unit, &now, &error);
	if (r < 0)
		return failed(manager, &error, r, err, "look at", unit);
	free(now.job);
	return in_state(&now, "active") ? err_msg(err, -EEXIST, "systemd: start %s: the slice is there already", unit)
					: 0;
}

/* The call itself. *ret_job: its job; "" when that has ended already. */
static int request_start(struct manager *manager, const struct unit *unit, pid_t pid, char **ret_job, struct err *err)
{
	struct start_arguments start = {unit, pid};
	unsigned first = manager->generation;
	int r;

	for (int i = 1;; i++) {
		_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
		_cleanup_message_ sd_bus_message *reply = NULL;

		r = manager_subscribe(manager, &error);
		if (r >= 0)
			r = manager_call(manager, &(struct call){NULL, NULL, "StartTransientUnit", fill_start, &start},
					 &error, &reply);
		if (r >= 0)
			r = read_job(reply, ret_job);
		if (r >= 0)
			return 0;
		if (!sd_bus_error_has_name(&error, SYSTEMD_UNIT_THERE)) {
			failed(manager, &error, r, err, "start", unit->name);
			/* Without an answer nobody knows what was done. */
			if (r == -ETIMEDOUT || manager_lost(manager))
				clean_up(manager, unit->name);
			return r;
		}
		if (i == START_TRIES)
			return failed(manager, &error, -EEXIST, err, "start", unit->name);
		r = make_room(manager, unit->name, pid, manager->generation != first, ret_job, err);
		if (r < 0 || *ret_job)
			return r;
	}
}

int unit_start(struct manager *manager, const struct unit *unit, pid_t pid, struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *job = NULL, *result = NULL;
	int r;

	manager_begin(manager, manager->limit);
	r = refuse_living_slice(manager, unit->name, err);
	if (r == 0)
		r = request_start(manager, unit, pid, &job, err);
	if (r < 0 || !*job)
		return r;
	r = await(manager, unit->name, job, "active", &result, &error);
	if (r >= 0 && strcmp(result, "done") == 0)
		return 0;
	if (r < 0) {
		failed(manager, &error, r, err, "start", unit->name);
	} else {
		r = err_msg(err, -EIO, "systemd: start %s: the job ended with the result \"%s\"", unit->name, result);
		err_hint(err, "see journalctl %s--unit %s", manager->user ? "--user " : "", unit->name);
	}
	clean_up(manager, unit->name);
	return r;
}

int unit_set(struct manager *manager, const struct unit *unit, struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	manager_begin(manager, manager->limit);
	r = manager_call(manager, &(struct call){NULL, NULL, "SetUnitProperties", fill_set, unit}, &error, NULL);
	return r < 0 ? failed(manager, &error, r, err, "set properties of", unit->name) : 0;
}

int unit_stop(struct manager *manager, const char *name, struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *result = NULL;
	struct situation now = {0};
	int r;

	manager_begin(manager, manager->limit);
	r = stop(manager, name, &result, &error);
	if (r < 0)
		return failed(manager, &error, r, err, "stop", name);
	if (strcmp(result, "gone") == 0)
		return 0;
	if (strcmp(result, "done") != 0) {
		/* "failed" is stopped as well; what a job that was canceled left is to be seen. */
		r = look_at(manager, name, &now, &error);
		free(now.job);
		if (r < 0)
			return failed(manager, &error, r, err, "stop", name);
		if (!in_state(&now, "inactive") && !in_state(&now, "failed"))
			return err_msg(err, -EBUSY, "systemd: stop %s: the job ended with the result \"%s\"", name,
				       result);
	}
	reset_failed(manager, name);
	return 0;
}

int unit_attach(struct manager *manager, const char *name, const char *subgroup, pid_t pid, struct err *err)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *below = NULL;
	struct attach_arguments attach = {name, "", pid};
	char what[64];
	int r;

	manager_begin(manager, manager->limit);
	if (*subgroup) {
		if (asprintf(&below, "%s%s", *subgroup == '/' ? "" : "/", subgroup) < 0) {
			below = NULL;
			return err_set(err, -ENOMEM, "systemd: move a process into %s", name);
		}
		attach.subgroup = below;
	}
	r = manager_call(manager, &(struct call){NULL, NULL, "AttachProcessesToUnit", fill_attach, &attach}, &error,
			 NULL);
	snprintf(what, sizeof(what), "move process %d into", pid);
	return r < 0 ? failed(manager, &error, r, err, what, name) : 0;
}
