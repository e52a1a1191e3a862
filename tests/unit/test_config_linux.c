/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of linux: namespaces, id maps, sysctls, paths, and what can't be done yet. */
#include "config_case.h"

#define NS(type)         "{\"type\":\"" type "\"}"
#define AT(type, path)   "{\"type\":\"" type "\",\"path\":\"" path "\"}"
#define LIST(...)        "\"namespaces\":[" __VA_ARGS__ "]"
#define MAP(c, h, n)     "{\"containerID\":" c ",\"hostID\":" h ",\"size\":" n "}"
#define UIDS(...)        "\"uidMappings\":[" __VA_ARGS__ "]"
#define GIDS(...)        "\"gidMappings\":[" __VA_ARGS__ "]"
#define USER(uids, gids) LIST(NS("user")) "," UIDS(uids) "," GIDS(gids)
#define ROOT             MAP("0", "0", "1")

static const struct config_case namespaces[] = {
	{"none", .linux_ = ""},
	{"empty list", .linux_ = LIST()},
	{"all new", .linux_ = LIST(NS("pid") "," NS("network") "," NS("mount") "," NS("ipc") "," NS("uts") "," NS(
			    "user") "," NS("cgroup") "," NS("time")) "," UIDS(ROOT) "," GIDS(ROOT)},
	{"all joined",
	 .linux_ = LIST(AT("pid", "/p") "," AT("network", "/p") "," AT("mount", "/p") "," AT("ipc", "/p") "," AT(
		 "uts", "/p") "," AT("user", "/p") "," AT("cgroup", "/p") "," AT("time", "/p"))},
	{"unknown", .linux_ = LIST(NS("net")), .error = "linux.namespaces[0].type: unknown namespace \"net\""},
	{"unknown second", .linux_ = LIST(NS("pid") "," NS("")),
	 .error = "linux.namespaces[1].type: unknown namespace \"\""},
	{"upper case", .linux_ = LIST(NS("PID")), .error = "linux.namespaces[0].type: unknown namespace \"PID\""},
	{"with spaces", .linux_ = LIST(NS(" pid")), .error = "linux.namespaces[0].type: unknown namespace \" pid\""},
	{"kernel's name", .linux_ = LIST(NS("mnt")), .error = "linux.namespaces[0].type: unknown namespace \"mnt\""},
	{"twice", .linux_ = LIST(NS("pid") "," NS("uts") "," NS("pid")),
	 .error = "linux.namespaces[2].type: \"pid\" is given twice"},
	{"new and joined", .linux_ = LIST(NS("pid") "," AT("pid", "/p")),
	 .error = "linux.namespaces[1].type: \"pid\" is given twice"},
	{"joined twice", .linux_ = LIST(AT("uts", "/p") "," AT("uts", "/q")),
	 .error = "linux.namespaces[1].type: \"uts\" is given twice"},
	{"empty path is new", .linux_ = LIST(AT("user", "")),
	 .error = "linux.uidMappings: a new user namespace needs mappings"},
	{"relative path", .linux_ = LIST(AT("pid", "proc/1/ns/pid")),
	 .error = "linux.namespaces[0].path: \"proc/1/ns/pid\" is not an absolute path"},
	{"dot path", .linux_ = LIST(AT("pid", "./x")),
	 .error = "linux.namespaces[0].path: \"./x\" is not an absolute path"},
};

static const struct config_case maps[] = {
	{"both", .linux_ = USER(MAP("0", "100000", "65536"), MAP("0", "100000", "65536"))},
	{"no uid map", .linux_ = LIST(NS("user")) "," GIDS(ROOT),
	 .error = "linux.uidMappings: a new user namespace needs mappings"},
	{"no gid map", .linux_ = LIST(NS("user")) "," UIDS(ROOT),
	 .error = "linux.gidMappings: a new user namespace needs mappings"},
	{"empty maps", .linux_ = LIST(NS("user")) "," UIDS() "," GIDS(),
	 .error = "linux.uidMappings: a new user namespace needs mappings"},
	{"no user namespace", .linux_ = UIDS(ROOT),
	 .error = "linux.uidMappings: there is no user namespace to map into"},
	{"no user namespace, gid", .linux_ = GIDS(ROOT),
	 .error = "linux.gidMappings: there is no user namespace to map into"},
	{"joined user namespace with maps", .linux_ = LIST(AT("user", "/p")) "," UIDS(ROOT) "," GIDS(ROOT)},
	{"size 0", .linux_ = USER(MAP("0", "0", "0"), ROOT), .error = "linux.uidMappings[0].size: must not be 0"},
	{"gid size 0", .linux_ = USER(ROOT, ROOT "," MAP("5", "5", "0")),
	 .error = "linux.gidMappings[1].size: must not be 0"},
	{"all ids", .linux_ = USER(MAP("0", "0", "4294967295"), MAP("0", "0", "4294967295"))},
	{"container id -1", .linux_ = USER(MAP("4294967295", "0", "1"), ROOT),
	 .error = "linux.uidMappings[0]: containerID 4294967295 and size 1 go beyond the last id"},
	{"host id -1", .linux_ = USER(MAP("0", "4294967295", "1"), ROOT),
	 .error = "linux.uidMappings[0]: hostID 4294967295 and size 1 go beyond the last id"},
	{"container overflow", .linux_ = USER(MAP("1", "0", "4294967295"), ROOT),
	 .error = "linux.uidMappings[0]: containerID 1 and size 4294967295 go beyond the last id"},
	{"host overflow", .linux_ = USER(ROOT, MAP("0", "2147483648", "2147483648")),
	 .error = "linux.gidMappings[0]: hostID 2147483648 and size 2147483648 go beyond the last id"},
	{"container overlap", .linux_ = USER(MAP("5", "100", "5") "," MAP("0", "0", "6"), ROOT),
	 .error = "linux.uidMappings: container id 5 is mapped twice"},
	{"container same", .linux_ = USER(ROOT "," MAP("0", "5", "1"), ROOT),
	 .error = "linux.uidMappings: container id 0 is mapped twice"},
	{"host overlap", .linux_ = USER(ROOT, MAP("0", "10", "5") "," MAP("5", "8", "3")),
	 .error = "linux.gidMappings: host id 10 is mapped twice"},
	{"touching", .linux_ = USER(MAP("5", "5", "5") "," MAP("0", "0", "5"), ROOT)},
	{"crossed", .linux_ = USER(MAP("0", "5", "5") "," MAP("5", "0", "5"), ROOT)},
};

