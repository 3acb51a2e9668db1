// SPDX-License-Identifier: Apache-2.0
/*
 * What a room needs to send its user's errands out: carrel-errand over each program that it stands for, and the
 * directory with the steward's socket. The directory, so that a steward that starts anew is found by rooms that stand.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"

#include "policy/errands.h"
#include "wire/errand.h"

int crl_build_errands(struct crl_build *b)
{
	const struct crl_host *host = b->host;
	int rc;

	if (!crl_policy_has_errands(b->policy) || !host->errand_client || host->errand_programs_len == 0)
		return 0;
	rc = crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
							   .source = host->errand_place,
							   .target = CRL_ERRAND_PLACE,
							   .flags = CRL_OP_OPTIONAL});
	/* What the policy hides stays hidden. */
	for (size_t i = 0; i < host->errand_programs_len && rc == 0; i++)
		if (!crl_build_is_hidden(b, host->errand_programs[i]))
			rc = crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
									   .source = host->errand_client,
									   .target = host->errand_programs[i],
									   .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC});
	return rc;
}
