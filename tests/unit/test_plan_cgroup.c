/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources, cgroupsPath and the ownership rule as plan_cgroup() decides them: each row of the tables is a test
 * case of its own. Writes are compared as one text, "file=value" a line, in order; a "?" in front marks an optional
 * write, "|" a fallback, "~" a tentative one.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plan/internal.h"

struct fixture {
	struct ocispec_arena *arena;
	struct plan_facts facts;
	struct plan_request request;
	struct plan_cgroup cgroup;
	struct err err;
	int r;
};

static const struct plan_facts root_facts = {.own_cgroup = "/user.slice/shell.scope", .cgroup_mount = "/sys/fs/cgroup"};
static const struct plan_facts user_facts = {
	.euid = 1000, .egid = 1000, .own_cgroup = "/user.slice/shell.scope", .cgroup_mount = "/sys/fs/cgroup"};

/* rest follows ociVersion in the document. */
static void plan(struct fixture *f, const char *rest)
{
	struct ocispec_error error;
	char text[8192];
	void *config;

	f->arena = ocispec_arena_new();
	assert_non_null(f->arena);
	snprintf(text, sizeof(text), "{\"ociVersion\":\"1.3.0\"%s%s}", *rest ? "," : "", rest);
	if (ocispec_parse(&oci_config_object, text, strlen(text), "config.json", f->arena, &config, &error) < 0)
		fail_msg("%s", error.message);
	f->request.id = f->request.id ? f->request.id : "box";
	f->r = plan_cgroup(config, &f->facts, &f->request, f->arena, &f->cgroup, &f->err);
}

static void plan_resources_of(struct fixture *f, const char *resources)
{
	char rest[4096];

	f->facts = root_facts;
	snprintf(rest, sizeof(rest), "\"linux\":{\"cgroupsPath\":\"/x\",\"resources\":{%s}}", resources);
	plan(f, rest);
}

static void writes_text(const struct plan_cgroup *c, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < c->n_writes; i++) {
		const struct plan_cgroup_write *w = &c->writes[i];

		used += (size_t)snprintf(ret + used, size - used, "%s%s%s%s=%s\n", w->optional ? "?" : "",
					 w->fallback ? "|" : "", w->tentative ? "~" : "", w->file, w->value);
		assert_true(used < size);
		assert_non_null(w->property);
	}
}

struct good {
	const char *name, *resources, *writes;
	uint32_t controllers;
	size_t n_warnings;
};

#define MEM(x)     "\"memory\":{" x "}"
#define CPU(x)     "\"cpu\":{" x "}"
#define IO(x)      "\"blockIO\":{" x "}"
#define UNIFIED(x) "\"unified\":{" x "}"
#define DEV8       "\"major\":8,\"minor\":16"

