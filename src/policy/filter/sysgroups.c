// SPDX-License-Identifier: Apache-2.0
/* See sysgroups.h. */
#include "policy/filter/sysgroups.h"

#include <string.h>

#include "base/nearest.h"
#include "policy/file/source.h"
#include "policy/keys/keys.h"

void crl_sysgroups_done(struct crl_sysgroups *g)
{
	for (size_t i = 0; i < g->len; i++) {
		free(g->item[i].name);
		crl_strv_done(&g->item[i].calls);
	}
	free(g->item);
	*g = (struct crl_sysgroups){0};
}

const struct crl_sysgroup *crl_sysgroups_find(const struct crl_sysgroups *g, const char *name)
{
	for (size_t i = 0; i < g->len; i++)
		if (strcmp(g->item[i].name, name) == 0)
			return &g->item[i];
	return NULL;
}

static int add_group(struct crl_sysgroups *g, const char *file, config_setting_t *group, struct crl_err *err)
{
	int line = (int)config_setting_source_line(group);
	struct crl_keys_ctx ctx = {.scope = CRL_KEYS_CALLS, .file = file, .err = err, .prefix = "", .shown = "groups."};
	struct crl_sysgroup *item = &g->item[g->len];
	int rc;

	if (!config_setting_is_group(group)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, file, line,
				  "groups: expected a list of groups ( { }, { } )");
	}
	g->len++; /* what it holds is freed from now on, also when it is only half read */
	ctx.object = item;
	rc = crl_keys_apply(&ctx, group);
	if (rc == 0 && crl_sysgroups_find(g, item->name) != item)
		rc = crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, file, line, "groups: found \"%s\" twice", item->name);
	return rc;
}

/* An unknown group would silently be an empty one. */
static int check_names(const struct crl_sysgroups *g, config_setting_t *list, const char *file, struct crl_err *err)
{
	for (size_t i = 0; i < g->len; i++) {
		const struct crl_strv *calls = &g->item[i].calls;

		for (size_t j = 0; j < calls->len; j++) {
			const char *call = calls->item[j];

			if (call[0] == '@' && !crl_sysgroups_find(g, call)) {
				struct crl_nearest nearest;
				char hint[CRL_NEAREST_HINT];

				crl_nearest_begin(&nearest, call);
				for (size_t k = 0; k < g->len; k++)
					crl_nearest_offer(&nearest, g->item[k].name);
				return crl_err_at(
					err, EINVAL, CRL_STAGE_CONFIG, file,
					(int)config_setting_source_line(config_setting_get_elem(list, (unsigned int)i)),
					"groups: %s names the unknown group \"%s\"%s", g->item[i].name, call,
					crl_nearest_hint(&nearest, hint, sizeof(hint)));
			}
		}
	}
	return 0;
}

static int read_groups(const struct crl_source *s, struct crl_sysgroups *g, struct crl_err *err)
{
	struct crl_top top = {0};
	struct crl_keys_ctx ctx = {
		.scope = CRL_KEYS_CALLS_TOP, .file = s->path, .object = &top, .err = err, .prefix = "", .shown = ""};
	int rc = crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	int len;

	if (rc < 0)
		return rc;
	len = config_setting_length(top.groups);
	g->item = calloc((size_t)len + 1, sizeof(*g->item));
	if (!g->item)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	for (int i = 0; i < len; i++) {
		rc = add_group(g, s->path, config_setting_get_elem(top.groups, (unsigned int)i), err);
		if (rc < 0)
			return rc;
	}
	return check_names(g, top.groups, s->path, err);
}

int crl_sysgroups_load(const char *path, struct crl_sysgroups *ret, struct crl_err *err)
{
	struct crl_sysgroups g = {0};
	struct crl_source *s = NULL;
	int rc = crl_source_load(path, &s, err);

	if (rc < 0)
		return rc;
	rc = read_groups(s, &g, err);
	crl_source_free(s);
	if (rc < 0) {
		crl_sysgroups_done(&g);
		return rc;
	}
	*ret = g;
	return 0;
}
