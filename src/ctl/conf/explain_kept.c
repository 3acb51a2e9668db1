// SPDX-License-Identifier: Apache-2.0
/* See explain_kept.h. The store is not looked at: the answer is the policy's, for whoever asks. */
#include "ctl/conf/explain_kept.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/imageref.h"
#include "ctl/print/out.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/store.h"
#include "wire/login.h"

const struct ctl_column ctl_kept_column[CTL_KEPT_COLUMNS] = {
	{"CHANGES", false}, {"WHERE", false}, {"SIZE", true}, {"INODES", true}, {"END", false}};

static const char *const ends[] = {
	[CRL_END_KEEP] = "they stay",
	[CRL_END_DISCARD] = "they are thrown away",
	[CRL_END_COMMIT] = "they go into the real home",
	[CRL_END_ASK] = "they stay, and the next login tells of them",
};

struct kept_row {
	const char *what;
	const char *where;
	uint64_t size; /* 0 = without a limit of its own */
	uint64_t inodes;
	const char *end;
};

static void add_row(const struct ctl *c, struct ctl_table *t, const struct kept_row *r)
{
	ctl_cell(t, "%s", r->what);
	ctl_cell(t, "%s", r->where);
	ctl_cell_size(c, t, r->size > 0 ? r->size : UINT64_MAX);
	ctl_cell_number(t, r->inodes > 0 ? r->inodes : UINT64_MAX);
	ctl_cell(t, "%s", r->end);
}

/* As helper/parts/root.c names what a root is kept by. */
static void name_root(const struct crl_policy *p, char *ret, size_t size)
{
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT];

	if (p->root_image && crl_imageref_parse(p->root_image, name, digest) == 0)
		(void)snprintf(ret, size, "%s", name);
	else
		(void)snprintf(ret, size, "%s", p->root_mode == CRL_ROOT_OVERLAY ? "host" : "*");
}

static void add_home(const struct ctl *c, const char *store, const struct crl_policy *p, const struct crl_login *l,
		     struct ctl_table *t)
{
	char where[PATH_MAX];
	struct kept_row row = {.what = "home",
			       .where = "memory",
			       .size = p->home_size,
			       .inodes = p->home_inodes,
			       .end = "they are gone"};

	if (p->home_mode == CRL_HOME_REAL)
		return;
	if (crl_policy_keeps_home(p)) {
		(void)snprintf(where, sizeof(where), "%s/" CRL_STORE_HOMES "/%u", store, l->uid);
		row.where = where;
		row.end = ends[p->at_end];
	}
	add_row(c, t, &row);
}

void ctl_explain_kept(const struct ctl *c, const struct crl_config *config, const struct crl_policy *p,
		      const struct crl_login *l, struct ctl_table *t)
{
	const char *store = crl_config_store(config);
	char where[PATH_MAX], base[CRL_IMAGE_NAME_MAX];
	struct kept_row row = {.what = "root",
			       .where = "memory",
			       .size = p->root_size,
			       .inodes = p->root_inodes,
			       .end = "they are gone"};

	add_home(c, store, p, l, t);
	if (!crl_policy_root_is_written(p))
		return;
	if (crl_policy_keeps_root(p)) {
		name_root(p, base, sizeof(base));
		(void)snprintf(where, sizeof(where), "%s/" CRL_STORE_ROOTS "/%u.%s", store, l->uid, base);
		row.where = where;
		row.end = ends[CRL_END_KEEP];
	}
	add_row(c, t, &row);
}
