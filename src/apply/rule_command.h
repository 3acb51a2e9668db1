// SPDX-License-Identifier: Apache-2.0
/*
 * Asks the program of rules.command.
 *
 * Runs in: helper, carrelctl; root, the host's namespaces. The program is root's, runs as root, and knows of the login
 * what the rule gives it as arguments: it has a fixed environment, /dev/null for its standard streams and no other
 * descriptor.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "wire/login.h"

#define CRL_RULE_COMMAND_MS 5000 /* that it has */

struct crl_asked_command {
	const char *text; /* as the rule has it */
	const struct crl_login *login;
	int64_t deadline_ms; /* as crl_now_ms() counts, where that comes before its own time is over; 0 = none */
};

/*
 * @ret_ms  how long it took, where it has run
 * Returns 1 (exit status 0) or 0 (exit status 1). Everything else is an error, and refuses the login (stage RULE):
 * -EPERM the path is not root's alone; -ENOENT and the like; -ETIMEDOUT, and all of its session is killed; -EIO another
 * exit status, or a signal.
 */
int crl_ask_rule_command(const struct crl_asked_command *q, int *ret_ms, struct crl_err *err) CRL_MUST_CHECK;

/* May it be run? The same proof of its path. */
int crl_prove_rule_command(const char *text, struct crl_err *err) CRL_MUST_CHECK;
