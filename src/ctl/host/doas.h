// SPDX-License-Identifier: Apache-2.0
/* Who may become root, by doas.conf(5); as sudoers.h, whose rules hold here, too. */
#pragma once

#include "base/scope.h"

struct ctl_sudo_subjects;

/* Add who is named in a file; there are no includes. Returns 0; -errno when it cannot be read, -ENOMEM. */
int ctl_doas_read(const char *path, struct ctl_sudo_subjects *to) CRL_MUST_CHECK;
