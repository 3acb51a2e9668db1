// SPDX-License-Identifier: Apache-2.0
/*
 * Keep the host's utmp, wtmp and lastlog true: mirror the terminals that sshd and login write into a room's
 * utmp.
 *
 * Runs in: supervisor, root's uid without capabilities, in its sandbox; helper (the sweep); carrelctl has the names
 * of the files alone. Single-threaded.
 * Trusts: the login table it is handed. Nothing of the room's records but which terminal and when: user and
 * host come from the table, texts are reduced to visible characters, numbers are bounded. Owns: the name of a
 * room's terminal on the host, that of the login's outer terminal or "<login id>/<line>"; records with an id
 * that starts with '%'. Every wait for a
 * lock is bounded, since any reader of utmp may hold one for ever.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/proto.h"

#define CRL_ACCOUNTING_LINES_MAX 64 /* terminals of one room that are mirrored; more are not listed */
#define CRL_ACCOUNTING_LINE_SIZE 32 /* UT_LINESIZE, without all that <utmp.h> declares */

/* Where the host keeps its records; NULL members mean none. */
struct crl_accounting_files {
	const char *utmp; /* "/run/utmp" */
	const char *wtmp; /* "/var/log/wtmp" */
	const char *lastlog; /* "/var/log/lastlog" */
};

extern const struct crl_accounting_files crl_accounting_host_files;

/* One login of the room; the strings live as long as the call. */
struct crl_accounting_login {
	const char *id; /* of the login */
	pid_t app; /* the PAM application's pid on the host */
	uint32_t uid;
	const char *user;
	const char *rhost; /* "" when local */
	const char *tty; /* PAM_TTY without /dev/, "" when none: this one line keeps its name on the host */
	const char *outer; /* "pts/7": how one of its other terminals is called on the host; "" = by the login's id */
};

enum crl_accounting_state {
	CRL_LINE_FREE,
	CRL_LINE_OPEN, /* written to the host */
	CRL_LINE_ENDED /* ended on the host, but its record still stands in the room */
};

struct crl_accounting_line {
	uint8_t state; /* enum crl_accounting_state */
	bool seen; /* in the room's file, this time */
	char room_line[CRL_ACCOUNTING_LINE_SIZE]; /* not always terminated */
	pid_t room_pid;
	int64_t room_time; /* microseconds */
	char host_line[CRL_ACCOUNTING_LINE_SIZE];
	char login[CRL_ID_MAX];
	pid_t host_pid;
};

struct crl_accounting {
	struct crl_accounting_files files;
	int utmp;
	int wtmp;
	int lastlog;
	bool lock_busy; /* a lock was not to be had in this call: do not wait again */
	bool pids_are_foreign; /* the room has a PID namespace: nobody in it knows the pids of its records */
	int error; /* first failure of this call */
	int64_t dead_until; /* microseconds; dead records of the room's up to then are known */
	struct crl_accounting_line line[CRL_ACCOUNTING_LINES_MAX];
};

/*
 * Open the host's files, before capabilities are dropped. A file that does not exist is left out for good;
 * wtmp is opened anew when it was rotated, if it still can be: Landlock keeps a supervisor to the file that it has.
 * @files  kept, not copied
 * Errors (stage HELPER): a file that is not regular (-EINVAL) or cannot be opened.
 */
int crl_accounting_open(const struct crl_accounting_files *files, struct crl_accounting *ret,
			struct crl_err *err) CRL_MUST_CHECK;

/* Close the files; records stay as they are (crl_accounting_end_all() first). */
void crl_accounting_done(struct crl_accounting *a);

/*
 * Watch for what is written to files of a directory, before the sandbox. By fcntl(F_NOTIFY), since each user, root as
 * well, has but 128 instances of inotify, and every room would take one. SIGIO is blocked for that, so once a process.
 * @dir  open for reading; must stay open as long as it shall be watched
 * Returns a descriptor (non-blocking) to poll, or -errno: -EINVAL the kernel was built without, or was told not to
 * (fs.dir-notify-enable).
 */
int crl_accounting_watch(int dir) CRL_MUST_CHECK;

/* Take all events off a watch; call before crl_accounting_sync(). */
void crl_accounting_drain(int watch);

/*
 * Bring the host's records to what the room's utmp says.
 * @room_utmp  open for reading, and for writing where pids_are_foreign: a record's pid becomes 1 then, which is alive
 *             for who(1); it leaves out whom it takes for dead
 * @logins     the room's logins, oldest first. A record belongs to the login whose application it names or
 *             descends from, else to the newest login of its user, else to nobody. A terminal that came and went since
 *             the last call is logged in and out, as the newest login's when that has none, and then never by the name
 *             of a terminal of the host's; its line stays ENDED until the next call
 * Returns 0 or the first failure; what could be written was.
 */
int crl_accounting_sync(struct crl_accounting *a, int room_utmp, const struct crl_accounting_login *logins, size_t len);

/* A login is over: log its terminals out. Returns as crl_accounting_sync(). */
int crl_accounting_end_login(struct crl_accounting *a, const char *id);

/* The room is over. Returns as crl_accounting_sync(). */
int crl_accounting_end_all(struct crl_accounting *a);

/* A terminal of ours in the host's utmp. */
struct crl_accounting_left {
	char line[CRL_ACCOUNTING_LINE_SIZE]; /* not always terminated */
	char id[CRL_ID_MAX]; /* what is before the line's first '/': the login's id, or it has the host's own name */
	pid_t app; /* the login's application */
};

/*
 * Read which terminals of ours the host's utmp has, whoever wrote them.
 * @ret  to be freed; NULL when there is none
 * Returns how many, or -ENOMEM.
 */
ssize_t crl_accounting_find(const struct crl_accounting *a, struct crl_accounting_left **ret) CRL_MUST_CHECK;

/*
 * The supervisor of that terminal is dead: log it out in utmp and wtmp. Nothing when it was logged out meanwhile.
 * Returns as above.
 */
int crl_accounting_sweep(struct crl_accounting *a, const struct crl_accounting_left *left);
