// SPDX-License-Identifier: Apache-2.0
/*
 * How carrelctl becomes a user inside a room.
 *
 * Runs in: children of carrelctl, root until ctl_become(). Nothing of a room is executed before that.
 */
#pragma once

#include "ctl/ctl.h"

/* A user with all that the name service says, looked up on the host before any room is entered. */
struct ctl_person {
	struct crl_login login;
	char shell[256];
};

/* Errors (stage REQUEST): -ENOENT no such user. */
int ctl_person_of(const struct ctl *c, const char *user, struct ctl_person *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Default signals and mask, descriptors from @from on closed, a session of its own, dead when its parent is. */
void ctl_start_clean(unsigned int from);

/*
 * Join a new, empty session keyring: the operator's keys stay his. Before a room's filter is adopted, which as a rule
 * refuses the call. Returns 0 or -errno; then the caller must not go on.
 */
int ctl_leave_keys(void) CRL_MUST_CHECK;

/* Take on groups and ids, for good. Returns 0 or -errno; then the caller must not go on. */
int ctl_become(const struct crl_login *l) CRL_MUST_CHECK;

/* The environment of a login: an array in static memory. @term  NULL = none */
char **ctl_environment(const struct ctl_person *who, const char *term);

/* Go home, or to / where that is not possible. */
void ctl_go_home(const struct crl_login *l);
