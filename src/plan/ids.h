// SPDX-License-Identifier: Apache-2.0
/*
 * Ids of a room's user namespace: whose range is whose, which one a user without gets, and how inside and outside
 * meet.
 *
 * Runs in: helper, carrelctl. Pure. Source: subuid(5), user_namespaces(7), docs/mounts.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "policy/policy.h"

#define CRL_IDS_EACH 65536u /* ids of one range: what packages expect to be there, with nobody's 65534 */

struct crl_subid_range {
	uint32_t first;
	uint32_t count; /* 0 = none */
};

/* Zero-initialise; crl_subid_ranges_done() frees. */
struct crl_subid_ranges {
	struct crl_subid_range *item;
	size_t len;
	size_t capacity;
};

/* Returns 0 or -ENOMEM. */
int crl_subid_ranges_add(struct crl_subid_ranges *r, uint32_t first, uint32_t count) CRL_MUST_CHECK;

/* Does any of them have an id of that range? */
bool crl_subid_ranges_meet(const struct crl_subid_ranges *r, const struct crl_subid_range *range);
void crl_subid_ranges_done(struct crl_subid_ranges *r);

struct crl_subid_owner {
	const char *user;
	uint32_t uid;
};

/*
 * Read /etc/subuid or /etc/subgid. A line that is none is passed over, as shadow does.
 * @who         who asks; a line names them by one or the other
 * @ret         their first range of CRL_IDS_EACH at least, cut to that; count 0 = they have none
 * @ret_small   they have ranges, and none is large enough
 * @others      of all others; added to
 * Returns 0 or -ENOMEM.
 */
int crl_subids_read(const char *text, const struct crl_subid_owner *who, struct crl_subid_range *ret, bool *ret_small,
		    struct crl_subid_ranges *others) CRL_MUST_CHECK;

/* Add the ids of /etc/passwd or /etc/group. Returns 0 or -ENOMEM. */
int crl_subids_read_accounts(const char *text, struct crl_subid_ranges *taken) CRL_MUST_CHECK;

#define CRL_IDS_RECORD "subids 1\n" /* how the record of what was allotted begins */
#define CRL_IDS_RECORD_LINE 288

/*
 * Read the record. Lines are "UID FIRST NAME", each for CRL_IDS_EACH; one without a name is of whoever has the number.
 * A number that is another's by now, by its name, has none: what was its is taken like all others'.
 * Returns 0; -EBADMSG it is none, and nobody may guess what it was; -ENOMEM.
 */
int crl_subids_read_record(const char *text, const struct crl_subid_owner *who, struct crl_subid_range *ret,
			   struct crl_subid_ranges *others) CRL_MUST_CHECK;

/* One more line of it. */
void crl_subids_record_line(const struct crl_subid_owner *who, const struct crl_subid_range *range,
			    char buf[CRL_IDS_RECORD_LINE]);

/*
 * Find a range for a user without: the first free one from where their uid points to.
 * @pool   the ids that ranges are cut from
 * @taken  what none may meet
 * Returns 0, or -ENOSPC.
 */
int crl_subids_allot(uint32_t uid, const struct crl_subid_range *pool, const struct crl_subid_ranges *taken,
		     struct crl_subid_range *ret) CRL_MUST_CHECK;

#define CRL_ID_MAP_MAX 3

/* As uid_map has it. */
struct crl_subid_map {
	struct {
		uint32_t inside;
		uint32_t outside;
		uint32_t count;
	} line[CRL_ID_MAP_MAX];
	size_t len;
};

/*
 * Map one kind of ids.
 * CRL_USER_OWN: the user's id is itself, all else is the range's. CRL_USER_ROOT: 0 is the user's id, all else the
 * range's. One that is not 0 is only in the map once, and of the range two ids at most are left out.
 * @id     of the user, not 0, not in @range
 * @range  of CRL_IDS_EACH
 */
void crl_subid_map_make(enum crl_own_user mode, uint32_t id, const struct crl_subid_range *range,
			struct crl_subid_map *ret);

#define CRL_ID_MAP_TEXT 128

/* As uid_map and gid_map are written, and read. Returns the length. */
size_t crl_subid_map_print(const struct crl_subid_map *m, char buf[CRL_ID_MAP_TEXT]);

/* What an id of the inside is outside. Returns false when the map has it not. */
bool crl_subid_map_out(const struct crl_subid_map *m, uint32_t inside, uint32_t *ret);

/* What an id of the host is inside. Returns false when it is nobody there. */
bool crl_subid_map_in(const struct crl_subid_map *m, uint32_t outside, uint32_t *ret);
