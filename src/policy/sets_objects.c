// SPDX-License-Identifier: Apache-2.0
/* The setters of lists whose elements are groups: root.bind and the io of limits; see keys.h. */
#include <string.h>

#include "policy/keys.h"

/* Elements that are groups: check the shape, then let @one read each of them. */
static int set_objects(const struct crl_keys_at *at,
		       int (*one)(const struct crl_keys_ctx *ctx, config_setting_t *s))
{
	struct crl_keys_ctx ctx = *at->ctx;
	char shown[80];

	(void)snprintf(shown, sizeof(shown), "%s.", at->name);
	ctx.prefix = "";
	ctx.shown = shown;
	ctx.where = NULL;
	if (!config_setting_is_list(at->setting) &&
	    !(config_setting_is_array(at->setting) && config_setting_length(at->setting) == 0)) {
		return crl_key_refuse(at, at->setting, "a list of groups ( { }, { } )");
	}
	for (int i = 0; i < config_setting_length(at->setting); i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)i);
		int rc = config_setting_is_group(item)
				 ? one(&ctx, item)
				 : crl_key_refuse(at, item, "a list of groups ( { }, { } )");

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int add_bind(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_policy *p = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_bind *grown = reallocarray(p->bind, p->bind_len + 1, sizeof(*grown));

	if (!grown) {
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	}
	p->bind = grown;
	p->bind[p->bind_len] = (struct crl_bind){0};
	inner.scope = CRL_KEYS_BIND;
	inner.object = &p->bind[p->bind_len++];
	return crl_keys_apply(&inner, item);
}

/* @ctx->object  the struct crl_limits */
static int add_io(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_limits *l = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_io_limit *grown = reallocarray(l->io, l->io_len + 1, sizeof(*grown));

	if (!grown) {
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	}
	l->io = grown;
	l->io[l->io_len] = (struct crl_io_limit){
		.read_bps = CRL_UNLIMITED,
		.write_bps = CRL_UNLIMITED,
		.read_iops = CRL_UNLIMITED,
		.write_iops = CRL_UNLIMITED,
	};
	inner.scope = CRL_KEYS_IO;
	inner.object = &l->io[l->io_len++];
	return crl_keys_apply(&inner, item);
}

static int set_binds(const struct crl_keys_at *at)
{
	struct crl_policy *p = at->ctx->object;

	while (!at->add && p->bind_len > 0) {
		crl_bind_done(&p->bind[--p->bind_len]);
	}
	return set_objects(at, add_bind);
}

static int set_ios(const struct crl_keys_at *at)
{
	char *at_io = (char *)at->ctx->object + at->key->offset;
	struct crl_limits *l = (struct crl_limits *)(at_io - offsetof(struct crl_limits, io));
	struct crl_keys_ctx ctx = *at->ctx;
	struct crl_keys_at here = *at;

	while (!at->add && l->io_len > 0) {
		crl_io_limit_done(&l->io[--l->io_len]);
	}
	ctx.object = l;
	here.ctx = &ctx;
	return set_objects(&here, add_io);
}

int crl_key_set_objects(const struct crl_keys_at *at)
{
	return at->key->type == CRL_KEY_BINDS ? set_binds(at) : set_ios(at);
}
