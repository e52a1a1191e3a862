/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of features.md: what a runtime says of itself. */
#include "internal.h"

static const struct ocispec_property cgroup_properties[] = {
	OCISPEC_FIELD(struct oci_features_cgroup, v1, "v1"),
	OCISPEC_FIELD(struct oci_features_cgroup, v2, "v2"),
	OCISPEC_FIELD(struct oci_features_cgroup, systemd, "systemd"),
	OCISPEC_FIELD(struct oci_features_cgroup, systemd_user, "systemdUser"),
	OCISPEC_FIELD(struct oci_features_cgroup, rdma, "rdma"),
};
static const struct ocispec_object cgroup_object = OCISPEC_OBJECT(struct oci_features_cgroup, cgroup_properties);

static const struct ocispec_property seccomp_properties[] = {
	OCISPEC_FIELD(struct oci_features_seccomp, enabled, "enabled"),
	OCISPEC_LIST(struct oci_features_seccomp, actions, "actions"),
	OCISPEC_LIST(struct oci_features_seccomp, operators, "operators"),
	OCISPEC_LIST(struct oci_features_seccomp, archs, "archs"),
	OCISPEC_LIST(struct oci_features_seccomp, known_flags, "knownFlags"),
	OCISPEC_LIST(struct oci_features_seccomp, supported_flags, "supportedFlags"),
};
static const struct ocispec_object seccomp_object = OCISPEC_OBJECT(struct oci_features_seccomp, seccomp_properties);

static const struct ocispec_property enabled_properties[] = {
	OCISPEC_FIELD(struct oci_features_enabled, enabled, "enabled"),
};
static const struct ocispec_object enabled_object = OCISPEC_OBJECT(struct oci_features_enabled, enabled_properties);

static const struct ocispec_property intel_rdt_properties[] = {
	OCISPEC_FIELD(struct oci_features_intel_rdt, enabled, "enabled"),
	OCISPEC_FIELD(struct oci_features_intel_rdt, schemata, "schemata"),
	OCISPEC_FIELD(struct oci_features_intel_rdt, monitoring, "monitoring"),
};
static const struct ocispec_object intel_rdt_object =
	OCISPEC_OBJECT(struct oci_features_intel_rdt, intel_rdt_properties);

static const struct ocispec_property memory_policy_properties[] = {
	OCISPEC_LIST(struct oci_features_memory_policy, modes, "modes"),
	OCISPEC_LIST(struct oci_features_memory_policy, flags, "flags"),
};
static const struct ocispec_object memory_policy_object =
	OCISPEC_OBJECT(struct oci_features_memory_policy, memory_policy_properties);

static const struct ocispec_property mount_extensions_properties[] = {
	OCISPEC_SUB(struct oci_features_mount_extensions, idmap, "idmap", &enabled_object),
};
static const struct ocispec_object mount_extensions_object =
	OCISPEC_OBJECT(struct oci_features_mount_extensions, mount_extensions_properties);

static const struct ocispec_property linux_properties[] = {
	OCISPEC_LIST(struct oci_features_linux, namespaces, "namespaces"),
	OCISPEC_LIST(struct oci_features_linux, capabilities, "capabilities"),
	OCISPEC_SUB(struct oci_features_linux, cgroup, "cgroup", &cgroup_object),
	OCISPEC_SUB(struct oci_features_linux, seccomp, "seccomp", &seccomp_object),
	OCISPEC_SUB(struct oci_features_linux, apparmor, "apparmor", &enabled_object),
	OCISPEC_SUB(struct oci_features_linux, selinux, "selinux", &enabled_object),
	OCISPEC_SUB(struct oci_features_linux, intel_rdt, "intelRdt", &intel_rdt_object),
	OCISPEC_SUB(struct oci_features_linux, memory_policy, "memoryPolicy", &memory_policy_object),
	OCISPEC_SUB(struct oci_features_linux, mount_extensions, "mountExtensions", &mount_extensions_object),
	OCISPEC_SUB(struct oci_features_linux, net_devices, "netDevices", &enabled_object),
};
static const struct ocispec_object linux_object = OCISPEC_OBJECT(struct oci_features_linux, linux_properties);

static const struct ocispec_property features_properties[] = {
	OCISPEC_FIELD(struct oci_features, oci_version_min, "ociVersionMin", .required = true),
	OCISPEC_FIELD(struct oci_features, oci_version_max, "ociVersionMax", .required = true),
	OCISPEC_LIST(struct oci_features, hooks, "hooks"),
	OCISPEC_LIST(struct oci_features, mount_options, "mountOptions"),
	OCISPEC_SUB(struct oci_features, linux_, "linux", &linux_object),
	OCISPEC_LIST(struct oci_features, annotations, "annotations"),
	OCISPEC_LIST(struct oci_features, potentially_unsafe_config_annotations, "potentiallyUnsafeConfigAnnotations"),
};
const struct ocispec_object oci_features_object = OCISPEC_OBJECT(struct oci_features, features_properties);
