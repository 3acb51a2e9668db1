// SPDX-License-Identifier: Apache-2.0
/*
 * See stack.h, which has the order of a change.
 *
 * R1: before `next` is there the old state counts, from then on the new one: both are whole.
 */
#include "store/stack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/parse.h"
#include "store/lines.h"
#include "store/spare.h"
#include "store/stack_place.h"

#define STACK "stack"
#define SNAPSHOTS "snapshots"
#define NEXT "next"
#define NEW_UP ".new-up"
#define NEW_WORK ".new-work"
#define NEW_STACK ".new-stack"
#define NEW_SNAPSHOTS ".new-snapshots"
#define NEW_NEXT ".new-next"
#define NEXT_TEXT_MAX 128

static int write_stack(int data, const char *name, const struct crl_stack *s)
{
	char text[CRL_STACK_TEXT_MAX];
	int n = crl_stack_format(s, text, sizeof(text));

	return n < 0 ? n : crl_stacking_write(data, name, text, (size_t)n);
}

static int write_snapshots(int data, const char *name, const struct crl_snapshots *s)
{
	char text[CRL_SNAPSHOTS_TEXT_MAX];
	int n = crl_snapshots_format(s, text, sizeof(text));

	return n < 0 ? n : crl_stacking_write(data, name, text, (size_t)n);
}

int crl_stack_read(int data, struct crl_stack *ret_stack, struct crl_snapshots *ret_snapshots, struct crl_err *err)
{
	char text[CRL_SNAPSHOTS_TEXT_MAX];
	struct crl_stack stack = {0};
	ssize_t n = crl_stacking_has(data, NEXT);

	if (n < 0)
		return crl_stacking_fail(err, (int)n, "look for \"" NEXT "\"");
	if (n > 0)
		return crl_err_set(err, EINPROGRESS, CRL_STAGE_HOME,
				   "a change in the store was interrupted and has to be finished");
	n = ret_stack ? crl_stacking_read(data, STACK, text, sizeof(text)) : 0;
	if (n < 0 || (ret_stack && crl_stack_parse(text, (size_t)n, &stack) < 0))
		return n < 0 && n != -ENOENT && n != -EBADMSG ? crl_stacking_fail(err, (int)n, "read \"" STACK "\"")
							      : crl_stacking_damaged(err, STACK);
	n = ret_snapshots ? crl_stacking_read(data, SNAPSHOTS, text, sizeof(text)) : 0;
	if (n < 0 || (ret_snapshots && crl_snapshots_parse(text, (size_t)n, ret_snapshots) < 0))
		return n < 0 && n != -ENOENT && n != -EBADMSG ? crl_stacking_fail(err, (int)n, "read \"" SNAPSHOTS "\"")
							      : crl_stacking_damaged(err, SNAPSHOTS);
	if (ret_stack)
		*ret_stack = stack;
	return 0;
}

int crl_stack_open_up(int data, int *ret_fd, struct crl_err *err)
{
	int rc = crl_stacking_open_dir(data, CRL_STACK_UP, ret_fd);

	return rc == -ELOOP || rc == -ENOTDIR || rc == -ENOENT ? crl_stacking_damaged(err, CRL_STACK_UP)
	       : rc < 0                                        ? crl_stacking_fail(err, rc, "open \"" CRL_STACK_UP "\"")
							       : 0;
}

int crl_stack_open_layer(int data, uint32_t layer, int *ret_fd, struct crl_err *err)
{
	char path[sizeof(CRL_STACK_LAYERS) + 16];
	int rc;

	(void)snprintf(path, sizeof(path), CRL_STACK_LAYERS "/%" PRIu32, layer);
	rc = crl_stacking_open_dir(data, path, ret_fd);
	return rc == -ELOOP || rc == -ENOTDIR || rc == -ENOENT ? crl_stacking_damaged(err, path)
	       : rc < 0                                        ? crl_stacking_fail(err, rc, path)
							       : 0;
}

static int sync_dirs(const struct crl_stacking *s)
{
	return fsync(s->layers) < 0 || fsync(s->trash) < 0 || fsync(s->data) < 0 ? -errno : 0;
}

/* What `next` says: where the upper goes, and which layer is new. */
struct next {
	char up[CRL_TRASH_NAME_MAX]; /* a layer's number, or a name in the trash */
	bool up_is_layer;
	bool up_stays;
	uint32_t add;
};

