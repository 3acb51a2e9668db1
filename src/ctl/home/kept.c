// SPDX-License-Identifier: Apache-2.0
/*
 * A kept home or root, opened for a command; see kept.h.
 *
 * R1: what is changed is nobody's to see meanwhile: the entry's lock and its "use" are held alone, and no overlay has
 * its upper. R2: the real home is found with the user's rights and proved as at a login.
 */
#include "ctl/home/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/mounts/mounting.h"
#include "base/dir.h"
#include "base/parse.h"
#include "ctl/conf/storepath.h"
#include "ctl/conf/who.h"
#include "ctl/home/lower.h"
#include "ctl/print/out.h"
#include "layers/marks.h"
#include "state/rooms/rooms.h"
#include "store/busy.h"
#include "store/form.h"
#include "store/holders.h"
#include "store/lock.h"
#include "store/stack.h"

#define PATIENCE_MS 10000 /* for a login that is on its way in */
#define QUIET_MS 1500 /* for a login and a room that are just ending, before anything is said */
#define ENDING_MS 15000 /* and after that */
#define UNMOUNT_MS 5000 /* for the kernel to take down what the last room had, once nobody claims it */

const char *ctl_kept_word(const struct ctl *c)
{
	return strcmp(c->group ? c->group->name : c->command, "root") == 0 ? "root" : "home";
}

static bool is_root(const struct ctl *c)
{
	return strcmp(ctl_kept_word(c), "root") == 0;
}

/* ---- whose ---- */

/* The one base that there is of this user's; "" = none, or several. Returns how many. */
static size_t find_base(const struct crl_store *store, uint32_t uid, char ret[CRL_ENTRY_BASE_MAX])
{
	scoped(crl_dir) dir = {0};
	char start[32];
	size_t n = 0;

	ret[0] = '\0';
	(void)snprintf(start, sizeof(start), "%u.", uid);
	if (crl_dir_open(store->dir, CRL_STORE_ROOTS, &dir) < 0)
		return 0;
	for (const char *name; (name = crl_dir_next(&dir));) {
		const char *base = name + strlen(start);

		if (strncmp(name, start, strlen(start)) != 0 || !base[0] || strlen(base) >= CRL_ENTRY_BASE_MAX)
			continue;
		n++;
		(void)snprintf(ret, CRL_ENTRY_BASE_MAX, "%s", base);
	}
	return n;
}

/* USER, or USER:BASE of a root. */
static enum ctl_exit find_owner(const struct ctl *c, struct ctl_kept *k)
{
	const char *colon = is_root(c) ? strrchr(c->subject, ':') : NULL;
	char user[CRL_USER_MAX];
	struct crl_err err = {0};
	size_t n = 1;

	(void)snprintf(user, sizeof(user), "%.*s", colon ? (int)(colon - c->subject) : (int)strlen(c->subject),
		       c->subject);
	if (colon && strlen(colon + 1) < sizeof(k->base))
		(void)snprintf(k->base, sizeof(k->base), "%s", colon + 1);
	if (ctl_login_of(c, user, &k->login, &err) < 0) {
		(void)ctl_error(c, &err);
		return err.code == ENOENT ? CTL_NO : CTL_FAIL;
	}
	if (k->login.uid == 0)
		return ctl_complain(c, CTL_NO, "root logs in without a room, so nothing is kept for it");
	if (is_root(c) && !k->base[0])
		n = find_base(&k->store, k->login.uid, k->base);
	if (n == 0)
		return ctl_complain(c, CTL_NO, "no root is kept for %s", user);
	if (n > 1)
		return ctl_complain(c, CTL_USAGE,
				    "%s has several roots: name one as %s:BASE (carrelctl root lists them)", user,
				    user);
	return CTL_YES;
}

/* ---- may it be now ---- */

/* Which rooms show it, "ID, ID". False: none that lives. */
static bool name_rooms(const struct ctl *c, const struct ctl_kept *k, char *buf, size_t size)
{
	scoped_fd state = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_holders holders = {.item = NULL};
	size_t len = 0;
	int rc = state < 0 ? -errno : crl_holders_read(state, &k->entry, &holders);

	buf[0] = '\0';
	for (size_t i = 0; rc == 0 && i < holders.len && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len > 0 ? ", " : "", holders.item[i].room);
	crl_holders_done(&holders);
	return len > 0;
}

/* Somebody is in: says who, and what to do. */
static enum ctl_exit refuse_used(const struct ctl *c, const struct ctl_kept *k)
{
	char rooms[200];

