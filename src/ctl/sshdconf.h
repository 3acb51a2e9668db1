// SPDX-License-Identifier: Apache-2.0
/*
 * What sshd's configuration says, as far as carrel depends on it.
 *
 * Source: sshd_config(5): the first value counts, Include stands for the files it names.
 */
#pragma once

#include <stddef.h>

#include "proto/err.h"

struct sshd_value {
	char text[64]; /* "" = not said */
	char file[256];
	int line;
};

/*
 * Find the value of a keyword for every connection: before the first Match.
 * @path  of sshd_config; Include without a directory is relative to its own
 * Returns 0, also when it is not said; -errno when @path cannot be read.
 */
int sshd_config_find(const char *path, const char *keyword, struct sshd_value *ret) CRL_MUST_CHECK;
