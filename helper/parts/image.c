// SPDX-License-Identifier: Apache-2.0
/*
 * Images that rooms have for a root stay attached until no room has them.
 *
 * Runs in: the sweep. Who attaches one notes its room there, and nobody who leaves has the power to unmount.
 */
#include "helper/parts.h"

#include "base/log.h"
#include "helper/sweep.h"
#include "state/rooms/image_sweep.h"
#include "store/image_attach.h"

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	int rc = crl_state_sweep_images(s->path, &s->state, err);

	if (rc > 0)
		crl_log(LOG_INFO, "detached %d images that no room has any more", rc);
	return rc < 0 ? rc : 0;
}

const struct crl_part crl_part_image = {
	.name = "image",
	.undo_not = "the room's note is forgotten by the sweep, and keeps nothing but the image attached",
	.end_not = "who leaves has not the power to unmount: the sweep has it",
	.leaves = "STATE/" CRL_IMAGES_DIR,
	.sweep = sweep,
};
