// SPDX-License-Identifier: Apache-2.0
/* See keys.h. The order is the order of the dump. */
#include "policy/keys.h"

#include <limits.h>
#include <string.h>

#include "policy/match.h"
#include "policy/sysgroups.h"
#include "proto/login.h"

#define GIB      (UINT64_C(1) << 30)
#define MIB      (UINT64_C(1) << 20)
#define SIZE_TOP (UINT64_C(1) << 60)
#define YEAR_S   (UINT64_C(365) * 86400)

static const char *const words_share[] = {"login", "user", NULL};
static const char *const words_manager[] = {"auto", "systemd", "cgroupfs", NULL};
static const char *const words_close[] = {"kill", "keep", NULL};
static const char *const words_root[] = {"host", "image", NULL};
static const char *const words_home[] = {"real", "overlay", "tmpfs", NULL};
static const char *const words_owner[] = {"user", "keep", NULL};
static const char *const words_net[] = {"host", "none", NULL};
static const char *const words_need[] = {"require", "prefer", "off", NULL};
static const char *const words_answer[] = {"allow", "eperm", "enosys", NULL};
static const char *const within_run[] = {"/run", NULL};

#define P(member) offsetof(struct crl_policy, member)
#define GROUP(name, text)                                                                                    \
	{                                                                                                    \
		.scope = CRL_KEYS_POLICY, .type = CRL_KEY_GROUP, .path = name, .doc = text                   \
	}
#define KEY(kind, name, member, standard, text)                                                              \
	.scope = CRL_KEYS_POLICY, .type = CRL_KEY_##kind, .path = name, .offset = P(member),                 \
	.def = standard, .doc = text
