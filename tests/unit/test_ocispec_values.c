/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the documents of the spec look like as structs, checked by hand: each key arrives in the field of its name.
 * Also what the reader lets pass: unknown keys, null, other platforms, any order, any white space.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"

static struct ocispec_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = ocispec_arena_new();
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	ocispec_arena_free(arena);
	return 0;
}

static const void *parse(const struct ocispec_object *object, const char *text)
{
	struct ocispec_error error;
	void *document = NULL;

	if (ocispec_parse(object, text, strlen(text), "x.json", arena, &document, &error) < 0)
		fail_msg("%s in %s", error.message, text);
	return document;
}

/* The rest of a config behind ociVersion, and of its parts. */
static const struct oci_config *config(const char *rest)
{
	static char text[8192];

	assert_in_range(snprintf(text, sizeof text, "{\"ociVersion\":\"1.3.0\"%s%s}", *rest ? "," : "", rest), 1,
			sizeof text - 1);
	return parse(&oci_config_object, text);
}

static const struct oci_process *process(const char *rest)
{
	static char text[8192];

	assert_in_range(snprintf(text, sizeof text, "\"process\":{\"cwd\":\"/w\"%s%s}", *rest ? "," : "", rest), 1,
			sizeof text - 1);
	return config(text)->process;
}

static const struct oci_linux *linux_of(const char *rest)
{
	static char text[8192];

	assert_in_range(snprintf(text, sizeof text, "\"linux\":{%s}", rest), 1, sizeof text - 1);
	return config(text)->linux_;
}

static const struct oci_resources *resources(const char *rest)
{
	static char text[8192];

	assert_in_range(snprintf(text, sizeof text, "{%s}", rest), 1, sizeof text - 1);
	return parse(&oci_resources_object, text);
}

#define assert_opt(field, expected)                       \
	do {                                              \
		assert_true((field).set);                 \
		assert_true((field).value == (expected)); \
	} while (0)

#define assert_strings(count, list, ...)                                             \
	do {                                                                         \
		const char *const expected[] = {__VA_ARGS__};                        \
                                                                                     \
		assert_int_equal(count, sizeof expected / sizeof expected[0]);       \
		for (size_t i_ = 0; i_ < sizeof expected / sizeof expected[0]; i_++) \
			assert_string_equal((list)[i_], expected[i_]);               \
	} while (0)

#define assert_pair(pair, k, v)                       \
	do {                                          \
		assert_string_equal((pair).key, k);   \
		assert_string_equal((pair).value, v); \
	} while (0)

/* ---- config.md ---- */

static void test_smallest(void **state)
{
	const struct oci_config *c = config("");

	(void)state;
	assert_string_equal(c->oci_version, "1.3.0");
	assert_null(c->process);
	assert_null(c->root);
	assert_null(c->hostname);
	assert_null(c->mounts);
	assert_null(c->annotations);
	assert_null(c->linux_);
	assert_null(c->hooks);
}

static void test_top(void **state)
{
	const struct oci_config *c =
		config("\"hostname\":\"h\",\"domainname\":\"d\",\"annotations\":{\"b\":\"2\",\"a\":\"1\"}");

	(void)state;
	assert_string_equal(c->hostname, "h");
	assert_string_equal(c->domainname, "d");
	assert_int_equal(c->n_annotations, 2);
	assert_pair(c->annotations[0], "b", "2"); /* in the order of the file */
	assert_pair(c->annotations[1], "a", "1");
}

static void test_root(void **state)
{
	(void)state;
	assert_string_equal(config("\"root\":{\"path\":\"rootfs\"}")->root->path, "rootfs");
	assert_false(config("\"root\":{\"path\":\"rootfs\"}")->root->readonly);
	assert_true(config("\"root\":{\"readonly\":true,\"path\":\"rootfs\"}")->root->readonly);
}

static void test_process(void **state)
{
	const struct oci_process *p =
		process("\"terminal\":true,\"args\":[\"sh\",\"-c\",\"\"],\"env\":[\"A=B\"],\"noNewPrivileges\":true,"
			"\"apparmorProfile\":\"profile\",\"selinuxLabel\":\"label\",\"oomScoreAdj\":-500,"
			"\"commandLine\":\"w\"");

	(void)state;
	assert_true(p->terminal);
	assert_string_equal(p->cwd, "/w");
	assert_strings(p->n_args, p->args, "sh", "-c", "");
	assert_strings(p->n_env, p->env, "A=B");
	assert_true(p->no_new_privileges);
	assert_string_equal(p->apparmor_profile, "profile");
	assert_string_equal(p->selinux_label, "label");
	assert_string_equal(p->command_line, "w");
	assert_opt(p->oom_score_adj, -500);
}

