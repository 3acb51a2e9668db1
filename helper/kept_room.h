// SPDX-License-Identifier: Apache-2.0
/*
 * The room that this process keeps: made by the helper of its first login, which is its supervisor then.
 *
 * Runs in: helper, then supervisor. Lives as long as the process: nothing of it is freed, and the kernel closes what is
 * open. -EBADF stands for a descriptor that is not there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/file/digest.h"
#include "policy/policy.h"
#include "state/filter_cache.h"
#include "state/rooms/record.h"
#include "state/rooms/seats.h"
#include "wire/proto.h"

struct crl_accounting;
struct crl_manager;
struct crl_member;

struct crl_kept {
	struct crl_state state;
	struct crl_adopt adopt; /* what each of its logins has adopted; the policy's name is in it */
	char filter[CRL_FILTER_NAME_MAX];
	bool holds_projects; /* as crl_job's */
	char id[CRL_ID_MAX];
	char name[CRL_KEY_MAX];
	uint32_t uid; /* of the user whose room it is */
	uint32_t gid;
	char *user;
	char *home_path; /* as the user database had it */
	int64_t since; /* CLOCK_REALTIME seconds: when it was made */
	bool shared;
	bool keep; /* on_close = "keep" */
	uint64_t linger_s;
	uint64_t grace_s;
	size_t killed; /* of its programs, when the grace of its end was over */
	int init_pidfd;
	pid_t init_pid;
	int proc; /* the room's /proc; -EBADF = it has no PID namespace of its own */
	int orders; /* to init (orders.h); -EBADF = there are no PIDs of its own, or it has not begun */
	int signals; /* SIGTERM to us: root wants the room to end */
	int terminals; /* the room's, to ask when they were last used; -EBADF = it is not asked */
	int listen; /* where helpers of further logins connect; -EBADF = not shared */
	int lock; /* the shared room's lock, once it is ending */
	char seat[CRL_SEAT_MAX]; /* one of the rooms that its user may have; "" = any number */
	int seat_fd; /* holds it */
	int cgroup_root; /* -EBADF = no cgroup is used */
	const struct crl_manager *manager; /* who makes and removes the cgroups */
	int used[2]; /* of systemd's: locks: limits of the user and of the budget are needed; -EBADF = not held */
	char slice[CRL_SLICE_MAX]; /* of all logins' cgroups, "" = no cgroup is used */
	char *cgroup_path; /* cgroup.root; NULL or "" = the host's usual root */
	char values[CRL_DIGESTS_MAX]; /* what carrelctl reload compares with; "" until the first login is in */
	struct crl_member **member;
	size_t members;
	bool why; /* what stops its logins is recorded */
	bool notice; /* and told to the user */
	int score; /* where its logins are counted; -EBADF = nowhere: it is only tried */
	int holders; /* STATE/homes, where it is noted as one that shows what is kept; -EBADF = it shows nothing */
	int root_use; /* the same of a root that is kept */
	int public_use; /* a lock: it shows copies of the public layer */
	int home_use; /* a lock: it shows a home that is kept; -EBADF = none */
	int keeper; /* hung up when the home's keeper has ended; -EBADF = there is none */
	int keeper_listen; /* for it: where its user asks; -EBADF = nowhere, or it has it */
	int home; /* of an overlay or tmpfs, only to ask how full it is; -EBADF = neither */
	int tmp;
	char *shown; /* what of the host it shows, for the steward; NULL = not told */
	int listener; /* to the process that serves its filters; hung up when that has ended; -EBADF = it has none */
	pid_t listener_pid;
	bool listener_vital; /* without it, what the policy allows is refused */
	int kernlog; /* where refused system calls are logged; -EBADF = nowhere */
	int port[CRL_PUBLISH_MAX]; /* of the host's, kept for it */
	size_t ports;
	int utmp; /* the room's own; -EBADF = it has none */
	int pts; /* its /dev/pts; -EBADF = no terminal of it is told of on the host */
	struct {
		bool wanted; /* who and last of the host shall know its logins */
		struct crl_accounting *host; /* the host's files; NULL = they are not told */
		int run; /* the room's /run, watched as long as it is open */
		int watch; /* readable when its utmp has changed */
		int64_t again_ms; /* what its login records say is not looked at sooner */
		int64_t mirror_ms; /* when to look at the terminals again; 0 = when one is used, or there is none */
	} account;
	struct {
		char id[CRL_ID_MAX];
		uint32_t uid;
		int64_t since;
	} last; /* login that left */
	int64_t linger_until_ms; /* when the empty room ends; 0 = somebody is in */
	int64_t until; /* when the empty room ends, as CLOCK_REALTIME seconds for the record */
	const char *ended_by; /* for the log; NULL = the supervisor itself cannot go on */
	int64_t lock_since_ms; /* since when somebody else has held the lock that the end waits for; 0 = nobody has */
	int64_t accept_again_ms; /* when to listen again after running out of descriptors; 0 = now */
	struct {
		int64_t again_ms; /* when to look again at what logins have left behind; 0 = nothing is left */
		int64_t wait_ms;
	} left;
	uint64_t start; /* when this process began, by which its number is told from another's; 0 = not asked yet */
	struct {
		int copy; /* memory that carrelctl reads while the record cannot be written; -EBADF = none */
		int error; /* why not, 0 = it stands */
		int64_t again_ms; /* when to try again; 0 = it stands */
		int64_t wait_ms;
	} recording;
};

/* One without anything in it, or NULL without memory. */
struct crl_kept *crl_kept_new(void) CRL_MUST_CHECK;

/* Has it a PID namespace of its own? Then the death of its init is the death of all in it. */
bool crl_kept_has_pids(const struct crl_kept *room);
