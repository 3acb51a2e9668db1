// SPDX-License-Identifier: Apache-2.0
/* See rtnl.h. */
#include "apply/net/rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_MAX 32768
#define ANSWER_S 5 /* the kernel answers while we send; only a lock of its own can keep it */

static int open_for(int protocol, int *ret)
{
	scoped_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	const struct timeval patience = {.tv_sec = ANSWER_S};

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	*ret = take_fd(&fd);
	return 0;
}

int crl_rtnl_open(int *ret)
{
	return open_for(NETLINK_ROUTE, ret);
}

int crl_rtnl_open_xfrm(int *ret)
{
	return open_for(NETLINK_XFRM, ret);
}

int crl_rtnl_open_nftables(int *ret)
{
	return open_for(NETLINK_NETFILTER, ret);
}

void crl_rtnl_begin(struct crl_rtnl *m, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(m->body, body, size);
	m->len = NLMSG_ALIGN(size);
}

/* What is written is always a multiple of four bytes, as attributes have to be. */
void crl_rtnl_add(struct crl_rtnl *m, uint16_t type, const void *data, size_t size)
{
	struct rtattr a = {.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};
	size_t left = sizeof(m->body) - m->len;

	if (m->cut || size >= sizeof(m->body) || RTA_SPACE(size) > left) {
		m->cut = true;
		return;
	}
	memcpy(m->body + m->len, &a, sizeof(a));
	if (size > 0)
		memcpy(m->body + m->len + RTA_LENGTH(0), data, size);
	m->len += RTA_SPACE(size);
}

void crl_rtnl_add_text(struct crl_rtnl *m, uint16_t type, const char *text)
{
	crl_rtnl_add(m, type, text, strlen(text) + 1);
}

void crl_rtnl_add_u32(struct crl_rtnl *m, uint16_t type, uint32_t value)
{
	crl_rtnl_add(m, type, &value, sizeof(value));
}

size_t crl_rtnl_nest(struct crl_rtnl *m, uint16_t type, const void *body, size_t size)
{
	size_t at = m->len;

	crl_rtnl_add(m, type, body, size);
	return at;
}

void crl_rtnl_end(struct crl_rtnl *m, size_t nest)
{
	unsigned short len = (unsigned short)(m->len - nest);

	if (!m->cut)
		memcpy(m->body + nest + offsetof(struct rtattr, rta_len), &len, sizeof(len));
}

static int send_it(int fd, struct crl_rtnl *m)
{
	static uint32_t sequence;
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	char message[sizeof(m->head) + sizeof(m->body)];
	ssize_t n;

	if (m->cut)
		return -EMSGSIZE;
	m->head.nlmsg_seq = ++sequence;
	m->head.nlmsg_len = (uint32_t)(sizeof(m->head) + m->len);
	memcpy(message, &m->head, sizeof(m->head));
	memcpy(message + sizeof(m->head), m->body, m->len);
	n = sendto(fd, message, m->head.nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
	return n < 0 ? -errno : n == (ssize_t)m->head.nlmsg_len ? 0 : -EPROTO;
}

/* One datagram of the kernel's: nobody else's counts. Returns its length, or -errno. */
static ssize_t receive(int fd, char *buf)
{
	struct sockaddr_nl from = {.nl_family = AF_UNSPEC};
	ssize_t n;

	do {
		socklen_t size = sizeof(from);

		n = recvfrom(fd, buf, ANSWER_MAX, MSG_TRUNC, (struct sockaddr *)&from, &size);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n > ANSWER_MAX ? -EPROTO : n;
}

/* R1. Returns 1 when it is not the last word of @seq. */
static int read_word(const struct nlmsghdr *h, uint32_t seq)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_seq != seq)
		return 1;
	if (h->nlmsg_type == NLMSG_DONE)
		return 0;
	if (h->nlmsg_type != NLMSG_ERROR)
		return 1;
	return h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EPROTO : e->error;
}

int crl_rtnl_do(int fd, struct crl_rtnl *m)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	int rc;

	m->head.nlmsg_flags |= NLM_F_ACK;
	rc = send_it(fd, m);
	while (rc == 0) {
		ssize_t n = receive(fd, buf);
		const struct nlmsghdr *h = (const struct nlmsghdr *)buf;

		if (n < 0)
			return (int)n;
		if (n < (ssize_t)sizeof(*h) || h->nlmsg_len > (size_t)n)
			return -EPROTO;
		rc = read_word(h, m->head.nlmsg_seq);
		if (rc <= 0)
			return rc;
		rc = 0;
	}
	return rc;
}

int crl_rtnl_dump(int fd, struct crl_rtnl *m, int (*each)(void *arg, const struct nlmsghdr *h), void *arg)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	bool changed = false;
	int rc;

	m->head.nlmsg_flags |= NLM_F_DUMP;
	rc = send_it(fd, m);
	while (rc == 0) {
		ssize_t n = receive(fd, buf);
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, (unsigned int)left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != m->head.nlmsg_seq)
				continue;
			changed |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			rc = read_word(h, m->head.nlmsg_seq);
			if (rc <= 0)
				return rc == 0 && changed ? -EINTR : rc;
			rc = each(arg, h);
			if (rc != 0)
				return rc;
		}
	}
	return rc;
}
