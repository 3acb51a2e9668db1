// SPDX-License-Identifier: Apache-2.0
/*
 * Verdicts of compiled filters, call by call, on all three entry doors of x86-64.
 */
#include "tests/unit/plan/filter_lab.h"

#include <asm/ioctls.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/socket.h>

static struct crl_sysgroups groups;
static struct crl_filter filter; /* the shipped @login, compat, setns back allowed */

#define BACK (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)
#define HIGH 0x100000000ull

static int load_groups(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_err err = {0};

	(void)state;
	if (lab_load_groups(&groups) < 0)
		return -1;
	if (crl_filter_compile(&s, &groups, lab_room(BACK), &filter, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	print_message("@login with compat: %u instructions\n", filter.len);
	return 0;
}

static int free_groups(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

/* Good for both architectures: names, argument positions and answers are the same. */
static const struct row both[] = {
	{"read", {0}, ALLOW},
	{"execve", {0}, ALLOW},
	{"arch_prctl", {0}, ALLOW},
	{"prctl", {0}, ALLOW},
	{"seccomp", {0}, ALLOW},
	{"chroot", {0}, ALLOW},
	{"ptrace", {0}, ALLOW},
	{"setresuid", {0}, ALLOW},
	{"setgroups", {0}, ALLOW},
	{"bind", {0}, ALLOW},
	{"fork", {0}, ALLOW},
	{"vfork", {0}, ALLOW},
	{"pidfd_open", {0}, ALLOW},
	{"futex_waitv", {0}, ALLOW},

	{"clone", {0x01200011}, ALLOW}, /* fork() */
	{"clone", {0x003d0f00}, ALLOW}, /* pthread_create() */
	{"clone", {0x00004111}, ALLOW}, /* vfork-like, posix_spawn() */
	{"clone", {CLONE_NEWUSER | 17}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWNS}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWNET}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWPID}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWIPC}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWUTS}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWCGROUP}, ERRNO(EPERM)},
	{"clone", {0x01200011 | CLONE_NEWUSER | CLONE_NEWNET}, ERRNO(EPERM)},
	{"clone3", {0}, ERRNO(ENOSYS)},
	{"unshare", {CLONE_NEWUSER}, ERRNO(EPERM)},
	{"unshare", {0}, ERRNO(EPERM)},
	{"setns", {5, BACK}, ALLOW},
	{"setns", {5, 0}, ERRNO(EPERM)},
	{"setns", {5, CLONE_NEWNS}, ERRNO(EPERM)},
	{"setns", {5, BACK | CLONE_NEWUSER}, ERRNO(EPERM)},

	{"personality", {0}, ALLOW},
	{"personality", {8}, ALLOW},
	{"personality", {0x20000}, ALLOW},
	{"personality", {0x20008}, ALLOW},
	{"personality", {0xffffffff}, ALLOW},
	{"personality", {0x0040000}, ALLOW}, /* ADDR_NO_RANDOMIZE */
	{"personality", {0x0060008}, ALLOW},
	{"personality", {0x0400000}, ERRNO(EPERM)}, /* READ_IMPLIES_EXEC */
	{"personality", {0x40008}, ALLOW},
	{"personality", {0x0440000}, ERRNO(EPERM)},
	{"personality", {0x0100000}, ERRNO(EPERM)}, /* MMAP_PAGE_ZERO */
	{"personality", {1}, ERRNO(EPERM)},

	{"ioctl", {0, TCGETS}, ALLOW},
	{"ioctl", {0, TIOCSCTTY}, ALLOW},
	{"ioctl", {0, TIOCSTI}, ERRNO(EPERM)},
	{"ioctl", {0, TIOCLINUX}, ERRNO(EPERM)},

	{"socket", {AF_UNIX, SOCK_STREAM}, ALLOW},
	{"socket", {AF_INET, SOCK_STREAM | SOCK_CLOEXEC}, ALLOW},
	{"socket", {AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 17}, ALLOW},
	{"socket", {AF_INET, SOCK_PACKET}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_INET, SOCK_PACKET | SOCK_CLOEXEC}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_NETLINK, SOCK_RAW, 0}, ALLOW}, /* ROUTE */
	{"socket", {AF_NETLINK, SOCK_RAW, 9}, ALLOW}, /* AUDIT */
	{"socket", {AF_NETLINK, SOCK_RAW, 4}, ERRNO(EPROTONOSUPPORT)}, /* SOCK_DIAG */
	{"socket", {AF_NETLINK, SOCK_RAW, 12}, ERRNO(EPROTONOSUPPORT)}, /* NETFILTER */
	{"socket", {AF_NETLINK, SOCK_RAW, 16}, ERRNO(EPROTONOSUPPORT)}, /* GENERIC */
	{"socket", {AF_VSOCK, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_ALG, SOCK_SEQPACKET}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_PACKET, SOCK_RAW}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_KEY, SOCK_RAW}, ERRNO(EAFNOSUPPORT)},
	{"socketpair", {AF_UNIX, SOCK_STREAM}, ALLOW},
	{"socketpair", {AF_INET, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},
	{"socketpair", {30 /* AF_TIPC */, SOCK_STREAM}, ERRNO(EAFNOSUPPORT)},

	{"io_uring_setup", {0}, ERRNO(ENOSYS)},
	{"io_uring_enter", {0}, ERRNO(ENOSYS)},
	{"io_uring_register", {0}, ERRNO(ENOSYS)},
	{"keyctl", {0}, ERRNO(ENOSYS)},
	{"add_key", {0}, ERRNO(ENOSYS)},
	{"request_key", {0}, ERRNO(ENOSYS)},
	{"mount", {0}, ERRNO(EPERM)},
	{"umount2", {0}, ERRNO(EPERM)},
	{"pivot_root", {0}, ERRNO(EPERM)},
	{"fsopen", {0}, ERRNO(ENOSYS)},
	{"open_tree", {0}, ERRNO(ENOSYS)},
	{"move_mount", {0}, ERRNO(ENOSYS)},
	{"mount_setattr", {0}, ERRNO(ENOSYS)},
	{"bpf", {0}, ERRNO(EPERM)},
	{"perf_event_open", {0}, ERRNO(EPERM)},
	{"userfaultfd", {0}, ERRNO(EPERM)},
	{"open_by_handle_at", {0}, ERRNO(EPERM)},
	{"kcmp", {0}, ALLOW}, /* as ptrace */
	{"process_vm_readv", {0}, ALLOW}, /* as ptrace */
	{"process_vm_writev", {0}, ALLOW}, /* as ptrace */
	{"pidfd_getfd", {0}, ALLOW}, /* as ptrace */
	{"lookup_dcookie", {0}, ERRNO(EPERM)},
	{"fanotify_init", {0}, ERRNO(EPERM)},
	{"syslog", {0}, ERRNO(EPERM)},
	{"settimeofday", {0}, ERRNO(EPERM)},
	{"clock_settime", {0}, ERRNO(EPERM)},
	{"clock_adjtime", {0}, ALLOW}, /* reading; the kernel asks for CAP_SYS_TIME */
	{"vmsplice", {0}, ERRNO(EPERM)},
	{"memfd_secret", {0}, ERRNO(ENOSYS)},
	{"reboot", {0}, ERRNO(EPERM)},
	{"init_module", {0}, ERRNO(EPERM)},
	{"iopl", {0}, ERRNO(EPERM)},
	{"modify_ldt", {0}, ERRNO(ENOSYS)},
};

