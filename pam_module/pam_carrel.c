// SPDX-License-Identifier: Apache-2.0
/*
 * The two session entry points and the order of their steps.
 *
 * Runs in: the PAM application (sshd's monitor, su, login, cron), as root, single-threaded.
 * Trusts: the PAM line and the helper named there (root's own); the name service for who is root.
 * Owns: R1 a failure leaves the caller as it was, but for limits of its own power that have no way back, which are
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

#include "base/audit_text.h"
#include "base/scope.h"
#include "door/adopt.h"
#include "door/exempt.h"
#include "door/names.h"
#include "door/power.h"
#include "pam_module/caller.h"
#include "pam_module/environment.h"
#include "pam_module/options.h"
#include "pam_module/place.h"
#include "pam_module/record.h"
#include "pam_module/selinux.h"
#include "pam_module/session.h"
#include "pam_module/status.h"
#include "pam_module/who.h"

#define EXPORT __attribute__((visibility("default")))

/* One open_session. On the heap: the records are 40 KiB and the application's stack is not ours. */
struct attempt {
	pam_handle_t *pamh;
	struct options opt;
	struct caller caller;
	struct crl_login login;
	struct crl_adoption adoption;
	char exe[CRL_AUDIT_EXE_MAX];
};

static void attempt_free(struct attempt **pa)
{
	struct attempt *a = *pa;

	if (!a)
		return;
	caller_done(&a->caller);
	crl_adoption_done(&a->adoption);
	free(a);
}

static int can_hold(void *arg, const struct crl_adoption *adoption, struct crl_err *err)
{
	(void)arg;
	return caller_can_hold(adoption->room.adopt.ns_mask, err);
}

/* While directories can be made and given away. */
static int settle(void *arg, const struct crl_adoption *adoption, struct crl_err *err)
{
	struct attempt *a = arg;
	int rc = caller_seal(&a->caller, err);

	if (rc == 0)
		environment_settle(a->pamh, &a->login, &adoption->room.adopt);
	return rc;
}

static int keep(void *arg, struct crl_adoption *adoption, struct crl_err *err)
{
	struct attempt *a = arg;
	const struct session_facts facts = {.login = &a->login,
					    .adopt = &adoption->room.adopt,
					    .way = &adoption->way,
					    .grace_ms = adoption->room.grace_ms};

	return session_keep(a->pamh, &adoption->helper.sock, &facts, err);
}

/* R1 */
static void unsettle(void *arg, const struct crl_adoption *adoption, bool is_home)
{
	struct attempt *a = arg;

	(void)adoption;
	if (!is_home)
		pam_syslog(a->pamh, LOG_CRIT, "the application stays in a room that failed: it can start nothing");
	caller_unseal(&a->caller);
}

static int open_room(struct attempt *a, int flags, struct crl_err *err)
{
	/* First, since it takes longer to start than what follows; until it is asked it makes nothing. */
	const struct crl_helper_start start = {.helper = a->opt.helper,
					       .config = a->opt.config,
					       .state = a->opt.state,
					       .timeout_s = a->opt.timeout_s,
					       .debug = a->opt.debug};
	const struct crl_adopter by = {
		.can_hold = can_hold, .settle = settle, .keep = keep, .unsettle = unsettle, .arg = a};
	int rc = crl_adoption_begin(&a->adoption, &start, err);

	if (rc < 0)
		return rc;
	(void)crl_audit_exe(a->exe, sizeof(a->exe));
	selinux_keep_context();
	rc = who_describe(a->pamh, &a->login, err);
	a->login.shows = status_shows(flags, &a->login);
	if (rc == 0)
		rc = caller_examine(&a->caller, err);
	if (rc < 0) {
		crl_adoption_abandon(&a->adoption);
		return rc;
	}
	return crl_adoption_run(&a->adoption, &by, err);
}

/* Members of the break-glass group; a group that is not there, or a name service that is silent, frees nobody. */
static bool breaks_glass(const struct attempt *a)
{
	int rc = crl_exempt_breaks_glass(&a->login, a->opt.break_glass);

	if (rc < 0)
		pam_syslog(a->pamh, LOG_WARNING, "cannot look up the break-glass group: errno %d", -rc);
	return rc > 0;
}

/* @ret_text  for the log */
static bool is_switched_off(const struct attempt *a, char *ret_text, size_t size)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_exempt_is_off(a->opt.config, path, sizeof(path), &why)) {
		(void)snprintf(ret_text, size, "carrel is switched off by %s: nobody is isolated", path);
		return true;
	}
	if (why.code)
		pam_syslog(a->pamh, LOG_ERR, "%s", why.text);
	return false;
}

/* What becomes of a login before anybody is asked for a room. */
enum verdict {
	PASS, /* without a room of their own, and it has been logged */
	REFUSE, /* @err says why */
	GO_ON,
};

/* A process that holds a room, or a handle that has a session: it is another login's already, or the same once more. */
static enum verdict judge_process(const struct attempt *a, const struct place *place, struct crl_err *err)
{
	struct session *s = session_find(a->pamh);

