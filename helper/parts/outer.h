// SPDX-License-Identifier: Apache-2.0
/*
 * A login's name on the host: a pseudo-terminal of the host's, of which the host's utmp tells. What wall(1), write(1)
 * and the broadcasts of shutdown(8) write to it is copied to the login's terminals in the room.
 *
 * Runs in: helper (root, host namespaces) until it is opened, then supervisor, in its sandbox.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

#include "apply/accounting/accounting.h"
#include "base/err.h"

struct crl_outer;

/*
 * Open one. Returns NULL when there is none to be had: half of what the kernel has for all is in use, or this
 * process's /dev/pts is not the host's. Then the login is called by its id. It is root's, and nobody else's as long as
 * no terminal hears it.
 */
struct crl_outer *crl_outer_open(void);

/* NULL is allowed; the terminal on the host is gone then. */
void crl_outer_free(struct crl_outer *o);

/* "pts/7"; "" of NULL. */
const char *crl_outer_name(const struct crl_outer *o);

/* For a supervisor that takes a login in: always one record, without descriptors for NULL. Returns 0 or -errno. */
int crl_outer_send(int socket, const struct crl_outer *o) CRL_MUST_CHECK;

/* @wait_ms  not longer, whatever keeps the helper. Returns NULL when none comes, or it is no terminal. */
struct crl_outer *crl_outer_receive(int socket, unsigned int wait_ms);

/*
 * Those of the room's terminals that hear it from now on, by their lines ("pts/0").
 * @pts  the room's /dev/pts
 */
void crl_outer_follow(struct crl_outer *o, int pts, const char line[][CRL_ACCOUNTING_LINE_SIZE], size_t len);

/*
 * Mode and times of the terminal on the host become those of the room's: who closes theirs with mesg(1) is closed
 * there, and who does nothing is idle there. Returns how long its user has done nothing, in ms; INT64_MAX: none hears
 * it.
 */
int64_t crl_outer_mirror(struct crl_outer *o);

/* What is to be waited for; fd -1 = nothing. @ret_due  when to ask again in any case, by crl_now_ms(); 0 = never */
struct pollfd crl_outer_event(const struct crl_outer *o, int64_t now, int64_t *ret_due);

/* Copy some. Waits for nothing: a terminal that is stopped gets it when it goes on. */
void crl_outer_copy(struct crl_outer *o);
