/* SPDX-License-Identifier: Apache-2.0 */
/* Init's end of the conversation drawn in sync/sync.h. */
#include "init/init.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Room for many passed descriptors, until they are used up. */
static int raise_nofile(struct init *init, unsigned need, struct err *err)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_set(err, -errno, "get RLIMIT_NOFILE");
	if (limit.rlim_cur >= need)
		return 0;
	more = limit;
	more.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	if (prlimit(0, RLIMIT_NOFILE, &more, NULL) < 0)
		return err_set(err, -errno, "raise RLIMIT_NOFILE to %u", need);
	init->caller_nofile = limit.rlim_cur;
	return 0;
}

static ssize_t receive(int sock, struct sync_msg *msg, void *control, size_t *control_size)
{
	struct iovec iov = {.iov_base = msg, .iov_len = SYNC_SHORT};
	struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	ssize_t n;

	if (control_size)
		hdr.msg_controllen = (socklen_t)*control_size;
	do
		n = recvmsg(sock, &hdr, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (control_size)
		*control_size = hdr.msg_controllen;
	return n;
}

/* The other side is gone: nobody is left to be told, and no container is wanted. */
static _Noreturn void gone(void)
{
	leave(1);
}

static int take_batch(struct init *init, unsigned at, struct err *err)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control;
	struct msghdr hdr = {.msg_control = control.buf};
	size_t size = sizeof(control.buf), n;
	struct sync_msg msg = {0};
	struct cmsghdr *cmsg;
	ssize_t got = receive(init->sync, &msg, control.buf, &size);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		gone();
	if (got < 0)
		return err_set(err, -errno, "receive descriptors");
	hdr.msg_controllen = (socklen_t)size;
	cmsg = CMSG_FIRSTHDR(&hdr);
	if ((size_t)got != SYNC_SHORT || msg.type != SYNC_FDS || !cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return err_msg(err, -EPROTO, "receive descriptors: there were none (is RLIMIT_NOFILE too low?)");
	n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n != (size_t)msg.value || n > init->n_fds - at)
		return err_msg(err, -EMFILE, "receive descriptors: %u arrived instead of %u", (unsigned)n,
			       (unsigned)msg.value);
	memcpy(init->fds + at, CMSG_DATA(cmsg), n * sizeof(int));
	return (int)n;
}

/* How many trees the plan speaks of: the highest index, plus one. */
static unsigned count_trees(const struct init_plan *plan)
{
	const struct plan_mount *mounts = plan_items(plan, plan->mounts, struct plan_mount);
	int highest = plan->rootfs_fd;

	for (uint32_t i = 0; i < plan->mounts.n; i++)
		if (mounts[i].source_fd > highest)
			highest = mounts[i].source_fd;
	return highest < 0 ? 0 : (unsigned)highest + 1;
}

/*
 * The host's procfs, which knows this process as long as its pid namespace is the host's: one of our own would be that,
 * or one in which more can be reached than in the container's.
 */
static void take_proc(struct init *init)
{
	if (init->plan->flags & PLAN_EXEC)
		init->proc = take_fd(&init->fds[init->n_fds - 1]);
}

int sync_take_fds(struct init *init, struct err *err)
{
	unsigned n = init->plan->joins.n + count_trees(init->plan) + (init->plan->flags & PLAN_EXEC ? 1 : 0);
	int r;

	if (n == 0)
		return 0;
	r = raise_nofile(init, n + 3 + init->plan->preserve_fds + 32, err);
	if (r < 0)
		return r;
	init->fds = pages(n * sizeof(int));
	if (!init->fds)
		return err_set(err, -errno, "allocate memory");
	init->n_fds = n;
	for (unsigned at = 0; at < n; at += (unsigned)r) {
		r = take_batch(init, at, err);
		if (r < 0)
			return r;
		if (r == 0)
			return err_msg(err, -EPROTO, "receive descriptors: an empty message");
	}
	take_proc(init);
	return 0;
}

int sync_tree(struct init *init, int index, struct err *err)
{
	unsigned at = init->plan->joins.n + (unsigned)index;

	if (index < 0 || at >= init->n_fds || init->fds[at] < 0)
		return err_msg(err, -EPROTO, "the plan refers to a tree (%d) that is not there", index);
	return take_fd(&init->fds[at]);
}

