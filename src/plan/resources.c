/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes into the files of a cgroup v2 directory. The properties were made for cgroup v1; the
 * conversions are those that engines have come to expect. The order is part of the result: swap before memory, idle
 * before weight, unified last, since it may override what is before it.
 *
 * Values that mean "unlimited" are optional writes: a host without the controller does not limit anyway.
 */
#include "plan/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#define MEMORY "linux.resources.memory."
#define CPU    "linux.resources.cpu."
#define BLKIO  "linux.resources.blockIO."

enum write_flag { OPTIONAL = 1 << 0, FALLBACK = 1 << 1, TENTATIVE = 1 << 2 };

struct list {
	struct ocispec_arena *arena;
	struct plan_cgroup *ret;
	size_t max_writes, max_warnings;
	bool failed; /* out of memory; told once, at the end */
};

static const struct {
	const char *name;
	uint32_t bit;
} controllers[] = {
	{"cpu", PLAN_CTRL_CPU},       {"cpuset", PLAN_CTRL_CPUSET}, {"io", PLAN_CTRL_IO},
	{"memory", PLAN_CTRL_MEMORY}, {"pids", PLAN_CTRL_PIDS},     {"hugetlb", PLAN_CTRL_HUGETLB},
	{"rdma", PLAN_CTRL_RDMA},     {"misc", PLAN_CTRL_MISC},
};

static __attribute__((format(printf, 2, 3))) const char *print(struct list *l, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = plan_vprint(l->arena, fmt, ap);
	va_end(ap);
	l->failed = l->failed || !s;
	return s ? s : "";
}

/* Room for one more element of a list in the arena; NULL when out of memory. */
static void *grow(struct list *l, void *items, size_t n, size_t *max, size_t item_size)
{
	size_t wanted = *max ? *max * 2 : 16;
	void *moved;

	if (n < *max)
		return items;
	moved = ocispec_alloc(l->arena, wanted * item_size);
	if (!moved) {
		l->failed = true;
		return NULL;
	}
	if (n > 0)
		memcpy(moved, items, n * item_size);
	*max = wanted;
	return moved;
}

