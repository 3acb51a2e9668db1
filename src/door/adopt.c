// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which a room is adopted; see adopt.h.
 *
 * Owns: R1 what has no way back comes last, and nothing that can be foreseen fails after it.
 */
#include "door/adopt.h"

#include "base/clock.h"
#include "base/pidfd.h"
#include "door/names.h"
#include "door/talk.h"
#include "door/trim.h"

#define TIDY_WAIT_MS 2000 /* for a helper to undo what it made, once it knows of the end */

struct adopting {
	struct crl_adoption *a;
	const struct crl_adopter *by;
	struct crl_talk talk;
	struct crl_origin origin;
	int init; /* pidfd of the room's */
};

int crl_adoption_begin(struct crl_adoption *a, const struct crl_helper_start *start, struct crl_err *err)
{
	a->timeout_s = start->timeout_s;
	return crl_helper_spawn(start, &a->helper, err);
}

void crl_adoption_abandon(struct crl_adoption *a)
{
	crl_helper_end(&a->helper, 0);
}

void crl_adoption_done(struct crl_adoption *a)
{
	crl_helper_done(&a->helper);
}

/* The directory of the host would be lost in the room, and the room's on the host. */
static const struct crl_cwd *cwd_of(const struct crl_adoption *a)
{
	return a->room.adopt.ns_mask & CRL_NS_BIT(CRL_NS_MOUNT) ? a->cwd : NULL;
}

static int ask(struct adopting *t, struct crl_err *err)
{
	struct crl_adoption *a = t->a;
	int rc = crl_talk_request(&t->talk, a->login, err);

	if (rc < 0)
		return rc;
	rc = crl_origin_save(&t->origin, err); /* while the helper works */
	if (rc < 0)
		return rc;
	rc = crl_talk_answer(&t->talk, &a->room, &t->init, err);
	if (rc < 0)
		return rc;
	a->has_room = true;
	rc = crl_pidfd_prove(t->init, err);
	if (rc < 0)
		t->talk.broken = t->talk.lies = true;
	return rc;
}

/* Through the door, and what both sides see of it. */
static int cross(struct adopting *t, struct crl_err *err)
{
	struct crl_adoption *a = t->a;
	int rc = crl_origin_leave(&t->origin, t->init, err);
	int confirmed;

	if (rc < 0)
		return rc;
	rc = crl_talk_entered(&t->talk, err);
	if (rc < 0)
		return rc;
	if (cwd_of(a))
		crl_cwd_enter(a->cwd, a->login->home);
	rc = crl_origin_has_left(&t->origin, err);
	/* In any case: what comes must not be taken for the answer to a CLOSE. */
	confirmed = crl_talk_confirmed(&t->talk, rc < 0 ? NULL : err);
	return rc < 0 ? rc : confirmed;
}

/*
 * From the moment that a filter which notifies is in force, until its listener is with the room's, every call waits
 * that is none of its core: so nothing comes between.
 */
static int trim(struct adopting *t, struct crl_err *err)
{
	scoped_fd listener = -EBADF;
	int rc = crl_trim_apply(&t->a->room, &listener, err);

	return rc == 0 && listener >= 0 ? crl_talk_listener(&t->talk, listener, err) : rc;
}

/* R1 */
static int go_inside(struct adopting *t, struct crl_err *err)
{
	struct crl_adoption *a = t->a;
	int rc = cross(t, err);

	if (rc == 0 && t->by->settle)
		rc = t->by->settle(t->by->arg, a, err);
	if (rc == 0)
		rc = trim(t, err);
	if (rc == 0 && t->by->keep)
		rc = t->by->keep(t->by->arg, a, err);
	return rc;
}

static void retreat(struct adopting *t)
{
	scoped_fd supervisor = -EBADF;
	struct crl_adoption *a = t->a;
	struct crl_err err = {0};
	int rc = crl_origin_return(&t->origin, a->helper.pidfd, &err);

	/* A room that others share has another supervisor than our helper, and that one is only known by its answer. */
	if (!t->talk.broken && crl_talk_close(a->helper.sock, TIDY_WAIT_MS, &supervisor) == 0 && rc < 0)
		rc = crl_origin_return(&t->origin, supervisor, &err);
	if (cwd_of(a))
		crl_cwd_return(a->cwd);
	if (t->by->unsettle)
		t->by->unsettle(t->by->arg, a, rc == 0);
}

static int adopt(struct adopting *t, struct crl_err *err)
{
	struct crl_adoption *a = t->a;
	int rc = ask(t, err);

	if (rc == 0 && t->by->can_hold)
		rc = t->by->can_hold(t->by->arg, a, err);
	if (rc == 0)
		rc = crl_origin_choose(&t->origin, a->room.adopt.ns_mask, err);
	if (rc < 0)
		return rc;
	crl_origin_way_home(&t->origin, cwd_of(a), &a->way);
	rc = go_inside(t, err);
	if (rc < 0)
		retreat(t);
	return rc;
}

int crl_adoption_run(struct crl_adoption *a, const struct crl_adopter *by, struct crl_err *err)
{
	struct adopting t = {
		.a = a,
		.by = by,
		.talk = {.sock = a->helper.sock,
			 .deadline_ms = crl_now_ms() + (int64_t)a->timeout_s * 1000,
			 .timeout_s = a->timeout_s,
			 .lookup = a->lookup,
			 .name = crl_names_group_name,
			 .orders = -EBADF},
		.origin = CRL_ORIGIN_NONE,
		.init = -EBADF,
	};
	int rc = adopt(&t, err);

	if (rc < 0)
		crl_helper_end(&a->helper, t.talk.lies ? 0 : TIDY_WAIT_MS);
	drop_fd(&t.init);
	drop_fd(&t.talk.orders);
	crl_origin_done(&t.origin);
	return rc;
}
