// SPDX-License-Identifier: Apache-2.0
/* Two neighbouring layers that nothing tells apart become one. See stack.h; what is in them layers/merge.h does. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/stack_place.h"

/* Where it is in a stack, or its length. */
static size_t place_of(const struct crl_stack *s, uint32_t layer)
{
	size_t i = 0;

	while (i < s->len && s->layer[i] != layer)
		i++;
	return i;
}

/* Has the stack both, one right above the other, or neither? */
static bool keeps_together(const struct crl_stack *s, uint32_t upper, uint32_t lower)
{
	size_t i = place_of(s, upper), k = place_of(s, lower);

	return (i == s->len && k == s->len) || (i < s->len && k == i + 1);
}

static bool all_keep_together(const struct crl_stacking *s, uint32_t upper, uint32_t lower)
{
	if (!keeps_together(&s->now, upper, lower))
		return false;
	for (size_t i = 0; i < s->snapshots.len; i++)
		if (!keeps_together(&s->snapshots.item[i].stack, upper, lower))
			return false;
	return true;
}

static bool find_in(const struct crl_stacking *s, const struct crl_stack *in, struct crl_stack *ret)
{
	for (size_t i = 0; i + 1 < in->len; i++) {
		if (!all_keep_together(s, in->layer[i], in->layer[i + 1]))
			continue;
		ret->len = in->len - i;
		memcpy(ret->layer, in->layer + i, ret->len * sizeof(in->layer[0]));
		return true;
	}
	return false;
}

int crl_stack_merge_find(int data, struct crl_stack *ret, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	int rc = crl_stacking_begin(data, &s, err);

	ret->len = 0;
	if (rc < 0)
		return rc;
	if (find_in(&s, &s.now, ret))
		return 0;
	for (size_t i = 0; i < s.snapshots.len; i++)
		if (find_in(&s, &s.snapshots.item[i].stack, ret))
			return 0;
	return 0;
}

int crl_stacking_make_layer(const struct crl_stacking *s, int like, int *ret_fd, struct crl_err *err)
{
	scoped_fd into = -EBADF;
	struct stat st;
	int rc = crl_stacking_has(s->data, CRL_STACK_NEW_LAYER);

	if (rc > 0)
		rc = crl_stacking_trash(s->trash, s->data, CRL_STACK_NEW_LAYER);
	if (rc == 0 && fstat(like, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_stacking_make_dir(
			s->data, CRL_STACK_NEW_LAYER,
			&(struct crl_stack_top){.uid = st.st_uid, .gid = st.st_gid, .mode = st.st_mode}, &into);
	if (rc == 0)
		rc = crl_stacking_copy_attributes(like, into);
	if (rc < 0)
		return crl_stacking_fail(err, rc, "make a layer");
	*ret_fd = take_fd(&into);
	return 0;
}

int crl_stack_merge_begin(int data, const struct crl_stack *layers, int *ret_fd, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	scoped_fd like = -EBADF;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc == 0)
		rc = crl_stack_open_layer(data, layers->layer[0], &like, err);
	return rc < 0 ? rc : crl_stacking_make_layer(&s, like, ret_fd, err);
}

/* The first two of @layers become @merged, where they are. */
static void replace(struct crl_stack *s, const struct crl_stack *layers, uint32_t merged)
{
	size_t i = place_of(s, layers->layer[0]);

	if (i == s->len)
		return;
	s->layer[i] = merged;
	s->len--;
	memmove(s->layer + i + 1, s->layer + i + 2, (s->len - i - 1) * sizeof(s->layer[0]));
}

int crl_stack_merge_end(int data, const struct crl_stack *layers, struct crl_err *err)
{
	scoped(crl_stacking) s = CRL_STACKING_INIT;
	uint32_t merged;
	int rc = crl_stacking_begin(data, &s, err);

	if (rc == 0 && (layers->len < 2 || !all_keep_together(&s, layers->layer[0], layers->layer[1])))
		rc = crl_err_set(err, EINVAL, CRL_STAGE_HOME, "these layers are told apart by a snapshot");
	if (rc == 0)
		rc = crl_stacking_number(&s, &merged, err);
	if (rc < 0)
		return rc;
	replace(&s.now, layers, merged);
	for (size_t i = 0; i < s.snapshots.len; i++)
		replace(&s.snapshots.item[i].stack, layers, merged);
	if (syncfs(s.data) < 0)
		return crl_stacking_fail(err, -errno, "bring a layer to the disk");
	rc = crl_stacking_change(&s, &(struct crl_stack_change){.add = merged}, err);
	return rc < 0 ? rc : crl_stacking_tidy(&s, err);
}
