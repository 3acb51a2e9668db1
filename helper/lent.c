// SPDX-License-Identifier: Apache-2.0
/*
 * See lent.h. R1: there are never two overlays over one upper: it is mounted anew only with `use` alone and when the
 * kernel says that nobody has it mounted. R2: what another room gives is the very mount that was noted, of this very
 * entry, wherever a path leads there.
 */
#include "helper/lent.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <syslog.h>

#include "apply/mounts/beneath.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "base/procstat.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "store/busy.h"
#include "store/form.h"
#include "store/holders.h"
#include "store/hostns.h"
#include "store/lock.h"
#include "store/spare.h"

#define RETRY_MS 20
#define CLONE_MS 5000 /* in a room, whose mounts may be a dead server's */

static int64_t left_ms(const struct crl_job *job)
{
	int64_t left = crl_job_patience_ms(job) - crl_now_ms();

	return left > 0 ? left : 0;
}

static int open_entry(const struct crl_job *job, const struct crl_lent_wish *w, struct crl_lent *l, struct crl_err *err)
{
	int rc = crl_store_open(w->store, true, &l->store, err);

	if (rc < 0)
		return rc;
	do {
		crl_entry_done(&l->entry);
		l->entry = (struct crl_entry)CRL_ENTRY_INIT;
		rc = crl_entry_open(&l->store, &w->key, true, &l->entry, err);
		if (rc == 0 && l->entry.orphaned[0])
			crl_log(LOG_WARNING,
				"id=%s uid=%" PRIu32 ": what the store had is not this user's and was moved aside, to "
				"%s/%s: %s",
				job->id, w->key.uid, l->store.path, l->entry.orphaned, l->entry.why);
		if (rc == 0)
			rc = crl_entry_lock(&l->entry, left_ms(job), err);
	} while (rc == -ESTALE && left_ms(job) > 0);
	return rc;
}

static void tell_size(const struct crl_job *job, const struct crl_lent_wish *w, const struct crl_owner *o)
{
	if (o->size != w->form->size || o->inodes != w->form->inodes)
		crl_log(LOG_INFO,
			"id=%s uid=%" PRIu32 ": %" PRIu64 " bytes and %" PRIu64 " files are what is kept may have, not "
			"what the policy says (carrelctl home USER resize)",
			job->id, w->key.uid, o->size, o->inodes);
}

/* R1. Nobody shows it: its data, ready for an overlay. */
static int prepare_data(struct crl_job *job, const struct crl_lent_wish *w, struct crl_lent *l, struct crl_err *err)
{
	struct crl_stack stack = {.len = 0};
	int rc = crl_form_make(&l->entry, w->form, err);

	if (rc == 0)
		rc = crl_form_open(&l->entry, left_ms(job), &l->data, err);
	if (rc < 0)
		return rc;
	l->anew = crl_stack_is_new(l->data);
	rc = crl_stack_ready(l->data, w->top, err);
	if (rc == 0)
		rc = crl_entry_prove_idle(&l->entry, left_ms(job), err);
	if (rc == 0)
		rc = crl_stack_read(l->data, &stack, NULL, err);
	if (rc < 0)
		return rc;
	memcpy(l->layer, stack.layer, sizeof(l->layer));
	l->layers = stack.len;
	rc = crl_entry_write_lower(&l->entry, w->lower, w->lowers);
	if (rc == 0)
		rc = crl_use_share(l->use, left_ms(job));
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot note what %s is mounted over: %s", l->entry.name,
				   strerrordesc_np(-rc));
	tell_size(job, w, &l->entry.owner);
	return 0;
}

struct asked {
	const char *at;
	uint64_t device; /* 0 = any */
};

/* R2. In the other room. */
static int clone_there(const void *arg, int *ret_fd, struct crl_err *err)
{
	const struct asked *a = arg;
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), dir = -EBADF;
	struct stat st;
	int fd;

	if (root < 0 || crl_beneath_find_dir(root, a->at, true, &dir) < 0 || fstat(dir, &st) < 0 ||
	    (a->device && st.st_dev != a->device))
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "%s is not there what it was", a->at);
	fd = open_tree(dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "its mount cannot be cloned");
	*ret_fd = fd;
	return 0;
}

static int clone_from(pid_t pid, uint64_t start, const struct asked *a, int *ret_fd, struct crl_err *err)
{
	scoped_fd init = pidfd_open(pid, 0);

	if (init < 0 || crl_process_start(pid) != start)
		return -ESRCH;
	return crl_hostns_run_at(init, &(struct crl_hostns){clone_there, a, crl_now_ms() + CLONE_MS}, ret_fd, err);
}

