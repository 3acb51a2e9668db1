// SPDX-License-Identifier: Apache-2.0
/*
 * The logins of a room, as its supervisor knows them.
 *
 * Runs in: supervisor. Owns: each member's descriptors and texts.
 */
#include "helper/helper.h"

#include <string.h>

static void free_member(struct crl_member *m)
{
	drop_fd(&m->pidfd);
	drop_fd(&m->channel);
	drop_fd(&m->joiner);
	drop_fd(&m->cgroup);
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

struct crl_member *crl_member_add(struct crl_room *room, const struct crl_login *login, const char *id)
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

void crl_member_drop(struct crl_room *room, struct crl_member *m)
{
	for (size_t i = 0; i < room->members; i++) {
		if (room->member[i] != m)
			continue;
		room->member[i] = room->member[--room->members];
		break;
	}
	free_member(m);
}

size_t crl_members_present(const struct crl_room *room)
{
	size_t n = 0;

	for (size_t i = 0; i < room->members; i++)
		n += !room->member[i]->gone;
	return n;
}

size_t crl_members_joining(const struct crl_room *room)
{
	size_t n = 0;

	for (size_t i = 0; i < room->members; i++)
		n += !room->member[i]->gone && room->member[i]->joiner >= 0;
	return n;
}
