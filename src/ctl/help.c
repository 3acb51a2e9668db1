// SPDX-License-Identifier: Apache-2.0
/* carrelctl help, and --help of each command: what its table says; see help.h. */
#include "ctl/help.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/options.h"
#include "ctl/print/out.h"

#define NAME_COLUMN "10"
#define USAGE_COLUMN 24 /* what is longer has a line of its own */

static void print_command(const struct ctl_command *k)
{
	(void)printf("  %-" NAME_COLUMN "s %s", k->name, k->usage);
	if (strlen(k->usage) > USAGE_COLUMN)
		(void)printf("\n  %-" NAME_COLUMN "s %-*s", "", USAGE_COLUMN, "");
	else
		(void)printf("%*s", USAGE_COLUMN - (int)strlen(k->usage), "");
	(void)printf(" %s\n", k->summary);
}

void ctl_help_print(void)
{
	(void)printf("usage: carrelctl [--config FILE] [--state DIR] COMMAND [ARGUMENT...]\n\n");
	for (const struct ctl_command *const *k = ctl_commands; *k; k++)
		if ((*k)->summary)
			print_command(*k);
	(void)printf("\ncarrelctl COMMAND --help tells more; so does carrelctl(8).\n"
		     "Exit status: 0 yes or done, 1 no or nothing there, 2 usage, 3 the system would not.\n");
}

static void print_option(const struct ctl_option *o)
{
	char shown[64];

	(void)snprintf(shown, sizeof(shown), "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	(void)printf("  --%-14s %s%s%s\n", shown, o->help, o->instead_of ? ", instead of " : "",
		     o->instead_of ? o->instead_of : "");
}

static void print_actions(const struct ctl_command *k)
{
	for (const struct ctl_command *const *a = k->actions; *a; a++)
		if (!ctl_command_refuses(k, *a))
			(void)printf("  %-9s %-20s %s\n", (*a)->name, (*a)->usage, (*a)->summary);
	(void)printf("\ncarrelctl help %s ACTION tells more.\n\n", k->name);
}

/* A summary that asks is no sentence that wants a full stop. */
static void print_summary(const struct ctl_command *group, const struct ctl_command *k)
{
	const char *text = k->summary ?: "for programs: see carrelctl(8)";

	if (group && ctl_command_refuses(group, k))
		text = "refused, and says what to do instead";
	(void)printf("%s%s\n\n", text, text[0] && text[strlen(text) - 1] == '?' ? "" : ".");
}

/* Two commands have the same actions, with the examples of one: what is asked for stands in them. */
static void print_example(const struct ctl_command *group, const char *line)
{
	const size_t program = strlen("carrelctl ");
	const char *rest = group ? strchr(line + program, ' ') : NULL;

	if (rest)
		(void)printf("  carrelctl %s%s\n", group->name, rest);
	else
		(void)printf("  %s\n", line);
}

void ctl_help_print_command(const struct ctl_command *group, const struct ctl_command *k)
{
	(void)printf("usage: carrelctl ");
	if (group)
		(void)printf("%s %s%s", group->name, group->subject ? group->subject : "", group->subject ? " " : "");
	(void)printf("%s [OPTION...]%s%s\n\n", k->name, k->usage[0] ? " " : "", k->usage);
	print_summary(group, k);
	if (k->actions)
		print_actions(k);
	for (size_t i = 0; i < (k->json ? CTL_OPTIONS_TOLD_OF_TABLES : CTL_OPTIONS_TOLD); i++)
		print_option(&ctl_options_of_all[i]);
	for (const struct ctl_option *o = k->options; o && o->name; o++)
		print_option(o);
	if (!k->examples || (group && ctl_command_refuses(group, k)))
		return;
	(void)printf("\nFor example:\n");
	for (const char *const *line = k->examples; *line; line++)
		print_example(group, *line);
}

static enum ctl_exit run_help(const struct ctl *c, int argc, char **argv)
{
	const struct ctl_command *k = argc > 0 ? ctl_command_find(argv[0]) : NULL;
	const struct ctl_command *action = k && argc > 1 ? ctl_command_action(k, argv[1]) : NULL;

	if (argc == 0)
		ctl_help_print();
	else if (!k)
		ctl_command_unknown(NULL, argv[0]);
	else if (argc > 1 && !k->actions)
		return ctl_complain(c, CTL_USAGE, "%s has no actions", k->name);
	else if (argc > 1 && !action)
		ctl_command_unknown(k, argv[1]);
	else
		ctl_help_print_command(action ? k : NULL, action ? action : k);
	return argc > 0 && (!k || (argc > 1 && !action)) ? CTL_USAGE : CTL_YES;
}

const struct ctl_command ctl_help_command = {
	.name = "help",
	.usage = "[COMMAND [ACTION]]",
	.summary = "how a command is used",
	.examples = (const char *const[]){"carrelctl help explain", NULL},
	.most = 2,
	.offer = CTL_OFFER_COMMAND,
	.run = run_help,
};
