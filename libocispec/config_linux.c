/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of config-linux.md: all that stands under linux. The order is the one of writing. */
#include "internal.h"

static const struct ocispec_property id_mapping_properties[] = {
	OCISPEC_FIELD(struct oci_id_mapping, container_id, "containerID", .required = true),
	OCISPEC_FIELD(struct oci_id_mapping, host_id, "hostID", .required = true),
	OCISPEC_FIELD(struct oci_id_mapping, size, "size", .required = true),
};
const struct ocispec_object ocispec_id_mapping_object = OCISPEC_OBJECT(struct oci_id_mapping, id_mapping_properties);

static const struct ocispec_property namespace_properties[] = {
	OCISPEC_FIELD(struct oci_namespace, type, "type", .required = true),
	OCISPEC_FIELD(struct oci_namespace, path, "path"),
};
static const struct ocispec_object namespace_object = OCISPEC_OBJECT(struct oci_namespace, namespace_properties);

static const struct ocispec_property time_offset_properties[] = {
	OCISPEC_FIELD(struct oci_time_offset, secs, "secs"),
	OCISPEC_FIELD(struct oci_time_offset, nanosecs, "nanosecs"),
};
static const struct ocispec_object time_offset_object = OCISPEC_OBJECT(struct oci_time_offset, time_offset_properties);

static const struct ocispec_property time_offsets_properties[] = {
	OCISPEC_SUB(struct oci_time_offsets, monotonic, "monotonic", &time_offset_object),
	OCISPEC_SUB(struct oci_time_offsets, boottime, "boottime", &time_offset_object),
};
/* To the specification a map by the names of clocks, which may have no unknown ones: a misspelled one would be
 * forgotten. */
static const struct ocispec_object time_offsets_object = OCISPEC_CLOSED_OBJECT(
	struct oci_time_offsets, time_offsets_properties, "no such clock, there are monotonic and boottime");

static const struct ocispec_property device_properties[] = {
	OCISPEC_FIELD(struct oci_device, path, "path", .required = true),
	OCISPEC_FIELD(struct oci_device, type, "type", .required = true),
	OCISPEC_FIELD(struct oci_device, major, "major"),
	OCISPEC_FIELD(struct oci_device, minor, "minor"),
	OCISPEC_FIELD(struct oci_device, file_mode, "fileMode"),
	OCISPEC_FIELD(struct oci_device, uid, "uid"),
	OCISPEC_FIELD(struct oci_device, gid, "gid"),
};
static const struct ocispec_object device_object = OCISPEC_OBJECT(struct oci_device, device_properties);

static const struct ocispec_property net_device_entry_properties[] = {
	OCISPEC_FIELD(struct oci_net_device_entry, name, "name"),
};
static const struct ocispec_object net_device_entry_object =
	OCISPEC_ENTRY_OBJECT(struct oci_net_device_entry, host_name, net_device_entry_properties);

/* ---- Resources ---- */

static const struct ocispec_property device_cgroup_properties[] = {
	OCISPEC_FIELD(struct oci_device_cgroup, allow, "allow", .required = true),
	OCISPEC_FIELD(struct oci_device_cgroup, type, "type"),
	OCISPEC_FIELD(struct oci_device_cgroup, major, "major"),
	OCISPEC_FIELD(struct oci_device_cgroup, minor, "minor"),
	OCISPEC_FIELD(struct oci_device_cgroup, access, "access"),
};
static const struct ocispec_object device_cgroup_object =
	OCISPEC_OBJECT(struct oci_device_cgroup, device_cgroup_properties);

