/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink messages: what is built, and what is made of answers, good and bad. The kernel is the other end of a socket
 * pair, which has answered before it is asked; that the real one is understood, netdevices.bats shows.
 */
#include "table.h"

#include "base/mem.h"
#include "host/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t seq; /* of the last request; netlink.c counts the same way */
static int ends[2];
static struct err err;

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* Puts an answer into the datagram under construction. */
struct answers {
	_Alignas(struct nlmsghdr) char bytes[512];
	size_t size;
};

static struct nlmsghdr *answer(struct answers *a, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	struct nlmsghdr *header = (void *)(a->bytes + a->size);

	*header = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
				    .nlmsg_type = type,
				    .nlmsg_flags = flags,
				    .nlmsg_seq = seq + 1};
	memcpy(a->bytes + a->size + NLMSG_HDRLEN, body, size);
	a->size += NLMSG_ALIGN(header->nlmsg_len);
	return header;
}

static void answer_code(struct answers *a, uint16_t type, int code, const char *why)
{
	struct {
		int code;
		struct nlmsghdr request;
		struct nlattr header;
		char text[64];
	} error = {.code = code};
	size_t size = sizeof(error.code) + sizeof(error.request);

	if (why) {
		error.header = (struct nlattr){.nla_len = (uint16_t)(NLA_HDRLEN + strlen(why) + 1),
					       .nla_type = NLMSGERR_ATTR_MSG};
		snprintf(error.text, sizeof(error.text), "%s", why);
		size += error.header.nla_len;
	}
	answer(a, type, why ? NLM_F_ACK_TLVS : 0, &error, size);
}

static void deliver(struct answers *a)
{
	assert_int_equal(send(ends[1], a->bytes, a->size, 0), a->size);
	a->size = 0;
}

static int taken;

static int take(void *arg, const struct nlmsghdr *message)
{
	(void)arg;
	(void)message;
	return ++taken == 100 ? -ENOMEM : 0;
}

static int talk(void)
{
	struct netlink_request request;

	netlink_begin(&request, 20, 0, "body", 4);
	seq++;
	taken = 0;
	err = (struct err){0};
	return netlink_talk(ends[0], &request, take, NULL, &err);
}

static void test_acknowledged(void **state)
{
	struct answers a = {0};

	(void)state;
	answer(&a, 16, 0, "x", 1);
	answer(&a, 16, 0, "xyz", 3);
	answer_code(&a, NLMSG_ERROR, 0, NULL);
	deliver(&a);
	assert_int_equal(talk(), 0);
	assert_int_equal(taken, 2);
}

static void test_refused(void **state)
{
	struct answers a = {0};

	(void)state;
	answer_code(&a, NLMSG_ERROR, -EEXIST, NULL);
	deliver(&a);
	assert_int_equal(talk(), -EEXIST);
	assert_string_equal(err.msg, "File exists");
	answer_code(&a, NLMSG_ERROR, -EINVAL, "The interface netns is immutable");
	deliver(&a);
	assert_int_equal(talk(), -EINVAL);
	assert_string_equal(err.msg, "Invalid argument (The interface netns is immutable)");
}

static void test_dump(void **state)
{
	struct answers a = {0};
	int code = 0;

	(void)state;
	answer(&a, 20, NLM_F_MULTI, "x", 1);
	deliver(&a);
	answer(&a, 20, NLM_F_MULTI, "x", 1);
	answer(&a, NLMSG_DONE, NLM_F_MULTI, &code, sizeof(code));
	deliver(&a);
	assert_int_equal(talk(), 0);
	assert_int_equal(taken, 2);
	/* Something changed on the way; or the end of it says what went wrong. */
	answer(&a, 20, NLM_F_MULTI | NLM_F_DUMP_INTR, "x", 1);
	answer(&a, NLMSG_DONE, NLM_F_MULTI, &code, sizeof(code));
	deliver(&a);
	assert_int_equal(talk(), -EINTR);
	code = -ENODEV;
	answer(&a, NLMSG_DONE, NLM_F_MULTI, &code, sizeof(code));
	deliver(&a);
	assert_int_equal(talk(), -ENODEV);
}

/* Answers to others, of others, and what is no answer at all. */
static void test_strange(void **state)
{
	struct answers a = {0};

	(void)state;
	answer(&a, 16, 0, "x", 1)->nlmsg_seq = 0;
	answer_code(&a, NLMSG_ERROR, -EPERM, NULL);
	((struct nlmsghdr *)(void *)(a.bytes + NLMSG_ALIGN(NLMSG_LENGTH(1))))->nlmsg_seq = 4711;
	deliver(&a);
	/* Shorter and longer than it says. */
	answer(&a, 16, 0, "x", 1)->nlmsg_len = 3;
	deliver(&a);
	answer(&a, 16, 0, "x", 1)->nlmsg_len = 500;
	deliver(&a);
	a.size = 5;
	deliver(&a);
	/* No room for a number: as good as none. */
	answer(&a, NLMSG_ERROR, 0, "x", 1);
	deliver(&a);
	assert_int_equal(talk(), 0);
	assert_int_equal(taken, 0);
}

static void test_attributes(void **state)
{
	struct netlink_request request;
	const struct nlattr *at;
	char long_text[1200];

	(void)state;
	netlink_begin(&request, 16, NLM_F_DUMP, "abcde", 5);
	netlink_put_string(&request, 3, "eth0");
	netlink_put(&request, 4, "\1\2", 2);
	assert_int_equal(request.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP);
	assert_string_equal(netlink_text(&request.header, 5, 3), "eth0");
	/* Not ended, and not there. */
	assert_string_equal(netlink_text(&request.header, 5, 4), "");
	assert_string_equal(netlink_text(&request.header, 5, 5), "");
	at = netlink_find(&request.header, 5, 4);
	assert_non_null(at);
	assert_int_equal(netlink_size(at), 2);
	assert_null(netlink_next(&request.header, 5, at));
	/* Lengths that lie. */
	((struct nlattr *)(uintptr_t)at)->nla_len = 3;
	assert_null(netlink_find(&request.header, 5, 4));
	((struct nlattr *)(uintptr_t)at)->nla_len = 60000;
	assert_null(netlink_find(&request.header, 5, 4));
	request.header.nlmsg_len = NLMSG_HDRLEN;
	assert_null(netlink_find(&request.header, 5, 3));
	/* What does not fit is not sent. */
	memset(long_text, 'x', sizeof(long_text));
	netlink_begin(&request, 16, 0, "abcde", 5);
	netlink_put(&request, 3, long_text, 990);
	assert_int_equal(request.failed, 0);
	netlink_put(&request, 3, long_text, 8);
	assert_int_equal(netlink_talk(ends[0], &request, NULL, NULL, &err), -EMSGSIZE);
	netlink_begin(&request, 16, 0, "abcde", 5);
	netlink_put(&request, 3, long_text, sizeof(long_text));
	assert_int_equal(netlink_talk(ends[0], &request, NULL, NULL, &err), -EMSGSIZE);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {CASE(test_acknowledged), CASE(test_refused), CASE(test_dump),
					   CASE(test_strange), CASE(test_attributes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
