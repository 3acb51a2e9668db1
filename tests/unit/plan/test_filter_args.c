// SPDX-License-Identifier: Apache-2.0
/* What a policy's own rules about arguments, its answers and its mode come to; and twins of what it denies. */
#include "tests/unit/plan/filter_groups.h"

#include "plan/filter/nest.h"
#include "plan/filter/twins.h"

#include <asm/ioctls.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BACK CLONE_NEWNS
#define FORK (CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | 17)
#define KILL SECCOMP_RET_KILL_PROCESS
#define LOG SECCOMP_RET_LOG
#define IPC_NEW(op) (0x10000 | (op)) /* with a version, as glibc of old has it */

static struct crl_filter f;

static void make(const struct crl_seccomp *s)
{
	struct crl_err err = {0};

	if (crl_filter_compile(s, &groups, lab_room(BACK), &f, &err) < 0)
		fail_msg("%s", err.text);
}

static void check_both(const struct row *row, size_t len)
{
	check_rows(&f, X86_64, row, len);
	check_rows(&f, I386, row, len);
}

/* Values that are refused; what carrel refuses itself stays so. */
static void test_refused_values(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv ioctl = STRV((char[]){"!TIOCSETD"}, (char[]){"!0x5413"}, (char[]){"!FS_IOC_SETFLAGS"});
	struct crl_strv prctl = STRV((char[]){"!PR_SET_PTRACER"}, (char[]){"!PR_SET_MM"});
	struct crl_strv fcntl = STRV((char[]){"!F_SETLEASE"}, (char[]){"!F_SETLK"});
	struct crl_strv options =
		STRV((char[]){"!SOL_SOCKET:SO_ATTACH_FILTER"}, (char[]){"!SOL_UDP"}, (char[]){"!SOL_TCP:31"});
	static const struct row rows[] = {
		{"ioctl", {0, TIOCSETD}, ERRNO(EPERM)},
		{"ioctl", {0, 0x5413}, ERRNO(EPERM)},
		{"ioctl", {0, (UINT64_C(7) << 32) | TIOCSETD}, ERRNO(EPERM)}, /* the kernel takes 32 bits */
		{"ioctl", {0, 0x40086602}, ERRNO(EPERM)}, /* of 64-bit programs */
		{"ioctl", {0, 0x40046602}, ERRNO(EPERM)}, /* of 32-bit ones */
		{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)},
		{"ioctl", {TIOCSETD, TCGETS}, ALLOW},
		{"prctl", {PR_SET_PTRACER}, ERRNO(EPERM)},
		{"prctl", {PR_SET_MM}, ERRNO(EPERM)},
		{"prctl", {PR_SET_NAME}, ALLOW},
		{"fcntl", {0, 1024}, ERRNO(EPERM)},
		{"fcntl", {0, 6}, ERRNO(EPERM)},
		{"fcntl", {0, 13}, ERRNO(EPERM)},
		{"fcntl", {0, 2}, ALLOW},
		{"setsockopt", {0, SOL_SOCKET, 26}, ERRNO(EPERM)},
		{"setsockopt", {0, SOL_SOCKET, 2}, ALLOW},
		{"setsockopt", {0, IPPROTO_IP, 26}, ALLOW}, /* that number of another level */
		{"setsockopt", {0, IPPROTO_UDP, 1}, ERRNO(EPERM)},
		{"setsockopt", {0, IPPROTO_TCP, TCP_ULP}, ERRNO(EPERM)},
		{"setsockopt", {0, IPPROTO_TCP, TCP_NODELAY}, ALLOW},
	};
	static const struct row i386[] = {{"fcntl64", {0, 13}, ERRNO(EPERM)}, {"fcntl64", {0, 12}, ALLOW}};

	(void)state;
	s.args[CRL_ARGS_IOCTL] = ioctl;
	s.args[CRL_ARGS_PRCTL] = prctl;
	s.args[CRL_ARGS_FCNTL] = fcntl;
	s.args[CRL_ARGS_SETSOCKOPT] = options;
	make(&s);
	check_both(rows, CRL_ARRAY_LEN(rows));
	check_rows(&f, I386, i386, CRL_ARRAY_LEN(i386));
}

