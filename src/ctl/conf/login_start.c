// SPDX-License-Identifier: Apache-2.0
/*
 * See origin.h.
 *
 * Runs in: carrelctl (root: it reads which program any process runs).
 * Trusts: root. It guards against a mistake: confirming from the very shell that would survive a lock-out.
 */
#include "ctl/conf/login_start.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dir.h"
#include "base/err.h"
#include "base/file.h"
#include "base/procstat.h"
#include "base/scope.h"

static const struct ctl_process *find(const struct ctl_process *all, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].pid == pid)
			return &all[i];
	return NULL;
}

/* Does a login begin with this process? */
static bool is_entrance(const struct ctl_process *all, size_t n, const struct ctl_process *p)
{
	const struct ctl_process *parent = find(all, n, p->parent);

	if (p->program == CTL_PROGRAM_SSHD)
		return p->parent == 1 ||
		       (parent && parent->program != CTL_PROGRAM_OTHER && parent->program != CTL_PROGRAM_LOGIN);
	/* login itself has the age of the getty that became it. */
	return parent && parent->program == CTL_PROGRAM_LOGIN && parent->parent == 1;
}

static uint64_t older(const struct ctl_process *all, size_t n, const struct ctl_process *p, uint64_t than_ms)
{
	return is_entrance(all, n, p) && p->start_ms < than_ms ? p->start_ms : than_ms;
}

int ctl_login_start(const struct ctl_process *all, size_t n, pid_t self, uint64_t *ret_ms)
{
	const struct ctl_process *me = find(all, n, self);
	uint64_t oldest = UINT64_MAX;

	for (const struct ctl_process *p = me; p && p->pid > 1; p = find(all, n, p->parent))
		oldest = older(all, n, p, oldest);
	for (size_t i = 0; me && me->session != CTL_NO_SESSION && i < n; i++)
		if (all[i].session == me->session)
			oldest = older(all, n, &all[i], oldest);
	if (oldest == UINT64_MAX)
		return -ENOENT;
	*ret_ms = oldest;
	return 0;
}

static enum ctl_program program_of(int dir)
{
	char exe[PATH_MAX], title[256];
	ssize_t n = readlinkat(dir, "exe", exe, sizeof(exe) - 1);
	char *name, *deleted;

	if (n < 0)
		return CTL_PROGRAM_OTHER; /* a kernel thread */
	exe[n] = '\0';
	deleted = strstr(exe, " (deleted)"); /* an upgrade has replaced it */
	if (deleted)
		*deleted = '\0';
	name = strrchr(exe, '/');
	name = name ? name + 1 : exe;
	if (strcmp(name, "login") == 0)
		return CTL_PROGRAM_LOGIN;
	if (strcmp(name, "sshd-session") == 0) /* OpenSSH 9.8 and newer */
		return CTL_PROGRAM_SSHD;
	if (strcmp(name, "sshd") != 0)
		return CTL_PROGRAM_OTHER;
	crl_ignore(crl_file_read(dir, "cmdline", title, sizeof(title)) < 0); /* "" is no sshd's */
	return strncmp(title, "sshd: ", 6) == 0 && !strstr(title, "[listener]") ? CTL_PROGRAM_SSHD
										: CTL_PROGRAM_LISTENER;
}

/* Returns false when it is gone meanwhile. */
static bool read_process(int proc, int pid, struct ctl_process *ret)
{
	char name[16], text[32];
	scoped_fd dir = -EBADF;
	long ticks = sysconf(_SC_CLK_TCK);
	struct crl_procstat s;

	(void)snprintf(name, sizeof(name), "%d", pid);
	dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || ticks <= 0 || crl_procstat_read(proc, pid, &s) < 0 || crl_procstat_is_dead(&s))
		return false;
	*ret = (struct ctl_process){.pid = pid, .parent = s.parent, .session = CTL_NO_SESSION};
	ret->start_ms = s.start * 1000 / (uint64_t)ticks;
	if (ret->start_ms == 0)
		return false;
	if (crl_file_read(dir, "sessionid", text, sizeof(text)) > 0)
		ret->session = (uint32_t)strtoul(text, NULL, 10);
	ret->program = program_of(dir);
	return true;
}

static int read_all(struct crl_dir *proc, struct ctl_process **ret, size_t *ret_n)
{
	for (int pid; crl_dir_next_number(proc, &pid);) {
		struct ctl_process *grown = reallocarray(*ret, *ret_n + 1, sizeof(**ret));

		if (!grown)
			return -ENOMEM;
		*ret = grown;
		*ret_n += read_process(crl_dir_fd(proc), pid, &grown[*ret_n]);
	}
	return 0;
}

int ctl_own_login_start(uint64_t *ret_ms, uint32_t *ret_session, struct crl_err *err)
{
	scoped_free struct ctl_process *all = NULL;
	const struct ctl_process *me;
	scoped(crl_dir) proc = {0};
	size_t n = 0;
	int rc = crl_dir_open(AT_FDCWD, "/proc", &proc);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "cannot read /proc: %s", strerrordesc_np(-rc));
	rc = read_all(&proc, &all, &n);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "out of memory");
	me = find(all, n, getpid());
	*ret_session = me ? me->session : CTL_NO_SESSION;
	if (ctl_login_start(all, n, getpid(), ret_ms) == 0)
		return 0;
	return crl_err_set(
		err, ENOENT, CRL_STAGE_REQUEST,
		"cannot tell which login this is: run it in the shell of a new login by SSH or on a console, not "
		"in tmux, from cron or as a service");
}