int crl_lent_also(const struct crl_lent *l, const char *at, int *ret_fd)
{
	return l->shared < 0 ? -ENOENT : clone_from(l->from_init, l->from_start, &(struct asked){at, 0}, ret_fd, NULL);
}

/* False: no room that lives gives it just now, and @why says why not where one was asked. */
static bool take_shared(struct crl_job *job, struct crl_lent *l, struct crl_err *why)
{
	scoped(crl_holders) list = {.len = 0};

	if (crl_holders_read(job->state.dir, &l->entry, &list) < 0)
		return false;
	for (size_t i = 0; i < list.len; i++) {
		const struct crl_holder *h = &list.item[i];

		if (clone_from(h->init, h->start, &(struct asked){h->at, h->device}, &l->shared, why) < 0)
			continue;
		l->from_init = h->init;
		l->from_start = h->start;
		crl_log(LOG_INFO,
			"id=%s uid=%" PRIu32 ": %s is the one that room %s shows, whatever this policy says of it",
			job->id, job->login.uid, l->entry.name, h->room);
		return true;
	}
	return false;
}

int crl_lent_take(struct crl_job *job, const struct crl_lent_wish *w, struct crl_lent *l, struct crl_err *err)
{
	struct crl_err why = {0};
	int rc = open_entry(job, w, l, err);

	if (rc == 0)
		rc = crl_entry_use(&l->entry, false, left_ms(job), &l->use, err);
	if (rc < 0)
		return rc;
	for (;;) {
		rc = crl_use_make_alone(l->use, left_ms(job));
		if (rc == 0)
			return prepare_data(job, w, l, err);
		if (rc != -EBUSY)
			return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot lock %s: %s", l->entry.name,
					   strerrordesc_np(-rc));
		if (take_shared(job, l, &why))
			return 0;
		if (left_ms(job) == 0)
			return crl_err_set(err, EBUSY, CRL_STAGE_HOME,
					   "%s is shown by another room of the user, which does not give it: %s",
					   l->entry.name, why.code ? why.text : "it is just ending");
		crl_pause_ms(RETRY_MS);
	}
}

/* Where the room has it; a room without a home has something else there. */
static int find_mounted(const struct crl_kept *room, const char *at, uint64_t *ret_device)
{
	scoped_fd root = -EBADF, dir = -EBADF;
	struct statfs fs;
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)room->init_pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || crl_beneath_find_dir(root, at, true, &dir) < 0 || fstatfs(dir, &fs) < 0 ||
	    fstat(dir, &st) < 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return -ENOENT;
	*ret_device = st.st_dev;
	return 0;
}

/* Init has copies, which it closes later. */
static void unlock(struct crl_lent *l)
{
	if (l->entry.lock >= 0)
		(void)flock(l->entry.lock, LOCK_UN);
	crl_entry_unlock(&l->entry);
}

int crl_lent_note(struct crl_lent *l, const struct crl_job *job, struct crl_kept *room, const char *at,
		  struct crl_err *err)
{
	struct crl_holder note = {.init = room->init_pid, .start = crl_process_start(room->init_pid)};
	int rc;

	if (find_mounted(room, at, &note.device) < 0) {
		crl_lent_give_back(l);
		return 0;
	}
	if (l->data >= 0 && crl_spare_settle(l->data) < 0)
		crl_log(LOG_WARNING, "id=%s: nothing of %s is kept back for when it is full", job->id, l->entry.name);
	(void)snprintf(note.room, sizeof(note.room), "%s", room->id);
	(void)snprintf(note.entry, sizeof(note.entry), "%s", l->entry.name);
	(void)snprintf(note.id, sizeof(note.id), "%s", l->entry.owner.id);
	(void)snprintf(note.at, sizeof(note.at), "%s", at);
	if (room->holders < 0)
		room->holders = crl_holders_open(job->state.dir);
	rc = room->holders < 0 ? room->holders : crl_holder_note(job->state.dir, &note);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot note which room shows %s: %s", l->entry.name,
				   strerrordesc_np(-rc));
	unlock(l);
	return 0;
}

void crl_lent_done(struct crl_lent *l)
{
	drop_fd(&l->use);
	drop_fd(&l->data);
	drop_fd(&l->shared);
	crl_entry_done(&l->entry);
	crl_store_done(&l->store);
	*l = (struct crl_lent)CRL_LENT_INIT;
}

void crl_lent_give_back(struct crl_lent *l)
{
	unlock(l);
	if (l->use >= 0)
		(void)flock(l->use, LOCK_UN);
	crl_lent_done(l);
}
