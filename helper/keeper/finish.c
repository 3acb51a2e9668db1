// SPDX-License-Identifier: Apache-2.0
/*
 * The room has ended: what its user wished for, and then what the policy says, if no other room shows the home.
 *
 * Runs in: carrel-keeper, as the user.
 * R1: nothing is done but under the home's lock "use", alone: neither beside a room nor beside a command of root's.
 * R2: who wants in takes precedence: it is looked for between any two steps, and what is left is done another time.
 * R3: who is killed here has lost nothing: each step leaves the old state or the new one, and a wish goes when it is
 * done.
 */
#include "helper/keeper/keeper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/keeper/wishes.h"
#include "helper/keeper_wire.h"
#include "layers/diff.h"
#include "store/stack.h"

#define ENDING_FILE "ending" /* a keeper is at work; one that is left was killed */

bool keeper_is_wanted(void *arg)
{
	const struct keeper *k = arg;
	struct stat st;

	return fstat(k->use, &st) < 0 || st.st_size != k->use_size; /* R2 */
}

static void tell(const struct keeper *k, const char *what, int rc, const struct crl_err *err)
{
	char why[CRL_ERR_TEXT_MAX + CRL_ERR_FILE_MAX + 64];

	if (rc == 0) {
		crl_log(LOG_INFO, "room=%s user=%s uid=%u home: %s", k->room, k->user, k->uid, what);
		return;
	}
	crl_err_format(err, why, sizeof(why));
	crl_log(rc == -EINTR ? LOG_INFO : LOG_WARNING, "room=%s user=%s uid=%u home: not yet %s%s%s", k->room, k->user,
		k->uid, what, rc == -EINTR ? ": somebody logs in" : ": ", rc == -EINTR ? "" : why);
}

static int discard(const struct keeper *k)
{
	struct crl_err err = {0};
	int rc;

	keeper_clean(k);
	rc = crl_stack_empty_up(k->data, &err);

	tell(k, "changes thrown away", rc, &err);
	return rc;
}

static int snapshot(const struct keeper *k, const char *name)
{
	char what[CRL_WISH_NAME_MAX + 24];
	struct crl_err err = {0};
	int rc;

	keeper_clean(k);
	rc = crl_snapshot_take(k->data, name, crl_clock_ms() / 1000, k->snapshots, &err);

	(void)snprintf(what, sizeof(what), "snapshot %s made", name);
	tell(k, what, rc, &err);
	return rc == -EEXIST || rc == -EINVAL || rc == -EMLINK ? 0 : rc; /* it will never be possible */
}

/* Returns true when the policy's part is to be done as well. R2, R3 */
static bool grant_wishes(const struct keeper *k)
{
	struct keeper_wishes w;
	bool keep = false;
	int rc = keeper_wishes_read(k->data, &w);

	while (rc == 0 && w.len > 0) {
		const struct keeper_wish *first = &w.wish[0];

		if (keeper_is_wanted(crl_unconst(k)))
			return false;
		if (first->what == CRL_WISH_SNAPSHOT)
			rc = snapshot(k, first->name);
		else if (first->what == CRL_WISH_DISCARD)
			rc = discard(k);
		keep |= first->what == CRL_WISH_KEEP;
		if (rc < 0)
			return false;
		keeper_wishes_drop(&w, 0);
		rc = keeper_wishes_write(k->data, &w);
	}
	return rc == 0 && !keep;
}

static int count(void *arg, const struct crl_diff_change *change)
{
	uint64_t *n = arg;

	(void)change;
	(*n)++;
	return 0;
}

/* The number of changes, for the helper of the next login. */
static void leave_word(const struct keeper *k)
{
	uint64_t changes = 0;
	const struct crl_diff_wish wish = {.tell = count, .arg = &changes};
	struct crl_file f = {.name = KEEPER_ASKED_FILE, .beside = KEEPER_ASKED_FILE ".new", .mode = 0600};
	scoped(keeper_layers) layers = {.own = 0};
	struct crl_err err = {0};
	int rc = keeper_layers_open(k, &layers, &err);
	char text[24];

	if (rc == 0)
		rc = crl_diff_walk(&layers.all, &wish, &err);
	if (rc < 0) {
		tell(k, "changes counted", rc, &err);
		return;
	}
	f.len = (size_t)snprintf(text, sizeof(text), "%" PRIu64 "\n", changes);
	f.data = text;
	if (changes == 0)
		(void)unlinkat(k->data, KEEPER_ASKED_FILE, 0);
	else if (crl_file_replace(k->data, &f) < 0)
		crl_log(LOG_NOTICE, "room=%s user=%s uid=%u home: has changes, and its user cannot be told", k->room,
			k->user, k->uid);
}

static void do_policy(const struct keeper *k)
{
	switch (k->at_end) {
	case KEEPER_DISCARD:
		(void)discard(k);
		break;
	case KEEPER_COMMIT:
		keeper_commit(k);
		break;
	case KEEPER_ASK:
		leave_word(k);
		break;
	case KEEPER_KEEP:
		break;
	}
}

static void do_all(struct keeper *k)
{
	scoped_fd mark = openat(k->data, ENDING_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct crl_err err = {0};
	int rc = crl_stack_ready(k->data, NULL, &err);

	if (rc < 0)
		tell(k, "made ready", rc, &err);
	else if (grant_wishes(k) && !keeper_is_wanted(crl_unconst(k)))
		do_policy(k);
	if (rc == 0) {
		keeper_thin(k);
		keeper_empty_trash(k);
	}
	(void)unlinkat(k->data, ENDING_FILE, 0);
}

void keeper_begin(const struct keeper *k)
{
	struct keeper_wishes w;
	struct stat st;

	if (fstatat(k->data, ENDING_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		crl_log(LOG_NOTICE,
			"room=%s user=%s uid=%u home: the keeper before was killed at its work; nothing is lost, and "
			"what was "
			"left is done at the end of this room",
			k->room, k->user, k->uid);
	if (k->listen >= 0 && keeper_wishes_read(k->data, &w) == 0 && w.len == 0)
		crl_ignore(keeper_wishes_write(k->data, &w)); /* while there is room for it */
}

void keeper_finish(struct keeper *k)
{
	struct pollfd supervisor = {.fd = k->supervisor, .events = POLLIN};
	struct stat st;

	drop_fd(&k->listen);
	while (poll(&supervisor, 1, -1) < 0 && errno == EINTR)
		;
	/* Of several that end at once the last to let go gets it; a lock that is tried for is let go first. R1. A login
	 * that comes between the two calls has to be seen. R2 */
	if (fstat(k->use, &st) < 0 || flock(k->use, LOCK_EX | LOCK_NB) < 0)
		return;
	k->use_size = st.st_size;
	do_all(k);
	drop_fd(&k->data); /* who is waiting for the lock mounts what lies beneath this */
	for (size_t i = 0; i < k->lowers; i++)
		drop_fd(&k->lower[i]);
	(void)flock(k->use, LOCK_UN); /* last: at our exit the order would be the kernel's */
}
