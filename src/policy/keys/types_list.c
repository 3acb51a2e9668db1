// SPDX-License-Identifier: Apache-2.0
/* The types of keys that are a list of texts; see types.h. */
#include <errno.h>
#include <string.h>
#include <sys/capability.h>

#include "base/nearest.h"
#include "base/path.h"
#include "policy/errands.h"
#include "policy/filter/families.h"
#include "policy/keys/keys.h"
#include "policy/netrule.h"

/* Give each text of a list to @set. */
static int set_items(const struct crl_keys_at *at, crl_key_item_setter *set)
{
	int len = config_setting_length(at->setting);

	if (!config_setting_is_array(at->setting) && !config_setting_is_list(at->setting))
		return crl_key_refuse(at, at->setting, "a list such as [ \"a\", \"b\" ]");
	for (int i = 0; i < len; i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)i);
		const char *text = config_setting_get_string(item);
		int rc = text ? set(at, item, text) : crl_key_refuse(at, item, "a text in quotes");

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The next item of a row's default, [ "a", "b" ], which has no escapes. Returns -ENODATA behind the last. */
static int next_item(const char **from, char *buf, size_t size)
{
	const char *open = strchr(*from, '"');
	const char *close = open ? strchr(open + 1, '"') : NULL;

	if (!close)
		return -ENODATA;
	*from = close + 1;
	return (size_t)snprintf(buf, size, "%.*s", (int)(close - open - 1), open + 1) < size ? 0 : -EINVAL;
}

static int add_namespace(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	enum crl_ns ns = crl_ns_by_name(text);
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];

	if (ns == CRL_NS_USER)
		return crl_key_refuse(at, item, "another namespace: that one is by user.mode");
	if (ns == CRL_NS_COUNT) {
		crl_nearest_begin(&nearest, text);
		for (enum crl_ns i = 0; i < CRL_NS_COUNT; i++)
			if (i != CRL_NS_USER)
				crl_nearest_offer(&nearest, crl_nskinds[i].name);
		return crl_key_refuse(at, item,
				      "\"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"cgroup\" or \"time\"%s",
				      crl_nearest_hint(&nearest, hint, sizeof(hint)));
	}
	*(uint32_t *)crl_key_field(at) |= CRL_NS_BIT(ns);
	return 0;
}

static int set_namespaces(const struct crl_keys_at *at)
{
	if (!at->add)
		*(uint32_t *)crl_key_field(at) = 0;
	return set_items(at, add_namespace);
}

static int start_namespaces(const struct crl_key *key, void *field)
{
	const char *from = key->def;
	char name[16];
	int rc;

	while ((rc = next_item(&from, name, sizeof(name))) == 0) {
		enum crl_ns ns = crl_ns_by_name(name);

		if (ns == CRL_NS_COUNT)
			return -EINVAL;
		*(uint32_t *)field |= CRL_NS_BIT(ns);
	}
	return rc == -ENODATA ? 0 : rc;
}

static int put_namespaces(FILE *f, const struct crl_key *key, const void *field)
{
	uint32_t mask = *(const uint32_t *)field;
	const char *comma = "";

	(void)key;
	fputs("[ ", f);
	for (unsigned int ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (mask & CRL_NS_BIT(ns)) {
			fprintf(f, "%s\"%s\"", comma, crl_nskinds[ns].name);
			comma = ", ";
		}
	}
	fputs(mask ? " ]" : "]", f);
	return 0;
}

static bool namespaces_exceed(const void *a, const void *b)
{
	return (*(const uint32_t *)a & ~*(const uint32_t *)b) != 0;
}

const struct crl_key_type crl_type_namespaces = {
	.size = sizeof(uint32_t),
	.is_list = true,
	.set = set_namespaces,
	.start = start_namespaces,
	.put = put_namespaces,
	.exceeds = namespaces_exceed,
};

/* What libcap writes beside a name where it says which set is meant: of an IAB tuple, and of a text form. */
static const struct {
	char before; /* NUL = nothing */
	const char *behind[2]; /* NULL = nothing */
	const char *expected;
} cap_notations[] = {
	[CRL_CAPSET_BOUNDING] = {'\0', {NULL, NULL}, "names of capabilities that may come back, such as \"net_raw\""},
	[CRL_CAPSET_INHERITABLE] = {'%',
				    {"+i", "=i"},
				    "a capability such as \"net_raw\", or as libcap writes it, "
				    "\"cap_net_raw+i\""},
	[CRL_CAPSET_AMBIENT] = {'^',
				{NULL, NULL},
				"a capability such as \"net_raw\", or as libcap writes it, "
				"\"^cap_net_raw\""},
};

