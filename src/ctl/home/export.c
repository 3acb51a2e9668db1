// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER export: the kept changes as a tar stream. It reads, so it works while the user is in. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/conf/inforce.h"
#include "ctl/home/archive.h"
#include "ctl/home/kept.h"
#include "ctl/home/news.h"
#include "ctl/home/worker.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "plan/ids.h"
#include "policy/file/load.h"
#include "state/ids.h"

#define PATIENCE_MS 2000 /* for others who have the record of ids */

enum { RECORD_LEFT_OUT, RECORD_NEWS };

struct exporting {
	const struct ctl_kept *kept;
	struct ctl_worker *w;
	int out;
	uint64_t left_out;
	const struct ctl *c;
	uint64_t failed; /* in carrelctl */
	bool mapped; /* the root is of rooms with a user namespace */
	struct crl_subid_map uids, gids;
};

/* ---- in the worker ---- */

static void told(void *arg, uint64_t names)
{
	ctl_worker_progress(((struct exporting *)arg)->w, names, 0);
}

static void failed(void *arg, const char *path, int rc)
{
	ctl_news_send(((struct exporting *)arg)->w, RECORD_NEWS,
		      &(struct ctl_news){.path = path, .why = strerrordesc_np(-rc)});
}

static int write_all(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct exporting *e = arg;
	struct ctl_archive a = {.layers = &e->kept->layers,
				.fd = e->out,
				.uids = e->mapped ? &e->uids : NULL,
				.gids = e->mapped ? &e->gids : NULL,
				.stop = ctl_worker_stop,
				.told = told,
				.failed = failed,
				.arg = e};
	int rc;

	e->w = w;
	rc = ctl_archive_write(&a, err);
	return rc < 0 ? rc : ctl_worker_send(w, RECORD_LEFT_OUT, &(struct iovec){&a.left_out, sizeof(a.left_out)}, 1);
}

/* ---- in carrelctl ---- */

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct exporting *e = arg;
	struct ctl_news news;

	if (kind == RECORD_NEWS && ctl_news_take(data, len, &news) == 0) {
		e->failed++;
		return ctl_complain(e->c, 0, "cannot read %.200s, which is left out: %.60s", news.path, news.why);
	}
	if (kind != RECORD_LEFT_OUT || len != sizeof(e->left_out))
		return -EBADMSG;
	memcpy(&e->left_out, data, len);
	return 0;
}

/*
 * By whom its top is can be seen whether rooms with a user namespace wrote into it: by root of the room, who is the
 * first of the user's range or the user. What the range is now is what it was, or nothing in it would be of use.
 */
static int find_maps(struct exporting *e, struct crl_err *err)
{
	const struct crl_login *l = &e->kept->login;
	struct crl_config *config = NULL;
	uint32_t first, last;
	struct crl_ids ids;
	struct stat top;
	int rc;

	if (!e->kept->base[0] || fstat(e->kept->layers.fd[0], &top) < 0 || top.st_uid == 0)
		return 0;
	rc = ctl_load_config(e->c, &config, err);
	if (rc < 0)
		return rc;
	crl_config_subids(config, &first, &last);
	rc = crl_ids_find(&(struct crl_ids_wish){.login = l,
						 .store = crl_config_store(config),
						 .pool = {first, last - first + 1},
						 .patience_ms = PATIENCE_MS},
			  &ids, err);
	crl_config_free(config);
	e->mapped = rc == 0 && (top.st_uid == ids.uids.first || top.st_uid == l->uid);
	if (e->mapped) {
		enum crl_own_user mode = top.st_uid == l->uid ? CRL_USER_ROOT : CRL_USER_OWN;

		crl_subid_map_make(mode, l->uid, &ids.uids, &e->uids);
		crl_subid_map_make(mode, l->gid, &ids.gids, &e->gids);
	}
	return rc;
}

/* A new file, root's alone. */
static int open_output(const struct ctl *c, struct crl_err *err)
{
	int fd;

	if (!c->output || strcmp(c->output, "-") == 0) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3); /* the worker has another one */
		return fd < 0 ? crl_err_set(err, errno, CRL_STAGE_NONE, "no standard output") : fd;
	}
	fd = open(c->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_NONE, "cannot make %s: %s", c->output, strerrordesc_np(errno));
	return fd;
}

static enum ctl_exit run_export(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	scoped_fd out = -EBADF;
	struct exporting e = {.kept = &kept, .c = c};
	struct ctl_task work = {.doing = "exporting",
				.unit = "names",
				.fd = &e.out,
				.fds = 1,
				.run = write_all,
				.take = take,
				.arg = &e};
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	(void)argc;
	(void)argv;
	if (!c->output && isatty(STDOUT_FILENO))
		return ctl_complain(c, CTL_USAGE, "an archive is nothing for a terminal: --output FILE, or a pipe");
	status = ctl_kept_open(c, CTL_KEPT_READ, &kept);
	if (status == CTL_YES)
		status = ctl_kept_layers(c, &kept, NULL);
	if (status != CTL_YES)
		return status;
	rc = find_maps(&e, &err);
	if (rc < 0)
		return ctl_error(c, &err);
	e.out = out = open_output(c, &err);
	rc = out < 0 ? out : ctl_kept_work(c, &kept, &work, &err);
	if (rc == 0 && c->output && fsync(out) < 0 && errno != EINVAL)
		rc = crl_err_set(&err, errno, CRL_STAGE_NONE, "%s: %s", c->output, strerrordesc_np(errno));
	if (rc < 0 && out >= 0 && c->output && strcmp(c->output, "-") != 0)
		(void)unlink(c->output); /* a part of it is worth nothing */
	if (rc < 0)
		return ctl_error(c, &err);
	if (e.left_out > 0)
		(void)ctl_complain(c, CTL_YES, "%" PRIu64 " sockets and devices were left out", e.left_out);
	return e.failed > 0 ? CTL_FAIL : CTL_YES;
}

const struct ctl_command ctl_home_export_action = {
	.name = "export",
	.usage = "",
	.summary = "the changes as a tar stream",
	.options =
		(const struct ctl_option[]){
			{.name = "output",
			 .value = "FILE",
			 .help = "into a new file",
			 CTL_TEXT(output),
			 .offer = CTL_OFFER_FILE},
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl home alice export --output alice.tar", NULL},
	.looks_at_rooms = true,
	.run = run_export,
};
