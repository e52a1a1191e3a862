/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of linux.devices and linux.seccomp. */
#include "config_case.h"

#define MNT                  "\"namespaces\":[{\"type\":\"mount\"}],"
#define DEVICE(members)      MNT "\"devices\":[{\"type\":\"p\",\"path\":\"/first\"},{" members "}]"
#define NUMBER(major, minor) DEVICE("\"type\":\"c\",\"path\":\"/dev/x\",\"major\":" major ",\"minor\":" minor)
#define MODE(type, mode)     DEVICE("\"type\":\"" type "\",\"path\":\"/dev/x\",\"major\":1,\"minor\":1,\"fileMode\":" mode)

static const struct config_case devices[] = {
	{"character", .linux_ = NUMBER("1", "3")},
	{"unbuffered", .linux_ = DEVICE("\"type\":\"u\",\"path\":\"/dev/x\",\"major\":1,\"minor\":3")},
	{"block", .linux_ = DEVICE("\"type\":\"b\",\"path\":\"/dev/x\",\"major\":8,\"minor\":0")},
	{"fifo without numbers", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"/run/x\"")},
	{"largest numbers", .linux_ = NUMBER("4095", "1048575")},
	{"no namespace", .linux_ = "\"devices\":[{\"type\":\"p\",\"path\":\"/x\"}]",
	 .error = "linux.devices: need a mount namespace, they would appear on the host"},
	{"type a", .linux_ = DEVICE("\"type\":\"a\",\"path\":\"/x\""),
	 .error = "linux.devices[1].type: \"a\" is none of c, b, u and p"},
	{"type empty", .linux_ = DEVICE("\"type\":\"\",\"path\":\"/x\""),
	 .error = "linux.devices[1].type: \"\" is none of c, b, u and p"},
	{"type C", .linux_ = DEVICE("\"type\":\"C\",\"path\":\"/x\""),
	 .error = "linux.devices[1].type: \"C\" is none of c, b, u and p"},
	{"type cc", .linux_ = DEVICE("\"type\":\"cc\",\"path\":\"/x\""),
	 .error = "linux.devices[1].type: \"cc\" is none of c, b, u and p"},
	{"type s", .linux_ = DEVICE("\"type\":\"s\",\"path\":\"/x\""),
	 .error = "linux.devices[1].type: \"s\" is none of c, b, u and p"},
	{"path relative", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"dev/x\""),
	 .error = "linux.devices[1].path: \"dev/x\" is not an absolute path"},
	{"path empty", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"\""),
	 .error = "linux.devices[1].path: must not be empty"},
	{"path root", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"/\""),
	 .error = "linux.devices[1].path: \"/\" is a directory"},
	{"path dots", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"/../.\""),
	 .error = "linux.devices[1].path: \"/../.\" is a directory"},
	{"no major", .linux_ = DEVICE("\"type\":\"c\",\"path\":\"/x\",\"minor\":1"),
	 .error = "linux.devices[1].major: required unless the type is p"},
	{"no minor", .linux_ = DEVICE("\"type\":\"b\",\"path\":\"/x\",\"major\":1"),
	 .error = "linux.devices[1].minor: required unless the type is p"},
	{"major -1", .linux_ = NUMBER("-1", "0"), .error = "linux.devices[1].major: -1 is not between 0 and 4095"},
	{"major 4096", .linux_ = NUMBER("4096", "0"),
	 .error = "linux.devices[1].major: 4096 is not between 0 and 4095"},
	{"major 2^32", .linux_ = NUMBER("4294967296", "0"),
	 .error = "linux.devices[1].major: 4294967296 is not between 0 and 4095"},
	{"minor -1", .linux_ = NUMBER("0", "-1"), .error = "linux.devices[1].minor: -1 is not between 0 and 1048575"},
	{"minor 2^20", .linux_ = NUMBER("0", "1048576"),
	 .error = "linux.devices[1].minor: 1048576 is not between 0 and 1048575"},
	{"mode", .linux_ = MODE("c", "438")},
	{"mode with special bits", .linux_ = MODE("c", "4095")},
	{"mode with its type", .linux_ = MODE("c", "8630")},
	{"mode with the other type", .linux_ = MODE("b", "8630"),
	 .error = "linux.devices[1].fileMode: 8630 is not a file mode (it is decimal)"},
	{"mode of a directory", .linux_ = MODE("c", "16877"),
	 .error = "linux.devices[1].fileMode: 16877 is not a file mode (it is decimal)"},
	{"mode too large", .linux_ = MODE("c", "65536"),
	 .error = "linux.devices[1].fileMode: 65536 is not a file mode (it is decimal)"},
	{"mode of 32 bits", .linux_ = MODE("c", "4294967295"),
	 .error = "linux.devices[1].fileMode: 4294967295 is not a file mode (it is decimal)"},
	{"mode of a fifo as character", .linux_ = MODE("c", "4534"),
	 .error = "linux.devices[1].fileMode: 4534 is not a file mode (it is decimal)"},
	{"uid -1", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"/x\",\"uid\":4294967295"),
	 .error = "linux.devices[1].uid: 4294967295 is not a valid id"},
	{"gid -1", .linux_ = DEVICE("\"type\":\"p\",\"path\":\"/x\",\"gid\":4294967295"),
	 .error = "linux.devices[1].gid: 4294967295 is not a valid id"},
	{"path twice",
	 .linux_ = MNT "\"devices\":[{\"type\":\"c\",\"path\":\"/a\",\"major\":1,\"minor\":3},"
		       "{\"type\":\"c\",\"path\":\"/a\",\"major\":1,\"minor\":4}]",
	 .error = "linux.devices: /a is given twice, as different devices"},
	{"device twice", .linux_ = MNT "\"devices\":[{\"type\":\"c\",\"path\":\"/a\",\"major\":1,\"minor\":3},"
				       "{\"type\":\"u\",\"path\":\"/a\",\"major\":1,\"minor\":3}]"},
	{"number twice",
	 .linux_ = MNT "\"devices\":[{\"type\":\"c\",\"path\":\"/b\",\"major\":1,\"minor\":3},"
		       "{\"type\":\"c\",\"path\":\"/a\",\"major\":1,\"minor\":4},"
		       "{\"type\":\"u\",\"path\":\"/c\",\"major\":1,\"minor\":3}]",
	 .warning = "*"},
	{"same number, other type", .linux_ =
					    MNT "\"devices\":[{\"type\":\"c\",\"path\":\"/b\",\"major\":1,\"minor\":3},"
						"{\"type\":\"b\",\"path\":\"/a\",\"major\":1,\"minor\":3}]"},
};