static const struct good good[] = {
	{"nothing", "", "", 0, 0},
	{"empty objects", MEM("") "," CPU("") "," IO("") ",\"pids\":{}", "", 0, 0},
	/* pids */
	{"pids limit", "\"pids\":{\"limit\":7}", "pids.max=7\n", PLAN_CTRL_PIDS, 0},
	{"pids limit 0 is 1", "\"pids\":{\"limit\":0}", "pids.max=1\n", PLAN_CTRL_PIDS, 0},
	{"pids limit -1 is unlimited", "\"pids\":{\"limit\":-1}", "?pids.max=max\n", 0, 0},
	/* memory */
	{"memory limit", MEM("\"limit\":1048576"), "memory.max=1048576\n", PLAN_CTRL_MEMORY, 0},
	{"memory limit beyond 32 bits", MEM("\"limit\":9007199254740993"), "memory.max=9007199254740993\n",
	 PLAN_CTRL_MEMORY, 0},
	{"memory limit 0 is unset", MEM("\"limit\":0"), "", 0, 0},
	{"memory limit -1 takes swap along", MEM("\"limit\":-1"), "?memory.swap.max=max\n?memory.max=max\n", 0, 0},
	{"swap is what remains of the sum", MEM("\"limit\":100,\"swap\":150"), "memory.swap.max=50\nmemory.max=100\n",
	 PLAN_CTRL_MEMORY, 0},
	{"swap equal to the limit is none", MEM("\"limit\":100,\"swap\":100"), "?memory.swap.max=0\nmemory.max=100\n",
	 PLAN_CTRL_MEMORY, 0},
	{"swap -1 is unlimited", MEM("\"limit\":100,\"swap\":-1"), "?memory.swap.max=max\nmemory.max=100\n",
	 PLAN_CTRL_MEMORY, 0},
	{"swap -1 alone", MEM("\"swap\":-1"), "?memory.swap.max=max\n", 0, 0},
	{"swap 0 is unset", MEM("\"limit\":100,\"swap\":0"), "memory.max=100\n", PLAN_CTRL_MEMORY, 0},
	{"swap with unlimited memory is taken as it is", MEM("\"limit\":-1,\"swap\":70"),
	 "memory.swap.max=70\n?memory.max=max\n", PLAN_CTRL_MEMORY, 0},
	{"reservation", MEM("\"reservation\":4096"), "memory.low=4096\n", PLAN_CTRL_MEMORY, 0},
	{"reservation -1", MEM("\"reservation\":-1"), "?memory.low=max\n", 0, 0},
	{"order of memory", MEM("\"reservation\":5,\"swap\":30,\"limit\":10"),
	 "memory.swap.max=20\nmemory.max=10\nmemory.low=5\n", PLAN_CTRL_MEMORY, 0},
	{"v1 memory properties are noted",
	 MEM("\"kernel\":1,\"kernelTCP\":1,\"swappiness\":3,\"disableOOMKiller\":true"), "", 0, 4},
	{"counting without what is below is noted", MEM("\"useHierarchy\":false"), "", 0, 1},
	{"v1 memory defaults are no note", MEM("\"kernel\":0,\"disableOOMKiller\":false,\"useHierarchy\":true"), "", 0,
	 0},
	/* cpu */
	{"shares default", CPU("\"shares\":1024"), "cpu.weight=100\n", PLAN_CTRL_CPU, 0},
	{"shares minimum", CPU("\"shares\":2"), "cpu.weight=1\n", PLAN_CTRL_CPU, 0},
	{"shares 1", CPU("\"shares\":1"), "cpu.weight=1\n", PLAN_CTRL_CPU, 0},
	{"shares maximum", CPU("\"shares\":262144"), "cpu.weight=10000\n", PLAN_CTRL_CPU, 0},
	{"shares above", CPU("\"shares\":18446744073709551615"), "cpu.weight=10000\n", PLAN_CTRL_CPU, 0},
	{"shares 512", CPU("\"shares\":512"), "cpu.weight=59\n", PLAN_CTRL_CPU, 0},
	{"shares 2048", CPU("\"shares\":2048"), "cpu.weight=174\n", PLAN_CTRL_CPU, 0},
	{"shares 0 is unset", CPU("\"shares\":0"), "", 0, 0},
	{"quota and period", CPU("\"quota\":20000,\"period\":50000"), "cpu.max=20000 50000\n", PLAN_CTRL_CPU, 0},
	{"quota alone", CPU("\"quota\":20000"), "cpu.max=20000 100000\n", PLAN_CTRL_CPU, 0},
	{"period alone", CPU("\"period\":50000"), "?cpu.max=max 50000\n", 0, 0},
	{"quota -1 is unlimited", CPU("\"quota\":-1,\"period\":50000"), "?cpu.max=max 50000\n", 0, 0},
	{"any negative quota is unlimited", CPU("\"quota\":-5"), "?cpu.max=max 100000\n", 0, 0},
	{"the widest quota and the shortest period", CPU("\"quota\":17592186044415,\"period\":1000"),
	 "cpu.max=17592186044415 1000\n", PLAN_CTRL_CPU, 0},
	{"quota 0 is unset", CPU("\"quota\":0,\"period\":0"), "", 0, 0},
	{"burst alone", CPU("\"burst\":1000"), "cpu.max.burst=1000\n", PLAN_CTRL_CPU, 0},
	{"burst 0", CPU("\"burst\":0"), "?cpu.max.burst=0\n", 0, 0},
	{"burst around quota", CPU("\"quota\":5000,\"burst\":5000"),
	 "~cpu.max.burst=5000\ncpu.max=5000 100000\ncpu.max.burst=5000\n", PLAN_CTRL_CPU, 0},
	{"idle", CPU("\"idle\":1"), "cpu.idle=1\n", PLAN_CTRL_CPU, 0},
	{"idle 0 before the weight", CPU("\"idle\":0,\"shares\":1024"), "?cpu.idle=0\ncpu.weight=100\n", PLAN_CTRL_CPU,
	 0},
	{"realtime is noted", CPU("\"realtimeRuntime\":1,\"realtimePeriod\":2"), "", 0, 2},
	{"cpuset", CPU("\"cpus\":\"0-1,3\",\"mems\":\"0\""), "cpuset.cpus=0-1,3\ncpuset.mems=0\n", PLAN_CTRL_CPUSET, 0},
	{"empty cpuset is unset", CPU("\"cpus\":\"\",\"mems\":\"\""), "", 0, 0},
	/* blockIO */
	{"io weight minimum", IO("\"weight\":10"), "io.bfq.weight=10\n|io.weight=1\n", PLAN_CTRL_IO, 0},
	{"io weight maximum", IO("\"weight\":1000"), "io.bfq.weight=1000\n|io.weight=10000\n", PLAN_CTRL_IO, 0},
	{"io weight 500", IO("\"weight\":500"), "io.bfq.weight=500\n|io.weight=4950\n", PLAN_CTRL_IO, 0},
	{"io weight 0 is unset", IO("\"weight\":0"), "", 0, 0},
	{"io weight of a device", IO("\"weightDevice\":[{" DEV8 ",\"weight\":100}]"),
	 "io.bfq.weight=8:16 100\n|io.weight=8:16 910\n", PLAN_CTRL_IO, 0},
	{"leaf weights are noted", IO("\"leafWeight\":10,\"weightDevice\":[{" DEV8 ",\"leafWeight\":100}]"), "", 0, 2},
	{"throttle",
	 IO("\"throttleReadBpsDevice\":[{" DEV8 ",\"rate\":1}],\"throttleWriteBpsDevice\":[{" DEV8 ",\"rate\":2}],"
	    "\"throttleReadIOPSDevice\":[{" DEV8 ",\"rate\":3}],\"throttleWriteIOPSDevice\":[{" DEV8 ",\"rate\":4}]"),
	 "io.max=8:16 rbps=1\nio.max=8:16 wbps=2\nio.max=8:16 riops=3\nio.max=8:16 wiops=4\n", PLAN_CTRL_IO, 0},
	{"throttle of two devices, 64 bits",
	 IO("\"throttleReadBpsDevice\":[{" DEV8
	    ",\"rate\":18446744073709551615},{\"major\":9,\"minor\":0,\"rate\":1}]"),
	 "io.max=8:16 rbps=18446744073709551615\nio.max=9:0 rbps=1\n", PLAN_CTRL_IO, 0},
	/* hugetlb, rdma */
	{"huge pages", "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0},{\"pageSize\":\"1GB\",\"limit\":7}]",
	 "hugetlb.2MB.max=0\n?hugetlb.2MB.rsvd.max=0\nhugetlb.1GB.max=7\n?hugetlb.1GB.rsvd.max=7\n", PLAN_CTRL_HUGETLB,
	 0},
	{"huge pages of 64 KiB", "\"hugepageLimits\":[{\"pageSize\":\"64KB\",\"limit\":1}]",
	 "hugetlb.64KB.max=1\n?hugetlb.64KB.rsvd.max=1\n", PLAN_CTRL_HUGETLB, 0},
	{"rdma", "\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}",
	 "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\n", PLAN_CTRL_RDMA, 0},
	{"rdma, by unified",
	 "\"unified\":{\"rdma.max\":\"a hca_handle=2\\nb hca_object=max\\n\"},\"rdma\":{\"a\":{\"hcaHandles\":1}}",
	 "rdma.max=a hca_handle=1\nrdma.max=a hca_handle=2\nrdma.max=b hca_object=max\n", PLAN_CTRL_RDMA, 0},
	{"rdma, one of the two", "\"rdma\":{\"a\":{\"hcaObjects\":0},\"b\":{}}", "rdma.max=a hca_object=0\n",
	 PLAN_CTRL_RDMA, 0},
	/* network, unified */
	{"network is noted", "\"network\":{\"classID\":1,\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]}", "", 0,
	 2},
	{"unified", UNIFIED("\"memory.high\":\"4096\",\"misc.max\":\"res 1\""), "memory.high=4096\nmisc.max=res 1\n",
	 PLAN_CTRL_MEMORY | PLAN_CTRL_MISC, 0},
	{"unified, a line a write", UNIFIED("\"io.max\":\"8:0 rbps=1\\n\\n8:16 rbps=2\\n\""),
	 "io.max=8:0 rbps=1\nio.max=8:16 rbps=2\n", PLAN_CTRL_IO, 0},
	{"unified comes last", UNIFIED("\"pids.max\":\"5\"") ",\"pids\":{\"limit\":9}", "pids.max=9\npids.max=5\n",
	 PLAN_CTRL_PIDS, 0},
	{"unified core file", UNIFIED("\"cgroup.max.depth\":\"2\""), "cgroup.max.depth=2\n", 0, 0},
	{"unified pressure file", UNIFIED("\"cpu.pressure\":\"some 1 2\""), "cpu.pressure=some 1 2\n", 0, 0},
	{"unified without a value is noted", UNIFIED("\"memory.max\":\"\""), "", 0, 1},
	{"order of everything",
	 UNIFIED("\"memory.high\":\"1\"") ",\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2}]," CPU(
		 "\"cpus\":\"0\",\"shares\":2") "," IO("\"weight\":10") "," MEM("\"limit\":3") ",\"pids\":{\"limit\":"
											       "4}",
	 "pids.max=4\nmemory.max=3\nio.bfq.weight=10\n|io.weight=1\ncpu.weight=1\ncpuset.cpus=0\nhugetlb.2MB.max=2\n"
	 "?hugetlb.2MB.rsvd.max=2\nmemory.high=1\n",
	 PLAN_CTRL_PIDS | PLAN_CTRL_MEMORY | PLAN_CTRL_IO | PLAN_CTRL_CPU | PLAN_CTRL_CPUSET | PLAN_CTRL_HUGETLB, 0},
};

