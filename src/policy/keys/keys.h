// SPDX-License-Identifier: Apache-2.0
/*
 * The table of every key: where it may stand, its type, range, default, where its value goes, and which value is
 * weaker.
 *
 * Runs in: helper, carrelctl. Private to src/policy (and its tests).
 */
#pragma once

#include <libconfig.h>
#include <stdbool.h>

#include "base/err.h"
#include "policy/file/load.h"
#include "policy/keys/types.h"
#include "policy/policy.h"
#include "policy/template.h"

/* What kind of group a key stands in; each has its own object to fill. */
enum crl_key_scope {
	CRL_KEYS_POLICY, /* one of policies: struct crl_policy */
	CRL_KEYS_TOP, /* carrel.conf and drop-ins: struct crl_top */
	CRL_KEYS_RULE, /* one of rules: struct crl_rule */
	CRL_KEYS_BUDGET, /* one of budgets: struct crl_limits */
	CRL_KEYS_BIND, /* one of root.bind: struct crl_bind */
	CRL_KEYS_WRITABLE, /* one of root.writable_paths that is a group: struct crl_writable */
	CRL_KEYS_IO, /* one of limits.io, of a policy or a budget: struct crl_io_limit */
	CRL_KEYS_PUBLISH, /* one of network.publish: struct crl_publish */
	CRL_KEYS_ANSWERS, /* one of seccomp.answers: struct crl_answers */
	CRL_KEYS_PROFILE, /* one of seccomp.profiles: struct crl_profile */
	CRL_KEYS_CALLS_TOP, /* syscalls.conf: struct crl_top */
	CRL_KEYS_CALLS /* one of its groups: struct crl_sysgroup */
};

/* Which value of a policy's key lets its login do, see, keep or use more? */
enum crl_weaker {
	CRL_WEAKER_UNSAID, /* no key of a policy may be so */
	CRL_WEAKER_NONE, /* none: they are only different */
	CRL_WEAKER_MORE, /* the one that has more, as the type or the row sees it */
	CRL_WEAKER_LESS,
};

/* A key in all that it is. */
struct crl_key {
	const char *path; /* "limits.memory" */
	enum crl_key_scope scope;
	bool in_budgets; /* of budgets as well: there without "limits.", and its field in a struct crl_limits */
	bool required;
	const struct crl_key_type *type;
	size_t offset; /* of its field in the scope's object */
	size_t size; /* of its field */
	uint64_t min;
	uint64_t max;
	const char *const *words; /* of a word: NULL-ended; of paths: [0] is the directory all must be in, or NULL */
	enum crl_letters letters; /* of a path or paths: what of templates may be in it */
	const char *def; /* default as the dump writes it; NULL: none */
	enum crl_weaker weaker;
	bool (*exceeds)(const void *a, const void *b); /* in place of the type's; NULL = that */
	const char *doc;
};

extern const struct crl_key crl_keys[];
extern const size_t crl_keys_len;
#define CRL_KEYS_MAX 200

/* Where a key was set last; file NULL = nowhere. */
struct crl_where {
	const char *file;
	int line;
	const char *policy; /* name of the policy that set it */
};

/* Objects of CRL_KEYS_TOP and CRL_KEYS_CALLS_TOP. */
struct crl_top {
	char *data_dir;
	char *store;
	char *cgroup_root;
	char *ipv4; /* NULL = not said, here and below */
	char *ipv6;
	enum crl_manager_kind manager;
	enum crl_language language;
	char *contact;
	uint64_t subids_first; /* 0 = not said */
	uint64_t subids_last;
	config_setting_t *rules;
	config_setting_t *policies;
	config_setting_t *budgets;
	config_setting_t *groups;
	config_setting_t *acknowledged;
};

/* Free what it holds of its own. */
void crl_top_done(struct crl_top *top);

/* The object of CRL_KEYS_WRITABLE. */
struct crl_writable {
	char *path;
	bool optional;
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

/* Give every key of a scope its default. @object  zeroed. Returns 0 or -ENOMEM. */
int crl_keys_start(enum crl_key_scope scope, void *object) CRL_MUST_CHECK;

/* The field of the key that is set. */
void *crl_key_field(const struct crl_keys_at *at);

/* Is a text fit to be a path of this key? @item  that is blamed */
int crl_key_check_path(const struct crl_keys_at *at, config_setting_t *item, const char *text) CRL_MUST_CHECK;

/* "@group", or a call, "?call" for one that this libseccomp may be too old to know. */
bool crl_key_call_is_valid(const char *text, bool only_group);

/* Give each text of a list to @set, from the start or, where the key adds, on top of what is there. */
typedef int crl_key_item_setter(const struct crl_keys_at *at, config_setting_t *item, const char *text);
int crl_key_set_texts(const struct crl_keys_at *at, crl_key_item_setter *set) CRL_MUST_CHECK;

/* Elements that are groups: check the shape, then let @one read each of them. */
typedef int crl_key_object_reader(const struct crl_keys_ctx *ctx, config_setting_t *item);
int crl_key_set_objects(const struct crl_keys_at *at, crl_key_object_reader *one) CRL_MUST_CHECK;

/* One more text of a list, which has each once. */
int crl_key_add_text(const struct crl_keys_at *at, config_setting_t *item, const char *text) CRL_MUST_CHECK;

/* One more path of a list. */
int crl_key_add_path(const struct crl_keys_at *at, config_setting_t *item, const char *text) CRL_MUST_CHECK;

/* Where values are written as the dump has them, one after the other: to open a stream for each costs more. dump.c */
struct crl_value {
	FILE *f;
	char *text; /* the last one */
	size_t len;
};

/* Returns 0 or -ENOMEM. */
int crl_value_begin(struct crl_value *v) CRL_MUST_CHECK;

/* Returns 1 with its text in @v until the next; 0, the key has none; -ENOMEM. */
int crl_value_of(struct crl_value *v, const struct crl_policy *p, const struct crl_key *key) CRL_MUST_CHECK;

void crl_value_done(struct crl_value *v);

/* One value as the dump writes it, or NULL when the key has none; dump.c. @ret to be freed. Returns 0 or -ENOMEM. */
int crl_policy_value(const struct crl_policy *p, const struct crl_key *key, char **ret) CRL_MUST_CHECK;

/* True for a key of a policy that has a value of its own: no group. */
bool crl_key_is_setting(const struct crl_key *key);

/* True for a key that has an _add twin. */
bool crl_key_is_list(const struct crl_key *key);

/* What the key is called in a scope, or NULL when it is none of it. */
const char *crl_key_path_in(const struct crl_key *key, enum crl_key_scope scope);

/* The key of that path in a scope, or NULL; an _add twin is not found. */
const struct crl_key *crl_key_find(enum crl_key_scope scope, const char *path);

/* "NAME: found X, expected Y" at the setting. */
int crl_key_refuse(const struct crl_keys_at *at, config_setting_t *where, const char *fmt, ...) CRL_PRINTF(3, 4);
