// SPDX-License-Identifier: Apache-2.0
/*
 * A home that is kept (home.upper = "persistent"): lent by the store, shared by all rooms of its user that live at one
 * time, and at its end in the hands of a keeper with the user's own rights.
 *
 * Runs in: helper (root, host namespaces); supervisor, which holds the entry's `use` until nothing runs in the room.
 * R1: a rehearsal makes and changes nothing in the store.
 * R2: who is in a room that shows a home with a project quota has a filter that keeps the quota (plan/filter/hold.h),
 *     whatever the policy says of filters and whichever policy's login made the home.
 */
#include "helper/parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <syslog.h>

#include "base/compat.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "base/path.h"
#include "helper/job.h"
#include "helper/keeper_start.h"
#include "helper/kept_room.h"
#include "helper/parts/why.h"
#include "helper/sweep.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/form.h"
#include "store/holders.h"

#define REHEARSED_SIZE (UINT64_C(64) << 20)
#define ACL_MAX 4096

static bool is_kept(const struct crl_job *job)
{
	return crl_policy_keeps_home(&job->policy) && job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT);
}

/* R1 */
static int admit(struct crl_job *job, struct crl_err *err)
{
	struct crl_policy *p = &job->policy;

	(void)err;
	if (!job->options->rehearse || !is_kept(job))
		return 0;
	p->home_upper = CRL_UPPER_TMPFS;
	p->home_size = p->home_size ? p->home_size : REHEARSED_SIZE;
	p->home_quota = CRL_QUOTA_AUTO;
	p->at_end = CRL_END_KEEP;
	return 0;
}

/*
 * What the merged home shows of itself: the real home's, or the user's alone. Whether that home may be one is proved in
 * the room, with the user's rights.
 * @ret_fd  the real home; -EBADF = it cannot be looked at, or is none
 * Returns false when there is none.
 */
static bool look_at_home(const struct crl_job *job, struct crl_stack_top *ret, int *ret_fd)
{
	const struct crl_login *l = &job->login;
	scoped_fd fd = -EBADF;
	struct stat st;

	*ret = (struct crl_stack_top){l->uid, l->gid, 0700};
	if (!strcmp(l->home, "/"))
		return false;
	if (job->policy.home_lower.len > 0)
		return true;
	fd = open(l->home, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT && errno != ENOTDIR;
	if (fstat(fd, &st) < 0 || (st.st_uid != l->uid && (st.st_uid != 0 || crl_is_system_account(l->uid))))
		return false;
	*ret = (struct crl_stack_top){st.st_uid, st.st_gid, st.st_mode & 07777};
	*ret_fd = take_fd(&fd);
	return true;
}

static int copy_acl(int from, int to, const char *name)
{
	char acl[ACL_MAX];
	ssize_t n = fgetxattr(from, name, acl, sizeof(acl));

	if (n < 0) /* a file system without, or a server that tells root nothing */
		return errno == ENODATA || errno == EOPNOTSUPP || errno == EACCES ? 0 : -errno;
	return fsetxattr(to, name, acl, (size_t)n, 0) < 0 && errno != EOPNOTSUPP ? -errno : 0;
}

/* An upper that is new is like the home, so that nobody is told it was changed. */
static int make_alike(int data, int home, struct crl_err *err)
{
	scoped_fd up = -EBADF;
	int rc = crl_stack_open_up(data, &up, err);

	if (rc == 0)
		rc = copy_acl(home, up, "system.posix_acl_access");
	if (rc == 0)
		rc = copy_acl(home, up, "system.posix_acl_default");
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_HOME, "the home's ACL cannot be given to the upper") : 0;
}

static int take(struct crl_job *job, const struct crl_stack_top *top, int home, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	const char *real[] = {"home"};
	const struct crl_form_wish form = {
		.quota = (enum crl_form_quota)p->home_quota,
		.size = p->home_size,
		.inodes = p->home_inodes,
		.project_holds = true, /* R2 */
	};
	const struct crl_lent_wish wish = {
		.store = crl_config_store(job->config),
		.key = {.uid = job->login.uid, .user = job->login.user},
		.form = &form,
		.top = top,
		.lower = p->home_lower.len > 0 ? (const char *const *)p->home_lower.item : real,
		.lowers = p->home_lower.len > 0 ? p->home_lower.len : 1,
	};
	int rc = crl_lent_take(job, &wish, &job->home, err);

	job->holds_projects |= rc == 0 && job->home.entry.owner.form == CRL_FORM_PROJECT; /* R2 */
	if (rc == 0 && job->home.anew && home >= 0)
		rc = make_alike(job->home.data, home, err);
	if (rc == 0 && job->home.data >= 0)
		crl_notice_asked(job, job->home.data);
	/* A room whose user may not ask shows no lower, and then this one shows none. */
	if (rc == 0 && p->wishes)
		crl_ignore(crl_lent_also(&job->home, CRL_HOME_LOWER_PLACE, &job->home_lower));
	return rc;
}

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	struct crl_stack_top top;
	scoped_fd home = -EBADF;
	int rc;

	(void)room;
	if (!is_kept(job) || !look_at_home(job, &top, &home))
		return 0;
	rc = take(job, &top, home, err);
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_HOME, "the kept home") : 0;
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_lent *h = &job->home;

	(void)err;
	if (h->use < 0)
		return 0;
	host->home = (struct crl_host_home){.data = h->data < 0 ? 0 : h->data + 1,
					    .shared = h->shared < 0 ? 0 : h->shared + 1,
					    .lower = job->home_lower < 0 ? 0 : job->home_lower + 1,
					    .layer = h->layer,
					    .layers = h->layers};
	return 0;
}

