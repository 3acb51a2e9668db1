// SPDX-License-Identifier: Apache-2.0
/* A user as the name service tells it, what exempts from rooms, and who asks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

struct crl_err;
struct crl_login;
struct ctl;

/* A login of that user as --service, --rhost and --tty have it, with all groups. Errors (stage REQUEST): -ENOENT no
 * such user. */
int ctl_login_of(const struct ctl *c, const char *user, struct crl_login *ret, struct crl_err *err) CRL_MUST_CHECK;

/* The number of a group, as the rules ask for it; @arg is not looked at. */
int ctl_group_lookup(void *arg, const char *name, uint32_t *ret_gid);

/* The @arg of ctl_command_ask(). */
struct ctl_command_asked {
	const struct crl_login *login;
	int ms; /* that the last one took */
};

/* Run the command of a rule, as a login would. Only root can. */
int ctl_command_ask(void *arg, const char *text, struct crl_err *err);

/* Where many users are looked at: nobody is asked, and the answer is no. */
int ctl_command_none(void *arg, const char *text, struct crl_err *err);

/*
 * Who acts, for records and logs: the user who logged in, where the audit system knows them. Visible ASCII, no blank.
 */
void ctl_who_acts(char *buf, size_t size);

/* Is this carrelctl inside a room, where nothing is to be seen of the host's rooms? */
bool ctl_is_in_room(void);

/*
 * Why this login gets no room, in a sentence; NULL = it does get one. The text is valid until it is asked again.
 * @c  whose PAM lines may name another break-glass group than the usual one
 */
const char *ctl_is_exempt(const struct ctl *c, const struct crl_login *l);

/* The break-glass group of a service, which its PAM line may name; CRL_GROUP_MAX bytes. */
void ctl_break_glass_of(const struct ctl *c, const char *service, char *ret);
