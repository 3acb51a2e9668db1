// SPDX-License-Identifier: Apache-2.0
/*
 * What docs/seccomp.md says of a policy's filter, read plainly: by names, call for call, with nothing of src/plan. Names of
 * numbers are libseccomp's, and of the groups' own numbers.
 */
#pragma once

#include "tests/unit/plan/filter_lab.h"

#define MODEL_NAMES_MAX 1024
#define MODEL_NUMBERS 1200
#define AARCH64 AUDIT_ARCH_AARCH64

/* Three architectures, each with what else a program may enter by. */
struct model_arch {
	uint32_t native, compat;
};

static const struct model_arch model_arches[] = {{X86_64, I386}, {AARCH64, 0}};

struct model_call {
	char name[48];
	bool allowed, denied, whole,
		refused; /* whole: named itself in allow; refused: a group or the policy says how */
	bool listed, held; /* in some group; stays refused in mode "log" */
	uint32_t answer; /* that group's, or the policy's */
	char stem[48]; /* the same for all names of one call */
};

/* Items of lists of seccomp.args, with what they are. */
struct model_item {
	enum crl_args_call call;
	const char *text;
	uint32_t value, other; /* other: of 32-bit programs, 0 = the same */
	int64_t pair; /* an option of a level, a family of a type; -1 = none */
};

static const struct model_item model_items[] = {
	{CRL_ARGS_CLONE, "CLONE_NEWUSER", 0x10000000, 0, -1},
	{CRL_ARGS_CLONE, "CLONE_NEWNET", 0x40000000, 0, -1},
	{CRL_ARGS_CLONE, "CLONE_VM", 0x100, 0, -1},
	{CRL_ARGS_CLONE, "CLONE_PTRACE", 0x2000, 0, -1},
	{CRL_ARGS_CLONE, "0x1200000", 0x1200000, 0, -1},
	{CRL_ARGS_PERSONALITY, "ADDR_NO_RANDOMIZE", 0x40000, 0, -1},
	{CRL_ARGS_PERSONALITY, "READ_IMPLIES_EXEC", 0x400000, 0, -1},
	{CRL_ARGS_PERSONALITY, "0x20008", 0x20008, 0, -1},
	{CRL_ARGS_FCNTL, "F_NOTIFY", 1026, 0, -1},
	{CRL_ARGS_FCNTL, "F_SETLEASE", 1024, 0, -1},
	{CRL_ARGS_FCNTL, "F_GETFL", 3, 0, -1},
	{CRL_ARGS_FCNTL, "F_SETLK", 6, 13, -1},
	{CRL_ARGS_FCNTL, "1025", 1025, 0, -1},
	{CRL_ARGS_IOCTL, "TIOCSTI", 0x5412, 0, -1},
	{CRL_ARGS_IOCTL, "TCGETS", 0x5401, 0, -1},
	{CRL_ARGS_IOCTL, "FS_IOC_SETFLAGS", 0x40086602, 0x40046602, -1},
	{CRL_ARGS_IOCTL, "0x541b", 0x541b, 0, -1},
	{CRL_ARGS_KEYCTL, "KEYCTL_READ", 11, 0, -1},
	{CRL_ARGS_KEYCTL, "KEYCTL_CHOWN", 4, 0, -1},
	{CRL_ARGS_PRCTL, "PR_SET_MM", 35, 0, -1},
	{CRL_ARGS_PRCTL, "PR_SET_NAME", 15, 0, -1},
	{CRL_ARGS_PRCTL, "PR_SET_PDEATHSIG", 1, 0, -1},
	{CRL_ARGS_SETSOCKOPT, "SOL_SOCKET", 1, 0, -1},
	{CRL_ARGS_SETSOCKOPT, "SOL_IP:64", 0, 0, 64},
	{CRL_ARGS_SETSOCKOPT, "SOL_TCP:TCP_ULP", 6, 0, 31},
	{CRL_ARGS_SETSOCKOPT, "41:16", 41, 0, 16},
	{CRL_ARGS_SOCKET, "SOCK_STREAM", 1, 0, -1},
	{CRL_ARGS_SOCKET, "SOCK_RAW", 3, 0, -1},
	{CRL_ARGS_SOCKET, "AF_NETLINK:SOCK_RAW", 3, 0, 16},
	{CRL_ARGS_SOCKET, "AF_INET:SOCK_STREAM", 1, 0, 2},
	{CRL_ARGS_SOCKET, "AF_UNIX:SOCK_DGRAM", 2, 0, 1},
};

