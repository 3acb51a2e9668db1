// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which a room is visited; see visit.h.
 *
 * Owns: R1 no file of the room is executed before the process is the room's user, with the room's restrictions; R2
 * what runs inside gets a terminal of the room's own, or pipes, and no other descriptor; R3 it counts to the login's
 * limits; R4 it has none of the caller's keys.
 */
#include "door/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/file.h"
#include "base/scope.h"
#include "door/become.h"
#include "door/origin.h"
#include "door/trim.h"
#include "wire/fds.h"

#define TTY_GROUP 5

static _Noreturn void fail(const struct crl_visit *v, const char *what)
{
	(void)dprintf(STDERR_FILENO, "%s: cannot %s: %s\n", v->name, what, strerrordesc_np(errno));
	_exit(CRL_VISIT_FAILED);
}

static _Noreturn void fail_with(const struct crl_visit *v, const struct crl_err *err)
{
	char text[4 * CRL_ERR_TEXT_MAX];

	crl_err_show(err, text, sizeof(text));
	(void)dprintf(STDERR_FILENO, "%s: %s: %s\n", v->name, text, strerrordesc_np((int)err->code));
	_exit(CRL_VISIT_FAILED);
}

/* The room's own multiplexer: a device that carrel made there and nobody else could have. */
static int open_terminal(int *ret_slave)
{
	scoped_fd master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (master < 0 || fstat(master, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != 5 ||
	    minor(st.st_rdev) != 2)
		return -1;
	if (unlockpt(master) < 0)
		return -1;
	*ret_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_slave < 0 || fchown(*ret_slave, 0, TTY_GROUP) < 0)
		return -1;
	return take_fd(&master);
}

static int send_master(int sock, int master)
{
	char byte = 0;

	return crl_fds_send(sock, &(struct iovec){&byte, 1}, 1, &master, 1);
}

/* Waits as long as the guide needs, whose end closes the other side. */
static int receive_master(int sock)
{
	const struct crl_fds_rule rule = {.most = 1};
	scoped(crl_fds) got = CRL_FDS_NONE;
	char byte;
	int rc = crl_fds_wait(sock, INT64_MAX);

	if (rc < 0 || crl_fds_take(sock, &(struct iovec){&byte, 1}, 1, &rule, &got) != 1 || got.len != 1)
		return -EPIPE;
	return take_fd(&got.fd[0]);
}

/* R2 */
static int take_stdio(const struct crl_visit *v, int slave)
{
	int moved[3];

	for (int i = 0; i < 3; i++) {
		moved[i] = fcntl(v->tty ? slave : v->stdio[i], F_DUPFD, 3);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], i) < 0)
			return -1;
	crl_become_clean(3);
	return 0;
}

static int take_terminal(const struct crl_visit *v)
{
	struct stat st;

	return fstat(0, &st) < 0 || fchown(0, v->login->uid, st.st_gid) < 0 || ioctl(0, TIOCSCTTY, 0) < 0 ? -1 : 0;
}

/* R1, R4 */
static _Noreturn void be_visitor(const struct crl_visit *v, int slave)
{
	struct crl_err err = {0};

	if (take_stdio(v, slave) < 0)
		_exit(CRL_VISIT_FAILED);
	if (v->tty && take_terminal(v) < 0)
		fail(v, "take the terminal");
	if (crl_become_keyless() < 0)
		fail(v, "leave the operator's keyring");
	if (v->restrictions && crl_trim_apply(v->restrictions, NULL, &err) < 0)
		fail_with(v, &err);
	if (crl_become_user(v->login) < 0)
		_exit(CRL_VISIT_FAILED);
	(void)prctl(PR_SET_PDEATHSIG, SIGHUP);
	crl_become_at_home(v->login);
	(void)execvpe(v->program, v->argv, v->env);
	(void)dprintf(STDERR_FILENO, "%s: cannot %s: %s\n", v->name, v->program, strerrordesc_np(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* R3: before the cgroup namespace, whose root is where the guide is. */
static int go_in(const struct crl_visit *v, struct crl_err *err)
{
	scoped(crl_origin) o = CRL_ORIGIN_NONE;
	char pid[16];
	int rc;

	(void)snprintf(pid, sizeof(pid), "%d", getpid());
	rc = v->cgroup < 0 ? 0 : crl_file_write(v->cgroup, "cgroup.procs", pid);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "cannot count to the login's limits");
	rc = crl_origin_save(&o, err);
	if (rc == 0)
		rc = crl_origin_choose(&o, v->ns_mask, err);
	if (rc == 0)
		rc = crl_origin_leave(&o, v->init, err);
	return rc < 0 ? rc : crl_origin_has_left(&o, err);
}

static _Noreturn void be_guide(const struct crl_visit *v, int sock)
{
	int slave = -EBADF, master, status;
	struct crl_err err = {0};
	pid_t pid;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (go_in(v, &err) < 0)
		fail_with(v, &err);
	if (v->tty) {
		master = open_terminal(&slave);
		if (master < 0 || send_master(sock, master) < 0)
			fail(v, "open a terminal of the room");
		(void)close(master);
	}
	pid = fork();
	if (pid == 0)
		be_visitor(v, slave);
	(void)close_range(3, ~0u, 0);
	if (pid < 0)
		fail(v, "start a process");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int crl_visit_start(const struct crl_visit *v, pid_t *ret_pid, int *ret_master, struct crl_err *err)
{
	scoped_fd ours = -EBADF, theirs = -EBADF;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot make a socket");
	ours = pair[0];
	theirs = pair[1];
	*ret_pid = fork();
	if (*ret_pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot start a process");
	if (*ret_pid == 0)
		be_guide(v, theirs);
	drop_fd(&theirs);
	if (v->tty)
		*ret_master = receive_master(ours);
	return 0;
}
