// SPDX-License-Identifier: Apache-2.0
/* See drift.h. */
#include "plan/filter/drift.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

#define CALL_MAX 1023

/* Functions of the kernel whose call has another name. */
static const char *const renamed[][2] = {
	{"newstat", "stat"},   {"newlstat", "lstat"},  {"newfstat", "fstat"},
	{"newuname", "uname"}, {"llseek", "_llseek"},  {"sysctl", "_sysctl"},
	{"umount", "umount2"}, {"mmap_pgoff", "mmap"}, {"gethostname", "uname"},
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), part = strlen(end);

	return len >= part && strcmp(text + len - part, end) == 0;
}

/* Forms of a call for other programs than native ones, parts that a compiler has made of one, other machines' calls. */
static bool is_inner(const char *name)
{
	static const char *const begin[] = {"ia32_", "old", "s390_", "spu_", "ni_syscall", "rtas"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(begin); i++)
		if (strncmp(name, begin[i], strlen(begin[i])) == 0)
			return true;
	return strchr(name, '.') || ends_with(name, "16") || ends_with(name, "32");
}

static bool is_grouped(const struct crl_sysgroups *groups, const char *name)
{
	size_t len = strlen(name);

	for (size_t g = 0; g < groups->len; g++)
		for (size_t i = 0; i < groups->item[g].calls.len; i++) {
			const char *call = groups->item[g].calls.item[i];

			if (strncmp(call, name, len) == 0 && (call[len] == '\0' || call[len] == '='))
				return true;
		}
	return false;
}

static const char *call_name(const char *function)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(renamed); i++)
		if (strcmp(renamed[i][0], function) == 0)
			return renamed[i][1];
	return function;
}

/* What libseccomp knows of other architectures alone has a number below zero. */
static bool is_foreign(const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr != __NR_SCMP_ERROR && nr < 0;
}

static int add_once(struct crl_strv *v, const char *name)
{
	return crl_strv_has(v, name) ? 0 : crl_strv_add(v, name);
}

static int find_numbered(const struct crl_sysgroups *groups, struct crl_strv *ret)
{
	int rc = 0;

	for (size_t g = 0; g < groups->len; g++)
		for (size_t i = 0; rc == 0 && i < groups->item[g].calls.len; i++) {
			const char *call = groups->item[g].calls.item[i];
			size_t len = strcspn(call, "=");
			scoped_free char *name = call[len] ? strndup(call, len) : NULL;

			if (!call[len])
				continue;
			if (!name)
				return -ENOMEM;
			if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
				rc = add_once(ret, name);
		}
	return rc;
}

int crl_drift_find(const struct crl_sysgroups *groups, const struct crl_strv *kernel, struct crl_drift *ret)
{
	struct crl_drift d = {0};
	int rc = find_numbered(groups, &d.numbered);

	for (size_t i = 0; rc == 0 && i < kernel->len; i++) {
		const char *name = call_name(kernel->item[i]);

		if (!is_inner(name) && !is_foreign(name) && !is_grouped(groups, name))
			rc = add_once(&d.kernel, name);
	}
	for (int nr = 0; rc == 0 && nr <= CALL_MAX; nr++) {
		scoped_free char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);

		if (name && !is_grouped(groups, name) && !crl_strv_has(&d.kernel, name))
			rc = add_once(&d.library, name);
	}
	if (rc < 0)
		crl_drift_done(&d);
	else
		*ret = d;
	return rc;
}

void crl_drift_done(struct crl_drift *d)
{
	crl_strv_done(&d->kernel);
	crl_strv_done(&d->library);
	crl_strv_done(&d->numbered);
}

bool crl_drift_is_younger(const char *release)
{
	unsigned int major, minor, known_major, known_minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2 ||
	    sscanf(CRL_DRIFT_LINUX, "%u.%u", &known_major, &known_minor) != 2)
		return false;
	return major > known_major || (major == known_major && minor > known_minor);
}
