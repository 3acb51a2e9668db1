// SPDX-License-Identifier: Apache-2.0
/*
 * See keeper.h.
 *
 * Trusts: which program a process runs, which the kernel says; its name is its own choice.
 */
#include "ctl/look/keeper.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/procstat.h"
#include "wire/wish.h"

/* The program beside the helper, also when another has been installed since. */
static bool runs_keeper(int proc, int pid, const char *helper)
{
	const char *slash = strrchr(helper, '/');
	const size_t dir = slash ? (size_t)(slash + 1 - helper) : 0;
	char name[32], exe[PATH_MAX];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d/exe", pid);
	n = readlinkat(proc, name, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = '\0';
	return strncmp(exe, helper, dir) == 0 &&
	       (strcmp(exe + dir, CRL_KEEPER_PROGRAM) == 0 || strcmp(exe + dir, CRL_KEEPER_PROGRAM " (deleted)") == 0);
}

static bool is_of_room(int proc, int pid, const char *room)
{
	char name[32], text[256], want[256];

	(void)snprintf(name, sizeof(name), "%d/cmdline", pid);
	(void)snprintf(want, sizeof(want), CRL_KEEPER_PROGRAM ":%s", room);
	return crl_file_read(proc, name, text, sizeof(text)) > 0 && strcmp(text, want) == 0;
}

/* Of its processes the one that is no child of the other. */
pid_t ctl_find_keeper(const char *helper, const char *room)
{
	scoped(crl_dir) proc = {0};
	pid_t found = 0;

	if (crl_dir_open(AT_FDCWD, "/proc", &proc) < 0)
		return 0;
	for (int pid; crl_dir_next_number(&proc, &pid);)
		if (is_of_room(crl_dir_fd(&proc), pid, room) && runs_keeper(crl_dir_fd(&proc), pid, helper) &&
		    (found == 0 || crl_process_parent(found) == pid))
			found = pid;
	return found;
}