static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	struct crl_err why = {0};
	int rc;

	if (job->home.use < 0)
		return 0;
	rc = crl_lent_note(&job->home, job, room, job->login.home, err);
	if (rc == 0)
		room->home_use = take_fd(&job->home.use);
	if (rc < 0 || room->home_use < 0 || !job->policy.wishes)
		return rc;
	if (crl_keeper_listen(room->init_pid, job->login.uid, &room->keeper_listen, &why) < 0)
		crl_log(LOG_WARNING, "id=%s: the user cannot ask about the kept home: %s", job->id, why.text);
	return 0;
}

/* What the home's layers lie on; the real home as an overlay has it: without what is mounted in it. */
static int open_lowers(const struct crl_job *job, int lower[CRL_HOME_LOWERS_MAX], size_t *ret, struct crl_err *err)
{
	const struct crl_strv *list = &job->policy.home_lower;
	int rc = 0;

	*ret = 0;
	for (size_t i = 0; i < list->len && rc == 0; i++) {
		rc = crl_path_open_trusted(list->item[i], CRL_PATH_DIR, CRL_STAGE_HOME, &lower[i], err);
		*ret += rc == 0;
	}
	if (rc < 0 || list->len > 0)
		return rc;
	lower[0] = open_tree(AT_FDCWD, job->login.home, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (lower[0] < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot open the home");
	*ret = 1;
	return 0;
}

static const char *const end_words[] = {
	[CRL_END_KEEP] = "keep",
	[CRL_END_DISCARD] = "discard",
	[CRL_END_COMMIT] = "commit",
	[CRL_END_ASK] = "ask",
};

static int start_keeper(struct crl_job *job, struct crl_kept *room, const int *lower, size_t lowers,
			struct crl_err *err)
{
	scoped_fd use = openat(job->home.entry.dir, "use", O_RDWR | O_NOFOLLOW | O_CLOEXEC), data = -EBADF;
	struct crl_keeper_start start = {
		.room = room->id,
		.user = job->login.user,
		.uid = job->login.uid,
		.gid = job->login.gid,
		.group = job->login.groups,
		.groups = job->login.ngroups,
		.data = job->home.data,
		.use = use,
		.lower = lower,
		.lowers = lowers,
		.lower_is_home = job->policy.home_lower.len == 0,
		.init = room->init_pidfd,
		.listen = room->keeper_listen,
		.at_end = end_words[job->policy.at_end],
		.snapshots = job->policy.snapshots,
		.debug = job->options->debug,
	};
	int rc = 0;

	if (start.data < 0) {
		rc = crl_form_open(&job->home.entry, 0, &data, err);
		start.data = data;
	}
	return rc < 0 ? rc : crl_keeper_start(&start, &room->keeper, err);
}

/* Without a keeper all changes are kept: that keeps nobody out. */
static void settle(struct crl_job *job, struct crl_kept *room)
{
	int lower[CRL_HOME_LOWERS_MAX];
	struct crl_err err = {0};
	size_t lowers = 0;

	if (room->home_use >= 0 && (job->policy.wishes || job->policy.at_end != CRL_END_KEEP)) {
		int rc = open_lowers(job, lower, &lowers, &err);

		if (rc == 0)
			rc = start_keeper(job, room, lower, lowers, &err);
		if (rc < 0)
			crl_log(LOG_WARNING,
				"id=%s uid=%" PRIu32 ": the kept home has no keeper, its changes are kept: %s", job->id,
				job->login.uid, err.text);
		for (size_t i = 0; i < lowers; i++)
			drop_fd(&lower[i]);
	}
	drop_fd(&room->keeper_listen);
	drop_fd(&job->home_lower);
	crl_lent_done(&job->home);
}

static void room_end(struct crl_kept *room)
{
	struct pollfd keeper = {.fd = room->keeper};

	if (room->keeper >= 0 && poll(&keeper, 1, 0) > 0)
		crl_log(LOG_WARNING, "room=%s uid=%" PRIu32 ": the keeper of the home has died: its changes are kept",
			room->id, room->uid);
	crl_holder_forget(room->holders, room->id);
	drop_fd(&room->home_use);
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (!room)
		return;
	crl_holder_forget(room->holders, room->id);
	if (room->home_use >= 0)
		(void)flock(room->home_use, LOCK_UN);
	drop_fd(&room->home_use);
	drop_fd(&room->keeper_listen);
	drop_fd(&job->home_lower);
	crl_lent_give_back(&job->home);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_holders_sweep(s->state.dir);
	return 0;
}

const struct crl_part crl_part_home = {
	.name = "home",
	.admit = admit,
	.look = look,
	.prepare = prepare,
	.stand = stand,
	.settle = settle,
	.undo = undo,
	.room_end = room_end,
	.leaves = "STATE/" CRL_HOLDERS_DIR,
	.sweep = sweep,
};
