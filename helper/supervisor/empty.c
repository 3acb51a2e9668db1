// SPDX-License-Identifier: Apache-2.0
/* See empty.h. */
#include "helper/supervisor/empty.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "base/log.h"
#include "base/nskind.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/recording.h"
#include "plan/linger.h"

/* Open what has to be looked at later: with the power to. Without it the time runs from the last login alone. */
static void keep(struct crl_job *job, struct crl_kept *room)
{
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	scoped_fd root = -EBADF, pts = -EBADF;
	struct statfs fs;
	char path[32];

	(void)job;
	if (room->linger_s == 0 || !(room->adopt.ns_mask & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)room->init_pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pts = root < 0 ? -EBADF : (int)syscall(SYS_openat2, root, "/dev/pts", &how, sizeof(how));
	if (pts >= 0 && fstatfs(pts, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
		room->terminals = take_fd(&pts);
	else
		crl_log(LOG_WARNING, "room=%s: nobody can tell when its terminals were last used", room->id);
}

/* CLOCK_REALTIME seconds, -1 = never: that one of them was last read from, or made. */
static int64_t last_input(const struct crl_kept *room)
{
	int64_t last = -1, now = crl_clock_ms() / 1000;
	scoped(crl_dir) dir = {0};
	struct stat st;

	if (room->terminals >= 0) /* "." cannot be opened any more */
		(void)crl_dir_take(fcntl(room->terminals, F_DUPFD_CLOEXEC, 3), &dir);
	for (const char *name; (name = crl_dir_next(&dir));) {
		if (name[0] < '0' || name[0] > '9' || fstatat(room->terminals, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* R2: by name, unopened */
		if (st.st_atim.tv_sec > last && st.st_atim.tv_sec <= now) /* R1 */
			last = st.st_atim.tv_sec;
	}
	return last;
}

bool crl_empty_goes_on(struct crl_kept *room)
{
	int64_t left = crl_linger_left_ms(room->linger_s, last_input(room), crl_clock_ms());

	if (left == 0)
		return false;
	room->linger_until_ms = crl_now_ms() + left;
	room->until = (crl_clock_ms() + left) / 1000;
	crl_recording_write(room);
	return true;
}

void crl_empty_reckon(struct crl_kept *room)
{
	bool empty = crl_members_present(room) == crl_members_joining(room);

	if (!empty)
		room->linger_until_ms = room->until = 0;
	else if (room->linger_s > 0 && room->linger_until_ms == 0) {
		room->linger_until_ms = crl_now_ms() + (int64_t)room->linger_s * 1000;
		room->until = crl_clock_ms() / 1000 + (int64_t)room->linger_s;
	}
}

static void begin(struct crl_kept *room, struct crl_member *m, int helper)
{
	(void)m;
	(void)helper;
	crl_empty_reckon(room);
}

const struct crl_part crl_part_linger = {
	.name = "linger",
	.keep = keep,
	.begin = begin,
	.undo_not = "the kernel closes what is open",
	.end_not = "crl_empty_reckon() is asked when the login is out of the table, and no file is left",
	.leaves = CRL_LEAVES_NOTHING,
};
