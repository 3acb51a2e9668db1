// SPDX-License-Identifier: Apache-2.0
/*
 * The sockets of the host that can be connected to by a name in the file tree, as the kernel lists them.
 *
 * Runs in: helper, carrelctl. Trusts: the kernel's formats, not the names in them.
 */
#include "plan/mounts/build.h"
#include "policy/places.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 4096u /* kept; a host has tens */
#define OF_USERS_MAX 1024u /* of them, where users make their own: many there must not leave a service's uncovered */
#define TEXT_MAX (8u << 20) /* bytes read, for some 100,000 sockets: a user can make very many */
#define ACCEPTS 0x10000u /* of the kernel's flags: it listens */
#define TYPE_DGRAM 2u

struct socket_reader {
	struct crl_host *host;
	size_t capacity;
	size_t of_users;
	char line[PATH_MAX + 128];
	size_t len;
	bool too_long; /* the rest of the line is passed over */
};

static int keep_socket(struct socket_reader *r, const char *path)
{
	struct crl_host *h = r->host;
	bool of_user = crl_own_is_anybodys(path);

	if (h->sockets_len == SOCKETS_MAX || (of_user && r->of_users == OF_USERS_MAX)) {
		h->sockets_cut = true;
		return 0;
	}
	r->of_users += of_user;
	if (h->sockets_len == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 64;
		char **bigger = reallocarray(h->sockets, capacity, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		h->sockets = bigger;
		r->capacity = capacity;
	}
	h->sockets[h->sockets_len] = strdup(path);
	return h->sockets[h->sockets_len] ? (int)(h->sockets_len++, 0) : -ENOMEM;
}

/* Num RefCount Protocol Flags Type St Inode Path. What does not look so is the heading, or a name with a line end. */
static int take_line(struct socket_reader *r)
{
	unsigned int flags, type;
	int at = 0;

	r->line[r->len] = '\0';
	if (r->too_long || sscanf(r->line, "%*[^:]: %*x %*x %x %x %*x %*u %n", &flags, &type, &at) != 2 || at == 0)
		return 0;
	if (r->line[at] != '/' || (!(flags & ACCEPTS) && type != TYPE_DGRAM))
		return 0;
	return keep_socket(r, r->line + at);
}

static int take_text(struct socket_reader *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int rc = 0;

		if (text[i] == '\n') {
			rc = take_line(r);
			r->len = 0;
			r->too_long = false;
		} else if (r->len + 1 < sizeof(r->line)) {
			r->line[r->len++] = text[i] ? text[i] : ' ';
		} else {
			r->too_long = true;
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

int crl_host_read_sockets(int fd, struct crl_host *host, struct crl_err *err)
{
	scoped_free struct socket_reader *r = calloc(1, sizeof(*r));
	size_t total = 0;
	char text[16384];
	ssize_t n = 1;
	int rc = r ? 0 : -ENOMEM;

	if (r)
		r->host = host;
	while (rc == 0 && n > 0) {
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		rc = n < 0 ? -errno : take_text(r, text, (size_t)n);
		total += n > 0 ? (size_t)n : 0;
		if (total > TEXT_MAX) {
			host->sockets_cut = true;
			break;
		}
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read the host's sockets") : 0;
}

static int take_answer(struct socket_reader *r, const struct nlmsghdr *m)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(m);
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*socket));

	if (left < 0)
		return -EBADMSG;
	for (const struct rtattr *a = (const struct rtattr *)(socket + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		const char *name = RTA_DATA(a);
		size_t len = RTA_PAYLOAD(a);

		if (a->rta_type != UNIX_DIAG_NAME || len == 0 || len >= sizeof(r->line) || name[0] != '/' ||
		    (socket->udiag_state != TCP_LISTEN && socket->udiag_type != SOCK_DGRAM))
			continue;
		memcpy(r->line, name, len);
		r->line[len] = '\0';
		return keep_socket(r, r->line);
	}
	return 0;
}

/* The end says whether all were told. Returns 1 or -errno. */
static int end_of(const struct nlmsghdr *m)
{
	int error = 0;

	if (m->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(m), sizeof(error));
	return error < 0 ? error : 1;
}

/* Returns 1 when that was all, 0 when there is more. */
static int take_answers(struct socket_reader *r, const char *buf, size_t len)
{
	for (const struct nlmsghdr *m = (const void *)buf; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		const struct nlmsgerr *e = NLMSG_DATA(m);
		int rc = -EBADMSG;

		if (m->nlmsg_type == NLMSG_DONE)
			return end_of(m);
		if (m->nlmsg_type == NLMSG_ERROR && m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0)
			return e->error;
		if (m->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			rc = take_answer(r, m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int ask(int netlink)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} q = {
		.head = {.nlmsg_len = sizeof(q),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		/*
		 * One that takes datagrams is "established" as soon as anybody has connected to it: no state may be
		 * left out.
		 */
		.req = {.sdiag_family = AF_UNIX, .udiag_states = UINT32_MAX, .udiag_show = UDIAG_SHOW_NAME},
	};

	return send(netlink, &q, sizeof(q), 0) == (ssize_t)sizeof(q) ? 0 : -errno;
}

int crl_host_ask_sockets(int netlink, struct crl_host *host)
{
	scoped_free struct socket_reader *r = calloc(1, sizeof(*r));
	char buf[32768] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	size_t total = 0;
	int rc = r ? ask(netlink) : -ENOMEM;

	if (rc < 0)
		return rc;
	r->host = host;
	while (rc == 0) {
		ssize_t n = recv(netlink, buf, sizeof(buf), MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (size_t)n > sizeof(buf))
			return n < 0 ? -errno : -EBADMSG;
		rc = take_answers(r, buf, (size_t)n);
		total += (size_t)n;
		if (rc == 0 && total > TEXT_MAX) {
			host->sockets_cut = true;
			break;
		}
	}
	return rc < 0 ? rc : 0;
}
