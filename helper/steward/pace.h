// SPDX-License-Identifier: Apache-2.0
/*
 * How much of a processor users may have the steward use. They can rename files in a directory of theirs, or in /tmp,
 * as often as they like, and each time rooms have to be looked at that have a name on their way there. What such looks
 * take is paid for by a rest afterwards; who has saved some pays later.
 *
 * Runs in: carrel-steward. No clock of its own: whoever asks says how late it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CRL_PACE_REST 10 /* times as long as a look takes, it included: a tenth of a processor */
#define CRL_PACE_SAVED_MS 60000 /* the most that can be saved: six seconds of looks at once */

struct crl_pace {
	int64_t paid_ms; /* until when all looks so far are paid for */
};

/* A look that users have caused took so long. */
void crl_pace_spend(struct crl_pace *p, int64_t now_ms, int64_t took_ms);

/* When the next one may be, that is wanted at @when_ms. */
int64_t crl_pace_due(const struct crl_pace *p, int64_t when_ms);

/* Of two: the one that may be sooner; of those that a rest has wait for one time, the one that was wanted sooner. */
bool crl_pace_is_before(int64_t due_ms, int64_t when_ms, int64_t other_due_ms, int64_t other_when_ms);
