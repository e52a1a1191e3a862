/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device rules as systemd's DevicePolicy and DeviceAllow. That list can only allow, and one entry must cover all
 * that an open wants, so it can't say what the rules say. Our own program, which is attached as well, decides; a device
 * is accessible when both agree. systemd's list is there so that nothing is open to a container even if that program
 * should get lost, and it must never be the tighter of the two: every allowing rule counts, the denying ones are left
 * to our program, and what several rules allow of one device is joined in one entry.
 *
 * How systemd names devices: "/dev/char/MAJOR:MINOR" is taken apart as text, a node of that name need not be there;
 * "char-MAJOR" with digits stands for every minor of that major, and "char-*" for all character devices. There is
 * nothing for "this minor of any major", which is widened to all devices of the type.
 */
#include "plan/device_rules.h"
#include "plan/unit.h"

#include <stdlib.h>
#include <string.h>

#define ANY (-1)

/* The kernel's device numbers have 12 and 20 bits. */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

enum access { READ = 1 << 0, WRITE = 1 << 1, MKNOD = 1 << 2, ALL = READ | WRITE | MKNOD };

struct entry {
	char type; /* 'b' or 'c' */
	int64_t major, minor;
	unsigned access;
};

struct entries {
	struct entry *items;
	size_t n;
};

static unsigned access_bits(const char *access)
{
	return (strchr(access, 'r') ? READ : 0u) | (strchr(access, 'w') ? WRITE : 0u) |
	       (strchr(access, 'm') ? MKNOD : 0u);
}

static int64_t number(struct oci_opt_i64 n)
{
	return n.set ? n.value : ANY;
}

static void add_rule(struct entries *e, const struct oci_device_cgroup *rule)
{
	char type = rule->type && *rule->type ? rule->type[0] : 'a';
	int64_t major = number(rule->major), minor = number(rule->minor);

	/* A rule that denies everything takes back all that stands before it. */
	if (!rule->allow) {
		if (type == 'a' && major == ANY && minor == ANY && access_bits(rule->access) == ALL)
			e->n = 0;
		return;
	}
	if (major > MAJOR_MAX || minor > MINOR_MAX) /* no device has such a number */
		return;
	if (major == ANY)
		minor = ANY;
	for (const char *t = "bc"; *t; t++)
		if (type == 'a' || type == *t)
			e->items[e->n++] = (struct entry){*t, major, minor, access_bits(rule->access)};
}

/* ANY is the least, so that what covers others comes before them. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return compare(a, b) == 0;
}

/* Gives every entry what those that cover it allow, and drops those that say nothing more than what covers them. */
static void join(struct entries *e)
{
	struct entry of_type = {0}, of_major = {0}; /* the entries for all of a type, and for all of a major */
	size_t n = 0;

	qsort(e->items, e->n, sizeof(*e->items), compare);
	for (size_t i = 0; i < e->n;) {
		struct entry entry = e->items[i];
		unsigned covered;

		while (++i < e->n && is_same(&entry, &e->items[i]))
			entry.access |= e->items[i].access;
		if (of_type.type != entry.type)
			of_type = (struct entry){entry.type, ANY, ANY, 0};
		if (of_major.type != entry.type || of_major.major != entry.major)
			of_major = (struct entry){entry.type, entry.major, ANY, of_type.access};
		covered = of_major.access;
		entry.access |= covered;
		if (entry.major == ANY)
			of_type.access = of_major.access = entry.access;
		else if (entry.minor == ANY)
			of_major.access = entry.access;
		if (entry.access != covered)
			e->items[n++] = entry;
	}
	e->n = n;
}

static bool allows_all(const struct entries *e)
{
	return e->n == 2 && e->items[0].major == ANY && e->items[1].major == ANY && e->items[0].access == ALL &&
	       e->items[1].access == ALL;
}

static void add_entry(struct text *text, const struct entry *entry)
{
	const char *type = entry->type == 'b' ? "block" : "char";

	text_str(text, text->used > 1 ? ", ('" : "('");
	if (entry->minor == ANY) {
		text_str(text, type);
		text_str(text, "-");
		if (entry->major == ANY)
			text_str(text, "*");
		else
			text_i64(text, entry->major);
	} else {
		text_str(text, "/dev/");
		text_str(text, type);
		text_str(text, "/");
		text_i64(text, entry->major);
		text_str(text, ":");
		text_i64(text, entry->minor);
	}
	text_str(text, "', '");
	text_str(text, entry->access & READ ? "r" : "");
	text_str(text, entry->access & WRITE ? "w" : "");
	text_str(text, entry->access & MKNOD ? "m" : "");
	text_str(text, "')");
}

void unit_put_devices(struct unit_properties *p, const struct plan_cgroup *cgroup)
{
	size_t n_rules = cgroup->n_device_rules, n_all = n_rules + PLAN_N_DEVICE_RULES;
	struct entries e = {.items = ocispec_alloc(p->arena, 2 * n_all * sizeof(*e.items))};
	struct text text = {.arena = p->arena};

	if (!e.items) {
		p->failed = true;
		return;
	}
	for (size_t i = 0; i < n_rules; i++)
		add_rule(&e, &cgroup->device_rules[i]);
	for (size_t i = 0; i < PLAN_N_DEVICE_RULES; i++)
		add_rule(&e, &plan_device_rules[i]);
	join(&e);
	/* With this policy and no list systemd has no program at all. */
	if (allows_all(&e)) {
		unit_put(p, "DevicePolicy", "'auto'");
		unit_put(p, "DeviceAllow", "@a(ss) []");
		return;
	}
	text_str(&text, "[");
	for (size_t i = 0; i < e.n; i++)
		add_entry(&text, &e.items[i]);
	text_str(&text, "]");
	p->failed = p->failed || text.failed;
	unit_put(p, "DevicePolicy", "'strict'");
	unit_put(p, "DeviceAllow", text.failed ? "" : text.s);
}
