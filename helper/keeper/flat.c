// SPDX-License-Identifier: Apache-2.0
/*
 * Layers made one, and what lies below them kept for snapshots: what has to come before a commit, and what is left to
 * do after snapshots were dropped. All that is new is made aside and put in its place at once (store/stack.h), so that
 * who is killed here, or makes way for a login, leaves the old state.
 *
 * Runs in: carrel-keeper, as the user.
 */
#include "helper/keeper/keeper.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "layers/before.h"
#include "layers/commit.h"
#include "layers/merge.h"
#include "layers/near.h"
#include "store/stack.h"

#define FLAT "flat" /* in the trash: what is made of all layers, until it is one */

static int merge_all(const struct keeper *k, const struct keeper_layers *layers, int trash, struct crl_err *err)
{
	char name[sizeof(FLAT) + 24];
	struct crl_merge merge = {.layers = &layers->all, .stop = keeper_is_wanted, .arg = crl_unconst(k)};
	scoped_fd into = -EBADF;
	int rc;

	(void)snprintf(name, sizeof(name), FLAT "-%lld", (long long)crl_clock_ms());
	rc = mkdirat(trash, name, 0700) < 0 ? -errno : crl_near_open(trash, name, O_RDONLY | O_DIRECTORY, 0, &into);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot make a place to merge in: %s",
				   strerrordesc_np(-rc));
	merge.into = into;
	rc = crl_merge_run(&merge, err);
	return rc < 0 ? rc
		      : crl_snapshot_import(k->data, &(struct crl_snapshot_made){trash, name}, NULL,
					    crl_clock_ms() / 1000, err);
}

int keeper_flatten(const struct keeper *k, struct crl_err *err)
{
	scoped(keeper_layers) layers = {.own = 0};
	scoped_fd trash = -EBADF;
	int rc = crl_stack_is_flat(k->data, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = keeper_layers_open(k, &layers, err);
	if (rc < 0)
		return rc;
	rc = crl_near_open(k->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot open the trash of the home");
	rc = merge_all(k, &layers, trash, err);
	if (rc == 0)
		keeper_empty_trash(k); /* its files may be those of old layers, and shall be no more */
	return rc;
}

int keeper_keep_below(const struct keeper *k, struct crl_err *err)
{
	static struct crl_snapshots snapshots;
	scoped(keeper_layers) layers = {.own = 0};
	struct crl_before before = {.stop = keeper_is_wanted, .arg = crl_unconst(k)};
	struct crl_layers two;
	scoped_fd into = -EBADF;
	int rc = crl_stack_read(k->data, NULL, &snapshots, err);

	if (rc < 0 || snapshots.len == 0)
		return rc;
	rc = keeper_layers_open(k, &layers, err);
	if (rc == 0)
		rc = crl_stack_below_begin(k->data, &into, err);
	if (rc < 0)
		return rc;
	two = crl_commit_layers(&layers.all);
	before.layers = &two;
	before.into = into;
	rc = crl_before_run(&before, err);
	return rc < 0 || before.names == 0 ? rc : crl_stack_below_end(k->data, err);
}

/* The first two of @stack, which nothing tells apart. */
static int merge_two(const struct keeper *k, const struct crl_stack *stack, struct crl_err *err)
{
	struct crl_layers layers = {.top = 2, .marks = k->marks};
	struct crl_merge merge = {.layers = &layers, .stop = keeper_is_wanted, .arg = crl_unconst(k)};
	scoped_fd into = -EBADF;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < stack->len; i++) {
		rc = crl_stack_open_layer(k->data, stack->layer[i], &layers.fd[i], err);
		layers.len += rc == 0;
	}
	if (rc == 0)
		rc = crl_stack_merge_begin(k->data, stack, &into, err);
	if (rc == 0) {
		memcpy(layers.fd + stack->len, k->lower, k->lowers * sizeof(k->lower[0]));
		layers.len += k->lowers;
		merge.into = into;
		rc = crl_merge_run(&merge, err);
		layers.len -= k->lowers;
	}
	for (size_t i = 0; i < layers.len; i++)
		drop_fd(&layers.fd[i]);
	return rc < 0 ? rc : crl_stack_merge_end(k->data, stack, err);
}

void keeper_thin(const struct keeper *k)
{
	char why[CRL_ERR_TEXT_MAX + CRL_ERR_FILE_MAX + 64];
	struct crl_err err = {0};
	struct crl_stack stack;
	int rc = crl_stack_merge_find(k->data, &stack, &err);

	while (rc == 0 && stack.len > 0 && !keeper_is_wanted(crl_unconst(k))) {
		if (stack.len + k->lowers > CRL_LAYERS_MAX)
			return;
		rc = merge_two(k, &stack, &err);
		if (rc == 0)
			rc = crl_stack_merge_find(k->data, &stack, &err);
	}
	if (rc == 0 || rc == -EINTR)
		return;
	crl_err_format(&err, why, sizeof(why));
	crl_log(LOG_NOTICE, "room=%s user=%s uid=%u home: layers of snapshots that are no more stay two: %s", k->room,
		k->user, k->uid, why);
}
