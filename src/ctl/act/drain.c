// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl drain: no new logins for a while, and wait until everybody is out.
 *
 * The file is what counts (state/drain.h): it goes on when this program ends, whatever ends it.
 */
#include "ctl/act/drain.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "ctl/act/kill.h"
#include "ctl/act/terminals.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/conf/who.h"
#include "ctl/options.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "state/drain.h"
#include "state/rooms/record.h"
#include "state/rooms/rooms.h"
#include "wire/login.h"

#define LOOK_MS 500
#define ON_THE_WAY_MS 15000 /* a login takes no longer, or is refused */

static void text_time(int64_t at, char *buf, size_t size)
{
	time_t when = (time_t)at;
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&when, &tm))
		(void)strftime(buf, size, "%m-%d %H:%M", &tm);
}

static void text_of(const struct crl_drain *d, char *buf, size_t size)
{
	char since[32], until[32];

	text_time(d->since, since, sizeof(since));
	text_time(d->until, until, sizeof(until));
	(void)snprintf(buf, size, "this host takes no new logins since %s%s%s, by %s%s%s", since,
		       d->until ? ", until " : "", d->until ? until : "", d->by, d->text[0] ? ": " : "", d->text);
}

void ctl_drain_note(const struct ctl *c)
{
	scoped_fd dir = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_err err = {0};
	struct crl_drain d;
	char text[512];

	switch (dir < 0 ? CRL_DRAIN_NONE : crl_drain_look(dir, &d, &err)) {
	case CRL_DRAIN_ON:
		text_of(&d, text, sizeof(text));
		(void)ctl_complain(c, CTL_NO, "%s (carrelctl drain --off ends that)", text);
		break;
	case CRL_DRAIN_BROKEN:
		(void)ctl_error(c, &err);
		break;
	case CRL_DRAIN_NONE:
	case CRL_DRAIN_OVER:
		break;
	}
}

static enum ctl_exit tell_status(const struct ctl *c, int dir)
{
	struct crl_err err = {0};
	struct crl_drain d;
	char text[512];

	switch (crl_drain_look(dir, &d, &err)) {
	case CRL_DRAIN_ON:
		text_of(&d, text, sizeof(text));
		(void)printf("%s\n", text);
		return CTL_YES;
	case CRL_DRAIN_BROKEN:
		return ctl_error(c, &err);
	case CRL_DRAIN_NONE:
	case CRL_DRAIN_OVER:
		break;
	}
	(void)printf("this host takes logins\n");
	return CTL_NO;
}

static void tell_log(const char *what)
{
	char by[128];

	ctl_who_acts(by, sizeof(by));
	crl_log_open(NULL, false);
	crl_log(LOG_NOTICE, "drain: %s by=%s", what, by);
}

static enum ctl_exit end(const struct ctl *c, int dir)
{
	int rc = crl_drain_end(dir);

	if (rc == -ENOENT)
		return ctl_complain(c, CTL_NO, "this host is not drained: it takes logins");
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot remove %s/drain: %s", c->state, strerrordesc_np(-rc));
	tell_log("over, logins are taken");
	(void)printf("this host takes logins again\n");
	return CTL_YES;
}

/* Returns false when the text is too long. */
static bool fill(const struct ctl *c, int argc, char **argv, struct crl_drain *ret)
{
	char text[CRL_DRAIN_TEXT_MAX * 4] = "";
	size_t len = 0;

	for (int i = 0; i < argc && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "", argv[i]);
	*ret = (struct crl_drain){.since = time(NULL)};
	(void)crl_visible_line(ret->text, sizeof(ret->text), text);
	ctl_who_acts(ret->by, sizeof(ret->by));
	if (c->for_s > 0) {
		ret->until = ret->since + (int64_t)c->for_s;
		ret->until_ms = ((uint64_t)crl_boot_ms() / 1000 + c->for_s) * 1000;
	}
	return len < sizeof(ret->text) && strlen(text) <= strlen(ret->text);
}