	if (!name_rooms(c, k, rooms, sizeof(rooms)))
		return ctl_complain(c, CTL_FAIL,
				    "the %s of %s is still in use: a room of theirs is just ending, or another command "
				    "works on it; try again",
				    ctl_kept_word(c), k->login.user);
	return ctl_complain(
		c, CTL_FAIL,
		"%s is in (%s): this works only while they are out; carrelctl kill %s ends their rooms, and "
		"home.at_end in the policy can do it whenever they leave",
		k->login.user, rooms, k->login.user);
}

/* Is anybody logged in? What cannot be read counts as yes: who waits for them would wait in vain. */
static bool has_login(const struct ctl *c, uint32_t uid)
{
	struct crl_rooms rooms;
	struct crl_err err = {0};
	bool found = false;

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return true;
	for (size_t i = 0; i < rooms.len; i++)
		for (size_t j = 0; rooms.item[i].uid == uid && !rooms.item[i].stale && j < rooms.item[i].logins; j++)
			found |= rooms.item[i].login[j].pid > 0 && kill(rooms.item[i].login[j].pid, 0) == 0;
	crl_rooms_done(&rooms);
	return found;
}

/* A login's process goes on for a moment after its user has left, and a room after its last logout. */
static int use_alone(const struct ctl *c, struct ctl_kept *k, struct crl_err *err)
{
	int rc = crl_entry_use(&k->entry, true, 0, &k->use, err);

	if (rc == -EBUSY)
		rc = crl_entry_use(&k->entry, true, QUIET_MS, &k->use, err);
	if (rc == -EBUSY && !has_login(c, k->login.uid)) {
		if (isatty(STDERR_FILENO))
			(void)fprintf(stderr, "waiting until the last room of %s has ended\n", k->login.user);
		rc = crl_entry_use(&k->entry, true, ENDING_MS, &k->use, err);
	}
	return rc;
}

/* R1. @tidy  when somebody is in it goes on without */
static enum ctl_exit take_alone(const struct ctl *c, struct ctl_kept *k, bool tidy)
{
	struct crl_err err = {0};
	int rc = tidy ? crl_entry_use(&k->entry, true, 0, &k->use, &err) : use_alone(c, k, &err);
	struct stat st;

	if (rc == -EBUSY)
		return tidy ? CTL_YES : refuse_used(c, k);
	if (rc == 0 && fstat(k->use, &st) < 0)
		rc = crl_err_set(&err, errno, CRL_STAGE_HOME, "cannot look at the lock \"use\"");
	if (rc < 0)
		return ctl_error(c, &err);
	k->use_size = st.st_size;
	return CTL_YES;
}

static enum ctl_exit open_entry(const struct ctl *c, struct ctl_kept *k)
{
	const struct crl_entry_key key = {
		.uid = k->login.uid, .user = k->login.user, .base = k->base[0] ? k->base : NULL};
	struct crl_err err = {0};
	int rc = crl_entry_open(&k->store, &key, false, &k->entry, &err);

	if (rc == 0)
		rc = crl_entry_lock(&k->entry, PATIENCE_MS, &err);
	if (rc == -ENOENT)
		return ctl_complain(c, CTL_NO, "no %s is kept for %s%s%s", ctl_kept_word(c), k->login.user,
				    k->base[0] ? " over " : "", k->base);
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

static enum ctl_exit open_data(const struct ctl *c, struct ctl_kept *k)
{
	struct crl_err err = {0};
	scoped_fd mount = -EBADF;
	int rc = crl_form_open(&k->entry, PATIENCE_MS, &mount, &err);

	if (rc == 0) {
		k->data = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = k->data < 0 ? crl_err_set(&err, errno, CRL_STAGE_HOME, "cannot open the data directory") : 0;
	}
	if (rc == 0 && k->use >= 0)
		rc = crl_stack_ready(k->data, NULL, &err);
	if (rc == 0 && k->use >= 0) {
		rc = crl_entry_prove_idle(&k->entry, UNMOUNT_MS, &err); /* R1 */
		if (rc == -EBUSY)
			return refuse_used(c, k);
	}
	if (rc == 0)
		rc = crl_stack_read(k->data, &k->stack, &k->snapshots, &err);
	if (rc == -ENOENT)
		return ctl_complain(c, CTL_NO, "nothing is kept yet in the %s of %s", ctl_kept_word(c), k->login.user);
	if (rc == -EINPROGRESS)
		return ctl_complain(
			c, CTL_FAIL,
			"a change of the %s of %s was interrupted: their next login finishes it, and so does "
			"carrelctl %s %s gc",
			ctl_kept_word(c), k->login.user, ctl_kept_word(c), c->subject);
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

enum ctl_exit ctl_kept_open(const struct ctl *c, enum ctl_kept_need need, struct ctl_kept *ret)
{
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc = ctl_store_path(c, &ret->store_path, &err);

