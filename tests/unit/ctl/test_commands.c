// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of commands and options: whole, without contradiction, and what carrelctl(8) says. Run in the source tree.
 */
#include <ctype.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/commands.h"
#include "ctl/options.h"

#define MANUAL "docs/man/carrelctl.8"

static char *read_manual(void)
{
	scoped_free char *text = calloc(1, 1 << 20);
	FILE *f = fopen(MANUAL, "re");

	assert_non_null(text);
	assert_non_null(f);
	assert_in_range(fread(text, 1, (1 << 20) - 1, f), 1, (1 << 20) - 2);
	(void)fclose(f);
	return strdup(text);
}

/* The heads of all entries of a command, `.It Cm NAME …`, one after the other; to be freed. */
static char *heads_of(const char *manual, const char *name)
{
	char *ret = calloc(1, strlen(manual) + 1), start[80];

	assert_non_null(ret);
	(void)snprintf(start, sizeof(start), "\n.It Cm %s", name);
	for (const char *p = strstr(manual, start); p; p = strstr(p + 1, start)) {
		const char *rest = p + strlen(start);

		if (*rest == ' ' || *rest == '\n')
			(void)strncat(ret, rest, strcspn(rest, "\n"));
	}
	return ret;
}

static bool has_word(const char *text, const char *before, const char *word)
{
	char want[80];
	const char *p;

	(void)snprintf(want, sizeof(want), "%s %s", before, word);
	for (p = strstr(text, want); p; p = strstr(p + 1, want))
		if (!isalnum((unsigned char)p[strlen(want)]) && p[strlen(want)] != '-')
			return true;
	return false;
}

/* An option of the command or of one of its actions, whose heads begin as its own. */
static bool takes(const struct ctl_command *k, const char *option)
{
	for (const struct ctl_command *const *a = k->actions; a && *a; a++)
		if (ctl_options_has(*a, option))
			return true;
	return ctl_options_has(k, option) || (k->json && strcmp(option, "json") == 0);
}

static void check_head(const struct ctl_command *k, const char *head)
{
	char word[40];

	for (const struct ctl_option *o = k->options; o && o->name; o++) {
		(void)snprintf(word, sizeof(word), "-%s", o->name);
		if (strcmp(o->name, "pam-dir") != 0 && !has_word(head, "Fl", word))
			fail_msg("carrelctl(8), %s: no --%s in \"%s\"", k->name, o->name, head);
	}
	for (const char *p = strstr(head, "Fl -"); p; p = strstr(p + 1, "Fl -")) {
		(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(p + 4, " \n"), p + 4);
		if (word[0] && !takes(k, word))
			fail_msg("carrelctl(8), %s: it has no --%s", k->name, word);
	}
}

/* USER of the usage is Ar user, or user behind a bar. */
static void check_arguments(const struct ctl_command *k, const char *head)
{
	for (const char *p = k->usage; *p; p++) {
		char word[40];
		size_t n = 0;

		for (; isupper((unsigned char)p[n]) && n < sizeof(word) - 1; n++)
			word[n] = (char)tolower((unsigned char)p[n]);
		word[n] = '\0';
		if (n > 0 && !has_word(head, "Ar", word) && !has_word(head, "|", word))
			fail_msg("carrelctl(8), %s: no argument %s in \"%s\"", k->name, word, head);
		p += n > 0 ? n - 1 : 0;
	}
}

/* Of two commands with the same actions the first has their entries: .It Cm COMMAND Ar subject Cm ACTION. */
static void check_actions(const char *manual, const struct ctl_command *k)
{
	for (const struct ctl_command *const *before = ctl_commands; *before != k; before++)
		if ((*before)->actions == k->actions)
			return;
	for (const struct ctl_command *const *a = k->actions; a && *a; a++) {
		scoped_free char *head = NULL;
		char name[80], subject[40] = "";

		for (size_t i = 0; k->subject && isalpha((unsigned char)k->subject[i]) && i < sizeof(subject) - 1; i++)
			subject[i] = (char)tolower((unsigned char)k->subject[i]);
		(void)snprintf(name, sizeof(name), "%s %s%s%sCm %s", k->name, subject[0] ? "Ar " : "", subject,
			       subject[0] ? " " : "", (*a)->name);
		head = heads_of(manual, name);
		if (head[0] == '\0' && ((*a)->usage[0] || !strstr(manual, name)))
			fail_msg("carrelctl(8) has no entry .It Cm %s", name);
		check_head(*a, head);
		check_arguments(*a, head);
	}
}

static void manual_has_each_command(void **state)
{
	scoped_free char *manual = read_manual();

	(void)state;
	for (const struct ctl_command *const *k = ctl_commands; *k; k++) {
		scoped_free char *head = heads_of(manual, (*k)->name);

		if (!strstr(manual, (*k)->name) || (head[0] == '\0' && (*k)->usage[0]))
			fail_msg("carrelctl(8) has no entry of %s", (*k)->name);
		check_head(*k, head);
		check_arguments(*k, head);
		check_actions(manual, *k);
	}
}

