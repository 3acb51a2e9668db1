// SPDX-License-Identifier: Apache-2.0
/* See gate.h. */
#include "plan/net/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

const char crl_gate_loopback[] = "@loopback";

void crl_gate_done(struct crl_gate *g)
{
	crl_nat_rules_done(&g->reach);
	crl_nat_rules_done(&g->listen);
	*g = (struct crl_gate){.holds_reach = false};
}

/* How many bits of an address an entry leaves open: R1. */
static unsigned int width(const struct crl_netrule *r)
{
	if (r->host)
		return 0;
	return r->family == AF_UNSPEC ? 129u : (r->family == AF_INET6 ? 128u : 32u) - r->bits;
}

static int compare(const void *a, const void *b)
{
	const struct crl_netrule *p = a, *q = b;

	if (width(p) != width(q))
		return width(p) < width(q) ? -1 : 1;
	if (!p->ports != !q->ports)
		return p->ports ? -1 : 1;
	if (!p->protocol != !q->protocol)
		return p->protocol ? -1 : 1;
	return p->allow - q->allow;
}

static int add_one(struct crl_nat_rules *r, const char *text, bool listen, bool allow)
{
	struct crl_netrule *grown = reallocarray(r->item, r->len + CRL_NETRULE_EACH_MAX, sizeof(*grown));
	size_t len;

	if (!grown)
		return -ENOMEM;
	r->item = grown;
	if (listen ? crl_netrule_parse_listen(text, r->item + r->len, &len)
		   : crl_netrule_parse(text, r->item + r->len, &len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		r->item[r->len++].allow = allow;
	return 0;
}

static int add(struct crl_nat_rules *r, const struct crl_strv *texts, bool listen, bool allow)
{
	int rc = 0;

	for (size_t i = 0; i < texts->len && rc == 0; i++)
		rc = add_one(r, texts->item[i], listen, allow);
	return rc;
}

static bool is_everything(const struct crl_netrule *r)
{
	return !r->host && r->family == AF_UNSPEC && r->protocol == 0 && r->ports == 0;
}

static void look(struct crl_gate *g)
{
	for (size_t i = 0; i < g->reach.len; i++)
		g->holds_reach = g->holds_reach || !g->reach.item[i].allow;
	g->holds_listen = true;
	for (size_t i = 0; i < g->listen.len; i++)
		g->holds_listen = g->holds_listen && !is_everything(&g->listen.item[i]);
}

int crl_gate_make(const struct crl_policy *p, struct crl_gate *ret)
{
	struct crl_gate made = {.holds_forwards = p->net_forwards == CRL_FORWARDS_NONE};
	int rc = 0;

	if (p->net_mode != CRL_NET_HOST) {
		*ret = made;
		return 0;
	}
	rc = add(&made.reach, &p->net_allow, false, true);
	if (rc == 0)
		rc = add(&made.reach, &p->net_deny, false, false);
	if (rc == 0 && p->net_loopback == CRL_LOOPBACK_OWN)
		rc = add_one(&made.reach, crl_gate_loopback, false, false); /* R2 */
	if (rc == 0)
		rc = add(&made.listen, &p->net_listen, true, true); /* R3 */
	if (rc < 0) {
		crl_gate_done(&made);
		return rc;
	}
	if (made.reach.len > 0)
		qsort(made.reach.item, made.reach.len, sizeof(*made.reach.item), compare);
	look(&made);
	*ret = made;
	return 0;
}

static bool matches(const struct crl_netrule *r, const struct crl_nat_target *t)
{
	if ((r->protocol && r->protocol != t->protocol) || !crl_netrule_has_port(r, t->port))
		return false;
	if (r->host)
		return t->host;
	return r->family == AF_UNSPEC ||
	       (r->family == t->family && crl_netrule_is_within(t->address, r->address, r->bits));
}

bool crl_gate_may_reach(const struct crl_gate *g, const struct crl_nat_target *t, const struct crl_netrule **ret)
{
	for (size_t i = 0; i < g->reach.len; i++) {
		if (!matches(&g->reach.item[i], t))
			continue;
		if (ret)
			*ret = &g->reach.item[i];
		return g->reach.item[i].allow;
	}
	if (ret)
		*ret = NULL;
	return true;
}

bool crl_gate_may_listen(const struct crl_gate *g, const struct crl_nat_target *t)
{
	for (size_t i = 0; i < g->listen.len; i++)
		if (matches(&g->listen.item[i], t))
			return true;
	return !g->holds_listen;
}
