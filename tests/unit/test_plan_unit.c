/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd unit as plan_cgroup() and plan_unit_update() decide it: names and places, properties by systemd's
 * version, device lists, annotations, and what is refused.
 */
#include "plan/internal.h"

#include "table.h"

#include <errno.h>

#define USER_ROOT "/user.slice/user-1000.slice/user@1000.service"

struct fixture {
	struct ocispec_arena *arena;
	struct plan_facts facts;
	struct plan_request request;
	struct plan_cgroup cgroup;
	struct err err;
	int r;
};

static void begin(struct fixture *f, uint32_t version, bool user)
{
	*f = (struct fixture){.arena = ocispec_arena_new()};
	assert_non_null(f->arena);
	f->facts = (struct plan_facts){.own_cgroup = "/system.slice/engine.service",
				       .cgroup_mount = "/sys/fs/cgroup",
				       .euid = user ? 1000 : 0,
				       .systemd_version = version,
				       .systemd_user = user,
				       .systemd_cgroup = user ? USER_ROOT : "/"};
	f->request = (struct plan_request){.id = "box", .cgroup_systemd = true};
}

static void end(struct fixture *f)
{
	ocispec_arena_free(f->arena);
}

static void *parse(struct fixture *f, const struct ocispec_object *object, const char *text)
{
	struct ocispec_error error;
	void *ret;

	if (ocispec_parse(object, text, strlen(text), "config.json", f->arena, &ret, &error) < 0)
		fail_msg("%s", error.message);
	return ret;
}

/* rest follows ociVersion in the document. */
static void plan(struct fixture *f, const char *rest)
{
	char text[16384];

	snprintf(text, sizeof(text), "{\"ociVersion\":\"1.3.0\"%s%s}", *rest ? "," : "", rest);
	f->r = plan_cgroup(parse(f, &oci_config_object, text), &f->facts, &f->request, f->arena, &f->cgroup, &f->err);
}

static void plan_resources_of(struct fixture *f, const char *resources)
{
	char rest[8192];

	snprintf(rest, sizeof(rest), "\"linux\":{\"resources\":{%s}}", resources);
	plan(f, rest);
	if (f->r < 0)
		fail_msg("%s", f->err.msg);
}

static const char *property(const struct fixture *f, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < f->cgroup.unit.n_properties; i++)
		if (!strcmp(f->cgroup.unit.properties[i].name, name)) {
			assert_null(value); /* each at most once */
			value = f->cgroup.unit.properties[i].value;
		}
	return value;
}

static const char *written(const struct fixture *f, const char *file)
{
	const char *value = NULL;

	for (size_t i = 0; i < f->cgroup.n_writes; i++)
		if (!strcmp(f->cgroup.writes[i].file, file))
			value = f->cgroup.writes[i].value;
	return value;
}

/*
 * Names and places
 */

struct place {
	const char *name, *id, *cgroups_path /* NULL: absent */;
	bool user;
	const char *unit, *slice /* NULL: is a slice itself */, *path;
};

