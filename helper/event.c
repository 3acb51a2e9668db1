// SPDX-License-Identifier: Apache-2.0
/* See event.h. */
#include "helper/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/journal.h"
#include "base/text.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/supervisor/member.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/score.h"
#include "state/why/why.h"
#include "wire/login.h"

/* MESSAGE_ID of each kind, for journalctl. */
#define ID_OPENED "e032d82dba3243ff8e265d554110e0f9"
#define ID_REFUSED "b3b632def9234204a4099f8c992b9e35"
#define ID_CLOSED "712e995d462a4ef2b8031c80ef2b06fb"

/* R1 */
struct shown {
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)];
	char service[CRL_VISIBLE_MAX(CRL_SERVICE_MAX)];
	char where[CRL_VISIBLE_MAX(CRL_RHOST_MAX) + CRL_VISIBLE_MAX(CRL_TTY_MAX) + 16]; /* " rhost=A tty=T" */
};

static void show(struct shown *s, const char *user, const char *service, const char *rhost, const char *tty)
{
	char host[CRL_VISIBLE_MAX(CRL_RHOST_MAX)], terminal[CRL_VISIBLE_MAX(CRL_TTY_MAX)];

	(void)crl_visible_field(s->user, sizeof(s->user), user);
	(void)crl_visible_field(s->service, sizeof(s->service), service);
	(void)snprintf(s->where, sizeof(s->where), "%s%s%s%s", rhost[0] ? " rhost=" : "",
		       crl_visible_field(host, sizeof(host), rhost), tty[0] ? " tty=" : "",
		       crl_visible_field(terminal, sizeof(terminal), tty));
}

void crl_event_opened(const struct crl_job *job, bool made)
{
	const bool tried = job->options->rehearse;
	const struct crl_login *l = &job->login;
	struct shown s;

	show(&s, l->user, l->service, l->rhost, l->tty);
	crl_journal_log(tried ? LOG_DEBUG : LOG_INFO, tried ? NULL : ID_OPENED,
			"%sid=%s room=%s user=%s uid=%" PRIu32 " service=%s policy=%s%s in (%s)",
			tried ? "" : "event=open ", job->id, job->adopt.room, s.user, l->uid, s.service,
			job->policy.name, s.where, made ? "a new room" : "a room that stood");
	if (!tried)
		crl_score_opened(job->score, &(struct crl_score_login){.policy = job->policy.name,
								       .service = l->service,
								       .us = (uint64_t)(crl_now_us() - job->begun_us),
								       .made = made});
}

const char *crl_event_policy(const struct crl_job *job)
{
	return job->policy.name[0] ? job->policy.name : job->rule ? job->rule->policy : "-";
}

void crl_event_refused(const struct crl_job *job, const struct crl_err *err)
{
	const bool tried = job->options->rehearse;
	const struct crl_login *l = &job->login;
	char detail[1024];
	struct shown s;

	show(&s, l->user, l->service, l->rhost, l->tty);
	crl_err_format(err, detail, sizeof(detail));
	crl_journal_log(err->stage == CRL_STAGE_DRAIN ? LOG_NOTICE : LOG_ERR /* a host that is drained is no fault */,
			tried ? NULL : ID_REFUSED, "%sid=%s refused user=%s uid=%" PRIu32 " service=%s policy=%s%s %s",
			tried ? "" : "event=refused ", job->id, s.user, l->uid, s.service, crl_event_policy(job),
			s.where, detail);
	if (!tried)
		crl_score_refused(job->score, err->stage);
}

/* " met=home,tasks": causes as carrelctl why has them; "" = nothing. */
static const char *describe_met(uint32_t met, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (uint32_t cause = 0; cause < CRL_WHY_COUNT; cause++)
		if (met & 1u << cause && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s",
					       at > 0 ? "," : " met=", crl_why_name(cause));
	return buf;
}

void crl_event_closed(const struct crl_kept *room, const struct crl_member *m, const struct crl_event_use *use)
{
	const bool tried = !room->why;
	struct shown s;
	char met[160];

	show(&s, m->user, m->service, m->rhost, m->tty);
	crl_journal_log(LOG_INFO, tried ? NULL : ID_CLOSED,
			"%sid=%s room=%s user=%s uid=%" PRIu32 " service=%s left (%s) duration_s=%" PRId64
			"%s policy=%s%s%s",
			tried ? "" : "event=close ", m->id, room->id, s.user, m->uid, s.service,
			m->asked ? "close" : "application gone", use->seconds, use->text, room->adopt.policy, s.where,
			describe_met(m->met, met, sizeof(met)));
	if (!tried)
		crl_score_closed(room->score, &(struct crl_score_login){
						      .policy = room->adopt.policy,
						      .service = m->service,
						      .us = use->cpu_us == UINT64_MAX ? 0 : use->cpu_us,
						      .seconds = (uint64_t)use->seconds,
					      });
}