/* Values that alone are let, but for those that carrel refuses itself. */
static void test_let_values(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv ioctl = STRV((char[]){"TCGETS"}, (char[]){"TIOCSTI"}), allow = STRV((char[]){"keyctl"});
	struct crl_strv keyctl = STRV((char[]){"KEYCTL_GET_KEYRING_ID"}, (char[]){"KEYCTL_JOIN_SESSION_KEYRING"});
	struct crl_strv options = STRV((char[]){"SOL_SOCKET"}, (char[]){"SOL_TCP:TCP_NODELAY"});
	static const struct row rows[] = {
		{"ioctl", {0, TCGETS}, ALLOW},
		{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)},
		{"ioctl", {0, TIOCGWINSZ}, ERRNO(EPERM)},
		{"keyctl", {KEYCTL_GET_KEYRING_ID}, ALLOW},
		{"keyctl", {KEYCTL_JOIN_SESSION_KEYRING}, ALLOW},
		{"keyctl", {KEYCTL_READ}, ERRNO(ENOSYS)}, /* the group's answer */
		{"setsockopt", {0, SOL_SOCKET, 77}, ALLOW},
		{"setsockopt", {0, IPPROTO_TCP, TCP_NODELAY}, ALLOW},
		{"setsockopt", {0, IPPROTO_TCP, TCP_ULP}, ERRNO(EPERM)},
	};

	(void)state;
	s.allow = allow;
	s.args[CRL_ARGS_IOCTL] = ioctl;
	s.args[CRL_ARGS_KEYCTL] = keyctl;
	s.args[CRL_ARGS_SETSOCKOPT] = options;
	make(&s);
	check_both(rows, CRL_ARRAY_LEN(rows));
}

/* Bits: of clone() its signal is none, and where unshare is allowed they hold for it, too. */
static void test_flags(void **state)
{
	static struct crl_callset set;
	struct crl_seccomp s = lab_wish();
	struct crl_strv spaces = STRV((char[]){"@namespaces"}, (char[]){"@mount"}),
			whole = STRV((char[]){"personality"});
	struct crl_strv deny = STRV((char[]){"!CLONE_NEWUSER"}, (char[]){"!CLONE_NEWTIME"});
	struct crl_strv only = STRV((char[]){"CLONE_CHILD_CLEARTID"}, (char[]){"CLONE_CHILD_SETTID"});
	struct crl_strv person = STRV((char[]){"!READ_IMPLIES_EXEC"}), linux32 = STRV((char[]){"PER_LINUX32"});
	static const struct row denied[] = {
		{"clone", {CLONE_NEWUSER | 17}, ERRNO(EPERM)},
		{"clone", {CLONE_NEWNET | 17}, ALLOW},
		{"clone", {CLONE_NEWTIME}, ALLOW},
		{"clone", {FORK}, ALLOW},
		{"unshare", {CLONE_NEWUSER}, ERRNO(EPERM)},
		{"unshare", {CLONE_NEWTIME}, ERRNO(EPERM)},
		{"unshare", {CLONE_NEWNS}, ALLOW},
		{"personality", {READ_IMPLIES_EXEC}, ERRNO(EPERM)},
		{"personality", {0x400000 | 8}, ERRNO(EPERM)},
		{"personality", {0x0100000}, ALLOW},
		{"personality", {0xffffffff}, ALLOW},
		{"clone3", {0}, ERRNO(ENOSYS)},
	};
	static const struct row only_these[] = {
		{"clone", {FORK}, ALLOW},
		{"clone", {FORK | CLONE_VM}, ERRNO(EPERM)},
		{"clone", {CLONE_NEWUSER | 17}, ERRNO(EPERM)},
		{"personality", {PER_LINUX32}, ALLOW},
		{"personality", {0}, ALLOW},
		{"personality", {0xffffffff}, ALLOW},
		{"personality", {ADDR_NO_RANDOMIZE}, ERRNO(EPERM)},
	};

	(void)state;
	s.allow = spaces;
	assert_int_equal(crl_callset_build(&s, &groups, &set, NULL), 0);
	assert_true(crl_callset_lets_nest(&set));
	s.args[CRL_ARGS_CLONE] = deny;
	assert_int_equal(crl_callset_build(&s, &groups, &set, NULL), 0);
	assert_false(crl_callset_lets_nest(&set));
	s.allow = (struct crl_strv)STRV((char[]){"@namespaces"}, (char[]){"personality"});
	s.args[CRL_ARGS_PERSONALITY] = person;
	make(&s);
	check_both(denied, CRL_ARRAY_LEN(denied));
	s.allow = whole;
	s.args[CRL_ARGS_CLONE] = only;
	s.args[CRL_ARGS_PERSONALITY] = linux32;
	make(&s);
	check_both(only_these, CRL_ARRAY_LEN(only_these));
}

