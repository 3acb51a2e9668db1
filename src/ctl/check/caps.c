// SPDX-License-Identifier: Apache-2.0
/* See caps.h. Source: capabilities(7), docs/capabilities.md. */
#include "ctl/check/caps.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

#include "apply/filecaps.h"
#include "base/scope.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* With one of these a user writes root's files, becomes root, or has the kernel. */
#define AS_GOOD_AS_ROOT \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_SETUID) | \
	 BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_MODULE) | \
	 BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_BOOT) | BIT(CAP_MKNOD) | \
	 BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_ADMIN) | BIT(CAP_MAC_OVERRIDE) | BIT(CAP_BPF))

struct caps_teller {
	const struct crl_policy *p;
	ctl_each_caps *each;
	void *arg;
};

/* "has net_raw, kill" and @end. */
static void tell_of(const struct caps_teller *t, const char *key, uint64_t caps, const char *mend, const char *end)
{
	char names[300] = "", text[500];

	for (int cap = 0; cap < 64 && strlen(names) + 40 < sizeof(names); cap++) {
		char *name = caps & BIT(cap) ? cap_to_name(cap) : NULL;

		if (name)
			(void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				       names[0] ? ", " : "", strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
		(void)cap_free(name);
	}
	(void)snprintf(text, sizeof(text), "has %s%s", names, end);
	t->each(t->arg, CTL_WARNING, key, mend, text);
}

/* A name of a newer kernel's. */
static void ask_kernel(const struct caps_teller *t, const char *key, uint64_t caps)
{
	const uint64_t unknown = caps & ~crl_filecaps_known(caps);
	const char *last = NULL;
	char text[200];

	if (!unknown)
		return;
	for (int cap = 0; cap < 64; cap++)
		if (crl_filecaps_known(BIT(cap))) {
			(void)cap_free(crl_unconst(last));
			last = cap_to_name(cap);
		}
	(void)snprintf(text, sizeof(text),
		       "has a capability that this kernel does not know, and gives nothing for it: the last that it "
		       "knows is %s",
		       last ? last : "?");
	(void)cap_free(crl_unconst(last));
	t->each(t->arg, CTL_ERROR, key, "take it out, or boot a kernel that has it", text);
}

static void tell_useless(const struct caps_teller *t)
{
	const struct crl_policy *p = t->p;
	const uint64_t bounding = p->cap_bounding & ~p->cap_ambient, inheritable = p->cap_inheritable & ~p->cap_ambient;

	if (!p->no_new_privs && p->cap_bounding == 0 && p->user_mode == CRL_USER_NONE)
		t->each(t->arg, CTL_WARNING, "no_new_privs",
			"no_new_privs = true, or capabilities.bounding with what those programs need",
			"is false with an empty bounding set: set-user-ID programs become root and can then do little");
	if (p->no_new_privs && bounding & ~inheritable && !p->cap_ambient)
		t->each(t->arg, CTL_WARNING, "capabilities.bounding",
			"capabilities.ambient with them, no_new_privs = false, or an empty list",
			"has capabilities that nobody can get while no_new_privs is true");
	else if (p->no_new_privs && bounding & ~inheritable)
		tell_of(t, "capabilities.bounding", bounding & ~inheritable, "take them out, or name them in ambient",
			", which nobody can get: they are not ambient, and no file counts");
	if (p->no_new_privs && inheritable)
		tell_of(t, "capabilities.inheritable", inheritable,
			"capabilities.ambient with them, or no_new_privs = false",
			", which give nothing while no_new_privs is true: no file's capabilities count");
}

static void tell_mighty(const struct caps_teller *t)
{
	const struct crl_policy *p = t->p;

	if (p->cap_ambient & AS_GOOD_AS_ROOT)
		tell_of(t, "capabilities.ambient", p->cap_ambient & AS_GOOD_AS_ROOT, "take them out",
			": who has that is as good as root, and can leave the room");
	if ((p->cap_bounding & BIT(CAP_SYS_ADMIN)) && !p->no_new_privs)
		t->each(t->arg, CTL_WARNING, "capabilities.bounding", "take sys_admin out",
			"has sys_admin: whoever becomes root inside can leave the room");
	if ((p->cap_ambient & (BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN))) && p->net_mode == CRL_NET_HOST)
		tell_of(t, "capabilities.ambient", p->cap_ambient & (BIT(CAP_NET_RAW) | BIT(CAP_NET_ADMIN)),
			"nothing, if that is meant; ping needs none where net.ipv4.ping_group_range has its users",
			" with the host's network: its users can read there what is sent to others");
}

void ctl_check_caps(const struct crl_policy *p, ctl_each_caps *each, void *arg)
{
	const struct caps_teller t = {.p = p, .each = each, .arg = arg};

	if (!p->trim_caps)
		return;
	ask_kernel(&t, "capabilities.bounding", p->cap_bounding);
	ask_kernel(&t, "capabilities.inheritable", p->cap_inheritable);
	ask_kernel(&t, "capabilities.ambient", p->cap_ambient);
	tell_useless(&t);
	tell_mighty(&t);
}