	if (s && session_open_again(s, &a->login)) {
		(void)status_pass(a->pamh, LOG_WARNING, &a->login,
				  "pam_carrel.so opens twice in this service; the second line does nothing");
		return PASS;
	}
	if (!s && place->kind != PLACE_HOLDER)
		return GO_ON;
	(void)crl_err_set(err, EBUSY, CRL_STAGE_CALLER,
			  "this process holds the room of another login (%s): each login needs a process of its own",
			  s                ? session_who(s)->room
			  : place->room[0] ? place->room
					   : "it has joined other namespaces");
	return REFUSE;
}

/* Root and break-glass. */
static enum verdict judge_user(struct attempt *a, struct crl_err *err)
{
	if (crl_exempt_is_root(&a->login)) {
		(void)status_pass(a->pamh, who_is_remote(a->pamh) ? LOG_ALERT : LOG_NOTICE, &a->login,
				  "root login passes without a room (documented exemption)");
		return PASS;
	}
	if (crl_names_groups(&a->login, err) < 0)
		return REFUSE;
	if (!breaks_glass(a))
		return GO_ON;
	(void)status_pass(a->pamh, LOG_ALERT, &a->login, "member of the break-glass group passes without a room");
	return PASS;
}

/* Born in a room. Whoever has the power to become another user there does so by its policy. */
static enum verdict judge_member(const struct attempt *a, const struct place *place, struct crl_err *err)
{
	if (place->uid == a->login.uid || place_leaves_power()) {
		(void)status_stays(a->pamh, &a->login, place);
		return PASS;
	}
	(void)crl_err_set(err, EPERM, CRL_STAGE_CALLER,
			  "the caller is in another user's room (%s), whose policy lets nobody become another user",
			  place->room);
	return REFUSE;
}

/*
 * Who passes without a room of their own; decided without configuration or helper, so that root is never locked out.
 * Only a process that holds somebody's room is refused first, whoever comes: what they start would run in that room.
 */
static enum verdict judge(struct attempt *a, struct crl_err *err)
{
	char path[PATH_MAX + 64];
	enum verdict verdict;
	struct place place;

	if (who_find_user(a->pamh, &a->login, err) < 0)
		return REFUSE;
	place_find(&place);
	verdict = judge_process(a, &place, err);
	if (verdict == GO_ON)
		verdict = judge_user(a, err);
	if (verdict == GO_ON && place.kind == PLACE_MEMBER)
		verdict = judge_member(a, &place, err);
	if (verdict == GO_ON && is_switched_off(a, path, sizeof(path))) {
		(void)status_pass(a->pamh, LOG_ALERT, &a->login, path);
		verdict = PASS;
	}
	return verdict;
}

/* @wrong  of the PAM line; code 0 = nothing. It refuses those only who do not pass in any case */
static int open_session(struct attempt *a, int flags, const struct crl_err *wrong)
{
	const struct crl_msg_room *room = &a->adoption.room;
	enum verdict verdict = REFUSE;
	struct crl_err err = {0};

	if (geteuid() != 0)
		(void)crl_err_set(&err, EPERM, CRL_STAGE_CALLER, "the application does not run as root");
	else if ((verdict = judge(a, &err)) != PASS && wrong->code) {
		verdict = REFUSE;
		err = *wrong;
	}
	if (verdict == PASS) {
		if (wrong->code)
			pam_syslog(a->pamh, LOG_ERR, "others would be refused: %s", wrong->text);
		return PAM_SUCCESS;
	}
	if (verdict == REFUSE || crl_power_check(&err) < 0 || open_room(a, flags, &err) < 0) {
		int answer = status_refuse(a->pamh, flags, &a->login, a->adoption.has_room ? &room->adopt : NULL, &err);

		record_refused(a->pamh, &a->login, &err, a->exe); /* last: it may have to wait */
		return answer;
	}
	status_opened(a->pamh, &a->login, &room->adopt);
	status_tell(a->pamh, &a->login, room->notice);
	record_opened(&a->login, &room->adopt, a->exe);
	return PAM_SUCCESS;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	__attribute__((cleanup(attempt_free))) struct attempt *a = calloc(1, sizeof(*a));
	struct crl_err wrong = {0};
	int saved_errno = errno;
	int code;

	if (!a) {
		pam_syslog(pamh, LOG_ERR, "refused: no memory");
		return status_refusal(pamh);
	}
	a->pamh = pamh;
	a->adoption.helper = (struct crl_helper)CRL_HELPER_NONE;
	a->adoption.login = &a->login;
	a->adoption.cwd = &a->caller.cwd;
	a->adoption.lookup = crl_names_group_id;
	crl_ignore(options_parse(argc, argv, &a->opt, &wrong)); /* root passes whatever the line says */
	/* PAM_IGNORE: a stack that has only this line has isolated nobody, and libpam then refuses. */
	code = a->opt.open || wrong.code ? open_session(a, flags, &wrong) : PAM_IGNORE;
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
	record_closed(pamh, &who, end);
	errno = saved_errno;
	return PAM_SUCCESS;
}
