// SPDX-License-Identifier: Apache-2.0
/* See explain_reach.h. */
#include "ctl/conf/explain_reach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/net/gate_host.h"
#include "ctl/conf/values.h"
#include "ctl/host/forwards.h"
#include "plan/net/gate.h"
#include "plan/net/rules.h"
#include "policy/policy.h"

/* "ADDRESS:PORT" as an entry, of TCP. What is none stays as it is, and is refused as an entry. */
static void spell(const char *word, char *ret, size_t size)
{
	const char *last = strrchr(word, ':');
	bool six = word[0] == '[' && last && last > word && last[-1] == ']';

	if (six)
		(void)snprintf(ret, size, "%.*s tcp %s", (int)(last - word - 2), word + 1, last + 1);
	else if (last && strchr(word, ':') == last && !strchr(word, ' '))
		(void)snprintf(ret, size, "%.*s tcp %s", (int)(last - word), word, last + 1);
	else
		(void)snprintf(ret, size, "%s", word);
}

/* One address, or the host, and one port at most. */
static const char *read_target(const char *text, struct crl_nat_target *ret)
{
	struct crl_netrule r[CRL_NETRULE_EACH_MAX];
	size_t len;
	const char *fault = crl_netrule_parse(text, r, &len);

	if (fault)
		return fault;
	if (len != 1 || (!r->host && r->bits != (r->family == AF_INET6 ? 128 : 32)) || r->ports > 1 ||
	    (r->ports == 1 && r->port[0].first != r->port[0].last))
		return "one address, or \"host\", and one port";
	*ret = (struct crl_nat_target){
		.host = r->host, .family = r->family, .protocol = r->protocol, .port = r->ports ? r->port[0].first : 0};
	memcpy(ret->address, r->address, sizeof(ret->address));
	return NULL;
}

/* Where the policy has the key from. */
static void put_place(struct ctl_table *t, const struct ctl_table *values, const char *key)
{
	for (size_t i = 0; i + CTL_VALUES_COLUMNS <= values->cells; i += CTL_VALUES_COLUMNS)
		if (strcmp(values->cell[i], key) == 0) {
			ctl_cell(t, "%s", values->cell[i + CTL_VALUES_FILE] ?: "");
			ctl_cell(t, "%s", values->cell[i + CTL_VALUES_LINE] ?: "");
			return;
		}
	ctl_no_cell(t);
	ctl_no_cell(t);
}

/* What is asked for, and what is known of it. */
struct reach_asked {
	const struct crl_policy *p;
	struct crl_nat_target to;
	bool may;
	const char *key; /* that says so */
	char entry[256]; /* of it; "" = none */
};

static void take_entry(struct reach_asked *a, const struct crl_netrule *by)
{
	if (!by)
		return;
	a->key = by->allow ? "network.allow" : "network.deny";
	(void)snprintf(a->entry, sizeof(a->entry), "%s", by->text);
}

static int ask_nat(struct reach_asked *a)
{
	scoped(crl_nat_rules) rules = {.len = 0};
	const struct crl_netrule *by;
	int rc = crl_nat_rules_make(a->p, &rules);

	if (rc < 0)
		return rc;
	a->may = crl_nat_rules_allow(&rules, &a->to, &by);
	take_entry(a, by);
	return 0;
}

static bool is_of(const struct crl_gate_address *known, size_t len, const struct crl_nat_target *t)
{
	for (size_t i = 0; i < len; i++)
		if (known[i].family == t->family &&
		    memcmp(known[i].address, t->address, t->family == AF_INET6 ? 16 : 4) == 0)
			return true;
	return false;
}

