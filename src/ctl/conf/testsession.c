// SPDX-License-Identifier: Apache-2.0
/* See testsession.h. */
#include "ctl/conf/testsession.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/host/inchild.h"
#include "ctl/host/libpam.h"
#include "ctl/host/pamlog.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"

#define SESSION_WAIT_MS 60000
#define ANSWER_MAX 64 /* messages at once; libpam's own limit is 32 */

struct session_answer {
	char step[32]; /* the last one that was begun */
	int code; /* PAM's, of that step */
	bool unable; /* libpam cannot be asked */
	char why[200];
	char log[8192];
};

struct session_question {
	const char *service;
	const char *user;
	const char *dir; /* NULL = the system's */
};

/* Nobody is there to answer; what is only told is taken. */
static int converse(int n, const struct pam_message **m, struct pam_response **ret, void *arg)
{
	struct pam_response *r = n > 0 && n <= ANSWER_MAX ? calloc((size_t)n, sizeof(*r)) : NULL;

	(void)arg;
	for (int i = 0; r && i < n; i++) {
		if (m[i]->msg_style != PAM_TEXT_INFO && m[i]->msg_style != PAM_ERROR_MSG) {
			free(r);
			return PAM_CONV_ERR;
		}
	}
	*ret = r;
	return r ? PAM_SUCCESS : PAM_CONV_ERR;
}

static bool step(struct session_answer *a, const char *name, int code)
{
	(void)snprintf(a->step, sizeof(a->step), "%s", name);
	a->code = code;
	return code == PAM_SUCCESS;
}

static void run(const struct ctl_libpam *pam, pam_handle_t *pamh, struct session_answer *a, bool ssh)
{
	if (ssh && !step(a, "pam_set_item", pam->set_item(pamh, PAM_TTY, "ssh")))
		return;
	/* Without a password some modules have no credentials to set: no verdict, and sshd takes it for none. */
	crl_ignore(pam->setcred(pamh, PAM_ESTABLISH_CRED | PAM_SILENT) != PAM_SUCCESS);
	if (!step(a, "pam_open_session", pam->open_session(pamh, PAM_SILENT)))
		return;
	(void)step(a, "pam_close_session", pam->close_session(pamh, PAM_SILENT));
	crl_ignore(pam->setcred(pamh, PAM_DELETE_CRED | PAM_SILENT) != PAM_SUCCESS);
}

static void ask(const void *arg, void *answer)
{
	const struct session_question *q = arg;
	const struct pam_conv conv = {.conv = converse};
	struct session_answer *a = answer;
	struct ctl_libpam pam;
	pam_handle_t *pamh = NULL;
	int code;

	ctl_pam_log_to(a->log, sizeof(a->log));
	a->unable = !ctl_libpam_open(&pam, a->why, sizeof(a->why)) || (q->dir && !pam.start_confdir);
	if (a->unable)
		return;
	code = q->dir ? pam.start_confdir(q->service, q->user, &conv, q->dir, &pamh)
		      : pam.start(q->service, q->user, &conv, &pamh);
	if (!step(a, "pam_start", code))
		return;
	run(&pam, pamh, a, strcmp(q->service, ctl_service_of_sshd()) == 0);
	(void)snprintf(a->why, sizeof(a->why), "%s", pam.strerror(pamh, a->code));
	code = a->code;
	(void)pam.end(pamh, code);
}

/* The line that tells most. */
static void reason_of(const struct session_answer *a, char *ret, size_t size)
{
	static const char *const telling[] = {"refused: ", "unable to dlopen", "faulty", "pam_carrel"};
	const char *at = NULL;

	for (size_t i = 0; i < CRL_ARRAY_LEN(telling) && !at; i++)
		at = strstr(a->log, telling[i]);
	(void)snprintf(ret, size, "%s%s%.*s", a->why, at ? "; " : "", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
}

static int judge(const struct session_answer *a, const struct session_question *q, struct crl_err *err)
{
	char why[400];

	reason_of(a, why, sizeof(why));
	if (a->unable)
		return crl_err_set(err, ENOTSUP, CRL_STAGE_HELPER, "libpam cannot be asked: %s", why);
	if (a->code != PAM_SUCCESS)
		return crl_err_set(err, EPROTO, CRL_STAGE_HELPER, "%s for %s: %s", a->step, q->user, why);
	/* The module tells in the log what it did. */
	if (!strstr(a->log, "opened: user=") && !strstr(a->log, "passed: user="))
		return crl_err_set(err, EPROTO, CRL_STAGE_HELPER, "a session of %s opened, but carrel was never asked",
				   q->user);
	return 0;
}

int ctl_session_try(const struct ctl *c, const char *service, const char *user, struct crl_err *err)
{
	const struct session_question q = {
		.service = service, .user = user, .dir = strcmp(c->pam_dir, PAM_DIR) != 0 ? c->pam_dir : NULL};
	void *answer = NULL;
	int rc = ctl_ask_child(ask, &q, &answer, sizeof(struct session_answer), SESSION_WAIT_MS);

	if (rc == -ETIMEDOUT)
		rc = crl_err_set(err, ETIMEDOUT, CRL_STAGE_HELPER, "%s for %s has not ended after %d s",
				 ((struct session_answer *)answer)->step, user, SESSION_WAIT_MS / 1000);
	else if (rc < 0)
		rc = crl_err_set(err, -rc, CRL_STAGE_HELPER, "a session of %s does not end well: %s", user,
				 strerrordesc_np(-rc));
	else
		rc = judge(answer, &q, err);
	ctl_answer_done(answer, sizeof(struct session_answer));
	return rc;
}