static int parse_next(const char *text, struct next *ret)
{
	struct next n = {0};
	uint64_t version, layer, add;
	char up[48];

	if (!crl_line_take_number(&text, "next", 1, &version) || version != 1 ||
	    !crl_line_take(&text, "up", up, sizeof(up)) || !crl_line_take_number(&text, "add", CRL_LAYER_MAX, &add) ||
	    strcmp(text, "end\n") != 0)
		return -EBADMSG;
	n.add = (uint32_t)add;
	n.up_stays = strcmp(up, "-") == 0;
	n.up_is_layer = strncmp(up, CRL_STACK_LAYERS "/", sizeof(CRL_STACK_LAYERS)) == 0;
	if (n.up_is_layer) {
		if (crl_parse_uint(up + sizeof(CRL_STACK_LAYERS), 1, CRL_LAYER_MAX, &layer) < 0)
			return -EBADMSG;
		(void)snprintf(n.up, sizeof(n.up), "%" PRIu64, layer);
	} else if (!n.up_stays) {
		const char *name = up + sizeof(CRL_STACK_TRASH);

		if (strncmp(up, CRL_STACK_TRASH "/", sizeof(CRL_STACK_TRASH)) != 0 ||
		    strlen(name) != CRL_TRASH_NAME_MAX - 1 ||
		    strspn(name, "0123456789abcdef") != CRL_TRASH_NAME_MAX - 1)
			return -EBADMSG;
		memcpy(n.up, name, CRL_TRASH_NAME_MAX);
	}
	*ret = n;
	return 0;
}

