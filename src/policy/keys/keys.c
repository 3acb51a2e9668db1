// SPDX-License-Identifier: Apache-2.0
/* See keys.h. The order is the order of the dump. */
#include "policy/keys/keys.h"

#include <string.h>

#include "policy/filter/sysgroups.h"
#include "policy/rules/match.h"
#include "wire/login.h"
#include "wire/proto.h"

#define MIB (UINT64_C(1) << 20)
#define SIZE_TOP (UINT64_C(1) << 60)
#define RATE_LEAST 64000
#define RATE_MOST UINT64_C(100000000000)
#define YEAR_S (UINT64_C(365) * 86400)

#define DEFAULT_HIDE \
	"[ \"/home\", \"/root\", \"/boot\", \"/media\", \"/mnt\", \"/lost+found\", \"/var/spool\", \"/var/mail\", " \
	"\"/etc/carrel\" ]"
/*
 * Names and log, no more: the daemons that answer for the name service (nscd, and those of LDAP and Active Directory;
 * SSSD's is below /var/lib), and of systemd-resolved the files, not its socket, since that would ask the network for
 * a room that has none.
 */
#define DEFAULT_RUN \
	"[ \"/run/nscd\", \"/run/nslcd\", \"/run/samba/winbindd\", \"/run/systemd/journal/dev-log\", " \
	"\"/run/systemd/resolve/resolv.conf\", \"/run/systemd/resolve/stub-resolv.conf\", \"/run/resolvconf\", " \
	"\"/run/NetworkManager/resolv.conf\", \"/run/motd.dynamic\" ]"
#define DEFAULT_FAMILIES "[ \"unix\", \"inet\", \"inet6\", \"netlink\" ]"
/* SSSD's, which tells names and groups; the other name services have theirs in /run. */
#define DEFAULT_SOCKETS "[ \"/var/lib/sss/pipes\" ]"

static const char *const words_share[] = {"login", "user", NULL};
static const char *const words_manager[] = {"auto", "systemd", "cgroupfs", NULL};
static const char *const words_speaks[] = {"host", "en", "es", "eu", "de", NULL}; /* enum crl_speaks */
static const char *const words_language[] = {"en", "es", "eu", "de", NULL};
static const char *const words_close[] = {"kill", "keep", NULL};
static const char *const words_root[] = {"host", "image", "overlay", NULL};
static const char *const words_over[] = {"nothing", "tmpfs", "persistent", NULL};
static const char *const words_home[] = {"real", "overlay", "tmpfs", NULL};
static const char *const words_upper[] = {"tmpfs", "persistent", NULL};
static const char *const words_quota[] = {"auto", "project", "image", "none", NULL};
static const char *const words_end[] = {"keep", "discard", "commit", "ask", NULL};
static const char *const words_owner[] = {"user", "keep", NULL};
static const char *const words_user[] = {"none", "own", "root", NULL};
static const char *const words_net[] = {"host", "join", "nat", "none", NULL};
static const char *const words_loopback[] = {"host", "own", NULL};
static const char *const words_forwards[] = {"inside", "none", NULL};
static const char *const words_proto[] = {"tcp", "udp", NULL};
static const char *const words_mode[] = {"enforce", "log", NULL};
static const char *const words_need[] = {"require", "prefer", "off", NULL};
static const char *const words_answer[] = {"allow", "eperm", "enosys", NULL};
static const char *const within_run[] = {"/run", NULL};

/* Only the real home outlives the room. */
static bool is_real_home(const void *a, const void *b)
{
	const enum crl_home_mode *mine = a, *theirs = b;

	return *mine == CRL_HOME_REAL && *theirs != CRL_HOME_REAL;
}

/* Only what is persistent outlives the room. */
static bool is_lasting(const void *a, const void *b)
{
	const enum crl_root_over *mine = a, *theirs = b;

	return *mine == CRL_ROOT_OVER_PERSISTENT && *theirs != CRL_ROOT_OVER_PERSISTENT;
}

/* Nothing holds it. */
static bool is_unbounded(const void *a, const void *b)
{
	const enum crl_home_quota *mine = a, *theirs = b;

	return *mine == CRL_QUOTA_NONE && *theirs != CRL_QUOTA_NONE;
}

/* Only that changes the real home. */
static bool is_commit(const void *a, const void *b)
{
	const enum crl_at_end *mine = a, *theirs = b;

	return *mine == CRL_END_COMMIT && *theirs != CRL_END_COMMIT;
}

/* 0 is as many as there is space for. */
static bool is_more_files(const void *a, const void *b)
{
	const uint64_t *mine = a, *theirs = b;

	return *theirs > 0 && (*mine == 0 || *mine > *theirs);
}

/* None is no room for files at all: a home of another kind. */
static bool is_larger_home(const void *a, const void *b)
{
	const uint64_t *mine = a, *theirs = b;

	return *theirs > 0 && *mine > *theirs;
}

/* A default weight of the kernel's is 100. */
static bool is_heavier(const void *a, const void *b)
{
	const uint64_t *mine = a, *theirs = b;

	return (*mine ? *mine : 100) > (*theirs ? *theirs : 100);
}