/* Arguments that the kernel takes as int: what stands above the low 32 bits must not change a verdict. */
static const struct row wide[] = {
	{"ioctl", {0, TIOCSTI | HIGH}, ERRNO(EPERM)},
	{"ioctl", {0, TIOCLINUX | HIGH}, ERRNO(EPERM)},
	{"ioctl", {0, TCGETS | HIGH}, ALLOW},
	{"socket", {AF_VSOCK | HIGH}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_UNIX | HIGH, SOCK_STREAM | HIGH}, ALLOW},
	{"socket", {AF_INET | HIGH, SOCK_PACKET | HIGH}, ERRNO(EAFNOSUPPORT)},
	{"socket", {AF_NETLINK | HIGH, 3, 12 | HIGH}, ERRNO(EPROTONOSUPPORT)},
	{"socketpair", {AF_INET | HIGH}, ERRNO(EAFNOSUPPORT)},
	{"personality", {0x400000 | HIGH}, ERRNO(EPERM)},
	{"clone", {CLONE_NEWUSER | HIGH}, ERRNO(EPERM)},
	{"clone", {0x01200011 | HIGH}, ALLOW},
	{"setns", {5, CLONE_NEWNS | HIGH}, ERRNO(EPERM)},
};

/* What only i386 has, or has by another name. */
static const struct row old[] = {
	{"mmap2", {0}, ALLOW},
	{"fstat64", {0}, ALLOW},
	{"_llseek", {0}, ALLOW},
	{"setresuid32", {0}, ALLOW},
	{"set_thread_area", {0}, ALLOW},
	{"clock_gettime64", {0}, ALLOW},
	{"sigreturn", {0}, ALLOW},
	{"waitpid", {0}, ALLOW},
	{"ipc", {21}, ALLOW},
	{"socketcall", {1}, ERRNO(ENOSYS)},
	{"socketcall", {2}, ERRNO(ENOSYS)},
	{"socketcall", {8}, ERRNO(ENOSYS)},
	{"umount", {0}, ERRNO(EPERM)},
	{"stime", {0}, ERRNO(EPERM)},
	{"clock_settime64", {0}, ERRNO(EPERM)},
	{"clock_adjtime64", {0}, ALLOW},
	{"vm86", {0}, ERRNO(ENOSYS)},
	{"vm86old", {0}, ERRNO(ENOSYS)},
};

