// SPDX-License-Identifier: Apache-2.0
/* A policy from the text of a whole configuration, and texts of the source tree (CARREL_SRC names it from elsewhere). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/file/load.h"
#include "policy/file/source.h"

/* @ret  to be freed with crl_config_free() */
static inline int config_from_text(const char *text, struct crl_config **ret, struct crl_err *err)
{
	scoped_free char *copy = strdup(text);
	struct crl_source *s = NULL;
	int rc = crl_source_parse("text", copy, strlen(copy), &s, err);

	return rc < 0 ? rc : crl_config_from_source(s, ret, err);
}

static inline int policy_from_text(const char *text, const char *name, struct crl_policy *ret, struct crl_err *err)
{
	struct crl_config *c = NULL;
	int rc = config_from_text(text, &c, err);

	rc = rc < 0 ? rc : crl_config_policy(c, name, ret, err);
	crl_config_free(c);
	return rc;
}

static inline char *read_file(const char *path)
{
	const char *src = getenv("CARREL_SRC");
	scoped_free char *full = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	assert_true(asprintf(&full, "%s/%s", src ? src : ".", path) > 0);
	f = fopen(full, "re");
	if (!f) {
		fail_msg("%s: %s", full, strerror(errno));
		return NULL;
	}
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	(void)fclose(f);
	return text;
}

static const char *const shipped_names[] = {"shared", "strict", "sftp-only", "dev", "hpc", "workshop", "admin"};

/* All shipped policies as the definitions of one file, so that the test needs no root-owned source tree. */
static inline char *shipped_policies(void)
{
	char *all = strdup("policies = {\n");

	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		scoped_free char *path = NULL;
		scoped_free char *text = NULL;
		scoped_free char *before = all;
		char *start;
		char *end;

		assert_true(asprintf(&path, "conf/policies/%s.conf", shipped_names[i]) > 0);
		text = read_file(path);
		start = strstr(text, "policies = {");
		end = strrchr(text, '}');
		assert_non_null(start);
		assert_non_null(end);
		*end = '\0';
		assert_true(asprintf(&all, "%s%s", before, start + strlen("policies = {")) > 0);
	}
	all = realloc(all, strlen(all) + 4);
	return strcat(all, "};\n");
}
