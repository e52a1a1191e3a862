/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that lives. Flags and --resources come to the same document, LinuxResources. */
#include "cmd/cmd.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/schemata.h"

#include <errno.h>
#include <string.h>

struct request {
	const char *resources;
	uint32_t blkio_weight;
	struct oci_opt_u64 cpu_burst, cpu_period, cpu_rt_period, cpu_share;
	struct oci_opt_i64 cpu_idle, cpu_quota, cpu_rt_runtime, pids_limit;
	const char *cpuset_cpus, *cpuset_mems, *l3_cache_schema, *mem_bw_schema;
	struct args_size memory, memory_reservation, memory_swap, kernel_memory, kernel_memory_tcp;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, resources, "resources", 'r', "FILE",
		    "take all from this JSON document (LinuxResources; - is standard input), and no other flag"),
	ARGS_OPTION(struct request, blkio_weight, "blkio-weight", 0, "N", "share of I/O, 10 to 1000"),
	ARGS_OPTION(struct request, cpu_burst, "cpu-burst", 0, "USEC",
		    "CPU time that may be saved up and used at once"),
	ARGS_OPTION(struct request, cpu_idle, "cpu-idle", 0, "N", "1: run only where nothing else wants to; 0: not so"),
	ARGS_OPTION(struct request, cpu_period, "cpu-period", 0, "USEC", "the period that the quota is for"),
	ARGS_OPTION(struct request, cpu_quota, "cpu-quota", 0, "USEC", "CPU time in each period; -1 is unlimited"),
	ARGS_OPTION(struct request, cpu_rt_period, "cpu-rt-period", 0, "USEC", "ignored: cgroup v1 only"),
	ARGS_OPTION(struct request, cpu_rt_runtime, "cpu-rt-runtime", 0, "USEC", "ignored: cgroup v1 only"),
	ARGS_OPTION(struct request, cpu_share, "cpu-share", 0, "N",
		    "share of CPU time, 2 to 262144 (1024 is the usual)"),
	ARGS_OPTION(struct request, cpuset_cpus, "cpuset-cpus", 0, "LIST", "the CPUs to run on, such as 0-2,5"),
	ARGS_OPTION(struct request, cpuset_mems, "cpuset-mems", 0, "LIST", "the memory nodes to use"),
	ARGS_OPTION(struct request, kernel_memory, "kernel-memory", 0, "SIZE", NULL),
	ARGS_OPTION(struct request, kernel_memory_tcp, "kernel-memory-tcp", 0, "SIZE", NULL),
	ARGS_OPTION(struct request, l3_cache_schema, "l3-cache-schema", 0, "LINES",
		    "the parts of the L3 caches to use, such as L3:0=ff;1=f (resctrl)"),
	ARGS_OPTION(struct request, mem_bw_schema, "mem-bw-schema", 0, "LINES",
		    "the memory bandwidth to use, in percent, such as MB:0=50;1=70 (resctrl)"),
	ARGS_OPTION(struct request, memory, "memory", 0, "SIZE", "memory, such as 512m; -1 is unlimited"),
	ARGS_OPTION(struct request, memory_reservation, "memory-reservation", 0, "SIZE",
		    "memory that is taken back last"),
	ARGS_OPTION(struct request, memory_swap, "memory-swap", 0, "SIZE",
		    "memory and swap together; -1 is unlimited swap"),
	ARGS_OPTION(struct request, pids_limit, "pids-limit", 0, "N", "processes and threads; -1 is unlimited"),
};

/* The document that the flags come to. Its parts are static: one command a process. */
static const struct oci_resources *from_flags(const struct request *q)
{
	static struct oci_resources_memory memory;
	static struct oci_resources_cpu cpu;
	static struct oci_resources_pids pids;
	static struct oci_resources_block_io block_io;
	static const struct oci_resources resources = {
		.memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &block_io};

	memory = (struct oci_resources_memory){.limit = q->memory.bytes,
					       .reservation = q->memory_reservation.bytes,
					       .swap = q->memory_swap.bytes,
					       .kernel = q->kernel_memory.bytes,
					       .kernel_tcp = q->kernel_memory_tcp.bytes};
	cpu = (struct oci_resources_cpu){.shares = q->cpu_share,
					 .quota = q->cpu_quota,
					 .burst = q->cpu_burst,
					 .period = q->cpu_period,
					 .realtime_runtime = q->cpu_rt_runtime,
					 .realtime_period = q->cpu_rt_period,
					 .idle = q->cpu_idle,
					 .cpus = q->cpuset_cpus,
					 .mems = q->cpuset_mems};
	pids.limit = q->pids_limit;
	block_io.weight = (struct oci_opt_u32){.set = true, .value = q->blkio_weight};
	return &resources;
}

static int update_from_file(const struct cmd_globals *globals, struct request *request, const char *id, struct err *err)
{
	static const struct request none;
	const char *path = TAKE_PTR(request->resources);
	struct ocispec_arena *arena = ocispec_arena_new();
	void *resources = NULL;
	int r;

	/* As runc has it. */
	if (memcmp(request, &none, sizeof(none)) != 0)
		log_warning("all flags but --resources are ignored");
	r = arena ? config_read_document(path, &oci_resources_object, arena, &resources, err)
		  : err_set(err, -ENOMEM, "read %s", path);
	if (r == 0)
		r = host_update(&globals->host, id, &(struct update_request){.resources = resources}, err);
	ocispec_arena_free(arena);
	return r;
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	struct request *request = arg;
	struct update_request update = {0};

	if (request->resources)
		return update_from_file(globals, request, args[0], err);
	if (request->l3_cache_schema && request->l3_cache_schema[0])
		update.l3_cache_schema = request->l3_cache_schema;
	if (request->mem_bw_schema && request->mem_bw_schema[0])
		update.mem_bw_schema = request->mem_bw_schema;
	if (update.l3_cache_schema && !schemata_valid(update.l3_cache_schema, false))
		return err_msg(err, -EINVAL, "--l3-cache-schema: \"%.300s\" is not lines like L3:0=ff;1=f",
			       update.l3_cache_schema);
	if (update.mem_bw_schema && !schemata_valid(update.mem_bw_schema, false))
		return err_msg(err, -EINVAL, "--mem-bw-schema: \"%.300s\" is not lines like MB:0=50;1=70",
			       update.mem_bw_schema);
	update.resources = from_flags(request);
	return host_update(&globals->host, args[0], &update, err);
}

const struct cmd_verb cmd_update = {
	.name = "update",
	.arguments = "ID",
	.summary = "change the limits of a container",
	.description = "   What no flag names stays as it is, and 0 stands for \"as it is\" where it is no limit. A "
		       "SIZE is in\n"
		       "   bytes, or has a unit of k, m, g, t or p. If one value can't be set, none is changed.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};
