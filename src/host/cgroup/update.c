/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of a living cgroup: all of the new ones, or the old ones. Every file is read before the first is written, and
 * when a write fails those that were done are put back, latest first. What a file says is mostly what one writes to it;
 * files with a line for each device or resource take one line at a time, and the table below knows how they spell "not
 * limited".
 */
#include "host/cgroup/internal.h"

#include "base/fd.h"
#include "base/errno_text.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT (1024 * 1024)

struct cgroup_old {
	const char *file; /* the one to read and put back */
	char *text;       /* NULL: no such file, or none that says anything */
	char *weight;     /* cpu.weight, of cpu.idle */
	bool written;
};

enum form {
	FORM_WHOLE,      /* what is read is what is written */
	FORM_LINES,      /* KEY and its values on a line; the value written begins with the key */
	FORM_WEIGHTS,    /* the same, and one line "default N", written with or without that word */
	FORM_FIRST_WORD, /* behind it the kernel may say more */
	FORM_SWITCHES,   /* words are read, +WORD and -WORD are written */
	FORM_NONE,       /* no state: a trigger, a mark */
};

static const struct {
	const char *file;
	enum form form;
	const char *unlimited; /* the rest of the line of a key that the file does not name */
} forms[] = {
	{"cgroup.subtree_control", FORM_SWITCHES, NULL},
	{"cpuset.cpus.partition", FORM_FIRST_WORD, NULL},
	{"dmem.low", FORM_LINES, "0"},
	{"dmem.max", FORM_LINES, "max"},
	{"dmem.min", FORM_LINES, "0"},
	{"io.bfq.weight", FORM_WEIGHTS, "default"},
	{"io.latency", FORM_LINES, "target=max"},
	{"io.max", FORM_LINES, "rbps=max wbps=max riops=max wiops=max"},
	{"io.weight", FORM_WEIGHTS, "default"},
	{"misc.max", FORM_LINES, "max"},
	{"rdma.max", FORM_LINES, "hca_handle=max hca_object=max"},
};

static enum form find_form(const char *file, const char **ret_unlimited)
{
	const char *last = strrchr(file, '.');

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strcmp(file, forms[i].file) == 0) {
			*ret_unlimited = forms[i].unlimited;
			return forms[i].form;
		}
	if (last && (strcmp(last, ".pressure") == 0 || strcmp(last, ".peak") == 0))
		return strcmp(file, "cgroup.pressure") == 0 ? FORM_WHOLE : FORM_NONE;
	return FORM_WHOLE;
}

/* "8:16", ended by end. */
static bool is_device(const char *key, const char *end, uint32_t *ret_major, uint32_t *ret_minor)
{
	return num_take_u32(&key, ret_major) == 0 && *key++ == ':' && num_take_u32(&key, ret_minor) == 0 && key == end;
}

/* Keys of n and m bytes; two spellings of a device's number are the same. */
static bool same_key(const char *a, size_t n, const char *b, size_t m)
{
	uint32_t majors[2], minors[2];

	if (n == m && memcmp(a, b, n) == 0)
		return true;
	return is_device(a, a + n, &majors[0], &minors[0]) && is_device(b, b + m, &majors[1], &minors[1]) &&
	       majors[0] == majors[1] && minors[0] == minors[1];
}

static char *line_back(const char *key, size_t n, const char *old, const char *unlimited)
{
	char *text;

	for (const char *line = old; *line; line += strspn(line, "\n")) {
		size_t size = strcspn(line, "\n");

		if (same_key(key, n, line, strcspn(line, " \n")))
			return strndup(line, size);
		line += size;
	}
	return asprintf(&text, "%.*s %s", (int)n, key, unlimited) < 0 ? NULL : text;
}

/* "+cpu -memory": each to what it was. */
static char *switches_back(const char *value, const char *old)
{
	char *text = strdup(value);

	for (char *p = text; p && *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (*p == '+' || *p == '-')
			*p = cgroup_has_word(old, p + 1, n - 1) ? '+' : '-';
		p += n;
	}
	return text;
}

