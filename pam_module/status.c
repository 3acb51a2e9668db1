// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines and the user's message.
 *
 * Runs in: the PAM application.
 *
 * R1: a refusal is the stack's answer, whatever lines before this one have answered, where the application would go on
 *     otherwise.
 */
#include "pam_module/status.h"

#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/phrases.h"
#include "base/text.h"
#include "pam_module/caller.h"

#define NAME_FIELD_MAX CRL_VISIBLE_MAX(CRL_USER_MAX)

static void user_text(pam_handle_t *pamh, const struct crl_login *login, char *buf, size_t size)
{
	const void *asked = NULL;
	const char *user = login->user;

	if (!user[0] && pam_get_item(pamh, PAM_USER, &asked) == PAM_SUCCESS && asked)
		user = asked;
	(void)crl_visible_field(buf, size, user);
}

/* In the user's language, where the helper knew it; an application without a conversation stays silent. */
static void tell_refused(pam_handle_t *pamh, const struct crl_err *err)
{
	struct crl_saying what = {.language = err->language, .phrase = CRL_PHRASE_REFUSED};
	char text[4 * CRL_ERR_TEXT_MAX + 256 + CRL_CONTACT_MAX], own[4 * CRL_ERR_TEXT_MAX] = "";
	const char *code = crl_stage_name(err->stage), *contact = err->contact, *said;

	if (err->stage == CRL_STAGE_DRAIN) { /* what the operator has to say is for the user */
		crl_err_show(err, own, sizeof(own));
		said = strstr(own, CRL_DRAINED_SAYS);
		what.phrase = said ? CRL_PHRASE_DRAINED_SAYS : CRL_PHRASE_DRAINED;
		if (said)
			(void)crl_say(text, sizeof(text), &what, said + strlen(CRL_DRAINED_SAYS), code);
		else
			(void)crl_say(text, sizeof(text), &what, code, NULL);
		(void)pam_error(pamh, contact[0] && !said ? "%s. %s" : "%s", text, contact);
		return;
	}
	what.phrase = contact[0] ? CRL_PHRASE_REFUSED_CONTACT : CRL_PHRASE_REFUSED;
	(void)pam_error(pamh, "%s", crl_say(text, sizeof(text), &what, code, contact));
}

/*
 * R1. libpam answers with the first error of a stack, so that a required line which has failed before this one hides
 * PAM_PERM_DENIED; and sudo takes PAM_SESSION_ERR for no error: it would run the command without a room. PAM_INCOMPLETE
 * alone ends a stack at once and is its answer. No other application is given it: libpam calls no other module then
 * until pam_end(), which is all that sudo does after such an error. Source: libpam/pam_dispatch.c, sudo's auth/pam.c.
 */
int status_refusal(pam_handle_t *pamh)
{
	static const char sudo[] = "sudo"; /* sudo-i and sudo-rs, too */
	const size_t len = sizeof(sudo) - 1;
	const void *service = NULL;
	char path[PATH_MAX];

	if (strncmp(caller_program(path, sizeof(path)), sudo, len) == 0)
		return PAM_INCOMPLETE;
	if (!path[0] && pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS && service &&
	    strncmp(service, sudo, len) == 0)
		return PAM_INCOMPLETE;
	return PAM_PERM_DENIED;
}

