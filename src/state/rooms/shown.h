// SPDX-License-Identifier: Apache-2.0
/*
 * What of the host a room shows, for the process that keeps it true: STATE/shown/ID, written once by the helper that
 * made the room, removed when its init is gone.
 *
 * It lies apart from STATE/rooms because supervisors can write there: what is mounted into a room is the helper's word
 * alone.
 *
 * Runs in: helper, carrel-steward (root).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/mounts/plan.h"
#include "state/rooms/record.h"
#include "wire/proto.h"

#define CRL_SHOWN_DIR "shown"

/* One thing of the host's that the room shows, as the mount plan had it. */
struct crl_shown_entry {
	enum crl_mount_kind kind;
	uint32_t flags; /* CRL_OP_* */
	enum crl_tree tree; /* in which its place was made; CRL_TREE_NONE = the root has to have it */
	const char *source; /* on the host, or inside the room for READ_ONLY */
	const char *target; /* in the room */
	const char *data;
};

struct crl_showing {
	char id[CRL_ID_MAX];
	uint32_t uid; /* of the user whose room it is */
	pid_t init;
	uint64_t init_start; /* as crl_process_start() tells it */
	pid_t supervisor; /* lives where the room was made from: its mounts are those that were shown */
	uint64_t supervisor_start;
	uint64_t ns; /* inode of the room's mount namespace; 0 = it has none of its own */
	struct crl_shown_entry *entry;
	size_t entries;
	char *text; /* owned: what the entries point into */
};

/*
 * The entries of a plan, as text.
 * @plan      NULL = none
 * @ret_text  to be freed
 * A path with a line end or a tab in it is left out. Returns 0 or -ENOMEM.
 */
int crl_shown_print(const struct crl_mount_plan *plan, char **ret_text) CRL_MUST_CHECK;

/*
 * Write STATE/shown/ID, by rename.
 * @shown    its entries are not used
 * @entries  from crl_shown_print()
 * Returns 0 or -errno; then nothing is left of it.
 */
int crl_shown_write(int state_dir, const struct crl_showing *shown, const char *entries) CRL_MUST_CHECK;

/* Parse what crl_shown_write() has written. @text  taken over in any case. Errors: -EBADMSG, -ENOMEM. */
int crl_shown_parse(char *text, struct crl_showing *ret) CRL_MUST_CHECK;

/* Read one. @dir  STATE/shown. Errors, too: -errno of open and read; -EFBIG. */
int crl_shown_load(int dir, const char *id, struct crl_showing *ret) CRL_MUST_CHECK;
void crl_shown_done(struct crl_showing *s);

/* Does its init live? */
bool crl_shown_lives(const struct crl_showing *s);

/* Open STATE/shown. @make  when it is not there. Returns a descriptor or -errno. */
int crl_shown_open(int state_dir, bool make);

/* Remove one; not there is as good as removed. */
void crl_shown_remove(int state_dir, const char *id);

/* Remove those whose room is gone, or never came. */
void crl_shown_sweep(const struct crl_state *state);
