/* SPDX-License-Identifier: Apache-2.0 */
/* Log records: see log.h. The formats are those that runc's callers parse (text of logrus, JSON with level/msg/time).
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

/* The process has one log; before log_open it is stderr as text. */
static struct {
	int fd; /* -1 = stderr */
	enum log_format format;
	bool debug;
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

static void record(const char *level, const char *msg)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *f = NULL;
	size_t size = 0;
	char when[CLOCK_TEXT_SIZE];
	struct timespec now;

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