static void test_process_defaults(void **state)
{
	const struct oci_process *p = process("");

	(void)state;
	assert_false(p->terminal);
	assert_false(p->no_new_privileges);
	assert_false(p->oom_score_adj.set); /* unset is not 0 */
	assert_null(p->args);
	assert_null(p->user);
	assert_null(p->capabilities);
	assert_null(p->scheduler);
}

static void test_console_size(void **state)
{
	const struct oci_box *box = process("\"consoleSize\":{\"height\":25,\"width\":80}")->console_size;

	(void)state;
	assert_int_equal(box->height, 25);
	assert_int_equal(box->width, 80);
}

static void test_user(void **state)
{
	const struct oci_user *user =
		process("\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[5,6],\"username\":\"u\"}")
			->user;

	(void)state;
	assert_int_equal(user->uid, 1);
	assert_int_equal(user->gid, 2);
	assert_opt(user->umask, 18);
	assert_int_equal(user->n_additional_gids, 2);
	assert_int_equal(user->additional_gids[0], 5);
	assert_int_equal(user->additional_gids[1], 6);
	assert_string_equal(user->username, "u");
}

static void test_umask_zero(void **state)
{
	(void)state;
	assert_opt(process("\"user\":{\"uid\":1,\"gid\":2,\"umask\":0}")->user->umask, 0);
	assert_false(process("\"user\":{\"uid\":1,\"gid\":2}")->user->umask.set);
}

static void test_rlimits(void **state)
{
	const struct oci_process *p = process("\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":2},"
					      "{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}]");

	(void)state;
	assert_int_equal(p->n_rlimits, 2);
	assert_string_equal(p->rlimits[0].type, "RLIMIT_NOFILE");
	assert_int_equal(p->rlimits[0].soft, 1);
	assert_int_equal(p->rlimits[0].hard, 2);
	assert_true(p->rlimits[1].hard == UINT64_MAX); /* RLIM_INFINITY */
}

static void test_capabilities(void **state)
{
	const struct oci_capabilities *c =
		process("\"capabilities\":{\"bounding\":[\"B\"],\"effective\":[\"E\",\"E2\"],\"inheritable\":[\"I\"],"
			"\"permitted\":[\"P\"],\"ambient\":[]}")
			->capabilities;

	(void)state;
	assert_strings(c->n_bounding, c->bounding, "B");
	assert_strings(c->n_effective, c->effective, "E", "E2");
	assert_strings(c->n_inheritable, c->inheritable, "I");
	assert_strings(c->n_permitted, c->permitted, "P");
	assert_int_equal(c->n_ambient, 0);
	assert_non_null(c->ambient);
}

static void test_scheduler(void **state)
{
	const struct oci_scheduler *s =
		process("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-20,\"priority\":3,\"flags\":[\"F\"],"
			"\"runtime\":10,\"deadline\":20,\"period\":30}")
			->scheduler;

	(void)state;
	assert_string_equal(s->policy, "SCHED_DEADLINE");
	assert_opt(s->nice, -20);
	assert_opt(s->priority, 3);
	assert_strings(s->n_flags, s->flags, "F");
	assert_opt(s->runtime, 10);
	assert_opt(s->deadline, 20);
	assert_opt(s->period, 30);
}

static void test_io_priority(void **state)
{
	const struct oci_io_priority *i =
		process("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4}")->io_priority;

	(void)state;
	assert_string_equal(i->class_, "IOPRIO_CLASS_BE");
	assert_opt(i->priority, 4);
}

static void test_exec_cpu_affinity(void **state)
{
	const struct oci_exec_cpu_affinity *a =
		process("\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"2\"}")->exec_cpu_affinity;

	(void)state;
	assert_string_equal(a->initial, "0-1");
	assert_string_equal(a->final, "2");
}

static void test_mounts(void **state)
{
	const struct oci_config *c =
		config("\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"p\"},"
		       "{\"destination\":\"/d\",\"options\":[\"bind\",\"ro\"],"
		       "\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":3}],"
		       "\"gidMappings\":[{\"containerID\":4,\"hostID\":5,\"size\":6},"
		       "{\"containerID\":7,\"hostID\":8,\"size\":9}]}]");

	(void)state;
	assert_int_equal(c->n_mounts, 2);
	assert_string_equal(c->mounts[0].destination, "/proc");
	assert_string_equal(c->mounts[0].type, "proc");
	assert_string_equal(c->mounts[0].source, "p");
	assert_null(c->mounts[0].options);
	assert_null(c->mounts[1].type);
	assert_strings(c->mounts[1].n_options, c->mounts[1].options, "bind", "ro");
	assert_int_equal(c->mounts[1].n_uid_mappings, 1);
	assert_int_equal(c->mounts[1].uid_mappings[0].container_id, 1);
	assert_int_equal(c->mounts[1].uid_mappings[0].host_id, 2);
	assert_int_equal(c->mounts[1].uid_mappings[0].size, 3);
	assert_int_equal(c->mounts[1].n_gid_mappings, 2);
	assert_int_equal(c->mounts[1].gid_mappings[1].host_id, 8);
}

