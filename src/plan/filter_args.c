// SPDX-License-Identifier: Apache-2.0
/*
 * The calls whose arguments count: clone, fcntl, ioctl, perf_event_open, personality, setns, socket, socketpair, and
 * i386's socketcall.
 *
 * Runs in: helper, carrelctl. Source: seccomp(2), bpf(4) of the classic kind, the kernel's net/socket.c.
 */
#include "plan/filter_args.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/personality.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/families.h"

/* In clone() the lowest byte is the exit signal, so CLONE_NEWTIME cannot be asked for there. */
#define CLONE_NAMESPACES                                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET)
#define EVERY_PROCESS    UINT32_MAX /* perf_event_open()'s pid of -1, which the kernel takes as int */
#define DIR_NOTIFY       1026u /* fcntl()'s F_NOTIFY, as linux/fcntl.h has it, which does not go with fcntl.h */
#define SOCKET_TYPE_MASK 0xfu /* the kernel's SOCK_TYPE_MASK; above it are SOCK_CLOEXEC and SOCK_NONBLOCK */

#define RET_ALLOW    SECCOMP_RET_ALLOW
#define RET_ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define ARG_LOW(n)   (offsetof(struct seccomp_data, args) + 8 * (n)) /* little-endian */

/* Routes and addresses for everyone; audit for sshd, login and PAM, useless without CAP_AUDIT_WRITE. */
static const uint32_t netlink_protocols[] = { NETLINK_ROUTE, NETLINK_AUDIT };

/*
 * What setarch, linux32, debuggers and GCL need, and the question; no READ_IMPLIES_EXEC. Without randomisation only the
 * caller's own programs are, set-user-ID ones never.
 */
static const uint32_t personalities[] = {
	PER_LINUX,
	PER_LINUX32,
	UNAME26,
	UNAME26 | PER_LINUX32,
	ADDR_NO_RANDOMIZE,
	ADDR_NO_RANDOMIZE | PER_LINUX32,
	ADDR_NO_RANDOMIZE | UNAME26,
	ADDR_NO_RANDOMIZE | UNAME26 | PER_LINUX32,
	0xffffffff,
};

struct text {
	struct sock_filter *insn;
	uint32_t len;
	uint32_t capacity;
	uint32_t families[CRL_FAMILIES_MAX];
	size_t families_len;
	uint32_t setns_flags;
};

static void emit(struct text *t, struct sock_filter insn)
{
	if (t->len < t->capacity)
		t->insn[t->len] = insn;
	t->len++; /* beyond capacity it only counts: crl_filter_args_write() refuses at the end */
}

static void emit_load(struct text *t, size_t offset)
{
	emit(t, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void emit_return(struct text *t, uint32_t action)
{
	emit(t, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Return @action when what was loaded is @value; go on otherwise. */
static void emit_return_if(struct text *t, uint32_t value, uint32_t action)
{
	emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
	emit_return(t, action);
}

static void write_clone(struct text *t)
{
	emit_load(t, ARG_LOW(0));
	emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NAMESPACES, 0, 1));
	emit_return(t, RET_ERRNO(EPERM));
	emit_return(t, RET_ALLOW);
}

/* The module's way back to the host; it takes CAP_SYS_ADMIN as well, which nothing of the user's has. */
static void write_setns(struct text *t)
{
	emit_load(t, ARG_LOW(1));
	emit_return_if(t, t->setns_flags, RET_ALLOW);
	emit_return(t, RET_ERRNO(EPERM));
}

static void write_personality(struct text *t)
{
	emit_load(t, ARG_LOW(0));
	for (size_t i = 0; i < CRL_ARRAY_LEN(personalities); i++)
		emit_return_if(t, personalities[i], RET_ALLOW);
	emit_return(t, RET_ERRNO(EPERM));
}

/* Both push characters into a terminal's input, which outlives the room when su or login was started on it.
 */
static void write_ioctl(struct text *t)
{
	emit_load(t, ARG_LOW(1));
	emit_return_if(t, TIOCSTI, RET_ERRNO(EPERM));
	emit_return_if(t, TIOCLINUX, RET_ERRNO(EPERM));
	emit_return(t, RET_ALLOW);
}

/*
 * Of the events of every process of a processor, and of a cgroup, the host's perf_event_paranoid alone decides; the
 * first would tell of other users' programs and of files that the room does not show.
 */
static void write_perf(struct text *t)
{
	emit_load(t, ARG_LOW(1));
	emit_return_if(t, EVERY_PROCESS, RET_ERRNO(EPERM));
	emit_load(t, ARG_LOW(4));
	emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PERF_FLAG_PID_CGROUP, 0, 1));
	emit_return(t, RET_ERRNO(EPERM));
	emit_return(t, RET_ALLOW);
}

