// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER discard: changes are thrown away, all since the last snapshot or those at some paths. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/home/kept.h"
#include "ctl/home/news.h"
#include "ctl/home/paths.h"
#include "ctl/home/trash.h"
#include "ctl/home/worker.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "layers/discard.h"
#include "layers/near.h"
#include "store/stack.h"

enum { RECORD_NEWS };

struct discard_task {
	const struct ctl *c;
	const struct ctl_kept *kept;
	const char *const *path;
	struct ctl_worker *w; /* in the worker */
	uint64_t done, not_done; /* in carrelctl */
};

/* ---- in the worker ---- */

static void tell(void *arg, enum crl_discard_news news, const char *path, const char *why)
{
	ctl_news_send(((const struct discard_task *)arg)->w, RECORD_NEWS,
		      &(struct ctl_news){.news = (uint32_t)news, .path = path, .why = why});
}

static int discard_paths(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct discard_task *m = arg;
	struct crl_layers layers = m->kept->layers;
	scoped_fd trash = -EBADF;
	struct crl_discard discard = {.layers = &layers, .path = m->path, .tell = tell, .arg = m};
	int rc = crl_near_open(m->kept->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash);

	m->w = w;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot open the trash: %s", strerrordesc_np(-rc));
	layers.top = 1;
	discard.trash = trash;
	return crl_discard_run(&discard, err);
}

/* ---- in carrelctl ---- */

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct discard_task *m = arg;
	struct ctl_news news;

	if (kind != RECORD_NEWS || ctl_news_take(data, len, &news) < 0)
		return -EBADMSG;
	switch (news.news) {
	case CRL_DISCARD_DONE:
		m->done++;
		return 0;
	case CRL_DISCARD_TOO:
		m->done++;
		return ctl_complain(m->c, 0, "%.200s as well, which is the other end of it", news.path);
	case CRL_DISCARD_UNCHANGED:
		m->not_done++;
		return ctl_complain(m->c, 0, "%.200s has no change%s", news.path,
				    m->kept->stack.len > 0 ? " since the last snapshot" : "");
	case CRL_DISCARD_KEPT:
		m->not_done++;
		return ctl_complain(m->c, 0, "not discarded: %.200s: %.60s", news.path, news.why);
	default:
		return -EBADMSG;
	}
}

static enum ctl_exit discard_some(const struct ctl *c, struct ctl_kept *k, char **argv)
{
	scoped(ctl_paths) paths = {.text = NULL};
	struct discard_task m = {.c = c, .kept = k, .path = paths.item};
	struct ctl_task task = {.doing = "discarding", .unit = "paths", .run = discard_paths, .take = take, .arg = &m};
	struct crl_err err = {0};
	enum ctl_exit status = ctl_paths_read(c, k, argv, &paths);

	if (status == CTL_YES)
		status = ctl_kept_layers(c, k, NULL);
	if (status != CTL_YES)
		return status;
	if (!ctl_kept_confirm(c, "throw away what %s changed at and below %s%s", c->subject, paths.item[0],
			      paths.item[1] ? " and others" : ""))
		return CTL_NO;
	if (ctl_kept_work(c, k, &task, &err) < 0)
		return ctl_error(c, &err);
	(void)printf("%" PRIu64 " discarded\n", m.done);
	status = ctl_home_empty_trash(c, k);
	return status == CTL_YES && m.not_done > 0 ? CTL_NO : status;
}

static enum ctl_exit discard_all(const struct ctl *c, struct ctl_kept *k)
{
	const bool frozen = k->snapshots.len > 0;
	enum ctl_exit status = CTL_YES;
	struct crl_err err = {0};

	if (!ctl_kept_confirm(c, "throw away what %s changed%s", c->subject, frozen ? " since the last snapshot" : ""))
		return CTL_NO;
	status = ctl_home_commit_clean(c, k);
	if (status != CTL_YES)
		return status;
	if (crl_stack_empty_up(k->data, &err) < 0)
		return ctl_error(c, &err);
	(void)printf("discarded\n");
	return ctl_home_empty_trash(c, k);
}

static enum ctl_exit run_discard(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);

	if (status != CTL_YES)
		return status;
	return argc > 0 ? discard_some(c, &kept, argv) : discard_all(c, &kept);
}

const struct ctl_command ctl_home_discard_action = {
	.name = "discard",
	.usage = "[PATH...]",
	.summary = "throw the changes away",
	.options = (const struct ctl_option[]){CTL_OPTION_YES, {.name = NULL}},
	.examples = (const char *const[]){"carrelctl home alice discard", "carrelctl home alice discard .cache", NULL},
	.most = CTL_ARGUMENTS_MAX,
	.looks_at_rooms = true,
	.run = run_discard,
};
