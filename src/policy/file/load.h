// SPDX-License-Identifier: Apache-2.0
/*
 * Read the configuration: carrel.conf, its policy.d/ and the shipped policies.
 *
 * Runs in: helper (root, before anything of the user's is touched), carrelctl.
 * Trusts: files that are root-owned, regular, not group- or world-writable, in directories of the same kind.
 */
#pragma once

#include "base/err.h"
#include "base/file.h"
#include "base/path.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "policy/template.h"

/* A parsed configuration; opaque, since libconfig is behind it. */
struct crl_config;

/*
 * Parse the rules and keep the policies' texts for crl_config_policy().
 * @path  main file; drop-ins are every *.conf in policy.d/ beside it, in strcmp order
 * @ret   free with crl_config_free()
 * Errors (stage CONFIG, with file and line): -ENOENT no such file; -EPERM owner or mode; -EFBIG larger than
 * CRL_CONFIG_SIZE_MAX; -E2BIG more than CRL_DROPINS_MAX drop-ins; -EINVAL syntax, unknown or doubled key,
 * wrong type, out of range; -ENOMEM.
 */
int crl_config_load(const char *path, struct crl_config **ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_config_free(struct crl_config *c);

/*
 * The same of a text, with no drop-ins.
 * @name  for errors, in the place of a file's
 * @text  @len bytes and a NUL after them; changed in place
 */
int crl_config_parse(const char *name, char *text, size_t len, struct crl_config **ret,
		     struct crl_err *err) CRL_MUST_CHECK;

#define CRL_CONFIG_SIZE_MAX CRL_FILE_MAX /* bytes of one file */

/* The rules, in order: those of carrel.conf first, then of each drop-in. Owned by @c. */
const struct crl_rules *crl_config_rules(const struct crl_config *c);

/* Directory of shipped policies and system call groups (key data_dir). Owned by @c. */
const char *crl_config_data_dir(const struct crl_config *c);

/* Directory of what outlives rooms: images, and what is kept of homes and roots (key store). Owned by @c. */
const char *crl_config_store(const struct crl_config *c);

/* Root of the cgroup v2 tree to write to (key cgroup.root), "" = find it. Owned by @c. */
const char *crl_config_cgroup_root(const struct crl_config *c);

/* Who writes the host's cgroups (key cgroup.manager). */
enum crl_manager_kind { CRL_MANAGER_AUTO, CRL_MANAGER_SYSTEMD, CRL_MANAGER_CGROUPFS };
enum crl_manager_kind crl_config_cgroup_manager(const struct crl_config *c);

/* What users are told in where no policy is known, or where theirs says "host" (key host_language). */
enum crl_language crl_config_language(const struct crl_config *c);

/* Whom users can ask (key contact), "" = not said. Owned by @c; where it cannot be loaded, it is in the error. */
const char *crl_config_contact(const struct crl_config *c);

/* The ids that ranges are allotted from, both included (keys subids.first, subids.last). */
#define CRL_SUBIDS_MIN 65536
#define CRL_SUBIDS_MAX 2147483646
void crl_config_subids(const struct crl_config *c, uint32_t *ret_first, uint32_t *ret_last);

/*
 * The networks that rooms with network.mode = "nat" have their addresses of (keys addresses.ipv4, addresses.ipv6), as
 * crl_netrule_network() reads them; "" = none. Owned by @c. The default of IPv4 is of the block for measurements, which
 * nothing else routes: 100.64.0.0/10 is carriers' and overlay networks'.
 */
#define CRL_ADDRESSES_IPV4 "198.18.0.0/16"
#define CRL_ADDRESSES_IPV6 "fd63:6172:7265:6c00::/64"
const char *crl_config_ipv4(const struct crl_config *c);
const char *crl_config_ipv6(const struct crl_config *c);

#define CRL_DROPINS_MAX 256 /* files in policy.d/; names that begin with "." are ignored */
bool crl_config_is_dropin(const char *name);

/*
 * The effective policy of that name: inheritance followed, every key checked, values checked against each
 * other. A policy not found in the configuration is looked for in data_dir/policies/NAME.conf.
 * @ret  initialised here; the caller calls crl_policy_done() whatever comes back
 * Errors (stage CONFIG): -ENOENT no such policy; -ELOOP it inherits from itself or too deep; -EPERM, -EFBIG a
 * shipped file's owner, mode or size; -EINVAL as above.
 */
int crl_config_policy(const struct crl_config *c, const char *name, struct crl_policy *ret,
		      struct crl_err *err) CRL_MUST_CHECK;

/* One value of an effective policy, and where it comes from. */
struct crl_explained {
	const char *path; /* "limits.memory" */
	const char *value; /* as the configuration would write it */
	const char *doc;
	const char *policy; /* the one that set it last; NULL = nobody: the default */
	const char *file;
	int line;
	const char *
		/* of a list that NAME_add made longer: "POLICY FILE:LINE, …", the latest first; "" = nothing */
		extends;
};

typedef void crl_explain_value(void *arg, const struct crl_explained *value);

struct crl_explain_to {
	const struct crl_facts *facts; /* expand templates by them; NULL = show them as they are */
	crl_explain_value *each;
	void *arg;
};

/*
 * Tell every value of a policy, in the order of the dump.
 * Errors as crl_config_policy() and crl_expand_policy().
 */
int crl_config_explain(const struct crl_config *c, const char *name, const struct crl_explain_to *to,
		       struct crl_err *err) CRL_MUST_CHECK;

struct crl_item_place {
	char file[256];
	int line;
};

/*
 * Find the place of one item of a list: a text, or a group that has that text.
 * @path  of the list, as in crl_explained
 * @text  as it is written, with its templates
 * Returns false when the policy is not there, or nobody of it and its parents says that.
 */
bool crl_config_find_item(const struct crl_config *c, const char *name, const char *path, const char *text,
			  struct crl_item_place *ret);

/* Ids of what carrelctl check need not tell any more, of all files (key acknowledged). NULL behind the last. */
const char *crl_config_acknowledged(const struct crl_config *c, size_t i, struct crl_item_place *ret);

/*
 * What all who name a budget may use together. The policies that crl_config_policy() gives name only those that are
 * there. @return  owned by @c; NULL when there is no such budget
 */
const struct crl_limits *crl_config_budget(const struct crl_config *c, const char *name);

/* The policies in use: all of the configuration, then those that a rule names. NULL behind the last. */
const char *crl_config_policy_name(const struct crl_config *c, size_t i);

/* The policy that another one inherits from. Returns 0, or -ENOENT when it has no parent or is not there. */
int crl_config_parent(const struct crl_config *c, const char *name, char ret[CRL_POLICY_NAME_MAX]);

/*
 * Evaluate every policy of the configuration and every one that a rule names: what a login would find, before
 * it does. Errors as crl_config_policy(); a rule's missing policy is told with the rule's file and line.
 */
int crl_config_check_all(const struct crl_config *c, struct crl_err *err) CRL_MUST_CHECK;