static const struct ocispec_property memory_properties[] = {
	OCISPEC_FIELD(struct oci_resources_memory, limit, "limit"),
	OCISPEC_FIELD(struct oci_resources_memory, reservation, "reservation"),
	OCISPEC_FIELD(struct oci_resources_memory, swap, "swap"),
	OCISPEC_FIELD(struct oci_resources_memory, kernel, "kernel"),
	OCISPEC_FIELD(struct oci_resources_memory, kernel_tcp, "kernelTCP"),
	OCISPEC_FIELD(struct oci_resources_memory, swappiness, "swappiness"),
	OCISPEC_FIELD(struct oci_resources_memory, disable_oom_killer, "disableOOMKiller"),
	OCISPEC_FIELD(struct oci_resources_memory, use_hierarchy, "useHierarchy"),
	OCISPEC_FIELD(struct oci_resources_memory, check_before_update, "checkBeforeUpdate"),
};
static const struct ocispec_object memory_object = OCISPEC_OBJECT(struct oci_resources_memory, memory_properties);

static const struct ocispec_property cpu_properties[] = {
	OCISPEC_FIELD(struct oci_resources_cpu, shares, "shares"),
	OCISPEC_FIELD(struct oci_resources_cpu, quota, "quota"),
	OCISPEC_FIELD(struct oci_resources_cpu, burst, "burst"),
	OCISPEC_FIELD(struct oci_resources_cpu, period, "period"),
	OCISPEC_FIELD(struct oci_resources_cpu, realtime_runtime, "realtimeRuntime"),
	OCISPEC_FIELD(struct oci_resources_cpu, realtime_period, "realtimePeriod"),
	OCISPEC_FIELD(struct oci_resources_cpu, cpus, "cpus"),
	OCISPEC_FIELD(struct oci_resources_cpu, mems, "mems"),
	OCISPEC_FIELD(struct oci_resources_cpu, idle, "idle"),
};
static const struct ocispec_object cpu_object = OCISPEC_OBJECT(struct oci_resources_cpu, cpu_properties);

static const struct ocispec_property pids_properties[] = {
	OCISPEC_FIELD(struct oci_resources_pids, limit, "limit"),
};
static const struct ocispec_object pids_object = OCISPEC_OBJECT(struct oci_resources_pids, pids_properties);

static const struct ocispec_property weight_device_properties[] = {
	OCISPEC_FIELD(struct oci_weight_device, major, "major", .required = true),
	OCISPEC_FIELD(struct oci_weight_device, minor, "minor", .required = true),
	OCISPEC_FIELD(struct oci_weight_device, weight, "weight", .max = UINT16_MAX),
	OCISPEC_FIELD(struct oci_weight_device, leaf_weight, "leafWeight", .max = UINT16_MAX),
};
static const struct ocispec_object weight_device_object =
	OCISPEC_OBJECT(struct oci_weight_device, weight_device_properties);

static const struct ocispec_property throttle_device_properties[] = {
	OCISPEC_FIELD(struct oci_throttle_device, major, "major", .required = true),
	OCISPEC_FIELD(struct oci_throttle_device, minor, "minor", .required = true),
	OCISPEC_FIELD(struct oci_throttle_device, rate, "rate", .required = true),
};
static const struct ocispec_object throttle_device_object =
	OCISPEC_OBJECT(struct oci_throttle_device, throttle_device_properties);

static const struct ocispec_property block_io_properties[] = {
	OCISPEC_FIELD(struct oci_resources_block_io, weight, "weight", .max = UINT16_MAX),
	OCISPEC_FIELD(struct oci_resources_block_io, leaf_weight, "leafWeight", .max = UINT16_MAX),
	OCISPEC_SUBS(struct oci_resources_block_io, weight_device, "weightDevice", &weight_device_object),
	OCISPEC_SUBS(struct oci_resources_block_io, throttle_read_bps_device, "throttleReadBpsDevice",
		     &throttle_device_object),
	OCISPEC_SUBS(struct oci_resources_block_io, throttle_write_bps_device, "throttleWriteBpsDevice",
		     &throttle_device_object),
	OCISPEC_SUBS(struct oci_resources_block_io, throttle_read_iops_device, "throttleReadIOPSDevice",
		     &throttle_device_object),
	OCISPEC_SUBS(struct oci_resources_block_io, throttle_write_iops_device, "throttleWriteIOPSDevice",
		     &throttle_device_object),
};
static const struct ocispec_object block_io_object = OCISPEC_OBJECT(struct oci_resources_block_io, block_io_properties);

