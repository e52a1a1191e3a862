/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of mounts, and what is not quite one. */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/mountinfo.h"

#include <fcntl.h>

struct row {
	const char *name, *text;
	const char *expected; /* of each mount its fields, a bar behind each, and a line break */
};

#define PROC     "22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n"
#define PROC_OUT "22|1|/|/proc|proc|rw|\n"
static const struct row rows[] = {
	{"empty", "", ""},
	{"one", PROC, PROC_OUT},
	{"two", PROC "40 22 0:33 /a /b rw - tmpfs none rw,size=1k\n", PROC_OUT "40|22|/a|/b|tmpfs|rw,size=1k|\n"},
	{"no last line break", "40 22 0:33 / /r rw - sysfs sysfs ro", "40|22|/|/r|sysfs|ro|\n"},
	{"no optional field", "40 22 0:33 / /r rw - sysfs sysfs rw\n", "40|22|/|/r|sysfs|rw|\n"},
	{"three optional fields", "4 2 0:3 / /r rw shared:1 master:2 propagate_from:3 - x y rw\n", "4|2|/|/r|x|rw|\n"},
	{"no source", "40 22 0:33 / /r rw - tmpfs  rw\n", "40|22|/|/r|tmpfs|rw|\n"},
	{"blank, tab, line break, backslash, number sign", "4 2 0:3 /\\011 /a\\040b\\012c\\134d\\043 rw - x y rw\n",
	 "4|2|/\t|/a b\nc\\d#|x|rw|\n"},
	{"a place like the middle of a line", "4 2 0:3 / /\\040-\\040resctrl\\040 rw - tmpfs x rw\n",
	 "4|2|/|/ - resctrl |tmpfs|rw|\n"},
	{"a backslash that says nothing", "4 2 0:3 /\\ /\\04 rw - x y rw\n", "4|2|/\\|/\\04|x|rw|\n"},
	{"a number above a byte", "4 2 0:3 / /\\400\\377 rw - x y rw\n", "4|2|/|/\\400\377|x|rw|\n"},
	{"a number with an eight", "4 2 0:3 / /\\048\\081 rw - x y rw\n", "4|2|/|/\\048\\081|x|rw|\n"},
	{"a backslash of its own before digits", "4 2 0:3 / /\\134040 rw - x y rw\n", "4|2|/|/\\040|x|rw|\n"},
	{"options stay as they are", "4 2 0:3 / /r rw - x y rw,lower=/a\\040b\n", "4|2|/|/r|x|rw,lower=/a\\040b|\n"},
	{"line breaks alone", "\n\n" PROC "\n", PROC_OUT},
	{"cut short", PROC "40 22 0:33\n" PROC, PROC_OUT PROC_OUT},
	{"cut before the bar", "40 22 0:33 / /r rw shared:1\n" PROC, PROC_OUT},
	{"cut at the bar", "40 22 0:33 / /a rw -", ""},
	{"cut behind the type", "40 22 0:33 / /a rw - tmpfs\n", ""},
	{"cut behind the source", "40 22 0:33 / /a rw - tmpfs x\n" PROC, PROC_OUT},
	{"blanks alone", "      \n", ""},
};

static void test_row(void **state)
{
	const struct row *row = *state;
	_cleanup_free_ char *text = strdup(row->text);
	char *rest = text, all[512] = "";
	struct mountinfo m;

	while (mountinfo_next(&rest, &m))
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s|%s|%s|%s|%s|%s|\n", m.id, m.parent, m.root,
			 m.point, m.type, m.super_options);
	assert_string_equal(all, row->expected);
	assert_false(mountinfo_next(&rest, &m));
}

/* The kernel's own list: no line of it is passed over. */
static void test_own(void **state)
{
	_cleanup_free_ char *text = NULL;
	char *rest;
	struct mountinfo m;
	int lines = 0, mounts = 0;

	(void)state;
	assert_true(fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) >= 0);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_true(lines > 0);
	for (rest = text; mountinfo_next(&rest, &m); mounts++) {
		assert_int_equal(m.point[0], '/');
		assert_true(m.id[0] && strspn(m.id, "0123456789") == strlen(m.id));
		assert_true(m.type[0] && m.super_options[0]);
	}
	assert_int_equal(mounts, lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_own)};

	return run_table("mountinfo", rows, test_row) + cmocka_run_group_tests(tests, NULL, NULL);
}
