/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits as properties of a systemd unit. systemd writes the cgroup's files, too: whenever it thinks that it should,
 * such as when a property of the unit changes. Then it must know our values, or it would put back its own. What it has
 * no property for (huge pages, burst ...) it leaves alone. I/O is left to the files as well: systemd names devices by
 * path, and a limit of a device that has none yet would get lost.
 *
 * The writes are the source, not the configuration: they are converted and in order already, so linux.resources.unified
 * overrides the properties before it here as it does there.
 */
#include "plan/unit.h"

#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* systemd's infinity, for sizes, numbers and times. */
#define INFINITE UINT64_MAX

#define USEC_PER_SEC   UINT64_C(1000000)
#define DEFAULT_PERIOD UINT64_C(100000)
/* What the kernel takes, in microseconds: beyond this the arithmetic below would overflow, too. */
#define PERIOD_MIN UINT64_C(1000)
#define PERIOD_MAX UINT64_C(1000000)
#define QUOTA_MAX  ((UINT64_C(1) << 44) - 1)

/* More than any kernel is built for. */
#define SET_BITS 8192

/* cpu.weight and cpu.idle are two files and one property. */
struct cpu {
	bool has_weight, has_idle, idle;
	uint64_t weight;
};

struct translation {
	struct unit_properties *p;
	struct cpu cpu;
};

struct row {
	const char *file, *property;
	int (*put)(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err);
	uint64_t least;   /* of what systemd accepts; less becomes this much */
	uint32_t version; /* of systemd, the first that knows the property */
};

static int bad_value(const struct plan_cgroup_write *w, const char *what, struct err *err)
{
	return err_msg(err, -EINVAL, "%s: \"%s\" is no %s", w->property, w->value, what);
}

static void put_u64(struct unit_properties *p, const char *name, uint64_t value)
{
	unit_put(p, name, unit_print(p, "uint64 %" PRIu64, value));
}

/* The kernel's files take "max", or a number with a unit: 64K, 1G. false: neither. */
static bool parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGTPE";
	size_t n = strcspn(s, "KMGTPEkmgtpe");
	uint64_t value;
	char digits[32];
	unsigned shift = 0;

	if (!strcmp(s, "max")) {
		*ret = INFINITE;
		return true;
	}
	if (n >= sizeof(digits) || (s[n] && s[n + 1]))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (s[n])
		shift = 10 * (unsigned)(strchr(units, s[n] & ~0x20) - units + 1);
	if (num_u64(digits, &value) < 0 || value > UINT64_MAX >> shift)
		return false;
	*ret = value << shift;
	return true;
}

static int put_size(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err)
{
	uint64_t value;

	if (!parse_size(w->value, &value))
		return bad_value(w, "limit (a number, or max)", err);
	put_u64(t->p, row->property, value < row->least ? row->least : value);
	return 0;
}

static int put_weight(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err)
{
	(void)row;
	if (num_u64(w->value, &t->cpu.weight) < 0 || t->cpu.weight < 1 || t->cpu.weight > 10000)
		return bad_value(w, "weight between 1 and 10000", err);
	t->cpu.has_weight = true;
	return 0;
}

static int put_idle(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err)
{
	(void)row;
	if (strcmp(w->value, "0") != 0 && strcmp(w->value, "1") != 0)
		return bad_value(w, "0 or 1", err);
	t->cpu.has_idle = true;
	t->cpu.idle = w->value[0] == '1';
	return 0;
}

/* A weight of 0 is systemd's word for idle since 252; before, the file alone knows. */
static void put_cpu_weight(struct unit_properties *p, const struct cpu *cpu)
{
	if (cpu->has_idle && cpu->idle) {
		if (p->version >= 252)
			put_u64(p, "CPUWeight", 0);
	} else if (cpu->has_weight) {
		put_u64(p, "CPUWeight", cpu->weight);
	} else if (cpu->has_idle) {
		put_u64(p, "CPUWeight", INFINITE); /* no longer idle: back to the default */
	}
}

/* "QUOTA PERIOD", "QUOTA", with "max" for none. */
static int parse_cpu_max(const struct plan_cgroup_write *w, uint64_t *ret_quota, uint64_t *ret_period, struct err *err)
{
	size_t n = strcspn(w->value, " "), blanks = strspn(w->value + n, " ");
	uint64_t quota = INFINITE, period = DEFAULT_PERIOD;
	char digits[32];

	if (n >= sizeof(digits))
		return bad_value(w, "quota and period", err);
	memcpy(digits, w->value, n);
	digits[n] = '\0';
	if ((strcmp(digits, "max") != 0 && num_u64(digits, &quota) < 0) ||
	    (w->value[n + blanks] && num_u64(w->value + n + blanks, &period) < 0))
		return bad_value(w, "quota and period", err);
	if (period < PERIOD_MIN || period > PERIOD_MAX || (quota > QUOTA_MAX && quota != INFINITE))
		return bad_value(w, "quota and period that the kernel takes", err);
	*ret_quota = quota;
	*ret_period = period;
	return 0;
}

/*
 * systemd keeps the quota as whole percents of a CPU: microseconds per second in steps of 10000. Rounded up, so that
 * what the container makes below its cgroup is not cut.
 */
static uint64_t quota_per_sec(uint64_t quota, uint64_t period)
{
	uint64_t per_sec = quota * USEC_PER_SEC / period;

	return (per_sec + 9999) / 10000 * 10000;
}