static void add(struct list *l, const char *controller, const char *property, const char *file, const char *value,
		unsigned flags)
{
	struct plan_cgroup *ret = l->ret;
	struct plan_cgroup_write *writes = grow(l, ret->writes, ret->n_writes, &l->max_writes, sizeof(*ret->writes));

	if (!writes)
		return;
	ret->writes = writes;
	writes[ret->n_writes++] = (struct plan_cgroup_write){.file = file,
							     .value = value,
							     .controller = controller,
							     .property = property,
							     .optional = flags & OPTIONAL,
							     .fallback = flags & FALLBACK,
							     .tentative = flags & TENTATIVE};
	for (size_t i = 0; controller && !(flags & OPTIONAL) && i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (!strcmp(controller, controllers[i].name))
			ret->controllers |= controllers[i].bit;
}

static void ignored(struct list *l, bool is_set, const char *property)
{
	const char **warnings;

	if (!is_set)
		return;
	warnings = grow(l, l->ret->warnings, l->ret->n_warnings, &l->max_warnings, sizeof(*warnings));
	if (!warnings)
		return;
	l->ret->warnings = warnings;
	warnings[l->ret->n_warnings++] = print(l, "%s is ignored: cgroup v2 has nothing like it", property);
}

static void plan_pids(struct list *l, const struct oci_resources_pids *pids)
{
	int64_t limit = pids->limit.value;

	if (!pids->limit.set)
		return;
	if (limit < 0)
		add(l, "pids", "linux.resources.pids.limit", "pids.max", "max", OPTIONAL);
	else /* The container has one process at least; 0 would let it in and deny it every thread, as 1 does. */
		add(l, "pids", "linux.resources.pids.limit", "pids.max", print(l, "%jd", (intmax_t)(limit ? limit : 1)),
		    0);
}

/* v1 counts memory and swap together, v2 swap alone. *ret_set false: nothing to write. -1 is unlimited. */
static int convert_swap(int64_t memory, int64_t swap, bool *ret_set, int64_t *ret, struct err *err)
{
	*ret_set = true;
	if (memory == -1 && swap == 0)
		*ret = -1;
	else if (swap == 0)
		*ret_set = false;
	else if (swap == -1 || memory == -1)
		*ret = swap;
	else if (memory == 0)
		return err_msg(err, -EINVAL, MEMORY "swap: unable to set swap limit without memory limit");
	else if (swap < memory)
		return err_msg(err, -EINVAL, MEMORY "swap: memory+swap limit should be >= memory limit");
	else
		*ret = swap - memory;
	return 0;
}

static int check_size(const char *property, struct oci_opt_i64 size, struct err *err)
{
	if (size.set && size.value < -1)
		return err_msg(err, -EINVAL, "%s: %jd is no size in bytes (-1 is unlimited)", property,
			       (intmax_t)size.value);
	return 0;
}

/* 0 is unset, -1 unlimited. */
static void add_size(struct list *l, const char *property, const char *file, int64_t size)
{
	if (size == -1)
		add(l, "memory", property, file, "max", OPTIONAL);
	else if (size != 0)
		add(l, "memory", property, file, print(l, "%jd", (intmax_t)size), 0);
}

static int plan_memory(struct list *l, const struct oci_resources_memory *m, struct err *err)
{
	int64_t swap = 0;
	bool has_swap = false;
	int r;

	if ((r = check_size(MEMORY "limit", m->limit, err)) < 0 || (r = check_size(MEMORY "swap", m->swap, err)) < 0 ||
	    (r = check_size(MEMORY "reservation", m->reservation, err)) < 0)
		return r;
	r = convert_swap(m->limit.value, m->swap.value, &has_swap, &swap, err);
	if (r < 0)
		return r;
	/* Kernels without swap lack the file, and then neither "none" nor "all of it" needs saying. */
	if (has_swap && swap <= 0)
		add(l, "memory", MEMORY "swap", "memory.swap.max", swap < 0 ? "max" : "0", OPTIONAL);
	else if (has_swap)
		add(l, "memory", MEMORY "swap", "memory.swap.max", print(l, "%jd", (intmax_t)swap), 0);
	add_size(l, MEMORY "limit", "memory.max", m->limit.value);
	add_size(l, MEMORY "reservation", "memory.low", m->reservation.value);
	if (m->check_before_update.set && m->check_before_update.value) {
		l->ret->memory_limit = m->limit.value > 0 ? (uint64_t)m->limit.value : 0;
		l->ret->memory_swap = m->swap.value > 0 ? (uint64_t)m->swap.value : 0;
		l->ret->check_memory = l->ret->memory_limit || l->ret->memory_swap;
	}
	ignored(l, m->kernel.set && m->kernel.value, MEMORY "kernel");
	ignored(l, m->kernel_tcp.set && m->kernel_tcp.value, MEMORY "kernelTCP");
	ignored(l, m->swappiness.set, MEMORY "swappiness");
	ignored(l, m->disable_oom_killer.set && m->disable_oom_killer.value, MEMORY "disableOOMKiller");
	/* cgroup v2 counts what is below in any case: that is true. */
	ignored(l, m->use_hierarchy.set && !m->use_hierarchy.value, MEMORY "useHierarchy");
	return 0;
}

static int check_device(const char *property, size_t i, int64_t major, int64_t minor, struct err *err)
{
	if (major < 0 || major > UINT32_MAX || minor < 0 || minor > UINT32_MAX)
		return err_msg(err, -EINVAL, BLKIO "%s[%zu]: %jd:%jd is no device number", property, i, (intmax_t)major,
			       (intmax_t)minor);
	return 0;
}

static int check_weight(const char *property, uint32_t weight, struct err *err)
{
	if (weight < 10 || weight > 1000)
		return err_msg(err, -EINVAL, "%s: %u is not between 10 and 1000", property, weight);
	return 0;
}

/* 10..1000, BFQ's scale in v1, to the 1..10000 of io.weight. */
static uint32_t io_weight(uint32_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

static int plan_throttle(struct list *l, const char *name, const char *key, const struct oci_throttle_device *devices,
			 size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct oci_throttle_device *d = &devices[i];
		int r = check_device(name, i, d->major, d->minor, err);

		if (r < 0)
			return r;
		add(l, "io", print(l, BLKIO "%s[%zu]", name, i), "io.max",
		    print(l, "%jd:%jd %s=%ju", (intmax_t)d->major, (intmax_t)d->minor, key, (uintmax_t)d->rate), 0);
	}
	return 0;
}

static int plan_weight_devices(struct list *l, const struct oci_resources_block_io *io, struct err *err)
{
	for (size_t i = 0; i < io->n_weight_device; i++) {
		const struct oci_weight_device *d = &io->weight_device[i];
		const char *property = print(l, BLKIO "weightDevice[%zu]", i);
		const char *device = print(l, "%jd:%jd", (intmax_t)d->major, (intmax_t)d->minor);
		int r = check_device("weightDevice", i, d->major, d->minor, err);

		ignored(l, d->leaf_weight.set && d->leaf_weight.value, print(l, "%s.leafWeight", property));
		if (r == 0 && d->weight.set && d->weight.value != 0)
			r = check_weight(property, d->weight.value, err);
		if (r < 0)
			return r;
		if (!d->weight.set || d->weight.value == 0)
			continue;
		add(l, "io", property, "io.bfq.weight", print(l, "%s %u", device, d->weight.value), 0);
		add(l, "io", property, "io.weight", print(l, "%s %u", device, io_weight(d->weight.value)), FALLBACK);
	}
	return 0;
}

static int plan_block_io(struct list *l, const struct oci_resources_block_io *io, struct err *err)
{
	int r;

	if (io->weight.set && io->weight.value != 0) {
		r = check_weight(BLKIO "weight", io->weight.value, err);
		if (r < 0)
			return r;
		add(l, "io", BLKIO "weight", "io.bfq.weight", print(l, "%u", io->weight.value), 0);
		add(l, "io", BLKIO "weight", "io.weight", print(l, "%u", io_weight(io->weight.value)), FALLBACK);
	}
	ignored(l, io->leaf_weight.set && io->leaf_weight.value, BLKIO "leafWeight");
	if ((r = plan_weight_devices(l, io, err)) < 0 ||
	    (r = plan_throttle(l, "throttleReadBpsDevice", "rbps", io->throttle_read_bps_device,
			       io->n_throttle_read_bps_device, err)) < 0 ||
	    (r = plan_throttle(l, "throttleWriteBpsDevice", "wbps", io->throttle_write_bps_device,
			       io->n_throttle_write_bps_device, err)) < 0 ||
	    (r = plan_throttle(l, "throttleReadIOPSDevice", "riops", io->throttle_read_iops_device,
			       io->n_throttle_read_iops_device, err)) < 0)
		return r;
	return plan_throttle(l, "throttleWriteIOPSDevice", "wiops", io->throttle_write_iops_device,
			     io->n_throttle_write_iops_device, err);
}

/*
 * shares (2..262144, default 1024) to weight (1..10000, default 100): the curve through these three points that is
 * quadratic in the logarithms. (The straight line of older runtimes turned the default into 39.)
 */
static unsigned cpu_weight(uint64_t shares)
{
	double l, weight;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	weight = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);
	/* Rounding must not lift a whole result (1024 gives 100) to the next. */
	return (unsigned)ceil(weight - 1e-9);
}

