// SPDX-License-Identifier: Apache-2.0
/*
 * See lacks_kernel.h. The same questions as the helper's at a login (helper/decide.c, helper/parts) and carrel-shell's.
 * docs/install.md has all needs in a table.
 */
#include "ctl/conf/lacks_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nskind.h"
#include "ctl/host/given.h"
#include "policy/policy.h"

#define LANDLOCK_SCOPES 6 /* the version of Linux 6.12 */

struct kernel_asker {
	const struct ctl_given *has;
	const struct crl_policy *p;
	ctl_each_lack *each;
	void *arg;
};

/* What is missing, and where it comes from; the rest of the finding is the caller's. */
static void tell(const struct kernel_asker *a, const struct ctl_lack *lack, const char *what, const char *from)
{
	struct ctl_lack told = *lack;
	char text[256];

	(void)snprintf(text, sizeof(text), "needs %s, which this Linux %s has not (%s)", what, a->has->release, from);
	told.text = text;
	a->each(a->arg, &told);
}

static void ask_namespaces(const struct kernel_asker *a)
{
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		bool time = ns == CRL_NS_TIME;
		struct ctl_lack lack = {.key = time ? "features.time" : "namespaces",
					.asker = "namespaces",
					.need = time ? a->p->need[CRL_FEATURE_TIME] : CRL_NEED_REQUIRE,
					.mend = time ? "boot a kernel that has them, or features = { time = \"off\"; }"
						     : "boot a kernel that has them, or take it out"};
		char what[40];

		if (!(a->p->namespaces & CRL_NS_BIT(ns)) || (a->has->namespaces & CRL_NS_BIT(ns)) ||
		    lack.need == CRL_NEED_OFF)
			continue;
		(void)snprintf(what, sizeof(what), "%s namespaces", crl_nskinds[ns].name);
		tell(a, &lack, what, crl_nskinds[ns].option);
	}
}

/* The domain is carrel-shell's, so that no rehearsal asks for it. */
static void ask_apart(const struct kernel_asker *a)
{
	const struct ctl_lack lack = {.key = "shell.apart",
				      .need = a->p->need[CRL_FEATURE_LANDLOCK],
				      .mend = "boot Linux 6.12 or newer with \"landlock\" in its lsm=, or features = { "
					      "landlock = \"prefer\"; }"};

	if (a->p->shell_apart && lack.need != CRL_NEED_OFF && a->has->landlock < LANDLOCK_SCOPES)
		tell(a, &lack, "Landlock domains for signals and sockets", "Linux 6.12, CONFIG_SECURITY_LANDLOCK");
}

/* Without one the filter holds all the same. */
static void ask_listener(const struct kernel_asker *a)
{
	const struct crl_seccomp *s = &a->p->seccomp;
	struct ctl_lack lack = {.key = s->mode == CRL_FILTER_LOG ? "seccomp.mode"
				       : s->log                  ? "seccomp.log"
								 : NULL,
				.need = CRL_NEED_PREFER,
				.mend = "a kernel, or a container, that lets a filter have a listener"};

	for (size_t i = 0; i < s->answers_len && !lack.key; i++)
		if (s->answers[i].answer.kind == CRL_VERDICT_LOG)
			lack.key = "seccomp.answers";
	if (!lack.key || !s->base[0] || a->p->need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF || a->has->listener == 0)
		return;
	lack.text = "needs a filter with a listener, and who runs us has one already, as containers do";
	if (a->has->listener == -EBUSY)
		a->each(a->arg, &lack);
	else
		tell(a, &lack, "a filter with a listener", "CONFIG_SECCOMP_FILTER, Linux 5.0");
}

static void ask_nat(const struct kernel_asker *a)
{
	struct ctl_lack lack = {.key = "network.mode",
				.need = CRL_NEED_REQUIRE,
				.mend = "a kernel that has it, or its module nf_tables"};

	if (a->p->net_mode != CRL_NET_NAT)
		return;
	if (!a->has->nftables)
		tell(a, &lack, "nftables", "CONFIG_NF_TABLES");
	lack.mend = "a kernel that has them, or its module veth";
	if (!a->has->veth)
		tell(a, &lack, "pairs of links", "CONFIG_VETH");
}

void ctl_judge_kernel(const struct ctl_given *has, const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	const struct kernel_asker a = {.has = has, .p = p, .each = each, .arg = arg};

	ask_namespaces(&a);
	ask_apart(&a);
	ask_listener(&a);
	ask_nat(&a);
}
