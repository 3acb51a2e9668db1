// SPDX-License-Identifier: Apache-2.0
/* See parse.h. */
#include "base/parse.h"

#include <inttypes.h>
#include <string.h>

struct size_unit {
	const char *suffix;
	uint64_t factor;
};

/* Largest first: the formatter takes the first that divides evenly. */
static const struct size_unit size_units[] = {
	{"T", UINT64_C(1) << 40}, {"G", 1u << 30}, {"M", 1u << 20}, {"K", 1u << 10}, {"", 1},
};
/* As tc(8) and makers of networks count. */
static const struct size_unit rate_units[] = {{"G", 1000000000}, {"M", 1000000}, {"K", 1000}, {"", 1}};
static const struct size_unit percent_units[] = {{"%", 10}};
static const struct size_unit duration_units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};

/* Digits at the start of @text. strtoull() would take spaces, signs and octal as well. */
static int parse_digits(const char *text, uint64_t *ret, const char **ret_end)
{
	size_t len = strspn(text, "0123456789");
	uint64_t value = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -ERANGE;
	*ret = value;
	*ret_end = text + len;
	return 0;
}

static int in_range(uint64_t value, uint64_t min, uint64_t max, uint64_t *ret)
{
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static int parse_units(const char *text, const struct size_unit *units, size_t len, uint64_t *ret)
{
	const char *end = NULL;
	uint64_t value = 0;
	int rc = parse_digits(text, &value, &end);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < len; i++)
		if (strcmp(end, units[i].suffix) == 0)
			return __builtin_mul_overflow(value, units[i].factor, ret) ? -ERANGE : 0;
	return -EINVAL;
}

int crl_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *end = NULL;
	uint64_t value = 0;
	int rc = parse_digits(text, &value, &end);

	if (rc < 0)
		return rc;
	return *end ? -EINVAL : in_range(value, min, max, ret);
}

static bool is_unlimited(const char *text, uint64_t max)
{
	return max == UINT64_MAX && strcmp(text, "unlimited") == 0;
}

/* A number that happens to be UINT64_MAX must not turn into "unlimited". */
static int in_finite_range(uint64_t value, uint64_t min, uint64_t max, uint64_t *ret)
{
	return in_range(value, min, max == UINT64_MAX ? max - 1 : max, ret);
}

static int parse_amount(const char *text, const struct size_unit *units, size_t len, const uint64_t range[2],
			uint64_t *ret)
{
	uint64_t value = 0;
	int rc;

	if (is_unlimited(text, range[1])) {
		*ret = UINT64_MAX;
		return 0;
	}
	rc = parse_units(text, units, len, &value);
	return rc < 0 ? rc : in_finite_range(value, range[0], range[1], ret);
}

int crl_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse_amount(text, size_units, CRL_ARRAY_LEN(size_units), (uint64_t[]){min, max}, ret);
}

int crl_parse_rate(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse_amount(text, rate_units, CRL_ARRAY_LEN(rate_units), (uint64_t[]){min, max}, ret);
}

int crl_parse_percent(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	int rc;

	if (is_unlimited(text, max)) {
		*ret = UINT64_MAX;
		return 0;
	}
	rc = parse_units(text, percent_units, CRL_ARRAY_LEN(percent_units), &value);
	return rc < 0 ? rc : in_finite_range(value, min, max, ret);
}

int crl_parse_duration(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	int rc = 0;

	if (strcmp(text, "0") != 0)
		rc = parse_units(text, duration_units, CRL_ARRAY_LEN(duration_units), &value);
	return rc < 0 ? rc : in_range(value, min, max, ret);
}

bool crl_name_is_valid(const char *text, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = strlen(text);

	return len > 0 && len < size && strspn(text, letters) == len && strchr("0123456789-_", text[0]) == NULL;
}

static void format_units(uint64_t value, const struct size_unit *units, size_t len, char *buf, size_t size)
{
	size_t i = 0;

	while (i + 1 < len && value % units[i].factor != 0)
		i++;
	(void)snprintf(buf, size, "%" PRIu64 "%s", value / units[i].factor, units[i].suffix);
}

void crl_format_size(uint64_t bytes, char *buf, size_t size)
{
	if (bytes == UINT64_MAX || bytes == 0) {
		(void)snprintf(buf, size, "%s", bytes ? "unlimited" : "0");
		return;
	}
	format_units(bytes, size_units, CRL_ARRAY_LEN(size_units), buf, size);
}

void crl_format_rate(uint64_t bits, char *buf, size_t size)
{
	if (bits == UINT64_MAX || bits == 0) {
		(void)snprintf(buf, size, "%s", bits ? "unlimited" : "0");
		return;
	}
	format_units(bits, rate_units, CRL_ARRAY_LEN(rate_units), buf, size);
}

void crl_format_percent(uint64_t permille, char *buf, size_t size)
{
	if (permille == UINT64_MAX) {
		(void)snprintf(buf, size, "unlimited");
		return;
	}
	format_units(permille, percent_units, CRL_ARRAY_LEN(percent_units), buf, size);
}

void crl_format_duration(uint64_t seconds, char *buf, size_t size)
{
	if (seconds == 0) {
		(void)snprintf(buf, size, "0");
		return;
	}
	format_units(seconds, duration_units, CRL_ARRAY_LEN(duration_units), buf, size);
}

#define DISTANCE_MAX 64

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t crl_word_distance(const char *a, const char *b)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t alen = strlen(a);
	size_t blen = strlen(b);

	if (alen > DISTANCE_MAX || blen > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3]; /* two above; only read from i = 2 on */

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			row[j] = min_of(min_of(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min_of(row[j], before[j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}
