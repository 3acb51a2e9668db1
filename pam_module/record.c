// SPDX-License-Identifier: Apache-2.0
/* See record.h. */
#include "pam_module/record.h"

#include <stdio.h>
#include <string.h>

#include "base/audit.h"

#define DEVICES "/dev/"

void record_opened(const struct crl_login *login, const struct crl_adopt *adopt, const char *exe)
{
	crl_audit_session(&(struct crl_audit_session){.ok = true,
						      .uid = login->uid,
						      .user = login->user,
						      .service = login->service,
						      .rhost = login->rhost,
						      .tty = login->tty,
						      .exe = exe,
						      .login = adopt->id,
						      .room = adopt->room,
						      .policy = adopt->policy});
}

/* What PAM has of a session. */
struct items {
	char service[CRL_SERVICE_MAX];
	char rhost[CRL_RHOST_MAX];
	char tty[CRL_TTY_MAX];
};

static void item(pam_handle_t *pamh, int type, char *buf, size_t size)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || !value)
		value = "";
	(void)snprintf(buf, size, "%s", (const char *)value);
}

/* The application may have set them anew since the session was opened. */
static void items_read(pam_handle_t *pamh, struct items *ret)
{
	item(pamh, PAM_SERVICE, ret->service, sizeof(ret->service));
	item(pamh, PAM_RHOST, ret->rhost, sizeof(ret->rhost));
	item(pamh, PAM_TTY, ret->tty, sizeof(ret->tty));
	if (strncmp(ret->tty, DEVICES, strlen(DEVICES)) == 0)
		memmove(ret->tty, ret->tty + strlen(DEVICES), strlen(ret->tty + strlen(DEVICES)) + 1);
}

void record_refused(pam_handle_t *pamh, const struct crl_login *login, const struct crl_err *err, const char *exe)
{
	const bool is_known = login->user[0];
	char own_exe[CRL_AUDIT_EXE_MAX], user[CRL_USER_MAX];
	struct items items;

	items_read(pamh, &items);
	item(pamh, PAM_USER, user, sizeof(user));
	crl_audit_session(&(struct crl_audit_session){.uid = is_known ? login->uid : UINT32_MAX /* audit's "unset" */,
						      .user = is_known ? login->user : user,
						      .service = items.service,
						      .rhost = items.rhost,
						      .tty = items.tty,
						      .exe = exe[0] ? exe : crl_audit_exe(own_exe, sizeof(own_exe)),
						      .login = err->login,
						      .policy = err->policy[0] ? err->policy : "-",
						      .reason = crl_stage_name(err->stage)});
}

void record_closed(pam_handle_t *pamh, const struct session_who *who, enum session_end end)
{
	char exe[CRL_AUDIT_EXE_MAX];
	struct items items;

	if (end != SESSION_ENDED && end != SESSION_STUCK)
		return;
	items_read(pamh, &items);
	crl_audit_session(&(struct crl_audit_session){.ends = true,
						      .ok = end == SESSION_ENDED,
						      .uid = who->uid,
						      .user = who->user,
						      .service = items.service,
						      .rhost = items.rhost,
						      .tty = items.tty,
						      .exe = crl_audit_exe(exe, sizeof(exe)),
						      .login = who->login,
						      .room = who->room,
						      .policy = who->policy});
}
