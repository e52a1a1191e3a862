/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events ID: records of what a container uses, one JSON object a line. Keys, and what is left out when it is 0, are
 * runc's, with the names of cgroup v1: its users read both with the same structs.
 */
#include "cmd/cmd.h"
#include "cmd/output.h"

#include "base/mem.h"
#include "host/cgroup/stats.h"
#include "host/rdt.h"
#include "json.h"

#include <errno.h>

#define DEFAULT_INTERVAL 5000000000 /* ns */
#define OUTPUT_FD        1

struct request {
	struct args_duration interval;
	bool stats;
};

static const struct args_option options[] = {
	ARGS_OPTION(struct request, interval, "interval", 0, "TIME", "time between two records (default: 5s)"),
	ARGS_OPTION(struct request, stats, "stats", 0, NULL, "print one record and exit"),
};

static const struct ocispec_property pressure_line_properties[] = {
	OCISPEC_FIELD(struct stats_pressure_line, avg10, "avg10", .required = true),
	OCISPEC_FIELD(struct stats_pressure_line, avg60, "avg60", .required = true),
	OCISPEC_FIELD(struct stats_pressure_line, avg300, "avg300", .required = true),
	OCISPEC_FIELD(struct stats_pressure_line, total, "total", .required = true),
};
static const struct ocispec_object pressure_line_object =
	OCISPEC_OBJECT(struct stats_pressure_line, pressure_line_properties);

static const struct ocispec_property pressure_properties[] = {
	OCISPEC_EMBED(struct stats_pressure, some, "some", &pressure_line_object),
	OCISPEC_EMBED(struct stats_pressure, full, "full", &pressure_line_object),
};
static const struct ocispec_object pressure_object = OCISPEC_OBJECT(struct stats_pressure, pressure_properties);

static const struct ocispec_property cpu_usage_properties[] = {
	OCISPEC_FIELD(struct stats_cpu_usage, total, "total"),
	OCISPEC_FIELD(struct stats_cpu_usage, kernel, "kernel", .required = true),
	OCISPEC_FIELD(struct stats_cpu_usage, user, "user", .required = true),
};
static const struct ocispec_object cpu_usage_object = OCISPEC_OBJECT(struct stats_cpu_usage, cpu_usage_properties);

static const struct ocispec_property throttling_properties[] = {
	OCISPEC_FIELD(struct stats_throttling, periods, "periods"),
	OCISPEC_FIELD(struct stats_throttling, throttled_periods, "throttledPeriods"),
	OCISPEC_FIELD(struct stats_throttling, throttled_time, "throttledTime"),
};
static const struct ocispec_object throttling_object = OCISPEC_OBJECT(struct stats_throttling, throttling_properties);

static const struct ocispec_property cpu_properties[] = {
	OCISPEC_EMBED(struct stats_cpu, usage, "usage", &cpu_usage_object),
	OCISPEC_EMBED(struct stats_cpu, throttling, "throttling", &throttling_object),
	OCISPEC_SUB(struct stats_cpu, pressure, "psi", &pressure_object),
};
static const struct ocispec_object cpu_object = OCISPEC_OBJECT(struct stats_cpu, cpu_properties);

/* cgroup v2 has no such numbers. */
struct cpuset {
	uint64_t none;
};

static const struct ocispec_property cpuset_properties[] = {
	OCISPEC_FIELD(struct cpuset, none, "cpu_exclusive", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "mem_hardwall", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "mem_exclusive", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "memory_migrate", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "memory_spread_page", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "memory_spread_slab", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "memory_pressure", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "sched_load_balance", .required = true),
	OCISPEC_FIELD(struct cpuset, none, "sched_relax_domain_level", .required = true),
};
static const struct ocispec_object cpuset_object = OCISPEC_OBJECT(struct cpuset, cpuset_properties);

static const struct ocispec_property memory_use_properties[] = {
	OCISPEC_FIELD(struct stats_memory_use, limit, "limit", .required = true),
	OCISPEC_FIELD(struct stats_memory_use, usage, "usage"),
	OCISPEC_FIELD(struct stats_memory_use, max, "max"),
	OCISPEC_FIELD(struct stats_memory_use, failcnt, "failcnt", .required = true),
};
static const struct ocispec_object memory_use_object = OCISPEC_OBJECT(struct stats_memory_use, memory_use_properties);

