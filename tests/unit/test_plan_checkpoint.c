/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a checkpoint is told of a container: what is outside of it, as lines, or why it can't be saved at all. And the
 * values of options that are more than a word.
 */
#include "table.h"

#include "plan/checkpoint.h"

#include <errno.h>
#include <linux/mount.h>

/* Parts of the document: further mounts (after a comma each), members of process and linux, namespaces. */
struct row {
	const char *name;
	const char *mounts, *process, *linux_, *namespaces;
	const char *expected; /* "inside source marks" lines, or "! error" */
};

#define USERNS                                                                                              \
	"{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0," \
	"\"hostID\":100000,\"size\":1000}],\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":1000}"
#define BIND(destination, source, options) \
	"{\"destination\":\"" destination "\",\"type\":\"bind\",\"source\":\"" source "\",\"options\":[" options "]}"

#define NODE(path) path " " path " node ro nosuid noexec\n"
/* clang-format off */
#define NODES                                                                                    \
	NODE("/dev/null") NODE("/dev/zero") NODE("/dev/full") NODE("/dev/random") NODE("/dev/urandom") \
	NODE("/dev/tty")
/* clang-format on */

static const struct row rows[] = {
	/* what is outside */
	{"nothing", .expected = ""},
	{"file systems of its own", .mounts = "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"x\"}",
	 .expected = ""},
	{"a bind", .mounts = BIND("/a", "/s", "\"bind\""), .expected = "/a /s place\n"},
	{"a tree", .mounts = BIND("/a", "/s", "\"rbind\""), .expected = "/a /s place tree\n"},
	{"a relative source", .mounts = BIND("/a", "s", "\"bind\""), .expected = "/a /bundle/s place\n"},
	{"attributes", .mounts = BIND("/a", "/s", "\"bind\",\"ro\",\"nosuid\",\"nodev\",\"noexec\""),
	 .expected = "/a /s place ro nosuid nodev noexec\n"},
	{"one that is cleared again", .mounts = BIND("/a", "/s", "\"bind\",\"ro\",\"nosuid\",\"rw\""),
	 .expected = "/a /s place nosuid\n"},
	{"below a tree", .mounts = BIND("/a", "/s", "\"rbind\",\"rro\""),
	 .expected = "/a /s place tree ro below: ro\n"},
	{"the top of a tree alone", .mounts = BIND("/a", "/s", "\"rbind\",\"ro\",\"rnosuid\""),
	 .expected = "/a /s place tree ro nosuid below: nosuid\n"},
	{"changed by a later entry",
	 .mounts = BIND("/a", "/s", "\"bind\"") ",{\"destination\":\"/a\",\"options\":[\"remount\",\"bind\",\"ro\"]}",
	 .expected = "/a /s place ro\n"},
	{"covered by another", .mounts = BIND("/a", "/s", "\"bind\"") "," BIND("/a", "/t", "\"bind\",\"ro\""),
	 .expected = "/a /t place ro\n"},
	{"covered by a file system",
	 .mounts = BIND("/a", "/s", "\"bind\"") ",{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"x\"}",
	 .expected = ""},
	{"in order", .mounts = BIND("/b", "/s", "\"bind\"") "," BIND("/a", "/t", "\"bind\""),
	 .expected = "/b /s place\n/a /t place\n"},
	{"a symlink", .mounts = BIND("/a", "/s", "\"bind\",\"src-nofollow\""), .expected = "/a /s place nofollow\n"},
	{"cgroups",
	 .mounts = "{\"destination\":\"/cg\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[\"ro\"]}",
	 .expected = "/cg /sys/fs/cgroup place cgroup ro\n"},
	{"masks", .linux_ = "\"maskedPaths\":[\"/m\",\"/n\"]",
	 .expected = "/m /dev/null mask node ro nosuid noexec\n/n /dev/null mask node ro nosuid noexec\n"},
	{"devices are its own", .linux_ = "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1,\"minor\":3}]",
	 .expected = ""},
	{"devices in a user namespace",
	 .linux_ = "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1,\"minor\":3}]", .namespaces = USERNS,
	 .expected = NODES NODE("/x")},
	{"a device that is bound anyway", .mounts = BIND("/x", "/dev/null", "\"bind\",\"nosuid\""),
	 .linux_ = "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"major\":1,\"minor\":3}]", .namespaces = USERNS,
	 .expected = "/x /dev/null place nosuid\n" NODES},
	/* what can't be saved */
	{"idmap", .mounts = BIND("/a", "/s", "\"bind\",\"idmap\""), .namespaces = USERNS,
	 .expected = "! mounts[0]: its ids are mapped, and CRIU would restore it without that"},
	{"ridmap", .mounts = BIND("/b", "/s", "\"bind\"") "," BIND("/a", "/s", "\"rbind\",\"ridmap\""),
	 .namespaces = USERNS, .expected = "! mounts[1]: its ids are mapped, and CRIU would restore it without that"},
	{"idmap of its own", .mounts = BIND("/a", "/s", "\"bind\",\"idmap=uids=0-1-10;gids=0-1-10\""),
	 .namespaces = USERNS, .expected = "! mounts[0]: its ids are mapped, and CRIU would restore it without that"},
	{"mappings",
	 .mounts = "{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/s\",\"options\":[\"bind\"],\"uidMappings\":"
		   "[{\"containerID\":0,\"hostID\":1,\"size\":10}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1,"
		   "\"size\":10}]}",
	 .namespaces = USERNS, .expected = "! mounts[0]: its ids are mapped, and CRIU would restore it without that"},
	{"nosymfollow",
	 .mounts = "{\"destination\":\"/b\",\"type\":\"tmpfs\",\"source\":\"x\",\"options\":[\"ro\"]}," BIND(
		 "/a", "/s", "\"bind\",\"nosymfollow\""),
	 .expected = "! mounts[1]: it is nosymfollow, and CRIU would restore it without that"},
	{"rnosymfollow", .mounts = BIND("/a", "/s", "\"rbind\",\"symfollow\",\"rnosymfollow\""),
	 .expected = "! mounts[0]: it is nosymfollow, and CRIU would restore it without that"},
	{"symfollow", .mounts = BIND("/a", "/s", "\"bind\",\"nosymfollow\",\"symfollow\""),
	 .expected = "/a /s place\n"},
	{"a recursive word holds", .mounts = BIND("/a", "/s", "\"rbind\",\"rsymfollow\",\"nosymfollow\""),
	 .expected = "/a /s place tree\n"},
	{"a recursive word holds, nosymfollow", .mounts = BIND("/a", "/s", "\"rbind\",\"rnosymfollow\",\"symfollow\""),
	 .expected = "! mounts[0]: it is nosymfollow, and CRIU would restore it without that"},
	{"a device of the network", .linux_ = "\"netDevices\":{\"eth0\":{}}",
	 .namespaces = "{\"type\":\"mount\"},{\"type\":\"network\"}",
	 .expected = "! linux.netDevices: CRIU can't save a network with devices of the host"},
	{"a listener", .linux_ = "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/agent\"}",
	 .expected = "! linux.seccomp.listenerPath: CRIU can't save a filter that somebody listens to"},
	{"a filter", .linux_ = "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", .expected = ""},
	{"a cgroup namespace of others",
	 .namespaces = "{\"type\":\"mount\"},{\"type\":\"cgroup\",\"path\":\"/proc/7/ns/cgroup\"}",
	 .expected = "! linux.namespaces: the cgroup namespace is that of /proc/7/ns/cgroup, and CRIU can't restore "
		     "into one"},
	{"a mount namespace of others", .namespaces = "{\"type\":\"mount\",\"path\":\"/proc/7/ns/mnt\"}",
	 .expected =
		 "! linux.namespaces: the mount namespace is that of /proc/7/ns/mnt, and CRIU can't restore into one"},
	{"namespaces of others that can be joined",
	 .namespaces = "{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/n\"},{\"type\":\"pid\",\"path\":\"/p\"},"
		       "{\"type\":\"ipc\",\"path\":\"/i\"},{\"type\":\"uts\",\"path\":\"/u\"}",
	 .expected = ""},
	{"no mount namespace", .namespaces = "{\"type\":\"pid\"}",
	 .expected = "! linux.namespaces: CRIU can't restore a container without a mount namespace of its own"},
	{"ioPriority", .process = "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4}",
	 .expected = "! process.ioPriority: CRIU doesn't save it"},
	{"SCHED_DEADLINE",
	 .process = "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":2,\"period\":3}",
	 .expected = "! process.scheduler.policy: CRIU can't save SCHED_DEADLINE"},
	{"SCHED_BATCH", .process = "\"scheduler\":{\"policy\":\"SCHED_BATCH\"}", .expected = ""},
	{"personality", .linux_ = "\"personality\":{\"domain\":\"LINUX32\"}",
	 .expected = "! linux.personality: CRIU doesn't restore it"},
	{"the usual personality", .linux_ = "\"personality\":{\"domain\":\"LINUX\"}", .expected = ""},
	{"memoryPolicy", .linux_ = "\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\"}",
	 .expected = "! linux.memoryPolicy: CRIU doesn't save it"},
};

