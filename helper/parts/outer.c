// SPDX-License-Identifier: Apache-2.0
/*
 * See outer.h.
 *
 * R1: nothing here waits, and no more than RATE_BYTES a second are copied for a login, whoever writes how much.
 * R2: lines come from the room, where somebody may be root: only a terminal in the room's own /dev/pts counts.
 * R3: nothing is ever written to the master: what a terminal of the room says reaches nobody.
 */
#include "helper/parts/outer.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "apply/accounting/accounting.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/file.h"
#include "wire/fdpass.h"
#include "wire/phases.h"
#include "wire/proto.h"

#define INNER_MAX 8 /* terminals of one login that hear it; sshd opens no more than MaxSessions, 10 */
#define CHUNK 512
#define RATE_BYTES 65536
#define FULL_MS 250
#define STALE_MAX (1 << 20) /* more was never in a terminal's buffer */
#define PTS_MAJOR 136 /* and the seven behind it, 256 terminals each */
#define TTY_GID 5 /* of devpts everywhere */
#define OPEN_MODE 0620 /* as sshd opens it for write(1) */
#define SHUT_MODE 0600

struct inner {
	char line[CRL_ACCOUNTING_LINE_SIZE];
	int fd;
};

struct crl_outer {
	int master;
	int slave; /* held, so that a writer's end is no end for us */
	char name[16];
	mode_t mode;
	struct timespec times[2]; /* access and modification, as last seen in the room */
	struct inner inner[INNER_MAX];
	size_t inners;
	bool dead;
	char rest[CHUNK]; /* taken off the host's, not yet taken by the room's */
	size_t rest_at, rest_len;
	int64_t second_ms; /* when the present second began */
	size_t second_bytes;
	int64_t again_ms; /* not sooner */
};

static struct crl_outer *new_outer(int master, int slave, unsigned int number)
{
	struct crl_outer *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->master = master;
	o->slave = slave;
	o->mode = SHUT_MODE;
	(void)snprintf(o->name, sizeof(o->name), "pts/%u", number);
	return o;
}

/* Rooms and those who fill them leave the host its terminals. */
static bool are_plenty(void)
{
	uint64_t used, most;

	return crl_file_read_number(AT_FDCWD, "/proc/sys/kernel/pty/nr", &used) == 0 &&
	       crl_file_read_number(AT_FDCWD, "/proc/sys/kernel/pty/max", &most) == 0 && used < most / 2;
}

