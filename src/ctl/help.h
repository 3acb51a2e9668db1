// SPDX-License-Identifier: Apache-2.0
/* What carrelctl says of itself. */
#pragma once

struct ctl_command;

/* Every command for people, in a line each. */
void ctl_help_print(void);

/*
 * One command: how it is used, its options, examples; its actions in a line each.
 * @group  of which it is an action; NULL = of none
 */
void ctl_help_print_command(const struct ctl_command *group, const struct ctl_command *k);
