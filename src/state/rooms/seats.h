// SPDX-License-Identifier: Apache-2.0
/*
 * How many rooms a user has at once (limits.rooms): each holds one of the user's numbered seats.
 *
 * Runs in: helper, supervisor (root). A seat is a file STATE/seats/UID.N under a lock that lives as long as a
 * descriptor of it: it is free the moment the supervisor is dead, whatever killed it, and no two logins get the same.
 * Nobody reads a record or waits for another's lock; only where every seat is taken, or just being looked at by the
 * sweep, is looked again, for a second at the most. Rooms under policies with different numbers count together: the
 * user never has more than the greatest of them.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define CRL_SEAT_MAX 24 /* "UID.N" with NUL */
#define CRL_SEATS_DIR "seats" /* below STATE */

/*
 * Take the first free seat.
 * @state_dir  of STATE
 * @most       how many there are
 * @ret_name   for crl_seat_leave()
 * @ret_fd     holds the seat, in this process and those that inherit it
 * Returns 0; -EDQUOT all are taken; -EINPROGRESS the same, but one of the rooms is ending; -errno.
 */
int crl_seat_take(int state_dir, uint32_t uid, uint64_t most, char ret_name[CRL_SEAT_MAX], int *ret_fd) CRL_MUST_CHECK;

/* The room of that seat is ending: who comes may wait for it. @seat_fd  -EBADF = there is no seat */
void crl_seat_ends(int seat_fd);

/* Remove the file while its lock is held. @name "" = there is no seat */
void crl_seat_leave(int state_dir, const char *name);

/* Remove the files of seats that nobody holds. */
void crl_seats_sweep(int state_dir);
