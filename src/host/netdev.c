/* SPDX-License-Identifier: Apache-2.0 */
/* Moves network devices: see netdev.h. */
#include "host/netdev.h"

#include "base/mem.h"
#include "host/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* IFLA_NETNS_IMMUTABLE of Linux 6.15. */
#define ATTR_NETNS_IMMUTABLE 67

/* How often a list is read again that others change meanwhile. */
#define MAX_TRIES 16

/* ---- looking ----------------------------------------------------------------------------------------------- */

struct link {
	int index;
	bool immutable; /* as far as the kernel tells */
	char name[IFNAMSIZ];
};

static int take_link(void *arg, const struct nlmsghdr *message)
{
	struct ifinfomsg info;
	struct link *link = arg;
	const struct nlattr *immutable;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return 0;
	memcpy(&info, (const char *)message + NLMSG_HDRLEN, sizeof(info));
	link->index = info.ifi_index;
	immutable = netlink_find(message, sizeof(info), ATTR_NETNS_IMMUTABLE);
	link->immutable = immutable && netlink_size(immutable) == 1 && *(const char *)netlink_data(immutable);
	snprintf(link->name, sizeof(link->name), "%s", netlink_text(message, sizeof(info), IFLA_IFNAME));
	return 0;
}

/* By name, or where that is NULL by index. */
static int find_link(int sock, const char *name, int index, struct link *ret, struct err *err)
{
	const struct ifinfomsg info = {.ifi_index = name ? 0 : index};
	struct netlink_request request;
	int r;

	*ret = (struct link){0};
	netlink_begin(&request, RTM_GETLINK, 0, &info, sizeof(info));
	if (name)
		netlink_put_string(&request, IFLA_IFNAME, name);
	r = netlink_talk(sock, &request, take_link, ret, err);
	return r == 0 && ret->index <= 0 ? err_set(err, -ENODEV, "look at it") : r;
}