/* keeps: plan/filter/args R1 */
static void test_native(void **state)
{
	(void)state;
	check_rows(&filter, X86_64, both, CRL_ARRAY_LEN(both));
	check_rows(&filter, X86_64, wide, CRL_ARRAY_LEN(wide));
}

/* keeps: plan/filter/filter R3 */
static void test_i386(void **state)
{
	(void)state;
	check_rows(&filter, I386, both, CRL_ARRAY_LEN(both));
	check_rows(&filter, I386, old, CRL_ARRAY_LEN(old));
}

static void test_i386_off(void **state)
{
	static struct crl_filter native_only;
	struct crl_seccomp s = lab_wish();

	(void)state;
	s.compat = false;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &native_only, NULL), 0);
	print_message("@login without compat: %u instructions\n", native_only.len);
	check_rows(&native_only, X86_64, both, CRL_ARRAY_LEN(both));
	for (int nr = 0; nr < 512; nr++)
		assert_int_equal(lab_ask(&native_only, I386, nr, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&native_only, AUDIT_ARCH_AARCH64, 1, NULL), ERRNO(ENOSYS));
}

static void test_x32(void **state)
{
	(void)state;
	for (int nr = 0; nr < 600; nr++)
		assert_int_equal(lab_ask(&filter, X86_64, nr | 0x40000000, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&filter, X86_64, -1, NULL), ERRNO(ENOSYS));
}

/* From 451 on, what the shipped groups allow. libseccomp may or may not know them; the program has to say the same. */
static const int newer[] = {452, 453, 454, 455, 456, 459, 461, 462, 463, 464, 465, 466, 468, 469, 471};

static bool is_listed(int nr)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(newer); i++)
		if (newer[i] == nr)
			return true;
	return false;
}

/* keeps: plan/filter/filter R1 */
static void test_new_numbers(void **state)
{
	(void)state;
	for (int nr = 451; nr <= 1100; nr++) {
		uint32_t want = is_listed(nr) ? ALLOW : ERRNO(ENOSYS);

		assert_int_equal(lab_ask(&filter, X86_64, nr, NULL), want);
		assert_int_equal(lab_ask(&filter, I386, nr, NULL), want);
	}
	assert_int_equal(lab_ask(&filter, X86_64, 335, NULL), ALLOW); /* uretprobe; on i386 rt_tgsigqueueinfo */
	assert_int_equal(lab_ask(&filter, X86_64, 336, NULL), ALLOW); /* uprobe; there perf_event_open */
	assert_int_equal(lab_ask(&filter, I386, 336, NULL), ERRNO(EPERM));
}

