// SPDX-License-Identifier: Apache-2.0
/* carrelctl wall: a text on every terminal of every room, or of those that are named. */
#include "ctl/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/act/terminals.h"
#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "state/rooms/rooms.h"

/* The words with blanks between them, or standard input. Returns false: too long. */
static bool take_text(int argc, char **argv, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	buf[0] = '\0';
	for (int i = 0; i < argc; i++) {
		int add = snprintf(buf + len, size - len, "%s%s", i > 0 ? " " : "", argv[i]);

		if (add < 0 || (size_t)add >= size - len)
			return false;
		len += (size_t)add;
	}
	while (argc == 0 && len + 1 < size && n > 0) {
		n = read(STDIN_FILENO, buf + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
	while (argc == 0 && len > 0 && buf[len - 1] == '\n')
		buf[--len] = '\0';
	return len + 1 < size;
}

static bool is_asked_for(const struct ctl *c, const struct crl_room_info *room)
{
	for (size_t i = 0; i < c->users_len; i++)
		if (ctl_is_of(room, c->users[i]))
			return true;
	return c->users_len == 0;
}

/* Each name that was given has to have a room. */
static enum ctl_exit tell_missing(const struct ctl *c, const struct crl_rooms *rooms)
{
	enum ctl_exit status = CTL_YES;

	for (size_t i = 0; i < c->users_len; i++) {
		bool found = false;

		for (size_t j = 0; j < rooms->len; j++)
			found |= !rooms->item[j].stale && ctl_is_of(&rooms->item[j], c->users[i]);
		if (!found)
			status = ctl_complain(c, CTL_NO, "no room, login or user %s with a live room", c->users[i]);
	}
	return status;
}

static void print(const struct ctl *c, const struct crl_rooms *rooms, const struct ctl_told *told)
{
	static const struct ctl_column column[] = {{"ROOM", false}, {"USER", false}, {"TOLD", true}, {"FAILED", true}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	for (size_t i = 0; i < rooms->len; i++) {
		if (rooms->item[i].stale || !is_asked_for(c, &rooms->item[i]))
			continue;
		ctl_cell(&t, "%s", rooms->item[i].id);
		ctl_cell(&t, "%s", rooms->item[i].user);
		ctl_cell_number(&t, told[i].told);
		ctl_cell_number(&t, told[i].failed);
	}
	ctl_table_print(c, &t);
	ctl_table_done(&t);
}

static enum ctl_exit run_wall(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct ctl_told *told = NULL;
	char text[CTL_SPEECH_MAX];
	enum ctl_exit status;
	struct crl_rooms rooms;
	struct crl_err err = {0};
	struct ctl_speech *s;

	if (!take_text(argc, argv, text, sizeof(text)))
		return ctl_complain(c, CTL_USAGE, "the text is longer than %d bytes", CTL_SPEECH_MAX - 2);
	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	told = calloc(rooms.len + 1, sizeof(*told));
	s = told ? ctl_speech_new(text, ctl_speech_language(c)) : NULL;
	if (!s) {
		crl_rooms_done(&rooms);
		return ctl_complain(c, CTL_FAIL, "out of memory");
	}
	for (size_t i = 0; i < rooms.len; i++)
		if (is_asked_for(c, &rooms.item[i]))
			ctl_speech_tell(s, &rooms.item[i], &told[i]);
	ctl_speech_end(s);
	print(c, &rooms, told);
	status = tell_missing(c, &rooms);
	for (size_t i = 0; i < rooms.len; i++)
		status = told[i].failed > 0 ? CTL_NO : status;
	crl_rooms_done(&rooms);
	return status;
}

const struct ctl_command ctl_wall_command = {
	.name = "wall",
	.usage = "[TEXT...]",
	.summary = "say something on every terminal of every room",
	.options =
		(const struct ctl_option[]){
			{.name = "user",
			 .value = "USER|ID",
			 .help = "only their rooms, or that one; may be given again",
			 .take = ctl_take_user,
			 .offer = CTL_OFFER_USER,
			 .again = true},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl wall --user alice back up your work: maintenance at 18:00",
			NULL,
		},
	.most = CTL_ARGUMENTS_MAX,
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.run = run_wall,
};
