// SPDX-License-Identifier: Apache-2.0
/* The command line: options that stand in the commands' own tables, and those that all commands take. */
#pragma once

#include <stddef.h>

#include "ctl/command.h"

/* For tables: what becomes of the value. Behind each what it goes to. */
bool ctl_take_text(struct ctl *c, const struct ctl_option *o, const char *value); /* const char * */
bool ctl_take_flag(struct ctl *c, const struct ctl_option *o, const char *value); /* bool */
bool ctl_take_user(struct ctl *c, const struct ctl_option *o, const char *value); /* user, users */
bool ctl_take_duration(struct ctl *c, const struct ctl_option *o, const char *value); /* uint64_t, seconds */
bool ctl_take_wait(struct ctl *c, const struct ctl_option *o, const char *value); /* uint64_t, seconds, or 0 */
bool ctl_take_when(struct ctl *c, const struct ctl_option *o, const char *value); /* when */

#define CTL_TEXT(field) .take = ctl_take_text, .at = offsetof(struct ctl, field)
#define CTL_FLAG(field) .take = ctl_take_flag, .at = offsetof(struct ctl, field)

/* Taken by all commands, and told by those to whom it matters. */
#define CTL_OPTION_PAM_DIR \
	{ \
		.name = "pam-dir", .value = "DIR", .help = "instead of /etc/pam.d", CTL_TEXT(pam_dir), \
		.offer = CTL_OFFER_DIRECTORY \
	}

/* Who is played where somebody has to be. */
#define CTL_OPTION_TRY_AS \
	{ \
		.name = "user", .value = "USER", .help = "try it as USER, not as the first person of this host", \
		.take = ctl_take_user, .offer = CTL_OFFER_USER \
	}

/* Which login of the user is meant. */
#define CTL_OPTIONS_OF_LOGIN \
	{.name = "service", \
	 .value = "S", \
	 .help = "of a login by PAM service S, not sshd", \
	 CTL_TEXT(service), \
	 .offer = CTL_OFFER_SERVICE}, \
		{.name = "rhost", .value = "A", .help = "from address A, not a local one", CTL_TEXT(rhost)}, \
		{.name = "tty", .value = "T", .help = "on terminal T", CTL_TEXT(tty)}, \
	{ \
		.name = "time", .value = "WHEN", .take = ctl_take_when, \
		.help = "at 22:30, \"Sat 22:30\" or \"2026-11-28 22:30\", not now" \
	}

/* What is shown of what was found. */
#define CTL_OPTIONS_OF_FINDINGS \
	{.name = "notes", .help = "notes as well: what may be meant as it is", CTL_FLAG(notes)}, \
	{ \
		.name = "all", .help = "notes, and what the configuration acknowledges", CTL_FLAG(all) \
	}

/* Of all commands, up to one without a name. */
extern const struct ctl_option ctl_options_of_all[];
#define CTL_OPTIONS_TOLD 2 /* the first ones, in the help of every command */
#define CTL_OPTIONS_TOLD_OF_TABLES 4 /* and of one that prints a table */

#define CTL_OPTIONS_MAX 64 /* of all commands together */

/* What a command line asks for. */
struct ctl_request {
	struct ctl c;
	const struct ctl_option *given[CTL_OPTIONS_MAX]; /* those that not every command takes, each once */
	size_t givens;
};

/*
 * Every option that there is, each once: those of all, then those of the commands.
 * @ret  CTL_OPTIONS_MAX of them
 * Returns how many.
 */
size_t ctl_options_all(const struct ctl_option **ret);

/* Does the command have an option of that name? */
bool ctl_options_has(const struct ctl_command *k, const char *name);

/*
 * Options may stand before and after the command. Returns the number of words left, which are at the end of @argv from
 * @ret_first on; or -1, and what is wrong has been said.
 */
int ctl_options_parse(int argc, char **argv, struct ctl_request *r, int *ret_first);
