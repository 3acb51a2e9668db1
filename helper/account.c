// SPDX-License-Identifier: Apache-2.0
/*
 * Keep the host's utmp, wtmp and lastlog true for the logins of this room.
 *
 * Runs in: supervisor. The files are opened before the sandbox; afterwards only those are written.
 */
#include "helper/helper.h"

#include <string.h>
#include <syslog.h>

#include "apply/accounting.h"
#include "base/log.h"

static struct crl_accounting *accounting; /* NULL = off */
static int watch = -EBADF;

void crl_room_start_accounting(struct crl_room *room)
{
	struct crl_err err = {0};

	if (!room->accounting)
		return;
	accounting = calloc(1, sizeof(*accounting));
	watch = accounting ? crl_accounting_watch(room->utmp) : -ENOMEM;
	if (watch < 0 || crl_accounting_open(&crl_accounting_host_files, accounting, &err) < 0) {
		crl_log(LOG_WARNING, "room=%s: who and last will not list its logins: %s", room->id,
			err.code ? err.text : strerror(-watch));
		drop_fd(&watch);
		free(take_ptr(accounting));
		room->accounting = false;
		for (size_t i = 0; i < room->members; i++)
			crl_room_why_seen(room, room->member[i]->id);
		return;
	}
	crl_room_account(room); /* the application may have written before we watched */
}

int crl_room_account_fd(const struct crl_room *room)
{
	(void)room;
	return watch;
}

void crl_room_account(struct crl_room *room)
{
	struct crl_accounting_login login[CRL_ROOM_LOGINS_MAX];
	size_t n = 0;

	if (!accounting)
		return;
	crl_accounting_drain(watch);
	for (size_t i = 0; i < room->members; i++) {
		const struct crl_member *m = room->member[i];

		if (!m->gone)
			login[n++] = (struct crl_accounting_login){.id = m->id, .app = m->pid, .uid = m->uid,
								   .user = m->user, .rhost = m->rhost, .tty = m->tty};
	}
	if (crl_accounting_sync(accounting, room->utmp, login, n) < 0)
		crl_log(LOG_WARNING, "room=%s: cannot write the host's login records", room->id);
	for (size_t i = 0; i < CRL_ARRAY_LEN(accounting->line); i++)
		if (accounting->line[i].state == CRL_LINE_OPEN)
			crl_room_why_seen(room, accounting->line[i].login);
}

void crl_room_account_end(struct crl_room *room, const char *id)
{
	int r;

	if (!accounting)
		return;
	crl_room_account(room); /* what was written since the last event */
	r = id ? crl_accounting_end_login(accounting, id) : crl_accounting_end_all(accounting);
	if (r < 0)
		crl_log(LOG_WARNING, "room=%s: cannot write the host's logout records", room->id);
}