#define SECCOMP(members) "\"seccomp\":{" members "}"
#define DEFAULT          "\"defaultAction\":\"SCMP_ACT_ERRNO\""
#define RULE(members)    SECCOMP(DEFAULT ",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"},{" members "}]")
#define ACTION(action)   RULE("\"names\":[\"read\"],\"action\":\"" action "\"")
#define ARG(arg)         RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{" arg "}]")
#define ARCH(arch)       SECCOMP(DEFAULT ",\"architectures\":[\"SCMP_ARCH_X86_64\",\"" arch "\"]")
#define FLAG(flag)       SECCOMP(DEFAULT ",\"flags\":[\"" flag "\"]")

static const struct config_case seccomp[] = {
	{"default only", .linux_ = SECCOMP(DEFAULT)},
	{"default errno", .linux_ = SECCOMP(DEFAULT ",\"defaultErrnoRet\":38")},
	{"errno 0", .linux_ = SECCOMP(DEFAULT ",\"defaultErrnoRet\":0")},
	{"errno 4095", .linux_ = SECCOMP(DEFAULT ",\"defaultErrnoRet\":4095")},
	{"errno 4096", .linux_ = SECCOMP(DEFAULT ",\"defaultErrnoRet\":4096"),
	 .error = "linux.seccomp.defaultErrnoRet: 4096 is more than SCMP_ACT_ERRNO takes (4095)"},
	{"trace 65535", .linux_ = SECCOMP("\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65535")},
	{"trace 65536", .linux_ = SECCOMP("\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65536"),
	 .error = "linux.seccomp.defaultErrnoRet: 65536 is more than SCMP_ACT_TRACE takes (65535)"},
	{"errno of allow", .linux_ = SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1"),
	 .error = "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no number"},
	{"errno of kill", .linux_ = RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":0"),
	 .error = "linux.seccomp.syscalls[1].errnoRet: SCMP_ACT_KILL takes no number"},
	{"unknown default", .linux_ = SECCOMP("\"defaultAction\":\"SCMP_ACT_DENY\""),
	 .error = "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_DENY\""},
	{"empty default", .linux_ = SECCOMP("\"defaultAction\":\"\""),
	 .error = "linux.seccomp.defaultAction: unknown action \"\""},
	{"notify default", .linux_ = SECCOMP("\"defaultAction\":\"SCMP_ACT_NOTIFY\""),
	 .error = "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action"},
	{"kill", .linux_ = ACTION("SCMP_ACT_KILL")},
	{"kill process", .linux_ = ACTION("SCMP_ACT_KILL_PROCESS")},
	{"kill thread", .linux_ = ACTION("SCMP_ACT_KILL_THREAD")},
	{"trap", .linux_ = ACTION("SCMP_ACT_TRAP")},
	{"log", .linux_ = ACTION("SCMP_ACT_LOG")},
	{"notify", .linux_ = ACTION("SCMP_ACT_NOTIFY")},
	{"errno of notify", .linux_ = RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\",\"errnoRet\":1"),
	 .error = "linux.seccomp.syscalls[1].errnoRet: SCMP_ACT_NOTIFY takes no number"},
	{"notify for write", .linux_ = RULE("\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_NOTIFY\""),
	 .error = "linux.seccomp.syscalls[1].names[1]: SCMP_ACT_NOTIFY cannot be used for the write syscall"},
	{"notify for write with conditions",
	 .linux_ = RULE("\"names\":[\"write\"],\"action\":\"SCMP_ACT_NOTIFY\",\"args\":[{\"index\":0,\"value\":1,"
			"\"op\":\"SCMP_CMP_EQ\"}]"),
	 .error = "linux.seccomp.syscalls[1].names[0]: SCMP_ACT_NOTIFY cannot be used for the write syscall"},
	{"notify for writev", .linux_ = RULE("\"names\":[\"writev\"],\"action\":\"SCMP_ACT_NOTIFY\"")},
	{"unknown action", .linux_ = ACTION("ALLOW"),
	 .error = "linux.seccomp.syscalls[1].action: unknown action \"ALLOW\""},
	{"lower case action", .linux_ = ACTION("scmp_act_allow"),
	 .error = "linux.seccomp.syscalls[1].action: unknown action \"scmp_act_allow\""},
	{"unknown syscall name is skipped later", .linux_ = RULE("\"names\":[\"nosuch\"],\"action\":\"SCMP_ACT_LOG\"")},
	{"no names", .linux_ = RULE("\"names\":[],\"action\":\"SCMP_ACT_LOG\""),
	 .error = "linux.seccomp.syscalls[1].names: must not be empty"},
	{"empty name", .linux_ = RULE("\"names\":[\"a\",\"\"],\"action\":\"SCMP_ACT_LOG\""),
	 .error = "linux.seccomp.syscalls[1].names[1]: must not be empty"},
	{"argument", .linux_ = ARG("\"index\":5,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_MASKED_EQ\"")},
	{"argument 6", .linux_ = ARG("\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\""),
	 .error = "linux.seccomp.syscalls[1].args[0].index: 6 is not below 6"},
	{"argument 2^32-1", .linux_ = ARG("\"index\":4294967295,\"value\":0,\"op\":\"SCMP_CMP_EQ\""),
	 .error = "linux.seccomp.syscalls[1].args[0].index: 4294967295 is not below 6"},
	{"unknown operator", .linux_ = ARG("\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_XX\""),
	 .error = "linux.seccomp.syscalls[1].args[0].op: unknown operator \"SCMP_CMP_XX\""},
	{"symbol as operator", .linux_ = ARG("\"index\":0,\"value\":0,\"op\":\"==\""),
	 .error = "linux.seccomp.syscalls[1].args[0].op: unknown operator \"==\""},
	{"empty operator", .linux_ = ARG("\"index\":0,\"value\":0,\"op\":\"\""),
	 .error = "linux.seccomp.syscalls[1].args[0].op: unknown operator \"\""},
	{"architecture", .linux_ = ARCH("SCMP_ARCH_LOONGARCH64")},
	{"architecture sheb", .linux_ = ARCH("SCMP_ARCH_SHEB")},
	{"unknown architecture", .linux_ = ARCH("SCMP_ARCH_VAX"),
	 .error = "linux.seccomp.architectures[1]: unknown architecture \"SCMP_ARCH_VAX\""},
	{"architecture without prefix", .linux_ = ARCH("amd64"),
	 .error = "linux.seccomp.architectures[1]: unknown architecture \"amd64\""},
	{"empty architecture", .linux_ = ARCH(""),
	 .error = "linux.seccomp.architectures[1]: unknown architecture \"\""},
	{"flag TSYNC", .linux_ = FLAG("SECCOMP_FILTER_FLAG_TSYNC")},
	{"flag LOG", .linux_ = FLAG("SECCOMP_FILTER_FLAG_LOG")},
	{"flag SPEC_ALLOW", .linux_ = FLAG("SECCOMP_FILTER_FLAG_SPEC_ALLOW")},
	{"flag WAIT_KILLABLE_RECV", .linux_ = FLAG("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")},
	{"flag NEW_LISTENER", .linux_ = FLAG("SECCOMP_FILTER_FLAG_NEW_LISTENER"),
	 .error = "linux.seccomp.flags[0]: unknown flag \"SECCOMP_FILTER_FLAG_NEW_LISTENER\""},
	{"flag without prefix", .linux_ = FLAG("LOG"), .error = "linux.seccomp.flags[0]: unknown flag \"LOG\""},
	{"metadata without path", .linux_ = SECCOMP(DEFAULT ",\"listenerMetadata\":\"m\""),
	 .error = "linux.seccomp.listenerMetadata: means nothing without listenerPath"},
	{"listener without notify", .linux_ = SECCOMP(DEFAULT ",\"listenerPath\":\"/s\",\"listenerMetadata\":\"m\""),
	 .warning = "linux.seccomp.listenerPath: ignored, no action is SCMP_ACT_NOTIFY"},
};

int main(void)
{
	int failed = 0;

	failed += run_table("devices", devices, config_case_run);
	failed += run_table("seccomp", seccomp, config_case_run);
	return failed;
}
