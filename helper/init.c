// SPDX-License-Identifier: Apache-2.0
/*
 * PID 1 of the room: builds the room from inside, then reaps orphans and holds the namespaces.
 *
 * Runs in: the room's namespaces, root; drops everything before the first login comes in.
 * Trusts: nobody inside. It runs nothing of the user's and reads nothing of theirs after the room stands.
 * R1: undumpable and uid 0, so a user can neither trace, signal nor read it. R2: when the supervisor dies,
 * everything inside is killed and the room's files and cgroups are removed by us.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "apply/mounts.h"
#include "apply/sandbox.h"
#include "plan/mounts.h"

static int bring_lo_up(void)
{
	scoped_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0)
		return -errno;
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? -errno : 0;
}

static int set_up_host(const struct crl_init_args *args, struct crl_err *err)
{
	uint32_t ns = args->job->policy.namespaces;

	if (setsid() < 0 && errno != EPERM)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "setsid failed");
	/* Only here: the namespace's root is the cgroup that we were cloned into. */
	if ((ns & CRL_NS_BIT(CRL_NS_CGROUP)) && unshare(CLONE_NEWCGROUP) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a cgroup namespace");
	if ((ns & CRL_NS_BIT(CRL_NS_UTS)) && args->host->room_name[0] != '\0' &&
	    sethostname(args->host->room_name, strlen(args->host->room_name)) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot set host name %s",
				   args->host->room_name);
	if (ns & CRL_NS_BIT(CRL_NS_NET)) {
		int r = bring_lo_up();

		if (r < 0)
			return crl_err_set(err, -r, CRL_STAGE_NAMESPACE,
					   "cannot bring the loopback interface up");
	}
	return 0;
}

/*
 * Wait for a signal from outside. si_pid 0 is a sender that this PID namespace does not know: the kernel
 * reporting the supervisor's death (R2); a root process of the room may send us SIGTERM as it likes.
 */
static bool wait_for_end(void)
{
	const struct timespec moment = {.tv_sec = 1};
	siginfo_t info = {0};
	bool awake = false;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	for (;;) {
		/* Whoever reaps one orphan will soon reap more; after a moment's silence back to sleep. */
		long sig = awake ? sigtimedwait(&set, &info, &moment)
				 : crl_sandbox_sleep(__NR_rt_sigtimedwait,
						     (long[]){(long)(uintptr_t)&set, (long)(uintptr_t)&info,
							      0, NSIG / 8});

		awake = sig > 0;
		if (sig == SIGCHLD)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		if (sig == SIGTERM && info.si_pid == 0)
			return true;
	}
}

static int stand_up(const struct crl_init_args *args, struct crl_room_view *view, struct crl_err *err)
{
	sigset_t all;
	int r;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	r = set_up_host(args, err);
	if (r < 0)
		return r;
	if (args->mounts) {
		r = crl_mounts_apply(args->mounts, &args->job->login, view, err);
		if (r < 0)
			return r;
	}
	crl_rename_process("carrel-init");
	/* Only PID 1 of a namespace may ever say kill(-1): elsewhere we just die with the supervisor. */
	if (getpid() == 1 && prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE,
				   "cannot ask for the parent's death signal");
	return 0;
}

/* The helper's memory came along with the clone; the janitor has what is needed of it. */
static void forget(const struct crl_init_args *args)
{
	if (args->mounts)
		crl_mount_plan_done(args->mounts);
	crl_host_done(args->host);
	crl_job_done(args->job);
}

_Noreturn void crl_init_main(const struct crl_init_args *args)
{
	struct crl_room_view view = {.proc = -EBADF, .utmp = -EBADF};
	struct pollfd parent = {.fd = args->channel};
	struct crl_msg_ready ready = {0};
	struct crl_janitor janitor;
	size_t nfds;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) /* R1 */
		_exit(1);
	if (poll(&parent, 1, 0) != 0) /* it died before we asked to die with it */
		_exit(1);
	crl_janitor_prepare(&janitor, args->job);
	r = stand_up(args, &view, &ready.err);
	if (r == 0 && view.covered[0])
		(void)snprintf(ready.err.text, sizeof(ready.err.text), "mounts that the room cannot show: %s", view.covered);
	nfds = (view.proc >= 0 && view.utmp >= 0) ? 2 : 0;
	if (crl_msg_send(args->channel, CRL_MSG_READY, &ready, sizeof(ready), (int[]){view.proc, view.utmp},
			 nfds) < 0 ||
	    r < 0)
		_exit(1);
	/* The application comes in meanwhile, but nobody is told that it may go on before we are harmless. */
	if (crl_janitor_confine(&janitor, &ready.err) < 0 ||
	    crl_msg_send(args->channel, CRL_MSG_CONFIRMED, NULL, 0, NULL, 0) < 0)
		_exit(1);
	crl_janitor_close_others(&janitor);
	forget(args);
	if (wait_for_end())
		crl_janitor_tidy_up(&janitor);
	_exit(0);
}
