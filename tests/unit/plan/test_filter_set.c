// SPDX-License-Identifier: Apache-2.0
/*
 * What base, allow, deny and the groups' answers come to, and which wishes are refused.
 */
#include "tests/unit/plan/filter_groups.h"

#include "plan/filter/need.h"
#include "plan/filter/nest.h"

#include <asm/ioctls.h>
#include <sched.h>
#include <sys/socket.h>

#define BACK CLONE_NEWNS

/* keeps: plan/filter/set R2 */
static void test_allow_and_deny(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv allow = STRV((char[]){"@perf"}, (char[]){"@io-uring"}, (char[]){"mbind"}, (char[]){"bpf"},
				     (char[]){"vmsplice"});
	struct crl_strv deny =
		STRV((char[]){"bpf"}, (char[]){"@chroot"}, (char[]){"getcwd"}, (char[]){"keyctl"}, (char[]){"@debug"});
	static const struct row rows[] = {
		{"perf_event_open", {0}, ALLOW},
		{"vmsplice", {0}, ALLOW},
		{"ptrace", {0}, ERRNO(EPERM)}, /* @debug takes all away */
		{"process_vm_readv", {0}, ERRNO(EPERM)},
		{"process_vm_writev", {0}, ERRNO(EPERM)},
		{"kcmp", {0}, ERRNO(EPERM)},
		{"pidfd_getfd", {0}, ERRNO(EPERM)},
		{"io_uring_setup", {0}, ALLOW},
		{"mbind", {0}, ALLOW},
		{"set_mempolicy", {0}, ERRNO(EPERM)},
		{"bpf", {0}, ERRNO(EPERM)}, /* deny wins */
		{"chroot", {0}, ERRNO(EPERM)}, /* group of its own answer within @login */
		{"getcwd", {0}, ERRNO(EPERM)}, /* in no group that refuses */
		{"keyctl", {0}, ERRNO(ENOSYS)}, /* the group's answer, denied twice or not */
		{"read", {0}, ALLOW},
	};

	(void)state;
	s.allow = allow;
	s.deny = deny;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
	check_rows(&f, I386, rows, CRL_ARRAY_LEN(rows));
}

/* Who may make user namespaces and mount in them. The quick answer may say yes where the set says no, never the other
 * way round. */