static const struct ocispec_property memory_properties[] = {
	OCISPEC_FIELD(struct stats_memory, cache, "cache"),
	OCISPEC_EMBED(struct stats_memory, usage, "usage", &memory_use_object),
	OCISPEC_EMBED(struct stats_memory, swap, "swap", &memory_use_object),
	OCISPEC_EMBED(struct stats_memory, kernel, "kernel", &memory_use_object),
	OCISPEC_EMBED(struct stats_memory, kernel_tcp, "kernelTCP", &memory_use_object),
	OCISPEC_LIST(struct stats_memory, raw, "raw"),
	OCISPEC_SUB(struct stats_memory, pressure, "psi", &pressure_object),
};
static const struct ocispec_object memory_object = OCISPEC_OBJECT(struct stats_memory, memory_properties);

static const struct ocispec_property pids_properties[] = {
	OCISPEC_FIELD(struct stats_pids, current, "current"),
	OCISPEC_FIELD(struct stats_pids, limit, "limit"),
};
static const struct ocispec_object pids_object = OCISPEC_OBJECT(struct stats_pids, pids_properties);

static const struct ocispec_property io_entry_properties[] = {
	OCISPEC_FIELD(struct stats_io_entry, major, "major"),
	OCISPEC_FIELD(struct stats_io_entry, minor, "minor"),
	OCISPEC_FIELD(struct stats_io_entry, op, "op"),
	OCISPEC_FIELD(struct stats_io_entry, value, "value"),
};
static const struct ocispec_object io_entry_object = OCISPEC_OBJECT(struct stats_io_entry, io_entry_properties);

static const struct ocispec_property io_properties[] = {
	OCISPEC_SUBS(struct stats_io, bytes, "ioServiceBytesRecursive", &io_entry_object),
	OCISPEC_SUBS(struct stats_io, requests, "ioServicedRecursive", &io_entry_object),
	OCISPEC_SUB(struct stats_io, pressure, "psi", &pressure_object),
};
static const struct ocispec_object io_object = OCISPEC_OBJECT(struct stats_io, io_properties);

static const struct ocispec_property hugetlb_properties[] = {
	OCISPEC_FIELD(struct stats_hugetlb, usage, "usage"),
	OCISPEC_FIELD(struct stats_hugetlb, max, "max"),
	OCISPEC_FIELD(struct stats_hugetlb, failcnt, "failcnt", .required = true),
};
static const struct ocispec_object hugetlb_object =
	OCISPEC_ENTRY_OBJECT(struct stats_hugetlb, size, hugetlb_properties);

static const struct ocispec_property rdt_cache_properties[] = {
	OCISPEC_FIELD(struct rdt_cache_info, cbm_mask, "cbm_mask"),
	OCISPEC_FIELD(struct rdt_cache_info, min_cbm_bits, "min_cbm_bits"),
	OCISPEC_FIELD(struct rdt_cache_info, num_closids, "num_closids"),
};
static const struct ocispec_object rdt_cache_object = OCISPEC_OBJECT(struct rdt_cache_info, rdt_cache_properties);

static const struct ocispec_property rdt_bandwidth_properties[] = {
	OCISPEC_FIELD(struct rdt_bandwidth_info, bandwidth_gran, "bandwidth_gran"),
	OCISPEC_FIELD(struct rdt_bandwidth_info, delay_linear, "delay_linear"),
	OCISPEC_FIELD(struct rdt_bandwidth_info, min_bandwidth, "min_bandwidth"),
	OCISPEC_FIELD(struct rdt_bandwidth_info, num_closids, "num_closids"),
};
static const struct ocispec_object rdt_bandwidth_object =
	OCISPEC_OBJECT(struct rdt_bandwidth_info, rdt_bandwidth_properties);

static const struct ocispec_property rdt_bandwidth_use_properties[] = {
	OCISPEC_FIELD(struct rdt_bandwidth_use, total_bytes, "mbm_total_bytes"),
	OCISPEC_FIELD(struct rdt_bandwidth_use, local_bytes, "mbm_local_bytes"),
};
static const struct ocispec_object rdt_bandwidth_use_object =
	OCISPEC_OBJECT(struct rdt_bandwidth_use, rdt_bandwidth_use_properties);

static const struct ocispec_property rdt_cache_use_properties[] = {
	OCISPEC_FIELD(struct rdt_cache_use, llc_occupancy, "llc_occupancy"),
};
static const struct ocispec_object rdt_cache_use_object =
	OCISPEC_OBJECT(struct rdt_cache_use, rdt_cache_use_properties);

