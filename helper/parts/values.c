// SPDX-License-Identifier: Apache-2.0
/*
 * Which settings a room was made with: short digests, by which carrelctl reload tells what else has changed.
 *
 * Runs in: helper (root, host namespaces).
 */
#include "helper/parts.h"

#include "helper/job.h"
#include "helper/kept_room.h"
#include "policy/file/digest.h"

static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	(void)mounts;
	(void)init;
	(void)err;
	/* Without them a reload cannot tell, and says that. */
	crl_ignore(crl_policy_digests(job->config, job->policy.name, room->values, NULL));
	return 0;
}

const struct crl_part crl_part_values = {
	.name = "values",
	.equip = equip,
	.undo_not = "a text in memory",
	.end_not = "a text in memory; the record has a copy",
	.leaves = CRL_LEAVES_NOTHING,
};
