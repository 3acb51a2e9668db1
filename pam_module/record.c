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

/* The application may have set it anew since the session was opened. */
static const char *item(pam_handle_t *pamh, int type, char *buf, size_t size)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || !value)
		value = "";
	(void)snprintf(buf, size, "%s", (const char *)value);
	return buf;
}

void record_closed(pam_handle_t *pamh, const struct session_who *who, enum session_end end)
{
	char service[CRL_SERVICE_MAX], rhost[CRL_RHOST_MAX], tty[CRL_TTY_MAX], exe[CRL_AUDIT_EXE_MAX];
	const char *terminal = item(pamh, PAM_TTY, tty, sizeof(tty));

	if (end != SESSION_ENDED && end != SESSION_STUCK)
		return;
	if (strncmp(terminal, DEVICES, strlen(DEVICES)) == 0)
		terminal += strlen(DEVICES);
	crl_audit_session(&(struct crl_audit_session){.ends = true,
						      .ok = end == SESSION_ENDED,
						      .uid = who->uid,
						      .user = who->user,
						      .service = item(pamh, PAM_SERVICE, service, sizeof(service)),
						      .rhost = item(pamh, PAM_RHOST, rhost, sizeof(rhost)),
						      .tty = terminal,
						      .exe = crl_audit_exe(exe, sizeof(exe)),
						      .login = who->login,
						      .room = who->room,
						      .policy = who->policy});
}
