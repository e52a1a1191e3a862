/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and devices out of wishes: what becomes linux.resources, linux.devices and process.rlimits. */
#include "config/box_internal.h"

#include "base/mem.h"
#include "base/errno_text.h"
#include "base/num.h"
#include "config/names.h"
#include "config/validate.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* ---- cgroup limits ------------------------------------------------------------------------------------------- */

/* A size of at least one byte; or, where -1 is a value, that. *ret is left alone where nothing is wished. */
static int parse_size(const char *option, const char *value, bool unlimited, int64_t min, struct oci_opt_i64 *ret,
		      struct err *err)
{
	int64_t bytes;
	int r;

	if (!value)
		return 0;
	r = num_size(value, &bytes);
	if (r == -ERANGE)
		return box_bad(err, option, value, "out of range");
	if (r < 0 || (bytes < 0 && !unlimited))
		return box_bad(err, option, value, "not a size such as 512k, 128m or 1.5g%s",
			       unlimited ? ", or -1 for no limit" : "");
	if (bytes >= 0 && bytes < min)
		return box_bad(err, option, value, "must be at least %lld byte", (long long)min);
	*ret = (struct oci_opt_i64){.set = true, .value = bytes};
	return 0;
}

/*
 * The configuration's swap is that of memory and swap together, as docker's --memory-swap; --swap is that of swap
 * alone. As in docker, without either as much swap as memory may be used: a limit of memory alone would only move what
 * is too much into the swap.
 */
static int swap_limit(const struct box_wishes *w, struct oci_resources_memory *m, struct err *err)
{
	struct oci_opt_i64 swap = {0};
	int64_t limit = m->limit.value;
	int r;

	if ((w->swap || w->memory_swap) && !m->limit.set)
		return err_msg(err, -EINVAL, "%s needs --memory", w->swap ? "--swap" : "--memory-swap");
	r = parse_size("--memory-swap", w->memory_swap, true, 1, &m->swap, err);
	if (r == 0)
		r = parse_size("--swap", w->swap, true, 0, &swap, err);
	if (r < 0)
		return r;
	if (m->swap.set && m->swap.value >= 0 && m->swap.value < limit)
		return box_bad(err, "--memory-swap", w->memory_swap,
			       "it is memory and swap together, so not less than --memory %s (--swap is swap alone)",
			       w->memory);
	if (m->swap.set || !m->limit.set)
		return 0;
	if (!swap.set)
		swap.value = limit;
	if (swap.value > INT64_MAX - limit)
		return box_bad(err, swap.set ? "--swap" : "--memory", swap.set ? w->swap : w->memory, "out of range");
	m->swap = (struct oci_opt_i64){.set = true, .value = swap.value < 0 ? -1 : limit + swap.value};
	return 0;
}

static int make_memory(struct box *box, struct oci_resources *resources, struct err *err)
{
	const struct box_wishes *w = box->wishes;
	struct oci_resources_memory *m = box_alloc(box, 1, sizeof(*m));
	int r;

	if (!m)
		return box_no_memory(err);
	r = parse_size("--memory", w->memory, false, 1, &m->limit, err);
	if (r == 0)
		r = parse_size("--memory-reservation", w->memory_reservation, false, 1, &m->reservation, err);
	if (r == 0)
		r = swap_limit(w, m, err);
	if (r < 0)
		return r;
	if (m->limit.set && m->reservation.set && m->reservation.value > m->limit.value)
		return box_bad(err, "--memory-reservation", w->memory_reservation, "more than --memory %s", w->memory);
	if (m->limit.set || m->reservation.set)
		resources->memory = m;
	return 0;
}

/* "0.2", "1.5", "4" into thousandths of a percent: microseconds of each 100 ms. */
static int parse_cpus(const char *value, int64_t *ret, struct err *err)
{
	static const char option[] = "--cpus";
	size_t whole = strspn(value, "0123456789"), decimals = 0;
	int64_t quota = 0;

	if (value[whole] == '.')
		decimals = strspn(value + whole + 1, "0123456789");
	if (whole + decimals == 0 || value[whole + (value[whole] == '.') + decimals])
		return box_bad(err, option, value, "not a number of CPUs such as 0.2, 1.5 or 4");
	for (size_t i = 0; i < whole; i++) {
		quota = quota * 10 + (value[i] - '0') * 100000;
		if (quota > INT64_C(100000) * 1000000)
			return box_bad(err, option, value, "out of range");
	}
	/* Five digits are microseconds; the sixth rounds. */
	for (size_t i = 0, unit = 10000; i < decimals && i < 6; i++, unit /= 10) {
		int digit = value[whole + 1 + i] - '0';

		quota += i < 5 ? digit * (int64_t)unit : digit >= 5;
	}
	if (quota < 1000)
		return box_bad(err, option, value, "must be at least 0.01");
	*ret = quota;
	return 0;
}

