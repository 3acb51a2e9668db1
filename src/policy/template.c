// SPDX-License-Identifier: Apache-2.0
/* Templates in paths; see template.h. */
#include "policy/template.h"

#include <limits.h>
#include <string.h>

#include "base/path.h"

static const char *const letters_of[] = {
	[CRL_LETTERS_NONE] = "",
	[CRL_LETTERS_USER] = "uUhH%",
	[CRL_LETTERS_LOGIN] = "uUghHs%",
};

const char *crl_template_fault(const char *text, enum crl_letters letters)
{
	if (letters == CRL_LETTERS_NONE)
		return NULL;
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 2, '%')) {
		if (!p[1] || !strchr(letters_of[letters], p[1])) {
			return letters == CRL_LETTERS_USER ? "%u, %U, %h, %H or %% after each per cent sign"
							   : "%u, %U, %g, %h, %H, %s or %% after each per cent sign";
		}
	}
	return NULL;
}

int crl_fact_of(const struct crl_facts *f, char letter, char buf[CRL_FACT_MAX])
{
	const char *text = NULL;
	size_t len;

	switch (letter) {
	case 'u':
		text = f->login->user;
		break;
	case 'U':
		(void)snprintf(buf, CRL_FACT_MAX, "%u", f->login->uid);
		return 0;
	case 'g':
		text = f->group;
		break;
	case 'h':
	case 'H':
		text = f->host;
		break;
	case 's':
		text = f->login->service;
		break;
	default:
		return -EINVAL;
	}
	len = text ? letter == 'h' ? strcspn(text, ".") : strlen(text) : 0;
	if (len == 0 || len >= CRL_FACT_MAX)
		return -ENODATA;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

struct template_text {
	char bytes[PATH_MAX];
	size_t len;
	bool full;
};

static void put(struct template_text *t, const char *bytes, size_t len)
{
	t->full = t->full || len >= sizeof(t->bytes) - t->len;
	if (!t->full) {
		memcpy(t->bytes + t->len, bytes, len);
		t->len += len;
		t->bytes[t->len] = '\0';
	}
}

/* The per cent sign is among what is encoded, so that no value can pass for another one's code. */
static bool is_plain(const char *value, size_t i)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+";

	return strchr(plain, value[i]) && !(i == 0 && value[i] == '.');
}

static void put_value(struct template_text *t, const char *value)
{
	for (size_t i = 0; value[i]; i++) {
		char code[4];

		if (is_plain(value, i)) {
			put(t, value + i, 1);
			continue;
		}
		(void)snprintf(code, sizeof(code), "%%%02x", (unsigned char)value[i]);
		put(t, code, 3);
	}
}

/* The kernel would say so only where the path is used, and there a missing file may be no error. */
static bool has_long_component(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		p += *p == '/';
		if (strcspn(p, "/") > NAME_MAX)
			return true;
	}
	return false;
}

int crl_expand_path(const char *key, const char *text, const struct crl_facts *f, char **ret, struct crl_err *err)
{
	struct template_text t = {.len = 0};
	const char *fault;

	for (const char *p = text; *p; p++) {
		char value[CRL_FACT_MAX];
		int rc;

		if (*p != '%' || p[1] == '%') {
			put(&t, p, 1);
			p += *p == '%';
			continue;
		}
		rc = crl_fact_of(f, *++p, value);
		if (rc < 0) {
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: \"%.100s\": %%%c %s", key, text,
					   *p ? *p : ' ',
					   rc == -ENODATA ? "has no value for this login" : "is no template");
		}
		put_value(&t, value);
	}
	if (t.full || has_long_component(t.bytes)) {
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "%s: \"%.100s\" is too long for this login",
				   key, text);
	}
	fault = crl_path_fault(t.bytes);
	if (fault) {
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: \"%.100s\" comes out as \"%.100s\", expected %s",
				   key, text, t.bytes, fault);
	}
	*ret = strdup(t.bytes);
	return *ret ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}
