/* SPDX-License-Identifier: Apache-2.0 */
/* What every program that turtle executes begins with: see spawn.h. */
#include "base/spawn.h"

#include <signal.h>
#include <string.h>

int spawn_attributes(posix_spawnattr_t *attr, bool session)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	/* sigfillset leaves out the two signals that glibc keeps for itself, and the child would ignore them for good.
	 */
	memset(&all, 0xff, sizeof(all));
	r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, (short)(flags | (session ? POSIX_SPAWN_SETSID : 0)));
	return -r;
}
