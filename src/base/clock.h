/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as text: RFC 3339 in UTC. libc's way to it brings time zones along, which are a part of the binary's size. */
#ifndef TURTLE_BASE_CLOCK_H
#define TURTLE_BASE_CLOCK_H

#include <time.h>

#define CLOCK_TEXT_SIZE 64

/* "2026-01-31T12:00:00Z", with nine digits of nanoseconds before the Z where they are wanted. t is not before 1970. */
void clock_text(const struct timespec *t, int nanoseconds, char ret[static CLOCK_TEXT_SIZE]);

#endif
