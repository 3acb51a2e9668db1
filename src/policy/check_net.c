// SPDX-License-Identifier: Apache-2.0
/* See check_net.h. */
#include "policy/check_net.h"

#include <errno.h>

static bool has_net(const struct crl_policy *p)
{
	return p->namespaces & CRL_NS_BIT(CRL_NS_NET);
}

static bool no_net_without_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_NONE && !has_net(p);
}

static bool nat_without_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_NAT && !has_net(p);
}

static bool join_without_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_JOIN && !has_net(p);
}

static bool join_without_name(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_JOIN && !p->net_path;
}

static bool name_without_join(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_JOIN && p->net_path;
}

static bool allow_without_way(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_NAT && p->net_mode != CRL_NET_HOST && p->net_allow.len > 0;
}

static bool deny_without_way(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_NAT && p->net_mode != CRL_NET_HOST && p->net_deny.len > 0;
}

static bool listen_without_host(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_HOST && crl_policy_holds_listen(p);
}

static bool loopback_without_host(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_HOST && p->net_loopback == CRL_LOOPBACK_OWN;
}

static bool filter_without_cgroup(const struct crl_policy *p)
{
	return crl_policy_has_gate(p) && p->need[CRL_FEATURE_CGROUP] == CRL_NEED_OFF;
}

static bool forwards_without_filter(const struct crl_policy *p)
{
	return p->net_forwards == CRL_FORWARDS_NONE && p->need[CRL_FEATURE_NETWORK_FILTER] == CRL_NEED_OFF;
}

static bool host_net_with_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_HOST && has_net(p);
}

static bool publish_without_nat(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_NAT && p->publish_len > 0;
}

static bool egress_without_nat(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_NAT && p->net_egress != CRL_UNLIMITED;
}

static bool ingress_without_nat(const struct crl_policy *p)
{
	return p->net_mode != CRL_NET_NAT && p->net_ingress != CRL_UNLIMITED;
}

static const struct net_rule {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame */
	const char *text;
	const char *other;
} net_rules[] = {
	{no_net_without_namespace, "network.mode", "found \"none\" without the namespace \"net\", expected both",
	 "namespaces"},
	{nat_without_namespace, "network.mode", "found \"nat\" without the namespace \"net\", expected both",
	 "namespaces"},
	{join_without_namespace, "network.mode", "found \"join\" without the namespace \"net\", expected both",
	 "namespaces"},
	{join_without_name, "network.mode",
	 "found \"join\" without network.name, expected the name of a network namespace", "network.name"},
	{name_without_join, "network.name", "has no effect, expected network.mode = \"join\"", "network.mode"},
	{allow_without_way, "network.allow", "has no effect, expected network.mode = \"nat\" or \"host\"",
	 "network.mode"},
	{deny_without_way, "network.deny", "has no effect, expected network.mode = \"nat\" or \"host\"",
	 "network.mode"},
	{listen_without_host, "network.listen", "holds nobody back, expected network.mode = \"host\"", "network.mode"},
	{loopback_without_host, "network.loopback", "found \"own\", expected network.mode = \"host\" with it",
	 "network.mode"},
	{filter_without_cgroup, "features.cgroup",
	 "found \"off\" with what programs on the login's control group hold of network, expected "
	 "features.network_filter = \"off\" too",
	 "features.network_filter"},
	{forwards_without_filter, "network.forwards",
	 "found \"none\" with features.network_filter = \"off\", expected \"require\" or \"prefer\" with it",
	 "features.network_filter"},
	{publish_without_nat, "network.publish", "leads nowhere, expected network.mode = \"nat\"", "network.mode"},
	{egress_without_nat, "limits.network.egress", "holds nobody back, expected network.mode = \"nat\"",
	 "network.mode"},
	{ingress_without_nat, "limits.network.ingress", "holds nobody back, expected network.mode = \"nat\"",
	 "network.mode"},
	{host_net_with_namespace, "network.mode",
	 "found \"host\" with the namespace \"net\", expected namespaces without it", "namespaces"},
};

int crl_policy_check_net(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(net_rules); i++) {
		const struct net_rule *r = &net_rules[i];

		if (r->broken(p)) {
			*ret = (struct crl_across){.key = r->key, .other = r->other};
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", r->key, r->text);
		}
	}
	return 0;
}
