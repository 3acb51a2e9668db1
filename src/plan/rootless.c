// SPDX-License-Identifier: Apache-2.0
/* See rootless.h. docs/shell.md says the same to people. */
#include "plan/rootless.h"

struct judging {
	const struct crl_policy *p;
	crl_rootless_lack *tell;
	void *arg;
};

static void lack(const struct judging *j, bool is, const char *key, const char *text)
{
	if (is)
		j->tell(j->arg, key, text, CRL_NEED_REQUIRE);
}

static void note(const struct judging *j, bool is, const char *key, const char *text)
{
	if (is)
		j->tell(j->arg, key, text, CRL_NEED_PREFER);
}

static void feature(const struct judging *j, bool is, enum crl_feature f, const char *text)
{
	static const char *const names[] = {
		[CRL_FEATURE_LIMITS] = "features.limits",
		[CRL_FEATURE_TIME] = "features.time",
		[CRL_FEATURE_CGROUP] = "features.cgroup",
		[CRL_FEATURE_NETWORK_FILTER] = "features.network_filter",
	};

	if (is && j->p->need[f] != CRL_NEED_OFF)
		j->tell(j->arg, names[f], text, j->p->need[f]);
}

/* That one the kernel holds for a user namespace by itself. */
static bool names_tasks_only(const struct crl_policy *p)
{
	struct crl_limits l = p->limits;

	l.tasks = CRL_UNLIMITED;
	return p->limits.tasks != CRL_UNLIMITED && !crl_limits_any(&l) && !p->budget[0] && p->rooms == CRL_UNLIMITED;
}

static void judge_life(const struct judging *j)
{
	lack(j, j->p->share == CRL_SHARE_USER, "share",
	     "each login makes a room of its own, which no other comes into");
	lack(j, j->p->on_close == CRL_CLOSE_KEEP, "on_close", "the room ends with its login");
	lack(j, j->p->linger_s > 0, "linger", "the room ends with its login");
	lack(j, j->p->user_mode != CRL_USER_NONE, "user.mode",
	     "its user namespaces have the user's number alone, and no root of the room");
	lack(j, j->p->shell_seccomp.base[0] != '\0', "shell.seccomp",
	     "there is no last stage that would load a second filter; seccomp can have it");
	lack(j, j->p->profiles_len > 0, "seccomp.profiles",
	     "there is no last stage that would load a second filter; carrel run can");
	note(j, j->p->errands.len > 0, "errands", "nobody runs them outside");
}

static void judge_files(const struct judging *j)
{
	const struct crl_policy *p = j->p;
	bool over = p->home_mode == CRL_HOME_OVERLAY;

	lack(j, p->root_mode == CRL_ROOT_OVERLAY || crl_policy_root_is_written(p), "root.over",
	     "what root owns has no owner there, and takes no writes");
	lack(j, p->root_mode == CRL_ROOT_IMAGE && !p->root_path, "root.image",
	     "only root can mount an image of the store; root.path can name a directory");
	lack(j, crl_policy_keeps_home(p) && p->home_quota != CRL_QUOTA_NONE, "home.quota",
	     "only root can hold what is kept to a size; \"none\" says that nothing does");
	lack(j, p->at_end != CRL_END_KEEP, "home.at_end", "there is no keeper, and what is kept stays");
	lack(j, over && p->home_lower.len > 0 && p->lower_owner == CRL_LOWER_USER, "home.lower_owner",
	     "only root can give root's files to the user; \"keep\" can be used, or home.mode \"tmpfs\" with "
	     "home.skeleton");
}

static void judge_power(const struct judging *j)
{
	note(j, !j->p->no_new_privs, "no_new_privs", "set-user-ID programs gain nothing in any case");
	note(j, j->p->cap_bounding != 0, "capabilities.bounding", "there are none in any case");
	note(j, j->p->cap_ambient != 0, "capabilities.ambient", "only root can make a file that gives them");
}

static void judge_network(const struct judging *j, const struct crl_rootless_can *can)
{
	bool nat = j->p->net_mode == CRL_NET_NAT;

	lack(j, j->p->net_mode == CRL_NET_JOIN, "network.mode",
	     "only root can enter a network namespace of the administrator's, and \"join\" needs carrel's lines in "
	     "PAM");
	lack(j, nat && !can->pasta, "network.mode", "\"nat\" is by " CRL_PASTA ", which is not there (package passt)");
	lack(j, nat && j->p->net_deny.len > 0, "network.deny",
	     "nobody holds it without root; [ ] says so, and carrel's lines in PAM can hold it");
	lack(j, nat && j->p->publish_len > 0, "network.publish", "nobody keeps ports of the host's without root");
	lack(j, nat && j->p->net_egress != CRL_UNLIMITED, "limits.network.egress", "nobody holds it without root");
	lack(j, nat && j->p->net_ingress != CRL_UNLIMITED, "limits.network.ingress", "nobody holds it without root");
	note(j, nat, "network.mode", "the host is reached, but for its loopback; and IPv4 alone");
}

void crl_rootless_judge(const struct crl_policy *p, const struct crl_rootless_can *can, crl_rootless_lack *tell,
			void *arg)
{
	const struct judging j = {.p = p, .tell = tell, .arg = arg};
	bool limits = crl_policy_names_limits(p) || p->rooms != CRL_UNLIMITED;

	judge_life(&j);
	judge_files(&j);
	judge_power(&j);
	judge_network(&j, can);
	feature(&j, p->namespaces & CRL_NS_BIT(CRL_NS_TIME) && !can->time, CRL_FEATURE_TIME,
		"this kernel has no time namespaces");
	feature(&j, !can->cgroup, CRL_FEATURE_CGROUP,
		"no control group is the user's to divide: there is no service manager of theirs");
	feature(&j, crl_policy_has_gate(p), CRL_FEATURE_NETWORK_FILTER,
		"nobody but root attaches programs to a control group");
	feature(&j, limits && !can->cgroup && !names_tasks_only(p), CRL_FEATURE_LIMITS,
		"no control group is the user's to divide, and by themselves they hold nothing but limits.tasks");
	feature(&j, limits && can->cgroup && can->nest && !names_tasks_only(p), CRL_FEATURE_LIMITS,
		"who may make namespaces and mount sets the limits of their own control group anew");
	feature(&j, can->cgroup && (p->budget[0] || p->rooms != CRL_UNLIMITED || p->limits.io_len > 0),
		CRL_FEATURE_LIMITS, "limits.budget, limits.rooms and limits.io are nobody's to hold without root");
}

void crl_rootless_settle(struct crl_policy *p, const struct crl_rootless_can *can)
{
	p->namespaces |= CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID);
	if (!can->time || p->need[CRL_FEATURE_TIME] == CRL_NEED_OFF)
		p->namespaces &= ~CRL_NS_BIT(CRL_NS_TIME);
	p->wishes = false; /* there is no keeper to be asked */
	p->no_new_privs = true;
	p->trim_caps = true;
	p->cap_bounding = 0;
	p->cap_inheritable = 0;
	p->cap_ambient = 0;
}