/* Those that this libcap knows, as a policy writes them.  @text  in small letters */
static const char *nearest_cap(const char *text, char *hint, size_t size)
{
	bool whole = strncmp(text, "cap_", 4) == 0;
	struct crl_nearest nearest;

	crl_nearest_begin(&nearest, text);
	for (int cap = 0; cap < 64; cap++) {
		char *name = cap_to_name(cap);

		if (name && strncmp(name, "cap_", 4) == 0)
			crl_nearest_offer(&nearest, whole ? name : name + 4);
		(void)cap_free(name); /* NULL is an error of its own, and nothing else */
	}
	return crl_nearest_hint(&nearest, hint, size);
}

/* One name, with what stands before it. @word  is changed to small letters */
static int add_cap(const struct crl_keys_at *at, config_setting_t *item, char *word)
{
	const enum crl_capset set = (enum crl_capset)at->key->min;
	char name[64], hint[CRL_NEAREST_HINT];
	cap_value_t cap = -1;

	if (cap_notations[set].before && *word == cap_notations[set].before)
		word++;
	if (*word && strchr("!%^", *word))
		return crl_key_refuse(at, item, "%s: sets are keys of their own", cap_notations[set].expected);
	for (char *p = word; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	(void)snprintf(name, sizeof(name), "%s%s", strncmp(word, "cap_", 4) == 0 ? "" : "cap_", word);
	/* libcap would take numbers as well: two spellings of one thing. */
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name) || cap_from_name(name, &cap) < 0 || cap < 0 ||
	    cap > 63)
		return crl_key_refuse(at, item, "a capability such as \"net_raw\"%s",
				      nearest_cap(word, hint, sizeof(hint)));
	*(uint64_t *)crl_key_field(at) |= UINT64_C(1) << cap;
	return 0;
}

/* "net_raw", or as libcap has it: "cap_net_raw,cap_net_bind_service+i". */
static int add_caps(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const enum crl_capset set = (enum crl_capset)at->key->min;
	char copy[1024], *rest = copy, *word, *flags;
	int rc = 0;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
		return crl_key_refuse(at, item, "a shorter text");
	flags = strpbrk(copy, "+=-");
	if (flags) {
		bool known = false;

		for (size_t i = 0; i < 2; i++)
			known |= cap_notations[set].behind[i] && strcmp(flags, cap_notations[set].behind[i]) == 0;
		if (!known)
			return crl_key_refuse(at, item, "%s: which set is meant says the key",
					      cap_notations[set].expected);
		*flags = '\0';
	}
	while (rc == 0 && (word = strsep(&rest, ",")))
		rc = add_cap(at, item, word);
	return rc;
}

static int set_caps(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (!at->add)
		*(uint64_t *)crl_key_field(at) = 0;
	return text ? add_caps(at, at->setting, text) : set_items(at, add_caps);
}

static int put_caps(FILE *f, const struct crl_key *key, const void *field)
{
	uint64_t mask = *(const uint64_t *)field;
	const char *comma = "";

	(void)key;
	fputs("[ ", f);
	for (int cap = 0; cap < 64; cap++) {
		char *name;

		if (!(mask & (UINT64_C(1) << cap)))
			continue;
		name = cap_to_name(cap);
		if (!name)
			return -ENOMEM;
		fprintf(f, "%s\"%s\"", comma, strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
		(void)cap_free(name);
		comma = ", ";
	}
	fputs(mask ? " ]" : "]", f);
	return 0;
}

static bool caps_exceed(const void *a, const void *b)
{
	return (*(const uint64_t *)a & ~*(const uint64_t *)b) != 0;
}

const struct crl_key_type crl_type_caps = {
	.size = sizeof(uint64_t),
	.is_list = true,
	.set = set_caps,
	.put = put_caps,
	.exceeds = caps_exceed,
};

/* In a list of one policy a doubled item is a slip; what _add brings may be there from the parent. */
int crl_key_add_text(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	struct crl_strv *v = crl_key_field(at);

	if (crl_strv_has(v, text))
		return at->add ? 0 : crl_key_refuse(at, item, "each item once");
	return crl_strv_add(v, text) < 0 ? crl_key_no_memory(at) : 0;
}

int crl_key_set_texts(const struct crl_keys_at *at, crl_key_item_setter *set)
{
	if (!at->add)
		crl_strv_done(crl_key_field(at));
	return set_items(at, set);
}

bool crl_texts_exceed(const void *a, const void *b)
{
	const struct crl_strv *mine = a, *theirs = b;

	for (size_t i = 0; i < mine->len; i++)
		if (!crl_strv_has(theirs, mine->item[i]))
			return true;
	return false;
}

static int start_texts(const struct crl_key *key, void *field)
{
	const char *from = key->def;
	char text[128];
	int rc;

	while ((rc = next_item(&from, text, sizeof(text))) == 0) {
		rc = crl_strv_add(field, text);
		if (rc < 0)
			return rc;
	}
	return rc == -ENODATA ? 0 : rc;
}

static int put_texts(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	crl_put_texts(f, field);
	return 0;
}

int crl_key_add_path(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	int rc = crl_key_check_path(at, item, text);

	return rc < 0 ? rc : crl_key_add_text(at, item, text);
}

static int set_paths(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, crl_key_add_path);
}