static const struct ocispec_property hugepage_limit_properties[] = {
	OCISPEC_FIELD(struct oci_hugepage_limit, page_size, "pageSize", .required = true),
	OCISPEC_FIELD(struct oci_hugepage_limit, limit, "limit", .required = true),
};
static const struct ocispec_object hugepage_limit_object =
	OCISPEC_OBJECT(struct oci_hugepage_limit, hugepage_limit_properties);

static const struct ocispec_property interface_priority_properties[] = {
	OCISPEC_FIELD(struct oci_interface_priority, name, "name", .required = true),
	OCISPEC_FIELD(struct oci_interface_priority, priority, "priority", .required = true),
};
static const struct ocispec_object interface_priority_object =
	OCISPEC_OBJECT(struct oci_interface_priority, interface_priority_properties);

static const struct ocispec_property network_properties[] = {
	OCISPEC_FIELD(struct oci_resources_network, class_id, "classID"),
	OCISPEC_SUBS(struct oci_resources_network, priorities, "priorities", &interface_priority_object),
};
static const struct ocispec_object network_object = OCISPEC_OBJECT(struct oci_resources_network, network_properties);

static const struct ocispec_property rdma_entry_properties[] = {
	OCISPEC_FIELD(struct oci_rdma_entry, hca_handles, "hcaHandles"),
	OCISPEC_FIELD(struct oci_rdma_entry, hca_objects, "hcaObjects"),
};
static const struct ocispec_object rdma_entry_object =
	OCISPEC_ENTRY_OBJECT(struct oci_rdma_entry, device, rdma_entry_properties);

static const struct ocispec_property resources_properties[] = {
	OCISPEC_SUBS(struct oci_resources, devices, "devices", &device_cgroup_object),
	OCISPEC_SUB(struct oci_resources, memory, "memory", &memory_object),
	OCISPEC_SUB(struct oci_resources, cpu, "cpu", &cpu_object),
	OCISPEC_SUB(struct oci_resources, pids, "pids", &pids_object),
	OCISPEC_SUB(struct oci_resources, block_io, "blockIO", &block_io_object),
	OCISPEC_SUBS(struct oci_resources, hugepage_limits, "hugepageLimits", &hugepage_limit_object),
	OCISPEC_SUB(struct oci_resources, network, "network", &network_object),
	OCISPEC_MAP(struct oci_resources, rdma, "rdma", &rdma_entry_object),
	OCISPEC_LIST(struct oci_resources, unified, "unified"),
};
const struct ocispec_object oci_resources_object = OCISPEC_OBJECT(struct oci_resources, resources_properties);

/* ---- Seccomp ---- */

static const struct ocispec_property seccomp_arg_properties[] = {
	OCISPEC_FIELD(struct oci_seccomp_arg, index, "index", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_arg, value, "value", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_arg, value_two, "valueTwo"),
	OCISPEC_FIELD(struct oci_seccomp_arg, op, "op", .required = true),
};
static const struct ocispec_object seccomp_arg_object = OCISPEC_OBJECT(struct oci_seccomp_arg, seccomp_arg_properties);

static const struct ocispec_property seccomp_rule_properties[] = {
	OCISPEC_LIST(struct oci_seccomp_rule, names, "names", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_rule, action, "action", .required = true),
	OCISPEC_FIELD(struct oci_seccomp_rule, errno_ret, "errnoRet"),
	OCISPEC_SUBS(struct oci_seccomp_rule, args, "args", &seccomp_arg_object),
};
static const struct ocispec_object seccomp_rule_object =
	OCISPEC_OBJECT(struct oci_seccomp_rule, seccomp_rule_properties);

static const struct ocispec_property seccomp_properties[] = {
	OCISPEC_FIELD(struct oci_seccomp, default_action, "defaultAction", .required = true),
	OCISPEC_FIELD(struct oci_seccomp, default_errno_ret, "defaultErrnoRet"),
	OCISPEC_LIST(struct oci_seccomp, architectures, "architectures"),
	OCISPEC_LIST(struct oci_seccomp, flags, "flags"),
	OCISPEC_FIELD(struct oci_seccomp, listener_path, "listenerPath"),
	OCISPEC_FIELD(struct oci_seccomp, listener_metadata, "listenerMetadata"),
	OCISPEC_SUBS(struct oci_seccomp, syscalls, "syscalls", &seccomp_rule_object),
};
static const struct ocispec_object seccomp_object = OCISPEC_OBJECT(struct oci_seccomp, seccomp_properties);

