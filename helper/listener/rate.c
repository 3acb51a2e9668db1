// SPDX-License-Identifier: Apache-2.0
/* See rate.h. */
#include "helper/listener/rate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"

#define MINUTE_MS 60000
#define LOCK_TRIES 20 /* of a millisecond; who has it needs far less */

/* What is less than one stays in the time that counts from then on. */
static void refill(struct crl_rate *r, const struct crl_rate_rule *rule, int64_t now_ms)
{
	uint64_t passed = now_ms > r->since_ms ? (uint64_t)(now_ms - r->since_ms) : 0, back;

	if (passed > MINUTE_MS * rule->burst) { /* full in any case */
		r->left = rule->burst;
		r->since_ms = now_ms;
		return;
	}
	back = passed * rule->a_minute / MINUTE_MS;
	r->since_ms += (int64_t)(back * MINUTE_MS / rule->a_minute);
	r->left = r->left + back < rule->burst ? r->left + back : rule->burst;
}

bool crl_rate_take(struct crl_rate *r, const struct crl_rate_rule *rule, int64_t now_ms)
{
	if (!r->begun)
		*r = (struct crl_rate){.begun = true, .left = rule->burst, .since_ms = now_ms};
	refill(r, rule, now_ms);
	if (r->left == 0) {
		r->refused++;
		return false;
	}
	r->left--;
	return true;
}

static bool is_locked(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		crl_pause_ms(1);
	}
	return false;
}

bool crl_rate_take_shared(int dir, const char *name, const struct crl_rate_rule *rule, int64_t now_ms)
{
	scoped_fd fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct crl_rate r = {0};
	bool may;

	if (fd < 0)
		return true;
	if (!is_locked(fd))
		return false;
	if (pread(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r) || r.since_ms > now_ms || r.left > rule->burst)
		r = (struct crl_rate){0};
	may = crl_rate_take(&r, rule, now_ms);
	if (pwrite(fd, &r, sizeof(r), 0) < 0)
		return true;
	return may;
}
