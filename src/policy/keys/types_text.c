// SPDX-License-Identifier: Apache-2.0
/* The types of keys that are one text; see types.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/nearest.h"
#include "base/parse.h"
#include "base/path.h"
#include "policy/budget.h"
#include "policy/keys/keys.h"
#include "policy/netrule.h"

#define IMAGE_NAME_MAX 64
#define DIGEST_LEN 64 /* of SHA-256, in hexadecimal digits */

static int set_copy(const struct crl_keys_at *at, const char *text)
{
	return crl_strdup_to(crl_key_field(at), text) < 0 ? crl_key_no_memory(at) : 0;
}

static const char *checked_name(const struct crl_keys_at *at, int *ret)
{
	const char *text = config_setting_get_string(at->setting);

	*ret = 0;
	if (!text || !crl_name_is_valid(text, CRL_POLICY_NAME_MAX))
		*ret = crl_key_refuse(at, at->setting, "the name of a policy");
	return text;
}

/* There is no field: inherit.c follows it before anything is set. */
static int set_inherit(const struct crl_keys_at *at)
{
	int rc;

	(void)checked_name(at, &rc);
	return rc;
}

static int set_name(const struct crl_keys_at *at)
{
	int rc;
	const char *text = checked_name(at, &rc);

	return rc < 0 ? rc : set_copy(at, text);
}

static int put_copy(FILE *f, const struct crl_key *key, const void *field)
{
	const char *text = *(const char *const *)field;

	(void)key;
	if (!text)
		return -ENODATA;
	crl_put_text(f, text);
	return 0;
}

static int start_array(const struct crl_key *key, void *field)
{
	(void)snprintf(field, key->size, "%.*s", (int)strcspn(key->def + 1, "\""), key->def + 1);
	return 0;
}

static int put_array(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	crl_put_text(f, field);
	return 0;
}

/* Something is more than nothing; of two names none is. */
static bool array_exceeds(const void *a, const void *b)
{
	return *(const char *)a && !*(const char *)b;
}

const struct crl_key_type crl_type_inherit = {
	.set = set_inherit,
};

const struct crl_key_type crl_type_name = {
	.size = sizeof(char *),
	.set = set_name,
};

int crl_key_check_path(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const char *fault = text ? crl_path_fault(text) : "a path in quotes";
	const char *within = at->key->words ? at->key->words[0] : NULL;

	if (!fault)
		fault = crl_template_fault(text, at->key->letters);
	if (fault)
		return crl_key_refuse(at, item, "%s", fault);
	if (strcmp(text, "/") == 0 && !at->key->max)
		return crl_key_refuse(at, item, "a path below \"/\"");
	if (within && (strncmp(text, within, strlen(within)) != 0 || text[strlen(within)] != '/'))
		return crl_key_refuse(at, item, "a path below \"%s\"", within);
	return 0;
}

static int set_path(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	int rc = crl_key_check_path(at, at->setting, text);

	return rc < 0 ? rc : set_copy(at, text);
}

const struct crl_key_type crl_type_path = {
	.name = "Path",
	.size = sizeof(char *),
	.set = set_path,
	.put = put_copy,
};

/* A name of one component, so that a path of it is below its directory; what a template stands for never adds one. */
static int set_netns(const struct crl_keys_at *at)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+%";
	const char *text = config_setting_get_string(at->setting);
	char path[sizeof(CRL_NETNS_DIR) + NAME_MAX];

	if (!text || !text[0] || text[0] == '.' || strlen(text) > NAME_MAX || strspn(text, plain) != strlen(text) ||
	    crl_template_fault(text, at->key->letters))
		return crl_key_refuse(at, at->setting,
				      "the name of a network namespace: letters, digits, - _ . @ + and %%u, %%U, %%g, "
				      "%%h, %%H, %%s or %%%%, without a dot before it");
	(void)snprintf(path, sizeof(path), CRL_NETNS_DIR "%s", text);
	return set_copy(at, path);
}

static int put_netns(FILE *f, const struct crl_key *key, const void *field)
{
	const char *path = *(char *const *)field;
	const char *name = path ? path + strlen(CRL_NETNS_DIR) : NULL;

	return put_copy(f, key, &name);
}

const struct crl_key_type crl_type_netns = {
	.size = sizeof(char *),
	.set = set_netns,
	.put = put_netns,
};

static int set_contact(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || !crl_err_contact_is_valid(text))
		return crl_key_refuse(at, at->setting,
				      "one line of at most %d bytes without control characters, such as \"Please tell "
				      "help@example.org\"",
				      CRL_CONTACT_MAX - 1);
	return set_copy(at, text);
}

const struct crl_key_type crl_type_contact = {
	.size = sizeof(char *),
	.set = set_contact,
};

static int set_network(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	bool six = at->key->min == 6;
	uint8_t address[16], bits;
	const char *fault;
	int family;

	if (text && six && !text[0])
		return set_copy(at, text);
	fault = text ? crl_netrule_network(text, &family, address, &bits) : "";
	if (!fault && family == (six ? AF_INET6 : AF_INET) && bits >= 8 && bits <= (six ? 120 : 28))
		return set_copy(at, text);
	return crl_key_refuse(at, at->setting,
			      six ? "a network of IPv6 such as \"fd12:3456:789a::/64\" with 8 to 120 bits, or \"\""
				  : "a network of IPv4 such as \"198.18.0.0/16\" with 8 to 28 bits");
}

