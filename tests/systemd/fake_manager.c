/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A systemd manager that makes no units but all the mistakes that a real one makes once in a thousand times:
 *
 *   fake_manager SOCKET [OPTION=VALUE ...]
 *
 * It listens on SOCKET, or with `bus=ADDRESS` is a service on that bus, and says "ready" on stdout. After that each
 * line of stdout is a call: its name, its strings, the pid of a PIDs property. It knows one unit.
 *
 *   version=TEXT cgroup=TEXT  what its properties say
 *   unit=STATE[,N]            the unit is there from the beginning, in this ActiveState, with N processes of others
 *   result=TEXT               the result of the job of a start (default: done)
 *   silent=start|stop         the end of that job is never told
 *   hang=MEMBER               that call is never answered
 *   refuse=TEXT               StartTransientUnit fails with this message
 *   drop=accept               the first connection ends before a word is said
 *   drop=hello                ... when it is asked for its version
 *   drop=call|work|reply      ... when StartTransientUnit was read / was done, but not answered / was answered
 *   drop=away                 as work, and nobody listens any more: the socket comes back after 100 ms
 *   twice                     ... and a second time
 *   pending                   ... and the unit's job has not ended by then, it does 100 ms later
 *   late                      nobody listens on the socket for the first 100 ms
 *   backlog                   the queue of connections is full for the first 100 ms
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define PAUSE_USEC 100000
#define MANAGER    "org.freedesktop.systemd1.Manager"
#define ROOT       "/org/freedesktop/systemd1"

static struct {
	const char *path, *bus, *version, *cgroup, *result, *silent, *hang, *refuse, *drop;
	bool pending, backlog, late, twice;
} options = {.version = "257.9-1~deb13u1", .cgroup = "", .result = "done"};

static struct {
	char state[32];
	unsigned n_others;
	uint32_t pid; /* ours in it, or 0 */
	char job[64]; /* of it; "" if none */
	const char *job_result;
} unit;

static FILE *calls;
static sd_event *event;
static sd_event_source *accepting;
static int listener = -1, fillers[64];
static sd_bus *clients[16];
static unsigned n_clients, n_jobs;

static void need(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "fake_manager: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(calls, format, ap);
	va_end(ap);
	fputc('\n', calls);
	fflush(calls);
}

static bool is(const char *option, const char *value)
{
	return option && strcmp(option, value) == 0;
}

static void later(sd_event_time_handler_t handler)
{
	need(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, PAUSE_USEC, 1, handler, NULL), "set a timer");
}

/* ---- Jobs ------------------------------------------------------------------------------------------------- */

/* To everybody, as systemd does; a job of somebody else goes in front. */
static void tell(unsigned id, const char *job, const char *result)
{
	for (unsigned i = 0; i < n_clients; i++) {
		if (sd_bus_is_ready(clients[i]) <= 0)
			continue;
		need(sd_bus_emit_signal(clients[i], ROOT, MANAGER, "JobRemoved", "uoss", id, job, "x.scope", result),
		     "emit a signal");
		need(sd_bus_flush(clients[i]), "flush");
	}
}

static void end_job(void)
{
	tell(7, ROOT "/job/7", "timeout");
	tell(n_jobs, unit.job, unit.job_result);
	unit.job[0] = '\0';
}

static int on_pending(sd_event_source *source, uint64_t usec, void *arg)
{
	end_job();
	return 0;
}

static void begin_job(const char *result)
{
	snprintf(unit.job, sizeof(unit.job), ROOT "/job/%u", ++n_jobs);
	unit.job_result = result;
}

/* ---- Connections ------------------------------------------------------------------------------------------ */

static int on_message(sd_bus_message *message, void *arg, sd_bus_error *error);

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	sd_id128_t id = {.bytes = {1}};
	sd_bus *bus = NULL;

	if (sock < 0)
		return 0;
	if (is(options.drop, "accept")) {
		options.drop = NULL;
		close(sock);
		return 0;
	}
	need(sd_bus_new(&bus), "new bus");
	need(sd_bus_set_fd(bus, sock, sock), "set fd");
	need(sd_bus_set_server(bus, 1, id), "set server");
	need(sd_bus_set_anonymous(bus, 1), "set anonymous");
	need(sd_bus_add_filter(bus, NULL, on_message, NULL), "add filter");
	need(sd_bus_start(bus), "start");
	need(sd_bus_attach_event(bus, event, 0), "attach");
	clients[n_clients++ % (sizeof(clients) / sizeof(*clients))] = bus;
	return 0;
}

static void start_listening(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", options.path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    (!options.late && listen(listener, options.backlog ? 0 : 16) < 0))
		need(-errno, options.path);
	for (size_t i = 0; options.backlog && i < sizeof(fillers) / sizeof(*fillers); i++) {
		fillers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(fillers[i], (struct sockaddr *)&sa, sizeof(sa)) < 0 && errno == EAGAIN)
			return;
	}
	if (options.backlog)
		need(-EINVAL, "fill the queue");
}

