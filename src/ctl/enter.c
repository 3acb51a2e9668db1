// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl enter: a shell, or a command, in somebody's room.
 *
 * Owns: R1 no file of the room is executed before the process is the room's user, with the room's restrictions; R2 what
 * runs inside gets a terminal of the room's own, or pipes, and no other descriptor; R3 it counts to the login's limits;
 * R4 it has none of the operator's keys; R5 nobody visits under the name of somebody for whom the room was not made.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "base/log.h"
#include "ctl/inside.h"
#include "ctl/relay.h"
#include "door/trim.h"
#include "proto/fdpass.h"
#include "proto/nskind.h"
#include "state/filter_cache.h"

struct visit {
	const struct ctl *c;
	const struct crl_room_info *room;
	const struct crl_room_login *login;
	struct ctl_lines lines; /* of the room; login is one of them */
	struct ctl_person who;
	struct crl_msg_room restrictions;
	char **argv; /* NULL = a login shell */
	bool tty;
	int init;   /* pidfd of the room's init */
	int cgroup; /* -EBADF = the login has none */
	int sock;   /* the terminal's master comes over it */
	int pipes[3][2];
};

/* What the room's logins adopted, from its record; the filter from the cache. */
static int read_restrictions(struct visit *v, struct crl_err *err)
{
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	char path[PATH_MAX];
	scoped_fd cache = -EBADF;

	v->restrictions.adopt = v->room->adopt;
	if (!v->room->filter[0])
		return 0;
	(void)snprintf(path, sizeof(path), "%s/cache", v->c->state);
	cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!filter || cache < 0 || crl_filter_cache_load(cache, v->room->filter, filter) < 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_FILTER,
				   "the filter of room %s is no longer kept: --unrestricted goes in without it", v->room->id);
	v->restrictions.filter_len = filter->len;
	memcpy(v->restrictions.filter, filter->insn, filter->len * sizeof(filter->insn[0]));
	return 0;
}

static int say(const char *what)
{
	(void)dprintf(STDERR_FILENO, "carrelctl enter: cannot %s: %s\n", what, strerrordesc_np(errno));
	return -1;
}

/* The room's own multiplexer: a device that carrel made there and nobody else could have. */
static int open_terminal(int *ret_slave)
{
	scoped_fd master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (master < 0 || fstat(master, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != 5 || minor(st.st_rdev) != 2)
		return -1;
	if (unlockpt(master) < 0)
		return -1;
	*ret_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_slave < 0 || fchown(*ret_slave, 0, 5) < 0)
		return -1;
	return take_fd(&master);
}

static int send_master(const struct visit *v, int master)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &master, sizeof(master));
	return sendmsg(v->sock, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int receive_master(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *c;
	int fd;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != 1 || !(c = CMSG_FIRSTHDR(&m)) || c->cmsg_type != SCM_RIGHTS)
		return -EPIPE;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* R2 */
static int take_stdio(const struct visit *v, int slave)
{
	int moved[3];

	for (int i = 0; i < 3; i++) {
		moved[i] = fcntl(v->tty ? slave : v->pipes[i][i == 0 ? 0 : 1], F_DUPFD, 3);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], i) < 0)
			return -1;
	return 0;
}

/* R1, R4: PID namespaces take in children only, so this is one. */
static _Noreturn void be_visitor(struct visit *v, int slave)
{
	const char *slash = strrchr(v->who.shell, '/');
	char name[64], *shell[] = {name, NULL};
	struct crl_err err = {0};
	struct stat st;

	(void)snprintf(name, sizeof(name), "-%.60s", slash ? slash + 1 : v->who.shell);
	if (take_stdio(v, slave) < 0)
		_exit(111);
	ctl_start_clean(3);
	if (v->tty && (fstat(0, &st) < 0 || fchown(0, v->who.login.uid, st.st_gid) < 0 || ioctl(0, TIOCSCTTY, 0) < 0))
		(void)say("take the terminal"), _exit(111);
	if (ctl_leave_keys() < 0)
		(void)say("leave the operator's keyring"), _exit(111);
	if (!v->c->unrestricted && crl_trim_apply(&v->restrictions, &err) < 0) {
		(void)dprintf(STDERR_FILENO, "carrelctl enter: %s\n", err.text);
		_exit(111);
	}
	if (ctl_become(&v->who.login) < 0)
		_exit(111);
	(void)prctl(PR_SET_PDEATHSIG, SIGHUP);
	ctl_go_home(&v->who.login);
	(void)execvpe(v->argv ? v->argv[0] : v->who.shell, v->argv ? v->argv : shell,
		      ctl_environment(&v->who, v->tty ? getenv("TERM") : NULL));
	(void)say(v->argv ? v->argv[0] : v->who.shell);
	_exit(errno == ENOENT ? 127 : 126);
}

