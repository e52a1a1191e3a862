/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the libraries that turtle is linked with. */
#ifndef TURTLE_HOST_LIBRARIES_H
#define TURTLE_HOST_LIBRARIES_H

struct library_version {
	unsigned major, minor, micro;
};

struct library_version library_libseccomp(void);
struct library_version library_yajl(void);

/* libcap can't be asked: this is the version of its headers (micro is 0). */
struct library_version library_libcap(void);

#endif