static int on_time_to_accept(sd_event_source *source, uint64_t usec, void *arg)
{
	if (listener < 0)
		start_listening();
	if (options.late && listen(listener, 16) < 0)
		need(-errno, "listen");
	need(sd_event_add_io(event, &accepting, listener, EPOLLIN, on_connection, NULL), "wait for connections");
	return 0;
}

static int drop(sd_bus_message *message)
{
	if (is(options.drop, "away")) {
		unlink(options.path);
		accepting = sd_event_source_unref(accepting);
		close(listener);
		listener = -1;
		later(on_time_to_accept);
	}
	if (!options.twice)
		options.drop = NULL;
	options.twice = false;
	sd_bus_close(sd_bus_message_get_bus(message));
	if (options.pending)
		later(on_pending);
	return 1;
}

/* ---- Calls ------------------------------------------------------------------------------------------------ */

/* The number in PIDs=, out of a(sv). */
static uint32_t read_pid(sd_bus_message *message)
{
	uint32_t pid = 0;
	const char *name;

	need(sd_bus_message_enter_container(message, 'a', "(sv)"), "read properties");
	while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
		need(sd_bus_message_read(message, "s", &name), "read a name");
		if (strcmp(name, "PIDs") == 0)
			need(sd_bus_message_read(message, "v", "au", 1, &pid), "read PIDs");
		else
			need(sd_bus_message_skip(message, "v"), "skip a value");
		need(sd_bus_message_exit_container(message), "leave a property");
	}
	need(sd_bus_message_exit_container(message), "leave properties");
	return pid;
}

static int start_unit(sd_bus_message *message)
{
	const char *name, *mode;
	uint32_t pid;

	need(sd_bus_message_read(message, "ss", &name, &mode), "read StartTransientUnit");
	pid = read_pid(message);
	say("StartTransientUnit %s %s %u", name, mode, pid);
	if (is(options.drop, "call"))
		return drop(message);
	if (options.refuse)
		return sd_bus_reply_method_errorf(message, "org.freedesktop.DBus.Error.PropertyReadOnly", "%s",
						  options.refuse);
	if (*unit.state)
		return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.UnitExists",
						  "Unit %s was already loaded or has a fragment file.", name);
	snprintf(unit.state, sizeof(unit.state), "%s", strcmp(options.result, "done") == 0 ? "active" : "failed");
	unit.pid = pid;
	begin_job(options.result);
	if (is(options.drop, "work") || is(options.drop, "away")) {
		if (!options.pending)
			end_job();
		return drop(message);
	}
	/* Also a job that ends before ours has a path. */
	tell(6, ROOT "/job/6", "failed");
	need(sd_bus_reply_method_return(message, "o", unit.job), "reply");
	need(sd_bus_flush(sd_bus_message_get_bus(message)), "flush");
	if (is(options.drop, "reply")) {
		if (!options.pending) {
			unit.job[0] = '\0'; /* ended while nobody could hear it */
		}
		return drop(message);
	}
	if (!is(options.silent, "start"))
		end_job();
	return 1;
}

static int stop_unit(sd_bus_message *message)
{
	const char *name, *mode;

	need(sd_bus_message_read(message, "ss", &name, &mode), "read StopUnit");
	say("StopUnit %s %s", name, mode);
	if (!*unit.state)
		return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.",
						  name);
	if (strcmp(unit.state, "failed") != 0)
		unit.state[0] = '\0';
	unit.pid = unit.n_others = 0;
	begin_job("done");
	need(sd_bus_reply_method_return(message, "o", unit.job), "reply");
	need(sd_bus_flush(sd_bus_message_get_bus(message)), "flush");
	if (!is(options.silent, "stop"))
		end_job();
	return 1;
}

static int reset_unit(sd_bus_message *message)
{
	const char *name;

	need(sd_bus_message_read(message, "s", &name), "read ResetFailedUnit");
	say("ResetFailedUnit %s", name);
	if (!*unit.state)
		return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.",
						  name);
	if (strcmp(unit.state, "failed") == 0 || strcmp(unit.state, "inactive") == 0)
		unit.state[0] = '\0';
	return sd_bus_reply_method_return(message, NULL);
}

static int list_processes(sd_bus_message *message)
{
	sd_bus_message *reply = NULL;
	const char *name;

	need(sd_bus_message_read(message, "s", &name), "read GetUnitProcesses");
	say("GetUnitProcesses %s", name);
	need(sd_bus_message_new_method_return(message, &reply), "new reply");
	need(sd_bus_message_open_container(reply, 'a', "(sus)"), "open");
	for (unsigned i = 0; i < unit.n_others; i++)
		need(sd_bus_message_append(reply, "(sus)", "/x", 100000 + i, "sleep"), "append");
	if (unit.pid)
		need(sd_bus_message_append(reply, "(sus)", "/x", unit.pid, "init"), "append");
	need(sd_bus_message_close_container(reply), "close");
	need(sd_bus_send(NULL, reply, NULL), "send");
	sd_bus_message_unref(reply);
	return 1;
}

