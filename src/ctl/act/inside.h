// SPDX-License-Identifier: Apache-2.0
/*
 * Who carrelctl sends into a room, and what environment they have there. How carrelctl becomes that user:
 * door/become.h.
 *
 * Runs in: carrelctl.
 */
#pragma once

#include "wire/login.h"

struct ctl;

#define CTL_LAST_WORDS 256 /* reads of what a program has said, after its end: more than a pipe can hold */

/* A user with all that the name service says, looked up on the host before any room is entered. */
struct ctl_person {
	struct crl_login login;
	char shell[256];
};

/* Errors (stage REQUEST): -ENOENT no such user. */
int ctl_person_of(const struct ctl *c, const char *user, struct ctl_person *ret, struct crl_err *err) CRL_MUST_CHECK;

/* The environment of a login: an array in static memory. @term  NULL = none */
char **ctl_environment(const struct ctl_person *who, const char *term);
