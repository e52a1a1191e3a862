/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few messages of rtnetlink(7) that turtle needs, on a raw socket. By hand, because the libraries for it don't fit
 * a static program: Debian has libmnl as a shared library only, and libnl brings some hundred kilobytes and a cache of
 * everything, for what is four kinds of requests here.
 */
#ifndef TURTLE_HOST_NETLINK_H
#define TURTLE_HOST_NETLINK_H

#include "base/err.h"

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* A request under construction. What does not fit makes netlink_talk() fail. */
struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[1024];
	};
	int failed;
};

/* fixed: what stands before the attributes (struct ifinfomsg, ifaddrmsg). flags: NLM_F_* besides REQUEST and ACK. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *fixed, size_t size);
void netlink_put(struct netlink_request *request, uint16_t attribute, const void *data, size_t size);
void netlink_put_string(struct netlink_request *request, uint16_t attribute, const char *s);

/* The first attribute of this kind in a message whose fixed part has size bytes, or NULL. */
const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t size, uint16_t attribute);
/* To walk over them: NULL begins, NULL ends. */
const struct nlattr *netlink_next(const struct nlmsghdr *message, size_t size, const struct nlattr *at);
static inline const void *netlink_data(const struct nlattr *attribute)
{
	return (const char *)attribute + NLA_HDRLEN;
}
static inline size_t netlink_size(const struct nlattr *attribute)
{
	return (size_t)attribute->nla_len - NLA_HDRLEN;
}
/* The text of an attribute, "" where there is none or where it does not end. */
const char *netlink_text(const struct nlmsghdr *message, size_t size, uint16_t attribute);

/* Asks for the kernel's own words about errors, and for dumps of one device only where a device is named. */
int netlink_prepare(int sock, struct err *err);

/*
 * Sends the request and hands each answer to take(), which may be NULL, until the kernel has said that it is done. The
 * error is the kernel's: errno's text, and its own words where it has some. -EINTR: the list has changed while it was
 * read; answers so far are worth nothing.
 */
typedef int netlink_take(void *arg, const struct nlmsghdr *message);
int netlink_talk(int sock, struct netlink_request *request, netlink_take *take, void *arg, struct err *err);

#endif
