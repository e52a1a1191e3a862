/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp to a BPF program, by libseccomp. The profile has passed config_validate(); words that are still unknown
 * here (an architecture that this libseccomp lacks) are errors, never skipped: a filter that is weaker than asked for
 * is worse than none. The one exception is the spec's own: names of system calls that libseccomp does not know.
 */
#include "host/seccomp.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "config/annotations.h"
#include "config/names.h"
#include "host/seccomp_cache.h"
#include "host/seccomp_front.h"
#include "host/seccomp_shrink.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The numbers of the words (config/names.h) are the kernel's and libseccomp's alike. */
static_assert(SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW && SCMP_ACT_LOG == SECCOMP_RET_LOG &&
		      SCMP_ACT_TRAP == SECCOMP_RET_TRAP && SCMP_ACT_KILL_THREAD == SECCOMP_RET_KILL_THREAD &&
		      SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS && SCMP_ACT_ERRNO(0) == SECCOMP_RET_ERRNO &&
		      SCMP_ACT_TRACE(0) == SECCOMP_RET_TRACE && SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF,
	      "an action has two numbers");
static_assert((int)SCMP_CMP_NE == SECCOMP_OP_NE && (int)SCMP_CMP_LT == SECCOMP_OP_LT &&
		      (int)SCMP_CMP_LE == SECCOMP_OP_LE && (int)SCMP_CMP_EQ == SECCOMP_OP_EQ &&
		      (int)SCMP_CMP_GE == SECCOMP_OP_GE && (int)SCMP_CMP_GT == SECCOMP_OP_GT &&
		      (int)SCMP_CMP_MASKED_EQ == SECCOMP_OP_MASKED_EQ,
	      "a comparison has two numbers");

/* libseccomp takes less than the kernel's MAX_ERRNO, 4095. */
#define MAX_ERRNO 4094

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

/* errnoRet counts for the two actions that carry a number; both default to EPERM as with runc. where: JSON path. */
static int parse_action(const char *name, const struct oci_opt_u32 *number, const char *where, uint32_t *ret,
			struct err *err)
{
	uint32_t value = number->set ? number->value : EPERM, action;

	if (!name_to_seccomp_action(name, &action))
		return err_msg(err, -EINVAL, "%s: unsupported seccomp action \"%s\"", where, name);
	if (action == SCMP_ACT_ERRNO(0)) {
		if (value > MAX_ERRNO)
			return err_msg(err, -EINVAL, "%s: %u is no error number (at most %d)", where, value, MAX_ERRNO);
		action = SCMP_ACT_ERRNO(value);
	} else if (action == SCMP_ACT_TRACE(0)) {
		if (value > SECCOMP_RET_DATA)
			return err_msg(err, -EINVAL, "%s: %u does not fit the 16 bits of a trace message", where,
				       value);
		action = SCMP_ACT_TRACE(value);
	}
	*ret = action;
	return 0;
}

/*
 * The words of the spec are libseccomp's names in capitals behind a prefix, so the library at hand says what it knows:
 * later architectures need no new constant here.
 */
static uint32_t find_architecture(const char *word)
{
	static const char prefix[] = "SCMP_ARCH_";
	const char *from = word + strlen(prefix);
	char name[32] = "";

	if (strncmp(word, prefix, strlen(prefix)) != 0 || strlen(from) >= sizeof(name))
		return 0;
	for (size_t i = 0; from[i]; i++)
		name[i] = (char)tolower((unsigned char)from[i]);
	return seccomp_arch_resolve_name(name);
}

bool seccomp_knows_architecture(const char *word)
{
	return find_architecture(word) != 0;
}

static int parse_architecture(const char *word, size_t index, uint32_t *ret, struct err *err)
{
	const struct scmp_version *version = seccomp_version();

	*ret = find_architecture(word);
	if (*ret != 0)
		return 0;
	return err_msg(err, -EINVAL, "linux.seccomp.architectures[%zu]: libseccomp %u.%u.%u does not know \"%s\"",
		       index, version->major, version->minor, version->micro, word);
}

