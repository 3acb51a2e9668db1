// SPDX-License-Identifier: Apache-2.0
/*
 * The text of a room's record: the one place that knows how it is written and how it is read.
 *
 *   version=1                    name=NAME
 *   room=ID                      policy=NAME                slice=PATH          supervisor=PID START
 *   init=PID                     uid=N                      gid=N               user=TEXT
 *   home=TEXT                    since=S                    until=S             linger=S
 *   grace=S
 *   cgroup_root=PATH             adopt=…                    filter=NAME         values=DIGESTS
 *   login=ID UID CGROUP PID since=S user=TEXT service=TEXT tty=TEXT rhost=TEXT scope=TEXT base=N,N,…
 *   end=1
 *
 * One a line, in any order but for the logins and the end, which come last. What users choose (TEXT) has %XX for all
 * but plain characters, so it can end neither a word nor a line. A reader passes over keys that it does not know:
 * supervisors and programs of two versions live side by side. A record of a version that did not yet write uid, gid,
 * user, home, since, until, linger and grace is read all the same: uid, user and since are then those of its oldest
 * login.
 *
 * Runs in: helper, supervisor (root), carrelctl. Pure but for crl_room_load().
 */
#pragma once

#include <stddef.h>

#include "state/rooms/record.h"
#include "state/rooms/rooms.h"

#define CRL_RECORD_MAX (2u << 20) /* bytes; what all logins of a full room need at the most is less */

/*
 * The text of a record.
 * @ret_text  to be freed
 * @ret_len   its bytes, without the NUL
 * Errors: -EMSGSIZE it, or one of its texts, is longer than what a reader takes; -ENOMEM.
 */
int crl_room_print(const struct crl_record *r, char **ret_text, size_t *ret_len) CRL_MUST_CHECK;

/*
 * Parse a record.
 * @name  of its file, without ".room"; NULL = as the record says
 * @text  NUL-terminated, changed
 * @ret   free with crl_room_info_done()
 * Errors: -EBADMSG it is no record, or a text in it is longer than its field: nothing is cut; -ENOMEM.
 */
int crl_room_parse(const char *name, char *text, struct crl_room_info *ret) CRL_MUST_CHECK;

/*
 * Read and parse what a descriptor holds, from its beginning.
 * Errors: as crl_room_parse(); -EFBIG longer than CRL_RECORD_MAX; -EBADMSG, too, for a NUL inside; -errno of read.
 */
int crl_room_load_fd(int fd, const char *name, struct crl_room_info *ret) CRL_MUST_CHECK;

/* The same of STATE/rooms/@name.room. Errors, too: -ENOENT and others of open. */
int crl_room_load(int rooms_dir, const char *name, struct crl_room_info *ret) CRL_MUST_CHECK;

/* The name of a record's file without its ".room", or false when it is none. */
bool crl_room_file_name(const char *file, char name[CRL_KEY_MAX]);
