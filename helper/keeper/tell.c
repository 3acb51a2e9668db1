// SPDX-License-Identifier: Apache-2.0
/*
 * What the user is told of their home while rooms show it: changes, snapshots, and what is to be done at the end.
 *
 * Runs in: carrel-keeper, as the user. The layers are read while the overlay is mounted, which is safe; what changes
 * meanwhile is told or not.
 */
#include "helper/keeper/keeper.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/pidfd.h"
#include "base/text.h"
#include "helper/keeper/wishes.h"
#include "layers/diff.h"
#include "store/stack.h"

#define PATH_SHOWN_MAX 4096 /* bytes of a path that are told, as they are shown */

void keeper_layers_done(struct keeper_layers *l)
{
	for (size_t i = 0; i < l->own; i++)
		drop_fd(&l->all.fd[i]);
	l->own = 0;
}

int keeper_layers_open(const struct keeper *k, struct keeper_layers *ret, struct crl_err *err)
{
	struct crl_stack stack;
	int rc;

	*ret = (struct keeper_layers){.all.marks = k->marks};
	rc = crl_stack_read(k->data, &stack, NULL, err);
	if (rc < 0)
		return rc;
	if (1 + stack.len + k->lowers > CRL_LAYERS_MAX)
		return crl_err_set(err, EMLINK, CRL_STAGE_HOME, "the home has too many layers");
	rc = crl_stack_open_up(k->data, &ret->all.fd[ret->own], err);
	for (size_t i = 0; i < stack.len && rc == 0; i++) {
		ret->own++;
		rc = crl_stack_open_layer(k->data, stack.layer[i], &ret->all.fd[ret->own], err);
	}
	if (rc < 0)
		return rc;
	ret->own++;
	memcpy(ret->all.fd + ret->own, k->lower, k->lowers * sizeof(k->lower[0]));
	ret->all.top = ret->own;
	ret->all.len = ret->own + k->lowers;
	return 0;
}

/* "12K", rounded up. */
static void print_size(off_t bytes, char buf[24])
{
	static const char units[] = "BKMGTPE";
	uint64_t n = (uint64_t)bytes;
	size_t unit = 0;

	for (; n > 9999 && unit < sizeof(units) - 2; unit++)
		n = (n + 1023) / 1024;
	(void)snprintf(buf, 24, "%" PRIu64 "%c", n, units[unit]);
}

struct telling {
	struct keeper_talk *talk;
	uint64_t changes;
};

static const char *word_of(const struct crl_diff_change *c)
{
	static const char *const words[CRL_DIFF_KIND_COUNT] = {
		[CRL_DIFF_ADDED] = "added",   [CRL_DIFF_CHANGED] = "changed", [CRL_DIFF_DELETED] = "deleted",
		[CRL_DIFF_TYPE] = "replaced", [CRL_DIFF_RENAMED] = "renamed", [CRL_DIFF_UNREADABLE] = "unreadable"};

	return words[c->kind];
}

static int tell_change(void *arg, const struct crl_diff_change *c)
{
	static char path[PATH_SHOWN_MAX], from[PATH_SHOWN_MAX], line[2 * PATH_SHOWN_MAX + 64];
	struct telling *t = arg;
	char size[24] = "-";

	t->changes++;
	if (c->now && c->now->kind == CRL_VIEW_FILE && S_ISREG(c->now->st.st_mode))
		print_size(c->now->st.st_size, size);
	(void)snprintf(line, sizeof(line), "%-10s %6s  %s%s%s%s\n", word_of(c), size,
		       crl_visible_line(path, sizeof(path), c->path), c->from ? " (was " : "",
		       c->from ? crl_visible_line(from, sizeof(from), c->from) : "", c->from ? ")" : "");
	return keeper_talk_add(t->talk, line);
}

static bool is_over(void *arg)
{
	const struct telling *t = arg;

	return keeper_talk_is_over(t->talk);
}

static int fail(const struct crl_err *err, char *ret_last)
{
	crl_err_show(err, ret_last, KEEPER_LAST_MAX);
	return 1;
}

int keeper_tell_diff(struct keeper_talk *t, char *ret_last)
{
	struct telling telling = {.talk = t};
	const struct crl_diff_wish wish = {.tell = tell_change, .stop = is_over, .arg = &telling};
	scoped(keeper_layers) layers = {.own = 0};
	struct crl_err err = {0};
	int rc = keeper_layers_open(t->k, &layers, &err);

	if (rc == 0)
		rc = crl_diff_walk(&layers.all, &wish, &err);
	if (rc == -EFBIG || (rc == -EINTR && !crl_pidfd_is_dead(t->k->init))) {
		(void)snprintf(ret_last, KEEPER_LAST_MAX, "and more: your administrator can list all of it");
		return 0;
	}
	if (rc == -EPIPE || rc == -ETIMEDOUT || rc == -ECANCELED || rc == -EINTR)
		return rc;
	if (rc < 0)
		return fail(&err, ret_last);
	if (telling.changes == 0)
		(void)snprintf(ret_last, KEEPER_LAST_MAX, "nothing has changed");
	return 0;
}

