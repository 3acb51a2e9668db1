// SPDX-License-Identifier: Apache-2.0
/* See procstat.h. */
#include "base/procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"

int crl_procstat_parse(const char *text, struct crl_procstat *ret)
{
	const char *p = strrchr(text, ')'); /* the name may hold spaces and parentheses; what follows it does not */
	int parent, tty;
	uint64_t start = 0;
	char state;

	/*
	 * 3 state, 4 ppid, 5 pgrp, 6 session, 7 tty_nr, 8 tpgid, 9 to 21 what nobody here asks for, 22 starttime:
	 * proc(5)
	 */
	if (!p || sscanf(p + 1, " %c %d %*d %*d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
			 &state, &parent, &tty, &start) < 3)
		return -EBADMSG;
	*ret = (struct crl_procstat){.state = state, .parent = parent, .has_tty = tty != 0, .start = start};
	return 0;
}

int crl_procstat_read(int proc, pid_t pid, struct crl_procstat *ret)
{
	char path[32], text[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid); /* fits */
	n = crl_file_read(proc, path, text, sizeof(text));
	return n < 0 ? (int)n : crl_procstat_parse(text, ret);
}

int crl_procstat_of(pid_t pid, struct crl_procstat *ret)
{
	char path[32], text[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid); /* fits */
	n = crl_file_read(AT_FDCWD, path, text, sizeof(text));
	return n < 0 ? (int)n : crl_procstat_parse(text, ret);
}

pid_t crl_process_parent(pid_t pid)
{
	struct crl_procstat s;

	return crl_procstat_of(pid, &s) < 0 ? 0 : s.parent;
}

uint64_t crl_process_start(pid_t pid)
{
	struct crl_procstat s;

	return crl_procstat_of(pid, &s) < 0 || crl_procstat_is_dead(&s) ? 0 : s.start;
}
