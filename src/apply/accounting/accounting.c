// SPDX-License-Identifier: Apache-2.0
/*
 * Mirror a room's terminals into the host's records.
 *
 * Runs in: supervisor, in its sandbox; helper, for the sweep.
 */
#include <utmp.h> /* before the fields of that name: "utmp" is a macro of musl's */

#include "apply/accounting/accounting.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "apply/accounting/hostlog.h"
#include "base/procstat.h"

#define ROOM_RECORDS_MAX 256 /* of a room's utmp that are looked at */
#define ANCESTORS_MAX 4 /* sshd: the user's process is the application's child */
#define TIME_PAST_S 86400 /* how old a record of the room may be to be believed */

_Static_assert(CRL_ACCOUNTING_LINE_SIZE == UT_LINESIZE, "utmp has changed");

const struct crl_accounting_files crl_accounting_host_files = {
	.utmp = "/run/utmp", .wtmp = "/var/log/wtmp", .lastlog = "/var/log/lastlog"};

static int open_one(const char *path, int flags, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	*ret_fd = -EBADF;
	if (!path)
		return 0;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot open %s", path);
	if (!S_ISREG(st.st_mode))
		return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "%s is not a regular file", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_accounting_open(const struct crl_accounting_files *files, struct crl_accounting *ret, struct crl_err *err)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->utmp = ret->wtmp = ret->lastlog = -EBADF;
	ret->files = *files;
	rc = open_one(files->utmp, O_RDWR, &ret->utmp, err);
	if (rc == 0)
		rc = open_one(files->wtmp, O_WRONLY | O_APPEND, &ret->wtmp, err);
	if (rc == 0)
		rc = open_one(files->lastlog, O_RDWR, &ret->lastlog, err);
	if (rc < 0)
		crl_accounting_done(ret);
	return rc;
}

void crl_accounting_done(struct crl_accounting *a)
{
	drop_fd(&a->utmp);
	drop_fd(&a->wtmp);
	drop_fd(&a->lastlog);
}

int crl_accounting_watch(int dir)
{
	scoped_fd watch = -EBADF;
	sigset_t io;

	/* Not a signal of F_SETSIG's, which would queue: one that waits says all. */
	(void)sigemptyset(&io);
	(void)sigaddset(&io, SIGIO);
	if (sigprocmask(SIG_BLOCK, &io, NULL) < 0)
		return -errno;
	watch = signalfd(-1, &io, SFD_CLOEXEC | SFD_NONBLOCK);
	if (watch < 0 || fcntl(dir, F_NOTIFY, DN_MODIFY | DN_MULTISHOT) < 0)
		return -errno;
	return take_fd(&watch);
}

void crl_accounting_drain(int watch)
{
	struct signalfd_siginfo event;

	for (int i = 0; i < 1024 && read(watch, &event, sizeof(event)) > 0; i++)
		;
}

static const struct crl_accounting_login *find_owner(const struct utmp *u, const struct crl_accounting_login *logins,
						     size_t len)
{
	pid_t pid = u->ut_pid;

	for (int step = 0; step <= ANCESTORS_MAX && pid > 1; step++, pid = crl_process_parent(pid))
		for (size_t i = len; i-- > 0;)
			if (logins[i].app == pid)
				return &logins[i];
	for (size_t i = len; i-- > 0;)
		if (logins[i].user[0] && strncmp(u->ut_user, logins[i].user, UT_NAMESIZE) == 0)
			return &logins[i];
	return NULL;
}

static int64_t time_of(const struct utmp *u)
{
	return (int64_t)u->ut_tv.tv_sec * 1000000 + u->ut_tv.tv_usec;
}

/* The room's time when it can be true, else now. */
static void set_time(struct utmp *ret, const struct utmp *room)
{
	struct timeval now;
	int64_t age;

	(void)gettimeofday(&now, NULL);
	ret->ut_tv.tv_sec = (__typeof__(ret->ut_tv.tv_sec))now.tv_sec;
	ret->ut_tv.tv_usec = (__typeof__(ret->ut_tv.tv_usec))now.tv_usec;
	if (!room)
		return;
	age = (int64_t)now.tv_sec - (int64_t)room->ut_tv.tv_sec;
	if (age < 0 || age > TIME_PAST_S || room->ut_tv.tv_usec < 0 || room->ut_tv.tv_usec >= 1000000)
		return;
	ret->ut_tv = room->ut_tv;
}

static void set_address(struct utmp *ret, const char *rhost)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, rhost, &four) == 1)
		memcpy(&ret->ut_addr_v6[0], &four, sizeof(four));
	else if (inet_pton(AF_INET6, rhost, &six) == 1)
		memcpy(ret->ut_addr_v6, &six, sizeof(six));
}

static bool is_used(const struct crl_accounting *a, const char *host_line)
{
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (a->line[i].state == CRL_LINE_OPEN && strncmp(a->line[i].host_line, host_line, UT_LINESIZE) == 0)
			return true;
	return false;
}

