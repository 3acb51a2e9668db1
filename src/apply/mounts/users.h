// SPDX-License-Identifier: Apache-2.0
/*
 * What a room knows of users that are not in it: passwd(5) and group(5) of the host without them, and nsswitch.conf(5)
 * that asks nothing else.
 *
 * Runs in: the room's init; a child of carrel-steward, when the host's have changed.
 * Trusts: the host's files are root's; the login's texts are anybody's.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "wire/login.h"

enum crl_users_file { CRL_USERS_PASSWD, CRL_USERS_GROUP, CRL_USERS_SWITCH };

/* A file that is being taken over. Begin with the first two set. */
struct crl_users {
	enum crl_users_file file;
	const struct crl_login *login;
	bool seen; /* the user */
	bool group[CRL_GROUPS_MAX]; /* those of the login's groups that were there */
};

/*
 * Put to @out what the room has of one line: accounts and groups of the system, the user, his groups. Passwords are
 * left out, and so are other members. @line  without its end; may be anything
 */
void crl_users_take(struct crl_users *u, const char *line, FILE *out);

/* All of it. @host  the host's file; NULL = it has none */
void crl_users_write(struct crl_users *u, FILE *host, FILE *out);

/*
 * Whose room it is, as the plan has it in @op->data of CRL_MOUNT_USERS.
 * @ret  uid, gid, groups, user and home are set. Returns 0 or -EBADMSG.
 */
int crl_users_login(const char *text, struct crl_login *ret);

/* Which of the files is at @path of the host. Returns 0 or -EINVAL. */
int crl_users_file_at(const char *path, enum crl_users_file *ret);

/* Put to @out what the file did not have: the user, and a name for each of his groups. */
void crl_users_end(const struct crl_users *u, FILE *out);