static int make_cpu(struct box *box, struct oci_resources *resources, struct err *err)
{
	const struct box_wishes *w = box->wishes;
	struct oci_resources_cpu *c = box_alloc(box, 1, sizeof(*c));
	uint64_t shares;
	int r;

	if (!c)
		return box_no_memory(err);
	if (w->cpus) {
		r = parse_cpus(w->cpus, &c->quota.value, err);
		if (r < 0)
			return r;
		c->quota.set = true;
		c->period = (struct oci_opt_u64){.set = true, .value = 100000};
	}
	if (w->cpu_shares) {
		if (num_u64(w->cpu_shares, &shares) < 0 || shares < 2 || shares > 262144)
			return box_bad(err, "--cpu-shares", w->cpu_shares, "not a number from 2 to 262144");
		c->shares = (struct oci_opt_u64){.set = true, .value = shares};
	}
	if (w->cpuset_cpus && !validate_cpu_list(w->cpuset_cpus))
		return box_bad(err, "--cpuset-cpus", w->cpuset_cpus, "not a list of CPUs such as 0-3,7");
	if (w->cpuset_mems && !validate_cpu_list(w->cpuset_mems))
		return box_bad(err, "--cpuset-mems", w->cpuset_mems, "not a list of memory nodes such as 0-1");
	c->cpus = w->cpuset_cpus;
	c->mems = w->cpuset_mems;
	if (c->quota.set || c->shares.set || c->cpus || c->mems)
		resources->cpu = c;
	return 0;
}

static int make_pids(struct box *box, struct oci_resources *resources, struct err *err)
{
	const char *value = box->wishes->pids;
	struct oci_resources_pids *p;
	int64_t limit;

	if (!value)
		return 0;
	if (num_i64(value, &limit) < 0 || limit < -1 || limit == 0)
		return box_bad(err, "--pids-limit", value, "not a number from 1 on, or -1 for no limit");
	p = box_alloc(box, 1, sizeof(*p));
	if (!p)
		return box_no_memory(err);
	p->limit = (struct oci_opt_i64){.set = true, .value = limit};
	resources->pids = p;
	return 0;
}

int box_resources(struct box *box, struct err *err)
{
	struct oci_linux *l = box->config->linux_;
	struct oci_resources *resources = l->resources ? l->resources : box_alloc(box, 1, sizeof(*resources));
	int r;

	if (!resources)
		return box_no_memory(err);
	r = make_memory(box, resources, err);
	if (r == 0)
		r = make_cpu(box, resources, err);
	if (r == 0)
		r = make_pids(box, resources, err);
	if (r == 0 && (resources->memory || resources->cpu || resources->pids))
		l->resources = resources;
	return r;
}

/* ---- devices ------------------------------------------------------------------------------------------------- */

struct device_wish {
	const char *host, *container, *access;
};

static bool is_access(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 3 && strspn(text, "rwm") == n && !(n > 1 && text[0] == text[1]) &&
	       !(n > 2 && (text[0] == text[2] || text[1] == text[2]));
}

/* HOST[:CONTAINER][:ACCESS] */
static int parse_device(struct box *box, const char *value, struct device_wish *ret, struct err *err)
{
	char *copy = ocispec_strndup(box->arena, value, strlen(value)), *second, *third;

	if (!copy)
		return box_no_memory(err);
	second = strchr(copy, ':');
	if (second)
		*second++ = '\0';
	third = second ? strchr(second, ':') : NULL;
	if (third)
		*third++ = '\0';
	*ret = (struct device_wish){.host = copy, .container = copy, .access = "rwm"};
	if (second && !third && is_access(second))
		third = second;
	else if (second)
		ret->container = second;
	if (third)
		ret->access = third;
	if (copy[0] != '/' || ret->container[0] != '/')
		return box_bad(err, "--device", value, "not of the form /HOST[:/CONTAINER][:rwm]");
	if (!is_access(ret->access))
		return box_bad(err, "--device", value, "the access is some of r, w and m, not \"%s\"", ret->access);
	return 0;
}

/* A user without privileges makes no devices and has no rules for them: the host's node itself is let in. */
static int bind_device(struct box *box, const char *value, const struct device_wish *wish, struct err *err)
{
	static const char *options[] = {"bind", "rprivate", "nosuid", "noexec"};
	const struct oci_mount mount = {.destination = wish->container,
					.type = "bind",
					.source = wish->host,
					.options = options,
					.n_options = ARRAY_SIZE(options)};

	if (!strchr(wish->access, 'r') || !strchr(wish->access, 'w'))
		return box_bad(err, "--device", value,
			       "without privileges the access can't be narrowed, the device's owner and mode decide");
	return box_add_mount(box, "--device", value, &mount, err);
}

