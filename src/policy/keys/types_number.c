// SPDX-License-Identifier: Apache-2.0
/* The types of keys that are truths, numbers and words; see types.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/nearest.h"
#include "base/parse.h"
#include "policy/keys/keys.h"

static int set_bool(const struct crl_keys_at *at)
{
	if (config_setting_type(at->setting) != CONFIG_TYPE_BOOL)
		return crl_key_refuse(at, at->setting, "true or false");
	*(bool *)crl_key_field(at) = config_setting_get_bool(at->setting);
	return 0;
}

static int start_bool(const struct crl_key *key, void *field)
{
	*(bool *)field = strcmp(key->def, "true") == 0;
	return 0;
}

static int put_bool(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	fputs(*(const bool *)field ? "true" : "false", f);
	return 0;
}

static bool bool_exceeds(const void *a, const void *b)
{
	return *(const bool *)a && !*(const bool *)b;
}

const struct crl_key_type crl_type_bool = {
	.name = "Bool",
	.size = sizeof(bool),
	.set = set_bool,
	.start = start_bool,
	.put = put_bool,
	.exceeds = bool_exceeds,
};

static int set_uint(const struct crl_keys_at *at)
{
	bool may_be_unlimited = at->key->max == CRL_UNLIMITED;
	const char *text = config_setting_get_string(at->setting);
	int value;

	if (text && may_be_unlimited && strcmp(text, "unlimited") == 0) {
		*(uint64_t *)crl_key_field(at) = CRL_UNLIMITED;
		return 0;
	}
	value = config_setting_get_int(at->setting);
	if (config_setting_type(at->setting) != CONFIG_TYPE_INT || value < 0 || (uint64_t)value < at->key->min ||
	    (uint64_t)value > at->key->max) {
		return crl_key_refuse(at, at->setting, "a whole number from %" PRIu64 " to %" PRIu64 "%s", at->key->min,
				      may_be_unlimited ? (uint64_t)INT32_MAX : at->key->max,
				      may_be_unlimited ? " or \"unlimited\"" : "");
	}
	*(uint64_t *)crl_key_field(at) = (uint64_t)value;
	return 0;
}

static int start_uint(const struct crl_key *key, void *field)
{
	*(uint64_t *)field = strcmp(key->def, "\"unlimited\"") == 0 ? CRL_UNLIMITED : strtoull(key->def, NULL, 10);
	return 0;
}

static int put_uint(FILE *f, const struct crl_key *key, const void *field)
{
	uint64_t value = *(const uint64_t *)field;

	(void)key;
	if (value == CRL_UNLIMITED)
		crl_put_text(f, "unlimited");
	else
		fprintf(f, "%" PRIu64, value);
	return 0;
}

static bool number_exceeds(const void *a, const void *b)
{
	return *(const uint64_t *)a > *(const uint64_t *)b;
}

const struct crl_key_type crl_type_uint = {
	.name = "Number",
	.size = sizeof(uint64_t),
	.set = set_uint,
	.start = start_uint,
	.put = put_uint,
	.exceeds = number_exceeds,
};

/* A number in quotes with its unit. */
struct quantity {
	int (*parse)(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
	void (*format)(uint64_t value, char *buf, size_t size);
	const char *form;
};

static const struct quantity quantity_size = {
	.parse = crl_parse_size,
	.format = crl_format_size,
	.form = "a size in quotes such as \"512M\"",
};

/* No row's max is CRL_UNLIMITED: what nftables can hold ends before. */
static int parse_rate(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	int rc = crl_parse_rate(text, min, CRL_UNLIMITED, ret);

	return rc == 0 && *ret != CRL_UNLIMITED && *ret > max ? -ERANGE : rc;
}

static const struct quantity quantity_rate = {
	.parse = parse_rate,
	.format = crl_format_rate,
	.form = "bits per second in quotes such as \"100M\", or \"unlimited\"",
};

static const struct quantity quantity_percent = {
	.parse = crl_parse_percent,
	.format = crl_format_percent,
	.form = "a percentage in quotes such as \"200%\"",
};

static const struct quantity quantity_duration = {
	.parse = crl_parse_duration,
	.format = crl_format_duration,
	.form = "a duration in quotes such as \"90s\", \"30m\", \"2h\" or \"1d\"",
};

static int set_quantity(const struct crl_keys_at *at, const struct quantity *q)
{
	const char *text = config_setting_get_string(at->setting);
	const char *also = at->key->max == CRL_UNLIMITED ? " or \"unlimited\"" : "";
	char min[24];
	char max[24];
	int rc = text ? q->parse(text, at->key->min, at->key->max, crl_key_field(at)) : -EINVAL;

	if (rc == -ERANGE) {
		q->format(at->key->min, min, sizeof(min));
		q->format(at->key->max, max, sizeof(max));
		return crl_key_refuse(at, at->setting, "at least \"%s\"%s%s%s%s", min, also[0] ? "" : " and at most \"",
				      also[0] ? "" : max, also[0] ? "" : "\"", also);
	}
	return rc < 0 ? crl_key_refuse(at, at->setting, "%s%s", q->form, also) : 0;
}

static int start_quantity(const struct quantity *q, const struct crl_key *key, void *field)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(key->def + 1, "\""), key->def + 1);
	return q->parse(text, key->min, key->max, field);
}