/* This machine's architecture is in ctx from the start. */
static int add_architectures(scmp_filter_ctx ctx, const struct oci_seccomp *profile, struct seccomp_rules *rules,
			     struct err *err)
{
	rules->archs = calloc(profile->n_architectures + 1, sizeof(*rules->archs));
	if (!rules->archs)
		return err_set(err, -ENOMEM, "linux.seccomp.architectures");
	rules->archs[rules->n_archs++] = (struct seccomp_arch){seccomp_arch_native(), -1};
	for (size_t i = 0; i < profile->n_architectures; i++) {
		const char *word = profile->architectures[i];
		uint32_t arch = 0;
		int r = parse_architecture(word, i, &arch, err);

		if (r < 0)
			return r;
		r = seccomp_arch_add(ctx, arch);
		if (r == -EEXIST)
			continue;
		if (r == -EDOM)
			return err_msg(err, -EINVAL,
				       "linux.seccomp.architectures[%zu]: %s has another byte order than this machine",
				       i, word);
		if (r < 0)
			return err_set(err, r, "linux.seccomp.architectures[%zu]: add %s", i, word);
		rules->archs[rules->n_archs++] = (struct seccomp_arch){arch, -1};
	}
	return 0;
}

/*
 * Absent flags mean SPEC_ALLOW, an empty list means none. WAIT_KILLABLE_RECV is about a listener: without one the
 * kernel refuses it, and it changes nothing.
 */
static int parse_flags(const struct oci_seccomp *profile, bool listener, uint32_t *ret, struct err *err)
{
	uint32_t flags = listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, value;

	if (!profile || !profile->flags) {
		*ret = flags | (profile ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0);
		return 0;
	}
	for (size_t i = 0; i < profile->n_flags; i++) {
		const char *flag = profile->flags[i];

		if (!name_to_seccomp_flag(flag, &value))
			return err_msg(err, -EINVAL, "linux.seccomp.flags[%zu]: unknown seccomp flag \"%s\"", i, flag);
		if (value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !listener)
			value = 0;
		if (value == 0)
			log_debug("linux.seccomp.flags[%zu]: %s has no effect here", i, flag);
		flags |= value;
	}
	*ret = flags;
	return 0;
}

static int parse_args(const struct oci_seccomp_rule *from, size_t index, struct seccomp_rule *to, struct err *err)
{
	unsigned seen = 0;

	to->args = calloc(from->n_args + 1, sizeof(*to->args));
	if (!to->args)
		return err_set(err, -ENOMEM, "linux.seccomp.syscalls[%zu]", index);
	to->n_args = from->n_args;
	for (size_t i = 0; i < from->n_args; i++) {
		const struct oci_seccomp_arg *arg = &from->args[i];
		enum seccomp_operator op;

		if (arg->index >= SECCOMP_ARGS)
			return err_msg(err, -EINVAL,
				       "linux.seccomp.syscalls[%zu].args[%zu].index: %u is not between 0 and %d", index,
				       i, arg->index, SECCOMP_ARGS - 1);
		if (!name_to_seccomp_operator(arg->op, &op))
			return err_msg(err, -EINVAL,
				       "linux.seccomp.syscalls[%zu].args[%zu].op: unknown operator \"%s\"", index, i,
				       arg->op);
		to->repeated |= (seen & 1U << arg->index) != 0;
		seen |= 1U << arg->index;
		to->args[i] = (struct scmp_arg_cmp){arg->index, (enum scmp_compare)op, arg->value, arg->value_two};
	}
	return 0;
}

/* One system call of one rule. libseccomp can't hold two conditions on one argument: each then is a rule of its own. */
static int add_syscall(scmp_filter_ctx ctx, const struct seccomp_rule *rule, int number)
{
	int r = 0;

	if (!rule->repeated)
		return seccomp_rule_add_array(ctx, rule->action, number, (unsigned)rule->n_args, rule->args);
	for (size_t i = 0; i < rule->n_args && r == 0; i++)
		r = seccomp_rule_add_array(ctx, rule->action, number, 1, &rule->args[i]);
	return r;
}

static void note_numbers(struct seccomp_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n_archs; i++) {
		int number = seccomp_syscall_resolve_name_arch(rules->archs[i].token, name);

		if (number > rules->archs[i].last)
			rules->archs[i].last = number;
	}
}

