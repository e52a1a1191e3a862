/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors: whole reads and writes (EINTR and short counts handled), small files, sealed memory files, and passing
 * descriptors over sockets. Sizes are bytes. Functions return 0 (or a count / descriptor) or a negative errno.
 */
#ifndef TURTLE_BASE_FD_H
#define TURTLE_BASE_FD_H

#include "base/err.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads until end of file or size bytes; returns the count. */
ssize_t fd_read_all(int fd, void *buf, size_t size);

/* Writes everything. */
int fd_write_all(int fd, const void *buf, size_t size);

/* Reads from fd up to its end, the same way as fd_read_file(). */
int fd_read_rest(int fd, size_t max, char **ret, size_t *ret_size);

/*
 * Reads the whole file `path` below dirfd (AT_FDCWD for the caller's tree) into malloc'ed *ret, NUL-terminated; the
 * caller frees it. -EFBIG when it is larger than max bytes. ret_size may be NULL.
 */
int fd_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);

/* One open, one write, of an existing file, as kernel interfaces want it; -errno of whichever failed. */
int fd_write_file(int dirfd, const char *path, const void *buf, size_t size);

/* Opens the directory at path below dirfd, which is no link, for reading; the caller ends with closedir(3). */
int fd_open_directory(int dirfd, const char *path, DIR **ret);

/*
 * A memory file with this content that nobody can change any more (F_SEAL_SEAL|SHRINK|GROW|WRITE). executable: it
 * will be executed (matters with sysctl vm.memfd_noexec). Returns a descriptor with O_CLOEXEC that the caller owns.
 */
int fd_sealed_memfd(const char *name, const void *buf, size_t size, int executable, struct err *err);

/*
 * Connects to the SOCK_STREAM unix socket at path (any length: long ones go through a descriptor of the directory).
 * what names it in messages ("console socket"). Returns a descriptor that the caller owns.
 * Connecting, and sending by it, take ten seconds at most.
 */
int fd_connect_unix(const char *path, const char *what, struct err *err);

/* Sends one message with one descriptor (SCM_RIGHTS), as console, pidfd and seccomp sockets want it. */
int fd_send_fd(int sock, int fd, const void *payload, size_t size);

/*
 * Receives one message, and in *ret_fd the one descriptor that came with it, the caller's to close, or -1; of more
 * than one it takes none. Returns the message's size, 0 at the end of the conversation; -EMSGSIZE when it is longer
 * than there is room for.
 */
ssize_t fd_receive(int sock, void *payload, size_t size, int *ret_fd);

/* Whether the process of a pidfd has ended, be it reaped or not. */
bool fd_pidfd_has_ended(int pidfd);

/*
 * Leaves exactly the inherited descriptors 3 .. 3+n-1 open for programs that are executed: later ones get O_CLOEXEC,
 * and closed ones among them are occupied by a placeholder with O_CLOEXEC, so that no descriptor of ours lands there.
 * Ours are told from inherited ones by O_CLOEXEC, which no inherited one has. -EINVAL when n is beyond RLIMIT_NOFILE.
 */
int fd_preserve(unsigned n, struct err *err);

/* Makes sure that 0, 1 and 2 are open (on /dev/null where they were closed), so that no file of ours lands there. */
int fd_open_stdio(struct err *err);

#endif
