// SPDX-License-Identifier: Apache-2.0
/*
 * Single records of the host's utmp, wtmp and lastlog.
 *
 * Runs in: supervisor, in its sandbox. Errors go to a->error: one lost record stops no other.
 */
#include "apply/accounting/hostlog.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#define LOCK_TRIES 20
#define LOCK_PAUSE_NS 10000000L
#define SCAN_MAX 16384 /* records of a host's utmp that are looked at */

static void note(struct crl_accounting *a, int code)
{
	if (a->error == 0)
		a->error = -code;
}

static bool is_fit(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

void crl_hostlog_text(char *field, size_t size, const char *text, size_t len)
{
	size_t n = strnlen(text, len < size ? len : size);

	memset(field, 0, size);
	for (size_t i = 0; i < n; i++) {
		bool climbs = text[i] == '.' && i > 0 && text[i - 1] == '.'; /* who(1) looks at /dev/LINE */

		field[i] = is_fit((unsigned char)text[i]) && !climbs ? text[i] : '_';
	}
}

/*
 * The lock of glibc's writers: all of the file, exclusive. An open file description's lock excludes a
 * process's. Returns whether it is held; the caller writes in any case, or a reader's lock would hide logins.
 */
static bool lock(struct crl_accounting *a, int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
			return true;
		if (a->lock_busy || (errno != EAGAIN && errno != EACCES))
			return false;
		(void)nanosleep(&pause, NULL);
	}
	a->lock_busy = true;
	return false;
}

static void unlock(int fd)
{
	struct flock fl = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLK, &fl); /* cannot fail on what we hold */
}

static off_t offset_of(size_t index)
{
	return (off_t)(index * sizeof(struct utmp));
}

static bool read_record(int fd, size_t index, struct utmp *ret)
{
	return index < SCAN_MAX && pread(fd, ret, sizeof(*ret), offset_of(index)) == (ssize_t)sizeof(*ret);
}

/* Types whose id counts for pututxline(). */
static bool has_id(const struct utmp *u)
{
	return u->ut_type >= INIT_PROCESS && u->ut_type <= DEAD_PROCESS;
}

static bool has_line(const struct utmp *u, const char *line)
{
	return has_id(u) && strncmp(u->ut_line, line, UT_LINESIZE) == 0;
}

static bool is_id_taken(int fd, const char *id)
{
	struct utmp u;

	for (size_t i = 0; read_record(fd, i, &u); i++)
		if (has_id(&u) && memcmp(u.ut_id, id, sizeof(u.ut_id)) == 0)
			return true;
	return false;
}

static void choose_id(int fd, struct utmp *u)
{
	static const char digit[] = "0123456789abcdefghijklmnopqrstuv";
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < UT_LINESIZE && u->ut_line[i]; i++)
		hash = (hash ^ (unsigned char)u->ut_line[i]) * 16777619u;
	hash ^= hash >> 15;
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t n = hash + i;

		u->ut_id[0] = CRL_HOSTLOG_MARK;
		for (int k = 1; k < 4; k++, n >>= 5)
			u->ut_id[k] = digit[n & 31];
		if (!is_id_taken(fd, u->ut_id))
			return;
	}
}

/* Returns the slot's number; its id is in @u when it has one to keep. */
static size_t find_slot(int fd, struct utmp *u)
{
	size_t spare = SIZE_MAX;
	char spare_id[sizeof(u->ut_id)] = "";
	struct utmp old;
	size_t i;

	for (i = 0; read_record(fd, i, &old); i++) {
		if (has_line(&old, u->ut_line)) {
			if (u->ut_id[0] == CRL_HOSTLOG_MARK && old.ut_id[0] != CRL_HOSTLOG_MARK)
				choose_id(fd, u);
			else
				memcpy(u->ut_id, old.ut_id, sizeof(u->ut_id));
			return i;
		}
		if (spare == SIZE_MAX && old.ut_type == DEAD_PROCESS && old.ut_id[0] == CRL_HOSTLOG_MARK) {
			spare = i;
			memcpy(spare_id, old.ut_id, sizeof(spare_id));
		}
	}
	if (spare != SIZE_MAX) {
		memcpy(u->ut_id, spare_id, sizeof(u->ut_id));
		return spare;
	}
	choose_id(fd, u);
	return i;
}

static void write_at(struct crl_accounting *a, int fd, const void *data, size_t size, off_t at)
{
	ssize_t n = pwrite(fd, data, size, at);

	if (n != (ssize_t)size)
		note(a, n < 0 ? errno : ENOSPC);
}