/* All calls that there are, with what the policy says of each. */
struct model {
	const struct crl_sysgroups *groups;
	const struct crl_seccomp *s;
	struct crl_filter_room room;
	struct model_arch arch;
	struct model_call call[MODEL_NAMES_MAX];
	size_t len;
	int unshare, watch; /* two of them, that others' rules depend on */
};

/* Which call each number is: an index into the model's calls, or -1. Of the names alone, so that it is made once. */
struct model_numbers {
	uint32_t arch;
	int call[MODEL_NUMBERS];
};

static inline int model_find(const struct model *m, const char *name, size_t len)
{
	for (size_t i = 0; i < m->len; i++)
		if (strncmp(m->call[i].name, name, len) == 0 && m->call[i].name[len] == '\0')
			return (int)i;
	return -1;
}

static inline void model_add_name(struct model *m, const char *name, size_t len)
{
	if (model_find(m, name, len) >= 0)
		return;
	assert_true(m->len < MODEL_NAMES_MAX && len < sizeof(m->call[0].name));
	memcpy(m->call[m->len].name, name, len);
	m->call[m->len++].name[len] = '\0';
}

/* What a name is without what says for which programs it is: the same for all names of one call. */
static inline void model_stem(const char *name, char stem[48])
{
	static const char *const odd[][2] = {
		{"newfstatat", "fstatat"},
		{"_newselect", "select"},
		{"_llseek", "lseek"},
		{"mmap2", "mmap"},
		{"ugetrlimit", "getrlimit"},
		{"umount2", "umount"},
		{"waitpid", "wait4"},
		{"signal", "sigaction"},
		{"rt_sigaction", "sigaction"},
		{"rt_sigprocmask", "sigprocmask"},
		{"sgetmask", "sigprocmask"},
		{"ssetmask", "sigprocmask"},
		{"rt_sigpending", "sigpending"},
		{"rt_sigsuspend", "sigsuspend"},
		{"rt_sigreturn", "sigreturn"},
		{"olduname", "uname"},
		{"oldolduname", "uname"},
		{"oldstat", "stat"},
		{"oldlstat", "lstat"},
		{"oldfstat", "fstat"},
		{"readdir", "getdents"},
		{"vm86old", "vm86"},
		{"fadvise64_64", "fadvise"},
		{"arm_fadvise64_64", "fadvise"},
		{"sync_file_range2", "sync_file_range"},
		{"arm_sync_file_range", "sync_file_range"},
	};
	static const char *const ends[] = {"_time64", "64", "32"};

	(void)snprintf(stem, 48, "%s", name);
	for (size_t i = 0; i < CRL_ARRAY_LEN(odd); i++)
		if (strcmp(odd[i][0], name) == 0) {
			(void)snprintf(stem, 48, "%s", odd[i][1]);
			return;
		}
	for (size_t i = 0; i < CRL_ARRAY_LEN(ends); i++) {
		size_t len = strlen(stem), end = strlen(ends[i]);

		if (len > end && strcmp(stem + len - end, ends[i]) == 0) {
			stem[len - end] = '\0';
			return;
		}
	}
}

