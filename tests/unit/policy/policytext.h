// SPDX-License-Identifier: Apache-2.0
/* A policy from the text of a whole configuration, and texts of the source tree (CARREL_SRC names it from elsewhere). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"
#include "policy/source.h"

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
