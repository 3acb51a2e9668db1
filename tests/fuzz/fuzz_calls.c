// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as the groups of system calls, made into the filter of a policy that starts from the first of them.
 *
 * Runs in: libFuzzer only. The file's owner and mode are not what is tried here: its reader is taken in whole.
 */
#include "policy/filter/sysgroups.c"

#include "plan/filter/filter.h"
#include "tests/unit/policy/lsan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static void compile(const struct crl_sysgroups *groups)
{
	static struct crl_filter filter;
	struct crl_err err = {0};
	struct crl_policy p;
	int rc;

	expect(crl_policy_init(&p) == 0);
	(void)snprintf(p.seccomp.base, sizeof(p.seccomp.base), "%s", groups->item[0].name);
	rc = crl_filter_compile(&p.seccomp, groups, &(struct crl_filter_room){0}, &filter, &err);
	expect(rc == -err.code && (rc < 0 || (filter.len > 0 && filter.len <= CRL_FILTER_MAX)));
	crl_policy_done(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crl_sysgroups groups = {0};
	struct crl_source *source = NULL;
	struct crl_err err = {0};
	char *text = malloc(size + 1);
	int rc;

	expect(text);
	memcpy(text, data, size);
	text[size] = '\0';
	rc = crl_source_parse("fuzz", text, size, &source, &err);
	free(text);
	expect(rc == -err.code);
	if (rc < 0)
		return 0;
	rc = read_groups(source, &groups, &err);
	expect(rc == -err.code);
	crl_source_free(source);
	if (rc == 0 && groups.len)
		compile(&groups);
	crl_sysgroups_done(&groups);
	return 0;
}
