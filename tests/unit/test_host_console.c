/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreground containers without a container: a "turtle" process that has a child on a pty (or on its own stdio) and
 * does what host_run does with it. The tests are its caller: they hold the other ends of its stdin and stdout, be it
 * pipes, files, sockets or a terminal, and see what goes in, what comes out, and with which status it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"
#include "host/console.h"

/* ---- The container's process ------------------------------------------------------------------------------ */

static void say(const char *text)
{
	if (fd_write_all(1, text, strlen(text)) < 0)
		_exit(90);
}

/* What the signals that were sent did; see child_signals. */
static void say_number(const char *what, int number)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %d\n", what, number);
	say(text);
}

static int child_zero(void)
{
	return 0;
}

static int child_seven(void)
{
	return 7;
}

static int child_kill(void)
{
	return raise(SIGKILL);
}

static int child_hello(void)
{
	say("hello\nworld\n");
	return 0;
}

static int child_wait(void)
{
	say("ready\n");
	pause();
	return 0;
}

/* Echoes lines until end of file. */
static int child_lines(void)
{
	char line[256];
	struct termios t;
	ssize_t n;

	tcgetattr(0, &t);
	t.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(0, TCSANOW, &t);
	say("ready\n");
	while ((n = read(0, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		say("[");
		say(line);
		say("]");
	}
	say("eof\n");
	return 0;
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)((i * 2654435761u) >> 13);
}

#define MIB (1u << 20)

static void make_raw(int fd)
{
	struct termios t;

	tcgetattr(fd, &t);
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

static int child_writes_mib(void)
{
	_cleanup_free_ uint8_t *bytes = malloc(MIB);

	make_raw(0);
	for (size_t i = 0; i < MIB; i++)
		bytes[i] = pattern(i);
	return fd_write_all(1, bytes, MIB) < 0;
}

static int child_reads_mib(void)
{
	_cleanup_free_ uint8_t *bytes = malloc(MIB);
	ssize_t n;

	make_raw(0);
	say("ready\n");
	n = fd_read_all(0, bytes, MIB);
	if (n != (ssize_t)MIB)
		return 1;
	for (size_t i = 0; i < MIB; i++)
		if (bytes[i] != pattern(i))
			return 2;
	return 0;
}

static void flood(void)
{
	char line[1024];

	memset(line, 'y', sizeof(line));
	while (write(1, line, sizeof(line)) >= 0)
		;
}

/* A writer may learn of the hangup a moment before its signal arrives. */
static int child_floods(void)
{
	flood();
	pause();
	return 55;
}

/* As much as a pty holds, and gone. */
static int child_last_words(void)
{
	char text[3001];

	memset(text, 'w', 3000);
	text[3000] = '\0';
	say(text);
	return 0;
}

static int child_window(void)
{
	struct winsize size;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++) {
		ioctl(0, TIOCGWINSZ, &size);
		say_number("rows", size.ws_row);
		say_number("columns", size.ws_col);
		sigwait(&set, &sig);
	}
	return 0;
}

/* Names each signal that comes; ends after SIGUSR1. */
static int child_signals(void)
{
	sigset_t set;
	int sig;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	say("ready\n");
	do {
		sigwait(&set, &sig);
		say_number("signal", sig);
	} while (sig != SIGUSR1);
	return 0;
}

/* With ISIG of its own pty: ^C becomes a signal there. */
static int child_interrupted(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready\n");
	sigwait(&set, &sig);
	say_number("signal", sig);
	return 0;
}

/*
 * The end of a session's leader hangs its terminal up for all. So what leaves a process on the pty is a leader that has
 * given the terminal up.
 */
static void keep_terminal_for_others(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGCONT, SIG_IGN);
	if (ioctl(0, TIOCNOTTY) < 0)
		_exit(93);
}

static int child_leaves_holder(void)
{
	keep_terminal_for_others();
	if (fork() == 0) {
		alarm(30);
		for (;;)
			pause();
	}
	say("bye\n");
	return 3;
}

static int child_leaves_flooder(void)
{
	int pipefd[2];
	char c;

	keep_terminal_for_others();
	if (pipe(pipefd) < 0)
		return 91;
	if (fork() == 0) {
		alarm(30);
		if (write(pipefd[1], "x", 1) == 1)
			flood();
		_exit(0);
	}
	if (read(pipefd[0], &c, 1) != 1)
		return 92;
	return 4;
}