/* All names of libseccomp on the three architectures, and those of the groups. */
static inline void model_init(struct model *m, const struct crl_sysgroups *groups)
{
	const uint32_t arches[] = {X86_64, I386, AARCH64};

	memset(m, 0, sizeof(*m));
	m->groups = groups;
	for (size_t a = 0; a < CRL_ARRAY_LEN(arches); a++)
		for (int nr = 0; nr < MODEL_NUMBERS; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(arches[a], nr);

			if (name)
				model_add_name(m, name, strlen(name));
			free(name);
		}
	for (size_t g = 0; g < groups->len; g++)
		for (size_t i = 0; i < groups->item[g].calls.len; i++) {
			const char *call = groups->item[g].calls.item[i];

			if (call[0] != '@')
				model_add_name(m, call + (call[0] == '?'), strcspn(call + (call[0] == '?'), "="));
		}
	for (size_t i = 0; i < m->len; i++)
		model_stem(m->call[i].name, m->call[i].stem);
	m->unshare = model_find(m, "unshare", strlen("unshare"));
	m->watch = model_find(m, "inotify_add_watch", strlen("inotify_add_watch"));
}

/* "NAME=NUMBER" of the groups: the same on all architectures from 424 on, below it x86-64's. */
static inline int model_numbered(const struct model *m, uint32_t arch, int nr)
{
	for (size_t g = 0; g < m->groups->len; g++)
		for (size_t i = 0; i < m->groups->item[g].calls.len; i++) {
			const char *call = m->groups->item[g].calls.item[i], *end = strchr(call, '=');

			if (end && atoi(end + 1) == nr && (nr >= 424 || arch == X86_64))
				return model_find(m, call, (size_t)(end - call));
		}
	return -1;
}

static inline void model_number(const struct model *m, uint32_t arch, struct model_numbers *ret)
{
	ret->arch = arch;
	for (int nr = 0; nr < MODEL_NUMBERS; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, nr);

		ret->call[nr] = name ? model_find(m, name, strlen(name)) : model_numbered(m, arch, nr);
		free(name);
	}
}

enum model_mark { MODEL_ALLOWED, MODEL_DENIED, MODEL_ANSWERED };

/* @answer  of what is MODEL_ANSWERED */
static inline void model_mark(struct model *m, const char *item, enum model_mark mark, uint32_t answer)
{
	const struct crl_sysgroup *group = NULL;
	int call;

	if (item[0] == '@') {
		for (size_t g = 0; g < m->groups->len; g++)
			if (strcmp(m->groups->item[g].name, item) == 0)
				group = &m->groups->item[g];
		assert_non_null(group);
		for (size_t i = 0; group && i < group->calls.len; i++)
			model_mark(m, group->calls.item[i], mark, answer);
		return;
	}
	item += item[0] == '?';
	call = model_find(m, item, strcspn(item, "="));
	if (call < 0)
		return; /* behind "?", and nowhere else to be found */
	if (mark == MODEL_ALLOWED) {
		m->call[call].allowed = true;
		return;
	}
	for (size_t i = 0; i < m->len; i++) { /* by all of its names */
		if (strcmp(m->call[call].stem, m->call[i].stem) != 0)
			continue;
		if (mark == MODEL_DENIED) {
			m->call[i].denied = true;
			continue;
		}
		m->call[i].refused = true;
		m->call[i].answer = answer;
	}
}

/* The first group that refuses, and has the call itself, says how. */
static inline void model_mark_answers(struct model *m)
{
	for (size_t g = 0; g < m->groups->len; g++) {
		const struct crl_sysgroup *group = &m->groups->item[g];

		for (size_t i = 0; i < group->calls.len; i++) {
			const char *item = group->calls.item[i] + (group->calls.item[i][0] == '?');
			int call = item[0] == '@' ? -1 : model_find(m, item, strcspn(item, "="));

			if (call >= 0)
				m->call[call].listed = true;
			if (call < 0 || m->call[call].refused || group->answer == CRL_ANSWER_ALLOW)
				continue;
			m->call[call].refused = true;
			m->call[call].answer = group->answer == CRL_ANSWER_EPERM ? ERRNO(EPERM) : ERRNO(ENOSYS);
		}
	}
}

