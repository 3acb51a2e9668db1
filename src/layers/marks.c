// SPDX-License-Identifier: Apache-2.0
/*
 * Marks, by this process or by way of its server.
 *
 * Owns: R1 a redirect is taken and set only in a form that the kernel goes by.
 */
#include "layers/marks.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/xattr.h>

#include "layers/marks_wire.h"
#include "layers/near.h"
#include "wire/fds.h"

#define OPAQUE "trusted.overlay.opaque"
#define REDIRECT "trusted.overlay.redirect"

/* R1: the kernel looks each name up, and would refuse "." and "..". */
static bool are_names(const char *text)
{
	char name[NAME_MAX + 1];

	for (;;) {
		size_t len = strcspn(text, "/");

		if (len > NAME_MAX)
			return false;
		memcpy(name, text, len);
		name[len] = '\0';
		if (!crl_near_is_name(name))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool crl_marks_redirect_is_valid(const char *text, size_t len)
{
	char copy[PATH_MAX];

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy[0] == '/' ? are_names(copy + 1) : !strchr(copy, '/') && are_names(copy);
}

static bool is_none(int error)
{
	return error == ENODATA || error == EOPNOTSUPP;
}

int crl_marks_get_own(int dir, struct crl_mark *ret)
{
	char opaque, text[PATH_MAX];
	ssize_t n = fgetxattr(dir, OPAQUE, &opaque, 1);

	*ret = (struct crl_mark){.opaque = n == 1 && opaque == 'y'};
	if (n < 0 && !is_none(errno) && errno != ERANGE) /* a longer one is none of the kernel's */
		return -errno;
	n = fgetxattr(dir, REDIRECT, text, sizeof(text) - 1);
	if (n < 0)
		return is_none(errno) ? 0 : errno == ERANGE ? -EINVAL : -errno;
	if (!crl_marks_redirect_is_valid(text, (size_t)n)) /* R1 */
		return -EINVAL;
	memcpy(ret->redirect, text, (size_t)n);
	return 0;
}

static int set_own(int dir, const char *attribute, const char *value)
{
	if (*value)
		return fsetxattr(dir, attribute, value, strlen(value), 0) < 0 ? -errno : 0;
	return fremovexattr(dir, attribute) < 0 && !is_none(errno) ? -errno : 0;
}

int crl_marks_set_own(int dir, enum crl_marks_verb verb, const char *redirect)
{
	if (verb == CRL_MARKS_REDIRECT) {
		if (*redirect && !crl_marks_redirect_is_valid(redirect, strlen(redirect))) /* R1 */
			return -EINVAL;
		return set_own(dir, REDIRECT, redirect);
	}
	return set_own(dir, OPAQUE, verb == CRL_MARKS_OPAQUE ? "y" : "");
}

/* @text  "" for what needs none */
static int ask(const struct crl_marks *m, int dir, struct crl_marks_request *q, const char *text,
	       struct crl_marks_answer *ret)
{
	const struct crl_fds_rule none = {.most = 0};
	struct iovec out[2] = {{q, sizeof(*q)}, {crl_unconst(text), strlen(text)}};
	struct iovec in = {ret, sizeof(*ret)};
	scoped(crl_fds) fds = CRL_FDS_NONE;
	ssize_t n;
	int rc;

	rc = crl_fds_send(m->sock, out, *text ? 2 : 1, &dir, 1);
	if (rc == 0)
		rc = crl_fds_wait(m->sock, INT64_MAX);
	if (rc < 0)
		return rc;
	n = crl_fds_take(m->sock, &in, 1, &none, &fds);
	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	if ((size_t)n < sizeof(ret->head) || ret->head.rc > 0 || (size_t)n - sizeof(ret->head) != ret->head.len ||
	    ret->head.len >= sizeof(ret->text))
		return -EBADMSG;
	return ret->head.rc;
}

int crl_marks_read(const struct crl_marks *m, int dir, struct crl_mark *ret)
{
	struct crl_marks_request q = {.verb = CRL_MARKS_READ};
	struct crl_marks_answer a = {0};
	int rc;

	if (m->sock < 0)
		return crl_marks_get_own(dir, ret);
	rc = ask(m, dir, &q, "", &a);
	if (rc < 0)
		return rc;
	if (a.head.len && !crl_marks_redirect_is_valid(a.text, a.head.len))
		return -EBADMSG;
	*ret = (struct crl_mark){.opaque = a.head.opaque};
	memcpy(ret->redirect, a.text, a.head.len);
	return 0;
}

int crl_marks_set_opaque(const struct crl_marks *m, int dir, bool opaque)
{
	struct crl_marks_request q = {.verb = opaque ? CRL_MARKS_OPAQUE : CRL_MARKS_NOT_OPAQUE};
	struct crl_marks_answer a;

	return m->sock < 0 ? crl_marks_set_own(dir, q.verb, "") : ask(m, dir, &q, "", &a);
}

int crl_marks_set_redirect(const struct crl_marks *m, int dir, const char *redirect)
{
	struct crl_marks_request q = {.verb = CRL_MARKS_REDIRECT};
	struct crl_marks_answer a;

	if (strlen(redirect) >= PATH_MAX)
		return -EINVAL;
	return m->sock < 0 ? crl_marks_set_own(dir, q.verb, redirect) : ask(m, dir, &q, redirect, &a);
}
