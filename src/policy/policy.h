// SPDX-License-Identifier: Apache-2.0
/*
 * A policy: what a login gets. Values only.
 *
 * Runs in: helper, carrelctl. No libconfig type leaks out of src/policy.
 * Owns: nothing but the fields. What a key is called, takes, means by default: all in its row (keys/keys.c). An empty
 * policy is the safest one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/nskind.h"
#include "base/phrases.h"
#include "policy/filter/argnames.h"
#include "policy/filter/verdict.h"
#include "wire/proto.h"

#define CRL_POLICY_SNAPSHOTS_MAX 40 /* of one home: each is a layer of an overlay that has to be mounted */
#define CRL_HOME_LOWERS_MAX 8 /* directories of home.lower, which are layers as well */
#define CRL_PROFILES_MAX 8 /* of one policy */
#define CRL_PUBLISH_MAX 64 /* ports of one room: each is a descriptor of its supervisor's */
#define CRL_BUDGET_NAME_MAX 32 /* a budget's name becomes part of a cgroup's and of a systemd unit's */

enum crl_share { CRL_SHARE_LOGIN, CRL_SHARE_USER };
enum crl_on_close { CRL_CLOSE_KILL, CRL_CLOSE_KEEP };
enum crl_root_mode { CRL_ROOT_HOST, CRL_ROOT_IMAGE, CRL_ROOT_OVERLAY };
enum crl_root_over { CRL_ROOT_OVER_NOTHING, CRL_ROOT_OVER_TMPFS, CRL_ROOT_OVER_PERSISTENT };
enum crl_lower_owner { CRL_LOWER_USER, CRL_LOWER_KEEP };

enum crl_home_mode { CRL_HOME_REAL, CRL_HOME_OVERLAY, CRL_HOME_TMPFS };
enum crl_home_upper { CRL_UPPER_TMPFS, CRL_UPPER_PERSISTENT };
/* What holds a kept home to its size; AUTO: PROJECT where its file system has that, IMAGE where not. */
enum crl_home_quota { CRL_QUOTA_AUTO, CRL_QUOTA_PROJECT, CRL_QUOTA_IMAGE, CRL_QUOTA_NONE };
/* What becomes of a kept home's changes when its last room ends. */
enum crl_at_end { CRL_END_KEEP, CRL_END_DISCARD, CRL_END_COMMIT, CRL_END_ASK };
/* Is there a user namespace of the room's own, which its user owns, and who are they in it? */
enum crl_own_user { CRL_USER_NONE, CRL_USER_OWN, CRL_USER_ROOT };
/* In the order of what they give; with NAT and NONE the network is the room's own, with JOIN the administrator's. */
enum crl_net_mode { CRL_NET_HOST, CRL_NET_JOIN, CRL_NET_NAT, CRL_NET_NONE };
/* Of mode HOST: is the host's loopback reached? In the order of what they give. */
enum crl_loopback { CRL_LOOPBACK_HOST, CRL_LOOPBACK_OWN };
enum crl_forwards { CRL_FORWARDS_INSIDE, CRL_FORWARDS_NONE };

#define CRL_NETNS_DIR "/run/netns/" /* where ip-netns(8) has them */

/* What to do when this kernel or host cannot give a feature that the policy asks for. */
enum crl_need { CRL_NEED_REQUIRE, CRL_NEED_PREFER, CRL_NEED_OFF };

/* Features whose need a policy may change: features = { limits = "prefer"; }; */
enum crl_feature {
	CRL_FEATURE_LIMITS, /* cgroup limits */
	CRL_FEATURE_TIME, /* time namespace */
	CRL_FEATURE_CGROUP, /* the login's own cgroup */
	CRL_FEATURE_SECCOMP, /* system call filter */
	CRL_FEATURE_ACCOUNTING, /* host's utmp, wtmp and lastlog kept true */
	CRL_FEATURE_HOSTNAME, /* the room's own host name */
	CRL_FEATURE_LANDLOCK, /* the domain of shell.apart */
	CRL_FEATURE_AMBIENT, /* ambient capabilities */
	CRL_FEATURE_NETWORK_FILTER, /* the gate of a login */
	CRL_FEATURE_COUNT
};

