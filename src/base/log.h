/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records go: stderr, the file of --log, as text or JSON, or a daemon that keeps logs. Engines read both (a JSON
 * log must hold exactly one object after a failure, with an RFC 3339 time), so: one error record on failure, nothing on
 * success; warnings and debug records only with --debug.
 */
#ifndef TURTLE_BASE_LOG_H
#define TURTLE_BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>

enum log_format { LOG_TEXT, LOG_JSON };
enum log_daemon { LOG_SYSLOG, LOG_JOURNALD };

/*
 * Opens the log. path NULL = stderr; a file is opened with O_APPEND|O_CREAT, mode 0644. Call once, from main.
 */
int log_open(const char *path, enum log_format format, bool debug, struct err *err);

/*
 * The same with a daemon, which dates records by itself and knows them by the identifier; that must stay there.
 */
int log_open_daemon(enum log_daemon daemon, const char *identifier, bool debug, struct err *err);

/* The one record of a failure: to the log, and the bare text also to stderr where the log is elsewhere. */
void log_error(const struct err *err);

/*
 * Something worth knowing that changes nothing. Written to the log only with --debug, so that a JSON log holds nothing
 * on success (podman parses the whole file as one object).
 */
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
