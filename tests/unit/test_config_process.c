/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of process. */
#include "config_case.h"

#define P "\"cwd\":\"/\",\"args\":[\"true\"],"
#define USERNS                                                               \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"         \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}]," \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":5}]"

static const struct config_case program[] = {
	{"in order"},
	{"no process at all", "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}}"},
	{"no args", .process = "\"cwd\":\"/\"", .error = "args must not be empty"},
	{"empty args", .process = "\"cwd\":\"/\",\"args\":[]", .error = "args must not be empty"},
	{"empty args[0] is found out when it is looked up", .process = "\"cwd\":\"/\",\"args\":[\"\"]"},
	{"empty cwd", .process = "\"cwd\":\"\",\"args\":[\"true\"]", .error = "Cwd property must not be empty"},
	{"relative cwd", .process = "\"cwd\":\"tmp\",\"args\":[\"true\"]", .error = "Cwd must be an absolute path"},
	{"dot cwd", .process = "\"cwd\":\".\",\"args\":[\"true\"]", .error = "Cwd must be an absolute path"},
	{"cwd checked before args", .process = "\"cwd\":\"x\"", .error = "Cwd must be an absolute path"},
	{"env", .process = P "\"env\":[\"A=1\",\"B=\",\"C==\"]"},
	{"env without =", .process = P "\"env\":[\"A=1\",\"B\"]",
	 .error = "process.env[1]: \"B\" is not of the form NAME=VALUE"},
	{"empty env", .process = P "\"env\":[\"\"]", .error = "process.env[0]: \"\" is not of the form NAME=VALUE"},
	{"env without name", .process = P "\"env\":[\"=x\"]",
	 .error = "process.env[0]: \"=x\" has no name before the '='"},
	{"env only =", .process = P "\"env\":[\"=\"]", .error = "process.env[0]: \"=\" has no name before the '='"},
	{"env late", .process = P "\"env\":[\"A=\",\"A=\",\"A=\",\"A B\"]",
	 .error = "process.env[3]: \"A B\" is not of the form NAME=VALUE"},
};

static const struct config_case terminal[] = {
	{"size", .process = P "\"terminal\":true,\"consoleSize\":{\"height\":65535,\"width\":65535}"},
	{"height over 16 bits", .process = P "\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}",
	 .error = "process.consoleSize: 65536 x 1 is larger than a terminal can be (65535 x 65535)"},
	{"width over 16 bits", .process = P "\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":4294967295}",
	 .error = "process.consoleSize: 1 x 4294967295 is larger than a terminal can be (65535 x 65535)"},
	{"size is ignored without terminal", .process = P "\"consoleSize\":{\"height\":65536,\"width\":1}"},
	{"no mount namespace", .process = P "\"terminal\":true", .linux_ = "",
	 .error = "process.terminal: needs a mount namespace"},
	{"joined mount namespace", .process = P "\"terminal\":true",
	 .linux_ = "\"namespaces\":[{\"type\":\"mount\",\"path\":\"/x\"}]"},
};

static const struct config_case user[] = {
	{"largest ids", .process = P "\"user\":{\"uid\":4294967294,\"gid\":4294967294}"},
	{"uid -1", .process = P "\"user\":{\"uid\":4294967295,\"gid\":0}",
	 .error = "process.user.uid: 4294967295 is not a valid id"},
	{"gid -1", .process = P "\"user\":{\"uid\":0,\"gid\":4294967295}",
	 .error = "process.user.gid: 4294967295 is not a valid id"},
	{"additional gid -1", .process = P "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,4294967295]}",
	 .error = "process.user.additionalGids[1]: 4294967295 is not a valid id"},
	{"additional gids", .process = P "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,5,5,2147483648]}"},
	{"umask", .process = P "\"user\":{\"uid\":0,\"gid\":0,\"umask\":511}"},
	{"umask too large", .process = P "\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}",
	 .error = "process.user.umask: 512 is more than 511 (octal 777)"},
	{"mapped", .process = P "\"user\":{\"uid\":9,\"gid\":4,\"additionalGids\":[3]}", .linux_ = USERNS},
	{"uid not mapped", .process = P "\"user\":{\"uid\":10,\"gid\":0}", .linux_ = USERNS,
	 .error = "process.user.uid: 10 is not mapped in the user namespace"},
	{"gid not mapped", .process = P "\"user\":{\"uid\":0,\"gid\":5}", .linux_ = USERNS,
	 .error = "process.user.gid: 5 is not mapped in the user namespace"},
	{"additional gid not mapped", .process = P "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,7]}",
	 .linux_ = USERNS, .error = "process.user.additionalGids[1]: 7 is not mapped in the user namespace"},
	{"no user is root, which must be mapped", .process = "\"cwd\":\"/\",\"args\":[\"true\"]",
	 .linux_ = "\"namespaces\":[{\"type\":\"user\"}],"
		   "\"uidMappings\":[{\"containerID\":5,\"hostID\":1000,\"size\":10}],"
		   "\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":5}]",
	 .error = "process.user.uid: 0 is not mapped in the user namespace"},
	{"a joined user namespace is not ours to judge", .process = P "\"user\":{\"uid\":10,\"gid\":10}",
	 .linux_ = "\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}]"},
};

