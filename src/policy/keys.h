// SPDX-License-Identifier: Apache-2.0
/*
 * The table of every key: where it may stand, its type, range, default and where its value goes.
 *
 * Runs in: helper, carrelctl. Private to src/policy (and its tests).
 */
#pragma once

#include <libconfig.h>
#include <stdbool.h>

#include "policy/load.h"
#include "policy/policy.h"
#include "policy/template.h"
#include "proto/err.h"

/* What kind of group a key stands in; each has its own object to fill. */
enum crl_key_scope {
	CRL_KEYS_TOP, /* carrel.conf and drop-ins: struct crl_top */
	CRL_KEYS_RULE, /* one of rules: struct crl_rule */
	CRL_KEYS_POLICY, /* one of policies: struct crl_policy */
	CRL_KEYS_BUDGET, /* one of budgets: struct crl_limits */
	CRL_KEYS_BIND, /* one of root.bind: struct crl_bind */
	CRL_KEYS_IO, /* one of limits.io, of a policy or a budget: struct crl_io_limit */
	CRL_KEYS_CALLS_TOP, /* syscalls.conf: struct crl_top */
	CRL_KEYS_CALLS /* one of its groups: struct crl_sysgroup */
};

enum crl_key_type {
	CRL_KEY_GROUP, /* { … } with more keys, named "group.key" in the table */
	CRL_KEY_SECTION, /* kept as libconfig has it, for the caller; min is the CONFIG_TYPE_* it must have */
	CRL_KEY_INHERIT, /* name of a policy; read by inherit.c */
	CRL_KEY_BOOL, /* bool */
	CRL_KEY_UINT, /* uint64_t; "unlimited" too where max is CRL_UNLIMITED */
	CRL_KEY_SIZE, /* uint64_t, bytes */
	CRL_KEY_PERCENT, /* uint64_t, per mille */
	CRL_KEY_DURATION, /* uint64_t, seconds */
	CRL_KEY_WORD, /* an enum: index into words */
	CRL_KEY_NAME, /* char *, name of a policy */
	CRL_KEY_PATH, /* char *; "/" itself only where max is 1 */
	CRL_KEY_CALL_NAME, /* char *, "@name" */
	CRL_KEY_CALL_BASE, /* char[CRL_POLICY_NAME_MAX], "@name" or "" */
	CRL_KEY_HOSTNAME, /* char[256] */
	CRL_KEY_CONDITION, /* struct crl_strv, a text or a list of them; min is the enum crl_condition */
	CRL_KEY_BUDGET, /* char[CRL_BUDGET_NAME_MAX], name of a budget or "" */
	CRL_KEY_NAMESPACES, /* uint32_t mask; from here on lists, with a twin NAME_add */
	CRL_KEY_CAPS, /* uint64_t mask */
	CRL_KEY_AMBIENT, /* nothing: only the empty list is possible */
	CRL_KEY_PATHS, /* struct crl_strv */
	CRL_KEY_CALLS_LIST, /* struct crl_strv of names and @groups */
	CRL_KEY_FAMILIES, /* struct crl_strv */
	CRL_KEY_BINDS, /* struct crl_bind *, size_t */
	CRL_KEY_IOS /* io and io_len of a struct crl_limits */
};

struct crl_key {
	enum crl_key_scope scope;
	enum crl_key_type type;
	bool required;
	size_t offset;
	uint64_t min;
	uint64_t max;
	const char *const
		*words; /* WORD: NULL-ended; PATHS: [0] is the directory all of them must be in, or NULL */
	enum crl_letters letters; /* PATH, PATHS: what of templates may be in it */
	const char *path; /* "limits.memory" */
	const char *def; /* default as the dump writes it; NULL: none */
	const char *doc;
};

extern const struct crl_key crl_keys[];
extern const size_t crl_keys_len;
#define CRL_KEYS_MAX 112

/* Where a key was set last; file NULL = nowhere. */
struct crl_where {
	const char *file;
	int line;
	const char *policy; /* name of the policy that set it */
};

/* Objects of CRL_KEYS_TOP and CRL_KEYS_CALLS_TOP. */
struct crl_top {
	char *data_dir;
	char *cgroup_root;
	enum crl_manager manager;
	config_setting_t *rules;
	config_setting_t *policies;
	config_setting_t *budgets;
	config_setting_t *groups;
};

struct crl_keys_ctx {
	enum crl_key_scope scope;
	const char *file;
	const char *policy; /* whose keys they are, for where; or NULL */
	struct crl_where *where; /* CRL_KEYS_MAX of them, filled by index of the key; or NULL */
	void *object;
	struct crl_err *err;
	const char *prefix; /* path of the group within the scope, "" at first */
	const char *shown; /* put before names in messages: "root.bind." or "" */
};

/* One key with the setting that gives its value. */
struct crl_keys_at {
	const struct crl_keys_ctx *ctx;
	const struct crl_key *key;
	const char *name; /* as shown in messages */
	bool add; /* NAME_add: extend what is there */
	config_setting_t *setting;
};

/*
 * Read every key of a group into the scope's object. Of each list, the plain key comes before its _add twin
 * whatever their order in the file. Errors (stage CONFIG, file and line): -EINVAL unknown, wrong type, out of
 * range, missing; -ENOMEM.
 */
int crl_keys_apply(const struct crl_keys_ctx *ctx, config_setting_t *group) CRL_MUST_CHECK;

/* Set one value; sets.c. */
int crl_key_set(const struct crl_keys_at *at) CRL_MUST_CHECK;

/* The same for CRL_KEY_BINDS and CRL_KEY_IOS; sets_objects.c. */
int crl_key_set_objects(const struct crl_keys_at *at) CRL_MUST_CHECK;

/* One value as the dump writes it, or NULL when the key has none; dump.c. @ret to be freed. Returns 0 or -ENOMEM. */
int crl_policy_value(const struct crl_policy *p, const struct crl_key *key, char **ret) CRL_MUST_CHECK;

/* True for a type that has an _add twin. */
bool crl_key_is_list(const struct crl_key *key);

/* The key of that path in a scope, or NULL; an _add twin is not found. */
const struct crl_key *crl_key_find(enum crl_key_scope scope, const char *path);

/* "NAME: found X, expected Y" at the setting. */
int crl_key_refuse(const struct crl_keys_at *at, config_setting_t *where, const char *fmt, ...)
	CRL_PRINTF(3, 4);

/* A setting's value as messages show it. */
void crl_setting_show(const config_setting_t *s, char *buf, size_t size);
