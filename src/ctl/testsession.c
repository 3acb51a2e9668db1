// SPDX-License-Identifier: Apache-2.0
/* See testsession.h. */
#include "ctl/testsession.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "ctl/inchild.h"
#include "ctl/libpam.h"
#include "ctl/pamlog.h"
#include "ctl/pamview.h"

#define SESSION_WAIT_MS 60000
#define ANSWER_MAX	64 /* messages at once; libpam's own limit is 32 */

struct answer {
	char step[32]; /* the last one that was begun */
	int code; /* PAM's, of that step */
	bool unable; /* libpam cannot be asked */
	char why[200];
	char log[8192];
};

struct question {
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

static bool step(struct answer *a, const char *name, int code)
{
	(void)snprintf(a->step, sizeof(a->step), "%s", name);
	a->code = code;
	return code == PAM_SUCCESS;
}

static void run(const struct ctl_libpam *pam, pam_handle_t *pamh, struct answer *a, bool ssh)
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
	const struct question *q = arg;
	const struct pam_conv conv = {.conv = converse};
	struct answer *a = answer;
	struct ctl_libpam pam;
	pam_handle_t *pamh = NULL;
	int code;

	ctl_pam_log_to(a->log, sizeof(a->log));
	a->unable = !ctl_libpam_open(&pam, a->why, sizeof(a->why)) || (q->dir && !pam.start_confdir);
	if (a->unable)
		return;
	code = q->dir ? pam.start_confdir(q->service, q->user, &conv, q->dir, &pamh) : pam.start(q->service, q->user,
			&conv, &pamh);
	if (!step(a, "pam_start", code))
		return;
	run(&pam, pamh, a, strcmp(q->service, "sshd") == 0);
	(void)snprintf(a->why, sizeof(a->why), "%s", pam.strerror(pamh, a->code));
	code = a->code;
	(void)pam.end(pamh, code);
}

/* The line that tells most. */
static void reason_of(const struct answer *a, char *ret, size_t size)
{
	static const char *const telling[] = {"refused: ", "unable to dlopen", "faulty", "pam_carrel"};
	const char *at = NULL;

	for (size_t i = 0; i < CRL_ARRAY_LEN(telling) && !at; i++)
		at = strstr(a->log, telling[i]);
	(void)snprintf(ret, size, "%s%s%.*s", a->why, at ? "; " : "", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
}

static int judge(const struct answer *a, const struct question *q, struct crl_err *err)
{
	char why[400];

	reason_of(a, why, sizeof(why));
	if (a->unable)
		return crl_err_set(err, ENOTSUP, CRL_STAGE_HELPER, "libpam cannot be asked: %s", why);
	if (a->code != PAM_SUCCESS)
		return crl_err_set(err, EPROTO, CRL_STAGE_HELPER, "%s for %s: %s", a->step, q->user, why);
	/* The module tells in the log what it did. */
	if (!strstr(a->log, "opened: user=") && !strstr(a->log, "passed: user="))
		return crl_err_set(err, EPROTO, CRL_STAGE_HELPER, "a session of %s opened, but carrel was never asked", q->user);
	return 0;
}

int ctl_session_try(const struct ctl *c, const char *service, const char *user, struct crl_err *err)
{
	const struct question q = {.service = service, .user = user, .dir = strcmp(c->pam_dir,
			PAM_DIR) != 0 ? c->pam_dir : NULL};
	void *answer = NULL;
	int r = ctl_ask_child(ask, &q, &answer, sizeof(struct answer), SESSION_WAIT_MS);

	if (r == -ETIMEDOUT)
		r = crl_err_set(err, ETIMEDOUT, CRL_STAGE_HELPER, "%s for %s has not ended after %d s",
				((struct answer *)answer)->step, user,
				SESSION_WAIT_MS / 1000);
	else if (r < 0)
		r = crl_err_set(err, -r, CRL_STAGE_HELPER, "a session of %s does not end well: %s", user, strerrordesc_np(-r));
	else
		r = judge(answer, &q, err);
	ctl_answer_done(answer, sizeof(struct answer));
	return r;
}
