// SPDX-License-Identifier: Apache-2.0
/*
 * What a listener waits for: further logins from the supervisor, calls, and the time to write down what it saw.
 *
 * Runs in: listener, in its sandbox.
 * R1: one call of each login at a time: who makes many keeps no other login waiting.
 * R2: nothing is waited for but in poll(): who ends or is killed keeps no other login waiting.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <syslog.h>

#include "apply/sandbox_filter.h"
#include "base/clock.h"
#include "base/log.h"
#include "helper/listener/listener.h"
#include "wire/fdpass.h"
#include "wire/phases.h"

#define SYNC_WAKE_UP 1UL /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6 */

static struct listened *read_login(struct crl_received *got)
{
	struct listened *login = calloc(1, sizeof(*login));

	if (!login)
		return NULL;
	if (crl_listen_orders_read(got->fds[1], &login->text) < 0) {
		free(login);
		return NULL;
	}
	login->fd = take_fd(&got->fds[0]);
	login->since = crl_clock_ms() / 1000;
	(void)crl_visible_field(login->user, sizeof(login->user), login->text.orders.user);
	(void)snprintf(login->fresh.user, sizeof(login->fresh.user), "%s", login->user);
	/* The caller goes on by waking us and sleeping: on one processor that is a third of the time. */
	(void)ioctl(login->fd, CRL_SECCOMP_SET_FLAGS, SYNC_WAKE_UP);
	return login;
}

/* What cannot be served is closed, and its calls are answered by the kernel with ENOSYS: nothing is let by mistake. */
static void hear_supervisor(struct listener *l)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int rc = crl_msg_recv(l->control, &crl_phases[CRL_PHASE_SERVING], NULL, 0, -1, &got);
	struct listened *login;

	if (rc == -EAGAIN)
		return;
	if (rc < 0) { /* the room has ended; what is left of it is served to its end */
		drop_fd(&l->control);
		return;
	}
	login = l->logins < LISTENER_LOGINS_MAX ? read_login(&got) : NULL;
	if (!login) {
		crl_log(LOG_WARNING, "a login's calls cannot be listened to: all that its filter tells are refused");
		return;
	}
	l->login[l->logins++] = login;
	if (login->text.orders.learn) {
		l->learns = true;
		(void)snprintf(l->policy, sizeof(l->policy), "%s", login->text.orders.policy);
	}
}

static void end_login(struct listener *l, size_t i)
{
	struct listened *login = l->login[i];

	crl_listener_record(l, login);
	l->login[i] = l->login[--l->logins];
	scope_close_fd(&login->fd);
	free(login);
}

/* Returns for how long, in milliseconds; -1 = until something happens. */
static int wait_ms(const struct listener *l, int64_t now)
{
	int64_t until = l->dirty ? l->record_ms : INT64_MAX;

	for (size_t i = 0; i < l->logins; i++)
		if (l->login[i]->wait_until_ms > now && l->login[i]->wait_until_ms < until)
			until = l->login[i]->wait_until_ms;
	return until == INT64_MAX ? -1 : until <= now ? 0 : (int)(until - now);
}

/*
 * R1. From the last on, since one that is over gives its place to the last. R2: it is over when nothing is to be had
 * and the kernel says that no process has the filter any more; asked for a notification then, one before Linux 6.11
 * waits for ever.
 */
static void serve_all(struct listener *l, const struct pollfd *p, size_t n)
{
	for (size_t i = n; i-- > 0;)
		if (p[i].revents && (!(p[i].revents & POLLIN) || !crl_listener_answer(l, l->login[i])))
			end_login(l, i);
}

_Noreturn void crl_listener_run(struct listener *l)
{
	static struct pollfd p[LISTENER_LOGINS_MAX + 1];

	while (l->control >= 0 || l->logins > 0) {
		int64_t now = crl_now_ms();
		size_t n = l->logins;

		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = l->login[i]->wait_until_ms > now ? -1 : l->login[i]->fd,
					       .events = POLLIN};
		p[n] = (struct pollfd){.fd = l->control, .events = POLLIN};
		if (poll(p, n + 1, wait_ms(l, now)) < 0 && errno != EINTR)
			crl_pause_ms(100); /* without memory for a moment */
		serve_all(l, p, n);
		if (p[n].revents)
			hear_supervisor(l);
		if (l->dirty && crl_now_ms() >= l->record_ms)
			crl_listener_record(l, NULL);
	}
	_exit(0);
}