#define LIMIT(type, soft, hard) "{\"type\":\"" type "\",\"soft\":" soft ",\"hard\":" hard "}"
/* clang-format off */
#define ALL_LIMITS \
	LIMIT("RLIMIT_AS", "0", "0") "," \
	LIMIT("RLIMIT_CORE", "0", "0") "," \
	LIMIT("RLIMIT_CPU", "0", "0") "," \
	LIMIT("RLIMIT_DATA", "0", "0") "," \
	LIMIT("RLIMIT_FSIZE", "0", "0") "," \
	LIMIT("RLIMIT_LOCKS", "0", "0") "," \
	LIMIT("RLIMIT_MEMLOCK", "0", "0") "," \
	LIMIT("RLIMIT_MSGQUEUE", "0", "0") "," \
	LIMIT("RLIMIT_NICE", "0", "0") "," \
	LIMIT("RLIMIT_NOFILE", "0", "0") "," \
	LIMIT("RLIMIT_NPROC", "0", "0") "," \
	LIMIT("RLIMIT_RSS", "0", "0") "," \
	LIMIT("RLIMIT_RTPRIO", "0", "0") "," \
	LIMIT("RLIMIT_RTTIME", "0", "0") "," \
	LIMIT("RLIMIT_SIGPENDING", "0", "0") "," \
	LIMIT("RLIMIT_STACK", "0", "0")
/* clang-format on */

static const struct config_case limits[] = {
	{"all names", .process = P "\"rlimits\":[" ALL_LIMITS "]"},
	{"infinity", .process = P "\"rlimits\":[" LIMIT("RLIMIT_CORE", "0", "18446744073709551615") "]"},
	{"unknown", .process = P "\"rlimits\":[" LIMIT("RLIMIT_FOO", "0", "0") "]",
	 .error = "process.rlimits[0].type: unknown limit \"RLIMIT_FOO\""},
	{"lower case", .process = P "\"rlimits\":[" LIMIT("rlimit_core", "0", "0") "]",
	 .error = "process.rlimits[0].type: unknown limit \"rlimit_core\""},
	{"without prefix", .process = P "\"rlimits\":[" LIMIT("CORE", "0", "0") "]",
	 .error = "process.rlimits[0].type: unknown limit \"CORE\""},
	{"empty", .process = P "\"rlimits\":[" LIMIT("", "0", "0") "]",
	 .error = "process.rlimits[0].type: unknown limit \"\""},
	{"twice", .process = P "\"rlimits\":[" LIMIT("RLIMIT_CORE", "0", "0") "," LIMIT("RLIMIT_CORE", "0", "0") "]",
	 .error = "process.rlimits[1].type: RLIMIT_CORE is given twice"},
	{"soft over hard", .process = P "\"rlimits\":[" LIMIT("RLIMIT_CORE", "2", "1") "]",
	 .error = "process.rlimits[0]: RLIMIT_CORE: the soft limit 2 is higher than the hard limit 1"},
	{"soft infinite", .process = P "\"rlimits\":[" LIMIT("RLIMIT_CORE", "18446744073709551615", "1") "]",
	 .error = "process.rlimits[0]: RLIMIT_CORE: the soft limit 18446744073709551615 is higher than the hard limit "
		  "1"},
};