/* Orphans: they go to turtle, and are gone for good only when it has reaped them. */
static int child_orphans(void)
{
	int pipefd[2];

	if (pipe(pipefd) < 0)
		return 91;
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork(), orphan;

		if (pid == 0) {
			orphan = fork();
			if (orphan != 0)
				_exit(write(pipefd[1], &orphan, sizeof(orphan)) != sizeof(orphan));
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (read(pipefd[0], &orphan, sizeof(orphan)) != sizeof(orphan))
			return 92;
		for (int tries = 0; kill(orphan, 0) == 0; tries++) {
			if (tries == 10000)
				return 74;
			poll(NULL, 0, 1);
		}
	}
	return 0;
}

/* Closes its terminal for good and opens it again by name. */
static int child_reopens(void)
{
	char name[128];
	int fd;

	if (ttyname_r(0, name, sizeof(name)) != 0)
		return 91;
	say("before\n");
	tcdrain(1);
	for (int i = 0; i < 3; i++)
		close(i);
	poll(NULL, 0, 100);
	fd = open(name, O_RDWR);
	if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		return 92;
	say("after\n");
	pause();
	return 0;
}

/* What a getty does. */
static int child_hangs_up(void)
{
	char name[128];
	int fd;

	signal(SIGHUP, SIG_IGN);
	if (ttyname_r(0, name, sizeof(name)) != 0)
		return 91;
	say("before\n");
	if (vhangup() < 0)
		return 77;
	poll(NULL, 0, 200);
	fd = open(name, O_RDWR);
	if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		return 92;
	say("after\n");
	return 0;
}

/* ---- turtle ----------------------------------------------------------------------------------------------- */

struct options {
	int (*child)(void);
	bool terminal;
	bool controlling;  /* stdin is to be the controlling terminal of turtle */
	int signal_before; /* sent to turtle itself before it waits */
	bool bad_master;
};

struct turtle {
	pid_t pid;
	int in, out;    /* our ends of its stdin and stdout */
	int child_gone; /* at end of file when the child (and whoever it left) is gone */
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(80);
}

static pid_t start_child(const struct options *o, int *ret_master)
{
	int master = -1, slave = -1;
	char name[64];
	pid_t pid;

	if (o->terminal) {
		master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
		    ptsname_r(master, name, sizeof(name)) != 0)
			die("make a pty");
		slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (slave < 0)
			die("open a pty");
		console_adapt(master);
	}
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		setsid();
		if (o->terminal) {
			ioctl(slave, TIOCSCTTY, 0);
			for (int i = 0; i < 3; i++)
				dup2(slave, i);
			close(slave);
			close(master);
		}
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(o->child());
	}
	cleanup_close(&slave);
	*ret_master = master;
	return pid;
}

