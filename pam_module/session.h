// SPDX-License-Identifier: Apache-2.0
/*
 * What the module remembers between open and close: one record of PAM data, no statics.
 *
 * Runs in: the PAM application; the destructor also in its forked children.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "door/adopt.h"
#include "proto/err.h"

struct session;

/* The session on this handle, NULL when there is none. Owned by libpam. */
struct session *session_find(pam_handle_t *pamh);

/*
 * Remember a session.
 * @sock  to the supervisor; taken over on success
 * Errors (stage ADOPT): -ENOMEM, -errno of fstat().
 */
int session_keep(pam_handle_t *pamh, int *sock, const struct crl_origin *o, struct crl_err *err) CRL_MUST_CHECK;

/* What came of an attempt to close. */
enum session_end {
	SESSION_NOT_OURS, /* a forked child, or the descriptor is another file now: nothing was touched */
	SESSION_ENDED,    /* nothing of the login runs any more, the caller is on the host again */
	SESSION_STUCK,    /* told, but no answer: the room ends with the caller at the latest */
};

/* End the login and forget it. Bounded to some seconds. */
enum session_end session_close(pam_handle_t *pamh, struct session *s);