static void test_good(void **state)
{
	const struct good *row = *state;
	struct fixture f = {0};
	char text[4096];

	plan_resources_of(&f, row->resources);
	if (f.r < 0)
		fail_msg("%s", f.err.msg);
	writes_text(&f.cgroup, text, sizeof(text));
	assert_string_equal(text, row->writes);
	assert_int_equal(f.cgroup.controllers, row->controllers);
	assert_int_equal(f.cgroup.n_warnings, row->n_warnings);
	ocispec_arena_free(f.arena);
}

struct bad {
	const char *name, *resources, *message;
};

#define RES "linux.resources."

static const struct bad bad[] = {
	{"swap without memory", MEM("\"swap\":5"), RES "memory.swap: unable to set swap limit without memory limit"},
	{"swap below memory", MEM("\"limit\":10,\"swap\":5"),
	 RES "memory.swap: memory+swap limit should be >= memory limit"},
	{"negative memory", MEM("\"limit\":-2"), RES "memory.limit: -2 is no size in bytes (-1 is unlimited)"},
	{"negative swap", MEM("\"limit\":9,\"swap\":-3"), RES "memory.swap: -3 is no size in bytes (-1 is unlimited)"},
	{"negative reservation", MEM("\"reservation\":-9"),
	 RES "memory.reservation: -9 is no size in bytes (-1 is unlimited)"},
	{"idle and shares", CPU("\"idle\":1,\"shares\":2"),
	 RES "cpu.idle: unable to apply both idle and a weight (shares)"},
	{"idle 2", CPU("\"idle\":2"), RES "cpu.idle: 2 is neither 0 nor 1"},
	{"quota below the kernel's least", CPU("\"quota\":999"),
	 RES "cpu.quota: 999 is not between 1000 and 2^44 microseconds"},
	{"quota above the kernel's most", CPU("\"quota\":17592186044416"),
	 RES "cpu.quota: 17592186044416 is not between 1000 and 2^44 microseconds"},
	{"period below the kernel's least", CPU("\"quota\":5000,\"period\":999"),
	 RES "cpu.period: 999 is not between 1000 and 1000000 microseconds"},
	{"period above the kernel's most", CPU("\"period\":1000001"),
	 RES "cpu.period: 1000001 is not between 1000 and 1000000 microseconds"},
	{"burst above quota", CPU("\"quota\":1000,\"burst\":1001"),
	 RES "cpu.burst: 1001 is more than the quota of 1000"},
	{"io weight too low", IO("\"weight\":9"), RES "blockIO.weight: 9 is not between 10 and 1000"},
	{"io weight too high", IO("\"weight\":1001"), RES "blockIO.weight: 1001 is not between 10 and 1000"},
	{"io weight of a device", IO("\"weightDevice\":[{" DEV8 ",\"weight\":5}]"),
	 RES "blockIO.weightDevice[0]: 5 is not between 10 and 1000"},
	{"negative major", IO("\"weightDevice\":[{\"major\":-1,\"minor\":0,\"weight\":10}]"),
	 RES "blockIO.weightDevice[0]: -1:0 is no device number"},
	{"minor beyond 32 bits", IO("\"throttleReadIOPSDevice\":[{\"major\":1,\"minor\":4294967296,\"rate\":1}]"),
	 RES "blockIO.throttleReadIOPSDevice[0]: 1:4294967296 is no device number"},
	{"page size that climbs", "\"hugepageLimits\":[{\"pageSize\":\"../../2MB\",\"limit\":1}]",
	 RES "hugepageLimits[0].pageSize: \"../../2MB\" is no page size such as 2MB"},
	{"page size with a slash", "\"hugepageLimits\":[{\"pageSize\":\"2MB/x\",\"limit\":1}]",
	 RES "hugepageLimits[0].pageSize: \"2MB/x\" is no page size such as 2MB"},
	{"empty page size", "\"hugepageLimits\":[{\"pageSize\":\"\",\"limit\":1}]",
	 RES "hugepageLimits[0].pageSize: \"\" is no page size such as 2MB"},
	{"page size of dots", "\"hugepageLimits\":[{\"pageSize\":\"..\",\"limit\":1}]",
	 RES "hugepageLimits[0].pageSize: \"..\" is no page size such as 2MB"},
	{"page size without unit",
	 "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"2\",\"limit\":1}]",
	 RES "hugepageLimits[1].pageSize: \"2\" is no page size such as 2MB"},
	{"page size with a leading zero", "\"hugepageLimits\":[{\"pageSize\":\"02MB\",\"limit\":1}]",
	 RES "hugepageLimits[0].pageSize: \"02MB\" is no page size such as 2MB"},
	{"rdma device that climbs", "\"rdma\":{\"..\":{\"hcaHandles\":1}}", RES "rdma: \"..\" is no name of a device"},
	{"rdma device with a slash", "\"rdma\":{\"a/b\":{\"hcaHandles\":1}}",
	 RES "rdma: \"a/b\" is no name of a device"},
	{"empty rdma device", "\"rdma\":{\"\":{\"hcaHandles\":1}}", RES "rdma: \"\" is no name of a device"},
	{"rdma device with a space", "\"rdma\":{\"a hca_handle=9\":{\"hcaHandles\":1}}",
	 RES "rdma: \"a hca_handle=9\" is no name of a device"},
	{"rdma device of a dot", "\"rdma\":{\".\":{\"hcaHandles\":1}}", RES "rdma: \".\" is no name of a device"},
	{"rdma device with a newline", "\"rdma\":{\"a\\nb\":{\"hcaHandles\":1}}",
	 RES "rdma: \"a\nb\" is no name of a device"},
	{"unified with a slash", UNIFIED("\"../memory.max\":\"1\""),
	 "unified resource \"../memory.max\" must be a file name (no slashes)"},
	{"unified below", UNIFIED("\"sub/memory.max\":\"1\""),
	 "unified resource \"sub/memory.max\" must be a file name (no slashes)"},
	{"unified dots", UNIFIED("\"..\":\"1\""), "unified resource \"..\" must be in the form CONTROLLER.PARAMETER"},
	{"unified dot", UNIFIED("\".\":\"1\""), "unified resource \".\" must be in the form CONTROLLER.PARAMETER"},
	{"unified empty", UNIFIED("\"\":\"1\""), "unified resource \"\" must be in the form CONTROLLER.PARAMETER"},
	{"unified without a dot", UNIFIED("\"memory\":\"1\""),
	 "unified resource \"memory\" must be in the form CONTROLLER.PARAMETER"},
	{"unified hidden file", UNIFIED("\".max\":\"1\""),
	 "unified resource \".max\" must be in the form CONTROLLER.PARAMETER"},
	{"unified moves processes", UNIFIED("\"cgroup.procs\":\"1\""),
	 "unified resource \"cgroup.procs\" acts on processes, it is no resource"},
	{"unified freezes", UNIFIED("\"cgroup.freeze\":\"1\""),
	 "unified resource \"cgroup.freeze\" acts on processes, it is no resource"},
	{"device rule without access", "\"devices\":[{\"allow\":true,\"type\":\"c\"}]",
	 RES "devices[0].access: device access at 0 field cannot be empty"},
	{"device rule with empty access",
	 "\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"access\":\"\"}]",
	 RES "devices[1].access: device access at 1 field cannot be empty"},
	{"device rule with strange access", "\"devices\":[{\"allow\":true,\"access\":\"rx\"}]",
	 RES "devices[0].access: \"rx\" is not made of r, w and m"},
	{"device rule of a strange type", "\"devices\":[{\"allow\":true,\"type\":\"p\",\"access\":\"r\"}]",
	 RES "devices[0].type: invalid cgroup device type \"p\""},
	{"device rule with a strange major", "\"devices\":[{\"allow\":true,\"major\":-2,\"access\":\"r\"}]",
	 RES "devices[0].major: -2 is no device number"},
	{"device rule with a strange minor", "\"devices\":[{\"allow\":true,\"minor\":4294967296,\"access\":\"r\"}]",
	 RES "devices[0].minor: 4294967296 is no device number"},
};

