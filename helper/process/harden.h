// SPDX-License-Identifier: Apache-2.0
/*
 * First steps of helper, steward and keeper: refuse wrong callers, shed what the starter handed down.
 *
 * Runs in: helper, steward, keeper, before the first byte from anybody is read.
 */
#pragma once

#include "base/err.h"

/*
 * @last  descriptor, the highest that is kept: CRL_CHANNEL_FD where there is a channel and no other
 * Afterwards it is root's own process: no descriptor but stdio and those, no environment, no inherited limits,
 * signals or umask; what shed.h names is gone. Errors (stage HELPER): -EPERM not root, or set-id; -errno.
 */
int crl_harden(int argc, char **argv, int last, struct crl_err *err) CRL_MUST_CHECK;

/* Keep in mind where the command line stands in memory, for crl_rename_process(). */
void crl_remember_argv(int argc, char **argv);

/* What ps(1) shows: the name instead of the command line, cut to the length that that has. */
void crl_rename_process(const char *name);
