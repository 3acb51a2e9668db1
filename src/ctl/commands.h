// SPDX-License-Identifier: Apache-2.0
/* The commands. Each stands in its own file, with its options and its help. */
#pragma once

#include "ctl/command.h"

extern const struct ctl_command ctl_check_command;
extern const struct ctl_command ctl_explain_command;
extern const struct ctl_command ctl_rehearse_command;
extern const struct ctl_command ctl_assess_command;
extern const struct ctl_command ctl_list_command;
extern const struct ctl_command ctl_top_command;
extern const struct ctl_command ctl_show_command;
extern const struct ctl_command ctl_why_command;
extern const struct ctl_command ctl_log_command;
extern const struct ctl_command ctl_status_command;
extern const struct ctl_command ctl_metrics_command;
extern const struct ctl_command ctl_learn_command;
extern const struct ctl_command ctl_enter_command;
extern const struct ctl_command ctl_enable_command;
extern const struct ctl_command ctl_disable_command;
extern const struct ctl_command ctl_is_enabled_command;
extern const struct ctl_command ctl_reload_command;
extern const struct ctl_command ctl_try_command;
extern const struct ctl_command ctl_confirm_command;
extern const struct ctl_command ctl_freeze_command;
extern const struct ctl_command ctl_thaw_command;
extern const struct ctl_command ctl_kill_command;
extern const struct ctl_command ctl_wall_command;
extern const struct ctl_command ctl_drain_command;
extern const struct ctl_command ctl_image_command;
extern const struct ctl_command ctl_home_command;
extern const struct ctl_command ctl_root_command;
extern const struct ctl_command ctl_shell_command;
extern const struct ctl_command ctl_gc_command;
extern const struct ctl_command ctl_help_command;
extern const struct ctl_command ctl_may_have_manager_command;
extern const struct ctl_command ctl_completion_command;

/* All of them, in the order of the help, up to NULL. */
extern const struct ctl_command *const ctl_commands[];

/* NULL = there is none of that name. */
const struct ctl_command *ctl_command_find(const char *name);

/* The action of that name; NULL = the command has none such. */
const struct ctl_command *ctl_command_action(const struct ctl_command *k, const char *name);

/* Has the command that action only to say why it cannot be? Help and completion do not offer it then. */
bool ctl_command_refuses(const struct ctl_command *k, const struct ctl_command *action);

/*
 * Say on standard error that there is none, and which may have been meant.
 * @k  whose actions these are; NULL = it is about the commands
 */
void ctl_command_unknown(const struct ctl_command *k, const char *name);
