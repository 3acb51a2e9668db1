// SPDX-License-Identifier: Apache-2.0
/* Words of the command line to rooms, and what is recorded of what was done to them; see each_room.h. */
#include "ctl/act/each_room.h"

#include <fcntl.h>
#include <stdio.h>
#include <syslog.h>

#include "base/err.h"
#include "base/log.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "plan/limits/counts.h"
#include "state/rooms/rooms.h"
#include "state/why/why.h"

void ctl_room_record(const struct ctl *c, const struct crl_room_info *room, enum crl_why_cause cause)
{
	scoped_fd state = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ctl_lines lines;

	ctl_room_lines(room, &lines);
	for (size_t i = 0; i < lines.len; i++) {
		const struct crl_room_login *l = &lines.line[i];
		struct crl_why_event e = {.since = l->since, .cause = cause, .count = 1, .limit = CRL_COUNT_UNKNOWN};

		(void)snprintf(e.id, sizeof(e.id), "%s", l->id);
		(void)snprintf(e.policy, sizeof(e.policy), "%s", room->policy);
		if (crl_why_add(state, (struct crl_why_whose){l->uid, l->user}, &e, 1) < 0) {
			crl_log_open(NULL, false);
			crl_log(LOG_WARNING, "room=%s: %s by the operator, but it cannot be recorded for uid %u",
				room->id, cause == CRL_WHY_KILLED ? "ended" : "frozen", l->uid);
		}
	}
}

enum ctl_exit ctl_room_each(const struct ctl *c, int argc, char **argv, ctl_room_action *one, const char *done)
{
	enum ctl_exit status = CTL_YES;
	struct crl_rooms rooms;
	struct crl_err err = {0};

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	for (int i = 0; i < argc; i++) {
		size_t found = 0;

		for (size_t j = 0; j < rooms.len; j++) {
			if (rooms.item[j].stale || !ctl_is_of(&rooms.item[j], argv[i]))
				continue;
			found++;
			if (one(c, &rooms.item[j], true, &err) < 0)
				status = ctl_error(c, &err);
			else
				(void)printf("room %s %s\n", rooms.item[j].id, done);
		}
		if (found == 0)
			status = ctl_complain(c, status == CTL_FAIL ? CTL_FAIL : CTL_NO,
					      "no room, login or user %s with a live room", argv[i]);
	}
	crl_rooms_done(&rooms);
	return status;
}