static inline void model_policy(struct model *m, const struct crl_seccomp *s, const struct crl_filter_room *room,
				const struct model_arch *arch)
{
	m->s = s;
	m->room = *room;
	m->arch = *arch;
	for (size_t i = 0; i < m->len; i++) {
		struct model_call *c = &m->call[i];

		c->allowed = c->denied = c->whole = c->refused = c->listed = false;
		c->held = strcmp(c->name, "clone3") == 0 || strcmp(c->name, "unshare") == 0 ||
			  strcmp(c->name, "setns") == 0 || strncmp(c->name, "io_uring_", 9) == 0;
	}
	model_mark_answers(m);
	for (size_t i = 0; i < s->answers_len; i++)
		for (size_t k = 0; k < s->answers[i].calls.len; k++)
			model_mark(m, s->answers[i].calls.item[k], MODEL_ANSWERED,
				   crl_verdict_action(s->answers[i].answer));
	model_mark(m, s->base, MODEL_ALLOWED, 0);
	for (size_t i = 0; i < s->allow.len; i++) {
		const char *item = s->allow.item[i];
		int call = model_find(m, item + (item[0] == '?'), strlen(item + (item[0] == '?')));

		model_mark(m, item, MODEL_ALLOWED, 0);
		if (item[0] != '@' && call >= 0)
			m->call[call].whole = true;
	}
	if (s->nested) {
		model_mark(m, "@namespaces", MODEL_ALLOWED, 0);
		model_mark(m, "@mount", MODEL_ALLOWED, 0);
		model_mark(m, "open_tree", MODEL_ALLOWED, 0);
		model_mark(m, "move_mount", MODEL_ALLOWED, 0);
		model_mark(m, "mount_setattr", MODEL_ALLOWED, 0);
	}
	for (size_t i = 0; i < s->deny.len; i++)
		model_mark(m, s->deny.item[i], MODEL_DENIED, 0);
}

/* What is said to a call where it is refused, as a whole or (@args) by a rule of the policy's about its arguments. */
static inline uint32_t model_refusal(const struct model *m, const struct model_call *c, bool args)
{
	if (m->s->mode == CRL_FILTER_LOG && c->listed && !c->held)
		return SECCOMP_RET_LOG;
	if (c->refused)
		return c->answer;
	return c->denied || args ? ERRNO(EPERM) : ERRNO(ENOSYS);
}

static inline bool model_lets(const struct model *m, const struct model_call *c)
{
	return (c->allowed && !c->denied) || model_refusal(m, c, false) == SECCOMP_RET_LOG;
}

/* As model_lets(), by name, in mode "enforce": a policy that is tried has to be one. */
static inline bool model_will_allow(const struct model *m, const char *name)
{
	int i = model_find(m, name, strlen(name));
	const struct model_call *c = i < 0 ? NULL : &m->call[i];

	return c && ((c->allowed && !c->denied) || (c->refused && c->answer == SECCOMP_RET_LOG));
}

/* Whether there is such a filter at all. */
static inline bool model_is_valid(const struct model *m)
{
	static const char *const drops[] = {
		"setuid",      "setgid",      "setreuid",   "setregid",   "setresuid",  "setresgid",  "setgroups",
		"setfsuid",    "setfsgid",    "setuid32",   "setgid32",   "setreuid32", "setregid32", "setresuid32",
		"setresgid32", "setgroups32", "setfsuid32", "setfsgid32", "capset",
	};

	if (model_will_allow(m, "clone3"))
		return false;
	for (size_t i = 0; i < CRL_ARRAY_LEN(drops); i++) {
		bool here = seccomp_syscall_resolve_name_arch(m->arch.native, drops[i]) >= 0 || m->s->compat;

		if (here && !model_will_allow(m, drops[i]))
			return false;
	}
	return true;
}