static const struct place places[] = {
	{"absent", "box", NULL, false, "turtle-box.scope", "'system.slice'", "/system.slice/turtle-box.scope"},
	{"empty", "box", "", false, "turtle-box.scope", "'system.slice'", "/system.slice/turtle-box.scope"},
	{"absent, user", "box", NULL, true, "turtle-box.scope", "'user.slice'",
	 USER_ROOT "/user.slice/turtle-box.scope"},
	{"an id with a plus", "a+b", NULL, false, "turtle-a\\x2bb.scope", "'system.slice'",
	 "/system.slice/turtle-a\\x2bb.scope"},
	{"docker", "x", "system.slice:docker:0123", false, "docker-0123.scope", "'system.slice'",
	 "/system.slice/docker-0123.scope"},
	{"podman, user", "x", "user.slice:libpod:0123", true, "libpod-0123.scope", "'user.slice'",
	 USER_ROOT "/user.slice/libpod-0123.scope"},
	{"kubernetes", "x", "kubepods-burstable-pod0_1.slice:cri-containerd:0123", false, "cri-containerd-0123.scope",
	 "'kubepods-burstable-pod0_1.slice'",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0_1.slice/cri-containerd-0123.scope"},
	{"default slice, no prefix", "x", "::name", false, "name.scope", "'system.slice'", "/system.slice/name.scope"},
	{"default slice of a user, no prefix", "x", "::name", true, "name.scope", "'user.slice'",
	 USER_ROOT "/user.slice/name.scope"},
	{"the root slice", "x", "-.slice:a:b", false, "a-b.scope", "'-.slice'", "/a-b.scope"},
	{"the root slice of a user", "x", "-.slice:a:b", true, "a-b.scope", "'-.slice'", USER_ROOT "/a-b.scope"},
	{"escaped bytes", "x", "a\\\\x2db.slice:p:n", false, "p-n.scope", "'a\\\\x2db.slice'",
	 "/a\\x2db.slice/p-n.scope"},
	{"leading underscores", "x", "_a-_b.slice::_c", false, "_c.scope", "'_a-_b.slice'",
	 "/__a.slice/__a-_b.slice/__c.scope"},
	{"a leading dot", "x", "a.slice::.c", false, ".c.scope", "'a.slice'", "/a.slice/_.c.scope"},
	{"an instance", "x", "a.slice:p@q:n", false, "p@q-n.scope", "'a.slice'", "/a.slice/p@q-n.scope"},
	{"a scope's suffix is part of the name", "x", "a.slice::n.scope", false, "n.scope.scope", "'a.slice'",
	 "/a.slice/n.scope.scope"},
	{"a slice", "x", ":ignored:a-b.slice", false, "a-b.slice", NULL, "/a.slice/a-b.slice"},
	{"a slice in its slice", "x", "a.slice::a-b.slice", false, "a-b.slice", NULL, "/a.slice/a-b.slice"},
	{"a slice in the root slice", "x", "-.slice::a.slice", true, "a.slice", NULL, USER_ROOT "/a.slice"},
};

static void test_place(void **state)
{
	const struct place *row = *state;
	struct fixture f;
	char rest[1024] = "";

	begin(&f, 257, row->user);
	f.request.id = row->id;
	if (row->cgroups_path)
		snprintf(rest, sizeof(rest), "\"linux\":{\"cgroupsPath\":\"%s\"}", row->cgroups_path);
	plan(&f, rest);
	if (f.r < 0)
		fail_msg("%s", f.err.msg);
	assert_string_equal(f.cgroup.unit.name, row->unit);
	assert_string_equal(f.cgroup.path, row->path);
	assert_int_equal(f.cgroup.unit.user, row->user);
	assert_int_equal(f.cgroup.unit.slice, !row->slice);
	assert_true(f.cgroup.enabled && f.cgroup.has_devices && !f.cgroup.optional);
	if (row->slice) {
		assert_string_equal(property(&f, "Slice"), row->slice);
		assert_string_equal(property(&f, "Delegate"), "true");
	} else {
		assert_null(property(&f, "Slice"));
		assert_null(property(&f, "Delegate"));
	}
	end(&f);
}

struct bad {
	const char *name, *rest, *message;
};

#define PATH(p)       "\"linux\":{\"cgroupsPath\":\"" p "\"}"
#define NOTE(k, v)    "\"annotations\":{\"" k "\":\"" v "\"}"
#define SET(k, v)     NOTE("org.systemd.property." k, v)
#define SET_BAD(k)    "annotation org.systemd.property." k ": "
#define RES(r)        "\"linux\":{\"resources\":{" r "}}"
#define UNIFIED(k, v) RES("\"unified\":{\"" k "\":\"" v "\"}")
#define FORMAT(p) \
	"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"" p "\" instead"
#define PLACE "linux.cgroupsPath: "
#define LONG                                                                                                           \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxx"                                                                                                         \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxx"                                                                                                         \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct bad bad[] = {
	{"a path", PATH("/a/b"), FORMAT("/a/b")},
	{"a name", PATH("a"), FORMAT("a")},
	{"one colon", PATH("a.slice:b"), FORMAT("a.slice:b")},
	{"three colons", PATH("a.slice:b:c:d"), FORMAT("a.slice:b:c:d")},
	{"no name", PATH("a.slice:b:"), PLACE "\"a.slice:b:\" names no unit: nothing is behind the last colon"},
	{"only colons", PATH("::"), PLACE "\"::\" names no unit: nothing is behind the last colon"},
	{"no slice's name", PATH("a:b:c"), PLACE "\"a\" is no name of a slice (such as system.slice)"},
	{"a scope for a slice", PATH("a.scope:b:c"), PLACE "\"a.scope\" is no name of a slice (such as system.slice)"},
	{"a slice with a directory", PATH("/a.slice:b:c"),
	 PLACE "\"/a.slice\" is no name of a slice (such as system.slice)"},
	{"a slice that climbs", PATH("../a.slice:b:c"),
	 PLACE "\"../a.slice\" is no name of a slice (such as system.slice)"},
	{"a slice of an instance", PATH("a@b.slice:b:c"),
	 PLACE "\"a@b.slice\" is no name of a slice (such as system.slice)"},
	{"a slice without a name", PATH(".slice:b:c"), PLACE "\".slice\" is no name of a unit"},
	{"a leading dash", PATH("-a.slice:b:c"), PLACE "slice \"-a.slice\": a name is missing beside a dash"},
	{"a trailing dash", PATH("a-.slice:b:c"), PLACE "slice \"a-.slice\": a name is missing beside a dash"},
	{"two dashes", PATH("a--b.slice:b:c"), PLACE "slice \"a--b.slice\": a name is missing beside a dash"},
	{"dashes only", PATH("--.slice:b:c"), PLACE "slice \"--.slice\": a name is missing beside a dash"},
	{"a space in a slice", PATH("a b.slice:b:c"), PLACE "unit \"a b.slice\": a unit's name can't hold ' '"},
	{"a slash in the name", PATH("a.slice:b:c/d"), PLACE "unit \"b-c/d.scope\": a unit's name can't hold '/'"},
	{"a climbing name", PATH("a.slice:b:../d"), PLACE "unit \"b-../d.scope\": a unit's name can't hold '/'"},
	{"a slash in the prefix", PATH("a.slice:b/b:c"), PLACE "unit \"b/b-c.scope\": a unit's name can't hold '/'"},
	{"a plus in the name", PATH("a.slice:b:c+d"), PLACE "unit \"b-c+d.scope\": a unit's name can't hold '+'"},
	{"a newline in the name", PATH("a.slice:b:c\\nd"), PLACE "unit \"b-c\nd.scope\": a unit's name can't hold '?'"},
	{"a letter beyond ASCII", PATH("a.slice:b:\\u00e4"),
	 PLACE "unit \"b-\303\244.scope\": a unit's name can't hold '?'"},
	{"nothing before the at", PATH("a.slice::@c"), PLACE "\"@c.scope\" is no name of a unit"},
	{"nothing behind the at", PATH("a.slice::c@"), PLACE "\"c@.scope\" is no name of a unit"},
	{"too long", PATH("a.slice:b:" LONG),
	 PLACE "unit \"b-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" has a name of more than 255 characters"},
	{"named like a controller", PATH("a.slice::cpu"),
	 PLACE "unit \"cpu.scope\": the name begins like a file of cgroup controllers"},
	{"a slice named like a controller", PATH("memory.slice:b:c"),
	 PLACE "unit \"memory.slice\": the name begins like a file of cgroup controllers"},
	{"the root slice for a container", PATH("::-.slice"),
	 PLACE "-.slice is the root of all slices, no container's"},
	{"a slice in another's place", PATH("system.slice::a-b.slice"),
	 PLACE "slice a-b.slice is by its name in a.slice, not in system.slice"},
	{"a wrong slice as the unit", PATH("::a--b.slice"),
	 PLACE "slice \"a--b.slice\": a name is missing beside a dash"},
	/* annotations */
	{"property without a name", SET("", "1"), SET_BAD("") "a property has at least three letters"},
	{"short property", SET("Ab", "1"), SET_BAD("Ab") "a property has at least three letters"},
	{"small property", SET("memoryMax", "1"), SET_BAD("memoryMax") "a property begins with a capital"},
	{"property with a digit", SET("Memory1", "1"), SET_BAD("Memory1") "a property has only letters in its name"},
	{"property with a dot", SET("Memory.Max", "1"),
	 SET_BAD("Memory.Max") "a property has only letters in its name"},
	{"property with a space", SET("Memory Max", "1"),
	 SET_BAD("Memory Max") "a property has only letters in its name"},
	{"property beyond ASCII", SET("M\\u00e4x", "1"),
	 SET_BAD("M\303\244x") "a property has only letters in its name"},
	{"our slice", SET("Slice", "'a.slice'"), SET_BAD("Slice") "the runtime sets this property itself"},
	{"our delegation", SET("Delegate", "false"), SET_BAD("Delegate") "the runtime sets this property itself"},
	{"our processes", SET("PIDs", "[uint32 1]"), SET_BAD("PIDs") "the runtime sets this property itself"},
	{"a program before", SET("ExecStartPre", "[('/bin/sh', ['sh'], false)]"),
	 SET_BAD("ExecStartPre") "a container's unit executes no programs on the host"},
	{"a program at the end", SET("ExecStopPost", "1"),
	 SET_BAD("ExecStopPost") "a container's unit executes no programs on the host"},
	{"a reboot", SET("SuccessAction", "'reboot'"),
	 SET_BAD("SuccessAction") "a container's unit does not reboot or power off the host"},
	/* sub-cgroups */
	{"subgroup that climbs", NOTE("run.oci.systemd.subgroup", ".."),
	 "annotation run.oci.systemd.subgroup: \"..\" is no name of a cgroup"},
	{"subgroup that stays", NOTE("run.oci.systemd.subgroup", "."),
	 "annotation run.oci.systemd.subgroup: \".\" is no name of a cgroup"},
	{"subgroup below", NOTE("run.oci.systemd.subgroup", "a/b"),
	 "annotation run.oci.systemd.subgroup: \"a/b\" is no name of a cgroup"},
	{"subgroup with a newline", NOTE("run.oci.systemd.subgroup", "a\\nb"),
	 "annotation run.oci.systemd.subgroup: \"a\nb\" is no name of a cgroup"},
	{"subgroup like a file", NOTE("run.oci.systemd.subgroup", "cgroup.procs"),
	 "annotation run.oci.systemd.subgroup: \"cgroup.procs\" looks like a file of a cgroup"},
	{"subgroup like a controller's file", NOTE("run.oci.systemd.subgroup", "hugetlb.2MB.max"),
	 "annotation run.oci.systemd.subgroup: \"hugetlb.2MB.max\" looks like a file of a cgroup"},
	{"delegate that climbs",
	 "\"annotations\":{\"run.oci.systemd.subgroup\":\"a\",\"run.oci.delegate-cgroup\":\"../../b\"}",
	 "annotation run.oci.delegate-cgroup: \"../../b\" is no name of a cgroup"},
	{"cgroup v1", NOTE("run.oci.systemd.force_cgroup_v1", "/sys/fs/cgroup"),
	 "annotation run.oci.systemd.force_cgroup_v1: there is no cgroup v1 here, which it asks for"},
	/* values that systemd is to know and can't */
	{"memory that is no number", UNIFIED("memory.high", "much"),
	 "linux.resources.unified.memory.high: \"much\" is no limit (a number, or max)"},
	{"memory with two units", UNIFIED("memory.max", "1KK"),
	 "linux.resources.unified.memory.max: \"1KK\" is no limit (a number, or max)"},
	{"memory beyond 64 bits", UNIFIED("memory.max", "16777216T"),
	 "linux.resources.unified.memory.max: \"16777216T\" is no limit (a number, or max)"},
	{"negative memory", UNIFIED("memory.low", "-1"),
	 "linux.resources.unified.memory.low: \"-1\" is no limit (a number, or max)"},
	{"only a unit", UNIFIED("memory.min", "K"),
	 "linux.resources.unified.memory.min: \"K\" is no limit (a number, or max)"},
	{"weight of 0", UNIFIED("cpu.weight", "0"),
	 "linux.resources.unified.cpu.weight: \"0\" is no weight between 1 and 10000"},
	{"weight of 10001", UNIFIED("cpu.weight", "10001"),
	 "linux.resources.unified.cpu.weight: \"10001\" is no weight between 1 and 10000"},
	{"idle of 2", UNIFIED("cpu.idle", "2"), "linux.resources.unified.cpu.idle: \"2\" is no 0 or 1"},
	{"group kill of yes", UNIFIED("memory.oom.group", "yes"),
	 "linux.resources.unified.memory.oom.group: \"yes\" is no 0 or 1"},
	{"quota of a word", UNIFIED("cpu.max", "half"),
	 "linux.resources.unified.cpu.max: \"half\" is no quota and period"},
	{"period of a word", UNIFIED("cpu.max", "10000 all"),
	 "linux.resources.unified.cpu.max: \"10000 all\" is no quota and period"},
	{"three numbers", UNIFIED("cpu.max", "10000 100000 5"),
	 "linux.resources.unified.cpu.max: \"10000 100000 5\" is no quota and period"},
	{"period of 0", UNIFIED("cpu.max", "10000 0"),
	 "linux.resources.unified.cpu.max: \"10000 0\" is no quota and period that the kernel takes"},
	{"quota that would overflow", UNIFIED("cpu.max", "18446744073709551614 1000"),
	 "linux.resources.unified.cpu.max: \"18446744073709551614 1000\" is no quota and period that the kernel takes"},
	{"cpus of a word", RES("\"cpu\":{\"cpus\":\"all\"}"),
	 "linux.resources.cpu.cpus: \"all\" is no list such as 0-3,7"},
	{"cpus backwards", RES("\"cpu\":{\"cpus\":\"3-1\"}"),
	 "linux.resources.cpu.cpus: \"3-1\" is no list such as 0-3,7"},
	{"cpus with a gap", RES("\"cpu\":{\"cpus\":\"1,,2\"}"),
	 "linux.resources.cpu.cpus: \"1,,2\" is no list such as 0-3,7"},
	{"cpus with an open end", RES("\"cpu\":{\"cpus\":\"1-\"}"),
	 "linux.resources.cpu.cpus: \"1-\" is no list such as 0-3,7"},
	{"more cpus than there can be", RES("\"cpu\":{\"cpus\":\"0-4294967295\"}"),
	 "linux.resources.cpu.cpus: \"0-4294967295\" is no list such as 0-3,7"},
	{"negative node", RES("\"cpu\":{\"mems\":\"-1\"}"),
	 "linux.resources.cpu.mems: \"-1\" is no list such as 0-3,7"},
};

static void test_bad(void **state)
{
	const struct bad *row = *state;
	struct fixture f;

	begin(&f, 257, false);
	plan(&f, row->rest);
	assert_int_equal(f.r, -EINVAL);
	assert_int_equal(f.err.code, -EINVAL);
	assert_string_equal(f.err.msg, row->message);
	assert_null(f.cgroup.unit.name); /* nothing half done comes out */
	end(&f);
}

/*
 * Limits
 */

struct limit {
	const char *name;
	uint32_t version;
	const char *resources, *property, *value /* NULL: not sent */;
	const char *file, *written; /* what the cgroup's file gets beside it; NULL: not looked at */
};

#define MEM(x) "\"memory\":{" x "}"
#define CPU(x) "\"cpu\":{" x "}"
#define UNI(x) "\"unified\":{" x "}"
#define MAX    "uint64 18446744073709551615"

static const struct limit limits[] = {
	{"memory", 257, MEM("\"limit\":15728640"), "MemoryMax", "uint64 15728640", "memory.max", "15728640"},
	{"no memory", 257, "", "MemoryMax", NULL, NULL, NULL},
	{"unlimited memory", 257, MEM("\"limit\":-1"), "MemoryMax", MAX, "memory.max", "max"},
	{"unlimited memory takes swap along", 257, MEM("\"limit\":-1"), "MemorySwapMax", MAX, NULL, NULL},
	{"reservation", 257, MEM("\"reservation\":4096"), "MemoryLow", "uint64 4096", NULL, NULL},
	{"swap", 257, MEM("\"limit\":100,\"swap\":150"), "MemorySwapMax", "uint64 50", "memory.swap.max", "50"},
	{"no swap", 257, MEM("\"limit\":100,\"swap\":100"), "MemorySwapMax", "uint64 0", NULL, NULL},
	{"swap unset", 257, MEM("\"limit\":100"), "MemorySwapMax", NULL, NULL, NULL},
	{"shares", 257, CPU("\"shares\":1024"), "CPUWeight", "uint64 100", "cpu.weight", "100"},
	{"idle", 252, CPU("\"idle\":1"), "CPUWeight", "uint64 0", "cpu.idle", "1"},
	{"idle, before 252", 251, CPU("\"idle\":1"), "CPUWeight", NULL, "cpu.idle", "1"},
	{"not idle", 257, CPU("\"idle\":0"), "CPUWeight", MAX, "cpu.idle", "0"},
	{"not idle, with shares", 257, CPU("\"idle\":0,\"shares\":2"), "CPUWeight", "uint64 1", NULL, NULL},
	{"idle by unified beats shares", 257, CPU("\"shares\":2") "," UNI("\"cpu.idle\":\"1\""), "CPUWeight",
	 "uint64 0", NULL, NULL},
	{"quota", 257, CPU("\"quota\":20000,\"period\":50000"), "CPUQuotaPerSecUSec", "uint64 400000", "cpu.max",
	 "20000 50000"},
	{"quota alone", 257, CPU("\"quota\":20000"), "CPUQuotaPerSecUSec", "uint64 200000", "cpu.max", "20000 100000"},
	{"quota rounded up", 257, CPU("\"quota\":12345,\"period\":100000"), "CPUQuotaPerSecUSec", "uint64 130000",
	 "cpu.max", "13000 100000"},
	{"quota rounded up, odd period", 257, CPU("\"quota\":10000,\"period\":30000"), "CPUQuotaPerSecUSec",
	 "uint64 340000", "cpu.max", "10200 30000"},
	{"the greatest quota does not overflow", 257, CPU("\"quota\":17592186044415,\"period\":1000000"),
	 "CPUQuotaPerSecUSec", "uint64 17592186050000", "cpu.max", "17592186044415 1000000"},
	{"the greatest quota in the shortest period", 257, CPU("\"quota\":17592186044415,\"period\":1000"),
	 "CPUQuotaPerSecUSec", "uint64 17592186044420000", "cpu.max", "17592186044415 1000"},
	{"quota by unified, rounded", 257, UNI("\"cpu.max\":\"12345\""), "CPUQuotaPerSecUSec", "uint64 130000",
	 "cpu.max", "13000 100000"},
	{"no quota", 257, CPU("\"quota\":-1"), "CPUQuotaPerSecUSec", MAX, "cpu.max", "max 100000"},
	{"period", 242, CPU("\"quota\":-1,\"period\":50000"), "CPUQuotaPeriodUSec", "uint64 50000", NULL, NULL},
	{"period, before 242", 241, CPU("\"quota\":-1,\"period\":50000"), "CPUQuotaPeriodUSec", NULL, "cpu.max",
	 "max 50000"},
	{"burst is the file's", 257, CPU("\"burst\":1000"), "CPUQuotaPerSecUSec", NULL, "cpu.max.burst", "1000"},
	{"processes", 257, "\"pids\":{\"limit\":7}", "TasksMax", "uint64 7", "pids.max", "7"},
	{"no process", 257, "\"pids\":{\"limit\":0}", "TasksMax", "uint64 1", "pids.max", "1"},
	{"no limit of processes", 257, "\"pids\":{\"limit\":-1}", "TasksMax", MAX, "pids.max", "max"},
	{"processes unset", 257, "\"pids\":{}", "TasksMax", NULL, NULL, NULL},
	{"cpus", 244, CPU("\"cpus\":\"0-1,3\""), "AllowedCPUs", "@ay [11]", "cpuset.cpus", "0-1,3"},
	{"cpus beyond a byte", 257, CPU("\"cpus\":\"8, 0 , 17-18\""), "AllowedCPUs", "@ay [1, 1, 6]", NULL, NULL},
	{"cpus, before 244", 243, CPU("\"cpus\":\"0\""), "AllowedCPUs", NULL, "cpuset.cpus", "0"},
	{"a cpu far away", 257, CPU("\"cpus\":\"31\""), "AllowedCPUs", "@ay [0, 0, 0, 128]", NULL, NULL},
	{"nodes", 257, CPU("\"mems\":\"0\""), "AllowedMemoryNodes", "@ay [1]", "cpuset.mems", "0"},
	{"block I/O is the file's", 257, "\"blockIO\":{\"weight\":500}", "IOWeight", NULL, "io.weight", "4950"},
	{"unified memory", 257, UNI("\"memory.high\":\"64K\""), "MemoryHigh", "uint64 65536", "memory.high", "64K"},
	{"unified memory, small unit", 257, UNI("\"memory.min\":\"2g\""), "MemoryMin", "uint64 2147483648", NULL, NULL},
	{"unified memory, none", 257, UNI("\"memory.low\":\"0\""), "MemoryLow", "uint64 0", NULL, NULL},
	{"unified memory, none at most", 257, UNI("\"memory.max\":\"0\""), "MemoryMax", "uint64 1", "memory.max", "0"},
	{"unified swap", 257, UNI("\"memory.swap.max\":\"max\""), "MemorySwapMax", MAX, NULL, NULL},
	{"unified overrides", 257, MEM("\"limit\":4096") "," UNI("\"memory.max\":\"8192\""), "MemoryMax", "uint64 8192",
	 "memory.max", "8192"},
	{"unified weight", 257, UNI("\"cpu.weight\":\"10000\""), "CPUWeight", "uint64 10000", NULL, NULL},
	{"unified processes", 257, UNI("\"pids.max\":\"5\""), "TasksMax", "uint64 5", NULL, NULL},
	{"unified cpus", 257, UNI("\"cpuset.cpus\":\"2\""), "AllowedCPUs", "@ay [4]", NULL, NULL},
	{"group kill", 253, UNI("\"memory.oom.group\":\"1\""), "OOMPolicy", "'kill'", "memory.oom.group", "1"},
	{"no group kill", 253, UNI("\"memory.oom.group\":\"0\""), "OOMPolicy", "'continue'", NULL, NULL},
	{"group kill, before 253", 252, UNI("\"memory.oom.group\":\"1\""), "OOMPolicy", NULL, "memory.oom.group", "1"},
	{"what systemd has no word for", 257, UNI("\"misc.max\":\"res 1\""), "MiscMax", NULL, "misc.max", "res 1"},
	{"collection", 236, "", "CollectMode", "'inactive-or-failed'", NULL, NULL},
	{"collection, before 236", 235, "", "CollectMode", NULL, NULL, NULL},
	{"description", 257, "", "Description", "'turtle container box'", NULL, NULL},
	{"dependencies", 257, "", "DefaultDependencies", "false", NULL, NULL},
	{"accounting of memory", 257, "", "MemoryAccounting", "true", NULL, NULL},
	{"accounting of time", 257, "", "CPUAccounting", "true", NULL, NULL},
	{"accounting of I/O", 257, "", "IOAccounting", "true", NULL, NULL},
	{"accounting of tasks", 257, "", "TasksAccounting", "true", NULL, NULL},
};

static void test_limit(void **state)
{
	const struct limit *row = *state;
	struct fixture f;

	begin(&f, row->version, false);
	plan_resources_of(&f, row->resources);
	if (row->value)
		assert_string_equal(property(&f, row->property), row->value);
	else
		assert_null(property(&f, row->property));
	if (row->file)
		assert_string_equal(written(&f, row->file), row->written);
	end(&f);
}

/*
 * Devices
 */

struct devices {
	const char *name, *rules, *policy, *allow;
};

#define DEFAULTS_AND(first, last)                                                                                  \
	"[('block-*', 'm'), " first "('char-*', 'm'), ('/dev/char/1:3', 'rwm'), ('/dev/char/1:5', 'rwm'), "        \
	"('/dev/char/1:7', 'rwm'), ('/dev/char/1:8', 'rwm'), ('/dev/char/1:9', 'rwm'), ('/dev/char/5:0', 'rwm'), " \
	"('/dev/char/5:2', 'rwm'), ('/dev/char/10:200', 'rwm'), ('char-136', 'rwm')" last "]"
#define RULE(type, major, minor, access) \
	"{\"allow\":true,\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor ",\"access\":\"" access "\"}"
#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"
#define MANY     "@a(ss) []"

static const struct devices devices[] = {
	{"none", "", "'strict'", DEFAULTS_AND("", "")},
	{"deny all", DENY_ALL, "'strict'", DEFAULTS_AND("", "")},
	{"allow all", "{\"allow\":true,\"access\":\"rwm\"}", "'auto'", MANY},
	{"allow all by halves", RULE("b", -1, -1, "rw") "," RULE("c", -1, -1, "rw"), "'auto'", MANY},
	{"allow all, deny one: that is for the program",
	 "{\"allow\":true,\"access\":\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":1,\"minor\":1,\"access\":"
	 "\"rw\"}",
	 "'auto'", MANY},
	{"allow all, taken back", "{\"allow\":true,\"access\":\"rwm\"}," DENY_ALL, "'strict'", DEFAULTS_AND("", "")},
	{"a device", DENY_ALL "," RULE("c", 200, 7, "r"), "'strict'", DEFAULTS_AND("", ", ('/dev/char/200:7', 'rm')")},
	{"a block device", RULE("b", 8, 0, "rwm"), "'strict'", DEFAULTS_AND("('/dev/block/8:0', 'rwm'), ", "")},
	{"all of a major", RULE("c", 200, -1, "rw"), "'strict'", DEFAULTS_AND("", ", ('char-200', 'rwm')")},
	{"read here, write there: an open for both must pass", RULE("c", 200, 7, "r") "," RULE("c", 200, 7, "w"),
	 "'strict'", DEFAULTS_AND("", ", ('/dev/char/200:7', 'rwm')")},
	{"read of one, write of all", RULE("c", 200, 7, "r") "," RULE("c", 200, -1, "w"), "'strict'",
	 DEFAULTS_AND("", ", ('char-200', 'wm'), ('/dev/char/200:7', 'rwm')")},
	{"one inside all", RULE("c", 200, 7, "r") "," RULE("c", 200, -1, "rw"), "'strict'",
	 DEFAULTS_AND("", ", ('char-200', 'rwm')")},
	{"any type", RULE("a", 200, 1, "rw"), "'strict'",
	 DEFAULTS_AND("('/dev/block/200:1', 'rwm'), ", ", ('/dev/char/200:1', 'rwm')")},
	{"any major: all of the type", RULE("b", -1, 7, "rw"), "'strict'",
	 "[('block-*', 'rwm'), ('char-*', 'm'), ('/dev/char/1:3', 'rwm'), ('/dev/char/1:5', 'rwm'), "
	 "('/dev/char/1:7', 'rwm'), ('/dev/char/1:8', 'rwm'), ('/dev/char/1:9', 'rwm'), ('/dev/char/5:0', 'rwm'), "
	 "('/dev/char/5:2', 'rwm'), ('/dev/char/10:200', 'rwm'), ('char-136', 'rwm')]"},
	{"all characters hide the rest", RULE("c", -1, -1, "rw"), "'strict'", "[('block-*', 'm'), ('char-*', 'rwm')]"},
	{"numbers that no device has", RULE("c", 4096, 0, "rw") "," RULE("b", 8, 1048576, "rw"), "'strict'",
	 DEFAULTS_AND("", "")},
	{"making nodes is allowed anyway", RULE("c", 200, 7, "m"), "'strict'", DEFAULTS_AND("", "")},
};

static void test_devices(void **state)
{
	const struct devices *row = *state;
	struct fixture f;
	char text[2048];

	begin(&f, 257, false);
	snprintf(text, sizeof(text), "\"devices\":[%s]", row->rules);
	plan_resources_of(&f, text);
	assert_string_equal(property(&f, "DevicePolicy"), row->policy);
	assert_string_equal(property(&f, "DeviceAllow"), row->allow);
	end(&f);
}

static void test_devices_of_user(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 257, true);
	plan_resources_of(&f, "\"devices\":[" DENY_ALL "]");
	assert_null(property(&f, "DevicePolicy"));
	assert_null(property(&f, "DeviceAllow"));
	end(&f);
}

