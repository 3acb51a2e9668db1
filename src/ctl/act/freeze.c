// SPDX-License-Identifier: Apache-2.0
/* carrelctl freeze, thaw: the whole room, or all rooms of a user. */
#include "ctl/act/freeze.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/act/each_room.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/look/cgroups.h"
#include "ctl/look/usage.h"
#include "state/rooms/rooms.h"
#include "state/why/why.h"

#define FREEZE_WAIT_MS 5000

void ctl_room_thaw_dead(const struct crl_room_info *room, const struct ctl_cgroups *all)
{
	scoped_fd root = ctl_cgroup_root(room);

	for (size_t i = 0; i < all->len && root >= 0; i++) {
		scoped_fd cgroup = openat(root, all->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (cgroup >= 0)
			crl_ignore(crl_file_write(cgroup, "cgroup.freeze", "0"));
	}
}

bool ctl_room_is_frozen(const struct crl_room_info *room, const struct ctl_cgroups *all)
{
	scoped_fd root = ctl_cgroup_root(room);
	size_t frozen = 0;

	for (size_t i = 0; i < all->len && root >= 0; i++) {
		scoped_fd cgroup = openat(root, all->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		frozen += cgroup >= 0 && crl_cgroup_is_frozen(cgroup);
	}
	return frozen > 0 && frozen == all->len;
}

static bool is_frozen(int cgroup, bool want)
{
	char text[256];

	return crl_file_read(cgroup, "cgroup.events", text, sizeof(text)) > 0 &&
	       (strstr(text, "frozen 1") != NULL) == want;
}

/* Returns 1; 0 when the cgroup has gone: with all that was in it. */
static int set_one(const struct crl_room_info *room, const char *path, bool frozen, bool wait, struct crl_err *err)
{
	scoped_fd root = ctl_cgroup_root(room);
	scoped_fd cgroup = root < 0 ? root : openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = cgroup < 0 ? cgroup : crl_file_write(cgroup, "cgroup.freeze", frozen ? "1" : "0");

	if (cgroup < 0)
		return 0;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NONE, "room %s: cannot %s %s: %s", room->id,
				   frozen ? "freeze" : "thaw", path, strerrordesc_np(-rc));
	for (int64_t end = crl_now_ms() + FREEZE_WAIT_MS; wait && !is_frozen(cgroup, frozen); crl_pause_ms(5))
		if (crl_now_ms() >= end)
			return crl_err_set(err, ETIMEDOUT, CRL_STAGE_NONE, "room %s: %s is not yet %s", room->id, path,
					   frozen ? "frozen" : "thawed");
	return 1;
}

static int set_frozen(const struct crl_room_info *room, bool frozen, bool wait, struct crl_err *err)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	int rc = 0, done = 0;

	if (!all)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
	ctl_room_cgroups(room, all);
	for (size_t i = 0; i < all->len && rc >= 0 && !all->more; i++) {
		rc = set_one(room, all->path[i], frozen, wait, err);
		done += rc;
	}
	if (rc >= 0 && done == 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_NONE, "room %s has %s", room->id,
				   all->more        ? "too many cgroups"
				   : room->slice[0] ? "no process in a cgroup of its own that could be frozen"
						    : "no cgroup that could be frozen (its policy has no limits, or "
						      "this host no cgroup v2)");
	return rc < 0 ? rc : 0;
}

int ctl_room_freeze(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	int rc = set_frozen(room, true, wait, err);

	if (rc == 0)
		ctl_room_record(c, room, CRL_WHY_FROZEN);
	return rc;
}

int ctl_room_thaw(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	(void)c;
	return set_frozen(room, false, wait, err);
}

static enum ctl_exit run_freeze(const struct ctl *c, int argc, char **argv)
{
	return ctl_room_each(c, argc, argv, ctl_room_freeze, "frozen");
}

const struct ctl_command ctl_freeze_command = {
	.name = "freeze",
	.usage = "USER|ID...",
	.summary = "stop every process of a room",
	.examples =
		(const char *const[]){
			"carrelctl freeze alice",
			NULL,
		},
	CTL_COMMAND_OF_ROOMS,
	.run = run_freeze,
};

static enum ctl_exit run_thaw(const struct ctl *c, int argc, char **argv)
{
	return ctl_room_each(c, argc, argv, ctl_room_thaw, "thawed");
}

const struct ctl_command ctl_thaw_command = {
	.name = "thaw",
	.usage = "USER|ID...",
	.summary = "let a frozen room go on",
	.examples =
		(const char *const[]){
			"carrelctl thaw alice",
			NULL,
		},
	CTL_COMMAND_OF_ROOMS,
	.run = run_thaw,
};