static void test_bad(void **state)
{
	const struct bad *row = *state;
	struct fixture f = {0};

	plan_resources_of(&f, row->resources);
	assert_int_equal(f.r, -EINVAL);
	assert_int_equal(f.err.code, -EINVAL);
	assert_string_equal(f.err.msg, row->message);
	ocispec_arena_free(f.arena);
}

struct place {
	const char *name, *wanted /* NULL: absent */, *own, *path /* NULL: error */;
};

static const struct place places[] = {
	{"absolute", "/a/b", "/own/me", "/a/b"},
	{"absolute, cleaned", "//a/./b//c/../d/", "/own/me", "/a/b/d"},
	{"absolute, climbing", "/../../etc", "/own/me", "/etc"},
	{"absolute, climbing out and in", "/a/../../../b", "/own/me", "/b"},
	{"absent", NULL, "/own/me", "/own/box"},
	{"empty", "", "/own/me", "/own/box"},
	{"absent, in the root", NULL, "/", "/box"},
	{"absent, own unknown", NULL, NULL, "/box"},
	{"absent, own outside of the namespace", NULL, "/../../x/y", "/x/box"},
	{"relative", "c/d", "/own/deep/me", "/own/deep/c/d"},
	{"relative, climbing", "../../c", "/own/me", "/own/c"},
	{"relative, in the root", "c", "/", "/c"},
	{"colons are a name here", "a.slice:b:c", "/own/me", "/own/a.slice:b:c"},
	{"the root", "/", "/own/me", NULL},
	{"the root by climbing", "/../..", "/own/me", NULL},
	{"the parent", "..", "/own/me", NULL},
	{"the parent by a dot", ".", "/own/me", NULL},
	{"newline", "/a\\nb", "/own/me", NULL},
};

