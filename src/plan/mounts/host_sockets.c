// SPDX-License-Identifier: Apache-2.0
/*
 * The sockets of the host that can be connected to by a name in the file tree, as the kernel lists them.
 *
 * Runs in: helper, carrelctl. Trusts: the kernel's formats, not the names in them.
 * R1: whoever makes very many does not leave a service's uncovered. A name is chosen by who binds it, and can be any
 * ("/proc/self/cwd/1"): so it is by owner that they are counted, as far as the kernel tells that.
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

#define SOCKETS_MAX 4096u /* kept, and as many of root's; a host has tens */
#define OF_USERS_MAX 1024u /* of them, where users make their own */
#define OF_OWNER_MAX 256u /* of them, of one who is not root (R1) */
#define OWNERS 8192u /* places, twice as many as there can be: a power of two */
#define BLOCK 65536u /* ids from here on count so many as one: a user namespace has as many for one user */
#define UNKNOWN UINT32_MAX /* the kernel does not tell whose it is */
#define TEXT_MAX (8u << 20) /* bytes read of the text, for some 100,000 sockets: a user can make very many */
#define ANSWERS_MAX (32u << 20) /* bytes of each of the two answers, for some 600,000 */
#define ANSWER_MAX 32768u /* bytes of one message of these, as the kernel makes them */
#define ACCEPTS 0x10000u /* of the kernel's flags: it listens */
#define TYPE_DGRAM 2u

struct socket_owner {
	uint32_t key; /* owner_key() */
	uint32_t kept; /* 0 = the place is free */
};

struct socket_reader {
	struct crl_host *host;
	size_t capacity;
	size_t of_users, of_root;
	struct socket_owner owner[OWNERS];
	uint32_t *key; /* of each that was kept */
	char line[PATH_MAX + 128];
	size_t len;
	bool too_long; /* the rest of the line is passed over */
};

static uint32_t owner_key(uint32_t uid)
{
	return uid < BLOCK || uid == UNKNOWN ? uid : BLOCK + uid / BLOCK;
}

/* Its place, or the free one where it would be; there is always one, since no more owners than sockets are kept. */
static struct socket_owner *find_owner(struct socket_reader *r, uint32_t key)
{
	size_t at = key * 2654435761u % OWNERS;

	while (r->owner[at].kept && r->owner[at].key != key)
		at = (at + 1) % OWNERS;
	r->owner[at].key = key;
	return &r->owner[at];
}

/* R1 */
static bool has_place(struct socket_reader *r, const char *path, uint32_t uid)
{
	bool of_root = uid == 0, of_user = !of_root && crl_own_is_anybodys(path);
	struct socket_owner *o = find_owner(r, owner_key(uid));

	if ((of_root ? r->of_root : r->host->sockets_len - r->of_root) == SOCKETS_MAX ||
	    (of_user && r->of_users == OF_USERS_MAX) || (!of_root && uid != UNKNOWN && o->kept == OF_OWNER_MAX))
		return false;
	o->kept++;
	r->of_root += of_root;
	r->of_users += of_user;
	return true;
}

static int grow(struct socket_reader *r)
{
	size_t capacity = r->capacity ? r->capacity * 2 : 64;
	char **bigger = reallocarray(r->host->sockets, capacity, sizeof(*bigger));
	uint32_t *key = bigger ? reallocarray(r->key, capacity, sizeof(*key)) : NULL;

	if (bigger)
		r->host->sockets = bigger;
	if (!key)
		return -ENOMEM;
	r->key = key;
	r->capacity = capacity;
	return 0;
}

static int keep_socket(struct socket_reader *r, const char *path, uint32_t uid)
{
	struct crl_host *h = r->host;

	if (!has_place(r, path, uid)) {
		h->sockets_cut = true;
		return 0;
	}
	if (h->sockets_len == r->capacity && grow(r) < 0)
		return -ENOMEM;
	h->sockets[h->sockets_len] = strdup(path);
	if (!h->sockets[h->sockets_len])
		return -ENOMEM;
	r->key[h->sockets_len++] = owner_key(uid);
	return 0;
}