static int put_quantity(FILE *f, const struct quantity *q, const void *field)
{
	char text[24];

	q->format(*(const uint64_t *)field, text, sizeof(text));
	crl_put_text(f, text);
	return 0;
}

static int set_size(const struct crl_keys_at *at)
{
	return set_quantity(at, &quantity_size);
}

static int start_size(const struct crl_key *key, void *field)
{
	return start_quantity(&quantity_size, key, field);
}

static int put_size(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	return put_quantity(f, &quantity_size, field);
}

const struct crl_key_type crl_type_size = {
	.name = "Size",
	.size = sizeof(uint64_t),
	.set = set_size,
	.start = start_size,
	.put = put_size,
	.exceeds = number_exceeds,
};

static int set_rate(const struct crl_keys_at *at)
{
	return set_quantity(at, &quantity_rate);
}

static int start_rate(const struct crl_key *key, void *field)
{
	return start_quantity(&quantity_rate, key, field);
}

static int put_rate(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	return put_quantity(f, &quantity_rate, field);
}

const struct crl_key_type crl_type_rate = {
	.name = "Rate",
	.size = sizeof(uint64_t),
	.set = set_rate,
	.start = start_rate,
	.put = put_rate,
	.exceeds = number_exceeds,
};

static int set_percent(const struct crl_keys_at *at)
{
	return set_quantity(at, &quantity_percent);
}

static int start_percent(const struct crl_key *key, void *field)
{
	return start_quantity(&quantity_percent, key, field);
}

static int put_percent(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	return put_quantity(f, &quantity_percent, field);
}

const struct crl_key_type crl_type_percent = {
	.name = "Percentage",
	.size = sizeof(uint64_t),
	.set = set_percent,
	.start = start_percent,
	.put = put_percent,
	.exceeds = number_exceeds,
};

static int set_duration(const struct crl_keys_at *at)
{
	return set_quantity(at, &quantity_duration);
}

static int start_duration(const struct crl_key *key, void *field)
{
	return start_quantity(&quantity_duration, key, field);
}

static int put_duration(FILE *f, const struct crl_key *key, const void *field)
{
	(void)key;
	return put_quantity(f, &quantity_duration, field);
}

const struct crl_key_type crl_type_duration = {
	.name = "Duration",
	.size = sizeof(uint64_t),
	.set = set_duration,
	.start = start_duration,
	.put = put_duration,
	.exceeds = number_exceeds,
};

static int set_word(const struct crl_keys_at *at)
{
	const char *text = config_setting_get_string(at->setting);
	const char *const *words = at->key->words;
	struct crl_nearest nearest;
	char list[128] = "", hint[CRL_NEAREST_HINT];

	crl_nearest_begin(&nearest, text ? text : "");

	for (unsigned int i = 0; words[i]; i++) {
		size_t len = strlen(list);

		if (text && strcmp(text, words[i]) == 0) {
			*(unsigned int *)crl_key_field(at) = i;
			return 0;
		}
		crl_nearest_offer(&nearest, words[i]);
		(void)snprintf(list + len, sizeof(list) - len, "%s\"%s\"",
			       i == 0         ? ""
			       : words[i + 1] ? ", "
					      : " or ",
			       words[i]);
	}
	return crl_key_refuse(at, at->setting, "%s%s", list,
			      text ? crl_nearest_hint(&nearest, hint, sizeof(hint)) : "");
}

static int start_word(const struct crl_key *key, void *field)
{
	for (unsigned int i = 0; key->words[i]; i++) {
		size_t len = strlen(key->words[i]);

		if (strncmp(key->def + 1, key->words[i], len) == 0 && key->def[1 + len] == '"') {
			*(unsigned int *)field = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int put_word(FILE *f, const struct crl_key *key, const void *field)
{
	crl_put_text(f, key->words[*(const unsigned int *)field]);
	return 0;
}

static bool word_exceeds(const void *a, const void *b)
{
	return *(const unsigned int *)a > *(const unsigned int *)b;
}

const struct crl_key_type crl_type_word = {
	.size = sizeof(unsigned int),
	.set = set_word,
	.start = start_word,
	.put = put_word,
	.exceeds = word_exceeds,
};
