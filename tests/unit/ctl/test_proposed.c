// SPDX-License-Identifier: Apache-2.0
/* What a proposal made of a policy's own calls allows, against that policy, by the tests' own machine. */
#include "tests/unit/plan/filter_lab.h"

#include "ctl/learn/propose.h"

#define NAME "student-learned"

static struct crl_sysgroups groups;
static struct crl_filter before, after;

static int setup(void **state)
{
	const struct crl_seccomp wish = lab_wish();
	struct crl_err err = {0};

	(void)state;
	if (lab_load_groups(&groups) < 0)
		return -1;
	return crl_filter_compile(&wish, &groups, lab_here(0), &before, &err);
}

static int teardown(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

/* All that the policy's filter lets, by its number alone, as if somebody had called it. */
static void see_all(const struct crl_callset *now, struct crl_tally *seen)
{
	for (int nr = 0; nr <= CRL_CALL_MAX; nr++) {
		struct crl_seen one = {.program = "all", .nr = nr, .value = CRL_NO_VALUE, .count = 1};

		one.arch = seccomp_arch_native();
		if (crl_verdict_lets(crl_callset_verdict(now, nr)))
			crl_tally_add(seen, &one);
	}
}

/* As carrelctl reads it back from a file. */
static void read_back(const char *text, size_t len, struct ctl_earlier *ret)
{
	char path[] = "/tmp/carrel-propose.XXXXXX";
	struct crl_err err = {0};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	assert_int_equal(ctl_proposal_read(path, NAME, ret, &err), 0);
	assert_int_equal(unlink(path), 0);
}

static char *propose(const struct crl_tally *seen, const struct crl_callset *now, const struct ctl_earlier *kept)
{
	const struct crl_seccomp core_wish = {.base = "@core"};
	scoped_free struct crl_callset *core = calloc(1, sizeof(*core));
	struct crl_err err = {0};
	char *text = NULL;
	size_t len;

	assert_non_null(core);
	assert_int_equal(crl_callset_build(&core_wish, &groups, core, &err), 0);
	assert_int_equal(ctl_propose(&(struct ctl_proposal){.policy = "student",
							    .name = NAME,
							    .seen = seen,
							    .core = core,
							    .now = now,
							    .kept = kept},
				     &text, &len),
			 0);
	return text;
}

static const uint64_t words[] = {0,          1,        2,      4,          10,         16,
				 64,         0x5412,   0x541c, 0x5413,     0x20000000, 0x10000000,
				 0x7e020000, 0x400000, 1026,   UINT32_MAX, UINT64_MAX};

/* keeps: ctl/learn/propose R1 */
static void test_never_more(void **state)
{
	const struct crl_seccomp wish = lab_wish();
	struct crl_seccomp learned = lab_wish();
	scoped_free struct crl_callset *now = calloc(1, sizeof(*now));
	scoped(crl_tally) seen = {0};
	scoped_free char *text = NULL;
	struct ctl_earlier back = {0};
	struct crl_err err = {0};

	(void)state;
	assert_non_null(now);
	assert_int_equal(crl_callset_build(&wish, &groups, now, &err), 0);
	assert_int_equal(crl_tally_begin(&seen), 0);
	see_all(now, &seen);
	text = propose(&seen, now, NULL);
	assert_null(strstr(text, "(more than the policy allows)"));
	read_back(text, strlen(text), &back);
	(void)snprintf(learned.base, sizeof(learned.base), "@core");
	learned.allow = back.allow;
	assert_int_equal(crl_filter_compile(&learned, &groups, lab_here(0), &after, &err), 0);
	for (int nr = 0; nr < 600; nr++)
		for (size_t a = 0; a < CRL_ARRAY_LEN(words); a++)
			for (size_t b = 0; b < CRL_ARRAY_LEN(words); b++) {
				const struct seccomp_data d = {.arch = seccomp_arch_native(),
							       .nr = nr,
							       .args = {words[a], words[b], words[b]}};

				if (lab_run(&before, &d) != lab_run(&after, &d) &&
				    lab_run(&after, &d) == SECCOMP_RET_ALLOW)
					fail_msg("call %d(%lx, %lx) is allowed, and was not", nr, words[a], words[b]);
			}
	ctl_proposal_done(&back);
}

/* A trial lets what the policy refuses: the proposal says which calls those are. What was written by hand stays. */
static void test_told(void **state)
{
	struct crl_seccomp wish = lab_wish();
	scoped_free struct crl_callset *now = calloc(1, sizeof(*now));
	char *by_hand[] = {crl_unconst("ioctl"), crl_unconst("@clone"), crl_unconst("@aio")};
	const struct ctl_earlier kept = {.allow = {.item = by_hand, .len = CRL_ARRAY_LEN(by_hand)}};
	struct crl_seen one = {.program = "one", .value = CRL_NO_VALUE, .count = 1};
	scoped(crl_tally) seen = {0};
	scoped_free char *text = NULL;
	struct crl_err err = {0};

	(void)state;
	assert_non_null(now);
	wish.mode = CRL_FILTER_LOG;
	assert_int_equal(crl_callset_build(&wish, &groups, now, &err), 0);
	assert_int_equal(crl_tally_begin(&seen), 0);
	one.arch = seccomp_arch_native();
	one.nr = seccomp_syscall_resolve_name("swapoff");
	crl_tally_add(&seen, &one);
	one.nr = seccomp_syscall_resolve_name("clone");
	crl_tally_add(&seen, &one);
	one.nr = seccomp_syscall_resolve_name("setns"); /* by the module, as carrel's own rule lets it */
	crl_tally_add(&seen, &one);
	text = propose(&seen, now, &kept);
	assert_null(strstr(text, "\"setns\""));
	assert_non_null(strstr(text, "1  one  (more than the policy allows)\n"));
	assert_null(strstr(text, "\"clone\""));
	assert_non_null(strstr(text, "\"@aio\", \"@clone\", \"ioctl\", \"swapoff\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_more),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
