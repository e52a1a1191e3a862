/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of what is neither process nor linux: version, root, names, annotations, hooks, mounts. */
#include "config_case.h"

#define DOC(version, rest) "{\"ociVersion\":\"" version "\"" rest "}"
#define VERSION(v)         DOC(v, ",\"root\":{\"path\":\"r\"}")
#define NO_VERSION(v)      .error = "ociVersion: \"" v "\" is not a version (SemVer 2.0.0)"
#define OTHER_VERSION(v)   .error = "ociVersion: \"" v "\" is not supported, versions 1.x are"
#define NEWER(v)           .warning = "ociVersion: \"" v "\" is newer than 1.3.0"
#define ROOT(root)         DOC("1.3.0", root)

static const struct config_case versions[] = {
	{"1.0.0", VERSION("1.0.0")},
	{"1.0.2-dev", VERSION("1.0.2-dev")},
	{"1.2.1+build.7", VERSION("1.2.1+build.7")},
	{"1.0.0-rc.1+git.abc-def", VERSION("1.0.0-rc.1+git.abc-def")},
	{"1.3.9", VERSION("1.3.9")},
	{"1.4.0", VERSION("1.4.0"), NEWER("1.4.0")},
	{"1.10.0", VERSION("1.10.0"), NEWER("1.10.0")},
	{"0.9.0", VERSION("0.9.0"), OTHER_VERSION("0.9.0")},
	{"2.0.0", VERSION("2.0.0"), OTHER_VERSION("2.0.0")},
	{"10.0.0", VERSION("10.0.0"), OTHER_VERSION("10.0.0")},
	{"empty", VERSION(""), NO_VERSION("")},
	{"two numbers", VERSION("1.0"), NO_VERSION("1.0")},
	{"four numbers", VERSION("1.0.0.0"), NO_VERSION("1.0.0.0")},
	{"leading zero", VERSION("1.03.0"), NO_VERSION("1.03.0")},
	{"leading v", VERSION("v1.0.0"), NO_VERSION("v1.0.0")},
	{"empty pre-release", VERSION("1.0.0-"), NO_VERSION("1.0.0-")},
	{"empty build", VERSION("1.0.0+"), NO_VERSION("1.0.0+")},
	{"empty identifier", VERSION("1.0.0-a..b"), NO_VERSION("1.0.0-a..b")},
	{"space", VERSION("1.0.0 "), NO_VERSION("1.0.0 ")},
	{"word", VERSION("latest"), NO_VERSION("latest")},
};

static const struct config_case roots[] = {
	{"relative", ROOT(",\"root\":{\"path\":\"r\"}")},
	{"absolute", ROOT(",\"root\":{\"path\":\"/r\"}")},
	{"none", ROOT(""), .error = "root: required"},
	{"empty path", ROOT(",\"root\":{\"path\":\"\"}"), .error = "root.path: must not be empty"},
	{"readonly without mount namespace", ROOT(",\"root\":{\"path\":\"r\",\"readonly\":true}"),
	 .error = "root.readonly: needs a mount namespace"},
	{"readonly",
	 ROOT(",\"root\":{\"path\":\"r\",\"readonly\":true},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}")},
};

#define UTS "\"namespaces\":[{\"type\":\"uts\"}]"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
static const struct config_case names[] = {
	{"hostname", "\"hostname\":\"h\"", .linux_ = UTS},
	{"hostname of 64", "\"hostname\":\"" X64 "\"", .linux_ = UTS},
	{"hostname of 65", "\"hostname\":\"" X64 "x\"", .linux_ = UTS,
	 .error = "hostname: 65 bytes are too many, the kernel takes at most 64"},
	{"hostname without namespace", "\"hostname\":\"h\"",
	 .error = "hostname: unable to set it without a private UTS namespace"},
	{"hostname with joined namespace", "\"hostname\":\"h\"",
	 .linux_ = "\"namespaces\":[{\"type\":\"uts\",\"path\":\"/proc/7/ns/uts\"}]"},
	{"empty hostname without namespace", "\"hostname\":\"\""},
	{"domainname", "\"domainname\":\"d\"", .linux_ = UTS},
	{"domainname of 65", "\"domainname\":\"" X64 "x\"", .linux_ = UTS,
	 .error = "domainname: 65 bytes are too many, the kernel takes at most 64"},
	{"domainname without namespace", "\"domainname\":\"d\"",
	 .error = "domainname: unable to set it without a private UTS namespace"},
	{"annotations", "\"annotations\":{\"a\":\"\"}"},
	{"annotation without key", "\"annotations\":{\"a\":\"\",\"\":\"x\"}",
	 .error = "annotations: a key must not be empty"},
};

