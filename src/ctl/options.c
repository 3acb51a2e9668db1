// SPDX-License-Identifier: Apache-2.0
/* The command line; see options.h. */
#include "ctl/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/parse.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/print/when.h"

#define DURATION_MAX_S (30 * 86400)
#define FIRST 256 /* of the numbers that getopt_long() gives options: no character */

bool ctl_take_text(struct ctl *c, const struct ctl_option *o, const char *value)
{
	*(const char **)((char *)c + o->at) = value;
	return true;
}

bool ctl_take_flag(struct ctl *c, const struct ctl_option *o, const char *value)
{
	(void)value;
	*(bool *)((char *)c + o->at) = true;
	return true;
}

bool ctl_take_user(struct ctl *c, const struct ctl_option *o, const char *value)
{
	(void)o;
	c->user = value;
	if (c->users_len < CTL_USERS_MAX) {
		c->users[c->users_len++] = value;
		return true;
	}
	(void)fprintf(stderr, "carrelctl: --user can be given %d times\n", CTL_USERS_MAX);
	return false;
}

bool ctl_take_when(struct ctl *c, const struct ctl_option *o, const char *value)
{
	(void)o;
	if (ctl_parse_when(value, time(NULL), &c->when) == 0)
		return true;
	(void)fprintf(stderr, "carrelctl: --time wants 22:30, \"Sat 22:30\" or \"2026-11-28 22:30\"\n");
	return false;
}

static bool take_seconds(struct ctl *c, const struct ctl_option *o, const char *value, uint64_t least)
{
	if (crl_parse_duration(value, least, DURATION_MAX_S, (uint64_t *)(void *)((char *)c + o->at)) == 0)
		return true;
	(void)fprintf(stderr, "carrelctl: --%s wants a time such as 90s, 30m, 2h or 1d, at most 30d\n", o->name);
	return false;
}

bool ctl_take_duration(struct ctl *c, const struct ctl_option *o, const char *value)
{
	return take_seconds(c, o, value, 1);
}

bool ctl_take_wait(struct ctl *c, const struct ctl_option *o, const char *value)
{
	return take_seconds(c, o, value, 0);
}

const struct ctl_option ctl_options_of_all[] = {
	{.name = "config",
	 .value = "FILE",
	 .help = "another configuration",
	 .instead_of = CRL_CONFIG_PATH,
	 CTL_TEXT(config),
	 .offer = CTL_OFFER_FILE},
	{.name = "state",
	 .value = "DIR",
	 .help = "another state directory",
	 .instead_of = CRL_STATE_DIR,
	 CTL_TEXT(state),
	 .offer = CTL_OFFER_DIRECTORY},
	{.name = "json", .help = "for programs", CTL_FLAG(json)},
	{.name = "no-pager", .help = "long answers straight to the terminal", CTL_FLAG(no_pager)},
	CTL_OPTION_PAM_DIR,
	{.name = "helper",
	 .value = "FILE",
	 .help = "another helper",
	 .instead_of = CRL_HELPER_PATH,
	 CTL_TEXT(helper),
	 .offer = CTL_OFFER_FILE},
	{.name = "module",
	 .value = "FILE",
	 .help = "instead of the installed one",
	 CTL_TEXT(module),
	 .offer = CTL_OFFER_FILE},
	{.name = "help", .help = "how it is used", CTL_FLAG(help)},
	{.name = "version", .help = "of carrelctl", CTL_FLAG(version)},
	{.name = NULL},
};

static bool has(const struct ctl_option *o, const char *name)
{
	for (; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

bool ctl_options_has(const struct ctl_command *k, const char *name)
{
	return has(k->options, name);
}

static size_t add(const struct ctl_option **all, size_t n, const struct ctl_option *o)
{
	for (; o && o->name; o++) {
		size_t i = 0;

		while (i < n && strcmp(all[i]->name, o->name) != 0)
			i++;
		if (i == n && n < CTL_OPTIONS_MAX)
			all[n++] = o;
	}
	return n;
}

size_t ctl_options_all(const struct ctl_option **ret)
{
	size_t n = add(ret, 0, ctl_options_of_all);

	for (const struct ctl_command *const *k = ctl_commands; *k; k++) {
		n = add(ret, n, (*k)->options);
		for (const struct ctl_command *const *a = (*k)->actions; a && *a; a++)
			n = add(ret, n, (*a)->options);
	}
	return n;
}

/* getopt_long has said that there is no such option. */
static void hint_option(const char *given, const struct ctl_option *const *all, size_t n)
{
	struct crl_nearest nearest;
	char name[80];

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(given, "="), given);
	if (optopt || strncmp(name, "--", 2) != 0)
		return;
	crl_nearest_begin(&nearest, name + 2);
	for (size_t i = 0; i < n; i++)
		crl_nearest_offer(&nearest, all[i]->name);
	if (nearest.name[0])
		(void)fprintf(stderr, "carrelctl: did you mean --%s?\n", nearest.name);
}

static void remember(struct ctl_request *r, const struct ctl_option *o)
{
	for (size_t i = 0; i < r->givens; i++)
		if (r->given[i] == o)
			return;
	r->given[r->givens++] = o;
}

int ctl_options_parse(int argc, char **argv, struct ctl_request *r, int *ret_first)
{
	const struct ctl_option *all[CTL_OPTIONS_MAX];
	struct option options[CTL_OPTIONS_MAX + 1] = {{.name = NULL}};
	size_t n = ctl_options_all(all);
	const struct ctl_option *o;
	int option;

	for (size_t i = 0; i < n; i++)
		options[i] = (struct option){all[i]->name, all[i]->value ? required_argument : no_argument, NULL,
					     FIRST + (int)i};
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option == '?') {
			hint_option(argv[optind - 1], all, n);
			return -1;
		}
		if (option == 'h') {
			r->c.help = true;
			continue;
		}
		o = all[option - FIRST];
		if (!has(ctl_options_of_all, o->name))
			remember(r, o);
		if (!o->take(&r->c, o, optarg))
			return -1;
	}
	*ret_first = optind;
	return argc - optind;
}