static int plan_cpu_weight(struct list *l, const struct oci_resources_cpu *cpu, struct err *err)
{
	if (cpu->idle.set && cpu->idle.value != 0 && cpu->idle.value != 1)
		return err_msg(err, -EINVAL, CPU "idle: %jd is neither 0 nor 1", (intmax_t)cpu->idle.value);
	/* The kernel refuses a weight for an idle group. */
	if (cpu->idle.set && cpu->idle.value == 1 && cpu->shares.set && cpu->shares.value != 0)
		return err_msg(err, -EINVAL, CPU "idle: unable to apply both idle and a weight (shares)");
	if (cpu->idle.set)
		add(l, "cpu", CPU "idle", "cpu.idle", cpu->idle.value ? "1" : "0", cpu->idle.value ? 0 : OPTIONAL);
	if (cpu->shares.set && cpu->shares.value != 0)
		add(l, "cpu", CPU "shares", "cpu.weight", print(l, "%u", cpu_weight(cpu->shares.value)), 0);
	return 0;
}

/* What the kernel would refuse with no more to say than EINVAL. 0 is unset, less than 0 unlimited. */
static int check_cpu_max(uint64_t period, int64_t quota, struct err *err)
{
	if (period < 1000 || period > 1000000)
		return err_msg(err, -EINVAL, CPU "period: %ju is not between 1000 and 1000000 microseconds",
			       (uintmax_t)period);
	if (quota > 0 && (quota < 1000 || quota >= INT64_C(1) << 44))
		return err_msg(err, -EINVAL, CPU "quota: %jd is not between 1000 and 2^44 microseconds",
			       (intmax_t)quota);
	return 0;
}

