// SPDX-License-Identifier: Apache-2.0
/*
 * The guard behind carrel's table: one more table, which is its maker's own while that one lives. Nobody else changes
 * it, and "nft flush ruleset" leaves it where it is (since Linux 5.12).
 *
 * Runs in: carrel-net --stand, which makes it. Pure.
 * It knows no room and no policy: carrel's table marks what it sees (nft.h).
 * R1: what comes from a room or goes to one and has no mark is dropped: the table has been taken away.
 * R2: behind it the mark is gone: no chain of others' that comes later sees it. Two guards may stand behind one
 * another, when one takes the other's place: the mark goes when both have looked.
 * R3: what the host forwards for rooms alone it forwards for nobody else, without the table as well.
 */
#pragma once

#include "plan/net/nft.h"

#define CRL_NAT_GUARDED "carrel" /* the other table, of the same family */
#define CRL_NAT_GUARD "carrel_guard"
#define CRL_NAT_GUARD_NEXT "carrel_guard_next" /* of who waits for the one before to go */
#define CRL_NAT_MARK "0x2000" /* one bit of a packet's mark */

/*
 * Commands of nft(8) that make it, one transaction.
 * @name  one of these two
 * @ret   to be freed. Returns 0 or -ENOMEM.
 */
int crl_nat_guard_make(const char *name, const struct crl_nat_opened *opened, char **ret) CRL_MUST_CHECK;

/* What forwarding is switched on for by now. @ret  to be freed. Returns 0 or -ENOMEM. */
int crl_nat_guard_open(const char *name, const struct crl_nat_opened *opened, char **ret) CRL_MUST_CHECK;