#define T(type, ...) LIST(type) ",\"timeOffsets\":{" __VA_ARGS__ "}"
static const struct config_case offsets[] = {
	{"both",
	 .linux_ = T(NS("time"), "\"monotonic\":{\"secs\":-1,\"nanosecs\":999999999},\"boottime\":{\"secs\":1}")},
	{"nothing asked", .linux_ = T(NS("pid"), "")},
	{"no namespace", .linux_ = T(NS("pid"), "\"boottime\":{\"secs\":1}"),
	 .error = "linux.timeOffsets: need a time namespace"},
	{"joined namespace", .linux_ = T(AT("time", "/p"), "\"boottime\":{\"secs\":1}"),
	 .error = "linux.timeOffsets: a time namespace that is joined has its own"},
	{"a second of nanoseconds", .linux_ = T(NS("time"), "\"boottime\":{\"nanosecs\":1000000000}"),
	 .error = "linux.timeOffsets.boottime.nanosecs: 1000000000 is a second or more"},
	{"most nanoseconds", .linux_ = T(NS("time"), "\"monotonic\":{\"nanosecs\":4294967295}"),
	 .error = "linux.timeOffsets.monotonic.nanosecs: 4294967295 is a second or more"},
	{"largest secs", .linux_ = T(NS("time"), "\"boottime\":{\"secs\":9223372036,\"nanosecs\":999999999}")},
	{"secs too large", .linux_ = T(NS("time"), "\"boottime\":{\"secs\":9223372037}"),
	 .error = "linux.timeOffsets.boottime.secs: 9223372037 is more than a clock can hold"},
	{"secs too small", .linux_ = T(NS("time"), "\"monotonic\":{\"secs\":-9223372036854775808}"),
	 .error = "linux.timeOffsets.monotonic.secs: -9223372036854775808 is more than a clock can hold"},
};

