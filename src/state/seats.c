// SPDX-License-Identifier: Apache-2.0
/*
 * See seats.h.
 *
 * R1: who has a seat holds its lock alone. The sweep takes it shared, which it gets of seats that nobody has; so does a
 * login that does not get it alone: then somebody is only looking, and the seat is looked at once more.
 *
 * Runs in: helper, supervisor (root).
 */
#include "state/seats.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "proto/fdpass.h"

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

/* Returns 0 and the held descriptor; -EBUSY somebody has it; -EAGAIN as look(); -ESTALE its file went; -errno. */
static int hold(int seats, const char *name, int *ret_fd)
{
	scoped_fd fd = openat(seats, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = errno == EWOULDBLOCK ? look(fd) : -errno;

		return r == 0 ? -EBUSY : r;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ESTALE;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* All seats once. Returns 0; -EDQUOT all are taken; -EAGAIN all that are not are being looked at; -errno. */
static int take_any(int seats, uint32_t uid, uint64_t most, char name[CRL_SEAT_MAX], int *ret_fd)
{
	int verdict = -EDQUOT;

	for (uint32_t n = 0; n < most && n < UINT32_MAX;) {
		int r;

		(void)snprintf(name, CRL_SEAT_MAX, "%" PRIu32 ".%" PRIu32, uid, n); /* 21 characters at most */
		r = hold(seats, name, ret_fd);
		if (r == -ESTALE)
			continue;
		if (r != -EBUSY && r != -EAGAIN)
			return r;
		verdict = r == -EAGAIN ? r : verdict;
		n++;
	}
	return verdict;
}

int crl_seat_take(int state_dir, uint32_t uid, uint64_t most, char ret_name[CRL_SEAT_MAX], int *ret_fd)
{
	scoped_fd seats = open_seats(state_dir);
	int64_t end = crl_now_ms() + LOOK_MS;
	char name[CRL_SEAT_MAX];
	int r;

	if (seats < 0)
		return -errno;
	while ((r = take_any(seats, uid, most, name, ret_fd)) == -EAGAIN && crl_now_ms() < end)
		crl_pause_ms(1);
	if (r == 0)
		memcpy(ret_name, name, sizeof(name));
	return r == -EAGAIN ? -EDQUOT : r;
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
	int fd = openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		scope_close_fd(&fd);
		return;
	}
	if (flock(dirfd(dir), LOCK_EX | LOCK_NB) < 0) { /* two would take away what was made anew between them */
		(void)closedir(dir);
		return;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (d->d_name[0] != '.')
			sweep_seat(dirfd(dir), d->d_name);
	(void)closedir(dir);
}
