// SPDX-License-Identifier: Apache-2.0
/*
 * Users and groups by the name service (nsswitch.conf(5)).
 *
 * Runs in: the PAM application and carrelctl, as root, host namespaces: all look-ups come before the root changes.
 * Owns: a name service that does not answer is an error, never "no such group", which could choose a weaker rule.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "wire/login.h"

/*
 * Find uid, gid, name and home of a user; nothing else of @ret is touched.
 * Errors (stage REQUEST): -ENOENT no such user; -ENAMETOOLONG a field does not fit; another -errno: the name service
 * did not answer.
 */
int crl_names_user(const char *user, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* The first name of that uid. Returns 0; -ENOENT nobody has it; another -errno: the name service did not answer. */
int crl_names_user_name(uint32_t uid, char ret[CRL_USER_MAX]) CRL_MUST_CHECK;

/*
 * Find all groups of that user. A service that does not answer goes unnoticed here: glibc leaves its groups out.
 * Errors (stage REQUEST): -E2BIG more than CRL_GROUPS_MAX.
 */
int crl_names_groups(struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;

/* Returns 0; -ENOENT when there is no such group; another -errno when the name service did not answer. */
int crl_names_group_id(const char *name, uint32_t *ret_gid) CRL_MUST_CHECK;

/* The other way round. Returns as above, and -ENAMETOOLONG. */
int crl_names_group_name(uint32_t gid, char ret[CRL_GROUP_MAX]) CRL_MUST_CHECK;