#define SYSCTL(key, value) ",\"sysctl\":{\"" key "\":\"" value "\"}"
#define IPCNET             LIST(NS("ipc") "," NS("network") "," NS("uts"))
#define NOT_NAME(key)      .error = "linux.sysctl: \"" key "\" is not a name of a sysctl"
#define NOWHERE(key)       .error = "linux.sysctl: \"" key "\" is not allowed: it belongs to no namespace"
#define BAD_VALUE(key)     .error = "linux.sysctl: the value of \"" key "\" has a control character or a '+'"
#define X50                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300               X50 X50 X50 X50 X50 X50
static const struct config_case sysctls[] = {
	{"net with dots", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "1")},
	{"net with slashes", .linux_ = IPCNET SYSCTL("net/ipv4/ip_forward", "1")},
	{"interface with a dot", .linux_ = IPCNET SYSCTL("net.ipv4.conf.eth0/1.forwarding", "1")},
	{"kernel.sem", .linux_ = IPCNET SYSCTL("kernel.sem", "1 2\\t3 4")},
	{"kernel.shm_rmid_forced", .linux_ = IPCNET SYSCTL("kernel.shm_rmid_forced", "1")},
	{"fs.mqueue", .linux_ = IPCNET SYSCTL("fs.mqueue.msg_max", "1")},
	{"kernel.domainname", .linux_ = IPCNET SYSCTL("kernel/domainname", "x")},
	{"empty value", .linux_ = IPCNET SYSCTL("kernel.domainname", "")},
	{"joined network namespace", .linux_ = LIST(AT("network", "/p")) SYSCTL("net.ipv4.ip_forward", "1")},
	{"net without namespace", .linux_ = LIST(NS("ipc")) SYSCTL("net.ipv4.ip_forward", "1"),
	 .error = "linux.sysctl: \"net.ipv4.ip_forward\" is not allowed without a namespace of type network"},
	{"shm without namespace", .linux_ = LIST(NS("network")) SYSCTL("kernel.shmmax", "1"),
	 .error = "linux.sysctl: \"kernel.shmmax\" is not allowed without a namespace of type ipc"},
	{"mqueue without namespace", .linux_ = LIST(NS("network")) SYSCTL("fs/mqueue/msg_max", "1"),
	 .error = "linux.sysctl: \"fs/mqueue/msg_max\" is not allowed without a namespace of type ipc"},
	{"domainname without namespace", .linux_ = LIST(NS("network")) SYSCTL("kernel.domainname", "x"),
	 .error = "linux.sysctl: \"kernel.domainname\" is not allowed without a namespace of type uts"},
	{"user without namespace", .linux_ = IPCNET SYSCTL("user.max_user_namespaces", "1"),
	 .error = "linux.sysctl: \"user.max_user_namespaces\" is not allowed without a namespace of type user"},
	{"hostname", .linux_ = IPCNET SYSCTL("kernel.hostname", "x"),
	 .error = "linux.sysctl: \"kernel.hostname\" is not allowed: the property hostname sets it"},
	{"core_pattern with dots", .linux_ = IPCNET SYSCTL("kernel.core_pattern", "|/x"),
	 NOWHERE("kernel.core_pattern")},
	{"core_pattern with slashes", .linux_ = IPCNET SYSCTL("kernel/core_pattern", "|/x"),
	 NOWHERE("kernel/core_pattern")},
	{"vm", .linux_ = IPCNET SYSCTL("vm.overcommit_memory", "1"), NOWHERE("vm.overcommit_memory")},
	{"longer than an allowed one", .linux_ = IPCNET SYSCTL("kernel.shmmax2", "1"), NOWHERE("kernel.shmmax2")},
	{"below an allowed one", .linux_ = IPCNET SYSCTL("kernel.shmmax.x", "1"), NOWHERE("kernel.shmmax.x")},
	{"shorter than an allowed one", .linux_ = IPCNET SYSCTL("kernel.shm", "1"), NOWHERE("kernel.shm")},
	{"net alone", .linux_ = IPCNET SYSCTL("net", "1"), NOWHERE("net")},
	{"network", .linux_ = IPCNET SYSCTL("network.x", "1"), NOWHERE("network.x")},
	{"fs.mqueue alone", .linux_ = IPCNET SYSCTL("fs.mqueue", "1"), NOWHERE("fs.mqueue")},
	{"climbing inside", .linux_ = IPCNET SYSCTL("net.ipv4/../../kernel/core_pattern", "1"),
	 NOT_NAME("net.ipv4/../../kernel/core_pattern")},
	{"climbing with slashes", .linux_ = IPCNET SYSCTL("net/ipv4/../../kernel/core_pattern", "1"),
	 NOT_NAME("net/ipv4/../../kernel/core_pattern")},
	{"climbing with swapped slashes", .linux_ = IPCNET SYSCTL("net.//.//.kernel.core_pattern", "1"),
	 NOT_NAME("net.//.//.kernel.core_pattern")},
	{"climbing at once", .linux_ = IPCNET SYSCTL("../kernel/x", "1"), NOT_NAME("../kernel/x")},
	{"dot", .linux_ = IPCNET SYSCTL("net/./x", "1"), NOT_NAME("net/./x")},
	{"two dots in a row", .linux_ = IPCNET SYSCTL("net..x", "1"), NOT_NAME("net..x")},
	{"two slashes in a row", .linux_ = IPCNET SYSCTL("net//x", "1"), NOT_NAME("net//x")},
	{"slash first", .linux_ = IPCNET SYSCTL("/net/x", "1"), NOT_NAME("/net/x")},
	{"dot first", .linux_ = IPCNET SYSCTL(".net.x", "1"), NOT_NAME(".net.x")},
	{"slash last", .linux_ = IPCNET SYSCTL("net/x/", "1"), NOT_NAME("net/x/")},
	{"dot last", .linux_ = IPCNET SYSCTL("net.x.", "1"), NOT_NAME("net.x.")},
	{"empty key", .linux_ = IPCNET SYSCTL("", "1"), NOT_NAME("")},
	{"long key", .linux_ = IPCNET SYSCTL("net." X300, "1"),
	 .error = "linux.sysctl: \"net." X50 X50 X50 X50 X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "\" is not a name of a sysctl"},
	{"newline", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "1\\nkernel.core_pattern=|/x"),
	 BAD_VALUE("net.ipv4.ip_forward")},
	{"newline at the end", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "1\\n"),
	 BAD_VALUE("net.ipv4.ip_forward")},
	{"plus", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "1+kernel.core_pattern=|/x"),
	 BAD_VALUE("net.ipv4.ip_forward")},
	{"carriage return", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "1\\r"), BAD_VALUE("net.ipv4.ip_forward")},
	{"escape", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "\\u001b[0m"), BAD_VALUE("net.ipv4.ip_forward")},
	{"delete", .linux_ = IPCNET SYSCTL("net.ipv4.ip_forward", "\\u007f"), BAD_VALUE("net.ipv4.ip_forward")},
	{"two spellings",
	 .linux_ = IPCNET ",\"sysctl\":{\"net.core.x\":\"1\",\"kernel.sem\":\"1\",\"net/core/x\":\"2\"}",
	 .error = "linux.sysctl: \"net/core/x\" is given twice, in different spellings"},
};

