/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of checkpoint and restore: each row is a command line, and what it changes in the request that CRIU gets
 * over its socket, whose other end is the test's. host_checkpoint() and host_restore() are played by the test.
 */
#include "table.h"

#include "base/mem.h"
#include "cmd/cmd.h"
#include "host/criu/rpc.pb-c.h"
#include "host/images.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static char said[8192]; /* the options of the request, "name=value" on lines of their own */
static int said_kind;

static void say(const char *name, const char *value)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s=%s\n", name, value);
}

/* What is set of them; of messages the fields that are set. */
static void describe(const ProtobufCMessage *message, const char *above)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *at = (const char *)message + field->offset;
		const void *pointer;
		char name[100], number[24];
		int32_t value;

		snprintf(name, sizeof(name), "%s%s", above, field->name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			continue;
		if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
			memcpy(&pointer, at, sizeof(pointer));
			if (!pointer)
				continue;
			if (field->type == PROTOBUF_C_TYPE_STRING) {
				say(name, pointer);
			} else {
				strcat(name, ".");
				describe(pointer, name);
			}
		} else {
			protobuf_c_boolean has = true;

			memcpy(&value, at, sizeof(value));
			if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
				memcpy(&has, (const char *)message + field->quantifier_offset, sizeof(has));
			snprintf(number, sizeof(number), "%d", (int)value);
			if (has)
				say(name, number);
		}
	}
}

static int ask_criu(const struct criu_wishes *wishes, enum criu_work work, struct err *err)
{
	const struct images images = {.dir = 5, .work = 6};
	static const struct oci_pair none = {"org.criu.config", ""};
	struct ocispec_arena *arena = ocispec_arena_new();
	Criu__Response response = CRIU__RESPONSE__INIT;
	Criu__Restored restored = CRIU__RESTORED__INIT;
	struct criu criu = CRIU_NONE;
	struct criu_options options = {.log_file = "log"};
	Criu__Request *request;
	uint8_t packet[8192];
	int pair[2], r;
	pid_t pid;
	ssize_t n;

	assert_non_null(arena);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	criu.sock = pair[0];
	restored.pid = 7;
	response.kind = CRIU__KIND__DUMP;
	response.success = true;
	response.restored = &restored;
	n = (ssize_t)criu__response__pack(&response, packet);
	assert_int_equal(send(pair[1], packet, (size_t)n, 0), n);
	r = images_options(wishes, &images, &none, 1, arena, &options, err);
	if (r == 0)
		r = criu_do(&criu, work, &options, NULL, &pid, err);
	if (r == 0) {
		n = recv(pair[1], packet, sizeof(packet), 0);
		assert_true(n > 0);
		request = criu__request__unpack(NULL, (size_t)n, packet);
		assert_non_null(request);
		said_kind = request->kind;
		said[0] = '\0';
		describe(&request->options->base, "");
		criu__request__free_unpacked(request, NULL);
	}
	close(pair[0]);
	close(pair[1]);
	ocispec_arena_free(arena);
	return r;
}

int __wrap_host_checkpoint(const struct host_options *options, const char *id, const struct criu_wishes *wishes,
			   struct err *err);
int __wrap_host_restore(const struct host_options *options, const struct create_request *request,
			const struct criu_wishes *wishes, int *ret_status, struct err *err);

int __wrap_host_checkpoint(const struct host_options *options, const char *id, const struct criu_wishes *wishes,
			   struct err *err)
{
	(void)options;
	(void)id;
	return ask_criu(wishes, wishes->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, err);
}

int __wrap_host_restore(const struct host_options *options, const struct create_request *request,
			const struct criu_wishes *wishes, int *ret_status, struct err *err)
{
	(void)options;
	(void)request;
	(void)ret_status;
	return ask_criu(wishes, CRIU_RESTORE, err);
}

