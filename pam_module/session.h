// SPDX-License-Identifier: Apache-2.0
/*
 * What the module remembers between open and close: one record of PAM data, no statics.
 *
 * Runs in: the PAM application; the destructor also in its forked children.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/err.h"
#include "door/origin.h"
#include "wire/login.h"
#include "wire/proto.h"

struct session;

/* Whose session it is, for the log and to tell it from another's. */
struct session_who {
	uint32_t uid;
	char user[CRL_USER_MAX];
	char policy[CRL_POLICY_NAME_MAX];
	char room[CRL_ID_MAX];
	char login[CRL_ID_MAX];
};

/* What there is to remember. */
struct session_facts {
	const struct crl_login *login;
	const struct crl_adopt *adopt;
	const struct crl_way_home *way;
	uint32_t grace_ms; /* that its programs have to end, before the close is answered */
};

/* The session on this handle, NULL when there is none. Owned by libpam. */
struct session *session_find(pam_handle_t *pamh);
const struct session_who *session_who(const struct session *s);

/*
 * Remember a session.
 * @sock  to the supervisor; taken over on success
 * Errors (stage ADOPT): -ENOMEM, -errno of fstat().
 */
int session_keep(pam_handle_t *pamh, int *sock, const struct session_facts *facts, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The same process opens it once more for the same user, as a stack does that lists the line twice: it then takes
 * one more close to end it. False when it is another process's or another user's: nothing is changed.
 */
bool session_open_again(struct session *s, const struct crl_login *login);

/* What came of an attempt to close. */
enum session_end {
	SESSION_NOT_OURS, /* a forked child, or the descriptor is gone or another file now: nothing was touched */
	SESSION_GOES_ON, /* it was opened more often than that */
	SESSION_ENDED, /* nothing of the login runs any more, the caller is on the host again */
	SESSION_STUCK, /* told, but no answer: the room ends with the caller at the latest */
};

/* End the login and forget it, unless it goes on. Bounded to some seconds. @ret_who  whose it was */
enum session_end session_close(pam_handle_t *pamh, struct session *s, struct session_who *ret_who);
