/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals: see signals.h. A table of our own, because libc names them in its own language and without aliases.
 */
#include "base/signals.h"

#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} names[] = {
	{"ABRT", SIGABRT},     {"ALRM", SIGALRM},   {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},
	{"CONT", SIGCONT},     {"FPE", SIGFPE},     {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},
	{"IO", SIGIO},         {"IOT", SIGABRT},    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGIO},
	{"PROF", SIGPROF},     {"PWR", SIGPWR},     {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
#ifdef SIGSTKFLT
	{"STKFLT", SIGSTKFLT},
#endif
	{"STOP", SIGSTOP},     {"SYS", SIGSYS},     {"TERM", SIGTERM}, {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
	{"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/*
 * The first signal that RTMIN stands for, outside of this program as well: SIGRTMIN depends on how many the C library
 * keeps for itself, which are two for glibc and three for musl.
 */
#define FIRST_REAL_TIME 34
#define LAST_REAL_TIME  64

/* What follows RTMIN or RTMAX: nothing, or the sign and a number. */
static int real_time(const char *rest, int base, char sign, int *ret)
{
	uint32_t offset = 0;
	int number;

	if (*rest != '\0' && (*rest != sign || num_u32(rest + 1, &offset) < 0 || offset > (uint32_t)LAST_REAL_TIME))
		return -EINVAL;
	number = sign == '+' ? base + (int)offset : base - (int)offset;
	if (number < FIRST_REAL_TIME || number > LAST_REAL_TIME)
		return -EINVAL;
	*ret = number;
	return 0;
}

int signal_parse(const char *text, int *ret)
{
	uint32_t number;

	if (num_u32(text, &number) == 0) {
		if (number > (uint32_t)LAST_REAL_TIME)
			return -EINVAL;
		*ret = (int)number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*ret = names[i].number;
			return 0;
		}
	}
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return real_time(text + 5, FIRST_REAL_TIME, '+', ret);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return real_time(text + 5, LAST_REAL_TIME, '-', ret);
	return -EINVAL;
}