static void add(char **text, const char *word)
{
	char *longer = NULL;

	assert_true(asprintf(&longer, "%s%s", *text ? *text : "", word) >= 0);
	free(*text);
	*text = longer;
}

static void add_attributes(char **text, uint64_t attributes)
{
	if (attributes & MOUNT_ATTR_RDONLY)
		add(text, " ro");
	if (attributes & MOUNT_ATTR_NOSUID)
		add(text, " nosuid");
	if (attributes & MOUNT_ATTR_NODEV)
		add(text, " nodev");
	if (attributes & MOUNT_ATTR_NOEXEC)
		add(text, " noexec");
}

static void add_outside(char **text, const struct plan_outside *o)
{
	const struct {
		bool is;
		const char *word;
	} marks[] = {{o->place, " place"}, {o->tree, " tree"},         {o->mask, " mask"},
		     {o->node, " node"},   {o->nofollow, " nofollow"}, {o->cgroup, " cgroup"}};

	add(text, o->inside);
	add(text, " ");
	add(text, o->source);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].is)
			add(text, marks[i].word);
	add_attributes(text, o->attributes);
	if (o->below) {
		add(text, " below:");
		add_attributes(text, o->below);
	}
	add(text, "\n");
}

/* The document of the row, whose texts the arena keeps. */
static const struct oci_config *parse(const struct row *row, struct ocispec_arena *arena)
{
	struct ocispec_error why = {0};
	char *text = NULL;
	void *config;

	assert_true(asprintf(&text,
			     "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
			     "\"process\":{\"cwd\":\"/\",\"args\":[\"true\"]%s%s},\"mounts\":[%s],"
			     "\"linux\":{\"namespaces\":[%s]%s%s}}",
			     row->process ? "," : "", row->process ? row->process : "", row->mounts ? row->mounts : "",
			     row->namespaces ? row->namespaces : "{\"type\":\"mount\"}", row->linux_ ? "," : "",
			     row->linux_ ? row->linux_ : "") > 0);
	if (ocispec_parse(&oci_config_object, text, strlen(text), "config.json", arena, &config, &why) < 0)
		fail_msg("the document of this row does not parse: %s\n%s", why.message, text);
	free(text);
	return config;
}