static void test_nest(void **state)
{
	static struct crl_callset set;
	struct {
		const char *base, *allow[3], *deny;
		bool nests;
	} rows[] = {
		{"@login", {NULL}, NULL, false},
		{"@login", {"@debug", "@privileged", "@perf"}, NULL, false},
		{"@login", {"@namespaces"}, NULL, false},
		{"@login", {"@mount", "setns"}, NULL, false},
		{"@login", {"@namespaces", "@mount"}, NULL, true},
		{"@login", {"@namespaces", "@new-mount-api"}, NULL, true},
		{"@login", {"unshare", "mount"}, NULL, true},
		{"@login", {"?unshare", "mount"}, NULL, true},
		{"@login", {"clone", "@privileged"}, NULL, true},
		{"@login", {"clone", "@privileged"}, "@mount", false},
		{"@login", {"@namespaces", "@mount"}, "@mount", false},
		{"@login", {"@namespaces", "@mount"}, "unshare", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		struct crl_seccomp s = lab_wish();

		(void)snprintf(s.base, sizeof(s.base), "%s", rows[i].base);
		s.allow = (struct crl_strv){0};
		s.deny = (struct crl_strv){0};
		for (size_t k = 0; k < 3 && rows[i].allow[k]; k++)
			assert_int_equal(crl_strv_add(&s.allow, rows[i].allow[k]), 0);
		if (rows[i].deny)
			assert_int_equal(crl_strv_add(&s.deny, rows[i].deny), 0);
		assert_int_equal(crl_callset_build(&s, &groups, &set, NULL), 0);
		if (crl_callset_lets_nest(&set) != rows[i].nests || (rows[i].nests && !crl_filter_may_nest(&s)))
			fail_msg("row %zu", i);
		crl_strv_done(&s.allow);
		crl_strv_done(&s.deny);
	}
	assert_false(crl_filter_may_nest(&(struct crl_seccomp){.base = "@login"}));
	assert_true(crl_filter_may_nest(&(struct crl_seccomp){.base = ""}));
}

/* A call's own name in allow lifts its argument rules; a group that has it does not; families have their own
 * key. */
static void test_whole_calls(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv by_name = STRV((char[]){"personality"}, (char[]){"ioctl"}, (char[]){"socket"},
				       (char[]){"socketcall"}, (char[]){"clone"});
	struct crl_strv by_group = STRV((char[]){"@login"});
	static const struct row opened[] = {
		{"personality", {0x400000}, ALLOW}, {"ioctl", {0, TIOCSTI}, ALLOW},
		{"clone", {CLONE_NEWUSER}, ALLOW},  {"socket", {AF_VSOCK}, ERRNO(EAFNOSUPPORT)},
		{"clone3", {0}, ERRNO(ENOSYS)},
	};
	static const struct row kept[] = {
		{"personality", {0x400000}, ERRNO(EPERM)},
		{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)},
		{"clone", {CLONE_NEWUSER}, ERRNO(EPERM)},
		{"socketpair", {AF_INET}, ERRNO(EAFNOSUPPORT)},
	};
	static const struct row opened_i386[] = {{"socketcall", {1}, ALLOW}, {"socketcall", {3}, ALLOW}};

	(void)state;
	s.allow = by_name;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, opened, CRL_ARRAY_LEN(opened));
	check_rows(&f, I386, opened, CRL_ARRAY_LEN(opened));
	check_rows(&f, I386, opened_i386, CRL_ARRAY_LEN(opened_i386));
	s.allow = by_group;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, kept, CRL_ARRAY_LEN(kept));
}

static void test_unshare_opens_clone(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv allow = STRV((char[]){"@namespaces"});
	static const struct row rows[] = {
		{"unshare", {CLONE_NEWUSER}, ALLOW}, {"clone", {CLONE_NEWUSER | 17}, ALLOW},
		{"setns", {5, CLONE_NEWNS}, ALLOW},  {"clone3", {0}, ERRNO(ENOSYS)},
		{"mount", {0}, ERRNO(EPERM)},        {"sethostname", {0}, ALLOW},
	};

	(void)state;
	s.allow = allow;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
}

static void expect_refusal(const struct crl_seccomp *s, int rc, const char *part)
{
	static struct crl_filter f;
	struct crl_err err = {0};

	f.len = 77;
	assert_int_equal(crl_filter_compile(s, &groups, lab_room(BACK), &f, &err), rc);
	assert_int_equal(f.len, 0);
	assert_int_equal(err.stage, CRL_STAGE_FILTER);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
}

