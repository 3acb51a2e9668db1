// SPDX-License-Identifier: Apache-2.0
/* A proposal: what it allows, what it says, and that it reads back. */
#include "tests/unit/plan/filter_lab.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/learn/propose.h"
#include "tests/unit/scratch.h"

static struct crl_sysgroups groups;
static struct crl_callset core, now;

static int setup(void **state)
{
	const struct crl_seccomp core_wish = {.base = "@core"}, wish = lab_wish();
	struct crl_err err = {0};

	if (lab_load_groups(&groups) < 0 || crl_callset_build(&core_wish, &groups, &core, &err) < 0 ||
	    crl_callset_build(&wish, &groups, &now, &err) < 0)
		return -1;
	return scratch_make(state);
}

static int teardown(void **state)
{
	crl_sysgroups_done(&groups);
	return scratch_remove(state);
}

static void see(struct crl_tally *t, const char *program, const char *call, uint64_t value)
{
	struct crl_seen s = {.arch = seccomp_arch_native(), .value = value, .count = 2};

	s.nr = seccomp_syscall_resolve_name(call);
	(void)snprintf(s.program, sizeof(s.program), "%s", program);
	crl_tally_add(t, &s);
}

static char *propose(const struct crl_tally *t, const struct ctl_earlier *kept)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(ctl_propose(&(struct ctl_proposal){.policy = "shared",
							    .name = "shared-learned",
							    .seen = t,
							    .core = &core,
							    .now = &now,
							    .kept = kept},
				     &text, &len),
			 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static void test_text(void **state)
{
	scoped(crl_tally) t = {0};
	scoped_free char *text = NULL;

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	see(&t, "git", "mkdir", CRL_NO_VALUE);
	see(&t, "a\033[2Jb", "mkdir", CRL_NO_VALUE);
	see(&t, "sh", "ioctl", 0x5413);
	see(&t, "ssh", "socket", 2 << 16 | 1);
	see(&t, "sh", "clone3", CRL_NO_VALUE);
	text = propose(&t, NULL);
	assert_non_null(strstr(text, "//\tmkdir                            4  git, a\\x1b[2Jb\n"));
	assert_non_null(strstr(text, "//\t\twith 0x5413\n"));
	assert_non_null(strstr(text, "//\t\twith 2:1\n"));
	assert_non_null(strstr(text, "\"@ioctl\", \"mkdir\", \"socket\"\n"));
	assert_non_null(strstr(text, "\tshared-learned = {\n\t\tinherit = \"shared\";"));
	assert_non_null(strstr(text, "compat = false;"));
	assert_non_null(strstr(text, " symlink"));
	assert_null(strstr(text, "\"clone3\""));
	assert_null(strstr(text, " mkdir "));
	assert_null(strchr(text, '\033'));
}

/* What an earlier proposal allows stays. */
static void test_merge(void **state)
{
	scoped(crl_tally) t = {0};
	scoped_free char *text = NULL, *again = NULL;
	struct ctl_earlier kept = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	see(&t, "git", "mkdir", CRL_NO_VALUE);
	text = propose(&t, NULL);
	write_file("old.conf", text);
	assert_int_equal(ctl_proposal_read(at("old.conf"), "shared-learned", &kept, &err), 0);
	assert_int_equal(kept.allow.len, 1);
	assert_string_equal(kept.allow.item[0], "mkdir");
	crl_tally_clear(&t);
	see(&t, "ln", "symlink", CRL_NO_VALUE);
	again = propose(&t, &kept);
	assert_non_null(strstr(again, "\"mkdir\", \"symlink\"\n"));
	ctl_proposal_done(&kept);
	kept = (struct ctl_earlier){0};
	write_file("bad.conf", "policies = {\n nonsense");
	assert_int_equal(ctl_proposal_read(at("bad.conf"), "shared-learned", &kept, &err), -EINVAL);
	assert_int_equal(err.line, 2);
	write_file("other.conf", "policies = { other = { seccomp = { allow = [ \"mkdir\" ]; }; }; };");
	assert_int_equal(ctl_proposal_read(at("other.conf"), "shared-learned", &kept, &err), -EINVAL);
}

/* keeps: ctl/learn/propose_args R1 */
static void test_args(void **state)
{
	scoped(crl_tally) t = {0}, part = {0};
	scoped_free char *text = NULL, *none = NULL;

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	see(&t, "sh", "ioctl", 0x5413);
	see(&t, "sh", "ioctl", 0x5413);
	see(&t, "sh", "ioctl", 0x77777777);
	see(&t, "ssh", "socket", 1 << 16 | 2);
	see(&t, "ssh", "socket", 16 << 16 | 3);
	see(&t, "sh", "clone", CLONE_VM | CLONE_VFORK);
	see(&t, "sh", "prctl", 15);
	see(&t, "uname", "personality", UINT32_MAX);
	text = propose(&t, NULL);
	assert_non_null(strstr(text, "ioctl = [\n\t\t\t\t\t\"TIOCGWINSZ\", \"0x77777777\"\n"));
	assert_non_null(strstr(text, "socket = [\n\t\t\t\t\t\"AF_UNIX:SOCK_DGRAM\", \"AF_NETLINK:SOCK_RAW\"\n"));
	assert_non_null(strstr(text, "clone = [\n\t\t\t\t\t\"CLONE_VM\", \"CLONE_VFORK\"\n"));
	assert_non_null(strstr(text, "prctl = [\n\t\t\t\t\t\"PR_SET_NAME\"\n"));
	assert_null(strstr(text, "personality = ["));
	/* One of them is not known, or they are too many: then there is no rule. */
	see(&t, "*", "ioctl", CRL_NO_VALUE);
	see(&t, "ssh", "unshare", CRL_NO_VALUE);
	for (uint64_t i = 0; i < 40; i++)
		see(&t, "sh", "prctl", i);
	none = propose(&t, NULL);
	assert_null(strstr(none, "ioctl = ["));
	assert_null(strstr(none, "clone = ["));
	assert_null(strstr(none, "prctl = ["));
	assert_non_null(strstr(none, "socket = ["));
	free(none);
	assert_int_equal(crl_tally_begin(&part), 0);
	see(&part, "sh", "socket", 1 << 16 | 2);
	part.lost = true;
	none = propose(&part, NULL);
	assert_null(strstr(none, "socket = ["));
}

/* keeps: ctl/learn/propose_args R2 */
static void test_merge_args(void **state)
{
	static const char old[] = "policies = { shared-learned = { inherit = \"shared\"; seccomp = { base = \"@core\"; "
				  "allow = [ \"@ioctl\", \"prctl\", \"socket\" ]; args = { ioctl = [ \"TCGETS\" ]; "
				  "prctl = [ \"!PR_SET_MM\" ]; }; compat = true; }; }; };";
	scoped(crl_tally) t = {0};
	scoped_free char *text = NULL;
	struct ctl_earlier kept = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	see(&t, "sh", "ioctl", 0x5413);
	see(&t, "sh", "prctl", 15);
	see(&t, "ssh", "socket", 1 << 16 | 2);
	write_file("old.conf", old);
	assert_int_equal(ctl_proposal_read(at("old.conf"), "shared-learned", &kept, &err), 0);
	text = propose(&t, &kept);
	assert_non_null(strstr(text, "ioctl = [\n\t\t\t\t\t\"TCGETS\", \"TIOCGWINSZ\"\n"));
	assert_non_null(strstr(text, "prctl = [\n\t\t\t\t\t\"!PR_SET_MM\"\n"));
	assert_null(strstr(text, "socket = ["));
	assert_non_null(strstr(text, "compat = true;"));
	ctl_proposal_done(&kept);
}

/* keeps: ctl/learn/proposed R1 */
static void test_foreign(void **state)
{
	static const char *const bad[] = {
		"rules = ( );\npolicies = { p = { seccomp = { allow = [ ]; }; }; };",
		"policies = { p = { seccomp = { allow = [ ]; }; }; q = { }; };",
		"policies = { p = { share = \"user\"; seccomp = { allow = [ ]; }; }; };",
		"policies = { p = { seccomp = { allow = [ ]; deny = [ ]; }; }; };",
		"policies = { p = { seccomp = { allow = [ ]; base = \"@login\"; }; }; };",
		"policies = { p = { seccomp = { allow = [ ]; args = { ioctl_add = [ ]; }; }; }; };",
		"policies = { p = { seccomp = { allow = [ ]; args = { ioctl = [ 1 ]; }; }; }; };",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		struct ctl_earlier kept = {0};
		struct crl_err err = {0};

		write_file("foreign.conf", bad[i]);
		assert_int_equal(ctl_proposal_read(at("foreign.conf"), "p", &kept, &err), -EINVAL);
		assert_true(err.line == 1);
		ctl_proposal_done(&kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),       cmocka_unit_test(test_merge),   cmocka_unit_test(test_args),
		cmocka_unit_test(test_merge_args), cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
