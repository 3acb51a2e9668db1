// SPDX-License-Identifier: Apache-2.0
/*
 * The text of a published policy: THE place that knows how it is written and read.
 *
 * Lines "key value" up to an empty one, then the policy as carrel.conf writes it.
 *  R1  Every line has to be there once, in this order, and nothing else: what is not understood is no policy. The line
 *      "kept" is there where the policy keeps a home, "contact" where the host has one.
 *
 * Runs in: carrelctl, carrel-shell. Pure.
 */
#include "state/published.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"
#include "policy/file/load.h"

#define FIRST_LINE "carrel-published 1"
#define INSN_DIGITS 16

_Static_assert(sizeof(struct sock_filter) * 2 == INSN_DIGITS, "an instruction is eight bytes");

static bool is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static void put_filter(FILE *f, const struct crl_filter *filter)
{
	fputs("filter ", f);
	for (uint32_t i = 0; i < filter->len; i++)
		fprintf(f, "%04x%02x%02x%08x", filter->insn[i].code, filter->insn[i].jt, filter->insn[i].jf,
			filter->insn[i].k);
	fputc('\n', f);
}

static int put_policy(FILE *f, const struct crl_published *p)
{
	scoped_free char *text = NULL;
	int rc = crl_policy_dump(&p->policy, &text);

	if (rc == 0)
		fprintf(f, "policies = {\n%s = {\n%s};\n};\n", p->policy.name, text);
	return rc;
}

int crl_published_print(const struct crl_published *p, char **ret, struct crl_err *err)
{
	const char *const texts[] = {p->user, p->group, p->home, p->shell, p->contact, p->kept};
	char *text = NULL;
	size_t len = 0;
	int rc = 0;
	FILE *f;

	for (size_t i = 0; i < CRL_ARRAY_LEN(texts); i++)
		if (!is_line(texts[i]))
			return crl_err_set(err, EINVAL, CRL_STAGE_STATE,
					   "a name or path of user %" PRIu32 " has a control character", p->uid);
	f = open_memstream(&text, &len);
	if (!f)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	fprintf(f, FIRST_LINE "\nuser %s\nuid %" PRIu32 "\ngid %" PRIu32 "\ngroup %s\nhome %s\nshell %s\n", p->user,
		p->uid, p->gid, p->group, p->home, p->shell);
	if (p->contact[0])
		fprintf(f, "contact %s\n", p->contact);
	fprintf(f, "room %s\n", p->room ? "yes" : "no");
	if (p->room) {
		fprintf(f, "policy %s\nnest %s\n", p->policy.name, p->nest ? "yes" : "no");
		if (p->kept[0])
			fprintf(f, "kept %s\n", p->kept);
		put_filter(f, &p->filter);
		fputc('\n', f);
		rc = put_policy(f, p);
	}
	if (fclose(f) != 0 || rc < 0) {
		free(text);
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	}
	*ret = text;
	return 0;
}

/* A text that is being read. */
struct published_reading {
	char *at;
	struct crl_err *err;
};

static int refuse(const struct published_reading *r, const char *key)
{
	return crl_err_set(r->err, EBADMSG, CRL_STAGE_CONFIG, "the published policy has no proper line \"%s\"", key);
}

/* R1. The value of the next line, which has to have that key; it ends with a NUL from then on. */
static int take(struct published_reading *r, const char *key, const char **ret)
{
	size_t len = strlen(key);
	char *end = strchr(r->at, '\n');

	if (!end || strncmp(r->at, key, len) != 0 || r->at[len] != ' ')
		return refuse(r, key);
	*end = '\0';
	*ret = r->at + len + 1;
	r->at = end + 1;
	return is_line(*ret) ? 0 : refuse(r, key);
}

static int take_text(struct published_reading *r, const char *key, char *ret, size_t size)
{
	const char *value;
	int rc = take(r, key, &value);

	if (rc < 0)
		return rc;
	if (strlen(value) >= size)
		return refuse(r, key);
	memcpy(ret, value, strlen(value) + 1);
	return 0;
}

static int take_id(struct published_reading *r, const char *key, uint32_t *ret)
{
	const char *value;
	uint64_t id;
	int rc = take(r, key, &value);

	if (rc < 0)
		return rc;
	if (crl_parse_uint(value, 0, UINT32_MAX - 1, &id) < 0)
		return refuse(r, key);
	*ret = (uint32_t)id;
	return 0;
}

static int take_bool(struct published_reading *r, const char *key, bool *ret)
{
	const char *value;
	int rc = take(r, key, &value);

	if (rc < 0)
		return rc;
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ? 0 : refuse(r, key);
}

static bool read_hex(const char *text, size_t digits, uint32_t *ret)
{
	static const char hex[] = "0123456789abcdef";

	*ret = 0;
	for (size_t i = 0; i < digits; i++) {
		const char *d = text[i] ? strchr(hex, text[i]) : NULL;

		if (!d)
			return false;
		*ret = *ret << 4 | (uint32_t)(d - hex);
	}
	return true;
}

