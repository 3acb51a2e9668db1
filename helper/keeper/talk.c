// SPDX-License-Identifier: Apache-2.0
/*
 * The user's requests: one at a time, bounded in number, size and time.
 *
 * Runs in: carrel-keeper, as the user.
 * Trusts: nobody who connects. No client takes more memory than there is for one answer.
 * R1: only the home's own user is answered. R2: nothing that a client does or leaves undone keeps the keeper from the
 * end of its room.
 */
#include "helper/keeper/keeper.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/pidfd.h"

#define REQUEST_MS 3000 /* from the connection to the request */
#define ANSWER_MS 60000 /* all of it */
#define ANSWER_MOST (1u << 20) /* bytes */
#define EACH_MS 1875 /* 32 requests a minute, */
#define AHEAD_MS 60000 /* as many at once */

bool keeper_talk_is_over(const struct keeper_talk *t)
{
	return crl_pidfd_is_dead(t->k->init) || crl_now_ms() >= t->end_ms; /* R2 */
}

/* R2. Returns 0 when the connection is ready, or hung up. */
static int await(const struct keeper_talk *t, short events, int64_t end_ms)
{
	struct pollfd p[] = {{.fd = t->conn, .events = events}, {.fd = t->k->init, .events = POLLIN}};

	for (;;) {
		int64_t left = end_ms - crl_now_ms();
		int n = left > 0 ? poll(p, CRL_ARRAY_LEN(p), (int)left) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		return p[1].revents ? -ECANCELED : 0;
	}
}

static int send_record(struct keeper_talk *t, enum crl_wish_type type, int number, const char *text)
{
	for (;;) {
		int rc = crl_wish_send(t->conn, type, number, text);

		if (rc != -EAGAIN)
			return rc;
		rc = await(t, POLLOUT, t->end_ms);
		if (rc < 0)
			return rc;
	}
}

static int flush_text(struct keeper_talk *t)
{
	int rc = t->len ? send_record(t, CRL_WISH_TEXT, 0, t->text) : 0;

	t->len = 0;
	t->text[0] = '\0';
	return rc;
}

int keeper_talk_add(struct keeper_talk *t, const char *text)
{
	size_t len = strlen(text);

	if (t->sent + len > ANSWER_MOST)
		return -EFBIG;
	t->sent += len;
	while (len > 0) {
		size_t room = sizeof(t->text) - 1 - t->len, part = len < room ? len : room;
		int rc;

		memcpy(t->text + t->len, text, part);
		t->len += part;
		t->text[t->len] = '\0';
		text += part;
		len -= part;
		rc = t->len == sizeof(t->text) - 1 ? flush_text(t) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool is_own(const struct keeper *k, int conn)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == k->uid; /* R1 */
}

static int carry(struct keeper *k, struct keeper_talk *t, const struct crl_wish_record *r, char *last)
{
	switch ((enum crl_wish_ask)r->number) {
	case CRL_WISH_DIFF:
		return keeper_tell_diff(t, last);
	case CRL_WISH_SNAPSHOTS:
		return keeper_tell_snapshots(t, last);
	case CRL_WISH_DISCARD:
	case CRL_WISH_KEEP:
	case CRL_WISH_SNAPSHOT:
		return keeper_note_wish(k, (enum crl_wish_ask)r->number, r->text, last);
	case CRL_WISH_ASK_COUNT:
		break;
	}
	return -EBADMSG;
}

static void converse(struct keeper *k, struct keeper_talk *t)
{
	static struct crl_wish_record r;
	char last[KEEPER_LAST_MAX] = "";
	int rc = await(t, POLLIN, crl_now_ms() + REQUEST_MS);

	if (rc == 0)
		rc = crl_wish_take(t->conn, &r);
	if (rc == -EPROTONOSUPPORT)
		crl_ignore(send_record(t, CRL_WISH_DONE, 1, "")); /* its version tells the client */
	if (rc < 0 || r.type != CRL_WISH_ASK)
		return;
	rc = carry(k, t, &r, last);
	if (rc >= 0 && flush_text(t) == 0)
		crl_ignore(send_record(t, CRL_WISH_DONE, rc, last)); /* it may be gone */
}

/* Each request is worth EACH_MS; who is AHEAD_MS ahead of that waits. */
static void charge(struct keeper *k)
{
	int64_t now = crl_now_ms();

	k->due_ms = (k->due_ms > now ? k->due_ms : now) + EACH_MS;
	k->quiet_ms = k->due_ms - AHEAD_MS;
}

void keeper_answer(struct keeper *k)
{
	static struct keeper_talk t;
	scoped_fd conn = accept4(k->listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (conn < 0)
		return;
	charge(k);
	t = (struct keeper_talk){.k = k, .conn = conn, .end_ms = crl_now_ms() + ANSWER_MS};
	if (is_own(k, conn))
		converse(k, &t);
}