/* ---- The rest, and linux itself ---- */

static const struct ocispec_property intel_rdt_properties[] = {
	OCISPEC_FIELD(struct oci_intel_rdt, clos_id, "closID"),
	OCISPEC_LIST(struct oci_intel_rdt, schemata, "schemata"),
	OCISPEC_FIELD(struct oci_intel_rdt, l3_cache_schema, "l3CacheSchema"),
	OCISPEC_FIELD(struct oci_intel_rdt, mem_bw_schema, "memBwSchema"),
	OCISPEC_FIELD(struct oci_intel_rdt, enable_cmt, "enableCMT"),
	OCISPEC_FIELD(struct oci_intel_rdt, enable_mbm, "enableMBM"),
	OCISPEC_FIELD(struct oci_intel_rdt, enable_monitoring, "enableMonitoring"),
};
static const struct ocispec_object intel_rdt_object = OCISPEC_OBJECT(struct oci_intel_rdt, intel_rdt_properties);

static const struct ocispec_property memory_policy_properties[] = {
	OCISPEC_FIELD(struct oci_memory_policy, mode, "mode", .required = true),
	OCISPEC_FIELD(struct oci_memory_policy, nodes, "nodes"),
	OCISPEC_LIST(struct oci_memory_policy, flags, "flags"),
};
static const struct ocispec_object memory_policy_object =
	OCISPEC_OBJECT(struct oci_memory_policy, memory_policy_properties);

static const struct ocispec_property personality_properties[] = {
	OCISPEC_FIELD(struct oci_personality, domain, "domain", .required = true),
	OCISPEC_LIST(struct oci_personality, flags, "flags"),
};
static const struct ocispec_object personality_object = OCISPEC_OBJECT(struct oci_personality, personality_properties);

static const struct ocispec_property linux_properties[] = {
	OCISPEC_SUBS(struct oci_linux, uid_mappings, "uidMappings", &ocispec_id_mapping_object),
	OCISPEC_SUBS(struct oci_linux, gid_mappings, "gidMappings", &ocispec_id_mapping_object),
	OCISPEC_LIST(struct oci_linux, sysctl, "sysctl"),
	OCISPEC_SUB(struct oci_linux, resources, "resources", &oci_resources_object),
	OCISPEC_FIELD(struct oci_linux, cgroups_path, "cgroupsPath"),
	OCISPEC_SUBS(struct oci_linux, namespaces, "namespaces", &namespace_object),
	OCISPEC_SUBS(struct oci_linux, devices, "devices", &device_object),
	OCISPEC_MAP(struct oci_linux, net_devices, "netDevices", &net_device_entry_object),
	OCISPEC_SUB(struct oci_linux, seccomp, "seccomp", &seccomp_object),
	OCISPEC_FIELD(struct oci_linux, rootfs_propagation, "rootfsPropagation"),
	OCISPEC_LIST(struct oci_linux, masked_paths, "maskedPaths"),
	OCISPEC_LIST(struct oci_linux, readonly_paths, "readonlyPaths"),
	OCISPEC_FIELD(struct oci_linux, mount_label, "mountLabel"),
	OCISPEC_SUB(struct oci_linux, intel_rdt, "intelRdt", &intel_rdt_object),
	OCISPEC_SUB(struct oci_linux, memory_policy, "memoryPolicy", &memory_policy_object),
	OCISPEC_SUB(struct oci_linux, personality, "personality", &personality_object),
	OCISPEC_SUB(struct oci_linux, time_offsets, "timeOffsets", &time_offsets_object),
};
const struct ocispec_object ocispec_linux_object = OCISPEC_OBJECT(struct oci_linux, linux_properties);
