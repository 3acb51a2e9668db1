// SPDX-License-Identifier: Apache-2.0
/*
 * Records for the kernel's audit: what auditd keeps, or the kernel's log where audit is on without it.
 *
 * Runs in: the PAM application, behind the door or where it was; with CAP_AUDIT_WRITE in the host's user namespace.
 * Where there is no audit, or it is off, nothing is said: the log has it all the same. The kernel itself adds process,
 * loginuid and session: the helper has given up both, and sends none. A queue that is full makes the sender wait, as
 * the kernel was told to (--backlog_wait_time of auditctl(8)): who is refused is told before.
 */
#pragma once

#include "base/audit_text.h"

/* A record of type USER_START or USER_END: of a session that begins, or does not, or ends. */
void crl_audit_session(const struct crl_audit_session *s);