/* Exit status: that of the container, 128+N for a signal, 70 and up when something is wrong with turtle. */
static int turtle_main(const struct options *o)
{
	sigset_t before, after;
	struct sigaction chld;
	struct foreground fg;
	struct err err = {0};
	int master, pidfd, status = 0, r;
	pid_t pid;

	if (o->controlling) {
		setsid();
		if (ioctl(0, TIOCSCTTY, 0) < 0)
			die("take the terminal");
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, NULL, &before);
	if (foreground_prepare(&fg, &err) < 0)
		die(err.msg);
	pid = start_child(o, &master);
	pidfd = sys_pidfd_open(pid, 0);
	if (pidfd < 0)
		die("pidfd_open");
	if (o->signal_before)
		raise(o->signal_before);
	if (o->bad_master) {
		kill(pid, SIGKILL);
		close(master);
	}
	r = foreground_wait(&fg, pid, pidfd, master, &status, &err);
	raise(SIGTERM); /* too late: must be dropped */
	foreground_finish(&fg);
	foreground_finish(&fg);
	sigprocmask(SIG_SETMASK, NULL, &after);
	sigaction(SIGCHLD, NULL, &chld);
	if (memcmp(&before, &after, sizeof(long)) != 0 || chld.sa_handler != SIG_IGN)
		return 71;
	if (r < 0)
		return o->bad_master ? 72 : 73;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* in, out: what becomes its stdin and stdout; closed here. */
static struct turtle start_on(const struct options *o, int in, int out)
{
	struct turtle t = {.in = -1, .out = -1};
	int gone[2];

	assert_int_equal(pipe(gone), 0);
	t.pid = fork();
	assert_true(t.pid >= 0);
	if (t.pid == 0) {
		alarm(60);
		dup2(in, 0);
		dup2(out, 1);
		sys_close_range(3, (unsigned)gone[1] - 1, 0);
		sys_close_range((unsigned)gone[1] + 1, ~0u, 0);
		_exit(turtle_main(o));
	}
	close(in);
	if (out != in)
		close(out);
	close(gone[1]);
	t.child_gone = gone[0];
	return t;
}

static struct turtle start(const struct options *o)
{
	int in[2], out[2];
	struct turtle t;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	t = start_on(o, in[0], out[1]);
	t.in = in[1];
	t.out = out[0];
	return t;
}

/* The outer terminal: turtle's stdin and stdout are its slave, we are who sits at it. */
static struct turtle start_at_terminal(struct options *o, unsigned short rows, unsigned short columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct turtle t;
	char name[64];

	assert_true(master >= 0);
	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	o->terminal = o->controlling = true;
	t = start_on(o, slave, slave);
	t.in = dup(master);
	t.out = master;
	return t;
}

/* Reads what still comes and waits for the end. Our side of stdin stays open. */
static int finish(struct turtle *t)
{
	int status, pidfd = sys_pidfd_open(t->pid, 0);
	char dropped[4096];

	assert_true(pidfd >= 0);
	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = t->out, .events = POLLIN}};

		assert_true(poll(fds, 2, -1) > 0);
		if (fds[0].revents)
			break;
		if (read(t->out, dropped, sizeof(dropped)) <= 0) {
			cleanup_close(&t->out);
			t->out = -1;
		}
	}
	close(pidfd);
	cleanup_close(&t->in);
	cleanup_close(&t->out);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	close(t->child_gone);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* All output until the end of file. */
static char *read_rest(struct turtle *t, size_t *ret_size)
{
	size_t room = 4 * MIB, used = 0;
	char *text = malloc(room + 1);
	ssize_t n;

	assert_non_null(text);
	/* The end of a pty is an error. */
	while (used < room && (n = read(t->out, text + used, room - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	if (ret_size)
		*ret_size = used;
	return text;
}

/* Reads until the text comes, byte by byte; the rest stays where it is. */
static void expect(struct turtle *t, const char *text)
{
	size_t at = 0, n = strlen(text);
	char seen[4096], c;
	size_t used = 0;

	while (at < n) {
		if (read(t->out, &c, 1) != 1) {
			seen[used] = '\0';
			fail_msg("end of output before \"%s\": \"%s\"", text, seen);
		}
		if (used < sizeof(seen) - 1)
			seen[used++] = c;
		seen[used] = '\0';
		at = used >= n && memcmp(seen + used - n, text, n) == 0 ? n : 0;
	}
}

static double cpu_seconds(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A process that waits uses no time; one that spins uses all of it. */
static void assert_idle(pid_t pid)
{
	double before, after;

	poll(NULL, 0, 100);
	before = cpu_seconds(pid);
	poll(NULL, 0, 400);
	after = cpu_seconds(pid);
	if (after - before > 0.1)
		fail_msg("%.0f ms of processor time in 400 ms of waiting", (after - before) * 1000);
}

static void until_child_gone(struct turtle *t)
{
	char c;

	assert_int_equal(read(t->child_gone, &c, 1), 0);
}

/* ---- console_send ----------------------------------------------------------------------------------------- */

static void test_send(void **state)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control;
	char payload[4096];
	struct iovec iov = {payload, sizeof(payload)};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	int pair[2], master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), got, number;
	const struct cmsghdr *c = &control.align;
	struct err err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(console_send(pair[0], master, &err), 0);
	close(pair[0]);
	assert_int_equal(recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC), strlen("/dev/ptmx"));
	assert_memory_equal(payload, "/dev/ptmx", strlen("/dev/ptmx"));
	assert_true(msg.msg_controllen >= sizeof(*c));
	assert_int_equal(c->cmsg_type, SCM_RIGHTS);
	assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(&control.align), sizeof(got));
	assert_int_equal(ioctl(got, TIOCGPTN, &number), 0);
	/* and nothing more */
	assert_int_equal(read(pair[1], payload, sizeof(payload)), 0);
	close(got);
	close(master);
	close(pair[1]);
}