	if (rc == 0)
		rc = crl_store_open(ret->store_path, false, &ret->store, &err);
	if (rc == -ENOENT)
		return ctl_complain(c, CTL_NO, "nothing is kept on this host: %s is not there", ret->store_path);
	if (rc < 0)
		return ctl_error(c, &err);
	status = find_owner(c, ret);
	if (status == CTL_YES)
		status = open_entry(c, ret);
	if (status == CTL_YES && (need == CTL_KEPT_CHANGE || need == CTL_KEPT_TIDY))
		status = take_alone(c, ret, need == CTL_KEPT_TIDY);
	if (status == CTL_YES)
		status = open_data(c, ret);
	/* A login need not wait for who reads; for who has it alone it does so at "use", where it is heard. */
	if (need != CTL_KEPT_GROW)
		crl_entry_unlock(&ret->entry);
	return status;
}

static void close_layers(struct ctl_kept *k)
{
	for (size_t i = 0; i < k->layers.len; i++)
		drop_fd(&k->layers.fd[i]);
	k->layers.len = 0;
	drop_fd(&k->home);
	crl_lowers_done(&k->lowers);
	k->lowers = (struct crl_lowers){.len = 0};
}

void ctl_kept_done(struct ctl_kept *k)
{
	close_layers(k);
	drop_fd(&k->data);
	drop_fd(&k->use);
	crl_entry_done(&k->entry);
	crl_store_done(&k->store);
	free(k->store_path);
}

/* ---- its layers ---- */

/* R2. What is mounted within it is not shown by an overlay either. */
static int open_home(struct ctl_kept *k, struct crl_err *err)
{
	scoped_fd host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), home = -EBADF;
	struct crl_mounting room = {
		.login = &k->login, .err = err, .home = -EBADF, .lower_ids = -EBADF, .home_mount = -EBADF};
	const struct crl_mount_op op = {.kind = CRL_MOUNT_HOME_OPEN,
					.source = k->login.home,
					.target = k->login.home,
					.uid = k->login.uid,
					.gid = k->login.gid,
					.flags = CRL_OP_OWNED};
	int rc;

	for (size_t i = 0; i < CRL_ARRAY_LEN(room.tree); i++)
		room.tree[i] = -EBADF;
	room.tree[CRL_TREE_HOST] = host;
	rc = crl_mounting_home_open(&room, &op);
	home = room.home;
	if (rc == 0 && room.homeless[0])
		rc = crl_err_set(err, ENOENT, CRL_STAGE_HOME, "%s", room.homeless);
	if (rc < 0)
		return rc;
	rc = crl_mount_clone(home, false, &k->home);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot clone the home: %s", strerrordesc_np(-rc)) : 0;
}

static int open_lowers(const struct ctl *c, struct ctl_kept *k, struct crl_err *err)
{
	int rc = crl_entry_read_lower(&k->entry, &k->lowers);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "it is not on record what it was mounted over");
	k->over_home = k->lowers.len == 1 && strcmp(k->lowers.item[0], CTL_LOWER_HOME) == 0;
	for (size_t i = 0; rc == 0 && i < k->lowers.len; i++) {
		if (k->layers.len == CRL_LAYERS_MAX)
			return crl_err_set(err, E2BIG, CRL_STAGE_HOME, "more layers than %d", CRL_LAYERS_MAX);
		if (strcmp(k->lowers.item[i], CTL_LOWER_HOME) == 0) {
			rc = open_home(k, err);
			k->layers.fd[k->layers.len] = -EBADF; /* opened in the worker, by its user */
		} else {
			rc = ctl_lower_open(c, k, k->lowers.item[i], &k->layers.fd[k->layers.len], err);
		}
		k->layers.len += rc == 0;
	}
	return rc;
}

bool ctl_kept_since(const struct ctl_kept *k, const struct crl_snapshot *s, size_t *ret)
{
	const size_t more = k->stack.len - s->stack.len;

	if (s->stack.len > k->stack.len ||
	    memcmp(k->stack.layer + more, s->stack.layer, s->stack.len * sizeof(s->stack.layer[0])) != 0)
		return false;
	*ret = 1 + more;
	return true;
}

enum ctl_exit ctl_kept_layers(const struct ctl *c, struct ctl_kept *k, const char *since)
{
	const struct crl_snapshot *s = since ? crl_snapshots_find(&k->snapshots, since) : NULL;
	struct crl_err err = {0};
	int rc;

