// SPDX-License-Identifier: Apache-2.0
/*
 * PID 1 of the room: builds the room from inside, then reaps orphans and holds the namespaces.
 *
 * Runs in: the room's namespaces, root; drops everything before the first login comes in.
 * Trusts: nobody inside. It runs nothing of the user's and reads nothing of theirs after the room stands.
 * R1: undumpable and uid 0, so a user can neither trace, signal nor read it. R2: when the supervisor dies,
 * everything inside is killed and the room's files and cgroups are removed by us.
 */
#include "helper/init/init.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "apply/mounts/walk.h"
#include "apply/namespaces.h"
#include "apply/sandbox.h"
#include "apply/settings.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/nskind.h"
#include "helper/init/janitor.h"
#include "helper/init/orders.h"
#include "helper/job.h"
#include "helper/parts.h"
#include "helper/process/harden.h"
#include "helper/supervisor/reach.h"
#include "plan/mounts/plan.h"
#include "wire/fdpass.h"
#include "wire/proto.h"

#define AWAKE_MS 1000
#define ERROR_PAUSE_MS 200

static int set_up_host(const struct crl_init_args *args, struct crl_err *err)
{
	uint32_t namespaces = args->job->policy.namespaces;

	if (setsid() < 0 && errno != EPERM)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "setsid failed");
	/* With a user namespace of its own the network belongs to that. */
	if (crl_job_net(args->job) >= 0 && setns(crl_job_net(args->job), CLONE_NEWNET) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot join the room's network");
	if (args->job->network.joined >= 0)
		namespaces &= ~CRL_NS_BIT(CRL_NS_NET); /* what is in it is the administrator's to set up */
	return crl_namespaces_settle(namespaces, args->host->room_name, err);
}

/*
 * A signal from outside. A sender of 0 is one that this PID namespace does not know: the kernel reporting the
 * supervisor's death (R2), or root of the host; a root process of the room may send us SIGTERM as it likes.
 */
static bool is_end(int signals)
{
	struct signalfd_siginfo info;
	bool end = false;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		end |= info.ssi_signo == SIGTERM && info.ssi_pid == 0;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return end;
}

static void wait_for_end(const struct crl_janitor *j)
{
	struct pollfd p[] = {{.fd = j->signals, .events = POLLIN}, {.fd = j->orders, .events = POLLIN}};
	bool awake = false;

	for (;;) {
		/* Orphans come in crowds: after one wait AWAKE_MS for more, before memory is given back for a sleep. */
		int n = awake ? poll(p, CRL_ARRAY_LEN(p), AWAKE_MS)
			      : (int)crl_sandbox_sleep(__NR_ppoll,
						       (long[]){(long)(uintptr_t)p, (long)CRL_ARRAY_LEN(p), 0, 0});

		awake = n > 0;
		if (n < 0)
			crl_pause_ms(ERROR_PAUSE_MS);
		if (n > 0 && p[1].revents && !crl_orders_obey(j->orders, j->proc))
			p[1].fd = -1; /* the signal of its death comes as well */
		if (n > 0 && p[0].revents && is_end(j->signals))
			return;
	}
}

static int stand_up(const struct crl_init_args *args, struct crl_mounts_view *view, struct crl_err *err)
{
	scoped_fd sys = crl_settings_open();
	sigset_t all;
	int rc;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	rc = set_up_host(args, err);
	if (rc < 0)
		return rc;
	if (args->mounts) {
		rc = crl_mounts_apply(args->mounts, &args->job->login, view, err);
		if (rc < 0)
			return rc;
	}
	rc = crl_parts_in_room(args, sys, err);
	if (rc < 0)
		return rc;
	crl_rename_process("carrel-init");
	/* Only PID 1 of a namespace may ever say kill(-1): elsewhere we just die with the supervisor. */
	if (getpid() == 1 && prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot ask for the parent's death signal");
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

/* What the helper logs; all of it together fits. */
static void note(const struct crl_mounts_view *view, char *ret, size_t size)
{
	int at = 0;

	ret[0] = '\0';
	if (view->homeless[0])
		at = snprintf(ret, size, "the room has no home: %s", view->homeless);
	if (view->uncovered && at >= 0 && (size_t)at < size)
		at += snprintf(ret + at, size - (size_t)at,
			       "%s%u sockets of the host stay open to the room, since this service "
			       "has no openat2(2) (RestrictSUIDSGID=)",
			       at ? "; " : "", view->uncovered);
	if (view->covered[0] && at >= 0 && (size_t)at < size)
		(void)snprintf(ret + at, size - (size_t)at, "%smounts that the room cannot show: %s", at ? "; " : "",
			       view->covered);
}

_Noreturn void crl_init_main(const struct crl_init_args *args)
{
	struct crl_mounts_view view = {.proc = -EBADF, .utmp = -EBADF};
	struct pollfd parent = {.fd = args->channel};
	struct crl_msg_ready ready = {0};
	struct crl_janitor janitor;
	size_t nfds;
	int rc;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) /* R1 */
		_exit(1);
	if (poll(&parent, 1, 0) != 0) /* it died before we asked to die with it */
		_exit(1);
	rc = crl_janitor_prepare(&janitor, args->job, args->channel);
	if (rc < 0)
		_exit(1);
	rc = stand_up(args, &view, &ready.err);
	if (rc == 0)
		note(&view, ready.err.text, sizeof(ready.err.text));
	crl_janitor_keep_proc(&janitor, view.proc);
	nfds = (view.proc >= 0 && view.utmp >= 0) ? 2 : 0;
	if (crl_msg_send(args->channel, CRL_MSG_READY, &ready, sizeof(ready), (int[]){view.proc, view.utmp}, nfds) <
		    0 ||
	    rc < 0)
		_exit(1);
	/* The application comes in meanwhile, but nobody is told that it may go on before we are harmless. */
	if (crl_confine_init(&janitor, &ready.err) < 0 ||
	    crl_msg_send(args->channel, CRL_MSG_CONFIRMED, NULL, 0, NULL, 0) < 0)
		_exit(1);
	crl_janitor_close_others(&janitor);
	forget(args);
	wait_for_end(&janitor);
	crl_janitor_tidy_up(&janitor);
}
