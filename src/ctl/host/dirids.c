// SPDX-License-Identifier: Apache-2.0
/* See dirids.h. What cannot be read says nothing: this warns, and nothing depends on it. */
#include "ctl/host/dirids.h"

#include <ctype.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/parse.h"
#include "base/scope.h"

/* sssd-ldap(5): ldap_idmap_range_min, ldap_idmap_range_max */
#define SSSD_MIN 200000u
#define SSSD_MAX 2000200000u

/* What a domain of SSSD's says so far. */
struct domain {
	bool is_one; /* a section of another kind is none */
	bool maps; /* ldap_id_mapping; id_provider = ad has it by itself */
	bool told; /* it is said, whatever the provider has */
	bool is_ad;
	uint64_t min, max;
	int line;
};

struct look {
	const struct crl_subid_range *range;
	struct ctl_dirids *ret;
	const char *file;
	int line;
	struct domain domain;
};

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static bool meets(struct look *l, uint64_t first, uint64_t last, int line)
{
	const struct crl_subid_range *r = l->range;

	if (first > last || last > UINT32_MAX || first > (uint64_t)r->first + r->count - 1 || last < r->first)
		return false;
	*l->ret = (struct ctl_dirids){.range = {(uint32_t)first, (uint32_t)(last - first + 1)}, .line = line};
	(void)snprintf(l->ret->file, sizeof(l->ret->file), "%s", l->file);
	return true;
}

static bool end_domain(struct look *l)
{
	struct domain d = l->domain;

	l->domain = (struct domain){.min = SSSD_MIN, .max = SSSD_MAX};
	return d.is_one && (d.told ? d.maps : d.is_ad) && d.max > 0 && meets(l, d.min, d.max - 1, d.line);
}

static void take_number(struct look *l, const char *value, uint64_t *ret)
{
	if (crl_parse_uint(value, 0, UINT32_MAX, ret) == 0)
		l->domain.line = l->line;
}

static bool take_sssd(struct look *l, char *text)
{
	char *value = strchr(text, '=');
	bool met = false;

	if (*text == '[') {
		met = end_domain(l);
		l->domain.is_one = strncmp(text, "[domain/", 8) == 0;
		l->domain.line = l->line;
	}
	if (*text == '[' || !value)
		return met;
	*value++ = '\0';
	text = trim(text);
	value = trim(value);
	if (strcasecmp(text, "id_provider") == 0)
		l->domain.is_ad = strcasecmp(value, "ad") == 0;
	else if (strcasecmp(text, "ldap_id_mapping") == 0)
		l->domain.told = true, l->domain.maps = strcasecmp(value, "true") == 0;
	else if (strcasecmp(text, "ldap_idmap_range_min") == 0)
		take_number(l, value, &l->domain.min);
	else if (strcasecmp(text, "ldap_idmap_range_max") == 0)
		take_number(l, value, &l->domain.max);
	return false;
}

/* "idmap config DOMAIN : range = 10000 - 999999"; blanks in names are of no account. */
static bool take_winbind(struct look *l, char *text)
{
	char *value = strchr(text, '='), *colon = strchr(text, ':');
	uint64_t first, last;
	char *dash;

	if (!value || !colon || colon > value || strncasecmp(text, "idmap config", 12) != 0)
		return false;
	*value++ = '\0';
	dash = strchr(value, '-');
	if (strcasecmp(trim(colon + 1), "range") != 0 || !dash)
		return false;
	*dash++ = '\0';
	return crl_parse_uint(trim(value), 0, UINT32_MAX, &first) == 0 &&
	       crl_parse_uint(trim(dash), 0, UINT32_MAX, &last) == 0 && meets(l, first, last, l->line);
}

static bool read_file(struct look *l, const char *path, bool (*take)(struct look *l, char *text))
{
	scoped_file *f = fopen(path, "re");
	scoped_free char *line = NULL;
	bool met = false;
	size_t size = 0;

	l->file = path;
	l->domain = (struct domain){.min = SSSD_MIN, .max = SSSD_MAX};
	for (l->line = 1; f && !met && getline(&line, &size, f) > 0; l->line++) {
		char *text = trim(line);

		met = *text != '#' && *text != ';' && take(l, text);
	}
	return met || (f && end_domain(l));
}

bool ctl_dirids_meet(const char *etc, const struct crl_subid_range *range, struct ctl_dirids *ret)
{
	struct look l = {.range = range, .ret = ret};
	char path[512];
	glob_t found = {0};
	bool met;

	(void)snprintf(path, sizeof(path), "%s/sssd/sssd.conf", etc ? etc : "/etc");
	met = range->count && read_file(&l, path, take_sssd);
	(void)snprintf(path, sizeof(path), "%s/sssd/conf.d/*.conf", etc ? etc : "/etc");
	if (!met && range->count && glob(path, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !met; i++)
			met = read_file(&l, found.gl_pathv[i], take_sssd);
	globfree(&found);
	(void)snprintf(path, sizeof(path), "%s/samba/smb.conf", etc ? etc : "/etc");
	return met || (range->count && read_file(&l, path, take_winbind));
}