const struct crl_key_type crl_type_paths = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_paths,
	.start = start_texts,
	.put = put_texts,
	.exceeds = crl_texts_exceed,
};

static int set_layers(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);

	if (text) {
		crl_strv_done(crl_key_field(at));
		return crl_key_add_path(at, at->setting, text);
	}
	if (config_setting_length(at->setting) > (int)at->key->max)
		return crl_key_refuse(at, at->setting, "at most %u directories", (unsigned int)at->key->max);
	return crl_key_set_texts(at, crl_key_add_path);
}

static int put_layers(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_strv *v = field;

	if (v->len != 1)
		return v->len == 0 ? -ENODATA : put_texts(f, key, field);
	crl_put_text(f, v->item[0]);
	return 0;
}

const struct crl_key_type crl_type_layers = {
	.name = "Path",
	.size = sizeof(struct crl_strv),
	.set = set_layers,
	.put = put_layers,
};

/* "name=number", which is for the groups' own file. */
static bool is_numbered_call(const char *text)
{
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
	size_t digits = text[name] == '=' ? strspn(text + name + 1, "0123456789") : 0;

	return name > 0 && digits > 0 && digits <= 4 && !text[name + 1 + digits] &&
	       name + digits < CRL_POLICY_NAME_MAX - 2;
}

static int add_call(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	if (!crl_key_call_is_valid(text, false) && !(at->key->scope == CRL_KEYS_CALLS && is_numbered_call(text)))
		return crl_key_refuse(at, item, "a system call or a group such as \"@debug\"");
	return crl_key_add_text(at, item, text);
}

static int set_calls(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_call);
}

const struct crl_key_type crl_type_calls = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_calls,
	.start = start_texts,
	.put = put_texts,
	.exceeds = crl_texts_exceed,
};

static int add_family(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];

	if (strcmp(text, "vsock") == 0)
		return crl_key_refuse(at, item, "another family: vsock leads out of every room to the hypervisor");
	if (crl_family_find(text) < 0) {
		crl_nearest_begin(&nearest, text);
		for (size_t i = 0; crl_family_name(i); i++)
			crl_nearest_offer(&nearest, crl_family_name(i));
		return crl_key_refuse(at, item, "a socket family such as \"inet\" (carrel.conf(5) lists them)%s",
				      crl_nearest_hint(&nearest, hint, sizeof(hint)));
	}
	return crl_key_add_text(at, item, text);
}

static int set_families(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_family);
}

const struct crl_key_type crl_type_families = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_families,
	.start = start_texts,
	.put = put_texts,
	.exceeds = crl_texts_exceed,
};

static int add_errand(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const char *near = crl_errand_name_near(text);

	if (crl_errand_name_is_known(text))
		return crl_key_add_text(at, item, text);
	return crl_key_refuse(at, item, "\"passwd\", \"chage\", \"sendmail\", \"quota\", \"crontab\" or \"at\"%s%s%s",
			      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static int set_errands(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_errand);
}

const struct crl_key_type crl_type_errands = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_errands,
	.start = start_texts,
	.put = put_texts,
	.exceeds = crl_texts_exceed,
};

static int add_netrule(const struct crl_keys_at *at, config_setting_t *item, const char *text)
{
	const char *fault =
		at->key->min ? crl_netrule_parse_listen(text, NULL, NULL) : crl_netrule_parse(text, NULL, NULL);

	return fault ? crl_key_refuse(at, item, "%s", fault) : crl_key_add_text(at, item, text);
}

static int set_netrules(const struct crl_keys_at *at)
{
	return crl_key_set_texts(at, add_netrule);
}

const struct crl_key_type crl_type_netrules = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_netrules,
	.start = start_texts,
	.put = put_texts,
	.exceeds = crl_texts_exceed,
};

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
	return fault ? crl_key_refuse(at, item, "%s", fault) : crl_key_add_text(at, item, text);
}

/* A text, or a list of them. */
static int set_condition(const struct crl_keys_at *at)
{
	bool is_list = config_setting_is_array(at->setting) || config_setting_is_list(at->setting);
	int len = is_list ? config_setting_length(at->setting) : 1;
	int rc = len > 0 ? 0 : crl_key_refuse(at, at->setting, "a text or a list of at least one");

	for (int i = 0; i < len && rc == 0; i++)
		rc = add_condition(at, is_list ? config_setting_get_elem(at->setting, (unsigned int)i) : at->setting);
	return rc;
}

const struct crl_key_type crl_type_condition = {
	.size = sizeof(struct crl_strv),
	.set = set_condition,
};
