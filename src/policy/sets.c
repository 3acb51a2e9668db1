// SPDX-License-Identifier: Apache-2.0
/* One setter for each type of key; see keys.h. */
#include <inttypes.h>
#include <string.h>
#include <sys/capability.h>

#include "base/parse.h"
#include "base/path.h"
#include "policy/budget.h"
#include "policy/families.h"
#include "policy/keys.h"

static void *field(const struct crl_keys_at *at)
{
	return (char *)at->ctx->object + at->key->offset;
}

static int no_memory(const struct crl_keys_at *at)
{
	return crl_err_set(at->ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

static int set_section(const struct crl_keys_at *at)
{
	if (config_setting_type(at->setting) != (int)at->key->min) {
		return crl_key_refuse(at, at->setting, "%s",
				      at->key->min == CONFIG_TYPE_LIST ? "a list of groups ( { }, { } )"
								       : "a group { }");
	}
	*(config_setting_t **)field(at) = at->setting;
	return 0;
}

static int set_bool(const struct crl_keys_at *at)
{
	if (config_setting_type(at->setting) != CONFIG_TYPE_BOOL) {
		return crl_key_refuse(at, at->setting, "true or false");
	}
	*(bool *)field(at) = config_setting_get_bool(at->setting);
	return 0;
}

static int set_uint(const struct crl_keys_at *at)
{
	bool may_be_unlimited = at->key->max == CRL_UNLIMITED;
	const char *text = config_setting_get_string(at->setting);
	int value;

	if (text && may_be_unlimited && strcmp(text, "unlimited") == 0) {
		*(uint64_t *)field(at) = CRL_UNLIMITED;
		return 0;
	}
	value = config_setting_get_int(at->setting);
	if (config_setting_type(at->setting) != CONFIG_TYPE_INT || value < 0 ||
	    (uint64_t)value < at->key->min || (uint64_t)value > at->key->max) {
		return crl_key_refuse(at, at->setting, "a whole number from %" PRIu64 " to %" PRIu64 "%s",
				      at->key->min, may_be_unlimited ? (uint64_t)INT32_MAX : at->key->max,
				      may_be_unlimited ? " or \"unlimited\"" : "");
	}
	*(uint64_t *)field(at) = (uint64_t)value;
	return 0;
}

/* A number in quotes with its unit. */
struct quantity {
	int (*parse)(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
	void (*format)(uint64_t value, char *buf, size_t size);
	const char *form;
};

static const struct quantity quantity_size = {crl_parse_size, crl_format_size,
					      "a size in quotes such as \"512M\""};
static const struct quantity quantity_percent = {crl_parse_percent, crl_format_percent,
						 "a percentage in quotes such as \"200%\""};
static const struct quantity quantity_duration = {
	crl_parse_duration, crl_format_duration,
	"a duration in quotes such as \"90s\", \"30m\", \"2h\" or \"1d\""};

static int set_quantity(const struct crl_keys_at *at, const struct quantity *q)
{
	const char *text = config_setting_get_string(at->setting);
	const char *also = at->key->max == CRL_UNLIMITED ? " or \"unlimited\"" : "";
	char min[24];
	char max[24];
	int rc = text ? q->parse(text, at->key->min, at->key->max, field(at)) : -EINVAL;

	if (rc == -ERANGE) {
		q->format(at->key->min, min, sizeof(min));
		q->format(at->key->max, max, sizeof(max));
		return crl_key_refuse(at, at->setting, "at least \"%s\"%s%s%s%s", min,
				      also[0] ? "" : " and at most \"", also[0] ? "" : max,
				      also[0] ? "" : "\"", also);
	}
	return rc < 0 ? crl_key_refuse(at, at->setting, "%s%s", q->form, also) : 0;
}

static int set_word(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	const char *const *words = at->key->words;
	char list[128] = "";

	for (unsigned int i = 0; words[i]; i++) {
		size_t len = strlen(list);

		if (text && strcmp(text, words[i]) == 0) {
			*(unsigned int *)field(at) = i;
			return 0;
		}
		(void)snprintf(list + len, sizeof(list) - len, "%s\"%s\"",
			       i == 0         ? ""
			       : words[i + 1] ? ", "
					      : " or ",
			       words[i]);
	}
	return crl_key_refuse(at, at->setting, "%s", list);
}

static int set_copy(const struct crl_keys_at *at, const char *text)
{
	return crl_strdup_to(field(at), text) < 0 ? no_memory(at) : 0;
}

/* INHERIT has no field: inherit.c follows it before anything is set. */
static int set_name(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || !crl_name_is_valid(text, CRL_POLICY_NAME_MAX)) {
		return crl_key_refuse(at, at->setting, "the name of a policy");
	}
	return at->key->type == CRL_KEY_INHERIT ? 0 : set_copy(at, text);
}

static int check_path(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const char *fault = text ? crl_path_fault(text) : "a path in quotes";
	const char *within = at->key->words ? at->key->words[0] : NULL;

	if (!fault) {
		fault = crl_template_fault(text, at->key->letters);
	}
	if (fault) {
		return crl_key_refuse(at, item, "%s", fault);
	}
	if (strcmp(text, "/") == 0 && !at->key->max) {
		return crl_key_refuse(at, item, "a path below \"/\"");
	}
	if (within && (strncmp(text, within, strlen(within)) != 0 || text[strlen(within)] != '/')) {
		return crl_key_refuse(at, item, "a path below \"%s\"", within);
	}
	return 0;
}

static int set_path(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	int rc = check_path(at, at->setting, text);

	return rc < 0 ? rc : set_copy(at, text);
}

/* "name", "?name" for one that this libseccomp may be too old to know, or "@group". */
static bool call_is_valid(const char *text, bool only_group)
{
	bool marked = text[0] == '@' || text[0] == '?';
	const char *name = marked ? text + 1 : text;
	size_t len = strlen(name);

	return len > 0 && len < CRL_POLICY_NAME_MAX - 1 && (text[0] == '@' || !only_group) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int set_call_name(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	bool may_be_empty = at->key->type == CRL_KEY_CALL_BASE;

	if (!text || !((may_be_empty && !text[0]) || call_is_valid(text, true))) {
		return crl_key_refuse(at, at->setting, "a group of system calls such as \"@login\"%s",
				      may_be_empty ? " or \"\" for no filter" : "");
	}
	if (!may_be_empty) {
		return set_copy(at, text);
	}
	(void)snprintf(field(at), CRL_POLICY_NAME_MAX, "%s", text);
	return 0;
}

static int set_hostname(const struct crl_keys_at *at)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-%";
	const char *text = config_setting_get_string(at->setting);

	if (!text || strlen(text) >= sizeof(((struct crl_policy *)0)->hostname)) {
		return crl_key_refuse(at, at->setting, "a template of at most 255 bytes");
	}
	if (strspn(text, plain) != strlen(text) || crl_template_fault(text, CRL_LETTERS_LOGIN)) {
		return crl_key_refuse(at, at->setting,
				      "letters, digits, \"-\", \".\" and %%u, %%U, %%g, %%h, %%H, %%s or %%%%");
	}
	(void)snprintf(field(at), sizeof(((struct crl_policy *)0)->hostname), "%s", text);
	return 0;
}

static int set_budget(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || (text[0] && !crl_budget_name_is_valid(text))) {
		return crl_key_refuse(at, at->setting, "the name of a budget or \"\" for none");
	}
	(void)snprintf(field(at), CRL_BUDGET_NAME_MAX, "%s", text);
	return 0;
}

typedef int item_setter(const struct crl_keys_at *at, config_setting_t *item, const char *text);

/* Give each text of a list to @set. */
static int set_items(const struct crl_keys_at *at, item_setter *set)
{
	int len = config_setting_length(at->setting);

	if (!config_setting_is_array(at->setting) && !config_setting_is_list(at->setting)) {
		return crl_key_refuse(at, at->setting, "a list such as [ \"a\", \"b\" ]");
	}
	for (int i = 0; i < len; i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)i);
		const char *text = config_setting_get_string(item);
		int rc = text ? set(at, item, text) : crl_key_refuse(at, item, "a text in quotes");

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int add_namespace(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	enum crl_ns ns = crl_ns_by_name(text);

	if (ns == CRL_NS_USER) {
		return crl_key_refuse(at, item, "another namespace: \"user\" is not available yet");
	}
	if (ns == CRL_NS_COUNT) {
		return crl_key_refuse(
			at, item, "\"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"cgroup\" or \"time\"");
	}
	*(uint32_t *)field(at) |= CRL_NS_BIT(ns);
	return 0;
}

static int add_cap(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	char name[64];
	cap_value_t cap = -1;

	(void)snprintf(name, sizeof(name), "%s%s", strncmp(text, "cap_", 4) == 0 ? "" : "cap_", text);
	/* libcap would take numbers and capitals as well: two spellings of one thing. */
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name) || cap_from_name(name, &cap) < 0 ||
	    cap < 0 || cap > 63) {
		return crl_key_refuse(at, item, "a capability such as \"net_raw\"");
	}
	*(uint64_t *)field(at) |= UINT64_C(1) << cap;
	return 0;
}

