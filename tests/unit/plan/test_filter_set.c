// SPDX-License-Identifier: Apache-2.0
/*
 * What base, allow, deny and the groups' answers come to, and which wishes are refused.
 */
#include "tests/unit/plan/filter_lab.h"

#include "plan/filter_need.h"

#include <asm/ioctls.h>
#include <sched.h>
#include <sys/socket.h>

#define BACK CLONE_NEWNS

static struct crl_sysgroups groups;

static int load_groups(void **state)
{
	(void)state;
	return lab_load_groups(&groups);
}

static int free_groups(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

static void test_allow_and_deny(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv allow =
		STRV((char[]){ "@debug" }, (char[]){ "@io-uring" }, (char[]){ "mbind" }, (char[]){ "bpf" });
	struct crl_strv deny =
		STRV((char[]){ "bpf" }, (char[]){ "@chroot" }, (char[]){ "getcwd" }, (char[]){ "keyctl" });
	static const struct row rows[] = {
		{ "process_vm_readv", { 0 }, ALLOW },
		{ "io_uring_setup", { 0 }, ALLOW },
		{ "mbind", { 0 }, ALLOW },
		{ "set_mempolicy", { 0 }, ERRNO(EPERM) },
		{ "bpf", { 0 }, ERRNO(EPERM) }, /* deny wins */
		{ "chroot", { 0 }, ERRNO(EPERM) }, /* group of its own answer within @login */
		{ "getcwd", { 0 }, ERRNO(EPERM) }, /* in no group that refuses */
		{ "keyctl", { 0 }, ERRNO(ENOSYS) }, /* the group's answer, denied twice or not */
		{ "read", { 0 }, ALLOW },
	};

	(void)state;
	s.allow = allow;
	s.deny = deny;
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
	check_rows(&f, I386, rows, CRL_ARRAY_LEN(rows));
}

/* A call's own name in allow lifts its argument rules; a group that has it does not; families have their own
 * key. */
static void test_whole_calls(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv by_name = STRV((char[]){ "personality" }, (char[]){ "ioctl" }, (char[]){ "socket" },
				       (char[]){ "socketcall" }, (char[]){ "clone" });
	struct crl_strv by_group = STRV((char[]){ "@login" });
	static const struct row opened[] = {
		{ "personality", { 0x400000 }, ALLOW }, { "ioctl", { 0, TIOCSTI }, ALLOW },
		{ "clone", { CLONE_NEWUSER }, ALLOW }, { "socket", { AF_VSOCK }, ERRNO(EAFNOSUPPORT) },
		{ "clone3", { 0 }, ERRNO(ENOSYS) },
	};
	static const struct row kept[] = {
		{ "personality", { 0x400000 }, ERRNO(EPERM) },
		{ "ioctl", { 0, TIOCSTI }, ERRNO(EPERM) },
		{ "clone", { CLONE_NEWUSER }, ERRNO(EPERM) },
		{ "socketpair", { AF_INET }, ERRNO(EAFNOSUPPORT) },
	};
	static const struct row opened_i386[] = { { "socketcall", { 1 }, ALLOW },
						  { "socketcall", { 3 }, ALLOW } };

	(void)state;
	s.allow = by_name;
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &f, NULL), 0);
	check_rows(&f, X86_64, opened, CRL_ARRAY_LEN(opened));
	check_rows(&f, I386, opened, CRL_ARRAY_LEN(opened));
	check_rows(&f, I386, opened_i386, CRL_ARRAY_LEN(opened_i386));
	s.allow = by_group;
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &f, NULL), 0);
	check_rows(&f, X86_64, kept, CRL_ARRAY_LEN(kept));
}

static void test_unshare_opens_clone(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv allow = STRV((char[]){ "@namespaces" });
	static const struct row rows[] = {
		{ "unshare", { CLONE_NEWUSER }, ALLOW }, { "clone", { CLONE_NEWUSER | 17 }, ALLOW },
		{ "setns", { 5, CLONE_NEWNS }, ALLOW },  { "clone3", { 0 }, ERRNO(ENOSYS) },
		{ "mount", { 0 }, ERRNO(EPERM) },
	};

	(void)state;
	s.allow = allow;
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
}

