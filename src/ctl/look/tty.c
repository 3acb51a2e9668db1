// SPDX-License-Identifier: Apache-2.0
/*
 * Which terminal a login of sshd has: sshd makes it after the room, so it is on no record, but in the host's utmp,
 * where the supervisor has put it as the terminal of the host's that stands for it, or as "LOGIN/pts/N". See tty.h.
 */
#include "ctl/look/tty.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utmp.h>

#include "apply/accounting/accounting.h"
#include "apply/accounting/hostlog.h"
#include "base/scope.h"
#include "state/rooms/rooms.h"

/* The first of several: a connection may have more than one. @is_its  does the record tell of that login? */
static void name_one(struct crl_rooms *rooms, bool (*is_its)(const struct crl_room_login *l, const struct utmp *u),
		     const struct utmp *u, const char *line)
{
	for (size_t i = 0; i < rooms->len; i++) {
		for (size_t j = 0; j < rooms->item[i].logins; j++) {
			struct crl_room_login *l = &rooms->item[i].login[j];

			if (strcmp(l->tty, "ssh") != 0 || !is_its(l, u))
				continue;
			(void)snprintf(l->tty, sizeof(l->tty), "%s", line);
			return;
		}
	}
}

static bool has_its_id(const struct crl_room_login *l, const struct utmp *u)
{
	size_t len = strlen(l->id);

	return strncmp(u->ut_line, l->id, len) == 0 && u->ut_line[len] == '/';
}

static bool has_its_process(const struct crl_room_login *l, const struct utmp *u)
{
	return u->ut_id[0] == CRL_HOSTLOG_MARK && u->ut_pid == l->pid && l->pid != 0;
}

void ctl_name_terminals(struct crl_rooms *rooms)
{
	/* Read as it stands: a lock could be waited for, and what is torn names no login. */
	scoped_fd fd = open(crl_accounting_host_files.utmp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct utmp u;

	while (fd >= 0 && read(fd, &u, sizeof(u)) == (ssize_t)sizeof(u)) {
		char line[UT_LINESIZE + 1];
		const char *slash;

		if (u.ut_type != USER_PROCESS)
			continue;
		(void)snprintf(line, sizeof(line), "%.*s", UT_LINESIZE, u.ut_line);
		slash = strchr(line, '/');
		if (strncmp(line, "pts/", 4) == 0)
			name_one(rooms, has_its_process, &u, line);
		else if (slash && slash > line)
			name_one(rooms, has_its_id, &u, slash + 1);
	}
}