char *cgroup_way_back(const char *file, const char *value, const char *old, bool *ret_none)
{
	const char *unlimited = NULL;
	size_t key;

	*ret_none = false;
	value += strspn(value, " ");
	key = strcspn(value, " \n");
	switch (find_form(file, &unlimited)) {
	case FORM_NONE:
		break;
	case FORM_WEIGHTS:
		if (!memchr(value, ':', key))
			return line_back("default", strlen("default"), old, "100");
		return line_back(value, key, old, unlimited);
	case FORM_LINES:
		return line_back(value, key, old, unlimited);
	case FORM_FIRST_WORD:
		return strndup(old, strcspn(old, " \n"));
	case FORM_SWITCHES:
		return switches_back(value, old);
	case FORM_WHOLE:
		/* An idle group's weight, which takes no number that could be written. */
		if (strcmp(file, "cpu.weight") == 0 && strcmp(old, "0") == 0)
			break;
		/* Writing nothing would not reach the kernel: "" is put back by an empty line. */
		return strdup(*old ? old : "\n");
	}
	*ret_none = true;
	return NULL;
}

/* *ret stays NULL where the file does not exist or can't be read by anyone. */
static int read_old(int fd, const char *file, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = fd_read_file(fd, file, MAX_TEXT, &text, &size);

	if (r == -ENOENT || r == -EINVAL || r == -EACCES || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	while (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

int cgroup_change_begin(int fd, const struct plan_cgroup *plan, struct cgroup_change *ret, struct err *err)
{
	struct cgroup_change change = {.fd = fd, .plan = plan};
	int r = cgroup_check_memory(fd, plan, err);

	if (r < 0)
		return r;
	/* One more: calloc(0) may be NULL. */
	change.old = calloc(plan->n_writes + 1, sizeof(*change.old));
	if (!change.old)
		return err_set(err, -ENOMEM, "update cgroup %s", plan->path);
	for (size_t i = 0; i < plan->n_writes; i++) {
		struct cgroup_old *old = &change.old[i];

		/* The same value in another scale, which not every value has a number in. */
		old->file = strcmp(plan->writes[i].file, "cpu.weight.nice") == 0 ? "cpu.weight" : plan->writes[i].file;
		r = read_old(fd, old->file, &old->text);
		/* An idle group has no weight: it is lost when the group becomes idle. */
		if (r == 0 && strcmp(old->file, "cpu.idle") == 0)
			r = read_old(fd, "cpu.weight", &old->weight);
		if (r < 0) {
			cgroup_change_end(&change);
			return err_set(err, r, "%s: read %s of cgroup %s", plan->writes[i].property, old->file,
				       plan->path);
		}
	}
	*ret = change;
	return 0;
}

int cgroup_change_write(struct cgroup_change *change, struct err *err)
{
	_cleanup_free_ bool *written = calloc(change->plan->n_writes + 1, sizeof(*written));
	int r;

	if (!written)
		return err_set(err, -ENOMEM, "update cgroup %s", change->plan->path);
	r = cgroup_write_limits(change->fd, change->plan, written, err);
	for (size_t i = 0; i < change->plan->n_writes; i++)
		change->old[i].written = written[i];
	return r;
}

/* *ret_text, malloc'ed: what was tried, for the message. */
static int put_back(const struct cgroup_change *change, size_t i, char **ret_text)
{
	const struct cgroup_old *old = &change->old[i];
	_cleanup_free_ char *text = NULL;
	bool none;
	int r;

	text = cgroup_way_back(old->file, change->plan->writes[i].value, old->text, &none);
	if (!text)
		return none ? 0 : -ENOMEM;
	r = cgroup_write(change->fd, old->file, text);
	if (r == 0 && old->weight && strcmp(old->text, "0") == 0)
		r = cgroup_write(change->fd, "cpu.weight", old->weight);
	*ret_text = TAKE_PTR(text);
	return cgroup_gone(r) ? 0 : r;
}

void cgroup_change_undo(struct cgroup_change *change, bool all, struct err *err)
{
	/* Twice: the kernel may refuse an old value because of the new one of a file whose turn is still to come. */
	for (int last = 0; last < 2; last++)
		for (size_t i = change->plan->n_writes; i-- > 0;) {
			struct cgroup_old *old = &change->old[i];
			_cleanup_free_ char *text = NULL;
			int r;

			if (!old->text || !(all || old->written))
				continue;
			r = put_back(change, i, &text);
			if (r == 0) {
				free(TAKE_PTR(old->text));
				continue;
			}
			if (!last)
				continue;
			log_debug("put \"%s\" back into %s of cgroup %s: %s", text ? text : "", old->file,
				  change->plan->path, errno_text(-r));
			err_hint(err, "%s could not be put back: %s", old->file, errno_text(-r));
		}
}

void cgroup_change_end(struct cgroup_change *change)
{
	for (size_t i = 0; change->old && i < change->plan->n_writes; i++) {
		free(change->old[i].text);
		free(change->old[i].weight);
	}
	free(TAKE_PTR(change->old));
}

static void add_old(struct oci_pair *pairs, size_t *n, const char *file, const char *text)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(pairs[i].key, file) == 0)
			return;
	/* The weight of an idle group is none. */
	if (text && !(strcmp(file, "cpu.weight") == 0 && strcmp(text, "0") == 0))
		pairs[(*n)++] = (struct oci_pair){file, text};
}

size_t cgroup_change_old(const struct cgroup_change *change, struct oci_pair *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < change->plan->n_writes; i++) {
		add_old(ret, &n, change->old[i].file, change->old[i].text);
		add_old(ret, &n, "cpu.weight", change->old[i].weight);
	}
	return n;
}