static void test_hooks(void **state)
{
	const struct oci_hooks *h =
		config("\"hooks\":{\"prestart\":[{\"path\":\"/1\"}],\"createRuntime\":[{\"path\":\"/2\"}],"
		       "\"createContainer\":[{\"path\":\"/3\"}],\"startContainer\":[{\"path\":\"/4\"}],"
		       "\"poststart\":[{\"path\":\"/5\"}],\"poststop\":[{\"path\":\"/6\"},"
		       "{\"path\":\"/7\",\"args\":[\"a\",\"b\"],\"env\":[\"E=1\"],\"timeout\":9}]}")
			->hooks;

	(void)state;
	assert_string_equal(h->prestart[0].path, "/1");
	assert_string_equal(h->create_runtime[0].path, "/2");
	assert_string_equal(h->create_container[0].path, "/3");
	assert_string_equal(h->start_container[0].path, "/4");
	assert_string_equal(h->poststart[0].path, "/5");
	assert_int_equal(h->n_poststop, 2);
	assert_string_equal(h->poststop[0].path, "/6");
	assert_false(h->poststop[0].timeout.set);
	assert_strings(h->poststop[1].n_args, h->poststop[1].args, "a", "b");
	assert_strings(h->poststop[1].n_env, h->poststop[1].env, "E=1");
	assert_opt(h->poststop[1].timeout, 9);
}

/* ---- config-linux.md ---- */

static void test_namespaces(void **state)
{
	const struct oci_linux *l =
		linux_of("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}]");

	(void)state;
	assert_int_equal(l->n_namespaces, 2);
	assert_string_equal(l->namespaces[0].type, "pid");
	assert_null(l->namespaces[0].path);
	assert_string_equal(l->namespaces[1].type, "network");
	assert_string_equal(l->namespaces[1].path, "/n");
}

static void test_id_mappings(void **state)
{
	const struct oci_linux *l = linux_of("\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":65536}],"
					     "\"gidMappings\":[{\"containerID\":1,\"hostID\":4294967295,\"size\":1}]");

	(void)state;
	assert_int_equal(l->n_uid_mappings, 1);
	assert_int_equal(l->uid_mappings[0].host_id, 1000);
	assert_int_equal(l->uid_mappings[0].size, 65536);
	assert_int_equal(l->n_gid_mappings, 1);
	assert_int_equal(l->gid_mappings[0].container_id, 1);
	assert_int_equal(l->gid_mappings[0].host_id, 4294967295);
}

static void test_time_offsets(void **state)
{
	const struct oci_time_offsets *t =
		linux_of("\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":6},\"boottime\":{\"secs\":7}}")
			->time_offsets;

	(void)state;
	assert_int_equal(t->monotonic->secs, -5);
	assert_int_equal(t->monotonic->nanosecs, 6);
	assert_int_equal(t->boottime->secs, 7);
	assert_int_equal(t->boottime->nanosecs, 0);
}

static void test_devices(void **state)
{
	const struct oci_linux *l = linux_of(
		"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/fuse\",\"major\":10,\"minor\":229,\"fileMode\":438,"
		"\"uid\":1,\"gid\":2},{\"type\":\"p\",\"path\":\"/dev/p\"}]");

	(void)state;
	assert_int_equal(l->n_devices, 2);
	assert_string_equal(l->devices[0].type, "c");
	assert_string_equal(l->devices[0].path, "/dev/fuse");
	assert_opt(l->devices[0].major, 10);
	assert_opt(l->devices[0].minor, 229);
	assert_opt(l->devices[0].file_mode, 0666);
	assert_opt(l->devices[0].uid, 1);
	assert_opt(l->devices[0].gid, 2);
	assert_false(l->devices[1].major.set);
	assert_false(l->devices[1].file_mode.set);
}

static void test_net_devices(void **state)
{
	const struct oci_linux *l = linux_of("\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{}}");

	(void)state;
	assert_int_equal(l->n_net_devices, 2);
	assert_string_equal(l->net_devices[0].host_name, "eth0");
	assert_string_equal(l->net_devices[0].name, "c0");
	assert_string_equal(l->net_devices[1].host_name, "eth1");
	assert_null(l->net_devices[1].name);
}

