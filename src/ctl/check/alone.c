// SPDX-License-Identifier: Apache-2.0
/* See alone.h. docs/shell.md has the same doors, and why. */
#include "ctl/check/alone.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/alone_doors.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/host/given.h"
#include "ctl/shell/publish.h"
#include "ctl/shell/stale.h"
#include "ctl/shell/way.h"
#include "door/names.h"
#include "policy/file/load.h"

struct alone {
	struct ctl_findings *f;
	const struct ctl *c;
	const struct crl_config *config;
	char user[CRL_USER_MAX];
	char path[512];
};

/* What the kernel can be told to keep users from. */
static const struct {
	const char *file;
	uint64_t bad;
	const char *mend;
} switches[] = {
	{"/proc/sys/kernel/unprivileged_userns_clone", 0, "sysctl kernel.unprivileged_userns_clone=1"},
	{"/proc/sys/user/max_user_namespaces", 0, "sysctl user.max_user_namespaces=15000"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
	 "an AppArmor profile for carrel-shell with \"userns,\""},
};

static void check_kernel(struct ctl_findings *f)
{
	if (!(ctl_given_here(false)->namespaces & CRL_NS_BIT(CRL_NS_USER)))
		ctl_find(
			f, CTL_ERROR, NULL, 0, "boot a kernel with CONFIG_USER_NS",
			"this Linux %s has no user namespaces: carrel-shell refuses all whom a policy is published for",
			ctl_given_here(false)->release);
	for (size_t i = 0; i < CRL_ARRAY_LEN(switches); i++) {
		uint64_t value;

		if (crl_file_read_number(AT_FDCWD, switches[i].file, &value) == 0 && value == switches[i].bad)
			ctl_find(f, CTL_ERROR, switches[i].file, 0, switches[i].mend,
				 "users may make no user namespaces here: carrel-shell refuses all whom a policy is "
				 "published for");
	}
}

/* Who has to pass them cannot. */
static void check_ways(struct ctl_findings *f)
{
	static const char *const ways[] = {"/etc/carrel", CRL_PUBLISHED_DIR};
	struct stat st;

	for (size_t i = 0; i < CRL_ARRAY_LEN(ways); i++)
		if (stat(ways[i], &st) == 0 && !(st.st_mode & S_IXOTH))
			ctl_find(f, CTL_ERROR, ways[i], 0, "chmod o+x",
				 "users cannot pass this directory: carrel-shell refuses all whom a policy is "
				 "published for");
}

static void check_stale(const struct alone *a, uint32_t uid)
{
	switch (ctl_shell_stale(a->c, a->config, uid)) {
	case CTL_STALE_NOT:
		break;
	case CTL_STALE_CHANGED:
		ctl_find(a->f, CTL_WARNING, a->path, 0, "carrelctl shell publish",
			 "what is published for user %s is not what the configuration says now", a->user);
		break;
	case CTL_STALE_NOBODY:
		ctl_find(a->f, CTL_WARNING, a->path, 0, "carrelctl shell withdraw",
			 "a policy is published for uid %" PRIu32 ", for whom none would be now", uid);
		break;
	case CTL_STALE_BROKEN:
		ctl_find(a->f, CTL_ERROR, a->path, 0, "carrelctl shell publish",
			 "the file cannot be relied on: carrel-shell refuses uid %" PRIu32, uid);
		break;
	}
}

static void take_lack(void *arg, const char *key, const char *text, enum crl_need need)
{
	const struct alone *a = arg;

	if (need != CRL_NEED_OFF)
		ctl_find(a->f, need == CRL_NEED_REQUIRE ? CTL_ERROR : CTL_NOTE, a->path, 0,
			 need == CRL_NEED_REQUIRE ? "change the policy, or say that it is preferred"
						  : "none, where it is meant as it is",
			 "%s: %s%s", key, text, need == CRL_NEED_REQUIRE ? ": carrel-shell refuses" : "");
}

static void check_one(struct alone *a, uint32_t uid)
{
	struct crl_published *p = calloc(1, sizeof(*p));

	(void)snprintf(a->path, sizeof(a->path), CRL_PUBLISHED_DIR "/%" PRIu32, uid);
	if (crl_names_user_name(uid, a->user) < 0)
		(void)snprintf(a->user, sizeof(a->user), "%" PRIu32, uid);
	check_stale(a, uid);
	if (p && crl_published_read(NULL, uid, p, NULL) == 0 && p->room) {
		ctl_shell_judge(p, take_lack, a);
		ctl_check_alone_doors(a->f, a->c, p);
	}
	if (p)
		crl_published_done(p);
	free(p);
}

void ctl_check_alone(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config)
{
	struct alone a = {.f = f, .c = c, .config = config};
	scoped_free uint32_t *all = NULL;
	size_t len = 0;

	if (ctl_shell_all(&all, &len, NULL) < 0 || len == 0 || geteuid() != 0)
		return;
	check_kernel(f);
	check_ways(f);
	for (size_t i = 0; i < len; i++)
		check_one(&a, all[i]);
	ctl_find(f, CTL_NOTE, NULL, 0,
		 "leave them out of /etc/cron.allow and /etc/at.allow, loginctl disable-linger; carrelctl enable, "
		 "where PAM can have carrel's lines",
		 CTL_SHELL_PAST " and users' service managers start no login shell: whom a policy is published for is "
				"outside of every room there, where PAM makes none");
}