/* Types with whatever flags beside them, of all families or of one. */
static void test_types(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"!SOCK_RAW"}, (char[]){"!AF_UNIX:SOCK_SEQPACKET"});
	struct crl_strv only = STRV((char[]){"SOCK_STREAM"}, (char[]){"AF_NETLINK:SOCK_RAW"});
	static const struct row denied[] = {
		{"socket", {AF_INET, SOCK_STREAM}, ALLOW},
		{"socket", {AF_INET, SOCK_RAW | SOCK_CLOEXEC}, ERRNO(EPERM)},
		{"socket", {AF_NETLINK, SOCK_RAW}, ERRNO(EPERM)},
		{"socket", {AF_UNIX, SOCK_SEQPACKET}, ERRNO(EPERM)},
		{"socket", {AF_INET, SOCK_SEQPACKET}, ALLOW},
		{"socket", {AF_VSOCK, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
	};
	static const struct row only_these[] = {
		{"socket", {AF_INET, SOCK_STREAM | SOCK_NONBLOCK}, ALLOW},
		{"socket", {AF_INET, SOCK_DGRAM}, ERRNO(EPERM)},
		{"socket", {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, ALLOW},
		{"socket", {AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE}, ERRNO(EPERM)},
		{"socket", {AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK}, ERRNO(EPROTONOSUPPORT)},
		{"socket", {AF_INET, SOCK_RAW}, ERRNO(EPERM)},
		{"socket", {AF_VSOCK, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
	};

	(void)state;
	s.args[CRL_ARGS_SOCKET] = deny;
	make(&s);
	check_both(denied, CRL_ARRAY_LEN(denied));
	s.args[CRL_ARGS_SOCKET] = only;
	make(&s);
	check_both(only_these, CRL_ARRAY_LEN(only_these));
}

/* By name, by group, the last one counts; for rules about arguments as well. A call that is allowed stays so. */
static void test_answers(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"@debug"}, (char[]){"chown"}), ioctl = STRV((char[]){"!TIOCSETD"});
	struct crl_answers answers[] = {
		{STRV((char[]){"@debug"}, (char[]){"@obsolete"}), {.kind = CRL_VERDICT_KILL}},
		{STRV((char[]){"kcmp"}), {.kind = CRL_VERDICT_LOG}},
		{STRV((char[]){"chown"}, (char[]){"read"}), CRL_ERRNO(EACCES)},
		{STRV((char[]){"ioctl"}, (char[]){"bpf"}), CRL_ERRNO(ENOTTY)},
	};
	static const struct row rows[] = {
		{"ptrace", {0}, KILL},
		{"kcmp", {0}, LOG},
		{"read", {0}, ALLOW},
		{"chown", {0}, ERRNO(EACCES)},
		{"ioctl", {0, TIOCSETD}, ERRNO(ENOTTY)},
		{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)}, /* carrel's own */
		{"bpf", {0}, ERRNO(ENOTTY)},
		{"mount", {0}, ERRNO(EPERM)},
		{"uselib", {0}, KILL},
	};
	static const struct row i386[] = {{"chown32", {0}, ERRNO(EACCES)}};
	struct crl_answers clone3 = {STRV((char[]){"clone3"}), {.kind = CRL_VERDICT_LOG}};
	struct crl_err err = {0};

	(void)state;
	s.deny = deny;
	s.args[CRL_ARGS_IOCTL] = ioctl;
	s.answers = answers;
	s.answers_len = CRL_ARRAY_LEN(answers);
	make(&s);
	check_both(rows, CRL_ARRAY_LEN(rows));
	check_rows(&f, I386, i386, CRL_ARRAY_LEN(i386));
	s.answers = &clone3;
	s.answers_len = 1;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "clone3 cannot be allowed"));
	clone3.calls.item[0] = (char[]){"no_such_call"};
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "seccomp.answers: there is no system call 'no_such_call'"));
}

/*
 * What would be refused is let and told; what would go past every rule is not, nor what carrel refuses by itself.
 * keeps: plan/filter/set R6
 */
