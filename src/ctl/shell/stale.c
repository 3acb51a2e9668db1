// SPDX-License-Identifier: Apache-2.0
/* See stale.h. What would be published is worked out anew, and the texts are compared. */
#include "ctl/shell/stale.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/shell/publish.h"
#include "door/names.h"

const char *ctl_stale_word(enum ctl_stale s)
{
	static const char *const words[] = {
		[CTL_STALE_NOT] = "current",
		[CTL_STALE_CHANGED] = "changed",
		[CTL_STALE_NOBODY] = "nobody",
		[CTL_STALE_BROKEN] = "broken",
	};

	return words[s];
}

static enum ctl_stale compare(const struct crl_published *now, uint32_t uid)
{
	scoped_free char *have = NULL;
	scoped_free char *want = NULL;
	size_t len = 0;

	if (crl_published_read_text(NULL, uid, &have, &len, NULL) < 0)
		return CTL_STALE_BROKEN;
	if (now->uid != uid || crl_published_print(now, &want, NULL) < 0)
		return CTL_STALE_NOBODY;
	return strlen(want) == len && memcmp(have, want, len) == 0 ? CTL_STALE_NOT : CTL_STALE_CHANGED;
}

enum ctl_stale ctl_shell_stale(const struct ctl *c, const struct crl_config *config, uint32_t uid)
{
	struct crl_published *now = calloc(1, sizeof(*now));
	enum ctl_stale state = CTL_STALE_NOBODY;
	char name[CRL_USER_MAX];

	if (now && crl_names_user_name(uid, name) == 0 && ctl_shell_work_out(c, config, name, now, NULL) == 0)
		state = compare(now, uid);
	if (now)
		crl_published_done(now);
	free(now);
	return state;
}