/*
 * What Docker's default profile refuses to a container without added capabilities; but for kcmp and pidfd_getfd, which give
 * nothing that ptrace, allowed there as well, does not, and for get_mempolicy, which only tells.
 */
static void test_docker_blocks(void **state)
{
	static const char *const blocked[] = {
		"acct",
		"add_key",
		"bpf",
		"clock_settime",
		"clone3",
		"create_module",
		"delete_module",
		"fanotify_init",
		"finit_module",
		"fsconfig",
		"fsmount",
		"fsopen",
		"fspick",
		"get_kernel_syms",
		"init_module",
		"io_uring_enter",
		"io_uring_register",
		"io_uring_setup",
		"ioperm",
		"iopl",
		"kexec_file_load",
		"kexec_load",
		"keyctl",
		"lookup_dcookie",
		"mbind",
		"migrate_pages",
		"mount",
		"mount_setattr",
		"move_mount",
		"move_pages",
		"nfsservctl",
		"open_by_handle_at",
		"open_tree",
		"perf_event_open",
		"pivot_root",
		"process_madvise",
		"query_module",
		"quotactl",
		"quotactl_fd",
		"reboot",
		"request_key",
		"set_mempolicy",
		"setdomainname",
		"sethostname",
		"setns",
		"settimeofday",
		"swapoff",
		"swapon",
		"_sysctl",
		"sysfs",
		"syslog",
		"umount2",
		"unshare",
		"uselib",
		"userfaultfd",
		"ustat",
		"vhangup",
	};
	static const char *const blocked_i386[] = {"stime",           "umount",  "vm86", "vm86old",
						   "clock_settime64", "bdflush", "idle"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(blocked); i++) {
		if (ask(&filter, X86_64, blocked[i], NULL) == ALLOW)
			fail_msg("%s is allowed", blocked[i]);
		if (seccomp_syscall_resolve_name_arch(I386, blocked[i]) >= 0 &&
		    ask(&filter, I386, blocked[i], NULL) == ALLOW)
			fail_msg("%s is allowed on i386", blocked[i]);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(blocked_i386); i++)
		if (ask(&filter, I386, blocked_i386[i], NULL) == ALLOW)
			fail_msg("%s is allowed on i386", blocked_i386[i]);
}

/* After entry the PAM application goes on under the filter; these were seen in sshd, su, sudo, login and
 * cron. */
static void test_pam_applications(void **state)
{
	static const char *const used[] = {
		"getpid",    "close",     "newfstatat",   "write",          "openat",          "read",
		"fcntl",     "alarm",     "rt_sigaction", "munmap",         "lseek",           "sendto",
		"recvmsg",   "poll",      "recvfrom",     "access",         "getsockname",     "bind",
		"setresuid", "setresgid", "setregid",     "setreuid",       "setgroups",       "getgroups",
		"readlink",  "pread64",   "dup2",         "sendmsg",        "getdents64",      "getpeername",
		"chown",     "chmod",     "exit_group",   "ppoll",          "wait4",           "setuid",
		"setgid",    "dup",       "getrandom",    "rt_sigprocmask", "set_robust_list", "execve",
		"prctl",     "capset",    "pidfd_open",   "setpriority",    "setrlimit",       "prlimit64",
		"umask",     "setpgid",   "setsid",       "fchdir",         "pipe2",           "kill",
		"chroot",    "flock",     "ftruncate",    "utimensat",      "fchown",          "fchmod",
		"mknod",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(used); i++)
		if (ask(&filter, X86_64, used[i], NULL) != ALLOW)
			fail_msg("%s is refused", used[i]);
}

static void test_no_setns_without_flags(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	const uint64_t any[6] = {5, 0};

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(0), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "setns", any), ERRNO(EPERM));
	assert_int_equal(ask(&f, I386, "setns", any), ERRNO(EPERM));
}

