// SPDX-License-Identifier: Apache-2.0
/*
 * What a record of audit's says of a session, in the fields and the order in which ausearch(8), aureport(8) and
 * libpam's own records have them: the account first, where from, the outcome last.
 *
 * Runs in: the PAM application. Names of fields are looked up in audit's table of types: one that means
 * something else there ("id" is a uid, "code" one of seccomp's) would be shown as that.
 * Source: AUDIT_MESSAGE(7), audit_log_acct_message(3); auparse/typetab.h and src/ausearch-parse.c of audit-userspace.
 * R1: a value from outside is hexadecimal digits where it has a byte that could end it, or begin another field.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that hold any record of names of at most 256 bytes. */
#define CRL_AUDIT_TEXT_MAX 4096
#define CRL_AUDIT_EXE_MAX 256

/* One session. "" or NULL is what is not known. */
struct crl_audit_session {
	bool ends; /* else it begins */
	bool ok;
	uint32_t uid;
	const char *user;
	const char *service; /* of PAM */
	const char *rhost; /* PAM_RHOST */
	const char *tty; /* PAM_TTY */
	const char *exe; /* path of the application */
	const char *login; /* id; this and what follows are carrel's own words */
	const char *room;
	const char *policy;
	const char *reason; /* code of a refusal */
};

/* The text of msg='...'. Cut at @size, which cannot be with CRL_AUDIT_TEXT_MAX. Returns @buf. */
const char *crl_audit_text(char *buf, size_t size, const struct crl_audit_session *s);

/* The path of this process's program, by /proc; "" where that is another's, or longer. Returns @buf. */
const char *crl_audit_exe(char *buf, size_t size);
