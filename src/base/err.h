// SPDX-License-Identifier: Apache-2.0
/*
 * The error type: negative errno returned, details in a fixed-size record that the caller owns.
 *
 * Runs in: every product; never allocates; crosses the module's socket as it is.
 * Owns: the list of stages and their short codes, which users read out to their administrator.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

/* Where a login failed. The names (crl_stage_name) are a contract: users see them as the short code. */
enum crl_stage {
	CRL_STAGE_NONE,
	CRL_STAGE_CALLER, /* the PAM application cannot be isolated: not root, threads, stray descriptors */
	CRL_STAGE_ARGS, /* arguments of the PAM line */
	CRL_STAGE_HELPER, /* helper missing, dead, late or not understood */
	CRL_STAGE_REQUEST, /* the request does not match the facts */
	CRL_STAGE_CONFIG, /* configuration cannot be read or is wrong */
	CRL_STAGE_RULE, /* no rule matches, or a name service did not answer */
	CRL_STAGE_STATE, /* records and locks under the state directory */
	CRL_STAGE_NAMESPACE, /* making or joining namespaces */
	CRL_STAGE_MOUNT, /* the room's mount tree */
	CRL_STAGE_HOME, /* the user's home */
	CRL_STAGE_LIMITS, /* cgroup and limits */
	CRL_STAGE_FILTER, /* system call filter */
	CRL_STAGE_CAPS, /* capabilities, securebits, no_new_privs */
	CRL_STAGE_ADOPT, /* the application did not get into the room */
	CRL_STAGE_DRAIN, /* the host takes no new logins: the operator wants it so */
	CRL_STAGE_COUNT
};

#define CRL_ERR_TEXT_MAX 320
#define CRL_ERR_FILE_MAX 160
#define CRL_CONTACT_MAX 160 /* with NUL */
#define CRL_ERR_LOGIN_MAX 16
#define CRL_ERR_POLICY_MAX 64

/* Zero-initialised means "no error". Fixed layout: it is part of the wire protocol (docs/protocol.md). */
struct crl_err {
	int32_t code; /* positive errno, 0 = none */
	uint32_t stage; /* enum crl_stage */
	int32_t line; /* line in file, 0 = none */
	uint32_t language; /* enum crl_language: what a user who is refused is told in */
	char file[CRL_ERR_FILE_MAX]; /* configuration file, "" = none */
	char text[CRL_ERR_TEXT_MAX]; /* what happened, without stage, file or errno text */
	char login[CRL_ERR_LOGIN_MAX]; /* id of the login that is refused, for records; "" = none, or not known */
	char policy[CRL_ERR_POLICY_MAX]; /* that it would have had, or "-"; "" as above */
	char contact[CRL_CONTACT_MAX]; /* whom the user can ask, as the host says it (key contact); "" = not known */
};

/*
 * Record an error.
 * @err   record to fill, or NULL to only return the code; an earlier error in it is replaced
 * @code  positive errno; 0 or less is recorded as EIO
 * @fmt   what happened, in one clause without a full stop
 * Returns -code, so that `return crl_err_set(...)` works.
 */
int crl_err_set(struct crl_err *err, int code, enum crl_stage stage, const char *fmt, ...) CRL_PRINTF(4, 5);

/* As crl_err_set, with the configuration file and line (1-based, 0 = unknown) it is about. */
int crl_err_at(struct crl_err *err, int code, enum crl_stage stage, const char *file, int line, const char *fmt, ...)
	CRL_PRINTF(6, 7);

/*
 * Put context before the recorded text: "context: text". An empty record gets @rc and the context alone.
 * @rc  the negative errno being passed up
 * Returns @rc.
 */
int crl_err_wrap(struct crl_err *err, int rc, enum crl_stage stage, const char *fmt, ...) CRL_PRINTF(4, 5);

/* Is it fit to be a contact: a line that is plain (crl_utf8_is_plain) and short enough? */
bool crl_err_contact_is_valid(const char *text);

/* Say whom the user can ask. A text that is not fit is left out, as NULL is. */
void crl_err_contact(struct crl_err *err, const char *text);

/*
 * One line for a log: `stage=MOUNT file=/etc/… line=3 errno=EACCES: text`. Control characters are made visible, and
 * no word of the text passes for a field: the = of " uid=0" is \x3d.
 */
void crl_err_format(const struct crl_err *err, char *buf, size_t size);

/* What happened, alone, for a person: control characters and the like made visible, as above. */
void crl_err_show(const struct crl_err *err, char *buf, size_t size);

/* The stage's short code in capitals, e.g. "MOUNT"; "NONE" for anything out of range. */
const char *crl_stage_name(uint32_t stage);

/*
 * Prove that a record that came over a socket is sane: terminated texts, known stage, code in 1..4095, a plain contact.
 * Returns 0 or -EBADMSG.
 */
int crl_err_check(const struct crl_err *err) CRL_MUST_CHECK;