/* keeps: plan/filter/set R1 R3 R4 */
static void test_refusals(void **state)
{
	static const struct {
		const char *list; /* "allow", "deny", "families", "base" */
		const char *item;
		const char *says;
	} wrong[] = {
		{"allow", "no_such_call", "seccomp.allow: there is no system call 'no_such_call'"},
		{"deny", "no_such_call", "seccomp.deny: there is no system call 'no_such_call'"},
		{"allow", "", "there is no system call ''"},
		{"allow", "-newer", "there is no system call '-newer'"},
		{"allow", "@nope", "seccomp.allow: there is no group '@nope'"},
		{"deny", "@nope", "seccomp.deny: there is no group '@nope'"},
		{"allow", "clone3", "clone3 cannot be allowed"},
		{"allow", "@clone3", "clone3 cannot be allowed"},
		{"allow", "?clone3", "clone3 cannot be allowed"},
		{"deny", "?setuid", "setuid must not be refused"},
		{"deny", "setuid", "setuid must not be refused"},
		{"deny", "setresgid32", "setresgid must not be refused"},
		{"deny", "capset", "capset must not be refused"},
		{"deny", "@login", "must not be refused"},
		{"families", "ipx", "there is no family 'ipx'"},
		{"families", "vsock", "there is no family 'vsock'"},
		{"base", "@nope", "seccomp.base: there is no group '@nope'"},
		{"base", "login", "seccomp.base: there is no group 'login'"},
		{"base", "@debug", "'@debug' is a group of calls to refuse"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		struct crl_seccomp s = lab_wish();
		char item[64];
		char *items[] = {item};
		struct crl_strv list = {.item = items, .len = 1};

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
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &none, NULL), 0);
	s.allow = (struct crl_strv)STRV((char[]){"?no_such_call"});
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &unknown, NULL), 0);
	assert_int_equal(unknown.len, none.len);
	assert_memory_equal(unknown.insn, none.insn, none.len * sizeof(none.insn[0]));
	s.allow = (struct crl_strv)STRV((char[]){"bpf"});
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &plain, NULL), 0);
	s.allow = (struct crl_strv)STRV((char[]){"?bpf"});
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &marked, NULL), 0);
	assert_int_equal(marked.len, plain.len);
	assert_memory_equal(marked.insn, plain.insn, plain.len * sizeof(plain.insn[0]));
	assert_true(plain.len != none.len || memcmp(plain.insn, none.insn, none.len * sizeof(none.insn[0])) != 0);
}

/* keeps: plan/filter/filter R2 */
static void test_no_base(void **state)
{
	static struct crl_filter f = {.len = 5};
	struct crl_seccomp s = {.base = ""};
	struct crl_strv list = STRV((char[]){"bpf"});

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(0), &f, NULL), 0);
	assert_int_equal(f.len, 0);
	s.deny = list;
	expect_refusal(&s, -EINVAL, "need a base");
}

/* A file of groups made here: nesting that does not end, a base that forgets setuid. */
static void test_bad_groups(void **state)
{
	static struct crl_filter f;
	char *self[] = {(char[]){"@a"}};
	char *few[] = {(char[]){"read"}, (char[]){"exit_group"}};
	char *typo[] = {(char[]){"raed"}};
	char plain[] = "@a", newer[] = "@a-newer";
	struct crl_sysgroup item = {.name = plain, .answer = CRL_ANSWER_ALLOW, .calls = {.item = self, .len = 1}};
	struct crl_sysgroups bad = {.item = &item, .len = 1};
	struct crl_seccomp s = {.base = "@a"};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &bad, lab_room(0), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "nest too deep"));
	item.calls = (struct crl_strv){.item = few, .len = 2};
	assert_int_equal(crl_filter_compile(&s, &bad, lab_room(0), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "setuid must not be refused"));
	item.calls = (struct crl_strv){.item = typo, .len = 1};
	item.name = newer; /* there, too, unless it has a number */
	(void)snprintf(s.base, sizeof(s.base), "@a-newer");
	assert_int_equal(crl_filter_compile(&s, &bad, lab_room(0), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "@a-newer: there is no system call 'raed'"));
	item.name = plain;
	(void)snprintf(s.base, sizeof(s.base), "@a");
	assert_int_equal(crl_filter_compile(&s, &bad, lab_room(0), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "@a: there is no system call 'raed'"));
	item.calls.len = 0;
	assert_int_equal(crl_filter_compile(&s, &bad, lab_room(0), &f, &err), -EINVAL);
	assert_int_equal(f.len, 0);
}

