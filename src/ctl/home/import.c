// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl home USER import: a tar stream becomes the changes.
 *
 * It is unpacked in the trash, so that what is left of an attempt is removed with it; only when it is whole does it
 * become a layer.
 */
#include "ctl/home/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/home/kept.h"
#include "ctl/home/trash.h"
#include "ctl/home/unpack.h"
#include "ctl/home/worker.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "layers/near.h"
#include "store/stack.h"

struct importing {
	const struct ctl_kept *kept;
	struct ctl_worker *w; /* in the worker */
	int from;
	char name[64]; /* in the trash */
};

/* ---- in the worker ---- */

static void told(void *arg, uint64_t names)
{
	ctl_worker_progress(((struct importing *)arg)->w, names, 0);
}

static int unpack(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct importing *i = arg;
	scoped_fd trash = -EBADF, to = -EBADF;
	struct ctl_unpack u = {
		.from = i->from, .marks = &i->kept->layers.marks, .stop = ctl_worker_stop, .told = told, .arg = i};
	int rc = crl_near_open(i->kept->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash);

	i->w = w;
	if (rc == 0 && mkdirat(trash, i->name, 0700) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_near_open(trash, i->name, O_RDONLY | O_DIRECTORY, 0, &to);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot make a place to unpack in: %s",
				   strerrordesc_np(-rc));
	u.to = to;
	return ctl_unpack(&u, err);
}

/* ---- in carrelctl ---- */

static int open_input(const char *file, struct crl_err *err)
{
	int fd = strcmp(file, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? crl_err_set(err, errno, CRL_STAGE_NONE, "%s: %s", file, strerrordesc_np(errno)) : fd;
}

/* It is whole: now it becomes what is seen. */
static enum ctl_exit put_in_place(const struct ctl *c, struct ctl_kept *k, const char *name, const char *before)
{
	scoped_fd trash = -EBADF;
	struct crl_err err = {0};
	int rc = crl_near_open(k->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash);

	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot open the trash: %s", strerrordesc_np(-rc));
	if (crl_snapshot_import(k->data, &(struct crl_snapshot_made){trash, name}, c->replace ? NULL : before,
				time(NULL), &err) < 0)
		return ctl_error(c, &err);
	(void)printf("imported\n");
	if (crl_stack_read(k->data, NULL, &k->snapshots, &err) == 0 && crl_snapshots_find(&k->snapshots, before))
		(void)printf("what there was is snapshot %s\n", before);
	return ctl_home_empty_trash(c, k);
}

static enum ctl_exit import(const struct ctl *c, struct ctl_kept *k, const char *file)
{
	scoped_fd from = -EBADF;
	struct importing i = {.kept = k};
	struct ctl_task work = {.doing = "importing",
				.unit = "names",
				.programs = true,
				.sealed = true,
				.fd = &i.from,
				.fds = 1,
				.run = unpack,
				.arg = &i};
	char before[CRL_SNAPSHOT_NAME_MAX];
	struct crl_err err = {0};

	if (!ctl_kept_name_before(before))
		return ctl_complain(c, CTL_FAIL, "cannot read the clock");
	if (!ctl_kept_confirm(c, "make %s the changes of %s; what there is now %s%s", file, c->subject,
			      c->replace ? "is thrown away" : "is kept as snapshot ", c->replace ? "" : before))
		return CTL_NO;
	if (ctl_home_commit_clean(c, k) != CTL_YES)
		return CTL_FAIL;
	(void)snprintf(i.name, sizeof(i.name), "import-%lld-%d", (long long)time(NULL), (int)getpid());
	i.from = from = open_input(file, &err);
	if (from < 0 || ctl_kept_work(c, k, &work, &err) < 0) {
		(void)ctl_error(c, &err);
		if (from >= 0)
			(void)ctl_home_empty_trash(c, k); /* what is left of it */
		return CTL_FAIL;
	}
	return put_in_place(c, k, i.name, before);
}

static enum ctl_exit run_import(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	const char *file = argc > 0 ? argv[0] : "-";
	enum ctl_exit status;

	if (strcmp(ctl_kept_word(c), "root") == 0)
		return ctl_complain(
			c, CTL_NO,
			"a root's directories are root's, which an archive could not keep: make an image of it "
			"(carrelctl image add)");
	if (strcmp(file, "-") == 0 && isatty(STDIN_FILENO))
		return ctl_complain(c, CTL_USAGE, "no archive is typed: name a file, or give it as standard input");
	status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);
	return status == CTL_YES ? import(c, &kept, file) : status;
}

const struct ctl_command ctl_home_import_action = {
	.name = "import",
	.usage = "[FILE|-]",
	.summary = "make a tar stream the changes",
	.options =
		(const struct ctl_option[]){
			{.name = "replace", .help = "keep no snapshot of what there is now", CTL_FLAG(replace)},
			CTL_OPTION_YES,
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl home alice import alice.tar", NULL},
	.most = 1,
	.looks_at_rooms = true,
	.offer = CTL_OFFER_FILE,
	.refused_by = "root",
	.run = run_import,
};
