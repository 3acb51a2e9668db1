// SPDX-License-Identifier: Apache-2.0
/*
 * Sockets of the host with a name in the file tree: a read-only view keeps nobody from connecting to them, so those
 * that the policy does not offer are covered. Those that come later are not; docs/mounts.md says so.
 *
 * Runs in: helper, carrelctl. Trusts: the list of them, not the names in it.
 */
#include "base/path.h"
#include "plan/mounts/build.h"

static bool is_at_or_beneath(const struct crl_strv *list, const char *path)
{
	for (size_t i = 0; i < list->len; i++)
		if (crl_path_is_within(path, list->item[i]))
			return true;
	return false;
}

static bool is_offered(const struct crl_policy *p, const char *path)
{
	return is_at_or_beneath(&p->sockets, path) || is_at_or_beneath(&p->writable, path);
}

/* Through an overlay the kernel finds nobody who listens: what is offered is shown beside it. */
static int offer_again(struct crl_build *b)
{
	const struct crl_strv *offered = &b->policy->sockets;
	int rc = 0;

	for (size_t i = 0; i < offered->len && rc == 0 && b->policy->root_mode == CRL_ROOT_OVERLAY; i++) {
		const char *path = offered->item[i];

		if (!crl_own_place_of(path) && !crl_build_is_hidden(b, path) && !crl_build_is_home(b, path))
			rc = CRL_ADD(b, .kind = CRL_MOUNT_OFFER, .source = path, .target = path,
				     .flags = CRL_OP_OPTIONAL | CRL_OP_FOLLOW);
	}
	return rc;
}

/* An image has sockets of its own at most, and those of its binds are offered. */
int crl_build_sockets(struct crl_build *b)
{
	if (b->policy->root_mode == CRL_ROOT_IMAGE)
		return 0;
	for (size_t i = 0; i < b->host->sockets_len; i++) {
		const char *path = b->host->sockets[i];
		int rc;

		if (crl_own_place_of(path) || crl_build_is_hidden(b, path) || crl_build_is_home(b, path) ||
		    is_offered(b->policy, path))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_SOCKET, .target = path, .flags = CRL_OP_OPTIONAL);
		if (rc < 0)
			return rc;
	}
	return offer_again(b);
}
