// SPDX-License-Identifier: Apache-2.0
/*
 * Whom users can ask, in a room: a file with the line that the host has for it (key contact).
 *
 * Runs in: what users run in rooms. Trusts: nothing in the file but that it is shown as text.
 */
#pragma once

#include "base/err.h"
#include "wire/stage.h"

#define CRL_CONTACT_FILE CRL_LAST_DIR "/contact"
#define CRL_LANGUAGE_FILE CRL_LAST_DIR "/language" /* beside it, for base/language.h; none = English */

/* "" where there is none, or none that a terminal may be sent. Returns @buf. */
const char *crl_contact_read(const char *path, char buf[CRL_CONTACT_MAX]);
