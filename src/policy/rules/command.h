// SPDX-License-Identifier: Apache-2.0
/*
 * The text of rules.command: a program of the administrator's, and its arguments.
 *
 * Runs in: helper, carrelctl. Pure: who executes it is apply/rule_command.h.
 * Trusts: nothing of what a letter stands for: a value is one argument or a part of one, and never an option.
 */
#pragma once

#include "base/err.h"
#include "policy/template.h"

#define CRL_COMMAND_BYTES 4096
#define CRL_COMMAND_WORDS 16 /* with the program */

struct crl_command {
	char bytes[CRL_COMMAND_BYTES];
	char *argv[CRL_COMMAND_WORDS + 1]; /* into bytes, NULL-ended */
};

/*
 * What is wrong with a text, as crl_key_refuse() wants it; or NULL. It is an absolute path and words between blanks; no
 * shell reads it, so there are no quotes. In the words, but not in the path, %u, %U, %s, %h, %H and %% are replaced.
 */
const char *crl_command_fault(const char *text);

/*
 * @ret  points into itself: not to be copied
 * Errors (stage RULE): -EINVAL no command, a letter without a value here, or a value that would make an option of a
 * word; -E2BIG.
 */
int crl_command_expand(const char *text, const struct crl_facts *f, struct crl_command *ret,
		       struct crl_err *err) CRL_MUST_CHECK;
