/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of the turtle program: a clean process to begin with, the table of commands, one error record at the end.
 * src/README.md is the map of everything else.
 */
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>

static const struct cmd_verb *const verbs[] = {
	&cmd_checkpoint, &cmd_create, &cmd_delete, &cmd_events, &cmd_exec,    &cmd_features,
	&cmd_kill,       &cmd_list,   &cmd_pause,  &cmd_ps,     &cmd_restore, &cmd_resume,
	&cmd_run,        &cmd_spec,   &cmd_start,  &cmd_state,  &cmd_update,
};

/*
 * Inherited descriptors keep their flags here: create and run tell them from turtle's own by the missing O_CLOEXEC
 * (fd_preserve); whatever turtle executes closes all that it is not given.
 */
static int clean_process(struct err *err)
{
	/*
	 * Set-user-ID, set-group-ID and file capabilities would make every path and variable that turtle reads an
	 * attack on the privileges that it was given.
	 */
	if (getauxval(AT_SECURE) != 0)
		return err_msg(err, -EPERM,
			       "refused to run with privileges from the file (set-user-ID or capabilities)");
	/*
	 * Where SIGCHLD is ignored children are reaped behind our back: no status to wait for, and a pid that may be
	 * another's by the time it is used. And a file that may not grow is an error to unwind from, not our end. What
	 * turtle executes gets its signals as after boot.
	 */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return err_set(err, -errno, "reset signals");
	/* A caller may deny others what it likes, but not us what we make ourselves. */
	umask(umask(S_IRWXG | S_IRWXO) & (S_IRWXG | S_IRWXO));
	output_opened(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	return fd_open_stdio(err);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	int status = 0, r;

	r = clean_process(&err);
	if (r == 0)
		r = cmd_main(verbs, ARRAY_SIZE(verbs), argc, argv, &status, &err);
	if (r < 0) {
		log_error(&err);
		return status ? status : EXIT_FAILURE;
	}
	return status;
}
