// SPDX-License-Identifier: Apache-2.0
/*
 * Which terminal a login of sshd has: sshd makes it after the room, so it is on no record, but in the host's utmp,
 * where the supervisor has put it as "LOGIN/pts/N". See ctl.h.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <utmp.h>

#include "apply/accounting.h"

static void name_one(struct crl_rooms *rooms, const char *id, size_t len, const char *line)
{
	for (size_t i = 0; i < rooms->len; i++) {
		for (size_t j = 0; j < rooms->item[i].logins; j++) {
			struct crl_room_login *l = &rooms->item[i].login[j];

			/* The first of several: a connection may have more than one. */
			if (strlen(l->id) != len || strncmp(l->id, id, len) != 0 || strcmp(l->tty, "ssh") != 0)
				continue;
			(void)snprintf(l->tty, sizeof(l->tty), "%s", line);
			return;
		}
	}
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
		if (slash && slash > line)
			name_one(rooms, line, (size_t)(slash - line), slash + 1);
	}
}