/* Nobody is on the way in any more who has looked before. */
static bool await_logins(int dir)
{
	scoped_fd lock = -EBADF;

	for (int64_t give_up = crl_now_ms() + ON_THE_WAY_MS; crl_drain_lock(dir, LOCK_EX, &lock) < 0; crl_pause_ms(20))
		if (crl_now_ms() >= give_up)
			return false;
	return true;
}

static void tell_people(const struct ctl *c, const struct crl_rooms *rooms, const struct crl_drain *d)
{
	enum crl_language language = ctl_speech_language(c);
	char text[800], head[400], save[128], end[128] = "", when[32];
	struct ctl_told told = {0};
	struct ctl_speech *s;

	text_time(d->since + (int64_t)c->timeout_s, when, sizeof(when));
	(void)crl_say(head, sizeof(head),
		      &(struct crl_saying){language, d->text[0] ? CRL_PHRASE_DRAIN : CRL_PHRASE_DRAIN_MUTE}, d->text,
		      NULL);
	(void)crl_say(save, sizeof(save), &(struct crl_saying){language, CRL_PHRASE_DRAIN_SAVE}, NULL, NULL);
	if (c->kill)
		(void)crl_say(end, sizeof(end), &(struct crl_saying){language, CRL_PHRASE_DRAIN_END}, when, NULL);
	(void)snprintf(text, sizeof(text), "%s\n%s%s%s", head, save, end[0] ? " " : "", end);
	s = ctl_speech_new(text, language);
	for (size_t i = 0; i < rooms->len && s; i++)
		ctl_speech_tell(s, &rooms->item[i], &told);
	if (s)
		ctl_speech_end(s);
	(void)printf("%zu terminals were told%s\n", told.told, told.failed > 0 ? ", some did not take it" : "");
	(void)fflush(stdout);
}

/* What is in the way. */
struct rest {
	size_t rooms;
	char who[256]; /* their users */
};

static void add_rest(struct rest *r, const struct crl_room_info *room)
{
	size_t len = strlen(r->who);
	char user[CRL_USER_MAX * 4];

	(void)snprintf(r->who + len, sizeof(r->who) - len, "%s%s", r->rooms > 0 ? ", " : "",
		       crl_visible_field(user, sizeof(user), room->user[0] ? room->user : room->id));
	r->rooms++;
}

/* All are set going before one is waited for: their programs have their time side by side. */
static void end_rooms(const struct ctl *c, const struct crl_rooms *rooms, bool all, struct rest *rest)
{
	for (int waiting = 0; waiting <= 1; waiting++) {
		for (size_t i = 0; i < rooms->len; i++) {
			const struct crl_room_info *room = &rooms->item[i];
			struct crl_err why = {0};

			if (room->stale || (!all && !ctl_room_is_lingering(room)))
				continue;
			if ((waiting ? ctl_room_await_end(room, &why) : ctl_room_kill(c, room, false, &why)) == 0)
				continue;
			(void)ctl_error(c, &why);
			if (waiting)
				add_rest(rest, room);
		}
	}
}

/* End the rooms in which nobody is logged in, with @all every one; count what is left. */
static int sweep(const struct ctl *c, bool all, struct rest *ret, struct crl_err *err)
{
	struct crl_rooms rooms;
	int rc = crl_rooms_read(c->state, &rooms, err);

	*ret = (struct rest){0};
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < rooms.len; i++)
		if (!rooms.item[i].stale && !all && !ctl_room_is_lingering(&rooms.item[i]))
			add_rest(ret, &rooms.item[i]);
	end_rooms(c, &rooms, all, ret);
	if (rooms.unreadable > 0 && ret->rooms == 0) {
		(void)snprintf(ret->who, sizeof(ret->who), "%s: cannot be read", rooms.unreadable_name);
		ret->rooms = rooms.unreadable;
	}
	crl_rooms_done(&rooms);
	return 0;
}

