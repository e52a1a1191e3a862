/* SPDX-License-Identifier: Apache-2.0 */
/* Init's end of the conversation drawn in sync/sync.h. */
#include "init/init.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

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

/* One message of descriptors, at most max of them; returns how many. */
static int take_batch(int sock, int *ret, unsigned max, struct err *err)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SYNC_MAX_FDS * sizeof(int))];
	} control;
	struct msghdr hdr = {.msg_control = control.buf};
	size_t size = sizeof(control.buf), n;
	struct sync_msg msg = {0};
	struct cmsghdr *cmsg;
	ssize_t got = receive(sock, &msg, control.buf, &size);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		gone();
	if (got < 0)
		return err_set(err, -errno, "receive descriptors");
	hdr.msg_controllen = (socklen_t)size;
	cmsg = CMSG_FIRSTHDR(&hdr);
	if ((size_t)got != SYNC_SHORT || msg.type != SYNC_FDS || msg.value <= 0)
		return err_msg(err, -EPROTO, "receive descriptors: another message came");
	n = cmsg && cmsg->cmsg_type == SCM_RIGHTS ? (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	/* The kernel passes those for which there is room. */
	if (n != (size_t)msg.value || n > max)
		return err_msg(err, -EMFILE, "receive descriptors: %u of %u arrived (is RLIMIT_NOFILE too low?)",
			       (unsigned)n, (unsigned)msg.value);
	memcpy(ret, CMSG_DATA(cmsg), n * sizeof(int));
	return (int)n;
}

static bool has_trees(const struct init_plan *plan)
{
	const struct plan_mount *mounts = plan_items(plan, plan->mounts, struct plan_mount);

	for (uint32_t i = 0; i < plan->mounts.n; i++)
		if (mounts[i].source_fd >= 0)
			return true;
	return plan->rootfs_fd >= 0;
}

/*
 * What comes after the joins. For an exec the root, where it is passed, and the host's procfs, which knows this process
 * as long as its pid namespace is the host's: one of our own would be that, or one in which more can be reached than in
 * the container's. For a new container the socket that the trees are in.
 */
static void sort_fds(struct init *init)
{
	unsigned at = init->plan->joins.n;

	if (init->plan->flags & PLAN_EXEC) {
		if (init->plan->rootfs_fd >= 0)
			init->root = take_fd(&init->fds[at++]);
		init->proc = take_fd(&init->fds[at]);
	} else if (at < init->n_fds) {
		init->trees.sock = take_fd(&init->fds[at]);
	}
}

int sync_take_fds(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	unsigned n = plan->joins.n;
	int r;

	n += plan->flags & PLAN_EXEC ? 1 + (plan->rootfs_fd >= 0) : has_trees(plan);
	if (n == 0)
		return 0;
	init->fds = pages(n * sizeof(int));
	if (!init->fds)
		return err_set(err, -errno, "allocate memory");
	for (; init->n_fds < n; init->n_fds += (unsigned)r) {
		r = take_batch(init->sync, init->fds + init->n_fds, n - init->n_fds, err);
		if (r < 0)
			return r;
	}
	sort_fds(init);
	return 0;
}

int sync_tree(struct init *init, int index, struct err *err)
{
	struct trees *trees = &init->trees;

	/* The mounts take them in their order, so all of the last message are used up. */
	if (trees->sock >= 0 && (unsigned)index == trees->next + trees->n) {
		int r = take_batch(trees->sock, trees->fds, SYNC_TREES, err);

		if (r < 0)
			return r;
		trees->next += trees->n;
		trees->n = (unsigned)r;
	}
	if (index < 0 || (unsigned)index - trees->next >= trees->n || trees->fds[(unsigned)index - trees->next] < 0)
		return err_msg(err, -EPROTO, "the plan refers to a tree (%d) that is not there", index);
	return take_fd(&trees->fds[(unsigned)index - trees->next]);
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

void sync_output(struct init *init, enum sync_type type, const char *bytes, size_t n)
{
	struct sync_msg msg = {.type = type, .value = (int32_t)n};

	memcpy(msg.err.msg, bytes, n);
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
