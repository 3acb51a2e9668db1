// SPDX-License-Identifier: Apache-2.0
/* carrelctl status: the state of this host on one screen, with an exit status for monitoring. */
#include "ctl/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/check/check.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/look/budgets.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "ctl/seen/seen.h"
#include "policy/file/load.h"
#include "wire/version.h"

#define FULL_PART 20 /* less than this part free is worth a look */

/* How a line stands; the worst of them is the exit status. */
enum status_state { FINE, LOOK, BROKEN };

struct screen {
	const struct ctl *c;
	const struct ctl_seen *s;
	struct ctl_table t;
	enum status_state worst;
};

static CRL_PRINTF(4, 5) void line(struct screen *p, enum status_state how, const char *topic, const char *fmt, ...)
{
	static const char *const word[] = {[FINE] = "ok", [LOOK] = "look", [BROKEN] = "broken"};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_cell(&p->t, "%s", topic);
	ctl_cell(&p->t, "%s", word[how]);
	ctl_cell(&p->t, "%s", text);
	p->worst = how > p->worst ? how : p->worst;
}

static const char *text_when(int64_t when, char buf[32])
{
	time_t at = (time_t)when;
	struct tm tm;

	if (when <= 0 || !localtime_r(&at, &tm) || strftime(buf, 32, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(buf, 32, "unknown");
	return buf;
}

static void tell_config(struct screen *p)
{
	const struct ctl_seen *s = p->s;
	const struct crl_in_force *f = &s->in_force;
	char when[32], where[CRL_ERR_TEXT_MAX + CRL_ERR_FILE_MAX];

	if (s->config)
		line(p, FINE, "configuration", "%s, since %s, policies=%zu", f->path, text_when(s->config_since, when),
		     s->policies);
	else {
		crl_err_show(&s->config_err, where, sizeof(where));
		line(p, BROKEN, "configuration", "every login is refused: %s%s%s", s->config_err.file,
		     s->config_err.file[0] ? ": " : "", where);
	}
	if (s->off)
		line(p, BROKEN, "switch", "carrel is switched off: nobody who logs in now is isolated");
	crl_trial_until(&f->trial, when, sizeof(when));
	if (f->fell_back)
		line(p, LOOK, "trial", "the candidate cannot be read, so the configuration before it counts");
	else if (f->state == CRL_TRIAL_RUNNING)
		line(p, LOOK, "trial", "until %s, by %s", when, f->trial.by);
	else if (f->state == CRL_TRIAL_NONE)
		line(p, FINE, "trial", "none");
	else
		line(p, LOOK, "trial", "something is left of one: carrelctl try --status");
	if (s->drain == CRL_DRAIN_ON)
		line(p, LOOK, "drain", "new logins are refused: carrelctl drain --status");
	else if (s->drain == CRL_DRAIN_BROKEN)
		line(p, LOOK, "drain", "its file cannot be read: logins are taken");
}

static void tell_rooms(struct screen *p)
{
	const struct ctl_seen *s = p->s;

	if (s->state_err.code)
		line(p, BROKEN, "state", "every login is refused: %s", s->state_err.text);
	else if (s->state_missing)
		line(p, strcmp(p->c->state, CRL_STATE_DIR) == 0 ? FINE : LOOK, "state",
		     "%s is not there: no login was ever let in by it", p->c->state);
	if (s->rooms_error < 0)
		line(p, BROKEN, "rooms", "cannot be read: %s", strerrordesc_np(-s->rooms_error));
	else
		line(p, s->stale + s->rooms.unreadable > 0 ? LOOK : FINE, "rooms",
		     "rooms=%zu users=%zu logins=%zu empty=%zu stale=%zu unreadable=%zu", s->rooms.len - s->stale,
		     s->users, s->logins, s->empty, s->stale, s->rooms.unreadable);
}

/* "1.5G of 2.0G"; without a limit "1.5G". Returns whether little is left. */
static bool describe_share(uint64_t used, uint64_t limit, bool is_size, char *buf, size_t size)
{
	char a[CTL_UNIT_TEXT], b[CTL_UNIT_TEXT];

	if (is_size) {
		(void)ctl_text_size(used, a);
		(void)ctl_text_size(limit, b);
	} else {
		(void)snprintf(a, sizeof(a), "%" PRIu64, used);
		(void)snprintf(b, sizeof(b), "%" PRIu64, limit);
	}
	(void)snprintf(buf, size, "%s%s%s", used == UINT64_MAX ? "?" : a, limit == UINT64_MAX ? "" : " of ",
		       limit == UINT64_MAX ? "" : b);
	return used != UINT64_MAX && limit != UINT64_MAX && used >= limit - limit / CTL_NEAR_PART;
}

static void tell_budget(void *arg, const struct ctl_budget *b)
{
	struct screen *p = arg;
	char topic[16 + CRL_BUDGET_NAME_MAX], memory[2 * CTL_UNIT_TEXT + 8], tasks[2 * CTL_UNIT_TEXT + 8];
	bool near = describe_share(b->usage.memory, b->usage.memory_max, true, memory, sizeof(memory));

	near |= describe_share(b->usage.processes, b->usage.tasks_max, false, tasks, sizeof(tasks));
	(void)snprintf(topic, sizeof(topic), "budget %s", b->name);
	line(p, near ? LOOK : FINE, topic, "users=%zu rooms=%zu memory %s, tasks %s", b->users, b->rooms, memory,
	     tasks);
}

static void tell_refused(struct screen *p)
{
	const struct crl_score *score = &p->s->score;
	char codes[512] = "";
	uint64_t sum = 0;
	size_t at = 0;

	if (p->s->score_error < 0 && p->s->score_error != -ENOENT) {
		line(p, LOOK, "refused", "its counts cannot be read: %s", strerrordesc_np(-p->s->score_error));
		return;
	}
	for (uint32_t code = 0; code < CRL_STAGE_COUNT; code++) {
		uint64_t n = crl_score_recent(score, code, p->s->now);

		sum += n;
		if (n > 0 && at < sizeof(codes))
			at += (size_t)snprintf(codes + at, sizeof(codes) - at, " %s=%" PRIu64, crl_stage_name(code), n);
	}
	if (sum > 0)
		line(p, LOOK, "refused", "in the last hour:%s (carrelctl log tells who)", codes);
	else
		line(p, FINE, "refused", "nobody in the last hour");
}

static void tell_sweep(struct screen *p)
{
	const struct crl_score *score = &p->s->score;
	const int64_t at = score->swept < 0 ? -score->swept : score->swept;
	char when[32];

	if (score->sweeps == 0)
		line(p, FINE, "sweep", "none yet");
	else
		line(p, score->swept < 0 ? LOOK : FINE, "sweep",
		     "last %s%s, sweeps=%" PRIu64 " rooms=%" PRIu64 " failed=%" PRIu64, text_when(at, when),
		     score->swept < 0 ? ", which failed (carrelctl log tells why)" : "", score->sweeps,
		     score->swept_rooms, score->sweeps_failed);
}

static void tell_store(struct screen *p)
{
	const struct ctl_seen_store *s = &p->s->store;
	char left[CTL_UNIT_TEXT], all[CTL_UNIT_TEXT];

	if (!s->path[0])
		return; /* where it is, the configuration would tell */
	if (s->error == -ENOENT)
		line(p, FINE, "store", "%s: nothing was ever kept", s->path);
	else if (s->error < 0)
		line(p, LOOK, "store", "%s: %s", s->path, s->why.text[0] ? s->why.text : strerrordesc_np(-s->error));
	else
		line(p, s->bytes_free < s->bytes / FULL_PART ? LOOK : FINE, "store",
		     "%s: homes=%" PRIu64 " roots=%" PRIu64 " orphans=%" PRIu64 " images=%" PRIu64
		     " nearly full=%" PRIu64 ", %s of %s free",
		     s->path, s->homes, s->roots, s->orphans, s->images, s->near, ctl_text_size(s->bytes_free, left),
		     ctl_text_size(s->bytes, all));
}

static void tell_helper(struct screen *p)
{
	const struct ctl_seen *s = p->s;

	if (s->helper_error < 0)
		line(p, BROKEN, "helper", "%s is not there, or does not run: every login is refused", p->c->helper);
	else if (strcmp(s->helper_version, CRL_VERSION_TEXT) != 0)
		line(p, LOOK, "helper", "%s is version %s, and this is carrelctl " CRL_VERSION_TEXT, p->c->helper,
		     s->helper_version);
	else
		line(p, FINE, "helper", "%s, version %s", p->c->helper, s->helper_version);
}

/* Nothing is tried: that takes rooms, and time. */
static void tell_check(struct screen *p)
{
	struct ctl_findings f = CTL_FINDINGS_NONE;
	struct ctl c = *p->c;

	c.no_rehearse = true;
	ctl_check_all(&f, &c);
	line(p,
	     f.count[CTL_ERROR] > 0     ? BROKEN
	     : f.count[CTL_WARNING] > 0 ? LOOK
					: FINE,
	     "check", "errors=%zu warnings=%zu notes=%zu, PAM services with carrel=%zu", f.count[CTL_ERROR],
	     f.count[CTL_WARNING], f.count[CTL_NOTE], f.wired);
	ctl_findings_done(&f);
}

static enum ctl_exit run_status(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {{"TOPIC", false}, {"STATE", false}, {"WHAT", false}};
	static const enum ctl_exit status[] = {[FINE] = CTL_YES, [LOOK] = CTL_NO, [BROKEN] = CTL_FAIL};
	static struct ctl_seen s; /* large */
	struct screen p = {.c = c, .s = &s, .t = {.column = column, .columns = CRL_ARRAY_LEN(column)}};

	(void)argc, (void)argv;
	ctl_seen_read(c, &s);
	tell_config(&p);
	tell_rooms(&p);
	ctl_budgets_read(&s.rooms, tell_budget, &p);
	tell_refused(&p);
	tell_sweep(&p);
	tell_store(&p);
	tell_helper(&p);
	if (!c->no_check)
		tell_check(&p);
	ctl_table_print(c, &p.t);
	ctl_table_done(&p.t);
	ctl_seen_done(&s);
	return status[p.worst];
}

const struct ctl_command ctl_status_command = {
	.name = "status",
	.usage = "",
	.summary = "the state of this host, with an exit status for monitoring",
	.options =
		(const struct ctl_option[]){
			{.name = "no-check", .help = "without what check has to say, in less time", CTL_FLAG(no_check)},
			CTL_OPTION_PAM_DIR,
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl status", "carrelctl status --no-check --json", NULL},
	.json = true,
	.looks_at_rooms = true,
	.run = run_status,
};
