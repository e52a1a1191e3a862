/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: see fd.h. */
#include "base/fd.h"

#include "base/mem.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

/* For whoever is to take a connection, or a message. */
#define PEER_SECONDS 10

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

ssize_t fd_read_all(int fd, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_write_all(int fd, const void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int fd_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd_read_rest(fd, max, ret, ret_size);
}

int fd_read_rest(int fd, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *buf = NULL;
	size_t room = 4096, used = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* Files of procfs have no size; real ones take one read. */
	if (st.st_size > 0)
		room = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	for (;;) {
		char *grown = realloc(buf, room + 2);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		buf = grown;
		n = fd_read_all(fd, buf + used, room + 1 - used);
		if (n < 0)
			return (int)n;
		used += (size_t)n;
		if (used <= room)
			break;
		if (room >= max)
			return -EFBIG;
		room = room * 2 < max ? room * 2 : max;
	}
	if (used > max)
		return -EFBIG;
	buf[used] = '\0';
	*ret = TAKE_PTR(buf);
	if (ret_size)
		*ret_size = used;
	return 0;
}

int fd_write_file(int dirfd, const char *path, const void *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int fd_open_directory(int dirfd, const char *path, DIR **ret)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	*ret = dir;
	return 0;
}

int fd_sealed_memfd(const char *name, const void *buf, size_t size, int executable, struct err *err)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	_cleanup_close_ int fd = -1;
	int r;

	fd = sys_memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
	/* Kernels before 6.3 know neither flag. */
	if (fd < 0 && errno == EINVAL)
		fd = sys_memfd_create(name, flags);
	if (fd < 0) {
		r = err_set(err, -errno, "create memory file %s", name);
		if (r == -EACCES && executable)
			err_hint(err, "sysctl vm.memfd_noexec is 2");
		return r;
	}
	r = fd_write_all(fd, buf, size);
	if (r < 0)
		return err_set(err, r, "write memory file %s", name);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_set(err, -errno, "seal memory file %s", name);
	return TAKE_FD(fd);
}

int fd_connect_unix(const char *path, const char *what, struct err *err)
{
	const struct timeval patience = {.tv_sec = PEER_SECONDS};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int sock = -1, dir = -1;
	const char *target = path;
	char via[64 + 256];

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_set(err, -errno, "create a socket for %s %s", what, path);
	/* Whoever listens there may have stopped looking: connect(2) then waits for room among those that wait. */
	if (setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return err_set(err, -errno, "limit the time for %s %s", what, path);
	if (strlen(path) >= sizeof(sa.sun_path)) {
		const char *slash = strrchr(path, '/');
		_cleanup_free_ char *parent = NULL;

		if (!slash || strlen(slash + 1) > 80)
			return err_set(err, -ENAMETOOLONG, "connect to %s %s", what, path);
		parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
		if (!parent)
			return err_set(err, -ENOMEM, "connect to %s %s", what, path);
		dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_set(err, -errno, "connect to %s %s", what, path);
		snprintf(via, sizeof(via), "/proc/self/fd/%d/%s", dir, slash + 1);
		target = via;
	}
	memcpy(sa.sun_path, target, strlen(target) + 1);
	if (path[0] == '\0')
		return err_msg(err, -EINVAL, "connect to %s: the path is empty", what);
	if (connect(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_set(err, errno == EAGAIN ? -ETIMEDOUT : -errno, "connect to %s %s", what, path);
	return TAKE_FD(sock);
}

int fd_send_fd(int sock, int fd, const void *payload, size_t size)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)payload, .iov_len = size};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n == size ? 0 : -EIO;
}

ssize_t fd_receive(int sock, void *payload, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = payload, .iov_len = size};
	/* Not CMSG_SPACE: in the padding there would be room for a second one, which nobody would close. */
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = CMSG_LEN(sizeof(int))};
	_cleanup_close_ int fd = -1;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&fd, CMSG_DATA(c), sizeof(int));
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	*ret_fd = msg.msg_flags & MSG_CTRUNC ? -1 : TAKE_FD(fd);
	return n;
}

int fd_open_stdio(struct err *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		int null;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is fd itself, since all below it are open by now. */
		null = open("/dev/null", O_RDWR);
		if (null < 0)
			return err_set(err, -errno, "open /dev/null in place of closed descriptor %d", fd);
	}
	return 0;
}

int fd_preserve(unsigned n, struct err *err)
{
	_cleanup_close_ int null = -1;
	struct rlimit limit;

	if (n > INT32_MAX - 3)
		return err_msg(err, -EINVAL, "cannot preserve %u descriptors", n);
	if (sys_close_range(3 + n, ~0u, CLOSE_RANGE_CLOEXEC) < 0) {
		err_set(err, -errno, "close_range");
		return err_hint(err, "turtle needs Linux 5.12 or later");
	}
	if (n > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && n > limit.rlim_cur)
		return err_msg(err, -EINVAL, "cannot preserve %u descriptors: the limit of open files is %llu", n,
			       (unsigned long long)limit.rlim_cur);
	for (int fd = 3; fd < 3 + (int)n; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (null < 0)
			null = open("/dev/null", O_PATH | O_CLOEXEC);
		if (null < 0)
			return err_set(err, -errno, "open /dev/null");
		if (null == fd) {
			null = -1; /* it is its own placeholder */
			continue;
		}
		if (dup3(null, fd, O_CLOEXEC) < 0) {
			err_set(err, -errno, "preserve %u descriptors", n);
			return err_hint(err, "see RLIMIT_NOFILE");
		}
	}
	return 0;
}

bool fd_pidfd_has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}
