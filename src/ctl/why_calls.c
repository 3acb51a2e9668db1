// SPDX-License-Identifier: Apache-2.0
/*
 * Refused system calls, out of the kernel's log.
 *
 * Runs in: carrelctl, root. Trusts: crl_denial_parse(); names of programs are hostile text.
 */
#include "ctl/why.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "state/kernlog.h"

#define UID_FIRST 1000 /* of people, by login.defs(5): services may have filters of their own */
#define UID_NOBODY 65534
#define KINDS_MAX 256  /* different refusals; more are not told apart */

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
	return rows->uid >= 0 ? rows->uid == (int64_t)uid : uid >= UID_FIRST && uid != UID_NOBODY;
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

		if (row->uid != record->uid || row->first_ms > record->when_ms || row->when_ms / 1000 < record->event.since)
			continue;
		known = true;
		memcpy(row->event.id, record->event.id, sizeof(row->event.id));
		memcpy(row->event.policy, record->event.policy, sizeof(row->event.policy));
	}
	if (known)
		record->event.count = 0;
}

int ctl_why_add_calls(struct ctl_why_rows *rows)
{
	struct gathered g = {.rows = rows, .first = rows->len};
	scoped_fd fd = open(CRL_KERNLOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? -errno : crl_denials_read(fd, gather, &g);
	size_t kept = 0;

	for (size_t i = 0; i < g.first; i++)
		if (rows->item[i].event.cause == CRL_WHY_CALL)
			merge(rows, &rows->item[i], g.first);
	for (size_t i = 0; i < rows->len; i++)
		if (rows->item[i].event.count > 0)
			rows->item[kept++] = rows->item[i];
	rows->len = kept;
	return r;
}
