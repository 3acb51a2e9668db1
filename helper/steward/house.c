// SPDX-License-Identifier: Apache-2.0
/*
 * Where the steward lives: in the host's own mount namespace and not in the sandbox of the service whose login started
 * it; and in carrel.slice and not in that login's scope, which ends before it.
 *
 * Runs in: carrel-steward. R1: what fails is logged: then it lives where it was started.
 */
#include "helper/steward/steward.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/child.h"
#include "base/log.h"
#include "helper/parts/ask_systemd.h"

#define HOUSE_MS 30000

void crl_steward_leave_sandbox(void)
{
	scoped_fd host = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
	struct stat mine, there;

	if (host >= 0 && fstat(host, &there) == 0 && stat("/proc/self/ns/mnt", &mine) == 0 &&
	    mine.st_ino == there.st_ino)
		return;
	if (host < 0 || setns(host, CLONE_NEWNS) < 0) /* R1 */
		crl_log(LOG_WARNING,
			CRL_STEWARD_PROGRAM ": stays in the mount namespace of the service that started it: %s",
			strerror(errno));
}

void crl_steward_move_house(void)
{
	static char verb[] = "scope", slice[] = "carrel.slice", text[] = "carrel: steward";
	char name[64], number[16], *argv[] = {NULL, verb, name, slice, text, number, NULL};
	struct crl_err err = {0};
	char path[1024];
	pid_t self = getpid(), pid;

	(void)snprintf(name, sizeof(name), CRL_STEWARD_PROGRAM "-%d.scope", (int)self);
	if (crl_cgroup_of(self, path, sizeof(path)) == 0 && strstr(path, name))
		return; /* since before it was started anew */
	pid = fork();
	if (pid < 0)
		crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": cannot start a process: %s", strerror(errno));
	if (pid != 0)
		return;
	if (!crl_child_ends_with(self))
		_exit(1);
	(void)snprintf(number, sizeof(number), "%d", (int)self);
	if (crl_systemd_ask(argv, crl_now_ms() + HOUSE_MS, &err) < 0) /* R1 */
		crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": stays in the scope of the login that started it: %s",
			err.text);
	_exit(0);
}