/* The sets of capabilities that a policy names, each by a key. */
enum crl_capset { CRL_CAPSET_BOUNDING, CRL_CAPSET_INHERITABLE, CRL_CAPSET_AMBIENT };

/* What becomes of a call that a policy's filter refuses: refused, or let and told, for a policy that is being tried. */
enum crl_filter_mode { CRL_FILTER_ENFORCE, CRL_FILTER_LOG };

#define CRL_UNLIMITED UINT64_MAX

struct crl_strv {
	char **item;
	size_t len;
};

struct crl_bind {
	char *source; /* absolute, on the host */
	char *target; /* absolute, in the room */
	bool writable;
	bool optional; /* a missing source or target is not an error */
};

struct crl_io_limit {
	char *path; /* absolute; the limit is for the block device that holds it */
	uint64_t read_bps; /* bytes per second, CRL_UNLIMITED = none */
	uint64_t write_bps;
	uint64_t read_iops;
	uint64_t write_iops;
};

enum crl_publish_proto { CRL_PUBLISH_TCP, CRL_PUBLISH_UDP };

/* A port of the host's that leads into the room, or a range of such for each user. */
struct crl_publish {
	uint64_t port; /* of the host's; 0 = it is a range */
	uint64_t to; /* in the room; 0 = the same */
	enum crl_publish_proto proto;
	uint64_t first; /* a range: the user's are COUNT from FIRST + (uid - BASE) * COUNT on */
	uint64_t count; /* 0 = it is a port */
	uint64_t base;
};

struct crl_limits {
	uint64_t oom_score_adj; /* of the application and so of all that the login starts */
	uint64_t cpu_permille; /* of one CPU, per 1000: "200%" is 2000; CRL_UNLIMITED = none */
	uint64_t cpu_weight; /* 1..10000, 0 = leave the kernel's default */
	uint64_t memory; /* bytes, hard (memory.max) */
	uint64_t memory_high; /* bytes, throttling (memory.high) */
	uint64_t swap; /* bytes */
	uint64_t tasks; /* processes and threads */
	struct crl_io_limit *io;
	size_t io_len;
};

/* What some calls answer where they are refused. */
struct crl_answers {
	struct crl_strv calls; /* names and @groups */
	struct crl_verdict answer;
};

struct crl_seccomp {
	char base[CRL_POLICY_NAME_MAX]; /* group that is allowed, e.g. "@login"; "" = no filter */
	struct crl_strv allow; /* names and @groups allowed on top */
	struct crl_strv deny; /* names and @groups taken away again, answered EPERM */
	struct crl_strv families; /* socket families: "unix", "inet", "inet6", "netlink", … */
	struct crl_strv args[CRL_ARGS_COUNT]; /* rules about arguments, as argnames.h reads them; empty = none */
	struct crl_answers *answers; /* of those that name a call the last one counts */
	size_t answers_len;
	enum crl_filter_mode mode;
	bool compat; /* 32-bit x86 programs follow the same rules; false: ENOSYS */
	bool log; /* denials are logged by the kernel */
	bool joins_users; /* by user.mode: a user namespace of the user's own may be joined */
	bool nested; /* by user.nested: and others made, and mounted in */
};

/* Which program of a login's, where it is what carrel-shell executes, has which profile. */
struct crl_profile {
	char *program; /* absolute, shorter than CRL_LAST_PATH_MAX */
	char *profile; /* as policy/file/profile.h finds it */
};

/* As the words of the key language are: the host's, or one more than enum crl_language. */
enum crl_speaks { CRL_SPEAKS_HOST, CRL_SPEAKS_EN, CRL_SPEAKS_ES, CRL_SPEAKS_EU, CRL_SPEAKS_DE, CRL_SPEAKS_COUNT };

/* Its paths and host name are templates until crl_expand_policy() (template.h). */
struct crl_policy {
	char name[CRL_POLICY_NAME_MAX];
	enum crl_share share;
	enum crl_on_close on_close;
	uint64_t linger_s; /* seconds the room outlives its last login */
	uint64_t grace_s; /* seconds that programs have to end by themselves, 0..CRL_GRACE_MAX_S */
	uint32_t namespaces; /* CRL_NS_BIT()s */
	char hostname[256]; /* template; "" = the host's */

