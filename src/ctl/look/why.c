// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl why: what stopped a login's processes last.
 *
 * Three sources: the records that supervisors write when a login ends, the counts of logins that are open, and the
 * kernel's log for refused system calls. What to do names the key, and its file and line under the policy as it is now.
 */
#include "ctl/look/why.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/limits/counts.h"
#include "base/err.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/who.h"
#include "ctl/look/usage.h"
#include "ctl/look/why_calls.h"
#include "ctl/print/out.h"
#include "plan/limits/counts.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "state/rooms/rooms.h"
#include "state/why/why.h"
#include "wire/login.h"

#define AUDITD "/run/auditd.pid"

struct ctl_why_row *ctl_why_add(struct ctl_why_rows *rows)
{
	struct ctl_why_row *grown = reallocarray(rows->item, rows->len + 1, sizeof(*grown));

	if (!grown)
		abort();
	rows->item = grown;
	grown = &rows->item[rows->len++];
	*grown = (struct ctl_why_row){0};
	return grown;
}

static void rows_done(struct ctl_why_rows *rows)
{
	for (size_t i = 0; i < rows->len; i++)
		free(rows->item[i].user);
	free(rows->item);
}

struct reading {
	const struct ctl *c;
	struct ctl_why_rows *rows;
	int state;
};

static void add_record(void *arg, uint32_t uid, const char *file, const struct crl_why *why, int rc)
{
	struct reading *r = arg;

	if (r->rows->uid >= 0 && r->rows->uid != (int64_t)uid)
		return;
	if (rc < 0) {
		(void)ctl_complain(r->c, CTL_FAIL, "%s/why/%s is no record of carrel's: remove it", r->c->state, file);
		r->rows->error = rc;
	}
	for (size_t i = 0; i < why->len; i++) {
		struct ctl_why_row *row = ctl_why_add(r->rows);

		row->uid = uid;
		row->user = strdup(why->user);
		if (!row->user)
			abort();
		row->event = why->event[i];
		row->when_ms = why->event[i].when_ms;
	}
}

