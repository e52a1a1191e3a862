/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp profile out of a file: linux.seccomp as the runtime-spec has it, or the profiles that come with docker and
 * podman, in which rules hold only for some capabilities, architectures or kernels, and the architectures are a map.
 * Those conditions are decided here, where the container's capabilities are known; nothing of them is passed over,
 * since a rule that holds always where it was meant for some would let more through.
 */
#include "config/box_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "config/names.h"
#include "json.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What is asked of capabilities, the machine and the kernel. */
struct conditions {
	size_t n_caps, n_arches;
	const char **caps, **arches;
	const char *min_kernel;
};

struct profile_rule {
	size_t n_names, n_args;
	const char **names, *name;
	const char *action, *errno_name;
	struct oci_opt_u32 errno_ret;
	struct oci_seccomp_arg *args;
	struct conditions *includes, *excludes;
};

struct arch_map {
	const char *architecture;
	size_t n_sub;
	const char **sub;
};

struct profile {
	const char *default_action, *default_errno_name;
	struct oci_opt_u32 default_errno_ret;
	size_t n_architectures, n_arch_map, n_flags, n_syscalls;
	const char **architectures, **flags;
	struct arch_map *arch_map;
	const char *listener_path, *listener_metadata;
	struct profile_rule *syscalls;
};

static const struct ocispec_property conditions_properties[] = {
	OCISPEC_LIST(struct conditions, caps, "caps"),
	OCISPEC_LIST(struct conditions, arches, "arches"),
	OCISPEC_FIELD(struct conditions, min_kernel, "minKernel"),
};
static const struct ocispec_object conditions_object = OCISPEC_OBJECT(struct conditions, conditions_properties);

static const struct ocispec_property arg_properties[] = {
	OCISPEC_FIELD(struct oci_seccomp_arg, index, "index", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_arg, value, "value", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_arg, value_two, "valueTwo"),
	OCISPEC_FIELD(struct oci_seccomp_arg, op, "op", .required = true),
};
static const struct ocispec_object arg_object = OCISPEC_OBJECT(struct oci_seccomp_arg, arg_properties);

static const struct ocispec_property rule_properties[] = {
	OCISPEC_LIST(struct profile_rule, names, "names"),
	OCISPEC_FIELD(struct profile_rule, name, "name"),
	OCISPEC_FIELD(struct profile_rule, action, "action", .required = true),
	OCISPEC_FIELD(struct profile_rule, errno_ret, "errnoRet"),
	OCISPEC_FIELD(struct profile_rule, errno_name, "errno"),
	OCISPEC_SUBS(struct profile_rule, args, "args", &arg_object),
	OCISPEC_SUB(struct profile_rule, includes, "includes", &conditions_object),
	OCISPEC_SUB(struct profile_rule, excludes, "excludes", &conditions_object),
};
static const struct ocispec_object rule_object = OCISPEC_OBJECT(struct profile_rule, rule_properties);

static const struct ocispec_property arch_properties[] = {
	OCISPEC_FIELD(struct arch_map, architecture, "architecture", .required = true),
	OCISPEC_LIST(struct arch_map, sub, "subArchitectures"),
};
static const struct ocispec_object arch_object = OCISPEC_OBJECT(struct arch_map, arch_properties);

static const struct ocispec_property profile_properties[] = {
	OCISPEC_FIELD(struct profile, default_action, "defaultAction", .required = true),
	OCISPEC_FIELD(struct profile, default_errno_ret, "defaultErrnoRet"),
	OCISPEC_FIELD(struct profile, default_errno_name, "defaultErrno"),
	OCISPEC_LIST(struct profile, architectures, "architectures"),
	OCISPEC_SUBS(struct profile, arch_map, "archMap", &arch_object),
	OCISPEC_LIST(struct profile, flags, "flags"),
	OCISPEC_FIELD(struct profile, listener_path, "listenerPath"),
	OCISPEC_FIELD(struct profile, listener_metadata, "listenerMetadata"),
	OCISPEC_SUBS(struct profile, syscalls, "syscalls", &rule_object),
};
static const struct ocispec_object profile_object = OCISPEC_OBJECT(struct profile, profile_properties);