const struct crl_key_type crl_type_network = {
	.size = sizeof(char *),
	.set = set_network,
	.put = put_copy,
};

bool crl_key_call_is_valid(const char *text, bool only_group)
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

	if (!text || !crl_key_call_is_valid(text, true))
		return crl_key_refuse(at, at->setting, "a group of system calls such as \"@login\"");
	return set_copy(at, text);
}

static int set_call_base(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || (text[0] && !crl_key_call_is_valid(text, true)))
		return crl_key_refuse(at, at->setting,
				      "a group of system calls such as \"@login\" or \"\" for no filter");
	(void)snprintf(crl_key_field(at), at->key->size, "%s", text);
	return 0;
}

const struct crl_key_type crl_type_call_name = {
	.size = sizeof(char *),
	.set = set_call_name,
};

const struct crl_key_type crl_type_call_base = {
	.set = set_call_base,
	.start = start_array,
	.put = put_array,
	.exceeds = array_exceeds,
};

static int set_hostname(const struct crl_keys_at *at)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-%";
	const char *text = config_setting_get_string(at->setting);

	if (!text || strlen(text) >= at->key->size)
		return crl_key_refuse(at, at->setting, "a template of at most %zu bytes", at->key->size - 1);
	if (strspn(text, plain) != strlen(text) || crl_template_fault(text, CRL_LETTERS_LOGIN)) {
		return crl_key_refuse(at, at->setting,
				      "letters, digits, \"-\", \".\" and %%u, %%U, %%g, %%h, %%H, %%s or %%%%");
	}
	(void)snprintf(crl_key_field(at), at->key->size, "%s", text);
	return 0;
}

const struct crl_key_type crl_type_hostname = {
	.set = set_hostname,
	.start = start_array,
	.put = put_array,
};

static int set_budget(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || (text[0] && !crl_budget_name_is_valid(text)))
		return crl_key_refuse(at, at->setting, "the name of a budget or \"\" for none");
	(void)snprintf(crl_key_field(at), at->key->size, "%s", text);
	return 0;
}

const struct crl_key_type crl_type_budget = {
	.set = set_budget,
	.start = start_array,
	.put = put_array,
	.exceeds = array_exceeds,
};

/* As the store of images takes it: a name, and the digest that it has to have. */
static bool is_image(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	static const char digest[] = "@sha256:";
	size_t len = strspn(text, plain);

	if (len == 0 || len > IMAGE_NAME_MAX || strchr("._+-", text[0]))
		return false;
	if (!text[len])
		return true;
	text += len;
	return strncmp(text, digest, strlen(digest)) == 0 && strlen(text) == strlen(digest) + DIGEST_LEN &&
	       strspn(text + strlen(digest), "0123456789abcdef") == DIGEST_LEN;
}

static int set_image(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!text || !is_image(text))
		return crl_key_refuse(at, at->setting,
				      "the name of an image such as \"debian\" or \"debian@sha256:\" "
				      "and 64 digits of 0-9 and a-f");
	return set_copy(at, text);
}

const struct crl_key_type crl_type_image = {
	.size = sizeof(char *),
	.set = set_image,
	.put = put_copy,
};

#define ERRNO_MOST 133 /* EHWPOISON, the last one that programs meet */

static int find_errno(const char *text, struct crl_nearest *nearest)
{
	for (int e = 1; e <= ERRNO_MOST; e++) {
		const char *name = strerrorname_np(e);

		if (name && strcmp(name, text) == 0)
			return e;
		if (name)
			crl_nearest_offer(nearest, name);
	}
	return -ENOENT;
}

static int set_answer(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	struct crl_verdict *v = crl_key_field(at);
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];
	int e;

	if (!text)
		return crl_key_refuse(at, at->setting, "the name of an errno, \"kill\" or \"log\"");
	*v = (struct crl_verdict){.kind = strcmp(text, "log") == 0 ? CRL_VERDICT_LOG : CRL_VERDICT_KILL};
	if (strcmp(text, "log") == 0 || strcmp(text, "kill") == 0)
		return 0;
	crl_nearest_begin(&nearest, text);
	crl_nearest_offer(&nearest, "kill");
	crl_nearest_offer(&nearest, "log");
	e = find_errno(text, &nearest);
	if (e < 0)
		return crl_key_refuse(at, at->setting, "the name of an errno such as \"EPERM\", \"kill\" or \"log\"%s",
				      crl_nearest_hint(&nearest, hint, sizeof(hint)));
	*v = CRL_ERRNO((uint16_t)e);
	return 0;
}

static int put_answer(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_verdict *v = field;
	const char *name = strerrorname_np(v->code);

	(void)key;
	crl_put_text(f, v->kind == CRL_VERDICT_ERRNO ? (name ? name : "EPERM")
			: v->kind == CRL_VERDICT_LOG ? "log"
						     : "kill");
	return 0;
}

const struct crl_key_type crl_type_answer = {
	.size = sizeof(struct crl_verdict),
	.set = set_answer,
	.put = put_answer,
};