/* R3, then into the namespaces. */
static int go_in(const struct visit *v)
{
	uint32_t flags = crl_ns_clone_flags(v->room->adopt.ns_mask);

	if (v->cgroup >= 0 && crl_cgroup_attach(v->cgroup, getpid()) < 0)
		return say("count to the login's limits");
	if (flags && setns(v->init, (int)flags) < 0)
		return say("join the room");
	return 0;
}

static _Noreturn void be_guide(struct visit *v)
{
	int slave = -EBADF, master, status;
	pid_t pid;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (go_in(v) < 0)
		_exit(111);
	if (v->tty) {
		master = open_terminal(&slave);
		if (master < 0 || send_master(v, master) < 0)
			(void)say("open a terminal of the room"), _exit(111);
		(void)close(master);
	}
	pid = fork();
	if (pid == 0)
		be_visitor(v, slave);
	(void)close_range(3, ~0u, 0);
	if (pid < 0)
		(void)say("start a process"), _exit(111);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static enum ctl_exit visit(struct visit *v)
{
	struct ctl_relay relay = {.in = -EBADF, .out = -EBADF, .err = -EBADF, .tty = v->tty};
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return ctl_complain(v->c, CTL_FAIL, "cannot make a socket");
	for (size_t i = 0; i < 3 && !v->tty; i++)
		if (pipe2(v->pipes[i], O_CLOEXEC) < 0)
			return ctl_complain(v->c, CTL_FAIL, "cannot make a pipe");
	v->sock = pair[1];
	pid = fork();
	if (pid < 0)
		return ctl_complain(v->c, CTL_FAIL, "cannot start a process: %s", strerrordesc_np(errno));
	if (pid == 0)
		be_guide(v);
	(void)close(pair[1]);
	if (v->tty) {
		relay.in = relay.out = receive_master(pair[0]);
		if (!v->argv)
			(void)fprintf(stderr, "Control-] three times leaves, whatever runs there.\n");
	} else {
		relay = (struct ctl_relay){.in = v->pipes[0][1], .out = v->pipes[1][0], .err = v->pipes[2][0]};
		(void)close(v->pipes[0][0]);
		(void)close(v->pipes[1][1]);
		(void)close(v->pipes[2][1]);
	}
	(void)close(pair[0]);
	status = ctl_relay_run(&relay, pid);
	return (enum ctl_exit)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A room without logins may have processes, whose cgroup it is; else a new one, which goes with the room. */
static int lingering_cgroup(const struct crl_room_info *room)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	scoped_fd root = ctl_cgroup_root(room), slice = -EBADF;
	char name[8 + CRL_ID_MAX];

	if (!all || root < 0)
		return -ENOENT;
	ctl_room_cgroups(room, all);
	if (all->len > 0)
		return openat(root, all->path[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (strncmp(room->slice, "user.slice/", 11) == 0) /* systemd's, which alone makes cgroups there */
		return -ENOENT;
	slice = openat(root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(name, sizeof(name), "login-%s", room->id);
	if (slice < 0 || (mkdirat(slice, name, 0755) < 0 && errno != EEXIST))
		return -ENOENT;
	return openat(slice, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* R3. Returns CTL_YES, or what has been said. */
static enum ctl_exit find_cgroup(struct visit *v)
{
	bool lingers = ctl_room_is_lingering(v->room);

	v->cgroup = lingers ? lingering_cgroup(v->room) : ctl_login_cgroup(v->room, v->login);
	if (v->cgroup >= 0 || !v->room->slice[0])
		return CTL_YES;
	if (lingers && !v->c->unrestricted)
		return ctl_complain(v->c, CTL_NO, "room %s: nothing runs in it that a visit could count with, so limits would not "
				    "hold: --unrestricted goes in without, carrelctl kill ends it", v->room->id);
	if (!lingers && v->cgroup == -ENOENT && v->login->cgroup)
		return ctl_complain(v->c, CTL_NO, "login %s has ended", v->login->id);
	return CTL_YES;
}

/*
 * R5: the visitor is the one for whom the room was made. A uid proves nobody: it may be another's by now (userdel,
 * useradd). The same user whose home or group has changed since is in the room as it has him. Returns CTL_YES, or what
 * has been said.
 */
static enum ctl_exit find_person(struct visit *v)
{
	const struct crl_room_info *room = v->room;
	struct crl_login *l = &v->who.login;
	struct crl_err err = {0};
	int r = ctl_person_of(v->c, room->user, &v->who, &err);

	if (r < 0 && err.code != ENOENT)
		return ctl_error(v->c, &err);
	if (r < 0 || l->uid != room->uid)
		return ctl_complain(v->c, CTL_NO, "room %s was made for user %s, uid %u, who is not that any more: carrelctl kill "
				    "ends it", room->id, room->user, room->uid);
	if (room->gid != CRL_UID_UNKNOWN && (room->gid != l->gid || strcmp(room->home, l->home) != 0)) {
		(void)ctl_complain(v->c, CTL_YES, "home or group of %s have changed since room %s was made, which has %s and gid %u",
				   room->user, room->id, room->home, room->gid);
		l->gid = room->gid;
		(void)snprintf(l->home, sizeof(l->home), "%s", room->home);
	}
	return CTL_YES;
}

static enum ctl_exit prepare(struct visit *v)
{
	struct crl_err err = {0};
	char user[CRL_USER_MAX * 4], frozen[8];
	enum ctl_exit status = find_person(v);

	if (status != CTL_YES)
		return status;
	if (!v->c->unrestricted && read_restrictions(v, &err) < 0)
		return ctl_error(v->c, &err);
	v->init = ctl_open_init(v->room);
	if (v->init < 0)
		return ctl_complain(v->c, CTL_NO, "room %s has ended", v->room->id);
	if (find_cgroup(v) != CTL_YES)
		return CTL_NO;
	if (v->cgroup >= 0 && crl_cgroup_read(v->cgroup, "cgroup.freeze", frozen, sizeof(frozen)) > 0 && frozen[0] == '1')
		return ctl_complain(v->c, CTL_NO, "room %s is frozen: carrelctl thaw %s", v->room->id, v->room->id);
	crl_log_open(NULL, false);
	crl_log(LOG_NOTICE, "enter: room=%s login=%s user=%s policy=%s %s command=%s", v->room->id, v->login->id,
		crl_escape(user, sizeof(user), v->login->user), v->room->policy,
		v->c->unrestricted ? "unrestricted" : "restricted", v->argv ? "given" : "shell");
	return visit(v);
}

/* The one login, or room without one, that is meant; several under one name are told. */
static bool find(struct visit *v, const struct crl_rooms *rooms, const char *what)
{
	for (size_t i = 0; i < rooms->len; i++) {
		const struct crl_room_info *room = &rooms->item[i];
		struct ctl_lines lines;

		ctl_room_lines(room, &lines);
		for (size_t j = 0; j < lines.len && !room->stale; j++) {
			if (!ctl_is_named(room, &lines.line[j], what))
				continue;
			if (v->room && v->room != room) {
				(void)ctl_complain(v->c, CTL_NO, "%s has several rooms: name a login (carrelctl list)", what);
				return false;
			}
			v->room = room;
			ctl_room_lines(room, &v->lines);
			v->login = &v->lines.line[j];
		}
	}
	if (!v->room)
		(void)ctl_complain(v->c, CTL_NO, "no login or room %s", what);
	return v->room != NULL;
}

enum ctl_exit ctl_enter(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct visit *v = calloc(1, sizeof(*v));
	struct crl_rooms rooms;
	struct crl_err err = {0};
	enum ctl_exit status = CTL_NO;

	if (!v)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	v->c = c;
	v->argv = argc > 1 ? argv + 1 : NULL;
	v->tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	v->init = v->cgroup = -EBADF;
	if (find(v, &rooms, argv[0]))
		status = prepare(v);
	crl_rooms_done(&rooms);
	return status;
}