/*
 * Annotations
 */

struct note {
	const char *name, *key, *text, *property, *value;
};

static const struct note notes[] = {
	{"podman's signal", "KillSignal", "15", "KillSignal", "15"},
	{"podman's timeout", "TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec", "uint64 10000000"},
	{"any text is passed on", "After", "['a.service', \\\"b.service\\\"]", "After", "['a.service', \"b.service\"]"},
	{"the user has the last word", "MemoryMax", "uint64 5", "MemoryMax", "uint64 5"},
	{"over ours, too", "CollectMode", "'inactive'", "CollectMode", "'inactive'"},
	{"seconds are turtle-systemd's to count", "TimeoutStopSec", "1.5", "TimeoutStopSec", "1.5"},
};

static void test_note(void **state)
{
	const struct note *row = *state;
	struct fixture f;
	char rest[1024];

	begin(&f, 257, false);
	snprintf(rest, sizeof(rest),
		 "\"annotations\":{\"org.systemd.property.%s\":\"%s\",\"org.systemd.propertyNot\":\"1\"},"
		 "\"linux\":{\"resources\":{\"memory\":{\"limit\":4096}}}",
		 row->key, row->text);
	plan(&f, rest);
	if (f.r < 0)
		fail_msg("%s", f.err.msg);
	assert_string_equal(property(&f, row->property), row->value);
	if (strcmp(row->key, row->property) != 0)
		assert_null(property(&f, row->key));
	assert_null(property(&f, "Not"));
	end(&f);
}

