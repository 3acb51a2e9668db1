// SPDX-License-Identifier: Apache-2.0
/*
 * The calls whose arguments count: clone, fcntl, getsockopt, ioctl, perf_event_open, personality, setns, setsockopt,
 * socket, socketpair, and i386's socketcall; and file_setattr, whose fate is the room's to say.
 *
 * Runs in: helper, carrelctl. Pure. Source: seccomp(2), the kernel's net/socket.c.
 * The rules that a policy wishes for come on top: they take away, and never give what a rule of these refuses.
 *
 *  R1  Arguments that the kernel takes as int or unsigned int are compared by their low 32 bits only.
 *  R2  A call that is refused by its name is refused through ipc() and socketcall() as well.
 *  R3  What these rules refuse stays refused, whatever the policy's own rules, answers and mode are.
 */
#include "plan/filter/args.h"

#include <asm/ioctls.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/personality.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "base/scope.h"
#include "plan/filter/hold.h"
#include "plan/filter/twins.h"
#include "policy/filter/argnames.h"
#include "policy/filter/families.h"

/* In clone() the lowest byte is the exit signal, so CLONE_NEWTIME cannot be asked for there. */
#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define EVERY_PROCESS UINT32_MAX /* perf_event_open()'s pid of -1, which the kernel takes as int */
#define DIR_NOTIFY 1026u /* fcntl()'s F_NOTIFY, as linux/fcntl.h has it, which does not go with fcntl.h */
#define TABLES_IP 64u /* from here on a socket of IP has the options of netfilter's tables, IPVS' too, and no others */
#define CLONE_SIGNAL 0xffu /* the kernel's CSIGNAL */
#define SOCKET_TYPE_MASK 0xfu /* the kernel's SOCK_TYPE_MASK; above it are SOCK_CLOEXEC and SOCK_NONBLOCK */

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

/* What the rules are written from. */
struct rules {
	const struct crl_filter_job *job;
	struct crl_guards *guards;
	uint32_t families[CRL_FAMILIES_MAX];
	size_t families_len;
};

/* One item of a rule of the policy's; what is not one was refused where it was read. */
static struct crl_args_item item_of(const struct rules *r, enum crl_args_call call, size_t i)
{
	struct crl_args_item item;

	if (crl_args_parse(call, r->job->wish->args[call].item[i], &item, NULL) < 0)
		return (struct crl_args_item){.deny = true};
	return item;
}

/* Are there items, and do they say what alone is let? */
static bool lets_only(const struct rules *r, enum crl_args_call call)
{
	const struct crl_strv *v = &r->job->wish->args[call];

	return v->len > 0 && !crl_args_denies(v->item[0]);
}

/*
 * The bits that the policy's rules refuse; 0 without a rule.
 * @none  bits that are no flags
 */
static uint32_t refused_flags(const struct rules *r, enum crl_args_call call, uint32_t none)
{
	uint32_t named = 0;

	for (size_t i = 0; i < r->job->wish->args[call].len; i++)
		named |= item_of(r, call, i).value;
	return (lets_only(r, call) ? ~named : named) & ~none;
}

/* R1: these helpers look at lower halves. */
static void write_clone(const struct rules *r)
{
	crl_guard_when_has(r->guards, CRL_ERRNO(EPERM), 0, CLONE_NAMESPACES);
}

/*
 * The module's way back to the host; it takes CAP_SYS_ADMIN as well, which nothing of the user's has. And the last
 * stage's into the user namespace: only into one that the user owns, or that is beneath theirs.
 */
static void write_setns(const struct rules *r)
{
	if (r->job->room.setns_flags)
		crl_guard_when_is(r->guards, CRL_ALLOW, 1, r->job->room.setns_flags);
	if (r->job->wish->joins_users)
		crl_guard_when_is(r->guards, CRL_ALLOW, 1, CLONE_NEWUSER);
	crl_guard_otherwise(r->guards, CRL_ERRNO(EPERM));
}

static void write_personality(const struct rules *r)
{
	uint32_t refused = refused_flags(r, CRL_ARGS_PERSONALITY, 0);

	for (size_t i = 0; i < CRL_ARRAY_LEN(personalities); i++) {
		bool asks = personalities[i] == UINT32_MAX;
		bool taken = !asks && personalities[i] & refused;

		crl_guard_when_is(r->guards, taken ? crl_callset_refusal(r->job->set, "personality") : CRL_ALLOW, 0,
				  personalities[i]);
	}
	crl_guard_otherwise(r->guards, CRL_ERRNO(EPERM));
}

/*
 * The terminal's both push characters into its input, which outlives the room when su or login was started on it. Those
 * for files are of hold.h. A policy whose allow names ioctl has all others.
 */