/* The older door to what inotify tells, closed where that one is; EINVAL is what a kernel without it answers. */
static void write_fcntl(struct text *t)
{
	emit_load(t, ARG_LOW(1));
	emit_return_if(t, DIR_NOTIFY, RET_ERRNO(EINVAL));
	emit_return(t, RET_ALLOW);
}

static bool has_family(const struct text *t, uint32_t family)
{
	for (size_t i = 0; i < t->families_len; i++)
		if (t->families[i] == family)
			return true;
	return false;
}

static void write_socket(struct text *t)
{
	if (!has_family(t, AF_PACKET)) {
		/* socket(AF_INET, SOCK_PACKET) is the old way to say AF_PACKET, and the kernel still takes it
		 * so */
		emit_load(t, ARG_LOW(1));
		emit(t, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE_MASK));
		emit_return_if(t, SOCK_PACKET, RET_ERRNO(EAFNOSUPPORT));
	}
	emit_load(t, ARG_LOW(0));
	for (size_t i = 0; i < t->families_len; i++)
		if (t->families[i] != AF_NETLINK)
			emit_return_if(t, t->families[i], RET_ALLOW);
	if (has_family(t, AF_NETLINK)) {
		emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0,
						     2 + 2 * CRL_ARRAY_LEN(netlink_protocols)));
		emit_load(t, ARG_LOW(2));
		for (size_t i = 0; i < CRL_ARRAY_LEN(netlink_protocols); i++)
			emit_return_if(t, netlink_protocols[i], RET_ALLOW);
		emit_return(t, RET_ERRNO(EPROTONOSUPPORT));
	}
	emit_return(t, RET_ERRNO(EAFNOSUPPORT));
}

/* A pair reaches nobody but its maker, so it does not hang on the list of families. */
static void write_socketpair(struct text *t)
{
	emit_load(t, ARG_LOW(0));
	emit_return_if(t, AF_UNIX, RET_ALLOW);
	emit_return(t, RET_ERRNO(EAFNOSUPPORT));
}

/* i386's old door to all socket calls has its arguments behind a pointer; the calls have numbers since
 * Linux 4.3. */
static void write_socketcall(struct text *t)
{
	emit_return(t, RET_ERRNO(ENOSYS));
}

/* When a guard has its say. */
enum when {
	WHEN_ALLOWED, /* the set allows the call and the policy does not name it itself */
	WHEN_ALLOWED_ANY, /* the set allows the call, even by its own name: another key rules it */
	WHEN_REFUSED, /* the set does not allow the call: the guard is the exception */
	WHEN_NOT_NAMED, /* unless the policy names the call itself */
};

static const struct guard {
	const char *name;
	enum when when;
	void (*write)(struct text *t);
	int i386_nr; /* where libseccomp resolves the name to a socketcall() of i386; 0 = it does not */
} guards[] = {
	{ "socket", WHEN_ALLOWED_ANY, write_socket, 359 },
	{ "socketpair", WHEN_ALLOWED, write_socketpair, 360 },
	{ "ioctl", WHEN_ALLOWED, write_ioctl, 0 },
	{ "clone", WHEN_ALLOWED, write_clone, 0 },
	{ "personality", WHEN_ALLOWED, write_personality, 0 },
	{ "perf_event_open", WHEN_ALLOWED, write_perf, 0 },
	{ "fcntl", WHEN_ALLOWED, write_fcntl, 0 },
	{ "fcntl64", WHEN_ALLOWED, write_fcntl, 0 },
	{ "setns", WHEN_REFUSED, write_setns, 0 },
	{ "socketcall", WHEN_NOT_NAMED, write_socketcall, 0 },
};

