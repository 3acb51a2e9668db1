// SPDX-License-Identifier: Apache-2.0
/*
 * See pace.h. R1: in the long run looks that users cause take a tenth of a processor, whatever they do.
 * R2: each of them comes to its turn, however many are wanted anew meanwhile.
 */
#include "helper/steward/pace.h"

/* R1. One that took less than the clock tells took something. */
void crl_pace_spend(struct crl_pace *p, int64_t now_ms, int64_t took_ms)
{
	if (p->paid_ms < now_ms - CRL_PACE_SAVED_MS)
		p->paid_ms = now_ms - CRL_PACE_SAVED_MS;
	p->paid_ms += CRL_PACE_REST * (took_ms > 0 ? took_ms : 1);
}

int64_t crl_pace_due(const struct crl_pace *p, int64_t when_ms)
{
	return when_ms > p->paid_ms ? when_ms : p->paid_ms;
}

/* R2 */
bool crl_pace_is_before(int64_t due_ms, int64_t when_ms, int64_t other_due_ms, int64_t other_when_ms)
{
	return due_ms != other_due_ms ? due_ms < other_due_ms : when_ms < other_when_ms;
}