static void write_ioctl(const struct rules *r)
{
	if (!crl_callset_is_whole(r->job->set, "ioctl")) {
		crl_guard_when_is(r->guards, CRL_ERRNO(EPERM), 1, TIOCSTI);
		crl_guard_when_is(r->guards, CRL_ERRNO(EPERM), 1, TIOCLINUX);
	}
	if (r->job->room.holds_projects)
		crl_hold_requests(r->guards);
}

/*
 * Of the events of every process of a processor, and of a cgroup, the host's perf_event_paranoid alone decides; the
 * first would tell of other users' programs and of files that the room does not show.
 */
static void write_perf(const struct rules *r)
{
	crl_guard_when_is(r->guards, CRL_ERRNO(EPERM), 1, EVERY_PROCESS);
	crl_guard_when_has(r->guards, CRL_ERRNO(EPERM), 4, PERF_FLAG_PID_CGROUP);
}

/* The older door to what inotify tells, closed where that one is; EINVAL is what a kernel without it answers. */
static void write_fcntl(const struct rules *r)
{
	crl_guard_when_is(r->guards, CRL_ERRNO(EINVAL), 1, DIR_NOTIFY);
}

static bool has_family(const struct rules *r, uint32_t family)
{
	for (size_t i = 0; i < r->families_len; i++)
		if (r->families[i] == family)
			return true;
	return false;
}

static void when_type(const struct rules *r, struct crl_verdict then, const struct crl_args_item *item, uint32_t family)
{
	const struct crl_guard_test test[] = {
		{.arg = 1, .mask = SOCKET_TYPE_MASK, .value = item->value},
		{.arg = 0, .value = family},
	};

	crl_guard_when(r->guards, then, CRL_ARRAY_LEN(test), test);
}

/* All types of it but those that the policy refuses, or those alone that it names, for it or for all. */
static void let_family(const struct rules *r, uint32_t family)
{
	const struct crl_strv *v = &r->job->wish->args[CRL_ARGS_SOCKET];
	struct crl_verdict refusal = crl_callset_refusal(r->job->set, "socket");
	bool only = lets_only(r, CRL_ARGS_SOCKET);

	for (size_t i = 0; i < v->len; i++) {
		struct crl_args_item item = item_of(r, CRL_ARGS_SOCKET, i);

		if (!item.paired || item.pair == family)
			when_type(r, only ? CRL_ALLOW : refusal, &item, family);
	}
	crl_guard_when_is(r->guards, only ? refusal : CRL_ALLOW, 0, family);
}

static void write_socket(const struct rules *r)
{
	/* socket(AF_INET, SOCK_PACKET) is the old way to say AF_PACKET, and the kernel still takes it so */
	static const struct crl_guard_test old_packet = {.arg = 1, .mask = SOCKET_TYPE_MASK, .value = SOCK_PACKET};
	static const struct crl_guard_test netlink[] = {
		{.arg = 0, .value = AF_NETLINK},
		/* routes and addresses for everyone */
		{.arg = 2, .value = NETLINK_ROUTE, .negate = true},
		/* for sshd, login and PAM, useless without CAP_AUDIT_WRITE */
		{.arg = 2, .value = NETLINK_AUDIT, .negate = true},
	};

	if (!has_family(r, AF_PACKET))
		crl_guard_when(r->guards, CRL_ERRNO(EAFNOSUPPORT), 1, &old_packet);
	if (has_family(r, AF_NETLINK))
		crl_guard_when(r->guards, CRL_ERRNO(EPROTONOSUPPORT), CRL_ARRAY_LEN(netlink), netlink);
	for (size_t i = 0; i < r->families_len; i++)
		let_family(r, r->families[i]);
	crl_guard_otherwise(r->guards, CRL_ERRNO(EAFNOSUPPORT));
}

/* A pair reaches nobody but its maker, so it does not hang on the list of families. */
static void write_socketpair(const struct rules *r)
{
	crl_guard_when_is(r->guards, CRL_ALLOW, 0, AF_UNIX);
	crl_guard_otherwise(r->guards, CRL_ERRNO(EAFNOSUPPORT));
}

/* i386's old door to all socket calls has its arguments behind a pointer; the calls have numbers since
 * Linux 4.3. */
static void write_socketcall(const struct rules *r)
{
	crl_guard_otherwise(r->guards, CRL_ERRNO(ENOSYS));
}

/*
 * The older door to netfilter: tables of addresses, ARP and bridges, parsed by the kernel for whoever has CAP_NET_ADMIN
 * over a network. Its netlink is write_socket()'s. IPv6 has other options behind the two.
 */
