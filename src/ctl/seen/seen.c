// SPDX-License-Identifier: Apache-2.0
/* See seen.h. */
#include "ctl/seen/seen.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/host/inchild.h"
#include "ctl/host/module.h"
#include "ctl/print/lines.h"
#include "door/exempt.h"
#include "policy/file/load.h"
#include "state/rooms/record.h"
#include "store/form.h"
#include "store/gc.h"
#include "store/image.h"
#include "store/store.h"

#define STORE_WAIT_MS 10000 /* thousands of homes on a slow disk */
#define IMAGE_OWN (8u << 20) /* bytes; of one of 32 MB it is 7 */

/* ---- the configuration ----------------------------------------------------------------------------------------- */

static void take_younger(int at, const char *name, int64_t *ret)
{
	struct stat st;

	if (fstatat(at, name, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_mtim.tv_sec > *ret)
		*ret = st.st_mtim.tv_sec;
}

/* The file itself and those beside it, in policy.d. */
static int64_t config_since(const char *path)
{
	scoped_fd fd = -EBADF;
	scoped(crl_dir) dir = {0};
	char place[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int64_t since = 0;

	take_younger(AT_FDCWD, path, &since);
	if (!slash || snprintf(place, sizeof(place), "%.*s/policy.d", (int)(slash - path), path) >= (int)sizeof(place))
		return since;
	fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || crl_dir_open(fd, ".", &dir) < 0)
		return since;
	for (const char *name; (name = crl_dir_next(&dir));)
		take_younger(fd, name, &since);
	return since;
}

static void see_config(const struct ctl *c, struct ctl_seen *s)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_trial_load(c->config, &s->config, &s->in_force, &s->config_err) < 0)
		s->config = NULL;
	s->config_since = config_since(s->in_force.path[0] ? s->in_force.path : c->config);
	while (s->config && crl_config_policy_name(s->config, s->policies))
		s->policies++;
	s->off = crl_exempt_is_off(c->config, path, sizeof(path), &why);
}

/* ---- rooms ----------------------------------------------------------------------------------------------------- */

static bool is_first_of_user(const struct crl_rooms *rooms, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!rooms->item[j].stale && rooms->item[j].uid == rooms->item[i].uid)
			return false;
	return true;
}

static void see_rooms(const struct ctl *c, struct ctl_seen *s)
{
	s->rooms_error = crl_rooms_read(c->state, &s->rooms, NULL);
	if (s->rooms_error < 0)
		s->rooms = (struct crl_rooms){.len = 0};
	for (size_t i = 0; i < s->rooms.len; i++) {
		const struct crl_room_info *room = &s->rooms.item[i];

		if (room->stale) {
			s->stale++;
			continue;
		}
		s->empty += ctl_room_is_lingering(room);
		s->users += is_first_of_user(&s->rooms, i);
		for (size_t j = 0; j < room->logins; j++)
			s->logins += room->login[j].pid != 0;
	}
}

static void see_state(const struct ctl *c, struct ctl_seen *s)
{
	scoped_fd dir = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_err err = {0};
	struct crl_drain drain;

	s->state_missing = dir < 0 && errno == ENOENT;
	crl_ignore(crl_state_look(c->state, &s->state_err) < 0);
	s->drain = dir < 0 ? CRL_DRAIN_NONE : crl_drain_look(dir, &drain, &err);
	s->score_error = dir < 0 ? -errno : crl_score_read(dir, &s->score);
}

/* ---- the store ------------------------------------------------------------------------------------------------- */

/* Is more of @a's limit used than of @b's? */
static bool is_fuller(const struct ctl_seen_entry *a, const struct ctl_seen_entry *b)
{
	return (double)a->used / (double)a->limit > (double)b->used / (double)b->limit;
}

static void keep_fullest(struct ctl_seen_store *s, const struct ctl_seen_entry *e)
{
	size_t at = s->fullest_len;

	while (at > 0 && is_fuller(e, &s->fullest[at - 1]))
		at--;
	if (at == CTL_FULLEST_MAX)
		return;
	s->fullest_len += s->fullest_len < CTL_FULLEST_MAX;
	memmove(&s->fullest[at + 1], &s->fullest[at], (s->fullest_len - 1 - at) * sizeof(*e));
	s->fullest[at] = *e;
}