static int get_property(sd_bus_message *message)
{
	const char *interface, *property;

	need(sd_bus_message_read(message, "ss", &interface, &property), "read Get");
	say("Get %s", property);
	if (is(options.drop, "hello"))
		return drop(message);
	if (strcmp(property, "Version") == 0)
		return sd_bus_reply_method_return(message, "v", "s", options.version);
	if (strcmp(property, "ControlGroup") == 0)
		return sd_bus_reply_method_return(message, "v", "s", options.cgroup);
	if (strcmp(property, "ActiveState") == 0)
		return sd_bus_reply_method_return(message, "v", "s", *unit.state ? unit.state : "inactive");
	if (strcmp(property, "Job") == 0)
		return sd_bus_reply_method_return(message, "v", "(uo)", *unit.job ? n_jobs : 0,
						  *unit.job ? unit.job : "/");
	return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_UNKNOWN_PROPERTY, "Unknown property %s", property);
}

static int set_properties(sd_bus_message *message)
{
	const char *name;
	int runtime;

	need(sd_bus_message_read(message, "sb", &name, &runtime), "read SetUnitProperties");
	say("SetUnitProperties %s %s", name, runtime ? "runtime" : "persistent");
	return sd_bus_reply_method_return(message, NULL);
}

static int attach(sd_bus_message *message)
{
	const char *name, *subgroup;
	uint32_t pid;

	need(sd_bus_message_read(message, "ssau", &name, &subgroup, 1, &pid), "read AttachProcessesToUnit");
	say("AttachProcessesToUnit %s %s %u", name, subgroup, pid);
	return sd_bus_reply_method_return(message, NULL);
}

static int subscribe(sd_bus_message *message)
{
	say("Subscribe");
	return sd_bus_reply_method_return(message, NULL);
}

static int on_message(sd_bus_message *message, void *arg, sd_bus_error *error)
{
	static const struct {
		const char *member;
		int (*serve)(sd_bus_message *message);
	} known[] = {
		{"StartTransientUnit", start_unit},   {"StopUnit", stop_unit},  {"ResetFailedUnit", reset_unit},
		{"GetUnitProcesses", list_processes}, {"Get", get_property},    {"SetUnitProperties", set_properties},
		{"AttachProcessesToUnit", attach},    {"Subscribe", subscribe},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (sd_bus_message_is_method_call(message, NULL, known[i].member) <= 0)
			continue;
		if (is(options.hang, known[i].member)) {
			say("%s", known[i].member);
			return 1;
		}
		return known[i].serve(message);
	}
	return 0;
}

/* ---- Start ------------------------------------------------------------------------------------------------ */

static void parse_option(char *text)
{
	static const struct {
		const char *name, **value;
	} known[] = {
		{"bus", &options.bus},       {"version", &options.version}, {"cgroup", &options.cgroup},
		{"result", &options.result}, {"silent", &options.silent},   {"hang", &options.hang},
		{"refuse", &options.refuse}, {"drop", &options.drop},
	};
	char *equals = strchr(text, '=');

	if (strcmp(text, "pending") == 0) {
		options.pending = true;
		return;
	}
	if (strcmp(text, "twice") == 0) {
		options.twice = true;
		return;
	}
	if (strcmp(text, "late") == 0) {
		options.late = true;
		return;
	}
	if (strcmp(text, "backlog") == 0) {
		options.backlog = true;
		return;
	}
	if (equals && strncmp(text, "unit=", 5) == 0) {
		if (sscanf(equals + 1, "%31[a-z],%u", unit.state, &unit.n_others) >= 1)
			return;
	}
	for (size_t i = 0; equals && i < sizeof(known) / sizeof(*known); i++) {
		if (strncmp(text, known[i].name, (size_t)(equals - text)) != 0 || known[i].name[equals - text] != '\0')
			continue;
		*known[i].value = equals + 1;
		return;
	}
	need(-EINVAL, text);
}

static void serve_bus(void)
{
	sd_bus *bus = NULL;

	need(sd_bus_new(&bus), "new bus");
	need(sd_bus_set_address(bus, options.bus), "set address");
	need(sd_bus_set_bus_client(bus, 1), "set bus client");
	need(sd_bus_start(bus), "start");
	need(sd_bus_request_name(bus, "org.freedesktop.systemd1", 0), "request name");
	need(sd_bus_add_filter(bus, NULL, on_message, NULL), "add filter");
	need(sd_bus_attach_event(bus, event, 0), "attach");
	clients[n_clients++] = bus;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	options.path = argv[1];
	calls = fopen(argv[2], "we");
	if (!calls)
		need(-errno, argv[2]);
	for (int i = 3; i < argc; i++)
		parse_option(argv[i]);
	need(sd_event_new(&event), "new event loop");
	if (options.bus) {
		serve_bus();
	} else {
		start_listening();
		if (options.backlog || options.late)
			later(on_time_to_accept);
		else
			on_time_to_accept(NULL, 0, NULL);
	}
	puts("ready");
	fflush(stdout);
	need(sd_event_loop(event), "serve");
	return 0;
}
