// SPDX-License-Identifier: Apache-2.0
/*
 * Jobs that the host runs as a user: what they have in cron's and at's spools, and what root has put into tables and
 * units that run something in their home. A service with carrel's lines runs them in rooms. See doors.h.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/scope.h"
#include "ctl/host/doors.h"
#include "wire/login.h"

#define EACH_MOST 10 /* findings of one kind */

struct spool {
	const struct ctl_doors *d;
	const char *service; /* PAM, for the text */
	const char *what;
	size_t told;
};

static void tell_job(struct spool *s, const char *path, int line, const char *what, const char *user)
{
	char mend[80];

	if (s->told++ >= EACH_MOST)
		return;
	(void)snprintf(mend, sizeof(mend), "carrelctl enable %s, or take the job out", s->service);
	ctl_door_say(s->d, path, line, s->service[0] ? mend : "take the job out", "%s of %s runs outside of rooms",
		     what, user);
}

/* A spool file is named after its user. */
static void look_at_table(void *arg, const char *path, const char *name)
{
	struct spool *s = arg;
	char home[CRL_HOME_MAX];

	if (s->d->is_isolated(s->d->arg, name, 0, home))
		tell_job(s, path, 0, s->what, name);
}

/* One of at's belongs to its user, whose name is not in it. */
static void look_at_job(void *arg, const char *path, const char *name)
{
	struct spool *s = arg;
	char full[PATH_MAX], home[CRL_HOME_MAX], user[24];
	struct stat st;

	(void)name;
	ctl_door_path(s->d, path, full, sizeof(full));
	if (lstat(full, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid == 0 ||
	    !s->d->is_isolated(s->d->arg, NULL, st.st_uid, home))
		return;
	(void)snprintf(user, sizeof(user), "uid %u", st.st_uid);
	tell_job(s, path, 0, s->what, user);
}

struct table {
	struct spool *spool;
	const char *path;
};

/* "M H D M W USER COMMAND" or "@daily USER COMMAND". */
static bool look_at_system_line(void *arg, const char *line, int number)
{
	struct table *t = arg;
	char word[256], user[CRL_USER_MAX], home[CRL_HOME_MAX] = "";

	if (!ctl_door_word(line, 0, word, sizeof(word)) || word[0] == '#' || strchr(word, '='))
		return true;
	if (ctl_door_word(line, word[0] == '@' ? 1 : 5, user, sizeof(user)) &&
	    t->spool->d->is_isolated(t->spool->d->arg, user, 0, home) && ctl_door_names_home(line, home))
		tell_job(t->spool, t->path, number, "this job in the home", user);
	return true;
}

static void look_at_system_table(void *arg, const char *path, const char *name)
{
	struct spool *s = arg;
	struct table t = {.spool = s, .path = path};

	(void)name;
	crl_ignore(ctl_door_lines(s->d, path, look_at_system_line, &t));
}

static void look_at_cron(const struct ctl_doors *d, const char *service)
{
	struct spool s = {.d = d, .service = service, .what = "the crontab"};

	ctl_door_files(d, "/var/spool/cron/crontabs", look_at_table, &s);
	ctl_door_files(d, "/var/spool/cron/tabs", look_at_table, &s);
	ctl_door_files(d, "/var/spool/cron", look_at_table, &s);
	s.told = 0;
	look_at_system_table(&s, "/etc/crontab", "crontab");
	ctl_door_files(d, "/etc/cron.d", look_at_system_table, &s);
}

struct unit {
	struct spool *spool;
	const char *path;
	char user[CRL_USER_MAX];
	char home[CRL_HOME_MAX];
};

static bool read_unit_user(void *arg, const char *line, int number)
{
	struct unit *u = arg;

	(void)number;
	line += strspn(line, " \t");
	if (strncmp(line, "User=", 5) == 0)
		(void)snprintf(u->user, sizeof(u->user), "%s", line + 5);
	return true;
}

static bool read_unit_command(void *arg, const char *line, int number)
{
	const struct unit *u = arg;

	line += strspn(line, " \t");
	if (strncmp(line, "Exec", 4) != 0 || !(ctl_door_names_home(line, u->home) || strstr(line, "%h/")))
		return true;
	tell_job(u->spool, u->path, number, "this service in the home", u->user);
	return false;
}

/* A service of root's making that runs something in the home of its user. */
static void look_at_unit(void *arg, const char *path, const char *name)
{
	struct spool *s = arg;
	struct unit u = {.spool = s, .path = path};
	size_t len = strlen(name);
	uint64_t uid;
	bool isolated;

	if (len < 8 || strcmp(name + len - 8, ".service") != 0 || !ctl_door_lines(s->d, path, read_unit_user, &u) ||
	    !u.user[0])
		return;
	if (crl_parse_uint(u.user, 1, UINT32_MAX - 1, &uid) == 0)
		isolated = s->d->is_isolated(s->d->arg, NULL, (uint32_t)uid, u.home);
	else
		isolated = s->d->is_isolated(s->d->arg, u.user, 0, u.home);
	if (isolated)
		crl_ignore(ctl_door_lines(s->d, path, read_unit_command, &u));
}

void ctl_door_jobs(const struct ctl_doors *d)
{
	struct spool at = {.d = d, .service = "atd", .what = "a job of at"};
	struct spool incron = {.d = d, .service = "", .what = "the incrontab"};
	struct spool units = {.d = d, .service = "", .what = ""};

	if (ctl_door_exists(d, "/usr/sbin/cron") && ctl_door_is_served(d, "cron") && !ctl_door_has_carrel(d, "cron"))
		look_at_cron(d, "cron");
	else if (ctl_door_exists(d, "/usr/sbin/crond") && ctl_door_is_served(d, "crond cronie") &&
		 !ctl_door_has_carrel(d, "crond"))
		look_at_cron(d, "crond");
	if (ctl_door_exists(d, "/usr/sbin/atd") && ctl_door_is_served(d, "atd") && !ctl_door_has_carrel(d, "atd")) {
		ctl_door_files(d, "/var/spool/cron/atjobs", look_at_job, &at);
		ctl_door_files(d, "/var/spool/at", look_at_job, &at);
	}
	if (ctl_door_exists(d, "/usr/sbin/incrond") && ctl_door_is_served(d, "incrond incron"))
		ctl_door_files(d, "/var/spool/incron", look_at_table, &incron);
	ctl_door_files(d, "/etc/systemd/system", look_at_unit, &units);
}
