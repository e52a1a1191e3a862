/* SPDX-License-Identifier: Apache-2.0 */
/* The small things that are done to a pty's master by the host side; the relay is in relay.c. */
#include "host/console.h"

#include "base/fd.h"

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int console_send(int sock, int master, struct err *err)
{
	static const char name[] = "/dev/ptmx";
	int r = fd_send_fd(sock, master, name, strlen(name));

	return r < 0 ? err_set(err, r, "send the terminal over the console socket") : 0;
}

void console_resize(int master)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct winsize size;

		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		/* A terminal that knows no size has nothing to say. */
		if (size.ws_row != 0 || size.ws_col != 0)
			(void)ioctl(master, TIOCSWINSZ, &size);
		return;
	}
}

bool console_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void console_adapt(int master)
{
	struct termios t;

	console_resize(master);
	if (console_is_interactive() || tcgetattr(master, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	(void)tcsetattr(master, TCSANOW, &t);
}
