/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink: see netlink.h. */
#include "host/netlink.h"

#include "base/errno_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel fills at most 32 KiB of a dump at once; one link with all it has is less. */
static _Alignas(struct nlmsghdr) char answers[32 * 1024];
static uint32_t last_seq;

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
					    .nlmsg_type = type,
					    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)};
	memcpy(request->bytes + NLMSG_HDRLEN, fixed, size);
}

void netlink_put(struct netlink_request *request, uint16_t attribute, const void *data, size_t size)
{
	const struct nlattr header = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = attribute};
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);

	if (size > sizeof(request->bytes) || at + NLA_HDRLEN + NLA_ALIGN(size) > sizeof(request->bytes)) {
		request->failed = -EMSGSIZE;
		return;
	}
	memcpy(request->bytes + at, &header, sizeof(header));
	memcpy(request->bytes + at + NLA_HDRLEN, data, size);
	request->header.nlmsg_len = (uint32_t)(at + NLA_HDRLEN + size);
}

void netlink_put_string(struct netlink_request *request, uint16_t attribute, const char *s)
{
	netlink_put(request, attribute, s, strlen(s) + 1);
}

const struct nlattr *netlink_next(const struct nlmsghdr *message, size_t size, const struct nlattr *at)
{
	const char *end = (const char *)message + message->nlmsg_len;
	const char *next = at ? (const char *)at + NLA_ALIGN(at->nla_len)
			      : (const char *)message + NLMSG_HDRLEN + NLMSG_ALIGN(size);
	const struct nlattr *found = (const void *)next;

	if (next > end || end - next < NLA_HDRLEN)
		return NULL;
	return found->nla_len >= NLA_HDRLEN && found->nla_len <= end - next ? found : NULL;
}

const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t size, uint16_t attribute)
{
	const struct nlattr *at = NULL;

	while ((at = netlink_next(message, size, at)))
		if ((at->nla_type & NLA_TYPE_MASK) == attribute)
			return at;
	return NULL;
}

const char *netlink_text(const struct nlmsghdr *message, size_t size, uint16_t attribute)
{
	const struct nlattr *found = netlink_find(message, size, attribute);

	return found && memchr(netlink_data(found), '\0', netlink_size(found)) ? netlink_data(found) : "";
}

int netlink_prepare(int sock, struct err *err)
{
	static const int options[] = {NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK};
	const int on = 1;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(sock, SOL_NETLINK, options[i], &on, sizeof(on)) < 0)
			return err_set(err, -errno, "set option %d of a netlink socket", options[i]);
	return 0;
}

/* An error, an acknowledgement (0), or the end of a dump: each begins with a number. The kernel's words follow. */
static int judge(const struct nlmsghdr *message, struct err *err)
{
	size_t fixed = message->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
	const char *why = "";
	int code = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(code)))
		return 0;
	memcpy(&code, (const char *)message + NLMSG_HDRLEN, sizeof(code));
	if (code >= 0)
		return 0;
	/* The request itself is not repeated (NETLINK_CAP_ACK) but for its header. */
	if (message->nlmsg_flags & NLM_F_ACK_TLVS && message->nlmsg_len >= NLMSG_LENGTH(fixed))
		why = netlink_text(message, fixed, NLMSGERR_ATTR_MSG);
	err_msg(err, code, "%s", errno_text(-code));
	return why[0] ? err_hint(err, "%s", why) : code;
}

/* One read full of answers. Returns 1 when the kernel has said the last word, and 0 when there is more to come. */
static int read_answers(int sock, uint32_t seq, bool *changed, netlink_take *take, void *arg, struct err *err)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = answers, .iov_len = sizeof(answers)};
	struct msghdr hdr = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(sock, &hdr, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, -errno, "hear from the kernel (rtnetlink)");
	if (hdr.msg_flags & MSG_TRUNC)
		return err_msg(err, -EMSGSIZE, "an answer of the kernel (rtnetlink) is too long");
	/* In a namespace of others, others may write to the socket. */
	if (from.nl_pid != 0)
		return 0;
	for (const struct nlmsghdr *m = (const void *)answers;
	     n >= NLMSG_HDRLEN && m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= (size_t)n;) {
		size_t step = NLMSG_ALIGN(m->nlmsg_len);
		int r = 0;

		if (m->nlmsg_seq == seq) {
			*changed |= (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
				r = judge(m, err);
				return r < 0 ? r : 1;
			}
			r = take ? take(arg, m) : 0;
			if (r < 0)
				return err_set(err, r, "take the answer of the kernel (rtnetlink)");
		}
		n -= (ssize_t)step;
		m = (const void *)((const char *)m + step);
	}
	return 0;
}

int netlink_talk(int sock, struct netlink_request *request, netlink_take *take, void *arg, struct err *err)
{
	bool changed = false;
	int r = request->failed;

	if (r < 0)
		return err_set(err, r, "make a message for the kernel (rtnetlink)");
	request->header.nlmsg_seq = ++last_seq;
	/* No address: to the kernel, on our own rights and not also on those of who made the socket. */
	if (send(sock, request->bytes, request->header.nlmsg_len, 0) < 0)
		return err_set(err, -errno, "send a message to the kernel (rtnetlink)");
	do
		r = read_answers(sock, request->header.nlmsg_seq, &changed, take, arg, err);
	while (r == 0);
	if (r > 0 && changed)
		return err_set(err, -EINTR, "the kernel's list changed while it was read");
	return r < 0 ? r : 0;
}
