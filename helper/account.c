// SPDX-License-Identifier: Apache-2.0
/*
 * Keep the host's utmp, wtmp and lastlog true for the logins of this room.
 *
 * Runs in: supervisor. The files are opened before the sandbox; afterwards only those are written.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "apply/accounting.h"
#include "base/log.h"

static struct crl_accounting *accounting; /* NULL = off */
static int run = -EBADF; /* the room's /run, watched as long as it is open */
static int watch = -EBADF;

/* The directory in which the room's utmp really lies, since what is watched is a directory. */
static int open_run(const struct crl_room *room, struct crl_err *err)
{
	struct stat held, named;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/root/run", (int)room->init_pid); /* our own child: the number is its */
	run = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run < 0 || fstat(room->utmp, &held) < 0 || fstatat(run, "utmp", &named, AT_SYMLINK_NOFOLLOW) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot open the room's /run");
	if (held.st_dev != named.st_dev || held.st_ino != named.st_ino)
		return crl_err_set(err, ESTALE, CRL_STAGE_STATE, "the room's utmp is not in its /run");
	return 0;
}

static int open_accounting(const struct crl_room *room, struct crl_err *err)
{
	int r = open_run(room, err);

	if (r < 0)
		return r;
	watch = crl_accounting_watch(run);
	if (watch < 0)
		return crl_err_set(err, -watch, CRL_STAGE_STATE, "cannot watch the room's utmp%s",
				   watch == -EINVAL ? ": no dnotify in this kernel, or fs.dir-notify-enable is 0" : "");
	accounting = calloc(1, sizeof(*accounting));
	if (!accounting)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	return crl_accounting_open(&crl_accounting_host_files, accounting, err);
}

int crl_room_open_accounting(struct crl_room *room, bool required, struct crl_err *err)
{
	struct crl_err why = {0};

	if (!room->accounting || open_accounting(room, &why) == 0)
		return 0;
	drop_fd(&watch);
	drop_fd(&run);
	free(take_ptr(accounting));
	room->accounting = false;
	if (required) {
		*err = why;
		return -why.code;
	}
	crl_log(LOG_WARNING, "room=%s: who and last will not list its logins: %s", room->id, why.text);
	return 0;
}

void crl_room_start_accounting(struct crl_room *room)
{
	crl_room_account(room); /* the application may have written before we looked */
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
