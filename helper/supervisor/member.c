// SPDX-License-Identifier: Apache-2.0
/*
 * The logins of a room, as its supervisor knows them.
 *
 * Runs in: supervisor. Owns: each member's descriptors and texts. R1: over a module's socket a login can only be ended.
 */
#include "helper/supervisor/member.h"

#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "helper/kept_room.h"
#include "helper/parts/manager.h"
#include "helper/parts/outer.h"
#include "plan/limits/counts.h"
#include "state/rooms/record.h"
#include "wire/fdpass.h"
#include "wire/phases.h"

static void free_member(struct crl_member *m)
{
	drop_fd(&m->pidfd);
	drop_fd(&m->channel);
	drop_fd(&m->joiner);
	drop_fd(&m->cgroup);
	crl_outer_free(m->outer);
	free(m->origin);
	free(m->scope);
	free(m->user);
	free(m->service);
	free(m->tty);
	free(m->rhost);
	free(m);
}

static bool copy_texts(struct crl_member *m, const struct crl_login *login)
{
	m->user = strdup(login->user);
	m->service = strdup(login->service);
	m->tty = strdup(login->tty);
	m->rhost = strdup(login->rhost);
	return m->user && m->service && m->tty && m->rhost;
}

struct crl_member *crl_member_add(struct crl_kept *room, const struct crl_login *login, const char *id)
{
	struct crl_member **grown, *m;

	if (crl_members_present(room) >= CRL_ROOM_LOGINS_MAX) /* what others have left behind takes no place */
		return NULL;
	grown = realloc(room->member, (room->members + 1) * sizeof(struct crl_member *));
	if (!grown)
		return NULL;
	room->member = grown;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->pidfd = m->channel = m->joiner = m->cgroup = -EBADF;
	m->uid = login->uid;
	m->since_ms = crl_clock_ms();
	m->since = m->since_ms / 1000;
	m->shows = login->shows;
	crl_counts_init(&m->base);
	(void)snprintf(m->id, sizeof(m->id), "%s", id);
	if (!copy_texts(m, login)) {
		free_member(m);
		return NULL;
	}
	room->member[room->members++] = m;
	return m;
}

bool crl_member_remember(const struct crl_kept *room, struct crl_member *m, const char *path)
{
	return !room->manager->remember || room->manager->remember(m, path);
}

void crl_member_drop(struct crl_kept *room, struct crl_member *m)
{
	for (size_t i = 0; i < room->members; i++) {
		if (room->member[i] != m)
			continue;
		room->member[i] = room->member[--room->members];
		break;
	}
	free_member(m);
}

/* What cannot be handed on is closed here, and its calls are refused by the kernel. */
static void hand_on(const struct crl_kept *room, const struct crl_member *m, const int fds[2])
{
	int rc = crl_msg_send(room->listener, CRL_MSG_LISTENER, NULL, 0, fds, 2);

	if (rc < 0)
		crl_log(LOG_ERR, "id=%s room=%s: its calls cannot be listened to, what its filter tells is refused: %s",
			m->id, room->id, strerror(-rc));
}

/*
 * R1: before any process of the user's is there, and once, the listener of its filter. Whatever else comes from there
 * makes us deaf to it: the user's own processes may have inherited the other end.
 */
bool crl_member_asks(const struct crl_kept *room, struct crl_member *m)
{
	const struct crl_phase *phase = m->listens ? &crl_phases[CRL_PHASE_LISTENING] : &crl_phases[CRL_PHASE_LIVING];
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int rc;

	if (m->asked || m->channel < 0 || m->joiner >= 0)
		return false;
	rc = crl_msg_recv(m->channel, phase, NULL, 0, -1, &got);
	if (rc == -EAGAIN)
		return false;
	if (rc < 0) {
		if (rc != -EPIPE)
			crl_log(LOG_WARNING,
				"id=%s: bad record on the module's socket (%s), not listening to it any more", m->id,
				strerror(-rc));
		drop_fd(&m->channel);
		return false;
	}
	if (got.type == CRL_MSG_LISTENER) {
		m->listens = false;
		hand_on(room, m, got.fds);
		return false;
	}
	m->asked = true;
	return true;
}

size_t crl_members_present(const struct crl_kept *room)
{
	size_t n = 0;

	for (size_t i = 0; i < room->members; i++)
		n += !room->member[i]->gone;
	return n;
}

size_t crl_members_joining(const struct crl_kept *room)
{
	size_t n = 0;

	for (size_t i = 0; i < room->members; i++)
		n += !room->member[i]->gone && room->member[i]->joiner >= 0;
	return n;
}
