// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER diff: what is in the kept changes. It reads, so it works while the user is in. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/home/change.h"
#include "ctl/home/kept.h"
#include "ctl/home/patch.h"
#include "ctl/home/worker.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/pager.h"
#include "layers/diff.h"

enum { RECORD_CHANGE, RECORD_TEXT };

struct comparing {
	const struct ctl *c;
	const struct ctl_kept *kept;
	struct ctl_worker *w; /* in the worker */
	uint64_t told; /* in both: so many changes */
	struct ctl_change_sum sum; /* in carrelctl */
	bool escapes; /* what is in files goes to a terminal */
};

/* ---- in the worker ---- */

static int tell(void *arg, const struct crl_diff_change *change)
{
	struct comparing *d = arg;
	int rc = ctl_change_send(d->w, RECORD_CHANGE, change);

	if (rc == 0 && d->c->patch)
		rc = ctl_patch_send(d->w, RECORD_TEXT, change);
	ctl_worker_progress(d->w, ++d->told, 0);
	return rc;
}

static int compare(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct comparing *d = arg;
	const struct crl_diff_wish wish = {.exact = d->c->patch, .tell = tell, .stop = ctl_worker_stop, .arg = d};

	d->w = w;
	return crl_diff_walk(&d->kept->layers, &wish, err);
}

/* ---- in carrelctl ---- */

/* Tabs and newlines are the text's form; what else is no character acts on a terminal. Other bytes may be UTF-8. */
static void print_text(const struct comparing *d, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char b = (unsigned char)text[i];

		if (d->escapes && b != '\t' && b != '\n' && (b < ' ' || b >= 0x7f))
			(void)printf("\\x%02x", b);
		else
			(void)putchar(b);
	}
}

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct comparing *d = arg;
	struct ctl_change change;

	if (kind == RECORD_TEXT && d->c->patch) {
		print_text(d, data, len);
		return ferror(stdout) ? -EPIPE : 0;
	}
	if (kind != RECORD_CHANGE || ctl_change_take(data, len, &change) < 0)
		return -EBADMSG;
	if (d->told++ == 0)
		ctl_pager_start(d->c, 0);
	ctl_change_add(&d->sum, &change);
	if (!d->c->patch)
		ctl_change_print(d->c, &change, d->told == 1);
	return ferror(stdout) ? -EPIPE : 0;
}

static enum ctl_exit run_diff(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	struct comparing d = {.c = c, .kept = &kept, .escapes = isatty(STDOUT_FILENO)};
	struct ctl_task work = {
		.doing = "comparing", .unit = "changes", .programs = c->patch, .run = compare, .take = take, .arg = &d};
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	(void)argc;
	(void)argv;
	if (c->patch && c->json)
		return ctl_complain(c, CTL_USAGE, "--patch is text: not with --json");
	status = ctl_kept_open(c, CTL_KEPT_READ, &kept);
	if (status != CTL_YES)
		return status;
	status = ctl_kept_layers(c, &kept, c->since);
	if (status != CTL_YES)
		return status;
	rc = ctl_kept_work(c, &kept, &work, &err);
	if (c->json && (rc == 0 || d.told > 0))
		ctl_json_end(d.told > 0);
	if (rc < 0)
		return ctl_error(c, &err);
	if (!c->json && !c->patch)
		ctl_change_print_sum(&d.sum);
	if (d.told == 0 && !c->json)
		(void)printf("Nothing has changed.\n");
	return d.told > 0 ? CTL_YES : CTL_NO;
}

const struct ctl_command ctl_home_diff_action = {
	.name = "diff",
	.usage = "",
	.summary = "what was added, changed, deleted, renamed",
	.options =
		(const struct ctl_option[]){
			{.name = "patch", .help = "what changed in texts, line by line", CTL_FLAG(patch)},
			{.name = "since",
			 .value = "SNAPSHOT",
			 .help = "only what came after SNAPSHOT",
			 CTL_TEXT(since)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl home alice diff",
			"carrelctl home alice diff --patch --since monday >monday.patch",
			NULL,
		},
	.json = true,
	.looks_at_rooms = true,
	.run = run_diff,
};
