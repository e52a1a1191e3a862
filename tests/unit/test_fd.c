/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that come over a socket, and directories. */
#include "scratch.h"
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int set_up(void **state)
{
	int *ends = calloc(2, sizeof(*ends));

	*state = ends;
	return ends ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) : -1;
}

static int tear_down(void **state)
{
	int *ends = *state;

	cleanup_close(&ends[0]);
	cleanup_close(&ends[1]);
	free(ends);
	return 0;
}

/* The number that the next descriptor has: higher when one has been left open. */
static int next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void test_receive(void **state)
{
	const int *ends = *state;
	int fd = 7, sent = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char text[4] = "";
	struct stat a, b;

	assert_int_equal(fd_send_fd(ends[0], sent, "abc", 3), 0);
	assert_int_equal(send(ends[0], "d", 1, 0), 1);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), &fd), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fstat(fd, &a) == 0 && fstat(sent, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	close(fd);
	close(sent);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), &fd), 1);
	assert_int_equal(fd, -1);
}

static void test_receive_too_long(void **state)
{
	const int *ends = *state;
	int fd = 7, before = next_descriptor();
	char text[2];

	assert_int_equal(fd_send_fd(ends[0], ends[0], "abc", 3), 0);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), &fd), -EMSGSIZE);
	assert_int_equal(fd, 7);
	/* What came with it is closed. */
	assert_int_equal(next_descriptor(), before);
}

/* Two at once are not what was asked for: none is taken, and none stays open. */
static void test_receive_two(void **state)
{
	const int *ends = *state;
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (char[]){"x"}, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd, before = next_descriptor();
	char text[2];

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(cmsg), ends, 2 * sizeof(int));
	assert_int_equal(sendmsg(ends[0], &msg, 0), 1);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), &fd), 1);
	assert_int_equal(fd, -1);
	assert_int_equal(next_descriptor(), before);
}

static void test_receive_end(void **state)
{
	int *ends = *state, fd;
	char text[2];

	cleanup_close(&ends[0]);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), &fd), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(fd_receive(-1, text, sizeof(text), &fd), -EBADF);
}

static void test_directory(void **state)
{
	struct scratch scratch;
	_cleanup_close_ int dir_fd = -1, file = -1;
	int before = next_descriptor(), names = 0;
	struct dirent *entry;
	DIR *dir = NULL;

	(void)state;
	assert_int_equal(scratch_make(&scratch), 0);
	dir_fd = open(scratch.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(dir_fd, "sub", 0755), 0);
	assert_int_equal(symlinkat("sub", dir_fd, "link"), 0);
	file = openat(dir_fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(fd_open_directory(dir_fd, "none", &dir), -ENOENT);
	assert_int_equal(fd_open_directory(dir_fd, "file", &dir), -ENOTDIR);
	assert_int_equal(fd_open_directory(dir_fd, "link", &dir), -ENOTDIR);
	assert_int_equal(fd_open_directory(-1, "sub", &dir), -EBADF);
	assert_null(dir);
	/* Each time from the beginning, whatever others have read of it. */
	for (int i = 0; i < 2; i++, names = 0) {
		assert_int_equal(fd_open_directory(dir_fd, ".", &dir), 0);
		while ((entry = readdir(dir)))
			names += entry->d_name[0] != '.';
		assert_int_equal(names, 3);
		closedir(dir);
	}
	cleanup_close(&dir_fd);
	cleanup_close(&file);
	dir_fd = file = -1;
	assert_int_equal(next_descriptor(), before);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_receive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_receive_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_receive_two, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_receive_end, set_up, tear_down),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
