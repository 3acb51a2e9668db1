// SPDX-License-Identifier: Apache-2.0
/*
 * What the steward waits for. A thousand rooms are a thousand descriptors: what is ready is told by the kernel, not
 * looked for.
 *
 * Runs in: carrel-steward.
 * R1: an event is for whom it was meant: of those that come together one may end the wait of another, whose number
 * is taken anew by the time that its turn comes.
 */
#include "helper/steward/steward.h"

#include <string.h>

#include "base/log.h"

#define ERROR_PAUSE_MS 200
#define AT_ONCE 64 /* events; more are there the next time */
#define FIRST 64

static int grow(struct crl_steward *s, size_t least)
{
	size_t watches = s->watches ? s->watches : FIRST;
	struct crl_watch *watch;

	while (watches < least)
		watches *= 2;
	watch = reallocarray(s->watch, watches, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	memset(watch + s->watches, 0, (watches - s->watches) * sizeof(*watch));
	s->watch = watch;
	s->watches = watches;
	return 0;
}

static int make_ready(struct crl_steward *s, size_t number)
{
	if (s->epoll < 0)
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	return number < s->watches ? 0 : grow(s, number + 1);
}

/* R1 */
int crl_steward_watch(struct crl_steward *s, int fd, uint32_t events, crl_watch_ready *ready, void *arg)
{
	struct epoll_event e = {.events = events};
	struct crl_watch *w;
	int rc = fd < 0 ? -EBADF : make_ready(s, (size_t)fd);

	if (rc < 0)
		return rc;
	w = &s->watch[fd];
	e.data.u64 = (uint64_t)++w->generation << 32 | (uint32_t)fd;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	w->ready = ready;
	w->arg = arg;
	return 0;
}

void crl_steward_unwatch(struct crl_steward *s, int fd)
{
	if (fd < 0 || (size_t)fd >= s->watches || !s->watch[fd].ready)
		return;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
	s->watch[fd].ready = NULL;
}

void crl_steward_wait(struct crl_steward *s, int64_t due_ms)
{
	int64_t left = due_ms == 0 ? -1 : due_ms - crl_now_ms();
	int wait_ms = due_ms == 0 ? -1 : left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
	struct epoll_event event[AT_ONCE];
	int n = epoll_wait(s->epoll, event, AT_ONCE, wait_ms);

	if (n < 0 && errno != EINTR) {
		crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": cannot wait for events: %s; trying again", strerror(errno));
		crl_pause_ms(ERROR_PAUSE_MS);
	}
	for (int i = 0; i < n; i++) {
		int fd = (int)(uint32_t)event[i].data.u64;
		const struct crl_watch w = s->watch[fd];

		if (w.ready && w.generation == event[i].data.u64 >> 32) /* R1 */
			w.ready(s, fd, event[i].events, w.arg);
	}
}