#define FIELD(object, member) \
	.offset = offsetof(struct crl_##object, member), .size = sizeof(((struct crl_##object *)0)->member)

/* clang-format off */ /* a row is read as a paragraph */
#define ARGS(prefix, field, nth, name, text) \
	{.path = prefix ".args." name, .type = &crl_type_args, FIELD(policy, field.args[CRL_ARGS_##nth]), \
	 .min = CRL_ARGS_##nth, .def = "[ ]", .weaker = CRL_WEAKER_MORE, .doc = text}

/* Of a filter: what it lets. */
#define ROWS_OF_LISTS(prefix, field, first) \
	{.path = prefix ".base", .type = &crl_type_call_base, FIELD(policy, field.base), .def = first, \
	 .weaker = CRL_WEAKER_LESS, .doc = "group that is allowed; \"\" for no filter"}, \
	{.path = prefix ".allow", .type = &crl_type_calls, FIELD(policy, field.allow), .def = "[ ]", \
	 .weaker = CRL_WEAKER_MORE, .doc = "allowed on top"}, \
	{.path = prefix ".deny", .type = &crl_type_calls, FIELD(policy, field.deny), .def = "[ ]", \
	 .weaker = CRL_WEAKER_LESS, .doc = "taken away again"}, \
	{.path = prefix ".families", .type = &crl_type_families, FIELD(policy, field.families), \
	 .def = DEFAULT_FAMILIES, .weaker = CRL_WEAKER_MORE, .doc = "socket families"}

/* Of a filter: those for which each call has a list, and answers. */
#define ROWS_OF_ARGS(prefix, field) \
	{.path = prefix ".args", .type = &crl_type_group, .doc = "rules about arguments"}, \
	ARGS(prefix, field, CLONE, "clone", "flags of clone() and unshare()"), \
	ARGS(prefix, field, FCNTL, "fcntl", "commands"), ARGS(prefix, field, IOCTL, "ioctl", "requests"), \
	ARGS(prefix, field, KEYCTL, "keyctl", "operations"), ARGS(prefix, field, PERSONALITY, "personality", "flags"), \
	ARGS(prefix, field, PRCTL, "prctl", "options"), ARGS(prefix, field, SETSOCKOPT, "setsockopt", "options"), \
	ARGS(prefix, field, SOCKET, "socket", "types, and types of a family"), \
	{.path = prefix ".answers", .type = &crl_type_answers, FIELD(policy, field.answers), .def = "( )", \
	 .weaker = CRL_WEAKER_MORE, .doc = "what refused calls answer"}

/* Of a policy where no scope is said. */
const struct crl_key crl_keys[] = {
	{.path = "inherit", .type = &crl_type_inherit, .weaker = CRL_WEAKER_NONE, .doc = "policy to start from"},
	{.path = "share", .type = &crl_type_word, FIELD(policy, share), .words = words_share, .def = "\"login\"",
	 .weaker = CRL_WEAKER_MORE, .doc = "who lives in one room"},
	{.path = "on_close", .type = &crl_type_word, FIELD(policy, on_close), .words = words_close, .def = "\"kill\"",
	 .weaker = CRL_WEAKER_MORE, .doc = "what happens to a login's processes at its end"},
	{.path = "linger", .type = &crl_type_duration, FIELD(policy, linger_s), .max = YEAR_S, .def = "\"0\"",
	 .weaker = CRL_WEAKER_MORE, .doc = "how long a room outlives its last login"},
	{.path = "grace", .type = &crl_type_duration, FIELD(policy, grace_s), .max = CRL_GRACE_MAX_S, .def = "\"2s\"",
	 .weaker = CRL_WEAKER_NONE, .doc = "time for programs to end by themselves, before they are killed"},
	{.path = "notice", .type = &crl_type_bool, FIELD(policy, notice), .def = "true", .weaker = CRL_WEAKER_NONE,
	 .doc = "at a login the user is told what stopped their last one"},
	{.path = "language", .type = &crl_type_word, FIELD(policy, language), .words = words_speaks, .def = "\"host\"",
	 .weaker = CRL_WEAKER_NONE, .doc = "of what the user is told at a login"},
	{.path = "namespaces", .type = &crl_type_namespaces, FIELD(policy, namespaces),
	 .def = "[ \"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"cgroup\", \"time\" ]", .weaker = CRL_WEAKER_LESS,
	 .doc = "what is the room's own"},
	{.path = "hostname", .type = &crl_type_hostname, FIELD(policy, hostname), .def = "\"\"",
	 .weaker = CRL_WEAKER_NONE, .doc = "template of the room's host name"},

	{.path = "root", .type = &crl_type_group, .doc = "the file tree"},
	{.path = "root.mode", .type = &crl_type_word, FIELD(policy, root_mode), .words = words_root,
	 .def = "\"host\"", .weaker = CRL_WEAKER_NONE, .doc = "where the file tree comes from"},
	{.path = "root.path", .type = &crl_type_path, FIELD(policy, root_path), .letters = CRL_LETTERS_LOGIN,
	 .weaker = CRL_WEAKER_NONE, .doc = "directory or file of the image"},
	{.path = "root.image", .type = &crl_type_image, FIELD(policy, root_image), .weaker = CRL_WEAKER_NONE,
	 .doc = "image of the store, by its name, and digest"},
	{.path = "root.over", .type = &crl_type_word, FIELD(policy, root_over), .words = words_over,
	 .def = "\"nothing\"", .weaker = CRL_WEAKER_MORE, .exceeds = is_lasting,
	 .doc = "image, overlay: what takes the writes"},
	{.path = "root.writable", .type = &crl_type_bool, FIELD(policy, root_writable), .def = "false",
	 .weaker = CRL_WEAKER_NONE, .doc = "an older word for root.over = \"tmpfs\""},
	{.path = "root.size", .type = &crl_type_size, FIELD(policy, root_size), .max = SIZE_TOP, .def = "\"0\"",
	 .weaker = CRL_WEAKER_MORE, .doc = "space for what is written to the root; 0: of tmp.size"},
	{.path = "root.inodes", .type = &crl_type_uint, FIELD(policy, root_inodes), .max = UINT32_MAX, .def = "0",
	 .weaker = CRL_WEAKER_NONE, .doc = "files and directories in that; 0: by its size"},
	{.path = "root.quota", .type = &crl_type_word, FIELD(policy, root_quota), .words = words_quota,
	 .def = "\"auto\"", .weaker = CRL_WEAKER_MORE, .exceeds = is_unbounded,
	 .doc = "persistent: what holds it to its size"},
	{.path = "root.own", .type = &crl_type_paths, FIELD(policy, own), .letters = CRL_LETTERS_LOGIN, .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "directories of the root that are the user's to change"},
	{.path = "root.hide_users", .type = &crl_type_bool, FIELD(policy, hide_users), .def = "false",
	 .weaker = CRL_WEAKER_LESS, .doc = "passwd and group tell of no other user"},
	{.path = "root.hide", .type = &crl_type_paths, FIELD(policy, hide), .letters = CRL_LETTERS_LOGIN,
	 .def = DEFAULT_HIDE, .weaker = CRL_WEAKER_LESS, .doc = "paths shown empty"},
	{.path = "root.read_only", .type = &crl_type_paths, FIELD(policy, read_only), .letters = CRL_LETTERS_LOGIN,
	 .def = "[ ]", .weaker = CRL_WEAKER_LESS, .doc = "paths kept read-only"},
	{.path = "root.writable_paths", .type = &crl_type_writables, FIELD(policy, writable),
	 .letters = CRL_LETTERS_LOGIN, .def = "[ ]", .weaker = CRL_WEAKER_MORE, .doc = "host paths that stay writable"},
	{.path = "root.bind", .type = &crl_type_binds, FIELD(policy, bind), .def = "( )", .weaker = CRL_WEAKER_MORE,
	 .doc = "host paths shown at another place"},
	{.path = "root.devices", .type = &crl_type_devices, FIELD(policy, devices), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "devices of the host, by patterns"},
	{.path = "root.devices_required", .type = &crl_type_devices, FIELD(policy, devices_required), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "the same, without which no login is let in"},
	{.path = "root.run", .type = &crl_type_paths, FIELD(policy, run), .words = within_run,
	 .letters = CRL_LETTERS_LOGIN, .def = DEFAULT_RUN, .weaker = CRL_WEAKER_MORE, .doc = "what of /run is visible"},
	{.path = "root.sockets", .type = &crl_type_paths, FIELD(policy, sockets), .letters = CRL_LETTERS_LOGIN,
	 .def = DEFAULT_SOCKETS, .weaker = CRL_WEAKER_MORE, .doc = "sockets outside of /run that stay reachable"},
	{.path = "root.nested_proc", .type = &crl_type_bool, FIELD(policy, nested_proc), .def = "true",
	 .weaker = CRL_WEAKER_MORE, .doc = "user namespaces that seccomp allows get a /proc"},

	{.path = "tmp", .type = &crl_type_group, .doc = "the room's temporary files"},
	{.path = "tmp.size", .type = &crl_type_size, FIELD(policy, tmp_size), .min = MIB, .max = SIZE_TOP,
	 .def = "\"512M\"", .weaker = CRL_WEAKER_MORE, .doc = "/tmp, /var/tmp, /dev/shm and /run/user/UID together"},
	{.path = "ptys", .type = &crl_type_uint, FIELD(policy, ptys), .min = 1, .max = 4096, .def = "64",
	 .weaker = CRL_WEAKER_MORE, .doc = "terminals of the room"},

	{.path = "home", .type = &crl_type_group, .doc = "the user's home"},
	{.path = "home.mode", .type = &crl_type_word, FIELD(policy, home_mode), .words = words_home, .def = "\"real\"",
	 .weaker = CRL_WEAKER_MORE, .exceeds = is_real_home, .doc = "what stands at the home directory"},
	{.path = "home.upper", .type = &crl_type_word, FIELD(policy, home_upper), .words = words_upper,
	 .def = "\"tmpfs\"", .weaker = CRL_WEAKER_MORE, .doc = "overlay: where the changes are"},
	{.path = "home.lower", .type = &crl_type_layers, FIELD(policy, home_lower), .max = CRL_HOME_LOWERS_MAX,
	 .letters = CRL_LETTERS_LOGIN, .weaker = CRL_WEAKER_NONE,
	 .doc = "overlay: directories instead of the real home, the youngest first"},
	{.path = "home.lower_owner", .type = &crl_type_word, FIELD(policy, lower_owner), .words = words_owner,
	 .def = "\"user\"", .weaker = CRL_WEAKER_NONE, .doc = "whose root's files of home.lower are in the room"},
	{.path = "home.skeleton", .type = &crl_type_path, FIELD(policy, home_skeleton), .letters = CRL_LETTERS_LOGIN,
	 .weaker = CRL_WEAKER_NONE, .doc = "tmpfs: copied into the new home"},
	{.path = "home.size", .type = &crl_type_size, FIELD(policy, home_size), .max = SIZE_TOP, .def = "\"0\"",
	 .weaker = CRL_WEAKER_MORE, .exceeds = is_larger_home, .doc = "overlay, tmpfs: space for the session's files"},
	{.path = "home.inodes", .type = &crl_type_uint, FIELD(policy, home_inodes), .max = INT32_MAX, .def = "0",
	 .weaker = CRL_WEAKER_MORE, .exceeds = is_more_files,
	 .doc = "the same in files and directories; 0: by its size"},
	{.path = "home.quota", .type = &crl_type_word, FIELD(policy, home_quota), .words = words_quota,
	 .def = "\"auto\"", .weaker = CRL_WEAKER_MORE, .exceeds = is_unbounded,
	 .doc = "persistent: what holds it to its size"},
	{.path = "home.at_end", .type = &crl_type_word, FIELD(policy, at_end), .words = words_end,
	 .def = "\"keep\"", .weaker = CRL_WEAKER_MORE, .exceeds = is_commit,
	 .doc = "persistent: what becomes of the changes when the last room ends"},
	{.path = "home.snapshots", .type = &crl_type_uint, FIELD(policy, snapshots), .max = CRL_POLICY_SNAPSHOTS_MAX,
	 .def = "16", .weaker = CRL_WEAKER_MORE, .doc = "persistent: snapshots at once"},
	{.path = "home.wishes", .type = &crl_type_bool, FIELD(policy, wishes), .def = "true",
	 .weaker = CRL_WEAKER_MORE, .doc = "persistent: the user may review, keep and discard from inside"},

	{.path = "network", .type = &crl_type_group, .doc = "the network"},
	{.path = "network.mode", .type = &crl_type_word, FIELD(policy, net_mode), .words = words_net,
	 .def = "\"none\"", .weaker = CRL_WEAKER_LESS, .doc = "which network the room sees"},
	{.path = "network.name", .type = &crl_type_netns, FIELD(policy, net_path), .letters = CRL_LETTERS_LOGIN,
	 .weaker = CRL_WEAKER_NONE, .doc = "join: the network namespace, as ip netns lists it"},
	{.path = "network.allow", .type = &crl_type_netrules, FIELD(policy, net_allow), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "where its programs may connect to, against network.deny"},
	{.path = "network.deny", .type = &crl_type_netrules, FIELD(policy, net_deny), .def = "[ ]",
	 .weaker = CRL_WEAKER_LESS, .doc = "where they may not"},
	{.path = "network.listen", .type = &crl_type_netrules, FIELD(policy, net_listen), .min = 1,
	 .def = "[ \"any\" ]", .weaker = CRL_WEAKER_MORE, .doc = "host: what they may bind"},
	{.path = "network.loopback", .type = &crl_type_word, FIELD(policy, net_loopback), .words = words_loopback,
	 .def = "\"host\"", .weaker = CRL_WEAKER_LESS, .doc = "host: is its loopback reached?"},
	{.path = "network.forwards", .type = &crl_type_word, FIELD(policy, net_forwards), .words = words_forwards,
	 .def = "\"inside\"", .weaker = CRL_WEAKER_LESS, .doc = "where forwards of ports by sshd come out"},
	{.path = "network.publish", .type = &crl_type_publishes, FIELD(policy, publish), .def = "( )",
	 .weaker = CRL_WEAKER_MORE, .doc = "nat: ports of the host's that lead into the room"},

	{.path = "limits", .type = &crl_type_group, .doc = "control group limits of the user"},
	{.path = "limits.budget", .type = &crl_type_budget, FIELD(policy, budget), .def = "\"\"",
	 .weaker = CRL_WEAKER_LESS, .doc = "limits shared with all others who name it"},
	{.path = "limits.cpu", .in_budgets = true, .type = &crl_type_percent, FIELD(policy, limits.cpu_permille),
	 .min = 10, .max = CRL_UNLIMITED, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE,
	 .doc = "processor time, 100% is one CPU"},
	{.path = "limits.cpu_weight", .in_budgets = true, .type = &crl_type_uint, FIELD(policy, limits.cpu_weight),
	 .max = 10000, .def = "0", .weaker = CRL_WEAKER_MORE, .exceeds = is_heavier,
	 .doc = "share of a busy CPU; 0 leaves the kernel's"},
	{.path = "limits.memory", .in_budgets = true, .type = &crl_type_size, FIELD(policy, limits.memory),
	 .min = 8 * MIB, .max = CRL_UNLIMITED, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "hard limit"},
	{.path = "limits.memory_high", .in_budgets = true, .type = &crl_type_size, FIELD(policy, limits.memory_high),
	 .min = 8 * MIB, .max = CRL_UNLIMITED, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE,
	 .doc = "throttled above this"},
	{.path = "limits.swap", .in_budgets = true, .type = &crl_type_size, FIELD(policy, limits.swap),
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "swap space"},
	{.path = "limits.tasks", .in_budgets = true, .type = &crl_type_uint, FIELD(policy, limits.tasks), .min = 4,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "processes and threads"},
	{.path = "limits.rooms", .type = &crl_type_uint, FIELD(policy, rooms), .min = 1, .max = CRL_UNLIMITED,
	 .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "rooms of the user at once"},
	{.path = "limits.network", .type = &crl_type_group, .doc = "rates of each room with network.mode = \"nat\""},
	{.path = "limits.network.egress", .type = &crl_type_rate, FIELD(policy, net_egress), .min = RATE_LEAST,
	 .max = RATE_MOST, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "what it sends"},
	{.path = "limits.network.ingress", .type = &crl_type_rate, FIELD(policy, net_ingress), .min = RATE_LEAST,
	 .max = RATE_MOST, .def = "\"unlimited\"", .weaker = CRL_WEAKER_MORE, .doc = "what it is sent"},
	{.path = "limits.oom_score_adj", .type = &crl_type_uint, FIELD(policy, limits.oom_score_adj), .max = 1000,
	 .def = "0", .weaker = CRL_WEAKER_LESS, .doc = "who is killed first when memory is short"},
	{.path = "limits.io", .in_budgets = true, .type = &crl_type_ios, FIELD(policy, limits.io), .def = "( )",
	 .weaker = CRL_WEAKER_MORE, .doc = "limits of block devices"},

	{.path = "capabilities", .type = &crl_type_group, .doc = "what root's powers may ever come back"},
	{.path = "capabilities.trim", .type = &crl_type_bool, FIELD(policy, trim_caps), .def = "true",
	 .weaker = CRL_WEAKER_LESS, .doc = "false leaves capabilities alone"},
	{.path = "capabilities.bounding", .type = &crl_type_caps, FIELD(policy, cap_bounding), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "bounding set"},
	{.path = "capabilities.inheritable", .type = &crl_type_caps, FIELD(policy, cap_inheritable), .def = "[ ]",
	 .min = CRL_CAPSET_INHERITABLE, .weaker = CRL_WEAKER_MORE, .doc = "inheritable set"},
	{.path = "capabilities.ambient", .type = &crl_type_caps, FIELD(policy, cap_ambient), .def = "[ ]",
	 .min = CRL_CAPSET_AMBIENT, .weaker = CRL_WEAKER_MORE,
	 .doc = "what programs have by the launcher, without any set-user-ID bit"},
	{.path = "no_new_privs", .type = &crl_type_bool, FIELD(policy, no_new_privs), .def = "true",
	 .weaker = CRL_WEAKER_LESS, .doc = "set-user-ID programs gain nothing"},
	{.path = "user", .type = &crl_type_group, .doc = "a user namespace of the room's own"},
	{.path = "user.mode", .type = &crl_type_word, FIELD(policy, user_mode), .words = words_user,
	 .def = "\"none\"", .weaker = CRL_WEAKER_MORE, .doc = "is there one, and who is the user in it"},
	{.path = "user.sudo", .type = &crl_type_bool, FIELD(policy, user_sudo), .def = "false",
	 .weaker = CRL_WEAKER_MORE, .doc = "inside, sudo asks for no password"},
	{.path = "user.show", .type = &crl_type_paths, FIELD(policy, user_show), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "trees of the host that root of the room sees, too"},
	{.path = "user.nested", .type = &crl_type_bool, FIELD(policy, user_nested), .def = "false",
	 .weaker = CRL_WEAKER_MORE, .doc = "the user may make user namespaces inside, and mount in those"},
	{.path = "user.namespaces", .type = &crl_type_uint, FIELD(policy, user_namespaces), .min = 1, .max = 1000,
	 .def = "32", .weaker = CRL_WEAKER_MORE, .doc = "so many of them at once"},
	{.path = "errands", .type = &crl_type_errands, FIELD(policy, errands), .def = "[ ]",
	 .weaker = CRL_WEAKER_MORE, .doc = "programs with power that run outside, for the user"},

	{.path = "seccomp", .type = &crl_type_group, .doc = "system call filter"},
	ROWS_OF_LISTS("seccomp", seccomp, "\"@login\""),
	ROWS_OF_ARGS("seccomp", seccomp),
	{.path = "seccomp.mode", .type = &crl_type_word, FIELD(policy, seccomp.mode), .words = words_mode,
	 .def = "\"enforce\"", .weaker = CRL_WEAKER_MORE, .doc = "are calls refused, or let and told"},
	{.path = "seccomp.compat", .type = &crl_type_bool, FIELD(policy, seccomp.compat), .def = "true",
	 .weaker = CRL_WEAKER_MORE, .doc = "32-bit programs follow the same rules"},
	{.path = "seccomp.log", .type = &crl_type_bool, FIELD(policy, seccomp.log), .def = "false",
	 .weaker = CRL_WEAKER_LESS, .doc = "the kernel logs denials"},
	{.path = "seccomp.profiles", .type = &crl_type_profiles, FIELD(policy, profiles), .def = "( )",
	 .weaker = CRL_WEAKER_LESS, .doc = "further filters, by the program that carrel-shell executes"},

	{.path = "shell", .type = &crl_type_group, .doc = "the last stage of a login: carrel-shell"},
	{.path = "shell.path", .type = &crl_type_path, FIELD(policy, shell_path), .letters = CRL_LETTERS_LOGIN,
	 .weaker = CRL_WEAKER_NONE, .doc = "the shell that it executes"},
	{.path = "shell.apart", .type = &crl_type_bool, FIELD(policy, shell_apart), .def = "false",
	 .weaker = CRL_WEAKER_LESS, .doc = "no other process of the user's gets at those of this login"},
	{.path = "shell.seccomp", .type = &crl_type_group, .doc = "a further filter for the shell alone"},
	ROWS_OF_LISTS("shell.seccomp", shell_seccomp, "\"\""),
	ROWS_OF_ARGS("shell.seccomp", shell_seccomp),
	{.path = "shell.seccomp.compat", .type = &crl_type_bool, FIELD(policy, shell_seccomp.compat), .def = "true",
	 .weaker = CRL_WEAKER_MORE, .doc = "32-bit programs follow the same rules"},

	{.path = "features", .type = &crl_type_group, .doc = "what to do where this host cannot give a feature"},
	{.path = "features.limits", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_LIMITS]),
	 .words = words_need, .def = "\"require\"", .weaker = CRL_WEAKER_MORE, .doc = "control group limits"},
	{.path = "features.time", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_TIME]), .words = words_need,
	 .def = "\"require\"", .weaker = CRL_WEAKER_MORE, .doc = "time namespace"},
	{.path = "features.cgroup", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_CGROUP]),
	 .words = words_need, .def = "\"require\"", .weaker = CRL_WEAKER_MORE, .doc = "the login's own control group"},
	{.path = "features.seccomp", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_SECCOMP]),
	 .words = words_need, .def = "\"require\"", .weaker = CRL_WEAKER_MORE, .doc = "system call filter"},
	{.path = "features.accounting", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_ACCOUNTING]),
	 .words = words_need, .def = "\"prefer\"", .weaker = CRL_WEAKER_MORE,
	 .doc = "the host's utmp, wtmp and lastlog"},
	{.path = "features.hostname", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_HOSTNAME]),
	 .words = words_need, .def = "\"prefer\"", .weaker = CRL_WEAKER_MORE, .doc = "the room's own host name"},
	{.path = "features.landlock", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_LANDLOCK]),
	 .words = words_need, .def = "\"require\"", .weaker = CRL_WEAKER_MORE, .doc = "the domain of shell.apart"},
	{.path = "features.ambient", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_AMBIENT]),
	 .words = words_need, .def = "\"prefer\"", .weaker = CRL_WEAKER_NONE, .doc = "ambient capabilities"},
	{.path = "features.network_filter", .type = &crl_type_word, FIELD(policy, need[CRL_FEATURE_NETWORK_FILTER]),
	 .words = words_need, .def = "\"require\"", .weaker = CRL_WEAKER_MORE,
	 .doc = "programs on the login's control group that hold its network"},

	{.path = "source", .scope = CRL_KEYS_BIND, .type = &crl_type_path, FIELD(bind, source), .required = true,
	 .letters = CRL_LETTERS_LOGIN, .doc = "path on the host"},
	{.path = "target", .scope = CRL_KEYS_BIND, .type = &crl_type_path, FIELD(bind, target), .required = true,
	 .letters = CRL_LETTERS_LOGIN, .doc = "path in the room"},
	{.path = "writable", .scope = CRL_KEYS_BIND, .type = &crl_type_bool, FIELD(bind, writable), .def = "false",
	 .doc = "false keeps it read-only"},
	{.path = "optional", .scope = CRL_KEYS_BIND, .type = &crl_type_bool, FIELD(bind, optional), .def = "false",
	 .doc = "a missing path is no error"},

	{.path = "path", .scope = CRL_KEYS_WRITABLE, .type = &crl_type_path, FIELD(writable, path), .required = true,
	 .letters = CRL_LETTERS_LOGIN, .doc = "path on the host and in the room"},
	{.path = "optional", .scope = CRL_KEYS_WRITABLE, .type = &crl_type_bool, FIELD(writable, optional),
	 .def = "false", .doc = "a missing path is no error"},

	{.path = "path", .scope = CRL_KEYS_IO, .type = &crl_type_path, FIELD(io_limit, path), .required = true,
	 .max = 1, .letters = CRL_LETTERS_USER, .doc = "a path on the device"},
	{.path = "read", .scope = CRL_KEYS_IO, .type = &crl_type_size, FIELD(io_limit, read_bps), .min = 1024,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .doc = "bytes a second"},
	{.path = "write", .scope = CRL_KEYS_IO, .type = &crl_type_size, FIELD(io_limit, write_bps), .min = 1024,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .doc = "bytes a second"},
	{.path = "read_iops", .scope = CRL_KEYS_IO, .type = &crl_type_uint, FIELD(io_limit, read_iops), .min = 1,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .doc = "operations a second"},
	{.path = "write_iops", .scope = CRL_KEYS_IO, .type = &crl_type_uint, FIELD(io_limit, write_iops), .min = 1,
	 .max = CRL_UNLIMITED, .def = "\"unlimited\"", .doc = "operations a second"},

	{.path = "port", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_uint, FIELD(publish, port), .min = 1,
	 .max = UINT16_MAX, .doc = "port of the host's"},
	{.path = "to", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_uint, FIELD(publish, to), .min = 1,
	 .max = UINT16_MAX, .doc = "port in the room; the same where it is not said"},
	{.path = "proto", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_word, FIELD(publish, proto),
	 .words = words_proto, .def = "\"tcp\"", .doc = "protocol"},
	{.path = "first", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_uint, FIELD(publish, first), .min = 1,
	 .max = UINT16_MAX, .doc = "instead of port: the first one of a range for each user"},
	{.path = "count", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_uint, FIELD(publish, count), .min = 1,
	 .max = CRL_PUBLISH_MAX, .doc = "so many ports for each"},
	{.path = "base", .scope = CRL_KEYS_PUBLISH, .type = &crl_type_uint, FIELD(publish, base), .max = INT32_MAX,
	 .def = "1000", .doc = "number of the user whose range begins at first"},

	{.path = "calls", .scope = CRL_KEYS_ANSWERS, .type = &crl_type_calls, FIELD(answers, calls), .required = true,
	 .doc = "system calls and @groups"},
	{.path = "answer", .scope = CRL_KEYS_ANSWERS, .type = &crl_type_answer, FIELD(answers, answer),
	 .required = true, .doc = "what they answer where they are refused"},

	{.path = "program", .scope = CRL_KEYS_PROFILE, .type = &crl_type_path, FIELD(profile, program),
	 .required = true, .doc = "path of the program"},
	{.path = "profile", .scope = CRL_KEYS_PROFILE, .type = &crl_type_name, FIELD(profile, profile),
	 .required = true, .doc = "name of its profile"},

	{.path = "rules", .scope = CRL_KEYS_TOP, .type = &crl_type_section, FIELD(top, rules),
	 .min = CONFIG_TYPE_LIST, .doc = "who gets which policy"},
	{.path = "policies", .scope = CRL_KEYS_TOP, .type = &crl_type_section, FIELD(top, policies),
	 .min = CONFIG_TYPE_GROUP, .doc = "the policies"},
	{.path = "budgets", .scope = CRL_KEYS_TOP, .type = &crl_type_section, FIELD(top, budgets),
	 .min = CONFIG_TYPE_GROUP, .doc = "limits that many users share"},
	{.path = "acknowledged", .scope = CRL_KEYS_TOP, .type = &crl_type_section, FIELD(top, acknowledged),
	 .min = CONFIG_TYPE_ARRAY, .doc = "warnings of carrelctl check that are known"},
	{.path = "data_dir", .scope = CRL_KEYS_TOP, .type = &crl_type_path, FIELD(top, data_dir),
	 .def = "\"" CRL_DATA_DIR "\"", .doc = "shipped policies and system call groups"},
	{.path = "store", .scope = CRL_KEYS_TOP, .type = &crl_type_path, FIELD(top, store),
	 .def = "\"" CRL_STORE_DIR "\"", .doc = "images, and what is kept of homes and roots"},
	{.path = "host_language", .scope = CRL_KEYS_TOP, .type = &crl_type_word, FIELD(top, language),
	 .words = words_language, .def = "\"en\"", .doc = "of what users are told at a login"},
	{.path = "contact", .scope = CRL_KEYS_TOP, .type = &crl_type_contact, FIELD(top, contact),
	 .def = "\"\"", .doc = "whom users can ask: a line that they read when they are refused"},
	{.path = "cgroup", .scope = CRL_KEYS_TOP, .type = &crl_type_group, .doc = "control groups of the host"},
	{.path = "cgroup.manager", .scope = CRL_KEYS_TOP, .type = &crl_type_word, FIELD(top, manager),
	 .words = words_manager, .def = "\"auto\"", .doc = "who writes the host's cgroups"},
	{.path = "cgroup.root", .scope = CRL_KEYS_TOP, .type = &crl_type_path, FIELD(top, cgroup_root),
	 .doc = "directory to write to; found when not given"},

	{.path = "addresses", .scope = CRL_KEYS_TOP, .type = &crl_type_group,
	 .doc = "networks of rooms with a way out"},
	{.path = "addresses.ipv4", .scope = CRL_KEYS_TOP, .type = &crl_type_network, FIELD(top, ipv4),
	 .min = 4, .def = "\"" CRL_ADDRESSES_IPV4 "\"", .doc = "IPv4 addresses that carrel gives to rooms"},
	{.path = "addresses.ipv6", .scope = CRL_KEYS_TOP, .type = &crl_type_network, FIELD(top, ipv6),
	 .min = 6, .def = "\"" CRL_ADDRESSES_IPV6 "\"", .doc = "IPv6 addresses; \"\" for none"},

	{.path = "subids", .scope = CRL_KEYS_TOP, .type = &crl_type_group, .doc = "ids of user namespaces"},
	{.path = "subids.first", .scope = CRL_KEYS_TOP, .type = &crl_type_uint, FIELD(top, subids_first),
	 .min = CRL_SUBIDS_MIN, .max = CRL_SUBIDS_MAX, .doc = "first of those that carrel allots"},
	{.path = "subids.last", .scope = CRL_KEYS_TOP, .type = &crl_type_uint, FIELD(top, subids_last),
	 .min = CRL_SUBIDS_MIN, .max = CRL_SUBIDS_MAX, .doc = "last of them"},

	{.path = "user", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_USER]),
	 .min = CRL_COND_USER, .doc = "user names"},
	{.path = "not_user", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_USER]),
	 .min = CRL_COND_USER, .doc = "none of these"},
	{.path = "uid", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_UID]),
	 .min = CRL_COND_UID, .doc = "numbers and ranges"},
	{.path = "not_uid", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_UID]),
	 .min = CRL_COND_UID, .doc = "none of these"},
	{.path = "group", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_GROUP]),
	 .min = CRL_COND_GROUP, .doc = "names of any group of the user"},
	{.path = "not_group", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_GROUP]),
	 .min = CRL_COND_GROUP, .doc = "none of these"},
	{.path = "service", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_SERVICE]),
	 .min = CRL_COND_SERVICE, .doc = "PAM services"},
	{.path = "not_service", .scope = CRL_KEYS_RULE, .type = &crl_type_condition,
	 FIELD(rule, is_not[CRL_COND_SERVICE]), .min = CRL_COND_SERVICE, .doc = "none of these"},
	{.path = "rhost", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_RHOST]),
	 .min = CRL_COND_RHOST, .doc = "addresses and networks that the login comes from"},
	{.path = "not_rhost", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_RHOST]),
	 .min = CRL_COND_RHOST, .doc = "none of these"},
	{.path = "tty", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_TTY]),
	 .min = CRL_COND_TTY, .doc = "terminals"},
	{.path = "not_tty", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_TTY]),
	 .min = CRL_COND_TTY, .doc = "none of these"},
	{.path = "time", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_TIME]),
	 .min = CRL_COND_TIME, .doc = "times of day and days of the week"},
	{.path = "not_time", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is_not[CRL_COND_TIME]),
	 .min = CRL_COND_TIME, .doc = "none of these"},
	{.path = "command", .scope = CRL_KEYS_RULE, .type = &crl_type_condition, FIELD(rule, is[CRL_COND_COMMAND]),
	 .min = CRL_COND_COMMAND, .doc = "program of the administrator's that says yes"},
	{.path = "not_command", .scope = CRL_KEYS_RULE, .type = &crl_type_condition,
	 FIELD(rule, is_not[CRL_COND_COMMAND]), .min = CRL_COND_COMMAND, .doc = "one that says no"},
	{.path = "policy", .scope = CRL_KEYS_RULE, .type = &crl_type_name, FIELD(rule, policy), .required = true,
	 .doc = "what they get"},

	{.path = "groups", .scope = CRL_KEYS_CALLS_TOP, .type = &crl_type_section, FIELD(top, groups),
	 .required = true, .min = CONFIG_TYPE_LIST, .doc = "the groups"},
	{.path = "name", .scope = CRL_KEYS_CALLS, .type = &crl_type_call_name, FIELD(sysgroup, name),
	 .required = true, .doc = "name with its \"@\""},
	{.path = "answer", .scope = CRL_KEYS_CALLS, .type = &crl_type_word, FIELD(sysgroup, answer), .required = true,
	 .words = words_answer, .doc = "what a denied call gets"},
	{.path = "calls", .scope = CRL_KEYS_CALLS, .type = &crl_type_calls, FIELD(sysgroup, calls), .required = true,
	 .doc = "system calls and @groups"},
};
/* clang-format on */

const size_t crl_keys_len = CRL_ARRAY_LEN(crl_keys);
_Static_assert(CRL_ARRAY_LEN(crl_keys) <= CRL_KEYS_MAX, "raise CRL_KEYS_MAX");
