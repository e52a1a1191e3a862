/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user of the process: numbers, or names of the root filesystem's own passwd and group. What is all digits is an
 * id, whatever those files say of a user of that name.
 */
#include "config/box_internal.h"

#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* A field of a line that ends at a newline or the end of the text. */
struct field {
	const char *s;
	size_t n;
};

/* Splits the line at *at into n fields, and moves to the next line. Returns how many there are, at most n. */
static size_t next_line(const char **at, struct field *fields, size_t n)
{
	size_t size = strcspn(*at, "\n"), count = 0;
	const char *s = *at, *end = s + size;

	while (count < n) {
		const char *colon = memchr(s, ':', (size_t)(end - s));

		fields[count++] = (struct field){.s = s, .n = (size_t)((colon ? colon : end) - s)};
		if (!colon)
			break;
		s = colon + 1;
	}
	*at = *end ? end + 1 : end;
	return count;
}

static bool field_is(const struct field *field, const char *s, size_t n)
{
	return field->n == n && !memcmp(field->s, s, n);
}

static bool field_id(const struct field *field, uint32_t *ret)
{
	char number[16];

	if (field->n >= sizeof(number))
		return false;
	memcpy(number, field->s, field->n);
	number[field->n] = '\0';
	return num_u32(number, ret) == 0;
}

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

struct account {
	struct field name;
	uint32_t uid, gid;
};

/* By name, or where that is NULL by uid. passwd: name:password:uid:gid:… */
static bool find_user(const char *passwd, const struct field *name, uint32_t uid, struct account *ret)
{
	while (passwd && *passwd) {
		struct account account;
		struct field f[4];

		if (next_line(&passwd, f, 4) < 4 || !field_id(&f[2], &account.uid) || !field_id(&f[3], &account.gid))
			continue;
		if (name ? !field_is(&f[0], name->s, name->n) : account.uid != uid)
			continue;
		account.name = f[0];
		*ret = account;
		return true;
	}
	return false;
}

/* group: name:password:gid:member,… */
static bool find_group(const char *group, const struct field *name, uint32_t *ret)
{
	while (group && *group) {
		struct field f[3];

		if (next_line(&group, f, 3) == 3 && field_is(&f[0], name->s, name->n) && field_id(&f[2], ret))
			return true;
	}
	return false;
}

static bool is_member(const struct field *list, const struct field *name)
{
	const char *s = list->s, *end = s + list->n;

	while (s < end) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		size_t n = (size_t)((comma ? comma : end) - s);

		if (n == name->n && !memcmp(s, name->s, n))
			return true;
		s += n + 1;
	}
	return false;
}

static bool has_gid(const struct oci_user *user, uint32_t gid)
{
	for (size_t i = 0; i < user->n_additional_gids; i++)
		if (user->additional_gids[i] == gid)
			return true;
	return false;
}

/* The groups of which the user is a member, as far as the container has them, and no more than the kernel takes. */
static void add_memberships(struct box *box, const struct field *name, struct oci_user *user)
{
	const char *group = box->around->group;

	while (group && *group && !box_single_group(box) && user->n_additional_gids < NGROUPS_MAX) {
		struct field f[4];
		uint32_t gid;

		if (next_line(&group, f, 4) == 4 && is_member(&f[3], name) && field_id(&f[2], &gid) &&
		    gid != user->gid && box_gid_mapped(box, gid) && !has_gid(user, gid))
			user->additional_gids[user->n_additional_gids++] = gid;
	}
}

/* A name is asked of a file that may not be there. */
static int unknown(struct err *err, const char *option, const char *value, const char *file, const char *text,
		   const struct field *name)
{
	if (!text)
		return box_bad(err, option, value, "the root filesystem has no readable %s to look \"%.*s\" up", file,
			       (int)name->n, name->s);
	return box_bad(err, option, value, "\"%.*s\" is not in %s of the root filesystem", (int)name->n, name->s, file);
}

