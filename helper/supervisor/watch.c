// SPDX-License-Identifier: Apache-2.0
/* See watch.h. */
#include "helper/supervisor/watch.h"

#include "base/scope.h"

void crl_watches_begin(struct crl_watches *w)
{
	w->len = 0;
	w->due_ms = 0;
}

void crl_watches_add(struct crl_watches *w, int fd, short events, crl_watches_answer *serve, void *arg)
{
	if (fd < 0 || w->len >= CRL_WATCHES_MAX)
		return;
	w->p[w->len] = (struct pollfd){.fd = fd, .events = events};
	w->serve[w->len] = serve;
	w->arg[w->len++] = arg;
}

void crl_watches_due(struct crl_watches *w, int64_t when_ms)
{
	if (when_ms != 0 && (w->due_ms == 0 || when_ms < w->due_ms))
		w->due_ms = when_ms;
}

bool crl_watches_serve(const struct crl_watches *w, struct crl_kept *room)
{
	for (size_t i = 0; i < w->len; i++)
		if (w->p[i].revents && w->serve[i](room, w->arg[i]))
			return true;
	return false;
}
