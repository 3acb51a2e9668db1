// SPDX-License-Identifier: Apache-2.0
/*
 * One steward a host: its lock, its end, its next version.
 *
 * Runs in: carrel-steward.
 * R1: no room is left without: a helper notes its room before it looks at the lock; who ends gives the lock free before
 * it looks for rooms the last time.
 * R2: who only looks whether a steward lives (carrelctl check) has the lock for an instant, and nobody starts another
 * steward for it: one that cannot have the lock tries again before it believes that another lives.
 */
#include "helper/steward/steward.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

#define LOCK_TRIES 5 /* R2 */
#define LOCK_PAUSE_MS 20
#define LOOK_MS 1000 /* between two looks at its own program */

static bool is_lock(const struct crl_steward *s, int fd)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && fstatat(s->state.dir, CRL_STEWARD_LOCK, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/* R2 */
static int lock(int fd)
{
	for (int i = 1; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (i == LOCK_TRIES)
			return -EBUSY;
		crl_pause_ms(LOCK_PAUSE_MS);
	}
	return 0;
}

int crl_steward_take_lock(struct crl_steward *s, int inherited)
{
	scoped_fd fd = inherited;
	int rc;

	if (fd < 0 || !is_lock(s, fd)) {
		drop_fd(&fd);
		fd = openat(s->state.dir, CRL_STEWARD_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	rc = lock(fd);
	if (rc < 0)
		return rc;
	s->lock = take_fd(&fd);
	return 0;
}

/* R1 */
bool crl_steward_may_end(struct crl_steward *s, bool (*look)(struct crl_steward *s))
{
	(void)flock(s->lock, LOCK_UN);
	if (!look(s))
		return true;
	s->idle_since_ms = 0;
	return lock(s->lock) < 0; /* another was started meanwhile */
}

/* The file that the program's name leads to is another than the one that runs. */
static bool is_replaced(const struct crl_steward *s)
{
	struct stat mine, there;

	return stat("/proc/self/exe", &mine) == 0 && stat(s->program, &there) == 0 && S_ISREG(there.st_mode) &&
	       (mine.st_ino != there.st_ino || mine.st_dev != there.st_dev) && access(s->program, X_OK) == 0;
}

void crl_steward_renew(struct crl_steward *s)
{
	static char *const nothing[] = {NULL};
	char idle[24], *argv[] = {crl_unconst(CRL_STEWARD_PROGRAM),
				  crl_unconst("--again"),
				  crl_unconst("--state"),
				  crl_unconst(s->path),
				  crl_unconst("--idle"),
				  idle,
				  NULL,
				  NULL,
				  NULL};
	int64_t now = crl_now_ms();
	size_t n = 6;

	if (s->over)
		return;
	if (now - s->looked_ms < LOOK_MS) {
		s->look_ms = s->looked_ms + LOOK_MS;
		return;
	}
	s->looked_ms = now;
	s->look_ms = 0;
	if (!s->program || !is_replaced(s))
		return;
	(void)snprintf(idle, sizeof(idle), "%llu", (unsigned long long)s->idle_s);
	if (s->house)
		argv[n++] = crl_unconst("--house");
	if (s->debug)
		argv[n] = crl_unconst("--debug");
	crl_log(LOG_INFO, CRL_STEWARD_PROGRAM ": becomes the version that was installed meanwhile");
	if (s->lock == CRL_CHANNEL_FD ? fcntl(s->lock, F_SETFD, 0) == 0 : dup2(s->lock, CRL_CHANNEL_FD) >= 0)
		(void)execve(s->program, argv, nothing);
	crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": cannot: %s", strerror(errno));
}