static int refuse_ambient(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	(void)text;
	return crl_key_refuse(at, item,
			      "an empty list: the kernel clears ambient capabilities when a PAM service "
			      "changes from root to the user (capabilities(7)), so they could not hold");
}

/* In a list of one policy a doubled item is a slip; what _add brings may be there from the parent. */
static int add_text(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	struct crl_strv *v = field(at);

	if (crl_strv_has(v, text)) {
		return at->add ? 0 : crl_key_refuse(at, item, "each item once");
	}
	return crl_strv_add(v, text) < 0 ? no_memory(at) : 0;
}

static int add_path(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	int rc = check_path(at, item, text);

	return rc < 0 ? rc : add_text(at, item, text);
}

static int add_call(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	if (!call_is_valid(text, false)) {
		return crl_key_refuse(at, item, "a system call or a group such as \"@debug\"");
	}
	return add_text(at, item, text);
}

static int add_family(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	if (strcmp(text, "vsock") == 0) {
		return crl_key_refuse(at, item, "another family: vsock leads out of every room to the hypervisor");
	}
	if (crl_family_find(text) < 0) {
		return crl_key_refuse(at, item, "a socket family such as \"inet\" (carrel.conf(5) lists them)");
	}
	return add_text(at, item, text);
}

static int set_texts(const struct crl_keys_at *at, item_setter *set)
{
	if (!at->add) {
		crl_strv_done(field(at));
	}
	return set_items(at, set);
}

