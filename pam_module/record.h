// SPDX-License-Identifier: Apache-2.0
/*
 * Logins in rooms for audit(8), beside libpam's own records of the same sessions: by which policy, in which room.
 *
 * Runs in: the PAM application, with its loginuid and audit session, as libpam's records are sent: what keeps these
 * from audit keeps ours.
 */
#pragma once

#include <security/pam_modules.h>

#include "base/err.h"
#include "pam_module/session.h"
#include "wire/login.h"
#include "wire/proto.h"

/* A login is let in. @exe  of crl_audit_exe(), asked outside of the room: its /proc need not know this process */
void record_opened(const struct crl_login *login, const struct crl_adopt *adopt, const char *exe);

/*
 * A login is refused, by whom ever. libpam's record of it has neither code nor policy.
 * @login  as far as it is known
 * @exe  as above; "" = not asked yet
 */
void record_refused(pam_handle_t *pamh, const struct crl_login *login, const struct crl_err *err, const char *exe);

/* A login is closed, as far as it is now. */
void record_closed(pam_handle_t *pamh, const struct session_who *who, enum session_end end);