static int plan_cpu_max(struct list *l, const struct oci_resources_cpu *cpu, struct err *err)
{
	uint64_t period = cpu->period.set && cpu->period.value ? cpu->period.value : 100000;
	int64_t quota = cpu->quota.set ? cpu->quota.value : 0;
	bool has_max = quota != 0 || (cpu->period.set && cpu->period.value != 0);
	const char *burst = cpu->burst.set ? print(l, "%ju", (uintmax_t)cpu->burst.value) : NULL;
	unsigned burst_flags = cpu->burst.value ? 0 : OPTIONAL;
	int r = check_cpu_max(period, quota, err);

	if (r < 0)
		return r;
	if (burst && quota > 0 && cpu->burst.value > (uint64_t)quota)
		return err_msg(err, -EINVAL, CPU "burst: %s is more than the quota of %jd", burst, (intmax_t)quota);
	/* The kernel holds each of burst and quota against the other's old value, so one order may fail: try both. */
	if (burst)
		add(l, "cpu", CPU "burst", "cpu.max.burst", burst, burst_flags | (has_max ? TENTATIVE : 0));
	if (has_max)
		add(l, "cpu", quota != 0 ? CPU "quota" : CPU "period", "cpu.max",
		    quota > 0 ? print(l, "%jd %ju", (intmax_t)quota, (uintmax_t)period)
			      : print(l, "max %ju", (uintmax_t)period),
		    quota > 0 ? 0 : OPTIONAL);
	if (burst && has_max)
		add(l, "cpu", CPU "burst", "cpu.max.burst", burst, burst_flags);
	return 0;
}

static int plan_cpu(struct list *l, const struct oci_resources_cpu *cpu, struct err *err)
{
	int r;

	if ((r = plan_cpu_weight(l, cpu, err)) < 0 || (r = plan_cpu_max(l, cpu, err)) < 0)
		return r;
	ignored(l, cpu->realtime_runtime.set && cpu->realtime_runtime.value, CPU "realtimeRuntime");
	ignored(l, cpu->realtime_period.set && cpu->realtime_period.value, CPU "realtimePeriod");
	return 0;
}

/* A number of a CPU or node: "N" is the last one there is. */
static bool skip_cpu(const char **s, uintmax_t *ret)
{
	size_t digits = strspn(*s, "0123456789");

	*ret = UINTMAX_MAX;
	if (digits == 0 && **s == 'N')
		digits = 1;
	else
		*ret = strtoumax(*s, NULL, 10);
	*s += digits;
	return digits > 0;
}

/*
 * A list as the kernel reads it: "0-3,7", "all", "0-N:2/4", commas and blanks in any number. It would take what stands
 * before a newline and forget the rest, which nobody can want.
 */
static bool is_cpu_list(const char *s)
{
	for (;;) {
		uintmax_t first, last;

		s += strspn(s, ", \t");
		if (!s[strspn(s, "\n")])
			return true;
		if (!strncmp(s, "all", 3))
			s += 3;
		else if (!skip_cpu(&s, &first) || (*s == '-' && (s++, !skip_cpu(&s, &last) || last < first)))
			return false;
		if (*s == ':' && (s++, !skip_cpu(&s, &first) || *s++ != '/' || !skip_cpu(&s, &last) || last < first))
			return false;
		if (*s && !strchr(", \t\n", *s))
			return false;
	}
}

static int plan_cpuset(struct list *l, const struct oci_resources_cpu *cpu, struct err *err)
{
	const struct {
		const char *property, *file, *value;
	} sets[] = {{CPU "cpus", "cpuset.cpus", cpu->cpus}, {CPU "mems", "cpuset.mems", cpu->mems}};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!sets[i].value || !*sets[i].value)
			continue;
		if (!is_cpu_list(sets[i].value))
			return err_msg(err, -EINVAL, "%s: \"%s\" is no list such as 0-3,7", sets[i].property,
				       sets[i].value);
		add(l, "cpuset", sets[i].property, sets[i].file, sets[i].value, 0);
	}
	return 0;
}

/* The size becomes a part of a file's name: nothing but what the kernel makes such names of. */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && s[0] != '0' && strchr("KMG", s[digits]) && s[digits] && !strcmp(s + digits + 1, "B");
}

static int plan_hugetlb(struct list *l, const struct oci_hugepage_limit *limits, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *property = print(l, "linux.resources.hugepageLimits[%zu]", i);
		const char *size = limits[i].page_size, *value;

		if (!is_page_size(size))
			return err_msg(err, -EINVAL, "%s.pageSize: \"%s\" is no page size such as 2MB", property, size);
		value = print(l, "%ju", (uintmax_t)limits[i].limit);
		add(l, "hugetlb", property, print(l, "hugetlb.%s.max", size), value, 0);
		/* Since Linux 5.7; it limits mmap with MAP_NORESERVE at the time of the call. */
		add(l, "hugetlb", property, print(l, "hugetlb.%s.rsvd.max", size), value, OPTIONAL);
	}
	return 0;
}