static void test_place(void **state)
{
	const struct place *row = *state;
	struct fixture f = {.facts = root_facts};
	char rest[512] = "";

	f.facts.own_cgroup = row->own;
	if (row->wanted)
		snprintf(rest, sizeof(rest), "\"linux\":{\"cgroupsPath\":\"%s\"}", row->wanted);
	plan(&f, rest);
	if (row->path) {
		assert_int_equal(f.r, 0);
		assert_string_equal(f.cgroup.path, row->path);
		assert_true(f.cgroup.enabled && f.cgroup.has_devices);
	} else {
		assert_int_equal(f.r, -EINVAL);
		assert_int_equal(strncmp(f.err.msg, "linux.cgroupsPath: ", 19), 0);
	}
	ocispec_arena_free(f.arena);
}

struct owner {
	const char *name, *namespaces, *mounts, *more;
	long long uid; /* -1: not handed over, -2: error */
};

#define CGROUPNS    "{\"type\":\"cgroup\"}"
#define USERNS      CGROUPNS ",{\"type\":\"user\"}"
#define MOUNTED(o)  "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[" o "]}"
#define MAPPINGS    ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":10}]"
#define OTHER(d, s) "{\"destination\":\"" d "\",\"type\":\"cgroup\",\"source\":\"" s "\",\"options\":[\"rw\"]}"