static void test_subgroups(void **state)
{
	static const char both[] =
		"\"annotations\":{\"run.oci.systemd.subgroup\":\"init\",\"run.oci.delegate-cgroup\":\"payload\"}";
	struct fixture f;

	(void)state;
	for (int systemd = 0; systemd < 2; systemd++) {
		begin(&f, 257, false);
		f.request.cgroup_systemd = systemd;
		plan(&f, both);
		assert_int_equal(f.r, 0);
		assert_string_equal(f.cgroup.subgroup, "init");
		assert_string_equal(f.cgroup.delegate, "payload");
		/* The limits are the unit's; the sub-cgroups only hold the processes. */
		assert_string_equal(f.cgroup.path, systemd ? "/system.slice/turtle-box.scope" : "/system.slice/box");
		end(&f);
		begin(&f, 257, false);
		f.request.cgroup_systemd = systemd;
		plan(&f, NOTE("run.oci.systemd.subgroup", ""));
		assert_int_equal(f.r, 0);
		assert_null(f.cgroup.subgroup);
		assert_null(f.cgroup.delegate);
		end(&f);
		begin(&f, 257, false);
		f.request.cgroup_systemd = systemd;
		plan(&f, NOTE("run.oci.delegate-cgroup", "payload"));
		assert_int_equal(f.r, 0);
		assert_null(f.cgroup.subgroup);
		assert_string_equal(f.cgroup.delegate, "payload");
		end(&f);
	}
}

