// SPDX-License-Identifier: Apache-2.0
/*
 * Who logs in, as PAM and the application's own name service have it.
 *
 * Runs in: the PAM application, as root, host namespaces: all look-ups happen before the root changes.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "proto/err.h"
#include "proto/login.h"

/* crl_names_user() of PAM_USER. Errors as there; -EINVAL the application names none. */
int who_find_user(pam_handle_t *pamh, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Fill service, tty and rhost and check the whole record. Errors (stage REQUEST). */
int who_describe(pam_handle_t *pamh, struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;