#define MNT LIST(NS("mount"))
static const struct config_case paths[] = {
	{"masked", .linux_ = MNT ",\"maskedPaths\":[\"/proc/kcore\",\"/a/../b\"]"},
	{"masked relative", .linux_ = MNT ",\"maskedPaths\":[\"proc/kcore\"]",
	 .error = "linux.maskedPaths[0]: \"proc/kcore\" is not an absolute path"},
	{"masked empty", .linux_ = MNT ",\"maskedPaths\":[\"/x\",\"\"]",
	 .error = "linux.maskedPaths[1]: must not be empty"},
	{"masked root", .linux_ = MNT ",\"maskedPaths\":[\"//\"]",
	 .error = "linux.maskedPaths[0]: \"//\" is the root itself"},
	{"masked root by dots", .linux_ = MNT ",\"maskedPaths\":[\"/./..\"]",
	 .error = "linux.maskedPaths[0]: \"/./..\" is the root itself"},
	{"masked without namespace", .linux_ = "\"maskedPaths\":[\"/x\"]",
	 .error = "linux.maskedPaths: need a mount namespace, they would cover the host's"},
	{"nothing masked without namespace", .linux_ = "\"maskedPaths\":[],\"readonlyPaths\":[]"},
	{"masked with joined namespace", .linux_ = LIST(AT("mount", "/p")) ",\"maskedPaths\":[\"/x\"]"},
	{"read-only", .linux_ = MNT ",\"readonlyPaths\":[\"/proc/sys\"]"},
	{"read-only relative", .linux_ = MNT ",\"readonlyPaths\":[\"/x\",\"./y\"]",
	 .error = "linux.readonlyPaths[1]: \"./y\" is not an absolute path"},
	{"read-only empty", .linux_ = MNT ",\"readonlyPaths\":[\"\"]",
	 .error = "linux.readonlyPaths[0]: must not be empty"},
	{"read-only without namespace", .linux_ = "\"readonlyPaths\":[\"/x\"]",
	 .error = "linux.readonlyPaths: need a mount namespace, they would cover the host's"},
};

#define PROPAGATION(word)         "\"rootfsPropagation\":\"" word "\""
#define UNKNOWN_PROPAGATION(word) .error = "linux.rootfsPropagation: unknown propagation \"" word "\""
static const struct config_case propagation[] = {
	{"shared", .linux_ = MNT "," PROPAGATION("shared")},
	{"rshared", .linux_ = MNT "," PROPAGATION("rshared")},
	{"slave", .linux_ = MNT "," PROPAGATION("slave")},
	{"rslave", .linux_ = MNT "," PROPAGATION("rslave")},
	{"private", .linux_ = MNT "," PROPAGATION("private")},
	{"rprivate", .linux_ = MNT "," PROPAGATION("rprivate")},
	{"unbindable", .linux_ = MNT "," PROPAGATION("unbindable")},
	{"runbindable", .linux_ = MNT "," PROPAGATION("runbindable")},
	{"empty", .linux_ = PROPAGATION("")},
	{"unknown", .linux_ = MNT "," PROPAGATION("public"), UNKNOWN_PROPAGATION("public")},
	{"r alone", .linux_ = MNT "," PROPAGATION("r"), UNKNOWN_PROPAGATION("r")},
	{"rr", .linux_ = MNT "," PROPAGATION("rrshared"), UNKNOWN_PROPAGATION("rrshared")},
	{"upper case", .linux_ = MNT "," PROPAGATION("SHARED"), UNKNOWN_PROPAGATION("SHARED")},
	{"mount option", .linux_ = MNT "," PROPAGATION("rbind"), UNKNOWN_PROPAGATION("rbind")},
	{"without namespace", .linux_ = PROPAGATION("slave"),
	 .error = "linux.rootfsPropagation: needs a mount namespace"},
	{"private without pivot", .linux_ = MNT "," PROPAGATION("private"), .no_pivot = true,
	 .error = "rootfsPropagation of [r]private is not safe without pivot_root"},
	{"rprivate without pivot", .linux_ = MNT "," PROPAGATION("rprivate"), .no_pivot = true,
	 .error = "rootfsPropagation of [r]private is not safe without pivot_root"},
	{"unbindable without pivot", .linux_ = MNT "," PROPAGATION("unbindable"), .no_pivot = true,
	 .error = "rootfsPropagation of [r]unbindable is not safe without pivot_root"},
	{"slave without pivot", .linux_ = MNT "," PROPAGATION("rslave"), .no_pivot = true},
};