/* The name has to mean this terminal to whoever reads the host's utmp, whatever /dev/pts this process has. */
static bool is_known_by(int slave, unsigned int number)
{
	struct stat ours, theirs;
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/1/root/dev/pts/%u", number);
	return fstat(slave, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* As bytes come they go on; the room's terminal does what terminals do with them. */
static bool make_raw(int slave)
{
	struct termios t;

	if (tcgetattr(slave, &t) < 0)
		return false;
	cfmakeraw(&t);
	return tcsetattr(slave, TCSANOW, &t) == 0;
}

static bool give_to_root(int slave)
{
	struct stat st;

	return fstat(slave, &st) == 0 && fchown(slave, 0, st.st_gid == 0 ? TTY_GID : st.st_gid) == 0 &&
	       fchmod(slave, SHUT_MODE) == 0;
}

struct crl_outer *crl_outer_open(void)
{
	const int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	scoped_fd master = -EBADF, slave = -EBADF;
	struct crl_outer *o;
	unsigned int number;
	int unlocked = 0;

	if (!are_plenty())
		return NULL;
	master = open("/dev/ptmx", flags);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return NULL;
	slave = ioctl(master, TIOCGPTPEER, flags);
	if (slave < 0 || !give_to_root(slave) || !make_raw(slave) || !is_known_by(slave, number))
		return NULL;
	o = new_outer(master, slave, number);
	if (o) {
		(void)take_fd(&master);
		(void)take_fd(&slave);
	}
	return o;
}

static void forget(struct crl_outer *o, size_t i)
{
	drop_fd(&o->inner[i].fd);
	o->inner[i] = o->inner[--o->inners];
}

void crl_outer_free(struct crl_outer *o)
{
	if (!o)
		return;
	while (o->inners > 0)
		forget(o, o->inners - 1);
	drop_fd(&o->slave);
	drop_fd(&o->master);
	free(o);
}

const char *crl_outer_name(const struct crl_outer *o)
{
	return o ? o->name : "";
}

int crl_outer_send(int socket, const struct crl_outer *o)
{
	struct crl_msg_terminal t = {0};

	if (o)
		t.number = (uint32_t)strtoul(o->name + strlen("pts/"), NULL, 10);
	return crl_msg_send(socket, CRL_MSG_TERMINAL, &t, sizeof(t), o ? (int[]){o->master, o->slave} : NULL,
			    o ? 2 : 0);
}

static bool is_terminal(int fd, const struct stat *st)
{
	return fd >= 0 && S_ISCHR(st->st_mode) && major(st->st_rdev) >= PTS_MAJOR &&
	       major(st->st_rdev) <= PTS_MAJOR + 7;
}

struct crl_outer *crl_outer_receive(int socket, unsigned int wait_ms)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_msg_terminal t;
	struct crl_outer *o;
	struct stat st;
	int rc = crl_msg_recv(socket, &crl_phases[CRL_PHASE_TERMINAL], &t, sizeof(t), crl_now_ms() + wait_ms, &got);

	if (rc < 0 || got.nfds != 2 || fstat(got.fds[1], &st) < 0 || !is_terminal(got.fds[1], &st))
		return NULL;
	o = new_outer(got.fds[0], got.fds[1], t.number);
	if (o)
		got.fds[0] = got.fds[1] = -EBADF;
	return o;
}

/* R2. sshd has opened it for its group, which is ours, before its user can close it. */
static int open_inner(int pts, const char *line)
{
	struct open_how how = {.flags = O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
			       .resolve =
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	scoped_fd fd = -EBADF;
	const char *number = line + strlen("pts/");
	struct stat st;

	if (strncmp(line, "pts/", strlen("pts/")) != 0 || number[0] == '\0' ||
	    number[strspn(number, "0123456789")] != '\0')
		return -EINVAL;
	fd = (int)syscall(SYS_openat2, pts, number, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* a filter of the service; one component, and no link */
		fd = openat(pts, number, (int)how.flags);
	return fd >= 0 && fstat(fd, &st) == 0 && is_terminal(fd, &st) ? take_fd(&fd) : -ENODEV;
}

static bool is_listed(const struct inner *in, const char line[][CRL_ACCOUNTING_LINE_SIZE], size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strncmp(in->line, line[i], sizeof(in->line)) == 0)
			return true;
	return false;
}

static bool is_heard(const struct crl_outer *o, const char *line)
{
	for (size_t i = 0; i < o->inners; i++)
		if (strncmp(o->inner[i].line, line, sizeof(o->inner[i].line)) == 0)
			return true;
	return false;
}

/* What was written while nobody heard it was for somebody else. */
static void drop_stale(struct crl_outer *o)
{
	char text[CHUNK];
	ssize_t n = 1; /* R3 */

	o->rest_len = o->rest_at = 0;
	for (size_t sum = 0; n > 0 && sum < STALE_MAX; sum += (size_t)n)
		n = read(o->master, text, sizeof(text));
}

void crl_outer_follow(struct crl_outer *o, int pts, const char line[][CRL_ACCOUNTING_LINE_SIZE], size_t len)
{
	for (size_t i = o->inners; i-- > 0;)
		if (!is_listed(&o->inner[i], line, len))
			forget(o, i);
	if (o->inners == 0)
		drop_stale(o);
	for (size_t i = 0; i < len; i++) {
		char name[CRL_ACCOUNTING_LINE_SIZE + 1];
		int fd;

		if (o->inners == INNER_MAX || is_heard(o, line[i]))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", CRL_ACCOUNTING_LINE_SIZE, line[i]);
		fd = open_inner(pts, name);
		if (fd < 0)
			continue; /* closed by its user sooner than we looked; tried again when it is opened */
		o->inner[o->inners].fd = fd;
		memcpy(o->inner[o->inners++].line, line[i], sizeof(o->inner[0].line));
	}
	(void)crl_outer_mirror(o);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

int64_t crl_outer_mirror(struct crl_outer *o)
{
	mode_t mode = OPEN_MODE;
	struct timespec now;
	bool heard = false;

	for (size_t i = 0; i < o->inners; i++) {
		struct stat st;

		if (fstat(o->inner[i].fd, &st) < 0)
			continue;
		heard = true;
		mode = st.st_mode & S_IWGRP ? mode : SHUT_MODE; /* each of them hears what is written for one */
		o->times[0] = is_later(&st.st_atim, &o->times[0]) ? st.st_atim : o->times[0];
		o->times[1] = is_later(&st.st_mtim, &o->times[1]) ? st.st_mtim : o->times[1];
	}
	mode = heard ? mode : SHUT_MODE;
	if (mode != o->mode && fchmod(o->slave, mode) == 0)
		o->mode = mode;
	if (!heard)
		return INT64_MAX;
	(void)futimens(o->slave, o->times); /* for the idle time that w(1) tells, no more */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > o->times[0].tv_sec ? (int64_t)(now.tv_sec - o->times[0].tv_sec) * 1000 : 0;
}

struct pollfd crl_outer_event(const struct crl_outer *o, int64_t now, int64_t *ret_due)
{
	struct pollfd none = {.fd = -1};

	*ret_due = 0;
	if (!o || o->dead || o->inners == 0)
		return none;
	if (now < o->again_ms) {
		*ret_due = o->again_ms;
		return none;
	}
	return o->rest_len > 0 ? (struct pollfd){.fd = o->inner[0].fd, .events = POLLOUT}
			       : (struct pollfd){.fd = o->master, .events = POLLIN};
}

/* R3: the master is read, no more. Returns false when nothing is there. */
static bool fill(struct crl_outer *o)
{
	ssize_t n = read(o->master, o->rest, sizeof(o->rest));
	int64_t now = crl_now_ms();

	if (n <= 0) {
		o->dead = n == 0 || (errno != EAGAIN && errno != EINTR);
		return false;
	}
	if (now >= o->second_ms + 1000) {
		o->second_ms = now;
		o->second_bytes = 0;
	}
	o->second_bytes += (size_t)n;
	if (o->second_bytes >= RATE_BYTES) /* R1 */
		o->again_ms = o->second_ms + 1000;
	o->rest_at = 0;
	o->rest_len = (size_t)n;
	for (size_t i = 1; i < o->inners; i++) /* the first one sets the pace */
		crl_ignore(write(o->inner[i].fd, o->rest, o->rest_len) < 0 ? -errno : 0);
	return true;
}

void crl_outer_copy(struct crl_outer *o)
{
	ssize_t n;

	if (o->inners == 0 || (o->rest_len == 0 && !fill(o)))
		return;
	n = write(o->inner[0].fd, o->rest + o->rest_at, o->rest_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		o->again_ms =
			crl_now_ms() + FULL_MS; /* poll() may say that there is space where none is for a tab: R1 */
		return;
	}
	if (n < 0)
		n = (ssize_t)o->rest_len; /* hung up: its line ends soon */
	o->rest_at += (size_t)n;
	o->rest_len -= (size_t)n;
}
