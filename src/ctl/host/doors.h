// SPDX-License-Identifier: Apache-2.0
/*
 * Programs of the host that run, or follow, outside of rooms what is in a user's home or spool: doors without carrel.
 * docs/threat-model.md has the table of them, with those that are closed and those that no look can find.
 *
 * Runs in: carrelctl (root). Reads only, follows no link of a user's, and waits for nobody.
 * Only what is there is told: the program is installed and, as a daemon, runs or is enabled; the user is isolated.
 * Private to doors.c and door_*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "wire/login.h"

/* One finding. @file  as on the host; @line 0 = none */
typedef void ctl_door_tell(void *arg, const char *file, int line, const char *mend, const char *text);

/*
 * Is this user isolated? By name, or by number where that is NULL.
 * @ret_home  the home, "" when nobody knows
 */
typedef bool ctl_door_is_isolated(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX]);

struct ctl_doors {
	const char *root; /* "" = this host; a fixture's directory in tests */
	const char *pam_dir; /* beneath no root */
	ctl_door_is_isolated *is_isolated;
	ctl_door_tell *tell;
	void *arg; /* of both */
};

/* door_host.c: what is on the host. Paths begin with a slash and are taken beneath the root. */
void ctl_door_say(const struct ctl_doors *d, const char *file, int line, const char *mend, const char *fmt, ...)
	CRL_PRINTF(5, 6);
void ctl_door_path(const struct ctl_doors *d, const char *path, char *buf, size_t size);
bool ctl_door_exists(const struct ctl_doors *d, const char *path);

/* The first of several paths, with blanks between, that is there. @ret  PATH_MAX bytes. */
bool ctl_door_finds(const struct ctl_doors *d, const char *paths, char *ret);

/* Does a process of root's, or a unit or script that is enabled, have one of these names, with blanks between? */
bool ctl_door_is_served(const struct ctl_doors *d, const char *names);

/* The lines of a text file, without the newline; @each returns false to read no further. False: it is not there. */
typedef bool ctl_door_line(void *arg, const char *line, int number);
bool ctl_door_lines(const struct ctl_doors *d, const char *path, ctl_door_line *each, void *arg);

/* Each file of a directory that is neither hidden nor a directory. */
typedef void ctl_door_file(void *arg, const char *path, const char *name);
void ctl_door_files(const struct ctl_doors *d, const char *dir, ctl_door_file *each, void *arg);

/* Copy the @n-th word (from 0) of a line. False when it has fewer. */
bool ctl_door_word(const char *line, int n, char *ret, size_t size);

/* Does the text name something in that home, by path, ~ or $HOME? */
bool ctl_door_names_home(const char *text, const char *home);

/* door_pam.c: PAM services without carrel's lines whose program is here; modules that read a home before the room. */
void ctl_door_pam_services(const struct ctl_doors *d);
void ctl_door_pam_modules(const struct ctl_doors *d);
/* The second of these for one service, whether carrel's lines are in it or not. */
#define CTL_DOOR_NO_READENV "user_readenv=0" /* what mends pam_env */
void ctl_door_pam_stack(const struct ctl_doors *d, const char *service);

/* Does the service have carrel's line? */
bool ctl_door_has_carrel(const struct ctl_doors *d, const char *service);

/* ctl_door_jobs.c: crontabs, at jobs, incron, and root's tables and units that run what is in a home as its user. */
void ctl_door_jobs(const struct ctl_doors *d);

/* ctl_door_mail.c: mail that is delivered to a program. */
void ctl_door_mail(const struct ctl_doors *d);

/* ctl_door_servers.c: servers that ask PAM and open no session. */
void ctl_door_servers(const struct ctl_doors *d);

/* ctl_door_others.c: web pages of homes, maps of autofs, batch systems. */
void ctl_door_others(const struct ctl_doors *d);