/* The namespace that the socket is of. Init's is looked at first: neighbours may have got at it. */
static int namespace_of(int sock, struct err *err)
{
	int domain = 0, protocol = -1, fd;
	socklen_t size = sizeof(int);

	if (getsockopt(sock, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    getsockopt(sock, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return err_set(err, -errno, "look at a netlink socket");
	if (domain != AF_NETLINK || protocol != NETLINK_ROUTE)
		return err_msg(err, -EPROTO, "it is no netlink socket");
	fd = ioctl(sock, SIOCGSKNS);
	return fd < 0 ? err_set(err, -errno, "open the network namespace of a netlink socket") : fd;
}

/*
 * Newer kernels tell whether a device can leave its namespace. Older ones refuse to move one that can't also to where
 * it is, which for the others does nothing.
 */
static int check_movable(int sock, int ns, const struct link *link, struct err *err)
{
	const struct ifinfomsg info = {.ifi_index = link->index};
	const uint32_t fd = (uint32_t)ns;
	struct netlink_request request;

	if (link->immutable)
		return err_set(err, -EINVAL, "it belongs to this one");
	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	return netlink_talk(sock, &request, NULL, NULL, err);
}

static int find_device(const struct plan_net_device *device, int sock, int ns, struct link *ret, struct err *err)
{
	int r = find_link(sock, device->host_name, 0, ret, err);

	if (r == -ENODEV)
		return err_msg(
			err, r,
			"linux.netDevices.%s: there is no such network device in the runtime's network namespace",
			device->host_name);
	if (r < 0)
		return err_wrap(err, "linux.netDevices.%s: look at the device", device->host_name);
	r = check_movable(sock, ns, ret, err);
	return r < 0 ? err_wrap(err, "linux.netDevices.%s: the device can't be moved to another network namespace",
				device->host_name)
		     : 0;
}

int netdevs_find(const struct plan *plan, struct netdevs *ret, struct err *err)
{
	_cleanup_close_ int ns = -1;
	int r;

	if (plan->n_net_devices == 0)
		return 0;
	ret->index = calloc(plan->n_net_devices, sizeof(*ret->index));
	if (!ret->index)
		return err_set(err, -ENOMEM, "look at network devices");
	ret->sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (ret->sock < 0)
		return err_set(err, -errno, "create a netlink socket");
	ns = r = namespace_of(ret->sock, err);
	if (r >= 0)
		r = netlink_prepare(ret->sock, err);
	for (size_t i = 0; r == 0 && i < plan->n_net_devices; i++) {
		struct link link;

		r = find_device(&plan->net_devices[i], ret->sock, ns, &link, err);
		ret->index[ret->n++] = link.index;
	}
	return r;
}

void netdevs_close(struct netdevs *devices)
{
	cleanup_close(&devices->sock);
	free(devices->index);
	*devices = NETDEVS_NONE;
}

/* ---- addresses --------------------------------------------------------------------------------------------- */

/* What the kernel said about them, whole messages one after the other, aligned, in the order in which to add them. */
struct addresses {
	int index;
	char *messages;
	size_t size;
};

static int take_address(void *arg, const struct nlmsghdr *message)
{
	struct addresses *list = arg;
	const struct nlattr *more;
	struct ifaddrmsg address;
	size_t size = NLMSG_ALIGN(message->nlmsg_len);
	uint32_t flags;
	char *grown;

	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof(address)))
		return 0;
	memcpy(&address, (const char *)message + NLMSG_HDRLEN, sizeof(address));
	flags = address.ifa_flags;
	more = netlink_find(message, sizeof(address), IFA_FLAGS);
	if (more && netlink_size(more) == sizeof(flags))
		memcpy(&flags, netlink_data(more), sizeof(flags));
	/* Others come and go by themselves: they are of a link, or of a router's or a DHCP server's making. */
	if ((int)address.ifa_index != list->index || !(flags & IFA_F_PERMANENT) ||
	    address.ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	grown = realloc(list->messages, list->size + size);
	if (!grown)
		return -ENOMEM;
	/* The kernel puts a new address of IPv6 before the others, and one of IPv4 behind them: all shall end as it
	 * was. */
	if (address.ifa_family == AF_INET6)
		memmove(grown + size, grown, list->size);
	memcpy(grown + (address.ifa_family == AF_INET6 ? 0 : list->size), message, message->nlmsg_len);
	list->messages = grown;
	list->size += size;
	return 0;
}

static int read_addresses(int sock, struct addresses *ret, struct err *err)
{
	const struct ifaddrmsg all = {.ifa_index = (uint32_t)ret->index};
	struct netlink_request request;
	int r;

	for (int tries = 0;; tries++) {
		netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
		r = netlink_talk(sock, &request, take_address, ret, err);
		if (r != -EINTR || tries == MAX_TRIES)
			return r;
		ret->size = 0;
	}
}

/* A label is the name of the device, or begins with it and a colon; it follows a change of the name. */
static void put_label(struct netlink_request *request, const char *label, const char *old, const char *new)
{
	size_t n = strlen(old);
	char changed[IFNAMSIZ];
	int length;

	if (!label[0] || !strcmp(label, old))
		return;
	if (strncmp(label, old, n) != 0 || label[n] != ':') {
		netlink_put_string(request, IFA_LABEL, label);
		return;
	}
	length = snprintf(changed, sizeof(changed), "%s%s", new, label + n);
	/* One that has become too long is none. */
	if (length > 0 && (size_t)length < sizeof(changed))
		netlink_put_string(request, IFA_LABEL, changed);
}

static int add_address(int sock, const struct nlmsghdr *seen, const char *old_name, const struct link *link,
		       struct err *err)
{
	const uint32_t asked =
		IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
	const struct nlattr *at = NULL;
	struct netlink_request request;
	struct ifaddrmsg address;
	uint32_t flags;

	memcpy(&address, (const char *)seen + NLMSG_HDRLEN, sizeof(address));
	address.ifa_index = (uint32_t)link->index;
	flags = address.ifa_flags;
	address.ifa_flags = 0;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, sizeof(address));
	while ((at = netlink_next(seen, sizeof(address), at))) {
		switch (at->nla_type & NLA_TYPE_MASK) {
		case IFA_ADDRESS: /* the peer's, where there is one */
		case IFA_LOCAL:
		case IFA_BROADCAST:
		case IFA_CACHEINFO: /* a permanent one may be deprecated */
		case IFA_RT_PRIORITY:
			netlink_put(&request, at->nla_type, netlink_data(at), netlink_size(at));
			break;
		case IFA_FLAGS:
			memcpy(&flags, netlink_data(at), sizeof(flags));
			break;
		case IFA_LABEL:
			put_label(&request, netlink_text(seen, sizeof(address), IFA_LABEL), old_name, link->name);
			break;
		default: /* the kernel's own findings */
			break;
		}
	}
	flags &= asked;
	netlink_put(&request, IFA_FLAGS, &flags, sizeof(flags));
	return netlink_talk(sock, &request, NULL, NULL, err);
}

static int add_addresses(int sock, const struct addresses *list, const char *old_name, const struct link *link,
			 struct err *err)
{
	for (size_t at = 0; at < list->size;) {
		const struct nlmsghdr *seen = (const void *)(list->messages + at);
		int r = add_address(sock, seen, old_name, link, err);

		if (r < 0)
			return err_wrap(err, "add an address to the device in the container");
		at += NLMSG_ALIGN(seen->nlmsg_len);
	}
	return 0;
}

/* ---- moving ------------------------------------------------------------------------------------------------ */

/* With what the kernel can only say once a device is there, it would be there already. */
static int check_free(const struct plan *plan, int there, struct err *err)
{
	for (size_t i = 0; i < plan->n_net_devices; i++) {
		const struct plan_net_device *device = &plan->net_devices[i];
		struct link link;
		int r;

		if (device->pattern)
			continue;
		r = find_link(there, device->name, 0, &link, err);
		if (r == 0)
			return err_msg(err, -EEXIST,
				       "linux.netDevices.%s: a network device named \"%s\" exists already in the "
				       "container's network namespace",
				       device->host_name, device->name);
		if (r != -ENODEV)
			return err_wrap(err,
					"linux.netDevices.%s: look for \"%s\" in the container's network namespace",
					device->host_name, device->name);
	}
	return 0;
}

/* Goes down on the way, as a device that is moved does. */
static int change_namespace(int here, int index, int ns, const char *name, struct err *err)
{
	const struct ifinfomsg info = {.ifi_index = index};
	const uint32_t fd = (uint32_t)ns;
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put_string(&request, IFLA_IFNAME, name);
	netlink_put(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	r = netlink_talk(here, &request, NULL, NULL, err);
	return r < 0 ? err_wrap(err, "move the device to the container's network namespace") : 0;
}

/* The kernel makes a free name of a pattern. */
static int rename_link(int there, struct link *link, const char *pattern, struct err *err)
{
	const struct ifinfomsg info = {.ifi_index = link->index};
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put_string(&request, IFLA_IFNAME, pattern);
	r = netlink_talk(there, &request, NULL, NULL, err);
	if (r == 0)
		r = find_link(there, NULL, link->index, link, err);
	return r < 0 ? err_wrap(err, "name the device after \"%s\"", pattern) : 0;
}

static int bring_up(int there, const struct link *link, struct err *err)
{
	const struct ifinfomsg info = {.ifi_index = link->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	r = netlink_talk(there, &request, NULL, NULL, err);
	return r < 0 ? err_wrap(err, "bring the device up in the container") : 0;
}

/*
 * The index may be another one over there, so it is looked up by a name that is known: its own, or, before the kernel
 * makes one of a pattern, one that nobody else has.
 */
static int move_device(const struct plan_net_device *device, int here, int index, int there, int ns, struct err *err)
{
	struct addresses addresses = {.index = index};
	char passing[IFNAMSIZ];
	struct link before, link;
	int r = find_link(here, NULL, index, &before, err);

	snprintf(passing, sizeof(passing), "turtle%x", (unsigned)getpid());
	if (r == 0)
		r = read_addresses(here, &addresses, err);
	if (r < 0)
		err_wrap(err, "read its addresses");
	if (r == 0)
		r = change_namespace(here, index, ns, device->pattern ? passing : device->name, err);
	if (r == 0)
		r = find_link(there, device->pattern ? passing : device->name, 0, &link, err);
	if (r == 0 && device->pattern)
		r = rename_link(there, &link, device->name, err);
	if (r == 0)
		r = add_addresses(there, &addresses, before.name, &link, err);
	if (r == 0)
		r = bring_up(there, &link, err);
	free(addresses.messages);
	return r < 0 ? err_wrap(err, "linux.netDevices.%s", device->host_name) : 0;
}

int netdevs_move(const struct plan *plan, const struct netdevs *devices, int sock, struct err *err)
{
	_cleanup_close_ int ns = namespace_of(sock, err);
	int r = ns < 0 ? ns : netlink_prepare(sock, err);

	if (r == 0)
		r = check_free(plan, sock, err);
	for (size_t i = 0; r == 0 && i < devices->n; i++)
		r = move_device(&plan->net_devices[i], devices->sock, devices->index[i], sock, ns, err);
	return r;
}
