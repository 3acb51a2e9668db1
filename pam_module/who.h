// SPDX-License-Identifier: Apache-2.0
/*
 * Who logs in, as PAM and the application's own name service have it.
 *
 * Runs in: the PAM application, as root, host namespaces: all look-ups happen before the root changes.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/login.h"

/* crl_names_user() of PAM_USER. Errors as there; -EINVAL the application names none. */
int who_find_user(pam_handle_t *pamh, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Did somebody come over the network? Root's own cron jobs, su and sudo have no remote host. */
bool who_is_remote(pam_handle_t *pamh);

/*
 * Fill service, tty and rhost and check the record; shows, which status.h knows, is filled later and checked by the
 * helper. Errors (stage REQUEST).
 */
int who_describe(pam_handle_t *pamh, struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;