static bool read_insn(const char *text, struct sock_filter *ret)
{
	uint32_t code, jt, jf, k;

	if (!read_hex(text, 4, &code) || !read_hex(text + 4, 2, &jt) || !read_hex(text + 6, 2, &jf) ||
	    !read_hex(text + 8, 8, &k))
		return false;
	*ret = (struct sock_filter){.code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k};
	return true;
}

static int take_filter(struct published_reading *r, struct crl_filter *ret)
{
	const char *value;
	int rc = take(r, "filter", &value);
	size_t len;

	if (rc < 0)
		return rc;
	len = strlen(value);
	if (len % INSN_DIGITS != 0 || len / INSN_DIGITS > CRL_FILTER_MAX)
		return refuse(r, "filter");
	for (size_t i = 0; i < len / INSN_DIGITS; i++)
		if (!read_insn(value + i * INSN_DIGITS, &ret->insn[i]))
			return refuse(r, "filter");
	ret->len = (uint32_t)(len / INSN_DIGITS);
	return 0;
}

/* @name  of the policy; what is left of the text defines it and nothing else counts */
static int take_policy(struct published_reading *r, size_t len, const char *name, struct crl_policy *ret)
{
	struct crl_config *c = NULL;
	int rc;

	if (len < 1 || *r->at != '\n')
		return refuse(r, "policies");
	r->at++;
	rc = crl_config_parse("the published policy", r->at, len - 1, &c, r->err);
	if (rc < 0)
		return rc;
	rc = crl_config_policy(c, name, ret, r->err);
	crl_config_free(c);
	return rc;
}

/* What the policy wants has to be there: a filter, and where changes are kept. */
static int check(const struct published_reading *r, const struct crl_published *p)
{
	bool wants = p->policy.seccomp.base[0] && p->policy.need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF;

	if (wants != (p->filter.len > 0))
		return refuse(r, "filter");
	return crl_policy_keeps_home(&p->policy) != (p->kept[0] != '\0') ? refuse(r, "kept") : 0;
}

static int take_room(struct published_reading *r, const char *end, struct crl_published *ret)
{
	char name[CRL_POLICY_NAME_MAX];
	int rc = take_text(r, "policy", name, sizeof(name));

	if (rc == 0)
		rc = take_bool(r, "nest", &ret->nest);
	if (rc == 0 && strncmp(r->at, "kept ", 5) == 0)
		rc = take_text(r, "kept", ret->kept, sizeof(ret->kept));
	if (rc == 0 && ret->kept[0] && crl_path_fault(ret->kept))
		rc = refuse(r, "kept");
	if (rc == 0)
		rc = take_filter(r, &ret->filter);
	if (rc == 0)
		rc = take_policy(r, (size_t)(end - r->at), name, &ret->policy);
	return rc < 0 ? rc : check(r, ret);
}

/* It goes to a terminal. */
static int take_contact(struct published_reading *r, char ret[CRL_CONTACT_MAX])
{
	int rc = strncmp(r->at, "contact ", 8) == 0 ? take_text(r, "contact", ret, CRL_CONTACT_MAX) : 0;

	return rc == 0 && !crl_err_contact_is_valid(ret) ? refuse(r, "contact") : rc;
}

int crl_published_parse(char *text, size_t len, struct crl_published *ret, struct crl_err *err)
{
	struct published_reading r = {.at = text, .err = err};
	const char *first;
	int rc;

	*ret = (struct crl_published){.room = false};
	if (strlen(text) != len)
		return refuse(&r, FIRST_LINE);
	rc = take(&r, "carrel-published", &first);
	if (rc == 0 && strcmp(first, "1") != 0)
		rc = refuse(&r, FIRST_LINE);
	if (rc == 0)
		rc = take_text(&r, "user", ret->user, sizeof(ret->user));
	if (rc == 0)
		rc = take_id(&r, "uid", &ret->uid);
	if (rc == 0)
		rc = take_id(&r, "gid", &ret->gid);
	if (rc == 0)
		rc = take_text(&r, "group", ret->group, sizeof(ret->group));
	if (rc == 0)
		rc = take_text(&r, "home", ret->home, sizeof(ret->home));
	if (rc == 0)
		rc = take_text(&r, "shell", ret->shell, sizeof(ret->shell));
	if (rc == 0)
		rc = take_contact(&r, ret->contact);
	if (rc == 0)
		rc = take_bool(&r, "room", &ret->room);
	if (rc == 0 && (!ret->user[0] || crl_path_fault(ret->home) || crl_path_fault(ret->shell)))
		rc = refuse(&r, "user, home, shell");
	if (rc < 0)
		return rc;
	if (ret->room)
		return take_room(&r, text + len, ret);
	return *r.at ? refuse(&r, "room") : 0;
}

void crl_published_done(struct crl_published *p)
{
	crl_policy_done(&p->policy);
	*p = (struct crl_published){.room = false};
}
