// SPDX-License-Identifier: Apache-2.0
/*
 * Measured: each call of @login was denied alone, and a command by ssh, a shell on a terminal by ssh and su were tried
 * on Debian 12. Without one of these at least one of the three did not come about, or had lost its session or terminal.
 * In the same way, with each call that carrel-shell makes, a command by ssh through the last stage.
 *
 * Runs in: carrelctl. Pure.
 */
#include "plan/filter/need.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/filter/notify.h"

static const char *const needed[] = {
	/* carrel's module, after the filter is in force and at the end */
	"close",
	"newfstatat",
	"fcntl",
	"recvmsg",
	"sendmsg",
	"poll",
	/* sshd, su and a shell */
	"write",
	"ppoll",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"ioctl",
	"dup",
	"dup2",
	"pipe2",
	"clone",
	"wait4",
	"getrandom",
	"socket",
	"socketpair",
	"sendto",
	"recvfrom",
	"getuid",
	"geteuid",
	"getgid",
	"getpgrp",
	"getcwd",
	"chown",
	"getdents64",
	"lseek",
	"exit_group",
};

/* any program's start */
static const char *const starting[] = {
	"execve", "openat", "read", "pread64", "mmap", "mprotect", "arch_prctl",
};

static const char *const joining[] = {
	"getgroups", "setgroups", "getresuid", "getresgid", "setresuid", "setresgid", "fchdir", "chdir", "capset",
};

/* The root is changed by the one or the other. */
static const char *const changing_root[] = {"chroot"};
static const char *const turning_root[] = {"unshare", "mount", "pivot_root", "umount2"};

static const char *const locking[] = {"prctl"};
static const char *const raising[] = {"capget"};
static const char *const loading[] = {"seccomp"};

/* Names that a set refuses, as they are found. */
struct lacking {
	const struct crl_callset *set;
	char *text;
	size_t size, len;
	bool full;
};

static void look_for(struct lacking *l, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && !l->full; i++) {
		if (crl_callset_lets(l->set, names[i]))
			continue;
		l->full = l->len + strlen(names[i]) + sizeof(", ...") > l->size;
		l->len += (size_t)snprintf(l->text + l->len, l->size - l->len, "%s%s", l->len && !l->full ? ", " : "",
					   l->full ? "..." : names[i]);
	}
}

/* Tried one by one like the calls above, by rules in seccomp.args. */
static const struct needed_value {
	enum crl_args_call rule;
	const char *call, *name;
	uint64_t arg[2];
} values[] = {
	{CRL_ARGS_CLONE, "clone", "CLONE_CHILD_SETTID", {CLONE_CHILD_SETTID | SIGCHLD}},
	{CRL_ARGS_CLONE, "clone", "CLONE_CHILD_CLEARTID", {CLONE_CHILD_CLEARTID | SIGCHLD}},
	{CRL_ARGS_FCNTL, "fcntl", "F_SETFD", {0, F_SETFD}},
	{CRL_ARGS_IOCTL, "ioctl", "TCGETS", {0, TCGETS}},
	{CRL_ARGS_IOCTL, "ioctl", "TIOCGPGRP", {0, TIOCGPGRP}},
	{CRL_ARGS_IOCTL, "ioctl", "TIOCGPTN", {0, TIOCGPTN}},
	{CRL_ARGS_IOCTL, "ioctl", "TIOCSPTLCK", {0, TIOCSPTLCK}},
	{CRL_ARGS_SOCKET, "socket", "AF_NETLINK:SOCK_RAW", {AF_NETLINK, SOCK_RAW}},
};

static bool is_let(const struct crl_filter *f, const struct needed_value *v)
{
	struct seccomp_data d = {.arch = seccomp_arch_native(), .args = {v->arg[0], v->arg[1]}};
	uint32_t action;

	d.nr = seccomp_syscall_resolve_name(v->call);
	if (v->rule == CRL_ARGS_SOCKET)
		d.args[2] = NETLINK_AUDIT;
	action = crl_notify_verdict(f, &d) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

bool crl_filter_lacks_values(const struct crl_filter *f, enum crl_args_call call, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(values) && len < size; i++)
		if (values[i].rule == call && !is_let(f, &values[i]))
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", values[i].name);
	return len > 0;
}

static struct lacking look(const struct crl_callset *set, char *text, size_t size)
{
	text[0] = '\0';
	return (struct lacking){.set = set, .text = text, .size = size};
}

static const char *const apart[] = {"landlock_create_ruleset", "landlock_restrict_self", "kill"};

bool crl_callset_lacks(const struct crl_callset *set, char *text, size_t size)
{
	struct lacking l = look(set, text, size);

	look_for(&l, needed, CRL_ARRAY_LEN(needed));
	look_for(&l, starting, CRL_ARRAY_LEN(starting));
	return l.len > 0;
}

bool crl_callset_lacks_start(const struct crl_callset *set, char *text, size_t size)
{
	struct lacking l = look(set, text, size);

	look_for(&l, starting, CRL_ARRAY_LEN(starting));
	return l.len > 0;
}

bool crl_callset_lacks_last(const struct crl_callset *set, const struct crl_policy *p, char *text, size_t size)
{
	struct lacking l = look(set, text, size);

	if (crl_policy_owns_users(p)) {
		look_for(&l, joining, CRL_ARRAY_LEN(joining));
		if (p->user_nested)
			look_for(&l, turning_root, CRL_ARRAY_LEN(turning_root));
		else
			look_for(&l, changing_root, CRL_ARRAY_LEN(changing_root));
	}
	if (crl_policy_owns_users(p) || p->shell_seccomp.base[0] || p->cap_ambient || p->profiles_len)
		look_for(&l, locking, CRL_ARRAY_LEN(locking));
	if (p->shell_apart && p->need[CRL_FEATURE_LANDLOCK] != CRL_NEED_OFF)
		look_for(&l, apart, CRL_ARRAY_LEN(apart));
	if (p->cap_ambient)
		look_for(&l, raising, CRL_ARRAY_LEN(raising));
	if (p->shell_seccomp.base[0] || p->profiles_len)
		look_for(&l, loading, CRL_ARRAY_LEN(loading));
	return l.len > 0;
}

bool crl_callset_lacks_load(const struct crl_callset *set, char *text, size_t size)
{
	struct lacking l = look(set, text, size);

	look_for(&l, locking, CRL_ARRAY_LEN(locking));
	look_for(&l, loading, CRL_ARRAY_LEN(loading));
	return l.len > 0;
}
