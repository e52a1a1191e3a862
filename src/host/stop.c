/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that would end turtle: see stop.h. */
#include "host/stop.h"

#include "base/mem.h"

#include <errno.h>
#include <sys/signalfd.h>

int stop_watch(struct stop *stop)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
			sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &stop->before);
	stop->held = true;
	stop->fd = signalfd(-1, &set, SFD_CLOEXEC);
	return stop->fd < 0 ? -errno : 0;
}

void stop_unwatch(struct stop *stop)
{
	cleanup_close(&stop->fd);
	if (stop->held)
		sigprocmask(SIG_SETMASK, &stop->before, NULL);
	*stop = STOP_NONE;
}
