// SPDX-License-Identifier: Apache-2.0
/*
 * One call that a filter tells of: decided as the filter itself would, then tallied or told.
 *
 * Runs in: listener, in its sandbox.
 * R1: what goes on is what the login's own filter lets go on, by the registers that the kernel has seen; nothing that a
 * pointer leads to is looked at. What is not understood is refused.
 * R2: who is refused again and again waits: a listener's time is the host's, and not the user's.
 * R3: a caller that is killed before its call is taken ends no login.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "helper/listener/listener.h"
#include "plan/filter/notify.h"

#define RECORD_MS 2000 /* what was seen is on record by then */
#define WAIT_MS 100

/* R2: so many at once, and a thousand a second. */
static const struct crl_rate_rule at_once = {2000, 60000};

/* The kernel's structs may be larger than those we know. */
union notif {
	struct seccomp_notif notif;
	char space[1024];
};

union resp {
	struct seccomp_notif_resp resp;
	char space[1024];
};

static void note_dirty(struct listener *l)
{
	if (!l->dirty)
		l->record_ms = crl_now_ms() + RECORD_MS;
	l->dirty = true;
}

static void learn(struct listener *l, const struct seccomp_data *d, const struct listened_caller *who)
{
	struct crl_seen seen = {.arch = d->arch, .nr = d->nr, .value = CRL_NO_VALUE, .count = 1};

	crl_ignore(crl_notify_value(d, &seen.value));
	memcpy(seen.program, who->program, sizeof(seen.program));
	crl_tally_add(&l->tally, &seen);
	note_dirty(l);
}

/* What is to be answered, and how it is to be told. */
struct listened_answer {
	int error; /* 0 = it goes on */
	bool told;
	enum crl_refused_how how;
};

/* R1 */
static struct listened_answer decide(const struct listened *login, const struct seccomp_data *d)
{
	uint32_t says = crl_notify_verdict(&login->text.filter, d), action = says & SECCOMP_RET_ACTION_FULL;
	int error = action == SECCOMP_RET_ERRNO ? (int)(says & SECCOMP_RET_DATA) : EPERM;

	if (action == SECCOMP_RET_ALLOW)
		return (struct listened_answer){0};
	if (action == SECCOMP_RET_LOG)
		return (struct listened_answer){0, true, login->text.orders.trial ? CRL_WOULD_BE_REFUSED : CRL_TOLD};
	return (struct listened_answer){error ? error : EPERM, true, CRL_REFUSED};
}

static void tell(struct listener *l, struct listened *login, const struct listened_caller *who,
		 const struct seccomp_data *d, const struct listened_answer *v)
{
	struct crl_refused call = {.count = 1, .how = v->how, .arch = d->arch, .nr = d->nr};

	call.first_ms = call.last_ms = crl_clock_ms();
	for (size_t i = 0; i < CRL_REFUSED_ARGS; i++)
		call.arg[i] = d->args[i];
	crl_listener_tell(l, login, who, &call, v->error);
	note_dirty(l);
}

static void see(struct listener *l, struct listened *login, const struct seccomp_notif *n,
		const struct listened_answer *v)
{
	bool learns = !v->error && l->learns && login->text.orders.learn;
	struct listened_caller who;

	if (!v->told && !learns)
		return;
	crl_listener_look(login, n, &who);
	if (v->told)
		tell(l, login, &who, &n->data, v);
	if (learns)
		learn(l, &n->data, &who);
}

bool crl_listener_answer(struct listener *l, struct listened *login)
{
	static union notif in;
	static union resp out;
	struct listened_answer v;

	if (l->notif_size > sizeof(in) || l->resp_size > sizeof(out))
		return false;
	memset(&in, 0, sizeof(in)); /* the kernel asks for that */
	login->wait_until_ms = 0;
	if (ioctl(login->fd, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
		return errno == EINTR || errno == EAGAIN || errno == ENOENT; /* R3 */
	v = decide(login, &in.notif.data);
	see(l, login, &in.notif, &v);
	memset(&out, 0, sizeof(out));
	out.resp.id = in.notif.id;
	out.resp.error = -v.error;
	out.resp.flags = v.error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(login->fd, SECCOMP_IOCTL_NOTIF_SEND, &out); /* or it has ended meanwhile */
	if (v.told && !crl_rate_take(&login->calls, &at_once, crl_now_ms()))
		login->wait_until_ms = crl_now_ms() + WAIT_MS;
	return true;
}
