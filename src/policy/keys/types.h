// SPDX-License-Identifier: Apache-2.0
/*
 * The types of keys: for each what is done with its values, in one row (types_*.c).
 *
 * Runs in: helper, carrelctl. Private to src/policy (and its tests).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "policy/policy.h"

struct crl_key;
struct crl_keys_at;

struct crl_key_type {
	const char *name; /* as carrel.conf(5) begins a key of the type; NULL = that says it in its own words */
	size_t size; /* of the field; 0 = the row's own */
	bool is_list; /* a key of a policy has a twin NAME_add */
	/* From the configuration, checked. Errors as crl_keys_apply(). */
	int (*set)(const struct crl_keys_at *at);
	/* From the row's default, into a zeroed field. Returns 0, -ENOMEM or -EINVAL. NULL: zero is the default. */
	int (*start)(const struct crl_key *key, void *field);
	/* As the configuration would write it. Returns 0, -ENODATA the field has no value, -ENOMEM. NULL: none ever. */
	int (*put)(FILE *f, const struct crl_key *key, const void *field);
	/* Is there more in @a than in @b? NULL: one is not more than another. */
	bool (*exceeds)(const void *a, const void *b);
};

extern const struct crl_key_type
	/* types_number.c */
	crl_type_bool, /* bool */
	crl_type_uint, /* uint64_t; "unlimited" too where max is CRL_UNLIMITED */
	crl_type_size, /* uint64_t, bytes */
	crl_type_rate, /* uint64_t, bits per second; "unlimited" too */
	crl_type_percent, /* uint64_t, per mille */
	crl_type_duration, /* uint64_t, seconds */
	crl_type_word, /* an enum: index into words */
	/* types_text.c */
	crl_type_inherit, /* name of a policy; read by inherit.c */
	crl_type_name, /* char *, name of a policy */
	crl_type_path, /* char *; "/" itself only where max is 1 */
	crl_type_call_name, /* char *, "@name" */
	crl_type_call_base, /* char[], "@name" or "" */
	crl_type_hostname, /* char[] */
	crl_type_image, /* char *, "NAME" or "NAME@sha256:HEX" */
	crl_type_budget, /* char[], name of a budget or "" */
	crl_type_answer, /* struct crl_verdict: the name of an errno, "kill" or "log" */
	crl_type_netns, /* char *, a path in CRL_NETNS_DIR; written without that */
	crl_type_contact, /* char *, a line of text */
	crl_type_network, /* char *, "192.0.2.0/24"; min is 4 or 6, and "" one that is none */
	/* types_list.c */
	crl_type_condition, /* struct crl_strv, a text or a list of them; min is the enum crl_condition */
	crl_type_namespaces, /* uint32_t mask */
	crl_type_caps, /* uint64_t mask, a list or one text; min is the enum crl_capset */
	crl_type_paths, /* struct crl_strv */
	crl_type_layers, /* struct crl_strv: a path or a list of at most max of them; may be empty */
	crl_type_calls, /* struct crl_strv of names and @groups */
	crl_type_families, /* struct crl_strv */
	crl_type_args, /* struct crl_strv of items as argnames.h reads them; min is the enum crl_args_call */
	crl_type_errands, /* struct crl_strv of names in errands.h */
	crl_type_netrules, /* struct crl_strv of entries as netrule.h has them; min is 1 for those of network.listen */
	/* types_object.c */
	crl_type_group, /* { … } with more keys, named "group.key" in the table */
	crl_type_section, /* kept as libconfig has it, for the caller; min is the CONFIG_TYPE_* it must have */
	crl_type_writables, /* writable and writable_optional of a policy: texts, or groups of CRL_KEYS_WRITABLE */
	crl_type_binds, /* bind and bind_len of a policy: groups of CRL_KEYS_BIND */
	crl_type_answers, /* answers and answers_len of a struct crl_seccomp: groups of CRL_KEYS_ANSWERS */
	crl_type_ios, /* io and io_len of a struct crl_limits: groups of CRL_KEYS_IO */
	/* types_publish.c */
	crl_type_publishes, /* publish and publish_len of a policy: groups of CRL_KEYS_PUBLISH */
	/* types_device.c */
	crl_type_devices, /* struct crl_strv of patterns as devices.h has them */
	/* types_profile.c */
	crl_type_profiles; /* profiles and profiles_len of a policy: groups of CRL_KEYS_PROFILE */

/* What the files of the types share. */

/* A text in quotes; a list of such. */
void crl_put_text(FILE *f, const char *text);
void crl_put_texts(FILE *f, const struct crl_strv *v);

/* Is there an item in the one that is not in the other? */
bool crl_texts_exceed(const void *a, const void *b);

int crl_key_no_memory(const struct crl_keys_at *at);
