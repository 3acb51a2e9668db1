// SPDX-License-Identifier: Apache-2.0
/*
 * What a command of carrelctl is given, and what it answers with.
 *
 * Runs in: the administrator's terminal, as root where it has to look at rooms.
 * Everything that is printed goes through print/: what a user can choose must not act on a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Exit status of every command. */
enum ctl_exit {
	CTL_YES = 0, /* done, or the answer is yes */
	CTL_NO = 1, /* the answer is no, or there is nothing of the kind */
	CTL_USAGE = 2,
	CTL_FAIL = 3 /* the system would not */
};

#define CTL_USERS_MAX 64

/* Options, one set for all commands; their tables say which command takes which. */
struct ctl {
	const char *command;
	const char *build; /* which build of carrelctl this is */
	const struct ctl_command *group; /* of which that is an action; NULL = of none */
	const char *subject; /* the word in front of the action; NULL = there is none */
	const char *config;
	const char *state;
	const char *service;
	const char *rhost;
	const char *tty;
	const char *diff;
	const char *reach;
	const char *pam_dir;
	const char *helper;
	const char *module; /* as enable's lines name it; NULL = by where libpam finds it */
	const char *policy;
	const char *since; /* a snapshot; of log, a time */
	const char *by; /* policy, user, none; NULL = not given */
	const char *file; /* of syslog; NULL = where the host has its log */
	const char *output;
	const char *merge; /* a file; NULL = not given */
	const char *user;
	const char *users[CTL_USERS_MAX]; /* every --user that was given, in order */
	size_t users_len;
	uint64_t duration_ms;
	uint64_t inodes; /* 0 = not given */
	uint64_t orphans; /* seconds; 0 = not given */
	uint64_t for_s; /* 0 = not given */
	uint64_t timeout_s;
	time_t when; /* that explain and rehearse are asked about; 0 = now */
	unsigned int interval_ms;
	bool help;
	bool version;
	bool unrestricted;
	bool no_pager;
	bool status;
	bool cancel;
	bool force;
	bool shell;
	bool no_rehearse;
	bool notes;
	bool all;
	bool strict;
	bool off;
	bool kill;
	bool old;
	bool now;
	bool budgets;
	bool patch;
	bool stop;
	bool propose;
	bool forget;
	bool replace;
	bool yes;
	bool old_text;
	bool http;
	bool no_check;
	bool json;
	bool colour;
	size_t width; /* columns of the terminal that the answer goes to; 0 = it goes to none */
};

/* What a shell offers for a value or an argument. */
enum ctl_offer {
	CTL_OFFER_NOTHING,
	CTL_OFFER_USER,
	CTL_OFFER_POLICY,
	CTL_OFFER_SERVICE, /* of PAM */
	CTL_OFFER_FILE,
	CTL_OFFER_DIRECTORY,
	CTL_OFFER_TIME,
	CTL_OFFER_ROOM, /* logins, rooms and users that are in */
	CTL_OFFER_COMMAND,
	CTL_OFFERS
};

/* An option. The same name in two commands is one option, which each tells in its own words. */
struct ctl_option {
	const char *name;
	const char *value; /* what stands for it in help; NULL = it takes none */
	const char *help;
	const char *instead_of; /* in help alone: what it replaces, by the makefile; NULL = nothing */
	/*
	 * Take it from the command line. Says on standard error what is wrong with the value, and returns false.
	 * @value  NULL = it takes none
	 */
	bool (*take)(struct ctl *c, const struct ctl_option *o, const char *value);
	size_t at; /* its place in struct ctl, for those of options.h */
	enum ctl_offer offer;
	bool again; /* it may be given more than once */
};

#define CTL_ARGUMENTS_MAX 64

struct ctl_command {
	const char *name;
	const char *usage; /* its arguments */
	const char *summary; /* NULL = for programs: no command for people */
	const struct ctl_option *options; /* up to one without a name; NULL = none beside those of all */
	const char *const *examples; /* up to NULL; NULL = none */
	int least; /* arguments */
	int most;
	bool json; /* it prints a table */
	/* of the host: in a room there is nothing to be seen of them, which must not look like none */
	bool looks_at_rooms;
	bool makes_rooms; /* like what looks at them, of no use to anybody but root */
	bool tells_drain; /* that the host is drained, before anything else */
	enum ctl_offer offer; /* for its arguments */
	/*
	 * A command of several: each has a row like a command's own, and is named by the word behind the subject. What
	 * is given without an action is this row's.
	 */
	const struct ctl_command *const *actions; /* up to NULL; NULL = it is one itself */
	const char *subject; /* what help calls the word in front of the action; NULL = there is none */
	const char *refused_by; /* of an action: the command with the same ones that only says why not; NULL = none */
	enum ctl_exit (*run)(const struct ctl *c, int argc, char **argv);
};

/* Of a command whose arguments say which rooms. */
#define CTL_COMMAND_OF_ROOMS \
	.least = 1, .most = CTL_ARGUMENTS_MAX, .looks_at_rooms = true, .tells_drain = true, .offer = CTL_OFFER_ROOM