/* Of an image some is its file system's own, or kept back. */
static bool is_near(enum crl_form form, uint64_t used, uint64_t limit)
{
	const uint64_t own = form == CRL_FORM_IMAGE ? IMAGE_OWN : 0;

	return limit > 0 && used + own >= limit - limit / CTL_NEAR_PART;
}

static void count_use(struct ctl_seen_store *s, const struct crl_gc_entry *e, bool is_root)
{
	const char *base = strchr(e->name, '.');
	struct ctl_seen_entry seen = {.used = 0};
	struct crl_form_usage u;

	crl_form_look(e->dir, &e->owner, &u);
	if (!u.is_known || u.bytes_max == 0)
		return;
	*(is_root ? &s->root_bytes : &s->home_bytes) += u.bytes;
	s->near += is_near(e->owner.form, u.bytes, u.bytes_max) || is_near(e->owner.form, u.inodes, u.inodes_max);
	(void)snprintf(seen.user, sizeof(seen.user), "%s", e->owner.name);
	(void)snprintf(seen.kept, sizeof(seen.kept), "%s", is_root && base ? base + 1 : is_root ? "root" : "home");
	seen.used = u.bytes;
	seen.limit = u.bytes_max;
	keep_fullest(s, &seen);
}

static int count_entry(void *arg, const struct crl_gc_entry *e)
{
	bool is_root = strncmp(e->name, CRL_STORE_ROOTS "/", sizeof(CRL_STORE_ROOTS)) == 0;
	struct ctl_seen_store *s = arg;

	if (e->is_orphan)
		s->orphans++;
	else if (is_root)
		s->roots++;
	else
		s->homes++;
	if (!e->has_owner || e->is_orphan)
		return 0;
	s->promised += e->owner.size;
	count_use(s, e, is_root);
	return 0;
}

/* In a child: the store may be on a server that does not answer. */
static void look_at_store(const void *path, void *answer)
{
	struct ctl_seen_store *store = answer;
	struct crl_images images = {0};
	struct crl_store opened;
	struct statvfs fs;

	(void)snprintf(store->path, sizeof(store->path), "%s", (const char *)path);
	store->error = crl_store_open(store->path, false, &opened, &store->why);
	if (store->error < 0)
		return;
	if (fstatvfs(opened.dir, &fs) == 0) {
		store->bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
		store->bytes_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	}
	store->error = crl_gc_walk(&opened, count_entry, store, &store->why);
	if (crl_images_list(store->path, NULL, &images, NULL) == 0)
		store->images = images.len;
	crl_images_done(&images);
	crl_store_done(&opened);
}

static void see_store(struct ctl_seen *s)
{
	const char *path = s->config ? crl_config_store(s->config) : "";
	void *answer = NULL;
	int rc;

	if (!path[0])
		return;
	rc = ctl_ask_child(look_at_store, path, &answer, sizeof(s->store), STORE_WAIT_MS);
	if (rc == 0)
		s->store = *(struct ctl_seen_store *)answer;
	ctl_answer_done(answer, sizeof(s->store));
	if (rc == 0)
		return;
	(void)snprintf(s->store.path, sizeof(s->store.path), "%s", path);
	s->store.error = rc;
	(void)snprintf(s->store.why.text, sizeof(s->store.why.text), "%s",
		       rc == -ETIMEDOUT ? "it does not answer" : "it cannot be looked at");
}

void ctl_seen_read(const struct ctl *c, struct ctl_seen *ret)
{
	*ret = (struct ctl_seen){.now = crl_clock_ms() / 1000};
	see_config(c, ret);
	see_rooms(c, ret);
	see_state(c, ret);
	see_store(ret);
	ret->helper_error = ctl_helper_version(c->helper, ret->helper_version);
}

void ctl_seen_done(struct ctl_seen *s)
{
	crl_config_free(s->config);
	crl_rooms_done(&s->rooms);
}
