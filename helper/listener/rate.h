// SPDX-License-Identifier: Apache-2.0
/*
 * How often something may be done: so many times at once, and then again so many times a minute.
 *
 * Runs in: listener. It is told what time it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct crl_rate_rule {
	uint64_t burst;
	uint64_t a_minute; /* not 0 */
};

/* All zero: nothing was done yet. */
struct crl_rate {
	bool begun;
	uint64_t left;
	int64_t since_ms; /* up to when what came back is in @left */
	uint64_t refused; /* since the last that was let */
};

/* May it be done now? @now_ms  by a clock that does not go back; when it does, nothing comes back for a while */
bool crl_rate_take(struct crl_rate *r, const struct crl_rate_rule *rule, int64_t now_ms);

/*
 * The same for what several processes do together: how often it may be done stands in a file. Without a file, since
 * there is no room for one, it may; it may not when somebody has the file locked for longer than a moment.
 * @dir     where the file is or is made, root's alone
 * @now_ms  by a clock that all of them have; a file of later than that is begun anew
 */
bool crl_rate_take_shared(int dir, const char *name, const struct crl_rate_rule *rule, int64_t now_ms);
