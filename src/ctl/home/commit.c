// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER commit: the changes go into the real home. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/home/flat.h"
#include "ctl/home/kept.h"
#include "ctl/home/news.h"
#include "ctl/home/paths.h"
#include "ctl/home/trash.h"
#include "ctl/home/worker.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "layers/commit.h"
#include "layers/near.h"
#include "store/stack.h"

#define NOTE "committing" /* in the data directory, while a commit is under way: layers/commit.h */

enum { RECORD_NEWS, RECORD_DONE };

struct done {
	uint64_t files;
	uint64_t bytes;
	uint64_t kept;
};

struct committing {
	const struct ctl *c;
	const struct ctl_kept *kept;
	const char *const *path; /* NULL = all */
	bool cleans; /* and commits nothing */
	struct ctl_worker *w; /* in the worker */
	struct done done; /* in carrelctl */
	uint64_t left_out;
};

/* ---- in the worker ---- */

static bool stop(void *arg)
{
	return ctl_kept_stop(((const struct committing *)arg)->kept);
}

static void tell(void *arg, enum crl_commit_news news, const char *path, const char *why)
{
	ctl_news_send(((const struct committing *)arg)->w, RECORD_NEWS,
		      &(struct ctl_news){.news = (uint32_t)news, .path = path, .why = why});
}

static void progress(void *arg, const struct crl_commit *commit)
{
	ctl_worker_progress(((const struct committing *)arg)->w, commit->files, commit->all_files);
}

static int commit_all(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct committing *m = arg;
	const struct crl_layers two = crl_commit_layers(&m->kept->layers);
	scoped_fd trash = -EBADF;
	struct crl_commit commit = {.layers = &two,
				    .data = m->kept->data,
				    .path = m->path,
				    .stop = stop,
				    .tell = tell,
				    .progress = progress,
				    .arg = m};
	struct done done;
	int rc = crl_near_open(m->kept->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash);

	m->w = w;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot open the trash: %s", strerrordesc_np(-rc));
	commit.trash = trash;
	rc = m->cleans ? crl_commit_clean(&commit, err) : crl_commit_run(&commit, err);
	done = (struct done){commit.files, commit.bytes, commit.kept};
	return rc < 0 ? rc : ctl_worker_send(w, RECORD_DONE, &(struct iovec){&done, sizeof(done)}, 1);
}

/* ---- in carrelctl ---- */

static int take_news(struct committing *m, const char *data, size_t len)
{
	struct ctl_news n;

	if (ctl_news_take(data, len, &n) < 0)
		return -EBADMSG;
	if (n.news == CRL_COMMIT_LEFT_OUT)
		m->left_out++;
	else if (n.news == CRL_COMMIT_KEPT)
		(void)ctl_complain(m->c, CTL_NO, "not committed: %.200s: %.60s", n.path, n.why);
	else if (n.news == CRL_COMMIT_LITTER)
		(void)ctl_complain(m->c, CTL_NO, "left behind in the home: %.200s: %.60s", n.path, n.why);
	else
		return -EBADMSG;
	return 0;
}

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct committing *m = arg;

	if (kind == RECORD_NEWS)
		return take_news(m, data, len);
	if (kind != RECORD_DONE || len != sizeof(m->done))
		return -EBADMSG;
	memcpy(&m->done, data, len);
	return 0;
}

/* Nothing is left of the changes: nor shall a layer with nothing in it. */
static enum ctl_exit settle(const struct ctl *c, struct ctl_kept *k, const struct committing *m)
{
	struct crl_err err = {0};
	enum ctl_exit status = CTL_YES;

	if (!m->path && m->done.kept == 0 && k->stack.len > 0 && crl_stack_empty_up(k->data, &err) < 0)
		return ctl_error(c, &err);
	if (k->snapshots.len > 0)
		status = ctl_flat_thin(c, k);
	return status == CTL_YES ? ctl_home_empty_trash(c, k) : status;
}