static const struct owner owners[] = {
	{"own namespace, writable", CGROUPNS, MOUNTED("\"rw\",\"nosuid\""), "", 5},
	{"no options", CGROUPNS, MOUNTED(""), "", 5},
	{"read-only", CGROUPNS, MOUNTED("\"nosuid\",\"ro\""), "", -1},
	{"no mount", CGROUPNS, "", "", -1},
	{"no cgroup namespace", "{\"type\":\"pid\"}", MOUNTED(""), "", -1},
	{"joined cgroup namespace", "{\"type\":\"cgroup\",\"path\":\"/proc/1/ns/cgroup\"}", MOUNTED(""), "", -1},
	{"another destination", CGROUPNS, OTHER("/cgroup", "cgroup"), "", -1},
	{"another source", CGROUPNS, OTHER("/sys/fs/cgroup", "cgroup2"), "", -1},
	{"destination is cleaned", CGROUPNS, OTHER("/sys//fs/cgroup/", "cgroup"), "", 5},
	{"mapped", USERNS, MOUNTED(""), MAPPINGS, 100005},
	{"not mapped", USERNS, MOUNTED(""), ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":5}]", -2},
	{"second mapping", USERNS, MOUNTED(""),
	 ",\"uidMappings\":[{\"containerID\":0,\"hostID\":9,\"size\":5},{\"containerID\":5,\"hostID\":77,\"size\":1}]",
	 77},
	{"joined user namespace without mappings", CGROUPNS ",{\"type\":\"user\",\"path\":\"/x\"}", MOUNTED(""), "",
	 -1},
};

