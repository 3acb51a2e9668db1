// SPDX-License-Identifier: Apache-2.0
/*
 * What sshd's configuration says, as far as carrel depends on it.
 *
 * Source: sshd_config(5): the first value counts, Include stands for the files it names, Match until the next one or
 * the end of its file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"

struct ctl_sshd_value {
	char text[256]; /* its first word; "" = not said */
	char rest[256]; /* of the line, behind that */
	char file[256];
	int line;
	char match
		[512]; /* what Match says of whom the value is for, with that of the Include around it; "" = everyone */
};

/*
 * Find the value of a keyword for every connection: before the first Match.
 * @path  of sshd_config; Include without a directory is relative to its own
 * Returns 0, also when it is not said; -errno when @path cannot be read.
 */
int ctl_sshd_config_find(const char *path, const char *keyword, struct ctl_sshd_value *ret) CRL_MUST_CHECK;

/*
 * Tell every value of a keyword, those of Match blocks too, in the order in which sshd meets them.
 * @each  returns true when it has seen enough
 * Returns 0, or -errno when @path cannot be read.
 */
typedef bool ctl_sshd_each_value(void *arg, const struct ctl_sshd_value *v);
int ctl_sshd_config_each(const char *path, const char *keyword, ctl_sshd_each_value *each, void *arg) CRL_MUST_CHECK;

/* Is a value for this user? What else Match can ask is only known when somebody connects. */
enum ctl_sshd_applies { SSHD_NO, SSHD_MAYBE, SSHD_YES };
typedef bool ctl_sshd_in_group(void *arg, const char *pattern); /* is one of the user's groups like that? */
enum ctl_sshd_applies ctl_sshd_value_applies(const struct ctl_sshd_value *v, const char *user,
					     ctl_sshd_in_group *in_group, void *arg);

/* A word of @p, with or without quotes, which it steps over. False when there is none, or a comment. */
bool ctl_sshd_next_word(const char **p, char *word, size_t size);