#define HOOK(kind, hook) "\"hooks\":{\"" kind "\":[{\"path\":\"/a\"}," hook "]}"
static const struct config_case hooks[] = {
	{"in order", HOOK("prestart", "{\"path\":\"/x\",\"timeout\":1}")},
	{"prestart relative", HOOK("prestart", "{\"path\":\"x\"}"),
	 .error = "hooks.prestart[1].path: \"x\" is not an absolute path"},
	{"createRuntime relative", HOOK("createRuntime", "{\"path\":\"./x\"}"),
	 .error = "hooks.createRuntime[1].path: \"./x\" is not an absolute path"},
	{"createContainer relative", HOOK("createContainer", "{\"path\":\"../x\"}"),
	 .error = "hooks.createContainer[1].path: \"../x\" is not an absolute path"},
	{"startContainer empty", HOOK("startContainer", "{\"path\":\"\"}"),
	 .error = "hooks.startContainer[1].path: must not be empty"},
	{"poststart timeout 0", HOOK("poststart", "{\"path\":\"/x\",\"timeout\":0}"),
	 .error = "hooks.poststart[1].timeout: must be greater than zero"},
	{"poststop timeout -1", HOOK("poststop", "{\"path\":\"/x\",\"timeout\":-1}"),
	 .error = "hooks.poststop[1].timeout: must be greater than zero"},
};

#define MOUNT(mount)   "\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\"}," mount "]"
#define ONE            "[{\"containerID\":0,\"hostID\":0,\"size\":1}]"
#define MAPS(uid, gid) "{\"destination\":\"/b\",\"type\":\"bind\",\"uidMappings\":" uid ",\"gidMappings\":" gid "}"
#define TMPFS_MAPS(uid, gid, options)                                                               \
	"{\"destination\":\"/b\",\"type\":\"tmpfs\",\"options\":[" options "],\"uidMappings\":" uid \
	",\"gidMappings\":" gid "}"
