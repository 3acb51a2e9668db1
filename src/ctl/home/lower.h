// SPDX-License-Identifier: Apache-2.0
/*
 * What a kept home or root lies over, as its entry has it on record.
 *
 * Runs in: carrelctl, root.
 */
#pragma once

#include "base/err.h"

struct ctl;
struct ctl_kept;

#define CTL_LOWER_HOME "home" /* the real home, which its user's process opens */

/*
 * Open one: "host", "image NAME@sha256:HEX", or the path of a directory or of an image's file.
 * @ret_fd  open for reading, in a mount without what is mounted in it
 */
int ctl_lower_open(const struct ctl *c, const struct ctl_kept *k, const char *line, int *ret_fd,
		   struct crl_err *err) CRL_MUST_CHECK;