static enum ctl_exit commit(const struct ctl *c, struct ctl_kept *k, const char *const *path)
{
	struct committing m = {.c = c, .kept = k, .path = path};
	struct ctl_task task = {.doing = "committing", .unit = "files", .run = commit_all, .take = take, .arg = &m};
	struct crl_err err = {0};
	enum ctl_exit status;
	char size[CTL_UNIT_TEXT];

	if (ctl_kept_work(c, k, &task, &err) < 0)
		return ctl_error(c, &err);
	(void)printf("%" PRIu64 " committed (%s)\n", m.done.files, ctl_text_size(m.done.bytes, size));
	if (m.left_out > 0)
		(void)ctl_complain(c, CTL_YES, "%" PRIu64 " sockets are nowhere any more", m.left_out);
	status = settle(c, k, &m);
	return status == CTL_YES && m.done.kept > 0 ? CTL_NO : status;
}

enum ctl_exit ctl_home_commit_clean(const struct ctl *c, struct ctl_kept *k)
{
	struct committing m = {.c = c, .kept = k, .cleans = true};
	struct ctl_task task = {.doing = "tidying", .unit = "files", .run = commit_all, .take = take, .arg = &m};
	struct crl_err err = {0};
	enum ctl_exit status;
	struct stat st;

	if (fstatat(k->data, NOTE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return CTL_YES; /* none was interrupted */
	status = ctl_kept_layers_again(c, k);
	if (status != CTL_YES || !k->over_home || k->layers.len > 3)
		return status;
	return ctl_kept_work(c, k, &task, &err) < 0 ? ctl_error(c, &err) : CTL_YES;
}

/* One layer of all is what can be committed. Layers of snapshots stay what they are. */
static enum ctl_exit flatten(const struct ctl *c, struct ctl_kept *k)
{
	enum ctl_exit status;
	struct crl_err err = {0};
	int rc = crl_stack_is_flat(k->data, &err);

	if (rc != 0)
		return rc < 0 ? ctl_error(c, &err) : CTL_YES;
	status = ctl_flat_make(c, k);
	if (status == CTL_YES)
		status = ctl_home_empty_trash(c, k); /* its files may be those of old layers, and shall be no more */
	return status == CTL_YES ? ctl_kept_layers_again(c, k) : status;
}

/* May it be at all? */
static enum ctl_exit check(const struct ctl *c, const struct ctl_kept *k)
{
	if (!k->over_home)
		return ctl_complain(
			c, CTL_NO,
			"the home of %s is kept over %s, not over the real home: there is nothing to commit to",
			k->login.user, k->lowers.len > 0 ? k->lowers.item[0] : "nothing");
	return CTL_YES;
}

static enum ctl_exit run_commit(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	scoped(ctl_paths) paths = {.text = NULL};
	enum ctl_exit status;

	if (strcmp(ctl_kept_word(c), "root") == 0)
		return ctl_complain(
			c, CTL_NO,
			"the host is everybody's and an image does not change: make another one of the changes "
			"(export, carrelctl image add)");
	status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);
	if (status == CTL_YES)
		status = ctl_kept_layers(c, &kept, NULL);
	if (status == CTL_YES)
		status = check(c, &kept);
	if (status == CTL_YES)
		status = ctl_paths_read(c, &kept, argv, &paths);
	if (status == CTL_YES)
		status = flatten(c, &kept);
	if (status == CTL_YES)
		status = ctl_flat_below(c, &kept, argc > 0 ? paths.item : NULL);
	return status == CTL_YES ? commit(c, &kept, argc > 0 ? paths.item : NULL) : status;
}

const struct ctl_command ctl_home_commit_action = {
	.name = "commit",
	.usage = "[PATH...]",
	.summary = "bring the changes into the real home",
	.examples = (const char *const[]){"carrelctl home alice commit", "carrelctl home alice commit thesis .bashrc",
					  NULL},
	.most = CTL_ARGUMENTS_MAX,
	.looks_at_rooms = true,
	.refused_by = "root",
	.run = run_commit,
};