static int run_line(const struct cmd_verb *verb, const char *line, struct err *err)
{
	_cleanup_free_ char *copy = strdup(line), *request = calloc(1, verb->request_size);
	struct cmd_globals globals = {0};
	char *words[8], *rest = NULL;
	struct args args;
	int n = 0, status = 0, r;

	assert_non_null(copy);
	assert_non_null(request);
	for (char *word = strtok_r(copy, " ", &rest); word && n < 8; word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	r = args_parse(&verb->syntax, n, words, request, &args, err);
	if (r == 0)
		r = verb->run(&globals, request, args.n, args.values, &status, err);
	args_release(&verb->syntax, request);
	return r;
}

struct row {
	const char *line;     /* "c " or "r ", the options */
	const char *expected; /* the one line that is another, or more, than without them */
};

static const struct row rows[] = {
	{"c --auto-dedup", "auto_dedup=1"},
	{"c --empty-ns network", "empty_namespaces=1073741824"},
	{"c --ext-unix-sk", "ext_unix_sk=1"},
	{"c --file-locks", "file_locks=1"},
	{"c --lazy-pages", "lazy_pages=1"},
	{"c --leave-running", "leave_running=1"},
	{"c --link-remap", "link_remap=1"},
	{"c --manage-cgroups-mode ignore", "cgroups_mode=0"},
	{"c --manage-cgroups-mode full", "cgroups_mode=4"},
	{"c --manage-cgroups-mode strict", "cgroups_mode=5"},
	{"c --network-lock iptables", "network_lock=1"},
	{"c --network-lock nftables", "network_lock=2"},
	{"c --network-lock skip", "network_lock=3"},
	{"c --page-server 1.2.3.4:27", "page_server.address=1.2.3.4\npage_server.port=27"},
	{"c --page-server [::1]:27", "page_server.address=::1\npage_server.port=27"},
	{"c --parent-path ../1", "parent=../1\ntrack_memory=1"},
	{"c --pre-dump", "track_memory=1"},
	{"c --shell-job", "shell_job=1"},
	{"c --status-fd 1", "status_fd=1"},
	{"c --tcp-established", "tcp_established=1"},
	{"c --tcp-skip-in-flight", "tcp_skip_in_flight=1"},
	{"r --auto-dedup", "auto_dedup=1"},
	{"r --empty-ns network", "empty_namespaces=1073741824"},
	{"r --ext-unix-sk", "ext_unix_sk=1"},
	{"r --file-locks", "file_locks=1"},
	{"r --lazy-pages", "lazy_pages=1"},
	{"r --lsm-mount-context a:b", "lsm_mount_context=a:b"},
	{"r --lsm-profile apparmor:name", "lsm_profile=apparmor:name"},
	{"r --manage-cgroups-mode ignore", "cgroups_mode=0"},
	{"r --network-lock nftables", "network_lock=2"},
	{"r --shell-job", "shell_job=1"},
	{"r --tcp-close", "tcp_close=1"},
	{"r --tcp-established", "tcp_established=1"},
};

static void tell(const char *line)
{
	const struct cmd_verb *verb = line[0] == 'c' ? &cmd_checkpoint : &cmd_restore;
	char text[200];
	struct err err = {0};

	snprintf(text, sizeof(text), "%s id", line + 2);
	if (run_line(verb, text, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_option(void **state)
{
	const struct row *row = *state;
	char before[sizeof(said) + 2], changed[sizeof(said)] = "", *rest = NULL;

	tell(row->line[0] == 'c' ? "c " : "r ");
	assert_int_equal(said_kind, row->line[0] == 'c' ? CRIU__KIND__DUMP : CRIU__KIND__RESTORE);
	snprintf(before, sizeof(before), "\n%s", said);
	tell(row->line);
	if (strstr(row->line, "--pre-dump"))
		assert_int_equal(said_kind, CRIU__KIND__PRE_DUMP);
	for (char *line = strtok_r(said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char whole[300];

		snprintf(whole, sizeof(whole), "\n%.250s\n", line);
		if (strstr(before, whole))
			continue;
		snprintf(changed + strlen(changed), sizeof(changed) - strlen(changed), "%s%s", changed[0] ? "\n" : "",
			 line);
	}
	assert_string_equal(changed, row->expected);
}

/* Whatever the command line says. */
static void test_always(void **state)
{
	static const char *const lines[] = {"images_fd=5",  "work_fd=6",        "notify=1",
					    "log_file=log", "manage_cgroups=1", "cgroups_mode=3"};

	(void)state;
	for (const char *verb = "cr"; *verb; verb++) {
		char line[] = {*verb, ' ', '\0'};

		tell(line);
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			assert_non_null(strstr(said, lines[i]));
		assert_int_equal(strstr(said, "sibling=1") != NULL, *verb == 'r');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_always)};
	int failed = run_table("cmd_criu options", rows, test_option);

	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