static void show_progress(const struct rest *r)
{
	if (isatty(STDERR_FILENO) && r->rooms > 0)
		(void)fprintf(stderr, "\r\033[Kwaiting for %zu room%s: %.60s", r->rooms, r->rooms == 1 ? "" : "s",
			      r->who);
	else if (isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r\033[K");
}

static enum ctl_exit await_rooms(const struct ctl *c)
{
	int64_t give_up = crl_now_ms() + (int64_t)c->timeout_s * 1000;
	struct crl_err err = {0};
	struct rest rest;

	for (;;) {
		bool last = crl_now_ms() >= give_up;

		if (sweep(c, last && c->kill, &rest, &err) < 0)
			return ctl_error(c, &err);
		if (rest.rooms == 0 || last)
			break;
		show_progress(&rest);
		crl_pause_ms(LOOK_MS);
	}
	show_progress(&(struct rest){0});
	if (rest.rooms > 0)
		return ctl_complain(c, CTL_NO, "not yet drained: %zu room%s: %s", rest.rooms,
				    rest.rooms == 1 ? "" : "s", rest.who);
	(void)printf("drained: nobody is in, no room is left\n");
	return CTL_YES;
}

static enum ctl_exit begin(const struct ctl *c, int dir, int argc, char **argv)
{
	struct crl_err err = {0};
	struct crl_rooms rooms;
	enum ctl_exit status;
	struct crl_drain d;
	char text[512];
	int rc;

	if (!fill(c, argc, argv, &d))
		return ctl_complain(c, CTL_USAGE, "the text is longer than %d bytes, as it is shown",
				    CRL_DRAIN_TEXT_MAX - 1);
	rc = crl_drain_begin(dir, &d);
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot write %s/drain: %s", c->state, strerrordesc_np(-rc));
	text_of(&d, text, sizeof(text));
	tell_log(text);
	(void)printf("%s\nRoot and the break-glass group get in, nobody else. carrelctl drain --off ends it.\n", text);
	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	tell_people(c, &rooms, &d);
	crl_rooms_done(&rooms);
	if (!await_logins(dir))
		return ctl_complain(c, CTL_NO, "a login that began before is still on its way in");
	status = await_rooms(c);
	return status;
}

static enum ctl_exit run_drain(const struct ctl *c, int argc, char **argv)
{
	struct crl_state state = {-EBADF, -EBADF, -EBADF};
	struct crl_err err = {0};
	enum ctl_exit status;

	if ((c->off || c->status) && (argc > 0 || c->kill || c->for_s > 0 || (c->off && c->status)))
		return ctl_complain(c, CTL_USAGE, "--off and --status stand alone");
	if (crl_state_open(c->state, &state, &err) < 0)
		return ctl_error(c, &err);
	status = c->status ? tell_status(c, state.dir) : c->off ? end(c, state.dir) : begin(c, state.dir, argc, argv);
	crl_state_done(&state);
	return status;
}

const struct ctl_command ctl_drain_command = {
	.name = "drain",
	.usage = "[TEXT...]",
	.summary = "take no new logins and wait until nobody is in",
	.options =
		(const struct ctl_option[]){
			{.name = "status", .help = "only tell whether logins are taken", CTL_FLAG(status)},
			{.name = "for",
			 .value = "TIME",
			 .help = "logins are taken again after that, such as 30m or 2h",
			 .take = ctl_take_duration,
			 .at = offsetof(struct ctl, for_s),
			 .offer = CTL_OFFER_TIME},
			{.name = "timeout",
			 .value = "TIME",
			 .help = "how long to wait until nobody is in; 10m without it",
			 .take = ctl_take_wait,
			 .at = offsetof(struct ctl, timeout_s),
			 .offer = CTL_OFFER_TIME},
			{.name = "kill", .help = "then end what is left", CTL_FLAG(kill)},
			{.name = "off", .help = "take logins again", CTL_FLAG(off)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl drain --for 2h --kill maintenance until 20:00",
			"carrelctl drain --off",
			NULL,
		},
	.most = CTL_ARGUMENTS_MAX,
	.looks_at_rooms = true,
	.run = run_drain,
};