static int read_memory(int fd, struct plan_current *ret, struct err *err)
{
	char text[64];
	ssize_t n = cgroup_read(fd, "memory.max", text, sizeof(text));

	if (n == -ENOENT || (n >= 0 && strcmp(text, "max") == 0))
		return 0;
	if (n < 0)
		return err_set(err, (int)n, "read memory.max");
	return num_i64(text, &ret->memory_max) < 0 ? err_msg(err, -EPROTO, "memory.max says what is not understood")
						   : 0;
}

int cgroup_read_current(int fd, struct plan_current *ret, struct err *err)
{
	struct plan_current current = {0};
	char text[64], idle[16], *space;
	ssize_t n = read_memory(fd, &current, err);

	if (n < 0)
		return (int)n;
	n = cgroup_read(fd, "cpu.max", text, sizeof(text));
	if (n == -ENOENT) {
		*ret = current;
		return 0;
	}
	if (n < 0)
		return err_set(err, (int)n, "read cpu.max");
	space = strchr(text, ' ');
	if (space)
		*space++ = '\0';
	current.cpu_quota = -1;
	if (!space || (strcmp(text, "max") != 0 && num_i64(text, &current.cpu_quota) < 0) ||
	    num_u64(space, &current.cpu_period) < 0)
		return err_msg(err, -EPROTO, "cpu.max says what is not understood");
	/* Since Linux 5.15, and 5.14. */
	current.cpu_idle = cgroup_read(fd, "cpu.idle", idle, sizeof(idle)) > 0 && strcmp(idle, "1") == 0;
	n = cgroup_read(fd, "cpu.max.burst", text, sizeof(text));
	if (n < 0 && n != -ENOENT)
		return err_set(err, (int)n, "read cpu.max.burst");
	if (n >= 0 && num_u64(text, &current.cpu_burst) < 0)
		return err_msg(err, -EPROTO, "cpu.max.burst says what is not understood");
	current.has_cpu_max = true;
	*ret = current;
	return 0;
}