static int tell_line(struct keeper_talk *t, const char *name, const char *what)
{
	char line[CRL_WISH_NAME_MAX + 128];

	(void)snprintf(line, sizeof(line), "%-24s  %s\n", name, what);
	return keeper_talk_add(t, line);
}

static int tell_snapshot(struct keeper_talk *t, const struct crl_snapshot *s)
{
	time_t when = (time_t)s->when;
	char text[40];
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(text, sizeof(text), "-");
	return tell_line(t, s->name, text);
}

static int tell_wish(struct keeper_talk *t, const struct keeper_wish *w)
{
	static const char *const words[CRL_WISH_ASK_COUNT] = {
		[CRL_WISH_DISCARD] = "the changes are thrown away when you have logged out everywhere",
		[CRL_WISH_KEEP] = "the changes stay when you have logged out everywhere"};

	if (w->what == CRL_WISH_SNAPSHOT)
		return tell_line(t, w->name, "when you have logged out everywhere");
	return tell_line(t, "-", words[w->what]);
}

int keeper_tell_snapshots(struct keeper_talk *t, char *ret_last)
{
	static struct crl_snapshots snapshots;
	struct keeper_wishes wishes;
	struct crl_err err = {0};
	int rc = crl_stack_read(t->k->data, NULL, &snapshots, &err);

	if (rc < 0)
		return fail(&err, ret_last);
	rc = keeper_wishes_read(t->k->data, &wishes);
	for (size_t i = 0; i < snapshots.len && rc == 0; i++)
		rc = tell_snapshot(t, &snapshots.item[i]);
	for (size_t i = 0; i < wishes.len && rc == 0; i++)
		rc = tell_wish(t, &wishes.wish[i]);
	if (rc == 0 && snapshots.len + wishes.len == 0)
		(void)snprintf(ret_last, KEEPER_LAST_MAX, "there are no snapshots");
	return rc;
}

static void say(char *ret_last, const char *text)
{
	(void)snprintf(ret_last, KEEPER_LAST_MAX, "%s", text);
}

/* Why a snapshot cannot be made at the end, as far as that is known now. */
static int may_snapshot(const struct keeper *k, const struct keeper_wishes *w, const char *name, char *ret_last)
{
	static struct crl_snapshots s;
	struct crl_err err = {0};
	size_t to_come = 0;

	if (crl_stack_read(k->data, NULL, &s, &err) < 0)
		return fail(&err, ret_last);
	for (size_t i = 0; i < w->len; i++)
		to_come += w->wish[i].what == CRL_WISH_SNAPSHOT;
	if (crl_snapshots_find(&s, name)) {
		say(ret_last, "there is a snapshot of that name already");
		return 1;
	}
	if (s.len + to_come >= k->snapshots) {
		(void)snprintf(ret_last, KEEPER_LAST_MAX,
			       "you have all %zu snapshots that you may have: your administrator can drop one",
			       k->snapshots);
		return 1;
	}
	return 0;
}

static void say_noted(const struct keeper *k, enum crl_wish_ask what, char *ret_last)
{
	if (what == CRL_WISH_SNAPSHOT)
		say(ret_last,
		    k->at_end == KEEPER_COMMIT
			    ? "the snapshot will be made when you have logged out everywhere, before your changes are "
			      "carried over into the home below"
			    : "the snapshot will be made when you have logged out everywhere");
	else if (what == CRL_WISH_DISCARD)
		say(ret_last,
		    "your changes will be thrown away when you have logged out everywhere; carrel home keep takes "
		    "that back");
	else if (k->at_end == KEEPER_DISCARD || k->at_end == KEEPER_COMMIT)
		say(ret_last, "this time your changes stay as they are when you log out");
	else
		say(ret_last, "your changes stay");
}

static int note(const struct keeper *k, struct keeper_wishes *w, enum crl_wish_ask what, const char *name, char *last)
{
	int rc = keeper_wishes_read(k->data, w);

	if (rc == 0 && what == CRL_WISH_SNAPSHOT && (rc = may_snapshot(k, w, name, last)) > 0)
		return rc;
	if (rc == 0)
		rc = keeper_wishes_add(w, what, name);
	if (rc == 0)
		rc = keeper_wishes_write(k->data, w);
	return rc;
}

int keeper_note_wish(const struct keeper *k, enum crl_wish_ask what, const char *name, char *ret_last)
{
	struct keeper_wishes wishes;
	scoped_fd lock = -EBADF;
	int rc = keeper_wishes_lock(k->data, &lock);

	if (rc == 0)
		rc = note(k, &wishes, what, name, ret_last);
	if (rc == 0)
		say_noted(k, what, ret_last);
	else if (rc == -EEXIST)
		say(ret_last, "that snapshot is noted already, for when you have logged out everywhere");
	else if (rc == -EUSERS)
		(void)snprintf(ret_last, KEEPER_LAST_MAX,
			       "%d wishes are noted and no more can be: log out everywhere first", KEEPER_WISHES_MAX);
	else if (rc < 0)
		(void)snprintf(ret_last, KEEPER_LAST_MAX, "cannot note it: %s", strerrordesc_np(-rc));
	return rc == 0 ? 0 : 1;
}