static inline bool model_has_family(const struct model *m, uint32_t number)
{
	static const struct {
		const char *name;
		uint32_t number;
	} known[] = {{"unix", 1},    {"inet", 2}, {"inet6", 10}, {"netlink", 16},   {"packet", 17}, {"alg", 38},
		     {"can", 29},    {"rds", 21}, {"tipc", 30},  {"bluetooth", 31}, {"ib", 27},     {"xdp", 44},
		     {"phonet", 35}, {"nfc", 39}, {"key", 15},   {"qipcrtr", 42},   {"kcm", 41},    {"smc", 43}};

	for (size_t i = 0; i < m->s->families.len; i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(known); k++)
			if (strcmp(m->s->families.item[i], known[k].name) == 0 && known[k].number == number)
				return true;
	return false;
}

static inline uint32_t model_socket(const struct model *m, const uint32_t low[6])
{
	if ((low[1] & 0xf) == 10 && !model_has_family(m, 17)) /* SOCK_PACKET */
		return ERRNO(EAFNOSUPPORT);
	if (!model_has_family(m, low[0]))
		return ERRNO(EAFNOSUPPORT);
	if (low[0] == 16 && low[2] != 0 && low[2] != 9)
		return ERRNO(EPROTONOSUPPORT);
	return ALLOW;
}

static inline uint32_t model_personality(uint32_t persona)
{
	if (persona == 0xffffffff)
		return ALLOW;
	return (persona & ~(uint32_t)(0x40000 | 0x20000 | 0x8)) == 0 ? ALLOW : ERRNO(EPERM);
}

static inline uint32_t model_ioctl(const struct model *m, uint32_t request, bool whole)
{
	const bool pushes = request == 0x5412 || request == 0x541c; /* TIOCSTI, TIOCLINUX */
	const bool attributes = request == 0x401c5820 || request == 0x40086602 || request == 0x40046602;

	if (m->room.holds_projects && attributes)
		return ERRNO(EOPNOTSUPP);
	return pushes && !whole ? ERRNO(EPERM) : ALLOW;
}

/* i386's calls that stand for many: which is the first argument, of which ipc() takes 16 bits. */
static inline uint32_t model_door(const struct model *m, const char *const names[], size_t len, uint32_t which,
				  bool *ret_guarded)
{
	uint32_t verdict = ALLOW;

	*ret_guarded = false;
	for (size_t i = 0; i < len; i++) {
		int call = names[i] ? model_find(m, names[i], strlen(names[i])) : -1;

		if (call < 0 || (m->call[call].allowed && !m->call[call].denied))
			continue;
		*ret_guarded = true;
		if (which == i)
			verdict = model_refusal(m, &m->call[call], false);
	}
	return verdict;
}

/*
 * The table of carrel's own rules about arguments, for a call that is let.
 * @ret_guarded  true when there is a rule
 */
static inline uint32_t model_rule(const struct model *m, const struct model_call *c, const uint32_t low[6],
				  bool *ret_guarded)
{
	static const char *const ipc[] = {
		NULL, "semop", "semget", "semctl", "semtimedop", NULL,     NULL,     NULL, NULL,
		NULL, NULL,    "msgsnd", "msgrcv", "msgget",     "msgctl", NULL,     NULL, NULL,
		NULL, NULL,    NULL,     "shmat",  "shmdt",      "shmget", "shmctl",
	};
	static const char *const socketcall[] = {
		NULL,          "socket",     "bind",    "connect", "listen",  "accept",   "getsockname",
		"getpeername", "socketpair", "send",    "recv",    "sendto",  "recvfrom", "shutdown",
		"setsockopt",  "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
	};

	*ret_guarded = true;
	if (strcmp(c->name, "ipc") == 0)
		return model_door(m, ipc, CRL_ARRAY_LEN(ipc), low[0] & 0xffff, ret_guarded);
	if (strcmp(c->name, "socketcall") == 0)
		return model_door(m, socketcall, CRL_ARRAY_LEN(socketcall), low[0], ret_guarded);
	if (strcmp(c->name, "socket") == 0)
		return model_socket(m, low);
	if (strcmp(c->name, "ioctl") == 0 && (!c->whole || m->room.holds_projects))
		return model_ioctl(m, low[1], c->whole);
	*ret_guarded = !c->whole;
	if (c->whole)
		return ALLOW;
	if (strcmp(c->name, "socketpair") == 0)
		return low[0] == 1 ? ALLOW : ERRNO(EAFNOSUPPORT);
	if (strcmp(c->name, "clone") == 0 && !model_lets(m, &m->call[m->unshare]))
		return low[0] & 0x7e020000 ? ERRNO(EPERM) : ALLOW;
	if (strcmp(c->name, "personality") == 0)
		return model_personality(low[0]);
	if (strcmp(c->name, "perf_event_open") == 0)
		return low[1] == UINT32_MAX || (low[4] & 4) ? ERRNO(EPERM) : ALLOW;
	if (strncmp(c->name, "fcntl", 5) == 0 && !model_lets(m, &m->call[m->watch]))
		return low[1] == 1026 ? ERRNO(EINVAL) : ALLOW;
	if (strcmp(c->name + 1, "etsockopt") == 0 && (m->s->joins_users || model_lets(m, &m->call[m->unshare])))
		return (low[1] == 0 && low[2] >= 64) || (low[1] == 41 && (low[2] == 64 || low[2] == 65)) ? ERRNO(EPERM)
													 : ALLOW;
	*ret_guarded = false;
	return ALLOW;
}