/* "name=number": one that libseccomp does not know goes by the number; what it does know has to agree. */
static void test_numbers(void **state)
{
	static const struct {
		const char *group, *call, *says;
	} rows[] = {
		{"@a-newer", "raed=900", "setuid must not be refused"}, /* taken: it got as far as that */
		{"@a-newer", "read=0", "setuid must not be refused"},
		{"@a-newer", "read=1", "@a-newer: 'read' has the number 0, not 1"},
		{"@a-newer", "raed=0", "@a-newer: number 0 is 'read', not 'raed'"},
		{"@a-newer", "raed=4000", "unusable number 4000"},
		{"@a", "read=0", "@a: 'read=0' has a number, which is for groups that end in -newer"},
	};
	static struct crl_filter f;
	struct crl_err err = {0};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		char name[16], call[16];
		char *calls[] = {call};
		struct crl_sysgroup item = {
			.name = name, .answer = CRL_ANSWER_ALLOW, .calls = {.item = calls, .len = 1}};
		struct crl_sysgroups all = {.item = &item, .len = 1};
		struct crl_seccomp s = {.base = ""};

		(void)snprintf(name, sizeof(name), "%s", rows[i].group);
		(void)snprintf(call, sizeof(call), "%s", rows[i].call);
		(void)snprintf(s.base, sizeof(s.base), "%s", rows[i].group);
		assert_int_equal(crl_filter_compile(&s, &all, lab_room(0), &f, &err), -EINVAL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("%s: '%s' does not say '%s'", rows[i].call, err.text, rows[i].says);
	}
}

/* A policy names such a call without its number, whatever libseccomp knows. */
static void test_newer_names(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"mseal"}, (char[]){"?fchmodat2"}), allow = STRV((char[]){"cachestat"});

	(void)state;
	s.deny = deny;
	s.allow = allow;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(lab_ask(&f, X86_64, 462, NULL), ERRNO(EPERM));
	assert_int_equal(lab_ask(&f, I386, 462, NULL), ERRNO(EPERM));
	assert_int_equal(lab_ask(&f, X86_64, 452, NULL), ERRNO(EPERM));
	assert_int_equal(lab_ask(&f, X86_64, 451, NULL), ALLOW);
	assert_int_equal(lab_ask(&f, X86_64, 463, NULL), ALLOW);
}

/* The numbers of the shipped groups, against the kernel's own list; a slip in a name is a name that is not here. */
static void test_shipped_numbers(void **state)
{
	static const char *const known[] = {
		"uprobe=336",           "uretprobe=335",     "cachestat=451",         "fchmodat2=452",
		"map_shadow_stack=453", "futex_wake=454",    "futex_wait=455",        "futex_requeue=456",
		"statmount=457",        "listmount=458",     "lsm_get_self_attr=459", "lsm_set_self_attr=460",
		"lsm_list_modules=461", "mseal=462",         "setxattrat=463",        "getxattrat=464",
		"listxattrat=465",      "removexattrat=466", "open_tree_attr=467",    "file_getattr=468",
		"file_setattr=469",     "listns=470",        "rseq_slice_yield=471",
	};
	size_t seen = 0;

	(void)state;
	for (size_t g = 0; g < groups.len; g++)
		for (size_t i = 0; i < groups.item[g].calls.len; i++) {
			const char *call = groups.item[g].calls.item[i];
			bool found = false;

			if (!strchr(call, '='))
				continue;
			for (size_t k = 0; k < CRL_ARRAY_LEN(known) && !found; k++)
				found = strcmp(call, known[k]) == 0;
			if (!found)
				fail_msg("%s", call);
			seen++;
		}
	assert_int_equal(seen, CRL_ARRAY_LEN(known));
}

/* Two groups that disagree: the first one counts; a group within another keeps its own answer. */
static void test_first_answer_counts(void **state)
{
	static struct crl_filter f;
	char *one[] = {(char[]){"bpf"}, (char[]){"@late"}};
	char *two[] = {(char[]){"bpf"}, (char[]){"reboot"}};
	struct crl_seccomp s = lab_wish();
	struct crl_sysgroup item[64] = {
		{.name = (char[]){"@early"}, .answer = CRL_ANSWER_EPERM, .calls = {.item = one, .len = 2}},
		{.name = (char[]){"@late"}, .answer = CRL_ANSWER_ENOSYS, .calls = {.item = two, .len = 2}},
	};
	struct crl_sysgroups more = {.item = item, .len = 2};

	(void)state;
	for (size_t i = 0; i < groups.len && more.len < CRL_ARRAY_LEN(item); i++)
		item[more.len++] = groups.item[i];
	assert_int_equal(crl_filter_compile(&s, &more, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "bpf", NULL), ERRNO(EPERM));
	assert_int_equal(ask(&f, X86_64, "reboot", NULL), ERRNO(ENOSYS));
}