/* As gate_program.h R1 and R2 say. */
static void normalise(struct crl_nat_target *t)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, none[16];

	if (t->family == AF_INET6 && memcmp(t->address, mapped, sizeof(mapped)) == 0) {
		memmove(t->address, t->address + 12, 4);
		memset(t->address + 4, 0, 12);
		t->family = AF_INET;
	}
	if (t->family == AF_INET && memcmp(t->address, none, 4) == 0)
		memcpy(t->address, (const uint8_t[4]){127, 0, 0, 1}, 4);
	else if (t->family == AF_INET6 && memcmp(t->address, none, 16) == 0)
		t->address[15] = 1;
}

static int ask_gate(struct reach_asked *a)
{
	static const uint8_t loopback6[16] = {[15] = 1};
	scoped_free struct crl_gatehost *found = malloc(sizeof(*found));
	scoped(crl_gate) gate = {.holds_reach = false};
	const struct crl_netrule *by = NULL;
	struct crl_nat_target *t = &a->to;
	int rc = found ? crl_gate_make(a->p, &gate) : -ENOMEM;

	if (rc == 0)
		rc = crl_gatehost_find(found);
	if (rc < 0)
		return rc;
	a->may = true;
	if (a->p->need[CRL_FEATURE_NETWORK_FILTER] == CRL_NEED_OFF)
		return 0;
	normalise(t);
	t->host = t->host || is_of(found->own, found->host.owns, t) || (t->family == AF_INET && t->address[0] == 127) ||
		  (t->family == AF_INET6 && memcmp(t->address, loopback6, 16) == 0);
	if (gate.holds_reach && t->port == 53 && is_of(found->server, found->host.servers, t)) {
		(void)snprintf(a->entry, sizeof(a->entry), "name server");
		return 0;
	}
	a->may = crl_gate_may_reach(&gate, t, &by);
	take_entry(a, by);
	if (by && by->text == crl_gate_loopback)
		a->key = "network.loopback";
	return 0;
}

static void put_answer(struct ctl_table *t, const struct ctl_table *values, const struct reach_asked *a)
{
	ctl_cell(t, "%s", a->may ? "yes" : "no");
	ctl_cell(t, "%s", a->key);
	ctl_cell(t, "%s", a->entry);
	put_place(t, values, a->key);
}

/* Nothing of carrel's: it is told beside the answer. */
static void tell_others(const struct ctl *c, const struct reach_asked *a)
{
	struct ctl_forward other[CTL_FORWARDS_MAX];
	size_t len = a->p->net_mode == CRL_NET_NAT && a->may && !a->to.host ? ctl_forwards_find(other) : 0;

	for (size_t i = 0; i < len; i++)
		if (!other[i].names_rooms)
			(void)ctl_complain(c, CTL_YES, CTL_FORWARD_TEXT, other[i].family, other[i].table,
					   other[i].chain);
}

enum ctl_exit ctl_explain_reach(const struct ctl *c, const struct crl_policy *p, const struct ctl_table *values)
{
	static const struct ctl_column column[] = {{"TO", false},    {"REACHED", false}, {"KEY", false},
						   {"ENTRY", false}, {"FILE", false},    {"LINE", true}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct reach_asked a = {.p = p, .key = "network.mode"};
	char text[256];
	const char *fault;
	int rc = 0;

	spell(c->reach, text, sizeof(text));
	fault = read_target(text, &a.to);
	if (fault)
		return ctl_complain(c, CTL_USAGE, "--reach: found \"%s\", expected %s", c->reach, fault);
	if (p->net_mode == CRL_NET_JOIN)
		return ctl_complain(c, CTL_FAIL,
				    "what %s reaches is what its routes and rules say: ip netns exec %s ip "
				    "route get ADDRESS",
				    p->net_path, p->net_path + strlen(CRL_NETNS_DIR));
	if (p->net_mode == CRL_NET_NAT)
		rc = ask_nat(&a);
	else if (p->net_mode == CRL_NET_HOST)
		rc = ask_gate(&a);
	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "--reach: %s", strerror(-rc));
	ctl_cell(&t, "%s", text);
	put_answer(&t, values, &a);
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	tell_others(c, &a);
	return a.may ? CTL_YES : CTL_NO;
}
