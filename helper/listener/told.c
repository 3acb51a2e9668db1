// SPDX-License-Identifier: Apache-2.0
/*
 * What a listener tells: lines of the journal, as often as it may; records for carrelctl why and for what is learned.
 *
 * Runs in: listener, in its sandbox.
 * R1: no user fills the journal, by however many rooms, nor keeps others of a shared room from being told of.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "helper/listener/listener.h"
#include "state/learn/learning.h"
#include "state/score.h"
#include "state/why/why.h"

static const struct crl_rate_rule of_user = {10, 10}, of_room = {30, 30};

static struct crl_rate *lines_of(struct listener *l, uint32_t uid)
{
	for (size_t i = 0; i < l->users; i++)
		if (l->user[i].uid == uid)
			return &l->user[i].lines;
	if (l->users == LISTENER_LOGINS_MAX)
		return &l->lines;
	l->user[l->users].uid = uid;
	return &l->user[l->users++].lines;
}

static void name_call(const struct crl_refused *call, char *buf, size_t size)
{
	scoped_free char *name = seccomp_syscall_resolve_num_arch(call->arch, call->nr);

	if (name)
		(void)snprintf(buf, size, "%s", name);
	else
		(void)snprintf(buf, size, "%" PRId32, call->nr);
}

/* R1 */
static void log_call(struct listener *l, const struct listened *login, const struct listened_caller *who,
		     const struct crl_refused *call, int error)
{
	struct crl_rate *own = lines_of(l, login->text.orders.uid);
	char file[24], name[48], program[CRL_VISIBLE_MAX(CRL_PROGRAM_MAX)], missed[40] = "";
	uint64_t left_out = own->refused;
	int64_t now = crl_now_ms();

	if (!crl_rate_take(own, &of_user, now))
		return;
	(void)snprintf(file, sizeof(file), "%" PRIu32 ".rate", login->text.orders.uid);
	if (!crl_rate_take(&l->lines, &of_room, now) || !crl_rate_take_shared(l->refused, file, &of_user, now)) {
		own->refused++;
		return;
	}
	own->refused = 0;
	if (left_out > 0)
		(void)snprintf(missed, sizeof(missed), " not-told=%" PRIu64, left_out);
	name_call(call, name, sizeof(name));
	crl_log(LOG_NOTICE,
		"id=%s room=%s user=%s uid=%" PRIu32 " pid=%d program=%s policy=%s call=%s "
		"args=%" PRIx64 ",%" PRIx64 ",%" PRIx64 " %s=%s%s",
		login->text.orders.id, login->text.orders.room, login->user, who->uid, (int)who->pid,
		crl_visible_field(program, sizeof(program), who->program), login->text.orders.policy, name,
		call->arg[0], call->arg[1], call->arg[2], crl_refused_word(call->how),
		error ? strerrorname_np(error) : "no", missed);
}

void crl_listener_tell(struct listener *l, struct listened *login, const struct listened_caller *who,
		       const struct crl_refused *call, int error)
{
	struct crl_refused one = *call;
	char program[CRL_VISIBLE_MAX(CRL_PROGRAM_MAX)];

	(void)crl_visible_field(program, sizeof(one.program), who->program[0] ? who->program : "?");
	(void)snprintf(one.program, sizeof(one.program), "%.*s", CRL_PROGRAM_MAX - 1, program);
	(void)snprintf(one.id, sizeof(one.id), "%s", login->text.orders.id);
	(void)snprintf(one.policy, sizeof(one.policy), "%s", login->text.orders.policy);
	log_call(l, login, who, call, error);
	if (who->uid == 0 && one.how == CRL_REFUSED)
		return; /* sshd's, su's and their modules': nothing that stopped the user */
	crl_refusals_add(&login->fresh, &one);
	login->refused += one.how == CRL_REFUSED;
}

static void record_refusals(struct listener *l, struct listened *login)
{
	if (login->fresh.len == 0)
		return;
	if (crl_refused_merge(l->refused, login->text.orders.uid, &login->fresh) < 0)
		crl_log(LOG_WARNING, "id=%s: what it was refused cannot be recorded", login->text.orders.id);
	login->fresh.len = 0;
}

/* Who wants it is asked at each time: what nobody wants any more is thrown away. */
static void record_tally(struct listener *l, bool durable)
{
	int rc;

	if (l->tally.len == 0)
		return;
	l->learns = crl_learning_goes_on(l->learned, l->policy);
	rc = crl_tally_merge(l->seen, l->policy, &l->tally, durable);
	if (rc < 0)
		crl_log(LOG_WARNING, "what was learned of policy %s cannot be recorded: %s", l->policy, strerror(-rc));
	if (rc == 0 || !l->learns)
		crl_tally_clear(&l->tally);
}

/* For their next login. */
static void record_login(struct listener *l, const struct listened *login)
{
	struct crl_why_event e = {
		.since = login->since, .cause = CRL_WHY_CALL, .count = login->refused, .limit = CRL_COUNT_UNKNOWN};

	if (login->refused == 0)
		return;
	(void)snprintf(e.id, sizeof(e.id), "%s", login->text.orders.id);
	(void)snprintf(e.policy, sizeof(e.policy), "%s", login->text.orders.policy);
	crl_score_why(l->score, CRL_WHY_CALL, e.count);
	crl_ignore(crl_why_add(l->state, (struct crl_why_whose){login->text.orders.uid, login->text.orders.user}, &e,
			       1)); /* what it was is on record all the same */
}

void crl_listener_record(struct listener *l, struct listened *over)
{
	for (size_t i = 0; i < l->logins; i++)
		record_refusals(l, l->login[i]);
	record_tally(l, over != NULL);
	if (over)
		record_login(l, over);
	l->dirty = false;
}