static void test_send_to_nobody(void **state)
{
	int pair[2], master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct err err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(console_send(pair[0], master, &err), -EPIPE);
	assert_string_equal(err.msg, "send the terminal over the console socket: Broken pipe");
	close(pair[0]);
	close(master);
}

/* ---- Status ----------------------------------------------------------------------------------------------- */

static void status_case(int (*child)(void), bool terminal, int expected)
{
	struct options o = {.child = child, .terminal = terminal};
	struct turtle t = start(&o);

	free(read_rest(&t, NULL));
	assert_int_equal(finish(&t), expected);
}

static void test_status(void **state)
{
	status_case(child_zero, false, 0);
	status_case(child_seven, false, 7);
	status_case(child_kill, false, 128 + SIGKILL);
}

static void test_status_with_terminal(void **state)
{
	status_case(child_zero, true, 0);
	status_case(child_seven, true, 7);
	status_case(child_kill, true, 128 + SIGKILL);
}

static void test_reaps_orphans(void **state)
{
	status_case(child_orphans, false, 0);
}

/* ---- Output ----------------------------------------------------------------------------------------------- */

static void test_output_to_pipe(void **state)
{
	struct options o = {.child = child_hello, .terminal = true};
	struct turtle t = start(&o);
	_cleanup_free_ char *text = read_rest(&t, NULL);

	assert_string_equal(text, "hello\nworld\n");
	assert_int_equal(finish(&t), 0);
}

static void test_output_to_file(void **state)
{
	struct options o = {.child = child_hello, .terminal = true};
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	struct turtle t;
	char text[64] = "";

	assert_int_equal(write(file, "kept\n", 5), 5);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	t = start_on(&o, open("/dev/null", O_RDONLY | O_CLOEXEC), dup(file));
	assert_int_equal(finish(&t), 0);
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	/* the shared offset is where the output ended, as with any program */
	assert_int_equal(lseek(file, 0, SEEK_CUR), strlen("kept\nhello\nworld\n"));
	assert_string_equal(text, "kept\nhello\nworld\n");
	close(file);
}

static void test_output_to_socket(void **state)
{
	struct options o = {.child = child_writes_mib, .terminal = true};
	_cleanup_free_ char *text = NULL;
	struct turtle t;
	int pair[2];
	size_t size;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	t = start_on(&o, pair[0], pair[0]);
	t.out = pair[1];
	text = read_rest(&t, &size);
	assert_int_equal(size, MIB);
	for (size_t i = 0; i < MIB; i++)
		if ((uint8_t)text[i] != pattern(i))
			fail_msg("byte %zu differs", i);
	assert_int_equal(finish(&t), 0);
}

static void test_output_to_terminal(void **state)
{
	struct options o = {.child = child_hello};
	struct turtle t = start_at_terminal(&o, 24, 80);
	_cleanup_free_ char *text = read_rest(&t, NULL);

	/* once CR, not twice and not never */
	assert_string_equal(text, "hello\r\nworld\r\n");
	assert_int_equal(finish(&t), 0);
}