static int add_device(struct box *box, const char *value, struct oci_device *device, struct oci_device_cgroup *rule,
		      struct err *err)
{
	struct device_wish wish = {0};
	int r;

	r = parse_device(box, value, &wish, err);
	if (r < 0)
		return r;
	r = box->around->device(wish.host, device);
	if (r == -ENODEV)
		return box_bad(err, "--device", value, "%s is not a device", wish.host);
	if (r < 0)
		return box_bad(err, "--device", value, "%s: %s", wish.host, errno_text(-r));
	if (box->around->rootless)
		return bind_device(box, value, &wish, err);
	device->path = wish.container;
	*rule = (struct oci_device_cgroup){.allow = true,
					   .type = device->type,
					   .major = device->major,
					   .minor = device->minor,
					   .access = wish.access};
	return 0;
}

int box_devices(struct box *box, struct err *err)
{
	const struct words *words = &box->wishes->device;
	struct oci_linux *l = box->config->linux_;
	struct oci_device_cgroup *rules;
	struct oci_device *devices;
	size_t first;

	if (!words->n)
		return 0;
	first = l->resources ? l->resources->n_devices : 0;
	devices = box_alloc(box, words->n, sizeof(*devices));
	rules = box_alloc(box, first + words->n, sizeof(*rules));
	if (!devices || !rules)
		return box_no_memory(err);
	for (size_t i = 0; i < first; i++)
		rules[i] = l->resources->devices[i];
	for (size_t i = 0; i < words->n; i++) {
		int r = add_device(box, words->values[i], &devices[i], &rules[first + i], err);

		if (r < 0)
			return r;
	}
	if (box->around->rootless)
		return 0;
	l->devices = devices;
	l->n_devices = words->n;
	l->resources->devices = rules;
	l->resources->n_devices = first + words->n;
	return 0;
}

/* ---- resource limits of the process -------------------------------------------------------------------------- */

/* A number, or one of the words for none. */
static bool parse_limit(const char *text, size_t n, uint64_t *ret)
{
	char word[24];

	if (n == 0 || n >= sizeof(word))
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	if (!strcmp(word, "-1") || !strcmp(word, "unlimited")) {
		*ret = UINT64_MAX;
		return true;
	}
	return num_u64(word, ret) == 0;
}

/* NAME=SOFT[:HARD] */
static int parse_ulimit(struct box *box, const char *value, struct oci_rlimit *ret, struct err *err)
{
	static const char option[] = "--ulimit";
	const char *equals = strchr(value, '='), *colon;
	char name[32] = "RLIMIT_";
	size_t n = equals ? (size_t)(equals - value) : 0, used = strlen(name);

	if (!equals || n == 0)
		return box_bad(err, option, value, "not of the form NAME=SOFT[:HARD]");
	for (size_t i = 0; i < n && used + 1 < sizeof(name); i++)
		name[used++] = (char)toupper((unsigned char)value[i]);
	name[used] = '\0';
	if (name_to_rlimit(name) < 0)
		return box_bad(err, option, value, "there is no limit \"%.*s\" (see getrlimit(2), as nofile or core)",
			       (int)n, value);
	colon = strchr(equals, ':');
	if (!parse_limit(equals + 1, colon ? (size_t)(colon - equals - 1) : strlen(equals + 1), &ret->soft) ||
	    (colon && !parse_limit(colon + 1, strlen(colon + 1), &ret->hard)))
		return box_bad(err, option, value, "a limit is a number, or -1 or unlimited");
	if (!colon)
		ret->hard = ret->soft;
	if (ret->soft > ret->hard)
		return box_bad(err, option, value, "the soft limit is higher than the hard one");
	ret->type = box_text(box, "%s", name);
	return ret->type ? 0 : box_no_memory(err);
}

int box_rlimits(struct box *box, struct err *err)
{
	struct oci_process *p = box->config->process;
	const struct words *words = &box->wishes->ulimit;
	struct oci_rlimit *limits;
	size_t n = 0;

	/* A box has its caller's limits, the example of `spec` has one. */
	if (box->whole)
		p->n_rlimits = 0;
	if (words->n) {
		limits = box_alloc(box, p->n_rlimits + words->n, sizeof(*limits));
		if (!limits)
			return box_no_memory(err);
		for (; n < p->n_rlimits; n++)
			limits[n] = p->rlimits[n];
		for (size_t i = 0; i < words->n; i++) {
			struct oci_rlimit limit = {0};
			size_t at = 0;
			int r = parse_ulimit(box, words->values[i], &limit, err);

			if (r < 0)
				return r;
			while (at < n && strcmp(limits[at].type, limit.type) != 0)
				at++;
			limits[at] = limit;
			n += at == n;
		}
		p->rlimits = limits;
		p->n_rlimits = n;
	}
	if (!p->n_rlimits)
		p->rlimits = NULL;
	return 0;
}
