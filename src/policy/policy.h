// SPDX-License-Identifier: Apache-2.0
/*
 * A policy: what a login gets. Values only.
 *
 * Runs in: helper, carrelctl. No libconfig type leaks out of src/policy.
 * Owns: every default (crl_policy_init), so that an empty policy is the safest one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/nskind.h"

#define CRL_POLICY_NAME_MAX 64
#define CRL_BUDGET_NAME_MAX 32 /* a budget's name becomes part of a cgroup's and of a systemd unit's */

enum crl_share { CRL_SHARE_LOGIN, CRL_SHARE_USER };
enum crl_on_close { CRL_CLOSE_KILL, CRL_CLOSE_KEEP };
enum crl_root_mode { CRL_ROOT_HOST, CRL_ROOT_IMAGE };
enum crl_lower_owner { CRL_LOWER_USER, CRL_LOWER_KEEP };

enum crl_home_mode { CRL_HOME_REAL, CRL_HOME_OVERLAY, CRL_HOME_TMPFS };
enum crl_net_mode { CRL_NET_HOST, CRL_NET_NONE };

/* What to do when this kernel or host cannot give a feature that the policy asks for. */
enum crl_need { CRL_NEED_REQUIRE, CRL_NEED_PREFER, CRL_NEED_OFF };

/* Features whose need a policy may change: features = { limits = "prefer"; }; */
enum crl_feature {
	CRL_FEATURE_LIMITS, /* cgroup limits */
	CRL_FEATURE_TIME, /* time namespace */
	CRL_FEATURE_CGROUP, /* the login's own cgroup */
	CRL_FEATURE_SECCOMP, /* system call filter */
	CRL_FEATURE_ACCOUNTING, /* host's utmp, wtmp and lastlog kept true */
	CRL_FEATURE_COUNT
};

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

struct crl_seccomp {
	char base[CRL_POLICY_NAME_MAX]; /* group that is allowed, e.g. "@login"; "" = no filter */
	struct crl_strv allow; /* names and @groups allowed on top */
	struct crl_strv deny; /* names and @groups taken away again, answered EPERM */
	struct crl_strv families; /* socket families: "unix", "inet", "inet6", "netlink", … */
	bool compat; /* 32-bit x86 programs follow the same rules; false: ENOSYS */
	bool log; /* denials are logged by the kernel */
};

/* Its paths and host name are templates until crl_policy_expand() (template.h). */
struct crl_policy {
	char name[CRL_POLICY_NAME_MAX];
	enum crl_share share;
	enum crl_on_close on_close;
	uint64_t linger_s; /* seconds the room outlives its last login */
	uint32_t namespaces; /* CRL_NS_BIT()s */
	char hostname[256]; /* template; "" = the host's */

	enum crl_root_mode root_mode;
	char *root_path; /* image directory, NULL for host */
	bool root_writable; /* image: a throw-away overlay takes the writes */
	struct crl_strv hide; /* directories shown empty, files shown empty */
	struct crl_strv read_only; /* more paths to make read-only (image) or keep so */
	struct crl_strv writable; /* host paths that stay writable (nosuid, nodev) */
	struct crl_bind *bind;
	size_t bind_len;
	struct crl_strv
		run; /* what of /run is offered: sockets, files, directories; missing ones are skipped */
	struct crl_strv sockets; /* paths outside of /run at or beneath which the host's sockets are reachable */
	uint64_t tmp_size; /* bytes for /tmp, /var/tmp, /dev/shm and /run/user/UID together */
	uint64_t ptys; /* terminals of the room, 1..4096 */
	uint64_t rooms; /* of the user at once, CRL_UNLIMITED = any number; no control group's limit */

	enum crl_home_mode home_mode;
	char *home_lower; /* overlay: template directory instead of the real home, or NULL */
	enum crl_lower_owner lower_owner; /* of what is root's in the template */
	char *home_skeleton; /* tmpfs: copied into the new home, or NULL */
	uint64_t home_size; /* bytes of the upper or of the tmpfs */

	enum crl_net_mode net_mode;
	struct crl_limits limits;
	char budget[CRL_BUDGET_NAME_MAX]; /* "" = none */

	bool trim_caps; /* false: capabilities are left alone */
	uint64_t cap_bounding; /* bit = capability number */
	uint64_t cap_inheritable;
	bool notice; /* at a login the user is told what stopped his last one */
	bool no_new_privs;
	struct crl_seccomp seccomp;
	enum crl_need need[CRL_FEATURE_COUNT];
};

/* The lists of crl_policy_init() as a dump writes them. */
#define CRL_DEFAULT_HIDE                                                                                     \
	"[ \"/home\", \"/root\", \"/boot\", \"/media\", \"/mnt\", \"/lost+found\", \"/var/spool\", "         \
	"\"/var/mail\", "                                                                                    \
	"\"/etc/carrel\" ]"
#define CRL_DEFAULT_RUN                                                                                      \
	"[ \"/run/nscd\", \"/run/nslcd\", \"/run/samba/winbindd\", \"/run/systemd/journal/dev-log\", "        \
	"\"/run/systemd/resolve/resolv.conf\", "                                                             \
	"\"/run/systemd/resolve/stub-resolv.conf\", \"/run/resolvconf\", "                                   \
	"\"/run/NetworkManager/resolv.conf\", "                                                              \
	"\"/run/motd.dynamic\" ]"
#define CRL_DEFAULT_SOCKETS "[ \"/var/lib/sss/pipes\" ]"

/*
 * Set every default: one room a login, all namespaces, private everything, no capabilities, @login.
 * Returns 0 or -ENOMEM: then the lists are not all there, and what they hide would show.
 */
int crl_policy_init(struct crl_policy *p);

/* Set @dest to a copy of @text. Returns 0 or -ENOMEM. */
int crl_strdup_to(char **dest, const char *text) CRL_MUST_CHECK;

/* Append a copy of @text. Returns 0 or -ENOMEM. */
int crl_strv_add(struct crl_strv *v, const char *text) CRL_MUST_CHECK;
bool crl_strv_has(const struct crl_strv *v, const char *text);
void crl_strv_done(struct crl_strv *v);

/* Free what a policy holds; safe on a zeroed or half-loaded one. */
void crl_policy_done(struct crl_policy *p);
void crl_bind_done(struct crl_bind *b);
void crl_io_limit_done(struct crl_io_limit *io);

/* Nothing limited. */
void crl_limits_init(struct crl_limits *l);
void crl_limits_done(struct crl_limits *l);
bool crl_limits_any(const struct crl_limits *l);

/* Is the throttle above the hard limit, where it would never be met? */
bool crl_limits_high_is_above(const struct crl_limits *l);

/* Does the policy name any limit, its own or a budget's? features.limits may still be off. */
bool crl_policy_names_limits(const struct crl_policy *p);

/*
 * Rules across keys: conflicts, gaps, wishes that cannot hold (check.c).
 * @ret_key  the key to blame, for the caller to name its line
 * Returns 0, or -EINVAL with a text without file and line (stage CONFIG).
 */
int crl_policy_check(const struct crl_policy *p, const char **ret_key, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The canonical text of an effective policy: every key, in one order, no inherit; the inside of
 * policies = { NAME = { … }; }, and read back to the same values (dump.c).
 * @ret  NUL-terminated, to be freed
 * Returns 0 or -ENOMEM.
 */
int crl_policy_dump(const struct crl_policy *p, char **ret) CRL_MUST_CHECK;
