// SPDX-License-Identifier: Apache-2.0
/*
 * The only map from what happened to PAM code, log line and word to the user.
 *
 * Runs in: the PAM application. Logs by pam_syslog only; texts from outside become fields that hold nothing but one
 * value.
 */
#pragma once

#include <security/pam_modules.h>

#include "base/err.h"
#include "pam_module/place.h"
#include "pam_module/session.h"
#include "wire/login.h"
#include "wire/proto.h"

/* The answer that refuses: PAM_PERM_DENIED, or the one that sudo ends with whatever other lines have answered. */
int status_refusal(pam_handle_t *pamh);

/*
 * Log an error and tell the user the stage's code and no more.
 * @login  as far as it is known, zeroed otherwise
 * @adopt  NULL before the helper named a policy
 * Returns status_refusal().
 */
int status_refuse(pam_handle_t *pamh, int flags, const struct crl_login *login, const struct crl_adopt *adopt,
		  const struct crl_err *err);

/* Log that a login is let in. */
void status_opened(pam_handle_t *pamh, const struct crl_login *login, const struct crl_adopt *adopt);

/*
 * What becomes of a line for the user here (enum crl_shows): sshd keeps it for a shell with a terminal, others show it
 * at once, and then only when both standard input and output are a terminal. su swallows it.
 * @flags  of pam_open_session()
 */
uint32_t status_shows(int flags, const struct crl_login *login);

/* Show the user a line of the helper's, already proved to be plain text; "" = none. */
void status_tell(pam_handle_t *pamh, const struct crl_login *login, const char *notice);

/* Log that a login passes without a room of its own; @why is a fixed text. Returns PAM_SUCCESS. */
int status_pass(pam_handle_t *pamh, int priority, const struct crl_login *login, const char *why);

/* Log that a login stays in the room of a process that lives in one. Another user's is never silent. */
int status_stays(pam_handle_t *pamh, const struct crl_login *login, const struct place *place);

/* Log what came of a close. @debug  the usual end too */
void status_closed(pam_handle_t *pamh, const struct session_who *who, enum session_end end, bool debug);
