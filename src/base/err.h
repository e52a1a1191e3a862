/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error type of turtle. It has a fixed size and no pointers, so that it crosses from turtle-init to turtle
 * unchanged; both programs include this header, each has its own few functions behind it (turtle-init has no stdio).
 *
 * A function that can fail takes a struct err * last, fills it at the place where the failure is understood, and
 * returns the same negative errno. Callers on the way up may put words in front with err_wrap(). Nobody logs and
 * returns; main() prints the one record.
 */
#ifndef TURTLE_BASE_ERR_H
#define TURTLE_BASE_ERR_H

#include <stdint.h>

#define ERR_MSG_SIZE 1020

struct err {
	int32_t code; /* negative errno, 0 = no error */
	char msg[ERR_MSG_SIZE];
};

/*
 * err_set: the message is the formatted text, then ": " and the text of errno `code` (pass -errno).
 * err_msg: the formatted text alone, for conditions that no errno explains better.
 * err_wrap: puts the formatted text and ": " before the message that is there.
 * err_hint: appends " (text)".
 * All return err->code, so that `return err_set(err, -errno, "open %s", path);` is the idiom. err may be NULL.
 */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));
int err_msg(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

#endif