/* This machine, in the words of seccomp and in those of Go, which the conditions use. */
#if defined(__x86_64__)
static const char own_arch[] = "SCMP_ARCH_X86_64", own_go_arch[] = "amd64";
#elif defined(__i386__)
static const char own_arch[] = "SCMP_ARCH_X86", own_go_arch[] = "386";
#elif defined(__aarch64__)
static const char own_arch[] = "SCMP_ARCH_AARCH64", own_go_arch[] = "arm64";
#elif defined(__arm__)
static const char own_arch[] = "SCMP_ARCH_ARM", own_go_arch[] = "arm";
#elif defined(__riscv) && __riscv_xlen == 64
static const char own_arch[] = "SCMP_ARCH_RISCV64", own_go_arch[] = "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
static const char own_arch[] = "SCMP_ARCH_PPC64LE", own_go_arch[] = "ppc64le";
#elif defined(__s390x__)
static const char own_arch[] = "SCMP_ARCH_S390X", own_go_arch[] = "s390x";
#elif defined(__loongarch64)
static const char own_arch[] = "SCMP_ARCH_LOONGARCH64", own_go_arch[] = "loong64";
#else
static const char own_arch[] = "", own_go_arch[] = "";
#endif

/* The file of one of the two spellings; "unconfined" is none. */
int box_seccomp_file(const struct box_wishes *wishes, const char **ret, struct err *err)
{
	const char *file = wishes->seccomp;

	for (size_t i = 0; i < wishes->security_opt.n; i++) {
		const char *word = wishes->security_opt.values[i];

		if (strncmp(word, "seccomp=", 8) != 0 && strncmp(word, "seccomp:", 8) != 0)
			continue;
		if (!word[8])
			return box_bad(err, "--security-opt", word, "names no file");
		if (file && strcmp(file, word + 8) != 0)
			return box_bad(err, "--security-opt", word, "there is another profile: %s", file);
		file = word + 8;
	}
	*ret = file && strcmp(file, "unconfined") != 0 ? file : NULL;
	return 0;
}

static bool has_all_caps(const struct box *box, const struct conditions *c)
{
	for (size_t i = 0; i < c->n_caps; i++) {
		int cap = name_to_capability(c->caps[i]);

		if (cap < 0 || !(box->caps >> cap & 1))
			return false;
	}
	return true;
}

static bool has_a_cap(const struct box *box, const struct conditions *c)
{
	for (size_t i = 0; i < c->n_caps; i++) {
		int cap = name_to_capability(c->caps[i]);

		if (cap >= 0 && box->caps >> cap & 1)
			return true;
	}
	return false;
}

static bool has_arch(const struct conditions *c)
{
	for (size_t i = 0; i < c->n_arches; i++)
		if (!strcmp(c->arches[i], own_go_arch))
			return true;
	return false;
}

/* "4.8": whether the kernel is at least that. False in *ret_ok: it is no version. */
static bool kernel_at_least(const struct box *box, const char *version, bool *ret_ok)
{
	const unsigned *kernel = box->around->kernel;
	uint32_t major, minor;

	*ret_ok = num_take_u32(&version, &major) == 0 && *version++ == '.' && num_u32(version, &minor) == 0;
	return *ret_ok && (kernel[0] > major || (kernel[0] == major && kernel[1] >= minor));
}

/* All that is included must be there, and nothing that is excluded: the meaning of docker. */
static bool rule_holds(const struct box *box, const struct profile_rule *rule, bool *ret_ok)
{
	const struct conditions *in = rule->includes, *out = rule->excludes;
	bool ok = true, holds = true;

	if (in && ((in->n_arches && !has_arch(in)) || !has_all_caps(box, in)))
		holds = false;
	if (in && in->min_kernel && !kernel_at_least(box, in->min_kernel, &ok))
		holds = false;
	if (out && (has_arch(out) || has_a_cap(box, out)))
		holds = false;
	if (out && ok && out->min_kernel && kernel_at_least(box, out->min_kernel, &ok))
		holds = false;
	*ret_ok = ok;
	return holds;
}