static void manual_has_options_of_all(void **state)
{
	scoped_free char *manual = read_manual();
	const char *options = strstr(manual, ".Sh OPTIONS");
	char word[40];

	(void)state;
	assert_non_null(options);
	for (const struct ctl_option *o = ctl_options_of_all; o->name; o++) {
		(void)snprintf(word, sizeof(word), "-%s", o->name);
		if (!has_word(options, "Fl", word))
			fail_msg("carrelctl(8), OPTIONS: no --%s", o->name);
	}
}

static void check_options(const struct ctl_command *const *k, const struct ctl_option *const *all, size_t n)
{
	for (; k && *k; k++) {
		for (const struct ctl_option *o = (*k)->options; o && o->name; o++) {
			size_t i = 0;

			while (strcmp(all[i]->name, o->name) != 0)
				assert_in_range(++i, 0, n - 1);
			assert_true(all[i]->take == o->take);
			assert_int_equal(all[i]->at, o->at);
			assert_int_equal(all[i]->offer, o->offer);
			assert_int_equal(all[i]->value != NULL, o->value != NULL);
		}
		check_options((*k)->actions, all, n);
	}
}

/* Options are read before it is known which command takes them. */
static void one_name_is_one_option(void **state)
{
	const struct ctl_option *all[CTL_OPTIONS_MAX];
	size_t n = ctl_options_all(all);

	(void)state;
	assert_in_range(n, 10, CTL_OPTIONS_MAX - 1);
	check_options(ctl_commands, all, n);
}

static void check_example(const struct ctl_command *k, const char *line)
{
	const char *end = line + strcspn(line, "|>"); /* what comes behind is another program's */

	if (strncmp(line, "carrelctl ", 10) != 0 || !has_word(line, "", k->name))
		fail_msg("%s: an example of something else: %s", k->name, line);
	for (const char *p = strstr(line, "--"); p && p < end; p = strstr(p + 2, "--")) {
		char name[40];
		bool known = false;

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(p + 2, " "), p + 2);
		for (const struct ctl_option *o = ctl_options_of_all; o->name; o++)
			known = known || strcmp(o->name, name) == 0;
		if (name[0] && !known && !ctl_options_has(k, name))
			fail_msg("%s: an example with --%s, which it does not take", k->name, name);
	}
}

/* @of  whose actions they are; NULL = the commands themselves */
static void check_whole(const struct ctl_command *of, const struct ctl_command *const *k)
{
	for (; k && *k; k++) {
		assert_true((of ? ctl_command_action(of, (*k)->name) : ctl_command_find((*k)->name)) == *k);
		assert_true(!of || (*k)->summary);
		assert_non_null((*k)->usage);
		assert_non_null((*k)->run);
		assert_in_range((*k)->least, 0, (*k)->most);
		for (const struct ctl_option *o = (*k)->options; o && o->name; o++) {
			assert_non_null(o->help);
			assert_non_null(o->take);
		}
		for (const char *const *line = (*k)->examples; line && *line; line++)
			check_example(*k, *line);
		check_whole(*k, (*k)->actions);
	}
}

static void each_is_whole(void **state)
{
	(void)state;
	check_whole(NULL, ctl_commands);
	assert_null(ctl_command_find("chek"));
}

static char *argv[16];

static void forget(void)
{
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	memset(argv, 0, sizeof(argv));
}

/* Until forget(): what was taken points into the words. */
static int parse(const char *const *words, struct ctl_request *ret)
{
	int argc = 0, first;

	forget();
	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	optind = 0; /* from the beginning */
	*ret = (struct ctl_request){.givens = 0};
	return ctl_options_parse(argc, argv, ret, &first);
}

static void values_go_where_they_belong(void **state)
{
	struct ctl_request r;

	(void)state;
	assert_int_equal(
		parse((const char *[]){"carrelctl", "--notes", "top", "--interval", "2.5", "--for=90s", NULL}, &r), 1);
	assert_true(r.c.notes);
	assert_false(r.c.all);
	assert_int_equal(r.c.interval_ms, 2500);
	assert_int_equal(r.c.for_s, 90);
	assert_int_equal(r.givens, 3);
	assert_string_equal(r.given[1]->name, "interval");
	assert_int_equal(parse((const char *[]){"carrelctl", "wall", "--user", "a", "--user", "b", "x", NULL}, &r), 2);
	assert_int_equal(r.c.users_len, 2);
	assert_string_equal(r.c.users[0], "a");
	assert_string_equal(r.c.user, "b");
	assert_int_equal(r.givens, 1);
	forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_has_each_command),     cmocka_unit_test(manual_has_options_of_all),
		cmocka_unit_test(one_name_is_one_option),      cmocka_unit_test(each_is_whole),
		cmocka_unit_test(values_go_where_they_belong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