static void test_mode_log(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"@debug"}, (char[]){"chown"}, (char[]){"socket"});
	struct crl_strv prctl = STRV((char[]){"!PR_SET_MM"});
	static const struct row rows[] = {
		{"read", {0}, ALLOW},
		{"ptrace", {0}, LOG},
		{"chown", {0}, LOG},
		{"bpf", {0}, LOG},
		{"prctl", {PR_SET_MM}, LOG},
		{"prctl", {PR_SET_NAME}, ALLOW},
		{"socket", {AF_INET, SOCK_STREAM}, LOG},
		{"socket", {AF_VSOCK, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
		{"clone3", {0}, ERRNO(ENOSYS)},
		{"unshare", {0}, ERRNO(EPERM)},
		{"setns", {0}, ERRNO(EPERM)},
		{"clone", {CLONE_NEWUSER}, ERRNO(EPERM)},
		{"io_uring_setup", {0}, ERRNO(ENOSYS)},
		{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)},
	};

	(void)state;
	s.deny = deny;
	s.args[CRL_ARGS_PRCTL] = prctl;
	s.mode = CRL_FILTER_LOG;
	make(&s);
	check_both(rows, CRL_ARRAY_LEN(rows));
	assert_int_equal(lab_ask(&f, X86_64, 900, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&f, X86_64, 0x40000000, NULL), ERRNO(ENOSYS));
}

/* keeps: plan/filter/set R5
 * keeps: plan/filter/args R2 */
static void test_denied_twins(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"shmget"}, (char[]){"semtimedop"}, (char[]){"chown"}, (char[]){"stat64"},
				    (char[]){"?futex"}, (char[]){"clock_gettime64"}, (char[]){"fcntl"});
	struct crl_strv none = {0}, door = STRV((char[]){"socketcall"}),
			bind = STRV((char[]){"bind"}, (char[]){"send"});
	static const struct row native[] = {
		{"shmget", {0}, ERRNO(ENOSYS)},
		{"chown", {0}, ERRNO(EPERM)},
		{"stat", {0}, ERRNO(EPERM)},
		{"futex", {0}, ERRNO(EPERM)},
		{"clock_gettime", {0}, ERRNO(EPERM)},
		{"fcntl", {0}, ERRNO(EPERM)},
		{"shmat", {0}, ALLOW},
		{"lstat", {0}, ALLOW},
	};
	static const struct row i386[] = {

		{"ipc", {23}, ERRNO(ENOSYS)},        {"ipc", {IPC_NEW(23)}, ERRNO(ENOSYS)},
		{"ipc", {4}, ERRNO(ENOSYS)},         {"ipc", {21}, ALLOW},
		{"ipc", {IPC_NEW(1)}, ALLOW},        {"chown32", {0}, ERRNO(EPERM)},
		{"stat", {0}, ERRNO(EPERM)},         {"stat64", {0}, ERRNO(EPERM)},
		{"futex_time64", {0}, ERRNO(EPERM)}, {"clock_gettime", {0}, ERRNO(EPERM)},
		{"fcntl64", {0}, ERRNO(EPERM)},      {"semtimedop_time64", {0}, ERRNO(ENOSYS)},
	};
	static const struct row calls[] = {
		{"socketcall", {2}, ERRNO(EPERM)}, {"socketcall", {9}, ERRNO(EPERM)}, {"socketcall", {1}, ALLOW},
		{"socketcall", {3}, ALLOW},        {"socketcall", {0x10002}, ALLOW}, /* no call of the kernel's */
	};

	(void)state;
	s.deny = deny;
	make(&s);
	check_rows(&f, X86_64, native, CRL_ARRAY_LEN(native));
	check_rows(&f, I386, i386, CRL_ARRAY_LEN(i386));
	assert_int_equal(lab_ask(&f, I386, 395, NULL), ERRNO(ENOSYS)); /* shmget itself, since Linux 5.1 */
	assert_int_equal(lab_ask(&f, I386, 397, NULL), ALLOW); /* shmat */
	s.deny = bind;
	s.allow = door;
	make(&s);
	check_rows(&f, I386, calls, CRL_ARRAY_LEN(calls));
	s.allow = none;
	make(&s);
	assert_int_equal(ask(&f, I386, "socketcall", (const uint64_t[6]){1}), ERRNO(ENOSYS));
}

