/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strerror(3) in the words that everybody knows, and that engines look for, whatever the C library: musl has others for
 * some.
 */
#ifndef TURTLE_BASE_ERRNO_TEXT_H
#define TURTLE_BASE_ERRNO_TEXT_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* error: a positive errno. */
static inline const char *errno_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} words[] = {
		{EADDRINUSE, "Address already in use"},
		{EADDRNOTAVAIL, "Cannot assign requested address"},
		{EBUSY, "Device or resource busy"},
		{ECHILD, "No child processes"},
		{EDEADLK, "Resource deadlock avoided"},
		{EDQUOT, "Disk quota exceeded"},
		{EIO, "Input/output error"},
		{ELOOP, "Too many levels of symbolic links"},
		{EMFILE, "Too many open files"},
		{EMSGSIZE, "Message too long"},
		{ENAMETOOLONG, "File name too long"},
		{ENETUNREACH, "Network is unreachable"},
		{ENOMEM, "Cannot allocate memory"},
		{ENOTCONN, "Transport endpoint is not connected"},
		{ENOTSOCK, "Socket operation on non-socket"},
		{ENOTTY, "Inappropriate ioctl for device"},
		{EOPNOTSUPP, "Operation not supported"},
		{EOVERFLOW, "Value too large for defined data type"},
		{ERANGE, "Numerical result out of range"},
		{ESPIPE, "Illegal seek"},
		{ETIME, "Timer expired"},
		{ETIMEDOUT, "Connection timed out"},
		{EUCLEAN, "Structure needs cleaning"},
		{EUSERS, "Too many users"},
		{EXDEV, "Invalid cross-device link"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].error == error)
			return words[i].text;
	return strerror(error);
}

#endif
