// SPDX-License-Identifier: Apache-2.0
/*
 * What the service that a login comes by has taken away from its helper: said before anything is made, or beside what
 * failed for it.
 *
 * Runs in: helper (root), which has the bounding set, the filter and the mounts of the application's service.
 */
#include "helper/service.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/err.h"
#include "base/nskind.h"
#include "base/service.h"
#include "policy/policy.h"

static bool is_wanted(const struct crl_policy *p, enum crl_want want)
{
	switch (want) {
	case CRL_WANT_ROOM:
		return p->namespaces;
	case CRL_WANT_NET:
		return p->namespaces & CRL_NS_BIT(CRL_NS_NET);
	case CRL_WANT_OVERLAY:
		return p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT) && p->home_mode == CRL_HOME_OVERLAY;
	case CRL_WANT_TIME:
		return false; /* "prefer" may do without: crl_decide() */
	case CRL_WANT_ALWAYS:
		break;
	}
	return true;
}

int crl_service_check(const struct crl_policy *p, struct crl_err *err)
{
	char missing[160] = "";

	for (size_t i = 0; i < crl_wanted_caps_len; i++) {
		const struct crl_wanted_cap *c = &crl_wanted_caps[i];
		size_t at = strlen(missing);

		if (is_wanted(p, c->want) && prctl(PR_CAPBSET_READ, c->cap) == 0)
			(void)snprintf(missing + at, sizeof(missing) - at, "%s%s", at ? ", " : "", c->name);
	}
	if (!missing[0])
		return 0;
	return crl_err_set(
		err, EPERM, CRL_STAGE_CAPS,
		"%s: not in the bounding set of this service, and without it no login of this policy can be kept "
		"(CapabilityBoundingSet= in its unit, or a container)",
		missing);
}

static CRL_PRINTF(2, 3) void add(struct crl_err *err, const char *fmt, ...)
{
	size_t len = strlen(err->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->text + len, sizeof(err->text) - len, fmt, ap);
	va_end(ap);
}

/* A home that is refused for its owner is no matter of the service's. */
static bool may_be_the_filter(const struct crl_err *err)
{
	if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		return false;
	if (err->code == ENOSYS || err->code == EIO || err->code == EPIPE) /* who was asked may have been ended by it */
		return true;
	return err->code == EPERM && err->stage != CRL_STAGE_HOME && err->stage != CRL_STAGE_CALLER &&
	       err->stage != CRL_STAGE_STATE && !strstr(err->text, "bounding set") &&
	       !strstr(err->text, "of this service");
}

void crl_service_blame(struct crl_err *err)
{
	if (err->code == EROFS)
		add(err, "; read-only for this service (ProtectSystem=strict, ReadOnlyPaths=, ProtectControlGroups= in "
			 "its unit; "
			 "ReadWritePaths= gives it back)");
	else if (err->code == EMFILE)
		add(err, "; this service may open too few files (LimitNOFILE= in its unit)");
	else if (err->code == EAFNOSUPPORT)
		add(err, "; this service may use too few kinds of sockets (RestrictAddressFamilies= in its unit)");
	else if (may_be_the_filter(err))
		add(err,
		    "; this service has a system call filter (SystemCallFilter=, RestrictNamespaces= in its unit)");
}