static int add_rule(scmp_filter_ctx ctx, const struct oci_seccomp_rule *from, size_t index, struct seccomp_rules *rules,
		    struct err *err)
{
	struct seccomp_rule *rule = &rules->list[rules->n];
	char where[64];
	int r;

	snprintf(where, sizeof(where), "linux.seccomp.syscalls[%zu]", index);
	rule->n_names = from->n_names;
	rule->names = from->names;
	r = parse_action(from->action, &from->errno_ret, where, &rule->action, err);
	if (r < 0)
		return r;
	rules->n++;
	r = parse_args(from, index, rule, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rule->n_names; i++)
		note_numbers(rules, rule->names[i]);
	/* Nothing to say that the default does not say; libseccomp refuses such rules. */
	if (rule->action == rules->default_action) {
		rules->n--;
		free(rule->args);
		*rule = (struct seccomp_rule){0};
		return 0;
	}
	for (size_t i = 0; i < rule->n_names; i++) {
		const char *name = rule->names[i];
		int number;

		if (*name == '\0')
			return err_msg(err, -EINVAL, "%s.names[%zu]: empty string is not a valid syscall", where, i);
		number = seccomp_syscall_resolve_name(name);
		if (number == __NR_SCMP_ERROR) {
			log_debug("%s: unknown system call %s is skipped", where, name);
			continue;
		}
		r = add_syscall(ctx, rule, number);
		if (r == -EEXIST)
			return err_msg(err, r, "%s: conflicts with an earlier rule for %s", where, name);
		if (r < 0)
			return err_set(err, r, "%s: add rule for %s", where, name);
	}
	return 0;
}

/* Appends libseccomp's program, which 2.5 can write to a descriptor only. */
static int append_program(scmp_filter_ctx ctx, struct seccomp_code *code, struct err *err)
{
	_cleanup_close_ int fd = sys_memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter *grown;
	struct stat st;
	size_t size;
	int r;

	if (fd < 0)
		return err_set(err, -errno, "create memory file seccomp");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(err, r, "compile the seccomp filter");
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "read the seccomp filter");
	size = (size_t)st.st_size;
	if (size == 0 || size % sizeof(*grown) != 0)
		return err_msg(err, -EIO, "compile the seccomp filter: libseccomp wrote %zu bytes", size);
	grown = realloc(code->insns, code->n * sizeof(*grown) + size);
	if (!grown)
		return err_set(err, -ENOMEM, "read the seccomp filter");
	code->insns = grown;
	if (pread(fd, grown + code->n, size, 0) != (ssize_t)size)
		return err_set(err, -EIO, "read the seccomp filter");
	code->n = code->room = code->n + size / sizeof(*grown);
	return 0;
}

/* As few instructions as we can say it with. */
static int finish_program(const struct seccomp_code *code, struct ocispec_arena *arena, struct plan_seccomp *ret,
			  struct err *err)
{
	__attribute__((cleanup(seccomp_code_free))) struct seccomp_code small = {0};
	struct sock_filter *filter;
	int r = seccomp_shrink(code->insns, code->n, &small);

	if (r < 0 && r != -EOPNOTSUPP)
		return err_set(err, r, "shrink the seccomp filter");
	if (r == 0 && small.n < code->n) {
		log_debug("seccomp: %zu instructions instead of %zu", small.n, code->n);
		code = &small;
	}
	if (code->n > BPF_MAXINSNS)
		return err_msg(err, -E2BIG,
			       "linux.seccomp: the filter has %zu instructions, more than the kernel's limit of %d",
			       code->n, BPF_MAXINSNS);
	filter = ocispec_alloc(arena, code->n * sizeof(*filter));
	if (!filter)
		return err_set(err, -ENOMEM, "keep the seccomp filter");
	memcpy(filter, code->insns, code->n * sizeof(*filter));
	ret->filter = filter;
	ret->len = (uint32_t)code->n;
	return 0;
}

static void rules_free(struct seccomp_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		free(rules->list[i].args);
	free(rules->list);
	free(rules->archs);
}

static int compile(const struct oci_seccomp *profile, struct ocispec_arena *arena, struct plan_seccomp *ret,
		   struct err *err)
{
	__attribute__((cleanup(release))) scmp_filter_ctx ctx = NULL;
	__attribute__((cleanup(rules_free))) struct seccomp_rules rules = {0};
	__attribute__((cleanup(seccomp_code_free))) struct seccomp_code code = {0};
	int r;