#define PERSONALITY(domain, flags) "\"personality\":{\"domain\":\"" domain "\"" flags "}"
static const struct config_case others[] = {
	{"LINUX", .linux_ = PERSONALITY("LINUX", "")},
	{"LINUX32", .linux_ = PERSONALITY("LINUX32", ",\"flags\":[]")},
	{"personality unknown", .linux_ = PERSONALITY("BSD", ""),
	 .error = "linux.personality.domain: unknown domain \"BSD\""},
	{"personality lower case", .linux_ = PERSONALITY("linux", ""),
	 .error = "linux.personality.domain: unknown domain \"linux\""},
	{"personality kernel's name", .linux_ = PERSONALITY("PER_LINUX32", ""),
	 .error = "linux.personality.domain: unknown domain \"PER_LINUX32\""},
	{"personality empty", .linux_ = PERSONALITY("", ""), .error = "linux.personality.domain: unknown domain \"\""},
	{"personality flags", .linux_ = PERSONALITY("LINUX", ",\"flags\":[\"ADDR_NO_RANDOMIZE\"]"),
	 .error = "linux.personality.flags: none are defined, the list must be empty"},
	{"mountLabel without SELinux", .linux_ = "\"mountLabel\":\"u:o:t:s0\"",
	 .error = "linux.mountLabel: selinux label is specified in config, but selinux is disabled or not supported"},
	{"mountLabel", .linux_ = "\"mountLabel\":\"system_u:object_r:container_file_t:s0:c1,c2\"", .selinux = true},
	{"mountLabel in quotes", .linux_ = "\"mountLabel\":\"\\\"u:o:t\\\"\"", .selinux = true,
	 .error = "linux.mountLabel: there is a space, a quote or a control character in the label"},
	{"mountLabel with a line break", .linux_ = "\"mountLabel\":\"u:o:t\\n\"", .selinux = true,
	 .error = "linux.mountLabel: there is a space, a quote or a control character in the label"},
	{"mountLabel with a space", .linux_ = "\"mountLabel\":\" u:o:t\"", .selinux = true,
	 .error = "linux.mountLabel: there is a space, a quote or a control character in the label"},
	{"mountLabel with a tab", .linux_ = "\"mountLabel\":\"u:o:t\\t\"", .selinux = true,
	 .error = "linux.mountLabel: there is a space, a quote or a control character in the label"},
	{"mountLabel empty", .linux_ = "\"mountLabel\":\"\""},
};

#define RDT(...)      "\"intelRdt\":{" __VA_ARGS__ "}"
#define CLOS(name)    RDT("\"closID\":\"" name "\"")
#define L3(text)      RDT("\"l3CacheSchema\":\"" text "\"")
#define MB(text)      RDT("\"memBwSchema\":\"" text "\"")
#define SCHEMATA(...) RDT("\"schemata\":[" __VA_ARGS__ "]")
#define BAD_CLOS(name)                                           \
	"linux.intelRdt.closID: invalid intelRdt.ClosID \"" name \
	"\": it names a group below resctrl's root, or \"/\" the root itself"
