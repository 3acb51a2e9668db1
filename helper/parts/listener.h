// SPDX-License-Identifier: Apache-2.0
/*
 * A login whose filter is listened to.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

struct crl_job;

/*
 * When its policy tells or is learned: rewrite the job's filter so that it notifies, and write what the room's listener
 * has to know. The room has a listener, or soon will. Where it cannot be the filter stays as it is, which is logged: it
 * holds as well, and tells less.
 */
void crl_listened_equip(struct crl_job *job);
