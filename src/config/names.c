/* SPDX-License-Identifier: Apache-2.0 */
/* Words and their numbers: see names.h. */
#include "config/names.h"

#include "base/mem.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

/* Of kernels that are newer than the headers may be. */
#define MODE_PREFERRED_MANY      5
#define MODE_WEIGHTED_INTERLEAVE 6
#define MODE_FLAG_NUMA_BALANCING (1U << 13)

static const struct {
	const char *type;
	uint64_t flag;
} namespaces[] = {
	{"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},      {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

uint64_t name_to_namespace(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (!strcmp(type, namespaces[i].type))
			return namespaces[i].flag;
	return 0;
}

const char *name_of_namespace(uint64_t flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (flag == namespaces[i].flag)
			return namespaces[i].type;
	return NULL;
}

/* By number: capabilities(7). */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

int name_to_capability(const char *name)
{
	if (strncmp(name, "CAP_", 4) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (name[4] == capabilities[i][4] && !strcmp(name + 4, capabilities[i] + 4))
			return (int)i;
	return -1;
}

const char *name_of_capability(unsigned capability)
{
	return capability < ARRAY_SIZE(capabilities) ? capabilities[capability] : NULL;
}

struct seccomp_word {
	const char *name;
	uint32_t value;
};

static const struct seccomp_word seccomp_actions[] = {
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
	{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
};

static const struct seccomp_word seccomp_operators[] = {
	{"SCMP_CMP_NE", SECCOMP_OP_NE},
	{"SCMP_CMP_LT", SECCOMP_OP_LT},
	{"SCMP_CMP_LE", SECCOMP_OP_LE},
	{"SCMP_CMP_EQ", SECCOMP_OP_EQ},
	{"SCMP_CMP_GE", SECCOMP_OP_GE},
	{"SCMP_CMP_GT", SECCOMP_OP_GT},
	{"SCMP_CMP_MASKED_EQ", SECCOMP_OP_MASKED_EQ},
};

/* TSYNC filters all threads of a process: the program begins with one. */
static const struct seccomp_word seccomp_flags[] = {
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

static const char *const seccomp_architectures[] = {
	"SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
	"SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
	"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
	"SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
	"SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
	"SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",
};

static const struct seccomp_word *find_seccomp(const struct seccomp_word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, words[i].name))
			return &words[i];
	return NULL;
}

bool name_to_seccomp_action(const char *name, uint32_t *ret)
{
	const struct seccomp_word *word = find_seccomp(seccomp_actions, ARRAY_SIZE(seccomp_actions), name);

	if (word)
		*ret = word->value;
	return word != NULL;
}

bool name_to_seccomp_operator(const char *name, enum seccomp_operator *ret)
{
	const struct seccomp_word *word = find_seccomp(seccomp_operators, ARRAY_SIZE(seccomp_operators), name);

	if (word)
		*ret = (enum seccomp_operator)word->value;
	return word != NULL;
}

bool name_to_seccomp_flag(const char *name, uint32_t *ret)
{
	const struct seccomp_word *word = find_seccomp(seccomp_flags, ARRAY_SIZE(seccomp_flags), name);

	if (word)
		*ret = word->value;
	return word != NULL;
}

bool is_seccomp_architecture(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_architectures); i++)
		if (!strcmp(name, seccomp_architectures[i]))
			return true;
	return false;
}

struct word {
	const char *name;
	uint32_t value;
};

static const struct word sched_policies[] = {
	{"SCHED_OTHER", SCHED_NORMAL},      {"SCHED_FIFO", SCHED_FIFO},      {"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH},       {"SCHED_ISO", SCHED_POLICY_ISO}, {"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
};

static const struct word sched_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

static const struct word io_classes[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
};

static const struct word memory_policies[] = {
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_PREFERRED_MANY", MODE_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE},
};

static const struct word memory_policy_flags[] = {
	{"MPOL_F_NUMA_BALANCING", MODE_FLAG_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
};

static bool find_word(const struct word *words, size_t n, const char *name, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, words[i].name)) {
			*ret = words[i].value;
			return true;
		}
	return false;
}

bool name_to_sched_policy(const char *name, uint32_t *ret)
{
	return find_word(sched_policies, ARRAY_SIZE(sched_policies), name, ret);
}

bool name_to_sched_flag(const char *name, uint32_t *ret)
{
	return find_word(sched_flags, ARRAY_SIZE(sched_flags), name, ret);
}

bool name_to_io_class(const char *name, uint32_t *ret)
{
	return find_word(io_classes, ARRAY_SIZE(io_classes), name, ret);
}

bool name_to_memory_policy(const char *name, uint32_t *ret)
{
	return find_word(memory_policies, ARRAY_SIZE(memory_policies), name, ret);
}

bool name_to_memory_policy_flag(const char *name, uint32_t *ret)
{
	return find_word(memory_policy_flags, ARRAY_SIZE(memory_policy_flags), name, ret);
}

const char *name_at(enum name_kind kind, size_t i)
{
	switch (kind) {
	case NAMES_NAMESPACE:
		return i < ARRAY_SIZE(namespaces) ? namespaces[i].type : NULL;
	case NAMES_CAPABILITY:
		return i < ARRAY_SIZE(capabilities) ? capabilities[i] : NULL;
	case NAMES_SECCOMP_ACTION:
		return i < ARRAY_SIZE(seccomp_actions) ? seccomp_actions[i].name : NULL;
	case NAMES_SECCOMP_OPERATOR:
		return i < ARRAY_SIZE(seccomp_operators) ? seccomp_operators[i].name : NULL;
	case NAMES_SECCOMP_ARCHITECTURE:
		return i < ARRAY_SIZE(seccomp_architectures) ? seccomp_architectures[i] : NULL;
	case NAMES_SECCOMP_FLAG:
		return i < ARRAY_SIZE(seccomp_flags) ? seccomp_flags[i].name : NULL;
	case NAMES_MEMORY_POLICY_MODE:
		return i < ARRAY_SIZE(memory_policies) ? memory_policies[i].name : NULL;
	case NAMES_MEMORY_POLICY_FLAG:
		return i < ARRAY_SIZE(memory_policy_flags) ? memory_policy_flags[i].name : NULL;
	}
	return NULL;
}

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

int name_to_rlimit(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (!strcmp(name, rlimits[i].name))
			return rlimits[i].resource;
	return -1;
}

const char *name_of_rlimit(unsigned resource)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (resource == (unsigned)rlimits[i].resource)
			return rlimits[i].name;
	return NULL;
}