#define BAD_LINES(property, text) "linux.intelRdt." property ": \"" text "\" is not lines like L3:0=ff;1=f"
#define BAD_LINE(i, text)         "linux.intelRdt.schemata[" i "]: \"" text "\" is not a line like L3:0=ff;1=f"
static const struct config_case rdt[] = {
	{"nothing in it", .linux_ = RDT("")},
	{"null", .linux_ = "\"intelRdt\":null"},
	{"empty values", .linux_ = RDT("\"closID\":\"\",\"l3CacheSchema\":\"\",\"memBwSchema\":\"\",\"schemata\":[]")},
	{"all", .linux_ = RDT("\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=f;1=f\\nMB:0=10\",\"memBwSchema\":"
			      "\"MB:0=10\\n\",\"schemata\":[\"L2:0=f\"],\"enableMonitoring\":true")},
	{"the root", .linux_ = CLOS("/")},
	{"closID with dots", .linux_ = CLOS("..a")},
	{"closID dot", .linux_ = CLOS("."), .error = BAD_CLOS(".")},
	{"closID dots", .linux_ = CLOS(".."), .error = BAD_CLOS("..")},
	{"closID path", .linux_ = CLOS("a/b"), .error = BAD_CLOS("a/b")},
	{"closID absolute", .linux_ = CLOS("/a"), .error = BAD_CLOS("/a")},
	{"closID slash behind", .linux_ = CLOS("a/"), .error = BAD_CLOS("a/")},
	{"closID newline", .linux_ = CLOS("a\\nb"), .error = BAD_CLOS("a\nb")},
	{"closID info", .linux_ = CLOS("info"), .error = BAD_CLOS("info")},
	{"closID mon_groups", .linux_ = CLOS("mon_groups"), .error = BAD_CLOS("mon_groups")},
	{"blanks and a last semicolon", .linux_ = L3("  L3 : 0 = ff ; 1=f;\\n\\n")},
	{"no resource", .linux_ = L3(":0=f"), .error = BAD_LINES("l3CacheSchema", ":0=f")},
	{"no domains", .linux_ = L3("L3:"), .error = BAD_LINES("l3CacheSchema", "L3:")},
	{"no value", .linux_ = L3("L3:0="), .error = BAD_LINES("l3CacheSchema", "L3:0=")},
	{"no equals sign", .linux_ = L3("L3:0f"), .error = BAD_LINES("l3CacheSchema", "L3:0f")},
	{"domain without number", .linux_ = L3("L3:a=f"), .error = BAD_LINES("l3CacheSchema", "L3:a=f")},
	{"two semicolons", .linux_ = L3("L3:0=f;;1=f"), .error = BAD_LINES("l3CacheSchema", "L3:0=f;;1=f")},
	{"only blanks", .linux_ = L3(" \\n"), .error = BAD_LINES("l3CacheSchema", " \n")},
	{"second line bad", .linux_ = L3("L3:0=f\\nx"), .error = BAD_LINES("l3CacheSchema", "L3:0=f\nx")},
	{"bandwidth no colon", .linux_ = MB("MB0=10"), .error = BAD_LINES("memBwSchema", "MB0=10")},
	{"bandwidth percent", .linux_ = MB("MB:0=10%"), .error = BAD_LINES("memBwSchema", "MB:0=10%")},
	{"bandwidth negative", .linux_ = MB("MB:0=-1"), .error = BAD_LINES("memBwSchema", "MB:0=-1")},
	{"bandwidth comma", .linux_ = MB("MB:0=1,1=2"), .error = BAD_LINES("memBwSchema", "MB:0=1,1=2")},
	{"bandwidth a number", .linux_ = MB("10"), .error = BAD_LINES("memBwSchema", "10")},
	{"schemata empty", .linux_ = SCHEMATA("\"\""), .error = BAD_LINE("0", "")},
	{"schemata two lines", .linux_ = SCHEMATA("\"L3:0=f\\nL3:1=f\""), .error = BAD_LINE("0", "L3:0=f\nL3:1=f")},
	{"schemata newline behind", .linux_ = SCHEMATA("\"L3:0=f\\n\""), .error = BAD_LINE("0", "L3:0=f\n")},
	{"schemata second bad", .linux_ = SCHEMATA("\"L3:0=f\",\"L3\""), .error = BAD_LINE("1", "L3")},
	{"schemata long domain", .linux_ = SCHEMATA("\"L3:1234567890=f\""), .error = BAD_LINE("0", "L3:1234567890=f")},
	{"enableCMT", .linux_ = RDT("\"enableCMT\":true"),
	 .warning = "linux.intelRdt.enableCMT does nothing, it is deprecated: enableMonitoring makes a group"},
	{"enableMBM", .linux_ = RDT("\"enableMBM\":true"),
	 .warning = "linux.intelRdt.enableMBM does nothing, it is deprecated: enableMonitoring makes a group"},
};

#define NET                LIST(NS("network"))
#define DEVICES(...)       NET ",\"netDevices\":{" __VA_ARGS__ "}"
#define DEVICE(host, name) "\"" host "\":{\"name\":\"" name "\"}"
#define BAD_HOST_NAME(name)                                     \
	"linux.netDevices: invalid network device name \"" name \
	"\" (1 to 15 bytes, without '/', ':', '%' and white space)"
#define BAD_NAME(name)                                                 \
	"linux.netDevices.e.name: invalid network device name \"" name \
	"\" (1 to 15 bytes, without '/', ':' and white space; one %d makes a pattern)"