static int put_cpu_max(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err)
{
	uint64_t quota, period;
	int r = parse_cpu_max(w, &quota, &period, err);

	if (r < 0)
		return r;
	if (t->p->version >= 242)
		put_u64(t->p, "CPUQuotaPeriodUSec", period);
	put_u64(t->p, row->property, quota == INFINITE ? INFINITE : quota_per_sec(quota, period));
	return 0;
}

/* A number at *s, which is moved behind it. */
static bool parse_bit(const char **s, unsigned *ret)
{
	unsigned n = 0;

	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; ++*s) {
		n = n * 10 + (unsigned)(**s - '0');
		if (n >= SET_BITS)
			return false;
	}
	*ret = n;
	return true;
}

/* "0-3,7" into bits, the least first; returns the number of bytes that are used, 0: the text is no such list. */
static size_t parse_set(const char *s, unsigned char bits[SET_BITS / 8])
{
	size_t used = 0;

	memset(bits, 0, SET_BITS / 8);
	for (;;) {
		unsigned first, last;

		s += strspn(s, " ");
		if (!parse_bit(&s, &first))
			return 0;
		last = first;
		if (*s == '-') {
			s++;
			if (!parse_bit(&s, &last) || last < first)
				return 0;
		}
		for (unsigned i = first; i <= last; i++)
			bits[i / 8] |= (unsigned char)(1u << i % 8);
		used = last / 8 + 1 > used ? last / 8 + 1 : used;
		s += strspn(s, " ");
		if (*s == '\0')
			return used;
		if (*s++ != ',')
			return 0;
	}
}

static int put_set(struct translation *t, const struct row *row, const struct plan_cgroup_write *w, struct err *err)
{
	unsigned char bits[SET_BITS / 8];
	struct text text = {.arena = t->p->arena};
	size_t n = parse_set(w->value, bits);

	if (n == 0)
		return bad_value(w, "list such as 0-3,7", err);
	text_str(&text, "@ay [");
	for (size_t i = 0; i < n; i++) {
		text_str(&text, i ? ", " : "");
		text_u64(&text, bits[i]);
	}
	text_str(&text, "]");
	t->p->failed = t->p->failed || text.failed;
	unit_put(t->p, row->property, text.failed ? "" : text.s);
	return 0;
}

/* Kill one, kill all: the same in systemd's words. */
static int put_oom_group(struct translation *t, const struct row *row, const struct plan_cgroup_write *w,
			 struct err *err)
{
	if (strcmp(w->value, "0") != 0 && strcmp(w->value, "1") != 0)
		return bad_value(w, "0 or 1", err);
	if (!t->p->slice && !t->p->living)
		unit_put(t->p, row->property, w->value[0] == '1' ? "'kill'" : "'continue'");
	return 0;
}

static const struct row rows[] = {
	{"memory.max", "MemoryMax", put_size, 1, 231}, /* 0 is refused; the kernel rounds 1 down to no page at all */
	{"memory.high", "MemoryHigh", put_size, 1, 231},
	{"memory.low", "MemoryLow", put_size, 0, 231},
	{"memory.min", "MemoryMin", put_size, 0, 240},
	{"memory.swap.max", "MemorySwapMax", put_size, 0, 232},
	{"memory.oom.group", "OOMPolicy", put_oom_group, 0, 253}, /* for scopes */
	{"cpu.weight", "CPUWeight", put_weight, 0, 232},
	{"cpu.idle", "CPUWeight", put_idle, 0, 232},
	{"cpu.max", "CPUQuotaPerSecUSec", put_cpu_max, 0, 213},
	{"pids.max", "TasksMax", put_size, 1, 227},
	{"cpuset.cpus", "AllowedCPUs", put_set, 0, 244},
	{"cpuset.mems", "AllowedMemoryNodes", put_set, 0, 244},
};

int unit_put_limits(struct unit_properties *p, const struct plan_cgroup *cgroup, struct err *err)
{
	struct translation t = {.p = p};

	for (size_t i = 0; i < cgroup->n_writes; i++) {
		const struct plan_cgroup_write *w = &cgroup->writes[i];

		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			int r;

			if (strcmp(w->file, rows[k].file) != 0 || p->version < rows[k].version)
				continue;
			r = rows[k].put(&t, &rows[k], w, err);
			if (r < 0)
				return r;
		}
	}
	put_cpu_weight(p, &t.cpu);
	return 0;
}

int unit_round_quotas(struct ocispec_arena *arena, struct plan_cgroup *cgroup, struct err *err)
{
	for (size_t i = 0; i < cgroup->n_writes; i++) {
		struct plan_cgroup_write *w = &cgroup->writes[i];
		struct text text = {.arena = arena};
		uint64_t quota, period, rounded;
		int r;

		if (strcmp(w->file, "cpu.max") != 0)
			continue;
		r = parse_cpu_max(w, &quota, &period, err);
		if (r < 0)
			return r;
		if (quota == INFINITE || quota * USEC_PER_SEC / period % 10000 == 0)
			continue;
		rounded = quota_per_sec(quota, period) * period / USEC_PER_SEC;
		text_u64(&text, rounded > QUOTA_MAX ? QUOTA_MAX : rounded);
		text_str(&text, " ");
		text_u64(&text, period);
		if (text.failed)
			return err_set(err, text.failed, "plan linux.resources");
		w->value = text.s;
	}
	return 0;
}
