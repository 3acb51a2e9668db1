// SPDX-License-Identifier: Apache-2.0
/* carrelctl log: logins that were let in, refused, or have left, as the host's log has them. */
#include "ctl/commands.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/pairs.h"
#include "base/parse.h"
#include "base/scope.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/look/log_read.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/when.h"
#include "wire/login.h"

#define LINES_MAX 10000 /* the newest ones */
#define DAY_S 86400

struct log_line {
	int64_t when_ms;
	char *text;
};

struct log_lines {
	struct log_line item[LINES_MAX];
	size_t len; /* all that were met: item[len % LINES_MAX] is the oldest once there are more than fit */
};

static void keep(void *arg, int64_t when_ms, const char *text)
{
	struct log_lines *lines = arg;
	struct log_line *l = &lines->item[lines->len % LINES_MAX];

	free(l->text);
	l->text = strdup(text);
	if (!l->text)
		abort(); /* as ctl_cell() */
	l->when_ms = when_ms;
	lines->len++;
}

/* "2h" ago, or a time as explain takes it, which is past here. */
static int parse_since(const char *text, time_t now, time_t *ret)
{
	uint64_t ago;

	if (crl_parse_duration(text, 0, INT32_MAX, &ago) == 0) {
		*ret = now - (time_t)ago;
		return 0;
	}
	if (ctl_parse_when(text, now, ret) < 0)
		return -EINVAL;
	if (*ret > now && !strchr(text, '-'))
		*ret -= isalpha((unsigned char)text[0]) ? 7 * DAY_S : DAY_S;
	return 0;
}

static void cell_text(struct ctl_table *t, const char *line, const char *key)
{
	char value[CRL_VISIBLE_MAX(CRL_USER_MAX)];

	if (crl_pair_find(line, key, value, sizeof(value))[0])
		ctl_cell(t, "%s", value);
	else
		ctl_no_cell(t);
}

/* Returns UINT64_MAX where the line has none. */
static uint64_t find_number(const char *line, const char *key)
{
	char value[24];
	uint64_t n;

	return crl_parse_uint(crl_pair_find(line, key, value, sizeof(value)), 0, UINT64_MAX - 1, &n) == 0 ? n
													  : UINT64_MAX;
}

static void cell_cpu(const struct ctl *c, struct ctl_table *t, const char *line)
{
	uint64_t ms = find_number(line, "cpu_ms");

	ctl_cell_cpu(c, t, ms > UINT64_MAX / 1000 ? UINT64_MAX : ms * 1000);
}

static void cell_memory(const struct ctl *c, struct ctl_table *t, const char *line)
{
	uint64_t own = find_number(line, "memory_peak");

	ctl_cell_size(c, t, own == UINT64_MAX ? find_number(line, "user_memory_peak") : own);
}

/* Refused: code and words. Left: how, and what it met. */
static void cell_why(struct ctl_table *t, const char *line)
{
	char stage[32], met[160];
	const char *errno_at = strstr(line, " errno="), *words = errno_at ? strstr(errno_at, ": ") : NULL;
	const char *how = strchr(line, '('), *end = how ? strchr(how, ')') : NULL;

	if (crl_pair_find(line, "stage", stage, sizeof(stage))[0])
		ctl_cell(t, "%s%s", stage, words ? words : "");
	else if (!end)
		ctl_no_cell(t);
	else if (crl_pair_find(line, "met", met, sizeof(met))[0])
		ctl_cell(t, "%.*s, met %s", (int)(end - how - 1), how + 1, met);
	else
		ctl_cell(t, "%.*s", (int)(end - how - 1), how + 1);
}

static const struct ctl_column columns[] = {
	{"WHEN", false},    {"EVENT", false}, {"USER", false},  {"UID", true},    {"POLICY", false},
	{"SERVICE", false}, {"RHOST", false}, {"TTY", false},   {"LOGIN", false}, {"ROOM", false},
	{"SECONDS", true},  {"CPU", true},    {"MEMORY", true}, {"KILLED", true}, {"WHY", false},
};

static void add_row(const struct ctl *c, struct ctl_table *t, const struct log_line *l)
{
	ctl_cell_since(t, l->when_ms / 1000, c->json);
	cell_text(t, l->text, "event");
	cell_text(t, l->text, "user");
	ctl_cell_number(t, find_number(l->text, "uid"));
	cell_text(t, l->text, "policy");
	cell_text(t, l->text, "service");
	cell_text(t, l->text, "rhost");
	cell_text(t, l->text, "tty");
	cell_text(t, l->text, "id");
	cell_text(t, l->text, "room");
	ctl_cell_number(t, find_number(l->text, "duration_s"));
	cell_cpu(c, t, l->text);
	cell_memory(c, t, l->text);
	ctl_cell_number(t, find_number(l->text, "killed"));
	cell_why(t, l->text);
}

static enum ctl_exit print(const struct ctl *c, const struct log_lines *lines, const char *source)
{
	const size_t shown = lines->len < LINES_MAX ? lines->len : LINES_MAX;
	struct ctl_table t = {.column = columns, .columns = CRL_ARRAY_LEN(columns)};

	for (size_t i = lines->len - shown; i < lines->len; i++)
		add_row(c, &t, &lines->item[i % LINES_MAX]);
	if (shown > 0 || c->json)
		ctl_table_print(c, &t);
	else
		(void)printf("No login is on record in %s.\n", source);
	ctl_table_done(&t);
	if (shown < lines->len)
		(void)ctl_complain(c, CTL_NO, "%zu older ones are not shown: --since asks for less",
				   lines->len - shown);
	return shown > 0 ? CTL_YES : CTL_NO;
}

static enum ctl_exit run_log(const struct ctl *c, int argc, char **argv)
{
	static struct log_lines lines;
	struct ctl_log_wish wish = {.file = c->file, .now_ms = crl_clock_ms()};
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)];
	const char *source = NULL;
	struct crl_err err = {0};
	enum ctl_exit status;
	time_t since;

	if (argc > 0)
		wish.user = crl_visible_field(user, sizeof(user), argv[0]);
	if (c->since) {
		if (parse_since(c->since, (time_t)(wish.now_ms / 1000), &since) < 0)
			return ctl_complain(c, CTL_USAGE,
					    "--since: found \"%s\", expected a time (2h, 22:30, Sat 22:30, 2026-11-28 "
					    "22:30)",
					    c->since);
		wish.since_ms = (int64_t)since * 1000;
	}
	if (ctl_log_read(&wish, keep, &lines, &source, &err) < 0)
		status = ctl_error(c, &err);
	else
		status = print(c, &lines, source);
	for (size_t i = 0; i < LINES_MAX; i++)
		free(lines.item[i].text);
	return status;
}

const struct ctl_command ctl_log_command = {
	.name = "log",
	.usage = "[USER]",
	.summary = "logins that were let in, refused, or have left",
	.options =
		(const struct ctl_option[]){
			{.name = "since",
			 .value = "WHEN",
			 .help = "from then on: 2h (ago), 22:30, \"Sat 22:30\" or \"2026-11-28 22:30\"",
			 CTL_TEXT(since)},
			{.name = "file",
			 .value = "FILE",
			 .help = "read syslog's FILE, not the journal or /var/log/auth.log",
			 CTL_TEXT(file),
			 .offer = CTL_OFFER_FILE},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl log alice --since 1d",
			"carrelctl log --since 2h --json",
			NULL,
		},
	.most = 1,
	.json = true,
	.looks_at_rooms = true,
	.offer = CTL_OFFER_USER,
	.run = run_log,
};