int status_refuse(pam_handle_t *pamh, int flags, const struct crl_login *login, const struct crl_adopt *adopt,
		  const struct crl_err *err)
{
	char detail[4 * (CRL_ERR_TEXT_MAX + CRL_ERR_FILE_MAX)];
	char user[NAME_FIELD_MAX], service[CRL_VISIBLE_MAX(CRL_SERVICE_MAX)], id[16] = "?";
	const void *asked = NULL;

	user_text(pamh, login, user, sizeof(user));
	if (login->user[0])
		(void)snprintf(id, sizeof(id), "%u", login->uid);
	(void)crl_visible_field(service, sizeof(service),
				pam_get_item(pamh, PAM_SERVICE, &asked) == PAM_SUCCESS && asked ? asked : "?");
	crl_err_format(err, detail, sizeof(detail));
	pam_syslog(pamh, err->stage == CRL_STAGE_DRAIN ? LOG_NOTICE : LOG_ERR,
		   "refused: user=%s uid=%s service=%s policy=%s %s", user, id, service, adopt ? adopt->policy : "-",
		   detail);
	if (!(flags & PAM_SILENT))
		tell_refused(pamh, err);
	return status_refusal(pamh);
}

void status_opened(pam_handle_t *pamh, const struct crl_login *login, const struct crl_adopt *adopt)
{
	char user[NAME_FIELD_MAX];

	user_text(pamh, login, user, sizeof(user));
	pam_syslog(pamh, LOG_INFO, "opened: user=%s uid=%u policy=%s room=%s login=%s", user, login->uid, adopt->policy,
		   adopt->room, adopt->id);
}

uint32_t status_shows(int flags, const struct crl_login *login)
{
	if (flags & PAM_SILENT || strcmp(login->service, "su") == 0) /* su shows its user nothing; "su -" is su-l */
		return CRL_SHOWS_NOTHING;
	if (strcmp(login->tty, "ssh") == 0)
		return CRL_SHOWS_LATER;
	/* libpam's own conversation writes to standard output, which may be a file or another program's input. */
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? CRL_SHOWS_NOW : CRL_SHOWS_NOTHING;
}

void status_tell(pam_handle_t *pamh, const struct crl_login *login, const char *notice)
{
	if (notice[0] && login->shows != CRL_SHOWS_NOTHING)
		(void)pam_info(pamh, "%s", notice); /* an application without a conversation stays silent */
}

int status_pass(pam_handle_t *pamh, int priority, const struct crl_login *login, const char *why)
{
	char user[NAME_FIELD_MAX];

	user_text(pamh, login, user, sizeof(user));
	pam_syslog(pamh, priority, "passed: user=%s uid=%u: %s", user, login->uid, why);
	return PAM_SUCCESS;
}

int status_stays(pam_handle_t *pamh, const struct crl_login *login, const struct place *place)
{
	char user[NAME_FIELD_MAX], owner[16] = "?";
	bool own = place->uid == login->uid;

	user_text(pamh, login, user, sizeof(user));
	if (place->uid != UINT32_MAX)
		(void)snprintf(owner, sizeof(owner), "%u", place->uid);
	pam_syslog(pamh, own ? LOG_INFO : LOG_WARNING, "passed: user=%s uid=%u room=%s owner=%s: %s", user, login->uid,
		   place->room, owner,
		   own ? "the caller is in a room already and stays there"
		       : "the caller is in another user's room, whose policy leaves power, and stays there");
	return PAM_SUCCESS;
}

void status_closed(pam_handle_t *pamh, const struct session_who *who, enum session_end end, bool debug)
{
	static const struct {
		int priority;
		const char *text;
	} ends[] = {
		[SESSION_NOT_OURS] = {LOG_NOTICE,
				      "not this process's to close, or its descriptor is closed: the room stays until "
				      "the process that opened it ends"},
		[SESSION_GOES_ON] = {LOG_NOTICE, "it was opened more than once and goes on"},
		[SESSION_ENDED] = {LOG_DEBUG, "closed"},
		[SESSION_STUCK] = {LOG_WARNING, "no answer from the supervisor; the room ends with this process"},
	};
	char user[NAME_FIELD_MAX];

	if (ends[end].priority == LOG_DEBUG && !debug)
		return;
	pam_syslog(pamh, ends[end].priority, "close: user=%s uid=%u room=%s login=%s: %s",
		   crl_visible_field(user, sizeof(user), who->user), who->uid, who->room, who->login, ends[end].text);
}