#define MAPPED                                                           \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"     \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":5}]," \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"
static const struct config_case mounts[] = {
	{"in order", MOUNT("{\"destination\":\"/b\",\"type\":\"tmpfs\"}")},
	{"no namespace", MOUNT("{\"destination\":\"/b\",\"type\":\"tmpfs\"}"), .linux_ = "",
	 .error = "mounts: need a mount namespace, they would appear on the host"},
	{"no mounts, no namespace", "\"mounts\":[]", .linux_ = ""},
	{"empty destination", MOUNT("{\"destination\":\"\",\"type\":\"tmpfs\"}"),
	 .error = "mounts[1].destination: must not be empty"},
	{"relative destination", MOUNT("{\"destination\":\"b\",\"type\":\"tmpfs\"}"),
	 .warning = "mounts[1].destination: \"b\" is relative, which is deprecated; taken as /b"},
	{"uidMappings alone", MOUNT(MAPS("[{\"containerID\":0,\"hostID\":0,\"size\":1}]", "[]")),
	 .error = "mounts[1].gidMappings: missing; id-mapped mounts must have both uid and gid mappings specified"},
	{"gidMappings alone", MOUNT(MAPS("[]", "[{\"containerID\":0,\"hostID\":0,\"size\":1}]")),
	 .error = "mounts[1].uidMappings: missing; id-mapped mounts must have both uid and gid mappings specified"},
	{"mappings", MOUNT(MAPS(ONE, ONE))},
	{"nothing is mapped", MOUNT(MAPS(ONE, "[{\"containerID\":0,\"hostID\":0,\"size\":0}]")),
	 .error = "mounts[1].gidMappings[0].size: must not be 0"},
	{"beyond the last id", MOUNT(MAPS("[{\"containerID\":4294967295,\"hostID\":0,\"size\":1}]", ONE)),
	 .error = "mounts[1].uidMappings[0]: containerID 4294967295 and size 1 go beyond the last id"},
	{"beyond the last host id", MOUNT(MAPS("[{\"containerID\":0,\"hostID\":4294967290,\"size\":6}]", ONE)),
	 .error = "mounts[1].uidMappings[0]: hostID 4294967290 and size 6 go beyond the last id"},
	{"mapped twice",
	 MOUNT(MAPS("[{\"containerID\":3,\"hostID\":0,\"size\":5},{\"containerID\":0,\"hostID\":9,\"size\":4}]", ONE)),
	 .error = "mounts[1].uidMappings: container id 3 is mapped twice"},
	{"mapped to the same",
	 MOUNT(MAPS(ONE, "[{\"containerID\":3,\"hostID\":7,\"size\":2},{\"containerID\":0,\"hostID\":8,\"size\":1}]")),
	 .error = "mounts[1].gidMappings: host id 8 is mapped twice"},
	{"owners that the mount maps",
	 MOUNT(TMPFS_MAPS("[{\"containerID\":70,\"hostID\":7,\"size\":2}]", ONE, "\"uid=71\",\"gid=0\""))},
	{"an owner that it does not map",
	 MOUNT(TMPFS_MAPS("[{\"containerID\":70,\"hostID\":7,\"size\":2}]", ONE, "\"uid=72\",\"gid=0\"")),
	 .error = "mounts[1].options: uid=72 is not mapped in the mount's mappings"},
	{"a group that it does not map", MOUNT(TMPFS_MAPS(ONE, ONE, "\"gid=1\"")), .linux_ = MAPPED,
	 .error = "mounts[1].options: gid=1 is not mapped in the mount's mappings"},
	{"an owner and mappings as text",
	 MOUNT("{\"destination\":\"/b\",\"type\":\"tmpfs\",\"options\":[\"uid=5\",\"idmap=uids=5-0-1;gids=0-0-1\"]}"),
	 .linux_ = MAPPED},
	{"mapped owners", MOUNT("{\"destination\":\"/b\",\"type\":\"tmpfs\",\"options\":[\"uid=4\",\"gid=0\"]}"),
	 .linux_ = MAPPED},
	{"uid not mapped", MOUNT("{\"destination\":\"/b\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"uid=5\"]}"),
	 .linux_ = MAPPED, .error = "mounts[1].options: uid=5 is not mapped in the user namespace"},
	{"gid not mapped", MOUNT("{\"destination\":\"/b\",\"type\":\"devpts\",\"options\":[\"gid=5\"]}"),
	 .linux_ = MAPPED, .error = "mounts[1].options: gid=5 is not mapped in the user namespace"},
	{"gid without user namespace", MOUNT("{\"destination\":\"/b\",\"type\":\"devpts\",\"options\":[\"gid=5\"]}")},
};

static void long_destination(void **state)
{
	static const size_t sizes[] = {4095, 4096, 8192};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char path[8193] = {0};
		struct oci_namespace ns = {.type = "mount"};
		struct oci_linux l = {.n_namespaces = 1, .namespaces = &ns};
		struct oci_mount m = {.destination = path, .type = "tmpfs"};
		struct oci_root root = {.path = "r"};
		struct oci_config config = {
			.oci_version = "1.3.0", .linux_ = &l, .root = &root, .n_mounts = 1, .mounts = &m};
		struct config_facts facts = {0};
		struct err err = {0};
		char expected[128];

		memset(path, '/', sizes[i]);
		snprintf(expected, sizeof(expected),
			 "mounts[0].destination: the path has %zu bytes, the longest possible has 4095", sizes[i]);
		assert_int_equal(config_validate(&config, &facts, NULL, NULL, &err), sizes[i] > 4095 ? -36 : 0);
		assert_string_equal(err.msg, sizes[i] > 4095 ? expected : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(long_destination)};
	int failed = 0;

	failed += run_table("ociVersion", versions, config_case_run);
	failed += run_table("root", roots, config_case_run);
	failed += run_table("names", names, config_case_run);
	failed += run_table("hooks", hooks, config_case_run);
	failed += run_table("mounts", mounts, config_case_run);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}
