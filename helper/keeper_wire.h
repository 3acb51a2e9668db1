// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel-keeper is started with: its command line and its descriptors. Both are the helper's to write and the
 * keeper's to read.
 *
 *   carrel-keeper --room ID --user NAME --uid N --gid N --groups N,N… --at-end WORD --snapshots N --lowers N
 *                 [--home] [--deaf] [--debug]
 *
 * Header only.
 */
#pragma once

#define KEEPER_GROUPS_MAX 1024

#define KEEPER_ASKED_FILE "asked" /* in the home's data: how many changes its user has not been told of */

enum {
	KEEPER_FD_DATA = 3,
	KEEPER_FD_USE,
	KEEPER_FD_INIT,
	KEEPER_FD_SUPERVISOR,
	KEEPER_FD_ALIVE,
	KEEPER_FD_LISTEN, /* /dev/null where it is deaf */
	KEEPER_FD_LOWER, /* the first; the others behind it */
};