	if (since && !s)
		return ctl_complain(c, CTL_NO, "there is no snapshot \"%s\"", since);
	k->layers.top = 1 + k->stack.len;
	if (s && !ctl_kept_since(k, s, &k->layers.top))
		return ctl_complain(
			c, CTL_NO,
			"snapshot \"%s\" is not below the present changes: an earlier one was restored, or changes "
			"were committed, since",
			since);
	k->layers.marks = (struct crl_marks)CRL_MARKS_OWN;
	rc = crl_stack_open_up(k->data, &k->layers.fd[0], &err);
	k->layers.len = rc == 0;
	for (size_t i = 0; rc == 0 && i < k->stack.len; i++) {
		rc = crl_stack_open_layer(k->data, k->stack.layer[i], &k->layers.fd[k->layers.len], &err);
		k->layers.len += rc == 0;
	}
	if (rc == 0)
		rc = open_lowers(c, k, &err);
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

enum ctl_exit ctl_kept_layers_again(const struct ctl *c, struct ctl_kept *k)
{
	struct crl_err err = {0};

	close_layers(k);
	if (crl_stack_read(k->data, &k->stack, &k->snapshots, &err) < 0)
		return ctl_error(c, &err);
	return ctl_kept_layers(c, k, NULL);
}

enum ctl_exit ctl_kept_layers_of(const struct ctl *c, struct ctl_kept *k, const struct crl_stack *stack)
{
	close_layers(k);
	k->stack = *stack;
	return ctl_kept_layers(c, k, NULL);
}

/* ---- in a worker ---- */

struct at_work {
	struct ctl_kept *kept;
	const struct ctl_task *work;
};

/* Opened with the rights of who works: a server may refuse root. */
static int enter_home(struct ctl_kept *k, struct crl_err *err)
{
	for (size_t i = 0; i < k->layers.len; i++) {
		if (k->layers.fd[i] >= 0)
			continue;
		k->layers.fd[i] = openat(k->home, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (k->layers.fd[i] < 0)
			return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot read the home %s: %s", k->login.home,
					   strerrordesc_np(errno));
	}
	return 0;
}

static int work_in_it(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct at_work *a = arg;
	int rc = enter_home(a->kept, err);

	return rc < 0 ? rc : a->work->run(w, a->work->arg, err);
}

static int take_for_it(void *arg, uint32_t kind, const char *data, size_t len)
{
	const struct at_work *a = arg;

	return a->work->take(a->work->arg, kind, data, len);
}

/* Does a login wait? It has made the lock's file longer. */
static bool is_wanted(const struct ctl_kept *k)
{
	struct stat st;

	return k->use >= 0 && fstat(k->use, &st) == 0 && st.st_size != k->use_size;
}

bool ctl_kept_stop(const struct ctl_kept *k)
{
	return ctl_worker_stop(NULL) || is_wanted(k);
}

static int start_marks(struct ctl_kept *k, pid_t *ret_pid, struct crl_err *err)
{
	struct crl_marks_server s = {.uid = k->login.uid, .gid = k->login.gid};
	struct stat st;

	if (fstat(k->data, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot look at the data directory");
	s.dev = k->use >= 0 ? st.st_dev : 0;
	return crl_marks_start(&s, &k->layers.marks.sock, ret_pid, err);
}

int ctl_kept_work(const struct ctl *c, struct ctl_kept *k, const struct ctl_task *work, struct crl_err *err)
{
	struct at_work a = {k, work};
	struct ctl_task mine = *work;
	int fd[CTL_WORKER_FDS_MAX], rc;
	pid_t marks;
	size_t n = 0;

	if (k->layers.len + work->fds + 4 > CTL_WORKER_FDS_MAX)
		return crl_err_set(err, E2BIG, CRL_STAGE_HOME, "too many layers");
	rc = start_marks(k, &marks, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < k->layers.len; i++)
		fd[n++] = k->layers.fd[i];
	for (size_t i = 0; i < work->fds; i++)
		fd[n++] = work->fd[i];
	fd[n++] = k->home;
	fd[n++] = k->data;
	fd[n++] = k->use; /* as long as it works, whatever becomes of carrelctl */
	fd[n++] = k->layers.marks.sock;
	mine.login = &k->login;
	mine.writes = k->use >= 0 || work->writes;
	mine.fd = fd;
	mine.fds = n;
	mine.run = work_in_it;
	mine.take = work->take ? take_for_it : NULL;
	mine.arg = &a;
	rc = ctl_worker_run(c, &mine, err);
	drop_fd(&k->layers.marks.sock);
	while (waitpid(marks, NULL, 0) < 0 && errno == EINTR)
		;
	if (rc == -EINTR && is_wanted(k))
		return crl_err_set(err, EINTR, CRL_STAGE_HOME, "stopped for a login of %s; run it again to go on",
				   k->login.user);
	return rc;
}