#define NEED(name, feature, standard, text)                                                                  \
	{                                                                                                    \
		KEY(WORD, "features." name, need[CRL_FEATURE_##feature], standard, text),                    \
			.words = words_need                                                                  \
	}

const struct crl_key crl_keys[] = {
	{.scope = CRL_KEYS_POLICY, .type = CRL_KEY_INHERIT, .path = "inherit", .doc = "policy to start from"},
	{KEY(WORD, "share", share, "\"login\"", "who lives in one room"), .words = words_share},
	{KEY(WORD, "on_close", on_close, "\"kill\"", "what happens to a login's processes at its end"),
	 .words = words_close},
	{KEY(DURATION, "linger", linger_s, "\"0\"", "how long a room outlives its last login"),
	 .max = YEAR_S},
	{KEY(BOOL, "notice", notice, "true", "at a login the user is told what stopped his last one")},
	{KEY(NAMESPACES, "namespaces", namespaces,
	     "[ \"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"cgroup\", \"time\" ]",
	     "what is the room's own")},
	{KEY(HOSTNAME, "hostname", hostname, "\"\"", "template of the room's host name")},

	GROUP("root", "the file tree"),
	{KEY(WORD, "root.mode", root_mode, "\"host\"", "where the file tree comes from"),
	 .words = words_root},
	{KEY(PATH, "root.path", root_path, NULL, "directory of the image"), .letters = CRL_LETTERS_LOGIN},
	{KEY(BOOL, "root.writable", root_writable, "false", "image: writes go to a throw-away overlay")},
	{KEY(PATHS, "root.hide", hide, CRL_DEFAULT_HIDE, "paths shown empty"),
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(PATHS, "root.read_only", read_only, "[ ]", "paths kept read-only"),
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(PATHS, "root.writable_paths", writable, "[ ]", "host paths that stay writable"),
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(BINDS, "root.bind", bind, "( )", "host paths shown at another place")},
	{KEY(PATHS, "root.run", run, CRL_DEFAULT_RUN, "what of /run is visible"), .words = within_run,
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(PATHS, "root.sockets", sockets, CRL_DEFAULT_SOCKETS, "sockets outside of /run that stay reachable"),
	 .letters = CRL_LETTERS_LOGIN},

	GROUP("tmp", "the room's temporary files"),
	{KEY(SIZE, "tmp.size", tmp_size, "\"512M\"", "/tmp, /var/tmp, /dev/shm and /run/user/UID together"),
	 .min = MIB, .max = SIZE_TOP},
	{KEY(UINT, "ptys", ptys, "64", "terminals of the room"), .min = 1, .max = 4096},

	GROUP("home", "the user's home"),
	{KEY(WORD, "home.mode", home_mode, "\"real\"", "what stands at the home directory"),
	 .words = words_home},
	{KEY(PATH, "home.lower", home_lower, NULL, "overlay: template instead of the real home"),
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(WORD, "home.lower_owner", lower_owner, "\"user\"", "whose the template's files of root's are in the room"),
	 .words = words_owner},
	{KEY(PATH, "home.skeleton", home_skeleton, NULL, "tmpfs: copied into the new home"),
	 .letters = CRL_LETTERS_LOGIN},
	{KEY(SIZE, "home.size", home_size, "\"0\"", "overlay, tmpfs: space for the session's files"),
	 .max = SIZE_TOP},

	GROUP("network", "the network"),
	{KEY(WORD, "network.mode", net_mode, "\"none\"", "which network the room sees"), .words = words_net},

	GROUP("limits", "control group limits of the user"),
	{KEY(BUDGET, "limits.budget", budget, "\"\"", "limits shared with all others who name it")},
	{KEY(PERCENT, "limits.cpu", limits.cpu_permille, "\"unlimited\"", "processor time, 100% is one CPU"),
	 .min = 10, .max = CRL_UNLIMITED},
	{KEY(UINT, "limits.cpu_weight", limits.cpu_weight, "0", "share of a busy CPU; 0 leaves the kernel's"),
	 .max = 10000},
	{KEY(SIZE, "limits.memory", limits.memory, "\"unlimited\"", "hard limit"), .min = 8 * MIB,
	 .max = CRL_UNLIMITED},
	{KEY(SIZE, "limits.memory_high", limits.memory_high, "\"unlimited\"", "throttled above this"),
	 .min = 8 * MIB, .max = CRL_UNLIMITED},
	{KEY(SIZE, "limits.swap", limits.swap, "\"unlimited\"", "swap space"), .max = CRL_UNLIMITED},
	{KEY(UINT, "limits.tasks", limits.tasks, "\"unlimited\"", "processes and threads"), .min = 4,
	 .max = CRL_UNLIMITED},
	{KEY(UINT, "limits.rooms", rooms, "\"unlimited\"", "rooms of the user at once"), .min = 1,
	 .max = CRL_UNLIMITED},
	{KEY(UINT, "limits.oom_score_adj", limits.oom_score_adj, "0", "who is killed first when memory is short"),
	 .max = 1000},
	{KEY(IOS, "limits.io", limits.io, "( )", "limits of block devices")},

	GROUP("capabilities", "what root's powers may ever come back"),
	{KEY(BOOL, "capabilities.trim", trim_caps, "true", "false leaves capabilities alone")},
	{KEY(CAPS, "capabilities.bounding", cap_bounding, "[ ]", "bounding set")},
	{KEY(CAPS, "capabilities.inheritable", cap_inheritable, "[ ]", "inheritable set")},
	{.scope = CRL_KEYS_POLICY,
	 .type = CRL_KEY_AMBIENT,
	 .path = "capabilities.ambient",
	 .doc = "always empty, see carrel.conf(5)"},
	{KEY(BOOL, "no_new_privs", no_new_privs, "true", "set-user-ID programs gain nothing")},

	GROUP("seccomp", "system call filter"),
	{KEY(CALL_BASE, "seccomp.base", seccomp.base, "\"@login\"",
	     "group that is allowed; \"\" for no filter")},
	{KEY(CALLS_LIST, "seccomp.allow", seccomp.allow, "[ ]", "allowed on top")},
	{KEY(CALLS_LIST, "seccomp.deny", seccomp.deny, "[ ]", "taken away again")},
	{KEY(FAMILIES, "seccomp.families", seccomp.families, "[ \"unix\", \"inet\", \"inet6\", \"netlink\" ]",
	     "socket families")},
	{KEY(BOOL, "seccomp.compat", seccomp.compat, "true", "32-bit programs follow the same rules")},
	{KEY(BOOL, "seccomp.log", seccomp.log, "false", "the kernel logs denials")},

	GROUP("features", "what to do where this host cannot give a feature"),
	NEED("limits", LIMITS, "\"require\"", "control group limits"),
	NEED("time", TIME, "\"require\"", "time namespace"),
	NEED("cgroup", CGROUP, "\"require\"", "the login's own control group"),
	NEED("seccomp", SECCOMP, "\"require\"", "system call filter"),
	NEED("accounting", ACCOUNTING, "\"prefer\"", "the host's utmp, wtmp and lastlog"),

#define BUDGET(kind, name, member, standard, text)                                                                     \
	.scope = CRL_KEYS_BUDGET, .type = CRL_KEY_##kind, .path = name,                                      \
	.offset = offsetof(struct crl_limits, member), .def = standard, .doc = text
	{BUDGET(PERCENT, "cpu", cpu_permille, "\"unlimited\"", "processor time, 100% is one CPU"), .min = 10,
	 .max = CRL_UNLIMITED},
	{BUDGET(UINT, "cpu_weight", cpu_weight, "0", "share of a busy CPU; 0 leaves the kernel's"), .max = 10000},
	{BUDGET(SIZE, "memory", memory, "\"unlimited\"", "hard limit"), .min = 8 * MIB, .max = CRL_UNLIMITED},
	{BUDGET(SIZE, "memory_high", memory_high, "\"unlimited\"", "throttled above this"), .min = 8 * MIB,
	 .max = CRL_UNLIMITED},
	{BUDGET(SIZE, "swap", swap, "\"unlimited\"", "swap space"), .max = CRL_UNLIMITED},
	{BUDGET(UINT, "tasks", tasks, "\"unlimited\"", "processes and threads"), .min = 4, .max = CRL_UNLIMITED},
	{BUDGET(IOS, "io", io, "( )", "limits of block devices")},

#undef KEY
#define KEY(in, kind, name, type_, member, text)                                                             \
	.scope = CRL_KEYS_##in, .type = CRL_KEY_##kind, .path = name,                                        \
	.offset = offsetof(struct type_, member), .doc = text
	{KEY(BIND, PATH, "source", crl_bind, source, "path on the host"), .required = true, .letters = CRL_LETTERS_LOGIN},
	{KEY(BIND, PATH, "target", crl_bind, target, "path in the room"), .required = true, .letters = CRL_LETTERS_LOGIN},
	{KEY(BIND, BOOL, "writable", crl_bind, writable, "false keeps it read-only"), .def = "false"},
	{KEY(BIND, BOOL, "optional", crl_bind, optional, "a missing path is no error"), .def = "false"},

	{KEY(IO, PATH, "path", crl_io_limit, path, "a path on the device"), .required = true, .max = 1,
	 .letters = CRL_LETTERS_USER},
	{KEY(IO, SIZE, "read", crl_io_limit, read_bps, "bytes a second"), .min = 1024, .max = CRL_UNLIMITED,
	 .def = "\"unlimited\""},
	{KEY(IO, SIZE, "write", crl_io_limit, write_bps, "bytes a second"), .min = 1024, .max = CRL_UNLIMITED,
	 .def = "\"unlimited\""},
	{KEY(IO, UINT, "read_iops", crl_io_limit, read_iops, "operations a second"), .min = 1,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\""},
	{KEY(IO, UINT, "write_iops", crl_io_limit, write_iops, "operations a second"), .min = 1,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\""},

	{KEY(TOP, SECTION, "rules", crl_top, rules, "who gets which policy"), .min = CONFIG_TYPE_LIST},
	{KEY(TOP, SECTION, "policies", crl_top, policies, "the policies"), .min = CONFIG_TYPE_GROUP},
	{KEY(TOP, SECTION, "budgets", crl_top, budgets, "limits that many users share"), .min = CONFIG_TYPE_GROUP},
	{KEY(TOP, PATH, "data_dir", crl_top, data_dir, "shipped policies and system call groups"),
	 .def = "\"" CRL_DATA_DIR "\""},
	{.scope = CRL_KEYS_TOP, .type = CRL_KEY_GROUP, .path = "cgroup", .doc = "control groups of the host"},
	{KEY(TOP, WORD, "cgroup.manager", crl_top, manager, "who writes the host's cgroups"), .words = words_manager,
	 .def = "\"auto\""},
	{KEY(TOP, PATH, "cgroup.root", crl_top, cgroup_root, "directory to write to; found when not given")},

#define CONDITION(name, which, text)                                                                         \
	{KEY(RULE, CONDITION, name, crl_rule, is[which], text), .min = which},                               \
	{KEY(RULE, CONDITION, "not_" name, crl_rule, not[which], "none of these"), .min = which}
	CONDITION("user", CRL_COND_USER, "user names"),
	CONDITION("uid", CRL_COND_UID, "numbers and ranges"),
	CONDITION("group", CRL_COND_GROUP, "names of any group of the user"),
	CONDITION("service", CRL_COND_SERVICE, "PAM services"),
	CONDITION("rhost", CRL_COND_RHOST, "addresses and networks that the login comes from"),
	CONDITION("tty", CRL_COND_TTY, "terminals"),
	CONDITION("time", CRL_COND_TIME, "times of day and days of the week"),
	{KEY(RULE, NAME, "policy", crl_rule, policy, "what they get"), .required = true},

	{KEY(CALLS_TOP, SECTION, "groups", crl_top, groups, "the groups"), .min = CONFIG_TYPE_LIST,
	 .required = true},
	{KEY(CALLS, CALL_NAME, "name", crl_sysgroup, name, "name with its \"@\""), .required = true},
	{KEY(CALLS, WORD, "answer", crl_sysgroup, answer, "what a denied call gets"), .words = words_answer,
	 .required = true},
	{KEY(CALLS, CALLS_LIST, "calls", crl_sysgroup, calls, "system calls and @groups"), .required = true},
};

const size_t crl_keys_len = CRL_ARRAY_LEN(crl_keys);
_Static_assert(CRL_ARRAY_LEN(crl_keys) <= CRL_KEYS_MAX, "raise CRL_KEYS_MAX");

bool crl_key_is_list(const struct crl_key *key)
{
	return key->type >= CRL_KEY_NAMESPACES && key->scope == CRL_KEYS_POLICY;
}

const struct crl_key *crl_key_find(enum crl_key_scope scope, const char *path)
{
	for (size_t i = 0; i < crl_keys_len; i++) {
		if (crl_keys[i].scope == scope && strcmp(crl_keys[i].path, path) == 0) {
			return &crl_keys[i];
		}
	}
	return NULL;
}
