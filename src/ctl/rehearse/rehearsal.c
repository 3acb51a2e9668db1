// SPDX-License-Identifier: Apache-2.0
/*
 * A rehearsal of a login; see rehearsal.h. The room's side of it is in stand_in.c.
 *
 * Owns: R1 every wait has an end, and the operator's interrupt is heard in each.
 */
#include "ctl/rehearse/rehearsal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/scope.h"
#include "ctl/rehearse/stand_in.h"
#include "door/spawn.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

void ctl_rehearsal_signals(sigset_t *ret_before)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < 3; i++)
		(void)sigaddset(&set, (int[]){SIGINT, SIGTERM, SIGHUP}[i]);
	(void)sigprocmask(SIG_BLOCK, &set, ret_before);
}

/* Take handlers over, or give them back. Without SA_RESTART: waits shall end. */
static void swap_handlers(struct sigaction saved[3], bool ours)
{
	static const int signals[3] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction heard = {.sa_handler = on_signal};

	for (size_t i = 0; i < 3; i++)
		(void)sigaction(signals[i], ours ? &heard : &saved[i], ours ? &saved[i] : NULL);
}

/* R1 */
static int hear(int channel, void *what, size_t size, int64_t end, struct crl_err *err)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};

	for (;;) {
		const struct timespec none = {0};
		int64_t left = end - crl_now_ms();
		struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
		sigset_t mask;

		(void)sigemptyset(&mask); /* blocked but for this wait, see ctl_rehearse_room() */
		if (ppoll(&p, 1, left > 0 ? &wait : &none, &mask) > 0)
			break;
		if (interrupted)
			return crl_err_set(err, EINTR, CRL_STAGE_CALLER, "interrupted");
		if (left <= 0)
			return crl_err_set(err, ETIMEDOUT, CRL_STAGE_HELPER, "the rehearsal takes too long");
	}
	if (recv(channel, what, size, 0) != (ssize_t)size)
		return crl_err_set(err, EPIPE, CRL_STAGE_HELPER, "the rehearsal ended without its answers");
	return 0;
}

static int listen_to(struct ctl_rehearsal *r, int channel, pid_t stand_in, struct crl_err *err)
{
	int64_t end = crl_now_ms() + (2 * CTL_OPEN_TIMEOUT_S) * 1000;
	struct ctl_opening opening;
	int rc = hear(channel, &opening, sizeof(opening), end, err);

	if (rc < 0)
		return rc;
	if (opening.err.code) {
		r->refused = true;
		*err = opening.err;
		return -err->code;
	}
	r->adopt = opening.adopt;
	if (r->standing)
		r->standing(r->arg, stand_in);
	if (send(channel, "", 1, MSG_NOSIGNAL) != 1)
		return crl_err_set(err, EPIPE, CRL_STAGE_HELPER, "the room ended by itself");
	end = crl_now_ms() + CTL_PROBES_WAIT_MS + 2 * CTL_PROBE_WAIT_MS;
	for (size_t i = 0; i < r->probes && rc == 0; i++)
		rc = hear(channel, &r->result[i], sizeof(r->result[i]), end, err);
	return rc;
}

/* Returns whether the room has ended as it should. */
static bool wait_for_end(pid_t stand_in)
{
	int64_t end = crl_now_ms() + CTL_LEAVE_WAIT_MS;
	int status = 0;

	for (;;) {
		pid_t r = waitpid(stand_in, &status, WNOHANG);

		if (r == stand_in)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (crl_now_ms() >= end)
			break;
		(void)poll(NULL, 0, 10);
	}
	(void)kill(stand_in, SIGKILL); /* the supervisor sees that and ends the room */
	return false;
}

static int play(struct ctl_stand_in *a, struct ctl_rehearsal *r, struct crl_err *err)
{
	scoped_fd ours = -EBADF, theirs = -EBADF;
	int pair[2], result;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot start a rehearsal: %s",
				   strerrordesc_np(errno));
	ours = pair[0];
	a->channel = theirs = pair[1];
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot start a rehearsal: %s",
				   strerrordesc_np(errno));
	if (pid == 0) {
		(void)close(ours);
		ctl_stand_in_be(a);
	}
	drop_fd(&theirs);
	result = listen_to(r, ours, pid, err);
	drop_fd(&ours); /* tells the stand-in to end */
	r->left_over = !wait_for_end(pid) && !r->refused;
	return result;
}

int ctl_rehearse_room(const struct ctl *c, struct ctl_rehearsal *r, struct crl_err *err)
{
	scoped_free struct ctl_stand_in *a = calloc(1, sizeof(*a));
	struct sigaction saved[3];
	sigset_t before;
	int result;

	if (!a)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CALLER, "cannot start a rehearsal");
	r->scene.who = r->who;
	r->refused = r->left_over = false;
	*a = (struct ctl_stand_in){
		.c = c, .r = r, .adoption = {.helper = CRL_HELPER_NONE}, .outside = {.proc = -EBADF}};
	interrupted = 0;
	swap_handlers(saved, true);
	ctl_rehearsal_signals(&before);
	result = play(a, r, err);
	swap_handlers(saved, false);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
