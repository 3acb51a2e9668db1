// SPDX-License-Identifier: Apache-2.0
/*
 * See orders.h.
 *
 * Runs in: supervisor; init, in its sandbox with CAP_KILL.
 */
#include "helper/init/orders.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "base/log.h"
#include "base/procstat.h"
#include "helper/kept_room.h"
#include "helper/supervisor/member.h"
#include "plan/grace.h"
#include "wire/fdpass.h"
#include "wire/phases.h"
#include "wire/proto.h"

#define MOMENT_MS 200 /* for init to take what is in its queue; it may be frozen with its room */
#define DUE_MAX 1024 /* processes; those beyond are looked at when these have been told */

/* R2 */
struct due {
	pid_t pid;
	int number;
	uint64_t start; /* 0 = not known */
};

struct order {
	const struct crl_kept *room;
	enum crl_grace_step step;
	pid_t app;
	int proc;
	int64_t until_ms;
	size_t len;
	struct due due[DUE_MAX];
};

static int give(const struct order *o, int number, const int *pidfd)
{
	const struct crl_msg_signal body = {.number = (uint32_t)number, .step = (uint32_t)o->step};
	int rc;

	/*
	 * Descriptors on their way are counted for all of root's processes together: that is as passing as a full
	 * queue.
	 */
	while ((rc = crl_msg_send(o->room->orders, CRL_MSG_SIGNAL, &body, sizeof(body), pidfd, pidfd ? 1 : 0)) ==
		       -EAGAIN ||
	       rc == -ETOOMANYREFS) {
		if (crl_now_ms() >= o->until_ms)
			return -ETIMEDOUT;
		crl_pause_ms(1);
	}
	return rc;
}

/* A number that is used again meanwhile does no harm: the kernel lets init signal its own room alone. */
static int give_one(const struct order *o, const struct due *d)
{
	scoped_fd pidfd = pidfd_open(d->pid, 0);
	struct crl_procstat s = {0};

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	if (d->start != 0 && (crl_procstat_read(o->proc, d->pid, &s) < 0 || s.start != d->start))
		return 0; /* it may be another login's */
	return give(o, d->number, &pidfd);
}

static int give_due(struct order *o)
{
	int rc = 0;

	for (size_t i = 0; i < o->len && rc == 0; i++)
		rc = give_one(o, &o->due[i]);
	o->len = 0;
	return rc;
}

static int note_one(void *arg, pid_t pid)
{
	struct crl_procstat s = {.state = '?', .parent = -1}; /* a host may hide it even from us */
	struct order *o = arg;
	int number, rc = 0;

	if (pid == o->app)
		return 0;
	crl_ignore(crl_procstat_read(o->proc, pid, &s));
	number = crl_grace_signal(o->step, &s, o->app);
	if (number == 0)
		return 0;
	if (o->len == DUE_MAX)
		rc = give_due(o);
	o->due[o->len++] = (struct due){pid, number, s.start};
	return rc;
}

static void tell(const struct crl_kept *room, int rc)
{
	if (rc < 0 && rc != -EPIPE) /* then init is gone, and all with it */
		crl_log(LOG_WARNING, "room=%s: not everybody could be told to end: %s", room->id, strerror(-rc));
}

void crl_order_room(const struct crl_kept *room, enum crl_grace_step step)
{
	const struct order o = {.room = room, .step = step, .until_ms = crl_now_ms() + MOMENT_MS};

	if (room->orders >= 0)
		tell(room, give(&o, 0, NULL));
}

void crl_order_login(const struct crl_kept *room, const struct crl_member *m, enum crl_grace_step step)
{
	scoped_fd proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct order o = {
		.room = room, .step = step, .app = m->pid, .proc = proc, .until_ms = crl_now_ms() + MOMENT_MS};
	int rc;

	if (room->orders < 0)
		return;
	rc = crl_cgroup_each(m->cgroup, note_one, &o);
	tell(room, rc < 0 ? rc : give_due(&o));
}

static void signal_due(const struct due *due, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (kill(due[i].pid, due[i].number) == 0)
			(void)kill(due[i].pid, SIGCONT); /* who is gone meanwhile needs nothing */
}

void crl_signal_room(int proc, enum crl_grace_step step)
{
	static struct due due[DUE_MAX];
	scoped(crl_dir) dir = {0};
	size_t len = 0;

	if (getpid() != 1) /* R1 */
		return;
	(void)crl_dir_open(proc, ".", &dir);
	for (int pid; crl_dir_next_number(&dir, &pid);) {
		struct crl_procstat s;
		int number = pid > 1 && crl_procstat_read(proc, pid, &s) == 0 ? crl_grace_signal(step, &s, 0) : 0;

		if (number == 0)
			continue;
		if (len == DUE_MAX) {
			signal_due(due, len);
			len = 0;
		}
		due[len++] = (struct due){.pid = pid, .number = number};
	}
	signal_due(due, len);
}

static void signal_one(int number, int pidfd)
{
	if (getpid() != 1 || (number != SIGHUP && number != SIGTERM)) /* R1 */
		return;
	if (pidfd_send_signal(pidfd, number, NULL, 0) == 0)
		(void)pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
}

bool crl_orders_obey(int channel, int proc)
{
	for (;;) {
		scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
		struct crl_msg_signal body;
		int rc = crl_msg_recv(channel, &crl_phases[CRL_PHASE_ORDERS], &body, sizeof(body), -1, &got);

		if (rc < 0)
			return rc == -EAGAIN;
		if (got.fds[0] >= 0)
			signal_one((int)body.number, got.fds[0]);
		else
			crl_signal_room(proc, (enum crl_grace_step)body.step);
	}
}
