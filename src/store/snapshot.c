// SPDX-License-Identifier: Apache-2.0
/* Snapshots: taken, gone back to, forgotten. See stack.h. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "store/stack_place.h"

static int check_name(const struct crl_stacking *s, const char *name, size_t most, struct crl_err *err)
{
	if (!crl_snapshot_name_is_valid(name))
		return crl_err_set(
			err, EINVAL, CRL_STAGE_HOME,
			"no snapshot can be called so: a name is a letter or digit, then letters, digits, \"-\", \"_\" "
			"and \".\", 64 at the most");
	if (crl_snapshots_find(&s->snapshots, name))
		return crl_err_set(err, EEXIST, CRL_STAGE_HOME, "there is a snapshot \"%s\" already", name);
	if (s->snapshots.len >= most || s->snapshots.len >= CRL_SNAPSHOTS_MAX)
		return crl_err_set(err, EDQUOT, CRL_STAGE_HOME,
				   "there are %zu snapshots, which is as many as there may be: drop one",
				   s->snapshots.len);
	if (s->now.len >= CRL_STACK_MAX)
		return crl_err_set(
			err, EMLINK, CRL_STAGE_HOME,
			"there are %d layers below one another, which is as many as there may be: drop a snapshot",
			CRL_STACK_MAX);
	return 0;
}

static int take(struct crl_stacking *s, const char *name, int64_t when, size_t most, struct crl_err *err)
{
	struct crl_snapshot *new = &s->snapshots.item[s->snapshots.len];
	uint32_t number;
	int rc = check_name(s, name, most, err);

	if (rc == 0)
		rc = crl_stacking_number(s, &number, err);
	if (rc < 0)
		return rc;
	if (syncfs(s->data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot bring the changes to the disk: %s",
				   strerrordesc_np(errno));
	memmove(s->now.layer + 1, s->now.layer, s->now.len * sizeof(s->now.layer[0]));
	s->now.layer[0] = number;
	s->now.len++;
	*new = (struct crl_snapshot){.when = when, .stack = s->now};
	memcpy(new->name, name, strlen(name) + 1);
	s->snapshots.len++;
	return crl_stacking_change(s, &(struct crl_stack_change){.freeze = number}, err);
}

int crl_snapshot_take(int data, const char *name, int64_t when, size_t most, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	int rc = crl_stacking_begin(data, &s, err);

	return rc < 0 ? rc : take(&s, name, when, most, err);
}

static bool is_same(const struct crl_stack *a, const struct crl_stack *b)
{
	return a->len == b->len && memcmp(a->layer, b->layer, a->len * sizeof(a->layer[0])) == 0;
}

/* Is there anything that no snapshot shows? */
static bool has_more(const struct crl_stacking *s)
{
	scoped(crl_dir) up = {0};

	if (crl_dir_open(s->data, CRL_STACK_UP, &up) < 0 || crl_dir_next(&up) || up.error < 0)
		return true;
	if (s->now.len == 0)
		return false;
	for (size_t i = 0; i < s->snapshots.len; i++)
		if (is_same(&s->snapshots.item[i].stack, &s->now))
			return false;
	return true;
}

int crl_snapshot_restore(int data, const char *name, const char *keep_as, int64_t when, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	const struct crl_snapshot *to;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc < 0)
		return rc;
	if (!crl_snapshots_find(&s.snapshots, name))
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "there is no snapshot \"%s\"", name);
	if (keep_as && has_more(&s))
		rc = take(&s, keep_as, when, CRL_SNAPSHOTS_MAX, err);
	if (rc < 0)
		return rc;
	to = crl_snapshots_find(&s.snapshots, name);
	s.now = to->stack;
	rc = crl_stacking_change(&s, &(struct crl_stack_change){.discard = true}, err);
	return rc < 0 ? rc : crl_stacking_tidy(&s, err);
}

int crl_snapshot_import(int data, const struct crl_snapshot_made *made, const char *keep_as, int64_t when,
			struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	uint32_t number;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc == 0 && keep_as && has_more(&s))
		rc = take(&s, keep_as, when, CRL_SNAPSHOTS_MAX, err);
	if (rc == 0)
		rc = crl_stacking_number(&s, &number, err);
	if (rc < 0)
		return rc;
	rc = crl_stacking_move(made->at, made->name, data, CRL_STACK_NEW_LAYER);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot take what was made: %s", strerrordesc_np(-rc));
	s.now = (struct crl_stack){.layer = {number}, .len = 1};
	rc = crl_stacking_change(&s, &(struct crl_stack_change){.discard = true, .add = number}, err);
	return rc < 0 ? rc : crl_stacking_tidy(&s, err);
}

int crl_snapshot_drop(int data, const char *name, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	const struct crl_snapshot *gone;
	size_t at;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc < 0)
		return rc;
	gone = crl_snapshots_find(&s.snapshots, name);
	if (!gone)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "there is no snapshot \"%s\"", name);
	at = (size_t)(gone - s.snapshots.item);
	s.snapshots.len--;
	memmove(&s.snapshots.item[at], &s.snapshots.item[at + 1], (s.snapshots.len - at) * sizeof(*gone));
	rc = crl_stacking_change(&s, &(struct crl_stack_change){0}, err);
	return rc < 0 ? rc : crl_stacking_tidy(&s, err);
}
