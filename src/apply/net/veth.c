// SPDX-License-Identifier: Apache-2.0
/* See link.h. */
#include "apply/net/veth.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "apply/net/rtnl.h"

#define TRIES 5 /* of a list that changes while it is told */

/* R1, R2 */
static int make_pair(int fd, const struct crl_veth_wish *w)
{
	static const uint8_t mac[6] = {0x02, 'c', 'r', 'l', 0, 1}; /* of no maker, RFC 7042; a link has two ends */
	const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
	size_t info, data, peer;
	struct crl_rtnl m;

	crl_rtnl_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof(none));
	crl_rtnl_add_text(&m, IFLA_IFNAME, w->name);
	crl_rtnl_add_u32(&m, IFLA_GROUP, w->group);
	crl_rtnl_add(&m, IFLA_ADDRESS, mac, sizeof(mac)); /* R3 */
	info = crl_rtnl_nest(&m, IFLA_LINKINFO, NULL, 0);
	crl_rtnl_add_text(&m, IFLA_INFO_KIND, "veth");
	data = crl_rtnl_nest(&m, IFLA_INFO_DATA, NULL, 0);
	peer = crl_rtnl_nest(&m, VETH_INFO_PEER, &none, sizeof(none));
	crl_rtnl_add_text(&m, IFLA_IFNAME, CRL_VETH_INSIDE);
	crl_rtnl_add_u32(&m, IFLA_NET_NS_FD, (uint32_t)w->ns);
	crl_rtnl_end(&m, peer);
	crl_rtnl_end(&m, data);
	crl_rtnl_end(&m, info);
	return crl_rtnl_do(fd, &m);
}

int crl_veth_make(int fd, const struct crl_veth_wish *w)
{
	const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
	struct crl_rtnl m;
	int rc = make_pair(fd, w);

	/* The kernel does not say whose name is taken; this one's may have gone since. */
	if (rc == -EEXIST && crl_veth_index(fd, w->name) < 0)
		rc = make_pair(fd, w);
	if (rc == -EEXIST && crl_veth_index(fd, w->name) < 0)
		rc = -ENOTUNIQ;
	if (rc < 0)
		return rc;
	/* The kernel takes an alias only of what is there already. */
	crl_rtnl_begin(&m, RTM_SETLINK, 0, &none, sizeof(none));
	crl_rtnl_add_text(&m, IFLA_IFNAME, w->name);
	crl_rtnl_add(&m, IFLA_IFALIAS, w->alias, strlen(w->alias));
	rc = crl_rtnl_do(fd, &m);
	if (rc < 0 && crl_veth_delete(fd, w->name) < 0)
		return rc; /* it goes with the namespace */
	return rc;
}

int crl_veth_delete(int fd, const char *name)
{
	const struct ifinfomsg none = {.ifi_family = AF_UNSPEC};
	struct crl_rtnl m;

	crl_rtnl_begin(&m, RTM_DELLINK, 0, &none, sizeof(none));
	crl_rtnl_add_text(&m, IFLA_IFNAME, name);
	return crl_rtnl_do(fd, &m);
}

int crl_veth_up(int fd, int index)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	const struct ifinfomsg up = {
		.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	size_t spec, six;
	struct crl_rtnl m;
	int rc;

	crl_rtnl_begin(&m, RTM_SETLINK, 0, &link, sizeof(link));
	spec = crl_rtnl_nest(&m, IFLA_AF_SPEC, NULL, 0);
	six = crl_rtnl_nest(&m, AF_INET6, NULL, 0);
	crl_rtnl_add(&m, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
	crl_rtnl_end(&m, six);
	crl_rtnl_end(&m, spec);
	rc = crl_rtnl_do(fd, &m);
	if (rc < 0 && rc != -EAFNOSUPPORT) /* a kernel without IPv6 */
		return rc;
	crl_rtnl_begin(&m, RTM_SETLINK, 0, &up, sizeof(up));
	return crl_rtnl_do(fd, &m);
}

int crl_veth_set_ipv4(int fd, int index, uint16_t setting, uint32_t value)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	size_t spec, four, conf;
	struct crl_rtnl m;

	crl_rtnl_begin(&m, RTM_SETLINK, 0, &link, sizeof(link));
	spec = crl_rtnl_nest(&m, IFLA_AF_SPEC, NULL, 0);
	four = crl_rtnl_nest(&m, AF_INET, NULL, 0);
	conf = crl_rtnl_nest(&m, IFLA_INET_CONF, NULL, 0);
	crl_rtnl_add_u32(&m, setting, value);
	crl_rtnl_end(&m, conf);
	crl_rtnl_end(&m, four);
	crl_rtnl_end(&m, spec);
	return crl_rtnl_do(fd, &m);
}