static void test_owner(void **state)
{
	const struct owner *row = *state;
	struct fixture f = {.facts = root_facts};
	char rest[1024];

	snprintf(rest, sizeof(rest),
		 "\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":5,\"gid\":0}},\"mounts\":[%s],"
		 "\"linux\":{\"namespaces\":[%s]%s}",
		 row->mounts, row->namespaces, row->more);
	plan(&f, rest);
	if (row->uid == -2) {
		assert_int_equal(f.r, -EINVAL);
	} else {
		assert_int_equal(f.r, 0);
		assert_int_equal(f.cgroup.chown, row->uid >= 0);
		if (row->uid >= 0)
			assert_int_equal(f.cgroup.chown_uid, row->uid);
	}
	ocispec_arena_free(f.arena);
}

struct privilege {
	const char *name, *linux_;
	const struct plan_facts *facts;
	bool in_userns, optional, rootless, unprivileged;
};

static const struct privilege privileges[] = {
	{"root", "", &root_facts, false, false, false, false},
	{"user", "", &user_facts, false, true, true, true},
	{"root of a user namespace", "", &root_facts, true, true, true, true},
	{"user with a limit", "\"resources\":{\"pids\":{\"limit\":5}}", &user_facts, false, false, true, true},
	{"user with an unlimited limit", "\"resources\":{\"pids\":{\"limit\":-1}}", &user_facts, false, true, true,
	 true},
	{"user with device rules", "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", &user_facts,
	 false, true, true, true},
	{"user with a path", "\"cgroupsPath\":\"/x\"", &user_facts, false, false, false, true},
	{"user with an empty path", "\"cgroupsPath\":\"\"", &user_facts, false, true, true, true},
};

static void test_privilege(void **state)
{
	const struct privilege *row = *state;
	struct fixture f = {.facts = *row->facts};
	char rest[512];

	f.facts.in_userns = row->in_userns;
	snprintf(rest, sizeof(rest), "\"linux\":{%s}", row->linux_);
	plan(&f, rest);
	assert_int_equal(f.r, 0);
	assert_int_equal(f.cgroup.optional, row->optional);
	assert_int_equal(f.cgroup.rootless, row->rootless);
	assert_int_equal(f.cgroup.unprivileged, row->unprivileged);
	ocispec_arena_free(f.arena);
}

static void test_disabled(void **state)
{
	struct fixture f = {.facts = root_facts, .request = {.cgroup_disabled = true}};

	plan(&f, "\"linux\":{\"cgroupsPath\":\"/x\",\"resources\":{\"pids\":{\"limit\":5}}}");
	assert_int_equal(f.r, 0);
	assert_false(f.cgroup.enabled);
	assert_false(f.cgroup.has_devices);
	assert_int_equal(f.cgroup.n_writes, 0);
	ocispec_arena_free(f.arena);
}