	r = parse_action(profile->default_action, &profile->default_errno_ret, "linux.seccomp.defaultAction",
			 &rules.default_action, err);
	if (r < 0)
		return r;
	ctx = seccomp_init(rules.default_action);
	rules.list = calloc(profile->n_syscalls + 1, sizeof(*rules.list));
	if (!ctx || !rules.list)
		return err_set(err, -ENOMEM, "compile the seccomp filter");
	r = add_architectures(ctx, profile, &rules, err);
	if (r < 0)
		return r;
	/* A binary tree over the numbers instead of a chain: it matters at run time, for each system call. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0 && r != -EOPNOTSUPP)
		return err_set(err, r, "optimize the seccomp filter");
	for (size_t i = 0; i < profile->n_syscalls; i++) {
		r = add_rule(ctx, &profile->syscalls[i], i, &rules, err);
		if (r < 0)
			return r;
	}
	r = seccomp_front_emit(&rules, &code);
	if (r < 0)
		return err_set(err, r, "compile the seccomp filter");
	r = append_program(ctx, &code, err);
	return r < 0 ? r : finish_program(&code, arena, ret, err);
}

/* Also where only calls are named that nobody knows: the agent is told that there is a container. */
static bool notifies(const struct oci_seccomp *profile)
{
	for (size_t i = 0; i < profile->n_syscalls; i++)
		if (strcmp(profile->syscalls[i].action, "SCMP_ACT_NOTIFY") == 0)
			return true;
	return false;
}

int seccomp_filter(const struct oci_seccomp *profile, int root_fd, struct ocispec_arena *arena,
		   struct plan_seccomp *ret, struct err *err)
{
	__attribute__((cleanup(seccomp_key_free))) struct seccomp_key key = {0};
	struct plan_seccomp out = {0};
	int r;

	/* As runc reads it: neither a default nor a rule is no profile. */
	if (!profile || (profile->default_action[0] == '\0' && profile->n_syscalls == 0)) {
		*ret = out;
		return 0;
	}
	r = parse_flags(profile, notifies(profile), &out.flags, err);
	if (r < 0)
		return r;
	if (root_fd >= 0 && seccomp_key_make(profile, &key) == 0 && seccomp_cache_load(root_fd, &key, arena, &out)) {
		*ret = out;
		return 0;
	}
	r = compile(profile, arena, &out, err);
	if (r < 0)
		return r;
	if (key.bytes)
		seccomp_cache_store(root_fd, &key, &out);
	*ret = out;
	return 0;
}

static int check_names(const struct oci_seccomp *profile, struct err *err)
{
	for (size_t i = 0; i < profile->n_syscalls; i++)
		for (size_t k = 0; k < profile->syscalls[i].n_names; k++) {
			const char *name = profile->syscalls[i].names[k];

			if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
				return err_msg(
					err, -EINVAL,
					"linux.seccomp.syscalls[%zu].names[%zu]: unknown system call \"%s\", which "
					"annotation " ANNOTATION_SECCOMP_STRICT " forbids",
					i, k, name);
		}
	return 0;
}

/*
 * RFC 4648, with padding; white space counts for nothing, since base64(1) and others break lines. Returns the number of
 * bytes, or -EINVAL. ret has room for the text.
 */
static ssize_t decode_base64(const char *from, char *ret)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *text = ret;
	size_t n = 0, used = 0, padding = 0;