static int check_id(struct err *err, const char *option, const char *value, const char *what, uint32_t id, bool mapped)
{
	if (id == UINT32_MAX)
		return box_bad(err, option, value, "%u is no %s", id, what);
	if (mapped)
		return 0;
	box_bad(err, option, value, "%s %u is not mapped in the container's user namespace", what, id);
	return err_hint(err, "more ids come from /etc/subuid and /etc/subgid with newuidmap, or by --uidmap");
}

static int parse_group(struct box *box, const char *option, const char *value, const struct field *word, uint32_t *ret,
		       struct err *err)
{
	if (all_digits(word->s, word->n)) {
		if (!field_id(word, ret))
			return box_bad(err, option, value, "\"%.*s\" is out of range", (int)word->n, word->s);
	} else if (!find_group(box->around->group, word, ret)) {
		return unknown(err, option, value, "/etc/group", box->around->group, word);
	}
	return check_id(err, option, value, "gid", *ret, box_gid_mapped(box, *ret));
}

/* USER or USER:GROUP; without a group, and only then, those of the user in passwd and group. */
static int set_user(struct box *box, struct oci_user *user, struct err *err)
{
	static const char option[] = "--user";
	const char *value = box->wishes->user, *colon = strchr(value, ':');
	const struct field name = {.s = value, .n = colon ? (size_t)(colon - value) : strlen(value)};
	struct account account = {0};
	bool known;
	int r;

	if (name.n == 0 || (colon && !colon[1]))
		return box_bad(err, option, value, "not of the form USER[:GROUP]");
	if (all_digits(name.s, name.n)) {
		if (!field_id(&name, &user->uid))
			return box_bad(err, option, value, "\"%.*s\" is out of range", (int)name.n, name.s);
		known = find_user(box->around->passwd, NULL, user->uid, &account);
	} else {
		known = find_user(box->around->passwd, &name, 0, &account);
		if (!known)
			return unknown(err, option, value, "/etc/passwd", box->around->passwd, &name);
		user->uid = account.uid;
	}
	r = check_id(err, option, value, "uid", user->uid, box_uid_mapped(box, user->uid));
	if (r < 0)
		return r;
	if (colon) {
		const struct field group = {.s = colon + 1, .n = strlen(colon + 1)};

		return parse_group(box, option, value, &group, &user->gid, err);
	}
	user->gid = known ? account.gid : 0;
	r = check_id(err, option, value, "gid", user->gid, box_gid_mapped(box, user->gid));
	if (r == 0 && known)
		add_memberships(box, &account.name, user);
	return r;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

int box_user(struct box *box, struct err *err)
{
	const struct box_wishes *w = box->wishes;
	struct oci_user *user = box->config->process->user;

	if (w->umask) {
		if (box_octal(w->umask, 0777, &user->umask.value) < 0)
			return box_bad(err, "--umask", w->umask, "not an octal number up to 0777");
		user->umask.set = true;
	}
	if (!w->user && !w->group_add.n)
		return 0;
	user->additional_gids =
		box_alloc(box, w->group_add.n + count_lines(box->around->group), sizeof(*user->additional_gids));
	if (!user->additional_gids)
		return box_no_memory(err);
	if (w->user) {
		int r = set_user(box, user, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < w->group_add.n; i++) {
		const char *value = w->group_add.values[i];
		const struct field group = {.s = value, .n = strlen(value)};
		uint32_t gid;
		int r;

		if (group.n == 0)
			return box_bad(err, "--group-add", value, "names no group");
		r = parse_group(box, "--group-add", value, &group, &gid, err);
		if (r < 0)
			return r;
		if (box_single_group(box))
			return box_bad(err, "--group-add", value,
				       "with one group mapped, no others can be had (they need /etc/subgid and "
				       "newgidmap)");
		if (!has_gid(user, gid))
			user->additional_gids[user->n_additional_gids++] = gid;
	}
	if (!user->n_additional_gids)
		user->additional_gids = NULL;
	return 0;
}
