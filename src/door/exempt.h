// SPDX-License-Identifier: Apache-2.0
/*
 * Who logs in without a room, whatever the rules say: root, members of the break-glass group, and everybody while
 * carrel is switched off. Asked in this order.
 *
 * Runs in: the PAM application (which decides by it, before configuration and helper), carrelctl (which tells) and
 * carrel-shell (the switch alone).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "wire/login.h"

/* The group whose members log in without a room, where the PAM line names no other. */
#define CRL_BREAK_GLASS "carrel-break-glass"

/* What is wrong with the name of a group on a PAM line, or NULL. */
const char *crl_exempt_group_fault(const char *name);

/* The group that counts. @named  on the PAM line, or NULL; one with a fault leaves the usual one */
const char *crl_exempt_group(const char *named);

/* Root is exempt. Known as soon as the user is. */
bool crl_exempt_is_root(const struct crl_login *login);

/*
 * Is the login's user in the group? Its groups are known.
 * Returns 1; 0, also when there is no such group; -errno when the name service did not answer, which frees nobody.
 */
int crl_exempt_breaks_glass(const struct crl_login *login, const char *group) CRL_MUST_CHECK;

/*
 * The administrator's switch: is there a file "off" beside the configuration? It counts when it is a plain file of
 * root's that nobody else can write.
 * @ret_path  its path, for the log
 * @err       set when something of that name is there and does not count: carrel then stays on
 */
bool crl_exempt_is_off(const char *config, char *ret_path, size_t size, struct crl_err *err);