	enum crl_root_mode root_mode;
	char *root_path; /* image: a directory or an image file, or NULL */
	char *root_image; /* image: one of the store, "NAME" or "NAME@sha256:…", or NULL */
	enum crl_root_over root_over; /* what takes the writes; asked by crl_policy_root_is_written() and its kind */
	bool root_writable; /* an older word for "tmpfs" */
	uint64_t root_size; /* bytes of what takes the writes; 0 = tmpfs: of tmp_size */
	uint64_t root_inodes; /* the same in files; 0 = as many as the size allows for */
	enum crl_home_quota root_quota; /* persistent: what holds it to that */
	struct crl_strv own; /* directories that are the user's where the root takes writes */
	bool hide_users; /* passwd and group without others */
	struct crl_strv hide; /* directories shown empty, files shown empty */
	struct crl_strv read_only; /* more paths to make read-only (image) or keep so */
	struct crl_strv writable; /* host paths that stay writable (nosuid, nodev) */
	struct crl_strv writable_optional; /* those of them that need not be there */
	struct crl_bind *bind;
	size_t bind_len;
	struct crl_strv devices; /* patterns of the host's devices; one that is like nothing gives nothing */
	struct crl_strv devices_required; /* those that have to be like something */
	struct crl_strv run; /* what of /run is offered: sockets, files, directories; missing ones are skipped */
	struct crl_strv sockets; /* paths outside of /run at or beneath which the host's sockets are reachable */
	bool nested_proc; /* user namespaces that seccomp lets its user make get a /proc of their own */
	uint64_t tmp_size; /* bytes for /tmp, /var/tmp, /dev/shm and /run/user/UID together */
	uint64_t ptys; /* terminals of the room, 1..4096 */
	uint64_t rooms; /* of the user at once, CRL_UNLIMITED = any number; no control group's limit */

	enum crl_home_mode home_mode;
	enum crl_home_upper home_upper; /* overlay: where the changes are */
	struct crl_strv home_lower; /* overlay: directories instead of the real home, youngest first; empty = it */
	enum crl_lower_owner lower_owner; /* of what is root's in those */
	char *home_skeleton; /* tmpfs: copied into the new home, or NULL */
	uint64_t home_size; /* bytes of the upper or of the tmpfs */
	uint64_t home_inodes; /* the same in files; 0 = as many as the size allows for */
	enum crl_home_quota home_quota; /* this and all below: of persistent uppers */
	enum crl_at_end at_end;
	uint64_t snapshots; /* at once, 0..CRL_POLICY_SNAPSHOTS_MAX */
	bool wishes; /* may the user ask from inside the room for what is done to them? */

	enum crl_net_mode net_mode;
	char *net_path; /* join: CRL_NETNS_DIR and network.name, a template until it is expanded; NULL = none */
	struct crl_strv net_allow; /* entries as netrule.h has them */
	struct crl_strv net_deny;
	struct crl_strv net_listen; /* host: what may be bound */
	enum crl_loopback net_loopback;
	enum crl_forwards net_forwards; /* of TCP, by the program that opens the session */
	struct crl_publish *publish; /* nat */
	size_t publish_len;
	uint64_t net_egress; /* nat: bits per second that a room may send, CRL_UNLIMITED = any; no control group's */
	uint64_t net_ingress; /* that it is sent */
	struct crl_limits limits;
	char budget[CRL_BUDGET_NAME_MAX]; /* "" = none */

	bool trim_caps; /* false: capabilities are left alone */
	uint64_t cap_bounding; /* bit = capability number */
	uint64_t cap_inheritable;
	uint64_t cap_ambient; /* by the launcher, wire/stage.h */
	bool notice; /* at a login the user is told what stopped the last one */
	enum crl_speaks language; /* of what the user reads */
	bool no_new_privs;
	enum crl_own_user user_mode;
	bool user_sudo; /* inside, sudo asks for no password */
	struct crl_strv user_show; /* trees of the host, beside the usual ones, that its root sees what is for all of */
	bool user_nested; /* the filter lets them make user namespaces, and mount in those */
	uint64_t user_namespaces; /* so many of them at once */
	char *shell_path; /* what carrel-shell executes, or NULL: what passwd says */
	bool shell_apart; /* the shell and what it starts are a Landlock domain of their own */
	struct crl_seccomp shell_seccomp; /* a further filter that it loads before; its log is nobody's */
	struct crl_profile *profiles; /* no program twice */
	size_t profiles_len; /* at most CRL_PROFILES_MAX */
	struct crl_strv errands; /* what the steward runs for the user outside (errands.h) */
	struct crl_seccomp seccomp;
	enum crl_need need[CRL_FEATURE_COUNT];
};