	for (; *from; from++)
		if (!strchr(" \t\r\n", *from))
			ret[n++] = *from;
	/* In place: three bytes are written once four characters have been read. */
	if (n % 4 != 0)
		return -EINVAL;
	while (padding < 2 && padding < n && text[n - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < n; i += 4) {
		uint32_t group = 0;

		for (size_t k = i; k < i + 4; k++) {
			const char *digit = k < n - padding ? strchr(digits, text[k]) : digits;

			if (!digit)
				return -EINVAL;
			group = group << 6 | (uint32_t)(digit - digits);
		}
		for (int shift = 16; shift >= 0; shift -= 8)
			ret[used++] = (char)(group >> shift);
	}
	return (ssize_t)(used - padding);
}

/* A program that returns what it has computed may do anything; no compiler makes such ones. */
static bool program_notifies(const struct sock_filter *filter, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (filter[i].code == (BPF_RET | BPF_K) &&
		    (filter[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

static int raw_filter(const char *text, const struct oci_seccomp *profile, struct ocispec_arena *arena,
		      struct plan_seccomp *ret, struct err *err)
{
	void *filter = ocispec_alloc(arena, strlen(text) + 1);
	struct plan_seccomp out = {.filter = filter};
	ssize_t size;
	int r;

	if (!filter)
		return err_set(err, -ENOMEM, "annotation " ANNOTATION_SECCOMP_BPF);
	size = decode_base64(text, filter);
	if (size <= 0 || (size_t)size % sizeof(*out.filter) != 0 || (size_t)size / sizeof(*out.filter) > BPF_MAXINSNS)
		return err_msg(err, -EINVAL, "annotation " ANNOTATION_SECCOMP_BPF ": not a BPF program in base64");
	out.len = (uint32_t)((size_t)size / sizeof(*out.filter));
	r = parse_flags(profile, program_notifies(out.filter, out.len), &out.flags, err);
	if (r == 0)
		*ret = out;
	return r;
}

static int find_agent(const struct oci_config *config, struct plan_seccomp *filter, struct err *err)
{
	const struct oci_seccomp *profile = config->linux_ ? config->linux_->seccomp : NULL;
	const char *path = annotation(config->annotations, config->n_annotations, ANNOTATION_SECCOMP_AGENT);
	const char *from = "annotation " ANNOTATION_SECCOMP_AGENT;

	if (!path) {
		path = getenv(SECCOMP_AGENT_VARIABLE);
		from = SECCOMP_AGENT_VARIABLE;
	}
	if ((!path || !path[0]) && profile) {
		path = profile->listener_path;
		from = "linux.seccomp.listenerPath";
	}
	if (!path || !path[0])
		return err_msg(err, -EINVAL,
			       "seccomp listenerPath is not set: SCMP_ACT_NOTIFY needs an agent that is asked");
	if (path[0] != '/')
		return err_msg(err, -EINVAL, "%s: \"%s\" is not an absolute path", from, path);
	if (strlen(path) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "%s", from);
	filter->agent = path;
	filter->agent_metadata = profile ? profile->listener_metadata : NULL;
	return 0;
}

/* Of the calls that turtle-init makes under the filter, the one that tells why execve has failed. */
static bool may_deny_write(const struct plan_seccomp *filter)
{
	uint32_t action, arch = seccomp_arch_native();

	if (arch == SCMP_ARCH_X32)
		arch = SCMP_ARCH_X86_64;
	return !seccomp_always(filter->filter, filter->len, arch, SYS_write, &action) ||
	       (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG);
}

static int read_filter(const struct oci_config *config, int root_fd, struct ocispec_arena *arena,
		       struct plan_seccomp *ret, struct err *err)
{
	const struct oci_seccomp *profile = config->linux_ ? config->linux_->seccomp : NULL;
	const char *raw = annotation(config->annotations, config->n_annotations, ANNOTATION_SECCOMP_BPF);
	int r;

	if (raw)
		return raw_filter(raw, profile, arena, ret, err);
	if (profile && annotation_is_on(config->annotations, config->n_annotations, ANNOTATION_SECCOMP_STRICT)) {
		r = check_names(profile, err);
		if (r < 0)
			return r;
	}
	return seccomp_filter(profile, root_fd, arena, ret, err);
}

int seccomp_of_container(const struct oci_config *config, int root_fd, struct ocispec_arena *arena,
			 struct plan_seccomp *ret, struct err *err)
{
	struct plan_seccomp out = {0};
	int r = read_filter(config, root_fd, arena, &out, err);

	if (r == 0 && out.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		r = find_agent(config, &out, err);
	if (r < 0)
		return r;
	out.may_deny_write = out.len && may_deny_write(&out);
	/* In runc's words, which tests of profiles look for. */
	if (out.len)
		log_debug("seccomp filter flags: %u", (unsigned)out.flags);
	*ret = out;
	return 0;
}
