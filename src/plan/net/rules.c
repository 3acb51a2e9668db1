// SPDX-License-Identifier: Apache-2.0
/* See rules.h. */
#include "plan/net/rules.h"

#include <errno.h>
#include <stdlib.h>

void crl_nat_rules_done(struct crl_nat_rules *r)
{
	free(r->item);
	*r = (struct crl_nat_rules){.len = 0};
}

/* R1. An entry of IPv4 and one of IPv6 never match the same, so their order is of no meaning. */
static int compare(const void *a, const void *b)
{
	const struct crl_netrule *p = a, *q = b;

	if (p->bits != q->bits)
		return p->bits > q->bits ? -1 : 1;
	if (!p->ports != !q->ports)
		return p->ports ? -1 : 1;
	if (!p->protocol != !q->protocol)
		return p->protocol ? -1 : 1;
	return p->allow - q->allow;
}

static int add(struct crl_nat_rules *r, const struct crl_strv *texts, bool allow)
{
	for (size_t i = 0; i < texts->len; i++) {
		struct crl_netrule *grown = reallocarray(r->item, r->len + CRL_NETRULE_EACH_MAX, sizeof(*grown));
		size_t len;

		if (!grown)
			return -ENOMEM;
		r->item = grown;
		if (crl_netrule_parse(texts->item[i], r->item + r->len, &len))
			return -EINVAL;
		for (size_t j = 0; j < len; j++)
			r->item[r->len++].allow = allow;
	}
	return 0;
}

int crl_nat_rules_make(const struct crl_policy *p, struct crl_nat_rules *ret)
{
	struct crl_nat_rules made = {.len = 0};
	int rc = add(&made, &p->net_allow, true);

	if (rc == 0)
		rc = add(&made, &p->net_deny, false);
	if (rc < 0) {
		crl_nat_rules_done(&made);
		return rc;
	}
	if (made.len > 0)
		qsort(made.item, made.len, sizeof(*made.item), compare);
	*ret = made;
	return 0;
}

static bool matches(const struct crl_netrule *r, const struct crl_nat_target *t)
{
	if (r->host != t->host || (r->protocol && r->protocol != t->protocol) || !crl_netrule_has_port(r, t->port))
		return false;
	return r->host || r->family == AF_UNSPEC ||
	       (r->family == t->family && crl_netrule_is_within(t->address, r->address, r->bits));
}

bool crl_nat_rules_allow(const struct crl_nat_rules *r, const struct crl_nat_target *t, const struct crl_netrule **ret)
{
	for (size_t i = 0; i < r->len; i++) {
		if (!matches(&r->item[i], t))
			continue;
		if (ret)
			*ret = &r->item[i];
		return r->item[i].allow;
	}
	if (ret)
		*ret = NULL;
	return !t->host; /* R2 */
}
