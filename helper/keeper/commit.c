// SPDX-License-Identifier: Apache-2.0
/*
 * What takes long at the end: changes carried over into the real home, and the removal of what is in the trash. Both
 * stop between two files when somebody wants in.
 *
 * Runs in: carrel-keeper, as the user.
 */
#include "helper/keeper/keeper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <syslog.h>

#include "base/log.h"
#include "base/text.h"
#include "layers/commit.h"
#include "layers/remove.h"
#include "store/gc.h"
#include "store/stack.h"

#define TOLD_MOST 20

/* What stays behind is a matter of the user's, and there may be a million of it: the first few are logged. */
struct carrying {
	const struct keeper *k;
	size_t told;
};

static bool is_wanted(void *arg)
{
	const struct carrying *c = arg;

	return keeper_is_wanted(crl_unconst(c->k));
}

static void tell(void *arg, enum crl_commit_news news, const char *path, const char *why)
{
	struct carrying *c = arg;
	char shown[512], reason[256];

	if (c->told++ >= TOLD_MOST)
		return;
	crl_log(LOG_NOTICE, "room=%s user=%s uid=%u home: %s: path=%s why=%s", c->k->room, c->k->user, c->k->uid,
		news == CRL_COMMIT_KEPT       ? "not carried over"
		: news == CRL_COMMIT_LEFT_OUT ? "left out"
					      : "left behind",
		crl_visible_field(shown, sizeof(shown), path), crl_visible_field(reason, sizeof(reason), why));
}

void keeper_clean(const struct keeper *k)
{
	struct carrying carrying = {.k = k};
	scoped(keeper_layers) layers = {.own = 0};
	struct crl_layers two;
	struct crl_commit c = {
		.layers = &two, .data = k->data, .trash = -EBADF, .stop = is_wanted, .tell = tell, .arg = &carrying};
	struct crl_err err = {0};

	if (!k->lower_is_home || keeper_layers_open(k, &layers, &err) < 0)
		return;
	two = crl_commit_layers(&layers.all);
	if (two.len != 2)
		return;
	if (crl_commit_clean(&c, &err) < 0)
		crl_log(LOG_NOTICE, "room=%s user=%s uid=%u home: what was left by a commit cannot be removed", k->room,
			k->user, k->uid);
}

static int run(const struct keeper *k, const struct crl_layers *layers, struct crl_commit *ret, struct crl_err *err)
{
	struct carrying c = {.k = k};
	scoped_fd trash = openat(k->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (trash < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot open the trash of the home");
	*ret = (struct crl_commit){
		.layers = layers, .data = k->data, .trash = trash, .stop = is_wanted, .tell = tell, .arg = &c};
	return crl_commit_run(ret, err);
}

/*
 * Only into the home that the changes were made against: another layer between both would show through it. What
 * snapshots show of the home is kept for them before anything of it becomes another.
 */
static int carry_over(const struct keeper *k, struct crl_commit *ret, struct crl_err *err)
{
	scoped(keeper_layers) layers = {.own = 0};
	struct crl_layers two;
	int rc;

	if (!k->lower_is_home || k->lowers != 1)
		return crl_err_set(err, EXDEV, CRL_STAGE_HOME, "there are layers between them and the real home");
	rc = keeper_flatten(k, err);
	if (rc == 0)
		rc = keeper_keep_below(k, err);
	if (rc == 0)
		rc = keeper_layers_open(k, &layers, err);
	if (rc < 0)
		return rc;
	two = crl_commit_layers(&layers.all);
	rc = run(k, &two, ret, err);
	/* Nothing is left of the changes: nor shall a layer with nothing in it. */
	return rc == 0 && ret->kept == 0 && layers.all.len == 3 ? crl_stack_empty_up(k->data, err) : rc;
}

void keeper_commit(const struct keeper *k)
{
	struct crl_commit c = {.files = 0};
	char why[CRL_ERR_TEXT_MAX + CRL_ERR_FILE_MAX + 64];
	struct crl_err err = {0};
	int rc = carry_over(k, &c, &err);

	if (rc == 0 || rc == -EINTR) {
		crl_log(LOG_INFO,
			"room=%s user=%s uid=%u home: carried over files=%" PRIu64 " bytes=%" PRIu64 " kept=%" PRIu64
			"%s",
			k->room, k->user, k->uid, c.files, c.bytes, c.kept, rc == -EINTR ? ", somebody logs in" : "");
		return;
	}
	crl_err_format(&err, why, sizeof(why));
	crl_log(LOG_WARNING, "room=%s user=%s uid=%u home: changes are kept, they cannot be carried over: %s", k->room,
		k->user, k->uid, why);
}

void keeper_empty_trash(const struct keeper *k)
{
	struct crl_remove r = {.stop = keeper_is_wanted, .arg = crl_unconst(k)};
	struct crl_err err = {0};
	int rc = crl_gc_trash(k->data, &r, &err);

	if (r.removed > 0)
		crl_log(LOG_INFO, "room=%s user=%s uid=%u home: removed %" PRIu64 " files that were thrown away%s",
			k->room, k->user, k->uid, r.removed, rc == -EINTR ? ", not yet all: somebody logs in" : "");
}
