// SPDX-License-Identifier: Apache-2.0
/*
 * Refused system calls, out of the kernel's log.
 *
 * Runs in: carrelctl, root. Trusts: crl_denial_parse(); names of programs are hostile text.
 */
#include "ctl/look/why_calls.h"

#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/conf/sample.h"
#include "ctl/look/why.h"
#include "plan/limits/counts.h"
#include "state/why/kernlog.h"
#include "state/why/refused.h"
#include "state/why/why.h"

#define UID_NOBODY 65534
#define KINDS_MAX 256 /* different refusals; more are not told apart */

struct gathered {
	struct ctl_why_rows *rows;
	size_t first; /* of ours */
};

static void name_call(const struct crl_denial *d, char *buf, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(d->arch, (int)d->call);

	if (name)
		(void)snprintf(buf, size, "%s", name);
	else
		(void)snprintf(buf, size, "%u", d->call);
	free(name);
}

static bool is_wanted(const struct ctl_why_rows *rows, uint32_t uid)
{
	return rows->uid >= 0 ? rows->uid == (int64_t)uid : uid >= CTL_UID_FIRST && uid != UID_NOBODY;
}

static void gather(void *arg, const struct crl_denial *d)
{
	struct gathered *g = arg;
	struct ctl_why_row *row = NULL;
	char call[sizeof(row->call)];

	if (!is_wanted(g->rows, d->uid) || crl_denial_is_usual(d))
		return;
	name_call(d, call, sizeof(call));
	for (size_t i = g->first; i < g->rows->len && !row; i++) {
		struct ctl_why_row *r = &g->rows->item[i];

		if (r->uid == d->uid && strcmp(r->call, call) == 0 && strcmp(r->comm, d->comm) == 0)
			row = r;
	}
	if (!row && g->rows->len - g->first >= KINDS_MAX)
		return;
	if (!row) {
		row = ctl_why_add(g->rows);
		row->uid = d->uid;
		row->first_ms = d->when_ms;
		row->event = (struct crl_why_event){.cause = CRL_WHY_CALL, .limit = CRL_COUNT_UNKNOWN};
		(void)snprintf(row->call, sizeof(row->call), "%s", call);
		(void)snprintf(row->comm, sizeof(row->comm), "%s", d->comm);
	}
	row->when_ms = d->when_ms;
	row->event.count++;
}

/* Which calls they were is in the log: the record's mere number tells whose login it was, and goes. */
static void merge(struct ctl_why_rows *rows, struct ctl_why_row *record, size_t first)
{
	bool known = false;

	for (size_t i = first; i < rows->len; i++) {
		struct ctl_why_row *row = &rows->item[i];

		if (row->uid != record->uid || row->first_ms > record->when_ms ||
		    row->when_ms / 1000 < record->event.since)
			continue;
		known = true;
		memcpy(row->event.id, record->event.id, sizeof(row->event.id));
		memcpy(row->event.policy, record->event.policy, sizeof(row->event.policy));
	}
	if (known)
		record->event.count = 0;
}

/* " (0, 0x5412, 0x7ffe…)", and what became of it unless it was refused. */
static void describe(const struct crl_refused *r, char *buf, size_t size)
{
	const char *become = r->how == CRL_WOULD_BE_REFUSED ? " allowed, would be refused"
			     : r->how == CRL_TOLD           ? " allowed"
							    : "";

	(void)snprintf(buf, size, "(%" PRIx64 ",%" PRIx64 ",%" PRIx64 ")%s", r->arg[0], r->arg[1], r->arg[2], become);
}

/* What rooms' listeners were told of. */
static void gather_told(void *arg, uint32_t uid, const struct crl_refusals *told)
{
	struct gathered *g = arg;

	for (size_t i = 0; i < told->len && is_wanted(g->rows, uid); i++) {
		const struct crl_refused *r = &told->item[i];
		const struct crl_denial d = {.arch = r->arch, .call = (uint32_t)r->nr};
		struct ctl_why_row *row = ctl_why_add(g->rows);

		row->uid = uid;
		row->user = strdup(told->user);
		row->first_ms = r->first_ms;
		row->when_ms = r->last_ms;
		row->event =
			(struct crl_why_event){.cause = CRL_WHY_CALL, .limit = CRL_COUNT_UNKNOWN, .count = r->count};
		(void)snprintf(row->event.id, sizeof(row->event.id), "%s", r->id);
		(void)snprintf(row->event.policy, sizeof(row->event.policy), "%s", r->policy);
		name_call(&d, row->call, sizeof(row->call));
		describe(r, row->how, sizeof(row->how));
		(void)snprintf(row->comm, sizeof(row->comm), "%s", r->program);
	}
}

int ctl_why_add_calls(int state_dir, struct ctl_why_rows *rows)
{
	struct gathered g = {.rows = rows, .first = rows->len};
	scoped_fd fd = open(CRL_KERNLOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 ? -errno : crl_denials_read(fd, gather, &g);
	size_t kept = 0;

	if (state_dir >= 0)
		crl_ignore(crl_refused_users(state_dir, gather_told, &g)); /* a directory that is there is read */
	for (size_t i = 0; i < g.first; i++)
		if (rows->item[i].event.cause == CRL_WHY_CALL)
			merge(rows, &rows->item[i], g.first);
	for (size_t i = 0; i < rows->len; i++)
		if (rows->item[i].event.count > 0)
			rows->item[kept++] = rows->item[i];
	rows->len = kept;
	return rc;
}
