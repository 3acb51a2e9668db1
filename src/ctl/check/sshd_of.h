// SPDX-License-Identifier: Apache-2.0
/*
 * What sshd's configuration says for one user, whoever they come from: what it says for some connections alone, it says
 * for none.
 *
 * Runs in: carrelctl; asks the name service for groups.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"
#include "ctl/host/sshdconf.h"

struct crl_login;

/* The first value that is for the user. Returns whether there is one. */
bool ctl_sshd_of(const struct crl_login *l, const char *keyword, struct ctl_sshd_value *ret) CRL_MUST_CHECK;

/* Is it that, in whatever case? What is not said is nothing. */
bool ctl_sshd_of_is(const struct crl_login *l, const char *keyword, const char *value) CRL_MUST_CHECK;

/* A ctl_sshd_in_group for a login. */
bool ctl_sshd_of_group(void *login, const char *pattern);