static const struct ocispec_property rdt_properties[] = {
	OCISPEC_SUB(struct rdt_stats, l3_cache_info, "l3_cache_info", &rdt_cache_object),
	OCISPEC_FIELD(struct rdt_stats, l3_cache_schema_root, "l3_cache_schema_root"),
	OCISPEC_FIELD(struct rdt_stats, l3_cache_schema, "l3_cache_schema"),
	OCISPEC_SUB(struct rdt_stats, mem_bw_info, "mem_bw_info", &rdt_bandwidth_object),
	OCISPEC_FIELD(struct rdt_stats, mem_bw_schema_root, "mem_bw_schema_root"),
	OCISPEC_FIELD(struct rdt_stats, mem_bw_schema, "mem_bw_schema"),
	OCISPEC_LIST(struct rdt_stats, schemata, "schemata"),
	OCISPEC_SUBS(struct rdt_stats, mbm_stats, "mbm_stats", &rdt_bandwidth_use_object),
	OCISPEC_SUBS(struct rdt_stats, cmt_stats, "cmt_stats", &rdt_cache_use_object),
};
static const struct ocispec_object rdt_object = OCISPEC_OBJECT(struct rdt_stats, rdt_properties);

/* Nothing is known of interfaces: turtle makes none of its own. */
struct nothing {
	bool none;
};
static const struct ocispec_object nothing_object = {.name = "nothing", .size = sizeof(struct nothing)};

struct data {
	struct cgroup_stats stats;
	size_t n_hugetlb;
	struct stats_hugetlb *hugetlb; /* that of stats */
	struct cpuset cpuset;
	struct rdt_stats intel_rdt; /* empty where the container has no group */
	struct nothing *network_interfaces;
};

static const struct ocispec_property data_properties[] = {
	OCISPEC_EMBED(struct data, stats.cpu, "cpu", &cpu_object),
	OCISPEC_EMBED(struct data, cpuset, "cpuset", &cpuset_object),
	OCISPEC_EMBED(struct data, stats.memory, "memory", &memory_object),
	OCISPEC_EMBED(struct data, stats.pids, "pids", &pids_object),
	OCISPEC_EMBED(struct data, stats.io, "blkio", &io_object),
	OCISPEC_MAP(struct data, hugetlb, "hugetlb", &hugetlb_object),
	OCISPEC_EMBED(struct data, intel_rdt, "intel_rdt", &rdt_object),
	OCISPEC_SUB(struct data, network_interfaces, "network_interfaces", &nothing_object, .null = true),
};
static const struct ocispec_object data_object = OCISPEC_OBJECT(struct data, data_properties);

struct record {
	const char *type, *id;
	struct data *data;
};

static const struct ocispec_property record_properties[] = {
	OCISPEC_FIELD(struct record, type, "type"),
	OCISPEC_FIELD(struct record, id, "id"),
	OCISPEC_SUB(struct record, data, "data", &data_object),
};
static const struct ocispec_object record_object = OCISPEC_OBJECT(struct record, record_properties);

/* arg: the container's id. stats: NULL when the kernel has killed for memory. */
static int send(void *arg, const struct cgroup_stats *stats, const struct rdt_stats *rdt, struct err *err)
{
	struct ocispec_arena *arena = ocispec_arena_new();
	struct record record = {.type = stats ? "stats" : "oom", .id = arg};
	struct data data = {0};
	char *text = NULL;
	size_t size = 0;
	int r = -ENOMEM;

	if (stats) {
		data.stats = *stats;
		data.n_hugetlb = stats->n_hugetlb;
		data.hugetlb = stats->hugetlb;
		if (rdt)
			data.intel_rdt = *rdt;
		record.data = &data;
	}
	if (arena)
		r = ocispec_write(&record_object, &record, OCISPEC_COMPACT, arena, &text, &size);
	if (r < 0) {
		err_set(err, r, "print an event of container %s", record.id);
	} else {
		text[size] = '\n'; /* in place of the NUL: a record is one write, newline and all */
		r = output_write(text, size + 1, err);
	}
	ocispec_arena_free(arena);
	return r;
}

static int run(const struct cmd_globals *globals, void *arg, int n_args, char **args, int *ret_status, struct err *err)
{
	const struct request *request = arg;
	const struct events_request events = {
		.id = args[0],
		.once = request->stats,
		.interval_ns = request->interval.ns.set ? request->interval.ns.value : DEFAULT_INTERVAL,
		.reader_fd = OUTPUT_FD,
	};
	const struct events_sink sink = {.send = send, .arg = args[0]};

	return host_events(&globals->host, &events, sink, err);
}

const struct cmd_verb cmd_events = {
	.name = "events",
	.arguments = "ID",
	.summary = "print what a container uses, and when the kernel kills in it for lack of memory",
	.description = "   Prints JSON, one object a line, every five seconds until the container ends.\n"
		       "   TIME is numbers with units: 500ms, 5s, 1m30s.\n",
	.syntax = {.options = options, .n_options = ARRAY_SIZE(options)},
	.request_size = sizeof(struct request),
	.min_args = 1,
	.max_args = 1,
	.containers = true,
	.run = run,
};
