// SPDX-License-Identifier: Apache-2.0
/*
 * Records for the kernel's audit: what auditd keeps, or the kernel's log where audit is on without it.
 *
 * Runs in: helper, with CAP_AUDIT_WRITE in the host's user namespace. Where there is no audit, or it is off, nothing is
 * said: the log has it all the same. The kernel itself adds process, loginuid and session.
 * Source: linux/audit.h; AUDIT_MESSAGE(7) of audit-userspace for how values are written.
 * R1: a value is between quotes, or in hexadecimal digits where it has a byte that could end it.
 */
#pragma once

#include <stddef.h>

/* Bytes that hold NAME= and any value of at most @max bytes, with blank and NUL. */
#define CRL_AUDIT_FIELD_MAX(max) (2 * (max) + 20)

/* " NAME=VALUE" as audit has values that come from outside; " NAME=?" for "". Returns @buf. */
const char *crl_audit_field(char *buf, size_t size, const char *name, const char *value);

/* A record of type USER_START: a session that begins, or does not. @text  what stands in its msg='...' */
void crl_audit_session(const char *text);
