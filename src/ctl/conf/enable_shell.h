// SPDX-License-Identifier: Apache-2.0
/* carrelctl enable --shell, disable --shell: carrel-shell as sshd's ForceCommand for a user or a group. */
#pragma once

#include "ctl/command.h"

/* @who  a user's name, else a group's; "@NAME" is a group's in any case */
enum ctl_exit ctl_enable_shell(const struct ctl *c, const char *who, bool enable);