static void test_other_driver(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 257, false);
	f.request.cgroup_systemd = false;
	plan(&f, SET("ExecStart", "1"));
	assert_int_equal(f.r, 0);
	assert_null(f.cgroup.unit.name);
	assert_int_equal(f.cgroup.unit.n_properties, 0);
	end(&f);
}

/* A slice has no policy of its own for lack of memory. */
static void test_slice_oom(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 257, false);
	plan(&f, "\"linux\":{\"cgroupsPath\":\"::a.slice\",\"resources\":{\"unified\":{\"memory.oom.group\":\"1\"}}}");
	assert_int_equal(f.r, 0);
	assert_null(property(&f, "OOMPolicy"));
	assert_string_equal(written(&f, "memory.oom.group"), "1");
	end(&f);
}

/*
 * Updates
 */

struct update {
	const char *name, *resources;
	const char *properties[2][2]; /* all that are sent */
	const char *quota;            /* what cpu.max gets, if it is among the writes */
};

static const struct update updates[] = {
	{"nothing", "", {{NULL, NULL}}, NULL},
	{"memory", MEM("\"limit\":8192"), {{"MemoryMax", "uint64 8192"}}, NULL},
	{"memory and swap",
	 MEM("\"limit\":8192,\"swap\":8192"),
	 {{"MemorySwapMax", "uint64 0"}, {"MemoryMax", "uint64 8192"}},
	 NULL},
	{"quota",
	 CPU("\"quota\":12345"),
	 {{"CPUQuotaPeriodUSec", "uint64 100000"}, {"CPUQuotaPerSecUSec", "uint64 130000"}},
	 "13000 100000"},
	{"shares", CPU("\"shares\":1024"), {{"CPUWeight", "uint64 100"}}, NULL},
	{"no longer idle", CPU("\"idle\":0"), {{"CPUWeight", MAX}}, NULL},
	{"processes", "\"pids\":{\"limit\":-1}", {{"TasksMax", MAX}}, NULL},
	{"nothing that systemd knows", "\"blockIO\":{\"weight\":10}", {{NULL, NULL}}, NULL},
	{"what files said, put back",
	 UNI("\"cpuset.cpus\":\"\",\"cpuset.mems\":\"\\n\",\"memory.events\":\"\""),
	 {{"AllowedCPUs", "@ay []"}, {"AllowedMemoryNodes", "@ay []"}},
	 NULL},
	{"device rules", "\"devices\":[" DENY_ALL "]", {{NULL, NULL}}, NULL},
};

