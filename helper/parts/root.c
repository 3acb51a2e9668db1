// SPDX-License-Identifier: Apache-2.0
/*
 * What a room's root needs of the host: its image, attached once for all rooms; and which libraries of the host's lie
 * where the user may change directories.
 *
 * A root that is kept is lent by the store as a home is, and shared by all rooms of its user that live at one time.
 *
 * Runs in: helper (root, host namespaces); supervisor, which holds the entry's `use` until nothing runs in the room.
 * R1: in a kept root nothing is the user's but what root.own names: what is there steers processes of root's.
 * R2: a rehearsal makes and changes nothing in the store.
 * R3: what a project quota holds is shown to nobody but under a filter that leaves project ids as they are.
 */
#include "helper/parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/nskind.h"
#include "base/path.h"
#include "base/sha256.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/form.h"
#include "store/holders.h"
#include "store/image_attach.h"
#include "wire/stage.h"

#define LOADER_CACHE "/etc/ld.so.cache"

/* A host without the file, musl's for one, has no library that is found by it. */
static int find_libraries(struct crl_host *host, struct crl_err *err)
{
	struct crl_err why = {0};
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	size_t len;
	int rc = crl_path_open_trusted(LOADER_CACHE, CRL_PATH_FILE, CRL_STAGE_MOUNT, &fd, &why);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = crl_file_read_all(fd, &text, &len);
	if (rc == 0)
		rc = crl_host_take_libraries(host, text, len);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read " LOADER_CACHE) : 0;
}

/* A directory is opened by its name when the room is mounted. */
static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int attach(struct crl_job *job, struct crl_image *image, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	const struct crl_image_user u = {
		.store = crl_config_store(job->config),
		.state = job->options->state,
		.room = job->id,
		.until_ms = crl_job_patience_ms(job),
	};
	int rc;

	if (!p->root_image)
		return is_file(p->root_path) ? crl_image_attach_file(&u, p->root_path, &job->image, err) : 0;
	rc = crl_image_resolve(u.store, p->root_image, image, err);
	return rc < 0 ? rc : crl_image_attach(&u, image, &job->image, err);
}

/* What is root's in one of them would be nobody's, or the host's root's, in another. */
static const char *kind_of(const struct crl_policy *p)
{
	return p->user_mode == CRL_USER_OWN ? ".own" : p->user_mode == CRL_USER_ROOT ? ".root" : "";
}

/*
 * By which a root is kept: "host", an image's name, or of a directory or file its last name with what tells it from
 * others. @ret  CRL_ENTRY_BASE_MAX bytes
 */
static void name_base(const struct crl_policy *p, const struct crl_image *image, char *ret)
{
	const char *slash;
	struct crl_sha256 sum;
	char hex[CRL_SHA256_TEXT];
	size_t len;

	if (p->root_mode == CRL_ROOT_OVERLAY || p->root_image) {
		(void)snprintf(ret, CRL_ENTRY_BASE_MAX, "%s%s", p->root_image ? image->name : "host", kind_of(p));
		return;
	}
	slash = strrchr(p->root_path, '/');
	crl_sha256_begin(&sum);
	crl_sha256_add(&sum, p->root_path, strlen(p->root_path));
	crl_sha256_end(&sum, hex);
	len = (size_t)snprintf(ret, CRL_ENTRY_BASE_MAX, "%.64s.%.8s%s", slash ? slash + 1 : p->root_path, hex,
			       kind_of(p));
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", ret[i]))
			ret[i] = '_';
	if (ret[0] == '.' || ret[0] == '-')
		ret[0] = '_';
}

/*
 * R1. The upper and what is in it are root's, as what it lies on; only root.own is the user's (apply/mounts/over.c).
 * With a user namespace root is that one's: the host's root believes nothing of it (plan/mounts/inside.c).
 */
static int lend(struct crl_job *job, const struct crl_image *image, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	const struct crl_form_wish form = {
		.quota = (enum crl_form_quota)p->root_quota,
		.size = p->root_size,
		.inodes = p->root_inodes,
		.project_holds = true, /* R3 */
	};
	const struct crl_stack_top top = {.uid = job->user.root_uid, .gid = job->user.root_gid, .mode = 0755};
	char base[CRL_ENTRY_BASE_MAX], line[PATH_MAX + 32];
	const char *lower[] = {line};
	const struct crl_lent_wish wish = {
		.store = crl_config_store(job->config),
		.key = {.uid = job->login.uid, .user = job->login.user, .base = base},
		.form = &form,
		.top = &top,
		.lower = lower,
		.lowers = 1,
	};
	int rc;

	name_base(p, image, base);
	if (p->root_mode == CRL_ROOT_OVERLAY)
		(void)snprintf(line, sizeof(line), "host");
	else if (p->root_image)
		(void)snprintf(line, sizeof(line), "image %s@sha256:%s", image->name, image->digest);
	else
		(void)snprintf(line, sizeof(line), "%s", p->root_path);
	rc = crl_lent_take(job, &wish, &job->root, err);
	job->holds_projects |= rc == 0 && job->root.entry.owner.form == CRL_FORM_PROJECT; /* R3 */
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_MOUNT, "the kept root") : 0;
}

/* R2 */
static int admit(struct crl_job *job, struct crl_err *err)
{
	(void)err;
	if (job->options->rehearse && crl_policy_keeps_root(&job->policy))
		job->policy.root_over = CRL_ROOT_OVER_TMPFS;
	return 0;
}

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	struct crl_image image = {0};
	int rc = 0;

	(void)room;
	if (!(job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
		return 0;
	if (job->policy.root_mode == CRL_ROOT_IMAGE)
		rc = attach(job, &image, err);
	if (rc < 0)
		return crl_err_wrap(err, rc, CRL_STAGE_MOUNT, "the root's image");
	return crl_policy_keeps_root(&job->policy) ? lend(job, &image, err) : 0;
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;

	const struct crl_lent *r = &job->root;

	host->image = job->image < 0 ? 0 : job->image + 1;
	host->root = (struct crl_host_home){.data = r->data < 0 ? 0 : r->data + 1,
					    .shared = r->shared < 0 ? 0 : r->shared + 1,
					    .layer = r->layer,
					    .layers = r->layers};
	if (p->root_mode != CRL_ROOT_OVERLAY)
		return 0;
	return find_libraries(host, err);
}

static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const char *at = crl_policy_owns_users(&job->policy) ? CRL_LAST_ROOT : "/";
	int rc = job->root.use < 0 ? 0 : crl_lent_note(&job->root, job, room, at, err);

	if (rc == 0)
		room->root_use = take_fd(&job->root.use);
	return rc;
}

static void settle(struct crl_job *job, struct crl_kept *room)
{
	(void)room;
	crl_lent_done(&job->root);
}

static void room_end(struct crl_kept *room)
{
	crl_holder_forget(room->holders, room->id);
	drop_fd(&room->root_use);
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (!room)
		return;
	crl_holder_forget(room->holders, room->id);
	if (room->root_use >= 0)
		(void)flock(room->root_use, LOCK_UN);
	drop_fd(&room->root_use);
	crl_lent_give_back(&job->root);
}

const struct crl_part crl_part_root = {
	.name = "root",
	.admit = admit,
	.look = look,
	.prepare = prepare,
	.stand = stand,
	.settle = settle,
	.room_end = room_end,
	.undo = undo,
	.leaves = "STATE/" CRL_HOLDERS_DIR,
	.sweep_not = "notes of rooms that show what is kept are part home's to sweep, images part image's",
};