static int write_next(int data, const struct next *n)
{
	char text[NEXT_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "next=1\nup=%s%s\nadd=%" PRIu32 "\nend\n",
			   n->up_stays      ? "-"
			   : n->up_is_layer ? CRL_STACK_LAYERS "/"
					    : CRL_STACK_TRASH "/",
			   n->up, n->add);
	int rc = crl_stacking_write(data, NEW_NEXT, text, (size_t)len);

	if (rc == 0 && fsync(data) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_stacking_move(data, NEW_NEXT, data, NEXT); /* R1: this decides */
	return rc == 0 && fsync(data) < 0 ? -errno : rc;
}

/* Unless it has been done: @done_at has a @done_as then. */
static int move_once(int from, const char *name, int done_at, const char *done_as)
{
	int rc = crl_stacking_has(done_at, done_as);

	return rc == 0 ? crl_stacking_move(from, name, done_at, done_as) : rc < 0 ? rc : 0;
}

/* The old one goes first, as far as there is one. */
static int exchange_work(const struct crl_stacking *s)
{
	int rc = crl_stacking_has(s->data, NEW_WORK), old = crl_stacking_has(s->data, CRL_STACK_WORK);

	if (rc <= 0 || old < 0)
		return rc <= 0 ? rc : old;
	rc = old ? crl_stacking_trash(s->trash, s->data, CRL_STACK_WORK) : 0;
	return rc < 0 ? rc : crl_stacking_move(s->data, NEW_WORK, s->data, CRL_STACK_WORK);
}

/* The upper goes where it is to go, and the new one comes: each as far as it has not been done. */
static int exchange_up(const struct crl_stacking *s, const struct next *n)
{
	int rc = move_once(s->data, CRL_STACK_UP, n->up_is_layer ? s->layers : s->trash, n->up);

	if (rc == 0)
		rc = move_once(s->data, NEW_UP, s->data, CRL_STACK_UP);
	return rc < 0 ? rc : exchange_work(s);
}

static int put_text(int data, const char *new_name, const char *name)
{
	int rc = crl_stacking_has(data, new_name);

	return rc > 0 && renameat(data, new_name, data, name) < 0 ? -errno : rc < 0 ? rc : 0;
}

/* R1: does what is left to do of `next`. */
static int carry_out(const struct crl_stacking *s, const struct next *n)
{
	char add[16];
	int rc = 0;

	(void)snprintf(add, sizeof(add), "%" PRIu32, n->add);
	if (n->add)
		rc = move_once(s->data, CRL_STACK_NEW_LAYER, s->layers, add);
	if (rc == 0 && !n->up_stays)
		rc = exchange_up(s, n);
	if (rc == 0)
		rc = put_text(s->data, NEW_STACK, STACK);
	if (rc == 0)
		rc = put_text(s->data, NEW_SNAPSHOTS, SNAPSHOTS);
	if (rc == 0)
		rc = sync_dirs(s);
	if (rc == 0 && unlinkat(s->data, NEXT, 0) < 0)
		rc = -errno;
	return rc == 0 && fsync(s->data) < 0 ? -errno : rc;
}

/* What was made for a change that was not decided. */
static int clear(const struct crl_stacking *s)
{
	static const char *const names[] = {NEW_UP,        NEW_WORK, CRL_STACK_NEW_LAYER, NEW_STACK,
					    NEW_SNAPSHOTS, NEW_NEXT, CRL_STACK_NEW_TEXT};

	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		int rc = crl_stacking_has(s->data, names[i]);

		if (rc == 0 || unlinkat(s->data, names[i], AT_REMOVEDIR) == 0 || unlinkat(s->data, names[i], 0) == 0)
			continue;
		rc = rc < 0 ? rc : crl_stacking_trash(s->trash, s->data, names[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int recover(const struct crl_stacking *s, struct crl_err *err)
{
	char text[NEXT_TEXT_MAX];
	struct next n;
	ssize_t len = crl_stacking_read(s->data, NEXT, text, sizeof(text));
	int rc;

	if (len == -ENOENT) {
		rc = clear(s);
		return rc < 0 ? crl_stacking_fail(err, rc, "clear away what was interrupted") : 0;
	}
	if (len < 0 || strlen(text) != (size_t)len || parse_next(text, &n) < 0)
		return crl_stacking_damaged(err, NEXT);
	rc = carry_out(s, &n);
	return rc == -ENOENT ? crl_stacking_damaged(err, NEXT)
	       : rc < 0      ? crl_stacking_fail(err, rc, "finish what was interrupted")
			     : 0;
}

/* An upper and a workdir beside those that are there. */
static int make_new_up(int data)
{
	scoped_fd old = -EBADF, up = -EBADF, work = -EBADF;
	struct crl_stack_top like;
	struct stat st;
	int rc = crl_stacking_open_dir(data, CRL_STACK_UP, &old);

	if (rc == 0 && fstat(old, &st) < 0)
		rc = -errno;
	if (rc < 0)
		return rc;
	like = (struct crl_stack_top){.uid = st.st_uid, .gid = st.st_gid, .mode = st.st_mode};
	rc = crl_stacking_make_dir(data, NEW_WORK, NULL, &work);
	if (rc == 0)
		rc = crl_stacking_make_dir(data, NEW_UP, &like, &up);
	if (rc == 0)
		rc = crl_stacking_copy_attributes(old, up);
	return rc == 0 && (fsync(up) < 0 || fsync(work) < 0) ? -errno : rc;
}

int crl_stacking_change(const struct crl_stacking *s, const struct crl_stack_change *change, struct crl_err *err)
{
	struct next n = {.up_stays = !change->freeze && !change->discard,
			 .up_is_layer = change->freeze != 0,
			 .add = change->add};
	int rc = 0;

	if (change->freeze)
		(void)snprintf(n.up, sizeof(n.up), "%" PRIu32, change->freeze);
	else if (change->discard)
		rc = crl_stacking_trash_name(n.up);
	if (rc == 0)
		rc = crl_spare_yield(s->data);
	if (rc == 0 && !n.up_stays)
		rc = make_new_up(s->data);
	if (rc == 0)
		rc = write_stack(s->data, NEW_STACK, &s->now);
	if (rc == 0)
		rc = write_snapshots(s->data, NEW_SNAPSHOTS, &s->snapshots);
	if (rc == 0)
		rc = write_next(s->data, &n);
	if (rc == 0)
		rc = carry_out(s, &n);
	(void)crl_spare_settle(s->data); /* what fails is done at the next login, before the user is in */
	return rc < 0 ? crl_stacking_fail(err, rc, "change what is in the store") : 0;
}

static int open_parts(int data, bool make, struct crl_stacking *ret)
{
	int rc;

	/* That of a mount that is not attached can only be looked at. */
	ret->data = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->data < 0)
		return -errno;
	rc = make ? crl_stacking_make_dir(data, CRL_STACK_LAYERS, NULL, &ret->layers)
		  : crl_stacking_open_dir(data, CRL_STACK_LAYERS, &ret->layers);
	if (rc == 0)
		rc = make ? crl_stacking_make_dir(data, CRL_STACK_TRASH, NULL, &ret->trash)
			  : crl_stacking_open_dir(data, CRL_STACK_TRASH, &ret->trash);
	return rc;
}

void crl_stacking_done(struct crl_stacking *s)
{
	drop_fd(&s->data);
	drop_fd(&s->layers);
	drop_fd(&s->trash);
}

/* The texts first and the upper last: one that is there has been made whole. */
static int make_first(int data, const struct crl_stack_top *top)
{
	struct crl_snapshots none = {.len = 0};
	scoped_fd up = -EBADF, work = -EBADF;
	int rc = write_stack(data, STACK, &(struct crl_stack){.len = 0});

	if (rc == 0)
		rc = write_snapshots(data, SNAPSHOTS, &none);
	if (rc == 0)
		rc = crl_stacking_make_dir(data, CRL_STACK_WORK, NULL, &work);
	if (rc == 0)
		rc = crl_stacking_make_dir(data, NEW_UP, top, &up);
	if (rc == 0 && (fsync(up) < 0 || fsync(data) < 0))
		rc = -errno;
	if (rc == 0)
		rc = crl_stacking_move(data, NEW_UP, data, CRL_STACK_UP);
	return rc == 0 && fsync(data) < 0 ? -errno : rc;
}

bool crl_stack_is_new(int data)
{
	return crl_stacking_has(data, CRL_STACK_UP) == 0 && crl_stacking_has(data, NEXT) == 0;
}

int crl_stack_ready(int data, const struct crl_stack_top *top, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	scoped_fd up = -EBADF, work = -EBADF;
	int rc = open_parts(data, true, &s);

	if (rc < 0)
		return rc == -ELOOP || rc == -ENOTDIR ? crl_stacking_damaged(err, CRL_STACK_LAYERS)
						      : crl_stacking_fail(err, rc, "open the data");
	rc = crl_spare_yield(s.data);
	if (rc < 0)
		return crl_stacking_fail(err, rc, "give free what is kept back");
	rc = recover(&s, err);
	if (rc < 0)
		return rc;
	rc = crl_stacking_has(s.data, CRL_STACK_UP);
	if (rc == 0 && !top)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "nothing has been kept here yet");
	if (rc == 0)
		rc = make_first(s.data, top);
	if (rc < 0)
		return crl_stacking_fail(err, rc, "make the upper");
	rc = crl_stack_open_up(data, &up, err);
	if (rc == 0)
		rc = crl_stack_read(data, &s.now, &s.snapshots, err);
	if (rc < 0)
		return rc;
	rc = crl_stacking_make_dir(data, CRL_STACK_WORK, NULL, &work);
	return rc < 0 ? crl_stacking_fail(err, rc, "make the workdir") : crl_stacking_tidy(&s, err);
}

int crl_stacking_begin(int data, struct crl_stacking *ret, struct crl_err *err)
{
	int rc = open_parts(data, false, ret);

	return rc < 0 ? crl_stacking_fail(err, rc, "open the data")
		      : crl_stack_read(data, &ret->now, &ret->snapshots, err);
}

static bool names_layer(const struct crl_stack *s, uint32_t layer)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->layer[i] == layer)
			return true;
	return false;
}

