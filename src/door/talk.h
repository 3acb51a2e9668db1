// SPDX-License-Identifier: Apache-2.0
/*
 * The module's side of the protocol while a login is let in.
 *
 * Runs in: who adopts a room (adopt.h), as root. Source: docs/protocol.md. Every wait ends at the one deadline.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/proto.h"

struct crl_talk {
	int sock;
	int64_t deadline_ms; /* CLOCK_MONOTONIC */
	int timeout_s; /* for the message when it passes */
	int (*lookup)(const char *group, uint32_t *ret_gid); /* 0; -ENOENT no such group; another -errno */
	int (*name)(uint32_t gid, char group[CRL_GROUP_MAX]); /* from number to name, with the same errors */
	int orders; /* for the room's listener, as they came with the room; -EBADF = it has none */
	bool broken; /* the helper is late, dead or not understood: it is asked nothing more */
	bool lies; /* not understood: it gets no time to tidy up either */
};

/*
 * Ask for a room. Errors: stage CALLER no pidfd of the caller; stage HELPER -EPIPE the helper is gone.
 */
int crl_talk_request(struct crl_talk *t, const struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Wait for the room, answering what the helper asks of groups.
 * @ret_pidfd  of the room's init; not proved yet
 * @room       filled on success, garbage otherwise
 * Errors: the helper's refusal as it came; stage HELPER -ETIMEDOUT, -EPIPE, -EPROTONOSUPPORT, -EBADMSG, -ELOOP (too
 * many look-ups).
 */
int crl_talk_answer(struct crl_talk *t, struct crl_msg_room *room, int *ret_pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* Hand the listener of the filter that was loaded to the supervisor, with the orders that came with the room. */
int crl_talk_listener(struct crl_talk *t, int listener, struct crl_err *err) CRL_MUST_CHECK;

/* Say that the caller is inside; wait until the helper has seen it. Errors as above. */
int crl_talk_entered(struct crl_talk *t, struct crl_err *err) CRL_MUST_CHECK;
int crl_talk_confirmed(struct crl_talk *t, struct crl_err *err) CRL_MUST_CHECK;

/*
 * End the login; returns when nothing of it runs any more.
 * @ret_pidfd  of the supervisor, -EBADF when it passed none
 * Returns 0 or -errno.
 */
int crl_talk_close(int sock, int wait_ms, int *ret_pidfd) CRL_MUST_CHECK;
