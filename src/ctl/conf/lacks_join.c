// SPDX-License-Identifier: Apache-2.0
/* See lacks_join.h. The same question as the helper's at a login. */
#include "ctl/conf/lacks_join.h"

#include <string.h>
#include <unistd.h>

#include "apply/net/netns.h"
#include "apply/net/netns_files.h"
#include "base/err.h"
#include "base/scope.h"

static int pass(void *arg, const char *source, const char *target, struct crl_err *err)
{
	(void)arg, (void)source, (void)target, (void)err;
	return 0;
}

void ctl_find_join_lacks(const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};
	char text[sizeof(err.text) + 64];
	bool is_there;

	if (p->net_mode != CRL_NET_JOIN || !p->net_path || strchr(p->net_path, '%') || geteuid() != 0)
		return;
	is_there = crl_netns_open(p->net_path, &fd, &err) == 0;
	if (is_there && crl_netns_files(p, pass, NULL, &err) == 0)
		return;
	(void)snprintf(text, sizeof(text), "names a network that no room can join: %s", err.text);
	each(arg, &(struct ctl_lack){.key = "network.name",
				     .need = CRL_NEED_REQUIRE,
				     .mend = is_there ? "let it be root's alone, or take it away"
						      : "make it: ip netns add NAME, at each boot",
				     .text = text});
}
