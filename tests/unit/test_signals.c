/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals: which spellings are taken, and which are not. */
#include "table.h"

#include "base/signals.h"

#include <errno.h>
#include <signal.h>

#define BAD       (-1)
#define UNTOUCHED 4711

struct row {
	const char *text;
	int number;
};

static const struct row rows[] = {
	{"0", 0},
	{"1", SIGHUP},
	{"9", SIGKILL},
	{"15", SIGTERM},
	{"64", 64},
	{"09", SIGKILL},
	{"TERM", SIGTERM},
	{"SIGTERM", SIGTERM},
	{"sigterm", SIGTERM},
	{"term", SIGTERM},
	{"SigKill", SIGKILL},
	{"KILL", SIGKILL},
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"USR1", SIGUSR1},
	{"sigusr2", SIGUSR2},
	{"WINCH", SIGWINCH},
	{"STOP", SIGSTOP},
	{"CONT", SIGCONT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"ABRT", SIGABRT},
	{"IOT", SIGABRT},
	{"IO", SIGIO},
	{"POLL", SIGIO},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
	{"URG", SIGURG},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"RTMIN", 34},
	{"SIGRTMIN+3", 37},
	{"rtmin+0", 34},
	{"RTMIN+30", 64},
	{"RTMAX", 64},
	{"SIGRTMAX-14", 50},
	{"rtmax-30", 34},
	{"", BAD},
	{" 9", BAD},
	{"9 ", BAD},
	{"+9", BAD},
	{"-9", BAD},
	{"-1", BAD},
	{"65", BAD},
	{"4294967305", BAD}, /* 9 in 32 bits */
	{"18446744073709551625", BAD},
	{"0x9", BAD},
	{"9a", BAD},
	{"SIG", BAD},
	{"SIGSIGTERM", BAD},
	{"TERMINATE", BAD},
	{"TER", BAD},
	{"FOO", BAD},
	{"RTMIN+31", BAD},
	{"RTMIN-1", BAD},
	{"RTMIN+", BAD},
	{"RTMIN3", BAD},
	{"RTMIN+4294967296", BAD},
	{"RTMAX+1", BAD},
	{"RTMAX-31", BAD},
	{"RTMAX--1", BAD},
	{"SIG9", BAD},
	{"NULL", BAD},
};

static void test_parse(void **state)
{
	const struct row *row = *state;
	int number = UNTOUCHED, r = signal_parse(row->text, &number);

	assert_int_equal(r, row->number == BAD ? -EINVAL : 0);
	assert_int_equal(number, row->number == BAD ? UNTOUCHED : row->number);
}

int main(void)
{
	return run_table("signals", rows, test_parse);
}