static const struct config_case adjustments[] = {
	{"lowest", .process = P "\"oomScoreAdj\":-1000"},
	{"highest", .process = P "\"oomScoreAdj\":1000"},
	{"too low", .process = P "\"oomScoreAdj\":-1001",
	 .error = "process.oomScoreAdj: -1001 is not between -1000 and 1000"},
	{"too high", .process = P "\"oomScoreAdj\":1001",
	 .error = "process.oomScoreAdj: 1001 is not between -1000 and 1000"},
	{"least int", .process = P "\"oomScoreAdj\":-2147483648",
	 .error = "process.oomScoreAdj: -2147483648 is not between -1000 and 1000"},
	{"apparmorProfile", .process = P "\"apparmorProfile\":\"p\"",
	 .error = "process.apparmorProfile: apparmor: config provided but apparmor not supported"},
	{"apparmorProfile empty", .process = P "\"apparmorProfile\":\"\""},
	{"selinuxLabel without SELinux", .process = P "\"selinuxLabel\":\"u:r:t:s0\"",
	 .error = "process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not "
		  "supported"},
	{"selinuxLabel", .process = P "\"selinuxLabel\":\"system_u:system_r:container_t:s0:c1,c2\"", .selinux = true},
	{"selinuxLabel empty", .process = P "\"selinuxLabel\":\"\""},
	{"selinuxLabel with a line break", .process = P "\"selinuxLabel\":\"u:r:t\\n\"", .selinux = true,
	 .error = "process.selinuxLabel: there is a space, a quote or a control character in the label"},
	{"selinuxLabel with a space", .process = P "\"selinuxLabel\":\"u:r: t\"", .selinux = true,
	 .error = "process.selinuxLabel: there is a space, a quote or a control character in the label"},
	{"selinuxLabel in quotes", .process = P "\"selinuxLabel\":\"\\\"u:r:t\\\"\"", .selinux = true,
	 .error = "process.selinuxLabel: there is a space, a quote or a control character in the label"},
	{"selinuxLabel with DEL", .process = P "\"selinuxLabel\":\"u:r:t\\u007f\"", .selinux = true,
	 .error = "process.selinuxLabel: there is a space, a quote or a control character in the label"},
};

#define S(policy, ...)                P "\"scheduler\":{\"policy\":\"SCHED_" policy "\"" __VA_ARGS__ "}"
#define FLAGS(list)                   ",\"flags\":[" list "]"
#define FLAG(name)                    "\"SCHED_FLAG_" name "\""
#define DL(runtime, deadline, period) ",\"runtime\":" #runtime ",\"deadline\":" #deadline ",\"period\":" #period