static void plan_it(const struct oci_config *config, struct ocispec_arena *arena, struct plan *ret)
{
	static const struct plan_facts facts = {.cap_sys_admin = true,
						.caps_bounding = UINT64_MAX,
						.cap_last = 40,
						.own_cgroup = "/",
						.cgroup_mount = "/sys/fs/cgroup"};
	static const struct plan_request request = {.id = "id", .bundle = "/bundle", .cgroup_disabled = true};
	struct err err = {0};

	if (plan_make(config, &facts, &request, NULL, arena, ret, &err) < 0)
		fail_msg("no plan: %s", err.msg);
}

static void test_outside(void **state)
{
	const struct row *row = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	const struct oci_config *config = parse(row, arena);
	struct plan_outside *list = NULL;
	struct err err = {0};
	struct plan plan;
	char *text = NULL;
	size_t n;
	int r;

	plan_it(config, arena, &plan);
	r = plan_check_checkpoint(config, &plan, &err);
	assert_int_equal(err.code, r);
	if (r < 0) {
		assert_int_equal(r, -ENOTSUP);
		add(&text, "! ");
		add(&text, err.msg);
	} else {
		add(&text, "");
		assert_int_equal(plan_outside(&plan, arena, &list, &n, &err), 0);
		for (size_t i = 0; i < n; i++)
			add_outside(&text, &list[i]);
	}
	assert_string_equal(text, row->expected);
	free(text);
	ocispec_arena_free(arena);
}

