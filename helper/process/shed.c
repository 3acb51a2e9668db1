// SPDX-License-Identifier: Apache-2.0
/*
 * What a process keeps across fork and execve(2) beside descriptors, limits and signals, put back to what a service
 * has.
 *
 * Runs in: helper, in crl_harden(); the room's supervisor, its init and what they start have it from there. Each step
 * is for the better only: where the kernel has no such thing, or a container's root may not, it stays as it is.
 *
 * Left alone: no_new_privs, a filter, Landlock and PR_SET_MDWE, which nobody can take back; namespaces and root
 * directory, which are the application's host; the control group, which main.c leaves where it is a user's; alternative
 * signal stack, timers, dumpable flag, keep-caps and thread and process keyrings, which execve(2) drops; the parent's
 * death signal, which fork(2) drops.
 */
#include "helper/process/shed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"

#define CPUS_MAX 8192
#define TIMER_SLACK_NS 50000UL /* what init(1) starts with */
#define UNSET "4294967295"

/* linux/ioprio.h came with 5.16. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_NONE 0 /* no class, and with it no level */

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

/* The order counts: a nice value says nothing in an idle or real-time class. */
static void shed_scheduling(void)
{
	const struct sched_param usual = {0};
	unsigned long all[CPUS_MAX / (8 * sizeof(unsigned long))];

	(void)sched_setscheduler(0, SCHED_OTHER, &usual); /* and children are no longer reset on fork */
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_NONE);
	memset(all, 0xff, sizeof(all)); /* the kernel leaves those that its cpuset has */
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
	(void)syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
}

static void shed_memory(void)
{
	(void)personality(PER_LINUX); /* no fixed addresses for what is started */
	(void)prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
	(void)prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0);
	(void)prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0);
}

/* Powers that only count for what is started from here; the helper itself needs the others until the room stands. */
static void shed_power(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)prctl(PR_SET_SECUREBITS, 0, 0, 0, 0); /* unless they are locked */
	if (syscall(SYS_capget, &head, data) < 0)
		return;
	data[0].inheritable = data[1].inheritable = 0;
	(void)syscall(SYS_capset, &head, data);
}

/*
 * The login's audit identity is the user's: what the supervisor does for hours is not their doing. Where the audit
 * system was told that it never changes (--loginuid-immutable) it stays, and ausearch(8) counts our acts with theirs.
 */
static void shed_identity(void)
{
	scoped_fd fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		crl_ignore(write(fd, UNSET, strlen(UNSET)) < 0 ? -errno : 0);
	/* An empty one: pam_keyinit's is the user's and would live as long as we. */
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
}

void crl_shed(void)
{
	shed_scheduling();
	shed_memory();
	shed_power();
	shed_identity();
}
