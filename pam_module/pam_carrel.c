// SPDX-License-Identifier: Apache-2.0
/*
 * The two session entry points and the order of their steps.
 *
 * Runs in: the PAM application (sshd's monitor, su, login, cron), as root, single-threaded.
 * Trusts: the PAM line and the helper named there (root's own); the name service for who is root.
 * Owns: R11 a failure leaves the caller as it was, but for limits of its own power that have no way back, which are
 * the last steps of all. Ids, umask, environ, signal dispositions and standard descriptors are never touched.
 */
#include <errno.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "door/adopt.h"
#include "door/names.h"
#include "door/power.h"
#include "pam_module/caller.h"
#include "pam_module/environment.h"
#include "door/off.h"
#include "pam_module/options.h"
#include "pam_module/place.h"
#include "pam_module/session.h"
#include "door/spawn.h"
#include "pam_module/status.h"
#include "door/talk.h"
#include "door/trim.h"
#include "pam_module/who.h"
#include "proto/fdpass.h"

#define EXPORT __attribute__((visibility("default")))
#define TIDY_WAIT_MS 2000 /* for a helper to undo what it made, once it knows of the end */

/* One open_session. On the heap: the records are 40 KiB and the application's stack is not ours. */
struct attempt {
	pam_handle_t *pamh;
	struct options opt;
	struct caller caller;
	struct crl_helper helper;
	struct crl_talk talk;
	struct crl_login login;
	bool has_room;             /* room below is filled */
	struct crl_msg_room room;
};

static void attempt_free(struct attempt **pa)
{
	struct attempt *a = *pa;

	if (!a)
		return;
	caller_done(&a->caller);
	crl_helper_done(&a->helper);
	free(a);
}

