// SPDX-License-Identifier: Apache-2.0
/*
 * The room's mount tree as an ordered list of operations.
 *
 * Runs in: helper, steward, carrelctl. Pure: facts about the host come in as data, nothing is opened or mounted here.
 * Source: docs/mounts.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/mounts/mountop.h"
#include "policy/places.h"
#include "policy/policy.h"
#include "wire/login.h"

#define CRL_HOME_LOWER_PLACE "/run/carrel/home/lower" /* in a room: what is beneath a kept home */
#define CRL_MOUNTINFO_MAX (32u << 20) /* bytes; the kernel's own limit is 100,000 mounts */

/* Names in /tmp that are made at boot and that anybody can write to: X servers and their kind make none themselves. */
#define CRL_SOCKET_DIRS 4
extern const char *const crl_socket_dirs[CRL_SOCKET_DIRS];

/* What the store has for a kept home. A descriptor is that and 1; 0 = there is none. */
struct crl_host_home {
	int data; /* a mount of the user's data directory that is nowhere attached; of who is alone, that directory */
	const char *place; /* of who is alone: its absolute path on the host; borrowed */
	int shared; /* instead: one of the home, which another room shows */
	int lower; /* with that: one of what lies beneath it */
	const uint32_t *layer; /* names of frozen layers in the data directory, the youngest first; borrowed */
	size_t layers;
};

/* A name in the host's "/". */
struct crl_host_top {
	char *path; /* "/usr"; owned */
	char *link; /* where it leads to, owned; NULL = it is a directory */
};

/* The public layer (store/public.h), for a root that is not the host's own. A descriptor is that and 1; 0 = none. */
struct crl_host_public {
	int files; /* a mount of the copies, nowhere attached */
	int host; /* the same of the host's root */
	int closed; /* the list of what is closed in it */
};

/* A program of the kernel's, as it is loaded. */
struct crl_host_filter {
	void *insn; /* struct sock_filter; NULL = none; owned */
	size_t size; /* bytes */
};

/* Facts about the host that the plan depends on. */
struct crl_host {
	struct crl_host_home home;
	struct crl_host_home root; /* the same for a kept root */
	struct crl_host_public public; /* what lies below the room's root instead of the host's */
	char **mounts; /* mount points a lookup on the host reaches, in mountinfo order, unescaped; owned */
	bool *noexec; /* one for each of them: programs cannot be run from it; owned */
	size_t mounts_len;
	const char **far; /* those of them where a server or a program answers look-ups; the array is owned */
	size_t far_len;
	char **sockets; /* absolute names of sockets that can be connected to, as who bound them gave them; owned */
	size_t sockets_len;
	bool sockets_cut; /* there were more */
	char **devices; /* absolute names of the host's devices that the policy gives; owned */
	size_t devices_len;
	int image; /* a mount that is nowhere attached, of the policy's image, and 1; 0 = root.path is a directory */
	char **libraries; /* directories or files that ld.so.cache leads to, in places that may be a user's; owned */
	size_t libraries_len;
	char *errand_client; /* carrel-errand, absolute; NULL = nobody is sent on errands; owned */
	char *errand_place; /* the directory with the steward's socket, absolute; owned */
	char **errand_programs; /* real paths of the programs that the client stands for; owned */
	size_t errand_programs_len;
	char *shell_program; /* carrel-shell, absolute, for roots that are images; NULL = it is not there; owned */
	void *shell_filter; /* what it loads: struct sock_filter; NULL = none; owned */
	size_t shell_filter_size; /* bytes */
	struct crl_host_filter profile_filters[CRL_PROFILES_MAX]; /* one for each of the policy's profiles */
	void *launcher; /* the program of carrel-caps; NULL = it is not there, or not wanted; owned */
	size_t launcher_size; /* bytes */
	const char *resolv; /* the room's resolv.conf, a text; NULL = what its root has */
	const char *resolv_service; /* the address at which that names a server of the host's loopback */
	char name[256]; /* host name */
	char room_name[256]; /* the room's host name; "" = the host's */
	char *why; /* what the user's logins met, a text; NULL = nothing, or they are not told; owned */
	char contact[CRL_CONTACT_MAX]; /* whom users can ask; "" = not said */
	enum crl_language language; /* what they are told in */
	char room_id[16]; /* written to /run/carrel-room inside, with the user's uid */
	int user_ns; /* of the room's own, a descriptor and 1; 0 = it has none */
	uint32_t root_uid, root_gid; /* what root of that is on the host */
	uint32_t tty_gid; /* and what its terminals' group is */
	char outer_tty[64]; /* the terminal the login came on, as a path under /dev ("/dev/pts/3"); "" = none
			     */
	/*
	 * The room is made without root: in a user namespace of the user's, where what is mounted on the host comes
	 * along with its place and cannot be taken off; what is at the host's top is put into a root of the room's own.
	 */
	bool alone;
	struct crl_host_top *top; /* with that: what is in "/"; owned */
	size_t top_len;
	bool screen; /* /run/screen is there: where GNU screen without a set-ID bit has its sockets */
	bool nest; /* the room's filter lets its user make user namespaces and mount in them */
	bool shm_link; /* /run/shm is a link, as Debian has it for /dev/shm */
	bool gnupg; /* gpg-agent is there: its sockets are in /run/user/UID/gnupg */
	bool profiles; /* CRL_PROFILES_DIR is there, and everybody may go there */
	bool socket_dirs[CRL_SOCKET_DIRS]; /* those of crl_socket_dirs that are there */
	bool selinux; /* it is on: its file system is mounted on CRL_SELINUX_DIR */
	bool cgroup2_unified; /* cgroup v2 is what is mounted on /sys/fs/cgroup */
	char cgroup
		[256]; /* what holds the user's limits, beneath it ("user.slice/user-1000.slice"); "" = nothing does */
};