/* The way into a user namespace of one's own, and no other; with user.nested others as well. */
static void test_user_namespace(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	const uint64_t user[6] = {5, CLONE_NEWUSER}, more[6] = {5, CLONE_NEWUSER | CLONE_NEWNS}, back[6] = {5, BACK},
		       high[6] = {5, CLONE_NEWUSER | HIGH}, any[6] = {5, 0}, make[6] = {CLONE_NEWUSER | SIGCHLD},
		       new[6] = {CLONE_NEWUSER};
	static const uint32_t arch[] = {X86_64, I386};

	(void)state;
	assert_int_equal(ask(&filter, X86_64, "setns", user), ERRNO(EPERM));
	s.joins_users = true;
	for (int flags = 0; flags < 2; flags++) {
		assert_int_equal(crl_filter_compile(&s, &groups, lab_room(flags ? BACK : 0), &f, NULL), 0);
		for (size_t i = 0; i < CRL_ARRAY_LEN(arch); i++) {
			assert_int_equal(ask(&f, arch[i], "setns", user), ALLOW);
			assert_int_equal(ask(&f, arch[i], "setns", more), ERRNO(EPERM));
			assert_int_equal(ask(&f, arch[i], "setns", any), ERRNO(EPERM));
			assert_int_equal(ask(&f, arch[i], "setns", back), flags ? ALLOW : ERRNO(EPERM));
			assert_int_equal(ask(&f, arch[i], "unshare", new), ERRNO(EPERM));
			assert_int_equal(ask(&f, arch[i], "clone", make), ERRNO(EPERM));
			assert_int_equal(ask(&f, arch[i], "clone3", make), ERRNO(ENOSYS));
			assert_int_equal(ask(&f, arch[i], "mount", any), ERRNO(EPERM));
		}
		assert_int_equal(ask(&f, X86_64, "setns", high), ALLOW); /* the kernel takes an int */
	}
	s.nested = true;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(arch); i++) {
		assert_int_equal(ask(&f, arch[i], "unshare", new), ALLOW);
		assert_int_equal(ask(&f, arch[i], "clone", make), ALLOW);
		assert_int_equal(ask(&f, arch[i], "pivot_root", any), ALLOW);
		assert_int_equal(ask(&f, arch[i], "mount_setattr", any), ALLOW);
		assert_int_equal(ask(&f, arch[i], "fsopen", any), ERRNO(ENOSYS));
		assert_int_equal(ask(&f, arch[i], "clone3", make), ERRNO(ENOSYS));
		assert_int_equal(ask(&f, arch[i], "bpf", any), ERRNO(EPERM));
	}
	s.deny = (struct crl_strv)STRV((char[]){"unshare"}); /* whoever denies is heard */
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "unshare", new), ERRNO(EPERM));
	assert_int_equal(ask(&f, X86_64, "clone", make), ERRNO(EPERM));
}

