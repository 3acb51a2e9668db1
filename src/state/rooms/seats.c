// SPDX-License-Identifier: Apache-2.0
/*
 * See seats.h.
 *
 * R1: who has a seat holds its lock alone. The sweep takes it shared, which it gets of seats that nobody has; so does a
 * login that does not get it alone: then somebody is only looking, and the seat is looked at once more.
 *
 * Runs in: helper, supervisor (root).
 */
#include "state/rooms/seats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/dir.h"

#define LOOK_MS 1000 /* as long somebody may only look at a free seat; who is stopped meanwhile keeps it from others */

static int open_seats(int state_dir)
{
	int fd = openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(state_dir, CRL_SEATS_DIR, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* R1. Returns 0 = somebody has it; -EAGAIN = nobody, but somebody looks at it; -errno. */
static int look(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return -EAGAIN;
	return errno == EWOULDBLOCK ? 0 : -errno;
}

/* Whose room is ending says so by a byte in its seat's file. */
static bool is_ending(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size > 0;
}

/*
 * Returns 0 and the held descriptor; -EBUSY somebody has it; -EINPROGRESS and is leaving it; -EAGAIN as look(); -ESTALE
 * its file went; -errno.
 */
static int hold(int seats, const char *name, int *ret_fd)
{
	scoped_fd fd = openat(seats, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = errno == EWOULDBLOCK ? look(fd) : -errno;

		return rc == 0 ? (is_ending(fd) ? -EINPROGRESS : -EBUSY) : rc;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ESTALE;
	if (ftruncate(fd, 0) < 0) /* whoever had it may have died on the way out */
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* All seats once. Returns 0; -EDQUOT all are taken; -EAGAIN, -EINPROGRESS of some as hold() says; -errno. */
static int take_any(int seats, uint32_t uid, uint64_t most, char name[CRL_SEAT_MAX], int *ret_fd)
{
	int verdict = -EDQUOT;

	for (uint32_t n = 0; n < most && n < UINT32_MAX;) {
		int rc;

		(void)snprintf(name, CRL_SEAT_MAX, "%" PRIu32 ".%" PRIu32, uid, n); /* 21 characters at most */
		rc = hold(seats, name, ret_fd);
		if (rc == -ESTALE)
			continue;
		if (rc != -EBUSY && rc != -EAGAIN && rc != -EINPROGRESS)
			return rc;
		verdict = rc == -EBUSY || verdict == -EINPROGRESS ? verdict : rc;
		n++;
	}
	return verdict;
}

int crl_seat_take(int state_dir, uint32_t uid, uint64_t most, char ret_name[CRL_SEAT_MAX], int *ret_fd)
{
	scoped_fd seats = open_seats(state_dir);
	int64_t end = crl_now_ms() + LOOK_MS;
	char name[CRL_SEAT_MAX];
	int rc;

	if (seats < 0)
		return -errno;
	while ((rc = take_any(seats, uid, most, name, ret_fd)) == -EAGAIN && crl_now_ms() < end)
		crl_pause_ms(1);
	if (rc == 0)
		memcpy(ret_name, name, sizeof(name));
	return rc == -EAGAIN ? -EDQUOT : rc;
}

void crl_seat_ends(int seat_fd)
{
	if (seat_fd >= 0 && pwrite(seat_fd, "e", 1, 0) < 0)
		return; /* then a login that comes meanwhile is refused instead of waiting */
}

void crl_seat_leave(int state_dir, const char *name)
{
	char path[sizeof(CRL_SEATS_DIR) + CRL_SEAT_MAX];

	(void)snprintf(path, sizeof(path), CRL_SEATS_DIR "/%s", name);
	if (name[0])
		(void)unlinkat(state_dir, path, 0); /* what is left is swept */
}

/* R1: while we hold it shared nobody takes the seat. */
static void sweep_seat(int seats, const char *name)
{
	scoped_fd fd = openat(seats, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
		(void)unlinkat(seats, name, 0);
}

void crl_seats_sweep(int state_dir)
{
	scoped(crl_dir) dir = {0};

	if (crl_dir_open(state_dir, CRL_SEATS_DIR, &dir) < 0)
		return;
	if (flock(crl_dir_fd(&dir), LOCK_EX | LOCK_NB) < 0)
		return; /* two would take away what was made anew between them */
	for (const char *name; (name = crl_dir_next(&dir));)
		if (name[0] != '.')
			sweep_seat(crl_dir_fd(&dir), name);
}