/* The directory of the host would be lost in the room, and the room's on the host. */
static void put_cwd(const struct attempt *a, bool inside)
{
	if (!(a->room.adopt.ns_mask & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	if (inside)
		caller_enter_cwd(&a->caller.cwd, a->login.home);
	else
		caller_return_cwd(&a->caller.cwd);
}

static int go_inside(struct attempt *a, const struct crl_origin *o, int init_pidfd, struct crl_err *err)
{
	const struct session_facts facts = {.login = &a->login, .adopt = &a->room.adopt, .origin = o, .cwd = &a->caller.cwd};
	int rc = crl_origin_leave(o, init_pidfd, err);
	int confirmed;

	if (rc < 0)
		return rc;
	rc = crl_talk_entered(&a->talk, err);
	if (rc < 0)
		return rc;
	put_cwd(a, true); /* while the helper looks where we are */
	rc = crl_origin_has_left(o, err);
	/* In any case: what comes must not be taken for the answer to a CLOSE. */
	confirmed = crl_talk_confirmed(&a->talk, rc < 0 ? NULL : err);
	if (rc < 0 || confirmed < 0)
		return rc < 0 ? rc : confirmed;
	rc = caller_seal(&a->caller, err);
	if (rc < 0)
		return rc;
	environment_settle(a->pamh, &a->login, &a->room.adopt); /* while directories can be made and given away */
	rc = crl_trim_apply(&a->room, err);
	if (rc < 0)
		return rc;
	return session_keep(a->pamh, &a->helper.sock, &facts, err);
}

static void retreat(struct attempt *a, const struct crl_origin *o)
{
	scoped_fd supervisor = -EBADF;
	struct crl_err err = {0};
	int rc = crl_origin_return(o, a->helper.pidfd, &err);

	/* A room that others share has another supervisor than our helper, and that one is only known by its answer. */
	if (!a->talk.broken && crl_talk_close(a->helper.sock, TIDY_WAIT_MS, &supervisor) == 0 && rc < 0)
		rc = crl_origin_return(o, supervisor, &err);
	if (rc < 0)
		pam_syslog(a->pamh, LOG_CRIT, "the application stays in a room that failed: it can start nothing");
	caller_unseal(&a->caller);
	put_cwd(a, false);
}

static int adopt(struct attempt *a, struct crl_origin *o, int init_pidfd, struct crl_err *err)
{
	int rc = crl_pidfd_prove(init_pidfd, err);

	if (rc < 0) {
		a->talk.broken = a->talk.lies = true;
		return rc;
	}
	rc = crl_origin_choose(o, a->room.adopt.ns_mask, err);
	if (rc < 0)
		return rc;
	rc = go_inside(a, o, init_pidfd, err);
	if (rc < 0)
		retreat(a, o);
	return rc;
}

static int ask_and_adopt(struct attempt *a, struct crl_err *err)
{
	scoped(crl_origin) o = CRL_ORIGIN_NONE;
	scoped_fd init_pidfd = -EBADF;
	int rc;

	a->talk = (struct crl_talk){
		.sock = a->helper.sock,
		.deadline_ms = crl_now_ms() + (int64_t)a->opt.timeout_s * 1000,
		.timeout_s = a->opt.timeout_s,
		.lookup = crl_names_group_id,
		.name = crl_names_group_name,
	};
	rc = crl_talk_request(&a->talk, &a->login, err);
	if (rc < 0)
		return rc;
	rc = crl_origin_save(&o, err); /* while the helper works */
	if (rc < 0)
		return rc;
	rc = crl_talk_answer(&a->talk, &a->room, &init_pidfd, err);
	if (rc < 0)
		return rc;
	a->has_room = true;
	return adopt(a, &o, init_pidfd, err);
}

static int open_room(struct attempt *a, int flags, struct crl_err *err)
{
	/* First, since it takes longer to start than what follows; until it is asked it makes nothing. */
	const struct crl_helper_start start = {.helper = a->opt.helper, .config = a->opt.config, .state = a->opt.state,
					       .timeout_s = a->opt.timeout_s, .debug = a->opt.debug};
	int rc = crl_helper_spawn(&start, &a->helper, err);

	if (rc < 0)
		return rc;
	rc = who_describe(a->pamh, &a->login, err);
	a->login.shows = status_shows(flags, &a->login);
	if (rc == 0)
		rc = caller_examine(&a->caller, err);
	if (rc < 0) {
		crl_helper_end(&a->helper, 0);
		return rc;
	}
	rc = ask_and_adopt(a, err);
	if (rc < 0)
		crl_helper_end(&a->helper, a->talk.lies ? 0 : TIDY_WAIT_MS);
	return rc;
}

/* Members of the break-glass group; a group that is not there, or a name service that is silent, frees nobody. */
static bool breaks_glass(const struct attempt *a)
{
	uint32_t gid;
	int rc = crl_names_group_id(a->opt.break_glass, &gid);

	if (rc == 0)
		return crl_login_in_group(&a->login, gid);
	if (rc != -ENOENT)
		pam_syslog(a->pamh, LOG_WARNING, "cannot look up the break-glass group: errno %d", -rc);
	return false;
}

/* @ret_text  for the log */
static bool is_switched_off(const struct attempt *a, char *ret_text, size_t size)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_off_is_set(a->opt.config, path, sizeof(path), &why)) {
		(void)snprintf(ret_text, size, "carrel is switched off by %s: nobody is isolated", path);
		return true;
	}
	if (why.code)
		pam_syslog(a->pamh, LOG_ERR, "%s", why.text);
	return false;
}

/*
 * A process that holds a room, or a handle that has a session: it is another login's already.
 * Returns true with the PAM code when it is the same login once more; false with @err set, or empty (neither is so).
 */
static bool is_taken(const struct attempt *a, const struct place *place, int *ret_code, struct crl_err *err)
{
	struct session *s = session_find(a->pamh);

	if (s && session_open_again(s, &a->login)) {
		*ret_code = status_pass(a->pamh, LOG_WARNING, &a->login,
					"pam_carrel.so opens twice in this service; the second line does nothing");
		return true;
	}
	if (s || place->kind == PLACE_HOLDER)
		(void)crl_err_set(err, EBUSY, CRL_STAGE_CALLER,
				  "this process holds the room of another login (%s): each login needs a process of its own",
				  s ? session_who(s)->room : place->room[0] ? place->room : "it has joined other namespaces");
	return false;
}

