// SPDX-License-Identifier: Apache-2.0
/* The init of a room; see room_init.h. */
#include "ctl/look/room_init.h"

#include <unistd.h>

#include "base/compat.h"
#include "base/procstat.h"
#include "state/rooms/rooms.h"

/* The supervisor must still be init's parent. */
int ctl_open_init(const struct crl_room_info *room)
{
	int fd = pidfd_open(room->init, 0);

	if (fd < 0)
		return -errno;
	if (crl_process_parent(room->init) != room->supervisor) {
		(void)close(fd);
		return -ESRCH;
	}
	return fd;
}
