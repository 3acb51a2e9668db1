// SPDX-License-Identifier: Apache-2.0
/*
 * See ids.h. Accounts of /etc/passwd are looked at by every login (src/state/ids.c); those of a directory cannot be
 * listed, and are known by the range that they are worked out from.
 */
#include "ctl/check/ids.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/dirids.h"
#include "plan/ids.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

static bool is_wanted(const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	bool wanted = false;

	for (size_t i = 0; i < rules->len && !wanted; i++) {
		scoped(crl_policy) p = {0};

		wanted = crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 && crl_policy_owns_users(&p);
	}
	return wanted;
}

static void check_pool(struct ctl_findings *f, const struct crl_config *config)
{
	struct ctl_dirids meets;
	uint32_t first, last;

	crl_config_subids(config, &first, &last);
	if (ctl_dirids_meet(NULL, &(struct crl_subid_range){first, last - first + 1}, &meets))
		ctl_find(f, CTL_WARNING, meets.file, meets.line,
			 "subids = { first = ...; last = ...; } beside the directory's range, or end that below it",
			 "the directory's users can have ids from %" PRIu32 " to %" PRIu32
			 ", and carrel allots ranges for user.mode from %" PRIu32 " to %" PRIu32
			 ": root of somebody's room would be over who has such a number",
			 meets.range.first, meets.range.first + meets.range.count - 1, first, last);
}

static void check_file(struct ctl_findings *f, const char *path)
{
	const struct crl_subid_owner nobody = {"", UINT32_MAX};
	scoped(crl_subid_ranges) all = {.len = 0};
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped_free char *text = NULL;
	struct crl_subid_range none;
	struct ctl_dirids meets;
	size_t len;
	bool small;

	if (fd < 0 || crl_file_read_all(fd, &text, &len) < 0 || crl_subids_read(text, &nobody, &none, &small, &all) < 0)
		return;
	for (size_t i = 0; i < all.len; i++)
		if (ctl_dirids_meet(NULL, &all.item[i], &meets)) {
			ctl_find(f, CTL_WARNING, path, 0,
				 "give that user another range, or end the directory's below it",
				 "ids from %" PRIu32 " to %" PRIu32 " are given to a user, and a directory's users can "
				 "have them by %s, line %d",
				 all.item[i].first, all.item[i].first + all.item[i].count - 1, meets.file, meets.line);
			return; /* a thousand users have one mistake */
		}
}

void ctl_check_ids(struct ctl_findings *f, const struct crl_config *config)
{
	if (geteuid() != 0 || !is_wanted(config))
		return;
	check_pool(f, config);
	check_file(f, "/etc/subuid");
	check_file(f, "/etc/subgid");
}