static void test_no_linux(void **state)
{
	struct fixture f = {.facts = root_facts};

	plan(&f, "");
	assert_int_equal(f.r, 0);
	assert_string_equal(f.cgroup.path, "/user.slice/box");
	ocispec_arena_free(f.arena);
}

static void test_check_before_update(void **state)
{
	struct fixture f = {0};

	plan_resources_of(&f, MEM("\"limit\":100,\"swap\":300,\"checkBeforeUpdate\":true"));
	assert_int_equal(f.r, 0);
	assert_true(f.cgroup.check_memory);
	assert_int_equal(f.cgroup.memory_limit, 100);
	assert_int_equal(f.cgroup.memory_swap, 300);
	ocispec_arena_free(f.arena);
	f = (struct fixture){0};
	plan_resources_of(&f, MEM("\"limit\":-1,\"checkBeforeUpdate\":true"));
	assert_int_equal(f.r, 0);
	assert_false(f.cgroup.check_memory);
	ocispec_arena_free(f.arena);
}

static void test_properties(void **state)
{
	static const char *const expected[] = {RES "memory.swap", RES "memory.limit",
					       RES "blockIO.throttleReadBpsDevice[1]", RES "cpu.quota",
					       RES "unified.misc.max"};
	struct fixture f = {0};

	plan_resources_of(
		&f, MEM("\"limit\":1,\"swap\":2") "," CPU("\"quota\":5000") "," UNIFIED("\"misc.max\":\"a 1\"") "," IO(
			    "\"throttleReadBpsDevice\":[{" DEV8 ",\"rate\":1},{" DEV8 ",\"rate\":1}]"));
	assert_int_equal(f.r, 0);
	assert_int_equal(f.cgroup.n_writes, 6);
	assert_string_equal(f.cgroup.writes[0].property, expected[0]);
	assert_string_equal(f.cgroup.writes[1].property, expected[1]);
	assert_string_equal(f.cgroup.writes[3].property, expected[2]);
	assert_string_equal(f.cgroup.writes[4].property, expected[3]);
	assert_string_equal(f.cgroup.writes[5].property, expected[4]);
	assert_string_equal(f.cgroup.writes[5].controller, "misc");
	ocispec_arena_free(f.arena);
}

/* The curve of shares: monotonic, and through the formula's points everywhere. */
static void test_every_share(void **state)
{
	unsigned last = 1;

	for (unsigned shares = 2; shares <= 262144; shares += shares < 5000 ? 37 : 4099) {
		struct fixture f = {0};
		char text[64];
		double l = log2(shares), exact = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);
		unsigned weight;

		snprintf(text, sizeof(text), CPU("\"shares\":%u"), shares);
		plan_resources_of(&f, text);
		assert_int_equal(f.cgroup.n_writes, 1);
		weight = (unsigned)strtoul(f.cgroup.writes[0].value, NULL, 10);
		assert_true(weight >= last && weight <= 10000);
		assert_true(weight + 1e-6 >= exact && weight < exact + 1);
		last = weight;
		ocispec_arena_free(f.arena);
	}
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_disabled),    cmocka_unit_test(test_no_linux),
		cmocka_unit_test(test_properties),  cmocka_unit_test(test_check_before_update),
		cmocka_unit_test(test_every_share),
	};
	static struct CMUnitTest all[N(good) + N(bad) + N(places) + N(owners) + N(privileges) + N(single)];
	size_t n = 0;

	for (size_t i = 0; i < N(good); i++)
		all[n++] = (struct CMUnitTest){good[i].name, test_good, NULL, NULL, (void *)&good[i]};
	for (size_t i = 0; i < N(bad); i++)
		all[n++] = (struct CMUnitTest){bad[i].name, test_bad, NULL, NULL, (void *)&bad[i]};
	for (size_t i = 0; i < N(places); i++)
		all[n++] = (struct CMUnitTest){places[i].name, test_place, NULL, NULL, (void *)&places[i]};
	for (size_t i = 0; i < N(owners); i++)
		all[n++] = (struct CMUnitTest){owners[i].name, test_owner, NULL, NULL, (void *)&owners[i]};
	for (size_t i = 0; i < N(privileges); i++)
		all[n++] = (struct CMUnitTest){privileges[i].name, test_privilege, NULL, NULL, (void *)&privileges[i]};
	for (size_t i = 0; i < N(single); i++)
		all[n++] = single[i];
	return cmocka_run_group_tests_name("plan_cgroup", all, NULL, NULL);
}