static const struct config_case schedulers[] = {
	{"other", .process = S("OTHER", ",\"nice\":-20")},
	{"batch", .process = S("BATCH", ",\"nice\":19,\"priority\":0,\"runtime\":0")},
	{"idle", .process = S("IDLE")},
	{"iso is a word of the specification", .process = S("ISO")},
	{"fifo", .process = S("FIFO", ",\"priority\":99")},
	{"round robin", .process = S("RR", ",\"priority\":1" FLAGS(FLAG("RESET_ON_FORK")))},
	{"deadline", .process = S("DEADLINE", DL(42000, 1000000, 1000000))},
	{"deadline without a period", .process = S("DEADLINE", DL(1024, 1024, 0))},
	{"deadline with a nice value", .process = S("DEADLINE", DL(42000, 1000000, 1000000) ",\"nice\":19"),
	 .warning = "process.scheduler.nice: SCHED_DEADLINE has no nice value, it is ignored"},
	{"all flags",
	 .process = S("OTHER",
		      FLAGS(FLAG("RESET_ON_FORK") "," FLAG("RECLAIM") "," FLAG("DL_OVERRUN") "," FLAG(
			      "KEEP_POLICY") "," FLAG("KEEP_PARAMS") "," FLAG("UTIL_CLAMP_MIN") "," FLAG("UTIL_CLAMP_"
													 "MAX")))},
	{"parameters are kept", .process = S("FIFO", FLAGS(FLAG("KEEP_PARAMS")))},
	{"no policy", .process = P "\"scheduler\":{\"policy\":\"\",\"nice\":1}",
	 .error = "process.scheduler.policy: scheduler policy is required"},
	{"unknown policy", .process = S("EXT"), .error = "process.scheduler.policy: unknown policy \"SCHED_EXT\""},
	{"the kernel's name", .process = S("NORMAL"),
	 .error = "process.scheduler.policy: unknown policy \"SCHED_NORMAL\""},
	{"nice too low", .process = S("OTHER", ",\"nice\":-21"),
	 .error = "process.scheduler.nice: invalid scheduler.nice: -21 when scheduler.policy is SCHED_OTHER"},
	{"nice too high", .process = S("BATCH", ",\"nice\":20"),
	 .error = "process.scheduler.nice: invalid scheduler.nice: 20 when scheduler.policy is SCHED_BATCH"},
	{"priority of other", .process = S("OTHER", ",\"priority\":1"),
	 .error = "process.scheduler.priority: scheduler.priority can only be specified for SchedFIFO or SchedRR "
		  "policy"},
	{"priority of deadline", .process = S("DEADLINE", DL(42000, 1000000, 1000000) ",\"priority\":-1"),
	 .error = "process.scheduler.priority: scheduler.priority can only be specified for SchedFIFO or SchedRR "
		  "policy"},
	{"fifo without a priority", .process = S("FIFO"),
	 .error = "process.scheduler.priority: 0 is not between 1 and 99"},
	{"priority too high", .process = S("RR", ",\"priority\":100"),
	 .error = "process.scheduler.priority: 100 is not between 1 and 99"},
	{"priority below zero", .process = S("RR", ",\"priority\":-1"),
	 .error = "process.scheduler.priority: -1 is not between 1 and 99"},
	{"runtime of other", .process = S("OTHER", ",\"runtime\":1"),
	 .error =
		 "process.scheduler.runtime: scheduler runtime/deadline/period can only be specified for SchedDeadline "
		 "policy"},
	{"deadline of fifo", .process = S("FIFO", ",\"priority\":1,\"deadline\":1"),
	 .error = "process.scheduler.deadline: scheduler runtime/deadline/period can only be specified for "
		  "SchedDeadline "
		  "policy"},
	{"period of idle", .process = S("IDLE", ",\"period\":1"),
	 .error = "process.scheduler.period: scheduler runtime/deadline/period can only be specified for SchedDeadline "
		  "policy"},
	{"deadline without numbers", .process = S("DEADLINE"),
	 .error = "process.scheduler.runtime: 0 ns are too short for SCHED_DEADLINE, it takes 1024"},
	{"runtime too short", .process = S("DEADLINE", DL(1023, 1000000, 1000000)),
	 .error = "process.scheduler.runtime: 1023 ns are too short for SCHED_DEADLINE, it takes 1024"},
	{"deadline below runtime", .process = S("DEADLINE", DL(5000, 4999, 1000000)),
	 .error = "process.scheduler.deadline: 4999 ns are shorter than the runtime of 5000"},
	{"period below deadline", .process = S("DEADLINE", DL(5000, 6000, 5999)),
	 .error = "process.scheduler.period: 5999 ns are shorter than the deadline of 6000"},
	{"period too long", .process = S("DEADLINE", DL(5000, 6000, 9223372036854775808)),
	 .error = "process.scheduler.period: 9223372036854775808 ns are longer than the kernel takes"},
	{"deadline too long", .process = S("DEADLINE", DL(5000, 18446744073709551615, 0)),
	 .error = "process.scheduler.deadline: 18446744073709551615 ns are longer than the kernel takes"},
	{"unknown flag", .process = S("OTHER", FLAGS(FLAG("RECLAIM") ",\"RECLAIM\"")),
	 .error = "process.scheduler.flags[1]: unknown flag \"RECLAIM\""},
	{"deadline and hooks", .process = S("DEADLINE", DL(42000, 1000000, 1000000)),
	 .top = "\"hooks\":{\"startContainer\":[{\"path\":\"/bin/true\"}]}",
	 .error = "process.scheduler.policy: SCHED_DEADLINE can't start the startContainer hooks without "
		  "SCHED_FLAG_RESET_ON_FORK"},
	{"deadline and hooks that are reset", .top = "\"hooks\":{\"startContainer\":[{\"path\":\"/bin/true\"}]}",
	 .process = S("DEADLINE", DL(42000, 1000000, 1000000) FLAGS(FLAG("RESET_ON_FORK")))},
};

#define IO(class, priority) P "\"ioPriority\":{\"class\":\"" class "\",\"priority\":" priority "}"