static size_t size_of(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

int crl_veth_add_address(int fd, int index, int family, const uint8_t *address, uint8_t bits)
{
	const struct ifaddrmsg a = {.ifa_family = (uint8_t)family,
				    .ifa_prefixlen = bits,
				    .ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
				    .ifa_index = (uint32_t)index};
	struct crl_rtnl m;

	crl_rtnl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof(a));
	crl_rtnl_add(&m, IFA_LOCAL, address, size_of(family));
	crl_rtnl_add(&m, IFA_ADDRESS, address, size_of(family));
	return crl_rtnl_do(fd, &m);
}

int crl_veth_add_default(int fd, int index, int family, const uint8_t *gateway)
{
	const struct rtmsg r = {.rtm_family = (uint8_t)family,
				.rtm_table = RT_TABLE_MAIN,
				.rtm_protocol = RTPROT_STATIC,
				.rtm_scope = RT_SCOPE_UNIVERSE,
				.rtm_type = RTN_UNICAST};
	struct crl_rtnl m;

	crl_rtnl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &r, sizeof(r));
	crl_rtnl_add(&m, RTA_GATEWAY, gateway, size_of(family));
	crl_rtnl_add_u32(&m, RTA_OIF, (uint32_t)index);
	return crl_rtnl_do(fd, &m);
}

struct veth_found {
	const char *prefix;
	struct crl_veth *item;
	size_t len;
};

static void take_text(const struct rtattr *a, char *ret, size_t size)
{
	size_t len = strnlen(RTA_DATA(a), RTA_PAYLOAD(a));

	ret[0] = '\0';
	if (len >= size)
		return;
	memcpy(ret, RTA_DATA(a), len);
	ret[len] = '\0';
}

static void take(const struct rtattr *a, struct crl_veth *io)
{
	struct rtnl_link_stats64 stats;

	switch (a->rta_type) {
	case IFLA_IFNAME:
		take_text(a, io->name, sizeof(io->name));
		break;
	case IFLA_IFALIAS:
		take_text(a, io->alias, sizeof(io->alias));
		break;
	case IFLA_GROUP:
		if (RTA_PAYLOAD(a) >= sizeof(io->group))
			memcpy(&io->group, RTA_DATA(a), sizeof(io->group));
		break;
	case IFLA_STATS64:
		if (RTA_PAYLOAD(a) < offsetof(struct rtnl_link_stats64, rx_errors))
			break;
		memcpy(&stats, RTA_DATA(a), offsetof(struct rtnl_link_stats64, rx_errors));
		io->received = stats.rx_bytes;
		io->sent = stats.tx_bytes;
		io->received_packets = stats.rx_packets;
		io->sent_packets = stats.tx_packets;
		break;
	default:
		break;
	}
}

static int add(void *arg, const struct nlmsghdr *h)
{
	struct veth_found *found = arg;
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct crl_veth link = {.index = 0};
	struct crl_veth *grown;
	int left;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return 0;
	link.index = info->ifi_index;
	left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*info)));
	for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		take(a, &link);
	if (strncmp(link.name, found->prefix, strlen(found->prefix)) != 0)
		return 0;
	grown = reallocarray(found->item, found->len + 1, sizeof(link));
	if (!grown)
		return -ENOMEM;
	found->item = grown;
	found->item[found->len++] = link;
	return 0;
}

int crl_veth_find(int fd, const char *prefix, struct crl_veth **ret, size_t *ret_len)
{
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	struct veth_found found = {.prefix = prefix};
	struct crl_rtnl m;
	int rc = -EINTR;

	for (int i = 0; i < TRIES && rc == -EINTR; i++) {
		found.len = 0;
		crl_rtnl_begin(&m, RTM_GETLINK, 0, &any, sizeof(any));
		rc = crl_rtnl_dump(fd, &m, add, &found);
	}
	if (rc < 0) {
		free(found.item);
		return rc;
	}
	*ret = found.item;
	*ret_len = found.len;
	return 0;
}

int crl_veth_index(int fd, const char *name)
{
	struct ifreq r = {.ifr_ifindex = 0};

	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &r) < 0 ? -errno : r.ifr_ifindex;
}