/* The shipped list has what a login needs; what is taken away is named. */
static void test_needed(void **state)
{
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	struct crl_sysgroups shipped = {0};
	struct crl_strv deny = STRV((char[]){"vmsplice"}), some = STRV((char[]){"openat"}, (char[]){"close"});
	struct crl_policy p = {.shell_path = NULL};
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
	assert_false(crl_callset_lacks_load(set, text, sizeof(text)));
	some.item[0] = crl_unconst("seccomp");
	assert_int_equal(crl_callset_build(&s, &shipped, set, NULL), 0);
	assert_true(crl_callset_lacks_load(set, text, sizeof(text)));
	assert_string_equal(text, "seccomp");
	assert_false(crl_callset_lacks_last(set, &p, text, sizeof(text)));
	p.profiles_len = 1;
	assert_true(crl_callset_lacks_last(set, &p, text, sizeof(text)));
	assert_string_equal(text, "seccomp");
	memset(set, 0, sizeof(*set)); /* everything */
	assert_true(crl_callset_lacks(set, text, sizeof(text)));
	assert_non_null(strstr(text, "..."));
	crl_sysgroups_done(&shipped);
}

/* Rules about arguments that take away what logins were measured to need. */
static void test_needed_values(void **state)
{
	static const struct {
		enum crl_args_call call;
		const char *item, *lacks;
	} all[] = {
		{CRL_ARGS_IOCTL, "!TIOCSETD", ""},
		{CRL_ARGS_IOCTL, "!TIOCGPTN", "TIOCGPTN"},
		{CRL_ARGS_IOCTL, "TIOCGPTN", "TCGETS, TIOCGPGRP, TIOCSPTLCK"},
		{CRL_ARGS_FCNTL, "!F_SETFD", "F_SETFD"},
		{CRL_ARGS_CLONE, "!CLONE_NEWUSER", ""},
		{CRL_ARGS_CLONE, "CLONE_CHILD_SETTID", "CLONE_CHILD_CLEARTID"},
		{CRL_ARGS_SOCKET, "SOCK_STREAM", "AF_NETLINK:SOCK_RAW"},
		{CRL_ARGS_SOCKET, "!AF_INET:SOCK_DGRAM", ""},
	};
	scoped(crl_sysgroups) shipped = {0};
	static struct crl_filter f;
	char text[64];

	(void)state;
	assert_int_equal(lab_load_groups(&shipped), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(all); i++) {
		char *item[] = {crl_unconst(all[i].item)};
		struct crl_seccomp s = lab_wish();
		struct crl_err err = {0};

		s.args[all[i].call] = (struct crl_strv){.item = item, .len = 1};
		assert_int_equal(crl_filter_compile(&s, &shipped, lab_here(0), &f, &err), 0);
		if (crl_filter_lacks_values(&f, all[i].call, text, sizeof(text)) != (all[i].lacks[0] != 0) ||
		    strcmp(text, all[i].lacks) != 0)
			fail_msg("%s lacks \"%s\", expected \"%s\"", all[i].item, text, all[i].lacks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_nest),
		cmocka_unit_test(test_allow_and_deny),
		cmocka_unit_test(test_whole_calls),
		cmocka_unit_test(test_unshare_opens_clone),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown_behind_a_mark),
		cmocka_unit_test(test_no_base),
		cmocka_unit_test(test_bad_groups),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_newer_names),
		cmocka_unit_test(test_shipped_numbers),
		cmocka_unit_test(test_first_answer_counts),
		cmocka_unit_test(test_needed_values),
	};

	return cmocka_run_group_tests_name("plan/filter_set", tests, load_groups, free_groups);
}