static void write_sockopt(const struct rules *r)
{
	static const struct crl_guard_test ip[] = {
		{.arg = 1, .value = IPPROTO_IP},
		{.kind = CRL_TEST_FROM, .arg = 2, .value = TABLES_IP},
	};

	crl_guard_when(r->guards, CRL_ERRNO(EPERM), CRL_ARRAY_LEN(ip), ip);
	for (uint32_t option = TABLES_IP; option < TABLES_IP + 2; option++) {
		const struct crl_guard_test ip6[] = {{.arg = 1, .value = IPPROTO_IPV6}, {.arg = 2, .value = option}};

		crl_guard_when(r->guards, CRL_ERRNO(EPERM), CRL_ARRAY_LEN(ip6), ip6);
	}
}

/* A call that is let and told is told in whatever way its rules let it. */
static void tell(const struct rules *r, const char *name)
{
	struct crl_verdict v = crl_callset_verdict(r->job->set, crl_arch_number(r->job->set->arch, name));
	struct crl_guard *guard = r->guards->len > 0 ? &r->guards->guard[r->guards->len - 1] : NULL;

	if (v.kind != CRL_VERDICT_LOG || !guard || r->guards->full)
		return;
	for (uint32_t i = 0; i < guard->len; i++)
		if (r->guards->rule[guard->first + i].verdict.kind == CRL_VERDICT_ALLOW)
			r->guards->rule[guard->first + i].verdict = v;
	if (guard->otherwise.kind == CRL_VERDICT_ALLOW)
		guard->otherwise = v;
}

/* R2. The kernel looks at the lower half of what ipc() is called with; the upper one is a version. */
static void write_door(const struct rules *r, const char *door)
{
	bool begun = false;
	const struct crl_twin_door *d;

	if (!crl_callset_lets(r->job->set, door) || crl_guards_find(r->guards, door, CRL_NO_CALL))
		return;
	for (size_t i = 0; (d = crl_twin_door(i)); i++) {
		struct crl_verdict v = crl_callset_verdict(r->job->set, crl_arch_number(r->job->set->arch, d->name));
		const struct crl_guard_test test = {.arg = 0, .mask = d->mask, .value = d->call};

		if (strcmp(d->door, door) != 0 || v.kind == CRL_VERDICT_ALLOW)
			continue;
		if (!begun)
			crl_guard_begin(r->guards, door);
		begun = true;
		crl_guard_when(r->guards, v, 1, &test);
	}
	if (begun)
		tell(r, door);
}

/* Bits that may not be there; clone() has the exit signal among its own. 0xffffffff asks personality(). */
static void write_flags(const struct rules *r, enum crl_args_call call, const char *name)
{
	uint32_t none = strcmp(name, "clone") == 0 ? CLONE_SIGNAL : 0;

	if (call == CRL_ARGS_PERSONALITY)
		crl_guard_when_is(r->guards, CRL_ALLOW, 0, UINT32_MAX);
	crl_guard_when_has(r->guards, crl_callset_refusal(r->job->set, name), 0, refused_flags(r, call, none));
}

static void write_values(const struct rules *r, enum crl_args_call call, const char *name)
{
	uint8_t arg = call == CRL_ARGS_PRCTL || call == CRL_ARGS_KEYCTL ? 0 : 1;
	struct crl_verdict refusal = crl_callset_refusal(r->job->set, name);
	struct crl_verdict then = lets_only(r, call) ? CRL_ALLOW : refusal;

	for (size_t i = 0; i < r->job->wish->args[call].len; i++) {
		struct crl_args_item item = item_of(r, call, i);
		const struct crl_guard_test test[] = {{.arg = arg, .value = item.value},
						      {.arg = 2, .value = item.pair}};

		crl_guard_when(r->guards, then, item.paired ? 2 : 1, test);
		if (item.other != item.value)
			crl_guard_when_is(r->guards, then, arg, item.other);
	}
	if (lets_only(r, call))
		crl_guard_otherwise(r->guards, refusal);
}

/* When a guard has its say. */
enum when {
	WHEN_ALLOWED, /* the set allows the call and the policy does not name it itself */
	WHEN_ALLOWED_ANY, /* the set allows the call, even by its own name: another key rules it */
	WHEN_REFUSED, /* the set does not allow the call: the guard is the exception */
	WHEN_NOT_NAMED, /* unless the policy names the call itself */
};