static bool guard_is_on(const struct crl_filter_job *job, const struct guard *g)
{
	bool allowed = crl_callset_answer_by_name(job->set, g->name) == CRL_ANSWER_ALLOW;
	bool whole = crl_callset_is_whole(job->set, g->name);

	/* who may unshare() gains nothing by clone()'s flags, and half of a pair would only confuse */
	if (g->write == write_clone && crl_callset_answer_by_name(job->set, "unshare") == CRL_ANSWER_ALLOW)
		return false;
	if (g->write == write_fcntl && crl_callset_answer_by_name(job->set, "inotify_add_watch") == CRL_ANSWER_ALLOW)
		return false;
	switch (g->when) {
	case WHEN_ALLOWED:
		return allowed && !whole;
	case WHEN_ALLOWED_ANY:
		return allowed;
	case WHEN_REFUSED:
		return !allowed && job->setns_flags != 0;
	case WHEN_NOT_NAMED:
		return !allowed || !whole;
	}
	return false;
}

bool crl_filter_args_decides(const struct crl_filter_job *job, int nr)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(guards); i++)
		if (seccomp_syscall_resolve_name(guards[i].name) == nr)
			return guard_is_on(job, &guards[i]);
	return false;
}

/* The number with which a guard's call enters the kernel on @arch, negative when it has none there. */
static int guard_nr(const struct guard *g, uint32_t arch)
{
	return arch == SCMP_ARCH_X86 && g->i386_nr ? g->i386_nr
						   : seccomp_syscall_resolve_name_arch(arch, g->name);
}

/* A jump that is one instruction too long would land in the next rule, so it is checked where it is made. */
static int patch_skip(struct text *t, uint32_t at, struct crl_err *err)
{
	uint32_t skip = t->len - at - 1;

	if (t->len > t->capacity)
		return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "the filter has more than %u instructions",
				   t->capacity);
	if (skip > UINT8_MAX)
		return crl_err_set(err, E2BIG, CRL_STAGE_FILTER,
				   "the rules of one call are too long for a jump");
	t->insn[at].jf = (uint8_t)skip;
	return 0;
}

static int write_arch(const struct crl_filter_job *job, uint32_t arch, struct text *t, struct crl_err *err)
{
	uint32_t skip_at;

	emit_load(t, offsetof(struct seccomp_data, arch));
	emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
	skip_at = t->len;
	emit(t, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	emit_load(t, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CRL_ARRAY_LEN(guards); i++) {
		int nr = guard_nr(&guards[i], arch);
		uint32_t at = t->len;
		int rc;

		if (nr < 0 || !guard_is_on(job, &guards[i]))
			continue;
		emit(t, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 0));
		guards[i].write(t);
		rc = patch_skip(t, at, err);
		if (rc < 0)
			return rc;
	}
	if (t->len > t->capacity)
		return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "the filter has more than %u instructions",
				   t->capacity);
	t->insn[skip_at].k = t->len - skip_at - 1;
	return 0;
}

static int read_families(const struct crl_strv *list, struct text *t, struct crl_err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		int family = crl_family_find(list->item[i]);

		if (family < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_FILTER,
					   "seccomp.families: there is no family '%s'", list->item[i]);
		if (!has_family(t, (uint32_t)family))
			t->families[t->families_len++] = (uint32_t)family;
	}
	return 0;
}

int crl_filter_args_write(const struct crl_filter_job *job, struct sock_filter *insn, uint32_t capacity,
			  uint32_t *ret_len, struct crl_err *err)
{
	struct text t = { .insn = insn, .capacity = capacity, .setns_flags = job->setns_flags };
	int rc = read_families(&job->wish->families, &t, err);

	if (rc == 0)
		rc = write_arch(job, job->native, &t, err);
	if (rc == 0 && job->compat)
		rc = write_arch(job, job->compat, &t, err);
	if (rc == 0)
		*ret_len = t.len;
	return rc;
}
