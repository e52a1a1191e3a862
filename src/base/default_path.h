/* SPDX-License-Identifier: Apache-2.0 */
/* The PATH of who has none, on the host and in a container, and of the configuration that `spec` writes. */
#ifndef TURTLE_BASE_DEFAULT_PATH_H
#define TURTLE_BASE_DEFAULT_PATH_H

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#endif