/* Only who reads /dev knows the login's outer terminal from any other: the mark has to tell that the record is ours. */
static void set_line(const struct crl_accounting *a, struct utmp *u, const struct utmp *room,
		     const struct crl_accounting_login *login)
{
	char name[CRL_ID_MAX + 1 + UT_LINESIZE + 1];
	bool outer = false;

	if (login->tty[0] && strncmp(room->ut_line, login->tty, UT_LINESIZE) == 0)
		(void)snprintf(name, sizeof(name), "%.*s", UT_LINESIZE, room->ut_line);
	else if ((outer = login->outer && login->outer[0] && !is_used(a, login->outer)))
		(void)snprintf(name, sizeof(name), "%s", login->outer);
	else
		(void)snprintf(name, sizeof(name), "%s/%.*s", login->id, UT_LINESIZE, room->ut_line);
	crl_hostlog_text(u->ut_line, UT_LINESIZE, name, sizeof(name));
	u->ut_id[0] = outer ? CRL_HOSTLOG_MARK : '\0';
}

static void begin_line(struct crl_accounting *a, struct crl_accounting_line *l, const struct utmp *room,
		       const struct crl_accounting_login *login)
{
	struct utmp u = {.ut_type = USER_PROCESS, .ut_pid = login->app}, last;

	set_line(a, &u, room, login);
	set_time(&u, room);
	set_address(&u, login->rhost);
	crl_hostlog_text(u.ut_user, sizeof(u.ut_user), login->user, SIZE_MAX);
	crl_hostlog_text(u.ut_host, sizeof(u.ut_host), login->rhost, SIZE_MAX);
	/* sshd and login name the same place in all three files. */
	crl_hostlog_put_utmp(a, &u);
	u.ut_id[0] = CRL_HOSTLOG_MARK; /* there it is read by nobody but who wants to know whose it is */
	crl_hostlog_add_wtmp(a, &u);
	/* Read by the user as where they came from, not as a device of the host's. */
	last = u;
	crl_hostlog_text(last.ut_line, sizeof(last.ut_line), room->ut_line, sizeof(room->ut_line));
	crl_hostlog_put_lastlog(a, login->uid, &last);

	*l = (struct crl_accounting_line){.state = CRL_LINE_OPEN,
					  .seen = true,
					  .room_pid = room->ut_pid,
					  .room_time = time_of(room),
					  .host_pid = login->app};
	memcpy(l->room_line, room->ut_line, sizeof(l->room_line));
	memcpy(l->host_line, u.ut_line, sizeof(l->host_line));
	(void)snprintf(l->login, sizeof(l->login), "%s", login->id);
}

/* @ours  we have logged it in; else it is logged out only when nobody was first */
static void log_out(struct crl_accounting *a, const char *host_line, pid_t pid, bool ours)
{
	struct utmp u = {.ut_type = DEAD_PROCESS, .ut_pid = pid, .ut_id = {CRL_HOSTLOG_MARK}};

	memcpy(u.ut_line, host_line, sizeof(u.ut_line));
	set_time(&u, NULL);
	if (crl_hostlog_end_utmp(a, u.ut_line, pid) || ours)
		crl_hostlog_add_wtmp(a, &u);
}

static void end_line(struct crl_accounting *a, struct crl_accounting_line *l)
{
	if (l->state == CRL_LINE_OPEN)
		log_out(a, l->host_line, l->host_pid, true);
	l->state = CRL_LINE_ENDED;
}

static struct crl_accounting_line *find_line(struct crl_accounting *a, const char *room_line)
{
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (a->line[i].state != CRL_LINE_FREE && strncmp(a->line[i].room_line, room_line, UT_LINESIZE) == 0)
			return &a->line[i];
	return NULL;
}

static struct crl_accounting_line *find_free(struct crl_accounting *a)
{
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (a->line[i].state == CRL_LINE_FREE)
			return &a->line[i];
	return NULL;
}

/* Its pid is the application's on the host. Whatever else sshd and login write meanwhile stays. */
static void make_alive(const struct crl_accounting *a, int room_utmp, size_t index, struct utmp *u)
{
	const __typeof__(u->ut_pid) init = 1;

	const off_t at = (off_t)(index * sizeof(*u) + offsetof(struct utmp, ut_pid));

	if (a->pids_are_foreign && pwrite(room_utmp, &init, sizeof(init), at) == (ssize_t)sizeof(init))
		u->ut_pid = init;
}

/* Returns whether it is one that has just begun; @ret_line is what it is then. */
static bool take_record(struct crl_accounting *a, const struct utmp *u, const struct crl_accounting_login *logins,
			size_t len, struct crl_accounting_line **ret_line)
{
	const struct crl_accounting_login *owner;
	struct crl_accounting_line *l;

	if (u->ut_type != USER_PROCESS || !u->ut_line[0])
		return false;
	l = find_line(a, u->ut_line);
	if (l && l->seen)
		return false; /* a second record of one line would end and begin it for ever */
	if (l && l->room_pid == u->ut_pid && l->room_time == time_of(u)) {
		l->seen = true;
		return false;
	}
	if (l)
		end_line(a, l);
	else
		l = find_free(a);
	owner = l ? find_owner(u, logins, len) : NULL;
	if (owner)
		begin_line(a, l, u, owner);
	*ret_line = l;
	return owner != NULL;
}