/* Whoever can be root of a network can ask for netfilter's tables by the older door; all else of sockets works. */
static void test_tables(void **state)
{
	static const struct row shut[] = {
		{"setsockopt", {3, IPPROTO_IP, 64}, ERRNO(EPERM)}, /* IPT_SO_SET_REPLACE */
		{"setsockopt", {3, IPPROTO_IP, 65}, ERRNO(EPERM)},
		{"setsockopt", {3, IPPROTO_IP, 96}, ERRNO(EPERM)}, /* ARPT_SO_SET_REPLACE */
		{"setsockopt", {3, IPPROTO_IP, 128}, ERRNO(EPERM)}, /* EBT_SO_SET_ENTRIES */
		{"setsockopt", {3, IPPROTO_IP, 1154}, ERRNO(EPERM)}, /* IP_VS_SO_SET_ADD */
		{"setsockopt", {3, IPPROTO_IPV6, 64}, ERRNO(EPERM)}, /* IP6T_SO_SET_REPLACE */
		{"setsockopt", {3, IPPROTO_IPV6, 65}, ERRNO(EPERM)},
		{"setsockopt", {3, IPPROTO_IPV6 | HIGH, 64 | HIGH}, ERRNO(EPERM)},
		{"setsockopt", {3, IPPROTO_IP | HIGH, 64 | HIGH}, ERRNO(EPERM)},
		{"getsockopt", {3, IPPROTO_IP, 65}, ERRNO(EPERM)},
		{"getsockopt", {3, IPPROTO_IPV6, 64}, ERRNO(EPERM)},
		{"setsockopt", {3, IPPROTO_IP, 63}, ALLOW},
		{"setsockopt", {3, IPPROTO_IP, IP_TOS}, ALLOW},
		{"setsockopt", {3, IPPROTO_IPV6, 63}, ALLOW},
		{"setsockopt", {3, IPPROTO_IPV6, 66}, ALLOW}, /* IPV6_RECVTCLASS */
		{"setsockopt", {3, SOL_SOCKET, 64}, ALLOW},
		{"setsockopt", {3, IPPROTO_TCP, 64}, ALLOW},
		{"getsockopt", {3, SOL_SOCKET, SO_PEERCRED}, ALLOW},
	};
	static const uint32_t arch[] = {X86_64, I386};
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();

	(void)state;
	s.joins_users = true;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(shut); i++)
		for (size_t a = 0; a < CRL_ARRAY_LEN(arch); a++) {
			assert_int_equal(ask(&f, arch[a], shut[i].name, shut[i].args), shut[i].want);
			assert_int_equal(ask(&filter, arch[a], shut[i].name, shut[i].args),
					 ALLOW); /* nobody is root there */
		}
	s = lab_wish();
	s.allow = (struct crl_strv)STRV((char[]){"unshare"});
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "setsockopt", shut[0].args), ERRNO(EPERM));
	s.allow = (struct crl_strv)STRV((char[]){"unshare"}, (char[]){"setsockopt"});
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "setsockopt", shut[0].args), ALLOW);
}

static void test_families(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv few = STRV((char[]){"packet"}, (char[]){"inet"}, (char[]){"inet"});
	static const struct row rows[] = {
		{"socket", {AF_INET, SOCK_PACKET}, ALLOW}, /* packet is listed */
		{"socket", {AF_PACKET, SOCK_RAW}, ALLOW},      {"socket", {AF_UNIX}, ERRNO(EAFNOSUPPORT)},
		{"socket", {AF_NETLINK}, ERRNO(EAFNOSUPPORT)}, {"socketpair", {AF_UNIX}, ALLOW},
	};
	static const struct row none[] = {{"socket", {AF_UNIX}, ERRNO(EAFNOSUPPORT)}, {"socketpair", {AF_UNIX}, ALLOW}};
	struct crl_strv denied = STRV((char[]){"socket"});
	const uint64_t unix_family[6] = {AF_UNIX};

	(void)state;
	s.families = few;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
	s.families.len = 0;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, none, CRL_ARRAY_LEN(none));
	s = lab_wish();
	s.deny = denied;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "socket", unix_family), ERRNO(EPERM));
	assert_int_equal(ask(&f, I386, "socketcall", (const uint64_t[6]){1}), ERRNO(ENOSYS));
}

