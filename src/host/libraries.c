/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of the libraries: see libraries.h. */
#include "host/libraries.h"

#include <seccomp.h>
#include <sys/capability.h>
#include <yajl/yajl_version.h>

struct library_version library_libseccomp(void)
{
	const struct scmp_version *version = seccomp_version();

	return (struct library_version){version->major, version->minor, version->micro};
}

struct library_version library_yajl(void)
{
	unsigned version = (unsigned)yajl_version();

	return (struct library_version){version / 10000, version / 100 % 100, version % 100};
}

struct library_version library_libcap(void)
{
	return (struct library_version){LIBCAP_MAJOR, LIBCAP_MINOR, 0};
}
