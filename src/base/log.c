/* SPDX-License-Identifier: Apache-2.0 */
/* Log records: see log.h. The formats are those that runc's callers parse (text of logrus, JSON with level/msg/time).
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The process has one log; before log_open it is stderr as text. */
static struct {
	int fd; /* -1 = stderr */
	enum log_format format;
	bool debug;
	const char *identifier; /* of records to a daemon, which fd is connected to; NULL: fd is a file */
	enum log_daemon daemon;
} target = {.fd = -1};

int log_open(const char *path, enum log_format format, bool debug, struct err *err)
{
	target.format = format;
	target.debug = debug;
	if (path && *path) {
		target.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
		if (target.fd < 0)
			return err_set(err, -errno, "open log file %s", path);
	}
	return 0;
}

int log_open_daemon(enum log_daemon daemon, const char *identifier, bool debug, struct err *err)
{
	static const struct sockaddr_un addresses[] = {
		[LOG_SYSLOG] = {.sun_family = AF_UNIX, .sun_path = "/dev/log"},
		[LOG_JOURNALD] = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"},
	};
	const struct sockaddr_un *address = &addresses[daemon];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	target.debug = debug;
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		return err_set(err, r, "connect to %s for the log", address->sun_path);
	}
	target.fd = fd;
	target.daemon = daemon;
	target.identifier = identifier;
	return 0;
}

/* JSON and the quoted text form escape alike, but for control characters that text spells \xNN. */
static void put_quoted(FILE *f, const char *s, bool json)
{
	fputc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", f);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, json ? "\\u%04x" : "\\x%02x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

/* As syslog(3) and sd_journal_send(3) do: one datagram. Nobody is left to be told when it does not arrive. */
static void tell_daemon(const char *level, const char *msg)
{
	const int priority = strcmp(level, "error") == 0 ? 3 : strcmp(level, "warning") == 0 ? 4 : 7, user = 1 << 3;
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;

	f = open_memstream(&text, &size);
	if (!f)
		return;
	if (target.daemon == LOG_SYSLOG) {
		fprintf(f, "<%d>%s[%d]: %s", user | priority, target.identifier, (int)getpid(), msg);
	} else {
		fprintf(f, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE", priority, target.identifier);
		/* What has several lines needs its length. */
		if (strchr(msg, '\n')) {
			uint64_t length = htole64(strlen(msg));

			fputc('\n', f);
			fwrite(&length, sizeof(length), 1, f);
		} else {
			fputc('=', f);
		}
		fprintf(f, "%s\n", msg);
	}
	if (fflush(f) == 0)
		(void)send(target.fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void record(const char *level, const char *msg)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;
	char when[CLOCK_TEXT_SIZE];
	struct timespec now;

	if (target.identifier) {
		tell_daemon(level, msg);
		return;
	}
	f = open_memstream(&line, &size);
	if (!f)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_text(&now, 0, when);
	if (target.format == LOG_JSON) {
		fprintf(f, "{\"level\":\"%s\",\"msg\":", level);
		put_quoted(f, msg, true);
		fprintf(f, ",\"time\":\"%s\"}\n", when);
	} else {
		fprintf(f, "time=\"%s\" level=%s msg=", when, level);
		put_quoted(f, msg, false);
		fputc('\n', f);
	}
	if (fflush(f) == 0)
		(void)fd_write_all(target.fd >= 0 ? target.fd : STDERR_FILENO, line, size);
}

/* One line for a person: whatever the message quotes, it can't make a second line or steer a terminal. */
static void bare(const char *msg)
{
	char line[ERR_MSG_SIZE * 4 + 16] = "turtle: ";
	size_t n = strlen(line);

	for (; *msg && n < sizeof(line) - 8; msg++) {
		unsigned char c = (unsigned char)*msg;

		if (c == '\n')
			n += (size_t)snprintf(line + n, sizeof(line) - n, "\\n");
		else if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "\\x%02x", c);
		else
			line[n++] = (char)c;
	}
	line[n++] = '\n';
	(void)fd_write_all(STDERR_FILENO, line, n);
}

void log_error(const struct err *err)
{
	/* By hand on a terminal or in a pipe, a person reads the bare message; a JSON record only where asked for. */
	if (target.fd >= 0 || target.format == LOG_JSON)
		record("error", err->msg);
	if (target.fd >= 0 || target.format == LOG_TEXT)
		bare(err->msg);
}

__attribute__((format(printf, 2, 0))) static void vrecord(const char *level, const char *fmt, va_list ap)
{
	_cleanup_free_ char *msg = NULL;

	if (target.debug && vasprintf(&msg, fmt, ap) >= 0)
		record(level, msg);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vrecord("warning", fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vrecord("debug", fmt, ap);
	va_end(ap);
}
