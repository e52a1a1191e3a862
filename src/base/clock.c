/* SPDX-License-Identifier: Apache-2.0 */
/* See clock.h. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

void clock_text(const struct timespec *t, int nanoseconds, char ret[static CLOCK_TEXT_SIZE])
{
	long days = (long)(t->tv_sec / 86400);
	int second = (int)(t->tv_sec % 86400), year = 1970, month = 0;
	char fraction[16] = "";

	for (; days >= 365 + is_leap(year); year++)
		days -= 365 + is_leap(year);
	for (; days >= days_of(year, month); month++)
		days -= days_of(year, month);
	if (nanoseconds)
		snprintf(fraction, sizeof(fraction), ".%09ld", t->tv_nsec);
	snprintf(ret, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", year, month + 1, (int)days + 1,
		 second / 3600, second / 60 % 60, second % 60, fraction);
}