static void expect_refusal(const struct crl_seccomp *s, int rc, const char *part)
{
	static struct crl_filter f;
	struct crl_err err = { 0 };

	f.len = 77;
	assert_int_equal(crl_filter_compile(s, &groups, BACK, &f, &err), rc);
	assert_int_equal(f.len, 0);
	assert_int_equal(err.stage, CRL_STAGE_FILTER);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *list; /* "allow", "deny", "families", "base" */
		const char *item;
		const char *says;
	} wrong[] = {
		{ "allow", "no_such_call", "seccomp.allow: there is no system call 'no_such_call'" },
		{ "deny", "no_such_call", "seccomp.deny: there is no system call 'no_such_call'" },
		{ "allow", "", "there is no system call ''" },
		{ "allow", "-newer", "there is no system call '-newer'" },
		{ "allow", "@nope", "seccomp.allow: there is no group '@nope'" },
		{ "deny", "@nope", "seccomp.deny: there is no group '@nope'" },
		{ "allow", "clone3", "clone3 cannot be allowed" },
		{ "allow", "@clone3", "clone3 cannot be allowed" },
		{ "allow", "?clone3", "clone3 cannot be allowed" },
		{ "deny", "?setuid", "setuid must not be refused" },
		{ "deny", "setuid", "setuid must not be refused" },
		{ "deny", "setresgid32", "setresgid32 must not be refused" },
		{ "deny", "capset", "capset must not be refused" },
		{ "deny", "@login", "must not be refused" },
		{ "families", "ipx", "there is no family 'ipx'" },
		{ "families", "vsock", "there is no family 'vsock'" },
		{ "base", "@nope", "seccomp.base: there is no group '@nope'" },
		{ "base", "login", "seccomp.base: there is no group 'login'" },
		{ "base", "@debug", "'@debug' is a group of calls to refuse" },
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		struct crl_seccomp s = lab_wish();
		char item[64];
		char *items[] = { item };
		struct crl_strv list = { .item = items, .len = 1 };

		(void)snprintf(item, sizeof(item), "%s", wrong[i].item);
		if (strcmp(wrong[i].list, "allow") == 0)
			s.allow = list;
		else if (strcmp(wrong[i].list, "deny") == 0)
			s.deny = list;
		else if (strcmp(wrong[i].list, "families") == 0)
			s.families = list;
		else
			(void)snprintf(s.base, sizeof(s.base), "%s", wrong[i].item);
		expect_refusal(&s, -EINVAL, wrong[i].says);
	}
}

/* With "?" a name may be unknown; a known one means what it means without. */
static void test_unknown_behind_a_mark(void **state)
{
	static struct crl_filter none, unknown, plain, marked;
	struct crl_seccomp s = lab_wish();

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &none, NULL), 0);
	s.allow = (struct crl_strv)STRV((char[]){ "?no_such_call" });
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &unknown, NULL), 0);
	assert_int_equal(unknown.len, none.len);
	assert_memory_equal(unknown.insn, none.insn, none.len * sizeof(none.insn[0]));
	s.allow = (struct crl_strv)STRV((char[]){ "bpf" });
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &plain, NULL), 0);
	s.allow = (struct crl_strv)STRV((char[]){ "?bpf" });
	assert_int_equal(crl_filter_compile(&s, &groups, BACK, &marked, NULL), 0);
	assert_int_equal(marked.len, plain.len);
	assert_memory_equal(marked.insn, plain.insn, plain.len * sizeof(plain.insn[0]));
	assert_true(plain.len != none.len || memcmp(plain.insn, none.insn, none.len * sizeof(none.insn[0])) != 0);
}

static void test_no_base(void **state)
{
	static struct crl_filter f = { .len = 5 };
	struct crl_seccomp s = { .base = "" };
	struct crl_strv list = STRV((char[]){ "bpf" });

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &groups, 0, &f, NULL), 0);
	assert_int_equal(f.len, 0);
	s.deny = list;
	expect_refusal(&s, -EINVAL, "need a base");
}

