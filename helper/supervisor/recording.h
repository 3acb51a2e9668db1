// SPDX-License-Identifier: Apache-2.0
/*
 * The room's record: written at each change, and tried again until it stands.
 *
 * Runs in: supervisor.
 */
#pragma once

struct crl_kept;

/*
 * Write it, as it is now. Never fails: what stands for a record that cannot be written is found by the sweep as well.
 */
void crl_recording_write(struct crl_kept *room);

/* Call this process what it is: the keeper of a room with a record, or of one without. */
void crl_recording_mark(const struct crl_kept *room);
