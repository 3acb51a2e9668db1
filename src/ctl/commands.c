// SPDX-License-Identifier: Apache-2.0
/* The table of commands; see commands.h. */
#include "ctl/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"

const struct ctl_command *const ctl_commands[] = {
	&ctl_check_command,
	&ctl_explain_command,
	&ctl_rehearse_command,
	&ctl_assess_command,
	&ctl_list_command,
	&ctl_top_command,
	&ctl_show_command,
	&ctl_why_command,
	&ctl_log_command,
	&ctl_status_command,
	&ctl_metrics_command,
	&ctl_learn_command,
	&ctl_enter_command,
	&ctl_enable_command,
	&ctl_disable_command,
	&ctl_is_enabled_command,
	&ctl_reload_command,
	&ctl_try_command,
	&ctl_confirm_command,
	&ctl_freeze_command,
	&ctl_thaw_command,
	&ctl_kill_command,
	&ctl_wall_command,
	&ctl_drain_command,
	&ctl_image_command,
	&ctl_home_command,
	&ctl_root_command,
	&ctl_shell_command,
	&ctl_gc_command,
	&ctl_help_command,
	&ctl_may_have_manager_command,
	&ctl_completion_command,
	NULL,
};

static const struct ctl_command *find(const struct ctl_command *const *k, const char *name)
{
	for (; k && *k; k++)
		if (strcmp((*k)->name, name) == 0)
			return *k;
	return NULL;
}

const struct ctl_command *ctl_command_find(const char *name)
{
	return find(ctl_commands, name);
}

const struct ctl_command *ctl_command_action(const struct ctl_command *k, const char *name)
{
	return find(k->actions, name);
}

bool ctl_command_refuses(const struct ctl_command *k, const struct ctl_command *action)
{
	return action->refused_by && strcmp(action->refused_by, k->name) == 0;
}

/* What people look for by another word. */
static const struct {
	const char *word;
	const char *told;
} elsewhere[] = {
	{"limits", "carrelctl show USER tells what a room uses and may use, explain USER what a login will get"},
	{"limit", "carrelctl show USER tells what a room uses and may use, explain USER what a login will get"},
	{"rooms", "carrelctl list"},
	{"users", "carrelctl list"},
	{"ps", "carrelctl top"},
	{"policy", "carrelctl explain USER; policies are in carrel.conf(5)"},
	{"policies", "carrelctl explain USER; policies are in carrel.conf(5)"},
	{"stop", "carrelctl disable SERVICE, or kill USER"},
	{"start", "carrelctl enable SERVICE"},
};

static const char *find_elsewhere(const char *name)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(elsewhere); i++)
		if (strcmp(elsewhere[i].word, name) == 0)
			return elsewhere[i].told;
	return NULL;
}

void ctl_command_unknown(const struct ctl_command *k, const char *name)
{
	char shown[80], hint[CRL_NEAREST_HINT];
	struct crl_nearest nearest;
	const char *told = k ? NULL : find_elsewhere(name);

	crl_nearest_begin(&nearest, name);
	for (const struct ctl_command *const *of = k ? k->actions : ctl_commands; *of; of++)
		if ((*of)->summary)
			crl_nearest_offer(&nearest, (*of)->name);
	if (told) {
		(void)fprintf(stderr, "carrelctl: no command \"%s\": %s\n", name, told);
		return;
	}
	(void)fprintf(stderr, "carrelctl%s%s: no %s \"%s\"%s\n", k ? " " : "", k ? k->name : "",
		      k ? "action" : "command", crl_visible_line(shown, sizeof(shown), name),
		      crl_nearest_hint(&nearest, hint, sizeof(hint)));
	if (k)
		(void)fprintf(stderr, "carrelctl help %s tells which there are\n", k->name);
}