static void test_linux_strings(void **state)
{
	const struct oci_linux *l = linux_of(
		"\"cgroupsPath\":\"/c\",\"rootfsPropagation\":\"rslave\",\"mountLabel\":\"m\",\"maskedPaths\":[\"/a\"],"
		"\"readonlyPaths\":[\"/b\",\"/c\"],\"sysctl\":{\"kernel.domainname\":\"d\"}");

	(void)state;
	assert_string_equal(l->cgroups_path, "/c");
	assert_string_equal(l->rootfs_propagation, "rslave");
	assert_string_equal(l->mount_label, "m");
	assert_strings(l->n_masked_paths, l->masked_paths, "/a");
	assert_strings(l->n_readonly_paths, l->readonly_paths, "/b", "/c");
	assert_int_equal(l->n_sysctl, 1);
	assert_pair(l->sysctl[0], "kernel.domainname", "d");
}

static void test_seccomp(void **state)
{
	const struct oci_seccomp *s =
		linux_of("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":["
			 "\"X\"],"
			 "\"flags\":[\"F\"],\"listenerPath\":\"/l\",\"listenerMetadata\":\"m\",\"syscalls\":["
			 "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},"
			 "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1,\"args\":["
			 "{\"index\":1,\"value\":18446744073709551615,\"valueTwo\":3,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
			 "{\"index\":2,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}")
			->seccomp;
	const struct oci_seccomp_rule *rule;

	(void)state;
	assert_string_equal(s->default_action, "SCMP_ACT_ERRNO");
	assert_opt(s->default_errno_ret, 38);
	assert_strings(s->n_architectures, s->architectures, "X");
	assert_strings(s->n_flags, s->flags, "F");
	assert_string_equal(s->listener_path, "/l");
	assert_string_equal(s->listener_metadata, "m");
	assert_int_equal(s->n_syscalls, 2);
	assert_strings(s->syscalls[0].n_names, s->syscalls[0].names, "read", "write");
	assert_string_equal(s->syscalls[0].action, "SCMP_ACT_ALLOW");
	assert_false(s->syscalls[0].errno_ret.set);
	rule = &s->syscalls[1];
	assert_opt(rule->errno_ret, 1);
	assert_int_equal(rule->n_args, 2);
	assert_int_equal(rule->args[0].index, 1);
	assert_true(rule->args[0].value == UINT64_MAX);
	assert_int_equal(rule->args[0].value_two, 3);
	assert_string_equal(rule->args[0].op, "SCMP_CMP_MASKED_EQ");
	assert_int_equal(rule->args[1].index, 2);
}

static void test_seccomp_flags(void **state)
{
	const struct oci_seccomp *none = linux_of("\"seccomp\":{\"defaultAction\":\"A\",\"flags\":null}")->seccomp;
	const struct oci_seccomp *empty = linux_of("\"seccomp\":{\"defaultAction\":\"A\",\"flags\":[]}")->seccomp;

	(void)state;
	assert_null(none->flags);
	assert_non_null(empty->flags); /* runc reads the two differently */
	assert_int_equal(empty->n_flags, 0);
}

static void test_intel_rdt(void **state)
{
	const struct oci_intel_rdt *r =
		linux_of("\"intelRdt\":{\"closID\":\"c\",\"schemata\":[\"L3:0=f\"],\"l3CacheSchema\":\"l\","
			 "\"memBwSchema\":\"m\",\"enableMonitoring\":true}")
			->intel_rdt;

	(void)state;
	assert_string_equal(r->clos_id, "c");
	assert_strings(r->n_schemata, r->schemata, "L3:0=f");
	assert_string_equal(r->l3_cache_schema, "l");
	assert_string_equal(r->mem_bw_schema, "m");
	assert_true(r->enable_monitoring);
	assert_false(r->enable_cmt);
	assert_true(linux_of("\"intelRdt\":{\"enableCMT\":true}")->intel_rdt->enable_cmt);
	assert_true(linux_of("\"intelRdt\":{\"enableMBM\":true}")->intel_rdt->enable_mbm);
}

static void test_memory_policy(void **state)
{
	const struct oci_memory_policy *m =
		linux_of("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-3,7\",\"flags\":[\"F\"]}")
			->memory_policy;

	(void)state;
	assert_string_equal(m->mode, "MPOL_BIND");
	assert_string_equal(m->nodes, "0-3,7");
	assert_strings(m->n_flags, m->flags, "F");
}

static void test_personality(void **state)
{
	const struct oci_personality *p =
		linux_of("\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}")->personality;

	(void)state;
	assert_string_equal(p->domain, "LINUX32");
	assert_non_null(p->flags);
	assert_int_equal(p->n_flags, 0);
}

/* ---- linux.resources, as it stands alone for `update` ---- */

static void test_resources_memory(void **state)
{
	const struct oci_resources_memory *m =
		resources("\"memory\":{\"limit\":-1,\"reservation\":2,\"swap\":9223372036854775807,\"kernel\":4,"
			  "\"kernelTCP\":5,\"swappiness\":6,\"disableOOMKiller\":false,\"useHierarchy\":true,"
			  "\"checkBeforeUpdate\":true}")
			->memory;

	(void)state;
	assert_opt(m->limit, -1);
	assert_opt(m->reservation, 2);
	assert_opt(m->swap, INT64_MAX);
	assert_opt(m->kernel, 4);
	assert_opt(m->kernel_tcp, 5);
	assert_opt(m->swappiness, 6);
	assert_opt(m->disable_oom_killer, false);
	assert_opt(m->use_hierarchy, true);
	assert_opt(m->check_before_update, true);
}

static void test_resources_cpu(void **state)
{
	const struct oci_resources_cpu *c =
		resources("\"cpu\":{\"shares\":1,\"quota\":-2,\"burst\":3,\"period\":4,\"realtimeRuntime\":5,"
			  "\"realtimePeriod\":6,\"idle\":7,\"cpus\":\"0\",\"mems\":\"1\"}")
			->cpu;

	(void)state;
	assert_opt(c->shares, 1);
	assert_opt(c->quota, -2);
	assert_opt(c->burst, 3);
	assert_opt(c->period, 4);
	assert_opt(c->realtime_runtime, 5);
	assert_opt(c->realtime_period, 6);
	assert_opt(c->idle, 7);
	assert_string_equal(c->cpus, "0");
	assert_string_equal(c->mems, "1");
}

static void test_resources_pids(void **state)
{
	(void)state;
	assert_opt(resources("\"pids\":{\"limit\":0}")->pids->limit, 0);
	assert_false(resources("\"pids\":{}")->pids->limit.set);
}

static void test_resources_devices(void **state)
{
	const struct oci_resources *r =
		resources("\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
			  "{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":-1,\"access\":\"r\"}]");

	(void)state;
	assert_int_equal(r->n_devices, 2);
	assert_false(r->devices[0].allow);
	assert_null(r->devices[0].type);
	assert_false(r->devices[0].major.set);
	assert_true(r->devices[1].allow);
	assert_string_equal(r->devices[1].type, "c");
	assert_opt(r->devices[1].major, 1);
	assert_opt(r->devices[1].minor, -1);
	assert_string_equal(r->devices[1].access, "r");
}

static void test_resources_block_io(void **state)
{
	const struct oci_resources_block_io *b =
		resources("\"blockIO\":{\"weight\":10,\"leafWeight\":11,\"weightDevice\":[{\"major\":8,\"minor\":1,"
			  "\"weight\":500,\"leafWeight\":300}],"
			  "\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":2,\"rate\":3}],"
			  "\"throttleWriteBpsDevice\":[{\"major\":1,\"minor\":2,\"rate\":4}],"
			  "\"throttleReadIOPSDevice\":[{\"major\":1,\"minor\":2,\"rate\":5}],"
			  "\"throttleWriteIOPSDevice\":[{\"major\":1,\"minor\":2,\"rate\":6}]}")
			->block_io;

	(void)state;
	assert_opt(b->weight, 10);
	assert_opt(b->leaf_weight, 11);
	assert_int_equal(b->weight_device[0].major, 8);
	assert_int_equal(b->weight_device[0].minor, 1);
	assert_opt(b->weight_device[0].weight, 500);
	assert_opt(b->weight_device[0].leaf_weight, 300);
	assert_int_equal(b->n_throttle_read_bps_device, 1);
	assert_int_equal(b->throttle_read_bps_device[0].major, 1);
	assert_int_equal(b->throttle_read_bps_device[0].minor, 2);
	assert_int_equal(b->throttle_read_bps_device[0].rate, 3);
	assert_int_equal(b->throttle_write_bps_device[0].rate, 4);
	assert_int_equal(b->throttle_read_iops_device[0].rate, 5);
	assert_int_equal(b->throttle_write_iops_device[0].rate, 6);
}

static void test_resources_rest(void **state)
{
	const struct oci_resources *r =
		resources("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}],"
			  "\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]},"
			  "\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}},"
			  "\"unified\":{\"memory.high\":\"1000\"}");

	(void)state;
	assert_string_equal(r->hugepage_limits[0].page_size, "2MB");
	assert_int_equal(r->hugepage_limits[0].limit, 4096);
	assert_opt(r->network->class_id, 1048577);
	assert_string_equal(r->network->priorities[0].name, "eth0");
	assert_int_equal(r->network->priorities[0].priority, 5);
	assert_int_equal(r->n_rdma, 1);
	assert_string_equal(r->rdma[0].device, "mlx5_1");
	assert_opt(r->rdma[0].hca_handles, 3);
	assert_opt(r->rdma[0].hca_objects, 10000);
	assert_pair(r->unified[0], "memory.high", "1000");
}

/* ---- The other documents ---- */

static void test_process_alone(void **state)
{
	const struct oci_process *p = parse(&oci_process_object, "{\"cwd\":\"/\",\"args\":[\"ls\"]}");

	(void)state;
	assert_string_equal(p->cwd, "/");
	assert_strings(p->n_args, p->args, "ls");
}

static void test_state(void **state)
{
	const struct oci_state *s =
		parse(&oci_state_object, "{\"ociVersion\":\"1.0.2\",\"id\":\"i\",\"status\":\"running\",\"pid\":4422,"
					 "\"bundle\":\"/b\",\"annotations\":{\"k\":\"v\"}}");

	(void)state;
	assert_string_equal(s->oci_version, "1.0.2");
	assert_string_equal(s->id, "i");
	assert_string_equal(s->status, "running");
	assert_opt(s->pid, 4422);
	assert_string_equal(s->bundle, "/b");
	assert_pair(s->annotations[0], "k", "v");
}

static void test_container_process_state(void **state)
{
	const struct oci_container_process_state *s =
		parse(&oci_container_process_state_object,
		      "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":7,\"metadata\":\"m\",\"state\":"
		      "{\"ociVersion\":\"1.3.0\",\"id\":\"i\",\"status\":\"creating\",\"bundle\":\"/b\"}}");

	(void)state;
	assert_strings(s->n_fds, s->fds, "seccompFd");
	assert_int_equal(s->pid, 7);
	assert_string_equal(s->metadata, "m");
	assert_string_equal(s->state->id, "i");
	assert_false(s->state->pid.set);
}

static void test_features(void **state)
{
	const struct oci_features *f =
		parse(&oci_features_object,
		      "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"hooks\":[\"prestart\"],"
		      "\"mountOptions\":[\"ro\"],\"linux\":{\"namespaces\":[\"pid\"],\"capabilities\":[\"CAP_KILL\"],"
		      "\"cgroup\":{\"v1\":false,\"v2\":true,\"systemd\":true,\"systemdUser\":false},"
		      "\"seccomp\":{\"enabled\":true,\"actions\":[\"a\"],\"operators\":[\"o\"],\"archs\":[\"r\"],"
		      "\"knownFlags\":[\"k\"],\"supportedFlags\":[]},\"apparmor\":{\"enabled\":true},"
		      "\"selinux\":{\"enabled\":false},\"intelRdt\":{\"enabled\":true,\"schemata\":true,"
		      "\"monitoring\":false},\"memoryPolicy\":{\"modes\":[\"m\"],\"flags\":[\"f\"]},"
		      "\"mountExtensions\":{\"idmap\":{\"enabled\":true}},\"netDevices\":{\"enabled\":true}},"
		      "\"annotations\":{\"a\":\"b\"},\"potentiallyUnsafeConfigAnnotations\":[\"x.\"]}");

	(void)state;
	assert_string_equal(f->oci_version_min, "1.0.0");
	assert_string_equal(f->oci_version_max, "1.3.0");
	assert_strings(f->n_hooks, f->hooks, "prestart");
	assert_strings(f->n_mount_options, f->mount_options, "ro");
	assert_strings(f->linux_->n_namespaces, f->linux_->namespaces, "pid");
	assert_strings(f->linux_->n_capabilities, f->linux_->capabilities, "CAP_KILL");
	assert_opt(f->linux_->cgroup->v1, false);
	assert_opt(f->linux_->cgroup->v2, true);
	assert_opt(f->linux_->cgroup->systemd, true);
	assert_opt(f->linux_->cgroup->systemd_user, false);
	assert_false(f->linux_->cgroup->rdma.set);
	assert_opt(f->linux_->seccomp->enabled, true);
	assert_strings(f->linux_->seccomp->n_actions, f->linux_->seccomp->actions, "a");
	assert_strings(f->linux_->seccomp->n_operators, f->linux_->seccomp->operators, "o");
	assert_strings(f->linux_->seccomp->n_archs, f->linux_->seccomp->archs, "r");
	assert_strings(f->linux_->seccomp->n_known_flags, f->linux_->seccomp->known_flags, "k");
	assert_int_equal(f->linux_->seccomp->n_supported_flags, 0);
	assert_non_null(f->linux_->seccomp->supported_flags);
	assert_opt(f->linux_->apparmor->enabled, true);
	assert_opt(f->linux_->selinux->enabled, false);
	assert_opt(f->linux_->intel_rdt->enabled, true);
	assert_opt(f->linux_->intel_rdt->schemata, true);
	assert_opt(f->linux_->intel_rdt->monitoring, false);
	assert_strings(f->linux_->memory_policy->n_modes, f->linux_->memory_policy->modes, "m");
	assert_strings(f->linux_->memory_policy->n_flags, f->linux_->memory_policy->flags, "f");
	assert_opt(f->linux_->mount_extensions->idmap->enabled, true);
	assert_opt(f->linux_->net_devices->enabled, true);
	assert_pair(f->annotations[0], "a", "b");
	assert_strings(f->n_potentially_unsafe_config_annotations, f->potentially_unsafe_config_annotations, "x.");
}

/* ---- What passes ---- */

static void test_unknown_keys(void **state)
{
	const struct oci_config *c =
		config("\"x\":{\"root\":{\"path\":1},\"y\":[[{\"a\":null}],1e400,true]},\"hostname\":\"h\",\"z\":[],"
		       "\"x2\":-1.5,\"linux\":{\"new\":{\"cgroupsPath\":5},\"cgroupsPath\":\"p\"}");

	(void)state;
	assert_null(c->root);
	assert_string_equal(c->hostname, "h");
	assert_string_equal(c->linux_->cgroups_path, "p");
}

static void test_other_platforms(void **state)
{
	const struct oci_config *c =
		config("\"windows\":{\"layerFolders\":[\"a\"],\"process\":1},\"solaris\":{\"milestone\":\"m\"},"
		       "\"vm\":{\"kernel\":{\"path\":\"k\"}},\"zos\":{\"namespaces\":[]},"
		       "\"freebsd\":{\"jail\":{}},\"hostname\":\"h\"");

	(void)state;
	assert_string_equal(c->hostname, "h");
}

static void test_case_matters(void **state)
{
	(void)state;
	assert_null(config("\"Hostname\":5,\"HOSTNAME\":[]")->hostname);
}

static void test_null_everywhere(void **state)
{
	const struct oci_config *c = config(
		"\"process\":{\"cwd\":\"/\",\"user\":null,\"args\":null,\"capabilities\":null,\"oomScoreAdj\":null,"
		"\"terminal\":null,\"apparmorProfile\":null,\"rlimits\":null},\"root\":null,\"mounts\":null,"
		"\"hooks\":null,\"annotations\":null,\"hostname\":null,\"linux\":{\"sysctl\":null,"
		"\"netDevices\":null,\"resources\":null}");

	(void)state;
	assert_null(c->process->user);
	assert_null(c->process->args);
	assert_false(c->process->oom_score_adj.set);
	assert_null(c->root);
	assert_null(c->mounts);
	assert_null(c->annotations);
	assert_null(c->linux_->sysctl);
	assert_null(c->linux_->net_devices);
}

static void test_empty_is_not_absent(void **state)
{
	const struct oci_config *c = config("\"mounts\":[],\"annotations\":{},\"hooks\":{},\"hostname\":\"\"");

	(void)state;
	assert_non_null(c->mounts);
	assert_int_equal(c->n_mounts, 0);
	assert_non_null(c->annotations);
	assert_int_equal(c->n_annotations, 0);
	assert_non_null(c->hooks);
	assert_string_equal(c->hostname, "");
}

static void test_64_levels(void **state)
{
	char text[400] = "\"x\":";

	(void)state;
	for (int i = 0; i < 63; i++)
		strcat(text, i % 2 ? "[" : "{\"a\":");
	strcat(text, "1");
	for (int i = 62; i >= 0; i--)
		strcat(text, i % 2 ? "]" : "}");
	strcat(text, ",\"hostname\":\"h\"");
	assert_string_equal(config(text)->hostname, "h");
}

static void test_escapes(void **state)
{
	(void)state;
	assert_string_equal(config("\"hostname\":\"\\u00e4\\ud83d\\ude00\\/\\\\\\\"\\b\\f\\n\\r\\t\\u0001\"")->hostname,
			    "\xc3\xa4\xf0\x9f\x98\x80/\\\"\b\f\n\r\t\x01");
	assert_string_equal(config("\"host\\u006eame\":\"escaped key\"")->hostname, "escaped key");
}

static void test_utf8(void **state)
{
	static const char all[] = "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
				  "\xf4\x8f\xbf\xbf";
	char text[100];

	(void)state;
	snprintf(text, sizeof text, "\"hostname\":\"%s\"", all);
	assert_string_equal(config(text)->hostname, all);
}

static void test_negative_zero(void **state)
{
	(void)state;
	assert_opt(process("\"oomScoreAdj\":-0")->oom_score_adj, 0);
	assert_opt(process("\"user\":{\"uid\":1,\"gid\":2,\"umask\":-0}")->user->umask, 0);
}

static void test_white_space(void **state)
{
	const struct oci_config *c =
		parse(&oci_config_object, "\r\n\t {\r\n \"ociVersion\"\t:\n\"1.3.0\" , \"mounts\" : [ ] }\n\n \t");

	(void)state;
	assert_string_equal(c->oci_version, "1.3.0");
	assert_non_null(c->mounts);
}

static void test_megabyte(void **state)
{
	/* argv of a megabyte, in one string and in many */
	enum { LONG = 1 << 20, MANY = 100000 };
	char *text = malloc(LONG + 10 * MANY + 100), *end = text;
	const struct oci_process *p;

	(void)state;
	assert_non_null(text);
	end += sprintf(end, "{\"cwd\":\"/\",\"args\":[\"");
	memset(end, 'x', LONG);
	end += LONG;
	end += sprintf(end, "\"],\"env\":[\"0\"");
	for (int i = 1; i < MANY; i++)
		end += sprintf(end, ",\"%d\"", i);
	sprintf(end, "]}");
	p = parse(&oci_process_object, text);
	assert_int_equal(p->n_args, 1);
	assert_int_equal(strlen(p->args[0]), LONG);
	assert_int_equal(p->n_env, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(atoi(p->env[i]), i);
	free(text);
}

static void test_many_annotations(void **state)
{
	enum { N = 50000 };
	char *text = malloc(40 * N), *end = text;
	const struct oci_config *c;

	(void)state;
	assert_non_null(text);
	end += sprintf(end, "{\"ociVersion\":\"1\",\"annotations\":{\"0\":\"0\"");
	for (int i = 1; i < N; i++)
		end += sprintf(end, ",\"%d\":\"%d\"", i, i);
	sprintf(end, "}}");
	c = parse(&oci_config_object, text);
	assert_int_equal(c->n_annotations, N);
	assert_pair(c->annotations[N - 1], "49999", "49999");
	free(text);
}

static void test_too_large(void **state)
{
	size_t size = (size_t)OCISPEC_MAX_SIZE + 1;
	char *text = malloc(size);
	struct ocispec_error error;
	void *document = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', size);
	memcpy(text, "{\"ociVersion\":\"1.3.0\"}", 22);
	assert_int_equal(ocispec_parse(&oci_config_object, text, size, "config.json", arena, &document, &error),
			 -EFBIG);
	assert_string_equal(error.message, "the document is larger than 32 MiB (config.json)");
	assert_int_equal(error.line, 0);
	assert_null(document);
	assert_int_equal(ocispec_parse(&oci_config_object, text, size - 1, "config.json", arena, &document, &error), 0);
	free(text);
}

static void test_long_path(void **state)
{
	char text[2000];
	struct ocispec_error error;
	void *document;
	int n = snprintf(text, sizeof text, "{\"annotations\":{\"%01000d\":1}}", 7);

	(void)state;
	assert_int_equal(ocispec_parse(&oci_config_object, text, (size_t)n, "config.json", arena, &document, &error),
			 -EINVAL);
	assert_true(strlen(error.path) < sizeof error.path);
	assert_string_equal(error.path + strlen(error.path) - 3, "...");
	assert_non_null(strstr(error.message, "...: expected a string (config.json:1:1020)"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_smallest),
		CASE(test_top),
		CASE(test_root),
		CASE(test_process),
		CASE(test_process_defaults),
		CASE(test_console_size),
		CASE(test_user),
		CASE(test_umask_zero),
		CASE(test_rlimits),
		CASE(test_capabilities),
		CASE(test_scheduler),
		CASE(test_io_priority),
		CASE(test_exec_cpu_affinity),
		CASE(test_mounts),
		CASE(test_hooks),
		CASE(test_namespaces),
		CASE(test_id_mappings),
		CASE(test_time_offsets),
		CASE(test_devices),
		CASE(test_net_devices),
		CASE(test_linux_strings),
		CASE(test_seccomp),
		CASE(test_seccomp_flags),
		CASE(test_intel_rdt),
		CASE(test_memory_policy),
		CASE(test_personality),
		CASE(test_resources_memory),
		CASE(test_resources_cpu),
		CASE(test_resources_pids),
		CASE(test_resources_devices),
		CASE(test_resources_block_io),
		CASE(test_resources_rest),
		CASE(test_process_alone),
		CASE(test_state),
		CASE(test_container_process_state),
		CASE(test_features),
		CASE(test_unknown_keys),
		CASE(test_other_platforms),
		CASE(test_case_matters),
		CASE(test_null_everywhere),
		CASE(test_empty_is_not_absent),
		CASE(test_64_levels),
		CASE(test_escapes),
		CASE(test_utf8),
		CASE(test_negative_zero),
		CASE(test_white_space),
		CASE(test_megabyte),
		CASE(test_many_annotations),
		CASE(test_too_large),
		CASE(test_long_path),
	};

	return cmocka_run_group_tests_name("ocispec values", tests, NULL, NULL);
}