/* write(2) and not send(2): the last messages are sent under the container's seccomp filter. */
int sync_send(struct init *init, enum sync_type type, struct err *err)
{
	const struct sync_msg msg = {.type = type};
	ssize_t n;

	do
		n = write(init->sync, &msg, SYNC_SHORT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EPIPE)
		gone();
	return n < 0 ? err_set(err, -errno, "tell turtle (message %u)", (unsigned)type) : 0;
}

void sync_error(struct init *init, const struct err *err)
{
	struct sync_msg msg = {.type = init->hook_failed ? SYNC_HOOK_ERROR : SYNC_ERROR, .err = *err};

	if (init->sync < 0)
		return;
	if (init->words) {
		*init->words = *err;
		return;
	}
	while (write(init->sync, &msg, sizeof(msg)) < 0 && errno == EINTR)
		;
}

int sync_send_fd(struct init *init, enum sync_type type, int value, int fd, struct err *err)
{
	struct sync_msg msg = {.type = type, .value = value};
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = &msg, .iov_len = SYNC_SHORT};
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&hdr);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	do
		n = sendmsg(init->sync, &hdr, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EPIPE)
		gone();
	return n < 0 ? err_set(err, -errno, "pass a descriptor to turtle") : 0;
}

/* A page in a memory file; -1 where it can't be had, or only with a signal. */
static int make_words(struct init *init)
{
	_cleanup_close_ int fd = -1;
	struct rlimit limit;
	void *page;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < sizeof(*init->words))
		return -1;
	fd = sys_memfd_create("turtle-words", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, sizeof(*init->words)) < 0)
		return -1;
	page = mmap(NULL, sizeof(*init->words), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -1;
	init->words = page;
	return take_fd(&fd);
}

/*
 * The last that turtle hears, unless execve fails. If the filter may forbid to say so, turtle gets the memory in which
 * we will write it, and looks there at the end of file. The program has neither the memory nor its descriptor.
 */
int sync_exec(struct init *init, struct err *err)
{
	_cleanup_close_ int words = init->plan->flags & PLAN_MUTE ? make_words(init) : -1;

	return words < 0 ? sync_send(init, SYNC_EXEC, err) : sync_send_fd(init, SYNC_EXEC, 0, words, err);
}

int sync_wait(struct init *init, enum sync_type type, struct err *err)
{
	struct sync_msg msg = {0};
	ssize_t n = receive(init->sync, &msg, NULL, NULL);

	if (n == 0 || (n < 0 && errno == ECONNRESET))
		gone();
	if (n < 0)
		return err_set(err, -errno, "hear from turtle");
	if ((size_t)n != SYNC_SHORT || msg.type != type)
		return err_msg(err, -EPROTO, "turtle sent message %u instead of %u", msg.type, (unsigned)type);
	return 0;
}

/* Out of the way of the descriptors that the program is to get, some of which may not be open. */
static int keep_start(struct init *init, int sock, struct err *err)
{
	int first = 3 + (int)init->plan->preserve_fds;

	init->sync = sock;
	if (sock >= first)
		return 0;
	init->sync = fcntl(sock, F_DUPFD_CLOEXEC, first);
	if (init->sync < 0) {
		init->sync = sock;
		return err_set(err, -errno, "move a descriptor");
	}
	close(sock);
	return 0;
}

/*
 * Waits for `start`. The socket's directory is closed to everybody but its owner, but a start may be killed after it
 * has connected: such a connection ends without a word, and the next one is as good.
 */
int sync_accept_start(struct init *init, struct err *err)
{
	close_fd(&init->sync);
	for (;;) {
		struct sync_msg msg = {0};
		int sock = accept4(init->listen, NULL, NULL, SOCK_CLOEXEC);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return err_set(err, -errno, "accept the connection of start");
		if (receive(sock, &msg, NULL, NULL) == (ssize_t)SYNC_SHORT && msg.type == SYNC_START) {
			close_fd(&init->listen);
			return keep_start(init, sock, err);
		}
		close(sock);
	}
}