struct socket_order {
	char *path;
	uint32_t many; /* of its owner's; root's come first of all */
	uint32_t at;
};

static int by_owner(const void *a, const void *b)
{
	const struct socket_order *x = a, *y = b;

	return x->many != y->many ? (x->many > y->many) - (x->many < y->many) : (x->at > y->at) - (x->at < y->at);
}

/* R1: of few who has few, since what follows the host while the room lives is fewer still (state/rooms/shown.c). */
static int put_in_order(struct socket_reader *r)
{
	size_t len = r->host->sockets_len;
	scoped_free struct socket_order *order = calloc(len + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		order[i] = (struct socket_order){.path = r->host->sockets[i],
						 .many = r->key[i] == 0 ? 0 : find_owner(r, r->key[i])->kept,
						 .at = (uint32_t)i};
	qsort(order, len, sizeof(*order), by_owner);
	for (size_t i = 0; i < len; i++)
		r->host->sockets[i] = order[i].path;
	return 0;
}

static void reader_free(struct socket_reader **r)
{
	if (*r)
		free((*r)->key);
	free(*r);
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
	return keep_socket(r, r->line + at, UNKNOWN);
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
	__attribute__((cleanup(reader_free))) struct socket_reader *r = calloc(1, sizeof(*r));
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
	uint32_t uid = UNKNOWN;

	r->line[0] = '\0';
	if (left < 0)
		return -EBADMSG;
	for (const struct rtattr *a = (const struct rtattr *)(socket + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		const char *value = RTA_DATA(a);
		size_t len = RTA_PAYLOAD(a);

		if (a->rta_type == UNIX_DIAG_NAME && len > 0 && len < sizeof(r->line)) {
			memcpy(r->line, value, len);
			r->line[len] = '\0';
		} else if (a->rta_type == UNIX_DIAG_UID && len == sizeof(uid)) {
			memcpy(&uid, value, len);
		}
	}
	if (r->line[0] != '/' || (socket->udiag_state != TCP_LISTEN && socket->udiag_type != SOCK_DGRAM))
		return 0;
	return keep_socket(r, r->line, uid);
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

static int ask(int netlink, uint32_t states)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} q = {
		.head = {.nlmsg_len = sizeof(q),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.req = {.sdiag_family = AF_UNIX,
			.udiag_states = states,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID},
	};

	return send(netlink, &q, sizeof(q), 0) == (ssize_t)sizeof(q) ? 0 : -errno;
}

/* Returns 1 when that was all, 0 when it was too much, or -errno. */
static int hear(struct socket_reader *r, int netlink)
{
	scoped_free char *buf = malloc(ANSWER_MAX); /* not on the stack, which is faulted in whole */
	size_t total = 0;
	int rc = buf ? 0 : -ENOMEM;

	while (rc == 0 && total <= ANSWERS_MAX) {
		ssize_t n = recv(netlink, buf, ANSWER_MAX, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || (size_t)n > ANSWER_MAX)
			return n < 0 ? -errno : -EBADMSG;
		rc = take_answers(r, buf, (size_t)n);
		total += (size_t)n;
	}
	return rc;
}

int crl_host_ask_sockets(int netlink, struct crl_host *host)
{
	/*
	 * What listens is asked for alone: whatever else users have very many of does not stand before it. One that
	 * takes datagrams is "established" as soon as anybody has connected to it: no other state may be left out.
	 */
	static const uint32_t states[] = {1u << TCP_LISTEN, ~(1u << TCP_LISTEN)};
	__attribute__((cleanup(reader_free))) struct socket_reader *r = calloc(1, sizeof(*r));
	int rc = 1;

	if (!r)
		return -ENOMEM;
	r->host = host;
	for (size_t i = 0; i < CRL_ARRAY_LEN(states) && rc == 1; i++) {
		rc = ask(netlink, states[i]);
		if (rc == 0)
			rc = hear(r, netlink);
	}
	if (rc < 0)
		return rc;
	host->sockets_cut |= rc == 0;
	return put_in_order(r);
}