/* Each form names all others and never itself; a call is in one row at the most. */
static void test_twins(void **state)
{
	static const char *const names[] = {"chown", "stat64", "_llseek", "futex_time64", "sigaction", "waitpid"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		const char *twin;
		size_t n = 0;

		for (; (twin = crl_twin_name(names[i], n)); n++) {
			bool back = false;

			assert_string_not_equal(twin, names[i]);
			for (size_t k = 0; crl_twin_name(twin, k); k++)
				back = back || strcmp(crl_twin_name(twin, k), names[i]) == 0;
			assert_true(back);
		}
		assert_true(n > 0);
	}
	assert_string_equal(crl_twin_name("shmctl", 0) ? "a twin" : "none", "none");
	assert_null(crl_twin_name("openat", 0));
	for (size_t i = 0; crl_twin_door(i); i++)
		assert_true(seccomp_syscall_resolve_name(crl_twin_door(i)->name) != __NR_SCMP_ERROR);
}

/* What a program could not be made from is refused, with the key. */
static void test_wrong_items(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_strv ioctl = STRV((char[]){"TIOCSTY"}), mixed = STRV((char[]){"!TCGETS"}, (char[]){"TCSETS"});
	struct crl_err err = {0};

	(void)state;
	s.args[CRL_ARGS_IOCTL] = ioctl;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "seccomp.args.ioctl: not 'TIOCSTY'"));
	s.args[CRL_ARGS_IOCTL] = mixed;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, &err), -EINVAL);
	s.base[0] = '\0';
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, &err), -EINVAL);
	assert_non_null(strstr(err.text, "need a base"));
}

/* What the policy refuses by LOG is let, and must not let what carrel refuses itself. */
/* keeps: plan/filter/args R3 */
static void test_told_is_not_opened(void **state)
{
	struct crl_strv clone = STRV((char[]){"!CLONE_NEWUSER"}, (char[]){"!CLONE_VM"});
	struct crl_strv persona = STRV((char[]){"!READ_IMPLIES_EXEC"}, (char[]){"!ADDR_NO_RANDOMIZE"});
	struct crl_strv types = STRV((char[]){"!SOCK_STREAM"}, (char[]){"!SOCK_RAW"});
	struct crl_strv calls = STRV((char[]){"clone"}, (char[]){"personality"}, (char[]){"socket"});
	struct crl_answers told = {.calls = calls, .answer = {.kind = CRL_VERDICT_LOG}};
	static const struct row rows[] = {
		{"clone", {CLONE_NEWUSER | 17}, ERRNO(EPERM)},
		{"clone", {CLONE_VM | CLONE_NEWUSER}, ERRNO(EPERM)},
		{"clone", {CLONE_VM | 17}, LOG},
		{"clone", {FORK}, ALLOW},
		{"personality", {READ_IMPLIES_EXEC}, ERRNO(EPERM)},
		{"personality", {READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE}, ERRNO(EPERM)},
		{"personality", {ADDR_NO_RANDOMIZE}, LOG},
		{"personality", {0xffffffff}, ALLOW},
		{"socket", {AF_VSOCK, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
		{"socket", {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}, ERRNO(EPROTONOSUPPORT)},
		{"socket", {AF_INET, SOCK_PACKET}, ERRNO(EAFNOSUPPORT)},
		{"socket", {AF_INET, SOCK_STREAM}, LOG},
		{"socket", {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, LOG},
		{"socket", {AF_INET, SOCK_DGRAM}, ALLOW},
	};

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct crl_seccomp s = lab_wish();

		s.args[CRL_ARGS_CLONE] = clone;
		s.args[CRL_ARGS_PERSONALITY] = persona;
		s.args[CRL_ARGS_SOCKET] = types;
		if (way == 0) {
			s.mode = CRL_FILTER_LOG;
		} else {
			s.answers = &told;
			s.answers_len = 1;
		}
		make(&s);
		check_both(rows, CRL_ARRAY_LEN(rows));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_values), cmocka_unit_test(test_let_values),
		cmocka_unit_test(test_flags),          cmocka_unit_test(test_types),
		cmocka_unit_test(test_answers),        cmocka_unit_test(test_mode_log),
		cmocka_unit_test(test_denied_twins),   cmocka_unit_test(test_twins),
		cmocka_unit_test(test_wrong_items),    cmocka_unit_test(test_told_is_not_opened),
	};

	return cmocka_run_group_tests_name("plan/filter_args", tests, load_groups, free_groups);
}