static const struct own_guard {
	const char *name;
	enum when when;
	void (*write)(const struct rules *r); /* NULL = there is only what a policy wishes */
	enum crl_args_call wish; /* the policy's rules for it; CRL_ARGS_COUNT = it can have none */
} own_guards[] = {
	{"socket", WHEN_ALLOWED_ANY, write_socket, CRL_ARGS_SOCKET},
	{"socketpair", WHEN_ALLOWED, write_socketpair, CRL_ARGS_COUNT},
	{"ioctl", WHEN_ALLOWED, write_ioctl, CRL_ARGS_IOCTL},
	{"clone", WHEN_ALLOWED, write_clone, CRL_ARGS_CLONE},
	{"unshare", WHEN_ALLOWED, NULL, CRL_ARGS_CLONE},
	{"personality", WHEN_ALLOWED, write_personality, CRL_ARGS_PERSONALITY},
	{"perf_event_open", WHEN_ALLOWED, write_perf, CRL_ARGS_COUNT},
	{"fcntl", WHEN_ALLOWED, write_fcntl, CRL_ARGS_FCNTL},
	{"fcntl64", WHEN_ALLOWED, write_fcntl, CRL_ARGS_FCNTL},
	{"prctl", WHEN_ALLOWED, NULL, CRL_ARGS_PRCTL},
	{"keyctl", WHEN_ALLOWED, NULL, CRL_ARGS_KEYCTL},
	{"setsockopt", WHEN_ALLOWED, write_sockopt, CRL_ARGS_SETSOCKOPT},
	{"getsockopt", WHEN_ALLOWED, write_sockopt, CRL_ARGS_COUNT},
	{"setns", WHEN_REFUSED, write_setns, CRL_ARGS_COUNT},
	{"socketcall", WHEN_NOT_NAMED, write_socketcall, CRL_ARGS_COUNT},
};

static bool guard_is_on(const struct crl_filter_job *job, const struct own_guard *g)
{
	bool allowed = crl_callset_lets(job->set, g->name);
	bool whole = crl_callset_is_whole(job->set, g->name);

	/* who may unshare() gains nothing by clone()'s flags, and half of a pair would only confuse */
	if (g->write == write_clone && crl_callset_lets(job->set, "unshare"))
		return false;
	/* who is root of a network: of the room's, or of one that they make */
	if (g->write == write_sockopt && !job->wish->joins_users && !crl_callset_lets(job->set, "unshare"))
		return false;
	if (g->write == write_fcntl && crl_callset_lets(job->set, "inotify_add_watch"))
		return false;
	if (g->write == write_ioctl && job->room.holds_projects)
		return allowed;
	switch (g->when) {
	case WHEN_ALLOWED:
		return allowed && !whole;
	case WHEN_ALLOWED_ANY:
		return allowed;
	case WHEN_REFUSED:
		return !allowed && (job->room.setns_flags != 0 || job->wish->joins_users);
	case WHEN_NOT_NAMED:
		return !allowed || !whole;
	}
	return false;
}

/*
 * R3. What carrel refuses itself comes first, since what the policy refuses may be let and told. Where carrel's own
 * rules let, they ask for the policy's themselves.
 */
static void write_guard(const struct rules *r, const struct own_guard *g)
{
	bool own = g->write && guard_is_on(r->job, g);
	bool wished = g->wish != CRL_ARGS_COUNT && r->job->wish->args[g->wish].len > 0 &&
		      crl_callset_lets(r->job->set, g->name);

	if (!own && !wished)
		return;
	crl_guard_begin(r->guards, g->name);
	if (own)
		g->write(r);
	if (wished && !(own && (g->wish == CRL_ARGS_SOCKET || g->wish == CRL_ARGS_PERSONALITY))) {
		if (crl_args_are_flags(g->wish))
			write_flags(r, g->wish, g->name);
		else
			write_values(r, g->wish, g->name);
	}
	tell(r, g->name);
}

static int check_args(const struct crl_seccomp *s, struct crl_err *err)
{
	for (enum crl_args_call call = 0; call < CRL_ARGS_COUNT; call++)
		for (size_t i = 0; i < s->args[call].len; i++) {
			const char *text = s->args[call].item[i];
			struct crl_args_item item;

			if (crl_args_parse(call, text, &item, NULL) < 0 ||
			    item.deny != crl_args_denies(s->args[call].item[0]))
				return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "seccomp.args.%s: not '%s'",
						   crl_args_call_name(call), text);
		}
	return 0;
}

static int read_families(const struct crl_strv *list, struct rules *r, struct crl_err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		int family = crl_family_find(list->item[i]);

		if (family < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "seccomp.families: there is no family '%s'",
					   list->item[i]);
		if (!has_family(r, (uint32_t)family))
			r->families[r->families_len++] = (uint32_t)family;
	}
	return 0;
}

int crl_filter_args_add(const struct crl_filter_job *job, struct crl_guards *guards, struct crl_err *err)
{
	struct rules r = {.job = job, .guards = guards};
	int rc = read_families(&job->wish->families, &r, err);

	if (rc == 0)
		rc = check_args(job->wish, err);

	if (rc < 0)
		return rc;
	if (job->room.holds_projects)
		crl_hold_call(guards);
	for (size_t i = 0; i < CRL_ARRAY_LEN(own_guards); i++)
		write_guard(&r, &own_guards[i]);
	write_door(&r, "ipc");
	write_door(&r, "socketcall");
	return crl_guards_check(guards, err);
}