#define CRL_SELINUX_DIR "/sys/fs/selinux"

/* Names of files that services write as resolv.conf: a room has its own by these, too. NULL behind the last */
const char *crl_resolver_file(size_t i);

/*
 * Read mountinfo (proc_pid_mountinfo(5)) from an open file, keeping what a path lookup reaches: a mount that
 * another covers or stands in the way of is left out, and so is a FUSE mount of a user's with all that is on
 * it. Sets mounts, noexec and far only; on error they are as before. Errors (stage MOUNT): -EFBIG over
 * CRL_MOUNTINFO_MAX; -EBADMSG a line that is not as the manual says; -ENOMEM; read(2).
 */
int crl_host_read_mounts(int fd, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Read the sockets that listen, or take datagrams, under an absolute name from an open /proc/net/unix. Names are what
 * processes chose: a line may be anything. Sets sockets, sockets_len and sockets_cut only.
 * Errors (stage MOUNT): -ENOMEM; read(2).
 */
int crl_host_read_sockets(int fd, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The same, asked of sock_diag(7): the kernel then tells of none that is a connection, and rooms are full of these.
 * @netlink  of NETLINK_SOCK_DIAG
 * Returns 0 or -errno, -ENOENT among others where the kernel cannot; @host has some sockets then, and is to be freed.
 */
int crl_host_ask_sockets(int netlink, struct crl_host *host) CRL_MUST_CHECK;

/*
 * Take from the text of ld.so.cache what lies where a directory may be a user's. Sets libraries only.
 * Returns 0 or -ENOMEM.
 */
int crl_host_take_libraries(struct crl_host *host, const char *cache, size_t len) CRL_MUST_CHECK;

/* home.c: an account that programs of the system run as: uids below 1000, and nobody's. */
bool crl_is_system_account(uint32_t uid);

void crl_host_done(struct crl_host *host);

/*
 * True when programs cannot be run from @path on the host: what the room puts in its place is to be the same.
 * @path  absolute, links in it are not looked through
 */
bool crl_host_is_noexec(const struct crl_host *host, const char *path);

/* Zero-initialise; crl_mount_plan_done() frees. Texts in it live as long as plan, policy, login and host do. */
struct crl_mount_plan {
	struct crl_mount_op *op;
	size_t len;
	size_t capacity;
	const struct crl_host *host; /* that it was made for; its far is what apply wants */
	const char *homeless; /* why the room has no home, whatever the host has; NULL = that decides */
	char **text; /* texts the plan made; owned */
	size_t text_len;
	size_t text_capacity;
};

/*
 * Plan the whole tree for one room. @policy, @login and @host must outlive the plan.
 * Errors: -EINVAL with the policy key to blame (stage MOUNT or HOME); -ENOMEM.
 */
int crl_mount_plan_build(const struct crl_policy *p, const struct crl_login *login, const struct crl_host *host,
			 struct crl_mount_plan *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * alone.c: in the user namespace that the plan is carried out in, the user is 0: their number and group's become that.
 * Of a plan for a host with @alone.
 */
void crl_mount_plan_renumber(struct crl_mount_plan *plan, const struct crl_login *login);

/* What a room shows at a path, and from where. */
enum crl_mount_shown {
	CRL_SHOWN_NOTHING, /* it is hidden: not there, or an empty directory */
	CRL_SHOWN_WAY, /* an empty directory of root's, on the way to something that is shown */
	CRL_SHOWN_OWN, /* a place that each room has of its own */
	CRL_SHOWN_HOME, /* the home, or something in it */
	CRL_SHOWN_READ_ONLY,
	CRL_SHOWN_WRITABLE,
};

/*
 * where.c: what a room of that plan shows at an absolute path. Links are not looked through.
 * @ret_source  PATH_MAX bytes: for the last two the path on the host that it comes from, else ""
 */
enum crl_mount_shown crl_mount_plan_where(const struct crl_mount_plan *plan, const char *path, char *ret_source);

void crl_mount_plan_done(struct crl_mount_plan *plan);
