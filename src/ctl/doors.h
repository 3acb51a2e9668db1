// SPDX-License-Identifier: Apache-2.0
/*
 * Programs of the host that run, or follow, outside of rooms what is in a user's home or spool: doors without carrel.
 * docs/threat-model.md has the table of them, with those that are closed and those that no look can find.
 *
 * Runs in: carrelctl (root). Reads only, follows no link of a user's, and waits for nobody.
 * Only what is there is told: the program is installed and, as a daemon, runs or is enabled; the user is isolated.
 * Private to check_doors.c and door_*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/login.h"
#include "proto/scope.h"

/* One finding. @file  as on the host; @line 0 = none */
typedef void door_tell(void *arg, const char *file, int line, const char *mend, const char *text);

/*
 * Is this user isolated? By name, or by number where that is NULL.
 * @ret_home  his home, "" when nobody knows
 */
typedef bool door_is_isolated(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX]);

struct doors {
	const char *root;    /* "" = this host; a fixture's directory in tests */
	const char *pam_dir; /* beneath no root */
	door_is_isolated *is_isolated;
	door_tell *tell;
	void *arg; /* of both */
};

/* door_host.c: what is on the host. Paths begin with a slash and are taken beneath the root. */
void door_say(const struct doors *d, const char *file, int line, const char *mend, const char *fmt, ...)
	CRL_PRINTF(5, 6);
void door_path(const struct doors *d, const char *path, char *buf, size_t size);
bool door_exists(const struct doors *d, const char *path);

/* The first of several paths, with blanks between, that is there. @ret  PATH_MAX bytes. */
bool door_finds(const struct doors *d, const char *paths, char *ret);

/* Does a process of root's, or a unit or script that is enabled, have one of these names, with blanks between? */
bool door_is_served(const struct doors *d, const char *names);

/* The lines of a text file, without the newline; @each returns false to read no further. False: it is not there. */
typedef bool door_line(void *arg, const char *line, int number);
bool door_lines(const struct doors *d, const char *path, door_line *each, void *arg);

/* Each file of a directory that is neither hidden nor a directory. */
typedef void door_file(void *arg, const char *path, const char *name);
void door_files(const struct doors *d, const char *dir, door_file *each, void *arg);

/* Copy the @n-th word (from 0) of a line. False when it has fewer. */
bool door_word(const char *line, int n, char *ret, size_t size);

/* Does the text name something in that home, by path, ~ or $HOME? */
bool door_names_home(const char *text, const char *home);

/* door_pam.c: PAM services without carrel's lines whose program is here; modules that read a home before the room. */
void door_pam_services(const struct doors *d);
void door_pam_modules(const struct doors *d);

/* Does the service have carrel's line? */
bool door_has_carrel(const struct doors *d, const char *service);

/* door_jobs.c: crontabs, at jobs, incron, and root's tables and units that run what is in a home as its user. */
void door_jobs(const struct doors *d);

/* door_mail.c: mail that is delivered to a program. */
void door_mail(const struct doors *d);

/* door_others.c: web pages of homes, maps of autofs, batch systems. */
void door_others(const struct doors *d);