struct value {
	const char *text;
	const char *expected; /* "ADDRESS PORT", "ok", or NULL: it is refused */
};

static const struct value servers[] = {
	{"1.2.3.4:27", "1.2.3.4 27"},
	{"host:65535", "host 65535"},
	{"host:1", "host 1"},
	{"[::1]:27", "::1 27"},
	{"[]:27", "[] 27"},
	{"", NULL},
	{":", NULL},
	{"host", NULL},
	{"host:", NULL},
	{":27", NULL},
	{"host:0", NULL},
	{"host:65536", NULL},
	{"host:-1", NULL},
	{"host:+1", NULL},
	{"host: 1", NULL},
	{"host:1 ", NULL},
	{"host:0x1", NULL},
	{"host:99999999999", NULL},
	{"::1:27", NULL},
	{"[::1]", NULL},
	{"[::1:27", NULL},
};

static void test_server(void **state)
{
	const struct value *value = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	char text[200] = "unset";
	const char *address = NULL;
	struct err err = {0};
	uint16_t port = 0;
	int r = plan_page_server(value->text, arena, &address, &port, &err);

	if (!value->expected) {
		assert_int_equal(r, -EINVAL);
		snprintf(text, sizeof(text), "Use --page-server ADDRESS:PORT to specify page server, not \"%s\"",
			 value->text);
		assert_string_equal(err.msg, text);
		assert_null(address);
	} else {
		assert_int_equal(r, 0);
		snprintf(text, sizeof(text), "%s %u", address, (unsigned)port);
		assert_string_equal(text, value->expected);
	}
	ocispec_arena_free(arena);
}

static const struct value profiles[] = {
	{"apparmor:name", "ok"},
	{"apparmor:a:b c", "ok"},
	{"selinux:u:r:t:s0", "ok"},
	{"", NULL},
	{":", NULL},
	{"name", NULL},
	{"apparmor", NULL},
	{"apparmor:", NULL},
	{"selinux:", NULL},
	{"AppArmor:name", NULL},
	{"apparmorx:name", NULL},
	{" apparmor:name", NULL},
	{"smack:name", NULL},
};

static void test_profile(void **state)
{
	const struct value *value = *state;
	struct err err = {0};
	char text[200];
	int r = plan_lsm_profile(value->text, &err);

	assert_int_equal(r, value->expected ? 0 : -EINVAL);
	if (value->expected)
		return;
	snprintf(text, sizeof(text), "--lsm-profile: \"%s\" is not apparmor:PROFILE or selinux:LABEL", value->text);
	assert_string_equal(err.msg, text);
}

struct above {
	const char *path, *expected; /* NULL: the root file system */
};

static const struct above aboves[] = {
	{"/x", NULL},   {"/a", NULL},       {"/a/x", "/a"},  {"/ab", NULL},
	{"/a/b", "/a"}, {"/a/b/c", "/a/b"}, {"/a/bc", "/a"}, {"/c/x", NULL},
};

static void test_above(void **state)
{
	static const struct row row = {"three mounts",
				       .mounts = BIND("/a", "/s", "\"bind\"") "," BIND(
					       "/a/b", "/t", "\"bind\"") "," BIND("/c", "/u", "\"bind\"")};
	const struct above *above = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	const struct plan_mount *found;
	struct plan plan;

	plan_it(parse(&row, arena), arena, &plan);
	found = plan_mount_above(&plan, 2, above->path);
	assert_int_equal(found != NULL, above->expected != NULL);
	if (found)
		assert_string_equal(plan_str(plan.init, found->destination), above->expected);
	ocispec_arena_free(arena);
}

int main(void)
{
	int failed = run_table("plan_outside", rows, test_outside);

	failed += run_table("plan_page_server", servers, test_server);
	failed += run_table("plan_lsm_profile", profiles, test_profile);
	return failed + run_table("plan_mount_above", aboves, test_above);
}
