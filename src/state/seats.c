// SPDX-License-Identifier: Apache-2.0
/* See seats.h. */
#include "state/seats.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int open_seats(int state_dir)
{
	int fd = openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(state_dir, CRL_SEATS_DIR, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns 0 and the held descriptor; -EWOULDBLOCK somebody else holds it; -ESTALE its file went meanwhile; -errno. */
static int hold(int seats, const char *name, int flags, int *ret_fd)
{
	scoped_fd fd = openat(seats, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	struct stat st;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ESTALE;
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_seat_take(int state_dir, uint32_t uid, uint64_t most, char ret_name[CRL_SEAT_MAX], int *ret_fd)
{
	scoped_fd seats = open_seats(state_dir);
	char name[CRL_SEAT_MAX];

	if (seats < 0)
		return -errno;
	for (uint32_t n = 0; n < most && n < UINT32_MAX;) {
		int r;

		(void)snprintf(name, sizeof(name), "%" PRIu32 ".%" PRIu32, uid, n); /* 21 characters at most */
		r = hold(seats, name, O_CREAT, ret_fd);
		if (r == 0)
			memcpy(ret_name, name, sizeof(name));
		if (r != -EWOULDBLOCK && r != -ESTALE)
			return r;
		n += r == -EWOULDBLOCK;
	}
	return -EDQUOT;
}

void crl_seat_leave(int state_dir, const char *name)
{
	char path[sizeof(CRL_SEATS_DIR) + CRL_SEAT_MAX];

	(void)snprintf(path, sizeof(path), CRL_SEATS_DIR "/%s", name);
	if (name[0])
		(void)unlinkat(state_dir, path, 0); /* what is left is swept */
}

void crl_seats_sweep(int state_dir)
{
	int fd = openat(state_dir, CRL_SEATS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		scope_close_fd(&fd);
		return;
	}
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		scoped_fd held = -EBADF;

		if (d->d_name[0] != '.' && hold(dirfd(dir), d->d_name, 0, &held) == 0)
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	(void)closedir(dir);
}