void crl_hostlog_put_utmp(struct crl_accounting *a, const struct utmp *record)
{
	struct utmp u = *record;
	bool locked;

	if (a->utmp < 0)
		return;
	locked = lock(a, a->utmp);
	write_at(a, a->utmp, &u, sizeof(u), offset_of(find_slot(a->utmp, &u)));
	if (locked)
		unlock(a->utmp);
}

static void make_dead(struct utmp *u, const struct timeval *now)
{
	u->ut_type = DEAD_PROCESS;
	memset(u->ut_user, 0, sizeof(u->ut_user));
	memset(u->ut_host, 0, sizeof(u->ut_host));
	memset(u->ut_addr_v6, 0, sizeof(u->ut_addr_v6));
	u->ut_tv.tv_sec = (__typeof__(u->ut_tv.tv_sec))now->tv_sec;
	u->ut_tv.tv_usec = (__typeof__(u->ut_tv.tv_usec))now->tv_usec;
}

bool crl_hostlog_end_utmp(struct crl_accounting *a, const char *line, pid_t pid)
{
	struct timeval now;
	struct utmp u;
	bool locked, ended = false;

	if (a->utmp < 0)
		return false;
	(void)gettimeofday(&now, NULL);
	locked = lock(a, a->utmp);
	for (size_t i = 0; read_record(a->utmp, i, &u); i++) {
		if (u.ut_type != USER_PROCESS || !has_line(&u, line) || (pid && u.ut_pid != pid))
			continue;
		make_dead(&u, &now);
		write_at(a, a->utmp, &u, sizeof(u), offset_of(i));
		ended = true;
		break;
	}
	if (locked)
		unlock(a->utmp);
	return ended;
}

bool crl_hostlog_find_utmp(const struct crl_accounting *a, size_t *at, struct utmp *ret)
{
	if (a->utmp < 0)
		return false;
	for (; read_record(a->utmp, *at, ret); (*at)++)
		if (ret->ut_type == USER_PROCESS && ret->ut_id[0] == CRL_HOSTLOG_MARK)
			return true;
	return false;
}

/* logrotate gives wtmp a new inode under the old name. */
static void follow_rotation(struct crl_accounting *a)
{
	struct stat held, named;
	int fd;

	if (fstat(a->wtmp, &held) < 0 || stat(a->files.wtmp, &named) < 0 || !S_ISREG(named.st_mode) ||
	    (held.st_ino == named.st_ino && held.st_dev == named.st_dev))
		return;
	fd = open(a->files.wtmp, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return; /* a record in the old file is better than none */
	drop_fd(&a->wtmp);
	a->wtmp = fd;
}

static void cut_wtmp(struct crl_accounting *a, off_t size, off_t wanted)
{
	if (size != wanted && ftruncate(a->wtmp, wanted) < 0)
		note(a, errno);
}

void crl_hostlog_add_wtmp(struct crl_accounting *a, const struct utmp *record)
{
	struct stat st;
	bool locked;
	off_t whole;
	ssize_t n;

	if (a->wtmp < 0)
		return;
	follow_rotation(a);
	locked = lock(a, a->wtmp);
	if (fstat(a->wtmp, &st) < 0)
		st.st_size = 0;
	whole = st.st_size - st.st_size % (off_t)sizeof(*record);
	/* Half a record, ours or another's that met a full disk, would spoil all that follow. */
	if (locked)
		cut_wtmp(a, st.st_size, whole);
	n = write(a->wtmp, record, sizeof(*record));
	if (n != (ssize_t)sizeof(*record)) {
		note(a, n < 0 ? errno : ENOSPC);
		if (locked && n > 0)
			cut_wtmp(a, whole + n, whole);
	}
	if (locked)
		unlock(a->wtmp);
}

void crl_hostlog_put_lastlog(struct crl_accounting *a, uint32_t uid, const struct utmp *record)
{
	struct lastlog last = {.ll_time = (__typeof__(last.ll_time))record->ut_tv.tv_sec};

	if (a->lastlog < 0)
		return;
	memcpy(last.ll_line, record->ut_line, sizeof(last.ll_line));
	memcpy(last.ll_host, record->ut_host, sizeof(last.ll_host));
	write_at(a, a->lastlog, &last, sizeof(last), (off_t)uid * (off_t)sizeof(last));
}
