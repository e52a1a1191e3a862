/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay: see relay.h. Three things about terminals shape it:
 *
 *   - The caller's descriptors are shared with other processes (the shell, the rest of a pipeline), so O_NONBLOCK must
 *     not be set on them. Pipes and terminals are opened a second time instead; where that is not allowed, the write
 *     after a poll is kept small.
 *   - A master whose other side nobody has open reports POLLHUP without end and reads EIO, also when a program in the
 *     container only closed its terminal to open it again. We keep the other side open ourselves, so that the end of
 *     the container, and not the state of the pty, is the end of the relay.
 *   - After init's end other processes may still hold the pty (no pid namespace): what is read from then on is bounded
 *     by what a pty can hold.
 */
#include "host/relay.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* More than the kernel buffers in a pty (8 KiB in flight and 4 KiB in the line discipline). */
#define PTY_HOLDS (128u * 1024)

/* Fits whatever POLLOUT promises. */
#define SMALL_WRITE 512u

/* ---- Buffers ---------------------------------------------------------------------------------------------- */

static size_t pending(const struct relay_buffer *b)
{
	return b->end - b->start;
}

/* Makes the free space one piece at the end; returns its size. */
static size_t make_space(struct relay_buffer *b)
{
	if (b->start > 0) {
		memmove(b->bytes, b->bytes + b->start, pending(b));
		b->end -= b->start;
		b->start = 0;
	}
	return sizeof(b->bytes) - b->end;
}

static bool has_space(const struct relay_buffer *b)
{
	return pending(b) < sizeof(b->bytes);
}

static void consume(struct relay_buffer *b, size_t n)
{
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

static void clear(struct relay_buffer *b)
{
	b->start = b->end = 0;
}

/* ---- The caller's side ------------------------------------------------------------------------------------ */

static struct relay_end open_end(int fd, int mode)
{
	struct relay_end end = {.fd = fd};
	char path[32];
	struct stat st;
	int again, number;

	if (fstat(fd, &st) < 0) {
		end.fd = -1;
		return end;
	}
	end.sock = S_ISSOCK(st.st_mode);
	end.calm = end.sock || S_ISREG(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		return end;
	/* Opening a pty's master again would make another pty. */
	if (ioctl(fd, TIOCGPTN, &number) == 0)
		return end;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0) {
		end.fd = again;
		end.own = true;
		end.calm = true;
	}
	return end;
}

static void close_end(struct relay_end *end)
{
	if (end->own && end->fd >= 0)
		close(end->fd);
	*end = (struct relay_end){.fd = -1};
}

/* Temporary conditions of a descriptor that does not block. */
static bool not_now(int error)
{
	return error == EAGAIN || error == EINTR;
}

static ssize_t receive(const struct relay_end *in, void *buf, size_t size)
{
	pid_t foreground;
	sigset_t ttin;
	ssize_t n;

	if (in->sock)
		return recv(in->fd, buf, size, MSG_DONTWAIT);
	n = read(in->fd, buf, size);
	if (n >= 0 || errno != EIO)
		return n;
	/*
	 * Reading from the terminal in the background, with SIGTTIN blocked, is EIO. With it let through the kernel
	 * stops us as it would any other program, until the shell brings us to the foreground.
	 */
	foreground = tcgetpgrp(in->fd);
	if (foreground < 0 || foreground == getpgrp()) {
		errno = EIO;
		return -1;
	}
	sigemptyset(&ttin);
	sigaddset(&ttin, SIGTTIN);
	sigprocmask(SIG_UNBLOCK, &ttin, NULL);
	n = read(in->fd, buf, size);
	foreground = errno;
	sigprocmask(SIG_BLOCK, &ttin, NULL);
	errno = foreground;
	return n;
}

static void read_input(struct relay *r)
{
	size_t space = make_space(&r->to_master);
	ssize_t n = receive(&r->in, r->to_master.bytes + r->to_master.end, space);

	if (n > 0) {
		r->to_master.end += (size_t)n;
		r->in_line = r->to_master.bytes[r->to_master.end - 1] != '\n';
	} else if (n == 0 || !not_now(errno)) {
		close_end(&r->in);
		r->in_eof = true;
	}
}

/*
 * A terminal has no end of file, but a character for it. Behind an unfinished line it only hands the line over, so it
 * takes a second one there.
 */
static void put_eof(struct relay *r)
{
	struct termios t;

	r->in_eof = false;
	if (tcgetattr(r->real_master, &t) < 0 || t.c_cc[VEOF] == _POSIX_VDISABLE)
		return;
	for (int i = 0; i < (r->in_line && (t.c_lflag & ICANON) ? 2 : 1); i++)
		r->to_master.bytes[r->to_master.end++] = (char)t.c_cc[VEOF];
}

/* ---- The container's side --------------------------------------------------------------------------------- */

/* Nobody reads stdout: for the container its terminal is gone, as a pipe would be broken. */
static void hang_up(struct relay *r)
{
	relay_discard(r);
	if (!r->ended) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0) {
			(void)dup3(null, r->real_master, O_CLOEXEC);
			close(null);
		}
	}
}

