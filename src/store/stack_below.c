// SPDX-License-Identifier: Apache-2.0
/* What snapshots show of what lies below all layers becomes a layer of their own. See stack.h. */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/dir.h"
#include "store/stack_place.h"

int crl_stack_below_begin(int data, int *ret_fd, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	scoped_fd up = -EBADF;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc == 0)
		rc = crl_stack_open_up(data, &up, err);
	return rc < 0 ? rc : crl_stacking_make_layer(&s, up, ret_fd, err);
}

int crl_stack_below_end(int data, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	uint32_t number;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc == 0)
		rc = crl_stacking_number(&s, &number, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s.snapshots.len; i++) {
		struct crl_stack *of = &s.snapshots.item[i].stack;

		if (of->len == CRL_STACK_MAX)
			return crl_err_set(err, EMLINK, CRL_STAGE_HOME,
					   "snapshot \"%s\" has %d layers, which is as many as there may be: drop it",
					   s.snapshots.item[i].name, CRL_STACK_MAX);
		of->layer[of->len++] = number;
	}
	if (syncfs(s.data) < 0)
		return crl_stacking_fail(err, -errno, "bring a layer to the disk");
	return crl_stacking_change(&s, &(struct crl_stack_change){.add = number}, err);
}

static bool has(const struct crl_snapshots *all, uint32_t layer)
{
	for (size_t i = 0; i < all->len; i++)
		for (size_t k = 0; k < all->item[i].stack.len; k++)
			if (all->item[i].stack.layer[k] == layer)
				return true;
	return false;
}

int crl_stack_is_flat(int data, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	scoped(crl_dir) up = {0};
	int rc = crl_stacking_begin(data, &s, err);

	if (rc < 0 || s.now.len == 0)
		return rc < 0 ? rc : 1;
	if (s.now.len > 1 || has(&s.snapshots, s.now.layer[0]))
		return 0;
	rc = crl_dir_open(s.data, CRL_STACK_UP, &up);
	if (rc < 0)
		return crl_stacking_fail(err, rc, "open \"" CRL_STACK_UP "\"");
	return !crl_dir_next(&up) && up.error == 0;
}
