// SPDX-License-Identifier: Apache-2.0
/*
 * See command.h.
 *
 * R1: what a user may choose, their name, adds no word and makes no option.
 */
#include "policy/rules/command.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/path.h"

static const char blanks[] = " \t";
static const char letters[] = "uUshH%";

static const char expected[] = "an absolute path and words, such as \"/usr/local/sbin/has-job %u\"";

static const char *word_fault(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("'\"`\\$;&|<>", word[i]) || (unsigned char)word[i] < ' ')
			return "words without quotes and signs of a shell's: none reads them";
		if (word[i] != '%')
			continue;
		if (++i == len || !strchr(letters, word[i]))
			return "%u, %U, %s, %h, %H or %% after each per cent sign";
	}
	return NULL;
}

const char *crl_command_fault(const char *text)
{
	size_t len = strcspn(text, blanks), words = 1;
	char path[PATH_MAX];
	const char *fault;

	if (text[0] != '/' || len >= sizeof(path) || strlen(text) >= CRL_COMMAND_BYTES)
		return expected;
	memcpy(path, text, len);
	path[len] = '\0';
	fault = crl_path_fault(path);
	if (fault || strchr(path, '%'))
		return fault ? fault : "a path without a per cent sign";
	fault = word_fault(text, len);
	for (text += len; !fault && *(text += strspn(text, blanks)); text += len) {
		len = strcspn(text, blanks);
		if (++words > CRL_COMMAND_WORDS)
			return "at most 16 words";
		fault = word_fault(text, len);
	}
	return fault;
}

struct command_text {
	struct crl_command *to;
	size_t len;
};

static int put(struct command_text *t, const char *bytes, size_t len)
{
	if (len > sizeof(t->to->bytes) - t->len)
		return -E2BIG;
	memcpy(t->to->bytes + t->len, bytes, len);
	t->len += len;
	return 0;
}

/* R1 */
static int put_word(struct command_text *t, const char *word, size_t len, const struct crl_facts *f)
{
	const size_t begin = t->len;
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		char value[CRL_FACT_MAX];

		if (word[i] != '%') {
			rc = put(t, word + i, 1);
		} else if (word[++i] == '%') {
			rc = put(t, "%", 1);
		} else {
			rc = crl_fact_of(f, word[i], value);
			if (rc == 0)
				rc = put(t, value, strlen(value));
		}
	}
	if (rc == 0)
		rc = put(t, "", 1);
	return rc == 0 && t->to->bytes[begin] == '-' && word[0] != '-' ? -EINVAL : rc;
}

int crl_command_expand(const char *text, const struct crl_facts *f, struct crl_command *ret, struct crl_err *err)
{
	struct command_text t = {.to = ret};
	size_t words = 0;
	int rc = crl_command_fault(text) ? -EINVAL : 0;

	memset(ret->argv, 0, sizeof(ret->argv));
	for (size_t len; rc == 0 && *(text += strspn(text, blanks)); text += len) {
		len = strcspn(text, blanks);
		ret->argv[words++] = ret->bytes + t.len;
		rc = put_word(&t, text, len, f);
		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_RULE,
					   "command: \"%.*s\" has no value that is an argument", (int)len, text);
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_RULE, "command: \"%s\" is none", text) : 0;
}