/* perf_event_open(attr, pid, cpu, group, flags): one's own processes and no others. */
static void test_perf(void **state)
{
	static struct crl_filter f;
	static const struct row rows[] = {
		{"perf_event_open", {0x1000, 0, (uint32_t)-1, (uint32_t)-1, 0}, ALLOW},
		{"perf_event_open", {0x1000, 4711, 0, (uint32_t)-1, 8}, ALLOW},
		{"perf_event_open", {0x1000, (uint32_t)-1, 0, (uint32_t)-1, 0}, ERRNO(EPERM)},
		{"perf_event_open", {0x1000, 3, 0, (uint32_t)-1, 4}, ERRNO(EPERM)}, /* PID_CGROUP */
		{"perf_event_open", {0x1000, 3, 0, (uint32_t)-1, 12}, ERRNO(EPERM)},
		{"perf_event_open", {0x1000, 0, 0, (uint32_t)-1, 3}, ALLOW},
	};
	static const struct row high[] = {
		{"perf_event_open", {0x1000, (uint64_t)-1, 0, (uint64_t)-1, 0}, ERRNO(EPERM)},
		{"perf_event_open", {0x1000, HIGH | (uint32_t)-1, 0, 0, 0}, ERRNO(EPERM)},
		{"perf_event_open", {0x1000, HIGH, 0, 0, HIGH}, ALLOW},
		{"perf_event_open", {0x1000, 3, 0, 0, HIGH | 4}, ERRNO(EPERM)},
	};
	struct crl_seccomp s = lab_wish();
	struct crl_strv group = STRV((char[]){"@perf"}), name = STRV((char[]){"perf_event_open"});

	(void)state;
	s.allow = group;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	check_rows(&f, X86_64, rows, CRL_ARRAY_LEN(rows));
	check_rows(&f, X86_64, high, CRL_ARRAY_LEN(high));
	check_rows(&f, I386, rows, CRL_ARRAY_LEN(rows));
	s.allow = name;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "perf_event_open", (const uint64_t[6]){0, (uint32_t)-1}), ALLOW);
}

/* Who may not watch by inotify may not by fcntl(F_NOTIFY) either; all else of fcntl() stays. */
static void test_watch(void **state)
{
	static struct crl_filter f;
	const uint64_t notify[6] = {3, 1026, 1}, above[6] = {3, HIGH | 1026, 1}, get[6] = {3, 1};
	struct crl_seccomp s = lab_wish();
	struct crl_strv deny = STRV((char[]){"@watch"});

	(void)state;
	assert_int_equal(ask(&filter, X86_64, "fcntl", notify), ALLOW);
	assert_int_equal(ask(&filter, X86_64, "inotify_init1", NULL), ALLOW);
	s.deny = deny;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "inotify_init1", NULL), ERRNO(ENOSYS));
	assert_int_equal(ask(&f, I386, "inotify_add_watch", NULL), ERRNO(ENOSYS));
	assert_int_equal(ask(&f, X86_64, "fcntl", notify), ERRNO(EINVAL));
	assert_int_equal(ask(&f, X86_64, "fcntl", above), ERRNO(EINVAL));
	assert_int_equal(ask(&f, X86_64, "fcntl", get), ALLOW);
	assert_int_equal(ask(&f, I386, "fcntl", notify), ERRNO(EINVAL));
	assert_int_equal(ask(&f, I386, "fcntl64", notify), ERRNO(EINVAL));
	assert_int_equal(ask(&f, I386, "fcntl64", get), ALLOW);
}

static void test_all_families_fit(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv all =
		STRV((char[]){"unix"}, (char[]){"inet"}, (char[]){"inet6"}, (char[]){"netlink"}, (char[]){"packet"},
		     (char[]){"can"}, (char[]){"bluetooth"}, (char[]){"alg"}, (char[]){"rds"}, (char[]){"tipc"},
		     (char[]){"xdp"}, (char[]){"qipcrtr"}, (char[]){"kcm"}, (char[]){"key"}, (char[]){"smc"},
		     (char[]){"ib"}, (char[]){"phonet"}, (char[]){"nfc"});

	(void)state;
	s.families = all;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(BACK), &f, NULL), 0);
	assert_int_equal(ask(&f, X86_64, "socket", (const uint64_t[6]){AF_VSOCK}), ERRNO(EAFNOSUPPORT));
	assert_int_equal(ask(&f, X86_64, "socket", (const uint64_t[6]){AF_KEY}), ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_i386),
		cmocka_unit_test(test_i386_off),
		cmocka_unit_test(test_x32),
		cmocka_unit_test(test_new_numbers),
		cmocka_unit_test(test_docker_blocks),
		cmocka_unit_test(test_pam_applications),
		cmocka_unit_test(test_no_setns_without_flags),
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_perf),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_all_families_fit),
	};

	return cmocka_run_group_tests_name("plan/filter", tests, load_groups, free_groups);
}
