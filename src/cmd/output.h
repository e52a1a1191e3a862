/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: what a command prints is written in one piece, and what can't be written is an error. */
#ifndef TURTLE_CMD_OUTPUT_H
#define TURTLE_CMD_OUTPUT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Called before closed descriptors are replaced by /dev/null: tells whether standard output was open, so that printing
 * to a closed one fails as it should.
 */
void output_opened(bool open);

int output_write(const char *text, size_t size, struct err *err);

#endif
