// SPDX-License-Identifier: Apache-2.0
/*
 * A rehearsal of a login; see rehearsal.h.
 *
 * Owns: R1 a probe runs as the user, with the room's restrictions, and in no other way; R2 nothing is left: the actor
 * closes its login as an application does and waits until the supervisor is gone.
 */
#include "ctl/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "door/adopt.h"
#include "door/spawn.h"
#include "door/talk.h"
#include "door/trim.h"
#include "proto/fdpass.h"

#define OPEN_TIMEOUT_S 10
#define PROBE_WAIT_MS 10000
#define CLOSE_WAIT_MS 5000
#define GONE_WAIT_MS 15000
#define CHANNEL_FD 3 /* of a probe, for its answer */

/* The actor's first word. */
struct opening {
	struct crl_err err; /* code 0 = the room stands */
	struct crl_adopt adopt;
};

struct actor {
	const struct ctl *c;
	const struct ctl_rehearsal *r;
	struct crl_helper helper;
	struct crl_talk talk;
	struct crl_msg_room room;
	int channel; /* to carrelctl */
};

static int find_group(const char *name, uint32_t *ret_gid)
{
	return ctl_group_lookup(NULL, name, ret_gid);
}

static int go_in(struct actor *a, struct crl_err *err)
{
	scoped(crl_origin) o = CRL_ORIGIN_NONE;
	scoped_fd init = -EBADF;
	int r = crl_talk_request(&a->talk, &a->r->who->login, err);

	if (r == 0)
		r = crl_origin_save(&o, err);
	if (r == 0)
		r = crl_talk_answer(&a->talk, &a->room, &init, err);
	if (r == 0)
		r = crl_pidfd_prove(init, err);
	if (r == 0)
		r = crl_origin_choose(&o, a->room.adopt.ns_mask, err);
	if (r == 0)
		r = crl_origin_leave(&o, init, err);
	if (r == 0)
		r = crl_talk_entered(&a->talk, err);
	if (r == 0)
		r = crl_origin_has_left(&o, err);
	if (r == 0)
		r = crl_talk_confirmed(&a->talk, err);
	return r < 0 ? r : crl_trim_apply(&a->room, err);
}

static int open_room(struct actor *a, struct crl_err *err)
{
	const struct crl_helper_start start = {.helper = a->c->helper, .config = a->c->config, .state = a->c->state,
					       .policy = a->r->policy, .timeout_s = OPEN_TIMEOUT_S, .rehearse = true};
	int r = crl_helper_spawn(&start, &a->helper, err);

	if (r < 0)
		return r;
	a->talk = (struct crl_talk){.sock = a->helper.sock,
				    .deadline_ms = crl_now_ms() + OPEN_TIMEOUT_S * 1000,
				    .timeout_s = OPEN_TIMEOUT_S,
				    .lookup = find_group,
				    .name = ctl_group_name};
	r = go_in(a, err);
	if (r < 0)
		crl_helper_end(&a->helper, 2000);
	return r;
}

/* R1 */
static _Noreturn void be_probe(const struct actor *a, ctl_probe *probe, int out)
{
	struct ctl_scene scene = a->r->scene;
	struct ctl_result result = {.answer = CTL_PROBE_NO};
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(out, CHANNEL_FD) < 0)
		_exit(111);
	ctl_start_clean(CHANNEL_FD + 1);
	if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 || ctl_become(&a->r->who->login) < 0)
		_exit(111);
	ctl_go_home(&a->r->who->login);
	scene.adopt = &a->room.adopt;
	result.answer = probe(&scene, result.detail);
	_exit(write(CHANNEL_FD, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 111);
}

