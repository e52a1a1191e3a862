/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals, as people and engines write them. */
#ifndef TURTLE_BASE_SIGNALS_H
#define TURTLE_BASE_SIGNALS_H

/*
 * A signal out of text: a number from 0 (which only asks whether the process is there) to the highest one, or a name
 * with or without SIG, in any case; RTMIN+N and RTMAX-N too. Returns 0 or -EINVAL; *ret untouched on failure.
 */
int signal_parse(const char *text, int *ret);

#endif
