// SPDX-License-Identifier: Apache-2.0
/* See share.h. */
#include "plan/net/share.h"

#include "policy/publish.h"

#define SMALL 16384 /* what the kernel follows on a host with little memory */
#define ROOM_MOST 8192
#define ROOM_LEAST 256 /* programs need some, whoever has the others */
#define ROOMS_TO_FILL 16 /* so many have to be hostile before there is nothing left for the next */
#define PORTS (CRL_PUBLISH_LEAVE_LAST - CRL_PUBLISH_LEAVE_FIRST + 1)
#define PART_MOST 3072
#define PARTS_MOST 1024

void crl_nat_share(uint64_t follows, struct crl_nat_share *ret)
{
	uint64_t all = (follows ? follows : SMALL) / 4 * 3; /* R1 */

	*ret = (struct crl_nat_share){
		.room = all / ROOMS_TO_FILL, .towards = PORTS / ROOMS_TO_FILL /* R2 */, .parts = 2};
	if (ret->room > ROOM_MOST)
		ret->room = ROOM_MOST;
	if (ret->room < ROOM_LEAST)
		ret->room = ROOM_LEAST;
	while (all / ret->parts > PART_MOST && ret->parts < PARTS_MOST)
		ret->parts *= 2;
	ret->each = all / ret->parts;
}