/* A file of groups made here: nesting that does not end, a base that forgets setuid. */
static void test_bad_groups(void **state)
{
	static struct crl_filter f;
	char *self[] = { (char[]){ "@a" } };
	char *few[] = { (char[]){ "read" }, (char[]){ "exit_group" } };
	char *typo[] = { (char[]){ "raed" } };
	char plain[] = "@a", newer[] = "@a-newer";
	struct crl_sysgroup item = { .name = plain,
				     .answer = CRL_ANSWER_ALLOW,
				     .calls = { .item = self, .len = 1 } };
	struct crl_sysgroups bad = { .item = &item, .len = 1 };
	struct crl_seccomp s = { .base = "@a" };
	struct crl_err err = { 0 };

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &bad, 0, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "nest too deep"));
	item.calls = (struct crl_strv){ .item = few, .len = 2 };
	assert_int_equal(crl_filter_compile(&s, &bad, 0, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "setuid must not be refused"));
	item.calls = (struct crl_strv){ .item = typo, .len = 1 };
	item.name = newer; /* there a name may be unknown */
	(void)snprintf(s.base, sizeof(s.base), "@a-newer");
	assert_int_equal(crl_filter_compile(&s, &bad, 0, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "setuid must not be refused"));
	item.name = plain;
	(void)snprintf(s.base, sizeof(s.base), "@a");
	assert_int_equal(crl_filter_compile(&s, &bad, 0, &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "@a: there is no system call 'raed'"));
	item.calls.len = 0;
	assert_int_equal(crl_filter_compile(&s, &bad, 0, &f, &err), -EINVAL);
	assert_int_equal(f.len, 0);
}

/* Two groups that disagree: the first one counts; a group within another keeps its own answer. */
static void test_first_answer_counts(void **state)
{
	static struct crl_filter f;
	char *one[] = { (char[]){ "bpf" }, (char[]){ "@late" } };
	char *two[] = { (char[]){ "bpf" }, (char[]){ "reboot" } };
	struct crl_seccomp s = lab_wish();
	struct crl_sysgroup item[64] = {
		{ .name = (char[]){ "@early" },
		  .answer = CRL_ANSWER_EPERM,
		  .calls = { .item = one, .len = 2 } },
		{ .name = (char[]){ "@late" },
		  .answer = CRL_ANSWER_ENOSYS,
		  .calls = { .item = two, .len = 2 } },
	};
	struct crl_sysgroups more = { .item = item, .len = 2 };

	(void)state;
	for (size_t i = 0; i < groups.len && more.len < CRL_ARRAY_LEN(item); i++)
		item[more.len++] = groups.item[i];
	assert_int_equal(crl_filter_compile(&s, &more, BACK, &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "bpf", NULL), ERRNO(EPERM));
	assert_int_equal(ask(&f, X86_64, "reboot", NULL), ERRNO(ENOSYS));
}

/* The shipped list has what a login needs; what is taken away is named. */
static void test_needed(void **state)
{
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	struct crl_sysgroups shipped = { 0 };
	struct crl_strv deny = STRV((char[]){ "vmsplice" }), some = STRV((char[]){ "openat" }, (char[]){ "close" });
	struct crl_seccomp s = lab_wish();
	char text[64];

	(void)state;
	assert_non_null(set);
	assert_int_equal(lab_load_groups(&shipped), 0);
	s.deny = deny;
	assert_int_equal(crl_callset_build(&s, &shipped, set, NULL), 0);
	assert_false(crl_callset_lacks(set, text, sizeof(text)));
	assert_string_equal(text, "");
	s.deny = some;
	assert_int_equal(crl_callset_build(&s, &shipped, set, NULL), 0);
	assert_true(crl_callset_lacks(set, text, sizeof(text)));
	assert_string_equal(text, "close, openat");
	memset(set, 0, sizeof(*set)); /* everything */
	assert_true(crl_callset_lacks(set, text, sizeof(text)));
	assert_non_null(strstr(text, "..."));
	crl_sysgroups_done(&shipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_allow_and_deny),
		cmocka_unit_test(test_whole_calls),
		cmocka_unit_test(test_unshare_opens_clone),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown_behind_a_mark),
		cmocka_unit_test(test_no_base),
		cmocka_unit_test(test_bad_groups),
		cmocka_unit_test(test_first_answer_counts),
	};

	return cmocka_run_group_tests_name("plan/filter_set", tests, load_groups, free_groups);
}
