// SPDX-License-Identifier: Apache-2.0
/*
 * A record that could not be written, and how it comes to be written after all.
 *
 * Runs in: supervisor.
 */
#pragma once

struct crl_room;

/* Call this process what it is: the keeper of a room with a record, or of one without. */
void crl_recording_mark(const struct crl_room *room);

/* When its time has come (recording.again_ms), try again; after a failure that time is later, 30 s at the most. */
void crl_recording_retry(struct crl_room *room);
