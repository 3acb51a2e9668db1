// SPDX-License-Identifier: Apache-2.0
/*
 * What stopped a user's processes last: one small file a user, STATE/why/UID-DIGEST, of the name. A uid alone is
 * nobody: whoever gets it next must not be told what the one before has met.
 *
 *   carrel-why 2 EVENTS USER                              the name as a field (proto/text.h)
 *   WHEN-MS TOLD CAUSE COUNT LIMIT SINCE LOGIN POLICY     a line an event, oldest first; LIMIT "-" = not known;
 *                                                         TOLD 0 = no, 1 = yes, 1 + N = left N times for sshd to show
 *
 * Runs in: helper, supervisor in its sandbox, carrelctl; root.
 * Trusts: nobody but root can write below STATE (0700). All the same a file counts only when it is the caller's own,
 * 0600, regular, of bounded size, and right to its last byte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/phrases.h"
#include "base/text.h"
#include "plan/limits/counts.h"
#include "wire/proto.h"

#define CRL_WHY_EVENTS_MAX 16
#define CRL_WHY_SIZE_MAX 4096
#define CRL_WHY_KEPT_DAYS 30
#define CRL_WHY_OFFERS 3 /* times that sshd may have shown it before it counts as told */

enum crl_why_cause {
	CRL_WHY_MEMORY, /* count = processes ended; limit in bytes */
	CRL_WHY_TASKS, /* count = forks refused; limit in tasks */
	CRL_WHY_CPU, /* count = seconds held back; limit in per mille of a processor */
	CRL_WHY_IO, /* count = seconds in which all waited for disks */
	CRL_WHY_HOME, /* the home was full at the end; limit in bytes */
	CRL_WHY_TMP, /* /tmp and its like were */
	CRL_WHY_LINGER, /* count = processes ended, since the time after the last logout was over; limit in seconds */
	CRL_WHY_KILLED, /* by the administrator */
	CRL_WHY_FROZEN,
	CRL_WHY_HELD, /* count = seconds in which all waited for memory; limit in bytes */
	CRL_WHY_CALL, /* count = system calls that the filter refused; which ones only the kernel's log tells */
	CRL_WHY_CHANGES, /* nothing was stopped: count = changes in the home that its user has yet to decide about */
	CRL_WHY_COUNT
};

struct crl_why_event {
	int64_t when_ms; /* CLOCK_REALTIME */
	int64_t since; /* seconds: the login's begin */
	enum crl_why_cause cause;
	uint64_t count;
	uint64_t limit; /* CRL_COUNT_UNKNOWN = not known */
	bool told; /* the user has seen it */
	uint64_t offers; /* times that the user may have seen it, nobody knows for sure; below CRL_WHY_OFFERS */
	char id[CRL_ID_MAX]; /* of the login */
	char policy[CRL_POLICY_NAME_MAX];
};

struct crl_why {
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)]; /* as a field */
	struct crl_why_event event[CRL_WHY_EVENTS_MAX];
	size_t len;
};

/* "memory"; "-" for what is none. */
const char *crl_why_name(enum crl_why_cause cause);

/* Read a file's text. @text  @len bytes and a NUL, changed. Returns 0, or -EBADMSG and @ret is empty. */
int crl_why_parse(char *text, size_t len, struct crl_why *ret) CRL_MUST_CHECK;

/*
 * The same as a text.
 * @buf  CRL_WHY_SIZE_MAX bytes and one for the NUL
 * Returns its length, or -EMSGSIZE.
 */
int crl_why_print(const struct crl_why *why, char buf[CRL_WHY_SIZE_MAX + 1]) CRL_MUST_CHECK;

/* Whose record it is: both have to be right. */
struct crl_why_whose {
	uint32_t uid;
	const char *user;
};

/* Returns 0; -ENOENT nothing is on record; -EBADMSG not a record of ours (R1), or another user's; -errno. */
int crl_why_read(int state_dir, struct crl_why_whose whose, struct crl_why *ret) CRL_MUST_CHECK;

/*
 * The directory of the records, made when @make says so: for those who can make none later.
 * Returns 0 or -errno.
 */
int crl_why_open(int state_dir, bool make, int *ret_fd) CRL_MUST_CHECK;

/*
 * Add events; the oldest give way, and of CRL_WHY_CHANGES the one before. A file that cannot be read is begun anew.
 * Returns 0 or -errno: then nothing is changed.
 */
int crl_why_add(int state_dir, struct crl_why_whose whose, const struct crl_why_event *event,
		size_t len) CRL_MUST_CHECK;

/*
 * The user has been told of all up to that moment.
 * @sure  false: sshd has it and may have shown it; that often enough counts as told
 */
void crl_why_tell(int state_dir, struct crl_why_whose whose, int64_t until_ms, bool sure);

/*
 * @file  the record's name
 * @why   what is in it; nothing, and its user "", after an error
 * @rc    of reading it: 0, -EBADMSG, -errno
 */
typedef void crl_why_user(void *arg, uint32_t uid, const char *file, const struct crl_why *why, int rc);

/* Call @each for every file, whose ever. Returns 0 or -errno; a directory that is not there holds none. */
int crl_why_users(int state_dir, crl_why_user *each, void *arg) CRL_MUST_CHECK;

/* Remove what nobody has added to for CRL_WHY_KEPT_DAYS. */
void crl_why_sweep(int state_dir);

/*
 * Events for what a login met. The rest of each event is a copy of @login.
 * Returns their number.
 */
#define CRL_WHY_MET_MAX 5
size_t crl_why_of_counts(const struct crl_met *met, const struct crl_counts *now, const struct crl_why_event *login,
			 struct crl_why_event ret[CRL_WHY_MET_MAX]);

/* When the user is told, and in what. */
struct crl_told_at {
	int64_t now_s;
	enum crl_language language;
	const char *contact; /* whom they can ask, "" or NULL = not known */
};

/*
 * The line for the user: what stopped processes of the newest login that they have not been told of, and that there are
 * changes in their home. Whom they can ask stands behind what was stopped, where there is room for all of it.
 * @buf  a line that is plain (crl_utf8_is_plain), "" when there is nothing to tell
 */
void crl_why_notice(const struct crl_why *why, const struct crl_told_at *told, char buf[CRL_NOTICE_MAX]);

/* What a login met, as a clause of the notice: "had its home full (limit 64M)"; "" for what no user is told. */
void crl_why_describe(const struct crl_why_event *e, enum crl_language language, char *buf, size_t size);

/* The limit of an event as people write it, "" when it has none. @size of 24 is always enough. */
void crl_why_limit_text(enum crl_why_cause cause, uint64_t limit, char *buf, size_t size);

/* The key of the policy that sets it, NULL when none does. */
const char *crl_why_key(enum crl_why_cause cause);
