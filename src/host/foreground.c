/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container in the foreground: one loop over the signals that come to turtle, the end of the container's init, and
 * the relay of its terminal. Signals are blocked and read as data, so nothing here is interrupted, and nothing is lost
 * between the clone and the loop.
 */
#include "host/console.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "host/notify.h"
#include "host/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What must be put back. */
struct saved {
	sigset_t mask;
	struct sigaction chld;
	struct termios terminal;
};

struct wait {
	struct foreground *fg;
	pid_t pid;
	int pidfd, master, status;
	bool ended;
	struct relay *relay; /* NULL without a terminal */
};

int foreground_prepare(struct foreground *ret, struct err *err)
{
	/* A caller that ignores SIGCHLD hands that on, and then the kernel keeps no exit status for us. */
	struct sigaction chld = {.sa_handler = SIG_DFL};
	_cleanup_free_ struct saved *saved = calloc(1, sizeof(*saved));
	sigset_t all;
	int fd;

	if (!saved)
		return err_set(err, -ENOMEM, "prepare to forward signals");
	/* sigfillset(3) leaves out those that libc keeps for itself. */
	memset(&all, 0xff, sizeof(all));
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_set(err, -errno, "prepare to forward signals");
	sigprocmask(SIG_SETMASK, &all, &saved->mask);
	sigaction(SIGCHLD, &chld, &saved->chld);
	*ret = (struct foreground){.signal_fd = fd, .saved = TAKE_PTR(saved)};
	return 0;
}

/* The shell and we may both have changed the terminal: on the way in, and again when it has continued us. */
static void make_raw(struct foreground *fg)
{
	struct saved *saved = fg->saved;
	struct termios t;
	sigset_t ttou;

	if (!fg->raw && tcgetattr(STDIN_FILENO, &saved->terminal) < 0)
		return;
	t = saved->terminal;
	cfmakeraw(&t);
	/* Where our output goes elsewhere, somebody else writes to this terminal and relies on line ends. */
	if (!console_is_interactive())
		t.c_oflag = saved->terminal.c_oflag;
	/* In the background the shell's settings must stay: let the kernel stop us until we are in front. */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_UNBLOCK, &ttou, NULL);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0)
		fg->raw = true;
	sigprocmask(SIG_BLOCK, &ttou, NULL);
}

void foreground_finish(struct foreground *fg)
{
	struct saved *saved = fg->saved;
	struct signalfd_siginfo info;

	if (!saved)
		return;
	if (fg->raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved->terminal);
	/* They were for the container, which is gone; a SIGPIPE of ours must not end us now either. */
	while (read(fg->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	close(fg->signal_fd);
	sigaction(SIGCHLD, &saved->chld, NULL);
	sigprocmask(SIG_SETMASK, &saved->mask, NULL);
	free(saved);
	*fg = (struct foreground){.signal_fd = -1};
}

static void forward(struct wait *w, int sig)
{
	if (!w->ended) {
		/* It may just be gone; then its status is the next thing that we see. */
		(void)sys_pidfd_send_signal(w->pidfd, sig);
		return;
	}
	/* Only somebody who does not read keeps us. */
	if (w->relay && (sig == SIGHUP || sig == SIGINT || sig == SIGQUIT || sig == SIGTERM))
		relay_discard(w->relay);
}

static void handle_signal(struct wait *w, int sig)
{
	switch (sig) {
	case SIGCHLD: /* the loop reaps anyway */
	case SIGPIPE: /* of our own writes; they fail too */
	case SIGURG:
		return;
	case SIGWINCH:
		if (w->relay)
			console_resize(w->master);
		else
			forward(w, sig);
		return;
	case SIGCONT:
		if (w->fg->raw) {
			make_raw(w->fg);
			console_resize(w->master);
		}
		break;
	}
	forward(w, sig);
}

static void read_signals(struct wait *w)
{
	struct signalfd_siginfo info[8];
	ssize_t n;

	while ((n = read(w->fg->signal_fd, info, sizeof(info))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(info[0]); i++)
			handle_signal(w, (int)info[i].ssi_signo);
}

/* Init, and whoever became our child because its parent ended (subreaper). */
static int reap(struct wait *w, struct err *err)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

		if (pid == 0 || (pid < 0 && errno == ECHILD && w->ended))
			return 0;
		if (pid < 0 && errno != EINTR)
			return err_set(err, -errno, "wait for the container's init (process %d)", w->pid);
		if (pid != w->pid)
			continue;
		w->ended = true;
		w->status = status;
		if (w->relay)
			relay_end(w->relay);
	}
}

/* A service manager that has gone is no reason to leave the container alone. */
static void look_ready(struct wait *w)
{
	struct err why;

	if (notify_look(w->fg->notify, &why) < 0)
		log_warning("%s", why.msg);
}

static int loop(struct wait *w, struct err *err)
{
	enum { SIGNALS = RELAY_N, CHILD, READY, N };
	struct pollfd fds[N] = {0};

	for (int i = 0; i < RELAY_N; i++)
		fds[i].fd = -1;
	while (!w->ended || (w->relay && !relay_done(w->relay))) {
		fds[SIGNALS] = (struct pollfd){.fd = w->fg->signal_fd, .events = POLLIN};
		fds[CHILD] = (struct pollfd){.fd = w->ended ? -1 : w->pidfd, .events = POLLIN};
		fds[READY] = (struct pollfd){.fd = w->fg->notify ? w->fg->notify->container : -1, .events = POLLIN};
		if (w->relay)
			relay_poll(w->relay, fds);
		if (poll(fds, N, -1) < 0) {
			/* Let through for job control, see make_raw. */
			if (errno == EINTR)
				continue;
			return err_set(err, -errno, "wait for the container");
		}
		if (fds[SIGNALS].revents)
			read_signals(w);
		if (fds[READY].revents)
			look_ready(w);
		if (w->relay)
			relay_run(w->relay, fds);
		if (fds[SIGNALS].revents || fds[CHILD].revents) {
			int r = reap(w, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int foreground_wait(struct foreground *fg, pid_t pid, int pidfd, int master, int *ret_status, struct err *err)
{
	struct wait w = {.fg = fg, .pid = pid, .pidfd = pidfd, .master = master};
	_cleanup_free_ struct relay *relay = NULL;
	int r;

	if (master >= 0) {
		relay = malloc(sizeof(*relay));
		if (!relay)
			return err_set(err, -ENOMEM, "use the container's terminal");
		/* It may have changed since the pty was made. */
		console_resize(master);
		r = relay_open(relay, master, STDIN_FILENO, STDOUT_FILENO, err);
		if (r < 0)
			return r;
		w.relay = relay;
		if (isatty(STDIN_FILENO))
			make_raw(fg);
	}
	r = loop(&w, err);
	if (w.relay)
		relay_close(w.relay);
	if (r < 0)
		return r;
	*ret_status = w.status;
	return 0;
}
