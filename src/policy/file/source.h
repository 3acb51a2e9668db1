// SPDX-License-Identifier: Apache-2.0
/*
 * One configuration file: read, checked, parsed. Private to src/policy (and its tests).
 *
 * Runs in: helper, carrelctl.
 */
#pragma once

#include <libconfig.h>

#include "policy/file/load.h"
#include "policy/rules/match.h"

/* Settings point into cfg, which must not move: it lives on the heap. */
struct crl_source {
	char *path;
	config_t cfg;
	config_setting_t *policies; /* or NULL */
	config_setting_t *acknowledged; /* or NULL */
};

/* One of budgets = { NAME = { … }; }. */
struct crl_budget {
	const char *name; /* libconfig's, lives as long as its source */
	const char *file;
	int line;
	struct crl_limits limits;
};

struct crl_config {
	struct crl_source **source; /* the main file, then the drop-ins */
	size_t source_len;
	struct crl_rules rules;
	struct crl_budget *budget;
	size_t budget_len;
	char *data_dir;
	char *store;
	char *cgroup_root;
	enum crl_manager_kind manager;
	enum crl_language language;
	char *contact; /* NULL = not said */
	uint32_t subids_first; /* 0 = not said */
	uint32_t subids_last;
	char *ipv4; /* NULL = not said */
	char *ipv6;
};

/*
 * Parse a text as if it were the file @path.
 * @text  @len bytes and a NUL; changed in place
 */
int crl_source_parse(const char *path, char *text, size_t len, struct crl_source **ret,
		     struct crl_err *err) CRL_MUST_CHECK;

/* Open a trusted file and parse what is in it. -ENOENT when it is not there. */
int crl_source_load(const char *path, struct crl_source **ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_source_free(struct crl_source *s);

/* Put into an error what a file says of whom to ask, when it is fit to be shown. */
void crl_source_contact(const struct crl_source *s, struct crl_err *err);

/* A configuration of this one source; what crl_config_load() does but for files. Takes @source in any case. */
int crl_config_from_source(struct crl_source *source, struct crl_config **ret, struct crl_err *err) CRL_MUST_CHECK;