static void add_open_login(struct ctl_why_rows *rows, const struct crl_room_info *room, const struct crl_room_login *l)
{
	struct crl_why_event login = {.since = l->since}, event[CRL_WHY_MET_MAX];
	scoped_fd root = ctl_cgroup_root(room), slice = -EBADF, own = -EBADF;
	int64_t seconds = time(NULL) - l->since;
	struct crl_counts now;
	struct crl_met met;
	size_t n;

	if (root < 0)
		return;
	slice = openat(root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own = ctl_login_cgroup(room, l);
	crl_counts_read(slice, own, &now);
	met = crl_counts_met(&l->base, &now, seconds > 0 ? (uint64_t)seconds : 0);
	(void)snprintf(login.id, sizeof(login.id), "%s", l->id);
	(void)snprintf(login.policy, sizeof(login.policy), "%s", room->policy);
	n = crl_why_of_counts(&met, &now, &login, event);
	for (size_t i = 0; i < n; i++) {
		struct ctl_why_row *row = ctl_why_add(rows);

		row->uid = l->uid;
		row->event = event[i];
		row->when_ms = INT64_MAX;
	}
}

static int add_open(const struct ctl *c, struct ctl_why_rows *rows, struct crl_err *err)
{
	struct crl_rooms rooms;
	int rc = crl_rooms_read(c->state, &rooms, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < rooms.len; i++)
		for (size_t j = 0; j < rooms.item[i].logins && !rooms.item[i].stale; j++)
			if (rooms.item[i].login[j].pid != 0 &&
			    (rows->uid < 0 || rows->uid == (int64_t)rooms.item[i].login[j].uid))
				add_open_login(rows, &rooms.item[i], &rooms.item[i].login[j]);
	crl_rooms_done(&rooms);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct ctl_why_row *x = a, *y = b;

	if (x->when_ms != y->when_ms)
		return x->when_ms < y->when_ms ? 1 : -1;
	return x->event.cause < y->event.cause ? -1 : x->event.cause > y->event.cause;
}

/* ---- what to do ---------------------------------------------------------------------------------------------- */

struct wanted {
	const char *key;
	char *buf;
	size_t size;
};

static void take_place(void *arg, const struct crl_explained *value)
{
	const struct wanted *w = arg;

	if (strcmp(value->path, w->key) == 0 && value->file)
		(void)snprintf(w->buf, w->size, " (%s:%d)", value->file, value->line);
}

/* " (FILE:LINE)" of a policy's key, "" when nobody set it. */
static void find_place(const struct crl_config *config, const char *policy, const char *key, char *buf, size_t size)
{
	struct wanted w = {key, buf, size};
	struct crl_explain_to to = {.each = take_place, .arg = &w};

	buf[0] = '\0';
	if (config && policy[0])
		crl_ignore(crl_config_explain(config, policy, &to, NULL)); /* it may be gone by now */
}

static void cell_mend(struct ctl_table *t, const struct crl_config *config, const struct ctl_why_row *row)
{
	const struct crl_why_event *e = &row->event;
	const char *key = crl_why_key(e->cause);
	char place[512];

	find_place(config, e->policy, key ? key : "", place, sizeof(place));
	if (e->cause == CRL_WHY_FROZEN)
		ctl_cell(t, "carrelctl thaw %s, if it is frozen still", e->id);
	else if (e->cause == CRL_WHY_KILLED)
		ctl_no_cell(t);
	else if (e->cause == CRL_WHY_CALL)
		ctl_cell(t, "%s in seccomp.allow of %s%s%s, if it may be trusted with it",
			 row->call[0] ? row->call : "the call", e->policy[0] ? "policy " : "its policy", e->policy,
			 place);
	else if (e->cause == CRL_WHY_CHANGES)
		ctl_cell(t, "carrelctl home %s diff", row->user ? row->user : "USER");
	else if (e->cause == CRL_WHY_MEMORY && e->limit == CRL_COUNT_UNKNOWN)
		ctl_cell(t, "not limits.memory of policy %s: its budget, or this host, had no more", e->policy);
	else if (e->cause == CRL_WHY_HELD && e->limit == CRL_COUNT_UNKNOWN)
		ctl_cell(t, "limits.memory of policy %s, its budget, or this host: there was no more", e->policy);
	else
		ctl_cell(t, "%s of policy %s%s", key, e->policy, place);
}

static const struct ctl_column columns[] = {
	{"WHEN", false},  {"USER", false}, {"LOGIN", false}, {"POLICY", false},
	{"CAUSE", false}, {"COUNT", true}, {"LIMIT", true},  {"WHAT TO DO", false},
};

static void add_row(const struct ctl *c, struct ctl_table *t, const struct crl_config *config,
		    const struct ctl_why_row *row)
{
	const struct crl_why_event *e = &row->event;
	const struct passwd *pw = getpwuid(row->uid);
	char limit[24];

	if (row->when_ms == INT64_MAX && !c->json)
		ctl_cell(t, "open");
	else
		ctl_cell_since(t, row->when_ms == INT64_MAX ? 0 : row->when_ms / 1000, c->json);
	if (row->user) /* whoever has the uid now */
		ctl_cell(t, "%s", row->user);
	else if (pw)
		ctl_cell(t, "%s", pw->pw_name);
	else
		ctl_cell(t, "%" PRIu32, row->uid);
	ctl_cell(t, "%s", e->id);
	ctl_cell(t, "%s", e->policy);
	if (row->call[0])
		ctl_cell(t, "seccomp: %s%s by %s", row->call, row->how, row->comm);
	else if (e->cause == CRL_WHY_HELD) /* the record has it in one word */
		ctl_cell(t, "memory held back");
	else
		ctl_cell(t, "%s", crl_why_name(e->cause));
	ctl_cell(t, "%" PRIu64, e->count);
	crl_why_limit_text(e->cause, e->limit, limit, sizeof(limit));
	if (e->limit == CRL_COUNT_UNKNOWN)
		ctl_no_cell(t);
	else if (c->json)
		ctl_cell(t, "%" PRIu64, e->limit);
	else
		ctl_cell(t, "%s", limit);
	cell_mend(t, config, row);
}

/* ---- what nobody has recorded ---------------------------------------------------------------------------------- */

static void tell_unlogged(const struct crl_config *config, const char *name)
{
	scoped(crl_policy) policy = {0};
	char place[512];

	if (crl_config_policy(config, name, &policy, NULL) < 0 || !policy.seccomp.base[0] || policy.seccomp.log ||
	    policy.need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF)
		return;
	find_place(config, name, "seccomp.log", place, sizeof(place));
	(void)printf("Policy %s: refused system calls are not recorded; seccomp.log = true%s does that.\n", name,
		     place);
}

/* The policy of a user by the rules, or all. */
static void tell_unrecorded(const struct ctl *c, const struct crl_config *config, const char *user, int log_error)
{
	scoped_free struct crl_login *login = malloc(sizeof(*login));
	const struct crl_rule *rule = NULL;
	const char *name;

	if (access(AUDITD, F_OK) == 0)
		(void)printf("auditd takes the kernel's records of refused system calls: ausearch -m SECCOMP%s%s\n",
			     user ? " -ui " : "", user ? user : "");
	if (log_error < 0)
		(void)printf("%s cannot be read: %s; refused system calls are not shown.\n", "/dev/kmsg",
			     strerrordesc_np(-log_error));
	if (!config)
		return;
	if (user && login && ctl_login_of(c, user, login, NULL) == 0) {
		const struct crl_match m = {
			.login = login, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};

		if (crl_rules_match(crl_config_rules(config), &m, &rule, NULL) == 0)
			tell_unlogged(config, rule->policy);
		return;
	}
	for (size_t i = 0; (name = crl_config_policy_name(config, i)); i++)
		tell_unlogged(config, name);
}

/* ---- the command --------------------------------------------------------------------------------------------- */

static enum ctl_exit print(const struct ctl *c, struct ctl_why_rows *rows, const char *user, int log_error)
{
	struct ctl_table t = {.column = columns, .columns = CRL_ARRAY_LEN(columns)};
	struct crl_config *config = NULL;

	if (ctl_load_config(c, &config, NULL) < 0)
		config = NULL; /* what stopped something is known without it */
	if (rows->len > 1)
		qsort(rows->item, rows->len, sizeof(*rows->item), compare);
	for (size_t i = 0; i < rows->len; i++)
		add_row(c, &t, config, &rows->item[i]);
	if (rows->len > 0 || c->json)
		ctl_table_print(c, &t);
	else
		(void)printf("Nothing has stopped a login's processes that is on record.\n");
	if (!c->json)
		tell_unrecorded(c, config, user, log_error);
	ctl_table_done(&t);
	crl_config_free(config);
	return rows->error < 0 ? CTL_FAIL : rows->len > 0 ? CTL_YES : CTL_NO;
}

static bool find_uid(const char *user, int64_t *ret)
{
	const struct passwd *pw = getpwnam(user);
	uint64_t uid;

	if (pw)
		*ret = pw->pw_uid;
	else if (crl_parse_uint(user, 0, UINT32_MAX - 1, &uid) == 0) /* of somebody who is gone */
		*ret = (int64_t)uid;
	else
		return false;
	return true;
}

static enum ctl_exit run_why(const struct ctl *c, int argc, char **argv)
{
	struct ctl_why_rows rows = {.uid = -1};
	struct reading reading = {.c = c, .rows = &rows, .state = -EBADF};
	scoped_fd state = -EBADF;
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	if (argc > 0 && !find_uid(argv[0], &rows.uid))
		return ctl_complain(c, CTL_NO, "no user %s", argv[0]);
	state = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state < 0 && errno != ENOENT)
		return ctl_complain(c, CTL_FAIL, "cannot open %s: %s", c->state, strerrordesc_np(errno));
	reading.state = state;
	rc = state < 0 ? 0 : crl_why_users(state, add_record, &reading);
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot read %s/why: %s", c->state, strerrordesc_np(-rc));
	if (add_open(c, &rows, &err) < 0) {
		rows_done(&rows);
		return ctl_error(c, &err);
	}
	status = print(c, &rows, argc > 0 ? argv[0] : NULL, ctl_why_add_calls(state, &rows));
	rows_done(&rows);
	return status;
}

const struct ctl_command ctl_why_command = {
	.name = "why",
	.usage = "[USER]",
	.summary = "what stopped a login's processes last",
	.examples =
		(const char *const[]){
			"carrelctl why alice",
			NULL,
		},
	.most = 1,
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.offer = CTL_OFFER_USER,
	.run = run_why,
};
