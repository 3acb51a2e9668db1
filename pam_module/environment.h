// SPDX-License-Identifier: Apache-2.0
/*
 * The login's environment as PAM modules before this one have left it: what in it names a place of the host's.
 *
 * Runs in: the PAM application, as root. Changes PAM's list of variables only, never the process's own environ.
 */
#pragma once

#include <security/pam_modules.h>

#include "wire/login.h"
#include "wire/proto.h"

/*
 * In the room, with the power still there. For every variable whose value is a path (or TYPE:path) beneath a place that
 * the room has of its own (/tmp, /var/tmp, /dev/shm, /run):
 * - what is there in the room stays;
 * - a directory for temporary files (TMPDIR and its kind) is made, the user's and 0700;
 * - everything else is taken out and logged: programs then use what they use without it.
 * The variables of the host's service manager go too, and a room with a network of its own gets an XAUTHORITY of its
 * own: displays are numbered anew in each network, while ~/.Xauthority is one for all of a user's logins.
 * Cannot fail: a variable that cannot be put right is taken out.
 */
void environment_settle(pam_handle_t *pamh, const struct crl_login *login, const struct crl_adopt *adopt);
