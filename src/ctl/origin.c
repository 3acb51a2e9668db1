// SPDX-License-Identifier: Apache-2.0
/*
 * See origin.h.
 *
 * Runs in: carrelctl (root: it reads which program any process runs).
 * Trusts: root. It guards against a mistake: confirming from the very shell that would survive a lock-out.
 */
#include "ctl/origin.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "state/record.h"

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
		return p->parent == 1 || (parent && parent->program != CTL_PROGRAM_OTHER &&
					  parent->program != CTL_PROGRAM_LOGIN);
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

static ssize_t read_text(int dir, const char *name, char *buf, size_t size)
{
	scoped_fd fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n;
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
	(void)read_text(dir, "cmdline", title, sizeof(title));
	return strncmp(title, "sshd: ", 6) == 0 && !strstr(title, "[listener]") ? CTL_PROGRAM_SSHD : CTL_PROGRAM_LISTENER;
}

/* Returns false when it is gone meanwhile. */
static bool read_process(int proc, const char *name, struct ctl_process *ret)
{
	scoped_fd dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long ticks = sysconf(_SC_CLK_TCK);
	char text[1024];
	const char *p;
	int parent;

	if (dir < 0 || ticks <= 0 || read_text(dir, "stat", text, sizeof(text)) <= 0)
		return false;
	p = strrchr(text, ')'); /* the command name may hold spaces and parentheses */
	if (!p || sscanf(p + 1, " %*c %d", &parent) != 1)
		return false;
	*ret = (struct ctl_process){.pid = (pid_t)atoi(name), .parent = parent, .session = CTL_NO_SESSION};
	ret->start_ms = crl_process_start(ret->pid) * 1000 / (uint64_t)ticks;
	if (ret->start_ms == 0)
		return false;
	if (read_text(dir, "sessionid", text, sizeof(text)) > 0)
		ret->session = (uint32_t)strtoul(text, NULL, 10);
	ret->program = program_of(dir);
	return true;
}

static int read_all(DIR *proc, struct ctl_process **ret, size_t *ret_n)
{
	for (const struct dirent *d = readdir(proc); d; d = readdir(proc)) {
		struct ctl_process *grown;

		if (d->d_name[0] < '1' || d->d_name[0] > '9')
			continue;
		grown = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
		if (!grown)
			return -ENOMEM;
		*ret = grown;
		*ret_n += read_process(dirfd(proc), d->d_name, &grown[*ret_n]);
	}
	return 0;
}

int ctl_own_login_start(uint64_t *ret_ms, uint32_t *ret_session, struct crl_err *err)
{
	scoped_free struct ctl_process *all = NULL;
	const struct ctl_process *me;
	DIR *proc = opendir("/proc");
	size_t n = 0;
	int r;

	if (!proc)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "cannot read /proc: %s", strerrordesc_np(errno));
	r = read_all(proc, &all, &n);
	(void)closedir(proc);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_REQUEST, "out of memory");
	me = find(all, n, getpid());
	*ret_session = me ? me->session : CTL_NO_SESSION;
	if (ctl_login_start(all, n, getpid(), ret_ms) == 0)
		return 0;
	return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST,
			   "cannot tell which login this is: run it in the shell of a new login by SSH or on a console, not "
			   "in tmux, from cron or as a service");
}
