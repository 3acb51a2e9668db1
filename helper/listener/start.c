// SPDX-License-Identifier: Apache-2.0
/*
 * How a listener begins: nothing of the helper's is left in it, and it gives up what it does not need.
 *
 * Runs in: helper (root, host namespaces), then the child.
 * R1: it holds no descriptor of the helper's but its end of the control socket: no lock outlives the helper by it.
 * R2: it serves nobody before its power is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/landlock.h"
#include "apply/sandbox.h"
#include "base/compat.h"
#include "base/log.h"
#include "helper/listener/listener.h"
#include "helper/process/apart.h"
#include "helper/process/harden.h"
#include "state/score.h"
#include "state/why/why.h"
#include "store/store.h"

#define CONTROL_FD 3
#define NAME "carrel-listen"

static int open_learned(struct listener *l, const char *store_path, struct crl_err *err)
{
	scoped(crl_store) store = {.dir = -EBADF};
	int rc = crl_store_open(store_path, true, &store, err);

	if (rc == 0)
		rc = crl_learn_open(store.dir, true, &l->seen);
	return rc < 0 ? rc : crl_learn_open(l->state, true, &l->learned);
}

static int open_places(struct listener *l, const char *state_path)
{
	struct seccomp_notif_sizes sizes;
	scoped_fd why = -EBADF;
	int rc;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -errno;
	l->notif_size = sizes.seccomp_notif;
	l->resp_size = sizes.seccomp_notif_resp;
	l->state = open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->state < 0)
		return -errno;
	rc = crl_refused_open(l->state, true, &l->refused);
	if (rc == 0)
		rc = crl_why_open(l->state, true, &why); /* it is there when it is needed */
	return rc;
}

/* R2 */
static int confine(const struct listener *l, struct crl_err *err)
{
	const uint32_t records = CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_FILES;
	scoped_fd proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), why = -EBADF;
	int rc = crl_why_open(l->state, true, &why);
	const struct crl_reach_place place[] = {
		{l->refused, records},        {why, records},     {proc, CRL_REACH_READ},
		{l->learned, CRL_REACH_READ}, {l->seen, records},
	};
	const size_t places = CRL_ARRAY_LEN(place) - (l->seen < 0 ? 2 : 0);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot open what stopped users' processes");
	return crl_sandbox_listener(&(struct crl_reach){place, places}, err);
}

/* R1 */
static _Noreturn void begin(const char *state_path, const char *store_path, int control)
{
	static struct listener l = {
		.control = CONTROL_FD,
		.state = -EBADF,
		.learned = -EBADF,
		.seen = -EBADF,
		.refused = -EBADF,
		.score = -EBADF,
	};
	struct crl_err err = {0};
	int rc;

	crl_log_close();
	if (dup2(control, CONTROL_FD) < 0 || close_range(CONTROL_FD + 1, ~0u, 0) < 0 ||
	    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0)
		_exit(1);
	crl_log_connect();
	rc = open_places(&l, state_path);
	if (rc == 0)
		crl_ignore(crl_score_open(l.state, &l.score)); /* then what it answers is not counted */
	if (rc == 0 && store_path)
		rc = open_learned(&l, store_path, &err);
	crl_rename_process(NAME); /* the path was a word of the command line */
	if (rc == 0)
		rc = crl_tally_begin(&l.tally);
	if (rc == 0)
		rc = confine(&l, &err);
	if (rc == 0 && write(CONTROL_FD, "", 1) < 0)
		rc = -errno;
	if (rc < 0) {
		crl_log(LOG_ERR, "a room's listener cannot begin: %s", err.text[0] ? err.text : strerror(-rc));
		_exit(1);
	}
	crl_listener_run(&l);
}

int crl_listener_start(const char *state_path, const char *store_path, pid_t *ret_pid, int *ret_control,
		       struct crl_err *err)
{
	scoped_fd here = -EBADF, there = -EBADF;
	int pair[2], rc;
	char ready;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot make a socket pair for the room's listener");
	here = pair[0];
	there = pair[1];
	rc = crl_keep_hosts_clock(); /* by it a time of learning is over */
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_FILTER, "cannot keep the host's clock");
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot start the room's listener");
	if (pid == 0)
		begin(state_path, store_path, there);
	drop_fd(&there); /* so that its end is heard */
	if (read(here, &ready, 1) != 1) /* it says why in the log */
		return crl_err_set(err, ECHILD, CRL_STAGE_FILTER, "the room's listener did not begin");
	*ret_pid = pid;
	*ret_control = take_fd(&here);
	return 0;
}
