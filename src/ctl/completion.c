// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl completion: what the completion files of shells have from the tables of commands and options.
 *
 * `make completions` puts it between the marks of the files in conf/completion; the rest of them is written by hand.
 */
#include "ctl/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/print/out.h"

static const char *const offer_name[CTL_OFFERS] = {
	[CTL_OFFER_NOTHING] = "nothing", [CTL_OFFER_USER] = "user", [CTL_OFFER_POLICY] = "policy",
	[CTL_OFFER_SERVICE] = "service", [CTL_OFFER_FILE] = "file", [CTL_OFFER_DIRECTORY] = "directory",
	[CTL_OFFER_TIME] = "time",       [CTL_OFFER_ROOM] = "room", [CTL_OFFER_COMMAND] = "command",
};

static bool is_printed(const struct ctl_option *const *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i]->name, name) == 0)
			return true;
	return false;
}

static size_t print_each(const struct ctl_option *o, const struct ctl_option **all, size_t n)
{
	for (; o && o->name; o++)
		if (!is_printed(all, n, o->name) && n < CTL_OPTIONS_MAX) {
			(void)printf("--%s ", o->name);
			all[n++] = o;
		}
	return n;
}

/* Those of a command and its actions, then those of all but --version, which stands alone. */
static void print_options(const struct ctl_command *k)
{
	const struct ctl_option *printed[CTL_OPTIONS_MAX];
	size_t n = print_each(k->options, printed, 0);
	bool json = k->json;

	for (const struct ctl_command *const *a = k->actions; a && *a; a++) {
		n = print_each((*a)->options, printed, n);
		json |= (*a)->json;
	}
	for (const struct ctl_option *o = ctl_options_of_all; o->name; o++) {
		bool of_tables = strcmp(o->name, "json") == 0 || strcmp(o->name, "no-pager") == 0;

		if (strcmp(o->name, "version") != 0 && (json || !of_tables) && !is_printed(printed, n, o->name))
			(void)printf("--%s ", o->name);
	}
}

/* Of each command that has actions: how many words stand in front of them, and their names. */
static void print_actions(const char *open, const char *close)
{
	for (const struct ctl_command *const *k = ctl_commands; *k; k++) {
		if (!(*k)->actions)
			continue;
		(void)printf("\t%s%s%s'%d", open, (*k)->name, close, (*k)->subject ? 1 : 0);
		for (const struct ctl_command *const *a = (*k)->actions; *a; a++)
			if (!ctl_command_refuses(*k, *a))
				(void)printf(" %s", (*a)->name);
		(void)printf("'\n");
	}
}

static void print_bash(void)
{
	const struct ctl_option *all[CTL_OPTIONS_MAX];
	size_t n = ctl_options_all(all);

	(void)printf("declare -gA _carrelctl_value=(\n");
	for (size_t i = 0; i < n; i++)
		if (all[i]->value)
			(void)printf("\t[--%s]=%s\n", all[i]->name, offer_name[all[i]->offer]);
	(void)printf(")\ndeclare -gA _carrelctl_argument=(\n");
	for (const struct ctl_command *const *k = ctl_commands; *k; k++)
		if ((*k)->summary)
			(void)printf("\t[%s]=%s\n", (*k)->name, offer_name[(*k)->offer]);
	(void)printf(")\ndeclare -gA _carrelctl_options=(\n");
	for (const struct ctl_command *const *k = ctl_commands; *k; k++) {
		if (!(*k)->summary)
			continue;
		(void)printf("\t[%s]='", (*k)->name);
		print_options(*k);
		(void)printf("'\n");
	}
	(void)printf(")\ndeclare -gA _carrelctl_actions=(\n");
	print_actions("[", "]=");
	(void)printf(")\n");
}

/* Inside of single quotes, and of what zsh ends by "]" or ":". */
static void print_quoted(const char *text, const char *special)
{
	for (const char *p = text; *p; p++)
		if (*p == '\'')
			(void)printf("'\\''");
		else
			(void)printf("%s%c", strchr(special, *p) ? "\\" : "", *p);
}

static void print_zsh(void)
{
	const struct ctl_option *all[CTL_OPTIONS_MAX];
	size_t n = ctl_options_all(all);

	(void)printf("commands=(\n");
	for (const struct ctl_command *const *k = ctl_commands; *k; k++) {
		if (!(*k)->summary)
			continue;
		(void)printf("\t'%s:", (*k)->name);
		print_quoted((*k)->summary, "\\");
		(void)printf("'\n");
	}
	(void)printf(")\narguments=(");
	for (const struct ctl_command *const *k = ctl_commands; *k; k++)
		if ((*k)->summary)
			(void)printf(" %s %s", (*k)->name, offer_name[(*k)->offer]);
	(void)printf(" )\nactions=(\n");
	print_actions("", " ");
	(void)printf(")\noptions=(\n");
	for (size_t i = 0; i < n; i++) {
		(void)printf("\t'%s--%s[", all[i]->again ? "*" : "", all[i]->name);
		print_quoted(all[i]->help, "[]\\");
		if (all[i]->value)
			(void)printf("]:%s:->%s'\n", all[i]->value, offer_name[all[i]->offer]);
		else
			(void)printf("]'\n");
	}
	(void)printf(")\n");
}

static enum ctl_exit run_completion(const struct ctl *c, int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[0], "bash") == 0)
		print_bash();
	else if (strcmp(argv[0], "zsh") == 0)
		print_zsh();
	else
		return ctl_complain(c, CTL_USAGE, "knows bash and zsh");
	return CTL_YES;
}

const struct ctl_command ctl_completion_command = {
	.name = "completion",
	.usage = "SHELL",
	.least = 1,
	.most = 1,
	.run = run_completion,
};