/* A number is what the kernel gets; a name beside it is for people. */
static bool errno_understood(const char *name, const struct oci_opt_u32 *number)
{
	return !name || !*name || number->set;
}

static int convert_rule(struct box *box, const char *file, const struct profile *profile, size_t i,
			struct oci_seccomp *ret, struct err *err)
{
	const struct profile_rule *rule = &profile->syscalls[i];
	struct oci_seccomp_rule *to = &ret->syscalls[ret->n_syscalls];
	const char **names;
	bool ok, holds = rule_holds(box, rule, &ok);

	if (!ok)
		return box_bad(err, "--seccomp", file, "syscalls[%zu]: minKernel is not a version such as 4.8", i);
	if (!holds)
		return 0;
	if (!errno_understood(rule->errno_name, &rule->errno_ret))
		return box_bad(err, "--seccomp", file, "syscalls[%zu]: errno needs the number too, as errnoRet", i);
	names = box_alloc(box, rule->n_names + 1, sizeof(*names));
	if (!names)
		return box_no_memory(err);
	*to = (struct oci_seccomp_rule){.names = names,
					.n_names = rule->n_names,
					.action = rule->action,
					.errno_ret = rule->errno_ret,
					.args = rule->n_args ? rule->args : NULL,
					.n_args = rule->n_args};
	for (size_t k = 0; k < rule->n_names; k++)
		names[k] = rule->names[k];
	if (rule->name)
		names[to->n_names++] = rule->name;
	ret->n_syscalls++;
	return 0;
}

/* The own architecture and what it can run besides. */
static int convert_archs(struct box *box, const struct profile *profile, struct oci_seccomp *ret, struct err *err)
{
	ret->architectures = profile->architectures;
	ret->n_architectures = profile->n_architectures;
	for (size_t i = 0; i < profile->n_arch_map; i++) {
		const struct arch_map *map = &profile->arch_map[i];
		const char **list;

		if (strcmp(map->architecture, own_arch) != 0)
			continue;
		list = box_alloc(box, map->n_sub + 1, sizeof(*list));
		if (!list)
			return box_no_memory(err);
		list[0] = map->architecture;
		for (size_t k = 0; k < map->n_sub; k++)
			list[k + 1] = map->sub[k];
		ret->architectures = list;
		ret->n_architectures = map->n_sub + 1;
	}
	return 0;
}

int box_seccomp(struct box *box, struct err *err)
{
	const char *text = box->around->seccomp, *file;
	const struct profile *profile;
	struct ocispec_error why;
	struct oci_seccomp *s;
	void *document;
	int r;

	r = box_seccomp_file(box->wishes, &file, err);
	if (r < 0 || !file)
		return r;
	r = ocispec_parse(&profile_object, text, strlen(text), file, box->arena, &document, &why);
	if (r == -ENOMEM)
		return box_no_memory(err);
	if (r < 0)
		return box_bad(err, "--seccomp", file, "%s", why.message);
	profile = document;
	if (profile->n_architectures && profile->n_arch_map)
		return box_bad(err, "--seccomp", file, "architectures contradicts archMap");
	if (!errno_understood(profile->default_errno_name, &profile->default_errno_ret))
		return box_bad(err, "--seccomp", file, "defaultErrno needs the number too, as defaultErrnoRet");
	s = box_alloc(box, 1, sizeof(*s));
	if (!s)
		return box_no_memory(err);
	*s = (struct oci_seccomp){
		.default_action = profile->default_action,
		.default_errno_ret = profile->default_errno_ret,
		.flags = profile->flags,
		.n_flags = profile->n_flags,
		.listener_path = profile->listener_path,
		.listener_metadata = profile->listener_metadata,
		.syscalls = box_alloc(box, profile->n_syscalls, sizeof(*s->syscalls)),
	};
	if (!s->syscalls)
		return box_no_memory(err);
	for (size_t i = 0; i < profile->n_syscalls; i++) {
		r = convert_rule(box, file, profile, i, s, err);
		if (r < 0)
			return r;
	}
	r = convert_archs(box, profile, s, err);
	if (r == 0)
		box->config->linux_->seccomp = s;
	return r;
}