static void test_mib_to_slow_reader(void **state)
{
	struct options o = {.child = child_writes_mib, .terminal = true};
	struct turtle t = start(&o);
	uint8_t piece[700];
	size_t total = 0;
	ssize_t n;

	assert_true(fcntl(t.out, F_SETPIPE_SZ, 4096) > 0);
	assert_idle(t.pid); /* the pipe is full by now */
	while ((n = read(t.out, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (piece[i] != pattern(total + (size_t)i))
				fail_msg("byte %zu differs", total + (size_t)i);
		total += (size_t)n;
	}
	assert_int_equal(total, MIB);
	assert_int_equal(finish(&t), 0);
}

/* Output of processes that end at once must not be lost. */
static void test_last_words(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct options o = {.child = child_last_words, .terminal = true};
		struct turtle t = start(&o);
		_cleanup_free_ char *text = NULL;
		size_t size;

		text = read_rest(&t, &size);
		assert_int_equal(size, 3000);
		assert_int_equal(finish(&t), 0);
	}
}

static void fill(int fd)
{
	static const char zeros[65536];
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static struct turtle start_full(const struct options *o, size_t *ret_filled)
{
	int in[2], out[2], held;
	struct turtle t;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fill(out[1]);
	assert_int_equal(ioctl(out[0], FIONREAD, &held), 0);
	*ret_filled = (size_t)held;
	t = start_on(o, in[0], out[1]);
	t.in = in[1];
	t.out = out[0];
	return t;
}

static void test_stopped_reader(void **state)
{
	struct options o = {.child = child_last_words, .terminal = true};
	_cleanup_free_ char *text = NULL;
	size_t filled, size;
	struct turtle t = start_full(&o, &filled);

	/* The child is gone, its words are still to be delivered, and it waits without a sound. */
	assert_idle(t.pid);
	text = read_rest(&t, &size);
	assert_int_equal(size, filled + 3000);
	assert_int_equal(text[filled], 'w');
	assert_int_equal(text[size - 1], 'w');
	assert_int_equal(finish(&t), 0);
}

static void test_stopped_reader_and_a_signal(void **state)
{
	struct options o = {.child = child_last_words, .terminal = true};
	size_t filled;
	struct turtle t = start_full(&o, &filled);
	int pidfd = sys_pidfd_open(t.pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	assert_true(pidfd >= 0);
	/* The first ones may still go to the container. */
	for (int i = 0; i < 100 && poll(&p, 1, 50) == 0; i++)
		kill(t.pid, SIGTERM);
	assert_int_equal(poll(&p, 1, 0), 1);
	close(pidfd);
	assert_in_set(finish(&t), ((unsigned long[]){0, 128 + SIGTERM}), 2);
}

static void test_idle_while_blocked(void **state)
{
	struct options o = {.child = child_floods, .terminal = true};
	size_t filled;
	struct turtle t = start_full(&o, &filled);

	assert_idle(t.pid);
	kill(t.pid, SIGKILL);
	finish(&t);
}

static void test_idle_with_blocked_input(void **state)
{
	struct options o = {.child = child_wait, .terminal = true};
	struct turtle t = start(&o);

	expect(&t, "ready\n");
	fill(t.in);
	assert_idle(t.pid);
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
}

static void test_idle_at_end_of_input(void **state)
{
	struct options o = {.child = child_wait, .terminal = true};
	struct turtle t = start(&o);

	expect(&t, "ready\n");
	close(t.in);
	t.in = -1;
	assert_idle(t.pid);
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
}

/* As a pipe that breaks ends a program, so does a terminal that is gone. */
static void test_dead_reader(void **state)
{
	struct options o = {.child = child_floods, .terminal = true};
	struct turtle t = start(&o);
	char c;

	assert_int_equal(read(t.out, &c, 1), 1);
	close(t.out);
	t.out = -1;
	assert_int_equal(finish(&t), 128 + SIGHUP);
}

static void test_dead_reader_of_a_silent_child(void **state)
{
	struct options o = {.child = child_wait, .terminal = true};
	struct turtle t = start(&o);

	expect(&t, "ready\n");
	close(t.out);
	t.out = -1;
	assert_int_equal(finish(&t), 128 + SIGHUP);
}

/* ---- Input ------------------------------------------------------------------------------------------------ */

static void input_case(const char *input, const char *output)
{
	struct options o = {.child = child_lines, .terminal = true};
	struct turtle t = start(&o);
	_cleanup_free_ char *text = NULL;

	expect(&t, "ready\n");
	assert_int_equal(fd_write_all(t.in, input, strlen(input)), 0);
	close(t.in);
	t.in = -1;
	text = read_rest(&t, NULL);
	assert_string_equal(text, output);
	assert_int_equal(finish(&t), 0);
}

static void test_input_and_its_end(void **state)
{
	input_case("one\n", "[one\n]eof\n");
	input_case("one\ntwo\n", "[one\n][two\n]eof\n");
	input_case("", "eof\n");
}

static void test_unfinished_line(void **state)
{
	input_case("one\ntw", "[one\n][tw]eof\n");
}

static void test_input_from_null(void **state)
{
	struct options o = {.child = child_lines, .terminal = true};
	int out[2];
	struct turtle t;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	t = start_on(&o, open("/dev/null", O_RDONLY | O_CLOEXEC), out[1]);
	t.out = out[0];
	expect(&t, "eof\n");
	assert_int_equal(finish(&t), 0);
}

static void test_input_from_file(void **state)
{
	struct options o = {.child = child_lines, .terminal = true};
	int out[2], file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct turtle t;

	assert_int_equal(write(file, "line\n", 5), 5);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	t = start_on(&o, file, out[1]);
	t.out = out[0];
	expect(&t, "line\n");
	expect(&t, "eof\n");
	assert_int_equal(finish(&t), 0);
}

static void test_mib_of_input(void **state)
{
	struct options o = {.child = child_reads_mib, .terminal = true};
	_cleanup_free_ uint8_t *bytes = malloc(MIB);
	struct turtle t = start(&o);

	for (size_t i = 0; i < MIB; i++)
		bytes[i] = pattern(i);
	expect(&t, "ready\n");
	assert_int_equal(fd_write_all(t.in, bytes, MIB), 0);
	assert_int_equal(finish(&t), 0);
}

static void test_interrupt_character(void **state)
{
	struct options o = {.child = child_interrupted};
	struct turtle t = start_at_terminal(&o, 24, 80);

	expect(&t, "ready\r\n");
	assert_int_equal(write(t.in, "\003", 1), 1);
	/* the inner terminal echoes it and sends the signal; turtle itself saw none */
	expect(&t, "signal 2\r\n");
	assert_int_equal(finish(&t), 0);
}

/* ---- The caller's terminal and descriptors ------------------------------------------------------------------ */

static void test_raw_and_back(void **state)
{
	struct options o = {.child = child_wait};
	struct turtle t = start_at_terminal(&o, 24, 80);
	struct termios during, after;
	int slave, outer = dup(t.out);
	char name[64];

	assert_int_equal(ptsname_r(outer, name, sizeof(name)), 0);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	expect(&t, "ready\r\n");
	assert_int_equal(tcgetattr(slave, &during), 0);
	assert_int_equal(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_int_equal(during.c_oflag & OPOST, 0);
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(after.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	assert_int_equal(after.c_oflag & (OPOST | ONLCR), OPOST | ONLCR);
	close(slave);
	close(outer);
}

/* turtle run | tee: tee writes to the terminal, and counts on it. */
static void test_output_processing_stays_for_others(void **state)
{
	struct options o = {.child = child_wait, .terminal = true};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave, out[2];
	struct termios during;
	struct turtle t;
	char name[64];

	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	t = start_on(&o, dup(slave), out[1]);
	t.out = out[0];
	expect(&t, "ready\n"); /* no CR for a pipe */
	/* The relay runs, so the terminal has been changed. */
	assert_int_equal(tcgetattr(slave, &during), 0);
	assert_int_equal(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_int_equal(during.c_oflag & (OPOST | ONLCR), OPOST | ONLCR);
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
	close(slave);
	close(master);
}

static void test_terminal_restored_after_failure(void **state)
{
	struct options o = {.child = child_wait, .bad_master = true};
	struct turtle t = start_at_terminal(&o, 24, 80);
	struct termios after;
	int slave, outer = dup(t.out);
	char name[64];

	assert_int_equal(ptsname_r(outer, name, sizeof(name)), 0);
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(finish(&t), 72);
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(after.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	close(slave);
	close(outer);
}

static void test_flags_of_shared_descriptors(void **state)
{
	struct options o = {.child = child_wait, .terminal = true};
	int in[2], out[2], their_in, their_out;
	struct turtle t;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	their_in = dup(in[0]);
	their_out = dup(out[1]);
	t = start_on(&o, in[0], out[1]);
	t.in = in[1];
	t.out = out[0];
	expect(&t, "ready\n");
	assert_int_equal(fcntl(their_in, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(their_out, F_GETFL) & O_NONBLOCK, 0);
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
	assert_int_equal(fcntl(their_in, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(their_out, F_GETFL) & O_NONBLOCK, 0);
	close(their_in);
	close(their_out);
}

static void test_window_size(void **state)
{
	struct options o = {.child = child_window};
	struct turtle t = start_at_terminal(&o, 31, 97);
	struct winsize size = {.ws_row = 50, .ws_col = 132};

	expect(&t, "rows 31\r\ncolumns 97\r\n");
	assert_int_equal(ioctl(t.out, TIOCSWINSZ, &size), 0);
	expect(&t, "rows 50\r\ncolumns 132\r\n");
	size.ws_row = 5;
	assert_int_equal(ioctl(t.out, TIOCSWINSZ, &size), 0);
	expect(&t, "rows 5\r\ncolumns 132\r\n");
	size.ws_row = 6;
	assert_int_equal(ioctl(t.out, TIOCSWINSZ, &size), 0);
	assert_int_equal(finish(&t), 0);
}

static void test_caller_hangs_up(void **state)
{
	struct options o = {.child = child_wait};
	struct turtle t = start_at_terminal(&o, 24, 80);

	expect(&t, "ready\r\n");
	close(t.in);
	close(t.out);
	t.in = t.out = -1;
	assert_int_equal(finish(&t), 128 + SIGHUP);
}

/* ---- The container's terminal ----------------------------------------------------------------------------- */

static void test_process_that_holds_the_terminal(void **state)
{
	struct options o = {.child = child_leaves_holder, .terminal = true};
	struct turtle t = start(&o);

	expect(&t, "bye\n");
	assert_int_equal(finish(&t), 3);
}

/* Read slowly, so that there is always more to come. */
static void test_process_that_floods_the_terminal(void **state)
{
	struct options o = {.child = child_leaves_flooder, .terminal = true};
	struct turtle t = start(&o);
	char piece[4096];
	size_t total = 0;
	ssize_t n;

	assert_true(fcntl(t.out, F_SETPIPE_SZ, 4096) > 0);
	while ((n = read(t.out, piece, sizeof(piece))) > 0) {
		total += (size_t)n;
		assert_in_range(total, 0, MIB);
		poll(NULL, 0, 2);
	}
	assert_int_equal(finish(&t), 4);
}

static void test_terminal_closed_and_opened(void **state)
{
	struct options o = {.child = child_reopens, .terminal = true};
	struct turtle t = start(&o);

	expect(&t, "before\n");
	expect(&t, "after\n"); /* while it still runs */
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
}

static void test_terminal_hung_up_and_opened(void **state)
{
	struct options o = {.child = child_hangs_up, .terminal = true};
	struct turtle t = start(&o);
	_cleanup_free_ char *text = read_rest(&t, NULL);
	int status = finish(&t);

	if (status == 77)
		skip(); /* no CAP_SYS_TTY_CONFIG */
	assert_int_equal(status, 0);
	/* A hang-up drops what was not read yet, and takes the settings back to the first ones. */
	assert_true(strcmp(text, "before\nafter\r\n") == 0 || strcmp(text, "after\r\n") == 0);
}

/* ---- Signals ---------------------------------------------------------------------------------------------- */

static void test_signals_are_forwarded(void **state)
{
	const int signals[] = {SIGTERM, SIGINT,  SIGHUP,  SIGQUIT, SIGUSR2, SIGALRM, SIGABRT, SIGSEGV,
			       SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGIO,   SIGPWR,  SIGSYS,  SIGRTMIN + 3};
	struct options o = {.child = child_signals};
	struct turtle t = start(&o);
	char line[64];

	expect(&t, "ready\n");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		assert_int_equal(kill(t.pid, signals[i]), 0);
		snprintf(line, sizeof(line), "signal %d\n", signals[i]);
		expect(&t, line);
	}
	kill(t.pid, SIGUSR1);
	assert_int_equal(finish(&t), 0);
}

static void test_signals_that_are_ours(void **state)
{
	struct options o = {.child = child_signals};
	struct turtle t = start(&o);
	_cleanup_free_ char *text = NULL;
	char expected[64];

	expect(&t, "ready\n");
	kill(t.pid, SIGURG);
	kill(t.pid, SIGPIPE);
	kill(t.pid, SIGCHLD);
	/* Signals come in the order of their numbers: this one behind the three. */
	kill(t.pid, SIGWINCH);
	snprintf(expected, sizeof(expected), "signal %d\n", SIGWINCH);
	text = malloc(strlen(expected) + 1);
	assert_non_null(text);
	assert_int_equal(fd_read_all(t.out, text, strlen(expected)), strlen(expected));
	text[strlen(expected)] = '\0';
	assert_string_equal(text, expected);
	kill(t.pid, SIGUSR1);
	assert_int_equal(finish(&t), 0);
}

static void test_winch_without_a_terminal(void **state)
{
	struct options o = {.child = child_signals};
	struct turtle t = start(&o);
	char line[64];

	expect(&t, "ready\n");
	kill(t.pid, SIGWINCH);
	snprintf(line, sizeof(line), "signal %d\n", SIGWINCH);
	expect(&t, line);
	kill(t.pid, SIGUSR1);
	assert_int_equal(finish(&t), 0);
}

static void test_signal_with_terminal(void **state)
{
	struct options o = {.child = child_signals, .terminal = true};
	struct turtle t = start(&o);
	char line[64];

	expect(&t, "ready\n");
	kill(t.pid, SIGTERM);
	snprintf(line, sizeof(line), "signal %d\n", SIGTERM);
	expect(&t, line);
	kill(t.pid, SIGUSR1);
	assert_int_equal(finish(&t), 0);
}

static void test_early_signal(void **state)
{
	struct options o = {.child = child_wait, .signal_before = SIGTERM};
	struct turtle t = start(&o);

	assert_int_equal(finish(&t), 128 + SIGTERM);
}

static void test_signal_storm(void **state)
{
	struct options o = {.child = child_window};
	struct turtle t = start_at_terminal(&o, 10, 10);
	struct winsize size = {.ws_row = 20, .ws_col = 20};

	expect(&t, "rows 10\r\ncolumns 10\r\n");
	for (int i = 0; i < 5000; i++)
		kill(t.pid, SIGWINCH);
	/* all of one size: the container hears of none of them */
	assert_int_equal(ioctl(t.out, TIOCSWINSZ, &size), 0);
	expect(&t, "rows 20\r\ncolumns 20\r\n");
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 128 + SIGTERM);
}

static void test_stdin_ends_before_the_child(void **state)
{
	struct options o = {.child = child_orphans, .terminal = true};
	struct turtle t = start(&o);

	close(t.in);
	t.in = -1;
	until_child_gone(&t);
	assert_int_equal(finish(&t), 0);
}

static int guard(void **state)
{
	alarm(60);
	/* nohup(1) would have the children outlive their terminals. */
	signal(SIGHUP, SIG_DFL);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, guard)
		T(test_send),
		T(test_send_to_nobody),
		T(test_status),
		T(test_status_with_terminal),
		T(test_reaps_orphans),
		T(test_output_to_pipe),
		T(test_output_to_file),
		T(test_output_to_socket),
		T(test_output_to_terminal),
		T(test_mib_to_slow_reader),
		T(test_last_words),
		T(test_stopped_reader),
		T(test_stopped_reader_and_a_signal),
		T(test_idle_while_blocked),
		T(test_idle_with_blocked_input),
		T(test_idle_at_end_of_input),
		T(test_dead_reader),
		T(test_dead_reader_of_a_silent_child),
		T(test_input_and_its_end),
		T(test_unfinished_line),
		T(test_input_from_null),
		T(test_input_from_file),
		T(test_mib_of_input),
		T(test_interrupt_character),
		T(test_raw_and_back),
		T(test_output_processing_stays_for_others),
		T(test_terminal_restored_after_failure),
		T(test_flags_of_shared_descriptors),
		T(test_window_size),
		T(test_caller_hangs_up),
		T(test_process_that_holds_the_terminal),
		T(test_process_that_floods_the_terminal),
		T(test_terminal_closed_and_opened),
		T(test_terminal_hung_up_and_opened),
		T(test_signals_are_forwarded),
		T(test_signals_that_are_ours),
		T(test_winch_without_a_terminal),
		T(test_signal_with_terminal),
		T(test_early_signal),
		T(test_signal_storm),
		T(test_stdin_ends_before_the_child),
	};

	return cmocka_run_group_tests_name("host console", tests, NULL, NULL);
}