static void test_update(void **state)
{
	const struct update *row = *state;
	struct oci_resources *resources;
	struct fixture f;
	char text[1024];
	size_t n = 0;

	begin(&f, 257, false);
	snprintf(text, sizeof(text), "{%s}", row->resources);
	resources = parse(&f, &oci_resources_object, text);
	f.cgroup.unit.name = "a.scope";
	assert_int_equal(plan_resources(resources, f.arena, &f.cgroup, &f.err), 0);
	assert_int_equal(plan_unit_update(resources, &f.facts, f.arena, &f.cgroup, &f.err), 0);
	assert_string_equal(f.cgroup.unit.name, "a.scope");
	for (; n < 2 && row->properties[n][0]; n++)
		assert_string_equal(property(&f, row->properties[n][0]), row->properties[n][1]);
	assert_int_equal(f.cgroup.unit.n_properties, n);
	if (row->quota)
		assert_string_equal(written(&f, "cpu.max"), row->quota);
	end(&f);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_devices_of_user),
		cmocka_unit_test(test_subgroups),
		cmocka_unit_test(test_other_driver),
		cmocka_unit_test(test_slice_oom),
	};
	int failed = 0;

	failed += run_table("places", places, test_place);
	failed += run_table("refused", bad, test_bad);
	failed += run_table("limits", limits, test_limit);
	failed += run_table("devices", devices, test_devices);
	failed += run_table("annotations", notes, test_note);
	failed += run_table("updates", updates, test_update);
	failed += cmocka_run_group_tests_name("others", single, NULL, NULL);
	return failed;
}
