// SPDX-License-Identifier: Apache-2.0
/*
 * For whom the steward runs what: STATE/errands/UID.ID, one small file for each room whose policy has errands, written
 * once by the helper that made the room.
 *
 * It lies apart from STATE/rooms because supervisors can write there: what may run outside is the helper's word alone.
 *
 * Runs in: helper, steward (root). Trusts: nobody but root can write below STATE (0700).
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"
#include "wire/login.h"
#include "wire/proto.h"

struct crl_errand_room {
	char id[CRL_ID_MAX];
	uint32_t uid; /* of the user whose room it is */
	char user[CRL_USER_MAX];
	char home[CRL_HOME_MAX];
	char policy[CRL_POLICY_NAME_MAX];
	pid_t init;
	uint64_t init_start; /* as crl_process_start() tells it */
	uint64_t mount_ns; /* inodes of the namespaces that init is in */
	uint64_t pid_ns;
	char errands[128]; /* names with commas between */
};

/*
 * Write it, by rename; its namespaces and start are looked up here.
 * Returns 0; -EINVAL a name that no line can hold; -ESRCH init is gone; -errno. Nothing is left after an error.
 */
int crl_errand_room_write(int state, struct crl_errand_room *room) CRL_MUST_CHECK;

/*
 * The room of @uid whose init is in these two namespaces, and lives.
 * Returns 0; -ENOENT there is none; -errno.
 */
int crl_errand_room_find(int state, uint32_t uid, uint64_t mount_ns, uint64_t pid_ns,
			 struct crl_errand_room *ret) CRL_MUST_CHECK;

/* Is that name among its errands? */
bool crl_errand_room_has(const struct crl_errand_room *room, const char *name);

/* Remove one: its init is gone. */
void crl_errand_room_remove(int state, uint32_t uid, const char *id);

/* Remove the files of rooms whose init is gone. Returns how many are left, or -errno. */
int crl_errand_rooms_sweep(int state);
