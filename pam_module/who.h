// SPDX-License-Identifier: Apache-2.0
/*
 * Who logs in, by the application's own name service.
 *
 * Runs in: the PAM application, as root, host namespaces: all look-ups happen before the root changes.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "proto/err.h"
#include "proto/login.h"

/*
 * Find uid, gid, name and home of PAM_USER; nothing else of @ret is touched.
 * Errors (stage REQUEST): -ENOENT no such user; -ENAMETOOLONG a field does not fit; the name service's errno.
 */
int who_find_user(pam_handle_t *pamh, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Find all groups of that user. Errors (stage REQUEST): -E2BIG more than CRL_GROUPS_MAX. */
int who_find_groups(struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;

/* Fill service, tty and rhost and check the whole record. Errors (stage REQUEST). */
int who_describe(pam_handle_t *pamh, struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;

/* Returns 0; -ENOENT when there is no such group; another -errno when the name service did not answer. */
int who_find_group(const char *name, uint32_t *ret_gid) CRL_MUST_CHECK;

/* The other way round. Returns as above, and -ENAMETOOLONG. */
int who_name_group(uint32_t gid, char ret[CRL_GROUP_MAX]) CRL_MUST_CHECK;