static bool has_line(const struct crl_accounting *a, const char *id)
{
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (a->line[i].state != CRL_LINE_FREE && strcmp(a->line[i].login, id) == 0)
			return true;
	return false;
}

/*
 * It does not say whose it was. Its process is gone with its name, so it can only be the newest login's; of the host's
 * terminal that this one may have come on, it is no proof.
 */
static bool find_dead_owner(const struct crl_accounting *a, const struct utmp *u,
			    const struct crl_accounting_login *logins, size_t len, struct crl_accounting_login *ret)
{
	const struct crl_accounting_login *owner = find_owner(u, logins, len);

	if (!owner && (len == 0 || has_line(a, logins[len - 1].id)))
		return false;
	*ret = owner ? *owner : logins[len - 1];
	if (!owner)
		ret->tty = "";
	return true;
}

/*
 * A terminal that came and went between two looks was one, too.
 * @io_newest  time of the newest dead record of this look
 */
static void take_dead_record(struct crl_accounting *a, const struct utmp *u, const struct crl_accounting_login *logins,
			     size_t len, int64_t *io_newest)
{
	struct crl_accounting_login owner;
	struct crl_accounting_line *l;

	if (u->ut_type != DEAD_PROCESS || !u->ut_line[0] || time_of(u) <= a->dead_until)
		return;
	if (time_of(u) > *io_newest)
		*io_newest = time_of(u);
	if (find_line(a, u->ut_line)) /* the end of one that we saw */
		return;
	l = find_dead_owner(a, u, logins, len, &owner) ? find_free(a) : NULL;
	if (!l)
		return;
	begin_line(a, l, u, &owner);
	end_line(a, l);
}

int crl_accounting_sync(struct crl_accounting *a, int room_utmp, const struct crl_accounting_login *logins, size_t len)
{
	int64_t dead_until = a->dead_until;
	struct crl_accounting_line *begun;
	struct utmp u;

	a->error = 0;
	a->lock_busy = false;
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		a->line[i].seen = false;
	for (size_t i = 0; i < ROOM_RECORDS_MAX; i++) {
		if (pread(room_utmp, &u, sizeof(u), (off_t)(i * sizeof(u))) != (ssize_t)sizeof(u))
			break;
		take_dead_record(a, &u, logins, len, &dead_until);
		if (!take_record(a, &u, logins, len, &begun))
			continue;
		make_alive(a, room_utmp, i, &u);
		begun->room_pid = u.ut_pid;
	}
	a->dead_until = dead_until;
	/* A dead record, one that was written over, or a shorter file: the terminal is not in use any more. */
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++) {
		if (a->line[i].state == CRL_LINE_FREE || a->line[i].seen)
			continue;
		end_line(a, &a->line[i]);
		a->line[i].state = CRL_LINE_FREE;
	}
	return a->error;
}

static int end_lines(struct crl_accounting *a, const char *id)
{
	a->error = 0;
	a->lock_busy = false;
	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (a->line[i].state == CRL_LINE_OPEN && (!id || strcmp(a->line[i].login, id) == 0))
			end_line(a, &a->line[i]);
	return a->error;
}

int crl_accounting_end_login(struct crl_accounting *a, const char *id)
{
	return end_lines(a, id);
}

int crl_accounting_end_all(struct crl_accounting *a)
{
	return end_lines(a, NULL);
}

static void take_first_part(const struct utmp *u, char ret[CRL_ID_MAX])
{
	const char *slash = memchr(u->ut_line, '/', CRL_ID_MAX - 1);
	size_t len = slash ? (size_t)(slash - u->ut_line) : 0;

	memcpy(ret, u->ut_line, len);
	ret[len] = '\0';
}

ssize_t crl_accounting_find(const struct crl_accounting *a, struct crl_accounting_left **ret)
{
	struct crl_accounting_left *left = NULL;
	size_t len = 0, at = 0;
	struct utmp u;

	for (; crl_hostlog_find_utmp(a, &at, &u); at++) {
		if ((len & (len - 1)) == 0) {
			struct crl_accounting_left *grown = reallocarray(left, len ? len * 2 : 1, sizeof(*grown));

			if (!grown) {
				free(left);
				return -ENOMEM;
			}
			left = grown;
		}
		left[len].app = u.ut_pid;
		memcpy(left[len].line, u.ut_line, sizeof(left[len].line));
		take_first_part(&u, left[len++].id);
	}
	*ret = left;
	return (ssize_t)len;
}

int crl_accounting_sweep(struct crl_accounting *a, const struct crl_accounting_left *left)
{
	a->error = 0;
	a->lock_busy = false;
	log_out(a, left->line, left->app, false);
	return a->error;
}
