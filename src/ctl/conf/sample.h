// SPDX-License-Identifier: Apache-2.0
/*
 * Somebody to try a login with: a user of this host who fits.
 *
 * Runs in: carrelctl; asks the name service.
 */
#pragma once

#include <stdbool.h>

struct crl_login;
struct ctl;

/* Numbers of people: services have others. By login.defs(5). */
#define CTL_UID_FIRST 1000
#define CTL_UID_LAST 59999

/* @l  with groups, service and the rest as carrelctl explain has them. */
typedef bool ctl_fits(void *arg, const struct crl_login *l);

/*
 * Find a user that fits: the one that --user names and no other; else who called sudo, else the first person of the
 * name service's list (uid 1000 to 59999, with a home of their own and a shell that is one). Exempt users never do.
 * Returns false when there is none.
 */
bool ctl_sample_user(const struct ctl *c, ctl_fits *fits, void *arg, struct crl_login *ret);

/* Call @each, until it says false, for every account that the name service lists in the range of people's. */
typedef bool ctl_account(void *arg, const char *user);
void ctl_each_account(ctl_account *each, void *arg);

/* The same for those who can work at a prompt and have a home of their own. */
void ctl_each_person(ctl_account *each, void *arg);

/* Can somebody with that shell work at a prompt? */
bool ctl_is_shell(const char *shell);