/* Born in a room. Whoever has the power to become another user there does so by its policy. */
static bool stays(const struct attempt *a, const struct place *place, int *ret_code, struct crl_err *err)
{
	if (place->uid != a->login.uid && !place_leaves_power()) {
		(void)crl_err_set(err, EPERM, CRL_STAGE_CALLER,
				  "the caller is in another user's room (%s), whose policy lets nobody become another user",
				  place->room);
		return false;
	}
	*ret_code = status_stays(a->pamh, &a->login, place);
	return true;
}

/*
 * Who passes without a room of his own; decided without configuration or helper, so that root is never locked out.
 * Only a process that holds somebody's room is refused first, whoever comes: what he starts would run in that room.
 * Returns true with the PAM code, or false with @err set (refuse) or empty (go on).
 */
static bool is_exempt(struct attempt *a, int *ret_code, struct crl_err *err)
{
	char path[PATH_MAX + 64];
	struct place place;

	if (who_find_user(a->pamh, &a->login, err) < 0)
		return false;
	place_find(&place);
	if (is_taken(a, &place, ret_code, err))
		return true;
	if (err->code)
		return false;
	if (a->login.uid == 0) {
		*ret_code = status_pass(a->pamh, LOG_ALERT, &a->login,
					"root login passes without a room (documented exemption)");
		return true;
	}
	if (crl_names_groups(&a->login, err) < 0)
		return false;
	if (breaks_glass(a)) {
		*ret_code = status_pass(a->pamh, LOG_ALERT, &a->login,
					"member of the break-glass group passes without a room");
		return true;
	}
	if (place.kind == PLACE_MEMBER)
		return stays(a, &place, ret_code, err);
	if (is_switched_off(a, path, sizeof(path))) {
		*ret_code = status_pass(a->pamh, LOG_ALERT, &a->login, path);
		return true;
	}
	return false;
}

static int open_session(struct attempt *a, int flags, int bad_args, struct crl_err *err)
{
	struct crl_err wrong = {0};
	int code;

	if (geteuid() != 0) {
		(void)crl_err_set(err, EPERM, CRL_STAGE_CALLER, "the application does not run as root");
		return status_refuse(a->pamh, flags, &a->login, NULL, err);
	}
	if (is_exempt(a, &code, &wrong)) {
		if (bad_args < 0)
			pam_syslog(a->pamh, LOG_ERR, "others would be refused: %s", err->text);
		return code;
	}
	if (bad_args < 0)
		return status_refuse(a->pamh, flags, &a->login, NULL, err);
	if (wrong.code || crl_power_check(&wrong) < 0)
		return status_refuse(a->pamh, flags, &a->login, NULL, &wrong);
	if (open_room(a, flags, err) < 0)
		return status_refuse(a->pamh, flags, &a->login, a->has_room ? &a->room.adopt : NULL, err);
	status_opened(a->pamh, &a->login, &a->room.adopt);
	status_tell(a->pamh, &a->login, a->room.notice);
	return PAM_SUCCESS;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	__attribute__((cleanup(attempt_free))) struct attempt *a = calloc(1, sizeof(*a));
	struct crl_err err = {0};
	int saved_errno = errno;
	int bad_args, code;

	if (!a) {
		pam_syslog(pamh, LOG_ERR, "refused: no memory");
		return PAM_SESSION_ERR;
	}
	a->pamh = pamh;
	a->helper = (struct crl_helper)CRL_HELPER_NONE;
	bad_args = options_parse(argc, argv, &a->opt, &err);
	/* PAM_IGNORE: a stack that has only this line has isolated nobody, and libpam then refuses. */
	code = a->opt.open || bad_args < 0 ? open_session(a, flags, bad_args, &err) : PAM_IGNORE;
	errno = saved_errno;
	return code;
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session *s = session_find(pamh);
	int saved_errno = errno;
	struct session_who who;
	enum session_end end;
	struct options opt;

	(void)flags;
	/* A bad argument was reported at open. */
	if (!s || (options_parse(argc, argv, &opt, NULL) == 0 && !opt.close))
		return PAM_SUCCESS;
	end = session_close(pamh, s, &who);
	status_closed(pamh, &who, end, opt.debug);
	errno = saved_errno;
	return PAM_SUCCESS;
}
