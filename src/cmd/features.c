/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features: what this turtle can do, as the specification's document (features.md), in runc's layout. Each list of
 * words is made of the table that reads them, so it can't name what is refused. What is said here is a matter of the
 * program alone: nothing is asked of the kernel. A list that is empty means "none"; one that is absent would mean
 * "unknown".
 */
#include <config.h>

#include "cmd/cmd.h"
#include "cmd/output.h"

#include "base/mem.h"
#include "commit.h"
#include "config/annotations.h"
#include "config/names.h"
#include "host/libraries.h"
#include "host/seccomp.h"
#include "json.h"
#include "plan/mount_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifdef TURTLE_HAS_SYSTEMD
#define HAS_SYSTEMD true
#else
#define HAS_SYSTEMD false
#endif

/* A struct oci_opt_bool. */
#define SAY(what)                            \
	{                                    \
		.set = true, .value = (what) \
	}

/* Lists of words in the arena, as the document has them; NULL when out of memory. */
static const char **names(struct ocispec_arena *arena, enum name_kind kind, size_t *ret_n)
{
	const char **list;
	size_t n = 0, used = 0;

	while (name_at(kind, n))
		n++;
	list = ocispec_alloc(arena, (n + 1) * sizeof(*list));
	for (size_t i = 0; list && i < n; i++)
		/* The one kind that depends on a library: what it does not know is refused. */
		if (kind != NAMES_SECCOMP_ARCHITECTURE || seccomp_knows_architecture(name_at(kind, i)))
			list[used++] = name_at(kind, i);
	*ret_n = used;
	return list;
}

static const char **mount_words(struct ocispec_arena *arena, size_t *ret_n)
{
	const char **list = ocispec_alloc(arena, (n_mount_options + 1) * sizeof(*list));
	size_t used = 0;

	for (unsigned i = 0; list && i < n_mount_options; i++)
		/* Of these mountExtensions tells; runc lists them nowhere else. */
		if (mount_options[i].kind != OPTION_IDMAP)
			list[used++] = mount_options[i].word;
	*ret_n = used;
	return list;
}

/* The kinds of hooks: the keys of the object that holds them. */
static const char **hooks(struct ocispec_arena *arena, size_t *ret_n)
{
	const char **list = ocispec_alloc(arena, (oci_hooks_object.n_properties + 1u) * sizeof(*list));

	for (size_t i = 0; list && i < oci_hooks_object.n_properties; i++)
		list[i] = oci_hooks_object.properties[i].key;
	*ret_n = oci_hooks_object.n_properties;
	return list;
}

static int print(const struct oci_features *features, struct ocispec_arena *arena, struct err *err)
{
	char *text, *line;
	size_t size = 0;
	int r;

	r = ocispec_write(&oci_features_object, features, OCISPEC_FOUR, arena, &text, &size);
	line = r == 0 ? ocispec_alloc(arena, size + 1) : NULL;
	if (!line)
		return err_set(err, -ENOMEM, "print the features");
	memcpy(line, text, size);
	line[size] = '\n';
	return output_write(line, size + 1, err);
}

static int describe(struct ocispec_arena *arena, struct err *err)
{
	static struct oci_features_enabled yes = {SAY(true)};
	static struct oci_features_mount_extensions mount_extensions = {.idmap = &yes};
	static struct oci_features_cgroup cgroup = {
		.v1 = SAY(false),
		.v2 = SAY(true),
		.systemd = SAY(HAS_SYSTEMD),
		.systemd_user = SAY(HAS_SYSTEMD),
		.rdma = SAY(true),
	};
	static struct oci_features_intel_rdt intel_rdt = {SAY(true), SAY(true), SAY(true)};
	static const char *unsafe[] = ANNOTATIONS_UNSAFE;
	struct oci_features_memory_policy memory_policy = {0};
	struct library_version version = library_libseccomp();
	char libseccomp[64];
	struct oci_pair annotations[] = {
		{"io.github.seccomp.libseccomp.version", libseccomp},
		{"turtle.checkpoint.enabled", "true"},
		{"turtle.version", PACKAGE_VERSION},
		{"turtle.commit", TURTLE_COMMIT},
	};
	struct oci_features_seccomp seccomp = {.enabled = SAY(true)};
	struct oci_features_linux linux_ = {
		.cgroup = &cgroup,
		.seccomp = &seccomp,
		.apparmor = &yes,
		.selinux = &yes,
		.intel_rdt = &intel_rdt,
		.memory_policy = &memory_policy,
		.mount_extensions = &mount_extensions,
		.net_devices = &yes,
	};
	struct oci_features features = {
		.oci_version_min = "1.0.0",
		.oci_version_max = OCISPEC_VERSION,
		.linux_ = &linux_,
		.annotations = annotations,
		/* The commit is not always known. */
		.n_annotations = ARRAY_SIZE(annotations) - (TURTLE_COMMIT[0] ? 0 : 1),
		.potentially_unsafe_config_annotations = unsafe,
		.n_potentially_unsafe_config_annotations = ARRAY_SIZE(unsafe),
	};

	snprintf(libseccomp, sizeof(libseccomp), "%u.%u.%u", version.major, version.minor, version.micro);
	features.hooks = hooks(arena, &features.n_hooks);
	features.mount_options = mount_words(arena, &features.n_mount_options);
	linux_.namespaces = names(arena, NAMES_NAMESPACE, &linux_.n_namespaces);
	linux_.capabilities = names(arena, NAMES_CAPABILITY, &linux_.n_capabilities);
	seccomp.actions = names(arena, NAMES_SECCOMP_ACTION, &seccomp.n_actions);
	seccomp.operators = names(arena, NAMES_SECCOMP_OPERATOR, &seccomp.n_operators);
	seccomp.archs = names(arena, NAMES_SECCOMP_ARCHITECTURE, &seccomp.n_archs);
	seccomp.known_flags = names(arena, NAMES_SECCOMP_FLAG, &seccomp.n_known_flags);
	seccomp.supported_flags = seccomp.known_flags;
	seccomp.n_supported_flags = seccomp.n_known_flags;
	memory_policy.modes = names(arena, NAMES_MEMORY_POLICY_MODE, &memory_policy.n_modes);
	memory_policy.flags = names(arena, NAMES_MEMORY_POLICY_FLAG, &memory_policy.n_flags);
	if (!memory_policy.modes || !memory_policy.flags || !features.hooks || !features.mount_options ||
	    !linux_.namespaces || !linux_.capabilities || !seccomp.actions || !seccomp.operators || !seccomp.archs ||
	    !seccomp.known_flags)
		return err_set(err, -ENOMEM, "print the features");
	return print(&features, arena, err);
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	int r;

	r = arena ? describe(arena, err) : err_set(err, -ENOMEM, "print the features");
	ocispec_arena_free(arena);
	return r;
}

const struct cmd_verb cmd_features = {
	.name = "features",
	.arguments = "",
	.summary = "print what this turtle can do, as JSON",
	.run = run,
};