/* The list of seccomp.args that is for a call; -1 = none. */
static inline int model_list_of(const char *name)
{
	static const struct {
		const char *name;
		enum crl_args_call call;
	} lists[] = {
		{"clone", CRL_ARGS_CLONE},   {"unshare", CRL_ARGS_CLONE}, {"personality", CRL_ARGS_PERSONALITY},
		{"fcntl", CRL_ARGS_FCNTL},   {"fcntl64", CRL_ARGS_FCNTL}, {"ioctl", CRL_ARGS_IOCTL},
		{"keyctl", CRL_ARGS_KEYCTL}, {"prctl", CRL_ARGS_PRCTL},   {"setsockopt", CRL_ARGS_SETSOCKOPT},
		{"socket", CRL_ARGS_SOCKET},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(lists); i++)
		if (strcmp(lists[i].name, name) == 0)
			return (int)lists[i].call;
	return -1;
}

static inline const struct model_item *model_item(enum crl_args_call call, const char *text)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(model_items); i++)
		if (model_items[i].call == call && strcmp(model_items[i].text, text + (text[0] == '!')) == 0)
			return &model_items[i];
	fail_msg("no item '%s'", text);
	return NULL;
}

static inline bool model_item_hits(const struct model_item *i, const uint32_t low[6])
{
	uint32_t first = i->call == CRL_ARGS_PRCTL || i->call == CRL_ARGS_KEYCTL ? low[0] : low[1];

	if (i->call == CRL_ARGS_SOCKET)
		return (low[1] & 0xf) == i->value && (i->pair < 0 || low[0] == i->pair);
	if (i->call == CRL_ARGS_SETSOCKOPT && i->pair >= 0)
		return first == i->value && low[2] == i->pair;
	return first == i->value || (i->other && first == i->other);
}

/* Do the policy's own rules refuse a call that is let? */
static inline bool model_wish_refuses(const struct model *m, const struct model_call *c, const uint32_t low[6])
{
	int list = model_list_of(c->name);
	const struct crl_strv *v = &m->s->args[list];
	bool denies = v->item[0][0] == '!', hit = false;
	uint32_t named = 0, flags = low[0];

	for (size_t i = 0; i < v->len; i++) {
		const struct model_item *item = model_item((enum crl_args_call)list, v->item[i]);

		named |= item->value;
		hit = hit || model_item_hits(item, low);
	}
	if (list == CRL_ARGS_PERSONALITY && flags == 0xffffffff)
		return false;
	if (list == CRL_ARGS_CLONE && strcmp(c->name, "clone") == 0)
		flags &= ~(uint32_t)0xff;
	if (list == CRL_ARGS_CLONE || list == CRL_ARGS_PERSONALITY)
		return (flags & (denies ? named : ~named)) != 0;
	return hit == denies;
}

