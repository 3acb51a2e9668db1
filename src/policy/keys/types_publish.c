// SPDX-License-Identifier: Apache-2.0
/* The type of network.publish; see types.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "policy/keys/keys.h"
#include "policy/publish.h"

static int add_publish(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_policy *p = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_publish *grown = reallocarray(p->publish, p->publish_len + 1, sizeof(*grown));

	if (!grown)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	p->publish = grown;
	p->publish[p->publish_len] = (struct crl_publish){0};
	inner.scope = CRL_KEYS_PUBLISH;
	inner.object = &p->publish[p->publish_len++];
	if (crl_keys_start(CRL_KEYS_PUBLISH, inner.object) < 0)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	return crl_keys_apply(&inner, item);
}

/* @had  of the parent's, which are whole */
static int check_each(const struct crl_keys_at *at, size_t had)
{
	const struct crl_policy *p = at->ctx->object;

	for (size_t i = had; i < p->publish_len; i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)(i - had));
		const char *fault = crl_publish_fault(&p->publish[i]);

		for (size_t j = 0; j < i && !fault; j++)
			if (p->publish[i].count == 0 && p->publish[j].port == p->publish[i].port &&
			    p->publish[j].proto == p->publish[i].proto)
				fault = "each port once";
		if (fault)
			return crl_key_refuse(at, item, "%s", fault);
	}
	return p->publish_len > CRL_PUBLISH_MAX ? crl_key_refuse(at, at->setting, "at most %d", CRL_PUBLISH_MAX) : 0;
}

static int set_publishes(const struct crl_keys_at *at)
{
	struct crl_policy *p = at->ctx->object;
	size_t had;
	int rc;

	if (!at->add)
		p->publish_len = 0;
	had = p->publish_len;
	rc = crl_key_set_objects(at, add_publish);
	return rc < 0 ? rc : check_each(at, had);
}

/* The length belongs to the value as well. */
static const struct crl_policy *policy_of(const void *field)
{
	return (const struct crl_policy *)((const char *)field - offsetof(struct crl_policy, publish));
}

static int put_publishes(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_policy *p = policy_of(field);

	(void)key;
	fputs(p->publish_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < p->publish_len; i++) {
		const struct crl_publish *one = &p->publish[i];

		if (one->count > 0)
			fprintf(f, "\t\t{ first = %" PRIu64 "; count = %" PRIu64 "; base = %" PRIu64 ";", one->first,
				one->count, one->base);
		else
			fprintf(f, "\t\t{ port = %" PRIu64 "; to = %" PRIu64 ";", one->port, crl_publish_to(one));
		fprintf(f, " proto = \"%s\"; }%s\n", crl_publish_proto_name(one->proto),
			i + 1 < p->publish_len ? "," : "");
	}
	fputs(p->publish_len > 0 ? "\t)" : "", f);
	return 0;
}

static bool is_same(const struct crl_publish *a, const struct crl_publish *b)
{
	return a->port == b->port && a->proto == b->proto && a->first == b->first && a->count == b->count &&
	       (a->count > 0 ? a->base == b->base : crl_publish_to(a) == crl_publish_to(b));
}

/* A port that the other does not lead into the room. */
static bool publishes_exceed(const void *a, const void *b)
{
	const struct crl_policy *p = policy_of(a);
	const struct crl_policy *q = policy_of(b);

	for (size_t i = 0; i < p->publish_len; i++) {
		bool found = false;

		for (size_t j = 0; j < q->publish_len && !found; j++)
			found = is_same(&p->publish[i], &q->publish[j]);
		if (!found)
			return true;
	}
	return false;
}

const struct crl_key_type crl_type_publishes = {
	.size = sizeof(struct crl_publish *),
	.is_list = true,
	.set = set_publishes,
	.put = put_publishes,
	.exceeds = publishes_exceed,
};