static void run_probe(const struct actor *a, ctl_probe *probe, struct ctl_result *ret)
{
	scoped_fd in = -EBADF, out = -EBADF;
	struct pollfd p = {.events = POLLIN};
	int pair[2];
	pid_t pid;

	*ret = (struct ctl_result){.answer = CTL_PROBE_NO};
	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	p.fd = in = pair[0];
	out = fcntl(pair[1], F_DUPFD_CLOEXEC, CHANNEL_FD + 1);
	(void)close(pair[1]);
	pid = fork();
	if (pid == 0)
		be_probe(a, probe, out);
	drop_fd(&out);
	if (pid < 0) {
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "cannot start a process: %s", strerrordesc_np(errno));
		return;
	}
	if (poll(&p, 1, PROBE_WAIT_MS) <= 0)
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "no answer within %d s", PROBE_WAIT_MS / 1000);
	else if (read(in, ret, sizeof(*ret)) != (ssize_t)sizeof(*ret))
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "the probe was ended");
	(void)kill(-pid, SIGKILL); /* it leads its session; what it started is in it, or dies with the room */
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ret->detail[CTL_DETAIL_MAX - 1] = '\0';
}

static bool tell(int channel, const void *what, size_t size)
{
	return send(channel, what, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* R2 */
static void leave(struct actor *a)
{
	scoped_fd supervisor = -EBADF;
	struct pollfd p = {.events = POLLIN};

	if (crl_talk_close(a->helper.sock, CLOSE_WAIT_MS, &supervisor) < 0)
		return;
	p.fd = supervisor;
	(void)poll(&p, 1, GONE_WAIT_MS);
}

static _Noreturn void be_actor(struct actor *a)
{
	struct opening opening = {0};
	char go;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	crl_ignore(open_room(a, &opening.err));
	opening.adopt = a->room.adopt;
	if (!tell(a->channel, &opening, sizeof(opening)) || opening.err.code)
		_exit(1);
	if (recv(a->channel, &go, 1, 0) == 1) {
		for (size_t i = 0; i < a->r->probes; i++) {
			struct ctl_result result;

			run_probe(a, a->r->probe[i], &result);
			if (!tell(a->channel, &result, sizeof(result)))
				break;
		}
	}
	leave(a);
	_exit(0);
}

static int listen_to(struct ctl_rehearsal *r, int channel, pid_t actor, struct crl_err *err)
{
	struct opening opening;

	if (recv(channel, &opening, sizeof(opening), 0) != (ssize_t)sizeof(opening))
		return crl_err_set(err, EPIPE, CRL_STAGE_HELPER, "the rehearsal ended without an answer");
	if (opening.err.code) {
		*err = opening.err;
		return -err->code;
	}
	r->adopt = opening.adopt;
	if (r->standing)
		r->standing(r->arg, actor);
	if (!tell(channel, "", 1))
		return crl_err_set(err, EPIPE, CRL_STAGE_HELPER, "the room ended by itself");
	for (size_t i = 0; i < r->probes; i++)
		if (recv(channel, &r->result[i], sizeof(r->result[i]), 0) != (ssize_t)sizeof(r->result[i]))
			return crl_err_set(err, EPIPE, CRL_STAGE_HELPER, "the room ended before its %zu probes", r->probes);
	return 0;
}

int ctl_rehearse_room(const struct ctl *c, struct ctl_rehearsal *r, struct crl_err *err)
{
	scoped_free struct actor *a = calloc(1, sizeof(*a));
	scoped_fd ours = -EBADF, theirs = -EBADF;
	int pair[2], result;
	pid_t pid;

	if (!a || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CALLER, "cannot start a rehearsal");
	ours = pair[0];
	theirs = pair[1];
	r->scene.who = r->who;
	*a = (struct actor){.c = c, .r = r, .helper = CRL_HELPER_NONE, .channel = theirs};
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot start a rehearsal: %s", strerrordesc_np(errno));
	if (pid == 0) {
		(void)close(ours);
		be_actor(a);
	}
	drop_fd(&theirs);
	result = listen_to(r, ours, pid, err);
	drop_fd(&ours);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}