static inline uint32_t model_setns(const struct model *m, uint32_t flags, uint32_t plain, bool *ret_guarded)
{
	*ret_guarded = m->room.setns_flags || m->s->joins_users;
	if (!*ret_guarded)
		return plain;
	if ((m->room.setns_flags && flags == m->room.setns_flags) || (m->s->joins_users && flags == 0x10000000))
		return ALLOW;
	return ERRNO(EPERM);
}

/*
 * The verdict.
 * @call         of model_numbers, -1 for a number without a name
 * @ret_guarded  true when arguments count
 */
static inline uint32_t model_verdict(const struct model *m, int call, const uint64_t args[6], bool *ret_guarded)
{
	const struct model_call *c = call < 0 ? NULL : &m->call[call];
	uint32_t low[6], plain = ERRNO(ENOSYS), verdict;

	*ret_guarded = false;
	if (!c)
		return plain;
	for (size_t i = 0; i < 6; i++)
		low[i] = (uint32_t)args[i];
	if (m->room.holds_projects && strcmp(c->name, "file_setattr") == 0)
		return ERRNO(ENOSYS);
	if (strcmp(c->name, "socketcall") == 0 && !(c->whole && model_lets(m, c)))
		return ERRNO(ENOSYS);
	plain = c->allowed && !c->denied ? ALLOW : model_refusal(m, c, false);
	if (!model_lets(m, c))
		return strcmp(c->name, "setns") == 0 ? model_setns(m, low[1], plain, ret_guarded) : plain;
	verdict = model_rule(m, c, low, ret_guarded);
	if (model_list_of(c->name) >= 0 && m->s->args[model_list_of(c->name)].len > 0) {
		*ret_guarded = true;
		if (verdict == ALLOW && model_wish_refuses(m, c, low))
			verdict = model_refusal(m, c, true);
	}
	return verdict == ALLOW ? plain : verdict; /* what is let and told is told whatever its arguments are */
}

/* Words that some rule looks for, and their neighbours. */
static inline uint32_t model_word(const struct model *m, uint64_t *seed)
{
	static const uint32_t words[] = {
		0,          1,          2,          3,          4,          8,          9,          10,
		12,         15,         16,         17,         21,         27,         29,         30,
		31,         35,         38,         39,         40,         41,         42,         43,
		44,         0xffffffff, 0x5412,     0x541c,     0x5401,     0x401c5820, 0x40086602, 0x40046602,
		0x80086601, 1026,       1025,       0x10000000, 0x40000000, 0x20000000, 0x00020000, 0x02000000,
		0x04000000, 0x08000000, 0x01200011, 0x003d0f00, 0x40000,    0x60008,    0x20008,    0x400000,
		0x80003,    0x80803,    0x8000a,    0xfffffffe, 0x80000000, 63,         64,         65,
		66,         96,         128,        1154,
	};
	uint32_t n = lab_random(seed) % (CRL_ARRAY_LEN(words) + 12);

	if (n < CRL_ARRAY_LEN(words))
		return words[n];
	if (n < CRL_ARRAY_LEN(words) + 4)
		return m->room.setns_flags ^ (n == CRL_ARRAY_LEN(words) ? 1u << lab_random(seed) % 32 : 0);
	if (n < CRL_ARRAY_LEN(words) + 8)
		return words[lab_random(seed) % CRL_ARRAY_LEN(words)] ^ 1u << lab_random(seed) % 32;
	return lab_random(seed);
}

static inline void model_args(const struct model *m, uint64_t *seed, uint64_t args[6])
{
	static const uint32_t highs[] = {0, 0, 0, 1, 0xffffffff, 0x80000000};

	for (size_t i = 0; i < 6; i++) {
		uint32_t high =
			lab_random(seed) % 8 ? highs[lab_random(seed) % CRL_ARRAY_LEN(highs)] : lab_random(seed);

		args[i] = (uint64_t)high << 32 | model_word(m, seed);
	}
}