static const struct config_case net_devices[] = {
	{"none", .linux_ = "\"netDevices\":{}"},
	{"under its name", .linux_ = DEVICES("\"eth0\":{}")},
	{"empty name", .linux_ = DEVICES(DEVICE("eth0", ""))},
	{"renamed", .linux_ = DEVICES(DEVICE("eth0", "container_eth0"))},
	{"names that look odd", .linux_ = DEVICES(DEVICE("...", "a.b-c_d@e,f"))},
	{"pattern", .linux_ = DEVICES(DEVICE("eth0", "eth%d"))},
	{"pattern in the middle", .linux_ = DEVICES(DEVICE("eth0", "a%db"))},
	{"the same pattern twice", .linux_ = DEVICES(DEVICE("a", "eth%d") "," DEVICE("b", "eth%d"))},
	{"exchange", .linux_ = DEVICES(DEVICE("a", "b") "," DEVICE("b", "a"))},
	{"joined namespace", .linux_ = LIST(AT("network", "/n")) ",\"netDevices\":{\"eth0\":{}}"},
	{"no namespace", .linux_ = "\"netDevices\":{\"eth0\":{}}",
	 .error = "linux.netDevices: unable to move network devices without a NET namespace"},
	{"dot", .linux_ = DEVICES("\".\":{}"), .error = BAD_HOST_NAME(".")},
	{"dots", .linux_ = DEVICES("\"..\":{}"), .error = BAD_HOST_NAME("..")},
	{"no name", .linux_ = DEVICES("\"\":{}"), .error = BAD_HOST_NAME("")},
	{"slash", .linux_ = DEVICES("\"a/b\":{}"), .error = BAD_HOST_NAME("a/b")},
	{"colon", .linux_ = DEVICES("\"a:b\":{}"), .error = BAD_HOST_NAME("a:b")},
	{"space", .linux_ = DEVICES("\"a b\":{}"), .error = BAD_HOST_NAME("a b")},
	{"tab", .linux_ = DEVICES("\"a\\tb\":{}"), .error = BAD_HOST_NAME("a\tb")},
	{"space of Latin 1", .linux_ = DEVICES("\"a\u00e0b\":{}"),
	 .error = BAD_HOST_NAME("a\xc3\xa0"
				"b")},
	{"16 bytes", .linux_ = DEVICES("\"abcdefghijklmnop\":{}"), .error = BAD_HOST_NAME("abcdefghijklmnop")},
	{"pattern for the host", .linux_ = DEVICES("\"eth%d\":{}"), .error = BAD_HOST_NAME("eth%d")},
	{"new name dot", .linux_ = DEVICES(DEVICE("e", ".")), .error = BAD_NAME(".")},
	{"new name dots", .linux_ = DEVICES(DEVICE("e", "..")), .error = BAD_NAME("..")},
	{"new name slash", .linux_ = DEVICES(DEVICE("e", "a/b")), .error = BAD_NAME("a/b")},
	{"new name colon", .linux_ = DEVICES(DEVICE("e", ":")), .error = BAD_NAME(":")},
	{"new name newline", .linux_ = DEVICES(DEVICE("e", "a\\nb")), .error = BAD_NAME("a\nb")},
	{"new name 16 bytes", .linux_ = DEVICES(DEVICE("e", "abcdefghijklm%dp")),
	 .error = BAD_NAME("abcdefghijklm%dp")},
	{"percent", .linux_ = DEVICES(DEVICE("e", "e%")), .error = BAD_NAME("e%")},
	{"percent s", .linux_ = DEVICES(DEVICE("e", "e%s")), .error = BAD_NAME("e%s")},
	{"percent percent d", .linux_ = DEVICES(DEVICE("e", "e%%d")), .error = BAD_NAME("e%%d")},
	{"two patterns", .linux_ = DEVICES(DEVICE("e", "%d%d")), .error = BAD_NAME("%d%d")},
	{"width", .linux_ = DEVICES(DEVICE("e", "e%3d")), .error = BAD_NAME("e%3d")},
	{"one name for two", .linux_ = DEVICES(DEVICE("a", "x") "," DEVICE("b", "x")),
	 .error = "linux.netDevices.b: \"x\" is already the name of a"},
	{"a name that another keeps", .linux_ = DEVICES("\"a\":{}," DEVICE("b", "a")),
	 .error = "linux.netDevices.b: \"a\" is already the name of a"},
};

/* A caller without rights over devices. */
static void rootless_net_devices(void **state)
{
	struct oci_namespace ns = {.type = "network"};
	struct oci_net_device_entry device = {.host_name = "eth0"};
	struct oci_linux l = {.n_namespaces = 1, .namespaces = &ns, .n_net_devices = 1, .net_devices = &device};
	struct oci_root root = {.path = "r"};
	struct oci_config config = {.oci_version = "1.3.0", .root = &root, .linux_ = &l};
	const struct config_facts facts = {.rootless = true};
	struct err err = {0};

	(void)state;
	assert_int_equal(config_validate(&config, &facts, NULL, NULL, &err), -22);
	assert_string_equal(err.msg, "linux.netDevices: network devices are not supported for rootless containers");
}

/* Maps of n entries one apart, from first on. */
static int validate_maps(size_t n, uint32_t first, struct err *err)
{
	struct oci_id_mapping *map = calloc(n, sizeof(*map)), one = {.size = 1};
	struct oci_namespace ns = {.type = "user"};
	struct oci_linux l = {.n_namespaces = 1,
			      .namespaces = &ns,
			      .n_uid_mappings = n,
			      .uid_mappings = map,
			      .n_gid_mappings = 1,
			      .gid_mappings = &one};
	struct oci_root root = {.path = "r"};
	struct oci_config config = {.oci_version = "1.3.0", .root = &root, .linux_ = &l};
	struct config_facts facts = {0};
	int r;

	for (size_t i = 0; i < n; i++)
		map[i] = (struct oci_id_mapping){first + (uint32_t)i, first + (uint32_t)i, 1};
	r = config_validate(&config, &facts, NULL, NULL, err);
	free(map);
	return r;
}

static void number_of_mappings(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(validate_maps(340, 0, &err), 0);
	assert_int_equal(validate_maps(341, 0, &err), -22);
	assert_string_equal(err.msg, "linux.uidMappings: 341 entries are too many, the kernel takes at most 340");
	assert_int_equal(validate_maps(5000, 0, &err), -22);
	assert_string_equal(err.msg, "linux.uidMappings: 5000 entries are too many, the kernel takes at most 340");
	/* Lines of 24 bytes: 170 of them are 4080. */
	assert_int_equal(validate_maps(170, 1000000000, &err), 0);
	assert_int_equal(validate_maps(171, 1000000000, &err), -22);
	assert_string_equal(err.msg,
			    "linux.uidMappings: 4104 bytes of text are too many, the kernel takes at most 4095");
}