static int add_condition(const struct crl_keys_at *at, config_setting_t *item)
{
	enum crl_condition kind = (enum crl_condition)at->key->min;
	const char *text = config_setting_get_string(item);
	const char *fault;
	char number[16];

	if (kind == CRL_COND_UID && config_setting_type(item) == CONFIG_TYPE_INT) {
		(void)snprintf(number, sizeof(number), "%d", config_setting_get_int(item));
		text = number;
	}
	fault = text ? crl_condition_fault(kind, text) : "a text in quotes";
	return fault ? crl_key_refuse(at, item, "%s", fault) : add_text(at, item, text);
}

/* A text, or a list of them. */
static int set_condition(const struct crl_keys_at *at)
{
	bool is_list = config_setting_is_array(at->setting) || config_setting_is_list(at->setting);
	int len = is_list ? config_setting_length(at->setting) : 1;
	int rc = len > 0 ? 0 : crl_key_refuse(at, at->setting, "a text or a list of at least one");

	for (int i = 0; i < len && rc == 0; i++) {
		rc = add_condition(at, is_list ? config_setting_get_elem(at->setting, (unsigned int)i) : at->setting);
	}
	return rc;
}

static int set_mask32(const struct crl_keys_at *at)
{
	if (!at->add) {
		*(uint32_t *)field(at) = 0;
	}
	return set_items(at, add_namespace);
}

static int set_mask64(const struct crl_keys_at *at)
{
	if (!at->add) {
		*(uint64_t *)field(at) = 0;
	}
	return set_items(at, add_cap);
}

int crl_key_set(const struct crl_keys_at *at)
{
	switch (at->key->type) {
	case CRL_KEY_GROUP: /* keys_apply.c goes into it itself */
		return 0;
	case CRL_KEY_SECTION:
		return set_section(at);
	case CRL_KEY_BOOL:
		return set_bool(at);
	case CRL_KEY_UINT:
		return set_uint(at);
	case CRL_KEY_SIZE:
		return set_quantity(at, &quantity_size);
	case CRL_KEY_PERCENT:
		return set_quantity(at, &quantity_percent);
	case CRL_KEY_DURATION:
		return set_quantity(at, &quantity_duration);
	case CRL_KEY_WORD:
		return set_word(at);
	case CRL_KEY_INHERIT:
	case CRL_KEY_NAME:
		return set_name(at);
	case CRL_KEY_PATH:
		return set_path(at);
	case CRL_KEY_CALL_NAME:
	case CRL_KEY_CALL_BASE:
		return set_call_name(at);
	case CRL_KEY_HOSTNAME:
		return set_hostname(at);
	case CRL_KEY_BUDGET:
		return set_budget(at);
	case CRL_KEY_CONDITION:
		return set_condition(at);
	case CRL_KEY_NAMESPACES:
		return set_mask32(at);
	case CRL_KEY_CAPS:
		return set_mask64(at);
	case CRL_KEY_AMBIENT:
		return set_items(at, refuse_ambient);
	case CRL_KEY_PATHS:
		return set_texts(at, add_path);
	case CRL_KEY_CALLS_LIST:
		return set_texts(at, add_call);
	case CRL_KEY_FAMILIES:
		return set_texts(at, add_family);
	case CRL_KEY_BINDS:
	case CRL_KEY_IOS:
		return crl_key_set_objects(at);
	}
	return crl_err_set(at->ctx->err, EINVAL, CRL_STAGE_CONFIG, "%s: no setter", at->name);
}