/*
 * Set every default, as the table of keys has it: one room a login, all namespaces, private everything, no
 * capabilities, @login. Returns 0 or -ENOMEM: then the lists are not all there, and what they hide would show.
 */
int crl_policy_init(struct crl_policy *p);

/* Set @dest to a copy of @text. Returns 0 or -ENOMEM. */
int crl_strdup_to(char **dest, const char *text) CRL_MUST_CHECK;

/* Append a copy of @text. Returns 0 or -ENOMEM. */
int crl_strv_add(struct crl_strv *v, const char *text) CRL_MUST_CHECK;
bool crl_strv_has(const struct crl_strv *v, const char *text);
void crl_strv_done(struct crl_strv *v);

/* Is there a home in the store for who gets the policy? */
bool crl_policy_keeps_home(const struct crl_policy *p);

/* Does what is written to the root outlive the room? */
bool crl_policy_keeps_root(const struct crl_policy *p);

/* Is the root one that is written to? */
bool crl_policy_root_is_written(const struct crl_policy *p);

/* Has the room a user namespace of its own? Then what takes the writes to its root is seen inside of that alone. */
bool crl_policy_owns_users(const struct crl_policy *p);

/* Is the root that processes of the host's root see in the room one that is written to? */
bool crl_policy_outer_is_written(const struct crl_policy *p);

/* Those that are inheritable: these, and the ambient ones. */
uint64_t crl_policy_inheritable(const struct crl_policy *p);

/* What its users are told in; @host where it leaves that to the host. */
enum crl_language crl_policy_language(const struct crl_policy *p, enum crl_language host);

/* Is there anything in it that has a meaning only beside a base? */
bool crl_seccomp_has_lists(const struct crl_seccomp *s);

/* Is there something that only carrel-shell does, as the last stage of a login? */
bool crl_policy_has_last_stage(const struct crl_policy *p);

/* Free what a policy holds; safe on a zeroed or half-loaded one. */
void crl_policy_done(struct crl_policy *p);
void crl_bind_done(struct crl_bind *b);
void crl_answers_done(struct crl_answers *a);
void crl_profile_done(struct crl_profile *p);
void crl_io_limit_done(struct crl_io_limit *io);

/* Nothing limited. Returns 0 or -ENOMEM. */
int crl_limits_init(struct crl_limits *l) CRL_MUST_CHECK;
void crl_limits_done(struct crl_limits *l);
bool crl_limits_any(const struct crl_limits *l);

/* Is the throttle above the hard limit, where it would never be met? */
bool crl_limits_high_is_above(const struct crl_limits *l);

/* Does the policy name any limit, its own or a budget's? features.limits may still be off. */
bool crl_policy_names_limits(const struct crl_policy *p);

/* Is there what may not be bound? */
bool crl_policy_holds_listen(const struct crl_policy *p);

/* Does a login need programs on its cgroup (plan/net/gate.h)? Not with the feature off. */
bool crl_policy_has_gate(const struct crl_policy *p);

/* The keys of a rule that is broken. */
struct crl_across {
	const char *key; /* to blame */
	const char *other; /* what it does not go with; NULL = nothing */
};

/*
 * Rules across keys: conflicts, gaps, wishes that cannot hold (check.c).
 * @ret  for the caller to name the line of the one that was set last
 * Returns 0, or -EINVAL with a text without file and line (stage CONFIG).
 */
int crl_policy_check(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The canonical text of an effective policy: every key, in one order, no inherit; the inside of
 * policies = { NAME = { … }; }, and read back to the same values (dump.c).
 * @ret  NUL-terminated, to be freed
 * Returns 0 or -ENOMEM.
 */
int crl_policy_dump(const struct crl_policy *p, char **ret) CRL_MUST_CHECK;
