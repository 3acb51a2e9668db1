// SPDX-License-Identifier: Apache-2.0
/*
 * The error record: set, wrap, describe.
 *
 * Runs in: every product, the PAM module included; no allocation, no globals, no locale.
 * Trusts: nothing in a record that came over a socket before crl_err_check().
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/phrases.h"
#include "base/scope.h"
#include "base/utf8.h"

#define ERRNO_MAX 4095 /* the kernel's own bound of an errno */

static const char *const stage_names[CRL_STAGE_COUNT] = {
	[CRL_STAGE_NONE] = "NONE",     [CRL_STAGE_CALLER] = "CALLER",   [CRL_STAGE_ARGS] = "ARGS",
	[CRL_STAGE_HELPER] = "HELPER", [CRL_STAGE_REQUEST] = "REQUEST", [CRL_STAGE_CONFIG] = "CONFIG",
	[CRL_STAGE_RULE] = "RULE",     [CRL_STAGE_STATE] = "STATE",     [CRL_STAGE_NAMESPACE] = "NAMESPACE",
	[CRL_STAGE_MOUNT] = "MOUNT",   [CRL_STAGE_HOME] = "HOME",       [CRL_STAGE_LIMITS] = "LIMITS",
	[CRL_STAGE_FILTER] = "FILTER", [CRL_STAGE_CAPS] = "CAPS",       [CRL_STAGE_ADOPT] = "ADOPT",
	[CRL_STAGE_DRAIN] = "DRAIN",
};

const char *crl_stage_name(uint32_t stage)
{
	return stage < CRL_STAGE_COUNT ? stage_names[stage] : stage_names[CRL_STAGE_NONE];
}

static CRL_PRINTF(6, 0) int set(struct crl_err *err, int code, enum crl_stage stage, const char *file, int line,
				const char *fmt, va_list ap)
{
	struct crl_err fresh = {.code = code > 0 && code <= ERRNO_MAX ? code : EIO, .stage = stage, .line = line};

	if (!err)
		return -fresh.code;
	/* Built beside the record: the arguments may point into it. */
	(void)vsnprintf(fresh.text, sizeof(fresh.text), fmt, ap);
	if (file)
		(void)snprintf(fresh.file, sizeof(fresh.file), "%s", file);
	*err = fresh;
	return -fresh.code;
}

int crl_err_set(struct crl_err *err, int code, enum crl_stage stage, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = set(err, code, stage, NULL, 0, fmt, ap);
	va_end(ap);
	return rc;
}

int crl_err_at(struct crl_err *err, int code, enum crl_stage stage, const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = set(err, code, stage, file, line, fmt, ap);
	va_end(ap);
	return rc;
}

int crl_err_wrap(struct crl_err *err, int rc, enum crl_stage stage, const char *fmt, ...)
{
	char old[CRL_ERR_TEXT_MAX];
	size_t len;
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	if (!err->code) {
		(void)set(err, -rc, stage, NULL, 0, fmt, ap);
		va_end(ap);
		return rc;
	}
	memcpy(old, err->text, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", old);
	return rc;
}

bool crl_err_contact_is_valid(const char *text)
{
	return strlen(text) < CRL_CONTACT_MAX && crl_utf8_is_plain(text);
}

void crl_err_contact(struct crl_err *err, const char *text)
{
	if (text && crl_err_contact_is_valid(text))
		(void)snprintf(err->contact, sizeof(err->contact), "%s", text);
}

/* Append as it is, or nothing when it does not fit. */
static size_t put_raw(char *buf, size_t size, size_t at, const char *piece)
{
	size_t len = strlen(piece);

	if (at + len >= size)
		return at;
	memcpy(buf + at, piece, len + 1);
	return at + len;
}

/* Append with every byte that a log or a terminal could take for a command written as \xNN. */
static size_t put_visible(char *buf, size_t size, size_t at, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		char piece[5];
		size_t len;

		if (*p < 0x20 || *p >= 0x7f)
			(void)snprintf(piece, sizeof(piece), "\\x%02x", *p);
		else
			(void)snprintf(piece, sizeof(piece), *p == '\\' ? "\\\\" : "%c", *p);
		len = strlen(piece);
		if (at + len >= size)
			break;
		memcpy(buf + at, piece, len + 1);
		at += len;
	}
	return at;
}

void crl_err_show(const struct crl_err *err, char *buf, size_t size)
{
	if (!size)
		return;
	buf[0] = '\0';
	(void)put_visible(buf, size, 0, err->text);
}

/* True for the "=" of a word that could pass for a field: " uid=", from its beginning at @word. */
static bool ends_key(const char *word, const char *equals)
{
	for (const char *p = word; p < equals; p++)
		if ((*p < 'a' || *p > 'z') && *p != '_')
			return false;
	return equals > word;
}

/*
 * What happened is told in words, and some of them may be a user's: a home, say. No word of it looks like a field of
 * the line.
 */
static void put_words(char *buf, size_t size, size_t at, const char *text)
{
	const char *word = text;

	for (const char *p = text; *p && at < size; p++) {
		char one[2] = {*p, '\0'};
		size_t next;

		if (*p == '=' && ends_key(word, p))
			next = put_raw(buf, size, at, "\\x3d");
		else
			next = put_visible(buf, size, at, one);
		if (next == at)
			break; /* cut after a whole character */
		at = next;
		if (*p == ' ')
			word = p + 1;
	}
}

void crl_err_format(const struct crl_err *err, char *buf, size_t size)
{
	const char *name = strerrorname_np(err->code);
	char number[48];
	size_t at = 0;

	if (!size)
		return;
	buf[0] = '\0';
	at = put_visible(buf, size, at, "stage=");
	at = put_visible(buf, size, at, crl_stage_name(err->stage));
	if (err->file[0]) {
		at = put_visible(buf, size, at, " file=");
		at = put_visible(buf, size, at, err->file);
	}
	if (err->line > 0) {
		(void)snprintf(number, sizeof(number), " line=%d", err->line);
		at = put_visible(buf, size, at, number);
	}
	if (name && err->code)
		(void)snprintf(number, sizeof(number), " errno=%s: ", name);
	else
		(void)snprintf(number, sizeof(number), " errno=%d: ", err->code);
	at = put_visible(buf, size, at, number);
	put_words(buf, size, at, err->text);
}

int crl_err_check(const struct crl_err *err)
{
	if (err->code < 1 || err->code > ERRNO_MAX)
		return -EBADMSG;
	if (err->stage == CRL_STAGE_NONE || err->stage >= CRL_STAGE_COUNT || err->line < 0 ||
	    err->language >= CRL_LANGUAGE_COUNT)
		return -EBADMSG;
	if (!memchr(err->file, '\0', sizeof(err->file)) || !memchr(err->text, '\0', sizeof(err->text)))
		return -EBADMSG;
	if (!memchr(err->login, '\0', sizeof(err->login)) || !memchr(err->policy, '\0', sizeof(err->policy)))
		return -EBADMSG;
	if (!memchr(err->contact, '\0', sizeof(err->contact)) || !crl_utf8_is_plain(err->contact))
		return -EBADMSG;
	return 0;
}
