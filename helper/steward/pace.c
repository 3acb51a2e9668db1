// SPDX-License-Identifier: Apache-2.0
/* See pace.h. R1: in the long run looks that users cause take a tenth of a processor, whatever they do. */
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
