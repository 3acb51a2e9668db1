// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl drain: no new logins for a while, and wait until everybody is out.
 *
 * The file is what counts (state/drain.h): it goes on when this program ends, whatever ends it.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/terminals.h"
#include "proto/fdpass.h"
#include "state/drain.h"
#include "state/record.h"

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
	(void)snprintf(buf, size, "this host takes no new logins since %s%s%s, by %s%s%s", since, d->until ? ", until " : "",
		       d->until ? until : "", d->by, d->text[0] ? ": " : "", d->text);
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
	int r = crl_drain_end(dir);

	if (r == -ENOENT)
		return ctl_complain(c, CTL_NO, "this host is not drained: it takes logins");
	if (r < 0)
		return ctl_complain(c, CTL_FAIL, "cannot remove %s/drain: %s", c->state, strerrordesc_np(-r));
	tell_log("over, logins are taken");
	(void)printf("this host takes logins again\n");
	return CTL_YES;
}

/* Returns false when the text is too long. */
static bool fill(const struct ctl *c, int argc, char **argv, struct crl_drain *ret)
{
	char text[CRL_DRAIN_TEXT_MAX * 4] = "";
	struct timespec now = {0};
	size_t len = 0;

	for (int i = 0; i < argc && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "", argv[i]);
	*ret = (struct crl_drain){.since = time(NULL)};
	(void)crl_escape_line(ret->text, sizeof(ret->text), text);
	ctl_who_acts(ret->by, sizeof(ret->by));
	if (c->for_s > 0 && clock_gettime(CLOCK_BOOTTIME, &now) == 0) {
		ret->until = ret->since + (int64_t)c->for_s;
		ret->until_ms = ((uint64_t)now.tv_sec + c->for_s) * 1000;
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
	char text[512], when[32];
	struct ctl_told told = {0};
	struct ctl_speech *s;

	text_time(d->since + (int64_t)c->timeout_s, when, sizeof(when));
	(void)snprintf(text, sizeof(text), "This host takes no new logins%s%s\nPlease save your work and log out.%s%s%s",
		       d->text[0] ? ": " : ".", d->text, c->kill ? " What is still open at " : "", c->kill ? when : "",
		       c->kill ? " is ended." : "");
	s = ctl_speech_new(text);
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
		       crl_escape(user, sizeof(user), room->user[0] ? room->user : room->id));
	r->rooms++;
}

/* End the rooms in which nobody is logged in, with @all every one; count what is left. */
static int sweep(const struct ctl *c, bool all, struct rest *ret, struct crl_err *err)
{
	struct crl_rooms rooms;
	int r = crl_rooms_read(c->state, &rooms, err);

	*ret = (struct rest){0};
	if (r < 0)
		return r;
	for (size_t i = 0; i < rooms.len; i++) {
		const struct crl_room_info *room = &rooms.item[i];
		struct crl_err why = {0};

		if (room->stale)
			continue;
		if (!all && !ctl_room_is_lingering(room))
			add_rest(ret, room);
		else if (ctl_room_kill(c, room, true, &why) < 0) {
			(void)ctl_error(c, &why);
			add_rest(ret, room);
		}
	}
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
		(void)fprintf(stderr, "\r\033[Kwaiting for %zu room%s: %.60s", r->rooms, r->rooms == 1 ? "" : "s", r->who);
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
		return ctl_complain(c, CTL_NO, "not yet drained: %zu room%s: %s", rest.rooms, rest.rooms == 1 ? "" : "s", rest.who);
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
	int r;

	if (!fill(c, argc, argv, &d))
		return ctl_complain(c, CTL_USAGE, "the text is longer than %d bytes, as it is shown", CRL_DRAIN_TEXT_MAX - 1);
	r = crl_drain_begin(dir, &d);
	if (r < 0)
		return ctl_complain(c, CTL_FAIL, "cannot write %s/drain: %s", c->state, strerrordesc_np(-r));
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

enum ctl_exit ctl_drain(const struct ctl *c, int argc, char **argv)
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
