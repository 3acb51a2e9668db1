// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl gc: the whole store tidied up, as carrelctl home USER gc does it for one. One entry that cannot be does not
 * keep the others from it.
 */
#include "ctl/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/parse.h"
#include "ctl/conf/storepath.h"
#include "ctl/home/actions.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "store/gc.h"

#define DAY_S 86400

/* One entry, by the words that a command has for it. */
struct gc_work {
	const struct ctl_command *group;
	char subject[CRL_OWNER_NAME_MAX + CRL_ENTRY_BASE_MAX + 1];
};

/* Entries are noted first: to go on with one takes its locks, and may move it. */
struct gc_works {
	const struct ctl *c;
	int64_t now;
	struct gc_work *item;
	size_t len, room;
};

static int note(struct gc_works *w, const struct ctl_command *group, const char *user, const char *base)
{
	struct gc_work *more = w->item;

	if (w->len == w->room) {
		more = reallocarray(w->item, w->room + 64, sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->item = more;
		w->room += 64;
	}
	w->item[w->len].group = group;
	(void)snprintf(w->item[w->len].subject, sizeof(w->item[w->len].subject), "%s%s%s", user, base ? ":" : "",
		       base ? base : "");
	w->len++;
	return 0;
}

static int note_entry(void *arg, const struct crl_gc_entry *e)
{
	struct gc_works *w = arg;
	const bool is_root = strncmp(e->name, CRL_STORE_ROOTS "/", sizeof(CRL_STORE_ROOTS)) == 0;
	const char *base = is_root ? strchr(e->name, '.') : NULL;

	if (e->is_orphan)
		return w->c->orphans && e->since + (int64_t)w->c->orphans <= w->now
			       ? note(w, &ctl_home_command, e->name, NULL)
			       : 0;
	if (!e->has_owner)
		return ctl_complain(w->c, 0, "%s: its record cannot be read", e->name);
	if (e->owner.form == CRL_FORM_NONE)
		return 0;
	return note(w, is_root ? &ctl_root_command : &ctl_home_command, e->owner.name, base ? base + 1 : NULL);
}

static enum ctl_exit gc_all(const struct gc_works *w)
{
	enum ctl_exit status = CTL_YES;

	for (size_t i = 0; i < w->len; i++) {
		struct ctl one = *w->c;
		enum ctl_exit did;

		one.group = w->item[i].group;
		one.subject = w->item[i].subject;
		one.yes = true; /* orphans: it was wanted, by --orphans */
		did = ctl_home_gc_action.run(&one, 0, (char *[]){NULL});
		if (did != CTL_YES)
			(void)ctl_complain(w->c, did, "%s %s is left as it is", one.group->name, one.subject);
		status = did > CTL_NO ? CTL_FAIL : status;
	}
	return status;
}

static enum ctl_exit run_gc_all(const struct ctl *c, int argc, char **argv)
{
	struct gc_works w = {.c = c, .now = (int64_t)time(NULL)};
	struct crl_store store = {.dir = -EBADF};
	scoped_free char *path = NULL;
	enum ctl_exit status = CTL_YES;
	struct crl_err err = {0};
	int rc = ctl_store_path(c, &path, &err);

	(void)argc;
	(void)argv;
	if (rc == 0)
		rc = crl_store_open(path, false, &store, &err);
	if (rc == -ENOENT)
		return CTL_YES; /* nothing was ever kept */
	if (rc == 0)
		rc = crl_gc_walk(&store, note_entry, &w, &err);
	crl_store_done(&store);
	status = rc < 0 ? ctl_error(c, &err) : gc_all(&w);
	free(w.item);
	return status;
}

static bool take_orphans(struct ctl *c, const struct ctl_option *o, const char *value)
{
	uint64_t days;

	if (crl_parse_uint(value, 1, 100000, &days) < 0) {
		(void)fprintf(stderr, "carrelctl: --%s: found \"%s\", expected a number of days\n", o->name, value);
		return false;
	}
	c->orphans = days * DAY_S;
	return true;
}

const struct ctl_command ctl_gc_command = {
	.name = "gc",
	.usage = "",
	.summary = "tidy up all that is kept of homes and roots",
	.options =
		(const struct ctl_option[]){
			{.name = "orphans",
			 .value = "DAYS",
			 .help = "remove what was moved aside so long ago, too",
			 .take = take_orphans},
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl gc", "carrelctl gc --orphans 90", NULL},
	.looks_at_rooms = true,
	.run = run_gc_all,
};
