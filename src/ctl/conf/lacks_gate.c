// SPDX-License-Identifier: Apache-2.0
/* See lacks_gate.h. The same questions as the helper's at a login (helper/parts/gate.c). */
#include "ctl/conf/lacks_gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "apply/net/gate_attach.h"
#include "base/err.h"
#include "ctl/host/given.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "wire/proto.h"

void ctl_find_gate_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	struct ctl_lack lack = {.key = "features.network_filter",
				.asker = p->net_forwards == CRL_FORWARDS_NONE ? "network.forwards" : "network.mode",
				.need = p->need[CRL_FEATURE_NETWORK_FILTER],
				.mend = "features = { network_filter = \"prefer\"; }, if it need not hold"};
	char prefix[CRL_SLICE_MAX], text[CRL_ERR_TEXT_MAX + 240];
	struct crl_err err = {0};
	scoped_fd root = -EBADF;

	if (!crl_policy_has_gate(p))
		return;
	lack.text = text;
	if (crl_cgroup_open_root(crl_config_cgroup_root(config), &root, prefix, &err) < 0) {
		(void)snprintf(text, sizeof(text), "needs a cgroup of cgroup v2 for each login: %s", err.text);
		each(arg, &lack);
	}
	if (geteuid() != 0 || crl_gatekeep_attach(-EBADF, p, "sshd", &err) == 0)
		return;
	if (err.code == E2BIG) {
		lack.key = "network.mode"; /* which has a line */
		lack.mend = "larger networks, or fewer entries";
		(void)snprintf(text, sizeof(text), "needs shorter lists: %s", err.text);
	} else {
		(void)snprintf(text, sizeof(text),
			       "needs what this host has not: %s (%s; CONFIG_CGROUP_BPF of this Linux %s)", err.text,
			       strerrordesc_np(err.code), ctl_given_here(false)->release);
	}
	each(arg, &lack);
}