static void read_master(struct relay *r)
{
	size_t space = make_space(&r->to_out);
	ssize_t n;

	if (r->ended && space > r->remaining)
		space = r->remaining;
	n = space > 0 ? read(r->master, r->to_out.bytes + r->to_out.end, space) : 0;
	if (n > 0) {
		r->to_out.end += (size_t)n;
		if (r->ended)
			r->remaining -= (size_t)n;
	} else if (r->ended) {
		if (n == 0 || errno != EINTR)
			r->master = -1;
	} else if (n == 0 || !not_now(errno)) {
		r->stalled = true;
	}
}

/* To the end, or until the buffer is full: poll can't tell that there is no more, only read can. */
static void drain_master(struct relay *r)
{
	while (r->ended && r->master >= 0 && has_space(&r->to_out))
		read_master(r);
}

static void write_master(struct relay *r)
{
	ssize_t n = write(r->master, r->to_master.bytes + r->to_master.start, pending(&r->to_master));

	if (n > 0)
		consume(&r->to_master, (size_t)n);
	else if (n < 0 && !not_now(errno))
		clear(&r->to_master);
}

static void write_output(struct relay *r)
{
	size_t size = pending(&r->to_out);
	const char *from = r->to_out.bytes + r->to_out.start;
	ssize_t n;

	if (!r->out.calm && size > SMALL_WRITE)
		size = SMALL_WRITE;
	n = r->out.sock ? send(r->out.fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL) : write(r->out.fd, from, size);
	if (n >= 0)
		consume(&r->to_out, (size_t)n);
	else if (!not_now(errno))
		hang_up(r);
}

/* ---- The whole -------------------------------------------------------------------------------------------- */

int relay_open(struct relay *r, int master, int in, int out, struct err *err)
{
	int flags = fcntl(master, F_GETFL);

	/* The master is ours alone. */
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set(err, -errno, "use the container's terminal");
	r->master = r->real_master = master;
	r->peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	r->in = open_end(in, O_RDONLY);
	r->out = open_end(out, O_WRONLY);
	r->in_eof = r->in.fd < 0;
	r->in_line = r->ended = r->stalled = false;
	r->remaining = PTY_HOLDS;
	clear(&r->to_master);
	clear(&r->to_out);
	if (r->out.fd < 0)
		hang_up(r);
	else if (r->in_eof)
		put_eof(r);
	return 0;
}

/* What can't be used now is not waited for at all, since POLLHUP and POLLERR can't be left out otherwise. */
void relay_poll(struct relay *r, struct pollfd *fds)
{
	short events = 0;

	fds[RELAY_IN] = (struct pollfd){.fd = has_space(&r->to_master) ? r->in.fd : -1, .events = POLLIN};
	fds[RELAY_OUT] = (struct pollfd){.fd = r->out.fd, .events = pending(&r->to_out) ? POLLOUT : 0};
	if (!r->ended && !r->stalled) {
		if (has_space(&r->to_out))
			events |= POLLIN;
		if (pending(&r->to_master))
			events |= POLLOUT;
	}
	fds[RELAY_MASTER] = (struct pollfd){.fd = events ? r->master : -1, .events = events};
}

void relay_run(struct relay *r, const struct pollfd *fds)
{
	const short gone = POLLERR | POLLHUP | POLLNVAL;
	bool writable = fds[RELAY_OUT].fd >= 0 && (fds[RELAY_OUT].revents & POLLOUT);

	if (fds[RELAY_OUT].fd >= 0 && (fds[RELAY_OUT].revents & gone)) {
		hang_up(r);
		return;
	}
	if (fds[RELAY_IN].fd >= 0 && fds[RELAY_IN].revents && r->in.fd >= 0)
		read_input(r);
	if (r->in_eof && !pending(&r->to_master) && r->master >= 0 && !r->ended)
		put_eof(r);
	if (r->master >= 0 && !r->ended && fds[RELAY_MASTER].fd >= 0 && (fds[RELAY_MASTER].revents & (POLLIN | gone)) &&
	    has_space(&r->to_out))
		read_master(r);
	if (r->master >= 0 && pending(&r->to_master))
		write_master(r);
	if (pending(&r->to_out) && (writable || r->out.own || r->out.sock))
		write_output(r);
	drain_master(r);
}

void relay_end(struct relay *r)
{
	r->ended = true;
	close_end(&r->in);
	clear(&r->to_master);
	drain_master(r);
}

bool relay_done(const struct relay *r)
{
	return r->ended && r->master < 0 && !pending(&r->to_out);
}

void relay_discard(struct relay *r)
{
	close_end(&r->in);
	close_end(&r->out);
	cleanup_close(&r->peer);
	r->peer = -1;
	r->master = -1;
	r->in_eof = false;
	clear(&r->to_master);
	clear(&r->to_out);
}

void relay_close(struct relay *r)
{
	relay_discard(r);
}
