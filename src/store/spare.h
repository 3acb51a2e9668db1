// SPDX-License-Identifier: Apache-2.0
/*
 * What is kept back of a limited entry, so that an overlay can be mounted over what is full to the last byte, and its
 * changes thrown away: some files, DATA/.spare/N, whose inodes and blocks are given free for that moment.
 *
 * Root's own reserve of ext4 would not do: overlayfs writes with root's fsuid, so users would get at it; and inodes
 * have none.
 *
 * Runs in: helper, carrelctl (root), keeper (the user's uid: the files are the user's, in a directory that no room
 * shows).
 */
#pragma once

#include "base/scope.h"

/* Make the directory, for data that have a limit. Returns 0 or -errno. */
int crl_spare_make(int data) CRL_MUST_CHECK;

/* Remove what crl_spare_make() alone has made, of data that nobody has used. */
void crl_spare_unmake(int data);

/*
 * With nobody in: give free what is kept back, as far as there is not enough without it. Where nothing is kept back
 * this does nothing, nor does crl_spare_settle(). Returns 0 or -errno.
 */
int crl_spare_yield(int data) CRL_MUST_CHECK;

/*
 * Keep it back again: when an overlay has been mounted, before its user is in; and after each change by a command.
 * Returns 0, or -errno: what could not be kept back is tried again the next time.
 */
int crl_spare_settle(int data);
