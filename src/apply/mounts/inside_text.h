// SPDX-License-Identifier: Apache-2.0
/*
 * Who is who inside: the user, root and the user's group, in the files that the image, or root of the inside, has.
 *
 * Runs in: the room's init. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/login.h"

/* What the files are to say. */
struct crl_inside_user {
	const struct crl_login *login;
	bool is_root; /* of the inside */
	const char *shell;
	const char *group; /* the name of the user's, "" = the user's */
};

/* What a text as group(5) has it calls that group, "" = it has none of a plain name. */
void crl_inside_group_name(const char *text, uint32_t gid, char *ret, size_t size);

/*
 * Each puts the whole file to @out, with what @text had and does not contradict.
 * @text  anything
 * Returns false when @text says it all, and nothing is to be written.
 */
bool crl_inside_passwd(const struct crl_inside_user *u, const char *text, FILE *out);
bool crl_inside_group(const struct crl_inside_user *u, const char *text, FILE *out);
/* As subuid(5), with ids for containers of the user's own. */
bool crl_inside_subids(const struct crl_inside_user *u, const char *text, FILE *out);

/* The same, but what is put is to be added to the file. */
bool crl_inside_shadow(const struct crl_inside_user *u, const char *text, FILE *out);