static int plan_rdma(struct list *l, const struct oci_rdma_entry *entries, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct oci_rdma_entry *e = &entries[i];
		const char *handles = "", *objects = "";

		if (!*e->device || strpbrk(e->device, "/ \t\n") || !strcmp(e->device, ".") || !strcmp(e->device, ".."))
			return err_msg(err, -EINVAL, "linux.resources.rdma: \"%s\" is no name of a device", e->device);
		if (e->hca_handles.set)
			handles = print(l, " hca_handle=%u", e->hca_handles.value);
		if (e->hca_objects.set)
			objects = print(l, " hca_object=%u", e->hca_objects.value);
		if (*handles || *objects)
			add(l, "rdma", print(l, "linux.resources.rdma.%s", e->device), "rdma.max",
			    print(l, "%s%s%s", e->device, handles, objects), 0);
	}
	return 0;
}

static int check_unified_key(const char *key, struct err *err)
{
	static const char *const actions[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze"};
	const char *dot = strchr(key, '.');

	if (strchr(key, '/'))
		return err_msg(err, -EINVAL, "unified resource \"%s\" must be a file name (no slashes)", key);
	if (!dot || dot == key || !dot[1] || !strcmp(key, ".."))
		return err_msg(err, -EINVAL, "unified resource \"%s\" must be in the form CONTROLLER.PARAMETER", key);
	/* These would move or stop processes in the middle of the creation. */
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(key, actions[i]))
			return err_msg(err, -EINVAL, "unified resource \"%s\" acts on processes, it is no resource",
				       key);
	return 0;
}

/* The controller that provides a file; NULL for those that every cgroup has. */
static const char *unified_controller(struct list *l, const char *key)
{
	const char *dot = strchr(key, '.');
	size_t n = (size_t)(dot - key);

	if (!strncmp(key, "cgroup.", 7) || !strcmp(dot, ".pressure"))
		return NULL;
	return print(l, "%.*s", (int)n, key);
}

static int plan_unified(struct list *l, const struct oci_pair *pairs, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *key = pairs[i].key, *controller, *property;
		int r = check_unified_key(key, err);

		if (r < 0)
			return r;
		controller = unified_controller(l, key);
		property = print(l, "linux.resources.unified.%s", key);
		/* An empty value would mean 0 to most files: kill everything, for memory.max. */
		if (pairs[i].value[strspn(pairs[i].value, "\n")] == '\0')
			ignored(l, true, print(l, "%s without a value", property));
		/* One line a write: the files take one setting at a time. */
		for (const char *line = pairs[i].value; *line;) {
			size_t size = strcspn(line, "\n");

			if (size > 0)
				add(l, controller, property, key, print(l, "%.*s", (int)size, line), 0);
			line += size + (line[size] == '\n');
		}
	}
	return 0;
}

int plan_resources(const struct oci_resources *resources, struct ocispec_arena *arena, struct plan_cgroup *ret,
		   struct err *err)
{
	struct list l = {.arena = arena, .ret = ret};
	int r;

	if (resources->pids)
		plan_pids(&l, resources->pids);
	if (resources->memory && (r = plan_memory(&l, resources->memory, err)) < 0)
		return r;
	if (resources->block_io && (r = plan_block_io(&l, resources->block_io, err)) < 0)
		return r;
	if (resources->cpu) {
		if ((r = plan_cpu(&l, resources->cpu, err)) < 0 || (r = plan_cpuset(&l, resources->cpu, err)) < 0)
			return r;
	}
	if ((r = plan_hugetlb(&l, resources->hugepage_limits, resources->n_hugepage_limits, err)) < 0 ||
	    (r = plan_rdma(&l, resources->rdma, resources->n_rdma, err)) < 0 ||
	    (r = plan_unified(&l, resources->unified, resources->n_unified, err)) < 0)
		return r;
	if (resources->network) {
		ignored(&l, resources->network->class_id.set && resources->network->class_id.value,
			"linux.resources.network.classID");
		ignored(&l, resources->network->n_priorities > 0, "linux.resources.network.priorities");
	}
	return l.failed ? err_set(err, -ENOMEM, "plan linux.resources") : 0;
}
