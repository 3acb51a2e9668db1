// SPDX-License-Identifier: Apache-2.0
/*
 * Arguments of the PAM line.
 *
 * Runs in: the PAM application, as root. Trusts: the service's file, which root wrote.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Texts belong to libpam's argv and live as long as the call. */
struct options {
	bool open; /* this line opens sessions; neither word = both */
	bool close; /* this line closes sessions */
	bool debug;
	const char *config;
	const char *helper;
	const char *state;
	const char *break_glass; /* group whose members pass without a room */
	int timeout_s;
};

/*
 * Read the arguments; the first bad one is reported, the rest still counts.
 * @ret  always filled: bad arguments leave their defaults
 * Errors (stage ARGS): -EINVAL unknown argument, relative path, number out of range.
 */
int options_parse(int argc, const char *const *argv, struct options *ret, struct crl_err *err) CRL_MUST_CHECK;