static bool is_named(const struct crl_stacking *s, uint32_t layer)
{
	if (names_layer(&s->now, layer))
		return true;
	for (size_t i = 0; i < s->snapshots.len; i++)
		if (names_layer(&s->snapshots.item[i].stack, layer))
			return true;
	return false;
}

int crl_stacking_tidy(const struct crl_stacking *s, struct crl_err *err)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(s->layers, ".", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		uint64_t layer;

		if (crl_parse_uint(name, 1, CRL_LAYER_MAX, &layer) == 0 && is_named(s, (uint32_t)layer))
			continue;
		rc = crl_stacking_trash(s->trash, s->layers, name);
	}
	if (rc == 0)
		rc = dir.error;
	return rc < 0 ? crl_stacking_fail(err, rc, "move to the trash what nothing names") : 0;
}

int crl_stacking_number(const struct crl_stacking *s, uint32_t *ret, struct crl_err *err)
{
	uint32_t most = 0;

	for (size_t i = 0; i < s->now.len; i++)
		most = s->now.layer[i] > most ? s->now.layer[i] : most;
	for (size_t i = 0; i < s->snapshots.len; i++)
		for (size_t k = 0; k < s->snapshots.item[i].stack.len; k++)
			most = s->snapshots.item[i].stack.layer[k] > most ? s->snapshots.item[i].stack.layer[k] : most;
	for (uint32_t n = most + 1; n <= CRL_LAYER_MAX; n++) {
		char name[16];
		int rc;

		(void)snprintf(name, sizeof(name), "%" PRIu32, n);
		rc = crl_stacking_has(s->layers, name);
		if (rc < 0)
			return crl_stacking_fail(err, rc, "number a layer");
		if (rc == 0) {
			*ret = n;
			return 0;
		}
	}
	return crl_err_set(err, EOVERFLOW, CRL_STAGE_HOME, "there is no number left for a layer");
}

/* So many of the present's layers, the oldest, are all that a snapshot has: the longest of such. */
static size_t stands_on(const struct crl_stacking *s)
{
	size_t most = 0;

	for (size_t i = 0; i < s->snapshots.len; i++) {
		const struct crl_stack *of = &s->snapshots.item[i].stack;

		if (of->len > most && of->len <= s->now.len &&
		    memcmp(s->now.layer + s->now.len - of->len, of->layer, of->len * sizeof(of->layer[0])) == 0)
			most = of->len;
	}
	return most;
}

int crl_stack_empty_up(int data, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	int rc = crl_stacking_begin(data, &s, err);
	size_t stays;

	if (rc < 0)
		return rc;
	stays = stands_on(&s);
	memmove(s.now.layer, s.now.layer + s.now.len - stays, stays * sizeof(s.now.layer[0]));
	s.now.len = stays;
	rc = crl_stacking_change(&s, &(struct crl_stack_change){.discard = true}, err);
	return rc < 0 ? rc : crl_stacking_tidy(&s, err);
}
