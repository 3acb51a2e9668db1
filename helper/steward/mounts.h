// SPDX-License-Identifier: Apache-2.0
/*
 * The host's mount table: what in it is another since it was read last. A login and a logout of systemd's are two
 * changes of it (/run/user/UID), and concern no room.
 * R1: nor do FUSE mounts of users, which no room shows (plan/mounts/host.c): they are not in it, so that nobody can
 * fill it by a thousand of them, and have all rooms looked at whenever they mount one.
 *
 * Runs in: carrel-steward. Reading asks the kernel alone and no file system, so no server is waited for.
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

struct crl_mount_table {
	char *text; /* owned */
	const char **line; /* owned; sorted, in text */
	size_t lines;
};

/*
 * Read it anew, from its start.
 * @mountinfo  /proc/self/mountinfo
 * Returns 0; -EFBIG it is longer than any host's without those of users; -ENOMEM; -errno. Then @ret is empty.
 */
int crl_mount_table_read(int mountinfo, struct crl_mount_table *ret) CRL_MUST_CHECK;

/* The same of a text. @text  taken over in any case */
int crl_mount_table_parse(char *text, struct crl_mount_table *ret) CRL_MUST_CHECK;
void crl_mount_table_done(struct crl_mount_table *t);

/* @point  where something was mounted, or is not any more, or is another now */
typedef void crl_mount_changed(void *arg, const char *point);

/*
 * A mount is the same when its whole line is: number and parent, device, root, options, source.
 * Returns how many times @changed was called; -EBADMSG a line is not as the manual says: then there may be more.
 */
int crl_mount_table_compare(const struct crl_mount_table *old, const struct crl_mount_table *now,
			    crl_mount_changed *changed, void *arg) CRL_MUST_CHECK;