static void long_namespace_path(void **state)
{
	static const size_t sizes[] = {4096, 65535, 65536, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *path = malloc(sizes[i] + 1), expected[128];
		struct oci_namespace ns = {.type = "network", .path = path};
		struct oci_linux l = {.n_namespaces = 1, .namespaces = &ns};
		struct oci_config config = {.oci_version = "1.3.0", .linux_ = &l};
		struct config_facts facts = {0};
		struct err err = {0};

		memset(path, 'x', sizes[i]);
		path[0] = '/';
		path[sizes[i]] = '\0';
		snprintf(expected, sizeof(expected),
			 "linux.namespaces[0].path: the path has %zu bytes, the longest possible has 4095", sizes[i]);
		assert_int_equal(config_validate(&config, &facts, NULL, NULL, &err), -36);
		assert_string_equal(err.msg, expected);
		free(path);
	}
}

#define MPOL(mode, nodes, ...) \
	"\"memoryPolicy\":{\"mode\":\"" mode "\",\"nodes\":\"" nodes "\",\"flags\":[" __VA_ARGS__ "]}"
#define NODES_ERROR(what) .error = "linux.memoryPolicy.nodes: " what

static const struct config_case memory_policies[] = {
	{"bind", .linux_ = MPOL("MPOL_BIND", "0-3,7")},
	{"interleave static", .linux_ = MPOL("MPOL_INTERLEAVE", "0", "\"MPOL_F_STATIC_NODES\"")},
	{"weighted", .linux_ = MPOL("MPOL_WEIGHTED_INTERLEAVE", "1023", "\"MPOL_F_RELATIVE_NODES\"")},
	{"preferred", .linux_ = MPOL("MPOL_PREFERRED", "1")},
	{"preferred, local", .linux_ = MPOL("MPOL_PREFERRED", "")},
	{"many", .linux_ = MPOL("MPOL_PREFERRED_MANY", "0,1", "\"MPOL_F_NUMA_BALANCING\"")},
	{"local", .linux_ = "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\"}"},
	{"default", .linux_ = MPOL("MPOL_DEFAULT", "")},
	{"no mode", .linux_ = MPOL("", ""), .error = "linux.memoryPolicy.mode: invalid memory policy mode \"\""},
	{"unknown mode", .linux_ = MPOL("MPOL_MAX", "0"),
	 .error = "linux.memoryPolicy.mode: invalid memory policy mode \"MPOL_MAX\""},
	{"numactl's word", .linux_ = MPOL("bind", "0"),
	 .error = "linux.memoryPolicy.mode: invalid memory policy mode \"bind\""},
	{"unknown flag", .linux_ = MPOL("MPOL_BIND", "0", "\"MPOL_F_STATIC_NODES\",\"MPOL_F_ADDR\""),
	 .error = "linux.memoryPolicy.flags[1]: invalid memory policy flag \"MPOL_F_ADDR\""},
	{"static and relative", .linux_ = MPOL("MPOL_BIND", "0", "\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\""),
	 .error = "linux.memoryPolicy.flags: invalid memory policy flags: the nodes are either static or relative"},
	{"static without nodes", .linux_ = MPOL("MPOL_PREFERRED", "", "\"MPOL_F_STATIC_NODES\""),
	 .error = "linux.memoryPolicy.flags: invalid memory policy flags: there are no nodes for them"},
	{"nodes of default", .linux_ = MPOL("MPOL_DEFAULT", "0-3,2"),
	 NODES_ERROR("memory policy mode requires 0 nodes but got 4")},
	{"nodes of local", .linux_ = MPOL("MPOL_LOCAL", "1023"),
	 NODES_ERROR("memory policy mode requires 0 nodes but got 1")},
	{"no nodes", .linux_ = MPOL("MPOL_BIND", ""),
	 NODES_ERROR("memory policy mode requires at least one node but got 0")},
	{"nodes that are words", .linux_ = MPOL("MPOL_BIND", "all"),
	 NODES_ERROR("invalid memory policy nodes \"all\"")},
	{"nodes backwards", .linux_ = MPOL("MPOL_BIND", "3-1"), NODES_ERROR("invalid memory policy nodes \"3-1\"")},
	{"nodes with a space", .linux_ = MPOL("MPOL_BIND", "0, 1"),
	 NODES_ERROR("invalid memory policy nodes \"0, 1\"")},
	{"nodes too high", .linux_ = MPOL("MPOL_BIND", "0-1024"),
	 NODES_ERROR("invalid memory policy nodes \"0-1024\": the last node that a kernel can have is 1023")},
};

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(number_of_mappings), cmocka_unit_test(long_namespace_path),
					   cmocka_unit_test(rootless_net_devices)};
	int failed = 0;

	failed += run_table("namespaces", namespaces, config_case_run);
	failed += run_table("id maps", maps, config_case_run);
	failed += run_table("timeOffsets", offsets, config_case_run);
	failed += run_table("memoryPolicy", memory_policies, config_case_run);
	failed += run_table("sysctl", sysctls, config_case_run);
	failed += run_table("masked and read-only paths", paths, config_case_run);
	failed += run_table("rootfsPropagation", propagation, config_case_run);
	failed += run_table("personality and what is not built", others, config_case_run);
	failed += run_table("intelRdt", rdt, config_case_run);
	failed += run_table("netDevices", net_devices, config_case_run);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}
