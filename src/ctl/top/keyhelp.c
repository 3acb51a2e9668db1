// SPDX-License-Identifier: Apache-2.0
/* See keyhelp.h. */
#include "ctl/top/keyhelp.h"

#include "base/scope.h"
#include "ctl/top/screen.h"

void ctl_top_put_help(struct ctl_top_screen *s, int line)
{
	static const char *const help[] = {
		"Up Down j k    select a login; Page Up, Page Down, Home g, End G",
		"c m p i n      sort by cpu, memory, processes, io, network: the highest first",
		"u t            sort by user, by time of login: the oldest first",
		"r              the other way round",
		"/              filter: part of a user, policy or remote host; Esc clears it",
		"F              freeze the selected login's room, or thaw it",
		"K              end the selected login's room with everything in it",
		"+ -            look less often, more often;  Space  look now;  Ctrl-L  redraw",
		"q              leave",
		"",
		"PROC  processes of the room          CPU     of the login, 100% = one processor",
		"IO/S  read and written by the user   MEMORY  of all rooms of the user",
		"NET/S sent and received by a room with a way out of its own",
		"Bars are parts of the user's limit (of memory: the lower of their two), or of",
		"the machine where they have none.",
		"STATE: open; left = only background processes; frozen; lingering = a room",
		"       in which nobody is logged in; the line below tells when it ends;",
		"       stale = only the record is left: carrel-helper --sweep removes it;",
		"       held back = all that runs waits for memory, a tenth of the time or more",
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(help); i++)
		ctl_top_screen_put(s, &(struct ctl_top_field){line + (int)i, 0, s->columns, false, CTL_TOP_PLAIN},
				   help[i]);
}