uint32_t name_to_propagation(const char *word)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = {
		{"shared", MS_SHARED},
		{"slave", MS_SLAVE},
		{"private", MS_PRIVATE},
		{"unbindable", MS_UNBINDABLE},
	};
	uint32_t rec = word[0] == 'r' ? MS_REC : 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word + !!rec, words[i].word))
			return words[i].flag | rec;
	return 0;
}

bool name_to_personality(const char *domain, uint64_t *ret)
{
	if (!strcmp(domain, "LINUX"))
		*ret = PER_LINUX;
	else if (!strcmp(domain, "LINUX32"))
		*ret = PER_LINUX32;
	else
		return false;
	return true;
}

bool sysctl_path(const char *key, char *ret, size_t size)
{
	size_t first = strcspn(key, "./"), len = strlen(key), start = 0;
	bool dotted = key[first] == '.';

	if (len >= size)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = key[i];

		if (dotted && c == '.')
			c = '/';
		else if (dotted && c == '/')
			c = '.';
		ret[i] = c;
		if (c != '/' && c != '\0')
			continue;
		if (i == start || (i == start + 1 && ret[start] == '.') ||
		    (i == start + 2 && ret[start] == '.' && ret[start + 1] == '.'))
			return false;
		start = i + 1;
	}
	return true;
}

uint64_t sysctl_namespace(const char *path)
{
	static const struct {
		const char *path; /* with a slash at the end: everything below */
		uint64_t flag;
	} allowed[] = {
		{"net/", CLONE_NEWNET},
		{"fs/mqueue/", CLONE_NEWIPC},
		{"kernel/msgmax", CLONE_NEWIPC},
		{"kernel/msgmnb", CLONE_NEWIPC},
		{"kernel/msgmni", CLONE_NEWIPC},
		{"kernel/sem", CLONE_NEWIPC},
		{"kernel/shmall", CLONE_NEWIPC},
		{"kernel/shmmax", CLONE_NEWIPC},
		{"kernel/shmmni", CLONE_NEWIPC},
		{"kernel/shm_rmid_forced", CLONE_NEWIPC},
		{"kernel/domainname", CLONE_NEWUTS},
		{"user/", CLONE_NEWUSER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		size_t n = strlen(allowed[i].path);

		if (allowed[i].path[n - 1] == '/' ? !strncmp(path, allowed[i].path, n) : !strcmp(path, allowed[i].path))
			return allowed[i].flag;
	}
	return 0;
}
