// SPDX-License-Identifier: Apache-2.0
/* See rooms.h. */
#include "state/rooms/rooms.h"

#include <limits.h>
#include <string.h>

#include "base/dir.h"
#include "state/rooms/room_text.h"
#include "state/rooms/unrecorded.h"

void crl_room_info_done(struct crl_room_info *r)
{
	free(r->login);
	free(r->cgroup_root);
	*r = (struct crl_room_info){0};
}

void crl_rooms_done(struct crl_rooms *r)
{
	for (size_t i = 0; i < r->len; i++)
		crl_room_info_done(&r->item[i]);
	free(r->item);
	*r = (struct crl_rooms){0};
}

/* What is there and cannot be read is counted: a room that nobody hears of is worse than a list that complains. */
static int read_one(int dir, const char *name, struct crl_rooms *rooms)
{
	struct crl_room_info *grown = reallocarray(rooms->item, rooms->len + 1, sizeof(*grown));
	int rc;

	if (!grown)
		return -ENOMEM;
	rooms->item = grown;
	rc = crl_room_load(dir, name, &rooms->item[rooms->len]);
	rooms->len += rc == 0;
	if (rc == 0 || rc == -ENOENT || rc == -ENOMEM) /* gone meanwhile */
		return rc == -ENOMEM ? rc : 0;
	rooms->unreadable++;
	rooms->error = rc;
	(void)snprintf(rooms->unreadable_name, sizeof(rooms->unreadable_name), "%s.room", name);
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = ((const struct crl_room_info *)a)->since, y = ((const struct crl_room_info *)b)->since;

	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(((const struct crl_room_info *)a)->name, ((const struct crl_room_info *)b)->name);
}

int crl_rooms_read(const char *state, struct crl_rooms *ret, struct crl_err *err)
{
	char path[PATH_MAX];
	scoped(crl_dir) dir = {0};
	int rc;

	*ret = (struct crl_rooms){0};
	(void)snprintf(path, sizeof(path), "%s/rooms", state);
	rc = crl_dir_follow(AT_FDCWD, path, &dir);
	if (rc < 0 && rc != -ENOENT)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot read %s: %s", path, strerrordesc_np(-rc));
	rc = 0;
	for (const char *file; rc == 0 && (file = crl_dir_next(&dir));) {
		char name[CRL_KEY_MAX];

		if (crl_room_file_name(file, name))
			rc = read_one(crl_dir_fd(&dir), name, ret);
	}
	if (rc == 0)
		rc = crl_rooms_add_unrecorded(ret);
	if (rc < 0) {
		crl_rooms_done(ret);
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	}
	if (ret->len > 1)
		qsort(ret->item, ret->len, sizeof(*ret->item), compare);
	return 0;
}
