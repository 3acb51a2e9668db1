// SPDX-License-Identifier: Apache-2.0
/*
 * The hosts file of a room with a name of its own.
 *
 * Runs in: the room's init; a child of carrel-steward.
 */
#pragma once

#include <stddef.h>

#define CRL_HOSTS_TEXT_MAX 65536 /* bytes of the host's, with NUL; a longer one is not taken over */
#define CRL_HOSTS_MAX (CRL_HOSTS_TEXT_MAX + 512) /* bytes of the whole, with NUL */

/*
 * Complete the host's text.
 * @text  CRL_HOSTS_MAX bytes; holds @len of the host's, 0 = it has none
 * @name  the room's
 * Returns the length of the whole.
 */
size_t crl_hosts_text(char *text, size_t len, const char *name);
