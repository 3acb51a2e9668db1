// SPDX-License-Identifier: Apache-2.0
/*
 * What assess puts up on the host for its probes to look for: files, sockets, a segment of shared memory.
 *
 * Runs in: carrelctl, root.
 */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* What probes look for on the host. Removed by ctl_bait_take_down(). */
struct ctl_bait {
	int tcp, named, far, abstract;
	int shm; /* id of the segment */
	struct ctl_scene *scene;
};

/*
 * Put it up, and note it in the scene. What is there is taken down by the caller, whatever comes back.
 * Returns 0 or -errno.
 */
int ctl_bait_put_up(struct ctl_bait *b, struct ctl_scene *scene) CRL_MUST_CHECK;

void ctl_bait_take_down(struct ctl_bait *b);