static const struct config_case io_priorities[] = {
	{"realtime", .process = IO("IOPRIO_CLASS_RT", "0")},
	{"best effort", .process = IO("IOPRIO_CLASS_BE", "7")},
	{"idle", .process = P "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\"}"},
	{"no class", .process = IO("", "4"), .error = "process.ioPriority.class: invalid ioPriority.Class: \"\""},
	{"class none", .process = IO("IOPRIO_CLASS_NONE", "0"),
	 .error = "process.ioPriority.class: invalid ioPriority.Class: \"IOPRIO_CLASS_NONE\""},
	{"class in lower case", .process = IO("ioprio_class_be", "0"),
	 .error = "process.ioPriority.class: invalid ioPriority.Class: \"ioprio_class_be\""},
	{"class with a space", .process = IO("IOPRIO_CLASS_BE ", "0"),
	 .error = "process.ioPriority.class: invalid ioPriority.Class: \"IOPRIO_CLASS_BE \""},
	{"priority too high", .process = IO("IOPRIO_CLASS_BE", "8"),
	 .error = "process.ioPriority.priority: invalid ioPriority.Priority: 8 is not between 0 and 7"},
	{"priority below zero", .process = IO("IOPRIO_CLASS_RT", "-1"),
	 .error = "process.ioPriority.priority: invalid ioPriority.Priority: -1 is not between 0 and 7"},
	{"priority with a class in it", .process = IO("IOPRIO_CLASS_IDLE", "8192"),
	 .error = "process.ioPriority.priority: invalid ioPriority.Priority: 8192 is not between 0 and 7"},
};

#define CPUS(which, list) P "\"execCPUAffinity\":{\"" which "\":\"" list "\"}"

static const struct config_case affinities[] = {
	{"both", .process = P "\"execCPUAffinity\":{\"initial\":\"0-3,7,9-9\",\"final\":\"1023\"}"},
	{"over a thousand", .process = CPUS("final", "0-1,1024-2047,8191")},
	{"empty", .process = P "\"execCPUAffinity\":{\"initial\":\"\",\"final\":\"\"}"},
	{"word", .process = CPUS("initial", "all"),
	 .error = "process.execCPUAffinity.initial: \"all\" is not a list of CPUs"},
	{"range backwards", .process = CPUS("final", "3-1"),
	 .error = "process.execCPUAffinity.final: \"3-1\" is not a list of CPUs"},
	{"trailing comma", .process = CPUS("final", "1,"),
	 .error = "process.execCPUAffinity.final: \"1,\" is not a list of CPUs"},
	{"open range", .process = CPUS("final", "1-"),
	 .error = "process.execCPUAffinity.final: \"1-\" is not a list of CPUs"},
	{"negative", .process = CPUS("initial", "-1"),
	 .error = "process.execCPUAffinity.initial: \"-1\" is not a list of CPUs"},
	{"space", .process = CPUS("initial", "1, 2"),
	 .error = "process.execCPUAffinity.initial: \"1, 2\" is not a list of CPUs"},
	{"two ranges in one", .process = CPUS("initial", "1-2-3"),
	 .error = "process.execCPUAffinity.initial: \"1-2-3\" is not a list of CPUs"},
	{"no such CPU", .process = CPUS("final", "8191-8192"),
	 .error = "process.execCPUAffinity.final: \"8191-8192\": the last CPU that a kernel can have is 8191"},
	{"overflow", .process = CPUS("final", "99999999999999999999"),
	 .error = "process.execCPUAffinity.final: \"99999999999999999999\": the last CPU that a kernel can have is "
		  "8191"},
};

static void too_many_groups(void **state)
{
	static uint32_t gids[65537];
	struct oci_user u = {.n_additional_gids = 65537, .additional_gids = gids};
	const char *args[] = {"true"};
	struct oci_process p = {.cwd = "/", .n_args = 1, .args = args, .user = &u};
	struct oci_root root = {.path = "r"};
	struct oci_config config = {.oci_version = "1.0.0", .root = &root, .process = &p};
	struct config_facts facts = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(config_validate(&config, &facts, NULL, NULL, &err), -22);
	assert_string_equal(err.msg, "process.user.additionalGids: 65537 are too many, the kernel takes at most 65536");
	u.n_additional_gids--;
	assert_int_equal(config_validate(&config, &facts, NULL, NULL, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(too_many_groups)};
	int failed = 0;

	failed += run_table("program and environment", program, config_case_run);
	failed += run_table("terminal", terminal, config_case_run);
	failed += run_table("user", user, config_case_run);
	failed += run_table("rlimits", limits, config_case_run);
	failed += run_table("adjustments", adjustments, config_case_run);
	failed += run_table("scheduler", schedulers, config_case_run);
	failed += run_table("ioPriority", io_priorities, config_case_run);
	failed += run_table("execCPUAffinity", affinities, config_case_run);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	return failed;
}
