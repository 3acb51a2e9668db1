// SPDX-License-Identifier: Apache-2.0
/* See grace.h. */
#include "plan/grace.h"

#include <signal.h>

#include "base/procstat.h"

#define PAUSE_MOST_MS 20

struct crl_grace crl_grace_begin(int64_t now_ms, int64_t length_ms)
{
	return (struct crl_grace){
		.since_ms = now_ms, .length_ms = length_ms > 0 ? length_ms : 0, .said = CRL_GRACE_WAIT};
}

static int64_t due_ms(const struct crl_grace *g, enum crl_grace_step step)
{
	static const int quarters[] = {
		[CRL_GRACE_HANG_UP] = 1, [CRL_GRACE_TERMINATE] = 2, [CRL_GRACE_INSIST] = 3, [CRL_GRACE_OVER] = 4};

	return g->since_ms + g->length_ms * quarters[step] / 4;
}

enum crl_grace_step crl_grace_next(struct crl_grace *g, int64_t now_ms)
{
	if (g->said == CRL_GRACE_OVER || now_ms >= due_ms(g, CRL_GRACE_OVER))
		return g->said = CRL_GRACE_OVER;
	if (now_ms < due_ms(g, g->said + 1))
		return CRL_GRACE_WAIT;
	return ++g->said;
}

int64_t crl_grace_pause_ms(const struct crl_grace *g, int64_t now_ms)
{
	int64_t pause = (now_ms - g->since_ms) / 8;
	int64_t left = g->said == CRL_GRACE_OVER ? 0 : due_ms(g, g->said + 1) - now_ms;

	pause = pause > PAUSE_MOST_MS ? PAUSE_MOST_MS : pause;
	pause = pause > left ? left : pause;
	return pause < 1 ? 1 : pause;
}

int crl_grace_signal(enum crl_grace_step step, const struct crl_procstat *s, pid_t application)
{
	if (crl_procstat_is_dead(s))
		return 0;
	switch (step) {
	case CRL_GRACE_CUT:
		return s->parent == application ? SIGHUP : 0;
	case CRL_GRACE_HANG_UP:
		return s->has_tty || s->parent == application ? 0 : SIGHUP;
	case CRL_GRACE_TERMINATE:
		return s->has_tty ? 0 : SIGTERM;
	case CRL_GRACE_INSIST:
		return s->has_tty ? SIGHUP : 0;
	case CRL_GRACE_OVER:
	case CRL_GRACE_WAIT:
		break;
	}
	return 0;
}
